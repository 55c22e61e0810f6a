use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

mod accept;
mod event;
mod mail;
mod trampoline;

pub use event::{ForwarderAction, ForwarderConfig, ForwarderEvent};
pub(super) use mail::is_for_holder;
use trampoline::TrampolineOrder;

use super::failure::Origin;
use super::intake::{Context, Incoming, Intake, Received, Refused};
use super::{
    AttemptId, EdgeError, FailureMessage, ForwarderError, MessageError, Observer, Proposal,
    Reaction, Refusal, Role, SecretSource, proposal,
};
use crate::curve::Point;
use crate::edge::{Edge, EdgeId, IncomingEdge};
use crate::hold::{HoldId, HoldState, HoldStore, Ledger, Pending};
use crate::lock::{Blind, Lock, LockSecret, previous_secret};
use crate::onion::Packet;
use crate::onion::blinded::{NextPeer, PeeledMessage};

/// A node between sender and receiver; with a hold order in its payload, the one that holds. Alone: a node that pays and is paid
/// as well is a [`Node`](super::Node).
#[derive(Debug)]
pub struct Forwarder<S> {
    intake: Intake,
    forwards: Forwards<S>,
}

/// The payments that a node forwards.
#[derive(Debug)]
pub(super) struct Forwards<S> {
    config: ForwarderConfig,
    ledger: Ledger<S>,
    forwards: BTreeMap<EdgeId, Forwarding>,
    outgoing: BTreeMap<EdgeId, EdgeId>,
    failing: BTreeMap<EdgeId, (Refusal, FailureMessage)>,
    /// The routes that this node has found itself.
    tails: BTreeSet<AttemptId>,
}

/// A payment on its way through this node.
#[derive(Debug)]
struct Forwarding {
    incoming: Edge,
    origin: Origin,
    order: Order,
    /// b_i, in a blinded path.
    path_offset: Option<Blind>,
    hold: Option<HoldId>,
    stage: Stage,
}

/// What is to be done with a payment.
#[derive(Debug)]
enum Order {
    Forward(Outgoing),
    Trampoline(TrampolineOrder),
}

/// The edge to offer further.
#[derive(Debug)]
struct Outgoing {
    to: NextPeer,
    amount_msat: u64,
    expiry: u32,
    path_key: Option<Point>,
    packet: Packet,
}

#[derive(Debug)]
enum Stage {
    Held,
    /// With y_i, while the driver looks for a route.
    Routing {
        blind: Option<Blind>,
    },
    /// The blind is all that this node has added to the lock.
    Offered {
        lock: Lock,
        blind: Option<Blind>,
    },
    Committed {
        outgoing: Edge,
        blind: Option<Blind>,
    },
    Claiming(LockSecret),
    Claimed,
    Failing,
}

impl Forwarding {
    /// What is wanted while the edge is not offered further, or not committed.
    fn wanted(&self) -> Option<ForwarderAction> {
        let incoming = self.incoming.id;
        match (&self.stage, &self.order) {
            (Stage::Offered { lock, .. }, Order::Forward(outgoing)) => {
                Some(ForwarderAction::Offer { incoming, proposal: outgoing.proposal(*lock) })
            }
            (Stage::Routing { .. }, Order::Trampoline(trampoline)) => {
                Some(trampoline.find_route(incoming))
            }
            (Stage::Claiming(secret), _) => {
                Some(ForwarderAction::Claim { incoming, secret: secret.clone() })
            }
            _ => None,
        }
    }
}

impl Outgoing {
    fn proposal(&self, lock: Lock) -> Proposal {
        Proposal {
            to: self.to,
            amount_msat: self.amount_msat,
            expiry: self.expiry,
            lock,
            path_key: self.path_key,
            packet: self.packet.clone(),
        }
    }
}

impl<S: HoldStore> Forwarder<S> {
    /// A forwarder whose holds are kept in `store`: an empty one, or the one that was there when the events which are replayed next
    /// had happened.
    pub fn new(config: ForwarderConfig, store: S) -> Self {
        let intake = Intake::new(config.node_key.clone(), config.height);
        Self { intake, forwards: Forwards::new(config, store) }
    }

    /// The ledger of holds.
    pub fn ledger(&self) -> &Ledger<S> {
        self.forwards.ledger()
    }
}

impl<S: HoldStore> Role for Forwarder<S> {
    type Event = ForwarderEvent;
    type Action = ForwarderAction;
    type Error = ForwarderError;

    fn process(
        &mut self,
        event: &ForwarderEvent,
        observer: &mut dyn Observer,
    ) -> Result<Reaction<ForwarderAction>, ForwarderError> {
        let Self { intake, forwards } = self;
        let cx = &mut Context { intake, observer };
        let actions = match event {
            ForwarderEvent::IncomingCommitted { from, edge, path_key, packet } => {
                forwards.check_new(edge)?;
                match cx.intake.open(edge.edge(), path_key.as_ref(), packet) {
                    Ok(incoming) => forwards.incoming_committed(cx, from, incoming)?,
                    Err(refused) => {
                        let Refused { origin, reason } = *refused;
                        alloc::vec![forwards.refuse(cx, edge.edge(), &origin, reason)]
                    }
                }
            }
            ForwarderEvent::MessageReceived { message, entropy } => {
                return match message.peel(&cx.intake.node_key).map_err(MessageError::Onion)? {
                    PeeledMessage::Forward { to, message } => {
                        let pass_on = ForwarderAction::SendMessage { to, message };
                        Ok(Reaction::unchanged(alloc::vec![pass_on]))
                    }
                    PeeledMessage::Receive { payload, data, secret } => {
                        let (payload, data, secret) = (&payload, &data, &secret);
                        let received = Received { length: message.length(), payload, data, secret };
                        forwards.message_received(cx, &received, entropy)
                    }
                };
            }
            ForwarderEvent::Announce { hold, entropy } => {
                return forwards.announce(cx, hold, entropy);
            }
            ForwarderEvent::Block { height } => {
                let actions = forwards.block(cx, *height)?;
                cx.intake.block(*height);
                actions
            }
            ForwarderEvent::RouteFound { incoming, forwarders, seed } => {
                forwards.route_found(cx, incoming, forwarders, seed)?
            }
            ForwarderEvent::NoRoute { incoming } => forwards.no_route(cx, incoming)?,
            ForwarderEvent::OutgoingCommitted { incoming, edge } => {
                forwards.outgoing_committed(incoming, edge)?
            }
            ForwarderEvent::OutgoingFulfilled { outgoing, secret } => {
                forwards.fulfilled(cx, outgoing, secret)?
            }
            ForwarderEvent::OutgoingFailed { outgoing, failure } => {
                forwards.outgoing_failed(outgoing, failure.as_ref())?
            }
            ForwarderEvent::OfferFailed { incoming } => forwards.offer_failed(cx, incoming)?,
            ForwarderEvent::IncomingClaimed { incoming } => forwards.incoming_claimed(incoming)?,
            ForwarderEvent::IncomingFailed { incoming } => forwards.incoming_failed(incoming)?,
        };
        Ok(actions.into())
    }

    fn pending(&self) -> Vec<ForwarderAction> {
        self.forwards.pending()
    }
}

impl<S: HoldStore> Forwards<S> {
    pub(super) fn new(config: ForwarderConfig, store: S) -> Self {
        Self {
            ledger: Ledger::new(store, config.limits),
            forwards: BTreeMap::new(),
            outgoing: BTreeMap::new(),
            failing: BTreeMap::new(),
            tails: BTreeSet::new(),
            config,
        }
    }

    pub(super) fn ledger(&self) -> &Ledger<S> {
        &self.ledger
    }

    pub(super) fn pending(&self) -> Vec<ForwarderAction> {
        let wanted = self.forwards.values().filter_map(Forwarding::wanted);
        let failing = self.failing.iter().map(|(incoming, (reason, failure))| {
            let (reason, failure) = (reason.clone(), failure.clone());
            ForwarderAction::Fail { incoming: *incoming, reason, failure }
        });
        wanted.chain(failing).collect()
    }

    /// Whether this incoming edge is one of the forwarder's.
    pub(super) fn has_incoming(&self, id: &EdgeId) -> bool {
        self.forwards.contains_key(id) || self.failing.contains_key(id)
    }

    pub(super) fn check_new(&self, edge: &IncomingEdge) -> Result<(), EdgeError> {
        let id = edge.edge().id;
        if self.has_incoming(&id) { Err(EdgeError::Known(id)) } else { Ok(()) }
    }

    /// Fails a payment that was not accepted.
    pub(super) fn refuse(
        &mut self,
        cx: &mut Context<'_>,
        incoming: &Edge,
        origin: &Origin,
        reason: Refusal,
    ) -> ForwarderAction {
        let failure = origin.message(&reason, incoming, cx.intake.height);
        self.fail_with(incoming.id, reason, failure)
    }

    pub(super) fn outgoing_committed(
        &mut self,
        incoming: &EdgeId,
        edge: &Edge,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        if self.outgoing.contains_key(&edge.id) {
            return Err(EdgeError::Known(edge.id).into());
        }
        let forwarding = self.forwards.get_mut(incoming).ok_or(EdgeError::Unknown(*incoming))?;
        let (Stage::Offered { lock, blind }, Order::Forward(proposed)) =
            (&mut forwarding.stage, &forwarding.order)
        else {
            return Err(EdgeError::OutOfOrder { edge: edge.id, event: "commitment" }.into());
        };
        proposal::check_proposed(edge, *lock, proposed.amount_msat, proposed.expiry)?;
        if let Some(hold) = &forwarding.hold {
            self.ledger.forwarded(hold)?;
        }
        let blind = blind.take();
        forwarding.stage = Stage::Committed { outgoing: *edge, blind };
        self.outgoing.insert(edge.id, *incoming);
        Ok(Vec::new())
    }

    /// The incoming edge and the outgoing one, which was committed and has not ended.
    fn committed(
        &self,
        outgoing: &EdgeId,
        event: &'static str,
    ) -> Result<(EdgeId, &Edge), EdgeError> {
        let incoming = *self.outgoing.get(outgoing).ok_or(EdgeError::Unknown(*outgoing))?;
        match self.forwards.get(&incoming).map(|forwarding| &forwarding.stage) {
            Some(Stage::Committed { outgoing, .. }) => Ok((incoming, outgoing)),
            _ => Err(EdgeError::OutOfOrder { edge: *outgoing, event }),
        }
    }

    /// l_i = l_{i+1} − y_i, with all else that this node has added to the lock
    pub(super) fn fulfilled(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &EdgeId,
        secret: &LockSecret,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        let (incoming, edge) = self.committed(outgoing, "fulfilment")?;
        proposal::check_secret(edge, secret)?;
        let forwarding = self.forwards.get_mut(&incoming).ok_or(EdgeError::Unknown(incoming))?;
        let incoming_secret = match (&forwarding.stage, secret) {
            (Stage::Committed { blind: Some(blind), .. }, LockSecret::Scalar(scalar)) => {
                LockSecret::Scalar(previous_secret(scalar, blind)?)
            }
            _ => secret.clone(),
        };
        proposal::check_secret(&forwarding.incoming, &incoming_secret)?;
        forwarding.stage = Stage::Claiming(incoming_secret.clone());
        cx.observer.learned(SecretSource::Lock { edge: *outgoing }, secret);
        cx.observer.learned(SecretSource::Lock { edge: incoming }, &incoming_secret);
        Ok(alloc::vec![ForwarderAction::Claim { incoming, secret: incoming_secret }])
    }

    pub(super) fn outgoing_failed(
        &mut self,
        outgoing: &EdgeId,
        failure: Option<&FailureMessage>,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        let (incoming, _) = self.committed(outgoing, "failure")?;
        let Some(forwarding) = self.forwards.get_mut(&incoming) else { return Ok(Vec::new()) };
        forwarding.stage = Stage::Failing;
        let failure = forwarding.origin.pass_on(failure);
        Ok(alloc::vec![self.fail_with(incoming, Refusal::Downstream, failure)])
    }

    pub(super) fn offer_failed(
        &mut self,
        cx: &mut Context<'_>,
        incoming: &EdgeId,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        let forwarding = self.forwards.get(incoming).ok_or(EdgeError::Unknown(*incoming))?;
        let Stage::Offered { .. } = forwarding.stage else {
            return Err(EdgeError::OutOfOrder { edge: *incoming, event: "failed offer" }.into());
        };
        Ok(self.fail(cx, incoming, Refusal::Downstream).into_iter().collect())
    }

    pub(super) fn incoming_claimed(
        &mut self,
        incoming: &EdgeId,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        let forwarding = self.forwards.get_mut(incoming).ok_or(EdgeError::Unknown(*incoming))?;
        let Stage::Claiming(_) = forwarding.stage else {
            return Err(EdgeError::OutOfOrder { edge: *incoming, event: "claim" }.into());
        };
        forwarding.stage = Stage::Claimed;
        Ok(Vec::new())
    }

    /// Fails a payment that was accepted, for a reason of this node's own.
    fn fail(
        &mut self,
        cx: &mut Context<'_>,
        incoming: &EdgeId,
        reason: Refusal,
    ) -> Option<ForwarderAction> {
        let forwarding = self.forwards.get_mut(incoming)?;
        forwarding.stage = Stage::Failing;
        let failure = forwarding.origin.message(&reason, &forwarding.incoming, cx.intake.height);
        Some(self.fail_with(*incoming, reason, failure))
    }

    fn fail_with(
        &mut self,
        incoming: EdgeId,
        reason: Refusal,
        failure: FailureMessage,
    ) -> ForwarderAction {
        self.failing.insert(incoming, (reason.clone(), failure.clone()));
        ForwarderAction::Fail { incoming, reason, failure }
    }

    pub(super) fn incoming_failed(
        &mut self,
        incoming: &EdgeId,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        if !self.failing.contains_key(incoming) {
            return Err(EdgeError::OutOfOrder { edge: *incoming, event: "failure" }.into());
        }
        if let Some(hold) = self.forwards.get(incoming).and_then(|forwarding| forwarding.hold) {
            match self.ledger.state(&hold)? {
                HoldState::Failing => self.ledger.failed(&hold),
                // Released, but with a blind that cancels the lock: it keeps no place among the holds.
                HoldState::Releasing(_) => self.ledger.forwarded(&hold),
                HoldState::Held | HoldState::Released | HoldState::Failed => Ok(()),
            }?;
        }
        self.failing.remove(incoming);
        Ok(Vec::new())
    }

    /// A new block: what waits beyond its cutoff fails, what was not claimed in time is taken back.
    pub(super) fn block(
        &mut self,
        cx: &mut Context<'_>,
        height: u32,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        let mut actions = Vec::new();
        self.ledger.block(height)?;
        // All that are failing, for a block that the store refused may have begun it.
        for pending in self.ledger.resume()? {
            let Pending::Fail(id) = pending else { continue };
            if let Some(incoming) = self.held(&id) {
                actions.extend(self.fail(cx, &incoming, Refusal::CutoffReached(id)));
            }
        }
        for forwarding in self.forwards.values() {
            match &forwarding.stage {
                Stage::Committed { outgoing, .. } if outgoing.expiry <= height => {
                    actions.push(ForwarderAction::TimeOut { outgoing: outgoing.id });
                }
                _ => {}
            }
        }
        Ok(actions)
    }
}
