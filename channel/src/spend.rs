//! Transactions that spend outputs of a commitment, and of what follows it: by one builder.
//!
//! Whoever publishes signs under DEFAULT, each input over all inputs and outputs, so that nobody takes the transaction apart. What the other side
//! has signed beforehand stands in the witness before.
//!
//! Version 3: at most 10,000 virtual bytes, at most 1,000 while a parent is unconfirmed, and then only coins that are confirmed.

use bitcoin::sighash::TapSighashType;
use bitcoin::taproot::LeafVersion;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, OutPoint, Script, ScriptBuf, Sequence, TapLeafHash, Transaction, TxIn, TxOut, Weight,
    Witness, absolute,
};
use pointlock::contract::{FeeCoins, limits};
use pointlock::curve::Keypair;

use crate::commitment::{Leaf, Tree};
use crate::{ChannelError, sighash};

/// The most that nodes relay of version 3 (BIP-431).
const MAX_WEIGHT: Weight = Weight::from_wu(40_000);
/// The same of a child whose parent is unconfirmed.
pub(crate) const MAX_CHILD_WEIGHT: Weight = Weight::from_wu(4_000);

/// One output, and all that is needed to spend it. `Debug` shows the output alone: what opens it may stand beside it.
#[derive(Clone)]
pub struct Spend {
    outpoint: OutPoint,
    prevout: TxOut,
    sequence: Sequence,
    lock_time: LockTime,
    /// Where the other side's signature is under SINGLE: what has to stand at the same place among the outputs.
    bound: Option<TxOut>,
    keypair: Keypair,
    path: Path,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockTime {
    Any,
    Exactly(absolute::LockTime),
    AtLeast(absolute::LockTime),
}

#[derive(Clone)]
enum Path {
    Key,
    /// A leaf, and what stands in the witness before and after the own signature.
    Leaf {
        tree: Tree,
        leaf: Leaf,
        before: Vec<Vec<u8>>,
        after: Vec<Vec<u8>>,
    },
}

impl Spend {
    /// By the key path, with the tweaked key.
    pub(crate) fn by_key(outpoint: OutPoint, prevout: TxOut, keypair: Keypair) -> Self {
        let (sequence, lock_time) = (Sequence::ENABLE_RBF_NO_LOCKTIME, LockTime::Any);
        Self { outpoint, prevout, sequence, lock_time, bound: None, keypair, path: Path::Key }
    }

    /// By a leaf that asks for the own signature alone.
    pub(crate) fn by_leaf(
        outpoint: OutPoint,
        value: Amount,
        tree: &Tree,
        leaf: Leaf,
        keypair: Keypair,
    ) -> Self {
        let path = Path::Leaf { tree: tree.clone(), leaf, before: Vec::new(), after: Vec::new() };
        Self { path, ..Self::by_key(outpoint, tree.tx_out(value), keypair) }
    }

    pub(crate) fn with_before(mut self, item: Vec<u8>) -> Self {
        if let Path::Leaf { before, .. } = &mut self.path {
            before.push(item);
        }
        self
    }

    pub(crate) fn with_after(mut self, item: Vec<u8>) -> Self {
        if let Path::Leaf { after, .. } = &mut self.path {
            after.push(item);
        }
        self
    }

    pub(crate) fn with_sequence(self, sequence: Sequence) -> Self {
        Self { sequence, ..self }
    }

    pub(crate) fn with_lock_time(self, lock_time: LockTime) -> Self {
        Self { lock_time, ..self }
    }

    pub(crate) fn bound_to(self, output: TxOut) -> Self {
        Self { bound: Some(output), ..self }
    }

    /// Where the output is.
    pub fn outpoint(&self) -> OutPoint {
        self.outpoint
    }

    /// The output.
    pub fn prevout(&self) -> &TxOut {
        &self.prevout
    }

    fn witness(
        &self,
        transaction: &Transaction,
        input: usize,
        spent: &[TxOut],
        aux: &[u8; 32],
    ) -> Witness {
        let sign = |message: &[u8; 32]| {
            let signature = self.keypair.sign_schnorr(message, aux);
            sighash::encoded(signature, TapSighashType::Default)
        };
        match &self.path {
            Path::Key => {
                Witness::from_slice(&[sign(&sighash::key_path(transaction, input, spent))])
            }
            Path::Leaf { tree, leaf, before, after } => {
                let script = tree.script(*leaf).expect("made with a leaf of this tree");
                let leaf_hash = TapLeafHash::from_script(script, LeafVersion::TapScript);
                let own = sign(&sighash::leaf(transaction, input, spent, leaf_hash));
                let stack: Vec<&[u8]> =
                    before.iter().chain([&own]).chain(after).map(Vec::as_slice).collect();
                tree.witness(*leaf, &stack)
            }
        }
    }
}

impl core::fmt::Debug for Spend {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Spend({}, {}, …)", self.outpoint, self.prevout.value)
    }
}

/// Where the money of [`spend`] goes.
#[derive(Clone, Copy, Debug)]
pub struct Payout<'a> {
    /// The script that gets all that is left.
    pub script: &'a Script,
    /// What the transaction pays for itself.
    pub fee: Amount,
}

/// The transaction that spends all of these. Second stages keep their own outputs, in the same places; the rest, and what `coins` are worth
/// above their change, goes to `payout`. Without one it is all fee. `aux_rand`: 32 bytes of fresh entropy, or zeros.
///
/// The inputs of the coins follow, with empty witnesses: their owner signs them afterwards, which changes no signature here.
///
/// # Errors
///
/// [`ChannelError::NothingToSpend`], [`ChannelError::LockTimes`], [`ChannelError::PayoutUnspendable`], [`ChannelError::FeeTooHigh`],
/// [`ChannelError::TooHeavy`]; for the coins [`ChannelError::Limits`].
pub fn spend(
    spends: &[Spend],
    payout: Option<Payout<'_>>,
    coins: &FeeCoins,
    aux_rand: &[u8; 32],
) -> Result<Transaction, ChannelError> {
    // Inputs whose output is bound come first, so that both have the same place.
    let mut spends: Vec<&Spend> = spends.iter().collect();
    spends.sort_by_key(|spend| spend.bound.is_none());
    let lock_time = lock_time(&spends)?;
    let mut spent: Vec<TxOut> = spends.iter().map(|spend| spend.prevout.clone()).collect();
    let mut input: Vec<TxIn> =
        spends.iter().map(|spend| unsigned(spend.outpoint, spend.sequence)).collect();
    for coin in &coins.inputs {
        input.push(unsigned(coin.outpoint, Sequence::ENABLE_RBF_NO_LOCKTIME));
        spent.push(coin.prevout.clone());
    }
    let mut output: Vec<TxOut> = spends.iter().filter_map(|spend| spend.bound.clone()).collect();
    output.extend(coins.change.iter().cloned());
    if let Some(Payout { script, fee }) = payout {
        output.push(left_for(script, fee, &spent, &output)?);
    }
    let mut transaction = Transaction { version: Version(3), lock_time, input, output };
    limits::check_structure(&transaction)?;
    limits::check_amounts(&transaction, &spent)?;
    let witnesses: Vec<Witness> = spends
        .iter()
        .enumerate()
        .map(|(input, spend)| spend.witness(&transaction, input, &spent, aux_rand))
        .collect();
    for (input, witness) in transaction.input.iter_mut().zip(witnesses) {
        input.witness = witness;
    }
    let weight = transaction.weight();
    if weight > MAX_WEIGHT {
        return Err(ChannelError::TooHeavy { weight, maximum: MAX_WEIGHT });
    }
    Ok(transaction)
}

fn lock_time(spends: &[&Spend]) -> Result<absolute::LockTime, ChannelError> {
    if spends.is_empty() {
        return Err(ChannelError::NothingToSpend);
    }
    let mut exact = None;
    let mut least = 0;
    for spend in spends {
        match spend.lock_time {
            LockTime::Any => {}
            LockTime::AtLeast(time) => least = least.max(time.to_consensus_u32()),
            LockTime::Exactly(time) if exact.is_some_and(|other| other != time) => {
                return Err(ChannelError::LockTimes);
            }
            LockTime::Exactly(time) => exact = Some(time),
        }
    }
    match exact {
        Some(time) if time.to_consensus_u32() < least => Err(ChannelError::LockTimes),
        Some(time) => Ok(time),
        None => Ok(absolute::LockTime::from_consensus(least)),
    }
}

fn left_for(
    script: &Script,
    fee: Amount,
    spent: &[TxOut],
    output: &[TxOut],
) -> Result<TxOut, ChannelError> {
    if script.is_op_return() {
        return Err(ChannelError::PayoutUnspendable);
    }
    let sum = |outputs: &[TxOut]| {
        outputs.iter().try_fold(Amount::ZERO, |sum, output| sum.checked_add(output.value))
    };
    let amount = sum(spent)
        .zip(sum(output))
        .and_then(|(spent, paid)| spent.checked_sub(paid))
        .unwrap_or(Amount::ZERO);
    let minimum = script.minimal_non_dust();
    let value = amount
        .checked_sub(fee)
        .filter(|value| *value >= minimum)
        .ok_or(ChannelError::FeeTooHigh { fee, amount, minimum })?;
    Ok(TxOut { value, script_pubkey: script.to_owned() })
}

fn unsigned(outpoint: OutPoint, sequence: Sequence) -> TxIn {
    TxIn {
        previous_output: outpoint,
        script_sig: ScriptBuf::new(),
        sequence,
        witness: Witness::new(),
    }
}
