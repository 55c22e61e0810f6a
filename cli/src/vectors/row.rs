//! The rows of `test-vectors/`, and whether an answer is the one that its row expects: see the README there.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::conformance::STEPS;

const FILES: &[(&str, &str)] = &[
    ("schnorr", include_str!("../../../test-vectors/schnorr.json")),
    ("ecdsa", include_str!("../../../test-vectors/ecdsa.json")),
    ("musig2", include_str!("../../../test-vectors/musig2.json")),
    ("lock", include_str!("../../../test-vectors/lock.json")),
    ("dleq", include_str!("../../../test-vectors/dleq.json")),
    ("ktime", include_str!("../../../test-vectors/ktime.json")),
    ("proof", include_str!("../../../test-vectors/proof.json")),
    ("failure", include_str!("../../../test-vectors/failure.json")),
    ("wire", include_str!("../../../test-vectors/wire.json")),
    ("channel", include_str!("../../../test-vectors/channel.json")),
];

#[derive(Deserialize)]
struct File {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
pub(super) struct Row {
    #[serde(skip)]
    pub(super) file: &'static str,
    pub(super) name: String,
    pub(super) op: String,
    #[serde(default)]
    pub(super) comment: String,
    expected: Expected,
    input: Map<String, Value>,
    output: Option<Value>,
    #[serde(default)]
    intermediate: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    /// `valid` or `invalid`; which of them, the output says too.
    Verdict(String),
    Refusal {
        error: String,
        culprit: Option<usize>,
    },
}

/// Of all files, in their order.
pub(super) fn all() -> serde_json::Result<Vec<Row>> {
    let mut all = Vec::new();
    for (file, text) in FILES {
        let rows = serde_json::from_str::<File>(text)?.rows;
        all.extend(rows.into_iter().map(|row| Row { file, ..row }));
    }
    Ok(all)
}

/// Whether a peer says that it does not have the operation.
pub(super) fn is_skipped(answer: &Value) -> bool {
    let error = answer.get("error").and_then(Value::as_str).unwrap_or_default();
    answer.get("skip") == Some(&Value::Bool(true)) || error.starts_with("op: unknown")
}

impl Row {
    /// The line for it.
    pub(super) fn request(&self, steps: bool) -> String {
        let mut request = Map::new();
        request.insert("op".to_owned(), self.op.clone().into());
        request.extend(self.input.clone());
        if steps {
            request.insert(STEPS.to_owned(), true.into());
        }
        Value::Object(request).to_string()
    }

    /// What the row wants to be answered.
    pub(super) fn wanted(&self) -> Value {
        match (&self.expected, &self.output) {
            (Expected::Refusal { .. }, _) => json!({ "error": format!("{}: …", self.to_blame()) }),
            (Expected::Verdict(_), Some(output)) => output.clone(),
            (Expected::Verdict(_), None) => json!({ "error": "…" }),
        }
    }

    /// The field that can't be used, and in a list the item.
    fn to_blame(&self) -> String {
        match &self.expected {
            Expected::Refusal { error, culprit: Some(item) } => format!("{error}[{item}]"),
            Expected::Refusal { error, culprit: None } => error.clone(),
            Expected::Verdict(verdict) => verdict.clone(),
        }
    }

    /// # Errors
    ///
    /// What disagrees.
    pub(super) fn judge(&self, answer: &Value) -> Result<(), String> {
        let Value::Object(members) = answer else { return Err("not a JSON object".to_owned()) };
        let mut members = members.clone();
        let steps = members.remove(STEPS);
        let error = members.get("error").and_then(Value::as_str);
        match (&self.expected, &self.output) {
            (Expected::Refusal { .. }, _) => self.judge_refusal(error, &members),
            (Expected::Verdict(_), None) => {
                error.map(|_| ()).ok_or_else(|| "answered, where it is to be refused".to_owned())
            }
            (Expected::Verdict(_), Some(output)) => {
                judge_output(output, members)?;
                let found = steps.unwrap_or_default();
                self.judge_steps(found.as_object().unwrap_or(&Map::new()))
            }
        }
    }

    fn judge_refusal(
        &self,
        error: Option<&str>,
        answer: &Map<String, Value>,
    ) -> Result<(), String> {
        let field = self.to_blame();
        let Some(error) = error else {
            return Err(format!("answered, where {field} is to be refused"));
        };
        if answer.get("valid") == Some(&Value::Bool(true)) {
            return Err(format!("valid, where {field} is to be refused"));
        }
        // A member or item of the field may be named too.
        match error.strip_prefix(&field).and_then(|rest| rest.chars().next()) {
            Some(':' | '.' | ' ') => Ok(()),
            _ => Err(format!("refused for {error:?}, and not for {field}")),
        }
    }

    fn judge_steps(&self, found: &Map<String, Value>) -> Result<(), String> {
        for (name, value) in found {
            let path = format!("{STEPS}.{name}");
            match self.intermediate.get(name) {
                Some(expected) => judge_step(&path, expected, value)?,
                // Rows have it where it is something else than what was read.
                None if name == "written" => {
                    let read = self.input.get("payload").or_else(|| self.input.get("value"));
                    judge_step(&path, read.unwrap_or(&Value::Null), value)?;
                }
                None => return Err(format!("{path}: the row has none")),
            }
        }
        Ok(())
    }
}

fn judge_output(output: &Value, mut answer: Map<String, Value>) -> Result<(), String> {
    // What is not valid may be so for a reason.
    if answer.get("valid") == Some(&Value::Bool(false)) {
        answer.remove("error");
    }
    if let Some(error) = answer.get("error") {
        return Err(format!("refused: {error}"));
    }
    let Value::Object(expected) = output else { return Err("the row's output is none".to_owned()) };
    for (name, expected) in expected {
        match answer.get(name) {
            None => return Err(format!("{name}: missing")),
            Some(value) => judge_value(name, expected, value)?,
        }
    }
    match answer.keys().find(|name| !expected.contains_key(*name)) {
        Some(name) => Err(format!("{name}: is not part of the answer")),
        None => Ok(()),
    }
}

fn judge_value(name: &str, expected: &Value, value: &Value) -> Result<(), String> {
    if expected == value {
        Ok(())
    } else {
        let [value, expected] = [value, expected].map(text);
        let from = first_difference(&value, &expected);
        let [value, expected] = [value, expected].map(|text| short(&text, from));
        Err(format!("{name}: {value}, expected {expected}"))
    }
}

/// Of an object what is answered, and of a list every item.
fn judge_step(path: &str, expected: &Value, value: &Value) -> Result<(), String> {
    match (expected, value) {
        (Value::Object(expected), Value::Object(found)) => {
            found.iter().try_for_each(|(name, value)| {
                let missing = || format!("{path}.{name}: the row has none");
                let expected = expected.get(name).ok_or_else(missing)?;
                judge_step(&format!("{path}.{name}"), expected, value)
            })
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let pairs = expected.iter().zip(found).enumerate();
            pairs.into_iter().try_for_each(|(index, (expected, value))| {
                judge_step(&format!("{path}[{index}]"), expected, value)
            })
        }
        _ => judge_value(path, expected, value),
    }
}

/// How many characters of a value fit into a line.
const ENOUGH: usize = 40;

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// How many characters are the same before two values differ; none that matter where the cut shows the difference.
fn first_difference(one: &str, other: &str) -> usize {
    const BEFORE: usize = 8;
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    if same < ENOUGH - BEFORE { 0 } else { same - BEFORE }
}

/// As much of a value as fits into a line, from this character on.
fn short(text: &str, from: usize) -> String {
    let mut rest = text.chars().skip(from);
    let shown: String = rest.by_ref().take(ENOUGH).collect();
    let [before, behind] = [from > 0, rest.next().is_some()].map(|cut| if cut { "…" } else { "" });
    format!("{before}{shown}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown() {
        let zeros = "0".repeat(64);
        let problem = |value: &str, expected: &str| {
            judge_value("t", &expected.into(), &value.into()).unwrap_err()
        };
        let last = format!("{}1", "0".repeat(63));
        assert_eq!(problem(&last, &zeros), "t: …000000001, expected …000000000");
        let first = format!("1{}", "0".repeat(63));
        let begin = "0".repeat(39);
        assert_eq!(problem(&first, &zeros), format!("t: 1{begin}…, expected 0{begin}…"));
        let middle = format!("{}a{}", "0".repeat(32), "0".repeat(200));
        let expected = format!("t: …00000000a{}…, expected …{}", "0".repeat(31), "0".repeat(40));
        assert_eq!(problem(&middle, &zeros), expected);
        assert_eq!(problem("no", "yes"), "t: no, expected yes");
        assert!(judge_value("t", &zeros.as_str().into(), &zeros.as_str().into()).is_ok());
    }

    #[test]
    fn what_a_peer_does_not_have() {
        for answer in [json!({ "skip": true }), json!({ "error": "op: unknown" })] {
            assert!(is_skipped(&answer), "{answer}");
        }
        for answer in [json!({ "skip": false }), json!({ "error": "op: missing" }), json!([])] {
            assert!(!is_skipped(&answer), "{answer}");
        }
    }
}
