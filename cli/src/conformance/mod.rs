//! `pointlock conformance`: any other implementation can be checked against this one.
//!
//! Reads one JSON object a line and answers each on its own line, in order:
//!
//! ```text
//! > {"op":"lock.claim","lock_secret":"00…05","blind":"00…02"}
//! < {"lock_secret":"00…03"}
//! > {"op":"lock.claim","lock_secret":"00…05"}
//! < {"error":"blind: missing"}
//! ```
//!
//! An answer is written out before the next line is read, so that a peer may ask again after reading it. Every line has
//! one answer, an empty one too; a line feed at the very end begins no line. Whatever is wrong with a line is its answer,
//! and the next one is read. Members of the object that an operation does not know are ignored: a peer may keep its row's
//! name there.
//!
//! The secrets that come in here are test data: nothing is erased, and nothing of value should be put in.

mod dleq;
mod ecdsa;
mod fields;
mod invoice;
mod lock;
mod musig2;
mod proof;
mod schnorr;

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

use fields::{Fields, Refusal};

/// Turns the members of a request into those of its answer.
type Operation = fn(&Fields<'_>) -> Result<Value, Refusal>;

const OPERATIONS: &[(&str, Operation)] = &[
    ("schnorr.pre_sign", schnorr::pre_sign),
    ("schnorr.verify", schnorr::verify),
    ("schnorr.verify_batch", schnorr::verify_batch),
    ("schnorr.adapt", schnorr::adapt),
    ("schnorr.extract", schnorr::extract),
    ("ecdsa.pre_sign", ecdsa::pre_sign),
    ("ecdsa.verify", ecdsa::verify),
    ("ecdsa.adapt", ecdsa::adapt),
    ("ecdsa.extract", ecdsa::extract),
    ("musig2.session", musig2::session),
    ("lock.setup", lock::setup),
    ("lock.claim", lock::claim),
    ("proof.base", proof::base),
    ("dleq.prove", dleq::prove),
    ("dleq.verify", dleq::verify),
    ("invoice.point", invoice::point),
    ("invoice.decode", invoice::decode),
];

/// Answers line by line until `input` ends.
///
/// # Errors
///
/// When `input` can't be read or `output` not written; never for what a line says.
pub(crate) fn run(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? != 0 {
        let mut answer = answer(&line).to_string();
        answer.push('\n');
        // In one piece: a peer that polls sees whole lines.
        output.write_all(answer.as_bytes())?;
        output.flush()?;
        line.clear();
    }
    Ok(())
}

fn answer(line: &[u8]) -> Value {
    evaluate(line).unwrap_or_else(|refusal| json!({ "error": refusal.to_string() }))
}

/// The fields of a `verify` that are points.
const STATEMENT_POINTS: [&str; 5] = ["public_key", "adaptor_point", "point", "base", "value"];

/// The answer of a `verify`. Where the bytes of the key or the lock point are no point, nothing is valid under it: the answer says
/// that, and the error too.
fn verdict(fields: &Fields<'_>, valid: Result<bool, Refusal>) -> Result<Value, Refusal> {
    match valid {
        Ok(valid) => Ok(json!({ "valid": valid })),
        Err(Refusal::Malformed { field, reason })
            if STATEMENT_POINTS.contains(&field.as_str()) && fields.get(&field)?.is_bytes() =>
        {
            let error = Refusal::Malformed { field, reason }.to_string();
            Ok(json!({ "valid": false, "error": error }))
        }
        Err(refusal) => Err(refusal),
    }
}

fn evaluate(line: &[u8]) -> Result<Value, Refusal> {
    let request: Value = serde_json::from_slice(line).map_err(Refusal::NotJson)?;
    let Value::Object(members) = &request else { return Err(Refusal::NotAnObject) };
    let fields = Fields::new(members);
    let op = fields.get("op")?;
    let name = op.text()?;
    match OPERATIONS.iter().find(|(known, _)| *known == name) {
        Some((_, operation)) => operation(&fields),
        None => Err(op.refuse(format!("unknown operation {name:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(input: &[u8]) -> Vec<String> {
        let mut output = Vec::new();
        run(input, &mut output).unwrap();
        String::from_utf8(output).unwrap().lines().map(String::from).collect()
    }

    #[test]
    fn one_answer_a_line() {
        let claim =
            format!(r#"{{"op":"lock.claim","lock_secret":"{:064x}","blind":"{:064X}"}}"#, 15, 5);
        let input = format!("{claim}\n\nnull\r\n{claim}");
        let secret = format!(r#"{{"lock_secret":"{:064x}"}}"#, 10);
        let answers = answers(input.as_bytes());
        assert_eq!(answers.len(), 4);
        assert_eq!((&answers[0], &answers[3]), (&secret, &secret));
        assert!(answers[1].starts_with(r#"{"error":"line: "#), "{}", answers[1]);
        assert_eq!(answers[2], r#"{"error":"line: not a JSON object"}"#);
    }

    #[test]
    fn a_final_line_feed_begins_no_line() {
        assert!(answers(b"").is_empty());
        assert_eq!(answers(b"\n").len(), 1);
        assert_eq!(answers(b"{}\n").len(), 1);
        assert_eq!(answers(b"{}\n{}").len(), 2);
    }

    #[test]
    fn every_operation_names_the_first_field_that_is_missing() {
        for (name, _) in OPERATIONS {
            let request = json!({ "op": name }).to_string();
            let answer = answer(request.as_bytes());
            let error = answer["error"].as_str().unwrap();
            assert!(error.ends_with(": missing") && !error.starts_with("op"), "{name}: {error}");
        }
        let unknown = answer(br#"{"op":"schnorr.forge"}"#);
        assert_eq!(unknown["error"], r#"op: unknown operation "schnorr.forge""#);
    }

    /// Deeper than any request: refused, and not on a stack that has run out.
    #[test]
    fn nesting_is_bounded() {
        let line = "[".repeat(1_000_000);
        assert!(answer(line.as_bytes())["error"].is_string());
    }
}
