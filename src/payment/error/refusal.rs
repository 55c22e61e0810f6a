use alloc::boxed::Box;
use alloc::string::String;

use thiserror::Error;

use super::PayloadError;
use crate::async_payments::AsyncPaymentsError;
use crate::claims::ClaimError;
use crate::hold::{HoldError, HoldId};
use crate::invoice::InvoiceError;
use crate::invoice::ktime::KtimeError;
use crate::lock::LockError;
use crate::onion::OnionError;
use crate::onion::blinded::BlindingError;

/// Why a node fails a payment back. The payment ends; nobody loses anything.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The packet is wrong, or was here before.
    #[error("onion: {0}")]
    Onion(#[from] OnionError),
    /// The packet is wrong, or what it says at a hop of a blinded path.
    #[error("blinded path: {0}")]
    Blinding(#[from] BlindingError),
    /// The payload is wrong.
    #[error("payload: {0}")]
    Payload(#[from] PayloadError),
    /// The payload is a forwarder's and the packet ends here, or the other way round.
    #[error("payload and packet disagree on whether the route ends here")]
    RouteEnd,
    /// The incoming amount does not pay the fee.
    #[error("fee: {offered_msat} msat offered, {required_msat} msat asked")]
    FeeInsufficient {
        /// Incoming less outgoing amount, in millisatoshi; zero when it is less.
        offered_msat: u64,
        /// The node's fee, in millisatoshi.
        required_msat: u64,
    },
    /// The outgoing edge would not end early enough before the incoming one.
    #[error("expiry: {offered} blocks between incoming and outgoing, {required} asked")]
    ExpiryDelta {
        /// When the incoming edge expires, a block height.
        expiry: u32,
        /// Blocks between the two expiries; zero when they are the wrong way round.
        offered: u32,
        /// The node's delta, in blocks.
        required: u32,
    },
    /// The outgoing edge would end too soon.
    #[error("expiry: height {expiry}, but at least {required} is needed")]
    ExpiryTooSoon {
        /// The expiry that was offered.
        expiry: u32,
        /// The lowest that is accepted.
        required: u32,
    },
    /// The edge would keep its place, and its money, for too long (BOLT 4, `expiry_too_far`).
    #[error("expiry: height {expiry}, but at most {most} is taken")]
    ExpiryTooFar {
        /// The expiry that was offered.
        expiry: u32,
        /// The highest that is accepted.
        most: u32,
    },
    /// The edge was not offered further, or not claimed, while there was time for it.
    #[error("expiry: height {expiry}, too near now that it is {height}")]
    TimeIsUp {
        /// When the edge expires.
        expiry: u32,
        /// The height now.
        height: u32,
    },
    /// The receiver could not claim in time.
    #[error("expiry: height {expiry}, but the receiver needs at least {required}")]
    FinalExpiryTooSoon {
        /// The expiry that was offered.
        expiry: u32,
        /// The lowest that is accepted.
        required: u32,
    },
    /// This node found no way to the recipient within its budget.
    #[error("no route to the recipient")]
    NoRoute,
    /// This node does not know the recipient: asking it again is in vain.
    #[error("the recipient is known to nobody here")]
    UnknownRecipient,
    /// A point lock without a blind, or a hash lock with one.
    #[error("blind: does not belong to this kind of lock")]
    TweakMismatch,
    /// The blind cancels the lock.
    #[error("lock: {0}")]
    Lock(#[from] LockError),
    /// The hold is refused.
    #[error(transparent)]
    Hold(#[from] HoldError),
    /// The receiver did not come back in time.
    #[error("hold {0}: cutoff height reached")]
    CutoffReached(HoldId),
    /// The receiver knows no invoice with this payment secret.
    #[error("payment_secret: belongs to no invoice")]
    UnknownPayment,
    /// The last edge has another lock than the payment point and Y, or the payment hash, give.
    #[error("lock: not the one that invoice and final blind give")]
    LockMismatch,
    /// The invoice has a polynomial and the payload no payer, or the other way round.
    #[error("payer_key: does not belong to this kind of invoice")]
    PayerMismatch,
    /// The invoice request that came with the payer's preimage is wrong, or for another offer.
    #[error("invoice_request: {0}")]
    InvoiceRequest(Box<AsyncPaymentsError>),
    /// The payload names another invoice than its payment secret belongs to.
    #[error("payer_invoice_id: not the invoice of payment_secret")]
    InvoiceMismatch,
    /// The payer's x, point or signature is wrong.
    #[error("payer: {0}")]
    Payer(#[from] KtimeError),
    /// The payment may not be claimed: its x was, or the polynomial has no slot left.
    #[error("claim: {0}")]
    Claim(#[from] ClaimError),
    /// The edge locks less than it should.
    #[error("amount: {offered_msat} msat, expected {expected_msat} msat")]
    AmountTooLow {
        /// What the edge locks, in millisatoshi.
        offered_msat: u64,
        /// What it should, in millisatoshi.
        expected_msat: u64,
    },
    /// The payment is above twice what the invoice asks for, or an edge locks more than twice what the sender says (BOLT 4, "Failure
    /// Messages"): nobody means that.
    #[error("amount: {offered_msat} msat, at most {most_msat} msat")]
    AmountTooHigh {
        /// What is offered, in millisatoshi.
        offered_msat: u64,
        /// The most that is taken, in millisatoshi.
        most_msat: u64,
    },
    /// The invoice may not be paid any more, or there is no rate for its currency.
    #[error("invoice: {0}")]
    Invoice(Box<InvoiceError>),
    /// The holds of an announcement have ended, or would end later than any edge.
    #[error(
        "latest_release_height: {latest} is not a height to release at, now that it is {height}"
    )]
    AnnouncementVoid {
        /// What the announcement says.
        latest: u32,
        /// The height now.
        height: u32,
    },
    /// The parts are not worth the whole payment.
    #[error("total_msat: {total_msat} msat, but the parts have {amount_msat} msat")]
    IncompleteSet {
        /// The whole payment, in millisatoshi.
        total_msat: u64,
        /// All its parts, in millisatoshi.
        amount_msat: u64,
    },
    /// The part contradicts those that arrived before it.
    #[error("{field}: not that of the parts before")]
    PartMismatch {
        /// The field, by its name on the wire.
        field: &'static str,
    },
    /// The part has arrived already, on another edge.
    #[error("part_share: part {index} has arrived before")]
    DuplicatePart {
        /// Which part, from 1.
        index: u16,
    },
    /// The other parts, or the share that the sender withholds, did not arrive in time.
    #[error("{arrived} of {count} parts arrived")]
    SetTimedOut {
        /// How many arrived.
        arrived: usize,
        /// How many there are.
        count: usize,
    },
    /// A node further along failed it.
    #[error("failed further along the route")]
    Downstream,
    /// Of a payment that was failed before a restart: why, in the words of then. A snapshot keeps no more of a reason.
    #[error("{0}")]
    BeforeRestart(String),
}

impl From<InvoiceError> for Refusal {
    fn from(error: InvoiceError) -> Self {
        Self::Invoice(Box::new(error))
    }
}
