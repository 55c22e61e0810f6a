//! How edges end: by their secret, by a failure, or on the chain; and what a block asks for.
//!
//! ```text
//! OutgoingFulfilled          the secret wins until the failure was given ─▶ Claim, or ClaimOnChain; else SecretLate
//! OutgoingFailed             ─▶ Fail
//! OutgoingTakenBack, final   ─▶ Fail
//! ```

use alloc::vec::Vec;

use super::super::ended::Ended;
use super::forwarding::{Fail, Stage};
use super::{Context, ForwarderAction, ForwarderError, Forwards};
use crate::edge::EdgeId;
use crate::lock::{LockSecret, previous_secret};
use crate::onion::{AttributionData, HoldTime};
use crate::payment::{
    Deadlines, EdgeError, FailureMessage, Reaction, Refusal, SecretSource, proposal,
};

impl Forwards {
    /// l_i = l_{i+1} − y_i, with all else that this node has added to the lock
    ///
    /// A secret that comes twice changes nothing.
    pub(in crate::payment) fn fulfilled(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &EdgeId,
        secret: &LockSecret,
    ) -> Result<Reaction<ForwarderAction>, ForwarderError> {
        let forwarding =
            self.forwardings.by_outgoing(outgoing).ok_or(EdgeError::Unknown(*outgoing))?;
        let (committed, late) = match &forwarding.stage {
            Stage::Committed(committed) => (committed, false),
            Stage::Failing { outgoing: Some(committed), fail } => (committed, fail.given),
            Stage::Claiming { .. } => return Ok(Reaction::unchanged(Vec::new())),
            _ => {
                let event = "fulfilment";
                return Err(EdgeError::OutOfOrder { edge: *outgoing, event }.into());
            }
        };
        proposal::check_secret(&committed.outgoing, secret)?;
        let incoming_secret = match (&committed.blind, secret) {
            (Some(blind), LockSecret::Scalar(scalar)) => {
                LockSecret::Scalar(previous_secret(scalar, blind)?)
            }
            _ => secret.clone(),
        };
        // It opens the incoming lock, and need not be tried: l_{i+1}·G = L_{i+1} = L_i + y_i·G, since no other lock was
        // proposed, and `OutgoingCommitted` takes no other.
        let incoming = forwarding.incoming.id;
        cx.observer.learned(SecretSource::Lock { edge: *outgoing }, secret);
        cx.observer.learned(SecretSource::Lock { edge: incoming }, &incoming_secret);
        let action = self.change_and_ask(cx, &incoming, |forwarding| {
            forwarding.stage = Stage::Claiming { secret: incoming_secret, late };
        });
        Ok(action.into_iter().collect::<Vec<_>>().into())
    }

    /// What stands beside the secret of an edge that is to be claimed.
    pub(in crate::payment) fn attribution_data(
        &self,
        incoming: &EdgeId,
        downstream: Option<AttributionData>,
        hold_time: HoldTime,
    ) -> Option<AttributionData> {
        let forwarding = self.forwardings.get(incoming)?;
        match forwarding.stage {
            Stage::Claiming { late: false, .. } => {
                forwarding.origin.attribution_data(downstream, hold_time)
            }
            _ => None,
        }
    }

    /// The incoming edge of an outgoing one, which was committed and has not ended.
    fn committed(&self, outgoing: &EdgeId, event: &'static str) -> Result<EdgeId, EdgeError> {
        let forwarding =
            self.forwardings.by_outgoing(outgoing).ok_or(EdgeError::Unknown(*outgoing))?;
        match forwarding.stage {
            Stage::Committed(_) => Ok(forwarding.incoming.id),
            _ => Err(EdgeError::OutOfOrder { edge: *outgoing, event }),
        }
    }

    pub(in crate::payment) fn outgoing_failed(
        &mut self,
        cx: &Context<'_>,
        outgoing: &EdgeId,
        failure: Option<&FailureMessage>,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        let incoming = self.committed(outgoing, "failure")?;
        Ok(self.fail_downstream(cx, &incoming, failure).into_iter().collect())
    }

    fn fail_downstream(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        failure: Option<&FailureMessage>,
    ) -> Option<ForwarderAction> {
        self.fail_with(cx, incoming, |forwarding| {
            let failure = forwarding.origin.pass_on(failure);
            Fail { reason: Refusal::Downstream, failure, given: false }
        })
    }

    /// The refund of the outgoing edge is in a block. It counts once it is final.
    pub(in crate::payment) fn outgoing_taken_back(
        &mut self,
        cx: &Context<'_>,
        outgoing: &EdgeId,
        height: u32,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        cx.intake.check_reported(height)?;
        let incoming = self.committed(outgoing, "refund")?;
        self.change(cx, &incoming, |forwarding| {
            if let Stage::Committed(committed) = &mut forwarding.stage {
                committed.taken_back = Some(height);
            }
        });
        Ok(self.look_at(cx, &incoming))
    }

    pub(in crate::payment) fn incoming_claimed(
        &mut self,
        incoming: &EdgeId,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        let Stage::Claiming { .. } = self.forwarding(incoming)?.stage else {
            return Err(EdgeError::OutOfOrder { edge: *incoming, event: "claim" }.into());
        };
        self.forget(incoming);
        Ok(Vec::new())
    }

    /// This node's claim of the incoming edge is in a block.
    pub(in crate::payment) fn claim_confirmed(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        height: u32,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        self.incoming_ended(cx, incoming, Ended::Claimed(height))
    }

    /// The other side's refund of the incoming edge is in a block.
    pub(in crate::payment) fn taken_back(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        height: u32,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        self.incoming_ended(cx, incoming, Ended::TakenBack(height))
    }

    /// The incoming edge has ended in a block. It counts once it is final.
    fn incoming_ended(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        ended: Ended,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        cx.intake.check_reported(ended.height())?;
        let taken_back = matches!(ended, Ended::TakenBack(_));
        if taken_back && self.refused.remove(incoming).is_some() {
            return Ok(Vec::new());
        }
        let forwarding = self.forwarding(incoming)?;
        if !taken_back && !matches!(forwarding.stage, Stage::Claiming { .. }) {
            return Err(EdgeError::OutOfOrder { edge: *incoming, event: "claim" }.into());
        }
        self.change(cx, incoming, |forwarding| forwarding.ended = Some(ended));
        let mut actions = self.end_early(cx, incoming, taken_back);
        actions.extend(self.look_at(cx, incoming));
        Ok(actions)
    }

    /// What has not been offered needs not be, and a secret is of no use any more.
    fn end_early(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        taken_back: bool,
    ) -> Vec<ForwarderAction> {
        let Some(forwarding) = self.forwardings.get(incoming).filter(|_| taken_back) else {
            return Vec::new();
        };
        let (expiry, height) = (forwarding.incoming.expiry, cx.intake.height);
        let action = match forwarding.stage {
            Stage::Offered { .. } => self.withdraw(cx, incoming),
            Stage::Held | Stage::Routing { .. } => {
                self.fail(cx, incoming, Refusal::TimeIsUp { expiry, height })
            }
            Stage::Claiming { .. } => self.wanted(cx, incoming),
            Stage::Withdrawing | Stage::Committed(_) | Stage::Failing { .. } => None,
        };
        action.into_iter().collect()
    }

    /// The driver is about to give the failure of an incoming edge to the channel.
    ///
    /// # Errors
    ///
    /// [`EdgeError::OutOfOrder`] when the secret has come: then it may not be given.
    pub(in crate::payment) fn fail_given(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
    ) -> Result<Reaction<ForwarderAction>, ForwarderError> {
        // No secret can come of what was not accepted.
        if self.refused.contains_key(incoming) {
            return Ok(Reaction::unchanged(Vec::new()));
        }
        let Stage::Failing { .. } = self.forwarding(incoming)?.stage else {
            return Err(EdgeError::OutOfOrder { edge: *incoming, event: "failure" }.into());
        };
        self.change(cx, incoming, |forwarding| {
            if let Stage::Failing { fail, .. } = &mut forwarding.stage {
                fail.given = true;
            }
        });
        Ok(Vec::new().into())
    }

    pub(in crate::payment) fn incoming_failed(
        &mut self,
        incoming: &EdgeId,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        if self.refused.remove(incoming).is_some() {
            return Ok(Vec::new());
        }
        match self.forwardings.get(incoming).map(|forwarding| &forwarding.stage) {
            Some(Stage::Failing { .. } | Stage::Claiming { late: true, .. }) => {}
            _ => return Err(EdgeError::OutOfOrder { edge: *incoming, event: "failure" }.into()),
        }
        self.forget(incoming);
        Ok(Vec::new())
    }

    /// Both edges of a payment have ended: nothing is kept of it but the id of its hold.
    fn forget(&mut self, incoming: &EdgeId) {
        let Some(forwarding) = self.forwardings.remove(incoming) else { return };
        if let Some(hold) = forwarding.hold {
            self.ledger.give_up(&hold);
            // It is failing, releasing, or has ended.
            let _ = self.ledger.failed(&hold);
        }
    }

    /// A new block: what waits beyond its height is ended.
    pub(in crate::payment) fn block(&mut self, cx: &Context<'_>) -> Vec<ForwarderAction> {
        let mut actions = Vec::new();
        for id in self.ledger.block(cx.intake.height) {
            let held = self.forwardings.by_hold(&id).map(|forwarding| forwarding.incoming.id);
            let failed = held.and_then(|held| self.fail(cx, &held, Refusal::CutoffReached(id)));
            actions.extend(failed);
        }
        for incoming in self.forwardings.take_due(cx.intake.height) {
            actions.extend(self.look_at(cx, &incoming));
        }
        actions
    }

    /// What this height asks for.
    fn look_at(&mut self, cx: &Context<'_>, incoming: &EdgeId) -> Vec<ForwarderAction> {
        let height = cx.intake.height;
        // A block has taken it out of the index.
        self.change(cx, incoming, |_| ());
        let Some(forwarding) = self.forwardings.get(incoming) else { return Vec::new() };
        let is_final = |reported: u32| Deadlines::final_at(reported) <= height;
        let ended = forwarding.ended.is_some_and(|ended| is_final(ended.height()));
        let expiry = forwarding.incoming.expiry;
        let too_late = forwarding.withdraw_at(&self.config).is_some_and(|at| at <= height);
        let action = match &forwarding.stage {
            Stage::Committed(committed) => match committed.taken_back {
                Some(taken_back) if is_final(taken_back) => {
                    let failed = self.fail_downstream(cx, incoming, None);
                    if ended {
                        self.forget(incoming);
                    }
                    failed
                }
                Some(_) => None,
                // It may still bring a secret: nothing is failed.
                None => return self.unresolved(cx, incoming, committed.outgoing.id, expiry),
            },
            _ if ended => {
                self.forget(incoming);
                None
            }
            Stage::Offered { .. } if too_late => self.withdraw(cx, incoming),
            Stage::Routing { .. } if too_late => {
                self.fail(cx, incoming, Refusal::TimeIsUp { expiry, height })
            }
            Stage::Claiming { late: false, .. } if forwarding.ended.is_none() => {
                self.wanted(cx, incoming)
            }
            _ => None,
        };
        action.into_iter().collect()
    }

    fn unresolved(
        &self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        outgoing: EdgeId,
        incoming_expiry: u32,
    ) -> Vec<ForwarderAction> {
        let hurry = self.config.deadlines.claim_at(incoming_expiry) <= cx.intake.height;
        let raise_fees = hurry.then_some(ForwarderAction::RaiseFees { outgoing });
        self.wanted(cx, incoming).into_iter().chain(raise_fees).collect()
    }

    fn withdraw(&mut self, cx: &Context<'_>, incoming: &EdgeId) -> Option<ForwarderAction> {
        self.change_and_ask(cx, incoming, |forwarding| forwarding.stage = Stage::Withdrawing)
    }

    /// A block is gone, and what was reported from it.
    pub(in crate::payment) fn disconnected(
        &mut self,
        cx: &Context<'_>,
        height: u32,
    ) -> Vec<ForwarderAction> {
        let mut actions = Vec::new();
        for incoming in self.forwardings.reported_from(height) {
            let action = self.change_and_ask(cx, &incoming, |forwarding| {
                forwarding.ended = forwarding.ended.filter(|ended| ended.height() < height);
                if let Stage::Committed(committed) = &mut forwarding.stage {
                    committed.taken_back = committed.taken_back.filter(|at| *at < height);
                }
            });
            actions.extend(action);
        }
        actions
    }
}
