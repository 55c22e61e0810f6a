use bitcoin::{Sequence, Transaction, absolute};
use pointlock::lock::LockSecret;
use pointlock_channel::*;
use pointlock_sim::Chain;

use crate::scene::*;
use crate::stage::*;

/// Each edge with all ways to take it: whose it is, and from when on.
struct Way {
    name: String,
    /// By its outpoint, which all ways of an edge spend.
    transaction: Transaction,
    /// The height whose next block may hold it.
    from: u32,
}

fn ways(
    stage: &Stage,
    complete: &CompleteCommitment,
    covered: &CoveredCommitment,
    offerer: Party,
    number: u64,
) -> Vec<Way> {
    let publisher = complete.publisher();
    let (x, y) = (stage.scene.secrets_of(publisher), stage.scene.secrets_of(publisher.other()));
    let (secret, expiry) = (secret_of(number), EXPIRY + number as u32);
    let [success, timeout] = if offerer == publisher {
        [covered.claim(y, number, &secret), complete.timeout(x, number)]
    } else {
        [complete.success(x, number, &secret), covered.timeout(y, number)]
    };
    let way = |name: &str, spend: Result<Spend, ChannelError>, from| Way {
        name: format!("{name} of {number}, offered by the {offerer}, on the {publisher}'s"),
        transaction: alone(spend.unwrap()),
        from,
    };
    vec![way("success", success, 0), way("timeout", timeout, expiry)]
}

/// Both ways of every edge, each alone: when it may be mined, that it can't be changed, and that nothing of the edge is left afterwards.
#[test]
fn every_edge_is_taken_once_and_not_too_early() {
    for publisher in [Party::Opener, Party::Accepter] {
        let (mut stage, complete, covered) = Stage::published(publisher);
        let mut all = Vec::new();
        for offerer in [Party::Opener, Party::Accepter] {
            for number in 0..3 {
                all.push(ways(&stage, &complete, &covered, offerer, number));
            }
        }
        let at_once = stage.chain.height();
        for way in all.iter().flatten() {
            if way.from <= at_once {
                stage.allows(&way.transaction);
            } else {
                stage.refuses(&way.transaction, TOO_EARLY);
                // Neither a lower lock time nor a final sequence helps.
                let mut earlier = way.transaction.clone();
                earlier.lock_time = absolute::LockTime::ZERO;
                stage.refuses_script(&earlier);
                let last = with_sequence(way.transaction.clone(), Sequence::MAX);
                stage.refuses_script(&last);
            }
            let other = with_sequence(way.transaction.clone(), Sequence::from_consensus(7));
            let refused = stage.chain.judge(&other).unwrap_err();
            // Seven blocks of age it has not, and seven is not what was signed.
            assert!(is_script(&refused) || refused.reason() == Some(TOO_EARLY), "{}", way.name);
        }
        stage.chain.mine_to(EXPIRY - 1).unwrap();
        for way in all.iter().flatten().filter(|way| way.from > 0) {
            stage.refuses(&way.transaction, TOO_EARLY);
        }
        stage.chain.mine_to(EXPIRY).unwrap();
        stage.allows(&all[0][1].transaction);
        stage.refuses(&all[1][1].transaction, TOO_EARLY);
        stage.chain.mine_to(EXPIRY + 2).unwrap();
        for way in all.iter().flatten() {
            stage.allows(&way.transaction);
        }
        // One after the other: the success of the one edge, the timeout of the next.
        for (at, ways) in all.iter().enumerate() {
            let (taken, left) = (&ways[at % 2], &ways[1 - at % 2]);
            stage.confirms(&taken.transaction);
            stage.refuses(&left.transaction, MISSING);
            stage.refuses_again(&taken.transaction);
        }
    }
}

/// What the publisher takes waits once more for its delay.
#[test]
fn a_second_stage_is_spent_after_the_delay() {
    for publisher in [Party::Opener, Party::Accepter] {
        let (mut stage, complete, _) = Stage::published(publisher);
        let secrets = stage.scene.secrets_of(publisher).clone();
        let success = alone(complete.success(&secrets, 0, &secret_of(0)).unwrap());
        stage.chain.mine_to(EXPIRY).unwrap();
        let timeout = alone(complete.timeout(&secrets, 0).unwrap());
        stage.chain.confirm_all(&[success.clone(), timeout.clone()]).unwrap();
        let mined = stage.chain.height();
        let delay = u32::from(stage.scene.channel.terms_of(publisher).delay);
        let mut after = complete.after_second_stage(&secrets, &success).unwrap();
        after.extend(complete.after_second_stage(&secrets, &timeout).unwrap());
        assert_eq!(after.len(), 2);
        let transaction = together(&after);
        stage.chain.mine_to(mined + delay - 2).unwrap();
        stage.refuses(&transaction, TOO_EARLY);
        stage.chain.mine_to(mined + delay - 1).unwrap();
        stage.confirms(&transaction);
    }
}

/// Zero-fee second stages, together and with coins; nobody takes them apart.
#[test]
fn second_stages_take_coins() {
    let (mut stage, complete, _) = Stage::published(Party::Opener);
    let secrets = stage.scene.secrets_of(Party::Opener).clone();
    let coins = stage.coins(3_000);
    let stages: Vec<Spend> = (0..3)
        .map(|number| complete.success(&secrets, number, &secret_of(number)).unwrap())
        .collect();
    let transaction = spend(&stages, None, &coins, &[0; 32]).unwrap();
    let transaction = with_coins_signed(transaction, &coins);
    stage.allows(&transaction);
    let mut apart = transaction.clone();
    apart.input.pop();
    apart.output.pop();
    stage.refuses_script(&apart);
    let mut redirected = transaction.clone();
    redirected.output[3].script_pubkey = script_of(1);
    stage.refuses_script(&redirected);
    let mut swapped = transaction.clone();
    swapped.input.swap(0, 1);
    stage.refuses_script(&swapped);
    stage.confirms(&transaction);
    let secrets = stage.scene.secrets_of(Party::Opener);
    assert_eq!(complete.after_second_stage(secrets, &transaction).unwrap().len(), 3);
}

/// From whichever commitment, and whichever party is paid: the offerer learns the secret from the block.
#[test]
fn the_offerer_extracts_from_the_mined_transaction() {
    for publisher in [Party::Opener, Party::Accepter] {
        let (mut stage, complete, covered) = Stage::published(publisher);
        let (x, y) = (
            stage.scene.secrets_of(publisher).clone(),
            stage.scene.secrets_of(publisher.other()).clone(),
        );
        for number in 0..2 {
            let LockSecret::Scalar(expected) = secret_of(number) else { panic!("a PTLC") };
            let claim = alone(covered.claim(&y, number, &secret_of(number)).unwrap());
            stage.confirms(&claim);
            assert_eq!(complete.extract(&x, number, &claim).unwrap(), expected);
            let success = alone(complete.success(&x, number, &secret_of(number)).unwrap());
            stage.confirms(&success);
            assert_eq!(covered.extract(&y, number, &success).unwrap(), expected);
        }
        // A claim of several, and with coins: the same.
        assert!(covered.extract(&y, 0, &together(&[covered.own_money(&y).unwrap()])).is_err());
    }
    let (mut stage, complete, covered) = Stage::published(Party::Opener);
    let y = stage.scene.secrets_of(Party::Accepter).clone();
    let claims: Vec<Spend> =
        (0..2).map(|number| covered.claim(&y, number, &secret_of(number)).unwrap()).collect();
    let coins = stage.coins(50_000);
    let script = script_of(9);
    let payout = Payout { script: &script, fee: bitcoin::Amount::from_sat(500) };
    let claim = spend(&claims, Some(payout), &coins, &[0; 32]).unwrap();
    let claim = with_coins_signed(claim, &coins);
    stage.confirms(&claim);
    let x = stage.scene.secrets_of(Party::Opener);
    for number in 0..2 {
        let secret = complete.extract(x, number, &claim).unwrap();
        assert_eq!(LockSecret::Scalar(secret), secret_of(number));
    }
}
