//! A network of roles on real contracts: what a driver does, without a channel, a chain or a clock.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::collections::{BTreeMap, VecDeque};

use bitcoin::hashes::Hash;
use bitcoin::{Amount, OutPoint, ScriptBuf, Transaction, Txid};
use pointlock::contract::{
    Contract, ContractTerms, FeeCoins, FeeLadder, FundedContract, OfferedContract,
    ReceivedContract, limits,
};
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::hold::{Limits, MemoryStore};
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{
    InvoiceId, PaymentLock, PaymentPath, StaticInvoice, StaticInvoiceBuilder,
};
use pointlock::lock::{Lock, LockSecret, Preimage};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{NextPeer, OnionMessage, PaymentRelay, PeeledMessage};
use pointlock::payment::{
    AttemptId, AttemptSeed, FailureMessage, Forwarder, ForwarderAction, ForwarderConfig,
    ForwarderEvent, ForwardingPolicy, HoldPlan, HopBlinds, MessagePath, PartOrder, PathRelay,
    Payee, Payer, PayerSeed, Payment, PaymentError, PaymentId, Proposal, Receiver, ReceiverAction,
    ReceiverConfig, ReceiverEvent, ReceiverPath, ReceiverPaths, Refusal, RouteHop, Sender,
    SenderAction, SenderEvent, Tail, View,
};
use pointlock::wire::{Features, IntroductionNode};

pub(crate) const HEIGHT: u32 = 800_000;
pub(crate) const TIME: u64 = 1_750_000_000;
pub(crate) const AMOUNT_MSAT: u64 = 50_000_000;
pub(crate) const MIN_FINAL_DELTA: u32 = 18;
pub(crate) const HOLD_BLOCKS: u32 = 144;
pub(crate) const SAFETY_MARGIN: u32 = 10;
/// BOLT 9: the invoice may be paid in parts.
const BASIC_MPP: u16 = 17;

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    Sender(usize),
    /// The forwarder N_i, counted from 1.
    Forwarder(usize),
    Receiver,
}

/// What a role wants done.
#[derive(Debug)]
pub(crate) enum Action {
    Sender(SenderAction),
    Forwarder(ForwarderAction),
    Receiver(ReceiverAction),
}

/// How contracts are settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settle {
    OffChain,
    OnChain,
}

/// What has happened, for the tests to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    Offered {
        by: Node,
        outpoint: OutPoint,
    },
    Claimed {
        by: Node,
        outpoint: OutPoint,
        secret: LockSecret,
    },
    Failed {
        by: Node,
        outpoint: OutPoint,
        reason: Refusal,
    },
    TimeOut {
        by: Node,
        outpoint: OutPoint,
    },
    Mailed,
    Released {
        to: Node,
    },
    ReleaseRefused {
        by: Node,
        reason: Refusal,
    },
    Replace {
        invoice: InvoiceId,
    },
    Paid {
        by: Node,
        attempt: AttemptId,
        secret: LockSecret,
    },
    /// By whom, counted from 0 for N_1, and BOLT 4's code.
    AttemptFailed {
        by: Node,
        attempt: AttemptId,
        failure: Option<(usize, u16)>,
    },
    PaymentFailed {
        by: Node,
        attempt: AttemptId,
    },
}

/// A contract between two neighbours.
#[derive(Clone)]
pub(crate) struct Edge {
    pub(crate) offerer: Node,
    pub(crate) claimer: Node,
    pub(crate) offered: OfferedContract,
    pub(crate) received: ReceivedContract,
}

impl Edge {
    pub(crate) fn terms(&self) -> &ContractTerms {
        self.offered.funded().contract().terms()
    }
}

/// After each event of a role: its reaction in words, and its view.
type Record = Vec<(String, View)>;

pub(crate) struct Network {
    pub(crate) senders: Vec<Sender>,
    pub(crate) forwarders: Vec<Forwarder<MemoryStore>>,
    pub(crate) receiver: Receiver,
    pub(crate) configs: Vec<ForwarderConfig>,
    pub(crate) settle: Settle,
    /// Deliver mail and releases at once; else they wait in `mailbox` and `releases`.
    pub(crate) online: bool,
    pub(crate) mailbox: Vec<OnionMessage>,
    pub(crate) releases: Vec<(Node, OnionMessage)>,
    /// To the first sender, along a path of its own.
    pub(crate) arrived: Vec<OnionMessage>,
    /// What a node that finds routes is given, by the holder; all forwarders behind it, if there is nothing here.
    pub(crate) tails: BTreeMap<Node, Vec<Node>>,
    /// Where those routes end.
    pub(crate) tail_end: Node,
    /// How many routes were found.
    pub(crate) entropies: u8,
    pub(crate) tasks: VecDeque<(Node, Action)>,
    pub(crate) edges: BTreeMap<OutPoint, Edge>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) records: BTreeMap<Node, Record>,
    /// In millisatoshi, what everybody has won or lost.
    pub(crate) balances: BTreeMap<Node, i64>,
    /// The entropy of each sender's attempts, in order.
    pub(crate) seeds: Vec<Vec<[u8; 32]>>,
    pub(crate) height: u32,
    contracts: u8,
}

pub(crate) fn secret_of(name: &str, index: usize) -> SecretScalar {
    let mut bytes = [(index as u8).wrapping_add(1); 32];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    SecretScalar::from_bytes(&bytes).unwrap()
}

pub(crate) fn node_key(node: Node) -> SecretScalar {
    match node {
        Node::Sender(index) => secret_of("sender node", index),
        Node::Forwarder(index) => secret_of("forwarder node", index),
        Node::Receiver => secret_of("receiver node", 0),
    }
}

pub(crate) fn node_id(node: Node) -> Point {
    node_key(node).to_point()
}

/// The key that a node has in its contracts.
pub(crate) fn contract_key(node: Node) -> Keypair {
    Keypair::new(match node {
        Node::Sender(index) => secret_of("sender funds", index),
        Node::Forwarder(index) => secret_of("forwarder funds", index),
        Node::Receiver => secret_of("receiver funds", 0),
    })
}

pub(crate) fn policy(index: usize) -> ForwardingPolicy {
    ForwardingPolicy {
        fee_base_msat: 1_000 * index as u64,
        fee_proportional_millionths: 100 * index as u64,
        cltv_expiry_delta: 34 + index as u32,
    }
}

/// Everybody has a channel to everybody.
pub(crate) fn channel_to(node: Node) -> u64 {
    match node {
        Node::Sender(index) => 1_000 + index as u64,
        Node::Forwarder(index) => index as u64,
        Node::Receiver => 500,
    }
}

fn peer(to: &NextPeer, forwarders: usize) -> Node {
    let mut nodes = (1..=forwarders).map(Node::Forwarder).chain([Node::Receiver]);
    nodes
        .find(|node| match to {
            NextPeer::Node(id) => node_id(*node) == *id,
            NextPeer::Channel(id) => channel_to(*node) == *id,
        })
        .unwrap()
}

/// These forwarders, the last of which forwards to `end`.
pub(crate) fn hops(forwarders: &[usize], end: Node) -> Vec<RouteHop> {
    let next = forwarders.iter().skip(1).map(|index| Node::Forwarder(*index)).chain([end]);
    let hop = |(index, next): (&usize, Node)| RouteHop {
        node_id: node_id(Node::Forwarder(*index)),
        short_channel_id: channel_to(next),
        policy: policy(*index),
    };
    forwarders.iter().zip(next).map(hop).collect()
}

/// The kinds of invoices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockKind {
    Point,
    Hash,
}

pub(crate) fn invoice_secret(kind: LockKind, index: usize) -> LockSecret {
    let scalar = secret_of("invoice secret", index);
    match kind {
        LockKind::Point => LockSecret::Scalar(scalar),
        LockKind::Hash => LockSecret::Preimage(Preimage::new(*scalar.dangerous_to_bytes())),
    }
}

pub(crate) fn payment_lock(secret: &LockSecret) -> PaymentLock {
    match secret.lock() {
        Lock::Point(point) => point.into(),
        Lock::Hash(hash) => PaymentLock::Hash(hash),
    }
}

/// An invoice without a path for messages, which can't be held.
pub(crate) fn invoice_of(secret: &LockSecret, route: &[Point]) -> StaticInvoice {
    builder(payment_lock(secret)).interim_route(route).sign(&receiver_keypair(), &[0; 32]).unwrap()
}

fn builder(lock: PaymentLock) -> StaticInvoiceBuilder {
    StaticInvoiceBuilder::new(lock, TIME)
        .amount_msat(AMOUNT_MSAT)
        .description("tea")
        .features(&Features::of(&[BASIC_MPP]))
}

fn receiver_keypair() -> Keypair {
    Keypair::new(node_key(Node::Receiver))
}

/// A payer whose key depends on its note alone, so that a log can be copied.
pub(crate) fn payer_of(note: Option<&[u8]>) -> Payer {
    let mut entropy = [0xa5; 32];
    let note_bytes = note.unwrap_or_default();
    entropy[..note_bytes.len()].copy_from_slice(note_bytes);
    Payer { seed: PayerSeed::new(entropy), note: note.map(<[u8]>::to_vec) }
}

impl Network {
    /// With `senders` senders and `forwarders` forwarders in a row before the receiver.
    pub(crate) fn new(senders: usize, forwarders: usize) -> Self {
        let configs: Vec<ForwarderConfig> = (1..=forwarders)
            .map(|index| ForwarderConfig {
                node_key: node_key(Node::Forwarder(index)),
                policy: policy(index),
                limits: Limits::default(),
                hold_safety_margin: SAFETY_MARGIN,
                hold_deltas_ahead: (index..=forwarders).map(|i| policy(i).cltv_expiry_delta).sum(),
                hold_min_final_delta: MIN_FINAL_DELTA,
                height: HEIGHT,
            })
            .collect();
        let store = MemoryStore::default;
        Self {
            senders: (0..senders).map(|_| Sender::new()).collect(),
            forwarders: configs.iter().map(|c| Forwarder::new(c.clone(), store())).collect(),
            receiver: Receiver::new(receiver_config()),
            configs,
            settle: Settle::OffChain,
            online: true,
            mailbox: Vec::new(),
            releases: Vec::new(),
            arrived: Vec::new(),
            tails: BTreeMap::new(),
            tail_end: Node::Receiver,
            entropies: 0,
            tasks: VecDeque::new(),
            edges: BTreeMap::new(),
            facts: Vec::new(),
            records: BTreeMap::new(),
            balances: BTreeMap::new(),
            seeds: vec![Vec::new(); senders],
            height: HEIGHT,
            contracts: 0,
        }
    }

    /// An invoice whose interim route is the last forwarder, if any, and the receiver; published.
    pub(crate) fn publish(&mut self, kind: LockKind, index: usize) -> StaticInvoice {
        let secret = invoice_secret(kind, index);
        let (builder, paths) = self.reachable(builder(payment_lock(&secret)), index);
        let invoice = builder
            .interim_route(&self.interim_route())
            .sign(&receiver_keypair(), &[0; 32])
            .unwrap();
        let event = ReceiverEvent::Published { invoice: invoice.clone(), secret, paths };
        self.tell_receiver(event).unwrap();
        invoice
    }

    /// An invoice for k payments, published.
    pub(crate) fn publish_polynomial(&mut self, k: usize, index: u8) -> StaticInvoice {
        let polynomial = PaymentPolynomial::from_entropy(&[index; 32], k).unwrap();
        let lock = polynomial.payment_points().into();
        let (builder, paths) = self.reachable(builder(lock), usize::from(index));
        let invoice = builder
            .interim_route(&self.interim_route())
            .sign(&receiver_keypair(), &[0; 32])
            .unwrap();
        let event =
            ReceiverEvent::PublishedPolynomial { invoice: invoice.clone(), polynomial, paths };
        self.tell_receiver(event).unwrap();
        invoice
    }

    /// An invoice with a blinded path for payments over each of these rows of forwarders, published; under a polynomial for `k`
    /// payments, or a plain lock.
    pub(crate) fn publish_paths(
        &mut self,
        kind: LockKind,
        k: usize,
        index: usize,
        relays: &[&[usize]],
    ) -> StaticInvoice {
        let secret = invoice_secret(kind, index);
        let polynomial = PaymentPolynomial::from_entropy(&[index as u8; 32], k.max(1)).unwrap();
        let lock = match k {
            0 => payment_lock(&secret),
            _ => polynomial.payment_points().into(),
        };
        let (builder, mut paths) = self.reachable(builder(lock), index);
        let mut public = Vec::new();
        for (number, relays) in relays.iter().enumerate() {
            let (path, kept) = receiver_path(relays, index * 10 + number);
            public.push(path);
            paths.payments.push(kept);
        }
        let offered: Vec<_> = public.iter().map(|path| path.path.clone()).collect();
        let invoice = builder
            .paths(&public)
            .offer_paths(&offered)
            .sign(&receiver_keypair(), &[0; 32])
            .unwrap();
        let event = match k {
            0 => ReceiverEvent::Published { invoice: invoice.clone(), secret, paths },
            _ => ReceiverEvent::PublishedPolynomial { invoice: invoice.clone(), polynomial, paths },
        };
        self.tell_receiver(event).unwrap();
        invoice
    }

    fn interim_route(&self) -> Vec<Point> {
        self.last_forwarder().into_iter().chain([node_id(Node::Receiver)]).collect()
    }

    fn last_forwarder(&self) -> Option<Point> {
        let count = self.forwarders.len();
        (count > 0).then(|| node_id(Node::Forwarder(count)))
    }

    /// With a path for messages over the last forwarder.
    fn reachable(
        &self,
        builder: StaticInvoiceBuilder,
        index: usize,
    ) -> (StaticInvoiceBuilder, ReceiverPaths) {
        let relays: Vec<Point> = self.last_forwarder().into_iter().collect();
        let session = secret_of("message path", index);
        let path_id = *secret_of("message path id", index).dangerous_to_bytes();
        let (path, kept) =
            MessagePath::build(session, path_id, &relays, node_id(Node::Receiver)).unwrap();
        let paths = ReceiverPaths { payments: Vec::new(), messages: vec![kept] };
        (builder.message_paths(&[path]), paths)
    }

    /// All forwarders in a row, in one part.
    pub(crate) fn payment(&self, invoice: &StaticInvoice, entropy: [u8; 32]) -> Payment {
        let forwarders: Vec<usize> = (1..=self.forwarders.len()).collect();
        let part = PartOrder {
            amount_msat: AMOUNT_MSAT,
            forwarders: hops(&forwarders, Node::Receiver),
            tail: Tail::Receiver,
            seed: AttemptSeed::new(entropy),
        };
        self.payment_in(invoice, vec![part])
    }

    pub(crate) fn payment_in(&self, invoice: &StaticInvoice, parts: Vec<PartOrder>) -> Payment {
        Payment {
            invoice: invoice.clone(),
            payee: Payee::Known(node_id(Node::Receiver)),
            amount_msat: AMOUNT_MSAT,
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

    /// Orders a payment; nothing moves before [`run`](Self::run).
    pub(crate) fn pay(
        &mut self,
        sender: usize,
        invoice: &StaticInvoice,
        hold: Option<usize>,
        entropy: [u8; 32],
    ) -> AttemptId {
        let hold = hold.map(|hop| HoldPlan { hop, blocks: HOLD_BLOCKS });
        let payment = Payment { hold, ..self.payment(invoice, entropy) };
        self.order(sender, payment, entropy)
    }

    /// The same under a point of the payer's own.
    pub(crate) fn pay_as(
        &mut self,
        sender: usize,
        invoice: &StaticInvoice,
        note: &str,
        hold: Option<usize>,
        entropy: [u8; 32],
    ) -> AttemptId {
        let hold = hold.map(|hop| HoldPlan { hop, blocks: HOLD_BLOCKS });
        let payer = Some(payer_of(Some(note.as_bytes())));
        let payment = Payment { hold, payer, ..self.payment(invoice, entropy) };
        self.order(sender, payment, entropy)
    }

    fn order(&mut self, sender: usize, payment: Payment, entropy: [u8; 32]) -> AttemptId {
        let payment = self.order_parts(sender, payment, &[entropy]);
        self.senders[sender].attempts(&payment).unwrap()[0]
    }

    /// Orders a payment whose parts have these seeds.
    pub(crate) fn order_parts(
        &mut self,
        sender: usize,
        payment: Payment,
        entropies: &[[u8; 32]],
    ) -> PaymentId {
        self.seeds[sender].extend_from_slice(entropies);
        self.tell_sender(sender, SenderEvent::Pay(payment)).unwrap();
        match self.tasks.back() {
            Some((_, Action::Sender(SenderAction::Offer { attempt, .. }))) => {
                self.senders[sender].payment_of(attempt).unwrap()
            }
            other => panic!("{other:?}"),
        }
    }

    /// Carries out actions until none is left.
    pub(crate) fn run(&mut self) {
        while self.step() {}
    }

    /// Carries out one action.
    pub(crate) fn step(&mut self) -> bool {
        let Some((node, action)) = self.tasks.pop_front() else { return false };
        match action {
            Action::Sender(action) => self.for_sender(node, action),
            Action::Forwarder(action) => self.for_forwarder(node, action),
            Action::Receiver(action) => self.for_receiver(node, action),
        }
        true
    }

    fn for_sender(&mut self, node: Node, action: SenderAction) {
        match action {
            SenderAction::Offer { attempt, proposal } => {
                let edge = self.fund(node, &proposal);
                let contract = edge.offered.clone();
                let Node::Sender(index) = node else { panic!("a sender's action") };
                self.tell_sender(index, SenderEvent::OutgoingCommitted { attempt, contract })
                    .unwrap();
                self.commit(edge, proposal.path_key, proposal.packet);
            }
            SenderAction::SendMessage { to, message } => {
                self.facts.push(Fact::Mailed);
                self.send(to, message);
            }
            SenderAction::Paid { payment, secret } => {
                let attempt = self.first_attempt(node, &payment);
                self.facts.push(Fact::Paid { by: node, attempt, secret });
            }
            SenderAction::AttemptFailed { attempt, failure, .. } => {
                let failure = failure.map(|failure| (failure.hop, failure.code()));
                self.facts.push(Fact::AttemptFailed { by: node, attempt, failure });
            }
            SenderAction::Failed { payment } => {
                let attempt = self.first_attempt(node, &payment);
                self.facts.push(Fact::PaymentFailed { by: node, attempt });
            }
            SenderAction::TimeOut { outgoing } => {
                self.facts.push(Fact::TimeOut { by: node, outpoint: outgoing });
            }
        }
    }

    fn for_forwarder(&mut self, node: Node, action: ForwarderAction) {
        match action {
            ForwarderAction::Offer { incoming, proposal } => {
                let edge = self.fund(node, &proposal);
                let contract = edge.offered.clone();
                self.tell_forwarder(node, ForwarderEvent::OutgoingCommitted { incoming, contract })
                    .unwrap();
                self.commit(edge, proposal.path_key, proposal.packet);
            }
            ForwarderAction::FindRoute { incoming, .. } => self.find_route(node, incoming),
            ForwarderAction::Claim { incoming, secret } => self.claim(node, incoming, secret),
            ForwarderAction::Fail { incoming, reason, failure } => {
                self.fail(node, incoming, reason, failure);
            }
            ForwarderAction::SendMessage { to, message } => {
                let to = peer(&to, self.forwarders.len());
                self.send(IntroductionNode::NodeId(node_id(to)), message);
            }
            ForwarderAction::TimeOut { outgoing } => {
                self.facts.push(Fact::TimeOut { by: node, outpoint: outgoing });
            }
            ForwarderAction::ReleaseRefused { reason } => {
                self.facts.push(Fact::ReleaseRefused { by: node, reason });
            }
        }
    }

    fn for_receiver(&mut self, node: Node, action: ReceiverAction) {
        match action {
            ReceiverAction::SendMessage { to, message } => {
                let IntroductionNode::NodeId(to) = to else { panic!("{to}") };
                if to == node_id(Node::Sender(0)) {
                    self.arrived.push(message);
                    return;
                }
                let to = self.node(&to);
                self.facts.push(Fact::Released { to });
                self.releases.push((to, message));
                if self.online {
                    self.deliver_releases();
                }
            }
            ReceiverAction::Claim { incoming, secret } => self.claim(node, incoming, secret),
            ReceiverAction::Fail { incoming, reason, failure } => {
                self.fail(node, incoming, reason, failure);
            }
            ReceiverAction::ReleaseRefused { reason } => {
                self.facts.push(Fact::ReleaseRefused { by: node, reason });
            }
            ReceiverAction::Replace { invoice } => self.facts.push(Fact::Replace { invoice }),
        }
    }

    fn first_attempt(&self, node: Node, payment: &PaymentId) -> AttemptId {
        let Node::Sender(index) = node else { panic!("{node:?} is no sender") };
        self.senders[index].attempts(payment).unwrap()[0]
    }

    /// An onion message arrives where its path begins, or at the next node.
    fn send(&mut self, to: IntroductionNode, message: OnionMessage) {
        let IntroductionNode::NodeId(to) = to else { panic!("{to}") };
        match self.node(&to) {
            Node::Receiver => {
                self.mailbox.push(message);
                if self.online {
                    self.deliver_mail();
                }
            }
            node => {
                self.tell_forwarder(node, ForwarderEvent::MessageReceived { message }).unwrap();
            }
        }
    }

    /// The receiver reads its mail.
    pub(crate) fn deliver_mail(&mut self) {
        for message in std::mem::take(&mut self.mailbox) {
            let entropy = [self.facts.len() as u8; 32];
            self.tell_receiver(ReceiverEvent::MessageReceived { message, entropy }).unwrap();
        }
    }

    /// The first sender reads what the receiver has sent it.
    pub(crate) fn deliver_arrivals(&mut self) -> Result<(), PaymentError> {
        for message in std::mem::take(&mut self.arrived) {
            let PeeledMessage::Receive { payload, data, .. } =
                message.peel(&node_key(Node::Sender(0))).unwrap()
            else {
                panic!("the path ends at the sender")
            };
            let (path_id, payload) = (data.path_id.unwrap(), payload.to_vec());
            self.tell_sender(0, SenderEvent::MessageReceived { path_id, payload })?;
        }
        Ok(())
    }

    /// What the receiver has sent arrives.
    pub(crate) fn deliver_releases(&mut self) {
        for (holder, message) in std::mem::take(&mut self.releases) {
            self.tell_forwarder(holder, ForwarderEvent::MessageReceived { message }).unwrap();
        }
    }

    /// The way to the receiver for a node that finds it itself: over all forwarders behind it, unless the test says otherwise.
    fn find_route(&mut self, node: Node, incoming: OutPoint) {
        let Node::Forwarder(index) = node else { panic!("{node:?} is no forwarder") };
        let behind = (index + 1..=self.forwarders.len()).map(Node::Forwarder).collect();
        let tail = self.tails.get(&node).cloned().unwrap_or(behind);
        let indices: Vec<usize> = tail
            .iter()
            .map(|node| match node {
                Node::Forwarder(index) => *index,
                other => panic!("{other:?} forwards nothing"),
            })
            .collect();
        self.entropies += 1;
        let event = ForwarderEvent::RouteFound {
            incoming,
            forwarders: hops(&indices, self.tail_end),
            seed: AttemptSeed::new([self.entropies; 32]),
        };
        self.tell_forwarder(node, event).unwrap();
    }

    /// Everybody sees a block.
    pub(crate) fn block(&mut self, height: u32) {
        self.height = height;
        for index in 0..self.senders.len() {
            self.tell_sender(index, SenderEvent::Block { height }).unwrap();
        }
        for index in 1..=self.forwarders.len() {
            self.tell_forwarder(Node::Forwarder(index), ForwarderEvent::Block { height }).unwrap();
        }
        self.tell_receiver(ReceiverEvent::Block { height }).unwrap();
    }

    pub(crate) fn node(&self, id: &Point) -> Node {
        (1..=self.forwarders.len())
            .map(Node::Forwarder)
            .chain([Node::Receiver])
            .find(|node| node_id(*node) == *id)
            .unwrap()
    }

    /// A contract as proposed, at an outpoint that never was.
    pub(crate) fn fund(&mut self, offerer: Node, proposal: &Proposal) -> Edge {
        let Proposal { to, amount_msat, expiry, lock, .. } = *proposal;
        self.fund_terms(offerer, peer(&to, self.forwarders.len()), lock, amount_msat, expiry)
    }

    pub(crate) fn fund_terms(
        &mut self,
        offerer: Node,
        claimer: Node,
        lock: Lock,
        amount_msat: u64,
        expiry: u32,
    ) -> Edge {
        self.contracts += 1;
        let outpoint = OutPoint { txid: Txid::from_byte_array([self.contracts; 32]), vout: 7 };
        let terms = ContractTerms {
            offerer: contract_key(offerer).public_key(),
            claimer: contract_key(claimer).public_key(),
            amount: Amount::from_sat(amount_msat.div_ceil(1_000)),
            expiry,
            lock,
        };
        let funded = FundedContract::new(Contract::new(terms).unwrap(), outpoint);
        let payout = payout(claimer);
        let ladder = FeeLadder::new(vec![Amount::from_sat(200), Amount::from_sat(900)]).unwrap();
        let aux_rand = [self.contracts; 32];
        let keypair = contract_key(offerer);
        let offered =
            OfferedContract::new(funded.clone(), &payout, &ladder, &keypair, &aux_rand).unwrap();
        let pre_signatures = offered.pre_signatures().cloned();
        let received = ReceivedContract::new(funded, payout, &ladder, pre_signatures).unwrap();
        let edge = Edge { offerer, claimer, offered, received };
        self.edges.insert(outpoint, edge.clone());
        self.facts.push(Fact::Offered { by: offerer, outpoint });
        edge
    }

    /// Tells the claimer of a contract.
    pub(crate) fn commit(&mut self, edge: Edge, path_key: Option<Point>, packet: Packet) {
        let contract = edge.received;
        match edge.claimer {
            Node::Receiver => {
                let event = ReceiverEvent::IncomingCommitted { contract, path_key, packet };
                self.tell_receiver(event).unwrap();
            }
            node => {
                let from = match edge.offerer {
                    Node::Receiver => panic!("a receiver offers nothing"),
                    offerer => node_id(offerer),
                };
                let event = ForwarderEvent::IncomingCommitted { from, contract, path_key, packet };
                self.tell_forwarder(node, event).unwrap();
            }
        }
    }

    /// The transaction that claims, if the secret is right.
    pub(crate) fn claim_transaction(&self, outpoint: OutPoint, secret: &LockSecret) -> Transaction {
        let edge = &self.edges[&outpoint];
        let keypair = contract_key(edge.claimer);
        let coins = FeeCoins::none();
        let claim = edge.received.claim(1, secret, &keypair, &coins, &[0; 32]).unwrap();
        let prevout = edge.offered.funded().contract().tx_out();
        limits::check(&claim, |_| Some(prevout.clone()), self.height + 1).unwrap();
        claim
    }

    fn claim(&mut self, by: Node, outpoint: OutPoint, secret: LockSecret) {
        let edge = self.edges[&outpoint].clone();
        assert_eq!(edge.claimer, by);
        let transaction = self.claim_transaction(outpoint, &secret);
        let msat = edge.terms().amount.to_sat() as i64 * 1_000;
        *self.balances.entry(by).or_default() += msat;
        *self.balances.entry(edge.offerer).or_default() -= msat;
        self.facts.push(Fact::Claimed { by, outpoint, secret: secret.clone() });
        match (edge.offerer, self.settle) {
            (Node::Sender(index), Settle::OffChain) => self
                .tell_sender(index, SenderEvent::OutgoingFulfilled { outgoing: outpoint, secret }),
            (Node::Sender(index), Settle::OnChain) => self.tell_sender(
                index,
                SenderEvent::OutgoingClaimed { outgoing: outpoint, transaction },
            ),
            (node, Settle::OffChain) => self.tell_forwarder(
                node,
                ForwarderEvent::OutgoingFulfilled { outgoing: outpoint, secret },
            ),
            (node, Settle::OnChain) => self.tell_forwarder(
                node,
                ForwarderEvent::OutgoingClaimed { outgoing: outpoint, transaction },
            ),
        }
        .unwrap();
        let incoming = outpoint;
        match by {
            Node::Receiver => self.tell_receiver(ReceiverEvent::Settled { incoming }),
            node => self.tell_forwarder(node, ForwarderEvent::IncomingClaimed { incoming }),
        }
        .unwrap();
    }

    fn fail(&mut self, by: Node, outpoint: OutPoint, reason: Refusal, failure: FailureMessage) {
        let edge = self.edges[&outpoint].clone();
        assert_eq!(edge.claimer, by);
        self.facts.push(Fact::Failed { by, outpoint, reason });
        let incoming = outpoint;
        match by {
            Node::Receiver => self.tell_receiver(ReceiverEvent::Settled { incoming }),
            node => self.tell_forwarder(node, ForwarderEvent::IncomingFailed { incoming }),
        }
        .unwrap();
        let (outgoing, failure) = (outpoint, Some(failure));
        match edge.offerer {
            Node::Sender(index) => {
                self.tell_sender(index, SenderEvent::OutgoingFailed { outgoing, failure })
            }
            node => self.tell_forwarder(node, ForwarderEvent::OutgoingFailed { outgoing, failure }),
        }
        .unwrap();
    }

    pub(crate) fn tell_sender(
        &mut self,
        index: usize,
        event: SenderEvent,
    ) -> Result<(), PaymentError> {
        let sender = &mut self.senders[index];
        let actions = sender.apply(event)?;
        let node = Node::Sender(index);
        let words = actions.iter().map(sender_words).collect::<Vec<_>>().join("\n");
        self.records.entry(node).or_default().push((words, sender.view().clone()));
        self.tasks.extend(actions.into_iter().map(|action| (node, Action::Sender(action))));
        Ok(())
    }

    pub(crate) fn tell_forwarder(
        &mut self,
        node: Node,
        event: ForwarderEvent,
    ) -> Result<(), PaymentError> {
        let Node::Forwarder(index) = node else { panic!("{node:?} is no forwarder") };
        let forwarder = &mut self.forwarders[index - 1];
        let actions = forwarder.apply(event)?;
        let words = actions.iter().map(forwarder_words).collect::<Vec<_>>().join("\n");
        self.records.entry(node).or_default().push((words, forwarder.view().clone()));
        self.tasks.extend(actions.into_iter().map(|action| (node, Action::Forwarder(action))));
        Ok(())
    }

    pub(crate) fn tell_receiver(&mut self, event: ReceiverEvent) -> Result<(), PaymentError> {
        let actions = self.receiver.apply(event)?;
        let words = actions.iter().map(receiver_words).collect::<Vec<_>>().join("\n");
        self.records.entry(Node::Receiver).or_default().push((words, self.receiver.view().clone()));
        self.tasks
            .extend(actions.into_iter().map(|action| (Node::Receiver, Action::Receiver(action))));
        Ok(())
    }

    /// Replays every prefix of every log: the same view, and the same reaction to the next event.
    pub(crate) fn check_replay(&self) {
        for (index, sender) in self.senders.iter().enumerate() {
            let Some(record) = self.records.get(&Node::Sender(index)) else { continue };
            let copies = |count: usize| copy_sender_log(&sender.log()[..count], &self.seeds[index]);
            for count in 0..=record.len() {
                let mut replayed = Sender::replay(copies(count)).unwrap();
                let expected = count.checked_sub(1).map(|last| record[last].1.clone());
                assert_eq!(*replayed.view(), expected.unwrap_or_default());
                assert_eq!(replayed.log().len(), count);
                if let Some((words, _)) = record.get(count) {
                    let event = copies(count + 1).pop().unwrap();
                    let actions = replayed.apply(event).unwrap();
                    let said = actions.iter().map(sender_words).collect::<Vec<_>>().join("\n");
                    assert_eq!(said, *words);
                }
            }
        }
        for (index, forwarder) in self.forwarders.iter().enumerate() {
            let Some(record) = self.records.get(&Node::Forwarder(index + 1)) else { continue };
            let copies = |count: usize| copy_forwarder_log(&forwarder.log()[..count]);
            for count in 0..=record.len() {
                let config = self.configs[index].clone();
                let store = MemoryStore::default();
                let mut replayed = Forwarder::replay(config, store, copies(count)).unwrap();
                let expected = count.checked_sub(1).map(|last| record[last].1.clone());
                assert_eq!(*replayed.view(), expected.unwrap_or_default());
                assert_eq!(replayed.log().len(), count);
                if let Some((words, _)) = record.get(count) {
                    let event = copies(count + 1).pop().unwrap();
                    let actions = replayed.apply(event).unwrap();
                    let said = actions.iter().map(forwarder_words).collect::<Vec<_>>().join("\n");
                    assert_eq!(said, *words);
                }
            }
        }
        let Some(record) = self.records.get(&Node::Receiver) else { return };
        let copies = |count: usize| copy_receiver_log(&self.receiver.log()[..count]);
        for count in 0..=record.len() {
            let mut replayed = Receiver::replay(receiver_config(), copies(count)).unwrap();
            let expected = count.checked_sub(1).map(|last| record[last].1.clone());
            assert_eq!(*replayed.view(), expected.unwrap_or_default());
            assert_eq!(replayed.log().len(), count);
            if let Some((words, _)) = record.get(count) {
                let event = copies(count + 1).pop().unwrap();
                let actions = replayed.apply(event).unwrap();
                let said = actions.iter().map(receiver_words).collect::<Vec<_>>().join("\n");
                assert_eq!(said, *words);
            }
        }
    }
}

/// A path over these forwarders, for payments.
pub(crate) fn receiver_path(relays: &[usize], index: usize) -> (PaymentPath, ReceiverPath) {
    let next = relays.iter().skip(1).map(|relay| Node::Forwarder(*relay)).chain([Node::Receiver]);
    let relay = |(relay, next): (&usize, Node)| {
        let policy = policy(*relay);
        PathRelay {
            node_id: node_id(Node::Forwarder(*relay)),
            short_channel_id: channel_to(next),
            relay: PaymentRelay {
                cltv_expiry_delta: policy.cltv_expiry_delta as u16,
                fee_proportional_millionths: policy.fee_proportional_millionths as u32,
                fee_base_msat: policy.fee_base_msat as u32,
            },
        }
    };
    let relays: Vec<PathRelay> = relays.iter().zip(next).map(relay).collect();
    ReceiverPath::build(
        secret_of("payment path", index),
        *secret_of("payment path id", index).dangerous_to_bytes(),
        &relays,
        node_id(Node::Receiver),
        MIN_FINAL_DELTA as u16,
        HEIGHT + 5_000,
    )
    .unwrap()
}

pub(crate) fn receiver_config() -> ReceiverConfig {
    ReceiverConfig {
        node_key: node_key(Node::Receiver),
        min_final_delta: MIN_FINAL_DELTA,
        height: HEIGHT,
    }
}

pub(crate) fn payout(node: Node) -> ScriptBuf {
    let key = contract_key(node).x_only_public_key().serialize();
    ScriptBuf::from_bytes([[0x51, 0x20].as_slice(), &key].concat())
}

// Actions in words, secrets included.

pub(crate) fn secret_words(secret: &LockSecret) -> String {
    match secret {
        LockSecret::Scalar(scalar) => hex::encode(*scalar.dangerous_to_bytes()),
        LockSecret::Preimage(preimage) => hex::encode(preimage.dangerous_as_bytes()),
    }
}

fn proposal_words(proposal: &Proposal) -> String {
    let Proposal { to, amount_msat, expiry, lock, path_key, packet } = proposal;
    let packet = hex::encode(packet.to_bytes());
    format!("{to:?} {amount_msat} {expiry} {lock:?} {path_key:?} {packet}")
}

fn message_words(to: &dyn std::fmt::Debug, message: &OnionMessage) -> String {
    format!("message {to:?} {}", hex::encode(message.to_bytes()))
}

fn sender_words(action: &SenderAction) -> String {
    match action {
        SenderAction::Offer { attempt, proposal } => {
            format!("offer {attempt} {}", proposal_words(proposal))
        }
        SenderAction::SendMessage { to, message } => message_words(to, message),
        SenderAction::Paid { payment, secret } => {
            format!("paid {payment} {}", secret_words(secret))
        }
        other => format!("{other:?}"),
    }
}

fn forwarder_words(action: &ForwarderAction) -> String {
    match action {
        ForwarderAction::Offer { incoming, proposal } => {
            format!("offer {incoming} {}", proposal_words(proposal))
        }
        ForwarderAction::SendMessage { to, message } => message_words(to, message),
        ForwarderAction::Claim { incoming, secret } => {
            format!("claim {incoming} {}", secret_words(secret))
        }
        other => format!("{other:?}"),
    }
}

fn receiver_words(action: &ReceiverAction) -> String {
    match action {
        ReceiverAction::SendMessage { to, message } => message_words(to, message),
        ReceiverAction::Claim { incoming, secret } => {
            format!("claim {incoming} {}", secret_words(secret))
        }
        other => format!("{other:?}"),
    }
}

// Events are not Clone, for a seed is used once; a test reads the log as a driver reads its disk.

pub(crate) fn copy_sender_log(log: &[SenderEvent], seeds: &[[u8; 32]]) -> Vec<SenderEvent> {
    let mut seeds = seeds.iter();
    let mut seed = || AttemptSeed::new(*seeds.next().unwrap());
    log.iter()
        .map(|event| match event {
            SenderEvent::Pay(payment) => SenderEvent::Pay(Payment {
                invoice: payment.invoice.clone(),
                payee: payment.payee,
                amount_msat: payment.amount_msat,
                parts: payment.parts.iter().map(|part| copy_order(part, seed())).collect(),
                min_final_delta: payment.min_final_delta,
                hold: payment.hold,
                hop_blinds: payment.hop_blinds,
                cancellable: payment.cancellable.clone(),
                height: payment.height,
                unix_time: payment.unix_time,
                payer: payment.payer.as_ref().map(|payer| payer_of(payer.note.as_deref())),
            }),
            SenderEvent::Retry { attempt, order, height } => SenderEvent::Retry {
                attempt: *attempt,
                order: copy_order(order, seed()),
                height: *height,
            },
            SenderEvent::MessageReceived { path_id, payload } => {
                SenderEvent::MessageReceived { path_id: path_id.clone(), payload: payload.clone() }
            }
            SenderEvent::Cancel { payment } => SenderEvent::Cancel { payment: *payment },
            SenderEvent::Announce { payment, .. } => {
                SenderEvent::Announce { payment: *payment, seed: seed() }
            }
            SenderEvent::OutgoingCommitted { attempt, contract } => {
                SenderEvent::OutgoingCommitted { attempt: *attempt, contract: contract.clone() }
            }
            SenderEvent::OutgoingClaimed { outgoing, transaction } => {
                let (outgoing, transaction) = (*outgoing, transaction.clone());
                SenderEvent::OutgoingClaimed { outgoing, transaction }
            }
            SenderEvent::OutgoingFulfilled { outgoing, secret } => {
                SenderEvent::OutgoingFulfilled { outgoing: *outgoing, secret: secret.clone() }
            }
            SenderEvent::OfferFailed { attempt } => SenderEvent::OfferFailed { attempt: *attempt },
            SenderEvent::OutgoingFailed { outgoing, failure } => {
                SenderEvent::OutgoingFailed { outgoing: *outgoing, failure: failure.clone() }
            }
            SenderEvent::Block { height } => SenderEvent::Block { height: *height },
        })
        .collect()
}

fn copy_order(order: &PartOrder, seed: AttemptSeed) -> PartOrder {
    PartOrder {
        amount_msat: order.amount_msat,
        forwarders: order.forwarders.clone(),
        tail: order.tail,
        seed,
    }
}

/// The seeds of found routes are 1, 2, … in every byte.
pub(crate) fn copy_forwarder_log(log: &[ForwarderEvent]) -> Vec<ForwarderEvent> {
    let mut routes = 0;
    log.iter()
        .map(|event| match event {
            ForwarderEvent::IncomingCommitted { from, contract, path_key, packet } => {
                ForwarderEvent::IncomingCommitted {
                    from: *from,
                    contract: contract.clone(),
                    path_key: *path_key,
                    packet: packet.clone(),
                }
            }
            ForwarderEvent::RouteFound { incoming, forwarders, .. } => {
                routes += 1;
                ForwarderEvent::RouteFound {
                    incoming: *incoming,
                    forwarders: forwarders.clone(),
                    seed: AttemptSeed::new([routes; 32]),
                }
            }
            ForwarderEvent::NoRoute { incoming } => ForwarderEvent::NoRoute { incoming: *incoming },
            ForwarderEvent::OutgoingCommitted { incoming, contract } => {
                ForwarderEvent::OutgoingCommitted {
                    incoming: *incoming,
                    contract: contract.clone(),
                }
            }
            ForwarderEvent::OutgoingClaimed { outgoing, transaction } => {
                let (outgoing, transaction) = (*outgoing, transaction.clone());
                ForwarderEvent::OutgoingClaimed { outgoing, transaction }
            }
            ForwarderEvent::OutgoingFulfilled { outgoing, secret } => {
                ForwarderEvent::OutgoingFulfilled { outgoing: *outgoing, secret: secret.clone() }
            }
            ForwarderEvent::OutgoingFailed { outgoing, failure } => {
                ForwarderEvent::OutgoingFailed { outgoing: *outgoing, failure: failure.clone() }
            }
            ForwarderEvent::OfferFailed { incoming } => {
                ForwarderEvent::OfferFailed { incoming: *incoming }
            }
            ForwarderEvent::IncomingClaimed { incoming } => {
                ForwarderEvent::IncomingClaimed { incoming: *incoming }
            }
            ForwarderEvent::IncomingFailed { incoming } => {
                ForwarderEvent::IncomingFailed { incoming: *incoming }
            }
            ForwarderEvent::MessageReceived { message } => {
                ForwarderEvent::MessageReceived { message: message.clone() }
            }
            ForwarderEvent::Block { height } => ForwarderEvent::Block { height: *height },
        })
        .collect()
}

pub(crate) fn copy_receiver_log(log: &[ReceiverEvent]) -> Vec<ReceiverEvent> {
    log.iter()
        .map(|event| match event {
            ReceiverEvent::Published { invoice, secret, paths } => {
                let (invoice, secret, paths) = (invoice.clone(), secret.clone(), paths.clone());
                ReceiverEvent::Published { invoice, secret, paths }
            }
            ReceiverEvent::PublishedPolynomial { invoice, polynomial, paths } => {
                let (invoice, polynomial) = (invoice.clone(), polynomial.clone());
                let paths = paths.clone();
                ReceiverEvent::PublishedPolynomial { invoice, polynomial, paths }
            }
            ReceiverEvent::MessageReceived { message, entropy } => {
                ReceiverEvent::MessageReceived { message: message.clone(), entropy: *entropy }
            }
            ReceiverEvent::IncomingCommitted { contract, path_key, packet } => {
                let (contract, path_key) = (contract.clone(), *path_key);
                ReceiverEvent::IncomingCommitted { contract, path_key, packet: packet.clone() }
            }
            ReceiverEvent::PartsTimedOut { incoming } => {
                ReceiverEvent::PartsTimedOut { incoming: *incoming }
            }
            ReceiverEvent::Settled { incoming } => ReceiverEvent::Settled { incoming: *incoming },
            ReceiverEvent::Block { height } => ReceiverEvent::Block { height: *height },
        })
        .collect()
}
