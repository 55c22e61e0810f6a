//! Who there is: keys, policies, channels.

use bitcoin::ScriptBuf;
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::onion::blinded::NextPeer;
use pointlock::payment::{ForwardingPolicy, ReceiverConfig, RouteHop};
use pointlock::wire::Features;

use super::{HEIGHT, MIN_FINAL_DELTA, Node, TIME};

pub(crate) fn secret_of(name: &str, index: usize) -> SecretScalar {
    let mut bytes = [(index as u8).wrapping_add(1); 32];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    SecretScalar::from_bytes(&bytes).unwrap()
}

pub(crate) fn node_key(node: Node) -> SecretScalar {
    match node {
        Node::Sender(index) => secret_of("sender node", index),
        Node::Forwarder(index) => secret_of("forwarder node", index),
        Node::Receiver => secret_of("receiver node", 0),
    }
}

pub(crate) fn node_id(node: Node) -> Point {
    node_key(node).to_point()
}

/// The key that a node has in its contracts.
pub(crate) fn contract_key(node: Node) -> Keypair {
    Keypair::new(match node {
        Node::Sender(index) => secret_of("sender funds", index),
        Node::Forwarder(index) => secret_of("forwarder funds", index),
        Node::Receiver => secret_of("receiver funds", 0),
    })
}

pub(crate) fn policy(index: usize) -> ForwardingPolicy {
    ForwardingPolicy {
        fee_base_msat: 1_000 * index as u64,
        fee_proportional_millionths: 100 * index as u64,
        cltv_expiry_delta: 34 + index as u32,
    }
}

/// Everybody has a channel to everybody.
pub(crate) fn channel_to(node: Node) -> u64 {
    match node {
        Node::Sender(index) => 1_000 + index as u64,
        Node::Forwarder(index) => index as u64,
        Node::Receiver => 500,
    }
}

pub(super) fn peer(to: &NextPeer, forwarders: usize) -> Node {
    let mut nodes = (1..=forwarders).map(Node::Forwarder).chain([Node::Receiver]);
    nodes
        .find(|node| match to {
            NextPeer::Node(id) => node_id(*node) == *id,
            NextPeer::Channel(id) => channel_to(*node) == *id,
        })
        .unwrap()
}

/// These forwarders, the last of which forwards to `end`.
pub(crate) fn hops(forwarders: &[usize], end: Node) -> Vec<RouteHop> {
    let next = forwarders.iter().skip(1).map(|index| Node::Forwarder(*index)).chain([end]);
    let hop = |(index, next): (&usize, Node)| RouteHop {
        node_id: node_id(Node::Forwarder(*index)),
        short_channel_id: channel_to(next),
        policy: policy(*index),
        features: Features::of_node(),
    };
    forwarders.iter().zip(next).map(hop).collect()
}

pub(crate) fn receiver_config() -> ReceiverConfig {
    ReceiverConfig {
        node_key: node_key(Node::Receiver),
        min_final_delta: MIN_FINAL_DELTA,
        height: HEIGHT,
        unix_time: TIME,
    }
}

pub(crate) fn payout(node: Node) -> ScriptBuf {
    let key = contract_key(node).x_only_public_key().serialize();
    ScriptBuf::from_bytes([[0x51, 0x20].as_slice(), &key].concat())
}
