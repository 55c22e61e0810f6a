//! `invoice.*`

use pointlock::curve::Point;
use pointlock::invoice::{Field, FieldValue, StaticInvoice};
use serde_json::{Map, Value, json};

use super::fields::{Fields, Refusal};

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

fn shown(invoice: &StaticInvoice, field: Field, value: FieldValue) -> Value {
    match value {
        FieldValue::Integer(integer) => json!(integer),
        FieldValue::Text(text) => json!(text),
        FieldValue::Points(points) => points.iter().map(Point::to_string).collect(),
        // Whatever else the library may come to understand: the bytes stay the bytes.
        _ => json!(hex::encode(invoice.value(field).unwrap_or_default())),
    }
}
