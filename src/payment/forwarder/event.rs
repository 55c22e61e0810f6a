//! How a forwarder is set up, what it is told, and what it wants done.

use alloc::vec::Vec;

use super::super::{
    AttemptSeed, Deadlines, FailureMessage, FailureReply, ForwardingPolicy, Proposal, Recipient,
    Refusal, RouteHop,
};
use crate::curve::{Point, SecretScalar};
use crate::edge::{Edge, EdgeId, IncomingEdge};
use crate::hold::{HoldId, Limits};
use crate::lock::LockSecret;
use crate::onion::Packet;
use crate::onion::blinded::{NextPeer, OnionMessage};
use crate::wire::IntroductionNode;

/// How a forwarder is set up.
#[derive(Clone, Debug)]
pub struct ForwarderConfig {
    /// The key of its node id.
    pub node_key: SecretScalar,
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
    /// Blocks it expects the receiver to need.
    pub hold_min_final_delta: u32,
    /// The height at which it starts.
    pub height: u32,
}

/// What a forwarder is told.
#[derive(Debug)]
pub enum ForwarderEvent {
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
    /// The way that was asked for with [`ForwarderAction::FindRoute`].
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
    /// The driver is about to send a signature that covers the offered edge, or to fund its contract. From here on the edge counts as
    /// committed. If the role refuses, nothing may be sent.
    OutgoingCommitted {
        /// The incoming edge.
        incoming: EdgeId,
        /// The outgoing one.
        edge: Edge,
    },
    /// The secret of the outgoing edge is known: the next node told it, or the driver found it in a claim, in a block or not yet. A claim
    /// that is replaced before it confirms has shown its secret all the same.
    OutgoingFulfilled {
        /// The outgoing edge.
        outgoing: EdgeId,
        /// The secret.
        secret: LockSecret,
    },
    /// The outgoing edge is irrevocably gone from its channel, or was never funded, and was not claimed.
    OutgoingFailed {
        /// The outgoing edge.
        outgoing: EdgeId,
        /// What the neighbour said, if it said anything.
        failure: Option<FailureMessage>,
    },
    /// This node's refund of the outgoing edge is in a block, or the edge had no output in what was confirmed.
    OutgoingTakenBack {
        /// The outgoing edge.
        outgoing: EdgeId,
        /// The height of the block.
        height: u32,
    },
    /// The edge that was to be offered is not, and no signature for it has gone: the next node is away, or refuses, or the offer was
    /// to be withdrawn.
    OfferFailed {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// The incoming edge is irrevocably gone from its channel: its secret was taken.
    IncomingClaimed {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// This node's claim of the incoming edge is in a block.
    ClaimConfirmed {
        /// The incoming edge.
        incoming: EdgeId,
        /// The height of the block.
        height: u32,
    },
    /// The other side has taken the incoming edge back, in a block.
    IncomingTakenBack {
        /// The incoming edge.
        incoming: EdgeId,
        /// The height of the block.
        height: u32,
    },
    /// The driver is about to give the failure of the incoming edge to its channel, which can't be taken back. If the forwarder refuses, the
    /// secret has come meanwhile: then it must not. The failure is pending until [`IncomingFailed`](Self::IncomingFailed), so that one which a
    /// crash has kept from the channel is given again.
    FailGiven {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// The incoming edge is irrevocably gone from its channel, as this node wished.
    IncomingFailed {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// An onion message arrived: to be passed on, or a `handover`, or a `release_held_ptlc`.
    MessageReceived {
        /// The message.
        message: OnionMessage,
        /// 32 bytes of fresh entropy, for what is sent because of it.
        entropy: [u8; 32],
    },
    /// Send the announcement of a hold again. The driver says so at random intervals, of a minute on average, for each of
    /// [`Ledger::announced`](crate::hold::Ledger::announced), so that nobody can tell from the time whose it is. Changes nothing.
    Announce {
        /// The hold. Nothing is sent for one that does not wait any more.
        hold: HoldId,
        /// 32 bytes of fresh entropy, for this message alone.
        entropy: [u8; 32],
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
}

/// What a forwarder wants done. What no event has confirmed, [`Role::pending`](super::super::Role::pending) gives again.
#[derive(Debug)]
pub enum ForwarderAction {
    /// Offer an edge to the next node.
    Offer {
        /// The incoming edge that it forwards.
        incoming: EdgeId,
        /// The offer.
        proposal: Proposal,
    },
    /// Offer it no more: it is too late. The driver says [`ForwarderEvent::OfferFailed`] once no signature can be sent any more.
    Withdraw {
        /// The incoming edge that was to be forwarded.
        incoming: EdgeId,
    },
    /// Find a route from this node, as the sender has left that to it, and say so with [`ForwarderEvent::RouteFound`].
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
    /// Claim the incoming edge, in its channel if that can be.
    Claim {
        /// The incoming edge.
        incoming: EdgeId,
        /// What opens it.
        secret: LockSecret,
    },
    /// Claim the incoming edge on the chain: its neighbour has not taken the secret, and the expiry is near.
    ClaimOnChain {
        /// The incoming edge.
        incoming: EdgeId,
        /// What opens it.
        secret: LockSecret,
    },
    /// The secret came after the failure was given, or after the other side took the edge back. If an output of the edge stands on the
    /// chain, claim it; else there is nothing to do but to tell the operator.
    SecretLate {
        /// The incoming edge.
        incoming: EdgeId,
        /// What would open it.
        secret: LockSecret,
    },
    /// Fail the incoming edge.
    Fail {
        /// The incoming edge.
        incoming: EdgeId,
        /// Why, for this node's operator.
        reason: Refusal,
        /// Why, for the sender. How long the edge was held, the driver adds.
        failure: FailureReply,
    },
    /// Go on the chain with the outgoing edge and take its money back: its expiry is past, and the grace with it.
    TimeOut {
        /// The outgoing edge.
        outgoing: EdgeId,
    },
    /// Pay more for what is to end the outgoing edge on the chain: the incoming one expires soon. Given with every block.
    RaiseFees {
        /// The outgoing edge.
        outgoing: EdgeId,
    },
    /// Pass an onion message on. If the next node is away, this one may keep it until it is back.
    SendMessage {
        /// The next node.
        to: NextPeer,
        /// The message.
        message: OnionMessage,
    },
    /// Tell the receiver of a hold that it waits. Not given out again after a crash: the driver says when to announce.
    Announce {
        /// Where the path to the receiver begins. A node that is no peer of it connects to it; one that is itself that node gives itself
        /// the message.
        to: IntroductionNode,
        /// The message.
        message: OnionMessage,
    },
    /// Nothing to do: a release was refused. For the log of an operator.
    ReleaseRefused {
        /// Why, with the hold.
        reason: Refusal,
    },
}
