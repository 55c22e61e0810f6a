use pointlock::curve::Point;
use pointlock::invoice::{Field, FieldValue, OfferOrInvoice};
use serde_json::{Map, Value, json};

/// Every field by its name in BOLT 12: integers as numbers, text as text, points as a list, and all else as
/// hexadecimal digits.
pub(crate) fn by_name(message: &OfferOrInvoice) -> Value {
    let member = |(field, value): (Field, FieldValue)| {
        (field.to_string(), shown(&value, message.value(field).unwrap_or_default()))
    };
    Value::Object(message.fields().into_iter().map(member).collect::<Map<_, _>>())
}

/// One value; `bytes` are as it stands in the message.
pub(crate) fn shown(value: &FieldValue, bytes: &[u8]) -> Value {
    match value {
        FieldValue::Integer(integer) => json!(integer),
        FieldValue::Text(text) => json!(text),
        FieldValue::Points(points) => points.iter().map(Point::to_string).collect(),
        // Whatever else the library may come to understand: the bytes stay the bytes.
        _ => json!(hex::encode(bytes)),
    }
}
