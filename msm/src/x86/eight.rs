//! Many independent a·G + b·P, eight in lockstep: the tables, and what the lanes leave over.

use std::sync::OnceLock;

use super::Ifma;
use super::multiply::{GENERATOR_MULTIPLES, MULTIPLES};
use crate::affine::Affine;
use crate::backend::Backend;
use crate::pairs::Ref;
use crate::scalar::Scalar;
use crate::sum::double_multiply;

/// How many triples share the inversions of their tables: a table takes a kilobyte.
const SHARED: usize = 128;

/// See [`Backend::double_multiply_all`].
pub(crate) fn double_multiply_all(
    backend: Backend,
    ifma: Ifma,
    triples: &[(Scalar, Scalar, Affine)],
) -> Vec<Affine> {
    let mut sums = Vec::with_capacity(triples.len());
    for chunk in triples.chunks(SHARED) {
        let mut pool = generator_multiples(backend).to_vec();
        let points: Vec<Affine> = chunk.iter().map(|(_, _, point)| *point).collect();
        pool.extend(multiples(backend, &points, MULTIPLES));
        for (i, eight) in chunk.chunks(8).enumerate() {
            let start = GENERATOR_MULTIPLES + 8 * MULTIPLES * i;
            let (points, right) = ifma.double_multiply(eight, &pool, start);
            for (lane, ((a, b, point), sum)) in eight.iter().zip(points).enumerate() {
                let is_right = right >> lane & 1 == 1;
                sums.push(if is_right { sum } else { double_multiply(a, b, point).to_affine() });
            }
        }
    }
    sums
}

/// P, 2P, 3P, … for each point, `count` of them, a power of two. Doubling the number takes one round of sums.
fn multiples(backend: Backend, points: &[Affine], count: usize) -> Vec<Affine> {
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
        backend.add_pairs(&mut pool, &pairs);
    }
    places.iter().flatten().map(|place| pool[*place]).collect()
}

/// G, 2G, …, 512·G.
fn generator_multiples(backend: Backend) -> &'static [Affine] {
    static TABLE: OnceLock<Vec<Affine>> = OnceLock::new();
    TABLE.get_or_init(|| multiples(backend, &[Affine::GENERATOR], GENERATOR_MULTIPLES))
}
