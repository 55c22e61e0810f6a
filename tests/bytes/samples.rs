//! Events of every kind, for every role: those of the histories, and what they lack.

use std::collections::BTreeMap;

use pointlock::journal::Recordable;
use pointlock::onion::blinded::PeeledMessage;
use pointlock::payment::{
    Deadlines, ForwarderConfig, ForwarderEvent, NodeEvent, ReceiverConfig, ReceiverEvent,
    ReceiverPaths, SenderEvent,
};
use zeroize::Zeroizing;

use crate::histories;
use crate::net::{RECEIVER, SENDER, config, key};

pub(crate) fn forwarder_config() -> ForwarderConfig {
    let config = config(1);
    ForwarderConfig {
        node_key: config.node_key,
        policy: config.policy,
        deadlines: config.deadlines,
        limits: config.limits,
        hold_safety_margin: config.hold_safety_margin,
        hold_deltas_ahead: config.hold_deltas_ahead,
        hold_min_final_delta: config.hold_min_final_delta,
        height: config.height,
    }
}

pub(crate) fn receiver_config() -> ReceiverConfig {
    let config = config(RECEIVER);
    ReceiverConfig {
        node_key: config.node_key,
        min_final_delta: config.min_final_delta,
        deadlines: Deadlines::for_contracts(),
        height: config.height,
        unix_time: config.unix_time,
    }
}

/// What the sender of a node is told.
pub(crate) fn of_sender(event: NodeEvent) -> Option<SenderEvent> {
    match event {
        NodeEvent::MessageReceived { message, .. } => match message.peel(&key(SENDER)).unwrap() {
            PeeledMessage::Receive { payload, data, .. } => {
                let (path_id, payload) = (data.path_id?, payload.to_vec());
                Some(SenderEvent::MessageReceived { path_id, payload })
            }
            _ => None,
        },
        other => SenderEvent::from_record(&other.to_record()).ok(),
    }
}

/// What the receiver of a node is told.
pub(crate) fn of_receiver(event: NodeEvent) -> ReceiverEvent {
    match event {
        NodeEvent::IncomingCommitted { edge, path_key, packet, .. } => {
            ReceiverEvent::IncomingCommitted { edge, path_key, packet }
        }
        NodeEvent::IncomingClaimed { incoming } | NodeEvent::IncomingFailed { incoming } => {
            ReceiverEvent::Settled { incoming }
        }
        other => ReceiverEvent::from_record(&other.to_record()).unwrap(),
    }
}

/// What a receiver keeps of the paths of an invoice.
pub(crate) fn paths() -> ReceiverPaths {
    let published = records()["node"].iter().find(|record| record[1] == 26).unwrap().clone();
    match NodeEvent::from_record(&published).unwrap() {
        NodeEvent::PublishedPolynomial { paths, .. } => paths,
        other => panic!("{other:?}"),
    }
}

/// Records of one role.
pub(crate) type Records = Vec<Zeroizing<Vec<u8>>>;

/// All events of all histories: of the nodes, and of each role.
pub(crate) fn records() -> BTreeMap<&'static str, Records> {
    let mut records: BTreeMap<&'static str, Records> = BTreeMap::new();
    for (_, net) in histories::all() {
        for (node, record) in &net.told {
            let event = || NodeEvent::from_record(record).unwrap();
            records.entry("node").or_default().push(record.clone());
            let (role, of_role) = match *node {
                SENDER => ("sender", of_sender(event()).map(|event| event.to_record())),
                RECEIVER => ("receiver", Some(of_receiver(event()).to_record())),
                _ => ("forwarder", ForwarderEvent::from_record(record).map(|e| e.to_record()).ok()),
            };
            records.entry(role).or_default().extend(of_role);
        }
    }
    records
}

/// The first record of each kind, by its number: the byte behind the version.
pub(crate) fn one_of_each(records: &Records) -> BTreeMap<u8, Zeroizing<Vec<u8>>> {
    let mut kinds = BTreeMap::new();
    for record in records {
        kinds.entry(record[1]).or_insert_with(|| record.clone());
    }
    kinds
}
