//! What forwarders that know nothing of holds make of one: a node that keeps to BOLT 1 fails it, by its even types; LDK forwards it, because it
//! takes every type from 65,536 on for somebody's own, even ones too. So it is the feature bit that a payer has to go by, and the types are
//! a second line for the others.

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
    peel_payment_onion(&message, &ldk(), &Silent, &secp, HEIGHT, false).is_ok()
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

/// The same fields, our own under other types.
fn moved(payload: &[u8], to: impl Fn(u64) -> u64) -> Vec<u8> {
    let mut moved = TlvWriter::new();
    for record in TlvStream::parse(payload).unwrap().records() {
        let tlv_type = record.tlv_type();
        let tlv_type = if tlv_type > 65_536 { to(tlv_type) } else { tlv_type };
        moved.set(tlv_type, record.value());
    }
    moved.to_bytes()
}

/// By BOLT 1 and BOLT 4 alone: an even type that is not known is refused.
fn by_the_book(payload: &[u8]) -> bool {
    let stream = TlvStream::parse(payload).unwrap();
    let known = [2, 4, 6, 8, 10, 12, 16, 18];
    let refused = |tlv_type: u64| tlv_type % 2 == 0 && !known.contains(&tlv_type);
    !stream.records().iter().any(|record| refused(record.tlv_type()))
}

#[test]
fn a_node_that_does_not_know_holds() {
    // As an ordinary payment it goes through.
    let plain = payload(Tweak::Derived);
    assert!(by_the_book(&plain) && ldk_forwards(&plain));
    // The hold: refused by the book, and forwarded by LDK.
    assert!(!by_the_book(&hold()));
    assert!(ldk_forwards(&hold()), "LDK has changed: docs/wire.md says that it forwards");
    // Even types below 65,536 LDK refuses as well.
    assert!(!ldk_forwards(&moved(&hold(), |tlv_type| tlv_type - 60_000)));
    // The odd types of old were passed over by everybody.
    let odd = moved(&hold(), |tlv_type| tlv_type - 1);
    assert!(by_the_book(&odd) && ldk_forwards(&odd));
    // To us these are no hold either.
    assert!(matches!(
        Payload::parse(&odd, false),
        Ok(Payload::Forward(ForwardPayload { tweak: Tweak::Derived, .. }))
    ));
    assert!(matches!(
        Payload::parse(&hold(), false),
        Ok(Payload::Forward(ForwardPayload { tweak: Tweak::Hold(_), .. }))
    ));
}
