//! Spends that both sign, and what one of them can't do alone.

use bitcoin::hashes::Hash;
use bitcoin::sighash::{Prevouts, SighashCache, TapSighashType};
use bitcoin::{Amount, Transaction, Witness};
use pointlock::adaptor::musig2::{KeyAggContext, Musig2Error, SecretNonce, Session};
use pointlock::contract::{ContractError, CooperativeSession, CooperativeSpend, Party, SpendPath};
use pointlock::curve::{Keypair, SecretScalar, Tag};
use pointlock::lock::{LockSecret, Preimage};

use crate::scene::{REFUSED, Scene, consensus, keypair, limits_ok, scalar, script_of, secrets};

/// Both parties' nonces and session for a cooperative spend.
fn session<P>(
    scene: &Scene,
    spend: CooperativeSpend<P>,
) -> (CooperativeSession<P>, SecretNonce, SecretNonce) {
    let offerer = spend.generate_nonce(&mut [0xa0; 32], &scene.offerer).unwrap();
    let claimer = spend.generate_nonce(&mut [0xa1; 32], &scene.claimer).unwrap();
    let nonces = (offerer.public_nonce(), claimer.public_nonce());
    (spend.session(nonces.0, nonces.1).unwrap(), offerer, claimer)
}

pub(crate) fn paid_together(scene: &Scene) -> Transaction {
    let spend = scene.funded().payout_to_claimer(&scene.payout, Amount::from_sat(300)).unwrap();
    let (session, offerer, claimer) = session(scene, spend);
    let claimers = session.sign_as_claimer(claimer, &scene.claimer).unwrap();
    assert_eq!(session.verify_partial(Party::Claimer, &claimers), Ok(()));
    let offerers = session.sign_as_offerer(offerer, &scene.offerer, &scene.secret).unwrap();
    assert_eq!(session.verify_partial(Party::Offerer, &offerers), Ok(()));
    let partials_of = |signer| Musig2Error::InvalidPartialSignature { signer };
    assert_eq!(
        session.finish(claimers, claimers),
        Err(ContractError::Musig2 { source: partials_of(0) })
    );
    session.finish(offerers, claimers).unwrap()
}

#[test]
fn together_they_spend_by_the_key_path() {
    for secret in secrets() {
        let scene = Scene::new(secret);
        let paid = paid_together(&scene);

        let refund_script = script_of(&keypair(0x88));
        let refund = scene.funded().refund_to_offerer(&refund_script, Amount::ZERO).unwrap();
        let (session, offerer, claimer) = session(&scene, refund);
        let sign = |party, nonce, signer| session.sign_after_final_failure(party, nonce, signer);
        let offerers = sign(Party::Offerer, offerer, &scene.offerer).unwrap();
        let claimers = sign(Party::Claimer, claimer, &scene.claimer).unwrap();
        let refunded = session.finish(offerers, claimers).unwrap();

        for (transaction, payout) in [(paid, &scene.payout), (refunded, &refund_script)] {
            assert_eq!(consensus(&transaction, &scene.spent()), Ok(()));
            assert_eq!(limits_ok(&scene, &transaction, 1), Ok(()));
            assert_eq!(transaction.output[0].script_pubkey, *payout);
            // Nothing of the contract is shown, and so no secret.
            assert_eq!(
                scene.offered.extract(&transaction),
                Err(ContractError::NoSecret { path: Some(SpendPath::Cooperative) })
            );
            let mut changed = transaction.clone();
            changed.output[0].value -= Amount::ONE_SAT;
            assert_eq!(consensus(&changed, &scene.spent()), REFUSED);
        }
    }
}

#[test]
fn the_offerer_signs_a_payout_for_the_secret_only() {
    let [point, hash] = secrets();
    for (secret, wrong) in [
        (point.clone(), LockSecret::Scalar(scalar(0x75))),
        (hash.clone(), LockSecret::Preimage(Preimage::new([0x71; 32]))),
        (point.clone(), hash.clone()),
    ] {
        let scene = Scene::new(secret);
        let spend = || scene.funded().payout_to_claimer(&scene.payout, Amount::ZERO).unwrap();
        let (first, nonce, _) = session(&scene, spend());
        let refused = first.sign_as_offerer(nonce, &scene.offerer, &wrong);
        assert_eq!(refused, Err(ContractError::WrongSecret));
        let (first, _, nonce) = session(&scene, spend());
        let refused = first.sign_as_offerer(nonce, &scene.claimer, &scene.secret);
        assert_eq!(refused, Err(ContractError::WrongSigner { party: Party::Offerer }));
        let (second, nonce, _) = session(&scene, spend());
        assert!(second.sign_as_offerer(nonce, &scene.offerer, &scene.secret).is_ok());
    }
}

#[test]
fn the_key_path_belongs_to_both_and_to_this_tree() {
    let [point, hash] = secrets();
    let (scene, other) = (Scene::new(point), Scene::new(hash));
    let mut transaction = paid_together(&scene);
    assert_eq!(consensus(&transaction, &scene.spent()), Ok(()));
    let message = SighashCache::new(&transaction)
        .taproot_key_spend_signature_hash(
            0,
            &Prevouts::All(&scene.spent()),
            TapSighashType::Default,
        )
        .unwrap()
        .to_byte_array();

    let (offerer, claimer) = (&scene.offerer, &scene.claimer);
    let root = |scene: &Scene| scene.funded().contract().merkle_root().to_byte_array();
    let keys = |order: [&Keypair; 2]| KeyAggContext::new(&order.map(Keypair::public_key)).unwrap();
    let tweaked =
        |keys: KeyAggContext, root: Option<&[u8; 32]>| keys.with_taproot_tweak(root).unwrap();
    let both = [offerer, claimer];
    let contexts = [
        ("right", both, tweaked(keys(both), Some(&root(&scene))), Ok(())),
        ("other tree", both, tweaked(keys(both), Some(&root(&other))), REFUSED),
        ("no tree", both, tweaked(keys(both), None), REFUSED),
        ("no tweak", both, keys(both), REFUSED),
        (
            "other order",
            [claimer, offerer],
            tweaked(keys([claimer, offerer]), Some(&root(&scene))),
            REFUSED,
        ),
    ];
    for (what, signers, keys, expected) in contexts {
        let signature = musig2_sign(&keys, signers, &message);
        transaction.input[0].witness = Witness::from_slice(&[signature.as_ref()]);
        assert_eq!(consensus(&transaction, &scene.spent()), expected, "{what}");
    }

    // One party alone, with its key as it is and tweaked as if it were the internal key.
    let tag = Tag::new("TapTweak");
    for alone in both {
        let even = if alone.public_key().is_odd() {
            alone.secret_key().negate()
        } else {
            alone.secret_key().clone()
        };
        let x = alone.x_only_public_key().serialize();
        let tweak = SecretScalar::from_hash(&tag.hash(&[&x, &root(&scene)])).unwrap();
        for key in [alone.clone(), Keypair::new(even.add(&tweak).unwrap())] {
            let signature = key.sign_schnorr(&message, &[0; 32]);
            transaction.input[0].witness = Witness::from_slice(&[signature.as_ref()]);
            assert_eq!(consensus(&transaction, &scene.spent()), REFUSED);
        }
    }
}

fn musig2_sign(
    keys: &KeyAggContext,
    signers: [&Keypair; 2],
    message: &[u8; 32],
) -> secp256k1::schnorr::Signature {
    let nonces = signers.map(|signer| {
        let mut rand = [0xa2; 32];
        SecretNonce::generate(&mut rand, signer, &keys.x_only(), message, None).unwrap()
    });
    let public_nonces = [nonces[0].public_nonce(), nonces[1].public_nonce()];
    let session = Session::new(keys, &public_nonces, message).unwrap();
    let [first, second] = nonces;
    let partials = [
        session.sign_partial(first, signers[0]).unwrap(),
        session.sign_partial(second, signers[1]).unwrap(),
    ];
    session.aggregate(&partials).unwrap()
}
