use bitcoin::{Amount, OutPoint, Txid, Weight};
use pointlock::adaptor::AdaptorError;
use pointlock::adaptor::musig2::Musig2Error;
use pointlock::contract::LimitsError;
use pointlock::curve::CurveError;
use thiserror::Error;

use crate::Party;

/// Why terms are no channel or no commitment, and why a transaction can't be built.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChannelError {
    /// Both parties have the same x coordinate: what one signs would be signed for the other.
    #[error("{key}: both parties have the same")]
    SameKey {
        /// Which key.
        key: &'static str,
    },
    /// A derived key is at infinity or its secret zero, which nobody can bring about.
    #[error("{key}: {source}")]
    Key {
        /// Which key.
        key: &'static str,
        /// What is wrong with it.
        source: CurveError,
    },
    /// The funding keys have no aggregate, which nobody can bring about.
    #[error("funding keys: {source}")]
    KeyAggregation {
        /// What it fails at.
        source: Musig2Error,
    },
    /// A nonce can't be derived, which nobody can bring about.
    #[error("verification nonce: {source}")]
    Nonce {
        /// What it fails at.
        source: Musig2Error,
    },
    /// A dust limit below that of the network.
    #[error("dust limit of the {party}: {limit} is below {minimum}")]
    DustLimit {
        /// Whose.
        party: Party,
        /// The limit.
        limit: Amount,
        /// The least that there can be.
        minimum: Amount,
    },
    /// Without a delay there is no time for a penalty, and the script can't be satisfied.
    #[error("delay of the {party}: none")]
    ZeroDelay {
        /// Whose.
        party: Party,
    },
    /// The funding output is worth less than dust, or more than all bitcoin.
    #[error("funding: {amount} is no amount for it")]
    FundingAmount {
        /// The amount of the terms.
        amount: Amount,
    },
    /// The secrets are not those of a party of this channel.
    #[error("secrets: they are not those of a party of the channel")]
    ForeignSecrets,
    /// The secrets are those of the other party.
    #[error("secrets: they are the {actual}'s, the {expected} signs this")]
    WrongParty {
        /// Who has to sign.
        expected: Party,
        /// Whose secrets they are.
        actual: Party,
    },

    /// A commitment's number has 48 bits.
    #[error("commitment number: {number} has more than 48 bits")]
    CommitmentNumber {
        /// The number.
        number: u64,
    },
    /// Balances and edges are not worth what the funding output is.
    #[error("amounts: {actual_msat} msat in balances and edges, {expected_msat} msat funded")]
    Amounts {
        /// What is funded.
        expected_msat: u64,
        /// What the terms add up to.
        actual_msat: u64,
    },
    /// A party has offered more edges than a commitment holds.
    #[error("edges of the {offerer}: {count}, {maximum} at most")]
    TooManyEdges {
        /// Whose.
        offerer: Party,
        /// How many there are.
        count: usize,
        /// How many there can be.
        maximum: usize,
    },
    /// Two edges of a party have the same number.
    #[error("edge {number} of the {offerer}: twice")]
    DuplicateEdge {
        /// Whose.
        offerer: Party,
        /// Which.
        number: u64,
    },
    /// A PTLC that would have no output on one of the commitments.
    #[error("PTLC {number} of the {offerer}: {amount} is below the dust limit of {limit}")]
    DustPtlc {
        /// Whose.
        offerer: Party,
        /// Which.
        number: u64,
        /// What it is worth.
        amount: Amount,
        /// The limit that it is below.
        limit: Amount,
    },
    /// An edge's amount is nothing, or more than all bitcoin.
    #[error("edge {number} of the {offerer}: {amount_msat} msat is no amount")]
    EdgeAmount {
        /// Whose.
        offerer: Party,
        /// Which.
        number: u64,
        /// The amount.
        amount_msat: u64,
    },
    /// An edge's expiry is no block height.
    #[error(
        "edge {number} of the {offerer}: expiry {expiry} is no block height from 1 to 499999999"
    )]
    EdgeExpiry {
        /// Whose.
        offerer: Party,
        /// Which.
        number: u64,
        /// The expiry.
        expiry: u32,
    },
    /// An edge is offered whose expiry has come.
    #[error("edge {number} of the {offerer}: expiry {expiry} is not above the height of {height}")]
    EdgeExpired {
        /// Whose.
        offerer: Party,
        /// Which.
        number: u64,
        /// The expiry.
        expiry: u32,
        /// The height of the chain.
        height: u32,
    },
    /// There is no such edge on the commitment.
    #[error("edge {number} of the {offerer}: not on this commitment")]
    NoSuchEdge {
        /// Whose.
        offerer: Party,
        /// Which.
        number: u64,
    },
    /// The edge has no output on this commitment: it is below the publisher's dust limit.
    #[error("edge {number} of the {offerer}: trimmed on this commitment")]
    Trimmed {
        /// Whose.
        offerer: Party,
        /// Which.
        number: u64,
    },
    /// There is no such output on the commitment, or it is trimmed.
    #[error("{output}: the commitment has none")]
    NoSuchOutput {
        /// Which.
        output: &'static str,
    },
    /// The secret is missing, or does not open the lock.
    #[error("edge {number} of the {offerer}: the secret does not open its lock")]
    WrongSecret {
        /// Whose.
        offerer: Party,
        /// Which.
        number: u64,
    },

    /// Per-commitment secrets are told in order, each once.
    #[error("revocation: of commitment {actual}, expected that of {expected}")]
    RevocationOrder {
        /// The next one.
        expected: u64,
        /// The one that came.
        actual: u64,
    },
    /// The secret is not of the chain of the former ones.
    #[error("revocation of commitment {number}: the former secrets don't follow from it")]
    RevocationChain {
        /// Of which commitment it should be.
        number: u64,
    },
    /// The secret is not that of the commitment's point.
    #[error("revocation of commitment {number}: the secret is not that of its point")]
    RevocationSecret {
        /// Of which commitment it should be.
        number: u64,
    },

    /// There is nothing to spend.
    #[error("transaction: nothing to spend")]
    NothingToSpend,
    /// Outputs that can't be spent by one transaction, since their lock times differ.
    #[error("transaction: its inputs ask for different lock times")]
    LockTimes,
    /// Nobody could spend the payout.
    #[error("payout: an OP_RETURN output can't be spent")]
    PayoutUnspendable,
    /// What is left after the fee is below what nodes relay, or less than nothing.
    #[error("fee: {fee} of {amount} leaves less than the payout's dust limit of {minimum}")]
    FeeTooHigh {
        /// The fee.
        fee: Amount,
        /// What there is.
        amount: Amount,
        /// The dust limit of the payout.
        minimum: Amount,
    },
    /// Nodes relay no transaction of version 3 that is heavier.
    #[error("transaction weighs {weight}, {maximum} at most")]
    TooHeavy {
        /// Its weight.
        weight: Weight,
        /// The most that there can be.
        maximum: Weight,
    },
    /// The transaction breaks a rule of amounts.
    #[error(transparent)]
    Limits(#[from] LimitsError),

    /// The transaction does not spend this output.
    #[error("transaction does not spend {outpoint}")]
    NotSpent {
        /// Where the output is.
        outpoint: OutPoint,
    },
    /// The transaction spends the output and tells no secret.
    #[error("transaction spends {outpoint} and reveals no secret")]
    NoSecret {
        /// Where the output is.
        outpoint: OutPoint,
    },
    /// What the finished signature gives is not the secret.
    #[error("extraction from {outpoint}: {source}")]
    Extraction {
        /// Where the output is.
        outpoint: OutPoint,
        /// Why.
        source: AdaptorError,
    },
}

/// Why signatures of a commitment are refused, and what may not be signed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SigningError {
    /// The secrets or the commitment are not right for this.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The pre-signatures are for another commitment.
    #[error("presignatures: for commitment {actual}, expected {expected}")]
    OtherCommitment {
        /// The commitment's txid.
        expected: Txid,
        /// The one that they name.
        actual: Txid,
    },
    /// More or fewer pre-signatures than PTLCs that need one.
    #[error("presignatures: {actual} for {expected} PTLCs")]
    PreSignatureCount {
        /// How many are needed.
        expected: usize,
        /// How many came.
        actual: usize,
    },
    /// More or fewer signatures than outputs that need one.
    #[error("signatures: {actual} for {expected} outputs")]
    SignatureCount {
        /// How many are needed.
        expected: usize,
        /// How many came.
        actual: usize,
    },
    /// The pre-signature for this PTLC is not valid: for another point, amount, key or commitment.
    #[error("presignature for PTLC {number} of the {offerer}: {source}")]
    PreSignature {
        /// Whose.
        offerer: Party,
        /// Which.
        number: u64,
        /// Why.
        source: AdaptorError,
    },
    /// The pre-signature for this PTLC is that of another one: they don't follow the order of outputs.
    #[error("presignature for PTLC {number} of the {offerer}: it is that of output {vout}")]
    PreSignatureOrder {
        /// Whose.
        offerer: Party,
        /// Which.
        number: u64,
        /// Where it belongs.
        vout: u32,
    },
    /// The signature for this edge's second stage is not valid.
    #[error("signature for edge {number} of the {offerer}: {source}")]
    EdgeSignature {
        /// Whose.
        offerer: Party,
        /// Which.
        number: u64,
        /// Why.
        source: AdaptorError,
    },
    /// The partial signature of the commitment, or its session, is refused.
    #[error("commitment signature: {source}")]
    Funding {
        /// What, and whose: signers in the order of the sorted keys.
        source: Musig2Error,
    },
    /// Revocation of a commitment before the next one is complete.
    #[error("revocation: commitment {number} needs {expected} complete, {actual} is")]
    NotNext {
        /// What was to be revoked.
        number: u64,
        /// Which has to be complete.
        expected: u64,
        /// Which is.
        actual: u64,
    },
    /// The next commitment is another channel's.
    #[error("revocation: the next commitment is of another channel, or of the other party")]
    OtherChannel,
    /// What was written down is not what is to be published.
    #[error("publishing: the record is of another commitment or of another signature")]
    NotRecorded,
    /// Bytes that are not what they should be.
    #[error("malformed {field}")]
    Encoding {
        /// The field that can't be read.
        field: &'static str,
    },
}
