use pointlock::curve::Point;
use pointlock::onion::Packet;
use pointlock::onion::blinded::{
    BlindedPath, OnionMessage, PeeledMessage, RecipientData, peel_payment,
};
use pointlock::wire::{TlvStream, TlvWriter};

use crate::input::{Input, fixed_scalar};

/// Input: the data of a hop of a blinded path, in the clear.
pub fn recipient_data(data: &[u8]) -> bool {
    let parsed = RecipientData::from_bytes(data);
    in_a_path(data);
    let Ok(mut parsed) = parsed else { return false };
    assert_eq!(parsed.to_bytes(), data);
    if let Some(relay) = parsed.payment_relay {
        let incoming = u64::from(u32::MAX) + data.len() as u64;
        if let Some((forwarded, expiry)) = relay.forward(incoming, 900_000) {
            assert!(forwarded <= incoming && expiry <= 900_000);
        }
    }
    for length in [data.len() + 2, data.len() + 300] {
        if parsed.pad(length) {
            assert_eq!(parsed.to_bytes().len(), length);
        }
    }
    true
}

/// Sealed into a path and put into payments and messages, whatever it says: the hop reads it or refuses it.
fn in_a_path(data: &[u8]) {
    let hops = [(fixed_scalar(1).to_point(), data), (fixed_scalar(2).to_point(), data)];
    let Ok((path, secrets)) = BlindedPath::build(fixed_scalar(9), &hops) else { return };
    assert_eq!(*secrets[0].open(&path.hops()[0].encrypted_recipient_data).expect("sealed"), data);
    let layers = path.onion_hops(&TlvWriter::new());
    let packet = Packet::build(fixed_scalar(8), &layers, b"").ok();
    let first =
        packet.and_then(|(packet, _)| peel_payment(&packet, &fixed_scalar(1), None, b"").ok());
    if let Some(first) = first {
        let hop = first.path.expect("it has data of a path");
        assert_eq!(hop.data.to_bytes(), data);
        if let (Some(next), true) = (first.layer.next, hop.data.next_path_key_override.is_none()) {
            let second = peel_payment(&next, &fixed_scalar(2), Some(&hop.next_path_key), b"");
            assert!(second.is_ok_and(|second| second.path.is_some()));
        }
    }
    if let Ok(message) = OnionMessage::build(fixed_scalar(8), &path, &TlvWriter::new()) {
        let _ = message.peel(&fixed_scalar(1));
    }
}

/// Input: an onion message; or the fields of one for its receiver, and how many nodes pass it on.
pub fn onion_message(data: &[u8]) -> bool {
    if let Ok(message) = OnionMessage::from_bytes(data) {
        assert!(data.starts_with(&message.to_bytes()));
        // Which of the nodes it is for, if for any.
        for byte in 1..=4 {
            let _ = message.peel(&fixed_scalar(byte));
        }
        return true;
    }
    passed_on(data)
}

fn passed_on(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let relays = input.below(4) as u8;
    let fields = input.rest();
    let Ok(stream) = TlvStream::parse(fields) else { return false };
    let mut writer = TlvWriter::new();
    for record in stream.records() {
        writer.set(record.tlv_type(), record.value());
    }
    let node = |byte: u8| fixed_scalar(byte).to_point();
    let mut hops: Vec<(Point, Vec<u8>)> = (1..=relays)
        .map(|byte| {
            let next_node_id = Some(node(byte + 1));
            (node(byte), RecipientData { next_node_id, ..Default::default() }.to_bytes())
        })
        .collect();
    let for_receiver = RecipientData { path_id: Some(vec![7; 32]), ..Default::default() };
    hops.push((node(relays + 1), for_receiver.to_bytes()));
    let (path, _) = BlindedPath::build(fixed_scalar(9), &hops).expect("four hops, little data");
    let Ok(mut message) = OnionMessage::build(fixed_scalar(8), &path, &writer) else {
        return false;
    };
    for byte in 1..=relays {
        let Ok(PeeledMessage::Forward { message: next, .. }) = message.peel(&fixed_scalar(byte))
        else {
            panic!("it was built to be passed on")
        };
        assert_eq!(OnionMessage::from_bytes(&next.to_bytes()).as_ref(), Ok(&next));
        message = next;
    }
    let Ok(PeeledMessage::Receive { payload, data, .. }) = message.peel(&fixed_scalar(relays + 1))
    else {
        panic!("it was built for this node")
    };
    assert!(data.has_path_id(&[7; 32]));
    let received = TlvStream::parse(&payload).expect("it was written as one");
    for record in stream.records().iter().filter(|record| record.tlv_type() != 4) {
        assert_eq!(
            received.get(record.tlv_type()).map(|record| record.value()),
            Some(record.value())
        );
    }
    true
}
