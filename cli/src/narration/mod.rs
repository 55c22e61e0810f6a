//! What happens in a simulation, in words: what the demonstration and the analysis of thefts share beside the simulator itself.
//!
//! | file | what it does |
//! | --- | --- |
//! | `steps` | a line for each fact that somebody reads |
//! | `error` | what ended a story, and at whose hands |
//! | `systems` | S1 to S5 on the command line |
//! | `text` | numbers and locks |

mod error;
mod steps;
mod systems;
mod text;

use pointlock::onion::blinded::{BlindedPath, RecipientData};
use pointlock::payment::Refusal;
use pointlock_sim::{Chain as _, Fact, Hop, Keep, Scenario, Sim, SimError, Who};

pub(crate) use self::error::StoryError;
pub(crate) use self::steps::{Arrow, ArrowKind, Step, Tone};
pub(crate) use self::systems::parser as system_parser;
pub(crate) use self::text::{grouped, part_mark, subscript};
use crate::chain::{Chain, Refused};

const START_HEIGHT: u32 = 900_000;

/// A simulation, told as it goes.
pub(crate) struct Stage {
    pub(crate) sim: Sim<Chain>,
    steps: Vec<Step>,
    /// How many of the facts have been told.
    told: usize,
}

impl Stage {
    /// Payers, these forwarders in the order of the route, and the receiver, who is offline: mail and claims wait.
    pub(crate) fn new(payers: usize, route: Vec<String>, on_path: usize, seed: u64) -> Self {
        let hop = |name| Hop { name, policy: Scenario::POLICY };
        let scenario = Scenario {
            senders: (1..=payers).map(|number| format!("payer_{number}")).collect(),
            forwarders: route.into_iter().map(hop).collect(),
            others: vec!["vault".to_owned()],
            on_path,
            keep: Keep { mail: true, claims: true, ..Keep::default() },
            seed,
            ..Scenario::default()
        };
        let sim = scenario.start(Chain::new(START_HEIGHT));
        Self { sim, steps: Vec::new(), told: 0 }
    }

    /// Something happens. A payment that is failed back, or a release that is refused, ends the story; so does an error.
    pub(crate) fn act<T>(
        &mut self,
        act: impl FnOnce(&mut Sim<Chain>) -> Result<T, SimError<Refused>>,
    ) -> Result<T, StoryError> {
        let before = self.sim.happened.len();
        let done = self.act_whatever_fails(act)?;
        let mut facts = self.sim.happened[before..].iter().map(|happened| &happened.fact);
        match facts.find_map(failure) {
            Some((who, reason)) => Err(StoryError::FailedBack {
                hop: self.sim.name(who).to_owned(),
                reason: self.with_parties(reason.to_string()),
            }),
            None => Ok(done),
        }
    }

    /// The same where payments are meant to fail.
    pub(crate) fn act_whatever_fails<T>(
        &mut self,
        act: impl FnOnce(&mut Sim<Chain>) -> Result<T, SimError<Refused>>,
    ) -> Result<T, StoryError> {
        let done = act(&mut self.sim);
        self.catch_up();
        done.map_err(|source| StoryError::Sim {
            text: self.with_parties(source.to_string()),
            source,
        })
    }

    /// The text with edges by their numbers and parties: nobody who reads it knows one by its outpoint.
    fn with_parties(&self, mut text: String) -> String {
        for contract in &self.sim.contracts {
            let id = contract.edge_id().to_string();
            let number = contract.place.number;
            let [from, to] = [contract.offerer, contract.claimer].map(|who| self.sim.name(who));
            text = text.replace(&id, &format!("{number} ({from} to {to})"));
        }
        text
    }

    /// Says what no fact says.
    pub(crate) fn say(&mut self, party: &str, tone: Tone, text: String) {
        let height = self.sim.chain.height();
        self.steps.push(Step { height, party: party.to_owned(), text, tone, arrow: None });
    }

    /// The same of a message to another party.
    pub(crate) fn send(&mut self, party: &str, to: &str, label: &str, text: String) {
        self.say(party, Tone::Plain, text);
        let arrow = Arrow { to: to.to_owned(), kind: ArrowKind::Message, label: label.to_owned() };
        if let Some(step) = self.steps.last_mut() {
            step.arrow = Some(arrow);
        }
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    fn catch_up(&mut self) {
        let untold = &self.sim.happened[self.told..];
        self.steps.extend(untold.iter().filter_map(|happened| steps::step(&self.sim, happened)));
        self.told = self.sim.happened.len();
    }

    /// The mark of a part, where a payment has several.
    pub(crate) fn mark(&self, payment: usize, part: usize) -> &'static str {
        steps::mark(&self.sim, payment, part)
    }

    /// How many forwarders there are.
    pub(crate) fn hops(&self) -> usize {
        self.sim.forwarders.len()
    }

    /// Whether a payer knows that it has paid.
    pub(crate) fn has_receipt(&self, payer: usize) -> bool {
        let paid =
            |fact: &Fact| matches!(fact, Fact::Paid { by: Who::Sender(by), .. } if *by == payer);
        self.sim.facts().any(paid)
    }
}

/// A path to the vault, where an offer's invoice is to be asked for.
pub(crate) fn path_to_vault(sim: &mut Sim<Chain>) -> Result<BlindedPath, StoryError> {
    let data =
        RecipientData { path_id: Some(sim.entropy.bytes().to_vec()), ..RecipientData::default() };
    let vault = sim.others[0];
    BlindedPath::build(sim.entropy.secret(), &[(vault, data.to_bytes())])
        .map(|(path, _)| path)
        .map_err(|source| StoryError::Claim(format!("vault: {source}")))
}

fn failure(fact: &Fact) -> Option<(Who, &Refusal)> {
    match fact {
        Fact::Failed { by, reason, .. } | Fact::ReleaseRefused { by, reason } => {
            Some((*by, reason))
        }
        _ => None,
    }
}
