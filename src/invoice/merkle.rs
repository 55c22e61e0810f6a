//! BOLT 12's Merkle root and signature hash.
//!
//! Each record of a TLV stream is a leaf, paired with a nonce leaf that keeps it from being guessed when
//! its neighbours are shown:
//!
//! ```text
//! leaf   = H_LnLeaf(record)
//! nonce  = H_(LnNonce ‖ first record)(type)
//! node   = H_LnBranch(lesser child ‖ greater child)
//! ```
//!
//! The pairs (leaf, nonce) are joined two by two from the lowest type on, level after level; one left
//! over goes up unchanged. Signature elements (types 240 to 1000) are no leaves. What is signed is
//! H_(`lightning` ‖ message name ‖ field name)(root).
//!
//! # References
//!
//! [BOLT 12](https://github.com/lightning/bolts/blob/master/12-offer-encoding.md), "Signature Calculation".

use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};

use crate::curve::{Tag, hash_with_tag};
use crate::wire::TlvStream;

/// The types of signature elements, which the root leaves out.
pub const SIGNATURE_TYPES: RangeInclusive<u64> = 240..=1000;

static LEAF: Tag = Tag::new("LnLeaf");
static BRANCH: Tag = Tag::new("LnBranch");

/// The hash of a whole record: type, length and value.
pub fn leaf_hash(record: &[u8]) -> [u8; 32] {
    LEAF.hash(&[record])
}

/// The hash of two children, in whatever order they come.
pub fn branch_hash(one: &[u8; 32], other: &[u8; 32]) -> [u8; 32] {
    BRANCH.hash(&[one.min(other), one.max(other)])
}

/// Computes the nonces of a stream, whose tag holds its first record.
///
/// The tag is hashed once: a stream with a long first record and many short ones would otherwise cost
/// time that is quadratic in its length.
#[derive(Clone)]
pub struct NonceHasher(Sha256);

impl NonceHasher {
    /// For the stream that starts with this record.
    pub fn new(first_record: &[u8]) -> Self {
        let tag = Sha256::new().chain_update("LnNonce").chain_update(first_record).finalize();
        Self(Sha256::new().chain_update(tag).chain_update(tag))
    }

    /// The nonce of a record, from its type as it stands in the stream.
    pub fn hash(&self, type_bytes: &[u8]) -> [u8; 32] {
        self.0.clone().chain_update(type_bytes).finalize().into()
    }
}

/// The Merkle root over all records but signature elements; None when there is no other record.
pub fn root(stream: &TlvStream<'_>) -> Option<[u8; 32]> {
    let nonces = NonceHasher::new(stream.records().first()?.bytes());
    let mut level: Vec<[u8; 32]> = stream
        .records()
        .iter()
        .filter(|record| !SIGNATURE_TYPES.contains(&record.tlv_type()))
        .map(|record| branch_hash(&leaf_hash(record.bytes()), &nonces.hash(record.type_bytes())))
        .collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [one, other] => branch_hash(one, other),
                left_over => left_over[0],
            })
            .collect();
    }
    level.first().copied()
}

/// What a signature element signs: the root under a tag of the message's and the element's name, such as
/// `static_invoice` and `signature`.
pub fn signature_hash(message_name: &str, field_name: &str, root: &[u8; 32]) -> [u8; 32] {
    hash_with_tag(format!("lightning{message_name}{field_name}").as_bytes(), root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::TlvWriter;

    fn root_of(types: &[u64]) -> Option<[u8; 32]> {
        let mut writer = TlvWriter::new();
        for tlv_type in types {
            writer.set(*tlv_type, *b"value");
        }
        root(&TlvStream::parse(&writer.to_bytes()).unwrap())
    }

    #[test]
    fn signature_elements_are_no_leaves() {
        assert_eq!(root_of(&[1, 239, 240, 500, 1000, 1001]), root_of(&[1, 239, 1001]));
        assert_ne!(root_of(&[1, 239]), root_of(&[1]));
        assert_ne!(root_of(&[1, 1001]), root_of(&[1]));
        assert_eq!(root_of(&[240]), None);
        assert_eq!(root_of(&[]), None);
    }

    /// Five leaves: the deepest part of the tree is over the first four.
    #[test]
    fn a_leaf_left_over_goes_up_unchanged() {
        let mut writer = TlvWriter::new();
        for tlv_type in 1..=5 {
            writer.set(tlv_type, *b"value");
        }
        let bytes = writer.to_bytes();
        let stream = TlvStream::parse(&bytes).unwrap();
        let nonces = NonceHasher::new(stream.records()[0].bytes());
        let pairs: Vec<_> = stream
            .records()
            .iter()
            .map(|record| {
                branch_hash(&leaf_hash(record.bytes()), &nonces.hash(record.type_bytes()))
            })
            .collect();
        let four =
            branch_hash(&branch_hash(&pairs[0], &pairs[1]), &branch_hash(&pairs[2], &pairs[3]));
        assert_eq!(root(&stream), Some(branch_hash(&four, &pairs[4])));
    }
}
