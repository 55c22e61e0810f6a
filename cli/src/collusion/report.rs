use pointlock_collusion::{Analysis, Atom, Coalition, Form, Method, Model, Party, Theft};
use pointlock_sim::{Contract, Place};
use serde::Serialize;

use super::execute::{Executed, Execution};
use super::play::Played;
use super::scenario::Scenario;
use crate::narration::Step;

/// What was found.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) system: &'static str,
    pub(super) title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    /// The smallest coalitions that can steal, each a sorted list of roles.
    pub(super) minimal_thieves: Vec<Vec<String>>,
    /// How many of them did, on consensus code.
    pub(super) executed: usize,
    /// The largest coalitions that can't steal, whatever they try.
    pub(super) maximal_unable: Vec<Vec<String>>,
    pub(super) method: MethodFacts,
    pub(super) thefts: Vec<TheftFacts>,
    /// Tries by those who can't steal, all refused.
    pub(super) tries_refused: usize,
    /// Contracts for which the code that refused them accepts the right secret.
    pub(super) right_secrets_accepted: usize,
    /// Secrets that should be different and are the same.
    pub(super) same_secrets: Vec<[String; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) as_expected: Option<bool>,
    pub(super) parties: Vec<PartyFacts>,
    pub(super) payments: Vec<PaymentFacts>,
    pub(super) route: Vec<String>,
    /// How many of the last forwarders stand on the receiver's blinded path.
    pub(super) on_path: usize,
    pub(super) steps: Vec<Step>,
    /// Transactions that Bitcoin Core's consensus code accepted and refused.
    pub(super) accepted: usize,
    pub(super) refused: usize,
}

#[derive(Serialize)]
pub(super) struct MethodFacts {
    pub(super) name: &'static str,
    /// With `enumeration` all that there are, with `duality` those that were tried.
    pub(super) coalitions: u64,
}

#[derive(Serialize)]
pub(super) struct TheftFacts {
    pub(super) thieves: Vec<String>,
    pub(super) payment: usize,
    /// Which part of it, from 1; none where there is one alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<usize>,
    pub(super) edge: usize,
    pub(super) claimer: String,
    /// Who loses, where it is not the receiver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) skipped: Option<String>,
    pub(super) derivation: Vec<String>,
    pub(super) txid: String,
    pub(super) taken_sat: u64,
}

#[derive(Serialize)]
pub(super) struct PartyFacts {
    pub(super) name: String,
    pub(super) learned: Vec<Learned>,
}

#[derive(Serialize)]
pub(super) struct Learned {
    pub(super) secret: String,
    pub(super) equals: String,
    pub(super) how: String,
}

#[derive(Serialize)]
pub(super) struct PaymentFacts {
    pub(super) payer: String,
    /// The forwarder that was to hold it, from 1; none where the receiver was online.
    pub(super) held_at: Option<usize>,
    pub(super) parts: usize,
    /// The forwarder that was to find the rest of the route, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trampoline: Option<usize>,
    pub(super) contracts: Vec<ContractFacts>,
}

#[derive(Serialize)]
pub(super) struct ContractFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<usize>,
    pub(super) edge: usize,
    pub(super) amount_sat: u64,
    pub(super) claimed: bool,
}

impl Report {
    pub(super) fn new(
        scenario: &Scenario,
        played: &Played,
        analysis: &Analysis,
        execution: &Execution,
    ) -> Self {
        let (model, sim) = (&played.model, &played.stage.sim);
        let minimal_thieves = sorted(model, &analysis.minimal);
        let executed = analysis.thefts.iter().zip(&execution.thefts);
        let mut thefts: Vec<TheftFacts> = executed
            .map(|(theft, executed)| TheftFacts::new(scenario, played, theft, executed))
            .collect();
        thefts.sort_by(|one, other| one.thieves.cmp(&other.thieves));
        let text = |atom: &Atom| model.symbols().text(&Form::atom(*atom));
        let same = analysis.same.iter().map(|(one, other)| [text(one), text(other)]);
        let payments = 0..scenario.payers.len();
        let (accepted, refused) = sim.chain.judged();
        Self {
            system: scenario.system.name(),
            title: scenario.title.clone(),
            note: scenario.note.clone(),
            executed: execution.coalitions,
            maximal_unable: sorted(model, &analysis.maximal_unable),
            method: MethodFacts::new(analysis.method),
            thefts,
            tries_refused: execution.refused,
            right_secrets_accepted: execution.controls,
            same_secrets: same.collect(),
            as_expected: as_expected(scenario, &minimal_thieves),
            parties: model.parties().iter().map(|party| PartyFacts::new(model, party)).collect(),
            payments: payments.map(|number| PaymentFacts::new(scenario, played, number)).collect(),
            route: scenario.route.clone(),
            on_path: scenario.on_path,
            steps: played.stage.steps().to_vec(),
            minimal_thieves,
            accepted,
            refused,
        }
    }

    /// Whether the author of the scenario was right, if there was a claim.
    pub(super) fn check_expected(&self) -> Result<(), String> {
        match self.as_expected {
            Some(false) => {
                Err("the smallest thieves are others than the scenario expects".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn names(model: &Model, coalition: Coalition) -> Vec<String> {
    model.names(coalition).into_iter().map(str::to_owned).collect()
}

fn sorted(model: &Model, coalitions: &[Coalition]) -> Vec<Vec<String>> {
    let mut lists: Vec<Vec<String>> =
        coalitions.iter().map(|coalition| names(model, *coalition)).collect();
    lists.sort();
    lists
}

/// The number of a part, where its payment has several.
fn part_number(scenario: &Scenario, place: &Place) -> Option<usize> {
    (scenario.parts(place.payment) > 1).then_some(place.part + 1)
}

/// Whether the scenario's author expects these thieves, in any order.
fn as_expected(scenario: &Scenario, minimal_thieves: &[Vec<String>]) -> Option<bool> {
    let mut expected = scenario.expected.clone()?;
    expected.iter_mut().for_each(|list| list.sort());
    expected.sort();
    Some(expected == minimal_thieves)
}

impl MethodFacts {
    fn new(method: Method) -> Self {
        match method {
            Method::Duality { tried } => Self { name: "duality", coalitions: tried },
            Method::Enumeration { coalitions } => Self { name: "enumeration", coalitions },
        }
    }
}

impl TheftFacts {
    fn new(scenario: &Scenario, played: &Played, theft: &Theft, executed: &Executed) -> Self {
        let model = &played.model;
        let name = |party: usize| model.parties()[party].name.clone();
        let target = &model.targets()[theft.target];
        let place = &played.stage.sim.contracts[played.contracts[theft.target]].place;
        Self {
            thieves: names(model, theft.coalition),
            payment: place.payment + 1,
            part: part_number(scenario, place),
            edge: target.edge,
            claimer: name(target.claimer),
            skipped: target.victim.map(name),
            derivation: theft.derivation.clone(),
            txid: executed.txid.clone(),
            taken_sat: executed.taken_sat,
        }
    }
}

impl PartyFacts {
    fn new(model: &Model, party: &Party) -> Self {
        let learned = party.facts.iter().map(|fact| Learned {
            secret: fact.label.clone(),
            equals: model.symbols().text(&fact.form),
            how: fact.how.clone(),
        });
        Self { name: party.name.clone(), learned: learned.collect() }
    }
}

impl PaymentFacts {
    fn new(scenario: &Scenario, played: &Played, payment: usize) -> Self {
        let sim = &played.stage.sim;
        let attempt = sim.attempts.iter().position(|attempt| attempt.payment == payment);
        let hold = attempt.and_then(|attempt| played.model.symbols().attempts()[attempt].hold);
        let contracts = sim.contracts.iter().filter(|contract| contract.place.payment == payment);
        Self {
            payer: scenario.payers[payment].clone(),
            held_at: hold.map(|(_, hop)| hop),
            parts: scenario.parts(payment),
            trampoline: scenario.finder(payment),
            contracts: contracts.map(|contract| ContractFacts::new(scenario, contract)).collect(),
        }
    }
}

impl ContractFacts {
    fn new(scenario: &Scenario, contract: &Contract) -> Self {
        Self {
            part: part_number(scenario, &contract.place),
            edge: contract.place.number,
            amount_sat: contract.amount_sat(),
            claimed: contract.claimed_at().is_some(),
        }
    }
}
