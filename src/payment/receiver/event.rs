//! How a receiver is set up, what it is told, and what it wants done.

use super::super::{Deadlines, FailureReply, ReceiverPaths, Refusal};
use crate::curve::{Point, SecretScalar};
use crate::edge::{EdgeId, IncomingEdge};
use crate::invoice::ktime::PaymentPolynomial;
use crate::invoice::{InvoiceId, Rate, StaticInvoice};
use crate::lock::LockSecret;
use crate::onion::Packet;
use crate::onion::blinded::OnionMessage;
use crate::wire::IntroductionNode;

/// How a receiver is set up.
#[derive(Clone, Debug)]
pub struct ReceiverConfig {
    /// The key of its node id.
    pub node_key: SecretScalar,
    /// How many blocks it wants to have for its claim: six more than its claim margin at least.
    pub min_final_delta: u32,
    /// How long a payment may wait.
    pub deadlines: Deadlines,
    /// The height at which it starts.
    pub height: u32,
    /// The time at which it starts, in seconds since 1970.
    pub unix_time: u64,
}

/// What a receiver is told.
#[derive(Debug)]
pub enum ReceiverEvent {
    /// This invoice is in the world.
    Published {
        /// The invoice.
        invoice: StaticInvoice,
        /// What opens its lock: z, or the preimage.
        secret: LockSecret,
        /// What this node keeps of the invoice's blinded paths.
        paths: ReceiverPaths,
    },
    /// This invoice with k-time payment points is in the world, or about to be: it must not get out before this event
    /// was accepted.
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
    /// This plain static invoice is in the world: one without a lock of the receiver's, whose payers draw the preimage, as LDK's do.
    PublishedPlain {
        /// The invoice, with blinded paths.
        invoice: StaticInvoice,
        /// What this node keeps of them.
        paths: ReceiverPaths,
    },
    /// This invoice is not in the world any more: its payments are refused as those of an invoice that never was, and it can't be
    /// published again. Its polynomial stays in the book, retired.
    Withdrawn {
        /// The invoice.
        invoice: InvoiceId,
    },
    /// What a currency is worth from now on. An invoice in a currency can be published when there is a rate for it, and is paid with
    /// what it is worth at the rate of the day when the payment comes.
    RateGiven {
        /// The rate.
        rate: Rate,
    },
    /// An onion message arrived, or waited: the announcement of a held payment, or the last share of a cancellable one.
    MessageReceived {
        /// The message.
        message: OnionMessage,
        /// 32 bytes of fresh entropy, for the answer.
        entropy: [u8; 32],
    },
    /// An edge that pays this node is irrevocably committed.
    IncomingCommitted {
        /// The edge.
        edge: IncomingEdge,
        /// What came with it behind the introduction node of a blinded path (BOLT 2: `path_key`).
        path_key: Option<Point>,
        /// The onion that came with it.
        packet: Packet,
    },
    /// The parts of a payment have been waited for long enough: the one of this edge and those that belong with it. BOLT 4
    /// gives them 60 seconds; a driver without a clock counts blocks.
    PartsTimedOut {
        /// The edge.
        incoming: EdgeId,
    },
    /// The driver asks for the secret of an edge that is [`Claimable`](ReceiverAction::Claimable). From here on the secret counts as given away: it
    /// comes with the action, once this event is written. If the receiver refuses, it is too late, and the secret stays here.
    Claiming {
        /// The edge.
        incoming: EdgeId,
    },
    /// The driver is about to give the failure of an edge to its channel, which can't be taken back.
    FailGiven {
        /// The edge.
        incoming: EdgeId,
    },
    /// The edge is irrevocably gone from its channel: claimed, or failed as this node wished.
    Settled {
        /// The edge.
        incoming: EdgeId,
    },
    /// This node's claim of the edge is in a block.
    ClaimConfirmed {
        /// The edge.
        incoming: EdgeId,
        /// The height of the block.
        height: u32,
    },
    /// The other side has taken the edge back, in a block.
    IncomingTakenBack {
        /// The edge.
        incoming: EdgeId,
        /// The height of the block.
        height: u32,
    },
    /// The time, by which invoices expire.
    Time {
        /// In seconds since 1970.
        unix_time: u64,
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

/// What a receiver wants done.
#[derive(Debug)]
pub enum ReceiverAction {
    /// Send a `release_held_ptlc` along its path, or a `ptlc_arrived`. The first is not given out again after a crash: the holder asks again.
    SendMessage {
        /// Where the path begins. A node that is no peer of it connects to it.
        to: IntroductionNode,
        /// The message.
        message: OnionMessage,
    },
    /// Nothing to do: the payment can't be released, since it could not be claimed. It will be announced again. For the eyes of an operator,
    /// and no place that a stranger could fill.
    ReleaseRefused {
        /// Why.
        reason: Refusal,
    },
    /// The payment is complete. The driver says [`ReceiverEvent::Claiming`] for this edge as soon as it can take its secret: no secret leaves the
    /// receiver before that is written.
    Claimable {
        /// The edge.
        incoming: EdgeId,
    },
    /// Claim the edge, in its channel if that can be.
    Claim {
        /// The edge.
        incoming: EdgeId,
        /// What opens it.
        secret: LockSecret,
    },
    /// Claim the edge on the chain: its neighbour has not taken the secret, and the expiry is near.
    ClaimOnChain {
        /// The edge.
        incoming: EdgeId,
        /// What opens it.
        secret: LockSecret,
    },
    /// The other side has taken the edge back, though its secret was given away. There is nothing to do but to tell the operator.
    SecretLate {
        /// The edge.
        incoming: EdgeId,
        /// What would open it.
        secret: LockSecret,
    },
    /// Publish an invoice with a fresh polynomial in place of this one: it has no slot left, and the payments that still
    /// come are refused.
    Replace {
        /// The invoice.
        invoice: InvoiceId,
    },
    /// Fail the edge.
    Fail {
        /// The edge.
        incoming: EdgeId,
        /// Why, for this node's operator.
        reason: Refusal,
        /// Why, for the sender. How long the edge was held, the driver adds.
        failure: FailureReply,
    },
}
