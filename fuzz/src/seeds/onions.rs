//! Packets, payloads and messages.

use pointlock::async_payments::{AsyncMessage, InvoiceRequest, RequestOrder};
use pointlock::curve::Keypair;
use pointlock::hold::{Announcement, HeldBlind, HoldId, ReleaseSecret};
use pointlock::invoice::ktime::PayerScalar;
use pointlock::invoice::{ChainHash, OfferBuilder, StaticInvoiceBuilder};
use pointlock::lock::Blind;
use pointlock::onion::Packet;
use pointlock::onion::blinded::BlindedPath as Blinded;
use pointlock::payment::{
    AvailableHold, FinalPayload, ForwardPayload, Handover, HeldAvailable, HoldOrder, OuterPayload,
    PartShare, PaymentSecret, PtlcArrived, Recipient, ReleaseHeld, SealedAnnouncement,
    TrampolinePayload, Tweak, WithheldShare,
};
use pointlock::wire::{Features, TlvWriter};

use crate::input::fixed_scalar;

use super::paths::payment_path;
use super::paths::with_path_data;
use super::{CREATED_AT, Files};

/// What a hop finds: BigSize length ‖ payload ‖ HMAC of the next packet.
fn frame(payload: &[u8], hmac: &[u8; 32]) -> Vec<u8> {
    [&[payload.len() as u8][..], payload, hmac].concat()
}

pub(super) fn packets() -> Files {
    let hops = [(fixed_scalar(1).to_point(), "for one"), (fixed_scalar(2).to_point(), "for two")];
    let (packet, _) = Packet::build(fixed_scalar(77), &hops, b"attempt").expect("two hops");
    vec![
        ("valid-packet", packet.to_bytes()),
        ("valid-payloads", b"\x05first\x06second\x03end".to_vec()),
        ("refused-frame-of-last-hop", frame(b"", &[0; 32])),
        ("refused-frame-of-hop", frame(b"x", &[7; 32])),
        ("refused-long-frame", [&[0xfd, 0x04, 0xf1][..], &[1; 1297]].concat()),
    ]
}

pub(super) fn failures() -> Files {
    vec![
        ("valid-first-hop", vec![0, 0, 0, 0, 0x20, 2]),
        ("valid-last-of-twenty", [&[0, 19, 0, 19, 0x40, 0x0f][..], &[1; 40]].concat()),
        ("refused-short", vec![0, 3, 0, 1, 0]),
    ]
}

pub(super) fn payloads() -> Files {
    let blind = |byte| Blind::new(fixed_scalar(byte));
    let forward = |tweak| {
        let (amount_msat, expiry) = (1_000, 800_000);
        ForwardPayload { short_channel_id: 42, amount_msat, expiry, tweak }.to_bytes()
    };
    let release = ReleaseSecret::new(fixed_scalar(5));
    let hold = HoldOrder {
        id: HoldId([4; 32]),
        held_blind: HeldBlind::new(&blind(6), &release).ok(),
        release_hash: release.hash(),
        latest_release_height: 799_000,
    };
    let last = |payment_secret, part| FinalPayload {
        amount_msat: 1_000,
        expiry: 800_000,
        payment_secret,
        total_msat: 1_000,
        final_blind: Some(blind(6)),
        part,
        withheld: None,
        payer: None,
        keysend: None,
    };
    let part = || Some(PartShare { secret: blind(8), index: 2, count: 3 });
    let last = |secret: Option<u8>, part| {
        last(secret.map(|byte| PaymentSecret([byte; 32])), part).to_bytes()
    };
    let receiver = fixed_scalar(7).to_point();
    let packet = || {
        let payload = last(Some(3), None);
        Packet::plan(fixed_scalar(1), &[receiver])
            .and_then(|plan| plan.build(&[payload], &[], 500))
            .expect("it is short")
            .0
    };
    let outer = |tail_blind| {
        let (amount_msat, expiry, payment_data) = (1_000, 800_000, None);
        OuterPayload { amount_msat, expiry, payment_data, tail_blind, packet: packet() }.to_bytes()
    };
    let mut with_unknown = last(Some(3), None);
    with_unknown.extend([0xfe, 0, 2, 0, 1, 1, 9]);
    vec![
        ("valid-forward-derived", forward(Tweak::Derived)),
        ("valid-forward-blind", forward(Tweak::Blind(blind(6)))),
        ("valid-forward-hold", forward(Tweak::Hold(hold))),
        ("valid-final", last(Some(3), None)),
        ("valid-final-of-path", with_path_data(&last(None, None))),
        ("valid-final-part", last(Some(3), part())),
        ("valid-around-an-order", outer(None)),
        ("valid-trampoline-final", outer(Some(blind(5)))),
        ("valid-unknown-odd", with_unknown),
        ("refused-empty", vec![]),
    ]
}

pub(super) fn messages() -> Files {
    let holder = fixed_scalar(7).to_point();
    let (path, _) = Blinded::build(fixed_scalar(1), &[(holder, [2; 6])]).expect("one hop");
    let hold = |byte| AvailableHold {
        id: HoldId([byte; 32]),
        release: ReleaseSecret::new(fixed_scalar(byte)),
        amount_msat: 1_000,
    };
    let available = |holds, x: Option<[u8; 32]>| {
        let x = x.map(|x| PayerScalar::from_bytes(&x).expect("in range"));
        HeldAvailable { holds, latest_release_height: 800_000, x }
    };
    let packet = available(vec![hold(4)], None).seal(fixed_scalar(2), &holder).expect("it fits");
    let reply_path = path.clone().into();
    let sealed = SealedAnnouncement { packet: packet.clone(), reply_path }.to_tlv().to_bytes();
    let announcement = Announcement { path: path.into(), packet };
    let handover = Handover { hold: HoldId([4; 32]), announcement }.to_tlv().to_bytes();
    let available = |holds, x| available(holds, x).to_tlv().to_bytes();
    let release = ReleaseHeld { holds: vec![(HoldId([4; 32]), hold(5).release)] };
    let mut unknown_even = release.to_tlv();
    unknown_even.set(68, [1]);
    let no_hold = TlvWriter::new().set(2, []).to_bytes();
    vec![
        ("refused-unknown-even", unknown_even.to_bytes()),
        ("valid-available", available(vec![hold(4)], None)),
        ("valid-two-available", available(vec![hold(4), hold(5)], None)),
        ("valid-available-with-x", available(vec![hold(4)], Some([9; 32]))),
        ("valid-sealed-announcement", sealed),
        ("valid-handover", handover),
        ("valid-release", release.to_tlv().to_bytes()),
        ("valid-arrived", PtlcArrived { set_point: holder }.to_tlv().to_bytes()),
        ("valid-withheld-share", {
            let share = Blind::new(fixed_scalar(9));
            WithheldShare { set_point: holder, share }.to_tlv().to_bytes()
        }),
        ("refused-no-hold", TlvWriter::new().set(65567, no_hold).to_bytes()),
    ]
}

/// A trampoline's order, to a node or to one of two paths.
fn order(recipient: Recipient) -> Vec<u8> {
    let to_path = matches!(recipient, Recipient::Path(_));
    let node = fixed_scalar(7).to_point();
    let packet = Packet::plan(fixed_scalar(1), &[node])
        .and_then(|plan| plan.build(&[[0; 40]], &[], 500))
        .expect("it is short")
        .0;
    TrampolinePayload {
        recipient,
        other_paths: if to_path { vec![payment_path()] } else { Vec::new() },
        recipient_features: to_path.then(|| Features::of(&[17])),
        amount_msat: 1_000,
        expiry: 800_000,
        min_final_delta: (!to_path).then_some(18),
        recipient_packet: to_path.then_some(packet),
        tweak: Tweak::Derived,
    }
    .to_bytes()
    .expect("its paths have terms")
}

/// A recipient's payload, without a path around it and with one; a trampoline's.
pub(super) fn inner_payloads() -> Files {
    let to_node = order(Recipient::Node(fixed_scalar(7).to_point()));
    let to_paths = order(Recipient::Path(payment_path()));
    let payload = |secret: Option<u8>| {
        FinalPayload {
            amount_msat: 1_000,
            expiry: 800_000,
            payment_secret: secret.map(|byte| PaymentSecret([byte; 32])),
            total_msat: 3_000,
            final_blind: Some(Blind::new(fixed_scalar(6))),
            part: Some(PartShare { secret: Blind::new(fixed_scalar(8)), index: 2, count: 3 }),
            withheld: None,
            payer: None,
            keysend: None,
        }
        .to_bytes()
        .to_vec()
    };
    vec![
        ("valid-in-the-clear", [vec![0], payload(Some(3))].concat()),
        ("valid-in-a-path", [vec![1], payload(None)].concat()),
        ("valid-order-to-a-node", [vec![0], to_node.clone()].concat()),
        ("valid-order-to-paths", [vec![0], to_paths].concat()),
        ("refused-order-in-a-path", [vec![1], to_node].concat()),
        ("refused-secret-in-a-path", [vec![1], payload(Some(3))].concat()),
        ("refused-no-secret", [vec![0], payload(None)].concat()),
    ]
}

/// LDK's messages, each with a reply path.
pub(super) fn async_messages() -> Files {
    let path = |byte: u8| {
        let hops = [byte, byte + 1].map(|byte| (fixed_scalar(byte).to_point(), [byte; 20]));
        Blinded::build(fixed_scalar(byte + 2), &hops).expect("two hops").0.into()
    };
    let key = Keypair::from_secret_bytes(&[2; 32]).expect("it is not zero");
    let offer = OfferBuilder::new().paths(&[path(20)]).issuer_id(&key.public_key()).build();
    let offer = offer.expect("it has a path");
    let invoice = StaticInvoiceBuilder::plain(&offer, CREATED_AT)
        .paths(&[payment_path()])
        .message_paths(&[path(40)])
        .sign(&key, &[0; 32])
        .expect("it has paths");
    let order = RequestOrder {
        offer: &offer,
        chain: ChainHash::BITCOIN,
        amount_msat: 1_000,
        quantity: None,
        payer_note: Some("table 4"),
        metadata: &[7; 16],
    };
    let request = InvoiceRequest::sign(&order, &key, &[0; 32]).expect("it has an amount");
    let written = |message: AsyncMessage| message.to_tlv(Some(&path(60))).to_bytes();
    let serve = AsyncMessage::ServeStaticInvoice {
        invoice: Box::new(invoice.clone()),
        forward_invoice_request_path: path(50),
    };
    let paths = AsyncMessage::OfferPaths { paths: vec![path(10)], absolute_expiry: Some(9) };
    let held = written(AsyncMessage::HeldHtlcAvailable);
    vec![
        ("valid-request", written(AsyncMessage::InvoiceRequest(Box::new(request)))),
        ("valid-invoice", written(AsyncMessage::StaticInvoice(Box::new(invoice)))),
        ("valid-held", held.clone()),
        ("valid-release", written(AsyncMessage::ReleaseHeldHtlc)),
        ("valid-paths-request", written(AsyncMessage::OfferPathsRequest { invoice_slot: 258 })),
        ("valid-paths", written(paths)),
        ("valid-serve", written(serve)),
        ("valid-persisted", written(AsyncMessage::StaticInvoicePersisted)),
        ("refused-two", [held, vec![74, 1, 0]].concat()),
        ("refused-none", vec![]),
    ]
}
