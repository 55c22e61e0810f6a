//! Spending a contract together, by the key path: the cheapest way, and one that shows the chain nothing of the
//! contract.
//!
//! Offerer and claimer run a plain MuSig2 session over offerer ‖ claimer, tweaked with the Merkle root of the
//! contract, which each computes from the terms. There are two such spends, and the types tell them apart, because
//! they may be signed at different times:
//!
//! | spend | the claimer signs | the offerer signs |
//! | --- | --- | --- |
//! | [`payout_to_claimer`](FundedContract::payout_to_claimer) | at any time | once it has the secret, which it has to show |
//! | [`refund_to_offerer`](FundedContract::refund_to_offerer) | once the payment has failed for good | likewise |
//!
//! An offerer that signs a payout before it has the secret never learns it: the signature needs no secret. A
//! claimer that signs a refund while it could still be asked to pay on, or learn the secret, pays out of its own
//! pocket. And an offerer whose refund the claimer will not sign still has the timeout.

use std::marker::PhantomData;

use bitcoin::{Amount, Script, Transaction, TxOut, Witness, absolute};

use super::{ContractError, FundedContract, Party, SpendPath, spend};
use crate::adaptor::musig2::{
    KeyAggContext, Musig2Error, PartialSignature, PublicNonce, SecretNonce, Session,
};
use crate::curve::Keypair;
use crate::lock::LockSecret;

/// Marks a cooperative spend that pays the claimer.
#[derive(Clone, Copy, Debug)]
pub struct Payout(());

/// Marks a cooperative spend that pays the offerer back.
#[derive(Clone, Copy, Debug)]
pub struct Refund(());

/// A transaction that spends the contract by its key path, before it is signed. Both parties make it alike, from
/// the same contract, script and fee.
#[derive(Clone, Debug)]
pub struct CooperativeSpend<Purpose> {
    funded: FundedContract,
    transaction: Transaction,
    message: [u8; 32],
    purpose: PhantomData<Purpose>,
}

/// A [`CooperativeSpend`] with the public nonces of both, ready for the partial signatures.
#[derive(Debug)]
pub struct CooperativeSession<Purpose> {
    spend: CooperativeSpend<Purpose>,
    session: Session,
}

impl FundedContract {
    /// The cooperative spend that pays the claimer, less `fee`.
    ///
    /// # Errors
    ///
    /// [`ContractError::FeeTooHigh`], [`ContractError::PayoutUnspendable`].
    pub fn payout_to_claimer(
        &self,
        payout: &Script,
        fee: Amount,
    ) -> Result<CooperativeSpend<Payout>, ContractError> {
        CooperativeSpend::new(self, payout, fee)
    }

    /// The cooperative spend that pays the offerer back, less `fee`.
    ///
    /// # Errors
    ///
    /// [`ContractError::FeeTooHigh`], [`ContractError::PayoutUnspendable`].
    pub fn refund_to_offerer(
        &self,
        payout: &Script,
        fee: Amount,
    ) -> Result<CooperativeSpend<Refund>, ContractError> {
        CooperativeSpend::new(self, payout, fee)
    }
}

impl<Purpose> CooperativeSpend<Purpose> {
    fn new(funded: &FundedContract, payout: &Script, fee: Amount) -> Result<Self, ContractError> {
        let output: TxOut = spend::payout_output(funded, payout, fee)?;
        let transaction = spend::unsigned(funded, output, absolute::LockTime::ZERO);
        let spent = [funded.contract().tx_out()];
        let message = funded.sighash_all(&transaction, &spent, SpendPath::Cooperative);
        Ok(Self { funded: funded.clone(), transaction, message, purpose: PhantomData })
    }

    /// The transaction, with an empty witness.
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// What both sign: BIP-341's signature hash for the key path.
    pub fn message(&self) -> &[u8; 32] {
        &self.message
    }

    /// The keys of offerer and claimer, tweaked to the output key.
    pub fn keys(&self) -> &KeyAggContext {
        self.funded.contract().key_agg()
    }

    /// The nonce of one party. `session_rand` is fresh entropy, used once: see [`SecretNonce::generate`].
    ///
    /// # Errors
    ///
    /// [`ContractError::Musig2`] for randomness that was used.
    pub fn generate_nonce(
        &self,
        session_rand: &mut [u8; 32],
        keypair: &Keypair,
    ) -> Result<SecretNonce, ContractError> {
        let aggregate_key = self.keys().x_only();
        SecretNonce::generate(session_rand, keypair, &aggregate_key, &self.message, None)
            .map_err(refused)
    }

    /// The session in which both sign, with the public nonces of both.
    ///
    /// # Errors
    ///
    /// In theory, [`ContractError::Musig2`].
    pub fn session(
        self,
        offerer: PublicNonce,
        claimer: PublicNonce,
    ) -> Result<CooperativeSession<Purpose>, ContractError> {
        let session =
            Session::new(self.keys(), &[offerer, claimer], &self.message).map_err(refused)?;
        Ok(CooperativeSession { spend: self, session })
    }
}

impl CooperativeSession<Payout> {
    /// The claimer's partial signature for its own payout.
    ///
    /// # Errors
    ///
    /// [`ContractError::WrongSigner`]; [`ContractError::Musig2`] for a nonce of another session.
    pub fn sign_as_claimer(
        &self,
        nonce: SecretNonce,
        claimer: &Keypair,
    ) -> Result<PartialSignature, ContractError> {
        self.sign(Party::Claimer, nonce, claimer)
    }

    /// The offerer's partial signature for a payout to the claimer, which it gives for `learned`.
    ///
    /// # Errors
    ///
    /// [`ContractError::WrongSecret`] when that does not open the lock, [`ContractError::WrongSigner`];
    /// [`ContractError::Musig2`] for a nonce of another session.
    pub fn sign_as_offerer(
        &self,
        nonce: SecretNonce,
        offerer: &Keypair,
        learned: &LockSecret,
    ) -> Result<PartialSignature, ContractError> {
        if !self.spend.funded.contract().terms().lock.is_opened_by(learned) {
            return Err(ContractError::WrongSecret);
        }
        self.sign(Party::Offerer, nonce, offerer)
    }
}

impl CooperativeSession<Refund> {
    /// A partial signature of either party for the refund. Only when the payment has failed for good: for a
    /// claimer that forwards it, when its own offer further on is resolved, irrevocably and without the secret.
    ///
    /// # Errors
    ///
    /// [`ContractError::WrongSigner`]; [`ContractError::Musig2`] for a nonce of another session.
    pub fn sign_after_final_failure(
        &self,
        party: Party,
        nonce: SecretNonce,
        keypair: &Keypair,
    ) -> Result<PartialSignature, ContractError> {
        self.sign(party, nonce, keypair)
    }
}

impl<Purpose> CooperativeSession<Purpose> {
    /// The spend that this session signs.
    pub fn spend(&self) -> &CooperativeSpend<Purpose> {
        &self.spend
    }

    /// Whether this is the party's partial signature in this session.
    ///
    /// # Errors
    ///
    /// [`ContractError::Musig2`].
    pub fn verify_partial(
        &self,
        party: Party,
        partial: &PartialSignature,
    ) -> Result<(), ContractError> {
        let signer = match party {
            Party::Offerer => 0,
            Party::Claimer => 1,
        };
        self.session.verify_partial(signer, partial).map_err(refused)
    }

    /// The transaction, ready for broadcast.
    ///
    /// # Errors
    ///
    /// [`ContractError::Musig2`], which names the signer whose partial signature is not valid: 0 is the offerer,
    /// 1 the claimer.
    pub fn finish(
        &self,
        offerer: PartialSignature,
        claimer: PartialSignature,
    ) -> Result<Transaction, ContractError> {
        let signature = self.session.aggregate(&[offerer, claimer]).map_err(refused)?;
        let mut transaction = self.spend.transaction.clone();
        // 64 bytes: SIGHASH_DEFAULT.
        transaction.input[0].witness = Witness::from_slice(&[signature.as_ref()]);
        Ok(transaction)
    }

    fn sign(
        &self,
        party: Party,
        nonce: SecretNonce,
        keypair: &Keypair,
    ) -> Result<PartialSignature, ContractError> {
        self.spend.funded.contract().check_signer(party, keypair)?;
        self.session.sign_partial(nonce, keypair).map_err(refused)
    }
}

fn refused(source: Musig2Error) -> ContractError {
    ContractError::Musig2 { source }
}
