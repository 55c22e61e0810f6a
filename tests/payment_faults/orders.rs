//! Orders to pay that can't be right.

use pointlock::curve::Keypair;
use pointlock::invoice::StaticInvoiceBuilder;
use pointlock::lock::LockSecret;
use pointlock::payment::{AttemptSeed, HoldPlan, Payee, Payment, PaymentError, SenderEvent};

use crate::network::{
    AMOUNT_MSAT, LockKind, Network, Node, TIME, hops, invoice_of, invoice_secret, node_id, node_key,
};
use crate::receiver::polynomial;
use crate::scene::{entropy, offer, refuses_sender, snapshot};

#[test]
fn orders_that_cannot_be_right_are_refused() {
    let mut net = Network::new(1, 2);
    let invoice = net.publish(LockKind::Point, 0);
    let pay = |net: &Network, change: &dyn Fn(&mut Payment)| {
        let mut payment = net.payment(&invoice, entropy(1));
        change(&mut payment);
        SenderEvent::Pay(payment)
    };
    let route = [node_id(Node::Receiver)];
    let forwarder = hops(&[3], Node::Receiver).remove(0);
    type Change = Box<dyn Fn(&mut Payment)>;
    let cases: Vec<(Change, PaymentError)> = vec![
        (
            Box::new(|payment| payment.payee = Payee::Known(node_id(Node::Forwarder(1)))),
            PaymentError::NotFromPayee,
        ),
        (Box::new(|payment| payment.invoice = polynomial()), PaymentError::Polynomial),
        (
            Box::new(|payment| payment.amount_msat -= 1),
            PaymentError::BelowInvoice { asked_msat: AMOUNT_MSAT, amount_msat: AMOUNT_MSAT - 1 },
        ),
        // The invoice says that the receiver is behind N_2.
        (Box::new(|payment| payment.parts[0].forwarders.truncate(1)), PaymentError::RouteMismatch),
        (Box::new(|payment| payment.parts[0].forwarders.clear()), PaymentError::RouteMismatch),
        (Box::new(|payment| payment.parts[0].forwarders.reverse()), PaymentError::RouteMismatch),
        (
            Box::new(move |payment| payment.parts[0].forwarders.push(forwarder.clone())),
            PaymentError::RouteMismatch,
        ),
        (
            Box::new(|payment| payment.hold = Some(HoldPlan { hop: 0, blocks: 1 })),
            PaymentError::NoHolder { hop: 0 },
        ),
        (
            Box::new(|payment| payment.hold = Some(HoldPlan { hop: 3, blocks: 1 })),
            PaymentError::NoHolder { hop: 3 },
        ),
        (
            Box::new(|payment| payment.hold = Some(HoldPlan { hop: 1, blocks: u32::MAX })),
            PaymentError::ExpiryOverflow { hop: 3 },
        ),
        (
            Box::new(|payment| {
                payment.amount_msat = u64::MAX;
                payment.parts[0].amount_msat = u64::MAX;
            }),
            PaymentError::AmountOverflow { hop: 2 },
        ),
    ];
    for (change, error) in &cases {
        let event = pay(&net, change);
        refuses_sender(&mut net, event, error);
    }
    // Expired: the last second, and the one after it.
    let last = invoice.expires_at();
    let event = pay(&net, &|payment| payment.unix_time = last + 1);
    let before = snapshot(&net, Node::Sender(0));
    assert!(matches!(net.tell_sender(0, event).unwrap_err(), PaymentError::Invoice(_)));
    assert_eq!(snapshot(&net, Node::Sender(0)), before);
    let event = pay(&net, &|payment| payment.unix_time = last);
    net.tell_sender(0, event).unwrap();

    // The seed is used now, for whatever payment.
    let (attempt, _) = offer(&mut net);
    let event = pay(&net, &|payment| payment.amount_msat += 1_000);
    refuses_sender(&mut net, event, &PaymentError::SeedReused(attempt));
    let mut payment = net.payment(&invoice, entropy(2));
    payment.payee = Payee::WhoeverSigned;
    payment.parts[0].seed = AttemptSeed::new(entropy(2));
    net.tell_sender(0, SenderEvent::Pay(payment)).unwrap();

    // An invoice without a route can't be paid yet.
    let LockSecret::Scalar(z) = invoice_secret(LockKind::Point, 0) else { panic!("a scalar") };
    let built = StaticInvoiceBuilder::new(z.to_point(), TIME)
        .sign(&Keypair::new(node_key(Node::Receiver)), &[0; 32]);
    if let Ok(invoice) = built {
        let payment = net.payment(&invoice, entropy(3));
        refuses_sender(&mut net, SenderEvent::Pay(payment), &PaymentError::RouteMismatch);
    }
    let alone = invoice_of(&invoice_secret(LockKind::Point, 0), &route);
    let mut payment = net.payment(&alone, entropy(3));
    payment.parts[0].forwarders.clear();
    net.tell_sender(0, SenderEvent::Pay(payment)).unwrap();
}
