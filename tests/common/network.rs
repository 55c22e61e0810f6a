//! A network of roles on real contracts: what a driver does, without a channel, a chain or a clock.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part of it")]

#[path = "network/copies.rs"]
mod copies;
#[path = "network/invoices.rs"]
mod invoices;
#[path = "network/nodes.rs"]
mod nodes;
#[path = "network/replay.rs"]
mod replay;
#[path = "network/words.rs"]
mod words;

use std::collections::{BTreeMap, VecDeque};

use bitcoin::hashes::Hash;
use bitcoin::{Amount, OutPoint, Transaction, Txid};
use pointlock::contract::{
    Contract, ContractTerms, FeeCoins, FeeLadder, FundedContract, OfferedContract,
    ReceivedContract, limits,
};
use pointlock::curve::Point;
use pointlock::edge::{self, EdgeId, IncomingEdge};
use pointlock::hold::{HoldError, Limits, MemoryStore};
use pointlock::invoice::InvoiceId;
use pointlock::lock::{Lock, LockSecret};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{OnionMessage, PeeledMessage};
use pointlock::payment::{
    AttemptId, AttemptSeed, FailureMessage, Forwarder, ForwarderAction, ForwarderConfig,
    ForwarderError, ForwarderEvent, PaymentId, Proposal, Receiver, ReceiverAction, ReceiverError,
    ReceiverEvent, Recorded, Refusal, Sender, SenderAction, SenderError, SenderEvent, View,
};
use pointlock::wire::IntroductionNode;

pub(crate) use copies::{copy_forwarder_log, copy_receiver_log, copy_sender_log};
pub(crate) use invoices::{LockKind, REQUEST, invoice_of, invoice_secret, payer_of};
use nodes::peer;
pub(crate) use nodes::{
    channel_to, contract_key, hops, node_id, node_key, payout, policy, receiver_config, secret_of,
};
use words::{forwarder_words, receiver_words, sender_words};

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
        edge_id: EdgeId,
    },
    Claimed {
        by: Node,
        edge_id: EdgeId,
        secret: LockSecret,
    },
    Failed {
        by: Node,
        edge_id: EdgeId,
        reason: Refusal,
    },
    TimeOut {
        by: Node,
        edge_id: EdgeId,
    },
    /// By a sender.
    Mailed,
    /// By a holder.
    Announced,
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
    /// What was agreed on, in millisatoshi.
    pub(crate) amount_msat: u64,
}

impl Edge {
    /// As its offerer tells its role.
    pub(crate) fn outgoing(&self) -> edge::Edge {
        self.offered.edge(self.amount_msat).unwrap()
    }

    /// As its claimer tells its role.
    pub(crate) fn incoming(&self) -> IncomingEdge {
        self.received.edge(self.amount_msat).unwrap()
    }

    pub(crate) fn terms(&self) -> &ContractTerms {
        self.offered.funded().contract().terms()
    }
}

/// An edge that nobody has offered.
pub(crate) fn unknown_edge() -> EdgeId {
    EdgeId::of_contract(OutPoint::null())
}

/// After each event of a role: its reaction in words, and its view.
type Record = Vec<(String, View)>;

pub(crate) struct Network {
    pub(crate) senders: Vec<Recorded<Sender>>,
    pub(crate) forwarders: Vec<Recorded<Forwarder<MemoryStore>>>,
    pub(crate) receiver: Recorded<Receiver>,
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
    pub(crate) edges: BTreeMap<EdgeId, Edge>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) records: BTreeMap<Node, Record>,
    /// In millisatoshi, what everybody has won or lost.
    pub(crate) balances: BTreeMap<Node, i64>,
    /// The entropy of each sender's attempts, in order.
    pub(crate) seeds: Vec<Vec<[u8; 32]>>,
    pub(crate) height: u32,
    contracts: u8,
    /// Handovers for no hold that there is.
    pub(crate) dropped: Vec<(Node, OnionMessage)>,
    /// How many events.
    told: usize,
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
            senders: (0..senders).map(|_| Recorded::new(Sender::new())).collect(),
            forwarders: configs
                .iter()
                .map(|config| Recorded::new(Forwarder::new(config.clone(), store())))
                .collect(),
            receiver: Recorded::new(Receiver::new(receiver_config())),
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
            dropped: Vec::new(),
            told: 0,
        }
    }

    /// Carries out actions until none is left.
    pub(crate) fn run(&mut self) {
        while self.step() {}
    }

    /// Carries out one action. When none is left, handovers that were ahead of their hold come again, as a sender's driver does with all that
    /// is pending.
    pub(crate) fn step(&mut self) -> bool {
        if self.tasks.is_empty() {
            for (to, message) in std::mem::take(&mut self.dropped) {
                self.send(IntroductionNode::NodeId(node_id(to)), message);
            }
        }
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
                let Node::Sender(index) = node else { panic!("a sender's action") };
                let committed = edge.outgoing();
                let event = SenderEvent::OutgoingCommitted { attempt, edge: committed };
                self.tell_sender(index, event).unwrap();
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
                self.facts.push(Fact::TimeOut { by: node, edge_id: outgoing });
            }
        }
    }

    fn for_forwarder(&mut self, node: Node, action: ForwarderAction) {
        match action {
            ForwarderAction::Offer { incoming, proposal } => {
                let edge = self.fund(node, &proposal);
                let committed = edge.outgoing();
                let event = ForwarderEvent::OutgoingCommitted { incoming, edge: committed };
                self.tell_forwarder(node, event).unwrap();
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
            ForwarderAction::Announce { to, message } => {
                self.facts.push(Fact::Announced);
                self.send(to, message);
            }
            ForwarderAction::TimeOut { outgoing } => {
                self.facts.push(Fact::TimeOut { by: node, edge_id: outgoing });
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
        self.senders[index].role().attempts(payment).unwrap()[0]
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
                let event = ForwarderEvent::MessageReceived {
                    message: message.clone(),
                    entropy: self.entropy(),
                };
                match self.tell_forwarder(node, event) {
                    Ok(()) => {}
                    Err(ForwarderError::Hold(HoldError::Unknown(_) | HoldError::OutOfOrder(_))) => {
                        self.dropped.push((node, message));
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    /// Different for each message, and the same in each run.
    pub(crate) fn entropy(&self) -> [u8; 32] {
        let mut entropy = [0x5a; 32];
        entropy[..8].copy_from_slice(&(self.facts.len() as u64).to_be_bytes());
        entropy[8..16].copy_from_slice(&(self.told as u64).to_be_bytes());
        entropy
    }

    /// Holders announce once more what they hold, as their drivers have them do from time to time.
    pub(crate) fn announce(&mut self) {
        for index in 1..=self.forwarders.len() {
            let ledger = self.forwarders[index - 1].role().ledger();
            for hold in ledger.announced(self.height).unwrap() {
                let event = ForwarderEvent::Announce { hold, entropy: self.entropy() };
                self.tell_forwarder(Node::Forwarder(index), event).unwrap();
            }
        }
    }

    /// The receiver reads its mail.
    pub(crate) fn deliver_mail(&mut self) {
        for message in std::mem::take(&mut self.mailbox) {
            let entropy = self.entropy();
            self.tell_receiver(ReceiverEvent::MessageReceived { message, entropy }).unwrap();
        }
    }

    /// The first sender reads what the receiver has sent it.
    pub(crate) fn deliver_arrivals(&mut self) -> Result<(), SenderError> {
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
            let event = ForwarderEvent::MessageReceived { message, entropy: self.entropy() };
            self.tell_forwarder(holder, event).unwrap();
        }
    }

    /// The way to the receiver for a node that finds it itself: over all forwarders behind it, unless the test says otherwise.
    fn find_route(&mut self, node: Node, incoming: EdgeId) {
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

    /// A contract as proposed, at an edge_id that never was.
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
        let edge_id = EdgeId::of_contract(outpoint);
        let edge = Edge { offerer, claimer, offered, received, amount_msat };
        self.edges.insert(edge_id, edge.clone());
        self.facts.push(Fact::Offered { by: offerer, edge_id });
        edge
    }

    /// Tells the claimer of a contract.
    pub(crate) fn commit(&mut self, edge: Edge, path_key: Option<Point>, packet: Packet) {
        let committed = edge.incoming();
        match edge.claimer {
            Node::Receiver => {
                let edge = committed;
                let event = ReceiverEvent::IncomingCommitted { edge, path_key, packet };
                self.tell_receiver(event).unwrap();
            }
            node => {
                let from = match edge.offerer {
                    Node::Receiver => panic!("a receiver offers nothing"),
                    offerer => node_id(offerer),
                };
                let edge = committed;
                let event = ForwarderEvent::IncomingCommitted { from, edge, path_key, packet };
                self.tell_forwarder(node, event).unwrap();
            }
        }
    }

    /// The transaction that claims, if the secret is right.
    pub(crate) fn claim_transaction(&self, edge_id: EdgeId, secret: &LockSecret) -> Transaction {
        let edge = &self.edges[&edge_id];
        let keypair = contract_key(edge.claimer);
        let coins = FeeCoins::none();
        let claim = edge.received.claim(1, secret, &keypair, &coins, &[0; 32]).unwrap();
        let prevout = edge.offered.funded().contract().tx_out();
        limits::check(&claim, |_| Some(prevout.clone()), self.height + 1).unwrap();
        claim
    }

    fn claim(&mut self, by: Node, edge_id: EdgeId, secret: LockSecret) {
        let edge = self.edges[&edge_id].clone();
        assert_eq!(edge.claimer, by);
        let transaction = self.claim_transaction(edge_id, &secret);
        let msat = edge.terms().amount.to_sat() as i64 * 1_000;
        *self.balances.entry(by).or_default() += msat;
        *self.balances.entry(edge.offerer).or_default() -= msat;
        self.facts.push(Fact::Claimed { by, edge_id, secret: secret.clone() });
        // The driver of whoever offered finds the secret in the transaction, or is told it.
        let secret = match self.settle {
            Settle::OffChain => secret,
            Settle::OnChain => edge.offered.extract(&transaction).unwrap(),
        };
        let outgoing = edge_id;
        match edge.offerer {
            Node::Sender(index) => {
                let event = SenderEvent::OutgoingFulfilled { outgoing, secret };
                self.tell_sender(index, event).unwrap();
            }
            node => {
                let event = ForwarderEvent::OutgoingFulfilled { outgoing, secret };
                self.tell_forwarder(node, event).unwrap();
            }
        }
        let incoming = edge_id;
        match by {
            Node::Receiver => self.tell_receiver(ReceiverEvent::Settled { incoming }).unwrap(),
            node => {
                self.tell_forwarder(node, ForwarderEvent::IncomingClaimed { incoming }).unwrap();
            }
        }
    }

    fn fail(&mut self, by: Node, edge_id: EdgeId, reason: Refusal, failure: FailureMessage) {
        let edge = self.edges[&edge_id].clone();
        assert_eq!(edge.claimer, by);
        self.facts.push(Fact::Failed { by, edge_id, reason });
        let incoming = edge_id;
        match by {
            Node::Receiver => self.tell_receiver(ReceiverEvent::Settled { incoming }).unwrap(),
            node => {
                self.tell_forwarder(node, ForwarderEvent::IncomingFailed { incoming }).unwrap();
            }
        }
        let (outgoing, failure) = (edge_id, Some(failure));
        match edge.offerer {
            Node::Sender(index) => {
                let event = SenderEvent::OutgoingFailed { outgoing, failure };
                self.tell_sender(index, event).unwrap();
            }
            node => {
                let event = ForwarderEvent::OutgoingFailed { outgoing, failure };
                self.tell_forwarder(node, event).unwrap();
            }
        }
    }

    pub(crate) fn tell_sender(
        &mut self,
        index: usize,
        event: SenderEvent,
    ) -> Result<(), SenderError> {
        self.told += 1;
        let sender = &mut self.senders[index];
        let kept = sender.log().len();
        let actions = sender.apply(event)?;
        let node = Node::Sender(index);
        if sender.log().len() > kept {
            let words = actions.iter().map(sender_words).collect::<Vec<_>>().join("\n");
            self.records.entry(node).or_default().push((words, sender.view().clone()));
        }
        self.tasks.extend(actions.into_iter().map(|action| (node, Action::Sender(action))));
        Ok(())
    }

    pub(crate) fn tell_forwarder(
        &mut self,
        node: Node,
        event: ForwarderEvent,
    ) -> Result<(), ForwarderError> {
        let Node::Forwarder(index) = node else { panic!("{node:?} is no forwarder") };
        self.told += 1;
        let forwarder = &mut self.forwarders[index - 1];
        let kept = forwarder.log().len();
        let actions = forwarder.apply(event)?;
        if forwarder.log().len() > kept {
            let words = actions.iter().map(forwarder_words).collect::<Vec<_>>().join("\n");
            self.records.entry(node).or_default().push((words, forwarder.view().clone()));
        }
        self.tasks.extend(actions.into_iter().map(|action| (node, Action::Forwarder(action))));
        Ok(())
    }

    pub(crate) fn tell_receiver(&mut self, event: ReceiverEvent) -> Result<(), ReceiverError> {
        self.told += 1;
        let kept = self.receiver.log().len();
        let actions = self.receiver.apply(event)?;
        if self.receiver.log().len() > kept {
            let words = actions.iter().map(receiver_words).collect::<Vec<_>>().join("\n");
            let view = self.receiver.view().clone();
            self.records.entry(Node::Receiver).or_default().push((words, view));
        }
        self.tasks
            .extend(actions.into_iter().map(|action| (Node::Receiver, Action::Receiver(action))));
        Ok(())
    }
}
