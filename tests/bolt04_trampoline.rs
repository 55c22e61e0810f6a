//! BOLTs pull request 836: its packets within packets, made and peeled byte for byte, what stands in them, and failures on their way
//! back; and what the roles say to them.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/standards.rs"]
mod standards;

use pointlock::curve::{Point, SecretScalar};
use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
use pointlock::hold::Limits;
use pointlock::lock::{Lock, PaymentHash};
use pointlock::onion::blinded::{BlindedPath, PathSecret, RecipientData};
use pointlock::onion::{FailurePacket, HoldTime, Packet, SharedSecret};
use pointlock::payment::{
    AttemptSeed, Deadlines, FailureMessage, Forwarder, ForwarderAction, ForwarderConfig,
    ForwarderEvent, ForwardingPolicy, InnerPayload, Payload, Receiver, ReceiverAction,
    ReceiverConfig, ReceiverEvent, Recipient, Refusal, Role, RouteHop, Unobserved,
};
use pointlock::wire::{Features, TlvStream};
use serde::Deserialize;

use standards::{array, bytes};

#[derive(Deserialize)]
struct Common {
    associated_data: String,
}

#[derive(Deserialize)]
struct Hop {
    public_key: String,
    framed_payload: String,
    shared_secret: Option<String>,
}

#[derive(Deserialize)]
struct PathHop {
    node_id: String,
    encoded_data: String,
    blinded_node_id: String,
    encrypted_data: String,
}

/// A packet that somebody makes (`hops`), one that somebody peels (`node_secret`), a path, or a step of a failure.
#[derive(Deserialize)]
struct Row {
    name: String,
    associated_data: Option<String>,
    session_key: Option<String>,
    #[serde(default)]
    hops: Vec<Hop>,
    packet: Option<String>,
    node_secret: Option<String>,
    path_key: Option<String>,
    path_id: Option<String>,
    next_packet: Option<String>,
    next_inner_packet: Option<String>,
    #[serde(default)]
    path: Vec<PathHop>,
    message: Option<String>,
    downstream_secrets: Option<Vec<String>>,
    unwrapped: Option<String>,
    inner_unwrapped: Option<String>,
    inner_secret: Option<String>,
    outer_secret: Option<String>,
    inner_secrets: Option<Vec<String>>,
    outer_secrets: Option<Vec<String>>,
    failure_packet: Option<String>,
    failure_code: Option<u16>,
}

const FILES: [(&str, usize); 3] = [
    ("bolt04/trampoline.json", 7),
    ("bolt04/trampoline_to_paths.json", 17),
    ("bolt04/trampoline_failure.json", 22),
];
const HEIGHT: u32 = 799_900;

/// All rows, each with its associated data.
fn rows() -> Vec<(Row, Vec<u8>)> {
    let mut all = Vec::new();
    for (name, count) in FILES {
        let common = match name {
            "bolt04/trampoline_failure.json" => None,
            _ => {
                let (common, _): (Common, Vec<Row>) = standards::file(name, count);
                Some(common.associated_data)
            }
        };
        for row in standards::rows::<Row>(name, count) {
            let data = row.associated_data.clone().or(common.clone()).unwrap_or_default();
            all.push((row, bytes(&data)));
        }
    }
    all
}

fn row(file: usize, name: &str) -> Row {
    let (path, count) = FILES[file];
    standards::rows::<Row>(path, count).into_iter().find(|row| row.name == name).unwrap()
}

fn secret(text: &str) -> SecretScalar {
    SecretScalar::from_bytes(&array(text)).unwrap()
}

fn point(text: &str) -> Point {
    text.parse().unwrap()
}

fn shared(text: &str) -> SharedSecret {
    SharedSecret::from_bytes(array(text))
}

fn all_shared(texts: &[String]) -> Vec<SharedSecret> {
    texts.iter().map(|text| shared(text)).collect()
}

fn without_length(framed: &str) -> Vec<u8> {
    let bytes = bytes(framed);
    let prefix = if bytes[0] == 0xfd { 3 } else { 1 };
    bytes[prefix..].to_vec()
}

fn packet(text: &str) -> Packet {
    Packet::from_bytes_of_any_length(&bytes(text)).unwrap()
}

#[test]
fn packets_are_made() {
    let (mut made, mut shared_with) = (0, 0);
    for (row, associated_data) in rows().iter().filter(|(row, _)| !row.hops.is_empty()) {
        let expected = row.packet.as_ref().unwrap();
        let nodes: Vec<Point> = row.hops.iter().map(|hop| point(&hop.public_key)).collect();
        let payloads: Vec<Vec<u8>> =
            row.hops.iter().map(|hop| without_length(&hop.framed_payload)).collect();
        let length = expected.len() / 2 - (Packet::LENGTH - Packet::PAYLOADS_LENGTH);
        let plan = Packet::plan(secret(row.session_key.as_ref().unwrap()), &nodes).unwrap();
        let (packet, secrets) = plan.build(&payloads, associated_data, length).unwrap();
        assert_eq!(hex::encode(packet.to_bytes()), *expected, "{}", row.name);
        for (hop, secret) in row.hops.iter().zip(&secrets) {
            if let Some(expected) = &hop.shared_secret {
                assert_eq!(*secret, shared(expected), "{}", row.name);
                shared_with += 1;
            }
        }
        // The inner ones have no byte more than they need, as ours to a path.
        if length != Packet::PAYLOADS_LENGTH {
            let lengths: Vec<usize> = payloads.iter().map(Vec::len).collect();
            assert_eq!(Packet::payloads_length_of(&lengths), length, "{}", row.name);
        }
        made += 1;
    }
    assert_eq!((made, shared_with), (3 + 7 + 6, 11));
}

#[test]
fn packets_are_peeled() {
    let (mut peeled_packets, mut within) = (0, 0);
    for (row, associated_data) in rows() {
        let (Some(node_secret), Some(text)) = (&row.node_secret, &row.packet) else { continue };
        let node_secret = secret(node_secret);
        let key = match &row.path_key {
            None => node_secret.clone(),
            Some(key) => {
                let path = PathSecret::new(&node_secret, &point(key));
                path.blinded_node_secret(&node_secret).unwrap()
            }
        };
        let peeled = match packet(text).peel(&key, &associated_data) {
            Ok(peeled) => peeled,
            // The introduction node of a path in a payment's packet is told by its own id.
            Err(_) => packet(text).peel(&node_secret, &associated_data).unwrap(),
        };
        let next = peeled.next.as_ref().map(|next| hex::encode(next.to_bytes()));
        assert_eq!(next, row.next_packet, "{}", row.name);
        peeled_packets += 1;
        if let Some(expected) = &row.next_inner_packet {
            let Payload::Outer(outer) = Payload::parse(&peeled.payload, true).unwrap() else {
                panic!("{}: nothing within", row.name)
            };
            let inner = outer.packet.peel(&node_secret, &associated_data).unwrap();
            assert_eq!(hex::encode(inner.next.unwrap().to_bytes()), *expected, "{}", row.name);
            within += 1;
        }
        if let Some(path_id) = &row.path_id {
            // What the path's maker has written to itself, and no more than that.
            let stream = TlvStream::parse(&peeled.payload).unwrap();
            let sealed = stream.get(10).unwrap().value();
            let path = PathSecret::new(&node_secret, &point(row.path_key.as_ref().unwrap()));
            let data = path.open(sealed).unwrap();
            let data = RecipientData::from_bytes(&data).unwrap();
            assert_eq!(data.path_id, Some(bytes(path_id)), "{}", row.name);
        }
    }
    assert_eq!((peeled_packets, within), (4 + 8 + 6, 3));
}

/// What stands around a packet, and an order within one, are read and written again byte for byte.
#[test]
fn payloads_are_read_and_written() {
    let (mut around, mut orders, mut last, mut blinded) = (0, 0, 0, 0);
    for (row, _) in rows().iter().filter(|(row, _)| !row.hops.is_empty()) {
        for (index, hop) in row.hops.iter().enumerate() {
            let payload = without_length(&hop.framed_payload);
            let stream = TlvStream::parse(&payload).unwrap();
            let has = |tlv_type| stream.get(tlv_type).is_some();
            if has(20) {
                let Payload::Outer(outer) = Payload::parse(&payload, true).unwrap() else {
                    panic!("{}: nothing within", row.name)
                };
                let mut tlv = outer.to_tlv();
                if let Some(key) = stream.get(12) {
                    tlv.set(12, key.value());
                }
                assert_eq!(tlv.to_bytes(), payload, "{}", row.name);
                around += 1;
            } else if !row.name.ends_with("inner") {
                let is_last = index + 1 == row.hops.len();
                if !has(10) {
                    assert!(Payload::parse(&payload, is_last).is_ok(), "{}", row.name);
                }
            } else if has(10) {
                // A trampoline of a blinded path: this project refuses it, and says by which field.
                let error = InnerPayload::parse(&payload, false).unwrap_err();
                assert!(error.to_string().contains("encrypted_recipient_data: out of place"));
                blinded += 1;
            } else {
                match InnerPayload::parse(&payload, false).unwrap() {
                    InnerPayload::Trampoline(order) => {
                        assert_eq!(order.to_bytes().unwrap(), payload, "{}", row.name);
                        orders += 1;
                    }
                    InnerPayload::Final(received) => {
                        assert_eq!(received.to_bytes(), payload, "{}", row.name);
                        last += 1;
                    }
                }
            }
        }
    }
    assert_eq!((around, orders, last, blinded), (2 + 4 + 4, 1 + 2 + 1, 1 + 1, 2 + 3));
}

#[test]
fn paths_are_made_and_opened() {
    let mut made = 0;
    for (row, _) in rows().iter().filter(|(row, _)| !row.path.is_empty()) {
        let first_key = point(row.path_key.as_ref().unwrap());
        if let Some(session) = &row.session_key {
            let hops: Vec<(Point, Vec<u8>)> = row
                .path
                .iter()
                .map(|hop| (point(&hop.node_id), bytes(&hop.encoded_data)))
                .collect();
            let (path, _) = BlindedPath::build(secret(session), &hops).unwrap();
            assert_eq!(*path.first_path_key(), first_key);
            for (hop, expected) in path.hops().iter().zip(&row.path) {
                assert_eq!(hop.blinded_node_id, point(&expected.blinded_node_id));
                assert_eq!(hex::encode(&hop.encrypted_recipient_data), expected.encrypted_data);
            }
            made += 1;
        }
        // Whose secret keys are known: 0x42 for the first of the alphabet that is no sender.
        let first = &row.path[0];
        let node_secret = [0x43, 0x44]
            .map(|byte| SecretScalar::from_bytes(&[byte; 32]).unwrap())
            .into_iter()
            .find(|secret| secret.to_point() == point(&first.node_id))
            .unwrap();
        let opened = PathSecret::new(&node_secret, &first_key);
        let data = opened.open(&bytes(&first.encrypted_data)).unwrap();
        assert_eq!(hex::encode(&*data), first.encoded_data, "{}", row.name);
    }
    assert_eq!(made, 1);
}

/// Each node's step of a failure on its way back, and what the sender reads at the end of it.
#[test]
fn failures_come_back() {
    let (mut steps, mut read) = (0, 0);
    let mut on_its_way: Option<FailurePacket> = None;
    for (row, _) in rows() {
        if row.failure_code == Some(0xc018) {
            // A hop within a path says nothing but this, and the trampoline before it speaks in its own name.
            on_its_way = None;
            steps += 1;
        } else if let Some(expected) = &row.failure_packet {
            let outer = shared(row.outer_secret.as_ref().unwrap());
            let packet = match (&row.message, &row.inner_secret) {
                (Some(message), Some(inner)) => {
                    FailurePacket::new(&shared(inner), &bytes(message)).unwrap()
                }
                (None, inner) => {
                    let mut packet = on_its_way.take().unwrap();
                    if let Some(downstream) = &row.downstream_secrets {
                        let downstream = all_shared(downstream);
                        assert!(packet.clone().open(&downstream).is_err(), "{}", row.name);
                        packet = downstream.iter().fold(packet, FailurePacket::wrap);
                        assert_eq!(
                            hex::encode(packet.as_bytes()),
                            *row.unwrapped.as_ref().unwrap()
                        );
                    }
                    inner.iter().fold(packet, |packet, inner| packet.wrap(&shared(inner)))
                }
                (Some(_), None) => panic!("{}", row.name),
            };
            let packet = packet.wrap(&outer);
            assert_eq!(hex::encode(packet.as_bytes()), *expected, "{}", row.name);
            on_its_way = Some(packet);
            steps += 1;
        } else if let (Some(outer), Some(inner)) = (&row.outer_secrets, &row.inner_secrets) {
            let (outer, inner) = (all_shared(outer), all_shared(inner));
            let packet = on_its_way.take().unwrap();
            let unwrapped = outer.iter().fold(packet.clone(), FailurePacket::wrap);
            assert_eq!(hex::encode(unwrapped.as_bytes()), *row.unwrapped.as_ref().unwrap());
            if let Some(expected) = &row.inner_unwrapped {
                let unwrapped = inner.iter().fold(unwrapped, FailurePacket::wrap);
                assert_eq!(hex::encode(unwrapped.as_bytes()), *expected, "{}", row.name);
            }
            let message = bytes(row.message.as_ref().unwrap());
            let failure = packet.clone().open_with_inner(&outer, &inner).unwrap();
            assert_eq!(failure.code().to_be_bytes(), message[..2], "{}", row.name);
            assert_eq!(failure.data(), &message[2..], "{}", row.name);
            // The trampoline is the second node of the outer route, and the recipient the one behind it.
            let hop = if row.name == "recipient_alice_reads" { 2 } else { 1 };
            assert_eq!(failure.hop, hop, "{}", row.name);
            assert!(packet.open(&outer).is_err(), "the outer secrets alone read nothing");
            read += 1;
        }
    }
    assert_eq!((steps, read), (4 + 3, 2));
}

// ---- The roles ----

fn edge(lock: Lock, amount_msat: u64, expiry: u32) -> IncomingEdge {
    let id = EdgeId::in_channel([7; 32], Direction::FromNode1, 1);
    IncomingEdge::dangerous_committed(Edge { id, amount_msat, expiry, lock })
}

fn policy() -> ForwardingPolicy {
    ForwardingPolicy {
        fee_base_msat: 1_000,
        fee_proportional_millionths: 0,
        cltv_expiry_delta: 144,
    }
}

/// The node of the vectors that finds the rest of the route.
fn carol() -> Forwarder {
    Forwarder::new(ForwarderConfig {
        node_key: SecretScalar::from_bytes(&[0x43; 32]).unwrap(),
        policy: policy(),
        deadlines: Deadlines::default(),
        limits: Limits::default(),
        hold_safety_margin: 200,
        hold_deltas_ahead: 100,
        hold_min_final_delta: 24,
        height: HEIGHT - 1_000,
    })
    .unwrap()
}

fn arrives(
    role: &mut Forwarder,
    hash: &[u8],
    amount_msat: u64,
    expiry: u32,
    onion: &str,
) -> Vec<ForwarderAction> {
    let lock = Lock::Hash(PaymentHash(hash.try_into().unwrap()));
    let event = ForwarderEvent::IncomingCommitted {
        from: point("0324653eac434488002cc06bbfb7f10fe18991e35f9fe4302dbea6d2353dc0ab1c"),
        edge: edge(lock, amount_msat, expiry),
        path_key: None,
        packet: packet(onion),
    };
    role.process(&event, &mut Unobserved).unwrap().actions
}

/// The sender is any implementation's: what it asks for is done, with the amount and the expiry that it says.
#[test]
fn a_forwarder_takes_the_proposals_order_to_a_node() {
    let mut carol = carol();
    let hash = [0x42; 32];
    let onion = row(0, "carol_peels").packet.unwrap();
    let actions = arrives(&mut carol, &hash, 100_005_000, 800_250, &onion);
    let [ForwarderAction::FindRoute { incoming, to, amount_msat, expiry, .. }] = &actions[..]
    else {
        panic!("{actions:?}")
    };
    let eve = point("02edabbd16b41c8371b92ef2f04c1185b4f03b6dcd52ba9b78d9d7c89c8f221145");
    assert_eq!(*to, Recipient::Node(eve));
    assert_eq!((*amount_msat, *expiry), (100_000_000, 800_000));
    let dave = RouteHop {
        node_id: point("032c0b7cf95324a07d05398b240174dc0c2be444d96b159aa6c7f7b1e668680991"),
        short_channel_id: 42,
        policy: ForwardingPolicy {
            fee_base_msat: 2_000,
            fee_proportional_millionths: 0,
            cltv_expiry_delta: 40,
        },
        features: Features::NONE,
    };
    let found = ForwarderEvent::RouteFound {
        incoming: *incoming,
        forwarders: vec![dave],
        seed: AttemptSeed::new([9; 32]),
    };
    let actions = carol.process(&found, &mut Unobserved).unwrap().actions;
    let [ForwarderAction::Offer { proposal, .. }] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!((proposal.amount_msat, proposal.expiry), (100_002_000, 800_040));
    // Dave forwards, and Eve finds the sender's layer as it was made for her.
    let [dave, eve] = [0x44, 0x45].map(|byte| SecretScalar::from_bytes(&[byte; 32]).unwrap());
    let for_eve = proposal.packet.peel(&dave, &hash).unwrap().next.unwrap();
    let Payload::Outer(outer) =
        Payload::parse(&for_eve.peel(&eve, &hash).unwrap().payload, true).unwrap()
    else {
        panic!("nothing within")
    };
    assert_eq!((outer.amount_msat, outer.expiry), (100_000_000, 800_000));
    let expected = row(0, "carol_peels").next_inner_packet.unwrap();
    assert_eq!(hex::encode(outer.packet.to_bytes()), expected);
    let inner = outer.packet.peel(&eve, &hash).unwrap();
    assert!(matches!(InnerPayload::parse(&inner.payload, false), Ok(InnerPayload::Final(_))));
}

/// To a recipient that knows nothing of trampolines: at the end of its path stands a receiver's payload and nothing else.
#[test]
fn a_forwarder_takes_the_proposals_order_to_a_path() {
    let mut carol = carol();
    let hash = bytes("e89bc505e84aaca09613833fc58c9069078fb43bfbea0488f34eec9db99b5f82");
    let onion = row(1, "legacy_carol_peels").packet.unwrap();
    let actions = arrives(&mut carol, &hash, 150_153_000, 800_060 + 144, &onion);
    let [
        ForwarderAction::FindRoute {
            incoming, to: Recipient::Path(path), amount_msat, expiry, ..
        },
    ] = &actions[..]
    else {
        panic!("{actions:?}")
    };
    // With the path's fee and delta: 500 + 1,000 millionths, 36 blocks.
    assert_eq!((*amount_msat, *expiry), (150_150_500, 800_036));
    assert_eq!(path.pay_info.cltv_expiry_delta, 36);
    let seed = AttemptSeed::new([9; 32]);
    let found = ForwarderEvent::RouteFound { incoming: *incoming, forwarders: vec![], seed };
    let actions = carol.process(&found, &mut Unobserved).unwrap().actions;
    let [ForwarderAction::Offer { proposal, .. }] = &actions[..] else { panic!("{actions:?}") };
    // As the vector's Carol makes it, to the byte.
    let made = row(1, "legacy_carol_outer");
    let dave = SecretScalar::from_bytes(&[0x44; 32]).unwrap();
    let peeled = proposal.packet.peel(&dave, &hash).unwrap();
    assert_eq!(*peeled.payload, without_length(&made.hops[0].framed_payload));
    let eve = SecretScalar::from_bytes(&[0x45; 32]).unwrap();
    let key = point(row(1, "legacy_eve_peels").path_key.as_ref().unwrap());
    let eve = PathSecret::new(&eve, &key).blinded_node_secret(&eve).unwrap();
    let last = peeled.next.unwrap().peel(&eve, &hash).unwrap();
    assert_eq!(*last.payload, without_length(&made.hops[1].framed_payload));
}

/// A blinded path of trampolines is refused, by the field; the failure says so to the sender of the packet within.
#[test]
fn a_path_of_trampolines_is_refused_by_its_field() {
    let mut carol = carol();
    let onion = row(2, "blinded_carol_peels");
    let hash = bytes(onion.associated_data.as_ref().unwrap());
    let actions = arrives(&mut carol, &hash, 150_005_000, 800_100, &onion.packet.unwrap());
    let [ForwarderAction::Fail { reason: Refusal::Payload(error), failure, .. }] = &actions[..]
    else {
        panic!("{actions:?}")
    };
    assert_eq!(error.tlv_type(), Some(10));
    let FailureMessage::Encrypted(failure) = failure.after(HoldTime::UNKNOWN) else {
        panic!("{failure:?}")
    };
    let read = row(2, "blinded_alice_reads");
    let outer = all_shared(&read.outer_secrets.unwrap());
    let inner = all_shared(&read.inner_secrets.unwrap());
    // By the node before it, which wraps.
    let report = failure.wrap(&outer[0], HoldTime::UNKNOWN).open_with_inner(&outer, &inner);
    let failure = report.failure.unwrap();
    assert_eq!((failure.hop, failure.code()), (1, 0x4016));
    // Both nodes of the outer route are heard, the trampoline as the last of it.
    let attribution = report.attribution.unwrap();
    assert_eq!((attribution.hold_times.len(), attribution.broken_at), (outer.len(), None));
    assert_eq!(failure.data(), [10, 0, 0]);
}

/// The vector's recipient knows no such payment, and neither does ours: the failure is the same, byte for byte.
#[test]
fn a_receiver_fails_as_the_vectors_recipient_does() {
    let mut eve = Receiver::new(ReceiverConfig {
        node_key: SecretScalar::from_bytes(&[0x45; 32]).unwrap(),
        deadlines: Deadlines::default(),
        min_final_delta: 24,
        height: 800_000,
        unix_time: 1_750_000_000,
    })
    .unwrap();
    let onion = row(2, "recipient_dave_peels").next_packet.unwrap();
    let event = ReceiverEvent::IncomingCommitted {
        edge: edge(Lock::Hash(PaymentHash([0x42; 32])), 100_000_000, 800_000),
        path_key: None,
        packet: packet(&onion),
    };
    let actions = eve.process(&event, &mut Unobserved).unwrap().actions;
    let [ReceiverAction::Fail { reason: Refusal::UnknownPayment, failure, .. }] = &actions[..]
    else {
        panic!("{actions:?}")
    };
    let FailureMessage::Encrypted(failure) = failure.after(HoldTime::UNKNOWN) else {
        panic!("{failure:?}")
    };
    let expected = row(2, "recipient_eve_fails").failure_packet.unwrap();
    assert_eq!(hex::encode(failure.as_bytes()), expected);
}
