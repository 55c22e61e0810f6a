//! How a node is set up, what it is told, and what it wants done.

use alloc::vec::Vec;

use thiserror::Error;

use super::super::{
    AttemptId, AttemptSeed, Deadlines, EdgeError, FailureMessage, FailureReply, ForwarderAction,
    ForwarderError, ForwardingPolicy, HeightError, MessageError, PartOrder, Payment, PaymentId,
    Proposal, ReceiverAction, ReceiverError, ReceiverPaths, Recipient, Refusal, RouteHop,
    SenderAction, SenderError,
};
use crate::curve::{Point, SecretScalar};
use crate::edge::{Edge, EdgeId, IncomingEdge};
use crate::hold::{HoldId, Limits};
use crate::invoice::ktime::PaymentPolynomial;
use crate::invoice::{InvoiceId, Rate, StaticInvoice};
use crate::lock::LockSecret;
use crate::onion::blinded::{NextPeer, OnionMessage};
use crate::onion::{Attribution, Failure, Packet};
use crate::wire::IntroductionNode;

/// How a node is set up.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The key of its node id.
    pub node_key: SecretScalar,
    /// The height at which it starts.
    pub height: u32,
    /// The time at which it starts, in seconds since 1970.
    pub unix_time: u64,
    /// What it asks for forwarding, over whichever channel.
    pub policy: ForwardingPolicy,
    /// How long a payment may wait.
    pub deadlines: Deadlines,
    /// What it holds at most.
    pub limits: Limits,
    /// Blocks it keeps between a release and the last moment to claim, for itself: at least its policy's delta and the grace.
    pub hold_safety_margin: u32,
    /// Blocks it expects the deltas of the route behind it to need.
    pub hold_deltas_ahead: u32,
    /// Blocks it expects the receiver of a held payment to need.
    pub hold_min_final_delta: u32,
    /// How many blocks it wants to have for a claim of its own: six more than its claim margin at least.
    pub min_final_delta: u32,
}

impl NodeConfig {
    /// For a node whose edges are in channels: a fee of 1,000 millisatoshi and 100 millionths, 60 blocks between the expiries of its two edges,
    /// and 36 blocks for a claim of its own. It expects the same 60 and 36 of the nodes behind a hold, and holds what [`Limits::default`]
    /// allows.
    pub fn for_channels(node_key: SecretScalar, height: u32, unix_time: u64) -> Self {
        let deadlines = Deadlines::for_channels();
        let policy = ForwardingPolicy {
            fee_base_msat: 1_000,
            fee_proportional_millionths: 100,
            cltv_expiry_delta: 60,
        };
        let min_final_delta = deadlines.claim_margin + 6;
        Self {
            node_key,
            height,
            unix_time,
            policy,
            deadlines,
            limits: Limits::default(),
            hold_safety_margin: policy.cltv_expiry_delta + deadlines.grace,
            hold_deltas_ahead: policy.cltv_expiry_delta,
            hold_min_final_delta: min_final_delta,
            min_final_delta,
        }
    }
}

/// For what an edge is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferOrigin {
    /// For a part of a payment of this node's own.
    Attempt(AttemptId),
    /// For an incoming edge, whose payment is forwarded.
    Incoming(EdgeId),
}

/// What a node is told.
#[derive(Debug)]
pub enum NodeEvent {
    /// An edge that pays this node is irrevocably committed.
    IncomingCommitted {
        /// The neighbour that offers it.
        from: Point,
        /// The edge.
        edge: IncomingEdge,
        /// What came with it for a node within a blinded path (BOLT 2: `path_key`).
        path_key: Option<Point>,
        /// The onion that came with it.
        packet: Packet,
    },
    /// An onion message arrived.
    MessageReceived {
        /// The message.
        message: OnionMessage,
        /// 32 bytes of fresh entropy, for the answer.
        entropy: [u8; 32],
    },
    /// The driver is about to send a signature that covers the offered edge, or to fund its contract. From here on the edge counts as
    /// committed. If the role refuses, nothing may be sent.
    OutgoingCommitted {
        /// For what.
        origin: OfferOrigin,
        /// The edge.
        edge: Edge,
    },
    /// An edge is not offered, and no signature for it has gone: the next node is away, or refuses, or the offer was to be withdrawn.
    OfferFailed {
        /// For what.
        origin: OfferOrigin,
    },
    /// The secret of an outgoing edge is known: the next node told it, or the driver found it in a claim, in a block or not yet.
    OutgoingFulfilled {
        /// The edge.
        outgoing: EdgeId,
        /// The secret.
        secret: LockSecret,
    },
    /// An outgoing edge is irrevocably gone from its channel, or was never funded, and was not claimed.
    OutgoingFailed {
        /// The edge.
        outgoing: EdgeId,
        /// What the neighbour said, if it said anything.
        failure: Option<FailureMessage>,
    },
    /// This node's refund of an outgoing edge is in a block, or the edge had no output in what was confirmed.
    OutgoingTakenBack {
        /// The edge.
        outgoing: EdgeId,
        /// The height of the block.
        height: u32,
    },
    /// The driver asks for the secret of an edge that is [`Claimable`](NodeAction::Claimable). From here on it counts as given away.
    Claiming {
        /// The edge.
        incoming: EdgeId,
    },
    /// An incoming edge is irrevocably gone from its channel: its secret was taken.
    IncomingClaimed {
        /// The edge.
        incoming: EdgeId,
    },
    /// This node's claim of an incoming edge is in a block.
    ClaimConfirmed {
        /// The edge.
        incoming: EdgeId,
        /// The height of the block.
        height: u32,
    },
    /// The other side has taken an incoming edge back, in a block.
    IncomingTakenBack {
        /// The edge.
        incoming: EdgeId,
        /// The height of the block.
        height: u32,
    },
    /// The driver is about to give the failure of an incoming edge to its channel, which can't be taken back. If the node refuses, the secret
    /// has come meanwhile: then it must not.
    FailGiven {
        /// The edge.
        incoming: EdgeId,
    },
    /// An incoming edge is irrevocably gone from its channel, as this node wished.
    IncomingFailed {
        /// The edge.
        incoming: EdgeId,
    },
    /// A new block, or several of which this is the highest.
    Block {
        /// Its height.
        height: u32,
    },
    /// The highest block is gone, and what was reported from it: the height is one less now.
    BlockDisconnected {
        /// Its height.
        height: u32,
    },
    /// A payment of this node's own that has arrived can be forgotten: whoever has to prove it has its proof.
    Forget {
        /// The payment.
        payment: PaymentId,
    },
    /// The time, by which invoices expire.
    Time {
        /// In seconds since 1970.
        unix_time: u64,
    },
    /// Pay.
    Pay(Payment),
    /// Try a part again, whose attempt has failed for good: over another route, with fresh secrets but the same share.
    Retry {
        /// The attempt that failed.
        attempt: AttemptId,
        /// The same part, with a fresh seed.
        order: PartOrder,
        /// The height now.
        height: u32,
    },
    /// Hand the announcement of a held payment of this node's own to its holder again.
    Announce {
        /// The payment.
        payment: PaymentId,
        /// Fresh entropy, for this message alone.
        seed: AttemptSeed,
    },
    /// Send the announcement of a hold again, which this node keeps for others. The driver says so at random intervals, of a minute on average, for each of
    /// [`Ledger::announced`](crate::hold::Ledger::announced). Changes nothing.
    AnnounceHold {
        /// The hold. Nothing is sent for one that does not wait any more.
        hold: HoldId,
        /// 32 bytes of fresh entropy, for this message alone.
        entropy: [u8; 32],
    },
    /// Cancel a payment that is stuck.
    Cancel {
        /// The payment.
        payment: PaymentId,
    },
    /// The way that was asked for with [`NodeAction::FindRoute`].
    RouteFound {
        /// The incoming edge.
        incoming: EdgeId,
        /// The forwarders between this node and the end of the route, maybe none.
        forwarders: Vec<RouteHop>,
        /// Fresh entropy, for this attempt alone.
        seed: AttemptSeed,
    },
    /// There is no way within the budget.
    NoRoute {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// The driver does not know the recipient's node, so it finds no route to it.
    UnknownRecipient {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// This invoice is in the world.
    Published {
        /// The invoice.
        invoice: StaticInvoice,
        /// What opens its lock: z, or the preimage.
        secret: LockSecret,
        /// What this node keeps of the invoice's blinded paths.
        paths: ReceiverPaths,
    },
    /// This invoice with k-time payment points is about to be in the world: it must not get out before this event was accepted.
    PublishedPolynomial {
        /// The invoice, which asks for a least amount.
        invoice: StaticInvoice,
        /// The polynomial of its points, made for it alone.
        polynomial: PaymentPolynomial,
        /// What this node keeps of the invoice's blinded paths.
        paths: ReceiverPaths,
    },
    /// This invoice with k-time payment points was published by an earlier life of this node, which is lost with its count of claims: its
    /// polynomial is entered as a retired one, in one step, so that nothing new is ever claimed under it.
    RestoredPolynomial {
        /// The invoice.
        invoice: StaticInvoice,
        /// The polynomial of its points.
        polynomial: PaymentPolynomial,
        /// What this node keeps of the invoice's blinded paths.
        paths: ReceiverPaths,
    },
    /// This plain static invoice is in the world: its payers draw the preimage.
    PublishedPlain {
        /// The invoice, with blinded paths.
        invoice: StaticInvoice,
        /// What this node keeps of them.
        paths: ReceiverPaths,
    },
    /// This invoice is not in the world any more: its payments are refused.
    Withdrawn {
        /// The invoice.
        invoice: InvoiceId,
    },
    /// What a currency is worth from now on, to this node when it is paid.
    RateGiven {
        /// The rate.
        rate: Rate,
    },
    /// The parts of a payment have been waited for long enough: the one on this edge and those that belong with it.
    PartsTimedOut {
        /// The edge.
        incoming: EdgeId,
    },
}

/// What a node wants done.
#[derive(Debug)]
pub enum NodeAction {
    /// Offer an edge to a neighbour.
    Offer {
        /// For what.
        origin: OfferOrigin,
        /// The offer.
        proposal: Proposal,
    },
    /// Offer an edge no more: it is too late. The driver says [`NodeEvent::OfferFailed`] once no signature can be sent any more.
    Withdraw {
        /// For what it was offered.
        origin: OfferOrigin,
    },
    /// A payment to this node is complete. The driver says [`NodeEvent::Claiming`] for this edge as soon as it can take its secret.
    Claimable {
        /// The edge.
        incoming: EdgeId,
    },
    /// Claim an incoming edge, in its channel if that can be.
    Claim {
        /// The edge.
        incoming: EdgeId,
        /// What opens it.
        secret: LockSecret,
    },
    /// Claim an incoming edge on the chain: its neighbour has not taken the secret, and the expiry is near.
    ClaimOnChain {
        /// The edge.
        incoming: EdgeId,
        /// What opens it.
        secret: LockSecret,
    },
    /// A secret came after the failure of its edge was given, or after the other side took the edge back. If an output of the edge stands
    /// on the chain, claim it; else there is nothing to do but to tell the operator.
    SecretLate {
        /// The edge.
        incoming: EdgeId,
        /// What would open it.
        secret: LockSecret,
    },
    /// Fail an incoming edge.
    Fail {
        /// The edge.
        incoming: EdgeId,
        /// Why, for this node's operator.
        reason: Refusal,
        /// Why, for the sender. How long the edge was held, the driver adds: [`FailureReply::after`].
        failure: FailureReply,
    },
    /// Go on the chain with an outgoing edge and take its money back: its expiry is past, and the grace with it.
    TimeOut {
        /// The edge.
        outgoing: EdgeId,
    },
    /// Pay more for what is to end an outgoing edge on the chain: the incoming one expires soon. Given with every block.
    RaiseFees {
        /// The edge.
        outgoing: EdgeId,
    },
    /// Send an onion message. A node that is no peer of where its path begins connects to it, and one that is itself where it begins gives
    /// itself the message.
    SendMessage {
        /// Where the path begins.
        to: IntroductionNode,
        /// The message.
        message: OnionMessage,
    },
    /// Pass an onion message on. If the next node is away, this one may keep it until it is back.
    PassOn {
        /// The next node.
        to: NextPeer,
        /// The message.
        message: OnionMessage,
    },
    /// Find a route from this node, as the sender has left that to it, and say so with [`NodeEvent::RouteFound`].
    FindRoute {
        /// The incoming edge.
        incoming: EdgeId,
        /// Who is paid; the route ends there, or at the introduction node of the path.
        to: Recipient,
        /// What has to arrive at the end of the route, in millisatoshi.
        amount_msat: u64,
        /// When the edge that arrives there has to expire at the earliest, a block height.
        expiry: u32,
        /// What this node may lock for the first node of the route at most, in millisatoshi.
        max_amount_msat: u64,
        /// When that edge may expire at the latest, a block height.
        max_expiry: u32,
    },
    /// Nothing to do: a payment of this node's own arrived, and this is what it ends with.
    Paid {
        /// The payment.
        payment: PaymentId,
        /// z, z(x) or the preimage.
        secret: LockSecret,
    },
    /// An attempt failed, and its money is back.
    AttemptFailed {
        /// The payment.
        payment: PaymentId,
        /// The attempt.
        attempt: AttemptId,
        /// Who failed it and why, as far as that can be read. The hop is counted from 0 for N_1.
        failure: Option<Failure>,
        /// How long each hop has held it, and who has changed the failure on its way; None where the first node tells nothing.
        attribution: Option<Attribution>,
    },
    /// Nothing to do: a payment of this node's own failed, or was cancelled.
    PaymentFailed {
        /// The payment.
        payment: PaymentId,
    },
    /// Publish an invoice with a fresh polynomial in place of this one, which has no slot left.
    Replace {
        /// The invoice.
        invoice: InvoiceId,
    },
    /// Nothing to do: a release was refused, for the log of an operator.
    ReleaseRefused {
        /// Why.
        reason: Refusal,
    },
}

/// Why a node refuses an event. Nothing has changed, unless it is a store that failed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NodeError {
    /// No role has such an edge, or it was reported before.
    #[error(transparent)]
    Edge(#[from] EdgeError),
    /// A message is refused.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// Its sender refuses.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// Its forwarder refuses.
    #[error(transparent)]
    Forwarder(#[from] ForwarderError),
    /// Its receiver refuses.
    #[error(transparent)]
    Receiver(#[from] ReceiverError),
    /// A block is not the next one.
    #[error(transparent)]
    Height(#[from] HeightError),
}

impl From<SenderAction> for NodeAction {
    fn from(action: SenderAction) -> Self {
        match action {
            SenderAction::Offer { attempt, proposal } => {
                Self::Offer { origin: OfferOrigin::Attempt(attempt), proposal }
            }
            SenderAction::Withdraw { attempt } => {
                Self::Withdraw { origin: OfferOrigin::Attempt(attempt) }
            }
            SenderAction::SendMessage { to, message } => Self::SendMessage { to, message },
            SenderAction::Paid { payment, secret } => Self::Paid { payment, secret },
            SenderAction::AttemptFailed { payment, attempt, failure, attribution } => {
                Self::AttemptFailed { payment, attempt, failure, attribution }
            }
            SenderAction::Failed { payment } => Self::PaymentFailed { payment },
            SenderAction::TimeOut { outgoing } => Self::TimeOut { outgoing },
        }
    }
}

impl From<ForwarderAction> for NodeAction {
    fn from(action: ForwarderAction) -> Self {
        match action {
            ForwarderAction::Offer { incoming, proposal } => {
                Self::Offer { origin: OfferOrigin::Incoming(incoming), proposal }
            }
            ForwarderAction::FindRoute {
                incoming,
                to,
                amount_msat,
                expiry,
                max_amount_msat,
                max_expiry,
            } => Self::FindRoute { incoming, to, amount_msat, expiry, max_amount_msat, max_expiry },
            ForwarderAction::Withdraw { incoming } => {
                Self::Withdraw { origin: OfferOrigin::Incoming(incoming) }
            }
            ForwarderAction::Claim { incoming, secret } => Self::Claim { incoming, secret },
            ForwarderAction::ClaimOnChain { incoming, secret } => {
                Self::ClaimOnChain { incoming, secret }
            }
            ForwarderAction::SecretLate { incoming, secret } => {
                Self::SecretLate { incoming, secret }
            }
            ForwarderAction::RaiseFees { outgoing } => Self::RaiseFees { outgoing },
            ForwarderAction::Fail { incoming, reason, failure } => {
                Self::Fail { incoming, reason, failure }
            }
            ForwarderAction::TimeOut { outgoing } => Self::TimeOut { outgoing },
            ForwarderAction::SendMessage { to, message } => Self::PassOn { to, message },
            ForwarderAction::Announce { to, message } => Self::SendMessage { to, message },
            ForwarderAction::ReleaseRefused { reason } => Self::ReleaseRefused { reason },
        }
    }
}

impl From<ReceiverAction> for NodeAction {
    fn from(action: ReceiverAction) -> Self {
        match action {
            ReceiverAction::SendMessage { to, message } => Self::SendMessage { to, message },
            ReceiverAction::ReleaseRefused { reason } => Self::ReleaseRefused { reason },
            ReceiverAction::Claimable { incoming } => Self::Claimable { incoming },
            ReceiverAction::Claim { incoming, secret } => Self::Claim { incoming, secret },
            ReceiverAction::ClaimOnChain { incoming, secret } => {
                Self::ClaimOnChain { incoming, secret }
            }
            ReceiverAction::SecretLate { incoming, secret } => {
                Self::SecretLate { incoming, secret }
            }
            ReceiverAction::Replace { invoice } => Self::Replace { invoice },
            ReceiverAction::Fail { incoming, reason, failure } => {
                Self::Fail { incoming, reason, failure }
            }
        }
    }
}
