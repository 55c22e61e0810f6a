use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::super::kinds;
use super::{
    EDGE, ENTROPY, Entropy, FAILURE, FORWARDERS, FROM, HEIGHT, HOLD, INCOMING, MESSAGE, OUTGOING,
    PACKET, PATH_KEY, SECRET, SEED,
};
use crate::journal::codec::{read_record, record};
use crate::journal::{RecordError, Recordable};
use crate::payment::ForwarderEvent;

impl Recordable for ForwarderEvent {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        let fields = match self {
            Self::IncomingCommitted { from, edge, path_key, packet } => {
                record(kinds::INCOMING_COMMITTED)
                    .set(FROM, from)
                    .set(EDGE, edge)
                    .set_some(PATH_KEY, path_key.as_ref())
                    .set(PACKET, packet)
            }
            Self::RouteFound { incoming, forwarders, seed } => record(kinds::ROUTE_FOUND)
                .set(INCOMING, incoming)
                .dangerous_set(SEED, seed)
                .set(FORWARDERS, forwarders),
            Self::NoRoute { incoming } => record(kinds::NO_ROUTE).set(INCOMING, incoming),
            Self::UnknownRecipient { incoming } => {
                record(kinds::UNKNOWN_RECIPIENT).set(INCOMING, incoming)
            }
            Self::OutgoingCommitted { incoming, edge } => {
                record(kinds::OUTGOING_COMMITTED).set(EDGE, edge).set(INCOMING, incoming)
            }
            Self::OutgoingFulfilled { outgoing, secret } => record(kinds::OUTGOING_FULFILLED)
                .set(OUTGOING, outgoing)
                .dangerous_set(SECRET, secret),
            Self::OutgoingFailed { outgoing, failure } => record(kinds::OUTGOING_FAILED)
                .set(OUTGOING, outgoing)
                .set_some(FAILURE, failure.as_ref()),
            Self::OutgoingTakenBack { outgoing, height } => {
                record(kinds::OUTGOING_TAKEN_BACK).set(HEIGHT, height).set(OUTGOING, outgoing)
            }
            Self::OfferFailed { incoming } => record(kinds::OFFER_FAILED).set(INCOMING, incoming),
            Self::IncomingClaimed { incoming } => {
                record(kinds::INCOMING_CLAIMED).set(INCOMING, incoming)
            }
            Self::ClaimConfirmed { incoming, height } => {
                record(kinds::CLAIM_CONFIRMED).set(HEIGHT, height).set(INCOMING, incoming)
            }
            Self::IncomingTakenBack { incoming, height } => {
                record(kinds::INCOMING_TAKEN_BACK).set(HEIGHT, height).set(INCOMING, incoming)
            }
            Self::FailGiven { incoming } => record(kinds::FAIL_GIVEN).set(INCOMING, incoming),
            Self::IncomingFailed { incoming } => {
                record(kinds::INCOMING_FAILED).set(INCOMING, incoming)
            }
            Self::MessageReceived { message, entropy } => record(kinds::MESSAGE_RECEIVED)
                .set(MESSAGE, message)
                .dangerous_set(ENTROPY, &Entropy(entropy)),
            Self::Announce { hold, entropy } => record(kinds::ANNOUNCE_HOLD)
                .dangerous_set(ENTROPY, &Entropy(entropy))
                .set(HOLD, hold),
            Self::Block { height } => record(kinds::BLOCK).set(HEIGHT, height),
            Self::BlockDisconnected { height } => {
                record(kinds::BLOCK_DISCONNECTED).set(HEIGHT, height)
            }
        };
        fields.into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        let (kind, mut fields) = read_record(bytes)?;
        let event = match kind {
            kinds::INCOMING_COMMITTED => Self::IncomingCommitted {
                from: fields.take(FROM)?,
                edge: fields.take(EDGE)?,
                path_key: fields.take_some(PATH_KEY)?,
                packet: fields.take(PACKET)?,
            },
            kinds::ROUTE_FOUND => Self::RouteFound {
                incoming: fields.take(INCOMING)?,
                seed: fields.take(SEED)?,
                forwarders: fields.take(FORWARDERS)?,
            },
            kinds::NO_ROUTE => Self::NoRoute { incoming: fields.take(INCOMING)? },
            kinds::UNKNOWN_RECIPIENT => Self::UnknownRecipient { incoming: fields.take(INCOMING)? },
            kinds::OUTGOING_COMMITTED => Self::OutgoingCommitted {
                edge: fields.take(EDGE)?,
                incoming: fields.take(INCOMING)?,
            },
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
            kinds::OFFER_FAILED => Self::OfferFailed { incoming: fields.take(INCOMING)? },
            kinds::INCOMING_CLAIMED => Self::IncomingClaimed { incoming: fields.take(INCOMING)? },
            kinds::CLAIM_CONFIRMED => Self::ClaimConfirmed {
                height: fields.take(HEIGHT)?,
                incoming: fields.take(INCOMING)?,
            },
            kinds::INCOMING_TAKEN_BACK => Self::IncomingTakenBack {
                height: fields.take(HEIGHT)?,
                incoming: fields.take(INCOMING)?,
            },
            kinds::FAIL_GIVEN => Self::FailGiven { incoming: fields.take(INCOMING)? },
            kinds::INCOMING_FAILED => Self::IncomingFailed { incoming: fields.take(INCOMING)? },
            kinds::MESSAGE_RECEIVED => Self::MessageReceived {
                message: fields.take(MESSAGE)?,
                entropy: fields.take(ENTROPY)?,
            },
            kinds::ANNOUNCE_HOLD => {
                Self::Announce { entropy: fields.take(ENTROPY)?, hold: fields.take(HOLD)? }
            }
            kinds::BLOCK => Self::Block { height: fields.take(HEIGHT)? },
            kinds::BLOCK_DISCONNECTED => Self::BlockDisconnected { height: fields.take(HEIGHT)? },
            kind => return Err(RecordError::UnknownKind { kind }),
        };
        fields.end()?;
        Ok(event)
    }
}
