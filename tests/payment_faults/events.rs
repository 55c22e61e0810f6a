//! Events that come in another order than they can, or twice.

use pointlock::edge::EdgeId;
use pointlock::payment::{
    EdgeError, ForwarderEvent, NodeAction, SecretSource, SenderError, SenderEvent,
};
use pointlock_sim::Who;

use crate::nodes::{Known, LockKind, node_id, start, unknown_edge};
use crate::scene::{
    HOP, entropy, forward_case, forward_packet, is_paid, offer, refuses_forwarder, refuses_sender,
    snapshot,
};

#[test]
fn events_out_of_order_are_refused() {
    let mut net = start(1, 1);
    let invoice = net.publish(LockKind::Point, 0);
    let attempt = net.pay_known(0, &invoice, None, entropy(1));
    // Both edges stand, and the receiver claims.
    while !matches!(net.tasks.front(), Some((Who::Receiver, NodeAction::Claim { .. }))) {
        assert!(net.step().unwrap());
    }
    let edge_ids: Vec<EdgeId> = net.contracts.iter().map(|contract| contract.edge_id()).collect();
    let (first, second) = (net.at(&edge_ids[0]).clone(), net.at(&edge_ids[1]).clone());
    let incoming = edge_ids[0];
    let packet = forward_packet(&forward_case(LockKind::Point).1, 0);

    let event = || ForwarderEvent::IncomingCommitted {
        from: node_id(Who::Sender(0)),
        edge: first.incoming().unwrap(),
        path_key: None,
        packet: packet.clone(),
    };
    refuses_forwarder(&mut net, HOP, event(), EdgeError::Known(incoming));
    let edge = second.outgoing().unwrap();
    let event = ForwarderEvent::OutgoingCommitted { incoming, edge };
    refuses_forwarder(&mut net, HOP, event, EdgeError::Known(edge_ids[1]));
    let edge = first.outgoing().unwrap();
    let commitment = |edge| EdgeError::OutOfOrder { edge, event: "commitment" };
    let event = ForwarderEvent::OutgoingCommitted { incoming, edge };
    refuses_forwarder(&mut net, HOP, event, commitment(edge_ids[0]));
    let event = SenderEvent::OutgoingCommitted { attempt, edge };
    let before = snapshot(&net, Who::Sender(0));
    assert!(net.tell_sender(0, event).is_err());
    assert_eq!(snapshot(&net, Who::Sender(0)), before);

    // Nothing asked for these.
    let failure = |edge| EdgeError::OutOfOrder { edge, event: "failure" };
    refuses_forwarder(&mut net, HOP, ForwarderEvent::FailGiven { incoming }, failure(incoming));
    refuses_forwarder(
        &mut net,
        HOP,
        ForwarderEvent::IncomingFailed { incoming },
        failure(incoming),
    );
    let claim = EdgeError::OutOfOrder { edge: incoming, event: "claim" };
    refuses_forwarder(&mut net, HOP, ForwarderEvent::IncomingClaimed { incoming }, claim);
    net.run().unwrap();
    assert!(is_paid(&net));

    // Settled is settled, and forgotten.
    let event = ForwarderEvent::OutgoingFailed { outgoing: edge_ids[1], failure: None };
    refuses_forwarder(&mut net, HOP, event, EdgeError::Unknown(edge_ids[1]));
    let event = ForwarderEvent::IncomingFailed { incoming };
    refuses_forwarder(&mut net, HOP, event, failure(incoming));
    let event = ForwarderEvent::IncomingClaimed { incoming };
    refuses_forwarder(&mut net, HOP, event, EdgeError::Unknown(incoming));
    let event = SenderEvent::OutgoingFailed { outgoing: incoming, failure: None };
    refuses_sender(&mut net, event, EdgeError::Unknown(incoming));
    let edge = first.outgoing().unwrap();
    let event = SenderEvent::OutgoingCommitted { attempt, edge };
    refuses_sender(&mut net, event, SenderError::UnknownAttempt(attempt));
    let secret = net.senders[0].view().get(SecretSource::Lock { edge: incoming }).unwrap().clone();
    let event = SenderEvent::OutgoingFulfilled { outgoing: incoming, secret };
    refuses_sender(&mut net, event, EdgeError::Unknown(incoming));
    let secret =
        net.forwarders[0].view().get(SecretSource::Lock { edge: edge_ids[1] }).unwrap().clone();
    let event = ForwarderEvent::OutgoingFulfilled { outgoing: edge_ids[1], secret };
    refuses_forwarder(&mut net, HOP, event, EdgeError::Unknown(edge_ids[1]));
    let event = ForwarderEvent::IncomingFailed { incoming: unknown_edge() };
    refuses_forwarder(&mut net, HOP, event, failure(unknown_edge()));

    // The next payment goes as if nothing had been.
    net.happened.clear();
    net.pay_known(0, &invoice, None, entropy(2));
    net.run().unwrap();
    assert!(is_paid(&net));
}

/// With hashes two attempts have the same lock, so that one edge would fit both.
#[test]
fn one_edge_pays_for_one_attempt() {
    let mut net = start(1, 1);
    let invoice = net.publish(LockKind::Hash, 0);
    net.pay_known(0, &invoice, None, entropy(1));
    let (first, proposal) = offer(&mut net);
    net.pay_known(0, &invoice, None, entropy(2));
    let (second, _) = offer(&mut net);
    let edge = net.fund(Who::Sender(0), &proposal).outgoing().unwrap();
    let edge_id = edge.id;
    let event = SenderEvent::OutgoingCommitted { attempt: first, edge };
    net.tell_sender(0, event).unwrap();
    let event = SenderEvent::OutgoingCommitted { attempt: second, edge };
    refuses_sender(&mut net, event, EdgeError::Known(edge_id));
    let edge = net.fund(Who::Sender(0), &proposal).outgoing().unwrap();
    let event = SenderEvent::OutgoingCommitted { attempt: second, edge };
    net.tell_sender(0, event).unwrap();
    // The first ends under its own name.
    net.tell_sender(0, SenderEvent::OutgoingFailed { outgoing: edge_id, failure: None }).unwrap();
    assert!(matches!(
        net.tasks.front(),
        Some((Who::Sender(_), NodeAction::AttemptFailed { attempt, .. })) if *attempt == first
    ));
}
