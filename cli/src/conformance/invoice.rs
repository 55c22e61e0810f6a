//! `invoice.*`

use pointlock::curve::Point;
use pointlock::invoice::ktime::{NoteHash, PayerPublicKey, PaymentTerms};
use pointlock::invoice::{InvoiceId, OfferOrInvoice, PaymentPoints};
use serde_json::{Value, json};

use super::fields::{Field, Fields, Refusal};
use crate::invoice::fields::by_name;

pub(super) fn point(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let list = fields.get("points")?;
    let points = list.list_up_to(PaymentPoints::MAX_K + 1)?;
    let points = points.iter().map(Field::point).collect::<Result<Vec<Point>, _>>()?;
    let points = PaymentPoints::new(points).ok_or_else(|| list.refuse("empty"))?;
    let payer_key = fields.get("payer_key")?;
    let key = payer_key.point()?;
    let invoice_id = InvoiceId::from_bytes(fields.get("invoice_id")?.bytes()?);
    let amount_msat = fields.get("amount_msat")?.integer()?;
    let note_hash = NoteHash(fields.get("note_hash")?.bytes()?);
    let payer = PayerPublicKey::new(key).map_err(|_| payer_key.refuse("y is odd"))?;
    let terms = PaymentTerms { payer, invoice_id, amount_msat, note_hash };
    let at_infinity = |error| fields.refuse("payment_point", error);
    fields.step("x", terms.x().map_err(at_infinity)?.to_string());
    let payment_point = terms.payment_point(&points).map_err(at_infinity)?;
    Ok(json!({ "payment_point": payment_point.to_string() }))
}

/// Of a static invoice, or of an offer.
pub(super) fn decode(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let text = fields.get("invoice")?;
    let message: OfferOrInvoice = text.text()?.parse().map_err(|error| text.refuse(error))?;
    Ok(by_name(&message))
}
