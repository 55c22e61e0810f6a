//! `proof.*`

use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::{NoteHash, PayerPublicKey, PaymentTerms};
use pointlock::invoice::proof::{Challenge, ProofMessage, ProofRequest, Verifier};
use serde_json::{Value, json};

use super::fields::{Fields, Refusal};

pub(super) fn base(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let invoice_id = InvoiceId::from_bytes(fields.get("invoice_id")?.bytes()?);
    let amount_msat = fields.get("amount_msat")?.integer()?;
    let note_hash = NoteHash(fields.get("note_hash")?.bytes()?);
    let payer_key = fields.get("payer_key")?;
    let payer =
        PayerPublicKey::new(payer_key.point()?).map_err(|_| payer_key.refuse("y is odd"))?;
    let request = ProofRequest {
        verifier: Verifier::from_bytes(fields.get("verifier")?.bytes()?),
        challenge: Challenge::new(fields.get("challenge")?.bytes()?),
    };
    let terms = PaymentTerms { payer, invoice_id, amount_msat, note_hash };
    let message = ProofMessage::new(&terms, &request);
    Ok(json!({
        "message": hex::encode(message.to_bytes()),
        "base": message.base().to_string(),
    }))
}
