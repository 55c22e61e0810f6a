//! Events: written, read, and written again.

use pointlock::journal::{RecordError, Recordable};
use pointlock::payment::{ForwarderEvent, NodeEvent, ReceiverEvent, SenderEvent};

use crate::samples::{Records, one_of_each, records};

/// Every record is read, and written as it was.
fn check<E: Recordable>(records: &Records) {
    for record in records {
        assert_eq!(*E::from_record(record).unwrap().to_record(), **record);
    }
}

fn kinds(records: &Records) -> Vec<u8> {
    one_of_each(records).into_keys().collect()
}

#[test]
fn of_all_roles_are_written_as_they_were() {
    let records = records();
    check::<NodeEvent>(&records["node"]);
    check::<SenderEvent>(&records["sender"]);
    check::<ForwarderEvent>(&records["forwarder"]);
    check::<ReceiverEvent>(&records["receiver"]);
}

/// The histories have every event that there is: a new one is missed here.
#[test]
fn of_every_kind_happen() {
    let records = records();
    assert_eq!(kinds(&records["node"]), (1..=29).chain([32, 33, 34]).collect::<Vec<_>>());
    let of_sender = [1, 2, 5, 6, 7, 8, 9, 16, 18, 19, 20, 22, 30];
    assert_eq!(kinds(&records["sender"]), of_sender);
    let of_forwarder = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 21, 23, 24, 34];
    assert_eq!(kinds(&records["forwarder"]), of_forwarder);
    let of_receiver = [1, 2, 3, 4, 10, 12, 13, 14, 17, 25, 26, 27, 28, 29, 31, 32, 33];
    assert_eq!(kinds(&records["receiver"]), of_receiver);
}

#[test]
fn a_block_is_a_few_bytes() {
    let block = NodeEvent::Block { height: 800_001 }.to_record();
    assert_eq!(*block, [1, 1, 0, 4, 0, 12, 53, 1]);
}

/// What one role is told is no event of another.
#[test]
fn of_another_role_are_refused_by_their_kind() {
    let pay = records()["sender"].iter().find(|record| record[1] == 18).unwrap().clone();
    assert!(SenderEvent::from_record(&pay).is_ok());
    let unknown = RecordError::UnknownKind { kind: 18 };
    assert_eq!(ForwarderEvent::from_record(&pay).unwrap_err(), unknown);
    assert_eq!(ReceiverEvent::from_record(&pay).unwrap_err(), unknown);
}
