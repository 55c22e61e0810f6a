//! A contract has come in: what the onion says, whether it may be done, and the first step of it.

use alloc::vec::Vec;
use core::fmt::Display;

use bitcoin::OutPoint;

use super::super::failure::Origin;
use super::super::leg::{associated_data, derive};
use super::super::{
    ForwardPayload, HoldOrder, Payload, PaymentError, Refusal, SecretSource, Tweak, edge,
};
use super::delegate::Delegated;
use super::{Forwarder, ForwarderAction, Forwarding, Order, Outgoing, Stage};
use crate::contract::{FundedContract, ReceivedContract};
use crate::curve::Point;
use crate::hold::{Forward, Held, HoldError, HoldRequest, HoldState, HoldStore, cutoff_height};
use crate::lock::{Blind, Lock, LockSecret};
use crate::onion::blinded::{
    BlindingError, NextPeer, PathHop, PeeledPayment, path_blind, peel_payment,
};
use crate::onion::{Packet, Peeled};

impl<S> Forwarder<S>
where
    S: HoldStore,
    S::Error: Display,
{
    pub(super) fn incoming_committed(
        &mut self,
        from: &Point,
        contract: &ReceivedContract,
        path_key: Option<&Point>,
        packet: &Packet,
    ) -> Result<Vec<ForwarderAction>, PaymentError> {
        let incoming = contract.funded().outpoint();
        if self.forwards.contains_key(&incoming) || self.failing.contains_key(&incoming) {
            return Err(PaymentError::KnownContract(incoming));
        }
        let mut origin = Origin::new(packet, &self.config.node_key, path_key);
        match self.peel_and_accept(from, contract, path_key, packet, &mut origin) {
            Ok(actions) => Ok(actions),
            // Whether the hold is stored is not known, so the payment is neither held nor failed.
            Err(Refusal::Hold(error @ HoldError::Store(_))) => Err(PaymentError::Hold(error)),
            Err(reason) => {
                let failure = origin.message(&reason, contract.funded(), self.height);
                Ok(alloc::vec![self.fail_with(incoming, reason, failure)])
            }
        }
    }

    fn peel_and_accept(
        &mut self,
        from: &Point,
        contract: &ReceivedContract,
        path_key: Option<&Point>,
        packet: &Packet,
        origin: &mut Origin,
    ) -> Result<Vec<ForwarderAction>, Refusal> {
        let associated_data = associated_data(&edge::lock(contract.funded()));
        let peeled = peel_payment(packet, &self.config.node_key, path_key, &associated_data);
        let PeeledPayment { layer, path } = peeled.inspect_err(|error| origin.locate(error))?;
        origin.set_path(path.is_some());
        let tag = layer.shared_secret.replay_tag();
        self.replay_guard.insert(tag, edge::expiry(contract.funded()))?;
        let accepted = self.accept(from, contract, layer, path, origin);
        if let Err(Refusal::Hold(HoldError::Store(_))) = accepted {
            // The same contract will be reported again.
            self.replay_guard.forget(&tag);
        }
        accepted
    }

    /// Forwards or holds what the onion asks for, or looks for a route.
    fn accept(
        &mut self,
        from: &Point,
        contract: &ReceivedContract,
        layer: Peeled,
        path: Option<PathHop>,
        origin: &Origin,
    ) -> Result<Vec<ForwarderAction>, Refusal> {
        let funded = contract.funded();
        let derived = derive(&layer.shared_secret)?;
        let mut on_path = None;
        let (order, tweak) = match (path, layer.next) {
            (Some(path), Some(packet)) => {
                on_path = Some(path_blind(&path.secret)?);
                (Order::Forward(along_path(funded, &path, packet)?), Tweak::Derived)
            }
            (Some(_), None) => return Err(Refusal::RouteEnd),
            (None, next) => match (Payload::parse(&layer.payload, next.is_none())?, next) {
                (Payload::Forward(payload), Some(packet)) => {
                    let ForwardPayload { short_channel_id, amount_msat, expiry, tweak } = payload;
                    let to = NextPeer::Channel(short_channel_id);
                    let outgoing = Outgoing { to, amount_msat, expiry, path_key: None, packet };
                    (Order::Forward(outgoing), tweak)
                }
                (Payload::Delegate(payload), None) => {
                    let (delegated, tweak) = Delegated::new(funded, &self.config.policy, payload)?;
                    (Order::Delegated(delegated), tweak)
                }
                _ => return Err(Refusal::RouteEnd),
            },
        };
        if let Order::Forward(outgoing) = &order {
            self.check_policy(funded, outgoing)?;
        }
        let mut forwarding = Forwarding {
            incoming: contract.clone(),
            origin: origin.clone(),
            order,
            path_blind: on_path.filter(|_| matches!(edge::lock(funded), Lock::Point(_))),
            hold: None,
            stage: Stage::Held,
        };
        if !tweak.fits(&edge::lock(funded)) {
            return Err(Refusal::TweakMismatch);
        }
        let forward_now = match (edge::lock(funded), tweak) {
            (Lock::Hash(_), Tweak::Derived) => Some(None),
            (Lock::Point(_), Tweak::Derived) => Some(Some(derived)),
            (_, Tweak::Blind(blind)) => Some(Some(blind)),
            (_, Tweak::Hold(order)) => {
                self.hold(from, &mut forwarding, &order)?.map(|forward| forward.blind)
            }
        };
        let incoming = funded.outpoint();
        self.forwards.insert(incoming, forwarding);
        let Some(blind) = forward_now else { return Ok(Vec::new()) };
        let advanced = self.advance(&incoming, blind);
        if advanced.is_err() {
            // It stays, because its hold has to end when the contract does.
            if let Some(forwarding) = self.forwards.get_mut(&incoming) {
                forwarding.stage = Stage::Failing;
            }
        }
        Ok(advanced?.into_iter().collect())
    }

    fn check_policy(&self, funded: &FundedContract, outgoing: &Outgoing) -> Result<(), Refusal> {
        edge::check_policy(&self.config.policy, funded, outgoing.amount_msat, outgoing.expiry)?;
        if outgoing.expiry <= self.height {
            return Err(Refusal::ExpiryTooSoon {
                expiry: outgoing.expiry,
                required: self.height.saturating_add(1),
            });
        }
        Ok(())
    }

    fn hold(
        &mut self,
        from: &Point,
        forwarding: &mut Forwarding,
        order: &HoldOrder,
    ) -> Result<Option<Forward>, Refusal> {
        // A second contract would not be counted against the caps, nor fail back with the first.
        if self.forwards.values().any(|other| other.hold == Some(order.id)) {
            return Err(Refusal::Hold(HoldError::IdTaken(order.id)));
        }
        let request = HoldRequest {
            id: order.id,
            release_hash: order.release_hash,
            held_blind: order.held_blind.clone(),
            amount_msat: edge::amount_msat(forwarding.incoming.funded()),
            cutoff_height: cutoff_height(
                order.latest_release_height,
                edge::expiry(forwarding.incoming.funded()),
                self.config.hold_safety_margin,
                self.config.hold_deltas_ahead,
                self.config.hold_min_final_delta,
            ),
            sender: from.x_only().serialize(),
            receiver: forwarding.order.receiver_handle(),
        };
        let held = self.ledger.hold(request, self.height).map_err(HoldError::into_text)?;
        forwarding.hold = Some(order.id);
        if let Some(held_blind) = &order.held_blind {
            self.view.learn(
                SecretSource::HeldBlind { hold: order.id },
                LockSecret::Scalar(held_blind.as_scalar().clone()),
            );
        }
        match held {
            Held::Waiting => Ok(None),
            Held::Forward(forward) => {
                if let Ok(HoldState::Releasing(secret)) = self.ledger.state(&order.id) {
                    self.learn_release(order.id, &secret);
                }
                Ok(Some(forward))
            }
            // The same order with another contract: the sender repeats itself.
            Held::Finished => Err(Refusal::Hold(HoldError::IdTaken(order.id))),
        }
    }

    /// Offers the contract further, with y_i and what else this node adds; or looks for a route first.
    ///
    /// L_{i+1} = L_i + (y_i + b_i)·G, where b_i is that of a blinded path
    pub(super) fn advance(
        &mut self,
        incoming: &OutPoint,
        blind: Option<Blind>,
    ) -> Result<Option<ForwarderAction>, Refusal> {
        let Some(forwarding) = self.forwards.get_mut(incoming) else { return Ok(None) };
        let incoming = *incoming;
        for (source, known) in [
            (SecretSource::Blind { incoming }, &blind),
            (SecretSource::PathBlind { incoming }, &forwarding.path_blind),
        ] {
            if let Some(known) = known {
                self.view.learn(source, LockSecret::Scalar(known.as_scalar().clone()));
            }
        }
        forwarding.stage = match &mut forwarding.order {
            Order::Forward(_) => {
                let blind = match (blind, &forwarding.path_blind) {
                    (Some(y), Some(b)) => Some(y.add(b)?),
                    (blind, _) => blind,
                };
                let lock = edge::add(edge::lock(forwarding.incoming.funded()), blind.as_ref())?;
                Stage::Offered { lock, blind }
            }
            Order::Delegated(delegated) => {
                delegated.start_at(self.height)?;
                Stage::Routing { blind }
            }
        };
        Ok(forwarding.wanted())
    }
}

/// What the maker of a blinded path wants a hop to offer further.
fn along_path(
    funded: &FundedContract,
    path: &PathHop,
    packet: Packet,
) -> Result<Outgoing, Refusal> {
    path.check_features(&[])?;
    let (amount_msat, expiry) = path.forward(edge::amount_msat(funded), edge::expiry(funded))?;
    let to = path.next_peer().ok_or(BlindingError::Missing { field: "short_channel_id" })?;
    Ok(Outgoing { to, amount_msat, expiry, path_key: Some(path.next_path_key), packet })
}
