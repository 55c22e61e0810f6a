//! LDK as a forwarder that knows nothing of holds: it has to fail what it can't hold. If it forwarded at once, a payment under a hash
//! would not wait, and nobody would be told.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use lightning::ln::msgs::UpdateAddHTLC;
use lightning::ln::onion_payment::peel_payment_onion;
use lightning::sign::{KeysManager, NodeSigner, Recipient};
use lightning::util::logger::{Logger, Record};
use lightning::util::ser::LengthReadable;
use pointlock::curve::{Point, SecretScalar};
use pointlock::hold::{HoldId, ReleaseSecret};
use pointlock::onion::Packet;
use pointlock::payment::{ForwardPayload, HoldOrder, Payload, Tweak};
use pointlock::wire::{TlvStream, TlvWriter};
use secp256k1::Secp256k1;

const HEIGHT: u32 = 800_000;
const AMOUNT_MSAT: u64 = 50_000_000;
const HASH: [u8; 32] = [9; 32];

struct Silent;

impl Logger for Silent {
    fn log(&self, _: Record) {}
}

fn ldk() -> KeysManager {
    KeysManager::new(&[5; 32], 1, 1, true)
}

fn ldk_id() -> Point {
    Point::from_slice(&ldk().get_node_id(Recipient::Node).unwrap().serialize()).unwrap()
}

/// What LDK says to a payment under a hash with this payload for it: whether it forwards.
fn ldk_forwards(payload: &[u8]) -> bool {
    let session = SecretScalar::from_bytes(&[7; 32]).unwrap();
    let next = SecretScalar::from_bytes(&[8; 32]).unwrap().to_point();
    let hops = [(ldk_id(), payload), (next, &[2, 0][..])];
    let (packet, _) = Packet::build(session, &hops, &HASH).unwrap();
    // BOLT 2, `update_add_htlc`.
    let mut message = vec![3; 32];
    message.extend(1u64.to_be_bytes());
    message.extend((AMOUNT_MSAT + 10_000).to_be_bytes());
    message.extend(HASH);
    message.extend((HEIGHT + 300).to_be_bytes());
    message.extend(packet.to_bytes());
    let message = UpdateAddHTLC::read_from_fixed_length_buffer(&mut &message[..]).unwrap();
    let secp = Secp256k1::new();
    let peeled = peel_payment_onion(&message, &ldk(), &Silent, &secp, HEIGHT, false);
    if let Err(error) = &peeled {
        println!("LDK: {}", error.msg);
    }
    peeled.is_ok()
}

fn payload(tweak: Tweak) -> Vec<u8> {
    let expiry = HEIGHT + 200;
    ForwardPayload { short_channel_id: 42, amount_msat: AMOUNT_MSAT, expiry, tweak }.to_bytes()
}

fn hold() -> Vec<u8> {
    let release = ReleaseSecret::from_bytes(&[6; 32]).unwrap();
    payload(Tweak::Hold(HoldOrder {
        id: HoldId([1; 32]),
        held_blind: None,
        release_hash: release.hash(),
        latest_release_height: HEIGHT + 100,
    }))
}

/// The same fields, an odd type in the place of each even one.
fn with_odd_types(payload: &[u8]) -> Vec<u8> {
    let mut odd = TlvWriter::new();
    for record in TlvStream::parse(payload).unwrap().records() {
        let tlv_type = record.tlv_type();
        odd.set(if tlv_type > 65_536 { tlv_type - 1 } else { tlv_type }, record.value());
    }
    odd.to_bytes()
}

#[test]
fn a_node_that_does_not_know_holds_fails_them() {
    // As an ordinary payment it goes through.
    assert!(ldk_forwards(&payload(Tweak::Derived)));
    assert!(!ldk_forwards(&hold()));
    // With the odd types of old the hold would be passed over without an error.
    assert!(ldk_forwards(&with_odd_types(&hold())));
    // To us these are no hold either.
    assert!(matches!(
        Payload::parse(&with_odd_types(&hold()), false),
        Ok(Payload::Forward(ForwardPayload { tweak: Tweak::Derived, .. }))
    ));
    assert!(matches!(
        Payload::parse(&hold(), false),
        Ok(Payload::Forward(ForwardPayload { tweak: Tweak::Hold(_), .. }))
    ));
}
