use bitcoin::{Script, Transaction};

use super::{ContractError, FeeLadder, FundedContract, PreSignedLadder};
use crate::curve::Keypair;
use crate::edge::Edge;
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

    /// The edge that this contract is, for the role that has offered it. `amount_msat`, in millisatoshi, is what was proposed; the
    /// contract has it rounded up to satoshi.
    ///
    /// # Errors
    ///
    /// [`ContractError::AmountNotAgreed`].
    pub fn edge(&self, amount_msat: u64) -> Result<Edge, ContractError> {
        self.funded.edge(amount_msat)
    }

    /// What goes to the claimer, and what to keep durably before that: None for an HTLC.
    pub fn pre_signatures(&self) -> Option<&PreSignedLadder> {
        self.pre_signatures.as_ref()
    }

    /// The secret, from any transaction that claims the contract.
    ///
    /// The contract's input is found by its outpoint: a claim may have other inputs, before and after it. Then
    /// every element of its witness is looked at, in whatever order and with or without an annex:
    ///
    /// - PTLC: one that begins with the x(R') of a kept pre-signature is taken for the finished signature, and t
    ///   = ±(s − s') counts only if t·G = T. A claimer can't avoid it: the script asks for a signature of the
    ///   offerer's, the offerer gave none but these, and one with another nonce would be a forgery.
    /// - HTLC: 32 bytes with the hash of the lock.
    ///
    /// What matches by its looks and gives no secret (an annex can hold anything) hides nothing: the search goes
    /// on.
    ///
    /// # Errors
    ///
    /// [`ContractError::NotSpent`], [`ContractError::NoSecret`], [`ContractError::Extraction`].
    pub fn extract(&self, transaction: &Transaction) -> Result<LockSecret, ContractError> {
        super::extract::extract(&self.funded, self.pre_signatures.as_ref(), transaction)
    }
}
