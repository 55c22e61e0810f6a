use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt::Display;

use bitcoin::OutPoint;

mod accept;
mod event;
mod mail;
mod sets;

use accept::Arrival;
pub use event::{ReceiverAction, ReceiverConfig, ReceiverEvent};
use mail::Answers;
use sets::PartSets;

use super::failure::Origin;
use super::published::{Invoices, Published};
use super::releases::Releases;
use super::{FailureMessage, PaymentError, ReceiverPaths, Refusal, SecretSource, View};
use crate::claims::{ClaimBook, ClaimError, ClaimStore, MemoryClaimStore};
use crate::contract::{FundedContract, ReceivedContract};
use crate::curve::Point;
use crate::invoice::ktime::PaymentPolynomial;
use crate::invoice::{Amount, StaticInvoice};
use crate::lock::LockSecret;
use crate::onion::{Packet, ReplayGuard};

/// The node that is paid. What it has claimed under k-time payment points it records in a [`ClaimStore`], before it
/// reveals anything.
#[derive(Debug)]
pub struct Receiver<S = MemoryClaimStore> {
    config: ReceiverConfig,
    height: u32,
    replay_guard: ReplayGuard,
    invoices: Invoices,
    claims: ClaimBook<S>,
    releases: Releases,
    answers: Answers,
    sets: PartSets,
    /// Every contract, with what is wanted of it.
    contracts: BTreeMap<OutPoint, Standing>,
    view: View,
    log: Vec<ReceiverEvent>,
}

impl Receiver {
    /// A receiver without invoices, whose claims are kept in memory: its log has to be as durable as they should be.
    pub fn new(config: ReceiverConfig) -> Self {
        Self::with_store(config, MemoryClaimStore::default())
    }

    /// The receiver that these events make.
    ///
    /// # Errors
    ///
    /// That of the first event which was not accepted before either.
    pub fn replay(config: ReceiverConfig, log: Vec<ReceiverEvent>) -> Result<Self, PaymentError> {
        Self::replay_with_store(config, MemoryClaimStore::default(), log)
    }
}

impl<S> Receiver<S>
where
    S: ClaimStore,
    S::Error: Display,
{
    /// A receiver without invoices, whose claims are kept in `store`.
    pub fn with_store(config: ReceiverConfig, store: S) -> Self {
        Self {
            height: config.height,
            replay_guard: ReplayGuard::new(),
            invoices: Invoices::default(),
            claims: ClaimBook::new(store),
            releases: Releases::default(),
            answers: Answers::default(),
            sets: PartSets::default(),
            contracts: BTreeMap::new(),
            view: View::default(),
            log: Vec::new(),
            config,
        }
    }

    /// The receiver that these events make, over the store that it had. A claim that the log knows and the store does not is
    /// recorded; one that the store knows and the log does not is made again when its contract is reported again.
    ///
    /// # Errors
    ///
    /// That of the first event which was not accepted before either.
    pub fn replay_with_store(
        config: ReceiverConfig,
        store: S,
        log: Vec<ReceiverEvent>,
    ) -> Result<Self, PaymentError> {
        let mut receiver = Self::with_store(config, store);
        for event in log {
            receiver.apply(event)?;
        }
        Ok(receiver)
    }

    /// The events so far.
    pub fn log(&self) -> &[ReceiverEvent] {
        &self.log
    }

    /// The events, to be replayed.
    pub fn into_log(self) -> Vec<ReceiverEvent> {
        self.log
    }

    /// What this node knows.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The book of claims.
    pub fn claims(&self) -> &ClaimBook<S> {
        &self.claims
    }

    /// Every claim and failure that no event has confirmed: for the start after a crash, when the log was written and the
    /// actions may not have been carried out; with the answers to announcements, until these are void, for nobody confirms them.
    pub fn pending(&self) -> Vec<ReceiverAction> {
        let contracts = self.contracts.iter();
        let wanted = contracts.filter_map(|(incoming, standing)| standing.action(*incoming));
        wanted.chain(self.answers.pending()).chain(self.arrivals()).collect()
    }

    /// Takes an event and says what to do.
    ///
    /// # Errors
    ///
    /// [`PaymentError`] when the event is impossible, and then nothing has changed; or when the store of claims fails, and
    /// then the same event may be given again. What a peer or the sender does wrong is no error, but a [`ReceiverAction::Fail`].
    pub fn apply(&mut self, event: ReceiverEvent) -> Result<Vec<ReceiverAction>, PaymentError> {
        let actions = self.process(&event)?;
        self.log.push(event);
        Ok(actions)
    }

    fn process(&mut self, event: &ReceiverEvent) -> Result<Vec<ReceiverAction>, PaymentError> {
        match event {
            ReceiverEvent::Published { invoice, secret, paths } => {
                self.published(invoice, secret, paths)
            }
            ReceiverEvent::PublishedPolynomial { invoice, polynomial, paths } => {
                self.published_polynomial(invoice, polynomial, paths)
            }
            ReceiverEvent::MessageReceived { message, entropy } => {
                self.message_received(message, entropy)
            }
            ReceiverEvent::IncomingCommitted { contract, path_key, packet } => {
                self.incoming_committed(contract, path_key.as_ref(), packet)
            }
            ReceiverEvent::PartsTimedOut { incoming } => self.parts_timed_out(incoming),
            ReceiverEvent::Settled { incoming } => match self.contracts.get_mut(incoming) {
                None => Err(PaymentError::UnknownContract(*incoming)),
                Some(Standing::Waiting) => {
                    Err(PaymentError::OutOfOrder { contract: *incoming, event: "settlement" })
                }
                Some(standing) => {
                    *standing = Standing::Settled;
                    Ok(Vec::new())
                }
            },
            ReceiverEvent::Block { height } => Ok(self.block(*height)),
        }
    }

    fn published(
        &mut self,
        invoice: &StaticInvoice,
        secret: &LockSecret,
        paths: &ReceiverPaths,
    ) -> Result<Vec<ReceiverAction>, PaymentError> {
        let published = Published::new(invoice, secret, paths)?;
        self.invoices.check_unused(&published, &self.config.node_key.to_point())?;
        let invoice = invoice.invoice_id();
        self.view.learn(SecretSource::Payment { invoice }, secret.clone());
        published.teach_paths(&mut self.view);
        self.invoices.insert(published);
        Ok(Vec::new())
    }

    fn published_polynomial(
        &mut self,
        invoice: &StaticInvoice,
        polynomial: &PaymentPolynomial,
        paths: &ReceiverPaths,
    ) -> Result<Vec<ReceiverAction>, PaymentError> {
        let published = Published::with_polynomial(invoice, polynomial, paths)?;
        self.invoices.check_unused(&published, &self.config.node_key.to_point())?;
        let invoice = invoice.invoice_id();
        self.claims
            .open(polynomial.id(), invoice, polynomial.k())
            .map_err(|error| PaymentError::Claims(error.into_text()))?;
        for (index, coefficient) in polynomial.coefficients().iter().enumerate() {
            let source = SecretSource::Coefficient { invoice, index };
            self.view.learn(source, LockSecret::Scalar(coefficient.clone()));
        }
        published.teach_paths(&mut self.view);
        self.invoices.insert(published);
        Ok(Vec::new())
    }

    fn incoming_committed(
        &mut self,
        contract: &ReceivedContract,
        path_key: Option<&Point>,
        packet: &Packet,
    ) -> Result<Vec<ReceiverAction>, PaymentError> {
        let funded = contract.funded();
        let incoming = funded.outpoint();
        if self.contracts.contains_key(&incoming) {
            return Err(PaymentError::KnownContract(incoming));
        }
        let mut origin = Origin::new(packet, &self.config.node_key, path_key);
        let arrival = match self.open(funded, path_key, packet, &mut origin) {
            Ok(arrival) => arrival,
            Err(reason) => return Ok(alloc::vec![self.fail(incoming, &origin, funded, reason)]),
        };
        let tags = arrival.replay_tags.clone();
        let settled = self.arrived(arrival);
        if settled.is_err() {
            // The same contract will be reported again.
            tags.iter().for_each(|tag| self.replay_guard.forget(tag));
        }
        settled
    }

    /// Puts the part to those that belong with it, and claims them all when none is missing.
    ///
    /// # Errors
    ///
    /// [`PaymentError::Claims`] when the store fails: whether the claim is recorded is not known, so it is neither made nor failed,
    /// and the part has not arrived.
    fn arrived(&mut self, arrival: Arrival) -> Result<Vec<ReceiverAction>, PaymentError> {
        if let Err(reason) = self.sets.check(&arrival) {
            return Ok(self.fail_all(&[arrival], &reason));
        }
        let incoming = arrival.outpoint();
        if !self.sets.is_completed_by(&arrival) {
            arrival.teach(&mut self.view);
            self.sets.insert(arrival);
            self.contracts.insert(incoming, Standing::Waiting);
            return self.arrival_of(&incoming);
        }
        let parts = self.sets.take(arrival);
        let (parts, error) = match self.claim_all(parts) {
            Ok(actions) => return Ok(actions),
            Err(failed) => failed,
        };
        let waited = parts.into_iter().filter(|part| part.outpoint() != incoming);
        waited.for_each(|part| self.sets.insert(part));
        Err(error)
    }

    /// Claims a payment of which nothing is missing, or fails it.
    ///
    /// # Errors
    ///
    /// The parts again, when the store fails.
    fn claim_all(
        &mut self,
        parts: Vec<Arrival>,
    ) -> Result<Vec<ReceiverAction>, (Vec<Arrival>, PaymentError)> {
        let due = match self.due(&parts) {
            Ok(due) => due,
            Err(Refusal::Claim(error @ ClaimError::Store(_))) => {
                return Err((parts, PaymentError::Claims(error)));
            }
            Err(reason) => return Ok(self.fail_all(&parts, &reason)),
        };
        let mut actions = Vec::new();
        for (part, secret) in parts.iter().zip(due.secrets) {
            let incoming = part.outpoint();
            part.teach(&mut self.view);
            self.view.learn(SecretSource::Lock { contract: incoming }, secret.clone());
            self.contracts.insert(incoming, Standing::Claim(secret.clone()));
            actions.push(ReceiverAction::Claim { incoming, secret });
        }
        actions.extend(due.exhausted.map(|invoice| ReceiverAction::Replace { invoice }));
        Ok(actions)
    }

    fn parts_timed_out(
        &mut self,
        incoming: &OutPoint,
    ) -> Result<Vec<ReceiverAction>, PaymentError> {
        match self.contracts.get(incoming) {
            None => Err(PaymentError::UnknownContract(*incoming)),
            Some(Standing::Waiting) => {
                let parts = self.sets.take_with(incoming);
                let reason = sets::timed_out(&parts);
                Ok(self.fail_all(&parts, &reason))
            }
            // It was claimed or failed in the meantime.
            Some(_) => Ok(Vec::new()),
        }
    }

    fn block(&mut self, height: u32) -> Vec<ReceiverAction> {
        self.height = height;
        self.replay_guard.prune(height);
        self.releases.prune(height);
        self.answers.prune(height);
        // A part that could not be claimed in time any more is of no use to the others.
        let required = height.saturating_add(self.config.min_final_delta);
        let mut actions = Vec::new();
        for parts in self.sets.take_expiring_before(required) {
            let reason = sets::timed_out(&parts);
            actions.extend(self.fail_all(&parts, &reason));
        }
        actions
    }

    fn fail_all(&mut self, parts: &[Arrival], reason: &Refusal) -> Vec<ReceiverAction> {
        let fail =
            |part: &Arrival| self.fail(part.outpoint(), &part.origin, &part.funded, reason.clone());
        parts.iter().map(fail).collect()
    }

    fn fail(
        &mut self,
        incoming: OutPoint,
        origin: &Origin,
        funded: &FundedContract,
        reason: Refusal,
    ) -> ReceiverAction {
        let failure = origin.message(&reason, funded, self.height);
        self.contracts.insert(incoming, Standing::Fail(reason.clone(), failure.clone()));
        ReceiverAction::Fail { incoming, reason, failure }
    }
}

/// What is to become of a contract.
#[derive(Debug)]
enum Standing {
    /// Other parts are missing.
    Waiting,
    Claim(LockSecret),
    Fail(Refusal, FailureMessage),
    Settled,
}

impl Standing {
    fn action(&self, incoming: OutPoint) -> Option<ReceiverAction> {
        match self {
            Self::Claim(secret) => Some(ReceiverAction::Claim { incoming, secret: secret.clone() }),
            Self::Fail(reason, failure) => {
                let (reason, failure) = (reason.clone(), failure.clone());
                Some(ReceiverAction::Fail { incoming, reason, failure })
            }
            Self::Waiting | Self::Settled => None,
        }
    }
}

/// What the invoice asks for at least, in millisatoshi; zero for an amount in another currency, which the payer converts.
fn asked_msat(invoice: &StaticInvoice) -> u64 {
    match invoice.amount() {
        Some(Amount::Millisatoshi(asked_msat)) => *asked_msat,
        _ => 0,
    }
}
