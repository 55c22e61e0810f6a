//! A receiver's driver in the fewest lines that are honest: an invoice with k-time payment points, one payment to it, and a crash at the worst
//! moment.
//!
//! `cargo run --example receiver` publishes the invoice, lets a payer pay it, and stops the receiver between its decision to claim and
//! the claim. The journal makes the same receiver again, which knows that the secret may be out, and claims.
//!
//! The journal is in memory here. `examples/held.rs` has it in a file, and the count of claims in another.

use std::error::Error;

use pointlock::curve::{Keypair, SecretScalar, fresh};
use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{ChainHash, StaticInvoice, StaticInvoiceBuilder};
use pointlock::journal::{Journal, MemoryJournal};
use pointlock::payment::{
    AttemptSeed, HopBlinds, Journaled, Node, NodeAction, NodeConfig, NodeEvent, PartOrder, Payee,
    Payer, PayerSeed, Payment, ReceiverPaths, Role, Tail,
};

const HEIGHT: u32 = 900_000;
const TIME: u64 = 1_750_000_000;
const AMOUNT_MSAT: u64 = 5_000_000;
/// What a receiver needs for its claim: first the commitment has to confirm, then the claim.
const MIN_FINAL_DELTA: u32 = 36;
const PAYER: u8 = 1;
const RECEIVER: u8 = 2;

type PaidNode<'a> = Journaled<Node, &'a mut MemoryJournal>;

/// A start and a restart are the same call: the node is what its journal makes of a new one.
fn open(journal: &mut MemoryJournal) -> Result<PaidNode<'_>, Box<dyn Error>> {
    let node = Node::new(config(RECEIVER)?)?;
    // No snapshot is ever made here, so there is none to restore.
    Ok(Journaled::open(journal, |_| Ok(node))?)
}

/// Draws k = 8 points, signs an invoice with them, and publishes it: to the journal first, to the world then.
fn publish(receiver: &mut PaidNode<'_>) -> Result<StaticInvoice, Box<dyn Error>> {
    let (mut rng, key) = (rand::rng(), Keypair::new(key(RECEIVER)?));
    let polynomial = PaymentPolynomial::from_rng(&mut rng, 8)?;
    let invoice = StaticInvoiceBuilder::new(polynomial.payment_points(), TIME)
        .amount_msat(AMOUNT_MSAT)
        .description("coffee")
        .interim_route(&[key.public_key()])
        .sign(&key, &fresh(&mut rng))?;
    receiver.apply(&NodeEvent::PublishedPolynomial {
        invoice: invoice.clone(),
        polynomial,
        paths: ReceiverPaths::default(),
    })?;
    Ok(invoice)
}

/// What a payer does with the invoice's text, and the channel between the two with the offer: gives the payer and the incoming edge.
fn pay(text: &str) -> Result<(Node, Edge, NodeEvent), Box<dyn Error>> {
    let (mut rng, invoice) = (rand::rng(), text.parse::<StaticInvoice>()?);
    let mut payer = Node::new(config(PAYER)?)?;
    let part = PartOrder {
        amount_msat: AMOUNT_MSAT,
        forwarders: Vec::new(),
        tail: Tail::Receiver,
        seed: AttemptSeed::from_rng(&mut rng),
    };
    let mut actions = payer.apply(&NodeEvent::Pay(Payment {
        payee: Payee::Known(key(RECEIVER)?.to_point()),
        chain: ChainHash::BITCOIN,
        invoice,
        amount_msat: AMOUNT_MSAT,
        rate: None,
        parts: vec![part],
        min_final_delta: MIN_FINAL_DELTA,
        hold: None,
        hop_blinds: HopBlinds::Derived,
        cancellable: None,
        height: HEIGHT,
        unix_time: TIME + 1,
        // The point is this payer's own, and so is the proof that it will have.
        payer: Some(Payer { seed: PayerSeed::from_rng(&mut rng), note: Some(b"table 4".to_vec()) }),
    }))?;
    let Some(NodeAction::Offer { origin, proposal }) = actions.actions.pop() else {
        return Err("the payer offers nothing".into());
    };
    let edge = Edge {
        id: EdgeId::in_channel([3; 32], Direction::FromNode1, 0),
        amount_msat: proposal.amount_msat,
        expiry: proposal.expiry,
        lock: proposal.lock,
    };
    let committed = payer.apply(&NodeEvent::OutgoingCommitted { origin, edge })?;
    assert!(committed.changed);
    // The channel layer says this when both commitments have the edge, and it has verified the adaptor signatures that pay this node.
    let arrives = NodeEvent::IncomingCommitted {
        from: key(PAYER)?.to_point(),
        edge: IncomingEdge::dangerous_committed(edge),
        path_key: proposal.path_key,
        packet: proposal.packet,
    };
    Ok((payer, edge, arrives))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut journal = MemoryJournal::default();
    let mut receiver = open(&mut journal)?;
    let invoice = publish(&mut receiver)?;
    println!("published: {} characters, good for 8 payments", invoice.to_string().len());

    let (mut payer, edge, arrives) = pay(&invoice.to_string())?;
    let actions = receiver.apply(&arrives)?;
    let [NodeAction::Claimable { incoming }] = actions.as_slice() else {
        return Err(format!("not claimable: {actions:?}").into());
    };
    println!("claimable: {} msat, all parts are there", edge.amount_msat);

    // The event is durable, and the slot of the polynomial is taken, before the secret is in anybody's hands.
    let claims = receiver.apply(&NodeEvent::Claiming { incoming: *incoming })?;
    assert!(matches!(claims.as_slice(), [NodeAction::Claim { .. }]));
    // The crash: the claim was wanted, and is not carried out.
    drop((receiver, claims));
    println!("crash: the journal has {} records", journal.read()?.records.len());

    let mut receiver = open(&mut journal)?;
    let mut pending = receiver.pending()?;
    let Some(NodeAction::Claim { incoming, secret }) = pending.pop() else {
        return Err(format!("nothing to claim after the restart: {pending:?}").into());
    };
    println!("restart: the claim is wanted again");

    // `update_fulfill_htlc`, or a claim on the chain: the payer learns the secret, and the edge is gone.
    let paid = payer.apply(&NodeEvent::OutgoingFulfilled { outgoing: incoming, secret })?;
    assert!(matches!(paid.actions.as_slice(), [NodeAction::Paid { .. }]));
    receiver.apply(&NodeEvent::IncomingClaimed { incoming })?;
    println!(
        "claimed: the payer has its own z(x), and {} actions are left",
        receiver.pending()?.len()
    );
    Ok(())
}

fn config(node: u8) -> Result<NodeConfig, Box<dyn Error>> {
    Ok(NodeConfig::for_channels(key(node)?, HEIGHT, TIME))
}

fn key(node: u8) -> Result<SecretScalar, Box<dyn Error>> {
    Ok(SecretScalar::from_bytes(&[node; 32])?)
}
