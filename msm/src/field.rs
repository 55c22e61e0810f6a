//! The field of p = 2^256 − 2^32 − 977 elements, in five limbs of 52 bits.
//!
//! A limb has 64 bits, so sums need no carries for a while. How many is a number's *magnitude*: an element of
//! magnitude m has its four lower limbs at most 2m·(2^52 − 1) and the highest at most 2m·(2^48 − 1). Every
//! function says what magnitude it takes and gives; debug builds check what they are given.
//!
//! | | takes | gives |
//! | --- | --- | --- |
//! | [`mul`](FieldElement::mul), [`square`](FieldElement::square) | at most 8 | 1 |
//! | [`add`](FieldElement::add) | m and m', m + m' at most 32 | m + m' |
//! | [`negate`](FieldElement::negate) | m at most 31 | m + 1 |
//! | [`times`](FieldElement::times) | m with k·m at most 32 | k·m |
//! | [`half`](FieldElement::half) | m at most 31 | ⌈m/2⌉ + 1 |
//! | [`weak`](FieldElement::weak), [`words`](FieldElement::words) | at most 32 | 1 |

use crate::inverse;

/// The lower 52 bits.
const MASK: u64 = (1 << 52) - 1;
/// The lower 48 bits: what the highest limb of a reduced element has.
const TOP: u64 = (1 << 48) - 1;
/// 2^256 mod p.
const FOLD: u64 = 0x1_0000_03d1;
/// 2^260 mod p: what a column counts that lies five limbs too high.
const FOLD_COLUMN: u64 = FOLD << 4;
/// The limbs of p.
const PRIME: [u64; 5] = [0xf_fffe_ffff_fc2f, MASK, MASK, MASK, TOP];
/// p as four 64-bit words, the least significant first.
pub(crate) const PRIME_WORDS: [u64; 4] = [0xffff_fffe_ffff_fc2f, u64::MAX, u64::MAX, u64::MAX];

/// An element of the field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldElement([u64; 5]);

impl FieldElement {
    pub(crate) const ONE: Self = Self([1, 0, 0, 0, 0]);

    /// Four 64-bit words, the least significant first. Magnitude 1, whatever they are.
    #[inline(always)]
    pub(crate) const fn from_words(w: &[u64; 4]) -> Self {
        Self([
            w[0] & MASK,
            (w[0] >> 52 | w[1] << 12) & MASK,
            (w[1] >> 40 | w[2] << 24) & MASK,
            (w[2] >> 28 | w[3] << 36) & MASK,
            w[3] >> 16,
        ])
    }

    /// The words of the least representative, below p.
    #[inline]
    pub(crate) fn words(&self) -> [u64; 4] {
        let Self([a, b, c, d, e]) = self.reduced();
        [a | b << 52, b >> 12 | c << 40, c >> 24 | d << 28, d >> 36 | e << 16]
    }

    /// Limbs as they are.
    #[cfg(pointlock_ifma)]
    pub(crate) const fn from_limbs(limbs: [u64; 5]) -> Self {
        Self(limbs)
    }

    /// Limbs with all carries done: below 2^52, and the highest below 2^49.
    #[cfg(pointlock_ifma)]
    pub(crate) fn weak_limbs(&self) -> [u64; 5] {
        self.weak().0
    }

    /// Whether this is within the bounds of a magnitude.
    #[inline(always)]
    pub(crate) fn has_magnitude(&self, magnitude: u64) -> bool {
        let [low @ .., high] = &self.0;
        low.iter().all(|limb| *limb <= 2 * magnitude * MASK) && *high <= 2 * magnitude * TOP
    }

    #[inline(always)]
    pub(crate) fn add(&self, other: &Self) -> Self {
        let [mut a, b] = [self.0, other.0];
        for (a, b) in a.iter_mut().zip(b) {
            *a += b;
        }
        Self(a)
    }

    /// Minus this, which has magnitude `magnitude` at most.
    #[inline(always)]
    pub(crate) fn negate(&self, magnitude: u64) -> Self {
        debug_assert!(magnitude < 32 && self.has_magnitude(magnitude));
        let mut limbs = self.0;
        for (limb, prime) in limbs.iter_mut().zip(PRIME) {
            // 2(m + 1)·p has every limb above 2m times the largest limb: p's lowest is above 2^52·31/32.
            *limb = 2 * (magnitude + 1) * prime - *limb;
        }
        Self(limbs)
    }

    /// `self − other`, where `other` has magnitude `magnitude` at most.
    #[inline(always)]
    pub(crate) fn sub(&self, other: &Self, magnitude: u64) -> Self {
        self.add(&other.negate(magnitude))
    }

    /// `other` if `choose`, else `this`, without a branch.
    #[inline(always)]
    pub(crate) fn select(this: &Self, other: &Self, choose: bool) -> Self {
        let mask = u64::from(choose).wrapping_neg();
        let mut limbs = this.0;
        for (limb, other) in limbs.iter_mut().zip(other.0) {
            *limb ^= (*limb ^ other) & mask;
        }
        Self(limbs)
    }

    /// A small multiple.
    #[inline(always)]
    pub(crate) fn times(&self, factor: u64) -> Self {
        debug_assert!(self.has_magnitude(32 / factor));
        Self(self.0.map(|limb| limb * factor))
    }

    /// Half of this: an odd representative is made even by adding p first.
    #[inline(always)]
    pub(crate) fn half(&self) -> Self {
        debug_assert!(self.has_magnitude(31));
        let odd = (self.0[0] & 1).wrapping_neg();
        let mut limbs = self.0;
        for (limb, prime) in limbs.iter_mut().zip(PRIME) {
            *limb += prime & odd;
        }
        let mut out = limbs.map(|limb| limb >> 1);
        for i in 0..4 {
            out[i] += (limbs[i + 1] & 1) << 51;
        }
        Self(out)
    }

    /// The product.
    #[inline(always)]
    pub(crate) fn mul(&self, other: &Self) -> Self {
        debug_assert!(self.has_magnitude(8) && other.has_magnitude(8));
        let [a0, a1, a2, a3, a4] = self.0.map(|limb| limb << 6);
        let [b0, b1, b2, b3, b4] = other.0.map(|limb| limb << 6);
        reduce([
            wide(a0, b0),
            wide(a0, b1) + wide(a1, b0),
            wide(a0, b2) + wide(a1, b1) + wide(a2, b0),
            wide(a0, b3) + wide(a1, b2) + wide(a2, b1) + wide(a3, b0),
            wide(a0, b4) + wide(a1, b3) + wide(a2, b2) + wide(a3, b1) + wide(a4, b0),
            wide(a1, b4) + wide(a2, b3) + wide(a3, b2) + wide(a4, b1),
            wide(a2, b4) + wide(a3, b3) + wide(a4, b2),
            wide(a3, b4) + wide(a4, b3),
            wide(a4, b4),
        ])
    }

    /// The square.
    #[inline(always)]
    pub(crate) fn square(&self) -> Self {
        debug_assert!(self.has_magnitude(8));
        let [a0, a1, a2, a3, a4] = self.0.map(|limb| limb << 6);
        let (d0, d1, d2, d3) = (2 * a0, 2 * a1, 2 * a2, 2 * a3);
        reduce([
            wide(a0, a0),
            wide(d0, a1),
            wide(d0, a2) + wide(a1, a1),
            wide(d0, a3) + wide(d1, a2),
            wide(d0, a4) + wide(d1, a3) + wide(a2, a2),
            wide(d1, a4) + wide(d2, a3),
            wide(d2, a4) + wide(a3, a3),
            wide(d3, a4),
            wide(a4, a4),
        ])
    }

    /// A square root, if there is one: of the two, either.
    ///
    /// It is this to the power (p + 1)/4 if anything is, because p is 3 mod 4. That exponent in binary is 223 ones, a zero,
    /// 22 ones, 4 zeros, 2 ones and two zeros. x_k is this to the power 2^k − 1, and x_(j + k) is x_j squared k times,
    /// times x_k.
    #[inline(always)]
    pub(crate) fn sqrt(&self) -> Option<Self> {
        let x1 = &self.weak();
        let x2 = x1.square_times(1).mul(x1);
        let x3 = x2.square_times(1).mul(x1);
        let x6 = x3.square_times(3).mul(&x3);
        let x9 = x6.square_times(3).mul(&x3);
        let x11 = x9.square_times(2).mul(&x2);
        let x22 = x11.square_times(11).mul(&x11);
        let x44 = x22.square_times(22).mul(&x22);
        let x88 = x44.square_times(44).mul(&x44);
        let x176 = x88.square_times(88).mul(&x88);
        let x220 = x176.square_times(44).mul(&x44);
        let x223 = x220.square_times(3).mul(&x3);
        let root = x223.square_times(23).mul(&x22).square_times(6).mul(&x2).square_times(2);
        root.square().equals(x1).then_some(root)
    }

    /// Squared so many times.
    #[inline(always)]
    fn square_times(&self, times: usize) -> Self {
        let mut power = *self;
        for _ in 0..times {
            power = power.square();
        }
        power
    }

    /// The inverse; zero for zero.
    pub(crate) fn inverse(&self) -> Self {
        Self::from_words(&inverse::inverse(&self.words()))
    }

    /// The same element with magnitude 1.
    #[inline(always)]
    pub(crate) fn weak(&self) -> Self {
        debug_assert!(self.has_magnitude(32));
        let mut limbs = self.0;
        limbs[0] += (limbs[4] >> 48) * FOLD;
        limbs[4] &= TOP;
        carry(&mut limbs);
        Self(limbs)
    }

    /// The least representative.
    #[inline]
    fn reduced(&self) -> Self {
        let Self(mut limbs) = self.weak();
        // Below 2^256 + 2^49 now. At p and above, p less is 2^256 − p more, without the bit 2^256.
        let exceeds = limbs[4] > TOP
            || limbs[4] == TOP && limbs[1] & limbs[2] & limbs[3] == MASK && limbs[0] >= PRIME[0];
        if exceeds {
            limbs[0] += FOLD;
            carry(&mut limbs);
            limbs[4] &= TOP;
        }
        Self(limbs)
    }

    /// Whether this is zero mod p.
    #[inline(always)]
    pub(crate) fn is_zero(&self) -> bool {
        let Self(limbs) = self.weak();
        // After one fold the only representatives of zero are 0 and p; the lowest limb rules most others out.
        (limbs[0] == 0 || limbs[0] == PRIME[0]) && (limbs == [0; 5] || limbs == PRIME)
    }

    /// Whether the two are the same mod p. Magnitude 1 on the right.
    #[inline]
    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.sub(other, 1).is_zero()
    }
}

/// Moves what exceeds 52 bits from each limb to the next, but for the last.
#[inline(always)]
fn carry(limbs: &mut [u64; 5]) {
    for i in 0..4 {
        limbs[i + 1] += limbs[i] >> 52;
        limbs[i] &= MASK;
    }
}

#[inline(always)]
fn wide(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

/// The sum of columns[i]·2^(52i − 12) mod p, with magnitude 1.
#[inline(always)]
fn reduce(columns: [u128; 9]) -> FieldElement {
    let low = |value: u128| value as u64 >> 12;
    let high = |value: u128| (value >> 64) as u64;
    let [c0, c1, c2, c3, c4, c5, c6, c7, c8] = columns;
    // Columns 5 to 9 are columns 0 to 4, times 2^260.
    let fold = |value: u64| wide(value, FOLD_COLUMN << 12);
    let p0 = fold(high(c4) + low(c5));
    let p1 = fold(high(c5) + low(c6));
    let p2 = fold(high(c6) + low(c7));
    let p3 = fold(high(c7) + low(c8));
    let p4 = fold(high(c8));
    let f4 = high(c3) + low(c4) + high(p3) + low(p4);
    let top = (f4 >> 48) + (high(p4) << 4);
    let p = wide(top, FOLD << 12);
    let f0 = low(c0) + low(p0) + low(p);
    let f1 = high(c0) + low(c1) + high(p0) + low(p1) + high(p);
    let f2 = high(c1) + low(c2) + high(p1) + low(p2);
    let f3 = high(c2) + low(c3) + high(p2) + low(p3);
    FieldElement([
        f0 & MASK,
        (f1 & MASK) + (f0 >> 52),
        (f2 & MASK) + (f1 >> 52),
        (f3 & MASK) + (f2 >> 52),
        (f4 & TOP) + (f3 >> 52),
    ])
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    fn prime() -> BigUint {
        (BigUint::from(1u8) << 256) - (BigUint::from(1u8) << 32) - 977u32
    }

    fn value(element: &FieldElement) -> BigUint {
        let limbs = element.0.iter().rev();
        limbs.fold(BigUint::ZERO, |value, limb| (value << 52) + limb) % prime()
    }

    fn of_words(words: [u64; 4]) -> BigUint {
        words.iter().rev().fold(BigUint::ZERO, |value, word| (value << 64) + word)
    }

    /// The largest limbs of a magnitude.
    fn largest(magnitude: u64) -> FieldElement {
        let low = 2 * magnitude * MASK;
        FieldElement([low, low, low, low, 2 * magnitude * TOP])
    }

    /// Each limb at one of the ends of what a magnitude allows, or next to a carry.
    fn edges(magnitude: u64) -> impl Strategy<Value = FieldElement> {
        let limb = |top: u64| {
            let most = 2 * magnitude * top;
            prop_oneof![
                Just(0),
                Just(1),
                Just(top - 1),
                Just(top),
                Just(top + 1),
                Just(most - 1),
                Just(most),
                0..=most
            ]
        };
        [limb(MASK), limb(MASK), limb(MASK), limb(MASK), limb(TOP)].prop_map(FieldElement)
    }

    fn check(a: &FieldElement, b: &FieldElement) {
        let product = a.mul(b);
        assert!(product.has_magnitude(1));
        assert_eq!(value(&product), value(a) * value(b) % prime());
        let square = a.square();
        assert!(square.has_magnitude(1));
        assert_eq!(value(&square), value(a) * value(a) % prime());
    }

    #[test]
    fn the_largest_limbs_do_not_overflow() {
        check(&largest(8), &largest(8));
        assert_eq!(of_words(largest(32).words()), value(&largest(32)));
        assert!(largest(31).negate(31).has_magnitude(32));
        assert_eq!(
            value(&largest(31).negate(31).add(&largest(0))),
            (prime() - value(&largest(31))) % prime()
        );
    }

    #[test]
    fn constants() {
        assert_eq!(of_words(PRIME_WORDS), prime());
        assert_eq!(
            PRIME.iter().rev().fold(BigUint::ZERO, |value, limb| (value << 52) + limb),
            prime()
        );
        assert_eq!(BigUint::from(FOLD), (BigUint::from(1u8) << 256) % prime());
    }

    /// Every representative of the numbers around 0, p and 2^256 that a few limbs can make.
    #[test]
    fn zero_and_the_least_representative_are_found() {
        for multiple in 0..60u64 {
            for offset in -2i64..=2 {
                let mut limbs = PRIME.map(|limb| multiple * limb);
                if multiple == 0 && offset < 0 {
                    continue;
                }
                limbs[0] = limbs[0].checked_add_signed(offset).unwrap();
                let element = FieldElement(limbs);
                assert_eq!(element.is_zero(), offset == 0, "{multiple} {offset}");
                assert_eq!(of_words(element.words()), value(&element));
            }
        }
    }

    #[test]
    fn inverses_of_edges() {
        assert_eq!(FieldElement::from_words(&[0; 4]).inverse().words(), [0; 4]);
        for words in [
            [1, 0, 0, 0],
            [2, 0, 0, 0],
            [PRIME_WORDS[0] - 1, u64::MAX, u64::MAX, u64::MAX],
            [0, 0, 0, 1 << 63],
        ] {
            let element = FieldElement::from_words(&words);
            assert_eq!(element.inverse().mul(&element).words(), [1, 0, 0, 0]);
        }
    }

    proptest! {
        #[test]
        fn products(a in edges(8), b in edges(8)) {
            check(&a, &b);
        }

        #[test]
        fn sums_halves_and_signs(a in edges(8), b in edges(8), choose: bool) {
            prop_assert_eq!(value(&a.add(&b)), (value(&a) + value(&b)) % prime());
            prop_assert_eq!(value(&a.sub(&b, 8)), (value(&a) + prime() - value(&b)) % prime());
            prop_assert_eq!(value(&a.times(4)), value(&a) * 4u8 % prime());
            prop_assert_eq!(value(&a.half().times(2)), value(&a));
            prop_assert!(a.half().has_magnitude(5));
            prop_assert_eq!(value(&a.weak()), value(&a));
            prop_assert!(a.weak().has_magnitude(1));
            prop_assert_eq!(of_words(a.words()), value(&a));
            prop_assert_eq!(a.is_zero(), value(&a) == BigUint::ZERO);
            let chosen = FieldElement::select(&a, &b, choose);
            prop_assert_eq!(value(&chosen), if choose { value(&b) } else { value(&a) });
        }

        #[test]
        fn inverses(words: [u64; 4]) {
            let element = FieldElement::from_words(&words);
            prop_assert_eq!(element.inverse().mul(&element).words(), [1, 0, 0, 0]);
        }

        #[test]
        fn square_roots(a in edges(8)) {
            let square = a.square();
            let root = square.sqrt().unwrap();
            prop_assert_eq!(value(&root.square()), value(&square));
            // −1 is no square mod p, so the opposite of a square is none, but for zero.
            prop_assert_eq!(square.negate(1).sqrt().is_some(), square.is_zero());
        }
    }
}
