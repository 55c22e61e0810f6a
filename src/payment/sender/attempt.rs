mod snapshot;

use alloc::vec::Vec;

use super::super::leg::{HoldAt, Leg, LegPlan};
use super::super::paying::PayingUnder;
use super::super::route::RouteEnd;
use super::super::seed::MailSessions;
use super::super::{
    AttemptId, AvailableHold, Deadlines, EdgeTerms, FinalPayload, Handover, HeldAvailable, Keysend,
    MessageError, Observer, OrderError, PartShare, PaymentSecret, Proposal, Route, RouteError,
    SecretSource, SenderError, Withheld, WithheldShare,
};
use super::{ArrivalPath, HoldPlan, HopBlinds, PartOrder, Payment, PaymentId, SenderAction};
use crate::curve::{Point, SecretScalar};
use crate::edge::{Edge, EdgeId};
use crate::hold::Announcement;
use crate::invoice::StaticInvoice;
use crate::lock::{Blind, Lock, next_lock};
use crate::onion::blinded::{BlindedPath, NextPeer, OnionMessage, RecipientData};
use crate::wire::IntroductionNode;

/// What all attempts of a payment have in common.
#[derive(Debug)]
pub(super) struct PaymentPlan {
    pub(super) invoice: StaticInvoice,
    /// Z or Z(x), or the payment hash.
    pub(super) invoice_lock: Lock,
    pub(super) paying_under: Option<PayingUnder>,
    /// For a plain static invoice.
    pub(super) keysend: Option<Keysend>,
    /// q_p of each part; none for a payment in one part, and for hash locks.
    shares: Vec<Blind>,
    /// q_0 of a cancellable payment, with where its arrival is to be told.
    pub(super) withheld: Option<WithheldHere>,
    /// q
    pub(super) share_sum: Option<Blind>,
    amount_msat: u64,
    part_count: u16,
    min_final_delta: u32,
    pub(super) hold: Option<HoldPlan>,
    hop_blinds: HopBlinds,
}

/// The share that the sender keeps back.
#[derive(Debug)]
pub(super) struct WithheldHere {
    pub(super) share: Blind,
    session: SecretScalar,
    pub(super) arrival: ArrivalPath,
}

/// An attempt to get a part of a payment over a route.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) payment: PaymentId,
    /// Which part it is, counted from 0.
    pub(super) part: usize,
    pub(super) leg: Leg,
    pub(super) hold: Option<HeldAttempt>,
    /// The first edge, once there is one.
    pub(super) outgoing: Option<EdgeId>,
    pub(super) stage: Stage,
}

/// Who holds an attempt, and what the receiver is told of it.
#[derive(Debug)]
pub(super) struct HeldAttempt {
    pub(super) holder: Point,
    pub(super) available: AvailableHold,
    pub(super) latest_release: u32,
    /// For the first announcement.
    pub(super) sessions: MailSessions,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    Offered,
    /// The offer is to be withdrawn, since it is too late for it.
    Withdrawing,
    /// With the height of the block in which the refund is.
    Committed {
        edge: Edge,
        taken_back: Option<u32>,
    },
    Claimed,
    Failed,
}

impl PaymentPlan {
    pub(super) fn new(
        payment: &Payment,
        invoice_lock: Lock,
        paying_under: Option<PayingUnder>,
        keysend: Option<Keysend>,
    ) -> Result<Self, SenderError> {
        let shared = payment.parts.len() > 1 || payment.cancellable.is_some();
        let in_parts = shared && matches!(invoice_lock, Lock::Point(_));
        let parts = payment.parts.iter().filter(|_| in_parts);
        let shares: Vec<Blind> = parts.map(|part| part.seed.share()).collect();
        let overflow = OrderError::PartsMismatch { amount_msat: payment.amount_msat };
        let withheld = payment.cancellable.clone().zip(payment.parts.first());
        let withheld = withheld.map(|(arrival, part)| WithheldHere {
            share: part.seed.withheld_share(),
            session: part.seed.withheld_session(),
            arrival,
        });
        let kept_back = withheld.iter().map(|withheld| &withheld.share);
        let share_sum = Blind::sum(shares.iter().chain(kept_back)).map_err(RouteError::Lock)?;
        Ok(Self {
            withheld,
            invoice: payment.invoice.clone(),
            invoice_lock,
            paying_under,
            keysend,
            share_sum,
            shares,
            amount_msat: payment.amount_msat,
            part_count: u16::try_from(payment.parts.len()).map_err(|_| overflow)?,
            min_final_delta: payment.min_final_delta,
            hold: payment.hold,
            hop_blinds: payment.hop_blinds,
        })
    }

    /// The shares, for the sender's view.
    pub(super) fn shares(&self) -> &[Blind] {
        &self.shares
    }

    /// Z + q·G: what the locks of every part start from.
    pub(super) fn start(&self) -> Result<Lock, RouteError> {
        match (&self.invoice_lock, &self.share_sum) {
            (Lock::Point(point), Some(sum)) => Ok(Lock::Point(next_lock(point, sum)?)),
            (lock, _) => Ok(*lock),
        }
    }

    /// Sets up locks and onion for a part, which is counted from 0.
    pub(super) fn attempt(
        &self,
        id: PaymentId,
        part: usize,
        order: &PartOrder,
        height: u32,
    ) -> Result<Attempt, RouteError> {
        let overflow = RouteError::ExpiryOverflow { hop: order.forwarders.len() + 1 };
        let latest_release = height.checked_add(self.hold.map_or(0, |hold| hold.blocks));
        let latest_release = latest_release.ok_or(overflow.clone())?;
        let end = order.end(&self.invoice, self.min_final_delta)?;
        // A path's own delta has the blocks in it that the receiver wants.
        let final_delta = if end.is_path() { 0 } else { self.min_final_delta };
        let claimable = |from: u32| from.checked_add(final_delta).ok_or(overflow.clone());
        let last = EdgeTerms { amount_msat: order.amount_msat, expiry: claimable(latest_release)? };
        // The node that finds the rest of the route does so later, from the height then.
        let expiry = match end {
            RouteEnd::Trampoline { .. } => claimable(height)?,
            RouteEnd::Node(_) | RouteEnd::Path(_) => last.expiry,
        };
        let in_path = end.is_path();
        let plan = LegPlan {
            start: self.start()?,
            route: Route::with_end(&order.forwarders, end, last)?,
            seed: &order.seed,
            hop_blinds: self.hop_blinds,
            hold: self.hold.map(|hold| HoldAt { hop: hold.hop, latest_release }),
        };
        let index = u16::try_from(part + 1).expect("the parts were counted");
        let leg = plan.build(|last_lock, final_blind| {
            let secret = PaymentSecret::of_invoice(&self.invoice.invoice_id());
            let payer = self.paying_under.as_ref().zip(last_lock.as_point());
            FinalPayload {
                amount_msat: order.amount_msat,
                expiry,
                payment_secret: (!in_path).then_some(secret),
                total_msat: self.amount_msat,
                final_blind,
                part: self.shares.get(part).map(|share| PartShare {
                    secret: Blind::new(share.as_scalar().clone()),
                    index,
                    count: self.part_count,
                }),
                withheld: self.withheld.as_ref().map(|withheld| Withheld {
                    arrival_path: (part == 0).then(|| withheld.arrival.path.clone()),
                }),
                payer: payer.map(|(paying, last)| paying.payload(last, &order.seed.aux_rand())),
                keysend: self.keysend.clone(),
            }
            .to_tlv()
        })?;
        let hold = self.hold.and_then(|hold| {
            let holder = order.holder(hold)?;
            let id = order.seed.hold_id();
            let release = order.seed.release();
            let available = AvailableHold { id, release, amount_msat: order.amount_msat };
            let sessions = order.seed.mail_sessions();
            Some(HeldAttempt { holder, available, latest_release, sessions })
        });
        Ok(Attempt { payment: id, part, leg, hold, outgoing: None, stage: Stage::Offered })
    }

    /// The `withheld_share`, along the first of the invoice's paths for messages.
    pub(super) fn withheld_share(
        &self,
    ) -> Result<Option<(IntroductionNode, OnionMessage)>, SenderError> {
        let (Some(withheld), Lock::Point(set_point)) = (&self.withheld, self.start()?) else {
            return Ok(None);
        };
        let path = self.invoice.message_paths().first().ok_or(MessageError::NoMessagePath)?;
        let share = Blind::new(withheld.share.as_scalar().clone());
        let fields = WithheldShare { set_point, share }.to_tlv();
        let message = OnionMessage::build(withheld.session.clone(), path, &fields)
            .map_err(MessageError::Onion)?;
        Ok(Some((*path.introduction_node(), message)))
    }

    /// The announcement of the complete set of holds, sealed for the receiver and handed to the holder.
    pub(super) fn handover(
        &self,
        held: &[&HeldAttempt],
        sessions: MailSessions,
    ) -> Result<Option<(IntroductionNode, OnionMessage)>, SenderError> {
        let latest = held.iter().map(|hold| hold.latest_release).min();
        let Some((first, latest_release_height)) = held.first().zip(latest) else {
            return Ok(None);
        };
        let path = self.invoice.message_paths().first().ok_or(MessageError::NoMessagePath)?;
        let available = HeldAvailable {
            holds: held.iter().map(|hold| hold.available.clone()).collect(),
            latest_release_height,
            x: self.paying_under.as_ref().map(PayingUnder::x),
        };
        let packet = available.seal(sessions.sealed, path.last_blinded_node_id())?;
        let announcement = Announcement { path: path.clone(), packet };
        let handover = Handover { hold: first.available.id, announcement };
        let hops = [(first.holder, RecipientData::default().to_bytes())];
        let (to_holder, _) =
            BlindedPath::build(sessions.path, &hops).map_err(MessageError::Onion)?;
        let message = OnionMessage::build(sessions.message, &to_holder, &handover.to_tlv())
            .map_err(MessageError::Onion)?;
        Ok(Some((IntroductionNode::NodeId(first.holder), message)))
    }
}

impl Attempt {
    pub(super) fn offer(&self, attempt: AttemptId) -> SenderAction {
        let first = self.leg.route.edges()[0];
        let to = self.leg.route.first_node().expect("an onion was built for at least one node");
        SenderAction::Offer {
            attempt,
            proposal: Proposal {
                to: NextPeer::Node(to),
                amount_msat: first.amount_msat,
                expiry: first.expiry,
                lock: self.leg.locks[0],
                path_key: None,
                packet: self.leg.packet.clone(),
            },
        }
    }

    /// What is wanted of it at this height, and confirmed by no event.
    pub(super) fn wanted(
        &self,
        attempt: AttemptId,
        deadlines: &Deadlines,
        height: u32,
    ) -> Option<SenderAction> {
        match self.stage {
            Stage::Offered => Some(self.offer(attempt)),
            Stage::Withdrawing => Some(SenderAction::Withdraw { attempt }),
            Stage::Committed { edge, taken_back: None } => (deadlines.time_out_at(edge.expiry)
                <= height)
                .then_some(SenderAction::TimeOut { outgoing: edge.id }),
            Stage::Committed { .. } | Stage::Claimed | Stage::Failed => None,
        }
    }

    /// The height at which a block has to look at it.
    pub(super) fn due_at(&self, deadlines: &Deadlines) -> Option<u32> {
        match self.stage {
            Stage::Offered => Some(deadlines.withdraw_at(self.leg.route.edges()[0].expiry, None)),
            Stage::Committed { edge, taken_back: None } => Some(deadlines.time_out_at(edge.expiry)),
            Stage::Committed { taken_back: Some(height), .. } => Some(Deadlines::final_at(height)),
            Stage::Withdrawing | Stage::Claimed | Stage::Failed => None,
        }
    }

    /// Whether its edge is gone, or there never was one.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Claimed | Stage::Failed)
    }

    /// Everything secret that the sender has drawn for it.
    pub(super) fn teach(&self, attempt: AttemptId, observer: &mut dyn Observer) {
        for (hop, blind) in self.leg.blinds.iter().enumerate() {
            let source = SecretSource::DrawnBlind { attempt, hop };
            observer.learned_scalar(source, blind.as_scalar());
        }
        if let Some(hold) = &self.hold {
            let source = SecretSource::Release { hold: hold.available.id };
            observer.learned_scalar(source, hold.available.release.as_scalar());
        }
    }
}
