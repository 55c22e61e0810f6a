//! Bad packets at every place of a route: refused by name, with BOLT 4's failure, and without a trace.

use hmac::{Hmac, KeyInit, Mac};
use pointlock::onion::blinded::BlindingError;
use pointlock::onion::{FailurePacket, OnionError, Packet, PayloadFault};
use pointlock::payment::{FailureMessage, Payload, PayloadError, Refusal};
use pointlock::wire::{TlvWriter, WireError};
use pointlock_sim::{Fact, Who};
use sha2::{Digest, Sha256};

use crate::nodes::{Known, node_key};
use crate::places::Place::{
    self, Blinded, Holder, Introduction, Plain, Receiver, ReceiverInPath, ReceiverOfTrampoline,
    Trampoline,
};
use crate::places::{PLACES, Said, Scene, ordered};
use crate::scene::{flipped, invalid_hmac};

const INVALID_ONION_HMAC: u16 = 0xc005;
const INVALID_ONION_BLINDING: u16 = 0xc018;
const INVALID_ONION_PAYLOAD: u16 = 0x4016;
const TEMPORARY_NODE_FAILURE: u16 = 0x2002;
const TEMPORARY_TRAMPOLINE_FAILURE: u16 = 0x2019;

/// What the sender would read of a failure that is encrypted for it by this node.
fn decrypted(failure: &FailureMessage, packet: &Packet, node: Who) -> Vec<u8> {
    let FailureMessage::Encrypted(failure) = failure else { panic!("{failure:?}") };
    let key = node_key(node);
    let mut secrets = vec![packet.shared_secret(&key)];
    // Once the packet within is peeled, the failure is for whoever has made that one.
    let peeled = packet.peel(&key, &[]).ok();
    let payload = peeled.and_then(|peeled| Payload::parse(&peeled.payload, true).ok());
    if let Some(Payload::Outer(outer)) = payload {
        secrets.push(outer.packet.shared_secret(&key));
    }
    let failure = FailurePacket::from_bytes(failure.as_bytes()).unwrap();
    let failure = failure.open(&secrets).unwrap();
    [&failure.code().to_be_bytes(), failure.data()].concat()
}

fn sha256(packet: &Packet) -> [u8; 32] {
    Sha256::digest(packet.to_bytes()).into()
}

fn malformed(packet: &Packet, failure_code: u16) -> FailureMessage {
    FailureMessage::Malformed { sha256_of_onion: sha256(packet), failure_code }
}

/// `clear` is what a node outside of blinded paths says, code and data.
fn check_failure(scene: &Scene, packet: &Packet, failure: &FailureMessage, clear: &[u8]) {
    match scene.place {
        Blinded | ReceiverInPath => assert_eq!(*failure, malformed(packet, INVALID_ONION_BLINDING)),
        Introduction => check_introduction(scene, packet, failure),
        _ => assert_eq!(decrypted(failure, packet, scene.node()), clear, "{:?}", scene.place),
    }
}

fn check_introduction(scene: &Scene, packet: &Packet, failure: &FailureMessage) {
    let expected = [INVALID_ONION_BLINDING.to_be_bytes().as_slice(), &sha256(packet)].concat();
    assert_eq!(decrypted(failure, packet, scene.node()), expected);
}

fn refused(said: Said) -> (Refusal, FailureMessage) {
    match said {
        Said::No(refusal, failure) => (refusal, failure),
        Said::Yes => panic!("accepted"),
    }
}

/// INVALID_ONION_PAYLOAD with the type of the field at fault, and where the stream breaks.
fn invalid_payload(tlv_type: u64, offset: u16) -> Vec<u8> {
    let mut message = INVALID_ONION_PAYLOAD.to_be_bytes().to_vec();
    match tlv_type {
        0..0xfd => message.push(tlv_type as u8),
        0xfd..0x1_0000 => {
            message.push(0xfd);
            message.extend_from_slice(&(tlv_type as u16).to_be_bytes());
        }
        _ => {
            message.push(0xfe);
            message.extend_from_slice(&(tlv_type as u32).to_be_bytes());
        }
    }
    message.extend_from_slice(&offset.to_be_bytes());
    message
}

#[test]
fn a_packet_that_comes_again() {
    for place in PLACES {
        let mut scene = Scene::new(place);
        assert_eq!(scene.deliver_right(), Said::Yes);
        let packet = scene.packet.clone();
        let (refusal, failure) = refused(scene.deliver(scene.path_key, packet.clone()));
        let expiry_height = scene.edge.terms().expiry;
        assert_eq!(refusal, Refusal::Onion(OnionError::Replayed { expiry_height }), "{place:?}");
        check_failure(&scene, &packet, &failure, &TEMPORARY_NODE_FAILURE.to_be_bytes());
    }
}

#[test]
fn a_packet_of_another_hop_or_altered() {
    for place in PLACES {
        let mut scene = Scene::new(place);
        let others = PLACES.into_iter().filter(|other| *other != place).map(Scene::new);
        let others = others.filter(|other| {
            // Alone in its place, or with the same packet.
            other.onion_key() != scene.onion_key()
        });
        let mut packets: Vec<Packet> = others.map(|other| other.packet).collect();
        assert!(packets.len() >= 4);
        packets.extend(flipped(&scene.packet));
        for packet in packets {
            let (refusal, failure) = refused(scene.deliver(scene.path_key, packet.clone()));
            assert_eq!(refusal, invalid_hmac(), "{place:?}");
            // Nobody can know yet that it begins a path.
            let code = match place {
                Blinded | ReceiverInPath => INVALID_ONION_BLINDING,
                _ => INVALID_ONION_HMAC,
            };
            assert_eq!(failure, malformed(&packet, code), "{place:?}");
        }
        assert_eq!(scene.deliver_right(), Said::Yes);
    }
}

/// What the peer can see to be wrong is refused where the message is read.
#[test]
fn wrong_versions_and_keys_are_no_packets() {
    let bytes = Scene::new(Plain).packet.to_bytes();
    for version in [1, 0xff] {
        let mut bytes = bytes.clone();
        bytes[0] = version;
        let error = Packet::from_bytes(&bytes).unwrap_err();
        assert_eq!(error, OnionError::InvalidVersion { version });
        assert_eq!(error.failure_code(), Some(0xc004));
    }
    for prefix in [0, 1, 4, 5, 0xff] {
        let mut bytes = bytes.clone();
        bytes[1] = prefix;
        let error = Packet::from_bytes(&bytes).unwrap_err();
        assert!(matches!(error, OnionError::InvalidKey { .. }), "{error}");
        assert_eq!(error.failure_code(), Some(0xc006));
    }
    for length in [0, 65, 1_365, 1_367] {
        let mut bytes = bytes.clone();
        bytes.resize(length, 0);
        let error = Packet::from_bytes(&bytes).unwrap_err();
        assert_eq!(error, OnionError::PacketLength { expected: 1_366, actual: length });
    }
}

/// The path key that comes with the message makes a node one of a path, and the lack of it makes it none.
#[test]
fn a_path_key_too_many_or_too_few() {
    for place in PLACES {
        let mut scene = Scene::new(place);
        let packet = scene.packet.clone();
        let other = match scene.path_key {
            None => Some(node_key(Who::Sender(3)).to_point()),
            Some(_) => None,
        };
        let (refusal, failure) = refused(scene.deliver(other, packet.clone()));
        assert_eq!(refusal, invalid_hmac(), "{place:?}");
        let code = if other.is_some() { INVALID_ONION_BLINDING } else { INVALID_ONION_HMAC };
        assert_eq!(failure, malformed(&packet, code), "{place:?}");
        if let Some(path_key) = scene.path_key {
            let (refusal, failure) =
                refused(scene.deliver(Some(path_key.negate()), packet.clone()));
            assert_eq!(refusal, invalid_hmac());
            assert_eq!(failure, malformed(&packet, INVALID_ONION_BLINDING));
        }
        assert_eq!(scene.deliver_right(), Said::Yes);
    }
}

/// The packet with other first bytes of its frame, and an HMAC that fits: only the sender can make it.
fn with_frame(scene: &Scene, start: &[u8]) -> Packet {
    let length = scene.payload.len();
    let mut frame = match u8::try_from(length) {
        Ok(short @ 0..0xfd) => vec![short],
        _ => [[0xfd].as_slice(), &(length as u16).to_be_bytes()].concat(),
    };
    frame.extend_from_slice(&scene.payload);
    let mut bytes = scene.packet.to_bytes();
    for ((byte, old), new) in bytes[34..].iter_mut().zip(&frame).zip(start) {
        *byte ^= old ^ new;
    }
    let hmac = |key: &[u8], data: &[u8]| {
        let mut hmac = <Hmac<Sha256>>::new_from_slice(key).unwrap();
        hmac.update(data);
        hmac.finalize().into_bytes()
    };
    let shared_secret = scene.packet.shared_secret(&scene.onion_key());
    let mu = hmac(b"mu", &*shared_secret.dangerous_to_bytes());
    let tag = hmac(&mu, &bytes[34..1_334]);
    bytes[1_334..].copy_from_slice(&tag);
    Packet::from_bytes(&bytes).unwrap()
}

#[test]
fn frames_that_are_too_short_or_too_long() {
    for place in PLACES {
        let mut scene = Scene::new(place);
        let room = 1_300 - 32 - 3;
        for (start, reason) in [
            ([0, 0, 0].as_slice(), PayloadFault::ReservedLength { length: 0 }),
            (&[1, 0, 0], PayloadFault::ReservedLength { length: 1 }),
            (&[0xfd, 0, 0xfc], PayloadFault::NotMinimal),
            (&[0xfd, 0, 0], PayloadFault::NotMinimal),
            (&[0xfd, 0x04, 0xf2], PayloadFault::ExceedsPacket { length: 1_266, room }),
            (&[0xfd, 0xff, 0xff], PayloadFault::ExceedsPacket { length: 65_535, room }),
        ] {
            let packet = with_frame(&scene, start);
            let (refusal, failure) = refused(scene.deliver(scene.path_key, packet.clone()));
            let source = OnionError::InvalidPayload { reason };
            assert_eq!(refusal, BlindingError::Onion { source }.into(), "{place:?}");
            match place {
                Introduction => {
                    let message = decrypted(&failure, &packet, scene.node());
                    assert_eq!(message, invalid_payload(0, 0), "it can't know that it is one");
                }
                _ => check_failure(&scene, &packet, &failure, &invalid_payload(0, 0)),
            }
        }
        assert_eq!(scene.deliver_right(), Said::Yes);
    }
}

/// What is to be said when this record is left out, and BOLT 4's code and data in the clear.
fn without(place: Place, tlv_type: u64) -> (Refusal, Vec<u8>) {
    let no_field = || invalid_payload(0, 0);
    let missing =
        |field| (Refusal::Payload(PayloadError::Missing(field)), invalid_payload(tlv_type, 0));
    let misplaced = |field, tlv_type| {
        (Refusal::Payload(PayloadError::Misplaced(field)), invalid_payload(tlv_type, 0))
    };
    let missing_of_path = |field| (BlindingError::Missing { field }.into(), Vec::new());
    match (place, tlv_type) {
        // Without a packet within it is a receiver's payload, and lacks what such a one has.
        (Trampoline, 20) => {
            (Refusal::Payload(PayloadError::Missing("payment_data")), invalid_payload(8, 0))
        }
        (ReceiverOfTrampoline, 20) => misplaced("tail_blind", 65_559),
        (ReceiverOfTrampoline, 65_559) => (Refusal::TweakMismatch, no_field()),
        (Holder, 65_542) => misplaced("held_blind", 65_544),
        (Holder, 65_544) => (Refusal::TweakMismatch, no_field()),
        (Holder, 65_546) => missing("release_hash"),
        (Holder, 65_548) => missing("latest_release_height"),
        (Receiver | ReceiverInPath, 65_539) => (Refusal::TweakMismatch, no_field()),
        (Receiver, 8) => missing("payment_data"),
        (ReceiverInPath, 18) => missing("total_amount_msat"),
        (Introduction, 12) => missing_of_path("current_path_key"),
        (Introduction | Blinded | ReceiverInPath, 10) => {
            missing_of_path("encrypted_recipient_data")
        }
        (_, 2) => missing("amt_to_forward"),
        (_, 4) => missing("outgoing_cltv_value"),
        (Plain | Holder, 6) => missing("short_channel_id"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_field_missing() {
    let mut fields = 0;
    for place in PLACES {
        let mut scene = Scene::new(place);
        let records = scene.records();
        for (index, (tlv_type, _)) in records.iter().enumerate() {
            let kept = records.iter().filter(|(other, _)| other != tlv_type);
            let payload = kept.flat_map(|(_, bytes)| bytes.clone()).collect::<Vec<u8>>();
            if payload.is_empty() {
                // The only one: an empty frame, which is refused as such.
                continue;
            }
            fields += 1;
            let packet = scene.packet_with(&payload, index);
            let (refusal, failure) = refused(scene.deliver(scene.path_key, packet.clone()));
            let (expected, clear) = without(place, *tlv_type);
            assert_eq!(refusal, expected, "{place:?} without {tlv_type}");
            check_failure(&scene, &packet, &failure, &clear);
        }
        // None of these has opened the sender's packet, where there is one.
        assert_eq!(scene.deliver_right(), Said::Yes);
    }
    assert_eq!(fields, 3 + 7 + 3 + 2 + 4 + 5 + 4);
}

#[test]
fn each_field_doubled_or_out_of_order() {
    for place in PLACES {
        let mut scene = Scene::new(place);
        let records = scene.records();
        let bytes: Vec<&[u8]> = records.iter().map(|(_, bytes)| bytes.as_slice()).collect();
        let start = |index: usize| bytes[..index].concat().len();
        let mut broken = Vec::new();
        for (index, (tlv_type, record)) in records.iter().enumerate() {
            // A short one is enough, and there is room for it.
            let again = TlvWriter::new().set(*tlv_type, vec![]).to_bytes();
            let mut doubled = bytes.clone();
            doubled.insert(index + 1, &again);
            let offset = start(index) + record.len();
            let source = WireError::Duplicate { tlv_type: *tlv_type, offset };
            broken.push((doubled.concat(), source, *tlv_type, offset));
            if index > 0 {
                let mut swapped = bytes.clone();
                swapped.swap(index - 1, index);
                let offset = start(index - 1) + record.len();
                let lower = records[index - 1].0;
                let source = WireError::OutOfOrder { tlv_type: lower, offset, previous: *tlv_type };
                broken.push((swapped.concat(), source, lower, offset));
            }
        }
        // Cut off within the last value, and a length that leads beyond the end.
        let (last, record) = records.last().unwrap();
        let whole = scene.payload.clone();
        let offset = start(records.len() - 1);
        let length = TlvWriter::new().set(*last, vec![]).to_bytes();
        let value = record.len() - length.len() - if record.len() > 255 { 2 } else { 0 };
        let source = WireError::ValueTruncated {
            tlv_type: *last,
            offset,
            length: value as u64,
            left: value - 1,
        };
        broken.push((whole[..whole.len() - 1].to_vec(), source, *last, offset));
        for (session, (payload, source, tlv_type, offset)) in broken.into_iter().enumerate() {
            let packet = scene.packet_with(&payload, session);
            let (refusal, failure) = refused(scene.deliver(scene.path_key, packet.clone()));
            assert_eq!(refusal, BlindingError::InvalidPayload { source }.into(), "{place:?}");
            let clear = invalid_payload(tlv_type, offset as u16);
            match place {
                // Whether such a payload is one of a path nobody can say, and nobody learns from it who is.
                Introduction => {
                    assert_eq!(decrypted(&failure, &packet, scene.node()), clear);
                }
                _ => check_failure(&scene, &packet, &failure, &clear),
            }
        }
        assert_eq!(scene.deliver_right(), Said::Yes);
    }
}

#[test]
fn unknown_even_types() {
    for place in PLACES {
        let mut scene = Scene::new(place);
        for (session, tlv_type) in [0, 24, 65_538, 65_572].into_iter().enumerate() {
            let mut records = scene.records();
            let mut record = TlvWriter::new().set(tlv_type, [1]).to_bytes();
            records.push((tlv_type, std::mem::take(&mut record)));
            records.sort();
            let payload: Vec<u8> = records.into_iter().flat_map(|(_, bytes)| bytes).collect();
            let packet = scene.packet_with(&payload, session);
            let (refusal, failure) = refused(scene.deliver(scene.path_key, packet.clone()));
            let expected = match place {
                Introduction | Blinded => BlindingError::Unexpected { tlv_type }.into(),
                _ => Refusal::Payload(PayloadError::UnknownEven { tlv_type }),
            };
            assert_eq!(refusal, expected, "{place:?}");
            check_failure(&scene, &packet, &failure, &invalid_payload(tlv_type, 0));
        }
        assert_eq!(scene.deliver_right(), Said::Yes);
    }
}

/// Known fields where they have no meaning: most of all a blind in a payload of a blinded path, and a second path key.
#[test]
fn fields_of_other_places() {
    for (place, tlv_type, expected) in [
        (Plain, 65_539, PayloadError::Misplaced("final_blind").into()),
        (Plain, 65_546, PayloadError::Misplaced("release_hash").into()),
        (Holder, 65_537, PayloadError::Misplaced("blind").into()),
        (Trampoline, 14, PayloadError::Misplaced("outgoing_node_id").into()),
        (Trampoline, 65_537, PayloadError::Misplaced("blind").into()),
        (Receiver, 65_537, PayloadError::Misplaced("blind").into()),
        (ReceiverInPath, 65_559, PayloadError::Misplaced("tail_blind").into()),
        (ReceiverOfTrampoline, 65_539, PayloadError::Misplaced("final_blind").into()),
        (Introduction, 65_537, BlindingError::Unexpected { tlv_type: 65_537 }.into()),
        (Introduction, 2, BlindingError::Unexpected { tlv_type: 2 }.into()),
        (Blinded, 65_537, BlindingError::Unexpected { tlv_type: 65_537 }.into()),
        (Blinded, 12, BlindingError::Unexpected { tlv_type: 12 }.into()),
        (ReceiverInPath, 12, BlindingError::Unexpected { tlv_type: 12 }.into()),
    ] {
        let expected: Refusal = expected;
        let mut scene = Scene::new(place);
        let mut records = scene.records();
        records.push((tlv_type, TlvWriter::new().set(tlv_type, vec![1; 32]).to_bytes()));
        records.sort();
        let payload: Vec<u8> = records.into_iter().flat_map(|(_, bytes)| bytes).collect();
        let packet = scene.packet_with(&payload, 0);
        let (refusal, failure) = refused(scene.deliver(scene.path_key, packet.clone()));
        assert_eq!(refusal, expected, "{place:?} with {tlv_type}");
        check_failure(&scene, &packet, &failure, &invalid_payload(tlv_type, 0));
        assert_eq!(scene.deliver_right(), Said::Yes);
    }
}

/// Who fails, and what the sender reads: by whom, counted from 0 for N_1, and BOLT 4's code.
#[test]
fn what_the_sender_reads() {
    for (place, expected) in [
        (Plain, (0, INVALID_ONION_HMAC)),
        (Holder, (0, INVALID_ONION_HMAC)),
        (Trampoline, (0, INVALID_ONION_HMAC)),
        // The node before it says so for the next one, which can't.
        (Receiver, (1, INVALID_ONION_HMAC)),
        (Introduction, (0, INVALID_ONION_HMAC)),
        // Behind the introduction node that one answers for all.
        (Blinded, (1, INVALID_ONION_BLINDING)),
        (ReceiverInPath, (1, INVALID_ONION_BLINDING)),
        // What goes wrong on its route a node that has found it says in its own name.
        (ReceiverOfTrampoline, (0, TEMPORARY_TRAMPOLINE_FAILURE)),
    ] {
        let (mut net, node) = ordered(place);
        let (edge, proposal) = crate::places::reach(&mut net, node);
        let mut bytes = proposal.packet.to_bytes();
        bytes[700] ^= 1;
        net.commit(edge, proposal.path_key, Packet::from_bytes(&bytes).unwrap());
        net.run().unwrap();
        let read = net.facts().find_map(|fact| match fact {
            Fact::AttemptFailed { failure, .. } => Some(*failure),
            _ => None,
        });
        assert_eq!(read, Some(Some(expected)), "{place:?}");
        assert!(net.balances().is_empty());
        assert!(!net.tasks.iter().any(|(who, _)| *who == Who::Receiver));
        net.check_replay().unwrap();
    }
}
