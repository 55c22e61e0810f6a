use bitcoin::{Amount, OutPoint, Weight};
use thiserror::Error;

use super::{Party, SpendPath};
use crate::adaptor::AdaptorError;
use crate::adaptor::musig2::Musig2Error;

/// Why terms are no contract, and why a spend of one can't be built.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ContractError {
    /// Offerer and claimer have the same x coordinate: one of them could sign for both.
    #[error("offerer, claimer: both have the same key")]
    SameKey,
    /// The contract output is below what nodes relay.
    #[error("amount: {amount} is below the dust limit of {minimum}")]
    AmountBelowDust {
        /// The amount of the terms.
        amount: Amount,
        /// The dust limit of a taproot output.
        minimum: Amount,
    },
    /// The amount is above the 21 million bitcoin that there can be.
    #[error("amount: {amount} is above all bitcoin there can be")]
    AmountAboveSupply {
        /// The amount of the terms.
        amount: Amount,
    },
    /// The contract is not worth the amount that was agreed on, rounded up to satoshi.
    #[error("amount: {amount} locked, {agreed_msat} msat agreed")]
    AmountNotAgreed {
        /// The amount of the contract.
        amount: Amount,
        /// What was agreed on, in millisatoshi.
        agreed_msat: u64,
    },
    /// The expiry is no block height: zero, or 500 million and above, where lock times count seconds.
    #[error("expiry: {expiry} is no block height from 1 to 499999999")]
    Expiry {
        /// The expiry of the terms.
        expiry: u32,
    },
    /// The keys of the two parties have no aggregate, which happens with a probability of 2^−128 and to nobody.
    #[error("offerer, claimer: {source}")]
    KeyAggregation {
        /// What it fails at.
        source: Musig2Error,
    },
    /// The funding transaction has no output with the script and the amount of the contract.
    #[error("funding transaction has no output of {amount} to the contract's script")]
    NotFunded {
        /// The amount of the terms.
        amount: Amount,
    },

    /// Nobody could spend the payout.
    #[error("payout: an OP_RETURN output can't be spent")]
    PayoutUnspendable,
    /// The fee leaves an output below what nodes relay.
    #[error("fee: {fee} of {amount} leaves less than the payout's dust limit of {minimum}")]
    FeeTooHigh {
        /// The fee.
        fee: Amount,
        /// The amount of the contract.
        amount: Amount,
        /// The dust limit of the payout.
        minimum: Amount,
    },
    /// A fee ladder has a rung at least and [`super::FeeLadder::MAX_RUNGS`] at most.
    #[error("fee ladder: {actual} rungs, expected 1 to {maximum}")]
    RungCount {
        /// The rungs that were given.
        actual: usize,
        /// The most that there can be.
        maximum: usize,
    },
    /// Each rung of a fee ladder pays more than the one before it.
    #[error("fee ladder: rung {rung} does not pay more than the one before it")]
    FeesNotRising {
        /// The rung, counted from 0.
        rung: usize,
    },
    /// A feerate times the weight is beyond 64 bits.
    #[error("fee ladder: the feerate of rung {rung} is absurd")]
    FeeRate {
        /// The rung, counted from 0.
        rung: usize,
    },
    /// The fee of this rung leaves an output below what nodes relay.
    #[error(
        "fee ladder: rung {rung} leaves less than the payout's dust limit of {minimum} of {amount}"
    )]
    RungTooHigh {
        /// The rung, counted from 0.
        rung: usize,
        /// The amount of the contract.
        amount: Amount,
        /// The dust limit of the payout.
        minimum: Amount,
    },
    /// There is no such rung.
    #[error("fee ladder: there is no rung {rung}, there are {rungs}")]
    NoSuchRung {
        /// The rung that was asked for, counted from 0.
        rung: usize,
        /// How many there are.
        rungs: usize,
    },

    /// The key pair is not the one of the party whose signature this is.
    #[error("{party}: the signing key is not the one in the contract")]
    WrongSigner {
        /// Whose signature it would be.
        party: Party,
    },
    /// A preimage is given where the lock is a point, or a scalar where it is a hash.
    #[error("lock secret: it is of the other kind than the lock")]
    SecretKind,
    /// The secret does not open the lock.
    #[error("lock secret: it does not open the lock")]
    WrongSecret,
    /// A point lock needs pre-signatures.
    #[error("presignatures: a point lock needs them")]
    PreSignaturesMissing,
    /// A hash lock has no pre-signatures.
    #[error("presignatures: a hash lock has none")]
    PreSignaturesUnexpected,
    /// The pre-signatures are for the output of another contract.
    #[error("presignatures: they are for {actual}, the contract is at {expected}")]
    LadderOutpoint {
        /// Where the contract is.
        expected: OutPoint,
        /// What the pre-signatures spend.
        actual: OutPoint,
    },
    /// The pre-signatures pay to another script than agreed.
    #[error("presignatures: they pay to another script than agreed")]
    LadderPayout,
    /// There are more or fewer pre-signatures than rungs in the agreed ladder.
    #[error("presignatures: {actual} rungs, {expected} agreed")]
    LadderLength {
        /// The rungs of the agreed ladder.
        expected: usize,
        /// The pre-signatures that came.
        actual: usize,
    },
    /// The output value of a rung is not the one of the agreed ladder.
    #[error("presignatures: rung {rung} pays out {actual}, {expected} agreed")]
    RungValue {
        /// The rung, counted from 0.
        rung: usize,
        /// What the agreed ladder leaves.
        expected: Amount,
        /// What came.
        actual: Amount,
    },
    /// The signature hash of a rung is not the one of its transaction.
    #[error("presignatures: rung {rung} has the signature hash of another transaction")]
    RungSighash {
        /// The rung, counted from 0.
        rung: usize,
    },
    /// The pre-signature of a rung is refused.
    #[error("presignatures: rung {rung}: {source}")]
    RungPreSignature {
        /// The rung, counted from 0.
        rung: usize,
        /// Why.
        source: AdaptorError,
    },
    /// The encoding of pre-signatures ends early, goes on too long, or holds a value out of its range.
    #[error("presignatures: malformed {field}")]
    LadderEncoding {
        /// The field that can't be read.
        field: &'static str,
    },

    /// The transaction does not spend the contract.
    #[error("transaction does not spend {outpoint}")]
    NotSpent {
        /// Where the contract is.
        outpoint: OutPoint,
    },
    /// The transaction spends the contract and reveals no secret: it is not a claim.
    #[error("transaction spends the contract and reveals no secret, {}", path_taken(.path))]
    NoSecret {
        /// How the contract was spent, as far as the witness tells.
        path: Option<SpendPath>,
    },
    /// A signature with the nonce of this rung gives no secret.
    #[error("extraction with rung {rung}: {source}")]
    Extraction {
        /// The rung, counted from 0.
        rung: usize,
        /// Why.
        source: AdaptorError,
    },
    /// The MuSig2 session of a cooperative spend refuses something.
    #[error("cooperative spend: {source}")]
    Musig2 {
        /// What, and whose: signer 0 is the offerer, signer 1 the claimer.
        source: Musig2Error,
    },
    /// The transaction breaks a rule that script verification does not see.
    #[error(transparent)]
    Limits(#[from] LimitsError),
}

/// Which rule of consensus a transaction breaks that script verification does not see.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LimitsError {
    /// The transaction has no input.
    #[error("transaction has no input")]
    NoInputs,
    /// The transaction has no output.
    #[error("transaction has no output")]
    NoOutputs,
    /// The transaction is heavier than a block.
    #[error("transaction weighs {weight}, more than a block")]
    TooHeavy {
        /// Its weight, in weight units.
        weight: Weight,
    },
    /// Two inputs spend the same output.
    #[error("input {input} spends {outpoint} again")]
    DuplicateInput {
        /// The later of the two inputs.
        input: usize,
        /// What both spend.
        outpoint: OutPoint,
    },
    /// Nobody knows what this input spends.
    #[error("input {input} spends {outpoint}, which does not exist or is spent")]
    MissingPrevout {
        /// The input.
        input: usize,
        /// What it spends.
        outpoint: OutPoint,
    },
    /// There are more or fewer spent outputs than inputs.
    #[error("{actual} spent outputs for {expected} inputs")]
    PrevoutCount {
        /// The inputs of the transaction.
        expected: usize,
        /// The spent outputs that were given.
        actual: usize,
    },
    /// A spent output is worth more than all bitcoin, or all up to it are.
    #[error("input {input}: the amounts up to it are above all bitcoin there can be")]
    InputAboveSupply {
        /// The input.
        input: usize,
    },
    /// An output is worth more than all bitcoin, or all up to it are.
    #[error("output {output}: the amounts up to it are above all bitcoin there can be")]
    OutputAboveSupply {
        /// The output.
        output: usize,
    },
    /// The outputs are worth more than the inputs.
    #[error("outputs of {outputs} are above inputs of {inputs}")]
    OutputsAboveInputs {
        /// The sum of the inputs.
        inputs: Amount,
        /// The sum of the outputs.
        outputs: Amount,
    },
    /// The block is too early for the transaction's lock time.
    #[error("block {height} is not above the lock time {lock_time}")]
    NotFinal {
        /// The height of the block that would hold the transaction.
        height: u32,
        /// nLockTime, a height.
        lock_time: u32,
    },
    /// The lock time counts seconds, which a height says nothing about.
    #[error("lock time {lock_time} counts seconds, not blocks")]
    LockTimeInSeconds {
        /// nLockTime, in seconds since 1970.
        lock_time: u32,
    },
    /// An input has a relative lock time (BIP-68), which needs the age of the output.
    #[error("input {input} has a relative lock time")]
    RelativeLockTime {
        /// The input.
        input: usize,
    },
}

fn path_taken(path: &Option<SpendPath>) -> String {
    match path {
        Some(path) => format!("by its {path} path"),
        None => String::from("by no path of its own"),
    }
}
