//! What may happen to four nodes: payments that arrive, wait, come in parts, fail, and end on the chain.

use pointlock::curve::SecretScalar;
use pointlock::edge::Edge;
use pointlock::invoice::{Rate, StaticInvoice};
use pointlock::journal::Recordable;
use pointlock::onion::blinded::{BlindedPath, RecipientData};
use pointlock::payment::{
    ArrivalPath, AttemptSeed, ForwardingPolicy, HoldPlan, HopBlinds, NodeAction, NodeEvent,
    OfferOrigin, Payer, PayerSeed, Payment, PaymentId, Role, Tail,
};

use crate::net::{
    AMOUNT_MSAT, HEIGHT, Net, RECEIVER, SENDER, TIME, hop, id, point_secret, preimage,
};

/// Every history, by name.
pub(crate) fn all() -> Vec<(&'static str, Net)> {
    vec![
        ("simple", simple()),
        ("held", held()),
        ("cut off", cut_off()),
        ("in parts", in_parts()),
        ("cancelled", cancelled()),
        ("failed", failed()),
        ("on the chain", on_the_chain()),
        ("taken back", taken_back()),
        ("too late", too_late()),
        ("plain", plain()),
    ]
}

/// Under a point and under a hash; each is forgotten once it has arrived.
fn simple() -> Net {
    let mut net = Net::new();
    let rate = Rate::new("EUR", 100, 1_500_000).unwrap();
    net.tell(RECEIVER, NodeEvent::RateGiven { rate });
    net.tell(RECEIVER, NodeEvent::Time { unix_time: TIME + 1 });
    for secret in [point_secret(200), preimage(201)] {
        let invoice = net.publish(&secret, &[]);
        let payment = net.payment(&invoice);
        net.tell(SENDER, NodeEvent::Pay(payment));
        net.run();
        net.tell(RECEIVER, NodeEvent::Withdrawn { invoice: invoice.invoice_id() });
    }
    assert_eq!(net.ended, ["paid", "paid"]);
    net.block(HEIGHT + 1);
    net.disconnect();
    net.block(HEIGHT + 1);
    net
}

pub(crate) fn hold(net: &mut Net, secret: u8, hop: usize) -> Payment {
    let invoice = net.publish(&point_secret(secret), &[]);
    let hold = Some(HoldPlan { hop, blocks: 144 });
    Payment { hold, hop_blinds: HopBlinds::Explicit, ..net.payment(&invoice) }
}

/// The receiver is away at first; both repeat what they have to say.
fn held() -> Net {
    let mut net = Net::new();
    net.kept_back = vec![("pass on", 2)];
    let payment = hold(&mut net, 202, 1);
    let id = payment_id(&mut net, payment);
    net.block(HEIGHT + 1);
    let seed = AttemptSeed::new(net.fresh());
    net.tell(SENDER, NodeEvent::Announce { payment: id, seed });
    net.run();
    net.kept_back.clear();
    let hold = net.nodes[1].ledger().holds().next().unwrap().request.id;
    let entropy = net.fresh();
    net.tell(1, NodeEvent::AnnounceHold { hold, entropy });
    net.run();
    assert_eq!(net.ended, ["paid"]);
    net.tell(SENDER, NodeEvent::Forget { payment: id });
    // Its hold's id is taken until the incoming edge expires.
    net.block(HEIGHT + 400);
    net
}

fn payment_id(net: &mut Net, payment: Payment) -> PaymentId {
    net.tell(SENDER, NodeEvent::Pay(payment));
    let attempt = net.nodes[SENDER].pending().into_iter().find_map(|action| match action {
        NodeAction::Offer { origin: OfferOrigin::Attempt(attempt), .. } => Some(attempt),
        _ => None,
    });
    let id = net.nodes[SENDER].sender().payment_of(&attempt.unwrap()).unwrap();
    net.run();
    id
}

/// Nobody comes for what is held.
fn cut_off() -> Net {
    let mut net = Net::new();
    net.kept_back = vec![("send", 1), ("fail", 1)];
    let payment = hold(&mut net, 203, 1);
    payment_id(&mut net, payment);
    net.block(HEIGHT + 150);
    net.kept_back.clear();
    net.ask(1);
    assert_eq!(net.ended, ["attempt failed", "payment failed"]);
    net
}

/// Three ways to a receiver whose invoice has a polynomial; the sender keeps a share back.
pub(crate) fn parts(net: &mut Net, invoice: &StaticInvoice) -> Payment {
    let budget = ForwardingPolicy {
        fee_base_msat: 200_000,
        fee_proportional_millionths: 0,
        cltv_expiry_delta: 200,
    };
    let third = AMOUNT_MSAT / 5;
    let parts = vec![
        net.part(3 * third, vec![hop(1, 2)], Tail::Path(0)),
        net.part(third, vec![hop(1, 2)], Tail::Path(1)),
        net.part(third, vec![hop(1, 2)], Tail::Trampoline { budget, path: Some(0) }),
    ];
    let path_id = net.fresh();
    let session = SecretScalar::from_bytes(&net.fresh()).unwrap();
    let data = RecipientData { path_id: Some(path_id.to_vec()), ..Default::default() };
    let (path, _) = BlindedPath::build(session, &[(id(SENDER), data.to_bytes())]).unwrap();
    let cancellable = Some(ArrivalPath { path: path.into(), path_id });
    let payer = Some(Payer { seed: PayerSeed::new(net.fresh()), note: Some(b"tea".to_vec()) });
    Payment { cancellable, payer, ..net.payment_in(invoice, parts) }
}

/// Two payments, which take all slots.
fn in_parts() -> Net {
    let mut net = Net::new();
    let invoice = net.publish_polynomial(2, &[&[2], &[2]]);
    for _ in 0..2 {
        net.kept_back = vec![("claimable", RECEIVER)];
        let payment = parts(&mut net, &invoice);
        payment_id(&mut net, payment);
        net.kept_back.clear();
        net.ask(RECEIVER);
    }
    assert_eq!(net.ended, ["paid", "replace", "paid"]);
    net
}

/// The receiver has all parts, and its message does not reach the sender.
fn cancelled() -> Net {
    let mut net = Net::new();
    net.kept_back = vec![("send", RECEIVER)];
    let invoice = net.publish_polynomial(2, &[&[2], &[2]]);
    let payment = parts(&mut net, &invoice);
    let id = payment_id(&mut net, payment);
    net.tell(SENDER, NodeEvent::Cancel { payment: id });
    let incoming = last_incoming(&net, RECEIVER).id;
    net.tell(RECEIVER, NodeEvent::PartsTimedOut { incoming });
    net.run();
    assert!(net.ended.contains(&"payment failed"), "{:?}", net.ended);
    net
}

/// An invoice that is not in the world any more; a part that is tried again; a route that is not found.
fn failed() -> Net {
    let mut net = Net::new();
    let invoice = net.publish(&point_secret(204), &[]);
    net.tell(RECEIVER, NodeEvent::Withdrawn { invoice: invoice.invoice_id() });
    net.kept_back = vec![("fail", RECEIVER)];
    let payment = net.payment(&invoice);
    payment_id(&mut net, payment);
    net.kept_back.clear();
    net.ask(RECEIVER);
    assert_eq!(net.ended, ["attempt failed", "payment failed"]);

    let invoice = net.publish(&point_secret(205), &[]);
    net.kept_back = vec![("offer", 1), ("find route", 1)];
    let half = AMOUNT_MSAT / 2;
    let budget =
        ForwardingPolicy { fee_base_msat: 200_000, cltv_expiry_delta: 200, ..hop(1, 2).policy };
    let parts = vec![
        net.part(half, vec![hop(1, RECEIVER)], Tail::Receiver),
        net.part(half, vec![hop(1, RECEIVER)], Tail::Trampoline { budget, path: None }),
    ];
    let payment = net.payment_in(&invoice, parts);
    let id = payment_id(&mut net, payment);
    let [failed, _] = net.nodes[SENDER].sender().attempts(&id).unwrap() else { panic!("two") };
    let failed = *failed;
    // The next node is away.
    let pending = net.nodes[1].pending();
    let origin = pending.iter().find_map(|action| match action {
        NodeAction::Offer { origin, .. } => Some(*origin),
        _ => None,
    });
    net.tell(1, NodeEvent::OfferFailed { origin: origin.unwrap() });
    net.run();
    net.kept_back = vec![("find route", 1)];
    let order = net.part(half, vec![hop(2, RECEIVER)], Tail::Receiver);
    let height = net.height;
    net.tell(SENDER, NodeEvent::Retry { attempt: failed, order, height });
    net.run();
    let incoming = pending.iter().find_map(|action| match action {
        NodeAction::FindRoute { incoming, .. } => Some(*incoming),
        _ => None,
    });
    net.tell(1, NodeEvent::NoRoute { incoming: incoming.unwrap() });
    net.run();
    // Another one, to somebody that the node does not know.
    net.kept_back = vec![("find route", 1)];
    let tail = Tail::Trampoline { budget, path: None };
    let parts = vec![net.part(AMOUNT_MSAT, vec![hop(1, RECEIVER)], tail)];
    let payment = net.payment_in(&invoice, parts);
    payment_id(&mut net, payment);
    let incoming = net.nodes[1].pending().iter().find_map(|action| match action {
        NodeAction::FindRoute { incoming, .. } => Some(*incoming),
        _ => None,
    });
    net.tell(1, NodeEvent::UnknownRecipient { incoming: incoming.unwrap() });
    net.run();
    net.restore_polynomial(2, &[&[2]]);
    net
}

/// The receiver claims on the chain; its block is taken back once.
fn on_the_chain() -> Net {
    let mut net = Net::new();
    let invoice = net.publish(&point_secret(206), &[]);
    net.kept_back = vec![("claim", RECEIVER), ("claim", 2), ("claim", 1)];
    let payment = net.payment(&invoice);
    payment_id(&mut net, payment);
    for height in [HEIGHT + 1, HEIGHT + 10, HEIGHT + 11] {
        net.block(height);
    }
    net.disconnect();
    for height in [HEIGHT + 11, HEIGHT + 14, HEIGHT + 40, HEIGHT + 60, HEIGHT + 100, HEIGHT + 200] {
        net.block(height);
    }
    assert_eq!(net.ended.iter().filter(|ended| **ended == "paid").count(), 1);
    net
}

/// The second forwarder says nothing any more: the first takes its edge back, and so does the sender in the end.
fn taken_back() -> Net {
    let mut net = Net::new();
    let invoice = net.publish(&point_secret(207), &[]);
    net.kept_back = ["offer", "withdraw", "fail"].map(|name| (name, 2)).to_vec();
    net.kept_back.extend([("fail", 1)]);
    let payment = net.payment(&invoice);
    payment_id(&mut net, payment);
    let incoming = last_incoming(&net, 2);
    net.block(incoming.expiry + 3);
    let height = net.height;
    net.tell(2, NodeEvent::IncomingTakenBack { incoming: incoming.id, height });
    net.disconnect();
    net.block(incoming.expiry + 3);
    net.block(incoming.expiry + 9);
    // The sender's own edge expires later. Nothing is said to it either.
    net.block(incoming.expiry + 43);
    net.disconnect();
    net.block(incoming.expiry + 43);
    net.block(incoming.expiry + 48);
    assert_eq!(net.ended, ["attempt failed", "payment failed"]);
    net.kept_back.clear();
    net.ask(1);

    // An offer that nobody answers is withdrawn.
    let invoice = net.publish(&point_secret(208), &[]);
    net.kept_back = vec![("offer", SENDER), ("withdraw", SENDER)];
    let payment = net.payment(&invoice);
    let id = payment_id(&mut net, payment);
    net.kept_back.clear();
    let expiry = {
        let sender = net.nodes[SENDER].sender();
        sender.route(&sender.attempts(&id).unwrap()[0]).unwrap().edges()[0].expiry
    };
    net.block(expiry - 21);
    assert_eq!(net.ended.len(), 4);
    net
}

/// The receiver's neighbour does not take the secret, and takes the edge back.
fn too_late() -> Net {
    let mut net = Net::new();
    let invoice = net.publish(&point_secret(209), &[]);
    net.kept_back = vec![("claim", RECEIVER), ("claim on chain", RECEIVER), ("time out", 2)];
    let payment = net.payment(&invoice);
    payment_id(&mut net, payment);
    let edge = last_incoming(&net, RECEIVER);
    net.block(edge.expiry);
    let (incoming, height) = (edge.id, net.height);
    net.tell(RECEIVER, NodeEvent::IncomingTakenBack { incoming, height });
    net.disconnect();
    net.block(edge.expiry);
    net.tell(RECEIVER, NodeEvent::IncomingTakenBack { incoming, height });
    net.run();
    assert!(net.ended.contains(&"secret late"), "{:?}", net.ended);
    net.kept_back.clear();
    for blocks in [4, 8, 20, 100] {
        net.block(edge.expiry + blocks);
    }
    net
}

/// The payer draws the preimage.
fn plain() -> Net {
    let mut net = Net::new();
    let invoice = net.publish_plain(&[&[2]]);
    let parts = vec![net.part(AMOUNT_MSAT, vec![hop(1, 2)], Tail::Path(0))];
    let payer = Some(Payer { seed: PayerSeed::new(net.fresh()), note: None });
    let payment = Payment { payer, ..net.payment_in(&invoice, parts) };
    payment_id(&mut net, payment);
    assert_eq!(net.ended, ["paid"]);
    net
}

/// The edge that a node was told of last.
fn last_incoming(net: &Net, node: usize) -> Edge {
    let incoming = |event: NodeEvent| match event {
        NodeEvent::IncomingCommitted { edge, .. } => Some(*edge.edge()),
        _ => None,
    };
    let events = net.journals[node].iter().rev().map(|record| NodeEvent::from_record(record));
    events.map(Result::unwrap).find_map(incoming).unwrap()
}
