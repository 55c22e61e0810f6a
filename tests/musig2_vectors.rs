//! BIP-327's vectors, and sessions with a lock point computed with libsecp256k1-zkp.
//!
//! The standard's signing vectors take raw secret nonces, which the library does not: they are unit tests in
//! `src/adaptor/musig2`. Deterministic signing is no part of this design, so its vectors aren't either.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/standards.rs"]
mod standards;

use pointlock::adaptor::musig2::{
    AdaptorSession, AggregateNonce, KeyAggContext, Musig2Error, PartialSignature, PreSignature,
    PublicNonce, SecretNonce, Session, key_sort,
};
use pointlock::curve::{CurveError, Keypair, Point, SecretScalar};
use serde::Deserialize;

use standards::{Expected, array};

fn nonce(text: &str) -> Result<PublicNonce, Musig2Error> {
    PublicNonce::from_bytes(&array(text))
}

fn partial(text: &str) -> Result<PartialSignature, Musig2Error> {
    PartialSignature::from_bytes(&array(text))
}

fn key(text: &str) -> Result<Point, CurveError> {
    text.parse()
}

/// The items, or which of them is invalid, and why. The standard counts signers that way.
fn all<T, E>(items: &[String], parse: fn(&str) -> Result<T, E>) -> Result<Vec<T>, (usize, E)> {
    let numbered = items.iter().enumerate();
    numbered.map(|(i, item)| parse(item).map_err(|error| (i, error))).collect()
}

#[derive(Deserialize)]
struct Tweak {
    tweak: String,
    xonly: bool,
}

fn tweaked(keys: &[Point], tweaks: &[Tweak]) -> Result<KeyAggContext, Musig2Error> {
    let mut context = KeyAggContext::new(keys)?;
    for Tweak { tweak, xonly } in tweaks {
        let tweak = array(tweak);
        context = if *xonly {
            context.with_xonly_tweak(&tweak)?
        } else {
            context.with_plain_tweak(&tweak)?
        };
    }
    Ok(context)
}

#[derive(Deserialize)]
struct KeySort {
    public_keys: Vec<String>,
    sorted: Vec<String>,
}

#[test]
fn bip327_key_sort() {
    for row in standards::rows::<KeySort>("bip327/key_sort.json", 1) {
        let mut keys = all(&row.public_keys, key).unwrap();
        key_sort(&mut keys);
        assert_eq!(keys, all(&row.sorted, key).unwrap());
    }
}

#[derive(Deserialize)]
struct KeyAgg {
    name: String,
    expected: Expected,
    reason: Option<String>,
    public_keys: Vec<String>,
    tweaks: Vec<Tweak>,
    aggregate_key: Option<String>,
}

#[test]
fn bip327_key_agg() {
    let mut valid = 0;
    for row in standards::rows::<KeyAgg>("bip327/key_agg.json", 9) {
        let name = &row.name;
        let keys = match all(&row.public_keys, key) {
            Ok(keys) => keys,
            Err((signer, error)) => {
                let expected = match row.reason.as_deref() {
                    Some("prefix") => CurveError::PointPrefix { prefix: 4 },
                    Some("not_on_curve") => CurveError::NotOnCurve,
                    reason => panic!("{name}: {reason:?}"),
                };
                assert_eq!(error, expected, "{name}");
                assert!(row.expected.blames("public_keys", Some(signer)), "{name}");
                continue;
            }
        };
        let context = tweaked(&keys, &row.tweaks);
        if row.expected.is_valid() {
            let x_only = context.unwrap().x_only().serialize();
            assert_eq!(x_only, array(&row.aggregate_key.unwrap()), "{name}");
            valid += 1;
            continue;
        }
        assert!(row.expected.blames("tweaks", None), "{name}");
        let expected = match row.reason.as_deref() {
            Some("out_of_range") => Musig2Error::TweakOutOfRange { tweak: 0 },
            Some("infinity") => Musig2Error::TweakedKeyAtInfinity { tweak: 0 },
            reason => panic!("{name}: {reason:?}"),
        };
        assert_eq!(context, Err(expected), "{name}");
    }
    assert_eq!(valid, 4);
}

#[derive(Deserialize)]
struct NonceAgg {
    name: String,
    expected: Expected,
    reason: Option<String>,
    public_nonces: Vec<String>,
    aggregate_nonce: Option<String>,
}

#[test]
fn bip327_nonce_agg() {
    let mut valid = 0;
    for row in standards::rows::<NonceAgg>("bip327/nonce_agg.json", 5) {
        let name = &row.name;
        match all(&row.public_nonces, nonce) {
            Ok(nonces) => {
                assert!(row.expected.is_valid(), "{name}");
                let expected = array(&row.aggregate_nonce.unwrap());
                let sum = AggregateNonce::sum(&nonces);
                assert_eq!(sum.to_bytes(), expected, "{name}");
                assert_eq!(AggregateNonce::from_bytes(&expected), Ok(sum), "{name}");
                valid += 1;
            }
            Err((signer, error)) => {
                assert!(row.expected.blames("public_nonces", Some(signer)), "{name}");
                let half = match row.reason.as_deref() {
                    Some("first_half") => 1,
                    Some("second_half") => 2,
                    reason => panic!("{name}: {reason:?}"),
                };
                let named =
                    matches!(error, Musig2Error::PublicNonce { half: named, .. } if named == half);
                assert!(named, "{name}: {error}");
            }
        }
    }
    assert_eq!(valid, 2);
}

#[derive(Deserialize)]
struct SigAgg {
    message: String,
}

#[derive(Deserialize)]
struct SigAggRow {
    name: String,
    expected: Expected,
    reason: Option<String>,
    public_keys: Vec<String>,
    public_nonces: Vec<String>,
    aggregate_nonce: String,
    tweaks: Vec<Tweak>,
    partial_signatures: Vec<String>,
    signature: Option<String>,
}

#[test]
fn bip327_sig_agg() {
    let (common, rows): (SigAgg, Vec<SigAggRow>) = standards::file("bip327/sig_agg.json", 5);
    let mut valid = 0;
    for row in rows {
        let name = &row.name;
        let keys = tweaked(&all(&row.public_keys, key).unwrap(), &row.tweaks).unwrap();
        let nonces = all(&row.public_nonces, nonce).unwrap();
        let aggregate = AggregateNonce::sum(&nonces);
        assert_eq!(aggregate.to_bytes(), array(&row.aggregate_nonce), "{name}");
        let session = Session::new(&keys, &nonces, &array(&common.message)).unwrap();
        match all(&row.partial_signatures, partial) {
            Ok(partials) => {
                assert!(row.expected.is_valid(), "{name}");
                let signature = session.aggregate(&partials).unwrap();
                assert_eq!(signature.serialize(), array(&row.signature.unwrap()), "{name}");
                valid += 1;
            }
            Err((signer, error)) => {
                assert!(row.expected.blames("partial_signatures", Some(signer)), "{name}");
                assert_eq!(error, Musig2Error::PartialSignatureOutOfRange, "{name}");
                assert_eq!(row.reason.as_deref(), Some("out_of_range"), "{name}");
            }
        }
    }
    assert_eq!(valid, 4);
}

/// Two signers and a lock point, in the order of their keys.
#[derive(Deserialize)]
struct ZkpSession {
    name: String,
    secret_keys: [String; 2],
    public_keys: [String; 2],
    aggregate_key: String,
    session_rands: [String; 2],
    public_nonces: [String; 2],
    aggregate_nonce: String,
    message: String,
    adaptor_point: String,
    partial_signatures: [String; 2],
    presignature: String,
    adaptor_secret: String,
    signature: String,
}

#[test]
fn zkp_adaptor_sessions() {
    let rows: Vec<ZkpSession> = standards::rows("musig2-adaptor.json", 20);
    for row in &rows {
        zkp_session(row);
    }
    for parity in ["02", "03"] {
        let mut nonces = rows.iter().map(|row| &row.presignature);
        assert!(nonces.any(|encoded| encoded.starts_with(parity)), "both parities of R'");
    }
}

fn zkp_session(row: &ZkpSession) {
    let name = &row.name;
    let signers = row
        .secret_keys
        .each_ref()
        .map(|secret_key| Keypair::from_secret_bytes(&array(secret_key)).unwrap());
    let public_keys = signers.each_ref().map(Keypair::public_key);
    assert_eq!(public_keys.map(|key| key.to_string()), row.public_keys, "{name}");
    let keys = KeyAggContext::new(&public_keys).unwrap();
    assert_eq!(keys.x_only().serialize(), array(&row.aggregate_key), "{name}");
    let message = array(&row.message);
    let nonces = [0, 1].map(|i| {
        let mut session_rand = array(&row.session_rands[i]);
        let x_only = keys.x_only();
        SecretNonce::generate(&mut session_rand, &signers[i], &x_only, &message, None).unwrap()
    });
    let public_nonces = nonces.each_ref().map(SecretNonce::public_nonce);
    let encoded = public_nonces.map(|nonce| hex::encode(nonce.to_bytes()));
    assert_eq!(encoded, row.public_nonces, "{name}");
    let aggregate = AggregateNonce::sum(&public_nonces);
    assert_eq!(aggregate.to_bytes(), array(&row.aggregate_nonce), "{name}");

    let lock_point = Point::from_bytes(&array(&row.adaptor_point)).unwrap();
    let session =
        AdaptorSession::with_lock_point(&keys, &public_nonces, &message, &lock_point).unwrap();
    let [nonce_1, nonce_2] = nonces;
    let partial_1 = session.sign_partial(nonce_1, &signers[0]).unwrap();
    let (partial_2, pre_signature) =
        session.sign_partial_last(nonce_2, &signers[1], &[partial_1]).unwrap();
    let partials = [partial_1, partial_2];
    let encoded = partials.map(|partial| hex::encode(partial.to_bytes()));
    assert_eq!(encoded, row.partial_signatures, "{name}");
    let expected = PreSignature::from_bytes(&array(&row.presignature));
    assert_eq!(Ok(pre_signature), expected, "{name}");
    assert_eq!(session.aggregate(&partials), Ok(pre_signature), "{name}");

    let lock_secret = SecretScalar::from_bytes(&array(&row.adaptor_secret)).unwrap();
    let signature = pre_signature.adapt_verified(&lock_secret, &keys.x_only(), &message).unwrap();
    assert_eq!(signature.serialize(), array(&row.signature), "{name}");
    let extracted = pre_signature.extract(&signature, &keys.x_only(), &message, &lock_point);
    assert_eq!(extracted, Ok(lock_secret), "{name}");
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
