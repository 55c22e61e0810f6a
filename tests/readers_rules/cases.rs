//! Attacks that readers' rules stop, played through the roles.

use pointlock::claims::ClaimStore;
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{
    Field, InvoiceError, OfferBuilder, Rate, StaticInvoice, StaticInvoiceBuilder,
};
use pointlock::lock::Lock;
use pointlock::payment::{
    OrderError, PaymentSecret, PublishError, ReceiverEvent, ReceiverPaths, Refusal, RouteError,
};
use pointlock_sim::Who;

use crate::nodes::{AMOUNT_MSAT, Known, LockKind, Net, TIME, invoice_secret, node_id, start};
use crate::payers::{changed, for_offer, pay, receiver, with_path, with_terms, z};
use crate::places::Place;
use crate::scene::{FinalCase, blind, final_case, is_paid, receive, refuses_receiver};

const EUR_100_000: u64 = 10_000_000;

fn in_euros() -> StaticInvoice {
    let offer = OfferBuilder::new()
        .amount_in_currency("EUR", EUR_100_000)
        .description("lunch")
        .issuer_id(&receiver().public_key())
        .build()
        .unwrap();
    for_offer(&offer)
}

fn publish(invoice: &StaticInvoice) -> ReceiverEvent {
    let secret = invoice_secret(LockKind::Point, 0);
    ReceiverEvent::Published { invoice: invoice.clone(), secret, paths: ReceiverPaths::default() }
}

/// A payment of this amount to an invoice under the first lock.
fn paying(invoice: &StaticInvoice, amount_msat: u64) -> FinalCase {
    let (_, mut case) = final_case(LockKind::Point);
    case.lock = Lock::Point(z().add(&blind("final", 0).to_point()).unwrap());
    case.payload.payment_secret = Some(PaymentSecret::of_invoice(&invoice.invoice_id()));
    (case.payload.amount_msat, case.payload.total_msat) = (amount_msat, amount_msat);
    case.amount_msat = amount_msat;
    case
}

fn no_rate() -> InvoiceError {
    InvoiceError::RateMissing { field: Field::OFFER_CURRENCY, code: "EUR".into() }
}

/// 100,000.00 EUR are not paid with 5,000 satoshi.
#[test]
fn a_currency_is_worth_what_the_receiver_says() {
    let (mut net, invoice) = (start(1, 0), in_euros());
    let refused = PublishError::from(no_rate());
    assert_eq!(
        refused.to_string(),
        "invoice: offer_currency: the amount is in EUR, and there is no rate for it"
    );
    refuses_receiver(&mut net, publish(&invoice), refused.clone());
    let dollars = Rate::new("USD", 100, 1_000_000).unwrap();
    net.tell_receiver(ReceiverEvent::RateGiven { rate: dollars }).unwrap();
    refuses_receiver(&mut net, publish(&invoice), refused);

    // 1 EUR is 1,000 satoshi.
    let rate = Rate::new("EUR", 100, 1_000_000).unwrap();
    net.tell_receiver(ReceiverEvent::RateGiven { rate }).unwrap();
    net.tell_receiver(publish(&invoice)).unwrap();
    let expected_msat = 100_000_000_000;
    let low = |offered_msat, expected_msat| Refusal::AmountTooLow { offered_msat, expected_msat };
    let said = receive(&mut net, &paying(&invoice, 5_000_000), 0);
    assert_eq!(said, Some(low(5_000_000, expected_msat)));
    let less = expected_msat - 1_000;
    assert_eq!(receive(&mut net, &paying(&invoice, less), 1), Some(low(less, expected_msat)));
    assert_eq!(receive(&mut net, &paying(&invoice, expected_msat), 2), None);
    // The rate of the day counts.
    let rate = Rate::new("EUR", 100, 1_001_000).unwrap();
    net.tell_receiver(ReceiverEvent::RateGiven { rate }).unwrap();
    let said = receive(&mut net, &paying(&invoice, expected_msat), 3);
    assert_eq!(said, Some(low(expected_msat, 100_100_000_000)));
}

/// With k-time points too: what is wrong is the currency, not that there is no amount.
#[test]
fn a_currency_and_k_time_points() {
    let polynomial = PaymentPolynomial::from_entropy(&[3; 32], 3).unwrap();
    let offer = in_euros().offer().clone();
    let invoice = StaticInvoiceBuilder::for_offer(&offer, polynomial.payment_points(), TIME)
        .interim_route(&[node_id(Who::Receiver)])
        .sign(&receiver(), &[0; 32])
        .unwrap();
    let event = || ReceiverEvent::PublishedPolynomial {
        invoice: invoice.clone(),
        polynomial: polynomial.clone(),
        paths: ReceiverPaths::default(),
    };
    let mut net = start(1, 0);
    refuses_receiver(&mut net, event(), PublishError::from(no_rate()));
    let rate = Rate::new("EUR", 100, 1_000_000).unwrap();
    net.tell_receiver(ReceiverEvent::RateGiven { rate }).unwrap();
    net.tell_receiver(event()).unwrap();
}

/// The payer converts, and says at which rate.
#[test]
fn a_payer_needs_a_rate_too() {
    let invoice = changed(|fields| {
        fields.insert(Field::OFFER_CURRENCY.tlv_type(), b"EUR".to_vec());
    });
    let (mut net, _) = with_path();
    let error = pay(&mut net, &invoice, |_| ()).unwrap_err();
    assert_eq!(error, OrderError::from(no_rate()).to_string());
    let other = Rate::new("USD", 1, 1).unwrap();
    let error = pay(&mut net, &invoice, |payment| payment.rate = Some(other)).unwrap_err();
    assert_eq!(error, OrderError::from(no_rate()).to_string());
    // The offer asks for as many cents as there were millisatoshi.
    let rate = |msat| Some(Rate::new("EUR", 1_000, msat).unwrap());
    let asked_msat = AMOUNT_MSAT + AMOUNT_MSAT / 1_000;
    let error = pay(&mut net, &invoice, |payment| payment.rate = rate(1_001)).unwrap_err();
    let below = OrderError::BelowInvoice { asked_msat, amount_msat: AMOUNT_MSAT };
    assert_eq!(error, below.to_string());
    let error = pay(&mut net, &invoice, |payment| payment.rate = rate(499)).unwrap_err();
    let most_msat = 2 * (AMOUNT_MSAT * 499 / 1_000);
    let above = OrderError::AboveInvoice { most_msat, amount_msat: AMOUNT_MSAT };
    assert_eq!(error, above.to_string());
    pay(&mut net, &invoice, |payment| payment.rate = rate(1_000)).unwrap();
}

/// A path takes what its terms say, and a payer knows before it pays.
#[test]
fn a_path_has_limits() {
    for (minimum_msat, maximum_msat) in [
        (0, 1_000),
        (60_000_000, 100_000_000),
        (5, 4),
        (0, AMOUNT_MSAT - 1),
        (AMOUNT_MSAT + 1, u64::MAX),
    ] {
        let invoice = with_terms(|terms| {
            terms.htlc_minimum_msat = minimum_msat;
            terms.htlc_maximum_msat = maximum_msat;
        });
        let (mut net, _) = with_path();
        let error = pay(&mut net, &invoice, |_| ()).unwrap_err();
        let amount_msat = AMOUNT_MSAT;
        let expected = RouteError::PathLimits { amount_msat, minimum_msat, maximum_msat };
        assert_eq!(error, expected.to_string());
    }
    let (mut net, published) = with_path();
    let exact = with_terms(|terms| {
        terms.htlc_minimum_msat = AMOUNT_MSAT;
        terms.htlc_maximum_msat = AMOUNT_MSAT;
    });
    pay(&mut net, &exact, |_| ()).unwrap();
    net.tasks.clear();
    let (mut net, _) = with_path();
    pay(&mut net, &published, |_| ()).unwrap();
    net.run().unwrap();
    assert!(is_paid(&net), "{:?}", Place::ReceiverInPath);
}

/// An invoice that ended in 1970 is not published; one that ends meanwhile is not paid.
#[test]
fn an_invoice_ends() {
    let mut net = start(1, 0);
    let invoice = |created_at| {
        StaticInvoiceBuilder::new(z(), created_at)
            .relative_expiry(60)
            .amount_msat(AMOUNT_MSAT)
            .description("tea")
            .interim_route(&[node_id(Who::Receiver)])
            .sign(&receiver(), &[0; 32])
            .unwrap()
    };
    let expired = |expires_at, now| InvoiceError::Expired {
        field: Field::INVOICE_RELATIVE_EXPIRY,
        expires_at,
        now,
    };
    refuses_receiver(&mut net, publish(&invoice(100)), PublishError::from(expired(160, TIME)));
    let invoice = invoice(TIME);
    net.tell_receiver(publish(&invoice)).unwrap();
    let last = TIME + 60;
    net.tell_receiver(ReceiverEvent::Time { unix_time: last }).unwrap();
    assert_eq!(receive(&mut net, &paying(&invoice, AMOUNT_MSAT), 0), None);
    net.tell_receiver(ReceiverEvent::Time { unix_time: last + 1 }).unwrap();
    let said = receive(&mut net, &paying(&invoice, AMOUNT_MSAT), 1);
    assert_eq!(said, Some(Refusal::from(expired(last, last + 1))));
}

/// What is withdrawn is unknown, and stays so.
#[test]
fn a_withdrawn_invoice_is_unknown() {
    let (mut net, _) = final_case(LockKind::Point);
    let invoice = in_msat(z());
    net.tell_receiver(publish(&invoice)).unwrap();
    assert_eq!(receive(&mut net, &paying(&invoice, AMOUNT_MSAT), 0), None);
    let id = invoice.invoice_id();
    let withdrawn = || ReceiverEvent::Withdrawn { invoice: id };
    net.tell_receiver(withdrawn()).unwrap();
    assert!(net.tasks.is_empty());
    let said = receive(&mut net, &paying(&invoice, AMOUNT_MSAT), 1);
    assert_eq!(said, Some(Refusal::UnknownPayment));
    refuses_receiver(&mut net, withdrawn(), PublishError::NotPublished(id));
    refuses_receiver(&mut net, publish(&invoice), PublishError::Withdrawn(id));
    // Another one under the same static point is another invoice.
    let other = in_msat_and(z(), "coffee");
    net.tell_receiver(publish(&other)).unwrap();
    assert_eq!(receive(&mut net, &paying(&other, AMOUNT_MSAT), 2), None);
}

/// A polynomial stays retired in the book, and its coefficients are used up.
#[test]
fn a_withdrawn_polynomial_stays_retired() {
    let mut net = start(1, 0);
    let invoice = net.publish_polynomial(2, 1);
    let polynomial = PaymentPolynomial::from_entropy(&[1; 32], 2).unwrap();
    let state = |net: &Net| {
        net.receiver.role().claims().store().polynomial(&polynomial.id()).unwrap().unwrap()
    };
    assert!(!state(&net).retired);
    let id = invoice.invoice_id();
    net.tell_receiver(ReceiverEvent::Withdrawn { invoice: id }).unwrap();
    assert!(state(&net).retired);
    let coefficient = polynomial.payment_points().as_slice()[1];
    let plain = in_msat(coefficient);
    let secret = pointlock::lock::LockSecret::Scalar(polynomial.coefficients()[1].clone());
    let event =
        ReceiverEvent::Published { invoice: plain, secret, paths: ReceiverPaths::default() };
    refuses_receiver(&mut net, event, PublishError::PointInUse { index: 0, other: Some(id) });
    let again = ReceiverEvent::PublishedPolynomial {
        invoice: in_msat(polynomial.payment_points()),
        polynomial,
        paths: ReceiverPaths::default(),
    };
    refuses_receiver(&mut net, again, PublishError::PointInUse { index: 0, other: Some(id) });
    net.publish_polynomial(2, 2);
}

fn in_msat(lock: impl Into<pointlock::invoice::PaymentLock>) -> StaticInvoice {
    in_msat_and(lock, "tea")
}

fn in_msat_and(
    lock: impl Into<pointlock::invoice::PaymentLock>,
    description: &str,
) -> StaticInvoice {
    StaticInvoiceBuilder::new(lock, TIME)
        .amount_msat(AMOUNT_MSAT)
        .description(description)
        .interim_route(&[node_id(Who::Receiver)])
        .sign(&receiver(), &[0; 32])
        .unwrap()
}
