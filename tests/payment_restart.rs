#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]
//! Crashes: what was wanted and not yet carried out is lost, and `pending` gives it again.

#[path = "common/network.rs"]
mod network;

use network::{
    AMOUNT_MSAT, Action, Fact, HOLD_BLOCKS, LockKind, Network, Node, Settle, copy_receiver_log,
    hops, payer_of,
};
use pointlock::hold::MemoryStore;
use pointlock::payment::{
    AttemptSeed, EdgeError, Forwarder, ForwarderAction, ForwarderError, ForwarderEvent,
    ForwardingPolicy, HoldPlan, PartOrder, PaymentId, Receiver, Recorded, Refusal, Sender,
    SenderAction, SenderError, SenderEvent, Tail,
};

/// Every action of every role that no event has confirmed.
fn pending(net: &Network) -> Vec<(Node, Action)> {
    let senders = net.senders.iter().enumerate().flat_map(|(index, sender)| {
        let actions = sender.pending().into_iter();
        actions.map(move |action| (Node::Sender(index), Action::Sender(action)))
    });
    let forwarders = net.forwarders.iter().zip(1..).flat_map(|(forwarder, index)| {
        let actions = forwarder.pending().into_iter();
        actions.map(move |action| (Node::Forwarder(index), Action::Forwarder(action)))
    });
    let receiver = net.receiver.pending().into_iter();
    senders
        .chain(forwarders)
        .chain(receiver.map(|action| (Node::Receiver, Action::Receiver(action))))
        .collect()
}

fn paid(net: &Network) -> usize {
    net.facts.iter().filter(|fact| matches!(fact, Fact::Paid { .. })).count()
}

fn started(kind: LockKind, hold: Option<usize>, settle: Settle) -> Network {
    let mut net = Network::new(1, 3);
    net.settle = settle;
    net.online = true;
    let invoice = net.publish(kind, 1);
    net.pay(0, &invoice, hold, [1; 32]);
    net
}

/// Nothing is wanted any more: no answer to an announcement is kept to be given again.
fn check_done(net: &mut Network) {
    assert!(pending(net).is_empty());
}

/// The same for a payment in parts: one along a path of the receiver's, one to a node that finds the rest of the route, and one
/// over forwarders of the sender's choice up to the same path; held or not.
fn started_in_parts(hold: bool) -> (Network, PaymentId) {
    let mut net = Network::new(1, 3);
    net.settle = Settle::OnChain;
    let invoice = net.publish_paths(LockKind::Point, 2, 0, &[&[3], &[2, 3]]);
    let budget = ForwardingPolicy {
        fee_base_msat: 100_000,
        fee_proportional_millionths: 0,
        cltv_expiry_delta: 200,
    };
    let ways = [
        (&[1][..], Node::Forwarder(2), Tail::Path(1)),
        (&[1], Node::Forwarder(2), Tail::Trampoline { budget, path: Some(0) }),
        (&[1, 2], Node::Forwarder(3), Tail::Path(0)),
    ];
    let parts = ways.into_iter().zip(1..).map(|((forwarders, end, tail), seed)| PartOrder {
        amount_msat: AMOUNT_MSAT / 5 * if seed == 1 { 3 } else { 1 },
        forwarders: hops(forwarders, end),
        tail,
        seed: AttemptSeed::new([seed; 32]),
    });
    let mut payment = net.payment_in(&invoice, parts.collect());
    payment.payer = Some(payer_of(Some(b"table 4")));
    payment.hold = hold.then_some(HoldPlan { hop: 1, blocks: HOLD_BLOCKS });
    // Forwarder 1 knows the way over forwarder 2 to the introduction node.
    net.tails.insert(Node::Forwarder(1), vec![Node::Forwarder(2)]);
    net.tail_end = Node::Forwarder(3);
    let payment = net.order_parts(0, payment, &[1, 2, 3].map(|seed| [seed; 32]));
    (net, payment)
}

/// After every number of steps all that is under way is forgotten, and every role is what its log makes of it.
#[test]
fn a_crash_in_a_payment_of_parts_loses_nothing() {
    for hold in [false, true] {
        let (mut undisturbed, payment) = started_in_parts(hold);
        let mut steps = 0;
        while undisturbed.step() {
            steps += 1;
        }
        assert_eq!(paid(&undisturbed), 1);
        undisturbed.check_replay();
        assert!(steps > 20, "{steps}");
        for crash in 0..steps - 1 {
            let (mut net, _) = started_in_parts(hold);
            for _ in 0..crash {
                net.step();
            }
            let log = copy_receiver_log(net.receiver.log());
            net.receiver =
                Recorded::replay(Receiver::new(network::receiver_config()), log).unwrap();
            for (index, config) in net.configs.iter().enumerate() {
                let log = network::copy_forwarder_log(net.forwarders[index].log());
                let store = MemoryStore::default();
                net.forwarders[index] =
                    Recorded::replay(Forwarder::new(config.clone(), store), log).unwrap();
            }
            let log = network::copy_sender_log(net.senders[0].log(), &net.seeds[0]);
            net.senders[0] = Recorded::replay(Sender::new(), log).unwrap();
            net.tasks = pending(&net).into();
            net.announce();
            net.run();
            // That it was paid may have been said before.
            let proof = net.senders[0].role().prove(&payment, &network::REQUEST, &[0; 32]);
            assert!(proof.is_ok(), "{hold}, crash after {crash} steps");
            assert_eq!(net.balances, undisturbed.balances, "{hold}, crash after {crash} steps");
            check_done(&mut net);
        }
    }
}

/// After every number of steps all that is under way is forgotten; the roles say again what they want.
#[test]
fn a_crash_after_any_step_loses_nothing() {
    for kind in [LockKind::Point, LockKind::Hash] {
        for hold in [None, Some(1), Some(3)] {
            for settle in [Settle::OffChain, Settle::OnChain] {
                let mut undisturbed = started(kind, hold, settle);
                let mut steps = 0;
                while undisturbed.step() {
                    steps += 1;
                }
                assert_eq!(paid(&undisturbed), 1);
                assert!(steps > 6);
                for crash in 0..steps - 1 {
                    let mut net = started(kind, hold, settle);
                    for _ in 0..crash {
                        net.step();
                    }
                    net.tasks = pending(&net).into();
                    net.announce();
                    net.run();
                    assert_eq!(paid(&net), 1, "{hold:?} {settle:?}, crash after {crash} steps");
                    assert_eq!(net.balances, undisturbed.balances);
                }
                check_done(&mut undisturbed);
            }
        }
    }
}

/// A role that is made anew from its log wants what the lost one wanted.
#[test]
fn a_replayed_role_wants_the_same() {
    let mut net = started(LockKind::Point, Some(1), Settle::OnChain);
    while net.step() {
        for (index, forwarder) in net.forwarders.iter().enumerate() {
            let log = network::copy_forwarder_log(forwarder.log());
            let config = net.configs[index].clone();
            let replayed =
                Recorded::replay(Forwarder::new(config, MemoryStore::default()), log).unwrap();
            assert_eq!(format!("{:?}", replayed.pending()), format!("{:?}", forwarder.pending()));
        }
        let log = copy_receiver_log(net.receiver.log());
        let replayed = Recorded::replay(Receiver::new(network::receiver_config()), log).unwrap();
        assert_eq!(format!("{:?}", replayed.pending()), format!("{:?}", net.receiver.pending()));
    }
}

/// A next node that can't be reached fails the payment back, and a held payment gives its place back.
#[test]
fn an_offer_that_can_not_be_made_fails_the_payment_back() {
    for hold in [None, Some(2)] {
        let mut net = started(LockKind::Point, hold, Settle::OffChain);
        let incoming = loop {
            match net.tasks.front() {
                Some((
                    Node::Forwarder(2),
                    Action::Forwarder(ForwarderAction::Offer { incoming, .. }),
                )) => break *incoming,
                _ => assert!(net.step(), "forwarder 2 offers"),
            }
        };
        net.tasks.clear();
        let failed = || ForwarderEvent::OfferFailed { incoming };
        net.tell_forwarder(Node::Forwarder(2), failed()).unwrap();
        let again = net.tell_forwarder(Node::Forwarder(2), failed());
        assert!(
            matches!(again, Err(ForwarderError::Edge(EdgeError::OutOfOrder { .. }))),
            "{again:?}"
        );
        net.run();
        let reasons: Vec<&Refusal> = net
            .facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Failed { reason, .. } => Some(reason),
                _ => None,
            })
            .collect();
        assert_eq!(reasons, [&Refusal::Downstream, &Refusal::Downstream]);
        assert!(net.facts.iter().any(|fact| matches!(fact, Fact::PaymentFailed { .. })));
        check_done(&mut net);
        assert!(
            net.forwarders[1].role().ledger().resume().unwrap().is_empty(),
            "no place is taken"
        );
    }
}

#[test]
fn a_first_offer_that_can_not_be_made_ends_the_attempt() {
    let mut net = started(LockKind::Point, None, Settle::OffChain);
    let Some((_, Action::Sender(SenderAction::Offer { attempt, .. }))) = net.tasks.pop_front()
    else {
        panic!("the sender offers first")
    };
    net.tell_sender(0, SenderEvent::OfferFailed { attempt }).unwrap();
    net.run();
    assert!(net.facts.iter().any(|fact| matches!(fact, Fact::PaymentFailed { .. })));
    let again = net.tell_sender(0, SenderEvent::OfferFailed { attempt });
    assert!(matches!(again, Err(SenderError::AttemptUnderWay(_))), "{again:?}");
}
