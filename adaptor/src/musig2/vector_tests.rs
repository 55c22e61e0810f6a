//! BIP-327's vectors for signing, which need raw secret nonces and messages of other lengths than 32 bytes. The
//! others are in `tests/musig2_vectors.rs`, those for NonceGen beside it.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::session::sign_with_values;
use super::session_values::SessionValues;
use super::test_vectors::vectors;
use super::*;
use crate::curve::{CurveError, Keypair, Point};

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    bytes(text).try_into().unwrap()
}

/// The chosen items, or which of the chosen is invalid, and why. The standard counts signers that way.
fn chosen<T, E>(
    items: &[String],
    indices: &[usize],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, (usize, E)> {
    let numbered = indices.iter().enumerate();
    numbered.map(|(i, index)| parse(&items[*index]).map_err(|error| (i, error))).collect()
}

fn nonce(text: &str) -> Result<PublicNonce, Musig2Error> {
    PublicNonce::from_bytes(&array(text))
}

#[derive(Deserialize)]
struct Culprit {
    signer: Option<usize>,
    contrib: Option<String>,
}

#[derive(Deserialize)]
struct SignVerify {
    sk: String,
    pubkeys: Vec<String>,
    secnonces: Vec<String>,
    pnonces: Vec<String>,
    aggnonces: Vec<String>,
    msgs: Vec<String>,
    valid_test_cases: Vec<Valid>,
    sign_error_test_cases: Vec<SignError>,
    verify_fail_test_cases: Vec<VerifyFail>,
    verify_error_test_cases: Vec<VerifyError>,
}

#[derive(Deserialize)]
struct Valid {
    key_indices: Vec<usize>,
    nonce_indices: Vec<usize>,
    aggnonce_index: usize,
    msg_index: usize,
    signer_index: usize,
    expected: String,
}

#[derive(Deserialize)]
struct SignError {
    key_indices: Vec<usize>,
    aggnonce_index: usize,
    msg_index: usize,
    secnonce_index: usize,
    error: Culprit,
    comment: String,
}

#[derive(Deserialize)]
struct VerifyFail {
    sig: String,
    key_indices: Vec<usize>,
    nonce_indices: Vec<usize>,
    msg_index: usize,
    signer_index: usize,
    comment: String,
}

#[derive(Deserialize)]
struct VerifyError {
    key_indices: Vec<usize>,
    nonce_indices: Vec<usize>,
    error: Culprit,
}

#[test]
fn sign_verify() {
    let Some(text) = vectors("bip327/sign_verify_vectors.json") else { return };
    let file: SignVerify = serde_json::from_str(&text).unwrap();
    let keypair = Keypair::from_secret_bytes(&array(&file.sk)).unwrap();
    let counts = [
        file.valid_test_cases.len(),
        file.sign_error_test_cases.len(),
        file.verify_fail_test_cases.len(),
        file.verify_error_test_cases.len(),
    ];
    assert_eq!(counts, [6, 6, 3, 2]);

    for case in &file.valid_test_cases {
        let keys: Vec<Point> =
            chosen(&file.pubkeys, &case.key_indices, |key| key.parse::<Point>()).unwrap();
        let keys = KeyAggContext::new(&keys).unwrap();
        let nonces = chosen(&file.pnonces, &case.nonce_indices, nonce).unwrap();
        let aggregate = AggregateNonce::sum(&nonces);
        assert_eq!(aggregate.to_bytes(), array(&file.aggnonces[case.aggnonce_index]));
        let message = bytes(&file.msgs[case.msg_index]);
        let values = SessionValues::plain(&keys, &aggregate, &message);
        let secret_nonce = || SecretNonce::from_test_vector(&bytes(&file.secnonces[0])).unwrap();
        assert_eq!(secret_nonce().public_nonce(), nonces[case.signer_index]);
        let signed = sign_with_values(&keys, &values, secret_nonce(), &keypair).unwrap();
        assert_eq!(signed.to_bytes(), array(&case.expected));
        let own = &nonces[case.signer_index];
        assert_eq!(partial::verify(&keys, &values, case.signer_index, own, &signed), Ok(()));
        // What the public interface makes of it.
        if let Ok(message) = message.try_into() {
            let signed =
                sign_for_aggregator(&keys, &aggregate, &message, secret_nonce(), &keypair).unwrap();
            assert_eq!(signed.to_bytes(), array(&case.expected));
            let session = Session::new(&keys, &nonces, &message).unwrap();
            assert_eq!(session.sign_partial(secret_nonce(), &keypair), Ok(signed));
            assert_eq!(session.verify_partial(case.signer_index, &signed), Ok(()));
        }
    }

    for case in &file.sign_error_test_cases {
        sign_error(&file, case, &keypair);
    }

    for case in &file.verify_fail_test_cases {
        let keys = chosen(&file.pubkeys, &case.key_indices, |key| key.parse::<Point>()).unwrap();
        let keys = KeyAggContext::new(&keys).unwrap();
        let nonces = chosen(&file.pnonces, &case.nonce_indices, nonce).unwrap();
        let session = Session::new(&keys, &nonces, &array(&file.msgs[case.msg_index])).unwrap();
        let signer = case.signer_index;
        let refused = PartialSignature::from_bytes(&array(&case.sig))
            .and_then(|partial| session.verify_partial(signer, &partial));
        let expected = if case.comment == "Signature exceeds group size" {
            Musig2Error::PartialSignatureOutOfRange
        } else {
            Musig2Error::InvalidPartialSignature { signer }
        };
        assert_eq!(refused, Err(expected), "{}", case.comment);
    }

    for case in &file.verify_error_test_cases {
        let keys = chosen(&file.pubkeys, &case.key_indices, |key| key.parse::<Point>());
        let nonces = chosen(&file.pnonces, &case.nonce_indices, nonce);
        let culprit = keys.map_err(|error| error.0).and(nonces.map_err(|error| error.0));
        assert_eq!(culprit.unwrap_err(), case.error.signer.unwrap());
    }
}

fn sign_error(file: &SignVerify, case: &SignError, keypair: &Keypair) {
    let keys = match chosen(&file.pubkeys, &case.key_indices, |key| key.parse::<Point>()) {
        Ok(keys) => KeyAggContext::new(&keys).unwrap(),
        Err((signer, error)) => {
            assert_eq!(error, CurveError::NotOnCurve, "{}", case.comment);
            assert_eq!(Some(signer), case.error.signer, "{}", case.comment);
            assert_eq!(case.error.contrib.as_deref(), Some("pubkey"));
            return;
        }
    };
    let aggregate = match AggregateNonce::from_bytes(&array(&file.aggnonces[case.aggnonce_index])) {
        Ok(nonce) => nonce,
        Err(error) => {
            let half = if case.comment.contains("first half") { 1 } else { 2 };
            assert!(
                matches!(error, Musig2Error::AggregateNonce { half: named, .. } if named == half),
                "{}: {error}",
                case.comment
            );
            assert_eq!(case.error.contrib.as_deref(), Some("aggnonce"));
            return;
        }
    };
    let message = array(&file.msgs[case.msg_index]);
    match SecretNonce::from_test_vector(&bytes(&file.secnonces[case.secnonce_index])) {
        Ok(nonce) => {
            let refused = sign_for_aggregator(&keys, &aggregate, &message, nonce, keypair);
            assert_eq!(refused, Err(Musig2Error::NotASigner), "{}", case.comment);
        }
        Err(error) => {
            assert_eq!(error, CurveError::ScalarZero, "{}", case.comment);
            assert!(case.comment.starts_with("Secnonce is invalid"));
        }
    }
}

#[derive(Deserialize)]
struct Tweaks {
    sk: String,
    pubkeys: Vec<String>,
    secnonce: String,
    pnonces: Vec<String>,
    aggnonce: String,
    tweaks: Vec<String>,
    msg: String,
    valid_test_cases: Vec<Tweaked>,
    error_test_cases: Vec<Tweaked>,
}

#[derive(Deserialize)]
struct Tweaked {
    key_indices: Vec<usize>,
    nonce_indices: Vec<usize>,
    tweak_indices: Vec<usize>,
    is_xonly: Vec<bool>,
    signer_index: usize,
    #[serde(default)]
    expected: String,
    comment: String,
}

impl Tweaked {
    fn keys(&self, file: &Tweaks) -> Result<KeyAggContext, Musig2Error> {
        let keys = chosen(&file.pubkeys, &self.key_indices, |key| key.parse::<Point>()).unwrap();
        let mut context = KeyAggContext::new(&keys).unwrap();
        for (index, x_only) in self.tweak_indices.iter().zip(&self.is_xonly) {
            let tweak = array(&file.tweaks[*index]);
            context = if *x_only {
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
    let Some(text) = vectors("bip327/tweak_vectors.json") else { return };
    let file: Tweaks = serde_json::from_str(&text).unwrap();
    assert_eq!((file.valid_test_cases.len(), file.error_test_cases.len()), (5, 1));
    let keypair = Keypair::from_secret_bytes(&array(&file.sk)).unwrap();
    for case in &file.valid_test_cases {
        let keys = case.keys(&file).unwrap();
        let nonces = chosen(&file.pnonces, &case.nonce_indices, nonce).unwrap();
        assert_eq!(AggregateNonce::sum(&nonces).to_bytes(), array(&file.aggnonce));
        let session = Session::new(&keys, &nonces, &array(&file.msg)).unwrap();
        let secret_nonce = SecretNonce::from_test_vector(&bytes(&file.secnonce)).unwrap();
        let signed = session.sign_partial(secret_nonce, &keypair).unwrap();
        assert_eq!(signed.to_bytes(), array(&case.expected), "{}", case.comment);
        assert_eq!(session.verify_partial(case.signer_index, &signed), Ok(()));
    }
    for case in &file.error_test_cases {
        let refused = case.keys(&file).unwrap_err();
        assert_eq!(refused, Musig2Error::TweakOutOfRange { tweak: 0 }, "{}", case.comment);
    }
}
