//! What script verification does not see.
//!
//! Bitcoin Core's `VerifyScript`, the judge in the tests and the binary, is given one input and the outputs that
//! are spent. It takes their existence and amounts on trust and knows no chain. So it accepts a transaction that
//!
//! - pays out more than it takes in, or more bitcoin than there are ([`check_amounts`]),
//! - spends an output twice, or one that does not exist ([`check_structure`], [`spent_outputs`]),
//! - is too early: OP_CHECKLOCKTIMEVERIFY compares the script's height with nLockTime, and nLockTime with nothing
//!   ([`check_lock_time`]).
//!
//! A node checks these in `CheckTransaction`, `CheckTxInputs` and `ContextualCheckBlock`. The functions here do
//! it where no node is at hand, for the transactions of this module: times in seconds, relative lock times and
//! coinbases are refused or left out, not judged. What nodes relay (dust, fees, version 3) is not a matter of
//! consensus and not looked at.

use std::collections::HashSet;

use bitcoin::{Amount, OutPoint, Transaction, TxIn, TxOut, Weight, absolute};

use super::LimitsError;

/// Checks all that this module checks, for inclusion in a block of height `height`. `find` gives the output that
/// is at an outpoint, unless it does not exist or is spent.
///
/// # Errors
///
/// Those of [`check_structure`], [`spent_outputs`], [`check_amounts`] and [`check_lock_time`], in this order.
pub fn check(
    transaction: &Transaction,
    find: impl FnMut(&OutPoint) -> Option<TxOut>,
    height: u32,
) -> Result<(), LimitsError> {
    check_structure(transaction)?;
    check_amounts(transaction, &spent_outputs(transaction, find)?)?;
    check_lock_time(transaction, height)
}

/// Checks that there are inputs and outputs, that no output is spent twice, and that a block has room.
///
/// # Errors
///
/// [`LimitsError::NoInputs`], [`LimitsError::NoOutputs`], [`LimitsError::TooHeavy`],
/// [`LimitsError::DuplicateInput`].
pub fn check_structure(transaction: &Transaction) -> Result<(), LimitsError> {
    if transaction.input.is_empty() {
        return Err(LimitsError::NoInputs);
    }
    if transaction.output.is_empty() {
        return Err(LimitsError::NoOutputs);
    }
    let weight = transaction.weight();
    if weight > Weight::MAX_BLOCK {
        return Err(LimitsError::TooHeavy { weight });
    }
    let mut seen = HashSet::new();
    for (input, txin) in transaction.input.iter().enumerate() {
        let outpoint = txin.previous_output;
        if !seen.insert(outpoint) {
            return Err(LimitsError::DuplicateInput { input, outpoint });
        }
    }
    Ok(())
}

/// The outputs that the inputs spend, in order.
///
/// # Errors
///
/// [`LimitsError::MissingPrevout`].
pub fn spent_outputs(
    transaction: &Transaction,
    mut find: impl FnMut(&OutPoint) -> Option<TxOut>,
) -> Result<Vec<TxOut>, LimitsError> {
    let outputs = transaction.input.iter().enumerate().map(|(input, txin)| {
        let outpoint = txin.previous_output;
        find(&outpoint).ok_or(LimitsError::MissingPrevout { input, outpoint })
    });
    outputs.collect()
}

/// Checks that the outputs are not worth more than the inputs, and that no amount and no sum is above 21 million
/// bitcoin. Returns the fee.
///
/// # Errors
///
/// [`LimitsError::PrevoutCount`], [`LimitsError::InputAboveSupply`], [`LimitsError::OutputAboveSupply`],
/// [`LimitsError::OutputsAboveInputs`].
pub fn check_amounts(transaction: &Transaction, spent: &[TxOut]) -> Result<Amount, LimitsError> {
    if spent.len() != transaction.input.len() {
        return Err(LimitsError::PrevoutCount {
            expected: transaction.input.len(),
            actual: spent.len(),
        });
    }
    let inputs = sum(spent).map_err(|input| LimitsError::InputAboveSupply { input })?;
    let outputs =
        sum(&transaction.output).map_err(|output| LimitsError::OutputAboveSupply { output })?;
    inputs.checked_sub(outputs).ok_or(LimitsError::OutputsAboveInputs { inputs, outputs })
}

/// The sum, or where it gets above 21 million bitcoin.
fn sum(outputs: &[TxOut]) -> Result<Amount, usize> {
    outputs.iter().enumerate().try_fold(Amount::ZERO, |sum, (index, output)| {
        sum.checked_add(output.value).filter(|sum| *sum <= Amount::MAX_MONEY).ok_or(index)
    })
}

/// Checks that a block of height `height` may hold the transaction: nLockTime has to be *below* it, unless every
/// input has the final sequence, which switches nLockTime off.
///
/// # Errors
///
/// [`LimitsError::NotFinal`]; [`LimitsError::LockTimeInSeconds`] and [`LimitsError::RelativeLockTime`] for
/// what a height can't decide.
pub fn check_lock_time(transaction: &Transaction, height: u32) -> Result<(), LimitsError> {
    // BIP-68 is for version 2 and above, read as unsigned.
    if transaction.version.0 as u32 >= 2 {
        let relative = |txin: &TxIn| txin.sequence.is_relative_lock_time();
        if let Some(input) = transaction.input.iter().position(relative) {
            return Err(LimitsError::RelativeLockTime { input });
        }
    }
    let lock_time = transaction.lock_time.to_consensus_u32();
    if lock_time == 0 || !transaction.is_lock_time_enabled() {
        return Ok(());
    }
    match transaction.lock_time {
        absolute::LockTime::Blocks(_) if lock_time < height => Ok(()),
        absolute::LockTime::Blocks(_) => Err(LimitsError::NotFinal { height, lock_time }),
        absolute::LockTime::Seconds(_) => Err(LimitsError::LockTimeInSeconds { lock_time }),
    }
}
