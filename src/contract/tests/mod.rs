mod extraction;
mod limits;
mod pre_signatures;
mod terms;

use bitcoin::hashes::Hash;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, FeeRate, OutPoint, Script, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Weight,
    Witness, absolute,
};
use proptest::prelude::*;

use super::limits::{check_amounts, check_lock_time, check_structure, spent_outputs};
use super::*;
use crate::adaptor::AdaptorError;
use crate::curve::{Keypair, SecretScalar};
use crate::lock::{Lock, LockSecret, Preimage};

fn keypair(byte: u8) -> Keypair {
    Keypair::from_secret_bytes(&[byte; 32]).unwrap()
}

fn offerer() -> Keypair {
    keypair(1)
}

fn claimer() -> Keypair {
    keypair(2)
}

fn secret() -> SecretScalar {
    SecretScalar::from_bytes(&[3; 32]).unwrap()
}

fn sat(amount: u64) -> Amount {
    Amount::from_sat(amount)
}

fn terms() -> ContractTerms {
    ContractTerms {
        offerer: offerer().public_key(),
        claimer: claimer().public_key(),
        amount: sat(100_000),
        expiry: 800_000,
        lock: Lock::Point(secret().to_point()),
    }
}

fn hash_terms() -> ContractTerms {
    ContractTerms { lock: Lock::Hash(Preimage::new([4; 32]).hash()), ..terms() }
}

fn outpoint(byte: u8) -> OutPoint {
    OutPoint { txid: Txid::from_byte_array([byte; 32]), vout: 0 }
}

fn funded(terms: ContractTerms) -> FundedContract {
    FundedContract::new(Contract::new(terms).unwrap(), outpoint(5))
}

fn payout() -> ScriptBuf {
    Contract::new(terms()).unwrap().script_pubkey()
}

fn ladder() -> FeeLadder {
    FeeLadder::new(vec![sat(200), sat(400), sat(800)]).unwrap()
}

fn pre_sign(terms: ContractTerms) -> Result<PreSignedLadder, ContractError> {
    PreSignedLadder::pre_sign(&funded(terms), &payout(), &ladder(), &offerer(), &[6; 32])
}

fn offered() -> OfferedContract {
    OfferedContract::restore(funded(terms()), Some(pre_sign(terms()).unwrap())).unwrap()
}

fn received() -> ReceivedContract {
    let pre_signed = pre_sign(terms()).unwrap();
    ReceivedContract::new(funded(terms()), payout(), &ladder(), Some(pre_signed)).unwrap()
}

fn claim(rung: usize) -> Transaction {
    let secret = LockSecret::Scalar(secret());
    received().claim(rung, &secret, &claimer(), &FeeCoins::none(), &[0; 32]).unwrap()
}
