//! One payment on its way through a node, and all of them with what finds them.

mod snapshot;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::super::ended::Ended;
use super::super::failure::Origin;
use super::super::{AttemptId, Deadlines, FailureReply, Proposal, Refusal};
use super::trampoline::TrampolineOrder;
use super::{ForwarderAction, ForwarderConfig};
use crate::curve::Point;
use crate::edge::{Edge, EdgeId};
use crate::hold::HoldId;
use crate::lock::{Blind, Lock, LockSecret};
use crate::onion::Packet;
use crate::onion::blinded::NextPeer;

/// A payment on its way through this node.
#[derive(Debug)]
pub(super) struct Forwarding {
    pub(super) incoming: Edge,
    pub(super) origin: Origin,
    pub(super) order: Order,
    /// b_i, in a blinded path.
    pub(super) path_offset: Option<Blind>,
    pub(super) hold: Option<HoldId>,
    /// The seed of a route that this node has found itself.
    pub(super) tail: Option<AttemptId>,
    pub(super) stage: Stage,
    /// What the chain says of the incoming edge.
    pub(super) ended: Option<Ended>,
}

/// What is to be done with a payment.
#[derive(Debug)]
pub(super) enum Order {
    Forward(Outgoing),
    Trampoline(TrampolineOrder),
}

/// The edge to offer further.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) to: NextPeer,
    pub(super) amount_msat: u64,
    pub(super) expiry: u32,
    pub(super) path_key: Option<Point>,
    pub(super) packet: Packet,
}

#[derive(Debug)]
pub(super) enum Stage {
    Held,
    /// With y_i, while the driver looks for a route.
    Routing {
        blind: Option<Blind>,
    },
    /// The blind is all that this node has added to the lock.
    Offered {
        lock: Lock,
        blind: Option<Blind>,
    },
    /// The offer is to be withdrawn, since it is too late for it.
    Withdrawing,
    Committed(Committed),
    /// The outgoing edge, if there was one: its secret may still come.
    Failing {
        fail: Fail,
        outgoing: Option<Committed>,
    },
    Claiming {
        secret: LockSecret,
        /// The incoming edge was failed, or taken back, before the secret came.
        late: bool,
    },
}

/// An outgoing edge that stands.
#[derive(Debug)]
pub(super) struct Committed {
    pub(super) outgoing: Edge,
    pub(super) blind: Option<Blind>,
    /// The height of the block in which this node's refund is.
    pub(super) taken_back: Option<u32>,
}

/// A failure that is to be given to the channel, or was.
#[derive(Clone, Debug)]
pub(super) struct Fail {
    pub(super) reason: Refusal,
    pub(super) failure: FailureReply,
    pub(super) given: bool,
}

impl Fail {
    pub(super) fn action(&self, incoming: EdgeId) -> ForwarderAction {
        let (reason, failure) = (self.reason.clone(), self.failure.clone());
        ForwarderAction::Fail { incoming, reason, failure }
    }
}

impl Outgoing {
    pub(super) fn proposal(&self, lock: Lock) -> Proposal {
        Proposal {
            to: self.to,
            amount_msat: self.amount_msat,
            expiry: self.expiry,
            lock,
            path_key: self.path_key,
            packet: self.packet.clone(),
        }
    }
}

impl Forwarding {
    /// What is wanted of it at this height, and confirmed by no event.
    pub(super) fn wanted(&self, deadlines: &Deadlines, height: u32) -> Option<ForwarderAction> {
        let incoming = self.incoming.id;
        match (&self.stage, &self.order) {
            (Stage::Offered { lock, .. }, Order::Forward(outgoing)) => {
                Some(ForwarderAction::Offer { incoming, proposal: outgoing.proposal(*lock) })
            }
            (Stage::Withdrawing, _) => Some(ForwarderAction::Withdraw { incoming }),
            (Stage::Routing { .. }, Order::Trampoline(trampoline)) => {
                Some(trampoline.find_route(incoming))
            }
            (Stage::Committed(committed), _) => {
                let outgoing = committed.outgoing.id;
                let due = deadlines.time_out_at(committed.outgoing.expiry) <= height;
                (due && committed.taken_back.is_none())
                    .then_some(ForwarderAction::TimeOut { outgoing })
            }
            (Stage::Failing { fail, .. }, _) => {
                // Also after it was given: the channel may have crashed before it had it.
                self.ended.is_none().then(|| fail.action(incoming))
            }
            (Stage::Claiming { secret, late }, _) => {
                let secret = secret.clone();
                match self.ended {
                    Some(Ended::Claimed(_)) => None,
                    None if !late && deadlines.claim_at(self.incoming.expiry) > height => {
                        Some(ForwarderAction::Claim { incoming, secret })
                    }
                    None if !late => Some(ForwarderAction::ClaimOnChain { incoming, secret }),
                    _ => Some(ForwarderAction::SecretLate { incoming, secret }),
                }
            }
            _ => None,
        }
    }

    /// The height at which a block has to look at it next, above `height`.
    fn due_at(&self, config: &ForwarderConfig, height: u32) -> Option<u32> {
        let deadlines = &config.deadlines;
        let claim_at = deadlines.claim_at(self.incoming.expiry);
        let next = height.saturating_add(1);
        let ended = self.ended.map(|ended| Deadlines::final_at(ended.height()).max(next));
        let by_stage = match &self.stage {
            Stage::Routing { .. } | Stage::Offered { .. } => {
                self.withdraw_at(config).map(|at| at.max(next))
            }
            Stage::Committed(committed) => match committed.taken_back {
                Some(taken_back) => Some(Deadlines::final_at(taken_back).max(next)),
                None => {
                    let time_out = deadlines.time_out_at(committed.outgoing.expiry);
                    // From then on with every block.
                    let raise_fees = claim_at.max(next);
                    Some(if time_out > height { time_out.min(raise_fees) } else { raise_fees })
                }
            },
            Stage::Claiming { late: false, .. } if self.ended.is_none() => {
                (claim_at > height).then_some(claim_at)
            }
            _ => None,
        };
        match (ended, by_stage) {
            (Some(ended), Some(by_stage)) => Some(ended.min(by_stage)),
            (ended, by_stage) => ended.or(by_stage),
        }
    }

    /// The height at which nothing may be offered any more; None once it was, or while it is held.
    pub(super) fn withdraw_at(&self, config: &ForwarderConfig) -> Option<u32> {
        let incoming = (self.incoming.expiry, config.policy.cltv_expiry_delta);
        let outgoing_expiry = match (&self.stage, &self.order) {
            (Stage::Routing { .. }, Order::Trampoline(trampoline)) => trampoline.max_expiry(),
            (Stage::Offered { .. }, Order::Forward(outgoing)) => outgoing.expiry,
            _ => return None,
        };
        Some(config.deadlines.withdraw_at(outgoing_expiry, Some(incoming)))
    }

    fn outgoing(&self) -> Option<EdgeId> {
        match &self.stage {
            Stage::Committed(committed) | Stage::Failing { outgoing: Some(committed), .. } => {
                Some(committed.outgoing.id)
            }
            _ => None,
        }
    }

    /// The heights of the blocks that it has reports from.
    fn reported(&self) -> impl Iterator<Item = u32> {
        let taken_back = match &self.stage {
            Stage::Committed(committed) => committed.taken_back,
            _ => None,
        };
        taken_back.into_iter().chain(self.ended.map(Ended::height))
    }
}

/// All payments on their way through this node, and what finds them.
#[derive(Debug, Default)]
pub(super) struct Forwardings {
    forwardings: BTreeMap<EdgeId, Box<Entry>>,
    by_outgoing: BTreeMap<EdgeId, EdgeId>,
    by_hold: BTreeMap<HoldId, EdgeId>,
    by_tail: BTreeMap<AttemptId, EdgeId>,
    /// By the height at which a block looks at them. An entry says at which height it is due; elsewhere it is passed over.
    due: BTreeMap<u32, Vec<EdgeId>>,
    reported: BTreeSet<(u32, EdgeId)>,
}

#[derive(Debug)]
struct Entry {
    forwarding: Forwarding,
    /// The outgoing edge, once there is one: its secret may come twice.
    outgoing: Option<EdgeId>,
    due: Option<u32>,
}

impl Forwardings {
    pub(super) fn get(&self, incoming: &EdgeId) -> Option<&Forwarding> {
        self.forwardings.get(incoming).map(|entry| &entry.forwarding)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Forwarding> {
        self.forwardings.values().map(|entry| &entry.forwarding)
    }

    pub(super) fn by_outgoing(&self, outgoing: &EdgeId) -> Option<&Forwarding> {
        self.by_outgoing.get(outgoing).and_then(|incoming| self.get(incoming))
    }

    pub(super) fn by_hold(&self, hold: &HoldId) -> Option<&Forwarding> {
        self.by_hold.get(hold).and_then(|incoming| self.get(incoming))
    }

    pub(super) fn has_tail(&self, tail: &AttemptId) -> bool {
        self.by_tail.contains_key(tail)
    }

    /// Puts a payment in.
    pub(super) fn put(&mut self, config: &ForwarderConfig, height: u32, forwarding: Forwarding) {
        let incoming = forwarding.incoming.id;
        let outgoing = forwarding.outgoing();
        let due = forwarding.due_at(config, height);
        if let Some(outgoing) = outgoing {
            self.by_outgoing.insert(outgoing, incoming);
        }
        if let Some(hold) = forwarding.hold {
            self.by_hold.insert(hold, incoming);
        }
        if let Some(tail) = forwarding.tail {
            self.by_tail.insert(tail, incoming);
        }
        if let Some(due) = due {
            self.due.entry(due).or_default().push(incoming);
        }
        self.reported.extend(forwarding.reported().map(|height| (height, incoming)));
        self.forwardings.insert(incoming, Box::new(Entry { forwarding, outgoing, due }));
    }

    /// Changes a payment, and gives it as it is then. Its outgoing edge stays known, also where the stage after it does not say it any more.
    pub(super) fn change(
        &mut self,
        config: &ForwarderConfig,
        height: u32,
        incoming: &EdgeId,
        change: impl FnOnce(&mut Forwarding),
    ) -> Option<&Forwarding> {
        let entry = self.forwardings.get_mut(incoming)?;
        for height in entry.forwarding.reported() {
            self.reported.remove(&(height, *incoming));
        }
        change(&mut entry.forwarding);
        let forwarding = &entry.forwarding;
        let due = forwarding.due_at(config, height);
        if let Some(due) = due.filter(|_| due != entry.due) {
            self.due.entry(due).or_default().push(*incoming);
        }
        entry.due = due;
        self.reported.extend(forwarding.reported().map(|height| (height, *incoming)));
        let outgoing = forwarding.outgoing().filter(|_| entry.outgoing.is_none());
        if let Some(outgoing) = outgoing {
            entry.outgoing = Some(outgoing);
            self.by_outgoing.insert(outgoing, *incoming);
        }
        if let Some(tail) = forwarding.tail {
            self.by_tail.insert(tail, *incoming);
        }
        Some(forwarding)
    }

    /// Forgets a payment that has ended.
    pub(super) fn remove(&mut self, incoming: &EdgeId) -> Option<Forwarding> {
        let Entry { forwarding, outgoing, .. } = *self.forwardings.remove(incoming)?;
        for height in forwarding.reported() {
            self.reported.remove(&(height, *incoming));
        }
        if let Some(outgoing) = outgoing {
            self.by_outgoing.remove(&outgoing);
        }
        if let Some(hold) = forwarding.hold {
            self.by_hold.remove(&hold);
        }
        if let Some(tail) = forwarding.tail {
            self.by_tail.remove(&tail);
        }
        Some(forwarding)
    }

    /// The payments that a block of this height has to look at.
    pub(super) fn take_due(&mut self, height: u32) -> Vec<EdgeId> {
        let mut due = Vec::new();
        while let Some(first) = self.due.first_entry().filter(|first| *first.key() <= height) {
            let (at, payments) = first.remove_entry();
            for incoming in payments {
                match self.forwardings.get_mut(&incoming) {
                    Some(entry) if entry.due == Some(at) => entry.due = None,
                    _ => continue,
                }
                due.push(incoming);
            }
        }
        // Sorted, so that a restored role acts in the same order.
        due.sort_unstable();
        due
    }

    /// The payments with a report from a block of this height, or a higher one.
    pub(super) fn reported_from(&self, height: u32) -> BTreeSet<EdgeId> {
        let reported = self.reported.iter().rev().take_while(|(reported, _)| *reported >= height);
        reported.map(|(_, incoming)| *incoming).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node may have a hundred thousand of these, so what is long and rare is boxed. `cargo bench --bench scale` measures the whole cost.
    #[test]
    fn an_open_payment_is_small() {
        assert!(size_of::<Forwarding>() <= 1_200, "{} bytes", size_of::<Forwarding>());
    }
}
