//! `invoice.*`

use pointlock::curve::Point;
use pointlock::invoice::ktime::{self, KtimeError, NoteHash};
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
    let payment_point = ktime::payment_point(
        &points,
        &payer_key.point()?,
        InvoiceId::from_bytes(fields.get("invoice_id")?.bytes()?),
        fields.get("amount_msat")?.integer()?,
        NoteHash(fields.get("note_hash")?.bytes()?),
    )
    .map_err(|error| match error {
        KtimeError::PayerKeyOdd => payer_key.refuse("y is odd"),
        _ => Refusal::Malformed { field: "payment_point".to_owned(), reason: error.to_string() },
    })?;
    Ok(json!({ "payment_point": payment_point.to_string() }))
}

/// Of a static invoice, or of an offer.
pub(super) fn decode(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let text = fields.get("invoice")?;
    let message: OfferOrInvoice = text.text()?.parse().map_err(|error| text.refuse(error))?;
    Ok(by_name(&message))
}
