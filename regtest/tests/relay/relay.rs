//! A funded channel before a node that relays, and what tests say to it. Whatever it answers is printed.

use bitcoin::{Amount, OutPoint, Transaction, TxOut};
use pointlock::contract::{FeeCoin, FeeCoins};
use pointlock_channel::*;
use pointlock_regtest::RegtestChain;

use crate::node::Node;
use crate::scene::*;

pub(crate) struct Relay {
    pub(crate) node: Node,
    pub(crate) scene: Scene,
}

/// What a coin is worth that pays a fee.
const COIN: u64 = 200_000;

impl Relay {
    /// A channel with all edges of the scene, funded.
    pub(crate) fn open(what: &str) -> Self {
        let mut node = Node::start();
        let (name, lowest, step) = node.policy();
        println!(
            "\n{what}\n  {name} relays from {lowest} for a thousand vB on, replaces for {step} more"
        );
        let funding = Scene::at(OutPoint::null()).channel.funding_tx_out();
        let outpoint = node.fund(&[funding])[0];
        Self { node, scene: Scene::with_edges(outpoint) }
    }

    /// The same, with the publisher's commitment mined.
    pub(crate) fn published(
        what: &str,
        publisher: Party,
    ) -> (Self, CompleteCommitment, CoveredCommitment) {
        let relay = Self::open(what);
        let (complete, covered) = relay.scene.signed(publisher, 7);
        relay.node.confirm(&[relay.scene.published(&complete)]);
        (relay, complete, covered)
    }

    /// A confirmed coin, and what is left of it beside the fee.
    pub(crate) fn coins(&mut self, fee: u64) -> FeeCoins {
        let prevout =
            TxOut { value: Amount::from_sat(COIN), script_pubkey: RegtestChain::anyones() };
        let outpoint = self.node.fund(std::slice::from_ref(&prevout))[0];
        coins_at(outpoint, prevout, fee)
    }

    pub(crate) fn takes(&self, what: &str, transaction: &Transaction) {
        let answer = self.node.send(transaction);
        println!("  taken    {what}, {} vB: {answer:?}", transaction.vsize());
        answer.unwrap();
    }

    /// Only asks.
    pub(crate) fn would_take(&self, what: &str, transaction: &Transaction) {
        let answer = self.node.test(transaction);
        println!("  takeable {what}, {} vB: {answer:?}", transaction.vsize());
        answer.unwrap();
    }

    pub(crate) fn refuses(&self, what: &str, transaction: &Transaction, reason: &str) {
        let answer = self.node.test(transaction);
        println!("  refused  {what}, {} vB: {answer:?}", transaction.vsize());
        assert!(answer.unwrap_err().contains(reason), "not {reason}");
    }

    pub(crate) fn takes_together(&self, what: &str, transactions: &[Transaction]) {
        let answer = self.node.package(transactions);
        println!("  taken    {what}: {answer:?}");
        answer.unwrap();
    }

    pub(crate) fn refuses_together(&self, what: &str, transactions: &[Transaction], reason: &str) {
        let answer = self.node.package(transactions);
        println!("  refused  {what}: {answer:?}");
        assert!(answer.unwrap_err().contains(reason), "not {reason}");
    }
}

pub(crate) fn coins_at(outpoint: OutPoint, prevout: TxOut, fee: u64) -> FeeCoins {
    let value = prevout.value - Amount::from_sat(fee);
    let change = TxOut { value, script_pubkey: script_of(7) };
    FeeCoins { inputs: vec![FeeCoin { outpoint, prevout }], change: vec![change] }
}

/// With what the coins' owner adds: nothing that anyone could not.
pub(crate) fn with_coins(mut transaction: Transaction, coins: &FeeCoins) -> Transaction {
    for input in &mut transaction.input {
        if coins.inputs.iter().any(|coin| coin.outpoint == input.previous_output) {
            input.witness = RegtestChain::anyones_witness();
        }
    }
    transaction
}

/// A second stage alone, without a fee.
pub(crate) fn bare(stage: &Spend) -> Transaction {
    spend(std::slice::from_ref(stage), None, &FeeCoins::none(), &[0; 32]).unwrap()
}

/// With a coin that pays.
pub(crate) fn paid(stages: &[Spend], coins: &FeeCoins) -> Transaction {
    with_coins(spend(stages, None, coins, &[0; 32]).unwrap(), coins)
}

/// What needs no coins: the fee is taken from what it pays.
pub(crate) fn taking(spends: &[Spend], fee: u64) -> Transaction {
    taking_with(spends, fee, &FeeCoins::none())
}

pub(crate) fn taking_with(spends: &[Spend], fee: u64, coins: &FeeCoins) -> Transaction {
    let script = script_of(9);
    let payout = Payout { script: &script, fee: Amount::from_sat(fee) };
    with_coins(spend(spends, Some(payout), coins, &[0; 32]).unwrap(), coins)
}
