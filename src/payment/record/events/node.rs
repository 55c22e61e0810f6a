use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::super::kinds;
use super::{
    ATTEMPT, EDGE, ENTROPY, Entropy, FAILURE, FORWARDERS, FROM, HEIGHT, HOLD, INCOMING, INVOICE,
    INVOICE_ID, MESSAGE, ORDER, OUTGOING, PACKET, PATH_KEY, PATHS, PAYMENT, PAYMENT_ID, POLYNOMIAL,
    RATE, SECRET, SEED, UNIX_TIME,
};
use crate::journal::codec::{FieldReader, FieldWriter, read_record, record};
use crate::journal::{RecordError, Recordable};
use crate::payment::{NodeEvent, OfferOrigin};

impl Recordable for NodeEvent {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        let fields = match self {
            Self::Pay(payment) => record(kinds::PAY).dangerous_set(PAYMENT, payment),
            Self::Retry { attempt, order, height } => record(kinds::RETRY)
                .set(HEIGHT, height)
                .set(ATTEMPT, attempt)
                .dangerous_set(ORDER, order),
            Self::Announce { payment, seed } => {
                record(kinds::ANNOUNCE).set(PAYMENT_ID, payment).dangerous_set(SEED, seed)
            }
            Self::Cancel { payment } => record(kinds::CANCEL).set(PAYMENT_ID, payment),
            Self::Forget { payment } => record(kinds::FORGET).set(PAYMENT_ID, payment),
            Self::MessageReceived { message, entropy } => record(kinds::MESSAGE_RECEIVED)
                .set(MESSAGE, message)
                .dangerous_set(ENTROPY, &Entropy(entropy)),
            Self::AnnounceHold { hold, entropy } => record(kinds::ANNOUNCE_HOLD)
                .dangerous_set(ENTROPY, &Entropy(entropy))
                .set(HOLD, hold),
            Self::Published { invoice, secret, paths } => record(kinds::PUBLISHED)
                .dangerous_set(SECRET, secret)
                .set(INVOICE, invoice)
                .dangerous_set(PATHS, paths),
            Self::PublishedPolynomial { invoice, polynomial, paths } => {
                record(kinds::PUBLISHED_POLYNOMIAL)
                    .set(INVOICE, invoice)
                    .dangerous_set(PATHS, paths)
                    .dangerous_set(POLYNOMIAL, polynomial)
            }
            Self::RestoredPolynomial { invoice, polynomial, paths } => {
                record(kinds::RESTORED_POLYNOMIAL)
                    .set(INVOICE, invoice)
                    .dangerous_set(PATHS, paths)
                    .dangerous_set(POLYNOMIAL, polynomial)
            }
            Self::PublishedPlain { invoice, paths } => {
                record(kinds::PUBLISHED_PLAIN).set(INVOICE, invoice).dangerous_set(PATHS, paths)
            }
            Self::Withdrawn { invoice } => record(kinds::WITHDRAWN).set(INVOICE_ID, invoice),
            Self::RateGiven { rate } => record(kinds::RATE_GIVEN).set(RATE, rate),
            Self::Time { unix_time } => record(kinds::TIME).set(UNIX_TIME, unix_time),
            Self::Block { height } => record(kinds::BLOCK).set(HEIGHT, height),
            Self::BlockDisconnected { height } => {
                record(kinds::BLOCK_DISCONNECTED).set(HEIGHT, height)
            }
            Self::IncomingCommitted { .. }
            | Self::OutgoingCommitted { .. }
            | Self::OfferFailed { .. }
            | Self::OutgoingFulfilled { .. }
            | Self::OutgoingFailed { .. }
            | Self::OutgoingTakenBack { .. }
            | Self::ClaimConfirmed { .. }
            | Self::IncomingTakenBack { .. }
            | Self::RouteFound { .. }
            | Self::Claiming { .. }
            | Self::IncomingClaimed { .. }
            | Self::FailGiven { .. }
            | Self::IncomingFailed { .. }
            | Self::NoRoute { .. }
            | Self::UnknownRecipient { .. }
            | Self::PartsTimedOut { .. } => self.fields_of_edge(),
        };
        fields.into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        let (kind, mut fields) = read_record(bytes)?;
        let event = match kind {
            kinds::PAY => Self::Pay(fields.take(PAYMENT)?),
            kinds::RETRY => Self::Retry {
                height: fields.take(HEIGHT)?,
                attempt: fields.take(ATTEMPT)?,
                order: fields.take(ORDER)?,
            },
            kinds::ANNOUNCE => {
                Self::Announce { payment: fields.take(PAYMENT_ID)?, seed: fields.take(SEED)? }
            }
            kinds::CANCEL => Self::Cancel { payment: fields.take(PAYMENT_ID)? },
            kinds::FORGET => Self::Forget { payment: fields.take(PAYMENT_ID)? },
            kinds::MESSAGE_RECEIVED => Self::MessageReceived {
                message: fields.take(MESSAGE)?,
                entropy: fields.take(ENTROPY)?,
            },
            kinds::ANNOUNCE_HOLD => {
                Self::AnnounceHold { entropy: fields.take(ENTROPY)?, hold: fields.take(HOLD)? }
            }
            kinds::PUBLISHED => Self::Published {
                secret: fields.take(SECRET)?,
                invoice: fields.take(INVOICE)?,
                paths: fields.take(PATHS)?,
            },
            kinds::PUBLISHED_POLYNOMIAL => Self::PublishedPolynomial {
                invoice: fields.take(INVOICE)?,
                paths: fields.take(PATHS)?,
                polynomial: fields.take(POLYNOMIAL)?,
            },
            kinds::RESTORED_POLYNOMIAL => Self::RestoredPolynomial {
                invoice: fields.take(INVOICE)?,
                paths: fields.take(PATHS)?,
                polynomial: fields.take(POLYNOMIAL)?,
            },
            kinds::PUBLISHED_PLAIN => {
                Self::PublishedPlain { invoice: fields.take(INVOICE)?, paths: fields.take(PATHS)? }
            }
            kinds::WITHDRAWN => Self::Withdrawn { invoice: fields.take(INVOICE_ID)? },
            kinds::RATE_GIVEN => Self::RateGiven { rate: fields.take(RATE)? },
            kinds::TIME => Self::Time { unix_time: fields.take(UNIX_TIME)? },
            kinds::BLOCK => Self::Block { height: fields.take(HEIGHT)? },
            kinds::BLOCK_DISCONNECTED => Self::BlockDisconnected { height: fields.take(HEIGHT)? },
            of_edge => Self::of_edge(of_edge, &mut fields)?,
        };
        fields.end()?;
        Ok(event)
    }
}

impl NodeEvent {
    /// Of an event about one edge. What is about none is written elsewhere, and never comes here.
    fn fields_of_edge(&self) -> FieldWriter {
        let (kind, incoming) = match self {
            Self::IncomingCommitted { from, edge, path_key, packet } => {
                return record(kinds::INCOMING_COMMITTED)
                    .set(FROM, from)
                    .set(EDGE, edge)
                    .set_some(PATH_KEY, path_key.as_ref())
                    .set(PACKET, packet);
            }
            Self::OutgoingCommitted { origin, edge } => {
                return set_origin(record(kinds::OUTGOING_COMMITTED).set(EDGE, edge), origin);
            }
            Self::OfferFailed { origin } => return set_origin(record(kinds::OFFER_FAILED), origin),
            Self::OutgoingFulfilled { outgoing, secret } => {
                return record(kinds::OUTGOING_FULFILLED)
                    .set(OUTGOING, outgoing)
                    .dangerous_set(SECRET, secret);
            }
            Self::OutgoingFailed { outgoing, failure } => {
                return record(kinds::OUTGOING_FAILED)
                    .set(OUTGOING, outgoing)
                    .set_some(FAILURE, failure.as_ref());
            }
            Self::OutgoingTakenBack { outgoing, height } => {
                return record(kinds::OUTGOING_TAKEN_BACK)
                    .set(HEIGHT, height)
                    .set(OUTGOING, outgoing);
            }
            Self::ClaimConfirmed { incoming, height } => {
                return record(kinds::CLAIM_CONFIRMED).set(HEIGHT, height).set(INCOMING, incoming);
            }
            Self::IncomingTakenBack { incoming, height } => {
                return record(kinds::INCOMING_TAKEN_BACK)
                    .set(HEIGHT, height)
                    .set(INCOMING, incoming);
            }
            Self::RouteFound { incoming, forwarders, seed } => {
                return record(kinds::ROUTE_FOUND)
                    .set(INCOMING, incoming)
                    .dangerous_set(SEED, seed)
                    .set(FORWARDERS, forwarders);
            }
            Self::Claiming { incoming } => (kinds::CLAIMING, incoming),
            Self::IncomingClaimed { incoming } => (kinds::INCOMING_CLAIMED, incoming),
            Self::FailGiven { incoming } => (kinds::FAIL_GIVEN, incoming),
            Self::IncomingFailed { incoming } => (kinds::INCOMING_FAILED, incoming),
            Self::NoRoute { incoming } => (kinds::NO_ROUTE, incoming),
            Self::UnknownRecipient { incoming } => (kinds::UNKNOWN_RECIPIENT, incoming),
            Self::PartsTimedOut { incoming } => (kinds::PARTS_TIMED_OUT, incoming),
            _ => unreachable!("all other events are about no edge"),
        };
        record(kind).set(INCOMING, incoming)
    }

    fn of_edge(kind: u64, fields: &mut FieldReader<'_>) -> Result<Self, RecordError> {
        Ok(match kind {
            kinds::INCOMING_COMMITTED => Self::IncomingCommitted {
                from: fields.take(FROM)?,
                edge: fields.take(EDGE)?,
                path_key: fields.take_some(PATH_KEY)?,
                packet: fields.take(PACKET)?,
            },
            kinds::OUTGOING_COMMITTED => {
                Self::OutgoingCommitted { edge: fields.take(EDGE)?, origin: take_origin(fields)? }
            }
            kinds::OFFER_FAILED => Self::OfferFailed { origin: take_origin(fields)? },
            kinds::OUTGOING_FULFILLED => Self::OutgoingFulfilled {
                outgoing: fields.take(OUTGOING)?,
                secret: fields.take(SECRET)?,
            },
            kinds::OUTGOING_FAILED => Self::OutgoingFailed {
                outgoing: fields.take(OUTGOING)?,
                failure: fields.take_some(FAILURE)?,
            },
            kinds::OUTGOING_TAKEN_BACK => Self::OutgoingTakenBack {
                height: fields.take(HEIGHT)?,
                outgoing: fields.take(OUTGOING)?,
            },
            kinds::CLAIM_CONFIRMED => Self::ClaimConfirmed {
                height: fields.take(HEIGHT)?,
                incoming: fields.take(INCOMING)?,
            },
            kinds::INCOMING_TAKEN_BACK => Self::IncomingTakenBack {
                height: fields.take(HEIGHT)?,
                incoming: fields.take(INCOMING)?,
            },
            kinds::ROUTE_FOUND => Self::RouteFound {
                incoming: fields.take(INCOMING)?,
                seed: fields.take(SEED)?,
                forwarders: fields.take(FORWARDERS)?,
            },
            kinds::CLAIMING => Self::Claiming { incoming: fields.take(INCOMING)? },
            kinds::INCOMING_CLAIMED => Self::IncomingClaimed { incoming: fields.take(INCOMING)? },
            kinds::FAIL_GIVEN => Self::FailGiven { incoming: fields.take(INCOMING)? },
            kinds::INCOMING_FAILED => Self::IncomingFailed { incoming: fields.take(INCOMING)? },
            kinds::NO_ROUTE => Self::NoRoute { incoming: fields.take(INCOMING)? },
            kinds::UNKNOWN_RECIPIENT => Self::UnknownRecipient { incoming: fields.take(INCOMING)? },
            kinds::PARTS_TIMED_OUT => Self::PartsTimedOut { incoming: fields.take(INCOMING)? },
            kind => return Err(RecordError::UnknownKind { kind }),
        })
    }
}

/// As the sender's event, or the forwarder's.
fn set_origin(fields: FieldWriter, origin: &OfferOrigin) -> FieldWriter {
    match origin {
        OfferOrigin::Attempt(attempt) => fields.set(ATTEMPT, attempt),
        OfferOrigin::Incoming(incoming) => fields.set(INCOMING, incoming),
    }
}

fn take_origin(fields: &mut FieldReader<'_>) -> Result<OfferOrigin, RecordError> {
    match (fields.take_some(ATTEMPT)?, fields.take_some(INCOMING)?) {
        (Some(attempt), None) => Ok(OfferOrigin::Attempt(attempt)),
        (None, Some(incoming)) => Ok(OfferOrigin::Incoming(incoming)),
        (None, None) => Err(RecordError::Missing { field: "attempt or incoming" }),
        (Some(_), Some(_)) => Err(INCOMING.fault("beside an attempt")),
    }
}
