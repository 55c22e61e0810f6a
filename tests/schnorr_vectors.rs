//! BIP-340 and the Schnorr adaptor vectors of the Zhe Pang specification.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod common;

use std::collections::HashMap;

use pointlock::adaptor::schnorr::{self, PreSignature};
use pointlock::curve::{Keypair, Point, SecretScalar, XOnlyPublicKey};
use secp256k1::schnorr::Signature;

/// The rows of a CSV file as maps from column name to text; rows without an index are remarks.
fn rows(path: &str) -> Vec<HashMap<String, String>> {
    let Some(text) = common::vectors(path) else { return Vec::new() };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    reader
        .deserialize()
        .map(|row| row.expect("a row of the vector file"))
        .filter(|row: &HashMap<String, String>| !row["index"].is_empty())
        .collect()
}

fn bytes<const N: usize>(row: &HashMap<String, String>, column: &str) -> [u8; N] {
    hex::decode(&row[column]).unwrap().try_into().unwrap()
}

fn public_key(row: &HashMap<String, String>, column: &str) -> Option<XOnlyPublicKey> {
    XOnlyPublicKey::from_slice(&hex::decode(&row[column]).unwrap()).ok()
}

#[test]
fn bip340() {
    let (mut checked, mut left_out) = (0, 0);
    for row in rows("bip340/test-vectors.csv") {
        let Ok(message) = <[u8; 32]>::try_from(hex::decode(&row["message"]).unwrap()) else {
            // Messages of other lengths concern plain verification only; ours are signature hashes.
            left_out += 1;
            continue;
        };
        let expected = row["verification result"] == "TRUE";
        let signature = Signature::from_slice(&bytes::<64>(&row, "signature")).unwrap();
        let valid = public_key(&row, "public key")
            .is_some_and(|key| schnorr::verify_signature(&signature, &key, &message).is_ok());
        assert_eq!(valid, expected, "row {}: {}", row["index"], row["comment"]);
        if !row["secret key"].is_empty() {
            let keypair = Keypair::from_secret_bytes(&bytes(&row, "secret key")).unwrap();
            let made = keypair.sign_schnorr(&message, &bytes(&row, "aux_rand"));
            assert_eq!(made, signature, "row {}", row["index"]);
        }
        checked += 1;
    }
    assert!(
        checked == 0 || (checked == 15 && left_out == 4),
        "{checked} rows, {left_out} left out"
    );
}

fn verifies(row: &HashMap<String, String>) -> bool {
    let lock_point = Point::from_bytes(&bytes(row, "adaptor"));
    let pre_signature = PreSignature::from_bytes(&bytes(row, "pre-signature"));
    let (Some(key), Ok(lock_point), Ok(pre_signature)) =
        (public_key(row, "public key"), lock_point, pre_signature)
    else {
        return false;
    };
    pre_signature.verify(&key, &bytes(row, "message"), &lock_point).is_ok()
}

#[test]
fn pre_signatures() {
    let rows = rows("schnorr-adaptor/presig_vectors.csv");
    for row in &rows {
        if !row["secret key"].is_empty() {
            let keypair = Keypair::from_secret_bytes(&bytes(row, "secret key")).unwrap();
            let lock_point = Point::from_bytes(&bytes(row, "adaptor")).unwrap();
            let aux_rand = bytes(row, "aux_rand");
            let made = schnorr::pre_sign_verified(
                &keypair,
                &bytes(row, "message"),
                &lock_point,
                &aux_rand,
            );
            assert_eq!(
                made.unwrap().to_bytes(),
                bytes(row, "pre-signature"),
                "row {}",
                row["index"]
            );
        }
        assert_eq!(
            verifies(row),
            row["result"] == "TRUE",
            "row {}: {}",
            row["index"],
            row["comment"]
        );
    }
    assert!(rows.is_empty() || rows.len() == 15);
}

#[test]
fn adapted_signatures() {
    let rows = rows("schnorr-adaptor/adapt_vectors.csv");
    for row in &rows {
        let pre_signature = PreSignature::from_bytes(&bytes(row, "pre-signature")).unwrap();
        let lock_secret = SecretScalar::from_bytes(&bytes(row, "secadaptor")).unwrap();
        let signature = pre_signature.adapt(&lock_secret);
        assert_eq!(
            signature.as_ref(),
            &bytes::<64>(row, "BIP340 signature"),
            "row {}",
            row["index"]
        );
        let key = public_key(row, "pubkey").unwrap();
        let valid = schnorr::verify_signature(&signature, &key, &bytes(row, "message")).is_ok();
        assert_eq!(valid, row["result"] == "TRUE", "row {}: {}", row["index"], row["comment"]);
        let verified = pre_signature.adapt_verified(&lock_secret, &key, &bytes(row, "message"));
        assert_eq!(verified.is_ok(), valid);
    }
    assert!(rows.is_empty() || rows.len() == 5);
}

/// The rows to extract from have no key, message and point: they are those of the row of the other two files that
/// has the same pre-signature.
#[test]
fn extracted_secrets() {
    let pre_signing = rows("schnorr-adaptor/presig_vectors.csv");
    let adapting = rows("schnorr-adaptor/adapt_vectors.csv");
    let rows = rows("schnorr-adaptor/secadaptor_vectors.csv");
    for row in &rows {
        let same =
            |other: &&HashMap<String, String>| other["pre-signature"] == row["pre-signature"];
        let (key, message, lock_point) = match adapting.iter().find(same) {
            Some(found) => {
                let secret = SecretScalar::from_bytes(&bytes(found, "secadaptor")).unwrap();
                (public_key(found, "pubkey"), bytes(found, "message"), secret.to_point())
            }
            None => {
                let usable = |other: &&HashMap<String, String>| {
                    same(other) && public_key(other, "public key").is_some()
                };
                let (key, message) = match pre_signing.iter().find(usable) {
                    Some(found) => (public_key(found, "public key"), bytes(found, "message")),
                    // Such a pre-signature stands only in rows with a broken key; then key and message of
                    // the adapt rows that have the same secret.
                    None => {
                        let found = adapting
                            .iter()
                            .find(|other| other["secadaptor"] == row["secadaptor"])
                            .expect("a row with this secret");
                        (public_key(found, "pubkey"), bytes(found, "message"))
                    }
                };
                let secret = SecretScalar::from_bytes(&bytes(row, "secadaptor")).unwrap();
                (key, message, secret.to_point())
            }
        };
        let pre_signature = PreSignature::from_bytes(&bytes(row, "pre-signature")).unwrap();
        let signature = Signature::from_slice(&bytes::<64>(row, "BIP340 signature")).unwrap();
        let extracted = pre_signature.extract(&signature, &key.unwrap(), &message, &lock_point);
        match row["result"].as_str() {
            "TRUE" => assert_eq!(
                extracted.unwrap().dangerous_to_bytes().as_slice(),
                bytes::<32>(row, "secadaptor"),
                "row {}",
                row["index"]
            ),
            _ => assert!(extracted.is_err(), "row {}: {}", row["index"], row["comment"]),
        }
    }
    assert!(rows.is_empty() || rows.len() == 4);
}
