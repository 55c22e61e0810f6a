#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]
//! Whole payments over one to six edges: who ends with what, and who knows what.

#[path = "common/nodes.rs"]
mod nodes;

use nodes::{
    AMOUNT_MSAT, AWAY, HEIGHT, HOLD_BLOCKS, Known, LockKind, MIN_FINAL_DELTA, Net, SAFETY_MARGIN,
    invoice_of, invoice_secret, node_id, number_of, policy, start,
};
use pointlock::curve::SecretScalar;
use pointlock::edge::EdgeId;
use pointlock::hold::{HoldId, HoldState};
use pointlock::lock::{Lock, LockSecret};
use pointlock::payment::{
    AttemptId, Deadlines, ForwarderEvent, NodeAction, Refusal, SecretSource, SenderEvent, View,
};
use pointlock_sim::{Fact, Keep, Settle, Who};

fn entropy(index: u8) -> [u8; 32] {
    [index; 32]
}

fn scalar(secret: &LockSecret) -> &SecretScalar {
    match secret {
        LockSecret::Scalar(scalar) => scalar,
        LockSecret::Preimage(_) => panic!("a preimage"),
    }
}

fn knows(view: &View, secret: &LockSecret) -> bool {
    view.secrets().iter().any(|known| known.secret == *secret)
}

/// y_0 … y_{n−1}, as the sender drew them.
fn blinds(net: &Net, sender: usize, attempt: AttemptId, edges: usize) -> Vec<LockSecret> {
    let view = net.senders[sender].view();
    (0..edges)
        .map(|hop| view.get(SecretSource::DrawnBlind { attempt, hop }).unwrap().clone())
        .collect()
}

/// The claims of one attempt, from the receiver's back to the sender's contract.
fn claims(net: &Net) -> Vec<(Who, EdgeId, LockSecret)> {
    net.facts()
        .filter_map(|fact| match fact {
            Fact::Claimed { by, edge: edge_id, secret, .. } => {
                Some((*by, *edge_id, secret.clone()))
            }
            _ => None,
        })
        .collect()
}

fn paid(net: &Net) -> Vec<(Who, AttemptId, LockSecret)> {
    net.facts()
        .filter_map(|fact| match fact {
            Fact::Paid { by, payment, secret } => {
                let attempts = net.attempts_of(payment);
                Some((*by, attempts[0], secret.clone()))
            }
            _ => None,
        })
        .collect()
}

fn hold_of(net: &Net, sender: usize) -> HoldId {
    let secrets = net.senders[sender].view().secrets();
    secrets
        .iter()
        .rev()
        .find_map(|known| match known.source {
            SecretSource::Release { hold } => Some(hold),
            _ => None,
        })
        .unwrap()
}

/// What edge i locks, computed from the receiver backwards as BOLT 7 says.
fn amounts(forwarders: usize) -> Vec<u64> {
    let mut amounts = vec![AMOUNT_MSAT];
    for index in (1..=forwarders).rev() {
        let hop = policy(index);
        let next = amounts[0];
        let fee = hop.fee_base_msat + next * hop.fee_proportional_millionths / 1_000_000;
        amounts.insert(0, next + fee);
    }
    amounts
}

/// The whole payment is done; everybody has what the design says, and knows no more.
fn check_paid(net: &Net, kind: LockKind, forwarders: usize, attempt: AttemptId) {
    let secret = invoice_secret(kind, 0);
    assert_eq!(paid(net), [(Who::Sender(0), attempt, secret.clone())]);
    assert!(!net.facts().any(|fact| matches!(fact, Fact::Failed { .. })));

    // From the last edge to the first, each once, each with the secret of its own lock.
    let claims = claims(net);
    let locks = net.locks_of(0, &attempt);
    assert_eq!(claims.len(), forwarders + 1);
    assert_eq!(locks.len(), forwarders + 1);
    for ((by, edge_id, secret), (edge, lock)) in claims.iter().zip(locks.iter().enumerate().rev()) {
        let claimer = if edge == forwarders { Who::Receiver } else { Who::Forwarder(edge + 1) };
        assert_eq!(*by, claimer);
        assert_eq!(secret.lock(), *lock);
        assert_eq!(net.at(edge_id).terms().lock, *lock);
    }

    // Fees and deltas.
    let amounts = amounts(forwarders);
    let satoshi = |edge: usize| (amounts[edge].div_ceil(1_000) * 1_000) as i64;
    assert_eq!(net.balances()[&Who::Sender(0)], -satoshi(0));
    assert_eq!(net.balances()[&Who::Receiver], satoshi(forwarders));
    for index in 1..=forwarders {
        assert_eq!(net.balances()[&Who::Forwarder(index)], satoshi(index - 1) - satoshi(index));
    }
    let expiries: Vec<u32> =
        claims.iter().rev().map(|(_, edge_id, _)| net.at(edge_id).terms().expiry).collect();
    for index in 1..=forwarders {
        assert_eq!(expiries[index - 1] - expiries[index], policy(index).cltv_expiry_delta);
    }

    match kind {
        LockKind::Point => check_point_views(net, forwarders, attempt, &claims),
        LockKind::Hash => {
            // The whole trouble with hashes: one secret, known to all.
            for forwarder in &net.forwarders {
                assert!(knows(forwarder.view(), &secret));
                assert!(forwarder.view().secrets().iter().all(|known| known.secret == secret
                    || matches!(known.source, SecretSource::Release { .. })));
            }
        }
    }
    net.check_replay().unwrap();
}

fn check_point_views(
    net: &Net,
    forwarders: usize,
    attempt: AttemptId,
    claims: &[(Who, EdgeId, LockSecret)],
) {
    let z = invoice_secret(LockKind::Point, 0);
    let blinds = blinds(net, 0, attempt, forwarders + 1);
    // l_1 … l_n
    let secrets: Vec<&LockSecret> = claims.iter().rev().map(|(_, _, secret)| secret).collect();
    let edge_ids: Vec<EdgeId> = claims.iter().rev().map(|(_, edge_id, _)| *edge_id).collect();
    assert_eq!(scalar(secrets[0]).sub(scalar(&blinds[0])).unwrap(), *scalar(&z));
    for edge in 1..=forwarders {
        let expected = scalar(secrets[edge]).sub(scalar(&blinds[edge])).unwrap();
        assert_eq!(*scalar(secrets[edge - 1]), expected);
    }
    // All locks differ, or two nodes would recognise the payment by them.
    let locks: Vec<Lock> = secrets.iter().map(|secret| secret.lock()).collect();
    assert!((1..locks.len()).all(|index| !locks[..index].contains(&locks[index])));

    for index in 1..=forwarders {
        let view = net.forwarders[index - 1].view();
        assert!(!knows(view, &z), "forwarder {index} knows z");
        for (hop, blind) in blinds.iter().enumerate() {
            assert_eq!(knows(view, blind), hop == index, "forwarder {index}, y_{hop}");
        }
        for (edge, secret) in secrets.iter().enumerate() {
            let own = edge == index - 1 || edge == index;
            assert_eq!(knows(view, secret), own, "forwarder {index}, lock {}", edge + 1);
        }
        let incoming = edge_ids[index - 1];
        assert_eq!(view.get(SecretSource::Blind { incoming }), Some(&blinds[index]));
        for (edge_id, secret) in [(incoming, secrets[index - 1]), (edge_ids[index], secrets[index])]
        {
            assert_eq!(view.get(SecretSource::Lock { edge: edge_id }), Some(secret));
        }
    }

    let sum = blinds[1..]
        .iter()
        .fold(scalar(&blinds[0]).clone(), |sum, blind| sum.add(scalar(blind)).unwrap());
    let view = net.receiver.view();
    let incoming = edge_ids[forwarders];
    assert_eq!(
        view.get(SecretSource::FinalBlind { incoming }),
        Some(&LockSecret::Scalar(sum.clone()))
    );
    assert!(knows(view, &z));
    assert_eq!(view.get(SecretSource::Lock { edge: incoming }), Some(secrets[forwarders]));
    // Over one edge Y is y_0; over more the receiver knows none of the blinds alone.
    assert!(forwarders == 0 || blinds.iter().all(|blind| !knows(view, blind)));
    for forwarder in &net.forwarders {
        assert!(forwarders == 0 || !knows(forwarder.view(), &LockSecret::Scalar(sum.clone())));
    }
    let invoice = net.senders[0].view().secrets().last().unwrap();
    assert!(matches!(invoice.source, SecretSource::Payment { .. }));
    assert_eq!(invoice.secret, z);
}

const KINDS: [LockKind; 2] = [LockKind::Point, LockKind::Hash];
const SETTLEMENTS: [Settle; 2] = [Settle::OffChain, Settle::OnChain];

#[test]
fn payments_that_nobody_holds() {
    for forwarders in 0..6 {
        for (kind, settle) in KINDS.into_iter().flat_map(|k| SETTLEMENTS.map(|s| (k, s))) {
            let mut net = start(1, forwarders);
            net.settle = settle;
            let invoice = net.publish(kind, 0);
            let attempt = net.pay_known(0, &invoice, None, entropy(1));
            net.run().unwrap();
            check_paid(&net, kind, forwarders, attempt);
            assert!(!net.facts().any(|fact| matches!(fact, Fact::Mailed { .. })));
        }
    }
}

/// When the receiver is back, and how its release travels.
#[derive(Clone, Copy, Debug)]
enum Return {
    /// Never away: it answers as soon as the mail is there.
    Never,
    /// After the payment waits.
    Late,
}

#[test]
fn payments_held_at_any_forwarder() {
    for forwarders in 1..6 {
        for holder in 1..=forwarders {
            for (kind, settle) in KINDS.into_iter().flat_map(|k| SETTLEMENTS.map(|s| (k, s))) {
                for back in [Return::Never, Return::Late] {
                    held(forwarders, holder, kind, settle, back);
                }
            }
        }
    }
}

fn held(forwarders: usize, holder: usize, kind: LockKind, settle: Settle, back: Return) {
    let mut net = start(1, forwarders);
    net.settle = settle;
    if matches!(back, Return::Late) {
        net.keep = AWAY;
    }
    let invoice = net.publish(kind, 0);
    let attempt = net.pay_known(0, &invoice, Some(holder), entropy(1));
    match back {
        Return::Never => net.run().unwrap(),
        Return::Late => {
            net.run().unwrap();
            check_waits(&net, kind, forwarders, holder, attempt);
            // The last block before the cutoff.
            let own_delta = policy(holder).cltv_expiry_delta;
            net.mine_to(HEIGHT + HOLD_BLOCKS + own_delta - SAFETY_MARGIN - 1).unwrap();
            net.keep = Keep::default();
            net.read_mail().unwrap();
            net.run().unwrap();
        }
    }
    check_paid(&net, kind, forwarders, attempt);
    let hold = hold_of(&net, 0);
    let ledger = net.forwarders[holder - 1].role().ledger();
    assert_eq!(ledger.state(&hold), Ok(&HoldState::Released));
    let h = net.senders[0].view().get(SecretSource::Release { hold });
    // The receiver has forgotten it.
    assert_eq!(net.receiver.view().get(SecretSource::Release { hold }), None);
    assert_eq!(net.forwarders[holder - 1].view().get(SecretSource::Release { hold }), h);
    for (index, forwarder) in net.forwarders.iter().enumerate() {
        assert_eq!(forwarder.role().ledger().state(&hold).is_ok(), index + 1 == holder);
    }
}

/// Nothing is locked beyond the holder, and the holder can't compute what it would lock.
fn check_waits(net: &Net, kind: LockKind, forwarders: usize, holder: usize, attempt: AttemptId) {
    assert_eq!(net.contracts.len(), holder);
    let hold = hold_of(net, 0);
    let view = net.forwarders[holder - 1].view();
    assert_eq!(net.forwarders[holder - 1].role().ledger().state(&hold), Ok(&HoldState::Held));
    let release = net.senders[0].view().get(SecretSource::Release { hold }).unwrap();
    assert!(!knows(view, release));
    if kind == LockKind::Point {
        let blinds = blinds(net, 0, attempt, forwarders + 1);
        assert!(blinds.iter().all(|blind| !knows(view, blind)));
        let sum = scalar(&blinds[holder]).add(scalar(release)).unwrap();
        assert_eq!(view.get(SecretSource::HeldBlind { hold }), Some(&LockSecret::Scalar(sum)));
    } else {
        assert!(view.secrets().is_empty());
    }
    // Nobody else was told h.
    for (index, forwarder) in net.forwarders.iter().enumerate() {
        assert!(!knows(forwarder.view(), release), "forwarder {}", index + 1);
    }
    assert!(!knows(net.receiver.view(), release));
}

/// A handover that is ahead of its hold is dropped, and the sender's driver gives it again: no release is ahead of its hold.
#[test]
fn a_handover_can_be_ahead_of_its_hold() {
    for kind in KINDS {
        let mut net = start(1, 2);
        let invoice = net.publish(kind, 0);
        let attempt = net.pay_known(0, &invoice, Some(1), entropy(1));
        // The sender's contract stands on its side; N_1 has not heard of it.
        let Some((Who::Sender(0), action)) = net.tasks.pop_front() else { panic!("an offer") };
        let NodeAction::Offer { proposal, .. } = action else { panic!("an offer") };
        let edge = net.fund(Who::Sender(0), &proposal);
        let committed = edge.outgoing().unwrap();
        let event = SenderEvent::OutgoingCommitted { attempt, edge: committed };
        net.tell_sender(0, event).unwrap();
        net.run().unwrap();
        assert!(!net.facts().any(|fact| matches!(fact, Fact::Announced { .. })));
        assert!(net.forwarders[0].log().is_empty());
        net.commit(edge, proposal.path_key, proposal.packet);
        net.run().unwrap();
        check_paid(&net, kind, 2, attempt);
        net.check_replay().unwrap();
    }
}

#[test]
fn two_payers_over_one_invoice() {
    for settle in SETTLEMENTS {
        let mut net = start(2, 3);
        net.settle = settle;
        net.keep = AWAY;
        let invoice = net.publish(LockKind::Point, 0);
        let z = invoice_secret(LockKind::Point, 0);
        // Both wait; the second is released first.
        let attempts = [0, 1].map(|payer| {
            let attempt = net.pay_known(payer, &invoice, Some(1), entropy(payer as u8 + 1));
            net.run().unwrap();
            attempt
        });
        assert_eq!(net.mailbox.len(), 2);
        net.keep = Keep::default();
        let first = net.mailbox.remove(0);
        net.read_mail().unwrap();
        net.run().unwrap();
        assert_eq!(paid(&net), [(Who::Sender(1), attempts[1], z.clone())]);
        // Only who has paid knows z.
        assert!(knows(net.senders[1].view(), &z));
        assert!(!knows(net.senders[0].view(), &z));
        for forwarder in &net.forwarders {
            assert!(!knows(forwarder.view(), &z));
        }
        net.mailbox.push(first);
        net.read_mail().unwrap();
        net.run().unwrap();
        assert_eq!(paid(&net)[1], (Who::Sender(0), attempts[0], z.clone()));

        // No lock and no blind is shared by the two, and no forwarder has any y but its own two.
        let (one, other) = attempts.map(|a| a).into();
        let locks = [(0, one), (1, other)].map(|(s, a)| net.locks_of(s, &a));
        assert!(locks[0].iter().all(|lock| !locks[1].contains(lock)));
        for (sender, attempt) in [(0, one), (1, other)] {
            for (hop, blind) in blinds(&net, sender, attempt, 4).iter().enumerate() {
                for (index, forwarder) in net.forwarders.iter().enumerate() {
                    assert_eq!(knows(forwarder.view(), blind), hop == index + 1);
                }
            }
        }
        let twice = 2 * AMOUNT_MSAT as i64;
        assert_eq!(net.balances()[&Who::Receiver], twice);
        net.check_replay().unwrap();
    }
}

/// The same payer again: fresh seed, fresh locks.
#[test]
fn one_payer_twice_over_one_invoice() {
    let mut net = start(1, 2);
    let invoice = net.publish(LockKind::Point, 0);
    let first = net.pay_known(0, &invoice, None, entropy(1));
    net.run().unwrap();
    let second = net.pay_known(0, &invoice, Some(2), entropy(2));
    net.run().unwrap();
    let attempts: Vec<AttemptId> = paid(&net).iter().map(|(_, attempt, _)| *attempt).collect();
    assert_eq!(attempts, [first, second]);
    net.check_replay().unwrap();
}

#[test]
fn at_the_cutoff_the_hold_fails_back_with_nothing_locked_further_along() {
    for (forwarders, holder) in [(1, 1), (3, 1), (3, 2), (5, 5)] {
        for kind in KINDS {
            let mut net = start(1, forwarders);
            net.keep = AWAY;
            let invoice = net.publish(kind, 0);
            let attempt = net.pay_known(0, &invoice, Some(holder), entropy(1));
            net.run().unwrap();
            let hold = hold_of(&net, 0);
            let incoming = net
                .facts()
                .filter_map(|fact| match fact {
                    Fact::Offered { edge: edge_id, .. } => Some(*edge_id),
                    _ => None,
                })
                .nth(holder - 1)
                .unwrap();
            let expiry = net.at(&incoming).terms().expiry;
            // Its own delta is in its safety margin.
            let behind: u32 = (holder + 1..=forwarders).map(|i| policy(i).cltv_expiry_delta).sum();
            let by_expiry = expiry - SAFETY_MARGIN - behind - MIN_FINAL_DELTA;
            let cutoff = by_expiry.min(HEIGHT + HOLD_BLOCKS);

            net.mine_to(cutoff - 1).unwrap();
            net.run().unwrap();
            assert!(!net.facts().any(|fact| matches!(fact, Fact::Failed { .. })));
            net.mine_to(cutoff).unwrap();
            net.run().unwrap();
            assert_eq!(net.contracts.len(), holder, "something was locked beyond the holder");
            let failed: Vec<&Fact> =
                net.facts().filter(|fact| matches!(fact, Fact::Failed { .. })).collect();
            assert_eq!(failed.len(), holder);
            let reason = Refusal::CutoffReached(hold);
            assert_eq!(
                *failed[0],
                Fact::Failed { by: Who::Forwarder(holder), edge: incoming, reason }
            );
            for (fact, index) in failed[1..].iter().zip((1..holder).rev()) {
                let Fact::Failed { by, reason, .. } = fact else { panic!("a failure") };
                assert_eq!((*by, reason), (Who::Forwarder(index), &Refusal::Downstream));
            }
            let payment = net.payment_of(&attempt);
            let end = Fact::PaymentFailed { by: Who::Sender(0), payment };
            assert!(net.facts().any(|fact| *fact == end));
            let ledger = net.forwarders[holder - 1].role().ledger();
            assert_eq!(ledger.state(&hold), Ok(&HoldState::Failed));

            // The receiver comes back too late: refused, and nothing moves.
            net.keep = Keep::default();
            net.read_mail().unwrap();
            net.run().unwrap();
            assert!(net.facts().any(|fact| matches!(fact, Fact::ReleaseRefused { .. })));
            assert_eq!(net.contracts.len(), holder);
            assert!(net.balances().is_empty());
            net.check_replay().unwrap();
        }
    }
}

#[test]
fn a_failure_goes_back_hop_by_hop() {
    for forwarders in 1..6 {
        let mut net = start(1, forwarders);
        // The receiver has not published it: it refuses.
        let route = [node_id(Who::Receiver)];
        let secret = invoice_secret(LockKind::Point, 1);
        let invoice = invoice_of(&secret, &route);
        let attempt = net.pay_known(0, &invoice, None, entropy(1));
        net.run().unwrap();
        let failures: Vec<(Who, Refusal)> = net
            .facts()
            .filter_map(|fact| match fact {
                Fact::Failed { by, reason, .. } => Some((*by, reason.clone())),
                _ => None,
            })
            .collect();
        let mut expected = vec![(Who::Receiver, Refusal::UnknownPayment)];
        expected.extend((1..=forwarders).rev().map(|i| (Who::Forwarder(i), Refusal::Downstream)));
        assert_eq!(failures, expected);
        let payment = net.payment_of(&attempt);
        let end = Fact::PaymentFailed { by: Who::Sender(0), payment };
        assert_eq!(net.facts().next_back(), Some(&end));
        assert!(net.balances().is_empty());
        net.check_replay().unwrap();
    }
}

/// The grace past its expiry the offerer of a committed contract takes its money back, and not a block sooner.
#[test]
fn contracts_time_out() {
    let mut net = start(1, 2);
    let invoice = net.publish(LockKind::Point, 0);
    net.pay_known(0, &invoice, None, entropy(1));
    // Sender, N_1 and N_2 commit; the receiver is asked for its secret, and falls silent before its claim.
    for _ in 0..4 {
        assert!(net.step().unwrap());
    }
    let claim = net.tasks.pop_front().unwrap();
    assert!(matches!(claim, (Who::Receiver, NodeAction::Claim { .. })));
    assert!(net.tasks.is_empty());
    // Its driver does nothing any more, whatever the role says.
    let silent = |net: &mut Net| net.tasks.retain(|(who, _)| *who != Who::Receiver);
    let grace = Deadlines::for_contracts().grace;
    let mut edges: Vec<(u32, Who, EdgeId)> = net
        .contracts
        .iter()
        .map(|contract| (contract.terms().expiry, contract.offerer, contract.edge_id()))
        .collect();
    edges.sort();
    assert_eq!(
        edges.iter().map(|edge| edge.1).collect::<Vec<_>>(),
        [Who::Forwarder(2), Who::Forwarder(1), Who::Sender(0)]
    );
    let time_outs = |net: &Net| {
        net.facts()
            .filter(|fact| matches!(fact, Fact::TakenBack { .. }))
            .cloned()
            .collect::<Vec<_>>()
    };
    let mut expected = Vec::new();
    for (expiry, by, edge_id) in edges {
        net.mine_to(expiry + grace - 1).unwrap();
        silent(&mut net);
        net.run().unwrap();
        assert_eq!(time_outs(&net), expected);
        net.mine_to(expiry + grace).unwrap();
        silent(&mut net);
        assert!(net.step().unwrap());
        silent(&mut net);
        // A sender says it with every block until its refund is in one.
        net.tasks.retain(|(_, action)| !matches!(action, NodeAction::TimeOut { .. }));
        expected.push(Fact::TakenBack { by, edge: edge_id });
        assert_eq!(time_outs(&net), expected);
        // Its refund is final: the failure goes one hop back.
        let (_, action) = net.tasks.pop_front().unwrap();
        assert!(
            matches!(
                (by, &action),
                (Who::Forwarder(_), NodeAction::Fail { reason: Refusal::Downstream, .. })
                    | (Who::Sender(0), NodeAction::AttemptFailed { failure: None, .. })
            ),
            "{by:?} {action:?}"
        );
    }
    net.mine_to(HEIGHT + 1_000).unwrap();
    silent(&mut net);
    net.run().unwrap();
    assert_eq!(time_outs(&net), expected);
    net.check_replay().unwrap();
}

/// A contract that is to be timed out is named once, and again to whoever asks, until it is done; claims are taken as long.
#[test]
fn a_claim_after_the_expiry_still_counts() {
    let mut net = start(1, 1);
    let invoice = net.publish(LockKind::Point, 0);
    let attempt = net.pay_known(0, &invoice, None, entropy(1));
    for _ in 0..3 {
        assert!(net.step().unwrap());
    }
    let (_, claim) = net.tasks.pop_front().unwrap();
    assert!(matches!(claim, NodeAction::Claim { .. }));
    let expiry = net.contracts.iter().map(|edge| edge.terms().expiry).min().unwrap();
    let grace = Deadlines::for_contracts().grace;
    let time_outs = |tasks: Vec<(Who, NodeAction)>| {
        let by_hop = (Who::Forwarder(1), true);
        let is_time_out = |action: &NodeAction| matches!(action, NodeAction::TimeOut { .. });
        tasks.iter().filter(|(who, action)| (*who, is_time_out(action)) == by_hop).count()
    };
    net.mine_to(expiry + grace - 1).unwrap();
    assert_eq!(time_outs(net.tasks.drain(..).collect()), 0);
    net.mine_to(expiry + grace).unwrap();
    assert_eq!(time_outs(net.tasks.drain(..).collect()), 1);
    net.mine_to(expiry + grace + 1).unwrap();
    assert_eq!(time_outs(net.tasks.drain(..).collect()), 0);
    assert_eq!(time_outs(net.pending()), 1);
    // It was not quick enough.
    net.tasks.push_back((Who::Receiver, claim));
    net.run().unwrap();
    assert_eq!(paid(&net)[0].1, attempt);
    net.check_replay().unwrap();
}

/// A release makes one offer, however often it comes; the offer itself is repeated by `pending` until it is confirmed.
#[test]
fn a_release_that_is_repeated_changes_nothing() {
    let mut net = start(1, 2);
    net.keep = AWAY;
    let invoice = net.publish(LockKind::Point, 0);
    let attempt = net.pay_known(0, &invoice, Some(1), entropy(1));
    net.run().unwrap();
    net.read_mail().unwrap();
    net.run().unwrap();
    let (_, message) = net.answers[0].clone();
    let holder = Who::Forwarder(1);
    net.tell_forwarder(
        number_of(holder),
        ForwarderEvent::MessageReceived { message: message.clone(), entropy: [0; 32] },
    )
    .unwrap();
    // Not confirmed yet: no second offer, but the same one on request.
    assert_eq!(net.tasks.len(), 1);
    net.tell_forwarder(
        number_of(holder),
        ForwarderEvent::MessageReceived { message: message.clone(), entropy: [0; 32] },
    )
    .unwrap();
    assert_eq!(net.tasks.len(), 1);
    let Some((Who::Forwarder(_), offer)) = net.tasks.front() else { panic!("an offer") };
    let pending = net.pending();
    let pending = pending.iter().filter(|(who, _)| *who == holder).map(|(_, action)| action);
    let pending: Vec<&NodeAction> = pending.collect();
    assert_eq!(format!("{pending:?}"), format!("[{offer:?}]"));
    net.run().unwrap();
    assert!(net.forwarders[0].pending().is_empty());
    // Confirmed: nothing.
    net.tell_forwarder(
        number_of(holder),
        ForwarderEvent::MessageReceived { message, entropy: [0; 32] },
    )
    .unwrap();
    assert!(net.tasks.is_empty());
    check_paid(&net, LockKind::Point, 2, attempt);
}
