//! `lock.*`

use pointlock::curve::Point;
use pointlock::lock::{Blind, LockError, RouteLocks, previous_secret};
use serde_json::{Value, json};

use super::fields::{Fields, Refusal};

pub(super) fn setup(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let payment_point = fields.get("payment_point")?.point()?;
    let list = fields.get("blinds")?;
    let items = list.list()?;
    let blinds: Vec<Blind> =
        items.iter().map(|item| item.secret().map(Blind::new)).collect::<Result<_, _>>()?;
    let route = RouteLocks::new(&payment_point, &blinds).map_err(|error| match error {
        // The blind of edge i is y_{i−1}.
        LockError::LockAtInfinity { edge } => items[edge - 1].refuse(error),
        _ => list.refuse(error),
    })?;
    let locks: Vec<String> = route.locks().iter().map(Point::to_string).collect();
    let final_blind = hex::encode(*route.final_blind().dangerous_to_bytes());
    Ok(json!({ "locks": locks, "final_blind": final_blind }))
}

pub(super) fn claim(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let next = fields.get("lock_secret")?.secret()?;
    let blind = fields.get("blind")?;
    let previous = previous_secret(&next, &Blind::new(blind.secret()?))
        .map_err(|error| blind.refuse(error))?;
    Ok(json!({ "lock_secret": hex::encode(*previous.dangerous_to_bytes()) }))
}
