//! What neighbours do with each other: offers, secrets, failures.

use pointlock::edge::EdgeId;
use pointlock::lock::LockSecret;
use pointlock::payment::{
    FailureMessage, FailureReply, NodeAction, OfferOrigin, Proposal, ReceiverEvent,
};

use super::blocks::Kind;
use super::setting::node_name;
use super::world::{Waiting, World};
use crate::{Chain, Delivery, Fact, Place, Standing, ToLock, Who};

impl<C: Chain> World<C> {
    /// What a node wants is done.
    pub(super) fn carry_out(&mut self, who: Who, action: NodeAction) {
        match action {
            NodeAction::Offer { origin, proposal } => self.offer(who, origin, proposal),
            NodeAction::Withdraw { origin } => self.withdraw(who, &origin),
            NodeAction::Claimable { incoming } => {
                let told = self.sim.receive(ReceiverEvent::Claiming { incoming });
                self.heeded(Who::Receiver, told);
            }
            NodeAction::Claim { incoming, secret } => self.give_secret(who, &incoming, secret),
            NodeAction::ClaimOnChain { incoming, secret }
            | NodeAction::SecretLate { incoming, secret } => {
                if let Some(contract) = self.own(who, &incoming) {
                    self.broadcast(who, contract, Kind::Claim(secret));
                }
            }
            NodeAction::Fail { incoming, failure, reason } => {
                self.tell(|| format!("{} fails: {reason}", node_name(who)));
                self.give_failure(who, &incoming, failure);
            }
            NodeAction::TimeOut { outgoing } => {
                if let Some(contract) = self.own(who, &outgoing) {
                    self.broadcast(who, contract, Kind::Refund);
                }
            }
            NodeAction::RaiseFees { .. } => {}
            action @ NodeAction::FindRoute { .. } => self.find_route(who, action),
            // Messages, which strangers may send and anybody may refuse, and news for the operator.
            action => drop(self.sim.carry_out(who, action)),
        }
    }

    fn own(&self, who: Who, edge: &EdgeId) -> Option<usize> {
        self.sim.own_contract(who, edge).ok()
    }

    fn offer(&mut self, by: Who, origin: OfferOrigin, mut proposal: Proposal) {
        // After a crash it is wanted again, and the neighbour has it already.
        if self.offers.iter().any(|waiting| waiting.by == by && waiting.origin == origin) {
            return;
        }
        if !self.is_honest(by) {
            self.tampered(&mut proposal);
        }
        let Ok(to) = self.sim.peer(by, &proposal.to) else {
            let told = self.sim.offer_failed(by, &origin);
            self.heeded(by, told);
            return;
        };
        let waiting = Waiting { by, to, origin, proposal };
        if self.stalls(to) {
            self.offers.push(waiting);
        } else {
            self.commit(waiting);
        }
    }

    /// A stalling node answers one of the offers that wait.
    pub(super) fn answer(&mut self, number: usize, takes: bool) {
        if self.offers.is_empty() {
            return;
        }
        let waiting = self.offers.remove(number % self.offers.len());
        if takes {
            self.commit(waiting);
        } else {
            let told = self.sim.offer_failed(waiting.by, &waiting.origin);
            self.heeded(waiting.by, told);
        }
    }

    /// Both sides agree. The offerer's role is asked before its signature leaves.
    pub(super) fn commit(&mut self, waiting: Waiting) {
        let Waiting { by, to, origin, proposal } = waiting;
        let place = self.sim.place(by, &origin).unwrap_or_default();
        let Proposal { amount_msat, expiry, lock, path_key, packet, .. } = proposal;
        let to_lock = ToLock { offerer: by, claimer: to, amount_msat, expiry, lock };
        let Some(contract) = self.make(place, &to_lock) else {
            let told = self.sim.offer_failed(by, &origin);
            self.heeded(by, told);
            return;
        };
        self.origins.insert(contract, origin);
        let edge = self.sim.contracts[contract].outgoing();
        let told = match edge {
            Ok(edge) => self.sim.outgoing_committed(by, origin, edge),
            Err(source) => Err(self.sim.contract_error(by, source)),
        };
        if !self.heeded(by, told) && self.is_honest(by) {
            self.sim.contracts[contract].standing = Standing::Void;
            return;
        }
        let delivery = Delivery { contract, path_key, packet };
        self.offered.push(delivery.clone());
        self.deliver(delivery);
    }

    /// A contract that stands, of which nobody was told.
    pub(super) fn make(&mut self, place: Place, to_lock: &ToLock) -> Option<usize> {
        let contract = self.sim.make_contract(place, to_lock).ok()?;
        let ToLock { offerer, claimer, amount_msat, expiry, .. } = *to_lock;
        self.tell(|| {
            let (offerer, claimer) = (node_name(offerer), node_name(claimer));
            format!(
                "contract {contract}: {amount_msat} msat from {offerer} to {claimer} until {expiry}"
            )
        });
        Some(contract)
    }

    /// The claimer is told of it.
    pub(super) fn deliver(&mut self, delivery: Delivery) {
        let claimer = self.sim.contracts[delivery.contract].claimer;
        if matches!(claimer, Who::Sender(_)) {
            return;
        }
        let told = self.sim.deliver(delivery);
        self.heeded(claimer, told);
    }

    fn withdraw(&mut self, by: Who, origin: &OfferOrigin) {
        self.offers.retain(|waiting| waiting.by != by || waiting.origin != *origin);
        self.tell(|| format!("{} withdraws an offer", node_name(by)));
        let told = self.sim.withdraw(by, origin);
        self.heeded(by, told);
    }

    /// The claimer gives its secret to the offerer, which takes it or only looks at it.
    fn give_secret(&mut self, by: Who, incoming: &EdgeId, secret: LockSecret) {
        let Some(contract) = self.own(by, incoming).filter(|contract| self.open(*contract)) else {
            return;
        };
        if self.stalls(self.sim.contracts[contract].offerer) {
            self.given.insert(contract, secret);
        } else {
            self.settle(contract, &secret);
        }
    }

    /// A claim without a block: the offerer has seen the secret, and the contract is gone.
    pub(super) fn settle(&mut self, contract: usize, secret: &LockSecret) {
        let settled = &self.sim.contracts[contract];
        // No offerer takes anything else.
        if !self.open(contract) || !settled.terms().lock.is_opened_by(secret) {
            return;
        }
        let (by, offerer, edge) = (settled.claimer, settled.offerer, settled.edge_id());
        let (sat, height) = (settled.amount_sat(), self.sim.chain.height());
        self.sim.contracts[contract].standing = Standing::Claimed { height };
        self.sim.note(Fact::Claimed { by, edge, secret: secret.clone(), sat });
        self.tell(|| format!("contract {contract}: claimed by {}", node_name(by)));
        let told = self.sim.outgoing_fulfilled(offerer, edge, secret.clone());
        self.heeded(offerer, told);
        let told = self.sim.incoming_claimed(by, edge);
        self.heeded(by, told);
    }

    /// The claimer gives the failure to the offerer. If its role does not let it, the secret has come.
    fn give_failure(&mut self, by: Who, incoming: &EdgeId, failure: FailureReply) {
        let Some(contract) = self.own(by, incoming).filter(|contract| self.open(*contract)) else {
            return;
        };
        let failure = failure.after(self.sim.hold_time(contract));
        let told = self.sim.fail_given(by, *incoming);
        if !self.heeded(by, told) {
            return;
        }
        if self.stalls(self.sim.contracts[contract].offerer) {
            self.failed.insert(contract, failure);
        } else {
            self.end_failed(contract, Some(failure));
        }
    }

    pub(super) fn end_failed(&mut self, contract: usize, failure: Option<FailureMessage>) {
        if !self.open(contract) {
            return;
        }
        let ended = &mut self.sim.contracts[contract];
        ended.standing = Standing::Void;
        let (by, offerer, edge) = (ended.claimer, ended.offerer, ended.edge_id());
        self.tell(|| format!("contract {contract}: failed by {}", node_name(by)));
        let told = self.sim.incoming_failed(by, edge);
        self.heeded(by, told);
        let told = self.sim.outgoing_failed(offerer, edge, failure);
        self.heeded(offerer, told);
    }

    /// A stalling offerer takes one of the secrets and failures that it was given.
    pub(super) fn take(&mut self, number: usize) {
        let waiting: Vec<usize> = self.given.keys().chain(self.failed.keys()).copied().collect();
        if !waiting.is_empty() {
            self.take_this(waiting[number % waiting.len()]);
        }
    }

    pub(super) fn take_this(&mut self, contract: usize) {
        if let Some(secret) = self.given.remove(&contract) {
            self.settle(contract, &secret);
        } else if let Some(failure) = self.failed.remove(&contract) {
            self.end_failed(contract, Some(failure));
        }
    }
}
