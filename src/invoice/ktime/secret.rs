use std::fmt;

use crate::curve::{Point, SecretScalar};

/// z(x), with which a payment under Z(x) ends, and Z(x) beside it. The payer keeps it for as long as it may want to prove
/// the payment.
///
/// Not `Clone`, erased on drop, redacted in `Debug`.
pub struct PointSecret {
    secret: SecretScalar,
    point: Point,
}

impl PointSecret {
    /// The secret that a payment ended with.
    pub fn new(secret: SecretScalar) -> Self {
        let point = secret.to_point();
        Self { secret, point }
    }

    /// Z(x).
    pub fn point(&self) -> Point {
        self.point
    }

    pub(in crate::invoice) fn as_scalar(&self) -> &SecretScalar {
        &self.secret
    }
}

impl fmt::Debug for PointSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PointSecret(point: {}, secret: …)", self.point)
    }
}
