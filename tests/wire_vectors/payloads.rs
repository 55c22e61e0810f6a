//! One payload or message: read as its node reads it, compared field by field, and written again.

use pointlock::curve::{Point, SecretScalar};
use pointlock::invoice::PaymentPath;
use pointlock::lock::{Lock, PaymentHash};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{PathSecret, PeeledPayment, peel_payment};
use pointlock::payment::{
    FinalPayload, Handover, HeldAvailable, Payload, Recipient, ReleaseHeld, TrampolineFinalPayload,
    Tweak,
};
use pointlock::wire::{IntroductionNode, TlvStream, TlvWriter};
use serde_json::{Map, Value, json};

use crate::names::{HANDED, HOLDS, PAYLOAD, of_blinding, of_payload};
use crate::optional;
use crate::own::{Refusal, Row, bytes, point, secret};

fn entropy(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

fn lock(row: &Row) -> Lock {
    match row.input["lock"].as_str().unwrap() {
        "point" => Lock::Point(entropy(1).to_point()),
        "hash" => Lock::Hash(PaymentHash([1; 32])),
        other => panic!("{other}"),
    }
}

/// The row's payload in a packet for its node, as that node peels it. Not the last, it has a neighbour behind it.
fn peel(row: &Row, last: bool) -> Result<PeeledPayment, Refusal> {
    let node_secret = row.get("node_secret", secret)?;
    let path_key = optional(&row.input["path_key"]).map(|key| point(&key).unwrap());
    let node_id = node_secret.to_point();
    let blinded = |key: &Point| PathSecret::new(&node_secret, key).blinded_node_id(&node_id);
    let key = path_key.as_ref().map_or(Ok(node_id), blinded).unwrap();
    let mut hops = vec![(key, bytes(&row.input["payload"]))];
    if !last {
        hops.push((entropy(2).to_point(), vec![0; 2]));
    }
    let associated_data = match lock(row) {
        Lock::Hash(hash) => hash.0.to_vec(),
        Lock::Point(_) => Vec::new(),
    };
    // With room for a field twice, which a payment's packet does not have for the longest.
    let (keys, payloads): (Vec<Point>, Vec<Vec<u8>>) = hops.iter().cloned().unzip();
    let plan = Packet::plan(entropy(3), &keys).unwrap();
    let (packet, _) = plan.build(&payloads, &associated_data, 2 * Packet::PAYLOADS_LENGTH).unwrap();
    let packet = Packet::from_bytes_of_any_length(&packet.to_bytes()).unwrap();
    let peeled = peel_payment(&packet, &node_secret, path_key.as_ref(), &associated_data);
    let peeled = peeled.map_err(|error| of_blinding(&error))?;
    assert_eq!(*peeled.layer.payload, hops[0].1);
    Ok(peeled)
}

fn parse(bytes: &[u8], last: bool) -> Result<Payload, Refusal> {
    Payload::parse(bytes, last).map_err(|error| of_payload(PAYLOAD, "payload", &error))
}

fn fits(fits: bool) -> Result<(), Refusal> {
    if fits { Ok(()) } else { Err(("lock", None)) }
}

/// That the records are those of the row, and that `written` is what the row has been read from; without what was passed
/// over, where there was such.
fn check_bytes(row: &Row, read: &[u8], written: &[u8]) {
    let stream = TlvStream::parse(read).unwrap();
    let records: Vec<Value> = stream
        .records()
        .iter()
        .map(|record| {
            let value = hex::encode(record.value());
            json!({ "offset": record.offset(), "type": record.tlv_type(), "value": value })
        })
        .collect();
    assert_eq!(row.intermediate["records"], json!(records));
    let expected = row.intermediate.get("written").map_or(read.to_vec(), bytes);
    assert_eq!(hex::encode(written), hex::encode(expected));
}

/// What a path's own fields are, which the library hands on as they are.
fn with_path(mut fields: TlvWriter, payload: &[u8], output: &mut Map<String, Value>) -> Vec<u8> {
    let stream = TlvStream::parse(payload).unwrap();
    for (tlv_type, name) in [(10, "encrypted_recipient_data"), (12, "current_path_key")] {
        if let Some(record) = stream.get(tlv_type) {
            fields.set(tlv_type, record.value());
            output.insert(name.into(), hex::encode(record.value()).into());
        }
    }
    fields.to_bytes()
}

fn tweak(tweak: &Tweak, output: &mut Map<String, Value>) {
    match tweak {
        Tweak::Derived => {}
        Tweak::Blind(blind) => {
            output.insert("blind".into(), hex::encode(*blind.dangerous_to_bytes()).into());
        }
        Tweak::Hold(order) => {
            output.insert("hold_id".into(), hex::encode(order.id.0).into());
            if let Some(held) = &order.held_blind {
                output.insert("held_blind".into(), hex::encode(*held.dangerous_to_bytes()).into());
            }
            output.insert("release_hash".into(), hex::encode(order.release_hash.0).into());
            output.insert("latest_release_height".into(), order.latest_release_height.into());
        }
    }
}

pub(crate) fn forward(row: &Row) -> Result<Value, Refusal> {
    let PeeledPayment { layer, path } = peel(row, false)?;
    let mut output = Map::new();
    if let Some(path) = path {
        assert!(path.next_peer().is_some(), "the data says to whom");
        let written = with_path(TlvWriter::new(), &layer.payload, &mut output);
        check_bytes(row, &layer.payload, &written);
        return Ok(output.into());
    }
    let Payload::Forward(read) = parse(&layer.payload, false)? else { panic!("a forwarder's") };
    fits(read.tweak.fits(&lock(row)))?;
    output.insert("amt_to_forward".into(), read.amount_msat.into());
    output.insert("outgoing_cltv_value".into(), read.expiry.into());
    let channel = hex::encode(read.short_channel_id.to_be_bytes());
    output.insert("short_channel_id".into(), channel.into());
    tweak(&read.tweak, &mut output);
    check_bytes(row, &layer.payload, &read.to_bytes());
    Ok(output.into())
}

fn received(read: &FinalPayload) -> Map<String, Value> {
    let mut output = Map::new();
    let mut set = |name: &str, value: Value| output.insert(name.into(), value);
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
        set("final_blind", hex::encode(*blind.dangerous_to_bytes()).into());
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
    output
}

pub(crate) fn last(row: &Row) -> Result<Value, Refusal> {
    let PeeledPayment { layer, path } = peel(row, true)?;
    let Payload::Final(read) = parse(&layer.payload, true)? else { panic!("the receiver's") };
    fits(read.fits(&lock(row)))?;
    assert_eq!(path.is_some(), read.payment_secret.is_none());
    let mut output = received(&read);
    let written = with_path(read.to_tlv(), &layer.payload, &mut output);
    check_bytes(row, &layer.payload, &written);
    Ok(output.into())
}

pub(crate) fn inner(row: &Row) -> Result<Value, Refusal> {
    let payload = bytes(&row.input["payload"]);
    let in_path = row.input["in_path"].as_bool().unwrap();
    let read = FinalPayload::parse_inner(&payload, in_path)
        .map_err(|error| of_payload(PAYLOAD, "payload", &error))?;
    fits(read.fits(&lock(row)))?;
    check_bytes(row, &payload, &read.to_bytes());
    Ok(received(&read).into())
}

fn recipient_path(path: &PaymentPath) -> Value {
    let mut written = Vec::new();
    path.path.write(&mut written);
    let first = match path.path.introduction_node() {
        IntroductionNode::NodeId(_) => 33,
        IntroductionNode::Channel { .. } => 9,
    };
    let hops: Vec<Value> = path
        .path
        .hops()
        .iter()
        .map(|hop| {
            let data = hex::encode(&hop.encrypted_recipient_data);
            let id = hop.blinded_node_id.to_string();
            json!({ "blinded_node_id": id, "encrypted_recipient_data": data })
        })
        .collect();
    let terms = &path.pay_info;
    assert_eq!(terms.features.bits().count(), 0);
    json!({
        "path": {
            "first_node_id": hex::encode(&written[..first]),
            "first_path_key": path.path.first_path_key().to_string(),
            "hops": hops,
        },
        "payinfo": {
            "fee_base_msat": terms.fee_base_msat,
            "fee_proportional_millionths": terms.fee_proportional_millionths,
            "cltv_expiry_delta": terms.cltv_expiry_delta,
            "htlc_minimum_msat": terms.htlc_minimum_msat,
            "htlc_maximum_msat": terms.htlc_maximum_msat,
            "features": "",
        },
    })
}

pub(crate) fn trampoline(row: &Row) -> Result<Value, Refusal> {
    let payload = bytes(&row.input["payload"]);
    let Payload::Trampoline(read) = parse(&payload, true)? else { panic!("a trampoline's") };
    fits(read.tweak.fits(&lock(row)))?;
    let mut output = Map::new();
    output.insert("amt_to_forward".into(), read.amount_msat.into());
    match &read.recipient {
        Recipient::Node(id) => {
            output.insert("outgoing_node_id".into(), id.to_string().into());
            output.insert("min_final_delta".into(), read.min_final_delta.into());
        }
        Recipient::Path(path) => {
            output.insert("recipient_path".into(), recipient_path(path));
        }
    }
    output.insert("trampoline_onion_packet".into(), hex::encode(read.packet.to_bytes()).into());
    tweak(&read.tweak, &mut output);
    check_bytes(row, &payload, &read.to_bytes().unwrap());
    Ok(output.into())
}

pub(crate) fn trampoline_final(row: &Row) -> Result<Value, Refusal> {
    let PeeledPayment { layer, .. } = peel(row, true)?;
    let Payload::TrampolineFinal(read) = parse(&layer.payload, true)? else {
        panic!("a trampoline's")
    };
    fits(read.fits(&lock(row)))?;
    let TrampolineFinalPayload { amount_msat, expiry, ref tail_blind, ref packet } = read;
    let mut output = Map::new();
    output.insert("amt_to_forward".into(), amount_msat.into());
    output.insert("outgoing_cltv_value".into(), expiry.into());
    output.insert("trampoline_onion_packet".into(), hex::encode(packet.to_bytes()).into());
    if let Some(blind) = tail_blind {
        output.insert("tail_blind".into(), hex::encode(*blind.dangerous_to_bytes()).into());
    }
    let written = with_path(read.to_tlv(), &layer.payload, &mut output);
    check_bytes(row, &layer.payload, &written);
    Ok(output.into())
}

pub(crate) fn held_ptlc_available(row: &Row) -> Result<Value, Refusal> {
    let value = bytes(&row.input["value"]);
    let payload = TlvWriter::new().set(65565, value.clone()).to_bytes();
    let read = HeldAvailable::from_payload(&payload)
        .map_err(|error| of_payload(HOLDS, "value", &error))?;
    let written = read.to_tlv().to_bytes();
    check_bytes(row, &value, TlvStream::parse(&written).unwrap().get(65565).unwrap().value());
    let holds: Vec<Value> = read
        .holds
        .iter()
        .map(|hold| {
            let release = hex::encode(*hold.release.dangerous_to_bytes());
            let id = hex::encode(hold.id.0);
            json!({ "hold_id": id, "release_secret": release, "amount_msat": hold.amount_msat })
        })
        .collect();
    let height = read.latest_release_height;
    let mut output = json!({ "holds": holds, "latest_release_height": height });
    if let Some(x) = read.x {
        output["x"] = hex::encode(x.to_bytes()).into();
    }
    Ok(output)
}

pub(crate) fn handover(row: &Row) -> Result<Value, Refusal> {
    let value = bytes(&row.input["value"]);
    let message = TlvWriter::new().set(65575, value.clone()).to_bytes();
    let read =
        Handover::from_message(&message).map_err(|error| of_payload(HANDED, "value", &error))?;
    let written = read.to_tlv().to_bytes();
    check_bytes(row, &value, TlvStream::parse(&written).unwrap().get(65575).unwrap().value());
    let path = &read.announcement.path;
    let IntroductionNode::NodeId(first) = path.introduction_node() else { panic!("a node id") };
    let hops: Vec<Value> = path
        .hops()
        .iter()
        .map(|hop| {
            let data = hex::encode(&hop.encrypted_recipient_data);
            let id = hex::encode(hop.blinded_node_id.to_bytes());
            json!({ "blinded_node_id": id, "encrypted_recipient_data": data })
        })
        .collect();
    Ok(json!({
        "hold_id": hex::encode(read.hold.0),
        "message_path": {
            "first_node_id": hex::encode(first.to_bytes()),
            "first_path_key": hex::encode(path.first_path_key().to_bytes()),
            "hops": hops,
        },
        "sealed_announcement": hex::encode(read.announcement.packet.to_bytes()),
    }))
}

pub(crate) fn release_held_ptlc(row: &Row) -> Result<Value, Refusal> {
    let value = bytes(&row.input["value"]);
    let message = TlvWriter::new().set(65567, value.clone()).to_bytes();
    let read =
        ReleaseHeld::from_message(&message).map_err(|error| of_payload(HOLDS, "value", &error))?;
    let written = read.to_tlv().to_bytes();
    check_bytes(row, &value, TlvStream::parse(&written).unwrap().get(65567).unwrap().value());
    let holds: Vec<Value> = read
        .holds
        .iter()
        .map(|(id, release)| {
            let release = hex::encode(*release.dangerous_to_bytes());
            json!({ "hold_id": hex::encode(id.0), "release_secret": release })
        })
        .collect();
    Ok(json!({ "holds": holds }))
}
