use super::{EdgeError, ForwardingPolicy, Refusal};
use crate::curve::Point;
use crate::edge::Edge;
use crate::lock::{Blind, Lock, LockError, LockSecret, next_lock};
use crate::onion::Packet;
use crate::onion::blinded::NextPeer;

/// What a node proposes to its neighbour.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The neighbour, by its node id or by the channel to it.
    pub to: NextPeer,
    /// What to lock, in millisatoshi. A contract on the chain rounds up to satoshi.
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

/// The lock with a blind added to it; a hash lock stays what it is.
pub(super) fn add(lock: Lock, blind: Option<&Blind>) -> Result<Lock, LockError> {
    match (lock, blind) {
        (Lock::Point(point), Some(blind)) => Ok(Lock::Point(next_lock(&point, blind)?)),
        (lock, _) => Ok(lock),
    }
}

/// Whether the incoming edge pays for this outgoing one.
pub(super) fn check_policy(
    policy: &ForwardingPolicy,
    incoming: &Edge,
    outgoing_msat: u64,
    outgoing_expiry: u32,
) -> Result<(), Refusal> {
    let offered_msat = incoming.amount_msat.saturating_sub(outgoing_msat);
    let required_msat = policy.fee_msat(outgoing_msat).unwrap_or(u64::MAX);
    if incoming.amount_msat < outgoing_msat || offered_msat < required_msat {
        return Err(Refusal::FeeInsufficient { offered_msat, required_msat });
    }
    let expiry = incoming.expiry;
    let offered = expiry.saturating_sub(outgoing_expiry);
    let required = policy.cltv_expiry_delta;
    if expiry < outgoing_expiry || offered < required {
        return Err(Refusal::ExpiryDelta { expiry, offered, required });
    }
    Ok(())
}

/// The check of whoever offers that what was committed is what it proposed.
pub(super) fn check_proposed(
    committed: &Edge,
    lock: Lock,
    amount_msat: u64,
    expiry: u32,
) -> Result<(), EdgeError> {
    let field = if committed.lock != lock {
        "lock"
    } else if committed.amount_msat != amount_msat {
        "amount"
    } else if committed.expiry != expiry {
        "expiry"
    } else {
        return Ok(());
    };
    Err(EdgeError::NotAsProposed { edge: committed.id, field })
}

/// Whether a secret that a neighbour told, or that was computed, opens the edge.
pub(super) fn check_secret(edge: &Edge, secret: &LockSecret) -> Result<(), EdgeError> {
    if edge.lock.is_opened_by(secret) { Ok(()) } else { Err(EdgeError::WrongSecret(edge.id)) }
}
