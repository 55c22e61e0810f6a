//! Schnorr adaptor signatures over BIP-340.
//!
//! # Equations
//!
//! With the key pair P = d·G (d negated if y(P) is odd), the message m and the lock point T = t·G:
//!
//! ```text
//! k  = H_SchnorrAdaptor/nonce((d xor H_SchnorrAdaptor/aux(aux)) ‖ 33(T) ‖ x(P) ‖ m)
//! R' = k·G + T                     k = −k if y(R') is odd
//! e  = H_BIP0340/challenge(x(R') ‖ x(P) ‖ m)
//! s' = k + e·d                     pre-signature 33(R') ‖ s'
//! verify:   ±(s'·G − e·P) + T = R'                     (− if y(R') is odd)
//! adapt:    s = s' ± t             signature x(R') ‖ s
//! extract:  t = ±(s − s')          checked against T
//! ```
//!
//! # Synopsis
//!
//! ```
//! use pointlock_adaptor::schnorr;
//! use pointlock_adaptor::curve::{Keypair, SecretScalar};
//!
//! // Alice knows her key, Bob the secret t. Both know the message and T.
//! let alice = Keypair::from_secret_bytes(&[1; 32])?;
//! let t = SecretScalar::from_bytes(&[2; 32])?;
//! let (message, lock_point) = ([3; 32], t.to_point());
//!
//! // Alice signs, up to t. (aux_rand: 32 bytes of fresh entropy.)
//! let pre_signature = schnorr::pre_sign(&alice, &message, &lock_point, &[4; 32])?;
//!
//! // Bob checks that t will finish it, and finishes it when he wants to be paid.
//! pre_signature.verify(&alice.x_only_public_key(), &message, &lock_point)?;
//! let signature = pre_signature.adapt(&t);
//!
//! // Alice sees the signature, and with it learns t.
//! let learned = pre_signature.extract(&signature, &alice.x_only_public_key(), &message, &lock_point)?;
//! assert_eq!(learned, t);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - A nonce used for two messages or two lock points gives the key away. Here the nonce is a hash of key,
//!   message, lock point and `aux_rand`, so equal nonces mean equal pre-signatures; a fault during signing can
//!   still break this, against which [`pre_sign_verified`] helps.
//! - A plain signature by the same key over the same message makes the pre-signature worthless as a lock: the
//!   counterparty uses that one and reveals nothing. Sign a message under one lock point, once.
//! - A pre-signature that was not verified may be no promise at all. `adapt` does not look.
//!
//! # References
//!
//! The `schnorr_adaptor` module proposed for libsecp256k1-zkp (byte-compatible), the specification by Zhe Pang,
//! [BIP-340](https://github.com/bitcoin/bips/blob/master/bip-0340.mediawiki); security: Aumayr et al.,
//! [Generalized Channels from Limited Blockchain Scripts and Adaptor Signatures](https://eprint.iacr.org/2020/476).

#[cfg(feature = "batch")]
mod arithmetic;
#[cfg(feature = "batch")]
mod batch;
mod key;
#[cfg(any(test, not(feature = "batch")))]
mod recovery;
mod several;

use core::fmt;
use core::str::FromStr;

use secp256k1::schnorr::Signature;
use secp256k1::{Message, XOnlyPublicKey};
use subtle::Choice;
use zeroize::Zeroizing;

use super::AdaptorError;
use crate::curve::{
    CurveError, Keypair, Point, PreparedPoint, PublicScalar, SecretScalar, Tag, context,
};
#[cfg(feature = "batch")]
use arithmetic::double_mul_and_add;
#[cfg(feature = "threads")]
pub use batch::verify_batch_in_threads;
#[cfg(feature = "batch")]
pub use batch::{
    BatchItem, batch_coefficients, verify_batch, verify_batch_on, verify_each, verify_each_on,
};
use key::Key;
#[cfg(feature = "batch")]
pub use pointlock_msm::{Backend, BackendError};
#[cfg(not(feature = "batch"))]
use recovery::double_mul_and_add;
#[cfg(feature = "batch")]
pub use several::pre_sign_batch_on;
pub use several::{
    pre_sign_batch, pre_sign_batch_verified, verify_several, verify_several_by_prepared,
};

static AUX: Tag = Tag::new("SchnorrAdaptor/aux");
static NONCE: Tag = Tag::new("SchnorrAdaptor/nonce");
static CHALLENGE: Tag = Tag::new("BIP0340/challenge");

/// A BIP-340 signature that lacks the secret of a lock point.
///
/// Encoding: 65 bytes, the nonce point R' compressed, then s' big endian. A value has a prefix of 02 or 03 and
/// an s' below n; that R' is on the curve is for [`verify`](Self::verify) to find out, as it is with the x
/// coordinate in a BIP-340 signature.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PreSignature([u8; 65]);

/// Signs `message` (32 bytes, a signature hash) up to the secret of `lock_point`.
///
/// `aux_rand` is fresh entropy against side channels and faults; all zeros give a deterministic
/// pre-signature that is as unforgeable.
///
/// # Errors
///
/// [`AdaptorError::DegenerateNonce`], in theory.
pub fn pre_sign(
    keypair: &Keypair,
    message: &[u8; 32],
    lock_point: &Point,
    aux_rand: &[u8; 32],
) -> Result<PreSignature, AdaptorError> {
    let nonce = derive_nonce(&nonce_mask(keypair, aux_rand), keypair, message, lock_point)?;
    // R' = k·G + T
    let nonce_point =
        nonce.to_point().add(lock_point).map_err(|_| AdaptorError::DegenerateNonce)?;
    pre_sign_with(keypair, message, &nonce, &nonce_point.to_bytes())
}

/// The pre-signature with this k and 33(R').
fn pre_sign_with(
    keypair: &Keypair,
    message: &[u8; 32],
    nonce: &SecretScalar,
    encoded_nonce: &[u8; 33],
) -> Result<PreSignature, AdaptorError> {
    let nonce = nonce.negate_if(Choice::from(encoded_nonce[0] & 1));
    // s' = k + e·d
    let challenge = challenge(encoded_nonce, keypair.x_bytes(), message);
    let scalar = keypair
        .even_secret()
        .mul_public(&challenge)
        .and_then(|product| product.add(&nonce))
        .map_err(|_| AdaptorError::DegenerateNonce)?;
    Ok(PreSignature::from_parts(encoded_nonce, &scalar.dangerous_reveal()))
}

/// [`pre_sign`], and verifies what it made: against faults of the machine, at the price of a verification.
///
/// # Errors
///
/// Those of [`pre_sign`] and of [`PreSignature::verify`].
pub fn pre_sign_verified(
    keypair: &Keypair,
    message: &[u8; 32],
    lock_point: &Point,
    aux_rand: &[u8; 32],
) -> Result<PreSignature, AdaptorError> {
    let pre_signature = pre_sign(keypair, message, lock_point, aux_rand)?;
    match keypair.prepared_key() {
        Some(key) => pre_signature.verify_by_prepared(key, message, lock_point)?,
        None => pre_signature.verify_by_point(&keypair.public_key(), message, lock_point)?,
    }
    Ok(pre_signature)
}

impl PreSignature {
    /// Length of the encoding in bytes.
    pub const LENGTH: usize = 65;

    /// Reads 33(R') ‖ s'.
    ///
    /// # Errors
    ///
    /// [`AdaptorError::NoncePrefix`] and [`AdaptorError::ScalarOutOfRange`].
    pub fn from_bytes(bytes: &[u8; 65]) -> Result<Self, AdaptorError> {
        let pre_signature = Self(*bytes);
        match bytes[0] {
            2 | 3 => {}
            prefix => return Err(AdaptorError::NoncePrefix { prefix }),
        }
        PublicScalar::from_bytes(pre_signature.scalar_bytes())
            .map_err(|_| AdaptorError::ScalarOutOfRange)?;
        Ok(pre_signature)
    }

    /// Reads 33(R') ‖ s' from a slice.
    ///
    /// # Errors
    ///
    /// [`AdaptorError::Length`] too.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, AdaptorError> {
        let bytes: &[u8; 65] = bytes
            .try_into()
            .map_err(|_| AdaptorError::Length { expected: Self::LENGTH, actual: bytes.len() })?;
        Self::from_bytes(bytes)
    }

    /// 33(R') ‖ s'.
    pub fn to_bytes(&self) -> [u8; 65] {
        self.0
    }

    /// Whether the secret of `lock_point` finishes this to a signature of `message` by `public_key`.
    ///
    /// Variable time: everything here is public.
    ///
    /// # Errors
    ///
    /// [`AdaptorError::NonceNotOnCurve`], [`AdaptorError::NonceAtInfinity`], and
    /// [`AdaptorError::InvalidPreSignature`] for all that is merely wrong.
    pub fn verify(
        &self,
        public_key: &XOnlyPublicKey,
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<(), AdaptorError> {
        self.verify_by(double_mul_and_add, Key::XOnly(public_key), message, lock_point)
    }

    /// [`verify`](Self::verify) under a key whose both coordinates are known, of whatever parity: that spares the square root
    /// that finds y.
    ///
    /// # Errors
    ///
    /// Those of [`verify`](Self::verify).
    pub fn verify_by_point(
        &self,
        public_key: &Point,
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<(), AdaptorError> {
        self.verify_by(double_mul_and_add, Key::Point(public_key), message, lock_point)
    }

    /// [`verify_by_point`](Self::verify_by_point) under a key with a table of its multiples: in half the time.
    ///
    /// # Errors
    ///
    /// Those of [`verify`](Self::verify).
    pub fn verify_by_prepared(
        &self,
        public_key: &PreparedPoint,
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<(), AdaptorError> {
        self.verify_by(double_mul_and_add, Key::Prepared(public_key), message, lock_point)
    }

    /// [`verify`](Self::verify) by arithmetic of the caller's choice.
    fn verify_by(
        &self,
        double_mul_and_add: impl Fn(
            &PublicScalar,
            &PublicScalar,
            Key<'_>,
            bool,
            &Point,
        ) -> Result<Option<[u8; 33]>, CurveError>,
        public_key: Key<'_>,
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<(), AdaptorError> {
        let challenge = challenge(self.nonce_bytes(), &public_key.x_bytes(), message);
        let (scalar, is_odd) = (self.scalar(), self.nonce_is_odd());
        // R = s'·G − e·P, or its opposite; R + T = R'. Comparing encodings spares the square root: what is not on the
        // curve equals no sum.
        match double_mul_and_add(&scalar, &challenge.negate(), public_key, is_odd, lock_point) {
            Err(CurveError::PointAtInfinity) => Err(AdaptorError::NonceAtInfinity),
            Ok(Some(sum)) if sum == *self.nonce_bytes() => Ok(()),
            _ if Point::from_bytes(self.nonce_bytes()).is_err() => {
                Err(AdaptorError::NonceNotOnCurve)
            }
            _ => Err(AdaptorError::InvalidPreSignature),
        }
    }

    /// The signature, given the secret of the lock point. Unchecked: a wrong secret or pre-signature gives an
    /// invalid signature. Constant time in the secret.
    #[must_use]
    pub fn adapt(&self, lock_secret: &SecretScalar) -> Signature {
        // s = s' ± t
        let signed_secret = lock_secret.negate_if(Choice::from(u8::from(self.nonce_is_odd())));
        let scalar = signed_secret
            .add_public(&self.scalar())
            // s' and t are opposite: s is zero, which BIP-340 allows.
            .map_or(PublicScalar::ZERO, |sum| sum.dangerous_reveal());
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&self.nonce_bytes()[1..]);
        signature[32..].copy_from_slice(&scalar.to_bytes());
        Signature::from_slice(&signature).expect("64 bytes")
    }

    /// [`adapt`](Self::adapt), and verifies the signature.
    ///
    /// # Errors
    ///
    /// [`AdaptorError::InvalidSignature`] when secret or pre-signature are not right.
    pub fn adapt_verified(
        &self,
        lock_secret: &SecretScalar,
        public_key: &XOnlyPublicKey,
        message: &[u8; 32],
    ) -> Result<Signature, AdaptorError> {
        let signature = self.adapt(lock_secret);
        verify_signature(&signature, public_key, message)?;
        Ok(signature)
    }

    /// The secret of the lock point, given the signature that was made from this pre-signature.
    ///
    /// t·G = T decides: what comes out opens the lock, whoever made the signature. Whoever extracts has made or verified
    /// the pre-signature, and then a signature that gives t is valid, so that is not verified here; it is looked at where
    /// nothing comes out, to say what is wrong. [`extract_verified`](Self::extract_verified) is for a pre-signature of
    /// unknown origin.
    ///
    /// # Errors
    ///
    /// [`AdaptorError::NonceMismatch`] when the signature has another nonce; when what comes out is not the secret of
    /// `lock_point`, [`AdaptorError::InvalidSignature`] if the signature is not valid for key and message, else
    /// [`AdaptorError::SecretMismatch`]: then the pre-signature was not valid.
    pub fn extract(
        &self,
        signature: &Signature,
        public_key: &XOnlyPublicKey,
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<SecretScalar, AdaptorError> {
        match self.secret_in(signature)? {
            Some(lock_secret) if lock_secret.to_point() == *lock_point => Ok(lock_secret),
            _ => {
                verify_signature(signature, public_key, message)?;
                Err(AdaptorError::SecretMismatch)
            }
        }
    }

    /// [`extract`](Self::extract), and verifies the signature first.
    ///
    /// # Errors
    ///
    /// [`AdaptorError::NonceMismatch`], [`AdaptorError::InvalidSignature`] and [`AdaptorError::SecretMismatch`], looked
    /// for in this order.
    pub fn extract_verified(
        &self,
        signature: &Signature,
        public_key: &XOnlyPublicKey,
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<SecretScalar, AdaptorError> {
        let lock_secret = self.secret_in(signature)?;
        verify_signature(signature, public_key, message)?;
        lock_secret
            .filter(|lock_secret| lock_secret.to_point() == *lock_point)
            .ok_or(AdaptorError::SecretMismatch)
    }

    /// t = ±(s − s'); None if that is zero, or s is no scalar.
    fn secret_in(&self, signature: &Signature) -> Result<Option<SecretScalar>, AdaptorError> {
        let (nonce, scalar) = signature.as_ref().split_at(32);
        if nonce != &self.nonce_bytes()[1..] {
            return Err(AdaptorError::NonceMismatch);
        }
        let scalar: &[u8; 32] = scalar.try_into().expect("64 bytes, less 32");
        let Ok(scalar) = PublicScalar::from_bytes(scalar) else { return Ok(None) };
        let difference = scalar.sub(&self.scalar());
        let difference = if self.nonce_is_odd() { difference.negate() } else { difference };
        Ok(difference.to_secret().ok())
    }

    /// x(R'), by which the finished signature is found among others.
    pub fn nonce_x(&self) -> [u8; 32] {
        self.0[1..33].try_into().expect("33 bytes, less one")
    }

    pub(crate) fn from_parts(nonce: &[u8; 33], scalar: &PublicScalar) -> Self {
        let mut bytes = [0; 65];
        bytes[..33].copy_from_slice(nonce);
        bytes[33..].copy_from_slice(&scalar.to_bytes());
        Self(bytes)
    }

    fn nonce_bytes(&self) -> &[u8; 33] {
        self.0.first_chunk().expect("65 bytes begin with 33")
    }

    fn scalar_bytes(&self) -> &[u8; 32] {
        self.0.last_chunk().expect("65 bytes end with 32")
    }

    fn scalar(&self) -> PublicScalar {
        PublicScalar::from_bytes(self.scalar_bytes()).expect("checked when the value was made")
    }

    fn nonce_is_odd(&self) -> bool {
        self.0[0] == 3
    }
}

impl FromStr for PreSignature {
    type Err = AdaptorError;

    /// Reads 130 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, AdaptorError> {
        Self::from_slice(&hex::decode(text).map_err(|_| AdaptorError::NotHex)?)
    }
}

impl fmt::Display for PreSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PreSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "schnorr::PreSignature({self})")
    }
}

/// Checks a plain BIP-340 signature of a 32-byte message.
///
/// # Errors
///
/// [`AdaptorError::InvalidSignature`].
pub fn verify_signature(
    signature: &Signature,
    public_key: &XOnlyPublicKey,
    message: &[u8; 32],
) -> Result<(), AdaptorError> {
    context()
        .verify_schnorr(signature, &Message::from_digest(*message), public_key)
        .map_err(|_| AdaptorError::InvalidSignature)
}

/// d xor H_SchnorrAdaptor/aux(aux)
fn nonce_mask(keypair: &Keypair, aux_rand: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut mask = keypair.even_secret().dangerous_to_bytes();
    for (byte, aux) in mask.iter_mut().zip(AUX.hash(&[aux_rand])) {
        *byte ^= aux;
    }
    mask
}

/// k = H_SchnorrAdaptor/nonce(mask ‖ 33(T) ‖ x(P) ‖ m)
fn derive_nonce(
    mask: &[u8; 32],
    keypair: &Keypair,
    message: &[u8; 32],
    lock_point: &Point,
) -> Result<SecretScalar, AdaptorError> {
    let hash =
        Zeroizing::new(NONCE.hash(&[mask, &lock_point.to_bytes(), keypair.x_bytes(), message]));
    SecretScalar::from_hash(&hash).map_err(|_| AdaptorError::DegenerateNonce)
}

/// e = H_BIP0340/challenge(x(R') ‖ x(P) ‖ m)
fn challenge(nonce: &[u8; 33], public_key: &[u8; 32], message: &[u8; 32]) -> PublicScalar {
    PublicScalar::from_hash(&CHALLENGE.hash(&[&nonce[1..], public_key, message]))
}

#[cfg(test)]
mod tests;
