use bitcoin::transaction::Version;
use bitcoin::{OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute};
use pointlock::contract::{FeeCoins, limits};

use crate::commitment::{Commitment, OutputKind};
use crate::{ChannelError, spend::MAX_CHILD_WEIGHT};

impl Commitment {
    /// The child that pays for the commitment: it spends the anchor, which asks for no signature, and coins of its maker's. Anyone can make one, the other
    /// party too.
    ///
    /// The coins are confirmed, and their owner signs them afterwards. What they and the anchor are worth above the change is the fee of both
    /// transactions, which nodes take together as a package only.
    ///
    /// # Errors
    ///
    /// [`ChannelError::TooHeavy`], and for the coins [`ChannelError::Limits`].
    pub fn child(&self, coins: &FeeCoins) -> Result<Transaction, ChannelError> {
        let anchor = self
            .outputs()
            .iter()
            .find(|output| *output.kind() == OutputKind::Anchor)
            .ok_or(ChannelError::NoSuchOutput { output: "anchor" })?;
        let mut spent = vec![anchor.tx_out()];
        let mut input = vec![unsigned(self.outpoint(anchor))];
        for coin in &coins.inputs {
            input.push(unsigned(coin.outpoint));
            spent.push(coin.prevout.clone());
        }
        let output: Vec<TxOut> = coins.change.clone();
        let lock_time = absolute::LockTime::ZERO;
        let transaction = Transaction { version: Version(3), lock_time, input, output };
        limits::check_structure(&transaction)?;
        limits::check_amounts(&transaction, &spent)?;
        let (weight, maximum) = (transaction.weight(), MAX_CHILD_WEIGHT);
        if weight > maximum {
            return Err(ChannelError::TooHeavy { weight, maximum });
        }
        Ok(transaction)
    }
}

fn unsigned(outpoint: OutPoint) -> TxIn {
    TxIn {
        previous_output: outpoint,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: Witness::new(),
    }
}
