//! An edge has come in: whether what the onion says may be done, and the first step of it.

use super::super::intake::Layer;
use super::super::leg::derive;
use super::super::{ForwardPayload, HoldOrder, Refusal, SecretSource, Tweak, proposal};
use super::trampoline::TrampolineOrder;
use super::{Context, ForwarderAction, Forwarding, Forwards, Incoming, Order, Outgoing, Stage};
use crate::curve::Point;
use crate::edge::{Edge, EdgeId};
use crate::hold::{HoldRequest, cutoff_height};
use crate::lock::{Blind, Lock};
use crate::onion::Packet;
use crate::onion::blinded::{BlindingError, NextPeer, PathHop, path_offset};

impl Forwards {
    /// Takes a payment that came in with its onion peeled.
    pub(in crate::payment) fn incoming_committed(
        &mut self,
        cx: &mut Context<'_>,
        from: &Point,
        incoming: Incoming,
    ) -> Option<ForwarderAction> {
        let (edge, origin) = (incoming.edge, incoming.origin.clone());
        match self.accept(cx, from, incoming) {
            Ok(action) => action,
            Err(reason) => Some(self.refuse(cx, &edge, &origin, reason)),
        }
    }

    /// Forwards or holds what the onion asks for, or looks for a route.
    fn accept(
        &mut self,
        cx: &mut Context<'_>,
        from: &Point,
        incoming: Incoming,
    ) -> Result<Option<ForwarderAction>, Refusal> {
        let Incoming { edge, origin, shared_secret, layer, .. } = incoming;
        let mut on_path = None;
        let (order, tweak) = match layer {
            Layer::AlongPath { path, next } => {
                on_path = Some(path_offset(&path.secret)?);
                (Order::Forward(along_path(&edge, &path, next)?), Tweak::Derived)
            }
            Layer::Forward { payload, next } => {
                let ForwardPayload { short_channel_id, amount_msat, expiry, tweak } = payload;
                let to = NextPeer::Channel(short_channel_id);
                let outgoing = Outgoing { to, amount_msat, expiry, path_key: None, packet: next };
                (Order::Forward(outgoing), tweak)
            }
            Layer::Trampoline { payload, packet } => {
                let (trampoline, tweak) =
                    TrampolineOrder::new(&edge, &self.config.policy, payload, packet)?;
                (Order::Trampoline(trampoline), tweak)
            }
            Layer::Final { .. } => return Err(Refusal::RouteEnd),
        };
        if let Order::Forward(outgoing) = &order {
            self.check_policy(cx, &edge, outgoing)?;
        }
        if !tweak.fits(&edge.lock) {
            return Err(Refusal::TweakMismatch);
        }
        let path_offset = on_path.filter(|_| matches!(edge.lock, Lock::Point(_)));
        let (stage, ended, tail) = (Stage::Held, None, None);
        let incoming = edge;
        let mut forwarding =
            Forwarding { incoming, origin, order, path_offset, hold: None, tail, stage, ended };
        let blind = match (edge.lock, tweak) {
            (Lock::Hash(_), Tweak::Derived) => None,
            (Lock::Point(_), Tweak::Derived) => Some(derive(&shared_secret)?),
            (_, Tweak::Blind(blind)) => Some(blind),
            (_, Tweak::Hold(order)) => {
                self.hold(cx, from, &mut forwarding, &order)?;
                self.forwardings.put(&self.config, cx.intake.height, forwarding);
                return Ok(None);
            }
        };
        self.forwardings.put(&self.config, cx.intake.height, forwarding);
        let advanced = self.advance(cx, &edge.id, blind);
        if advanced.is_err() {
            self.forwardings.remove(&edge.id);
        }
        advanced
    }

    fn check_policy(
        &self,
        cx: &Context<'_>,
        edge: &Edge,
        outgoing: &Outgoing,
    ) -> Result<(), Refusal> {
        let Outgoing { amount_msat, expiry, .. } = *outgoing;
        proposal::check_policy(&self.config.policy, edge, amount_msat, expiry)?;
        self.check_time(cx, expiry)
    }

    /// Whether there is time to offer an edge that expires then.
    fn check_time(&self, cx: &Context<'_>, expiry: u32) -> Result<(), Refusal> {
        let required = self.config.deadlines.earliest_outgoing(cx.intake.height);
        if expiry < required { Err(Refusal::ExpiryTooSoon { expiry, required }) } else { Ok(()) }
    }

    fn hold(
        &mut self,
        cx: &mut Context<'_>,
        from: &Point,
        forwarding: &mut Forwarding,
        order: &HoldOrder,
    ) -> Result<(), Refusal> {
        let Edge { amount_msat, expiry, .. } = forwarding.incoming;
        let request = HoldRequest {
            id: order.id,
            release_hash: order.release_hash,
            held_blind: order.held_blind.clone(),
            amount_msat,
            expiry,
            cutoff_height: cutoff_height(
                order.latest_release_height,
                expiry,
                self.config.hold_safety_margin,
                self.config.hold_deltas_ahead,
                self.config.hold_min_final_delta,
            ),
            neighbour: from.x_only().serialize(),
        };
        self.ledger.hold(request, cx.intake.height)?;
        forwarding.hold = Some(order.id);
        if let Some(held_blind) = &order.held_blind {
            let source = SecretSource::HeldBlind { hold: order.id };
            cx.observer.learned_scalar(source, held_blind.as_scalar());
        }
        Ok(())
    }

    /// Offers the payment further, with y_i and what else this node adds; or looks for a route first.
    ///
    /// L_{i+1} = L_i + (y_i + b_i)·G, where b_i is that of a blinded path
    pub(super) fn advance(
        &mut self,
        cx: &mut Context<'_>,
        incoming: &EdgeId,
        blind: Option<Blind>,
    ) -> Result<Option<ForwarderAction>, Refusal> {
        let Some(forwarding) = self.forwardings.get(incoming) else { return Ok(None) };
        let incoming = *incoming;
        for (source, known) in [
            (SecretSource::Blind { incoming }, &blind),
            (SecretSource::PathOffset { incoming }, &forwarding.path_offset),
        ] {
            if let Some(known) = known {
                cx.observer.learned_scalar(source, known.as_scalar());
            }
        }
        let (height, mut started) = (cx.intake.height, None);
        let stage = match &forwarding.order {
            Order::Forward(outgoing) => {
                self.check_time(cx, outgoing.expiry)?;
                let blind = match (blind, &forwarding.path_offset) {
                    (Some(y), Some(b)) => Some(y.add(b)?),
                    (blind, _) => blind,
                };
                let lock = proposal::add(forwarding.incoming.lock, blind.as_ref())?;
                Stage::Offered { lock, blind }
            }
            Order::Trampoline(trampoline) => {
                let mut trampoline = trampoline.clone();
                let earliest = self.config.deadlines.earliest_outgoing(height);
                trampoline.start_at(height, earliest)?;
                started = Some(Order::Trampoline(trampoline));
                Stage::Routing { blind }
            }
        };
        Ok(self.change_and_ask(cx, &incoming, |forwarding| {
            forwarding.stage = stage;
            if let Some(order) = started {
                forwarding.order = order;
            }
        }))
    }
}

/// What the maker of a blinded path wants a hop to offer further.
fn along_path(edge: &Edge, path: &PathHop, packet: Packet) -> Result<Outgoing, Refusal> {
    path.check_features(&[])?;
    let (amount_msat, expiry) = path.forward(edge.amount_msat, edge.expiry)?;
    let to = path.next_peer().ok_or(BlindingError::Missing { field: "short_channel_id" })?;
    Ok(Outgoing { to, amount_msat, expiry, path_key: Some(path.next_path_key), packet })
}
