use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

mod accept;
mod event;
mod mail;
mod sets;
mod settle;
mod snapshot;
mod standings;

use accept::Arrival;
pub use event::{ReceiverAction, ReceiverConfig, ReceiverEvent};
use sets::PartSets;
pub(super) use snapshot::ReceiptFields;
use standings::{Stage, Standings};

use super::failure::Origin;
use super::intake::{Context, Incoming, Intake, Received, Refused};
use super::published::{Invoices, OwnInvoice};
use super::{
    ConfigError, EdgeError, MessageError, Observer, PublishError, Reaction, ReceiverError,
    ReceiverPaths, Refusal, Role, SecretSource,
};
use crate::claims::{ClaimBook, ClaimError, ClaimStore, MemoryClaimStore};
use crate::edge::{Edge, EdgeId, IncomingEdge};
use crate::invoice::ktime::PaymentPolynomial;
use crate::invoice::{InvoiceId, Rate, StaticInvoice};
use crate::lock::LockSecret;
use crate::onion::blinded::PeeledMessage;
use crate::onion::{AttributionData, HoldTime};

/// The node that is paid. What it has claimed under k-time payment points it records in a [`ClaimStore`], before it
/// reveals anything. Alone: a node that forwards and pays as well is a [`Node`](super::Node).
///
/// ```
/// use pointlock::curve::Keypair;
/// use pointlock::invoice::StaticInvoiceBuilder;
/// use pointlock::invoice::ktime::PaymentPolynomial;
/// use pointlock::payment::{
///     Deadlines, Receiver, ReceiverConfig, ReceiverEvent, ReceiverPaths, Role,
/// };
///
/// let key = Keypair::from_secret_bytes(&[2; 32])?;
/// let mut receiver = Receiver::new(ReceiverConfig {
///     node_key: key.secret_key().clone(),
///     min_final_delta: 36,
///     deadlines: Deadlines::for_channels(),
///     height: 900_000,
///     unix_time: 1_750_000_000,
/// })?;
///
/// // An invoice that is good for eight payments, each under a point of its payer's own. The receiver knows it before the world does.
/// let polynomial = PaymentPolynomial::from_entropy(&[1; 32], 8)?;
/// let invoice = StaticInvoiceBuilder::new(polynomial.payment_points(), 1_750_000_000)
///     .amount_msat(5_000)
///     .description("tea")
///     .interim_route(&[key.public_key()])
///     .sign(&key, &[4; 32])?;
/// let paths = ReceiverPaths::default();
/// let reaction = receiver.apply(&ReceiverEvent::PublishedPolynomial { invoice: invoice.clone(), polynomial, paths })?;
/// assert!(reaction.changed, "to be written down before the invoice gets out");
///
/// // Taken back, it is never published again.
/// let invoice = invoice.invoice_id();
/// assert!(receiver.apply(&ReceiverEvent::Withdrawn { invoice })?.changed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Receiver<S = MemoryClaimStore> {
    intake: Intake,
    receipts: Receipts<S>,
}

/// In which life of the node an invoice was published: this one has counted the claims under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    This,
    Earlier,
}

/// The payments that a node receives.
#[derive(Debug)]
pub(super) struct Receipts<S> {
    config: ReceiverConfig,
    invoices: Invoices,
    claims: ClaimBook<S>,
    sets: PartSets,
    /// By the currency's code.
    rates: BTreeMap<String, Rate>,
    /// By which invoices expire, in seconds since 1970.
    unix_time: u64,
    /// Every incoming edge, with what is wanted of it.
    standings: Standings,
    /// Whether the events that come now have happened before.
    replaying: bool,
}

impl Receiver {
    /// A receiver without invoices, whose claims are kept in memory: its events have to be as durable as they should be.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], when its deadlines leave it no time.
    pub fn new(config: ReceiverConfig) -> Result<Self, ConfigError> {
        Self::with_store(config, MemoryClaimStore::default())
    }
}

impl<S: ClaimStore> Receiver<S> {
    /// A receiver without invoices, whose claims are kept in `store`. If earlier events are replayed over the store that there was: a
    /// claim that the events know and the store does not is recorded; one that the store knows and the events do not is made again
    /// when its edge is reported again.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], when its deadlines leave it no time.
    pub fn with_store(config: ReceiverConfig, store: S) -> Result<Self, ConfigError> {
        let intake = Intake::new(config.node_key.clone(), config.height, config.deadlines);
        Ok(Self { intake, receipts: Receipts::new(config, store)? })
    }

    /// The book of claims.
    pub fn claims(&self) -> &ClaimBook<S> {
        self.receipts.claims()
    }

    /// Whether this edge pays it, and has not ended.
    pub fn has_incoming(&self, id: &EdgeId) -> bool {
        self.receipts.has_incoming(id)
    }

    /// How many edges pay it that have not ended.
    pub fn edge_count(&self) -> usize {
        self.receipts.edge_count()
    }

    /// The `attribution_data` that goes with the secret of an edge that is claimed ([`ReceiverAction::Claim`]; BOLT 2, `update_fulfill_htlc`): how
    /// long the edge has stood. None before the secret was asked for, and at the end of a blinded path with other nodes on it.
    pub fn attribution_data(
        &self,
        incoming: &EdgeId,
        hold_time: HoldTime,
    ) -> Option<AttributionData> {
        self.receipts.attribution_data(incoming, hold_time)
    }
}

impl<S: ClaimStore> Role for Receiver<S> {
    type Event = ReceiverEvent;
    type Action = ReceiverAction;
    type Error = ReceiverError;

    fn process(
        &mut self,
        event: &ReceiverEvent,
        observer: &mut dyn Observer,
    ) -> Result<Reaction<ReceiverAction>, ReceiverError> {
        let Self { intake, receipts } = self;
        let cx = &mut Context { intake, observer };
        let actions = match event {
            ReceiverEvent::IncomingCommitted { edge, path_key, packet } => {
                receipts.check_new(edge)?;
                match cx.intake.open(edge.edge(), path_key.as_ref(), packet) {
                    Ok(incoming) => receipts.incoming_committed(cx, incoming)?,
                    Err(refused) => {
                        let Refused { origin, reason } = *refused;
                        alloc::vec![receipts.fail(cx, edge.edge(), &origin, reason)]
                    }
                }
            }
            ReceiverEvent::MessageReceived { message, entropy } => {
                return match message.peel(&cx.intake.node_key).map_err(MessageError::Onion)? {
                    PeeledMessage::Receive { payload, data, secret } => {
                        let (payload, data, secret) = (&payload, &data, &secret);
                        let received = Received { length: message.length(), payload, data, secret };
                        receipts.message_received(cx, &received, entropy)
                    }
                    PeeledMessage::Forward { .. } => Err(MessageError::NotForThisNode.into()),
                };
            }
            ReceiverEvent::Block { height } => {
                if !cx.intake.block(*height)? {
                    return Ok(Reaction::unchanged(Vec::new()));
                }
                receipts.block(cx)
            }
            ReceiverEvent::BlockDisconnected { height } => {
                cx.intake.disconnect(*height)?;
                receipts.disconnected(cx, *height)
            }
            ReceiverEvent::Published { invoice, secret, paths } => {
                receipts.published(cx, invoice, secret, paths)?
            }
            ReceiverEvent::PublishedPolynomial { invoice, polynomial, paths } => {
                receipts.published_polynomial(cx, invoice, polynomial, paths, Life::This)?
            }
            ReceiverEvent::RestoredPolynomial { invoice, polynomial, paths } => {
                receipts.published_polynomial(cx, invoice, polynomial, paths, Life::Earlier)?
            }
            ReceiverEvent::PublishedPlain { invoice, paths } => {
                receipts.published_plain(cx, invoice, paths)?
            }
            ReceiverEvent::Withdrawn { invoice } => receipts.withdrawn(cx, invoice)?,
            ReceiverEvent::RateGiven { rate } => receipts.rate_given(rate),
            ReceiverEvent::Time { unix_time } => receipts.time(*unix_time),
            ReceiverEvent::PartsTimedOut { incoming } => receipts.parts_timed_out(cx, incoming)?,
            ReceiverEvent::Claiming { incoming } => return receipts.claiming(cx, incoming),
            ReceiverEvent::FailGiven { incoming } => receipts.fail_given(incoming)?,
            ReceiverEvent::Settled { incoming } => receipts.settled(incoming)?,
            ReceiverEvent::ClaimConfirmed { incoming, height } => {
                receipts.claim_confirmed(cx, incoming, *height)?
            }
            ReceiverEvent::IncomingTakenBack { incoming, height } => {
                receipts.taken_back(cx, incoming, *height)?
            }
        };
        Ok(actions.into())
    }

    fn set_replaying(&mut self, replaying: bool) {
        self.receipts.set_replaying(replaying);
    }

    fn pending(&self) -> Vec<ReceiverAction> {
        self.receipts.pending(&self.intake)
    }
}

impl<S: ClaimStore> Receipts<S> {
    pub(super) fn new(config: ReceiverConfig, store: S) -> Result<Self, ConfigError> {
        config.deadlines.check_final_delta(config.min_final_delta)?;
        Ok(Self {
            invoices: Invoices::default(),
            claims: ClaimBook::new(store),
            sets: PartSets::default(),
            rates: BTreeMap::new(),
            unix_time: config.unix_time,
            standings: Standings::default(),
            replaying: false,
            config,
        })
    }

    /// While it replays, a claim that happened is recorded whatever the store says of its polynomial.
    pub(super) fn set_replaying(&mut self, replaying: bool) {
        self.replaying = replaying;
    }

    pub(super) fn claims(&self) -> &ClaimBook<S> {
        &self.claims
    }

    pub(super) fn edge_count(&self) -> usize {
        self.standings.len()
    }

    pub(super) fn pending(&self, intake: &Intake) -> Vec<ReceiverAction> {
        let wanted = self.standings.pending(&self.config.deadlines, intake.height);
        wanted.chain(self.arrivals(intake)).collect()
    }

    /// Whether this incoming edge is one of the receiver's.
    pub(super) fn has_incoming(&self, id: &EdgeId) -> bool {
        self.standings.contains(id)
    }

    pub(super) fn check_new(&self, edge: &IncomingEdge) -> Result<(), EdgeError> {
        let id = edge.edge().id;
        if self.has_incoming(&id) { Err(EdgeError::Known(id)) } else { Ok(()) }
    }

    pub(super) fn published(
        &mut self,
        cx: &mut Context<'_>,
        invoice: &StaticInvoice,
        secret: &LockSecret,
        paths: &ReceiverPaths,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        self.check_publishable(invoice)?;
        let published = OwnInvoice::new(invoice, secret, paths)?;
        self.invoices.check_unused(&published, &cx.intake.node_key.to_point())?;
        let invoice = invoice.invoice_id();
        cx.observer.learned(SecretSource::Payment { invoice }, secret);
        published.teach_paths(cx.observer);
        self.invoices.insert(published);
        Ok(Vec::new())
    }

    pub(super) fn published_polynomial(
        &mut self,
        cx: &mut Context<'_>,
        invoice: &StaticInvoice,
        polynomial: &PaymentPolynomial,
        paths: &ReceiverPaths,
        published_in: Life,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        self.check_publishable(invoice)?;
        let published = OwnInvoice::with_polynomial(invoice, polynomial, paths)?;
        self.invoices.check_unused(&published, &cx.intake.node_key.to_point())?;
        let invoice = invoice.invoice_id();
        let (id, k) = (polynomial.id(), polynomial.k());
        match published_in {
            Life::This => self.claims.open(id, invoice, k)?,
            Life::Earlier => self.claims.open_retired(id, invoice, k)?,
        }
        for (index, coefficient) in polynomial.coefficients().iter().enumerate() {
            let source = SecretSource::Coefficient { invoice, index };
            cx.observer.learned_scalar(source, coefficient);
        }
        published.teach_paths(cx.observer);
        self.invoices.insert(published);
        Ok(Vec::new())
    }

    pub(super) fn published_plain(
        &mut self,
        cx: &mut Context<'_>,
        invoice: &StaticInvoice,
        paths: &ReceiverPaths,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        self.check_publishable(invoice)?;
        let published = OwnInvoice::plain(invoice, paths)?;
        self.invoices.check_unused(&published, &cx.intake.node_key.to_point())?;
        published.teach_paths(cx.observer);
        self.invoices.insert(published);
        Ok(Vec::new())
    }

    fn check_publishable(&self, invoice: &StaticInvoice) -> Result<(), PublishError> {
        invoice.check_not_expired(self.unix_time)?;
        invoice.amount_range(self.rate_for(invoice))?;
        Ok(())
    }

    fn rate_for(&self, invoice: &StaticInvoice) -> Option<&Rate> {
        invoice.currency().and_then(|code| self.rates.get(code))
    }

    /// Whether the invoice may be paid now, and with this amount.
    fn check_payable(&self, invoice: &StaticInvoice, offered_msat: u64) -> Result<(), Refusal> {
        invoice.check_not_expired(self.unix_time)?;
        let asked = invoice.amount_range(self.rate_for(invoice))?;
        let (expected_msat, most_msat) = asked.into_inner();
        if offered_msat < expected_msat {
            return Err(Refusal::AmountTooLow { offered_msat, expected_msat });
        }
        if offered_msat > most_msat {
            return Err(Refusal::AmountTooHigh { offered_msat, most_msat });
        }
        Ok(())
    }

    /// Takes no more payments of this invoice, and fails those of which parts are still missing.
    ///
    /// # Errors
    ///
    /// [`PublishError::NotPublished`], and [`ReceiverError::Claims`] when the store fails.
    pub(super) fn withdrawn(
        &mut self,
        cx: &mut Context<'_>,
        invoice: &InvoiceId,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        if self.invoices.get(invoice).is_none() {
            return Err(PublishError::NotPublished(*invoice).into());
        }
        if let Some(polynomial) = self.invoices.get(invoice).and_then(OwnInvoice::polynomial) {
            self.claims.retire(&polynomial)?;
        }
        self.invoices.withdraw(invoice);
        let waiting = self.sets.take_of(invoice);
        Ok(self.fail_all(cx, &waiting, &Refusal::UnknownPayment))
    }

    pub(super) fn rate_given(&mut self, rate: &Rate) -> Vec<ReceiverAction> {
        self.rates.insert(rate.code().into(), rate.clone());
        Vec::new()
    }

    pub(super) fn time(&mut self, unix_time: u64) -> Vec<ReceiverAction> {
        self.unix_time = unix_time;
        Vec::new()
    }

    /// Takes a payment that came in with its onion peeled.
    ///
    /// # Errors
    ///
    /// [`ReceiverError::Claims`] when the store fails: whether the claim is recorded is not known, so the payment is neither claimed
    /// nor failed.
    pub(super) fn incoming_committed(
        &mut self,
        cx: &mut Context<'_>,
        incoming: Incoming,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        let (edge, origin) = (incoming.edge, incoming.origin.clone());
        let arrival = match self.open(cx, incoming) {
            Ok(arrival) => arrival,
            Err(reason) => return Ok(alloc::vec![self.fail(cx, &edge, &origin, reason)]),
        };
        let tags = arrival.replay_tags.clone();
        let settled = self.arrived(cx, arrival);
        if settled.is_err() {
            // The same edge will be reported again.
            tags.iter().for_each(|tag| cx.intake.replay_guard.forget(tag));
        }
        settled
    }

    /// Puts the part to those that belong with it, and claims them all when none is missing.
    ///
    /// # Errors
    ///
    /// [`ReceiverError::Claims`] when the store fails: whether the claim is recorded is not known, so it is neither made nor failed,
    /// and the part has not arrived.
    fn arrived(
        &mut self,
        cx: &mut Context<'_>,
        arrival: Arrival,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        if let Err(reason) = self.sets.check(&arrival) {
            return Ok(self.fail_all(cx, &[arrival], &reason));
        }
        let incoming = arrival.edge.id;
        if !self.sets.is_completed_by(&arrival) {
            arrival.teach(cx.observer);
            self.standings.put(&self.config.deadlines, arrival.edge, Stage::Waiting);
            self.sets.insert(arrival);
            return self.arrival_of(cx.intake, &incoming);
        }
        let parts = self.sets.take(arrival);
        let (parts, error) = match self.claim_all(cx, parts) {
            Ok(actions) => return Ok(actions),
            Err(failed) => failed,
        };
        let waited = parts.into_iter().filter(|part| part.edge.id != incoming);
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
        cx: &mut Context<'_>,
        parts: Vec<Arrival>,
    ) -> Result<Vec<ReceiverAction>, (Vec<Arrival>, ReceiverError)> {
        let due = match self.due(cx, &parts) {
            Ok(due) => due,
            Err(Refusal::Claim(error @ ClaimError::Store(_))) => {
                return Err((parts, error.into()));
            }
            Err(reason) => {
                parts.iter().for_each(|part| self.sets.drop_given(part));
                return Ok(self.fail_all(cx, &parts, &reason));
            }
        };
        let mut actions = Vec::new();
        let Some(payment) = parts.first().map(|first| first.edge.id) else { return Ok(actions) };
        self.sets.drop_given(&parts[0]);
        for (part, secret) in parts.into_iter().zip(due.secrets) {
            part.teach(cx.observer);
            let incoming = part.edge.id;
            cx.observer.learned(SecretSource::Lock { edge: incoming }, &secret);
            let stage = Stage::Due { secret, payment, origin: part.origin };
            self.standings.put(&self.config.deadlines, part.edge, stage);
            actions.push(ReceiverAction::Claimable { incoming });
        }
        actions.extend(due.exhausted.map(|invoice| ReceiverAction::Replace { invoice }));
        Ok(actions)
    }

    fn fail_all(
        &mut self,
        cx: &Context<'_>,
        parts: &[Arrival],
        reason: &Refusal,
    ) -> Vec<ReceiverAction> {
        let fail = |part: &Arrival| self.fail(cx, &part.edge, &part.origin, reason.clone());
        parts.iter().map(fail).collect()
    }

    pub(super) fn fail(
        &mut self,
        cx: &Context<'_>,
        edge: &Edge,
        origin: &Origin,
        reason: Refusal,
    ) -> ReceiverAction {
        let failure = origin.message(&reason, edge, cx.intake.height);
        let action = (reason.clone(), failure.clone());
        let stage = Stage::Fail { reason, failure, given: false };
        self.standings.put(&self.config.deadlines, *edge, stage);
        ReceiverAction::Fail { incoming: edge.id, reason: action.0, failure: action.1 }
    }
}
