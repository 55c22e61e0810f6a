//! One payload of an onion: read as its node reads it, and written again.

use pointlock::curve::SecretScalar;
use pointlock::invoice::PaymentPath;
use pointlock::lock::{Lock, PaymentHash};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{PathSecret, PeeledPayment, peel_payment};
use pointlock::payment::{
    FinalPayload, OuterPayload, Payload, PayloadError, Recipient, TrampolinePayload, Tweak,
};
use pointlock::wire::{BlindedPath, IntroductionNode, TlvStream, TlvWriter};
use serde_json::{Map, Value, json};

use super::super::fields::{Fields, Refusal};
use super::super::scalar_text;
use super::names::{PAYLOAD, of_blinding, of_payload, refusal};

/// Of a forwarder, a holder, or a hop of a blinded path.
pub(crate) fn forward(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let lock = lock(fields)?;
    let PeeledPayment { layer, path } = peeled(fields, &lock, false)?;
    let mut answer = Map::new();
    if let Some(path) = path {
        if path.next_peer().is_none() {
            return Err(refusal("short_channel_id", "the data does not say to whom"));
        }
        let written = with_path(TlvWriter::new(), &layer.payload, &mut answer)?;
        records(fields, &layer.payload, &written)?;
        return Ok(answer.into());
    }
    let Payload::Forward(read) = parse(&layer.payload, false)? else {
        return Err(refusal("payload", "not a forwarder's"));
    };
    fits(read.tweak.fits(&lock))?;
    answer.insert("amt_to_forward".into(), read.amount_msat.into());
    answer.insert("outgoing_cltv_value".into(), read.expiry.into());
    let channel = hex::encode(read.short_channel_id.to_be_bytes());
    answer.insert("short_channel_id".into(), channel.into());
    tweak(&read.tweak, &mut answer);
    records(fields, &layer.payload, &read.to_bytes())?;
    Ok(answer.into())
}

/// Of the receiver.
pub(crate) fn final_payload(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let lock = lock(fields)?;
    let PeeledPayment { layer, path } = peeled(fields, &lock, true)?;
    let Payload::Final(read) = parse(&layer.payload, true)? else {
        return Err(refusal("payload", "not the receiver's"));
    };
    fits(read.fits(&lock))?;
    if path.is_some() != read.payment_secret.is_none() {
        return Err(refusal("payment_data", "stands where no path does"));
    }
    let mut answer = received(&read);
    let written = with_path(read.to_tlv(), &layer.payload, &mut answer)?;
    records(fields, &layer.payload, &written)?;
    Ok(answer.into())
}

/// Of the receiver, in a packet within.
pub(crate) fn inner(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let payload = fields.get("payload")?.octets()?;
    let in_path = fields.get("in_path")?.boolean()?;
    let lock = lock(fields)?;
    let read = FinalPayload::parse_inner(&payload, in_path)
        .map_err(|error| of_payload(PAYLOAD, "payload", &error))?;
    fits(read.fits(&lock))?;
    records(fields, &payload, &read.to_bytes())?;
    Ok(received(&read).into())
}

/// Of a trampoline, in the packet within: `wire.delegate`.
pub(crate) fn trampoline(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let payload = fields.get("payload")?.octets()?;
    let lock = lock(fields)?;
    let read = TrampolinePayload::parse(&payload)
        .map_err(|error| of_payload(PAYLOAD, "payload", &error))?;
    fits(read.tweak.fits(&lock))?;
    let mut answer = Map::new();
    answer.insert("amt_to_forward".into(), read.amount_msat.into());
    answer.insert("outgoing_cltv_value".into(), read.expiry.into());
    match &read.recipient {
        Recipient::Node(id) => {
            answer.insert("outgoing_node_id".into(), id.to_string().into());
        }
        Recipient::Path(path) => {
            let paths = [path].into_iter().chain(&read.other_paths).map(recipient_path);
            answer.insert("recipient_blinded_paths".into(), paths.collect());
        }
    }
    if let Some(features) = &read.recipient_features {
        answer.insert("recipient_features".into(), hex::encode(features.as_bytes()).into());
    }
    if let Some(delta) = read.min_final_delta {
        answer.insert("min_final_delta".into(), delta.into());
    }
    if let Some(packet) = &read.recipient_packet {
        answer.insert("recipient_packet".into(), hex::encode(packet.to_bytes()).into());
    }
    tweak(&read.tweak, &mut answer);
    let written = read.to_bytes().map_err(|error| of_payload(PAYLOAD, "payload", &error.into()))?;
    records(fields, &payload, &written)?;
    Ok(answer.into())
}

/// Of the recipient, from the trampoline: `wire.delegated`.
pub(crate) fn trampoline_final(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let lock = lock(fields)?;
    let PeeledPayment { layer, .. } = peeled(fields, &lock, true)?;
    let Payload::Outer(read) = parse(&layer.payload, true)? else {
        return Err(refusal("payload", "not from a trampoline"));
    };
    fits(read.fits(&lock))?;
    let OuterPayload { amount_msat, expiry, payment_data, ref tail_blind, ref packet } = read;
    let mut answer = Map::new();
    answer.insert("amt_to_forward".into(), amount_msat.into());
    answer.insert("outgoing_cltv_value".into(), expiry.into());
    if let Some(data) = payment_data {
        let (secret, total_msat) = (hex::encode(data.secret.0), data.total_msat);
        let data = json!({ "payment_secret": secret, "total_msat": total_msat });
        answer.insert("payment_data".into(), data);
    }
    answer.insert("trampoline_onion_packet".into(), hex::encode(packet.to_bytes()).into());
    if let Some(blind) = tail_blind {
        answer.insert("tail_blind".into(), scalar_text(blind.as_scalar()).into());
    }
    let written = with_path(read.to_tlv(), &layer.payload, &mut answer)?;
    records(fields, &layer.payload, &written)?;
    Ok(answer.into())
}

/// A scalar that is as good as any.
fn any_scalar(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).expect("it is small and not zero")
}

/// The kind is all that a payload has to fit.
fn lock(fields: &Fields<'_>) -> Result<Lock, Refusal> {
    let kind = fields.get("lock")?;
    match kind.text()? {
        "point" => Ok(Lock::Point(any_scalar(1).to_point())),
        "hash" => Ok(Lock::Hash(PaymentHash([1; 32]))),
        _ => Err(kind.refuse("neither \"point\" nor \"hash\"")),
    }
}

/// The payload in a packet for its node, as that node peels it. Not the last, it has a neighbour behind it.
fn peeled(fields: &Fields<'_>, lock: &Lock, last: bool) -> Result<PeeledPayment, Refusal> {
    let node_secret = fields.get("node_secret")?.secret()?;
    let payload = fields.get("payload")?;
    let mut payloads = vec![payload.octets()?];
    let mut keys = vec![node_secret.to_point()];
    let path_key = fields.optional("path_key");
    let path_key = path_key.map(|field| field.point().map(|key| (field, key))).transpose()?;
    if let Some((field, key)) = &path_key {
        let blinded = PathSecret::new(&node_secret, key).blinded_node_id(&keys[0]);
        keys[0] = blinded.map_err(|error| field.refuse(error))?;
    }
    if !last {
        keys.push(any_scalar(2).to_point());
        payloads.push(vec![0; 2]);
    }
    let associated_data = match lock {
        Lock::Hash(hash) => hash.0.to_vec(),
        Lock::Point(_) => Vec::new(),
    };
    // With room for a field twice, which a payment's packet does not have for the longest.
    let built = Packet::plan(any_scalar(3), &keys)
        .and_then(|plan| plan.build(&payloads, &associated_data, 2 * Packet::PAYLOADS_LENGTH));
    let (packet, _) = built.map_err(|error| payload.refuse(error))?;
    let path_key = path_key.as_ref().map(|(_, key)| key);
    peel_payment(&packet, &node_secret, path_key, &associated_data)
        .map_err(|error| of_blinding("payload", &error))
}

pub(super) fn parse(bytes: &[u8], last: bool) -> Result<Payload, Refusal> {
    Payload::parse(bytes, last).map_err(|error| of_payload(PAYLOAD, "payload", &error))
}

fn fits(fits: bool) -> Result<(), Refusal> {
    if fits { Ok(()) } else { Err(refusal("lock", "of another kind than the payload is for")) }
}

/// The records of a stream, and what is written of what was read from it: the same, less what was passed over.
pub(super) fn records(fields: &Fields<'_>, read: &[u8], written: &[u8]) -> Result<(), Refusal> {
    let stream = stream(read)?;
    let records: Vec<Value> = stream
        .records()
        .iter()
        .map(|record| {
            let value = hex::encode(record.value());
            json!({ "offset": record.offset(), "type": record.tlv_type(), "value": value })
        })
        .collect();
    fields.step("records", records);
    fields.step("written", hex::encode(written));
    Ok(())
}

fn stream(bytes: &[u8]) -> Result<TlvStream<'_>, Refusal> {
    TlvStream::parse(bytes)
        .map_err(|error| of_payload(PAYLOAD, "payload", &PayloadError::Wire(error)))
}

/// What a path's own fields are, which the library hands on as they are.
fn with_path(
    mut fields: TlvWriter,
    payload: &[u8],
    answer: &mut Map<String, Value>,
) -> Result<Vec<u8>, Refusal> {
    let stream = stream(payload)?;
    for (tlv_type, name) in [(10, "encrypted_recipient_data"), (12, "current_path_key")] {
        if let Some(record) = stream.get(tlv_type) {
            fields.set(tlv_type, record.value());
            answer.insert(name.into(), hex::encode(record.value()).into());
        }
    }
    Ok(fields.to_bytes())
}

fn tweak(tweak: &Tweak, answer: &mut Map<String, Value>) {
    match tweak {
        Tweak::Derived => {}
        Tweak::Blind(blind) => {
            answer.insert("blind".into(), scalar_text(blind.as_scalar()).into());
        }
        Tweak::Hold(order) => {
            answer.insert("hold_id".into(), hex::encode(order.id.0).into());
            if let Some(held) = &order.held_blind {
                answer.insert("held_blind".into(), hex::encode(*held.dangerous_to_bytes()).into());
            }
            answer.insert("release_hash".into(), hex::encode(order.release_hash.0).into());
            answer.insert("latest_release_height".into(), order.latest_release_height.into());
        }
    }
}

fn received(read: &FinalPayload) -> Map<String, Value> {
    let mut answer = Map::new();
    let mut set = |name: &str, value: Value| answer.insert(name.into(), value);
    set("amt_to_forward", read.amount_msat.into());
    set("outgoing_cltv_value", read.expiry.into());
    match &read.payment_secret {
        Some(secret) => {
            let secret = hex::encode(secret.0);
            let data = json!({ "payment_secret": secret, "total_msat": read.total_msat });
            set("payment_data", data)
        }
        None => set("total_amount_msat", read.total_msat.into()),
    };
    if let Some(blind) = &read.final_blind {
        set("final_blind", scalar_text(blind.as_scalar()).into());
    }
    if let Some(part) = &read.part {
        let share = hex::encode(*part.secret.dangerous_to_bytes());
        set("part_share", json!({ "share": share, "part": part.index, "parts": part.count }));
    }
    if let Some(payer) = &read.payer {
        set("payer_key", hex::encode(payer.key.to_bytes()).into());
        if let Some(note) = &payer.note {
            set("payer_note", hex::encode(note).into());
        }
        set("payer_invoice_id", hex::encode(payer.invoice_id.to_bytes()).into());
        set("payer_signature", hex::encode(payer.signature.to_bytes()).into());
    }
    answer
}

/// A blinded path, as answers have it.
pub(super) fn blinded_path(path: &BlindedPath<IntroductionNode>) -> Value {
    let mut written = Vec::new();
    path.write(&mut written);
    let first = match path.introduction_node() {
        IntroductionNode::NodeId(_) => 33,
        IntroductionNode::Channel { .. } => 9,
    };
    let hops: Vec<Value> = path
        .hops()
        .iter()
        .map(|hop| {
            let data = hex::encode(&hop.encrypted_recipient_data);
            let id = hop.blinded_node_id.to_string();
            json!({ "blinded_node_id": id, "encrypted_recipient_data": data })
        })
        .collect();
    json!({
        "first_node_id": hex::encode(&written[..first]),
        "first_path_key": path.first_path_key().to_string(),
        "hops": hops,
    })
}

fn recipient_path(path: &PaymentPath) -> Value {
    let terms = &path.pay_info;
    json!({
        "path": blinded_path(&path.path),
        "payinfo": {
            "fee_base_msat": terms.fee_base_msat,
            "fee_proportional_millionths": terms.fee_proportional_millionths,
            "cltv_expiry_delta": terms.cltv_expiry_delta,
            "htlc_minimum_msat": terms.htlc_minimum_msat,
            "htlc_maximum_msat": terms.htlc_maximum_msat,
            "features": hex::encode(terms.features.as_bytes()),
        },
    })
}
