use crate::affine::Affine;
use crate::scalar::{Half, Scalar};

/// A point and its coefficient, k1 + k2·λ.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    pub(crate) point: Affine,
    pub(crate) k1: Half,
    pub(crate) k2: Half,
}

impl Term {
    /// k·P, for any k.
    pub fn new(point: Affine, k: &Scalar) -> Self {
        let (k1, k2) = k.split();
        Self { point, k1, k2 }
    }

    /// ±k·P, for a k of 128 bits: half the work.
    pub fn short(point: Affine, k: u128, negative: bool) -> Self {
        Self { point, k1: Half { negative, magnitude: k }, k2: Half::ZERO }
    }
}
