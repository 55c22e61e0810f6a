use core::fmt;

use bitcoin::OutPoint;
use bitcoin::hashes::Hash;
use thiserror::Error;

/// Whose edges of a channel are meant: those that the one or the other node offers. The nodes are in the order of their node ids, as
/// in BOLT 7's direction bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Offered by the node whose compressed node id is the lesser.
    FromNode1,
    /// Offered by the other.
    FromNode2,
}

/// The name of an edge. It stays the same for as long as the edge stands, whatever outputs the edge has meanwhile.
///
/// Encoding: 41 bytes, so that both forms have the same length.
///
/// ```text
/// 00 ‖ txid (32) ‖ output index (8, big endian)
/// 01 ‖ channel_id (32) ‖ number (8, big endian)      offered by node 1
/// 02 ‖ channel_id (32) ‖ number (8, big endian)      offered by node 2
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeId(Place);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Contract(OutPoint),
    Channel { channel_id: [u8; 32], direction: Direction, number: u64 },
}

/// Why bytes are no edge id.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EdgeIdError {
    /// The first byte is none of 00, 01 and 02.
    #[error("edge id: kind {kind:02x}, expected 00 to 02")]
    Kind {
        /// The byte that stands there.
        kind: u8,
    },
    /// The output index of a contract exceeds 32 bits.
    #[error("edge id: output index {index} exceeds 32 bits")]
    OutputIndex {
        /// The index.
        index: u64,
    },
}

impl EdgeId {
    /// The length of the encoding, in bytes.
    pub const LENGTH: usize = 1 + 32 + 8;

    /// The edge that is a contract of its own, at this outpoint.
    pub fn of_contract(outpoint: OutPoint) -> Self {
        Self(Place::Contract(outpoint))
    }

    /// The HTLC or PTLC of this number which one side of a channel has offered (BOLT 2: `channel_id`, `id`).
    pub fn in_channel(channel_id: [u8; 32], direction: Direction, number: u64) -> Self {
        Self(Place::Channel { channel_id, direction, number })
    }

    /// The outpoint, of a contract of its own; None in a channel.
    pub fn outpoint(&self) -> Option<OutPoint> {
        match self.0 {
            Place::Contract(outpoint) => Some(outpoint),
            Place::Channel { .. } => None,
        }
    }

    /// The channel, whose direction and which number; None for a contract of its own.
    pub fn channel(&self) -> Option<([u8; 32], Direction, u64)> {
        match self.0 {
            Place::Contract(_) => None,
            Place::Channel { channel_id, direction, number } => {
                Some((channel_id, direction, number))
            }
        }
    }

    /// The 41 bytes.
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let (kind, name, number) = match &self.0 {
            Place::Contract(outpoint) => {
                (0, outpoint.txid.as_byte_array(), u64::from(outpoint.vout))
            }
            Place::Channel { channel_id, direction: Direction::FromNode1, number } => {
                (1, channel_id, *number)
            }
            Place::Channel { channel_id, direction: Direction::FromNode2, number } => {
                (2, channel_id, *number)
            }
        };
        let mut bytes = [kind; Self::LENGTH];
        bytes[1..33].copy_from_slice(name);
        bytes[33..].copy_from_slice(&number.to_be_bytes());
        bytes
    }

    /// Reads the 41 bytes.
    ///
    /// # Errors
    ///
    /// [`EdgeIdError`].
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Result<Self, EdgeIdError> {
        let (mut name, mut number) = ([0; 32], [0; 8]);
        name.copy_from_slice(&bytes[1..33]);
        number.copy_from_slice(&bytes[33..]);
        let number = u64::from_be_bytes(number);
        let direction = match bytes[0] {
            0 => {
                let vout = u32::try_from(number);
                let vout = vout.map_err(|_| EdgeIdError::OutputIndex { index: number })?;
                let txid = bitcoin::Txid::from_byte_array(name);
                return Ok(Self::of_contract(OutPoint { txid, vout }));
            }
            1 => Direction::FromNode1,
            2 => Direction::FromNode2,
            kind => return Err(EdgeIdError::Kind { kind }),
        };
        Ok(Self::in_channel(name, direction, number))
    }
}

impl fmt::Display for EdgeId {
    /// `TXID:INDEX`, or `CHANNEL_ID/1/NUMBER` with the node that offers it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Contract(outpoint) => write!(f, "{outpoint}"),
            Place::Channel { channel_id, direction, number } => {
                let node = match direction {
                    Direction::FromNode1 => 1,
                    Direction::FromNode2 => 2,
                };
                write!(f, "{}/{node}/{number}", hex::encode(channel_id))
            }
        }
    }
}

impl fmt::Debug for EdgeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EdgeId({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_is_written_as_it_was(bytes in prop::array::uniform32(any::<u8>()), kind in 0u8..4, number: u64) {
            let mut encoding = [kind; EdgeId::LENGTH];
            encoding[1..33].copy_from_slice(&bytes);
            encoding[33..].copy_from_slice(&number.to_be_bytes());
            match (EdgeId::from_bytes(&encoding), kind) {
                (Ok(id), 0) => {
                    prop_assert_eq!(id.to_bytes(), encoding);
                    prop_assert_eq!(id.outpoint().map(|outpoint| u64::from(outpoint.vout)), Some(number));
                }
                (Ok(id), 1 | 2) => {
                    prop_assert_eq!(id.to_bytes(), encoding);
                    prop_assert_eq!(id.channel().map(|(channel, _, number)| (channel, number)), Some((bytes, number)));
                }
                (Err(error), 0) => prop_assert_eq!(error, EdgeIdError::OutputIndex { index: number }),
                (result, kind) => prop_assert_eq!(result, Err(EdgeIdError::Kind { kind })),
            }
        }
    }

    #[test]
    fn both_sides_of_a_channel_count_for_themselves() {
        let of = |direction| EdgeId::in_channel([1; 32], direction, 5);
        assert_ne!(of(Direction::FromNode1), of(Direction::FromNode2));
        assert_ne!(of(Direction::FromNode1).to_bytes(), of(Direction::FromNode2).to_bytes());
        assert_eq!(of(Direction::FromNode2).to_string(), format!("{}/2/5", "01".repeat(32)));
    }
}
