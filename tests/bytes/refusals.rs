//! What is no record is refused, by its field, and never a panic. Each refusal has a twin that is read.

use pointlock::journal::{RecordError, Recordable};
use pointlock::payment::{
    AttemptSeed, Deadlines, Forwarder, ForwarderConfig, ForwarderEvent, Node, NodeConfig,
    NodeEvent, PayerSeed, Receiver, ReceiverConfig, ReceiverEvent, ReceiverPaths, Sender,
    SenderEvent,
};
use pointlock::wire::{TlvStream, TlvWriter, WireError};
use zeroize::Zeroizing;

use crate::histories;
use crate::net::{RECEIVER, config};
use crate::samples::{forwarder_config, one_of_each, paths, receiver_config, records};

/// The fields of a record, behind its version and kind, to be changed.
pub(crate) fn changed(record: &[u8], change: impl FnOnce(&mut Vec<(u64, Vec<u8>)>)) -> Vec<u8> {
    let stream = TlvStream::parse(&record[2..]).unwrap();
    let field = |field: &pointlock::wire::TlvRecord<'_>| (field.tlv_type(), field.value().to_vec());
    let mut fields: Vec<_> = stream.records().iter().map(field).collect();
    change(&mut fields);
    let mut bytes = record[..2].to_vec();
    for (number, value) in fields {
        let mut writer = TlvWriter::new();
        writer.set(number, value);
        bytes.extend(writer.to_bytes());
    }
    bytes
}

fn read(role: &str, record: &[u8]) -> Result<Zeroizing<Vec<u8>>, RecordError> {
    match role {
        "node" => NodeEvent::from_record(record).map(|event| event.to_record()),
        "sender" => SenderEvent::from_record(record).map(|event| event.to_record()),
        "forwarder" => ForwarderEvent::from_record(record).map(|event| event.to_record()),
        _ => ReceiverEvent::from_record(record).map(|event| event.to_record()),
    }
}

/// Fields that may be missing: `path_key` and `failure`.
const OPTIONAL: [u64; 2] = [6, 22];

#[test]
fn every_field_is_asked_for() {
    let mut missing = 0;
    for (role, records) in records() {
        for (kind, record) in one_of_each(&records) {
            let count = TlvStream::parse(&record[2..]).unwrap().records().len();
            for index in 0..count {
                let mut number = 0;
                let without = changed(&record, |fields| number = fields.remove(index).0);
                let result = read(role, &without);
                if OPTIONAL.contains(&number) {
                    assert_eq!(*result.unwrap(), without, "{role} {kind} {number}");
                } else {
                    let error = result.unwrap_err();
                    let named =
                        matches!(error, RecordError::Missing { field } if !field.is_empty());
                    assert!(named, "{role} {kind} {number}: {error}");
                    missing += 1;
                }
                let longer = changed(&record, |fields| fields[index].1.push(0));
                let error = read(role, &longer).unwrap_err();
                assert!(matches!(error, RecordError::Field { .. }), "{role} {kind}: {error}");
                let shorter = changed(&record, |fields| {
                    let _ = fields[index].1.pop();
                });
                let error = read(role, &shorter).unwrap_err();
                assert!(matches!(error, RecordError::Field { .. }), "{role} {kind}: {error}");
            }
        }
    }
    assert!(missing > 100, "{missing}");
}

#[test]
fn fields_come_once_and_in_order() {
    let height = 800_001_u32.to_be_bytes().to_vec();
    let block = NodeEvent::Block { height: 800_001 }.to_record();
    let taken_back = &records()["node"];
    let taken_back = taken_back.iter().find(|record| record[1] == 9).unwrap().clone();
    assert!(NodeEvent::from_record(&taken_back).is_ok());

    let twice = changed(&block, |fields| fields.push((0, height.clone())));
    let duplicate = WireError::Duplicate { tlv_type: 0, offset: 6 };
    assert_eq!(NodeEvent::from_record(&twice).unwrap_err(), RecordError::Stream(duplicate));
    let reversed = changed(&taken_back, |fields| fields.reverse());
    let out_of_order = WireError::OutOfOrder { tlv_type: 0, offset: 43, previous: 18 };
    assert_eq!(NodeEvent::from_record(&reversed).unwrap_err(), RecordError::Stream(out_of_order));
}

/// It's okay to be odd (BOLT 1).
#[test]
fn of_unknown_fields_the_even_ones_are_refused() {
    let block = NodeEvent::Block { height: 800_001 }.to_record();
    for number in [101, 102, 1_000_001, 1_000_002] {
        let more = changed(&block, |fields| fields.push((number, vec![1])));
        match NodeEvent::from_record(&more) {
            Ok(event) if number % 2 == 1 => assert_eq!(*event.to_record(), *block),
            result => assert_eq!(result.unwrap_err(), RecordError::UnknownField { number }),
        }
    }
}

#[test]
fn versions_and_kinds_are_named() {
    let block = NodeEvent::Block { height: 800_001 }.to_record();
    let mut other = block.clone();
    other[0] = 2;
    let error = NodeEvent::from_record(&other).unwrap_err();
    assert_eq!(error.to_string(), "version 2, and this release reads version 1");
    let mut other = block.clone();
    other[1] = 63;
    assert_eq!(NodeEvent::from_record(&other).unwrap_err(), RecordError::UnknownKind { kind: 63 });
    let missing = |field| RecordError::Missing { field };
    assert_eq!(NodeEvent::from_record(&[]).unwrap_err(), missing("version"));
    assert_eq!(NodeEvent::from_record(&block[..1]).unwrap_err(), missing("kind"));
    assert_eq!(NodeEvent::from_record(&block[..2]).unwrap_err(), missing("height"));
    assert!(NodeEvent::from_record(&block).is_ok());
}

/// Wherever a record ends too early, it is refused: a field that may be missing stands before one that may not.
#[test]
fn a_record_that_is_cut_off_is_refused() {
    for (role, records) in records() {
        for (kind, record) in one_of_each(&records) {
            for length in 0..record.len() {
                match read(role, &record[..length]) {
                    Err(_) => {}
                    Ok(whole) => {
                        assert_eq!(*whole, record[..length], "{role} {kind}");
                        assert_eq!(kind, 8, "{role}: the failure is its last field");
                    }
                }
            }
            assert!(read(role, &record).is_ok());
        }
    }
}

/// Of a state, each byte is cut off, and each turned.
#[test]
fn a_damaged_state_is_no_panic() {
    let (mut read, mut refused) = (0, 0);
    for (_, net) in histories::all() {
        for (number, node) in net.nodes.iter().enumerate() {
            let state = node.snapshot();
            for length in 0..state.len() {
                assert!(Node::restore(config(number), &state[..length]).is_err());
            }
            for index in (0..state.len()).step_by(7) {
                let mut damaged = state.clone();
                damaged[index] ^= 1 << (index % 8);
                match Node::restore(config(number), &damaged) {
                    Ok(node) => {
                        let written = node.snapshot();
                        // A field that may be missing got an odd number, and is passed over.
                        let shorter = written.len() < damaged.len();
                        assert!(shorter || *written == *damaged, "{number}: byte {index}");
                        read += 1;
                    }
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert!(read > 100 && refused > 100, "{read} are read, {refused} refused");
}

#[test]
fn a_state_of_somebody_else_is_refused() {
    let (_, net) = histories::all().swap_remove(0);
    let node = net.nodes[1].snapshot();
    let sender = Sender::new().snapshot();
    let forwarder = Forwarder::new(forwarder_config()).unwrap().snapshot();
    let receiver = Receiver::new(receiver_config()).unwrap().snapshot();
    let other = |found: &str, expected: &str| RecordError::OtherOwner {
        found: found.into(),
        expected: expected.into(),
    };

    let error = Sender::restore(Deadlines::default(), &node).unwrap_err();
    assert_eq!(error, other("a node", "a sender"));
    assert!(Sender::restore(Deadlines::default(), &sender).is_ok());
    let error = Forwarder::restore(forwarder_config(), &receiver).unwrap_err();
    assert_eq!(error, other("a receiver", "a forwarder"));
    assert!(Forwarder::restore(forwarder_config(), &forwarder).is_ok());
    let error = Receiver::restore(receiver_config(), &forwarder).unwrap_err();
    assert_eq!(error, other("a forwarder", "a receiver"));
    assert!(Receiver::restore(receiver_config(), &receiver).is_ok());
    let error = Node::restore(config(1), &sender).unwrap_err();
    assert_eq!(error, other("a sender", "a node"));
    let block = NodeEvent::Block { height: 1 }.to_record();
    let error = Node::restore(config(1), &block).unwrap_err();
    assert_eq!(error, RecordError::UnknownKind { kind: 1 });

    // The same role with another key.
    let error = Node::restore(config(2), &node).unwrap_err();
    let (found, expected) = (config(1).node_key.to_point(), config(2).node_key.to_point());
    assert_eq!(error, other(&found.to_string(), &expected.to_string()));
    assert!(Node::restore(config(1), &node).is_ok());
}

/// A store of claims that is kept by itself may know more than a snapshot.
#[test]
fn claims_have_one_place() {
    let (_, net) = histories::all().swap_remove(3);
    let state = net.nodes[RECEIVER].snapshot();
    let store = net.nodes[RECEIVER].claims().store().clone();
    let error = Node::restore_with_store(config(RECEIVER), &state, Elsewhere(store.clone()));
    assert_eq!(
        error.unwrap_err(),
        RecordError::Field {
            field: "claims",
            reason: "in the snapshot, and in a store of their own".into(),
        }
    );
    let own = Node::restore(config(RECEIVER), &state).unwrap();
    assert_eq!(own.claims().store(), &store);

    let elsewhere = Node::with_store(config(RECEIVER), Elsewhere(store)).unwrap();
    let state = elsewhere.snapshot();
    let error = Node::restore(config(RECEIVER), &state).unwrap_err();
    assert_eq!(error, RecordError::Missing { field: "claims" });
    let store = elsewhere.claims().store().clone();
    assert!(Node::restore_with_store(config(RECEIVER), &state, store).is_ok());
}

/// A store that is not lost with the process.
#[derive(Clone, Debug)]
struct Elsewhere(pointlock::claims::MemoryClaimStore);

impl pointlock::claims::ClaimStore for Elsewhere {
    fn polynomial(
        &self,
        id: &pointlock::invoice::ktime::PolynomialId,
    ) -> Result<Option<pointlock::claims::PolynomialState>, pointlock::StoreError> {
        self.0.polynomial(id)
    }

    fn claim(
        &self,
        id: &pointlock::invoice::ktime::PolynomialId,
        x: &pointlock::invoice::ktime::PayerScalar,
    ) -> Result<Option<pointlock::claims::LockSet>, pointlock::StoreError> {
        self.0.claim(id, x)
    }

    fn insert_polynomial(
        &mut self,
        id: pointlock::invoice::ktime::PolynomialId,
        invoice: pointlock::invoice::InvoiceId,
        k: u32,
    ) -> Result<bool, pointlock::StoreError> {
        self.0.insert_polynomial(id, invoice, k)
    }

    fn insert_claim(
        &mut self,
        id: pointlock::invoice::ktime::PolynomialId,
        x: pointlock::invoice::ktime::PayerScalar,
        locks: pointlock::claims::LockSet,
    ) -> Result<bool, pointlock::StoreError> {
        self.0.insert_claim(id, x, locks)
    }

    fn retire(
        &mut self,
        id: pointlock::invoice::ktime::PolynomialId,
    ) -> Result<bool, pointlock::StoreError> {
        self.0.retire(id)
    }

    fn retire_all(&mut self) -> Result<(), pointlock::StoreError> {
        self.0.retire_all()
    }
}

/// A record of its own for each thing that an owner keeps.
#[test]
fn configurations_and_seeds_are_written_as_they_were() {
    fn check<T: Recordable>(value: &T) {
        let record = value.to_record();
        assert_eq!(*T::from_record(&record).unwrap().to_record(), *record);
        for length in 0..record.len() {
            assert!(T::from_record(&record[..length]).is_err(), "{length}");
        }
        let other = changed(&record, |fields| fields.insert(0, (0, Vec::new())));
        assert!(T::from_record(&other).is_err());
    }
    check::<NodeConfig>(&config(0));
    check::<ForwarderConfig>(&forwarder_config());
    check::<ReceiverConfig>(&receiver_config());
    check(&Deadlines::for_contracts());
    check(&Deadlines::for_channels());
    check(&AttemptSeed::new([1; 32]));
    check(&PayerSeed::new([2; 32]));
    check(&pointlock::invoice::ktime::PaymentPolynomial::from_entropy(&[3; 32], 4).unwrap());
    let paths = paths();
    assert!(!paths.payments.is_empty() && !paths.messages.is_empty());
    check::<ReceiverPaths>(&paths);
    let seed = AttemptSeed::new([1; 32]).to_record();
    assert_eq!(PayerSeed::from_record(&seed).unwrap_err(), RecordError::UnknownKind { kind: 68 });
}
