use thiserror::Error;

use super::PathPart;
use crate::curve::CurveError;

/// Why bytes are not an integer, a TLV stream or a blinded path. Offsets count bytes from the start of the
/// stream to the start of the record.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// The bytes end inside a BigSize.
    #[error("BigSize is truncated")]
    BigSizeTruncated,
    /// A BigSize takes more bytes than its value needs.
    #[error("BigSize of {value} is not minimal")]
    BigSizeNotMinimal {
        /// The value it would have.
        value: u64,
    },
    /// A truncated integer is longer than its type allows.
    #[error("integer of {actual} bytes, at most {maximum} allowed")]
    IntegerTooLong {
        /// The length that the type allows, in bytes.
        maximum: usize,
        /// The length that was given, in bytes.
        actual: usize,
    },
    /// A truncated integer starts with a zero byte.
    #[error("integer is not minimal")]
    IntegerNotMinimal,
    /// The stream ends inside the type of a record.
    #[error("truncated in the type of the record at byte {offset}")]
    TypeTruncated {
        /// Where the record starts.
        offset: usize,
    },
    /// The type of a record takes more bytes than it needs.
    #[error("type of the record at byte {offset} is not minimal")]
    TypeNotMinimal {
        /// The type it would have.
        tlv_type: u64,
        /// Where the record starts.
        offset: usize,
    },
    /// The stream ends inside the length of a record.
    #[error("truncated in the length of the record at byte {offset}")]
    LengthTruncated {
        /// The type of the record.
        tlv_type: u64,
        /// Where the record starts.
        offset: usize,
    },
    /// The length of a record takes more bytes than it needs.
    #[error("length of the record at byte {offset} is not minimal")]
    LengthNotMinimal {
        /// The type of the record.
        tlv_type: u64,
        /// Where the record starts.
        offset: usize,
    },
    /// The stream ends inside the value of a record.
    #[error("record at byte {offset} declares {length} bytes, {left} are left")]
    ValueTruncated {
        /// The type of the record.
        tlv_type: u64,
        /// Where the record starts.
        offset: usize,
        /// The length that the record declares, in bytes.
        length: u64,
        /// How many bytes there are.
        left: usize,
    },
    /// A record has a lower type than the one before it.
    #[error("record at byte {offset} is out of order: it comes after type {previous}")]
    OutOfOrder {
        /// The type of the record.
        tlv_type: u64,
        /// Where the record starts.
        offset: usize,
        /// The type of the record before it.
        previous: u64,
    },
    /// A record has the type of the one before it.
    #[error("record at byte {offset} is a duplicate")]
    Duplicate {
        /// The type of both records.
        tlv_type: u64,
        /// Where the second one starts.
        offset: usize,
    },
    /// The bytes end inside a blinded path.
    #[error("blinded path is truncated in {part}")]
    PathTruncated {
        /// The part that is not whole.
        part: PathPart,
    },
    /// A point of a blinded path is none.
    #[error("blinded path: {part}: {source}")]
    PathPoint {
        /// Which point.
        part: PathPart,
        /// What is wrong with it.
        source: CurveError,
    },
    /// A blinded path has no hop, or more than its number can say.
    #[error("blinded path of {hops} hops, expected 1 to 255")]
    PathHops {
        /// How many hops it has.
        hops: usize,
    },
    /// The terms of a blinded path are truncated, or more follows.
    #[error("blinded path: terms are truncated or too long")]
    PathTerms,
    /// The data for a hop of a blinded path is longer than its length can say.
    #[error("blinded path: data of {length} bytes for hop {hop}, expected at most 65535")]
    PathData {
        /// The hop, counted from 0 at the introduction node.
        hop: usize,
        /// The length of the data in bytes.
        length: usize,
    },
}

impl WireError {
    /// Where the record at fault starts, in bytes from the start of the stream.
    pub fn offset(&self) -> Option<usize> {
        match *self {
            Self::TypeTruncated { offset }
            | Self::TypeNotMinimal { offset, .. }
            | Self::LengthTruncated { offset, .. }
            | Self::LengthNotMinimal { offset, .. }
            | Self::ValueTruncated { offset, .. }
            | Self::OutOfOrder { offset, .. }
            | Self::Duplicate { offset, .. } => Some(offset),
            Self::BigSizeTruncated
            | Self::BigSizeNotMinimal { .. }
            | Self::IntegerTooLong { .. }
            | Self::IntegerNotMinimal
            | Self::PathTruncated { .. }
            | Self::PathPoint { .. }
            | Self::PathHops { .. }
            | Self::PathTerms
            | Self::PathData { .. } => None,
        }
    }

    /// The type of the record at fault, unless the bytes end before it is known.
    pub fn tlv_type(&self) -> Option<u64> {
        match *self {
            Self::TypeNotMinimal { tlv_type, .. }
            | Self::LengthTruncated { tlv_type, .. }
            | Self::LengthNotMinimal { tlv_type, .. }
            | Self::ValueTruncated { tlv_type, .. }
            | Self::OutOfOrder { tlv_type, .. }
            | Self::Duplicate { tlv_type, .. } => Some(tlv_type),
            Self::BigSizeTruncated
            | Self::BigSizeNotMinimal { .. }
            | Self::IntegerTooLong { .. }
            | Self::IntegerNotMinimal
            | Self::TypeTruncated { .. }
            | Self::PathTruncated { .. }
            | Self::PathPoint { .. }
            | Self::PathHops { .. }
            | Self::PathTerms
            | Self::PathData { .. } => None,
        }
    }
}
