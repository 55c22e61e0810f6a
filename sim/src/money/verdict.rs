//! Whether each honest node has what it had, less the fees that it agreed to pay.

use std::collections::BTreeMap;
use std::fmt;

use pointlock::payment::ForwardingPolicy;

use super::setting::node_name;
use super::world::{LEAST_MSAT, World};
use crate::{Chain, Contract, Fact, Standing, Who};

/// An honest node that has less than it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Who.
    pub who: Who,
    /// How.
    pub what: String,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", node_name(self.who), self.what)
    }
}

/// How a history went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What everybody has won or lost, in millisatoshi. What stands open counts as paid, and as not received.
    pub balances: BTreeMap<Who, i64>,
    /// How many contracts there were.
    pub contracts: usize,
    /// How many were claimed.
    pub claimed: usize,
    /// How many claims and refunds of honest nodes are in blocks.
    pub on_chain: usize,
    /// How many payments of honest senders have arrived.
    pub paid: usize,
    /// What happened, in words.
    pub story: Vec<String>,
    /// What honest roles refused, in words.
    pub refused: Vec<String>,
}

impl Outcome {
    /// The balances, by the names that a history has.
    pub fn named(&self) -> impl Iterator<Item = (String, i64)> + '_ {
        self.balances.iter().map(|(who, msat)| (node_name(*who), *msat))
    }
}

/// What an offerer has spent, as far as it can still be taken: what is open counts.
fn is_spent(contract: &Contract) -> bool {
    contract.standing != Standing::Void
}

fn is_claimed(contract: &Contract) -> bool {
    contract.claimed_at().is_some()
}

impl<C: Chain> World<C> {
    /// The judgement, and how it went.
    pub(super) fn judge(self) -> (Outcome, Result<(), Loss>) {
        let verdict = self.setting.everybody().into_iter().try_for_each(|who| {
            let judged = match who {
                _ if !self.is_honest(who) => Ok(()),
                Who::Sender(index) => self.judge_sender(index),
                Who::Forwarder(number) => self.judge_forwarder(number),
                Who::Receiver => self.judge_receiver(),
            };
            judged.map_err(|what| Loss { who, what })
        });
        let contracts = &self.sim.contracts;
        let mut balances = BTreeMap::new();
        for contract in contracts.iter().filter(|contract| is_spent(contract)) {
            let msat = i64::try_from(contract.amount_msat).unwrap_or(i64::MAX);
            *balances.entry(contract.offerer).or_default() -= msat;
            if is_claimed(contract) {
                *balances.entry(contract.claimer).or_default() += msat;
            }
        }
        let of_honest = |sent: &&super::blocks::Broadcast| self.is_honest(sent.by);
        let outcome = Outcome {
            balances,
            contracts: contracts.len(),
            claimed: contracts.iter().filter(|contract| is_claimed(contract)).count(),
            on_chain: self.blocks.values().flatten().filter(of_honest).count(),
            paid: self
                .paid()
                .filter(|payment| self.is_honest(Who::Sender(self.sim.payments[*payment].sender)))
                .count(),
            story: self.story,
            refused: self.refused,
        };
        (outcome, verdict)
    }

    /// The payments that have arrived, as their senders see it.
    fn paid(&self) -> impl Iterator<Item = usize> + '_ {
        self.sim.facts().filter_map(|fact| match fact {
            Fact::Paid { by: Who::Sender(index), payment, .. } => self.sim.payment(*index, payment),
            _ => None,
        })
    }

    /// Each outgoing edge that was claimed, or may still be, was paid for by an incoming one of its own, fee included.
    fn judge_forwarder(&self, number: usize) -> Result<(), String> {
        let (own, contracts) = (Who::Forwarder(number), &self.sim.contracts);
        let policy = self.sim.policy(own);
        let mut used = BTreeMap::new();
        let outgoing = contracts.iter().enumerate();
        for (number, outgoing) in outgoing.filter(|(_, c)| c.offerer == own && is_spent(c)) {
            let Some(incoming) = self.incoming_of(number) else {
                return Err(format!("has paid contract {number} for nothing"));
            };
            if let Some(other) = used.insert(incoming, number) {
                return Err(format!(
                    "has paid contracts {other} and {number} for contract {incoming}"
                ));
            }
            let paid_by = &contracts[incoming];
            if !is_claimed(paid_by) {
                return Err(format!(
                    "has paid contract {number}, and not claimed contract {incoming}"
                ));
            }
            let fee = policy.fee_msat(outgoing.amount_msat).unwrap_or(u64::MAX);
            if paid_by.amount_msat < outgoing.amount_msat.saturating_add(fee) {
                let (got, gave) = (paid_by.amount_msat, outgoing.amount_msat);
                return Err(format!("has got {got} msat for {gave} msat and a fee of {fee} msat"));
            }
        }
        Ok(())
    }

    /// What a sender has spent belongs to payments that have arrived, each part once, at the price that was agreed on.
    fn judge_sender(&self, index: usize) -> Result<(), String> {
        let own = Who::Sender(index);
        let mut spent: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for contract in self.sim.contracts.iter().filter(|c| c.offerer == own && is_spent(c)) {
            let place = contract.place;
            let part = (place.payment, place.part);
            if spent.insert(part, contract.amount_msat).is_some() {
                return Err(format!(
                    "has paid part {} of payment {} twice",
                    place.part, place.payment
                ));
            }
            if !self.paid().any(|payment| payment == place.payment) {
                return Err(format!(
                    "has spent money for payment {}, which has not arrived",
                    place.payment
                ));
            }
        }
        for (payment, _) in spent.keys() {
            let parts = spent.range((*payment, 0)..=(*payment, usize::MAX));
            let sum: u64 = parts.map(|(_, msat)| msat).sum();
            let most = self.most_msat(*payment);
            if sum > most {
                return Err(format!(
                    "has spent {sum} msat for payment {payment}, and agreed on {most} at most"
                ));
            }
        }
        for payment in self.paid().filter(|payment| self.sim.payments[*payment].sender == index) {
            let (got, ordered) = (self.received(payment), self.ordered_msat(payment));
            if self.is_honest(Who::Receiver) && got < ordered {
                return Err(format!(
                    "has paid payment {payment}, of which the receiver has {got} msat of {ordered}"
                ));
            }
        }
        Ok(())
    }

    /// The amount, the budget of whoever finds the way, and the fee of every forwarder there is, each for what comes behind it.
    fn most_msat(&self, payment: usize) -> u64 {
        // A path asks for a millisatoshi more a node, and for whole millionths.
        const ROUNDING_MSAT: u64 = 100;
        let Some(pay) = self.orders.get(&payment) else { return 0 };
        let with_fee = |amount: u64, policy: &ForwardingPolicy| {
            amount.saturating_add(policy.fee_msat(amount).unwrap_or(u64::MAX))
        };
        let first = if pay.trampoline {
            with_fee(pay.amount_msat, &self.budget())
        } else {
            pay.amount_msat
        };
        let whole =
            self.setting.forwarders.iter().fold(first, |amount, policy| {
                with_fee(amount, policy).saturating_add(ROUNDING_MSAT)
            });
        let more_parts = pay.routes.len() as u64 - 1;
        let base = |policy: &ForwardingPolicy| policy.fee_base_msat + ROUNDING_MSAT;
        let mut bases: u64 = self.setting.forwarders.iter().map(base).sum();
        bases += if pay.trampoline { self.budget().fee_base_msat } else { 0 };
        // A base is asked for with every part; and fees on it are below as much again.
        whole.saturating_add(2 * more_parts * bases)
    }

    fn ordered_msat(&self, payment: usize) -> u64 {
        self.orders.get(&payment).map_or(LEAST_MSAT, |pay| pay.amount_msat)
    }

    /// What the receiver has of a payment.
    fn received(&self, payment: usize) -> u64 {
        let is_of = |c: &&Contract| c.claimer == Who::Receiver && c.place.payment == payment;
        let contracts = self.sim.contracts.iter().filter(is_of);
        contracts.filter(|c| is_claimed(c)).map(|c| c.amount_msat).sum()
    }

    /// The receiver has given a secret away for a whole payment, or not at all.
    fn judge_receiver(&self) -> Result<(), String> {
        for payment in 0..self.sim.payments.len() {
            let (got, ordered) = (self.received(payment), self.ordered_msat(payment));
            if got > 0 && got < ordered {
                return Err(format!(
                    "has {got} msat of payment {payment}, which is of {ordered} msat"
                ));
            }
        }
        Ok(())
    }
}
