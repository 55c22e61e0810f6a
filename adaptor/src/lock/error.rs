use thiserror::Error;

/// Why locks can't be set up, or a claim does not fit.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LockError {
    /// A route has at least one edge.
    #[error("a route needs at least one blind")]
    NoEdges,
    /// A lock came out at infinity, which happens with a probability of 2^−128 and to nobody: draw again.
    #[error("the lock of edge {edge} is at infinity")]
    LockAtInfinity {
        /// The edge, counted from 1 at the sender.
        edge: usize,
    },
    /// The sum of the blinds is zero: draw again.
    #[error("the blinds add up to zero")]
    BlindsCancel,
    /// The lock that a node computed from what it was given is at infinity.
    #[error("the blind cancels the lock")]
    BlindCancelsLock,
    /// The secret that a claim gives is zero: it belongs to another lock.
    #[error("the blind cancels the lock secret")]
    BlindCancelsSecret,
}
