use super::*;

#[test]
fn each_field_is_checked_and_named() {
    assert!(Contract::new(terms()).is_ok());
    let refused = |terms| Contract::new(terms).unwrap_err();
    let same = ContractTerms { claimer: terms().offerer, ..terms() };
    assert_eq!(refused(same), ContractError::SameKey);
    // The scripts drop the parity: one key pair would sign for both.
    let opposite = ContractTerms { claimer: terms().offerer.negate(), ..terms() };
    assert_eq!(refused(opposite), ContractError::SameKey);
    for (expiry, ok) in
        [(0, false), (1, true), (16, true), (499_999_999, true), (500_000_000, false)]
    {
        let contract = Contract::new(ContractTerms { expiry, ..terms() });
        let expected = if ok { None } else { Some(ContractError::Expiry { expiry }) };
        assert_eq!(contract.err(), expected);
    }
    let minimum = sat(330);
    assert!(Contract::new(ContractTerms { amount: minimum, ..terms() }).is_ok());
    let amount = sat(329);
    let expected = ContractError::AmountBelowDust { amount, minimum };
    assert_eq!(refused(ContractTerms { amount, ..terms() }), expected);
    assert!(Contract::new(ContractTerms { amount: Amount::MAX_MONEY, ..terms() }).is_ok());
    let amount = Amount::MAX_MONEY + Amount::ONE_SAT;
    let expected = ContractError::AmountAboveSupply { amount };
    assert_eq!(refused(ContractTerms { amount, ..terms() }), expected);
}

#[test]
fn every_term_is_in_the_output_but_the_point() {
    let script = |terms| Contract::new(terms).unwrap().script_pubkey();
    let changes = [
        ContractTerms { offerer: keypair(7).public_key(), ..terms() },
        ContractTerms { claimer: keypair(7).public_key(), ..terms() },
        ContractTerms { offerer: terms().offerer.negate(), ..terms() },
        ContractTerms { offerer: terms().claimer, claimer: terms().offerer, ..terms() },
        ContractTerms { expiry: 800_001, ..terms() },
        hash_terms(),
    ];
    for changed in changes {
        assert_ne!(script(changed), script(terms()));
    }
    // A PTLC's lock is in the pre-signatures alone, and looks like no lock on the chain.
    let lock = Lock::Point(secret().negate().to_point());
    assert_eq!(script(ContractTerms { lock, ..terms() }), script(terms()));
}

#[test]
fn the_output_key_is_the_tweaked_aggregate() {
    for terms in [terms(), hash_terms()] {
        let contract = Contract::new(terms).unwrap();
        assert_eq!(contract.key_agg().x_only(), contract.output_key());
        assert_ne!(contract.internal_key(), contract.output_key());
        assert_eq!(contract.spend_info().merkle_root(), Some(contract.merkle_root()));
    }
}

#[test]
fn a_funding_output_has_script_and_amount() {
    let contract = Contract::new(terms()).unwrap();
    let right = contract.tx_out();
    let less = TxOut { value: sat(99_999), ..right.clone() };
    let mut funding = claim(0);
    funding.output = vec![less, right];
    let found = FundedContract::find(contract.clone(), &funding).unwrap();
    assert_eq!(found.outpoint(), OutPoint { txid: funding.compute_txid(), vout: 1 });
    funding.output.pop();
    let expected = ContractError::NotFunded { amount: sat(100_000) };
    assert_eq!(FundedContract::find(contract, &funding), Err(expected));
}

#[test]
fn ladders_rise() {
    assert!(FeeLadder::new(vec![Amount::ZERO, sat(1), sat(2)]).is_ok());
    for fees in [vec![sat(1), sat(2), sat(2)], vec![sat(1), sat(3), sat(2)]] {
        let refused = FeeLadder::new(fees);
        assert_eq!(refused, Err(ContractError::FeesNotRising { rung: 2 }));
    }
    for (count, ok) in [(0, false), (1, true), (16, true), (17, false)] {
        let fees = (0..count).map(sat).collect();
        assert_eq!(FeeLadder::new(fees).is_ok(), ok);
    }
    assert_eq!(ladder().rung_paying(sat(201)), Some(1));
    assert_eq!(ladder().rung_paying(sat(801)), None);
    let rates = [FeeRate::BROADCAST_MIN, FeeRate::MAX];
    let refused = FeeLadder::from_fee_rates(&rates, Weight::from_wu(645));
    assert_eq!(refused, Err(ContractError::FeeRate { rung: 1 }));
}

#[test]
fn rungs_leave_no_dust() {
    let outputs = |amount| ladder().outputs(sat(amount), &payout());
    assert_eq!(outputs(1130), Ok(vec![sat(930), sat(730), sat(330)]));
    let too_high = |rung, amount| {
        Err(ContractError::RungTooHigh { rung, amount: sat(amount), minimum: sat(330) })
    };
    assert_eq!(outputs(1129), too_high(2, 1129));
    assert_eq!(outputs(100), too_high(0, 100));
    let data = Script::from_bytes(&[0x6a]).to_owned();
    let refused = ladder().outputs(sat(1000), &data);
    assert_eq!(refused, Err(ContractError::PayoutUnspendable));
    let refused = funded(terms()).timeout(&data, sat(1), &offerer(), &[0; 32]);
    assert_eq!(refused, Err(ContractError::PayoutUnspendable));
}

#[test]
fn the_default_ladder_stops_at_dust() {
    let default = |amount| {
        let contract = Contract::new(ContractTerms { amount: sat(amount), ..terms() }).unwrap();
        FeeLadder::for_claim(&contract, &payout())
    };
    // 645 weight units, rounded up: 162 satoshi for each sat/vB, less a part of one.
    let fees = default(100_000).unwrap();
    assert_eq!(fees.fees(), [162, 323, 807, 1613, 3225, 8063, 16125, 32250].map(sat));
    assert_eq!(default(1_200).unwrap().fees(), &fees.fees()[..3]);
    assert_eq!(default(492).unwrap().fees().len(), 1);
    assert!(matches!(default(491), Err(ContractError::RungTooHigh { rung: 0, .. })));
}

#[test]
fn a_fee_that_leaves_dust_is_refused() {
    let refund = |fee| funded(terms()).timeout(&payout(), sat(fee), &offerer(), &[0; 32]);
    assert_eq!(refund(99_670).unwrap().output[0].value, sat(330));
    for fee in [99_671, 100_001, u64::MAX] {
        let expected =
            ContractError::FeeTooHigh { fee: sat(fee), amount: sat(100_000), minimum: sat(330) };
        assert_eq!(refund(fee), Err(expected.clone()));
        let refused = funded(terms()).refund_to_offerer(&payout(), sat(fee));
        assert_eq!(refused.err(), Some(expected));
    }
}
