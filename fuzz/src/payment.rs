use pointlock::onion::sealed;
use pointlock::payment::{HeldAvailable, Payload, PayloadError, ReleaseHeld};
use pointlock::wire::{TlvRecord, TlvStream};

use crate::input::fixed_scalar;

/// Input: a payload.
pub fn payload(data: &[u8]) -> bool {
    let Ok(payload) = Payload::parse(data) else { return false };
    let write = |payload: &Payload| match payload {
        Payload::Forward(payload) => payload.to_bytes(),
        Payload::Final(payload) => payload.to_bytes(),
    };
    let written = write(&payload);
    let again = Payload::parse(&written).expect("what was written can be read");
    assert_eq!(write(&again), written);
    only_unknown_odd_records_are_lost(data, &written);
    true
}

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

/// Input: a sealed message; or the plaintext of one, which is sealed first, since no fuzzer seals.
pub fn messages(data: &[u8]) -> bool {
    let (key, ephemeral) = (fixed_scalar(1), fixed_scalar(2));
    let recipient = key.to_point();
    assert!(HeldAvailable::open(&key, data).is_err() || ReleaseHeld::open(&key, data).is_err());

    let seal = |name| sealed::seal(&recipient, ephemeral.clone(), name, data);
    let (Ok(available), Ok(release)) = (seal(b"held_ptlc_available"), seal(b"release_held_ptlc"))
    else {
        assert!(data.len() > sealed::MAX_LENGTH - sealed::OVERHEAD);
        return false;
    };
    let opened = HeldAvailable::open(&key, &available);
    if let Ok(message) = &opened {
        written_again(data, message.seal(&recipient, ephemeral.clone()), &available);
    }
    assert!(ReleaseHeld::open(&key, &available).is_err(), "one message is taken for the other");
    let released = ReleaseHeld::open(&key, &release);
    if let Ok(message) = &released {
        written_again(data, message.seal(&recipient, ephemeral.clone()), &release);
    }
    assert!(HeldAvailable::open(&key, &release).is_err(), "one message is taken for the other");
    opened.is_ok() || released.is_ok()
}

/// With the same ephemeral key, equal plaintexts are equal boxes. Unknown odd records are lost on the way.
fn written_again(plaintext: &[u8], again: Result<Vec<u8>, PayloadError>, first: &[u8]) {
    let again = again.expect("it is no longer than the first");
    let stream = TlvStream::parse(plaintext).expect("it was opened");
    if stream.records().iter().all(|record| record.tlv_type() % 2 == 0) {
        assert_eq!(again, first);
    }
}
