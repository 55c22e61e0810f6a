#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]
//! Payments over routes of every shape: blinded paths, several parts, and ends that a forwarder finds itself.

#[path = "common/nodes.rs"]
mod nodes;

use nodes::{
    AMOUNT_MSAT, AWAY, HOLD_BLOCKS, Known, LockKind, MIN_FINAL_DELTA, Net, REQUEST, SLOW_ANSWERS,
    channel_to, hops, invoice_of, invoice_secret, node_id, node_key, payer_of, policy, start,
};
use pointlock::curve::SecretScalar;
use pointlock::edge::EdgeId;
use pointlock::invoice::StaticInvoice;
use pointlock::lock::{Blind, LockSecret};
use pointlock::onion::blinded::{NextPeer, OnionMessage, PeeledMessage};
use pointlock::payment::{
    ArrivalPath, AttemptSeed, ForwarderEvent, ForwardingPolicy, HoldPlan, HopBlinds, MessageError,
    MessagePath, OrderError, PartOrder, PayloadError, Payment, PaymentId, PtlcArrived,
    ReceiverEvent, Refusal, SecretSource, SenderError, SenderEvent, Tail, WithheldShare,
};
use pointlock_sim::{Chain, Fact, Keep, Settle, Who};

/// Part `number` of a payment, over these forwarders to the introduction node, or the receiver.
fn part(amount_msat: u64, forwarders: &[usize], end: Who, tail: Tail, number: u8) -> PartOrder {
    PartOrder {
        amount_msat,
        forwarders: hops(forwarders, end),
        tail,
        seed: AttemptSeed::new([number; 32]),
    }
}

fn paid(net: &Net) -> Vec<(PaymentId, LockSecret)> {
    let paid = net.facts().filter_map(|fact| match fact {
        Fact::Paid { payment, secret, .. } => Some((*payment, secret.clone())),
        _ => None,
    });
    paid.collect()
}

fn claims(net: &Net) -> usize {
    net.facts().filter(|fact| matches!(fact, Fact::Claimed { .. })).count()
}

fn offers(net: &Net) -> Vec<EdgeId> {
    let offered = net.facts().filter_map(|fact| match fact {
        Fact::Offered { edge: edge_id, .. } => Some(*edge_id),
        _ => None,
    });
    offered.collect()
}

/// Nobody but the receiver wins more than its fees, and nobody loses.
fn check_balances(net: &Net, amount_msat: u64) {
    let received = net.balances()[&Who::Receiver];
    assert!((amount_msat as i64..amount_msat as i64 + 1_000 * 500).contains(&received));
    for (node, balance) in &net.balances() {
        if let Who::Forwarder(_) = node {
            assert!(*balance >= 0, "{node:?} has lost {balance} msat");
        }
    }
    assert_eq!(net.balances().values().sum::<i64>(), 0);
}

/// No two contracts have the same lock: nothing on them shows that they belong together.
fn check_unlinkable(net: &Net) {
    let locks: Vec<_> = net.contracts.iter().map(|edge| edge.terms().lock).collect();
    for (index, lock) in locks.iter().enumerate() {
        assert!(!locks[index + 1..].contains(lock));
    }
}

fn expect_paid(net: &Net, invoice: &StaticInvoice, z: Option<&LockSecret>) {
    let paid = paid(net);
    assert_eq!(paid.len(), 1, "{:?}", net.happened);
    if let Some(z) = z {
        assert_eq!(paid[0].1, *z);
    }
    assert_eq!(invoice.invoice_node_id(), node_id(Who::Receiver));
    check_balances(net, AMOUNT_MSAT);
}

/// Twelve contracts a part: eight nodes of the sender's choice, and the receiver's path of three forwarders and itself.
#[test]
fn twelve_hops_four_of_them_blinded_in_four_parts() {
    for settle in [Settle::OffChain, Settle::OnChain] {
        for k in [0, 2] {
            let mut net = start(1, 11);
            net.settle = settle;
            // Each part has a path of its own, over the same nodes or not.
            let relays: [&[usize]; 4] = [&[9, 10, 11], &[9, 11, 10], &[10, 9, 11], &[11, 10, 9]];
            let invoice = net.publish_paths(LockKind::Point, k, 1, &relays);
            let mut parts = Vec::new();
            for (index, relays) in relays.iter().enumerate() {
                let amount_msat = AMOUNT_MSAT / 10 * (index as u64 + 1);
                let first: Vec<usize> = match index % 2 {
                    0 => vec![1, 2, 3, 4, 5, 6, 7, 8],
                    _ => vec![8, 7, 6, 5, 4, 3, 2, 1],
                };
                let end = Who::Forwarder(relays[0]);
                parts.push(part(amount_msat, &first, end, Tail::Path(index), index as u8 + 1));
            }
            let payment = Payment {
                payer: (k > 0).then(|| payer_of(None)),
                ..net.payment_in(&invoice, parts)
            };
            let id = net.order_to_pay(0, payment);
            net.run().unwrap();
            assert_eq!(net.attempts_of(&id).len(), 4);
            assert_eq!(offers(&net).len(), 4 * 12);
            assert_eq!(claims(&net), 4 * 12, "{:?}", net.happened);
            check_unlinkable(&net);
            let z = (k == 0).then(|| invoice_secret(LockKind::Point, 1));
            expect_paid(&net, &invoice, z.as_ref());
            if k > 0 {
                let proof = net.senders[0].role().prove(&id, &REQUEST, &[2; 32]).unwrap();
                proof.verify(&node_id(Who::Receiver), &REQUEST).unwrap();
                // One payment, whatever its parts.
                let points = match invoice.lock().unwrap() {
                    pointlock::invoice::PaymentLock::Points(points) => points.polynomial_id(),
                    other => panic!("{other:?}"),
                };
                assert_eq!(net.receiver.role().claims().slots_left(&points), Ok(1));
            }
            net.check_replay().unwrap();
        }
    }
}

/// Nodes of the sender's choice and nodes of the receiver's, in every proportion; hash locks and both kinds of points.
#[test]
fn every_split_between_sender_and_receiver() {
    for forwarders in 1..=4 {
        for path_length in 0..=forwarders {
            for (kind, k) in [(LockKind::Point, 0), (LockKind::Point, 2), (LockKind::Hash, 0)] {
                for hop_blinds in [HopBlinds::Derived, HopBlinds::Explicit] {
                    let mut net = start(1, forwarders);
                    let all: Vec<usize> = (1..=forwarders).collect();
                    let (chosen, relays) = all.split_at(forwarders - path_length);
                    let invoice = net.publish_paths(kind, k, 1, &[relays]);
                    let end = relays.first().map_or(Who::Receiver, |first| Who::Forwarder(*first));
                    let parts = vec![part(AMOUNT_MSAT, chosen, end, Tail::Path(0), 1)];
                    let payment = Payment {
                        hop_blinds,
                        payer: (k > 0).then(|| payer_of(None)),
                        ..net.payment_in(&invoice, parts)
                    };
                    net.order_to_pay(0, payment);
                    net.run().unwrap();
                    assert_eq!(claims(&net), forwarders + 1);
                    let z = (k == 0).then(|| invoice_secret(kind, 1));
                    expect_paid(&net, &invoice, z.as_ref());
                    net.check_replay().unwrap();
                }
            }
        }
    }
}

/// What is on a path and what is not: a hop in it learns two blinds, the receiver their sum, the sender none of it.
#[test]
fn a_hop_of_a_path_adds_what_the_sender_does_not_know() {
    let mut net = start(1, 3);
    let invoice = net.publish_paths(LockKind::Point, 0, 1, &[&[2, 3]]);
    let parts = vec![part(AMOUNT_MSAT, &[1], Who::Forwarder(2), Tail::Path(0), 1)];
    let payment = net.payment_in(&invoice, parts);
    let id = net.order_to_pay(0, payment);
    net.run().unwrap();
    let attempt = net.attempts_of(&id)[0];
    let mut sum = None;
    for (index, edge_id) in offers(&net).into_iter().enumerate() {
        let hop = index + 1;
        if hop > 3 {
            break;
        }
        let view = net.forwarders[index].view();
        let y = view.get(SecretSource::Blind { incoming: edge_id });
        let drawn = net.senders[0].view().get(SecretSource::DrawnBlind { attempt, hop });
        assert_eq!(y, drawn, "the sender derives what the hop does");
        let b = view.get(SecretSource::PathOffset { incoming: edge_id });
        assert_eq!(b.is_some(), hop > 1);
        if let Some(LockSecret::Scalar(b)) = b {
            assert!(
                net.senders[0]
                    .view()
                    .secrets()
                    .iter()
                    .all(|known| known.secret != LockSecret::Scalar(b.clone()))
            );
            sum = Some(match sum {
                None => b.clone(),
                Some(sum) => b.add(&sum).unwrap(),
            });
        }
    }
    let source = SecretSource::PathOffsetSum { invoice: invoice.invoice_id(), path: 0 };
    let known = net.receiver.view().get(source).unwrap();
    assert_eq!(*known, LockSecret::Scalar(sum.unwrap()));
    // The locks that the sender has set up are right as far as it can know them.
    let planned = net.locks_of(0, &attempt);
    let locks: Vec<_> = offers(&net).iter().map(|point| net.at(point).terms().lock).collect();
    assert_eq!(planned[..2], locks[..2]);
    assert!(planned[2..].iter().zip(&locks[2..]).all(|(planned, lock)| planned != lock));
}

/// A node finds the rest of the route, at release: with fresh heights, to a receiver in the clear or at the end of a path.
#[test]
fn the_holder_finds_the_rest_of_the_route_at_release() {
    for (kind, k) in [(LockKind::Point, 0), (LockKind::Point, 2), (LockKind::Hash, 0)] {
        for over_path in [false, true] {
            for parts in [1, 3] {
                if parts > 1 && kind == LockKind::Hash {
                    continue;
                }
                let mut net = start(1, 4);
                net.keep = AWAY;
                let invoice = match (over_path, k) {
                    (true, _) => net.publish_paths(kind, k, 1, &[&[3, 4]]),
                    (false, 0) => net.publish(kind, 1),
                    (false, _) => net.publish_polynomial(k, 1),
                };
                let tail = if over_path { vec![Who::Forwarder(2)] } else { nodes(&[2, 3, 4]) };
                net.tails.insert(Who::Forwarder(1), tail);
                let budget = ForwardingPolicy {
                    fee_base_msat: 20_000,
                    fee_proportional_millionths: 2_000,
                    cltv_expiry_delta: 200,
                };
                let path = over_path.then_some(0);
                let amounts: &[u64] = match parts {
                    1 => &[AMOUNT_MSAT],
                    _ => &[20_000_000, 20_000_000, 10_000_000],
                };
                let seeds: Vec<u8> = (1..=parts).collect();
                let orders = amounts.iter().zip(&seeds).map(|(amount, seed)| {
                    part(*amount, &[1], Who::Receiver, Tail::Trampoline { budget, path }, *seed)
                });
                let payment = Payment {
                    hold: Some(HoldPlan { hop: 1, blocks: HOLD_BLOCKS }),
                    payer: (k > 0).then(|| payer_of(None)),
                    ..net.payment_in(&invoice, orders.collect())
                };
                let id = net.order_to_pay(0, payment);
                net.run().unwrap();
                assert_eq!(offers(&net).len(), usize::from(parts), "only the sender's money waits");
                assert_eq!(net.mailbox.len(), 1, "one announcement for all parts");

                // Much later the receiver is back.
                let height = net.chain.height() + HOLD_BLOCKS - 20;
                net.mine_to(height).unwrap();
                net.keep = Keep::default();
                net.read_mail().unwrap();
                net.run().unwrap();
                net.deliver_answers().unwrap();
                net.run().unwrap();
                assert_eq!(claims(&net), usize::from(parts) * 5, "{:?}", net.happened);
                let z = (k == 0).then(|| invoice_secret(kind, 1));
                expect_paid(&net, &invoice, z.as_ref());
                if kind == LockKind::Point {
                    check_unlinkable(&net);
                }
                // The expiries behind the holder are those of the time of release.
                let last = net.contracts.iter().filter(|edge| edge.claimer == Who::Receiver);
                for edge in last {
                    assert_eq!(edge.terms().expiry, height + MIN_FINAL_DELTA);
                }
                assert_eq!(net.attempts_of(&id).len(), usize::from(parts));
                net.check_replay().unwrap();
            }
        }
    }
}

fn nodes(indices: &[usize]) -> Vec<Who> {
    indices.iter().map(|index| Who::Forwarder(*index)).collect()
}

/// All parts are held, then announced together, then released together.
#[test]
fn parts_are_held_and_released_together() {
    let mut net = start(1, 3);
    net.keep = AWAY;
    let invoice = net.publish(LockKind::Point, 1);
    let parts =
        (1..=2).map(|seed| part(AMOUNT_MSAT / 2, &[1, 2, 3], Who::Receiver, Tail::Receiver, seed));
    let payment = Payment {
        hold: Some(HoldPlan { hop: 1, blocks: HOLD_BLOCKS }),
        ..net.payment_in(&invoice, parts.collect())
    };
    net.order_to_pay(0, payment);
    net.step().unwrap();
    assert!(net.mailbox.is_empty(), "the second part is not there yet");
    net.run().unwrap();
    assert_eq!(net.mailbox.len(), 1);
    assert_eq!(offers(&net).len(), 2);
    net.keep = Keep::default();
    net.read_mail().unwrap();
    net.run().unwrap();
    net.deliver_answers().unwrap();
    net.run().unwrap();
    assert_eq!(claims(&net), 8);
    expect_paid(&net, &invoice, Some(&invoice_secret(LockKind::Point, 1)));
    net.check_replay().unwrap();
}

/// One part fails on its way; it is tried again over another route, with fresh secrets and its old share.
#[test]
fn a_part_that_fails_is_tried_again_over_another_route() {
    let mut net = start(1, 4);
    let invoice = net.publish_paths(LockKind::Point, 0, 1, &[&[4]]);
    let end = Who::Forwarder(4);
    let mut parts: Vec<PartOrder> =
        (1..=2).map(|seed| part(AMOUNT_MSAT / 2, &[1, 2], end, Tail::Path(0), seed)).collect();
    // The second one pays N_2 too little.
    parts[1].forwarders[1].policy.fee_base_msat = 0;
    let payment = net.payment_in(&invoice, parts);
    let id = net.order_to_pay(0, payment);
    net.run().unwrap();
    let failed = net.attempts_of(&id)[1];
    let fact = net.facts().find_map(|fact| match fact {
        Fact::AttemptFailed { attempt, failure, .. } => Some((*attempt, *failure)),
        _ => None,
    });
    // N_2 says so, the second on the route, and the sender reads it: fee_insufficient.
    assert_eq!(fact, Some((failed, Some((1, 0x1000 | 12)))));
    assert_eq!(claims(&net), 0, "one part alone is claimed by nobody");

    let order = part(AMOUNT_MSAT / 2, &[1, 3], end, Tail::Path(0), 3);
    let height = net.chain.height();
    net.tell_sender(0, SenderEvent::Retry { attempt: failed, order, height }).unwrap();
    net.run().unwrap();
    expect_paid(&net, &invoice, Some(&invoice_secret(LockKind::Point, 1)));
    let again = net.attempts_of(&id)[1];
    assert_ne!(failed, again);
    let view = net.senders[0].view();
    for hop in 0..=3 {
        let drawn = |attempt| view.get(SecretSource::DrawnBlind { attempt, hop });
        assert!(drawn(failed).is_some() && drawn(failed) != drawn(again));
    }
    net.check_replay().unwrap();
}

/// Where the receiver tells the sender that a payment has arrived.
fn arrival_path(number: u8) -> ArrivalPath {
    let (path, kept) = MessagePath::build(
        SecretScalar::from_bytes(&[number; 32]).unwrap(),
        [number; 32],
        &[],
        node_id(Who::Sender(0)),
    )
    .unwrap();
    ArrivalPath { path: path.into(), path_id: kept.path_id }
}

fn cancellable(net: &Net, invoice: &StaticInvoice, route: &[usize], seeds: &[u8]) -> Payment {
    let amount = AMOUNT_MSAT / seeds.len() as u64;
    let end = Who::Forwarder(4);
    let parts = seeds.iter().map(|seed| part(amount, route, end, Tail::Path(0), *seed)).collect();
    let payer = Some(payer_of(None));
    Payment { cancellable: Some(arrival_path(seeds[0])), payer, ..net.payment_in(invoice, parts) }
}

/// The receiver has all parts and can't claim before the sender has heard of it and given the last share.
#[test]
fn a_cancellable_payment_waits_for_its_sender() {
    for seeds in [&[1][..], &[1, 2]] {
        let mut net = start(1, 4);
        net.keep = SLOW_ANSWERS;
        let invoice = net.publish_paths(LockKind::Point, 2, 1, &[&[4]]);
        let payment = cancellable(&net, &invoice, &[1, 2], seeds);
        let id = net.order_to_pay(0, payment);
        net.run().unwrap();
        assert_eq!(offers(&net).len(), 4 * seeds.len());
        assert_eq!((claims(&net), net.answers.len()), (0, 1));
        // The sender answers as often as it is asked: a message may get lost.
        net.answers.push(net.answers[0].clone());
        net.deliver_answers().unwrap();
        assert_eq!(
            net.senders[0].apply(SenderEvent::Cancel { payment: id }).unwrap_err(),
            SenderError::TooLateToCancel(id)
        );
        net.run().unwrap();
        assert_eq!(claims(&net), 4 * seeds.len());
        expect_paid(&net, &invoice, None);
        net.check_replay().unwrap();
    }
}

/// One payment is stuck at the receiver's door. The sender cancels it and pays again at once, under the same x: the first can never
/// be claimed, whoever has it, and the receiver is paid once.
#[test]
fn a_stuck_payment_is_cancelled_and_made_again() {
    let mut net = start(1, 4);
    net.keep = SLOW_ANSWERS;
    let invoice = net.publish_paths(LockKind::Point, 2, 1, &[&[4]]);
    let stuck = cancellable(&net, &invoice, &[1, 2], &[1, 2]);
    let first = net.order_to_pay(0, stuck);
    net.run().unwrap();
    let late = std::mem::take(&mut net.answers);
    let again = cancellable(&net, &invoice, &[1, 3], &[3]);
    assert!(matches!(
        net.senders[0].apply(SenderEvent::Pay(again)),
        Err(SenderError::PayerKeyInUse { payment }) if payment == first
    ));
    net.tell_sender(0, SenderEvent::Cancel { payment: first }).unwrap();
    net.tasks.clear();
    let again = cancellable(&net, &invoice, &[1, 3], &[3]);
    net.order_to_pay(0, again);
    net.run().unwrap();
    net.deliver_answers().unwrap();
    net.run().unwrap();
    assert_eq!(paid(&net).len(), 1);
    assert_eq!(claims(&net), 4, "the second alone");

    // Now the receiver's word on the first arrives, and gets no answer.
    net.answers = late;
    net.deliver_answers().unwrap();
    net.run().unwrap();
    assert_eq!(claims(&net), 4);
    // With all that the receiver knows of it, z(x) included, it lacks q_0.
    let q_0 = net.senders[0].view().get(SecretSource::WithheldShare { payment: first }).unwrap();
    let known = net.receiver.view().secrets();
    assert!(known.iter().all(|known| known.secret != *q_0));
    net.check_replay().unwrap();
}

#[test]
fn a_payment_in_parts_needs_points_and_the_receivers_word() {
    let mut net = start(1, 2);
    let halves = || {
        let half = |seed| part(AMOUNT_MSAT / 2, &[1, 2], Who::Receiver, Tail::Receiver, seed);
        vec![half(1), half(2)]
    };
    let hash = net.publish(LockKind::Hash, 1);
    let plain = invoice_of(&invoice_secret(LockKind::Point, 2), &[node_id(Who::Receiver)]);
    assert!(plain.invoice_features().bits().any(|bit| bit == 17));
    for (invoice, parts, expected) in [
        (&hash, halves(), OrderError::PartsNotAllowed),
        (&plain, halves().split_off(1), OrderError::PartsMismatch { amount_msat: AMOUNT_MSAT }),
        (&plain, vec![], OrderError::PartsMismatch { amount_msat: AMOUNT_MSAT }),
    ] {
        let payment = net.payment_in(invoice, parts);
        assert_eq!(net.senders[0].apply(SenderEvent::Pay(payment)).unwrap_err(), expected.into());
    }
    let same = vec![halves().remove(0), halves().remove(0)];
    let payment = net.payment_in(&plain, same);
    let error = net.senders[0].apply(SenderEvent::Pay(payment)).unwrap_err();
    assert!(matches!(error, SenderError::SeedReused(_)));
}

/// What a path for arrivals is not for, and what can't be cancelled.
#[test]
fn only_the_right_word_gets_the_share() {
    let mut net = start(1, 4);
    net.keep = SLOW_ANSWERS;
    let invoice = net.publish_paths(LockKind::Point, 2, 1, &[&[4]]);
    let payment = cancellable(&net, &invoice, &[1, 2], &[1]);
    let hold = Some(HoldPlan { hop: 1, blocks: HOLD_BLOCKS });
    let error = net.senders[0].apply(SenderEvent::Pay(Payment { hold, ..payment })).unwrap_err();
    assert_eq!(error, OrderError::NotCancellable.into());

    let payment = cancellable(&net, &invoice, &[1, 2], &[1]);
    net.order_to_pay(0, payment);
    let word = |path_id: [u8; 32], byte| {
        let set_point = SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point();
        let payload = PtlcArrived { set_point }.to_tlv().to_bytes();
        SenderEvent::MessageReceived { path_id: path_id.to_vec(), payload }
    };
    let apply = |net: &mut Net, event| net.senders[0].apply(event).unwrap_err();
    assert_eq!(apply(&mut net, word([9; 32], 1)), MessageError::UnknownPath.into());
    let malformed = MessageError::Payload(PayloadError::Malformed("set_point"));
    assert_eq!(apply(&mut net, word([1; 32], 1)), malformed.into());
    net.run().unwrap();
    assert_eq!(net.answers.len(), 1);

    // A share that does not fit ends the payment, and reveals nothing.
    let set_point = {
        let PeeledMessage::Receive { payload, .. } =
            net.answers[0].1.peel(&node_key(Who::Sender(0))).unwrap()
        else {
            panic!("the path ends at the sender")
        };
        PtlcArrived::from_message(&payload).unwrap().set_point
    };
    let share = Blind::from_bytes(&[7; 32]).unwrap();
    let path = &invoice.message_paths()[0];
    let session = SecretScalar::from_bytes(&[8; 32]).unwrap();
    let fields = WithheldShare { set_point, share }.to_tlv();
    let message = OnionMessage::build(session, path, &fields).unwrap();
    net.tell_forwarder(4, ForwarderEvent::MessageReceived { message, entropy: [0; 32] }).unwrap();
    net.run().unwrap();
    assert_eq!(claims(&net), 0);
    let refused = net.facts().any(|fact| {
        matches!(fact, Fact::Failed { by: Who::Receiver, reason: Refusal::LockMismatch, .. })
    });
    assert!(refused, "{:?}", net.happened);
}

/// What fails on the route of a node that found it is that node's failure. What the recipient says is for the sender, and gets to it.
#[test]
fn a_trampoline_passes_on_what_its_recipient_says() {
    let mut net = start(1, 3);
    let invoice = net.publish(LockKind::Point, 1);
    net.tails.insert(Who::Forwarder(1), nodes(&[2, 3]));
    // The receiver wants more blocks by the time the payment comes.
    let budget = ForwardingPolicy {
        fee_base_msat: 20_000,
        fee_proportional_millionths: 2_000,
        cltv_expiry_delta: 200,
    };
    let tail = Tail::Trampoline { budget, path: None };
    let payment = net.payment_in(&invoice, vec![part(AMOUNT_MSAT, &[1], Who::Receiver, tail, 1)]);
    let height = net.chain.height();
    net.tell_receiver(ReceiverEvent::Block { height: height + 1 }).unwrap();
    let id = net.order_to_pay(0, payment);
    net.run().unwrap();
    let attempt = net.attempts_of(&id)[0];
    // By the second node that the sender knows of: the recipient, behind the one that found the route.
    let failure = Some((1, 0x4000 | 15));
    let by = Who::Sender(0);
    assert!(
        net.facts().any(|fact| *fact == Fact::AttemptFailed { by, attempt, failure }),
        "{:?}",
        net.happened
    );
    assert_eq!(claims(&net), 0);
    net.check_replay().unwrap();
}

/// How far the 1,300 bytes of a payment's onion go. The figures of the page on the wire are these.
#[test]
fn how_many_hops_an_onion_has_room_for() {
    let longest = |hop_blinds, payer: bool| {
        let fits = |count: usize| {
            let mut net = start(1, 1);
            let invoice = match payer {
                true => net.publish_polynomial(2, 1),
                false => net.publish(LockKind::Point, 1),
            };
            // The last forwarder is the one that the invoice names.
            let forwarders: Vec<usize> = (2..=count).chain([1]).collect();
            let order = part(AMOUNT_MSAT, &forwarders[..], Who::Receiver, Tail::Receiver, 1);
            let payment = Payment {
                hop_blinds,
                payer: payer.then(|| payer_of(None)),
                ..net.payment_in(&invoice, vec![order])
            };
            net.senders[0].apply(SenderEvent::Pay(payment)).is_ok()
        };
        (1..40).take_while(|count| fits(*count)).last().unwrap()
    };
    let explicit = longest(HopBlinds::Explicit, false);
    let derived = longest(HopBlinds::Derived, false);
    let explicit_ktime = longest(HopBlinds::Explicit, true);
    let derived_ktime = longest(HopBlinds::Derived, true);
    println!("forwarders before the receiver in 1,300 bytes:");
    println!("  static point:         y explicit {explicit}, y derived {derived}");
    println!("  k-time payment point: y explicit {explicit_ktime}, y derived {derived_ktime}");
    assert_eq!((explicit, derived), (12, 21));
    assert_eq!((explicit_ktime, derived_ktime), (11, 19));
}

/// The harness itself: channels lead where they are said to.
#[test]
fn channels_lead_to_their_nodes() {
    let route = hops(&[1, 2], Who::Receiver);
    assert_eq!(route[0].short_channel_id, channel_to(Who::Forwarder(2)));
    assert_eq!(route[1].short_channel_id, channel_to(Who::Receiver));
    assert_eq!(route[1].policy, policy(2));
    assert_ne!(NextPeer::Channel(1), NextPeer::Node(node_id(Who::Forwarder(1))));
}
