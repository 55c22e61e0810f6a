use thiserror::Error;

use crate::curve::CurveError;

/// Why a k-time payment point or a payer's signature is refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KtimeError {
    /// A polynomial for k payments has k + 1 coefficients, and k is at least 1 and at most
    /// [`MAX_K`](super::PaymentPolynomial::MAX_K).
    #[error("k: {k} is out of range")]
    DegreeOutOfRange {
        /// The k that was asked for.
        k: usize,
    },
    /// The payer's key is no point.
    #[error("payer_key: {0}")]
    PayerKey(CurveError),
    /// The payer's key has an odd y.
    #[error("payer_key: y is odd")]
    PayerKeyOdd,
    /// x is zero, where Z(x) is Z_0 for every payer.
    #[error("x: zero")]
    ZeroX,
    /// Z(x) is the point at infinity, so that z(x) is zero.
    #[error("payment_point: Z(x) is at infinity")]
    PointAtInfinity,
    /// The signature in the payload is not the payer's over x and L_n.
    #[error("payer_signature: not by payer_key over this x and this lock")]
    PayerSignature,
}
