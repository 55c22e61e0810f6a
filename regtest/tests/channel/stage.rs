//! A funded channel on a chain of its own, and what tests do with it.

use bitcoin::{Amount, Sequence, Transaction, TxOut};
use pointlock::contract::{FeeCoin, FeeCoins};
use pointlock_channel::*;
use pointlock_regtest::{Refused, RegtestChain};
use pointlock_sim::Chain;

use crate::scene::*;

pub(crate) const MISSING: &str = "bad-txns-inputs-missingorspent";
pub(crate) const TOO_EARLY: &str = "bad-txns-nonfinal";

pub(crate) struct Stage {
    pub(crate) chain: RegtestChain,
    pub(crate) scene: Scene,
}

impl Stage {
    /// A channel with all edges of the scene, funded.
    pub(crate) fn new() -> Self {
        let mut chain = RegtestChain::new().unwrap();
        let funding = Scene::at(bitcoin::OutPoint::null()).channel.funding_tx_out();
        let outpoint = chain.fund(funding).unwrap();
        Self { chain, scene: Scene::with_edges(outpoint) }
    }

    /// The same, with the publisher's commitment mined.
    pub(crate) fn published(publisher: Party) -> (Self, CompleteCommitment, CoveredCommitment) {
        let mut stage = Self::new();
        let (complete, covered) = stage.scene.signed(publisher, 7);
        let commitment = stage.scene.published(&complete);
        stage.allows(&commitment);
        stage.chain.confirm(&commitment).unwrap();
        (stage, complete, covered)
    }

    pub(crate) fn allows(&mut self, transaction: &Transaction) {
        self.chain.judge(transaction).unwrap();
    }

    pub(crate) fn refuses(&mut self, transaction: &Transaction, reason: &str) {
        let refused = self.chain.judge(transaction).unwrap_err();
        assert_eq!(refused.reason(), Some(reason), "{refused}");
    }

    /// The very transaction that was mined, while some of what it pays is unspent: the kernel sees that before it looks at the inputs.
    pub(crate) fn refuses_again(&mut self, transaction: &Transaction) {
        self.refuses(transaction, "bad-txns-BIP30");
    }

    /// A script that is not satisfied.
    pub(crate) fn refuses_script(&mut self, transaction: &Transaction) {
        let refused = self.chain.judge(transaction).unwrap_err();
        assert!(is_script(&refused), "{refused}");
    }

    pub(crate) fn confirms(&mut self, transaction: &Transaction) {
        self.chain.confirm(transaction).unwrap();
    }

    /// Coins for a fee, and what is left of them.
    pub(crate) fn coins(&mut self, fee: u64) -> FeeCoins {
        let prevout =
            TxOut { value: Amount::from_sat(100_000), script_pubkey: RegtestChain::anyones() };
        let outpoint = self.chain.fund(prevout.clone()).unwrap();
        let change = TxOut { value: Amount::from_sat(100_000 - fee), script_pubkey: script_of(7) };
        FeeCoins { inputs: vec![FeeCoin { outpoint, prevout }], change: vec![change] }
    }
}

pub(crate) fn is_script(refused: &Refused) -> bool {
    refused.reason().is_some_and(|reason| reason.contains("script-verify-flag"))
}

/// Alone, without a fee where it is a second stage.
pub(crate) fn alone(one: Spend) -> Transaction {
    let script = script_of(9);
    let payout = Payout { script: &script, fee: Amount::from_sat(1_000) };
    let one = [one];
    spend(&one, None, &FeeCoins::none(), &[0; 32])
        .or_else(|_| spend(&one, Some(payout), &FeeCoins::none(), &[0; 32]))
        .unwrap()
}

pub(crate) fn together(spends: &[Spend]) -> Transaction {
    let script = script_of(9);
    let payout = Payout { script: &script, fee: Amount::from_sat(1_000) };
    spend(spends, Some(payout), &FeeCoins::none(), &[0; 32]).unwrap()
}

/// With the signatures that its coins' owner adds.
pub(crate) fn with_coins_signed(mut transaction: Transaction, coins: &FeeCoins) -> Transaction {
    for input in &mut transaction.input {
        if coins.inputs.iter().any(|coin| coin.outpoint == input.previous_output) {
            input.witness = RegtestChain::anyones_witness();
        }
    }
    transaction
}

pub(crate) fn with_sequence(mut transaction: Transaction, sequence: Sequence) -> Transaction {
    transaction.input[0].sequence = sequence;
    transaction
}
