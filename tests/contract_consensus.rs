//! Bitcoin Core's own script verification judges every spend of a contract, and every way to cheat beside the honest
//! one that differs in nothing else.

use bitcoin::hashes::Hash;
use bitcoin::sighash::{Annex, Prevouts, SighashCache, TapSighashType};
use bitcoin::taproot::{LeafVersion, Signature};
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, TapLeafHash, Transaction, TxOut, Txid, Witness, absolute,
};
use pointlock::adaptor::musig2::{KeyAggContext, Musig2Error, SecretNonce, Session};
use pointlock::contract::{
    Contract, ContractError, ContractTerms, CooperativeSession, CooperativeSpend, FeeCoin,
    FeeCoins, FeeLadder, FundedContract, OfferedContract, Party, ReceivedContract, SpendPath,
    limits,
};
use pointlock::curve::{Keypair, SecretScalar, Tag};
use pointlock::lock::{Lock, LockSecret, Preimage};

const EXPIRY: u32 = 800_000;
const AMOUNT: Amount = Amount::from_sat(1_000_000);

fn keypair(byte: u8) -> Keypair {
    Keypair::from_secret_bytes(&[byte; 32]).unwrap()
}

fn scalar(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

/// A point and a hash: each test goes through both.
fn secrets() -> [LockSecret; 2] {
    [LockSecret::Scalar(scalar(0x74)), LockSecret::Preimage(Preimage::new([0x70; 32]))]
}

fn script_of(keypair: &Keypair) -> ScriptBuf {
    let key = bitcoin::key::TweakedPublicKey::dangerous_assume_tweaked(keypair.x_only_public_key());
    ScriptBuf::new_p2tr_tweaked(key)
}

/// Both sides of a contract, and what they know.
struct Scene {
    secret: LockSecret,
    offerer: Keypair,
    claimer: Keypair,
    payout: ScriptBuf,
    offered: OfferedContract,
    received: ReceivedContract,
}

impl Scene {
    fn new(secret: LockSecret) -> Self {
        Self::with_aux(secret, 0)
    }

    fn with_aux(secret: LockSecret, aux: u8) -> Self {
        let (offerer, claimer) = (keypair(0x0f), keypair(0xc1));
        let terms = ContractTerms {
            offerer: offerer.public_key(),
            claimer: claimer.public_key(),
            amount: AMOUNT,
            expiry: EXPIRY,
            lock: secret.lock(),
        };
        let contract = Contract::new(terms).unwrap();
        let outpoint = OutPoint { txid: Txid::from_byte_array([0x11; 32]), vout: 1 };
        let funded = FundedContract::new(contract, outpoint);
        let payout = script_of(&keypair(0x99));
        let ladder = FeeLadder::for_claim(funded.contract(), &payout).unwrap();
        let offered =
            OfferedContract::new(funded.clone(), &payout, &ladder, &offerer, &[aux; 32]).unwrap();
        let pre_signatures = offered.pre_signatures().cloned();
        let received =
            ReceivedContract::new(funded, payout.clone(), &ladder, pre_signatures).unwrap();
        Self { secret, offerer, claimer, payout, offered, received }
    }

    fn funded(&self) -> &FundedContract {
        self.received.funded()
    }

    fn spent(&self) -> Vec<TxOut> {
        vec![self.funded().contract().tx_out()]
    }

    fn claim(&self, rung: usize) -> Transaction {
        let coins = FeeCoins::none();
        self.received.claim(rung, &self.secret, &self.claimer, &coins, &[0; 32]).unwrap()
    }

    fn claim_with(&self, secret: &LockSecret) -> Transaction {
        let coins = FeeCoins::none();
        self.received.dangerous_claim_unchecked(0, secret, &self.claimer, &coins, &[0; 32]).unwrap()
    }

    fn timeout(&self) -> Transaction {
        let fee = Amount::from_sat(500);
        self.funded().timeout(&self.payout, fee, &self.offerer, &[0; 32]).unwrap()
    }

    /// A signature by anybody over anything, computed here with `bitcoin` alone.
    fn signature(
        &self,
        transaction: &Transaction,
        spent: &[TxOut],
        path: SpendPath,
        keypair: &Keypair,
    ) -> Vec<u8> {
        let input = self.input_of(transaction);
        let script = self.funded().contract().leaf_script(path).unwrap();
        let sighash = SighashCache::new(transaction)
            .taproot_script_spend_signature_hash(
                input,
                &Prevouts::All(spent),
                TapLeafHash::from_script(script, LeafVersion::TapScript),
                TapSighashType::Default,
            )
            .unwrap();
        let signature = keypair.sign_schnorr(&sighash.to_byte_array(), &[0; 32]);
        Signature { signature, sighash_type: TapSighashType::Default }.to_vec()
    }

    fn input_of(&self, transaction: &Transaction) -> usize {
        let here = self.funded().outpoint();
        transaction.input.iter().position(|input| input.previous_output == here).unwrap()
    }

    /// Makes the claimer's (or, in a timeout, the offerer's) signature fit again after a change, so that a refusal has the
    /// one other reason.
    fn sign_again(&self, mut transaction: Transaction, spent: &[TxOut]) -> Transaction {
        let path = self.funded().spend_path(&transaction).unwrap().unwrap();
        let signer = if path == SpendPath::Success { &self.claimer } else { &self.offerer };
        let signature = self.signature(&transaction, spent, path, signer);
        let input = self.input_of(&transaction);
        replace(&mut transaction.input[input].witness, 0, &signature);
        transaction
    }
}

fn replace(witness: &mut Witness, index: usize, element: &[u8]) {
    let mut elements = witness.to_vec();
    elements[index] = element.to_vec();
    *witness = Witness::from_slice(&elements);
}

/// What Bitcoin Core says about every input.
fn consensus(transaction: &Transaction, spent: &[TxOut]) -> Result<(), bitcoinconsensus::Error> {
    let bytes = bitcoin::consensus::serialize(transaction);
    let utxo = |output: &TxOut| bitcoinconsensus::Utxo {
        script_pubkey: output.script_pubkey.as_bytes().as_ptr(),
        script_pubkey_len: output.script_pubkey.len().try_into().unwrap(),
        value: output.value.to_sat().try_into().unwrap(),
    };
    let utxos: Vec<_> = spent.iter().map(utxo).collect();
    for (input, output) in spent.iter().enumerate() {
        bitcoinconsensus::verify_with_flags(
            output.script_pubkey.as_bytes(),
            output.value.to_sat(),
            &bytes,
            Some(&utxos),
            input,
            bitcoinconsensus::VERIFY_ALL_PRE_TAPROOT | bitcoinconsensus::VERIFY_TAPROOT,
        )?;
    }
    Ok(())
}

/// The script does not allow it: nothing about the call is wrong.
const REFUSED: Result<(), bitcoinconsensus::Error> = Err(bitcoinconsensus::Error::ERR_SCRIPT);

fn limits_ok(scene: &Scene, transaction: &Transaction, height: u32) -> Result<(), ContractError> {
    let here = scene.funded().outpoint();
    let output = scene.funded().contract().tx_out();
    limits::check(transaction, |outpoint| (*outpoint == here).then(|| output.clone()), height)
}

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

#[test]
fn what_the_offerer_signed_is_what_the_claimer_gets() {
    let [point, _] = secrets();
    let scene = Scene::new(point);
    let (low, high) = (scene.claim(0), scene.claim(1));
    let changes: [(&str, &dyn Fn(&mut Transaction)); 8] = [
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
fn timeouts_are_accepted_from_the_offerer_after_the_expiry() {
    for secret in secrets() {
        let scene = Scene::new(secret);
        let honest = scene.timeout();
        assert_eq!(consensus(&honest, &scene.spent()), Ok(()));
        assert_eq!(honest.lock_time.to_consensus_u32(), EXPIRY);
        // The script compares with nLockTime only; that the block is above it, the limits see.
        assert_eq!(limits_ok(&scene, &honest, EXPIRY + 1), Ok(()));
        assert_eq!(
            limits_ok(&scene, &honest, EXPIRY),
            Err(ContractError::NotFinal { height: EXPIRY, lock_time: EXPIRY })
        );
        assert_eq!(
            scene.offered.extract(&honest),
            Err(ContractError::NoSecret { path: Some(SpendPath::Timeout) })
        );

        let changes: [(&str, &dyn Fn(&mut Transaction), _); 5] = [
            ("nothing", &|_| {}, Ok(())),
            ("late", &|tx| tx.lock_time = absolute::LockTime::from_consensus(EXPIRY + 9), Ok(())),
            ("early", &|tx| tx.lock_time = absolute::LockTime::from_consensus(EXPIRY - 1), REFUSED),
            (
                "in seconds",
                &|tx| tx.lock_time = absolute::LockTime::from_consensus(1 << 31),
                REFUSED,
            ),
            ("lock time off", &|tx| tx.input[0].sequence = Sequence::MAX, REFUSED),
        ];
        for (what, change, expected) in changes {
            let mut changed = honest.clone();
            change(&mut changed);
            let changed = scene.sign_again(changed, &scene.spent());
            assert_eq!(consensus(&changed, &scene.spent()), expected, "{what}");
        }

        let mut by_claimer = honest.clone();
        let signature =
            scene.signature(&honest, &scene.spent(), SpendPath::Timeout, &scene.claimer);
        replace(&mut by_claimer.input[0].witness, 0, &signature);
        assert_eq!(consensus(&by_claimer, &scene.spent()), REFUSED);
        assert_eq!(
            scene.funded().timeout(&scene.payout, Amount::ZERO, &scene.claimer, &[0; 32]),
            Err(ContractError::WrongSigner { party: Party::Offerer })
        );
    }
}

#[test]
fn a_leaf_has_its_own_signatures() {
    // The witness of one leaf under the script of the other.
    for secret in secrets() {
        let scene = Scene::new(secret);
        let (claim, timeout) = (scene.claim(0), scene.timeout());
        for (transaction, other) in [(&claim, &timeout), (&timeout, &claim)] {
            assert_eq!(consensus(transaction, &scene.spent()), Ok(()));
            let mut crossed = transaction.clone();
            let leaf = other.input[0].witness.to_vec();
            let mut elements = crossed.input[0].witness.to_vec();
            let end = elements.len() - 2;
            elements.splice(end.., leaf[leaf.len() - 2..].iter().cloned());
            crossed.input[0].witness = Witness::from_slice(&elements);
            assert_eq!(consensus(&crossed, &scene.spent()), REFUSED);
        }
    }
}

#[test]
fn preimages_have_32_bytes() {
    // A script without OP_SIZE would take a longer one, whose hash the offerer could have chosen.
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
        Err(ContractError::OutputsAboveInputs { inputs, outputs })
    );
    assert_eq!(limits_ok(&scene, &scene.claim(0), 1), Ok(()));
}

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

fn paid_together(scene: &Scene) -> Transaction {
    let spend = scene.funded().payout_to_claimer(&scene.payout, Amount::from_sat(300)).unwrap();
    let (session, offerer, claimer) = session(scene, spend);
    let claimers = session.sign_as_claimer(claimer, &scene.claimer).unwrap();
    assert_eq!(session.verify_partial(Party::Claimer, &claimers), Ok(()));
    let offerers = session.sign_as_offerer(offerer, &scene.offerer, &scene.secret).unwrap();
    assert_eq!(session.verify_partial(Party::Offerer, &offerers), Ok(()));
    let partials_of = |signer| Musig2Error::InvalidPartialSignature { signer };
    assert_eq!(
        session.finish(claimers, offerers),
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

/// The table in the module's documentation: PTLC, then HTLC, in weight units, for a taproot payout.
#[test]
fn predicted_weights_are_exact() {
    let documented = [[645, 550, 444], [617, 550, 444]];
    let paths = [SpendPath::Success, SpendPath::Timeout, SpendPath::Cooperative];
    for (secret, documented) in secrets().into_iter().zip(documented) {
        let scene = Scene::new(secret);
        let spends = [scene.claim(0), scene.timeout(), paid_together(&scene)];
        for ((path, transaction), documented) in paths.into_iter().zip(spends).zip(documented) {
            let predicted = scene.funded().contract().weight(path, &scene.payout);
            assert_eq!(predicted, transaction.weight(), "{path}");
            assert_eq!(predicted.to_wu(), documented, "{path}");
        }
    }
}
