use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, Transaction, TxOut};
use pointlock_channel::*;
use pointlock_regtest::RegtestChain;

use crate::relay::*;
use crate::scene::*;

const WITHOUT_FEE: &str = "min relay fee not met";
const TOO_EARLY: &str = "non-final";

/// The child with other coins, outputs or version: nobody's signature is on it.
fn changed(child: &Transaction, change: impl FnOnce(&mut Transaction)) -> Transaction {
    let mut child = child.clone();
    change(&mut child);
    child
}

fn fill(transaction: &mut Transaction, vsize: usize) {
    let output = TxOut { value: Amount::from_sat(400), script_pubkey: script_of(5) };
    while transaction.vsize() + output.size() <= vsize {
        transaction.output.push(output.clone());
        transaction.output[0].value -= output.value;
    }
}

#[test]
#[ignore = "asks a bitcoind: just long-relay"]
fn a_commitment_with_its_child() {
    let mut relay = Relay::open("A commitment with its child");
    let (complete, covered) = relay.scene.signed(Party::Opener, 7);
    let commitment = relay.scene.published(&complete);
    relay.refuses("the commitment alone", &commitment, WITHOUT_FEE);
    let coins = relay.coins(1_500);
    let child = with_coins(complete.commitment().child(&coins).unwrap(), &coins);
    relay.refuses("the child alone", &child, "missing-inputs");

    let with = |child: Transaction| [commitment.clone(), child];
    let heavy = changed(&child, |child| {
        fill(child, 1_000);
        child.output.push(child.output[1].clone());
        child.output[0].value -= Amount::from_sat(400);
    });
    assert!(heavy.vsize() > 1_000);
    relay.refuses_together("a child above 1,000 vB", &with(heavy), "is too big");
    let old = changed(&child, |child| child.version = Version::TWO);
    relay.refuses_together("a child of version 2", &with(old), "cannot spend from version=3");
    let small = changed(&child, |child| child.output[0].value += Amount::from_sat(1_450));
    relay.refuses_together("a child that pays 50 sat for both", &with(small), WITHOUT_FEE);
    let own = covered.own_money(&relay.scene.accepter).unwrap();
    let other = taking(std::slice::from_ref(&own), 3_000);
    relay.refuses_together(
        "a child beside the anchor",
        &with(other.clone()),
        "missing-ephemeral-spends",
    );

    // A coin that is not confirmed itself.
    let prevout = TxOut { value: Amount::from_sat(90_000), script_pubkey: RegtestChain::anyones() };
    let parent = relay.node.paying(std::slice::from_ref(&prevout), 1_000, 3);
    relay.takes("a transaction of version 3 that makes a coin", &parent);
    let young = coins_at(OutPoint { txid: parent.compute_txid(), vout: 0 }, prevout, 1_500);
    let late = with_coins(complete.commitment().child(&young).unwrap(), &young);
    relay.refuses_together(
        "a child with a coin that is unconfirmed",
        &with(late),
        "too many ancestors",
    );

    let mut most = child.clone();
    fill(&mut most, 1_000);
    relay.takes_together("the commitment, and its child", &with(child.clone()));
    let second = relay.node.send(&other);
    println!("  refused  a second child, beside the anchor: {second:?}");
    assert!(second.unwrap_err().contains("missing-ephemeral-spends"));
    let low = relay.coins(200);
    let low = with_coins(complete.commitment().child(&low).unwrap(), &low);
    relay.refuses("a second child that pays less", &low, "insufficient fee");
    let more = relay.coins(2_500);
    let more = with_coins(complete.commitment().child(&more).unwrap(), &more);
    relay.takes("a second child that pays more, in the first one's place", &more);
    assert!(relay.node.has(&more) && !relay.node.has(&child));
    most.output[0].value -= Amount::from_sat(20_000);
    relay.takes("a child as heavy as there can be", &most);
    relay.node.mine(1);
    let anchor = OutPoint { txid: commitment.compute_txid(), vout: 1 };
    assert!(relay.node.confirmed(anchor) && !relay.node.has(&commitment));
}

/// As many edges as there can be; and an edge that is trimmed, whose money is in anchor and fee.
#[test]
#[ignore = "asks a bitcoind: just long-relay"]
fn a_full_commitment_and_a_trimmed_one() {
    let mut relay =
        Relay::open("A commitment with 114 PTLCs each way, and one with a trimmed HTLC");
    let edges = |relay: &mut Relay, number: u64, sat: u64| {
        for offerer in [Party::Opener, Party::Accepter] {
            let secret = point_secret(1 + number as u8);
            relay.scene.edges.push(edge(offerer, number, sat, EXPIRY, &secret));
        }
    };
    relay.scene.edges.clear();
    (0..MAX_EDGES as u64).for_each(|number| edges(&mut relay, number, 2_000 + number));
    let (complete, _) = relay.scene.signed(Party::Opener, 7);
    let full = relay.scene.published(&complete);
    let coins = relay.coins(20_000);
    let child = with_coins(complete.commitment().child(&coins).unwrap(), &coins);
    relay.refuses("the full commitment alone", &full, WITHOUT_FEE);
    relay.takes_together("the full commitment, with its child", &[full, child.clone()]);

    relay.scene.edges.clear();
    relay.scene.edges.push(edge(Party::Opener, 0, 310, EXPIRY, &preimage(0x60)));
    let (complete, covered) = relay.scene.signed(Party::Accepter, 7);
    let trimmed = relay.scene.published(&complete);
    let fee = Amount::from_sat(310 - 240);
    let paid: Amount = trimmed.output.iter().map(|output| output.value).sum();
    assert_eq!(FUNDING - paid, fee, "the anchor has 240 sat, the rest is fee");
    // This anchor is not dust, so a child may leave it alone. It has to outbid what is there.
    let own = covered.own_money(&relay.scene.opener).unwrap();
    let other = taking(&[own], 60_000);
    relay.takes_together(
        "a commitment with 240 sat in the anchor, and a child beside it",
        &[trimmed.clone(), other],
    );
    assert!(relay.node.has(&trimmed) && !relay.node.has(&child));
}

#[test]
#[ignore = "asks a bitcoind: just long-relay"]
fn second_stages_with_coins() {
    let (mut relay, complete, covered) =
        Relay::published("Second stages, and claims of the other party", Party::Opener);
    let (x, y) = (relay.scene.opener.clone(), relay.scene.accepter.clone());
    let coins: Vec<_> = (0..4).map(|_| relay.coins(400)).collect();
    relay.node.mine_to(EXPIRY - 1);
    let success = complete.success(&x, 0, &secret_of(0)).unwrap();
    let timeout = complete.timeout(&x, 0).unwrap();
    let others = covered.timeout(&y, 0).unwrap();
    relay.refuses(
        "the PTLC-timeout, one block early",
        &paid(std::slice::from_ref(&timeout), &coins[0]),
        TOO_EARLY,
    );
    relay.refuses(
        "the other's timeout, one block early",
        &taking(std::slice::from_ref(&others), 300),
        TOO_EARLY,
    );
    relay.node.mine(1);
    for (what, stage, at) in [("PTLC-success", success, 0), ("PTLC-timeout", timeout, 1)] {
        relay.refuses(&format!("the {what} without a coin"), &bare(&stage), WITHOUT_FEE);
        relay.would_take(&format!("the {what} with a coin"), &paid(&[stage], &coins[at]));
    }
    let stages: Vec<Spend> =
        (0..3).map(|number| complete.success(&x, number, &secret_of(number)).unwrap()).collect();
    let three = paid(&stages, &coins[2]);
    relay.takes("three second stages with a coin", &three);
    let delayed = complete.after_second_stage(&x, &three).unwrap();
    relay.refuses("what follows, before its delay", &taking(&delayed, 500), "non-BIP68-final");
    relay.would_take("the other's timeout, in the place of those three", &taking(&[others], 900));
    let claims: Vec<Spend> =
        (0..2).map(|number| covered.claim(&y, number, &secret_of(number)).unwrap()).collect();
    relay.would_take("the other's claim, without a coin", &taking(&claims[..1], 300));
    relay
        .would_take("the other's claim of two, with a coin", &taking_with(&claims, 300, &coins[3]));
    let mut old = taking(&claims[..1], 300);
    old.version = Version::TWO;
    relay.refuses("the same claim in version 2", &old, "Invalid Schnorr signature");

    // A coin of an unconfirmed transaction: of version 3, or none.
    let prevout = TxOut { value: Amount::from_sat(90_000), script_pubkey: RegtestChain::anyones() };
    let timeout = complete.timeout(&x, 0).unwrap();
    for version in [2, 3] {
        let parent = relay.node.paying(std::slice::from_ref(&prevout), 1_000, version);
        relay.takes(&format!("a transaction of version {version} that makes a coin"), &parent);
        let outpoint = OutPoint { txid: parent.compute_txid(), vout: 0 };
        let young = coins_at(outpoint, prevout.clone(), 400);
        let stage = paid(std::slice::from_ref(&timeout), &young);
        let what = format!("a PTLC-timeout with that coin of version {version}");
        if version == 2 {
            relay.refuses(&what, &stage, "cannot spend from non-version=3");
        } else {
            relay.would_take(&what, &stage);
        }
    }
    relay.node.mine(1);
    assert!(relay.node.confirmed(OutPoint { txid: three.compute_txid(), vout: 0 }));
}

/// While the commitment is unconfirmed its child spends the anchor. Nothing else that spends it gets in, whatever it pays.
#[test]
#[ignore = "asks a bitcoind: just long-relay"]
fn before_the_commitment_confirms_all_else_waits() {
    let mut relay = Relay::open("Before the commitment confirms");
    let (complete, covered) = relay.scene.signed(Party::Opener, 7);
    let (x, y) = (relay.scene.opener.clone(), relay.scene.accepter.clone());
    let commitment = relay.scene.published(&complete);
    let coins = relay.coins(9_000);
    let success = paid(&[complete.success(&x, 0, &secret_of(0)).unwrap()], &coins);
    let claim = taking(&[covered.claim(&y, 0, &secret_of(0)).unwrap()], 9_000);
    let next = relay.scene.signed(Party::Opener, 8).0;
    let told = relay.scene.signed(Party::Opener, 7).0.revoke(&next, &x).unwrap();
    let revoked = covered.revoked(&told.secret).unwrap();
    let penalty = taking(&revoked.penalty(&y).unwrap(), 9_000);
    let all = [("a second stage", success), ("a claim", claim), ("a penalty", penalty)];
    for (what, child) in &all {
        let package = [commitment.clone(), child.clone()];
        let what = format!("the commitment, with {what} as its child");
        relay.refuses_together(&what, &package, "missing-ephemeral-spends");
    }
    let coins = relay.coins(1_500);
    let child = with_coins(complete.commitment().child(&coins).unwrap(), &coins);
    relay.takes_together("the commitment, with the anchor's child", &[commitment, child]);
    for (what, child) in &all {
        relay.refuses(&format!("{what} beside that child"), child, "missing-ephemeral-spends");
    }
    relay.node.mine(1);
    for (what, child) in &all {
        relay.would_take(&format!("{what}, a block later"), child);
    }
}

#[test]
#[ignore = "asks a bitcoind: just long-relay"]
fn a_close_and_what_replaces_it() {
    let mut relay = Relay::open("A cooperative close");
    let height = relay.node.height();
    relay.refuses("a close without a fee", &relay.scene.closed(0, 0), WITHOUT_FEE);
    relay.refuses("a close above the height", &relay.scene.closed(300, height + 1), TOO_EARLY);
    relay.takes("a close", &relay.scene.closed(300, height));
    relay.refuses("a close that pays 5 sat more", &relay.scene.closed(305, 0), "insufficient fee");
    let last = relay.scene.closed(600, 0);
    relay.takes("a close that pays twice as much", &last);
    let complete = relay.scene.signed(Party::Accepter, 7).0;
    let commitment = relay.scene.published(&complete);
    let few = relay.coins(500);
    let few = with_coins(complete.commitment().child(&few).unwrap(), &few);
    relay.refuses_together(
        "a commitment whose child pays less",
        &[commitment.clone(), few],
        "insufficient anti-DoS fees",
    );
    let coins = relay.coins(9_000);
    let child = with_coins(complete.commitment().child(&coins).unwrap(), &coins);
    relay.takes_together("a commitment whose child pays more", &[commitment.clone(), child]);
    assert!(relay.node.has(&commitment) && !relay.node.has(&last));
}

#[test]
#[ignore = "asks a bitcoind: just long-relay"]
fn penalties() {
    let (relay, complete, covered) = Relay::published("Penalties", Party::Opener);
    let (x, y) = (relay.scene.opener.clone(), relay.scene.accepter.clone());
    let next = relay.scene.signed(Party::Opener, 8).0;
    let told = relay.scene.signed(Party::Opener, 7).0.revoke(&next, &x).unwrap();
    let revoked = covered.revoked(&told.secret).unwrap();
    let all = revoked.penalty(&y).unwrap();
    relay.would_take("the penalty of everything", &taking(&all, 2_000));
    relay.refuses("the same without a fee", &taking(&all, 0), WITHOUT_FEE);
    let success = complete.success(&x, 0, &secret_of(0)).unwrap();
    let mut relay = relay;
    let coins = relay.coins(400);
    let stage = paid(&[success], &coins);
    relay.takes("a second stage of the breach", &stage);
    relay.takes("the penalty of everything, in its place", &taking(&all, 3_000));
    assert!(!relay.node.has(&stage));
    relay.node.confirm(std::slice::from_ref(&stage));
    let after = revoked.after_second_stage(&y, &stage).unwrap();
    relay.takes("the penalty of the second stage", &taking(&after, 300));
    let own = complete.own_money(&x).unwrap();
    relay.refuses(
        "the publisher's money, before its delay",
        &taking(&[own], 300),
        "non-BIP68-final",
    );
}
