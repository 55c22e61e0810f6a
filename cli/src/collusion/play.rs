//! Plays a scenario with the roles of the library, and reads from their views who learned what.

use pointlock::collusion::{
    Atom, AttemptSymbols, CollusionError, Form, InvoiceKind, Model, Symbols,
};
use pointlock::curve::{PublicScalar, SecretScalar};
use pointlock::invoice::ktime::{NoteHash, PaymentPolynomial, PaymentTerms};
use pointlock::invoice::{ChainHash, PaymentLock, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{LockSecret, Preimage};
use pointlock::payment::{
    AttemptId, AttemptSeed, HoldPlan, Payee, Payer, PayerSeed, Payment, ReceiverEvent,
    SecretSource, SenderEvent,
};
use thiserror::Error;

use super::event::{Event, Leaked};
use super::scenario::{Scenario, System};
use crate::world::{MIN_FINAL_DELTA, StoryError, World};

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
    /// The first payment of which this one is a part.
    part_of: Option<usize>,
    /// q of this part, if it is one.
    share: SecretScalar,
    failed: bool,
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

/// Plays all events, then writes down who knows what.
pub(super) fn play(scenario: &Scenario, seed: u64) -> Result<Played, PlayError> {
    let world = World::with_forwarders(scenario.payers.len(), scenario.route.clone(), None, seed);
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
    invoices: Vec<(StaticInvoice, Opening)>,
    payments: Vec<Paid>,
}

impl Player<'_> {
    fn event(&mut self, event: &Event) -> Result<(), Box<StoryError>> {
        match event {
            Event::Pay { payment, invoice, same_x, part_of, online, .. } => {
                self.pay(*payment, *invoice, same_x.or(*part_of), *part_of, *online)
            }
            Event::Forward { payment, to } => self.forward(*payment, to.as_deref()),
            Event::Claim { payment, down_to } => self.claim(*payment, down_to.as_deref()),
            Event::Fail { payment } => {
                self.payments[*payment].failed = true;
                Ok(())
            }
            Event::RestoreReceiver => {
                self.world.restore_receiver();
                let republished = self.invoices.clone();
                republished.into_iter().try_for_each(|(invoice, opening)| {
                    self.world.receive(published(invoice, opening)).map_err(Box::new)
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
                let shared = other.and_then(|other| match &self.invoices[other].1 {
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
        let (receiver, last) = (self.world.receiver(), self.world.receiver_lsp());
        let route = [last, receiver].map(|party| self.world.parties[party].node_id);
        let aux_rand = self.world.entropy();
        let invoice = StaticInvoiceBuilder::new(lock, NOW)
            .amount_msat(1_000)
            .description(&format!("invoice {}", self.invoices.len() + 1))
            .interim_route(&route)
            .sign(&self.world.receiver_key, &aux_rand)
            .map_err(|source| {
                let hop = "receiver".to_owned();
                StoryError::Invoice { hop, source: Box::new(source) }
            })?;
        self.invoices.push((invoice.clone(), opening.clone()));
        self.world.receive(published(invoice, opening))?;
        Ok(())
    }

    fn pay(
        &mut self,
        payment: usize,
        invoice: usize,
        same_x: Option<usize>,
        part_of: Option<usize>,
        online: bool,
    ) -> Result<(), Box<StoryError>> {
        let system = self.scenario.system;
        let fresh = self.world.entropy();
        let payer_entropy = same_x.map_or(fresh, |other| self.payments[other].payer_entropy);
        let text = self.invoices[invoice].0.to_string();
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
        let hop = match system {
            System::S2 => self.world.forwarders().len(),
            System::S3 | System::S4 | System::S5 => 1,
        };
        let order = Payment {
            invoice: invoice_read,
            payee: Payee::Known(self.world.receiver_key.public_key()),
            amount_msat,
            forwarders: self.world.route_hops(),
            min_final_delta: MIN_FINAL_DELTA,
            hold: (!online).then_some(HoldPlan { hop, blocks: HOLD_BLOCKS }),
            height: self.world.chain.height(),
            unix_time: NOW,
            seed: AttemptSeed::new(self.world.entropy()),
            payer,
        };
        // Nobody to be asked to let it pass: the first forwarder waits for the next event.
        self.world.intercept = online.then_some(self.world.forwarders().start);
        let share = self.world.secret();
        let part_of = part_of.map(|other| self.payments[other].part_of.unwrap_or(other));
        self.payments.push(Paid { invoice, payer_entropy, x, part_of, share, failed: false });
        self.world.sender(payment, SenderEvent::Pay(order))?;
        Ok(())
    }

    /// As far as the contract of which `to` is the claimer, or the receiver, who does not claim yet.
    fn forward(&mut self, payment: usize, to: Option<&str>) -> Result<(), Box<StoryError>> {
        let last = to.and_then(|name| self.world_party(name));
        self.world.intercept = Some(last.unwrap_or(self.world.receiver()));
        // Where it got stuck before, if it did; what is released now gets stuck at its new end.
        self.world.resume_payment(payment)?;
        if let Some(sealed) = self.world.mailbox[payment].take() {
            let entropy = self.world.entropy();
            self.world.receive(ReceiverEvent::MailReceived { sealed, entropy })?;
        }
        Ok(())
    }

    fn claim(&mut self, payment: usize, down_to: Option<&str>) -> Result<(), Box<StoryError>> {
        self.world.intercept = None;
        self.world.resume_payment(payment)?;
        let last = down_to.and_then(|name| self.world_party(name));
        self.world.run_claims_of(payment, last)?;
        Ok(())
    }

    /// A forwarder or the receiver.
    fn world_party(&self, name: &str) -> Option<usize> {
        let route = self.world.forwarders().start..self.world.parties.len();
        route.into_iter().find(|party| self.world.parties[*party].name == name)
    }

    fn into_model(self) -> Result<Played, PlayError> {
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
        let receiver = self.world.parties[self.world.receiver()].view();
        for view in self.world.forgotten.iter().chain([receiver]) {
            model.add_witness("receiver", view)?;
        }
        self.shares_of_parts(&mut model)?;
        for (line, event) in &self.scenario.events {
            self.disclose(&mut model, *line, event)?;
        }
        let contracts = self.targets(&mut model)?;
        Ok(Played { world: self.world, model, contracts })
    }

    fn number(&self, name: &str) -> usize {
        self.scenario.party(name).expect("payers and forwarders are parties")
    }

    fn symbols(&self) -> Result<Symbols, PlayError> {
        let mut symbols = Symbols::new();
        for (invoice, opening) in &self.invoices {
            let kind = match opening {
                Opening::Static(LockSecret::Preimage(_)) => InvoiceKind::Hash,
                Opening::Static(LockSecret::Scalar(_)) => InvoiceKind::Points { coefficients: 1 },
                Opening::Polynomial(polynomial) => {
                    InvoiceKind::Points { coefficients: polynomial.k() + 1 }
                }
            };
            symbols.add_invoice(invoice.invoice_id(), kind);
        }
        let holder = match self.scenario.system {
            System::S2 => self.scenario.route.len(),
            System::S3 | System::S4 | System::S5 => 1,
        };
        for (payment, paid) in self.payments.iter().enumerate() {
            let hold = self.world.parties[payment].view().secrets().iter().find_map(|known| {
                match known.source {
                    SecretSource::Release { hold } => Some((hold, holder)),
                    _ => None,
                }
            });
            symbols.add_attempt(AttemptSymbols {
                // A payment without contracts knows no secret either.
                id: self.world.attempts[payment].unwrap_or(AttemptId([0; 32])),
                invoice: paid.invoice,
                edges: self.scenario.route.len() + 1,
                x: paid.x,
                hold,
                parts: self.parts(payment),
            })?;
        }
        for edge in &self.world.edges {
            symbols.add_contract(edge.outpoint(), edge.payment, edge.number)?;
        }
        Ok(symbols)
    }

    /// All parts of the payment that this one is a part of.
    fn parts(&self, payment: usize) -> Vec<usize> {
        let first = |payment: usize| self.payments[payment].part_of.unwrap_or(payment);
        let parts: Vec<usize> =
            (0..self.payments.len()).filter(|other| first(*other) == first(payment)).collect();
        if parts.len() > 1 { parts } else { Vec::new() }
    }

    /// The roles know no parts yet. What the sender's role drew as y_0 is taken for y_0 + q: the sender draws its shares of q
    /// as well, and y_0 is what is left.
    fn shares_of_parts(&self, model: &mut Model) -> Result<(), PlayError> {
        for payment in 0..self.payments.len() {
            let parts = self.parts(payment);
            if parts.is_empty() {
                continue;
            }
            let party = self.number(&self.scenario.payers[payment]);
            let how = "drawn by itself";
            let mut y_0 = self.drawn(payment, 0);
            let first = parts[0] == payment;
            for part in parts {
                let share = self.payments[part].share.clone();
                y_0 = y_0.sub(&share.dangerous_reveal());
                // One payer has all parts.
                if !first {
                    continue;
                }
                let form = Form::atom(Atom::PartShare { attempt: part });
                let label = format!("q[{}]", part + 1);
                model.disclose(party, &label, how, form, LockSecret::Scalar(share))?;
            }
            let form = Form::atom(Atom::Blind { attempt: payment, hop: 0 });
            let label = form.to_string();
            self.give(model, party, &label, how, form, &y_0)?;
        }
        Ok(())
    }

    /// The y that the sender's role drew.
    fn drawn(&self, payment: usize, hop: usize) -> PublicScalar {
        let view = self.world.parties[payment].view();
        let attempt = self.world.attempts[payment].unwrap_or(AttemptId([0; 32]));
        match view.get(SecretSource::DrawnBlind { attempt, hop }) {
            Some(LockSecret::Scalar(scalar)) => scalar.dangerous_reveal(),
            _ => PublicScalar::ZERO,
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
                let attempt = *payment;
                match what {
                    Leaked::Blind(hop) => {
                        let form = match hop {
                            0 => model.symbols().blinds(attempt, 1)?,
                            _ => Form::atom(Atom::Blind { attempt, hop: *hop }),
                        };
                        let label = format!("y_{hop}[{}]", attempt + 1);
                        self.give(model, party, &label, how, form, &self.drawn(attempt, *hop))
                    }
                    Leaked::FinalBlind => {
                        let edges = self.scenario.route.len() + 1;
                        let sum = (0..edges)
                            .map(|hop| self.drawn(attempt, hop))
                            .fold(PublicScalar::ZERO, |sum, blind| sum.add(&blind));
                        let form = model.symbols().blinds(attempt, edges)?;
                        let label = format!("Y[{}]", attempt + 1);
                        self.give(model, party, &label, how, form, &sum)
                    }
                    Leaked::Release => {
                        let view = self.world.parties[attempt].view();
                        let release = view
                            .secrets()
                            .iter()
                            .find(|known| matches!(known.source, SecretSource::Release { .. }));
                        let release = release.ok_or_else(|| PlayError::Scenario {
                            line,
                            problem: format!("payment {} has no h", attempt + 1),
                        })?;
                        let form = Form::atom(Atom::Release { attempt });
                        let label = form.to_string();
                        Ok(model.disclose(party, &label, how, form, release.secret.clone())?)
                    }
                }
            }
            // The roles draw fresh ones whatever happens. That two y's are the same, or differ by what everybody knows, is
            // the same to everybody.
            Event::ReuseBlinds { of, by } => {
                for hop in 0..=self.scenario.route.len() {
                    let [first, second] =
                        [*of, *by].map(|attempt| Form::atom(Atom::Blind { attempt, hop }));
                    let form = second.minus(&first);
                    let label = form.to_string();
                    let value = self.drawn(*by, hop).sub(&self.drawn(*of, hop));
                    for party in 0..model.parties().len() {
                        self.give(
                            model,
                            party,
                            &label,
                            "the y's are related",
                            form.clone(),
                            &value,
                        )?;
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
        for (payment, paid) in self.payments.iter().enumerate() {
            if paid.failed {
                continue;
            }
            let edges: Vec<usize> = (0..self.world.edges.len())
                .filter(|edge| self.world.edges[*edge].payment == payment)
                .collect();
            let claimed = |edge: &&usize| self.world.edges[**edge].settled_at.is_some();
            let claimed = edges.iter().find(claimed).map(|edge| self.world.edges[*edge].number);
            for edge in edges {
                let contract = &self.world.edges[edge];
                if contract.claimer == receiver || contract.settled_at.is_some() {
                    continue;
                }
                let name = |party: usize| self.number(&self.world.parties[party].name);
                let claimer = name(contract.claimer);
                let lock = contract.terms().lock;
                let mut victims: Vec<Option<usize>> = match claimed {
                    None => vec![None],
                    // N_v is skipped when N_i claims, i < v, and v's own contract is still there.
                    Some(claimed) => (contract.number + 1..claimed)
                        .map(|node| Some(name(self.world.forwarders().start + node - 1)))
                        .filter(|victim| *victim != Some(claimer))
                        .collect(),
                };
                victims.dedup();
                for victim in victims {
                    model.add_target(payment, contract.number, lock, claimer, victim)?;
                    contracts.push(edge);
                }
            }
        }
        Ok(contracts)
    }
}

fn published(invoice: StaticInvoice, opening: Opening) -> ReceiverEvent {
    match opening {
        Opening::Static(secret) => ReceiverEvent::Published { invoice, secret },
        Opening::Polynomial(polynomial) => {
            ReceiverEvent::PublishedPolynomial { invoice, polynomial }
        }
    }
}
