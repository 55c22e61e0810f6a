//! What is to become of each incoming edge, and until when.

mod snapshot;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::super::ended::Ended;
use super::super::failure::Origin;
use super::super::{Deadlines, FailureReply, Refusal};
use super::ReceiverAction;
use crate::edge::{Edge, EdgeId};
use crate::lock::LockSecret;

/// An edge that pays this node.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) edge: Edge,
    pub(super) stage: Stage,
    /// What the chain says of it.
    pub(super) ended: Option<Ended>,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// Other parts are missing.
    Waiting,
    /// Its payment is complete and its claim recorded. The edges of a payment are known by the first of them.
    Due { secret: LockSecret, payment: EdgeId, origin: Origin },
    /// To be failed. Whether the driver has begun to.
    Fail { reason: Refusal, failure: FailureReply, given: bool },
}

/// The edges of a payment that is complete.
#[derive(Debug)]
struct Complete {
    edges: BTreeSet<EdgeId>,
    /// Whether a secret of one of them was given to the driver. All of them are derived from each other.
    given: bool,
}

/// All edges that pay this node, until they have ended.
#[derive(Debug, Default)]
pub(super) struct Standings {
    standings: BTreeMap<EdgeId, Standing>,
    /// By the first of their edges.
    complete: BTreeMap<EdgeId, Complete>,
    /// By the height at which a block has to look at them.
    due: BTreeSet<(u32, EdgeId)>,
}

impl Standings {
    pub(super) fn contains(&self, id: &EdgeId) -> bool {
        self.standings.contains_key(id)
    }

    pub(super) fn get(&self, id: &EdgeId) -> Option<&Standing> {
        self.standings.get(id)
    }

    pub(super) fn len(&self) -> usize {
        self.standings.len()
    }

    /// Puts an edge in, or into another stage.
    pub(super) fn put(&mut self, deadlines: &Deadlines, edge: Edge, stage: Stage) {
        let before = self.standings.remove(&edge.id);
        let ended = before.as_ref().and_then(|standing| standing.ended);
        if let Some(before) = &before {
            self.unlink(deadlines, before);
        }
        if let Stage::Due { payment, .. } = &stage {
            let complete = Complete { edges: BTreeSet::new(), given: false };
            self.complete.entry(*payment).or_insert(complete).edges.insert(edge.id);
        }
        let standing = Standing { edge, stage, ended };
        self.due.extend(due_at(deadlines, &standing).map(|due| (due, edge.id)));
        self.standings.insert(edge.id, standing);
    }

    /// What the chain says of an edge, or does not say any more.
    pub(super) fn set_ended(&mut self, deadlines: &Deadlines, id: &EdgeId, ended: Option<Ended>) {
        let Some(standing) = self.standings.get_mut(id) else { return };
        if let Some(due) = due_at(deadlines, standing) {
            self.due.remove(&(due, *id));
        }
        standing.ended = ended;
        self.due.extend(due_at(deadlines, standing).map(|due| (due, *id)));
    }

    /// The driver has begun to fail an edge; says whether there was that to do.
    pub(super) fn set_fail_given(&mut self, id: &EdgeId) -> bool {
        match self.standings.get_mut(id).map(|standing| &mut standing.stage) {
            Some(Stage::Fail { given, .. }) => {
                *given = true;
                true
            }
            _ => false,
        }
    }

    /// Forgets an edge that has ended.
    pub(super) fn remove(&mut self, deadlines: &Deadlines, id: &EdgeId) {
        if let Some(standing) = self.standings.remove(id) {
            self.unlink(deadlines, &standing);
        }
    }

    fn unlink(&mut self, deadlines: &Deadlines, standing: &Standing) {
        let id = standing.edge.id;
        if let Some(due) = due_at(deadlines, standing) {
            self.due.remove(&(due, id));
        }
        let Stage::Due { payment, .. } = &standing.stage else { return };
        if let Some(complete) = self.complete.get_mut(payment) {
            complete.edges.remove(&id);
            if complete.edges.is_empty() {
                self.complete.remove(payment);
            }
        }
    }

    /// Whether a secret of this payment was given away.
    pub(super) fn is_given(&self, payment: &EdgeId) -> bool {
        self.complete.get(payment).is_some_and(|complete| complete.given)
    }

    /// From here on it was; says whether it had been before.
    pub(super) fn set_given(&mut self, payment: &EdgeId) -> bool {
        let complete = self.complete.get_mut(payment);
        complete.is_some_and(|complete| core::mem::replace(&mut complete.given, true))
    }

    /// The edges of a complete payment.
    pub(super) fn edges_of(&self, payment: &EdgeId) -> Vec<EdgeId> {
        let complete = self.complete.get(payment);
        complete.map(|complete| complete.edges.iter().copied().collect()).unwrap_or_default()
    }

    /// The edges that a block of this height has to look at.
    pub(super) fn due(&self, height: u32) -> Vec<EdgeId> {
        self.due.iter().take_while(|(at, _)| *at <= height).map(|(_, id)| *id).collect()
    }

    /// The edges with a report from a block of this height, or a higher one.
    pub(super) fn reported_from(&self, height: u32) -> Vec<EdgeId> {
        let lowest = Deadlines::final_at(height);
        let late = self.due.iter().rev().take_while(|(at, _)| *at >= lowest).map(|(_, id)| *id);
        let ended = |id: &EdgeId| self.standings.get(id).is_some_and(|it| it.ended.is_some());
        late.filter(ended).collect()
    }

    /// What is wanted of an edge at this height, and confirmed by no event.
    pub(super) fn wanted(
        &self,
        deadlines: &Deadlines,
        id: &EdgeId,
        height: u32,
    ) -> Option<ReceiverAction> {
        let incoming = *id;
        let Standing { edge, stage, ended } = self.standings.get(id)?;
        match stage {
            Stage::Waiting => None,
            // Also after it was given: the channel may have crashed before it had it.
            Stage::Fail { reason, failure, .. } => {
                let (reason, failure) = (reason.clone(), failure.clone());
                ended.is_none().then_some(ReceiverAction::Fail { incoming, reason, failure })
            }
            Stage::Due { secret, payment, .. } => {
                let (secret, given) = (secret.clone(), self.is_given(payment));
                match ended {
                    Some(Ended::Claimed(_)) => None,
                    Some(Ended::TakenBack(_)) => {
                        given.then_some(ReceiverAction::SecretLate { incoming, secret })
                    }
                    None if !given => Some(ReceiverAction::Claimable { incoming }),
                    None if deadlines.claim_at(edge.expiry) <= height => {
                        Some(ReceiverAction::ClaimOnChain { incoming, secret })
                    }
                    None => Some(ReceiverAction::Claim { incoming, secret }),
                }
            }
        }
    }

    /// All that is wanted at this height.
    pub(super) fn pending<'a>(
        &'a self,
        deadlines: &'a Deadlines,
        height: u32,
    ) -> impl Iterator<Item = ReceiverAction> + 'a {
        self.standings.keys().filter_map(move |id| self.wanted(deadlines, id, height))
    }
}

fn due_at(deadlines: &Deadlines, standing: &Standing) -> Option<u32> {
    match (standing.ended, &standing.stage) {
        (Some(ended), _) => Some(Deadlines::final_at(ended.height())),
        (None, Stage::Due { .. }) => Some(deadlines.claim_at(standing.edge.expiry)),
        // Those that wait are known by their sets.
        (None, Stage::Waiting | Stage::Fail { .. }) => None,
    }
}
