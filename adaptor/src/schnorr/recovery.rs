use super::key::Key;
use crate::curve::{CurveError, Point, PublicScalar, double_mul_x_only};

/// 33(±(a·G + b·P) + T), by libsecp256k1; None if that is at infinity.
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
    let product = double_mul_x_only(a, b, &key.x_only())?;
    let product = if negate { product.negate() } else { product };
    Ok(product.add(summand).ok().map(|sum| sum.to_bytes()))
}

#[cfg(all(test, feature = "batch"))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::curve::{PreparedPoint, SecretScalar};
    use crate::schnorr::arithmetic;

    fn scalar() -> impl Strategy<Value = PublicScalar> {
        prop_oneof![
            any::<[u8; 32]>().prop_map(|bytes| PublicScalar::from_hash(&bytes)),
            Just(PublicScalar::ZERO),
            Just(PublicScalar::ONE),
            Just(PublicScalar::ONE.negate()),
        ]
    }

    proptest! {
        /// Both ways of single verification, the summand cancelling the product in some cases.
        #[test]
        fn agrees_with_our_own_arithmetic(
            (a, b, negate, cancel) in (scalar(), scalar(), any::<bool>(), any::<bool>()),
            key: [u8; 32],
            summand: [u8; 32],
        ) {
            let point = SecretScalar::from_hash(&key).unwrap().to_point();
            let key = point.x_only();
            let mut summand = SecretScalar::from_hash(&summand).unwrap().to_point();
            if let (true, Ok(product)) = (cancel, double_mul_x_only(&a, &b, &key)) {
                summand = if negate { product } else { product.negate() };
            }
            let expected = double_mul_and_add(&a, &b, Key::XOnly(&key), negate, &summand);
            let prepared = [point, point.negate()].map(PreparedPoint::new);
            for key in [
                Key::XOnly(&key),
                Key::Point(&point),
                Key::Point(&point.negate()),
                Key::Prepared(&prepared[0]),
                Key::Prepared(&prepared[1]),
            ] {
                let own = arithmetic::double_mul_and_add(&a, &b, key, negate, &summand);
                prop_assert_eq!(&own, &expected);
                prop_assert_eq!(&double_mul_and_add(&a, &b, key, negate, &summand), &expected);
            }
        }
    }
}
