//! BOLT 4's vectors for onion packets and for the failures that come back.

// `vectors` is `pub` because other test binaries use the same file.
mod common;

use pointlock::curve::{Point, SecretScalar};
use pointlock::onion::{FailurePacket, OnionError, Packet, SharedSecret};
use serde::Deserialize;

#[derive(Deserialize)]
struct PacketVector {
    generate: PacketInput,
    onion: String,
    decode: Vec<String>,
}

#[derive(Deserialize)]
struct PacketInput {
    session_key: String,
    associated_data: String,
    hops: Vec<PacketHop>,
}

#[derive(Deserialize)]
struct PacketHop {
    pubkey: String,
    payload: String,
}

#[derive(Deserialize)]
struct FailureVector {
    generate: FailureInput,
    errorpacket: String,
}

#[derive(Deserialize)]
struct FailureInput {
    session_key: String,
    failure_message: String,
    hops: Vec<FailureHop>,
}

#[derive(Deserialize)]
struct FailureHop {
    pubkey: String,
    hop_shared_secret: String,
}

fn secret(text: &str) -> SecretScalar {
    let bytes = hex::decode(text).expect("hexadecimal").try_into().expect("32 bytes");
    SecretScalar::from_bytes(&bytes).expect("a secret key")
}

/// The vector's payloads carry their lengths.
fn without_length(text: &str) -> Vec<u8> {
    let bytes = hex::decode(text).expect("hexadecimal");
    let prefix = if bytes[0] == 0xfd { 3 } else { 1 };
    bytes[prefix..].to_vec()
}

#[test]
fn packet() {
    let Some(text) = common::vectors("bolt04/onion-test.json") else { return };
    let vector: PacketVector = serde_json::from_str(&text).unwrap();
    let input = vector.generate;
    let associated_data = hex::decode(&input.associated_data).unwrap();
    let hops: Vec<(Point, Vec<u8>)> = input
        .hops
        .iter()
        .map(|hop| (hop.pubkey.parse().unwrap(), without_length(&hop.payload)))
        .collect();
    assert_eq!(hops.len(), vector.decode.len());

    let (packet, shared_secrets) =
        Packet::build(secret(&input.session_key), &hops, &associated_data).unwrap();
    assert_eq!(hex::encode(packet.to_bytes()), vector.onion);

    let mut packet = Some(Packet::from_bytes(&hex::decode(&vector.onion).unwrap()).unwrap());
    for (hop, node_secret) in vector.decode.iter().enumerate() {
        let peeled =
            packet.expect("not the last hop").peel(&secret(node_secret), &associated_data).unwrap();
        assert_eq!(*peeled.payload, hops[hop].1, "hop {hop}");
        assert_eq!(peeled.shared_secret, shared_secrets[hop], "hop {hop}");
        packet = peeled.next;
    }
    assert!(packet.is_none());
}

#[test]
fn failure() {
    let Some(text) = common::vectors("bolt04/onion-error-test.json") else { return };
    let vector: FailureVector = serde_json::from_str(&text).unwrap();
    let input = vector.generate;
    let hops: Vec<(Point, [u8; 2])> =
        input.hops.iter().map(|hop| (hop.pubkey.parse().unwrap(), [0, 0])).collect();
    let (_, shared_secrets) = Packet::build(secret(&input.session_key), &hops, &[]).unwrap();
    for (hop, shared_secret) in input.hops.iter().zip(&shared_secrets) {
        let expected = hex::decode(&hop.hop_shared_secret).unwrap().try_into().unwrap();
        assert_eq!(*shared_secret, SharedSecret::from_bytes(expected));
    }

    // The last hop fails; the others wrap on the way back.
    let message = hex::decode(&input.failure_message).unwrap();
    let (last, before) = shared_secrets.split_last().unwrap();
    let made = FailurePacket::new(last, &message).unwrap();
    let returned = before.iter().rev().fold(made, FailurePacket::wrap);
    assert_eq!(hex::encode(returned.as_bytes()), vector.errorpacket);

    let received = FailurePacket::from_bytes(&hex::decode(&vector.errorpacket).unwrap()).unwrap();
    let failure = received.clone().open(&shared_secrets).unwrap();
    assert_eq!(failure.hop, shared_secrets.len() - 1);
    assert_eq!(failure.code().to_be_bytes()[..], message[..2]);
    assert_eq!(failure.data(), &message[2..]);
    assert_eq!(received.open(before), Err(OnionError::UnknownFailureSource));
}
