//! All that a receiver makes up itself, from 32 bytes: what comes back when its device is lost, and what doesn't.
//!
//! # Equations
//!
//! ```text
//! node key                 d = H_pointlock/receiver(seed ‖ "node key") mod n
//! of the invoice (e, i)    s = H_pointlock/receiver_invoice(seed ‖ e ‖ i)           e 16 bytes, i 8 bytes
//!   its polynomial         from_entropy(r("polynomial", 0), k)                     r(purpose, j) = H_pointlock/receiver_part(s ‖ j ‖ purpose)
//!   its point, for k = 0   z = r("payment point", 0) mod n                         j 4 bytes
//!   its payment path j     path id r("payment path id", j), session key r("payment path", j) mod n
//!   its message path j     path id r("message path id", j), session key r("message path", j) mod n
//! sealed for a peer        01 ‖ salt ‖ ChaCha20-Poly1305, key H_pointlock/receiver_backup(seed ‖ salt)
//! ```
//!
//! # What comes back, and what doesn't
//!
//! | | |
//! | --- | --- |
//! | node key, hence node id and all channels' identity | from the seed alone |
//! | polynomials, static points, path ids, first path keys | from the seed and the invoice's number |
//! | B of a payment path | also from the node ids of its relays |
//! | the numbers that were used | those of the first era by trying; of later ones by what a peer has kept ([`UsedNumbers`]) |
//! | the invoices themselves | from whoever hands them out. They are signed by the node key: look at it |
//! | which x were claimed, under which locks | **not at all** |
//!
//! Hence three rules:
//!
//! 1. *What can't be counted is not claimed.* An old polynomial comes back by
//!    [`RestoredPolynomial`](super::ReceiverEvent::RestoredPolynomial), which retires it as it enters it, and never by `PublishedPolynomial`: whoever
//!    has paid k times before could otherwise have k claims more, and k + 1 are all of z(X). A static point (k = 0) has no count; it is
//!    published as before.
//! 2. *A new life has a new era.* Nobody can say for certain which numbers were used: what a peer or a vault shows may be old. So a restored
//!    receiver draws 16 bytes ([`Era`]), and none of its new polynomials is an old one, whatever it was told.
//! 3. *What a peer keeps can only take trust away.* It is sealed, so the peer can neither read nor make it, but it can show an old one, or none.
//!    So the head of the claims' journal in it ([`UsedNumbers::claims`]) shows that a file is too old; it never shows that one is new.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::payment::{Era, ReceiverSeed, UsedNumbers};
//! # let (entropy, salt, era) = ([1; 32], [2; 32], [3; 16]);
//!
//! // The first life. Seed: on paper. What is used of it: in a file, before the invoice is published, and with a peer.
//! let seed = ReceiverSeed::new(entropy);
//! let mut used = UsedNumbers::of_a_new_seed();
//! let number = used.take_next();
//! let points = seed.invoice(&number).polynomial(8)?.payment_points();
//! let sealed = used.seal(&seed, salt);
//!
//! // Everything is lost but the paper. The peer may be right or behind; the era is new.
//! let seed = ReceiverSeed::new(entropy);
//! let kept = UsedNumbers::unseal(&seed, &sealed)?;
//! assert_eq!(seed.find(kept.numbers(), &points), Some(number));
//! let mut used = kept.restored(Era::new(era));
//! let fresh = used.take_next();
//! assert_ne!(seed.invoice(&fresh).polynomial(8)?.payment_points(), points);
//!
//! // Without a peer, the numbers of the first era are tried.
//! let first = (0..100).map(|index| Era::FIRST.number(index));
//! assert_eq!(seed.find(first, &points), Some(number));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - *A number that is used twice*, in the same era: two invoices with one polynomial, and two paths whose data are encrypted with one key.
//! - *Two devices with one seed at the same time.* Each would count for itself. The second one is a restored one, with an era of its own, and the
//!   first must not claim any more.
//! - *An old copy that is not known to be one*, such as the folder of an app that a system brings back by itself. Its numbers and its counts look whole.
//!   The head that a peer has kept shows it, if the peer is honest.
//! - *The seed in other hands*: all keys and polynomials are. What a peer keeps is then readable, too.
//!
//! # References
//!
//! Peer storage: [BOLT 1](https://github.com/lightning/bolts/blob/master/01-messaging.md) (`peer_storage`, at most 65,531 bytes). `examples/recover.rs`
//! is the whole story, and `examples/scenarios/lost-phone.toml` the theft that the first rule prevents.

use alloc::vec::Vec;
use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

mod used;

pub use used::{RecoveryError, UsedNumbers};

use super::{MessagePath, PathRelay, PublishError, ReceiverPath};
use crate::curve::{Point, SecretScalar, Tag};
use crate::invoice::ktime::{KtimeError, PaymentPolynomial};
use crate::invoice::{PaymentPath, PaymentPoints};
use crate::onion::blinded::BlindedPath;

static SEED: Tag = Tag::new("pointlock/receiver");
static INVOICE: Tag = Tag::new("pointlock/receiver_invoice");
static PART: Tag = Tag::new("pointlock/receiver_part");

/// The time from one restoration of a receiver to the next. Its 16 bytes are no secret, but fresh entropy: two eras of one seed must never be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Era([u8; 16]);

impl Era {
    /// That of a seed which was never restored: zeros.
    pub const FIRST: Self = Self([0; 16]);

    /// A later one, of fresh entropy.
    pub const fn new(entropy: [u8; 16]) -> Self {
        Self(entropy)
    }

    /// The 16 bytes.
    pub fn to_bytes(&self) -> [u8; 16] {
        self.0
    }

    /// The number of an invoice of this era, counted from 0.
    pub fn number(self, index: u64) -> InvoiceNumber {
        InvoiceNumber { era: self, index }
    }
}

/// Names an invoice among all that a receiver makes from one seed. For one invoice, ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvoiceNumber {
    /// When it was made.
    pub era: Era,
    /// The how manieth of its era, from 0.
    pub index: u64,
}

/// 32 bytes of fresh entropy, from which everything is derived that a receiver makes up itself: what its owner writes on paper.
#[derive(PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ReceiverSeed([u8; 32]);

impl ReceiverSeed {
    /// A seed from fresh entropy, or from paper.
    pub fn new(entropy: [u8; 32]) -> Self {
        Self(entropy)
    }

    /// The 32 bytes in the clear, for paper.
    pub fn dangerous_to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    /// The key of the node id, which signs the invoices, too.
    pub fn node_key(&self) -> SecretScalar {
        scalar(&SEED.hash(&[&self.0, b"node key"]))
    }

    /// What the invoice with this number is made from.
    pub fn invoice(&self, number: &InvoiceNumber) -> InvoiceSeed {
        let InvoiceNumber { era, index } = number;
        InvoiceSeed(INVOICE.hash(&[&self.0, &era.0, &index.to_be_bytes()]))
    }

    /// Which of these numbers an invoice with these points was made from. It takes a multiplication for each.
    pub fn find(
        &self,
        numbers: impl IntoIterator<Item = InvoiceNumber>,
        points: &PaymentPoints,
    ) -> Option<InvoiceNumber> {
        let first = points.as_slice().first()?;
        numbers.into_iter().find(|number| {
            let invoice = self.invoice(number);
            match points.k() {
                0 => invoice.point_secret().to_point() == *first,
                k => invoice.polynomial(k).is_ok_and(|polynomial| {
                    polynomial.coefficients()[0].to_point() == *first
                        && polynomial.payment_points() == *points
                }),
            }
        })
    }

    fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ReceiverSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiverSeed(…)")
    }
}

/// What one invoice is made from. The same calls give the same secrets, in every life of the receiver.
#[derive(PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct InvoiceSeed([u8; 32]);

impl InvoiceSeed {
    /// Its polynomial, for k payments.
    ///
    /// # Errors
    ///
    /// [`KtimeError::DegreeOutOfRange`].
    pub fn polynomial(&self, k: usize) -> Result<PaymentPolynomial, KtimeError> {
        PaymentPolynomial::from_entropy(&self.part(b"polynomial", 0), k)
    }

    /// z, for an invoice with one point (k = 0).
    pub fn point_secret(&self) -> SecretScalar {
        scalar(&self.part(b"payment point", 0))
    }

    /// Its payment path with this number, from 0, as [`ReceiverPath::build`] makes it. A number is for one path: another one under the
    /// same number would be encrypted with the same keys.
    ///
    /// # Errors
    ///
    /// As [`ReceiverPath::build`].
    pub fn payment_path(
        &self,
        index: u32,
        relays: &[PathRelay],
        receiver: Point,
        min_final_delta: u16,
        max_cltv_expiry: u32,
    ) -> Result<(PaymentPath, ReceiverPath), PublishError> {
        let (session, path_id) = self.payment_path_secrets(index);
        ReceiverPath::build(session, path_id, relays, receiver, min_final_delta, max_cltv_expiry)
    }

    /// What the receiver keeps of its payment path with this number, made again: whatever terms the path has, it depends on the relays' node ids
    /// alone.
    ///
    /// # Errors
    ///
    /// [`PublishError::PathsMismatch`] for too many relays.
    pub fn kept_payment_path(
        &self,
        index: u32,
        relays: &[Point],
        receiver: Point,
    ) -> Result<ReceiverPath, PublishError> {
        let (session, path_id) = self.payment_path_secrets(index);
        let hops: Vec<_> = relays.iter().chain([&receiver]).map(|node_id| (*node_id, [])).collect();
        let built = BlindedPath::build(session, &hops);
        let (_, secrets) = built.map_err(|_| PublishError::PathsMismatch)?;
        Ok(ReceiverPath { path_id, secrets })
    }

    /// Its path for messages with this number, from 0, as [`MessagePath::build`] makes it; a number is for one path.
    ///
    /// # Errors
    ///
    /// As [`MessagePath::build`].
    pub fn message_path(
        &self,
        index: u32,
        relays: &[Point],
        receiver: Point,
    ) -> Result<(BlindedPath, MessagePath), PublishError> {
        let (session, path_id) = self.message_path_secrets(index);
        MessagePath::build(session, path_id, relays, receiver)
    }

    /// What the receiver keeps of its path for messages with this number, made again.
    pub fn kept_message_path(&self, index: u32) -> MessagePath {
        let (session, path_id) = self.message_path_secrets(index);
        MessagePath { path_id, first_path_key: session.to_point() }
    }

    fn payment_path_secrets(&self, index: u32) -> (SecretScalar, [u8; 32]) {
        let session = scalar(&self.part(b"payment path", index));
        (session, *self.part(b"payment path id", index))
    }

    fn message_path_secrets(&self, index: u32) -> (SecretScalar, [u8; 32]) {
        let session = scalar(&self.part(b"message path", index));
        (session, *self.part(b"message path id", index))
    }

    /// r(purpose, j)
    fn part(&self, purpose: &[u8], index: u32) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(PART.hash(&[&self.0, &index.to_be_bytes(), purpose]))
    }
}

impl fmt::Debug for InvoiceSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvoiceSeed(…)")
    }
}

fn scalar(hash: &[u8; 32]) -> SecretScalar {
    SecretScalar::from_hash(hash)
        .expect("a hash of fresh entropy is zero mod n with a probability of 2^-256")
}
