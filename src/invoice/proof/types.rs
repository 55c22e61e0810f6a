//! The types of a payer proof's records: those of the invoice, the two signatures, and what a proof has of its own.

use std::ops::RangeInclusive;

use crate::invoice::Field;
use crate::invoice::merkle::SIGNATURE_TYPES;

/// What payer proofs have of their own, and no invoice has.
const OWN_TYPES: RangeInclusive<u64> = 1_001..=999_999_999;

/// Where an invoice has its fields, the offer's and the request's among them.
const INVOICE_TYPES: [RangeInclusive<u64>; 2] = [0..=239, 1_000_000_000..=3_999_999_999];

pub(super) const PROOF_SIGNATURE: u64 = 241;
pub(super) const PREIMAGE: u64 = 1_001;
pub(super) const OMITTED_TLVS: u64 = 1_002;
pub(super) const MISSING_HASHES: u64 = 1_003;
pub(super) const LEAF_HASHES: u64 = 1_004;
pub(super) const NOTE: u64 = 1_005;

pub(super) const PAYER_KEY: u64 = 65_601;
pub(super) const AMOUNT: u64 = 65_603;
pub(super) const NOTE_HASH: u64 = 65_605;
pub(super) const VERIFIER: u64 = 65_607;
pub(super) const CHALLENGE: u64 = 65_609;
pub(super) const VALUE: u64 = 65_611;
pub(super) const DLEQ: u64 = 65_613;
pub(super) const PAYER_SIGNATURE: u64 = 65_615;

/// What stands in the place of the preimage under points.
pub(super) const UNDER_POINTS: [u64; 8] =
    [PAYER_KEY, AMOUNT, NOTE_HASH, VERIFIER, CHALLENGE, VALUE, DLEQ, PAYER_SIGNATURE];

/// The name of a record that the proof has beside the invoice.
pub(super) fn own_name(tlv_type: u64) -> Option<&'static str> {
    Some(match tlv_type {
        PROOF_SIGNATURE => "proof_signature",
        PREIMAGE => "proof_preimage",
        OMITTED_TLVS => "proof_omitted_tlvs",
        MISSING_HASHES => "proof_missing_hashes",
        LEAF_HASHES => "proof_leaf_hashes",
        NOTE => "proof_note",
        PAYER_KEY => "proof_payer_key",
        AMOUNT => "proof_amount",
        NOTE_HASH => "proof_note_hash",
        VERIFIER => "proof_verifier",
        CHALLENGE => "proof_challenge",
        VALUE => "proof_value",
        DLEQ => "proof_dleq",
        PAYER_SIGNATURE => "proof_payer_signature",
        _ => return None,
    })
}

/// Whether an invoice has its fields there, signatures not counted: these are the leaves of its tree.
pub(super) fn is_leaf(tlv_type: u64) -> bool {
    INVOICE_TYPES.iter().any(|types| types.contains(&tlv_type))
}

/// Whether a proof may have this record: what is known, and what is unknown and odd where a signature covers it. The other
/// signature elements are in no tree, so anyone could add them.
pub(super) fn has_place(tlv_type: u64) -> bool {
    let is_odd = tlv_type % 2 == 1;
    if SIGNATURE_TYPES.contains(&tlv_type) {
        return tlv_type == Field::SIGNATURE.tlv_type() || tlv_type == PROOF_SIGNATURE;
    }
    if is_leaf(tlv_type) {
        return is_odd || Field::from_type(tlv_type).is_known();
    }
    OWN_TYPES.contains(&tlv_type) && (is_odd || own_name(tlv_type).is_some())
}
