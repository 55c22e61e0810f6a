//! `proof.*`

use pointlock::invoice::Field as InvoiceField;
use pointlock::invoice::ktime::{NoteHash, PaymentTerms};
use pointlock::invoice::proof::{
    PayerProof, PreimageProof, ProofContents, ProofError, ProofMessage,
};
use pointlock::lock::Preimage;
use serde_json::{Value, json};

use super::fields::{Field, Fields, Refusal};
use super::ktime::{invoice_id, payer_key, request};

pub(super) fn base(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let invoice_id = invoice_id(fields)?;
    let amount_msat = fields.get("amount_msat")?.integer()?;
    let note_hash = NoteHash(fields.get("note_hash")?.bytes()?);
    let payer = payer_key(fields)?;
    let terms = PaymentTerms { payer, invoice_id, amount_msat, note_hash };
    let message = ProofMessage::new(&terms, &request(fields)?);
    Ok(json!({
        "message": hex::encode(message.to_bytes()),
        "base": message.base().to_string(),
    }))
}

/// A payer proof of an invoice under a hash.
pub(super) fn create(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let invoice = fields.get("invoice")?.octets()?;
    let key = fields.get("payer_secret_key")?.keypair()?;
    let preimage = Preimage::new(fields.get("preimage")?.bytes()?);
    let mut contents = contents(fields, "note")?;
    if let Some(writes) = fields.optional("writes_empty_omitted") {
        contents.writes_empty_omitted = writes.boolean()?;
    }
    let aux_rand = fields.get("aux_rand")?.bytes()?;
    let proof = PreimageProof::create(&invoice, &preimage, &key, &contents, &aux_rand).map_err(
        |error| match error {
            ProofError::OtherPayer => fields.refuse("payer_secret_key", error),
            ProofError::Encoding(_) | ProofError::Text(_) => fields.refuse("invoice", error),
            _ => by_field(&error),
        },
    )?;
    let invoice = proof.dangerous_claimed_invoice();
    fields.step("invoice_merkle_root", invoice.invoice_id().to_string());
    Ok(json!({ "proof": PayerProof::from(proof).to_string() }))
}

/// The same, by a verifier that knows the receiver's key.
pub(super) fn verify(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let issuer = fields.get("issuer")?.point()?;
    let note = fields.optional("note").map(|note| text_of(&note)).transpose()?;
    let proof = fields.get("proof")?;
    let proof: PayerProof = proof.text()?.parse().map_err(|error| match error {
        ProofError::Encoding(_) | ProofError::Text(_) => proof.refuse(error),
        _ => by_field(&error),
    })?;
    let PayerProof::Preimage(proof) = proof else {
        return Err(fields.refuse("proof", "it is under points: ktime.verify_proof"));
    };
    let invoice = proof.dangerous_claimed_invoice();
    fields.step("invoice_merkle_root", invoice.invoice_id().to_string());
    Ok(json!({ "valid": proof.verify(&issuer, note.as_deref()).is_ok() }))
}

/// What is shown besides, and a note in the field of this name.
pub(super) fn contents(fields: &Fields<'_>, note: &str) -> Result<ProofContents, Refusal> {
    let mut contents = ProofContents::new();
    if let Some(types) = fields.optional("included_types") {
        let types = types.list()?;
        let types = types.iter().map(Field::integer).collect::<Result<Vec<u64>, _>>()?;
        contents = contents.show(types.into_iter().map(InvoiceField::from_type));
    }
    match fields.optional(note) {
        Some(note) => Ok(contents.note(text_of(&note)?)),
        None => Ok(contents),
    }
}

fn text_of(field: &Field<'_>) -> Result<String, Refusal> {
    String::from_utf8(field.octets()?).map_err(|error| field.refuse(error))
}

/// A proof's refusals begin with the field of the stream.
pub(super) fn by_field(error: &ProofError) -> Refusal {
    let text = error.to_string();
    let (field, reason) = text.split_once(": ").unwrap_or(("proof", &text));
    Refusal::Malformed { field: field.to_owned(), reason: reason.to_owned() }
}
