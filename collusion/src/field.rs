//! Coefficients: integers mod n, the group order. Public numbers only, so nothing here takes constant time.
//!
//! libsecp256k1 adds and multiplies scalars but does not invert them, and a search over all coalitions needs some
//! hundred thousand products: these are four-word Montgomery residues, a·2^256 mod n.

use pointlock::curve::PublicScalar;

/// n, least significant word first.
const ORDER: [u64; 4] =
    [0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, 0xffff_ffff_ffff_ffff];
/// −n⁻¹ mod 2^64.
const NEGATED_INVERSE: u64 = negated_inverse(ORDER[0]);
/// 2^256 mod n: the residue of one.
const ONE: [u64; 4] = [0x402d_a173_2fc9_bebf, 0x4551_2319_50b7_5fc4, 1, 0];
/// 2^512 mod n, by which a number becomes its residue: one, doubled 256 times.
const RESIDUE: [u64; 4] = {
    let (mut residue, mut doublings) = (ONE, 0);
    while doublings < 256 {
        let (sum, carry) = add_words(residue, residue);
        residue = reduce_once(sum, carry);
        doublings += 1;
    }
    residue
};

/// Newton's iteration: each step doubles the number of right bits.
const fn negated_inverse(word: u64) -> u64 {
    let mut inverse = 1u64;
    let mut step = 0;
    while step < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(word.wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg()
}

/// An integer mod n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element([u64; 4]);

impl Element {
    pub(super) const ZERO: Self = Self([0; 4]);
    pub(super) const ONE: Self = Self(ONE);

    pub(super) fn is_zero(self) -> bool {
        self.0 == [0; 4]
    }

    pub(super) fn add(self, other: Self) -> Self {
        let (sum, carry) = add_words(self.0, other.0);
        Self(reduce_once(sum, carry))
    }

    pub(super) fn negate(self) -> Self {
        if self.is_zero() { self } else { Self(sub_words(ORDER, self.0).0) }
    }

    pub(super) fn sub(self, other: Self) -> Self {
        self.add(other.negate())
    }

    pub(super) fn mul(self, other: Self) -> Self {
        // Zero and one are nearly all that occurs.
        if self.is_zero() || other == Self::ONE {
            self
        } else if other.is_zero() {
            other
        } else {
            Self(montgomery(self.0, other.0))
        }
    }

    /// a^(n − 2) = a⁻¹, n being prime; None for zero.
    pub(super) fn inverse(self) -> Option<Self> {
        if self.is_zero() {
            return None;
        }
        let exponent = sub_words(ORDER, [2, 0, 0, 0]).0;
        let mut power = Self::ONE;
        for bit in (0..256).rev() {
            power = Self(montgomery(power.0, power.0));
            if exponent[bit / 64] >> (bit % 64) & 1 == 1 {
                power = power.mul(self);
            }
        }
        Some(power)
    }

    pub(super) fn to_public(self) -> PublicScalar {
        let words = montgomery(self.0, [1, 0, 0, 0]);
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.rchunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_be_bytes());
        }
        PublicScalar::from_hash(&bytes)
    }
}

impl From<&PublicScalar> for Element {
    fn from(scalar: &PublicScalar) -> Self {
        let bytes = scalar.to_bytes();
        let mut words = [0; 4];
        for (word, chunk) in words.iter_mut().zip(bytes.rchunks_exact(8)) {
            *word = chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        Self(montgomery(words, RESIDUE))
    }
}

const fn add_words(a: [u64; 4], b: [u64; 4]) -> ([u64; 4], bool) {
    let mut sum = [0; 4];
    let mut carry = false;
    let mut i = 0;
    while i < 4 {
        let (word, first) = a[i].overflowing_add(b[i]);
        let (word, second) = word.overflowing_add(carry as u64);
        sum[i] = word;
        carry = first || second;
        i += 1;
    }
    (sum, carry)
}

const fn sub_words(a: [u64; 4], b: [u64; 4]) -> ([u64; 4], bool) {
    let mut difference = [0; 4];
    let mut borrow = false;
    let mut i = 0;
    while i < 4 {
        let (word, first) = a[i].overflowing_sub(b[i]);
        let (word, second) = word.overflowing_sub(borrow as u64);
        difference[i] = word;
        borrow = first || second;
        i += 1;
    }
    (difference, borrow)
}

/// A number below 2n, with its bit 256 apart, mod n.
const fn reduce_once(words: [u64; 4], carry: bool) -> [u64; 4] {
    let (difference, borrow) = sub_words(words, ORDER);
    if carry || !borrow { difference } else { words }
}

/// a·b·2^−256 mod n.
fn montgomery(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    // Words of the running sum, which stays below 2n·2^64.
    let mut t = [0u64; 6];
    for a_word in a {
        let carry = multiply_add(&mut t, a_word, &b);
        let (top, overflow) = t[4].overflowing_add(carry);
        (t[4], t[5]) = (top, u64::from(overflow));
        // Makes the lowest word zero, then drops it.
        let m = t[0].wrapping_mul(NEGATED_INVERSE);
        let carry = multiply_add(&mut t, m, &ORDER);
        let (top, overflow) = t[4].overflowing_add(carry);
        (t[4], t[5]) = (top, t[5] + u64::from(overflow));
        t = [t[1], t[2], t[3], t[4], t[5], 0];
    }
    reduce_once([t[0], t[1], t[2], t[3]], t[4] != 0)
}

/// Adds word·factor to the four lowest words of t; gives the carry.
fn multiply_add(t: &mut [u64; 6], word: u64, factor: &[u64; 4]) -> u64 {
    let mut carry = 0;
    for (t, factor) in t.iter_mut().zip(factor) {
        let wide = u128::from(word) * u128::from(*factor) + u128::from(*t) + u128::from(carry);
        *t = wide as u64;
        carry = (wide >> 64) as u64;
    }
    carry
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any scalar, with those near the ends more often than chance has it.
    fn scalar() -> impl Strategy<Value = PublicScalar> {
        let small = (0u8..4).prop_map(|small| {
            let mut bytes = [0; 32];
            bytes[31] = small;
            PublicScalar::from_hash(&bytes)
        });
        prop_oneof![
            3 => any::<[u8; 32]>().prop_map(|bytes| PublicScalar::from_hash(&bytes)),
            1 => small.clone(),
            1 => small.prop_map(|small| small.negate()),
        ]
    }

    #[test]
    fn one_is_one() {
        assert_eq!(Element::from(&PublicScalar::ONE), Element::ONE);
        assert_eq!(Element::ONE.to_public(), PublicScalar::ONE);
        assert_eq!(ORDER[0].wrapping_mul(NEGATED_INVERSE), u64::MAX);
        assert_eq!(Element::ZERO.inverse(), None);
    }

    proptest! {
        /// libsecp256k1 computes the same.
        #[test]
        fn agrees_with_libsecp256k1(a in scalar(), b in scalar()) {
            let (x, y) = (Element::from(&a), Element::from(&b));
            prop_assert_eq!(x.to_public(), a);
            prop_assert_eq!(x.add(y).to_public(), a.add(&b));
            prop_assert_eq!(x.sub(y).to_public(), a.sub(&b));
            prop_assert_eq!(x.mul(y).to_public(), a.mul(&b));
            prop_assert_eq!(x.negate().to_public(), a.negate());
        }

        #[test]
        fn inverses_invert(a in scalar()) {
            let x = Element::from(&a);
            if let Some(inverse) = x.inverse() {
                prop_assert_eq!(x.mul(inverse), Element::ONE);
                prop_assert_eq!(inverse.to_public().mul(&a), PublicScalar::ONE);
            } else {
                prop_assert!(a.is_zero());
            }
        }
    }
}
