use pointlock::curve::Point;
use pointlock::invoice::{FieldValue, OfferOrInvoice};
use serde_json::{Map, Value, json};

/// Every field by its name in BOLT 12: integers as numbers, text as text, points as a list, and all else as
/// hexadecimal digits.
pub(crate) fn by_name(message: &OfferOrInvoice) -> Value {
    let member = |(field, value)| {
        let shown = match &value {
            FieldValue::Integer(integer) => json!(integer),
            FieldValue::Text(text) => json!(text),
            FieldValue::Points(points) => points.iter().map(Point::to_string).collect(),
            FieldValue::Bytes(bytes) => json!(hex::encode(bytes)),
            // Whatever else the library may come to understand: the bytes stay the bytes.
            _ => json!(hex::encode(message.value(field).unwrap_or_default())),
        };
        (field.to_string(), shown)
    };
    Value::Object(message.fields().into_iter().map(member).collect::<Map<_, _>>())
}
