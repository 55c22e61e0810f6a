//! Sessions: the second round, with and without a lock point.

use alloc::vec::Vec;

use secp256k1::Message;
use secp256k1::schnorr::Signature;

use super::session_values::SessionValues;
use super::{
    AggregateNonce, KeyAggContext, Musig2Error, PartialSignature, PreSignature, PublicNonce,
    SecretNonce, partial,
};
use crate::curve::{Keypair, Point, PublicScalar, context};

/// One message that the signers of a [`KeyAggContext`] sign once, after the public nonces are exchanged.
///
/// Its parameter says what comes out: `Session` (that is, `Session<Plain>`) ends in a BIP-340 signature,
/// [`AdaptorSession`] in a [`PreSignature`]. All signers must put in the same keys, public nonces, message and
/// lock point; where they differ, the partial signatures are invalid, and that is all that happens.
#[derive(Debug)]
pub struct Session<Lock = Plain> {
    keys: KeyAggContext,
    public_nonces: Vec<PublicNonce>,
    message: [u8; 32],
    values: SessionValues,
    lock: Lock,
}

/// Marks the session that ends in a signature.
#[derive(Debug)]
pub struct Plain;

/// Marks the session that ends in a pre-signature, and holds its lock point.
#[derive(Debug)]
pub struct Locked(Point);

/// The session that ends in a pre-signature.
pub type AdaptorSession = Session<Locked>;

impl Session<Plain> {
    /// A session that ends in a BIP-340 signature of `message` (32 bytes, a signature hash).
    ///
    /// `public_nonces` are those of all signers, in the order of their keys.
    ///
    /// # Errors
    ///
    /// [`Musig2Error::PublicNonceCount`].
    pub fn new(
        keys: &KeyAggContext,
        public_nonces: &[PublicNonce],
        message: &[u8; 32],
    ) -> Result<Self, Musig2Error> {
        let aggregate_nonce = aggregate_nonce(keys, public_nonces)?;
        let values = SessionValues::plain(keys, &aggregate_nonce, message);
        Ok(Self::with_values(keys, public_nonces, message, values, Plain))
    }

    /// The signature, from the partial signatures of all signers in the order of their keys.
    ///
    /// Verifies the signature; each of them only if that is not valid. So errors that cancel in the sum do no harm, and are
    /// not found: [`verify_partial`](Session::verify_partial) finds them.
    ///
    /// # Errors
    ///
    /// [`Musig2Error::PartialSignatureCount`], [`Musig2Error::InvalidPartialSignature`], which names the
    /// culprit, and [`Musig2Error::AggregationFault`].
    pub fn aggregate(&self, partials: &[PartialSignature]) -> Result<Signature, Musig2Error> {
        let scalar = self.sum(partials)?;
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.values.final_nonce.x_only().serialize());
        bytes[32..].copy_from_slice(&scalar.to_bytes());
        let signature = Signature::from_slice(&bytes).expect("64 bytes");
        context()
            .verify_schnorr(&signature, &Message::from_digest(self.message), &self.keys.x_only())
            .map_err(|_| self.fault(partials))?;
        Ok(signature)
    }
}

impl Session<Locked> {
    /// A session that ends in a pre-signature of `message` (32 bytes, a signature hash) under `lock_point`.
    ///
    /// `public_nonces` are those of all signers, in the order of their keys, without the lock point. It may be
    /// chosen after them: it enters the nonce coefficient.
    ///
    /// # Errors
    ///
    /// [`Musig2Error::PublicNonceCount`] and [`Musig2Error::FinalNonceAtInfinity`].
    pub fn with_lock_point(
        keys: &KeyAggContext,
        public_nonces: &[PublicNonce],
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Result<Self, Musig2Error> {
        let aggregate_nonce = aggregate_nonce(keys, public_nonces)?;
        let values = SessionValues::locked(keys, &aggregate_nonce, message, lock_point)?;
        Ok(Self::with_values(keys, public_nonces, message, values, Locked(*lock_point)))
    }

    /// The pre-signature, from the partial signatures of all signers in the order of their keys.
    ///
    /// Verifies the pre-signature; each of them only if that is not valid, as in a plain session.
    ///
    /// # Errors
    ///
    /// [`Musig2Error::PartialSignatureCount`], [`Musig2Error::InvalidPartialSignature`], which names the
    /// culprit, and [`Musig2Error::AggregationFault`].
    pub fn aggregate(&self, partials: &[PartialSignature]) -> Result<PreSignature, Musig2Error> {
        let scalar = self.sum(partials)?;
        let pre_signature = PreSignature::from_parts(&self.values.final_nonce, &scalar);
        pre_signature
            .verify_by_point(&self.keys.aggregate_key(), &self.message, &self.lock.0)
            .map_err(|_| self.fault(partials))?;
        Ok(pre_signature)
    }

    /// The own partial signature, once the partial signatures of all *others* are there, in the order of their
    /// keys; and the pre-signature, which is complete with it.
    ///
    /// A signer that wants to extract the lock secret later signs with this. Extraction needs the
    /// pre-signature, and the pre-signature needs everybody's partial signature. A counterparty who knows the
    /// lock secret and gets this signer's partial signature first can finish the *signature* alone; its own
    /// partial signature, and with it the lock secret, is never seen. Keep the pre-signature (durably) before
    /// sending the partial signature.
    ///
    /// When this fails the secret nonce is gone, and a new session is needed.
    ///
    /// # Errors
    ///
    /// Those of [`sign_partial`](Session::sign_partial) and of [`aggregate`](Self::aggregate); the count is one
    /// less than that of the signers.
    pub fn sign_partial_last(
        &self,
        secret_nonce: SecretNonce,
        keypair: &Keypair,
        others: &[PartialSignature],
    ) -> Result<(PartialSignature, PreSignature), Musig2Error> {
        // The nonce is used up first, as everywhere. A partial signature that is not given out does no harm.
        let public_nonce = secret_nonce.public_nonce();
        let own = self.sign_partial(secret_nonce, keypair)?;
        let signer = self.signer(&keypair.public_key(), &public_nonce)?;
        let (expected, actual) = (self.public_nonces.len() - 1, others.len());
        if actual != expected {
            return Err(Musig2Error::PartialSignatureCount { expected, actual });
        }
        let (before, after) = others.split_at(signer);
        let all = [before, &[own], after].concat();
        Ok((own, self.aggregate(&all)?))
    }

    /// The lock point T.
    pub fn lock_point(&self) -> Point {
        self.lock.0
    }
}

impl<Lock> Session<Lock> {
    /// The own partial signature. It is verified before it is returned.
    ///
    /// In an adaptor session a signer that has to extract must not give this before it has the others':
    /// see [`AdaptorSession::sign_partial_last`].
    ///
    /// # Errors
    ///
    /// [`Musig2Error::ForeignNonce`], [`Musig2Error::NotASigner`], [`Musig2Error::NonceNotInSession`] and
    /// [`Musig2Error::SigningFault`], in theory [`Musig2Error::DegenerateScalar`]. In each case the secret nonce
    /// is gone, and a new session is needed.
    pub fn sign_partial(
        &self,
        secret_nonce: SecretNonce,
        keypair: &Keypair,
    ) -> Result<PartialSignature, Musig2Error> {
        partial::sign(&self.keys, &self.values, secret_nonce, keypair, |public_nonce| {
            self.signer(&keypair.public_key(), public_nonce)
        })
    }

    /// Whether this is the partial signature of that signer in this session.
    ///
    /// It proves nothing to anybody else: partial signatures can be made up without the key.
    ///
    /// # Errors
    ///
    /// [`Musig2Error::InvalidPartialSignature`] and [`Musig2Error::NoSuchSigner`].
    pub fn verify_partial(
        &self,
        signer: usize,
        partial: &PartialSignature,
    ) -> Result<(), Musig2Error> {
        let public_nonce = self
            .public_nonces
            .get(signer)
            .ok_or(Musig2Error::NoSuchSigner { signer, signers: self.public_nonces.len() })?;
        partial::verify(&self.keys, &self.values, signer, public_nonce, partial)
    }

    /// The keys, and the aggregate key.
    pub fn keys(&self) -> &KeyAggContext {
        &self.keys
    }

    /// The message, 32 bytes.
    pub fn message(&self) -> &[u8; 32] {
        &self.message
    }

    /// b, by which every signer's second nonce is multiplied.
    #[must_use]
    pub fn nonce_coefficient(&self) -> PublicScalar {
        self.values.nonce_coefficient
    }

    /// e, the challenge of the signature.
    #[must_use]
    pub fn challenge(&self) -> PublicScalar {
        self.values.challenge
    }

    /// The final nonce, R' in an adaptor session. Its x coordinate is the first half of the signature.
    pub fn final_nonce(&self) -> Point {
        self.values.final_nonce
    }

    fn with_values(
        keys: &KeyAggContext,
        public_nonces: &[PublicNonce],
        message: &[u8; 32],
        values: SessionValues,
        lock: Lock,
    ) -> Self {
        let (keys, public_nonces) = (keys.clone(), public_nonces.to_vec());
        Self { keys, public_nonces, message: *message, values, lock }
    }

    /// Which signer this is. One key may sign more than once; its public nonces tell which is which.
    fn signer(&self, key: &Point, public_nonce: &PublicNonce) -> Result<usize, Musig2Error> {
        let mut error = Musig2Error::NotASigner;
        for (signer, candidate) in self.keys.keys().iter().enumerate() {
            if candidate == key {
                if self.public_nonces[signer] == *public_nonce {
                    return Ok(signer);
                }
                error = Musig2Error::NonceNotInSession;
            }
        }
        Err(error)
    }

    /// s or s'. Nothing is verified.
    fn sum(&self, partials: &[PartialSignature]) -> Result<PublicScalar, Musig2Error> {
        let (expected, actual) = (self.public_nonces.len(), partials.len());
        if actual != expected {
            return Err(Musig2Error::PartialSignatureCount { expected, actual });
        }
        Ok(partial::aggregate(&self.keys, &self.values, partials))
    }

    /// Why the sum of the partial signatures is not valid: the first of them that is not.
    fn fault(&self, partials: &[PartialSignature]) -> Musig2Error {
        let verdicts =
            partials.iter().enumerate().map(|(i, partial)| self.verify_partial(i, partial));
        verdicts.filter_map(Result::err).next().unwrap_or(Musig2Error::AggregationFault)
    }
}

/// Signs a plain session behind an aggregator who hands out nothing but the sum of the public nonces.
///
/// The aggregator need not be trusted: it can make the session fail, no more. The others' partial signatures
/// can't be verified without their public nonces, so there is no such thing for an adaptor session.
///
/// # Errors
///
/// Those of [`Session::sign_partial`] but [`Musig2Error::NonceNotInSession`].
pub fn sign_for_aggregator(
    keys: &KeyAggContext,
    aggregate_nonce: &AggregateNonce,
    message: &[u8; 32],
    secret_nonce: SecretNonce,
    keypair: &Keypair,
) -> Result<PartialSignature, Musig2Error> {
    let values = SessionValues::plain(keys, aggregate_nonce, message);
    sign_with_values(keys, &values, secret_nonce, keypair)
}

/// [`sign_for_aggregator`] when the session's values are there: the standard's vectors have messages of other
/// lengths, too.
pub(super) fn sign_with_values(
    keys: &KeyAggContext,
    values: &SessionValues,
    secret_nonce: SecretNonce,
    keypair: &Keypair,
) -> Result<PartialSignature, Musig2Error> {
    partial::sign(keys, values, secret_nonce, keypair, |_| {
        // Where a key stands in the list more than once, its coefficient is the same.
        let own = keypair.public_key();
        keys.keys().iter().position(|key| *key == own).ok_or(Musig2Error::NotASigner)
    })
}

/// The sum of one public nonce for each key.
fn aggregate_nonce(
    keys: &KeyAggContext,
    public_nonces: &[PublicNonce],
) -> Result<AggregateNonce, Musig2Error> {
    let (expected, actual) = (keys.keys().len(), public_nonces.len());
    if actual != expected {
        return Err(Musig2Error::PublicNonceCount { expected, actual });
    }
    Ok(AggregateNonce::sum(public_nonces))
}
