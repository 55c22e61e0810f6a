//! `invoice.*`

use pointlock::curve::Point;
use pointlock::invoice::ktime::{self, KtimeError, NoteHash};
use pointlock::invoice::{InvoiceId, PaymentPoints};
use serde_json::{Value, json};

use super::fields::{Field, Fields, Refusal};
use crate::invoice::Message;

pub(super) fn point(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let list = fields.get("points")?;
    let points = list.list()?.iter().map(Field::point).collect::<Result<Vec<Point>, _>>()?;
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
    let message: Message = text.text()?.parse().map_err(|error| text.refuse(error))?;
    Ok(message.fields())
}
