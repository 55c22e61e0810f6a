//! `ecdsa.*`

use pointlock::adaptor::AdaptorError;
use pointlock::adaptor::ecdsa::{self, PreSignature};
use secp256k1::ecdsa::Signature;
use serde_json::{Value, json};

use super::fields::{Fields, Refusal};
use super::verdict;

pub(super) fn pre_sign(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let keypair = fields.get("secret_key")?.keypair()?;
    let message = fields.get("message")?.bytes()?;
    let lock_point = fields.get("adaptor_point")?.point()?;
    let aux_rand = fields.get("aux_rand")?;
    let pre_signature = ecdsa::pre_sign(&keypair, &message, &lock_point, &aux_rand.bytes()?)
        .map_err(|error| aux_rand.refuse(error))?;
    Ok(json!({
        "public_key": keypair.public_key().to_string(),
        "presignature": pre_signature.to_string(),
    }))
}

pub(super) fn verify(fields: &Fields<'_>) -> Result<Value, Refusal> {
    verdict(fields, is_valid(fields))
}

/// Whatever 162 bytes stand for the pre-signature, they are right or wrong, and no error.
fn is_valid(fields: &Fields<'_>) -> Result<bool, Refusal> {
    let public_key = fields.get("public_key")?.point()?;
    let message = fields.get("message")?.bytes()?;
    let lock_point = fields.get("adaptor_point")?.point()?;
    let encoded = fields.get("presignature")?.bytes()?;
    let verdict = PreSignature::from_bytes(&encoded)
        .and_then(|pre_signature| pre_signature.verify(&public_key, &message, &lock_point));
    Ok(verdict.is_ok())
}

pub(super) fn adapt(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let encoded = fields.get("presignature")?;
    let pre_signature =
        PreSignature::from_bytes(&encoded.bytes()?).map_err(|error| encoded.refuse(error))?;
    let lock_secret = fields.get("adaptor_secret")?.secret()?;
    let signature = pre_signature.adapt(&lock_secret);
    Ok(json!({ "signature": hex::encode(signature.serialize_compact()) }))
}

pub(super) fn extract(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let public_key = fields.get("public_key")?.point()?;
    let message = fields.get("message")?.bytes()?;
    let lock_point = fields.get("adaptor_point")?.point()?;
    let encoded = fields.get("presignature")?;
    let pre_signature =
        PreSignature::from_bytes(&encoded.bytes()?).map_err(|error| encoded.refuse(error))?;
    let signature = fields.get("signature")?;
    let finished = Signature::from_compact(&signature.bytes::<64>()?)
        .map_err(|error| signature.refuse(error))?;
    let lock_secret = pre_signature
        .extract(&finished, &public_key, &message, &lock_point)
        .map_err(|error| match error {
            AdaptorError::InvalidSignature | AdaptorError::NonceMismatch => signature.refuse(error),
            _ => encoded.refuse(error),
        })?;
    Ok(json!({ "adaptor_secret": hex::encode(*lock_secret.dangerous_to_bytes()) }))
}
