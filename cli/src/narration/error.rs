use pointlock::invoice::InvoiceError;
use pointlock_sim::SimError;
use thiserror::Error;

use crate::chain::Refused;

/// What ended a story, and at whose hands. Edges are named by their parties.
#[derive(Debug, Error)]
pub(crate) enum StoryError {
    #[error("{text}")]
    Sim { text: String, source: SimError<Refused> },
    #[error("{hop}: fails the payment back: {reason}")]
    FailedBack { hop: String, reason: String },
    #[error("{hop}: {source}")]
    Invoice { hop: String, source: Box<InvoiceError> },
    #[error("{hop}: is nobody in this story; there are {known}")]
    UnknownHop { hop: String, known: String },
    #[error("{hop}: had nothing to do {fault} with")]
    FaultNotReached { hop: String, fault: &'static str },
    #[error("the claim does not hold: {0}")]
    Claim(String),
}
