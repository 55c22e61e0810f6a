//! Orders to pay that can't be right.

use pointlock::curve::Keypair;
use pointlock::invoice::{StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::LockSecret;
use pointlock::payment::{
    AttemptSeed, HoldPlan, MessageError, OrderError, PartOrder, Payee, Payment, RouteError,
    SenderError, SenderEvent, Tail,
};
use pointlock::wire::Features;
use pointlock_sim::Who;

use crate::nodes::{
    AMOUNT_MSAT, Known, LockKind, Net, TIME, hops, invoice_of, invoice_secret, node_id, node_key,
    policy, start,
};
use crate::places::part;
use crate::receiver::polynomial;
use crate::scene::{entropy, offer, refuses_sender, snapshot};

#[test]
fn orders_that_cannot_be_right_are_refused() {
    let mut net = start(1, 2);
    let invoice = net.publish(LockKind::Point, 0);
    let pay = |net: &Net, change: &dyn Fn(&mut Payment)| {
        let mut payment = net.in_one_part(&invoice, entropy(1));
        change(&mut payment);
        SenderEvent::Pay(payment)
    };
    let route = [node_id(Who::Receiver)];
    let forwarder = hops(&[3], Who::Receiver).remove(0);
    type Change = Box<dyn Fn(&mut Payment)>;
    let cases: Vec<(Change, SenderError)> = vec![
        (
            Box::new(|payment| payment.payee = Payee::Known(node_id(Who::Forwarder(1)))),
            OrderError::NotFromPayee.into(),
        ),
        (Box::new(|payment| payment.invoice = polynomial()), OrderError::PayerMissing.into()),
        (
            Box::new(|payment| payment.amount_msat -= 1),
            OrderError::BelowInvoice { asked_msat: AMOUNT_MSAT, amount_msat: AMOUNT_MSAT - 1 }
                .into(),
        ),
        // The invoice says that the receiver is behind N_2.
        (
            Box::new(|payment| payment.parts[0].forwarders.truncate(1)),
            RouteError::RouteMismatch.into(),
        ),
        (Box::new(|payment| payment.parts[0].forwarders.clear()), RouteError::RouteMismatch.into()),
        (
            Box::new(|payment| payment.parts[0].forwarders.reverse()),
            RouteError::RouteMismatch.into(),
        ),
        (
            Box::new(move |payment| payment.parts[0].forwarders.push(forwarder.clone())),
            RouteError::RouteMismatch.into(),
        ),
        (
            Box::new(|payment| payment.hold = Some(HoldPlan { hop: 0, blocks: 1 })),
            OrderError::NoHolder { hop: 0 }.into(),
        ),
        (
            Box::new(|payment| payment.hold = Some(HoldPlan { hop: 3, blocks: 1 })),
            OrderError::NoHolder { hop: 3 }.into(),
        ),
        (
            Box::new(|payment| payment.hold = Some(HoldPlan { hop: 1, blocks: u32::MAX })),
            RouteError::ExpiryOverflow { hop: 3 }.into(),
        ),
        (
            Box::new(|payment| {
                payment.amount_msat = 2 * AMOUNT_MSAT + 1;
                payment.parts[0].amount_msat = 2 * AMOUNT_MSAT + 1;
            }),
            OrderError::AboveInvoice {
                most_msat: 2 * AMOUNT_MSAT,
                amount_msat: 2 * AMOUNT_MSAT + 1,
            }
            .into(),
        ),
    ];
    for (change, error) in &cases {
        let event = pay(&net, change);
        refuses_sender(&mut net, event, error.clone());
    }
    // Expired: the last second, and the one after it.
    let last = invoice.expires_at();
    let event = pay(&net, &|payment| payment.unix_time = last + 1);
    let before = snapshot(&net, Who::Sender(0));
    assert!(matches!(
        net.tell_sender(0, event).unwrap_err(),
        SenderError::Order(OrderError::Invoice(_))
    ));
    assert_eq!(snapshot(&net, Who::Sender(0)), before);
    let event = pay(&net, &|payment| payment.unix_time = last);
    net.tell_sender(0, event).unwrap();

    // The seed is used now, for whatever payment.
    let (attempt, _) = offer(&mut net);
    let event = pay(&net, &|payment| payment.amount_msat += 1_000);
    refuses_sender(&mut net, event, SenderError::SeedReused(attempt));
    let mut payment = net.in_one_part(&invoice, entropy(2));
    payment.payee = Payee::WhoeverSigned;
    payment.parts[0].seed = AttemptSeed::new(entropy(2));
    net.tell_sender(0, SenderEvent::Pay(payment)).unwrap();

    // An invoice without a route can't be paid yet.
    let LockSecret::Scalar(z) = invoice_secret(LockKind::Point, 0) else { panic!("a scalar") };
    let built = StaticInvoiceBuilder::new(z.to_point(), TIME)
        .sign(&Keypair::new(node_key(Who::Receiver)), &[0; 32]);
    if let Ok(invoice) = built {
        let payment = net.in_one_part(&invoice, entropy(3));
        refuses_sender(&mut net, SenderEvent::Pay(payment), RouteError::RouteMismatch);
    }
    let alone = invoice_of(&invoice_secret(LockKind::Point, 0), &route);
    let mut payment = net.in_one_part(&alone, entropy(3));
    payment.parts[0].forwarders.clear();
    net.tell_sender(0, SenderEvent::Pay(payment)).unwrap();
}

/// A payer that can't have a hold, or a point lock, is told before it pays: by hop and feature, whichever of the two bits is there.
#[test]
fn what_a_forwarder_does_not_say_is_not_asked_of_it() {
    let missing = |hop, feature| RouteError::FeatureMissing { hop, feature };
    let (points, holds) = ("option_point_locks", "option_ptlc_hold");
    let [points_even, points_odd] = Features::POINT_LOCKS;
    let [hold_even, hold_odd] = Features::PTLC_HOLD;
    let all = [points_odd, hold_odd];
    for (kind, hold, bits, expected) in [
        (LockKind::Point, None, [&all[..], &all], None),
        (LockKind::Point, Some(1), [&all[..], &[points_even]], None),
        (LockKind::Point, Some(2), [&[points_odd][..], &[points_even, hold_even]], None),
        (LockKind::Point, None, [&all[..], &[hold_odd]], Some(missing(2, points))),
        (LockKind::Point, None, [&[][..], &all], Some(missing(1, points))),
        (LockKind::Point, Some(1), [&[points_odd][..], &all], Some(missing(1, holds))),
        (LockKind::Point, Some(2), [&all[..], &[points_odd]], Some(missing(2, holds))),
        // Under a hash only the holder has to know anything.
        (LockKind::Hash, None, [&[][..], &[]], None),
        (LockKind::Hash, Some(2), [&[][..], &[hold_odd]], None),
        (LockKind::Hash, Some(2), [&all[..], &[points_odd]], Some(missing(2, holds))),
    ] {
        let mut net = start(1, 2);
        let invoice = net.publish(kind, 0);
        let mut payment = net.in_one_part(&invoice, entropy(1));
        payment.hold = hold.map(|hop| HoldPlan { hop, blocks: 10 });
        for (forwarder, bits) in payment.parts[0].forwarders.iter_mut().zip(bits) {
            forwarder.features = Features::of(bits);
        }
        match expected {
            Some(error) => refuses_sender(&mut net, SenderEvent::Pay(payment), error),
            None => net.tell_sender(0, SenderEvent::Pay(payment)).unwrap(),
        }
    }
}

#[test]
fn parts_that_cannot_be_a_payment_are_refused() {
    let mut net = start(1, 2);
    let invoice = net.publish(LockKind::Point, 0);
    let tail = Tail::Receiver;
    let part = |msat, seed| part(msat, (&[1, 2], Who::Receiver), tail, seed);
    let pay = |net: &Net, invoice: &StaticInvoice, parts| {
        SenderEvent::Pay(net.payment_in(invoice, parts))
    };
    let mismatch = OrderError::PartsMismatch { amount_msat: AMOUNT_MSAT };
    let half = AMOUNT_MSAT / 2;
    let many = |count: u64| -> Vec<PartOrder> {
        let seed = |index: u64| {
            let mut entropy = [7; 32];
            entropy[..8].copy_from_slice(&index.to_be_bytes());
            AttemptSeed::new(entropy)
        };
        let rest = AMOUNT_MSAT - (count - 1);
        let amount = |index| if index == 0 { rest } else { 1 };
        (0..count).map(|index| PartOrder { seed: seed(index), ..part(amount(index), 0) }).collect()
    };
    for parts in [
        Vec::new(),
        vec![part(half, 1), part(half - 1, 2)],
        vec![part(half, 1), part(half + 1, 2)],
        vec![part(u64::MAX, 1), part(AMOUNT_MSAT + 1, 2)],
        many(484),
    ] {
        let event = pay(&net, &invoice, parts);
        refuses_sender(&mut net, event, mismatch.clone());
    }
    let twice = pay(&net, &invoice, vec![part(half, 1), part(half, 1)]);
    assert!(matches!(net.tell_sender(0, twice), Err(SenderError::SeedReused(_))));
    // Where the invoice says nothing of parts, and under a hash.
    let hash = net.publish(LockKind::Hash, 1);
    let LockSecret::Scalar(z) = invoice_secret(LockKind::Point, 2) else { panic!("a scalar") };
    let silent = StaticInvoiceBuilder::new(z.to_point(), TIME)
        .interim_route(&[node_id(Who::Receiver)])
        .sign(&Keypair::new(node_key(Who::Receiver)), &[0; 32])
        .unwrap();
    for invoice in [&hash, &silent] {
        let event = pay(&net, invoice, vec![part(half, 1), part(half, 2)]);
        refuses_sender(&mut net, event, OrderError::PartsNotAllowed);
        let event =
            pay(&net, invoice, vec![part(AMOUNT_MSAT, if *invoice == hash { 3 } else { 4 })]);
        net.tell_sender(0, event).unwrap();
    }
    // Where the payer chooses the amount, nothing but the numbers limits it.
    let payment = Payment {
        amount_msat: u64::MAX,
        ..net.payment_in(
            &silent,
            vec![PartOrder { seed: AttemptSeed::new(entropy(9)), ..part(u64::MAX, 5) }],
        )
    };
    refuses_sender(&mut net, SenderEvent::Pay(payment), RouteError::AmountOverflow { hop: 2 });
    // Held, but not all by the same node; or where no mail can reach the receiver.
    let held = |hop| Some(HoldPlan { hop, blocks: 10 });
    let other = PartOrder { forwarders: hops(&[2, 1], Who::Receiver), ..part(half, 5) };
    let mut payment = net.payment_in(&invoice, vec![part(half, 6), other]);
    payment.hold = held(1);
    refuses_sender(&mut net, SenderEvent::Pay(payment), OrderError::NoHolder { hop: 1 });
    let mut payment = net.payment_in(&silent, vec![part(AMOUNT_MSAT, 5)]);
    payment.hold = held(1);
    refuses_sender(&mut net, SenderEvent::Pay(payment), MessageError::NoMessagePath);
    // Paths that are not there, and nobody who could find a route.
    let budget = policy(1);
    for (tail, forwarders, error) in [
        (Tail::Path(0), [1].as_slice(), RouteError::NoSuchPath { index: 0 }),
        (Tail::Trampoline { budget, path: Some(0) }, &[1], RouteError::NoSuchPath { index: 0 }),
        (Tail::Trampoline { budget, path: None }, &[], RouteError::NoTrampoline),
    ] {
        let order = crate::places::part(AMOUNT_MSAT, (forwarders, Who::Receiver), tail, 5);
        let event = pay(&net, &invoice, vec![order]);
        refuses_sender(&mut net, event, error.clone());
    }
    // An invoice with paths is paid along them, and not past them.
    let with_paths = net.publish_paths(LockKind::Point, 0, 3, &[&[2]]);
    let event = pay(&net, &with_paths, vec![part(AMOUNT_MSAT, 5)]);
    refuses_sender(&mut net, event, RouteError::RouteMismatch);
    let order = crate::places::part(AMOUNT_MSAT, (&[1], Who::Forwarder(2)), Tail::Path(1), 5);
    let event = pay(&net, &with_paths, vec![order]);
    refuses_sender(&mut net, event, RouteError::NoSuchPath { index: 1 });
}
