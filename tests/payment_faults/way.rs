//! What goes wrong on the way of a whole payment.

use pointlock::curve::SecretScalar;
use pointlock::lock::{Blind, Lock, LockSecret, PaymentHash};
use pointlock::onion::Packet;
use pointlock::payment::{
    AttemptId, EdgeError, FinalPayload, ForwardPayload, ForwarderEvent, NodeAction, OfferOrigin,
    PaymentSecret, Proposal, Refusal, SecretSource, SenderError, SenderEvent, Tweak,
};
use pointlock_sim::Who;

use crate::nodes::{
    AMOUNT_MSAT, Known, LockKind, channel_to, invoice_secret, number_of, secret_of, start,
};
use crate::scene::{
    HOP, build, entropy, failures, invalid_hmac, is_paid, offer, put_back, refuses_forwarder,
    refuses_sender,
};

/// The sender gives one hop a wrong y, or the receiver a wrong Y.
#[test]
fn a_wrong_blind_at_any_hop_claims_nothing() {
    for wrong in [None, Some(1), Some(2), Some(3), Some(4)] {
        let mut net = start(1, 3);
        let invoice = net.publish(LockKind::Point, 0);
        let attempt = net.pay_known(0, &invoice, None, entropy(1));
        let (attempt, mut proposal) = match offer(&mut net) {
            (same, proposal) if same == attempt => (attempt, proposal),
            other => panic!("{other:?}"),
        };
        let view = net.senders[0].view();
        let y = |hop| match view.get(SecretSource::DrawnBlind { attempt, hop }).unwrap() {
            LockSecret::Scalar(scalar) => scalar.clone(),
            LockSecret::Preimage(_) => panic!("a scalar"),
        };
        let off_by_one = |hop, right: SecretScalar| {
            let one =
                SecretScalar::from_bytes(&std::array::from_fn(|i| u8::from(i == 31))).unwrap();
            Blind::new(if wrong == Some(hop) { right.add(&one).unwrap() } else { right })
        };
        let edges = net.senders[0].role().route(&attempt).unwrap().edges().to_vec();
        let nodes: Vec<Who> = (1..=3).map(Who::Forwarder).chain([Who::Receiver]).collect();
        let mut hops: Vec<(Who, Vec<u8>)> = (1..=3)
            .map(|hop| {
                let payload = ForwardPayload {
                    short_channel_id: channel_to(nodes[hop]),
                    amount_msat: edges[hop].amount_msat,
                    expiry: edges[hop].expiry,
                    tweak: Tweak::Blind(off_by_one(hop, y(hop))),
                };
                (nodes[hop - 1], payload.to_bytes())
            })
            .collect();
        let sum = (1..=3).fold(y(0), |sum, hop| sum.add(&y(hop)).unwrap());
        let last = FinalPayload {
            amount_msat: edges[3].amount_msat,
            expiry: edges[3].expiry,
            payment_secret: Some(PaymentSecret::of_invoice(&invoice.invoice_id())),
            total_msat: AMOUNT_MSAT,
            final_blind: Some(off_by_one(4, sum)),
            part: None,
            withheld: None,
            payer: None,
            keysend: None,
        };
        hops.push((Who::Receiver, last.to_bytes()));
        proposal.packet = build(&hops, 0);
        put_back(&mut net, attempt, proposal);
        net.run().unwrap();
        assert_eq!(is_paid(&net), wrong.is_none());
        if wrong.is_some() {
            let failures = failures(&net);
            assert_eq!(failures[0], (Who::Receiver, Refusal::LockMismatch));
            assert_eq!(failures.len(), 4);
            assert!(net.balances().is_empty());
            let z = invoice_secret(LockKind::Point, 0);
            assert!(!net.senders[0].view().secrets().iter().any(|known| known.secret == z));
        }
    }
}

/// A forwarder that puts its own lock, amount or expiry in place of what it should.
#[test]
fn what_a_hop_changes_is_found_out_further_along() {
    type Change = fn(&mut Proposal);
    let lower_amount: Change = |proposal| proposal.amount_msat -= 1_000;
    let sooner: Change = |proposal| proposal.expiry -= 1;
    let other_lock: Change = |proposal| proposal.lock = Lock::Point(secret_of("own", 0).to_point());
    let flipped: Change = |proposal| {
        let mut bytes = proposal.packet.to_bytes();
        bytes[500] ^= 1;
        proposal.packet = Packet::from_bytes(&bytes).unwrap();
    };
    let nothing: Change = |_| {};
    for (change, at, refuser, reason) in [
        (nothing, 1, None, None),
        (lower_amount, 1, Some(Who::Forwarder(2)), None),
        (lower_amount, 2, Some(Who::Receiver), None),
        (sooner, 1, Some(Who::Forwarder(2)), None),
        (sooner, 2, Some(Who::Receiver), None),
        (other_lock, 1, Some(Who::Receiver), Some(Refusal::LockMismatch)),
        (other_lock, 2, Some(Who::Receiver), Some(Refusal::LockMismatch)),
        (flipped, 1, Some(Who::Forwarder(2)), Some(invalid_hmac())),
        (flipped, 2, Some(Who::Receiver), Some(invalid_hmac())),
    ] {
        let mut net = start(1, 2);
        let invoice = net.publish(LockKind::Point, 0);
        net.pay_known(0, &invoice, None, entropy(1));
        for _ in 0..at {
            assert!(net.step().unwrap());
        }
        let Some((
            node,
            NodeAction::Offer { origin: OfferOrigin::Incoming(incoming), mut proposal },
        )) = net.tasks.pop_front()
        else {
            panic!("an offer")
        };
        assert_eq!(node, Who::Forwarder(at));
        // It tells its own role what that expects, and the next node what it likes.
        let honest = net.fund(node, &proposal);
        let edge = honest.outgoing().unwrap();
        net.tell_forwarder(number_of(node), ForwarderEvent::OutgoingCommitted { incoming, edge })
            .unwrap();
        change(&mut proposal);
        let mut crooked = net.fund(node, &proposal);
        if refuser.is_none() {
            crooked = net.at(&honest.outgoing().unwrap().id).clone();
        }
        net.commit(crooked, proposal.path_key, proposal.packet);
        // Only the reaction of the next nodes matters, up to the first failure or claim.
        let said = loop {
            match net.tasks.pop_front().unwrap() {
                (node, NodeAction::Fail { reason, .. }) => break Some((node, reason)),
                (Who::Receiver, NodeAction::Claim { .. }) => break None,
                task => {
                    net.tasks.push_front(task);
                    net.step().unwrap();
                }
            }
        };
        assert_eq!(said.as_ref().map(|(node, _)| *node), refuser);
        if reason.is_some() {
            assert_eq!(said.map(|(_, reason)| reason), reason);
        }
    }
}

/// The contract that the driver reports is compared with the proposal, by both offerers.
#[test]
fn a_contract_that_was_not_proposed_is_refused() {
    type Change = fn(&mut Proposal);
    let changes: [(&'static str, Change); 4] = [
        ("lock", |proposal| {
            let Lock::Point(point) = proposal.lock else { panic!("a point") };
            proposal.lock = Lock::Point(point.negate());
        }),
        ("lock", |proposal| proposal.lock = Lock::Hash(PaymentHash([0; 32]))),
        ("amount", |proposal| proposal.amount_msat += 1_000),
        ("expiry", |proposal| proposal.expiry += 1),
    ];
    let mut net = start(1, 1);
    let invoice = net.publish(LockKind::Point, 0);
    net.pay_known(0, &invoice, None, entropy(1));
    let (attempt, proposal) = offer(&mut net);
    for (field, change) in changes {
        let mut other = proposal.clone();
        change(&mut other);
        let edge = net.fund(Who::Sender(0), &other).outgoing().unwrap();
        let error = EdgeError::NotAsProposed { edge: edge.id, field };
        let event = SenderEvent::OutgoingCommitted { attempt, edge };
        refuses_sender(&mut net, event, error.clone());
    }
    let edge = net.fund(Who::Sender(0), &proposal).outgoing().unwrap();
    let edge_id = edge.id;
    let unknown = AttemptId([9; 32]);
    let event = SenderEvent::OutgoingCommitted { attempt: unknown, edge };
    refuses_sender(&mut net, event, SenderError::UnknownAttempt(unknown));
    let event = SenderEvent::OutgoingFailed { outgoing: edge_id, failure: None };
    refuses_sender(&mut net, event, EdgeError::Unknown(edge_id));
    put_back(&mut net, attempt, proposal);
    net.step().unwrap();

    let Some((
        Who::Forwarder(_),
        NodeAction::Offer { origin: OfferOrigin::Incoming(incoming), proposal },
    )) = net.tasks.pop_front()
    else {
        panic!("an offer")
    };
    for (field, change) in changes {
        let mut other = proposal.clone();
        change(&mut other);
        let edge = net.fund(HOP, &other).outgoing().unwrap();
        let error = EdgeError::NotAsProposed { edge: edge.id, field };
        let event = ForwarderEvent::OutgoingCommitted { incoming, edge };
        refuses_forwarder(&mut net, HOP, event, error.clone());
    }
    let edge = net.fund(HOP, &proposal).outgoing().unwrap();
    let event = ForwarderEvent::OutgoingCommitted { incoming: edge_id, edge };
    refuses_forwarder(&mut net, HOP, event, EdgeError::Unknown(edge_id));
    let action = NodeAction::Offer { origin: OfferOrigin::Incoming(incoming), proposal };
    net.tasks.push_front((HOP, action));
    net.run().unwrap();
    assert!(is_paid(&net));
}
