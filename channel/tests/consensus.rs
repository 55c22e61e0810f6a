//! Every way to spend every output, before Bitcoin Core's script verification; amounts and heights, which it does not see, are `regtest`'s.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/scene.rs"]
mod scene;

use bitcoin::{Amount, OutPoint, Transaction, TxOut, consensus};
use pointlock::contract::FeeCoins;
use pointlock_channel::*;
use scene::*;

const FLAGS: u32 = bitcoinconsensus::VERIFY_ALL_PRE_TAPROOT | bitcoinconsensus::VERIFY_TAPROOT;

/// Whether every input satisfies the script of what it spends.
fn judge(transaction: &Transaction, spent: &[TxOut]) -> bool {
    let utxos: Vec<bitcoinconsensus::Utxo> = spent
        .iter()
        .map(|output| bitcoinconsensus::Utxo {
            script_pubkey: output.script_pubkey.as_bytes().as_ptr(),
            script_pubkey_len: output.script_pubkey.len() as u32,
            value: output.value.to_sat() as i64,
        })
        .collect();
    let bytes = consensus::serialize(transaction);
    (0..spent.len()).all(|input| {
        let output = &spent[input];
        bitcoinconsensus::verify_with_flags(
            output.script_pubkey.as_bytes(),
            output.value.to_sat(),
            &bytes,
            Some(&utxos),
            input,
            FLAGS,
        )
        .is_ok()
    })
}

fn to_payout(spends: &[Spend]) -> Transaction {
    let script = script_of(9);
    let payout = Payout { script: &script, fee: Amount::from_sat(1_000) };
    spend(spends, Some(payout), &FeeCoins::none(), &[0; 32]).unwrap()
}

/// Accepted; and refused with each signature's last byte, or each preimage's, changed.
fn accepted(transaction: &Transaction, spends: &[Spend]) {
    let spent: Vec<TxOut> = transaction
        .input
        .iter()
        .map(|input| {
            let is = |spend: &&Spend| spend.outpoint() == input.previous_output;
            spends.iter().find(is).unwrap().prevout().clone()
        })
        .collect();
    assert!(judge(transaction, &spent));
    for input in 0..spent.len() {
        let items = transaction.input[input].witness.to_vec();
        let openings = if items.len() > 1 { items.len() - 2 } else { 1 };
        for at in 0..openings {
            let mut items = items.clone();
            let last = 31.min(items[at].len() - 1);
            items[at][last] ^= 1;
            let mut broken = transaction.clone();
            broken.input[input].witness = bitcoin::Witness::from_slice(&items);
            assert!(!judge(&broken, &spent), "item {at} of input {input} does not count");
        }
    }
}

#[test]
fn both_parties_commitments_are_signed_by_both() {
    let scene = Scene::with_edges(OutPoint::null());
    for publisher in [Party::Opener, Party::Accepter] {
        let (complete, _) = scene.signed(publisher, 7);
        let published = scene.published(&complete);
        assert_eq!(published.compute_txid(), complete.commitment().txid());
        assert!(judge(&published, &[scene.channel.funding_tx_out()]));
        assert!(!judge(complete.commitment().transaction(), &[scene.channel.funding_tx_out()]));
    }
}

#[test]
fn every_edge_is_taken_in_every_way_by_both_parties() {
    let scene = Scene::with_edges(OutPoint::null());
    for publisher in [Party::Opener, Party::Accepter] {
        let (x, y) = (scene.secrets_of(publisher), scene.secrets_of(publisher.other()));
        let (complete, covered) = scene.signed(publisher, 7);
        let own = [complete.own_money(x).unwrap()];
        accepted(&to_payout(&own), &own);
        let own = [covered.own_money(y).unwrap()];
        accepted(&to_payout(&own), &own);
        for number in 0..3 {
            let secret = secret_of(number);
            // The publisher's second stages, and what follows them.
            let stages = [complete.timeout(x, number), complete.success(x, number, &secret)]
                .map(Result::unwrap);
            for stage in stages {
                let stage = [stage];
                let transaction = spend(&stage, None, &FeeCoins::none(), &[0; 32]).unwrap();
                accepted(&transaction, &stage);
                let after = complete.after_second_stage(x, &transaction).unwrap();
                assert_eq!(after.len(), 1);
                accepted(&to_payout(&after), &after);
                if let (Ok(t), LockSecret::Scalar(expected)) =
                    (covered.extract(y, number, &transaction), &secret)
                {
                    assert_eq!(t, *expected);
                }
            }
            // The other party's claims.
            let claim = [covered.claim(y, number, &secret).unwrap()];
            let transaction = to_payout(&claim);
            accepted(&transaction, &claim);
            match &secret {
                LockSecret::Scalar(t) => {
                    assert_eq!(complete.extract(x, number, &transaction).unwrap(), *t);
                }
                LockSecret::Preimage(_) => {
                    complete.extract(x, number, &transaction).unwrap_err();
                }
            }
            let timeout = [covered.timeout(y, number).unwrap()];
            accepted(&to_payout(&timeout), &timeout);
        }
    }
}

use pointlock::lock::LockSecret;

#[test]
fn a_revoked_commitment_and_its_second_stages_are_the_others() {
    let scene = Scene::with_edges(OutPoint::null());
    for publisher in [Party::Opener, Party::Accepter] {
        let (x, y) = (scene.secrets_of(publisher), scene.secrets_of(publisher.other()));
        let (complete, covered) = scene.signed(publisher, 7);
        let next = scene.signed(publisher, 8).0;
        let stage = complete.timeout(x, 1).unwrap();
        let stage = spend(&[stage], None, &FeeCoins::none(), &[0; 32]).unwrap();
        let told = complete.revoke(&next, x).unwrap();
        let revoked = covered.revoked(&told.secret).unwrap();
        // Six edges, and the publisher's money.
        let all = revoked.penalty(y).unwrap();
        assert_eq!(all.len(), 7);
        accepted(&to_payout(&all), &all);
        for one in &all {
            accepted(&to_payout(std::slice::from_ref(one)), std::slice::from_ref(one));
        }
        let after = revoked.after_second_stage(y, &stage).unwrap();
        assert_eq!(after.len(), 1);
        accepted(&to_payout(&after), &after);
        // Its own penalty the publisher can't take.
        let refused = revoked.penalty(x).unwrap_err();
        assert!(matches!(refused, ChannelError::WrongParty { .. }));
    }
}

#[test]
fn second_stages_with_the_same_lock_time_go_together_and_take_coins() {
    let scene = Scene::with_edges(OutPoint::null());
    let x = scene.secrets_of(Party::Opener);
    let (complete, _) = scene.signed(Party::Opener, 7);
    let stages: Vec<Spend> =
        (0..3).map(|number| complete.success(x, number, &secret_of(number)).unwrap()).collect();
    let together = spend(&stages, None, &FeeCoins::none(), &[0; 32]).unwrap();
    accepted(&together, &stages);
    assert_eq!(complete.after_second_stage(x, &together).unwrap().len(), 3);
    let timeouts = [0, 1].map(|number| complete.timeout(x, number).unwrap());
    let refused = spend(&timeouts, None, &FeeCoins::none(), &[0; 32]).unwrap_err();
    assert_eq!(refused, ChannelError::LockTimes);
}

#[test]
fn both_close_together() {
    let scene = Scene::at(OutPoint::null());
    let terms = |opener_script| CloseTerms {
        closer: Party::Opener,
        fee: Amount::from_sat(700),
        lock_time: bitcoin::absolute::LockTime::ZERO,
        opener_msat: 7_000_000_001,
        accepter_msat: 2_999_999_999,
        opener_script,
        accepter_script: Some(script_of(8)),
    };
    for opener_script in [Some(script_of(7)), None] {
        let close = Close::new(&scene.channel, &terms(opener_script.clone())).unwrap();
        let outputs: u64 = close.transaction().output.iter().map(|out| out.value.to_sat()).sum();
        let expected = if opener_script.is_some() { 9_999_299 } else { 2_999_999 };
        assert_eq!(outputs, expected);
        let (nonces, partials) = scene.halves(&close);
        let signed = close.finish(Party::Opener, nonces, partials).unwrap();
        assert!(judge(&signed, &[scene.channel.funding_tx_out()]));
        // The halves add up to the same in either order; twice the same half does not.
        let [one, other] = partials;
        assert_eq!(close.finish(Party::Accepter, nonces, [other, one]).unwrap(), signed);
        let twice = close.finish(Party::Opener, nonces, [one, one]);
        assert!(matches!(twice, Err(SigningError::Funding { .. })));
    }
}

/// PTLCs of one amount that one party offers have one script: who signs what for which is a matter of the order alone.
#[test]
fn equal_outputs_are_in_the_order_of_expiry_and_number_on_both_sides() {
    let mut scene = Scene::at(OutPoint::null());
    let (x, y) = (Party::Opener, Party::Accepter);
    for (number, expiry) in [(4, EXPIRY + 9), (2, EXPIRY), (7, EXPIRY), (1, EXPIRY + 4)] {
        scene.edges.push(edge(x, number, 60_000, expiry, &point_secret(number as u8 + 1)));
    }
    let (complete, covered) = scene.signed(x, 3);
    let order: Vec<u64> =
        complete.commitment().edges().map(|(_, edge)| edge.terms().number).collect();
    assert_eq!(order, [2, 7, 1, 4]);
    let scripts: std::collections::BTreeSet<_> =
        complete.commitment().edges().map(|(output, _)| output.script_pubkey()).collect();
    assert_eq!(scripts.len(), 1);
    // However the edges came in.
    let mut reversed = scene.clone();
    reversed.edges.reverse();
    assert_eq!(reversed.commitment(x, 3).transaction(), complete.commitment().transaction());
    for number in [4, 2, 7, 1] {
        let secret = point_secret(number as u8 + 1);
        let claim = [covered.claim(scene.secrets_of(y), number, &secret).unwrap()];
        let transaction = to_payout(&claim);
        accepted(&transaction, &claim);
        let t = complete.extract(scene.secrets_of(x), number, &transaction).unwrap();
        assert_eq!(LockSecret::Scalar(t), secret);
    }
}
