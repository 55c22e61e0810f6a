//! `pointlock conformance` from the outside: the binary, a line in, a line out.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "../../tests/common/standards.rs"]
mod standards;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::invoice::ktime::{NoteHash, PayerPublicKey, PaymentTerms};
use pointlock::invoice::{
    BlindedPayInfo, ChainHash, FallbackAddress, Field, InvoiceId, OfferBuilder, PaymentPath,
    StaticInvoice, StaticInvoiceBuilder, merkle,
};
use pointlock::wire::{
    BlindedHop, BlindedPath, ChannelEnd, Features, IntroductionNode, TlvStream, TlvWriter,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

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

/// The rows of a file of `test-vectors/standards`.
fn standard(name: &str, count: usize) -> Vec<Value> {
    standards::rows(name, count)
}

/// Some members of a row, as a request has them.
fn members(row: &Value, names: &[&str]) -> Value {
    let pairs = names.iter().map(|name| {
        assert!(!row[*name].is_null(), "{}: no {name}", row["name"]);
        ((*name).to_owned(), row[*name].clone())
    });
    Value::Object(pairs.collect())
}

/// The published zero-fee taproot commitments: the transaction of each state, and of the signatures those that don't depend on a nonce of MuSig2's,
/// which no operation takes.
#[test]
fn external_commitments() {
    let (common, rows): (Value, Vec<Value>) = standards::file("bolt03/taproot_zero_fee.json", 11);
    let mut peer = Peer::start();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    // Of a secret, by an operation that gives the point along.
    let point = |secret: &Value| {
        let zeros = "00".repeat(32);
        json!({ "op": "dleq.prove", "secret": secret, "base": G, "message": null, "aux_rand": zeros })
    };
    let terms = |peer: &mut Peer, keys: &Value, row: &Value, delayed: Value, revocation: Value| {
        let mut of = |name: &str| peer.ask(&point(&keys[name]))["point"].clone();
        json!({
            "funding_key": of("funding_secret"),
            "payment_point": of("payment_secret"),
            "htlc_point": of("htlc_secret"),
            "delayed_point": delayed,
            "revocation_point": revocation,
            "dust_limit_sat": row["dust_limit_sat"],
            "delay": common["delay"],
        })
    };
    for row in &rows {
        let (publisher, other) = (&common["publisher"], &common["other"]);
        let delayed = peer.ask(&point(&publisher["delayed_secret"]))["point"].clone();
        // What the source lacks is in no transaction.
        let opener = terms(&mut peer, publisher, row, delayed, G.into());
        let accepter = terms(&mut peer, other, row, G.into(), other["revocation_point"].clone());
        let mut txid = hex::decode(text(&common["funding_txid"])).unwrap();
        txid.reverse();
        let edges = |offerer: &str, list: &Value| -> Vec<Value> {
            let with = |htlc: &Value| {
                let mut htlc = htlc.clone();
                htlc["offerer"] = offerer.into();
                htlc
            };
            list.as_array().unwrap().iter().map(with).collect()
        };
        let all = [edges("opener", &row["offered"]), edges("accepter", &row["received"])].concat();
        let input = json!({
            "channel": {
                "funding_txid": hex::encode(txid),
                "funding_index": common["funding_index"],
                "funding_sat": common["funding_sat"],
                "opener": opener,
                "accepter": accepter,
            },
            "state": {
                "publisher": "opener",
                "number": common["number"],
                "commitment_point": common["commitment_point"],
                "opener_msat": row["publisher_msat"],
                "accepter_msat": row["other_msat"],
                "edges": all,
            },
        });
        let answer = peer.run("channel.commitment", &input);
        // Version, marker and flag, body, one signature, lock time.
        let signed = text(&row["commitment"]);
        let unsigned =
            [&signed[..8], &signed[12..signed.len() - 8 - 2 * 66], &signed[signed.len() - 8..]]
                .concat();
        assert_eq!(answer["transaction"], unsigned, "{}", row["name"]);
    }
    peer.finish();
}

/// The generator.
const G: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

/// The Zhe Pang vectors, byte for byte.
#[test]
fn external_schnorr_pre_signatures() {
    let mut peer = Peer::start();
    let mut signed = 0;
    for row in standard("schnorr-adaptor/pre_sign.json", 15) {
        let name = &row["name"];
        let verify = members(&row, &["public_key", "message", "adaptor_point", "presignature"]);
        let answer = peer.run("schnorr.verify", &verify);
        if row["expected"] == "valid" {
            assert_eq!(answer, json!({ "valid": true }), "{name}");
        } else {
            // A key or a lock point that is none is a malformed field, and nothing is valid under it.
            assert_eq!(answer["valid"], false, "{name}: {answer}");
            assert!(
                answer == json!({ "valid": false })
                    || ["public_key: ", "adaptor_point: "]
                        .iter()
                        .any(|field| error(&answer).starts_with(field)),
                "{name}: {answer}"
            );
        }
        if row.get("secret_key").is_some() {
            let pre_sign = members(&row, &["secret_key", "message", "adaptor_point", "aux_rand"]);
            let expected = members(&row, &["public_key", "presignature"]);
            assert_eq!(peer.run("schnorr.pre_sign", &pre_sign), expected, "{name}");
            signed += 1;
        }
    }
    assert_eq!(signed, 2);
    peer.finish();
}

#[test]
fn external_schnorr_adapted_and_extracted() {
    let mut peer = Peer::start();
    let adapt_rows = standard("schnorr-adaptor/adapt.json", 5);
    for row in &adapt_rows {
        let name = &row["name"];
        let adapt = members(row, &["presignature", "adaptor_secret"]);
        let answer = peer.run("schnorr.adapt", &adapt);
        assert_eq!(answer, members(row, &["signature"]), "{name}");
        // Extraction gives the secret back exactly when the signature is valid.
        let mut extract = members(row, &["public_key", "message", "presignature", "signature"]);
        extract["adaptor_point"] = json!(point_of(&row["adaptor_secret"]));
        let answer = peer.run("schnorr.extract", &extract);
        if row["expected"] == "valid" {
            assert_eq!(answer, members(row, &["adaptor_secret"]), "{name}");
        } else {
            assert!(error(&answer).starts_with("signature: "), "{name}: {answer}");
        }
    }
    // The rows to extract from come without key and message: those of the other rows stand in.
    for row in standard("schnorr-adaptor/extract.json", 4) {
        let name = &row["name"];
        let same = |other: &&Value| other["adaptor_secret"] == row["adaptor_secret"];
        let other = adapt_rows.iter().find(same).expect("a row with this secret");
        let mut extract = members(&row, &["presignature", "signature"]);
        extract["public_key"] = other["public_key"].clone();
        extract["message"] = other["message"].clone();
        extract["adaptor_point"] = json!(point_of(&row["adaptor_secret"]));
        let answer = peer.run("schnorr.extract", &extract);
        if row["expected"] == "valid" {
            assert_eq!(other["presignature"], row["presignature"], "{name}");
            assert_eq!(answer, members(&row, &["adaptor_secret"]), "{name}");
        } else {
            error(&answer);
        }
    }
    peer.finish();
}

fn point_of(secret: &Value) -> String {
    let bytes = standards::array(secret.as_str().unwrap());
    SecretScalar::from_bytes(&bytes).unwrap().to_point().to_string()
}

/// Sessions made by libsecp256k1-zkp.
#[test]
fn external_musig2_sessions() {
    let mut peer = Peer::start();
    for row in standard("musig2-adaptor.json", 20) {
        let input = members(
            &row,
            &["secret_keys", "session_rands", "message", "adaptor_point", "adaptor_secret"],
        );
        let expected = members(
            &row,
            &[
                "public_keys",
                "aggregate_key",
                "public_nonces",
                "aggregate_nonce",
                "partial_signatures",
                "presignature",
                "signature",
            ],
        );
        assert_eq!(peer.run("musig2.session", &input), expected, "{}", row["name"]);
    }
    peer.finish();
}

/// BOLT 4's failures as their sender reads them: the one without attribution data, and the trace with it.
#[test]
fn failures_are_those_of_the_standard() {
    let mut peer = Peer::start();
    let common = |name: &str| {
        let text = fs::read_to_string(standards::folder().join(name)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["common"].take()
    };
    let secrets = |rows: &[Value]| -> Vec<Value> {
        rows.iter().map(|row| row["shared_secret"].clone()).collect()
    };
    let name = "bolt04/failure.json";
    let (of_failure, rows) = (common(name), standard(name, 5));
    let input = json!({
        "shared_secrets": secrets(&rows),
        "packet": of_failure["packet"],
        "attribution_data": null,
    });
    let answer = peer.run("failure.read", &input);
    let expected =
        json!({ "hop": 4, "code": 0x2002, "data": "", "hold_times": null, "broken_at": null });
    assert_eq!(answer, expected);
    let made = json!({
        "shared_secrets": secrets(&rows),
        "message": of_failure["message"],
        "hold_times": [5, 4, 3, 2, 1],
    });
    assert_eq!(peer.run("failure.make", &made)["packet"], of_failure["packet"]);

    let name = "bolt04/attribution.json";
    let (of_trace, rows) = (common(name), standard(name, 5));
    let mut input = json!({
        "shared_secrets": secrets(&rows),
        "packet": rows[0]["packet"],
        "attribution_data": rows[0]["attribution_data"],
    });
    let message = of_trace["message"].as_str().unwrap();
    let expected = json!({
        "hop": 4,
        "code": 0x400f,
        "data": message[4..],
        "hold_times": [5, 4, 3, 2, 1],
        "broken_at": null,
    });
    assert_eq!(peer.run("failure.read", &input), expected);
    // Of the third hop's.
    input["attribution_data"] = rows[2]["attribution_data"].clone();
    let answer = peer.run("failure.read", &input);
    assert_eq!((&answer["hop"], &answer["broken_at"]), (&json!(4), &json!(0)));
    peer.finish();
}

/// BOLT 12's payer proofs, byte for byte.
#[test]
fn payer_proofs_are_those_of_the_standard() {
    let mut peer = Peer::start();
    let name = "bolt12/payer_proofs.json";
    let text = fs::read_to_string(standards::folder().join(name)).unwrap();
    let common = serde_json::from_str::<Value>(&text).unwrap()["common"].take();
    for row in standard(name, 5) {
        let input = json!({
            "invoice": row["invoice"],
            "payer_secret_key": common["payer_secret"],
            "preimage": common["preimage"],
            "included_types": row["included_types"],
            "note": row["note"],
            "writes_empty_omitted": row["name"] == "empty_omitted_written",
            "aux_rand": "00".repeat(32),
        });
        let answer = peer.run("proof.create", &input);
        assert_eq!(answer, json!({ "proof": row["string"] }), "{}", row["name"]);
        // The key that signs these invoices.
        let issuer = "024bc2a31265153f07e70e0bab08724e6b85e217f8cd628ceb62974247bb493382";
        let input = json!({ "proof": row["string"], "issuer": issuer, "note": row["note"] });
        let answer = peer.run("proof.verify", &input);
        assert_eq!(answer, json!({ "valid": true }), "{}", row["name"]);
    }
    peer.finish();
}

/// BIP-374's rows with the generator of the curve; the other ones name a generator, which no operation takes.
#[test]
fn bip374() {
    let mut peer = Peer::start();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/standards/bip374");
    let generator = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    for (file, op, expected_rows) in
        [("prove.json", "dleq.prove", 6), ("verify.json", "dleq.verify", 10)]
    {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        let mut vectors: Value = serde_json::from_str(&text).unwrap();
        let Value::Array(mut rows) = vectors["rows"].take() else { panic!("no rows") };
        rows.retain(|row| row["generator"] == generator);
        assert_eq!(rows.len(), expected_rows, "{file}");
        for row in rows {
            let mut input = row.clone();
            if row["message"].is_null() {
                input["message"] = Value::Null;
            }
            let (answer, name) = (peer.run(op, &input), &row["name"]);
            match (op, row["expected"].as_str()) {
                ("dleq.prove", Some(_)) => assert_eq!(answer["proof"], row["proof"], "{name}"),
                ("dleq.prove", None) => {
                    let field = format!("{}: ", row["expected"]["error"].as_str().unwrap());
                    assert!(error(&answer).starts_with(&field), "{name}: {answer}");
                }
                (_, verdict) => assert_eq!(answer["valid"], verdict == Some("valid"), "{name}"),
            }
        }
    }
    peer.finish();
}

/// A message is given, or said to be none; one that is forgotten is an error.
#[test]
fn a_message_is_optional_but_not_forgotten() {
    let mut peer = Peer::start();
    let prove = json!({ "secret": "07".repeat(32), "base": point(9).to_string(), "aux_rand": "04".repeat(32) });
    assert_eq!(error(&peer.run("dleq.prove", &prove)), "message: missing");
    for message in [json!(7), json!(""), json!("05"), json!("05".repeat(33)), json!([])] {
        let mut wrong = prove.clone();
        wrong["message"] = message.clone();
        assert!(error(&peer.run("dleq.prove", &wrong)).starts_with("message: "), "{message}");
    }
    let messages = [Value::Null, json!("05".repeat(32)), json!("00".repeat(32))];
    let mut proofs = Vec::new();
    for message in &messages {
        let mut prove = prove.clone();
        prove["message"] = message.clone();
        let made = peer.run("dleq.prove", &prove);
        for other in &messages {
            let mut verify = made.clone();
            verify["base"] = prove["base"].clone();
            verify["message"] = other.clone();
            let valid = json!({ "valid": other == message });
            assert_eq!(peer.run("dleq.verify", &verify), valid, "{message} {other}");
        }
        proofs.push(made["proof"].clone());
    }
    assert!(proofs[0] != proofs[1] && proofs[1] != proofs[2] && proofs[0] != proofs[2]);
    peer.finish();
}

/// All of a proof of payment but the payer's signature: from the invoice's points to a value that is z(x)·H.
#[test]
fn a_payment_is_proven_step_by_step() {
    let mut peer = Peer::start();
    let (z_0, z_1) =
        (SecretScalar::from_bytes(&[3; 32]).unwrap(), SecretScalar::from_bytes(&[4; 32]).unwrap());
    let payer_key =
        format!("02{}", Keypair::from_secret_bytes(&[5; 32]).unwrap().x_only_public_key());
    let terms = json!({
        "points": [z_0.to_point().to_string(), z_1.to_point().to_string()],
        "invoice_id": "11".repeat(32), "amount_msat": 5_000, "note_hash": "00".repeat(32),
        "payer_key": payer_key, "verifier": "22".repeat(32), "challenge": "33".repeat(32),
    });
    let payment_point = peer.run("invoice.point", &terms)["payment_point"].clone();
    let asked = peer.run("proof.base", &terms);
    // z(x), by the receiver.
    let payer = PayerPublicKey::from_slice(&hex::decode(&payer_key).unwrap()).unwrap();
    let x = PaymentTerms {
        payer,
        invoice_id: InvoiceId::from_bytes([0x11; 32]),
        amount_msat: 5_000,
        note_hash: NoteHash::NONE,
    }
    .x()
    .unwrap();
    let secret = z_1.mul_public(&x.to_scalar()).unwrap().add(&z_0).unwrap();
    let prove = json!({
        "secret": hex::encode(*secret.dangerous_to_bytes()), "base": asked["base"],
        "message": asked["message"], "aux_rand": "00".repeat(32),
    });
    let mut proof = peer.run("dleq.prove", &prove);
    assert_eq!(proof["point"], payment_point);
    proof["base"] = asked["base"].clone();
    proof["message"] = asked["message"].clone();
    assert_eq!(peer.run("dleq.verify", &proof), json!({ "valid": true }));
    // For another challenge there is another message, another base, and nothing to show.
    let mut other = terms.clone();
    other["challenge"] = json!("34".repeat(32));
    let other = peer.run("proof.base", &other);
    assert!(other["base"] != asked["base"] && other["message"] != asked["message"]);
    proof["base"] = other["base"].clone();
    assert_eq!(peer.run("dleq.verify", &proof), json!({ "valid": false }));
    peer.finish();
}

fn point(byte: u8) -> Point {
    SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point()
}

/// An invoice with these fields too, signed as it then is.
fn invoice_with(changes: &[(Field, &[u8])]) -> StaticInvoice {
    let receiver = Keypair::from_secret_bytes(&[2; 32]).unwrap();
    let invoice = StaticInvoiceBuilder::new(point(1), 1_750_000_000)
        .amount_msat(u64::MAX / 16)
        .description("café ☕ \"quoted\"\nsecond line")
        .issuer("receiver@example.com")
        .absolute_expiry(1_750_010_000)
        .relative_expiry(3_600)
        .interim_route(&[point(3), receiver.public_key()])
        .sign(&receiver, &[4; 32])
        .unwrap();
    let stream = TlvStream::parse(invoice.as_bytes()).unwrap();
    let mut writer = TlvWriter::new();
    for record in stream.records() {
        writer.set(record.tlv_type(), record.value());
    }
    for (field, value) in changes {
        writer.set(field.tlv_type(), *value);
    }
    let root = merkle::root(&TlvStream::parse(&writer.to_bytes()).unwrap()).unwrap();
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    let signature = receiver.sign_schnorr(&hash, &[0; 32]);
    writer.set(Field::SIGNATURE.tlv_type(), signature.serialize());
    StaticInvoice::from_bytes(&writer.to_bytes()).unwrap()
}

#[test]
fn invoices_are_decoded_by_name() {
    let points = [point(5).to_bytes(), point(6).to_bytes()].concat();
    let invoice = invoice_with(&[
        (Field::PAYMENT_POINTS, &points),
        (Field::OFFER_METADATA, &[0, 0xAB]),
        (Field::OFFER_QUANTITY_MAX, &[]),
        (Field::from_type(33), b""),
        (Field::from_type(3_999_999_999), &[0xFF]),
    ]);
    let key = point(2).to_string();
    let expected = json!({
        "offer_metadata": "00ab",
        "offer_amount": u64::MAX / 16,
        "offer_description": "café ☕ \"quoted\"\nsecond line",
        "offer_absolute_expiry": 1_750_010_000,
        "offer_issuer": "receiver@example.com",
        "offer_quantity_max": 0,
        "offer_issuer_id": key,
        "tlv_33": "",
        "invoice_created_at": 1_750_000_000,
        "invoice_relative_expiry": 3_600,
        "invoice_node_id": key,
        "signature": invoice.signature().to_string(),
        "payment_points": [point(5).to_string(), point(6).to_string()],
        "interim_route": format!("{}{key}", point(3)),
        "tlv_3999999999": "ff",
    });
    let mut peer = Peer::start();
    let text = invoice.to_string();
    assert_eq!(peer.run("invoice.decode", &json!({ "invoice": text })), expected);
    // One character more or another one, and nothing is decoded.
    for broken in [format!("{text}q"), text.replace("lni1", "lno1"), text.replace("lni1q", "lni1p")]
    {
        let answer = peer.run("invoice.decode", &json!({ "invoice": broken }));
        assert!(error(&answer).starts_with("invoice: "), "{answer}");
    }
    peer.finish();
}

/// Every field that BOLT 12 has, in an invoice and in the offer that it repeats; no lock is needed to be decoded.
#[test]
fn complete_invoices_and_offers_are_decoded_by_name() {
    let hop = BlindedHop { blinded_node_id: point(7), encrypted_recipient_data: vec![8; 4] };
    let path = |node| BlindedPath::from_parts(node, point(9), vec![hop.clone()]).unwrap();
    let channel = IntroductionNode::Channel { short_channel_id: 42, end: ChannelEnd::NodeId1 };
    let paths = [path(IntroductionNode::NodeId(point(3))), path(channel)];
    let written = |paths: &[BlindedPath<IntroductionNode>]| {
        let mut bytes = Vec::new();
        paths.iter().for_each(|path| path.write(&mut bytes));
        hex::encode(bytes)
    };
    let pay_info = BlindedPayInfo {
        fee_base_msat: 1,
        fee_proportional_millionths: 2,
        cltv_expiry_delta: 3,
        htlc_minimum_msat: 4,
        htlc_maximum_msat: 5,
        features: Features::of(&[1]),
    };
    let receiver = Keypair::from_secret_bytes(&[2; 32]).unwrap();
    let key = receiver.public_key().to_string();
    let offer = OfferBuilder::new()
        .chains(&[ChainHash::REGTEST])
        .metadata(&[0xAB])
        .amount_in_currency("EUR", 350)
        .description("tea")
        .features(&Features::of(&[9]))
        .absolute_expiry(1_750_010_000)
        .paths(&paths)
        .issuer("receiver@example.com")
        .quantity_max(3)
        .issuer_id(&receiver.public_key())
        .build()
        .unwrap();
    let invoice = StaticInvoiceBuilder::for_offer(&offer, point(1), 1_750_000_000)
        .paths(&[PaymentPath::new(paths[1].clone(), pay_info)])
        .message_paths(&paths[..1])
        .features(&Features::of(&[17]))
        .fallbacks(&[FallbackAddress { version: 1, address: vec![6; 2] }])
        .sign(&receiver, &[0; 32])
        .unwrap();
    let of_offer = json!({
        "offer_chains": hex::encode(ChainHash::REGTEST.as_bytes()),
        "offer_metadata": "ab",
        "offer_currency": "EUR",
        "offer_amount": 350,
        "offer_description": "tea",
        "offer_features": "0200",
        "offer_absolute_expiry": 1_750_010_000,
        "offer_paths": written(&paths),
        "offer_issuer": "receiver@example.com",
        "offer_quantity_max": 3,
        "offer_issuer_id": key,
    });
    let of_invoice = json!({
        "invoice_paths": written(&paths[1..]),
        "invoice_blindedpay": "0000000100000002000300000000000000040000000000000005000102",
        "invoice_created_at": 1_750_000_000,
        "invoice_relative_expiry": 1_209_600,
        "invoice_fallbacks": "0100020606",
        "invoice_features": "020000",
        "invoice_node_id": key,
        "invoice_message_paths": written(&paths[..1]),
        "signature": invoice.signature().to_string(),
        "payment_points": [point(1).to_string()],
    });
    let mut all = of_offer.clone();
    all.as_object_mut().unwrap().extend(of_invoice.as_object().unwrap().clone());
    let mut peer = Peer::start();
    assert_eq!(peer.run("invoice.decode", &json!({ "invoice": offer.to_string() })), of_offer);
    assert_eq!(peer.run("invoice.decode", &json!({ "invoice": invoice.to_string() })), all);

    // Without our field it is a plain static invoice of BOLT 12's.
    let mut plain = TlvWriter::new();
    for record in TlvStream::parse(invoice.as_bytes()).unwrap().records() {
        if record.tlv_type() != Field::PAYMENT_POINTS.tlv_type() {
            plain.set(record.tlv_type(), record.value());
        }
    }
    let root = merkle::root(&TlvStream::parse(&plain.to_bytes()).unwrap()).unwrap();
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    plain.set(Field::SIGNATURE.tlv_type(), receiver.sign_schnorr(&hash, &[0; 32]).serialize());
    let plain = StaticInvoice::from_bytes(&plain.to_bytes()).unwrap();
    let answer = peer.run("invoice.decode", &json!({ "invoice": plain.to_string() }));
    assert_eq!(answer["payment_points"], Value::Null);
    assert_eq!(answer.as_object().unwrap().len(), all.as_object().unwrap().len() - 1);
    peer.finish();
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
