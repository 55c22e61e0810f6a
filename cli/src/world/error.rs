use pointlock::contract::ContractError;
use pointlock::invoice::InvoiceError;
use pointlock::payment::{PaymentError, Refusal};
use thiserror::Error;

use crate::chain::Refused;

/// What ended a story, and at whose hands.
#[derive(Debug, Error)]
pub(crate) enum StoryError {
    #[error("{hop}: {source}")]
    Role { hop: String, source: Box<PaymentError> },
    #[error("{hop}: fails the payment back: {reason}")]
    FailedBack { hop: String, reason: Box<Refusal> },
    #[error("{hop}: {source}")]
    Contract { hop: String, source: Box<ContractError> },
    #[error("{hop}: its transaction is refused: {source}")]
    Refused { hop: String, source: Refused },
    #[error("{hop}: {source}")]
    Invoice { hop: String, source: Box<InvoiceError> },
    #[error("{hop}: locks the outgoing contract under another lock than the sender set up")]
    LockNotAsPlanned { hop: String },
    #[error("{hop}: is nobody in this story; there are {known}")]
    UnknownHop { hop: String, known: String },
    #[error("{hop}: had nothing to do {fault} with")]
    FaultNotReached { hop: String, fault: &'static str },
    #[error("the claim does not hold: {0}")]
    Claim(String),
}
