use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;

use super::BlindingError;
use crate::curve::Point;
use crate::wire::{Features, TlvRecord, TlvStream, TlvWriter, read_tu32, read_tu64, tu64};

const PADDING: u64 = 1;
const SHORT_CHANNEL_ID: u64 = 2;
const NEXT_NODE_ID: u64 = 4;
const PATH_ID: u64 = 6;
const NEXT_PATH_KEY_OVERRIDE: u64 = 8;
const PAYMENT_RELAY: u64 = 10;
const PAYMENT_CONSTRAINTS: u64 = 12;
const ALLOWED_FEATURES: u64 = 14;

/// What the maker of a path tells one hop: BOLT 4's `encrypted_data_tlv`, in the clear.
///
/// Encoding: a TLV stream. Unknown odd types are kept, so that what was read is written again byte for
/// byte; unknown even ones are refused. `Debug` prints no `path_id`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RecipientData {
    /// Type 1: bytes without a meaning, to make the data of all hops equally long.
    pub padding: Option<Vec<u8>>,
    /// Type 2: the channel to forward over.
    pub short_channel_id: Option<u64>,
    /// Type 4: the node to forward to.
    pub next_node_id: Option<Point>,
    /// Type 6: for the maker itself, by which it knows its path again.
    pub path_id: Option<Vec<u8>>,
    /// Type 8: the path key for the next hop, in place of E_{i+1}: another path starts there.
    pub next_path_key_override: Option<Point>,
    /// Type 10: what the hop keeps of the amount, and of the expiry.
    pub payment_relay: Option<PaymentRelay>,
    /// Type 12: which payments may take this path.
    pub payment_constraints: Option<PaymentConstraints>,
    /// Type 14: the feature bits that a payment along this path may use, big endian (BOLT 9).
    pub allowed_features: Option<Vec<u8>>,
    /// Fields of unknown odd types.
    pub other: BTreeMap<u64, Vec<u8>>,
}

/// What a hop of a path keeps, as the maker of the path says it (the hop's own terms, at the time).
///
/// Encoding: 2 + 4 + 0 to 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentRelay {
    /// By how many blocks the outgoing contract expires before the incoming one.
    pub cltv_expiry_delta: u16,
    /// Fee in millionths of the amount that is forwarded.
    pub fee_proportional_millionths: u32,
    /// Fee in millisatoshi, on top of that.
    pub fee_base_msat: u32,
}

/// Which payments a hop of a path forwards.
///
/// Encoding: 4 + 0 to 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentConstraints {
    /// The highest block height at which the incoming contract may expire.
    pub max_cltv_expiry: u32,
    /// The least amount of the incoming contract, in millisatoshi.
    pub htlc_minimum_msat: u64,
}

impl RecipientData {
    /// Reads the TLV stream.
    ///
    /// # Errors
    ///
    /// [`BlindingError::InvalidStream`], [`BlindingError::InvalidField`] and
    /// [`BlindingError::UnknownEvenType`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BlindingError> {
        let stream =
            TlvStream::parse(bytes).map_err(|source| BlindingError::InvalidStream { source })?;
        let mut data = Self::default();
        for record in stream.records() {
            data.read(record)?;
        }
        Ok(data)
    }

    /// Whether all features that may be used along the path are among these: the odd ones too (BOLT 4).
    pub(super) fn check_features(&self, known: &[usize]) -> Result<(), BlindingError> {
        let allowed = self.allowed_features.as_deref().unwrap_or_default();
        if Features::from_bytes(allowed).bits().all(|bit| known.contains(&bit)) {
            Ok(())
        } else {
            Err(BlindingError::InvalidField { field: "allowed_features" })
        }
    }

    fn read(&mut self, record: &TlvRecord<'_>) -> Result<(), BlindingError> {
        let value = record.value();
        let invalid = |field| BlindingError::InvalidField { field };
        match record.tlv_type() {
            PADDING => self.padding = Some(value.to_vec()),
            SHORT_CHANNEL_ID => {
                let bytes = value.try_into().map_err(|_| invalid("short_channel_id"))?;
                self.short_channel_id = Some(u64::from_be_bytes(bytes));
            }
            NEXT_NODE_ID => {
                let point = Point::from_slice(value).map_err(|_| invalid("next_node_id"))?;
                self.next_node_id = Some(point);
            }
            PATH_ID => self.path_id = Some(value.to_vec()),
            NEXT_PATH_KEY_OVERRIDE => {
                let point =
                    Point::from_slice(value).map_err(|_| invalid("next_path_key_override"))?;
                self.next_path_key_override = Some(point);
            }
            PAYMENT_RELAY => {
                let relay = PaymentRelay::from_bytes(value);
                self.payment_relay = Some(relay.ok_or_else(|| invalid("payment_relay"))?);
            }
            PAYMENT_CONSTRAINTS => {
                let constraints = PaymentConstraints::from_bytes(value);
                let constraints = constraints.ok_or_else(|| invalid("payment_constraints"))?;
                self.payment_constraints = Some(constraints);
            }
            ALLOWED_FEATURES => self.allowed_features = Some(value.to_vec()),
            tlv_type if tlv_type % 2 == 0 => {
                return Err(BlindingError::UnknownEvenType { tlv_type });
            }
            tlv_type => {
                self.other.insert(tlv_type, value.to_vec());
            }
        }
        Ok(())
    }

    /// The TLV stream. A field of [`other`](Self::other) with a type from this list gives way to the field
    /// of that name.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = TlvWriter::new();
        for (tlv_type, value) in &self.other {
            writer.set(*tlv_type, value.clone());
        }
        let mut set = |tlv_type, value: Option<Vec<u8>>| {
            if let Some(value) = value {
                writer.set(tlv_type, value);
            }
        };
        set(PADDING, self.padding.clone());
        set(SHORT_CHANNEL_ID, self.short_channel_id.map(|id| id.to_be_bytes().to_vec()));
        set(NEXT_NODE_ID, self.next_node_id.map(|point| point.to_bytes().to_vec()));
        set(PATH_ID, self.path_id.clone());
        let path_key = self.next_path_key_override;
        set(NEXT_PATH_KEY_OVERRIDE, path_key.map(|point| point.to_bytes().to_vec()));
        set(PAYMENT_RELAY, self.payment_relay.map(|relay| relay.to_bytes()));
        set(PAYMENT_CONSTRAINTS, self.payment_constraints.map(|limits| limits.to_bytes()));
        set(ALLOWED_FEATURES, self.allowed_features.clone());
        writer.to_bytes()
    }

    /// Whether this is the data of the path with this id: compared in constant time, for who guesses it
    /// is taken for someone whom the receiver gave the path.
    pub fn has_path_id(&self, expected: &[u8]) -> bool {
        self.path_id.as_ref().is_some_and(|path_id| path_id.ct_eq(expected).into())
    }

    /// Sets the padding so that the encoding has `length` bytes. Whether that is possible the return value
    /// says: a padding takes at least 2 bytes, and its own length field grows from 1 byte to 3 at 253.
    #[must_use]
    pub fn pad(&mut self, length: usize) -> bool {
        self.padding = None;
        let bare = self.to_bytes().len();
        if bare == length {
            return true;
        }
        // Type and length take 2 or 4 bytes, 6 beyond what a path can carry.
        for prefix in [2, 4, 6] {
            let Some(room) = length.checked_sub(bare + prefix) else { break };
            self.padding = Some(vec![0; room]);
            if self.to_bytes().len() == length {
                return true;
            }
        }
        self.padding = None;
        false
    }
}

impl fmt::Debug for RecipientData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecipientData")
            .field("short_channel_id", &self.short_channel_id)
            .field("next_node_id", &self.next_node_id)
            .field("next_path_key_override", &self.next_path_key_override)
            .field("payment_relay", &self.payment_relay)
            .field("payment_constraints", &self.payment_constraints)
            .field("allowed_features", &self.allowed_features)
            .finish_non_exhaustive()
    }
}

impl PaymentRelay {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (delta, rest) = bytes.split_first_chunk()?;
        let (proportional, base) = rest.split_first_chunk()?;
        Some(Self {
            cltv_expiry_delta: u16::from_be_bytes(*delta),
            fee_proportional_millionths: u32::from_be_bytes(*proportional),
            fee_base_msat: read_tu32(base).ok()?,
        })
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = self.cltv_expiry_delta.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.fee_proportional_millionths.to_be_bytes());
        bytes.extend_from_slice(&tu64(self.fee_base_msat.into()));
        bytes
    }

    /// What the hop forwards of an incoming contract: amount in millisatoshi and expiry height. None where
    /// the contract does not cover the fee or the delta.
    ///
    /// The amount is that of BOLT 4, ⌈(amount − base) · 10^6 / (10^6 + proportional)⌉; one millisatoshi less where
    /// rounding up would leave the hop less than base + ⌊forwarded · proportional / 10^6⌋.
    pub fn forward(&self, amount_msat: u64, cltv_expiry: u32) -> Option<(u64, u32)> {
        let expiry = cltv_expiry.checked_sub(self.cltv_expiry_delta.into())?;
        let after_base = amount_msat.checked_sub(self.fee_base_msat.into())?;
        let proportional = u128::from(self.fee_proportional_millionths);
        let mut forwarded = (u128::from(after_base) * 1_000_000).div_ceil(1_000_000 + proportional);
        if forwarded + forwarded * proportional / 1_000_000 > u128::from(after_base) {
            forwarded -= 1;
        }
        Some((u64::try_from(forwarded).ok()?, expiry))
    }
}

impl PaymentConstraints {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (expiry, minimum) = bytes.split_first_chunk()?;
        Some(Self {
            max_cltv_expiry: u32::from_be_bytes(*expiry),
            htlc_minimum_msat: read_tu64(minimum).ok()?,
        })
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = self.max_cltv_expiry.to_be_bytes().to_vec();
        bytes.extend_from_slice(&tu64(self.htlc_minimum_msat));
        bytes
    }

    /// Whether an incoming contract may take the path: not below the least amount, and expiring at
    /// `max_cltv_expiry` at the latest.
    pub fn allow(&self, amount_msat: u64, cltv_expiry: u32) -> bool {
        amount_msat >= self.htlc_minimum_msat && cltv_expiry <= self.max_cltv_expiry
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::curve::SecretScalar;

    fn full() -> RecipientData {
        let point = SecretScalar::from_bytes(&[5; 32]).unwrap().to_point();
        RecipientData {
            padding: Some(vec![0; 3]),
            short_channel_id: Some(u64::MAX),
            next_node_id: Some(point),
            path_id: Some(vec![1; 32]),
            next_path_key_override: Some(point.negate()),
            payment_relay: Some(PaymentRelay {
                cltv_expiry_delta: 144,
                fee_proportional_millionths: 100,
                fee_base_msat: 1000,
            }),
            payment_constraints: Some(PaymentConstraints {
                max_cltv_expiry: 800_000,
                htlc_minimum_msat: 1,
            }),
            allowed_features: Some(Vec::new()),
            other: BTreeMap::from([(561, vec![1, 2])]),
        }
    }

    #[test]
    fn all_fields_go_there_and_back() {
        assert_eq!(RecipientData::from_bytes(&full().to_bytes()), Ok(full()));
        assert_eq!(RecipientData::from_bytes(&[]), Ok(RecipientData::default()));
    }

    #[test]
    fn refusals_name_the_field() {
        for (tlv_type, field, value) in [
            (2, "short_channel_id", vec![0; 7]),
            (4, "next_node_id", vec![4; 33]),
            (8, "next_path_key_override", vec![2; 32]),
            (10, "payment_relay", vec![0; 5]),
            // A leading zero in the base fee.
            (10, "payment_relay", vec![0; 7]),
            (12, "payment_constraints", vec![0; 3]),
            (12, "payment_constraints", vec![1; 13]),
        ] {
            let bytes = TlvWriter::new().set(tlv_type, value).to_bytes();
            assert_eq!(
                RecipientData::from_bytes(&bytes),
                Err(BlindingError::InvalidField { field })
            );
        }
        let unknown = |tlv_type| TlvWriter::new().set(tlv_type, [1]).to_bytes();
        assert_eq!(
            RecipientData::from_bytes(&unknown(16)),
            Err(BlindingError::UnknownEvenType { tlv_type: 16 })
        );
        assert_eq!(RecipientData::from_bytes(&unknown(17)).unwrap().other[&17], [1]);
        let truncated = RecipientData::from_bytes(&[6, 2, 0]);
        assert!(matches!(truncated, Err(BlindingError::InvalidStream { .. })), "{truncated:?}");
    }

    #[test]
    fn padding_reaches_every_length_but_those_in_the_gaps() {
        let bare = RecipientData { padding: None, ..full() }.to_bytes().len();
        for length in 0..bare + 400 {
            let mut data = full();
            let padded = data.pad(length);
            // One byte more has no encoding; nor have the two where the length field grows.
            let possible =
                length == bare || length >= bare + 2 && ![bare + 255, bare + 256].contains(&length);
            assert_eq!(padded, possible, "{length}");
            if padded {
                assert_eq!(data.to_bytes().len(), length);
                assert_eq!(RecipientData::from_bytes(&data.to_bytes()), Ok(data));
            } else {
                assert_eq!(data.padding, None);
            }
        }
    }

    #[test]
    fn the_path_id_is_compared_and_not_shown() {
        assert!(full().has_path_id(&[1; 32]));
        for wrong in [&[2; 32][..], &[1; 31], &[1; 33], &[]] {
            assert!(!full().has_path_id(wrong));
        }
        assert!(!RecipientData::default().has_path_id(&[]));
        assert!(!format!("{:?}", full()).contains("path_id"));
    }

    #[test]
    fn constraints_are_inclusive() {
        let constraints = PaymentConstraints { max_cltv_expiry: 100, htlc_minimum_msat: 50 };
        assert!(constraints.allow(50, 100));
        assert!(!constraints.allow(49, 100));
        assert!(!constraints.allow(50, 101));
    }

    #[test]
    fn what_does_not_cover_the_terms_is_not_forwarded() {
        let relay = PaymentRelay {
            cltv_expiry_delta: 10,
            fee_proportional_millionths: 0,
            fee_base_msat: 7,
        };
        assert_eq!(relay.forward(8, 11), Some((1, 1)));
        assert_eq!(relay.forward(6, 11), None);
        assert_eq!(relay.forward(8, 9), None);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_again(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(data) = RecipientData::from_bytes(&bytes) {
                prop_assert_eq!(data.to_bytes(), bytes);
            }
        }

        #[test]
        fn altered_data_does_not_panic(bit in 0usize..8 * 130, cut in 0usize..130) {
            let mut bytes = full().to_bytes();
            let bit = bit % (8 * bytes.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
            for bytes in [&bytes[..], &bytes[..cut.min(bytes.len())]] {
                if let Ok(data) = RecipientData::from_bytes(bytes) {
                    prop_assert_eq!(data.to_bytes(), bytes);
                }
            }
        }

        /// What is left of the amount covers the fee that is due on what is forwarded, and would not on a millisatoshi more.
        #[test]
        fn the_fee_is_covered(base: u32, proportional: u32, amount in 0u64..2_100_000_000_000_000_000) {
            let relay = PaymentRelay {
                cltv_expiry_delta: 0,
                fee_proportional_millionths: proportional,
                fee_base_msat: base,
            };
            let fee = |forwarded: u64| {
                u128::from(base) + u128::from(forwarded) * u128::from(proportional) / 1_000_000
            };
            if let Some((forwarded, _)) = relay.forward(amount, 0) {
                prop_assert!(u128::from(forwarded) + fee(forwarded) <= u128::from(amount));
                let more = forwarded + 1;
                prop_assert!(u128::from(more) + fee(more) > u128::from(amount));
            } else {
                prop_assert!(amount < base.into());
            }
        }
    }
}
