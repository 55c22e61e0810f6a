use std::cell::RefCell;
use std::fmt;

use pointlock::curve::{CurveError, Keypair, Point, SecretScalar, XOnlyPublicKey};
use pointlock::lock::Blind;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{MAX_ITEMS, MAX_LINE};

/// Why a line gets no other answer. `Display` is the text of the answer, and names the field.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    /// The line is not JSON; what is not UTF-8 is none.
    #[error("line: not JSON: {0}")]
    NotJson(serde_json::Error),
    /// The line is longer than any that is read.
    #[error("line: longer than {MAX_LINE} bytes")]
    LineTooLong,
    /// The line is JSON, and something else than an object.
    #[error("line: not a JSON object")]
    NotAnObject,
    /// A field has to be there and is not.
    #[error("{field}: missing")]
    Missing { field: String },
    /// A field can't be used.
    #[error("{field}: {reason}")]
    Malformed { field: String, reason: String },
}

/// The members of a JSON object: of the request, or of an item of one of its lists.
pub(super) struct Fields<'a> {
    members: &'a Map<String, Value>,
    /// What stands before the names: nothing, or the item, as in `items[2].`
    prefix: String,
    /// What was found on the way to the answer.
    steps: RefCell<Map<String, Value>>,
}

/// One member, or one item of a list, and how errors call it: `message`, `blinds[1]`, `items[2].message`.
#[derive(Clone)]
pub(super) struct Field<'a> {
    name: String,
    value: &'a Value,
}

impl<'a> Fields<'a> {
    pub(super) fn new(members: &'a Map<String, Value>) -> Self {
        Self { members, prefix: String::new(), steps: RefCell::default() }
    }

    /// How errors call a member.
    pub(super) fn name(&self, member: &str) -> String {
        format!("{}{member}", self.prefix)
    }

    /// The refusal of a member, or of what all of them give together.
    pub(super) fn refuse(&self, member: &str, reason: impl fmt::Display) -> Refusal {
        Refusal::Malformed { field: self.name(member), reason: reason.to_string() }
    }

    /// Keeps a value that was found on the way, for a peer that asks for those.
    pub(super) fn step(&self, name: &str, value: impl Into<Value>) {
        self.steps.borrow_mut().insert(name.to_owned(), value.into());
    }

    pub(super) fn into_steps(self) -> Map<String, Value> {
        self.steps.into_inner()
    }

    /// Null stands for nothing.
    pub(super) fn optional(&self, name: &str) -> Option<Field<'a>> {
        self.get(name).ok().filter(|field| !field.is_null())
    }

    pub(super) fn get(&self, name: &str) -> Result<Field<'a>, Refusal> {
        let field = self.name(name);
        match self.members.get(name) {
            Some(value) => Ok(Field { name: field, value }),
            None => Err(Refusal::Missing { field }),
        }
    }
}

impl<'a> Field<'a> {
    /// The refusal of this field.
    pub(super) fn refuse(&self, reason: impl fmt::Display) -> Refusal {
        Refusal::Malformed { field: self.name.clone(), reason: reason.to_string() }
    }

    pub(super) fn text(&self) -> Result<&'a str, Refusal> {
        self.value.as_str().ok_or_else(|| self.refuse("not a string"))
    }

    pub(super) fn integer(&self) -> Result<u64, Refusal> {
        self.value.as_u64().ok_or_else(|| self.refuse("not an integer from 0 to 2^64 - 1"))
    }

    pub(super) fn list(&self) -> Result<Vec<Field<'a>>, Refusal> {
        self.list_up_to(MAX_ITEMS)
    }

    /// A list of no more items than an operation can bear.
    pub(super) fn list_up_to(&self, most: usize) -> Result<Vec<Field<'a>>, Refusal> {
        let items = self.value.as_array().ok_or_else(|| self.refuse("not a list"))?;
        let actual = items.len();
        if actual > most {
            return Err(self.refuse(format!("{actual} items, at most {most} are taken")));
        }
        let item = |(index, value)| Field { name: format!("{}[{index}]", self.name), value };
        Ok(items.iter().enumerate().map(item).collect())
    }

    pub(super) fn object(&self) -> Result<Fields<'a>, Refusal> {
        let members = self.value.as_object().ok_or_else(|| self.refuse("not an object"))?;
        let prefix = format!("{}.", self.name);
        Ok(Fields { members, prefix, steps: RefCell::default() })
    }

    /// Whether this is `null`, where a field may say that there is nothing.
    pub(super) fn is_null(&self) -> bool {
        self.value.is_null()
    }

    /// Whether this is hexadecimal digits of some bytes.
    pub(super) fn is_bytes(&self) -> bool {
        self.value
            .as_str()
            .is_some_and(|text| hex::decode(text).is_ok_and(|bytes| !bytes.is_empty()))
    }

    pub(super) fn boolean(&self) -> Result<bool, Refusal> {
        self.value.as_bool().ok_or_else(|| self.refuse("not true or false"))
    }

    /// Any number of bytes, in hexadecimal digits of either case.
    pub(super) fn octets(&self) -> Result<Vec<u8>, Refusal> {
        hex::decode(self.text()?)
            .map_err(|_| self.refuse("expected hexadecimal digits, two a byte"))
    }

    /// `N` bytes, in hexadecimal digits of either case.
    pub(super) fn bytes<const N: usize>(&self) -> Result<[u8; N], Refusal> {
        let no_digits = |_| self.refuse(format!("expected {} hexadecimal digits", 2 * N));
        let bytes = hex::decode(self.text()?).map_err(no_digits)?;
        let actual = bytes.len();
        bytes.try_into().map_err(|_| self.refuse(CurveError::Length { expected: N, actual }))
    }

    pub(super) fn secret(&self) -> Result<SecretScalar, Refusal> {
        SecretScalar::from_bytes(&self.bytes()?).map_err(|error| self.refuse(error))
    }

    pub(super) fn blind(&self) -> Result<Blind, Refusal> {
        self.secret().map(Blind::new)
    }

    pub(super) fn keypair(&self) -> Result<Keypair, Refusal> {
        self.secret().map(Keypair::new)
    }

    pub(super) fn point(&self) -> Result<Point, Refusal> {
        Point::from_bytes(&self.bytes()?).map_err(|error| self.refuse(error))
    }

    pub(super) fn x_only(&self) -> Result<XOnlyPublicKey, Refusal> {
        let bytes: [u8; 32] = self.bytes()?;
        XOnlyPublicKey::from_slice(&bytes).map_err(|_| self.refuse(CurveError::NotOnCurve))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_name_the_field_down_to_the_item() {
        let request = json!({ "items": [{}, { "key": "0G" }, 7], "short": "Ab", "number": 1 });
        let fields = Fields::new(request.as_object().unwrap());
        let items = fields.get("items").unwrap().list().unwrap();
        let missing = items[0].object().unwrap().get("key").map(|_| ()).unwrap_err();
        assert_eq!(missing.to_string(), "items[0].key: missing");
        let not_hex = items[1].object().unwrap().get("key").unwrap().bytes::<1>().unwrap_err();
        assert_eq!(not_hex.to_string(), "items[1].key: expected 2 hexadecimal digits");
        let not_an_object = items[2].object().map(|_| ()).unwrap_err();
        assert_eq!(not_an_object.to_string(), "items[2]: not an object");
        let short = fields.get("short").unwrap();
        assert_eq!(short.bytes::<1>().unwrap(), [0xab]);
        assert_eq!(short.point().unwrap_err().to_string(), "short: 1 bytes, expected 33");
        let number = fields.get("number").unwrap();
        assert_eq!(number.text().unwrap_err().to_string(), "number: not a string");
        assert_eq!(number.list().map(|_| ()).unwrap_err().to_string(), "number: not a list");
        let request = json!({ "lock_secret": "42e1…", "odd": "abc" });
        let fields = Fields::new(request.as_object().unwrap());
        let refused = |name| fields.get(name).unwrap().secret().map(|_| ()).unwrap_err();
        for (name, expected) in [
            ("lock_secret", "lock_secret: expected 64 hexadecimal digits"),
            ("odd", "odd: expected 64 hexadecimal digits"),
        ] {
            assert_eq!(refused(name).to_string(), expected);
        }
    }
}
