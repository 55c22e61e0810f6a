//! How a payment comes into a node: its onion is peeled once, and what it says decides whose it is.

mod snapshot;

use alloc::boxed::Box;

use super::failure::Origin;
use super::leg::associated_data;
use super::payload::{
    FinalPayload, ForwardPayload, Payload, TrampolineFinalPayload, TrampolinePayload,
};
use super::{Deadlines, HeightError, Observer, Refusal};
use crate::curve::{Point, SecretScalar};
use crate::edge::Edge;
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
    /// Find the rest of the route.
    Trampoline(TrampolinePayload),
    /// It is for this node, as the sender has planned.
    Final { payload: FinalPayload, path: Option<PathHop> },
    /// It is for this node, by a route that another node has found the end of.
    TrampolineFinal { payload: TrampolineFinalPayload, path: Option<PathHop> },
}

impl Layer {
    /// Whether the receiver is meant; else the forwarder.
    pub(super) fn is_for_receiver(&self) -> bool {
        matches!(self, Self::Final { .. } | Self::TrampolineFinal { .. })
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
                (Payload::Trampoline(payload), None) if path.is_none() => {
                    Layer::Trampoline(payload)
                }
                (Payload::Final(payload), None) => Layer::Final { payload, path },
                (Payload::TrampolineFinal(payload), None) => {
                    Layer::TrampolineFinal { payload, path }
                }
                _ => return Err(Refusal::RouteEnd),
            },
        };
        Ok((read, replay_tag, layer.shared_secret))
    }
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
