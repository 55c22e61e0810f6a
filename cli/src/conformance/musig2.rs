//! `musig2.*`

use pointlock::adaptor::musig2::{
    AdaptorSession, AggregateNonce, KeyAggContext, PartialSignature, PublicNonce, SecretNonce,
};
use pointlock::curve::{Keypair, Point};
use serde_json::{Value, json};

use super::fields::{Field, Fields, Refusal};

/// How many may sign. Each looks for its key among all, so that a longer list would take time that grows with its square.
const MAX_SIGNERS: usize = 1_000;

/// A whole adaptor session: the signers of all keys, in their order, and who knows the adaptor secret.
pub(super) fn session(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let secret_keys = fields.get("secret_keys")?;
    let keypairs: Vec<Keypair> = secret_keys
        .list_up_to(MAX_SIGNERS)?
        .iter()
        .map(Field::keypair)
        .collect::<Result<_, _>>()?;
    let session_rands = fields.get("session_rands")?;
    let rands = session_rands.list()?;
    let message = fields.get("message")?.bytes()?;
    let adaptor_point = fields.get("adaptor_point")?;
    let lock_point = adaptor_point.point()?;
    let adaptor_secret = fields.get("adaptor_secret")?;
    let lock_secret = adaptor_secret.secret()?;
    if lock_secret.to_point() != lock_point {
        return Err(adaptor_secret.refuse("not the secret of adaptor_point"));
    }

    let public_keys: Vec<Point> = keypairs.iter().map(Keypair::public_key).collect();
    let keys = KeyAggContext::new(&public_keys).map_err(|error| secret_keys.refuse(error))?;
    if rands.len() != keypairs.len() {
        let (actual, expected) = (rands.len(), keypairs.len());
        return Err(session_rands.refuse(format!("{actual} items for {expected} secret keys")));
    }
    let mut secret_nonces = Vec::with_capacity(keypairs.len());
    for (keypair, rand) in keypairs.iter().zip(&rands) {
        let nonce =
            SecretNonce::generate(&mut rand.bytes()?, keypair, &keys.x_only(), &message, None)
                .map_err(|error| rand.refuse(error))?;
        secret_nonces.push(nonce);
    }
    let public_nonces: Vec<PublicNonce> =
        secret_nonces.iter().map(SecretNonce::public_nonce).collect();
    // What can go wrong from here on, nobody can bring about: R' hashes the lock point.
    let session = AdaptorSession::with_lock_point(&keys, &public_nonces, &message, &lock_point)
        .map_err(|error| adaptor_point.refuse(error))?;
    let partials: Vec<PartialSignature> = secret_nonces
        .into_iter()
        .zip(&keypairs)
        .map(|(nonce, keypair)| session.sign_partial(nonce, keypair))
        .collect::<Result<_, _>>()
        .map_err(|error| session_rands.refuse(error))?;
    let pre_signature =
        session.aggregate(&partials).map_err(|error| session_rands.refuse(error))?;

    Ok(json!({
        "public_keys": strings(&public_keys),
        "aggregate_key": keys.x_only().to_string(),
        "public_nonces": strings(&public_nonces),
        "aggregate_nonce": AggregateNonce::sum(&public_nonces).to_string(),
        "partial_signatures": strings(&partials),
        "presignature": pre_signature.to_string(),
        "signature": pre_signature.adapt(&lock_secret).to_string(),
    }))
}

fn strings<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(T::to_string).collect()
}
