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
//! With `"intermediate": true` an answer has the values on the way too, by the names of `test-vectors/`, as far as an operation has them.
//!
//! An answer is written out before the next line is read, so that a peer may ask again after reading it. Every line has
//! one answer, an empty one too; a line feed at the very end begins no line. Whatever is wrong with a line is its answer,
//! and the next one is read. Members of the object that an operation does not know are ignored: a peer may keep its row's
//! name there.
//!
//! A line has at most 8 MiB ([`MAX_LINE`]) and each of its lists at most 10,000 items ([`MAX_ITEMS`]), 1,000 for the signers of a session
//! and 1,025 for payment points; what is longer is refused without being read to memory or computed with. All are far above
//! any row: a batch of 4,096 pre-signatures takes 1.7 MB, the longest text of an invoice 2 MiB.
//!
//! The secrets that come in here are test data: nothing is erased, and nothing of value should be put in.

mod channel;
mod dleq;
mod ecdsa;
mod failure;
mod fields;
mod invoice;
mod ktime;
mod lock;
mod musig2;
mod musig2_steps;
mod operations;
mod proof;
mod schnorr;
mod wire;

use std::error::Error;
use std::io::{self, BufRead, Read, Write};

use serde_json::{Value, json};

use fields::{Fields, Refusal};
use operations::{BY_NAME, OPERATIONS, Operation};
use pointlock::curve::SecretScalar;

use crate::terminal::{self, OutputError};

/// The longest line that is read, in bytes and without its line feed.
pub(crate) const MAX_LINE: usize = 8 << 20;

/// The longest list that is taken: a multiplication for each item is then a second's work at most.
pub(crate) const MAX_ITEMS: usize = 10_000;

/// How it is asked.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Prints the operations with what they take and give (`?` may be null or missing), and reads nothing
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    if args.list {
        return Ok(terminal::print(&list())?);
    }
    answer_lines(io::stdin().lock(), io::stdout().lock())
}

/// What `--list` prints: two lines for each operation.
fn list() -> String {
    let row = |operation: &Operation| {
        let Operation { name, takes, gives, .. } = operation;
        let takes = takes.replace(' ', ", ");
        let gives = match *gives {
            BY_NAME => "the fields that there are, by name".to_owned(),
            gives => gives.replace(' ', ", "),
        };
        vec![name.to_string(), format!("{takes}\n-> {gives}")]
    };
    terminal::plain(OPERATIONS.iter().map(row)).join("\n") + "\n"
}

/// Answers line by line until `input` ends.
///
/// # Errors
///
/// When `input` can't be read or `output` not written; never for what a line says.
pub(crate) fn answer_lines(
    mut input: impl BufRead,
    mut output: impl Write,
) -> Result<(), Box<dyn Error>> {
    let mut line = Vec::new();
    let unreadable = |error| format!("standard input: {error}");
    while read_line(&mut input, &mut line).map_err(unreadable)? {
        let mut answer = answer(&line).to_string();
        answer.push('\n');
        // In one piece: a peer that polls sees whole lines.
        let written = output.write_all(answer.as_bytes()).and_then(|()| output.flush());
        written.map_err(OutputError::from)?;
        line.clear();
    }
    Ok(())
}

/// Reads a line with its line feed; false when there is none left. Of one that is too long no more than one byte too many is
/// kept, and the rest is passed over.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    let is_whole = |line: &[u8]| line.len() <= MAX_LINE || line.ends_with(b"\n");
    input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', line)?;
    let mut is_over = is_whole(line);
    while !is_over {
        let rest = input.fill_buf()?;
        let end = rest.iter().position(|byte| *byte == b'\n');
        let passed_over = end.map_or(rest.len(), |end| end + 1);
        is_over = end.is_some() || rest.is_empty();
        input.consume(passed_over);
    }
    Ok(!line.is_empty())
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
    if line.strip_suffix(b"\n").unwrap_or(line).len() > MAX_LINE {
        return Err(Refusal::LineTooLong);
    }
    let request: Value = serde_json::from_slice(line).map_err(Refusal::NotJson)?;
    let Value::Object(members) = &request else { return Err(Refusal::NotAnObject) };
    let fields = Fields::new(members);
    let op = fields.get("op")?;
    let name = op.text()?;
    let Some(operation) = Operation::named(name) else {
        let known: Vec<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
        let known = known.join(", ");
        return Err(op.refuse(format!("unknown operation {name:?}; there are {known}")));
    };
    let mut answer = (operation.run)(&fields)?;
    if members.get(STEPS) == Some(&Value::Bool(true)) {
        answer[STEPS] = fields.into_steps().into();
    }
    Ok(answer)
}

/// The member that asks for the values on the way, and has them in the answer.
pub(crate) const STEPS: &str = "intermediate";

fn strings<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(T::to_string).collect()
}

fn scalar_text(secret: &SecretScalar) -> String {
    hex::encode(*secret.dangerous_to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(input: &[u8]) -> Vec<String> {
        let mut output = Vec::new();
        answer_lines(input, &mut output).unwrap();
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
        for Operation { name, .. } in OPERATIONS {
            let request = json!({ "op": name }).to_string();
            let answer = answer(request.as_bytes());
            let error = answer["error"].as_str().unwrap();
            assert!(error.ends_with(": missing") && !error.starts_with("op"), "{name}: {error}");
        }
        let unknown = answer(br#"{"op":"schnorr.forge"}"#);
        let error = unknown["error"].as_str().unwrap();
        let known = r#"op: unknown operation "schnorr.forge"; there are schnorr.pre_sign, "#;
        assert!(error.starts_with(known) && error.ends_with(", wire.message"), "{error}");
    }

    /// The longest line is read, and one byte more is refused; so is what has no end. The next line is answered as ever.
    #[test]
    fn lines_have_a_length() {
        let claim =
            format!(r#"{{"op":"lock.claim","lock_secret":"{:064x}","blind":"{:064x}"}}"#, 15, 5);
        let secret = format!(r#"{{"lock_secret":"{:064x}"}}"#, 10);
        let too_long = r#"{"error":"line: longer than 8388608 bytes"}"#.to_owned();
        let padded = |length: usize| claim.clone() + &" ".repeat(length - claim.len());
        let (longest, longer) = (padded(MAX_LINE), padded(MAX_LINE + 1));
        let endless = "[".repeat(3 * MAX_LINE);
        for line_feed in ["", "\n", "\n{}"] {
            let input = format!("{longest}\n{longer}\n{claim}\n{endless}\n{claim}{line_feed}");
            let mut expected = vec![secret.clone(), too_long.clone(), secret.clone()];
            expected.extend([too_long.clone(), secret.clone()]);
            expected.extend(line_feed.ends_with('}').then(|| r#"{"error":"op: missing"}"#.into()));
            assert_eq!(answers(input.as_bytes()), expected);
            let at_the_end = format!("{claim}\n{longer}");
            assert_eq!(answers(at_the_end.as_bytes()), [secret.clone(), too_long.clone()]);
        }
    }

    /// The longest list is taken, and one item more refused before any is looked at.
    #[test]
    fn lists_have_a_length() {
        let blinds = |count: usize, blind: &str| {
            let point = format!("02{}", two_g());
            json!({ "op": "lock.setup", "payment_point": point, "blinds": vec![blind; count] })
        };
        let ask = |request: Value| answer(request.to_string().as_bytes());
        let one = format!("{:064x}", 1);
        let taken = ask(blinds(MAX_ITEMS, &one));
        assert_eq!(taken["locks"].as_array().map(Vec::len), Some(MAX_ITEMS), "{taken}");
        let refused = ask(blinds(MAX_ITEMS + 1, "no blind"));
        assert_eq!(refused["error"], "blinds: 10001 items, at most 10000 are taken");
        let point = |count: usize| json!({ "op": "invoice.point", "points": vec![format!("02{}", two_g()); count] });
        assert_eq!(ask(point(1_025))["error"], "payer_key: missing");
        assert_eq!(ask(point(1_026))["error"], "points: 1026 items, at most 1025 are taken");
        let session =
            |count: usize| json!({ "op": "musig2.session", "secret_keys": vec![&one; count] });
        assert_eq!(ask(session(1_000))["error"], "session_rands: missing");
        assert_eq!(ask(session(1_001))["error"], "secret_keys: 1001 items, at most 1000 are taken");
        // In all parts of a payment together.
        let parts = |counts: [usize; 2]| {
            let lists = counts.map(|count| vec![&one; count]);
            ask(
                json!({ "op": "lock.parts", "payment_secret": &one, "part_secrets": [&one], "parts": lists }),
            )
        };
        let taken = parts([10, 20]);
        assert_eq!(taken["parts"][1]["locks"].as_array().map(Vec::len), Some(20), "{taken}");
        let refused = parts([MAX_ITEMS / 2, MAX_ITEMS / 2 + 1]);
        assert_eq!(refused["error"], "parts: 10001 blinds in all, at most 10000 are taken");
        let looked_at = ask(blinds(MAX_ITEMS, "no blind"));
        assert!(looked_at["error"].as_str().unwrap().starts_with("blinds[0]: "), "{looked_at}");
    }

    /// x of 2·G.
    fn two_g() -> &'static str {
        "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
    }

    /// Deeper than any request: refused, and not on a stack that has run out.
    #[test]
    fn nesting_is_bounded() {
        let line = "[".repeat(1_000_000);
        assert!(answer(line.as_bytes())["error"].is_string());
    }
}
