//! `wire.*`: what stands in `docs/wire.md`, read as its reader reads it and written again.
//!
//! | file | what it does |
//! | --- | --- |
//! | this one | what is hashed of what |
//! | `payloads` | one payload of an onion |
//! | `messages` | the values of a message's fields, and whole messages |
//! | `onions` | one layer; a route as it is built, and as its nodes walk it |
//! | `routes` | whole payments: the locks, and the claims |
//! | `names` | how a field that can't be used is called |

mod messages;
mod names;
mod onions;
mod payloads;
mod routes;

use pointlock::hold::ReleaseSecret;
use pointlock::invoice::InvoiceId;
use pointlock::onion::SharedSecret;
use pointlock::onion::blinded::{PathSecret, hop_blind as blind_of_hop, path_offset};
use pointlock::payment::PaymentSecret;
use serde_json::{Value, json};

pub(super) use self::messages::{handover, held_ptlc_available, message, release_held_ptlc};
pub(super) use self::onions::peel;
pub(super) use self::payloads::{final_payload, forward, inner, trampoline, trampoline_final};
pub(super) use self::routes::{route, trampoline_route};
use super::fields::{Fields, Refusal};
use super::scalar_text;

/// y_i
pub(super) fn hop_blind(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let shared = fields.get("shared_secret")?;
    let blind = blind_of_hop(&SharedSecret::from_bytes(shared.bytes()?))
        .map_err(|error| shared.refuse(error))?;
    Ok(json!({ "blind": scalar_text(blind.as_scalar()) }))
}

/// b_i
pub(super) fn path_blind(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let node_secret = fields.get("node_secret")?.secret()?;
    let path_key = fields.get("path_key")?;
    let shared = PathSecret::new(&node_secret, &path_key.point()?);
    let in_hex = hex::encode(*shared.shared_secret().dangerous_to_bytes());
    fields.step("path_secret", in_hex);
    let offset = path_offset(&shared).map_err(|error| path_key.refuse(error))?;
    Ok(json!({ "path_blind": scalar_text(offset.as_scalar()) }))
}

/// c
pub(super) fn release_hash(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let release = fields.get("release_secret")?;
    let secret =
        ReleaseSecret::from_bytes(&release.bytes()?).map_err(|error| release.refuse(error))?;
    Ok(json!({ "release_hash": hex::encode(secret.hash().0) }))
}

pub(super) fn payment_secret(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let id = InvoiceId::from_bytes(fields.get("invoice_id")?.bytes()?);
    Ok(json!({ "payment_secret": hex::encode(PaymentSecret::of_invoice(&id).0) }))
}
