//! The rest of a route, found by the node that forwards, at the time when it forwards (trampoline).

mod snapshot;

use alloc::vec::Vec;

use super::super::leg::{HopBlinds, LegPlan};
use super::super::{
    AttemptSeed, EdgeError, EdgeTerms, FinalPayload, ForwardingPolicy, OuterPayload, PayloadError,
    Recipient, Refusal, Route, RouteError, RouteHop, SecretSource, TrampolinePayload, Tweak,
    proposal,
};
use super::{Context, ForwarderAction, ForwarderError, Forwards, Order, Outgoing, Stage};
use crate::edge::{Edge, EdgeId};
use crate::invoice::PaymentPath;
use crate::lock::{Blind, Lock};
use crate::onion::Packet;
use crate::onion::blinded::NextPeer;
use crate::wire::TlvWriter;

/// A payment whose way this node finds itself.
#[derive(Clone, Debug)]
pub(super) struct TrampolineOrder {
    recipient: Recipient,
    amount_msat: u64,
    /// None where the sender has said the expiry itself.
    min_final_delta: Option<u32>,
    /// What the recipient gets; none for one at the end of a path that shall get nothing but the payment.
    packet: Option<Packet>,
    /// For the first edge of the route: at most.
    max: EdgeTerms,
    /// When the last edge has to expire at the earliest, once the route is wanted.
    last_expiry: u32,
}

impl TrampolineOrder {
    pub(super) fn new(
        edge: &Edge,
        policy: &ForwardingPolicy,
        payload: TrampolinePayload,
        packet: Option<Packet>,
    ) -> Result<(Self, Tweak), Refusal> {
        let TrampolinePayload { recipient, other_paths, amount_msat, expiry, .. } = payload;
        let (min_final_delta, tweak) = (payload.min_final_delta, payload.tweak);
        let recipient = usable(recipient, other_paths)?;
        // Under points a recipient has to be told Y, and nobody but the sender can do that.
        if packet.is_none() && matches!(edge.lock, Lock::Point(_)) {
            return Err(PayloadError::Missing("recipient_packet").into());
        }
        let max = policy.after(EdgeTerms { amount_msat: edge.amount_msat, expiry: edge.expiry })?;
        let last_expiry = if min_final_delta.is_some() { 0 } else { expiry };
        let trampoline = Self { recipient, amount_msat, min_final_delta, packet, max, last_expiry };
        // What does not pay even without a route is refused before it is held.
        trampoline.end_terms(last_expiry)?;
        Ok((trampoline, tweak))
    }

    /// From this height on the route is wanted. `earliest` is the lowest expiry that an edge may have which is offered now.
    ///
    /// # Errors
    ///
    /// [`Refusal`], when there is too little time left.
    pub(super) fn start_at(&mut self, height: u32, earliest: u32) -> Result<(), Refusal> {
        if let Some(delta) = self.min_final_delta {
            let expiry = height.saturating_add(delta);
            self.last_expiry = match &self.recipient {
                Recipient::Node(_) => expiry.max(earliest),
                Recipient::Path(_) => expiry,
            };
        }
        self.end_terms(self.last_expiry).map(|_| ())
    }

    /// When the first edge of the route expires at the latest.
    pub(super) fn max_expiry(&self) -> u32 {
        self.max.expiry
    }

    /// What has to arrive at the end of the route.
    fn end_terms(&self, last_expiry: u32) -> Result<EdgeTerms, Refusal> {
        let last = EdgeTerms { amount_msat: self.amount_msat, expiry: last_expiry };
        let end = self.recipient.before(last, 0).map_err(|_| Refusal::NoRoute)?;
        if end.amount_msat > self.max.amount_msat {
            let (offered_msat, required_msat) = (self.max.amount_msat, end.amount_msat);
            return Err(Refusal::FeeInsufficient { offered_msat, required_msat });
        }
        if end.expiry > self.max.expiry {
            let (expiry, required) = (self.max.expiry, end.expiry);
            return Err(Refusal::ExpiryTooSoon { expiry, required });
        }
        Ok(end)
    }

    /// What the recipient reads in the node's own onion.
    fn last_payload(&self, last: EdgeTerms, tail_blind: Option<Blind>) -> TlvWriter {
        let EdgeTerms { amount_msat, expiry } = last;
        match &self.packet {
            Some(packet) => OuterPayload {
                amount_msat,
                expiry,
                payment_data: None,
                tail_blind,
                packet: packet.clone(),
            }
            .to_tlv(),
            None => FinalPayload {
                amount_msat,
                expiry,
                payment_secret: None,
                total_msat: amount_msat,
                final_blind: None,
                part: None,
                withheld: None,
                payer: None,
                keysend: None,
            }
            .to_tlv(),
        }
    }

    pub(super) fn find_route(&self, incoming: EdgeId) -> ForwarderAction {
        // It was checked when the route became wanted.
        let end = self.end_terms(self.last_expiry).unwrap_or(self.max);
        ForwarderAction::FindRoute {
            incoming,
            to: self.recipient.clone(),
            amount_msat: end.amount_msat,
            expiry: end.expiry,
            max_amount_msat: self.max.amount_msat,
            max_expiry: self.max.expiry,
        }
    }
}

/// The recipient, if its path can be used; else by another of its paths.
fn usable(recipient: Recipient, others: Vec<PaymentPath>) -> Result<Recipient, Refusal> {
    let first = match recipient {
        Recipient::Node(_) => return Ok(recipient),
        Recipient::Path(path) => path,
    };
    let mut paths = [first].into_iter().chain(others);
    let path = paths.find(|path| path.is_usable() && Recipient::is_known(path));
    path.map(Recipient::Path).ok_or(Refusal::NoRoute)
}

impl Forwards {
    /// Draws its own y's for the route, and tells the receiver their sum δ.
    ///
    /// L_{i+1} = L_i + (y_i + y'_0)·G, and so on from there
    pub(in crate::payment) fn route_found(
        &mut self,
        cx: &mut Context<'_>,
        incoming: &EdgeId,
        forwarders: &[RouteHop],
        seed: &AttemptSeed,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        let attempt = seed.id();
        if self.forwardings.has_tail(&attempt) {
            return Err(ForwarderError::SeedReused(attempt));
        }
        let forwarding = self.forwarding(incoming)?;
        let (Stage::Routing { blind }, Order::Trampoline(trampoline)) =
            (&forwarding.stage, &forwarding.order)
        else {
            return Err(EdgeError::OutOfOrder { edge: *incoming, event: "route" }.into());
        };
        let last =
            EdgeTerms { amount_msat: trampoline.amount_msat, expiry: trampoline.last_expiry };
        let route = Route::with_end(forwarders, trampoline.recipient.route_end()?, last)?;
        let first = route.edges()[0];
        if first.amount_msat > trampoline.max.amount_msat {
            return Err(RouteError::OverBudget { field: "amount" }.into());
        }
        if first.expiry > trampoline.max.expiry {
            return Err(RouteError::OverBudget { field: "expiry" }.into());
        }
        let least = self.config.deadlines.earliest_outgoing(cx.intake.height);
        if first.expiry < least {
            let (hop, expiry, most) = (1, first.expiry, trampoline.max.expiry);
            return Err(RouteError::ExpiryOutOfRange { hop, expiry, least, most }.into());
        }
        let start = proposal::add(forwarding.incoming.lock, blind.as_ref())?;
        let plan = LegPlan { start, route, seed, hop_blinds: HopBlinds::Derived, hold: None };
        let leg = plan.build(|_, tail_blind| trampoline.last_payload(last, tail_blind))?;
        let blind = match (blind, leg.blinds.first()) {
            (Some(own), Some(first)) => Some(own.add(first)?),
            _ => None,
        };
        for (hop, drawn) in leg.blinds.iter().enumerate() {
            let source = SecretSource::DrawnBlind { attempt, hop };
            cx.observer.learned_scalar(source, drawn.as_scalar());
        }
        let to = leg.route.first_node().ok_or(RouteError::NoTrampoline)?;
        let order = Order::Forward(Outgoing {
            to: NextPeer::Node(to),
            amount_msat: first.amount_msat,
            expiry: first.expiry,
            path_key: None,
            packet: leg.packet,
        });
        let stage = Stage::Offered { lock: leg.locks[0], blind };
        self.change(cx, incoming, |forwarding| {
            forwarding.order = order;
            forwarding.stage = stage;
            forwarding.origin.set_trampoline(leg.shared_secrets);
            forwarding.tail = Some(attempt);
        });
        Ok(self.wanted(cx, incoming).into_iter().collect())
    }

    pub(in crate::payment) fn no_route(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        reason: Refusal,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        let Stage::Routing { .. } = self.forwarding(incoming)?.stage else {
            return Err(EdgeError::OutOfOrder { edge: *incoming, event: "route" }.into());
        };
        Ok(self.fail(cx, incoming, reason).into_iter().collect())
    }
}
