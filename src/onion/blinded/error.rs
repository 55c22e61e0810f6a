use thiserror::Error;

use crate::curve::CurveError;
use crate::onion::OnionError;
use crate::wire::WireError;

/// Why a blinded path can't be made, or a hop of one can't be read.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BlindingError {
    /// A path to nobody was to be made.
    #[error("a blinded path needs at least one hop")]
    NoHops,
    /// A path was to be made over more hops than its encoding can count.
    #[error("a blinded path of {hops} hops, expected at most {max}")]
    TooManyHops {
        /// How many hops it would have.
        hops: usize,
        /// How many it may have.
        max: usize,
    },
    /// The data for a hop is longer than the 16-bit length field of an invoice can say.
    #[error("data for hop {hop} has {length} bytes, expected at most {max}")]
    DataLength {
        /// The hop, counted from 0 at the introduction node.
        hop: usize,
        /// The length of the data in bytes.
        length: usize,
        /// The length of the longest.
        max: usize,
    },
    /// A hash that is used as a scalar is zero mod n, which no hash will show.
    #[error("derived scalar: {source}")]
    Degenerate {
        /// What is wrong with it.
        source: CurveError,
    },
    /// `encrypted_recipient_data` does not open: altered, of another path, or for another node or path
    /// key.
    #[error("encrypted_recipient_data does not open")]
    InvalidSeal,
    /// The data opens, but is no TLV stream: the mistake of whoever made the path.
    #[error("recipient data: {source}")]
    InvalidStream {
        /// What is wrong with it.
        source: WireError,
    },
    /// A field of the data, or of the payload around it, has a value that it can't have.
    #[error("{field} has an invalid value")]
    InvalidField {
        /// The name of the field in BOLT 4.
        field: &'static str,
    },
    /// The data has a field of an unknown even type, which a reader has to understand.
    #[error("recipient data has the unknown even type {tlv_type}")]
    UnknownEvenType {
        /// The type.
        tlv_type: u64,
    },
    /// The packet does not peel.
    #[error("packet: {source}")]
    Onion {
        /// Why not.
        source: OnionError,
    },
    /// The payload of the packet is no TLV stream.
    #[error("payload: {source}")]
    InvalidPayload {
        /// What is wrong with it.
        source: WireError,
    },
    /// A field that has to be in the payload or in the data is missing.
    #[error("{field} is missing")]
    Missing {
        /// The name of the field in BOLT 4.
        field: &'static str,
    },
    /// The payload has a field that it may not have: a second path key, or, at a hop that forwards, any that
    /// is not the maker's.
    #[error("payload has the unexpected type {tlv_type}")]
    Unexpected {
        /// The type.
        tlv_type: u64,
    },
    /// The incoming contract is below the path's least amount, or expires above its highest height.
    #[error("path does not allow {amount_msat} msat until {cltv_expiry}")]
    NotAllowed {
        /// The amount of the incoming contract in millisatoshi.
        amount_msat: u64,
        /// Its expiry height.
        cltv_expiry: u32,
    },
    /// The incoming contract does not cover the fee or the delta of the path.
    #[error("{amount_msat} msat until {cltv_expiry} do not cover the terms of the path")]
    NotCovered {
        /// The amount of the incoming contract in millisatoshi.
        amount_msat: u64,
        /// Its expiry height.
        cltv_expiry: u32,
    },
    /// The bytes are no onion message: another type, cut off, or a path key that is no point.
    #[error("onion message: {field} is invalid or cut off")]
    InvalidMessage {
        /// The first field that is wrong.
        field: &'static str,
    },
}
