//! Wycheproof's cases for secp256k1: ECDSA with extreme values, of r, s, hash and key, and in bad encodings; and products of points
//! whose doublings and additions meet every special case.

#![cfg(feature = "ecdsa")]
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/standards.rs"]
mod standards;

use pointlock::adaptor::ecdsa::verify_signature;
use pointlock::curve::{Point, SecretScalar};
use secp256k1::ecdsa::Signature;
use serde::Deserialize;
use sha2_010::{Digest, Sha256};

use standards::{Expected, array, bytes};

#[derive(Deserialize)]
struct SignatureRow {
    name: String,
    expected: Expected,
    public_key: String,
    message: String,
    signature: String,
}

/// Whether the signature can be read, and is right. (Whether it is low, too.)
fn verdict(row: &SignatureRow, read: fn(&[u8]) -> Option<Signature>) -> (bool, bool) {
    let key: Point = row.public_key.parse().unwrap();
    let message = Sha256::digest(bytes(&row.message)).into();
    let Some(signature) = read(&bytes(&row.signature)) else { return (false, false) };
    let mut low = signature;
    low.normalize_s();
    (verify_signature(&signature, &key, &message).is_ok(), low == signature)
}

/// As it stands in a witness. Bitcoin's rule of a low s is one of relay: on the chain both are valid, and so they are here.
#[test]
fn ecdsa_in_der() {
    let (mut valid, mut high) = (0, 0);
    for row in standards::rows::<SignatureRow>("wycheproof/ecdsa_der.json", 463) {
        let (right, low) = verdict(&row, |bytes| Signature::from_der(bytes).ok());
        assert_eq!(right && low, row.expected.is_valid(), "{}", row.name);
        valid += u32::from(right);
        high += u32::from(right && !low);
    }
    assert_eq!((valid, high), (164, 2));
}

/// r and s in 64 bytes, s low or high.
#[test]
fn ecdsa_in_64_bytes() {
    let mut counts = [0; 2];
    for row in standards::rows::<SignatureRow>("wycheproof/ecdsa_compact.json", 252) {
        let (right, _) = verdict(&row, |bytes| Signature::from_compact(bytes).ok());
        assert_eq!(right, row.expected.is_valid(), "{}", row.name);
        counts[usize::from(right)] += 1;
    }
    assert_eq!(counts, [85, 167]);
}

#[derive(Deserialize)]
struct ProductRow {
    name: String,
    expected: Expected,
    public_key: String,
    secret_key: String,
    shared: Option<String>,
}

#[test]
fn products_of_points() {
    let mut refused = 0;
    for row in standards::rows::<ProductRow>("wycheproof/ecdh.json", 477) {
        let secret = SecretScalar::from_bytes(&array(&row.secret_key)).unwrap();
        match row.public_key.parse::<Point>() {
            Ok(point) => {
                let product = point.shared_secret(&secret);
                assert_eq!(product[1..], bytes(row.shared.as_ref().unwrap()), "{}", row.name);
                // The same product by the other way that the library has.
                let public = secret.dangerous_reveal();
                assert_eq!(point.mul_public(&public).unwrap().to_bytes(), *product, "{}", row.name);
            }
            Err(_) => {
                assert!(row.expected.blames("public_key", None), "{}", row.name);
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 3);
}
