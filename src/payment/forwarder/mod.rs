use alloc::collections::BTreeMap;
use alloc::vec::Vec;

mod accept;
mod event;
mod forwarding;
mod mail;
mod settle;
mod snapshot;
mod trampoline;

pub use event::{ForwarderAction, ForwarderConfig, ForwarderEvent};
use forwarding::{Committed, Fail, Forwarding, Forwardings, Order, Outgoing, Stage};
pub(super) use mail::is_for_holder;

use super::failure::Origin;
use super::intake::{Context, Incoming, Intake, Received, Refused};
use super::{
    ConfigError, EdgeError, ForwarderError, MessageError, Observer, Reaction, Refusal, Role,
    proposal,
};
use crate::edge::{Edge, EdgeId, IncomingEdge};
use crate::hold::Ledger;
use crate::onion::blinded::PeeledMessage;
use crate::onion::{AttributionData, HoldTime};

/// A node between sender and receiver; with a hold order in its payload, the one that holds. Alone: a node that pays and is paid
/// as well is a [`Node`](super::Node).
#[derive(Debug)]
pub struct Forwarder {
    intake: Intake,
    forwards: Forwards,
}

/// The payments that a node forwards.
#[derive(Debug)]
pub(super) struct Forwards {
    config: ForwarderConfig,
    ledger: Ledger,
    forwardings: Forwardings,
    /// Edges that were not accepted, until their failure is through.
    refused: BTreeMap<EdgeId, Fail>,
}

impl Forwarder {
    /// A forwarder that has forwarded nothing yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], when its deadlines leave it no time.
    pub fn new(config: ForwarderConfig) -> Result<Self, ConfigError> {
        let (node_key, height) = (config.node_key.clone(), config.height);
        let intake = Intake::new(node_key, height, config.deadlines);
        Ok(Self { intake, forwards: Forwards::new(config)? })
    }

    /// The ledger of holds.
    pub fn ledger(&self) -> &Ledger {
        self.forwards.ledger()
    }

    /// Whether this incoming edge is one of its own, and has not ended.
    pub fn has_incoming(&self, id: &EdgeId) -> bool {
        self.forwards.has_incoming(id)
    }

    /// How many payments are on their way through it, or being failed.
    pub fn payment_count(&self) -> usize {
        self.forwards.payment_count()
    }

    /// The `attribution_data` that goes with the secret of an edge that is claimed ([`ForwarderAction::Claim`]; BOLT 2, `update_fulfill_htlc`): how
    /// long this node, and each behind it, held the payment. `downstream` is what came with the secret. A driver that has lost it says None;
    /// the sender then reads the times up to this node. The answer is None within a blinded path, where nothing is said.
    ///
    /// Nothing of it is kept, and no money depends on it: a claim that is repeated may carry another time.
    pub fn attribution_data(
        &self,
        incoming: &EdgeId,
        downstream: Option<AttributionData>,
        hold_time: HoldTime,
    ) -> Option<AttributionData> {
        self.forwards.attribution_data(incoming, downstream, hold_time)
    }
}

impl Role for Forwarder {
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
        match event {
            ForwarderEvent::IncomingCommitted { from, edge, path_key, packet } => {
                forwards.check_new(edge)?;
                let action = match cx.intake.open(edge.edge(), path_key.as_ref(), packet) {
                    Ok(incoming) => forwards.incoming_committed(cx, from, incoming),
                    Err(refused) => {
                        let Refused { origin, reason } = *refused;
                        Some(forwards.refuse(cx, edge.edge(), &origin, reason))
                    }
                };
                Ok(action.into_iter().collect::<Vec<_>>().into())
            }
            ForwarderEvent::MessageReceived { message, entropy } => {
                match message.peel(&cx.intake.node_key).map_err(MessageError::Onion)? {
                    PeeledMessage::Forward { to, message } => {
                        let pass_on = ForwarderAction::SendMessage { to, message };
                        Ok(Reaction::unchanged(alloc::vec![pass_on]))
                    }
                    PeeledMessage::Receive { payload, data, secret } => {
                        let (payload, data, secret) = (&payload, &data, &secret);
                        let received = Received { length: message.length(), payload, data, secret };
                        forwards.message_received(cx, &received, entropy)
                    }
                }
            }
            ForwarderEvent::Announce { hold, entropy } => forwards.announce(cx, hold, entropy),
            ForwarderEvent::Block { height } => {
                if !cx.intake.block(*height)? {
                    return Ok(Reaction::unchanged(Vec::new()));
                }
                Ok(forwards.block(cx).into())
            }
            ForwarderEvent::BlockDisconnected { height } => {
                cx.intake.disconnect(*height)?;
                Ok(forwards.disconnected(cx, *height).into())
            }
            ForwarderEvent::RouteFound { incoming, forwarders, seed } => {
                Ok(forwards.route_found(cx, incoming, forwarders, seed)?.into())
            }
            ForwarderEvent::NoRoute { incoming } => {
                Ok(forwards.no_route(cx, incoming, Refusal::NoRoute)?.into())
            }
            ForwarderEvent::UnknownRecipient { incoming } => {
                Ok(forwards.no_route(cx, incoming, Refusal::UnknownRecipient)?.into())
            }
            ForwarderEvent::OutgoingCommitted { incoming, edge } => {
                Ok(forwards.outgoing_committed(cx, incoming, edge)?.into())
            }
            ForwarderEvent::OfferFailed { incoming } => {
                Ok(forwards.offer_failed(cx, incoming)?.into())
            }
            ForwarderEvent::OutgoingFulfilled { outgoing, secret } => {
                forwards.fulfilled(cx, outgoing, secret)
            }
            ForwarderEvent::OutgoingFailed { outgoing, failure } => {
                Ok(forwards.outgoing_failed(cx, outgoing, failure.as_ref())?.into())
            }
            ForwarderEvent::OutgoingTakenBack { outgoing, height } => {
                Ok(forwards.outgoing_taken_back(cx, outgoing, *height)?.into())
            }
            ForwarderEvent::IncomingClaimed { incoming } => {
                Ok(forwards.incoming_claimed(incoming)?.into())
            }
            ForwarderEvent::ClaimConfirmed { incoming, height } => {
                Ok(forwards.claim_confirmed(cx, incoming, *height)?.into())
            }
            ForwarderEvent::IncomingTakenBack { incoming, height } => {
                Ok(forwards.taken_back(cx, incoming, *height)?.into())
            }
            ForwarderEvent::FailGiven { incoming } => forwards.fail_given(cx, incoming),
            ForwarderEvent::IncomingFailed { incoming } => {
                Ok(forwards.incoming_failed(incoming)?.into())
            }
        }
    }

    fn pending(&self) -> Vec<ForwarderAction> {
        self.forwards.pending(self.intake.height)
    }
}

impl Forwards {
    pub(super) fn new(config: ForwarderConfig) -> Result<Self, ConfigError> {
        let (deadlines, delta) = (&config.deadlines, config.policy.cltv_expiry_delta);
        deadlines.check_policy_delta(delta)?;
        deadlines.check_hold_margin(config.hold_safety_margin, delta)?;
        Ok(Self {
            ledger: Ledger::new(config.limits),
            forwardings: Forwardings::default(),
            refused: BTreeMap::new(),
            config,
        })
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn payment_count(&self) -> usize {
        self.forwardings.iter().len() + self.refused.len()
    }

    pub(super) fn pending(&self, height: u32) -> Vec<ForwarderAction> {
        let deadlines = &self.config.deadlines;
        let forwardings = self.forwardings.iter();
        let wanted = forwardings.filter_map(|forwarding| forwarding.wanted(deadlines, height));
        let refused = self.refused.iter();
        wanted.chain(refused.map(|(incoming, fail)| fail.action(*incoming))).collect()
    }

    /// Whether this incoming edge is one of the forwarder's.
    pub(super) fn has_incoming(&self, id: &EdgeId) -> bool {
        self.forwardings.get(id).is_some() || self.refused.contains_key(id)
    }

    pub(super) fn check_new(&self, edge: &IncomingEdge) -> Result<(), EdgeError> {
        let id = edge.edge().id;
        if self.has_incoming(&id) { Err(EdgeError::Known(id)) } else { Ok(()) }
    }

    /// Fails a payment that was not accepted.
    pub(super) fn refuse(
        &mut self,
        cx: &Context<'_>,
        incoming: &Edge,
        origin: &Origin,
        reason: Refusal,
    ) -> ForwarderAction {
        let (height, policy) = (cx.intake.height, &self.config.policy);
        let failure = origin.message_of_forwarder(&reason, incoming, height, policy);
        let fail = Fail { reason, failure, given: false };
        let action = fail.action(incoming.id);
        self.refused.insert(incoming.id, fail);
        action
    }

    /// A payment that was accepted.
    fn forwarding(&self, incoming: &EdgeId) -> Result<&Forwarding, EdgeError> {
        self.forwardings.get(incoming).ok_or(EdgeError::Unknown(*incoming))
    }

    fn change(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        change: impl FnOnce(&mut Forwarding),
    ) {
        self.forwardings.change(&self.config, cx.intake.height, incoming, change);
    }

    /// Changes a payment, and says what is wanted of it then. To find a payment among many costs as much as to change it, so it is found
    /// once.
    fn change_and_ask(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        change: impl FnOnce(&mut Forwarding),
    ) -> Option<ForwarderAction> {
        let height = cx.intake.height;
        let changed = self.forwardings.change(&self.config, height, incoming, change)?;
        changed.wanted(&self.config.deadlines, height)
    }

    fn wanted(&self, cx: &Context<'_>, incoming: &EdgeId) -> Option<ForwarderAction> {
        self.forwardings.get(incoming)?.wanted(&self.config.deadlines, cx.intake.height)
    }

    /// The driver is about to sign for an edge that was offered, or has just made one.
    ///
    /// # Errors
    ///
    /// [`EdgeError::TooLate`] when the offer is withdrawn: then no signature may leave.
    pub(super) fn outgoing_committed(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        edge: &Edge,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        if self.forwardings.by_outgoing(&edge.id).is_some() {
            return Err(EdgeError::Known(edge.id).into());
        }
        let forwarding = self.forwarding(incoming)?;
        let event = "commitment";
        let (lock, proposed) = match (&forwarding.stage, &forwarding.order) {
            (Stage::Offered { lock, .. }, Order::Forward(proposed)) => (*lock, proposed),
            (Stage::Withdrawing, _) => {
                let height = cx.intake.height;
                return Err(EdgeError::TooLate { edge: edge.id, event, height }.into());
            }
            _ => return Err(EdgeError::OutOfOrder { edge: edge.id, event }.into()),
        };
        proposal::check_proposed(edge, lock, proposed.amount_msat, proposed.expiry)?;
        if let Some(hold) = forwarding.hold {
            self.ledger.forwarded(&hold)?;
        }
        self.change(cx, incoming, |forwarding| {
            if let Stage::Offered { blind, .. } = &mut forwarding.stage {
                let committed =
                    Committed { outgoing: *edge, blind: blind.take(), taken_back: None };
                forwarding.stage = Stage::Committed(committed);
            }
        });
        Ok(Vec::new())
    }

    /// No signature has left for an edge that was offered, and none will.
    pub(super) fn offer_failed(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
    ) -> Result<Vec<ForwarderAction>, ForwarderError> {
        let forwarding = self.forwarding(incoming)?;
        let reason = match forwarding.stage {
            Stage::Offered { .. } => Refusal::Downstream,
            Stage::Withdrawing => {
                let (expiry, height) = (forwarding.incoming.expiry, cx.intake.height);
                Refusal::TimeIsUp { expiry, height }
            }
            _ => {
                let event = "failed offer";
                return Err(EdgeError::OutOfOrder { edge: *incoming, event }.into());
            }
        };
        Ok(self.fail(cx, incoming, reason).into_iter().collect())
    }

    /// Fails a payment that was accepted, for a reason of this node's own.
    fn fail(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        reason: Refusal,
    ) -> Option<ForwarderAction> {
        let (height, policy) = (cx.intake.height, self.config.policy);
        self.fail_with(cx, incoming, |forwarding| {
            let (origin, edge) = (&forwarding.origin, &forwarding.incoming);
            let failure = origin.message_of_forwarder(&reason, edge, height, &policy);
            Fail { reason, failure, given: false }
        })
    }

    fn fail_with(
        &mut self,
        cx: &Context<'_>,
        incoming: &EdgeId,
        fail: impl FnOnce(&Forwarding) -> Fail,
    ) -> Option<ForwarderAction> {
        let mut held = None;
        let action = self.change_and_ask(cx, incoming, |forwarding| {
            let fail = fail(forwarding);
            let stage = core::mem::replace(&mut forwarding.stage, Stage::Withdrawing);
            held = forwarding.hold.filter(|_| matches!(stage, Stage::Held));
            let outgoing = match stage {
                Stage::Committed(committed) => Some(committed),
                _ => None,
            };
            forwarding.stage = Stage::Failing { fail, outgoing };
        });
        if let Some(hold) = held {
            self.ledger.give_up(&hold);
        }
        action
    }
}
