use alloc::boxed::Box;
use alloc::string::String;

use bitcoin::OutPoint;
use thiserror::Error;

use super::payload::type_of;
use super::{AttemptId, PaymentId};
use crate::claims::ClaimError;
use crate::contract::ContractError;
use crate::hold::{HoldError, HoldId};
use crate::invoice::ktime::KtimeError;
use crate::invoice::proof::ProofError;
use crate::invoice::{InvoiceError, InvoiceId};
use crate::lock::LockError;
use crate::onion::OnionError;
use crate::onion::blinded::BlindingError;
use crate::wire::WireError;

/// Why a payload or message is refused; the field by its name on the wire.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PayloadError {
    /// A required field is missing.
    #[error("{0}: missing")]
    Missing(&'static str),
    /// A field has a wrong length or value.
    #[error("{0}: malformed")]
    Malformed(&'static str),
    /// A field stands where it has no meaning.
    #[error("{0}: out of place")]
    Misplaced(&'static str),
    /// A field that must be understood is not.
    #[error("type {tlv_type}: unknown and even")]
    UnknownEven {
        /// The type.
        tlv_type: u64,
    },
    /// The TLV stream itself is wrong.
    #[error(transparent)]
    Wire(#[from] WireError),
}

impl PayloadError {
    /// The type of the field at fault, as far as there is one.
    pub fn tlv_type(&self) -> Option<u64> {
        match self {
            Self::Missing(field) | Self::Malformed(field) | Self::Misplaced(field) => {
                type_of(field)
            }
            Self::UnknownEven { tlv_type } => Some(*tlv_type),
            Self::Wire(error) => error.tlv_type(),
        }
    }
}

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
    /// The outgoing contract would not end early enough before the incoming one.
    #[error("expiry: {offered} blocks between incoming and outgoing, {required} asked")]
    ExpiryDelta {
        /// When the incoming contract expires, a block height.
        expiry: u32,
        /// Blocks between the two expiries; zero when they are the wrong way round.
        offered: u32,
        /// The node's delta, in blocks.
        required: u32,
    },
    /// The outgoing contract would end too soon.
    #[error("expiry: height {expiry}, but at least {required} is needed")]
    ExpiryTooSoon {
        /// The expiry that was offered.
        expiry: u32,
        /// The lowest that is accepted.
        required: u32,
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
    /// A point lock without a blind, or a hash lock with one.
    #[error("blind: does not belong to this kind of lock")]
    TweakMismatch,
    /// The blind cancels the lock.
    #[error("lock: {0}")]
    Lock(#[from] LockError),
    /// The hold is refused.
    #[error(transparent)]
    Hold(#[from] HoldError<String>),
    /// The receiver did not come back in time.
    #[error("hold {0}: cutoff height reached")]
    CutoffReached(HoldId),
    /// The receiver knows no invoice with this payment secret.
    #[error("payment_secret: belongs to no invoice")]
    UnknownPayment,
    /// The last contract has another lock than the payment point and Y, or the payment hash, give.
    #[error("lock: not the one that invoice and final blind give")]
    LockMismatch,
    /// The invoice has a polynomial and the payload no payer, or the other way round.
    #[error("payer_key: does not belong to this kind of invoice")]
    PayerMismatch,
    /// The payload names another invoice than its payment secret belongs to.
    #[error("payer_invoice_id: not the invoice of payment_secret")]
    InvoiceMismatch,
    /// The payer's x, point or signature is wrong.
    #[error("payer: {0}")]
    Payer(#[from] KtimeError),
    /// The payment may not be claimed: its x was, or the polynomial has no slot left.
    #[error("claim: {0}")]
    Claim(ClaimError<String>),
    /// The contract locks less than it should.
    #[error("amount: {offered_msat} msat, expected {expected_msat} msat")]
    AmountTooLow {
        /// What the contract locks, in millisatoshi.
        offered_msat: u64,
        /// What it should, in millisatoshi.
        expected_msat: u64,
    },
    /// The holds of an announcement have ended, or would end too late to be remembered.
    #[error(
        "latest_release_height: {latest} is not a height to release at, now that it is {height}"
    )]
    AnnouncementVoid {
        /// What the announcement says.
        latest: u32,
        /// The height now.
        height: u32,
    },
    /// So many announcements are under way for this invoice that no other is answered.
    #[error("{most} announcements are under way for this invoice")]
    TooManyAnnouncements {
        /// The most.
        most: usize,
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
    /// The part has arrived already, with another contract.
    #[error("part_share: part {index} has arrived before")]
    DuplicatePart {
        /// Which part, from 1.
        index: u16,
    },
    /// The other parts did not arrive in time.
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
}

/// Why a role refuses an event: the driver, or the one behind it, made a mistake. Nothing has changed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PaymentError {
    /// The role has no such contract.
    #[error("contract {0}: unknown")]
    UnknownContract(OutPoint),
    /// The role has this contract already.
    #[error("contract {0}: reported before")]
    KnownContract(OutPoint),
    /// The event does not fit the state of the payment.
    #[error("contract {contract}: {event} out of order")]
    OutOfOrder {
        /// The contract.
        contract: OutPoint,
        /// The event.
        event: &'static str,
    },
    /// The committed contract is not the one that was proposed.
    #[error("contract {contract}: {field} is not what was proposed")]
    NotAsProposed {
        /// The contract.
        contract: OutPoint,
        /// What differs.
        field: &'static str,
    },
    /// A claim gives no secret.
    #[error("contract {contract}: {source}")]
    Contract {
        /// The contract.
        contract: OutPoint,
        /// Why.
        source: Box<ContractError>,
    },
    /// A secret that was reported does not open the contract.
    #[error("contract {0}: the secret does not open it")]
    WrongSecret(OutPoint),
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
    /// The invoice is refused.
    #[error("invoice: {0}")]
    Invoice(Box<InvoiceError>),
    /// The invoice has a polynomial of payment points, which is paid under a point of the payer's own: the order to pay
    /// needs a payer. Or, at the receiver, the invoice was to be published without its polynomial.
    #[error("payment_points: a polynomial, not a static point")]
    Polynomial,
    /// The invoice has no polynomial of payment points: its payers have no points, and no proofs, of their own.
    #[error("payment_points: no polynomial")]
    NoPolynomial,
    /// The invoice has other points than the polynomial with which it was to be published.
    #[error("payment_points: not those of the polynomial")]
    NotTheInvoicePolynomial,
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
    /// The key of a payer is in use for other terms, or in a payment that has not failed for good.
    #[error("payment {payment}: its payer key is in use")]
    PayerKeyInUse {
        /// The payment that uses it.
        payment: PaymentId,
    },
    /// There is no proof of this payment: it has not arrived, or all payers of its invoice share a point.
    #[error("payment {0}: has no proof")]
    NoProof(PaymentId),
    /// A payer's point or key can't be made.
    #[error("payer: {0}")]
    Payer(#[from] KtimeError),
    /// The proof of this payment can't be made.
    #[error("proof: {0}")]
    Proof(#[from] ProofError),
    /// The book of claims refuses: the payment can't be released or the polynomial not be published, or the store
    /// failed.
    #[error("claims: {0}")]
    Claims(ClaimError<String>),
    /// The invoice is not from the one who is to be paid.
    #[error("invoice_node_id: not the one who is to be paid")]
    NotFromPayee,
    /// The route does not end as the invoice says.
    #[error("interim_route: the route does not end with it")]
    RouteMismatch,
    /// The invoice has no blinded path of this number.
    #[error("invoice_paths: there is no path {index}")]
    NoSuchPath {
        /// The number, from 0.
        index: usize,
    },
    /// The introduction node of a path is told as the end of a channel, which the driver has to look up before.
    #[error("invoice_paths: the introduction node is not known by its node id")]
    IntroductionUnknown,
    /// The paths that the receiver keeps are not those of the invoice, or a path can't be made.
    #[error("invoice_paths: not those that the receiver has made")]
    PathsMismatch,
    /// There is no forwarder that could find the rest of the route.
    #[error("route: no forwarder to find the rest of it")]
    NoDelegate,
    /// The route that was found costs more than the sender has allowed for.
    #[error("route: {field} over the sender's budget")]
    RouteOverBudget {
        /// What exceeds it.
        field: &'static str,
    },
    /// Only a payment under points that is not held can be cancelled.
    #[error("payment: held or under a hash, and can't be cancelled")]
    NotCancellable,
    /// The share that was withheld is given, or the payment has ended: it can't be cancelled any more.
    #[error("payment {0}: can't be cancelled any more")]
    TooLateToCancel(PaymentId),
    /// The invoice does not say that it may be paid in parts, or its payments are under a hash.
    #[error("invoice_features: this invoice is not paid in parts")]
    PartsNotAllowed,
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
    /// The amount at a hop exceeds 64 bits.
    #[error("hop {hop}: amount and fee exceed 64 bits")]
    AmountOverflow {
        /// The hop, counted from 1 for the first forwarder.
        hop: usize,
    },
    /// The expiry at a hop exceeds 32 bits.
    #[error("hop {hop}: expiry exceeds 32 bits")]
    ExpiryOverflow {
        /// The hop, counted from 1 for the first forwarder.
        hop: usize,
    },
    /// The amount is below what the invoice asks for.
    #[error("offer_amount: {asked_msat} msat asked, {amount_msat} msat to be paid")]
    BelowInvoice {
        /// What the invoice asks for, in millisatoshi.
        asked_msat: u64,
        /// What is to be paid, in millisatoshi.
        amount_msat: u64,
    },
    /// The secret does not open the lock of the invoice that is to be published.
    #[error("invoice: the secret does not open its lock")]
    NotTheInvoiceSecret,
    /// A message or a payload is malformed, or can't be written.
    #[error("message: {0}")]
    Message(#[from] PayloadError),
    /// An onion message can't be peeled or built.
    #[error("onion message: {0}")]
    OnionMessage(BlindingError),
    /// An onion message is to be passed on, and this node does not.
    #[error("onion message: not for this node")]
    NotForThisNode,
    /// An onion message came along a path that this node has not made, or for something else.
    #[error("onion message: path_id: of no path for announcements")]
    UnknownMessagePath,
    /// An onion message came along a path that was to be used up to this height.
    #[error("onion message: its path was good up to height {expiry}")]
    MessagePathExpired {
        /// The height.
        expiry: u32,
    },
    /// The invoice has no path for messages, so that a held payment can't be announced.
    #[error("invoice_message_paths: none, so that nothing can be held")]
    NoMessagePath,
    /// The locks of a route can't be set up.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The onion can't be built.
    #[error("onion: {0}")]
    Onion(#[from] OnionError),
    /// The ledger of holds refuses.
    #[error(transparent)]
    Hold(#[from] HoldError<String>),
}

fn place(other: &Option<InvoiceId>) -> String {
    other.map_or_else(|| String::from("the node id"), |id| alloc::format!("invoice {id}"))
}

impl From<InvoiceError> for PaymentError {
    fn from(error: InvoiceError) -> Self {
        Self::Invoice(Box::new(error))
    }
}
