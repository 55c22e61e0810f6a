use super::*;

#[test]
fn look_alikes_hide_nothing() {
    let mut claim = claim(1);
    let elements = claim.input[0].witness.to_vec();
    let x = &elements[1][..32];
    // Signatures with the right nonce and no sense, before and after the right one.
    let fake = [x, &[1; 33]].concat();
    let no_scalar = [x, &[0xff; 32]].concat();
    claim.input[0].witness = Witness::from_slice(&[
        fake.clone(),
        no_scalar.clone(),
        elements[1].clone(),
        no_scalar,
        fake.clone(),
    ]);
    assert_eq!(offered().extract(&claim).unwrap(), LockSecret::Scalar(secret()));
    claim.input[0].witness = Witness::from_slice(&[fake]);
    let source = AdaptorError::InvalidSignature;
    let expected = ContractError::Extraction { rung: 1, source };
    assert_eq!(offered().extract(&claim), Err(expected));
}

#[test]
fn only_the_contracts_input_counts() {
    let mut claim = claim(0);
    claim.input[0].previous_output = outpoint(9);
    let expected = ContractError::NotSpent { outpoint: outpoint(5) };
    assert_eq!(offered().extract(&claim), Err(expected));
}

proptest! {
    #[test]
    fn any_witness_gives_the_secret_or_an_error(
        elements in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..6),
        lengths in prop::collection::vec(0usize..70, 0..3),
    ) {
        let mut claim = claim(0);
        let right = claim.input[0].witness.to_vec()[1].clone();
        // Garbage, and the beginnings of the right signature.
        let cut = lengths.iter().map(|length| right[..*length.min(&64)].to_vec());
        let mut witness: Vec<_> = elements.into_iter().chain(cut).collect();
        let complete = witness.iter().any(|element| element.get(..64) == Some(&right[..64]));
        for terms in [terms(), hash_terms()] {
            claim.input[0].witness = Witness::from_slice(&witness);
            let pre_signed = matches!(terms.lock, Lock::Point(_)).then(|| pre_sign(terms).unwrap());
            let offered = OfferedContract::restore(funded(terms), pre_signed).unwrap();
            let found = offered.extract(&claim).is_ok();
            prop_assert_eq!(found, complete && matches!(terms.lock, Lock::Point(_)));
            let _ = offered.funded().spend_path(&claim);
        }
        witness.push(right);
        claim.input[0].witness = Witness::from_slice(&witness);
        prop_assert_eq!(offered().extract(&claim).unwrap(), LockSecret::Scalar(secret()));
    }
}

#[test]
fn the_path_shows_in_the_form_of_the_witness() {
    let mut claim = claim(0);
    let annex = vec![0x50, 1];
    let [claimers, offerers, script, control] =
        <[_; 4]>::try_from(claim.input[0].witness.to_vec()).unwrap();
    let mut path = |elements: &[Vec<u8>]| {
        claim.input[0].witness = Witness::from_slice(elements);
        offered().funded().spend_path(&claim).unwrap()
    };
    let (success, together) = (Some(SpendPath::Success), Some(SpendPath::Cooperative));
    let signatures = [claimers.clone(), offerers];
    let leaf = [&signatures[..], &[script.clone(), control.clone()]].concat();
    assert_eq!(path(&leaf), success);
    assert_eq!(path(&[&leaf[..], std::slice::from_ref(&annex)].concat()), success);
    assert_eq!(path(std::slice::from_ref(&claimers)), together);
    assert_eq!(path(&[claimers.clone(), annex.clone()]), together);
    // A lone element is no annex.
    assert_eq!(path(&[annex]), together);
    // A script that is not ours, another leaf version, no witness.
    assert_eq!(path(&[claimers, vec![0x51], control.clone()]), None);
    let mut other_version = control;
    other_version[0] ^= 2;
    assert_eq!(path(&[script, other_version]), None);
    assert_eq!(path(&[]), None);
}
