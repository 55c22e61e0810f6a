//! Who learned what in a scenario that was played: from the views of the roles, and from the mistakes.

use pointlock::curve::PublicScalar;
use pointlock::hold::HoldId;
use pointlock::lock::LockSecret;
use pointlock::payment::SecretSource;
use pointlock_collusion::{
    Atom, AttemptSymbols, CollusionError, Form, InvoiceKind, Model, PathSymbols, Symbols,
};
use pointlock_sim::{Attempt, Contract, OnPath, Opening, PaymentMade, Published, Standing, Who};

use super::event::{Event, Leaked};
use super::play::{PlayError, Played, Player};

impl Player<'_> {
    pub(super) fn into_model(self) -> Result<Played, PlayError> {
        let mut model = self.model()?;
        for (line, event) in &self.scenario.events {
            self.disclose(&mut model, *line, event)?;
        }
        let contracts = self.targets(&mut model)?;
        Ok(Played { stage: self.stage, model, contracts })
    }

    /// Who knows what from its role.
    pub(super) fn model(&self) -> Result<Model, PlayError> {
        let mut model = Model::new(self.symbols()?);
        for name in &self.scenario.parties {
            model.add_party(name);
        }
        for (index, payer) in self.scenario.payers.iter().enumerate() {
            let party = self.number(payer);
            model.learn(party, self.stage.sim.view(Who::Sender(index)))?;
        }
        let sim = &self.stage.sim;
        for who in (1..=sim.forwarders.len()).map(Who::Forwarder) {
            model.learn(self.number(sim.name(who)), sim.view(who))?;
        }
        // The receiver has made the paths, so it knows each b and not their sum alone.
        for (invoice, published) in self.invoices.iter().enumerate() {
            for path in 0..self.scenario.paths {
                for (hop, blind) in published.path_offsets(path).into_iter().enumerate() {
                    let atom = Atom::PathOffset { invoice, path, hop };
                    model.reveal(atom, LockSecret::Scalar(blind.as_scalar().clone()));
                }
            }
        }
        for view in sim.forgotten.iter().chain([sim.receiver.view()]) {
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
                Opening::Payers => InvoiceKind::Payers,
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
        for attempt in &self.stage.sim.attempts {
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
        for contract in &self.stage.sim.contracts {
            let place = contract.place;
            symbols.add_edge(contract.edge_id(), place.attempt, place.number)?;
        }
        Ok(symbols)
    }

    /// 2 for a payment's only attempt, 2a and 2b for its parts; a t behind it for what a trampoline has chosen.
    fn name(&self, attempt: &Attempt) -> String {
        let number = (attempt.payment + 1).to_string();
        let letter = ('a'..).nth(attempt.part).filter(|_| self.scenario.parts(attempt.payment) > 1);
        let tail = attempt.tail_of.map(|_| 't');
        number.chars().chain(letter).chain(tail).collect()
    }

    /// The payer's view has the h of its parts in their order.
    fn hold(&self, attempt: &Attempt) -> Option<(HoldId, usize)> {
        let secrets = self.stage.sim.view(Who::Sender(attempt.payment)).secrets().iter();
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
        let attempts = self.stage.sim.attempts.iter().enumerate();
        let own =
            attempts.filter(|(_, attempt)| attempt.payment == payment && attempt.tail_of.is_none());
        own.map(|(number, _)| number).collect()
    }

    /// The payer's attempt at a payment in one part.
    fn attempt(&self, payment: usize) -> Option<(usize, &Attempt)> {
        let mut attempts = self.stage.sim.attempts.iter().enumerate();
        attempts.find(|(_, attempt)| attempt.payment == payment)
    }

    /// The y that the payer's role drew; None beyond the last.
    fn drawn(&self, payment: usize, hop: usize) -> Option<PublicScalar> {
        let (_, Attempt { id, .. }) = self.attempt(payment)?;
        let source = SecretSource::DrawnBlind { attempt: *id, hop };
        match self.stage.sim.view(Who::Sender(payment)).get(source)? {
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
                    Leaked::PathOffsetSum => {
                        let pay = self.scenario.pay(*payment).ok_or_else(|| nothing("path"))?;
                        let path = pay.path;
                        let invoice = self.payments[*payment].invoice;
                        let blinds = self.invoices[invoice].path_offsets(path);
                        let mut form = Form::zero();
                        let mut value = PublicScalar::ZERO;
                        for (hop, blind) in blinds.iter().enumerate() {
                            form = form.plus(&Form::atom(Atom::PathOffset { invoice, path, hop }));
                            value = value.add(&blind.as_scalar().dangerous_reveal());
                        }
                        self.give(model, party, &format!("B[{number}]"), how, form, &value)
                    }
                    Leaked::Release => {
                        let view = self.stage.sim.view(Who::Sender(*payment));
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
        let sim = &self.stage.sim;
        let parts = |(payment, made): (usize, &PaymentMade)| {
            (0..made.parts).map(move |part| (payment, part))
        };
        for place in sim.payments.iter().enumerate().flat_map(parts) {
            let numbers = 0..sim.contracts.len();
            let standing: Vec<usize> = numbers
                .filter(|number| {
                    let contract = &sim.contracts[*number];
                    (contract.place.payment, contract.place.part) == place
                        && contract.standing != Standing::Void
                })
                .collect();
            let of_part = || standing.iter().map(|number| &sim.contracts[*number]);
            let claimed = of_part().find(|contract| contract.claimed_at().is_some());
            let claimed = claimed.map(|contract| contract.place.number);
            for number in &standing {
                let contract = &sim.contracts[*number];
                if contract.claimer == Who::Receiver || contract.claimed_at().is_some() {
                    continue;
                }
                for victim in self.victims(contract, claimed) {
                    let claimer = self.number(sim.name(contract.claimer));
                    let (place, lock) = (contract.place, contract.terms().lock);
                    model.add_target(place.attempt, place.number, lock, claimer, victim)?;
                    contracts.push(*number);
                }
            }
        }
        Ok(contracts)
    }

    /// Who loses when this contract is claimed, where `claimed` is the first one of its part that has been; None is the receiver.
    fn victims(&self, contract: &Contract, claimed: Option<usize>) -> Vec<Option<usize>> {
        let name = |who: Who| self.number(self.stage.sim.name(who));
        let claimer = name(contract.claimer);
        let mut victims: Vec<Option<usize>> = match claimed {
            None => vec![None],
            // N_v is skipped when N_i claims, i < v, and v's own contract is still there.
            Some(claimed) => (contract.place.number + 1..claimed)
                .map(|node| Some(name(Who::Forwarder(node))))
                .filter(|victim| *victim != Some(claimer))
                .collect(),
        };
        victims.dedup();
        victims
    }
}
