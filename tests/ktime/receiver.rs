//! What arrives at the receiver, part by part.

use crate::failing_claims::{FailingClaims, Fails, broken};
use crate::nodes::{
    AMOUNT_MSAT, Known, LockKind, MIN_FINAL_DELTA, Net, TIME, invoice_secret, node_id, node_key,
    payer_of, receiver_config, start,
};
use crate::{secret, terms, x_of};
use pointlock::claims::{ClaimError, ClaimStore, MemoryClaimStore};
use pointlock::curve::{Keypair, Point};
use pointlock::edge::{self, Direction, EdgeId, IncomingEdge};
use pointlock::invoice::ktime::{KtimeError, PayerKey, PaymentPolynomial, PaymentTerms};
use pointlock::invoice::{InvoiceId, PaymentPoints, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{Blind, Lock, LockSecret, final_lock, final_secret};
use pointlock::onion::Packet;
use pointlock::payment::{
    FinalPayload, PayerPayload, PaymentSecret, PublishError, Receiver, ReceiverAction,
    ReceiverError, ReceiverEvent, ReceiverPaths, Recorded, Refusal,
};
use pointlock_sim::{Chain, Contract, Who};

const K: usize = 2;

struct Arrival {
    payload: FinalPayload,
    lock: Lock,
}

fn blind() -> Blind {
    Blind::from_bytes(&[0x21; 32]).unwrap()
}

fn last_lock(terms: &PaymentTerms) -> Point {
    let points = PaymentPolynomial::from_entropy(&[9; 32], K).unwrap().payment_points();
    final_lock(&terms.payment_point(&points).unwrap(), &blind()).unwrap()
}

/// A payment as it should be.
fn arrival(invoice: &StaticInvoice, note: &str, expiry: u32) -> Arrival {
    let terms = terms(invoice, note);
    let lock = last_lock(&terms);
    let payer = payer_of(Some(note.as_bytes()));
    let key = payer.seed.key();
    let payload = FinalPayload {
        amount_msat: AMOUNT_MSAT,
        expiry,
        payment_secret: Some(PaymentSecret::of_invoice(&invoice.invoice_id())),
        total_msat: AMOUNT_MSAT,
        final_blind: Some(blind()),
        part: None,
        withheld: None,
        keysend: None,
        payer: Some(PayerPayload {
            key: key.public_key(),
            note: payer.note,
            invoice_id: invoice.invoice_id(),
            signature: key.sign_payment(&terms.x().unwrap(), &lock, &[0; 32]),
        }),
    };
    Arrival { payload, lock: Lock::Point(lock) }
}

impl Arrival {
    fn payer(&mut self) -> &mut PayerPayload {
        self.payload.payer.as_mut().unwrap()
    }

    fn edge(&self, net: &mut Net) -> Contract {
        let expiry = net.chain.height() + MIN_FINAL_DELTA + 10;
        net.fund_terms(Who::Forwarder(1), Who::Receiver, self.lock, AMOUNT_MSAT, expiry)
    }

    fn event(&self, edge: &Contract, session: u8) -> ReceiverEvent {
        self.event_on(edge.incoming().unwrap(), session)
    }

    fn event_on(&self, edge: IncomingEdge, session: u8) -> ReceiverEvent {
        let hops = [(node_id(Who::Receiver), self.payload.to_bytes())];
        let (packet, _) = Packet::build(secret([session; 32]), &hops, &[]).unwrap();
        ReceiverEvent::IncomingCommitted { edge, path_key: None, packet }
    }
}

fn scene() -> (Net, StaticInvoice, u32) {
    let mut net = start(0, 1);
    let invoice = net.publish_polynomial(K, 9);
    let expiry = net.chain.height() + MIN_FINAL_DELTA + 10;
    (net, invoice, expiry)
}

/// What the receiver of this scene keeps of its invoice's paths.
fn paths_of(net: &Net) -> ReceiverPaths {
    match &net.receiver.log()[0] {
        ReceiverEvent::PublishedPolynomial { paths, .. } => paths.clone(),
        other => panic!("{other:?}"),
    }
}

/// The reaction of the receiver to one payment.
fn receive(net: &mut Net, arrival: &Arrival, session: u8) -> Result<LockSecret, Refusal> {
    let edge = arrival.edge(net);
    let actions = net.receiver.apply(arrival.event(&edge, session)).unwrap();
    match actions.into_iter().next().unwrap() {
        ReceiverAction::Claimable { incoming } => {
            let mut actions = net.receiver.apply(ReceiverEvent::Claiming { incoming }).unwrap();
            match actions.pop().unwrap() {
                ReceiverAction::Claim { secret, .. } => Ok(secret),
                other => panic!("{other:?}"),
            }
        }
        ReceiverAction::Fail { reason, .. } => Err(reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_receiver_checks_everything_itself() {
    type Fault = (fn(&mut Arrival), Refusal);
    const NOT_SIGNED: Refusal = Refusal::Payer(KtimeError::PayerSignature);
    let faults: &[Fault] = &[
        (|arrival| arrival.payload.payer = None, Refusal::PayerMismatch),
        (|arrival| arrival.payload.final_blind = None, Refusal::TweakMismatch),
        (
            |arrival| arrival.payer().invoice_id = InvoiceId::from_bytes([1; 32]),
            Refusal::InvoiceMismatch,
        ),
        // Another x or another lock, which the payer has not signed.
        (|arrival| arrival.payer().note = None, NOT_SIGNED),
        (|arrival| arrival.payer().note = Some(b"table 5".to_vec()), NOT_SIGNED),
        (|arrival| arrival.payer().key = PayerKey::new(secret([7; 32])).public_key(), NOT_SIGNED),
        (|arrival| arrival.lock = Lock::Point(secret([7; 32]).to_point()), NOT_SIGNED),
        // A lock that has nothing to do with Z(x), though it is signed.
        (
            |arrival| {
                let lock = secret([7; 32]).to_point();
                let key = payer_of(Some(b"table 4")).seed.key();
                let x = arrival.payer().terms(AMOUNT_MSAT).x().unwrap();
                arrival.payer().signature = key.sign_payment(&x, &lock, &[0; 32]);
                arrival.lock = Lock::Point(lock);
            },
            Refusal::LockMismatch,
        ),
        // Whoever saw A, amount and note, but is not the payer.
        (
            |arrival| {
                let Lock::Point(lock) = arrival.lock else { panic!("a point") };
                let forger = PayerKey::new(secret([7; 32]));
                arrival.payer().signature = forger.sign_payment(&x_of([1; 32]), &lock, &[0; 32]);
            },
            NOT_SIGNED,
        ),
    ];
    for (session, (fault, refusal)) in faults.iter().enumerate() {
        let (mut net, invoice, expiry) = scene();
        let mut broken = arrival(&invoice, "table 4", expiry);
        fault(&mut broken);
        assert_eq!(receive(&mut net, &broken, session as u8 + 1), Err(refusal.clone()));
        let id = PaymentPolynomial::from_entropy(&[9; 32], K).unwrap().id();
        assert_eq!(net.receiver.role().claims().slots_left(&id), Ok(K as u32), "no slot is lost");
        let right = receive(&mut net, &arrival(&invoice, "table 4", expiry), 99).unwrap();
        let x = terms(&invoice, "table 4").x().unwrap();
        let polynomial = PaymentPolynomial::from_entropy(&[9; 32], K).unwrap();
        let expected = final_secret(&polynomial.evaluate(&x).unwrap(), &blind()).unwrap();
        assert_eq!(right, LockSecret::Scalar(expected));
    }
}

#[test]
fn each_bit_of_the_payers_signature_counts() {
    let (mut net, invoice, expiry) = scene();
    for bit in (0..512).step_by(17) {
        let mut broken = arrival(&invoice, "table 4", expiry);
        let mut bytes = broken.payer().signature.to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        broken.payer().signature = pointlock::invoice::ktime::PaymentSignature::from_bytes(&bytes);
        let refused = receive(&mut net, &broken, (bit / 17) as u8 + 1);
        assert_eq!(refused, Err(Refusal::Payer(KtimeError::PayerSignature)));
    }
}

#[test]
fn a_payer_under_a_static_point_is_refused() {
    let mut net = start(0, 1);
    let plain = net.publish(LockKind::Point, 1);
    let expiry = net.chain.height() + MIN_FINAL_DELTA + 10;
    let mut wrong = arrival(&plain, "table 4", expiry);
    assert_eq!(receive(&mut net, &wrong, 1), Err(Refusal::PayerMismatch));
    let LockSecret::Scalar(z) = invoice_secret(LockKind::Point, 1) else { panic!("a scalar") };
    wrong.payload.payer = None;
    wrong.lock = Lock::Point(final_lock(&z.to_point(), &blind()).unwrap());
    assert!(receive(&mut net, &wrong, 2).is_ok());
}

/// Whether it is ready to claim one edge, and gives its secret when it is asked.
fn claims<S: ClaimStore>(receiver: &mut Recorded<Receiver<S>>, actions: &[ReceiverAction]) -> bool {
    let [ReceiverAction::Claimable { incoming }] = *actions else { return false };
    let actions = receiver.apply(ReceiverEvent::Claiming { incoming }).unwrap();
    matches!(&actions[..], [ReceiverAction::Claim { incoming: claimed, .. }] if *claimed == incoming)
}

#[test]
fn nothing_is_revealed_before_the_store_has_it() {
    let (mut net, invoice, expiry) = scene();
    for fails in [Fails::BeforeItsWork, Fails::AfterItsWork] {
        let store = FailingClaims::default();
        let mut receiver =
            Recorded::new(Receiver::with_store(receiver_config(), store.clone()).unwrap());
        let polynomial = PaymentPolynomial::from_entropy(&[9; 32], K).unwrap();
        let published = ReceiverEvent::PublishedPolynomial {
            invoice: invoice.clone(),
            polynomial,
            paths: paths_of(&net),
        };
        receiver.apply(published).unwrap();
        let arrival = arrival(&invoice, "table 4", expiry);
        let edge = arrival.edge(&mut net);
        let view = receiver.view().clone();
        store.fail.set(Some(fails));
        let refused = receiver.apply(arrival.event(&edge, 1)).unwrap_err();
        assert_eq!(refused, ReceiverError::Claims(ClaimError::Store(broken())));
        assert_eq!((receiver.view(), receiver.log().len()), (&view, 1));
        // The very same contract again: no replay, and no second claim.
        let actions = receiver.apply(arrival.event(&edge, 1)).unwrap();
        assert!(claims(&mut receiver, &actions), "{actions:?}");
        let id = PaymentPolynomial::from_entropy(&[9; 32], K).unwrap().id();
        assert_eq!(receiver.role().claims().store().polynomial(&id).unwrap().unwrap().claimed, 1);
    }
}

#[test]
fn a_crash_between_record_and_claim_repeats_that_claim_and_no_other() {
    let (mut net, invoice, expiry) = scene();
    let arrival = arrival(&invoice, "table 4", expiry);
    let edge = arrival.edge(&mut net);
    let paths = paths_of(&net);
    let published = || ReceiverEvent::PublishedPolynomial {
        invoice: invoice.clone(),
        polynomial: PaymentPolynomial::from_entropy(&[9; 32], K).unwrap(),
        paths: paths.clone(),
    };
    let mut receiver = Recorded::new(
        Receiver::with_store(receiver_config(), MemoryClaimStore::default()).unwrap(),
    );
    receiver.apply(published()).unwrap();
    receiver.apply(arrival.event(&edge, 1)).unwrap();

    // The store has the claim; the log has lost it.
    let restart = || {
        let store = receiver.role().claims().store().clone();
        Recorded::replay(Receiver::with_store(receiver_config(), store).unwrap(), vec![published()])
            .unwrap()
    };
    let mut restarted = restart();
    let actions = restarted.apply(arrival.event(&edge, 1)).unwrap();
    assert!(claims(&mut restarted, &actions), "{actions:?}");

    // The same x and even the same lock in another contract.
    let other = arrival.edge(&mut net);
    let actions = restart().apply(arrival.event(&other, 2)).unwrap();
    let x = terms(&invoice, "table 4").x().unwrap();
    let refusal = Refusal::Claim(ClaimError::AlreadyClaimed(x));
    assert!(
        matches!(&actions[..], [ReceiverAction::Fail { reason, .. }] if *reason == refusal),
        "{actions:?}"
    );
}

/// A channel moves a PTLC from output to output. Its claim stays the same; another PTLC is another set.
#[test]
fn the_same_edge_elsewhere_is_the_same_claim() {
    let (mut net, invoice, expiry) = scene();
    let arrival = arrival(&invoice, "table 4", expiry);
    let paths = paths_of(&net);
    let published = || ReceiverEvent::PublishedPolynomial {
        invoice: invoice.clone(),
        polynomial: PaymentPolynomial::from_entropy(&[9; 32], K).unwrap(),
        paths: paths.clone(),
    };
    // What a channel layer makes of an output of one of its commitments.
    let in_channel = |edge: &Contract, number| {
        let id = EdgeId::in_channel([7; 32], Direction::FromNode2, number);
        IncomingEdge::dangerous_committed(edge::Edge { id, ..edge.outgoing().unwrap() })
    };
    let first = arrival.edge(&mut net);
    let moved = arrival.edge(&mut net);
    assert_ne!(first.offered.funded().outpoint(), moved.offered.funded().outpoint());
    let mut receiver = Recorded::new(
        Receiver::with_store(receiver_config(), MemoryClaimStore::default()).unwrap(),
    );
    receiver.apply(published()).unwrap();
    let actions = receiver.apply(arrival.event_on(in_channel(&first, 3), 1)).unwrap();
    assert!(claims(&mut receiver, &actions), "{actions:?}");

    let restart = || {
        let store = receiver.role().claims().store().clone();
        Recorded::replay(Receiver::with_store(receiver_config(), store).unwrap(), vec![published()])
            .unwrap()
    };
    let mut restarted = restart();
    let actions = restarted.apply(arrival.event_on(in_channel(&moved, 3), 1)).unwrap();
    assert!(claims(&mut restarted, &actions), "{actions:?}");
    let actions = restart().apply(arrival.event_on(in_channel(&moved, 4), 1)).unwrap();
    let x = terms(&invoice, "table 4").x().unwrap();
    let refusal = Refusal::Claim(ClaimError::AlreadyClaimed(x));
    assert!(
        matches!(&actions[..], [ReceiverAction::Fail { reason, .. }] if *reason == refusal),
        "{actions:?}"
    );
}

#[test]
fn what_may_be_published() {
    let key = Keypair::new(node_key(Who::Receiver));
    let route = [node_id(Who::Receiver)];
    let polynomial = |entropy| PaymentPolynomial::from_entropy(&[entropy; 32], 1).unwrap();
    let sign =
        |builder: StaticInvoiceBuilder| builder.interim_route(&route).sign(&key, &[0; 32]).unwrap();
    let asking = |points: PaymentPoints, amount: u64| {
        sign(StaticInvoiceBuilder::new(points, TIME).amount_msat(amount).description("a"))
    };
    let receiver = || Recorded::new(Receiver::new(receiver_config()).unwrap());
    let publish = |receiver: &mut Recorded<Receiver>, invoice: &StaticInvoice, entropy| {
        let (invoice, polynomial) = (invoice.clone(), polynomial(entropy));
        let paths = ReceiverPaths::default();
        let event = ReceiverEvent::PublishedPolynomial { invoice, polynomial, paths };
        receiver.apply(event).map(|_| ())
    };
    let right = asking(polynomial(1).payment_points(), 5);
    let mut one = receiver();
    assert_eq!(publish(&mut one, &right, 1), Ok(()));
    assert_eq!(publish(&mut one, &right, 1), Ok(()), "the same again");
    assert_eq!(
        publish(&mut receiver(), &right, 2),
        Err(PublishError::NotTheInvoicePolynomial.into())
    );

    let without_amount = sign(StaticInvoiceBuilder::new(polynomial(1).payment_points(), TIME));
    assert_eq!(
        publish(&mut receiver(), &without_amount, 1),
        Err(PublishError::NoMinimumAmount.into())
    );

    // One polynomial in two invoices.
    let other = asking(polynomial(1).payment_points(), 6);
    let in_use = PublishError::PointInUse { index: 0, other: Some(right.invoice_id()) };
    assert_eq!(publish(&mut one, &other, 1), Err(in_use.into()));
    // The book knows it too, where the receiver has forgotten.
    let store = one.role().claims().store().clone();
    let mut forgetful = Recorded::new(Receiver::with_store(receiver_config(), store).unwrap());
    let in_book =
        ClaimError::PolynomialInUse { polynomial: polynomial(1).id(), invoice: right.invoice_id() };
    let refused = publish(&mut forgetful, &other, 1);
    assert_eq!(refused, Err(ReceiverError::Claims(in_book)));

    // A coefficient as a static point, and the opposite of one.
    for secret in [&polynomial(1).coefficients()[1], &polynomial(1).coefficients()[1].negate()] {
        let plain = sign(StaticInvoiceBuilder::new(secret.to_point(), TIME));
        let secret = LockSecret::Scalar(secret.clone());
        let published = || ReceiverEvent::Published {
            invoice: plain.clone(),
            secret: secret.clone(),
            paths: ReceiverPaths::default(),
        };
        let in_use = PublishError::PointInUse { index: 0, other: Some(right.invoice_id()) };
        assert_eq!(one.apply(published()).unwrap_err(), in_use.into());
        let mut other_way = receiver();
        other_way.apply(published()).unwrap();
        let in_use = PublishError::PointInUse { index: 1, other: Some(plain.invoice_id()) };
        assert_eq!(publish(&mut other_way, &right, 1), Err(in_use.into()));
    }
    // The two kinds are not taken for each other.
    let plain = sign(StaticInvoiceBuilder::new(secret([5; 32]).to_point(), TIME));
    assert_eq!(publish(&mut one, &plain, 1), Err(PublishError::NoPolynomial.into()));
    let secret = LockSecret::Scalar(polynomial(1).coefficients()[0].clone());
    let paths = ReceiverPaths::default();
    let as_static = ReceiverEvent::Published { invoice: right, secret, paths };
    assert_eq!(receiver().apply(as_static).unwrap_err(), PublishError::Polynomial.into());
}
