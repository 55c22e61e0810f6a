//! The node that is killed, between the payers and the receiver of what it forwards, and what they send it: all of it follows from a payment's
//! number and the height at which it began.

use pointlock::claims::ClaimStore;
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
use pointlock::hold::Limits;
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{ChainHash, PaymentLock, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::LockSecret;
use pointlock::onion::Packet;
use pointlock::onion::blinded::OnionMessage;
use pointlock::payment::{
    AttemptSeed, Deadlines, ForwardingPolicy, HoldPlan, HopBlinds, MessagePath, Node, NodeAction,
    NodeConfig, NodeEvent, PartOrder, Payee, Payer, PayerSeed, Payment, Proposal, ReceiverPaths,
    Role, RouteHop, Sender, SenderAction, SenderEvent, Tail,
};
use pointlock::wire::{Features, IntroductionNode};

pub(crate) const HEIGHT: u32 = 800_000;
const TIME: u64 = 1_750_000_000;
const AMOUNT_MSAT: u64 = 50_000_000;
const MIN_FINAL_DELTA: u32 = 24;
const HOLD_BLOCKS: u32 = 60;
/// How many payments may be claimed under the points of the node's second invoice.
pub(crate) const K: u32 = 24;
const POLICY: ForwardingPolicy = ForwardingPolicy {
    fee_base_msat: 1_000,
    fee_proportional_millionths: 100,
    cltv_expiry_delta: 40,
};
const PAYER: u8 = 1;
const NODE: u8 = 2;
const RECEIVER: u8 = 3;

/// What becomes of a payment, as far as it is up to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Forwarded, and claimed or failed by the receiver.
    Forwarded,
    /// Forwarded, and the receiver says nothing.
    Silent,
    /// To be forwarded, and the receiver is not there.
    Unanswered,
    /// Held, and forwarded if it is released.
    Held,
    /// Paid to the node, under its point.
    Paid,
    /// Paid to the node, under one of its k-time points.
    PaidKtime,
}

impl Kind {
    pub(crate) fn of(number: u64) -> Self {
        match number % 8 {
            0 | 4 => Self::Forwarded,
            1 => Self::Silent,
            2 => Self::Unanswered,
            3 | 7 => Self::Held,
            5 => Self::Paid,
            _ => Self::PaidKtime,
        }
    }

    pub(crate) fn is_for_node(self) -> bool {
        matches!(self, Self::Paid | Self::PaidKtime)
    }
}

fn scalar(tag: u8, number: u64) -> SecretScalar {
    let mut bytes = [tag; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    SecretScalar::from_bytes(&bytes).unwrap()
}

fn bytes(tag: u8, number: u64) -> [u8; 32] {
    *scalar(tag, number).dangerous_to_bytes()
}

fn key(node: u8) -> SecretScalar {
    scalar(node, 0)
}

fn id(node: u8) -> Point {
    key(node).to_point()
}

fn config(node: u8, height: u32) -> NodeConfig {
    NodeConfig {
        node_key: key(node),
        height,
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

/// The node, as it was in the beginning or from a snapshot.
pub(crate) fn make(state: Option<&[u8]>) -> Result<Node, pointlock::journal::RecordError> {
    match state {
        Some(state) => Node::restore(config(NODE, HEIGHT), state),
        None => Ok(Node::new(config(NODE, HEIGHT)).unwrap()),
    }
}

/// The edge that pays the node.
pub(crate) fn incoming(number: u64) -> EdgeId {
    EdgeId::in_channel([8; 32], Direction::FromNode1, number)
}

/// The one with which it pays the receiver.
pub(crate) fn outgoing(number: u64) -> EdgeId {
    EdgeId::in_channel([9; 32], Direction::FromNode1, number)
}

pub(crate) fn edge(id: EdgeId, proposal: &Proposal) -> Edge {
    let Proposal { amount_msat, expiry, lock, .. } = *proposal;
    Edge { id, amount_msat, expiry, lock }
}

pub(crate) fn committed(from: u8, edge: Edge, packet: Packet) -> NodeEvent {
    let from = id(from);
    let edge = IncomingEdge::dangerous_committed(edge);
    NodeEvent::IncomingCommitted { from, edge, path_key: None, packet }
}

/// What a payer sends.
pub(crate) struct Sent {
    pub(crate) edge: Edge,
    pub(crate) packet: Packet,
    /// What it hands over to the holder.
    pub(crate) handover: Option<OnionMessage>,
}

impl Sent {
    pub(crate) fn event(self) -> NodeEvent {
        committed(PAYER, self.edge, self.packet)
    }
}

/// The invoices: the receiver's, and the node's two.
pub(crate) struct Net {
    receiver: StaticInvoice,
    receiver_paths: ReceiverPaths,
    node: [StaticInvoice; 2],
    node_paths: [ReceiverPaths; 2],
    polynomial: PaymentPolynomial,
}

impl Net {
    pub(crate) fn new() -> Self {
        let polynomial = PaymentPolynomial::from_entropy(&[40; 32], K as usize).unwrap();
        let (receiver, receiver_paths) = invoice(RECEIVER, 31, scalar(41, 0).to_point().into());
        let (one, one_paths) = invoice(NODE, 32, scalar(42, 0).to_point().into());
        let (other, other_paths) = invoice(NODE, 33, polynomial.payment_points().into());
        let (node, node_paths) = ([one, other], [one_paths, other_paths]);
        Self { receiver, receiver_paths, node, node_paths, polynomial }
    }

    /// What the node is told before everything else.
    pub(crate) fn published(&self) -> [NodeEvent; 2] {
        let ([one, other], [paths, more]) = (&self.node, &self.node_paths);
        [
            NodeEvent::Published {
                invoice: one.clone(),
                secret: LockSecret::Scalar(scalar(42, 0)),
                paths: paths.clone(),
            },
            NodeEvent::PublishedPolynomial {
                invoice: other.clone(),
                polynomial: self.polynomial.clone(),
                paths: more.clone(),
            },
        ]
    }

    /// How many payments the node has claimed under its k-time points.
    pub(crate) fn claimed(&self, node: &Node) -> u32 {
        let store = node.claims().store();
        store.polynomial(&self.polynomial.id()).unwrap().unwrap().claimed
    }

    /// The receiver of what is forwarded. It has nothing that it could not learn again.
    pub(crate) fn receiver(&self, height: u32) -> Node {
        let mut receiver = Node::new(config(RECEIVER, height)).unwrap();
        let secret = LockSecret::Scalar(scalar(41, 0));
        let (invoice, paths) = (self.receiver.clone(), self.receiver_paths.clone());
        let _ = receiver.apply(&NodeEvent::Published { invoice, secret, paths }).unwrap();
        receiver
    }

    pub(crate) fn sent(&self, number: u64, height: u32) -> Sent {
        let mut sender = Sender::new();
        let payment = self.payment(number, height);
        let offered = sender.apply(&SenderEvent::Pay(payment)).unwrap();
        let [SenderAction::Offer { attempt, proposal }] = &offered.actions[..] else {
            panic!("{offered:?}")
        };
        let edge = edge(incoming(number), proposal);
        let event = SenderEvent::OutgoingCommitted { attempt: *attempt, edge };
        let said = sender.apply(&event).unwrap().actions;
        let handover = said.into_iter().find_map(|action| match action {
            SenderAction::SendMessage { message, .. } => Some(message),
            _ => None,
        });
        Sent { edge, packet: proposal.packet.clone(), handover }
    }

    fn payment(&self, number: u64, height: u32) -> Payment {
        let kind = Kind::of(number);
        let (invoice, to) = match kind {
            Kind::Paid => (&self.node[0], NODE),
            Kind::PaidKtime => (&self.node[1], NODE),
            _ => (&self.receiver, RECEIVER),
        };
        let hop = RouteHop {
            node_id: id(NODE),
            short_channel_id: RECEIVER.into(),
            policy: POLICY,
            features: Features::of_node(),
        };
        let payer = Payer { seed: PayerSeed::new(bytes(51, number)), note: None };
        let part = PartOrder {
            amount_msat: amount_msat(number),
            forwarders: if to == NODE { Vec::new() } else { vec![hop] },
            tail: Tail::Receiver,
            seed: AttemptSeed::new(bytes(50, number)),
        };
        Payment {
            invoice: invoice.clone(),
            payee: Payee::Known(id(to)),
            chain: ChainHash::BITCOIN,
            rate: None,
            amount_msat: amount_msat(number),
            parts: vec![part],
            min_final_delta: MIN_FINAL_DELTA,
            hold: (kind == Kind::Held).then_some(HoldPlan { hop: 1, blocks: HOLD_BLOCKS }),
            hop_blinds: HopBlinds::Derived,
            cancellable: None,
            height,
            unix_time: TIME + 1,
            payer: (kind == Kind::PaidKtime).then_some(payer),
        }
    }
}

/// Another amount for each, by which a hold is known.
fn amount_msat(number: u64) -> u64 {
    AMOUNT_MSAT + number
}

fn invoice(node: u8, session: u8, lock: PaymentLock) -> (StaticInvoice, ReceiverPaths) {
    let (path, kept) =
        MessagePath::build(scalar(session, 0), [session; 32], &[], id(node)).unwrap();
    let invoice = StaticInvoiceBuilder::new(lock, TIME)
        .amount_msat(AMOUNT_MSAT)
        .description("tea")
        .interim_route(&[id(node)])
        .message_paths(&[path])
        .sign(&Keypair::new(key(node)), &[0; 32])
        .unwrap();
    (invoice, ReceiverPaths { payments: Vec::new(), messages: vec![kept] })
}

/// What the receiver would claim an edge with; None if it refuses it.
pub(crate) fn secret_of(
    receiver: &mut Node,
    edge: Edge,
    proposal: &Proposal,
) -> Option<LockSecret> {
    let event = committed(NODE, edge, proposal.packet.clone());
    let _ = receiver.apply(&event).ok()?;
    let said = receiver.apply(&NodeEvent::Claiming { incoming: edge.id }).ok()?;
    said.actions.into_iter().find_map(|action| match action {
        NodeAction::Claim { secret, .. } => Some(secret),
        _ => None,
    })
}

/// What the receiver answers to an announcement.
pub(crate) fn release(
    receiver: &mut Node,
    message: OnionMessage,
    number: u64,
) -> Option<OnionMessage> {
    let event = NodeEvent::MessageReceived { message, entropy: bytes(52, number) };
    let said = receiver.apply(&event).ok()?;
    said.actions.into_iter().find_map(|action| match action {
        NodeAction::SendMessage { to: IntroductionNode::NodeId(to), message } if to == id(NODE) => {
            Some(message)
        }
        _ => None,
    })
}

pub(crate) fn entropy(number: u64) -> [u8; 32] {
    bytes(53, number)
}

/// A secret that opens nothing.
pub(crate) fn nobodys() -> SecretScalar {
    scalar(60, 0)
}
