//! What the simulator itself promises: time-outs are carried out, facts are typed, faults are plug-ins, roles are what their events make of
//! them. On a chain without scripts; `cli` runs the same on consensus code.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use pointlock_sim::{
    Fact, FaultKind, Keep, OneFault, Opening, OpeningKind, PlainChain, Scenario, Settle, Sim,
    SimError, Standing, Way, Who,
};

const NOW: u64 = 1_790_000_000;
const AMOUNT_MSAT: u64 = 50_000_000;

type Simulation = Sim<PlainChain>;

fn started(scenario: Scenario) -> Simulation {
    let mut sim = scenario.start(PlainChain::new(900_000));
    sim.records = Some(Default::default());
    sim
}

/// The first sender pays in so many parts, in the clear.
fn pay(
    sim: &mut Simulation,
    kind: OpeningKind,
    parts: usize,
) -> Result<(), SimError<pointlock::contract::LimitsError>> {
    let opening = Opening::draw(kind, &mut sim.entropy).unwrap();
    let builder = opening.builder(NOW).description("tea");
    let published = sim.sign(opening, builder, 0)?;
    sim.receive(published.event())?;
    let parts = sim.parts(AMOUNT_MSAT, parts, Way::default());
    sim.pay(0, sim.order(published.invoice, parts, NOW))
}

fn taken_back(sim: &Simulation) -> Vec<Who> {
    let by = |fact: &Fact| match fact {
        Fact::TakenBack { by, .. } => Some(*by),
        _ => None,
    };
    sim.facts().filter_map(by).collect()
}

fn is_paid(sim: &Simulation) -> bool {
    sim.facts().any(|fact| matches!(fact, Fact::Paid { by: Who::Sender(0), .. }))
}

#[test]
fn whatever_settles_the_same_balances() {
    let balances = [Settle::OnChain, Settle::OffChain].map(|settle| {
        let mut sim = started(Scenario { settle, ..Scenario::default() });
        pay(&mut sim, OpeningKind::Point, 2).unwrap();
        assert!(is_paid(&sim));
        sim.check_replay().unwrap();
        sim.balances()
    });
    assert_eq!(balances[0], balances[1]);
    assert_eq!(balances[0].values().sum::<i64>(), 0);
    assert_eq!(balances[0][&Who::Receiver], 50_000_000);
}

/// N_3 never learns of its contract. Its neighbour takes the money back when it may, and fails the payment back.
#[test]
fn the_offerer_of_an_expired_contract_takes_its_money_back() {
    let keep = Keep { contracts_for: Some(Who::Forwarder(3)), ..Keep::default() };
    let mut sim = started(Scenario { keep, ..Scenario::default() });
    pay(&mut sim, OpeningKind::Point, 1).unwrap();
    assert_eq!(sim.contracts.len(), 3, "stuck");
    let expiry = sim.contracts[2].terms().expiry;

    let grace = sim.scenario.deadlines.grace;
    sim.mine_to(expiry + grace - 1).unwrap();
    sim.run().unwrap();
    assert!(taken_back(&sim).is_empty());
    sim.mine_to(expiry + grace).unwrap();
    sim.run().unwrap();
    assert_eq!(taken_back(&sim), [Who::Forwarder(2)]);
    assert!(sim.contracts.iter().all(|contract| contract.standing == Standing::Void));
    let failed = |fact: &Fact| matches!(fact, Fact::PaymentFailed { by: Who::Sender(0), .. });
    assert!(sim.facts().any(failed) && !is_paid(&sim) && sim.balances().is_empty());
    sim.check_replay().unwrap();

    // The twin: nobody is kept from anything.
    let mut sim = started(Scenario::default());
    pay(&mut sim, OpeningKind::Point, 1).unwrap();
    assert!(is_paid(&sim) && taken_back(&sim).is_empty());
}

/// All expiries are reached before anybody looks: each takes back its own, and nothing is failed twice.
#[test]
fn all_contracts_may_expire_at_once() {
    let keep = Keep { contracts_for: Some(Who::Receiver), ..Keep::default() };
    let mut sim = started(Scenario { keep, ..Scenario::default() });
    pay(&mut sim, OpeningKind::Hash, 1).unwrap();
    let last = sim.contracts.iter().map(|contract| contract.terms().expiry).max().unwrap();
    sim.mine_to(last + sim.scenario.deadlines.grace).unwrap();
    sim.run().unwrap();
    assert_eq!(
        taken_back(&sim),
        [Who::Sender(0), Who::Forwarder(1), Who::Forwarder(2), Who::Forwarder(3)]
    );
    assert!(sim.contracts.iter().all(|contract| contract.standing == Standing::Void));
}

#[test]
fn a_claim_that_waits_too_long_is_too_late() {
    for late in [false, true] {
        let keep = Keep { claims: true, ..Keep::default() };
        let mut sim = started(Scenario { keep, ..Scenario::default() });
        pay(&mut sim, OpeningKind::Point, 1).unwrap();
        let expiry = sim.contracts[3].terms().expiry;
        // Near the expiry the role wants it on the chain, where it waits as well.
        let grace = sim.scenario.deadlines.grace;
        sim.mine_to(if late { expiry + grace } else { expiry - 10 }).unwrap();
        sim.run().unwrap();
        sim.run_claims(|_| true).unwrap();
        assert_eq!(is_paid(&sim), !late);
        let too_late = |fact: &Fact| matches!(fact, Fact::ClaimedTooLate { by: Who::Receiver, .. });
        assert_eq!(sim.facts().any(too_late), late);
    }
}

#[test]
fn a_fault_ends_the_scenario_and_names_the_node() {
    for kind in FaultKind::ALL {
        let mut sim = started(Scenario::default());
        let fault = OneFault::new(Who::Forwarder(2), kind);
        sim.faults.push(Box::new(fault.clone()));
        let error = pay(&mut sim, OpeningKind::Point, 1).unwrap_err();
        // Without scripts a wrong claim passes, and its offerer finds no secret in it.
        let culprit = match kind {
            FaultKind::FlippedBit | FaultKind::EarlyClaim => "sender_lsp: ",
            FaultKind::WrongBlind | FaultKind::SwappedLock => "router: ",
        };
        assert!(fault.is_done() && error.to_string().starts_with(culprit), "{kind:?}: {error}");
    }
    // What can't happen does not: a sender claims nothing, and a hash has no blind and is the same on every edge.
    for (by, kind, opening) in [
        (Who::Sender(0), FaultKind::FlippedBit, OpeningKind::Point),
        (Who::Forwarder(2), FaultKind::WrongBlind, OpeningKind::Hash),
        (Who::Forwarder(2), FaultKind::SwappedLock, OpeningKind::Hash),
    ] {
        let mut sim = started(Scenario::default());
        let fault = OneFault::new(by, kind);
        sim.faults.push(Box::new(fault.clone()));
        pay(&mut sim, opening, 1).unwrap();
        assert!(!fault.is_done() && is_paid(&sim), "{kind:?}");
    }
}

#[test]
fn a_record_that_no_replay_gives_is_found() {
    let mut sim = started(Scenario::default());
    pay(&mut sim, OpeningKind::Point, 1).unwrap();
    sim.check_replay().unwrap();
    let who = Who::Forwarder(1);
    sim.records.as_mut().unwrap().get_mut(&who).unwrap()[2].said.push('!');
    let differs = sim.check_replay().unwrap_err();
    assert_eq!((differs.who, differs.events), (who, 3));
}
