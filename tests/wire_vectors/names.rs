//! What a refusal of the library is called in the rows: by the names of `docs/wire.md`.

use pointlock::onion::OnionError;
use pointlock::onion::blinded::BlindingError;
use pointlock::payment::PayloadError;
use pointlock::wire::WireError;

use crate::own::Refusal;

pub(crate) const PAYLOAD: &[(u64, &str)] = &[
    (2, "amt_to_forward"),
    (4, "outgoing_cltv_value"),
    (6, "short_channel_id"),
    (8, "payment_data"),
    (10, "encrypted_recipient_data"),
    (12, "current_path_key"),
    (14, "outgoing_node_id"),
    (18, "total_amount_msat"),
    (20, "trampoline_onion_packet"),
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
    (65561, "recipient_path"),
    (65563, "min_final_delta"),
];
pub(crate) const HOLDS: &[(u64, &str)] = &[(2, "holds"), (4, "latest_release_height"), (5, "x")];
pub(crate) const HANDED: &[(u64, &str)] =
    &[(0, "hold_id"), (2, "message_path"), (4, "sealed_announcement")];

/// By type; `tlv_<type>` for one without a name.
fn of_type(names: &[(u64, &'static str)], tlv_type: u64) -> Refusal {
    let known = names.iter().find(|(known, _)| *known == tlv_type).map(|(_, name)| *name);
    (known.unwrap_or_else(|| format!("tlv_{tlv_type}").leak()), None)
}

/// `whole` stands for a stream in which no type can be read: one in more bytes than it needs is none.
fn of_stream(names: &[(u64, &'static str)], whole: &'static str, error: &WireError) -> Refusal {
    match error {
        WireError::TypeNotMinimal { .. } => (whole, None),
        error => error.tlv_type().map_or((whole, None), |tlv_type| of_type(names, tlv_type)),
    }
}

pub(crate) fn of_payload(
    names: &[(u64, &'static str)],
    whole: &'static str,
    error: &PayloadError,
) -> Refusal {
    match error {
        PayloadError::Missing(field)
        | PayloadError::Malformed(field)
        | PayloadError::Misplaced(field) => (field, None),
        PayloadError::UnknownEven { tlv_type } | PayloadError::Unexpected { tlv_type } => {
            of_type(names, *tlv_type)
        }
        PayloadError::Wire(error) => of_stream(names, whole, error),
        other => panic!("{other}"),
    }
}

pub(crate) fn of_blinding(error: &BlindingError) -> Refusal {
    match error {
        BlindingError::Missing { field } | BlindingError::InvalidField { field } => (field, None),
        BlindingError::Unexpected { tlv_type } => of_type(PAYLOAD, *tlv_type),
        BlindingError::InvalidPayload { source } => of_stream(PAYLOAD, "payload", source),
        other => panic!("{other}"),
    }
}

pub(crate) fn of_onion(error: &OnionError) -> Refusal {
    let field = match error {
        OnionError::InvalidVersion { .. } => "version",
        OnionError::InvalidKey { .. } => "public_key",
        OnionError::InvalidHmac => "hmac",
        OnionError::InvalidPayload { .. } => "payload",
        other => panic!("{other}"),
    };
    (field, None)
}
