use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::curve::{CurveError, SecretScalar, Tag};
use crate::lock::{Blind, LockError};
use crate::onion::Packet;
use crate::wire::{BlindedPath, IntroductionNode};

static RELEASE: Tag = Tag::new("pointlock/release");

/// The key of a hold: 32 random bytes that the sender draws. Never the lock point, by which two nodes of a route
/// would recognise the payment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldId(pub [u8; 32]);

impl fmt::Display for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HoldId({self})")
    }
}

/// h, the scalar that the sender draws for a hold and tells the receiver alone. 32 bytes, big endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseSecret(SecretScalar);

impl ReleaseSecret {
    /// A release secret from a scalar that is fresh for this hold.
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

    /// A fresh release secret. With the feature `rand_core`.
    #[cfg(feature = "rand_core")]
    pub fn from_rng<R: crate::rand_core::CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self(SecretScalar::from_rng(rng))
    }

    /// The 32 bytes in the clear, for a message that is encrypted to the one who may read it.
    pub fn dangerous_to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.dangerous_to_bytes()
    }

    /// c = H_pointlock/release(h)
    pub fn hash(&self) -> ReleaseHash {
        ReleaseHash(RELEASE.hash(&[&*self.dangerous_to_bytes()]))
    }

    /// The scalar.
    pub fn as_scalar(&self) -> &SecretScalar {
        &self.0
    }
}

/// c, by which the holder knows the release secret when it sees it. 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseHash(pub [u8; 32]);

impl ReleaseHash {
    /// Whether `secret` is the one.
    pub fn is_of(&self, secret: &ReleaseSecret) -> bool {
        self.0.ct_eq(&secret.hash().0).into()
    }
}

/// y_1 + h: of no use to the holder until it is told h. 32 bytes, big endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBlind(SecretScalar);

impl HeldBlind {
    /// The sum, as the sender makes it.
    ///
    /// # Errors
    ///
    /// [`LockError::BlindsCancel`], in theory: draw another h.
    pub fn new(blind: &Blind, release: &ReleaseSecret) -> Result<Self, LockError> {
        blind.as_scalar().add(&release.0).map(Self).map_err(|_| LockError::BlindsCancel)
    }

    /// Reads 32 big-endian bytes.
    ///
    /// # Errors
    ///
    /// As [`SecretScalar::from_bytes`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, CurveError> {
        SecretScalar::from_bytes(bytes).map(Self)
    }

    /// The 32 bytes in the clear, for the holder's onion layer or its store.
    pub fn dangerous_to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.dangerous_to_bytes()
    }

    /// y_1, once h is known.
    ///
    /// # Errors
    ///
    /// [`LockError::BlindsCancel`] when the two are equal: the sender gave y_1 = 0.
    pub fn open(&self, release: &ReleaseSecret) -> Result<Blind, LockError> {
        self.0.sub(&release.0).map(Blind::new).map_err(|_| LockError::BlindsCancel)
    }

    /// The scalar.
    pub fn as_scalar(&self) -> &SecretScalar {
        &self.0
    }
}

/// What the holder is asked to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRequest {
    /// The key of the hold.
    pub id: HoldId,
    /// c.
    pub release_hash: ReleaseHash,
    /// y_1 + h, or none for a hash lock.
    pub held_blind: Option<HeldBlind>,
    /// What the incoming edge locks, in millisatoshi.
    pub amount_msat: u64,
    /// When the incoming edge expires, a block height. The id is taken for so long.
    pub expiry: u32,
    /// The height at which the hold fails back; see [`cutoff_height`](super::cutoff_height).
    pub cutoff_height: u32,
    /// Who has brought the money that waits: the holder's own name for its neighbour, counted against a cap.
    pub neighbour: [u8; 32],
}

/// What the sender of a hold has handed over for the receiver, sealed: the holder can't read it, and sends it for a sender that is
/// offline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Where to: a message path of the receiver's.
    pub path: BlindedPath<IntroductionNode>,
    /// What to send: a packet of one layer, for the last hop of the path.
    pub packet: Packet,
}

/// How far a hold has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldState {
    /// Waiting for the receiver.
    Held,
    /// The release secret is known; the payment is being forwarded.
    Releasing(ReleaseSecret),
    /// Forwarded: from here on an ordinary payment.
    Released,
    /// The cutoff is past; the incoming edge is being failed.
    Failing,
    /// Failed back.
    Failed,
}

impl HoldState {
    /// Whether money of the sender is still waiting here.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Held | Self::Releasing(_) | Self::Failing)
    }
}
