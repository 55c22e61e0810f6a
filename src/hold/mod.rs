//! Hold and release: a node keeps a payment until the offline receiver is back.
//!
//! The holder (the sender's LSP, N_1) has the sender's money locked to it and forwards nothing yet. For each hold the
//! sender draws a release secret h and gives the holder, in its onion layer,
//!
//! ```text
//! hold id     32 random bytes, the key of the hold; never the lock point
//! y_1 + h     instead of y_1
//! c           = H_pointlock/release(h)
//! latest      the height from which on the hold fails back, and no release counts
//! ```
//!
//! and tells h to the receiver, end to end encrypted: it seals an [`Announcement`] for the receiver and hands it to the holder, which
//! keeps it with the hold and sends it until the receiver answers, so that the sender can go offline. The receiver's
//! `release_held_ptlc` is a list of (hold id, h). The holder checks c and only then knows y_1: before the receiver speaks it *can't*
//! forward, rather than mustn't. Nobody else knows h, so nobody else can release.
//!
//! ```text
//! Held ──release──▶ Releasing ──forwarded──▶ Released
//!   └───cutoff────▶ Failing ────failed─────▶ Failed
//! ```
//!
//! Messages cost nothing, so nothing is spent on one: an announcement or a release for a hold that is not here is refused, and
//! nothing of it is kept. No release is ahead of its hold, because the holder itself sends the announcement.
//!
//! The [`Ledger`] is a part of the forwarder's state, and as durable as the events that make it: a step is written before its action is
//! given out, and after a crash the events make the same ledger again. It has no store of its own that could say something else.
//! An id is taken until the incoming edge has expired, so that a hold that has ended is not opened again by a copy of its onion.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::curve::SecretScalar;
//! use pointlock::hold::{HeldBlind, HoldId, HoldRequest, Ledger, Limits, ReleaseSecret};
//! use pointlock::hold::{Forward, Released};
//! use pointlock::lock::Blind;
//!
//! // The sender draws y_1 and h; the receiver gets h.
//! let y_1 = SecretScalar::from_bytes(&[1; 32])?;
//! let h = ReleaseSecret::new(SecretScalar::from_bytes(&[2; 32])?);
//!
//! // The holder gets their sum and the hash of h. Entropy, time and heights come in as arguments.
//! let mut ledger = Ledger::new(Limits::default());
//! let request = HoldRequest {
//!     id: HoldId([3; 32]),
//!     release_hash: h.hash(),
//!     held_blind: Some(HeldBlind::new(&Blind::new(y_1.clone()), &h)?),
//!     amount_msat: 50_000_000,
//!     expiry: 800_300,
//!     cutoff_height: 800_144,
//!     neighbour: [4; 32],
//! };
//! ledger.hold(request, 800_000)?;
//!
//! // The receiver is back: with its h the holder knows y_1.
//! let Released::Forward(Forward { blind, .. }) = ledger.release(&HoldId([3; 32]), &h, 800_010)? else {
//!     panic!("the hold was there, and h is right");
//! };
//! assert_eq!(blind.unwrap().as_scalar(), &y_1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - A holder that learns h from anybody but the receiver can forward early. It gains nothing by it: the receiver's
//!   LSP fails a payment to an absent receiver back.
//! - With hash locks there is no blind to hold back: the holder is trusted not to forward.
//! - A release that somebody caught on its way and delivers late, before the cutoff: the payment goes on when nobody waits for it
//!   any more, and fails back.
//! - Caps go by the incoming neighbour, in all and in value. A neighbour with many nodes has as many caps; the cap in all bounds it.
//! - A release after the cutoff would strand the payment on the route; it is refused.
//!
//! # References
//!
//! Corallo, [Async payments](https://lists.linuxfoundation.org/pipermail/lightning-dev/2021-October/003307.html);
//! `held_htlc_available` and `release_held_htlc` of the BOLT 12 static invoice proposal.

mod error;
mod ledger;
mod limits;
mod record;

pub use error::{Cap, HoldError};
pub use ledger::{Forward, Hold, Ledger, OpenHolds, Released};
pub use limits::{Limits, cutoff_height};
pub use record::{
    Announcement, HeldBlind, HoldId, HoldRequest, HoldState, ReleaseHash, ReleaseSecret,
};
