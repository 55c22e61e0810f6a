//! The simulator's payments on a chain by Bitcoin Core's kernel: what they do is the same as on the plain chain.

#![allow(clippy::unwrap_used, reason = "tests")]

use bitcoin::{Amount, TxOut};
use pointlock_regtest::RegtestChain;
use pointlock_sim::{
    Chain, Fact, Keep, Opening, OpeningKind, Scenario, Settle, Sim, Standing, Way, Who,
};

const NOW: u64 = 1_790_000_000;

fn paid<C: Chain>(sim: &Sim<C>) -> bool {
    sim.facts().any(|fact| matches!(fact, Fact::Paid { by: Who::Sender(0), .. }))
}

fn pay<C: Chain>(sim: &mut Sim<C>, kind: OpeningKind, parts: usize) {
    let opening = Opening::draw(kind, &mut sim.entropy).unwrap();
    let builder = opening.builder(NOW).description("tea");
    let published = sim.sign(opening, builder, 0).unwrap();
    sim.receive(published.event()).unwrap();
    let parts = sim.parts(50_000_000, parts, Way::default());
    let order = sim.order(published.invoice, parts, NOW);
    sim.pay(0, order).unwrap();
}

#[test]
fn payments_are_made_in_blocks() {
    // Under a hash an invoice is paid in one part.
    for (kind, parts) in [(OpeningKind::Point, 2), (OpeningKind::Hash, 1)] {
        let scenario = Scenario { settle: Settle::OnChain, ..Scenario::default() };
        let mut sim = scenario.start(RegtestChain::new().unwrap());
        pay(&mut sim, kind, parts);
        assert!(paid(&sim));
        assert_eq!(sim.balances()[&Who::Receiver], 50_000_000);
    }
}

#[test]
fn what_expires_is_taken_back_in_blocks() {
    let keep = Keep { contracts_for: Some(Who::Receiver), ..Keep::default() };
    let mut sim = Scenario { keep, settle: Settle::OnChain, ..Scenario::default() }
        .start(RegtestChain::new().unwrap());
    pay(&mut sim, OpeningKind::Point, 1);
    let last = sim.contracts.iter().map(|contract| contract.terms().expiry).max().unwrap();
    sim.mine_to(last + sim.scenario.deadlines.grace).unwrap();
    sim.run().unwrap();
    assert!(sim.contracts.iter().all(|contract| contract.standing == Standing::Void));
    assert!(!paid(&sim) && sim.balances().is_empty());
}

/// A block is taken back, and what was funded stays: in a kernel that has never seen the block.
#[test]
fn a_block_is_taken_back() {
    let mut chain = RegtestChain::new().unwrap();
    let output = TxOut { value: Amount::from_sat(10_000), script_pubkey: RegtestChain::anyones() };
    let start = chain.height();
    let coin = chain.fund(output.clone()).unwrap();
    let spend = chain.spend_to_anyone(&[coin], Amount::from_sat(9_000));
    chain.confirm(&spend).unwrap();
    let later = chain.fund(output).unwrap();
    chain.judge(&spend).unwrap_err();
    chain.disconnect();
    assert_eq!(chain.height(), start + 2);
    chain.judge(&spend).unwrap();
    let both = chain.spend_to_anyone(&[coin, later], Amount::from_sat(19_000));
    chain.confirm(&both).unwrap();
    chain.disconnect();
    // No other block was added.
    chain.disconnect();
    assert_eq!(chain.height(), start + 2);
    chain.judge(&both).unwrap();
}
