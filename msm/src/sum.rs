use crate::backend::Backend;
use crate::jacobian::Jacobian;
use crate::pippenger::Scratch;
use crate::scalar::Scalar;
use crate::term::Term;
use crate::{pippenger, strauss};

/// From how many terms on buckets are faster, on the portable backend.
const BUCKETS_FROM: usize = 24;

/// The sum of all terms, infinity if there are none.
pub fn multiply_sum(backend: Backend, terms: &[Term]) -> Jacobian {
    multiply_sum_in(backend, terms, &mut Scratch::default())
}

/// The same in memory that an earlier sum has left: for many sums, one after another.
pub fn multiply_sum_in(backend: Backend, terms: &[Term], scratch: &mut Scratch) -> Jacobian {
    if terms.len() < BUCKETS_FROM {
        strauss::sum(&Scalar::ZERO, terms)
    } else {
        pippenger::sum(backend, terms, scratch)
    }
}
