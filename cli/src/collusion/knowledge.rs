//! Who learned what in a scenario that was played: from the views of the roles, and from the mistakes.

use pointlock::collusion::{
    Atom, AttemptSymbols, CollusionError, Form, InvoiceKind, Model, PathSymbols, Symbols,
};
use pointlock::curve::PublicScalar;
use pointlock::hold::HoldId;
use pointlock::lock::LockSecret;
use pointlock::payment::SecretSource;

use super::event::{Event, Leaked};
use super::play::{Opening, PlayError, Played, Player, Published};
use crate::world::{Attempt, OnPath};

impl Player<'_> {
    pub(super) fn into_model(self) -> Result<Played, PlayError> {
        let mut model = self.model()?;
        for (line, event) in &self.scenario.events {
            self.disclose(&mut model, *line, event)?;
        }
        let contracts = self.targets(&mut model)?;
        Ok(Played { world: self.world, model, contracts })
    }

    /// Who knows what from its role.
    pub(super) fn model(&self) -> Result<Model, PlayError> {
        let mut model = Model::new(self.symbols()?);
        for name in &self.scenario.parties {
            model.add_party(name);
        }
        for (index, payer) in self.scenario.payers.iter().enumerate() {
            let party = self.number(payer);
            model.learn(party, self.world.parties[index].view())?;
        }
        for index in self.world.forwarders() {
            let node = &self.world.parties[index];
            model.learn(self.number(&node.name), node.view())?;
        }
        // The receiver has made the paths, so it knows each b and not their sum alone.
        for (invoice, published) in self.invoices.iter().enumerate() {
            for path in 0..self.scenario.paths {
                let id = published.invoice.invoice_id();
                for (hop, blind) in self.world.path_blinds(&id, path).into_iter().enumerate() {
                    let atom = Atom::PathBlind { invoice, path, hop };
                    model.reveal(atom, LockSecret::Scalar(blind.as_scalar().clone()));
                }
            }
        }
        let receiver = self.world.parties[self.world.receiver()].view();
        for view in self.world.forgotten.iter().chain([receiver]) {
            model.add_witness("receiver", view)?;
        }
        Ok(model)
    }

    fn number(&self, name: &str) -> usize {
        self.scenario.party(name).expect("payers and forwarders are parties")
    }

    fn symbols(&self) -> Result<Symbols, PlayError> {
        let mut symbols = Symbols::new();
        for Published { invoice, opening, paths } in &self.invoices {
            let kind = match opening {
                Opening::Static(LockSecret::Preimage(_)) => InvoiceKind::Hash,
                Opening::Static(LockSecret::Scalar(_)) => InvoiceKind::Points { coefficients: 1 },
                Opening::Polynomial(polynomial) => {
                    InvoiceKind::Points { coefficients: polynomial.k() + 1 }
                }
            };
            let number = symbols.add_invoice(invoice.invoice_id(), kind);
            for _ in &paths.payments {
                symbols.add_path(number, self.scenario.on_path)?;
            }
        }
        for attempt in &self.world.attempts {
            let paid = &self.payments[attempt.payment];
            let path = |on: OnPath| PathSymbols { path: on.path, introduction: on.introduction };
            symbols.add_attempt(AttemptSymbols {
                id: attempt.id,
                name: self.name(attempt),
                invoice: paid.invoice,
                edges: attempt.last_edge,
                x: paid.x,
                hold: self.hold(attempt),
                parts: self.parts(attempt.payment),
                path: attempt.path.map(path),
                tail_of: attempt.tail_of,
            })?;
        }
        for edge in &self.world.edges {
            symbols.add_contract(edge.outpoint(), edge.attempt, edge.number)?;
        }
        Ok(symbols)
    }

    /// 2 for a payment's only attempt, 2a and 2b for its parts; a t behind it for what a delegate has chosen.
    fn name(&self, attempt: &Attempt) -> String {
        let number = (attempt.payment + 1).to_string();
        let letter = ('a'..).nth(attempt.part).filter(|_| self.scenario.parts(attempt.payment) > 1);
        let tail = attempt.tail_of.map(|_| 't');
        number.chars().chain(letter).chain(tail).collect()
    }

    /// The payer's view has the h of its parts in their order.
    fn hold(&self, attempt: &Attempt) -> Option<(HoldId, usize)> {
        let secrets = self.world.parties[attempt.payment].view().secrets().iter();
        let mut holds = secrets.filter_map(|known| match known.source {
            SecretSource::Release { hold } => Some(hold),
            _ => None,
        });
        let hold = holds.nth(attempt.part).filter(|_| attempt.tail_of.is_none())?;
        Some((hold, self.holder()))
    }

    /// The payer's own attempts at a payment, if it is in parts.
    fn parts(&self, payment: usize) -> Vec<usize> {
        if self.scenario.parts(payment) < 2 {
            return Vec::new();
        }
        let attempts = self.world.attempts.iter().enumerate();
        let own =
            attempts.filter(|(_, attempt)| attempt.payment == payment && attempt.tail_of.is_none());
        own.map(|(number, _)| number).collect()
    }

    /// The payer's attempt at a payment in one part.
    fn attempt(&self, payment: usize) -> Option<(usize, &Attempt)> {
        let mut attempts = self.world.attempts.iter().enumerate();
        attempts.find(|(_, attempt)| attempt.payment == payment)
    }

    /// The y that the payer's role drew; None beyond the last.
    fn drawn(&self, payment: usize, hop: usize) -> Option<PublicScalar> {
        let (_, Attempt { id, .. }) = self.attempt(payment)?;
        let source = SecretSource::DrawnBlind { attempt: *id, hop };
        match self.world.parties[payment].view().get(source)? {
            LockSecret::Scalar(scalar) => Some(scalar.dangerous_reveal()),
            LockSecret::Preimage(_) => None,
        }
    }

    fn give(
        &self,
        model: &mut Model,
        party: usize,
        label: &str,
        how: &str,
        form: Form,
        value: &PublicScalar,
    ) -> Result<(), PlayError> {
        let secret = value.to_secret().map_err(|_| CollusionError::ZeroSecret)?;
        Ok(model.disclose(party, label, how, form, LockSecret::Scalar(secret))?)
    }

    /// What a mistake gives away, from the view of the one who has it.
    fn disclose(&self, model: &mut Model, line: usize, event: &Event) -> Result<(), PlayError> {
        match event {
            Event::Leak { what, payment, to } => {
                let party = self.number(to);
                let how = "leaked";
                let nothing = |what: &str| PlayError::Scenario {
                    line,
                    problem: format!("payment {} has no {what}", payment + 1),
                };
                let (attempt, _) = self.attempt(*payment).ok_or_else(|| nothing("attempt"))?;
                let drawn: Vec<PublicScalar> =
                    (0..).map_while(|hop| self.drawn(*payment, hop)).collect();
                let atom = |hop| Form::atom(Atom::Blind { attempt, hop });
                let number = payment + 1;
                match what {
                    Leaked::Blind(hop) => {
                        let value = drawn.get(*hop).ok_or_else(|| nothing("such y"))?;
                        let label = format!("y_{hop}[{number}]");
                        self.give(model, party, &label, how, atom(*hop), value)
                    }
                    Leaked::FinalBlind => {
                        let value = drawn.iter().fold(PublicScalar::ZERO, |sum, y| sum.add(y));
                        let form =
                            (0..drawn.len()).fold(Form::zero(), |sum, hop| sum.plus(&atom(hop)));
                        self.give(model, party, &format!("Y[{number}]"), how, form, &value)
                    }
                    Leaked::PathBlindSum => {
                        let way = self.world.payments[*payment].way;
                        let path = way.path.ok_or_else(|| nothing("path"))?;
                        let invoice = self.payments[*payment].invoice;
                        let id = self.invoices[invoice].invoice.invoice_id();
                        let blinds = self.world.path_blinds(&id, path);
                        let mut form = Form::zero();
                        let mut value = PublicScalar::ZERO;
                        for (hop, blind) in blinds.iter().enumerate() {
                            form = form.plus(&Form::atom(Atom::PathBlind { invoice, path, hop }));
                            value = value.add(&blind.as_scalar().dangerous_reveal());
                        }
                        self.give(model, party, &format!("B[{number}]"), how, form, &value)
                    }
                    Leaked::Release => {
                        let view = self.world.parties[*payment].view();
                        let release = view
                            .secrets()
                            .iter()
                            .find(|known| matches!(known.source, SecretSource::Release { .. }));
                        let release = release.ok_or_else(|| nothing("h"))?;
                        let form = Form::atom(Atom::Release { attempt });
                        let label = format!("h[{number}]");
                        Ok(model.disclose(party, &label, how, form, release.secret.clone())?)
                    }
                }
            }
            // The roles draw fresh ones whatever happens. That two y's are the same, or differ by what everybody knows, is
            // the same to everybody.
            Event::ReuseBlinds { of, by } => {
                let (Some((first, _)), Some((second, _))) = (self.attempt(*of), self.attempt(*by))
                else {
                    return Ok(());
                };
                for hop in 0.. {
                    let (Some(one), Some(other)) = (self.drawn(*of, hop), self.drawn(*by, hop))
                    else {
                        break;
                    };
                    let [earlier, later] =
                        [first, second].map(|attempt| Form::atom(Atom::Blind { attempt, hop }));
                    let form = later.minus(&earlier);
                    let (label, value) = (model.symbols().text(&form), other.sub(&one));
                    let how = "the y's are related";
                    for party in 0..model.parties().len() {
                        self.give(model, party, &label, how, form.clone(), &value)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The contracts whose claim would be a theft. Before anybody has claimed, the receiver loses by every claim. After it has,
    /// those lose who are skipped.
    fn targets(&self, model: &mut Model) -> Result<Vec<usize>, PlayError> {
        let mut contracts = Vec::new();
        let receiver = self.world.receiver();
        for (payment, paying) in self.world.payments.iter().enumerate() {
            for part in 0..paying.parts {
                let edges: Vec<usize> = (0..self.world.edges.len())
                    .filter(|edge| {
                        let edge = &self.world.edges[*edge];
                        edge.payment == payment && edge.part == part && !edge.failed
                    })
                    .collect();
                let claimed = |edge: &&usize| self.world.edges[**edge].settled_at.is_some();
                let claimed = edges.iter().find(claimed).map(|edge| self.world.edges[*edge].number);
                for edge in edges {
                    let contract = &self.world.edges[edge];
                    if contract.claimer == receiver || contract.settled_at.is_some() {
                        continue;
                    }
                    for victim in self.victims(edge, claimed) {
                        let claimer = self.number(&self.world.parties[contract.claimer].name);
                        let lock = contract.terms().lock;
                        let (attempt, number) = (contract.attempt, contract.number);
                        model.add_target(attempt, number, lock, claimer, victim)?;
                        contracts.push(edge);
                    }
                }
            }
        }
        Ok(contracts)
    }

    /// Who loses when this contract is claimed, where `claimed` is the first one of its part that has been; None is the receiver.
    fn victims(&self, edge: usize, claimed: Option<usize>) -> Vec<Option<usize>> {
        let contract = &self.world.edges[edge];
        let name = |party: usize| self.number(&self.world.parties[party].name);
        let claimer = name(contract.claimer);
        let mut victims: Vec<Option<usize>> = match claimed {
            None => vec![None],
            // N_v is skipped when N_i claims, i < v, and v's own contract is still there.
            Some(claimed) => (contract.number + 1..claimed)
                .map(|node| Some(name(self.world.forwarders().start + node - 1)))
                .filter(|victim| *victim != Some(claimer))
                .collect(),
        };
        victims.dedup();
        victims
    }
}
