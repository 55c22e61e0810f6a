//! BOLT 4: onions, payloads, blinded paths, messages.

use pointlock::lock::{Blind, Lock};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{
    BlindedPath, OnionMessage, PathHop, PaymentConstraints, PaymentRelay, RecipientData,
    peel_payment,
};
use pointlock::payment::{
    FailureMessage, NodeAction, PartShare, ReceiverEvent, Refusal, ReleaseHeld,
};
use pointlock::wire::{TlvWriter, tu64};
use pointlock_sim::Who;

use crate::Answer::{NotOurs, Says};
use crate::bolt02::said;
use crate::nodes::{
    AMOUNT_MSAT, Known, LockKind, Net, invoice_secret, node_id, node_key, secret_of,
};
use crate::places::{Place, Said, Scene};
use crate::scene::{FinalCase, blind, final_case, final_packet, forwarder_says, receiver_says};
use crate::{Fields, Rule, fields_of, written};

const PAYLOAD: &str = "BOLT 4, Payload Format";
const PARTS: &str = "BOLT 4, Basic Multi-Part Payments";
const BLINDING: &str = "BOLT 4, Route Blinding";
const DECRYPTION: &str = "BOLT 4, Onion Decryption";
const FAILURES: &str = "BOLT 4, Failure Messages";
const MESSAGES: &str = "BOLT 4, Onion Messages";

const fn rule(source: &'static str, refuses: &'static str, answer: crate::Answer) -> Rule {
    Rule { source, refuses, answer }
}

pub(crate) const RULES: &[Rule] = &[
    rule(
        PAYLOAD,
        "within a path: a path key in the message and in the payload",
        Says("blinded path: payload has the unexpected type 12", || {
            payload_says(Place::ReceiverInPath, |f| {
                f.insert(12, some_point());
            })
        }),
    ),
    rule(
        PAYLOAD,
        "a path's data without a path key",
        Says("blinded path: current_path_key is missing", || {
            payload_says(Place::Introduction, |f| {
                f.remove(&12);
            })
        }),
    ),
    rule(
        PAYLOAD,
        "data of a path that does not open",
        Says("blinded path: encrypted_recipient_data does not open", || {
            payload_says(Place::Introduction, |f| f.get_mut(&10).unwrap()[3] ^= 1)
        }),
    ),
    rule(
        PAYLOAD,
        "an expiry above the path's max_cltv_expiry",
        Says("path does not allow 1000 msat until 101", || constraint_says(1_000, 101)),
    ),
    rule(
        PAYLOAD,
        "an amount below the path's htlc_minimum_msat",
        Says("path does not allow 999 msat until 100", || constraint_says(999, 100)),
    ),
    rule(
        PAYLOAD,
        "an unknown feature of the path, odd ones too",
        Says("allowed_features has an invalid value", || feature_says(1)),
    ),
    rule(
        PAYLOAD,
        "a payment that uses a feature which the path does not allow",
        NotOurs("no payment here uses a feature of a blinded hop: none is known"),
    ),
    rule(
        PAYLOAD,
        "both short_channel_id and next_node_id",
        Says("next_node_id has an invalid value", || {
            hop_says(|data| data.next_node_id = Some(node_id(Who::Receiver)))
        }),
    ),
    rule(
        PAYLOAD,
        "a forwarding hop of a path with other fields",
        Says("blinded path: payload has the unexpected type 65537", || {
            payload_says(Place::Blinded, |f| {
                f.insert(65_537, vec![1; 32]);
            })
        }),
    ),
    rule(
        PAYLOAD,
        "data that name no next hop",
        Says("short_channel_id is missing", || hop_says(|data| data.short_channel_id = None)),
    ),
    rule(
        PAYLOAD,
        "data without payment_relay",
        Says("payment_relay is missing", || hop_says(|data| data.payment_relay = None)),
    ),
    rule(
        PAYLOAD,
        "the end of a path with other fields, odd ones too",
        Says("payload: type 65599: has no place here", || {
            payload_says(Place::ReceiverInPath, |f| {
                f.insert(65_599, vec![1]);
            })
        }),
    ),
    rule(
        PAYLOAD,
        "the end of a path without amt_to_forward",
        Says("payload: amt_to_forward: missing", || {
            payload_says(Place::ReceiverInPath, |f| {
                f.remove(&2);
            })
        }),
    ),
    rule(
        PAYLOAD,
        "the end of a path without outgoing_cltv_value",
        Says("payload: outgoing_cltv_value: missing", || {
            payload_says(Place::ReceiverInPath, |f| {
                f.remove(&4);
            })
        }),
    ),
    rule(
        PAYLOAD,
        "the end of a path without total_amount_msat",
        Says("payload: total_amount_msat: missing", || {
            payload_says(Place::ReceiverInPath, |f| {
                f.remove(&18);
            })
        }),
    ),
    rule(
        PAYLOAD,
        "the end of a path: less than is expected",
        Says("amount: 49999999 msat, expected 50000000 msat", || {
            payload_says(Place::ReceiverInPath, |f| {
                f.insert(18, tu64(AMOUNT_MSAT - 1));
            })
        }),
    ),
    rule(
        PAYLOAD,
        "the end of a path: an edge that ends before outgoing_cltv_value",
        Says("too soon", || too_soon(Place::ReceiverInPath)),
    ),
    rule(
        PAYLOAD,
        "outside of paths: a path key in the message",
        Says("blinded path: encrypted_recipient_data is missing", || {
            payload_says(Place::ReceiverInPath, |f| {
                f.remove(&10);
            })
        }),
    ),
    rule(
        PAYLOAD,
        "outside of paths: a path key in the payload",
        Says("blinded path: encrypted_recipient_data is missing", || {
            payload_says(Place::Plain, |f| {
                f.insert(12, some_point());
            })
        }),
    ),
    rule(
        PAYLOAD,
        "no amt_to_forward",
        Says("payload: amt_to_forward: missing", || {
            payload_says(Place::Plain, |f| {
                f.remove(&2);
            })
        }),
    ),
    rule(
        PAYLOAD,
        "no outgoing_cltv_value",
        Says("payload: outgoing_cltv_value: missing", || {
            payload_says(Place::Plain, |f| {
                f.remove(&4);
            })
        }),
    ),
    rule(
        PAYLOAD,
        "a forwarder's without short_channel_id",
        Says("payload: short_channel_id: missing", || {
            payload_says(Place::Plain, |f| {
                f.remove(&6);
            })
        }),
    ),
    rule(
        PAYLOAD,
        "a channel that the node can't forward over",
        NotOurs(
            "the driver knows the channels: it reports OfferFailed, and the payment fails back",
        ),
    ),
    rule(
        PAYLOAD,
        "a fee below the node's own",
        Says("fee: 5999 msat offered, 6000 msat asked", || {
            said(forwarder_says(LockKind::Point, |case| case.payload.amount_msat += 1))
        }),
    ),
    rule(
        PAYLOAD,
        "fewer blocks than the node's own delta",
        Says("expiry: 35 blocks between incoming and outgoing, 36 asked", || {
            said(forwarder_says(LockKind::Point, |case| case.payload.expiry += 1))
        }),
    ),
    rule(
        PAYLOAD,
        "the receiver: an edge of less than amt_to_forward",
        Says("amount: 49999000 msat, expected 50000000 msat", || {
            said(receiver_says(LockKind::Point, |case| case.amount_msat -= 1_000))
        }),
    ),
    rule(
        PAYLOAD,
        "the receiver: an edge that ends before outgoing_cltv_value",
        Says("too soon", || too_soon(Place::Receiver)),
    ),
    rule(
        PAYLOAD,
        "the receiver: an edge that ends before its own min_final_cltv_expiry_delta",
        Says("expiry: height 800023, but the receiver needs at least 800024", || {
            said(receiver_says(LockKind::Point, |case| {
                case.expiry -= 1;
                case.payload.expiry -= 1;
            }))
        }),
    ),
    rule(
        PARTS,
        "a single part of less than total_msat",
        Says("total_msat: 50001000 msat, but the parts have 50000000 msat", || {
            said(receiver_says(LockKind::Point, |case| case.payload.total_msat += 1_000))
        }),
    ),
    rule(
        PARTS,
        "a part with another total_msat",
        Says("total_msat: not that of the parts before", || {
            second_part_says(|case| case.payload.total_msat += 1_000)
        }),
    ),
    rule(
        PARTS,
        "parts that together are less than total_msat",
        Says("total_msat: 50000000 msat, but the parts have 49999000 msat", || {
            second_part_says(|case| case.payload.amount_msat -= 1_000)
        }),
    ),
    rule(PARTS, "parts that the others did not follow", Says("1 of 2 parts arrived", timed_out)),
    rule(
        PARTS,
        "a part without payment_secret",
        Says("payload: payment_data: missing", || {
            payload_says(Place::Receiver, |f| {
                f.remove(&8);
            })
        }),
    ),
    rule(
        BLINDING,
        "no encrypted_recipient_data",
        Says("blinded path: encrypted_recipient_data is missing", || {
            payload_says(Place::Blinded, |f| {
                f.remove(&10);
                f.insert(65_599, vec![1]);
            })
        }),
    ),
    rule(
        BLINDING,
        "an unknown even type in the data",
        Says("recipient data has the unknown even type 100", unknown_even_data),
    ),
    rule(
        BLINDING,
        "data that are no stream",
        Says("malformed data", || {
            RecipientData::from_bytes(&[2, 8, 0, 0, 0, 0, 0, 0, 0, 1]).unwrap();
            RecipientData::from_bytes(&[2, 8, 1]).unwrap_err();
            "malformed data".into()
        }),
    ),
    rule(
        BLINDING,
        "a path_id that is not this path's",
        Says("payment_secret: belongs to no invoice", other_path_id),
    ),
    rule(
        DECRYPTION,
        "another version",
        Says("packet has version 1, expected 0", || no_packet(|bytes| bytes[0] = 1)),
    ),
    rule(
        DECRYPTION,
        "a key that is no point",
        Says("no key", || {
            assert!(no_packet(|bytes| bytes[1] = 9).starts_with("ephemeral key: "));
            "no key".into()
        }),
    ),
    rule(
        DECRYPTION,
        "a payment's packet that was here before",
        Says("onion: packet was seen before", replayed),
    ),
    rule(
        DECRYPTION,
        "a wrong HMAC",
        Says("packet: packet has a wrong HMAC", || {
            packet_says(Place::Receiver, |bytes| bytes[1_350] ^= 1)
        }),
    ),
    rule(
        DECRYPTION,
        "a payload length that is malformed, below two, or beyond the packet",
        NotOurs(
            "the frames are made in src/onion/packet/tests.rs and tests/payment_faults/onions.rs, where the streams are at hand",
        ),
    ),
    rule(
        DECRYPTION,
        "a packet that can't be forwarded",
        NotOurs("the driver reports OfferFailed, and the payment fails back"),
    ),
    rule(
        FAILURES,
        "within a path: any answer but invalid_onion_blinding",
        Says("update_fail_malformed_htlc 0xc018", || failure_of(Place::Blinded)),
    ),
    rule(
        FAILURES,
        "at the introduction: any answer but invalid_onion_blinding",
        Says("update_fail_htlc", || failure_of(Place::Introduction)),
    ),
    rule(
        FAILURES,
        "a wrong payment_secret",
        Says("payment_secret: belongs to no invoice", || {
            said(receiver_says(LockKind::Point, |case| {
                case.payload.payment_secret.as_mut().unwrap().0[0] ^= 1
            }))
        }),
    ),
    rule(
        FAILURES,
        "less than is expected",
        Says("amount: 49999999 msat, expected 50000000 msat", || {
            said(receiver_says(LockKind::Point, |case| case.payload.total_msat -= 1))
        }),
    ),
    rule(
        FAILURES,
        "an unknown hash",
        Says("lock: not the one that invoice and final blind give", || {
            said(receiver_says(LockKind::Hash, |case| {
                case.lock = invoice_secret(LockKind::Hash, 1).lock()
            }))
        }),
    ),
    rule(
        FAILURES,
        "a point that is not the invoice's",
        Says("lock: not the one that invoice and final blind give", || {
            said(receiver_says(LockKind::Point, |case| {
                case.lock = Lock::Point(secret_of("other", 0).to_point())
            }))
        }),
    ),
    rule(
        FAILURES,
        "more than twice what is expected",
        Says("amount: 100000001 msat, at most 100000000 msat", || {
            said(receiver_says(LockKind::Point, |case| {
                case.amount_msat = 2 * AMOUNT_MSAT;
                case.payload.total_msat = 2 * AMOUNT_MSAT + 1;
            }))
        }),
    ),
    rule(
        FAILURES,
        "an edge of more than twice what the sender says",
        Says("amount: 100001000 msat, at most 100000000 msat", || {
            said(receiver_says(LockKind::Point, |case| case.amount_msat = 2 * AMOUNT_MSAT + 1_000))
        }),
    ),
    rule(
        "BOLT 4, Receiving Failure Codes",
        "bytes behind a failure's message",
        NotOurs("they are ignored: tests/bolt04_onion.rs reads a padded failure"),
    ),
    rule(
        MESSAGES,
        "a message that does not open",
        Says("packet: packet has a wrong HMAC", || {
            message_says(|data| data, |bytes| bytes[100] ^= 1)
        }),
    ),
    rule(
        MESSAGES,
        "unknown even types",
        Says("type 100: unknown and even", || {
            content_says(|tlv| {
                tlv.set(100, [1]);
            })
        }),
    ),
    rule(
        MESSAGES,
        "an unknown feature of the path, odd ones too",
        Says("allowed_features has an invalid value", || {
            message_says(|data| RecipientData { allowed_features: Some(vec![2]), ..data }, |_| ())
        }),
    ),
    rule(
        MESSAGES,
        "a forwarding hop with other fields",
        NotOurs(
            "a payer can't be made to write one: src/onion/blinded/message.rs packs such a message by hand",
        ),
    ),
    rule(
        MESSAGES,
        "a forwarding hop with path_id",
        Says("path_id has an invalid value", || {
            message_says(|data| RecipientData { path_id: Some(vec![1]), ..data }, |_| ())
        }),
    ),
    rule(
        MESSAGES,
        "a forwarding hop that is told no next node",
        Says("next_node_id is missing", || {
            message_says(|data| RecipientData { next_node_id: None, ..data }, |_| ())
        }),
    ),
    rule(
        MESSAGES,
        "a reply along a path that was not made for it",
        Says("onion message: path_id: of no path for such a message", || {
            crate::mail::says_receiver(vec![7; 32])
        }),
    ),
    rule(
        MESSAGES,
        "more than one content",
        Says("type 65573: has no place here", || {
            content_says(|tlv| {
                tlv.set(65_573, vec![0, 0]);
            })
        }),
    ),
];

fn some_point() -> Vec<u8> {
    node_id(Who::Sender(5)).to_bytes().to_vec()
}

/// What a node at this place says to a changed payload; the right one it takes afterwards.
pub(crate) fn payload_says(place: Place, change: impl FnOnce(&mut Fields)) -> String {
    let mut fields = fields_of(&Scene::new(place).payload);
    change(&mut fields);
    raw_payload_says(place, &written(&fields))
}

pub(crate) fn raw_payload_says(place: Place, payload: &[u8]) -> String {
    let mut scene = Scene::new(place);
    let packet = scene.packet_with(payload, 0);
    let said = scene.deliver(scene.path_key, packet);
    assert_eq!(scene.deliver_right(), Said::Yes);
    match said {
        Said::No(refusal, _) => refusal.to_string(),
        Said::Yes => "nothing".into(),
    }
}

/// What a node at this place says to a changed packet.
pub(crate) fn packet_says(place: Place, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut scene = Scene::new(place);
    let mut bytes = scene.packet.to_bytes();
    change(&mut bytes);
    let said = scene.deliver(scene.path_key, Packet::from_bytes(&bytes).unwrap());
    assert_eq!(scene.deliver_right(), Said::Yes);
    match said {
        Said::No(refusal, _) => refusal.to_string().replace("blinded path: ", ""),
        Said::Yes => "nothing".into(),
    }
}

fn no_packet(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = Scene::new(Place::Plain).packet.to_bytes();
    Packet::from_bytes(&bytes).unwrap();
    change(&mut bytes);
    Packet::from_bytes(&bytes).unwrap_err().to_string()
}

fn replayed() -> String {
    let mut scene = Scene::new(Place::Receiver);
    assert_eq!(scene.deliver_right(), Said::Yes);
    let packet = scene.packet.clone();
    match scene.deliver(scene.path_key, packet) {
        Said::No(refusal, _) => refusal.to_string().split(", ").next().unwrap().into(),
        Said::Yes => "nothing".into(),
    }
}

/// The sender wants a later expiry than the edge has.
fn too_soon(place: Place) -> String {
    let expiry = Scene::new(place).edge.terms().expiry;
    let said = payload_says(place, |fields| {
        fields.insert(4, tu64(u64::from(expiry) + 1));
    });
    let required = expiry + 1;
    assert_eq!(said, Refusal::FinalExpiryTooSoon { expiry, required }.to_string());
    "too soon".into()
}

fn failure_of(place: Place) -> String {
    let mut scene = Scene::new(place);
    let mut fields = fields_of(&scene.payload);
    fields.get_mut(&10).unwrap()[3] ^= 1;
    let packet = scene.packet_with(&written(&fields), 0);
    match scene.deliver(scene.path_key, packet.clone()) {
        Said::No(_, FailureMessage::Malformed { failure_code, .. }) => {
            format!("update_fail_malformed_htlc {failure_code:#x}")
        }
        Said::No(_, FailureMessage::Encrypted(failure)) => {
            let shared_secret = packet.shared_secret(&node_key(scene.node()));
            let failure = failure.open(&[shared_secret]).failure.unwrap();
            assert_eq!(failure.code(), 0xc018);
            "update_fail_htlc".into()
        }
        Said::Yes => "nothing".into(),
    }
}

fn relayed() -> RecipientData {
    RecipientData {
        short_channel_id: Some(42),
        payment_relay: Some(PaymentRelay {
            cltv_expiry_delta: 10,
            fee_proportional_millionths: 0,
            fee_base_msat: 1,
        }),
        ..RecipientData::default()
    }
}

/// What a hop of a path is told, if its data are these.
fn hop(data: &RecipientData) -> Result<PathHop, String> {
    let end = RecipientData { path_id: Some(vec![7; 32]), ..RecipientData::default() };
    let hops =
        [(node_id(Who::Forwarder(1)), data.to_bytes()), (node_id(Who::Receiver), end.to_bytes())];
    let (path, _) = BlindedPath::build(secret_of("a path", 0), &hops).unwrap();
    let mut fields = TlvWriter::new();
    fields.set(2, tu64(1)).set(4, tu64(1)).set(18, tu64(1));
    let packet =
        Packet::build(secret_of("a session", 0), &path.onion_hops(&fields), &[]).unwrap().0;
    let peeled = peel_payment(&packet, &node_key(Who::Forwarder(1)), None, &[]);
    peeled.map(|peeled| peeled.path.unwrap()).map_err(|error| error.to_string())
}

fn hop_says(change: impl FnOnce(&mut RecipientData)) -> String {
    let mut data = relayed();
    hop(&data).unwrap();
    change(&mut data);
    hop(&data).unwrap_err()
}

fn constraint_says(amount_msat: u64, cltv_expiry: u32) -> String {
    let constraints = PaymentConstraints { max_cltv_expiry: 100, htlc_minimum_msat: 1_000 };
    let data = RecipientData { payment_constraints: Some(constraints), ..relayed() };
    let hop = hop(&data).unwrap();
    hop.forward(1_000, 100).unwrap();
    hop.forward(amount_msat, cltv_expiry).unwrap_err().to_string()
}

fn feature_says(bit: u8) -> String {
    let with = |features| RecipientData { allowed_features: Some(features), ..relayed() };
    hop(&with(vec![])).unwrap().check_features(&[]).unwrap();
    hop(&with(vec![1 << bit])).unwrap().check_features(&[]).unwrap_err().to_string()
}

fn unknown_even_data() -> String {
    let stream = |tlv_type| TlvWriter::new().set(tlv_type, [1]).to_bytes();
    RecipientData::from_bytes(&stream(101)).unwrap();
    RecipientData::from_bytes(&stream(100)).unwrap_err().to_string()
}

/// Two receivers with the same key: the path is of the other's making.
fn other_path_id() -> String {
    let mut scene = Scene::new(Place::ReceiverInPath);
    let (mut other, _) = crate::places::ordered(Place::Receiver);
    let terms = *scene.edge.terms();
    let amount_msat = terms.amount.to_sat() * 1_000;
    let edge =
        other.fund_terms(Who::Forwarder(1), Who::Receiver, terms.lock, amount_msat, terms.expiry);
    other.tasks.clear();
    other.commit(edge, scene.path_key, scene.packet.clone());
    assert_eq!(scene.deliver_right(), Said::Yes);
    match other.tasks.pop_back() {
        Some((Who::Receiver, NodeAction::Fail { reason, .. })) => reason.to_string(),
        _ => "nothing".into(),
    }
}

/// Two parts of one payment, both right.
fn two_parts() -> (Net, [FinalCase; 2]) {
    let (net, case) = final_case(LockKind::Point);
    let Lock::Point(z) = invoice_secret(LockKind::Point, 0).lock() else { panic!("a point") };
    let shares = [blind("share", 1), blind("share", 2)];
    let both = shares[0].add(&shares[1]).unwrap();
    let part = |index: u16| {
        let y = blind("final", usize::from(index));
        let share = blind("share", usize::from(index));
        let lock = z.add(&both.to_point()).unwrap().add(&y.to_point()).unwrap();
        let payload = pointlock::payment::FinalPayload {
            amount_msat: AMOUNT_MSAT / 2,
            expiry: case.payload.expiry,
            payment_secret: case.payload.payment_secret,
            total_msat: AMOUNT_MSAT,
            final_blind: Some(Blind::new(y.as_scalar().clone())),
            part: Some(PartShare { secret: share, index, count: 2 }),
            withheld: None,
            payer: None,
            keysend: None,
        };
        FinalCase {
            payload,
            lock: Lock::Point(lock),
            amount_msat: AMOUNT_MSAT / 2,
            expiry: case.expiry,
        }
    };
    (net, [part(1), part(2)])
}

fn commit(net: &mut Net, case: &FinalCase, session: usize) -> pointlock::edge::EdgeId {
    let edge =
        net.fund_terms(Who::Sender(0), Who::Receiver, case.lock, case.amount_msat, case.expiry);
    let id = edge.outgoing().unwrap().id;
    net.commit(edge, None, final_packet(case, session));
    id
}

fn first_failure(net: &mut Net) -> String {
    let reason = net.tasks.drain(..).find_map(|(_, action)| match action {
        NodeAction::Fail { reason, .. } => Some(reason),
        _ => None,
    });
    said(reason)
}

fn second_part_says(change: impl FnOnce(&mut FinalCase)) -> String {
    let (mut net, [first, second]) = two_parts();
    commit(&mut net, &first, 0);
    commit(&mut net, &second, 1);
    let claims =
        net.tasks.drain(..).filter(|(_, action)| matches!(action, NodeAction::Claimable { .. }));
    assert_eq!(claims.count(), 2, "the twin");
    let (mut net, [first, mut second]) = two_parts();
    change(&mut second);
    commit(&mut net, &first, 0);
    commit(&mut net, &second, 1);
    first_failure(&mut net)
}

fn timed_out() -> String {
    let (mut net, [first, _]) = two_parts();
    let incoming = commit(&mut net, &first, 0);
    assert!(net.tasks.is_empty());
    net.tell_receiver(ReceiverEvent::PartsTimedOut { incoming }).unwrap();
    first_failure(&mut net)
}

/// A message over N_1, with these data for it.
fn message_says(
    change: impl FnOnce(RecipientData) -> RecipientData,
    alter: impl FnOnce(&mut Vec<u8>),
) -> String {
    let message = |data: &RecipientData| {
        let end = RecipientData { path_id: Some(vec![7; 32]), ..RecipientData::default() };
        let hops = [
            (node_id(Who::Forwarder(1)), data.to_bytes()),
            (node_id(Who::Receiver), end.to_bytes()),
        ];
        let (path, _) = BlindedPath::build(secret_of("a path", 0), &hops).unwrap();
        OnionMessage::build(secret_of("a session", 0), &path, &TlvWriter::new()).unwrap()
    };
    let data =
        RecipientData { next_node_id: Some(node_id(Who::Receiver)), ..RecipientData::default() };
    let key = node_key(Who::Forwarder(1));
    message(&data).peel(&key).unwrap();
    let mut bytes = message(&change(data)).to_bytes();
    alter(&mut bytes);
    OnionMessage::from_bytes(&bytes).unwrap().peel(&key).unwrap_err().to_string()
}

/// What the reader of a `release_held_ptlc` says to another field beside it.
fn content_says(change: impl FnOnce(&mut TlvWriter)) -> String {
    let released =
        ReleaseHeld { holds: vec![(pointlock::hold::HoldId([1; 32]), crate::scene::release(0))] };
    let mut fields = released.to_tlv();
    ReleaseHeld::from_message(&fields.to_bytes()).unwrap();
    change(&mut fields);
    ReleaseHeld::from_message(&fields.to_bytes()).unwrap_err().to_string()
}
