use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::onion::OnionError;
use crate::onion::blinded::{PaymentConstraints, PaymentRelay};
use crate::wire::WireError;

fn secret(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

fn relay() -> PaymentRelay {
    PaymentRelay { cltv_expiry_delta: 40, fee_proportional_millionths: 0, fee_base_msat: 500 }
}

fn for_bob() -> RecipientData {
    RecipientData {
        short_channel_id: Some(42),
        payment_relay: Some(relay()),
        payment_constraints: Some(PaymentConstraints {
            max_cltv_expiry: 900_000,
            htlc_minimum_msat: 1000,
        }),
        ..Default::default()
    }
}

fn path(for_bob: &[u8]) -> BlindedPath {
    let for_carol = RecipientData { path_id: Some(vec![7; 32]), ..Default::default() }.to_bytes();
    let hops = [(secret(2).to_point(), for_bob), (secret(3).to_point(), &for_carol)];
    BlindedPath::build(secret(9), &hops).unwrap().0
}

fn fields(fields: &[(u64, &[u8])]) -> TlvWriter {
    let mut writer = TlvWriter::new();
    for (tlv_type, value) in fields {
        writer.set(*tlv_type, *value);
    }
    writer
}

/// A packet for Bob (2) and Carol (3), Bob with this payload.
fn packet(to_bob: Point, payload: &TlvWriter) -> Packet {
    let carol = path(&for_bob().to_bytes()).onion_hops(&TlvWriter::new()).remove(1);
    Packet::build(secret(8), &[(to_bob, payload.to_bytes()), carol], b"").unwrap().0
}

/// What Bob says to a payload, with a path key that came with the message.
fn inside(payload: &TlvWriter) -> Result<PeeledPayment, BlindingError> {
    let path = path(&for_bob().to_bytes());
    let packet = packet(path.hops()[0].blinded_node_id, payload);
    peel_payment(&packet, &secret(2), Some(path.first_path_key()), b"")
}

/// And to one without.
fn introduction(payload: &TlvWriter) -> Result<PeeledPayment, BlindingError> {
    peel_payment(&packet(secret(2).to_point(), payload), &secret(2), None, b"")
}

/// What Bob says, at the introduction, to data of the maker's.
fn with_data(data: &[u8]) -> Result<PeeledPayment, BlindingError> {
    let hops = path(data).onion_hops(&TlvWriter::new());
    peel_payment(&Packet::build(secret(8), &hops, b"").unwrap().0, &secret(2), None, b"")
}

fn encrypted() -> Vec<u8> {
    path(&for_bob().to_bytes()).hops()[0].encrypted_recipient_data.clone()
}

fn path_key() -> [u8; 33] {
    path(&[]).first_path_key().to_bytes()
}

#[test]
fn a_path_key_comes_from_exactly_one_side() {
    let key_only = fields(&[(12, &path_key())]);
    let data_only = fields(&[(10, &encrypted())]);
    let both = fields(&[(10, &encrypted()), (12, &path_key())]);
    let neither = fields(&[(2, &[1])]);
    let no_data = BlindingError::Missing { field: "encrypted_recipient_data" };

    assert!(introduction(&both).unwrap().path.is_some());
    assert!(introduction(&neither).unwrap().path.is_none());
    assert_eq!(introduction(&key_only).unwrap_err(), no_data);
    let no_key = BlindingError::Missing { field: "current_path_key" };
    assert_eq!(introduction(&data_only).unwrap_err(), no_key);

    assert!(inside(&data_only).unwrap().path.is_some());
    assert_eq!(inside(&both).unwrap_err(), BlindingError::Unexpected { tlv_type: 12 });
    assert_eq!(inside(&key_only).unwrap_err(), no_data);
    assert_eq!(inside(&neither).unwrap_err(), no_data);
}

/// A sender that could add fields could tell hops apart by what they say to them.
#[test]
fn a_forwarding_hop_has_no_field_of_the_senders() {
    for tlv_type in [2, 4, 6, 65537] {
        let payload = fields(&[(10, &encrypted()), (12, &path_key()), (tlv_type, &[1])]);
        let unexpected = BlindingError::Unexpected { tlv_type };
        assert_eq!(introduction(&payload).unwrap_err(), unexpected);
        let payload = fields(&[(10, &encrypted()), (tlv_type, &[1])]);
        assert_eq!(inside(&payload).unwrap_err(), unexpected);
    }
    // The last one has.
    let hops = path(&for_bob().to_bytes()).onion_hops(&fields(&[(2, &[1]), (65539, &[1; 32])]));
    let (packet, _) = Packet::build(secret(8), &hops, b"").unwrap();
    let at_bob = peel_payment(&packet, &secret(2), None, b"").unwrap();
    let path_key = at_bob.path.unwrap().next_path_key;
    let packet = at_bob.layer.next.unwrap();
    let at_carol = peel_payment(&packet, &secret(3), Some(&path_key), b"").unwrap();
    assert!(at_carol.path.unwrap().data.has_path_id(&[7; 32]));
    assert!(at_carol.layer.next.is_none());
}

#[test]
fn the_makers_mistakes_are_named() {
    assert!(with_data(&for_bob().to_bytes()).is_ok());
    let error = |data: &RecipientData| with_data(&data.to_bytes()).unwrap_err();
    let node = Some(secret(3).to_point());
    let nowhere = RecipientData { short_channel_id: None, ..for_bob() };
    assert_eq!(error(&nowhere), BlindingError::Missing { field: "short_channel_id" });
    let by_node = RecipientData { next_node_id: node, ..nowhere };
    assert!(with_data(&by_node.to_bytes()).is_ok());
    let twice = RecipientData { next_node_id: node, ..for_bob() };
    assert_eq!(error(&twice), BlindingError::InvalidField { field: "next_node_id" });
    let for_nothing = RecipientData { payment_relay: None, ..for_bob() };
    assert_eq!(error(&for_nothing), BlindingError::Missing { field: "payment_relay" });
    let unknown = RecipientData { other: BTreeMap::from([(16, vec![1])]), ..for_bob() };
    assert_eq!(error(&unknown), BlindingError::UnknownEvenType { tlv_type: 16 });
    assert!(matches!(with_data(&[2, 8]), Err(BlindingError::InvalidStream { .. })));
}

#[test]
fn the_senders_mistakes_are_named() {
    let payload = fields(&[(10, &encrypted()[1..]), (12, &path_key())]);
    assert_eq!(introduction(&payload).unwrap_err(), BlindingError::InvalidSeal);
    let other_key = secret(4).to_point().to_bytes();
    let payload = fields(&[(10, &encrypted()), (12, &other_key)]);
    assert_eq!(introduction(&payload).unwrap_err(), BlindingError::InvalidSeal);
    let payload = fields(&[(10, &encrypted()), (12, &[4; 33])]);
    let no_point = BlindingError::InvalidField { field: "current_path_key" };
    assert_eq!(introduction(&payload).unwrap_err(), no_point);

    let (packet, _) = Packet::build(secret(8), &[(secret(2).to_point(), [10, 9])], b"").unwrap();
    let error = peel_payment(&packet, &secret(2), None, b"").unwrap_err();
    let source = WireError::ValueTruncated { tlv_type: 10, offset: 0, length: 9, left: 0 };
    assert_eq!(error, BlindingError::InvalidPayload { source });
}

/// The blinded node id peels with its path key only, the node id without one only.
#[test]
fn a_wrong_path_key_peels_nothing() {
    let path = path(&for_bob().to_bytes());
    let blinded = packet(path.hops()[0].blinded_node_id, &fields(&[(10, &encrypted())]));
    let plain = packet(secret(2).to_point(), &fields(&[(10, &encrypted()), (12, &path_key())]));
    let right = path.first_path_key();
    let invalid = BlindingError::Onion { source: OnionError::InvalidHmac };
    assert!(peel_payment(&blinded, &secret(2), Some(right), b"").is_ok());
    assert!(peel_payment(&plain, &secret(2), None, b"").is_ok());
    for (packet, path_key) in
        [(&blinded, None), (&blinded, Some(&right.negate())), (&plain, Some(right))]
    {
        let error = peel_payment(packet, &secret(2), path_key, b"").unwrap_err();
        assert_eq!(error, invalid);
    }
}

#[test]
fn contracts_outside_the_terms_are_refused() {
    let hop = with_data(&for_bob().to_bytes()).unwrap().path.unwrap();
    assert_eq!(hop.forward(1000, 900_000), Ok((500, 899_960)));
    for (amount_msat, cltv_expiry) in [(999, 900_000), (1000, 900_001)] {
        let not_allowed = BlindingError::NotAllowed { amount_msat, cltv_expiry };
        assert_eq!(hop.forward(amount_msat, cltv_expiry), Err(not_allowed));
        assert_eq!(hop.check(amount_msat, cltv_expiry), Err(not_allowed));
    }
    let not_covered = BlindingError::NotCovered { amount_msat: 1000, cltv_expiry: 39 };
    assert_eq!(hop.forward(1000, 39), Err(not_covered));
}

#[test]
fn an_override_goes_before_the_next_path_key() {
    let other = secret(5).to_point();
    let data = RecipientData { next_path_key_override: Some(other), ..for_bob() };
    assert_eq!(with_data(&data.to_bytes()).unwrap().path.unwrap().next_path_key, other);
    let hop = with_data(&for_bob().to_bytes()).unwrap().path.unwrap();
    assert_eq!(hop.next_path_key, hop.secret.next_path_key().unwrap());
    assert!(!format!("{hop:?}").contains("secret"), "{hop:?}");
}

proptest! {
    #[test]
    fn arbitrary_payloads_and_data_do_not_panic(
        payload in prop::collection::vec(any::<u8>(), 2..60),
        data in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let hops = [(secret(2).to_point(), payload)];
        let (packet, _) = Packet::build(secret(8), &hops, b"").unwrap();
        let _ = peel_payment(&packet, &secret(2), None, b"");
        let _ = with_data(&data);
    }
}
