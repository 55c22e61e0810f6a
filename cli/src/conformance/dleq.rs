//! `dleq.*`

use pointlock::curve::SecretScalar;
use pointlock::dleq::{self, Bases, Proof, Statement};
use serde_json::{Value, json};

use super::fields::{Fields, Refusal};
use super::verdict;

pub(super) fn prove(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let secret = fields.get("secret")?.secret()?;
    let bases = Bases::new(fields.get("base")?.point()?);
    prove_over(fields, &secret, &bases)
}

/// The same with another point in the place of G.
pub(super) fn prove_with_generator(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let secret = fields.get("secret")?.secret()?;
    prove_over(fields, &secret, &own_bases(fields)?)
}

fn prove_over(fields: &Fields<'_>, secret: &SecretScalar, bases: &Bases) -> Result<Value, Refusal> {
    let message = message(fields)?;
    let aux_rand = fields.get("aux_rand")?;
    let (statement, proof) = dleq::prove(secret, bases, message.as_ref(), &aux_rand.bytes()?)
        .map_err(|error| aux_rand.refuse(error))?;
    // The hash is e, and e stands in the proof.
    fields.step("challenge_hash", hex::encode(&proof.to_bytes()[..32]));
    Ok(json!({
        "point": statement.point.to_string(),
        "value": statement.value.to_string(),
        "proof": proof.to_string(),
    }))
}

pub(super) fn verify(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let bases = |fields: &Fields<'_>| Ok(Bases::new(fields.get("base")?.point()?));
    verdict(fields, is_valid(fields, bases))
}

pub(super) fn verify_with_generator(fields: &Fields<'_>) -> Result<Value, Refusal> {
    verdict(fields, is_valid(fields, own_bases))
}

fn is_valid(
    fields: &Fields<'_>,
    bases: impl FnOnce(&Fields<'_>) -> Result<Bases, Refusal>,
) -> Result<bool, Refusal> {
    let point = fields.get("point")?.point()?;
    let bases = bases(fields)?;
    let statement = Statement { bases, point, value: fields.get("value")?.point()? };
    let message = message(fields)?;
    // Whatever 64 bytes stand here, they are right or wrong, and no error.
    let proof = Proof::from_bytes(&fields.get("proof")?.bytes()?);
    Ok(proof.is_ok_and(|proof| proof.verify(&statement, message.as_ref()).is_ok()))
}

fn own_bases(fields: &Fields<'_>) -> Result<Bases, Refusal> {
    let generator = fields.get("generator")?.point()?;
    Ok(Bases::with_generator(generator, fields.get("base")?.point()?))
}

/// 32 bytes; null says that there is none.
fn message(fields: &Fields<'_>) -> Result<Option<[u8; 32]>, Refusal> {
    let message = fields.get("message")?;
    if message.is_null() { Ok(None) } else { message.bytes().map(Some) }
}
