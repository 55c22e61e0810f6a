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
use pointlock::invoice::{InvoiceId, PaymentLock, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{Lock, LockSecret, Preimage};
use pointlock::onion::Packet;
use pointlock::payment::{
    AttemptId, AttemptSeed, Forwarder, ForwarderAction, ForwarderConfig, ForwarderEvent, HoldPlan,
    Payee, Payer, PayerSeed, Payment, PaymentError, Proposal, Receiver, ReceiverAction,
    ReceiverConfig, ReceiverEvent, Refusal, RouteHop, Sender, SenderAction, SenderEvent, View,
};

pub(crate) const HEIGHT: u32 = 800_000;
pub(crate) const TIME: u64 = 1_750_000_000;
pub(crate) const AMOUNT_MSAT: u64 = 50_000_000;
pub(crate) const MIN_FINAL_DELTA: u32 = 18;
pub(crate) const HOLD_BLOCKS: u32 = 144;
pub(crate) const SAFETY_MARGIN: u32 = 10;

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
    Offered { by: Node, outpoint: OutPoint },
    Claimed { by: Node, outpoint: OutPoint, secret: LockSecret },
    Failed { by: Node, outpoint: OutPoint, reason: Refusal },
    TimeOut { by: Node, outpoint: OutPoint },
    Mailed,
    Released { to: Point },
    ReleaseRefused { by: Node, reason: Refusal },
    Replace { invoice: InvoiceId },
    Paid { by: Node, attempt: AttemptId, secret: LockSecret },
    PaymentFailed { by: Node, attempt: AttemptId },
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
    pub(crate) mailbox: Vec<Vec<u8>>,
    pub(crate) releases: Vec<(Point, Vec<u8>)>,
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

pub(crate) fn policy(index: usize) -> RouteHop {
    RouteHop {
        node_id: node_id(Node::Forwarder(index)),
        fee_base_msat: 1_000 * index as u64,
        fee_proportional_millionths: 100 * index as u64,
        cltv_expiry_delta: 34 + index as u32,
    }
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

pub(crate) fn invoice_of(secret: &LockSecret, route: &[Point]) -> StaticInvoice {
    signed_invoice(
        match secret.lock() {
            Lock::Point(point) => point.into(),
            Lock::Hash(hash) => PaymentLock::Hash(hash),
        },
        route,
    )
}

fn signed_invoice(lock: PaymentLock, route: &[Point]) -> StaticInvoice {
    StaticInvoiceBuilder::new(lock, TIME)
        .amount_msat(AMOUNT_MSAT)
        .description("tea")
        .interim_route(route)
        .sign(&Keypair::new(node_key(Node::Receiver)), &[0; 32])
        .unwrap()
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
        let last = self.configs.last().map(|config| config.policy.node_id);
        let route: Vec<Point> = last.into_iter().chain([node_id(Node::Receiver)]).collect();
        let secret = invoice_secret(kind, index);
        let invoice = invoice_of(&secret, &route);
        self.tell_receiver(ReceiverEvent::Published { invoice: invoice.clone(), secret }).unwrap();
        invoice
    }

    /// An invoice for k payments, published.
    pub(crate) fn publish_polynomial(&mut self, k: usize, index: u8) -> StaticInvoice {
        let last = self.configs.last().map(|config| config.policy.node_id);
        let route: Vec<Point> = last.into_iter().chain([node_id(Node::Receiver)]).collect();
        let polynomial = PaymentPolynomial::from_entropy(&[index; 32], k).unwrap();
        let invoice = signed_invoice(polynomial.payment_points().into(), &route);
        let event = ReceiverEvent::PublishedPolynomial { invoice: invoice.clone(), polynomial };
        self.tell_receiver(event).unwrap();
        invoice
    }

    pub(crate) fn payment(&self, invoice: &StaticInvoice, entropy: [u8; 32]) -> Payment {
        Payment {
            invoice: invoice.clone(),
            payee: Payee::Known(node_id(Node::Receiver)),
            amount_msat: AMOUNT_MSAT,
            forwarders: self.configs.iter().map(|config| config.policy.clone()).collect(),
            min_final_delta: MIN_FINAL_DELTA,
            hold: None,
            height: self.height,
            unix_time: TIME + 1,
            seed: AttemptSeed::new(entropy),
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
        self.seeds[sender].push(entropy);
        self.tell_sender(sender, SenderEvent::Pay(payment)).unwrap();
        match self.tasks.back() {
            Some((_, Action::Sender(SenderAction::Offer { attempt, .. }))) => *attempt,
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
                self.commit(edge, proposal.packet);
            }
            SenderAction::Mail { to, sealed } => {
                assert_eq!(to, node_id(Node::Receiver));
                self.facts.push(Fact::Mailed);
                self.mailbox.push(sealed);
                if self.online {
                    self.deliver_mail();
                }
            }
            SenderAction::Paid { attempt, secret } => {
                self.facts.push(Fact::Paid { by: node, attempt, secret });
            }
            SenderAction::Failed { attempt } => {
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
                self.commit(edge, proposal.packet);
            }
            ForwarderAction::Claim { incoming, secret } => self.claim(node, incoming, secret),
            ForwarderAction::Fail { incoming, reason } => self.fail(node, incoming, reason),
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
            ReceiverAction::Release { to, sealed } => {
                self.facts.push(Fact::Released { to });
                self.releases.push((to, sealed));
                if self.online {
                    self.deliver_releases();
                }
            }
            ReceiverAction::Claim { incoming, secret } => self.claim(node, incoming, secret),
            ReceiverAction::Fail { incoming, reason } => self.fail(node, incoming, reason),
            ReceiverAction::ReleaseRefused { reason } => {
                self.facts.push(Fact::ReleaseRefused { by: node, reason });
            }
            ReceiverAction::Replace { invoice } => self.facts.push(Fact::Replace { invoice }),
        }
    }

    /// The receiver reads its mail.
    pub(crate) fn deliver_mail(&mut self) {
        for sealed in std::mem::take(&mut self.mailbox) {
            let entropy = [self.facts.len() as u8; 32];
            self.tell_receiver(ReceiverEvent::MailReceived { sealed, entropy }).unwrap();
        }
    }

    /// What the receiver has sent arrives.
    pub(crate) fn deliver_releases(&mut self) {
        for (to, sealed) in std::mem::take(&mut self.releases) {
            let holder = self.node(&to);
            self.tell_forwarder(holder, ForwarderEvent::ReleaseReceived { sealed }).unwrap();
        }
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
        self.fund_terms(offerer, self.node(&to), lock, amount_msat, expiry)
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
    pub(crate) fn commit(&mut self, edge: Edge, packet: Packet) {
        let contract = edge.received;
        match edge.claimer {
            Node::Receiver => {
                self.tell_receiver(ReceiverEvent::IncomingCommitted { contract, packet }).unwrap()
            }
            node => {
                let from = match edge.offerer {
                    Node::Receiver => panic!("a receiver offers nothing"),
                    offerer => node_id(offerer),
                };
                let event = ForwarderEvent::IncomingCommitted { from, contract, packet };
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
    }

    fn fail(&mut self, by: Node, outpoint: OutPoint, reason: Refusal) {
        let edge = self.edges[&outpoint].clone();
        assert_eq!(edge.claimer, by);
        self.facts.push(Fact::Failed { by, outpoint, reason });
        if let Node::Forwarder(_) = by {
            self.tell_forwarder(by, ForwarderEvent::IncomingFailed { incoming: outpoint }).unwrap();
        }
        match edge.offerer {
            Node::Sender(index) => {
                self.tell_sender(index, SenderEvent::OutgoingFailed { outgoing: outpoint })
            }
            node => {
                self.tell_forwarder(node, ForwarderEvent::OutgoingFailed { outgoing: outpoint })
            }
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
    let Proposal { to, amount_msat, expiry, lock, packet } = proposal;
    format!("{to:?} {amount_msat} {expiry} {lock:?} {}", hex::encode(packet.to_bytes()))
}

fn sender_words(action: &SenderAction) -> String {
    match action {
        SenderAction::Offer { attempt, proposal } => {
            format!("offer {attempt} {}", proposal_words(proposal))
        }
        SenderAction::Mail { to, sealed } => format!("mail {to:?} {}", hex::encode(sealed)),
        SenderAction::Paid { attempt, secret } => {
            format!("paid {attempt} {}", secret_words(secret))
        }
        other => format!("{other:?}"),
    }
}

fn forwarder_words(action: &ForwarderAction) -> String {
    match action {
        ForwarderAction::Offer { incoming, proposal } => {
            format!("offer {incoming} {}", proposal_words(proposal))
        }
        ForwarderAction::Claim { incoming, secret } => {
            format!("claim {incoming} {}", secret_words(secret))
        }
        other => format!("{other:?}"),
    }
}

fn receiver_words(action: &ReceiverAction) -> String {
    match action {
        ReceiverAction::Release { to, sealed } => format!("release {to:?} {}", hex::encode(sealed)),
        ReceiverAction::Claim { incoming, secret } => {
            format!("claim {incoming} {}", secret_words(secret))
        }
        other => format!("{other:?}"),
    }
}

// Events are not Clone, for a seed is used once; a test reads the log as a driver reads its disk.

pub(crate) fn copy_sender_log(log: &[SenderEvent], seeds: &[[u8; 32]]) -> Vec<SenderEvent> {
    let mut seeds = seeds.iter();
    log.iter()
        .map(|event| match event {
            SenderEvent::Pay(payment) => SenderEvent::Pay(Payment {
                invoice: payment.invoice.clone(),
                payee: payment.payee,
                amount_msat: payment.amount_msat,
                forwarders: payment.forwarders.clone(),
                min_final_delta: payment.min_final_delta,
                hold: payment.hold,
                height: payment.height,
                unix_time: payment.unix_time,
                seed: AttemptSeed::new(*seeds.next().unwrap()),
                payer: payment.payer.as_ref().map(|payer| payer_of(payer.note.as_deref())),
            }),
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
            SenderEvent::OutgoingFailed { outgoing } => {
                SenderEvent::OutgoingFailed { outgoing: *outgoing }
            }
            SenderEvent::Block { height } => SenderEvent::Block { height: *height },
        })
        .collect()
}

pub(crate) fn copy_forwarder_log(log: &[ForwarderEvent]) -> Vec<ForwarderEvent> {
    log.iter()
        .map(|event| match event {
            ForwarderEvent::IncomingCommitted { from, contract, packet } => {
                ForwarderEvent::IncomingCommitted {
                    from: *from,
                    contract: contract.clone(),
                    packet: packet.clone(),
                }
            }
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
            ForwarderEvent::OutgoingFailed { outgoing } => {
                ForwarderEvent::OutgoingFailed { outgoing: *outgoing }
            }
            ForwarderEvent::IncomingFailed { incoming } => {
                ForwarderEvent::IncomingFailed { incoming: *incoming }
            }
            ForwarderEvent::ReleaseReceived { sealed } => {
                ForwarderEvent::ReleaseReceived { sealed: sealed.clone() }
            }
            ForwarderEvent::Block { height } => ForwarderEvent::Block { height: *height },
        })
        .collect()
}

pub(crate) fn copy_receiver_log(log: &[ReceiverEvent]) -> Vec<ReceiverEvent> {
    log.iter()
        .map(|event| match event {
            ReceiverEvent::Published { invoice, secret } => {
                let (invoice, secret) = (invoice.clone(), secret.clone());
                ReceiverEvent::Published { invoice, secret }
            }
            ReceiverEvent::PublishedPolynomial { invoice, polynomial } => {
                let (invoice, polynomial) = (invoice.clone(), polynomial.clone());
                ReceiverEvent::PublishedPolynomial { invoice, polynomial }
            }
            ReceiverEvent::MailReceived { sealed, entropy } => {
                ReceiverEvent::MailReceived { sealed: sealed.clone(), entropy: *entropy }
            }
            ReceiverEvent::IncomingCommitted { contract, packet } => {
                let (contract, packet) = (contract.clone(), packet.clone());
                ReceiverEvent::IncomingCommitted { contract, packet }
            }
            ReceiverEvent::Block { height } => ReceiverEvent::Block { height: *height },
        })
        .collect()
}
