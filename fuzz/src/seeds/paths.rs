//! TLV streams, blinded paths and what travels along them.

use pointlock::invoice::{BlindedPayInfo, PaymentPath};
use pointlock::onion::blinded::BlindedPath as Blinded;
use pointlock::onion::blinded::{OnionMessage, PaymentConstraints, PaymentRelay, RecipientData};
use pointlock::wire::{
    BlindedHop, BlindedPath, ChannelEnd, Features, IntroductionNode, TlvStream, TlvWriter,
};

use crate::input::fixed_scalar;

use super::Files;

pub(super) fn tlv_streams() -> Files {
    let mut every_length = TlvWriter::new();
    every_length.set(1, [5; 1]).set(0xfd, [6; 0xfd]).set(0x1_0000, []).set(u64::MAX, [7; 2]);
    vec![
        ("valid-empty", vec![]),
        ("valid-every-length", every_length.to_bytes()),
        ("refused-order", vec![3, 0, 1, 0]),
        ("refused-truncated", vec![1, 2, 0]),
        ("refused-not-minimal", vec![0xfd, 0, 1, 0]),
    ]
}

/// By node id and by channel.
pub(super) fn two_paths() -> [BlindedPath<IntroductionNode>; 2] {
    let point = |byte| fixed_scalar(byte).to_point();
    let hop = |byte, length| BlindedHop {
        blinded_node_id: point(byte),
        encrypted_recipient_data: vec![byte; length],
    };
    let channel = IntroductionNode::Channel { short_channel_id: 42, end: ChannelEnd::NodeId2 };
    [
        BlindedPath::from_parts(IntroductionNode::NodeId(point(9)), point(8), vec![hop(7, 30)]),
        BlindedPath::from_parts(channel, point(6), vec![hop(5, 4), hop(4, 0)]),
    ]
    .map(|path| path.expect("it has hops"))
}

pub(super) fn written(path: &BlindedPath<IntroductionNode>) -> Vec<u8> {
    let mut bytes = Vec::new();
    path.write(&mut bytes);
    bytes
}

/// The payload with data of a blinded path.
pub(super) fn with_path_data(payload: &[u8]) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for record in TlvStream::parse(payload).expect("it was written as one").records() {
        writer.set(record.tlv_type(), record.value());
    }
    writer.set(10, vec![1; 20]).to_bytes()
}

pub(super) fn recipient_datas() -> Files {
    let relay = PaymentRelay {
        cltv_expiry_delta: 40,
        fee_proportional_millionths: 100,
        fee_base_msat: 1_000,
    };
    let constraints = PaymentConstraints { max_cltv_expiry: 900_000, htlc_minimum_msat: 1_000 };
    let for_a_hop = RecipientData {
        padding: Some(vec![0; 3]),
        short_channel_id: Some(42),
        payment_relay: Some(relay),
        payment_constraints: Some(constraints),
        ..Default::default()
    };
    let all = RecipientData {
        next_node_id: Some(fixed_scalar(3).to_point()),
        path_id: Some(vec![7; 32]),
        next_path_key_override: Some(fixed_scalar(4).to_point()),
        allowed_features: Some(vec![1]),
        other: [(65_537, vec![9])].into(),
        ..for_a_hop.clone()
    };
    vec![
        ("valid-hop", for_a_hop.to_bytes()),
        ("valid-all", all.to_bytes()),
        ("valid-nothing", Vec::new()),
        ("refused-unknown-even", vec![16, 0]),
        ("refused-relay", vec![10, 1, 0]),
    ]
}

pub(super) fn onion_messages() -> Files {
    let hops = [
        (
            fixed_scalar(1).to_point(),
            RecipientData { next_node_id: Some(fixed_scalar(2).to_point()), ..Default::default() }
                .to_bytes(),
        ),
        (
            fixed_scalar(2).to_point(),
            RecipientData { path_id: Some(vec![7; 32]), ..Default::default() }.to_bytes(),
        ),
    ];
    let (path, _) = BlindedPath::build(fixed_scalar(9), &hops).expect("two hops");
    let message = |length| {
        let mut fields = TlvWriter::new();
        fields.set(65_537, vec![5; length]);
        OnionMessage::build(fixed_scalar(8), &path, &fields).expect("it is not too long").to_bytes()
    };
    let fields = |relays: u8| {
        let mut fields = TlvWriter::new();
        fields.set(2, vec![1; 40]).set(65_565, vec![2; 80]);
        [&[0, relays][..], &fields.to_bytes()].concat()
    };
    vec![
        ("valid-short", message(10)),
        ("valid-extended", [&message(10)[..], &[3, 0]].concat()),
        ("valid-to-a-peer", fields(0)),
        ("valid-over-three", fields(3)),
        ("refused-truncated", message(10)[..100].to_vec()),
        ("refused-no-stream", vec![0, 1, 9]),
    ]
}

pub(super) fn blinded_paths() -> Files {
    let [by_id, by_channel] = two_paths().map(|path| written(&path));
    let mut no_hops = by_channel.clone();
    no_hops[9 + 33] = 0;
    let truncated = by_id[..by_id.len() - 1].to_vec();
    let followed = [&by_channel[..], &by_id].concat();
    vec![
        ("valid-by-id", by_id),
        ("valid-by-channel", by_channel),
        ("valid-followed", followed),
        ("refused-no-hops", no_hops),
        ("refused-truncated", truncated),
    ]
}

pub(super) fn pay_info() -> BlindedPayInfo {
    BlindedPayInfo {
        fee_base_msat: 1_000,
        fee_proportional_millionths: 50,
        cltv_expiry_delta: 144,
        htlc_minimum_msat: 1,
        htlc_maximum_msat: 1_000_000_000,
        features: Features::of(&[9]),
    }
}

pub(super) fn payment_path() -> PaymentPath {
    let hops = [7, 8].map(|byte| (fixed_scalar(byte).to_point(), [byte; 20]));
    let (path, _) = Blinded::build(fixed_scalar(1), &hops).expect("two hops");
    PaymentPath::new(path, pay_info())
}
