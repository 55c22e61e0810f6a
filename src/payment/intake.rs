//! How a payment comes into a node: its onion is peeled once, and what it says decides whose it is.

mod snapshot;

use alloc::boxed::Box;

use super::failure::Origin;
use super::leg::associated_data;
use super::payload::{
    FinalPayload, ForwardPayload, InnerPayload, OuterPayload, Payload, TrampolinePayload,
};
use super::{Deadlines, HeightError, Observer, PayloadError, Recipient, Refusal};
use crate::curve::{Point, SecretScalar};
use crate::edge::Edge;
use crate::lock::Blind;
use crate::onion::blinded::{PathHop, PathSecret, PeeledPayment, RecipientData, peel_payment_with};
use crate::onion::{Packet, ReplayGuard, ReplayTag, SharedSecret};

/// What a node has once, whatever roles it has.
#[derive(Debug)]
pub(super) struct Intake {
    pub(super) node_key: SecretScalar,
    pub(super) height: u32,
    pub(super) deadlines: Deadlines,
    /// Of payment onions.
    pub(super) replay_guard: ReplayGuard,
}

/// What a role works with while it takes an event.
pub(super) struct Context<'a> {
    pub(super) intake: &'a mut Intake,
    pub(super) observer: &'a mut dyn Observer,
}

/// A payment that has come in, with its layer of the onion.
pub(super) struct Incoming {
    pub(super) edge: Edge,
    pub(super) origin: Origin,
    pub(super) replay_tag: ReplayTag,
    pub(super) shared_secret: SharedSecret,
    pub(super) layer: Layer,
}

/// An onion message that has come to its end.
pub(super) struct Received<'a> {
    /// How long the message was, in bytes.
    pub(super) length: usize,
    pub(super) payload: &'a [u8],
    /// What the maker of the path wrote to itself.
    pub(super) data: &'a RecipientData,
    /// What this node shares with the maker of the path.
    pub(super) secret: &'a PathSecret,
}

/// Why a payment has to be failed, and what is known of its onion.
pub(super) struct Refused {
    pub(super) origin: Origin,
    pub(super) reason: Refusal,
}

/// What a layer says.
pub(super) enum Layer {
    /// Forward it along a blinded path.
    AlongPath { path: PathHop, next: Packet },
    /// Forward it as the sender has planned.
    Forward { payload: ForwardPayload, next: Packet },
    /// Find the rest of the route, to a recipient that gets this packet.
    Trampoline { payload: TrampolinePayload, packet: Option<Packet> },
    /// It is for this node. By a route that another node has found the end of, if there is a packet within.
    Final { payload: FinalPayload, path: Option<PathHop>, inner: Option<InnerLayer> },
}

/// What the receiver learns beside its payload, where that stands in a packet within.
pub(super) struct InnerLayer {
    /// δ, if the lock is a point.
    pub(super) tail_blind: Option<Blind>,
    pub(super) replay_tag: ReplayTag,
}

impl Layer {
    /// Whether the receiver is meant; else the forwarder.
    pub(super) fn is_for_receiver(&self) -> bool {
        matches!(self, Self::Final { .. })
    }
}

impl Intake {
    pub(super) fn new(node_key: SecretScalar, height: u32, deadlines: Deadlines) -> Self {
        Self { node_key, height, deadlines, replay_guard: ReplayGuard::new() }
    }

    /// A new block; says whether it is new.
    ///
    /// # Errors
    ///
    /// [`HeightError::Backwards`].
    pub(super) fn block(&mut self, height: u32) -> Result<bool, HeightError> {
        let new = next_height(self.height, height)?;
        self.height = height;
        self.replay_guard.prune(height);
        Ok(new)
    }

    /// The highest block is gone.
    ///
    /// # Errors
    ///
    /// [`HeightError::NotTheTip`].
    pub(super) fn disconnect(&mut self, height: u32) -> Result<(), HeightError> {
        self.height = previous_height(self.height, height)?;
        Ok(())
    }

    /// Whether there is such a block.
    ///
    /// # Errors
    ///
    /// [`HeightError::NotConnected`].
    pub(super) fn check_reported(&self, height: u32) -> Result<(), HeightError> {
        let current = self.height;
        if height > current { Err(HeightError::NotConnected { height, current }) } else { Ok(()) }
    }

    /// Peels the onion that came with an edge, once and for good: the same onion again is a replay.
    ///
    /// # Errors
    ///
    /// Why the payment has to be failed.
    pub(super) fn open(
        &mut self,
        edge: &Edge,
        path_key: Option<&Point>,
        packet: &Packet,
    ) -> Result<Incoming, Box<Refused>> {
        let shared_secret = packet.shared_secret(&self.node_key);
        let mut origin = Origin::new(packet, &shared_secret, path_key);
        match self.peel(edge, path_key, (packet, shared_secret), &mut origin) {
            Ok((layer, replay_tag, shared_secret)) => {
                Ok(Incoming { edge: *edge, origin, replay_tag, shared_secret, layer })
            }
            Err(reason) => Err(Box::new(Refused { origin, reason })),
        }
    }

    fn peel(
        &mut self,
        edge: &Edge,
        path_key: Option<&Point>,
        (packet, shared_secret): (&Packet, SharedSecret),
        origin: &mut Origin,
    ) -> Result<(Layer, ReplayTag, SharedSecret), Refusal> {
        let associated_data = associated_data(&edge.lock);
        let (node_key, shared_secret) = (&self.node_key, || shared_secret);
        let peeled = peel_payment_with(packet, node_key, shared_secret, path_key, &associated_data);
        let PeeledPayment { layer, path } = peeled.inspect_err(|error| origin.locate(error))?;
        origin.set_path(path.is_some());
        let (expiry, most) = (edge.expiry, self.deadlines.latest_expiry(self.height));
        if expiry > most {
            return Err(Refusal::ExpiryTooFar { expiry, most });
        }
        let replay_tag = layer.shared_secret.replay_tag();
        self.replay_guard.insert(replay_tag, edge.expiry)?;
        let is_last = layer.next.is_none();
        let read = match (path, layer.next) {
            (Some(path), Some(next)) => Layer::AlongPath { path, next },
            (path, next) => match (Payload::parse(&layer.payload, is_last)?, next) {
                (Payload::Forward(payload), Some(next)) => Layer::Forward { payload, next },
                (Payload::Final(payload), None) => Layer::Final { payload, path, inner: None },
                (Payload::Outer(payload), None) => self.peel_inner(edge, payload, path, origin)?,
                _ => return Err(Refusal::RouteEnd),
            },
        };
        Ok((read, replay_tag, layer.shared_secret))
    }
}

impl Intake {
    /// The packet within: an order to find the rest of a route, or the receiver's layer.
    fn peel_inner(
        &mut self,
        edge: &Edge,
        outer: OuterPayload,
        path: Option<PathHop>,
        origin: &mut Origin,
    ) -> Result<Layer, Refusal> {
        check_path(edge, path.as_ref())?;
        check_terms(edge, outer.amount_msat, outer.expiry)?;
        if let Some(data) = &outer.payment_data {
            // Parts of a stretch are not collected: the edge has all of it.
            check_terms(edge, data.total_msat, outer.expiry)?;
        }
        let (node_key, associated_data) = (&self.node_key, associated_data(&edge.lock));
        // Whoever made the packet knew this node by the name that it has in the path.
        let peeled = match &path {
            Some(path) => {
                outer.packet.peel(&path.secret.blinded_node_secret(node_key)?, &associated_data)
            }
            None => outer.packet.peel(node_key, &associated_data),
        };
        let inner = peeled.map_err(|_| PayloadError::Malformed("trampoline_onion_packet"))?;
        origin.set_inner(inner.shared_secret.clone());
        let read = InnerPayload::parse(&inner.payload, path.is_some())?;
        let replay_tag = inner.shared_secret.replay_tag();
        let layer = match read {
            InnerPayload::Trampoline(mut payload) => {
                if outer.tail_blind.is_some() {
                    return Err(PayloadError::Misplaced("tail_blind").into());
                }
                let to_node = matches!(payload.recipient, Recipient::Node(_));
                if to_node != inner.next.is_some() {
                    return Err(Refusal::RouteEnd);
                }
                let packet = inner.next.or(payload.recipient_packet.take());
                Layer::Trampoline { payload, packet }
            }
            InnerPayload::Final(payload) => {
                if inner.next.is_some() {
                    return Err(Refusal::RouteEnd);
                }
                if !outer.fits(&edge.lock) {
                    return Err(Refusal::TweakMismatch);
                }
                check_outer(&outer, &payload)?;
                let inner = InnerLayer { tail_blind: outer.tail_blind, replay_tag };
                Layer::Final { payload, path, inner: Some(inner) }
            }
        };
        self.replay_guard.insert(replay_tag, edge.expiry)?;
        Ok(layer)
    }
}

/// A trampoline gives the recipient what the sender meant it to get, and says so.
fn check_outer(outer: &OuterPayload, payload: &FinalPayload) -> Result<(), Refusal> {
    let (offered_msat, expected_msat) = (outer.amount_msat, payload.amount_msat);
    if offered_msat < expected_msat {
        return Err(Refusal::AmountTooLow { offered_msat, expected_msat });
    }
    let (expiry, required) = (outer.expiry, payload.expiry);
    if expiry < required {
        return Err(Refusal::FinalExpiryTooSoon { expiry, required });
    }
    Ok(())
}

/// What the receiver asked of those who use a path that it has made.
pub(super) fn check_path(edge: &Edge, path: Option<&PathHop>) -> Result<(), Refusal> {
    if let Some(path) = path {
        path.check_features(&[])?;
        path.check(edge.amount_msat, edge.expiry)?;
    }
    Ok(())
}

/// What the edge has to lock, and for how long, by the payload.
pub(super) fn check_terms(edge: &Edge, amount_msat: u64, expiry: u32) -> Result<(), Refusal> {
    let offered_msat = edge.amount_msat;
    if offered_msat < amount_msat {
        return Err(Refusal::AmountTooLow { offered_msat, expected_msat: amount_msat });
    }
    if edge.expiry < expiry {
        return Err(Refusal::FinalExpiryTooSoon { expiry: edge.expiry, required: expiry });
    }
    Ok(())
}

/// Whether a block is above the height so far.
pub(super) fn next_height(current: u32, height: u32) -> Result<bool, HeightError> {
    if height < current {
        Err(HeightError::Backwards { height, current })
    } else {
        Ok(height > current)
    }
}

/// The height without its highest block.
pub(super) fn previous_height(current: u32, height: u32) -> Result<u32, HeightError> {
    let not_the_tip = HeightError::NotTheTip { height, current };
    height.checked_sub(1).filter(|_| height == current).ok_or(not_the_tip)
}
