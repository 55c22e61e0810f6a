use bitcoin::{Amount, Script, Transaction};

use super::{ContractError, FundedContract, Party, SpendPath, spend};
use crate::curve::Keypair;

impl FundedContract {
    /// The transaction that takes the money back to the offerer after the expiry, at the price of `fee`. Its
    /// nLockTime is the expiry, so blocks *above* that height may hold it. `aux_rand`: 32 bytes of fresh entropy,
    /// or zeros.
    ///
    /// A claim may be faster, and then it reveals the secret. It has revealed it even if this transaction replaces it before it confirms:
    /// whoever watches for claims has to watch what is not in a block yet, too, and tell the role at once.
    ///
    /// # Errors
    ///
    /// [`ContractError::WrongSigner`], [`ContractError::FeeTooHigh`], [`ContractError::PayoutUnspendable`].
    pub fn timeout(
        &self,
        payout: &Script,
        fee: Amount,
        offerer: &Keypair,
        aux_rand: &[u8; 32],
    ) -> Result<Transaction, ContractError> {
        self.contract().check_signer(Party::Offerer, offerer)?;
        let path = SpendPath::Timeout;
        let output = spend::payout_output(self, payout, fee)?;
        let mut timeout = spend::unsigned(self, output, self.contract().lock_time());
        let spent = [self.contract().tx_out()];
        let signature = self.sign_all(&timeout, &spent, path, offerer, aux_rand);
        timeout.input[0].witness = self.leaf_witness(path, &[&signature]);
        Ok(timeout)
    }
}
