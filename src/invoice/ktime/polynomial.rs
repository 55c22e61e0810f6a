use std::fmt;

use super::{KtimeError, PayerScalar, PolynomialId};
use crate::curve::{Point, SecretScalar, Tag};
use crate::invoice::PaymentPoints;

static COEFFICIENT: Tag = Tag::new("pointlock/coefficient");

/// z(X) = z_0 + z_1·X + … + z_k·X^k, the receiver's secret for one invoice and k payments.
///
/// Erased on drop, redacted in `Debug`. A clone is for the same node: two nodes that claim under one polynomial, each with
/// its own count, reveal it.
#[derive(Clone)]
pub struct PaymentPolynomial(Vec<SecretScalar>);

impl PaymentPolynomial {
    /// The largest k, which readers keep to as well: [`PaymentPoints::MAX_K`].
    pub const MAX_K: usize = PaymentPoints::MAX_K;

    /// The polynomial of 32 bytes of fresh entropy, for this polynomial and nothing else:
    /// z_j = H_pointlock/coefficient(entropy ‖ k ‖ j) mod n, with k and j as 8 bytes, big endian.
    ///
    /// # Errors
    ///
    /// [`KtimeError::DegreeOutOfRange`] unless k is from 1 to [`MAX_K`](Self::MAX_K).
    pub fn from_entropy(entropy: &[u8; 32], k: usize) -> Result<Self, KtimeError> {
        check_degree(k)?;
        let coefficient = |index: usize| {
            let parts = [k, index].map(|number| (number as u64).to_be_bytes());
            let hash = zeroize::Zeroizing::new(COEFFICIENT.hash(&[entropy, parts.as_flattened()]));
            SecretScalar::from_hash(&hash)
                .expect("a hash of fresh entropy is zero mod n with a probability of 2^-256")
        };
        Ok(Self((0..=k).map(coefficient).collect()))
    }

    /// A fresh polynomial, by [`from_entropy`](Self::from_entropy). With the feature `rand_core`.
    ///
    /// # Errors
    ///
    /// [`KtimeError::DegreeOutOfRange`].
    #[cfg(feature = "rand_core")]
    pub fn from_rng<R: crate::rand_core::CryptoRng + ?Sized>(
        rng: &mut R,
        k: usize,
    ) -> Result<Self, KtimeError> {
        Self::from_entropy(&crate::curve::fresh(rng), k)
    }

    /// The polynomial with the coefficients z_0 … z_k, which have to be drawn each on its own, for this one and nothing
    /// else: for what [`from_entropy`](Self::from_entropy) cannot make, such as test vectors.
    ///
    /// # Errors
    ///
    /// [`KtimeError::DegreeOutOfRange`].
    pub fn dangerous_from_coefficients(
        coefficients: Vec<SecretScalar>,
    ) -> Result<Self, KtimeError> {
        check_degree(coefficients.len().saturating_sub(1))?;
        Ok(Self(coefficients))
    }

    /// How many payments may be claimed, which is the degree.
    pub fn k(&self) -> usize {
        self.0.len() - 1
    }

    /// z_0 … z_k.
    pub fn coefficients(&self) -> &[SecretScalar] {
        &self.0
    }

    /// Z_0 … Z_k, for the invoice.
    pub fn payment_points(&self) -> PaymentPoints {
        let points: Vec<Point> = self.0.iter().map(SecretScalar::to_point).collect();
        PaymentPoints::new(points).expect("a polynomial has 2 to MAX_K + 1 coefficients")
    }

    /// The id of the polynomial.
    pub fn id(&self) -> PolynomialId {
        self.payment_points().polynomial_id()
    }

    /// z(x), by Horner's rule. Constant time in the coefficients, except for a sum on the way that is zero, which the
    /// coefficients of a fresh polynomial make with a probability of 2^-256.
    ///
    /// To evaluate is to be ready to reveal: see [`claims`](crate::claims) for what comes first.
    ///
    /// # Errors
    ///
    /// [`KtimeError::PointAtInfinity`] when z(x) is zero.
    pub fn evaluate(&self, x: &PayerScalar) -> Result<SecretScalar, KtimeError> {
        let x = x.to_scalar();
        // None is zero, which a sum on the way may be and the value may not.
        let mut value: Option<SecretScalar> = None;
        for coefficient in self.0.iter().rev() {
            value = match value {
                None => Some(coefficient.clone()),
                Some(value) => {
                    let product = value.mul_public(&x).expect("neither is zero, and n is prime");
                    product.add(coefficient).ok()
                }
            };
        }
        value.ok_or(KtimeError::PointAtInfinity)
    }
}

impl fmt::Debug for PaymentPolynomial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaymentPolynomial(k: {}, …)", self.k())
    }
}

fn check_degree(k: usize) -> Result<(), KtimeError> {
    if (1..=PaymentPolynomial::MAX_K).contains(&k) {
        Ok(())
    } else {
        Err(KtimeError::DegreeOutOfRange { k })
    }
}
