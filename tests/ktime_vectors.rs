//! The library against the rows of `test-vectors/ktime.json`.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/own.rs"]
mod own;

use own::{Refusal, Row, array, bytes, check, point, secret};
use pointlock::invoice::ktime::{
    KtimeError, NoteHash, PayerKey, PayerPublicKey, PayerScalar, PaymentPolynomial,
    PaymentSignature, PaymentTerms, PointSecret, payment_point,
};
use pointlock::invoice::proof::{
    Challenge, PaymentProof, PointProof, ProofError, ProofMessage, ProofRequest, Verifier,
};
use pointlock::invoice::{InvoiceId, PaymentPoints, StaticInvoice};
use pointlock::lock::{Blind, final_lock, final_secret};
use serde_json::{Value, json};

#[test]
fn ktime() {
    check(
        "ktime",
        &[
            ("invoice.point", 67, point_at),
            ("ktime.payment", 33, payment),
            ("ktime.verify_payment", 51, verify_payment),
            ("proof.base", 46, base),
            ("ktime.prove", 27, prove),
            ("ktime.verify_proof", 119, verify_proof),
        ],
    );
}

fn amount(row: &Row) -> u64 {
    row.input["amount_msat"].as_u64().unwrap()
}

fn invoice_id(row: &Row) -> Result<InvoiceId, Refusal> {
    row.get("invoice_id", array).map(InvoiceId::from_bytes)
}

fn payer_key(bytes: &[u8]) -> Option<PayerPublicKey> {
    PayerPublicKey::from_slice(bytes).ok()
}

fn step(row: &Row, name: &str, value: &str) {
    assert_eq!(row.intermediate[name], value, "{name}");
}

/// In the order in which a caller meets them: inputs first, then Z(x).
fn point_at(row: &Row) -> Result<Value, Refusal> {
    let points = PaymentPoints::new(row.list("points", point)?).ok_or(("points", None))?;
    let key = row.get("payer_key", point)?;
    let id = invoice_id(row)?;
    let note_hash = NoteHash(row.get("note_hash", array)?);
    match payment_point(&points, &key, id, amount(row), note_hash) {
        Ok(payment_point) => {
            let payer = PayerPublicKey::new(key).unwrap();
            let terms = PaymentTerms { payer, invoice_id: id, amount_msat: amount(row), note_hash };
            step(row, "x", &terms.x().unwrap().to_string());
            Ok(json!({ "payment_point": payment_point.to_string() }))
        }
        Err(KtimeError::PayerKeyOdd) => Err(("payer_key", None)),
        Err(KtimeError::PointAtInfinity) => Err(("payment_point", None)),
        Err(other) => panic!("{other}"),
    }
}

fn payment(row: &Row) -> Result<Value, Refusal> {
    let polynomial =
        PaymentPolynomial::dangerous_from_coefficients(row.list("coefficients", secret)?)
            .map_err(|_| ("coefficients", None))?;
    let key = PayerKey::new(row.get("payer_secret_key", secret)?);
    let note = row.input["note"].as_str().map(|note| hex::decode(note).unwrap());
    let terms = PaymentTerms {
        payer: key.public_key(),
        invoice_id: invoice_id(row)?,
        amount_msat: amount(row),
        note_hash: NoteHash::of(note.as_deref()),
    };
    let blind = Blind::new(row.get("final_blind", secret)?);
    let x = terms.x().unwrap();
    let points = polynomial.payment_points();
    let infinity = |error| match error {
        KtimeError::PointAtInfinity => ("payment_point", None),
        other => panic!("{other}"),
    };
    let payment_point = terms.payment_point(&points).map_err(infinity)?;
    let point_secret = polynomial.evaluate(&x).map_err(infinity)?;
    let last_lock = final_lock(&payment_point, &blind).unwrap();
    let lock_secret = final_secret(&point_secret, &blind).unwrap();
    let signature = key.sign_payment(&x, &last_lock, &row.get("aux_rand", array)?);
    signature.verify(&terms.payer, &x, &last_lock).unwrap();
    step(row, "x", &x.to_string());
    Ok(json!({
        "points": points.as_slice().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "payer_key": hex::encode(terms.payer.to_bytes()),
        "note_hash": terms.note_hash.to_string(),
        "payment_point": payment_point.to_string(),
        "last_lock": last_lock.to_string(),
        "payer_signature": hex::encode(signature.to_bytes()),
        "point_secret": hex::encode(*point_secret.dangerous_to_bytes()),
        "lock_secret": hex::encode(*lock_secret.dangerous_to_bytes()),
    }))
}

fn verify_payment(row: &Row) -> Result<Value, Refusal> {
    let payer = row.get("payer_key", payer_key)?;
    let x = row.get("x", |bytes| PayerScalar::from_bytes(&array(bytes)?).ok())?;
    let last_lock = row.get("last_lock", point)?;
    let signature = PaymentSignature::from_bytes(&row.get("signature", array)?);
    Ok(json!({ "valid": signature.verify(&payer, &x, &last_lock).is_ok() }))
}

fn request(row: &Row) -> Result<ProofRequest, Refusal> {
    Ok(ProofRequest {
        verifier: Verifier::from_bytes(row.get("verifier", array)?),
        challenge: Challenge::new(row.get("challenge", array)?),
    })
}

fn base(row: &Row) -> Result<Value, Refusal> {
    let terms = PaymentTerms {
        invoice_id: invoice_id(row)?,
        amount_msat: amount(row),
        note_hash: NoteHash(row.get("note_hash", array)?),
        payer: row.get("payer_key", payer_key)?,
    };
    let message = ProofMessage::new(&terms, &request(row)?);
    let base = message.base();
    let tried = row.intermediate["tried"].as_array().unwrap();
    assert_eq!(bytes(tried.last().unwrap()), base.to_bytes()[1..]);
    Ok(json!({ "message": hex::encode(message.to_bytes()), "base": base.to_string() }))
}

fn prove(row: &Row) -> Result<Value, Refusal> {
    let invoice = StaticInvoice::from_bytes(&bytes(&row.input["invoice"])).unwrap();
    let key = PayerKey::new(row.get("payer_secret_key", secret)?);
    let point_secret = PointSecret::new(row.get("point_secret", secret)?);
    let terms = PaymentTerms {
        payer: key.public_key(),
        invoice_id: invoice.invoice_id(),
        amount_msat: amount(row),
        note_hash: NoteHash(row.get("note_hash", array)?),
    };
    let (request, aux_rand) = (request(row)?, row.get("aux_rand", array)?);
    match PaymentProof::create(&invoice, &terms, &key, &point_secret, &request, &aux_rand) {
        Ok(proof) => {
            let message = ProofMessage::new(&terms, &request);
            let point_proof = proof.point_proof();
            step(row, "invoice_id", &invoice.invoice_id().to_string());
            step(row, "x", &terms.x().unwrap().to_string());
            step(row, "payment_point", &point_secret.point().to_string());
            step(row, "message", &hex::encode(message.to_bytes()));
            step(row, "base", &message.base().to_string());
            step(row, "value", &point_proof.value().to_string());
            let encoded = point_proof.to_bytes();
            assert_eq!(PointProof::from_slice(&encoded).as_ref(), Ok(point_proof));
            Ok(json!({ "proof": hex::encode(encoded), "stream": hex::encode(proof.to_bytes()) }))
        }
        Err(ProofError::NotThePointSecret) => Err(("point_secret", None)),
        Err(other) => panic!("{other}"),
    }
}

fn verify_proof(row: &Row) -> Result<Value, Refusal> {
    let issuer = row.get("issuer", point)?;
    let request = request(row)?;
    let proof = row.get("stream", |bytes| PaymentProof::from_bytes(bytes).ok())?;
    Ok(json!({ "valid": proof.verify(&issuer, &request).is_ok() }))
}
