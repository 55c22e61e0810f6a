//! A snapshot stands for the events before it, wherever the cut is.

use std::fmt::Debug;

use pointlock::journal::{Journal, MemoryJournal, Recordable};
use pointlock::payment::{
    Deadlines, Forwarder, ForwarderEvent, Journaled, Node, NodeAction, NodeEvent, Receiver,
    ReceiverEvent, Role, Sender, SenderEvent,
};
use zeroize::Zeroizing;

use crate::histories;
use crate::net::{Net, RECEIVER, SENDER, config};
use crate::samples::{forwarder_config, of_receiver, of_sender, receiver_config};

/// The words of an action. A reason that a snapshot has kept has no more than words.
pub(crate) fn words(action: &NodeAction) -> String {
    match action {
        NodeAction::Fail { incoming, reason, failure } => {
            format!("fail {incoming} {reason} {failure:?}")
        }
        NodeAction::Claim { incoming, secret } => format!("claim {incoming} {:?}", secret.lock()),
        NodeAction::ClaimOnChain { incoming, secret } => {
            format!("on the chain {incoming} {:?}", secret.lock())
        }
        NodeAction::SecretLate { incoming, secret } => {
            format!("late {incoming} {:?}", secret.lock())
        }
        NodeAction::SendMessage { to, message } => format!("send {to} {:?}", message.to_bytes()),
        other => format!("{other:?}"),
    }
}

fn pending<R: Role>(role: &R) -> Vec<String>
where
    R::Action: Into<NodeAction>,
{
    role.pending().into_iter().map(|action| words(&action.into())).collect()
}

/// How a role is made and kept.
pub(crate) struct Kept<R> {
    start: fn() -> R,
    snapshot: fn(&R) -> Zeroizing<Vec<u8>>,
    restore: fn(&[u8]) -> R,
}

impl<R: Role> Kept<R>
where
    R::Action: Into<NodeAction>,
    R::Error: Debug,
{
    /// Cuts the history everywhere; says how many cuts that were.
    pub(crate) fn check(&self, name: &str, events: &[R::Event]) -> usize {
        let mut whole = (self.start)();
        let mut states = vec![((self.snapshot)(&whole), pending(&whole))];
        for event in events {
            let _ = whole.apply(event).unwrap();
            states.push(((self.snapshot)(&whole), pending(&whole)));
        }
        for (cut, (state, wanted)) in states.iter().enumerate() {
            let mut restored = (self.restore)(state);
            assert_eq!(*(self.snapshot)(&restored), **state, "{name}: at {cut}");
            assert_eq!(pending(&restored), *wanted, "{name}: at {cut}");
            for (event, (after, wanted)) in events[cut..].iter().zip(&states[cut + 1..]) {
                let _ = restored.apply(event).unwrap();
                assert_eq!(*(self.snapshot)(&restored), **after, "{name}: behind {cut}");
                assert_eq!(pending(&restored), *wanted, "{name}: behind {cut}");
            }
        }
        states.len()
    }

    /// Cuts the history at one place, and compares at the end.
    pub(crate) fn check_at(&self, cut: usize, events: &[R::Event]) {
        let (before, behind) = events.split_at(cut.min(events.len()));
        let apply = |role: &mut R, events: &[R::Event]| {
            events.iter().for_each(|event| drop(role.apply(event).unwrap()));
        };
        let mut whole = (self.start)();
        apply(&mut whole, before);
        let state = (self.snapshot)(&whole);
        let mut restored = (self.restore)(&state);
        assert_eq!(*(self.snapshot)(&restored), *state);
        assert_eq!(pending(&restored), pending(&whole));
        apply(&mut whole, behind);
        apply(&mut restored, behind);
        assert_eq!(*(self.snapshot)(&restored), *(self.snapshot)(&whole));
        assert_eq!(pending(&restored), pending(&whole));
    }
}

pub(crate) fn events(net: &Net, node: usize) -> Vec<NodeEvent> {
    net.journals[node].iter().map(|record| NodeEvent::from_record(record).unwrap()).collect()
}

pub(crate) fn node<const N: usize>() -> Kept<Node> {
    Kept {
        start: || Node::new(config(N)).unwrap(),
        snapshot: Node::snapshot,
        restore: |state| Node::restore(config(N), state).unwrap(),
    }
}

#[test]
fn of_every_node_in_every_history() {
    let mut cuts = 0;
    for (name, net) in histories::all() {
        cuts += node::<0>().check(name, &events(&net, 0));
        cuts += node::<1>().check(name, &events(&net, 1));
        cuts += node::<2>().check(name, &events(&net, 2));
        cuts += node::<3>().check(name, &events(&net, 3));
    }
    assert!(cuts > 150, "{cuts} cuts");
}

#[test]
fn of_a_sender_alone() {
    let kept: Kept<Sender> = Kept {
        start: Sender::new,
        snapshot: Sender::snapshot,
        restore: |state| Sender::restore(Deadlines::default(), state).unwrap(),
    };
    for (name, net) in histories::all() {
        let events: Vec<SenderEvent> =
            events(&net, SENDER).into_iter().filter_map(of_sender).collect();
        assert!(kept.check(name, &events) > 2, "{name}");
    }
}

#[test]
fn of_a_forwarder_alone() {
    let kept: Kept<Forwarder> = Kept {
        start: || Forwarder::new(forwarder_config()).unwrap(),
        snapshot: Forwarder::snapshot,
        restore: |state| Forwarder::restore(forwarder_config(), state).unwrap(),
    };
    for (name, net) in histories::all() {
        let records = net.journals[1].iter();
        let events: Vec<ForwarderEvent> =
            records.map(|record| ForwarderEvent::from_record(record).unwrap()).collect();
        assert!(kept.check(name, &events) > 2, "{name}");
    }
}

#[test]
fn of_a_receiver_alone() {
    let kept: Kept<Receiver> = Kept {
        start: || Receiver::new(receiver_config()).unwrap(),
        snapshot: Receiver::snapshot,
        restore: |state| Receiver::restore(receiver_config(), state).unwrap(),
    };
    for (name, net) in histories::all() {
        let events: Vec<ReceiverEvent> =
            events(&net, RECEIVER).into_iter().map(of_receiver).collect();
        assert!(kept.check(name, &events) > 1, "{name}");
    }
}

#[test]
fn a_journal_begins_with_a_snapshot_again() {
    let net = histories::all().pop().unwrap().1;
    let make = |state: Option<&[u8]>| match state {
        Some(state) => Node::restore(config(1), state),
        None => Ok(Node::new(config(1)).unwrap()),
    };
    let all = events(&net, 1);
    let mut journal = MemoryJournal::default();
    let mut journaled = Journaled::open(&mut journal, make).unwrap();
    let (before, behind) = all.split_at(all.len() / 2);
    before.iter().for_each(|event| drop(journaled.apply(event).unwrap()));
    let state = journaled.role().unwrap().snapshot();
    journaled.snapshot(&state).unwrap();
    behind.iter().for_each(|event| drop(journaled.apply(event).unwrap()));
    let (after, wanted) = (journaled.role().unwrap().snapshot(), pending(&net.nodes[1]));
    drop(journaled);
    assert_eq!(journal.read().unwrap().records.len(), behind.len());
    let opened = Journaled::open(&mut journal, make).unwrap();
    assert_eq!(*opened.role().unwrap().snapshot(), *after);
    assert_eq!(pending(opened.role().unwrap()), wanted);
}
