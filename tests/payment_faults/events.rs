//! Events that come in another order than they can, or twice.

use bitcoin::OutPoint;
use pointlock::payment::{
    AttemptId, ForwarderEvent, PaymentError, SecretSource, SenderAction, SenderEvent,
};

use crate::network::{Action, Fact, LockKind, Network, Node, node_id};
use crate::scene::{
    HOP, entropy, forward_case, forward_packet, is_paid, offer, refuses_forwarder, refuses_sender,
    snapshot,
};

#[test]
fn events_out_of_order_are_refused() {
    let mut net = Network::new(1, 1);
    let invoice = net.publish(LockKind::Point, 0);
    net.pay(0, &invoice, None, entropy(1));
    net.run();
    assert!(is_paid(&net));
    let outpoints: Vec<OutPoint> = net.edges.keys().copied().collect();
    let (first, second) = (net.edges[&outpoints[0]].clone(), net.edges[&outpoints[1]].clone());
    let incoming = outpoints[0];
    let packet = forward_packet(&forward_case(LockKind::Point).1, 0);

    let event = || ForwarderEvent::IncomingCommitted {
        from: node_id(Node::Sender(0)),
        contract: first.received.clone(),
        path_key: None,
        packet: packet.clone(),
    };
    refuses_forwarder(&mut net, HOP, event(), &PaymentError::KnownContract(incoming));
    let contract = second.offered.clone();
    let event = ForwarderEvent::OutgoingCommitted { incoming, contract };
    refuses_forwarder(&mut net, HOP, event, &PaymentError::KnownContract(outpoints[1]));
    let contract = first.offered.clone();
    let attempt = attempt_of(&net);
    let commitment = |contract| PaymentError::OutOfOrder { contract, event: "commitment" };
    let event = ForwarderEvent::OutgoingCommitted { incoming, contract: first.offered.clone() };
    refuses_forwarder(&mut net, HOP, event, &commitment(outpoints[0]));
    let event = SenderEvent::OutgoingCommitted { attempt, contract };
    let before = snapshot(&net, Node::Sender(0));
    assert!(net.tell_sender(0, event).is_err());
    assert_eq!(snapshot(&net, Node::Sender(0)), before);

    // Settled is settled.
    let failure = |contract| PaymentError::OutOfOrder { contract, event: "failure" };
    let fulfilment = |contract| PaymentError::OutOfOrder { contract, event: "fulfilment" };
    let event = ForwarderEvent::OutgoingFailed { outgoing: outpoints[1], failure: None };
    refuses_forwarder(&mut net, HOP, event, &failure(outpoints[1]));
    let event = ForwarderEvent::IncomingFailed { incoming };
    refuses_forwarder(&mut net, HOP, event, &failure(incoming));
    let event = SenderEvent::OutgoingFailed { outgoing: incoming, failure: None };
    refuses_sender(&mut net, event, &failure(incoming));
    let secret =
        net.senders[0].view().get(SecretSource::Lock { contract: incoming }).unwrap().clone();
    let event = SenderEvent::OutgoingFulfilled { outgoing: incoming, secret };
    refuses_sender(&mut net, event, &fulfilment(incoming));
    let secret = net.forwarders[0]
        .view()
        .get(SecretSource::Lock { contract: outpoints[1] })
        .unwrap()
        .clone();
    let event = ForwarderEvent::OutgoingFulfilled { outgoing: outpoints[1], secret };
    refuses_forwarder(&mut net, HOP, event, &fulfilment(outpoints[1]));
    let event = ForwarderEvent::IncomingFailed { incoming: OutPoint::null() };
    refuses_forwarder(&mut net, HOP, event, &failure(OutPoint::null()));

    // The next payment goes as if nothing had been.
    net.facts.clear();
    net.pay(0, &invoice, None, entropy(2));
    net.run();
    assert!(is_paid(&net));
}

fn attempt_of(net: &Network) -> AttemptId {
    net.facts
        .iter()
        .find_map(|fact| match fact {
            Fact::Paid { attempt, .. } => Some(*attempt),
            _ => None,
        })
        .unwrap()
}

/// With hashes two attempts have the same lock, so that one contract would fit both.
#[test]
fn one_contract_pays_for_one_attempt() {
    let mut net = Network::new(1, 1);
    let invoice = net.publish(LockKind::Hash, 0);
    net.pay(0, &invoice, None, entropy(1));
    let (first, proposal) = offer(&mut net);
    net.pay(0, &invoice, None, entropy(2));
    let (second, _) = offer(&mut net);
    let contract = net.fund(Node::Sender(0), &proposal).offered;
    let outpoint = contract.funded().outpoint();
    let event = SenderEvent::OutgoingCommitted { attempt: first, contract: contract.clone() };
    net.tell_sender(0, event).unwrap();
    let event = SenderEvent::OutgoingCommitted { attempt: second, contract };
    refuses_sender(&mut net, event, &PaymentError::KnownContract(outpoint));
    let contract = net.fund(Node::Sender(0), &proposal).offered;
    let event = SenderEvent::OutgoingCommitted { attempt: second, contract };
    net.tell_sender(0, event).unwrap();
    // The first ends under its own name.
    net.tell_sender(0, SenderEvent::OutgoingFailed { outgoing: outpoint, failure: None }).unwrap();
    assert!(matches!(
        net.tasks.front(),
        Some((_, Action::Sender(SenderAction::AttemptFailed { attempt, .. }))) if *attempt == first
    ));
}
