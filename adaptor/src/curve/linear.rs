#[cfg(any(test, not(feature = "batch")))]
use alloc::vec::Vec;

#[cfg(any(test, not(feature = "batch")))]
use secp256k1::XOnlyPublicKey;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, SecretKey};

use super::{CurveError, Point, PublicScalar, context};

/// a·G + b·P in one multiplication. Variable time: public data only.
///
/// libsecp256k1 exports no double multiplication, but recovering an ECDSA public key is one: from the
/// signature (r, s) with nonce point R and message z it computes r⁻¹·(s·R − z·G). With R = P, r = x(P)
/// mod n, s = b·r and z = −a·r that is b·P + a·G.
///
/// # Errors
///
/// [`CurveError::PointAtInfinity`] when the sum is.
pub fn double_mul_public(
    a: &PublicScalar,
    b: &PublicScalar,
    point: &Point,
) -> Result<Point, CurveError> {
    by_recovery(a, b, &point.to_bytes()).unwrap_or_else(|| double_mul_slowly(a, b, point))
}

/// a·G + b_1·P_1 + … + b_n·P_n, in one sum. Variable time: public data only.
///
/// With the feature `batch` it is `pointlock-msm`'s sum; without it, one multiplication of libsecp256k1 for each term.
///
/// # Errors
///
/// [`CurveError::PointAtInfinity`] when the sum is.
pub fn multi_mul_public(
    a: &PublicScalar,
    terms: &[(PublicScalar, Point)],
) -> Result<Point, CurveError> {
    #[cfg(feature = "batch")]
    return super::sum::multi_mul(a, terms);
    #[cfg(not(feature = "batch"))]
    return multi_mul_slowly(a, terms);
}

/// P + a·G for a public a. Variable time.
///
/// # Errors
///
/// [`CurveError::PointAtInfinity`] when the sum is.
pub(crate) fn add_multiple_of_generator(
    point: &Point,
    a: &PublicScalar,
) -> Result<Point, CurveError> {
    #[cfg(feature = "batch")]
    return super::sum::add_multiple_of_generator(point, a);
    #[cfg(not(feature = "batch"))]
    return multi_mul_slowly(a, &[(PublicScalar::ONE, *point)]);
}

/// The same as [`multi_mul_public`], term by term.
#[cfg(any(test, not(feature = "batch")))]
fn multi_mul_slowly(
    a: &PublicScalar,
    terms: &[(PublicScalar, Point)],
) -> Result<Point, CurveError> {
    // A product is infinity where its scalar is zero, and nowhere else.
    let products = terms.iter().filter_map(|(scalar, point)| {
        if *scalar == PublicScalar::ONE { Some(*point) } else { point.mul_public(scalar).ok() }
    });
    let products: Vec<Point> = a.to_point().ok().into_iter().chain(products).collect();
    Point::sum(&products)
}

/// a·G + b·P with the P of a BIP-340 key, the even point.
///
/// Recovery takes x(P) and finds y(P) itself, by a square root. To make the key a [`Point`] first would take that
/// square root twice.
#[cfg(any(test, not(feature = "batch")))]
pub(crate) fn double_mul_x_only(
    a: &PublicScalar,
    b: &PublicScalar,
    key: &XOnlyPublicKey,
) -> Result<Point, CurveError> {
    let mut encoding = [2; 33];
    encoding[1..].copy_from_slice(&key.serialize());
    by_recovery(a, b, &encoding).unwrap_or_else(|| double_mul_slowly(a, b, &Point::from(*key)))
}

/// The sum, given 33(P); None for b = 0 and for x(P) = n, which leave nothing to recover from.
fn by_recovery(
    a: &PublicScalar,
    b: &PublicScalar,
    encoding: &[u8; 33],
) -> Option<Result<Point, CurveError>> {
    let x: [u8; 32] = encoding[1..].try_into().expect("33 bytes, less one");
    let r = PublicScalar::from_hash(&x);
    let r_key = SecretKey::from_slice(&r.to_bytes()).ok()?;
    let s = r_key.mul_tweak(b.as_scalar()).ok()?;
    // A zero a is refused as a tweak; its message is zero.
    let z =
        r_key.mul_tweak(a.as_scalar()).map_or([0; 32], |product| product.negate().secret_bytes());

    let exceeds_order = r.to_bytes() != x;
    let recovery_id = i32::from(encoding[0] & 1) | i32::from(exceeds_order) << 1;
    let mut compact = [0; 64];
    compact[..32].copy_from_slice(&r.to_bytes());
    compact[32..].copy_from_slice(&s.secret_bytes());
    let signature = RecoverableSignature::from_compact(
        &compact,
        RecoveryId::from_i32(recovery_id).expect("0 to 3"),
    )
    .expect("r and s are scalars");
    let recovered = context()
        .recover_ecdsa(&Message::from_digest(z), &signature)
        .map(Point::from_public_key)
        // P is on the curve, r and s are not zero: what is left is the result at infinity.
        .map_err(|_| CurveError::PointAtInfinity);
    Some(recovered)
}

/// The same by two multiplications and a sum.
fn double_mul_slowly(
    a: &PublicScalar,
    b: &PublicScalar,
    point: &Point,
) -> Result<Point, CurveError> {
    if b.is_zero() {
        return a.to_point();
    }
    let b_point = point.mul_public(b)?;
    if a.is_zero() { Ok(b_point) } else { a.to_point()?.add(&b_point) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::curve::SecretScalar;

    fn scalar(byte: u8) -> PublicScalar {
        PublicScalar::from_bytes(&[byte; 32]).unwrap()
    }

    /// Points whose x lies between n and p, where r = x − n and the recovery id carries the overflow.
    fn points_beyond_the_order() -> Vec<Point> {
        let mut found = Vec::new();
        for delta in 0..20u8 {
            let mut encoding = [2; 33];
            encoding[1..].copy_from_slice(&secp256k1::constants::CURVE_ORDER);
            encoding[32] += delta;
            if let Ok(point) = Point::from_bytes(&encoding) {
                found.push(point);
                found.push(point.negate());
            }
        }
        found
    }

    #[test]
    fn x_beyond_the_order() {
        let points = points_beyond_the_order();
        assert!(points.len() >= 4);
        for point in points {
            let expected = double_mul_slowly(&scalar(3), &scalar(4), &point);
            assert_eq!(double_mul_public(&scalar(3), &scalar(4), &point), expected);
            let even = double_mul_slowly(&scalar(3), &scalar(4), &Point::from(point.x_only()));
            assert_eq!(double_mul_x_only(&scalar(3), &scalar(4), &point.x_only()), even);
        }
    }

    #[test]
    fn zero_and_infinity() {
        let point = scalar(7).to_point().unwrap();
        let zero = PublicScalar::ZERO;
        assert_eq!(double_mul_public(&zero, &scalar(4), &point), point.mul_public(&scalar(4)));
        assert_eq!(double_mul_public(&scalar(4), &zero, &point), scalar(4).to_point());
        assert_eq!(double_mul_public(&zero, &zero, &point), Err(CurveError::PointAtInfinity));
        assert_eq!(double_mul_x_only(&scalar(4), &zero, &point.x_only()), scalar(4).to_point());
        // 7·G − 1·(7·G)
        let minus_one = PublicScalar::ONE.negate();
        assert_eq!(
            double_mul_public(&scalar(7), &minus_one, &point),
            Err(CurveError::PointAtInfinity)
        );
    }

    #[test]
    fn sums_at_infinity() {
        let (one, minus_one) = (PublicScalar::ONE, PublicScalar::ONE.negate());
        let (zero, infinity) = (PublicScalar::ZERO, Err(CurveError::PointAtInfinity));
        let point = scalar(7).to_point().unwrap();
        assert_eq!(multi_mul_public(&zero, &[]), infinity);
        assert_eq!(multi_mul_public(&scalar(7), &[(minus_one, point)]), infinity);
        assert_eq!(multi_mul_public(&scalar(7), &[]), Ok(point));
        assert_eq!(multi_mul_public(&zero, &[(one, point), (minus_one, point)]), infinity);
        assert_eq!(multi_mul_public(&zero, &[(zero, point), (one, point)]), Ok(point));
        assert_eq!(add_multiple_of_generator(&point, &scalar(7).negate()), infinity);
        assert_eq!(add_multiple_of_generator(&point, &zero), Ok(point));
    }

    proptest! {
        /// On both sides of each number of terms from which on the sum goes another way.
        #[test]
        fn agrees_with_a_multiplication_each(
            a: [u8; 32],
            terms in prop::collection::vec(any::<([u8; 32], [u8; 32], u8)>(), 0..60),
        ) {
            let a = PublicScalar::from_hash(&a);
            let mut points: Vec<(PublicScalar, Point)> = Vec::new();
            for (scalar, point, kind) in terms {
                let scalar = match kind % 8 {
                    0 => PublicScalar::ZERO,
                    1 => PublicScalar::ONE,
                    2 => PublicScalar::ONE.negate(),
                    _ => PublicScalar::from_hash(&scalar),
                };
                let point = match (kind / 8 % 4, points.last()) {
                    (0, Some((_, last))) => *last,
                    (1, Some((_, last))) => last.negate(),
                    _ => SecretScalar::from_hash(&point).unwrap().to_point(),
                };
                points.push((scalar, point));
            }
            prop_assert_eq!(multi_mul_public(&a, &points), multi_mul_slowly(&a, &points));
            if let Some((scalar, point)) = points.first() {
                let one = [(PublicScalar::ONE, *point)];
                prop_assert_eq!(
                    add_multiple_of_generator(point, scalar),
                    multi_mul_slowly(scalar, &one)
                );
            }
        }

        #[test]
        fn agrees_with_two_multiplications(a: [u8; 32], b: [u8; 32], p: [u8; 32]) {
            let (a, b) = (PublicScalar::from_hash(&a), PublicScalar::from_hash(&b));
            let point = SecretScalar::from_hash(&p).unwrap().to_point();
            prop_assert_eq!(double_mul_public(&a, &b, &point), double_mul_slowly(&a, &b, &point));
            let even = Point::from(point.x_only());
            prop_assert_eq!(
                double_mul_x_only(&a, &b, &point.x_only()),
                double_mul_slowly(&a, &b, &even)
            );
        }
    }
}
