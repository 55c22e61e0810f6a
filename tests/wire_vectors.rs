//! The library against the rows of `test-vectors/wire.json`: payloads, messages and whole onions, read as their nodes read
//! them and written again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may, their helpers too")]

#[path = "wire_vectors/names.rs"]
mod names;
#[path = "wire_vectors/onions.rs"]
mod onions;
#[path = "common/own.rs"]
mod own;
#[path = "wire_vectors/payloads.rs"]
mod payloads;

use own::{Refusal, Row, array, bytes, check, point, secret};
use pointlock::hold::ReleaseSecret;
use pointlock::invoice::InvoiceId;
use pointlock::onion::SharedSecret;
use pointlock::onion::blinded::{PathSecret, hop_blind, path_offset};
use pointlock::payment::PaymentSecret;
use serde_json::{Value, json};

#[test]
fn derivations() {
    check(
        "wire",
        &[
            ("wire.hop_blind", 6, y_of_hop),
            ("wire.path_blind", 18, b_of_hop),
            ("wire.release_hash", 10, release_hash),
            ("wire.payment_secret", 6, payment_secret),
        ],
    );
}

#[test]
fn payloads_of_all_kinds() {
    check(
        "wire",
        &[
            ("wire.forward", 300, payloads::forward),
            ("wire.final", 432, payloads::last),
            ("wire.inner", 113, payloads::inner),
            ("wire.delegate", 204, payloads::trampoline),
            ("wire.delegated", 146, payloads::trampoline_final),
        ],
    );
}

#[test]
fn announcement_and_release() {
    check(
        "wire",
        &[
            ("wire.held_ptlc_available", 30, payloads::held_ptlc_available),
            ("wire.handover", 24, payloads::handover),
            ("wire.release_held_ptlc", 14, payloads::release_held_ptlc),
        ],
    );
}

#[test]
fn whole_onions() {
    check(
        "wire",
        &[
            ("wire.peel", 18, onions::peel),
            ("wire.route", 9, onions::route),
            ("wire.delegated_route", 2, onions::trampoline_route),
            ("wire.message", 5, onions::message),
        ],
    );
}

fn y_of_hop(row: &Row) -> Result<Value, Refusal> {
    let shared = SharedSecret::from_bytes(row.get("shared_secret", array)?);
    Ok(json!({ "blind": hex::encode(*hop_blind(&shared).unwrap().dangerous_to_bytes()) }))
}

fn b_of_hop(row: &Row) -> Result<Value, Refusal> {
    let shared = PathSecret::new(&row.get("node_secret", secret)?, &row.get("path_key", point)?);
    let in_hex = hex::encode(*shared.shared_secret().dangerous_to_bytes());
    assert!(!row.is_valid() || row.intermediate["path_secret"] == in_hex);
    Ok(json!({ "path_blind": hex::encode(*path_offset(&shared).unwrap().dangerous_to_bytes()) }))
}

fn release_hash(row: &Row) -> Result<Value, Refusal> {
    let read = |bytes: &[u8]| ReleaseSecret::from_bytes(&array(bytes)?).ok();
    Ok(json!({ "release_hash": hex::encode(row.get("release_secret", read)?.hash().0) }))
}

fn payment_secret(row: &Row) -> Result<Value, Refusal> {
    let id = InvoiceId::from_bytes(row.get("invoice_id", array)?);
    Ok(json!({ "payment_secret": hex::encode(PaymentSecret::of_invoice(&id).0) }))
}

/// A field of bytes that may be null.
fn optional(value: &Value) -> Option<Vec<u8>> {
    (!value.is_null()).then(|| bytes(value))
}
