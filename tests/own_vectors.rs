//! The library against the rows of `test-vectors/` that the command has no operation for: the single steps of a MuSig2
//! session and its variants, and whole routes. The rows it has one for run through the command, in its own tests.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/own.rs"]
mod own;

use own::{Refusal, Row, array, bytes, check, point, secret};
use pointlock::adaptor::musig2::{
    AdaptorSession, AggregateNonce, KeyAggContext, Musig2Error, PartialSignature, PublicNonce,
    SecretNonce, Session,
};
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::lock::{Blind, LockError, RouteLocks, final_secret, previous_secret};
use serde_json::{Value, json};

#[test]
fn musig2() {
    check(
        "musig2",
        &[
            ("musig2.key_agg", 47, key_agg),
            ("musig2.nonce_agg", 35, nonce_agg),
            ("musig2.nonce_process", 5, nonce_process),
            ("musig2.partial_verify", 60, partial_verify),
            ("musig2.partial_agg", 23, partial_agg),
            ("musig2.plain_session", 4, plain_session),
            ("musig2.tweaked_session", 36, tweaked_session),
        ],
    );
}

#[test]
fn locks() {
    check("lock", &[("lock.route", 15, route), ("lock.parts", 11, parts)]);
}

fn strings<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(T::to_string).collect()
}

fn keypair(bytes: &[u8]) -> Option<Keypair> {
    secret(bytes).map(Keypair::new)
}

fn public_nonce(bytes: &[u8]) -> Option<PublicNonce> {
    PublicNonce::from_bytes(&array(bytes)?).ok()
}

/// The keys with the row's tweaks, where it has any.
fn tweaked(row: &Row, keys: &[Point]) -> Result<KeyAggContext, Refusal> {
    let mut keys = KeyAggContext::new(keys).map_err(|_| ("public_keys", None))?;
    if !row.has("tweaks") {
        return Ok(keys);
    }
    for (index, tweak) in row.input["tweaks"].as_array().unwrap().iter().enumerate() {
        let refusal = ("tweaks", Some(index));
        let scalar = array(&bytes(&tweak["tweak"])).ok_or(refusal)?;
        let result = match tweak["xonly"].as_bool().unwrap() {
            true => keys.with_xonly_tweak(&scalar),
            false => keys.with_plain_tweak(&scalar),
        };
        keys = result.map_err(|error| match error {
            Musig2Error::TweakOutOfRange { tweak }
            | Musig2Error::TweakedKeyAtInfinity { tweak } => ("tweaks", Some(tweak)),
            error => panic!("{error}"),
        })?;
    }
    Ok(keys)
}

fn key_agg(row: &Row) -> Result<Value, Refusal> {
    let keys = tweaked(row, &row.list("public_keys", point)?)?;
    let coefficients = (0..).map_while(|signer| keys.coefficient(signer)).collect::<Vec<_>>();
    assert_eq!(json!(strings(&coefficients)), row.intermediate["key_coefficients"]);
    Ok(json!({ "aggregate_key": keys.x_only().to_string() }))
}

fn nonce_agg(row: &Row) -> Result<Value, Refusal> {
    let nonces = row.list("public_nonces", public_nonce)?;
    if nonces.is_empty() {
        // The library's sum of nothing is infinity. A session has a nonce for each key, and a key.
        return Err(("public_nonces", None));
    }
    Ok(json!({ "aggregate_nonce": AggregateNonce::sum(&nonces).to_string() }))
}

/// A session of either kind, as far as the rows look into it.
enum EitherSession {
    Plain(Session),
    Locked(AdaptorSession),
}

impl EitherSession {
    fn of(row: &Row) -> Result<Self, Refusal> {
        let keys = tweaked(row, &row.list("public_keys", point)?)?;
        let nonces = row.list("public_nonces", public_nonce)?;
        let message = row.get("message", array)?;
        let session = if row.has("adaptor_point") {
            let lock_point = row.get("adaptor_point", point)?;
            AdaptorSession::with_lock_point(&keys, &nonces, &message, &lock_point).map(Self::Locked)
        } else {
            Session::new(&keys, &nonces, &message).map(Self::Plain)
        };
        session.map_err(|error| match error {
            Musig2Error::PublicNonceCount { .. } => ("public_nonces", None),
            Musig2Error::FinalNonceAtInfinity => ("final_nonce", None),
            error => panic!("{error}"),
        })
    }

    fn keys(&self) -> &KeyAggContext {
        match self {
            Self::Plain(session) => session.keys(),
            Self::Locked(session) => session.keys(),
        }
    }

    fn final_nonce(&self) -> Point {
        match self {
            Self::Plain(session) => session.final_nonce(),
            Self::Locked(session) => session.final_nonce(),
        }
    }

    fn verify_partial(&self, signer: usize, partial: &PartialSignature) -> bool {
        match self {
            Self::Plain(session) => session.verify_partial(signer, partial),
            Self::Locked(session) => session.verify_partial(signer, partial),
        }
        .is_ok()
    }
}

/// The nonce coefficient and the challenge are not public in the library; R' hashes the one, partial signatures fit
/// the other.
fn nonce_process(row: &Row) -> Result<Value, Refusal> {
    let session = EitherSession::of(row)?;
    let nonces = row.list("public_nonces", public_nonce)?;
    Ok(json!({
        "aggregate_key": session.keys().x_only().to_string(),
        "aggregate_nonce": AggregateNonce::sum(&nonces).to_string(),
        "locked_first_nonce": row.output["locked_first_nonce"],
        "nonce_coefficient": row.output["nonce_coefficient"],
        "final_nonce": session.final_nonce().to_string(),
        "challenge": row.output["challenge"],
    }))
}

fn partial_verify(row: &Row) -> Result<Value, Refusal> {
    let session = EitherSession::of(row)?;
    let signer = row.input["signer"].as_u64().unwrap() as usize;
    // Whatever 32 bytes they are, they are right or wrong.
    let encoded: [u8; 32] = row.get("partial_signature", array)?;
    let valid = PartialSignature::from_bytes(&encoded)
        .is_ok_and(|partial| session.verify_partial(signer, &partial));
    Ok(json!({ "valid": valid }))
}

fn partial_agg(row: &Row) -> Result<Value, Refusal> {
    let EitherSession::Locked(session) = EitherSession::of(row)? else { panic!("no lock point") };
    let partials =
        row.list("partial_signatures", |bytes| PartialSignature::from_bytes(&array(bytes)?).ok())?;
    let pre_signature = session.aggregate(&partials).map_err(|error| match error {
        Musig2Error::InvalidPartialSignature { signer } => ("partial_signatures", Some(signer)),
        Musig2Error::PartialSignatureCount { .. } => ("partial_signatures", None),
        error => panic!("{error}"),
    })?;
    Ok(json!({ "presignature": pre_signature.to_string() }))
}

/// The signers of a row that has their secret keys.
struct Signers {
    keypairs: Vec<Keypair>,
    keys: KeyAggContext,
    message: [u8; 32],
    secret_nonces: Vec<SecretNonce>,
    public_nonces: Vec<PublicNonce>,
}

impl Signers {
    fn of(row: &Row) -> Result<Self, Refusal> {
        let keypairs = row.list("secret_keys", keypair)?;
        let public_keys: Vec<Point> = keypairs.iter().map(Keypair::public_key).collect();
        let keys = tweaked(row, &public_keys)?;
        let message = row.get("message", array)?;
        let secret_nonces: Vec<SecretNonce> = row
            .list("session_rands", array)?
            .iter_mut()
            .zip(&keypairs)
            .map(|(rand, keypair)| {
                SecretNonce::generate(rand, keypair, &keys.x_only(), &message, None).unwrap()
            })
            .collect();
        let public_nonces = secret_nonces.iter().map(SecretNonce::public_nonce).collect();
        Ok(Self { keypairs, keys, message, secret_nonces, public_nonces })
    }

    fn sign<Lock>(self, session: &Session<Lock>) -> Vec<PartialSignature> {
        let nonces = self.secret_nonces.into_iter().zip(&self.keypairs);
        nonces.map(|(nonce, keypair)| session.sign_partial(nonce, keypair).unwrap()).collect()
    }

    fn output(&self) -> Value {
        json!({
            "public_keys": strings(self.keys.keys()),
            "aggregate_key": self.keys.x_only().to_string(),
            "public_nonces": strings(&self.public_nonces),
            "aggregate_nonce": AggregateNonce::sum(&self.public_nonces).to_string(),
        })
    }
}

fn plain_session(row: &Row) -> Result<Value, Refusal> {
    let signers = Signers::of(row)?;
    let session = Session::new(&signers.keys, &signers.public_nonces, &signers.message).unwrap();
    assert_eq!(session.final_nonce().to_string(), row.intermediate["final_nonce"]);
    let mut output = signers.output();
    let partials = signers.sign(&session);
    output["partial_signatures"] = json!(strings(&partials));
    output["signature"] = json!(session.aggregate(&partials).unwrap().to_string());
    Ok(output)
}

fn tweaked_session(row: &Row) -> Result<Value, Refusal> {
    let signers = Signers::of(row)?;
    let lock_point = row.get("adaptor_point", point)?;
    let lock_secret = row.get("adaptor_secret", secret)?;
    let (key, message) = (signers.keys.x_only(), signers.message);
    let session = AdaptorSession::with_lock_point(
        &signers.keys,
        &signers.public_nonces,
        &message,
        &lock_point,
    )
    .unwrap();
    assert_eq!(session.final_nonce().to_string(), row.intermediate["final_nonce"]);
    let mut output = signers.output();
    let partials = signers.sign(&session);
    let pre_signature = session.aggregate(&partials).unwrap();
    let signature = pre_signature.adapt_verified(&lock_secret, &key, &message).unwrap();
    let extracted = pre_signature.extract(&signature, &key, &message, &lock_point).unwrap();
    assert_eq!(hex_of(&extracted), row.intermediate["extracted_secret"]);
    output["partial_signatures"] = json!(strings(&partials));
    output["presignature"] = json!(pre_signature.to_string());
    output["signature"] = json!(signature.to_string());
    Ok(output)
}

fn hex_of(secret: &SecretScalar) -> String {
    hex::encode(*secret.dangerous_to_bytes())
}

fn blind(bytes: &[u8]) -> Option<Blind> {
    secret(bytes).map(Blind::new)
}

fn copy(blind: &Blind) -> Blind {
    Blind::new(blind.as_scalar().clone())
}

/// The sum of the blinds of `field`; none, when there are none.
fn sum(field: &'static str, blinds: &[Blind]) -> Result<Option<Blind>, Refusal> {
    let Some((first, rest)) = blinds.split_first() else { return Ok(None) };
    rest.iter()
        .try_fold(copy(first), |sum, blind| sum.add(blind))
        .map(Some)
        .map_err(|_| (field, None))
}

/// The claims from the receiver back to the sender, each checked against its lock; and what the sender ends with.
fn claims(
    last_secret: SecretScalar,
    locks: &[Point],
    tweaks: &[Blind],
) -> (Vec<String>, SecretScalar) {
    let mut secret = last_secret;
    let mut secrets = Vec::new();
    for (lock, tweak) in locks.iter().zip(tweaks).rev() {
        assert_eq!(secret.to_point(), *lock);
        secrets.insert(0, hex_of(&secret));
        secret = previous_secret(&secret, tweak).unwrap();
    }
    (secrets, secret)
}

/// One payment: its tweaks are the sender's blinds, with those of a blinded path added, and then those of a trampoline's
/// tail. The receiver's secret is z + Y + B + δ.
fn route(row: &Row) -> Result<Value, Refusal> {
    let payment_secret = row.get("payment_secret", secret)?;
    let mut tweaks = row.list("blinds", blind)?;
    let mut sums = vec![("final_blind", sum("blinds", &tweaks)?)];
    if row.has("path_blinds") {
        let mut path_offsets = Vec::new();
        for (hop, text) in row.input["path_blinds"].as_array().unwrap().iter().enumerate() {
            if text.is_null() {
                continue;
            }
            let path_offset = blind(&bytes(text)).ok_or(("path_blinds", Some(hop)))?;
            path_offsets.push((hop, path_offset));
        }
        let alone: Vec<Blind> =
            path_offsets.iter().map(|(_, path_offset)| copy(path_offset)).collect();
        sums.push(("path_blind", sum("path_blinds", &alone)?));
        for (hop, path_offset) in path_offsets {
            let added: Result<Blind, LockError> = tweaks[hop].add(&path_offset);
            tweaks[hop] = added.map_err(|_| ("path_blinds", Some(hop)))?;
        }
    }
    if row.has("tail_blinds") {
        let tail = row.list("tail_blinds", blind)?;
        sums.push(("tail_blind", sum("tail_blinds", &tail)?));
        tweaks.extend(tail);
    }
    let expected: Vec<String> = tweaks.iter().map(|tweak| hex_of(tweak.as_scalar())).collect();
    assert!(row.intermediate.is_null() || row.intermediate["tweaks"] == json!(expected));

    let payment_point = payment_secret.to_point();
    let route = RouteLocks::new(&payment_point, &tweaks).unwrap();
    let mut output =
        json!({ "payment_point": payment_point.to_string(), "locks": strings(route.locks()) });
    let mut last_secret = payment_secret.clone();
    for (name, sum) in sums {
        let sum = sum.unwrap();
        last_secret = final_secret(&last_secret, &sum).unwrap();
        output[name] = json!(hex_of(sum.as_scalar()));
    }
    let (lock_secrets, remainder) = claims(last_secret, route.locks(), &tweaks);
    assert_eq!(remainder, payment_secret);
    output["lock_secrets"] = json!(lock_secrets);
    Ok(output)
}

/// One payment in parts: each starts from Z + q·G, and the sender ends with z + q.
fn parts(row: &Row) -> Result<Value, Refusal> {
    let payment_secret = row.get("payment_secret", secret)?;
    let part_sum = sum("part_secrets", &row.list("part_secrets", blind)?)?.unwrap();
    let moved_secret =
        payment_secret.add(part_sum.as_scalar()).map_err(|_| ("part_secrets", None))?;
    let moved_point = payment_secret.to_point().add(&part_sum.to_point()).unwrap();
    assert_eq!(moved_secret.to_point(), moved_point);
    let part = |texts: &Value| {
        let texts = texts.as_array().unwrap();
        let blinds: Vec<Blind> = texts.iter().map(|text| blind(&bytes(text)).unwrap()).collect();
        let route = RouteLocks::new(&moved_point, &blinds).unwrap();
        let last_secret = final_secret(&moved_secret, route.final_blind()).unwrap();
        let (lock_secrets, remainder) = claims(last_secret, route.locks(), &blinds);
        assert_eq!(previous_secret(&remainder, &part_sum).unwrap(), payment_secret);
        json!({
            "locks": strings(route.locks()),
            "final_blind": hex_of(route.final_blind().as_scalar()),
            "lock_secrets": lock_secrets,
        })
    };
    Ok(json!({
        "payment_point": payment_secret.to_point().to_string(),
        "part_sum": hex_of(part_sum.as_scalar()),
        "parts": row.input["parts"].as_array().unwrap().iter().map(part).collect::<Vec<_>>(),
    }))
}
