//! Whole onions: built by their maker, and walked by nodes that have their own secret key, the packet and their contract's
//! lock, and nothing else.

use pointlock::curve::{Point, SecretScalar};
use pointlock::hold::ReleaseSecret;
use pointlock::lock::{Blind, final_secret, next_lock, previous_secret};
use pointlock::onion::blinded::{
    BlindedPath, BlindingError, OnionMessage, PathSecret, PeeledMessage, PeeledPayment, hop_blind,
    path_offset, path_offset_sum, peel_payment,
};
use pointlock::onion::{OnionError, Packet};
use pointlock::payment::{
    FinalPayload, Handover, HeldAvailable, MessageError, Payload, ReleaseHeld, SealedAnnouncement,
    Tweak,
};
use pointlock::wire::{TlvStream, TlvWriter};
use serde_json::{Value, json};

use crate::names::{HOLDS, of_onion, of_payload};
use crate::optional;
use crate::own::{Refusal, Row, array, bytes, secret};

fn scalar(value: &Value) -> SecretScalar {
    secret(&bytes(value)).unwrap()
}

fn in_hex(secret: &SecretScalar) -> String {
    hex::encode(*secret.dangerous_to_bytes())
}

pub(crate) fn peel(row: &Row) -> Result<Value, Refusal> {
    let packet = Packet::from_bytes_of_any_length(&bytes(&row.input["packet"]));
    let packet = packet.map_err(|error| of_onion(&error))?;
    let peeled = packet
        .peel(&row.get("secret_key", secret)?, &bytes(&row.input["associated_data"]))
        .map_err(|error| of_onion(&error))?;
    let shared = hex::encode(*peeled.shared_secret.dangerous_to_bytes());
    assert_eq!(row.intermediate["shared_secret"], shared);
    assert_eq!(row.intermediate["ephemeral_key"], packet.ephemeral_key().to_string());
    let next = peeled.next.map(|next| hex::encode(next.to_bytes()));
    Ok(json!({ "payload": hex::encode(&*peeled.payload), "next_packet": next }))
}

/// The packet that its maker hands to the first node, and the node secrets of the route.
fn build(route: &Value, associated_data: &[u8]) -> (Packet, Vec<SecretScalar>) {
    let hops = route["hops"].as_array().unwrap();
    let secrets: Vec<SecretScalar> = hops.iter().map(|hop| scalar(&hop["node_secret"])).collect();
    let mut keys: Vec<Point> = secrets.iter().map(SecretScalar::to_point).collect();
    if !route["path"].is_null() {
        let data: Vec<Vec<u8>> =
            route["path"]["data"].as_array().unwrap().iter().map(bytes).collect();
        let first = keys.len() - data.len();
        let of_path: Vec<(Point, Vec<u8>)> = keys[first..].iter().copied().zip(data).collect();
        let (path, _) =
            BlindedPath::build(scalar(&route["path"]["session_key"]), &of_path).unwrap();
        for (key, hop) in keys[first..].iter_mut().zip(path.hops()).skip(1) {
            *key = hop.blinded_node_id;
        }
    }
    let payloads: Vec<Vec<u8>> = hops.iter().map(|hop| bytes(&hop["payload"])).collect();
    let plan = Packet::plan(scalar(&route["session_key"]), &keys).unwrap();
    let (packet, _) = plan.build(&payloads, associated_data, Packet::PAYLOADS_LENGTH).unwrap();
    (packet, secrets)
}

/// What the nodes of a route have found.
struct Walk {
    /// y_i + b_i of the nodes before the last, none for a hash lock.
    tweaks: Vec<Option<Blind>>,
    path: Vec<PathSecret>,
    last: Payload,
    /// With which the last node has peeled: its own key, or its blinded one.
    last_secret: SecretScalar,
    in_path: bool,
    /// Of the last node, if it forwards: a trampoline.
    behind: Option<Blind>,
}

/// y_i: from the payload, from the onion, or from the hold and its release.
fn blind_of(tweak: &Tweak, derived: Blind, release: Option<&[u8]>) -> Result<Blind, Refusal> {
    match tweak {
        Tweak::Derived => Ok(derived),
        Tweak::Blind(blind) => Ok(Blind::new(blind.as_scalar().clone())),
        Tweak::Hold(order) => {
            let release = ReleaseSecret::from_bytes(&array(release.unwrap()).unwrap()).unwrap();
            if !order.release_hash.is_of(&release) {
                return Err(("release_secret", None));
            }
            Ok(order.held_blind.as_ref().map_or(derived, |held| held.open(&release).unwrap()))
        }
    }
}

fn compare(layer: &Value, name: &str, found: &str) {
    // A refused row has no layers to compare with.
    if !layer.is_null() {
        assert_eq!(layer[name], found, "{name}");
    }
}

fn walk(
    packet: Packet,
    secrets: &[SecretScalar],
    hash: Option<&[u8]>,
    release: Option<&[u8]>,
    layers: &Value,
) -> Result<Walk, Refusal> {
    let (mut packet, mut path_key) = (Some(packet), None);
    let (mut tweaks, mut path_secrets) = (Vec::new(), Vec::new());
    for (index, node_secret) in secrets.iter().enumerate() {
        let layer = &layers[index];
        let arrived = packet.take().unwrap();
        compare(layer, "packet", &hex::encode(arrived.to_bytes()));
        let peeled =
            peel_payment(&arrived, node_secret, path_key.as_ref(), hash.unwrap_or_default());
        let PeeledPayment { layer: onion, path } = peeled.unwrap();
        let shared = hex::encode(*onion.shared_secret.dangerous_to_bytes());
        compare(layer, "shared_secret", &shared);
        compare(layer, "payload", &hex::encode(&*onion.payload));
        let own_key = match &path_key {
            Some(key) => {
                PathSecret::new(node_secret, key).blinded_node_secret(node_secret).unwrap()
            }
            None => node_secret.clone(),
        };
        let derived = hop_blind(&onion.shared_secret).unwrap();
        if let Some(path) = &path {
            let shared = path.secret.shared_secret();
            compare(layer, "path_secret", &hex::encode(*shared.dangerous_to_bytes()));
            compare(layer, "path_key", &path.secret.path_key().to_string());
            path_key = Some(path.next_path_key);
        }
        let Some(next) = onion.next else {
            assert_eq!(index, secrets.len() - 1);
            let last = Payload::parse(&onion.payload, true).unwrap();
            let behind = match &last {
                Payload::Trampoline(order) => Some(blind_of(&order.tweak, derived, release)?),
                _ => None,
            };
            let in_path = path.is_some();
            let last_secret = if in_path && own_key == *node_secret {
                path.unwrap().secret.blinded_node_secret(node_secret).unwrap()
            } else {
                own_key
            };
            return Ok(Walk { tweaks, path: path_secrets, last, last_secret, in_path, behind });
        };
        packet = Some(next);
        let (tweak, b) = match path {
            None => {
                let Payload::Forward(payload) = Payload::parse(&onion.payload, false).unwrap()
                else {
                    panic!("a forwarder's")
                };
                (blind_of(&payload.tweak, derived, release)?, None)
            }
            Some(path) => {
                let b = path_offset(&path.secret).unwrap();
                path_secrets.push(path.secret);
                (derived, Some(b))
            }
        };
        if hash.is_some() {
            assert!(layer["blind"].is_null());
            tweaks.push(None);
            continue;
        }
        compare(layer, "blind", &in_hex(tweak.as_scalar()));
        if let Some(b) = &b {
            compare(layer, "path_blind", &in_hex(b.as_scalar()));
        }
        tweaks.push(Some(match b {
            Some(b) => tweak.add(&b).unwrap(),
            None => tweak,
        }));
    }
    panic!("the packet has more layers than the route has nodes")
}

/// The payer's x and its signature over the lock as the sender set it up.
fn check_payer(payload: &FinalPayload, set_point: &Point) -> Result<(), Refusal> {
    let Some(payer) = &payload.payer else { return Ok(()) };
    let x = payer.terms(payload.total_msat).x().unwrap();
    let signed = next_lock(set_point, payload.final_blind.as_ref().unwrap()).unwrap();
    payer.signature.verify(&payer.key, &x, &signed).map_err(|_| ("payer_signature", None))
}

/// L_1 … L_n from where the sender starts.
fn locks(start: Point, blinds: &[&Blind]) -> Vec<Point> {
    let next = |lock: &mut Point, blind: &&Blind| {
        *lock = next_lock(lock, blind).unwrap();
        Some(*lock)
    };
    blinds.iter().scan(start, next).collect()
}

/// The claims backwards: l_n first, l_1 last; then what the sender ends with.
fn claims(last: SecretScalar, blinds: &[&Blind]) -> Vec<SecretScalar> {
    let mut secrets = vec![last];
    for blind in blinds.iter().rev() {
        let previous = previous_secret(secrets.last().unwrap(), blind).unwrap();
        secrets.push(previous);
    }
    secrets
}

fn words(points: &[Point]) -> Vec<String> {
    points.iter().map(Point::to_string).collect()
}

/// What was added for the receiver: Y, B and δ; and Z + q·G, which is the rest of its lock.
fn set_point(lock: &Point, sums: &[&Blind]) -> (Blind, Point) {
    let added = Blind::sum(sums.iter().copied()).unwrap().unwrap();
    let rest = lock.add(&added.to_point().negate()).unwrap();
    (added, rest)
}

pub(crate) fn route(row: &Row) -> Result<Value, Refusal> {
    let hash = optional(&row.input["payment_hash"]);
    let release = optional(&row.input["release_secret"]);
    let (packet, secrets) = build(&row.input, hash.as_deref().unwrap_or_default());
    let sent = hex::encode(packet.to_bytes());
    let layers = &row.intermediate["layers"];
    let found = walk(packet, &secrets, hash.as_deref(), release.as_deref(), layers)?;
    let Payload::Final(payload) = &found.last else { panic!("the receiver's") };
    assert_eq!(payload.payment_secret.is_none(), found.in_path);
    if hash.is_some() {
        return Ok(json!({ "packet": sent }));
    }
    let z = scalar(&row.input["point_secret"]);
    let q = optional(&row.input["part_sum"]).map(|q| secret(&q).unwrap());
    let set_secret = q.map_or(z.clone(), |q| z.add(&q).unwrap());
    let first = Blind::new(scalar(&row.input["first_blind"]));
    let tweaks: Vec<&Blind> = found.tweaks.iter().flatten().collect();
    let blinds: Vec<&Blind> = [&first].into_iter().chain(tweaks).collect();
    let locks = locks(set_secret.to_point(), &blinds);

    // At the receiver, who made the path.
    let path_sum = path_offset_sum(&found.path).unwrap();
    let final_blind = payload.final_blind.as_ref().unwrap();
    let sums: Vec<&Blind> = [final_blind].into_iter().chain(&path_sum).collect();
    let (added, rest) = set_point(locks.last().unwrap(), &sums);
    if rest != set_secret.to_point() {
        return Err(("final_blind", None));
    }
    check_payer(payload, &rest)?;
    let mut secrets = claims(final_secret(&set_secret, &added).unwrap(), &blinds);
    assert_eq!(secrets.pop().unwrap(), set_secret, "the sender ends with z + q");
    let lock_secrets: Vec<String> = secrets.iter().rev().map(in_hex).collect();
    Ok(json!({ "packet": sent, "locks": words(&locks), "lock_secrets": lock_secrets }))
}

pub(crate) fn trampoline_route(row: &Row) -> Result<Value, Refusal> {
    let release = optional(&row.input["release_secret"]);
    let (packet, secrets) = build(&row.input, &[]);
    let sent = hex::encode(packet.to_bytes());
    let layers = &row.intermediate["layers"];
    let found = walk(packet, &secrets, None, release.as_deref(), layers)?;
    let Payload::Trampoline(order) = &found.last else { panic!("a trampoline's") };
    let tail = &row.input["tail"];
    let (tail_packet, tail_secrets) = build(tail, &[]);
    let tail_sent = hex::encode(tail_packet.to_bytes());
    let tail_layers = &row.intermediate["tail_layers"];
    let tail_found = walk(tail_packet, &tail_secrets, None, None, tail_layers)?;
    let Payload::TrampolineFinal(outer) = &tail_found.last else { panic!("the recipient's") };
    assert_eq!(outer.packet, order.packet);

    let z = scalar(&row.input["point_secret"]);
    let first = Blind::new(scalar(&row.input["first_blind"]));
    let tweaks: Vec<&Blind> = found.tweaks.iter().flatten().chain(&found.behind).collect();
    let blinds: Vec<&Blind> = [&first].into_iter().chain(tweaks).collect();
    let mut sender_locks = locks(z.to_point(), &blinds);
    let start = sender_locks.pop().unwrap();
    assert_eq!(row.intermediate["delegated_lock"], start.to_string());
    let tail_first = Blind::new(scalar(&tail["first_blind"]));
    let tail_tweaks = tail_found.tweaks.iter().flatten();
    let tail_blinds: Vec<&Blind> = [&tail_first].into_iter().chain(tail_tweaks).collect();
    let tail_locks = locks(start, &tail_blinds);

    // At the recipient: the packet within is for the key that peeled the one around it.
    let inner = outer.packet.peel(&tail_found.last_secret, &[]).unwrap();
    assert!(inner.next.is_none());
    assert_eq!(row.intermediate["inner_layer"]["payload"], hex::encode(&*inner.payload));
    let payload = FinalPayload::parse_inner(&inner.payload, tail_found.in_path).unwrap();
    let path_sum = path_offset_sum(&tail_found.path).unwrap();
    let final_blind = payload.final_blind.as_ref().unwrap();
    let sums: Vec<&Blind> =
        [final_blind].into_iter().chain(&path_sum).chain(&outer.tail_blind).collect();
    let (added, rest) = set_point(tail_locks.last().unwrap(), &sums);
    assert_eq!(rest, z.to_point());
    check_payer(&payload, &rest)?;
    let last = final_secret(&z, &added).unwrap();
    let all: Vec<&Blind> = blinds.into_iter().chain(tail_blinds).collect();
    assert_eq!(*claims(last.clone(), &all).last().unwrap(), z, "the sender ends with z");
    Ok(json!({
        "packet": sent,
        "locks": words(&sender_locks),
        "tail_packet": tail_sent,
        "tail_locks": words(&tail_locks),
        "lock_secret": in_hex(&last),
    }))
}

pub(crate) fn message(row: &Row) -> Result<Value, Refusal> {
    let made = &row.input["path"];
    let list = |name: &str| made[name].as_array().unwrap().clone();
    let secrets: Vec<SecretScalar> = list("node_secrets").iter().map(scalar).collect();
    let ids = secrets.iter().map(SecretScalar::to_point);
    let hops: Vec<(Point, Vec<u8>)> = ids.zip(list("data").iter().map(bytes)).collect();
    let (path, _) = BlindedPath::build(scalar(&made["session_key"]), &hops).unwrap();
    let contents = bytes(&row.input["contents"]);
    let mut fields = TlvWriter::new();
    for record in TlvStream::parse(&contents).unwrap().records() {
        fields.set(record.tlv_type(), record.value());
    }
    let message = OnionMessage::build(scalar(&row.input["session_key"]), &path, &fields).unwrap();
    let sent = message.to_bytes();
    assert_eq!(sent[..2], OnionMessage::TYPE.to_be_bytes());
    let mut arrived = OnionMessage::from_bytes(&sent).unwrap();
    let mut last = None;
    for (node_secret, (index, _)) in secrets.iter().zip(hops.iter().enumerate()) {
        let packet = hex::encode(&arrived.to_bytes()[2 + 33 + 2..]);
        compare(&row.intermediate["layers"][index], "packet", &packet);
        match arrived.clone().peel(node_secret).unwrap() {
            PeeledMessage::Forward { message, .. } => arrived = message,
            PeeledMessage::Receive { payload, data, secret } => {
                last = Some((payload, data, secret, index));
            }
            _ => panic!("neither forwarded nor received"),
        }
    }
    let (payload, data, secret, index) = last.unwrap();
    assert_eq!(index, secrets.len() - 1);
    compare(&row.intermediate["layers"][index], "payload", &hex::encode(&*payload));
    let stream = TlvStream::parse(&payload).unwrap();
    // As a sender reaches a holder: along a path without a name.
    assert_eq!(data.path_id.is_none(), stream.get(65575).is_some());
    if stream.get(65567).is_some() {
        assert_eq!(ReleaseHeld::from_message(&payload).unwrap().holds.len(), 1);
    } else if stream.get(65575).is_some() {
        assert_eq!(Handover::from_message(&payload).unwrap().announcement.path.hops().len(), 3);
    } else {
        let read = SealedAnnouncement::from_message(&payload);
        let sealed = read.map_err(|error| of_payload(HOLDS, "contents", &error))?.packet;
        let opens = secret.blinded_node_secret(&secrets[index]).unwrap();
        match HeldAvailable::open(&sealed, &opens) {
            Ok(available) => assert_eq!(available.holds.len(), 1),
            Err(MessageError::Onion(BlindingError::Onion { source: OnionError::InvalidHmac })) => {
                return Err(("hmac", None));
            }
            Err(error) => panic!("{error}"),
        }
        let layer = sealed.peel(&opens, &[]).unwrap();
        let step = &row.intermediate["sealed_layer"];
        compare(step, "payload", &hex::encode(&*layer.payload));
    }
    Ok(json!({ "message": hex::encode(&sent[2..]) }))
}
