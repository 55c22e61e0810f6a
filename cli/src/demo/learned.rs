//! What each party knew at the end.

use std::collections::BTreeMap;

use pointlock::edge::EdgeId;
use pointlock::hold::HoldId;
use pointlock::lock::LockSecret;
use pointlock::payment::{AttemptId, SecretSource};
use pointlock_sim::{Attempt, Contract, Who};

use super::facts::Learned;
use super::story::{SLOTS, Story, payer};
use crate::narration::{part_mark, subscript};

impl Story<'_> {
    /// By payment; a letter above the line is the part.
    pub(super) fn learned(&self) -> Vec<Learned> {
        let sim = &self.stage.sim;
        let parties = sim.everybody().map(|who| {
            let mut by_payment: BTreeMap<Option<usize>, Vec<String>> = BTreeMap::new();
            for known in sim.view(who).secrets() {
                let (payment, what) = self.describe(&known.source, &known.secret);
                let list = by_payment.entry(payment).or_default();
                if !list.contains(&what) {
                    list.push(what);
                }
            }
            let secrets = by_payment.into_iter().map(|(payment, list)| match payment {
                Some(payment) => format!("{}: {}", payer(payment), list.join(", ")),
                None => list.join(", "),
            });
            Learned { party: sim.name(who).to_owned(), secrets: secrets.collect() }
        });
        let vault = Learned {
            party: "vault".to_owned(),
            secrets: self
                .vault
                .invoices
                .values()
                .map(|_| "the invoice, no secret".to_owned())
                .collect(),
        };
        parties.chain([vault].into_iter().filter(|_| self.system.reuses_invoice())).collect()
    }

    fn describe(&self, source: &SecretSource, secret: &LockSecret) -> (Option<usize>, String) {
        let is_preimage = matches!(secret, LockSecret::Preimage(_));
        let sim = &self.stage.sim;
        let of_edge = |edge: &EdgeId, name: &dyn Fn(&Contract) -> String| {
            let Some(contract) = sim.contract(edge) else { return (None, "?".to_owned()) };
            let contract = &sim.contracts[contract];
            let mark = self.stage.mark(contract.place.payment, contract.place.part);
            (Some(contract.place.payment), format!("{}{mark}", name(contract)))
        };
        let attempt = |id: &AttemptId| sim.attempts.iter().find(|attempt| attempt.id == *id);
        let mark = |attempt: &Attempt| self.stage.mark(attempt.payment, attempt.part);
        match source {
            SecretSource::Payment { .. } | SecretSource::Lock { .. } if is_preimage => {
                (None, "the preimage".to_owned())
            }
            SecretSource::Payment { .. } => (None, "z".to_owned()),
            SecretSource::PointSecret { .. } => (None, "z(x)".to_owned()),
            SecretSource::Coefficient { .. } => (None, format!("z₀ … z{}", subscript(SLOTS))),
            SecretSource::DrawnBlind { attempt: id, hop } => match attempt(id) {
                // What the sender's LSP drew for the rest of the route.
                Some(attempt) if attempt.tail_of.is_some() => {
                    let hop = subscript(attempt.edges_before + hop);
                    (Some(attempt.payment), format!("y′{hop}{}", mark(attempt)))
                }
                Some(attempt) => (None, format!("y{}{}", subscript(*hop), mark(attempt))),
                None => (None, format!("y{}", subscript(*hop))),
            },
            SecretSource::DrawnPreimage { .. } => (None, "the preimage".to_owned()),
            SecretSource::PayersPreimage { incoming } => {
                of_edge(incoming, &|_| "the preimage".to_owned())
            }
            SecretSource::DrawnShare { attempt: id } => {
                (None, format!("q{}", attempt(id).map_or("", mark)))
            }
            SecretSource::WithheldShare { .. } => (None, "q₀".to_owned()),
            SecretSource::GivenShare { incoming } => of_edge(incoming, &|_| "q₀".to_owned()),
            SecretSource::Blind { incoming } => of_edge(incoming, &|contract| {
                let prime = match sim.attempts[contract.place.attempt].tail_of {
                    Some(_) => "′",
                    None => "",
                };
                format!("y{prime}{}", subscript(contract.place.number))
            }),
            SecretSource::PathOffset { incoming } => {
                let path = sim.contract(incoming).and_then(|contract| {
                    let place = sim.contracts[contract].place;
                    let path = sim.attempts[place.attempt].path?;
                    Some(subscript(place.number - path.introduction))
                });
                // The same for every payment along the path.
                (None, format!("b{}", path.unwrap_or_default()))
            }
            SecretSource::PathOffsetSum { .. } => (None, "B".to_owned()),
            SecretSource::Share { incoming } => of_edge(incoming, &|_| "q".to_owned()),
            SecretSource::TailBlind { incoming } => of_edge(incoming, &|_| "δ".to_owned()),
            SecretSource::FinalBlind { incoming } => of_edge(incoming, &|_| "Y".to_owned()),
            SecretSource::HeldBlind { hold } => {
                let (payment, mark) = self.held(hold);
                (payment, format!("y₁{mark} + h{mark}"))
            }
            SecretSource::Release { hold } => {
                let (payment, mark) = self.held(hold);
                (payment, format!("h{mark}"))
            }
            SecretSource::Lock { edge } => {
                of_edge(edge, &|contract| format!("l{}", subscript(contract.place.number)))
            }
        }
    }

    /// The payment that is held, and the mark of its part: a payer's view has the h of its parts in their order.
    fn held(&self, hold: &HoldId) -> (Option<usize>, &'static str) {
        let sim = &self.stage.sim;
        for payment in 0..sim.senders.len() {
            let secrets = sim.view(Who::Sender(payment)).secrets().iter();
            let mut holds = secrets.filter_map(|known| match known.source {
                SecretSource::Release { hold } => Some(hold),
                _ => None,
            });
            if let Some(part) = holds.position(|known| known == *hold) {
                let mark = if sim.payments[payment].parts > 1 { part_mark(part) } else { "" };
                return (Some(payment), mark);
            }
        }
        (None, "")
    }
}
