#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]
//! Crashes: what was wanted and not yet carried out is lost, and `pending` gives it again.

#[path = "common/nodes.rs"]
mod nodes;

use nodes::{AMOUNT_MSAT, HOLD_BLOCKS, Known, LockKind, Net, REQUEST, hops, payer_of, start};
use pointlock::payment::{
    AttemptSeed, EdgeError, Forwarder, ForwarderError, ForwarderEvent, ForwardingPolicy, HoldPlan,
    NodeAction, OfferOrigin, PartOrder, PaymentId, Receiver, Refusal, Role, SenderError,
    SenderEvent, Tail,
};
use pointlock_sim::{Fact, Settle, Who};

fn paid(net: &Net) -> usize {
    net.facts().filter(|fact| matches!(fact, Fact::Paid { .. })).count()
}

fn started(kind: LockKind, hold: Option<usize>, settle: Settle) -> Net {
    let mut net = start(1, 3);
    net.settle = settle;
    let invoice = net.publish(kind, 1);
    net.pay_known(0, &invoice, hold, [1; 32]);
    net
}

/// Nothing is wanted any more: no answer to an announcement is kept to be given again. What is left to say is that it was paid, until
/// the payment is forgotten.
fn check_done(net: &Net) {
    let is_news = |(who, action): &(Who, NodeAction)| {
        *who == Who::Sender(0) && matches!(action, NodeAction::Paid { .. })
    };
    let pending = net.pending();
    assert!(pending.iter().all(is_news), "{pending:?}");
}

/// The same for a payment in parts: one along a path of the receiver's, one to a node that finds the rest of the route, and one
/// over forwarders of the sender's choice up to the same path; held or not.
fn started_in_parts(hold: bool) -> (Net, PaymentId) {
    let mut net = start(1, 3);
    net.settle = Settle::OnChain;
    let invoice = net.publish_paths(LockKind::Point, 2, 0, &[&[3], &[2, 3]]);
    let budget = ForwardingPolicy {
        fee_base_msat: 100_000,
        fee_proportional_millionths: 0,
        cltv_expiry_delta: 200,
    };
    let ways = [
        (&[1][..], Who::Forwarder(2), Tail::Path(1)),
        (&[1], Who::Forwarder(2), Tail::Trampoline { budget, path: Some(0) }),
        (&[1, 2], Who::Forwarder(3), Tail::Path(0)),
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
    net.tails.insert(Who::Forwarder(1), vec![Who::Forwarder(2)]);
    let payment = net.order_to_pay(0, payment);
    (net, payment)
}

/// After every number of steps all that is under way is forgotten, and every role is what its log makes of it.
#[test]
fn a_crash_in_a_payment_of_parts_loses_nothing() {
    for hold in [false, true] {
        let (mut undisturbed, payment) = started_in_parts(hold);
        let mut steps = 0;
        while undisturbed.step().unwrap() {
            steps += 1;
        }
        assert_eq!(paid(&undisturbed), 1);
        undisturbed.check_replay().unwrap();
        assert!(steps > 20, "{steps}");
        for crash in 0..=steps {
            let (mut net, _) = started_in_parts(hold);
            for _ in 0..crash {
                net.step().unwrap();
            }
            net.restart().unwrap();
            net.announce_again().unwrap();
            net.run().unwrap();
            assert!(paid(&net) > 0, "{hold}, crash after {crash} steps");
            let proof = net.senders[0].role().prove(&payment, &REQUEST, &[0; 32]);
            assert!(proof.is_ok(), "{hold}, crash after {crash} steps");
            assert_eq!(net.balances(), undisturbed.balances(), "{hold}, crash after {crash} steps");
            check_done(&net);
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
                while undisturbed.step().unwrap() {
                    steps += 1;
                }
                assert_eq!(paid(&undisturbed), 1);
                assert!(steps > 6);
                // The last one, between the secret and the news of it.
                for crash in 0..steps {
                    let mut net = started(kind, hold, settle);
                    for _ in 0..crash {
                        net.step().unwrap();
                    }
                    net.tasks = net.pending().into();
                    net.announce_again().unwrap();
                    net.run().unwrap();
                    assert_eq!(paid(&net), 1, "{hold:?} {settle:?}, crash after {crash} steps");
                    assert_eq!(net.balances(), undisturbed.balances());
                }
                check_done(&undisturbed);
            }
        }
    }
}

/// A sender whose process died before it heard of it would pay a second time. Once it was told, it is silent.
#[test]
fn that_a_payment_has_arrived_is_said_until_it_is_forgotten() {
    let mut net = started(LockKind::Hash, None, Settle::OffChain);
    net.run().unwrap();
    net.restart().unwrap();
    net.run().unwrap();
    assert_eq!(paid(&net), 2, "once more after the restart");
    let payment = net.payments[0].id;
    net.tell_sender(0, SenderEvent::Forget { payment }).unwrap();
    net.restart().unwrap();
    net.run().unwrap();
    assert_eq!(paid(&net), 2);
    assert!(net.pending().is_empty());
}

/// A role that is made anew from its log wants what the lost one wanted.
#[test]
fn a_replayed_role_wants_the_same() {
    let mut net = started(LockKind::Point, Some(1), Settle::OnChain);
    while net.step().unwrap() {
        for (forwarder, number) in net.forwarders.iter().zip(1..) {
            let fresh = Forwarder::new(net.forwarder_config(number)).unwrap();
            let replayed = fresh.replay(forwarder.log()).unwrap();
            assert_eq!(format!("{:?}", replayed.pending()), format!("{:?}", forwarder.pending()));
        }
        let fresh = Receiver::new(net.receiver_config()).unwrap();
        let replayed = fresh.replay(net.receiver.log()).unwrap();
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
                    Who::Forwarder(2),
                    NodeAction::Offer { origin: OfferOrigin::Incoming(incoming), .. },
                )) => break *incoming,
                _ => assert!(net.step().unwrap(), "forwarder 2 offers"),
            }
        };
        net.tasks.clear();
        let failed = || ForwarderEvent::OfferFailed { incoming };
        net.tell_forwarder(2, failed()).unwrap();
        let again = net.tell_forwarder(2, failed());
        assert!(
            matches!(again, Err(ForwarderError::Edge(EdgeError::OutOfOrder { .. }))),
            "{again:?}"
        );
        net.run().unwrap();
        let reasons: Vec<&Refusal> = net
            .facts()
            .filter_map(|fact| match fact {
                Fact::Failed { reason, .. } => Some(reason),
                _ => None,
            })
            .collect();
        assert_eq!(reasons, [&Refusal::Downstream, &Refusal::Downstream]);
        assert!(net.facts().any(|fact| matches!(fact, Fact::PaymentFailed { .. })));
        check_done(&net);
        assert_eq!(net.forwarders[1].role().ledger().open().count, 0, "no place is taken");
    }
}

#[test]
fn a_first_offer_that_can_not_be_made_ends_the_attempt() {
    let mut net = started(LockKind::Point, None, Settle::OffChain);
    let Some((Who::Sender(_), NodeAction::Offer { origin: OfferOrigin::Attempt(attempt), .. })) =
        net.tasks.pop_front()
    else {
        panic!("the sender offers first")
    };
    net.tell_sender(0, SenderEvent::OfferFailed { attempt }).unwrap();
    net.run().unwrap();
    assert!(net.facts().any(|fact| matches!(fact, Fact::PaymentFailed { .. })));
    let again = net.tell_sender(0, SenderEvent::OfferFailed { attempt });
    assert!(matches!(again, Err(SenderError::UnknownAttempt(_))), "{again:?}");
}
