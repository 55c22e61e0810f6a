//! What goes wrong on the way of a whole payment.

use pointlock::curve::SecretScalar;
use pointlock::lock::{Blind, Lock, LockSecret, PaymentHash};
use pointlock::onion::Packet;
use pointlock::payment::{
    AttemptId, EdgeError, FinalPayload, ForwardPayload, ForwarderAction, ForwarderEvent,
    PaymentSecret, Proposal, ReceiverAction, Refusal, SecretSource, SenderError, SenderEvent,
    Tweak,
};

use crate::network::{
    AMOUNT_MSAT, Action, LockKind, Network, Node, channel_to, invoice_secret, secret_of,
};
use crate::scene::{
    HOP, build, entropy, failures, invalid_hmac, is_paid, offer, put_back, refuses_forwarder,
    refuses_sender,
};

/// The sender gives one hop a wrong y, or the receiver a wrong Y.
#[test]
fn a_wrong_blind_at_any_hop_claims_nothing() {
    for wrong in [None, Some(1), Some(2), Some(3), Some(4)] {
        let mut net = Network::new(1, 3);
        let invoice = net.publish(LockKind::Point, 0);
        let attempt = net.pay(0, &invoice, None, entropy(1));
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
        let nodes: Vec<Node> = (1..=3).map(Node::Forwarder).chain([Node::Receiver]).collect();
        let mut hops: Vec<(Node, Vec<u8>)> = (1..=3)
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
        };
        hops.push((Node::Receiver, last.to_bytes()));
        proposal.packet = build(&hops, 0);
        put_back(&mut net, attempt, proposal);
        net.run();
        assert_eq!(is_paid(&net), wrong.is_none());
        if wrong.is_some() {
            let failures = failures(&net);
            assert_eq!(failures[0], (Node::Receiver, Refusal::LockMismatch));
            assert_eq!(failures.len(), 4);
            assert!(net.balances.is_empty());
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
        (lower_amount, 1, Some(Node::Forwarder(2)), None),
        (lower_amount, 2, Some(Node::Receiver), None),
        (sooner, 1, Some(Node::Forwarder(2)), None),
        (sooner, 2, Some(Node::Receiver), None),
        (other_lock, 1, Some(Node::Receiver), Some(Refusal::LockMismatch)),
        (other_lock, 2, Some(Node::Receiver), Some(Refusal::LockMismatch)),
        (flipped, 1, Some(Node::Forwarder(2)), Some(invalid_hmac())),
        (flipped, 2, Some(Node::Receiver), Some(invalid_hmac())),
    ] {
        let mut net = Network::new(1, 2);
        let invoice = net.publish(LockKind::Point, 0);
        net.pay(0, &invoice, None, entropy(1));
        for _ in 0..at {
            assert!(net.step());
        }
        let Some((node, Action::Forwarder(ForwarderAction::Offer { incoming, mut proposal }))) =
            net.tasks.pop_front()
        else {
            panic!("an offer")
        };
        assert_eq!(node, Node::Forwarder(at));
        // It tells its own role what that expects, and the next node what it likes.
        let honest = net.fund(node, &proposal);
        let edge = honest.outgoing();
        net.tell_forwarder(node, ForwarderEvent::OutgoingCommitted { incoming, edge }).unwrap();
        change(&mut proposal);
        let mut crooked = net.fund(node, &proposal);
        if refuser.is_none() {
            crooked = net.edges[&honest.outgoing().id].clone();
        }
        net.commit(crooked, proposal.path_key, proposal.packet);
        // Only the reaction of the next nodes matters, up to the first failure or claim.
        let said = loop {
            match net.tasks.pop_front().unwrap() {
                (node, Action::Forwarder(ForwarderAction::Fail { reason, .. }))
                | (node, Action::Receiver(ReceiverAction::Fail { reason, .. })) => {
                    break Some((node, reason));
                }
                (_, Action::Receiver(ReceiverAction::Claim { .. })) => break None,
                task => {
                    net.tasks.push_front(task);
                    net.step();
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
    let mut net = Network::new(1, 1);
    let invoice = net.publish(LockKind::Point, 0);
    net.pay(0, &invoice, None, entropy(1));
    let (attempt, proposal) = offer(&mut net);
    for (field, change) in changes {
        let mut other = proposal.clone();
        change(&mut other);
        let edge = net.fund(Node::Sender(0), &other).outgoing();
        let error = EdgeError::NotAsProposed { edge: edge.id, field };
        let event = SenderEvent::OutgoingCommitted { attempt, edge };
        refuses_sender(&mut net, event, error.clone());
    }
    let edge = net.fund(Node::Sender(0), &proposal).outgoing();
    let edge_id = edge.id;
    let unknown = AttemptId([9; 32]);
    let event = SenderEvent::OutgoingCommitted { attempt: unknown, edge };
    refuses_sender(&mut net, event, SenderError::UnknownAttempt(unknown));
    let event = SenderEvent::OutgoingFailed { outgoing: edge_id, failure: None };
    refuses_sender(&mut net, event, EdgeError::Unknown(edge_id));
    put_back(&mut net, attempt, proposal);
    net.step();

    let Some((_, Action::Forwarder(ForwarderAction::Offer { incoming, proposal }))) =
        net.tasks.pop_front()
    else {
        panic!("an offer")
    };
    for (field, change) in changes {
        let mut other = proposal.clone();
        change(&mut other);
        let edge = net.fund(HOP, &other).outgoing();
        let error = EdgeError::NotAsProposed { edge: edge.id, field };
        let event = ForwarderEvent::OutgoingCommitted { incoming, edge };
        refuses_forwarder(&mut net, HOP, event, error.clone());
    }
    let edge = net.fund(HOP, &proposal).outgoing();
    let event = ForwarderEvent::OutgoingCommitted { incoming: edge_id, edge };
    refuses_forwarder(&mut net, HOP, event, EdgeError::Unknown(edge_id));
    let action = ForwarderAction::Offer { incoming, proposal };
    net.tasks.push_front((HOP, Action::Forwarder(action)));
    net.run();
    assert!(is_paid(&net));
}
