use bitcoin::Sequence;
use pointlock_channel::*;
use pointlock_sim::Chain;

use crate::scene::*;
use crate::stage::*;

#[test]
fn one_commitment_is_mined_once_and_signed() {
    for publisher in [Party::Opener, Party::Accepter] {
        let mut stage = Stage::new();
        let (complete, _) = stage.scene.signed(publisher, 7);
        let others = stage.scene.signed(publisher.other(), 7).0;
        let (own, others) = (stage.scene.published(&complete), stage.scene.published(&others));
        let unsigned = complete.commitment().transaction().clone();
        stage.refuses_script(&unsigned);
        stage.allows(&own);
        stage.allows(&others);
        stage.confirms(&own);
        stage.refuses_again(&own);
        stage.refuses(&others, MISSING);
    }
    // Without the funding output there is nothing to spend.
    let mut stage = Stage::new();
    let nowhere = bitcoin::OutPoint { vout: 0, ..bitcoin::OutPoint::null() };
    let elsewhere = Scene::with_edges(nowhere);
    let unfunded = elsewhere.published(&elsewhere.signed(Party::Opener, 7).0);
    stage.refuses(&unfunded, MISSING);
}

/// The publisher waits; the other party does not.
#[test]
fn own_money_is_the_publishers_after_its_delay_and_the_others_at_once() {
    for publisher in [Party::Opener, Party::Accepter] {
        let (mut stage, complete, covered) = Stage::published(publisher);
        let mined = stage.chain.height();
        let delay = u32::from(stage.scene.channel.terms_of(publisher).delay);
        let others = covered.own_money(stage.scene.secrets_of(publisher.other())).unwrap();
        stage.allows(&alone(others));
        let own = alone(complete.own_money(stage.scene.secrets_of(publisher)).unwrap());
        stage.refuses(&own, TOO_EARLY);
        stage.chain.mine_to(mined + delay - 2).unwrap();
        stage.refuses(&own, TOO_EARLY);
        // A shorter sequence is not what the script asks for, and not what was signed.
        let shorter = Sequence::from_height(delay as u16 - 1);
        stage.refuses_script(&with_sequence(own.clone(), shorter));
        stage.chain.mine_to(mined + delay - 1).unwrap();
        stage.allows(&own);
        stage.confirms(&own);
        stage.refuses_again(&own);
    }
}

/// The anchor is anyone's, and its child is in the same block or later, never before.
#[test]
fn a_child_pays_for_its_commitment() {
    let mut stage = Stage::new();
    let (complete, _) = stage.scene.signed(Party::Opener, 7);
    let commitment = stage.scene.published(&complete);
    let coins = stage.coins(2_000);
    let child = complete.commitment().child(&coins).unwrap();
    stage.refuses(&child, MISSING);
    let child = with_coins_signed(child, &coins);
    stage.refuses(&child, MISSING);
    let refused = stage.chain.judge_all(&[child.clone(), commitment.clone()]).unwrap_err();
    assert_eq!(refused.reason(), Some(MISSING));
    stage.chain.judge_all(&[commitment.clone(), child.clone()]).unwrap();
    stage.confirms(&commitment);
    stage.confirms(&child);
    stage.refuses_again(&child);
}
