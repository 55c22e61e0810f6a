//! The roles of a payment: sender, forwarder, receiver.
//!
//! A role is a state machine without I/O, clock or randomness: an event goes in, actions come out ([`Role`]). The *driver* (a node's
//! channel layer, or the demonstration) carries the actions out and reports what happened. It keeps the events; a new role that
//! is fed the same events is in the same state ([`Role::replay`]). A [`Node`] has all three roles behind one door.
//!
//! # One payment
//!
//! ```text
//! sender                     forwarder N_i                          receiver
//! Pay ─▶ Offer
//! OutgoingCommitted ─ ─ ─ ─▶ IncomingCommitted ─▶ hold, or Offer
//!   ─▶ SendMessage ─ ─ ─ ─ ─▶ MessageReceived ─▶ Announce ─ ─ ─ ─ ─▶ MessageReceived ─▶ SendMessage
//!                            Announce ─▶ Announce, and again  ─ ─ ─ ▶ …                      ╷
//!                            MessageReceived ─▶ Offer ◀─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┘
//!                            OutgoingCommitted ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ▶ IncomingCommitted ─▶ Claimable
//!                                                                  Claiming ─▶ Claim
//!                            OutgoingFulfilled ─▶ Claim ◀ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┘
//! OutgoingFulfilled ─▶ Paid ◀ ─ ─ ┘
//! ```
//!
//! A payment has one or several parts, and each part an *attempt*: a route with locks, blinds and an onion of its own. The route is the
//! sender's as far as it names forwarders; it ends at the receiver, with a blinded path of the receiver's, or at a forwarder that
//! finds the rest itself when it forwards ([`Tail`]). All of these add to one lock:
//!
//! ```text
//! L_n = Z + (q + Y + B + δ)·G         l_n = z + q + Y + B + δ
//!       Z  the invoice's payment point, or Z(x)      q  the shares of all parts, q_1 + … + q_P
//!       Y  y_0 + … + y_{n−1}, by the sender          B  b of every forwarder on the receiver's path
//!       δ  y'_0 + y'_1 + …, by the node that found the rest of the route
//! ```
//!
//! # Parts
//!
//! Every part's lock has all of q in it, and every part's innermost payload one share: no part can be claimed before the
//! receiver has them all. It knows the parts of a payment by what their locks have in common, Z + q·G, which it finds by taking off Y, B and δ:
//! a point that nobody else can aim at. A part that fails is tried again with fresh secrets and its old share ([`SenderEvent::Retry`]).
//!
//! # Cancellable payments
//!
//! A payment that hangs somewhere may still arrive for as long as its edges stand. So a sender that wants to pay again meanwhile keeps
//! one more share, q_0, until the receiver says that all parts have arrived ([`Payment::cancellable`]; "stuckless payments"). A
//! payment that is cancelled before that is dead wherever it is, and the next may have the same payer key.
//!
//! Nobody can do that for a sender that is offline. Whoever gives q_0 away decides which of several attempts is paid: with q_0 in other hands,
//! its LSP's say, all of them can be: a receiver that has two complete payments claims both. And whoever keeps it has to be
//! there when they arrive, which is what the sender is not. A sender that leaves has the payment held instead: one attempt, which the receiver
//! itself releases.
//!
//! # Messages of strangers
//!
//! Announcements are free, so nothing is spent on one. The receiver answers without keeping anything: nothing in a log, no slot, no memory of
//! what it has answered. A slot of a polynomial is taken by the record that decides the claim of a complete payment, and by nothing before
//! it. [`Reaction::changed`] is false for a message that is answered or passed on, and what is refused is an error; neither is written down.
//! Against floods a driver has a [`MessageLimiter`]. Whoever has an invoice can see from the answers when its receiver is online; a receiver
//! that minds publishes its invoice with other message paths from time to time.
//!
//! # Before it leaves
//!
//! Nothing that can't be taken back leaves a node before its role has been told, and the event written down: the driver asks before a
//! signature covers an outgoing edge (`OutgoingCommitted`), before it takes the secret of a payment to this node (`Claiming`), before it gives a
//! failure to a channel (`FailGiven`). The role may say no, and then it must not leave. So whatever a crash loses, the events say what others
//! may have.
//!
//! Messages are another matter: nothing says that one has arrived, and [`Role::pending`] has none. A holder's driver sends what the node
//! keeps for absent receivers again and again ([`NodeEvent::AnnounceHold`]), after a restart too.
//!
//! Nothing waits beyond its height either ([`Deadlines`]). A block asks for what is due: an offer is withdrawn, a hold fails, an edge is
//! taken back or claimed on the chain. What is reported from a block counts as final six confirmations later, and is taken back when the
//! block is disconnected. A secret that was seen stays seen.
//!
//! An *incoming* edge is committed once it stands irrevocably on both sides; a role believes it no further
//! than it can check. The side that is paid gives an [`IncomingEdge`](crate::edge::IncomingEdge), which exists only where
//! adaptor signatures were verified; the side that pays compares lock, amount and expiry with its proposal. Each forwarder
//! computes the lock of its outgoing edge itself, from its own incoming lock and its own y.
//!
//! # What a role knows
//!
//! An [`Observer`] is shown every secret that a role was handed or computed, with where it comes from. No node needs one; the
//! analysis of thefts attaches a [`View`], and so reads what was really there.
//!
//! # Synopsis
//!
//! A payer and a receiver with a channel between them; `examples/forwarder.rs` has a node between, `examples/receiver.rs` a crash.
//!
//! ```
//! use pointlock::curve::{Keypair, SecretScalar};
//! use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
//! use pointlock::invoice::{ChainHash, StaticInvoiceBuilder};
//! use pointlock::lock::LockSecret;
//! use pointlock::payment::*;
//!
//! // The receiver publishes one invoice.
//! let key = Keypair::from_secret_bytes(&[2; 32])?;
//! let z = SecretScalar::from_bytes(&[9; 32])?;
//! let invoice = StaticInvoiceBuilder::new(z.to_point(), 1_750_000_000)
//!     .interim_route(&[key.public_key()])
//!     .sign(&key, &[0; 32])?;
//! let mut receiver = Receiver::new(ReceiverConfig {
//!     node_key: key.secret_key().clone(),
//!     min_final_delta: 36,
//!     deadlines: Deadlines::for_channels(),
//!     height: 900_000,
//!     unix_time: 1_750_000_000,
//! })?;
//! let (secret, paths) = (LockSecret::Scalar(z), ReceiverPaths::default());
//! receiver.apply(&ReceiverEvent::Published { invoice: invoice.clone(), secret, paths })?;
//!
//! // A payer pays it. The driver offers what the sender asks for, and tells both sides once it stands.
//! let mut sender = Sender::new();
//! let part = PartOrder {
//!     amount_msat: 50_000,
//!     forwarders: vec![],
//!     tail: Tail::Receiver,
//!     seed: AttemptSeed::new([7; 32]), // 32 fresh bytes, for this attempt alone
//! };
//! let mut actions = sender.apply(&SenderEvent::Pay(Payment {
//!     payee: Payee::Known(key.public_key()),
//!     chain: ChainHash::BITCOIN,
//!     invoice,
//!     amount_msat: 50_000,
//!     rate: None,
//!     parts: vec![part],
//!     min_final_delta: 36,
//!     hold: None,
//!     hop_blinds: HopBlinds::Derived,
//!     cancellable: None,
//!     height: 900_000,
//!     unix_time: 1_750_000_001,
//!     payer: None,
//! }))?.actions;
//! let Some(SenderAction::Offer { attempt, proposal }) = actions.pop() else { unreachable!() };
//! let id = EdgeId::in_channel([3; 32], Direction::FromNode1, 0);
//! let Proposal { amount_msat, expiry, lock, packet, path_key, .. } = proposal;
//! let edge = Edge { id, amount_msat, expiry, lock };
//! sender.apply(&SenderEvent::OutgoingCommitted { attempt, edge })?;
//! let edge = IncomingEdge::dangerous_committed(edge); // the channel layer vouches for it
//! let actions = receiver.apply(&ReceiverEvent::IncomingCommitted { edge, path_key, packet })?.actions;
//! assert!(matches!(actions[..], [ReceiverAction::Claimable { .. }]));
//!
//! // The receiver gives its secret away, and the payer ends with z.
//! let mut actions = receiver.apply(&ReceiverEvent::Claiming { incoming: id })?.actions;
//! let Some(ReceiverAction::Claim { secret, .. }) = actions.pop() else { unreachable!() };
//! let actions = sender.apply(&SenderEvent::OutgoingFulfilled { outgoing: id, secret })?.actions;
//! assert!(matches!(actions[..], [SenderAction::Paid { .. }]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - A driver that reports an incoming edge as committed which can still be revoked: a forwarder then pays out of its own
//!   pocket. One that reports an outgoing edge after its signature has left: a crash in between forgets it.
//! - A driver that does not watch for claims which are not in a block yet: one that is replaced has shown its secret all the same, to
//!   everybody but this node.
//! - A seed ([`AttemptSeed`]) that is used twice: all y's of two attempts are the same.
//! - With k-time payment points, a [`ClaimStore`](crate::claims::ClaimStore) that forgets: the receiver then claims more than
//!   k times. A payment that was released and finds no slot any more fails back.
//! - A node whose [`RouteHop::features`] are not those that it announces: it fails what it can't hold, and the payer has waited for nothing.
//! - A receiver that claims a part before the others are there, or two payments under the same x.
//! - A path, an announcement or an answer over nodes that are watched: who talks to whom, and when, is not hidden by what is said.
//! - Losing the kept pre-signatures of an outgoing edge: the driver can't turn the claim into the lock secret.
//!
//! # References
//!
//! [BOLT 2](https://github.com/lightning/bolts/blob/master/02-peer-protocol.md) for commitment and
//! [BOLT 4](https://github.com/lightning/bolts/blob/master/04-onion-routing.md) for packets, paths, messages and failures; the bytes of our own
//! fields are in `docs/wire.md`. Corallo, [Async payments](https://lists.linuxfoundation.org/pipermail/lightning-dev/2021-October/003307.html);
//! [trampoline routing](https://github.com/lightning/bolts/pull/836);
//! [Stuckless Payments](https://lists.linuxfoundation.org/pipermail/lightning-dev/2019-June/002029.html).

mod deadlines;
mod ended;
mod error;
mod failure;
mod forwarder;
mod intake;
mod journaled;
mod keysend;
mod leg;
mod limiter;
mod message;
mod node;
mod paths;
mod paying;
mod payload;
mod proposal;
mod published;
mod receiver;
mod record;
mod recovery;
mod role;
mod route;
mod seed;
mod sender;
mod view;

pub use deadlines::{Deadlines, Settling};
pub use error::{
    ConfigError, EdgeError, ForwarderError, HeightError, MessageError, OrderError, PayloadError,
    PublishError, ReceiverError, Refusal, RouteError, SenderError,
};
pub use failure::{FailureMessage, FailureReply};
pub use forwarder::{Forwarder, ForwarderAction, ForwarderConfig, ForwarderEvent};
pub use journaled::{Answers, Journaled, JournaledError};
pub use leg::HopBlinds;
pub use limiter::MessageLimiter;
pub use message::{
    AvailableHold, Handover, HeldAvailable, PtlcArrived, ReleaseHeld, SealedAnnouncement,
    WithheldShare,
};
pub use node::{Node, NodeAction, NodeConfig, NodeError, NodeEvent, OfferOrigin};
pub use paths::{MessagePath, PathRelay, ReceiverPath, ReceiverPaths};
pub use payload::{
    FinalPayload, ForwardPayload, HoldOrder, InnerPayload, Keysend, OuterPayload, PartShare,
    PayerPayload, Payload, PaymentData, PaymentSecret, Recipient, TrampolinePayload, Tweak,
    Withheld,
};
pub use proposal::Proposal;
pub use receiver::{Receiver, ReceiverAction, ReceiverConfig, ReceiverEvent};
pub use recovery::{Era, InvoiceNumber, InvoiceSeed, ReceiverSeed, RecoveryError, UsedNumbers};
pub use role::{Reaction, Recorded, Role};
pub use route::{EdgeTerms, ForwardingPolicy, Route, RouteHop};
pub use seed::{AttemptId, AttemptSeed, PayerSeed, PaymentId};
pub use sender::{
    ArrivalPath, HoldPlan, PartOrder, Payee, Payer, Payment, Sender, SenderAction, SenderEvent,
    Tail,
};
pub use view::{KnownSecret, Observer, SecretSource, Unobserved, View};

use crate::invoice::{InvoiceError, PaymentLock, StaticInvoice};
use crate::lock::Lock;

/// The lock that every payment of this invoice ends in; None for a polynomial, where each payer has another.
fn static_lock(invoice: &StaticInvoice) -> Result<Option<Lock>, InvoiceError> {
    Ok(match invoice.require_lock()? {
        PaymentLock::Hash(hash) => Some(Lock::Hash(*hash)),
        PaymentLock::Points(_) => invoice.payment_point().map(Lock::Point),
    })
}
