//! Eight field elements in five registers: limb i of all of them in register i.
//!
//! The multiplier reads 52 bits of each factor and drops what is above *without a word*. So a factor's limbs have to be
//! below 2^52, all of them and always; a limb that is too large by a carry that hardly ever happens is a wrong
//! product that hardly any test finds. There are no probable bounds here, therefore: carries go all the way, limb after
//! limb.
//!
//! | kind | limbs 0 to 3 | limb 4 | from |
//! | --- | --- | --- | --- |
//! | factor | < 2^52 | < 2^52 | everything that a function here returns, unless it says otherwise |
//! | reduced | < 2^52 | < 2^49 | `mul`, `square`, `from_words` |
//! | canonical | < 2^52 | < 2^48, below p in all | `canonical` |

use core::arch::x86_64::{
    __m512i, __mmask8, _mm512_add_epi64, _mm512_and_si512, _mm512_cmpeq_epi64_mask,
    _mm512_cmpneq_epi64_mask, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
    _mm512_mask_blend_epi64, _mm512_or_si512, _mm512_set1_epi64, _mm512_setzero_si512,
    _mm512_slli_epi64, _mm512_srli_epi64, _mm512_sub_epi64,
};

use super::line::{from_words, to_words};
use crate::field::FieldElement;

const MASK: i64 = (1 << 52) - 1;
const TOP: i64 = (1 << 48) - 1;
/// 2^256 mod p, 33 bits.
const FOLD: i64 = 0x1_0000_03d1;
/// p.
const PRIME: [i64; 5] = [0xf_fffe_ffff_fc2f, MASK, MASK, MASK, TOP];

/// Eight field elements.
#[derive(Clone, Copy)]
pub(super) struct Eight(pub(super) [__m512i; 5]);

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn splat(value: i64) -> __m512i {
    _mm512_set1_epi64(value)
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn plus(a: __m512i, b: __m512i) -> __m512i {
    _mm512_add_epi64(a, b)
}

/// accumulator + the lower 52 bits of a·b.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn low(accumulator: &mut __m512i, a: __m512i, b: __m512i) {
    *accumulator = _mm512_madd52lo_epu64(*accumulator, a, b);
}

/// accumulator + the higher 52 bits of a·b.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn high(accumulator: &mut __m512i, a: __m512i, b: __m512i) {
    *accumulator = _mm512_madd52hi_epu64(*accumulator, a, b);
}

/// Moves what exceeds 52 bits from one limb to the next.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn carry(from: &mut __m512i, to: &mut __m512i) {
    *to = plus(*to, _mm512_srli_epi64::<52>(*from));
    *from = _mm512_and_si512(*from, splat(MASK));
}

impl Eight {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn zero() -> Self {
        Self([_mm512_setzero_si512(); 5])
    }

    /// The same element in all lanes; magnitude 1.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn splat(element: &FieldElement) -> Self {
        Self(element.weak_limbs().map(|limb| splat(limb as i64)))
    }

    /// Eight numbers of 256 bits: word i of all of them in register i. Reduced; canonical if they are below p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn from_words(w: &[__m512i; 4]) -> Self {
        let mask = splat(MASK);
        let or = |a, b| _mm512_and_si512(_mm512_or_si512(a, b), mask);
        Self([
            _mm512_and_si512(w[0], mask),
            or(_mm512_srli_epi64::<52>(w[0]), _mm512_slli_epi64::<12>(w[1])),
            or(_mm512_srli_epi64::<40>(w[1]), _mm512_slli_epi64::<24>(w[2])),
            or(_mm512_srli_epi64::<28>(w[2]), _mm512_slli_epi64::<36>(w[3])),
            _mm512_srli_epi64::<16>(w[3]),
        ])
    }

    /// The words of canonical elements.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn to_words(self) -> [__m512i; 4] {
        let [a, b, c, d, e] = self.0;
        [
            _mm512_or_si512(a, _mm512_slli_epi64::<52>(b)),
            _mm512_or_si512(_mm512_srli_epi64::<12>(b), _mm512_slli_epi64::<40>(c)),
            _mm512_or_si512(_mm512_srli_epi64::<24>(c), _mm512_slli_epi64::<28>(d)),
            _mm512_or_si512(_mm512_srli_epi64::<36>(d), _mm512_slli_epi64::<16>(e)),
        ]
    }

    /// One lane after another.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn to_elements(self) -> [FieldElement; 8] {
        let limbs = self.canonical().0.map(|limb| to_words(limb));
        core::array::from_fn(|lane| FieldElement::from_limbs(limbs.map(|words| words[lane])))
    }

    /// The opposite of `to_elements`; magnitude 1.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn from_elements(elements: &[FieldElement; 8]) -> Self {
        let limbs = elements.map(|element| element.weak_limbs());
        let mut out = [_mm512_setzero_si512(); 5];
        for (i, limb) in out.iter_mut().enumerate() {
            *limb = from_words(&limbs.map(|limbs| limbs[i]));
        }
        Self(out)
    }

    /// The product of two factors. Reduced.
    ///
    /// A column has at most five lower and five higher halves of products, so it is below 10·2^52 < 2^56.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn mul(&self, other: &Self) -> Self {
        let mut columns = [_mm512_setzero_si512(); 10];
        for i in 0..5 {
            for j in 0..5 {
                low(&mut columns[i + j], self.0[i], other.0[j]);
                high(&mut columns[i + j + 1], self.0[i], other.0[j]);
            }
        }
        Self::reduce(columns)
    }

    /// The square of a factor. Reduced.
    ///
    /// Products of different limbs are summed once and doubled as sums: a doubled limb might exceed 52 bits.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn square(&self) -> Self {
        let mut columns = [_mm512_setzero_si512(); 10];
        for i in 0..5 {
            for j in i + 1..5 {
                low(&mut columns[i + j], self.0[i], self.0[j]);
                high(&mut columns[i + j + 1], self.0[i], self.0[j]);
            }
        }
        for column in &mut columns[1..9] {
            *column = plus(*column, *column);
        }
        for i in 0..5 {
            low(&mut columns[2 * i], self.0[i], self.0[i]);
            high(&mut columns[2 * i + 1], self.0[i], self.0[i]);
        }
        Self::reduce(columns)
    }

    /// The sum of c[i]·2^(52i) mod p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn reduce(mut c: [__m512i; 10]) -> Self {
        let fold_column = splat(FOLD << 4);
        // Both factors are below 2^260, so the product is below 2^520: with carries from below, c[9] is below 2^52.
        // (What columns 0 to 4 exceed is not in it yet, which leaves it smaller.) What the others have above 52 bits is
        // carried on and left where it is: they are factors from here on, of which the multiplier reads 52 bits.
        for i in 5..9 {
            c[i + 1] = plus(c[i + 1], _mm512_srli_epi64::<52>(c[i]));
        }
        // 2^260 is FOLD·16, of 37 bits: the higher half of a product with it is below 2^37.
        let mut over = _mm512_setzero_si512();
        for i in 0..5 {
            let digit = c[i + 5];
            low(&mut c[i], digit, fold_column);
            high(if i < 4 { &mut c[i + 1] } else { &mut over }, digit, fold_column);
        }
        // Columns are below 2^57 now, so what lies above 2^256 is below 2^9 + 2^41, a factor.
        let top = plus(_mm512_srli_epi64::<48>(c[4]), _mm512_slli_epi64::<4>(over));
        let [c0, c1, c2, c3, c4, ..] = &mut c;
        *c4 = _mm512_and_si512(*c4, splat(TOP));
        low(c0, top, splat(FOLD));
        high(c1, top, splat(FOLD));
        carry(c0, c1);
        carry(c1, c2);
        carry(c2, c3);
        carry(c3, c4);
        // c4 is below 2^48 + 2^6.
        Self([c[0], c[1], c[2], c[3], c[4]])
    }

    /// Limbs that are below 2^60, and the highest below 2^52 − 2^8, as a factor.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn carried(mut self) -> Self {
        let [a, b, c, d, e] = &mut self.0;
        carry(a, b);
        carry(b, c);
        carry(c, d);
        carry(d, e);
        self
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn add_lazily(&self, other: &Self) -> Self {
        let mut sum = self.0;
        for (sum, other) in sum.iter_mut().zip(other.0) {
            *sum = plus(*sum, other);
        }
        Self(sum)
    }

    /// self + times·p − other, limb by limb. No limb of the result is negative if 4 times p is taken for one reduced
    /// element, or 6 times for the sum of two: a lower limb of p is above 2^52·3/4, the highest is 2^48 − 1.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn sub_lazily(&self, other: &Self, times: i64) -> Self {
        let mut difference = self.0;
        for ((difference, other), prime) in difference.iter_mut().zip(other.0).zip(PRIME) {
            *difference = _mm512_sub_epi64(plus(*difference, splat(times * prime)), other);
        }
        Self(difference)
    }

    /// The sum of two reduced elements.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn add(&self, other: &Self) -> Self {
        self.add_lazily(other).carried()
    }

    /// The difference of two reduced elements. Limb 4 is below 2^51.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn sub(&self, other: &Self) -> Self {
        self.sub_lazily(other, 4).carried()
    }

    /// A reduced element less two others. Limb 4 is below 2^51 + 2^50.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn sub_two(&self, first: &Self, second: &Self) -> Self {
        self.sub_lazily(&first.add_lazily(second), 6).carried()
    }

    /// A reduced element less three others. Reduced.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn sub_three(&self, first: &Self, second: &Self, third: &Self) -> Self {
        let sum = first.add_lazily(second).add_lazily(third);
        // The sum's limb 4 is below 3·2^49, 8p's is 2^51 − 8; what comes out is below 2^49 + 2^51.
        self.sub_lazily(&sum, 8).carried().folded()
    }

    /// The difference of a product and eight times another one. Reduced.
    ///
    /// Limb 4 of a product is at most 2^48 + 2^6 and a lower one below 2^52, so 9p has enough everywhere.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn sub_eight_times(&self, product: &Self) -> Self {
        let eight_times = Self(product.0.map(|limb| _mm512_slli_epi64::<3>(limb)));
        self.sub_lazily(&eight_times, 9).carried().folded()
    }

    /// Four times a product, less a reduced element. Limb 4 is at most 2^50 + 2^8 + 2^50.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn four_times_less(&self, other: &Self) -> Self {
        let four_times = Self(self.0.map(|limb| _mm512_slli_epi64::<2>(limb)));
        four_times.sub_lazily(other, 4).carried()
    }

    /// Lane by lane, where `lanes` has a one `other`, else this.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn blend(&self, lanes: __mmask8, other: &Self) -> Self {
        let mut blended = self.0;
        for (blended, other) in blended.iter_mut().zip(other.0) {
            *blended = _mm512_mask_blend_epi64(lanes, *blended, other);
        }
        Self(blended)
    }

    /// Minus a reduced element in the lanes that `lanes` has. Reduced.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn negate_lanes(&self, lanes: __mmask8) -> Self {
        self.blend(lanes, &Self::zero().sub_lazily(self, 4).folded())
    }

    /// A factor (or limbs below 2^60, and the highest below 2^52), below 2^256 + 2^37. Reduced.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn folded(self) -> Self {
        let mut limbs = self.0;
        let top = _mm512_srli_epi64::<48>(limbs[4]);
        limbs[4] = _mm512_and_si512(limbs[4], splat(TOP));
        low(&mut limbs[0], top, splat(FOLD));
        Self(limbs).carried()
    }

    /// The least representatives of factors.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn canonical(self) -> Self {
        let folded = self.folded();
        // p less is 2^256 − p more, without the bit 2^256; and that bit says whether it was p or more.
        let mut more = folded;
        more.0[0] = plus(more.0[0], splat(FOLD));
        let mut more = more.carried();
        let reaches =
            _mm512_cmpneq_epi64_mask(_mm512_srli_epi64::<48>(more.0[4]), _mm512_setzero_si512());
        more.0[4] = _mm512_and_si512(more.0[4], splat(TOP));
        folded.blend(reaches, &more)
    }

    /// The lanes where a canonical element is zero.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn zero_lanes(&self) -> __mmask8 {
        let [a, b, c, d, e] = self.0;
        let any = _mm512_or_si512(_mm512_or_si512(_mm512_or_si512(a, b), _mm512_or_si512(c, d)), e);
        _mm512_cmpeq_epi64_mask(any, _mm512_setzero_si512())
    }

    /// The lanes where a canonical element is odd.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn odd_lanes(&self) -> __mmask8 {
        let lowest = _mm512_and_si512(self.0[0], splat(1));
        _mm512_cmpneq_epi64_mask(lowest, _mm512_setzero_si512())
    }
}

/// x squared `times` times, times y.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn shift_mul<const N: usize>(x: &[Eight; N], times: usize, y: &[Eight; N]) -> [Eight; N] {
    let mut power = *x;
    for _ in 0..times {
        for power in &mut power {
            *power = power.square();
        }
    }
    for (power, y) in power.iter_mut().zip(y) {
        *power = power.mul(y);
    }
    power
}

/// Each to the power (p + 1)/4: see [`FieldElement::sqrt`]. `N` times eight in lockstep, since one product waits for the
/// one before.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn sqrt_candidates<const N: usize>(x1: &[Eight; N]) -> [Eight; N] {
    let x2 = shift_mul(x1, 1, x1);
    let x3 = shift_mul(&x2, 1, x1);
    let x6 = shift_mul(&x3, 3, &x3);
    let x9 = shift_mul(&x6, 3, &x3);
    let x11 = shift_mul(&x9, 2, &x2);
    let x22 = shift_mul(&x11, 11, &x11);
    let x44 = shift_mul(&x22, 22, &x22);
    let x88 = shift_mul(&x44, 44, &x44);
    let x176 = shift_mul(&x88, 88, &x88);
    let x220 = shift_mul(&x176, 44, &x44);
    let x223 = shift_mul(&x220, 3, &x3);
    let mut root = shift_mul(&shift_mul(&x223, 23, &x22), 6, &x2);
    for root in &mut root {
        *root = root.square().square();
    }
    root
}
