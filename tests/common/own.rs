//! The rows of our own vector files, `test-vectors/*.json`, and their verdicts: see the README there.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::Path;

use pointlock::curve::{Point, SecretScalar};
use serde::Deserialize;
use serde_json::Value;

/// The field that can't be used and, in a list, the item that is to blame.
pub(crate) type Refusal = (&'static str, Option<usize>);

/// Runs a row's operation.
pub(crate) type Operation = fn(&Row) -> Result<Value, Refusal>;

#[derive(Deserialize)]
pub(crate) struct Row {
    name: String,
    op: String,
    expected: Value,
    pub(crate) input: Value,
    #[serde(default)]
    pub(crate) output: Value,
    /// Of adapt rows: the key and message that the adapted signature is for.
    #[serde(default)]
    pub(crate) context: Value,
    #[serde(default)]
    pub(crate) intermediate: Value,
}

#[derive(Deserialize)]
struct File {
    rows: Vec<Row>,
}

/// Runs every row of the file that has one of these operations. Each operation comes with the number of its rows, so that
/// none is lost unseen.
pub(crate) fn check(scheme: &str, operations: &[(&str, usize, Operation)]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors");
    let text = std::fs::read_to_string(folder.join(format!("{scheme}.json"))).unwrap();
    let file: File = serde_json::from_str(&text).unwrap();
    for (op, count, operation) in operations {
        let rows: Vec<&Row> = file.rows.iter().filter(|row| row.op == *op).collect();
        assert_eq!(rows.len(), *count, "{op}");
        for row in rows {
            row.check(operation(row));
        }
    }
}

#[allow(dead_code, reason = "each test file uses its own part of it")]
impl Row {
    pub(crate) fn is_valid(&self) -> bool {
        self.expected == "valid"
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        self.input.get(field).is_some()
    }

    /// A field, where `parse` makes something of its bytes.
    pub(crate) fn get<T>(
        &self,
        field: &'static str,
        parse: fn(&[u8]) -> Option<T>,
    ) -> Result<T, Refusal> {
        parse(&bytes(&self.input[field])).ok_or((field, None))
    }

    /// A list of such fields.
    pub(crate) fn list<T>(
        &self,
        field: &'static str,
        parse: fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, Refusal> {
        let items = self.input[field].as_array().unwrap().iter().enumerate();
        items.map(|(index, item)| parse(&bytes(item)).ok_or((field, Some(index)))).collect()
    }

    fn check(&self, answer: Result<Value, Refusal>) {
        let name = &self.name;
        match (&self.expected, answer) {
            (Value::Object(expected), Err((field, culprit))) => {
                assert_eq!(expected["error"], field, "{name}");
                let index = culprit.map(Value::from);
                assert_eq!(expected.get("culprit"), index.as_ref(), "{name}");
            }
            (Value::Object(expected), Ok(answer)) => panic!("{name}: {answer}, not {expected:?}"),
            // An extraction that gives nothing has no output.
            (_, Err(refusal)) => assert!(
                self.output.is_null() && !self.is_valid(),
                "{name}: refused for {refusal:?}"
            ),
            (_, Ok(answer)) => assert_eq!(answer, self.output, "{name}"),
        }
    }
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

pub(crate) fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

pub(crate) fn point(bytes: &[u8]) -> Option<Point> {
    Point::from_slice(bytes).ok()
}

pub(crate) fn secret(bytes: &[u8]) -> Option<SecretScalar> {
    SecretScalar::from_bytes(&array(bytes)?).ok()
}
