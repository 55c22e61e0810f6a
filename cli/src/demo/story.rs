use std::collections::BTreeMap;

use pointlock::invoice::proof::{Challenge, PayerProof, ProofRequest, Verifier};
use pointlock::invoice::{ChainHash, InvoiceError, Offer, OfferBuilder, StaticInvoice};
use pointlock::lock::LockSecret;
use pointlock::payment::{HoldPlan, Payer, PayerSeed, Payment};
use pointlock_sim::{Chain as _, Holder, OneFault, Opening, Published, System, Who};

use super::Args;
use super::facts::{Step, Theft, Told, Tone};
use super::system::{Rails, Setting};
use super::theft;
use crate::narration::{Stage, StoryError, grouped, path_to_vault};

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
    pub(super) stage: Stage,
    fault: Option<OneFault>,
    pub(super) start_height: u32,
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

/// The forwarders, in their order.
fn route(args: &Args) -> Vec<String> {
    let routers = (1..=args.routers).map(|number| match number {
        1 => "router".to_owned(),
        _ => format!("router_{number}"),
    });
    let [first, last] = ["sender_lsp", "receiver_lsp"].map(|name| [name.to_owned()].into_iter());
    first.chain(routers).chain(last).collect()
}

/// All who take part in every system.
pub(super) fn parties(args: &Args) -> Vec<String> {
    let payers = (0..usize::from(args.payers)).map(payer);
    payers.chain(route(args)).chain(["receiver".to_owned()]).collect()
}

/// Plays one system.
pub(super) fn tell(setting: Setting, args: &Args) -> Result<Told, Ended> {
    let route = route(args);
    // The receiver's LSP and the node before it; the payer's own LSP is the payer's choice.
    let on_path = if setting.rails == Rails::Bolt12 { 2.min(route.len() - 1) } else { 0 };
    let stage = Stage::new(usize::from(args.payers), route, on_path, args.seed);
    let mut story = Story {
        start_height: stage.sim.chain.height(),
        fault: None,
        system: setting.system,
        setting,
        args,
        stage,
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
        Err(error) => Err(Ended { steps: story.stage.into_steps(), error: Box::new(error) }),
    }
}

impl Story<'_> {
    fn play(&mut self) -> Result<(), StoryError> {
        if let Some(fault) = &self.args.fault {
            self.fault = Some(fault.plug_in(&mut self.stage)?);
        }
        if self.system.reuses_invoice() {
            self.offline()?;
        } else {
            self.online()?;
        }
        match (&self.args.fault, &self.fault) {
            (Some(fault), Some(plugged_in)) => fault.check(plugged_in),
            _ => Ok(()),
        }
    }

    /// S1: for every payment a fresh invoice, and the receiver is there.
    fn online(&mut self) -> Result<(), StoryError> {
        for payment in 0..usize::from(self.args.payers) {
            let text = self.publish()?;
            let invoice_for = format!("gives payer_{} a fresh invoice", payment + 1);
            self.stage.say("receiver", Tone::Plain, invoice_for);
            self.invoices.push(text.clone());
            self.intercept(payment > 0);
            self.pay(payment, &text)?;
            if payment > 0 {
                self.everybody_tries(payment);
                self.stage.act(|sim| sim.resume(|_| true))?;
            }
            self.claim(payment)?;
            self.mine(BETWEEN_PAYERS)?;
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
        let good_for = match self.system.own_points() {
            true => format!(" for k = {SLOTS} payments"),
            false => String::new(),
        };
        let length = text.len();
        let left =
            format!("leaves {what}{good_for} ({length} characters) with the vault, goes offline");
        self.stage.say("receiver", Tone::Plain, left);
        self.vault.invoices.insert(HANDLE, text);
        let returns_at = self.height() + self.args.offline_blocks;
        for payment in 0..usize::from(self.args.payers) {
            self.mine(BETWEEN_PAYERS)?;
            let text = self.vault.invoices[HANDLE].clone();
            let fetches = match self.setting.rails {
                Rails::Bolt12 => {
                    "gets the invoice for the receiver's offer from the vault".to_owned()
                }
                Rails::Direct | Rails::Lnurl => {
                    format!("fetches the invoice of {HANDLE} from the vault")
                }
            };
            self.stage.say(&payer(payment), Tone::Plain, fetches);
            self.invoices.push(text.clone());
            self.pay(payment, &text)?;
            let (holder, why) = self.holder();
            self.stage.say(&holder, Tone::Plain, why.to_owned());
        }
        self.mine(returns_at.saturating_sub(self.height()).max(1))?;
        self.back_at = self.height();
        self.stage.say("receiver", Tone::Plain, "is back online, reads its mail".to_owned());
        for payment in 0..usize::from(self.args.payers) {
            self.receive(payment)?;
        }
        Ok(())
    }

    fn holder(&self) -> (String, &'static str) {
        let hop = self.system.holder().hop(self.stage.hops()).unwrap_or(1);
        let why = if self.system.point_locks() {
            "holds the payment: without h it does not know y₁, so it can't forward"
        } else {
            "holds the payment, as it promised"
        };
        (self.stage.sim.name(Who::Forwarder(hop)).to_owned(), why)
    }

    /// The receiver is back: it takes one of the payments that wait, if nobody is faster.
    fn receive(&mut self, payment: usize) -> Result<(), StoryError> {
        if payment > 0 && self.system.holder() == Holder::ReceiverLsp {
            let secret = self.everybody_tries(payment);
            self.steal(payment, secret)?;
            return self.stage.act(|sim| sim.run_claims(|_| true));
        }
        self.intercept(payment > 0);
        let releases = format!("releases the payment of {}: sends h to the holder", payer(payment));
        let (holder, _) = self.holder();
        self.stage.send("receiver", &holder, "h", releases);
        let announced = self.stage.act(|sim| {
            let read = sim.read_mail_from(Who::Sender(payment))?;
            sim.run()?;
            Ok(read)
        })?;
        if !announced {
            let nothing = format!("no message announces payment {}", payment + 1);
            return Err(StoryError::Claim(nothing));
        }
        if payment > 0 {
            let secret = self.everybody_tries(payment);
            if self.steal(payment, secret)? {
                self.stage.sim.intercepted.clear();
                return self.stage.act(|sim| sim.run_claims(|_| true));
            }
            self.stage.act(|sim| sim.resume(|_| true))?;
        }
        self.claim(payment)
    }

    fn publish(&mut self) -> Result<String, StoryError> {
        let opening = Opening::draw(self.system.opening(SLOTS), &mut self.stage.sim.entropy)
            .map_err(|source| StoryError::Claim(format!("receiver: {source}")))?;
        let published = self.sign_invoice(opening)?;
        self.stage.act(|sim| sim.receive(published.event()))?;
        Ok(published.invoice.to_string())
    }

    /// What the receiver hands out itself, once: the vault can't put an invoice of its own in the place of the receiver's for
    /// a payer who has it.
    fn make_offer(&mut self) -> Result<(), StoryError> {
        let path = path_to_vault(&mut self.stage.sim)?;
        let offer = OfferBuilder::new()
            .amount_msat(self.args.amount_sat * 1_000)
            .description(DESCRIPTION)
            .paths(&[path])
            .issuer_id(&self.stage.sim.node_id(Who::Receiver))
            .build()
            .map_err(|source| invoice_error("receiver", source))?;
        let text = format!("hands out an offer ({} characters)", offer.to_string().len());
        self.stage.say("receiver", Tone::Plain, text);
        self.offer = Some(offer);
        Ok(())
    }

    fn sign_invoice(&mut self, opening: Opening) -> Result<Published, StoryError> {
        let now = self.now();
        let (builder, blinded) = match &self.offer {
            Some(offer) => (opening.builder_for(offer, now), 1),
            None => {
                let builder = opening.builder(now).description(DESCRIPTION);
                // A least amount, so that burning the slots of a polynomial costs money.
                (builder.amount_msat(self.args.amount_sat * 1_000), 0)
            }
        };
        let published = self.stage.act(|sim| sim.sign(opening, builder, blinded))?;
        let lsp = self.stage.sim.node_id(self.stage.sim.receiver_lsp()).to_bytes();
        let mut windows = published.invoice.as_bytes().windows(lsp.len());
        self.invoice_names_receiver_lsp = windows.any(|window| window == lsp);
        Ok(published)
    }

    fn height(&self) -> u32 {
        self.stage.sim.chain.height()
    }

    fn mine(&mut self, blocks: u32) -> Result<(), StoryError> {
        self.stage.act(|sim| {
            sim.mine(blocks)?;
            sim.run()
        })
    }

    /// The receiver's LSP acts before it forwards, or does not.
    fn intercept(&mut self, intercept: bool) {
        let lsp = self.stage.sim.receiver_lsp();
        self.stage.sim.keep.contracts_for = intercept.then_some(lsp);
    }

    fn now(&self) -> u64 {
        let blocks = self.height() - self.start_height;
        START_TIME + u64::from(blocks) * BLOCK_SECONDS
    }

    fn pay(&mut self, payment: usize, text: &str) -> Result<(), StoryError> {
        let payer = payer(payment);
        let invoice = StaticInvoice::decode_at(text, ChainHash::BITCOIN, self.now())
            .map_err(|source| invoice_error(&payer, source))?;
        if let Some(offer) = &self.offer {
            invoice.verify_offer(offer).map_err(|source| invoice_error(&payer, source))?;
        }
        let blocks = self.args.offline_blocks.saturating_mul(2).max(288);
        let (way, parts) = (self.setting.way(), self.setting.parts(payment, self.args));
        if let Some(text) = self.route_text(parts) {
            self.stage.say(&payer, Tone::Plain, text);
        }
        let hop = self.system.holder().hop(self.stage.hops());
        let now = self.now();
        let sim = &mut self.stage.sim;
        let parts = sim.parts(self.args.amount_sat * 1_000, parts, way);
        let order = Payment {
            hold: hop.map(|hop| HoldPlan { hop, blocks }),
            payer: self.system.has_payer_keys().then(|| Payer {
                seed: PayerSeed::new(sim.entropy.bytes()),
                note: Some(format!("for coffee {}", payment + 1).into_bytes()),
            }),
            ..sim.order(invoice, parts, now)
        };
        self.stage.act(|sim| sim.pay(payment, order))
    }

    /// What the payer knows of the way, where that is not all of it.
    fn route_text(&self, parts: usize) -> Option<String> {
        let way = self.setting.way();
        way.path?;
        let name = |hop: usize| self.stage.sim.name(Who::Forwarder(hop));
        Some(if way.finder.is_some() {
            let pays = if parts > 1 { format!("pays in {parts} parts; ") } else { String::new() };
            format!("{pays}knows the way as far as {}, and leaves the rest to it", name(1))
        } else {
            let introduction = name(self.stage.hops() + 1 - self.stage.sim.scenario.on_path);
            format!(
                "knows the way as far as {introduction}, where the receiver's blinded path begins"
            )
        })
    }

    /// The claims of a payment, from the receiver back to its payer. Before each, the same code by which thieves try is given
    /// the right secret.
    fn claim(&mut self, payment: usize) -> Result<(), StoryError> {
        let parts = self.stage.sim.payments[payment].parts;
        if parts > 1 {
            let all = format!("has all {parts} parts, and claims each of them: one claim a block");
            self.stage.say("receiver", Tone::Plain, all);
        }
        let accepted = self.stage.act(|sim| {
            let mut accepted = Vec::new();
            while let Some((number, secret)) = sim.claims.pop_front() {
                if sim.accepts(number, &secret) {
                    let contract = &sim.contracts[number];
                    accepted.push((sim.name(contract.claimer).to_owned(), contract.place.part));
                }
                sim.claim(number, &secret)?;
                sim.run()?;
            }
            Ok(accepted)
        })?;
        for theft in self.thefts.iter_mut().filter(|theft| theft.payment == payment + 1) {
            let right = (theft.thief.clone(), theft.part - 1);
            theft.right_secret_accepted = Some(accepted.contains(&right));
        }
        if self.stage.has_receipt(payment) {
            let ends_with = match self.system {
                System::S5 => "z(x), its own",
                System::S4 => "z",
                System::S3Ldk => "the preimage that it has drawn itself",
                System::S1 | System::S2 | System::S3 => "the preimage",
            };
            self.stage.say(&payer(payment), Tone::Good, format!("has paid, ends with {ends_with}"));
        }
        if self.system.own_points() {
            self.prove(payment)?;
        }
        Ok(())
    }

    /// The payer proves to a verifier that it has paid; to another verifier the proof says nothing.
    fn prove(&mut self, payment: usize) -> Result<(), StoryError> {
        let sim = &mut self.stage.sim;
        let request = ProofRequest {
            verifier: Verifier::named("shop.example"),
            challenge: Challenge::new(sim.entropy.bytes()),
        };
        let (other, aux_rand) = (Challenge::new(sim.entropy.bytes()), sim.entropy.bytes());
        let failed = |what: String| StoryError::Claim(format!("{}: {what}", payer(payment)));
        let id = &sim.payments[payment].id;
        let proof = sim.senders[payment].role().prove(id, &request, &aux_rand);
        let proof = proof.map_err(|source| failed(source.to_string()))?;
        // As the verifier gets it.
        let text = PayerProof::from(proof).to_string();
        let proof = match text.parse() {
            Ok(PayerProof::Points(proof)) => proof,
            Ok(_) => return Err(failed("its proof of payment is of another kind".to_owned())),
            Err(source) => return Err(failed(format!("its proof of payment is none: {source}"))),
        };
        let issuer = sim.node_id(Who::Receiver);
        let proven = proof
            .verify(&issuer, &request)
            .map_err(|source| failed(format!("its proof of payment fails: {source}")))?;
        let others = [
            ProofRequest { verifier: Verifier::named("bank.example"), ..request },
            ProofRequest { challenge: other, ..request },
        ];
        if others.iter().any(|other| proof.verify(&issuer, other).is_ok())
            || proven.terms.amount_msat != self.args.amount_sat * 1_000
        {
            return Err(StoryError::Claim("a proof of payment proves something else".to_owned()));
        }
        let said = format!(
            "proves to a verifier that it paid {} sat, and keeps z(x) to itself",
            grouped(self.args.amount_sat)
        );
        self.stage.say(&payer(payment), Tone::Good, said);
        self.proofs[payment] = Some(text);
        Ok(())
    }

    /// Every forwarder tries to take the payment with what it knows by now. The consensus code judges; nothing is broadcast.
    /// Gives the secret that worked for the receiver's LSP, the last one.
    fn everybody_tries(&mut self, payment: usize) -> Option<LockSecret> {
        let mut found = None;
        for hop in 1..=self.stage.hops() {
            for contract in self.stage.sim.contracts_to(payment, Who::Forwarder(hop)) {
                let (theft, working) = theft::attempt(&mut self.stage.sim, contract);
                found = working;
                let (tone, verdict) = match theft.accepted {
                    0 => (Tone::Good, "every transaction refused"),
                    _ => (Tone::Bad, "and one is accepted"),
                };
                let part = match self.stage.sim.payments[payment].parts {
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
                self.stage.say(&theft.thief.clone(), tone, text);
                self.thefts.push(theft);
            }
        }
        found
    }

    /// The receiver's LSP takes the payment instead of forwarding it, if it found a secret that works.
    fn steal(&mut self, payment: usize, secret: Option<LockSecret>) -> Result<bool, StoryError> {
        let sim = &self.stage.sim;
        let thief = sim.receiver_lsp();
        let Some(number) = sim.contracts_to(payment, thief).pop() else { return Ok(false) };
        let contract = &sim.contracts[number];
        let claim = secret.and_then(|t| contract.claim_unchecked(&t, &contract.claimer_key));
        let Some(claim) = claim else { return Ok(false) };
        let name = sim.name(thief).to_owned();
        let taken = grouped(claim.output[0].value.to_sat());
        let text = format!("keeps {taken} sat for itself; the receiver gets nothing");
        self.stage.say(&name, Tone::Bad, text);
        self.stage.act(|sim| {
            sim.settle_with(number, &claim)?;
            sim.run()
        })?;
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
