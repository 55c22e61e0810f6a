use core::borrow::Borrow;

use bitcoin::hashes::Hash;
use bitcoin::sighash::{Prevouts, SighashCache, TapSighashType};
use bitcoin::taproot::{LeafVersion, Signature};
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, OutPoint, Script, ScriptBuf, Sequence, TapLeafHash, Transaction, TxIn, TxOut, Witness,
    absolute,
};

use super::{ContractError, FundedContract, SpendPath, limits};
use crate::curve::Keypair;

/// Version 3 (BIP-431): small, always replaceable, one child, so that nobody pins a claim with a heavy descendant.
const VERSION: Version = Version(3);
/// Below the final one, so that lock times count; no relative lock time.
const SEQUENCE: Sequence = Sequence::ENABLE_RBF_NO_LOCKTIME;

/// A coin of the claimer's that pays for a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeCoin {
    /// Where it is.
    pub outpoint: OutPoint,
    /// What it is: the claimer's signature commits to it.
    pub prevout: TxOut,
}

/// Other coins that a claimer adds to a claim, and where the change goes.
///
/// The offerer's signature is `SINGLE|ANYONECANPAY`, so it allows for both. What the coins are worth above the
/// change is paid as fee on top of the rung's. Nodes relay version 3 with one unconfirmed parent at most, of
/// version 3 too: while the contract is unconfirmed, the coins have to be confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeeCoins {
    /// The coins, segwit ones. Their inputs follow the contract's and have empty witnesses: their owner signs
    /// them after the claim is made, which changes no signature in it.
    pub inputs: Vec<FeeCoin>,
    /// The outputs after the payout.
    pub change: Vec<TxOut>,
}

impl FeeCoins {
    /// No other coins: the rung's fee alone.
    pub fn none() -> Self {
        Self::default()
    }
}

/// The transaction that spends `funded` as its first input to `output` as its first output.
pub(super) fn unsigned(
    funded: &FundedContract,
    output: TxOut,
    lock_time: absolute::LockTime,
) -> Transaction {
    let input = unsigned_input(funded.outpoint());
    Transaction { version: VERSION, lock_time, input: vec![input], output: vec![output] }
}

/// Adds the coins, and returns all outputs that the transaction spends.
pub(super) fn add_coins(
    funded: &FundedContract,
    transaction: &mut Transaction,
    coins: &FeeCoins,
) -> Result<Vec<TxOut>, ContractError> {
    let mut spent = vec![funded.contract().tx_out()];
    for coin in &coins.inputs {
        transaction.input.push(unsigned_input(coin.outpoint));
        spent.push(coin.prevout.clone());
    }
    transaction.output.extend(coins.change.iter().cloned());
    limits::check_structure(transaction)?;
    limits::check_amounts(transaction, &spent)?;
    Ok(spent)
}

fn unsigned_input(outpoint: OutPoint) -> TxIn {
    TxIn {
        previous_output: outpoint,
        script_sig: ScriptBuf::new(),
        sequence: SEQUENCE,
        witness: Witness::new(),
    }
}

/// The output that is left for `payout` after `fee`.
pub(super) fn payout_output(
    funded: &FundedContract,
    payout: &Script,
    fee: Amount,
) -> Result<TxOut, ContractError> {
    if payout.is_op_return() {
        return Err(ContractError::PayoutUnspendable);
    }
    let amount = funded.contract().terms().amount;
    let minimum = payout.minimal_non_dust();
    let value = amount
        .checked_sub(fee)
        .filter(|left| *left >= minimum)
        .ok_or(ContractError::FeeTooHigh { fee, amount, minimum })?;
    Ok(TxOut { value, script_pubkey: payout.to_owned() })
}

impl FundedContract {
    /// The message of a signature under `ALL`, as SIGHASH_DEFAULT: over everything that the transaction spends
    /// and pays.
    pub(super) fn sighash_all(
        &self,
        transaction: &Transaction,
        spent: &[TxOut],
        path: SpendPath,
    ) -> [u8; 32] {
        self.sighash(transaction, &Prevouts::All(spent), path, TapSighashType::Default)
    }

    /// The message of a signature under `SINGLE|ANYONECANPAY`: over the contract's input and the first output.
    pub(super) fn sighash_single(&self, transaction: &Transaction, path: SpendPath) -> [u8; 32] {
        let spent = Prevouts::One(0, self.contract().tx_out());
        self.sighash(transaction, &spent, path, TapSighashType::SinglePlusAnyoneCanPay)
    }

    fn sighash<T: Borrow<TxOut>>(
        &self,
        transaction: &Transaction,
        spent: &Prevouts<'_, T>,
        path: SpendPath,
        sighash_type: TapSighashType,
    ) -> [u8; 32] {
        let mut cache = SighashCache::new(transaction);
        let sighash = match self.contract().leaf_script(path) {
            Some(script) => cache.taproot_script_spend_signature_hash(
                0,
                spent,
                TapLeafHash::from_script(script, LeafVersion::TapScript),
                sighash_type,
            ),
            None => cache.taproot_key_spend_signature_hash(0, spent, sighash_type),
        };
        sighash
            .expect("there is a first input, a first output, and a spent output for each input")
            .to_byte_array()
    }

    /// A party's BIP-340 signature under `ALL`, as the bytes of the witness. BIP-341's SIGHASH_DEFAULT means the
    /// same as SIGHASH_ALL and spares the type byte.
    pub(super) fn sign_all(
        &self,
        transaction: &Transaction,
        spent: &[TxOut],
        path: SpendPath,
        keypair: &Keypair,
        aux_rand: &[u8; 32],
    ) -> Vec<u8> {
        let message = self.sighash_all(transaction, spent, path);
        let signature = keypair.sign_schnorr(&message, aux_rand);
        Signature { signature, sighash_type: TapSighashType::Default }.to_vec()
    }

    /// The witness for a leaf: what its script consumes, last first, then the script and its control block.
    pub(super) fn leaf_witness(&self, path: SpendPath, stack: &[&[u8]]) -> Witness {
        let script = self.contract().leaf_script(path).expect("a path with a leaf");
        let control_block = self.contract().control_block(path).expect("a path with a leaf");
        let mut witness = Witness::from_slice(stack);
        witness.push(script.as_bytes());
        witness.push(control_block.serialize());
        witness
    }
}
