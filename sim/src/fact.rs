use pointlock::edge::EdgeId;
use pointlock::invoice::InvoiceId;
use pointlock::lock::LockSecret;
use pointlock::payment::{AttemptId, PaymentId, Refusal};

use crate::Who;

/// Something that has happened, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// The height of the last block then.
    pub height: u32,
    /// What.
    pub fact: Fact,
}

/// What can happen.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A contract stands.
    Offered {
        /// The offerer.
        by: Who,
        /// The edge.
        edge: EdgeId,
    },
    /// A claim was made, and put before the chain.
    Claimed {
        /// The claimer.
        by: Who,
        /// The edge.
        edge: EdgeId,
        /// What its role has given it for that.
        secret: LockSecret,
        /// What the claim pays out, in satoshi.
        sat: u64,
    },
    /// A role wanted to claim a contract that was gone.
    ClaimedTooLate {
        /// The claimer.
        by: Who,
        /// The edge.
        edge: EdgeId,
    },
    /// A secret came after the failure was given, or after the contract was taken back.
    SecretLate {
        /// The claimer.
        by: Who,
        /// The edge.
        edge: EdgeId,
    },
    /// An offer was withdrawn, since it was too late for it.
    Withdrawn {
        /// The offerer.
        by: Who,
    },
    /// A contract was failed back by its claimer.
    Failed {
        /// The claimer.
        by: Who,
        /// The edge.
        edge: EdgeId,
        /// Why.
        reason: Refusal,
    },
    /// The expiry was reached, and the offerer has taken its money back.
    TakenBack {
        /// The offerer.
        by: Who,
        /// The edge.
        edge: EdgeId,
    },
    /// A sender has sent an onion message: a sealed announcement to its holder, or the last share to the receiver.
    Mailed {
        /// The sender.
        by: Who,
        /// Where the path begins.
        to: Who,
    },
    /// A holder has sent the announcement of a hold to the receiver.
    Announced {
        /// The holder.
        by: Who,
        /// Where the path begins.
        to: Who,
    },
    /// An onion message was passed on.
    PassedOn {
        /// The relay.
        by: Who,
        /// The next node.
        to: Who,
    },
    /// The receiver has sent an onion message: a release, or word that all parts are there.
    Answered {
        /// Where the path begins.
        to: Who,
    },
    /// A release was refused.
    ReleaseRefused {
        /// Who refuses.
        by: Who,
        /// Why.
        reason: Refusal,
    },
    /// A node has found the rest of a route, over so many nodes to the end of what it has to find.
    RouteFound {
        /// The node.
        by: Who,
        /// Its incoming edge.
        incoming: EdgeId,
        /// The receiver, or the introduction node of the receiver's path.
        end: Who,
        /// How many stand between.
        between: usize,
    },
    /// The points of an invoice are used up.
    Replace {
        /// The invoice.
        invoice: InvoiceId,
    },
    /// A payment has arrived, and its sender knows it.
    Paid {
        /// The sender.
        by: Who,
        /// The payment.
        payment: PaymentId,
        /// What it ends with.
        secret: LockSecret,
    },
    /// An attempt has failed.
    AttemptFailed {
        /// The sender.
        by: Who,
        /// The attempt.
        attempt: AttemptId,
        /// Who failed it, from 0 for N_1, and BOLT 4's code, as far as the sender can read it.
        failure: Option<(usize, u16)>,
    },
    /// A payment has failed, or was cancelled.
    PaymentFailed {
        /// The sender.
        by: Who,
        /// The payment.
        payment: PaymentId,
    },
}
