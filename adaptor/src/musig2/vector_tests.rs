//! BIP-327's vectors for signing, which need raw secret nonces and messages of other lengths than 32 bytes. The
//! others are in `tests/musig2_vectors.rs`, those for NonceGen beside it.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::session::sign_with_values;
use super::session_values::SessionValues;
use super::standards::{self, Expected, Verdict, array, bytes};
use super::*;
use crate::curve::{CurveError, Keypair, Point};

/// The items, or which of them is invalid, and why. The standard counts signers that way.
fn all<T, E>(items: &[String], parse: fn(&str) -> Result<T, E>) -> Result<Vec<T>, (usize, E)> {
    let numbered = items.iter().enumerate();
    numbered.map(|(i, item)| parse(item).map_err(|error| (i, error))).collect()
}

fn nonce(text: &str) -> Result<PublicNonce, Musig2Error> {
    PublicNonce::from_bytes(&array(text))
}

fn key(text: &str) -> Result<Point, CurveError> {
    text.parse()
}

fn keypair(secret_key: &str) -> Keypair {
    Keypair::from_secret_bytes(&array(secret_key)).unwrap()
}

fn secret_nonce(encoded: &str) -> Result<SecretNonce, CurveError> {
    SecretNonce::dangerous_from_bytes(&bytes(encoded))
}

/// Which half of a nonce the row says is wrong.
fn half(reason: &Option<String>) -> u8 {
    match reason.as_deref() {
        Some("first_half") => 1,
        Some("second_half") => 2,
        reason => panic!("no half: {reason:?}"),
    }
}

#[derive(Deserialize)]
struct Row {
    name: String,
    op: String,
    expected: Expected,
    reason: Option<String>,
    public_keys: Vec<String>,
    message: String,
    /// The next three of rows that sign.
    secret_key: Option<String>,
    secret_nonce: Option<String>,
    aggregate_nonce: Option<String>,
    /// These of rows that verify, and of those that sign and are valid.
    #[serde(default)]
    public_nonces: Vec<String>,
    signer: Option<usize>,
    partial_signature: Option<String>,
}

impl Row {
    fn signing(&self) -> (Keypair, &str, &str) {
        let secret_key = self.secret_key.as_ref().unwrap();
        let nonces = (&self.secret_nonce, &self.aggregate_nonce);
        (keypair(secret_key), nonces.0.as_ref().unwrap(), nonces.1.as_ref().unwrap())
    }

    fn verifying(&self) -> (usize, [u8; 32]) {
        (self.signer.unwrap(), array(self.partial_signature.as_ref().unwrap()))
    }
}

#[test]
fn sign_verify() {
    let mut counts = [0; 4];
    for row in standards::rows::<Row>("bip327/sign_verify.json", 17) {
        let (index, check): (_, fn(&Row)) = match (row.op.as_str(), &row.expected) {
            ("sign", Expected::Verdict(Verdict::Valid)) => (0, signs),
            ("sign", Expected::Refusal { .. }) => (1, does_not_sign),
            ("verify", Expected::Verdict(Verdict::Invalid)) => (2, does_not_verify),
            ("verify", Expected::Refusal { .. }) => (3, can_not_be_verified),
            (op, expected) => panic!("{}: {op} {expected:?}", row.name),
        };
        check(&row);
        counts[index] += 1;
    }
    assert_eq!(counts, [6, 6, 3, 2]);
}

fn signs(row: &Row) {
    let name = &row.name;
    let (keypair, encoded, aggregate_nonce) = row.signing();
    let (signer, expected) = row.verifying();
    let keys = KeyAggContext::new(&all(&row.public_keys, key).unwrap()).unwrap();
    let nonces = all(&row.public_nonces, nonce).unwrap();
    let aggregate = AggregateNonce::sum(&nonces);
    assert_eq!(aggregate.to_bytes(), array(aggregate_nonce), "{name}");
    let message = bytes(&row.message);
    let values = SessionValues::plain(&keys, &aggregate, &message);
    let secret_nonce = || secret_nonce(encoded).unwrap();
    assert_eq!(secret_nonce().public_nonce(), nonces[signer], "{name}");
    let signed = sign_with_values(&keys, &values, secret_nonce(), &keypair).unwrap();
    assert_eq!(signed.to_bytes(), expected, "{name}");
    assert_eq!(partial::verify(&keys, &values, signer, &nonces[signer], &signed), Ok(()), "{name}");
    // What the public interface makes of it.
    if let Ok(message) = message.try_into() {
        let signed =
            sign_for_aggregator(&keys, &aggregate, &message, secret_nonce(), &keypair).unwrap();
        assert_eq!(signed.to_bytes(), expected, "{name}");
        let session = Session::new(&keys, &nonces, &message).unwrap();
        assert_eq!(session.sign_partial(secret_nonce(), &keypair), Ok(signed), "{name}");
        assert_eq!(session.verify_partial(signer, &signed), Ok(()), "{name}");
    }
}

fn does_not_sign(row: &Row) {
    let name = &row.name;
    let (keypair, encoded, aggregate_nonce) = row.signing();
    let keys = match all(&row.public_keys, key) {
        Ok(keys) => KeyAggContext::new(&keys).unwrap(),
        Err((signer, error)) => {
            assert_eq!(error, CurveError::NotOnCurve, "{name}");
            assert_eq!(row.reason.as_deref(), Some("not_on_curve"), "{name}");
            assert!(row.expected.blames("public_keys", Some(signer)), "{name}");
            return;
        }
    };
    let aggregate = match AggregateNonce::from_bytes(&array(aggregate_nonce)) {
        Ok(nonce) => nonce,
        Err(error) => {
            let half = half(&row.reason);
            let named =
                matches!(error, Musig2Error::AggregateNonce { half: named, .. } if named == half);
            assert!(named, "{name}: {error}");
            assert!(row.expected.blames("aggregate_nonce", None), "{name}");
            return;
        }
    };
    match secret_nonce(encoded) {
        Ok(nonce) => {
            let refused =
                sign_for_aggregator(&keys, &aggregate, &array(&row.message), nonce, &keypair);
            assert_eq!(refused, Err(Musig2Error::NotASigner), "{name}");
            assert!(row.expected.blames("secret_key", None), "{name}");
        }
        Err(error) => {
            assert_eq!(error, CurveError::ScalarZero, "{name}");
            assert_eq!(row.reason.as_deref(), Some("zero"), "{name}");
            assert!(row.expected.blames("secret_nonce", None), "{name}");
        }
    }
}

fn does_not_verify(row: &Row) {
    let (signer, signature) = row.verifying();
    let keys = KeyAggContext::new(&all(&row.public_keys, key).unwrap()).unwrap();
    let nonces = all(&row.public_nonces, nonce).unwrap();
    let session = Session::new(&keys, &nonces, &array(&row.message)).unwrap();
    let refused = PartialSignature::from_bytes(&signature)
        .and_then(|partial| session.verify_partial(signer, &partial));
    let expected = match row.reason.as_deref() {
        Some("out_of_range") => Musig2Error::PartialSignatureOutOfRange,
        None => Musig2Error::InvalidPartialSignature { signer },
        reason => panic!("{}: {reason:?}", row.name),
    };
    assert_eq!(refused, Err(expected), "{}", row.name);
}

fn can_not_be_verified(row: &Row) {
    let name = &row.name;
    if let Err((signer, error)) = all(&row.public_keys, key) {
        assert_eq!(error, CurveError::NotOnCurve, "{name}");
        assert_eq!(row.reason.as_deref(), Some("not_on_curve"), "{name}");
        assert!(row.expected.blames("public_keys", Some(signer)), "{name}");
        return;
    }
    let (signer, error) = all(&row.public_nonces, nonce).unwrap_err();
    let half = half(&row.reason);
    let named = matches!(error, Musig2Error::PublicNonce { half: named, .. } if named == half);
    assert!(named, "{name}: {error}");
    assert!(row.expected.blames("public_nonces", Some(signer)), "{name}");
}

#[derive(Deserialize)]
struct Tweaks {
    secret_key: String,
    secret_nonce: String,
    aggregate_nonce: String,
    message: String,
}

#[derive(Deserialize)]
struct Tweak {
    tweak: String,
    xonly: bool,
}

#[derive(Deserialize)]
struct Tweaked {
    name: String,
    expected: Expected,
    reason: Option<String>,
    public_keys: Vec<String>,
    public_nonces: Vec<String>,
    tweaks: Vec<Tweak>,
    signer: usize,
    partial_signature: Option<String>,
}

impl Tweaked {
    fn keys(&self) -> Result<KeyAggContext, Musig2Error> {
        let mut context = KeyAggContext::new(&all(&self.public_keys, key).unwrap()).unwrap();
        for Tweak { tweak, xonly } in &self.tweaks {
            let tweak = array(tweak);
            context = if *xonly {
                context.with_xonly_tweak(&tweak)?
            } else {
                context.with_plain_tweak(&tweak)?
            };
        }
        Ok(context)
    }
}

#[test]
fn tweak() {
    let (common, rows): (Tweaks, Vec<Tweaked>) = standards::file("bip327/tweak.json", 6);
    let keypair = keypair(&common.secret_key);
    let mut valid = 0;
    for row in &rows {
        let name = &row.name;
        let keys = match row.keys() {
            Ok(keys) => keys,
            Err(error) => {
                assert_eq!(error, Musig2Error::TweakOutOfRange { tweak: 0 }, "{name}");
                assert_eq!(row.reason.as_deref(), Some("out_of_range"), "{name}");
                assert!(row.expected.blames("tweaks", None), "{name}");
                continue;
            }
        };
        let nonces = all(&row.public_nonces, nonce).unwrap();
        let aggregate = AggregateNonce::sum(&nonces);
        assert_eq!(aggregate.to_bytes(), array(&common.aggregate_nonce), "{name}");
        let session = Session::new(&keys, &nonces, &array(&common.message)).unwrap();
        let secret_nonce = secret_nonce(&common.secret_nonce).unwrap();
        let signed = session.sign_partial(secret_nonce, &keypair).unwrap();
        let expected = row.partial_signature.as_ref().unwrap();
        assert_eq!(signed.to_bytes(), array(expected), "{name}");
        assert_eq!(session.verify_partial(row.signer, &signed), Ok(()), "{name}");
        assert!(row.expected.is_valid(), "{name}");
        valid += 1;
    }
    assert_eq!(valid, 5);
}
