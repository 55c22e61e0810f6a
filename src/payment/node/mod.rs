use alloc::vec::Vec;

mod event;

pub use event::{NodeAction, NodeConfig, NodeError, NodeEvent, OfferOrigin};

use super::forwarder::{Forwards, is_for_holder};
use super::intake::{Context, Intake, Received, Refused};
use super::receiver::Receipts;
use super::{
    ForwarderAction, ForwarderConfig, ForwarderError, MessageError, Observer, Reaction,
    ReceiverAction, ReceiverConfig, ReceiverError, Role, Sender, SenderAction, SenderError,
};
use crate::claims::{ClaimBook, ClaimStore, MemoryClaimStore};
use crate::curve::Point;
use crate::edge::IncomingEdge;
use crate::hold::{HoldStore, Ledger, MemoryStore};
use crate::onion::Packet;
use crate::onion::blinded::{OnionMessage, PeeledMessage};

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
/// use pointlock::hold::Limits;
/// use pointlock::payment::{ForwardingPolicy, Node, NodeConfig, NodeEvent, Role};
///
/// let policy = ForwardingPolicy {
///     fee_base_msat: 1_000,
///     fee_proportional_millionths: 100,
///     cltv_expiry_delta: 40,
/// };
/// let mut node = Node::new(NodeConfig {
///     node_key: SecretScalar::from_bytes(&[1; 32])?,
///     height: 900_000,
///     unix_time: 1_750_000_000,
///     policy,
///     limits: Limits::default(),
///     hold_safety_margin: 43,
///     hold_deltas_ahead: 80,
///     hold_min_final_delta: 24,
///     min_final_delta: 24,
/// });
/// let reaction = node.apply(&NodeEvent::Block { height: 900_001 })?;
/// assert!(reaction.actions.is_empty(), "nothing is under way");
/// assert!(reaction.changed, "the event belongs into the journal before any action is carried out");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Node<H = MemoryStore, C = MemoryClaimStore> {
    intake: Intake,
    sender: Sender,
    forwards: Forwards<H>,
    receipts: Receipts<C>,
}

impl Node {
    /// A node whose holds and claims are kept in memory: its events have to be as durable as they should be.
    pub fn new(config: NodeConfig) -> Self {
        Self::with_stores(config, MemoryStore::default(), MemoryClaimStore::default())
    }
}

impl<H: HoldStore, C: ClaimStore> Node<H, C> {
    /// A node with stores of its own for holds and claims.
    pub fn with_stores(config: NodeConfig, holds: H, claims: C) -> Self {
        let NodeConfig { node_key, height, policy, limits, .. } = config;
        let forwarder = ForwarderConfig {
            node_key: node_key.clone(),
            policy,
            limits,
            hold_safety_margin: config.hold_safety_margin,
            hold_deltas_ahead: config.hold_deltas_ahead,
            hold_min_final_delta: config.hold_min_final_delta,
            height,
        };
        let (min_final_delta, unix_time) = (config.min_final_delta, config.unix_time);
        let receiver =
            ReceiverConfig { node_key: node_key.clone(), min_final_delta, height, unix_time };
        Self {
            intake: Intake::new(node_key, height),
            sender: Sender::new(),
            forwards: Forwards::new(forwarder, holds),
            receipts: Receipts::new(receiver, claims),
        }
    }

    /// What it has paid and is paying.
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// The ledger of holds.
    pub fn ledger(&self) -> &Ledger<H> {
        self.forwards.ledger()
    }

    /// The book of claims.
    pub fn claims(&self) -> &ClaimBook<C> {
        self.receipts.claims()
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
            Ok(incoming) => Ok(wrap(self.forwards.incoming_committed(cx, from, incoming)?)),
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
    ) -> Result<Vec<NodeAction>, NodeError> {
        let cx = &mut Context { intake: &mut self.intake, observer };
        let forwards = self.forwards.block(cx, height)?;
        cx.intake.block(height);
        let receipts = self.receipts.block(cx);
        let mut actions = wrap(self.sender.block(height));
        actions.extend(wrap(forwards));
        actions.extend(wrap(receipts));
        Ok(actions)
    }
}

impl<H: HoldStore, C: ClaimStore> Role for Node<H, C> {
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
            NodeEvent::Block { height } => return Ok(self.block(observer, *height)?.into()),
            _ => {}
        }
        let Self { intake, sender, forwards, receipts } = self;
        if let Some(actions) = for_sender(sender, event, observer) {
            return Ok(wrap(actions?).into());
        }
        let cx = &mut Context { intake, observer };
        let actions = match for_receiver(receipts, event, cx) {
            Some(actions) => wrap(actions?),
            None => wrap(for_forwarder(forwards, event, cx)?),
        };
        Ok(actions.into())
    }

    fn pending(&self) -> Vec<NodeAction> {
        let forwards = self.forwards.pending().into_iter().map(NodeAction::from);
        let receipts = self.receipts.pending(&self.intake).into_iter().map(NodeAction::from);
        wrap(self.sender.pending()).into_iter().chain(forwards).chain(receipts).collect()
    }
}

/// What the sender makes of an event; None for one that is not its.
fn for_sender(
    sender: &mut Sender,
    event: &NodeEvent,
    observer: &mut dyn Observer,
) -> Option<Result<Vec<SenderAction>, SenderError>> {
    Some(match event {
        NodeEvent::Pay(payment) => sender.pay(payment, observer),
        NodeEvent::Retry { attempt, order, height } => {
            sender.retry(attempt, order, *height, observer)
        }
        NodeEvent::Announce { payment, seed } => sender.announce_again(payment, seed),
        NodeEvent::Cancel { payment } => sender.cancel(payment),
        NodeEvent::OutgoingCommitted { origin: OfferOrigin::Attempt(attempt), edge } => {
            sender.outgoing_committed(attempt, edge)
        }
        NodeEvent::OfferFailed { origin: OfferOrigin::Attempt(attempt) } => {
            sender.offer_failed(attempt)
        }
        NodeEvent::OutgoingFulfilled { outgoing, secret } if sender.has_outgoing(outgoing) => {
            sender.fulfilled(outgoing, secret, observer)
        }
        NodeEvent::OutgoingFailed { outgoing, failure } if sender.has_outgoing(outgoing) => {
            sender.outgoing_failed(outgoing, failure.as_ref())
        }
        _ => return None,
    })
}

/// What the receiver makes of an event; None for one that is not its.
fn for_receiver<C: ClaimStore>(
    receipts: &mut Receipts<C>,
    event: &NodeEvent,
    cx: &mut Context<'_>,
) -> Option<Result<Vec<ReceiverAction>, ReceiverError>> {
    Some(match event {
        NodeEvent::Published { invoice, secret, paths } => {
            receipts.published(cx, invoice, secret, paths)
        }
        NodeEvent::PublishedPolynomial { invoice, polynomial, paths } => {
            receipts.published_polynomial(cx, invoice, polynomial, paths)
        }
        NodeEvent::Withdrawn { invoice } => receipts.withdrawn(cx, invoice),
        NodeEvent::RateGiven { rate } => Ok(receipts.rate_given(rate)),
        NodeEvent::Time { unix_time } => Ok(receipts.time(*unix_time)),
        NodeEvent::PartsTimedOut { incoming } => receipts.parts_timed_out(cx, incoming),
        NodeEvent::IncomingClaimed { incoming } | NodeEvent::IncomingFailed { incoming }
            if receipts.has_incoming(incoming) =>
        {
            receipts.settled(incoming)
        }
        _ => return None,
    })
}

/// What the forwarder makes of an event that is neither the sender's nor the receiver's.
fn for_forwarder<H: HoldStore>(
    forwards: &mut Forwards<H>,
    event: &NodeEvent,
    cx: &mut Context<'_>,
) -> Result<Vec<ForwarderAction>, ForwarderError> {
    match event {
        NodeEvent::RouteFound { incoming, forwarders, seed } => {
            forwards.route_found(cx, incoming, forwarders, seed)
        }
        NodeEvent::NoRoute { incoming } => forwards.no_route(cx, incoming),
        NodeEvent::OutgoingCommitted { origin: OfferOrigin::Incoming(incoming), edge } => {
            forwards.outgoing_committed(incoming, edge)
        }
        NodeEvent::OfferFailed { origin: OfferOrigin::Incoming(incoming) } => {
            forwards.offer_failed(cx, incoming)
        }
        NodeEvent::OutgoingFulfilled { outgoing, secret } => {
            forwards.fulfilled(cx, outgoing, secret)
        }
        NodeEvent::OutgoingFailed { outgoing, failure } => {
            forwards.outgoing_failed(outgoing, failure.as_ref())
        }
        NodeEvent::IncomingClaimed { incoming } => forwards.incoming_claimed(incoming),
        NodeEvent::IncomingFailed { incoming } => forwards.incoming_failed(incoming),
        // These were given out before.
        _ => Ok(Vec::new()),
    }
}

fn wrap<A: Into<NodeAction>>(actions: Vec<A>) -> Vec<NodeAction> {
    actions.into_iter().map(Into::into).collect()
}
