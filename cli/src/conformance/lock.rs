//! `lock.*`

use pointlock::curve::{Point, SecretScalar};
use pointlock::lock::{Blind, LockError, RouteLocks, final_secret, previous_secret};
use serde_json::{Value, json};

use super::fields::{Field, Fields, Refusal};
use super::{MAX_ITEMS, scalar_text, strings};

pub(super) fn setup(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let payment_point = fields.get("payment_point")?.point()?;
    let list = fields.get("blinds")?;
    let items = list.list()?;
    let blinds: Vec<Blind> = items.iter().map(Field::blind).collect::<Result<_, _>>()?;
    let route = RouteLocks::new(&payment_point, &blinds).map_err(|error| match error {
        // The blind of edge i is y_{i−1}.
        LockError::LockAtInfinity { edge } => items[edge - 1].refuse(error),
        _ => list.refuse(error),
    })?;
    let locks: Vec<String> = route.locks().iter().map(Point::to_string).collect();
    Ok(json!({ "locks": locks, "final_blind": scalar_text(route.final_blind().as_scalar()) }))
}

pub(super) fn claim(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let next = fields.get("lock_secret")?.secret()?;
    let blind = fields.get("blind")?;
    let previous = previous_secret(&next, &blind.blind()?).map_err(|error| blind.refuse(error))?;
    Ok(json!({ "lock_secret": scalar_text(&previous) }))
}

/// One payment. Its tweaks are the sender's blinds, with those of a blinded path added, and then those of a trampoline's tail. The
/// receiver's secret is z + Y + B + δ.
pub(super) fn route(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let payment_secret = fields.get("payment_secret")?.secret()?;
    let mut tweaks = Blinds::read(&fields.get("blinds")?)?;
    let mut sums = vec![("final_blind", tweaks.sum()?)];
    if let Some(list) = fields.optional("path_blinds") {
        let offsets = PathOffsets::read(&list, tweaks.blinds.len())?;
        sums.extend(offsets.sum()?.map(|sum| ("path_blind", sum)));
        offsets.add_to(&mut tweaks.blinds)?;
    }
    let mut tweaks = tweaks.blinds;
    if let Some(list) = fields.optional("tail_blinds") {
        let tail = Blinds::read(&list)?;
        sums.push(("tail_blind", tail.sum()?));
        tweaks.extend(tail.blinds);
    }
    let texts: Vec<String> = tweaks.iter().map(|tweak| scalar_text(tweak.as_scalar())).collect();
    fields.step("tweaks", texts);

    let payment_point = payment_secret.to_point();
    let blinds = |error| fields.refuse("blinds", error);
    let route = RouteLocks::new(&payment_point, &tweaks).map_err(blinds)?;
    let mut answer =
        json!({ "payment_point": payment_point.to_string(), "locks": strings(route.locks()) });
    let mut last_secret = payment_secret;
    for (name, sum) in sums {
        last_secret = final_secret(&last_secret, &sum).map_err(blinds)?;
        answer[name] = json!(scalar_text(sum.as_scalar()));
    }
    answer["lock_secrets"] = json!(claims(last_secret, &tweaks).map_err(blinds)?);
    Ok(answer)
}

/// One payment in parts: each starts from Z + q·G, and the sender ends with z + q.
pub(super) fn parts(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let payment_secret = fields.get("payment_secret")?.secret()?;
    let list = fields.get("part_secrets")?;
    let part_sum = Blinds::read(&list)?.sum()?;
    let moved_secret =
        final_secret(&payment_secret, &part_sum).map_err(|error| list.refuse(error))?;
    let parts = fields.get("parts")?;
    let lists = parts.list()?;
    let mut blinds = 0;
    for list in &lists {
        blinds += list.list()?.len();
    }
    // As many as one route may have.
    if blinds > MAX_ITEMS {
        return Err(parts.refuse(format!("{blinds} blinds in all, at most {MAX_ITEMS} are taken")));
    }
    let part = |item: &Field<'_>| {
        let blinds: Vec<Blind> = item.list()?.iter().map(Field::blind).collect::<Result<_, _>>()?;
        let refuse = |error| item.refuse(error);
        let route = RouteLocks::new(&moved_secret.to_point(), &blinds).map_err(refuse)?;
        let last_secret = final_secret(&moved_secret, route.final_blind()).map_err(refuse)?;
        Ok(json!({
            "locks": strings(route.locks()),
            "final_blind": scalar_text(route.final_blind().as_scalar()),
            "lock_secrets": claims(last_secret, &blinds).map_err(refuse)?,
        }))
    };
    Ok(json!({
        "payment_point": payment_secret.to_point().to_string(),
        "part_sum": scalar_text(part_sum.as_scalar()),
        "parts": lists.iter().map(part).collect::<Result<Vec<Value>, Refusal>>()?,
    }))
}

/// The secrets of all locks, l_1 first, by the claims from the receiver back to the sender.
fn claims(last_secret: SecretScalar, tweaks: &[Blind]) -> Result<Vec<String>, LockError> {
    let mut secret = last_secret;
    let mut secrets = Vec::with_capacity(tweaks.len());
    for tweak in tweaks.iter().rev() {
        let previous = previous_secret(&secret, tweak);
        secrets.push(scalar_text(&secret));
        secret = previous?;
    }
    secrets.reverse();
    Ok(secrets)
}

/// A list of blinds that has a sum.
struct Blinds<'a> {
    list: Field<'a>,
    blinds: Vec<Blind>,
}

impl<'a> Blinds<'a> {
    fn read(list: &Field<'a>) -> Result<Self, Refusal> {
        let blinds = list.list()?.iter().map(Field::blind).collect::<Result<_, _>>()?;
        Ok(Self { list: list.clone(), blinds })
    }

    fn sum(&self) -> Result<Blind, Refusal> {
        let sum = Blind::sum(&self.blinds).map_err(|error| self.list.refuse(error))?;
        sum.ok_or_else(|| self.list.refuse("empty"))
    }
}

/// The b of each hop that stands on a blinded path.
struct PathOffsets<'a> {
    list: Field<'a>,
    /// By hop.
    offsets: Vec<(usize, Field<'a>, Blind)>,
}

impl<'a> PathOffsets<'a> {
    fn read(list: &Field<'a>, hops: usize) -> Result<Self, Refusal> {
        let items = list.list()?;
        if items.len() > hops {
            let actual = items.len();
            return Err(list.refuse(format!("{actual} items for {hops} blinds")));
        }
        let offsets = items.into_iter().enumerate().filter(|(_, item)| !item.is_null());
        let offsets = offsets.map(|(hop, item)| item.blind().map(|blind| (hop, item, blind)));
        Ok(Self { list: list.clone(), offsets: offsets.collect::<Result<_, _>>()? })
    }

    fn sum(&self) -> Result<Option<Blind>, Refusal> {
        Blind::sum(self.offsets.iter().map(|(_, _, blind)| blind))
            .map_err(|error| self.list.refuse(error))
    }

    fn add_to(&self, tweaks: &mut [Blind]) -> Result<(), Refusal> {
        for (hop, item, offset) in &self.offsets {
            tweaks[*hop] = tweaks[*hop].add(offset).map_err(|error| item.refuse(error))?;
        }
        Ok(())
    }
}
