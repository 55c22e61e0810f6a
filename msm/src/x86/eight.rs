//! Many independent a·G + b·P, and sums of a few dozen terms, in eight lanes: the tables, and what the lanes leave over.

use core::arch::x86_64::{__m512i, _mm512_setzero_si512};
use std::sync::OnceLock;

use super::line::from_point;
use super::multiply::{self, GENERATOR_MULTIPLES, MULTIPLES, double_multiply};
use super::points::add_pairs;
use crate::affine::Affine;
use crate::jacobian::Jacobian;
use crate::pairs::Ref;
use crate::scalar::Scalar;
use crate::term::Term;

/// How many triples share the inversions of their tables: a table takes a kilobyte.
const SHARED: usize = 128;

/// Writes a·G + b·P for each (a, b, P). Returns the places where it did not, because a lane met a sum that its formulas do not
/// cover.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn double_multiply_all(
    triples: &[(Scalar, Scalar, Affine)],
    sums: &mut [__m512i],
) -> Vec<usize> {
    let mut left = Vec::new();
    let chunks = triples.chunks(SHARED).zip(sums.chunks_mut(SHARED)).enumerate();
    for (i, (triples, sums)) in chunks {
        let mut pool = generator_multiples().to_vec();
        let points: Vec<__m512i> = triples.iter().map(|(_, _, point)| from_point(point)).collect();
        pool.extend(multiples(points, MULTIPLES));
        for (j, (eight, sums)) in triples.chunks(8).zip(sums.chunks_mut(8)).enumerate() {
            let start = GENERATOR_MULTIPLES + 8 * j;
            let (points, right) = double_multiply(eight, &pool, start, triples.len());
            sums.copy_from_slice(&points[..sums.len()]);
            let wrong = (0..eight.len()).filter(|lane| right >> lane & 1 == 0);
            left.extend(wrong.map(|lane| SHARED * i + 8 * j + lane));
        }
    }
    left
}

/// See [`multiply::window_sums`].
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn window_sums(terms: &[Term]) -> Option<Vec<Jacobian>> {
    let points = terms.iter().map(|term| from_point(&term.point)).collect();
    multiply::window_sums(terms, &multiples(points, MULTIPLES))
}

/// All points, twice all points, three times all points, …, `count` times, a power of two. Doubling the number takes one round of sums.
#[target_feature(enable = "avx512f,avx512ifma")]
fn multiples(points: Vec<__m512i>, count: usize) -> Vec<__m512i> {
    let (stride, mut pool) = (points.len(), points);
    pool.reserve_exact((count - 1) * stride);
    let mut pairs = Vec::with_capacity(count / 2 * stride);
    for round in 0..count.ilog2() {
        let known = stride << round;
        pairs.clear();
        pairs.extend((0..known).map(|place| {
            (Ref::new(known - stride + place % stride, false), Ref::new(place, false))
        }));
        pool.resize(2 * known, _mm512_setzero_si512());
        let (pool, sums) = pool.split_at_mut(known);
        add_pairs(pool, &pairs, sums);
    }
    pool
}

/// G, 2G, …, 512·G.
#[target_feature(enable = "avx512f,avx512ifma")]
fn generator_multiples() -> &'static [__m512i] {
    static TABLE: OnceLock<Vec<__m512i>> = OnceLock::new();
    TABLE.get_or_init(|| multiples(vec![from_point(&Affine::GENERATOR)], GENERATOR_MULTIPLES))
}
