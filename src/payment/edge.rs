use bitcoin::Transaction;

use super::{ForwardingPolicy, PaymentError, Refusal};
use crate::contract::{FundedContract, OfferedContract};
use crate::curve::Point;
use crate::lock::{Blind, Lock, LockError, LockSecret, next_lock};
use crate::onion::Packet;
use crate::onion::blinded::NextPeer;

/// What a node proposes to its neighbour.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The neighbour, by its node id or by the channel to it.
    pub to: NextPeer,
    /// What to lock, in millisatoshi; a contract on the chain rounds up to satoshi.
    pub amount_msat: u64,
    /// When the money comes back, a block height.
    pub expiry: u32,
    /// What to lock it under.
    pub lock: Lock,
    /// What goes with the onion to a node of a blinded path behind its introduction node (BOLT 2: `path_key` in
    /// `update_add_htlc`).
    pub path_key: Option<Point>,
    /// The onion for the neighbour.
    pub packet: Packet,
}

/// What the contract locks, in millisatoshi.
pub(super) fn amount_msat(funded: &FundedContract) -> u64 {
    // A contract's amount is below the supply, so this does not saturate.
    funded.contract().terms().amount.to_sat().saturating_mul(1_000)
}

/// When the contract ends, a block height.
pub(super) fn expiry(funded: &FundedContract) -> u32 {
    funded.contract().terms().expiry
}

/// What the contract is locked under.
pub(super) fn lock(funded: &FundedContract) -> Lock {
    funded.contract().terms().lock
}

/// The lock with a blind added to it; a hash lock stays what it is.
pub(super) fn add(lock: Lock, blind: Option<&Blind>) -> Result<Lock, LockError> {
    match (lock, blind) {
        (Lock::Point(point), Some(blind)) => Ok(Lock::Point(next_lock(&point, blind)?)),
        (lock, _) => Ok(lock),
    }
}

/// Whether the incoming contract pays for this outgoing one.
pub(super) fn check_policy(
    policy: &ForwardingPolicy,
    funded: &FundedContract,
    outgoing_msat: u64,
    outgoing_expiry: u32,
) -> Result<(), Refusal> {
    let offered_msat = amount_msat(funded).saturating_sub(outgoing_msat);
    let required_msat = policy.fee_msat(outgoing_msat).unwrap_or(u64::MAX);
    if amount_msat(funded) < outgoing_msat || offered_msat < required_msat {
        return Err(Refusal::FeeInsufficient { offered_msat, required_msat });
    }
    let offered = expiry(funded).saturating_sub(outgoing_expiry);
    let required = policy.cltv_expiry_delta;
    if expiry(funded) < outgoing_expiry || offered < required {
        return Err(Refusal::ExpiryDelta { expiry: expiry(funded), offered, required });
    }
    Ok(())
}

/// The offerer's check that what was committed is what it proposed.
pub(super) fn check_proposed(
    offered: &OfferedContract,
    proposed_lock: Lock,
    proposed_msat: u64,
    proposed_expiry: u32,
) -> Result<(), PaymentError> {
    let funded = offered.funded();
    let field = if lock(funded) != proposed_lock {
        "lock"
    } else if amount_msat(funded) != proposed_msat.div_ceil(1_000).saturating_mul(1_000) {
        "amount"
    } else if expiry(funded) != proposed_expiry {
        "expiry"
    } else {
        return Ok(());
    };
    Err(PaymentError::NotAsProposed { contract: funded.outpoint(), field })
}

/// The secret that a claim on the chain gives away.
pub(super) fn extract(
    offered: &OfferedContract,
    transaction: &Transaction,
) -> Result<LockSecret, PaymentError> {
    let contract = offered.funded().outpoint();
    offered
        .extract(transaction)
        .map_err(|source| PaymentError::Contract { contract, source: Box::new(source) })
}

/// Whether a secret that a neighbour told, or that was computed, opens the contract.
pub(super) fn check_secret(
    funded: &FundedContract,
    secret: &LockSecret,
) -> Result<(), PaymentError> {
    if lock(funded).is_opened_by(secret) {
        Ok(())
    } else {
        Err(PaymentError::WrongSecret(funded.outpoint()))
    }
}
