//! Verification on the arithmetic of `pointlock-msm`, for public data: libsecp256k1 exports no double multiplication, and
//! gives no y of an x-only key.

use pointlock_msm::{Affine, Backend};

use super::key::Key;
use crate::curve::{CurveError, Point, PublicScalar, coordinates, encoding, scalar};

/// 33(±(a·G + b·P) + T), by the fastest arithmetic that this processor has; None if that is at infinity.
///
/// # Errors
///
/// [`CurveError::PointAtInfinity`] when a·G + b·P is.
pub(super) fn double_mul_and_add(
    a: &PublicScalar,
    b: &PublicScalar,
    key: Key<'_>,
    negate: bool,
    summand: &Point,
) -> Result<Option<[u8; 33]>, CurveError> {
    double_mul_and_add_on(Backend::detect(), a, b, key, negate, summand)
}

/// The same on a backend of one's choice.
pub(super) fn double_mul_and_add_on(
    backend: Backend,
    a: &PublicScalar,
    b: &PublicScalar,
    key: Key<'_>,
    negate: bool,
    summand: &Point,
) -> Result<Option<[u8; 33]>, CurveError> {
    let (a, b) = (scalar(a), scalar(b));
    let product = match key {
        // One root alone: eight lanes would wait for it as long.
        Key::XOnly(key) => {
            let key = Backend::PORTABLE.decompress(&[(key.serialize(), false)]);
            let key = key.first().expect("an x-only public key is on the curve");
            backend.double_multiply(&a, &b, key)
        }
        Key::Point(key) => backend.double_multiply(&a, &b, &even(key)),
        Key::Prepared(key) => {
            let b = if key.point().is_odd() { b.negate() } else { b };
            backend.multiply_prepared(&a, &b, key.multiples())
        }
    };
    if product.is_infinity() {
        return Err(CurveError::PointAtInfinity);
    }
    let product = if negate { product.negate() } else { product };
    Ok(encoding(&product.add_affine(&coordinates(summand)).to_affine()))
}

/// The point with the x of a key, and with even y.
pub(super) fn even(key: &Point) -> Affine {
    let key = coordinates(key);
    if key.is_odd() { key.negate() } else { key }
}
