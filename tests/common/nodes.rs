//! The nodes of these tests: fixed keys, prices and secrets, so that a test can say in advance what it expects. The simulator drives them.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::collections::BTreeMap;

use bitcoin::OutPoint;
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::edge::EdgeId;
use pointlock::hold::Limits;
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::proof::{Challenge, ProofRequest, Verifier};
use pointlock::invoice::{PaymentLock, PaymentPath, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{Lock, LockSecret, Preimage};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{NextPeer, PaymentRelay};
use pointlock::payment::{
    AttemptId, AttemptSeed, ForwardingPolicy, HoldPlan, MessagePath, PartOrder, PathRelay, Payer,
    PayerSeed, Payment, PaymentId, Proposal, ReceiverConfig, ReceiverEvent, ReceiverPath,
    ReceiverPaths, Role, RouteHop, Sender, SenderEvent, Tail,
};
use pointlock::wire::Features;
use pointlock_sim::{
    Channels, Contract, Delivery, Hop, Keep, NodeKeys, PlainChain, Scenario, Settle, Sim, ToLock,
    Who,
};

pub(crate) const HEIGHT: u32 = 800_000;
pub(crate) const TIME: u64 = 1_750_000_000;
pub(crate) const AMOUNT_MSAT: u64 = 50_000_000;
pub(crate) const MIN_FINAL_DELTA: u32 = 24;
pub(crate) const HOLD_BLOCKS: u32 = 144;
pub(crate) const SAFETY_MARGIN: u32 = 50;
/// BOLT 9: the invoice may be paid in parts.
const BASIC_MPP: u16 = 17;

/// The receiver is away, and so is whoever it would answer.
pub(crate) const AWAY: Keep =
    Keep { mail: true, answers: true, claims: false, contracts_for: None };
/// The receiver is there, and what it says is slow to arrive.
pub(crate) const SLOW_ANSWERS: Keep = Keep { mail: false, ..AWAY };

/// The kinds of invoices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockKind {
    Point,
    Hash,
}

/// What a verifier of payments asks for.
pub(crate) const REQUEST: ProofRequest =
    ProofRequest { verifier: Verifier::from_bytes([6; 32]), challenge: Challenge::new([7; 32]) };

/// So many senders, and so many forwarders in a row before the receiver; their records are kept.
pub(crate) type Net = Sim<PlainChain>;

pub(crate) fn start(senders: usize, forwarders: usize) -> Net {
    let scenario = Scenario {
        senders: (0..senders).map(|index| format!("sender {index}")).collect(),
        forwarders: (1..=forwarders)
            .map(|number| Hop { name: format!("forwarder {number}"), policy: policy(number) })
            .collect(),
        min_final_delta: MIN_FINAL_DELTA,
        unix_time: TIME,
        hold_safety_margin: SAFETY_MARGIN,
        limits: Limits::default(),
        settle: Settle::OffChain,
        node_keys: NodeKeys::Given(node_key),
        channels: Channels::Given(|_, to| channel_to(to)),
        ..Scenario::default()
    };
    let mut net = scenario.start(PlainChain::new(HEIGHT));
    net.records = Some(BTreeMap::new());
    net
}

pub(crate) fn secret_of(name: &str, index: usize) -> SecretScalar {
    let mut bytes = [(index as u8).wrapping_add(1); 32];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    SecretScalar::from_bytes(&bytes).unwrap()
}

pub(crate) fn node_key(who: Who) -> SecretScalar {
    match who {
        Who::Sender(index) => secret_of("sender node", index),
        Who::Forwarder(index) => secret_of("forwarder node", index),
        Who::Receiver => secret_of("receiver node", 0),
    }
}

pub(crate) fn node_id(who: Who) -> Point {
    node_key(who).to_point()
}

/// i of N_i.
pub(crate) fn number_of(who: Who) -> usize {
    match who {
        Who::Forwarder(number) => number,
        other => panic!("{other:?} is no forwarder"),
    }
}

pub(crate) fn policy(number: usize) -> ForwardingPolicy {
    ForwardingPolicy {
        fee_base_msat: 1_000 * number as u64,
        fee_proportional_millionths: 100 * number as u64,
        cltv_expiry_delta: 35 + number as u32,
    }
}

/// Everybody has a channel to everybody.
pub(crate) fn channel_to(who: Who) -> u64 {
    match who {
        Who::Sender(index) => 1_000 + index as u64,
        Who::Forwarder(index) => index as u64,
        Who::Receiver => 500,
    }
}

/// These forwarders, the last of which forwards to `end`.
pub(crate) fn hops(forwarders: &[usize], end: Who) -> Vec<RouteHop> {
    let next = forwarders.iter().skip(1).map(|index| Who::Forwarder(*index)).chain([end]);
    let hop = |(index, next): (&usize, Who)| RouteHop {
        node_id: node_id(Who::Forwarder(*index)),
        short_channel_id: channel_to(next),
        policy: policy(*index),
        features: Features::of_node(),
    };
    forwarders.iter().zip(next).map(hop).collect()
}

pub(crate) fn receiver_config() -> ReceiverConfig {
    start(0, 0).receiver_config()
}

/// An edge that nobody has offered.
pub(crate) fn unknown_edge() -> EdgeId {
    EdgeId::of_contract(OutPoint::null())
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
    Keypair::new(node_key(Who::Receiver))
}

/// A payer whose key depends on its note alone.
pub(crate) fn payer_of(note: Option<&[u8]>) -> Payer {
    let mut entropy = [0xa5; 32];
    let note_bytes = note.unwrap_or_default();
    entropy[..note_bytes.len()].copy_from_slice(note_bytes);
    Payer { seed: PayerSeed::new(entropy), note: note.map(<[u8]>::to_vec) }
}

/// A path over these forwarders, for payments.
pub(crate) fn receiver_path(relays: &[usize], index: usize) -> (PaymentPath, ReceiverPath) {
    let relay = |hop: RouteHop| PathRelay {
        node_id: hop.node_id,
        short_channel_id: hop.short_channel_id,
        relay: PaymentRelay {
            cltv_expiry_delta: hop.policy.cltv_expiry_delta as u16,
            fee_proportional_millionths: hop.policy.fee_proportional_millionths as u32,
            fee_base_msat: hop.policy.fee_base_msat as u32,
        },
    };
    let relays: Vec<PathRelay> = hops(relays, Who::Receiver).into_iter().map(relay).collect();
    ReceiverPath::build(
        secret_of("payment path", index),
        *secret_of("payment path id", index).dangerous_to_bytes(),
        &relays,
        node_id(Who::Receiver),
        MIN_FINAL_DELTA as u16,
        HEIGHT + 5_000,
    )
    .unwrap()
}

/// What these tests ask of the simulator with fixed invoices, amounts and seeds.
pub(crate) trait Known {
    /// An invoice whose interim route is the last forwarder, if any, and the receiver; published.
    fn publish(&mut self, kind: LockKind, index: usize) -> StaticInvoice;

    /// An invoice for k payments, published.
    fn publish_polynomial(&mut self, k: usize, index: u8) -> StaticInvoice;

    /// An invoice with a blinded path for payments over each of these rows of forwarders, published; under a polynomial for `k`
    /// payments, or a plain lock.
    fn publish_paths(
        &mut self,
        kind: LockKind,
        k: usize,
        index: usize,
        relays: &[&[usize]],
    ) -> StaticInvoice;

    /// All forwarders in a row, in one part.
    fn in_one_part(&self, invoice: &StaticInvoice, entropy: [u8; 32]) -> Payment;

    fn payment_in(&self, invoice: &StaticInvoice, parts: Vec<PartOrder>) -> Payment;

    /// Orders a payment; nothing moves before [`Sim::run`].
    fn order_to_pay(&mut self, sender: usize, payment: Payment) -> PaymentId;

    /// Orders a payment in one part over all forwarders.
    fn pay_known(
        &mut self,
        sender: usize,
        invoice: &StaticInvoice,
        hold: Option<usize>,
        entropy: [u8; 32],
    ) -> AttemptId;

    /// The same under a point of the payer's own.
    fn pay_as(
        &mut self,
        sender: usize,
        invoice: &StaticInvoice,
        note: &str,
        hold: Option<usize>,
        entropy: [u8; 32],
    ) -> AttemptId;

    /// A contract as proposed, of which nobody has been told.
    fn fund(&mut self, offerer: Who, proposal: &Proposal) -> Contract;

    fn fund_terms(
        &mut self,
        offerer: Who,
        claimer: Who,
        lock: Lock,
        amount_msat: u64,
        expiry: u32,
    ) -> Contract;

    /// Tells the claimer of a contract.
    fn commit(&mut self, contract: Contract, path_key: Option<Point>, packet: Packet);

    /// The contract that is this edge.
    fn at(&self, edge: &EdgeId) -> &Contract;

    /// The newest attempt of each part of a payment, which its sender may have forgotten.
    fn attempts_of(&self, payment: &PaymentId) -> Vec<AttemptId>;

    /// The payment that an attempt belonged to, which its sender may have forgotten.
    fn payment_of(&self, attempt: &AttemptId) -> PaymentId;

    /// The locks of an attempt, as its sender set them up. It forgets them in the end, and its events don't.
    fn locks_of(&self, sender: usize, attempt: &AttemptId) -> Vec<Lock>;
}

impl Known for Net {
    fn publish(&mut self, kind: LockKind, index: usize) -> StaticInvoice {
        let secret = invoice_secret(kind, index);
        let (builder, paths) = reachable(self, builder(payment_lock(&secret)), index);
        let builder = builder.interim_route(&interim_route(self));
        let invoice = builder.sign(&receiver_keypair(), &[0; 32]).unwrap();
        let event = ReceiverEvent::Published { invoice: invoice.clone(), secret, paths };
        self.tell_receiver(event).unwrap();
        invoice
    }

    fn publish_polynomial(&mut self, k: usize, index: u8) -> StaticInvoice {
        let polynomial = PaymentPolynomial::from_entropy(&[index; 32], k).unwrap();
        let lock = polynomial.payment_points().into();
        let (builder, paths) = reachable(self, builder(lock), usize::from(index));
        let builder = builder.interim_route(&interim_route(self));
        let invoice = builder.sign(&receiver_keypair(), &[0; 32]).unwrap();
        let event =
            ReceiverEvent::PublishedPolynomial { invoice: invoice.clone(), polynomial, paths };
        self.tell_receiver(event).unwrap();
        invoice
    }

    fn publish_paths(
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
        let (builder, mut paths) = reachable(self, builder(lock), index);
        let mut public = Vec::new();
        for (number, relays) in relays.iter().enumerate() {
            let (path, kept) = receiver_path(relays, index * 10 + number);
            public.push(path);
            paths.payments.push(kept);
        }
        let offered: Vec<_> = public.iter().map(|path| path.path.clone()).collect();
        let builder = builder.paths(&public).offer_paths(&offered);
        let invoice = builder.sign(&receiver_keypair(), &[0; 32]).unwrap();
        let event = match k {
            0 => ReceiverEvent::Published { invoice: invoice.clone(), secret, paths },
            _ => ReceiverEvent::PublishedPolynomial { invoice: invoice.clone(), polynomial, paths },
        };
        self.tell_receiver(event).unwrap();
        invoice
    }

    fn in_one_part(&self, invoice: &StaticInvoice, entropy: [u8; 32]) -> Payment {
        let forwarders: Vec<usize> = (1..=self.forwarders.len()).collect();
        let part = PartOrder {
            amount_msat: AMOUNT_MSAT,
            forwarders: hops(&forwarders, Who::Receiver),
            tail: Tail::Receiver,
            seed: AttemptSeed::new(entropy),
        };
        self.payment_in(invoice, vec![part])
    }

    fn payment_in(&self, invoice: &StaticInvoice, parts: Vec<PartOrder>) -> Payment {
        let amount_msat = AMOUNT_MSAT;
        Payment { amount_msat, ..self.order(invoice.clone(), parts, TIME + 1) }
    }

    fn order_to_pay(&mut self, sender: usize, payment: Payment) -> PaymentId {
        let before = self.payments.len();
        self.tell_sender(sender, SenderEvent::Pay(payment)).unwrap();
        assert_eq!(self.payments.len(), before + 1, "it offers");
        self.payments[before].id
    }

    fn pay_known(
        &mut self,
        sender: usize,
        invoice: &StaticInvoice,
        hold: Option<usize>,
        entropy: [u8; 32],
    ) -> AttemptId {
        let hold = hold.map(|hop| HoldPlan { hop, blocks: HOLD_BLOCKS });
        let payment = Payment { hold, ..self.in_one_part(invoice, entropy) };
        let payment = self.order_to_pay(sender, payment);
        self.attempts_of(&payment)[0]
    }

    fn pay_as(
        &mut self,
        sender: usize,
        invoice: &StaticInvoice,
        note: &str,
        hold: Option<usize>,
        entropy: [u8; 32],
    ) -> AttemptId {
        let hold = hold.map(|hop| HoldPlan { hop, blocks: HOLD_BLOCKS });
        let payer = Some(payer_of(Some(note.as_bytes())));
        let payment = Payment { hold, payer, ..self.in_one_part(invoice, entropy) };
        let payment = self.order_to_pay(sender, payment);
        self.attempts_of(&payment)[0]
    }

    fn fund(&mut self, offerer: Who, proposal: &Proposal) -> Contract {
        let Proposal { to, amount_msat, expiry, lock, .. } = *proposal;
        let claimer = self.everybody().find(|who| match to {
            NextPeer::Node(id) => node_id(*who) == id,
            NextPeer::Channel(id) => channel_to(*who) == id,
        });
        self.fund_terms(offerer, claimer.unwrap(), lock, amount_msat, expiry)
    }

    fn fund_terms(
        &mut self,
        offerer: Who,
        claimer: Who,
        lock: Lock,
        amount_msat: u64,
        expiry: u32,
    ) -> Contract {
        let to_lock = ToLock { offerer, claimer, amount_msat, expiry, lock };
        let number = self.make_contract(pointlock_sim::Place::default(), &to_lock).unwrap();
        self.contracts[number].clone()
    }

    fn commit(&mut self, contract: Contract, path_key: Option<Point>, packet: Packet) {
        let contract = self.contract(&contract.edge_id()).unwrap();
        self.deliver(Delivery { contract, path_key, packet }).unwrap();
    }

    fn at(&self, edge: &EdgeId) -> &Contract {
        &self.contracts[self.contract(edge).unwrap()]
    }

    fn attempts_of(&self, payment: &PaymentId) -> Vec<AttemptId> {
        let number = self.payments.iter().position(|made| made.id == *payment).unwrap();
        let of_sender = self.attempts.iter().filter(|attempt| attempt.tail_of.is_none());
        let own = of_sender.filter(|attempt| attempt.payment == number);
        // A later attempt of a part takes the place of the one before.
        let newest: BTreeMap<usize, AttemptId> = own.map(|own| (own.part, own.id)).collect();
        newest.into_values().collect()
    }

    fn payment_of(&self, attempt: &AttemptId) -> PaymentId {
        let entered = self.attempts.iter().find(|entered| entered.id == *attempt).unwrap();
        self.payments[entered.payment].id
    }

    fn locks_of(&self, sender: usize, attempt: &AttemptId) -> Vec<Lock> {
        let (mut role, mut locks) = (Sender::new(), None);
        for event in self.senders[sender].log() {
            let _ = role.apply(event).unwrap();
            locks = locks.or_else(|| role.locks(attempt).map(<[Lock]>::to_vec));
        }
        locks.unwrap()
    }
}

fn interim_route(net: &Net) -> Vec<Point> {
    last_forwarder(net).into_iter().chain([node_id(Who::Receiver)]).collect()
}

fn last_forwarder(net: &Net) -> Option<Point> {
    let count = net.forwarders.len();
    (count > 0).then(|| node_id(Who::Forwarder(count)))
}

/// With a path for messages over the last forwarder.
fn reachable(
    net: &Net,
    builder: StaticInvoiceBuilder,
    index: usize,
) -> (StaticInvoiceBuilder, ReceiverPaths) {
    let relays: Vec<Point> = last_forwarder(net).into_iter().collect();
    let session = secret_of("message path", index);
    let path_id = *secret_of("message path id", index).dangerous_to_bytes();
    let (path, kept) =
        MessagePath::build(session, path_id, &relays, node_id(Who::Receiver)).unwrap();
    let paths = ReceiverPaths { payments: Vec::new(), messages: vec![kept] };
    (builder.message_paths(&[path]), paths)
}
