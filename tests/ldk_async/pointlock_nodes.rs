//! The pointlock nodes of a conversation: an LSP, a receiver with a plain static invoice, a payer.

use std::sync::atomic::{AtomicU64, Ordering};

use pointlock::async_payments::{AsyncPaymentsError, HeldHtlc, ask_for_holder};
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
use pointlock::hold::Limits;
use pointlock::invoice::{ChainHash, Offer, OfferBuilder, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{Lock, LockSecret, PaymentHash};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{BlindedPath, NextPeer, OnionMessage, PaymentRelay, PeeledMessage};
use pointlock::payment::{
    AttemptSeed, Deadlines, Forwarder, ForwarderAction, ForwarderConfig, ForwarderEvent,
    ForwardingPolicy, HopBlinds, MessagePath, PartOrder, PathRelay, Payee as Whom, PayerSeed,
    Payment, Proposal, Receiver, ReceiverAction, ReceiverConfig, ReceiverError, ReceiverEvent,
    ReceiverPath, ReceiverPaths, Refusal, Role, Sender, SenderAction, SenderEvent, Tail,
    Unobserved,
};
use pointlock::wire::IntroductionNode;
use secp256k1::PublicKey;

use crate::{AMOUNT_MSAT, HEIGHT, NOW, relay_terms};

static EDGES: AtomicU64 = AtomicU64::new(0);

fn secret(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

pub(crate) fn point(key: PublicKey) -> Point {
    Point::from_slice(&key.serialize()).unwrap()
}

pub(crate) fn key_of(point: Point) -> PublicKey {
    PublicKey::from_slice(&point.to_bytes()).unwrap()
}

/// An edge of a name of its own.
fn edge(lock: Lock, amount_msat: u64, expiry: u32) -> Edge {
    let number = EDGES.fetch_add(1, Ordering::Relaxed);
    let id = EdgeId::in_channel([7; 32], Direction::FromNode1, number);
    Edge { id, amount_msat, expiry, lock }
}

fn hash_lock(hash: [u8; 32]) -> Lock {
    Lock::Hash(PaymentHash(hash))
}

/// A payment on its way to a node: what `update_add_htlc` says of it.
pub(crate) struct Arriving {
    pub(crate) hash: [u8; 32],
    pub(crate) amount_msat: u64,
    pub(crate) expiry: u32,
    pub(crate) path_key: Option<Point>,
    pub(crate) packet: Packet,
}

impl Arriving {
    fn of(proposal: &Proposal) -> Self {
        let Lock::Hash(PaymentHash(hash)) = proposal.lock else { panic!("a hash") };
        Self {
            hash,
            amount_msat: proposal.amount_msat,
            expiry: proposal.expiry,
            path_key: proposal.path_key,
            packet: proposal.packet.clone(),
        }
    }
}

/// A node between, which passes messages and payments on.
pub(crate) struct Lsp {
    key: SecretScalar,
    forwarder: Forwarder,
}

impl Lsp {
    pub(crate) fn new() -> Self {
        Self::with(0x31)
    }

    pub(crate) fn with(byte: u8) -> Self {
        let key = secret(byte);
        let config = ForwarderConfig {
            node_key: key.clone(),
            policy: Self::policy(),
            deadlines: Deadlines::default(),
            limits: Limits::default(),
            hold_safety_margin: 200,
            hold_deltas_ahead: 100,
            hold_min_final_delta: 24,
            height: HEIGHT,
        };
        Self { key, forwarder: Forwarder::new(config).unwrap() }
    }

    pub(crate) fn id(&self) -> Point {
        self.key.to_point()
    }

    pub(crate) fn policy() -> ForwardingPolicy {
        let (delta, millionths, base) = relay_terms();
        ForwardingPolicy {
            fee_base_msat: base.into(),
            fee_proportional_millionths: millionths.into(),
            cltv_expiry_delta: delta.into(),
        }
    }

    /// What it sends on, and to whom. Messages stand without their type.
    pub(crate) fn pass(&self, message: &[u8]) -> (Point, Vec<u8>) {
        match peel(message, &self.key) {
            PeeledMessage::Forward { to: NextPeer::Node(to), message } => {
                (to, message.to_bytes()[2..].to_vec())
            }
            _ => panic!("it is to be passed on"),
        }
    }

    /// What it offers for a payment.
    pub(crate) fn forward(&mut self, from: Point, arriving: Arriving) -> Result<Arriving, Refusal> {
        let Arriving { hash, amount_msat, expiry, path_key, packet } = arriving;
        let edge = IncomingEdge::dangerous_committed(edge(hash_lock(hash), amount_msat, expiry));
        let event = ForwarderEvent::IncomingCommitted { from, edge, path_key, packet };
        let mut actions = self.forwarder.process(&event, &mut Unobserved).unwrap().actions;
        match actions.pop() {
            Some(ForwarderAction::Offer { proposal, .. }) => Ok(Arriving::of(&proposal)),
            Some(ForwarderAction::Fail { reason, .. }) => Err(reason),
            other => panic!("{other:?}"),
        }
    }
}

impl Lsp {
    /// Holds a payment, and gives the announcement that it sends to the receiver, along a message path of the receiver's.
    pub(crate) fn hold(
        &mut self,
        from: Point,
        arriving: Arriving,
        handover: OnionMessage,
    ) -> Vec<u8> {
        let Arriving { hash, amount_msat, expiry, path_key, packet } = arriving;
        let edge = IncomingEdge::dangerous_committed(edge(hash_lock(hash), amount_msat, expiry));
        let event = ForwarderEvent::IncomingCommitted { from, edge, path_key, packet };
        let actions = self.forwarder.process(&event, &mut Unobserved).unwrap().actions;
        assert!(actions.is_empty(), "it waits: {actions:?}");
        let event = ForwarderEvent::MessageReceived { message: handover, entropy: [0x71; 32] };
        let mut actions = self.forwarder.process(&event, &mut Unobserved).unwrap().actions;
        match actions.pop() {
            Some(ForwarderAction::Announce { message, .. }) => message.to_bytes()[2..].to_vec(),
            other => panic!("{other:?}"),
        }
    }

    /// What it offers when the receiver has answered.
    pub(crate) fn released(&mut self, message: &[u8]) -> Arriving {
        let message = [&OnionMessage::TYPE.to_be_bytes(), message].concat();
        let message = OnionMessage::from_bytes(&message).unwrap();
        let event = ForwarderEvent::MessageReceived { message, entropy: [0x72; 32] };
        let mut actions = self.forwarder.process(&event, &mut Unobserved).unwrap().actions;
        match actions.pop() {
            Some(ForwarderAction::Offer { proposal, .. }) => Arriving::of(&proposal),
            other => panic!("{other:?}"),
        }
    }
}

fn peel(message: &[u8], key: &SecretScalar) -> PeeledMessage {
    let message = [&OnionMessage::TYPE.to_be_bytes(), message].concat();
    OnionMessage::from_bytes(&message).unwrap().peel(key).unwrap()
}

/// A receiver with a plain static invoice, whose paths lead over the LSP.
pub(crate) struct Payee {
    key: SecretScalar,
    pub(crate) receiver: Receiver,
    pub(crate) offer: Offer,
    pub(crate) invoice: StaticInvoice,
}

impl Payee {
    pub(crate) fn new(lsp: Point) -> Self {
        let (server, _) = BlindedPath::build(secret(0x43), &[(lsp, [0; 0])]).unwrap();
        Self::with_offer_paths(lsp, &[server.into()], 1_209_600)
    }

    /// With an offer whose paths lead to somebody else, and so many seconds for the invoice.
    pub(crate) fn with_offer_paths(
        lsp: Point,
        offer_paths: &[BlindedPath<IntroductionNode>],
        relative_expiry: u32,
    ) -> Self {
        let key = secret(0x32);
        let (id, keypair) = (key.to_point(), Keypair::new(key.clone()));
        let (delta, millionths, base) = relay_terms();
        let relay = PaymentRelay {
            cltv_expiry_delta: delta,
            fee_proportional_millionths: millionths,
            fee_base_msat: base,
        };
        let relay = PathRelay { node_id: lsp, short_channel_id: 43, relay };
        let last = HEIGHT + 10_000;
        let (path, kept) =
            ReceiverPath::build(secret(0x41), [0x51; 32], &[relay], id, 24, last).unwrap();
        let (message_path, kept_message) =
            MessagePath::build(secret(0x42), [0x52; 32], &[lsp], id).unwrap();
        let offer = OfferBuilder::new()
            .amount_msat(AMOUNT_MSAT)
            .description("tea")
            .paths(offer_paths)
            .issuer_id(&id)
            .build()
            .unwrap();
        let invoice = StaticInvoiceBuilder::plain(&offer, NOW)
            .relative_expiry(relative_expiry)
            .paths(&[path])
            .message_paths(&[message_path])
            .sign(&keypair, &[0; 32])
            .unwrap();
        let mut receiver = Receiver::new(ReceiverConfig {
            node_key: key.clone(),
            min_final_delta: 24,
            deadlines: Deadlines::default(),
            height: HEIGHT,
            unix_time: NOW,
        })
        .unwrap();
        let paths = ReceiverPaths { payments: vec![kept], messages: vec![kept_message] };
        let event = ReceiverEvent::PublishedPlain { invoice: invoice.clone(), paths };
        let _ = receiver.process(&event, &mut Unobserved).unwrap();
        Self { key, receiver, offer, invoice }
    }

    pub(crate) fn id(&self) -> Point {
        self.key.to_point()
    }

    /// Its answer to a message, and to whom. Messages stand without their type.
    pub(crate) fn hear(
        &mut self,
        message: &[u8],
    ) -> Result<(Point, Vec<u8>), Option<ReceiverError>> {
        let message = [&OnionMessage::TYPE.to_be_bytes(), message].concat();
        let message = OnionMessage::from_bytes(&message).unwrap();
        let event = ReceiverEvent::MessageReceived { message, entropy: [0x61; 32] };
        let mut reaction = self.receiver.process(&event, &mut Unobserved).map_err(Some)?;
        assert!(!reaction.changed, "nothing is kept of a question");
        match reaction.actions.pop() {
            Some(ReceiverAction::SendMessage { to: IntroductionNode::NodeId(to), message }) => {
                Ok((to, message.to_bytes()[2..].to_vec()))
            }
            Some(ReceiverAction::ReleaseRefused { .. }) => Err(None),
            other => panic!("{other:?}"),
        }
    }

    /// The preimage with which it claims, or why not.
    pub(crate) fn take(&mut self, arriving: Arriving) -> Result<[u8; 32], Refusal> {
        let Arriving { hash, amount_msat, expiry, path_key, packet } = arriving;
        let edge = edge(hash_lock(hash), amount_msat, expiry);
        let incoming = edge.id;
        let edge = IncomingEdge::dangerous_committed(edge);
        let event = ReceiverEvent::IncomingCommitted { edge, path_key, packet };
        let mut actions = self.receiver.process(&event, &mut Unobserved).unwrap().actions;
        match actions.pop() {
            Some(ReceiverAction::Claimable { incoming: claimable }) if claimable == incoming => {}
            Some(ReceiverAction::Fail { reason, .. }) => return Err(reason),
            other => panic!("{other:?}"),
        }
        let event = ReceiverEvent::Claiming { incoming };
        let mut actions = self.receiver.process(&event, &mut Unobserved).unwrap().actions;
        match actions.pop() {
            Some(ReceiverAction::Claim { secret: LockSecret::Preimage(preimage), .. }) => {
                Ok(*preimage.dangerous_as_bytes())
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A payer that is there: it asks first, and pays when it is told to.
pub(crate) struct Payer {
    key: SecretScalar,
    sender: Sender,
}

impl Payer {
    pub(crate) fn new() -> Self {
        Self { key: secret(0x33), sender: Sender::new() }
    }

    pub(crate) fn id(&self) -> Point {
        self.key.to_point()
    }

    /// The question, and to whom.
    pub(crate) fn ask(&self, invoice: &StaticInvoice, entropy: u8) -> (HeldHtlc, Point, Vec<u8>) {
        let path = &invoice.message_paths()[0];
        let (held, to, message) = HeldHtlc::ask(path, &self.id(), [entropy; 32]).unwrap();
        let IntroductionNode::NodeId(to) = to else { panic!("by its id") };
        (held, to, message.to_bytes()[2..].to_vec())
    }

    /// The question where an LDK node holds the payment: the answer goes along that one's path.
    pub(crate) fn ask_for(&self, invoice: &StaticInvoice, holders_path: &[u8]) -> Vec<u8> {
        let (holders_path, _) = BlindedPath::read(holders_path).unwrap();
        let path = &invoice.message_paths()[0];
        let (_, message) = ask_for_holder(path, &holders_path, &[0x75; 32]).unwrap();
        message.to_bytes()[2..].to_vec()
    }

    pub(crate) fn hears(
        &self,
        held: &HeldHtlc,
        message: &[u8],
    ) -> Result<bool, AsyncPaymentsError> {
        match peel(message, &self.key) {
            PeeledMessage::Receive { payload, data, .. } => held.is_released(&payload, &data),
            _ => panic!("it is for the payer"),
        }
    }

    pub(crate) fn order(&self, invoice: &StaticInvoice, seed: u8) -> Payment {
        let part = PartOrder {
            amount_msat: AMOUNT_MSAT,
            forwarders: Vec::new(),
            tail: Tail::Path(0),
            seed: AttemptSeed::new([seed; 32]),
        };
        Payment {
            invoice: invoice.clone(),
            payee: Whom::WhoeverSigned,
            chain: ChainHash::BITCOIN,
            amount_msat: AMOUNT_MSAT,
            rate: None,
            parts: vec![part],
            min_final_delta: 24,
            hold: None,
            hop_blinds: HopBlinds::Derived,
            cancellable: None,
            height: HEIGHT,
            unix_time: NOW,
            payer: Some(pointlock::payment::Payer {
                seed: PayerSeed::new([seed; 32]),
                note: Some(b"table 4".to_vec()),
            }),
        }
    }

    /// Orders the payment; gives what is offered to the first node, and what says that it is paid.
    pub(crate) fn pay(&mut self, payment: Payment) -> (Point, Arriving, EdgeId) {
        let event = SenderEvent::Pay(payment);
        let mut actions = self.sender.process(&event, &mut Unobserved).unwrap().actions;
        let Some(SenderAction::Offer { attempt, proposal }) = actions.pop() else {
            panic!("an offer")
        };
        let NextPeer::Node(to) = proposal.to else { panic!("by its id") };
        let edge = edge(proposal.lock, proposal.amount_msat, proposal.expiry);
        let event = SenderEvent::OutgoingCommitted { attempt, edge };
        let _ = self.sender.process(&event, &mut Unobserved).unwrap();
        (to, Arriving::of(&proposal), edge.id)
    }

    /// What the sender says to an order that it refuses.
    pub(crate) fn refuses(&mut self, payment: Payment) -> Option<String> {
        let told = self.sender.process(&SenderEvent::Pay(payment), &mut Unobserved);
        told.err().map(|error| error.to_string())
    }

    /// Orders a payment that the first node is to hold: what is offered to it, and the sealed announcement for it.
    pub(crate) fn pay_held(&mut self, payment: Payment) -> (Arriving, EdgeId, OnionMessage) {
        let event = SenderEvent::Pay(payment);
        let mut actions = self.sender.process(&event, &mut Unobserved).unwrap().actions;
        let Some(SenderAction::Offer { attempt, proposal }) = actions.pop() else {
            panic!("an offer")
        };
        let edge = edge(proposal.lock, proposal.amount_msat, proposal.expiry);
        let event = SenderEvent::OutgoingCommitted { attempt, edge };
        let mut actions = self.sender.process(&event, &mut Unobserved).unwrap().actions;
        let Some(SenderAction::SendMessage { message, .. }) = actions.pop() else {
            panic!("a handover")
        };
        (Arriving::of(&proposal), edge.id, message)
    }

    /// Whether this preimage ends the payment.
    pub(crate) fn is_paid(&mut self, outgoing: EdgeId, preimage: [u8; 32]) -> bool {
        let secret = LockSecret::Preimage(pointlock::lock::Preimage::new(preimage));
        let event = SenderEvent::OutgoingFulfilled { outgoing, secret };
        let done = self.sender.process(&event, &mut Unobserved);
        done.is_ok_and(|done| matches!(done.actions[..], [SenderAction::Paid { .. }]))
    }
}
