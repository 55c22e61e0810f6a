//! The parties, the chain and the contracts between them: the driver of the roles in `pointlock::payment`.
//!
//! It carries out what the roles want done and reports what happened. The demonstration tells its stories in it; the analysis of
//! thefts reads what each party learned, and tries.

pub(crate) mod error;
pub(crate) mod fault;
mod step;

use std::collections::VecDeque;

use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Amount, OutPoint, ScriptBuf, Transaction};
use pointlock::contract::{
    Contract, ContractTerms, FeeCoins, FeeLadder, FundedContract, OfferedContract, ReceivedContract,
};
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::hold::{Limits, MemoryStore};
use pointlock::invoice::ktime::PaymentProof;
use pointlock::lock::{Lock, LockSecret};
use pointlock::onion::Packet;
use pointlock::payment::{
    AttemptId, Forwarder, ForwarderAction, ForwarderConfig, ForwarderEvent, Proposal, Receiver,
    ReceiverAction, ReceiverConfig, ReceiverEvent, RouteHop, SecretSource, Sender, SenderAction,
    SenderEvent, View,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

pub(crate) use self::error::StoryError;
use self::fault::{Fault, FaultKind};
pub(crate) use self::step::{Step, Tone};
use crate::chain::Chain;

/// How many blocks a forwarder's incoming contract outlives its outgoing one.
const CLTV_EXPIRY_DELTA: u32 = 40;
/// How many blocks the receiver gets for its claim.
pub(crate) const MIN_FINAL_DELTA: u32 = 18;
const START_HEIGHT: u32 = 900_000;

pub(crate) struct Party {
    pub(crate) name: String,
    pub(crate) node_id: Point,
    role: Role,
}

enum Role {
    Sender(Box<Sender>),
    Forwarder(Box<Forwarder<MemoryStore>>),
    Receiver(Box<Receiver>),
}

impl Party {
    pub(crate) fn view(&self) -> &View {
        match &self.role {
            Role::Sender(sender) => sender.view(),
            Role::Forwarder(forwarder) => forwarder.view(),
            Role::Receiver(receiver) => receiver.view(),
        }
    }
}

/// A contract between two neighbours.
pub(crate) struct Edge {
    pub(crate) payment: usize,
    /// 1 for the sender's, and so on.
    pub(crate) number: usize,
    pub(crate) offerer: usize,
    pub(crate) claimer: usize,
    pub(crate) received: ReceivedContract,
    pub(crate) claimer_key: Keypair,
    pub(crate) committed_at: u32,
    pub(crate) settled_at: Option<u32>,
}

impl Edge {
    pub(crate) fn outpoint(&self) -> OutPoint {
        self.received.funded().outpoint()
    }

    pub(crate) fn terms(&self) -> &ContractTerms {
        self.received.funded().contract().terms()
    }

    /// The claim with whatever secret there is, for the consensus code to judge.
    pub(crate) fn claim_unchecked(&self, secret: &LockSecret) -> Option<Transaction> {
        self.received
            .dangerous_claim_unchecked(0, secret, &self.claimer_key, &FeeCoins::none(), &[0; 32])
            .ok()
    }
}

/// What is still to be carried out.
enum Todo {
    Offer { party: usize, payment: usize, origin: Origin, proposal: Proposal },
    Deliver { edge: usize, packet: Packet },
    Release { to: Point, sealed: Vec<u8> },
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
    /// For each payment, the `held_ptlc_available` that waits for the receiver.
    pub(crate) mailbox: Vec<Option<Vec<u8>>>,
    /// For each payment, whether its payer ended with the secret of the invoice.
    pub(crate) receipts: Vec<bool>,
    /// For each payment, L_1 … L_n as the sender set them up.
    plans: Vec<Vec<Lock>>,
    /// While this is a list: the hops whose right secret was accepted by the code with which thieves try.
    pub(crate) control: Option<Vec<String>>,
    /// Contracts committed to this party are kept from it: it acts before it forwards.
    pub(crate) intercept: Option<usize>,
    intercepted: Vec<Todo>,
    /// What receivers knew that were replaced by a backup.
    pub(crate) forgotten: Vec<View>,
    /// For each payment, the name that its sender gave it.
    pub(crate) attempts: Vec<Option<AttemptId>>,
    todo: VecDeque<Todo>,
    claims: VecDeque<(usize, LockSecret)>,
    fault: Option<Fault>,
    payers: usize,
    /// The receiver's node key, which signs its invoices.
    pub(crate) receiver_key: Keypair,
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
        let mut world = Self {
            chain: Chain::new(START_HEIGHT),
            parties: Vec::new(),
            edges: Vec::new(),
            steps: Vec::new(),
            mailbox: vec![None; payers],
            receipts: vec![false; payers],
            plans: vec![Vec::new(); payers],
            control: None,
            intercept: None,
            intercepted: Vec::new(),
            forgotten: Vec::new(),
            attempts: vec![None; payers],
            todo: VecDeque::new(),
            claims: VecDeque::new(),
            fault,
            payers,
            receiver_key,
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
                policy: RouteHop {
                    node_id,
                    fee_base_msat: 1_000,
                    fee_proportional_millionths: 100,
                    cltv_expiry_delta: CLTV_EXPIRY_DELTA,
                },
                limits: Limits::default(),
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

    /// What the forwarders ask for.
    pub(crate) fn route_hops(&self) -> Vec<RouteHop> {
        self.forwarders()
            .map(|party| RouteHop {
                node_id: self.parties[party].node_id,
                fee_base_msat: 1_000,
                fee_proportional_millionths: 100,
                cltv_expiry_delta: CLTV_EXPIRY_DELTA,
            })
            .collect()
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

    /// The edge of a payment that ends at `claimer`.
    pub(crate) fn edge_to(&self, payment: usize, claimer: usize) -> Option<usize> {
        self.edges.iter().position(|edge| edge.payment == payment && edge.claimer == claimer)
    }

    /// The proof of a payment that its payer makes for the verifier who gave `challenge`.
    pub(crate) fn prove(
        &mut self,
        payment: usize,
        challenge: &[u8; 32],
    ) -> Result<PaymentProof, StoryError> {
        let aux_rand = self.entropy();
        let Role::Sender(sender) = &self.parties[payment].role else {
            return Err(StoryError::Claim("only payers prove payments".to_owned()));
        };
        let attempt = self.attempts[payment].unwrap_or(AttemptId([0; 32]));
        sender
            .prove(&attempt, challenge, &aux_rand)
            .map_err(|source| self.role_error(payment, source))
    }

    pub(crate) fn mine(&mut self, blocks: u32) -> Result<(), StoryError> {
        for _ in 0..blocks {
            self.chain.mine();
        }
        self.tell_height()
    }

    /// Tells everybody the height. Nothing is near its expiry in this story, so nobody has anything to do.
    fn tell_height(&mut self) -> Result<(), StoryError> {
        let height = self.chain.height();
        for party in 0..self.parties.len() {
            match &self.parties[party].role {
                Role::Sender(_) => self.sender(party, SenderEvent::Block { height })?,
                Role::Forwarder(_) => {
                    self.forwarder(party, ForwarderEvent::Block { height }, None)?
                }
                // A node that is offline sees the blocks when it is back; nothing happens to it in between.
                Role::Receiver(_) => self.receive(ReceiverEvent::Block { height })?,
            }
        }
        Ok(())
    }

    /// Gives a sender an event and carries out what it wants, but for claims.
    pub(crate) fn sender(&mut self, party: usize, event: SenderEvent) -> Result<(), StoryError> {
        let Role::Sender(sender) = &mut self.parties[party].role else { return Ok(()) };
        let actions = sender.apply(event).map_err(|source| self.role_error(party, source))?;
        for action in actions {
            match action {
                SenderAction::Offer { attempt, proposal } => {
                    self.plans[party] = self.plan(party, &attempt);
                    self.attempts[party] = Some(attempt);
                    let origin = Origin::Attempt(attempt);
                    self.todo.push_back(Todo::Offer { party, payment: party, origin, proposal });
                }
                SenderAction::Mail { sealed, .. } => self.mailbox[party] = Some(sealed),
                SenderAction::Paid { .. } => self.receipts[party] = true,
                SenderAction::Failed { .. } | SenderAction::TimeOut { .. } => {
                    return Err(StoryError::Claim(format!("payment {} failed", party + 1)));
                }
            }
        }
        self.work()
    }

    fn plan(&self, party: usize, attempt: &AttemptId) -> Vec<Lock> {
        match &self.parties[party].role {
            Role::Sender(sender) => sender.locks(attempt).unwrap_or_default().to_vec(),
            Role::Forwarder(_) | Role::Receiver(_) => Vec::new(),
        }
    }

    fn forwarder(
        &mut self,
        party: usize,
        event: ForwarderEvent,
        payment: Option<usize>,
    ) -> Result<(), StoryError> {
        let Role::Forwarder(forwarder) = &mut self.parties[party].role else { return Ok(()) };
        let actions = forwarder.apply(event).map_err(|source| self.role_error(party, source))?;
        for action in actions {
            match action {
                ForwarderAction::Offer { incoming, proposal } => {
                    let payment = payment
                        .or_else(|| self.edge_at(incoming).map(|edge| self.edges[edge].payment))
                        .unwrap_or_default();
                    let origin = Origin::Incoming(incoming);
                    self.todo.push_back(Todo::Offer { party, payment, origin, proposal });
                }
                ForwarderAction::Claim { incoming, secret } => self.claim_later(incoming, secret),
                ForwarderAction::Fail { reason, .. }
                | ForwarderAction::ReleaseRefused { reason } => {
                    return Err(self.failed_back(party, reason));
                }
                ForwarderAction::TimeOut { .. } => {
                    return Err(StoryError::Claim("a contract timed out".to_owned()));
                }
            }
        }
        self.work()
    }

    /// Gives the receiver an event and carries out what it wants, but for claims.
    pub(crate) fn receive(&mut self, event: ReceiverEvent) -> Result<(), StoryError> {
        let party = self.receiver();
        let Role::Receiver(receiver) = &mut self.parties[party].role else { return Ok(()) };
        let actions = receiver.apply(event).map_err(|source| self.role_error(party, source))?;
        for action in actions {
            match action {
                ReceiverAction::Release { to, sealed } => {
                    self.todo.push_back(Todo::Release { to, sealed });
                }
                ReceiverAction::Claim { incoming, secret } => self.claim_later(incoming, secret),
                ReceiverAction::Replace { .. } => {}
                ReceiverAction::Fail { reason, .. } | ReceiverAction::ReleaseRefused { reason } => {
                    return Err(self.failed_back(party, reason));
                }
            }
        }
        self.work()
    }

    fn role_error(&self, party: usize, source: pointlock::payment::PaymentError) -> StoryError {
        StoryError::Role { hop: self.parties[party].name.clone(), source: Box::new(source) }
    }

    fn failed_back(&self, party: usize, reason: pointlock::payment::Refusal) -> StoryError {
        StoryError::FailedBack { hop: self.parties[party].name.clone(), reason: Box::new(reason) }
    }

    fn edge_at(&self, outpoint: OutPoint) -> Option<usize> {
        self.edges.iter().position(|edge| edge.outpoint() == outpoint)
    }

    fn claim_later(&mut self, incoming: OutPoint, secret: LockSecret) {
        if let Some(edge) = self.edge_at(incoming) {
            self.claims.push_back((edge, secret));
        }
    }

    fn work(&mut self) -> Result<(), StoryError> {
        while let Some(todo) = self.todo.pop_front() {
            match todo {
                Todo::Offer { party, payment, origin, proposal } => {
                    self.commit(party, payment, origin, proposal)?;
                }
                Todo::Deliver { edge, packet } => self.deliver(edge, packet)?,
                Todo::Release { to, sealed } => {
                    if let Some(holder) = self.parties.iter().position(|party| party.node_id == to)
                    {
                        self.forwarder(holder, ForwarderEvent::ReleaseReceived { sealed }, None)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts the contract of a proposal on the chain and tells both sides.
    fn commit(
        &mut self,
        offerer: usize,
        payment: usize,
        origin: Origin,
        mut proposal: Proposal,
    ) -> Result<(), StoryError> {
        self.spoil_lock(offerer, origin, &mut proposal);
        let claimer = self
            .parties
            .iter()
            .position(|party| party.node_id == proposal.to)
            .expect("the payers route over the nodes of this story");
        let number = self.edges.iter().filter(|edge| edge.payment == payment).count() + 1;
        let (edge, offered) =
            self.contract(payment, number, offerer, claimer, &proposal).map_err(|source| {
                StoryError::Contract {
                    hop: self.parties[offerer].name.clone(),
                    source: Box::new(source),
                }
            })?;
        let amount = edge.terms().amount.to_sat();
        self.say(
            &self.parties[offerer].name.clone(),
            Tone::Plain,
            format!(
                "locks {} sat for {} under {} until height {}",
                grouped(amount),
                self.parties[claimer].name,
                lock_text(number, &proposal.lock),
                grouped(u64::from(proposal.expiry)),
            ),
        );
        self.edges.push(edge);
        let edge = self.edges.len() - 1;
        match origin {
            Origin::Attempt(attempt) => {
                let event = SenderEvent::OutgoingCommitted { attempt, contract: offered };
                self.sender(offerer, event)?;
            }
            Origin::Incoming(incoming) => {
                let event = ForwarderEvent::OutgoingCommitted { incoming, contract: offered };
                self.forwarder(offerer, event, Some(payment))?;
            }
        }
        // The sender set up all locks, so the story knows who went astray even where a role could not.
        if self.plans[payment].get(number - 1) != Some(&proposal.lock) {
            return Err(StoryError::LockNotAsPlanned { hop: self.parties[offerer].name.clone() });
        }
        self.early_claim(offerer, origin)?;
        let deliver = Todo::Deliver { edge, packet: proposal.packet };
        if self.intercept == Some(claimer) {
            self.intercepted.push(deliver);
        } else {
            self.todo.push_back(deliver);
        }
        Ok(())
    }

    fn contract(
        &mut self,
        payment: usize,
        number: usize,
        offerer: usize,
        claimer: usize,
        proposal: &Proposal,
    ) -> Result<(Edge, OfferedContract), pointlock::contract::ContractError> {
        let offerer_key = Keypair::new(self.secret());
        let claimer_key = Keypair::new(self.secret());
        let contract = Contract::new(ContractTerms {
            offerer: offerer_key.public_key(),
            claimer: claimer_key.public_key(),
            amount: Amount::from_sat(proposal.amount_msat.div_ceil(1_000)),
            expiry: proposal.expiry,
            lock: proposal.lock,
        })?;
        let payout = self.payout();
        let ladder = FeeLadder::for_claim(&contract, &payout)?;
        let outpoint = self.chain.fund(contract.tx_out());
        let funded = FundedContract::new(contract, outpoint);
        let aux_rand = self.entropy();
        let offered =
            OfferedContract::new(funded.clone(), &payout, &ladder, &offerer_key, &aux_rand)?;
        let pre_signatures = offered.pre_signatures().cloned();
        let received = ReceivedContract::new(funded, payout, &ladder, pre_signatures)?;
        let committed_at = self.chain.height();
        let settled_at = None;
        let edge = Edge {
            payment,
            number,
            offerer,
            claimer,
            received,
            claimer_key,
            committed_at,
            settled_at,
        };
        Ok((edge, offered))
    }

    /// A fresh output of the claimer's wallet.
    fn payout(&mut self) -> ScriptBuf {
        let key = Keypair::new(self.secret()).x_only_public_key();
        ScriptBuf::new_p2tr(&Secp256k1::verification_only(), key, None)
    }

    fn deliver(&mut self, edge: usize, packet: Packet) -> Result<(), StoryError> {
        let Edge { claimer, offerer, payment, .. } = self.edges[edge];
        let contract = self.edges[edge].received.clone();
        let from = self.parties[offerer].node_id;
        if claimer == self.receiver() {
            return self.receive(ReceiverEvent::IncomingCommitted { contract, packet });
        }
        let event = ForwarderEvent::IncomingCommitted { from, contract, packet };
        self.forwarder(claimer, event, Some(payment))
    }

    /// The party that was kept from its contract gets it after all.
    pub(crate) fn resume_intercepted(&mut self) -> Result<(), StoryError> {
        self.todo.extend(self.intercepted.drain(..));
        self.work()
    }

    /// The same for the contracts of one payment.
    pub(crate) fn resume_payment(&mut self, payment: usize) -> Result<(), StoryError> {
        let (resumed, kept) = std::mem::take(&mut self.intercepted).into_iter().partition(
            |todo| matches!(todo, Todo::Deliver { edge, .. } if self.edges[*edge].payment == payment),
        );
        self.intercepted = kept;
        let resumed: Vec<Todo> = resumed;
        self.todo.extend(resumed);
        self.work()
    }

    /// The party that was kept from its contract goes its own way.
    pub(crate) fn drop_intercepted(&mut self) {
        self.intercepted.clear();
    }

    /// Carries out the claims, each in a block of its own, until nobody wants one any more.
    pub(crate) fn run_claims(&mut self) -> Result<(), StoryError> {
        while let Some((edge, secret)) = self.claims.pop_front() {
            self.claim(edge, &secret)?;
        }
        Ok(())
    }

    /// Carries out the claims of one payment, down to that of `last` or as far as they go.
    pub(crate) fn run_claims_of(
        &mut self,
        payment: usize,
        last: Option<usize>,
    ) -> Result<(), StoryError> {
        while let Some(next) =
            self.claims.iter().position(|(edge, _)| self.edges[*edge].payment == payment)
        {
            let Some((edge, secret)) = self.claims.remove(next) else { break };
            self.claim(edge, &secret)?;
            if Some(self.edges[edge].claimer) == last {
                break;
            }
        }
        Ok(())
    }

    fn claim(&mut self, edge: usize, secret: &LockSecret) -> Result<(), StoryError> {
        let claimer = self.edges[edge].claimer;
        let hop = self.parties[claimer].name.clone();
        if self.control.is_some() && self.accepts(edge, secret) {
            self.control.get_or_insert_default().push(hop.clone());
        }
        let transaction = if self.takes_fault(claimer, FaultKind::FlippedBit) {
            self.edges[edge].claim_unchecked(&with_flipped_bit(secret))
        } else {
            let (edge, coins) = (&self.edges[edge], FeeCoins::none());
            let claim = edge.received.claim(0, secret, &edge.claimer_key, &coins, &[0; 32]);
            Some(claim.map_err(|source| StoryError::Contract {
                hop: hop.clone(),
                source: Box::new(source),
            })?)
        };
        let transaction =
            transaction.ok_or_else(|| StoryError::Claim(format!("{hop} can't build its claim")))?;
        let output = transaction.output[0].value.to_sat();
        let number = self.edges[edge].number;
        let what = match secret {
            LockSecret::Scalar(_) => format!("l{}", subscript(number)),
            LockSecret::Preimage(_) => "the preimage".to_owned(),
        };
        self.say(&hop, Tone::Good, format!("claims {} sat with {what}", grouped(output)));
        self.settle(edge, &transaction)
    }

    /// Confirms a claim, honest or not, and shows it to the offerer.
    pub(crate) fn settle(
        &mut self,
        edge: usize,
        transaction: &Transaction,
    ) -> Result<(), StoryError> {
        let Edge { claimer, offerer, payment, .. } = self.edges[edge];
        self.chain.confirm(transaction).map_err(|source| StoryError::Refused {
            hop: self.parties[claimer].name.clone(),
            source,
        })?;
        self.edges[edge].settled_at = Some(self.chain.height());
        self.tell_height()?;
        let outgoing = self.edges[edge].outpoint();
        let transaction = transaction.clone();
        if offerer == payment {
            self.sender(offerer, SenderEvent::OutgoingClaimed { outgoing, transaction })
        } else {
            let event = ForwarderEvent::OutgoingClaimed { outgoing, transaction };
            self.forwarder(offerer, event, Some(payment))
        }
    }

    /// Whether consensus code accepts the claim with this secret; nothing is broadcast.
    pub(crate) fn accepts(&mut self, edge: usize, secret: &LockSecret) -> bool {
        self.edges[edge]
            .claim_unchecked(secret)
            .is_some_and(|transaction| self.chain.judge(&transaction).is_ok())
    }

    fn takes_fault(&mut self, party: usize, kind: FaultKind) -> bool {
        let hit = self
            .fault
            .as_ref()
            .is_some_and(|fault| fault.kind == kind && fault.hop == self.parties[party].name);
        if hit {
            self.fault = None;
        }
        hit
    }

    /// A fault that was asked for and never came to pass.
    pub(crate) fn check_fault_reached(&self) -> Result<(), StoryError> {
        let Some(fault) = &self.fault else { return Ok(()) };
        let hop = fault.hop.clone();
        if self.parties.iter().any(|party| party.name == hop) {
            return Err(StoryError::FaultNotReached { hop, fault: fault.kind.name() });
        }
        let known: Vec<&str> = self.parties.iter().map(|party| party.name.as_str()).collect();
        Err(StoryError::UnknownHop { hop, known: known.join(", ") })
    }

    fn spoil_lock(&mut self, party: usize, origin: Origin, proposal: &mut Proposal) {
        if self.takes_fault(party, FaultKind::WrongBlind)
            && let Lock::Point(point) = proposal.lock
        {
            let wrong = self.secret().to_point();
            proposal.lock = Lock::Point(point.add(&wrong).expect("random points don't cancel"));
        }
        if let Origin::Incoming(incoming) = origin
            && let Some(edge) = self.edge_at(incoming)
            && self.takes_fault(party, FaultKind::SwappedLock)
        {
            proposal.lock = self.edges[edge].terms().lock;
        }
    }

    fn early_claim(&mut self, party: usize, origin: Origin) -> Result<(), StoryError> {
        let Origin::Incoming(incoming) = origin else { return Ok(()) };
        let Some(edge) = self.edge_at(incoming) else { return Ok(()) };
        let known = self.parties[party].view().get(SecretSource::Blind { incoming }).cloned();
        let Some(blind) = known else { return Ok(()) };
        if !self.takes_fault(party, FaultKind::EarlyClaim) {
            return Ok(());
        }
        let transaction = self.edges[edge]
            .claim_unchecked(&blind)
            .ok_or_else(|| StoryError::Claim("no claim could be built".to_owned()))?;
        self.settle(edge, &transaction)
    }
}

fn draw(rng: &mut ChaCha20Rng) -> SecretScalar {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    SecretScalar::from_hash(&bytes).expect("the generator does not give zero")
}

fn with_flipped_bit(secret: &LockSecret) -> LockSecret {
    match secret {
        LockSecret::Scalar(scalar) => {
            let mut bytes = scalar.dangerous_to_bytes();
            bytes[31] ^= 1;
            LockSecret::Scalar(SecretScalar::from_hash(&bytes).unwrap_or_else(|_| scalar.clone()))
        }
        LockSecret::Preimage(preimage) => {
            let mut bytes = *preimage.dangerous_as_bytes();
            bytes[31] ^= 1;
            LockSecret::Preimage(pointlock::lock::Preimage::new(bytes))
        }
    }
}

/// `L₂ = 02ab…` or `H = 12cd…`.
fn lock_text(edge: usize, lock: &Lock) -> String {
    match lock {
        Lock::Point(point) => format!("L{} = {}…", subscript(edge), &point.to_string()[..10]),
        Lock::Hash(hash) => format!("H = {}…", &hash.to_string()[..10]),
    }
}

/// The number in small digits below the line.
pub(crate) fn subscript(number: usize) -> String {
    number
        .to_string()
        .chars()
        .filter_map(|digit| char::from_u32(0x2080 + digit.to_digit(10)?))
        .collect()
}

/// The number with commas between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
