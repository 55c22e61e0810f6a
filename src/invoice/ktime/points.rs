use std::fmt;

use super::{KtimeError, PayerScalar};
use crate::curve::{Point, PublicScalar, Tag, multi_mul_public};
use crate::invoice::PaymentPoints;

static POLYNOMIAL: Tag = Tag::new("pointlock/polynomial");

/// Names a polynomial by the points that it publishes: H_pointlock/polynomial(33(Z_0) ‖ … ‖ 33(Z_k)), 32 bytes.
///
/// The books of claims are kept under it and not under an invoice, so that a polynomial in two invoices is found out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolynomialId([u8; 32]);

impl PolynomialId {
    /// An id known from elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for PolynomialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PolynomialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolynomialId({self})")
    }
}

impl PaymentPoints {
    /// The id of the polynomial with these coefficients.
    pub fn polynomial_id(&self) -> PolynomialId {
        let encodings: Vec<[u8; 33]> = self.as_slice().iter().map(Point::to_bytes).collect();
        PolynomialId(POLYNOMIAL.hash(&[encodings.as_flattened()]))
    }

    /// Z(x) = Z_0 + x·Z_1 + … + x^k·Z_k, the point that the payer of this x pays under. With k = 0 that is Z_0, whoever
    /// pays. Variable time, and one sum of k multiples: all of it is public.
    ///
    /// # Errors
    ///
    /// [`KtimeError::PointAtInfinity`].
    pub fn point_at(&self, x: &PayerScalar) -> Result<Point, KtimeError> {
        // A sum of powers and not Horner's rule: there no multiplication has to wait for another.
        let x = x.to_scalar();
        let mut power = PublicScalar::ONE;
        let mut terms = Vec::with_capacity(self.as_slice().len());
        for coefficient in self.as_slice() {
            terms.push((power, *coefficient));
            power = power.mul(&x);
        }
        multi_mul_public(&PublicScalar::ZERO, &terms).map_err(|_| KtimeError::PointAtInfinity)
    }
}
