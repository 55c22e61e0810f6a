//! The DLC specification's vectors of ECDSA adaptor signatures, and our own.
//!
//! All of them run with a context that is blinded by `randomize_context`: it is made by one libsecp256k1 and used by
//! another, that of libsecp256k1-zkp. The conformance tests of the command run the same rows with a plain one.

#![cfg(feature = "ecdsa")]
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/own.rs"]
mod own;
#[path = "common/standards.rs"]
mod standards;

use std::sync::Once;

use pointlock::adaptor::AdaptorError;
use pointlock::adaptor::ecdsa::{self, PreSignature};
use pointlock::curve::{Keypair, Point, SecretScalar, randomize_context};
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId, Signature};
use secp256k1::{Message, Secp256k1};
use serde::Deserialize;
use serde_json::{Value, json};

use own::{Refusal, array};
use standards::Expected;

fn blind_the_context() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| randomize_context(&[0x5a; 32]).unwrap());
}

#[derive(Deserialize)]
struct Row {
    name: String,
    op: String,
    expected: Expected,
    /// Of what can't be decoded.
    reason: Option<String>,
    presignature: String,
    public_key: Option<String>,
    message: Option<String>,
    adaptor_point: Option<String>,
    adaptor_secret: Option<String>,
    signature: Option<String>,
}

impl Row {
    fn pre_signature(&self) -> PreSignature {
        self.presignature.parse().unwrap()
    }
}

fn point(text: &Option<String>) -> Point {
    text.as_ref().unwrap().parse().unwrap()
}

fn secret(text: &str) -> SecretScalar {
    SecretScalar::from_bytes(&standards::array(text)).unwrap()
}

fn signature(text: &Option<String>) -> Signature {
    Signature::from_compact(&standards::array::<64>(text.as_ref().unwrap())).unwrap()
}

#[test]
fn dlc_specification() {
    blind_the_context();
    for row in standards::rows::<Row>("dlc.json", 11) {
        match row.op.as_str() {
            "verify" => verify_of_standard(&row),
            "extract" => extract_of_standard(&row),
            "decode" => decode_of_standard(&row),
            op => panic!("unknown operation {op}"),
        }
    }
}

fn verify_of_standard(row: &Row) {
    let (name, pre_signature) = (&row.name, row.pre_signature());
    let key = point(&row.public_key);
    let message = standards::array(row.message.as_ref().unwrap());
    let lock_point = point(&row.adaptor_point);
    let verdict = pre_signature.verify(&key, &message, &lock_point);
    if !row.expected.is_valid() {
        assert_eq!(verdict, Err(AdaptorError::InvalidPreSignature), "{name}");
        return;
    }
    assert_eq!(verdict, Ok(()), "{name}");
    let (secret, signature) =
        (secret(row.adaptor_secret.as_ref().unwrap()), signature(&row.signature));
    assert_eq!(pre_signature.adapt_verified(&secret, &key, &message), Ok(signature), "{name}");
    let extracted = pre_signature.extract(&signature, &key, &message, &lock_point);
    assert_eq!(extracted, Ok(secret), "{name}");
}

/// These rows have no key and no message. Any message has a key under which the signature is valid: the one that
/// is recovered from the two.
fn extract_of_standard(row: &Row) {
    let (name, pre_signature) = (&row.name, row.pre_signature());
    let (signature, message) = (signature(&row.signature), [1; 32]);
    let lock_point = point(&row.adaptor_point);
    let Some(adaptor_secret) = &row.adaptor_secret else {
        assert!(!row.expected.is_valid(), "{name}");
        let extracted = pre_signature.extract(&signature, &lock_point, &message, &lock_point);
        assert_eq!(extracted, Err(AdaptorError::NonceMismatch), "{name}");
        return;
    };
    assert!(row.expected.is_valid(), "{name}");
    let recoverable = RecoverableSignature::from_compact(
        &signature.serialize_compact(),
        RecoveryId::from_i32(0).unwrap(),
    );
    let key = Secp256k1::verification_only()
        .recover_ecdsa(&Message::from_digest(message), &recoverable.unwrap());
    let extracted = pre_signature.extract(&signature, &key.unwrap().into(), &message, &lock_point);
    assert_eq!(extracted, Ok(secret(adaptor_secret)), "{name}");
}

fn decode_of_standard(row: &Row) {
    let (name, parsed) = (&row.name, row.presignature.parse::<PreSignature>());
    if row.expected.is_valid() {
        assert_eq!(parsed.unwrap().to_string(), row.presignature, "{name}");
        return;
    }
    assert!(row.expected.blames("presignature", None), "{name}");
    let expected = match row.reason.as_deref() {
        Some("zero") => AdaptorError::ScalarZero,
        Some("out_of_range") => AdaptorError::ScalarOutOfRange,
        reason => panic!("{name}: {reason:?}"),
    };
    assert_eq!(parsed, Err(expected), "{name}");
}

#[test]
fn own_rows() {
    blind_the_context();
    own::check(
        "ecdsa",
        &[
            ("ecdsa.pre_sign", 50, pre_sign),
            ("ecdsa.verify", 111, verify),
            ("ecdsa.adapt", 42, adapt),
            ("ecdsa.extract", 81, extract),
        ],
    );
}

fn pre_sign(row: &own::Row) -> Result<Value, Refusal> {
    let keypair = Keypair::new(row.get("secret_key", own::secret)?);
    let (message, aux_rand) = (row.get("message", array)?, row.get("aux_rand", array)?);
    let lock_point = row.get("adaptor_point", own::point)?;
    let pre_signature =
        ecdsa::pre_sign_verified(&keypair, &message, &lock_point, &aux_rand).unwrap();
    assert_eq!(hex::encode(pre_signature.signature_r()), row.intermediate["signature_r"]);
    Ok(json!({
        "public_key": keypair.public_key().to_string(), "presignature": pre_signature.to_string(),
    }))
}

fn verify(row: &own::Row) -> Result<Value, Refusal> {
    let key = row.get("public_key", own::point)?;
    let message = row.get("message", array)?;
    let lock_point = row.get("adaptor_point", own::point)?;
    let encoded: [u8; 162] = row.get("presignature", array)?;
    let verdict = PreSignature::from_bytes(&encoded)
        .and_then(|pre_signature| pre_signature.verify(&key, &message, &lock_point));
    Ok(json!({ "valid": verdict.is_ok() }))
}

fn pre_signature(bytes: &[u8]) -> Option<PreSignature> {
    PreSignature::from_slice(bytes).ok()
}

fn adapt(row: &own::Row) -> Result<Value, Refusal> {
    let pre_signature = row.get("presignature", pre_signature)?;
    let lock_secret = row.get("adaptor_secret", own::secret)?;
    let key = own::point(&own::bytes(&row.context["public_key"])).unwrap();
    let message = array(&own::bytes(&row.context["message"])).unwrap();
    let verified = pre_signature.adapt_verified(&lock_secret, &key, &message);
    assert_eq!(verified.is_ok(), row.is_valid());
    let signature = pre_signature.adapt(&lock_secret).serialize_compact();
    Ok(json!({ "signature": hex::encode(signature) }))
}

fn extract(row: &own::Row) -> Result<Value, Refusal> {
    let key = row.get("public_key", own::point)?;
    let message = row.get("message", array)?;
    let lock_point = row.get("adaptor_point", own::point)?;
    let signature: [u8; 64] = row.get("signature", array)?;
    let pre_signature = row.get("presignature", pre_signature)?;
    let signature = Signature::from_compact(&signature).map_err(|_| ("signature", None))?;
    let extracted = pre_signature
        .extract(&signature, &key, &message, &lock_point)
        .map_err(|_| ("presignature", None))?;
    Ok(json!({ "adaptor_secret": hex::encode(*extracted.dangerous_to_bytes()) }))
}
