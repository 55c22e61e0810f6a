//! Claims, and those who should not get them.

use bitcoin::hashes::Hash;
use bitcoin::sighash::{Annex, Prevouts, SighashCache, TapSighashType};
use bitcoin::taproot::LeafVersion;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, OutPoint, Sequence, TapLeafHash, Transaction, TxOut, Txid, Witness, absolute,
};
use pointlock::contract::{
    Contract, ContractError, ContractTerms, FeeCoin, FeeCoins, FeeLadder, FundedContract, Party,
    ReceivedContract, SpendPath, limits,
};
use pointlock::curve::Keypair;
use pointlock::lock::{Lock, LockSecret, Preimage};

use crate::scene::{
    AMOUNT, EXPIRY, REFUSED, Scene, consensus, keypair, limits_ok, replace, scalar, script_of,
    secrets,
};

#[test]
fn claims_are_accepted_and_give_the_secret() {
    for secret in secrets() {
        let scene = Scene::new(secret);
        for (rung, output) in scene.received.outputs().iter().enumerate() {
            let claim = scene.claim(rung);
            assert_eq!(consensus(&claim, &scene.spent()), Ok(()), "rung {rung}");
            assert_eq!(limits_ok(&scene, &claim, 1), Ok(()));
            assert_eq!(claim.output[0].value, *output);
            assert_eq!(scene.funded().spend_path(&claim), Ok(Some(SpendPath::Success)));
            assert_eq!(scene.offered.extract(&claim).unwrap(), scene.secret);
        }
    }
}

#[test]
fn both_parities_of_the_nonce() {
    let [point, _] = secrets();
    let mut seen = [0; 2];
    for aux in 0..4 {
        let scene = Scene::with_aux(point.clone(), aux);
        for (rung, kept) in scene.offered.pre_signatures().unwrap().rungs().iter().enumerate() {
            seen[usize::from(kept.pre_signature().to_bytes()[0] & 1)] += 1;
            let claim = scene.claim(rung);
            assert_eq!(consensus(&claim, &scene.spent()), Ok(()));
            assert_eq!(scene.offered.extract(&claim).unwrap(), point);
        }
    }
    assert!(seen[0] > 2 && seen[1] > 2, "{seen:?}");
}

#[test]
fn wrong_secrets_are_refused() {
    let [point, hash] = secrets();
    let (LockSecret::Scalar(t), LockSecret::Preimage(preimage)) = (&point, &hash) else { panic!() };
    let one = scalar(1);
    let scalars = [t.negate(), t.add(&one).unwrap(), t.add(t).unwrap(), one, scalar(0x70)];
    let flipped = |bit: usize| {
        let mut bytes = *preimage.dangerous_as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        LockSecret::Preimage(Preimage::new(bytes))
    };
    let wrong_points = scalars.into_iter().map(LockSecret::Scalar).collect::<Vec<_>>();
    let wrong_hashes = [0, 100, 255].map(flipped).to_vec();

    for (right, wrong) in [(point.clone(), wrong_points), (hash.clone(), wrong_hashes)] {
        let scene = Scene::new(right);
        assert_eq!(consensus(&scene.claim_with(&scene.secret), &scene.spent()), Ok(()));
        for secret in wrong {
            let theft = scene.claim_with(&secret);
            assert_eq!(consensus(&theft, &scene.spent()), REFUSED);
            assert!(scene.offered.extract(&theft).is_err());
            let checked =
                scene.received.claim(0, &secret, &scene.claimer, &FeeCoins::none(), &[0; 32]);
            assert_eq!(checked, Err(ContractError::WrongSecret));
        }
    }
    // A secret of the other kind makes no transaction at all.
    for (scene, secret) in [(Scene::new(point.clone()), &hash), (Scene::new(hash.clone()), &point)]
    {
        let claim = scene.received.dangerous_claim_unchecked(
            0,
            secret,
            &scene.claimer,
            &FeeCoins::none(),
            &[0; 32],
        );
        assert_eq!(claim, Err(ContractError::SecretKind));
    }
}

#[test]
fn claims_need_the_claimer() {
    for secret in secrets() {
        let scene = Scene::new(secret);
        let honest = scene.claim(0);
        assert_eq!(consensus(&honest, &scene.spent()), Ok(()));

        let mut missing = honest.clone();
        replace(&mut missing.input[0].witness, 0, &[]);
        assert_eq!(consensus(&missing, &scene.spent()), REFUSED);

        // A thief who knows the secret and is not the claimer: the money is not for it.
        let coins = FeeCoins::none();
        let by = |thief: &Keypair| {
            scene.received.dangerous_claim_unchecked(0, &scene.secret, thief, &coins, &[0; 32])
        };
        assert_eq!(consensus(&by(&scene.claimer).unwrap(), &scene.spent()), Ok(()));
        for thief in [&scene.offerer, &keypair(0x66)] {
            assert_eq!(consensus(&by(thief).unwrap(), &scene.spent()), REFUSED);
            let checked = scene.received.claim(0, &scene.secret, thief, &coins, &[0; 32]);
            assert_eq!(checked, Err(ContractError::WrongSigner { party: Party::Claimer }));
        }
    }
}

#[test]
fn a_pre_signature_is_no_signature() {
    let [point, _] = secrets();
    let scene = Scene::new(point);
    let rungs = scene.offered.pre_signatures().unwrap().rungs();
    for (rung, kept) in rungs.iter().enumerate() {
        let mut claim = scene.claim(rung);
        assert_eq!(consensus(&claim, &scene.spent()), Ok(()));
        let mut as_signature = kept.pre_signature().to_bytes()[1..].to_vec();
        as_signature.push(TapSighashType::SinglePlusAnyoneCanPay as u8);
        replace(&mut claim.input[0].witness, 1, &as_signature);
        assert_eq!(consensus(&claim, &scene.spent()), REFUSED);
        // It gives t = 0, which is no secret.
        assert!(matches!(scene.offered.extract(&claim), Err(ContractError::Extraction { .. })));
    }
}

/// What it is called, and what it does.
type Change<'a> = (&'a str, &'a dyn Fn(&mut Transaction));

#[test]
fn what_the_offerer_signed_is_what_the_claimer_gets() {
    let [point, _] = secrets();
    let scene = Scene::new(point);
    let (low, high) = (scene.claim(0), scene.claim(1));
    let changes: [Change; 8] = [
        ("nothing", &|_| {}),
        // The signature of the rung with the low fee is not worth the output of another.
        ("value of another rung", &|tx| tx.output[0].value = high.output[0].value),
        ("higher value", &|tx| tx.output[0].value += Amount::ONE_SAT),
        ("other script", &|tx| tx.output[0].script_pubkey = script_of(&keypair(0x98))),
        ("version 2", &|tx| tx.version = Version::TWO),
        ("lock time", &|tx| tx.lock_time = absolute::LockTime::from_consensus(EXPIRY)),
        ("sequence", &|tx| tx.input[0].sequence = Sequence::MAX),
        ("signature of another rung", &|tx| {
            let other = high.input[0].witness.to_vec();
            replace(&mut tx.input[0].witness, 1, &other[1]);
        }),
    ];
    for (what, change) in changes {
        let mut changed = low.clone();
        change(&mut changed);
        let changed = scene.sign_again(changed, &scene.spent());
        let expected = if what == "nothing" { Ok(()) } else { REFUSED };
        assert_eq!(consensus(&changed, &scene.spent()), expected, "{what}");
    }
}

#[test]
fn a_claimer_with_other_coins_pays_more() {
    for secret in secrets() {
        let scene = Scene::new(secret);
        let coin_owner = keypair(0x55);
        let coin = FeeCoin {
            outpoint: OutPoint { txid: Txid::from_byte_array([0x22; 32]), vout: 0 },
            prevout: TxOut {
                value: Amount::from_sat(50_000),
                script_pubkey: script_of(&coin_owner),
            },
        };
        let change =
            TxOut { value: Amount::from_sat(10_000), script_pubkey: script_of(&coin_owner) };
        let coins = FeeCoins { inputs: vec![coin.clone()], change: vec![change] };
        let mut claim =
            scene.received.claim(0, &scene.secret, &scene.claimer, &coins, &[0; 32]).unwrap();
        let spent = [scene.funded().contract().tx_out(), coin.prevout.clone()];
        assert_eq!(consensus(&claim, &spent), REFUSED, "the coin is not signed yet");

        let sign_coin = |claim: &mut Transaction, input: usize, spent: &[TxOut]| {
            let sighash = SighashCache::new(&*claim)
                .taproot_key_spend_signature_hash(
                    input,
                    &Prevouts::All(spent),
                    TapSighashType::Default,
                )
                .unwrap();
            let signature = coin_owner.sign_schnorr(&sighash.to_byte_array(), &[0; 32]);
            claim.input[input].witness = Witness::from_slice(&[signature.as_ref()]);
        };
        sign_coin(&mut claim, 1, &spent);
        assert_eq!(consensus(&claim, &spent), Ok(()));
        let lowest_fee = AMOUNT - scene.received.outputs()[0];
        assert_eq!(
            limits::check_amounts(&claim, &spent),
            Ok(lowest_fee + Amount::from_sat(40_000))
        );
        assert_eq!(scene.offered.extract(&claim).unwrap(), scene.secret);

        // The offerer's signature goes with the contract's input to another place, and extraction finds it there.
        let mut moved = claim.clone();
        moved.input.swap(0, 1);
        moved.output.swap(0, 1);
        let swapped = [spent[1].clone(), spent[0].clone()];
        sign_coin(&mut moved, 0, &swapped);
        let moved = scene.sign_again(moved, &swapped);
        assert_eq!(consensus(&moved, &swapped), Ok(()));
        assert_eq!(scene.offered.extract(&moved).unwrap(), scene.secret);

        // SINGLE binds the payout to the input's place: it can't stay behind.
        if matches!(scene.secret, LockSecret::Scalar(_)) {
            let mut left_behind = moved;
            left_behind.output.swap(0, 1);
            sign_coin(&mut left_behind, 0, &swapped);
            let left_behind = scene.sign_again(left_behind, &swapped);
            assert_eq!(consensus(&left_behind, &swapped), REFUSED);
        }
    }
}

#[test]
fn preimages_have_32_bytes() {
    // The hash is right, so it is OP_SIZE that refuses.
    let long = [0x42; 33];
    let hash = bitcoin::hashes::sha256::Hash::hash(&long).to_byte_array();
    let [_, preimage] = secrets();
    let mut scene = Scene::new(preimage);
    assert_eq!(consensus(&scene.claim(0), &scene.spent()), Ok(()));
    let terms = ContractTerms {
        lock: Lock::Hash(pointlock::lock::PaymentHash(hash)),
        ..*scene.funded().contract().terms()
    };
    let funded = FundedContract::new(Contract::new(terms).unwrap(), scene.funded().outpoint());
    let ladder = FeeLadder::for_claim(funded.contract(), &scene.payout).unwrap();
    scene.received = ReceivedContract::new(funded, scene.payout.clone(), &ladder, None).unwrap();
    let mut claim = scene.claim_with(&scene.secret);
    replace(&mut claim.input[0].witness, 1, &long);
    assert_eq!(consensus(&claim, &scene.spent()), REFUSED);
}

#[test]
fn annexes_hide_nothing() {
    let [point, hash] = secrets();
    // Claiming an HTLC, the claimer signs alone and may add an annex, here one that looks like a preimage.
    let scene = Scene::new(hash);
    let annex = [&[0x50][..], &[7; 31]].concat();
    let with_annex = |scene: &Scene, mut claim: Transaction| {
        let script = scene.funded().contract().leaf_script(SpendPath::Success).unwrap();
        let leaf = TapLeafHash::from_script(script, LeafVersion::TapScript);
        let spent = scene.spent();
        let sighash = SighashCache::new(&claim)
            .taproot_signature_hash(
                0,
                &Prevouts::All(&spent),
                Some(Annex::new(&annex).unwrap()),
                Some((leaf, u32::MAX)),
                TapSighashType::Default,
            )
            .unwrap();
        let signature = scene.claimer.sign_schnorr(&sighash.to_byte_array(), &[0; 32]);
        replace(&mut claim.input[0].witness, 0, signature.as_ref());
        claim.input[0].witness.push(&annex);
        claim
    };
    let claim = with_annex(&scene, scene.claim(0));
    assert_eq!(consensus(&claim, &scene.spent()), Ok(()));
    assert_eq!(scene.funded().spend_path(&claim), Ok(Some(SpendPath::Success)));
    assert_eq!(scene.offered.extract(&claim).unwrap(), scene.secret);

    // The offerer's signature in a PTLC has no annex, so the claim can't have one.
    let scene = Scene::new(point);
    assert_eq!(consensus(&with_annex(&scene, scene.claim(0)), &scene.spent()), REFUSED);
}
