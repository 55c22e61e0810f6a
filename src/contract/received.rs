use bitcoin::secp256k1::schnorr;
use bitcoin::sighash::TapSighashType;
use bitcoin::taproot::Signature;
use bitcoin::{Amount, Script, ScriptBuf, Transaction, TxOut, absolute};

use super::{
    ContractError, FeeCoins, FeeLadder, FundedContract, Party, PreSignedLadder, Rung, SpendPath,
    spend,
};
use crate::curve::{Keypair, SecretScalar};
use crate::edge::IncomingEdge;
use crate::lock::{Lock, LockSecret};

/// The claimer's side of a contract, of either kind: everything that it needs to be paid, but the secret.
///
/// Whoever holds one has verified the pre-signatures (PTLC), or needs none (HTLC).
#[derive(Clone, Debug)]
pub struct ReceivedContract {
    funded: FundedContract,
    payout: ScriptBuf,
    outputs: Vec<Amount>,
    pre_signatures: Option<PreSignedLadder>,
}

impl ReceivedContract {
    /// Takes on a contract, with the offerer's pre-signatures when its lock is a point.
    ///
    /// # Errors
    ///
    /// [`ContractError::PreSignaturesMissing`], [`ContractError::PreSignaturesUnexpected`], those of
    /// [`PreSignedLadder::verify`] and of [`FeeLadder::outputs`].
    pub fn new(
        funded: FundedContract,
        payout: ScriptBuf,
        ladder: &FeeLadder,
        pre_signatures: Option<PreSignedLadder>,
    ) -> Result<Self, ContractError> {
        match (&funded.contract().terms().lock, &pre_signatures) {
            (Lock::Point(_), Some(pre_signed)) => pre_signed.verify(&funded, &payout, ladder)?,
            (Lock::Point(_), None) => return Err(ContractError::PreSignaturesMissing),
            (Lock::Hash(_), Some(_)) => return Err(ContractError::PreSignaturesUnexpected),
            (Lock::Hash(_), None) => {}
        }
        let outputs = ladder.outputs(funded.contract().terms().amount, &payout)?;
        Ok(Self { funded, payout, outputs, pre_signatures })
    }

    /// The contract.
    pub fn funded(&self) -> &FundedContract {
        &self.funded
    }

    /// The edge that this contract is, for the role that is paid by it: its pre-signatures are verified. `amount_msat`, in
    /// millisatoshi, is what was agreed on; the contract has it rounded up to satoshi.
    ///
    /// The caller has to know that the contract is irrevocably committed (its funding transaction confirmed).
    ///
    /// # Errors
    ///
    /// [`ContractError::AmountNotAgreed`].
    pub fn edge(&self, amount_msat: u64) -> Result<IncomingEdge, ContractError> {
        self.funded.edge(amount_msat).map(IncomingEdge::dangerous_committed)
    }

    pub(super) fn pre_signatures(&self) -> Option<&PreSignedLadder> {
        self.pre_signatures.as_ref()
    }

    /// The script that a claim pays to.
    pub fn payout(&self) -> &Script {
        &self.payout
    }

    /// What the claimer gets on each rung, without other coins; lowest fee first.
    pub fn outputs(&self) -> &[Amount] {
        &self.outputs
    }

    /// The transaction that claims the contract, ready for broadcast once the coins, if any, are signed.
    /// `aux_rand`: 32 bytes of fresh entropy, or zeros.
    ///
    /// It has to be *confirmed* before the expiry: from then on the offerer can spend the output too.
    ///
    /// # Errors
    ///
    /// [`ContractError::WrongSigner`], [`ContractError::SecretKind`], [`ContractError::WrongSecret`],
    /// [`ContractError::NoSuchRung`]; for the coins [`ContractError::Limits`].
    pub fn claim(
        &self,
        rung: usize,
        secret: &LockSecret,
        claimer: &Keypair,
        coins: &FeeCoins,
        aux_rand: &[u8; 32],
    ) -> Result<Transaction, ContractError> {
        let contract = self.funded.contract();
        contract.check_signer(Party::Claimer, claimer)?;
        match (&contract.terms().lock, secret) {
            (Lock::Point(_), LockSecret::Scalar(_)) | (Lock::Hash(_), LockSecret::Preimage(_)) => {}
            _ => return Err(ContractError::SecretKind),
        }
        if !contract.terms().lock.is_opened_by(secret) {
            return Err(ContractError::WrongSecret);
        }
        let offerer = contract.key_of(Party::Offerer);
        let opening = self.opening(rung, secret, |kept, t| {
            kept.pre_signature()
                .adapt_verified(t, &offerer, kept.sighash())
                .map_err(|source| ContractError::RungPreSignature { rung, source })
        })?;
        self.transaction(rung, &opening, claimer, coins, aux_rand)
    }

    /// [`claim`](Self::claim) with whatever secret and key there are: the transaction of a thief who tries.
    /// Consensus code accepts it if, and only if, they are the right ones.
    ///
    /// # Errors
    ///
    /// As [`claim`](Self::claim), but for [`ContractError::WrongSigner`] and [`ContractError::WrongSecret`].
    pub fn dangerous_claim_unchecked(
        &self,
        rung: usize,
        secret: &LockSecret,
        claimer: &Keypair,
        coins: &FeeCoins,
        aux_rand: &[u8; 32],
    ) -> Result<Transaction, ContractError> {
        let opening = self.opening(rung, secret, |kept, t| Ok(kept.pre_signature().adapt(t)))?;
        self.transaction(rung, &opening, claimer, coins, aux_rand)
    }

    /// What the success script asks for besides the claimer's signature: the offerer's, finished, or the preimage.
    fn opening(
        &self,
        rung: usize,
        secret: &LockSecret,
        adapt: impl FnOnce(&Rung, &SecretScalar) -> Result<schnorr::Signature, ContractError>,
    ) -> Result<Vec<u8>, ContractError> {
        match (&self.pre_signatures, secret) {
            (Some(pre_signed), LockSecret::Scalar(secret)) => {
                let kept = pre_signed.rungs().get(rung).ok_or(self.no_such_rung(rung))?;
                let signature = adapt(kept, secret)?;
                let sighash_type = TapSighashType::SinglePlusAnyoneCanPay;
                Ok(Signature { signature, sighash_type }.to_vec())
            }
            (None, LockSecret::Preimage(preimage)) => Ok(preimage.dangerous_as_bytes().to_vec()),
            _ => Err(ContractError::SecretKind),
        }
    }

    fn transaction(
        &self,
        rung: usize,
        opening: &[u8],
        claimer: &Keypair,
        coins: &FeeCoins,
        aux_rand: &[u8; 32],
    ) -> Result<Transaction, ContractError> {
        let path = SpendPath::Success;
        let value = *self.outputs.get(rung).ok_or(self.no_such_rung(rung))?;
        let output = TxOut { value, script_pubkey: self.payout.clone() };
        let mut claim = spend::unsigned(&self.funded, output, absolute::LockTime::ZERO);
        let spent = spend::add_coins(&self.funded, &mut claim, coins)?;
        let signature = self.funded.sign_all(&claim, &spent, path, claimer, aux_rand);
        // The script takes the opening first: it lies on top.
        claim.input[0].witness = self.funded.leaf_witness(path, &[&signature, opening]);
        Ok(claim)
    }

    fn no_such_rung(&self, rung: usize) -> ContractError {
        ContractError::NoSuchRung { rung, rungs: self.outputs.len() }
    }
}
