use crate::backend::Backend;
use crate::jacobian::Jacobian;
use crate::pippenger;
use crate::pippenger::Scratch;
use crate::scalar::Scalar;
use crate::term::Term;

/// From how many terms on buckets are faster, with one lane.
const BUCKETS_FROM: usize = 24;
/// From how many terms on lanes have enough to do.
const LANES_FROM: usize = 5;
/// From how many terms on buckets are faster than lanes.
const BUCKETS_OVER_LANES_FROM: usize = 160;

/// The sum of all terms, infinity if there are none.
pub fn multiply_sum(backend: Backend, terms: &[Term]) -> Jacobian {
    multiply_sum_in(backend, terms, &mut Scratch::default())
}

/// The same in memory that an earlier sum has left: for many sums, one after another.
pub fn multiply_sum_in(backend: Backend, terms: &[Term], scratch: &mut Scratch) -> Jacobian {
    few(backend, &Scalar::ZERO, terms).unwrap_or_else(|| pippenger::sum(backend, terms, scratch))
}

/// a·G, and the sum of all terms.
pub fn multiply_sum_and_generator(backend: Backend, a: &Scalar, terms: &[Term]) -> Jacobian {
    multiply_sum_and_generator_in(backend, a, terms, &mut Scratch::default())
}

/// The same in memory that an earlier sum has left.
pub fn multiply_sum_and_generator_in(
    backend: Backend,
    a: &Scalar,
    terms: &[Term],
    scratch: &mut Scratch,
) -> Jacobian {
    few(backend, a, terms)
        .unwrap_or_else(|| with_generator(backend, a, pippenger::sum(backend, terms, scratch)))
}

fn with_generator(backend: Backend, a: &Scalar, sum: Jacobian) -> Jacobian {
    if a.is_zero() { sum } else { sum.add(&backend.multiply_generator(a)) }
}

/// The ways without buckets, if there are few terms.
fn few(backend: Backend, a: &Scalar, terms: &[Term]) -> Option<Jacobian> {
    if (LANES_FROM..BUCKETS_OVER_LANES_FROM).contains(&terms.len()) {
        if let Some(sum) = backend.sum_in_lanes(terms) {
            return Some(with_generator(backend, a, sum));
        }
    }
    (terms.len() < BUCKETS_FROM).then(|| backend.strauss(a, terms))
}
