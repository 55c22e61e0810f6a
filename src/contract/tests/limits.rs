use super::*;

fn output(value: Amount) -> TxOut {
    TxOut { value, script_pubkey: payout() }
}

fn transaction(inputs: u8, outputs: &[Amount]) -> Transaction {
    let input = |byte| TxIn { previous_output: outpoint(byte), ..TxIn::default() };
    Transaction {
        version: Version(3),
        lock_time: absolute::LockTime::ZERO,
        input: (0..inputs).map(input).collect(),
        output: outputs.iter().copied().map(output).collect(),
    }
}

#[test]
fn amounts() {
    let (one, all) = (Amount::ONE_SAT, Amount::MAX_MONEY);
    let fee = |spent: &[Amount], outputs: &[Amount]| {
        let spent: Vec<_> = spent.iter().copied().map(output).collect();
        check_amounts(&transaction(2, outputs), &spent)
    };
    assert_eq!(fee(&[one, one], &[one]), Ok(one));
    assert_eq!(fee(&[one, one], &[one, one]), Ok(Amount::ZERO));
    let (inputs, outputs) = (sat(2), sat(3));
    let above = LimitsError::OutputsAboveInputs { inputs, outputs };
    assert_eq!(fee(&[one, one], &[one, sat(2)]), Err(above));
    let count = LimitsError::PrevoutCount { expected: 2, actual: 1 };
    assert_eq!(fee(&[one], &[one]), Err(count));
    assert_eq!(fee(&[all, Amount::ZERO], &[all]), Ok(Amount::ZERO));
    let (input, output) =
        (LimitsError::InputAboveSupply { input: 1 }, LimitsError::OutputAboveSupply { output: 1 });
    assert_eq!(fee(&[all, one], &[all]), Err(input.clone()));
    assert_eq!(fee(&[one, Amount::MAX], &[one]), Err(input));
    // The sum of the outputs would be small again in 64 bits.
    assert_eq!(fee(&[one, one], &[one, Amount::MAX]), Err(output));
}

#[test]
fn structure() {
    assert_eq!(check_structure(&transaction(2, &[sat(1)])), Ok(()));
    assert_eq!(check_structure(&transaction(0, &[sat(1)])), Err(LimitsError::NoInputs));
    assert_eq!(check_structure(&transaction(1, &[])), Err(LimitsError::NoOutputs));
    let mut twice = transaction(3, &[sat(1)]);
    twice.input[2].previous_output = outpoint(0);
    let expected = LimitsError::DuplicateInput { input: 2, outpoint: outpoint(0) };
    assert_eq!(check_structure(&twice), Err(expected));
    let mut heavy = transaction(1, &[sat(1)]);
    heavy.input[0].witness.push(vec![0; 4_000_000]);
    assert!(matches!(check_structure(&heavy), Err(LimitsError::TooHeavy { .. })));

    let found = |outpoint: &OutPoint| {
        (outpoint.txid != Txid::from_byte_array([1; 32])).then(|| output(sat(1)))
    };
    assert_eq!(spent_outputs(&transaction(1, &[]), found), Ok(vec![output(sat(1))]));
    let missing = LimitsError::MissingPrevout { input: 1, outpoint: outpoint(1) };
    assert_eq!(spent_outputs(&transaction(2, &[]), found), Err(missing));
}

#[test]
fn lock_times() {
    let with = |lock_time: u32, sequence: Sequence, version: i32| {
        let mut transaction = transaction(2, &[sat(1)]);
        transaction.version = Version(version);
        transaction.lock_time = absolute::LockTime::from_consensus(lock_time);
        transaction.input[0].sequence = Sequence::MAX;
        transaction.input[1].sequence = sequence;
        transaction
    };
    let counting = Sequence::ENABLE_RBF_NO_LOCKTIME;
    let not_final = |height| Err(LimitsError::NotFinal { height, lock_time: 100 });
    let at = |height| check_lock_time(&with(100, counting, 3), height);
    assert_eq!((at(101), at(100), at(0)), (Ok(()), not_final(100), not_final(0)));
    assert_eq!(check_lock_time(&with(0, counting, 3), 0), Ok(()));
    // All sequences final: switched off.
    assert_eq!(check_lock_time(&with(100, Sequence::MAX, 3), 0), Ok(()));
    let seconds = LimitsError::LockTimeInSeconds { lock_time: 500_000_000 };
    assert_eq!(check_lock_time(&with(500_000_000, counting, 3), u32::MAX), Err(seconds));
    let relative = Err(LimitsError::RelativeLockTime { input: 1 });
    let blocks = Sequence::from_height(1);
    let of_version = |version| check_lock_time(&with(0, blocks, version), 0);
    assert_eq!((of_version(1), of_version(2)), (Ok(()), relative.clone()));
    // BIP-68 reads the version as unsigned.
    assert_eq!(of_version(-1), relative);
}
