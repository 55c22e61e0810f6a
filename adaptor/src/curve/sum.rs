//! Points in the coordinates of `pointlock-msm`, and the sums that it computes. Variable time: public data only.

use alloc::vec::Vec;

use pointlock_msm::{Affine, Backend, Jacobian, Scalar, Term, multiply_sum_and_generator};
use secp256k1::PublicKey;

use super::{CurveError, Point, PublicScalar};

pub(crate) fn multi_mul(
    a: &PublicScalar,
    terms: &[(PublicScalar, Point)],
) -> Result<Point, CurveError> {
    let terms: Vec<Term> = terms
        .iter()
        .map(|(factor, point)| Term::new(coordinates(point), &scalar(factor)))
        .collect();
    point(&multiply_sum_and_generator(Backend::detect(), &scalar(a), &terms))
}

pub(crate) fn add_multiple_of_generator(
    summand: &Point,
    a: &PublicScalar,
) -> Result<Point, CurveError> {
    point(&Backend::detect().multiply_generator(&scalar(a)).add_affine(&coordinates(summand)))
}

/// The points with these encodings, or the place of the first that is none. All of them are decompressed side by side.
pub(crate) fn decompress(encodings: &[[u8; 33]]) -> Result<Vec<Point>, usize> {
    let even_or_odd: Vec<([u8; 32], bool)> = encodings
        .iter()
        .map(|encoding| (*encoding.last_chunk().expect("33 bytes end with 32"), encoding[0] == 3))
        .collect();
    let points = Backend::detect().decompress(&even_or_odd);
    let finite = |(i, point): (usize, &Affine)| from_coordinates(point).ok_or(i);
    points.iter().enumerate().map(finite).collect()
}

/// 33(P_i + Q_i) for each, None for infinity, with one inversion.
pub(crate) fn add_each(
    backend: Backend,
    first: &[Point],
    second: &[Point],
) -> Vec<Option<[u8; 33]>> {
    let convert = |points: &[Point]| points.iter().map(coordinates).collect::<Vec<_>>();
    let sums = backend.add_all(&convert(first), &convert(second));
    sums.iter().map(encoding).collect()
}

/// The compressed encoding; None for infinity.
pub(crate) fn encoding(point: &Affine) -> Option<[u8; 33]> {
    let (x, _) = point.to_coordinates()?;
    let mut encoding = [2; 33];
    encoding[0] |= u8::from(point.is_odd());
    encoding[1..].copy_from_slice(&x);
    Some(encoding)
}

pub(crate) fn scalar(scalar: &PublicScalar) -> Scalar {
    Scalar::from_bytes(&scalar.to_bytes()).expect("a public scalar is below n")
}

/// The point in the coordinates of `pointlock-msm`. Parsed once already, so not checked again.
pub(crate) fn coordinates(point: &Point) -> Affine {
    let encoding = point.to_public_key().serialize_uncompressed();
    let (x, y) = encoding[1..].split_first_chunk().expect("65 bytes, less one");
    Affine::from_checked_coordinates(x, y.first_chunk().expect("32 bytes are left"))
}

fn point(sum: &Jacobian) -> Result<Point, CurveError> {
    from_coordinates(&sum.to_affine()).ok_or(CurveError::PointAtInfinity)
}

/// None for infinity.
fn from_coordinates(point: &Affine) -> Option<Point> {
    let (x, y) = point.to_coordinates()?;
    let mut encoding = [4; 65];
    encoding[1..33].copy_from_slice(&x);
    encoding[33..].copy_from_slice(&y);
    let key = PublicKey::from_slice(&encoding).expect("a sum of points of the curve is one");
    Some(Point::from_public_key(key))
}
