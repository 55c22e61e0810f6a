//! `musig2.session` and its variants: whole sessions, the signers of all keys in their order.

use pointlock::adaptor::musig2::{
    AdaptorSession, AggregateNonce, KeyAggContext, Musig2Error, PartialSignature, PublicNonce,
    SecretNonce, Session,
};
use pointlock::curve::{Keypair, Point, SecretScalar};
use serde_json::{Value, json};

use super::fields::{Field, Fields, Refusal};
use super::{scalar_text, strings};

/// How many may sign. Each looks for its key among all, so that a longer list would take time that grows with its square.
pub(super) const MAX_SIGNERS: usize = 1_000;

/// With a lock point, by a party that knows the adaptor secret.
pub(super) fn session(fields: &Fields<'_>) -> Result<Value, Refusal> {
    locked(fields, false)
}

/// The same under a tweaked key.
pub(super) fn tweaked_session(fields: &Fields<'_>) -> Result<Value, Refusal> {
    locked(fields, true)
}

fn locked(fields: &Fields<'_>, tweaked: bool) -> Result<Value, Refusal> {
    let input = Input::read(fields)?;
    let (lock_point, lock_secret) = lock(fields)?;
    let signers = Signers::new(fields, input, tweaked)?;
    let (keys, message) = (signers.keys.clone(), signers.message);
    // What can go wrong from here on, nobody can bring about: R' hashes the lock point.
    let session =
        AdaptorSession::with_lock_point(&keys, &signers.public_nonces, &message, &lock_point)
            .map_err(|error| fields.refuse("adaptor_point", error))?;
    steps(fields, &session);
    let mut answer = signers.answer();
    let partials = signers.sign(fields, &session)?;
    let fault = |error| fields.refuse("session_rands", error);
    let pre_signature = session.aggregate(&partials).map_err(fault)?;
    let signature = pre_signature.adapt(&lock_secret);
    let extracted = pre_signature
        .extract_verified(&signature, &keys.x_only(), &message, &lock_point)
        .map_err(|error| fields.refuse("adaptor_secret", error))?;
    fields.step("extracted_secret", scalar_text(&extracted));
    answer["partial_signatures"] = json!(strings(&partials));
    answer["presignature"] = json!(pre_signature.to_string());
    answer["signature"] = json!(signature.to_string());
    Ok(answer)
}

/// BIP-327 without a lock.
pub(super) fn plain_session(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let signers = Signers::new(fields, Input::read(fields)?, true)?;
    let session = Session::new(&signers.keys, &signers.public_nonces, &signers.message)
        .map_err(|error| fields.refuse("session_rands", error))?;
    steps(fields, &session);
    let mut answer = signers.answer();
    let partials = signers.sign(fields, &session)?;
    let signature =
        session.aggregate(&partials).map_err(|error| fields.refuse("session_rands", error))?;
    answer["partial_signatures"] = json!(strings(&partials));
    answer["signature"] = json!(signature.to_string());
    Ok(answer)
}

fn lock(fields: &Fields<'_>) -> Result<(Point, SecretScalar), Refusal> {
    let lock_point = fields.get("adaptor_point")?.point()?;
    let adaptor_secret = fields.get("adaptor_secret")?;
    let lock_secret = adaptor_secret.secret()?;
    if lock_secret.to_point() == lock_point {
        Ok((lock_point, lock_secret))
    } else {
        Err(adaptor_secret.refuse("not the secret of adaptor_point"))
    }
}

struct Input<'a> {
    keypairs: Vec<Keypair>,
    rands: Vec<Field<'a>>,
    message: [u8; 32],
}

impl<'a> Input<'a> {
    fn read(fields: &Fields<'a>) -> Result<Self, Refusal> {
        let keypairs = fields.get("secret_keys")?.list_up_to(MAX_SIGNERS)?;
        let keypairs = keypairs.iter().map(Field::keypair).collect::<Result<_, _>>()?;
        let rands = fields.get("session_rands")?.list()?;
        let message = fields.get("message")?.bytes()?;
        Ok(Self { keypairs, rands, message })
    }
}

/// All of a session's signers, before the second round.
struct Signers {
    keypairs: Vec<Keypair>,
    keys: KeyAggContext,
    message: [u8; 32],
    secret_nonces: Vec<SecretNonce>,
    public_nonces: Vec<PublicNonce>,
}

impl Signers {
    fn new(fields: &Fields<'_>, input: Input<'_>, tweaked: bool) -> Result<Self, Refusal> {
        let Input { keypairs, rands, message } = input;
        let public_keys: Vec<Point> = keypairs.iter().map(Keypair::public_key).collect();
        let keys = KeyAggContext::new(&public_keys)
            .map_err(|error| fields.refuse("secret_keys", error))?;
        let keys = if tweaked { with_tweaks(fields, keys)? } else { keys };
        if rands.len() != keypairs.len() {
            let (actual, expected) = (rands.len(), keypairs.len());
            let counts = format!("{actual} items for {expected} secret keys");
            return Err(fields.refuse("session_rands", counts));
        }
        let secret_nonces: Vec<SecretNonce> = keypairs
            .iter()
            .zip(&rands)
            .map(|(keypair, rand)| {
                SecretNonce::generate(&mut rand.bytes()?, keypair, &keys.x_only(), &message, None)
                    .map_err(|error| rand.refuse(error))
            })
            .collect::<Result<_, _>>()?;
        let public_nonces = secret_nonces.iter().map(SecretNonce::public_nonce).collect();
        Ok(Self { keypairs, keys, message, secret_nonces, public_nonces })
    }

    fn sign<Lock>(
        self,
        fields: &Fields<'_>,
        session: &Session<Lock>,
    ) -> Result<Vec<PartialSignature>, Refusal> {
        self.secret_nonces
            .into_iter()
            .zip(&self.keypairs)
            .map(|(nonce, keypair)| session.sign_partial(nonce, keypair))
            .collect::<Result<_, _>>()
            .map_err(|error| fields.refuse("session_rands", error))
    }

    fn answer(&self) -> Value {
        json!({
            "public_keys": strings(self.keys.keys()),
            "aggregate_key": self.keys.x_only().to_string(),
            "public_nonces": strings(&self.public_nonces),
            "aggregate_nonce": AggregateNonce::sum(&self.public_nonces).to_string(),
        })
    }
}

/// The keys with the request's tweaks, where it has any.
pub(super) fn with_tweaks(
    fields: &Fields<'_>,
    mut keys: KeyAggContext,
) -> Result<KeyAggContext, Refusal> {
    let Some(tweaks) = fields.optional("tweaks") else { return Ok(keys) };
    for item in tweaks.list()? {
        let tweak = item.object()?;
        let scalar = tweak.get("tweak")?.bytes()?;
        let is_x_only = tweak.get("xonly")?.boolean()?;
        let result =
            if is_x_only { keys.with_xonly_tweak(&scalar) } else { keys.with_plain_tweak(&scalar) };
        keys = result.map_err(|error: Musig2Error| item.refuse(error))?;
    }
    Ok(keys)
}

/// What all signers compute alike.
pub(super) fn steps<Lock>(fields: &Fields<'_>, session: &Session<Lock>) {
    let keys = session.keys();
    let coefficients: Vec<_> = (0..).map_while(|signer| keys.coefficient(signer)).collect();
    fields.step("key_coefficients", strings(&coefficients));
    fields.step("nonce_coefficient", session.nonce_coefficient().to_string());
    fields.step("final_nonce", session.final_nonce().to_string());
    fields.step("challenge", session.challenge().to_string());
}
