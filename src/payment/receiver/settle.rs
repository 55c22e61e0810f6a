//! How claims and failures end, and what a block asks for.
//!
//! A secret leaves the receiver with the answer to [`Claiming`](super::ReceiverEvent::Claiming), and only then counts as given away: until then a
//! payment that waits for its driver beyond the last safe height is failed, with all its parts, and afterwards no part is.

use alloc::vec::Vec;

use super::super::ended::Ended;
use super::sets;
use super::standings::Stage;
use super::{Receipts, ReceiverAction, ReceiverError};
use crate::claims::ClaimStore;
use crate::edge::EdgeId;
use crate::onion::{AttributionData, HoldTime};
use crate::payment::intake::Context;
use crate::payment::{Deadlines, EdgeError, Reaction, Refusal};

impl<S: ClaimStore> Receipts<S> {
    /// Gives the secret of an edge to the driver. To ask again changes nothing.
    ///
    /// # Errors
    ///
    /// [`EdgeError::OutOfOrder`] for one that is not to be claimed. When it is too late, a block has failed the payment, and this says the same.
    pub(in crate::payment) fn claiming(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
    ) -> Result<Reaction<ReceiverAction>, ReceiverError> {
        let (edge, event) = (*incoming, "claim");
        let standing = self.standings.get(incoming).ok_or(EdgeError::Unknown(edge))?;
        let payment = match &standing.stage {
            Stage::Due { payment, .. } if standing.ended.is_none() => *payment,
            _ => return Err(EdgeError::OutOfOrder { edge, event }.into()),
        };
        let was_given = self.standings.set_given(&payment);
        let wanted = self.standings.wanted(&self.config.deadlines, incoming, cx.intake.height);
        let actions = wanted.into_iter().collect();
        Ok(Reaction { actions, changed: !was_given })
    }

    /// What stands beside the secret of an edge whose secret was given away.
    pub(in crate::payment) fn attribution_data(
        &self,
        incoming: &EdgeId,
        hold_time: HoldTime,
    ) -> Option<AttributionData> {
        match &self.standings.get(incoming)?.stage {
            Stage::Due { payment, origin, .. } if self.standings.is_given(payment) => {
                origin.attribution_data(None, hold_time)
            }
            _ => None,
        }
    }

    /// The driver is about to give the failure of an edge to its channel.
    pub(in crate::payment) fn fail_given(
        &mut self,
        incoming: &EdgeId,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        if self.standings.set_fail_given(incoming) {
            return Ok(Vec::new());
        }
        let edge = *incoming;
        Err(if self.standings.contains(incoming) {
            EdgeError::OutOfOrder { edge, event: "failure" }.into()
        } else {
            EdgeError::Unknown(edge).into()
        })
    }

    pub(in crate::payment) fn settled(
        &mut self,
        incoming: &EdgeId,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        let edge = *incoming;
        let standing = self.standings.get(incoming).ok_or(EdgeError::Unknown(edge))?;
        let may_end = match &standing.stage {
            Stage::Waiting => false,
            Stage::Fail { .. } => true,
            Stage::Due { payment, .. } => self.standings.is_given(payment),
        };
        if !may_end {
            return Err(EdgeError::OutOfOrder { edge, event: "settlement" }.into());
        }
        self.standings.remove(&self.config.deadlines, incoming);
        Ok(Vec::new())
    }

    /// This node's claim is in a block.
    pub(in crate::payment) fn claim_confirmed(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        height: u32,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        self.ended(cx, incoming, Ended::Claimed(height))
    }

    /// The other side's refund is in a block.
    pub(in crate::payment) fn taken_back(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        height: u32,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        self.ended(cx, incoming, Ended::TakenBack(height))
    }

    /// An edge has ended in a block. It counts once it is final.
    fn ended(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        ended: Ended,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        cx.intake.check_reported(ended.height())?;
        let edge = *incoming;
        let standing = self.standings.get(incoming).ok_or(EdgeError::Unknown(edge))?;
        let taken_back = matches!(ended, Ended::TakenBack(_));
        let given = match &standing.stage {
            Stage::Due { payment, .. } => self.standings.is_given(payment),
            Stage::Waiting | Stage::Fail { .. } => false,
        };
        if !taken_back && !given {
            return Err(EdgeError::OutOfOrder { edge, event: "claim" }.into());
        }
        // The others of its payment can't be claimed without it.
        let mut actions = if taken_back { self.give_up(cx, incoming) } else { Vec::new() };
        actions.retain(
            |action| !matches!(action, ReceiverAction::Fail { incoming, .. } if *incoming == edge),
        );
        let deadlines = self.config.deadlines;
        self.standings.set_ended(&deadlines, incoming, Some(ended));
        actions.extend(self.look_at(cx, incoming));
        if taken_back && given {
            actions.extend(self.standings.wanted(&deadlines, incoming, cx.intake.height));
        }
        Ok(actions)
    }

    pub(in crate::payment) fn parts_timed_out(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        let standing = self.standings.get(incoming).ok_or(EdgeError::Unknown(*incoming))?;
        match standing.stage {
            Stage::Waiting => Ok(self.give_up(cx, incoming)),
            // It was completed or failed in the meantime.
            Stage::Due { .. } | Stage::Fail { .. } => Ok(Vec::new()),
        }
    }

    /// Fails the payment on this edge with all its parts, unless a secret of it was given away.
    fn give_up(&mut self, cx: &Context<'_>, incoming: &EdgeId) -> Vec<ReceiverAction> {
        match self.standings.get(incoming).map(|standing| &standing.stage) {
            Some(Stage::Waiting) => {
                let parts = self.sets.take_with(incoming);
                let reason = sets::timed_out(&parts);
                self.fail_all(cx, &parts, &reason)
            }
            Some(Stage::Due { payment, .. }) if !self.standings.is_given(payment) => {
                let payment = *payment;
                self.fail_complete(cx, &payment)
            }
            _ => Vec::new(),
        }
    }

    fn fail_complete(&mut self, cx: &Context<'_>, payment: &EdgeId) -> Vec<ReceiverAction> {
        let height = cx.intake.height;
        let mut actions = Vec::new();
        for id in self.standings.edges_of(payment) {
            let Some(standing) = self.standings.get(&id) else { continue };
            let Stage::Due { origin, .. } = &standing.stage else { continue };
            let (edge, origin) = (standing.edge, origin.clone());
            let reason = Refusal::TimeIsUp { expiry: edge.expiry, height };
            actions.push(self.fail(cx, &edge, &origin, reason));
        }
        actions
    }

    /// A new block, whose height the intake has.
    pub(in crate::payment) fn block(&mut self, cx: &mut Context<'_>) -> Vec<ReceiverAction> {
        let height = cx.intake.height;
        let mut actions = Vec::new();
        // A part that could not be claimed in time any more is of no use to the others.
        let expired = height.saturating_add(self.config.deadlines.claim_margin);
        for parts in self.sets.take_expiring_until(expired) {
            let reason = sets::timed_out(&parts);
            actions.extend(self.fail_all(cx, &parts, &reason));
        }
        for incoming in self.standings.due(height) {
            actions.extend(self.look_at(cx, &incoming));
        }
        actions
    }

    /// What this height asks for.
    fn look_at(&mut self, cx: &Context<'_>, incoming: &EdgeId) -> Vec<ReceiverAction> {
        let (deadlines, height) = (self.config.deadlines, cx.intake.height);
        let Some(standing) = self.standings.get(incoming) else { return Vec::new() };
        match (standing.ended, &standing.stage) {
            (Some(ended), _) => {
                if Deadlines::final_at(ended.height()) <= height {
                    self.standings.remove(&deadlines, incoming);
                }
                Vec::new()
            }
            (None, Stage::Due { payment, .. })
                if deadlines.claim_at(standing.edge.expiry) <= height =>
            {
                if self.standings.is_given(payment) {
                    self.standings.wanted(&deadlines, incoming, height).into_iter().collect()
                } else {
                    let payment = *payment;
                    self.fail_complete(cx, &payment)
                }
            }
            _ => Vec::new(),
        }
    }

    /// A block is gone, and what was reported from it.
    pub(in crate::payment) fn disconnected(
        &mut self,
        cx: &mut Context<'_>,
        height: u32,
    ) -> Vec<ReceiverAction> {
        let deadlines = self.config.deadlines;
        let mut actions = Vec::new();
        for incoming in self.standings.reported_from(height) {
            self.standings.set_ended(&deadlines, &incoming, None);
            actions.extend(self.standings.wanted(&deadlines, &incoming, cx.intake.height));
        }
        actions
    }
}
