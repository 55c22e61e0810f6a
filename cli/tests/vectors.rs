//! `pointlock vectors`: our own conformance answers every row of `test-vectors/`, and what answers otherwise is found out.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const POINTLOCK: &str = env!("CARGO_BIN_EXE_pointlock");

fn vectors(against: &str, args: &[&str]) -> Output {
    let mut command = Command::new(POINTLOCK);
    command.args(["vectors", "--against", against]).args(args).output().unwrap()
}

/// Ourselves, with what a shell does to the answers.
fn ourselves(behind: &str) -> String {
    format!("'{POINTLOCK}' conformance {behind}")
}

fn json_lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn summary(rows: usize, disagree: usize, skipped: usize, unanswered: usize) -> Value {
    serde_json::json!({
        "rows": rows, "disagree": disagree, "skipped": skipped, "unanswered": unanswered
    })
}

/// All rows of all files in the folder.
fn rows() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors");
    let mut rows = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            rows.extend(file["rows"].as_array().cloned().unwrap_or_default());
        }
    }
    rows
}

/// With the values on the way, as far as they are answered.
#[test]
fn every_row_is_answered() {
    let output = vectors(&ourselves(""), &["--steps", "--json"]);
    let lines = json_lines(&output);
    assert!(output.status.success(), "{:#}", lines[0]);
    let count = rows().len();
    assert!(count >= 2_910);
    assert_eq!(lines, [summary(count, 0, 0, 0)]);
}

/// Rows in which a step is answered that their independent reference has computed too.
#[test]
fn steps_are_compared() {
    let requests: Vec<String> = rows()
        .into_iter()
        .filter(|row| row["intermediate"].is_object())
        .map(|row| {
            let mut request = row["input"].as_object().unwrap().clone();
            request.insert("op".into(), row["op"].clone());
            request.insert("intermediate".into(), true.into());
            Value::Object(request).to_string() + "\n"
        })
        .collect();
    let file = std::env::temp_dir().join(format!("pointlock-steps-{}", std::process::id()));
    fs::write(&file, requests.concat()).unwrap();
    let input = fs::File::open(&file).unwrap();
    let output = Command::new(POINTLOCK).arg("conformance").stdin(input).output().unwrap();
    fs::remove_file(&file).unwrap();
    let answers = json_lines(&output);
    assert_eq!(answers.len(), requests.len());
    let with_steps =
        |answer: &&Value| answer["intermediate"].as_object().is_some_and(|steps| !steps.is_empty());
    let answered = answers.iter().filter(with_steps).count();
    assert!(answered >= 300, "{answered} of {}", answers.len());
    // The same step in another implementation is found out.
    let other = ourselves(r#"| sed 's/"final_nonce":"02/"final_nonce":"03/'"#);
    let lines = json_lines(&vectors(&other, &["--steps", "--json", "--op", "musig2"]));
    assert!(lines.len() > 10);
    for line in &lines[..lines.len() - 1] {
        let problem = line["problem"].as_str().unwrap();
        assert!(
            problem.starts_with("intermediate.final_nonce: 03")
                || line["op"] == "musig2.nonce_process",
            "{problem}"
        );
    }
}

#[test]
fn another_answer_is_named() {
    let other = ourselves(r#"| sed 's/"valid":true/"valid":false/'"#);
    let output = vectors(&other, &["--json", "--op", "schnorr.verify"]);
    assert_eq!(output.status.code(), Some(1));
    let lines = json_lines(&output);
    let (summary, rows) = lines.split_last().unwrap();
    assert_eq!(summary, &self::summary(129, 41, 0, 0));
    assert_eq!(rows.len(), 41);
    for row in rows {
        assert_eq!((&row["file"], &row["op"]), (&"schnorr".into(), &"schnorr.verify".into()));
        assert_eq!(row["problem"], "valid: false, expected true");
        assert_eq!(row["expected"]["valid"], true);
        assert_eq!(row["answer"]["valid"], false);
    }
    let table = vectors(&other, &["--op", "schnorr.verify"]);
    assert_eq!(table.status.code(), Some(1));
    let text = String::from_utf8(table.stdout).unwrap();
    assert!(text.contains("… and 1 more; --json has all"), "{text}");
    assert!(text.contains("valid: false, expected true"), "{text}");
    let errors = String::from_utf8(table.stderr).unwrap();
    assert_eq!(errors, "pointlock: 41 of 129 rows disagree\n");
}

/// Refusals, their fields and items; extra members; what is refused and shouldn't be.
#[test]
fn refusals_are_compared() {
    for (sed, op, problem) in [
        ("s/^{\"error\":.*/{}/", "lock.setup", "answered, where blinds[0] is to be refused"),
        ("s/\"error\":\"blinds.0/\"error\":\"blinds[1/", "lock.setup", "and not for blinds[0]"),
        (
            "s/\"error\":\"payment_point/\"error\":\"point/",
            "lock.setup",
            "and not for payment_point",
        ),
        (
            "s/\"error\":\"payment_point/\"error\":\"payment_points/",
            "lock.setup",
            "and not for payment_point",
        ),
        (
            "s/^{\"lock_secret\":.*/{\"error\":\"blind: no\"}/",
            "lock.claim",
            "refused: \"blind: no\"",
        ),
        (
            "s/^{\"lock_secret\"/{\"more\":1,\"lock_secret\"/",
            "lock.claim",
            "more: is not part of the answer",
        ),
        ("s/\"lock_secret\"/\"secret\"/", "lock.claim", "lock_secret: missing"),
        ("s/^.*$/[]/", "lock.claim", "not a JSON object"),
        ("s/^.*$/yes/", "lock.claim", "not JSON: "),
        (
            "s/\"error\":\"/\"adaptor_secret\":\"/",
            "schnorr.extract",
            "answered, where it is to be refused",
        ),
    ] {
        let other = ourselves(&format!("| sed '{sed}'"));
        let output = vectors(&other, &["--json", "--op", op]);
        assert_eq!(output.status.code(), Some(1), "{sed}");
        let problems: Vec<String> = json_lines(&output)
            .iter()
            .filter_map(|line| Some(line["problem"].as_str()?.to_owned()))
            .collect();
        assert!(problems.iter().any(|found| found.contains(problem)), "{sed}: {problems:?}");
    }
    // What is right is right however it is said.
    let other = ourselves(r#"| sed 's/"error":"\([a-z_]*\): .*"}/"error":"\1 is of no use"}/'"#);
    assert!(vectors(&other, &["--op", "lock.claim"]).status.success());
}

#[test]
fn whoever_does_not_answer() {
    for (against, args, problem) in [
        ("true", &[][..], "no answer: it has ended"),
        ("exec sleep 60", &["--timeout", "1"], "no answer within 1 s"),
        ("head -c 2; exec sleep 60", &["--timeout", "1"], "no answer within 1 s"),
    ] {
        let args = [&["--json", "--op", "lock.claim"], args].concat();
        let output = vectors(against, &args);
        assert_eq!(output.status.code(), Some(1), "{against}");
        let lines = json_lines(&output);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["problem"], problem);
        assert_eq!(lines[1], summary(23, 1, 0, 22));
    }
}

/// What is behind the row at which a peer ends is no disagreement.
#[test]
fn a_peer_that_ends_on_the_way() {
    let other = ourselves("| head -n 20");
    let output = vectors(&other, &["--json", "--op", "lock.claim"]);
    assert_eq!(output.status.code(), Some(1));
    let lines = json_lines(&output);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["problem"], "no answer: it has ended");
    assert_eq!(lines[1], summary(23, 1, 0, 2));
    let name = lines[0]["name"].as_str().unwrap();
    let output = vectors(&other, &["--op", "lock.claim"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    let end = format!("it ended at row {name} of lock.json, and 2 rows behind it were not asked\n");
    assert_eq!(errors, format!("pointlock: 1 of 23 rows disagree; {end}"));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with(&format!("\nended at row {name} of lock.json; 2 rows not asked\n")));
}

/// An operation that a peer does not have is no disagreement; a peer that has none has shown nothing.
#[test]
fn what_a_peer_skips() {
    let skip = r#"{"skip": true}"#;
    let unknown = r#"{"error": "op: unknown"}"#;
    for answer in [skip, unknown] {
        // The first 10 rows are of lock.claim's 23, in their order.
        let other = ourselves(&format!("| sed '1,10s/.*/{answer}/'"));
        let output = vectors(&other, &["--json", "--op", "lock.claim"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(json_lines(&output), [summary(23, 0, 10, 0)]);
        let output = vectors(&other, &["--op", "lock.claim"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("disagree  skipped\n") || text.contains("skipped"), "{text}");
        assert!(text.ends_with("\n10 rows skipped: the operation is not there\n"), "{text}");
        let output =
            vectors(&ourselves(&format!("| sed 's/.*/{answer}/'")), &["--op", "lock.claim"]);
        assert_eq!(output.status.code(), Some(1));
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(errors, "pointlock: all 23 rows are skipped: nothing was compared\n");
    }
    // Any other refusal of the operation is one of the row.
    let other = ourselves(r#"| sed '1s/.*/{"error": "op: missing"}/'"#);
    assert_eq!(vectors(&other, &["--op", "lock.claim"]).status.code(), Some(1));
}

#[test]
fn an_operation_without_rows() {
    let output = vectors(&ourselves(""), &["--op", "schnor"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("pointlock: --op schnor: no row has it"), "{error}");
}

/// What `conformance --list` says of an operation is what its rows have.
#[test]
fn the_list_is_true() {
    let output = Command::new(POINTLOCK).args(["conformance", "--list"]).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let words = |text: &str| -> BTreeSet<String> { text.split(", ").map(str::to_owned).collect() };
    let mut listed: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for pair in lines.chunks(2) {
        let (name, takes) = pair[0].split_once(' ').unwrap();
        let gives = pair[1].trim().strip_prefix("-> ").unwrap();
        listed.insert(name.to_owned(), (words(takes.trim()), words(gives)));
    }
    let mut with_rows = BTreeSet::new();
    for row in rows() {
        let op = row["op"].as_str().unwrap();
        let (takes, gives) = &listed[op];
        let input = row["input"].as_object().unwrap();
        for name in input.keys() {
            assert!(takes.contains(name) || takes.contains(&format!("{name}?")), "{op}: {name}");
        }
        for name in takes.iter().filter(|name| !name.ends_with('?')) {
            assert!(input.contains_key(name), "{op}: {name}");
        }
        let by_name = gives.contains("by name");
        for name in row["output"].as_object().into_iter().flat_map(|output| output.keys()) {
            assert!(by_name || gives.contains(name), "{op}: {name}");
        }
        with_rows.insert(op.to_owned());
    }
    let without: Vec<&String> = listed.keys().filter(|name| !with_rows.contains(*name)).collect();
    assert_eq!(without, ["invoice.decode"]);
}
