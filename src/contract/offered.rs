use bitcoin::{Script, Transaction};

use super::{ContractError, FeeLadder, FundedContract, PreSignedLadder};
use crate::curve::Keypair;
use crate::lock::{Lock, LockSecret};

/// The offerer's side of a contract, of either kind: what it needs to learn the secret from a claim.
#[derive(Clone, Debug)]
pub struct OfferedContract {
    funded: FundedContract,
    pre_signatures: Option<PreSignedLadder>,
}

impl OfferedContract {
    /// Makes the pre-signatures for a PTLC; an HTLC has none.
    ///
    /// # Errors
    ///
    /// As [`PreSignedLadder::pre_sign`], for an HTLC none.
    pub fn new(
        funded: FundedContract,
        payout: &Script,
        ladder: &FeeLadder,
        offerer: &Keypair,
        aux_rand: &[u8; 32],
    ) -> Result<Self, ContractError> {
        let pre_signatures = match &funded.contract().terms().lock {
            Lock::Point(_) => {
                Some(PreSignedLadder::pre_sign(&funded, payout, ladder, offerer, aux_rand)?)
            }
            Lock::Hash(_) => None,
        };
        Ok(Self { funded, pre_signatures })
    }

    /// Puts together what was kept.
    ///
    /// # Errors
    ///
    /// [`ContractError::PreSignaturesMissing`], [`ContractError::PreSignaturesUnexpected`], and those of
    /// [`PreSignedLadder::verify_rungs`]: storage that went bad is better found now than when a claim is seen.
    pub fn restore(
        funded: FundedContract,
        pre_signatures: Option<PreSignedLadder>,
    ) -> Result<Self, ContractError> {
        match (&funded.contract().terms().lock, &pre_signatures) {
            (Lock::Point(_), Some(pre_signed)) => pre_signed.verify_rungs(&funded)?,
            (Lock::Point(_), None) => return Err(ContractError::PreSignaturesMissing),
            (Lock::Hash(_), Some(_)) => return Err(ContractError::PreSignaturesUnexpected),
            (Lock::Hash(_), None) => {}
        }
        Ok(Self { funded, pre_signatures })
    }

    /// The contract.
    pub fn funded(&self) -> &FundedContract {
        &self.funded
    }

    /// What goes to the claimer, and what to keep durably before that: None for an HTLC.
    pub fn pre_signatures(&self) -> Option<&PreSignedLadder> {
        self.pre_signatures.as_ref()
    }

    /// The secret, from a transaction that claims the contract: see [`super::extract`].
    ///
    /// # Errors
    ///
    /// [`ContractError::NotSpent`], [`ContractError::NoSecret`], [`ContractError::Extraction`].
    pub fn extract(&self, transaction: &Transaction) -> Result<LockSecret, ContractError> {
        super::extract::extract(&self.funded, self.pre_signatures.as_ref(), transaction)
    }
}
