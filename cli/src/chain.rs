//! A chain as far as the demonstration needs one: outputs, heights, and Bitcoin Core's consensus code as the judge.
//!
//! Scripts and signatures are judged by `libbitcoinconsensus`, which sees one transaction and the outputs that it spends. What
//! it does not see (outputs above inputs, outputs spent twice, height against lock time) is checked by
//! `pointlock::contract::limits`, which is this project's own code.

use std::collections::BTreeMap;

use bitcoin::hashes::Hash;
use bitcoin::transaction::Version;
use bitcoin::{
    OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness, absolute, consensus,
};
use pointlock::contract::{ContractError, limits};
use thiserror::Error;

const FLAGS: u32 = bitcoinconsensus::VERIFY_ALL_PRE_TAPROOT | bitcoinconsensus::VERIFY_TAPROOT;

/// Why a transaction is refused.
#[derive(Debug, Error)]
pub(crate) enum Refused {
    #[error("Bitcoin Core's script verification refuses input {input}")]
    Script { input: usize },
    #[error("our own check beside script verification: {0}")]
    Limits(#[from] ContractError),
}

pub(crate) struct Chain {
    height: u32,
    unspent: BTreeMap<OutPoint, TxOut>,
    funded: u32,
    accepted: usize,
    refused: usize,
}

impl Chain {
    pub(crate) fn new(height: u32) -> Self {
        Self { height, unspent: BTreeMap::new(), funded: 0, accepted: 0, refused: 0 }
    }

    pub(crate) fn height(&self) -> u32 {
        self.height
    }

    pub(crate) fn mine(&mut self) {
        self.height += 1;
    }

    /// How many transactions the consensus code accepted and refused.
    pub(crate) fn judged(&self) -> (usize, usize) {
        (self.accepted, self.refused)
    }

    /// Puts an output on the chain. Where its money comes from is not part of the story.
    pub(crate) fn fund(&mut self, output: TxOut) -> OutPoint {
        self.funded += 1;
        let input = TxIn {
            previous_output: OutPoint { txid: Txid::all_zeros(), vout: self.funded },
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        };
        let transaction = Transaction {
            version: Version::TWO,
            lock_time: absolute::LockTime::ZERO,
            input: vec![input],
            output: vec![output.clone()],
        };
        let outpoint = OutPoint { txid: transaction.compute_txid(), vout: 0 };
        self.unspent.insert(outpoint, output);
        outpoint
    }

    /// Whether the next block may hold this transaction.
    pub(crate) fn judge(&mut self, transaction: &Transaction) -> Result<(), Refused> {
        let verdict = self.verify(transaction);
        match &verdict {
            Ok(()) => self.accepted += 1,
            Err(_) => self.refused += 1,
        }
        verdict
    }

    fn verify(&self, transaction: &Transaction) -> Result<(), Refused> {
        limits::check(
            transaction,
            |outpoint| self.unspent.get(outpoint).cloned(),
            self.height + 1,
        )?;
        let outputs: Vec<&TxOut> =
            transaction.input.iter().map(|input| &self.unspent[&input.previous_output]).collect();
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

    /// Judges the transaction and puts it into a block.
    pub(crate) fn confirm(&mut self, transaction: &Transaction) -> Result<(), Refused> {
        self.judge(transaction)?;
        for input in &transaction.input {
            self.unspent.remove(&input.previous_output);
        }
        let txid = transaction.compute_txid();
        for (vout, output) in (0..).zip(&transaction.output) {
            self.unspent.insert(OutPoint { txid, vout }, output.clone());
        }
        self.mine();
        Ok(())
    }
}
