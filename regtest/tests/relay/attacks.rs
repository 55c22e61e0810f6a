//! What a claimer does against an offerer, on a mempool, and what remains to the offerer.

use bitcoin::opcodes::all::OP_RETURN;
use bitcoin::script::PushBytesBuf;
use bitcoin::{Amount, OutPoint, ScriptBuf, Transaction, TxOut};
use pointlock::contract::FeeCoins;
use pointlock::lock::LockSecret;
use pointlock_channel::*;
use pointlock_regtest::RegtestChain;

use crate::relay::*;
use crate::scene::*;

/// X offers PTLC 0 on its own commitment, which is mined, and stands at its expiry.
struct Attack {
    relay: Relay,
    complete: CompleteCommitment,
    covered: CoveredCommitment,
    x: ChannelSecrets,
    y: ChannelSecrets,
}

impl Attack {
    fn begin(what: &str) -> Self {
        let (relay, complete, covered) = Relay::published(what, Party::Opener);
        let (x, y) = (relay.scene.opener.clone(), relay.scene.accepter.clone());
        Self { relay, complete, covered, x, y }
    }

    fn timeout(&mut self, fee: u64) -> Transaction {
        let coins = self.relay.coins(fee);
        paid(&[self.complete.timeout(&self.x, 0).unwrap()], &coins)
    }

    fn claim(&self) -> Spend {
        self.covered.claim(&self.y, 0, &secret_of(0)).unwrap()
    }

    fn ptlc(&self) -> OutPoint {
        self.claim().outpoint()
    }

    /// What X's monitor does: it looks for a spender in the mempool, and extracts.
    fn extracts(&self) {
        let seen = self.relay.node.spender(self.ptlc()).expect("a spender");
        let secret = self.complete.extract(&self.x, 0, &seen).unwrap();
        assert_eq!(LockSecret::Scalar(secret), secret_of(0));
        println!("  X extracts t from the mempool");
    }

    fn nobody_spends(&self) {
        assert!(self.relay.node.spender(self.ptlc()).is_none());
        assert!(self.relay.node.confirmed(self.ptlc()));
        println!("  nothing spends the PTLC any more");
    }
}

fn to_anyone(inputs: &[OutPoint], value: u64, version: i32) -> Transaction {
    Transaction {
        version: bitcoin::transaction::Version(version),
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: inputs.iter().map(|outpoint| crate::node::anyones_input(*outpoint)).collect(),
        output: vec![TxOut {
            value: Amount::from_sat(value),
            script_pubkey: RegtestChain::anyones(),
        }],
    }
}

/// An output of nothing but bytes.
fn padding(bytes: usize) -> TxOut {
    let bytes = PushBytesBuf::try_from(vec![0x50; bytes]).unwrap();
    let script = ScriptBuf::builder().push_opcode(OP_RETURN).push_slice(bytes).into_script();
    TxOut { value: Amount::ZERO, script_pubkey: script }
}

/// Y's claim replaces X's timeout, and then Y takes its own claim out.
#[test]
#[ignore = "asks a bitcoind: just long-relay"]
fn a_timeout_is_cycled_out_in_every_block() {
    let mut attack = Attack::begin("Replacement cycling of a timeout");
    attack.relay.node.mine_to(EXPIRY);
    for (round, fee) in [(1, 400), (2, 2_000)] {
        let timeout = attack.timeout(fee);
        attack.relay.takes(&format!("{round}: X's timeout, for {fee} sat"), &timeout);
        let coin = attack.relay.coins(0);
        let less = taking_with(&[attack.claim()], fee, &coin);
        attack.relay.refuses("Y's claim for as much", &less, "insufficient fee");
        let claim = taking_with(&[attack.claim()], fee + 400, &coin);
        attack.relay.takes("Y's claim with a coin, for 400 sat more", &claim);
        assert!(!attack.relay.node.has(&timeout));
        attack.extracts();
        let spent = &coin.inputs[0];
        let value = spent.prevout.value.to_sat();
        let same = to_anyone(&[spent.outpoint], value - fee - 400, 2);
        attack.relay.refuses("Y's coin elsewhere, for as much", &same, "insufficient fee");
        let out = to_anyone(&[spent.outpoint], value - fee - 500, 2);
        attack.relay.takes("Y's coin elsewhere, for 100 sat more", &out);
        attack.nobody_spends();
        // The same timeout once more, for no more than before.
        attack.relay.takes("X's timeout once more, the same", &timeout);
        let claim = taking_with(&[attack.claim()], fee + 700, &attack.relay.coins(0));
        attack.relay.takes("Y's next claim", &claim);
        assert!(!attack.relay.node.has(&timeout));
        let timeout = attack.timeout(fee + 1_100);
        attack.relay.takes("X's timeout, for more than that claim", &timeout);
    }
    let last = attack.relay.node.spender(attack.ptlc()).unwrap();
    attack.relay.node.mine(1);
    assert!(attack.relay.node.confirmed(OutPoint { txid: last.compute_txid(), vout: 0 }));
    println!("  what stands in the mempool when a block is made is mined: X's timeout");
}

/// A claim as heavy as version 3 permits, at the lowest feerate.
#[test]
#[ignore = "asks a bitcoind: just long-relay"]
fn a_heavy_claim_pins_a_small_timeout() {
    let mut attack = Attack::begin("A heavy claim with a small fee");
    attack.relay.node.mine_to(EXPIRY);
    // X's signature covers no output, so Y adds some, whose bytes cost it nothing but fee.
    let filled = |attack: &Attack, fee: u64| {
        let mut coins = FeeCoins::none();
        coins.change = vec![padding(9_780)];
        taking_with(&[attack.claim()], fee, &coins)
    };
    let heavy = filled(&attack, 1_000);
    attack.relay.takes("Y's claim, for 1,000 sat", &heavy);
    attack.extracts();
    let small = attack.timeout(500);
    attack.relay.refuses("X's timeout for 500 sat", &small, "insufficient fee");
    let least = 1_000 + (small.vsize() as u64).div_ceil(10);
    let less = attack.timeout(least - 1);
    let fee = least - 1;
    attack.relay.refuses(&format!("X's timeout for {fee} sat"), &less, "insufficient fee");
    let enough = attack.timeout(least);
    attack.relay.takes(&format!("X's timeout for {least} sat"), &enough);
    assert!(!attack.relay.node.has(&heavy));
    // The other way round Y's claim has to pay for its weight at X's feerate.
    let again = filled(&attack, least + 700);
    attack.relay.refuses("Y's heavy claim for 700 sat more", &again, "insufficient fee");
}

/// A claim with a coin of Y's that somebody spends elsewhere: unconfirmed, and in a block.
#[test]
#[ignore = "asks a bitcoind: just long-relay"]
fn a_claim_is_taken_out_by_its_own_coin() {
    let mut attack = Attack::begin("A claimer who adds a coin and spends it twice");
    // Before the expiry: X has no timeout yet.
    let coin = attack.relay.coins(0);
    let claim = taking_with(&[attack.claim()], 500, &coin);
    attack.relay.takes("Y's claim with a coin, before the expiry", &claim);
    attack.extracts();
    let spent = &coin.inputs[0];
    let elsewhere = to_anyone(&[spent.outpoint], spent.prevout.value.to_sat() - 300, 2);
    attack.relay.node.confirm(&[elsewhere]);
    assert!(!attack.relay.node.has(&claim));
    println!("  a block with Y's coin elsewhere, for 300 sat");
    attack.nobody_spends();

    // A coin of a parent that is unconfirmed: with the parent the claim goes.
    let prevout = TxOut { value: Amount::from_sat(90_000), script_pubkey: RegtestChain::anyones() };
    let parent = attack.relay.node.paying(std::slice::from_ref(&prevout), 500, 3);
    attack.relay.takes("Y's parent of a coin", &parent);
    let young = coins_at(OutPoint { txid: parent.compute_txid(), vout: 0 }, prevout, 0);
    let claim = taking_with(&[attack.claim()], 500, &young);
    attack.relay.takes("Y's claim with that coin", &claim);
    attack.extracts();
    let value = parent.output.iter().map(|output| output.value.to_sat()).sum::<u64>();
    let replaced = to_anyone(&[parent.input[0].previous_output], value - 1_000, 2);
    attack.relay.takes("another in the parent's place", &replaced);
    assert!(!attack.relay.node.has(&claim));
    attack.nobody_spends();

    // X's own second stage: nobody takes its coin away, and nobody puts another beside it.
    attack.relay.node.mine_to(EXPIRY);
    let timeout = attack.timeout(400);
    let theirs = attack.relay.coins(0).inputs[0].outpoint;
    let mut robbed = timeout.clone();
    robbed.input[1].previous_output = theirs;
    attack.relay.refuses("X's timeout with Y's coin for X's", &robbed, "Invalid Schnorr signature");
    let mut joined = timeout.clone();
    joined.input.push(crate::node::anyones_input(theirs));
    attack.relay.refuses(
        "X's timeout with a coin of Y's more",
        &joined,
        "Invalid Schnorr signature",
    );
    attack.relay.takes("X's timeout", &timeout);
    attack.relay.node.mine(1);
    assert!(attack.relay.node.confirmed(OutPoint { txid: timeout.compute_txid(), vout: 0 }));
}

/// A child of a stranger's on the anchor; and the other party's commitment in the place of ours.
#[test]
#[ignore = "asks a bitcoind: just long-relay"]
fn a_stranger_is_on_the_anchor() {
    let mut relay = Relay::open("A stranger's child on the anchor");
    let complete = relay.scene.signed(Party::Opener, 7).0;
    let commitment = relay.scene.published(&complete);
    let coins = relay.coins(0);
    let mut stranger = with_coins(complete.commitment().child(&coins).unwrap(), &coins);
    stranger.output.push(padding(820));
    let both = (stranger.vsize() + commitment.vsize()) as u64;
    let fee = both / 10 + 1;
    stranger.output[0].value -= Amount::from_sat(fee);
    relay.takes_together(
        &format!("the commitment, with a child of {} vB for {fee} sat", stranger.vsize()),
        &[commitment.clone(), stranger.clone()],
    );
    let coins = relay.coins(fee);
    let own = with_coins(complete.commitment().child(&coins).unwrap(), &coins);
    relay.refuses(&format!("X's child for {fee} sat"), &own, "insufficient fee");
    let coins = relay.coins(fee + own.vsize() as u64 / 10 + 1);
    let own = with_coins(complete.commitment().child(&coins).unwrap(), &coins);
    relay.takes("X's child for its own relay more", &own);
    assert!(!relay.node.has(&stranger));

    let others = relay.scene.signed(Party::Accepter, 7).0;
    let other = relay.scene.published(&others);
    let coins = relay.coins(100);
    let child = with_coins(others.commitment().child(&coins).unwrap(), &coins);
    relay.refuses_together(
        "Y's commitment, with a child for less",
        &[other.clone(), child],
        "insufficient anti-DoS fees",
    );
    let coins = relay.coins(1_000);
    let child = with_coins(others.commitment().child(&coins).unwrap(), &coins);
    relay.takes_together("Y's commitment, with a child for 1,000 sat", &[other.clone(), child]);
    assert!(relay.node.has(&other) && !relay.node.has(&commitment));
}
