//! How a forwarder is set up, what it is told, and what it wants done.

use alloc::vec::Vec;

use super::super::{
    AttemptSeed, FailureMessage, ForwardingPolicy, Proposal, Recipient, Refusal, RouteHop,
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
    /// What it holds at most.
    pub limits: Limits,
    /// Blocks it keeps between a release and the last moment to claim, for itself.
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
    /// The edge that was offered for an incoming one is irrevocably committed.
    OutgoingCommitted {
        /// The incoming edge.
        incoming: EdgeId,
        /// The outgoing one.
        edge: Edge,
    },
    /// The secret of the outgoing edge is known: the next node told it, or the driver found it in a claim on the chain.
    OutgoingFulfilled {
        /// The outgoing edge.
        outgoing: EdgeId,
        /// The secret.
        secret: LockSecret,
    },
    /// The outgoing edge is irrevocably gone, and was not claimed.
    OutgoingFailed {
        /// The outgoing edge.
        outgoing: EdgeId,
        /// What the neighbour said; nothing if the edge timed out.
        failure: Option<FailureMessage>,
    },
    /// The edge that was to be offered can't be: the next node is away, or refuses.
    OfferFailed {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// This node's claim of the incoming edge is confirmed, or its secret was taken.
    IncomingClaimed {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// The incoming edge is irrevocably gone, as this node wished.
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
    /// A new block.
    Block {
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
    /// Claim the incoming edge.
    Claim {
        /// The incoming edge.
        incoming: EdgeId,
        /// What opens it.
        secret: LockSecret,
    },
    /// Fail the incoming edge.
    Fail {
        /// The incoming edge.
        incoming: EdgeId,
        /// Why, for this node's operator.
        reason: Refusal,
        /// Why, for the sender.
        failure: FailureMessage,
    },
    /// Take the money of the outgoing edge back: its expiry is reached.
    TimeOut {
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
