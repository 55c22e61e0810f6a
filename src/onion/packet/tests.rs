use proptest::prelude::*;

use super::*;
use crate::curve::CurveError;
use crate::onion::PayloadFault;

const DATA: &[u8] = b"associated data";

fn secret(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

/// Hops with the secrets 1, 2, … and these payloads.
fn route(payloads: &[Vec<u8>]) -> Vec<(Point, &[u8])> {
    let node_ids = (1..).map(|byte| secret(byte).to_point());
    node_ids.zip(payloads.iter().map(Vec::as_slice)).collect()
}

fn build(payloads: &[Vec<u8>]) -> Result<Packet, OnionError> {
    Packet::build(secret(99), &route(payloads), DATA).map(|(packet, _)| packet)
}

fn three_hops() -> Packet {
    build(&[vec![1; 20], vec![2; 300], vec![3; 40]]).unwrap()
}

/// A packet with the right HMAC for secret 1, over payloads of a malicious sender's choice.
fn authentic(plain: &[u8]) -> Packet {
    let ephemeral_key = secret(99).to_point();
    let shared_secret = SharedSecret::new(&secret(1), &ephemeral_key);
    let mut hop_payloads = plain.to_vec();
    hop_payloads.resize(Packet::PAYLOADS_LENGTH, 0);
    apply_stream(&shared_secret.key(KeyType::Rho), 0, &mut hop_payloads);
    let hmac = hmac(&*shared_secret.key(KeyType::Mu), &[&hop_payloads, DATA]);
    Packet { ephemeral_key, hop_payloads, hmac }
}

#[test]
fn routes_that_do_not_fit() {
    assert_eq!(build(&[]), Err(OnionError::NoHops));
    // Three frames: 1 + 100 + 32, 3 + 500 + 32, and 632 bytes left.
    let fits = [vec![0; 100], vec![0; 500], vec![0; 597]];
    assert!(build(&fits).is_ok());
    let mut beyond = fits.clone();
    beyond[2].push(0);
    assert_eq!(build(&beyond), Err(OnionError::TooLong { hop: 2, excess: 1 }));
    // The hop named is the first that does not fit, the bytes are those of the whole route.
    let long = [vec![0; 1300], vec![0; 2]];
    assert_eq!(build(&long), Err(OnionError::TooLong { hop: 0, excess: 35 + 35 }));
    for length in [0, 1] {
        let short = [vec![0; 2], vec![0; length]];
        assert_eq!(build(&short), Err(OnionError::TooShort { hop: 1, length }));
    }
    assert!(build(&[vec![0; 2], vec![0; 2]]).is_ok());
}

#[test]
fn longest_payload_and_most_hops() {
    assert!(build(&[vec![0; 1265]]).is_ok());
    assert_eq!(build(&[vec![0; 1266]]), Err(OnionError::TooLong { hop: 0, excess: 1 }));
    // 37 frames of 35 bytes: 1,295.
    assert!(build(&vec![vec![0; 2]; 37]).is_ok());
    assert_eq!(build(&vec![vec![0; 2]; 38]), Err(OnionError::TooLong { hop: 37, excess: 30 }));
}

#[test]
fn parsing_refuses_with_the_reason() {
    let bytes = three_hops().to_bytes();
    assert_eq!(bytes.len(), Packet::LENGTH);
    assert_eq!(Packet::from_bytes(&bytes), Ok(three_hops()));
    for length in [0, 1, 34, 66, 1365] {
        let error = OnionError::PacketLength { expected: 1366, actual: length };
        assert_eq!(Packet::from_bytes(&bytes[..length]), Err(error));
    }
    let longer = [&*bytes, &[0]].concat();
    assert!(matches!(Packet::from_bytes(&longer), Err(OnionError::PacketLength { .. })));

    let altered = |index: usize, byte| {
        let mut bytes = bytes.clone();
        bytes[index] = byte;
        Packet::from_bytes(&bytes).unwrap_err()
    };
    assert_eq!(altered(0, 1), OnionError::InvalidVersion { version: 1 });
    assert_eq!(altered(0, 1).failure_code(), Some(0xc004));
    let source = CurveError::PointPrefix { prefix: 4 };
    assert_eq!(altered(1, 4), OnionError::InvalidKey { source });
    assert_eq!(altered(1, 4).failure_code(), Some(0xc006));
}

#[test]
fn every_flipped_bit_is_refused() {
    let bytes = three_hops().to_bytes();
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let error = Packet::from_bytes(&flipped)
            .and_then(|packet| packet.peel(&secret(1), DATA))
            .expect_err("a bit is wrong");
        match bit / 8 {
            0 => assert!(matches!(error, OnionError::InvalidVersion { .. })),
            1..34 => {
                assert!(matches!(error, OnionError::InvalidKey { .. } | OnionError::InvalidHmac))
            }
            _ => assert_eq!(error, OnionError::InvalidHmac, "bit {bit}"),
        }
    }
}

#[test]
fn wrong_node_and_wrong_data_are_refused() {
    let packet = three_hops();
    assert!(packet.peel(&secret(1), DATA).is_ok());
    // −n has the same x coordinates as n everywhere.
    for wrong in [secret(2), secret(3), secret(1).negate()] {
        assert_eq!(packet.peel(&wrong, DATA).unwrap_err(), OnionError::InvalidHmac);
    }
    for wrong in [&b""[..], b"associated dat", b"associated data\0", b"Associated data"] {
        assert_eq!(packet.peel(&secret(1), wrong).unwrap_err(), OnionError::InvalidHmac);
    }
    assert_eq!(OnionError::InvalidHmac.failure_code(), Some(0xc005));
}

#[test]
fn a_zeroed_hmac_does_not_end_the_route() {
    // The mark of the last hop counts inside the layer only.
    let mut packet = three_hops();
    packet.hmac = LAST_HOP;
    assert_eq!(packet.peel(&secret(1), DATA).unwrap_err(), OnionError::InvalidHmac);
}

#[test]
fn a_senders_bad_frames_are_refused() {
    let reason = |plain: &str| {
        let error = authentic(&hex::decode(plain).unwrap()).peel(&secret(1), DATA).unwrap_err();
        assert_eq!(error.failure_code(), Some(0x4016));
        match error {
            OnionError::InvalidPayload { reason } => reason,
            other => panic!("{other}"),
        }
    };
    assert_eq!(reason("00"), PayloadFault::ReservedLength { length: 0 });
    assert_eq!(reason("01"), PayloadFault::ReservedLength { length: 1 });
    assert_eq!(reason("fd0002"), PayloadFault::NotMinimal);
    // One byte more than fits with its HMAC; and a length that would take the hop beyond its own bytes.
    let room = 1265;
    assert_eq!(reason("fd04f2"), PayloadFault::ExceedsPacket { length: 1266, room });
    assert_eq!(reason("fd0a00"), PayloadFault::ExceedsPacket { length: 2560, room });
    let peeled = authentic(&hex::decode("fd04f1").unwrap()).peel(&secret(1), DATA).unwrap();
    assert_eq!(peeled.payload.len(), 1265);
    assert!(peeled.next.is_none());
}

#[test]
fn the_hop_before_the_last_can_not_tell() {
    // Packets at the last hop and before it look alike: nothing is left of zeros, of the plain
    // payloads, or of what other hops see.
    let mut packet = three_hops();
    let mut seen = Vec::new();
    for node in 1.. {
        assert!(packet.hop_payloads.windows(8).all(|window| window != [0; 8]));
        assert!((1..=3).all(|byte| packet.hop_payloads.windows(8).all(|w| w != [byte; 8])));
        seen.extend([packet.ephemeral_key.to_bytes()[1..].to_vec(), packet.hmac.to_vec()]);
        let peeled = packet.peel(&secret(node), DATA).unwrap();
        match peeled.next {
            Some(next) => packet = next,
            None => break,
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 6);
}

#[test]
fn the_last_hop_sees_no_zeros_either() {
    // Without the pad key stream the last hop would see where the filler ends, and so how many came
    // before.
    let (packet, secrets) =
        Packet::build(secret(99), &[(secret(1).to_point(), [5; 10])], DATA).unwrap();
    let mut plain = packet.hop_payloads;
    apply_stream(&secrets[0].key(KeyType::Rho), 0, &mut plain);
    assert!(plain[1 + 10 + 32..].windows(8).all(|window| window != [0; 8]));
}

#[test]
fn another_session_key_is_another_packet() {
    let payloads = [vec![1; 20], vec![2; 30]];
    let (packet, secrets) = Packet::build(secret(98), &route(&payloads), DATA).unwrap();
    let (other_packet, other_secrets) = Packet::build(secret(97), &route(&payloads), DATA).unwrap();
    assert_ne!(packet, other_packet);
    assert!(secrets.iter().all(|secret| !other_secrets.contains(secret)));
}

#[test]
fn the_core_knows_no_length() {
    // As onion messages will have it.
    // 35 bytes for the first frame; the second takes the rest.
    for (payloads_length, payload_length) in [(100, 32), (1300, 1230), (32_768, 32_698)] {
        let payload = vec![6; payload_length];
        let hops = [(secret(1).to_point(), &[5, 5][..]), (secret(2).to_point(), &payload[..])];
        let (node_ids, payloads): (Vec<Point>, Vec<&[u8]>) = hops.into_iter().unzip();
        let plan = Packet::plan(secret(99), &node_ids).unwrap();
        let (packet, _) = plan.build(&payloads, DATA, payloads_length).unwrap();
        let packet = Packet::parse(&packet.to_bytes(), payloads_length).unwrap();
        let peeled = packet.peel(&secret(1), DATA).unwrap();
        let next = peeled.next.unwrap();
        assert_eq!(next.to_bytes().len(), packet.to_bytes().len());
        assert_eq!(*next.peel(&secret(2), DATA).unwrap().payload, payload);
    }
}

#[test]
fn debug_has_no_secret() {
    let peeled = authentic(&[2, 0xab, 0xab]).peel(&secret(1), DATA).unwrap();
    let text = format!("{peeled:?}");
    assert_eq!(text, "Peeled { payload_length: 2, next: None, .. }");
}

/// Payloads of random lengths that fit: the lengths are cut where the packet is full.
fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let payload = prop_oneof![
        prop::collection::vec(any::<u8>(), 2..60),
        prop::collection::vec(any::<u8>(), 240..270),
        prop::collection::vec(any::<u8>(), 2..1265),
    ];
    prop::collection::vec(payload, 1..30).prop_map(|mut payloads| {
        let mut left = Packet::PAYLOADS_LENGTH;
        payloads.retain(|payload| match left.checked_sub(frame::length(payload.len())) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        });
        payloads
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_built_is_peeled(payloads in payloads(), key: [u8; 32], data: Vec<u8>) {
        let session_key = SecretScalar::from_hash(&key).unwrap();
        let (packet, secrets) = Packet::build(session_key, &route(&payloads), &data).unwrap();
        let mut packet = Some(packet);
        for (hop, payload) in payloads.iter().enumerate() {
            let bytes = packet.expect("not the last hop").to_bytes();
            prop_assert_eq!(bytes.len(), Packet::LENGTH);
            let node_secret = secret(hop as u8 + 1);
            let read = Packet::from_bytes(&bytes).unwrap();
            prop_assert_eq!(read.shared_secret(&node_secret), secrets[hop].clone());
            let peeled = read.peel(&node_secret, &data).unwrap();
            prop_assert_eq!(&*peeled.payload, payload);
            prop_assert_eq!(&peeled.shared_secret, &secrets[hop]);
            packet = peeled.next;
        }
        prop_assert!(packet.is_none());
    }

    #[test]
    fn a_bit_flipped_on_the_way_is_found_at_the_next_hop(bit in 0usize..8 * Packet::LENGTH) {
        let next = three_hops().peel(&secret(1), DATA).unwrap().next.unwrap();
        let mut bytes = next.to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let peeled = Packet::from_bytes(&bytes).and_then(|packet| packet.peel(&secret(2), DATA));
        prop_assert!(peeled.is_err());
    }

    #[test]
    fn arbitrary_frames_do_not_panic(plain in prop::collection::vec(any::<u8>(), 0..1300)) {
        if let Ok(peeled) = authentic(&plain).peel(&secret(1), DATA) {
            prop_assert!(peeled.payload.len() >= 2);
            prop_assert!(peeled.next.is_none_or(|next| next.to_bytes().len() == Packet::LENGTH));
        }
    }

    #[test]
    fn arbitrary_packets_do_not_peel(
        bytes in prop::collection::vec(any::<u8>(), Packet::LENGTH),
        valid_start: bool,
    ) {
        let mut bytes = bytes;
        if valid_start {
            bytes[..34].copy_from_slice(&three_hops().to_bytes()[..34]);
        }
        let peeled = Packet::from_bytes(&bytes).and_then(|packet| packet.peel(&secret(1), DATA));
        prop_assert!(peeled.is_err());
    }
}
