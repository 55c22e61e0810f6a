//! How attempts begin and end, and what a block asks for.

use alloc::vec::Vec;

use super::attempt::{Attempt, Stage};
use super::{Outcome, Paying, Sender, SenderAction};
use crate::edge::{Edge, EdgeId};
use crate::lock::{LockSecret, previous_secret};
use crate::payment::intake::next_height;
use crate::payment::{
    AttemptId, Deadlines, EdgeError, FailureMessage, HeightError, Observer, PaymentId, Reaction,
    RouteError, SecretSource, SenderError, proposal,
};

impl Sender {
    /// Whether the first edge can be offered now, and does not lock its money for too long.
    pub(super) fn check_expiry(&self, attempt: &Attempt, now: u32) -> Result<(), RouteError> {
        let (expiry, hop, height) = (attempt.leg.route.edges()[0].expiry, 1, self.height.max(now));
        let least = self.deadlines.earliest_outgoing(height);
        let most = self.deadlines.latest_expiry(height);
        if (least..=most).contains(&expiry) {
            Ok(())
        } else {
            Err(RouteError::ExpiryOutOfRange { hop, expiry, least, most })
        }
    }

    pub(super) fn begin(&mut self, id: AttemptId, attempt: Attempt) {
        self.due.extend(attempt.due_at(&self.deadlines).map(|due| (due, id)));
        self.attempts.insert(id, attempt);
    }

    /// Changes the stage of an attempt.
    fn set_stage(&mut self, id: &AttemptId, stage: Stage) {
        let Some(attempt) = self.attempts.get_mut(id) else { return };
        if let Some(due) = attempt.due_at(&self.deadlines) {
            self.due.remove(&(due, *id));
        }
        attempt.stage = stage;
        self.due.extend(attempt.due_at(&self.deadlines).map(|due| (due, *id)));
    }

    /// The driver is about to sign for the first edge, or has just made its contract.
    ///
    /// # Errors
    ///
    /// [`EdgeError::TooLate`] when the offer is withdrawn: then no signature may leave.
    pub(in crate::payment) fn outgoing_committed(
        &mut self,
        attempt_id: &AttemptId,
        edge: &Edge,
    ) -> Result<Vec<SenderAction>, SenderError> {
        if self.outgoing.contains_key(&edge.id) {
            return Err(EdgeError::Known(edge.id).into());
        }
        let attempt =
            self.attempts.get(attempt_id).ok_or(SenderError::UnknownAttempt(*attempt_id))?;
        let event = "commitment";
        match attempt.stage {
            Stage::Offered => {}
            Stage::Withdrawing => {
                let height = self.height;
                return Err(EdgeError::TooLate { edge: edge.id, event, height }.into());
            }
            _ => return Err(EdgeError::OutOfOrder { edge: edge.id, event }.into()),
        }
        let first = attempt.leg.route.edges()[0];
        let lock = attempt.leg.locks[0];
        proposal::check_proposed(edge, lock, first.amount_msat, first.expiry)?;
        let payment = attempt.payment;
        let sessions = attempt.hold.as_ref().map(|hold| hold.sessions.clone());
        self.set_stage(attempt_id, Stage::Committed { edge: *edge, taken_back: None });
        self.outgoing.insert(edge.id, *attempt_id);
        if let Some(attempt) = self.attempts.get_mut(attempt_id) {
            attempt.outgoing = Some(edge.id);
        }
        // Not before: what is announced is there.
        let Some(sessions) = sessions else { return Ok(Vec::new()) };
        Ok(self.announce(&payment, sessions)?.into_iter().collect())
    }

    /// No signature has left for the first edge, and none will.
    pub(in crate::payment) fn offer_failed(
        &mut self,
        attempt_id: &AttemptId,
    ) -> Result<Vec<SenderAction>, SenderError> {
        let attempt =
            self.attempts.get(attempt_id).ok_or(SenderError::UnknownAttempt(*attempt_id))?;
        match attempt.stage {
            Stage::Offered | Stage::Withdrawing => Ok(self.failed(attempt_id, None)),
            _ => Err(SenderError::AttemptUnderWay(*attempt_id)),
        }
    }

    pub(in crate::payment) fn outgoing_failed(
        &mut self,
        outgoing: &EdgeId,
        failure: Option<&FailureMessage>,
    ) -> Result<Vec<SenderAction>, SenderError> {
        let (attempt, _) = self.committed(outgoing, "failure")?;
        Ok(self.failed(&attempt, failure))
    }

    /// The refund of the edge is in a block. It counts once it is final.
    pub(in crate::payment) fn outgoing_taken_back(
        &mut self,
        outgoing: &EdgeId,
        height: u32,
    ) -> Result<Vec<SenderAction>, SenderError> {
        let current = self.height;
        if height > current {
            return Err(HeightError::NotConnected { height, current }.into());
        }
        let (attempt, edge) = self.committed(outgoing, "refund")?;
        self.set_stage(&attempt, Stage::Committed { edge, taken_back: Some(height) });
        Ok(self.look_at(&attempt))
    }

    fn committed(
        &self,
        outgoing: &EdgeId,
        event: &'static str,
    ) -> Result<(AttemptId, Edge), EdgeError> {
        let attempt = *self.outgoing.get(outgoing).ok_or(EdgeError::Unknown(*outgoing))?;
        match self.attempts.get(&attempt).map(|attempt| &attempt.stage) {
            Some(Stage::Committed { edge, .. }) => Ok((attempt, *edge)),
            _ => Err(EdgeError::OutOfOrder { edge: *outgoing, event }),
        }
    }

    fn failed(
        &mut self,
        attempt_id: &AttemptId,
        failure: Option<&FailureMessage>,
    ) -> Vec<SenderAction> {
        self.set_stage(attempt_id, Stage::Failed);
        let Some(attempt) = self.attempts.get(attempt_id) else { return Vec::new() };
        let payment = attempt.payment;
        let secrets = (&attempt.leg.shared_secrets, &attempt.leg.inner_secrets);
        let (failure, attribution) =
            failure.map(|failure| failure.read(secrets.0, secrets.1)).unwrap_or_default();
        let attempt = *attempt_id;
        let failed = SenderAction::AttemptFailed { payment, attempt, failure, attribution };
        let mut actions = alloc::vec![failed];
        let is_failed = |id: &AttemptId| matches!(self.attempts[id].stage, Stage::Failed);
        let all_failed =
            |paying: &Paying| paying.is_open() && paying.attempts.iter().all(is_failed);
        if self.payments.get(&payment).is_some_and(all_failed) {
            if let Some(paying) = self.payments.get_mut(&payment) {
                paying.outcome = Outcome::Failed;
            }
            actions.push(SenderAction::Failed { payment });
        }
        self.clear(&payment);
        actions
    }

    /// z = l_1 − y_0 − q
    ///
    /// A secret that comes twice changes nothing.
    pub(in crate::payment) fn fulfilled(
        &mut self,
        outgoing: &EdgeId,
        secret: &LockSecret,
        observer: &mut dyn Observer,
    ) -> Result<Reaction<SenderAction>, SenderError> {
        if let Some(Stage::Claimed) = self.stage_of(outgoing) {
            return Ok(Reaction::unchanged(Vec::new()));
        }
        let (attempt_id, edge) = self.committed(outgoing, "fulfilment")?;
        proposal::check_secret(&edge, secret)?;
        let attempt = &self.attempts[&attempt_id];
        let id = attempt.payment;
        let paying = self.payments.get(&id).ok_or(SenderError::UnknownPayment(id))?;
        let payment_secret = match (attempt.leg.blinds.first(), secret) {
            (Some(blind), LockSecret::Scalar(scalar)) => {
                let shifted = previous_secret(scalar, blind).map_err(RouteError::Lock)?;
                LockSecret::Scalar(match &paying.plan.share_sum {
                    Some(sum) => previous_secret(&shifted, sum).map_err(RouteError::Lock)?,
                    None => shifted,
                })
            }
            _ => secret.clone(),
        };
        if !paying.plan.invoice_lock.is_opened_by(&payment_secret) {
            return Err(EdgeError::WrongSecret(*outgoing).into());
        }
        let invoice = paying.plan.invoice.invoice_id();
        let source = match &paying.plan.paying_under {
            Some(paying) => Some(SecretSource::PointSecret { invoice, x: paying.x() }),
            // It has drawn the preimage itself.
            None if paying.plan.keysend.is_some() => None,
            None => Some(SecretSource::Payment { invoice }),
        };
        observer.learned(SecretSource::Lock { edge: *outgoing }, secret);
        if let Some(source) = source {
            observer.learned(source, &payment_secret);
        }
        // The other parts bring the same secret.
        let is_first = !matches!(paying.outcome, Outcome::Paid(_));
        self.set_stage(&attempt_id, Stage::Claimed);
        let mut actions = Vec::new();
        if is_first {
            if let Some(paying) = self.payments.get_mut(&id) {
                paying.outcome = Outcome::Paid(payment_secret.clone());
            }
            actions.push(SenderAction::Paid { payment: id, secret: payment_secret });
        }
        self.clear(&id);
        Ok(actions.into())
    }

    fn stage_of(&self, outgoing: &EdgeId) -> Option<&Stage> {
        let attempt = self.outgoing.get(outgoing)?;
        self.attempts.get(attempt).map(|attempt| &attempt.stage)
    }

    /// Drops what nothing can come of any more: all of a payment that has failed, the routes of one that has arrived.
    fn clear(&mut self, payment: &PaymentId) {
        let Some(paying) = self.payments.get(payment) else { return };
        let ended = |id: &AttemptId| self.attempts.get(id).is_none_or(Attempt::has_ended);
        if paying.is_open() || !paying.attempts.iter().all(ended) {
            return;
        }
        let failed = matches!(paying.outcome, Outcome::Failed);
        let seeds: Vec<AttemptId> =
            paying.attempts.iter().chain(&paying.earlier).copied().collect();
        for seed in &seeds {
            self.announcements.remove(seed);
            let Some(attempt) = self.attempts.remove(seed) else { continue };
            if let Some(due) = attempt.due_at(&self.deadlines) {
                self.due.remove(&(due, *seed));
            }
            if let Some(outgoing) = attempt.outgoing {
                self.outgoing.remove(&outgoing);
            }
        }
        self.cancellable.remove(payment);
        if let Some(paying) = self.payments.get_mut(payment) {
            (paying.attempts, paying.earlier, paying.announced) = Default::default();
        }
        if failed {
            self.drop_payment(payment);
        }
    }

    fn drop_payment(&mut self, payment: &PaymentId) {
        let Some(paying) = self.payments.remove(payment) else { return };
        let Some(under) = &paying.plan.paying_under else { return };
        let key = under.terms().payer.to_bytes();
        if let Some(of_payer) = self.payers.get_mut(&key) {
            of_payer.remove(payment);
            if of_payer.is_empty() {
                self.payers.remove(&key);
            }
        }
    }

    /// Forgets a payment that has arrived, and what it can be proved with.
    pub(in crate::payment) fn forget(
        &mut self,
        payment: &PaymentId,
    ) -> Result<Vec<SenderAction>, SenderError> {
        let paying = self.payments.get(payment).ok_or(SenderError::UnknownPayment(*payment))?;
        if paying.is_open() || !paying.attempts.is_empty() {
            return Err(SenderError::PaymentUnderWay(*payment));
        }
        self.drop_payment(payment);
        Ok(Vec::new())
    }

    /// A new block: offers that are too late are withdrawn, edges that are past their time are taken back.
    pub(in crate::payment) fn block(
        &mut self,
        height: u32,
    ) -> Result<Reaction<SenderAction>, SenderError> {
        if !next_height(self.height, height)? {
            return Ok(Reaction::unchanged(Vec::new()));
        }
        self.height = height;
        let mut actions = Vec::new();
        let due: Vec<AttemptId> =
            self.due.iter().take_while(|(at, _)| *at <= height).map(|(_, id)| *id).collect();
        for attempt in due {
            actions.extend(self.look_at(&attempt));
        }
        Ok(actions.into())
    }

    /// What this height asks for.
    fn look_at(&mut self, id: &AttemptId) -> Vec<SenderAction> {
        let height = self.height;
        let Some(attempt) = self.attempts.get(id) else { return Vec::new() };
        match attempt.stage {
            Stage::Offered if attempt.due_at(&self.deadlines).is_some_and(|at| at <= height) => {
                self.set_stage(id, Stage::Withdrawing);
            }
            Stage::Committed { taken_back: Some(taken_back), .. } => {
                let is_final = Deadlines::final_at(taken_back) <= height;
                return if is_final { self.failed(id, None) } else { Vec::new() };
            }
            _ => {}
        }
        let attempt = &self.attempts[id];
        attempt.wanted(*id, &self.deadlines, height).into_iter().collect()
    }

    /// A block is gone, and what was reported from it.
    pub(in crate::payment) fn disconnected(&mut self, height: u32) -> Vec<SenderAction> {
        self.height = height.saturating_sub(1);
        let gone: Vec<(AttemptId, Edge)> = self
            .attempts
            .iter()
            .filter_map(|(id, attempt)| match attempt.stage {
                Stage::Committed { edge, taken_back: Some(at) } if at >= height => {
                    Some((*id, edge))
                }
                _ => None,
            })
            .collect();
        let mut actions = Vec::new();
        for (id, edge) in gone {
            self.set_stage(&id, Stage::Committed { edge, taken_back: None });
            actions.extend(self.look_at(&id));
        }
        actions
    }
}
