//! Plays a scenario with the roles of the library.

use pointlock::curve::PublicScalar;
use pointlock::invoice::ktime::{NoteHash, PaymentTerms};
use pointlock::invoice::{ChainHash, StaticInvoice};
use pointlock::payment::{HoldPlan, Payer, PayerSeed, Payment};
use pointlock_collusion::{CollusionError, Model};
use pointlock_sim::{Contract, Opening, Published, Way, Who};
use thiserror::Error;

use super::event::{Event, Pay};
use super::scenario::Scenario;
use crate::narration::{Stage, StoryError, path_to_vault};
use crate::terminal::Progress;

/// What each payment pays, in satoshi.
const AMOUNT_SAT: u64 = 50_000;
/// For how many blocks a payment is held at most: longer than any scenario takes.
const HOLD_BLOCKS: u32 = 1_000;
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
pub(super) struct Paid {
    pub(super) invoice: usize,
    payer_entropy: [u8; 32],
    pub(super) x: Option<PublicScalar>,
}

/// A scenario that was played.
pub(super) struct Played {
    pub(super) stage: Stage,
    pub(super) model: Model,
    /// For each target of the model, the contract.
    pub(super) contracts: Vec<usize>,
}

impl Played {
    /// The payment, from 1, and the edge of a target.
    pub(super) fn place(&self, target: usize) -> (usize, usize) {
        let place = self.stage.sim.contracts[self.contracts[target]].place;
        (place.payment + 1, place.number)
    }
}

/// Plays all events, then writes down who knows what.
pub(super) fn play(
    scenario: &Scenario,
    seed: u64,
    progress: &mut Progress,
) -> Result<Played, PlayError> {
    let (payers, route) = (scenario.payers.len(), scenario.route.clone());
    let stage = Stage::new(payers, route, scenario.on_path, seed);
    let mut player = Player { scenario, stage, invoices: Vec::new(), payments: Vec::new() };
    player.publish(None).map_err(|source| PlayError::Story { line: 1, source })?;
    for (number, (line, event)) in scenario.events.iter().enumerate() {
        progress.tell(|| format!("playing, {number} of {} events", scenario.events.len()));
        player.event(event).map_err(|source| PlayError::Story { line: *line, source })?;
    }
    player.into_model()
}

pub(super) struct Player<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) stage: Stage,
    pub(super) invoices: Vec<Published>,
    pub(super) payments: Vec<Paid>,
}

impl Player<'_> {
    fn event(&mut self, event: &Event) -> Result<(), Box<StoryError>> {
        match event {
            Event::Pay(pay) => self.pay(pay),
            Event::Forward { payment, to } => self.forward(*payment, to.as_deref()),
            Event::Claim { payment, down_to } => self.claim(*payment, down_to.as_deref()),
            Event::ClaimEarly { payment } => self.claim_early(*payment),
            Event::Fail { payment } => {
                Ok(self.stage.act_whatever_fails(|sim| sim.give_up(*payment))?)
            }
            Event::RestoreReceiver => {
                self.stage.sim.restore_receiver();
                Ok(self.stage.act(|sim| {
                    self.invoices.iter().try_for_each(|published| sim.receive(published.event()))
                })?)
            }
            Event::Publish { polynomial_of, .. } => {
                if polynomial_of.is_some() {
                    // A receiver that knows of the other invoice refuses.
                    self.stage.sim.restore_receiver();
                }
                self.publish(*polynomial_of)
            }
            // What a mistake gives away is added to what the roles handed out.
            Event::ReuseBlinds { .. } | Event::Leak { .. } => Ok(()),
        }
    }

    fn publish(&mut self, polynomial_of: Option<usize>) -> Result<(), Box<StoryError>> {
        let kind = self.scenario.system.opening(self.scenario.points);
        let fresh = Opening::draw(kind, &mut self.stage.sim.entropy)
            .expect("the scenario keeps k within its bounds");
        let opening = match polynomial_of {
            Some(other) => self.invoices[other].opening.clone(),
            None => fresh,
        };
        let mut builder = opening
            .builder(NOW)
            .amount_msat(AMOUNT_SAT * 1_000)
            .description(&format!("invoice {}", self.invoices.len() + 1));
        if self.scenario.paths > 0 {
            builder = builder.offer_paths(&[path_to_vault(&mut self.stage.sim)?]);
        }
        let published = self.stage.act(|sim| sim.sign(opening, builder, self.scenario.paths))?;
        self.stage.act(|sim| sim.receive(published.event()))?;
        self.invoices.push(published);
        Ok(())
    }

    fn pay(&mut self, pay: &Pay) -> Result<(), Box<StoryError>> {
        let Pay { payment, invoice, same_x, parts, online, .. } = *pay;
        let system = self.scenario.system;
        let fresh = self.stage.sim.entropy.bytes();
        let payer_entropy = same_x.map_or(fresh, |other| self.payments[other].payer_entropy);
        let text = self.invoices[invoice].invoice.to_string();
        let refused = |source| {
            let hop = self.scenario.payers[payment].clone();
            Box::new(StoryError::Invoice { hop, source: Box::new(source) })
        };
        let invoice_read =
            StaticInvoice::decode_at(&text, ChainHash::BITCOIN, NOW).map_err(refused)?;
        let payer = system
            .has_payer_keys()
            .then(|| Payer { seed: PayerSeed::new(payer_entropy), note: None });
        let amount_msat = AMOUNT_SAT * 1_000;
        let x = payer.as_ref().filter(|_| system.own_points()).and_then(|payer| {
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
            finder: self.scenario.trampoline(pay),
        };
        let hold = (!online).then_some(HoldPlan { hop: self.holder(), blocks: HOLD_BLOCKS });
        let sim = &mut self.stage.sim;
        let parts = sim.parts(amount_msat, parts, way);
        let order = Payment { hold, payer, ..sim.order(invoice_read, parts, NOW) };
        // Nobody to be asked to let it pass: the first forwarder waits for the next event.
        sim.keep.contracts_for = online.then_some(Who::Forwarder(1));
        self.payments.push(Paid { invoice, payer_entropy, x });
        Ok(self.stage.act(|sim| sim.pay(payment, order))?)
    }

    /// The forwarder that holds, from 1.
    pub(super) fn holder(&self) -> usize {
        self.scenario.system.holder().hop(self.scenario.route.len()).unwrap_or(1)
    }

    /// As far as the contract of which `to` is the claimer, or the receiver, who does not claim yet.
    fn forward(&mut self, payment: usize, to: Option<&str>) -> Result<(), Box<StoryError>> {
        let last = to.and_then(|name| self.stage.sim.named(name));
        self.stage.sim.keep.contracts_for = Some(last.unwrap_or(Who::Receiver));
        // Where it got stuck before, if it did; what is released now gets stuck at its new end.
        self.stage.act(|sim| sim.resume(is_of(payment)))?;
        Ok(self.stage.act(|sim| {
            sim.read_mail_from(Who::Sender(payment))?;
            sim.run()
        })?)
    }

    fn claim(&mut self, payment: usize, down_to: Option<&str>) -> Result<(), Box<StoryError>> {
        self.stage.sim.keep.contracts_for = None;
        self.stage.act(|sim| sim.resume(is_of(payment)))?;
        let last = down_to.and_then(|name| self.stage.sim.named(name));
        Ok(self.stage.act(|sim| {
            // Nodes are in the order of the route.
            sim.run_claims(|contract| {
                is_of(payment)(contract) && last.is_none_or(|last| contract.claimer >= last)
            })
        })?)
    }

    /// The receiver's mistake: it claims the first part and does not wait for the others. Its role can't, since it is told q in
    /// shares, one with each part; here it knows q all the same.
    fn claim_early(&mut self, payment: usize) -> Result<(), Box<StoryError>> {
        let told = |source: CollusionError| StoryError::Claim(source.to_string());
        let sim = &self.stage.sim;
        let mut last = sim.contracts_to(payment, Who::Receiver).into_iter();
        let last = last.find(|contract| sim.contracts[*contract].place.part == 0);
        let last = last.ok_or_else(|| {
            StoryError::Claim("the first part has not reached the receiver".to_owned())
        })?;
        let mut model = self.model().map_err(|source| StoryError::Claim(source.to_string()))?;
        let contract = &sim.contracts[last];
        let (place, lock) = (contract.place, contract.terms().lock);
        let target = model.add_target(place.attempt, place.number, lock, 0, None).map_err(told)?;
        let secret = model.lock_secret(target).map_err(told)?;
        let claim = contract.claim_unchecked(&secret, &contract.claimer_key);
        let claim = claim
            .ok_or_else(|| StoryError::Claim("the receiver can't build its claim".to_owned()))?;
        Ok(self.stage.act(|sim| {
            sim.settle_with(last, &claim)?;
            sim.run()?;
            sim.run_claims(is_of(payment))
        })?)
    }
}

fn is_of(payment: usize) -> impl Fn(&Contract) -> bool {
    move |contract| contract.place.payment == payment
}
