//! An edge has come in: whether what the onion says may be done, and the first step of it.

use alloc::vec::Vec;

use super::super::intake::Layer;
use super::super::leg::derive;
use super::super::{ForwardPayload, HoldOrder, Refusal, SecretSource, Tweak, proposal};
use super::mail::learn_release;
use super::trampoline::TrampolineOrder;
use super::{
    Context, ForwarderAction, ForwarderError, Forwarding, Forwards, Incoming, Order, Outgoing,
    Stage,
};
use crate::curve::Point;
use crate::edge::{Edge, EdgeId};
use crate::hold::{Forward, Held, HoldError, HoldRequest, HoldState, HoldStore, cutoff_height};
use crate::lock::{Blind, Lock};
use crate::onion::Packet;
use crate::onion::blinded::{BlindingError, NextPeer, PathHop, path_offset};

impl<S: HoldStore> Forwards<S> {
    /// Takes a payment that came in with its onion peeled.
    ///
    /// # Errors
    ///
    /// [`ForwarderError::Hold`] when the store fails: whether the hold is kept is not known, so the payment is neither held nor
    /// failed.
    pub(in crate::payment) fn incoming_committed(
        &mut self,
        cx: &mut Context<'_>,
        from: &Point,
        incoming: Incoming,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        let (edge, origin, tag) = (incoming.edge, incoming.origin.clone(), incoming.replay_tag);
        match self.accept(cx, from, incoming) {
            Ok(actions) => Ok(actions),
            Err(Refusal::Hold(error @ HoldError::Store(_))) => {
                // The same edge will be reported again.
                cx.intake.replay_guard.forget(&tag);
                Err(error.into())
            }
            Err(reason) => Ok(alloc::vec![self.refuse(cx, &edge, &origin, reason)]),
        }
    }

    /// Forwards or holds what the onion asks for, or looks for a route.
    fn accept(
        &mut self,
        cx: &mut Context<'_>,
        from: &Point,
        incoming: Incoming,
    ) -> Result<Vec<ForwarderAction>, Refusal> {
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
            Layer::Trampoline(payload) => {
                let (trampoline, tweak) =
                    TrampolineOrder::new(&edge, &self.config.policy, payload)?;
                (Order::Trampoline(trampoline), tweak)
            }
            Layer::Final { .. } | Layer::TrampolineFinal { .. } => return Err(Refusal::RouteEnd),
        };
        if let Order::Forward(outgoing) = &order {
            self.check_policy(cx, &edge, outgoing)?;
        }
        if !tweak.fits(&edge.lock) {
            return Err(Refusal::TweakMismatch);
        }
        let path_offset = on_path.filter(|_| matches!(edge.lock, Lock::Point(_)));
        let stage = Stage::Held;
        let mut forwarding =
            Forwarding { incoming: edge, origin, order, path_offset, hold: None, stage };
        let forward_now = match (edge.lock, tweak) {
            (Lock::Hash(_), Tweak::Derived) => Some(None),
            (Lock::Point(_), Tweak::Derived) => Some(Some(derive(&shared_secret)?)),
            (_, Tweak::Blind(blind)) => Some(Some(blind)),
            (_, Tweak::Hold(order)) => {
                self.hold(cx, from, &mut forwarding, &order)?.map(|forward| forward.blind)
            }
        };
        self.forwards.insert(edge.id, forwarding);
        let Some(blind) = forward_now else { return Ok(Vec::new()) };
        let advanced = self.advance(cx, &edge.id, blind);
        if advanced.is_err() {
            if let Some(forwarding) = self.forwards.get_mut(&edge.id) {
                // It stays, for its hold has to end when the edge does.
                forwarding.stage = Stage::Failing;
            }
        }
        Ok(advanced?.into_iter().collect())
    }

    fn check_policy(
        &self,
        cx: &Context<'_>,
        edge: &Edge,
        outgoing: &Outgoing,
    ) -> Result<(), Refusal> {
        let Outgoing { amount_msat, expiry, .. } = *outgoing;
        proposal::check_policy(&self.config.policy, edge, amount_msat, expiry)?;
        let height = cx.intake.height;
        if expiry <= height {
            return Err(Refusal::ExpiryTooSoon { expiry, required: height.saturating_add(1) });
        }
        Ok(())
    }

    fn hold(
        &mut self,
        cx: &mut Context<'_>,
        from: &Point,
        forwarding: &mut Forwarding,
        order: &HoldOrder,
    ) -> Result<Option<Forward>, Refusal> {
        // A second edge would not be counted against the caps, nor fail back with the first.
        if self.forwards.values().any(|other| other.hold == Some(order.id)) {
            return Err(Refusal::Hold(HoldError::IdTaken(order.id)));
        }
        let request = HoldRequest {
            id: order.id,
            release_hash: order.release_hash,
            held_blind: order.held_blind.clone(),
            amount_msat: forwarding.incoming.amount_msat,
            cutoff_height: cutoff_height(
                order.latest_release_height,
                forwarding.incoming.expiry,
                self.config.hold_safety_margin,
                self.config.hold_deltas_ahead,
                self.config.hold_min_final_delta,
            ),
            neighbour: from.x_only().serialize(),
        };
        let held = self.ledger.hold(request, cx.intake.height)?;
        forwarding.hold = Some(order.id);
        if let Some(held_blind) = &order.held_blind {
            let source = SecretSource::HeldBlind { hold: order.id };
            cx.observer.learned_scalar(source, held_blind.as_scalar());
        }
        match held {
            Held::Waiting => Ok(None),
            Held::Forward(forward) => {
                if let Ok(HoldState::Releasing(secret)) = self.ledger.state(&order.id) {
                    learn_release(cx, order.id, &secret);
                }
                Ok(Some(forward))
            }
            // The same order with another edge: the sender repeats itself.
            Held::Finished => Err(Refusal::Hold(HoldError::IdTaken(order.id))),
        }
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
        let Some(forwarding) = self.forwards.get_mut(incoming) else { return Ok(None) };
        let incoming = *incoming;
        for (source, known) in [
            (SecretSource::Blind { incoming }, &blind),
            (SecretSource::PathOffset { incoming }, &forwarding.path_offset),
        ] {
            if let Some(known) = known {
                cx.observer.learned_scalar(source, known.as_scalar());
            }
        }
        forwarding.stage = match &mut forwarding.order {
            Order::Forward(_) => {
                let blind = match (blind, &forwarding.path_offset) {
                    (Some(y), Some(b)) => Some(y.add(b)?),
                    (blind, _) => blind,
                };
                let lock = proposal::add(forwarding.incoming.lock, blind.as_ref())?;
                Stage::Offered { lock, blind }
            }
            Order::Trampoline(trampoline) => {
                trampoline.start_at(cx.intake.height)?;
                Stage::Routing { blind }
            }
        };
        Ok(forwarding.wanted())
    }
}

/// What the maker of a blinded path wants a hop to offer further.
fn along_path(edge: &Edge, path: &PathHop, packet: Packet) -> Result<Outgoing, Refusal> {
    path.check_features(&[])?;
    let (amount_msat, expiry) = path.forward(edge.amount_msat, edge.expiry)?;
    let to = path.next_peer().ok_or(BlindingError::Missing { field: "short_channel_id" })?;
    Ok(Outgoing { to, amount_msat, expiry, path_key: Some(path.next_path_key), packet })
}
