use alloc::boxed::Box;
use alloc::string::String;

use thiserror::Error;

use super::super::{AttemptId, PaymentId};
use super::{EdgeError, HeightError, MessageError, RouteError};
use crate::async_payments::AsyncPaymentsError;
use crate::claims::ClaimError;
use crate::hold::HoldError;
use crate::invoice::ktime::KtimeError;
use crate::invoice::proof::ProofError;
use crate::invoice::{InvoiceError, InvoiceId};
use crate::lock::LockError;

/// Why a sender refuses an event. Nothing has changed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SenderError {
    /// The order to pay is refused.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// A route, its locks or its onion can't be made.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The event about an edge is impossible.
    #[error(transparent)]
    Edge(#[from] EdgeError),
    /// A message is refused, or can't be made.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The seed of an attempt was used before.
    #[error("attempt {0}: its seed was used before")]
    SeedReused(AttemptId),
    /// The sender has no such payment.
    #[error("payment {0}: unknown")]
    UnknownPayment(PaymentId),
    /// Not all parts of the payment are held, so there is nothing to announce.
    #[error("payment {0}: not held")]
    NotHeld(PaymentId),
    /// The payment has arrived or failed.
    #[error("payment {0}: has ended")]
    PaymentEnded(PaymentId),
    /// The sender has no such attempt.
    #[error("attempt {0}: unknown")]
    UnknownAttempt(AttemptId),
    /// The attempt has not failed, or is past its offer.
    #[error("attempt {0}: is under way, or was")]
    AttemptUnderWay(AttemptId),
    /// The key of a payer is in use for other terms, or in a payment that has not failed for good.
    #[error("payment {payment}: its payer key is in use")]
    PayerKeyInUse {
        /// The payment that uses it.
        payment: PaymentId,
    },
    /// The share that was withheld is given, or the payment has ended: it can't be cancelled any more.
    #[error("payment {0}: can't be cancelled any more")]
    TooLateToCancel(PaymentId),
    /// There is no proof of this payment: it has not arrived, or all payers of its invoice share a point.
    #[error("payment {0}: has no proof")]
    NoProof(PaymentId),
    /// The proof can't be made.
    #[error("proof: {0}")]
    Proof(ProofError),
    /// A block is not the next one.
    #[error(transparent)]
    Height(#[from] HeightError),
    /// The payment has not ended, or its edges have not: it can't be forgotten yet.
    #[error("payment {0}: is under way")]
    PaymentUnderWay(PaymentId),
}

/// Why a role can't be set up: its deadlines would leave it no time. All in blocks.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// The policy's delta has no room for a claim on the chain.
    #[error("cltv_expiry_delta: {delta} blocks, but at least {least} are needed")]
    PolicyDelta {
        /// The delta.
        delta: u32,
        /// The least that is safe.
        least: u32,
    },
    /// The receiver's delta has no room for a claim on the chain.
    #[error("min_final_delta: {delta} blocks, but at least {least} are needed")]
    FinalDelta {
        /// The delta.
        delta: u32,
        /// The least that is safe.
        least: u32,
    },
    /// A hold would end too late to be forwarded.
    #[error("hold_safety_margin: {margin} blocks, but at least {least} are needed")]
    HoldSafetyMargin {
        /// The margin.
        margin: u32,
        /// The least that is safe.
        least: u32,
    },
}

/// Why an invoice can't be paid as the order says.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OrderError {
    /// The invoice is refused.
    #[error("invoice: {0}")]
    Invoice(Box<InvoiceError>),
    /// The invoice is not from the one who is to be paid.
    #[error("invoice_node_id: not the one who is to be paid")]
    NotFromPayee,
    /// The amount is below what the invoice asks for.
    #[error("offer_amount: {asked_msat} msat asked, {amount_msat} msat to be paid")]
    BelowInvoice {
        /// What the invoice asks for, in millisatoshi.
        asked_msat: u64,
        /// What is to be paid, in millisatoshi.
        amount_msat: u64,
    },
    /// The amount is above twice what the invoice asks for: receivers fail such a payment (BOLT 4).
    #[error("offer_amount: {most_msat} msat at most, {amount_msat} msat to be paid")]
    AboveInvoice {
        /// The most that the invoice takes, in millisatoshi.
        most_msat: u64,
        /// What is to be paid, in millisatoshi.
        amount_msat: u64,
    },
    /// The invoice has a polynomial of payment points, or no lock of the receiver's: the order needs a payer.
    #[error("payer: missing, for an invoice that is paid under a payer's own lock")]
    PayerMissing,
    /// The invoice request for a plain static invoice can't be made.
    #[error("invoice_request: {0}")]
    InvoiceRequest(Box<AsyncPaymentsError>),
    /// A plain static invoice is paid along one of its paths, by a route of the sender's own: a trampoline has no place for the preimage.
    #[error("invoice_paths: a plain invoice is paid along one of them")]
    PlainByOtherWay,
    /// The invoice has no polynomial of payment points: its payers have no points, and no proofs, of their own.
    #[error("payment_points: no polynomial")]
    NoPolynomial,
    /// A payer's point can't be made.
    #[error("payer: {0}")]
    Payer(#[from] KtimeError),
    /// Only a payment under points that is not held can be cancelled.
    #[error("payment: held or under a hash, and can't be cancelled")]
    NotCancellable,
    /// The invoice does not say that it may be paid in parts, or its payments are under a hash.
    #[error("invoice_features: this invoice is not paid in parts")]
    PartsNotAllowed,
    /// The invoice says that it has to be paid in several parts.
    #[error("invoice_features: this invoice is paid in several parts")]
    PartsRequired,
    /// The parts do not add up to the payment, or there are none, or more than 483.
    #[error("parts: do not add up to {amount_msat} msat")]
    PartsMismatch {
        /// What they should add up to, in millisatoshi.
        amount_msat: u64,
    },
    /// No forwarder stands where the payment is to be held, or not the same one on the routes of all parts.
    #[error("hold: there is no forwarder at hop {hop}")]
    NoHolder {
        /// The hop, counted from 1 for the first forwarder.
        hop: usize,
    },
}

impl From<InvoiceError> for OrderError {
    fn from(error: InvoiceError) -> Self {
        Self::Invoice(Box::new(error))
    }
}

/// Why a forwarder refuses an event. Nothing has changed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ForwarderError {
    /// The event about an edge is impossible.
    #[error(transparent)]
    Edge(#[from] EdgeError),
    /// The rest of a route can't be made as it was found.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// A message is refused.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The seed of an attempt was used before.
    #[error("attempt {0}: its seed was used before")]
    SeedReused(AttemptId),
    /// The ledger of holds refuses.
    #[error(transparent)]
    Hold(#[from] HoldError),
    /// A block is not the next one.
    #[error(transparent)]
    Height(#[from] HeightError),
}

impl From<LockError> for ForwarderError {
    fn from(error: LockError) -> Self {
        Self::Route(RouteError::Lock(error))
    }
}

/// Why a receiver refuses an event. Nothing has changed, unless it is its store that failed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReceiverError {
    /// The event about an edge is impossible.
    #[error(transparent)]
    Edge(#[from] EdgeError),
    /// A message is refused, or can't be made.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// An invoice can't be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The book of claims refuses, or its store failed: then the same event may be given again.
    #[error("claims: {0}")]
    Claims(#[from] ClaimError),
    /// A block is not the next one.
    #[error(transparent)]
    Height(#[from] HeightError),
}

/// Why an invoice can't be published.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PublishError {
    /// The invoice has no lock of the receiver's, has expired, or asks for an amount in a currency that the receiver has no rate for.
    #[error("invoice: {0}")]
    Invoice(Box<InvoiceError>),
    /// The invoice was withdrawn, or never published.
    #[error("invoice {0}: not published")]
    NotPublished(InvoiceId),
    /// The invoice was withdrawn before: payers need a fresh one.
    #[error("invoice {0}: withdrawn")]
    Withdrawn(InvoiceId),
    /// The invoice has a polynomial of payment points, and was to be published without it.
    #[error("payment_points: a polynomial, not a static point")]
    Polynomial,
    /// The invoice has no polynomial of payment points.
    #[error("payment_points: no polynomial")]
    NoPolynomial,
    /// The invoice has other points than the polynomial.
    #[error("payment_points: not those of the polynomial")]
    NotTheInvoicePolynomial,
    /// The invoice has a lock of the receiver's, and was to be published as a plain one.
    #[error("invoice: has a lock, and is no plain one")]
    NotPlain,
    /// The secret does not open the lock of the invoice.
    #[error("invoice: the secret does not open its lock")]
    NotTheInvoiceSecret,
    /// An invoice with k-time payment points has to ask for a least amount, so that using its points up costs money.
    #[error("offer_amount: missing, in an invoice with k-time payment points")]
    NoMinimumAmount,
    /// A payment point is in another invoice of this receiver too, or belongs to its node id.
    #[error("payment_points: point {index} is in use, in {}", place(.other))]
    PointInUse {
        /// The point, from 0 for Z_0.
        index: usize,
        /// The other invoice; none for the node id.
        other: Option<InvoiceId>,
    },
    /// The paths that the receiver keeps are not those of the invoice, or a path can't be made.
    #[error("invoice_paths: not those that the receiver has made")]
    PathsMismatch,
}

fn place(other: &Option<InvoiceId>) -> String {
    other.map_or_else(|| String::from("the node id"), |id| alloc::format!("invoice {id}"))
}

impl From<InvoiceError> for PublishError {
    fn from(error: InvoiceError) -> Self {
        Self::Invoice(Box::new(error))
    }
}
