//! Payments in parts, made by hand: all are claimed or none, and no part of somebody else's gets in between.

use std::collections::BTreeSet;

use pointlock::claims::ClaimError;
use pointlock::curve::Point;
use pointlock::edge::EdgeId;
use pointlock::invoice::StaticInvoice;
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::lock::{Blind, Lock, LockError, LockSecret};
use pointlock::payment::{
    EdgeError, FinalPayload, NodeAction, PartShare, PayerPayload, PaymentSecret, Receiver,
    ReceiverAction, ReceiverError, ReceiverEvent, Recorded, Refusal, SecretSource,
};
use pointlock_sim::{Contract, Who};

use crate::failing_claims::{FailingClaims, Fails, broken};
use crate::nodes::{
    AMOUNT_MSAT, HEIGHT, Known, LockKind, MIN_FINAL_DELTA, Net, invoice_secret, payer_of,
    receiver_config, start, unknown_edge,
};
use crate::scene::{
    FinalCase, blind, claiming, final_case, final_packet, receive, refuses_receiver,
};

const EXPIRY: u32 = HEIGHT + MIN_FINAL_DELTA + 5;

fn share(part: u16) -> Blind {
    blind("share", usize::from(part))
}

fn add(point: &Point, blind: &Blind) -> Point {
    point.add(&blind.to_point()).unwrap()
}

/// Part p of `count`: Y_p and q_p, under Z + (q + Y_p)·G.
fn part(invoice: &StaticInvoice, point: &Point, index: u16, count: u16) -> FinalCase {
    let q = (1..=count).map(share).reduce(|sum, share| sum.add(&share).unwrap()).unwrap();
    let final_blind = blind("final", usize::from(index));
    let amount_msat = AMOUNT_MSAT / u64::from(count) / 1_000 * 1_000;
    let rest = if index == 1 { AMOUNT_MSAT - amount_msat * u64::from(count) } else { 0 };
    let lock = Lock::Point(add(&add(point, &q), &final_blind));
    let amount_msat = amount_msat + rest;
    let payload = FinalPayload {
        amount_msat,
        expiry: EXPIRY,
        payment_secret: Some(PaymentSecret::of_invoice(&invoice.invoice_id())),
        total_msat: AMOUNT_MSAT,
        final_blind: Some(final_blind),
        part: Some(PartShare { secret: share(index), index, count }),
        withheld: None,
        payer: None,
        keysend: None,
    };
    FinalCase { payload, lock, amount_msat, expiry: EXPIRY }
}

fn z_point() -> Point {
    let Lock::Point(point) = invoice_secret(LockKind::Point, 0).lock() else { panic!("a point") };
    point
}

fn parts(count: u16) -> (Net, Vec<FinalCase>) {
    let mut net = start(1, 0);
    let invoice = net.publish(LockKind::Point, 0);
    let parts = (1..=count).map(|index| part(&invoice, &z_point(), index, count)).collect();
    (net, parts)
}

fn edge(net: &mut Net, case: &FinalCase) -> (EdgeId, Contract) {
    let edge =
        net.fund_terms(Who::Sender(0), Who::Receiver, case.lock, case.amount_msat, case.expiry);
    (edge.outgoing().unwrap().id, edge)
}

fn said(net: &mut Net) -> Vec<NodeAction> {
    let wanted: Vec<(Who, NodeAction)> = net.tasks.drain(..).collect();
    assert!(wanted.iter().all(|(who, _)| *who == Who::Receiver));
    wanted.into_iter().map(|(_, action)| action).collect()
}

/// The contract of the part, and what the receiver wants then.
fn arrive(net: &mut Net, case: &FinalCase, session: usize) -> (EdgeId, Vec<NodeAction>) {
    let (edge_id, edge) = edge(net, case);
    net.commit(edge, None, final_packet(case, session));
    (edge_id, said(net))
}

fn waits(net: &mut Net, case: &FinalCase, session: usize) -> EdgeId {
    let (edge_id, actions) = arrive(net, case, session);
    assert!(actions.is_empty(), "{actions:?}");
    // Nothing was computed that opens a contract.
    let source = SecretSource::Lock { edge: edge_id };
    assert_eq!(net.receiver.view().get(source), None);
    assert!(!net.receiver.pending().iter().any(|action| matches!(action,
        ReceiverAction::Claimable { incoming } | ReceiverAction::Fail { incoming, .. }
            if *incoming == edge_id)));
    edge_id
}

fn wanted(actions: Vec<ReceiverAction>) -> Vec<NodeAction> {
    actions.into_iter().map(Into::into).collect()
}

/// All these contracts are claimable, and nothing else is wanted.
fn assert_claimable(actions: &[NodeAction], expected: &[(EdgeId, Lock)]) {
    let claimable = |action: &NodeAction| match action {
        NodeAction::Claimable { incoming } => *incoming,
        other => panic!("{other:?}"),
    };
    let claimable: BTreeSet<EdgeId> = actions.iter().map(claimable).collect();
    assert_eq!(claimable.len(), actions.len());
    assert_eq!(claimable, expected.iter().map(|(edge_id, _)| *edge_id).collect());
}

/// And each is claimed with the secret of its own lock.
fn assert_claimed(net: &mut Net, actions: &[NodeAction], expected: &[(EdgeId, Lock)]) {
    assert_claimable(actions, expected);
    for (edge_id, lock) in expected {
        assert_eq!(claiming(net, *edge_id).lock(), *lock);
    }
}

/// All these contracts are failed for one reason, and nothing else is wanted.
fn assert_failed(actions: &[NodeAction], expected: &[EdgeId], because: &Refusal) {
    let mut failed: Vec<EdgeId> = actions
        .iter()
        .map(|action| match action {
            NodeAction::Fail { incoming, reason, .. } => {
                assert_eq!(reason, because);
                *incoming
            }
            other => panic!("{other:?}"),
        })
        .collect();
    failed.sort();
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(failed, expected);
}

fn refused(net: &mut Net, case: &FinalCase, session: usize, because: Refusal) {
    let view = net.receiver.view().clone();
    let (edge_id, actions) = arrive(net, case, session);
    assert_failed(&actions, &[edge_id], &because);
    assert_eq!(*net.receiver.view(), view);
}

#[test]
fn in_any_order_all_are_claimed_with_the_last() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let (mut net, parts) = parts(3);
        let mut contracts = Vec::new();
        for index in &order[..2] {
            let edge_id = waits(&mut net, &parts[*index], *index);
            contracts.push((edge_id, parts[*index].lock));
        }
        let last = &parts[order[2]];
        let (edge_id, actions) = arrive(&mut net, last, order[2]);
        contracts.push((edge_id, last.lock));
        assert_claimed(&mut net, &actions, &contracts);
        net.check_replay().unwrap();
    }
    // Of one part: a set of its own.
    let (mut net, parts) = parts(1);
    let (edge_id, actions) = arrive(&mut net, &parts[0], 0);
    assert_claimed(&mut net, &actions, &[(edge_id, parts[0].lock)]);
}

#[test]
fn a_missing_part_fails_the_others() {
    for missing in 0..3 {
        let (mut net, parts) = parts(3);
        let present: Vec<usize> = (0..3).filter(|index| *index != missing).collect();
        let contracts: Vec<EdgeId> =
            present.iter().map(|index| waits(&mut net, &parts[*index], *index)).collect();
        let incoming = contracts[missing % 2];
        // A part that waits is not settled.
        let error = EdgeError::OutOfOrder { edge: incoming, event: "settlement" };
        refuses_receiver(&mut net, ReceiverEvent::Settled { incoming }, error.clone());
        net.tell_receiver(ReceiverEvent::PartsTimedOut { incoming }).unwrap();
        let timed_out = Refusal::SetTimedOut { arrived: 2, count: 3 };
        assert_failed(&said(&mut net), &contracts, &timed_out);
        // Once; and what comes after it finds nothing that it belongs with.
        net.tell_receiver(ReceiverEvent::PartsTimedOut { incoming }).unwrap();
        assert!(said(&mut net).is_empty());
        let late = waits(&mut net, &parts[missing], missing);
        net.tell_receiver(ReceiverEvent::PartsTimedOut { incoming: late }).unwrap();
        let timed_out = Refusal::SetTimedOut { arrived: 1, count: 3 };
        assert_failed(&said(&mut net), &[late], &timed_out);
        net.check_replay().unwrap();
    }
    let (mut net, _) = parts(2);
    let unknown = unknown_edge();
    let event = ReceiverEvent::PartsTimedOut { incoming: unknown };
    refuses_receiver(&mut net, event, EdgeError::Unknown(unknown));
}

/// At the block from which on one of them could not be claimed in time, and not before.
#[test]
fn parts_that_expire_fail_the_others() {
    let (mut net, mut parts) = parts(3);
    parts[1].expiry += 7;
    let contracts = [0, 1].map(|index| waits(&mut net, &parts[index], index));
    let claim_margin = receiver_config().deadlines.claim_margin;
    net.mine_to(EXPIRY - claim_margin - 1).unwrap();
    assert!(said(&mut net).is_empty());
    net.mine_to(EXPIRY - claim_margin).unwrap();
    let timed_out = Refusal::SetTimedOut { arrived: 2, count: 3 };
    assert_failed(&said(&mut net), &contracts, &timed_out);
    // The last one comes too late by itself.
    let required = EXPIRY - claim_margin + MIN_FINAL_DELTA;
    let too_soon = Refusal::FinalExpiryTooSoon { expiry: EXPIRY, required };
    refused(&mut net, &parts[2], 2, too_soon);
    net.check_replay().unwrap();
}

/// A part that is too near its expiry when it comes is refused alone; another of the same place can come yet.
#[test]
fn a_bad_part_does_not_spoil_the_good() {
    type Change = fn(&mut FinalCase);
    let says: [(Change, Refusal); 5] = [
        (
            |case| case.expiry = HEIGHT + MIN_FINAL_DELTA - 1,
            Refusal::FinalExpiryTooSoon { expiry: HEIGHT + MIN_FINAL_DELTA - 1, required: EXPIRY },
        ),
        (
            |case| case.amount_msat -= 1_000,
            Refusal::AmountTooLow {
                offered_msat: AMOUNT_MSAT / 2 - 1_000,
                expected_msat: AMOUNT_MSAT / 2,
            },
        ),
        (
            |case| case.payload.part = Some(PartShare { secret: share(2), index: 1, count: 2 }),
            Refusal::DuplicatePart { index: 1 },
        ),
        (
            |case| case.payload.part = Some(PartShare { secret: share(2), index: 2, count: 3 }),
            Refusal::PartMismatch { field: "part_share" },
        ),
        (|case| case.payload.total_msat += 1, Refusal::PartMismatch { field: "total_msat" }),
    ];
    for (change, refusal) in says {
        let (mut net, good) = parts(2);
        let mut bad = parts(2).1.remove(1);
        change(&mut bad);
        let first = waits(&mut net, &good[0], 0);
        refused(&mut net, &bad, 1, refusal);
        let (second, actions) = arrive(&mut net, &good[1], 2);
        assert_claimed(&mut net, &actions, &[(first, good[0].lock), (second, good[1].lock)]);
        net.check_replay().unwrap();
    }
}

/// The set is refused as a whole: nobody can say which of its parts is the wrong one.
#[test]
fn a_set_that_is_not_right_is_refused_as_a_whole() {
    type Change = fn(&mut Vec<FinalCase>);
    let says: [(Change, Refusal); 4] = [
        (
            |parts| parts[2].payload.part.as_mut().unwrap().secret = blind("other", 0),
            Refusal::LockMismatch,
        ),
        (|parts| parts[0].payload.part.as_mut().unwrap().secret = share(2), Refusal::LockMismatch),
        // Each is worth what it says, but all are not worth the whole.
        (
            |parts| {
                parts[1].payload.amount_msat -= 1_000;
                parts[1].amount_msat -= 1_000;
            },
            Refusal::IncompleteSet { total_msat: AMOUNT_MSAT, amount_msat: AMOUNT_MSAT - 1_000 },
        ),
        // More is in the contracts than in the payloads, for which nobody asks.
        (
            |parts| {
                parts[1].payload.amount_msat -= 1_000;
            },
            Refusal::IncompleteSet { total_msat: AMOUNT_MSAT, amount_msat: AMOUNT_MSAT - 1_000 },
        ),
    ];
    for (change, refusal) in says {
        let (mut net, mut parts) = parts(3);
        change(&mut parts);
        let mut contracts = vec![waits(&mut net, &parts[0], 0), waits(&mut net, &parts[1], 1)];
        let view = net.receiver.view().clone();
        let (last, actions) = arrive(&mut net, &parts[2], 2);
        contracts.push(last);
        assert_failed(&actions, &contracts, &refusal);
        assert_eq!(*net.receiver.view(), view);
        net.check_replay().unwrap();
    }
}

/// Who knows nothing of q can park a part with q = 0, whose lock is Z + Y·G; or with a q of its own.
#[test]
fn a_strangers_part_blocks_nobody() {
    for q in [None, Some(blind("stranger", 1))] {
        let (mut net, good) = parts(2);
        let mut strangers: Vec<FinalCase> = parts(2).1;
        for case in &mut strangers {
            let y = case.payload.final_blind.as_ref().unwrap();
            let start = q.as_ref().map_or_else(z_point, |q| add(&z_point(), q));
            case.lock = Lock::Point(add(&start, y));
        }
        let parked = waits(&mut net, &strangers[0], 10);
        // A payment in one part, for which nothing has to wait; and one in parts.
        let (_, single) = final_case(LockKind::Point);
        assert_eq!(receive(&mut net, &single, 11), None);
        let first = waits(&mut net, &good[0], 12);
        let (_, again) = final_case(LockKind::Point);
        assert_eq!(receive(&mut net, &again, 13), None);
        let (second, actions) = arrive(&mut net, &good[1], 14);
        assert_claimed(&mut net, &actions, &[(first, good[0].lock), (second, good[1].lock)]);
        // The stranger's own set is worth nothing: its shares are not q.
        let (other, actions) = arrive(&mut net, &strangers[1], 15);
        assert_failed(&actions, &[parked, other], &Refusal::LockMismatch);
        net.check_replay().unwrap();
    }
    // Shares that cancel each other.
    let (mut net, mut cases) = parts(2);
    let opposite = Blind::new(share(1).as_scalar().negate());
    cases[1].payload.part.as_mut().unwrap().secret = opposite;
    for case in &mut cases {
        let y = case.payload.final_blind.as_ref().unwrap();
        case.lock = Lock::Point(add(&z_point(), y));
    }
    let parked = waits(&mut net, &cases[0], 0);
    let (other, actions) = arrive(&mut net, &cases[1], 1);
    assert_failed(&actions, &[parked, other], &Refusal::Lock(LockError::BlindsCancel));
}

// ---- Under a k-time payment point ----

fn polynomial() -> PaymentPolynomial {
    PaymentPolynomial::from_entropy(&[9; 32], 2).unwrap()
}

fn payer(case: &mut FinalCase, invoice: &StaticInvoice, note: &str) {
    let payer = payer_of(Some(note.as_bytes()));
    let key = payer.seed.key();
    let mut payload = PayerPayload {
        key: key.public_key(),
        note: payer.note,
        invoice_id: invoice.invoice_id(),
        signature: key.sign_payment(
            &pointlock::invoice::ktime::PayerScalar::from_bytes(&[1; 32]).unwrap(),
            &z_point(),
            &[0; 32],
        ),
    };
    let Lock::Point(lock) = case.lock else { panic!("a point") };
    let x = payload.terms(AMOUNT_MSAT).x().unwrap();
    payload.signature = key.sign_payment(&x, &lock, &[0; 32]);
    case.payload.payer = Some(payload);
}

/// Z(x) of the payer with this note.
fn point_of(invoice: &StaticInvoice, note: &str) -> Point {
    let mut case = part(invoice, &z_point(), 1, 1);
    payer(&mut case, invoice, note);
    let terms = case.payload.payer.as_ref().unwrap().terms(AMOUNT_MSAT);
    terms.payment_point(&polynomial().payment_points()).unwrap()
}

fn parts_of(invoice: &StaticInvoice, note: &str, count: u16) -> Vec<FinalCase> {
    let point = point_of(invoice, note);
    let part = |index| {
        let mut case = part(invoice, &point, index, count);
        payer(&mut case, invoice, note);
        case
    };
    (1..=count).map(part).collect()
}

/// Even who knows the set point, as two payers who work together do, adds no part under another x.
#[test]
fn a_part_of_another_payer_is_refused() {
    let mut net = start(1, 0);
    let invoice = net.publish_polynomial(2, 9);
    let good = parts_of(&invoice, "me", 2);
    let mut other = parts_of(&invoice, "me", 2).remove(1);
    payer(&mut other, &invoice, "you");
    let first = waits(&mut net, &good[0], 0);
    refused(&mut net, &other, 1, Refusal::PartMismatch { field: "payer_key" });
    let (second, actions) = arrive(&mut net, &good[1], 2);
    assert_claimed(&mut net, &actions, &[(first, good[0].lock), (second, good[1].lock)]);
    // The x is claimed: with those contracts, and in no other set.
    let again = parts_of(&invoice, "me", 2);
    let first = waits(&mut net, &again[0], 3);
    let (second, actions) = arrive(&mut net, &again[1], 4);
    let x = again[0].payload.payer.as_ref().unwrap().terms(AMOUNT_MSAT).x().unwrap();
    assert_failed(&actions, &[first, second], &Refusal::Claim(ClaimError::AlreadyClaimed(x)));
    net.check_replay().unwrap();
}

/// The last part is reported again after the store has failed, before or after its work; what waited still waits.
#[test]
fn a_store_that_fails_at_the_last_part() {
    for fails in [Fails::BeforeItsWork, Fails::AfterItsWork] {
        let mut net = start(1, 0);
        let invoice = net.publish_polynomial(2, 9);
        let ReceiverEvent::PublishedPolynomial { paths, .. } = &net.receiver.log()[0] else {
            panic!("an invoice")
        };
        let store = FailingClaims::default();
        let fail = store.fail.clone();
        let mut receiver = Recorded::new(Receiver::with_store(receiver_config(), store).unwrap());
        let published = ReceiverEvent::PublishedPolynomial {
            invoice: invoice.clone(),
            polynomial: polynomial(),
            paths: paths.clone(),
        };
        receiver.apply(published).unwrap();
        let parts = parts_of(&invoice, "me", 3);
        let edges: Vec<(EdgeId, Contract)> =
            parts.iter().map(|part| edge(&mut net, part)).collect();
        let event = |index: usize| ReceiverEvent::IncomingCommitted {
            edge: edges[index].1.incoming().unwrap(),
            path_key: None,
            packet: final_packet(&parts[index], index),
        };
        for index in [0, 1] {
            assert!(receiver.apply(event(index)).unwrap().is_empty());
        }
        let view = receiver.view().clone();
        // After its work it has what it needs: the second time it has nothing to do.
        for _ in 0..if fails == Fails::AfterItsWork { 1 } else { 3 } {
            fail.set(Some(fails));
            let error = receiver.apply(event(2)).unwrap_err();
            assert_eq!(error, ReceiverError::Claims(ClaimError::Store(broken())));
            assert_eq!((receiver.view(), receiver.log().len()), (&view, 3));
            assert!(receiver.pending().is_empty());
        }
        let expected: Vec<(EdgeId, Lock)> =
            edges.iter().zip(&parts).map(|((edge_id, _), part)| (*edge_id, part.lock)).collect();
        let actions = receiver.apply(event(2)).unwrap();
        assert_claimable(&wanted(actions), &expected);
        assert_claimable(&wanted(receiver.pending()), &expected);
        assert_eq!(receiver.role().claims().slots_left(&polynomial().id()), Ok(1));

        // A crash between the record and the log: the last part is reported again, to the same store.
        let store = receiver.role().claims().store().clone();
        let mut log = receiver.into_log();
        log.pop();
        let mut restarted =
            Recorded::replay(Receiver::with_store(receiver_config(), store).unwrap(), log).unwrap();
        assert!(restarted.pending().is_empty());
        assert_claimable(&wanted(restarted.apply(event(2)).unwrap()), &expected);
        for (incoming, lock) in expected {
            let claiming = || ReceiverEvent::Claiming { incoming };
            let actions = restarted.apply(claiming()).unwrap();
            assert!(
                matches!(&actions[..], [ReceiverAction::Claim { incoming: claimed, secret }]
                    if *claimed == incoming && secret.lock() == lock),
                "{actions:?}"
            );
        }
        let secrets: Vec<&LockSecret> = restarted
            .view()
            .secrets()
            .iter()
            .filter(|known| matches!(known.source, SecretSource::PointSecret { .. }))
            .map(|known| &known.secret)
            .collect();
        assert_eq!(secrets.len(), 1);
        assert_eq!(secrets[0].lock(), Lock::Point(point_of(&invoice, "me")));
    }
}
