use pointlock::async_payments::AsyncMessage;
use pointlock::payment::{
    Handover, HeldAvailable, InnerPayload, Payload, PtlcArrived, Recipient, ReleaseHeld,
    SealedAnnouncement, WithheldShare,
};
use pointlock::wire::{TlvRecord, TlvStream, TlvWriter};

/// Input: a payload, of a node that is last in its packet or is not.
pub fn payload(data: &[u8]) -> bool {
    let read = [false, true].map(|is_last| one_payload(data, is_last));
    assert!(read != [true, true], "a payload has one place");
    read.contains(&true)
}

fn one_payload(data: &[u8], is_last: bool) -> bool {
    let Ok(payload) = Payload::parse(data, is_last) else { return false };
    let read = TlvStream::parse(data).expect("it was read");
    let with_path = |mut tlv: TlvWriter| {
        for record in OF_THE_PATH.into_iter().filter_map(|tlv_type| read.get(tlv_type)) {
            tlv.set(record.tlv_type(), record.value());
        }
        tlv.to_bytes()
    };
    let write = |payload: &Payload| match payload {
        Payload::Forward(payload) => payload.to_bytes(),
        Payload::Outer(payload) => with_path(payload.to_tlv()),
        Payload::Final(payload) => with_path(payload.to_tlv()),
    };
    let written = write(&payload);
    let again = Payload::parse(&written, is_last).expect("what was written can be read");
    assert_eq!(write(&again), written);
    only_unknown_odd_records_are_lost(data, &written);
    true
}

/// Input: the payload in a packet within, for a node that finds the route or for the recipient: one byte says whether the payload around
/// it has a path, then the payload.
pub fn inner_payload(data: &[u8]) -> bool {
    let Some((first, data)) = data.split_first() else { return false };
    let in_path = first % 2 == 1;
    let write = |payload: &InnerPayload| match payload {
        InnerPayload::Final(payload) => payload.to_bytes(),
        InnerPayload::Trampoline(payload) => payload.to_bytes().expect("its paths were read"),
    };
    let Ok(payload) = InnerPayload::parse(data, in_path) else { return false };
    match &payload {
        InnerPayload::Final(payload) => {
            assert_eq!(payload.payment_secret.is_none(), in_path, "by a path, or by its secret");
        }
        InnerPayload::Trampoline(payload) => {
            assert!(!in_path, "an order has no path");
            let to_node = matches!(payload.recipient, Recipient::Node(_));
            assert!(!to_node || payload.recipient_packet.is_none(), "it is the next layer");
        }
    }
    let written = write(&payload);
    let again = InnerPayload::parse(&written, in_path).expect("what was written can be read");
    assert_eq!(write(&again), written);
    only_unknown_odd_records_are_lost(data, &written);
    true
}

/// Input: the fields of an onion message with one of LDK's.
pub fn async_messages(data: &[u8]) -> bool {
    let Ok((message, reply_path)) = AsyncMessage::from_payload(data) else { return false };
    assert!(AsyncMessage::is_in(data));
    let written = message.to_tlv(reply_path.as_ref()).to_bytes();
    let again = AsyncMessage::from_payload(&written).expect("what was written can be read");
    assert_eq!(again, (message, reply_path));
    true
}

/// `encrypted_recipient_data` and `current_path_key`: whoever makes a payload for the end of a blinded path sets them.
const OF_THE_PATH: [u64; 2] = [10, 12];

/// Every record that was written stood in `read`, byte for byte; what is missing is odd.
fn only_unknown_odd_records_are_lost(read: &[u8], written: &[u8]) {
    let read = TlvStream::parse(read).expect("it was read");
    let written = TlvStream::parse(written).expect("it was written");
    for record in written.records() {
        assert_eq!(
            read.get(record.tlv_type()).map(TlvRecord::bytes),
            Some(record.bytes()),
            "a record was made up"
        );
    }
    for record in read.records() {
        let odd = record.tlv_type() % 2 == 1;
        assert!(odd || written.get(record.tlv_type()).is_some(), "an even record was lost");
    }
}

/// Input: the fields of an onion message, or of the sealed packet within one: what holders, receivers and senders of payments that can be
/// cancelled write to each other.
pub fn messages(data: &[u8]) -> bool {
    let available = HeldAvailable::from_payload(data);
    if let Ok(message) = &available {
        let written = message.to_tlv().to_bytes();
        let again = HeldAvailable::from_payload(&written).expect("what was written can be read");
        assert_eq!(again, *message);
    }
    let sealed = SealedAnnouncement::from_message(data);
    if let Ok(message) = &sealed {
        let written = message.to_tlv().to_bytes();
        let again = SealedAnnouncement::from_message(&written);
        assert_eq!(again.expect("what was written can be read"), *message);
    }
    let handover = Handover::from_message(data);
    if let Ok(message) = &handover {
        let written = message.to_tlv().to_bytes();
        let again = Handover::from_message(&written).expect("what was written can be read");
        assert_eq!(again, *message);
    }
    let release = ReleaseHeld::from_message(data);
    if let Ok(message) = &release {
        let written = message.to_tlv().to_bytes();
        let again = ReleaseHeld::from_message(&written).expect("what was written can be read");
        assert_eq!(again, *message);
    }
    let arrived = PtlcArrived::from_message(data);
    if let Ok(message) = &arrived {
        let written = message.to_tlv().to_bytes();
        assert_eq!(PtlcArrived::from_message(&written).as_ref(), Ok(message));
    }
    let share = WithheldShare::from_message(data);
    if let Ok(message) = &share {
        let written = message.to_tlv().to_bytes();
        let again = WithheldShare::from_message(&written).expect("what was written can be read");
        assert_eq!(again.set_point, message.set_point);
        assert_eq!(again.share.as_scalar(), message.share.as_scalar());
    }
    let of_holds = [available.is_ok(), sealed.is_ok(), handover.is_ok(), release.is_ok()];
    of_holds.contains(&true) || arrived.is_ok() || share.is_ok()
}
