//! `pointlock conformance` from the outside: the binary, a line in, a line out.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod invoices;
mod lines;
mod published;
#[path = "../../../tests/common/standards.rs"]
mod standards;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// The running command. Each question waits for its answer, so an answer that stays in a buffer is a deadlock.
struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pointlock"))
            .arg("conformance")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    fn ask_line(&mut self, line: &[u8]) -> Value {
        let input = self.input.as_mut().unwrap();
        input.write_all(line).unwrap();
        input.write_all(b"\n").unwrap();
        input.flush().unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        assert!(answer.ends_with('\n'), "no answer to {:?}", String::from_utf8_lossy(line));
        serde_json::from_str(&answer).unwrap()
    }

    fn ask(&mut self, request: &Value) -> Value {
        self.ask_line(request.to_string().as_bytes())
    }

    /// Asks `op` with these members.
    fn run(&mut self, op: &str, input: &Value) -> Value {
        let mut request = input.as_object().unwrap().clone();
        request.insert("op".into(), op.into());
        self.ask(&Value::Object(request))
    }

    /// Closes the input: the command ends well, and has no more to say.
    fn finish(mut self) {
        drop(self.input.take());
        let mut rest = String::new();
        assert_eq!(self.output.read_line(&mut rest).unwrap(), 0, "{rest}");
        assert!(self.child.wait().unwrap().success());
    }
}

fn error(answer: &Value) -> &str {
    answer["error"].as_str().unwrap_or_else(|| panic!("{answer} is no refusal"))
}

/// The files, and all the operations that have rows in them.
const SCHEMES: [&str; 10] =
    ["schnorr", "ecdsa", "musig2", "lock", "dleq", "ktime", "proof", "failure", "wire", "channel"];

/// The rows of one of our own vector files.
fn own_rows(scheme: &str) -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors");
    let text = fs::read_to_string(file.join(format!("{scheme}.json"))).unwrap();
    let mut vectors: Value = serde_json::from_str(&text).unwrap();
    let Value::Array(rows) = vectors["rows"].take() else { panic!("no rows") };
    rows
}

/// For every operation its first valid row.
fn first_valid_rows() -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let rows = SCHEMES.iter().flat_map(|scheme| own_rows(scheme));
    let valid = rows.filter(|row| row["expected"] == "valid");
    valid.filter(|row| seen.insert(row["op"].clone().to_string())).collect()
}
