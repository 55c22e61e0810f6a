//! BOLT 4's vectors for onion packets and for the failures that come back.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/standards.rs"]
mod standards;

use pointlock::curve::{Point, SecretScalar};
use pointlock::onion::{FailurePacket, OnionError, Packet, SharedSecret};
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
