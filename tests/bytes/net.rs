//! Four nodes and a channel layer that commits whatever is offered: a sender, two forwarders, a receiver. Each node's journal is kept as
//! bytes.

use std::collections::{BTreeMap, VecDeque};

use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
use pointlock::hold::Limits;
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{ChainHash, PaymentLock, StaticInvoice, StaticInvoiceBuilder};
use pointlock::journal::Recordable;
use pointlock::lock::{Lock, LockSecret, Preimage};
use pointlock::onion::HoldTime;
use pointlock::onion::blinded::{NextPeer, PaymentRelay};
use pointlock::payment::{
    AttemptSeed, Deadlines, ForwardingPolicy, HopBlinds, MessagePath, Node, NodeAction, NodeConfig,
    NodeError, NodeEvent, PartOrder, PathRelay, Payee, Payment, ReceiverPath, ReceiverPaths,
    Recipient, Role, RouteHop, Tail,
};
use pointlock::wire::{Features, IntroductionNode};
use zeroize::Zeroizing;

pub(crate) const HEIGHT: u32 = 800_000;
pub(crate) const TIME: u64 = 1_750_000_000;
pub(crate) const AMOUNT_MSAT: u64 = 50_000_000;
const MIN_FINAL_DELTA: u32 = 24;
pub(crate) const POLICY: ForwardingPolicy = ForwardingPolicy {
    fee_base_msat: 1_000,
    fee_proportional_millionths: 100,
    cltv_expiry_delta: 40,
};
pub(crate) const SENDER: usize = 0;
pub(crate) const RECEIVER: usize = 3;
/// BOLT 9: the invoice may be paid in parts.
const BASIC_MPP: u16 = 17;

pub(crate) fn scalar(number: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[number; 32]).unwrap()
}

pub(crate) fn key(node: usize) -> SecretScalar {
    scalar(node as u8 + 1)
}

pub(crate) fn id(node: usize) -> Point {
    key(node).to_point()
}

pub(crate) fn config(node: usize) -> NodeConfig {
    NodeConfig {
        node_key: key(node),
        height: HEIGHT,
        unix_time: TIME,
        policy: POLICY,
        deadlines: Deadlines::for_contracts(),
        limits: Limits::default(),
        hold_safety_margin: 43,
        hold_deltas_ahead: 40,
        hold_min_final_delta: MIN_FINAL_DELTA,
        min_final_delta: MIN_FINAL_DELTA,
    }
}

pub(crate) fn hop(node: usize, next: usize) -> RouteHop {
    RouteHop {
        node_id: id(node),
        short_channel_id: next as u64,
        policy: POLICY,
        features: Features::of_node(),
    }
}

pub(crate) struct Net {
    pub(crate) nodes: Vec<Node>,
    /// What changed each node, in its order.
    pub(crate) journals: Vec<Vec<Zeroizing<Vec<u8>>>>,
    /// All that the nodes were told, and to whom.
    pub(crate) told: Vec<(usize, Zeroizing<Vec<u8>>)>,
    tasks: VecDeque<(usize, NodeAction)>,
    /// Who offered each edge, and to whom.
    edges: BTreeMap<EdgeId, (usize, usize)>,
    /// What is not carried out, by name and node.
    pub(crate) kept_back: Vec<(&'static str, usize)>,
    pub(crate) height: u32,
    pub(crate) ended: Vec<&'static str>,
    drawn: u8,
    /// Whether a node that refuses an event is a fault of the test.
    pub(crate) strict: bool,
}

impl Net {
    pub(crate) fn new() -> Self {
        Self {
            nodes: (0..4).map(|node| Node::new(config(node)).unwrap()).collect(),
            journals: vec![Vec::new(); 4],
            told: Vec::new(),
            tasks: VecDeque::new(),
            edges: BTreeMap::new(),
            kept_back: Vec::new(),
            height: HEIGHT,
            ended: Vec::new(),
            // Below are the nodes' keys.
            drawn: 20,
            strict: true,
        }
    }

    /// Bytes that nobody has had.
    pub(crate) fn fresh(&mut self) -> [u8; 32] {
        self.drawn += 1;
        [self.drawn; 32]
    }

    pub(crate) fn try_tell(&mut self, node: usize, event: &NodeEvent) -> Result<(), NodeError> {
        let record = event.to_record();
        let reaction = self.nodes[node].apply(event)?;
        if reaction.changed {
            self.journals[node].push(record.clone());
        }
        self.told.push((node, record));
        self.tasks.extend(reaction.actions.into_iter().map(|action| (node, action)));
        Ok(())
    }

    pub(crate) fn tell(&mut self, node: usize, event: NodeEvent) {
        if let Err(error) = self.try_tell(node, &event) {
            assert!(!self.strict, "{node}: {event:?}: {error}");
        }
    }

    /// Everybody sees a block, and then everything happens that somebody wants.
    pub(crate) fn block(&mut self, height: u32) {
        self.height = height;
        (0..4).for_each(|node| self.tell(node, NodeEvent::Block { height }));
        self.run();
    }

    pub(crate) fn disconnect(&mut self) {
        if self.height == HEIGHT {
            return;
        }
        let height = self.height;
        self.height -= 1;
        (0..4).for_each(|node| self.tell(node, NodeEvent::BlockDisconnected { height }));
        self.run();
    }

    /// What a node wants, again.
    pub(crate) fn ask(&mut self, node: usize) {
        let pending = self.nodes[node].pending();
        self.tasks.extend(pending.into_iter().map(|action| (node, action)));
        self.run();
    }

    pub(crate) fn run(&mut self) {
        for done in 0.. {
            let Some((node, action)) = self.tasks.pop_front() else { break };
            assert!(done < 2_000, "{node} wants it again and again: {action:?}");
            if !self.kept_back.contains(&(name(&action), node)) {
                self.carry_out(node, action);
            }
        }
    }

    fn peer(&self, of: usize, to: &NextPeer) -> usize {
        let is_meant = |node: &usize| match to {
            NextPeer::Node(node_id) => id(*node) == *node_id,
            NextPeer::Channel(number) => *node as u64 == *number,
        };
        (0..4).filter(|node| *node != of).find(is_meant).unwrap()
    }

    fn carry_out(&mut self, node: usize, action: NodeAction) {
        match action {
            NodeAction::Offer { origin, proposal } => {
                let to = self.peer(node, &proposal.to);
                let number = self.edges.len() as u64;
                let edge = Edge {
                    id: EdgeId::in_channel([9; 32], Direction::FromNode1, number),
                    amount_msat: proposal.amount_msat,
                    expiry: proposal.expiry,
                    lock: proposal.lock,
                };
                self.edges.insert(edge.id, (node, to));
                self.tell(node, NodeEvent::OutgoingCommitted { origin, edge });
                let event = NodeEvent::IncomingCommitted {
                    from: id(node),
                    edge: IncomingEdge::dangerous_committed(edge),
                    path_key: proposal.path_key,
                    packet: proposal.packet,
                };
                self.tell(to, event);
            }
            NodeAction::Withdraw { origin } => self.tell(node, NodeEvent::OfferFailed { origin }),
            NodeAction::Claimable { incoming } => {
                self.tell(node, NodeEvent::Claiming { incoming });
            }
            NodeAction::Claim { incoming, secret } => {
                let by = self.edges[&incoming].0;
                self.tell(by, NodeEvent::OutgoingFulfilled { outgoing: incoming, secret });
                self.tell(node, NodeEvent::IncomingClaimed { incoming });
            }
            NodeAction::ClaimOnChain { incoming, secret } => {
                let (by, height) = (self.edges[&incoming].0, self.height);
                self.tell(by, NodeEvent::OutgoingFulfilled { outgoing: incoming, secret });
                self.tell(node, NodeEvent::ClaimConfirmed { incoming, height });
            }
            NodeAction::Fail { incoming, failure, .. } => {
                let by = self.edges[&incoming].0;
                self.tell(node, NodeEvent::FailGiven { incoming });
                self.tell(node, NodeEvent::IncomingFailed { incoming });
                let failure = failure.after(HoldTime::from_units(self.height));
                let (outgoing, failure) = (incoming, Some(failure));
                // Whoever has taken the edge back has no use for it.
                let _ = self.try_tell(by, &NodeEvent::OutgoingFailed { outgoing, failure });
            }
            NodeAction::TimeOut { outgoing } => {
                let height = self.height;
                self.tell(node, NodeEvent::OutgoingTakenBack { outgoing, height });
            }
            NodeAction::SendMessage { to, message } => {
                let IntroductionNode::NodeId(to) = to else { panic!("by its channel") };
                let to = (0..4).find(|node| id(*node) == to).unwrap();
                let entropy = self.fresh();
                self.tell(to, NodeEvent::MessageReceived { message, entropy });
            }
            NodeAction::PassOn { to, message } => {
                let (to, entropy) = (self.peer(node, &to), self.fresh());
                self.tell(to, NodeEvent::MessageReceived { message, entropy });
            }
            NodeAction::FindRoute { incoming, to, .. } => {
                let by_itself = matches!(to, Recipient::Node(_)) && node == 1;
                let forwarders = if by_itself { vec![hop(2, RECEIVER)] } else { Vec::new() };
                let seed = AttemptSeed::new(self.fresh());
                self.tell(node, NodeEvent::RouteFound { incoming, forwarders, seed });
            }
            other => self.ended.push(name(&other)),
        }
    }

    /// The receiver publishes an invoice with a path for messages over the second forwarder, and paths for payments over these nodes.
    pub(crate) fn publish(&mut self, secret: &LockSecret, paths: &[&[usize]]) -> StaticInvoice {
        let lock = match secret.lock() {
            Lock::Point(point) => PaymentLock::from(point),
            Lock::Hash(hash) => PaymentLock::Hash(hash),
        };
        let (invoice, paths) = self.invoice(Some(lock), paths);
        let event =
            NodeEvent::Published { invoice: invoice.clone(), secret: secret.clone(), paths };
        self.tell(RECEIVER, event);
        invoice
    }

    pub(crate) fn publish_polynomial(&mut self, k: usize, paths: &[&[usize]]) -> StaticInvoice {
        let polynomial = PaymentPolynomial::from_entropy(&self.fresh(), k).unwrap();
        let (invoice, paths) = self.invoice(Some(polynomial.payment_points().into()), paths);
        let event = NodeEvent::PublishedPolynomial { invoice: invoice.clone(), polynomial, paths };
        self.tell(RECEIVER, event);
        invoice
    }

    /// One of an earlier life of the receiver.
    pub(crate) fn restore_polynomial(&mut self, k: usize, paths: &[&[usize]]) {
        let polynomial = PaymentPolynomial::from_entropy(&self.fresh(), k).unwrap();
        let (invoice, paths) = self.invoice(Some(polynomial.payment_points().into()), paths);
        self.tell(RECEIVER, NodeEvent::RestoredPolynomial { invoice, polynomial, paths });
    }

    /// Without a lock of the receiver's.
    pub(crate) fn publish_plain(&mut self, paths: &[&[usize]]) -> StaticInvoice {
        let (invoice, paths) = self.invoice(None, paths);
        self.tell(RECEIVER, NodeEvent::PublishedPlain { invoice: invoice.clone(), paths });
        invoice
    }

    fn invoice(
        &mut self,
        lock: Option<PaymentLock>,
        paths: &[&[usize]],
    ) -> (StaticInvoice, ReceiverPaths) {
        let (session, path_id) = (self.fresh(), self.fresh());
        let session = SecretScalar::from_bytes(&session).unwrap();
        let (message_path, kept) =
            MessagePath::build(session, path_id, &[id(2)], id(RECEIVER)).unwrap();
        let mut own = ReceiverPaths { payments: Vec::new(), messages: vec![kept] };
        let mut public = Vec::new();
        for nodes in paths {
            let relay = |node: &usize| PathRelay {
                node_id: id(*node),
                short_channel_id: RECEIVER as u64,
                relay: PaymentRelay {
                    cltv_expiry_delta: 40,
                    fee_proportional_millionths: 100,
                    fee_base_msat: 1_000,
                },
            };
            let relays: Vec<PathRelay> = nodes.iter().map(relay).collect();
            let (session, path_id) = (self.fresh(), self.fresh());
            let session = SecretScalar::from_bytes(&session).unwrap();
            let delta = MIN_FINAL_DELTA as u16;
            let (path, kept) =
                ReceiverPath::build(session, path_id, &relays, id(RECEIVER), delta, HEIGHT + 5_000)
                    .unwrap();
            public.push(path);
            own.payments.push(kept);
        }
        let builder = match lock {
            Some(lock) => StaticInvoiceBuilder::new(lock, TIME),
            None => StaticInvoiceBuilder::without_lock(TIME),
        };
        let builder = builder
            .amount_msat(AMOUNT_MSAT)
            .description("tea")
            .features(&Features::of(&[BASIC_MPP]))
            .message_paths(&[message_path]);
        let builder = if public.is_empty() {
            builder.interim_route(&[id(RECEIVER)])
        } else {
            let offered: Vec<_> = public.iter().map(|path| path.path.clone()).collect();
            builder.paths(&public).offer_paths(&offered)
        };
        (builder.sign(&Keypair::new(key(RECEIVER)), &[0; 32]).unwrap(), own)
    }

    /// In one part over both forwarders.
    pub(crate) fn payment(&mut self, invoice: &StaticInvoice) -> Payment {
        let forwarders = vec![hop(1, 2), hop(2, RECEIVER)];
        let part = self.part(AMOUNT_MSAT, forwarders, Tail::Receiver);
        self.payment_in(invoice, vec![part])
    }

    pub(crate) fn part(
        &mut self,
        amount_msat: u64,
        forwarders: Vec<RouteHop>,
        tail: Tail,
    ) -> PartOrder {
        PartOrder { amount_msat, forwarders, tail, seed: AttemptSeed::new(self.fresh()) }
    }

    pub(crate) fn payment_in(&self, invoice: &StaticInvoice, parts: Vec<PartOrder>) -> Payment {
        Payment {
            invoice: invoice.clone(),
            payee: Payee::Known(id(RECEIVER)),
            chain: ChainHash::BITCOIN,
            amount_msat: AMOUNT_MSAT,
            rate: None,
            parts,
            min_final_delta: MIN_FINAL_DELTA,
            hold: None,
            hop_blinds: HopBlinds::Derived,
            cancellable: None,
            height: self.height,
            unix_time: TIME + 1,
            payer: None,
        }
    }
}

pub(crate) fn point_secret(number: u8) -> LockSecret {
    LockSecret::Scalar(scalar(number))
}

pub(crate) fn preimage(number: u8) -> LockSecret {
    LockSecret::Preimage(Preimage::new([number; 32]))
}

pub(crate) fn name(action: &NodeAction) -> &'static str {
    match action {
        NodeAction::Offer { .. } => "offer",
        NodeAction::Withdraw { .. } => "withdraw",
        NodeAction::Claimable { .. } => "claimable",
        NodeAction::Claim { .. } => "claim",
        NodeAction::ClaimOnChain { .. } => "claim on chain",
        NodeAction::SecretLate { .. } => "secret late",
        NodeAction::Fail { .. } => "fail",
        NodeAction::TimeOut { .. } => "time out",
        NodeAction::RaiseFees { .. } => "raise fees",
        NodeAction::SendMessage { .. } => "send",
        NodeAction::PassOn { .. } => "pass on",
        NodeAction::FindRoute { .. } => "find route",
        NodeAction::Paid { .. } => "paid",
        NodeAction::AttemptFailed { .. } => "attempt failed",
        NodeAction::PaymentFailed { .. } => "payment failed",
        NodeAction::Replace { .. } => "replace",
        NodeAction::ReleaseRefused { .. } => "release refused",
    }
}
