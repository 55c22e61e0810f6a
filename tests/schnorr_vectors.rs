//! BIP-340 and the Schnorr adaptor vectors of the Zhe Pang specification.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/standards.rs"]
mod standards;

use pointlock::adaptor::schnorr::{self, PreSignature};
use pointlock::curve::{Keypair, Point, PublicScalar, SecretScalar, Tag, XOnlyPublicKey};
use secp256k1::schnorr::Signature;
use serde::Deserialize;

use standards::{Expected, array, bytes};

fn key(text: &str) -> Option<XOnlyPublicKey> {
    XOnlyPublicKey::from_slice(&bytes(text)).ok()
}

fn keypair(secret: &str) -> Keypair {
    Keypair::from_secret_bytes(&array(secret)).unwrap()
}

fn scalar(text: &str) -> SecretScalar {
    SecretScalar::from_bytes(&array(text)).unwrap()
}

fn signature(text: &str) -> Signature {
    Signature::from_slice(&bytes(text)).unwrap()
}

/// BIP-340 from its text, with this crate's tagged hashes, points and scalars. The library itself signs and verifies
/// hashes of 32 bytes only; the standard has messages of other lengths, too.
mod text {
    use super::*;

    static AUX: Tag = Tag::new("BIP0340/aux");
    static NONCE: Tag = Tag::new("BIP0340/nonce");
    static CHALLENGE: Tag = Tag::new("BIP0340/challenge");

    pub(super) fn sign(secret: &SecretScalar, message: &[u8], aux_rand: &[u8; 32]) -> [u8; 64] {
        let even = |scalar: SecretScalar| {
            if scalar.to_point().is_odd() { scalar.negate() } else { scalar }
        };
        let secret = even(secret.clone());
        let key = secret.to_point().x_only().serialize();
        let mut mask = AUX.hash(&[aux_rand]);
        mask.iter_mut().zip(*secret.dangerous_to_bytes()).for_each(|(byte, other)| *byte ^= other);
        let nonce = SecretScalar::from_hash(&NONCE.hash(&[&mask, &key, message])).unwrap();
        let nonce = even(nonce);
        let nonce_x = nonce.to_point().x_only().serialize();
        let challenge = PublicScalar::from_hash(&CHALLENGE.hash(&[&nonce_x, &key, message]));
        let s = nonce.add(&secret.mul_public(&challenge).unwrap()).unwrap();
        [nonce_x, *s.dangerous_to_bytes()].concat().try_into().unwrap()
    }

    pub(super) fn verifies(signature: &[u8; 64], key: &XOnlyPublicKey, message: &[u8]) -> bool {
        let (nonce_x, s) = signature.split_at(32);
        let challenge = CHALLENGE.hash(&[nonce_x, &key.serialize(), message]);
        let challenge = PublicScalar::from_hash(&challenge);
        // R = s·G − e·P
        let nonce = PublicScalar::from_bytes(s.try_into().unwrap())
            .and_then(|s| s.to_point()?.sub(&Point::from(*key).mul_public(&challenge)?));
        nonce.is_ok_and(|nonce| !nonce.is_odd() && nonce.x_only().serialize() == nonce_x)
    }
}

#[derive(Deserialize)]
struct SignatureRow {
    name: String,
    expected: Expected,
    secret_key: Option<String>,
    public_key: String,
    aux_rand: Option<String>,
    message: String,
    signature: String,
}

#[test]
fn bip340() {
    let (mut hashes, mut others) = (0, 0);
    for row in standards::rows::<SignatureRow>("bip340.json", 19) {
        let (name, message) = (&row.name, bytes(&row.message));
        let (key, expected) = (key(&row.public_key), row.expected.is_valid());
        let encoded: [u8; 64] = array(&row.signature);
        let by_text = key.is_some_and(|key| text::verifies(&encoded, &key, &message));
        assert_eq!(by_text, expected, "{name}");
        let keypair = row.secret_key.as_deref().map(keypair);
        if let Some(keypair) = &keypair {
            assert_eq!(Some(keypair.x_only_public_key()), key, "{name}");
            let aux_rand = array(row.aux_rand.as_ref().unwrap());
            let made = text::sign(keypair.secret_key(), &message, &aux_rand);
            assert_eq!(made, encoded, "{name}");
        }
        let Ok(message) = <[u8; 32]>::try_from(message) else {
            others += 1;
            continue;
        };
        let signature = signature(&row.signature);
        let valid =
            key.is_some_and(|key| schnorr::verify_signature(&signature, &key, &message).is_ok());
        assert_eq!(valid, expected, "{name}");
        if let Some(keypair) = &keypair {
            let aux_rand = array(row.aux_rand.as_ref().unwrap());
            assert_eq!(keypair.sign_schnorr(&message, &aux_rand), signature, "{name}");
        }
        hashes += 1;
    }
    assert_eq!((hashes, others), (15, 4));
}

#[derive(Deserialize)]
struct PreSignRow {
    name: String,
    expected: Expected,
    secret_key: Option<String>,
    public_key: String,
    aux_rand: Option<String>,
    message: String,
    adaptor_point: String,
    presignature: String,
}

impl PreSignRow {
    fn verifies(&self) -> bool {
        let lock_point = Point::from_bytes(&array(&self.adaptor_point));
        let pre_signature = PreSignature::from_bytes(&array(&self.presignature));
        let (Some(key), Ok(lock_point), Ok(pre_signature)) =
            (key(&self.public_key), lock_point, pre_signature)
        else {
            return false;
        };
        pre_signature.verify(&key, &array(&self.message), &lock_point).is_ok()
    }
}

#[test]
fn pre_signatures() {
    let mut made = 0;
    for row in standards::rows::<PreSignRow>("schnorr-adaptor/pre_sign.json", 15) {
        let name = &row.name;
        if let Some(secret_key) = &row.secret_key {
            let lock_point = Point::from_bytes(&array(&row.adaptor_point)).unwrap();
            let aux_rand = array(row.aux_rand.as_ref().unwrap());
            let pre_signature = schnorr::pre_sign_verified(
                &keypair(secret_key),
                &array(&row.message),
                &lock_point,
                &aux_rand,
            );
            assert_eq!(pre_signature.unwrap().to_bytes(), array(&row.presignature), "{name}");
            made += 1;
        }
        assert_eq!(row.verifies(), row.expected.is_valid(), "{name}");
    }
    assert_eq!(made, 2);
}

#[derive(Deserialize)]
struct AdaptRow {
    name: String,
    expected: Expected,
    public_key: String,
    message: String,
    adaptor_secret: String,
    presignature: String,
    signature: String,
}

#[test]
fn adapted_signatures() {
    for row in standards::rows::<AdaptRow>("schnorr-adaptor/adapt.json", 5) {
        let name = &row.name;
        let pre_signature = PreSignature::from_bytes(&array(&row.presignature)).unwrap();
        let lock_secret = scalar(&row.adaptor_secret);
        let made = pre_signature.adapt(&lock_secret);
        assert_eq!(made, signature(&row.signature), "{name}");
        let (key, message) = (key(&row.public_key).unwrap(), array(&row.message));
        let valid = schnorr::verify_signature(&made, &key, &message).is_ok();
        assert_eq!(valid, row.expected.is_valid(), "{name}");
        let verified = pre_signature.adapt_verified(&lock_secret, &key, &message);
        assert_eq!(verified.is_ok(), valid, "{name}");
    }
}

#[derive(Deserialize)]
struct ExtractRow {
    name: String,
    expected: Expected,
    presignature: String,
    signature: String,
    adaptor_secret: String,
}

/// The rows to extract from have no key, message and point: they are those of the row of the other two files that
/// has the same pre-signature.
#[test]
fn extracted_secrets() {
    let pre_signing: Vec<PreSignRow> = standards::rows("schnorr-adaptor/pre_sign.json", 15);
    let adapting: Vec<AdaptRow> = standards::rows("schnorr-adaptor/adapt.json", 5);
    for row in standards::rows::<ExtractRow>("schnorr-adaptor/extract.json", 4) {
        let name = &row.name;
        let adapted = adapting.iter().find(|other| other.presignature == row.presignature);
        let (public_key, message, secret) = match adapted {
            Some(found) => (&found.public_key, &found.message, &found.adaptor_secret),
            None => {
                let usable = |other: &&PreSignRow| {
                    other.presignature == row.presignature && key(&other.public_key).is_some()
                };
                match pre_signing.iter().find(usable) {
                    Some(found) => (&found.public_key, &found.message, &row.adaptor_secret),
                    // Such a pre-signature stands only in rows with a broken key; then key and message of
                    // the adapt rows that have the same secret.
                    None => {
                        let found = adapting
                            .iter()
                            .find(|other| other.adaptor_secret == row.adaptor_secret)
                            .expect("a row with this secret");
                        (&found.public_key, &found.message, &row.adaptor_secret)
                    }
                }
            }
        };
        let (key, lock_point) = (key(public_key).unwrap(), scalar(secret).to_point());
        let pre_signature = PreSignature::from_bytes(&array(&row.presignature)).unwrap();
        let signature = signature(&row.signature);
        let message = array(message);
        let extracted = pre_signature.extract_verified(&signature, &key, &message, &lock_point);
        if row.expected.is_valid() {
            assert_eq!(extracted, Ok(scalar(&row.adaptor_secret)), "{name}");
        } else {
            assert!(extracted.is_err(), "{name}");
        }
    }
}
