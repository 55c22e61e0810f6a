//! What those who are not honest do. They are one party: what one of them knows, all know.

use std::collections::{BTreeMap, BTreeSet};

use pointlock::curve::SecretScalar;
use pointlock::lock::{Lock, LockSecret};
use pointlock::payment::{OfferOrigin, Proposal};

use super::Tamper;
use super::blocks::Kind;
use super::world::World;
use crate::{Chain, Contract, Delivery, ToLock, Who};

/// The scalars that the coalition knows by their points, and the preimages.
#[derive(Default)]
pub(super) struct Known {
    scalars: BTreeMap<[u8; 33], SecretScalar>,
    preimages: Vec<LockSecret>,
    /// How many secrets of each view are among them.
    seen: BTreeMap<Who, usize>,
    /// Claims that were shown, by their contracts.
    shown: BTreeSet<usize>,
    /// What opens a contract, as far as was known when there were so many secrets.
    openings: BTreeMap<usize, (usize, Option<LockSecret>)>,
}

impl Known {
    fn learn(&mut self, secret: &LockSecret) {
        match secret {
            LockSecret::Scalar(scalar) => {
                self.scalars.insert(scalar.to_point().to_bytes(), scalar.clone());
            }
            LockSecret::Preimage(_) => self.preimages.push(secret.clone()),
        }
    }

    fn count(&self) -> usize {
        self.scalars.len() + self.preimages.len()
    }

    /// What opens this contract, looked for again when more is known.
    fn opening_of(&mut self, number: usize, lock: &Lock) -> Option<LockSecret> {
        let count = self.count();
        let found = self.openings.get(&number);
        if let Some((_, secret)) = found.filter(|(then, secret)| *then == count || secret.is_some())
        {
            return secret.clone();
        }
        let secret = self.opening(lock);
        self.openings.insert(number, (count, secret.clone()));
        secret
    }

    /// What opens the lock: something known, or the sum or difference of two.
    fn opening(&self, lock: &Lock) -> Option<LockSecret> {
        let Lock::Point(point) = lock else {
            return self.preimages.iter().find(|secret| lock.is_opened_by(secret)).cloned();
        };
        if let Some(scalar) = self.scalars.get(&point.to_bytes()) {
            return Some(LockSecret::Scalar(scalar.clone()));
        }
        self.scalars.values().find_map(|one| {
            let other = |point: &pointlock::curve::Point| self.scalars.get(&point.to_bytes());
            let own = one.to_point();
            let sum = point.sub(&own).ok().and_then(|rest| other(&rest)).map(|rest| one.add(rest));
            let difference = || {
                let larger = point.add(&own).ok();
                larger.and_then(|larger| other(&larger).map(|larger| larger.sub(one)))
            };
            sum.or_else(difference)?.ok().map(LockSecret::Scalar)
        })
    }
}

impl<C: Chain> World<C> {
    /// All that these nodes have learned, and what they were shown.
    fn learn(&mut self) {
        for who in &self.setting.colluding {
            let secrets = self.sim.view(*who).secrets();
            // A crash makes a view anew.
            let seen = self.known.seen.insert(*who, secrets.len()).unwrap_or(0).min(secrets.len());
            secrets[seen..].iter().for_each(|secret| self.known.learn(&secret.secret));
        }
        for (contract, secret) in &self.given {
            if self.known.shown.insert(*contract) {
                self.known.learn(secret);
            }
        }
        // What is on its way into a block, everybody sees.
        for sent in &self.mempool {
            if let Kind::Claim(secret) = &sent.kind {
                if self.known.shown.insert(sent.contract) {
                    self.known.learn(secret);
                }
            }
        }
    }

    fn is_gain(&self, contract: &Contract) -> bool {
        !self.is_honest(contract.claimer) && self.is_honest(contract.offerer)
    }

    pub(super) fn claim_all(&mut self, on_chain: bool) {
        let open = self.open_where(|contract| self.is_gain(contract));
        if open.is_empty() {
            return;
        }
        self.learn();
        for number in open {
            let contract = &self.sim.contracts[number];
            let (lock, claimer) = (contract.terms().lock, contract.claimer);
            let Some(secret) = self.known.opening_of(number, &lock) else { continue };
            if on_chain {
                self.broadcast(claimer, number, Kind::Claim(secret));
            } else {
                self.settle(number, &secret);
            }
        }
    }

    pub(super) fn take_all_back(&mut self) {
        let height = self.sim.chain.height();
        let expired = |contract: &Contract| {
            !self.is_honest(contract.offerer) && contract.terms().expiry <= height + 1
        };
        for number in self.open_where(expired) {
            self.broadcast(self.sim.contracts[number].offerer, number, Kind::Refund);
        }
    }

    /// Whatever its role says, and without a word why.
    pub(super) fn fail_back(&mut self, number: usize) {
        let open = self.open_where(|contract| self.is_gain(contract));
        if !open.is_empty() {
            self.end_failed(open[number % open.len()], None);
        }
    }

    pub(super) fn tampered(&mut self, proposal: &mut Proposal) {
        match self.tamper.take() {
            None => {}
            Some(Tamper::Less(msat)) => {
                proposal.amount_msat = proposal.amount_msat.saturating_sub(msat);
            }
            Some(Tamper::Earlier(blocks)) => {
                proposal.expiry = proposal.expiry.saturating_sub(blocks);
            }
            Some(Tamper::Later(blocks)) => proposal.expiry = proposal.expiry.saturating_add(blocks),
            Some(Tamper::Lock) => proposal.lock = Lock::Point(self.sim.entropy.secret().to_point()),
        }
    }

    /// The same onion comes to the same node again: from its neighbour, or from a stranger.
    pub(super) fn offer_again(&mut self, number: usize, by: Who) {
        if self.offered.is_empty() || self.is_honest(by) {
            return;
        }
        let again = self.offered[number % self.offered.len()].clone();
        let contract = &self.sim.contracts[again.contract];
        if contract.claimer == by || matches!(contract.claimer, Who::Sender(_)) {
            return;
        }
        let terms = contract.terms();
        let to_lock = ToLock {
            offerer: by,
            claimer: contract.claimer,
            amount_msat: contract.amount_msat,
            expiry: terms.expiry,
            lock: terms.lock,
        };
        let place = contract.place;
        let Some(contract) = self.make(place, &to_lock) else { return };
        self.deliver(Delivery { contract, ..again });
    }

    /// The incoming contract of an outgoing one.
    pub(super) fn incoming_of(&self, contract: usize) -> Option<usize> {
        match self.origins.get(&contract)? {
            OfferOrigin::Incoming(incoming) => self.sim.contract(incoming),
            OfferOrigin::Attempt(_) => None,
        }
    }
}
