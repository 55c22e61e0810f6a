//! `failure.*`: failures on their way back, with what makes them attributable.

use pointlock::onion::{
    AttributedFailure, AttributionData, Failure, FailurePacket, HoldTime, OnionError, SharedSecret,
};
use serde_json::{Value, json};

use super::fields::{Field, Fields, Refusal};

/// The last hop fails, and each before it passes on what it was given.
pub(super) fn make(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let secrets = shared_secrets(fields)?;
    let list = fields.get("hold_times")?;
    let times = list.list()?;
    let times = times.iter().map(hold_time).collect::<Result<Vec<_>, _>>()?;
    if times.len() != secrets.len() {
        return Err(list.refuse(format!("{} items for {} hops", times.len(), secrets.len())));
    }
    let message = fields.get("message")?;
    let (Some((last, before)), Some(time)) = (secrets.split_last(), times.last()) else {
        return Err(fields.refuse("shared_secrets", "empty"));
    };
    let mut failure = AttributedFailure::new(last, &message.octets()?, *time)
        .map_err(|error| message.refuse(error))?;
    let mut returned = vec![parts(&failure)];
    for (secret, time) in before.iter().zip(&times).rev() {
        failure = failure.wrap(secret, *time);
        returned.push(parts(&failure));
    }
    fields.step("returned", returned);
    Ok(parts(&failure))
}

/// What the sender reads.
pub(super) fn read(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let secrets = shared_secrets(fields)?;
    let packet = fields.get("packet")?;
    let packet =
        FailurePacket::from_bytes(&packet.octets()?).map_err(|error| packet.refuse(error))?;
    let attribution = match fields.optional("attribution_data") {
        Some(data) => {
            Some(AttributionData::from_bytes(&data.octets()?).map_err(|error| data.refuse(error))?)
        }
        None => None,
    };
    let report = AttributedFailure::from_parts(packet, attribution).open(&secrets);
    let told = report.failure.as_ref().ok();
    let hop = match &report.failure {
        Ok(failure) => Some(failure.hop),
        Err(OnionError::InvalidFailure { hop }) => Some(*hop),
        Err(_) => None,
    };
    let attribution = report.attribution.as_ref();
    Ok(json!({
        "hop": hop,
        "code": told.map(Failure::code),
        "data": told.map(|failure| hex::encode(failure.data())),
        "hold_times": attribution.map(|told| {
            told.hold_times.iter().map(|time| time.units()).collect::<Vec<_>>()
        }),
        "broken_at": attribution.and_then(|told| told.broken_at),
    }))
}

fn parts(failure: &AttributedFailure) -> Value {
    let data = failure.attribution().map(|data| hex::encode(data.as_bytes()));
    json!({ "packet": hex::encode(failure.as_bytes()), "attribution_data": data })
}

fn shared_secrets(fields: &Fields<'_>) -> Result<Vec<SharedSecret>, Refusal> {
    let list = fields.get("shared_secrets")?;
    let secrets = list.list_up_to(MOST_HOPS)?;
    if secrets.is_empty() {
        return Err(list.refuse("empty"));
    }
    secrets.iter().map(|secret| secret.bytes().map(SharedSecret::from_bytes)).collect()
}

/// More than fit into a packet.
const MOST_HOPS: usize = 64;

fn hold_time(field: &Field<'_>) -> Result<HoldTime, Refusal> {
    let units = u32::try_from(field.integer()?).map_err(|_| field.refuse("above 2^32 - 1"))?;
    Ok(HoldTime::from_units(units))
}
