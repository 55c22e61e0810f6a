//! Plays a scenario with the roles of the library, and reads from their views who learned what.

use pointlock::collusion::{
    Atom, AttemptSymbols, CollusionError, Form, InvoiceKind, Model, PathSymbols, Symbols,
};
use pointlock::curve::PublicScalar;
use pointlock::invoice::ktime::{NoteHash, PaymentPolynomial, PaymentTerms};
use pointlock::invoice::{ChainHash, PaymentLock, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{LockSecret, Preimage};
use pointlock::payment::{
    HoldPlan, HopBlinds, Payee, Payer, PayerSeed, Payment, ReceiverEvent, ReceiverPaths,
    SecretSource,
};
use thiserror::Error;

use super::event::{Event, Leaked, Pay};
use super::scenario::{Scenario, System};
use crate::world::{Attempt, MIN_FINAL_DELTA, StoryError, Way, World};

/// What each payment pays, in satoshi.
const AMOUNT_SAT: u64 = 50_000;
/// For how many blocks a payment is held at most: longer than any scenario takes.
const HOLD_BLOCKS: u32 = 2_000;
/// The time of every scenario, in seconds since 1970: invoices do not expire in it.
const NOW: u64 = 1_790_000_000;

/// Why a scenario can't be played to its end.
#[derive(Debug, Error)]
pub(super) enum PlayError {
    #[error("line {line}: {source}")]
    Story { line: usize, source: Box<StoryError> },
    #[error("line {line}: {problem}")]
    Scenario { line: usize, problem: String },
    #[error("{0}")]
    Model(#[from] CollusionError),
}

/// A payment, as far as its equations go.
struct Paid {
    invoice: usize,
    payer_entropy: [u8; 32],
    x: Option<PublicScalar>,
}

/// An invoice, with what the receiver keeps of it.
#[derive(Clone)]
struct Published {
    invoice: StaticInvoice,
    opening: Opening,
    paths: ReceiverPaths,
}

/// A payment secret, by the kind of its invoice.
#[derive(Clone)]
enum Opening {
    Static(LockSecret),
    Polynomial(PaymentPolynomial),
}

/// A scenario that was played.
pub(super) struct Played {
    pub(super) world: World,
    pub(super) model: Model,
    /// For each target of the model, the contract.
    pub(super) contracts: Vec<usize>,
}

impl Played {
    /// The payment, from 1, and the edge of a target.
    pub(super) fn place(&self, target: usize) -> (usize, usize) {
        let edge = &self.world.edges[self.contracts[target]];
        (edge.payment + 1, edge.number)
    }
}

/// Plays all events, then writes down who knows what.
pub(super) fn play(scenario: &Scenario, seed: u64) -> Result<Played, PlayError> {
    let mut world =
        World::with_forwarders(scenario.payers.len(), scenario.route.clone(), None, seed);
    world.on_path = scenario.on_path;
    let mut player = Player { scenario, world, invoices: Vec::new(), payments: Vec::new() };
    player.publish(None).map_err(|source| PlayError::Story { line: 1, source })?;
    for (line, event) in &scenario.events {
        player.event(event).map_err(|source| PlayError::Story { line: *line, source })?;
    }
    player.into_model()
}

struct Player<'a> {
    scenario: &'a Scenario,
    world: World,
    invoices: Vec<Published>,
    payments: Vec<Paid>,
}

impl Player<'_> {
    fn event(&mut self, event: &Event) -> Result<(), Box<StoryError>> {
        match event {
            Event::Pay(pay) => self.pay(pay),
            Event::Forward { payment, to } => self.forward(*payment, to.as_deref()),
            Event::Claim { payment, down_to } => self.claim(*payment, down_to.as_deref()),
            Event::ClaimEarly { payment } => self.claim_early(*payment),
            Event::Fail { payment } => self.world.time_out(*payment).map_err(Box::new),
            Event::RestoreReceiver => {
                self.world.restore_receiver();
                let republished = self.invoices.clone();
                republished.into_iter().try_for_each(|published| {
                    self.world.receive(published.into_event()).map_err(Box::new)
                })
            }
            Event::Publish { polynomial_of, .. } => {
                if polynomial_of.is_some() {
                    // A receiver that knows of the other invoice refuses.
                    self.world.restore_receiver();
                }
                self.publish(*polynomial_of)
            }
            // What a mistake gives away is added to what the roles handed out.
            Event::ReuseBlinds { .. } | Event::Leak { .. } => Ok(()),
        }
    }

    fn publish(&mut self, polynomial_of: Option<usize>) -> Result<(), Box<StoryError>> {
        let entropy = self.world.entropy();
        let (lock, opening) = match (self.scenario.system, polynomial_of) {
            (System::S2 | System::S3, _) => {
                let preimage = Preimage::new(entropy);
                let hash = PaymentLock::Hash(preimage.hash());
                (hash, Opening::Static(LockSecret::Preimage(preimage)))
            }
            (System::S4, _) => {
                let z = self.world.secret();
                (PaymentLock::from(z.to_point()), Opening::Static(LockSecret::Scalar(z)))
            }
            (System::S5, other) => {
                let shared = other.and_then(|other| match &self.invoices[other].opening {
                    Opening::Polynomial(polynomial) => Some(polynomial.clone()),
                    Opening::Static(_) => None,
                });
                let polynomial = match shared {
                    Some(polynomial) => polynomial,
                    None => PaymentPolynomial::from_entropy(&entropy, self.scenario.points)
                        .expect("the scenario keeps k within its bounds"),
                };
                let lock = PaymentLock::Points(polynomial.payment_points());
                (lock, Opening::Polynomial(polynomial))
            }
        };
        let mut builder = StaticInvoiceBuilder::new(lock, NOW)
            .amount_msat(1_000)
            .description(&format!("invoice {}", self.invoices.len() + 1));
        if self.scenario.paths > 0 {
            builder = builder.offer_paths(&[self.world.path_to_vault()?]);
        }
        let (invoice, paths) = self.world.sign_invoice(builder, self.scenario.paths)?;
        let published = Published { invoice, opening, paths };
        self.invoices.push(published.clone());
        self.world.receive(published.into_event())?;
        Ok(())
    }

    fn pay(&mut self, pay: &Pay) -> Result<(), Box<StoryError>> {
        let Pay { payment, invoice, same_x, parts, online, .. } = *pay;
        let system = self.scenario.system;
        let fresh = self.world.entropy();
        let payer_entropy = same_x.map_or(fresh, |other| self.payments[other].payer_entropy);
        let text = self.invoices[invoice].invoice.to_string();
        let refused = |source| {
            let hop = self.scenario.payers[payment].clone();
            Box::new(StoryError::Invoice { hop, source: Box::new(source) })
        };
        let invoice_read =
            StaticInvoice::decode_at(&text, ChainHash::BITCOIN, NOW).map_err(refused)?;
        let payer = (system == System::S5)
            .then(|| Payer { seed: PayerSeed::new(payer_entropy), note: None });
        let amount_msat = AMOUNT_SAT * 1_000;
        let x = payer.as_ref().and_then(|payer| {
            let terms = PaymentTerms {
                payer: payer.seed.key().public_key(),
                invoice_id: invoice_read.invoice_id(),
                amount_msat,
                note_hash: NoteHash::of(None),
            };
            terms.x().ok().map(|x| x.to_scalar())
        });
        let way = Way {
            path: (self.scenario.on_path > 0).then_some(pay.path),
            trampoline: self.scenario.trampoline(pay),
        };
        let count = parts as u64;
        let mut orders: Vec<_> =
            (1..parts).map(|_| self.world.part(amount_msat / count, way)).collect();
        orders.push(self.world.part(amount_msat - amount_msat / count * (count - 1), way));
        let order = Payment {
            invoice: invoice_read,
            payee: Payee::Known(self.world.receiver_key.public_key()),
            amount_msat,
            parts: orders,
            min_final_delta: MIN_FINAL_DELTA,
            hold: (!online).then_some(HoldPlan { hop: self.holder(), blocks: HOLD_BLOCKS }),
            hop_blinds: HopBlinds::Derived,
            cancellable: None,
            height: self.world.chain.height(),
            unix_time: NOW,
            payer,
        };
        // Nobody to be asked to let it pass: the first forwarder waits for the next event.
        self.world.intercept = online.then_some(self.world.forwarders().start);
        self.payments.push(Paid { invoice, payer_entropy, x });
        self.world.pay(payment, order, way)?;
        Ok(())
    }

    /// The forwarder that holds, from 1.
    fn holder(&self) -> usize {
        match self.scenario.system {
            System::S2 => self.scenario.route.len(),
            System::S3 | System::S4 | System::S5 => 1,
        }
    }

    /// As far as the contract of which `to` is the claimer, or the receiver, who does not claim yet.
    fn forward(&mut self, payment: usize, to: Option<&str>) -> Result<(), Box<StoryError>> {
        let last = to.and_then(|name| self.world_party(name));
        self.world.intercept = Some(last.unwrap_or(self.world.receiver()));
        // Where it got stuck before, if it did; what is released now gets stuck at its new end.
        self.world.resume_payment(payment)?;
        self.world.read_mail(payment)?;
        Ok(())
    }

    fn claim(&mut self, payment: usize, down_to: Option<&str>) -> Result<(), Box<StoryError>> {
        self.world.intercept = None;
        self.world.resume_payment(payment)?;
        let last = down_to.and_then(|name| self.world_party(name));
        self.world.run_claims_of(payment, last)?;
        Ok(())
    }

    /// The receiver's mistake: it claims the first part and does not wait for the others. Its role can't, since it is told q in
    /// shares, one with each part; here it knows q all the same.
    fn claim_early(&mut self, payment: usize) -> Result<(), Box<StoryError>> {
        let told = |source: CollusionError| StoryError::Claim(source.to_string());
        let receiver = self.world.receiver();
        let first = |edge: &usize| self.world.edges[*edge].part == 0;
        let mut last = self.world.edges_to(payment, receiver).into_iter().filter(first);
        let last = last.next().ok_or_else(|| {
            StoryError::Claim("the first part has not reached the receiver".to_owned())
        })?;
        let mut model = self.model().map_err(|source| StoryError::Claim(source.to_string()))?;
        let edge = &self.world.edges[last];
        let (attempt, number, lock) = (edge.attempt, edge.number, edge.terms().lock);
        let target = model.add_target(attempt, number, lock, 0, None).map_err(told)?;
        let secret = model.lock_secret(target).map_err(told)?;
        self.world.claim_by_mistake(last, &secret)?;
        self.world.run_claims_of(payment, None)?;
        Ok(())
    }

    /// A forwarder or the receiver.
    fn world_party(&self, name: &str) -> Option<usize> {
        let route = self.world.forwarders().start..self.world.parties.len();
        route.into_iter().find(|party| self.world.parties[*party].name == name)
    }

    fn into_model(self) -> Result<Played, PlayError> {
        let mut model = self.model()?;
        for (line, event) in &self.scenario.events {
            self.disclose(&mut model, *line, event)?;
        }
        let contracts = self.targets(&mut model)?;
        Ok(Played { world: self.world, model, contracts })
    }

    /// Who knows what from its role.
    fn model(&self) -> Result<Model, PlayError> {
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
            let path = |on: crate::world::OnPath| PathSymbols {
                path: on.path,
                introduction: on.introduction,
            };
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

    /// 2 for a payment's only attempt, 2a and 2b for its parts; a t behind it for what a trampoline has chosen.
    fn name(&self, attempt: &Attempt) -> String {
        let number = (attempt.payment + 1).to_string();
        let letter = ('a'..).nth(attempt.part).filter(|_| self.scenario.parts(attempt.payment) > 1);
        let tail = attempt.tail_of.map(|_| 't');
        number.chars().chain(letter).chain(tail).collect()
    }

    /// The payer's view has the h of its parts in their order.
    fn hold(&self, attempt: &Attempt) -> Option<(pointlock::hold::HoldId, usize)> {
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

impl Published {
    fn into_event(self) -> ReceiverEvent {
        let Self { invoice, opening, paths } = self;
        match opening {
            Opening::Static(secret) => ReceiverEvent::Published { invoice, secret, paths },
            Opening::Polynomial(polynomial) => {
                ReceiverEvent::PublishedPolynomial { invoice, polynomial, paths }
            }
        }
    }
}
