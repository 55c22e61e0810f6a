use bitcoin::opcodes::OP_TRUE;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, Block, OutPoint, Script, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness,
    absolute,
};
use bitcoinkernel::KernelError;
use pointlock_sim::Chain;
use thiserror::Error;

use crate::block::{Place, build};
use crate::kernel::Kernel;

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
    kernel: Kernel,
    /// All of them but the genesis block.
    blocks: Vec<Mined>,
    counter: u64,
    /// Anyone's coins, the oldest first, with the height from which on they can be spent.
    coins: Vec<(OutPoint, Amount, u32)>,
}

struct Mined {
    block: Block,
    /// Whether it is for coins or a funding alone, and so stays when blocks are taken back.
    funds: bool,
}

impl RegtestChain {
    /// A chain with coins to spend.
    ///
    /// # Errors
    ///
    /// [`Refused::Folder`], [`Refused::Kernel`].
    pub fn new() -> Result<Self, Refused> {
        let kernel = Kernel::new()?;
        let mut chain = Self { kernel, blocks: Vec::new(), counter: 0, coins: Vec::new() };
        for _ in 0..=MATURITY {
            chain.append(&[], true)?;
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
        while self.height() < height {
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
        self.append(transactions, false)
    }

    fn append(&mut self, transactions: &[Transaction], funds: bool) -> Result<(), Refused> {
        let block = self.block(transactions, self.subsidy());
        self.kernel.offer(&block)?;
        let coinbase = &block.txdata[0];
        let outpoint = OutPoint { txid: coinbase.compute_txid(), vout: 0 };
        let value = coinbase.output[0].value;
        self.blocks.push(Mined { block, funds });
        self.coins.push((outpoint, value, self.height() + MATURITY));
        Ok(())
    }

    /// The same chain without the last block that funds nothing: in a kernel of its own, since one that knows a block does not unlearn it.
    fn without_the_last(&self) -> Result<Option<Self>, Refused> {
        let Some(last) = self.blocks.iter().rposition(|mined| !mined.funds) else {
            return Ok(None);
        };
        let mut kernel = Kernel::new()?;
        let mut blocks = Vec::new();
        for Mined { block, funds } in &self.blocks[..last] {
            kernel.offer(block)?;
            blocks.push(Mined { block: block.clone(), funds: *funds });
        }
        // The coinbases from the last on are others, and as young as those were.
        let before = last as u32 + MATURITY;
        let mut coins = self.coins.clone();
        coins.retain(|coin| coin.2 <= before);
        let mut chain = Self { kernel, blocks, counter: self.counter, coins };
        for mined in &self.blocks[last + 1..] {
            chain.append(&mined.block.txdata[1..], true)?;
        }
        Ok(Some(chain))
    }

    /// Whether the next block may hold these transactions, in this order.
    ///
    /// # Errors
    ///
    /// [`Refused::Block`].
    pub fn judge_all(&mut self, transactions: &[Transaction]) -> Result<(), Refused> {
        let block = self.block(transactions, Amount::MAX_MONEY);
        match self.kernel.offer(&block) {
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
        self.kernel.folder()
    }

    /// Confirms a transaction that pays these outputs from mature coins.
    ///
    /// # Errors
    ///
    /// [`Refused::Poor`], [`Refused::Block`].
    pub fn fund_all(&mut self, outputs: &[TxOut]) -> Result<Vec<OutPoint>, Refused> {
        let wanted: Amount = outputs.iter().map(|output| output.value).sum();
        let next = self.height() + 1;
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
        self.append(std::slice::from_ref(&transaction), true)?;
        let txid = transaction.compute_txid();
        let places: Vec<OutPoint> =
            (0..=outputs.len() as u32).map(|vout| OutPoint { txid, vout }).collect();
        self.coins.insert(0, (places[outputs.len()], value - wanted, 0));
        Ok(places[..outputs.len()].to_vec())
    }

    /// Of the next block. Fees are left to nobody.
    fn subsidy(&self) -> Amount {
        Amount::from_sat(Amount::from_int_btc(50).to_sat() >> ((self.height() + 1) / HALVING))
    }

    fn block(&mut self, transactions: &[Transaction], reward: Amount) -> Block {
        self.counter += 1;
        let last = self.blocks.last().map_or_else(
            || bitcoin::constants::genesis_block(bitcoin::Network::Regtest).header,
            |mined| mined.block.header,
        );
        let place = Place {
            previous: last.block_hash(),
            time: last.time + 1,
            height: self.height() + 1,
            reward,
            counter: self.counter,
        };
        build(&place, Self::anyones(), transactions)
    }
}

impl Chain for RegtestChain {
    type Refused = Refused;

    fn height(&self) -> u32 {
        self.blocks.len() as u32
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

    fn connect(&mut self, transactions: &[Transaction]) -> Result<(), Refused> {
        self.confirm_all(transactions)
    }

    fn disconnect(&mut self) {
        // A funding spends coins of a hundred blocks before, or what another funding left: so it is valid without the block.
        if let Some(without) = self.without_the_last().expect("what was valid is valid once more") {
            *self = without;
        }
    }
}

fn opened() -> &'static Script {
    static OPENED: std::sync::OnceLock<ScriptBuf> = std::sync::OnceLock::new();
    OPENED.get_or_init(|| ScriptBuf::builder().push_opcode(OP_TRUE).into_script())
}
