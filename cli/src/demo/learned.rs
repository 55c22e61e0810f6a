//! What each party knew at the end.

use std::collections::BTreeMap;

use pointlock::hold::HoldId;
use pointlock::lock::LockSecret;
use pointlock::payment::{AttemptId, SecretSource};

use super::facts::Learned;
use super::story::{Story, payer};
use super::world::{Attempt, Edge, OnPath, part_mark, subscript};

impl Story<'_> {
    /// By payment; a letter above the line is the part.
    pub(super) fn learned(&self) -> Vec<Learned> {
        let parties = self.world.parties.iter().map(|party| {
            let mut by_payment: BTreeMap<Option<usize>, Vec<String>> = BTreeMap::new();
            for known in party.view().secrets() {
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
            Learned { party: party.name.clone(), secrets: secrets.collect() }
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
        let of_edge = |contract: &bitcoin::OutPoint, name: &dyn Fn(&Edge) -> String| {
            let edge = self.world.edges.iter().find(|edge| edge.outpoint() == *contract);
            edge.map_or((None, "?".to_owned()), |edge| {
                let mark = self.world.mark(edge.payment, edge.part);
                (Some(edge.payment), format!("{}{mark}", name(edge)))
            })
        };
        let attempt = |id: &AttemptId| self.world.attempts.iter().find(|attempt| attempt.id == *id);
        let mark = |attempt: &Attempt| self.world.mark(attempt.payment, attempt.part);
        match source {
            SecretSource::Payment { .. } | SecretSource::Lock { .. } if is_preimage => {
                (None, "the preimage".to_owned())
            }
            SecretSource::Payment { .. } => (None, "z".to_owned()),
            SecretSource::PointSecret { .. } => (None, "z(x)".to_owned()),
            SecretSource::Coefficient { index, .. } => (None, format!("z{}", subscript(*index))),
            SecretSource::DrawnBlind { attempt: id, hop } => match attempt(id) {
                // What the sender's LSP drew for the rest of the route.
                Some(attempt) if attempt.tail_of.is_some() => {
                    let hop = subscript(attempt.edges_before + hop);
                    (Some(attempt.payment), format!("y′{hop}{}", mark(attempt)))
                }
                Some(attempt) => (None, format!("y{}{}", subscript(*hop), mark(attempt))),
                None => (None, format!("y{}", subscript(*hop))),
            },
            SecretSource::DrawnShare { attempt: id } => {
                (None, format!("q{}", attempt(id).map_or("", mark)))
            }
            SecretSource::WithheldShare { .. } => (None, "q₀".to_owned()),
            SecretSource::GivenShare { incoming } => of_edge(incoming, &|_| "q₀".to_owned()),
            SecretSource::Blind { incoming } => of_edge(incoming, &|edge| {
                let prime = match self.world.attempts[edge.attempt].tail_of {
                    Some(_) => "′",
                    None => "",
                };
                format!("y{prime}{}", subscript(edge.number))
            }),
            SecretSource::PathBlind { incoming } => {
                let edge = self.world.edges.iter().find(|edge| edge.outpoint() == *incoming);
                let path = edge.and_then(|edge| {
                    let OnPath { introduction, .. } = self.world.attempts[edge.attempt].path?;
                    Some(subscript(edge.number - introduction))
                });
                // The same for every payment along the path.
                (None, format!("b{}", path.unwrap_or_default()))
            }
            SecretSource::PathBlindSum { .. } => (None, "B".to_owned()),
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
            SecretSource::Lock { contract } => {
                of_edge(contract, &|edge| format!("l{}", subscript(edge.number)))
            }
        }
    }

    /// The payment that is held, and the mark of its part: a payer's view has the h of its parts in their order.
    fn held(&self, hold: &HoldId) -> (Option<usize>, &'static str) {
        for payment in 0..self.world.receipts.len() {
            let secrets = self.world.parties[payment].view().secrets().iter();
            let mut holds = secrets.filter_map(|known| match known.source {
                SecretSource::Release { hold } => Some(hold),
                _ => None,
            });
            if let Some(part) = holds.position(|known| known == *hold) {
                let mark =
                    if self.world.payments[payment].parts > 1 { part_mark(part) } else { "" };
                return (Some(payment), mark);
            }
        }
        (None, "")
    }
}
