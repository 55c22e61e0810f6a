//! Bitcoin Core's own script verification judges every spend of a contract, and every way to cheat beside the
//! honest one that differs in nothing else.

#![allow(clippy::unwrap_used, reason = "tests")]

mod cooperative;
mod scene;
mod success;
mod timeout;

use bitcoin::Amount;
use pointlock::contract::{LimitsError, SpendPath};
use scene::{AMOUNT, Scene, consensus, keypair, limits_ok, secrets};

#[test]
fn script_verification_does_not_see_amounts() {
    // Alone, the claimer of an HTLC can sign for more than there is. The script is content; the limits are not.
    let [_, hash] = secrets();
    let scene = Scene::new(hash);
    let mut claim = scene.claim(0);
    claim.output[0].value = AMOUNT + Amount::ONE_SAT;
    let claim = scene.sign_again(claim, &scene.spent());
    assert_eq!(consensus(&claim, &scene.spent()), Ok(()));
    let (inputs, outputs) = (AMOUNT, AMOUNT + Amount::ONE_SAT);
    assert_eq!(
        limits_ok(&scene, &claim, 1),
        Err(LimitsError::OutputsAboveInputs { inputs, outputs })
    );
    assert_eq!(limits_ok(&scene, &scene.claim(0), 1), Ok(()));
}

/// The table in the module's documentation: PTLC, then HTLC, in weight units, for a taproot payout.
#[test]
fn predicted_weights_are_exact() {
    let documented = [[645, 550, 444], [617, 550, 444]];
    let paths = [SpendPath::Success, SpendPath::Timeout, SpendPath::Cooperative];
    for (secret, documented) in secrets().into_iter().zip(documented) {
        let scene = Scene::new(secret);
        let spends = [scene.claim(0), scene.timeout(), cooperative::paid_together(&scene)];
        for ((path, transaction), documented) in paths.into_iter().zip(spends).zip(documented) {
            let predicted = scene.funded().contract().weight(path, &scene.payout);
            assert_eq!(predicted, transaction.weight(), "{path}");
            assert_eq!(predicted.to_wu(), documented, "{path}");
        }
    }
}

#[test]
fn every_parity_of_every_key() {
    // x-only keys in the scripts, keys with parity in the aggregate, and a tweak on top: each sign can go wrong
    // alone.
    let mut seen = std::collections::HashSet::new();
    for offerer in 1..8 {
        for claimer in 8..12 {
            for secret in secrets() {
                let scene = Scene::between(secret, [keypair(offerer), keypair(claimer)], 0);
                let contract = scene.funded().contract();
                seen.insert((
                    scene.offerer.public_key().is_odd(),
                    scene.claimer.public_key().is_odd(),
                    contract.spend_info().output_key_parity() == secp256k1::Parity::Odd,
                ));
                for transaction in
                    [scene.claim(0), scene.timeout(), cooperative::paid_together(&scene)]
                {
                    assert_eq!(consensus(&transaction, &scene.spent()), Ok(()));
                }
                assert_eq!(scene.offered.extract(&scene.claim(0)).unwrap(), scene.secret);
            }
        }
    }
    assert_eq!(seen.len(), 8);
}
