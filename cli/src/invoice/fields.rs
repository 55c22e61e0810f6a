use pointlock::curve::Point;
use pointlock::invoice::{Field, FieldValue};
use serde_json::{Map, Value, json};

/// Every field by its name in BOLT 12: integers as numbers, text as text, points as a list, and all else as
/// hexadecimal digits.
pub(crate) fn by_name<'a>(
    fields: &[(Field, FieldValue)],
    raw: impl Fn(Field) -> Option<&'a [u8]>,
) -> Value {
    let member = |(field, value): &(Field, FieldValue)| {
        let shown = match value {
            FieldValue::Integer(integer) => json!(integer),
            FieldValue::Text(text) => json!(text),
            FieldValue::Points(points) => points.iter().map(Point::to_string).collect(),
            // Whatever else the library may come to understand: the bytes stay the bytes.
            _ => json!(hex::encode(raw(*field).unwrap_or_default())),
        };
        (field.to_string(), shown)
    };
    Value::Object(fields.iter().map(member).collect::<Map<_, _>>())
}
