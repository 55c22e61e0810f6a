//! The cooperative close: both spend the funding output together, without a commitment (BOLT 3, "Closing Transaction").
//!
//! The *closer* pays the fee from its own. A close can be replaced by one with a higher fee; each is a message of its own, and takes fresh nonces
//! of both.

use bitcoin::sighash::TapSighashType;
use bitcoin::transaction::Version;
use bitcoin::{Amount, Script, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute};
use pointlock::adaptor::musig2::{
    NonceOptions, PartialSignature, PublicNonce, SecretNonce, Session,
};

use crate::{Channel, ChannelError, ChannelSecrets, Party, SigningError, sighash};

/// What both agree on for a close. There is no edge left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseTerms {
    /// Who pays the fee.
    pub closer: Party,
    /// Of the transaction.
    pub fee: Amount,
    /// nLockTime.
    pub lock_time: absolute::LockTime,
    /// What the opener has, in millisatoshi.
    pub opener_msat: u64,
    /// What the accepter has.
    pub accepter_msat: u64,
    /// Where the opener's goes; None: its output is left out.
    pub opener_script: Option<ScriptBuf>,
    /// Where the accepter's goes.
    pub accepter_script: Option<ScriptBuf>,
}

/// A close whose terms were checked: the transaction, unsigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    channel: Channel,
    transaction: Transaction,
}

impl Close {
    /// Checks the terms and builds the transaction.
    ///
    /// # Errors
    ///
    /// [`ChannelError::Amounts`], [`ChannelError::FeeTooHigh`] where an output would be below dust, [`ChannelError::NothingToSpend`] without
    /// an output.
    pub fn new(channel: &Channel, terms: &CloseTerms) -> Result<Self, ChannelError> {
        let expected_msat = channel.terms().amount.to_sat() * 1_000;
        let actual_msat = terms.opener_msat.saturating_add(terms.accepter_msat);
        if actual_msat != expected_msat {
            return Err(ChannelError::Amounts { expected_msat, actual_msat });
        }
        let mut output = Vec::new();
        let parties = [
            (Party::Opener, terms.opener_msat, &terms.opener_script),
            (Party::Accepter, terms.accepter_msat, &terms.accepter_script),
        ];
        for (party, msat, script) in parties {
            let amount = Amount::from_sat(msat / 1_000);
            let fee = if party == terms.closer { terms.fee } else { Amount::ZERO };
            if let Some(script) = script {
                output.push(paid(script, amount, fee)?);
            }
        }
        if output.is_empty() {
            return Err(ChannelError::NothingToSpend);
        }
        output.sort_by(|one, other| {
            (one.value, &one.script_pubkey).cmp(&(other.value, &other.script_pubkey))
        });
        let input = TxIn {
            previous_output: channel.funding_outpoint(),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            witness: Witness::new(),
        };
        let transaction = Transaction {
            version: Version::TWO,
            lock_time: terms.lock_time,
            input: vec![input],
            output,
        };
        Ok(Self { channel: channel.clone(), transaction })
    }

    /// The transaction, without a signature.
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// What both sign.
    pub fn sighash(&self) -> [u8; 32] {
        sighash::key_path(&self.transaction, 0, &[self.channel.funding_tx_out()])
    }

    /// A nonce for one close, before its terms are known: what `shutdown` and `closing_sig` announce. Kept in memory alone; a new one after a
    /// restart.
    ///
    /// `session_rand`: 32 bytes of fresh entropy, overwritten.
    ///
    /// # Errors
    ///
    /// [`SigningError::Funding`].
    pub fn nonce(
        channel: &Channel,
        secrets: &ChannelSecrets,
        session_rand: &mut [u8; 32],
    ) -> Result<SecretNonce, SigningError> {
        let aggregate_key = channel.funding().key_agg().x_only();
        let options =
            NonceOptions { aggregate_key: Some(&aggregate_key), message: None, extra_in: None };
        SecretNonce::generate_early(session_rand, &secrets.funding, &options)
            .map_err(|source| SigningError::Funding { source })
    }

    /// A party's half. The nonce is used up.
    ///
    /// # Errors
    ///
    /// [`SigningError::Funding`]; [`ChannelError::ForeignSecrets`].
    pub fn sign(
        &self,
        secrets: &ChannelSecrets,
        nonce: SecretNonce,
        peers_nonce: &PublicNonce,
    ) -> Result<PartialSignature, SigningError> {
        let party = secrets.party(&self.channel)?;
        self.session(party, nonce.public_nonce(), *peers_nonce)?
            .sign_partial(nonce, &secrets.funding)
            .map_err(|source| SigningError::Funding { source })
    }

    /// The transaction with the signature of both, from both halves, which are verified. `party`: whose nonce and half come first.
    ///
    /// # Errors
    ///
    /// [`SigningError::Funding`], naming the signer.
    pub fn finish(
        &self,
        party: Party,
        nonces: [PublicNonce; 2],
        partials: [PartialSignature; 2],
    ) -> Result<Transaction, SigningError> {
        let funding = self.channel.funding();
        let partials = funding.sorted(party, partials[0], partials[1]);
        let signature = self
            .session(party, nonces[0], nonces[1])?
            .aggregate(&partials)
            .map_err(|source| SigningError::Funding { source })?;
        let mut transaction = self.transaction.clone();
        let signature = sighash::encoded(signature, TapSighashType::Default);
        transaction.input[0].witness = Witness::from_slice(&[signature]);
        Ok(transaction)
    }

    fn session(
        &self,
        party: Party,
        own: PublicNonce,
        other: PublicNonce,
    ) -> Result<Session, SigningError> {
        let funding = self.channel.funding();
        Session::new(funding.key_agg(), &funding.sorted(party, own, other), &self.sighash())
            .map_err(|source| SigningError::Funding { source })
    }
}

fn paid(script: &Script, amount: Amount, fee: Amount) -> Result<TxOut, ChannelError> {
    let minimum = script.minimal_non_dust();
    let left = amount.checked_sub(fee).ok_or(ChannelError::FeeTooHigh { fee, amount, minimum })?;
    if script.is_op_return() {
        return Ok(TxOut { value: Amount::ZERO, script_pubkey: script.to_owned() });
    }
    if left < minimum {
        return Err(ChannelError::FeeTooHigh { fee, amount, minimum });
    }
    Ok(TxOut { value: left, script_pubkey: script.to_owned() })
}
