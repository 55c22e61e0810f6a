use std::collections::BTreeMap;
use std::error::Error;

use bitcoin::hashes::Hash;
use bitcoin::transaction::Version;
use bitcoin::{OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness, absolute};
use pointlock::contract::{LimitsError, limits};

/// The chain on which contracts stand. Whoever runs scenarios brings it, with the consensus code of its choice.
pub trait Chain {
    /// Why it refuses a transaction.
    type Refused: Error + 'static;

    /// The height of the last block.
    fn height(&self) -> u32;

    /// Adds an empty block.
    fn mine(&mut self);

    /// Puts an output on the chain. Where its money comes from is no part of any scenario.
    ///
    /// # Errors
    ///
    /// When there can be no such output.
    fn fund(&mut self, output: TxOut) -> Result<OutPoint, Self::Refused>;

    /// Whether the next block may hold this transaction.
    ///
    /// # Errors
    ///
    /// Why not.
    fn judge(&mut self, transaction: &Transaction) -> Result<(), Self::Refused>;

    /// Judges these transactions, which do not spend each other's outputs, and adds a block with them.
    ///
    /// # Errors
    ///
    /// Why one is refused; then there is no block.
    fn connect(&mut self, transactions: &[Transaction]) -> Result<(), Self::Refused>;

    /// Takes the last block back, and all that was spent in it. What was funded stays. Does nothing where no block was added.
    fn disconnect(&mut self);

    /// Judges the transaction, and adds a block with it.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    fn confirm(&mut self, transaction: &Transaction) -> Result<(), Self::Refused> {
        self.connect(std::slice::from_ref(transaction))
    }
}

/// Unspent outputs and a height: a chain that runs no scripts. What it judges is in
/// [`limits`](pointlock::contract::limits): outputs that exist, amounts, lock times. A chain that runs scripts can keep its books in one.
#[derive(Clone, Debug)]
pub struct PlainChain {
    height: u32,
    unspent: BTreeMap<OutPoint, TxOut>,
    funded: u32,
    /// What each block has spent and made, to take it back.
    blocks: Vec<Block>,
}

/// What a block did to the outputs.
#[derive(Clone, Debug, Default)]
struct Block {
    spent: Vec<(OutPoint, TxOut)>,
    made: Vec<OutPoint>,
}

impl PlainChain {
    /// A chain of this height, without an output.
    pub fn new(height: u32) -> Self {
        Self { height, unspent: BTreeMap::new(), funded: 0, blocks: Vec::new() }
    }

    /// An output that is there and not spent.
    pub fn output(&self, outpoint: &OutPoint) -> Option<&TxOut> {
        self.unspent.get(outpoint)
    }

    /// Adds a block with these transactions, whatever they are.
    pub fn insert(&mut self, transactions: &[Transaction]) {
        let mut block = Block::default();
        for transaction in transactions {
            for input in &transaction.input {
                let outpoint = input.previous_output;
                block.spent.extend(self.unspent.remove(&outpoint).map(|output| (outpoint, output)));
            }
            let txid = transaction.compute_txid();
            for (vout, output) in (0..).zip(&transaction.output) {
                let outpoint = OutPoint { txid, vout };
                self.unspent.insert(outpoint, output.clone());
                block.made.push(outpoint);
            }
        }
        self.blocks.push(block);
        self.height += 1;
    }
}

impl Chain for PlainChain {
    type Refused = LimitsError;

    fn height(&self) -> u32 {
        self.height
    }

    fn mine(&mut self) {
        self.insert(&[]);
    }

    fn fund(&mut self, output: TxOut) -> Result<OutPoint, LimitsError> {
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
        Ok(outpoint)
    }

    fn judge(&mut self, transaction: &Transaction) -> Result<(), LimitsError> {
        limits::check(transaction, |outpoint| self.output(outpoint).cloned(), self.height + 1)
    }

    fn connect(&mut self, transactions: &[Transaction]) -> Result<(), LimitsError> {
        transactions.iter().try_for_each(|transaction| self.judge(transaction))?;
        self.insert(transactions);
        Ok(())
    }

    fn disconnect(&mut self) {
        let Some(block) = self.blocks.pop() else { return };
        for outpoint in &block.made {
            self.unspent.remove(outpoint);
        }
        self.unspent.extend(block.spent);
        self.height -= 1;
    }
}
