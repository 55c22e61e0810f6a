//! The single steps of a MuSig2 session, for implementations that show them.

use pointlock::adaptor::musig2::{
    AdaptorSession, AggregateNonce, KeyAggContext, Musig2Error, PartialSignature, PublicNonce,
    Session,
};
use pointlock::curve::{Point, PublicScalar};
use serde_json::{Value, json};

use super::fields::{Field, Fields, Refusal};
use super::musig2::{MAX_SIGNERS, steps, with_tweaks};
use super::strings;

/// What stands for infinity.
const INFINITY: [u8; 33] = [0; 33];

pub(super) fn key_agg(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let keys = keys(fields)?;
    let coefficients: Vec<PublicScalar> =
        (0..).map_while(|signer| keys.coefficient(signer)).collect();
    fields.step("key_coefficients", strings(&coefficients));
    Ok(json!({ "aggregate_key": keys.x_only().to_string() }))
}

pub(super) fn nonce_agg(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let nonces = public_nonces(fields)?;
    if nonces.is_empty() {
        // The library's sum of nothing is infinity. A session has a nonce for each key, and a key.
        return Err(fields.refuse("public_nonces", "empty"));
    }
    Ok(json!({ "aggregate_nonce": AggregateNonce::sum(&nonces).to_string() }))
}

pub(super) fn nonce_process(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let session = EitherSession::read(fields)?;
    let nonce = AggregateNonce::sum(&public_nonces(fields)?);
    let mut first = INFINITY;
    first.copy_from_slice(&nonce.to_bytes()[..33]);
    let locked = match (&session, Point::from_bytes(&first)) {
        (EitherSession::Plain(_), _) => first,
        (EitherSession::Locked(session), Err(_)) => session.lock_point().to_bytes(),
        (EitherSession::Locked(session), Ok(first)) => {
            first.add(&session.lock_point()).map_or(INFINITY, |sum| sum.to_bytes())
        }
    };
    let (coefficient, final_nonce, challenge) = session.values();
    Ok(json!({
        "aggregate_key": session.keys().x_only().to_string(),
        "aggregate_nonce": nonce.to_string(),
        "locked_first_nonce": hex::encode(locked),
        "nonce_coefficient": coefficient.to_string(),
        "final_nonce": final_nonce.to_string(),
        "challenge": challenge.to_string(),
    }))
}

pub(super) fn partial_verify(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let session = EitherSession::read(fields)?;
    let signer = fields.get("signer")?;
    let signers = session.keys().keys().len();
    let index = usize::try_from(signer.integer()?).ok().filter(|index| *index < signers);
    let index = index.ok_or_else(|| signer.refuse(format!("there are {signers} signers")))?;
    // Whatever 32 bytes they are, they are right or wrong.
    let valid = PartialSignature::from_bytes(&fields.get("partial_signature")?.bytes()?)
        .is_ok_and(|partial| session.verify_partial(index, &partial));
    session.steps(fields);
    Ok(json!({ "valid": valid }))
}

/// Each partial signature is verified first.
pub(super) fn partial_agg(fields: &Fields<'_>) -> Result<Value, Refusal> {
    fields.get("adaptor_point")?;
    let session = EitherSession::read(fields)?;
    session.steps(fields);
    let EitherSession::Locked(session) = session else {
        return Err(fields.refuse("adaptor_point", "null"));
    };
    let list = fields.get("partial_signatures")?;
    let items = list.list_up_to(MAX_SIGNERS)?;
    let partials: Vec<PartialSignature> = items
        .iter()
        .map(|item| {
            PartialSignature::from_bytes(&item.bytes()?).map_err(|error| item.refuse(error))
        })
        .collect::<Result<_, _>>()?;
    let pre_signature = session.aggregate(&partials).map_err(|error| match error {
        Musig2Error::InvalidPartialSignature { signer } => items[signer].refuse(error),
        _ => list.refuse(error),
    })?;
    Ok(json!({ "presignature": pre_signature.to_string() }))
}

fn keys(fields: &Fields<'_>) -> Result<KeyAggContext, Refusal> {
    let list = fields.get("public_keys")?;
    let keys: Vec<Point> =
        list.list_up_to(MAX_SIGNERS)?.iter().map(Field::point).collect::<Result<_, _>>()?;
    with_tweaks(fields, KeyAggContext::new(&keys).map_err(|error| list.refuse(error))?)
}

fn public_nonces(fields: &Fields<'_>) -> Result<Vec<PublicNonce>, Refusal> {
    let read = |item: &Field<'_>| {
        PublicNonce::from_bytes(&item.bytes()?).map_err(|error| item.refuse(error))
    };
    fields.get("public_nonces")?.list_up_to(MAX_SIGNERS)?.iter().map(read).collect()
}

/// A session of either kind, as far as its steps look into it: without a lock point a plain one.
enum EitherSession {
    Plain(Session),
    Locked(AdaptorSession),
}

impl EitherSession {
    fn read(fields: &Fields<'_>) -> Result<Self, Refusal> {
        let keys = keys(fields)?;
        let nonces = public_nonces(fields)?;
        let message = fields.get("message")?.bytes()?;
        let session = match fields.optional("adaptor_point") {
            Some(point) => {
                AdaptorSession::with_lock_point(&keys, &nonces, &message, &point.point()?)
                    .map(Self::Locked)
            }
            None => Session::new(&keys, &nonces, &message).map(Self::Plain),
        };
        session.map_err(|error| match error {
            Musig2Error::FinalNonceAtInfinity => fields.refuse("final_nonce", error),
            _ => fields.refuse("public_nonces", error),
        })
    }

    fn keys(&self) -> &KeyAggContext {
        match self {
            Self::Plain(session) => session.keys(),
            Self::Locked(session) => session.keys(),
        }
    }

    /// b, R' and e.
    fn values(&self) -> (PublicScalar, Point, PublicScalar) {
        match self {
            Self::Plain(session) => {
                (session.nonce_coefficient(), session.final_nonce(), session.challenge())
            }
            Self::Locked(session) => {
                (session.nonce_coefficient(), session.final_nonce(), session.challenge())
            }
        }
    }

    fn steps(&self, fields: &Fields<'_>) {
        match self {
            Self::Plain(session) => steps(fields, session),
            Self::Locked(session) => steps(fields, session),
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
