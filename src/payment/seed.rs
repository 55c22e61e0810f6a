use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::curve::{SecretScalar, Tag};
use crate::hold::{HoldId, ReleaseSecret};
use crate::invoice::ktime::PayerKey;
use crate::lock::Blind;

static ATTEMPT: Tag = Tag::new("pointlock/attempt");

/// Names an attempt to get a part of a payment over a route, in the books of whoever has chosen the route. 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(pub [u8; 32]);

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttemptId({self})")
    }
}

/// The session keys of a handover.
#[derive(Clone, Debug)]
pub(super) struct MailSessions {
    /// Of the packet for the receiver.
    pub(super) sealed: SecretScalar,
    /// Of the onion message to the holder.
    pub(super) message: SecretScalar,
    /// Of the path to the holder.
    pub(super) path: SecretScalar,
}

/// Names a payment with all its attempts, in the sender's own books. 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentId(pub [u8; 32]);

impl fmt::Display for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaymentId({self})")
    }
}

/// 32 bytes of fresh entropy, from which everything secret of *one* attempt is derived: of one part of a payment over one
/// route. Another part takes another one, and so does a retry.
#[derive(PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct AttemptSeed([u8; 32]);

impl AttemptSeed {
    /// A seed from fresh entropy.
    pub fn new(entropy: [u8; 32]) -> Self {
        Self(entropy)
    }

    /// A fresh seed. With the feature `rand_core`.
    #[cfg(feature = "rand_core")]
    pub fn from_rng<R: crate::rand_core::CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self(*crate::curve::fresh(rng))
    }

    /// The 32 bytes in the clear, for the journal of the node.
    pub fn dangerous_to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    pub(super) fn id(&self) -> AttemptId {
        AttemptId(*self.derive(b"id", 0))
    }

    /// y_hop
    pub(super) fn blind(&self, hop: usize) -> Blind {
        Blind::new(self.scalar(b"blind", hop))
    }

    pub(super) fn hold_id(&self) -> HoldId {
        HoldId(*self.derive(b"hold id", 0))
    }

    pub(super) fn release(&self) -> ReleaseSecret {
        ReleaseSecret::new(self.scalar(b"release", 0))
    }

    pub(super) fn onion_session(&self) -> SecretScalar {
        self.scalar(b"onion session", 0)
    }

    /// For the packet of a recipient at the end of a path, which gets it through a node that finds the route.
    pub(super) fn recipient_session(&self) -> SecretScalar {
        self.scalar(b"recipient session", 0)
    }

    /// For the packet within that of a node which finds the route.
    pub(super) fn inner_onion_session(&self) -> SecretScalar {
        self.scalar(b"inner onion session", 0)
    }

    /// For a plain static invoice.
    pub(super) fn preimage(&self) -> Zeroizing<[u8; 32]> {
        self.derive(b"preimage", 0)
    }

    /// q_p, of a payment in several parts.
    pub(super) fn share(&self) -> Blind {
        Blind::new(self.scalar(b"share", 0))
    }

    /// q_0, of a cancellable payment.
    pub(super) fn withheld_share(&self) -> Blind {
        Blind::new(self.scalar(b"withheld share", 0))
    }

    pub(super) fn withheld_session(&self) -> SecretScalar {
        self.scalar(b"withheld share session", 0)
    }

    pub(super) fn payment_id(&self) -> PaymentId {
        PaymentId(*self.derive(b"payment id", 0))
    }

    pub(super) fn mail_sessions(&self) -> MailSessions {
        MailSessions {
            sealed: self.scalar(b"sealed announcement", 0),
            message: self.scalar(b"mail session", 0),
            path: self.scalar(b"path to holder", 0),
        }
    }

    /// For the payer's signature (BIP-340).
    pub(super) fn aux_rand(&self) -> Zeroizing<[u8; 32]> {
        self.derive(b"aux rand", 0)
    }

    fn scalar(&self, purpose: &[u8], index: usize) -> SecretScalar {
        SecretScalar::from_hash(&self.derive(purpose, index))
            .expect("a hash of fresh entropy is zero mod n with a probability of 2^-256")
    }

    /// H_pointlock/attempt(seed ‖ index ‖ purpose)
    fn derive(&self, purpose: &[u8], index: usize) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(ATTEMPT.hash(&[&self.0, &(index as u64).to_be_bytes(), purpose]))
    }
}

impl fmt::Debug for AttemptSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttemptSeed(…)")
    }
}

/// 32 bytes of fresh entropy, from which the payer's key A of *one payment* under a k-time payment point is derived.
///
/// Attempts of the same payment have the same A, amount and note, hence the same x, and each its own [`AttemptSeed`]. The
/// payer keeps the seed for as long as it may want to prove the payment.
#[derive(PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PayerSeed([u8; 32]);

impl PayerSeed {
    /// A seed from fresh entropy.
    pub fn new(entropy: [u8; 32]) -> Self {
        Self(entropy)
    }

    /// A fresh seed. With the feature `rand_core`.
    #[cfg(feature = "rand_core")]
    pub fn from_rng<R: crate::rand_core::CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self(*crate::curve::fresh(rng))
    }

    /// The 32 bytes in the clear, for the journal of the node.
    pub fn dangerous_to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    /// The key.
    pub fn key(&self) -> PayerKey {
        PayerKey::from_entropy(&self.0)
            .expect("a hash of fresh entropy is zero mod n with a probability of 2^-256")
    }
}

impl fmt::Debug for PayerSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PayerSeed(…)")
    }
}
