use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt::Display;

use bitcoin::OutPoint;

use super::published::{Invoices, Opening, Published};
use super::releases::Releases;
use super::{
    FinalPayload, HeldAvailable, Payload, PaymentError, Refusal, ReleaseHeld, SecretSource, View,
    edge,
};
use crate::claims::{ClaimBook, ClaimError, ClaimStore, LockSet, MemoryClaimStore};
use crate::contract::{FundedContract, ReceivedContract};
use crate::curve::{Point, SecretScalar, Tag};
use crate::invoice::ktime::{PayerScalar, PaymentPolynomial};
use crate::invoice::{Amount, InvoiceId, StaticInvoice};
use crate::lock::{Blind, Lock, LockSecret, final_lock, final_secret};
use crate::onion::{Packet, Peeled, ReplayGuard};

static MAIL_ANSWER: Tag = Tag::new("pointlock/mail_answer");

/// How a receiver is set up.
#[derive(Clone, Debug)]
pub struct ReceiverConfig {
    /// The key of its node id.
    pub node_key: SecretScalar,
    /// How many blocks it wants to have for its claim.
    pub min_final_delta: u32,
    /// The height at which it starts.
    pub height: u32,
}

/// What a receiver is told.
#[derive(Debug)]
pub enum ReceiverEvent {
    /// This invoice is in the world.
    Published {
        /// The invoice.
        invoice: StaticInvoice,
        /// What opens its lock: z, or the preimage.
        secret: LockSecret,
    },
    /// This invoice with k-time payment points is in the world, or about to be: it must not get out before this event
    /// was accepted.
    PublishedPolynomial {
        /// The invoice, which asks for a least amount.
        invoice: StaticInvoice,
        /// The polynomial of its points, made for it alone.
        polynomial: PaymentPolynomial,
    },
    /// A `held_ptlc_available` arrived, or waited.
    MailReceived {
        /// The message, sealed to this node.
        sealed: Vec<u8>,
        /// 32 bytes of fresh entropy, for the answer.
        entropy: [u8; 32],
    },
    /// A contract of which this node is the claimer is irrevocably committed.
    IncomingCommitted {
        /// The contract.
        contract: ReceivedContract,
        /// The onion that came with it.
        packet: Packet,
    },
    /// The contract is irrevocably gone: claimed, or failed as this node wished.
    Settled {
        /// The contract.
        incoming: OutPoint,
    },
    /// A new block.
    Block {
        /// Its height.
        height: u32,
    },
}

/// What a receiver wants done.
#[derive(Debug)]
pub enum ReceiverAction {
    /// Send a `release_held_ptlc`.
    Release {
        /// The holder.
        to: Point,
        /// The message, sealed to it.
        sealed: Vec<u8>,
    },
    /// Nothing to do now: the payment can't be released, since it could not be claimed. Its announcement may be given to the
    /// receiver again later.
    ReleaseRefused {
        /// Why.
        reason: Refusal,
    },
    /// Claim the contract.
    Claim {
        /// The contract.
        incoming: OutPoint,
        /// What opens it.
        secret: LockSecret,
    },
    /// Publish an invoice with a fresh polynomial in place of this one: it has no slot left, and the payments that still
    /// come are refused.
    Replace {
        /// The invoice.
        invoice: InvoiceId,
    },
    /// Fail the contract.
    Fail {
        /// The contract.
        incoming: OutPoint,
        /// Why.
        reason: Refusal,
    },
}

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
    /// Every contract, with what is wanted of it until that is confirmed.
    contracts: BTreeMap<OutPoint, Option<Wanted>>,
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
    /// actions may not have been carried out. Announcements that were not answered are given to the receiver again.
    pub fn pending(&self) -> Vec<ReceiverAction> {
        let wanted = self.contracts.iter();
        wanted.filter_map(|(incoming, wanted)| Some(wanted.as_ref()?.action(*incoming))).collect()
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
            ReceiverEvent::Published { invoice, secret } => self.published(invoice, secret),
            ReceiverEvent::PublishedPolynomial { invoice, polynomial } => {
                self.published_polynomial(invoice, polynomial)
            }
            ReceiverEvent::MailReceived { sealed, entropy } => self.mail_received(sealed, entropy),
            ReceiverEvent::IncomingCommitted { contract, packet } => {
                self.incoming_committed(contract, packet)
            }
            ReceiverEvent::Settled { incoming } => match self.contracts.get_mut(incoming) {
                None => Err(PaymentError::UnknownContract(*incoming)),
                Some(wanted) => {
                    *wanted = None;
                    Ok(Vec::new())
                }
            },
            ReceiverEvent::Block { height } => {
                self.height = *height;
                self.replay_guard.prune(*height);
                self.releases.prune(*height);
                Ok(Vec::new())
            }
        }
    }

    fn published(
        &mut self,
        invoice: &StaticInvoice,
        secret: &LockSecret,
    ) -> Result<Vec<ReceiverAction>, PaymentError> {
        let published = Published::new(invoice, secret)?;
        self.invoices.check_unused(&published, &self.config.node_key.to_point())?;
        let invoice = invoice.invoice_id();
        self.view.learn(SecretSource::Payment { invoice }, secret.clone());
        self.invoices.insert(published);
        Ok(Vec::new())
    }

    fn published_polynomial(
        &mut self,
        invoice: &StaticInvoice,
        polynomial: &PaymentPolynomial,
    ) -> Result<Vec<ReceiverAction>, PaymentError> {
        let published = Published::with_polynomial(invoice, polynomial)?;
        self.invoices.check_unused(&published, &self.config.node_key.to_point())?;
        let invoice = invoice.invoice_id();
        self.claims
            .open(polynomial.id(), invoice, polynomial.k())
            .map_err(|error| PaymentError::Claims(error.into_text()))?;
        for (index, coefficient) in polynomial.coefficients().iter().enumerate() {
            let source = SecretSource::Coefficient { invoice, index };
            self.view.learn(source, LockSecret::Scalar(coefficient.clone()));
        }
        self.invoices.insert(published);
        Ok(Vec::new())
    }

    fn mail_received(
        &mut self,
        sealed: &[u8],
        entropy: &[u8; 32],
    ) -> Result<Vec<ReceiverAction>, PaymentError> {
        let message = HeldAvailable::open(&self.config.node_key, sealed)?;
        let ephemeral = SecretScalar::from_hash(&MAIL_ANSWER.hash(&[entropy]))
            .expect("a hash of fresh entropy is zero mod n with a probability of 2^-256");
        let holds = message.holds.iter().map(|hold| (hold.id, hold.release.clone())).collect();
        let answer = ReleaseHeld { holds }.seal(&message.holder, ephemeral)?;
        let refusal = match self.check_announced(&message) {
            Ok(()) => self.reserve(&message)?,
            Err(reason) => Some(reason),
        };
        for hold in &message.holds {
            let scalar = LockSecret::Scalar(hold.release.as_scalar().clone());
            self.view.learn(SecretSource::Release { hold: hold.id }, scalar);
        }
        Ok(alloc::vec![match refusal {
            None => ReceiverAction::Release { to: message.holder, sealed: answer },
            Some(reason) => ReceiverAction::ReleaseRefused { reason },
        }])
    }

    /// Only who has seen the invoice is answered, and only for a payment that would be accepted.
    fn check_announced(&self, message: &HeldAvailable) -> Result<(), Refusal> {
        let published =
            self.invoices.get(&message.payment_secret).ok_or(Refusal::UnknownPayment)?;
        let offered_msat =
            message.holds.iter().fold(0, |sum: u64, hold| sum.saturating_add(hold.amount_msat));
        let expected_msat = asked_msat(&published.invoice);
        if offered_msat < expected_msat {
            return Err(Refusal::AmountTooLow { offered_msat, expected_msat });
        }
        match message.slot {
            Some(slot) if slot.invoice != published.invoice.invoice_id() => {
                Err(Refusal::InvoiceMismatch)
            }
            _ => Ok(()),
        }
    }

    /// No more payments are released than can be claimed.
    fn reserve(&mut self, message: &HeldAvailable) -> Result<Option<Refusal>, PaymentError> {
        let Some(slot) = message.slot else { return Ok(None) };
        let Some(polynomial) = self.invoices.polynomial(&slot.invoice) else {
            return Ok(Some(Refusal::UnknownPayment));
        };
        let pending = self.releases.besides(polynomial, slot.x);
        match self.claims.check_slot(&polynomial, &slot.x, pending) {
            Ok(()) => {
                self.releases.insert(polynomial, slot.x, self.height);
                Ok(None)
            }
            Err(error @ ClaimError::Store(_)) => Err(PaymentError::Claims(error.into_text())),
            Err(error) => Ok(Some(Refusal::Claim(error.into_text()))),
        }
    }

    fn incoming_committed(
        &mut self,
        contract: &ReceivedContract,
        packet: &Packet,
    ) -> Result<Vec<ReceiverAction>, PaymentError> {
        let incoming = contract.funded().outpoint();
        if self.contracts.contains_key(&incoming) {
            return Err(PaymentError::KnownContract(incoming));
        }
        let (wanted, exhausted) = match self.peel_and_accept(contract.funded(), packet) {
            Ok(accepted) => (Wanted::Claim(accepted.secret), accepted.exhausted),
            // Whether the claim is recorded is not known, so it is neither made nor failed.
            Err(Refusal::Claim(error @ ClaimError::Store(_))) => {
                return Err(PaymentError::Claims(error));
            }
            Err(reason) => (Wanted::Fail(reason), None),
        };
        let mut actions = alloc::vec![wanted.action(incoming)];
        actions.extend(exhausted.map(|invoice| ReceiverAction::Replace { invoice }));
        self.contracts.insert(incoming, Some(wanted));
        Ok(actions)
    }

    fn peel_and_accept(
        &mut self,
        funded: &FundedContract,
        packet: &Packet,
    ) -> Result<Accepted, Refusal> {
        let peeled = packet.peel(&self.config.node_key, &[])?;
        let tag = peeled.shared_secret.replay_tag();
        self.replay_guard.insert(tag, edge::expiry(funded))?;
        let accepted = self.accept(funded, &peeled);
        if let Err(Refusal::Claim(ClaimError::Store(_))) = accepted {
            // The same contract will be reported again.
            self.replay_guard.forget(&tag);
        }
        accepted
    }

    /// Everything that has to be right before a secret is revealed.
    fn accept(&mut self, funded: &FundedContract, peeled: &Peeled) -> Result<Accepted, Refusal> {
        let (Payload::Final(payload), None) = (Payload::parse(&peeled.payload)?, &peeled.next)
        else {
            return Err(Refusal::RouteEnd);
        };
        let Published { invoice, opening } =
            self.invoices.get(&payload.payment_secret).ok_or(Refusal::UnknownPayment)?;
        check_amounts(funded, &payload, invoice)?;
        let required = payload.expiry.max(self.height.saturating_add(self.config.min_final_delta));
        if edge::expiry(funded) < required {
            return Err(Refusal::ExpiryTooSoon { expiry: edge::expiry(funded), required });
        }
        let mut exhausted = None;
        let secret = match (opening, &payload.final_blind) {
            (Opening::Static { .. }, _) if payload.payer.is_some() => {
                return Err(Refusal::PayerMismatch);
            }
            (Opening::Static { lock: Lock::Hash(_), secret }, None) => secret.clone(),
            (Opening::Static { secret: LockSecret::Scalar(scalar), .. }, Some(blind)) => {
                opened(funded, scalar, blind)?
            }
            (Opening::Polynomial { id, polynomial }, Some(blind)) => {
                let due = DuePayment::check(funded, &payload, invoice, polynomial, blind)?;
                let record = |error: ClaimError<S::Error>| Refusal::Claim(error.into_text());
                self.claims.claim(id, &due.x, &due.locks).map_err(record)?;
                self.releases.remove(*id, due.x);
                if self.claims.slots_left(id).map_err(record)? == 0 {
                    exhausted = Some(invoice.invoice_id());
                }
                let source = SecretSource::PointSecret { invoice: invoice.invoice_id(), x: due.x };
                self.view.learn(source, LockSecret::Scalar(due.point_secret));
                due.lock_secret
            }
            _ => return Err(Refusal::TweakMismatch),
        };
        if !edge::lock(funded).is_opened_by(&secret) {
            return Err(Refusal::LockMismatch);
        }
        if let Some(blind) = &payload.final_blind {
            let source = SecretSource::FinalBlind { incoming: funded.outpoint() };
            self.view.learn(source, LockSecret::Scalar(blind.as_scalar().clone()));
        }
        self.view.learn(SecretSource::Lock { contract: funded.outpoint() }, secret.clone());
        Ok(Accepted { secret, exhausted })
    }
}

/// What is to become of a contract.
#[derive(Debug)]
enum Wanted {
    Claim(LockSecret),
    Fail(Refusal),
}

impl Wanted {
    fn action(&self, incoming: OutPoint) -> ReceiverAction {
        match self {
            Self::Claim(secret) => ReceiverAction::Claim { incoming, secret: secret.clone() },
            Self::Fail(reason) => ReceiverAction::Fail { incoming, reason: reason.clone() },
        }
    }
}

/// A contract to claim.
struct Accepted {
    secret: LockSecret,
    /// The invoice that has no slot left now.
    exhausted: Option<InvoiceId>,
}

/// A payment under a k-time payment point that may be claimed if its slot may be taken.
struct DuePayment {
    x: PayerScalar,
    locks: LockSet,
    /// z(x)
    point_secret: SecretScalar,
    lock_secret: LockSecret,
}

impl DuePayment {
    fn check(
        funded: &FundedContract,
        payload: &FinalPayload,
        invoice: &StaticInvoice,
        polynomial: &PaymentPolynomial,
        blind: &Blind,
    ) -> Result<Self, Refusal> {
        let payer = payload.payer.as_ref().ok_or(Refusal::PayerMismatch)?;
        if payer.invoice_id != invoice.invoice_id() {
            return Err(Refusal::InvoiceMismatch);
        }
        let x = payer.terms(payload.total_msat).x()?;
        let point_secret = polynomial.evaluate(&x)?;
        let lock_secret = opened(funded, &point_secret, blind)?;
        let Lock::Point(last_lock) = edge::lock(funded) else { return Err(Refusal::LockMismatch) };
        payer.signature.verify(&payer.key, &x, &last_lock)?;
        let locks = LockSet::new([(funded.outpoint(), last_lock)])
            .map_err(|error| Refusal::Claim(error.into_text()))?;
        Ok(Self { x, locks, point_secret, lock_secret })
    }
}

/// What opens L_n = Z + Y·G, if the contract is under that lock.
fn opened(
    funded: &FundedContract,
    payment_secret: &SecretScalar,
    blind: &Blind,
) -> Result<LockSecret, Refusal> {
    if edge::lock(funded) != Lock::Point(final_lock(&payment_secret.to_point(), blind)?) {
        return Err(Refusal::LockMismatch);
    }
    Ok(LockSecret::Scalar(final_secret(payment_secret, blind)?))
}

fn check_amounts(
    funded: &FundedContract,
    payload: &FinalPayload,
    invoice: &StaticInvoice,
) -> Result<(), Refusal> {
    if payload.total_msat != payload.amount_msat {
        return Err(Refusal::IncompleteSet {
            total_msat: payload.total_msat,
            amount_msat: payload.amount_msat,
        });
    }
    let expected_msat = payload.amount_msat.max(asked_msat(invoice));
    if edge::amount_msat(funded) < expected_msat {
        let offered_msat = edge::amount_msat(funded);
        return Err(Refusal::AmountTooLow { offered_msat, expected_msat });
    }
    Ok(())
}

/// What the invoice asks for at least, in millisatoshi; zero for an amount in another currency, which the payer converts.
fn asked_msat(invoice: &StaticInvoice) -> u64 {
    match invoice.amount() {
        Some(Amount::Millisatoshi(asked_msat)) => *asked_msat,
        _ => 0,
    }
}
