use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use subtle::ConstantTimeEq;

mod attempt;
mod event;
mod order;
mod settle;
mod snapshot;

use attempt::{Attempt, HeldAttempt, PaymentPlan, Stage};
pub use event::{SenderAction, SenderEvent};
pub use order::{ArrivalPath, HoldPlan, PartOrder, Payee, Payer, Payment, Tail};

use super::intake::previous_height;
use super::paying::PayingUnder;
use super::seed::MailSessions;
use super::{
    AttemptId, AttemptSeed, Deadlines, HopBlinds, Keysend, MessageError, Observer, OrderError,
    PayloadError, PaymentId, PtlcArrived, Reaction, Role, Route, SecretSource, SenderError,
    static_lock,
};
use crate::edge::EdgeId;
use crate::invoice::ktime::PointSecret;
use crate::invoice::proof::{PaymentProof, ProofRequest};
use crate::lock::{Lock, LockSecret};
use crate::onion::blinded::OnionMessage;
use crate::onion::{Attribution, AttributionData};
use crate::wire::IntroductionNode;

/// The node that pays. Its driver offers what it asks for, and tells it what became of that.
///
/// ```
/// use pointlock::curve::{Keypair, SecretScalar};
/// use pointlock::invoice::{ChainHash, StaticInvoiceBuilder};
/// use pointlock::payment::{
///     AttemptSeed, HopBlinds, PartOrder, Payee, Payment, Role, Sender, SenderAction, SenderEvent, Tail,
/// };
///
/// # let key = Keypair::from_secret_bytes(&[2; 32])?;
/// # let text = StaticInvoiceBuilder::new(SecretScalar::from_bytes(&[9; 32])?.to_point(), 1_750_000_000)
/// #     .interim_route(&[key.public_key()])
/// #     .sign(&key, &[0; 32])?
/// #     .to_string();
/// let mut sender = Sender::new();
/// let mut reaction = sender.apply(&SenderEvent::Pay(Payment {
///     invoice: text.parse()?,
///     payee: Payee::Known(key.public_key()), // who has to have signed it
///     chain: ChainHash::BITCOIN,
///     amount_msat: 50_000,
///     rate: None,
///     parts: vec![PartOrder {
///         amount_msat: 50_000,
///         forwarders: vec![], // a neighbour's invoice
///         tail: Tail::Receiver,
///         seed: AttemptSeed::new([7; 32]), // 32 fresh bytes, for this attempt alone
///     }],
///     min_final_delta: 36,
///     hold: None, // or which forwarder holds it, and for how long
///     hop_blinds: HopBlinds::Derived,
///     cancellable: None,
///     height: 900_000,
///     unix_time: 1_750_000_001,
///     payer: None,
/// }))?;
/// let Some(SenderAction::Offer { proposal, .. }) = reaction.actions.pop() else { unreachable!() };
/// assert_eq!(proposal.amount_msat, 50_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Sender {
    deadlines: Deadlines,
    /// Of the last block that it was told; 0 before the first.
    height: u32,
    payments: BTreeMap<PaymentId, Paying>,
    attempts: BTreeMap<AttemptId, Attempt>,
    outgoing: BTreeMap<EdgeId, AttemptId>,
    /// The seeds of the handovers that were repeated.
    announcements: BTreeSet<AttemptId>,
    /// By the payers' keys, the payments that use them.
    payers: BTreeMap<[u8; 33], BTreeSet<PaymentId>>,
    /// Payments that keep a share back.
    cancellable: BTreeSet<PaymentId>,
    /// Attempts, by the height at which a block has to look at them.
    due: BTreeSet<(u32, AttemptId)>,
}

#[derive(Debug)]
struct Paying {
    plan: PaymentPlan,
    /// The newest attempt of each part.
    attempts: Vec<AttemptId>,
    /// Those before, which have failed, and the seeds of repeated handovers: no seed is used twice.
    earlier: Vec<AttemptId>,
    announced: Option<(IntroductionNode, OnionMessage)>,
    outcome: Outcome,
}

impl Paying {
    /// Whether its end is open.
    fn is_open(&self) -> bool {
        matches!(self.outcome, Outcome::UnderWay | Outcome::ShareGiven)
    }

    fn arrives_along(&self, path_id: &[u8]) -> bool {
        let withheld = self.plan.withheld.as_ref();
        withheld.is_some_and(|withheld| bool::from(withheld.arrival.path_id.ct_eq(path_id)))
    }
}

#[derive(Debug)]
enum Outcome {
    UnderWay,
    /// A cancellable payment whose share is given: only the receiver can still say how it ends.
    ShareGiven,
    /// With z or z(x), or the preimage.
    Paid(LockSecret),
    /// It failed, or was cancelled.
    Failed,
}

impl Sender {
    /// A sender that has paid nothing yet, whose edges are contracts.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with these deadlines.
    pub fn with_deadlines(deadlines: Deadlines) -> Self {
        Self { deadlines, ..Self::default() }
    }

    /// How many payments it keeps: those under way, and those that have arrived and were not forgotten.
    pub fn payment_count(&self) -> usize {
        self.payments.len()
    }

    /// The newest attempt of each part of a payment.
    pub fn attempts(&self, payment: &PaymentId) -> Option<&[AttemptId]> {
        self.payments.get(payment).map(|paying| paying.attempts.as_slice())
    }

    /// The payment that an attempt belongs to.
    pub fn payment_of(&self, attempt: &AttemptId) -> Option<PaymentId> {
        self.attempts.get(attempt).map(|attempt| attempt.payment)
    }

    /// The nodes of an attempt, with what is locked on each edge.
    pub fn route(&self, attempt: &AttemptId) -> Option<&Route> {
        self.attempts.get(attempt).map(|attempt| &attempt.leg.route)
    }

    /// How long each hop held a payment that arrived, read from what came with the secret of its first edge (BOLT 2, `update_fulfill_htlc`).
    /// Call it before [`SenderEvent::OutgoingFulfilled`]: with the last part the route is forgotten. None for an edge of no known attempt.
    ///
    /// The times reach to the introduction node of a blinded path, or to the trampoline; that node's time includes what is behind it. No money
    /// depends on it: a node that damages it only hides how long it held.
    pub fn read_attribution(
        &self,
        outgoing: &EdgeId,
        data: AttributionData,
    ) -> Option<Attribution> {
        let leg = &self.attempts.get(self.outgoing.get(outgoing)?)?.leg;
        let in_path = leg.route.end().is_path();
        let speakers = if in_path { leg.route.forwarders().len() + 1 } else { usize::MAX };
        let secrets = &leg.shared_secrets[..leg.shared_secrets.len().min(speakers)];
        Some(data.open(secrets))
    }

    /// The locks of an attempt, L_1 … L_n, as the sender set them up: without the blinds that a path of the receiver's or a
    /// node that finds a part of the route adds.
    pub fn locks(&self, attempt: &AttemptId) -> Option<&[Lock]> {
        self.attempts.get(attempt).map(|attempt| attempt.leg.locks.as_slice())
    }

    /// Proves to the verifier who asks that this payer has paid. The caller checks that the request is from the verifier
    /// that it names. `aux_rand` is 32 bytes of fresh entropy, or zeros (BIP-340, BIP-374).
    ///
    /// # Errors
    ///
    /// [`SenderError::UnknownPayment`], and [`SenderError::NoProof`] when it has not arrived, or was made under a
    /// point that is not this payer's own; [`SenderError::Proof`] after a fault of the machine.
    pub fn prove(
        &self,
        payment: &PaymentId,
        request: &ProofRequest,
        aux_rand: &[u8; 32],
    ) -> Result<PaymentProof, SenderError> {
        let paying = self.payments.get(payment).ok_or(SenderError::UnknownPayment(*payment))?;
        let (Outcome::Paid(LockSecret::Scalar(point_secret)), Some(under)) =
            (&paying.outcome, &paying.plan.paying_under)
        else {
            return Err(SenderError::NoProof(*payment));
        };
        let secret = PointSecret::new(point_secret.clone());
        under.prove(&secret, request, aux_rand).map_err(SenderError::Proof)
    }
}

impl Role for Sender {
    type Event = SenderEvent;
    type Action = SenderAction;
    type Error = SenderError;

    fn process(
        &mut self,
        event: &SenderEvent,
        observer: &mut dyn Observer,
    ) -> Result<Reaction<SenderAction>, SenderError> {
        let actions = match event {
            SenderEvent::Pay(payment) => self.pay(payment, observer)?,
            SenderEvent::Retry { attempt, order, height } => {
                self.retry(attempt, order, *height, observer)?
            }
            SenderEvent::Announce { payment, seed } => self.announce_again(payment, seed)?,
            SenderEvent::MessageReceived { path_id, payload } => {
                return self.message_received(path_id, payload);
            }
            SenderEvent::Cancel { payment } => self.cancel(payment)?,
            SenderEvent::OutgoingCommitted { attempt, edge } => {
                self.outgoing_committed(attempt, edge)?
            }
            SenderEvent::OfferFailed { attempt } => self.offer_failed(attempt)?,
            SenderEvent::OutgoingFulfilled { outgoing, secret } => {
                return self.fulfilled(outgoing, secret, observer);
            }
            SenderEvent::OutgoingFailed { outgoing, failure } => {
                self.outgoing_failed(outgoing, failure.as_ref())?
            }
            SenderEvent::OutgoingTakenBack { outgoing, height } => {
                self.outgoing_taken_back(outgoing, *height)?
            }
            SenderEvent::Forget { payment } => self.forget(payment)?,
            SenderEvent::Block { height } => return self.block(*height),
            SenderEvent::BlockDisconnected { height } => {
                previous_height(self.height, *height)?;
                self.disconnected(*height)
            }
        };
        Ok(actions.into())
    }

    /// A handover is given out again until the payment ends, because nobody confirms it; duplicates are harmless. That a payment has
    /// arrived is said again until it is forgotten: a sender that did not hear of it might pay a second time.
    fn pending(&self) -> Vec<SenderAction> {
        let attempts = self.attempts.iter();
        let wanted =
            attempts.filter_map(|(id, attempt)| attempt.wanted(*id, &self.deadlines, self.height));
        let news = self.payments.iter().filter_map(|(payment, paying)| match &paying.outcome {
            Outcome::UnderWay | Outcome::ShareGiven => {
                let announced = paying.announced.clone();
                announced.map(|(to, message)| SenderAction::SendMessage { to, message })
            }
            Outcome::Paid(secret) => {
                Some(SenderAction::Paid { payment: *payment, secret: secret.clone() })
            }
            Outcome::Failed => None,
        });
        wanted.chain(news).collect()
    }
}

impl Sender {
    /// The name of a seed that neither an attempt nor a handover was made of.
    fn check_fresh(&self, seed: &AttemptSeed) -> Result<AttemptId, SenderError> {
        let id = seed.id();
        if self.attempts.contains_key(&id) || self.announcements.contains(&id) {
            return Err(SenderError::SeedReused(id));
        }
        Ok(id)
    }

    pub(super) fn pay(
        &mut self,
        payment: &Payment,
        observer: &mut dyn Observer,
    ) -> Result<Vec<SenderAction>, SenderError> {
        let first = payment.parts.first();
        let no_parts = OrderError::PartsMismatch { amount_msat: payment.amount_msat };
        let first = first.ok_or(no_parts)?;
        let id = first.seed.payment_id();
        for (index, part) in payment.parts.iter().enumerate() {
            let attempt = self.check_fresh(&part.seed)?;
            if payment.parts[..index].iter().any(|other| other.seed.id() == attempt) {
                return Err(SenderError::SeedReused(attempt));
            }
        }
        payment.check()?;
        let paying_under = PayingUnder::new(payment)?;
        let keysend = Keysend::for_payment(payment)?;
        let invoice_lock = match (&paying_under, &keysend) {
            (Some(paying), _) => {
                self.check_payer_key(paying)?;
                Lock::Point(paying.payment_point())
            }
            (None, Some(keysend)) => Lock::Hash(keysend.preimage.hash()),
            (None, None) => static_lock(&payment.invoice)
                .map_err(OrderError::from)?
                .ok_or(OrderError::PayerMissing)?,
        };
        let plan = PaymentPlan::new(payment, invoice_lock, paying_under, keysend)?;
        let attempts = payment.parts.iter().enumerate().map(|(part, order)| {
            let attempt = plan.attempt(id, part, order, payment.height)?;
            self.check_expiry(&attempt, payment.height)?;
            Ok((order.seed.id(), attempt))
        });
        let attempts = attempts.collect::<Result<Vec<_>, SenderError>>()?;
        // A payment that can't be announced would wait for nothing.
        let held = attempts.iter().filter_map(|(_, attempt)| attempt.hold.as_ref());
        let held: Vec<&HeldAttempt> = held.collect();
        plan.handover(&held, first.seed.mail_sessions())?;

        let mut actions = Vec::new();
        if let Some(withheld) = &plan.withheld {
            let source = SecretSource::WithheldShare { payment: id };
            observer.learned_scalar(source, withheld.share.as_scalar());
        }
        if let Some(keysend) = &plan.keysend {
            let source = SecretSource::DrawnPreimage { attempt: first.seed.id() };
            observer.learned(source, &LockSecret::Preimage(keysend.preimage.clone()));
        }
        for (part, share) in plan.shares().iter().enumerate() {
            let source = SecretSource::DrawnShare { attempt: attempts[part].0 };
            observer.learned_scalar(source, share.as_scalar());
        }
        let ids = attempts.iter().map(|(attempt, _)| *attempt).collect();
        for (attempt_id, attempt) in attempts {
            attempt.teach(attempt_id, observer);
            actions.push(attempt.offer(attempt_id));
            self.begin(attempt_id, attempt);
        }
        if let Some(paying) = &plan.paying_under {
            self.payers.entry(paying.terms().payer.to_bytes()).or_default().insert(id);
        }
        if plan.withheld.is_some() {
            self.cancellable.insert(id);
        }
        let (earlier, announced, outcome) = (Vec::new(), None, Outcome::UnderWay);
        self.payments.insert(id, Paying { plan, attempts: ids, earlier, announced, outcome });
        Ok(actions)
    }

    pub(super) fn retry(
        &mut self,
        failed: &AttemptId,
        order: &PartOrder,
        height: u32,
        observer: &mut dyn Observer,
    ) -> Result<Vec<SenderAction>, SenderError> {
        let attempt_id = self.check_fresh(&order.seed)?;
        let before = self.attempts.get(failed).ok_or(SenderError::UnknownAttempt(*failed))?;
        let (id, part) = (before.payment, before.part);
        let amount_msat = before.leg.route.last().amount_msat;
        let paying = self.payments.get(&id).ok_or(SenderError::UnknownPayment(id))?;
        let newest = paying.attempts[part] == *failed;
        let Outcome::UnderWay = paying.outcome else {
            return Err(SenderError::PaymentEnded(id));
        };
        if !newest || !matches!(before.stage, Stage::Failed) {
            return Err(SenderError::AttemptUnderWay(*failed));
        }
        if order.amount_msat != amount_msat {
            return Err(OrderError::PartsMismatch { amount_msat }.into());
        }
        if let Some(hold) = paying.plan.hold {
            if order.holder(hold) != before.hold.as_ref().map(|held| held.holder) {
                return Err(OrderError::NoHolder { hop: hold.hop }.into());
            }
        }
        let attempt = paying.plan.attempt(id, part, order, height)?;
        self.check_expiry(&attempt, height)?;
        if let Some(paying) = self.payments.get_mut(&id) {
            paying.attempts[part] = attempt_id;
            paying.earlier.push(*failed);
        }
        attempt.teach(attempt_id, observer);
        let offer = attempt.offer(attempt_id);
        self.begin(attempt_id, attempt);
        Ok(alloc::vec![offer])
    }

    /// Only the payment that the receiver has gets its last share, and only once it has all of it.
    pub(super) fn message_received(
        &mut self,
        path_id: &[u8],
        payload: &[u8],
    ) -> Result<Reaction<SenderAction>, SenderError> {
        let id = self.arrival(path_id).ok_or(MessageError::UnknownPath)?;
        let paying = self.payments.get_mut(&id).ok_or(MessageError::UnknownPath)?;
        let arrived = PtlcArrived::from_message(payload).map_err(MessageError::Payload)?;
        if paying.plan.start()? != Lock::Point(arrived.set_point) {
            return Err(MessageError::Payload(PayloadError::Malformed("set_point")).into());
        }
        let all_committed = paying
            .attempts
            .iter()
            .all(|attempt| matches!(self.attempts[attempt].stage, Stage::Committed { .. }));
        let nothing = || Ok(Reaction::unchanged(Vec::new()));
        let changed = match paying.outcome {
            Outcome::UnderWay if all_committed => true,
            // The message may have got lost.
            Outcome::ShareGiven => false,
            Outcome::UnderWay | Outcome::Paid(_) | Outcome::Failed => return nothing(),
        };
        let Some((to, message)) = paying.plan.withheld_share()? else { return nothing() };
        paying.outcome = Outcome::ShareGiven;
        paying.announced = Some((to, message.clone()));
        let actions = alloc::vec![SenderAction::SendMessage { to, message }];
        Ok(Reaction { actions, changed })
    }

    pub(super) fn cancel(&mut self, id: &PaymentId) -> Result<Vec<SenderAction>, SenderError> {
        let paying = self.payments.get_mut(id).ok_or(SenderError::UnknownPayment(*id))?;
        match (&paying.outcome, &paying.plan.withheld) {
            (_, None) => Err(OrderError::NotCancellable.into()),
            (Outcome::UnderWay, Some(_)) => {
                paying.outcome = Outcome::Failed;
                Ok(alloc::vec![SenderAction::Failed { payment: *id }])
            }
            (Outcome::ShareGiven | Outcome::Paid(_) | Outcome::Failed, Some(_)) => {
                Err(SenderError::TooLateToCancel(*id))
            }
        }
    }

    /// A payer key is for one payment, and the receiver claims its x once: another payment only when those before it have
    /// failed for good.
    fn check_payer_key(&self, paying: &PayingUnder) -> Result<(), SenderError> {
        let of_payer = self.payers.get(&paying.terms().payer.to_bytes());
        let in_use = of_payer.into_iter().flatten().find(|payment| {
            let other = self.payments.get(payment);
            let failed = other.filter(|other| matches!(other.outcome, Outcome::Failed));
            let under = failed.and_then(|other| other.plan.paying_under.as_ref());
            // Its edges have not all ended, but nobody can claim them.
            !under.is_some_and(|under| under.terms() == paying.terms())
        });
        in_use.map_or(Ok(()), |payment| Err(SenderError::PayerKeyInUse { payment: *payment }))
    }

    /// Whether this node has offered this edge for a payment of its own.
    pub(super) fn has_outgoing(&self, outgoing: &EdgeId) -> bool {
        self.outgoing.contains_key(outgoing)
    }

    /// Whether this is the `path_id` of a path on which one of its payments is to be reported.
    pub(super) fn has_arrival_path(&self, path_id: &[u8]) -> bool {
        self.arrival(path_id).is_some()
    }

    fn arrival(&self, path_id: &[u8]) -> Option<PaymentId> {
        let arrives = |id: &&PaymentId| {
            self.payments.get(id).is_some_and(|paying| paying.arrives_along(path_id))
        };
        self.cancellable.iter().find(arrives).copied()
    }

    pub(super) fn announce_again(
        &mut self,
        payment: &PaymentId,
        seed: &AttemptSeed,
    ) -> Result<Vec<SenderAction>, SenderError> {
        let id = self.check_fresh(seed)?;
        let announced = self.announce(payment, seed.mail_sessions())?;
        let announced = announced.ok_or(SenderError::NotHeld(*payment))?;
        self.announcements.insert(id);
        if let Some(paying) = self.payments.get_mut(payment) {
            paying.earlier.push(id);
        }
        Ok(alloc::vec![announced])
    }

    /// The handover to the holder, if all parts are held.
    fn announce(
        &mut self,
        id: &PaymentId,
        sessions: MailSessions,
    ) -> Result<Option<SenderAction>, SenderError> {
        let paying = self.payments.get_mut(id).ok_or(SenderError::UnknownPayment(*id))?;
        let mut held = Vec::new();
        for attempt in paying.attempts.iter().map(|attempt| &self.attempts[attempt]) {
            match (&attempt.stage, &attempt.hold) {
                (Stage::Committed { .. }, Some(hold)) => held.push(hold),
                _ => return Ok(None),
            }
        }
        let Some((to, message)) = paying.plan.handover(&held, sessions)? else {
            return Ok(None);
        };
        paying.announced = Some((to, message.clone()));
        Ok(Some(SenderAction::SendMessage { to, message }))
    }
}
