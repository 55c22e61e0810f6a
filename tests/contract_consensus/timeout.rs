//! The offerer's money back, not too early and to nobody else.

use bitcoin::{Amount, Sequence, Transaction, Witness, absolute};
use pointlock::contract::{
    Contract, ContractError, ContractTerms, FundedContract, LimitsError, Party, SpendPath,
};

use crate::scene::{EXPIRY, REFUSED, Scene, consensus, limits_ok, replace, secrets};

/// What it is called, what it does, and what comes of it.
type Change<'a> = (&'a str, &'a dyn Fn(&mut Transaction), Result<(), bitcoinconsensus::Error>);

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
            Err(LimitsError::NotFinal { height: EXPIRY, lock_time: EXPIRY })
        );
        assert_eq!(
            scene.offered.extract(&honest),
            Err(ContractError::NoSecret { path: Some(SpendPath::Timeout) })
        );

        let changes: [Change; 5] = [
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
fn every_length_of_expiry() {
    // Opcodes up to 16, then numbers with a sign bit, so the lengths change at 2^7, 2^15 and 2^23.
    let [secret, _] = secrets();
    let scene = Scene::new(secret);
    for expiry in [1, 16, 17, 127, 128, 32_767, 32_768, 8_388_607, 8_388_608, 499_999_999] {
        let terms = ContractTerms { expiry, ..*scene.funded().contract().terms() };
        let contract = Contract::new(terms).unwrap();
        let spent = [contract.tx_out()];
        let weight = contract.weight(SpendPath::Timeout, &scene.payout);
        let funded = FundedContract::new(contract, scene.funded().outpoint());
        let timeout =
            funded.timeout(&scene.payout, Amount::from_sat(500), &scene.offerer, &[0; 32]).unwrap();
        assert_eq!(consensus(&timeout, &spent), Ok(()), "{expiry}");
        assert_eq!(weight, timeout.weight(), "{expiry}");
    }
}
