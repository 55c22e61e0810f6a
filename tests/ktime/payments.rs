//! Payments from end to end.

use crate::nodes::{AMOUNT_MSAT, AWAY, Known, LockKind, Net, REQUEST, node_id, payer_of, start};
use crate::{secret, terms, x_of};
use pointlock::claims::ClaimError;
use pointlock::hold::{HoldId, ReleaseSecret};
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::lock::LockSecret;
use pointlock::payment::{
    AttemptId, AvailableHold, HeldAvailable, NodeAction, OrderError, Payment, Refusal,
    SecretSource, SenderError, SenderEvent,
};
use pointlock_sim::{Fact, Who};

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
