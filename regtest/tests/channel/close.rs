use bitcoin::Amount;
use pointlock_channel::*;
use pointlock_sim::Chain;

use crate::stage::*;

#[test]
fn a_close_takes_the_place_of_every_commitment() {
    let mut stage = Stage::new();
    let own = stage.scene.published(&stage.scene.signed(Party::Opener, 7).0);
    let height = stage.chain.height();
    let (close, later) = (stage.scene.closed(700, 0), stage.scene.closed(900, height + 5));
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
    let close = stage.scene.closed(700, 0);
    stage.refuses(&close, MISSING);
}
