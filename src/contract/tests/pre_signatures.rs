use super::*;

fn verify(pre_signed: &PreSignedLadder) -> Result<(), ContractError> {
    pre_signed.verify(&funded(terms()), &payout(), &ladder())
}

#[test]
fn what_is_not_as_agreed_is_named() {
    let pre_signed = pre_sign(terms()).unwrap();
    assert_eq!(verify(&pre_signed), Ok(()));

    let other_ladder = |fees: &[u64]| {
        let other = FeeLadder::new(fees.iter().copied().map(sat).collect()).unwrap();
        pre_signed.verify(&funded(terms()), &payout(), &other)
    };
    let length = ContractError::LadderLength { expected: 2, actual: 3 };
    assert_eq!(other_ladder(&[200, 400]), Err(length));
    let value = ContractError::RungValue { rung: 1, expected: sat(99_599), actual: sat(99_600) };
    assert_eq!(other_ladder(&[200, 401, 800]), Err(value));

    let elsewhere = FundedContract::new(Contract::new(terms()).unwrap(), outpoint(9));
    let expected = ContractError::LadderOutpoint { expected: outpoint(9), actual: outpoint(5) };
    assert_eq!(pre_signed.verify(&elsewhere, &payout(), &ladder()), Err(expected));
    let other_payout = funded(hash_terms()).contract().script_pubkey();
    let refused = pre_signed.verify(&funded(terms()), &other_payout, &ladder());
    assert_eq!(refused, Err(ContractError::LadderPayout));

    // Other terms, the same output: only the point tells them apart.
    let lock = Lock::Point(secret().negate().to_point());
    let other_lock = funded(ContractTerms { lock, ..terms() });
    let source = AdaptorError::InvalidPreSignature;
    let expected = ContractError::RungPreSignature { rung: 0, source };
    assert_eq!(pre_signed.verify(&other_lock, &payout(), &ladder()), Err(expected));
}

/// Under keys that come with a table, the verdicts are the same.
#[test]
fn a_prepared_offerer_changes_no_verdict() {
    let ContractTerms { offerer: key, claimer, amount, expiry, lock } = terms();
    let plain = ContractKeys::new(key, claimer).unwrap();
    let keys = plain.clone().with_prepared_offerer();
    assert_eq!(keys, plain);
    let funded = |lock| {
        let contract = Contract::with_keys(&keys, amount, expiry, lock).unwrap();
        FundedContract::new(contract, outpoint(5))
    };
    let pre_sign = |offerer: &Keypair| {
        PreSignedLadder::pre_sign(&funded(lock), &payout(), &ladder(), offerer, &[6; 32])
    };
    let pre_signed = super::pre_sign(terms()).unwrap();
    assert_eq!(pre_sign(&offerer()).as_ref(), Ok(&pre_signed));
    assert_eq!(pre_sign(&offerer().with_prepared_key()).as_ref(), Ok(&pre_signed));
    assert_eq!(pre_signed.verify(&funded(lock), &payout(), &ladder()), Ok(()));
    let other_lock = funded(Lock::Point(secret().negate().to_point()));
    let source = AdaptorError::InvalidPreSignature;
    let expected = ContractError::RungPreSignature { rung: 0, source };
    assert_eq!(pre_signed.verify(&other_lock, &payout(), &ladder()), Err(expected));
}

#[test]
fn an_encoding_that_lies_is_found() {
    let bytes = pre_sign(terms()).unwrap().to_bytes();
    // Outpoint 36, script 1 + 34, number 1, then 105 for each rung.
    let rung = |index: usize| 72 + 105 * index;
    let changed = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        verify(&PreSignedLadder::from_bytes(&bytes).unwrap()).unwrap_err()
    };
    assert!(matches!(changed(0), ContractError::LadderOutpoint { .. }));
    assert_eq!(changed(50), ContractError::LadderPayout);
    for index in 0..3 {
        let value = changed(rung(index));
        assert!(matches!(value, ContractError::RungValue { rung, .. } if rung == index));
        assert_eq!(changed(rung(index) + 8), ContractError::RungSighash { rung: index });
        let pre_signature = changed(rung(index) + 104);
        assert!(
            matches!(pre_signature, ContractError::RungPreSignature { rung, .. } if rung == index)
        );
    }
    // Pre-signatures taken to another output, and a matching outpoint written before them.
    let mut moved = bytes.clone();
    moved[..32].fill(9);
    let moved = PreSignedLadder::from_bytes(&moved).unwrap();
    let elsewhere = FundedContract::new(Contract::new(terms()).unwrap(), outpoint(9));
    let refused = moved.verify(&elsewhere, &payout(), &ladder());
    assert_eq!(refused, Err(ContractError::RungSighash { rung: 0 }));
}

#[test]
fn each_kind_has_its_own() {
    let some = pre_sign(terms()).unwrap();
    assert_eq!(pre_sign(hash_terms()), Err(ContractError::PreSignaturesUnexpected));
    let (missing, unexpected) =
        (ContractError::PreSignaturesMissing, ContractError::PreSignaturesUnexpected);
    let cases = [
        (terms(), Some(some.clone()), None),
        (terms(), None, Some(missing)),
        (hash_terms(), None, None),
        (hash_terms(), Some(some), Some(unexpected)),
    ];
    for (terms, pre_signed, expected) in cases {
        let offered = OfferedContract::restore(funded(terms), pre_signed.clone());
        assert_eq!(offered.err(), expected);
        let received = ReceivedContract::new(funded(terms), payout(), &ladder(), pre_signed);
        assert_eq!(received.err(), expected);
    }
    let by_claimer =
        PreSignedLadder::pre_sign(&funded(terms()), &payout(), &ladder(), &claimer(), &[0; 32]);
    assert_eq!(by_claimer, Err(ContractError::WrongSigner { party: Party::Offerer }));
}

#[test]
fn no_such_rung() {
    let secret = LockSecret::Scalar(secret());
    let refused = received().claim(3, &secret, &claimer(), &FeeCoins::none(), &[0; 32]);
    assert_eq!(refused, Err(ContractError::NoSuchRung { rung: 3, rungs: 3 }));
}

#[test]
fn coins_are_checked() {
    let coin = |byte| FeeCoin {
        outpoint: outpoint(byte),
        prevout: TxOut { value: sat(1_000), script_pubkey: payout() },
    };
    let change = |value| TxOut { value: sat(value), script_pubkey: payout() };
    let claim = |inputs: Vec<FeeCoin>, change: Vec<TxOut>| {
        let (secret, coins) = (LockSecret::Scalar(secret()), FeeCoins { inputs, change });
        received().claim(0, &secret, &claimer(), &coins, &[0; 32]).map(|_| ())
    };
    assert_eq!(claim(vec![coin(6)], vec![change(1_200)]), Ok(()));
    let (inputs, outputs) = (sat(101_000), sat(101_001));
    assert_eq!(
        claim(vec![coin(6)], vec![change(1_201)]),
        Err(LimitsError::OutputsAboveInputs { inputs, outputs }.into())
    );
    for (coins, input, again) in [(vec![coin(5)], 1, 5), (vec![coin(6), coin(6)], 2, 6)] {
        let outpoint = outpoint(again);
        let expected = ContractError::from(LimitsError::DuplicateInput { input, outpoint });
        assert_eq!(claim(coins, vec![]), Err(expected));
    }
}

proptest! {
    #[test]
    fn any_bytes_parse_or_are_refused(bytes: Vec<u8>) {
        let _ = PreSignedLadder::from_bytes(&bytes);
    }

    #[test]
    fn what_parses_is_written_back(flips in prop::collection::vec((0usize..387, any::<u8>()), 0..4)) {
        let mut bytes = pre_sign(terms()).unwrap().to_bytes();
        prop_assert_eq!(bytes.len(), 387);
        for (at, mask) in flips {
            bytes[at] ^= mask;
        }
        if let Ok(read) = PreSignedLadder::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn truncated_or_extended_is_refused(length in 0usize..387, more in prop::collection::vec(any::<u8>(), 1..9)) {
        let bytes = pre_sign(terms()).unwrap().to_bytes();
        prop_assert!(PreSignedLadder::from_bytes(&bytes).is_ok());
        prop_assert!(PreSignedLadder::from_bytes(&bytes[..length]).is_err());
        let refused = PreSignedLadder::from_bytes(&[bytes, more].concat());
        prop_assert_eq!(refused, Err(ContractError::LadderEncoding { field: "end" }));
    }
}
