//! The rows of the standards, asked of the command.

use std::fs;
use std::path::Path;

use pointlock::curve::SecretScalar;
use serde_json::{Value, json};

use crate::invoices::point;
use crate::{Peer, error, standards};

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
