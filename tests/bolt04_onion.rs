//! BOLT 4's vectors for onion packets and for the failures that come back.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/standards.rs"]
mod standards;

use pointlock::curve::{Point, SecretScalar};
use pointlock::onion::{
    AttributedFailure, Attribution, AttributionData, FailurePacket, HoldTime, OnionError, Packet,
    SharedSecret,
};
use serde::Deserialize;

use standards::{array, bytes};

#[derive(Deserialize)]
struct PacketInput {
    session_key: String,
    associated_data: String,
    packet: String,
}

#[derive(Deserialize)]
struct PacketHop {
    name: String,
    public_key: String,
    node_secret: String,
    framed_payload: String,
}

#[derive(Deserialize)]
struct FailureInput {
    session_key: String,
    message: String,
    packet: String,
}

#[derive(Deserialize)]
struct FailureHop {
    name: String,
    public_key: String,
    shared_secret: String,
}

fn secret(text: &str) -> SecretScalar {
    SecretScalar::from_bytes(&array(text)).expect("a secret key")
}

fn without_length(framed: &str) -> Vec<u8> {
    let bytes = bytes(framed);
    let prefix = if bytes[0] == 0xfd { 3 } else { 1 };
    bytes[prefix..].to_vec()
}

#[test]
fn packet() {
    let (input, rows): (PacketInput, Vec<PacketHop>) = standards::file("bolt04/onion.json", 5);
    let associated_data = bytes(&input.associated_data);
    let hops: Vec<(Point, Vec<u8>)> = rows
        .iter()
        .map(|row| (row.public_key.parse().unwrap(), without_length(&row.framed_payload)))
        .collect();

    let (packet, shared_secrets) =
        Packet::build(secret(&input.session_key), &hops, &associated_data).unwrap();
    assert_eq!(hex::encode(packet.to_bytes()), input.packet);

    let mut packet = Some(Packet::from_bytes(&bytes(&input.packet)).unwrap());
    for (hop, row) in rows.iter().enumerate() {
        let peeled = packet
            .expect("not the last hop")
            .peel(&secret(&row.node_secret), &associated_data)
            .unwrap();
        assert_eq!(*peeled.payload, hops[hop].1, "{}", row.name);
        assert_eq!(peeled.shared_secret, shared_secrets[hop], "{}", row.name);
        packet = peeled.next;
    }
    assert!(packet.is_none());
}

#[test]
fn failure() {
    let (input, rows): (FailureInput, Vec<FailureHop>) = standards::file("bolt04/failure.json", 5);
    let hops: Vec<(Point, [u8; 2])> =
        rows.iter().map(|row| (row.public_key.parse().unwrap(), [0, 0])).collect();
    let (_, shared_secrets) = Packet::build(secret(&input.session_key), &hops, &[]).unwrap();
    for (row, shared_secret) in rows.iter().zip(&shared_secrets) {
        let expected = SharedSecret::from_bytes(array(&row.shared_secret));
        assert_eq!(*shared_secret, expected, "{}", row.name);
    }

    // The last hop fails; the others wrap on the way back.
    let message = bytes(&input.message);
    let (last, before) = shared_secrets.split_last().unwrap();
    let made = FailurePacket::new(last, &message).unwrap();
    let returned = before.iter().rev().fold(made, FailurePacket::wrap);
    assert_eq!(hex::encode(returned.as_bytes()), input.packet);

    let received = FailurePacket::from_bytes(&bytes(&input.packet)).unwrap();
    let failure = received.clone().open(&shared_secrets).unwrap();
    assert_eq!(failure.hop, shared_secrets.len() - 1);
    assert_eq!(failure.code().to_be_bytes()[..], message[..2]);
    assert_eq!(failure.data(), &message[2..]);
    assert_eq!(received.open(before), Err(OnionError::UnknownFailureSource));
}

#[derive(Deserialize)]
struct AttributionInput {
    message: String,
    bare_packet: String,
}

#[derive(Deserialize)]
struct AttributionHop {
    name: String,
    shared_secret: String,
    hold_time: u32,
    packet: String,
    attribution_data: String,
    fulfilled_attribution_data: String,
}

/// BOLT 4's trace. Its packet is padded to more than 256 bytes, so it comes from there, and the hop that fails adds its layer.
#[test]
fn attribution() {
    let (input, rows): (AttributionInput, Vec<AttributionHop>) =
        standards::file("bolt04/attribution.json", 5);
    let secrets: Vec<SharedSecret> =
        rows.iter().map(|row| SharedSecret::from_bytes(array(&row.shared_secret))).collect();
    let times: Vec<HoldTime> = rows.iter().map(|row| HoldTime::from_units(row.hold_time)).collect();

    let bare = FailurePacket::from_bytes(&bytes(&input.bare_packet)).unwrap();
    let (last, before) = secrets.split_last().unwrap();
    let first = AttributionData::new(last, bare.as_bytes(), times[4]);
    let mut failure = AttributedFailure::from_parts(bare.wrap(last), Some(first));
    let mut fulfilled = AttributionData::new(last, &[], times[4]);
    for (hop, row) in rows.iter().enumerate().rev() {
        if let Some(secret) = before.get(hop) {
            failure = failure.wrap(secret, times[hop]);
            fulfilled = fulfilled.wrap(secret, &[], times[hop]);
        }
        let name = &row.name;
        assert_eq!(hex::encode(failure.as_bytes()), row.packet, "{name}");
        let data = failure.attribution().unwrap();
        assert_eq!(hex::encode(data.as_bytes()), row.attribution_data, "{name}");
        let data = hex::encode(fulfilled.as_bytes());
        assert_eq!(data, row.fulfilled_attribution_data, "{name}");
    }

    // As the sender has it from its neighbour.
    let packet = FailurePacket::from_bytes(&bytes(&rows[0].packet)).unwrap();
    let data = AttributionData::from_bytes(&bytes(&rows[0].attribution_data)).unwrap();
    let read = AttributedFailure::from_parts(packet.clone(), Some(data)).open(&secrets);
    let told = read.failure.unwrap();
    let message = [&told.code().to_be_bytes(), told.data()].concat();
    assert_eq!((told.hop, hex::encode(message)), (4, input.message));
    let whole = Attribution { hold_times: times, broken_at: None };
    assert_eq!(read.attribution.as_ref(), Some(&whole));
    assert_eq!(fulfilled.clone().open(&secrets), whole);
    // What belongs to a preimage does not to a failure.
    let mixed = AttributedFailure::from_parts(packet, Some(fulfilled)).open(&secrets);
    let mixed = mixed.attribution.unwrap();
    assert_eq!((mixed.hold_times.len(), mixed.blamed()), (0, Some((None, 0))));
}
