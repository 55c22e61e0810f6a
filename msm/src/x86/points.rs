//! Sums of pairs, and decompression, eight at a time.

use core::arch::x86_64::{
    __m512i, __mmask8, _mm512_cmpeq_epi64_mask, _mm512_or_si512, _mm512_setzero_si512,
    _mm512_shuffle_i64x2, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

use super::field::{Eight, sqrt_candidates};
use super::line::from_words;
use crate::affine::coordinate;
use crate::field::FieldElement;
use crate::pairs::Ref;

/// How many products run side by side, so that none waits for another.
const CHAINS: usize = 4;

/// Eight points by their coordinates, canonical.
#[derive(Clone, Copy)]
pub(super) struct EightPoints {
    pub(super) x: Eight,
    pub(super) y: Eight,
    pub(super) infinite: __mmask8,
}

/// Rows become columns, and columns rows.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn transpose(r: [__m512i; 8]) -> [__m512i; 8] {
    let low = |i: usize| _mm512_unpacklo_epi64(r[i], r[i + 1]);
    let high = |i: usize| _mm512_unpackhi_epi64(r[i], r[i + 1]);
    // Of four pairs of rows: columns c and c + 4 of all eight rows.
    let gather = |pairs: [__m512i; 4]| {
        let even = |a, b| _mm512_shuffle_i64x2::<0x88>(a, b);
        let odd = |a, b| _mm512_shuffle_i64x2::<0xdd>(a, b);
        let (a, b) = (even(pairs[0], pairs[1]), even(pairs[2], pairs[3]));
        let (c, d) = (odd(pairs[0], pairs[1]), odd(pairs[2], pairs[3]));
        [even(a, b), odd(a, b), even(c, d), odd(c, d)]
    };
    let [c0, c4, c2, c6] = gather([low(0), low(2), low(4), low(6)]);
    let [c1, c5, c3, c7] = gather([high(0), high(2), high(4), high(6)]);
    [c0, c1, c2, c3, c4, c5, c6, c7]
}

impl EightPoints {
    /// The points of a pool.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn load(pool: &[__m512i], refs: &[Ref; 8]) -> Self {
        let mut rows = [_mm512_setzero_si512(); 8];
        let mut negative = 0;
        for (lane, (row, reference)) in rows.iter_mut().zip(refs).enumerate() {
            *row = pool[reference.index()];
            negative |= u8::from(reference.is_negative()) << lane;
        }
        let mut points = Self::from_rows(rows);
        if negative != 0 {
            points.y = points.y.negate_lanes(negative & !points.infinite);
        }
        points
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn from_rows(rows: [__m512i; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = transpose(rows);
        let or = |a, b| _mm512_or_si512(a, b);
        let any = or(or(or(a, b), or(c, d)), or(or(e, f), or(g, h)));
        Self {
            x: Eight::from_words(&[a, b, c, d]),
            y: Eight::from_words(&[e, f, g, h]),
            infinite: _mm512_cmpeq_epi64_mask(any, _mm512_setzero_si512()),
        }
    }

    /// Points with canonical coordinates, one after another.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn rows(x: Eight, y: Eight) -> [__m512i; 8] {
        let ([a, b, c, d], [e, f, g, h]) = (x.to_words(), y.to_words());
        transpose([a, b, c, d, e, f, g, h])
    }
}

/// The x coordinates of points of a pool. Canonical.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn load_x(pool: &[__m512i], refs: &[Ref; 8]) -> Eight {
    let mut rows = [_mm512_setzero_si512(); 8];
    for (row, reference) in rows.iter_mut().zip(refs) {
        *row = pool[reference.index()];
    }
    let [a, b, c, d, ..] = transpose(rows);
    Eight::from_words(&[a, b, c, d])
}

/// What eight sums divide by, and which of them are no chords.
struct Denominators {
    value: Eight,
    /// The product of those before, of the same chain.
    before: Eight,
    /// The lanes with a tangent.
    double: __mmask8,
    /// The lanes that need no slope: a point at infinity, two opposite points, no pair at all.
    known: __mmask8,
}

/// Writes the sum of each pair of points of `pool`.
///
/// See [`pairs::add_pairs`](crate::pairs::add_pairs): the same, with eight products and more side by side.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn add_pairs(pool: &[__m512i], pairs: &[(Ref, Ref)], sums: &mut [__m512i]) {
    let one = Eight::splat(&FieldElement::ONE);
    let mut products = [one; CHAINS];
    let mut denominators = Vec::with_capacity(pairs.len().div_ceil(8));
    for (i, group) in pairs.chunks(8).enumerate() {
        let (first, second) = operands(group);
        let (a, b) = (load_x(pool, &first), load_x(pool, &second));
        let missing = !(0xff >> (8 - group.len()));
        let (mut value, mut double, mut known) = (b.sub(&a), 0, 0);
        // Rare, all of it: an x is zero on secp256k1 only where the point is infinity.
        if equal_lanes(&a, &b) | a.zero_lanes() | b.zero_lanes() | missing != 0 {
            let (a, b) = (EightPoints::load(pool, &first), EightPoints::load(pool, &second));
            let equal = equal_lanes(&a.x, &b.x);
            let same = equal_lanes(&a.y.canonical(), &b.y.canonical());
            known = a.infinite | b.infinite | equal & !same | missing;
            double = equal & same & !known;
            value = value.blend(double, &a.y.add(&a.y)).blend(known, &one);
        }
        let product = &mut products[i % CHAINS];
        denominators.push(Denominators { value, before: *product, double, known });
        *product = product.mul(&value);
    }
    let mut inverses = invert(&products);
    // One sum is a long way from the inverse to y₃: two groups of eight go it side by side.
    let mut groups = pairs.chunks(8).zip(&denominators).zip(sums.chunks_mut(8)).enumerate().rev();
    for (i, ((group, d), sums)) in groups.by_ref().take(denominators.len() % 2) {
        finish(pool, [(group, d, sums)], &mut inverses, [i % CHAINS]);
    }
    while let (Some((i, ((g, d), s))), Some((j, ((h, e), t)))) = (groups.next(), groups.next()) {
        finish(pool, [(g, d, s), (h, e, t)], &mut inverses, [i % CHAINS, j % CHAINS]);
    }
}

/// Up to eight pairs, what they divide by, and where their sums go.
type Group<'a> = (&'a [(Ref, Ref)], &'a Denominators, &'a mut [__m512i]);

/// The sums of groups of eight, by the inverses of their denominators.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn finish<const N: usize>(
    pool: &[__m512i],
    groups: [Group<'_>; N],
    inverses: &mut [Eight; CHAINS],
    chains: [usize; N],
) {
    let mut a = [EightPoints { x: Eight::zero(), y: Eight::zero(), infinite: 0xff }; N];
    let mut b = a;
    let mut slope = [Eight::zero(); N];
    for k in 0..N {
        let (group, d, _) = &groups[k];
        let (first, second) = operands(group);
        a[k] = EightPoints::load(pool, &first);
        b[k] = EightPoints::load(pool, &second);
        let inverse = &mut inverses[chains[k]];
        slope[k] = inverse.mul(&d.before);
        *inverse = inverse.mul(&d.value);
    }
    for k in 0..N {
        let mut numerator = b[k].y.sub(&a[k].y);
        let double = groups[k].1.double;
        if double != 0 {
            let square = a[k].x.square();
            let thrice = square.add_lazily(&square).add_lazily(&square).carried();
            numerator = numerator.blend(double, &thrice);
        }
        slope[k] = numerator.mul(&slope[k]);
    }
    let mut x3 = [Eight::zero(); N];
    for k in 0..N {
        x3[k] = slope[k].square().sub_two(&a[k].x, &b[k].x).canonical();
    }
    let mut y3 = x3;
    for k in 0..N {
        y3[k] = slope[k].mul(&a[k].x.sub(&x3[k])).sub(&a[k].y).canonical();
    }
    for (k, (_, d, sums)) in groups.into_iter().enumerate() {
        let (mut x, mut y) = (x3[k], y3[k]);
        if d.known != 0 {
            // Where a is infinity it is b, where b is infinity it is a, and else infinity.
            let (only_b, only_a) = (d.known & a[k].infinite, d.known & b[k].infinite);
            let known = |sum: Eight, a: &Eight, b: &Eight| {
                sum.blend(d.known, &Eight::zero()).blend(only_b, b).blend(only_a, a)
            };
            x = known(x, &a[k].x, &b[k].x);
            y = known(y, &a[k].y.canonical(), &b[k].y.canonical());
        }
        for (sum, row) in sums.iter_mut().zip(EightPoints::rows(x, y)) {
            *sum = row;
        }
    }
}

/// The two sides of up to eight pairs; the last one fills up.
#[inline]
fn operands(group: &[(Ref, Ref)]) -> ([Ref; 8], [Ref; 8]) {
    let pair = |lane: usize| group[lane.min(group.len() - 1)];
    (core::array::from_fn(|lane| pair(lane).0), core::array::from_fn(|lane| pair(lane).1))
}

/// The lanes where two canonical elements are the same.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn equal_lanes(a: &Eight, b: &Eight) -> __mmask8 {
    a.0.into_iter().zip(b.0).fold(0xff, |lanes, (a, b)| lanes & _mm512_cmpeq_epi64_mask(a, b))
}

/// The inverses of all lanes of all elements, none of them zero, by one inversion.
#[target_feature(enable = "avx512f,avx512ifma")]
fn invert(elements: &[Eight; CHAINS]) -> [Eight; CHAINS] {
    let mut before = [elements[0]; CHAINS];
    for i in 2..CHAINS {
        before[i] = before[i - 1].mul(&elements[i - 1]);
    }
    let lanes = before[CHAINS - 1].mul(&elements[CHAINS - 1]).to_elements();
    let mut inverse = Eight::from_elements(&invert_lanes(&lanes));
    let mut inverses = *elements;
    for i in (1..CHAINS).rev() {
        inverses[i] = inverse.mul(&before[i]);
        inverse = inverse.mul(&elements[i]);
    }
    inverses[0] = inverse;
    inverses
}

pub(super) fn invert_lanes(lanes: &[FieldElement; 8]) -> [FieldElement; 8] {
    let mut before = [FieldElement::ONE; 8];
    let mut product = FieldElement::ONE;
    for (before, lane) in before.iter_mut().zip(lanes) {
        *before = product;
        product = product.mul(lane);
    }
    let mut inverse = product.inverse();
    let mut inverses = before;
    for (own, lane) in inverses.iter_mut().zip(lanes).rev() {
        *own = inverse.mul(own);
        inverse = inverse.mul(lane);
    }
    inverses
}

/// How many times eight square roots run in lockstep.
const ROOTS: usize = 2;

/// Writes the point of each encoding; see [`Backend::decompress`](crate::Backend::decompress).
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn decompress(encodings: &[([u8; 32], bool)], b: u64, points: &mut [__m512i]) {
    let b = Eight::splat(&FieldElement::from_words(&[b, 0, 0, 0]));
    for (chunk, points) in encodings.chunks(8 * ROOTS).zip(points.chunks_mut(8 * ROOTS)) {
        let mut words = [[[0; 8]; 4]; ROOTS];
        let (mut valid, mut odd) = ([0u8; ROOTS], [0u8; ROOTS]);
        for (i, (bytes, is_odd)) in chunk.iter().enumerate() {
            let Some(x) = coordinate(bytes) else { continue };
            let (eight, lane) = (i / 8, i % 8);
            for (words, x) in words[eight].iter_mut().zip(x) {
                words[lane] = x;
            }
            valid[eight] |= 1 << lane;
            odd[eight] |= u8::from(*is_odd) << lane;
        }
        let mut x = [b; ROOTS];
        let mut squares = [b; ROOTS];
        for ((x, square), words) in x.iter_mut().zip(&mut squares).zip(&words) {
            *x = Eight::from_words(&words.map(|words| from_words(&words)));
            *square = x.square().mul(x).add(&b);
        }
        let roots = sqrt_candidates(&squares);
        for (eight, points) in points.chunks_mut(8).enumerate() {
            let wrong = roots[eight].square().sub(&squares[eight].folded());
            let valid = valid[eight] & wrong.canonical().zero_lanes();
            let y = roots[eight].canonical();
            let y = y.negate_lanes(y.odd_lanes() ^ odd[eight]).canonical();
            let zero = Eight::zero();
            let (x, y) = (zero.blend(valid, &x[eight]), zero.blend(valid, &y));
            for (point, row) in points.iter_mut().zip(EightPoints::rows(x, y)) {
                *point = row;
            }
        }
    }
}
