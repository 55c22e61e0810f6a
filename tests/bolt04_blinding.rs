//! BOLT 4's vectors for blinded paths.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/standards.rs"]
mod standards;

use pointlock::curve::{CurveError, Point, SecretScalar};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{
    BlindedHop, BlindedPath, NextPeer, OnionMessage, PathSecret, PaymentConstraints, PaymentRelay,
    PeeledMessage, RecipientData, peel_payment,
};
use pointlock::wire::{TlvStream, TlvWriter, tu64};
use serde::Deserialize;

use standards::{array, bytes};

/// A point in hexadecimal.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Key(Point);

impl TryFrom<String> for Key {
    type Error = CurveError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

/// Where a path begins.
#[derive(Deserialize)]
struct Start {
    first_node_id: Key,
    first_path_key: Key,
}

/// A hop's data, by its fields.
#[derive(Deserialize)]
struct Data {
    padding: Option<String>,
    short_channel_id: Option<u64>,
    next_node_id: Option<Key>,
    path_id: Option<String>,
    next_path_key_override: Option<Key>,
    payment_relay: Option<Relay>,
    payment_constraints: Option<Constraints>,
    /// The bits that are set.
    allowed_features: Option<Vec<usize>>,
    #[serde(default)]
    other: Vec<Record>,
}

#[derive(Deserialize)]
struct Relay {
    cltv_expiry_delta: u16,
    fee_proportional_millionths: u32,
    fee_base_msat: u32,
}

#[derive(Deserialize)]
struct Constraints {
    max_cltv_expiry: u32,
    htlc_minimum_msat: u64,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "type")]
    tlv_type: u64,
    value: String,
}

impl Data {
    fn fields(&self) -> RecipientData {
        let features = |bits: &Vec<usize>| {
            let mut bytes = vec![0; bits.iter().max().map_or(0, |bit| bit / 8 + 1)];
            let last = bytes.len().saturating_sub(1);
            bits.iter().for_each(|bit| bytes[last - bit / 8] |= 1 << (bit % 8));
            bytes
        };
        RecipientData {
            padding: self.padding.as_deref().map(bytes),
            short_channel_id: self.short_channel_id,
            next_node_id: self.next_node_id.map(|id| id.0),
            path_id: self.path_id.as_deref().map(bytes),
            next_path_key_override: self.next_path_key_override.map(|key| key.0),
            payment_relay: self.payment_relay.as_ref().map(|relay| PaymentRelay {
                cltv_expiry_delta: relay.cltv_expiry_delta,
                fee_proportional_millionths: relay.fee_proportional_millionths,
                fee_base_msat: relay.fee_base_msat,
            }),
            payment_constraints: self.payment_constraints.as_ref().map(|constraints| {
                PaymentConstraints {
                    max_cltv_expiry: constraints.max_cltv_expiry,
                    htlc_minimum_msat: constraints.htlc_minimum_msat,
                }
            }),
            allowed_features: self.allowed_features.as_ref().map(features),
            other: self.other.iter().map(|r| (r.tlv_type, bytes(&r.value))).collect(),
        }
    }
}

fn secret(text: &str) -> SecretScalar {
    SecretScalar::from_bytes(&array(text)).unwrap()
}

fn blinded_hop(blinded_node_id: Key, encrypted_data: &str) -> BlindedHop {
    BlindedHop {
        blinded_node_id: blinded_node_id.0,
        encrypted_recipient_data: bytes(encrypted_data),
    }
}

fn path(start: &Start, hops: impl Iterator<Item = BlindedHop>) -> BlindedPath {
    let (node_id, path_key) = (start.first_node_id.0, start.first_path_key.0);
    BlindedPath::from_parts(node_id, path_key, hops.collect()).unwrap()
}

#[derive(Deserialize)]
struct PathHop {
    name: String,
    node_id: Key,
    node_secret: String,
    /// Where a path starts.
    session_key: Option<String>,
    data: Data,
    encoded_data: String,
    path_key: Key,
    shared_secret: String,
    encrypted_data: String,
    blinded_node_id: Key,
    blinded_node_secret: String,
    next_path_key: Key,
    next_path_key_override: Option<Key>,
}

fn joined_paths() -> (Vec<PathHop>, BlindedPath) {
    let (start, rows): (Start, Vec<PathHop>) = standards::file("bolt04/blinded_path.json", 4);
    let hops = rows.iter().map(|row| blinded_hop(row.blinded_node_id, &row.encrypted_data));
    let path = path(&start, hops);
    (rows, path)
}

#[test]
fn paths_are_made_and_joined() {
    let (rows, expected) = joined_paths();
    let mut made: Option<BlindedPath> = None;
    let mut hops = &rows[..];
    while let [first, rest @ ..] = hops {
        let session_key = secret(first.session_key.as_ref().unwrap());
        let length = 1 + rest.iter().take_while(|hop| hop.session_key.is_none()).count();
        let (of_this_path, others) = hops.split_at(length);
        let inputs: Vec<(Point, Vec<u8>)> =
            of_this_path.iter().map(|hop| (hop.node_id.0, bytes(&hop.encoded_data))).collect();
        let (path, secrets) = BlindedPath::build(session_key, &inputs).unwrap();
        for ((hop, secret), made) in of_this_path.iter().zip(&secrets).zip(path.hops()) {
            let name = &hop.name;
            assert_eq!(*secret.path_key(), hop.path_key.0, "{name}");
            let shared_secret = secret.shared_secret().dangerous_to_bytes();
            assert_eq!(hex::encode(*shared_secret), hop.shared_secret, "{name}");
            assert_eq!(made.blinded_node_id, hop.blinded_node_id.0, "{name}");
            assert_eq!(hex::encode(&made.encrypted_recipient_data), hop.encrypted_data, "{name}");
            let data = RecipientData::from_bytes(&bytes(&hop.encoded_data)).unwrap();
            assert_eq!(data, hop.data.fields(), "{name}");
            assert_eq!(hex::encode(data.to_bytes()), hop.encoded_data, "{name}");
        }
        made = Some(match made {
            Some(head) => head.join(path).unwrap(),
            None => path,
        });
        hops = others;
    }
    assert_eq!(made, Some(expected));
}

#[test]
fn every_hop_unblinds() {
    let (rows, path) = joined_paths();
    let mut path_key = *path.first_path_key();
    for (hop, encrypted) in rows.iter().zip(path.hops()) {
        let name = &hop.name;
        assert_eq!(path_key, hop.path_key.0, "{name}");
        let node_secret = secret(&hop.node_secret);
        assert_eq!(node_secret.to_point(), hop.node_id.0, "{name}");
        let shared = PathSecret::new(&node_secret, &path_key);
        let blinded_secret = shared.blinded_node_secret(&node_secret).unwrap();
        assert_eq!(blinded_secret, secret(&hop.blinded_node_secret), "{name}");
        let data = shared.open(&encrypted.encrypted_recipient_data).unwrap();
        assert_eq!(hex::encode(&*data), hop.encoded_data, "{name}");
        assert_eq!(shared.next_path_key().unwrap(), hop.next_path_key.0, "{name}");
        let data = RecipientData::from_bytes(&data).unwrap();
        let override_key = hop.next_path_key_override.map(|key| key.0);
        assert_eq!(data.next_path_key_override, override_key, "{name}");
        path_key = override_key.unwrap_or(hop.next_path_key.0);
    }
}

#[derive(Deserialize)]
struct Payment {
    session_key: String,
    associated_data: String,
    final_amount_msat: u64,
    final_cltv_expiry: u32,
    /// What the whole path takes.
    fee_base_msat: u64,
    fee_proportional_millionths: u64,
    cltv_expiry_delta: u32,
    #[serde(flatten)]
    start: Start,
    packet: String,
}

#[derive(Deserialize)]
struct PaymentHop {
    name: String,
    public_key: Key,
    node_secret: String,
    /// These three of the hops in the path.
    blinded_node_id: Option<Key>,
    encrypted_data: Option<String>,
    data: Option<Data>,
    /// Of the hop before it.
    outgoing_channel_id: Option<u64>,
    amount_msat: Option<u64>,
    cltv_expiry: Option<u32>,
    total_amount_msat: Option<u64>,
    current_path_key: Option<Key>,
    framed_payload: String,
    packet: String,
    next_path_key: Option<Key>,
}

impl PaymentHop {
    /// All are shorter than 253 bytes.
    fn payload(&self) -> Vec<u8> {
        bytes(&self.framed_payload)[1..].to_vec()
    }
}

#[test]
fn payment_over_a_path() {
    let (input, rows): (Payment, Vec<PaymentHop>) =
        standards::file("bolt04/blinded_payment.json", 5);
    let associated_data = bytes(&input.associated_data);

    // The first node stands before the path, and gets an ordinary payload.
    let [first, introduction, .., last] = &rows[..] else { panic!("a route") };
    assert_eq!(introduction.current_path_key.unwrap().0, input.start.first_path_key.0);
    let in_path = rows[1..]
        .iter()
        .map(|row| blinded_hop(row.blinded_node_id.unwrap(), row.encrypted_data.as_ref().unwrap()));
    let path = path(&input.start, in_path);
    let mut ordinary = TlvWriter::new();
    ordinary
        .set(2, tu64(first.amount_msat.unwrap()))
        .set(4, tu64(first.cltv_expiry.unwrap().into()))
        .set(6, first.outgoing_channel_id.unwrap().to_be_bytes());
    let mut hops = vec![(first.public_key.0, ordinary.to_bytes())];
    let mut final_fields = TlvWriter::new();
    final_fields
        .set(2, tu64(last.amount_msat.unwrap()))
        .set(4, tu64(last.cltv_expiry.unwrap().into()))
        .set(18, tu64(last.total_amount_msat.unwrap()));
    hops.extend(path.onion_hops(&final_fields));
    assert_eq!(hops.len(), rows.len());
    for (made, expected) in hops.iter().zip(&rows) {
        assert_eq!(made.0, expected.public_key.0, "{}", expected.name);
        assert_eq!(made.1, expected.payload(), "{}", expected.name);
    }
    let (packet, shared_secrets) =
        Packet::build(secret(&input.session_key), &hops, &associated_data).unwrap();
    assert_eq!(hex::encode(packet.to_bytes()), input.packet);

    let mut packet = Some(packet);
    let mut path_key = None;
    let mut contract = (first.amount_msat.unwrap(), first.cltv_expiry.unwrap());
    let fee = input.fee_base_msat
        + input.final_amount_msat * input.fee_proportional_millionths / 1_000_000;
    assert_eq!(contract.0, input.final_amount_msat + fee);
    assert_eq!(contract.1, input.final_cltv_expiry + input.cltv_expiry_delta);
    for (i, row) in rows.iter().enumerate() {
        let name = &row.name;
        let received = packet.expect("not the last hop");
        assert_eq!(hex::encode(received.to_bytes()), row.packet, "{name}");
        let node_secret = secret(&row.node_secret);
        let peeled =
            peel_payment(&received, &node_secret, path_key.as_ref(), &associated_data).unwrap();
        assert_eq!(*peeled.layer.payload, hops[i].1, "{name}");
        assert_eq!(peeled.layer.shared_secret, shared_secrets[i], "{name}");
        packet = peeled.layer.next;

        assert_eq!(peeled.path.is_some(), row.data.is_some(), "{name}");
        if let (Some(at_path), Some(expected)) = (peeled.path, &row.data) {
            assert_eq!(at_path.data, expected.fields(), "{name}");
            assert_eq!(at_path.next_path_key, row.next_path_key.unwrap().0, "{name}");
            path_key = Some(at_path.next_path_key);
            if packet.is_some() {
                contract = at_path.forward(contract.0, contract.1).unwrap();
            } else {
                at_path.check(contract.0, contract.1).unwrap();
            }
        }
    }
    assert!(packet.is_none());
    assert_eq!(contract, (input.final_amount_msat, input.final_cltv_expiry));
}

#[derive(Deserialize)]
struct Message {
    session_key: String,
    #[serde(flatten)]
    start: Start,
    contents: Vec<Record>,
    packet: String,
}

#[derive(Deserialize)]
struct MessageHop {
    name: String,
    node_secret: String,
    path_key_secret: String,
    path_key: Key,
    shared_secret: String,
    data: Data,
    encoded_data: String,
    encrypted_data: String,
    blinded_node_id: Key,
    message: String,
    next_node_id: Option<Key>,
}

#[test]
fn message_over_joined_paths() {
    let (input, rows): (Message, Vec<MessageHop>) =
        standards::file("bolt04/blinded_message.json", 4);

    // The sender's path to its own node stands before the receiver's, which has three hops.
    let build = |hops: &[MessageHop]| {
        let inputs: Vec<(Point, Vec<u8>)> = hops
            .iter()
            .map(|hop| (secret(&hop.node_secret).to_point(), bytes(&hop.encoded_data)))
            .collect();
        let (path, secrets) =
            BlindedPath::build(secret(&hops[0].path_key_secret), &inputs).unwrap();
        for (secret, hop) in secrets.iter().zip(hops) {
            assert_eq!(*secret.path_key(), hop.path_key.0, "{}", hop.name);
            let shared_secret = *secret.shared_secret().dangerous_to_bytes();
            assert_eq!(hex::encode(shared_secret), hop.shared_secret, "{}", hop.name);
        }
        path
    };
    let made = build(&rows[..1]).join(build(&rows[1..])).unwrap();
    let hops = rows.iter().map(|row| blinded_hop(row.blinded_node_id, &row.encrypted_data));
    assert_eq!(made, path(&input.start, hops));

    let [content] = &input.contents[..] else { panic!("one record") };
    let mut fields = TlvWriter::new();
    fields.set(content.tlv_type, bytes(&content.value));
    let mut message = OnionMessage::build(secret(&input.session_key), &made, &fields).unwrap();
    assert_eq!(hex::encode(&message.to_bytes()[2 + 33 + 2..]), input.packet);

    for row in &rows {
        let name = &row.name;
        assert_eq!(hex::encode(message.to_bytes()), row.message, "{name}");
        let data = RecipientData::from_bytes(&bytes(&row.encoded_data)).unwrap();
        assert_eq!(data, row.data.fields(), "{name}");
        let received = OnionMessage::from_bytes(&bytes(&row.message)).unwrap();
        assert_eq!(received, message, "{name}");
        match (received.peel(&secret(&row.node_secret)).unwrap(), &row.next_node_id) {
            (PeeledMessage::Forward { to, message: next }, Some(expected)) => {
                assert_eq!(to, NextPeer::Node(expected.0), "{name}");
                message = next;
            }
            (PeeledMessage::Receive { payload, data, .. }, None) => {
                let stream = TlvStream::parse(&payload).unwrap();
                let received = stream.get(content.tlv_type).unwrap().value();
                assert_eq!(hex::encode(received), content.value);
                assert_eq!(hex::encode(data.to_bytes()), row.encoded_data);
                assert_eq!(row.name, rows.last().unwrap().name);
                return;
            }
            (peeled, _) => panic!("{name}: {peeled:?}"),
        }
    }
    panic!("nobody received it");
}
