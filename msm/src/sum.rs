use crate::affine::Affine;
use crate::backend::Backend;
use crate::scalar::Scalar;
use crate::term::Term;
use crate::{pippenger, strauss};

/// From how many terms on buckets are faster, on the portable backend.
const BUCKETS_FROM: usize = 24;

/// The sum of all terms.
pub fn multiply_sum(backend: Backend, terms: &[Term]) -> Affine {
    if terms.len() < BUCKETS_FROM {
        strauss::sum(&Scalar::ZERO, terms).to_affine()
    } else {
        pippenger::sum(backend, terms).to_affine()
    }
}

/// a·G + b·P.
pub fn double_multiply(a: &Scalar, b: &Scalar, point: &Affine) -> Affine {
    strauss::double_multiply(a, b, point).to_affine()
}
