//! Every place that a node can have on a route, with the contract and the packet that a whole payment brings it there.

use pointlock::curve::{Point, SecretScalar};
use pointlock::onion::blinded::{PathSecret, peel_payment};
use pointlock::onion::{HoldTime, Packet};
use pointlock::payment::{
    AttemptSeed, FailureMessage, ForwarderEvent, ForwardingPolicy, NodeAction, OfferOrigin,
    PartOrder, Proposal, Refusal, SenderEvent, Tail, View,
};
use pointlock::wire::TlvStream;
use pointlock_sim::{Contract, Who};

use crate::nodes::{
    AMOUNT_MSAT, AWAY, Known, LockKind, Net, hops, node_id, node_key, number_of, secret_of, start,
};
use crate::scene::entropy;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Plain,
    Holder,
    Trampoline,
    Introduction,
    Blinded,
    Receiver,
    ReceiverInPath,
    ReceiverOfTrampoline,
}

use Place::{
    Blinded, Holder, Introduction, Plain, Receiver, ReceiverInPath, ReceiverOfTrampoline,
    Trampoline,
};

pub(crate) const PLACES: [Place; 8] = [
    Plain,
    Holder,
    Trampoline,
    Introduction,
    Blinded,
    Receiver,
    ReceiverInPath,
    ReceiverOfTrampoline,
];

/// What a node says to a contract.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// It forwards, holds, looks for a route, or claims.
    Yes,
    No(Refusal, FailureMessage),
}

/// A contract is committed, and its claimer has not heard of it.
pub(crate) struct Scene {
    pub(crate) place: Place,
    pub(crate) net: Net,
    pub(crate) edge: Contract,
    pub(crate) path_key: Option<Point>,
    pub(crate) packet: Packet,
    /// The node's layer of it.
    pub(crate) payload: Vec<u8>,
}

/// What a node that finds a route may spend beyond its own fee, and more than enough.
pub(crate) fn budget() -> ForwardingPolicy {
    ForwardingPolicy {
        fee_base_msat: 500_000,
        fee_proportional_millionths: 0,
        cltv_expiry_delta: 200,
    }
}

pub(crate) fn part(amount_msat: u64, to: (&[usize], Who), tail: Tail, seed: u8) -> PartOrder {
    let seed = AttemptSeed::new(entropy(seed));
    PartOrder { amount_msat, forwarders: hops(to.0, to.1), tail, seed }
}

/// A payment that is ordered, by which a node comes to this place; and the node.
pub(crate) fn ordered(place: Place) -> (Net, Who) {
    let (mut net, node) = match place {
        Plain | Holder => (start(1, 2), Who::Forwarder(1)),
        Receiver => (start(1, 2), Who::Receiver),
        Trampoline => (start(1, 3), Who::Forwarder(1)),
        Introduction => (start(1, 3), Who::Forwarder(2)),
        Blinded => (start(1, 3), Who::Forwarder(3)),
        ReceiverInPath | ReceiverOfTrampoline => (start(1, 3), Who::Receiver),
    };
    match place {
        Plain | Receiver => {
            let invoice = net.publish(LockKind::Point, 0);
            net.pay_known(0, &invoice, None, entropy(1));
        }
        Holder => {
            net.keep = AWAY;
            let invoice = net.publish(LockKind::Point, 0);
            net.pay_known(0, &invoice, Some(1), entropy(1));
        }
        Trampoline | ReceiverOfTrampoline => {
            let invoice = net.publish(LockKind::Point, 0);
            let tail = Tail::Trampoline { budget: budget(), path: None };
            let part = part(AMOUNT_MSAT, (&[1], Who::Forwarder(2)), tail, 1);
            let payment = net.payment_in(&invoice, vec![part]);
            net.order_to_pay(0, payment);
        }
        Introduction | Blinded | ReceiverInPath => {
            let invoice = net.publish_paths(LockKind::Point, 0, 0, &[&[2, 3]]);
            let part = part(AMOUNT_MSAT, (&[1], Who::Forwarder(2)), Tail::Path(0), 1);
            let payment = net.payment_in(&invoice, vec![part]);
            net.order_to_pay(0, payment);
        }
    }
    (net, node)
}

/// Up to the contract for this node, of which it has not heard.
pub(crate) fn reach(net: &mut Net, node: Who) -> (Contract, Proposal) {
    loop {
        let (offerer, action) = net.tasks.pop_front().expect("the payment gets there");
        let NodeAction::Offer { origin, proposal } = action else {
            net.tasks.push_front((offerer, action));
            assert!(net.step().unwrap());
            continue;
        };
        let edge = net.fund(offerer, &proposal);
        let committed = edge.outgoing().unwrap();
        match origin {
            OfferOrigin::Attempt(attempt) => {
                let event = SenderEvent::OutgoingCommitted { attempt, edge: committed };
                net.tell_sender(0, event).unwrap();
            }
            OfferOrigin::Incoming(incoming) => {
                let event = ForwarderEvent::OutgoingCommitted { incoming, edge: committed };
                net.tell_forwarder(number_of(offerer), event).unwrap();
            }
        }
        if edge.claimer == node {
            return (edge, proposal);
        }
        net.commit(edge, proposal.path_key, proposal.packet);
    }
}

impl Scene {
    pub(crate) fn new(place: Place) -> Self {
        let (mut net, node) = ordered(place);
        let (edge, proposal) = reach(&mut net, node);
        net.tasks.clear();
        let Proposal { path_key, packet, .. } = proposal;
        let peeled = peel_payment(&packet, &node_key(node), path_key.as_ref(), &[]).unwrap();
        let payload = peeled.layer.payload.to_vec();
        assert_eq!(path_key.is_some(), matches!(place, Blinded | ReceiverInPath), "{place:?}");
        Self { place, net, edge, path_key, packet, payload }
    }

    pub(crate) fn node(&self) -> Who {
        self.edge.claimer
    }

    /// With which the node peels.
    pub(crate) fn onion_key(&self) -> SecretScalar {
        let key = node_key(self.node());
        match &self.path_key {
            Some(path_key) => PathSecret::new(&key, path_key).blinded_node_secret(&key).unwrap(),
            None => key,
        }
    }

    pub(crate) fn is_last(&self) -> bool {
        self.packet.peel(&self.onion_key(), &[]).unwrap().next.is_none()
    }

    /// A packet with this payload for the node, and something for somebody behind it if there was somebody.
    pub(crate) fn packet_with(&self, payload: &[u8], session: usize) -> Packet {
        let behind = [2, 0];
        let mut hops = vec![(self.onion_key().to_point(), payload)];
        if !self.is_last() {
            hops.push((node_id(Who::Sender(7)), &behind));
        }
        Packet::build(secret_of("altered", session), &hops, &[]).unwrap().0
    }

    /// The records of the payload: type and bytes.
    pub(crate) fn records(&self) -> Vec<(u64, Vec<u8>)> {
        let stream = TlvStream::parse(&self.payload).unwrap();
        stream.records().iter().map(|r| (r.tlv_type(), r.bytes().to_vec())).collect()
    }

    pub(crate) fn view(&self) -> View {
        match self.node() {
            Who::Forwarder(index) => self.net.forwarders[index - 1].view().clone(),
            Who::Receiver => self.net.receiver.view().clone(),
            Who::Sender(_) => panic!("a sender receives nothing"),
        }
    }

    /// Another contract of the same terms comes with this packet. What is refused leaves no trace but the failure.
    pub(crate) fn deliver(&mut self, path_key: Option<Point>, packet: Packet) -> Said {
        let terms = *self.edge.terms();
        let (offerer, claimer) = (self.edge.offerer, self.edge.claimer);
        let amount_msat = terms.amount.to_sat() * 1_000;
        let edge = self.net.fund_terms(offerer, claimer, terms.lock, amount_msat, terms.expiry);
        self.commit(edge, path_key, packet)
    }

    /// The contract that the packet was made for.
    pub(crate) fn deliver_right(&mut self) -> Said {
        self.commit(self.edge.clone(), self.path_key, self.packet.clone())
    }

    fn commit(&mut self, edge: Contract, path_key: Option<Point>, packet: Packet) -> Said {
        let view = self.view();
        let edge_id = edge.outgoing().unwrap().id;
        self.net.commit(edge, path_key, packet);
        let (incoming, reason, failure) = match self.net.tasks.pop_back() {
            Some((Who::Forwarder(_), NodeAction::Fail { incoming, reason, failure }))
            | Some((Who::Receiver, NodeAction::Fail { incoming, reason, failure })) => {
                (incoming, reason, failure)
            }
            None => {
                assert_eq!(self.place, Holder);
                return Said::Yes;
            }
            Some(
                (Who::Forwarder(_), NodeAction::Offer { .. } | NodeAction::FindRoute { .. })
                | (Who::Receiver, NodeAction::Claimable { .. }),
            ) => return Said::Yes,
            other => panic!("{other:?}"),
        };
        assert_eq!(incoming, edge_id);
        assert!(self.net.tasks.is_empty());
        assert_eq!(self.view(), view, "{:?} {reason}", self.place);
        Said::No(reason, failure.after(HoldTime::UNKNOWN))
    }
}
