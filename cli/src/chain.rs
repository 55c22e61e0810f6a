//! A chain whose scripts are judged by Bitcoin Core's consensus code.
//!
//! Scripts and signatures are judged by `libbitcoinconsensus`, which sees one transaction and the outputs that it spends. What
//! it does not see (outputs above inputs, outputs spent twice, height against lock time) is checked by
//! `pointlock::contract::limits`, which is this project's own code.

use bitcoin::{OutPoint, Transaction, TxOut, consensus};
use pointlock::contract::LimitsError;
use pointlock_sim::{Chain as _, PlainChain};
use thiserror::Error;

const FLAGS: u32 = bitcoinconsensus::VERIFY_ALL_PRE_TAPROOT | bitcoinconsensus::VERIFY_TAPROOT;

/// Why a transaction is refused.
#[derive(Debug, Error)]
pub(crate) enum Refused {
    #[error("Bitcoin Core's script verification refuses input {input}")]
    Script { input: usize },
    #[error("our own check beside script verification: {0}")]
    Limits(#[from] LimitsError),
}

pub(crate) struct Chain {
    plain: PlainChain,
    accepted: usize,
    refused: usize,
}

impl Chain {
    pub(crate) fn new(height: u32) -> Self {
        Self { plain: PlainChain::new(height), accepted: 0, refused: 0 }
    }

    /// How many transactions the consensus code accepted and refused.
    pub(crate) fn judged(&self) -> (usize, usize) {
        (self.accepted, self.refused)
    }

    fn verify(&mut self, transaction: &Transaction) -> Result<(), Refused> {
        self.plain.judge(transaction)?;
        let outputs: Vec<&TxOut> = transaction
            .input
            .iter()
            .filter_map(|input| self.plain.output(&input.previous_output))
            .collect();
        let spent: Vec<bitcoinconsensus::Utxo> = outputs
            .iter()
            .map(|output| bitcoinconsensus::Utxo {
                script_pubkey: output.script_pubkey.as_bytes().as_ptr(),
                script_pubkey_len: u32::try_from(output.script_pubkey.len())
                    .expect("a taproot script has 34 bytes"),
                value: i64::try_from(output.value.to_sat())
                    .expect("checked to be below the supply"),
            })
            .collect();
        let bytes = consensus::serialize(transaction);
        for (input, output) in outputs.iter().enumerate() {
            bitcoinconsensus::verify_with_flags(
                output.script_pubkey.as_bytes(),
                output.value.to_sat(),
                &bytes,
                Some(&spent),
                input,
                FLAGS,
            )
            .map_err(|_| Refused::Script { input })?;
        }
        Ok(())
    }
}

impl pointlock_sim::Chain for Chain {
    type Refused = Refused;

    fn height(&self) -> u32 {
        self.plain.height()
    }

    fn mine(&mut self) {
        self.plain.mine();
    }

    fn fund(&mut self, output: TxOut) -> Result<OutPoint, Refused> {
        Ok(self.plain.fund(output)?)
    }

    fn judge(&mut self, transaction: &Transaction) -> Result<(), Refused> {
        let verdict = self.verify(transaction);
        match &verdict {
            Ok(()) => self.accepted += 1,
            Err(_) => self.refused += 1,
        }
        verdict
    }

    fn connect(&mut self, transactions: &[Transaction]) -> Result<(), Refused> {
        transactions.iter().try_for_each(|transaction| self.judge(transaction))?;
        self.plain.insert(transactions);
        Ok(())
    }

    fn disconnect(&mut self) {
        self.plain.disconnect();
    }
}
