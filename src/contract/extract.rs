//! The secret of a lock, from a transaction that spends the contract. What it relies on stands at
//! [`OfferedContract::extract`](super::OfferedContract::extract).

use bitcoin::secp256k1::schnorr::Signature;
use bitcoin::taproot::LeafVersion;
use bitcoin::{Transaction, Witness};

use super::{ContractError, FundedContract, Party, PreSignedLadder, SpendPath};
use crate::curve::Point;
use crate::lock::{Lock, LockSecret, PaymentHash, Preimage};

pub(super) fn extract(
    funded: &FundedContract,
    pre_signatures: Option<&PreSignedLadder>,
    transaction: &Transaction,
) -> Result<LockSecret, ContractError> {
    let witness = contract_witness(funded, transaction)?;
    match (&funded.contract().terms().lock, pre_signatures) {
        (Lock::Point(lock_point), Some(pre_signed)) => {
            extract_scalar(funded, lock_point, pre_signed, witness)
        }
        (Lock::Hash(hash), None) => find_preimage(hash, witness).ok_or(no_secret(funded, witness)),
        (Lock::Point(_), None) => Err(ContractError::PreSignaturesMissing),
        (Lock::Hash(_), Some(_)) => Err(ContractError::PreSignaturesUnexpected),
    }
}

fn extract_scalar(
    funded: &FundedContract,
    lock_point: &Point,
    pre_signed: &PreSignedLadder,
    witness: &Witness,
) -> Result<LockSecret, ContractError> {
    let offerer = funded.contract().key_of(Party::Offerer);
    let mut refusal = None;
    for element in witness.iter() {
        // A signature, with or without the byte of its sighash type.
        let (64 | 65, Some(bytes)) = (element.len(), element.get(..64)) else { continue };
        let signature = Signature::from_slice(bytes).expect("64 bytes");
        for (rung, kept) in pre_signed.rungs().iter().enumerate() {
            if kept.pre_signature().nonce_x() != bytes[..32] {
                continue;
            }
            match kept.pre_signature().extract(&signature, &offerer, kept.sighash(), lock_point) {
                Ok(secret) => return Ok(LockSecret::Scalar(secret)),
                Err(source) => refusal = Some(ContractError::Extraction { rung, source }),
            }
        }
    }
    Err(refusal.unwrap_or_else(|| no_secret(funded, witness)))
}

fn find_preimage(hash: &PaymentHash, witness: &Witness) -> Option<LockSecret> {
    witness
        .iter()
        .filter_map(|element| <[u8; 32]>::try_from(element).ok())
        .map(Preimage::new)
        .find(|preimage| preimage.hash() == *hash)
        .map(LockSecret::Preimage)
}

fn no_secret(funded: &FundedContract, witness: &Witness) -> ContractError {
    ContractError::NoSecret { path: path_of(funded, witness) }
}

fn contract_witness<'a>(
    funded: &FundedContract,
    transaction: &'a Transaction,
) -> Result<&'a Witness, ContractError> {
    let outpoint = funded.outpoint();
    transaction
        .input
        .iter()
        .find(|input| input.previous_output == outpoint)
        .map(|input| &input.witness)
        .ok_or(ContractError::NotSpent { outpoint })
}

/// By the form of the witness alone (BIP-341), which is enough for a transaction that consensus accepted.
fn path_of(funded: &FundedContract, witness: &Witness) -> Option<SpendPath> {
    let without_annex = witness.len() - usize::from(witness.taproot_annex().is_some());
    if without_annex == 1 {
        return Some(SpendPath::Cooperative);
    }
    let leaf = witness.taproot_leaf_script()?;
    [SpendPath::Success, SpendPath::Timeout].into_iter().find(|path| {
        leaf.version == LeafVersion::TapScript
            && funded.contract().leaf_script(*path) == Some(leaf.script)
    })
}

impl FundedContract {
    /// How `transaction` spends the contract, by the form of its witness; None if by no path that it has.
    ///
    /// # Errors
    ///
    /// [`ContractError::NotSpent`].
    pub fn spend_path(
        &self,
        transaction: &Transaction,
    ) -> Result<Option<SpendPath>, ContractError> {
        Ok(path_of(self, contract_witness(self, transaction)?))
    }
}
