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
        pool.extend(multiples(&points, MULTIPLES));
        for (j, (eight, sums)) in triples.chunks(8).zip(sums.chunks_mut(8)).enumerate() {
            let start = GENERATOR_MULTIPLES + 8 * MULTIPLES * j;
            let (points, right) = double_multiply(eight, &pool, start);
            sums.copy_from_slice(&points[..sums.len()]);
            let wrong = (0..eight.len()).filter(|lane| right >> lane & 1 == 0);
            left.extend(wrong.map(|lane| SHARED * i + 8 * j + lane));
        }
    }
    left
}

/// The sum of all terms, an eighth of them in each lane; None if a lane met a sum that its formulas do not cover.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn sum_terms(terms: &[Term]) -> Option<Jacobian> {
    let points: Vec<__m512i> = terms.iter().map(|term| from_point(&term.point)).collect();
    multiply::sum_terms(terms, &multiples(&points, MULTIPLES))
}

/// P, 2P, 3P, … for each point, `count` of them, a power of two. Doubling the number takes one round of sums.
#[target_feature(enable = "avx512f,avx512ifma")]
fn multiples(points: &[__m512i], count: usize) -> Vec<__m512i> {
    let mut pool = points.to_vec();
    // The places of the multiples of each point.
    let mut places: Vec<Vec<usize>> = (0..points.len()).map(|place| vec![place]).collect();
    for _ in 0..count.ilog2() {
        let mut pairs = Vec::new();
        for places in &mut places {
            let known = places.len();
            for i in 0..known {
                pairs.push((Ref::new(places[known - 1], false), Ref::new(places[i], false)));
                places.push(pool.len() + pairs.len() - 1);
            }
        }
        let mut sums = vec![_mm512_setzero_si512(); pairs.len()];
        add_pairs(&pool, &pairs, &mut sums);
        pool.append(&mut sums);
    }
    places.iter().flatten().map(|place| pool[*place]).collect()
}

/// G, 2G, …, 512·G.
#[target_feature(enable = "avx512f,avx512ifma")]
fn generator_multiples() -> &'static [__m512i] {
    static TABLE: OnceLock<Vec<__m512i>> = OnceLock::new();
    TABLE.get_or_init(|| multiples(&[from_point(&Affine::GENERATOR)], GENERATOR_MULTIPLES))
}
