//! Whole payments: a route's packet walked by its nodes, the locks that they compute, and the claims backwards.

use pointlock::curve::{Point, SecretScalar};
use pointlock::hold::ReleaseSecret;
use pointlock::lock::{Blind, LockError, final_secret, next_lock, previous_secret};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{PathSecret, path_offset_sum};
use pointlock::payment::{FinalPayload, Payload, Recipient, TrampolinePayload};
use serde_json::{Value, json};

use super::super::fields::{Fields, Refusal};
use super::super::{scalar_text, strings};
use super::names::{PAYLOAD, of_payload, refusal};
use super::onions::{Last, Route, Walk, blind_of};

/// A packet to a receiver.
pub(crate) fn route(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let route = Route::read(fields)?;
    let hash = fields.optional("payment_hash").map(|hash| hash.octets()).transpose()?;
    let release = release(fields)?;
    let packet = route.build(hash.as_deref().unwrap_or_default())?;
    let sent = hex::encode(packet.to_bytes());
    let found = route.walk(packet, hash.as_deref(), release.as_ref())?;
    fields.step("layers", found.layers);
    let Some(Last { payload: Payload::Final(payload), in_path, .. }) = found.last else {
        return Err(refusal("payload", "the last node's is not the receiver's"));
    };
    if payload.payment_secret.is_none() != in_path {
        return Err(refusal("payment_data", "stands where no path does"));
    }
    if hash.is_some() {
        return Ok(json!({ "packet": sent }));
    }
    let mut set_secret = fields.get("point_secret")?.secret()?;
    if let Some(sum) = fields.optional("part_sum") {
        set_secret = set_secret.add(&sum.secret()?).map_err(|error| sum.refuse(error))?;
    }
    let first = fields.get("first_blind")?.blind()?;
    let blinds: Vec<&Blind> = [&first].into_iter().chain(&found.tweaks).collect();
    let locks = locks(set_secret.to_point(), &blinds)?;

    let added = added(&payload, &found.path, None)?;
    let secrets = claims(&payload, &set_secret, &added, &locks, &blinds)?;
    Ok(json!({ "packet": sent, "locks": strings(&locks), "lock_secrets": secrets }))
}

/// A packet to a trampoline, and the trampoline's own to the recipient: `wire.delegated_route`.
pub(crate) fn trampoline_route(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let route = Route::read(fields)?;
    let tail = fields.get("tail")?.object()?;
    let tail_route = Route::read(&tail)?;
    let release = release(fields)?;
    let packet = route.build(&[])?;
    let sent = hex::encode(packet.to_bytes());
    let found = route.walk(packet, None, release.as_ref())?;
    let Walk { last, mut layers, tweaks, .. } = found;
    let Some(Last { payload: Payload::Outer(around), secret, derived, .. }) = last else {
        return Err(refusal("payload", "the last node's has no packet within"));
    };
    let (order, for_recipient) = order(fields, &around.packet, &secret)?;
    let own_blind = blind_of(&order.tweak, derived, release.as_ref())?;
    if let Some(layer) = layers.last_mut() {
        layer["blind"] = scalar_text(own_blind.as_scalar()).into();
    }
    fields.step("layers", layers);
    let tail_packet = tail_route.build(&[])?;
    let tail_sent = hex::encode(tail_packet.to_bytes());
    let tail_found = tail_route.walk(tail_packet, None, None)?;
    fields.step("tail_layers", tail_found.layers);
    let Some(Last { payload: Payload::Outer(outer), secret, in_path, .. }) = tail_found.last else {
        return Err(refusal("payload", "the tail's last is not from a trampoline"));
    };
    if outer.packet != for_recipient {
        return Err(refusal("trampoline_onion_packet", "another than the sender's"));
    }

    let z = fields.get("point_secret")?.secret()?;
    let first = fields.get("first_blind")?.blind()?;
    let blinds: Vec<&Blind> = [&first].into_iter().chain(&tweaks).chain([&own_blind]).collect();
    let mut sender_locks = locks(z.to_point(), &blinds)?;
    let start = sender_locks.pop().ok_or_else(|| refusal("hops", "empty"))?;
    fields.step("delegated_lock", start.to_string());
    let tail_first = tail.get("first_blind")?.blind()?;
    let tail_blinds: Vec<&Blind> = [&tail_first].into_iter().chain(&tail_found.tweaks).collect();
    let tail_locks = locks(start, &tail_blinds)?;

    // At the recipient: the packet within is for the key that peeled the one around it.
    let inner = outer
        .packet
        .peel(&secret, &[])
        .map_err(|error| refusal("trampoline_onion_packet", error))?;
    fields.step("inner_layer", json!({ "payload": hex::encode(&*inner.payload) }));
    let payload = FinalPayload::parse_inner(&inner.payload, in_path)
        .map_err(|error| of_payload(PAYLOAD, "payload", &error))?;
    let added = added(&payload, &tail_found.path, outer.tail_blind.as_ref())?;
    let all: Vec<&Blind> = blinds.into_iter().chain(tail_blinds).collect();
    claims(&payload, &z, &added, &tail_locks, &all)?;
    let last = final_secret(&z, &added).map_err(|error| refusal("final_blind", error))?;
    Ok(json!({
        "packet": sent,
        "locks": strings(&sender_locks),
        "tail_packet": tail_sent,
        "tail_locks": strings(&tail_locks),
        "lock_secret": scalar_text(&last),
    }))
}

/// The trampoline's order, in the packet within, and what its recipient gets: the next packet of that, or one of its own.
fn order(
    fields: &Fields<'_>,
    within: &Packet,
    secret: &SecretScalar,
) -> Result<(TrampolinePayload, Packet), Refusal> {
    let peeled =
        within.peel(secret, &[]).map_err(|error| refusal("trampoline_onion_packet", error))?;
    fields.step("order_layer", json!({ "payload": hex::encode(&*peeled.payload) }));
    let mut order = TrampolinePayload::parse(&peeled.payload)
        .map_err(|error| of_payload(PAYLOAD, "payload", &error))?;
    let to_node = matches!(order.recipient, Recipient::Node(_));
    if to_node != peeled.next.is_some() {
        return Err(refusal("hops", "the order and its packet disagree on whether it ends here"));
    }
    let packet = peeled.next.or(order.recipient_packet.take());
    let packet = packet.ok_or_else(|| refusal("recipient_packet", "missing"))?;
    fields.step("inner_packet", hex::encode(packet.to_bytes()));
    Ok((order, packet))
}

fn release(fields: &Fields<'_>) -> Result<Option<ReleaseSecret>, Refusal> {
    let Some(field) = fields.optional("release_secret") else { return Ok(None) };
    ReleaseSecret::from_bytes(&field.bytes()?).map(Some).map_err(|error| field.refuse(error))
}

/// L_1 … L_n from where the sender starts.
fn locks(start: Point, blinds: &[&Blind]) -> Result<Vec<Point>, Refusal> {
    let mut lock = start;
    let mut next = |blind: &&Blind| -> Result<Point, LockError> {
        lock = next_lock(&lock, blind)?;
        Ok(lock)
    };
    let locks: Result<_, _> = blinds.iter().map(&mut next).collect();
    locks.map_err(|error| refusal("blind", error))
}

/// What was added for the receiver: Y, of the path B, and of the trampoline δ.
fn added(
    payload: &FinalPayload,
    path: &[PathSecret],
    tail: Option<&Blind>,
) -> Result<Blind, Refusal> {
    let path_sum = path_offset_sum(path).map_err(|error| refusal("path", error))?;
    let sums = payload.final_blind.iter().chain(&path_sum).chain(tail);
    let sum = Blind::sum(sums).map_err(|error| refusal("final_blind", error))?;
    sum.ok_or_else(|| refusal("final_blind", "missing"))
}

/// At the receiver: its lock is Z + q·G with what was added, and signed by the payer. Then l_1 … l_n, by the claims backwards, which end with
/// what the sender started from.
fn claims(
    payload: &FinalPayload,
    set_secret: &SecretScalar,
    added: &Blind,
    locks: &[Point],
    blinds: &[&Blind],
) -> Result<Vec<String>, Refusal> {
    let no_secret = |error| refusal("final_blind", error);
    let set_point = set_secret.to_point();
    let mut secret = final_secret(set_secret, added).map_err(no_secret)?;
    if locks.last() != Some(&secret.to_point()) {
        return Err(refusal("final_blind", "not the sum of what was added to the lock"));
    }
    check_payer(payload, &set_point)?;
    let mut secrets = Vec::with_capacity(blinds.len());
    for blind in blinds.iter().rev() {
        let previous = previous_secret(&secret, blind).map_err(no_secret)?;
        secrets.push(scalar_text(&secret));
        secret = previous;
    }
    if secret != *set_secret {
        return Err(refusal("blind", "the sender does not end with its secret"));
    }
    secrets.reverse();
    Ok(secrets)
}

/// The payer's x and its signature over the lock as the sender set it up.
fn check_payer(payload: &FinalPayload, set_point: &Point) -> Result<(), Refusal> {
    let Some(payer) = &payload.payer else { return Ok(()) };
    let x = payer.terms(payload.total_msat).x().map_err(|error| refusal("payer_key", error))?;
    let blind = payload.final_blind.as_ref().ok_or_else(|| refusal("final_blind", "missing"))?;
    let signed = next_lock(set_point, blind).map_err(|error| refusal("final_blind", error))?;
    payer
        .signature
        .verify(&payer.key, &x, &signed)
        .map_err(|error| refusal("payer_signature", error))
}
