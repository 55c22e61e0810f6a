//! BOLT 4's vectors for blinded paths.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod common;

use pointlock::curve::{Point, SecretScalar};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{
    BlindedHop, BlindedPath, NextPeer, OnionMessage, PathSecret, PeeledMessage, RecipientData,
    peel_payment,
};
use pointlock::wire::{TlvStream, TlvWriter, tu64};
use serde::Deserialize;

#[derive(Deserialize)]
struct RouteVector {
    generate: Hops<MakerHop>,
    route: Route,
    unblind: Hops<ReaderHop>,
}

#[derive(Deserialize)]
struct Hops<H> {
    hops: Vec<H>,
}

#[derive(Deserialize)]
struct MakerHop {
    alias: String,
    /// Where a path starts.
    session_key: Option<String>,
    node_id: Point_,
    tlvs: Tlvs,
    encoded_tlvs: String,
    path_key: Point_,
    shared_secret: String,
    encrypted_data: String,
    blinded_node_id: Point_,
}

/// The fields that are compared with what was read.
#[derive(Deserialize)]
struct Tlvs {
    short_channel_id: Option<String>,
    path_id: Option<String>,
    next_path_key_override: Option<Point_>,
    payment_relay: Option<Relay>,
    payment_constraints: Constraints,
}

#[derive(Deserialize)]
struct Relay {
    cltv_expiry_delta: u16,
    fee_proportional_millionths: u32,
    #[serde(default)]
    fee_base_msat: u32,
}

#[derive(Deserialize)]
struct Constraints {
    max_cltv_expiry: u32,
    htlc_minimum_msat: u64,
}

#[derive(Deserialize)]
struct Route {
    first_node_id: Point_,
    first_path_key: Point_,
    hops: Vec<RouteHop>,
}

#[derive(Deserialize)]
struct RouteHop {
    blinded_node_id: Point_,
    #[serde(alias = "encrypted_recipient_data")]
    encrypted_data: String,
}

#[derive(Deserialize)]
struct ReaderHop {
    node_privkey: String,
    path_key: Point_,
    blinded_privkey: String,
    decrypted_data: String,
    next_path_key: Point_,
    next_path_key_override: Option<Point_>,
}

#[derive(Deserialize)]
struct PaymentVector {
    generate: PaymentInput,
    decrypt: Hops<PaymentReader>,
}

#[derive(Deserialize)]
struct PaymentInput {
    session_key: String,
    associated_data: String,
    final_amount_msat: u64,
    final_cltv: u32,
    blinded_route: Route,
    full_route: Hops<PaymentHop>,
    onion: String,
}

#[derive(Deserialize)]
struct PaymentHop {
    alias: String,
    pubkey: Point_,
    payload: String,
    tlvs: PaymentTlvs,
}

#[derive(Deserialize)]
struct PaymentTlvs {
    amt_to_forward: Option<u64>,
    outgoing_cltv_value: Option<u32>,
    total_amount_msat: Option<u64>,
    encrypted_recipient_data: Option<Tlvs>,
}

#[derive(Deserialize)]
struct PaymentReader {
    alias: String,
    onion: String,
    node_privkey: String,
    next_path_key: Option<Point_>,
}

#[derive(Deserialize)]
struct MessageVector {
    generate: MessageInput,
    route: Route,
    onionmessage: MessageOutput,
    decrypt: Hops<MessageReader>,
}

#[derive(Deserialize)]
struct MessageInput {
    session_key: String,
    hops: Vec<MessageHop>,
}

#[derive(Deserialize)]
struct MessageHop {
    path_key_secret: String,
    encrypted_data_tlv: String,
    #[serde(rename = "E")]
    path_key: Point_,
    ss: String,
}

#[derive(Deserialize)]
struct MessageOutput {
    unknown_tag_1: String,
    onion_message_packet: String,
}

#[derive(Deserialize)]
struct MessageReader {
    alias: String,
    privkey: String,
    onion_message: String,
    next_node_id: Option<Point_>,
}

/// A point in hexadecimal.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Point_(Point);

impl TryFrom<String> for Point_ {
    type Error = pointlock::curve::CurveError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

fn secret(text: &str) -> SecretScalar {
    SecretScalar::from_bytes(&bytes(text).try_into().unwrap()).unwrap()
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn path(route: &Route) -> BlindedPath {
    let hops = route.hops.iter().map(|hop| BlindedHop {
        blinded_node_id: hop.blinded_node_id.0,
        encrypted_recipient_data: bytes(&hop.encrypted_data),
    });
    BlindedPath::from_parts(route.first_node_id.0, route.first_path_key.0, hops.collect()).unwrap()
}

fn check_data(data: &RecipientData, tlvs: &Tlvs) {
    // Block, transaction and output are all zero but the last.
    let channel = tlvs.short_channel_id.as_ref().map(|id| id.rsplit('x').next().unwrap());
    assert_eq!(data.short_channel_id, channel.map(|output| output.parse().unwrap()));
    assert_eq!(data.path_id, tlvs.path_id.as_deref().map(bytes));
    assert_eq!(data.next_path_key_override, tlvs.next_path_key_override.as_ref().map(|p| p.0));
    assert_eq!(data.payment_relay.is_some(), tlvs.payment_relay.is_some());
    if let (Some(relay), Some(expected)) = (data.payment_relay, &tlvs.payment_relay) {
        assert_eq!(relay.cltv_expiry_delta, expected.cltv_expiry_delta);
        assert_eq!(relay.fee_proportional_millionths, expected.fee_proportional_millionths);
        assert_eq!(relay.fee_base_msat, expected.fee_base_msat);
    }
    let constraints = data.payment_constraints.unwrap();
    assert_eq!(constraints.max_cltv_expiry, tlvs.payment_constraints.max_cltv_expiry);
    assert_eq!(constraints.htlc_minimum_msat, tlvs.payment_constraints.htlc_minimum_msat);
}

#[test]
fn paths_are_made_and_joined() {
    let Some(text) = common::vectors("bolt04/route-blinding-test.json") else { return };
    let vector: RouteVector = serde_json::from_str(&text).unwrap();
    let mut made: Option<BlindedPath> = None;
    let mut hops = &vector.generate.hops[..];
    while let [first, rest @ ..] = hops {
        let session_key = secret(first.session_key.as_ref().unwrap());
        let length = 1 + rest.iter().take_while(|hop| hop.session_key.is_none()).count();
        let (of_this_path, others) = hops.split_at(length);
        let inputs: Vec<(Point, Vec<u8>)> =
            of_this_path.iter().map(|hop| (hop.node_id.0, bytes(&hop.encoded_tlvs))).collect();
        let (path, secrets) = BlindedPath::build(session_key, &inputs).unwrap();
        for ((hop, secret), made) in of_this_path.iter().zip(&secrets).zip(path.hops()) {
            assert_eq!(*secret.path_key(), hop.path_key.0, "{}", hop.alias);
            let shared_secret = secret.shared_secret().dangerous_to_bytes();
            assert_eq!(hex::encode(*shared_secret), hop.shared_secret, "{}", hop.alias);
            assert_eq!(made.blinded_node_id, hop.blinded_node_id.0, "{}", hop.alias);
            assert_eq!(hex::encode(&made.encrypted_recipient_data), hop.encrypted_data);
            let data = RecipientData::from_bytes(&bytes(&hop.encoded_tlvs)).unwrap();
            check_data(&data, &hop.tlvs);
            assert_eq!(hex::encode(data.to_bytes()), hop.encoded_tlvs, "{}", hop.alias);
        }
        made = Some(match made {
            Some(head) => head.join(path).unwrap(),
            None => path,
        });
        hops = others;
    }
    assert_eq!(made, Some(path(&vector.route)));
}

#[test]
fn every_hop_unblinds() {
    let Some(text) = common::vectors("bolt04/route-blinding-test.json") else { return };
    let vector: RouteVector = serde_json::from_str(&text).unwrap();
    let path = path(&vector.route);
    assert_eq!(path.hops().len(), vector.unblind.hops.len());
    let mut path_key = *path.first_path_key();
    for (hop, encrypted) in vector.unblind.hops.iter().zip(path.hops()) {
        assert_eq!(path_key, hop.path_key.0);
        let node_secret = secret(&hop.node_privkey);
        let shared = PathSecret::new(&node_secret, &path_key);
        let blinded_secret = shared.blinded_node_secret(&node_secret).unwrap();
        assert_eq!(hex::encode(*blinded_secret.dangerous_to_bytes()), hop.blinded_privkey);
        let data = shared.open(&encrypted.encrypted_recipient_data).unwrap();
        assert_eq!(hex::encode(&*data), hop.decrypted_data);
        assert_eq!(shared.next_path_key().unwrap(), hop.next_path_key.0);
        let data = RecipientData::from_bytes(&data).unwrap();
        let override_key = hop.next_path_key_override.as_ref().map(|key| key.0);
        assert_eq!(data.next_path_key_override, override_key);
        path_key = override_key.unwrap_or(hop.next_path_key.0);
    }
}

#[test]
fn payment_over_a_path() {
    let Some(text) = common::vectors("bolt04/blinded-payment-onion-test.json") else { return };
    let PaymentVector { generate: input, decrypt } = serde_json::from_str(&text).unwrap();
    let associated_data = bytes(&input.associated_data);

    // Alice stands before the path, and gets an ordinary payload.
    let [alice, .., eve] = &input.full_route.hops[..] else { panic!("a route") };
    let without_length = |hop: &PaymentHop| bytes(&hop.payload)[1..].to_vec();
    let mut hops = vec![(alice.pubkey.0, without_length(alice))];
    let mut final_fields = TlvWriter::new();
    final_fields
        .set(2, tu64(eve.tlvs.amt_to_forward.unwrap()))
        .set(4, tu64(eve.tlvs.outgoing_cltv_value.unwrap().into()))
        .set(18, tu64(eve.tlvs.total_amount_msat.unwrap()));
    hops.extend(path(&input.blinded_route).onion_hops(&final_fields));
    assert_eq!(hops.len(), input.full_route.hops.len());
    for (made, expected) in hops.iter().zip(&input.full_route.hops) {
        assert_eq!(made.0, expected.pubkey.0, "{}", expected.alias);
        assert_eq!(made.1, without_length(expected), "{}", expected.alias);
    }
    let (packet, shared_secrets) =
        Packet::build(secret(&input.session_key), &hops, &associated_data).unwrap();
    assert_eq!(hex::encode(packet.to_bytes()), input.onion);

    let mut packet = Some(packet);
    let mut path_key = None;
    let mut contract =
        (alice.tlvs.amt_to_forward.unwrap(), alice.tlvs.outgoing_cltv_value.unwrap());
    for (i, hop) in decrypt.hops.iter().enumerate() {
        let received = packet.expect("not the last hop");
        assert_eq!(hex::encode(received.to_bytes()), hop.onion, "{}", hop.alias);
        let node_secret = secret(&hop.node_privkey);
        let peeled =
            peel_payment(&received, &node_secret, path_key.as_ref(), &associated_data).unwrap();
        assert_eq!(*peeled.layer.payload, hops[i].1, "{}", hop.alias);
        assert_eq!(peeled.layer.shared_secret, shared_secrets[i], "{}", hop.alias);
        packet = peeled.layer.next;

        let expected = input.full_route.hops[i].tlvs.encrypted_recipient_data.as_ref();
        assert_eq!(peeled.path.is_some(), expected.is_some(), "{}", hop.alias);
        if let (Some(at_path), Some(expected)) = (peeled.path, expected) {
            check_data(&at_path.data, expected);
            assert_eq!(at_path.next_path_key, hop.next_path_key.as_ref().unwrap().0);
            path_key = Some(at_path.next_path_key);
            if packet.is_some() {
                contract = at_path.forward(contract.0, contract.1).unwrap();
            } else {
                at_path.check(contract.0, contract.1).unwrap();
            }
        }
    }
    assert!(packet.is_none());
    assert_eq!(contract, (input.final_amount_msat, input.final_cltv));
}

#[test]
fn message_over_joined_paths() {
    let Some(text) = common::vectors("bolt04/blinded-onion-message-onion-test.json") else {
        return;
    };
    let vector: MessageVector = serde_json::from_str(&text).unwrap();

    // The sender's path to Alice stands before Dave's, from Bob on.
    let node = |i: usize| secret(&vector.decrypt.hops[i].privkey).to_point();
    let build = |from: usize, to: usize| {
        let hops = &vector.generate.hops[from..to];
        let inputs: Vec<(Point, Vec<u8>)> = (from..to)
            .zip(hops)
            .map(|(i, hop)| (node(i), bytes(&hop.encrypted_data_tlv)))
            .collect();
        let (path, secrets) =
            BlindedPath::build(secret(&hops[0].path_key_secret), &inputs).unwrap();
        for (secret, hop) in secrets.iter().zip(hops) {
            assert_eq!(*secret.path_key(), hop.path_key.0);
            assert_eq!(hex::encode(*secret.shared_secret().dangerous_to_bytes()), hop.ss);
        }
        path
    };
    let made = build(0, 1).join(build(1, 4)).unwrap();
    assert_eq!(made, path(&vector.route));

    let mut fields = TlvWriter::new();
    fields.set(1, bytes(&vector.onionmessage.unknown_tag_1));
    let message =
        OnionMessage::build(secret(&vector.generate.session_key), &made, &fields).unwrap();
    let packet = hex::encode(&message.to_bytes()[2 + 33 + 2..]);
    assert_eq!(packet, vector.onionmessage.onion_message_packet);

    let mut message = message;
    for hop in &vector.decrypt.hops {
        assert_eq!(hex::encode(message.to_bytes()), hop.onion_message, "{}", hop.alias);
        let received = OnionMessage::from_bytes(&bytes(&hop.onion_message)).unwrap();
        assert_eq!(received, message);
        match (received.peel(&secret(&hop.privkey)).unwrap(), &hop.next_node_id) {
            (PeeledMessage::Forward { to, message: next }, Some(expected)) => {
                assert_eq!(to, NextPeer::Node(expected.0), "{}", hop.alias);
                message = next;
            }
            (PeeledMessage::Receive { payload, data, .. }, None) => {
                let hello = TlvStream::parse(&payload).unwrap().get(1).unwrap().value().to_vec();
                assert_eq!(hello, b"hello");
                let written = &vector.generate.hops.last().unwrap().encrypted_data_tlv;
                assert_eq!(hex::encode(data.to_bytes()), *written);
                return;
            }
            (peeled, _) => panic!("{}: {peeled:?}", hop.alias),
        }
    }
    panic!("nobody received it");
}
