use pointlock::curve::Point;
use pointlock::onion::blinded::{
    BlindedPath, BlindingError, OnionMessage, PaymentConstraints, PaymentRelay, RecipientData,
    peel_payment,
};
use pointlock::onion::{FailurePacket, OnionError, Packet, ReplayGuard, ReplayTag, SharedSecret};
use pointlock::wire::{TlvWriter, tu64};

use crate::curve::{point, scalar};
use crate::variants::{Case, said};

fn build(payload: &[u8]) -> Result<Packet, OnionError> {
    Packet::build(scalar(9), &[(point(1), payload)], b"").map(|(packet, _)| packet)
}

fn packet() -> Packet {
    build(b"payload").unwrap()
}

/// The bytes of a packet with one of them changed.
fn changed(at: usize, byte: u8) -> Result<Packet, OnionError> {
    let mut bytes = packet().to_bytes();
    bytes[at] = byte;
    Packet::from_bytes(&bytes)
}

fn secret(byte: u8) -> SharedSecret {
    SharedSecret::from_bytes([byte; 32])
}

/// Of a recipient of a message or a payment, alone on its path.
fn path(data: &RecipientData) -> BlindedPath {
    BlindedPath::build(scalar(8), &[(point(1), data.to_bytes())]).unwrap().0
}

fn final_fields() -> TlvWriter {
    let mut fields = TlvWriter::new();
    fields.set(2, tu64(1_000)).set(4, tu64(800_000)).set(18, tu64(1_000));
    fields
}

/// What the node finds in a packet with this payload, in front of another layer or as the last.
fn peel(
    payload: &[u8],
    is_last: bool,
) -> Result<pointlock::onion::blinded::PeeledPayment, BlindingError> {
    let hops: Vec<(Point, &[u8])> = vec![(point(1), payload), (point(2), b"next".as_slice())];
    let hops = if is_last { &hops[..1] } else { &hops[..] };
    let (packet, _) = Packet::build(scalar(9), hops, b"").unwrap();
    peel_payment(&packet, &scalar(1), None, b"")
}

/// The payload of a node on a path with this data.
fn on_path(data: &RecipientData) -> Vec<u8> {
    path(data).onion_hops(&TlvWriter::new())[0].1.clone()
}

fn relayed() -> RecipientData {
    let payment_relay = Some(PaymentRelay {
        cltv_expiry_delta: 40,
        fee_proportional_millionths: 0,
        fee_base_msat: 500,
    });
    let constraints = PaymentConstraints { max_cltv_expiry: 800_000, htlc_minimum_msat: 1_000 };
    RecipientData {
        short_channel_id: Some(42),
        payment_relay,
        payment_constraints: Some(constraints),
        ..RecipientData::default()
    }
}

fn hop(amount_msat: u64, expiry: u32) -> String {
    let peeled = peel(&on_path(&relayed()), false).unwrap();
    said(peeled.path.unwrap().forward(amount_msat, expiry))
}

fn with_type(data: &RecipientData, tlv_type: u64, value: &[u8]) -> Vec<u8> {
    [data.to_bytes(), vec![tlv_type as u8, value.len() as u8], value.to_vec()].concat()
}

pub(crate) const CASES: &[Case] = &[
    ("OnionError::NoHops", || said(Packet::plan(scalar(9), &[]))),
    ("OnionError::PayloadCount", || {
        let plan = Packet::plan(scalar(9), &[point(1), point(2)]).unwrap();
        said(plan.build(&[b"one"], b"", Packet::PAYLOADS_LENGTH))
    }),
    ("OnionError::TooLong", || said(build(&[1; 1_300]))),
    ("OnionError::TooShort", || said(build(&[1]))),
    ("OnionError::PacketLength", || said(Packet::from_bytes(&[0; 1_365]))),
    ("OnionError::InvalidVersion", || said(changed(0, 1))),
    ("OnionError::InvalidKey", || said(changed(1, 9))),
    ("OnionError::InvalidHmac", || said(changed(100, 1).unwrap().peel(&scalar(1), b""))),
    ("OnionError::Replayed", || {
        let (mut guard, tag) = (ReplayGuard::new(), ReplayTag::from_bytes([1; 32]));
        guard.insert(tag, 7).unwrap();
        said(guard.insert(tag, 8))
    }),
    ("OnionError::FailureLength", || said(FailurePacket::new(&secret(1), &[1]))),
    ("OnionError::UnknownFailureSource", || {
        said(FailurePacket::new(&secret(1), &[1, 2]).unwrap().open(&[secret(2)]))
    }),
    ("BlindingError::NoHops", || said(BlindedPath::build::<[u8; 0]>(scalar(8), &[]))),
    ("BlindingError::TooManyHops", || {
        said(BlindedPath::build(scalar(8), &vec![(point(1), [0; 1]); 256]))
    }),
    ("BlindingError::DataLength", || {
        said(BlindedPath::build(scalar(8), &[(point(1), vec![0; 65_536])]))
    }),
    ("BlindingError::InvalidSeal", || {
        // Another node's data.
        let payload = on_path(&relayed());
        let other = Packet::build(scalar(9), &[(point(3), payload.as_slice())], b"").unwrap().0;
        said(peel_payment(&other, &scalar(3), None, b""))
    }),
    ("BlindingError::InvalidStream", || said(RecipientData::from_bytes(&[1]))),
    ("BlindingError::InvalidField", || said(RecipientData::from_bytes(&[2, 1, 7]))),
    ("BlindingError::UnknownEvenType", || {
        said(RecipientData::from_bytes(&with_type(&RecipientData::default(), 16, b"x")))
    }),
    ("BlindingError::Onion", || said(peel_payment(&packet(), &scalar(2), None, b""))),
    ("BlindingError::InvalidPayload", || said(peel(&[1, 9, 9], true))),
    ("BlindingError::Missing", || said(peel(&[10, 1, 7], true))),
    ("BlindingError::Unexpected", || {
        // A forwarder that is told more than its path's maker tells it.
        let payload = path(&relayed()).onion_hops(&final_fields())[0].1.clone();
        said(peel(&payload, false))
    }),
    ("BlindingError::NotAllowed", || hop(5_000, 800_001)),
    ("BlindingError::NotCovered", || hop(5_000, 39)),
    ("BlindingError::InvalidMessage", || said(OnionMessage::from_bytes(&[1; 40]))),
];
