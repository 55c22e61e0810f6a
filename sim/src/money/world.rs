use std::collections::{BTreeMap, BTreeSet};

use pointlock::lock::LockSecret;
use pointlock::onion::blinded::BlindedPath;
use pointlock::payment::{
    AttemptSeed, FailureMessage, ForwarderEvent, ForwardingPolicy, HoldPlan, HopBlinds, NodeAction,
    OfferOrigin, PartOrder, Payer, PayerSeed, Payment, Proposal, ReceiverEvent, SenderEvent, Tail,
};

use super::blocks::Broadcast;
use super::coalition::Known;
use super::setting::node_name;
use super::{Ending, Pay, Setting, Step, Tamper};
use crate::{
    Chain, Contract, Delivery, Opening, OpeningKind, Published, Sim, SimError, Standing, Who,
};

const NOW: u64 = 1_790_000_000;
/// What every invoice asks for at least.
pub(super) const LEAST_MSAT: u64 = 20_000_000;
/// More than any history needs; a node that wants something again and again ends here.
const MOST_ACTIONS: usize = 5_000;

/// The nodes, the chain, and what lies between neighbours that do not all play fair.
pub(super) struct World<C: Chain> {
    pub(super) sim: Sim<C>,
    pub(super) setting: Setting,
    pub(super) stalled: BTreeSet<Who>,
    published: Option<Published>,
    /// Offers that a stalling node has not answered.
    pub(super) offers: Vec<Waiting>,
    /// For what each contract was offered.
    pub(super) origins: BTreeMap<usize, OfferOrigin>,
    /// Secrets that were given to an offerer which does not take them.
    pub(super) given: BTreeMap<usize, LockSecret>,
    /// Failures that were.
    pub(super) failed: BTreeMap<usize, FailureMessage>,
    /// All that was ever offered.
    pub(super) offered: Vec<Delivery>,
    /// Transactions on their way into a block.
    pub(super) mempool: Vec<Broadcast>,
    /// What is in the block of each height that may still be taken back.
    pub(super) blocks: BTreeMap<u32, Vec<Broadcast>>,
    /// The greatest height that there was.
    pub(super) top: u32,
    /// What each payment was ordered with, by its number.
    pub(super) orders: BTreeMap<usize, Pay>,
    pub(super) tamper: Option<Tamper>,
    /// What the coalition knows.
    pub(super) known: Known,
    /// What happened, in words.
    pub(super) story: Vec<String>,
    /// What honest roles refused.
    pub(super) refused: Vec<String>,
}

/// An offer that was not answered.
pub(super) struct Waiting {
    pub(super) by: Who,
    pub(super) to: Who,
    pub(super) origin: OfferOrigin,
    pub(super) proposal: Proposal,
}

impl<C: Chain> World<C> {
    pub(super) fn new(setting: &Setting, chain: C) -> Result<Self, SimError<C::Refused>> {
        let top = chain.height();
        let sim = setting.scenario().start(chain);
        let mut world = Self {
            sim,
            setting: setting.clone(),
            stalled: BTreeSet::new(),
            published: None,
            offers: Vec::new(),
            origins: BTreeMap::new(),
            given: BTreeMap::new(),
            failed: BTreeMap::new(),
            offered: Vec::new(),
            mempool: Vec::new(),
            blocks: BTreeMap::new(),
            top,
            orders: BTreeMap::new(),
            tamper: None,
            known: Known::default(),
            story: Vec::new(),
            refused: Vec::new(),
        };
        world.publish()?;
        Ok(world)
    }

    fn publish(&mut self) -> Result<(), SimError<C::Refused>> {
        let sim = &mut self.sim;
        let opening = Opening::draw(self.setting.lock, &mut sim.entropy);
        let opening = opening.expect("k is in range");
        let builder = opening.builder(NOW).description("tea").amount_msat(LEAST_MSAT);
        let paths = usize::from(self.setting.on_path > 0);
        let builder = if paths == 0 {
            builder
        } else {
            let vault = [(sim.node_id(sim.receiver_lsp()), [0; 0])];
            let vault =
                BlindedPath::build(sim.entropy.secret(), &vault).expect("a path of one hop");
            builder.offer_paths(&[vault.0])
        };
        let published = sim.sign(opening, builder, paths)?;
        sim.receive(published.event())?;
        self.published = Some(published);
        Ok(())
    }

    pub(super) fn is_honest(&self, who: Who) -> bool {
        self.setting.is_honest(who)
    }

    pub(super) fn tell(&mut self, text: impl FnOnce() -> String) {
        let height = self.sim.chain.height();
        self.story.push(format!("{height}  {}", text()));
    }

    /// What an honest role refuses is kept; a dishonest one's own opinion of what it is told is nobody's business.
    pub(super) fn heeded(&mut self, who: Who, told: Result<(), SimError<C::Refused>>) -> bool {
        let Err(error) = told else { return true };
        if self.is_honest(who) {
            self.refused.push(error.to_string());
            self.tell(|| format!("{} refuses: {error}", node_name(who)));
        }
        false
    }

    pub(super) fn open(&self, contract: usize) -> bool {
        self.sim.contracts[contract].standing == Standing::Open
    }

    /// The contracts that are open and pass, by their numbers.
    pub(super) fn open_where(&self, which: impl Fn(&Contract) -> bool) -> Vec<usize> {
        let contracts = self.sim.contracts.iter().enumerate();
        contracts
            .filter(|(_, contract)| contract.standing == Standing::Open && which(contract))
            .map(|(number, _)| number)
            .collect()
    }

    pub(super) fn stalls(&self, who: Who) -> bool {
        self.stalled.contains(&who)
    }

    pub(super) fn step(&mut self, step: &Step) {
        self.tell(|| format!("> {step}"));
        match step {
            Step::Pay(pay) => self.pay(pay),
            Step::Retry { attempt, over } => self.retry(*attempt, over),
            Step::Do(number) => self.do_first(*number),
            Step::Run => self.run(),
            Step::RunSome(count) => (0..*count).for_each(|_| self.do_first(0)),
            Step::Stall(who) => {
                if !self.is_honest(*who) {
                    self.stalled.insert(*who);
                }
            }
            Step::GoOn(who) => self.go_on(*who),
            Step::Answer(number) => self.answer(*number, true),
            Step::Decline(number) => self.answer(*number, false),
            Step::Take(number) => self.take(*number),
            Step::Lose(number) => self.lose(*number),
            Step::Mine { blocks, slow } => (0..*blocks).for_each(|_| self.block(*slow)),
            Step::MineTo { contract, offset } => self.mine_to(*contract, *offset),
            Step::Reorganise(depth) => self.reorganise(*depth),
            Step::Crash(who) => {
                let told = self.sim.restart_one(*who);
                self.heeded(*who, told);
            }
            Step::Read => drop(self.sim.read_mail()),
            Step::LoseMail => self.sim.mailbox.clear(),
            Step::MailTwice => {
                let again = self.sim.mailbox.clone();
                self.sim.mailbox.extend(again);
                let _ = self.sim.read_mail();
            }
            Step::Answers => drop(self.sim.deliver_answers()),
            Step::LoseAnswers => self.sim.answers.clear(),
            Step::PartsTimeOut => self.parts_time_out(),
            Step::Claim { on_chain } => self.claim_all(*on_chain),
            Step::TakeBack => self.take_all_back(),
            Step::Fail(number) => self.fail_back(*number),
            Step::Tamper(tamper) => self.tamper = Some(*tamper),
            Step::Again { offer, by } => self.offer_again(*offer, *by),
        }
    }

    fn pay(&mut self, pay: &Pay) {
        if self.setting.lock == OpeningKind::Hash && !self.orders.is_empty() {
            let published = self.publish();
            if !self.heeded(Who::Receiver, published) {
                return;
            }
        }
        let Some(published) = self.published.clone() else { return };
        let count = pay.routes.len() as u64;
        let each = pay.amount_msat / count;
        let mut parts = Vec::new();
        for (index, over) in pay.routes.iter().enumerate() {
            let first = if index == 0 { pay.amount_msat - each * (count - 1) } else { each };
            parts.push(self.part(first, over, pay));
        }
        let seed = PayerSeed::new(self.sim.entropy.bytes());
        let own_point = matches!(self.setting.lock, OpeningKind::Polynomial { .. });
        let order = Payment {
            hold: pay.hold.map(|blocks| HoldPlan { hop: 1, blocks }),
            hop_blinds: if pay.explicit { HopBlinds::Explicit } else { HopBlinds::Derived },
            payer: own_point.then_some(Payer { seed, note: None }),
            ..self.sim.order(published.invoice, parts, NOW)
        };
        let before = self.sim.payments.len();
        // An order that can't be carried out is refused as a whole.
        if let Err(error) = self.sim.tell_sender(pay.sender, SenderEvent::Pay(order)) {
            self.tell(|| format!("{} does not pay: {error}", node_name(Who::Sender(pay.sender))));
        }
        if self.sim.payments.len() > before {
            self.orders.insert(before, pay.clone());
        }
    }

    /// A part over these forwarders.
    fn part(&mut self, amount_msat: u64, over: &[usize], pay: &Pay) -> PartOrder {
        let count = self.setting.forwarders.len();
        let path = (pay.path && self.setting.on_path > 0).then_some(0);
        let end = match path {
            Some(_) => Who::Forwarder(count + 1 - self.setting.on_path),
            None => Who::Receiver,
        };
        let chosen: Vec<Who> = over.iter().map(|number| Who::Forwarder(*number)).collect();
        let tail = match (pay.trampoline, path) {
            (true, path) => Tail::Trampoline { budget: self.budget(), path },
            (false, Some(path)) => Tail::Path(path),
            (false, None) => Tail::Receiver,
        };
        PartOrder {
            amount_msat,
            forwarders: self.sim.hops(&chosen, end),
            tail,
            seed: AttemptSeed::new(self.sim.entropy.bytes()),
        }
    }

    /// What all forwarders together ask for, twice.
    pub(super) fn budget(&self) -> ForwardingPolicy {
        let none = ForwardingPolicy {
            fee_base_msat: 0,
            fee_proportional_millionths: 0,
            cltv_expiry_delta: 0,
        };
        self.setting.forwarders.iter().fold(none, |sum, policy| ForwardingPolicy {
            fee_base_msat: sum.fee_base_msat + 2 * policy.fee_base_msat + 2,
            fee_proportional_millionths: sum.fee_proportional_millionths
                + 2 * policy.fee_proportional_millionths
                + 2,
            cltv_expiry_delta: sum.cltv_expiry_delta + policy.cltv_expiry_delta,
        })
    }

    fn retry(&mut self, number: usize, over: &[usize]) {
        let own: Vec<_> =
            self.sim.attempts.iter().filter(|attempt| attempt.tail_of.is_none()).copied().collect();
        if own.is_empty() {
            return;
        }
        let attempt = own[number % own.len()];
        let Some(pay) = self.orders.get(&attempt.payment).cloned() else { return };
        let count = pay.routes.len() as u64;
        let each = pay.amount_msat / count;
        let first = pay.amount_msat - each * (count - 1);
        let amount_msat = if attempt.part == 0 { first } else { each };
        let mut over = over.to_vec();
        if let (Some(_), Some(holder)) = (pay.hold, pay.routes[0].first()) {
            over.retain(|number| number != holder);
            over.insert(0, *holder);
        }
        let order = self.part(amount_msat, &over, &pay);
        let height = self.sim.chain.height();
        let event = SenderEvent::Retry { attempt: attempt.id, order, height };
        if let Err(error) = self.sim.tell_sender(pay.sender, event) {
            self.tell(|| format!("does not try again: {error}"));
        }
    }

    /// The numbers of the tasks whose nodes do something.
    fn doable(&self) -> Vec<usize> {
        let tasks = self.sim.tasks.iter().enumerate();
        tasks.filter(|(_, (who, _))| !self.stalls(*who)).map(|(number, _)| number).collect()
    }

    fn do_first(&mut self, number: usize) {
        let doable = self.doable();
        if doable.is_empty() {
            return;
        }
        if let Some((who, action)) = self.sim.tasks.remove(doable[number % doable.len()]) {
            self.carry_out(who, action);
        }
    }

    pub(super) fn run(&mut self) {
        for _ in 0..MOST_ACTIONS {
            let next = self.sim.tasks.iter().position(|(who, _)| !self.stalls(*who));
            if let Some((who, action)) = next.and_then(|next| self.sim.tasks.remove(next)) {
                self.carry_out(who, action);
            } else if !matches!(self.sim.hand_over_again(), Ok(true)) {
                return;
            }
        }
        panic!("a node wants something again and again");
    }

    fn go_on(&mut self, who: Who) {
        self.stalled.remove(&who);
        for waiting in std::mem::take(&mut self.offers) {
            if waiting.to == who {
                self.commit(waiting);
            } else {
                self.offers.push(waiting);
            }
        }
        let takes = |world: &Self, number: &usize| world.sim.contracts[*number].offerer == who;
        let given: Vec<usize> = self
            .given
            .keys()
            .chain(self.failed.keys())
            .filter(|n| takes(self, n))
            .copied()
            .collect();
        given.into_iter().for_each(|number| self.take_this(number));
    }

    fn lose(&mut self, number: usize) {
        let tasks = self.sim.tasks.iter().enumerate();
        let own = tasks.filter(|(_, (who, _))| self.stalls(*who)).map(|(number, _)| number);
        let own: Vec<usize> = own.collect();
        if !own.is_empty() {
            self.sim.tasks.remove(own[number % own.len()]);
        }
    }

    fn parts_time_out(&mut self) {
        for contract in self.open_where(|contract| contract.claimer == Who::Receiver) {
            let incoming = self.sim.contracts[contract].edge_id();
            if self.sim.receiver.role().has_incoming(&incoming) {
                let told = self.sim.receive(ReceiverEvent::PartsTimedOut { incoming });
                self.heeded(Who::Receiver, told);
            }
        }
    }

    /// All others are as the history left them; what is to be done about the coalition, time does.
    pub(super) fn end(&mut self) {
        let ending = self.setting.ending;
        self.tell(|| format!("> the end, and the coalition is {}", ending.name()));
        let colluding: Vec<Who> = self.setting.colluding.iter().copied().collect();
        for who in colluding {
            match ending {
                Ending::Kind => self.go_on(who),
                Ending::Silent => drop(self.stalled.insert(who)),
                Ending::Greedy => {}
            }
        }
        self.run();
        let expiry = |contract: &Contract| contract.terms().expiry;
        // Behind the last expiry: the grace, S for a refund, six confirmations; twice, since one may wait for another.
        const BEHIND: u32 = 50;
        for _ in 0..3_000 {
            let of_honest = |contract: &Contract| {
                self.is_honest(contract.offerer) || self.is_honest(contract.claimer)
            };
            let open = self.open_where(of_honest);
            let last = open.iter().map(|number| expiry(&self.sim.contracts[*number])).max();
            let Some(last) = last else { break };
            if self.offers.is_empty() && self.sim.chain.height() > last + BEHIND {
                break;
            }
            if ending == Ending::Greedy {
                self.take_all_back();
                self.claim_all(true);
            }
            self.block(ending == Ending::Greedy);
        }
        self.run();
    }

    pub(super) fn find_route(&mut self, who: Who, action: NodeAction) {
        let NodeAction::FindRoute { incoming, .. } = action else { return };
        let Who::Forwarder(number) = who else { return };
        if self.sim.carry_out(who, action).is_err() {
            let told = self.sim.forwarder(number, ForwarderEvent::NoRoute { incoming });
            self.heeded(who, told);
        }
    }
}
