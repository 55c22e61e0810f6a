use pointlock::payment::{HeldAvailable, Payload, ReleaseHeld};
use pointlock::wire::{TlvRecord, TlvStream};

/// Input: a payload, of a node that is last in its packet or is not.
pub fn payload(data: &[u8]) -> bool {
    let read = [false, true].map(|is_last| one_payload(data, is_last));
    assert!(read != [true, true], "a payload has one place");
    read.contains(&true)
}

fn one_payload(data: &[u8], is_last: bool) -> bool {
    let Ok(payload) = Payload::parse(data, is_last) else { return false };
    // What stands at the end of a path is not written without it.
    let of_path = TlvStream::parse(data).expect("it was read");
    let of_path = of_path.get(OF_THE_PATH[0]).map(|record| record.value().to_vec());
    let write = |payload: &Payload| match payload {
        Payload::Forward(payload) => payload.to_bytes(),
        Payload::Delegate(payload) => payload.to_bytes().expect("its path was read"),
        Payload::Delegated(payload) => payload.to_bytes(),
        Payload::Final(payload) => {
            let mut fields = payload.to_tlv();
            if let Some(data) = &of_path {
                fields.set(OF_THE_PATH[0], data.clone());
            }
            fields.to_bytes()
        }
    };
    let written = write(&payload);
    let again = Payload::parse(&written, is_last).expect("what was written can be read");
    assert_eq!(write(&again), written);
    only_what_may_be_lost_is_lost(data, &written);
    true
}

/// `encrypted_recipient_data` and `current_path_key`: the data of a blinded path has been read when the payload is.
const OF_THE_PATH: [u64; 2] = [10, 12];

/// Every record that was written stood in `read`, byte for byte; what is missing is odd, or was for the path.
fn only_what_may_be_lost_is_lost(read: &[u8], written: &[u8]) {
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
        let may_be_lost = record.tlv_type() % 2 == 1 || OF_THE_PATH.contains(&record.tlv_type());
        assert!(may_be_lost || written.get(record.tlv_type()).is_some(), "an even record was lost");
    }
}

/// Input: the fields of an onion message.
pub fn messages(data: &[u8]) -> bool {
    let available = HeldAvailable::from_message(data);
    if let Ok((message, reply_path)) = &available {
        let written = message.to_tlv(reply_path).to_bytes();
        let again = HeldAvailable::from_message(&written).expect("what was written can be read");
        assert_eq!(again, (message.clone(), reply_path.clone()));
    }
    let release = ReleaseHeld::from_message(data);
    if let Ok(message) = &release {
        let written = message.to_tlv().to_bytes();
        let again = ReleaseHeld::from_message(&written).expect("what was written can be read");
        assert_eq!(again, *message);
    }
    available.is_ok() || release.is_ok()
}
