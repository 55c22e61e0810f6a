//! What a side of a contract keeps, or is sent, is looked at before it counts: storage that went bad is found now and not when a claim
//! is seen, and a claimer never holds a claim that the chain would refuse.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use bitcoin::hashes::Hash;
use bitcoin::{Amount, OutPoint, ScriptBuf, Txid};
use pointlock::contract::{
    Contract, ContractError, ContractTerms, FeeCoins, FeeLadder, FundedContract, OfferedContract,
    PreSignedLadder, ReceivedContract,
};
use pointlock::curve::{Keypair, SecretScalar};
use pointlock::lock::{Lock, LockSecret, Preimage};

fn keypair(byte: u8) -> Keypair {
    Keypair::from_secret_bytes(&[byte; 32]).unwrap()
}

fn secret() -> SecretScalar {
    SecretScalar::from_bytes(&[3; 32]).unwrap()
}

fn funded(lock: Lock, amount_sat: u64) -> FundedContract {
    let terms = ContractTerms {
        offerer: keypair(1).public_key(),
        claimer: keypair(2).public_key(),
        amount: Amount::from_sat(amount_sat),
        expiry: 800_000,
        lock,
    };
    let outpoint = OutPoint { txid: Txid::from_byte_array([5; 32]), vout: 1 };
    FundedContract::new(Contract::new(terms).unwrap(), outpoint)
}

fn point_locked() -> FundedContract {
    funded(Lock::Point(secret().to_point()), 100_000)
}

fn payout(byte: u8) -> ScriptBuf {
    let mut script = vec![0x51, 0x20];
    script.extend(keypair(byte).x_only_public_key().serialize());
    ScriptBuf::from_bytes(script)
}

fn ladder(fees: &[u64]) -> FeeLadder {
    FeeLadder::new(fees.iter().copied().map(Amount::from_sat).collect()).unwrap()
}

const FEES: &[u64] = &[200, 400, 800];

fn pre_signed(payout: &ScriptBuf, fees: &[u64]) -> PreSignedLadder {
    let (funded, offerer) = (point_locked(), keypair(1));
    PreSignedLadder::pre_sign(&funded, payout, &ladder(fees), &offerer, &[6; 32]).unwrap()
}

fn offerer_takes(kept: &PreSignedLadder) -> Result<OfferedContract, ContractError> {
    OfferedContract::restore(point_locked(), Some(kept.clone()))
}

fn claimer_takes(sent: &PreSignedLadder) -> Result<ReceivedContract, ContractError> {
    ReceivedContract::new(point_locked(), payout(7), &ladder(FEES), Some(sent.clone()))
}

/// One bit of the kept bytes, anywhere: an encoding that is refused, or a ladder that neither side takes.
#[test]
fn every_bit_of_a_kept_ladder_counts() {
    let right = pre_signed(&payout(7), FEES);
    let bytes = right.to_bytes();
    assert!(offerer_takes(&right).is_ok() && claimer_takes(&right).is_ok());
    let mut decoded = 0;
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(changed) = PreSignedLadder::from_bytes(&bytes) else { continue };
        decoded += 1;
        assert!(offerer_takes(&changed).is_err(), "offerer, bit {bit}");
        assert!(claimer_takes(&changed).is_err(), "claimer, bit {bit}");
    }
    assert!(decoded > bytes.len() * 7, "{decoded} of {} are ladders", bytes.len() * 8);
}

/// A ladder that is right in itself, for something else than was agreed on: the offerer keeps what it has made, and the claimer doesn't take it.
#[test]
fn the_claimer_takes_only_what_was_agreed_on() {
    let agreed = claimer_takes(&pre_signed(&payout(7), FEES)).unwrap();
    assert_eq!((agreed.payout(), agreed.outputs().len()), (payout(7).as_script(), 3));

    let elsewhere = pre_signed(&payout(8), FEES);
    assert!(offerer_takes(&elsewhere).is_ok());
    assert_eq!(claimer_takes(&elsewhere).unwrap_err(), ContractError::LadderPayout);

    for (fees, rung) in [([201, 400, 800], 0), ([200, 401, 800], 1), ([200, 400, 801], 2)] {
        let dearer = pre_signed(&payout(7), &fees);
        assert!(offerer_takes(&dearer).is_ok());
        let sat = |fee| Amount::from_sat(100_000 - fee);
        let (expected, actual) = (sat(FEES[rung]), sat(fees[rung]));
        let error = ContractError::RungValue { rung, expected, actual };
        assert_eq!(claimer_takes(&dearer).unwrap_err(), error);
    }
    let shorter = pre_signed(&payout(7), &FEES[..2]);
    let error = ContractError::LadderLength { expected: 3, actual: 2 };
    assert_eq!(claimer_takes(&shorter).unwrap_err(), error);
}

/// What each side takes belongs to its contract, and to its kind of lock.
#[test]
fn a_ladder_belongs_to_its_contract() {
    let right = pre_signed(&payout(7), FEES);
    let other_point = Lock::Point(keypair(9).public_key());
    let other_lock = funded(other_point, 100_000);
    let other_amount = funded(Lock::Point(secret().to_point()), 100_001);
    for funded in [other_lock, other_amount] {
        let restored = OfferedContract::restore(funded.clone(), Some(right.clone()));
        assert!(restored.is_err(), "{restored:?}");
        let taken = ReceivedContract::new(funded, payout(7), &ladder(FEES), Some(right.clone()));
        assert!(taken.is_err(), "{taken:?}");
    }
    let hash_locked = || funded(Lock::Hash(Preimage::new([4; 32]).hash()), 100_000);
    let restored = OfferedContract::restore(hash_locked(), Some(right.clone()));
    assert_eq!(restored.unwrap_err(), ContractError::PreSignaturesUnexpected);
    let restored = OfferedContract::restore(point_locked(), None);
    assert_eq!(restored.unwrap_err(), ContractError::PreSignaturesMissing);
    assert!(OfferedContract::restore(hash_locked(), None).is_ok());
    assert!(OfferedContract::restore(point_locked(), Some(right)).is_ok());
}

/// What was restored does what it is for: it finds the secret in the other side's claim.
#[test]
fn what_was_restored_extracts() {
    let sent = pre_signed(&payout(7), FEES);
    let kept = PreSignedLadder::from_bytes(&sent.to_bytes()).unwrap();
    let secret = LockSecret::Scalar(secret());
    let claim = claimer_takes(&sent)
        .unwrap()
        .claim(1, &secret, &keypair(2), &FeeCoins::none(), &[0; 32])
        .unwrap();
    assert_eq!(offerer_takes(&kept).unwrap().extract(&claim).unwrap(), secret);
}
