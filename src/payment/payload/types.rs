//! The types of a payload's fields, each assigned once; `docs/wire.md` describes them.

// BOLT 4.
pub(super) const AMT_TO_FORWARD: u64 = 2;
pub(super) const OUTGOING_CLTV_VALUE: u64 = 4;
pub(super) const SHORT_CHANNEL_ID: u64 = 6;
pub(super) const PAYMENT_DATA: u64 = 8;
pub(super) const ENCRYPTED_RECIPIENT_DATA: u64 = 10;
pub(super) const CURRENT_PATH_KEY: u64 = 12;
pub(super) const TOTAL_AMOUNT_MSAT: u64 = 18;
// Proposed for BOLT 4: trampoline.
pub(super) const OUTGOING_NODE_ID: u64 = 14;
pub(super) const TRAMPOLINE_ONION_PACKET: u64 = 20;
pub(super) const RECIPIENT_FEATURES: u64 = 21;
pub(super) const RECIPIENT_BLINDED_PATHS: u64 = 22;
// LDK's async payments, and bLIP 3.
pub(super) const INVOICE_REQUEST: u64 = crate::async_payments::INVOICE_REQUEST_IN_ONION;
pub(super) const KEYSEND_PREIMAGE: u64 = crate::async_payments::KEYSEND_PREIMAGE;
// Ours, above 65536: odd where a node that does not know them may pass them over.
pub(super) const BLIND: u64 = 65537;
pub(super) const FINAL_BLIND: u64 = 65539;
pub(super) const PAYER_KEY: u64 = 65549;
pub(super) const PAYER_NOTE: u64 = 65551;
pub(super) const PAYER_INVOICE_ID: u64 = 65553;
pub(super) const PAYER_SIGNATURE: u64 = 65555;
pub(super) const PART_SHARE: u64 = 65557;
pub(super) const TAIL_BLIND: u64 = 65559;
pub(super) const MIN_FINAL_DELTA: u64 = 65563;
pub(super) const WITHHELD: u64 = 65569;
pub(super) const RECIPIENT_PACKET: u64 = 65579;
// Even: a node that does not know them fails the payment. If it forwarded instead, a payment under a hash would not wait.
pub(super) const HOLD_ID: u64 = 65542;
pub(super) const HELD_BLIND: u64 = 65544;
pub(super) const RELEASE_HASH: u64 = 65546;
pub(super) const LATEST_RELEASE_HEIGHT: u64 = 65548;
// In onion messages.
pub(in crate::payment) const HELD_PTLC_AVAILABLE: u64 = 65565;
pub(in crate::payment) const RELEASE_HELD_PTLC: u64 = 65567;
pub(in crate::payment) const PTLC_ARRIVED: u64 = 65571;
pub(in crate::payment) const WITHHELD_SHARE: u64 = 65573;
pub(in crate::payment) const HANDOVER: u64 = 65575;
pub(in crate::payment) const SEALED_ANNOUNCEMENT: u64 = 65577;

const NAMES: [(u64, &str); 28] = [
    (AMT_TO_FORWARD, "amt_to_forward"),
    (OUTGOING_CLTV_VALUE, "outgoing_cltv_value"),
    (SHORT_CHANNEL_ID, "short_channel_id"),
    (PAYMENT_DATA, "payment_data"),
    (ENCRYPTED_RECIPIENT_DATA, "encrypted_recipient_data"),
    (CURRENT_PATH_KEY, "current_path_key"),
    (TOTAL_AMOUNT_MSAT, "total_amount_msat"),
    (OUTGOING_NODE_ID, "outgoing_node_id"),
    (TRAMPOLINE_ONION_PACKET, "trampoline_onion_packet"),
    (RECIPIENT_FEATURES, "recipient_features"),
    (RECIPIENT_BLINDED_PATHS, "recipient_blinded_paths"),
    (BLIND, "blind"),
    (FINAL_BLIND, "final_blind"),
    (HOLD_ID, "hold_id"),
    (HELD_BLIND, "held_blind"),
    (RELEASE_HASH, "release_hash"),
    (LATEST_RELEASE_HEIGHT, "latest_release_height"),
    (PAYER_KEY, "payer_key"),
    (PAYER_NOTE, "payer_note"),
    (PAYER_INVOICE_ID, "payer_invoice_id"),
    (PAYER_SIGNATURE, "payer_signature"),
    (PART_SHARE, "part_share"),
    (TAIL_BLIND, "tail_blind"),
    (MIN_FINAL_DELTA, "min_final_delta"),
    (WITHHELD, "withheld"),
    (RECIPIENT_PACKET, "recipient_packet"),
    (INVOICE_REQUEST, "invoice_request"),
    (KEYSEND_PREIMAGE, "keysend_preimage"),
];

/// The field's name on the wire; none for a type that is not known here.
pub(super) fn name(tlv_type: u64) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == tlv_type).map(|(_, name)| *name)
}

/// The type of a field.
pub(in crate::payment) fn type_of(name: &str) -> Option<u64> {
    NAMES.iter().find(|(_, known)| *known == name).map(|(tlv_type, _)| *tlv_type)
}
