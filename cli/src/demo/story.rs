use std::collections::BTreeMap;

use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::proof::{Challenge, PaymentProof, ProofRequest, Verifier};
use pointlock::invoice::{
    ChainHash, InvoiceError, Offer, OfferBuilder, PaymentLock, StaticInvoice, StaticInvoiceBuilder,
};
use pointlock::lock::{LockSecret, Preimage};
use pointlock::payment::{
    HoldPlan, HopBlinds, Payee, Payer, PayerSeed, Payment, ReceiverEvent, ReceiverPaths,
};

use super::Args;
use super::error::StoryError;
use super::facts::{Step, Theft, Told, Tone};
use super::system::{Holder, Rails, Setting, System};
use super::theft;
use super::world::{MIN_FINAL_DELTA, World, grouped};

/// The time at the start, in seconds since 1970, and how long a block takes.
const START_TIME: u64 = 1_790_000_000;
const BLOCK_SECONDS: u64 = 600;
/// k: as many payments as there can be payers.
pub(super) const SLOTS: usize = 9;
/// Blocks between one payer and the next.
const BETWEEN_PAYERS: u32 = 3;

pub(super) struct Story<'a> {
    pub(super) system: System,
    pub(super) setting: Setting,
    pub(super) args: &'a Args,
    pub(super) world: World,
    start_height: u32,
    pub(super) vault: Vault,
    /// What the payers of BOLT 12 have from the receiver itself.
    offer: Option<Offer>,
    pub(super) invoices: Vec<String>,
    pub(super) invoice_names_receiver_lsp: bool,
    /// For each payment, the payer's proof of it, as `Told` has it.
    pub(super) proofs: Vec<Option<String>>,
    pub(super) thefts: Vec<Theft>,
    pub(super) stolen: BTreeMap<usize, String>,
    pub(super) back_at: u32,
}

/// The invoice server: it hands out one text and learns nothing else.
#[derive(Default)]
pub(super) struct Vault {
    pub(super) invoices: BTreeMap<&'static str, String>,
}

const DESCRIPTION: &str = "coffee, any number of them";
const HANDLE: &str = "receiver@vault.example";

/// A story that did not end as the design says: what happened until then, and why.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) steps: Vec<Step>,
    pub(super) error: Box<StoryError>,
}

/// Plays one system.
pub(super) fn tell(setting: Setting, args: &Args) -> Result<Told, Ended> {
    let mut world = World::new(
        usize::from(args.payers),
        usize::from(args.routers),
        args.fault.clone(),
        args.seed,
    );
    if setting.rails == Rails::Bolt12 {
        // The receiver's LSP and the node before it; the payer's own LSP is the payer's choice.
        world.on_path = 2.min(world.forwarders().len() - 1);
    }
    let mut story = Story {
        start_height: world.chain.height(),
        system: setting.system,
        setting,
        args,
        world,
        vault: Vault::default(),
        offer: None,
        invoices: Vec::new(),
        invoice_names_receiver_lsp: false,
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
        if self.setting.rails == Rails::Bolt12 {
            self.make_offer()?;
        }
        let text = self.publish()?;
        let what = match self.setting.rails {
            Rails::Bolt12 => "a static invoice for its offer",
            Rails::Direct | Rails::Lnurl => "an invoice",
        };
        let left =
            format!("leaves {what} ({} characters) with the vault, goes offline", text.len());
        self.world.say("receiver", Tone::Plain, left);
        self.vault.invoices.insert(HANDLE, text);
        let returns_at = self.world.chain.height() + self.args.offline_blocks;
        for payment in 0..self.world.receipts.len() {
            self.world.mine(BETWEEN_PAYERS)?;
            let text = self.vault.invoices[HANDLE].clone();
            let fetches = match self.setting.rails {
                Rails::Bolt12 => {
                    "gets the invoice for the receiver's offer from the vault".to_owned()
                }
                Rails::Direct | Rails::Lnurl => {
                    format!("fetches the invoice of {HANDLE} from the vault")
                }
            };
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
        let releases = format!("releases the payment of {}: sends h to the holder", payer(payment));
        self.world.say("receiver", Tone::Plain, releases);
        if !self.world.read_mail(payment)? {
            let nothing = format!("no message announces payment {}", payment + 1);
            return Err(StoryError::Claim(nothing));
        }
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
            let lock = PaymentLock::Points(polynomial.payment_points());
            let (invoice, paths) = self.sign_invoice(lock)?;
            let text = invoice.to_string();
            let event = ReceiverEvent::PublishedPolynomial { invoice, polynomial, paths };
            self.world.receive(event)?;
            return Ok(text);
        }
        let (lock, secret) = if self.system.point_locks() {
            let z = self.world.secret();
            (PaymentLock::from(z.to_point()), LockSecret::Scalar(z))
        } else {
            let preimage = Preimage::new(entropy);
            (PaymentLock::Hash(preimage.hash()), LockSecret::Preimage(preimage))
        };
        let (invoice, paths) = self.sign_invoice(lock)?;
        let text = invoice.to_string();
        self.world.receive(ReceiverEvent::Published { invoice, secret, paths })?;
        Ok(text)
    }

    /// What the receiver hands out itself, once: the vault can't put an invoice of its own in the place of the receiver's for
    /// a payer who has it.
    fn make_offer(&mut self) -> Result<(), StoryError> {
        let path = self.world.path_to_vault()?;
        let offer = OfferBuilder::new()
            .amount_msat(self.args.amount_sat * 1_000)
            .description(DESCRIPTION)
            .paths(&[path])
            .issuer_id(&self.world.receiver_key.public_key())
            .build()
            .map_err(|source| invoice_error("receiver", source))?;
        let text = format!("hands out an offer ({} characters)", offer.to_string().len());
        self.world.say("receiver", Tone::Plain, text);
        self.offer = Some(offer);
        Ok(())
    }

    fn sign_invoice(
        &mut self,
        lock: PaymentLock,
    ) -> Result<(StaticInvoice, ReceiverPaths), StoryError> {
        let now = self.now();
        let (builder, blinded) = match &self.offer {
            Some(offer) => (StaticInvoiceBuilder::for_offer(offer, lock, now), 1),
            None => {
                let builder = StaticInvoiceBuilder::new(lock, now).description(DESCRIPTION);
                // A least amount, so that burning the slots of a polynomial costs money.
                (builder.amount_msat(self.args.amount_sat * 1_000), 0)
            }
        };
        let (invoice, paths) = self.world.sign_invoice(builder, blinded)?;
        let lsp = self.world.parties[self.world.receiver_lsp()].node_id.to_bytes();
        let mut windows = invoice.as_bytes().windows(lsp.len());
        self.invoice_names_receiver_lsp = windows.any(|window| window == lsp);
        Ok((invoice, paths))
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
        if let Some(offer) = &self.offer {
            invoice.verify_offer(offer).map_err(|source| invoice_error(&payer, source))?;
        }
        let blocks = self.args.offline_blocks.saturating_mul(2).max(288);
        let (way, parts) = (self.setting.way(), self.setting.parts(payment, self.args));
        if let Some(text) = self.route_text(parts) {
            self.world.say(&payer, Tone::Plain, text);
        }
        let amount_msat = self.args.amount_sat * 1_000;
        let each = amount_msat / parts as u64;
        let mut orders: Vec<_> = (1..parts).map(|_| self.world.part(each, way)).collect();
        orders.push(self.world.part(amount_msat - each * (parts as u64 - 1), way));
        let order = Payment {
            invoice,
            payee: Payee::Known(self.world.receiver_key.public_key()),
            amount_msat,
            parts: orders,
            min_final_delta: MIN_FINAL_DELTA,
            hold: hop.map(|hop| HoldPlan { hop, blocks }),
            hop_blinds: HopBlinds::Derived,
            cancellable: None,
            payer: self.system.own_points().then(|| Payer {
                seed: PayerSeed::new(self.world.entropy()),
                note: Some(format!("for coffee {}", payment + 1).into_bytes()),
            }),
            height: self.world.chain.height(),
            unix_time: self.now(),
        };
        self.world.pay(payment, order, way)
    }

    /// What the payer knows of the way, where that is not all of it.
    fn route_text(&self, parts: usize) -> Option<String> {
        let way = self.setting.way();
        way.path?;
        let forwarders = self.world.forwarders();
        let name = |party: usize| self.world.parties[party].name.as_str();
        Some(if way.delegate.is_some() {
            let pays = if parts > 1 { format!("pays in {parts} parts; ") } else { String::new() };
            format!(
                "{pays}knows the way as far as {}, and leaves the rest to it",
                name(forwarders.start)
            )
        } else {
            let introduction = name(forwarders.end - self.world.on_path);
            format!(
                "knows the way as far as {introduction}, where the receiver's blinded path begins"
            )
        })
    }

    /// The claims of a payment, from the receiver back to its payer. Before each, the same code by which thieves try is given
    /// the right secret.
    fn claim(&mut self, payment: usize) -> Result<(), StoryError> {
        self.world.control = Some(Vec::new());
        self.world.run_claims()?;
        let accepted = self.world.control.take().unwrap_or_default();
        for theft in self.thefts.iter_mut().filter(|theft| theft.payment == payment + 1) {
            let right = (theft.thief.clone(), theft.part - 1);
            theft.right_secret_accepted = Some(accepted.contains(&right));
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
        let request = ProofRequest {
            verifier: Verifier::named("shop.example"),
            challenge: Challenge::new(self.world.entropy()),
        };
        let proof = self.world.prove(payment, &request)?;
        // As the verifier gets it.
        let proof = PaymentProof::from_bytes(&proof.to_bytes()).map_err(|source| {
            StoryError::Claim(format!("{}: its proof of payment is none: {source}", payer(payment)))
        })?;
        let issuer = self.world.receiver_key.public_key();
        let proven = proof.verify(&issuer, &request).map_err(|source| {
            StoryError::Claim(format!("{}: its proof of payment fails: {source}", payer(payment)))
        })?;
        let others = [
            ProofRequest { verifier: Verifier::named("bank.example"), ..request },
            ProofRequest { challenge: Challenge::new(self.world.entropy()), ..request },
        ];
        if others.iter().any(|other| proof.verify(&issuer, other).is_ok())
            || proven.terms.amount_msat != self.args.amount_sat * 1_000
        {
            return Err(StoryError::Claim("a proof of payment proves something else".to_owned()));
        }
        let text = format!(
            "proves to a verifier that it paid {} sat, and keeps z(x) to itself",
            grouped(self.args.amount_sat)
        );
        self.world.say(&payer(payment), Tone::Good, text);
        self.proofs[payment] = Some(hex::encode(proof.to_bytes()));
        Ok(())
    }

    /// Every forwarder tries to take the payment with what it knows by now. The consensus code judges; nothing is broadcast.
    /// Gives the secret that worked for the receiver's LSP, the last one.
    fn everybody_tries(&mut self, payment: usize) -> Option<LockSecret> {
        let mut found = None;
        for hop in self.world.forwarders() {
            for edge in self.world.edges_to(payment, hop) {
                let (theft, working) = theft::attempt(&mut self.world, edge);
                found = working;
                let (tone, verdict) = match theft.accepted {
                    0 => (Tone::Good, "every transaction refused"),
                    _ => (Tone::Bad, "and one is accepted"),
                };
                let part = match self.world.payments[payment].parts {
                    1 => String::new(),
                    _ => format!(", part {}", theft.part),
                };
                let text = format!(
                    "tries to take {}'s payment{part}: {} secret{} known, {} candidate{}, {verdict}",
                    payer(payment),
                    theft.known,
                    plural(theft.known),
                    theft.tried,
                    plural(theft.tried),
                );
                self.world.say(&theft.thief.clone(), tone, text);
                self.thefts.push(theft);
            }
        }
        found
    }

    /// The receiver's LSP takes the payment instead of forwarding it, if it found a secret that works.
    fn steal(&mut self, payment: usize, secret: Option<LockSecret>) -> Result<bool, StoryError> {
        let thief = self.world.receiver_lsp();
        let Some(edge) = self.world.edges_to(payment, thief).pop() else { return Ok(false) };
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
}

pub(super) fn payer(payment: usize) -> String {
    format!("payer_{}", payment + 1)
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn invoice_error(hop: &str, source: InvoiceError) -> StoryError {
    StoryError::Invoice { hop: hop.to_owned(), source: Box::new(source) }
}
