use thiserror::Error;

use crate::curve::CurveError;

/// Why an onion can't be built, peeled or opened.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OnionError {
    /// A packet for nobody was to be built.
    #[error("a packet needs at least one hop")]
    NoHops,
    /// A packet has one payload for each of its hops.
    #[error("{payloads} payloads for {hops} hops")]
    PayloadCount {
        /// How many hops there are.
        hops: usize,
        /// How many payloads.
        payloads: usize,
    },
    /// The framed payloads exceed the packet.
    #[error("payloads exceed the packet at hop {hop}, by {excess} bytes over the whole route")]
    TooLong {
        /// The first hop whose payload does not fit any more, counted from 0.
        hop: usize,
        /// How many bytes the whole route has to save.
        excess: usize,
    },
    /// A payload of 0 or 1 byte was to be sent: BOLT 4 reserves these lengths.
    #[error("hop {hop} has a payload of {length} bytes, expected at least 2")]
    TooShort {
        /// The hop, counted from 0.
        hop: usize,
        /// The length of its payload in bytes.
        length: usize,
    },
    /// The packet has another length.
    #[error("packet has {actual} bytes, expected {expected}")]
    PacketLength {
        /// The length of a packet, in bytes.
        expected: usize,
        /// The length that was given, in bytes.
        actual: usize,
    },
    /// The packet has a version other than 0 (BOLT 4 `invalid_onion_version`).
    #[error("packet has version {version}, expected 0")]
    InvalidVersion {
        /// The version byte.
        version: u8,
    },
    /// The ephemeral key is no point (BOLT 4 `invalid_onion_key`). With [`CurveError::ScalarZero`]: the
    /// blinding factor is zero, which no hash will show.
    #[error("ephemeral key: {source}")]
    InvalidKey {
        /// What is wrong with it.
        source: CurveError,
    },
    /// The HMAC is wrong (BOLT 4 `invalid_onion_hmac`): altered bytes, other associated data, or a
    /// packet for another node.
    #[error("packet has a wrong HMAC")]
    InvalidHmac,
    /// The HMAC is right, but the payload's frame is wrong (BOLT 4 `invalid_onion_payload`): the
    /// sender's mistake, and no one else's.
    #[error("payload: {reason}")]
    InvalidPayload {
        /// What is wrong with it.
        reason: PayloadFault,
    },
    /// The packet was here before.
    #[error("packet was seen before, with expiry height {expiry_height}")]
    Replayed {
        /// The expiry height that was given with the first one.
        expiry_height: u32,
    },
    /// A failure message is shorter than its code, or a failure packet longer than its 16-bit length
    /// field can say.
    #[error("failure has {length} bytes, expected {min} to {max}")]
    FailureLength {
        /// The length in bytes.
        length: usize,
        /// The shortest.
        min: usize,
        /// The longest.
        max: usize,
    },
    /// Attribution data has another length than it always has.
    #[error("attribution data has {length} bytes, expected {expected}")]
    AttributionLength {
        /// The length in bytes.
        length: usize,
        /// The one it should have.
        expected: usize,
    },
    /// A returned failure carries no hop's HMAC: some hop altered it, or made it up.
    #[error("failure comes from none of the hops")]
    UnknownFailureSource,
    /// A returned failure carries a hop's HMAC, but no message can be read from it.
    #[error("failure of hop {hop} has no readable message")]
    InvalidFailure {
        /// The hop that made it, counted from 0.
        hop: usize,
    },
}

/// What is wrong with the frame of a payload.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PayloadFault {
    /// The length is 0 or 1, which BOLT 4 reserves.
    #[error("length {length} is reserved")]
    ReservedLength {
        /// The length.
        length: u64,
    },
    /// The length is not in the shortest BigSize encoding.
    #[error("length is not minimally encoded")]
    NotMinimal,
    /// The payload and the HMAC after it do not fit into the packet.
    #[error("length {length} exceeds the packet, which has room for {room}")]
    ExceedsPacket {
        /// The length of the payload in bytes.
        length: u64,
        /// What the packet can hold after the length field and beside the HMAC, in bytes.
        room: usize,
    },
}

/// BOLT 4's flag for an onion that the peer can't read.
const BADONION: u16 = 0x8000;
/// BOLT 4's flag for a permanent failure.
const PERM: u16 = 0x4000;

impl OnionError {
    /// BOLT 4's failure code for what [`Packet::from_bytes`](super::Packet::from_bytes) and
    /// [`Packet::peel`](super::Packet::peel) refuse; None where it has none.
    ///
    /// Codes with the flag 0x8000 go to the peer in the clear (`update_fail_malformed_htlc`, with the
    /// SHA-256 of the packet), because they mean that there is no shared secret. The other goes back in a
    /// [`FailurePacket`](super::FailurePacket).
    pub fn failure_code(&self) -> Option<u16> {
        match self {
            Self::InvalidVersion { .. } => Some(BADONION | PERM | 4),
            Self::InvalidHmac => Some(BADONION | PERM | 5),
            Self::InvalidKey { .. } => Some(BADONION | PERM | 6),
            Self::InvalidPayload { .. } => Some(PERM | 22),
            _ => None,
        }
    }
}
