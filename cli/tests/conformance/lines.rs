//! Lines that are unusual, wrong, or too many.

use std::cell::RefCell;
use std::io::{BufRead, Write};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use crate::invoices::invoice_with;
use crate::{Peer, error, first_valid_rows};

/// Upper case comes in, lower case goes out; members that no operation knows are ignored.
#[test]
fn either_case_and_unknown_members() {
    let mut peer = Peer::start();
    let rows = first_valid_rows();
    assert!(rows.len() >= 47);
    for row in rows {
        let mut input = row["input"].clone();
        upper_case(&mut input);
        input["comment"] = row["comment"].clone();
        let answer = peer.run(row["op"].as_str().unwrap(), &input);
        assert_eq!(answer, row["output"], "{}", row["name"]);
    }
    peer.finish();
}

/// Bytes; not words.
fn upper_case(value: &mut Value) {
    match value {
        Value::String(text) if hex::decode(&*text).is_ok() => *text = text.to_uppercase(),
        Value::Array(items) => items.iter_mut().for_each(upper_case),
        Value::Object(members) => members.values_mut().for_each(upper_case),
        _ => {}
    }
}

/// Lists and fields of each operation, left out or of another kind, are named.
/// Operations all of whose fields have to be there, and are bytes, integers or lists of bytes.
fn is_strict(op: &str) -> bool {
    let [scheme, rest] = *op.split('.').collect::<Vec<_>>() else { panic!("{op}") };
    match scheme {
        "schnorr" | "ecdsa" | "dleq" | "invoice" => true,
        "proof" => rest == "base",
        _ => ["session", "setup", "claim"].contains(&rest),
    }
}

#[test]
fn bad_fields_are_named() {
    let mut peer = Peer::start();
    let mut rows = first_valid_rows();
    rows.retain(|row| is_strict(row["op"].as_str().unwrap()));
    assert!(rows.len() >= 18);
    let text = invoice_with(&[]).to_string();
    rows.push(json!({ "op": "invoice.decode", "input": { "invoice": text } }));
    for row in &rows {
        let op = row["op"].as_str().unwrap();
        for name in row["input"].as_object().unwrap().keys() {
            let mut input = row["input"].clone();
            input.as_object_mut().unwrap().remove(name);
            let answer = peer.run(op, &input);
            assert_eq!(error(&answer), format!("{name}: missing"), "{op}");

            let list = row["input"][name].is_array();
            for other in [json!(null), json!(7), json!({}), json!(true), json!(""), json!([])] {
                // A proof of equal logarithms may be over no message.
                let optional = op.starts_with("dleq.") && name == "message";
                let of_its_type = list && other == json!([])
                    || optional && other.is_null()
                    || row["input"][name].is_number() && other.is_number();
                if of_its_type {
                    continue;
                }
                input[name] = other;
                let answer = peer.run(op, &input);
                assert!(error(&answer).starts_with(&format!("{name}: ")), "{op}: {answer}");
            }
            for other in [json!(null), json!(-7), json!([]), json!("zz"), json!("0"), json!("é")] {
                if op.starts_with("dleq.") && name == "message" && other.is_null() {
                    continue;
                }
                let (value, named) = match list {
                    true => (json!([other]), format!("{name}[0]: ")),
                    false => (other, format!("{name}: ")),
                };
                input[name] = value;
                let answer = peer.run(op, &input);
                // Items come after the count of the other list, where there are two.
                let one_less = error(&answer).starts_with("session_rands: 1 items for");
                assert!(error(&answer).starts_with(&named) || one_less, "{op}: {answer}");
            }
        }
        // And accepted, as it was.
        assert!(peer.run(op, &row["input"]).get("error").is_none());
    }
    for (op, named) in [
        (json!(null), "op: not a string"),
        (json!(["schnorr.verify"]), "op: not a string"),
        (json!(""), "op: unknown operation \"\""),
        (json!("schnorr.Verify"), "op: unknown operation \"schnorr.Verify\""),
        (json!("schnorr.verify "), "op: unknown operation \"schnorr.verify \""),
    ] {
        let answer = peer.ask(&json!({ "op": op }));
        assert!(error(&answer).starts_with(named), "{answer}");
    }
    assert_eq!(error(&peer.ask(&json!({}))), "op: missing");
    peer.finish();
}

/// Fields of the others, some of which may be missing, null or of any length: what can't be used is named, and nothing is fatal.
#[test]
fn other_bad_fields_are_named() {
    let mut peer = Peer::start();
    let mut rows = first_valid_rows();
    rows.retain(|row| !is_strict(row["op"].as_str().unwrap()));
    assert!(rows.len() >= 25);
    let (mut missing, mut refused) = (0, 0);
    for row in &rows {
        let op = row["op"].as_str().unwrap();
        let mut nested = Vec::new();
        members_of(&row["input"], String::new(), &mut nested);
        for pointer in &nested {
            let name = pointer.trim_start_matches('/').replace('/', ".");
            let mut input = row["input"].clone();
            let others = [json!(null), json!(-7), json!({}), json!([]), json!([null]), json!("0g")];
            for other in others {
                *input.pointer_mut(pointer).unwrap() = other;
                let answer = peer.run(op, &input);
                if let Some(error) = answer["error"].as_str() {
                    assert!(error.contains(": "), "{op} {name}: {error}");
                    refused += 1;
                }
            }
            if let Some(members) = input.as_object_mut().filter(|input| input.contains_key(&name)) {
                members.remove(&name);
                let answer = peer.run(op, &input);
                missing += usize::from(answer["error"] == format!("{name}: missing"));
            }
        }
        assert_eq!(peer.run(op, &row["input"]), row["output"], "{op}");
    }
    assert!(missing >= 80 && refused >= 500, "{missing}, {refused}");
    peer.finish();
}

/// JSON pointers to everything within a value.
fn members_of(value: &Value, pointer: String, all: &mut Vec<String>) {
    let mut add = |name: &str, value: &Value| {
        let pointer = format!("{pointer}/{name}");
        all.push(pointer.clone());
        members_of(value, pointer, all);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| add(name, value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| add(&index.to_string(), item));
        }
        _ => {}
    }
}

#[test]
fn batches_name_the_item() {
    let rows = first_valid_rows();
    let row = rows.iter().find(|row| row["op"] == "schnorr.verify").unwrap();
    let good = row["input"].clone();
    let (mut wrong, mut malformed, mut incomplete) = (good.clone(), good.clone(), good.clone());
    wrong["message"] = json!("00".repeat(32));
    malformed["public_key"] = json!("ff".repeat(32));
    incomplete.as_object_mut().unwrap().remove("presignature");
    let mut peer = Peer::start();
    let mut batch = |items: Value| peer.run("schnorr.verify_batch", &json!({ "items": items }));
    assert_eq!(batch(json!([])), json!({ "valid": true, "invalid": [] }));
    assert_eq!(batch(json!([good, good])), json!({ "valid": true, "invalid": [] }));
    assert_eq!(batch(json!([wrong, good, wrong])), json!({ "valid": false, "invalid": [0, 2] }));
    assert!(error(&batch(json!([wrong, malformed]))).starts_with("items[1].public_key: "));
    assert_eq!(error(&batch(json!([good, good, incomplete]))), "items[2].presignature: missing");
    assert_eq!(error(&batch(json!([good, [good]]))), "items[1]: not an object");
    peer.finish();
}

/// Lines that are no request, each with one answer, and the next one answered as ever.
#[test]
fn bad_lines() {
    let mut peer = Peer::start();
    let deep = ["[", "{\"a\":"].map(|open| open.repeat(100_000));
    let lines: &[&[u8]] = &[
        b"",
        b" ",
        b"\r",
        b"\0",
        b"null",
        b"[]",
        b"7",
        b"\"op\"",
        b"{",
        b"{}",
        b"{}{}",
        b"{\"op\":}",
        b"\xff\xfe",
        b"{\"op\":\"\xff\"}",
        b"{\"op\":\"\\ud800\"}",
        b"\xef\xbb\xbf{}",
        b"1e999999",
        deep[0].as_bytes(),
        deep[1].as_bytes(),
    ];
    for line in lines {
        let answer = peer.ask_line(line);
        let named = ["line: ", "op: "].iter().any(|name| error(&answer).starts_with(name));
        assert!(named, "{answer}");
    }
    let claim = json!({ "lock_secret": format!("{:064x}", 5), "blind": format!("{:064x}", 2) });
    assert_eq!(peer.run("lock.claim", &claim), json!({ "lock_secret": format!("{:064x}", 3) }));
    peer.finish();
}

/// A line broken somehow: random bytes, or a good request cut off, changed or with another value in a field.
fn broken_line(requests: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let request = prop::sample::select(requests);
    let value = prop_oneof![
        Just(json!(null)),
        any::<i64>().prop_map(|integer| json!(integer)),
        any::<f64>().prop_map(|float| json!(float)),
        any::<bool>().prop_map(|boolean| json!(boolean)),
        any::<String>().prop_map(|text| json!(text)),
        prop::collection::vec(any::<u8>(), 0..70).prop_map(|bytes| json!(hex::encode(bytes))),
        prop::collection::vec(any::<String>(), 0..4).prop_map(|items| json!(items)),
    ];
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        (request.clone(), any::<prop::sample::Index>())
            .prop_map(|(line, at)| line.as_bytes()[..at.index(line.len())].to_vec()),
        (request.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
            |(line, at, byte)| {
                let mut line = line.into_bytes();
                let at = at.index(line.len());
                line[at] = byte;
                line
            }
        ),
        (request, any::<prop::sample::Index>(), value).prop_map(|(line, at, value)| {
            let mut members: Map<String, Value> = serde_json::from_str(&line).unwrap();
            let name = members.keys().nth(at.index(members.len())).unwrap().clone();
            members.insert(name, value);
            Value::Object(members).to_string().into_bytes()
        }),
    ]
    .prop_map(|mut line| {
        // One line each.
        line.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        line
    })
}

/// Whatever the line, one answer: an object, in lower case hexadecimal or with an error.
#[test]
fn fuzzed_lines() {
    let mut requests: Vec<String> = first_valid_rows()
        .into_iter()
        .map(|row| {
            let mut request = row["input"].as_object().unwrap().clone();
            request.insert("op".into(), row["op"].clone());
            Value::Object(request).to_string()
        })
        .collect();
    let text = invoice_with(&[]).to_string();
    requests.push(json!({ "op": "invoice.decode", "invoice": text }).to_string());
    let peer = RefCell::new(Peer::start());
    let config = Config { cases: 2_000, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&broken_line(requests), |line| {
            let answer = peer.borrow_mut().ask_line(&line);
            let members = answer.as_object().unwrap();
            prop_assert!(!members.is_empty());
            prop_assert!(
                members.get("error").is_none_or(|error| error.as_str().unwrap().contains(": "))
            );
            Ok(())
        })
        .unwrap();
    peer.into_inner().finish();
}

/// Answers come in the order of the questions, however many are under way.
#[test]
fn many_lines_at_once() {
    let mut peer = Peer::start();
    let mut input = peer.input.take().unwrap();
    let writer = std::thread::spawn(move || {
        for secret in 3..2_003 {
            let claim = json!({
                "op": "lock.claim",
                "lock_secret": format!("{secret:064x}"), "blind": format!("{:064x}", 2),
            });
            writeln!(input, "{claim}").unwrap();
        }
        // The last line has no line feed.
        write!(input, "{{}}").unwrap();
    });
    for secret in 1..2_001 {
        let mut answer = String::new();
        peer.output.read_line(&mut answer).unwrap();
        assert_eq!(answer, format!("{{\"lock_secret\":\"{secret:064x}\"}}\n"));
    }
    let mut answer = String::new();
    peer.output.read_line(&mut answer).unwrap();
    assert_eq!(answer, "{\"error\":\"op: missing\"}\n");
    writer.join().unwrap();
    peer.finish();
}
