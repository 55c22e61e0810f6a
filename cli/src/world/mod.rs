//! The parties, the chain and the contracts between them: the driver of the roles in `pointlock::payment`.
//!
//! It carries out what the roles want done and reports what happened. The demonstration tells its stories in it; the analysis of
//! thefts reads what each party learned, and tries.
//!
//! | file | what it does |
//! | --- | --- |
//! | `party` | who there is, and a contract between two of them |
//! | `roles` | events to the roles, and what they want done |
//! | `contracts` | how a contract comes about |
//! | `claims`, `failures` | how it ends |
//! | `paths` | ways to the receiver: channels, blinded paths, who chooses which end of a route |
//! | `mail` | onion messages, passed on from node to node and kept for who is away |
//! | `fault` | what a hop does wrong, if it is asked to |

mod claims;
mod contracts;
pub(crate) mod error;
mod failures;
pub(crate) mod fault;
mod mail;
mod party;
mod paths;
mod roles;
mod step;
mod text;

use std::collections::{BTreeMap, VecDeque};

use bitcoin::OutPoint;
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::hold::{Limits, MemoryStore};
use pointlock::invoice::InvoiceId;
use pointlock::invoice::proof::{PaymentProof, ProofRequest};
use pointlock::lock::LockSecret;
use pointlock::onion::Packet;
use pointlock::onion::blinded::OnionMessage;
use pointlock::payment::{
    AttemptId, FailureMessage, Forwarder, ForwarderConfig, ForwardingPolicy, Payment, PaymentId,
    Proposal, Receiver, ReceiverConfig, ReceiverPaths, Recipient, Refusal, SenderEvent, View,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

pub(crate) use self::error::StoryError;
use self::fault::Fault;
use self::party::Role;
pub(crate) use self::party::{Attempt, Edge, OnPath, Party, Paying, Way};
pub(crate) use self::step::{Step, Tone};
pub(crate) use self::text::{grouped, part_mark, subscript};
use crate::chain::Chain;

/// How many blocks a forwarder's incoming contract outlives its outgoing one.
const CLTV_EXPIRY_DELTA: u32 = 40;
/// How many blocks the receiver gets for its claim.
pub(crate) const MIN_FINAL_DELTA: u32 = 18;
const START_HEIGHT: u32 = 900_000;
/// What every forwarder asks for.
const POLICY: ForwardingPolicy = ForwardingPolicy {
    fee_base_msat: 1_000,
    fee_proportional_millionths: 100,
    cltv_expiry_delta: CLTV_EXPIRY_DELTA,
};

/// What is still to be carried out.
enum Todo {
    Offer { party: usize, origin: Origin, proposal: Proposal },
    Deliver { edge: usize, path_key: Option<Point>, packet: Packet },
    Message { from: usize, to: usize, payment: usize, message: OnionMessage },
    FindRoute { party: usize, incoming: OutPoint, to: Recipient },
    Fail { incoming: OutPoint, failure: FailureMessage },
}

#[derive(Clone, Copy)]
enum Origin {
    Attempt(AttemptId),
    Incoming(OutPoint),
}

/// The parties, the chain and the contracts between them: the driver of the roles.
pub(crate) struct World {
    pub(crate) chain: Chain,
    pub(crate) parties: Vec<Party>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) steps: Vec<Step>,
    pub(crate) payments: Vec<Paying>,
    /// All routes that were chosen, in the order in which they were.
    pub(crate) attempts: Vec<Attempt>,
    /// For each payment, the `held_ptlc_available` that its keeper has for the receiver.
    kept: Vec<Option<OnionMessage>>,
    /// For each payment, whether its payer ended with the secret of the invoice.
    pub(crate) receipts: Vec<bool>,
    /// How many of the last forwarders stand on the blinded paths that the receiver makes.
    pub(crate) on_path: usize,
    /// What the receiver keeps of the paths of its invoices.
    pub(crate) paths: BTreeMap<InvoiceId, ReceiverPaths>,
    /// While this is a list: the hops whose right secret for a part was accepted by the code with which thieves try.
    pub(crate) control: Option<Vec<(String, usize)>>,
    /// Contracts committed to this party are kept from it: it acts before it forwards.
    pub(crate) intercept: Option<usize>,
    intercepted: Vec<Todo>,
    /// What receivers knew that were replaced by a backup.
    pub(crate) forgotten: Vec<View>,
    todo: VecDeque<Todo>,
    working: bool,
    claims: VecDeque<(usize, LockSecret)>,
    /// Who failed a payment back first, and why, when nobody had asked for a failure.
    refused: Option<(usize, Refusal)>,
    fault: Option<Fault>,
    payers: usize,
    /// The receiver's node key, which signs its invoices.
    pub(crate) receiver_key: Keypair,
    /// The vault's node id. It has no role in payments.
    vault_id: Point,
    rng: ChaCha20Rng,
}

impl World {
    /// Payers, the two LSPs with routers between them, and the receiver.
    pub(crate) fn new(payers: usize, routers: usize, fault: Option<Fault>, seed: u64) -> Self {
        let routers = (1..=routers).map(|number| match number {
            1 => "router".to_owned(),
            _ => format!("router_{number}"),
        });
        let ends = ["sender_lsp", "receiver_lsp"].map(str::to_owned);
        let [first, last] = ends.map(std::iter::once);
        Self::with_forwarders(payers, first.chain(routers).chain(last).collect(), fault, seed)
    }

    /// Payers, these forwarders in the order of the route, and the receiver.
    pub(crate) fn with_forwarders(
        payers: usize,
        forwarders: Vec<String>,
        fault: Option<Fault>,
        seed: u64,
    ) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let receiver_key = Keypair::new(draw(&mut rng));
        let vault_id = draw(&mut rng).to_point();
        let mut world = Self {
            chain: Chain::new(START_HEIGHT),
            parties: Vec::new(),
            edges: Vec::new(),
            steps: Vec::new(),
            payments: (0..payers).map(|_| Paying::default()).collect(),
            attempts: Vec::new(),
            kept: vec![None; payers],
            receipts: vec![false; payers],
            on_path: 0,
            paths: BTreeMap::new(),
            control: None,
            intercept: None,
            intercepted: Vec::new(),
            forgotten: Vec::new(),
            todo: VecDeque::new(),
            working: false,
            claims: VecDeque::new(),
            refused: None,
            fault,
            payers,
            receiver_key,
            vault_id,
            rng,
        };
        for payer in 1..=payers {
            let node_key = world.secret();
            world.add(format!("payer_{payer}"), node_key.to_point(), Role::Sender(Box::default()));
        }
        let count = forwarders.len();
        for (index, name) in forwarders.into_iter().enumerate() {
            let node_key = world.secret();
            let node_id = node_key.to_point();
            let behind = u32::try_from(count - 1 - index).expect("a handful of forwarders");
            let config = ForwarderConfig {
                node_key,
                policy: POLICY,
                // Stories are told of any amount.
                limits: Limits { value_msat: u64::MAX, ..Limits::default() },
                hold_safety_margin: 6,
                hold_deltas_ahead: behind * CLTV_EXPIRY_DELTA,
                hold_min_final_delta: MIN_FINAL_DELTA,
                height: START_HEIGHT,
            };
            let role = Forwarder::new(config, MemoryStore::default());
            world.add(name, node_id, Role::Forwarder(Box::new(role)));
        }
        let receiver = world.fresh_receiver();
        let node_id = world.receiver_key.public_key();
        world.add("receiver".to_owned(), node_id, Role::Receiver(receiver));
        world
    }

    fn fresh_receiver(&self) -> Box<Receiver> {
        Box::new(Receiver::new(ReceiverConfig {
            node_key: self.receiver_key.secret_key().clone(),
            min_final_delta: MIN_FINAL_DELTA,
            height: self.chain.height(),
        }))
    }

    /// Puts a receiver in the place of the one that is there which knows no invoice and no claim any more: one restored
    /// from a backup that is too old. What the earlier one knew is kept apart.
    pub(crate) fn restore_receiver(&mut self) {
        let fresh = Role::Receiver(self.fresh_receiver());
        let party = self.receiver();
        let earlier = std::mem::replace(&mut self.parties[party].role, fresh);
        if let Role::Receiver(receiver) = earlier {
            self.forgotten.push(receiver.view().clone());
        }
    }

    fn add(&mut self, name: String, node_id: Point, role: Role) {
        self.parties.push(Party { name, node_id, role });
    }

    /// The forwarders, in the order of the route.
    pub(crate) fn forwarders(&self) -> std::ops::Range<usize> {
        self.payers..self.parties.len() - 1
    }

    pub(crate) fn receiver(&self) -> usize {
        self.parties.len() - 1
    }

    pub(crate) fn receiver_lsp(&self) -> usize {
        self.parties.len() - 2
    }

    pub(crate) fn entropy(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    pub(crate) fn secret(&mut self) -> SecretScalar {
        draw(&mut self.rng)
    }

    pub(crate) fn say(&mut self, party: &str, tone: Tone, text: String) {
        let height = self.chain.height();
        self.steps.push(Step { height, party: party.to_owned(), text, tone });
    }

    /// The edges of a payment that end at `claimer`, one for each part.
    pub(crate) fn edges_to(&self, payment: usize, claimer: usize) -> Vec<usize> {
        let ends = |edge: &Edge| edge.payment == payment && edge.claimer == claimer;
        (0..self.edges.len()).filter(|edge| ends(&self.edges[*edge])).collect()
    }

    /// The mark of a part, where a payment has several.
    pub(crate) fn mark(&self, payment: usize, part: usize) -> &'static str {
        if self.payments[payment].parts > 1 { part_mark(part) } else { "" }
    }

    /// A payer pays.
    pub(crate) fn pay(
        &mut self,
        payment: usize,
        order: Payment,
        way: Way,
    ) -> Result<(), StoryError> {
        let invoice = Some(order.invoice.invoice_id());
        self.payments[payment] = Paying { invoice, id: None, parts: order.parts.len(), way };
        self.sender(payment, SenderEvent::Pay(order))
    }

    /// The proof of a payment that its payer makes for the verifier who asks.
    pub(crate) fn prove(
        &mut self,
        payment: usize,
        request: &ProofRequest,
    ) -> Result<PaymentProof, StoryError> {
        let aux_rand = self.entropy();
        let Role::Sender(sender) = &self.parties[payment].role else {
            return Err(StoryError::Claim("only payers prove payments".to_owned()));
        };
        let id = self.payments[payment].id.unwrap_or(PaymentId([0; 32]));
        sender.prove(&id, request, &aux_rand).map_err(|source| self.role_error(payment, source))
    }
}

fn draw(rng: &mut ChaCha20Rng) -> SecretScalar {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    SecretScalar::from_hash(&bytes).expect("the generator does not give zero")
}
