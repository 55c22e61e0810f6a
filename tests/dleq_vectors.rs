//! Proofs of equal logarithms: the vectors of BIP-374, and the rows of `test-vectors/dleq.json`.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/own.rs"]
mod own;

use std::path::Path;

use own::{Refusal, Row, array, bytes, check, point, secret};
use pointlock::dleq::{self, Bases, Proof, Statement};
use serde::Deserialize;
use serde_json::{Value, json};

/// A row of `test-vectors/standards/bip374/`.
#[derive(Deserialize)]
struct StandardRow {
    name: String,
    expected: Value,
    generator: String,
    base: String,
    secret: Option<String>,
    aux_rand: Option<String>,
    point: Option<String>,
    value: Option<String>,
    message: Option<String>,
    proof: Option<String>,
}

#[derive(Deserialize)]
struct StandardFile {
    rows: Vec<StandardRow>,
}

/// A missing file is a failure.
fn standard(name: &str, count: usize) -> Vec<StandardRow> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors/standards/bip374");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let file: StandardFile = serde_json::from_str(&text).unwrap();
    assert_eq!(file.rows.len(), count, "{name}");
    file.rows
}

impl StandardRow {
    fn bases(&self) -> Option<Bases> {
        let base = point(&hex::decode(&self.base).unwrap())?;
        Some(Bases::with_generator(self.generator.parse().unwrap(), base))
    }

    fn message(&self) -> Option<[u8; 32]> {
        self.message.as_ref().map(|message| array(&hex::decode(message).unwrap()).unwrap())
    }
}

#[test]
fn bip374_prove() {
    for row in standard("prove.json", 11) {
        let name = &row.name;
        let unhex = |field: &Option<String>| hex::decode(field.as_ref().unwrap()).unwrap();
        let secret = secret(&unhex(&row.secret));
        let (Some(secret), Some(bases)) = (&secret, row.bases()) else {
            // No type holds what stands here.
            let field = if secret.is_none() { "secret" } else { "base" };
            assert_eq!(row.expected["error"], field, "{name}");
            continue;
        };
        assert_eq!(row.expected, "valid", "{name}");
        let (message, aux_rand) = (row.message(), array(&unhex(&row.aux_rand)).unwrap());
        let (statement, proof) = dleq::prove(secret, &bases, message.as_ref(), &aux_rand).unwrap();
        assert_eq!(statement, Statement::of(secret, &bases), "{name}");
        assert_eq!(Some(proof.to_string()), row.proof, "{name}");
    }
}

#[test]
fn bip374_verify() {
    for row in standard("verify.json", 15) {
        let parse = |field: &Option<String>| field.as_ref().unwrap().parse().unwrap();
        let statement = Statement {
            bases: row.bases().unwrap(),
            point: parse(&row.point),
            value: parse(&row.value),
        };
        let proof: Proof = row.proof.as_ref().unwrap().parse().unwrap();
        let verified = proof.verify(&statement, row.message().as_ref());
        assert_eq!(verified.is_ok(), row.expected == "valid", "{}", row.name);
    }
}

#[test]
fn own_rows() {
    check(
        "dleq",
        &[
            ("dleq.prove", 40, prove),
            ("dleq.verify", 113, verify),
            ("dleq.prove_with_generator", 17, prove),
            ("dleq.verify_with_generator", 3, verify),
        ],
    );
}

fn message(row: &Row) -> Result<Option<[u8; 32]>, Refusal> {
    if row.input["message"].is_null() { Ok(None) } else { row.get("message", array).map(Some) }
}

fn bases(row: &Row) -> Result<Bases, Refusal> {
    let base = row.get("base", point)?;
    if row.has("generator") {
        Ok(Bases::with_generator(row.get("generator", point)?, base))
    } else {
        Ok(Bases::new(base))
    }
}

fn prove(row: &Row) -> Result<Value, Refusal> {
    let (secret, bases) = (row.get("secret", secret)?, bases(row)?);
    let (message, aux_rand) = (message(row)?, row.get("aux_rand", array)?);
    let (statement, proof) = dleq::prove(&secret, &bases, message.as_ref(), &aux_rand).unwrap();
    // The hash is e, and e stands in the proof.
    let challenge = bytes(&row.intermediate["challenge_hash"]);
    assert_eq!(proof.to_bytes()[..32], challenge);
    Ok(json!({
        "point": statement.point.to_string(),
        "value": statement.value.to_string(),
        "proof": proof.to_string(),
    }))
}

fn verify(row: &Row) -> Result<Value, Refusal> {
    let claimed = row.get("point", point)?;
    let (bases, value) = (bases(row)?, row.get("value", point)?);
    let statement = Statement { bases, point: claimed, value };
    let message = message(row)?;
    let encoded: [u8; 64] = row.get("proof", array)?;
    let valid = Proof::from_bytes(&encoded)
        .is_ok_and(|proof| proof.verify(&statement, message.as_ref()).is_ok());
    Ok(json!({ "valid": valid }))
}
