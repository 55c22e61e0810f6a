//! BIP-327's vectors, and sessions with a lock point computed with libsecp256k1-zkp.
//!
//! The standard's signing vectors take raw secret nonces, which the library does not: they are unit tests in
//! `src/adaptor/musig2`. `det_sign_vectors.json` is left out on purpose, as deterministic signing is.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use pointlock::adaptor::musig2::{
    AdaptorSession, AggregateNonce, KeyAggContext, Musig2Error, PartialSignature, PreSignature,
    PublicNonce, SecretNonce, Session, key_sort,
};
use pointlock::curve::{CurveError, Keypair, Point, SecretScalar};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The parsed file, or None where it is missing.
fn read<T: DeserializeOwned>(path: &str) -> Option<T> {
    common::vectors(path).map(|text| serde_json::from_str(&text).expect("the file's form"))
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn nonce(text: &str) -> Result<PublicNonce, Musig2Error> {
    PublicNonce::from_bytes(&array(text))
}

fn partial(text: &str) -> Result<PartialSignature, Musig2Error> {
    PartialSignature::from_bytes(&array(text))
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

fn tweaked(
    keys: &[Point],
    tweaks: &[String],
    indices: &[usize],
    x_only: &[bool],
) -> Result<KeyAggContext, Musig2Error> {
    let mut context = KeyAggContext::new(keys)?;
    for (index, x_only) in indices.iter().zip(x_only) {
        let tweak = array(&tweaks[*index]);
        context = if *x_only {
            context.with_xonly_tweak(&tweak)?
        } else {
            context.with_plain_tweak(&tweak)?
        };
    }
    Ok(context)
}

#[derive(Deserialize)]
struct Fault {
    signer: Option<usize>,
    contrib: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct KeySort {
    pubkeys: Vec<String>,
    sorted_pubkeys: Vec<String>,
}

#[test]
fn bip327_key_sort() {
    let Some(file) = read::<KeySort>("bip327/key_sort_vectors.json") else { return };
    let parse = |keys: &[String]| keys.iter().map(|key| key.parse().unwrap()).collect::<Vec<_>>();
    let mut keys = parse(&file.pubkeys);
    key_sort(&mut keys);
    assert_eq!(keys, parse(&file.sorted_pubkeys));
}

#[derive(Deserialize)]
struct KeyAgg {
    pubkeys: Vec<String>,
    tweaks: Vec<String>,
    valid_test_cases: Vec<KeyAggValid>,
    error_test_cases: Vec<KeyAggError>,
}

#[derive(Deserialize)]
struct KeyAggValid {
    key_indices: Vec<usize>,
    expected: String,
}

#[derive(Deserialize)]
struct KeyAggError {
    key_indices: Vec<usize>,
    tweak_indices: Vec<usize>,
    is_xonly: Vec<bool>,
    error: Fault,
    comment: String,
}

#[test]
fn bip327_key_agg() {
    let Some(file) = read::<KeyAgg>("bip327/key_agg_vectors.json") else { return };
    assert_eq!((file.valid_test_cases.len(), file.error_test_cases.len()), (4, 5));
    let keys = |indices: &[usize]| chosen(&file.pubkeys, indices, |key| key.parse::<Point>());
    for case in &file.valid_test_cases {
        let context = KeyAggContext::new(&keys(&case.key_indices).unwrap()).unwrap();
        assert_eq!(context.x_only().serialize(), array(&case.expected));
    }
    for case in &file.error_test_cases {
        let keys = match keys(&case.key_indices) {
            Ok(keys) => keys,
            Err((signer, error)) => {
                let expected = match case.comment.as_str() {
                    "First byte of public key is not 2 or 3" => {
                        CurveError::PointPrefix { prefix: 4 }
                    }
                    _ => CurveError::NotOnCurve,
                };
                assert_eq!(
                    (Some(signer), error),
                    (case.error.signer, expected),
                    "{}",
                    case.comment
                );
                assert_eq!(case.error.contrib.as_deref(), Some("pubkey"));
                continue;
            }
        };
        let expected = match case.error.message.as_deref() {
            Some("The tweak must be less than n.") => Musig2Error::TweakOutOfRange { tweak: 0 },
            _ => Musig2Error::TweakedKeyAtInfinity { tweak: 0 },
        };
        let refused = tweaked(&keys, &file.tweaks, &case.tweak_indices, &case.is_xonly);
        assert_eq!(refused, Err(expected), "{}", case.comment);
    }
}

#[derive(Deserialize)]
struct NonceAgg {
    pnonces: Vec<String>,
    valid_test_cases: Vec<NonceAggValid>,
    error_test_cases: Vec<NonceAggError>,
}

#[derive(Deserialize)]
struct NonceAggValid {
    pnonce_indices: Vec<usize>,
    expected: String,
}

#[derive(Deserialize)]
struct NonceAggError {
    pnonce_indices: Vec<usize>,
    error: Fault,
    comment: String,
}

#[test]
fn bip327_nonce_agg() {
    let Some(file) = read::<NonceAgg>("bip327/nonce_agg_vectors.json") else { return };
    assert_eq!((file.valid_test_cases.len(), file.error_test_cases.len()), (2, 3));
    for case in &file.valid_test_cases {
        let nonces = chosen(&file.pnonces, &case.pnonce_indices, nonce).unwrap();
        let sum = AggregateNonce::sum(&nonces);
        assert_eq!(sum.to_bytes(), array(&case.expected));
        assert_eq!(AggregateNonce::from_bytes(&array(&case.expected)), Ok(sum));
    }
    for case in &file.error_test_cases {
        let (signer, error) = chosen(&file.pnonces, &case.pnonce_indices, nonce).unwrap_err();
        assert_eq!(Some(signer), case.error.signer, "{}", case.comment);
        let half = if case.comment.contains("first half") { 1 } else { 2 };
        assert!(matches!(error, Musig2Error::PublicNonce { half: named, .. } if named == half));
    }
}

#[derive(Deserialize)]
struct SigAgg {
    pubkeys: Vec<String>,
    pnonces: Vec<String>,
    tweaks: Vec<String>,
    psigs: Vec<String>,
    msg: String,
    valid_test_cases: Vec<SigAggCase>,
    error_test_cases: Vec<SigAggCase>,
}

#[derive(Deserialize)]
struct SigAggCase {
    aggnonce: String,
    nonce_indices: Vec<usize>,
    key_indices: Vec<usize>,
    tweak_indices: Vec<usize>,
    is_xonly: Vec<bool>,
    psig_indices: Vec<usize>,
    expected: Option<String>,
    error: Option<Fault>,
}

#[test]
fn bip327_sig_agg() {
    let Some(file) = read::<SigAgg>("bip327/sig_agg_vectors.json") else { return };
    assert_eq!((file.valid_test_cases.len(), file.error_test_cases.len()), (4, 1));
    for case in file.valid_test_cases.iter().chain(&file.error_test_cases) {
        let keys = chosen(&file.pubkeys, &case.key_indices, |key| key.parse::<Point>()).unwrap();
        let keys = tweaked(&keys, &file.tweaks, &case.tweak_indices, &case.is_xonly).unwrap();
        let nonces = chosen(&file.pnonces, &case.nonce_indices, nonce).unwrap();
        assert_eq!(AggregateNonce::sum(&nonces).to_bytes(), array(&case.aggnonce));
        let session = Session::new(&keys, &nonces, &array(&file.msg)).unwrap();
        match (chosen(&file.psigs, &case.psig_indices, partial), &case.expected, &case.error) {
            (Ok(partials), Some(expected), None) => {
                let signature = session.aggregate(&partials).unwrap();
                assert_eq!(signature.serialize(), array(expected));
            }
            (Err((signer, error)), None, Some(fault)) => {
                assert_eq!(Some(signer), fault.signer);
                assert_eq!(error, Musig2Error::PartialSignatureOutOfRange);
            }
            _ => panic!("valid where it should fail, or the other way round"),
        }
    }
}

/// Two signers and a lock point; `_1` and `_2` are the signers in the order of their keys.
#[derive(Deserialize)]
struct ZkpSession {
    secret_key_1: String,
    secret_key_2: String,
    public_key_1: String,
    public_key_2: String,
    session_rand_1: String,
    session_rand_2: String,
    message: String,
    adaptor_secret: String,
    adaptor_point: String,
    aggregate_key: String,
    public_nonce_1: String,
    public_nonce_2: String,
    aggregate_nonce: String,
    partial_signature_1: String,
    partial_signature_2: String,
    presignature_64: String,
    nonce_parity: u8,
    signature: String,
}

#[test]
fn zkp_adaptor_sessions() {
    let Some(text) = common::vectors("musig2-adaptor/zkp-sessions.jsonl") else { return };
    let mut parities = [0; 2];
    for line in text.lines() {
        let case: ZkpSession = serde_json::from_str(line).unwrap();
        parities[usize::from(case.nonce_parity)] += 1;
        zkp_session(&case);
    }
    assert_eq!(parities[0] + parities[1], 20);
    assert!(parities[0] > 0 && parities[1] > 0, "both parities of R'");
}

fn zkp_session(case: &ZkpSession) {
    let keypair = |key: &str| Keypair::from_secret_bytes(&array(key)).unwrap();
    let (one, two) = (keypair(&case.secret_key_1), keypair(&case.secret_key_2));
    assert_eq!(one.public_key().to_bytes(), array(&case.public_key_1));
    assert_eq!(two.public_key().to_bytes(), array(&case.public_key_2));
    let keys = KeyAggContext::new(&[one.public_key(), two.public_key()]).unwrap();
    assert_eq!(keys.x_only().serialize(), array(&case.aggregate_key));
    let message = array(&case.message);
    let generate = |session_rand: &str, signer: &Keypair| {
        SecretNonce::generate(&mut array(session_rand), signer, &keys.x_only(), &message, None)
            .unwrap()
    };
    let nonces = [generate(&case.session_rand_1, &one), generate(&case.session_rand_2, &two)];
    let public_nonces = nonces.each_ref().map(SecretNonce::public_nonce);
    assert_eq!(public_nonces[0].to_bytes(), array(&case.public_nonce_1));
    assert_eq!(public_nonces[1].to_bytes(), array(&case.public_nonce_2));
    assert_eq!(AggregateNonce::sum(&public_nonces).to_bytes(), array(&case.aggregate_nonce));

    let lock_point = Point::from_bytes(&array(&case.adaptor_point)).unwrap();
    let session =
        AdaptorSession::with_lock_point(&keys, &public_nonces, &message, &lock_point).unwrap();
    let [nonce_1, nonce_2] = nonces;
    let partial_1 = session.sign_partial(nonce_1, &one).unwrap();
    let (partial_2, pre_signature) =
        session.sign_partial_last(nonce_2, &two, &[partial_1]).unwrap();
    assert_eq!(partial_1.to_bytes(), array(&case.partial_signature_1));
    assert_eq!(partial_2.to_bytes(), array(&case.partial_signature_2));
    let encoded = format!("{:02x}{}", 2 + case.nonce_parity, case.presignature_64);
    assert_eq!(Ok(pre_signature), PreSignature::from_bytes(&array(&encoded)));
    assert_eq!(session.aggregate(&[partial_1, partial_2]), Ok(pre_signature));

    let lock_secret = SecretScalar::from_bytes(&array(&case.adaptor_secret)).unwrap();
    let signature = pre_signature.adapt_verified(&lock_secret, &keys.x_only(), &message).unwrap();
    assert_eq!(signature.serialize(), array(&case.signature));
    let extracted = pre_signature.extract(&signature, &keys.x_only(), &message, &lock_point);
    assert_eq!(extracted, Ok(lock_secret));
}

/// The output key that rust-bitcoin computes for the same internal key and Merkle root.
#[test]
fn taproot_tweak_agrees_with_rust_bitcoin() {
    use bitcoin::hashes::Hash;
    use bitcoin::key::TapTweak;
    use bitcoin::taproot::TapNodeHash;

    let secp = secp256k1::Secp256k1::verification_only();
    for byte in 1..20u8 {
        let point = |byte| SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point();
        let keys = KeyAggContext::new(&[point(byte), point(byte + 1)]).unwrap();
        let internal = keys.x_only();
        for root in [None, Some([byte; 32])] {
            let expected = internal
                .tap_tweak(&secp, root.map(TapNodeHash::from_byte_array))
                .0
                .to_x_only_public_key();
            let output = keys.clone().with_taproot_tweak(root.as_ref()).unwrap();
            assert_eq!(output.x_only(), expected);
        }
    }
}
