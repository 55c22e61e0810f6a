//! Plays a scenario with the roles of the library.

use pointlock::collusion::{CollusionError, Model};
use pointlock::curve::PublicScalar;
use pointlock::invoice::ktime::{NoteHash, PaymentPolynomial, PaymentTerms};
use pointlock::invoice::{ChainHash, PaymentLock, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{LockSecret, Preimage};
use pointlock::payment::{
    HoldPlan, HopBlinds, Payee, Payer, PayerSeed, Payment, ReceiverEvent, ReceiverPaths,
};
use thiserror::Error;

use super::event::{Event, Pay};
use super::progress::Progress;
use super::scenario::{Scenario, System};
use crate::world::{MIN_FINAL_DELTA, StoryError, Way, World};

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
pub(super) struct Paid {
    pub(super) invoice: usize,
    payer_entropy: [u8; 32],
    pub(super) x: Option<PublicScalar>,
}

/// An invoice, with what the receiver keeps of it.
#[derive(Clone)]
pub(super) struct Published {
    pub(super) invoice: StaticInvoice,
    pub(super) opening: Opening,
    pub(super) paths: ReceiverPaths,
}

/// A payment secret, by the kind of its invoice.
#[derive(Clone)]
pub(super) enum Opening {
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
pub(super) fn play(
    scenario: &Scenario,
    seed: u64,
    progress: &mut Progress,
) -> Result<Played, PlayError> {
    let mut world =
        World::with_forwarders(scenario.payers.len(), scenario.route.clone(), None, seed);
    world.on_path = scenario.on_path;
    let mut player = Player { scenario, world, invoices: Vec::new(), payments: Vec::new() };
    player.publish(None).map_err(|source| PlayError::Story { line: 1, source })?;
    for (number, (line, event)) in scenario.events.iter().enumerate() {
        progress.tell(|| format!("playing, {number} of {} events", scenario.events.len()));
        player.event(event).map_err(|source| PlayError::Story { line: *line, source })?;
    }
    player.into_model()
}

pub(super) struct Player<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) world: World,
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
            delegate: self.scenario.delegate(pay),
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
    pub(super) fn holder(&self) -> usize {
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
