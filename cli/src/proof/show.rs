//! What a proof says, whoever has made it.

use std::fmt::Display;

use pointlock::invoice::proof::{DisclosedInvoice, InvoiceKind, PayerProof};
use serde_json::{Map, Value, json};

use crate::invoice::{explain, fields};
use crate::narration::grouped;

/// In words and field by field.
pub(super) fn in_words(proof: &PayerProof) -> String {
    let mut text = claims(proof);
    text += &line(
        "verified",
        &"the signatures in it, and nothing else: whose keys they are, and a proof under points, \
        `verify` looks at",
    );
    text += &fields_of(proof.dangerous_claimed_invoice());
    text
}

/// What it claims, a line each.
pub(super) fn claims(proof: &PayerProof) -> String {
    let invoice = proof.dangerous_claimed_invoice();
    let mut text = format!("payer proof of invoice {}\n", invoice.invoice_id());
    text += &line("signed by", &invoice.invoice_node_id());
    match proof {
        PayerProof::Preimage(proof) => {
            text += &line("payer", &proof.payer());
            text += &line("preimage", &hex::encode(proof.preimage()));
        }
        PayerProof::Points(proof) => {
            let (terms, request) = (proof.dangerous_claimed_terms(), proof.request());
            text += &line("payer", &terms.payer.to_point());
            text += &line("was charged", &format!("{} msat", grouped(terms.amount_msat)));
            text += &line("note's hash", &terms.note_hash);
            text += &line("made for", &format!("the verifier {}", request.verifier));
            text += &line("challenge", &request.challenge);
        }
        _ => text += &line("kind", &"one that this command does not know"),
    }
    if let Some(note) = proof.note() {
        text += &line("note", &format!("{note:?}"));
    }
    text += &line("left out", &format!("{} fields of the invoice", invoice.omitted()));
    text
}

/// The fields that are shown.
pub(super) fn fields_of(invoice: &DisclosedInvoice) -> String {
    format!("\n{}", explain::table(&invoice.fields()))
}

pub(super) fn line(label: &str, text: &dyn Display) -> String {
    format!("  {label:<12}{text}\n")
}

/// The same as JSON.
pub(super) fn as_json(proof: &PayerProof) -> Value {
    let invoice = proof.dangerous_claimed_invoice();
    let shown = invoice.fields().into_iter().map(|(field, value)| {
        let bytes = invoice.value(field).unwrap_or_default();
        (field.to_string(), fields::shown(&value, bytes))
    });
    let mut json = json!({
        "kind": match invoice.kind() {
            InvoiceKind::Requested => "preimage",
            InvoiceKind::Static => "points",
        },
        "invoice_id": invoice.invoice_id().to_string(),
        "invoice_node_id": invoice.invoice_node_id().to_string(),
        "note": proof.note(),
        "left_out": invoice.omitted(),
        "fields": Value::Object(shown.collect::<Map<_, _>>()),
    });
    match proof {
        PayerProof::Preimage(proof) => {
            json["payer"] = json!(proof.payer().to_string());
            json["preimage"] = json!(hex::encode(proof.preimage()));
        }
        PayerProof::Points(proof) => {
            let (terms, request) = (proof.dangerous_claimed_terms(), proof.request());
            json["payer"] = json!(terms.payer.to_point().to_string());
            json["amount_msat"] = json!(terms.amount_msat);
            json["note_hash"] = json!(terms.note_hash.to_string());
            json["verifier"] = json!(request.verifier.to_string());
            json["challenge"] = json!(request.challenge.to_string());
        }
        _ => {}
    }
    json
}
