//! What this library is for: a payment to a receiver that is away. It waits at the payer's LSP, and nobody's money but the payer's waits with it.
//!
//! `cargo run --example held` plays three nodes, with a channel between payer and LSP and one between LSP and receiver:
//!
//! 1. The receiver leaves a static invoice with k-time payment points, and goes. Its journal and its count of claims are files.
//! 2. The payer pays. Its LSP holds the payment, and sends the receiver a sealed announcement, which waits for it as an onion message.
//! 3. The receiver comes back, reads the announcement, and releases the payment with a secret that only it can know.
//! 4. The LSP forwards. The receiver decides to claim, and crashes before it does. Its files make the same receiver again, which claims.
//! 5. The payer has a secret of its own, and proves with it that it has paid.
//!
//! The channel layer here commits whatever is offered; `examples/forwarder.rs` says what a real one does first.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::path::{Path, PathBuf};

use pointlock::curve::{Keypair, SecretScalar, fresh};
use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::proof::{Challenge, PayerProof, ProofRequest, Verifier};
use pointlock::invoice::{ChainHash, StaticInvoice, StaticInvoiceBuilder};
use pointlock::onion::blinded::NextPeer;
use pointlock::payment::{
    AttemptSeed, HoldPlan, HopBlinds, Journaled, MessagePath, Node, NodeAction, NodeConfig,
    NodeEvent, PartOrder, Payee, Payer, PayerSeed, Payment, PaymentId, ReceiverPath, ReceiverPaths,
    Role, RouteHop, Tail,
};
use pointlock::wire::{Features, IntroductionNode};
use pointlock_store::{FileClaimStore, FileJournal, Origin};
use rand::rngs::ThreadRng;

const HEIGHT: u32 = 900_000;
const TIME: u64 = 1_750_000_000;
const AMOUNT_MSAT: u64 = 5_000_000;
/// For how many payments the invoice is good.
const K: usize = 8;
/// How long the payer lets its payment wait: a day.
const HOLD_BLOCKS: u32 = 144;
const MIN_FINAL_DELTA: u32 = 36;

const PAYER: usize = 0;
const LSP: usize = 1;
const RECEIVER: usize = 2;
const NAMES: [&str; 3] = ["payer", "LSP", "receiver"];

type Outcome<T> = Result<T, Box<dyn Error>>;
/// The receiver's node writes what it is told to a file before it acts, and counts its claims in another: if the journal is lost, an older copy of
/// it must not bring an old count back.
type Receiver = Journaled<Node<FileClaimStore>, FileJournal>;

/// Three nodes, what carries their actions out, and the messages for a receiver that is away.
struct World {
    rng: ThreadRng,
    folder: PathBuf,
    payer: Node,
    lsp: Node,
    /// None while it is away.
    receiver: Option<Receiver>,
    /// Who has offered an edge.
    offerers: BTreeMap<EdgeId, usize>,
    todo: VecDeque<(usize, NodeAction)>,
    mail: Vec<NodeEvent>,
    has_crashed: bool,
    paid: Option<PaymentId>,
}

fn main() -> Outcome<()> {
    let folder = std::env::temp_dir().join(format!("pointlock-held-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = play(&folder);
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn play(folder: &Path) -> Outcome<()> {
    let mut world = World {
        rng: rand::rng(),
        folder: folder.to_owned(),
        payer: Node::new(config(PAYER))?,
        lsp: Node::new(config(LSP))?,
        receiver: None,
        offerers: BTreeMap::new(),
        todo: VecDeque::new(),
        mail: Vec::new(),
        has_crashed: false,
        paid: None,
    };
    let mut receiver = create(folder)?;
    let text = publish(&mut receiver, &mut world.rng)?.to_string();
    println!("receiver: leaves an invoice of {} characters for {K} payments, and goes", text.len());
    drop(receiver);

    let order = payment(text.parse()?, &mut world.rng);
    world.tell(PAYER, NodeEvent::Pay(order))?;
    world.carry_out()?;
    println!("LSP: holds the payment; {} message waits for the receiver", world.mail.len());

    world.receiver = Some(open(folder)?);
    println!("receiver: is back");
    for message in std::mem::take(&mut world.mail) {
        world.tell(RECEIVER, message)?;
    }
    world.carry_out()?;
    world.prove()
}

/// Points for [`K`] payments, and a path of each kind: to be paid over, to be told over, and to the vault, where the invoice is asked for.
fn publish(receiver: &mut Receiver, rng: &mut ThreadRng) -> Outcome<StaticInvoice> {
    let key = Keypair::new(key(RECEIVER));
    let node_id = key.public_key();
    let polynomial = PaymentPolynomial::from_rng(rng, K)?;
    let (path, kept_path) = ReceiverPath::build(
        SecretScalar::from_rng(rng),
        *fresh(rng),
        &[],
        node_id,
        u16::try_from(MIN_FINAL_DELTA)?,
        HEIGHT + 1_000,
    )?;
    let (message_path, kept_message_path) =
        MessagePath::build(SecretScalar::from_rng(rng), *fresh(rng), &[], node_id)?;
    // What is kept of this one is the vault's.
    let (vault_path, _) =
        MessagePath::build(SecretScalar::from_rng(rng), *fresh(rng), &[], vault())?;
    let invoice = StaticInvoiceBuilder::new(polynomial.payment_points(), TIME)
        .amount_msat(AMOUNT_MSAT)
        .description("coffee")
        .paths(&[path])
        .message_paths(&[message_path])
        .offer_paths(&[vault_path])
        .sign(&key, &fresh(rng))?;
    let paths = ReceiverPaths { payments: vec![kept_path], messages: vec![kept_message_path] };
    receiver.apply(&NodeEvent::PublishedPolynomial {
        invoice: invoice.clone(),
        polynomial,
        paths,
    })?;
    Ok(invoice)
}

/// The payer's order: one part over its LSP, which holds it.
fn payment(invoice: StaticInvoice, rng: &mut ThreadRng) -> Payment {
    let lsp = RouteHop {
        node_id: key(LSP).to_point(),
        short_channel_id: 1,
        policy: config(LSP).policy,
        // What the LSP's announcement says: that it holds, among other things.
        features: Features::of_node(),
    };
    let part = PartOrder {
        amount_msat: AMOUNT_MSAT,
        forwarders: vec![lsp],
        tail: Tail::Path(0),
        seed: AttemptSeed::from_rng(rng),
    };
    Payment {
        payee: Payee::Known(key(RECEIVER).to_point()),
        chain: ChainHash::BITCOIN,
        invoice,
        amount_msat: AMOUNT_MSAT,
        rate: None,
        parts: vec![part],
        min_final_delta: MIN_FINAL_DELTA,
        // By the first hop of the route.
        hold: Some(HoldPlan { hop: 1, blocks: HOLD_BLOCKS }),
        hop_blinds: HopBlinds::Derived,
        cancellable: None,
        height: HEIGHT,
        unix_time: TIME + 1,
        payer: Some(Payer { seed: PayerSeed::from_rng(rng), note: Some(b"table 4".to_vec()) }),
    }
}

impl World {
    /// Tells a node, and keeps what it wants to be done.
    fn tell(&mut self, node: usize, event: NodeEvent) -> Outcome<()> {
        let actions = match node {
            PAYER => self.payer.apply(&event)?.actions,
            LSP => self.lsp.apply(&event)?.actions,
            // Its journal has the event before the actions are seen here.
            _ => self.receiver.as_mut().ok_or("the receiver is away")?.apply(&event)?,
        };
        self.todo.extend(actions.into_iter().map(|action| (node, action)));
        Ok(())
    }

    fn carry_out(&mut self) -> Outcome<()> {
        while let Some((node, action)) = self.todo.pop_front() {
            self.carry_out_one(node, action)?;
        }
        Ok(())
    }

    fn carry_out_one(&mut self, node: usize, action: NodeAction) -> Outcome<()> {
        let name = NAMES[node];
        match action {
            NodeAction::Offer { origin, proposal } => {
                let to = match proposal.to {
                    NextPeer::Channel(_) => node + 1,
                    NextPeer::Node(node_id) => find(node_id)?,
                };
                let edge = Edge {
                    id: EdgeId::in_channel([u8::try_from(node)?; 32], Direction::FromNode1, 0),
                    amount_msat: proposal.amount_msat,
                    expiry: proposal.expiry,
                    lock: proposal.lock,
                };
                println!("{name}: offers {} msat to the {}", edge.amount_msat, NAMES[to]);
                self.offerers.insert(edge.id, node);
                self.tell(node, NodeEvent::OutgoingCommitted { origin, edge })?;
                let arrives = NodeEvent::IncomingCommitted {
                    from: key(node).to_point(),
                    edge: IncomingEdge::dangerous_committed(edge),
                    path_key: proposal.path_key,
                    packet: proposal.packet,
                };
                self.tell(to, arrives)
            }
            NodeAction::SendMessage { to, message } => {
                let IntroductionNode::NodeId(node_id) = to else {
                    return Err("this driver has no graph to look a channel up in".into());
                };
                let to = find(node_id)?;
                println!("{name}: sends the {} a message", NAMES[to]);
                let event = NodeEvent::MessageReceived { message, entropy: *fresh(&mut self.rng) };
                // Another driver's mailbox may lose it. So a holder's sends it again, at random intervals and after a restart:
                // `NodeEvent::AnnounceHold` for each of `Ledger::announced`.
                if to == RECEIVER && self.receiver.is_none() {
                    self.mail.push(event);
                    return Ok(());
                }
                self.tell(to, event)
            }
            NodeAction::Claimable { incoming } => {
                println!("{name}: all parts are there, and it decides to claim");
                self.tell(node, NodeEvent::Claiming { incoming })?;
                if self.has_crashed { Ok(()) } else { self.crash() }
            }
            NodeAction::Claim { incoming, secret } => {
                println!("{name}: claims");
                let offerer = self.offerers[&incoming];
                self.tell(offerer, NodeEvent::OutgoingFulfilled { outgoing: incoming, secret })?;
                self.tell(node, NodeEvent::IncomingClaimed { incoming })
            }
            NodeAction::Paid { payment, .. } => {
                println!("{name}: has paid");
                self.paid = Some(payment);
                Ok(())
            }
            other => Err(format!("the {name} wants {other:?}").into()),
        }
    }

    /// What the receiver wanted is lost with the process; what it was told is in its files, and it wants the same again.
    fn crash(&mut self) -> Outcome<()> {
        self.has_crashed = true;
        self.todo.retain(|(node, _)| *node != RECEIVER);
        self.receiver = None;
        let receiver = open(&self.folder)?;
        let pending = receiver.pending()?;
        println!(
            "receiver: crashes, is made again from its files, and wants {} action",
            pending.len()
        );
        self.todo.extend(pending.into_iter().map(|action| (RECEIVER, action)));
        self.receiver = Some(receiver);
        Ok(())
    }

    /// A shop asks the payer for a proof. It knows the receiver's node id from elsewhere.
    fn prove(&mut self) -> Outcome<()> {
        let payment = self.paid.ok_or("the payment has not arrived")?;
        let request = ProofRequest {
            verifier: Verifier::named("shop.example"),
            challenge: Challenge::from_rng(&mut self.rng),
        };
        let proof = self.payer.sender().prove(&payment, &request, &fresh(&mut self.rng))?;
        let text = PayerProof::from(proof).to_string();

        let PayerProof::Points(shown) = text.parse()? else {
            return Err("a proof of another kind".into());
        };
        let proven = shown.verify(&key(RECEIVER).to_point(), &request)?;
        println!("payer: proves that it has paid {} msat", proven.terms.amount_msat);
        Ok(())
    }
}

fn create(folder: &Path) -> Outcome<Receiver> {
    let journal = FileJournal::create(&folder.join("journal"), "receiver")?;
    let claims = FileClaimStore::create(&folder.join("claims"))?;
    start(journal, claims)
}

/// After a restart. A file that comes from a backup is `Origin::Restored`: its count of claims may be too low, and its polynomials are retired.
fn open(folder: &Path) -> Outcome<Receiver> {
    let journal = FileJournal::open(&folder.join("journal"), "receiver")?;
    let claims = FileClaimStore::open(&folder.join("claims"), Origin::Continued)?;
    start(journal, claims)
}

/// The node is what its journal makes of a new one. No snapshot is ever made here, so there is none to restore.
fn start(journal: FileJournal, claims: FileClaimStore) -> Outcome<Receiver> {
    let node = Node::with_store(config(RECEIVER), claims)?;
    Ok(Journaled::open(journal, |_| Ok(node))?)
}

fn config(node: usize) -> NodeConfig {
    NodeConfig::for_channels(key(node), HEIGHT, TIME)
}

fn key(node: usize) -> SecretScalar {
    SecretScalar::from_bytes(&[[1, 2, 3, 4][node]; 32]).expect("1 to 4 are scalars")
}

fn vault() -> pointlock::curve::Point {
    key(3).to_point()
}

fn find(node_id: pointlock::curve::Point) -> Outcome<usize> {
    let found = (PAYER..=RECEIVER).find(|node| key(*node).to_point() == node_id);
    found.ok_or_else(|| "not one of the three nodes".into())
}
