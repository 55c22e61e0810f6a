use alloc::boxed::Box;

use thiserror::Error;

use crate::curve::CurveError;
use crate::invoice::InvoiceError;
use crate::onion::blinded::BlindingError;
use crate::wire::WireError;

/// Why a message of async payments is refused or can't be made; the field by its name.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AsyncPaymentsError {
    /// A required field is missing.
    #[error("{0}: missing")]
    Missing(&'static str),
    /// A field has a wrong length or value, or something behind it.
    #[error("{0}: malformed")]
    Malformed(&'static str),
    /// A field that must be understood is not.
    #[error("type {tlv_type}: unknown and even")]
    UnknownEven {
        /// The type.
        tlv_type: u64,
    },
    /// A field stands where it has no place: two messages in one, or a field of another message.
    #[error("type {tlv_type}: has no place here")]
    Unexpected {
        /// The type.
        tlv_type: u64,
    },
    /// A stream itself is wrong.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// An invoice or an offer within is wrong.
    #[error("invoice: {0}")]
    Invoice(Box<InvoiceError>),
    /// The invoice request is not signed by its payer.
    #[error("signature: not the payer's")]
    Signature,
    /// The invoice request is for another offer.
    #[error("invoice_request: not for this offer")]
    OtherOffer,
    /// The message or its path can't be made.
    #[error("onion message: {0}")]
    Onion(#[from] BlindingError),
    /// Entropy that no hash will show.
    #[error("entropy: {0}")]
    Entropy(#[from] CurveError),
}

impl From<InvoiceError> for AsyncPaymentsError {
    fn from(error: InvoiceError) -> Self {
        Self::Invoice(Box::new(error))
    }
}
