use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use bitcoin::OutPoint;
use subtle::ConstantTimeEq;

mod attempt;
mod event;
mod order;

use attempt::{Attempt, PaymentPlan, Stage};
pub use event::{SenderAction, SenderEvent};
pub use order::{ArrivalPath, HoldPlan, PartOrder, Payee, Payer, Payment, Tail};

use super::paying::PayingUnder;
use super::seed::MailSessions;
use super::{
    AttemptId, AttemptSeed, FailureMessage, HopBlinds, PayloadError, PaymentError, PaymentId,
    PtlcArrived, Route, SecretSource, View, edge, invoice_lock,
};
use crate::contract::OfferedContract;
use crate::invoice::ktime::PointSecret;
use crate::invoice::proof::{PaymentProof, ProofRequest};
use crate::lock::{Lock, LockSecret, previous_secret};
use crate::onion::blinded::OnionMessage;
use crate::wire::IntroductionNode;

/// The node that pays.
#[derive(Debug, Default)]
pub struct Sender {
    payments: BTreeMap<PaymentId, Paying>,
    attempts: BTreeMap<AttemptId, Attempt>,
    outgoing: BTreeMap<OutPoint, AttemptId>,
    /// The seeds of the announcements that were repeated.
    announcements: BTreeSet<AttemptId>,
    view: View,
    log: Vec<SenderEvent>,
}

#[derive(Debug)]
struct Paying {
    plan: PaymentPlan,
    /// The newest attempt of each part.
    attempts: Vec<AttemptId>,
    announced: Option<(IntroductionNode, OnionMessage)>,
    outcome: Outcome,
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
    /// A sender that has paid nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The sender that these events make.
    ///
    /// # Errors
    ///
    /// That of the first event which was not accepted before either.
    pub fn replay(log: Vec<SenderEvent>) -> Result<Self, PaymentError> {
        let mut sender = Self::new();
        for event in log {
            sender.apply(event)?;
        }
        Ok(sender)
    }

    /// The events so far.
    pub fn log(&self) -> &[SenderEvent] {
        &self.log
    }

    /// The events, to be replayed.
    pub fn into_log(self) -> Vec<SenderEvent> {
        self.log
    }

    /// What this node knows.
    pub fn view(&self) -> &View {
        &self.view
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

    /// The locks of an attempt, L_1 … L_n, as the sender set them up: without the blinds that a path of the receiver's or a
    /// node that finds a part of the route adds.
    pub fn locks(&self, attempt: &AttemptId) -> Option<&[Lock]> {
        self.attempts.get(attempt).map(|attempt| attempt.leg.locks.as_slice())
    }

    /// Proves to the verifier who asks that this payer has paid. That the request is from whom it names is the caller's to
    /// check. `aux_rand` is 32 bytes of fresh entropy, or zeros (BIP-340, BIP-374).
    ///
    /// # Errors
    ///
    /// [`PaymentError::UnknownPayment`], and [`PaymentError::NoProof`] when it has not arrived, or was made under a
    /// point that is not this payer's own; [`PaymentError::Proof`] after a fault of the machine.
    pub fn prove(
        &self,
        payment: &PaymentId,
        request: &ProofRequest,
        aux_rand: &[u8; 32],
    ) -> Result<PaymentProof, PaymentError> {
        let paying = self.payments.get(payment).ok_or(PaymentError::UnknownPayment(*payment))?;
        let (Outcome::Paid(LockSecret::Scalar(point_secret)), Some(under)) =
            (&paying.outcome, &paying.plan.paying_under)
        else {
            return Err(PaymentError::NoProof(*payment));
        };
        Ok(under.prove(&PointSecret::new(point_secret.clone()), request, aux_rand)?)
    }

    /// Every action that no event has confirmed: for the start after a crash, when the log was written and the actions may not
    /// have been carried out. An announcement is given out again until the payment ends, for nobody confirms it; twice is
    /// as good as once. Time-outs come with the next block.
    pub fn pending(&self) -> Vec<SenderAction> {
        let offered = self.attempts.iter().filter_map(|(id, attempt)| match &attempt.stage {
            Stage::Offered => Some(attempt.offer(*id)),
            Stage::Committed(_) | Stage::Claimed | Stage::Failed => None,
        });
        let announced = self.payments.values().filter_map(|paying| match &paying.outcome {
            Outcome::UnderWay | Outcome::ShareGiven => {
                let announced = paying.announced.clone();
                announced.map(|(to, message)| SenderAction::SendMessage { to, message })
            }
            Outcome::Paid(_) | Outcome::Failed => None,
        });
        offered.chain(announced).collect()
    }

    /// Takes an event and says what to do.
    ///
    /// # Errors
    ///
    /// [`PaymentError`]; then nothing has changed.
    pub fn apply(&mut self, event: SenderEvent) -> Result<Vec<SenderAction>, PaymentError> {
        let actions = self.process(&event)?;
        self.log.push(event);
        Ok(actions)
    }

    fn process(&mut self, event: &SenderEvent) -> Result<Vec<SenderAction>, PaymentError> {
        match event {
            SenderEvent::Pay(payment) => self.pay(payment),
            SenderEvent::Retry { attempt, order, height } => self.retry(attempt, order, *height),
            SenderEvent::Announce { payment, seed } => {
                let id = self.check_fresh(seed)?;
                let announced = self.announce(payment, seed.mail_sessions())?;
                let announced = announced.ok_or(PaymentError::NotHeld(*payment))?;
                self.announcements.insert(id);
                Ok(alloc::vec![announced])
            }
            SenderEvent::MessageReceived { path_id, payload } => {
                self.message_received(path_id, payload)
            }
            SenderEvent::Cancel { payment } => self.cancel(payment),
            SenderEvent::OutgoingCommitted { attempt, contract } => {
                self.outgoing_committed(attempt, contract)
            }
            SenderEvent::OfferFailed { attempt } => self.offer_failed(attempt),
            SenderEvent::OutgoingClaimed { outgoing, transaction } => {
                let secret = edge::extract(self.committed(outgoing, "claim")?.1, transaction)?;
                self.fulfilled(outgoing, secret)
            }
            SenderEvent::OutgoingFulfilled { outgoing, secret } => {
                edge::check_secret(self.committed(outgoing, "fulfilment")?.1.funded(), secret)?;
                self.fulfilled(outgoing, secret.clone())
            }
            SenderEvent::OutgoingFailed { outgoing, failure } => {
                let (attempt, _) = self.committed(outgoing, "failure")?;
                Ok(self.failed(&attempt, failure.as_ref()))
            }
            SenderEvent::Block { height } => Ok(self.block(*height)),
        }
    }

    /// The name of a seed that neither an attempt nor an announcement was made of.
    fn check_fresh(&self, seed: &AttemptSeed) -> Result<AttemptId, PaymentError> {
        let id = seed.id();
        if self.attempts.contains_key(&id) || self.announcements.contains(&id) {
            return Err(PaymentError::SeedReused(id));
        }
        Ok(id)
    }

    fn pay(&mut self, payment: &Payment) -> Result<Vec<SenderAction>, PaymentError> {
        let first = payment.parts.first();
        let no_parts = PaymentError::PartsMismatch { amount_msat: payment.amount_msat };
        let id = first.ok_or(no_parts)?.seed.payment_id();
        for (index, part) in payment.parts.iter().enumerate() {
            let attempt = self.check_fresh(&part.seed)?;
            if payment.parts[..index].iter().any(|other| other.seed.id() == attempt) {
                return Err(PaymentError::SeedReused(attempt));
            }
        }
        payment.check()?;
        let paying_under = PayingUnder::new(payment)?;
        let invoice_lock = match &paying_under {
            Some(paying) => {
                self.check_payer_key(paying)?;
                Lock::Point(paying.payment_point())
            }
            None => invoice_lock(&payment.invoice)?,
        };
        let plan = PaymentPlan::new(payment, invoice_lock, paying_under)?;
        let attempts = payment.parts.iter().enumerate().map(|(part, order)| {
            Ok((order.seed.id(), plan.attempt(id, part, order, payment.height)?))
        });
        let attempts = attempts.collect::<Result<Vec<_>, PaymentError>>()?;

        let mut actions = Vec::new();
        if let Some(withheld) = &plan.withheld {
            let scalar = LockSecret::Scalar(withheld.share.as_scalar().clone());
            self.view.learn(SecretSource::WithheldShare { payment: id }, scalar);
        }
        for (part, share) in plan.shares().iter().enumerate() {
            let source = SecretSource::DrawnShare { attempt: attempts[part].0 };
            self.view.learn(source, LockSecret::Scalar(share.as_scalar().clone()));
        }
        let ids = attempts.iter().map(|(attempt, _)| *attempt).collect();
        for (attempt_id, attempt) in attempts {
            attempt.teach(attempt_id, &mut self.view);
            actions.push(attempt.offer(attempt_id));
            self.attempts.insert(attempt_id, attempt);
        }
        let outcome = Outcome::UnderWay;
        self.payments.insert(id, Paying { plan, attempts: ids, announced: None, outcome });
        Ok(actions)
    }

    fn retry(
        &mut self,
        failed: &AttemptId,
        order: &PartOrder,
        height: u32,
    ) -> Result<Vec<SenderAction>, PaymentError> {
        let attempt_id = self.check_fresh(&order.seed)?;
        let before = self.attempts.get(failed).ok_or(PaymentError::UnknownAttempt(*failed))?;
        let (id, part) = (before.payment, before.part);
        let amount_msat = before.leg.route.last().amount_msat;
        let unknown = PaymentError::UnknownPayment(id);
        let paying = self.payments.get_mut(&id).ok_or(unknown)?;
        let newest = paying.attempts[part] == *failed;
        let Outcome::UnderWay = paying.outcome else {
            return Err(PaymentError::PaymentEnded(id));
        };
        if !newest || !matches!(before.stage, Stage::Failed) {
            return Err(PaymentError::AttemptUnderWay(*failed));
        }
        if order.amount_msat != amount_msat {
            return Err(PaymentError::PartsMismatch { amount_msat });
        }
        if let Some(hold) = paying.plan.hold
            && order.holder(hold) != before.hold.as_ref().map(|held| held.holder)
        {
            return Err(PaymentError::NoHolder { hop: hold.hop });
        }
        let attempt = paying.plan.attempt(id, part, order, height)?;
        paying.attempts[part] = attempt_id;
        attempt.teach(attempt_id, &mut self.view);
        let offer = attempt.offer(attempt_id);
        self.attempts.insert(attempt_id, attempt);
        Ok(alloc::vec![offer])
    }

    /// Only the payment that the receiver has gets its last share, and only once it has all of it.
    fn message_received(
        &mut self,
        path_id: &[u8],
        payload: &[u8],
    ) -> Result<Vec<SenderAction>, PaymentError> {
        let is_its_path = |paying: &Paying| {
            let withheld = paying.plan.withheld.as_ref();
            withheld.is_some_and(|withheld| bool::from(withheld.arrival.path_id.ct_eq(path_id)))
        };
        let paying = self.payments.values_mut().find(|paying| is_its_path(paying));
        let paying = paying.ok_or(PaymentError::UnknownMessagePath)?;
        let arrived = PtlcArrived::from_message(payload)?;
        if paying.plan.start()? != Lock::Point(arrived.set_point) {
            return Err(PaymentError::Message(PayloadError::Malformed("set_point")));
        }
        let all_committed = paying
            .attempts
            .iter()
            .all(|attempt| matches!(self.attempts[attempt].stage, Stage::Committed(_)));
        match paying.outcome {
            Outcome::UnderWay if all_committed => {}
            // The message may have got lost.
            Outcome::ShareGiven => {}
            Outcome::UnderWay | Outcome::Paid(_) | Outcome::Failed => return Ok(Vec::new()),
        }
        let Some((to, message)) = paying.plan.withheld_share()? else { return Ok(Vec::new()) };
        paying.outcome = Outcome::ShareGiven;
        paying.announced = Some((to, message.clone()));
        Ok(alloc::vec![SenderAction::SendMessage { to, message }])
    }

    fn cancel(&mut self, id: &PaymentId) -> Result<Vec<SenderAction>, PaymentError> {
        let paying = self.payments.get_mut(id).ok_or(PaymentError::UnknownPayment(*id))?;
        match (&paying.outcome, &paying.plan.withheld) {
            (_, None) => Err(PaymentError::NotCancellable),
            (Outcome::UnderWay, Some(_)) => {
                paying.outcome = Outcome::Failed;
                Ok(alloc::vec![SenderAction::Failed { payment: *id }])
            }
            (Outcome::ShareGiven | Outcome::Paid(_) | Outcome::Failed, Some(_)) => {
                Err(PaymentError::TooLateToCancel(*id))
            }
        }
    }

    /// A payer key is for one payment, and the receiver claims its x once: another payment only when those before it have
    /// failed for good.
    fn check_payer_key(&self, paying: &PayingUnder) -> Result<(), PaymentError> {
        let in_use = self.payments.iter().find(|(_, payment)| {
            payment.plan.paying_under.as_ref().is_some_and(|other| {
                let retry =
                    other.terms() == paying.terms() && matches!(payment.outcome, Outcome::Failed);
                other.terms().payer == paying.terms().payer && !retry
            })
        });
        in_use.map_or(Ok(()), |(payment, _)| Err(PaymentError::PayerKeyInUse { payment: *payment }))
    }

    fn offer_failed(&mut self, attempt_id: &AttemptId) -> Result<Vec<SenderAction>, PaymentError> {
        let attempt =
            self.attempts.get(attempt_id).ok_or(PaymentError::UnknownAttempt(*attempt_id))?;
        let Stage::Offered = attempt.stage else {
            return Err(PaymentError::AttemptUnderWay(*attempt_id));
        };
        Ok(self.failed(attempt_id, None))
    }

    fn failed(
        &mut self,
        attempt_id: &AttemptId,
        failure: Option<&FailureMessage>,
    ) -> Vec<SenderAction> {
        let Some(attempt) = self.attempts.get_mut(attempt_id) else { return Vec::new() };
        attempt.stage = Stage::Failed;
        let payment = attempt.payment;
        let failure = failure.and_then(|failure| failure.read(&attempt.leg.shared_secrets));
        let failed = SenderAction::AttemptFailed { payment, attempt: *attempt_id, failure };
        let mut actions = alloc::vec![failed];
        let Some(paying) = self.payments.get_mut(&payment) else { return actions };
        let is_failed = |id: &AttemptId| matches!(self.attempts[id].stage, Stage::Failed);
        let is_open = matches!(paying.outcome, Outcome::UnderWay | Outcome::ShareGiven);
        if is_open && paying.attempts.iter().all(is_failed) {
            paying.outcome = Outcome::Failed;
            actions.push(SenderAction::Failed { payment });
        }
        actions
    }

    fn outgoing_committed(
        &mut self,
        attempt_id: &AttemptId,
        contract: &OfferedContract,
    ) -> Result<Vec<SenderAction>, PaymentError> {
        let outpoint = contract.funded().outpoint();
        if self.outgoing.contains_key(&outpoint) {
            return Err(PaymentError::KnownContract(outpoint));
        }
        let attempt =
            self.attempts.get_mut(attempt_id).ok_or(PaymentError::UnknownAttempt(*attempt_id))?;
        let Stage::Offered = attempt.stage else {
            return Err(PaymentError::OutOfOrder { contract: outpoint, event: "commitment" });
        };
        let first = attempt.leg.route.edges()[0];
        edge::check_proposed(contract, attempt.leg.locks[0], first.amount_msat, first.expiry)?;
        attempt.stage = Stage::Committed(contract.clone());
        self.outgoing.insert(outpoint, *attempt_id);
        let payment = attempt.payment;
        // Not before: what is announced is there.
        let Some(sessions) = attempt.hold.as_ref().map(|hold| hold.sessions.clone()) else {
            return Ok(Vec::new());
        };
        Ok(self.announce(&payment, sessions)?.into_iter().collect())
    }

    /// The `held_ptlc_available`, if all parts are held.
    fn announce(
        &mut self,
        id: &PaymentId,
        sessions: MailSessions,
    ) -> Result<Option<SenderAction>, PaymentError> {
        let paying = self.payments.get_mut(id).ok_or(PaymentError::UnknownPayment(*id))?;
        let mut held = Vec::new();
        for attempt in paying.attempts.iter().map(|attempt| &self.attempts[attempt]) {
            match (&attempt.stage, &attempt.hold) {
                (Stage::Committed(_), Some(hold)) => held.push(hold),
                _ => return Ok(None),
            }
        }
        let holder = held.first().map(|hold| hold.holder);
        let latest = held.iter().map(|hold| hold.latest_release).min();
        let Some((holder, latest)) = holder.zip(latest) else { return Ok(None) };
        let holds = held.iter().map(|hold| hold.available.clone()).collect();
        let (to, message) = paying.plan.announcement(holder, holds, latest, sessions)?;
        paying.announced = Some((to, message.clone()));
        Ok(Some(SenderAction::SendMessage { to, message }))
    }

    fn committed(
        &self,
        outgoing: &OutPoint,
        event: &'static str,
    ) -> Result<(AttemptId, &OfferedContract), PaymentError> {
        let attempt =
            *self.outgoing.get(outgoing).ok_or(PaymentError::UnknownContract(*outgoing))?;
        match self.attempts.get(&attempt).map(|attempt| &attempt.stage) {
            Some(Stage::Committed(contract)) => Ok((attempt, contract)),
            _ => Err(PaymentError::OutOfOrder { contract: *outgoing, event }),
        }
    }

    /// z = l_1 − y_0 − q
    fn fulfilled(
        &mut self,
        outgoing: &OutPoint,
        secret: LockSecret,
    ) -> Result<Vec<SenderAction>, PaymentError> {
        let (attempt_id, _) = self.committed(outgoing, "claim")?;
        let attempt = &self.attempts[&attempt_id];
        let id = attempt.payment;
        let paying = self.payments.get(&id).ok_or(PaymentError::UnknownPayment(id))?;
        let payment_secret = match (attempt.leg.blinds.first(), &secret) {
            (Some(blind), LockSecret::Scalar(scalar)) => {
                let shifted = previous_secret(scalar, blind)?;
                LockSecret::Scalar(match &paying.plan.share_sum {
                    Some(sum) => previous_secret(&shifted, sum)?,
                    None => shifted,
                })
            }
            _ => secret.clone(),
        };
        if !paying.plan.invoice_lock.is_opened_by(&payment_secret) {
            return Err(PaymentError::WrongSecret(*outgoing));
        }
        let invoice = paying.plan.invoice.invoice_id();
        let source = match &paying.plan.paying_under {
            Some(paying) => SecretSource::PointSecret { invoice, x: paying.x() },
            None => SecretSource::Payment { invoice },
        };
        self.view.learn(SecretSource::Lock { contract: *outgoing }, secret);
        self.view.learn(source, payment_secret.clone());
        if let Some(attempt) = self.attempts.get_mut(&attempt_id) {
            attempt.stage = Stage::Claimed;
        }
        let Some(paying) = self.payments.get_mut(&id) else { return Ok(Vec::new()) };
        // The other parts bring the same secret.
        if let Outcome::Paid(_) = paying.outcome {
            return Ok(Vec::new());
        }
        paying.outcome = Outcome::Paid(payment_secret.clone());
        Ok(alloc::vec![SenderAction::Paid { payment: id, secret: payment_secret }])
    }

    fn block(&self, height: u32) -> Vec<SenderAction> {
        self.attempts
            .values()
            .filter_map(|attempt| match &attempt.stage {
                Stage::Committed(contract) if edge::expiry(contract.funded()) <= height => {
                    Some(SenderAction::TimeOut { outgoing: contract.funded().outpoint() })
                }
                _ => None,
            })
            .collect()
    }
}
