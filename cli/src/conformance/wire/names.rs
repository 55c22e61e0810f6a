//! What a refusal of the library is called: by the names of `docs/wire.md`.

use std::fmt::Display;

use pointlock::onion::OnionError;
use pointlock::onion::blinded::BlindingError;
use pointlock::payment::PayloadError;
use pointlock::wire::WireError;

use super::super::fields::Refusal;

/// The names of the fields of a stream, by type.
pub(super) type Names = &'static [(u64, &'static str)];

pub(super) const PAYLOAD: Names = &[
    (2, "amt_to_forward"),
    (4, "outgoing_cltv_value"),
    (6, "short_channel_id"),
    (8, "payment_data"),
    (10, "encrypted_recipient_data"),
    (12, "current_path_key"),
    (14, "outgoing_node_id"),
    (18, "total_amount_msat"),
    (20, "trampoline_onion_packet"),
    (21, "recipient_features"),
    (22, "recipient_blinded_paths"),
    (65537, "blind"),
    (65539, "final_blind"),
    (65542, "hold_id"),
    (65544, "held_blind"),
    (65546, "release_hash"),
    (65548, "latest_release_height"),
    (65549, "payer_key"),
    (65551, "payer_note"),
    (65553, "payer_invoice_id"),
    (65555, "payer_signature"),
    (65557, "part_share"),
    (65559, "tail_blind"),
    (65563, "min_final_delta"),
    (65579, "recipient_packet"),
];
pub(super) const HOLDS: Names = &[(2, "holds"), (4, "latest_release_height"), (5, "x")];
pub(super) const HANDED: Names = &[(0, "hold_id"), (2, "message_path"), (4, "sealed_announcement")];

pub(super) fn refusal(field: &str, reason: impl Display) -> Refusal {
    Refusal::Malformed { field: field.to_owned(), reason: reason.to_string() }
}

/// By type; `tlv_<type>` for one without a name.
fn of_type(names: Names, tlv_type: u64, reason: impl Display) -> Refusal {
    match names.iter().find(|(known, _)| *known == tlv_type) {
        Some((_, name)) => refusal(name, reason),
        None => refusal(&format!("tlv_{tlv_type}"), reason),
    }
}

/// `whole` stands for a stream in which no type can be read: one in more bytes than it needs is none.
fn of_stream(names: Names, whole: &str, error: &WireError) -> Refusal {
    match (error, error.tlv_type()) {
        (WireError::TypeNotMinimal { .. }, _) | (_, None) => refusal(whole, error),
        (_, Some(tlv_type)) => of_type(names, tlv_type, error),
    }
}

pub(super) fn of_payload(names: Names, whole: &str, error: &PayloadError) -> Refusal {
    match error {
        PayloadError::Missing(field)
        | PayloadError::Malformed(field)
        | PayloadError::Misplaced(field) => refusal(field, error),
        PayloadError::UnknownEven { tlv_type } | PayloadError::Unexpected { tlv_type } => {
            of_type(names, *tlv_type, error)
        }
        PayloadError::Wire(wire) => of_stream(names, whole, wire),
        _ => refusal(whole, error),
    }
}

/// `whole` stands for what the path's fields came in.
pub(super) fn of_blinding(whole: &str, error: &BlindingError) -> Refusal {
    match error {
        BlindingError::Missing { field } | BlindingError::InvalidField { field } => {
            refusal(field, error)
        }
        BlindingError::Unexpected { tlv_type } => of_type(PAYLOAD, *tlv_type, error),
        BlindingError::InvalidPayload { source } => of_stream(PAYLOAD, whole, source),
        BlindingError::InvalidSeal
        | BlindingError::InvalidStream { .. }
        | BlindingError::UnknownEvenType { .. } => refusal("encrypted_recipient_data", error),
        _ => refusal(whole, error),
    }
}

pub(super) fn of_onion(whole: &str, error: &OnionError) -> Refusal {
    let field = match error {
        OnionError::InvalidVersion { .. } => "version",
        OnionError::InvalidKey { .. } => "public_key",
        OnionError::InvalidHmac => "hmac",
        OnionError::InvalidPayload { .. } => "payload",
        _ => whole,
    };
    refusal(field, error)
}
