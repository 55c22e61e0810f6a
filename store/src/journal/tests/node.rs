//! A node whose journal is on a disk that crashes at any call: it is the node that never crashed.

use pointlock::journal::{JournalError, Recordable};
use pointlock::payment::{
    Journaled, JournaledError, Node, NodeAction, NodeEvent, OfferOrigin, Role,
};
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use crate::disk::simulated::{Dice, Fault};

#[path = "../../../tests/killed/net.rs"]
#[allow(dead_code, reason = "the process that is killed uses the rest")]
mod net;

use net::{HEIGHT, Kind, Net, edge, entropy, make, outgoing, release, secret_of};

/// What a node was told that has changed it, and its state before the first of that and behind each.
struct Life {
    events: Vec<Zeroizing<Vec<u8>>>,
    states: Vec<Zeroizing<Vec<u8>>>,
    node: Node,
    wanted: Vec<NodeAction>,
}

impl Life {
    fn tell(&mut self, event: &NodeEvent) {
        // What it refuses changes nothing.
        let Ok(reaction) = self.node.apply(event) else { return };
        if reaction.changed {
            self.events.push(event.to_record());
            self.states.push(self.node.snapshot());
        }
        self.wanted.extend(reaction.actions);
    }

    /// Payments of all kinds, carried on by chance.
    fn new(steps: usize, dice: &mut Dice) -> Self {
        let net = Net::new();
        let node = make(None).unwrap();
        let states = vec![node.snapshot()];
        let mut life = Self { events: Vec::new(), states, node, wanted: Vec::new() };
        net.published().iter().for_each(|event| life.tell(event));
        let (mut height, mut number) = (HEIGHT, 0);
        let mut receiver = net.receiver(HEIGHT);
        for _ in 0..steps {
            match dice.roll(8) {
                0 | 1 => {
                    let mut sent = net.sent(number, height);
                    let message = sent.handover.take();
                    life.tell(&sent.event());
                    if let Some(message) = message {
                        let entropy = entropy(number);
                        life.tell(&NodeEvent::MessageReceived { message, entropy });
                    }
                    number += 1;
                }
                2 => {
                    height += 1 + dice.roll(30) as u32;
                    let event = NodeEvent::Block { height };
                    life.tell(&event);
                    let _ = receiver.apply(&event).unwrap();
                }
                _ if !life.wanted.is_empty() => {
                    let place = dice.roll(life.wanted.len());
                    let action = life.wanted.swap_remove(place);
                    life.carry_out(action, &mut receiver, height);
                }
                _ => {}
            }
        }
        life
    }

    fn carry_out(&mut self, action: NodeAction, receiver: &mut Node, height: u32) {
        match action {
            NodeAction::Offer { origin, proposal } => {
                let OfferOrigin::Incoming(id) = origin else { panic!("{origin:?}") };
                let number = id.channel().unwrap().2;
                let edge = edge(outgoing(number), &proposal);
                let secret = secret_of(receiver, edge, &proposal);
                self.tell(&NodeEvent::OutgoingCommitted { origin, edge });
                let outgoing = edge.id;
                match (Kind::of(number), secret) {
                    (Kind::Silent, _) => {}
                    (Kind::Unanswered, _) | (_, None) => {
                        self.tell(&NodeEvent::OutgoingFailed { outgoing, failure: None });
                    }
                    (_, Some(secret)) => {
                        self.tell(&NodeEvent::OutgoingFulfilled { outgoing, secret });
                    }
                }
            }
            NodeAction::Withdraw { origin } => self.tell(&NodeEvent::OfferFailed { origin }),
            NodeAction::Claimable { incoming } => self.tell(&NodeEvent::Claiming { incoming }),
            NodeAction::Claim { incoming, .. } => {
                self.tell(&NodeEvent::IncomingClaimed { incoming });
            }
            NodeAction::ClaimOnChain { incoming, .. } => {
                self.tell(&NodeEvent::ClaimConfirmed { incoming, height });
            }
            NodeAction::Fail { incoming, .. } => {
                self.tell(&NodeEvent::FailGiven { incoming });
                if height % 2 == 0 {
                    self.tell(&NodeEvent::IncomingFailed { incoming });
                }
            }
            NodeAction::TimeOut { outgoing } => {
                self.tell(&NodeEvent::OutgoingTakenBack { outgoing, height });
            }
            NodeAction::SendMessage { message, .. } => {
                if let Some(message) = release(receiver, message, u64::from(height)) {
                    let entropy = entropy(u64::from(height));
                    self.tell(&NodeEvent::MessageReceived { message, entropy });
                }
            }
            _ => {}
        }
    }
}

/// Goes on until the disk fails or the life is over. Says how many events were acknowledged.
fn go_on(
    disk: &SimulatedDisk,
    life: &Life,
    dice: &mut Dice,
    acknowledged: &mut usize,
) -> Result<(), JournalError> {
    let journal = open(disk)?;
    let mut node = Journaled::open(journal, make)?;
    let mut next = node.next() as usize;
    // The group that nobody was told of may be there.
    assert!((*acknowledged..=*acknowledged + 3).contains(&next), "{acknowledged}, {next}");
    assert!(*node.role()?.snapshot() == *life.states[next], "at {next} after a restart");
    *acknowledged = next;
    while next < life.events.len() {
        if dice.roll(9) == 0 {
            let state = node.role()?.snapshot();
            node.snapshot(&state)?;
        }
        let group = next..(next + 1 + dice.roll(3)).min(life.events.len());
        let events: Vec<NodeEvent> = life.events[group.clone()]
            .iter()
            .map(|record| NodeEvent::from_record(record).unwrap())
            .collect();
        for answer in node.apply_all(&events)? {
            let _ = answer.map_err(JournaledError::Role).unwrap();
        }
        next = group.end;
        *acknowledged = next;
        assert_eq!(node.next() as usize, next);
    }
    assert!(*node.role()?.snapshot() == *life.states[next], "at the end");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_node_that_crashes_is_the_node_that_never_did(
        seed: u64,
        faults in prop::collection::vec((0_usize..40, 0_u8..4), 0..8),
    ) {
        let dice = &mut Dice::new(seed);
        let life = Life::new(70, dice);
        prop_assert!(life.events.len() > 10);
        let mut disk = SimulatedDisk::default();
        drop(create(&disk).unwrap());
        let mut acknowledged = 0;
        for (call, left) in faults {
            let fault = match left {
                3 => Fault::Error(std::io::ErrorKind::StorageFull),
                _ => Fault::Crash,
            };
            disk.fail_at(call, fault);
            // It may be over before the fault.
            if let Err(error) = go_on(&disk, &life, dice, &mut acknowledged) {
                let disk_failed = matches!(error, JournalError::Store(_) | JournalError::FailedBefore);
                prop_assert!(disk_failed, "{}", error);
            }
            disk = match left {
                0 => disk.after_kill(),
                1 => disk.after_power_cut(),
                _ => disk.after_crash(dice),
            };
        }
        go_on(&disk, &life, dice, &mut acknowledged).unwrap();
        prop_assert_eq!(acknowledged, life.events.len());
    }
}
