use core::fmt;

use zeroize::Zeroizing;

use super::LockError;
use crate::curve::{CurveError, Point, SecretScalar};

/// A secret that the sender adds to a lock: a y_i, a sum of them, or any other tweak of a lock point.
///
/// A type of its own, so that a blind is never taken for a lock secret. Not `Clone`: each has one owner, who
/// uses it for one payment. Encoding: 32 bytes, big endian.
pub struct Blind(SecretScalar);

impl Blind {
    /// A blind from a scalar that is fresh for this attempt, this part and this hop.
    pub fn new(scalar: SecretScalar) -> Self {
        Self(scalar)
    }

    /// Reads 32 big-endian bytes.
    ///
    /// # Errors
    ///
    /// As [`SecretScalar::from_bytes`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, CurveError> {
        SecretScalar::from_bytes(bytes).map(Self)
    }

    /// A fresh blind. With the feature `rand_core`.
    #[cfg(feature = "rand_core")]
    pub fn from_rng<R: rand_core::CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self(SecretScalar::from_rng(rng))
    }

    /// The 32 bytes in the clear, for the payload of the one node that may read it.
    pub fn dangerous_to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.dangerous_to_bytes()
    }

    /// The scalar.
    pub fn as_scalar(&self) -> &SecretScalar {
        &self.0
    }

    /// The blind times the generator: what it adds to a lock point.
    pub fn to_point(&self) -> Point {
        self.0.to_point()
    }

    /// The sum of two blinds: several tweaks act as one.
    ///
    /// # Errors
    ///
    /// [`LockError::BlindsCancel`].
    pub fn add(&self, other: &Self) -> Result<Self, LockError> {
        self.0.add(&other.0).map(Self).map_err(|_| LockError::BlindsCancel)
    }

    /// The sum of all of them; None for no blind at all.
    ///
    /// # Errors
    ///
    /// [`LockError::BlindsCancel`], when the whole sum is zero; a part of it may be.
    pub fn sum<'a>(blinds: impl IntoIterator<Item = &'a Self>) -> Result<Option<Self>, LockError> {
        let mut count = 0;
        let sum = blinds.into_iter().fold(None, |sum: Option<SecretScalar>, blind| {
            count += 1;
            match sum {
                Some(sum) => sum.add(&blind.0).ok(),
                None => Some(blind.0.clone()),
            }
        });
        match (sum, count) {
            (Some(sum), _) => Ok(Some(Self(sum))),
            (None, 0) => Ok(None),
            (None, _) => Err(LockError::BlindsCancel),
        }
    }

    /// The difference of two blinds, to take a tweak away again.
    ///
    /// # Errors
    ///
    /// [`LockError::BlindsCancel`].
    pub fn sub(&self, other: &Self) -> Result<Self, LockError> {
        self.0.sub(&other.0).map(Self).map_err(|_| LockError::BlindsCancel)
    }
}

impl fmt::Debug for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blind(…)")
    }
}
