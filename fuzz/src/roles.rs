use std::collections::BTreeMap;

use pointlock::contract::LimitsError;
use pointlock::payment::{HoldPlan, HopBlinds, Payer, PayerSeed, Payment, SenderEvent};
use pointlock_sim::{
    Chain, Contract, Fact, Keep, Opening, OpeningKind, PlainChain, Published, Scenario, Settle,
    Sim, SimError, Standing, Way, Who,
};

use crate::input::Input;

const NOW: u64 = 1_790_000_000;
const HEIGHT: u32 = 900_000;

type Refused = SimError<LimitsError>;

struct World {
    sim: Sim<PlainChain>,
    published: Published,
    kind: OpeningKind,
    /// Of each payment that was ordered, what the receiver is to get.
    ordered: Vec<u64>,
    /// Bytes for the entropy of payers, each once.
    payers: u8,
}

/// Input: what there is (5) ‖ steps, each a byte for what is done and a few for with what.
///
/// However the actions of the roles are reordered and their messages lost, repeated or late: at the end no honest node has less than
/// before, but for senders, and these no less than what their payments and the fees of their routes are; the receiver has whole payments;
/// each role is what its events make of it.
pub fn roles(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let Ok(mut world) = World::new(&mut input) else { return false };
    let mut steps = 0;
    while !input.is_empty() && steps < 24 {
        steps += 1;
        // What a role refuses ends the schedule; what it has accepted until then has to come to a good end all the same.
        if world.step(&mut input).is_err() {
            break;
        }
    }
    world.finish();
    world.check();
    world.sim.facts().any(|fact| matches!(fact, Fact::Paid { .. }))
}

fn is_open(contract: &Contract) -> bool {
    contract.standing == Standing::Open
}

impl World {
    fn new(input: &mut Input<'_>) -> Result<Self, Refused> {
        let kind = [OpeningKind::Point, OpeningKind::Hash, OpeningKind::Polynomial { k: 2 }]
            [input.below(3)];
        let blinded = input.below(2);
        let waiting = input.byte();
        let who = [Who::Receiver, Who::Forwarder(1), Who::Forwarder(3)];
        let keep = Keep {
            mail: waiting & 1 != 0,
            answers: waiting & 2 != 0,
            claims: false,
            contracts_for: who.get(usize::from(waiting >> 2 & 3)).copied(),
        };
        let settle = if waiting & 16 == 0 { Settle::OffChain } else { Settle::OnChain };
        let senders = ["alice", "bob"].map(str::to_owned).to_vec();
        let scenario = Scenario { senders, on_path: blinded, keep, settle, ..Scenario::default() };
        let mut sim = scenario.start(PlainChain::new(HEIGHT));
        sim.records = Some(BTreeMap::new());
        let opening = Opening::draw(kind, &mut sim.entropy).expect("k is in range");
        let builder = opening.builder(NOW).description("tea").amount_msat(20_000_000);
        let vault = [(sim.node_id(Who::Forwarder(3)), [0; 0])];
        let vault = pointlock::onion::blinded::BlindedPath::build(sim.entropy.secret(), &vault);
        let builder = match blinded {
            0 => builder,
            _ => builder.offer_paths(&[vault.expect("one hop").0]),
        };
        let published = sim.sign(opening, builder, blinded)?;
        sim.receive(published.event())?;
        Ok(Self { sim, published, kind, ordered: Vec::new(), payers: 0 })
    }

    fn step(&mut self, input: &mut Input<'_>) -> Result<(), Refused> {
        match input.below(9) {
            0 | 1 => self.pay(input),
            2 => {
                // Any of what the roles want, before the rest.
                let count = self.sim.tasks.len();
                if count > 0 {
                    let index = input.below(count);
                    let task = self.sim.tasks.remove(index).expect("there are so many");
                    self.sim.tasks.push_front(task);
                    self.sim.step()?;
                }
                Ok(())
            }
            3 => self.sim.run(),
            4 => {
                self.sim.run()?;
                self.sim.mine(1 + input.below(60) as u32)
            }
            5 => match input.below(3) {
                0 => self.sim.read_mail(),
                1 => {
                    // It comes twice.
                    let again: Vec<_> = self.sim.mailbox.clone();
                    self.sim.mailbox.extend(again);
                    self.sim.read_mail()
                }
                _ => {
                    self.sim.mailbox.clear();
                    Ok(())
                }
            },
            6 => {
                if input.below(2) == 0 {
                    self.sim.answers.clear();
                }
                self.sim.deliver_answers()
            }
            7 => {
                let odd = input.below(2) == 0;
                self.sim.resume(|contract| odd || contract.place.part == 0)
            }
            _ => {
                self.sim.check_replay().unwrap_or_else(|differs| panic!("{differs}"));
                Ok(())
            }
        }
    }

    fn pay(&mut self, input: &mut Input<'_>) -> Result<(), Refused> {
        if self.ordered.len() >= 3 {
            return Ok(());
        }
        let (sender, count) = (input.below(2), 1 + input.below(2));
        let way = Way {
            path: (self.sim.scenario.on_path > 0).then_some(0),
            finder: (input.below(3) == 0).then_some(1),
        };
        let amount_msat = 20_000_000 + 1_000 * input.below(20_000) as u64;
        let hold =
            (input.below(3) == 0).then(|| HoldPlan { hop: 1, blocks: 1 + input.below(100) as u32 });
        let hop_blinds = [HopBlinds::Derived, HopBlinds::Explicit][input.below(2)];
        self.payers += 1;
        let seed = PayerSeed::new([self.payers; 32]);
        let payer = matches!(self.kind, OpeningKind::Polynomial { .. })
            .then_some(Payer { seed, note: None });
        let parts = self.sim.parts(amount_msat, count, way);
        let order = self.sim.order(self.published.invoice.clone(), parts, NOW);
        let order = Payment { hold, hop_blinds, payer, ..order };
        // An order that can't be carried out is refused as a whole: parts under a hash, for example.
        if self.sim.tell_sender(sender, SenderEvent::Pay(order)).is_ok() {
            self.ordered.push(amount_msat);
        }
        Ok(())
    }

    /// All nodes are honest and there again, and time passes until nothing is under way.
    fn finish(&mut self) {
        self.sim.keep = Keep::default();
        for _ in 0..40 {
            let _ = self.sim.resume(|_| true);
            let _ = self.sim.run();
            let open = self.sim.contracts.iter().filter(|contract| is_open(contract));
            // Whoever may take money back first does so, before anybody else's turn comes.
            let Some(next) = open.map(|contract| contract.terms().expiry).min() else { return };
            let _ = self.sim.mine_to(next.max(self.sim.chain.height() + 1));
        }
        let (contracts, height) = (&self.sim.contracts, self.sim.chain.height());
        let open = contracts.iter().find(|contract| is_open(contract));
        panic!("open at {height}: {:?}", open.map(|contract| contract.place));
    }

    fn check(&self) {
        let balances = self.sim.balances();
        let of = |who: Who| balances.get(&who).copied().unwrap_or(0);
        assert_eq!(balances.values().sum::<i64>(), 0, "money is neither made nor lost");
        for number in 1..=self.sim.forwarders.len() {
            assert!(of(Who::Forwarder(number)) >= 0, "N_{number} has lost: {balances:?}");
        }
        // The contracts have whole satoshis, a millisatoshi rounded up in each part.
        let most: i64 = self.ordered.iter().map(|msat| *msat as i64 + 2_000).sum();
        assert!((0..=most).contains(&of(Who::Receiver)), "{balances:?}, {:?}", self.ordered);
        let paid = self.sim.facts().filter(|fact| matches!(fact, Fact::Paid { .. })).count();
        assert!(paid <= self.ordered.len(), "paid {paid} times");
        let spent = -(of(Who::Sender(0)) + of(Who::Sender(1)));
        // A finder's budget, and three forwarders' fees for each of two parts.
        let fees: i64 = self.ordered.iter().map(|msat| 20_000 + *msat as i64 / 1_000).sum();
        assert!(spent <= most + fees, "{spent} msat spent, {most} msat ordered");
        self.sim.check_replay().unwrap_or_else(|differs| panic!("{differs}"));
    }
}
