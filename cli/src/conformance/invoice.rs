//! `invoice.*`

use pointlock::curve::Point;
use pointlock::invoice::ktime::{self, KtimeError, NoteHash};
use pointlock::invoice::{self, FieldValue, InvoiceId, PaymentPoints, StaticInvoice};
use serde_json::{Map, Value, json};

use super::fields::{Field, Fields, Refusal};

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

pub(super) fn decode(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let text = fields.get("invoice")?;
    let invoice: StaticInvoice = text.text()?.parse().map_err(|error| text.refuse(error))?;
    let members: Map<String, Value> = invoice
        .fields()
        .into_iter()
        .map(|(field, value)| (field.to_string(), shown(&invoice, field, value)))
        .collect();
    Ok(Value::Object(members))
}

fn shown(invoice: &StaticInvoice, field: invoice::Field, value: FieldValue) -> Value {
    match value {
        FieldValue::Integer(integer) => json!(integer),
        FieldValue::Text(text) => json!(text),
        FieldValue::Points(points) => points.iter().map(Point::to_string).collect(),
        // Whatever else the library may come to understand: the bytes stay the bytes.
        _ => json!(hex::encode(invoice.value(field).unwrap_or_default())),
    }
}
