use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::super::kinds;
use super::{
    ATTEMPT, EDGE, FAILURE, HEIGHT, ORDER, OUTGOING, PATH_ID, PAYLOAD, PAYMENT, PAYMENT_ID, SECRET,
    SEED,
};
use crate::journal::codec::{read_record, record};
use crate::journal::{RecordError, Recordable};
use crate::payment::SenderEvent;

impl Recordable for SenderEvent {
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
            Self::MessageReceived { path_id, payload } => {
                record(kinds::ARRIVAL_RECEIVED).set(PATH_ID, path_id).set(PAYLOAD, payload)
            }
            Self::Cancel { payment } => record(kinds::CANCEL).set(PAYMENT_ID, payment),
            Self::OutgoingCommitted { attempt, edge } => {
                record(kinds::OUTGOING_COMMITTED).set(EDGE, edge).set(ATTEMPT, attempt)
            }
            Self::OfferFailed { attempt } => record(kinds::OFFER_FAILED).set(ATTEMPT, attempt),
            Self::OutgoingFulfilled { outgoing, secret } => record(kinds::OUTGOING_FULFILLED)
                .set(OUTGOING, outgoing)
                .dangerous_set(SECRET, secret),
            Self::OutgoingFailed { outgoing, failure } => record(kinds::OUTGOING_FAILED)
                .set(OUTGOING, outgoing)
                .set_some(FAILURE, failure.as_ref()),
            Self::OutgoingTakenBack { outgoing, height } => {
                record(kinds::OUTGOING_TAKEN_BACK).set(HEIGHT, height).set(OUTGOING, outgoing)
            }
            Self::Forget { payment } => record(kinds::FORGET).set(PAYMENT_ID, payment),
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
            kinds::PAY => Self::Pay(fields.take(PAYMENT)?),
            kinds::RETRY => Self::Retry {
                height: fields.take(HEIGHT)?,
                attempt: fields.take(ATTEMPT)?,
                order: fields.take(ORDER)?,
            },
            kinds::ANNOUNCE => {
                Self::Announce { payment: fields.take(PAYMENT_ID)?, seed: fields.take(SEED)? }
            }
            kinds::ARRIVAL_RECEIVED => Self::MessageReceived {
                path_id: fields.take(PATH_ID)?,
                payload: fields.take(PAYLOAD)?,
            },
            kinds::CANCEL => Self::Cancel { payment: fields.take(PAYMENT_ID)? },
            kinds::OUTGOING_COMMITTED => {
                Self::OutgoingCommitted { edge: fields.take(EDGE)?, attempt: fields.take(ATTEMPT)? }
            }
            kinds::OFFER_FAILED => Self::OfferFailed { attempt: fields.take(ATTEMPT)? },
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
            kinds::FORGET => Self::Forget { payment: fields.take(PAYMENT_ID)? },
            kinds::BLOCK => Self::Block { height: fields.take(HEIGHT)? },
            kinds::BLOCK_DISCONNECTED => Self::BlockDisconnected { height: fields.take(HEIGHT)? },
            kind => return Err(RecordError::UnknownKind { kind }),
        };
        fields.end()?;
        Ok(event)
    }
}
