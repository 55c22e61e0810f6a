use bitcoin::{Amount, OutPoint, Transaction};
use pointlock::contract::FeeCoins;
use pointlock_channel::*;

use crate::scene::*;
use crate::stage::*;

/// As many PTLCs as there can be, both ways: the commitment is mined, a part of the edges is claimed, and the rest is paid for when it is revoked.
#[test]
fn a_full_commitment_is_mined_and_paid_for() {
    let mut stage = Stage::new();
    stage.scene.edges.clear();
    for offerer in [Party::Opener, Party::Accepter] {
        for number in 0..MAX_EDGES as u64 {
            let secret = point_secret(1 + number as u8);
            stage.scene.edges.push(edge(offerer, number, 2_000 + number, EXPIRY, &secret));
        }
    }
    let (complete, covered) = stage.scene.signed(Party::Opener, 7);
    let commitment = stage.scene.published(&complete);
    assert!(commitment.vsize() <= 10_000, "{} vB", commitment.vsize());
    stage.confirms(&commitment);
    let (x, y) = (stage.scene.opener.clone(), stage.scene.accepter.clone());
    let claims: Vec<Spend> = (0..40)
        .map(|number| covered.claim(&y, number, &point_secret(1 + number as u8)).unwrap())
        .collect();
    let claim = together(&claims);
    stage.confirms(&claim);
    for number in 0..40 {
        let secret = complete.extract(&x, number, &claim).unwrap();
        assert_eq!(secret, scalar(1 + number as u8));
    }
    let next = stage.scene.signed(Party::Opener, 8).0;
    let told = complete.revoke(&next, &x).unwrap();
    let claimed: Vec<OutPoint> = claim.input.iter().map(|input| input.previous_output).collect();
    let mut left = covered.revoked(&told.secret).unwrap().penalty(&y).unwrap();
    left.retain(|spend| !claimed.contains(&spend.outpoint()));
    assert_eq!(left.len(), 2 * MAX_EDGES - 40 + 1);
    // Too many for one transaction of version 3.
    let script = script_of(9);
    let payout = Payout { script: &script, fee: Amount::from_sat(1_000) };
    let all = spend(&left, Some(payout), &FeeCoins::none(), &[0; 32]);
    assert!(matches!(all, Err(ChannelError::TooHeavy { .. })));
    let parts: Vec<Transaction> = left.chunks(100).map(together).collect();
    stage.chain.confirm_all(&parts).unwrap();
}
