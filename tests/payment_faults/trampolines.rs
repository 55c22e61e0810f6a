//! Routes that a node finds itself: what it may do with them, and what it can't.

use pointlock::curve::{Point, SecretScalar};
use pointlock::edge::EdgeId;
use pointlock::lock::{Blind, Lock, LockSecret};
use pointlock::onion::blinded::peel_payment;
use pointlock::onion::{OnionError, Packet};
use pointlock::payment::{
    AttemptSeed, EdgeError, ForwarderError, ForwarderEvent, ForwardingPolicy, NodeAction,
    OuterPayload, Payload, PayloadError, PaymentData, PaymentSecret, Refusal, RouteError, RouteHop,
    SecretSource, Tail, TrampolinePayload,
};
use pointlock::wire::{TlvStream, TlvWriter};
use pointlock_sim::{Fact, Who};

use crate::nodes::{
    AMOUNT_MSAT, HEIGHT, Known, LockKind, Net, hops, invoice_secret, node_id, node_key, number_of,
    policy, secret_of, start, unknown_edge,
};
use crate::places::Place::{ReceiverOfTrampoline, Trampoline};
use crate::places::{Said, Scene, budget, ordered, part, reach};
use crate::scene::{blind, entropy, failures, is_paid, refuses_forwarder};

const TRAMPOLINE: Who = Who::Forwarder(1);

fn trampoline(scene: &Scene) -> OuterPayload {
    match Payload::parse(&scene.payload, true).unwrap() {
        Payload::Outer(payload) => payload,
        other => panic!("{other:?}"),
    }
}

/// What the node is asked to do.
fn order(scene: &Scene) -> TrampolinePayload {
    TrampolinePayload::parse(&order_bytes(scene)).unwrap()
}

fn order_bytes(scene: &Scene) -> Vec<u8> {
    trampoline(scene).packet.peel(&node_key(TRAMPOLINE), &[]).unwrap().payload.to_vec()
}

/// A packet with this order for the node, and something for the recipient behind it.
fn with_order(scene: &Scene, order: &[u8], session: usize) -> Packet {
    let plan =
        Packet::plan(secret_of("order", session), &[node_id(TRAMPOLINE), node_id(Who::Receiver)]);
    let (packet, _) = plan.unwrap().build(&[order, &[2, 0]], &[], 720).unwrap();
    around(scene, packet, session)
}

fn around(scene: &Scene, packet: Packet, session: usize) -> Packet {
    let outer = OuterPayload { packet, ..trampoline(scene) };
    scene.packet_with(&outer.to_bytes(), session)
}

fn misplaced(field: &'static str) -> Refusal {
    Refusal::Payload(PayloadError::Misplaced(field))
}

fn said(scene: &mut Scene, payload: &OuterPayload, session: usize) -> Said {
    let packet = scene.packet_with(&payload.to_bytes(), session);
    scene.deliver(None, packet)
}

fn refusal(said: Said) -> Refusal {
    match said {
        Said::No(refusal, _) => refusal,
        Said::Yes => panic!("accepted"),
    }
}

/// A sum that is not what the node has added to the lock, or none.
#[test]
fn a_wrong_sum_of_the_tail_claims_nothing() {
    let right = trampoline(&Scene::new(ReceiverOfTrampoline)).tail_blind.unwrap();
    let one = SecretScalar::from_bytes(&std::array::from_fn(|i| u8::from(i == 31))).unwrap();
    let sums = [
        None,
        Some(blind("tail", 0)),
        Some(Blind::new(right.as_scalar().add(&one).unwrap())),
        Some(Blind::new(right.as_scalar().negate())),
    ];
    for (session, tail_blind) in sums.into_iter().enumerate() {
        let mut scene = Scene::new(ReceiverOfTrampoline);
        let expected = match tail_blind {
            // Under a point lock the node has always added something.
            None => Refusal::TweakMismatch,
            Some(_) => Refusal::LockMismatch,
        };
        let payload = OuterPayload { tail_blind, ..trampoline(&scene) };
        assert_eq!(refusal(said(&mut scene, &payload, session)), expected);
    }
    let mut scene = Scene::new(ReceiverOfTrampoline);
    let payload = trampoline(&scene);
    assert_eq!(said(&mut scene, &payload, 9), Said::Yes);
}

/// The node says less, or keeps more, than the sender told the receiver in the packet that the node can't read.
#[test]
fn what_the_node_tells_the_receiver_is_not_believed_alone() {
    let mut scene = Scene::new(ReceiverOfTrampoline);
    let terms = *scene.edge.terms();
    let offered_msat = terms.amount.to_sat() * 1_000;
    let more = OuterPayload { amount_msat: offered_msat + 1, ..trampoline(&scene) };
    let low = Refusal::AmountTooLow { offered_msat, expected_msat: offered_msat + 1 };
    assert_eq!(refusal(said(&mut scene, &more, 0)), low);
    let later = OuterPayload { expiry: terms.expiry + 1, ..trampoline(&scene) };
    let soon = Refusal::FinalExpiryTooSoon { expiry: terms.expiry, required: terms.expiry + 1 };
    assert_eq!(refusal(said(&mut scene, &later, 1)), soon);
    // It takes a millisatoshi for itself, and says so to the receiver: the sender's own packet has another figure. So with a block.
    let less = OuterPayload { amount_msat: AMOUNT_MSAT - 1, ..trampoline(&scene) };
    let low = Refusal::AmountTooLow { offered_msat: AMOUNT_MSAT - 1, expected_msat: AMOUNT_MSAT };
    assert_eq!(refusal(said(&mut scene, &less, 2)), low);
    let required = trampoline(&scene).expiry;
    let sooner = OuterPayload { expiry: required - 1, ..trampoline(&scene) };
    let soon = Refusal::FinalExpiryTooSoon { expiry: required - 1, required };
    assert_eq!(refusal(said(&mut scene, &sooner, 3)), soon);
    // None of these has opened the sender's packet for good.
    assert_eq!(scene.deliver_right(), Said::Yes);
}

/// One packet of the sender's is worth one payment, whatever the node builds around it.
#[test]
fn the_senders_packet_in_a_second_one_is_a_replay() {
    let mut scene = Scene::new(ReceiverOfTrampoline);
    assert_eq!(scene.deliver_right(), Said::Yes);
    let payload = trampoline(&scene);
    let expiry_height = scene.edge.terms().expiry;
    let replayed = Refusal::Onion(OnionError::Replayed { expiry_height });
    for session in 0..2 {
        assert_eq!(refusal(said(&mut scene, &payload, session)), replayed);
    }
}

/// A packet within that this node can't peel.
fn malformed_packet() -> Refusal {
    Refusal::Payload(PayloadError::Malformed("trampoline_onion_packet"))
}

/// The sender's packet is for the receiver: not another's, not a node's order within it, and not one that goes on.
#[test]
fn the_senders_packet_is_the_last_one() {
    let mut scene = Scene::new(ReceiverOfTrampoline);
    let inner = |hops: &[(Point, Vec<u8>)], session| {
        let nodes: Vec<Point> = hops.iter().map(|(node, _)| *node).collect();
        let payloads: Vec<&[u8]> = hops.iter().map(|(_, payload)| payload.as_slice()).collect();
        let plan = Packet::plan(secret_of("inner", session), &nodes).unwrap();
        plan.build(&payloads, &[], if session == 2 { 900 } else { 500 }).unwrap().0
    };
    let receiver = node_id(Who::Receiver);
    let right = trampoline(&scene);
    let last = right.packet.peel(&node_key(Who::Receiver), &[]).unwrap().payload.to_vec();
    for (session, (packet, expected)) in [
        (inner(&[(node_id(TRAMPOLINE), last.clone())], 0), malformed_packet()),
        (inner(&[(receiver, last.clone()), (receiver, last.clone())], 1), Refusal::RouteEnd),
        (inner(&[(receiver, right.to_bytes())], 2), misplaced("trampoline_onion_packet")),
    ]
    .into_iter()
    .enumerate()
    {
        let payload = OuterPayload { packet, ..trampoline(&scene) };
        assert_eq!(refusal(said(&mut scene, &payload, session)), expected);
    }
    let packet = inner(&[(receiver, last)], 3);
    let payload = OuterPayload { packet, ..trampoline(&scene) };
    assert_eq!(said(&mut scene, &payload, 3), Said::Yes);
}

// ---- The node itself ----

/// The order stands in the packet within, and is read like every payload: by field.
#[test]
fn each_field_of_the_order() {
    let mut scene = Scene::new(Trampoline);
    let bytes = order_bytes(&scene);
    let stream = TlvStream::parse(&bytes).unwrap();
    let records: Vec<(u64, &[u8])> =
        stream.records().iter().map(|record| (record.tlv_type(), record.value())).collect();
    assert_eq!(records.iter().map(|(t, _)| *t).collect::<Vec<_>>(), [2, 4, 14, 65_563]);
    let with = |left_out: u64, more: &[(u64, Vec<u8>)]| {
        let mut tlv = TlvWriter::new();
        for (tlv_type, value) in records.iter().filter(|(tlv_type, _)| *tlv_type != left_out) {
            tlv.set(*tlv_type, *value);
        }
        for (tlv_type, value) in more {
            tlv.set(*tlv_type, value.clone());
        }
        tlv.to_bytes()
    };
    let missing = |field| Refusal::Payload(PayloadError::Missing(field));
    let unknown = |tlv_type| Refusal::Payload(PayloadError::UnknownEven { tlv_type });
    for (session, (order, expected)) in [
        (with(2, &[]), missing("amt_to_forward")),
        (with(4, &[]), missing("outgoing_cltv_value")),
        // Then it is a receiver's.
        (with(14, &[]), misplaced("min_final_delta")),
        (with(0, &[(22, vec![1])]), misplaced("outgoing_node_id")),
        (with(14, &[(22, vec![1])]), malformed("recipient_blinded_paths")),
        (with(14, &[(22, vec![])]), malformed("recipient_blinded_paths")),
        (with(0, &[(21, vec![1])]), misplaced("recipient_features")),
        (with(0, &[(65_579, vec![1])]), misplaced("recipient_packet")),
        (with(0, &[(65_539, vec![1; 32])]), misplaced("final_blind")),
        (with(0, &[(6, vec![1; 8])]), misplaced("short_channel_id")),
        (with(0, &[(14, vec![4; 33])]), malformed("outgoing_node_id")),
        (with(0, &[(24, vec![1])]), unknown(24)),
        (with(0, &[(65_550, vec![1])]), unknown(65_550)),
    ]
    .into_iter()
    .enumerate()
    {
        let packet = with_order(&scene, &order, session);
        assert_eq!(refusal(scene.deliver(None, packet)), expected);
    }
    // Without a next layer there is nobody to find the way to.
    let plan = Packet::plan(secret_of("order", 90), &[node_id(TRAMPOLINE)]).unwrap();
    let packet = around(&scene, plan.build(&[&bytes], &[], 500).unwrap().0, 90);
    assert_eq!(refusal(scene.deliver(None, packet)), Refusal::RouteEnd);
    // A whole packet for another node, and a tail's blind where no tail was.
    let plan = Packet::plan(secret_of("order", 91), &[node_id(Who::Receiver)]).unwrap();
    let packet = around(&scene, plan.build(&[&bytes], &[], 500).unwrap().0, 91);
    assert_eq!(refusal(scene.deliver(None, packet)), malformed_packet());
    let outer = OuterPayload { tail_blind: Some(blind("tail", 0)), ..trampoline(&scene) };
    let packet = scene.packet_with(&outer.to_bytes(), 92);
    assert_eq!(refusal(scene.deliver(None, packet)), misplaced("tail_blind"));
    // The expiry is the sender's to say, and odd types that are not known are passed over.
    for (session, order) in [with(65_563, &[]), with(0, &[(65_561, vec![1])])].iter().enumerate() {
        let mut scene = Scene::new(Trampoline);
        let packet = with_order(&scene, order, 93 + session);
        assert_eq!(scene.deliver(None, packet), Said::Yes);
    }
    assert_eq!(scene.deliver_right(), Said::Yes);
}

/// The edge has all of what the onion says, in one part.
#[test]
fn what_stands_around_the_order() {
    let mut scene = Scene::new(Trampoline);
    let terms = *scene.edge.terms();
    let offered_msat = terms.amount.to_sat() * 1_000;
    assert_eq!(trampoline(&scene).payment_data, None);
    let low = Refusal::AmountTooLow { offered_msat, expected_msat: offered_msat + 1 };
    let soon = Refusal::FinalExpiryTooSoon { expiry: terms.expiry, required: terms.expiry + 1 };
    let payload = scene.payload.clone();
    let right = || match Payload::parse(&payload, true).unwrap() {
        Payload::Outer(payload) => payload,
        other => panic!("{other:?}"),
    };
    let of = |total_msat| Some(PaymentData { secret: PaymentSecret([7; 32]), total_msat });
    let cases = [
        (OuterPayload { amount_msat: offered_msat + 1, ..right() }, low.clone()),
        (OuterPayload { expiry: terms.expiry + 1, ..right() }, soon),
        (OuterPayload { payment_data: of(offered_msat + 1), ..right() }, low),
    ];
    for (session, (payload, expected)) in cases.into_iter().enumerate() {
        assert_eq!(refusal(said(&mut scene, &payload, session)), expected);
    }
    let whole = OuterPayload { payment_data: of(offered_msat), ..right() };
    assert_eq!(said(&mut scene, &whole, 9), Said::Yes);
}

fn malformed(field: &'static str) -> Refusal {
    Refusal::Payload(PayloadError::Malformed(field))
}

/// The most that leaves the node its own fee.
fn after_own_fee(incoming_msat: u64) -> u64 {
    let pays = |msat: &u64| msat + policy(1).fee_msat(*msat).unwrap() <= incoming_msat;
    (incoming_msat - 20_000..incoming_msat).rev().find(pays).unwrap()
}

/// The node is asked for a route; what it wants is gone from the tasks.
fn asked() -> (Net, EdgeId) {
    let (mut net, _) = ordered(Trampoline);
    loop {
        if let Some((Who::Forwarder(_), NodeAction::FindRoute { incoming, .. })) = net.tasks.front()
        {
            let incoming = *incoming;
            net.tasks.clear();
            return (net, incoming);
        }
        assert!(net.step().unwrap());
    }
}

#[test]
fn routes_over_budget_are_refused() {
    let (mut net, incoming) = asked();
    let found = |forwarders: Vec<RouteHop>, seed: u8| ForwarderEvent::RouteFound {
        incoming,
        forwarders,
        seed: AttemptSeed::new(entropy(seed)),
    };
    let with = |fee: u64, delta: u32| {
        let mut hop = hops(&[2], Who::Receiver).remove(0);
        hop.policy.fee_base_msat = fee;
        hop.policy.fee_proportional_millionths = 0;
        hop.policy.cltv_expiry_delta = delta;
        vec![hop]
    };
    // What the sender has allowed for, to the millisatoshi.
    let budget = budget();
    let most = after_own_fee(net.at(&incoming).amount_msat) - AMOUNT_MSAT;
    assert_eq!(most, budget.fee_base_msat);
    let over = |field| RouteError::OverBudget { field };
    let delta = budget.cltv_expiry_delta;
    for (route, field) in [
        (with(most + 1, delta), "amount"),
        (with(most, delta + 1), "expiry"),
        (hops(&[2; 7], Who::Receiver), "expiry"),
    ] {
        refuses_forwarder(&mut net, TRAMPOLINE, found(route, 1), over(field));
    }
    let overflow = RouteError::AmountOverflow { hop: 1 };
    refuses_forwarder(&mut net, TRAMPOLINE, found(with(u64::MAX, 1), 1), overflow.clone());
    let unknown = unknown_edge();
    let event = ForwarderEvent::NoRoute { incoming: unknown };
    refuses_forwarder(&mut net, TRAMPOLINE, event, EdgeError::Unknown(unknown));

    net.tell_forwarder(number_of(TRAMPOLINE), found(with(most, delta), 1)).unwrap();
    let second = EdgeError::OutOfOrder { edge: incoming, event: "route" };
    refuses_forwarder(&mut net, TRAMPOLINE, found(with(0, 1), 2), second.clone());
    refuses_forwarder(&mut net, TRAMPOLINE, ForwarderEvent::NoRoute { incoming }, second.clone());
    let reused = || found(with(0, 1), 1);
    assert!(matches!(
        net.tell_forwarder(number_of(TRAMPOLINE), reused()),
        Err(ForwarderError::SeedReused(_))
    ));
}

/// All y's of two routes would be the same.
#[test]
fn a_seed_makes_one_route() {
    let mut net = start(1, 3);
    let invoice = net.publish(LockKind::Point, 0);
    let mut asked = Vec::new();
    for seed in [1, 2] {
        let tail = Tail::Trampoline { budget: budget(), path: None };
        let part = part(AMOUNT_MSAT, (&[1], Who::Forwarder(2)), tail, seed);
        let payment = net.payment_in(&invoice, vec![part]);
        net.order_to_pay(0, payment);
        assert!(net.step().unwrap());
        let Some((Who::Forwarder(_), NodeAction::FindRoute { incoming, .. })) =
            net.tasks.pop_front()
        else {
            panic!("a route is wanted")
        };
        asked.push(incoming);
    }
    let found = |incoming, seed: u8| ForwarderEvent::RouteFound {
        incoming,
        forwarders: Vec::new(),
        seed: AttemptSeed::new(entropy(seed)),
    };
    net.tell_forwarder(number_of(TRAMPOLINE), found(asked[0], 1)).unwrap();
    let view = net.forwarders[0].view();
    let reused = view.secrets().iter().find_map(|known| match known.source {
        SecretSource::DrawnBlind { attempt, .. } => Some(ForwarderError::SeedReused(attempt)),
        _ => None,
    });
    refuses_forwarder(&mut net, TRAMPOLINE, found(asked[1], 1), reused.clone().unwrap());
    net.tell_forwarder(number_of(TRAMPOLINE), found(asked[1], 2)).unwrap();
    net.run().unwrap();
    assert_eq!(net.facts().filter(|fact| matches!(fact, Fact::Paid { .. })).count(), 2);
    net.check_replay().unwrap();
}

#[test]
fn without_a_route_the_payment_fails_back() {
    let (mut net, incoming) = asked();
    net.tell_forwarder(number_of(TRAMPOLINE), ForwarderEvent::NoRoute { incoming }).unwrap();
    fails_with(net, Refusal::NoRoute, 0x2019);
}

/// Pull request 836: `unknown_next_trampoline`, after which it is of no use to ask the same node again.
#[test]
fn a_recipient_that_nobody_knows_fails_for_good() {
    let (mut net, incoming) = asked();
    let unknown = unknown_edge();
    let event = ForwarderEvent::UnknownRecipient { incoming: unknown };
    refuses_forwarder(&mut net, TRAMPOLINE, event, EdgeError::Unknown(unknown));
    let event = || ForwarderEvent::UnknownRecipient { incoming };
    net.tell_forwarder(number_of(TRAMPOLINE), event()).unwrap();
    let second = EdgeError::OutOfOrder { edge: incoming, event: "route" };
    refuses_forwarder(&mut net, TRAMPOLINE, event(), second);
    fails_with(net, Refusal::UnknownRecipient, 0x401b);
}

fn fails_with(mut net: Net, reason: Refusal, code: u16) {
    net.run().unwrap();
    assert_eq!(failures(&net), [(TRAMPOLINE, reason)]);
    let failed = net.facts().any(
        |fact| matches!(fact, Fact::AttemptFailed { failure: Some((0, said)), .. } if *said == code),
    );
    assert!(failed && net.balances().is_empty());
    net.check_replay().unwrap();
}

/// Pull request 836: `trampoline_fee_or_expiry_insufficient`, with all that the node asks for, whichever of the two was too little.
#[test]
fn a_budget_that_is_too_small_is_answered_with_the_price() {
    let most = budget();
    let own = policy(1);
    for (fee_base_msat, cltv_expiry_delta, is_enough) in [
        (most.fee_base_msat, most.cltv_expiry_delta, true),
        (0, most.cltv_expiry_delta, false),
        (most.fee_base_msat, 1, false),
    ] {
        let mut net = start(1, 3);
        let invoice = net.publish(LockKind::Point, 0);
        let budget = ForwardingPolicy { fee_base_msat, cltv_expiry_delta, ..most };
        let mut order = part(
            AMOUNT_MSAT,
            (&[1], Who::Forwarder(2)),
            Tail::Trampoline { budget, path: None },
            1,
        );
        // The sender reckons with a trampoline that asks for nothing itself.
        order.forwarders[0].policy = ForwardingPolicy {
            fee_base_msat: 0,
            fee_proportional_millionths: 0,
            cltv_expiry_delta: 0,
        };
        let payment = net.payment_in(&invoice, vec![order]);
        net.order_to_pay(0, payment);
        net.run().unwrap();
        let told = net.facts().find_map(|fact| match fact {
            Fact::AttemptFailed { failure, .. } => *failure,
            _ => None,
        });
        assert_eq!((is_paid(&net), told.is_some()), (is_enough, !is_enough), "{told:?}");
        assert!(is_enough || told == Some((0, 0x201a)), "{told:?}");
    }
    let message = |data: &[u8]| {
        let secret = pointlock::onion::SharedSecret::from_bytes([1; 32]);
        let packet = pointlock::onion::FailurePacket::new(&secret, data).unwrap();
        packet.open(&[secret]).unwrap()
    };
    let mut said = vec![0x20, 0x1a];
    said.extend((own.fee_base_msat as u32).to_be_bytes());
    said.extend((own.fee_proportional_millionths as u32).to_be_bytes());
    said.extend((own.cltv_expiry_delta as u16).to_be_bytes());
    assert_eq!(ForwardingPolicy::asked_for_in(&message(&said)), Some(own));
    // What stands behind is a later release's. A byte less, or another failure, says no price.
    let longer = [&said[..], &[1, 0]].concat();
    assert_eq!(ForwardingPolicy::asked_for_in(&message(&longer)), Some(own));
    assert_eq!(ForwardingPolicy::asked_for_in(&message(&said[..said.len() - 1])), None);
    said[1] = 0x19;
    assert_eq!(ForwardingPolicy::asked_for_in(&message(&said)), None);
}

/// A payment that does not pay even a route without nodes is refused before a route is looked for.
#[test]
fn an_order_that_pays_no_route_is_refused() {
    let mut scene = Scene::new(Trampoline);
    let mut order = order(&scene);
    let edge = *scene.edge.terms();
    let spendable = after_own_fee(edge.amount.to_sat() * 1_000);
    order.amount_msat = spendable + 1;
    let packet = with_order(&scene, &order.to_bytes().unwrap(), 0);
    let short = Refusal::FeeInsufficient { offered_msat: spendable, required_msat: spendable + 1 };
    assert_eq!(refusal(scene.deliver(None, packet)), short);
    order.amount_msat = spendable;
    let left = edge.expiry - policy(1).cltv_expiry_delta;
    order.min_final_delta = Some(left - HEIGHT + 1);
    let packet = with_order(&scene, &order.to_bytes().unwrap(), 1);
    let (expiry, required) = (left, left + 1);
    // The blinds of an order that is taken up are derived before, and known: no secret of anybody else's.
    let view = scene.view();
    scene.net.tasks.clear();
    let edge = scene.net.fund_terms(
        scene.edge.offerer,
        TRAMPOLINE,
        edge.lock,
        edge.amount.to_sat() * 1_000,
        edge.expiry,
    );
    scene.net.commit(edge, None, packet);
    let Some((Who::Forwarder(_), NodeAction::Fail { reason, .. })) = scene.net.tasks.pop_back()
    else {
        panic!("refused")
    };
    assert_eq!(reason, Refusal::ExpiryTooSoon { expiry, required });
    assert!(scene.view().secrets().len() <= view.secrets().len() + 1);
    order.min_final_delta = Some(left - HEIGHT);
    let packet = with_order(&scene, &order.to_bytes().unwrap(), 2);
    assert_eq!(scene.deliver(None, packet), Said::Yes);
}

/// Neither in what the node reads, nor in what it computes, nor in the packets that it passes on.
#[test]
fn the_node_can_not_read_y() {
    let (mut net, node) = ordered(ReceiverOfTrampoline);
    let (edge, proposal) = reach(&mut net, node);
    let attempt = net.senders[0].view().secrets().iter().find_map(|known| match known.source {
        SecretSource::DrawnBlind { attempt, .. } => Some(attempt),
        _ => None,
    });
    let attempt = attempt.unwrap();
    let drawn = |hop| match net.senders[0].view().get(SecretSource::DrawnBlind { attempt, hop }) {
        Some(LockSecret::Scalar(scalar)) => scalar.clone(),
        other => panic!("{other:?}"),
    };
    let y = drawn(0).add(&drawn(1)).unwrap();
    let bytes = *y.dangerous_to_bytes();
    let contains = |haystack: &[u8]| haystack.windows(32).any(|window| window == bytes);

    // All packets and layers that pass through the node, to its last byte.
    let event = net.forwarders[0].log().iter().find_map(|event| match event {
        ForwarderEvent::IncomingCommitted { packet, .. } => Some(packet.clone()),
        _ => None,
    });
    let incoming = event.unwrap();
    let layer = peel_payment(&incoming, &node_key(TRAMPOLINE), None, &[]).unwrap().layer;
    let Payload::Outer(outer) = Payload::parse(&layer.payload, true).unwrap() else {
        panic!("a packet within")
    };
    let peeled = outer.packet.peel(&node_key(TRAMPOLINE), &[]).unwrap();
    let next = peeled.next.unwrap();
    let layer = layer.payload.to_vec();
    for seen in [incoming.to_bytes(), layer, peeled.payload.to_vec(), next.to_bytes()] {
        assert!(!contains(&seen));
    }
    assert!(next.peel(&node_key(TRAMPOLINE), &[]).is_err());
    for forwarder in &net.forwarders {
        assert!(
            !forwarder
                .view()
                .secrets()
                .iter()
                .any(|known| { known.secret == LockSecret::Scalar(y.clone()) })
        );
    }
    // Where it is, so that the search is known to find it.
    let Ok(outer) = proposal.packet.peel(&node_key(Who::Receiver), &[]) else { panic!("a layer") };
    let Payload::Outer(payload) = Payload::parse(&outer.payload, true).unwrap() else {
        panic!("the tail's")
    };
    assert!(!contains(&outer.payload));
    let inner = payload.packet.peel(&node_key(Who::Receiver), &[]).unwrap();
    assert!(contains(&inner.payload));
    // Nor does δ, which the node does know, open the lock: with z, which a past payer sells, and all that the node has.
    let Lock::Point(lock) = edge.terms().lock else { panic!("a point") };
    let LockSecret::Scalar(z) = invoice_secret(LockKind::Point, 0) else { panic!("a scalar") };
    let own: Vec<SecretScalar> = net.forwarders[0]
        .view()
        .secrets()
        .iter()
        .filter_map(|known| match &known.secret {
            LockSecret::Scalar(scalar) => Some(scalar.clone()),
            LockSecret::Preimage(_) => None,
        })
        .collect();
    assert!(own.len() >= 4);
    for subset in 0..1_u32 << own.len() {
        let chosen = own.iter().enumerate().filter(|(index, _)| subset >> index & 1 == 1);
        let sum = chosen.fold(z.clone(), |sum, (_, scalar)| sum.add(scalar).unwrap());
        assert_ne!(sum.to_point(), lock);
    }
    net.commit(edge, proposal.path_key, proposal.packet);
    net.run().unwrap();
    assert!(is_paid(&net));
}
