use alloc::vec::Vec;

mod event;
mod snapshot;

pub use event::{NodeAction, NodeConfig, NodeError, NodeEvent, OfferOrigin};

use super::forwarder::{Forwards, is_for_holder};
use super::intake::{Context, Intake, Received, Refused};
use super::receiver::{Life, Receipts};
use super::{
    ConfigError, ForwarderAction, ForwarderConfig, ForwarderError, MessageError, Observer,
    Reaction, ReceiverAction, ReceiverConfig, ReceiverError, Refusal, Role, Sender, SenderAction,
    SenderError,
};
use crate::claims::{ClaimBook, ClaimStore, MemoryClaimStore};
use crate::curve::Point;
use crate::edge::{EdgeId, IncomingEdge};
use crate::hold::Ledger;
use crate::onion::blinded::{OnionMessage, PeeledMessage};
use crate::onion::{AttributionData, HoldTime, Packet};

/// A node that pays, forwards and is paid: all three roles behind one door.
///
/// An onion is peeled once, by one replay guard and at one height, and what it says decides which role has the payment: the sender never
/// sees one, the forwarder gets what goes on, the receiver what ends here. An onion message likewise. So the driver need not know
/// for whom a payment is, and neither role can be shown the other's.
///
/// The driver gives each event to the node, writes it down if that has changed something ([`Reaction::changed`]), and carries out the
/// actions. Messages it gives only when its [`MessageLimiter`](super::MessageLimiter) admits them. For those after a crash see [`Role::replay`] and
/// [`Role::pending`].
///
/// ```
/// use pointlock::curve::SecretScalar;
/// use pointlock::payment::{Node, NodeConfig, NodeEvent, Role};
///
/// let key = SecretScalar::from_bytes(&[1; 32])?;
/// let mut node = Node::new(NodeConfig::for_channels(key, 900_000, 1_750_000_000))?;
/// let reaction = node.apply(&NodeEvent::Block { height: 900_001 })?;
/// assert!(reaction.actions.is_empty(), "nothing is under way");
/// assert!(reaction.changed, "the event belongs into the journal before any action is carried out");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Node<C = MemoryClaimStore> {
    intake: Intake,
    sender: Sender,
    forwards: Forwards,
    receipts: Receipts<C>,
}

impl Node {
    /// A node whose claims are kept in memory: its events have to be as durable as they should be.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], when its deadlines leave it no time.
    pub fn new(config: NodeConfig) -> Result<Self, ConfigError> {
        Self::with_store(config, MemoryClaimStore::default())
    }
}

impl<C: ClaimStore> Node<C> {
    /// A node with a store of its own for claims.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], when its deadlines leave it no time.
    pub fn with_store(config: NodeConfig, claims: C) -> Result<Self, ConfigError> {
        let (height, deadlines) = (config.height, config.deadlines);
        let (forwarder, receiver) = config.roles();
        Ok(Self {
            intake: Intake::new(receiver.node_key.clone(), height, deadlines),
            sender: Sender::with_deadlines(deadlines),
            forwards: Forwards::new(forwarder)?,
            receipts: Receipts::new(receiver, claims)?,
        })
    }

    /// What it has paid and is paying.
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// The ledger of holds.
    pub fn ledger(&self) -> &Ledger {
        self.forwards.ledger()
    }

    /// The book of claims.
    pub fn claims(&self) -> &ClaimBook<C> {
        self.receipts.claims()
    }

    /// The `attribution_data` that goes with the secret of an edge that is claimed, as
    /// [`Forwarder::attribution_data`](super::Forwarder::attribution_data) and [`Receiver::attribution_data`](super::Receiver::attribution_data) have
    /// it. Nothing is behind an edge that pays this node itself.
    pub fn attribution_data(
        &self,
        incoming: &EdgeId,
        downstream: Option<AttributionData>,
        hold_time: HoldTime,
    ) -> Option<AttributionData> {
        let own = self.receipts.attribution_data(incoming, hold_time);
        own.or_else(|| self.forwards.attribution_data(incoming, downstream, hold_time))
    }

    /// How many payments are under way: its own, those that it forwards, and edges that pay it.
    pub fn open_count(&self) -> usize {
        let forwarded = self.forwards.payment_count();
        self.sender.payment_count() + forwarded + self.receipts.edge_count()
    }

    /// Payload → incoming → role, with no way back.
    fn incoming_committed(
        &mut self,
        observer: &mut dyn Observer,
        from: &Point,
        edge: &IncomingEdge,
        path_key: Option<&Point>,
        packet: &Packet,
    ) -> Result<Vec<NodeAction>, NodeError> {
        self.forwards.check_new(edge)?;
        self.receipts.check_new(edge)?;
        let opened = self.intake.open(edge.edge(), path_key, packet);
        let cx = &mut Context { intake: &mut self.intake, observer };
        match opened {
            Ok(incoming) if incoming.layer.is_for_receiver() => {
                Ok(wrap(self.receipts.incoming_committed(cx, incoming)?))
            }
            Ok(incoming) => {
                let action = self.forwards.incoming_committed(cx, from, incoming);
                Ok(action.map(NodeAction::from).into_iter().collect())
            }
            Err(refused) => {
                let Refused { origin, reason } = *refused;
                let refused = self.forwards.refuse(cx, edge.edge(), &origin, reason);
                Ok(alloc::vec![refused.into()])
            }
        }
    }

    /// Whose message it is, is said by the path along which it came.
    fn message_received(
        &mut self,
        observer: &mut dyn Observer,
        message: &OnionMessage,
        entropy: &[u8; 32],
    ) -> Result<Reaction<NodeAction>, NodeError> {
        let peeled = message.peel(&self.intake.node_key).map_err(MessageError::Onion)?;
        let (payload, data, secret) = match peeled {
            PeeledMessage::Forward { to, message } => {
                let pass_on = NodeAction::PassOn { to, message };
                return Ok(Reaction::unchanged(alloc::vec![pass_on]));
            }
            PeeledMessage::Receive { payload, data, secret } => (payload, data, secret),
        };
        let path_id = data.path_id.as_deref().unwrap_or_default();
        let for_holder = is_for_holder(&self.intake.node_key, &data);
        let cx = &mut Context { intake: &mut self.intake, observer };
        let length = message.length();
        let received = Received { length, payload: &payload, data: &data, secret: &secret };
        if for_holder {
            Ok(self.forwards.message_received(cx, &received, entropy)?.map())
        } else if self.sender.has_arrival_path(path_id) {
            Ok(self.sender.message_received(path_id, &payload)?.map())
        } else {
            Ok(self.receipts.message_received(cx, &received, entropy)?.map())
        }
    }

    fn block(
        &mut self,
        observer: &mut dyn Observer,
        height: u32,
    ) -> Result<Reaction<NodeAction>, NodeError> {
        if !self.intake.block(height)? {
            return Ok(Reaction::unchanged(Vec::new()));
        }
        let cx = &mut Context { intake: &mut self.intake, observer };
        let mut actions = wrap(self.sender.block(height)?.actions);
        actions.extend(wrap(self.forwards.block(cx)));
        actions.extend(wrap(self.receipts.block(cx)));
        Ok(actions.into())
    }

    fn disconnected(
        &mut self,
        observer: &mut dyn Observer,
        height: u32,
    ) -> Result<Reaction<NodeAction>, NodeError> {
        self.intake.disconnect(height)?;
        let cx = &mut Context { intake: &mut self.intake, observer };
        let mut actions = wrap(self.sender.disconnected(height));
        actions.extend(wrap(self.forwards.disconnected(cx, height)));
        actions.extend(wrap(self.receipts.disconnected(cx, height)));
        Ok(actions.into())
    }
}

impl NodeConfig {
    /// What its forwarder and its receiver are set up with.
    fn roles(self) -> (ForwarderConfig, ReceiverConfig) {
        let Self { node_key, height, policy, limits, deadlines, .. } = self;
        let forwarder = ForwarderConfig {
            node_key: node_key.clone(),
            policy,
            deadlines,
            limits,
            hold_safety_margin: self.hold_safety_margin,
            hold_deltas_ahead: self.hold_deltas_ahead,
            hold_min_final_delta: self.hold_min_final_delta,
            height,
        };
        let (min_final_delta, unix_time) = (self.min_final_delta, self.unix_time);
        let receiver = ReceiverConfig { node_key, min_final_delta, deadlines, height, unix_time };
        (forwarder, receiver)
    }
}

impl<C: ClaimStore> Role for Node<C> {
    type Event = NodeEvent;
    type Action = NodeAction;
    type Error = NodeError;

    fn process(
        &mut self,
        event: &NodeEvent,
        observer: &mut dyn Observer,
    ) -> Result<Reaction<NodeAction>, NodeError> {
        match event {
            NodeEvent::IncomingCommitted { from, edge, path_key, packet } => {
                let path_key = path_key.as_ref();
                return Ok(self.incoming_committed(observer, from, edge, path_key, packet)?.into());
            }
            NodeEvent::MessageReceived { message, entropy } => {
                return self.message_received(observer, message, entropy);
            }
            NodeEvent::AnnounceHold { hold, entropy } => {
                let cx = &Context { intake: &mut self.intake, observer };
                return Ok(self.forwards.announce(cx, hold, entropy)?.map());
            }
            NodeEvent::Block { height } => return self.block(observer, *height),
            NodeEvent::BlockDisconnected { height } => return self.disconnected(observer, *height),
            _ => {}
        }
        let Self { intake, sender, forwards, receipts } = self;
        if let Some(reaction) = for_sender(sender, event, observer) {
            return Ok(reaction?.map());
        }
        let cx = &mut Context { intake, observer };
        match for_receiver(receipts, event, cx) {
            Some(reaction) => Ok(reaction?.map()),
            None => Ok(for_forwarder(forwards, event, cx)?.map()),
        }
    }

    fn set_replaying(&mut self, replaying: bool) {
        self.receipts.set_replaying(replaying);
    }

    fn pending(&self) -> Vec<NodeAction> {
        let forwards = self.forwards.pending(self.intake.height).into_iter().map(NodeAction::from);
        let receipts = self.receipts.pending(&self.intake).into_iter().map(NodeAction::from);
        wrap(self.sender.pending()).into_iter().chain(forwards).chain(receipts).collect()
    }
}

/// What the sender makes of an event; None for one that is not its.
fn for_sender(
    sender: &mut Sender,
    event: &NodeEvent,
    observer: &mut dyn Observer,
) -> Option<Result<Reaction<SenderAction>, SenderError>> {
    let actions = match event {
        NodeEvent::Pay(payment) => sender.pay(payment, observer),
        NodeEvent::Retry { attempt, order, height } => {
            sender.retry(attempt, order, *height, observer)
        }
        NodeEvent::Announce { payment, seed } => sender.announce_again(payment, seed),
        NodeEvent::Cancel { payment } => sender.cancel(payment),
        NodeEvent::Forget { payment } => sender.forget(payment),
        NodeEvent::OutgoingCommitted { origin: OfferOrigin::Attempt(attempt), edge } => {
            sender.outgoing_committed(attempt, edge)
        }
        NodeEvent::OfferFailed { origin: OfferOrigin::Attempt(attempt) } => {
            sender.offer_failed(attempt)
        }
        NodeEvent::OutgoingFulfilled { outgoing, secret } if sender.has_outgoing(outgoing) => {
            return Some(sender.fulfilled(outgoing, secret, observer));
        }
        NodeEvent::OutgoingFailed { outgoing, failure } if sender.has_outgoing(outgoing) => {
            sender.outgoing_failed(outgoing, failure.as_ref())
        }
        NodeEvent::OutgoingTakenBack { outgoing, height } if sender.has_outgoing(outgoing) => {
            sender.outgoing_taken_back(outgoing, *height)
        }
        _ => return None,
    };
    Some(actions.map(Reaction::from))
}

/// What the receiver makes of an event; None for one that is not its.
fn for_receiver<C: ClaimStore>(
    receipts: &mut Receipts<C>,
    event: &NodeEvent,
    cx: &mut Context<'_>,
) -> Option<Result<Reaction<ReceiverAction>, ReceiverError>> {
    let actions = match event {
        NodeEvent::Published { invoice, secret, paths } => {
            receipts.published(cx, invoice, secret, paths)
        }
        NodeEvent::PublishedPolynomial { invoice, polynomial, paths } => {
            receipts.published_polynomial(cx, invoice, polynomial, paths, Life::This)
        }
        NodeEvent::RestoredPolynomial { invoice, polynomial, paths } => {
            receipts.published_polynomial(cx, invoice, polynomial, paths, Life::Earlier)
        }
        NodeEvent::PublishedPlain { invoice, paths } => {
            receipts.published_plain(cx, invoice, paths)
        }
        NodeEvent::Withdrawn { invoice } => receipts.withdrawn(cx, invoice),
        NodeEvent::RateGiven { rate } => Ok(receipts.rate_given(rate)),
        NodeEvent::Time { unix_time } => Ok(receipts.time(*unix_time)),
        NodeEvent::PartsTimedOut { incoming } => receipts.parts_timed_out(cx, incoming),
        NodeEvent::Claiming { incoming } => return Some(receipts.claiming(cx, incoming)),
        NodeEvent::FailGiven { incoming } if receipts.has_incoming(incoming) => {
            receipts.fail_given(incoming)
        }
        NodeEvent::ClaimConfirmed { incoming, height } if receipts.has_incoming(incoming) => {
            receipts.claim_confirmed(cx, incoming, *height)
        }
        NodeEvent::IncomingTakenBack { incoming, height } if receipts.has_incoming(incoming) => {
            receipts.taken_back(cx, incoming, *height)
        }
        NodeEvent::IncomingClaimed { incoming } | NodeEvent::IncomingFailed { incoming }
            if receipts.has_incoming(incoming) =>
        {
            receipts.settled(incoming)
        }
        _ => return None,
    };
    Some(actions.map(Reaction::from))
}

/// What the forwarder makes of an event that is neither the sender's nor the receiver's.
fn for_forwarder(
    forwards: &mut Forwards,
    event: &NodeEvent,
    cx: &mut Context<'_>,
) -> Result<Reaction<ForwarderAction>, ForwarderError> {
    let actions = match event {
        NodeEvent::RouteFound { incoming, forwarders, seed } => {
            forwards.route_found(cx, incoming, forwarders, seed)
        }
        NodeEvent::NoRoute { incoming } => forwards.no_route(cx, incoming, Refusal::NoRoute),
        NodeEvent::UnknownRecipient { incoming } => {
            forwards.no_route(cx, incoming, Refusal::UnknownRecipient)
        }
        NodeEvent::OutgoingCommitted { origin: OfferOrigin::Incoming(incoming), edge } => {
            forwards.outgoing_committed(cx, incoming, edge)
        }
        NodeEvent::OfferFailed { origin: OfferOrigin::Incoming(incoming) } => {
            forwards.offer_failed(cx, incoming)
        }
        NodeEvent::OutgoingFulfilled { outgoing, secret } => {
            return forwards.fulfilled(cx, outgoing, secret);
        }
        NodeEvent::OutgoingFailed { outgoing, failure } => {
            forwards.outgoing_failed(cx, outgoing, failure.as_ref())
        }
        NodeEvent::OutgoingTakenBack { outgoing, height } => {
            forwards.outgoing_taken_back(cx, outgoing, *height)
        }
        NodeEvent::IncomingClaimed { incoming } => forwards.incoming_claimed(incoming),
        NodeEvent::ClaimConfirmed { incoming, height } => {
            forwards.claim_confirmed(cx, incoming, *height)
        }
        NodeEvent::IncomingTakenBack { incoming, height } => {
            forwards.taken_back(cx, incoming, *height)
        }
        NodeEvent::FailGiven { incoming } => return forwards.fail_given(cx, incoming),
        NodeEvent::IncomingFailed { incoming } => forwards.incoming_failed(incoming),
        // These were given out before.
        _ => return Ok(Reaction::unchanged(Vec::new())),
    };
    actions.map(Reaction::from)
}

fn wrap<A: Into<NodeAction>>(actions: Vec<A>) -> Vec<NodeAction> {
    actions.into_iter().map(Into::into).collect()
}
