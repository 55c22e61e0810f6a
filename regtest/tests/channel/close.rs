use bitcoin::{Amount, absolute};
use pointlock_channel::*;
use pointlock_sim::Chain;

use crate::scene::*;
use crate::stage::*;

fn closed(scene: &Scene, fee: u64, lock_time: u32) -> bitcoin::Transaction {
    let terms = CloseTerms {
        closer: Party::Opener,
        fee: Amount::from_sat(fee),
        lock_time: absolute::LockTime::from_consensus(lock_time),
        opener_msat: 7_000_000_000,
        accepter_msat: 3_000_000_000,
        opener_script: Some(script_of(7)),
        accepter_script: Some(script_of(8)),
    };
    let close = Close::new(&scene.channel, &terms).unwrap();
    let nonce = |party, byte| {
        Close::nonce(&scene.channel, scene.secrets_of(party), &mut [byte; 32]).unwrap()
    };
    let (opener, accepter) = (nonce(Party::Opener, 1), nonce(Party::Accepter, 2));
    let nonces = [opener.public_nonce(), accepter.public_nonce()];
    let partials = [
        close.sign(&scene.opener, opener, &nonces[1]).unwrap(),
        close.sign(&scene.accepter, accepter, &nonces[0]).unwrap(),
    ];
    close.finish(Party::Opener, nonces, partials).unwrap()
}

#[test]
fn a_close_takes_the_place_of_every_commitment() {
    let mut stage = Stage::new();
    let own = stage.scene.published(&stage.scene.signed(Party::Opener, 7).0);
    let height = stage.chain.height();
    let (close, later) = (closed(&stage.scene, 700, 0), closed(&stage.scene, 900, height + 5));
    stage.allows(&own);
    stage.refuses(&later, TOO_EARLY);
    let mut cheaper = close.clone();
    cheaper.output[1].value += Amount::from_sat(1);
    stage.refuses_script(&cheaper);
    stage.allows(&close);
    stage.chain.mine_to(height + 5).unwrap();
    stage.allows(&later);
    stage.confirms(&close);
    stage.refuses_again(&close);
    for too_late in [own, later] {
        stage.refuses(&too_late, MISSING);
    }
}

#[test]
fn after_a_commitment_there_is_no_close() {
    let (mut stage, ..) = Stage::published(Party::Accepter);
    let close = closed(&stage.scene, 700, 0);
    stage.refuses(&close, MISSING);
}
