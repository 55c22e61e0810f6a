//! k-time payment points: the polynomial, the payer's point, and payments over real contracts.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/failing_claims.rs"]
mod failing_claims;
#[path = "common/nodes.rs"]
mod nodes;

use failing_claims::{FailingClaims, Fails};
use nodes::{
    AMOUNT_MSAT, AWAY, Known, LockKind, MIN_FINAL_DELTA, Net, REQUEST, TIME, invoice_secret,
    node_id, node_key, payer_of, receiver_config, start,
};
use pointlock::claims::{ClaimError, ClaimStore, MemoryClaimStore};
use pointlock::curve::{Keypair, Point, PublicScalar, SecretScalar};
use pointlock::edge::{self, Direction, EdgeId, IncomingEdge};
use pointlock::hold::{HoldId, ReleaseSecret};
use pointlock::invoice::ktime::{
    KtimeError, NoteHash, PayerKey, PayerPublicKey, PayerScalar, PaymentPolynomial, PaymentTerms,
    payment_point,
};
use pointlock::invoice::{InvoiceId, PaymentPoints, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{Blind, Lock, LockSecret, final_lock, final_secret};
use pointlock::onion::Packet;
use pointlock::payment::{
    AttemptId, AvailableHold, FinalPayload, HeldAvailable, NodeAction, OrderError, PayerPayload,
    Payment, PaymentSecret, PublishError, Receiver, ReceiverAction, ReceiverError, ReceiverEvent,
    ReceiverPaths, Recorded, Refusal, SecretSource, SenderError, SenderEvent,
};
use pointlock_sim::{Chain, Contract, Fact, Who};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

// The polynomial.

fn secret(bytes: [u8; 32]) -> SecretScalar {
    SecretScalar::from_hash(&bytes).unwrap()
}

fn x_of(bytes: [u8; 32]) -> PayerScalar {
    PayerScalar::new(PublicScalar::from_hash(&bytes)).unwrap()
}

fn small(number: u8) -> PublicScalar {
    let mut bytes = [0; 32];
    bytes[31] = number;
    PublicScalar::from_bytes(&bytes).unwrap()
}

/// a⁻¹ = a^(n−2)
fn inverse(a: PublicScalar) -> PublicScalar {
    let mut exponent = secp256k1::constants::CURVE_ORDER;
    exponent[31] -= 2;
    let mut power = PublicScalar::ONE;
    for bit in 0..256 {
        power = power.mul(&power);
        if exponent[bit / 8] >> (7 - bit % 8) & 1 == 1 {
            power = power.mul(&a);
        }
    }
    power
}

/// The value at `at` of the polynomial of degree points − 1 through the points.
fn interpolate(points: &[(PublicScalar, PublicScalar)], at: PublicScalar) -> PublicScalar {
    points.iter().enumerate().fold(PublicScalar::ZERO, |sum, (i, (x_i, value))| {
        let mut term = *value;
        for (j, (x_j, _)) in points.iter().enumerate() {
            if i != j {
                term = term.mul(&at.sub(x_j)).mul(&inverse(x_i.sub(x_j)));
            }
        }
        sum.add(&term)
    })
}

fn claims_of(
    polynomial: &PaymentPolynomial,
    xs: &[PayerScalar],
) -> Vec<(PublicScalar, PublicScalar)> {
    xs.iter().map(|x| (x.to_scalar(), polynomial.evaluate(x).unwrap().dangerous_reveal())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_the_payer_computes_is_what_the_receiver_opens(
        entropy: [u8; 32], k in 1usize..12, x: [u8; 32],
    ) {
        let polynomial = PaymentPolynomial::from_entropy(&entropy, k).unwrap();
        let points = polynomial.payment_points();
        prop_assert_eq!((polynomial.k(), points.k(), points.as_slice().len()), (k, k, k + 1));
        let x = x_of(x);
        prop_assert_eq!(polynomial.evaluate(&x).unwrap().to_point(), points.point_at(&x).unwrap());
    }

    /// Why the receiver counts: k+1 claims are the polynomial.
    #[test]
    fn any_k_plus_one_claims_reveal_the_polynomial(
        entropy: [u8; 32],
        xs in prop::collection::btree_set(any::<[u8; 32]>(), 3..8),
        next: [u8; 32],
    ) {
        let xs: Vec<PayerScalar> = xs.into_iter().map(x_of).collect();
        let polynomial = PaymentPolynomial::from_entropy(&entropy, xs.len() - 1).unwrap();
        let claims = claims_of(&polynomial, &xs);
        let z_0 = polynomial.coefficients()[0].dangerous_reveal();
        prop_assert_eq!(interpolate(&claims, PublicScalar::ZERO), z_0);
        let next = x_of(next);
        let stolen = interpolate(&claims, next.to_scalar()).to_point().unwrap();
        prop_assert_eq!(stolen, polynomial.payment_points().point_at(&next).unwrap());
    }

    /// Why k claims are safe: whatever z(x*) is taken to be, there is a polynomial of degree k with this value and the same
    /// k claims.
    #[test]
    fn k_claims_leave_every_other_value_open(
        entropy: [u8; 32],
        xs in prop::collection::btree_set(any::<[u8; 32]>(), 3..7),
        candidate: [u8; 32],
    ) {
        let xs: Vec<PayerScalar> = xs.into_iter().map(x_of).collect();
        let (target, claimed) = xs.split_last().unwrap();
        let polynomial = PaymentPolynomial::from_entropy(&entropy, claimed.len()).unwrap();
        let claims = claims_of(&polynomial, claimed);
        let candidate = PublicScalar::from_hash(&candidate);
        let mut points = claims.clone();
        points.push((target.to_scalar(), candidate));
        // Its values at 0 … k are those of another polynomial; it agrees where it has to.
        let other: Vec<(PublicScalar, PublicScalar)> = (0..=claimed.len() as u8)
            .map(|at| (small(at), interpolate(&points, small(at))))
            .collect();
        for (x, value) in &claims {
            prop_assert_eq!(interpolate(&other, *x), *value);
        }
        prop_assert_eq!(interpolate(&other, target.to_scalar()), candidate);
    }

    /// x is the hash of exactly these bytes, and every bit of them counts.
    #[test]
    fn x_binds_every_bit(
        key: [u8; 32], invoice: [u8; 32], amount_msat: u64, note: Vec<u8>, bit in 0usize..(32 + 8 + 32) * 8,
    ) {
        let payer = PayerKey::new(secret(key)).public_key();
        let note_hash = NoteHash::of(Some(&note));
        let terms = |bytes: &[u8; 72]| PaymentTerms {
            payer,
            invoice_id: InvoiceId::from_bytes(bytes[..32].try_into().unwrap()),
            amount_msat: u64::from_be_bytes(bytes[32..40].try_into().unwrap()),
            note_hash: NoteHash(bytes[40..].try_into().unwrap()),
        };
        let mut bytes = [0; 72];
        bytes[..32].copy_from_slice(&invoice);
        bytes[32..40].copy_from_slice(&amount_msat.to_be_bytes());
        bytes[40..].copy_from_slice(&note_hash.0);
        let x = terms(&bytes).x().unwrap();

        let tag = Sha256::digest(b"pointlock/payer");
        let hash = Sha256::new()
            .chain_update(tag).chain_update(tag)
            .chain_update(payer.to_bytes()).chain_update(bytes)
            .finalize();
        prop_assert_eq!(x.to_scalar(), PublicScalar::from_hash(&hash.into()));

        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert_ne!(terms(&bytes).x().unwrap(), x);
    }
}

#[test]
fn a_sum_on_the_way_may_be_zero_and_the_value_may_not() {
    let coefficients = |numbers: [PublicScalar; 3]| {
        let secrets = numbers.map(|number| number.to_secret().unwrap()).to_vec();
        PaymentPolynomial::dangerous_from_coefficients(secrets).unwrap()
    };
    let x = PayerScalar::new(small(7)).unwrap();
    // 5 − 7·X + X²: Horner's first sum is 7 − 7 at X = 7, and the value is 5.
    let passes = coefficients([small(5), small(7).negate(), small(1)]);
    assert_eq!(passes.evaluate(&x).unwrap().dangerous_reveal(), small(5));
    assert_eq!(passes.payment_points().point_at(&x), Ok(small(5).to_point().unwrap()));
    // −7·8 + X + X²: zero at X = 7.
    let zero = coefficients([small(56).negate(), small(1), small(1)]);
    assert_eq!(zero.evaluate(&x), Err(KtimeError::PointAtInfinity));
    assert_eq!(zero.payment_points().point_at(&x), Err(KtimeError::PointAtInfinity));
}

#[test]
fn a_static_point_is_the_same_for_all() {
    let point = secret([1; 32]).to_point();
    let points = PaymentPoints::new(vec![point]).unwrap();
    assert_eq!(points.point_at(&x_of([2; 32])), Ok(point));
}

#[test]
fn what_is_refused() {
    for k in [0, PaymentPolynomial::MAX_K + 1] {
        let refused = PaymentPolynomial::from_entropy(&[1; 32], k).unwrap_err();
        assert_eq!(refused, KtimeError::DegreeOutOfRange { k });
    }
    assert!(PaymentPolynomial::from_entropy(&[1; 32], PaymentPolynomial::MAX_K).is_ok());
    assert!(PaymentPolynomial::dangerous_from_coefficients(Vec::new()).is_err());
    assert_eq!(PayerScalar::new(PublicScalar::ZERO), Err(KtimeError::ZeroX));

    let key = PayerKey::new(secret([3; 32])).public_key();
    let points = PaymentPolynomial::from_entropy(&[1; 32], 2).unwrap().payment_points();
    let id = InvoiceId::from_bytes([4; 32]);
    assert!(payment_point(&points, &key.to_point(), id, 5, NoteHash::NONE).is_ok());
    let odd = key.to_point().negate();
    let refused = payment_point(&points, &odd, id, 5, NoteHash::NONE);
    assert_eq!(refused, Err(KtimeError::PayerKeyOdd));
    assert_eq!(PayerPublicKey::from_slice(&odd.to_bytes()), Err(KtimeError::PayerKeyOdd));
}

#[test]
fn coefficients_are_each_their_own() {
    let mut all: Vec<Point> = Vec::new();
    for (entropy, k) in [(1, 2), (1, 3), (2, 3)] {
        let polynomial = PaymentPolynomial::from_entropy(&[entropy; 32], k).unwrap();
        all.extend(polynomial.payment_points().as_slice());
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn secrets_do_not_print() {
    let polynomial = PaymentPolynomial::from_entropy(&[1; 32], 2).unwrap();
    assert_eq!(format!("{polynomial:?}"), "PaymentPolynomial(k: 2, …)");
    let key = PayerKey::new(SecretScalar::from_bytes(&[0xab; 32]).unwrap());
    assert!(!format!("{key:?}").contains("abab"));
}

#[test]
fn a_payers_signature_is_for_one_x_and_one_lock() {
    let key = PayerKey::new(secret([1; 32]));
    let (payer, x, lock) = (key.public_key(), x_of([2; 32]), secret([3; 32]).to_point());
    let signature = key.sign_payment(&x, &lock, &[0; 32]);
    assert_eq!(signature.verify(&payer, &x, &lock), Ok(()));
    let other = PayerKey::new(secret([4; 32])).public_key();
    let refused = Err(KtimeError::PayerSignature);
    assert_eq!(signature.verify(&other, &x, &lock), refused);
    assert_eq!(signature.verify(&payer, &x_of([5; 32]), &lock), refused);
    assert_eq!(signature.verify(&payer, &x, &lock.negate()), refused);
}

// Payments.

fn paid(net: &Net) -> Vec<LockSecret> {
    net.facts()
        .filter_map(|fact| match fact {
            Fact::Paid { secret, .. } => Some(secret.clone()),
            _ => None,
        })
        .collect()
}

fn refusals(net: &Net) -> Vec<Refusal> {
    net.facts()
        .filter_map(|fact| match fact {
            Fact::Failed { by: Who::Receiver, reason, .. } => Some(reason.clone()),
            _ => None,
        })
        .collect()
}

fn terms(invoice: &StaticInvoice, note: &str) -> PaymentTerms {
    PaymentTerms {
        payer: payer_of(Some(note.as_bytes())).seed.key().public_key(),
        invoice_id: invoice.invoice_id(),
        amount_msat: AMOUNT_MSAT,
        note_hash: NoteHash::of(Some(note.as_bytes())),
    }
}

#[test]
fn paid_through_a_hold_with_a_proof_of_its_own() {
    let mut net = start(1, 3);
    let invoice = net.publish_polynomial(2, 9);
    let attempt = net.pay_as(0, &invoice, "table 4", Some(1), [1; 32]);
    net.run().unwrap();

    let terms = terms(&invoice, "table 4");
    let polynomial = PaymentPolynomial::from_entropy(&[9; 32], 2).unwrap();
    let x = terms.x().unwrap();
    let point_secret = LockSecret::Scalar(polynomial.evaluate(&x).unwrap());
    assert_eq!(paid(&net), std::slice::from_ref(&point_secret));
    let source = SecretSource::PointSecret { invoice: invoice.invoice_id(), x };
    for view in [net.senders[0].view(), net.receiver.view()] {
        assert_eq!(view.get(source), Some(&point_secret));
    }
    for forwarder in &net.forwarders {
        assert_eq!(forwarder.view().get(source), None);
    }
    for (index, coefficient) in polynomial.coefficients().iter().enumerate() {
        let source = SecretSource::Coefficient { invoice: invoice.invoice_id(), index };
        let known = net.receiver.view().get(source);
        assert_eq!(known, Some(&LockSecret::Scalar(coefficient.clone())));
        assert_eq!(net.senders[0].view().get(source), None);
    }

    let payment = net.payment_of(&attempt);
    let proof = net.senders[0].role().prove(&payment, &REQUEST, &[0; 32]).unwrap();
    let proven = proof.verify(&node_id(Who::Receiver), &REQUEST).unwrap();
    assert_eq!((proven.terms, proven.invoice.invoice_id()), (terms, invoice.invoice_id()));
    net.check_replay().unwrap();
}

#[test]
fn k_payments_and_no_more() {
    let mut net = start(1, 1);
    let k = 3;
    let invoice = net.publish_polynomial(k, 9);
    let polynomial = PaymentPolynomial::from_entropy(&[9; 32], k).unwrap();
    for payment in 1..=k as u8 {
        assert_eq!(
            net.receiver.role().claims().slots_left(&polynomial.id()),
            Ok(u32::from(4 - payment))
        );
        net.pay_as(0, &invoice, &format!("payment {payment}"), None, [payment; 32]);
        net.run().unwrap();
        assert_eq!(paid(&net).len(), usize::from(payment));
        let replace = Fact::Replace { invoice: invoice.invoice_id() };
        assert_eq!(net.facts().any(|fact| *fact == replace), payment == 3);
    }
    net.pay_as(0, &invoice, "one too many", None, [9; 32]);
    net.run().unwrap();
    let no_slot = ClaimError::NoSlotLeft { polynomial: polynomial.id(), k: 3 };
    assert_eq!(refusals(&net), [Refusal::Claim(no_slot)]);
    assert_eq!(paid(&net).len(), k);

    // A fresh polynomial, and it goes on.
    let fresh = net.publish_polynomial(k, 10);
    net.pay_as(0, &fresh, "not too many", None, [10; 32]);
    assert_eq!(paid(&net).len(), k);
    net.run().unwrap();
    assert_eq!(paid(&net).len(), k + 1);
    net.check_replay().unwrap();
}

#[test]
fn a_payer_key_pays_once() {
    let mut net = start(2, 1);
    let invoice = net.publish_polynomial(5, 9);
    let payment = |net: &Net, attempt: &AttemptId| net.payment_of(attempt);
    let order = |net: &Net, note: &str, entropy: u8| Payment {
        payer: Some(payer_of(Some(note.as_bytes()))),
        ..net.in_one_part(&invoice, [entropy; 32])
    };
    // Under way: not again. Failed for good: again, with the same x and other locks.
    let first = net.pay_as(0, &invoice, "table 4", None, [1; 32]);
    let again = order(&net, "table 4", 2);
    let refused = net.senders[0].apply(SenderEvent::Pay(again)).unwrap_err();
    assert_eq!(refused, SenderError::PayerKeyInUse { payment: payment(&net, &first) });
    let (_, action) = net.tasks.pop_back().unwrap();
    let NodeAction::Offer { proposal, .. } = action else { panic!("{action:?}") };
    let edge = net.fund(Who::Sender(0), &proposal);
    let outgoing = edge.outgoing().unwrap().id;
    let committed =
        SenderEvent::OutgoingCommitted { attempt: first, edge: edge.outgoing().unwrap() };
    net.tell_sender(0, committed).unwrap();
    net.tell_sender(0, SenderEvent::OutgoingFailed { outgoing, failure: None }).unwrap();
    let second = net.pay_as(0, &invoice, "table 4", None, [2; 32]);
    assert_ne!(net.locks_of(0, &first), net.locks_of(0, &second));
    // The same key for other terms, though the first attempt has failed.
    let mut other_amount = order(&net, "table 4", 3);
    other_amount.amount_msat += 1;
    other_amount.parts[0].amount_msat += 1;
    let refused = net.senders[0].apply(SenderEvent::Pay(other_amount)).unwrap_err();
    assert!(matches!(refused, SenderError::PayerKeyInUse { .. }));
    net.run().unwrap();
    assert_eq!(paid(&net).len(), 1);
    let once_more = order(&net, "table 4", 3);
    let refused = net.senders[0].apply(SenderEvent::Pay(once_more)).unwrap_err();
    assert_eq!(refused, SenderError::PayerKeyInUse { payment: payment(&net, &second) });

    // A second sender with the same key does not know better; the receiver does.
    net.pay_as(1, &invoice, "table 4", None, [4; 32]);
    net.run().unwrap();
    let x = terms(&invoice, "table 4").x().unwrap();
    assert_eq!(refusals(&net), [Refusal::Claim(ClaimError::AlreadyClaimed(x))]);
}

#[test]
fn payer_and_invoice_have_to_fit() {
    let mut net = start(1, 1);
    let with_polynomial = net.publish_polynomial(1, 9);
    let plain = net.publish(LockKind::Point, 1);
    let payer = || Some(payer_of(Some(b"me")));
    let mut pay = |payment: Payment| net.senders[0].apply(SenderEvent::Pay(payment)).map(|_| ());
    let quiet = start(1, 1);
    let (of_polynomial, of_plain) = (
        |entropy| quiet.in_one_part(&with_polynomial, entropy),
        |entropy| quiet.in_one_part(&plain, entropy),
    );
    assert_eq!(pay(of_polynomial([1; 32])), Err(OrderError::PayerMissing.into()));
    assert_eq!(pay(Payment { payer: payer(), ..of_polynomial([1; 32]) }), Ok(()));
    assert_eq!(
        pay(Payment { payer: payer(), ..of_plain([2; 32]) }),
        Err(OrderError::NoPolynomial.into())
    );
    assert_eq!(pay(of_plain([2; 32])), Ok(()));
}

#[test]
fn no_proof_of_what_was_not_paid_or_was_paid_under_a_common_point() {
    let mut net = start(1, 1);
    let with_polynomial = net.publish_polynomial(1, 9);
    let plain = net.publish(LockKind::Point, 1);
    let attempt = net.pay_as(0, &with_polynomial, "me", None, [1; 32]);
    let no_proof = |net: &Net, payment| net.senders[0].role().prove(&payment, &REQUEST, &[0; 32]);
    let payment = net.payment_of(&attempt);
    assert_eq!(no_proof(&net, payment), Err(SenderError::NoProof(payment)));
    net.run().unwrap();
    assert!(no_proof(&net, payment).is_ok());
    let attempt = net.pay_known(0, &plain, None, [2; 32]);
    net.run().unwrap();
    assert_eq!(paid(&net).len(), 2);
    let payment = net.payment_of(&attempt);
    assert_eq!(no_proof(&net, payment), Err(SenderError::NoProof(payment)));
}

/// A slot is kept for nobody: all that announce while one is free are released, the first that arrives has it, and the others fail back.
/// Without one nothing is released.
#[test]
fn released_payments_share_the_slots_in_the_order_in_which_they_arrive() {
    let mut net = start(4, 1);
    net.keep = AWAY;
    let invoice = net.publish_polynomial(1, 9);
    let pay = |net: &mut Net, sender: usize| {
        let entropy = [sender as u8 + 1; 32];
        net.pay_as(sender, &invoice, &format!("payer {sender}"), Some(1), entropy);
        net.run().unwrap();
        net.read_mail().unwrap();
        net.run().unwrap();
    };
    (0..3).for_each(|sender| pay(&mut net, sender));
    assert_eq!(net.answers.len(), 3);
    net.deliver_answers().unwrap();
    net.run().unwrap();
    let id = PaymentPolynomial::from_entropy(&[9; 32], 1).unwrap().id();
    let no_slot = Refusal::Claim(ClaimError::NoSlotLeft { polynomial: id, k: 1 });
    assert_eq!(paid(&net).len(), 1);
    assert_eq!(refusals(&net), [no_slot.clone(), no_slot.clone()]);
    pay(&mut net, 3);
    assert!(net.answers.is_empty());
    let refused = Fact::ReleaseRefused { by: Who::Receiver, reason: no_slot };
    assert_eq!(net.facts().next_back(), Some(&refused));
    net.check_replay().unwrap();
}

#[test]
fn an_announcement_carries_its_x() {
    for x in [None, Some(x_of([2; 32]))] {
        let message = HeldAvailable {
            holds: vec![AvailableHold {
                id: HoldId([3; 32]),
                release: ReleaseSecret::from_bytes(&[4; 32]).unwrap(),
                amount_msat: AMOUNT_MSAT,
            }],
            latest_release_height: 800_000,
            x,
        };
        let bytes = message.to_tlv().to_bytes();
        assert_eq!(HeldAvailable::from_payload(&bytes), Ok(message.clone()));
        let receiver = secret([6; 32]);
        let sealed = message.seal(secret([5; 32]), &receiver.to_point()).unwrap();
        assert_eq!(HeldAvailable::open(&sealed, &receiver), Ok(message));
    }
}

// What arrives at the receiver, part by part.

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
        assert_eq!(refused, ReceiverError::Claims(ClaimError::Store(failing_claims::broken())));
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
