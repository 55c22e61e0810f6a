use std::collections::BTreeMap;

use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{
    ChainHash, InvoiceError, PaymentLock, StaticInvoice, StaticInvoiceBuilder,
};
use pointlock::lock::{LockSecret, Preimage};
use pointlock::payment::{
    AttemptSeed, HoldPlan, Payee, Payer, PayerSeed, Payment, ReceiverEvent, SecretSource,
    SenderEvent,
};

use super::Args;
use super::error::StoryError;
use super::facts::{Learned, Locked, PaymentFacts, Step, Theft, Told, Tone};
use super::system::{Holder, System};
use super::theft;
use super::world::{MIN_FINAL_DELTA, World, grouped, subscript};

/// The time at the start, in seconds since 1970, and how long a block takes.
const START_TIME: u64 = 1_790_000_000;
const BLOCK_SECONDS: u64 = 600;
/// k: as many payments as there can be payers.
const SLOTS: usize = 9;
/// Blocks between one payer and the next.
const BETWEEN_PAYERS: u32 = 3;

struct Story<'a> {
    system: System,
    args: &'a Args,
    world: World,
    start_height: u32,
    vault: Vault,
    invoices: Vec<String>,
    /// For each payment, the payer's proof of it.
    proofs: Vec<Option<String>>,
    thefts: Vec<Theft>,
    stolen: BTreeMap<usize, String>,
    back_at: u32,
}

/// The invoice server: it hands out one text and learns nothing else.
#[derive(Default)]
struct Vault {
    invoices: BTreeMap<&'static str, String>,
}

const HANDLE: &str = "receiver@vault.example";

/// A story that did not end as the design says: what happened until then, and why.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) steps: Vec<Step>,
    pub(super) error: Box<StoryError>,
}

/// Plays one system.
pub(super) fn tell(system: System, args: &Args) -> Result<Told, Ended> {
    let world = World::new(
        usize::from(args.payers),
        usize::from(args.routers),
        args.fault.clone(),
        args.seed,
    );
    let mut story = Story {
        start_height: world.chain.height(),
        system,
        args,
        world,
        vault: Vault::default(),
        invoices: Vec::new(),
        proofs: vec![None; usize::from(args.payers)],
        thefts: Vec::new(),
        stolen: BTreeMap::new(),
        back_at: 0,
    };
    match story.play() {
        Ok(()) => story.finish(),
        Err(error) => Err(Ended { steps: story.world.steps, error: Box::new(error) }),
    }
}

impl Story<'_> {
    fn play(&mut self) -> Result<(), StoryError> {
        if self.system.reuses_invoice() {
            self.offline()?;
        } else {
            self.online()?;
        }
        self.world.check_fault_reached()
    }

    /// S1: for every payment a fresh invoice, and the receiver is there.
    fn online(&mut self) -> Result<(), StoryError> {
        for payment in 0..self.world.receipts.len() {
            let text = self.publish()?;
            let invoice_for = format!("gives payer_{} a fresh invoice", payment + 1);
            self.world.say("receiver", Tone::Plain, invoice_for);
            self.invoices.push(text.clone());
            self.world.intercept = (payment > 0).then(|| self.world.receiver_lsp());
            self.pay(payment, &text)?;
            if payment > 0 {
                self.everybody_tries(payment);
                self.world.resume_intercepted()?;
            }
            self.claim(payment)?;
            self.world.mine(BETWEEN_PAYERS)?;
        }
        Ok(())
    }

    /// S2 to S4: one invoice, left with a vault; the receiver is away while it is paid.
    fn offline(&mut self) -> Result<(), StoryError> {
        let text = self.publish()?;
        let left =
            format!("leaves an invoice ({} characters) with the vault, goes offline", text.len());
        self.world.say("receiver", Tone::Plain, left);
        self.vault.invoices.insert(HANDLE, text);
        let returns_at = self.world.chain.height() + self.args.offline_blocks;
        for payment in 0..self.world.receipts.len() {
            self.world.mine(BETWEEN_PAYERS)?;
            let text = self.vault.invoices[HANDLE].clone();
            let fetches = format!("fetches the invoice of {HANDLE} from the vault");
            self.world.say(&payer(payment), Tone::Plain, fetches);
            self.invoices.push(text.clone());
            self.pay(payment, &text)?;
            let (holder, why) = self.holder();
            self.world.say(&holder, Tone::Plain, why.to_owned());
        }
        let height = self.world.chain.height();
        self.world.mine(returns_at.saturating_sub(height).max(1))?;
        self.back_at = self.world.chain.height();
        self.world.say("receiver", Tone::Plain, "is back online, reads its mail".to_owned());
        for payment in 0..self.world.receipts.len() {
            self.receive(payment)?;
        }
        Ok(())
    }

    fn holder(&self) -> (String, &'static str) {
        let party = match self.system.holder() {
            Holder::ReceiverLsp => self.world.receiver_lsp(),
            Holder::SenderLsp | Holder::Nobody => self.world.forwarders().start,
        };
        let why = if self.system.point_locks() {
            "holds the payment: without h it does not know y₁, so it can't forward"
        } else {
            "holds the payment, as it promised"
        };
        (self.world.parties[party].name.clone(), why)
    }

    /// The receiver is back: it takes one of the payments that wait, if nobody is faster.
    fn receive(&mut self, payment: usize) -> Result<(), StoryError> {
        if payment > 0 && self.system.holder() == Holder::ReceiverLsp {
            let secret = self.everybody_tries(payment);
            self.steal(payment, secret)?;
            return self.world.run_claims();
        }
        self.world.intercept = (payment > 0).then(|| self.world.receiver_lsp());
        let sealed = self.world.mailbox[payment].take().ok_or_else(|| {
            StoryError::Claim(format!("no message announces payment {}", payment + 1))
        })?;
        let releases = format!("releases the payment of {}: sends h to the holder", payer(payment));
        self.world.say("receiver", Tone::Plain, releases);
        let entropy = self.world.entropy();
        self.world.receive(ReceiverEvent::MailReceived { sealed, entropy })?;
        if payment > 0 {
            let secret = self.everybody_tries(payment);
            if self.steal(payment, secret)? {
                self.world.drop_intercepted();
                return self.world.run_claims();
            }
            self.world.resume_intercepted()?;
        }
        self.claim(payment)
    }

    fn publish(&mut self) -> Result<String, StoryError> {
        let entropy = self.world.entropy();
        if self.system.own_points() {
            let polynomial = PaymentPolynomial::from_entropy(&entropy, SLOTS)
                .map_err(|source| StoryError::Claim(format!("receiver: {source}")))?;
            let invoice = self.sign_invoice(PaymentLock::Points(polynomial.payment_points()))?;
            let text = invoice.to_string();
            self.world.receive(ReceiverEvent::PublishedPolynomial { invoice, polynomial })?;
            return Ok(text);
        }
        let (lock, secret) = if self.system.point_locks() {
            let z = self.world.secret();
            (PaymentLock::from(z.to_point()), LockSecret::Scalar(z))
        } else {
            let preimage = Preimage::new(entropy);
            (PaymentLock::Hash(preimage.hash()), LockSecret::Preimage(preimage))
        };
        let invoice = self.sign_invoice(lock)?;
        let text = invoice.to_string();
        self.world.receive(ReceiverEvent::Published { invoice, secret })?;
        Ok(text)
    }

    fn sign_invoice(&mut self, lock: PaymentLock) -> Result<StaticInvoice, StoryError> {
        let (receiver, receiver_lsp) = (self.world.receiver(), self.world.receiver_lsp());
        let route = [receiver_lsp, receiver].map(|party| self.world.parties[party].node_id);
        let aux_rand = self.world.entropy();
        StaticInvoiceBuilder::new(lock, self.now())
            .description("coffee, any number of them")
            // A least amount, so that burning the slots of a polynomial costs money.
            .amount_msat(self.args.amount_sat * 1_000)
            .interim_route(&route)
            .sign(&self.world.receiver_key, &aux_rand)
            .map_err(|source| invoice_error("receiver", source))
    }

    fn now(&self) -> u64 {
        let blocks = self.world.chain.height() - self.start_height;
        START_TIME + u64::from(blocks) * BLOCK_SECONDS
    }

    fn pay(&mut self, payment: usize, text: &str) -> Result<(), StoryError> {
        let payer = payer(payment);
        let invoice = StaticInvoice::decode_at(text, ChainHash::BITCOIN, self.now())
            .map_err(|source| invoice_error(&payer, source))?;
        let hop = match self.system.holder() {
            Holder::Nobody => None,
            Holder::SenderLsp => Some(1),
            Holder::ReceiverLsp => Some(self.world.forwarders().len()),
        };
        let blocks = self.args.offline_blocks.saturating_mul(2).max(288);
        let order = Payment {
            invoice,
            payee: Payee::Known(self.world.receiver_key.public_key()),
            amount_msat: self.args.amount_sat * 1_000,
            forwarders: self.world.route_hops(),
            min_final_delta: MIN_FINAL_DELTA,
            hold: hop.map(|hop| HoldPlan { hop, blocks }),
            payer: self.system.own_points().then(|| Payer {
                seed: PayerSeed::new(self.world.entropy()),
                note: Some(format!("for coffee {}", payment + 1).into_bytes()),
            }),
            height: self.world.chain.height(),
            unix_time: self.now(),
            seed: AttemptSeed::new(self.world.entropy()),
        };
        self.world.sender(payment, SenderEvent::Pay(order))
    }

    /// The claims of a payment, from the receiver back to its payer. Before each, the same code by which thieves try is given
    /// the right secret.
    fn claim(&mut self, payment: usize) -> Result<(), StoryError> {
        self.world.control = Some(Vec::new());
        self.world.run_claims()?;
        let accepted = self.world.control.take().unwrap_or_default();
        for theft in self.thefts.iter_mut().filter(|theft| theft.payment == payment + 1) {
            theft.right_secret_accepted = Some(accepted.contains(&theft.thief));
        }
        if self.world.receipts[payment] {
            let ends_with = match self.system {
                System::S5 => "z(x), its own",
                System::S4 => "z",
                System::S1 | System::S2 | System::S3 => "the preimage",
            };
            self.world.say(&payer(payment), Tone::Good, format!("has paid, ends with {ends_with}"));
        }
        if self.system.own_points() {
            self.prove(payment)?;
        }
        Ok(())
    }

    /// The payer proves to a verifier that it has paid; to another verifier the proof says nothing.
    fn prove(&mut self, payment: usize) -> Result<(), StoryError> {
        let (challenge, other) = (self.world.entropy(), self.world.entropy());
        let proof = self.world.prove(payment, &challenge)?;
        let issuer = self.world.receiver_key.public_key();
        let terms = proof.verify(&issuer, &challenge).map_err(|source| {
            StoryError::Claim(format!("{}: its proof of payment fails: {source}", payer(payment)))
        })?;
        if proof.verify(&issuer, &other).is_ok()
            || terms.amount_msat != self.args.amount_sat * 1_000
        {
            return Err(StoryError::Claim("a proof of payment proves something else".to_owned()));
        }
        let text = format!(
            "proves to a verifier that it paid {} sat, and keeps z(x) to itself",
            grouped(self.args.amount_sat)
        );
        self.world.say(&payer(payment), Tone::Good, text);
        self.proofs[payment] = Some(proof.to_string());
        Ok(())
    }

    /// Every forwarder tries to take the payment with what it knows by now. The consensus code judges; nothing is broadcast.
    /// Gives the secret that worked for the receiver's LSP, the last one.
    fn everybody_tries(&mut self, payment: usize) -> Option<LockSecret> {
        let mut found = None;
        for hop in self.world.forwarders() {
            let Some(edge) = self.world.edge_to(payment, hop) else { continue };
            let (theft, working) = theft::attempt(&mut self.world, edge);
            found = working;
            let (tone, verdict) = match theft.accepted {
                0 => (Tone::Good, "every transaction refused"),
                _ => (Tone::Bad, "and one is accepted"),
            };
            let text = format!(
                "tries to take {}'s payment: {} secret{} known, {} candidate{}, {verdict}",
                payer(payment),
                theft.known,
                plural(theft.known),
                theft.tried,
                plural(theft.tried),
            );
            self.world.say(&theft.thief.clone(), tone, text);
            self.thefts.push(theft);
        }
        found
    }

    /// The receiver's LSP takes the payment instead of forwarding it, if it found a secret that works.
    fn steal(&mut self, payment: usize, secret: Option<LockSecret>) -> Result<bool, StoryError> {
        let thief = self.world.receiver_lsp();
        let Some(edge) = self.world.edge_to(payment, thief) else { return Ok(false) };
        let Some(secret) = secret else { return Ok(false) };
        let Some(transaction) = self.world.edges[edge].claim_unchecked(&secret) else {
            return Ok(false);
        };
        let name = self.world.parties[thief].name.clone();
        let taken = grouped(transaction.output[0].value.to_sat());
        let text = format!("keeps {taken} sat for itself; the receiver gets nothing");
        self.world.say(&name, Tone::Bad, text);
        self.world.settle(edge, &transaction)?;
        self.stolen.insert(payment, name);
        Ok(true)
    }

    /// What was established, unless something is not as the design says.
    fn finish(self) -> Result<Told, Ended> {
        let told = self.facts();
        let verdict = self.check(&told);
        let steps = self.world.steps;
        match verdict {
            Ok(()) => Ok(Told { steps, ..told }),
            Err(error) => Err(Ended { steps, error: Box::new(error) }),
        }
    }

    fn check(&self, told: &Told) -> Result<(), StoryError> {
        let claim = |holds: bool, text: &str| {
            if holds {
                Ok(())
            } else {
                Err(StoryError::Claim(format!("{}: {text}", self.system.name())))
            }
        };
        let same_text = self.invoices.windows(2).all(|pair| pair[0] == pair[1]);
        claim(
            same_text == self.system.reuses_invoice(),
            "payers get the same invoice text where it is reused, and only there",
        )?;
        claim(
            told.payments.iter().all(|payment| payment.payer_has_receipt),
            "every payer is told the secret",
        )?;
        for (payment, facts) in told.payments.iter().enumerate() {
            let stolen = payment > 0 && self.system.theft_expected();
            claim(
                facts.stolen_by.is_some() == stolen && facts.receiver_was_paid != stolen,
                "later payments over one invoice are stolen with hash locks, and only there",
            )?;
        }
        let hops = self.world.forwarders().len();
        claim(
            told.thefts.len() == hops * (self.world.receipts.len() - 1)
                && told
                    .thefts
                    .iter()
                    .all(|theft| (theft.accepted > 0) == self.system.theft_expected()),
            "every hop can take a later payment with hash locks, and none otherwise",
        )?;
        claim(
            self.system.theft_expected()
                || told.thefts.iter().all(|theft| theft.right_secret_accepted == Some(true)),
            "the right secret is accepted by the code that refuses the thief",
        )?;
        claim(
            !self.system.point_locks() || told.thefts.iter().all(|theft| theft.tried > theft.known),
            "thieves try sums and differences too",
        )?;
        claim(
            told.payments.iter().all(|payment| payment.proof.is_some() == self.system.own_points()),
            "every payer has a proof of payment of its own in S5, and only there",
        )?;
        let early: Vec<&str> = self
            .world
            .edges
            .iter()
            .filter(|edge| edge.number > 1 && edge.committed_at < self.back_at)
            .map(|edge| self.world.parties[edge.offerer].name.as_str())
            .collect();
        match self.system.holder() {
            Holder::Nobody => {}
            Holder::SenderLsp => {
                claim(early.is_empty(), "only the payers' money waits for the receiver")?;
            }
            Holder::ReceiverLsp => {
                claim(!early.is_empty(), "the money of the whole route waits for the receiver")?;
            }
        }
        Ok(())
    }

    fn facts(&self) -> Told {
        let (accepted, refused) = self.world.chain.judged();
        let payments = (0..self.world.receipts.len()).map(|payment| {
            let to_receiver = self.world.edge_to(payment, self.world.receiver());
            let first = self.world.edge_to(payment, self.world.forwarders().start);
            PaymentFacts {
                payer: payer(payment),
                amount_sat: self.args.amount_sat,
                locked_sat: first.map_or(0, |edge| self.world.edges[edge].terms().amount.to_sat()),
                payer_has_receipt: self.world.receipts[payment],
                receiver_was_paid: to_receiver
                    .is_some_and(|edge| self.world.edges[edge].settled_at.is_some()),
                stolen_by: self.stolen.get(&payment).cloned(),
                proof: self.proofs[payment].clone(),
            }
        });
        let end = self.world.chain.height();
        let locked = self.world.edges.iter().map(|edge| Locked {
            payment: edge.payment + 1,
            party: self.world.parties[edge.offerer].name.clone(),
            amount_sat: edge.terms().amount.to_sat(),
            blocks: edge.settled_at.unwrap_or(end) - edge.committed_at,
        });
        Told {
            system: self.system,
            title: self.system.title(),
            lock: if self.system.point_locks() { "point" } else { "hash" },
            invoices: self.invoices.clone(),
            payments: payments.collect(),
            locked: locked.collect(),
            learned: self.learned(),
            thefts: self.thefts.clone(),
            minimal_thieves: Vec::new(),
            accepted,
            refused,
            steps: Vec::new(),
        }
    }

    /// What each party knew at the end, by payment.
    fn learned(&self) -> Vec<Learned> {
        let parties = self.world.parties.iter().map(|party| {
            let mut by_payment: BTreeMap<Option<usize>, Vec<String>> = BTreeMap::new();
            for known in party.view().secrets() {
                let (payment, what) = self.describe(&known.source, &known.secret);
                let list = by_payment.entry(payment).or_default();
                if !list.contains(&what) {
                    list.push(what);
                }
            }
            let secrets = by_payment.into_iter().map(|(payment, list)| match payment {
                Some(payment) => format!("{}: {}", payer(payment), list.join(", ")),
                None => list.join(", "),
            });
            Learned { party: party.name.clone(), secrets: secrets.collect() }
        });
        let vault = Learned {
            party: "vault".to_owned(),
            secrets: self
                .vault
                .invoices
                .values()
                .map(|_| "the invoice, no secret".to_owned())
                .collect(),
        };
        parties.chain([vault].into_iter().filter(|_| self.system.reuses_invoice())).collect()
    }

    fn describe(&self, source: &SecretSource, secret: &LockSecret) -> (Option<usize>, String) {
        let is_preimage = matches!(secret, LockSecret::Preimage(_));
        let edge = |contract: &bitcoin::OutPoint| {
            self.world.edges.iter().find(|edge| edge.outpoint() == *contract)
        };
        match source {
            SecretSource::Payment { .. } if is_preimage => (None, "the preimage".to_owned()),
            SecretSource::Payment { .. } => (None, "z".to_owned()),
            SecretSource::PointSecret { .. } => (None, "z(x)".to_owned()),
            SecretSource::Coefficient { index, .. } => (None, format!("z{}", subscript(*index))),
            SecretSource::DrawnBlind { hop, .. } => (None, format!("y{}", subscript(*hop))),
            SecretSource::Blind { incoming } => match edge(incoming) {
                Some(edge) => (Some(edge.payment), format!("y{}", subscript(edge.number))),
                None => (None, "y".to_owned()),
            },
            SecretSource::FinalBlind { incoming } => {
                (edge(incoming).map(|edge| edge.payment), "Y".to_owned())
            }
            SecretSource::HeldBlind { hold } => (self.payment_of(hold), "y₁ + h".to_owned()),
            SecretSource::Release { hold } => (self.payment_of(hold), "h".to_owned()),
            SecretSource::Lock { .. } if is_preimage => (None, "the preimage".to_owned()),
            SecretSource::Lock { contract } => match edge(contract) {
                Some(edge) => (Some(edge.payment), format!("l{}", subscript(edge.number))),
                None => (None, "l".to_owned()),
            },
        }
    }

    fn payment_of(&self, hold: &pointlock::hold::HoldId) -> Option<usize> {
        let source = SecretSource::Release { hold: *hold };
        (0..self.world.receipts.len())
            .find(|payer| self.world.parties[*payer].view().get(source).is_some())
    }
}

fn payer(payment: usize) -> String {
    format!("payer_{}", payment + 1)
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn invoice_error(hop: &str, source: InvoiceError) -> StoryError {
    StoryError::Invoice { hop: hop.to_owned(), source: Box::new(source) }
}
