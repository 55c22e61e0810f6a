//! Proofs of equal logarithms: the vectors of BIP-374. Our own rows are answered by the command, in its tests.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::path::Path;

use pointlock::curve::{Point, SecretScalar};
use pointlock::dleq::{self, Bases, Proof, Statement};
use serde::Deserialize;
use serde_json::Value;

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

fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn secret(bytes: &[u8]) -> Option<SecretScalar> {
    SecretScalar::from_bytes(&array(bytes)?).ok()
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
        let base = Point::from_slice(&hex::decode(&self.base).unwrap()).ok()?;
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
