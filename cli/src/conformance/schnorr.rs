//! `schnorr.*`

use pointlock::adaptor::schnorr::{self, BatchItem, PreSignature};
use pointlock::adaptor::{AdaptorError, BatchError};
use pointlock::curve::{Point, XOnlyPublicKey};
use secp256k1::schnorr::Signature;
use serde_json::{Value, json};

use super::fields::{Fields, Refusal};
use super::verdict;

pub(super) fn pre_sign(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let keypair = fields.get("secret_key")?.keypair()?;
    let message = fields.get("message")?.bytes()?;
    let lock_point = fields.get("adaptor_point")?.point()?;
    let aux_rand = fields.get("aux_rand")?;
    let pre_signature = schnorr::pre_sign(&keypair, &message, &lock_point, &aux_rand.bytes()?)
        .map_err(|error| aux_rand.refuse(error))?;
    Ok(json!({
        "public_key": keypair.x_only_public_key().to_string(),
        "presignature": pre_signature.to_string(),
    }))
}

pub(super) fn verify(fields: &Fields<'_>) -> Result<Value, Refusal> {
    verdict(fields, is_valid(fields))
}

/// All at once: the verdict on each item is that of `schnorr.verify`.
pub(super) fn verify_batch(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let items = fields.get("items")?.list()?;
    let items: Vec<Item> =
        items.iter().map(|item| Item::read(&item.object()?)).collect::<Result<_, _>>()?;
    // What stands for no pre-signature at all takes no part.
    let (places, batch): (Vec<usize>, Vec<BatchItem<'_>>) =
        items.iter().enumerate().filter_map(|(i, item)| Some((i, item.batch_item()?))).unzip();
    let refused = schnorr::verify_batch(&batch).err();
    let refused: Vec<usize> =
        refused.iter().flat_map(BatchError::indices).map(|index| places[index]).collect();
    let is_invalid =
        |i: &usize| items[*i].pre_signature.is_none() || refused.binary_search(i).is_ok();
    let invalid: Vec<usize> = (0..items.len()).filter(is_invalid).collect();
    Ok(json!({ "valid": invalid.is_empty(), "invalid": invalid }))
}

/// What a batch multiplies each of its items with.
pub(super) fn batch_coefficients(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let items = fields.get("items")?.list()?;
    let items: Vec<Signed> =
        items.iter().map(|item| Signed::read(&item.object()?)).collect::<Result<_, _>>()?;
    let batch: Vec<BatchItem<'_>> = items.iter().map(Signed::batch_item).collect();
    let coefficients = schnorr::batch_coefficients(&batch);
    let coefficients: Vec<String> = coefficients.iter().map(hex::encode).collect();
    Ok(json!({ "coefficients": coefficients }))
}

/// A pre-signature, or a plain signature.
enum Signed {
    Before(Item, PreSignature),
    Plain { public_key: XOnlyPublicKey, message: [u8; 32], signature: Signature },
}

impl Signed {
    fn read(fields: &Fields<'_>) -> Result<Self, Refusal> {
        if let Some(signature) = fields.optional("signature") {
            let public_key = fields.get("public_key")?.x_only()?;
            let message = fields.get("message")?.bytes()?;
            let signature = Signature::from_slice(&signature.bytes::<64>()?)
                .map_err(|error| signature.refuse(error))?;
            return Ok(Self::Plain { public_key, message, signature });
        }
        let item = Item::read(fields)?;
        let encoded = fields.get("presignature")?;
        let pre_signature =
            PreSignature::from_bytes(&encoded.bytes()?).map_err(|error| encoded.refuse(error))?;
        Ok(Self::Before(item, pre_signature))
    }

    fn batch_item(&self) -> BatchItem<'_> {
        match self {
            Self::Before(Item { public_key, message, lock_point, .. }, pre_signature) => {
                BatchItem::PreSignature { public_key, message, lock_point, pre_signature }
            }
            Self::Plain { public_key, message, signature } => {
                BatchItem::Signature { public_key, message, signature }
            }
        }
    }
}

pub(super) fn adapt(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let encoded = fields.get("presignature")?;
    let pre_signature =
        PreSignature::from_bytes(&encoded.bytes()?).map_err(|error| encoded.refuse(error))?;
    let lock_secret = fields.get("adaptor_secret")?.secret()?;
    Ok(json!({ "signature": pre_signature.adapt(&lock_secret).to_string() }))
}

pub(super) fn extract(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let public_key = fields.get("public_key")?.x_only()?;
    let message = fields.get("message")?.bytes()?;
    let lock_point = fields.get("adaptor_point")?.point()?;
    let encoded = fields.get("presignature")?;
    let pre_signature =
        PreSignature::from_bytes(&encoded.bytes()?).map_err(|error| encoded.refuse(error))?;
    let signature = fields.get("signature")?;
    let finished = Signature::from_slice(&signature.bytes::<64>()?)
        .map_err(|error| signature.refuse(error))?;
    let lock_secret = pre_signature
        .extract_verified(&finished, &public_key, &message, &lock_point)
        .map_err(|error| match error {
            AdaptorError::InvalidSignature | AdaptorError::NonceMismatch => signature.refuse(error),
            _ => encoded.refuse(error),
        })?;
    Ok(json!({ "adaptor_secret": hex::encode(*lock_secret.dangerous_to_bytes()) }))
}

fn is_valid(fields: &Fields<'_>) -> Result<bool, Refusal> {
    Ok(Item::read(fields)?.batch_item().is_some_and(|item| item.verify().is_ok()))
}

/// What `schnorr.verify` takes.
struct Item {
    public_key: XOnlyPublicKey,
    message: [u8; 32],
    lock_point: Point,
    /// Whatever 65 bytes stand here, they are right or wrong, and no error.
    pre_signature: Option<PreSignature>,
}

impl Item {
    fn read(fields: &Fields<'_>) -> Result<Self, Refusal> {
        let public_key = fields.get("public_key")?.x_only()?;
        let message = fields.get("message")?.bytes()?;
        let lock_point = fields.get("adaptor_point")?.point()?;
        let pre_signature = PreSignature::from_bytes(&fields.get("presignature")?.bytes()?).ok();
        Ok(Self { public_key, message, lock_point, pre_signature })
    }

    fn batch_item(&self) -> Option<BatchItem<'_>> {
        let Self { public_key, message, lock_point, pre_signature } = self;
        let pre_signature = pre_signature.as_ref()?;
        Some(BatchItem::PreSignature { public_key, message, lock_point, pre_signature })
    }
}
