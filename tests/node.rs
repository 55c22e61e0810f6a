//! A node with all three roles behind one door, on edges of a channel layer that is not ours.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::{BTreeMap, VecDeque};

use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
use pointlock::hold::Limits;
use pointlock::invoice::{ChainHash, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::LockSecret;
use pointlock::onion::blinded::NextPeer;
use pointlock::onion::{HoldTime, OnionError};
use pointlock::payment::{
    AttemptSeed, Deadlines, EdgeError, Forwarder, ForwarderAction, ForwarderConfig, ForwarderEvent,
    ForwardingPolicy, HoldPlan, HopBlinds, MessagePath, Node, NodeAction, NodeConfig, NodeError,
    NodeEvent, OfferOrigin, PartOrder, Payee, Payment, Proposal, ReceiverPaths, Recorded, Refusal,
    Role, RouteHop, Tail,
};
use pointlock::wire::{Features, IntroductionNode};

const HEIGHT: u32 = 800_000;
const TIME: u64 = 1_750_000_000;
const AMOUNT_MSAT: u64 = 50_000_123;
const MIN_FINAL_DELTA: u32 = 24;
const POLICY: ForwardingPolicy = ForwardingPolicy {
    fee_base_msat: 1_001,
    fee_proportional_millionths: 100,
    cltv_expiry_delta: 40,
};

fn key(node: usize) -> SecretScalar {
    SecretScalar::from_bytes(&[node as u8 + 1; 32]).unwrap()
}

fn id(node: usize) -> Point {
    key(node).to_point()
}

fn config(node: usize) -> NodeConfig {
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

/// A channel is named by its two nodes.
fn channel(one: usize, other: usize) -> (u64, [u8; 32]) {
    let (low, high) = (one.min(other), one.max(other));
    let number = (low * 10 + high) as u64;
    (number, [number as u8; 32])
}

/// Nodes, and a channel layer that commits whatever is offered.
struct Line {
    nodes: Vec<Recorded<Node>>,
    tasks: VecDeque<(usize, NodeAction)>,
    /// Who offered each edge, to whom, with what.
    edges: BTreeMap<EdgeId, (usize, usize, Edge, Proposal)>,
    paid: Vec<LockSecret>,
    failed: Vec<(usize, Refusal)>,
    /// Messages wait, as for a node that is away.
    away: bool,
}

impl Line {
    fn new(count: usize) -> Self {
        Self {
            nodes: (0..count).map(|node| Recorded::new(Node::new(config(node)).unwrap())).collect(),
            tasks: VecDeque::new(),
            edges: BTreeMap::new(),
            paid: Vec::new(),
            failed: Vec::new(),
            away: false,
        }
    }

    fn tell(&mut self, node: usize, event: NodeEvent) -> Result<(), NodeError> {
        let actions = self.nodes[node].apply(event)?;
        self.tasks.extend(actions.into_iter().map(|action| (node, action)));
        Ok(())
    }

    fn peer(&self, of: usize, to: &NextPeer) -> usize {
        let is_meant = |node: &usize| match to {
            NextPeer::Node(node_id) => id(*node) == *node_id,
            NextPeer::Channel(number) => channel(of, *node).0 == *number,
        };
        (0..self.nodes.len()).filter(|node| *node != of).find(is_meant).unwrap()
    }

    fn commit(&mut self, by: usize, proposal: &Proposal) -> Edge {
        let to = self.peer(by, &proposal.to);
        let lesser = id(by).to_bytes() < id(to).to_bytes();
        let direction = if lesser { Direction::FromNode1 } else { Direction::FromNode2 };
        let id = EdgeId::in_channel(channel(by, to).1, direction, self.edges.len() as u64);
        let Proposal { amount_msat, expiry, lock, .. } = *proposal;
        let edge = Edge { id, amount_msat, expiry, lock };
        self.edges.insert(id, (by, to, edge, proposal.clone()));
        edge
    }

    fn arrive(&mut self, edge: &EdgeId) -> Result<(), NodeError> {
        let (by, to, edge, proposal) = self.edges[edge].clone();
        let event = NodeEvent::IncomingCommitted {
            from: id(by),
            edge: IncomingEdge::dangerous_committed(edge),
            path_key: proposal.path_key,
            packet: proposal.packet,
        };
        self.tell(to, event)
    }

    fn step(&mut self) -> bool {
        let Some((node, action)) = self.tasks.pop_front() else { return false };
        match action {
            NodeAction::Offer { origin, proposal } => {
                let edge = self.commit(node, &proposal);
                self.tell(node, NodeEvent::OutgoingCommitted { origin, edge }).unwrap();
                self.arrive(&edge.id).unwrap();
            }
            NodeAction::Claimable { incoming } => {
                self.tell(node, NodeEvent::Claiming { incoming }).unwrap();
            }
            NodeAction::Claim { incoming, secret } => {
                let by = self.edges[&incoming].0;
                let fulfilled = NodeEvent::OutgoingFulfilled { outgoing: incoming, secret };
                self.tell(by, fulfilled).unwrap();
                self.tell(node, NodeEvent::IncomingClaimed { incoming }).unwrap();
            }
            NodeAction::Fail { incoming, reason, failure } => {
                self.failed.push((node, reason));
                let by = self.edges[&incoming].0;
                self.tell(node, NodeEvent::FailGiven { incoming }).unwrap();
                self.tell(node, NodeEvent::IncomingFailed { incoming }).unwrap();
                let failure = failure.after(HoldTime::UNKNOWN);
                let (outgoing, failure) = (incoming, Some(failure));
                self.tell(by, NodeEvent::OutgoingFailed { outgoing, failure }).unwrap();
            }
            NodeAction::SendMessage { to: IntroductionNode::NodeId(to), message } => {
                let is_meant = |other: &usize| id(*other) == to;
                let to = (0..self.nodes.len()).find(is_meant).unwrap();
                let event = NodeEvent::MessageReceived { message, entropy: [9; 32] };
                self.tell(to, event).unwrap();
            }
            NodeAction::PassOn { to, message } if self.away => {
                self.tasks.push_back((node, NodeAction::PassOn { to, message }));
                return false;
            }
            NodeAction::PassOn { to, message } => {
                let to = self.peer(node, &to);
                let event = NodeEvent::MessageReceived { message, entropy: [8; 32] };
                self.tell(to, event).unwrap();
            }
            NodeAction::Paid { secret, .. } => self.paid.push(secret),
            NodeAction::AttemptFailed { .. } | NodeAction::PaymentFailed { .. } => {}
            other => panic!("{other:?}"),
        }
        true
    }

    fn run(&mut self) {
        while self.step() {}
    }

    /// An invoice of a node's, whose payments come over `relay`.
    fn publish(&mut self, node: usize, relay: Option<usize>, z: &SecretScalar) -> StaticInvoice {
        let relays: Vec<Point> = relay.map(id).into_iter().collect();
        let (path, kept) =
            MessagePath::build(key(50 + node), [node as u8; 32], &relays, id(node)).unwrap();
        let route: Vec<Point> = relays.iter().copied().chain([id(node)]).collect();
        let invoice = StaticInvoiceBuilder::new(z.to_point(), TIME)
            .interim_route(&route)
            .message_paths(&[path])
            .sign(&Keypair::new(key(node)), &[0; 32])
            .unwrap();
        let paths = ReceiverPaths { payments: Vec::new(), messages: vec![kept] };
        let secret = LockSecret::Scalar(z.clone());
        let event = NodeEvent::Published { invoice: invoice.clone(), secret, paths };
        self.tell(node, event).unwrap();
        invoice
    }
}

fn payment(
    invoice: &StaticInvoice,
    to: usize,
    over: Option<usize>,
    seed: u8,
    hold: Option<HoldPlan>,
) -> Payment {
    let forwarders = over
        .map(|relay| RouteHop {
            node_id: id(relay),
            short_channel_id: channel(relay, to).0,
            policy: POLICY,
            features: Features::of_node(),
        })
        .into_iter()
        .collect();
    Payment {
        invoice: invoice.clone(),
        payee: Payee::Known(id(to)),
        chain: ChainHash::BITCOIN,
        rate: None,
        amount_msat: AMOUNT_MSAT,
        parts: vec![PartOrder {
            amount_msat: AMOUNT_MSAT,
            forwarders,
            tail: Tail::Receiver,
            seed: AttemptSeed::new([seed; 32]),
        }],
        min_final_delta: MIN_FINAL_DELTA,
        hold,
        hop_blinds: HopBlinds::Derived,
        cancellable: None,
        height: HEIGHT,
        unix_time: TIME + 1,
        payer: None,
    }
}

/// Node 1 forwards for the others, is paid by one of them, and pays one.
#[test]
fn one_node_pays_forwards_and_is_paid() {
    let mut line = Line::new(3);
    let z: Vec<SecretScalar> = (0..3).map(|node| key(20 + node)).collect();
    let for_2 = line.publish(2, Some(1), &z[2]);
    let for_1 = line.publish(1, None, &z[1]);
    let for_0 = line.publish(0, None, &z[0]);
    line.tell(0, NodeEvent::Pay(payment(&for_2, 2, Some(1), 60, None))).unwrap();
    line.tell(2, NodeEvent::Pay(payment(&for_1, 1, None, 61, None))).unwrap();
    line.tell(1, NodeEvent::Pay(payment(&for_0, 0, None, 62, None))).unwrap();
    line.run();
    assert!(line.failed.is_empty(), "{:?}", line.failed);
    let mut expected: Vec<LockSecret> = z.iter().cloned().map(LockSecret::Scalar).collect();
    assert_eq!(line.paid.len(), 3);
    expected.retain(|secret| !line.paid.contains(secret));
    assert!(expected.is_empty(), "each payer ends with the secret of its invoice");
    // Amounts are millisatoshi to the end: the forwarder keeps its fee and not one more.
    let fee = AMOUNT_MSAT * 100 / 1_000_000 + 1_001;
    let amounts: Vec<u64> = line
        .edges
        .values()
        .filter(|(by, to, ..)| (*by, *to) == (0, 1) || (*by, *to) == (1, 2))
        .map(|(_, _, edge, _)| edge.amount_msat)
        .collect();
    assert!(amounts.contains(&(AMOUNT_MSAT + fee)) && amounts.contains(&AMOUNT_MSAT));
    let mut pending = line.nodes.iter().flat_map(|node| node.pending());
    assert!(pending.all(|action| matches!(action, NodeAction::Paid { .. })), "but for the news");
}

/// A payment is held by the node that is a forwarder to it, and released by the node that is its receiver.
#[test]
fn messages_go_to_the_role_that_they_are_for() {
    let mut line = Line::new(3);
    let z = key(22);
    let invoice = line.publish(2, Some(1), &z);
    let hold = Some(HoldPlan { hop: 1, blocks: 100 });
    line.away = true;
    line.tell(0, NodeEvent::Pay(payment(&invoice, 2, Some(1), 60, hold))).unwrap();
    line.run();
    assert!(line.paid.is_empty());
    line.away = false;
    line.run();
    assert_eq!(line.paid, [LockSecret::Scalar(z)]);
}

/// One replay guard for both roles: what came once, for whichever, never comes again.
#[test]
fn an_onion_is_taken_once() {
    let mut line = Line::new(3);
    let for_2 = line.publish(2, Some(1), &key(22));
    let for_1 = line.publish(1, None, &key(21));
    line.tell(0, NodeEvent::Pay(payment(&for_2, 2, Some(1), 60, None))).unwrap();
    line.tell(0, NodeEvent::Pay(payment(&for_1, 1, None, 61, None))).unwrap();
    line.run();
    assert_eq!(line.paid.len(), 2);
    let arrived: Vec<(usize, Proposal)> = line
        .edges
        .values()
        .filter(|(_, to, ..)| *to == 1)
        .map(|(by, _, _, proposal)| (*by, proposal.clone()))
        .collect();
    let receivers: Vec<EdgeId> = line
        .edges
        .iter()
        .filter(|(_, (_, to, edge, _))| *to == 1 && edge.amount_msat == AMOUNT_MSAT)
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(arrived.len(), 2);
    for (by, proposal) in arrived {
        let again = line.commit(by, &proposal);
        line.arrive(&again.id).unwrap();
        let Some((1, NodeAction::Fail { incoming, reason, .. })) = line.tasks.pop_back() else {
            panic!("the node refuses it")
        };
        assert_eq!(incoming, again.id);
        assert!(matches!(
            reason,
            Refusal::Onion(OnionError::Replayed { .. }) | Refusal::Blinding(_)
        ));
        // And an edge that one role has is known to all.
        let known = NodeError::Edge(EdgeError::Known(again.id));
        assert_eq!(line.arrive(&again.id).unwrap_err(), known);
    }
    // An edge that has ended is forgotten. Its onion is not.
    assert_eq!(receivers.len(), 1);
    for id in receivers {
        line.arrive(&id).unwrap();
        let Some((1, NodeAction::Fail { incoming, reason, .. })) = line.tasks.pop_back() else {
            panic!("the node refuses it")
        };
        assert_eq!(incoming, id);
        assert!(matches!(reason, Refusal::Onion(OnionError::Replayed { .. })));
        assert_eq!(line.arrive(&id).unwrap_err(), NodeError::Edge(EdgeError::Known(id)));
    }
}

/// For a forwarder alone a payment to its own node is a fault of the sender's; the node takes it.
#[test]
fn a_forwarder_alone_refuses_what_a_node_takes() {
    let mut line = Line::new(2);
    let invoice = line.publish(1, None, &key(21));
    line.tell(0, NodeEvent::Pay(payment(&invoice, 1, None, 60, None))).unwrap();
    let Some((0, NodeAction::Offer { proposal, .. })) = line.tasks.pop_front() else {
        panic!("an offer")
    };
    let edge = line.commit(0, &proposal);
    let NodeConfig { node_key, policy, deadlines, limits, height, .. } = config(1);
    let mut forwarder = Forwarder::new(ForwarderConfig {
        node_key,
        policy,
        deadlines,
        limits,
        hold_safety_margin: 43,
        hold_deltas_ahead: 40,
        hold_min_final_delta: MIN_FINAL_DELTA,
        height,
    })
    .unwrap();
    let event = ForwarderEvent::IncomingCommitted {
        from: id(0),
        edge: IncomingEdge::dangerous_committed(edge),
        path_key: None,
        packet: proposal.packet.clone(),
    };
    let actions = forwarder.apply(&event).unwrap().actions;
    assert!(
        matches!(&actions[..], [ForwarderAction::Fail { reason: Refusal::RouteEnd, .. }]),
        "{actions:?}"
    );
    line.arrive(&edge.id).unwrap();
    assert!(matches!(line.tasks.pop_back(), Some((1, NodeAction::Claimable { .. }))));
}

/// What was told about an edge that nobody has.
#[test]
fn edges_of_nobody_are_refused() {
    let mut line = Line::new(1);
    let nobody = EdgeId::in_channel([0; 32], Direction::FromNode1, 0);
    let secret = LockSecret::Scalar(key(1));
    let unknown = EdgeError::Unknown(nobody);
    for event in [
        NodeEvent::OutgoingFulfilled { outgoing: nobody, secret },
        NodeEvent::OutgoingFailed { outgoing: nobody, failure: None },
        NodeEvent::OfferFailed { origin: OfferOrigin::Incoming(nobody) },
        NodeEvent::IncomingClaimed { incoming: nobody },
        NodeEvent::PartsTimedOut { incoming: nobody },
    ] {
        match line.tell(0, event).unwrap_err() {
            NodeError::Forwarder(error) => assert_eq!(error, unknown.clone().into()),
            NodeError::Receiver(error) => assert_eq!(error, unknown.clone().into()),
            other => panic!("{other:?}"),
        }
    }
    assert!(line.nodes[0].log().is_empty());
}

/// The events make the node, all three roles of it.
#[test]
fn a_node_is_what_its_events_make_it() {
    let mut line = Line::new(3);
    let for_2 = line.publish(2, Some(1), &key(22));
    let for_1 = line.publish(1, None, &key(21));
    line.tell(2, NodeEvent::Pay(payment(&for_1, 1, None, 61, None))).unwrap();
    line.tell(0, NodeEvent::Pay(payment(&for_2, 2, Some(1), 60, None))).unwrap();
    // Stops with a claim wanted and not made, at every node in turn.
    while !line.tasks.iter().any(|(_, action)| matches!(action, NodeAction::Claim { .. })) {
        assert!(line.step());
    }
    for (index, node) in line.nodes.iter().enumerate() {
        let replayed = Node::new(config(index)).unwrap().replay(node.log()).unwrap();
        let words = |actions: Vec<NodeAction>| format!("{actions:?}");
        assert_eq!(words(replayed.pending()), words(node.pending()));
    }
    let wanted: usize = line.nodes.iter().map(|node| node.pending().len()).sum();
    assert!(wanted > 0);
    line.run();
    assert_eq!(line.paid.len(), 2);
}
