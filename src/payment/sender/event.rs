//! What a sender is told, and what it wants done.

use alloc::vec::Vec;

use super::super::{AttemptId, AttemptSeed, FailureMessage, PaymentId, Proposal};
use super::{PartOrder, Payment};
use crate::edge::{Edge, EdgeId};
use crate::lock::LockSecret;
use crate::onion::blinded::OnionMessage;
use crate::onion::{Attribution, Failure};
use crate::wire::IntroductionNode;

/// What a sender is told.
#[derive(Debug)]
pub enum SenderEvent {
    /// Pay.
    Pay(Payment),
    /// Try a part again, whose attempt has failed for good while others are under way: over another route, with fresh secrets
    /// but the same share.
    Retry {
        /// The attempt that failed.
        attempt: AttemptId,
        /// The same part, with a fresh seed.
        order: PartOrder,
        /// The height now.
        height: u32,
    },
    /// Seal the announcement of a held payment anew and hand it to the holder again: when the one before may have got lost, or reached the
    /// holder before the hold did. A sender whose neighbour holds has no need of it.
    Announce {
        /// The payment.
        payment: PaymentId,
        /// Fresh entropy, for this message alone.
        seed: AttemptSeed,
    },
    /// A message came along an [`ArrivalPath`](super::ArrivalPath): the sender's node has peeled it.
    MessageReceived {
        /// The `path_id`.
        path_id: Vec<u8>,
        /// The TLV stream: a `ptlc_arrived`.
        payload: Vec<u8>,
    },
    /// Cancel a payment that is stuck. Its edges end when they fail or expire; nobody can claim them, so it can be made again
    /// at once, with fresh secrets.
    Cancel {
        /// The payment.
        payment: PaymentId,
    },
    /// The driver is about to send a signature that covers the first edge, or to fund its contract. From here on the edge counts as
    /// committed. If the role refuses, nothing may be sent.
    OutgoingCommitted {
        /// The attempt.
        attempt: AttemptId,
        /// The edge.
        edge: Edge,
    },
    /// The first edge is not offered, and no signature for it has gone: the first node is away, or refuses, or the offer was to be
    /// withdrawn.
    OfferFailed {
        /// The attempt.
        attempt: AttemptId,
    },
    /// The secret of the edge is known: the first node told it, or the driver found it in a claim, in a block or not yet.
    OutgoingFulfilled {
        /// The edge.
        outgoing: EdgeId,
        /// The secret.
        secret: LockSecret,
    },
    /// The edge is irrevocably gone from its channel, or was never funded, and was not claimed.
    OutgoingFailed {
        /// The edge.
        outgoing: EdgeId,
        /// What the neighbour said, if it said anything.
        failure: Option<FailureMessage>,
    },
    /// This node's refund of the edge is in a block, or the edge had no output in what was confirmed.
    OutgoingTakenBack {
        /// The edge.
        outgoing: EdgeId,
        /// The height of the block.
        height: u32,
    },
    /// A payment that has arrived can be forgotten: whoever has to prove it has its proof.
    Forget {
        /// The payment.
        payment: PaymentId,
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

/// What a sender wants done.
#[derive(Debug)]
pub enum SenderAction {
    /// Offer an edge to the first node.
    Offer {
        /// The attempt.
        attempt: AttemptId,
        /// The offer.
        proposal: Proposal,
    },
    /// Offer it no more: it is too late. The driver says [`SenderEvent::OfferFailed`] once no signature can be sent any more.
    Withdraw {
        /// The attempt.
        attempt: AttemptId,
    },
    /// Send a `handover` to the holder, after which the sender may go offline; or a `withheld_share` to the receiver, along a path of its
    /// invoice.
    SendMessage {
        /// Where the path begins. A node that is no peer of it connects to it.
        to: IntroductionNode,
        /// The message.
        message: OnionMessage,
    },
    /// The payment arrived. Nothing to do but to tell its owner: it is given out again after a crash until [`SenderEvent::Forget`].
    Paid {
        /// The payment.
        payment: PaymentId,
        /// z or the preimage: that the receiver, or somebody who paid it before, was paid. Or z(x): that this payer paid,
        /// which [`Sender::prove`](super::Sender::prove) turns into a proof.
        secret: LockSecret,
    },
    /// The attempt failed, and its money is back. While others of its payment are under way it can be tried again.
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
    /// Nothing to do: the payment failed, and all money is back; or it was cancelled, and its money comes back.
    Failed {
        /// The payment.
        payment: PaymentId,
    },
    /// Go on the chain with the edge and take its money back: its expiry is past, and the grace with it.
    TimeOut {
        /// The edge.
        outgoing: EdgeId,
    },
}
