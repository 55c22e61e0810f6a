//! ECDSA adaptor signatures, as the DLC specification has them, through libsecp256k1-zkp (feature `ecdsa`).
//!
//! # Equations
//!
//! With the key P = d·G, the message m and the lock point T = t·G:
//!
//! ```text
//! k  = H_ECDSAadaptor/non((d xor H_ECDSAadaptor/aux(aux)) ‖ 33(T) ‖ m)
//! R  = k·G     R' = k·T     r = x(R') mod n
//! s' = k⁻¹·(m + r·d)
//! (e, z) proves that R to the base G and R' to the base T have the same logarithm:
//!            e = H_DLEQ(33(R) ‖ 33(T) ‖ 33(R') ‖ 33(a·G) ‖ 33(a·T)),  z = a + e·k, a derived as k is
//! verify:    the proof with z·G − e·R and z·T − e·R' in place of a·G and a·T;  s'⁻¹·(m·G + r·P) = R
//! adapt:     s = ±s'·t⁻¹        signature r ‖ s, with the sign that makes s low
//! extract:   t = ±s'·s⁻¹        checked against T
//! ```
//!
//! The DLC specification calls R' by the name R, and R by the name R_a.
//!
//! # Synopsis
//!
//! ```
//! use pointlock_adaptor::ecdsa;
//! use pointlock_adaptor::curve::{Keypair, SecretScalar};
//!
//! // Alice knows her key, Bob the secret t. Both know the message and T. The key serves nothing but this.
//! let alice = Keypair::from_secret_bytes(&[1; 32])?;
//! let t = SecretScalar::from_bytes(&[2; 32])?;
//! let (message, lock_point) = ([3; 32], t.to_point());
//!
//! // Alice signs, up to t. (aux_rand: 32 bytes of fresh entropy.)
//! let pre_signature = ecdsa::pre_sign(&alice, &message, &lock_point, &[4; 32])?;
//!
//! // Bob checks that t will finish it, and finishes it when he wants to be paid.
//! pre_signature.verify(&alice.public_key(), &message, &lock_point)?;
//! let signature = pre_signature.adapt(&t);
//!
//! // Alice sees the signature, and with it learns t.
//! let learned = pre_signature.extract(&signature, &alice.public_key(), &message, &lock_point)?;
//! assert_eq!(learned, t);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - **A pre-signature publishes d·T**, the Diffie-Hellman secret of the signer's key and the lock point, chosen by the
//!   counterparty: everybody computes r⁻¹·(s'·R' − m·T). So the key must never be used for ECDH, onions or
//!   blinding, nor for anything else that rests on d·T being unknown. Take a key for this alone.
//! - A nonce used for two messages or two lock points gives the key away. Here it is a hash of key, message, lock
//!   point and `aux_rand`; a fault during signing can still break this, against which [`pre_sign_verified`] helps.
//! - A plain signature by the same key over the same message makes the pre-signature worthless as a lock. Sign a
//!   message under one lock point, once.
//! - A pre-signature that was not verified may be no promise at all: without its proof, s' can fit an R' that no
//!   known secret finishes. `adapt` does not look.
//! - Anybody can negate the s of an ECDSA signature. Both forms are valid on the chain, and `extract` takes both; a
//!   signature must not be looked for by its bytes, but by [`PreSignature::signature_r`].
//!
//! # References
//!
//! The DLC specification, [ECDSA adaptor signatures](https://github.com/discreetlogcontracts/dlcspecs/blob/master/ECDSA-adaptor.md);
//! libsecp256k1-zkp's `ecdsa_adaptor` module, whose warning about d·T is repeated above; Lloyd Fournier,
//! [One-Time Verifiably Encrypted Signatures](https://github.com/LLFourn/one-time-VES/blob/master/main.pdf).

use std::fmt;
use std::str::FromStr;

use secp256k1::Message;
use secp256k1::ecdsa::Signature;
use secp256k1_zkp::EcdsaAdaptorSignature;

use super::AdaptorError;
use crate::curve::{Keypair, Point, PublicScalar, SecretScalar, context};

/// An ECDSA signature that lacks the secret of a lock point, with the proof that it lacks nothing else.
///
/// Encoding: 162 bytes, 33(R') ‖ 33(R) ‖ s' ‖ e ‖ z, scalars big endian. A value has prefixes of 02 or 03, an
/// r = x(R') mod n that is not zero, an s' from 1 to n − 1 and a z below n (e may be anything, and counts mod n); that
/// the points are on the curve, and all else, is for [`verify`](Self::verify) to find out.
///
/// It does not compile as a signature, nor as another scheme's pre-signature:
///
/// ```compile_fail,E0308
/// # use pointlock_adaptor::ecdsa;
/// # use pointlock_adaptor::curve::{Point, SecretScalar};
/// # fn publish(pre: ecdsa::PreSignature, key: Point, message: [u8; 32], t: SecretScalar) {
/// let valid = ecdsa::verify_signature(&pre, &key, &message);
/// # }
/// ```
///
/// ```compile_fail,E0308
/// # use pointlock_adaptor::{ecdsa, schnorr};
/// # use pointlock_adaptor::curve::{Point, SecretScalar};
/// # fn publish(pre: ecdsa::PreSignature, key: Point, message: [u8; 32], t: SecretScalar) {
/// let signature = schnorr::PreSignature::adapt(&pre, &t);
/// # }
/// ```
///
/// Adapted by its own verb, it does:
///
/// ```
/// # use pointlock_adaptor::ecdsa;
/// # use pointlock_adaptor::curve::{Point, SecretScalar};
/// # fn publish(pre: ecdsa::PreSignature, key: Point, message: [u8; 32], t: SecretScalar) {
/// let signature = ecdsa::PreSignature::adapt(&pre, &t);
/// let valid = ecdsa::verify_signature(&signature, &key, &message);
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PreSignature([u8; 162]);

/// Signs `message` (32 bytes, a signature hash) up to the secret of `lock_point`.
///
/// `aux_rand` is fresh entropy against side channels and faults; all zeros give a deterministic pre-signature that
/// is as unforgeable. Publishes d·T: see the module page for what the key must not be used for.
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
    let made = EcdsaAdaptorSignature::encrypt_with_aux_rand(
        context(),
        &Message::from_digest(*message),
        keypair.secret_key().as_secret_key(),
        &lock_point.to_public_key(),
        aux_rand,
    );
    // On failure libsecp256k1-zkp hands out zeros, which are no pre-signature.
    PreSignature::from_slice(made.as_ref()).map_err(|_| AdaptorError::DegenerateNonce)
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
    pre_signature.verify(&keypair.public_key(), message, lock_point)?;
    Ok(pre_signature)
}

impl PreSignature {
    /// Length of the encoding in bytes.
    pub const LENGTH: usize = 162;

    /// Reads 33(R') ‖ 33(R) ‖ s' ‖ e ‖ z.
    ///
    /// # Errors
    ///
    /// [`AdaptorError::NoncePrefix`], [`AdaptorError::UnlockedNoncePrefix`], [`AdaptorError::NonceXZero`],
    /// [`AdaptorError::ScalarZero`], [`AdaptorError::ScalarOutOfRange`] and [`AdaptorError::ProofOutOfRange`].
    pub fn from_bytes(bytes: &[u8; 162]) -> Result<Self, AdaptorError> {
        let pre_signature = Self(*bytes);
        if let prefix @ (..2 | 4..) = bytes[0] {
            return Err(AdaptorError::NoncePrefix { prefix });
        }
        if let prefix @ (..2 | 4..) = bytes[33] {
            return Err(AdaptorError::UnlockedNoncePrefix { prefix });
        }
        if pre_signature.signature_r() == [0; 32] {
            return Err(AdaptorError::NonceXZero);
        }
        let scalar = PublicScalar::from_bytes(pre_signature.part(66))
            .map_err(|_| AdaptorError::ScalarOutOfRange)?;
        if scalar.is_zero() {
            return Err(AdaptorError::ScalarZero);
        }
        PublicScalar::from_bytes(pre_signature.part(130))
            .map_err(|_| AdaptorError::ProofOutOfRange)?;
        Ok(pre_signature)
    }

    /// Reads 33(R') ‖ 33(R) ‖ s' ‖ e ‖ z from a slice.
    ///
    /// # Errors
    ///
    /// [`AdaptorError::Length`] too.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, AdaptorError> {
        let bytes: &[u8; 162] = bytes
            .try_into()
            .map_err(|_| AdaptorError::Length { expected: Self::LENGTH, actual: bytes.len() })?;
        Self::from_bytes(bytes)
    }

    /// 33(R') ‖ 33(R) ‖ s' ‖ e ‖ z.
    pub fn to_bytes(&self) -> [u8; 162] {
        self.0
    }

    /// Whether the secret of `lock_point` finishes this to a signature of `message` by `public_key`.
    ///
    /// Variable time: everything here is public.
    ///
    /// # Errors
    ///
    /// [`AdaptorError::NonceNotOnCurve`], and [`AdaptorError::InvalidPreSignature`] for all that is merely wrong.
    pub fn verify(
        &self,
        public_key: &Point,
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<(), AdaptorError> {
        let verdict = self.foreign().verify(
            context(),
            &Message::from_digest(*message),
            &public_key.to_public_key(),
            &lock_point.to_public_key(),
        );
        match verdict {
            Ok(()) => Ok(()),
            Err(_) if self.nonce_points().any(|point| Point::from_bytes(point).is_err()) => {
                Err(AdaptorError::NonceNotOnCurve)
            }
            Err(_) => Err(AdaptorError::InvalidPreSignature),
        }
    }

    /// The signature, with a low s, given the secret of the lock point. Unchecked: a wrong secret or pre-signature
    /// gives an invalid signature. Constant time in the secret.
    #[must_use]
    pub fn adapt(&self, lock_secret: &SecretScalar) -> Signature {
        self.foreign()
            .decrypt(lock_secret.as_secret_key())
            .expect("r, s' and the secret are in range, which is all that this needs")
    }

    /// [`adapt`](Self::adapt), and verifies the signature.
    ///
    /// # Errors
    ///
    /// [`AdaptorError::InvalidSignature`] when secret or pre-signature are not right.
    pub fn adapt_verified(
        &self,
        lock_secret: &SecretScalar,
        public_key: &Point,
        message: &[u8; 32],
    ) -> Result<Signature, AdaptorError> {
        let signature = self.adapt(lock_secret);
        verify_signature(&signature, public_key, message)?;
        Ok(signature)
    }

    /// The secret of the lock point, given the signature that was made from this pre-signature, its s low or high.
    ///
    /// # Errors
    ///
    /// [`AdaptorError::NonceMismatch`] when the signature has another nonce,
    /// [`AdaptorError::InvalidSignature`] when it is not valid for key and message, and
    /// [`AdaptorError::SecretMismatch`] when what comes out is not the secret of `lock_point`: then the
    /// pre-signature was not valid.
    pub fn extract(
        &self,
        signature: &Signature,
        public_key: &Point,
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<SecretScalar, AdaptorError> {
        if signature.serialize_compact()[..32] != self.signature_r() {
            return Err(AdaptorError::NonceMismatch);
        }
        verify_signature(signature, public_key, message)?;
        let lock_secret = self
            .foreign()
            .recover(context(), signature, &lock_point.to_public_key())
            .map(SecretScalar::from)
            .map_err(|_| AdaptorError::SecretMismatch)?;
        // libsecp256k1-zkp compares already, to find the sign. But this crate promises that the lock opens, so it checks.
        if lock_secret.to_point() == *lock_point {
            Ok(lock_secret)
        } else {
            Err(AdaptorError::SecretMismatch)
        }
    }

    /// r = x(R') mod n, 32 bytes, by which the finished signature is found among others.
    pub fn signature_r(&self) -> [u8; 32] {
        PublicScalar::from_hash(self.part(1)).to_bytes()
    }

    /// R' and R.
    fn nonce_points(&self) -> impl Iterator<Item = &[u8; 33]> {
        self.0[..66].chunks_exact(33).map(|point| point.try_into().expect("33 bytes"))
    }

    /// The 32 bytes from `start` on.
    fn part(&self, start: usize) -> &[u8; 32] {
        self.0[start..].first_chunk().expect("no part begins later than 32 bytes before the end")
    }

    fn foreign(&self) -> EcdsaAdaptorSignature {
        EcdsaAdaptorSignature::from_slice(&self.0).expect("162 bytes")
    }
}

impl FromStr for PreSignature {
    type Err = AdaptorError;

    /// Reads 324 hexadecimal digits.
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
        write!(f, "ecdsa::PreSignature({self})")
    }
}

/// Checks a plain ECDSA signature of a 32-byte message. Its s may be low or high, as it may be on the chain.
///
/// # Errors
///
/// [`AdaptorError::InvalidSignature`].
pub fn verify_signature(
    signature: &Signature,
    public_key: &Point,
    message: &[u8; 32],
) -> Result<(), AdaptorError> {
    let mut low = *signature;
    low.normalize_s();
    context()
        .verify_ecdsa(&Message::from_digest(*message), &low, &public_key.to_public_key())
        .map_err(|_| AdaptorError::InvalidSignature)
}

#[cfg(test)]
mod tests;
