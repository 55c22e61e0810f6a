use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::super::kinds;
use super::{
    EDGE, ENTROPY, Entropy, HEIGHT, INCOMING, INVOICE, INVOICE_ID, MESSAGE, PACKET, PATH_KEY,
    PATHS, POLYNOMIAL, RATE, SECRET, UNIX_TIME,
};
use crate::journal::codec::{read_record, record};
use crate::journal::{RecordError, Recordable};
use crate::payment::ReceiverEvent;

impl Recordable for ReceiverEvent {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        let fields = match self {
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
            Self::MessageReceived { message, entropy } => record(kinds::MESSAGE_RECEIVED)
                .set(MESSAGE, message)
                .dangerous_set(ENTROPY, &Entropy(entropy)),
            Self::IncomingCommitted { edge, path_key, packet } => record(kinds::INCOMING_COMMITTED)
                .set(EDGE, edge)
                .set_some(PATH_KEY, path_key.as_ref())
                .set(PACKET, packet),
            Self::PartsTimedOut { incoming } => {
                record(kinds::PARTS_TIMED_OUT).set(INCOMING, incoming)
            }
            Self::Claiming { incoming } => record(kinds::CLAIMING).set(INCOMING, incoming),
            Self::FailGiven { incoming } => record(kinds::FAIL_GIVEN).set(INCOMING, incoming),
            Self::Settled { incoming } => record(kinds::SETTLED).set(INCOMING, incoming),
            Self::ClaimConfirmed { incoming, height } => {
                record(kinds::CLAIM_CONFIRMED).set(HEIGHT, height).set(INCOMING, incoming)
            }
            Self::IncomingTakenBack { incoming, height } => {
                record(kinds::INCOMING_TAKEN_BACK).set(HEIGHT, height).set(INCOMING, incoming)
            }
            Self::Time { unix_time } => record(kinds::TIME).set(UNIX_TIME, unix_time),
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
            kinds::MESSAGE_RECEIVED => Self::MessageReceived {
                message: fields.take(MESSAGE)?,
                entropy: fields.take(ENTROPY)?,
            },
            kinds::INCOMING_COMMITTED => Self::IncomingCommitted {
                edge: fields.take(EDGE)?,
                path_key: fields.take_some(PATH_KEY)?,
                packet: fields.take(PACKET)?,
            },
            kinds::PARTS_TIMED_OUT => Self::PartsTimedOut { incoming: fields.take(INCOMING)? },
            kinds::CLAIMING => Self::Claiming { incoming: fields.take(INCOMING)? },
            kinds::FAIL_GIVEN => Self::FailGiven { incoming: fields.take(INCOMING)? },
            kinds::SETTLED => Self::Settled { incoming: fields.take(INCOMING)? },
            kinds::CLAIM_CONFIRMED => Self::ClaimConfirmed {
                height: fields.take(HEIGHT)?,
                incoming: fields.take(INCOMING)?,
            },
            kinds::INCOMING_TAKEN_BACK => Self::IncomingTakenBack {
                height: fields.take(HEIGHT)?,
                incoming: fields.take(INCOMING)?,
            },
            kinds::TIME => Self::Time { unix_time: fields.take(UNIX_TIME)? },
            kinds::BLOCK => Self::Block { height: fields.take(HEIGHT)? },
            kinds::BLOCK_DISCONNECTED => Self::BlockDisconnected { height: fields.take(HEIGHT)? },
            kind => return Err(RecordError::UnknownKind { kind }),
        };
        fields.end()?;
        Ok(event)
    }
}
