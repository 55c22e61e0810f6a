//! Selective disclosure: some leaves of an invoice's tree, and the hashes that stand for the others.
//!
//! ```text
//! leaf of a field = H_LnBranch(H_LnLeaf(record), nonce)     the nonce is shown beside the record
//! missing hash    = a node with nothing shown below it, where its sibling has something
//! marker          = the last number used + 1, for a field that is left out; field 0 has none
//! ```
//!
//! A tree over n leaves has the largest power of two below n of them on its left: that is what joining two by two from the
//! lowest type on comes to. So creating and rebuilding are one walk, and the missing hashes come in its order.

use super::ProofError;
use super::types::is_leaf;
use crate::invoice::merkle::{NonceHasher, branch_hash, leaf_hash};
use crate::wire::{TlvRecord, TlvStream};

/// What stands for the fields that are left out, and the nonces of those that are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Disclosure {
    /// A number for each field that is left out, but for field 0: between the types where it stands, and otherwise without a meaning.
    pub(super) markers: Vec<u64>,
    /// The hashes of what is left out, from the left.
    pub(super) missing_hashes: Vec<[u8; 32]>,
    /// The nonces of what is shown, in the order of the types.
    pub(super) nonces: Vec<[u8; 32]>,
}

impl Disclosure {
    /// Shows those fields of an invoice for which `shows` says so. Field 0 is what makes the nonces unguessable, and is never shown.
    pub(super) fn create(
        invoice: &TlvStream<'_>,
        shows: impl Fn(u64) -> bool,
    ) -> Result<Self, ProofError> {
        let Some(first) = invoice.records().first() else {
            return Err(ProofError::Missing("signature"));
        };
        let nonce_hasher = NonceHasher::new(first.bytes());
        let mut disclosure = Self::default();
        let mut leaves = Vec::new();
        let mut last = 0;
        for record in invoice.records().iter().filter(|record| is_leaf(record.tlv_type())) {
            let nonce = nonce_hasher.hash(record.type_bytes());
            let tlv_type = record.tlv_type();
            let is_shown = tlv_type != 0 && shows(tlv_type);
            leaves.push(Leaf { hash: leaf(record, &nonce), is_shown });
            if is_shown {
                disclosure.nonces.push(nonce);
                last = tlv_type;
            } else if tlv_type != 0 {
                last += 1;
                if !is_marker(last) {
                    return Err(ProofError::NoMarker { tlv_type });
                }
                disclosure.markers.push(last);
            }
        }
        collect_missing(&leaves, &mut disclosure.missing_hashes);
        Ok(disclosure)
    }

    /// The root of the invoice whose `shown` records these are, in a stream that is `proof`. `implies_first` is for an invoice whose
    /// first field is 0, which is left out without a marker.
    pub(super) fn root(
        &self,
        proof: &TlvStream<'_>,
        implies_first: bool,
    ) -> Result<[u8; 32], ProofError> {
        self.check_markers(proof)?;
        let shown: Vec<&TlvRecord<'_>> =
            proof.records().iter().filter(|record| is_leaf(record.tlv_type())).collect();
        if shown.len() != self.nonces.len() {
            let (expected, actual) = (shown.len(), self.nonces.len());
            return Err(ProofError::LeafHashes { expected, actual });
        }
        let mut leaves = Vec::with_capacity(shown.len() + self.markers.len() + 1);
        leaves.extend(implies_first.then_some(None));
        let mut markers = self.markers.iter().peekable();
        for (record, nonce) in shown.iter().zip(&self.nonces) {
            while markers.next_if(|marker| **marker < record.tlv_type()).is_some() {
                leaves.push(None);
            }
            leaves.push(Some(leaf(record, nonce)));
        }
        leaves.extend(markers.map(|_| None));
        let mut rebuilding = Rebuilding { missing_hashes: &self.missing_hashes, used: 0 };
        let root = rebuilding.node(&leaves);
        let (expected, actual) = (rebuilding.used, self.missing_hashes.len());
        match root {
            Some(root) if expected == actual => Ok(root),
            _ => Err(ProofError::MissingHashes { expected, actual }),
        }
    }

    fn check_markers(&self, proof: &TlvStream<'_>) -> Result<(), ProofError> {
        let mut previous = 0;
        for (index, &marker) in self.markers.iter().enumerate() {
            if index > 0 && marker <= previous {
                return Err(ProofError::MarkerOrder { index, marker });
            }
            if !is_marker(marker) {
                return Err(ProofError::MarkerRange { index, marker });
            }
            if proof.get(marker).is_some() {
                return Err(ProofError::MarkerShown { index, marker });
            }
            if marker != previous + 1 && proof.get(marker - 1).is_none() {
                return Err(ProofError::MarkerGap { index, marker });
            }
            previous = marker;
        }
        Ok(())
    }
}

/// A marker has the number of a field that could be there.
fn is_marker(number: u64) -> bool {
    number != 0 && is_leaf(number)
}

/// A leaf that is joined with its nonce, which is what the tree is over.
fn leaf(record: &TlvRecord<'_>, nonce: &[u8; 32]) -> [u8; 32] {
    branch_hash(&leaf_hash(record.bytes()), nonce)
}

/// How many of n leaves, at least two, stand on the left.
fn left_of(leaves: usize) -> usize {
    leaves.next_power_of_two() / 2
}

struct Leaf {
    hash: [u8; 32],
    is_shown: bool,
}

/// The node over these leaves, and whether anything is shown below it. A side with nothing shown is missing if the other has something.
fn collect_missing(leaves: &[Leaf], missing_hashes: &mut Vec<[u8; 32]>) -> Option<Leaf> {
    if let [] | [_] = leaves {
        return leaves.first().map(|leaf| Leaf { hash: leaf.hash, is_shown: leaf.is_shown });
    }
    let (left, right) = leaves.split_at(left_of(leaves.len()));
    let left = collect_missing(left, missing_hashes)?;
    let right = collect_missing(right, missing_hashes)?;
    match (left.is_shown, right.is_shown) {
        (true, false) => missing_hashes.push(right.hash),
        (false, true) => missing_hashes.push(left.hash),
        _ => {}
    }
    let is_shown = left.is_shown || right.is_shown;
    Some(Leaf { hash: branch_hash(&left.hash, &right.hash), is_shown })
}

struct Rebuilding<'a> {
    missing_hashes: &'a [[u8; 32]],
    /// How many were needed so far, and so more than there are at the end if there are too few.
    used: usize,
}

impl Rebuilding<'_> {
    /// The node over these leaves, None for one with nothing shown below it.
    fn node(&mut self, leaves: &[Option<[u8; 32]>]) -> Option<[u8; 32]> {
        if let [] | [_] = leaves {
            return leaves.first().copied().flatten();
        }
        let (left, right) = leaves.split_at(left_of(leaves.len()));
        let (left, right) = (self.node(left), self.node(right));
        match (left, right) {
            (None, None) => None,
            (Some(left), Some(right)) => Some(branch_hash(&left, &right)),
            (Some(one), None) | (None, Some(one)) => Some(branch_hash(&one, &self.missing())),
        }
    }

    fn missing(&mut self) -> [u8; 32] {
        let hash = self.missing_hashes.get(self.used).copied();
        self.used += 1;
        // If there are too few, the root is not asked for.
        hash.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::invoice::merkle;
    use crate::wire::TlvWriter;

    fn stream_of(fields: &BTreeMap<u64, Vec<u8>>) -> Vec<u8> {
        let mut writer = TlvWriter::new();
        for (tlv_type, value) in fields {
            writer.set(*tlv_type, value.clone());
        }
        writer.to_bytes()
    }

    /// What a proof of these fields has of the invoice.
    fn shown_of(fields: &BTreeMap<u64, Vec<u8>>, shows: impl Fn(u64) -> bool) -> Vec<u8> {
        let shown = fields.iter().filter(|(tlv_type, _)| **tlv_type != 0 && shows(**tlv_type));
        stream_of(&shown.map(|(tlv_type, value)| (*tlv_type, value.clone())).collect())
    }

    /// BOLT 12's example of markers: 0, 20, 30, 50 and 60 are left out, of which 20 and 30 have one hash.
    #[test]
    fn markers_hide_the_types() {
        let fields: BTreeMap<u64, Vec<u8>> =
            [0, 10, 20, 30, 40, 50, 60].map(|tlv_type| (tlv_type, vec![7; 3])).into();
        let bytes = stream_of(&fields);
        let stream = TlvStream::parse(&bytes).unwrap();
        let shows = |tlv_type| [10, 40].contains(&tlv_type);
        let disclosure = Disclosure::create(&stream, shows).unwrap();
        assert_eq!(disclosure.markers, [11, 12, 41, 42]);
        assert_eq!((disclosure.missing_hashes.len(), disclosure.nonces.len()), (4, 2));
        let shown = shown_of(&fields, shows);
        let root = disclosure.root(&TlvStream::parse(&shown).unwrap(), true);
        assert_eq!(root.ok(), merkle::root(&stream));
    }

    /// Behind 239 the next number is a signature's, which no marker has.
    #[test]
    fn no_number_for_a_marker() {
        for (shown, left_out) in [(239, 1_000_000_001), (3_999_999_998, 3_999_999_999)] {
            let fields = [(shown, vec![1]), (left_out, vec![2])].into();
            let bytes = stream_of(&fields);
            let stream = TlvStream::parse(&bytes).unwrap();
            let create = |shows: &[u64]| {
                let shows = shows.to_vec();
                Disclosure::create(&stream, |tlv_type| shows.contains(&tlv_type))
            };
            let refused = create(&[shown]);
            if shown == 239 {
                assert_eq!(refused, Err(ProofError::NoMarker { tlv_type: left_out }));
            } else {
                assert_eq!(refused.unwrap().markers, [3_999_999_999]);
            }
            assert!(create(&[shown, left_out]).unwrap().markers.is_empty());
            assert_eq!(create(&[left_out]).unwrap().markers, [1]);
        }
    }

    proptest! {
        /// Whatever is shown, the root is that of the whole stream; and of each list not one item is too many.
        #[test]
        fn rebuilt_from_any_part(
            fields in prop::collection::btree_map(0u64..60, prop::collection::vec(any::<u8>(), 0..4), 1..24),
            choice: u64,
        ) {
            let bytes = stream_of(&fields);
            let stream = TlvStream::parse(&bytes).unwrap();
            let shows = |tlv_type: u64| choice >> tlv_type & 1 == 1;
            let disclosure = Disclosure::create(&stream, shows).unwrap();
            let shown = shown_of(&fields, shows);
            let proof = TlvStream::parse(&shown).unwrap();
            let implies_first = fields.contains_key(&0);
            let root = disclosure.root(&proof, implies_first);
            if shown.is_empty() {
                prop_assert!(root.is_err());
                return Ok(());
            }
            prop_assert_eq!(root.ok(), merkle::root(&stream));
            prop_assert_eq!(disclosure.markers.len(), fields.len() - proof.records().len() - usize::from(implies_first));
            let mut one_more = disclosure.clone();
            one_more.missing_hashes.push([0; 32]);
            prop_assert!(one_more.root(&proof, implies_first).is_err());
            let mut one_less = disclosure.clone();
            if one_less.missing_hashes.pop().is_some() {
                prop_assert!(one_less.root(&proof, implies_first).is_err());
            }
        }

        #[test]
        fn no_markers_panic(markers: Vec<u64>, hashes in 0usize..5, shown in prop::collection::btree_set(0u64..300, 0..6)) {
            let fields = shown.into_iter().map(|tlv_type| (tlv_type, vec![])).collect();
            let bytes = stream_of(&fields);
            let proof = TlvStream::parse(&bytes).unwrap();
            for low in [false, true] {
                let markers = markers.iter().map(|marker| if low { marker % 300 } else { *marker }).collect();
                let missing_hashes = vec![[1; 32]; hashes];
                let disclosure = Disclosure { markers, missing_hashes, nonces: vec![[2; 32]; hashes] };
                let _ = disclosure.root(&proof, low);
            }
        }
    }
}
