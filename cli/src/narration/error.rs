use pointlock::invoice::InvoiceError;
use pointlock::payment::Refusal;
use pointlock_sim::SimError;
use thiserror::Error;

use crate::chain::Refused;

/// What ended a story, and at whose hands.
#[derive(Debug, Error)]
pub(crate) enum StoryError {
    #[error(transparent)]
    Sim(#[from] SimError<Refused>),
    #[error("{hop}: fails the payment back: {reason}")]
    FailedBack { hop: String, reason: Box<Refusal> },
    #[error("{hop}: {source}")]
    Invoice { hop: String, source: Box<InvoiceError> },
    #[error("{hop}: is nobody in this story; there are {known}")]
    UnknownHop { hop: String, known: String },
    #[error("{hop}: had nothing to do {fault} with")]
    FaultNotReached { hop: String, fault: &'static str },
    #[error("the claim does not hold: {0}")]
    Claim(String),
}
