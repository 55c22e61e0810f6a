//! The roles of a payment: sender, forwarder, receiver.
//!
//! A role is a state machine without I/O, clock or randomness: an event goes in, actions come out. The *driver* (a node's
//! channel layer, or the demonstration) carries the actions out and reports what happened. A role keeps its
//! events; a new one that is fed the same events is in the same state ([`Forwarder::replay`] and its like).
//!
//! # One payment
//!
//! ```text
//! sender                     forwarder N_i                          receiver
//! Pay ─▶ Offer
//! OutgoingCommitted ─ ─ ─ ─▶ IncomingCommitted ─▶ hold, or Offer
//!   ─▶ Mail ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─▶ Mail ─▶ Release
//!                            ReleaseReceived ─▶ Offer ◀─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┘
//!                            OutgoingCommitted ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ▶ IncomingCommitted ─▶ Claim
//!                            OutgoingClaimed ─▶ Claim  ◀ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┘
//! OutgoingClaimed ─▶ Paid ◀ ─ ─ ─ ┘
//! ```
//!
//! "Committed" is what the driver says once a contract stands irrevocably on both sides; a role believes it no further
//! than it can check. The claimer's side is a [`ReceivedContract`](crate::contract::ReceivedContract), which can't exist
//! unless its adaptor signatures verify; the offerer compares lock, amount and expiry with its proposal. Each forwarder
//! computes the lock of its outgoing edge itself, from its own incoming lock and its own y.
//!
//! # What a role knows
//!
//! [`View`] lists every secret that a role was handed or computed, with where it comes from. It is filled by the
//! events and nothing else, so the analysis of thefts reads what was really there.
//!
//! # What breaks it
//!
//! - A driver that reports a contract as committed which can still be revoked: a forwarder then pays out of its own
//!   pocket.
//! - A seed ([`AttemptSeed`]) that is used twice: all y's of two attempts are the same.
//! - With k-time payment points, a [`ClaimStore`](crate::claims::ClaimStore) that forgets: the receiver then claims more than
//!   k times. It releases no more held payments than it can claim; an announcement that is not followed by its payment keeps
//!   a slot from other releases for six blocks, and never from a payment that has arrived.
//! - Losing the kept pre-signatures of an outgoing contract: the claim can't be turned into the lock secret.
//!
//! # References
//!
//! [BOLT 2](https://github.com/lightning/bolts/blob/master/02-peer-protocol.md) for commitment and
//! [BOLT 4](https://github.com/lightning/bolts/blob/master/04-onion-routing.md) for the payloads.

mod edge;
mod error;
mod failure;
mod forwarder;
mod leg;
mod message;
mod paths;
mod paying;
mod payload;
mod published;
mod receiver;
mod releases;
mod route;
mod seed;
mod sender;
mod view;

pub use edge::Proposal;
pub use error::{PayloadError, PaymentError, Refusal};
pub use failure::FailureMessage;
pub use forwarder::{Forwarder, ForwarderAction, ForwarderConfig, ForwarderEvent};
pub use leg::HopBlinds;
pub use message::{AvailableHold, HeldAvailable, PtlcArrived, ReleaseHeld, WithheldShare};
pub use paths::{MessagePath, PathRelay, ReceiverPath, ReceiverPaths};
pub use payload::{
    DelegatePayload, DelegatedPayload, FinalPayload, ForwardPayload, HoldOrder, PartShare,
    PayerPayload, Payload, PaymentSecret, Recipient, Tweak, Withheld,
};
pub use receiver::{Receiver, ReceiverAction, ReceiverConfig, ReceiverEvent};
pub use route::{EdgeTerms, ForwardingPolicy, Route, RouteHop};
pub use seed::{AttemptId, AttemptSeed, PayerSeed, PaymentId};
pub use sender::{
    ArrivalPath, HoldPlan, PartOrder, Payee, Payer, Payment, Sender, SenderAction, SenderEvent,
    Tail,
};
pub use view::{KnownSecret, SecretSource, View};

use crate::invoice::{PaymentLock, StaticInvoice};
use crate::lock::Lock;

/// The lock that every payment of this invoice ends in; for a polynomial there is none.
fn invoice_lock(invoice: &StaticInvoice) -> Result<Lock, PaymentError> {
    match invoice.require_lock()? {
        PaymentLock::Hash(hash) => Ok(Lock::Hash(*hash)),
        PaymentLock::Points(_) => {
            invoice.payment_point().map(Lock::Point).ok_or(PaymentError::Polynomial)
        }
    }
}
