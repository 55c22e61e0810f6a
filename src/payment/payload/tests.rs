use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::types::name;
use super::*;
use crate::curve::{Point, SecretScalar};
use crate::hold::{HeldBlind, HoldId, ReleaseSecret};
use crate::invoice::ktime::{PayerKey, PayerScalar};
use crate::invoice::{BlindedPayInfo, InvoiceId, PaymentPath};
use crate::lock::Blind;
use crate::onion::Packet;
use crate::onion::blinded::BlindedPath;
use crate::wire::{Features, IntroductionNode, TlvStream, TlvWriter};

fn point() -> Point {
    SecretScalar::from_bytes(&[7; 32]).unwrap().to_point()
}

fn blind(byte: u8) -> Blind {
    Blind::from_bytes(&[byte; 32]).unwrap()
}

fn order() -> HoldOrder {
    let secret = ReleaseSecret::from_bytes(&[5; 32]).unwrap();
    HoldOrder {
        id: HoldId([4; 32]),
        held_blind: Some(HeldBlind::new(&blind(6), &secret).unwrap()),
        release_hash: secret.hash(),
        latest_release_height: 799_000,
    }
}

fn forward(tweak: Tweak) -> ForwardPayload {
    ForwardPayload { short_channel_id: 42, amount_msat: 1_000, expiry: 800_000, tweak }
}

fn last() -> FinalPayload {
    FinalPayload {
        amount_msat: 1_000,
        expiry: 800_000,
        payment_secret: Some(PaymentSecret([3; 32])),
        total_msat: 2_000,
        final_blind: Some(blind(6)),
        part: Some(PartShare { secret: blind(8), index: 2, count: 3 }),
        withheld: None,
        payer: None,
        keysend: None,
    }
}

fn withheld(arrival_path: Option<BlindedPath<IntroductionNode>>) -> FinalPayload {
    FinalPayload { withheld: Some(Withheld { arrival_path }), ..last() }
}

fn payer() -> PayerPayload {
    let key = PayerKey::from_entropy(&[8; 32]).unwrap();
    let x = PayerScalar::from_bytes(&[9; 32]).unwrap();
    PayerPayload {
        key: key.public_key(),
        note: Some(b"table 4".to_vec()),
        invoice_id: InvoiceId::from_bytes([2; 32]),
        signature: key.sign_payment(&x, &point(), &[0; 32]),
    }
}

fn packet() -> Packet {
    let session = SecretScalar::from_bytes(&[1; 32]).unwrap();
    let plan = Packet::plan(session, &[point()]).unwrap();
    plan.build(&[last().to_bytes()], &[], 500).unwrap().0
}

fn path() -> PaymentPath {
    let session = SecretScalar::from_bytes(&[1; 32]).unwrap();
    let (path, _) = BlindedPath::build(session, &[(point(), [2; 20]), (point(), [3; 20])]).unwrap();
    let pay_info = BlindedPayInfo {
        fee_base_msat: 1,
        fee_proportional_millionths: 2,
        cltv_expiry_delta: 3,
        htlc_minimum_msat: 4,
        htlc_maximum_msat: 5,
        features: Features::NONE,
    };
    PaymentPath::new(path, pay_info)
}

fn trampoline(recipient: Recipient) -> TrampolinePayload {
    let to_path = matches!(recipient, Recipient::Path(_));
    TrampolinePayload {
        recipient,
        other_paths: if to_path { vec![path()] } else { Vec::new() },
        recipient_features: to_path.then(|| Features::of(&[17])),
        amount_msat: 1_000,
        expiry: 800_000,
        min_final_delta: (!to_path).then_some(18),
        recipient_packet: to_path.then(packet),
        tweak: Tweak::Hold(order()),
    }
}

fn outer(tail_blind: Option<Blind>) -> OuterPayload {
    OuterPayload {
        amount_msat: 1_000,
        expiry: 800_000,
        payment_data: Some(PaymentData { secret: PaymentSecret([3; 32]), total_msat: 1_000 }),
        tail_blind,
        packet: packet(),
    }
}

/// All kinds, with whether they stand last in their packet.
fn all() -> Vec<(Vec<u8>, bool)> {
    vec![
        (forward(Tweak::Derived).to_bytes(), false),
        (forward(Tweak::Blind(blind(6))).to_bytes(), false),
        (forward(Tweak::Hold(order())).to_bytes(), false),
        (last().to_bytes(), true),
        (withheld(None).to_bytes(), true),
        (withheld(Some(path().path)).to_bytes(), true),
        (FinalPayload { payer: Some(payer()), part: None, ..last() }.to_bytes(), true),
        (outer(None).to_bytes(), true),
        (outer(Some(blind(5))).to_bytes(), true),
        (OuterPayload { payment_data: None, ..outer(None) }.to_bytes(), true),
    ]
}

/// What a trampoline reads in the packet within.
fn orders() -> Vec<Vec<u8>> {
    [Recipient::Node(point()), Recipient::Path(path())]
        .map(|recipient| trampoline(recipient).to_bytes().unwrap())
        .to_vec()
}

#[test]
fn orders_are_written_and_read_again() {
    for bytes in orders() {
        let InnerPayload::Trampoline(read) = InnerPayload::parse(&bytes, false).unwrap() else {
            panic!("an order")
        };
        assert_eq!(read.to_bytes().unwrap(), bytes);
        // Neither in a path nor around a packet has it a meaning, and nowhere with a byte less.
        assert!(InnerPayload::parse(&bytes, true).is_err());
        assert!(Payload::parse(&bytes, true).is_err() && Payload::parse(&bytes, false).is_err());
        for length in 0..bytes.len() {
            // Cut off between two fields it may be an order that says less.
            if let Ok(shorter) = TrampolinePayload::parse(&bytes[..length]) {
                assert_eq!(shorter.to_bytes().unwrap(), bytes[..length]);
            }
        }
        assert!(TrampolinePayload::parse(&bytes[..bytes.len() - 1]).is_err());
    }
    let InnerPayload::Final(read) = InnerPayload::parse(&last().to_bytes(), false).unwrap() else {
        panic!("the receiver's")
    };
    assert_eq!(read.to_bytes(), last().to_bytes());
}

fn rewrite(payload: &Payload) -> Vec<u8> {
    match payload {
        Payload::Forward(payload) => payload.to_bytes(),
        Payload::Outer(payload) => payload.to_bytes(),
        Payload::Final(payload) => payload.to_bytes(),
    }
}

#[test]
fn written_and_read_again() {
    for (bytes, is_last) in all() {
        assert_eq!(rewrite(&Payload::parse(&bytes, is_last).unwrap()), bytes);
        // In the other place none has a meaning.
        assert!(Payload::parse(&bytes, !is_last).is_err());
    }
}

/// Without a field: missing by its own name, or by that of what has no meaning without it; or a payload that says something else.
#[test]
fn each_field_is_named_when_missing() {
    for (bytes, is_last) in all() {
        let stream = TlvStream::parse(&bytes).unwrap();
        for left_out in stream.records() {
            let field = name(left_out.tlv_type()).unwrap();
            let kept: Vec<u8> = stream
                .records()
                .iter()
                .filter(|record| record.tlv_type() != left_out.tlv_type())
                .flat_map(|record| record.bytes().to_vec())
                .collect();
            let result = Payload::parse(&kept, is_last).map(|_| ());
            let expected = match field {
                "part_share" if stream.get(65_569).is_some() => {
                    Err(PayloadError::Misplaced("withheld"))
                }
                "blind" | "held_blind" | "final_blind" | "tail_blind" | "payer_note"
                | "part_share" | "withheld" => Ok(()),
                "hold_id" => Err(PayloadError::Misplaced("held_blind")),
                "payer_key" => Err(PayloadError::Misplaced("payer_note")),
                // Around a packet it is for a payment in parts alone.
                "payment_data" if stream.get(20).is_some() => Ok(()),
                // What is left is a receiver's payload.
                "trampoline_onion_packet" if stream.get(65_559).is_some() => {
                    Err(PayloadError::Misplaced("tail_blind"))
                }
                "trampoline_onion_packet" if stream.get(8).is_some() => Ok(()),
                "trampoline_onion_packet" => Err(PayloadError::Missing("payment_data")),
                field => Err(PayloadError::Missing(field)),
            };
            assert_eq!(result, expected, "without {field}");
        }
    }
}

#[test]
fn doubled_and_reordered_fields_are_refused_with_their_type() {
    for (bytes, is_last) in all() {
        let stream = TlvStream::parse(&bytes).unwrap();
        let records: Vec<&[u8]> = stream.records().iter().map(|record| record.bytes()).collect();
        for (index, record) in stream.records().iter().enumerate() {
            let mut doubled = records.clone();
            doubled.insert(index, records[index]);
            let error = Payload::parse(&doubled.concat(), is_last).unwrap_err();
            assert_eq!(error.tlv_type(), Some(record.tlv_type()));
            assert!(error.to_string().contains("duplicate"), "{error}");
            if index > 0 {
                let mut swapped = records.clone();
                swapped.swap(index - 1, index);
                let error = Payload::parse(&swapped.concat(), is_last).unwrap_err();
                let before = stream.records()[index - 1].tlv_type();
                assert_eq!(error.tlv_type(), Some(before));
                assert!(error.to_string().contains("out of order"), "{error}");
            }
        }
    }
}

#[test]
fn unknown_even_types_are_refused_and_odd_ones_are_not() {
    for (bytes, is_last) in all() {
        let with = |tlv_type| {
            let mut tlv = TlvWriter::new();
            for record in TlvStream::parse(&bytes).unwrap().records() {
                tlv.set(record.tlv_type(), record.value());
            }
            tlv.set(tlv_type, vec![1]);
            Payload::parse(&tlv.to_bytes(), is_last).map(|_| ())
        };
        for tlv_type in [0, 24, 65_538, 65_550, u64::MAX - 1] {
            assert_eq!(with(tlv_type), Err(PayloadError::UnknownEven { tlv_type }));
        }
        for tlv_type in [1, 65_541, 65_599, u64::MAX] {
            assert_eq!(with(tlv_type), Ok(()));
        }
    }
}

/// At the end of a path the path's data has the place of the payment secret; in a packet for the receiver it stands outside.
#[test]
fn the_total_stands_where_the_path_says() {
    let in_path = FinalPayload { payment_secret: None, ..last() };
    let inner = in_path.to_bytes();
    assert_eq!(FinalPayload::parse_inner(&inner, true).unwrap().to_bytes(), inner);
    let mut outer = in_path.to_tlv();
    outer.set(10, [1; 20]);
    let Payload::Final(read) = Payload::parse(&outer.to_bytes(), true).unwrap() else {
        panic!("the receiver's")
    };
    assert_eq!(read.to_bytes(), inner);
    let misplaced = |field| Err(PayloadError::Misplaced(field));
    let field = |payload: Result<FinalPayload, _>| payload.map(|_| ());
    let total = misplaced("total_amount_msat");
    assert_eq!(field(FinalPayload::parse_inner(&inner, false)), total);
    assert_eq!(Payload::parse(&inner, true).map(|_| ()), total);
    let clear = last().to_bytes();
    assert_eq!(field(FinalPayload::parse_inner(&clear, true)), misplaced("payment_data"));
    let with_data = outer.to_bytes();
    let data = misplaced("encrypted_recipient_data");
    assert_eq!(field(FinalPayload::parse_inner(&with_data, true)), data);
}

/// A field that is known and has no meaning in this payload.
#[test]
fn a_field_in_the_wrong_place_is_named() {
    for (bytes, is_last, tlv_type) in [
        (forward(Tweak::Derived).to_bytes(), false, 65_539),
        (forward(Tweak::Derived).to_bytes(), false, 10),
        (last().to_bytes(), true, 65_537),
        (last().to_bytes(), true, 6),
        (outer(None).to_bytes(), true, 65_557),
        (outer(Some(blind(5))).to_bytes(), true, 22),
    ] {
        let mut tlv = TlvWriter::new();
        for record in TlvStream::parse(&bytes).unwrap().records() {
            tlv.set(record.tlv_type(), record.value());
        }
        tlv.set(tlv_type, vec![1; 32]);
        assert_eq!(
            Payload::parse(&tlv.to_bytes(), is_last).unwrap_err(),
            PayloadError::Misplaced(name(tlv_type).unwrap())
        );
    }
}

#[test]
fn a_part_has_a_place_among_the_parts() {
    for (index, count, valid) in [(1, 1, true), (3, 3, true), (0, 3, false), (4, 3, false)] {
        let part = Some(PartShare { secret: blind(8), index, count });
        let bytes = FinalPayload { part, ..last() }.to_bytes();
        let result = Payload::parse(&bytes, true);
        assert_eq!(result.is_ok(), valid);
        if let Err(error) = result {
            assert_eq!(error, PayloadError::Malformed("part_share"));
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, flip: usize, cut: usize, is_last: bool) {
        let _ = Payload::parse(&bytes, is_last);
        for (mut valid, is_last) in all() {
            let bit = flip % (valid.len() * 8);
            valid[bit / 8] ^= 1 << (bit % 8);
            if let Ok(payload) = Payload::parse(&valid, is_last) {
                // An unknown odd field is not written again; what is, reads the same.
                let written = rewrite(&payload);
                prop_assert_eq!(rewrite(&Payload::parse(&written, is_last).unwrap()), written);
            }
            valid.truncate(cut % valid.len());
            let _ = Payload::parse(&valid, is_last);
        }
    }
}
