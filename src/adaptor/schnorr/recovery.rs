use secp256k1::XOnlyPublicKey;

use crate::curve::{CurveError, Point, PublicScalar, double_mul_x_only};

/// 33(±(a·G + b·P) + T), by libsecp256k1; None if that is at infinity.
///
/// # Errors
///
/// [`CurveError::PointAtInfinity`] when a·G + b·P is.
pub(super) fn double_mul_and_add(
    a: &PublicScalar,
    b: &PublicScalar,
    key: &XOnlyPublicKey,
    negate: bool,
    summand: &Point,
) -> Result<Option<[u8; 33]>, CurveError> {
    let product = double_mul_x_only(a, b, key)?;
    let product = if negate { product.negate() } else { product };
    Ok(product.add(summand).ok().map(|sum| sum.to_bytes()))
}
