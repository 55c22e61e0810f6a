//! Verification on the arithmetic of `pointlock-msm`, for public data: libsecp256k1 exports no double multiplication, and
//! gives no y of an x-only key.

use pointlock_msm::{Affine, Backend, Jacobian, Scalar};
use secp256k1::XOnlyPublicKey;

use crate::curve::{CurveError, Point, PublicScalar};

/// 33(±(a·G + b·P) + T), by the fastest arithmetic that this processor has; None if that is at infinity.
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
    double_mul_and_add_on(Backend::detect(), a, b, key, negate, summand)
}

/// The same on a backend of one's choice.
pub(super) fn double_mul_and_add_on(
    backend: Backend,
    a: &PublicScalar,
    b: &PublicScalar,
    key: &XOnlyPublicKey,
    negate: bool,
    summand: &Point,
) -> Result<Option<[u8; 33]>, CurveError> {
    // One root alone: eight lanes would wait for it as long.
    let key = Backend::PORTABLE.decompress(&[(key.serialize(), false)]);
    let key = key.first().expect("an x-only public key is on the curve");
    let product = backend.double_multiply(&scalar(a), &scalar(b), key);
    if product.is_infinity() {
        return Err(CurveError::PointAtInfinity);
    }
    let product = if negate { product.negate() } else { product };
    Ok(encoding(&product.add_affine(&coordinates(summand))))
}

/// The compressed encoding; None for infinity.
fn encoding(point: &Jacobian) -> Option<[u8; 33]> {
    let point = point.to_affine();
    let (x, _) = point.to_coordinates()?;
    let mut encoding = [2; 33];
    encoding[0] |= u8::from(point.is_odd());
    encoding[1..].copy_from_slice(&x);
    Some(encoding)
}

fn scalar(scalar: &PublicScalar) -> Scalar {
    Scalar::from_bytes(&scalar.to_bytes()).expect("a public scalar is below n")
}

/// The point in the coordinates of `pointlock-msm`. Parsed once already, so not checked again.
pub(super) fn coordinates(point: &Point) -> Affine {
    let encoding = point.to_public_key().serialize_uncompressed();
    let (x, y) = encoding[1..].split_first_chunk().expect("65 bytes, less one");
    Affine::from_checked_coordinates(x, y.first_chunk().expect("32 bytes are left"))
}
