use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bitcoin::hashes::Hash;
use bitcoin::opcodes::OP_TRUE;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, Block, BlockHash, OutPoint, Script, ScriptBuf, Sequence, Transaction, TxIn, TxOut,
    Witness, absolute, consensus,
};
use bitcoinkernel::prelude::*;
use bitcoinkernel::{
    BlockValidationStateRef, ChainType, ChainstateManager, Context, ContextBuilder, KernelError,
    ValidationMode,
};
use pointlock_sim::Chain;
use thiserror::Error;

use crate::block::{Place, build};
use crate::log;

/// A coinbase is spent by the hundredth block after it.
const MATURITY: u32 = 100;
/// After how many blocks regtest halves the subsidy.
const HALVING: u32 = 150;

/// Why the chain does not take something.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum Refused {
    /// The kernel refuses a block with these transactions.
    #[error("Bitcoin Core refuses the block: {reason}")]
    Block {
        /// What it calls the reason.
        reason: String,
    },
    /// The kernel itself fails.
    #[error("kernel: {0}")]
    Kernel(#[from] KernelError),
    /// Its files have no place.
    #[error("folder of the chain: {0}")]
    Folder(#[from] std::io::Error),
    /// The coins that are mature don't suffice.
    #[error("{wanted} asked for, the next coin has {there}")]
    Poor {
        /// What was asked for.
        wanted: Amount,
        /// What there is.
        there: Amount,
    },
}

impl Refused {
    /// What Bitcoin Core calls the reason, such as `bad-txns-nonfinal`.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Block { reason } => Some(reason),
            _ => None,
        }
    }
}

/// A chain of blocks that the kernel has accepted, from the genesis block of regtest on.
pub struct RegtestChain {
    manager: ChainstateManager,
    _context: Context,
    verdict: Arc<Mutex<Option<(BlockHash, ValidationMode)>>>,
    tip: BlockHash,
    time: u32,
    height: u32,
    counter: u64,
    /// Anyone's coins, the oldest first, with the height from which on they can be spent.
    coins: Vec<(OutPoint, Amount, u32)>,
    folder: Folder,
}

/// A folder of its own, removed when it is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left over is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl RegtestChain {
    /// A chain with coins to spend.
    ///
    /// # Errors
    ///
    /// [`Refused::Folder`], [`Refused::Kernel`].
    pub fn new() -> Result<Self, Refused> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        log::listen();
        let name = format!(
            "pointlock-regtest-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = Folder(std::env::temp_dir().join(name));
        std::fs::create_dir_all(folder.0.join("blocks"))?;
        let verdict = Arc::new(Mutex::new(None));
        let told = Arc::clone(&verdict);
        let context = ContextBuilder::new()
            .chain_type(ChainType::Regtest)
            .with_block_checked_validation(
                move |block: bitcoinkernel::Block, state: BlockValidationStateRef<'_>| {
                    let hash = BlockHash::from_byte_array(block.hash().to_bytes());
                    if let Ok(mut verdict) = told.lock() {
                        *verdict = Some((hash, state.mode()));
                    }
                },
            )
            .build()?;
        let (data, blocks) = (folder.0.clone(), folder.0.join("blocks"));
        // No threads: with them, the coinbase's amount would be looked at before scripts are.
        let manager = ChainstateManager::builder(
            &context,
            &data.to_string_lossy(),
            &blocks.to_string_lossy(),
        )?
        .worker_threads(0)
        .block_tree_db_in_memory(true)
        .chainstate_db_in_memory(true)
        .build()?;
        manager.import_blocks()?;
        let genesis = bitcoin::blockdata::constants::genesis_block(bitcoin::Network::Regtest);
        let mut chain = Self {
            manager,
            _context: context,
            verdict,
            tip: genesis.block_hash(),
            time: genesis.header.time,
            height: 0,
            counter: 0,
            coins: Vec::new(),
            folder,
        };
        for _ in 0..=MATURITY {
            chain.confirm_all(&[])?;
        }
        Ok(chain)
    }

    /// A script that anyone can spend, with [`anyones_witness`](Self::anyones_witness).
    pub fn anyones() -> ScriptBuf {
        ScriptBuf::new_p2wsh(&opened().wscript_hash())
    }

    /// What spends it.
    pub fn anyones_witness() -> Witness {
        Witness::from_slice(&[opened().as_bytes()])
    }

    /// Mines empty blocks up to this height.
    ///
    /// # Errors
    ///
    /// None that a chain in order has.
    pub fn mine_to(&mut self, height: u32) -> Result<(), Refused> {
        while self.height < height {
            self.confirm_all(&[])?;
        }
        Ok(())
    }

    /// A block with these transactions, in this order.
    ///
    /// # Errors
    ///
    /// [`Refused::Block`].
    pub fn confirm_all(&mut self, transactions: &[Transaction]) -> Result<(), Refused> {
        let reward = self.subsidy();
        let block = self.block(transactions, reward);
        self.offer(&block)?;
        self.tip = block.block_hash();
        self.time = block.header.time;
        self.height += 1;
        let coinbase = &block.txdata[0];
        let outpoint = OutPoint { txid: coinbase.compute_txid(), vout: 0 };
        self.coins.push((outpoint, coinbase.output[0].value, self.height + MATURITY));
        Ok(())
    }

    /// Whether the next block may hold these transactions, in this order.
    ///
    /// # Errors
    ///
    /// [`Refused::Block`].
    pub fn judge_all(&mut self, transactions: &[Transaction]) -> Result<(), Refused> {
        let block = self.block(transactions, Amount::MAX_MONEY);
        match self.offer(&block) {
            Err(Refused::Block { reason }) if reason == "bad-cb-amount" => Ok(()),
            Ok(()) => Err(Refused::Block { reason: "it takes too much, and is accepted".into() }),
            refused => refused,
        }
    }

    /// A transaction that spends anyone's coins to anyone.
    pub fn spend_to_anyone(&self, coins: &[OutPoint], value: Amount) -> Transaction {
        let input = |outpoint: &OutPoint| TxIn {
            previous_output: *outpoint,
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Self::anyones_witness(),
        };
        Transaction {
            version: Version::TWO,
            lock_time: absolute::LockTime::ZERO,
            input: coins.iter().map(input).collect(),
            output: vec![TxOut { value, script_pubkey: Self::anyones() }],
        }
    }

    /// Where the chain's files are, until it is dropped.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder.0
    }

    /// Confirms a transaction that pays these outputs from mature coins.
    ///
    /// # Errors
    ///
    /// [`Refused::Poor`], [`Refused::Block`].
    pub fn fund_all(&mut self, outputs: &[TxOut]) -> Result<Vec<OutPoint>, Refused> {
        let wanted: Amount = outputs.iter().map(|output| output.value).sum();
        let next = self.height + 1;
        let found =
            self.coins.iter().position(|(_, value, from)| *from <= next && *value >= wanted);
        let Some(at) = found else {
            let there = self.coins.first().map_or(Amount::ZERO, |coin| coin.1);
            return Err(Refused::Poor { wanted, there });
        };
        let (coin, value, _) = self.coins.remove(at);
        let mut transaction = self.spend_to_anyone(&[coin], value - wanted);
        let change = transaction.output.remove(0);
        transaction.output.extend_from_slice(outputs);
        transaction.output.push(change);
        self.confirm_all(std::slice::from_ref(&transaction))?;
        let txid = transaction.compute_txid();
        let places: Vec<OutPoint> =
            (0..=outputs.len() as u32).map(|vout| OutPoint { txid, vout }).collect();
        self.coins.insert(0, (places[outputs.len()], value - wanted, 0));
        Ok(places[..outputs.len()].to_vec())
    }

    /// Of the next block. Fees are left to nobody.
    fn subsidy(&self) -> Amount {
        Amount::from_sat(Amount::from_int_btc(50).to_sat() >> ((self.height + 1) / HALVING))
    }

    fn block(&mut self, transactions: &[Transaction], reward: Amount) -> Block {
        self.counter += 1;
        let place = Place {
            previous: self.tip,
            time: self.time + 1,
            height: self.height + 1,
            reward,
            counter: self.counter,
        };
        build(&place, Self::anyones(), transactions)
    }

    /// Accepted is what the callback calls valid and what is the tip.
    fn offer(&mut self, block: &Block) -> Result<(), Refused> {
        log::clear();
        if let Ok(mut verdict) = self.verdict.lock() {
            *verdict = None;
        }
        let hash = block.block_hash();
        let encoded = bitcoinkernel::Block::new(&consensus::serialize(block))?;
        self.manager.process_block(&encoded);
        let verdict = self.verdict.lock().map_or(None, |verdict| *verdict);
        let tip = self.manager.active_chain().tip().block_hash().to_bytes();
        if verdict == Some((hash, ValidationMode::Valid)) && tip == hash.to_byte_array() {
            return Ok(());
        }
        let reason = log::reason().unwrap_or_else(|| format!("without a reason: {}", log::said()));
        Err(Refused::Block { reason })
    }
}

impl Chain for RegtestChain {
    type Refused = Refused;

    fn height(&self) -> u32 {
        self.height
    }

    fn mine(&mut self) {
        self.confirm_all(&[]).expect("an empty block on the tip is valid");
    }

    fn fund(&mut self, output: TxOut) -> Result<OutPoint, Refused> {
        self.fund_all(&[output]).map(|places| places[0])
    }

    fn judge(&mut self, transaction: &Transaction) -> Result<(), Refused> {
        self.judge_all(std::slice::from_ref(transaction))
    }

    fn confirm(&mut self, transaction: &Transaction) -> Result<(), Refused> {
        self.confirm_all(std::slice::from_ref(transaction))
    }
}

fn opened() -> &'static Script {
    static OPENED: std::sync::OnceLock<ScriptBuf> = std::sync::OnceLock::new();
    OPENED.get_or_init(|| ScriptBuf::builder().push_opcode(OP_TRUE).into_script())
}
