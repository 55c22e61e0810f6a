use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use pointlock::curve::Point;
use pointlock::onion::{
    AttributedFailure, AttributionData, FailurePacket, HoldTime, OnionError, Packet, SharedSecret,
};
use sha2::Sha256;

use crate::input::{Input, fixed_scalar, flipped};

const MAX_HOPS: u8 = 20;
const ASSOCIATED_DATA: &[u8] = b"attempt";

/// Input: a packet; or, whatever is no packet, the payloads of a route and the plaintext that a hop finds in a packet
/// with a valid HMAC.
pub fn onion_packet(data: &[u8]) -> bool {
    if let Ok(packet) = Packet::from_bytes(data) {
        assert_eq!(packet.to_bytes(), data);
        peel(&packet);
        return true;
    }
    peel_any_plaintext(data);
    build_and_peel(data)
}

/// Peels as the node whose key is known here, and what is in there for the next, and so on.
fn peel(packet: &Packet) {
    let mut packet = packet.clone();
    for hop in 1..=MAX_HOPS {
        let Ok(peeled) = packet.peel(&fixed_scalar(hop), ASSOCIATED_DATA) else { return };
        assert!(peeled.payload.len() >= 2);
        let Some(next) = peeled.next else { return };
        assert_eq!(Packet::from_bytes(&next.to_bytes()).as_ref(), Ok(&next));
        packet = next;
    }
}

/// Payloads of one byte of length and so many bytes, one for each hop.
fn build_and_peel(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let mut hops: Vec<(Point, &[u8])> = Vec::new();
    while !input.is_empty() && hops.len() < usize::from(MAX_HOPS) {
        let length = usize::from(input.byte());
        hops.push((fixed_scalar(hops.len() as u8 + 1).to_point(), input.slice(length)));
    }
    let Ok((mut packet, secrets)) = Packet::build(fixed_scalar(77), &hops, ASSOCIATED_DATA) else {
        // Frames of 1 or 3 + length + 32 bytes.
        let frame = |length| length + 32 + if length < 0xfd { 1 } else { 3 };
        let total: usize = hops.iter().map(|(_, payload)| frame(payload.len())).sum();
        assert!(total > 1300 || total == 0 || hops.iter().any(|(_, payload)| payload.len() < 2));
        return false;
    };
    assert_eq!(packet.to_bytes().len(), Packet::LENGTH);
    let bit = data.iter().fold(0, |sum, byte| 31 * sum % 10_928 + usize::from(*byte)) % 10_928;
    refused(&packet, bit);
    for (hop, ((_, payload), secret)) in hops.iter().zip(&secrets).enumerate() {
        let peeled = packet.peel(&fixed_scalar(hop as u8 + 1), ASSOCIATED_DATA);
        let peeled = peeled.expect("it was built for this hop");
        assert_eq!(*peeled.payload, *payload);
        assert_eq!(peeled.shared_secret, *secret);
        assert_eq!(peeled.next.is_none(), hop == hops.len() - 1);
        let Some(next) = peeled.next else { break };
        packet = next;
    }
    true
}

/// One bit flipped: no packet, or not for the hop.
fn refused(packet: &Packet, bit: usize) {
    let bytes: [u8; Packet::LENGTH] = packet.to_bytes().try_into().expect("1,366 bytes");
    if let Ok(packet) = Packet::from_bytes(&flipped(bytes, bit)) {
        let peeled = packet.peel(&fixed_scalar(1), ASSOCIATED_DATA);
        assert_eq!(peeled.err(), Some(OnionError::InvalidHmac));
    }
}

/// A sender that does what it likes: the plaintext is the fuzzer's, encryption and HMAC are BOLT 4's, made here from its
/// text.
fn peel_any_plaintext(data: &[u8]) {
    let (node_secret, ephemeral) = (fixed_scalar(1), fixed_scalar(88));
    let shared_secret = SharedSecret::new(&ephemeral, &node_secret.to_point());
    let key = |name: &[u8]| hmac(name, &[&*shared_secret.dangerous_to_bytes()]);
    let mut payloads = [0; Packet::PAYLOADS_LENGTH];
    let taken = data.len().min(payloads.len());
    payloads[..taken].copy_from_slice(&data[..taken]);
    ChaCha20::new(&key(b"rho").into(), &[0; 12].into()).apply_keystream(&mut payloads);
    let mac = hmac(&key(b"mu"), &[&payloads, ASSOCIATED_DATA]);
    let bytes = [&[0][..], &ephemeral.to_point().to_bytes(), &payloads, &mac].concat();

    let packet = Packet::from_bytes(&bytes).expect("length, version and key are right");
    match packet.peel(&node_secret, ASSOCIATED_DATA) {
        Ok(peeled) => {
            assert_eq!(peeled.shared_secret, shared_secret);
            let start = if peeled.payload.len() < 0xfd { 1 } else { 3 };
            let mut plaintext = data.to_vec();
            plaintext.resize(Packet::PAYLOADS_LENGTH, 0);
            assert_eq!(*peeled.payload, plaintext[start..start + peeled.payload.len()]);
        }
        Err(error) => assert!(matches!(error, OnionError::InvalidPayload { .. }), "{error}"),
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

/// Input: length of the route (2) ‖ failing hop (2) ‖ failure message; the message is a failure packet from somewhere, too, and the end of
/// it attribution data, where it is long enough.
pub fn onion_failure(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let hops = 1 + input.below(usize::from(MAX_HOPS));
    let failing = input.below(hops);
    let message = input.rest();
    let route: Vec<_> = (1..=hops).map(|hop| SharedSecret::from_bytes([hop as u8; 32])).collect();

    if let Ok(packet) = FailurePacket::from_bytes(message) {
        assert_eq!(packet.as_bytes(), message);
        assert!(packet.open(&route).is_err(), "a failure by no hop");
    }
    let Ok(packet) = FailurePacket::new(&route[failing], message) else {
        assert!(!(2..=65_499).contains(&message.len()));
        return false;
    };
    if let Some((reason, data)) = message.split_last_chunk::<{ AttributionData::LENGTH }>() {
        let packet = FailurePacket::from_bytes(reason).expect("it is shorter than the message");
        let data = AttributionData::from_bytes(data).expect("it has the length");
        assert_eq!(AttributionData::from_bytes(data.as_bytes()).as_ref(), Ok(&data));
        let read = AttributedFailure::from_parts(packet, Some(data)).open(&route);
        let broken_at = read.attribution.expect("it came with one").broken_at;
        assert!(read.failure.is_err() && broken_at == Some(0), "by no hop");
    }
    attributed(&route, failing, message);
    let packet = route[..failing].iter().rev().fold(packet, FailurePacket::wrap);
    let failure = packet.open(&route).expect("it was made by a hop of the route");
    assert_eq!(failure.hop, failing);
    assert_eq!([&failure.code().to_be_bytes(), failure.data()].concat(), message);
    true
}

/// Each hop adds its own, and one of them changes a bit of what it gives on.
fn attributed(route: &[SharedSecret], failing: usize, message: &[u8]) {
    let time = |hop: usize| HoldTime::from_units((hop * message.len()) as u32);
    let first = AttributedFailure::new(&route[failing], message, time(failing));
    let mut failure = first.expect("the packet alone was made");
    let culprit = message.len() % (failing + 1);
    for hop in (0..=failing).rev() {
        if hop != failing {
            failure = failure.wrap(&route[hop], time(hop));
        }
        if hop == culprit {
            let mut reason = failure.as_bytes().to_vec();
            reason[message.len() % 32] ^= 1;
            let attribution = failure.attribution().cloned();
            let packet = FailurePacket::from_bytes(&reason).expect("as long as before");
            failure = AttributedFailure::from_parts(packet, attribution);
        }
    }
    let read = failure.open(route);
    assert_eq!(read.failure, Err(OnionError::UnknownFailureSource));
    let attribution = read.attribution.expect("it came with one");
    let reach = culprit.min(20);
    assert!(attribution.hold_times.iter().copied().eq((0..reach).map(time)));
    let broken_at = attribution.broken_at;
    assert!(broken_at == Some(culprit) || culprit >= 20 && broken_at.is_none(), "{broken_at:?}");
}
