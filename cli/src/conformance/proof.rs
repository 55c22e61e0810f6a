//! `proof.*`

use pointlock::invoice::ktime::{NoteHash, PaymentTerms};
use pointlock::invoice::proof::ProofMessage;
use serde_json::{Value, json};

use super::fields::{Fields, Refusal};
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
