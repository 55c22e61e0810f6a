use pointlock_collusion::{Analysis, Atom, Coalition, Form, Method};
use serde::Serialize;

use super::execute::Execution;
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
        let model = &played.model;
        let names = |coalition: &Coalition| -> Vec<String> {
            model.names(*coalition).into_iter().map(str::to_owned).collect()
        };
        let sorted = |coalitions: &[Coalition]| {
            let mut lists: Vec<Vec<String>> = coalitions.iter().map(names).collect();
            lists.sort();
            lists
        };
        let minimal_thieves = sorted(&analysis.minimal);
        let name = |party: usize| model.parties()[party].name.clone();
        let part = |payment: usize, part: usize| (scenario.parts(payment) > 1).then_some(part + 1);
        let mut thefts: Vec<TheftFacts> = analysis
            .thefts
            .iter()
            .zip(&execution.thefts)
            .map(|(theft, executed)| {
                let target = &model.targets()[theft.target];
                let contract = &played.stage.sim.contracts[played.contracts[theft.target]];
                TheftFacts {
                    thieves: names(&theft.coalition),
                    payment: contract.place.payment + 1,
                    part: part(contract.place.payment, contract.place.part),
                    edge: target.edge,
                    claimer: name(target.claimer),
                    skipped: target.victim.map(name),
                    derivation: theft.derivation.clone(),
                    txid: executed.txid.clone(),
                    taken_sat: executed.taken_sat,
                }
            })
            .collect();
        thefts.sort_by(|one, other| one.thieves.cmp(&other.thieves));
        let method = match analysis.method {
            Method::Duality { tried } => MethodFacts { name: "duality", coalitions: tried },
            Method::Enumeration { coalitions } => MethodFacts { name: "enumeration", coalitions },
        };
        let parties = model.parties().iter().map(|party| PartyFacts {
            name: party.name.clone(),
            learned: party
                .facts
                .iter()
                .map(|fact| Learned {
                    secret: fact.label.clone(),
                    equals: model.symbols().text(&fact.form),
                    how: fact.how.clone(),
                })
                .collect(),
        });
        let payments = scenario.payers.iter().enumerate().map(|(payment, payer)| PaymentFacts {
            payer: payer.clone(),
            held_at: played
                .stage
                .sim
                .attempts
                .iter()
                .position(|attempt| attempt.payment == payment)
                .and_then(|attempt| model.symbols().attempts()[attempt].hold)
                .map(|(_, hop)| hop),
            parts: scenario.parts(payment),
            trampoline: scenario.finder(payment),
            contracts: played
                .stage
                .sim
                .contracts
                .iter()
                .filter(|contract| contract.place.payment == payment)
                .map(|contract| ContractFacts {
                    part: part(payment, contract.place.part),
                    edge: contract.place.number,
                    amount_sat: contract.amount_sat(),
                    claimed: contract.claimed_at().is_some(),
                })
                .collect(),
        });
        let as_expected = scenario.expected.as_ref().map(|expected| {
            let mut expected = expected.clone();
            expected.iter_mut().for_each(|list| list.sort());
            expected.sort();
            expected == minimal_thieves
        });
        let text = |atom: &Atom| model.symbols().text(&Form::atom(*atom));
        let same = analysis.same.iter().map(|(one, other)| [text(one), text(other)]);
        let (accepted, refused) = played.stage.sim.chain.judged();
        Self {
            system: scenario.system.name(),
            title: scenario.title.clone(),
            note: scenario.note.clone(),
            executed: execution.coalitions,
            maximal_unable: sorted(&analysis.maximal_unable),
            method,
            thefts,
            tries_refused: execution.refused,
            right_secrets_accepted: execution.controls,
            same_secrets: same.collect(),
            as_expected,
            parties: parties.collect(),
            payments: payments.collect(),
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
