//! What holds of every scheme of adaptor signatures: adapt and extract undo each other, and no bit of what is verified may
//! change.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use pointlock::adaptor::musig2::{AdaptorSession, KeyAggContext, SecretNonce};
use pointlock::adaptor::{AdaptorError, musig2, schnorr};
use pointlock::curve::{Keypair, Point, PublicScalar, SecretScalar, Tag, XOnlyPublicKey};
use proptest::prelude::*;

/// A message under the lock of a secret, and entropy for whoever signs it.
#[derive(Debug)]
struct Locked {
    message: [u8; 32],
    secret: SecretScalar,
    point: Point,
    rand: [u8; 32],
}

fn scalar() -> impl Strategy<Value = SecretScalar> {
    any::<[u8; 32]>().prop_filter_map("zero", |hash| SecretScalar::from_hash(&hash).ok())
}

fn locked() -> impl Strategy<Value = Locked> {
    (any::<[u8; 32]>(), scalar(), any::<[u8; 32]>()).prop_map(|(message, secret, rand)| Locked {
        message,
        point: secret.to_point(),
        secret,
        rand,
    })
}

/// A pre-signature by the holders of these keys, one after the other.
fn musig2_pre_signature(
    secrets: &[SecretScalar],
    locked: &Locked,
) -> (XOnlyPublicKey, musig2::PreSignature) {
    let keypairs: Vec<Keypair> = secrets.iter().cloned().map(Keypair::new).collect();
    let points: Vec<Point> = keypairs.iter().map(Keypair::public_key).collect();
    let keys = KeyAggContext::new(&points).unwrap().with_taproot_tweak(None).unwrap();
    let (x_only, message) = (keys.x_only(), &locked.message);
    let nonces: Vec<SecretNonce> = keypairs
        .iter()
        .enumerate()
        .map(|(signer, keypair)| {
            let mut rand = locked.rand;
            rand[0] = 1 + signer as u8;
            SecretNonce::generate(&mut rand, keypair, &x_only, message, None).unwrap()
        })
        .collect();
    let public_nonces: Vec<_> = nonces.iter().map(SecretNonce::public_nonce).collect();
    let session =
        AdaptorSession::with_lock_point(&keys, &public_nonces, message, &locked.point).unwrap();
    let partials: Vec<_> = nonces
        .into_iter()
        .zip(&keypairs)
        .map(|(nonce, keypair)| session.sign_partial(nonce, keypair).unwrap())
        .collect();
    (x_only, session.aggregate(&partials).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn schnorr_extracts_what_adapted(secret in scalar(), locked in locked()) {
        let keypair = Keypair::new(secret);
        let key = keypair.x_only_public_key();
        let Locked { message, secret, point, rand } = &locked;
        let pre_signature = schnorr::pre_sign_verified(&keypair, message, point, rand).unwrap();
        let signature = pre_signature.adapt_verified(secret, &key, message).unwrap();
        let extracted = pre_signature.extract(&signature, &key, message, point);
        prop_assert_eq!(extracted.unwrap(), secret.clone());
        let extracted = pre_signature.extract_verified(&signature, &key, message, point);
        prop_assert_eq!(extracted.unwrap(), secret.clone());
    }

    #[test]
    fn musig2_extracts_what_adapted(
        secrets in prop::collection::vec(scalar(), 1..4),
        locked in locked(),
    ) {
        let (key, pre_signature) = musig2_pre_signature(&secrets, &locked);
        let Locked { message, secret, point, .. } = &locked;
        pre_signature.verify(&key, message, point).unwrap();
        let signature = pre_signature.adapt_verified(secret, &key, message).unwrap();
        let extracted = pre_signature.extract(&signature, &key, message, point);
        prop_assert_eq!(extracted.unwrap(), secret.clone());
        let extracted = pre_signature.extract_verified(&signature, &key, message, point);
        prop_assert_eq!(extracted.unwrap(), secret.clone());
    }

    /// With the secret of any other lock there is no signature, and from one that was made otherwise no secret.
    #[test]
    fn schnorr_takes_no_other_secret(secret in scalar(), locked in locked(), other in scalar()) {
        prop_assume!(other != locked.secret);
        let keypair = Keypair::new(secret);
        let key = keypair.x_only_public_key();
        let Locked { message, point, rand, .. } = &locked;
        let pre_signature = schnorr::pre_sign(&keypair, message, point, rand).unwrap();
        prop_assert!(pre_signature.adapt_verified(&other, &key, message).is_err());
        let plain = keypair.sign_schnorr(message, rand);
        prop_assert!(pre_signature.extract(&plain, &key, message, point).is_err());
        prop_assert!(pre_signature.extract_verified(&plain, &key, message, point).is_err());
    }
}

/// All values that differ from these bytes in one bit.
fn neighbours<const N: usize>(bytes: [u8; N]) -> impl Iterator<Item = [u8; N]> {
    (0..8 * N).map(move |bit| {
        let mut bytes = bytes;
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    })
}

/// Runs `accepts` on what it accepts, and on all neighbours of each part. Bytes that are no pre-signature, key or point
/// are refused when they are read, and count as such.
fn every_bit_counts<const N: usize, const K: usize>(
    pre_signature: [u8; N],
    key: [u8; K],
    locked: &Locked,
    accepts: impl Fn(&[u8; N], &[u8; K], &[u8; 32], &[u8; 33]) -> bool,
) {
    let (message, point) = (locked.message, locked.point.to_bytes());
    assert!(accepts(&pre_signature, &key, &message, &point));
    for bytes in neighbours(pre_signature) {
        assert!(!accepts(&bytes, &key, &message, &point));
    }
    for key in neighbours(key) {
        assert!(!accepts(&pre_signature, &key, &message, &point));
    }
    for message in neighbours(message) {
        assert!(!accepts(&pre_signature, &key, &message, &point));
    }
    for point in neighbours(point) {
        assert!(!accepts(&pre_signature, &key, &message, &point));
    }
}

/// Four cases each: with these seeds, R' is even in some and odd in others.
fn fixed(seed: u8) -> (SecretScalar, Locked) {
    let scalar = |byte| SecretScalar::from_bytes(&[byte; 32]).unwrap();
    let secret = scalar(0x40 + seed);
    let (message, rand) = ([0x80 + seed; 32], [0xc0 + seed; 32]);
    (scalar(1 + seed), Locked { message, point: secret.to_point(), secret, rand })
}

#[test]
fn every_bit_counts_in_schnorr() {
    let mut prefixes = Vec::new();
    for seed in 0..4 {
        let (secret, locked) = fixed(seed);
        let keypair = Keypair::new(secret);
        let pre_signature =
            schnorr::pre_sign(&keypair, &locked.message, &locked.point, &locked.rand).unwrap();
        prefixes.push(pre_signature.to_bytes()[0]);
        let key = keypair.x_only_public_key().serialize();
        every_bit_counts(pre_signature.to_bytes(), key, &locked, |bytes, key, message, point| {
            let (Ok(pre_signature), Ok(key), Ok(point)) = (
                schnorr::PreSignature::from_bytes(bytes),
                XOnlyPublicKey::from_slice(key),
                Point::from_bytes(point),
            ) else {
                return false;
            };
            pre_signature.verify(&key, message, &point).is_ok()
        });
    }
    assert!(prefixes.contains(&2) && prefixes.contains(&3), "{prefixes:?}");
}

#[test]
fn every_bit_counts_in_musig2() {
    let mut prefixes = Vec::new();
    for seed in 0..4 {
        let (secret, locked) = fixed(seed);
        let secrets = [secret.clone(), secret.mul(&secret)];
        let (key, pre_signature) = musig2_pre_signature(&secrets, &locked);
        prefixes.push(pre_signature.to_bytes()[0]);
        let (bytes, key) = (pre_signature.to_bytes(), key.serialize());
        every_bit_counts(bytes, key, &locked, |bytes, key, message, point| {
            let (Ok(pre_signature), Ok(key), Ok(point)) = (
                musig2::PreSignature::from_bytes(bytes),
                XOnlyPublicKey::from_slice(key),
                Point::from_bytes(point),
            ) else {
                return false;
            };
            pre_signature.verify(&key, message, &point).is_ok()
        });
    }
    assert!(prefixes.contains(&2) && prefixes.contains(&3), "{prefixes:?}");
}

/// The refusals of Schnorr pre-signatures, each kind by its name.
#[test]
fn schnorr_refusals_are_told_apart() {
    let (secret, locked) = fixed(1);
    let keypair = Keypair::new(secret);
    let key = keypair.x_only_public_key();
    let Locked { message, secret, point, rand } = &locked;
    let good = schnorr::pre_sign(&keypair, message, point, rand).unwrap();
    assert_eq!(good.verify(&key, message, point), Ok(()));
    let with = |start: usize, part: &[u8]| {
        let mut bytes = good.to_bytes();
        bytes[start..start + part.len()].copy_from_slice(part);
        schnorr::PreSignature::from_bytes(&bytes)
    };
    let verdict = |start, part: &[u8]| with(start, part).unwrap().verify(&key, message, point);
    assert_eq!(with(0, &[4]), Err(AdaptorError::NoncePrefix { prefix: 4 }));
    assert_eq!(with(33, &[0xff; 32]), Err(AdaptorError::ScalarOutOfRange));
    // x = 5 is on no point of the curve, x = 1 is.
    let x = |last| [[0; 31].as_slice(), &[last]].concat();
    assert_eq!(verdict(1, &x(5)), Err(AdaptorError::NonceNotOnCurve));
    assert_eq!(verdict(1, &x(1)), Err(AdaptorError::InvalidPreSignature));
    assert_eq!(verdict(33, &[0; 32]), Err(AdaptorError::InvalidPreSignature));
    // s' = e·d, so that R = s'·G − e·P is at infinity and R' is T: who makes this publishes d = s'·e⁻¹.
    let challenge =
        Tag::new("BIP0340/challenge").hash(&[&point.to_bytes()[1..], &key.serialize(), message]);
    let even_secret = if keypair.public_key().is_odd() {
        keypair.secret_key().negate()
    } else {
        keypair.secret_key().clone()
    };
    let scalar = even_secret.mul_public(&PublicScalar::from_hash(&challenge)).unwrap();
    let bytes = [point.to_bytes().as_slice(), &*scalar.dangerous_to_bytes()].concat();
    let infinite = schnorr::PreSignature::from_slice(&bytes).unwrap();
    assert_eq!(infinite.verify(&key, message, point), Err(AdaptorError::NonceAtInfinity));
    // Refused although t finishes it.
    assert!(infinite.adapt_verified(secret, &key, message).is_ok());
}

#[cfg(feature = "ecdsa")]
mod ecdsa {
    use pointlock::adaptor::ecdsa::{self, PreSignature};

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn extracts_what_adapted(secret in scalar(), locked in locked()) {
            let keypair = Keypair::new(secret);
            let key = keypair.public_key();
            let Locked { message, secret, point, rand } = &locked;
            let pre_signature = ecdsa::pre_sign_verified(&keypair, message, point, rand).unwrap();
            let signature = pre_signature.adapt_verified(secret, &key, message).unwrap();
            let extracted = pre_signature.extract(&signature, &key, message, point);
            prop_assert_eq!(extracted.unwrap(), secret.clone());
        }

        #[test]
        fn takes_no_other_secret(secret in scalar(), locked in locked(), other in scalar()) {
            // −t finishes it too: ECDSA does not tell s from −s.
            prop_assume!(other != locked.secret && other != locked.secret.negate());
            let keypair = Keypair::new(secret);
            let Locked { message, point, rand, .. } = &locked;
            let pre_signature = ecdsa::pre_sign(&keypair, message, point, rand).unwrap();
            let adapted = pre_signature.adapt_verified(&other, &keypair.public_key(), message);
            prop_assert!(adapted.is_err());
        }
    }

    #[test]
    fn every_bit_counts() {
        for seed in 0..4 {
            let (secret, locked) = fixed(seed);
            let keypair = Keypair::new(secret);
            let pre_signature =
                ecdsa::pre_sign(&keypair, &locked.message, &locked.point, &locked.rand).unwrap();
            let (bytes, key) = (pre_signature.to_bytes(), keypair.public_key().to_bytes());
            super::every_bit_counts(bytes, key, &locked, |bytes, key, message, point| {
                let (Ok(pre_signature), Ok(key), Ok(point)) = (
                    PreSignature::from_bytes(bytes),
                    Point::from_bytes(key),
                    Point::from_bytes(point),
                ) else {
                    return false;
                };
                pre_signature.verify(&key, message, &point).is_ok()
            });
        }
    }

    /// An adapted signature has a low s, whichever of t and −t made it; and gives the t that has T.
    #[test]
    fn the_opposite_secret_gives_the_same_signature() {
        let (secret, locked) = fixed(0);
        let keypair = Keypair::new(secret);
        let key = keypair.public_key();
        let pre_signature =
            ecdsa::pre_sign(&keypair, &locked.message, &locked.point, &locked.rand).unwrap();
        let signature = pre_signature.adapt(&locked.secret.negate());
        assert_eq!(signature, pre_signature.adapt(&locked.secret));
        let extracted =
            pre_signature.extract(&signature, &key, &locked.message, &locked.point).unwrap();
        assert_eq!(extracted, locked.secret);
    }
}

/// Text of the right length that is no hexadecimal is told apart from text of another length.
#[test]
fn text_is_refused_for_the_right_reason() {
    let pre_signature = schnorr::PreSignature::from_bytes(&[2; 65]).unwrap();
    assert_eq!(pre_signature.to_string().parse(), Ok(pre_signature));
    let parse = |text: &str| text.parse::<schnorr::PreSignature>();
    assert_eq!(parse(&"zz".repeat(65)), Err(AdaptorError::NotHex));
    assert_eq!(parse(&"02".repeat(64)), Err(AdaptorError::Length { expected: 65, actual: 64 }));
}
