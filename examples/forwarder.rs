//! An LSP's driver in the fewest lines that are honest: what stands between a channel layer and a [`Node`].
//!
//! `cargo run --example forwarder` plays one payment through it: payer → LSP → payee, all three the same driver over a channel layer that
//! commits whatever is offered. A real one verifies the signatures of both commitments, and all adaptor signatures that it is to be paid
//! with, before it says `IncomingCommitted`; and it writes to a disk where this one pushes to a `Vec`.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;

use pointlock::curve::{Keypair, SecretScalar};
use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
use pointlock::invoice::{ChainHash, StaticInvoiceBuilder};
use pointlock::lock::LockSecret;
use pointlock::onion::HoldTime;
use pointlock::onion::blinded::NextPeer;
use pointlock::payment::{
    AttemptSeed, HopBlinds, Node, NodeAction, NodeConfig, NodeEvent, PartOrder, Payee, Payment,
    ReceiverPaths, Role, RouteHop, Tail,
};
use pointlock::wire::Features;

const HEIGHT: u32 = 900_000;
/// What a receiver needs for its claim: first the commitment has to confirm, then the claim.
const MIN_FINAL_DELTA: u32 = 36;

const NAMES: [&str; 3] = ["payer", "LSP", "payee"];

/// A node, and the events that make it.
struct Driver {
    node: Node,
    journal: Vec<NodeEvent>,
}

impl Driver {
    /// The one way into the node. The event is durable before any of its actions is carried out, so that after a crash
    /// `Node::replay` and `Node::pending` give what was wanted and not done.
    fn tell(&mut self, event: NodeEvent) -> Result<Vec<NodeAction>, Box<dyn Error>> {
        let reaction = self.node.apply(&event)?;
        // What changes nothing, as most messages of strangers, is not written down.
        if reaction.changed {
            self.journal.push(event);
        }
        Ok(reaction.actions)
    }
}

/// What carries the actions out: here all three nodes, and every channel between them.
struct World {
    drivers: Vec<Driver>,
    edges: BTreeMap<EdgeId, (usize, usize)>,
    todo: VecDeque<(usize, NodeAction)>,
}

impl World {
    fn tell(&mut self, node: usize, event: NodeEvent) -> Result<(), Box<dyn Error>> {
        let actions = self.drivers[node].tell(event)?;
        self.todo.extend(actions.into_iter().map(|action| (node, action)));
        Ok(())
    }

    fn carry_out(&mut self, node: usize, action: NodeAction) -> Result<(), Box<dyn Error>> {
        match action {
            // `update_add_htlc` and its commitments; then both sides know the edge by one name.
            NodeAction::Offer { origin, proposal } => {
                let to = match proposal.to {
                    NextPeer::Channel(channel) => usize::try_from(channel)?,
                    NextPeer::Node(id) => (0..3)
                        .find(|node| key(*node).to_point() == id)
                        .ok_or("the next node is no peer")?,
                };
                let id = EdgeId::in_channel(
                    [u8::try_from(node + to)?; 32],
                    Direction::FromNode1,
                    u64::try_from(self.edges.len())?,
                );
                let edge = Edge {
                    id,
                    amount_msat: proposal.amount_msat,
                    expiry: proposal.expiry,
                    lock: proposal.lock,
                };
                let (name, peer) = (NAMES[node], NAMES[to]);
                println!("{name}: offers {} msat to the {peer}", edge.amount_msat);
                self.edges.insert(id, (node, to));
                // Before the signature that covers the edge goes: from here on the money may be gone. If the node refuses, it is too late
                // for the offer, and no signature may go.
                self.tell(node, NodeEvent::OutgoingCommitted { origin, edge })?;
                let from = key(node).to_point();
                // The one place where a channel layer vouches for an edge.
                let edge = IncomingEdge::dangerous_committed(edge);
                let (path_key, packet) = (proposal.path_key, proposal.packet);
                self.tell(to, NodeEvent::IncomingCommitted { from, edge, path_key, packet })
            }
            // The payment is complete. Its secret comes with the answer, and counts as given away from then on.
            NodeAction::Claimable { incoming } => self.tell(node, NodeEvent::Claiming { incoming }),
            // `update_fulfill_htlc` with the secret; or a claim on the chain, from which the other side's driver extracts it. A driver with a clock
            // sends `Node::attribution_data` beside it.
            NodeAction::Claim { incoming, secret } => {
                println!("{}: claims", NAMES[node]);
                let (offerer, _) = self.edges[&incoming];
                let fulfilled = NodeEvent::OutgoingFulfilled { outgoing: incoming, secret };
                self.tell(offerer, fulfilled)?;
                self.tell(node, NodeEvent::IncomingClaimed { incoming })
            }
            // `update_fail_htlc` or `update_fail_malformed_htlc`.
            NodeAction::Fail { incoming, reason, failure } => {
                println!("{}: fails it: {reason}", NAMES[node]);
                let (offerer, _) = self.edges[&incoming];
                // A channel takes one removal of an edge: if the node refuses, its secret has come meanwhile.
                self.tell(node, NodeEvent::FailGiven { incoming })?;
                self.tell(node, NodeEvent::IncomingFailed { incoming })?;
                // Without a clock: one that has one says how long the edge was held.
                let failure = Some(failure.after(HoldTime::UNKNOWN));
                self.tell(offerer, NodeEvent::OutgoingFailed { outgoing: incoming, failure })
            }
            NodeAction::Paid { payment, .. } => {
                println!("{}: has paid {payment}", NAMES[node]);
                Ok(())
            }
            // Nothing here is held or found, and no block comes, by which it would be time to withdraw or to go on the chain.
            other => Err(format!("the {} wants {other:?}", NAMES[node]).into()),
        }
    }
}

fn key(node: usize) -> SecretScalar {
    SecretScalar::from_bytes(&[u8::try_from(node + 1).unwrap_or(1); 32])
        .expect("1 to 3 are scalars")
}

fn main() -> Result<(), Box<dyn Error>> {
    let config = |node| NodeConfig::for_channels(key(node), HEIGHT, 1_750_000_000);
    let mut drivers = Vec::new();
    for node in 0..3 {
        // Deadlines that leave the node no time for a claim on the chain are refused here.
        drivers.push(Driver { node: Node::new(config(node))?, journal: Vec::new() });
    }
    let mut world = World { drivers, edges: BTreeMap::new(), todo: VecDeque::new() };

    // The payee publishes one invoice; the payer pays it over the LSP.
    let (payer, lsp, payee) = (0, 1, 2);
    let z = SecretScalar::from_bytes(&[9; 32])?;
    let invoice = StaticInvoiceBuilder::new(z.to_point(), 1_750_000_000)
        .interim_route(&[key(lsp).to_point(), key(payee).to_point()])
        .sign(&Keypair::new(key(payee)), &[0; 32])?;
    let (secret, paths) = (LockSecret::Scalar(z), ReceiverPaths::default());
    world.tell(payee, NodeEvent::Published { invoice: invoice.clone(), secret, paths })?;
    let forwarder = RouteHop {
        node_id: key(lsp).to_point(),
        short_channel_id: 2,
        policy: config(lsp).policy,
        features: Features::of_node(),
    };
    let part = PartOrder {
        amount_msat: 50_000_000,
        forwarders: vec![forwarder],
        tail: Tail::Receiver,
        seed: AttemptSeed::new([7; 32]),
    };
    let order = Payment {
        payee: Payee::Known(invoice.invoice_node_id()),
        chain: ChainHash::BITCOIN,
        invoice,
        amount_msat: 50_000_000,
        rate: None,
        parts: vec![part],
        min_final_delta: MIN_FINAL_DELTA,
        hold: None,
        hop_blinds: HopBlinds::Derived,
        cancellable: None,
        height: HEIGHT,
        unix_time: 1_750_000_001,
        payer: None,
    };
    world.tell(payer, NodeEvent::Pay(order))?;
    while let Some((node, action)) = world.todo.pop_front() {
        world.carry_out(node, action)?;
    }

    // A restart of the LSP: its journal makes the same node, which has earned its fee and has nothing left to do.
    let journal = &world.drivers[lsp].journal;
    let restarted = Node::new(config(lsp))?.replay(journal)?;
    println!(
        "LSP: made again of {} events, and {} actions are left",
        journal.len(),
        restarted.pending().len()
    );
    Ok(())
}
