//! A receiver's phone is lost: what one seed brings back, and what it must not be trusted with afterwards.
//!
//! `cargo run --example recover` plays two lives of a receiver. In the first one it publishes an invoice with k-time payment points, is paid once, and gives
//! its peer a sealed note of what it has used of its seed. Then everything is lost but the seed, on paper; the invoice is still with the vault, and
//! old copies of it are with payers. In the second life the same node is made again. It knows its polynomial, and not how often it has claimed under
//! it: so the polynomial comes back retired, a payment under it fails back, and the next payment comes under a fresh one.
//!
//! The theft that this prevents is `examples/scenarios/lost-phone.toml`.

use std::error::Error;

use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
use pointlock::invoice::{ChainHash, PaymentLock, StaticInvoice, StaticInvoiceBuilder};
use pointlock::journal::MemoryJournal;
use pointlock::payment::{
    AttemptSeed, Era, HopBlinds, InvoiceNumber, Journaled, Node, NodeAction, NodeConfig, NodeEvent,
    PartOrder, Payee, Payer, PayerSeed, Payment, ReceiverPaths, ReceiverSeed, Refusal, Role, Tail,
    UsedNumbers,
};

const HEIGHT: u32 = 900_000;
const TIME: u64 = 1_750_000_000;
const AMOUNT_MSAT: u64 = 5_000_000;
const MIN_FINAL_DELTA: u32 = 36;
/// For how many payments a polynomial is good.
const K: usize = 8;

type PaidNode = Journaled<Node, MemoryJournal>;
type Outcome<T> = Result<T, Box<dyn Error>>;

/// What outlives the phone: the first on paper, the others with people whom nobody has to trust.
struct Left {
    paper: [u8; 32],
    /// With the peer, `peer_storage` of BOLT 1.
    sealed: Vec<u8>,
    /// With the vault, and with everybody who has asked it.
    invoice: String,
}

fn main() -> Outcome<()> {
    let left = first_life()?;
    second_life(&left)
}

fn first_life() -> Outcome<Left> {
    // Entropy of the device. It is written on paper, and nothing else has to be.
    let paper = [42; 32];
    let seed = ReceiverSeed::new(paper);
    let mut receiver = open(&seed)?;
    let mut used = UsedNumbers::of_a_new_seed();

    // What is used is kept, and with the peer, before the invoice gets out.
    let number = used.take_next();
    let sealed = used.seal(&seed, [43; 32]);
    let invoice = publish(&mut receiver, &seed, &number)?;
    println!("first life: {} publishes invoice {}", node_id(&seed), number.index);

    let (mut payer, arrives, edge) = pay(&invoice.to_string(), &seed, 1)?;
    claim(&mut receiver, &mut payer, arrives, edge)?;
    println!("first life: paid, one of {K} payments is claimed");
    Ok(Left { paper, sealed, invoice: invoice.to_string() })
}

/// The journal, the count of claims and the phone are gone.
fn second_life(left: &Left) -> Outcome<()> {
    let seed = ReceiverSeed::new(left.paper);
    let mut receiver = open(&seed)?;
    println!("second life: {} is back", node_id(&seed));

    // The peer shows what it has kept. It may be an old one, or none: then the numbers of the first era are tried.
    let kept = UsedNumbers::unseal(&seed, &left.sealed)?;
    // The vault shows the invoice. It can't make one: the receiver looks whether it has signed it.
    let old: StaticInvoice = left.invoice.parse()?;
    old.verify_issuer(&seed.node_key().to_point())?;
    let Some(PaymentLock::Points(points)) = old.lock() else {
        return Err("not under points".into());
    };
    let number = seed.find(kept.numbers(), points).ok_or("of no number that was used")?;
    println!("second life: the invoice is number {} of its era", number.index);

    // It is entered as what it is: its claims were counted once, and the count is lost.
    let of_invoice = seed.invoice(&number);
    let paths = paths_again(&seed, &number)?;
    let polynomial = of_invoice.polynomial(points.k())?;
    let invoice = old.clone();
    receiver.apply(&NodeEvent::RestoredPolynomial { invoice, polynomial, paths })?;

    // A payer has the old text still, and pays it. Nothing leaves the receiver, and the payment fails back.
    let (_, arrives, _) = pay(&left.invoice, &seed, 2)?;
    let actions = receiver.apply(&arrives)?;
    let [NodeAction::Fail { incoming, reason: Refusal::Claim(reason), .. }] = actions.as_slice()
    else {
        return Err(format!("claims what it can't count: {actions:?}").into());
    };
    println!("second life: a payment under the old points fails back: {reason}");
    receiver.apply(&NodeEvent::FailGiven { incoming: *incoming })?;
    receiver.apply(&NodeEvent::IncomingFailed { incoming: *incoming })?;

    // A new era, of fresh entropy: whatever the peer has said, no number of it was ever used.
    let mut used = kept.restored(Era::new([44; 16]));
    let fresh = used.take_next();
    let _with_the_peer = used.seal(&seed, [45; 32]);
    let invoice = publish(&mut receiver, &seed, &fresh)?;
    if invoice.lock() == old.lock() {
        return Err("the fresh polynomial is the old one".into());
    }
    let (mut payer, arrives, edge) = pay(&invoice.to_string(), &seed, 3)?;
    claim(&mut receiver, &mut payer, arrives, edge)?;
    println!(
        "second life: paid under fresh points, and {} actions are left",
        left_over(&receiver)?
    );
    Ok(())
}

/// A node with an empty journal.
fn open(seed: &ReceiverSeed) -> Outcome<PaidNode> {
    let node = Node::new(config(seed.node_key()))?;
    Ok(Journaled::open(MemoryJournal::default(), |_| Ok(node))?)
}

/// Everything in the invoice is made from its number: the points, and a path of each kind.
fn publish(
    receiver: &mut PaidNode,
    seed: &ReceiverSeed,
    number: &InvoiceNumber,
) -> Outcome<StaticInvoice> {
    let (key, of_invoice) = (Keypair::new(seed.node_key()), seed.invoice(number));
    let polynomial = of_invoice.polynomial(K)?;
    let (path, payments) = of_invoice.payment_path(
        0,
        &[],
        key.public_key(),
        u16::try_from(MIN_FINAL_DELTA)?,
        HEIGHT + 1_000,
    )?;
    let (message_path, messages) = of_invoice.message_path(0, &[lsp()?], key.public_key())?;
    // The invoice is asked for at the vault. What is kept of this path is the vault's.
    let (to_the_vault, _) = of_invoice.message_path(1, &[], vault()?)?;
    let invoice = StaticInvoiceBuilder::new(polynomial.payment_points(), TIME)
        .amount_msat(AMOUNT_MSAT)
        .description("coffee")
        .paths(&[path])
        .message_paths(&[message_path])
        .offer_paths(&[to_the_vault])
        .sign(&key, &[8; 32])?;
    let paths = ReceiverPaths { payments: vec![payments], messages: vec![messages] };
    receiver.apply(&NodeEvent::PublishedPolynomial {
        invoice: invoice.clone(),
        polynomial,
        paths,
    })?;
    Ok(invoice)
}

/// What the receiver kept of the paths. Of a path that others forward on it has to know their node ids, which it does: they are its peers.
fn paths_again(seed: &ReceiverSeed, number: &InvoiceNumber) -> Outcome<ReceiverPaths> {
    let of_invoice = seed.invoice(number);
    let payments = of_invoice.kept_payment_path(0, &[], seed.node_key().to_point())?;
    let messages = of_invoice.kept_message_path(0);
    Ok(ReceiverPaths { payments: vec![payments], messages: vec![messages] })
}

/// What a payer does with the text, and the channel between the two with the offer: gives the payer, and what the receiver is told.
fn pay(text: &str, seed: &ReceiverSeed, payer_number: u8) -> Outcome<(Node, NodeEvent, Edge)> {
    let mut payer = Node::new(config(SecretScalar::from_bytes(&[payer_number; 32])?))?;
    let part = PartOrder {
        amount_msat: AMOUNT_MSAT,
        forwarders: Vec::new(),
        tail: Tail::Path(0),
        seed: AttemptSeed::new([payer_number + 10; 32]),
    };
    let mut actions = payer.apply(&NodeEvent::Pay(Payment {
        payee: Payee::Known(seed.node_key().to_point()),
        chain: ChainHash::BITCOIN,
        invoice: text.parse()?,
        amount_msat: AMOUNT_MSAT,
        rate: None,
        parts: vec![part],
        min_final_delta: MIN_FINAL_DELTA,
        hold: None,
        hop_blinds: HopBlinds::Derived,
        cancellable: None,
        height: HEIGHT,
        unix_time: TIME + 1,
        payer: Some(Payer { seed: PayerSeed::new([payer_number + 20; 32]), note: None }),
    }))?;
    let Some(NodeAction::Offer { origin, proposal }) = actions.actions.pop() else {
        return Err("the payer offers nothing".into());
    };
    let edge = Edge {
        id: EdgeId::in_channel([payer_number; 32], Direction::FromNode1, 0),
        amount_msat: proposal.amount_msat,
        expiry: proposal.expiry,
        lock: proposal.lock,
    };
    let from = SecretScalar::from_bytes(&[payer_number; 32])?.to_point();
    let committed = payer.apply(&NodeEvent::OutgoingCommitted { origin, edge })?;
    assert!(committed.changed);
    let arrives = NodeEvent::IncomingCommitted {
        from,
        edge: IncomingEdge::dangerous_committed(edge),
        path_key: proposal.path_key,
        packet: proposal.packet,
    };
    Ok((payer, arrives, edge))
}

/// The receiver claims, and the payer learns its own z(x).
fn claim(receiver: &mut PaidNode, payer: &mut Node, arrives: NodeEvent, edge: Edge) -> Outcome<()> {
    let actions = receiver.apply(&arrives)?;
    let [NodeAction::Claimable { incoming }] = *actions.as_slice() else {
        return Err(format!("not claimable: {actions:?}").into());
    };
    let mut claims = receiver.apply(&NodeEvent::Claiming { incoming })?;
    let Some(NodeAction::Claim { secret, .. }) = claims.pop() else {
        return Err("no claim".into());
    };
    let paid = payer.apply(&NodeEvent::OutgoingFulfilled { outgoing: edge.id, secret })?;
    if !matches!(paid.actions.as_slice(), [NodeAction::Paid { .. }]) {
        return Err(format!("not paid: {paid:?}").into());
    }
    receiver.apply(&NodeEvent::IncomingClaimed { incoming })?;
    Ok(())
}

fn left_over(receiver: &PaidNode) -> Outcome<usize> {
    Ok(receiver.pending()?.len())
}

fn node_id(seed: &ReceiverSeed) -> String {
    seed.node_key().to_point().to_string()[..8].to_owned()
}

/// The receiver's LSP, the introduction node of its path for messages.
fn lsp() -> Outcome<Point> {
    Ok(SecretScalar::from_bytes(&[99; 32])?.to_point())
}

fn vault() -> Outcome<Point> {
    Ok(SecretScalar::from_bytes(&[98; 32])?.to_point())
}

fn config(node_key: SecretScalar) -> NodeConfig {
    NodeConfig::for_channels(node_key, HEIGHT, TIME)
}
