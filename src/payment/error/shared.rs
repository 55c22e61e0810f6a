use thiserror::Error;

use super::PayloadError;
use crate::async_payments::AsyncPaymentsError;
use crate::edge::EdgeId;
use crate::lock::LockError;
use crate::onion::OnionError;
use crate::onion::blinded::BlindingError;

/// Why an event about an edge is impossible.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EdgeError {
    /// The role has no such edge.
    #[error("edge {0}: unknown")]
    Unknown(EdgeId),
    /// The role has this edge already.
    #[error("edge {0}: reported before")]
    Known(EdgeId),
    /// The event does not fit the state of the payment.
    #[error("edge {edge}: {event} out of order")]
    OutOfOrder {
        /// The edge.
        edge: EdgeId,
        /// The event.
        event: &'static str,
    },
    /// The committed edge is not the one that was proposed.
    #[error("edge {edge}: {field} is not what was proposed")]
    NotAsProposed {
        /// The edge.
        edge: EdgeId,
        /// What differs.
        field: &'static str,
    },
    /// A secret that was reported does not open the edge.
    #[error("edge {0}: the secret does not open it")]
    WrongSecret(EdgeId),
    /// It is too late for what the driver is about to do, which therefore must not leave the node.
    #[error("edge {edge}: {event} too late, at height {height}")]
    TooLate {
        /// The edge.
        edge: EdgeId,
        /// What the driver was about to do.
        event: &'static str,
        /// The height now.
        height: u32,
    },
}

/// Why a block is refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HeightError {
    /// Blocks were connected below the height: those that are gone have to be disconnected first, the highest one first.
    #[error("block {height}: connected below height {current}")]
    Backwards {
        /// The block's height.
        height: u32,
        /// The height so far.
        current: u32,
    },
    /// The highest block is disconnected first.
    #[error("block {height}: disconnected below height {current}")]
    NotTheTip {
        /// The block's height.
        height: u32,
        /// The height so far.
        current: u32,
    },
    /// Something is reported for a block that has not come yet.
    #[error("block {height}: reported from above height {current}")]
    NotConnected {
        /// The block's height.
        height: u32,
        /// The height so far.
        current: u32,
    },
}

/// Why a route, its locks or its onion can't be made.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RouteError {
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
    /// The route does not end as the invoice says.
    #[error("interim_route: the route does not end with it")]
    RouteMismatch,
    /// The invoice has no blinded path of this number.
    #[error("invoice_paths: there is no path {index}")]
    NoSuchPath {
        /// The number, from 0.
        index: usize,
    },
    /// The path does not take such an amount (BOLT 12, `htlc_minimum_msat` and `htlc_maximum_msat`).
    #[error(
        "invoice_blindedpay: {amount_msat} msat, on a path from {minimum_msat} to {maximum_msat} msat"
    )]
    PathLimits {
        /// What was to be sent along it, in millisatoshi.
        amount_msat: u64,
        /// The least that it takes, in millisatoshi.
        minimum_msat: u64,
        /// The most, in millisatoshi.
        maximum_msat: u64,
    },
    /// The introduction node of a path is given as a channel and direction, which the driver has to look up before.
    #[error("invoice_paths: the introduction node is not known by its node id")]
    IntroductionUnknown,
    /// There is no forwarder that could find the rest of the route.
    #[error("route: no forwarder to find the rest of it")]
    NoTrampoline,
    /// The route that was found costs more than the sender has allowed for.
    #[error("route: {field} over the sender's budget")]
    OverBudget {
        /// What exceeds it.
        field: &'static str,
    },
    /// An edge would expire too far ahead, or too soon.
    #[error("hop {hop}: expiry {expiry}, which is not from {least} to {most}")]
    ExpiryOutOfRange {
        /// The hop whose edge it is, counted from 1 for the first forwarder.
        hop: usize,
        /// When it would expire, a block height.
        expiry: u32,
        /// The lowest height that is taken.
        least: u32,
        /// The highest.
        most: u32,
    },
    /// A forwarder does not say that it can what it is asked for.
    #[error("hop {hop}: it does not say {feature}")]
    FeatureMissing {
        /// The hop, counted from 1 for the first forwarder.
        hop: usize,
        /// The feature, by its name.
        feature: &'static str,
    },
    /// The locks can't be set up.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The onion can't be built.
    #[error("onion: {0}")]
    Onion(#[from] OnionError),
    /// A payload can't be written.
    #[error("payload: {0}")]
    Payload(#[from] PayloadError),
}

/// Why a message is refused, or can't be made.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MessageError {
    /// It is malformed, or can't be written.
    #[error("message: {0}")]
    Payload(#[from] PayloadError),
    /// It is one of LDK's async payments, and malformed or not expected; or the answer can't be made.
    #[error("message: {0}")]
    Async(AsyncPaymentsError),
    /// It can't be peeled or built.
    #[error("onion message: {0}")]
    Onion(#[from] BlindingError),
    /// It is to be passed on, and this node does not.
    #[error("onion message: not for this node")]
    NotForThisNode,
    /// It came along a path that this node has not made, or for something else.
    #[error("onion message: path_id: of no path for such a message")]
    UnknownPath,
    /// Its answer would be longer than it is, so that strangers could multiply their messages at this node.
    #[error("reply_path: the answer would have {length} bytes, and the message has {most}")]
    AnswerTooLong {
        /// The length of the answer, in bytes.
        length: usize,
        /// That of the message.
        most: usize,
    },
    /// The invoice has no path for messages, so that a held payment can't be announced.
    #[error("invoice_message_paths: none, so that nothing can be announced")]
    NoMessagePath,
    /// The payment that it is about is under a hash, or has no set point.
    #[error("set_point: a payment under a hash has none")]
    NoSetPoint,
}
