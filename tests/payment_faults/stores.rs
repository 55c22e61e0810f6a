//! What a forwarder holds is in its events: made anew from them it holds, fails and releases the same.

use std::collections::BTreeSet;

use pointlock::edge::EdgeId;
use pointlock::hold::{HoldId, HoldState};
use pointlock::payment::{Forwarder, ForwarderAction, ForwarderEvent, Recorded};
use pointlock_sim::Who;

use crate::nodes::{HEIGHT, Known, Net, node_id};
use crate::scene::{
    ForwardCase, HOP, blind, forward_packet, held_case, hold_tweak, release, release_message,
};

/// A forwarder that holds these two; with their contracts.
fn holding(net: &mut Net, cases: [&ForwardCase; 2]) -> (Recorded<Forwarder>, BTreeSet<EdgeId>) {
    let mut forwarder = Recorded::new(Forwarder::new(net.forwarder_config(1)).unwrap());
    let mut incoming = BTreeSet::new();
    for (index, case) in cases.into_iter().enumerate() {
        let (lock, msat) = (case.lock, case.amount_msat);
        let edge = net.fund_terms(Who::Sender(0), HOP, lock, msat, case.expiry);
        incoming.insert(edge.outgoing().unwrap().id);
        let event = ForwarderEvent::IncomingCommitted {
            from: node_id(Who::Sender(0)),
            edge: edge.incoming().unwrap(),
            path_key: None,
            packet: forward_packet(case, 10 * (index + 1)),
        };
        assert!(forwarder.apply(event).unwrap().is_empty());
    }
    (forwarder, incoming)
}

/// The process is gone, and the events are not.
fn restarted(net: &Net, forwarder: Recorded<Forwarder>) -> Recorded<Forwarder> {
    let before: Vec<_> = forwarder.role().ledger().holds().cloned().collect();
    let wanted = format!("{:?}", forwarder.pending());
    let fresh = Forwarder::new(net.forwarder_config(1)).unwrap();
    let restarted = Recorded::replay(fresh, forwarder.into_log()).unwrap();
    let after: Vec<_> = restarted.role().ledger().holds().cloned().collect();
    assert_eq!(after, before);
    assert_eq!(format!("{:?}", restarted.pending()), wanted);
    restarted
}

fn failed(actions: &[ForwarderAction]) -> BTreeSet<EdgeId> {
    let failed = |action: &ForwarderAction| match action {
        ForwarderAction::Fail { incoming, .. } => *incoming,
        other => panic!("{other:?}"),
    };
    let edges: BTreeSet<EdgeId> = actions.iter().map(failed).collect();
    assert_eq!(edges.len(), actions.len(), "each once");
    edges
}

fn offered(actions: &[ForwarderAction]) -> BTreeSet<EdgeId> {
    let offered = |action: &ForwarderAction| match action {
        ForwarderAction::Offer { incoming, .. } => *incoming,
        other => panic!("{other:?}"),
    };
    let edges: BTreeSet<EdgeId> = actions.iter().map(offered).collect();
    assert_eq!(edges.len(), actions.len(), "each once");
    edges
}

fn open(forwarder: &Recorded<Forwarder>) -> usize {
    forwarder.role().ledger().open().count
}

/// Two holds reach their cutoff. A crash before the block was written, and one after it: both are failed, and once confirmed
/// neither is again.
#[test]
fn holds_fail_at_their_cutoff_across_a_crash() {
    let second = held_case(1).1;
    for written in [false, true] {
        let (mut net, case) = held_case(0);
        let (mut forwarder, incoming) = holding(&mut net, [&case, &second]);
        let block = || ForwarderEvent::Block { height: HEIGHT + 100 };
        if written {
            forwarder.apply(block()).unwrap();
            forwarder = restarted(&net, forwarder);
            assert_eq!(failed(&forwarder.pending()), incoming);
        } else {
            forwarder = restarted(&net, forwarder);
            assert!(forwarder.pending().is_empty());
            assert_eq!(failed(&forwarder.apply(block()).unwrap()), incoming);
        }
        assert_eq!(open(&forwarder), 2);
        for incoming in incoming {
            forwarder.apply(ForwarderEvent::FailGiven { incoming }).unwrap();
            forwarder.apply(ForwarderEvent::IncomingFailed { incoming }).unwrap();
        }
        forwarder = restarted(&net, forwarder);
        assert_eq!(open(&forwarder), 0);
        assert!(forwarder.apply(block()).unwrap().is_empty());
        // Their ids are taken as long as the incoming edges could stand.
        for id in [HoldId([0; 32]), HoldId([1; 32])] {
            assert_eq!(forwarder.role().ledger().state(&id), Ok(&HoldState::Failed));
        }
        forwarder.apply(ForwarderEvent::Block { height: case.expiry }).unwrap();
        assert_eq!(restarted(&net, forwarder).role().ledger().holds().len(), 0);
    }
}

/// Two holds are released by one message, which comes again after a crash: each is offered once, and asked for until it is committed.
#[test]
fn a_release_is_acted_on_once_across_a_crash() {
    let (mut net, case) = held_case(0);
    let mut second = held_case(1).1;
    second.payload.tweak = hold_tweak(1, Some(&blind("blind", 1)), HEIGHT + 100);
    for written in [false, true] {
        let (mut forwarder, incoming) = holding(&mut net, [&case, &second]);
        let message = release_message(&[(0, release(0)), (1, release(1))], 0);
        let event =
            || ForwarderEvent::MessageReceived { message: message.clone(), entropy: [0; 32] };
        if written {
            forwarder.apply(event()).unwrap();
            forwarder = restarted(&net, forwarder);
            // Given again it offers nothing more, and is not written down.
            let events = forwarder.log().len();
            assert!(forwarder.apply(event()).unwrap().is_empty());
            assert_eq!(forwarder.log().len(), events);
        } else {
            forwarder = restarted(&net, forwarder);
            assert_eq!(offered(&forwarder.apply(event()).unwrap()), incoming);
        }
        assert_eq!(offered(&forwarder.pending()), incoming);
        assert_eq!(open(&restarted(&net, forwarder)), 2);
    }
}
