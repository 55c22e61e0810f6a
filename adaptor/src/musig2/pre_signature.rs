use core::fmt;
use core::str::FromStr;

use secp256k1::XOnlyPublicKey;
use secp256k1::schnorr::Signature;

use crate::curve::{Point, PublicScalar, SecretScalar};
use crate::{AdaptorError, schnorr};

/// A BIP-340 signature by several signers that lacks the secret of a lock point.
///
/// Encoding: 65 bytes, the final nonce R' compressed, then s' big endian. To the one who verifies, adapts or
/// extracts it is what a [`schnorr::PreSignature`] under the aggregate key is, equation for equation. It is a type
/// of its own, because what its signers must keep in mind is not the same.
///
/// It is no signature, and does not compile as one:
///
/// ```compile_fail,E0308
/// # use pointlock_adaptor::{musig2, schnorr};
/// # use pointlock_adaptor::curve::XOnlyPublicKey;
/// # fn publish(pre_signature: musig2::PreSignature, key: XOnlyPublicKey, message: [u8; 32]) {
/// let valid = schnorr::verify_signature(&pre_signature, &key, &message);
/// # }
/// ```
///
/// Adapted, it is:
///
/// ```
/// # use pointlock_adaptor::{musig2, schnorr};
/// # use pointlock_adaptor::curve::{SecretScalar, XOnlyPublicKey};
/// # fn publish(pre_signature: musig2::PreSignature, key: XOnlyPublicKey, message: [u8; 32], t: SecretScalar) {
/// let valid = schnorr::verify_signature(&pre_signature.adapt(&t), &key, &message);
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PreSignature(schnorr::PreSignature);

impl PreSignature {
    /// Length of the encoding in bytes.
    pub const LENGTH: usize = 65;

    /// Reads 33(R') ‖ s'.
    ///
    /// # Errors
    ///
    /// As [`schnorr::PreSignature::from_bytes`].
    pub fn from_bytes(bytes: &[u8; 65]) -> Result<Self, AdaptorError> {
        schnorr::PreSignature::from_bytes(bytes).map(Self)
    }

    /// Reads 33(R') ‖ s' from a slice.
    ///
    /// # Errors
    ///
    /// As [`schnorr::PreSignature::from_slice`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, AdaptorError> {
        schnorr::PreSignature::from_slice(bytes).map(Self)
    }

    /// 33(R') ‖ s'.
    pub fn to_bytes(&self) -> [u8; 65] {
        self.0.to_bytes()
    }

    /// Whether the secret of `lock_point` finishes this to a signature of `message` by `aggregate_key`.
    ///
    /// # Errors
    ///
    /// As [`schnorr::PreSignature::verify`].
    pub fn verify(
        &self,
        aggregate_key: &XOnlyPublicKey,
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<(), AdaptorError> {
        self.0.verify(aggregate_key, message, lock_point)
    }

    /// [`verify`](Self::verify) under a key whose both coordinates are known.
    ///
    /// # Errors
    ///
    /// As [`schnorr::PreSignature::verify_by_point`].
    pub fn verify_by_point(
        &self,
        aggregate_key: &Point,
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<(), AdaptorError> {
        self.0.verify_by_point(aggregate_key, message, lock_point)
    }

    /// The signature, given the secret of the lock point. Unchecked: a wrong secret or pre-signature gives an
    /// invalid signature. Constant time in the secret.
    #[must_use]
    pub fn adapt(&self, lock_secret: &SecretScalar) -> Signature {
        self.0.adapt(lock_secret)
    }

    /// [`adapt`](Self::adapt), and verifies the signature.
    ///
    /// # Errors
    ///
    /// As [`schnorr::PreSignature::adapt_verified`].
    pub fn adapt_verified(
        &self,
        lock_secret: &SecretScalar,
        aggregate_key: &XOnlyPublicKey,
        message: &[u8; 32],
    ) -> Result<Signature, AdaptorError> {
        self.0.adapt_verified(lock_secret, aggregate_key, message)
    }

    /// The secret of the lock point, given the signature that was made from this pre-signature.
    ///
    /// # Errors
    ///
    /// As [`schnorr::PreSignature::extract`].
    pub fn extract(
        &self,
        signature: &Signature,
        aggregate_key: &XOnlyPublicKey,
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<SecretScalar, AdaptorError> {
        self.0.extract(signature, aggregate_key, message, lock_point)
    }

    /// [`extract`](Self::extract), and verifies the signature first.
    ///
    /// # Errors
    ///
    /// As [`schnorr::PreSignature::extract_verified`].
    pub fn extract_verified(
        &self,
        signature: &Signature,
        aggregate_key: &XOnlyPublicKey,
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<SecretScalar, AdaptorError> {
        self.0.extract_verified(signature, aggregate_key, message, lock_point)
    }

    /// x(R'), by which the finished signature is found among others.
    pub fn nonce_x(&self) -> [u8; 32] {
        self.0.nonce_x()
    }

    pub(super) fn from_parts(final_nonce: &Point, scalar: &PublicScalar) -> Self {
        Self(schnorr::PreSignature::from_parts(&final_nonce.to_bytes(), scalar))
    }
}

impl FromStr for PreSignature {
    type Err = AdaptorError;

    /// Reads 130 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, AdaptorError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for PreSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PreSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "musig2::PreSignature({self})")
    }
}
