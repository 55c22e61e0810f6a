//! What is published, and what is ordered to be paid.

use pointlock::curve::{Keypair, Point};
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::proof::{Challenge, ProofRequest, Verifier};
use pointlock::invoice::{
    ChainHash, PaymentLock, PaymentPath, StaticInvoice, StaticInvoiceBuilder,
};
use pointlock::lock::{Lock, LockSecret, Preimage};
use pointlock::onion::blinded::PaymentRelay;
use pointlock::payment::{
    AttemptId, AttemptSeed, HoldPlan, HopBlinds, MessagePath, PartOrder, PathRelay, Payee, Payer,
    PayerSeed, Payment, PaymentId, ReceiverEvent, ReceiverPath, ReceiverPaths, SenderAction,
    SenderEvent, Tail,
};
use pointlock::wire::Features;

use super::{
    AMOUNT_MSAT, Action, BASIC_MPP, HEIGHT, HOLD_BLOCKS, MIN_FINAL_DELTA, Network, Node, TIME,
    channel_to, hops, node_id, node_key, policy, secret_of,
};

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

/// What a verifier of payments asks for.
pub(crate) const REQUEST: ProofRequest =
    ProofRequest { verifier: Verifier::from_bytes([6; 32]), challenge: Challenge::new([7; 32]) };

/// A payer whose key depends on its note alone, so that a log can be copied.
pub(crate) fn payer_of(note: Option<&[u8]>) -> Payer {
    let mut entropy = [0xa5; 32];
    let note_bytes = note.unwrap_or_default();
    entropy[..note_bytes.len()].copy_from_slice(note_bytes);
    Payer { seed: PayerSeed::new(entropy), note: note.map(<[u8]>::to_vec) }
}

impl Network {
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
            chain: ChainHash::BITCOIN,
            rate: None,
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
        self.senders[sender].role().attempts(&payment).unwrap()[0]
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
                self.senders[sender].role().payment_of(attempt).unwrap()
            }
            other => panic!("{other:?}"),
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
