use thiserror::Error;

use super::super::payload::type_of;
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
    /// A field stands where nothing but certain fields may stand, unknown odd ones included.
    #[error("type {tlv_type}: has no place here")]
    Unexpected {
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
            Self::UnknownEven { tlv_type } | Self::Unexpected { tlv_type } => Some(*tlv_type),
            Self::Wire(error) => error.tlv_type(),
        }
    }
}
