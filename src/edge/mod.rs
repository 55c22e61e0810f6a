//! Edges: money between two neighbours under a lock, wherever it stands.
//!
//! An edge can be a contract of its own on the chain, or an output of a channel, where each commitment gives it another outpoint. The
//! roles in [`payment`](crate::payment) work on edges and know neither: an [`Edge`] has what they decide on, and an [`EdgeId`] that
//! stays the same for as long as the edge stands.
//!
//! ```text
//! in a channel         channel_id (32 bytes), whose direction, number of the HTLC or PTLC in that direction (BOLT 2)
//! a contract           txid (32 bytes), output index
//! ```
//!
//! # Who says that an edge stands
//!
//! The node that is paid by an edge has to be sure of it before it passes the payment on or gives a secret away. So the roles take an
//! [`IncomingEdge`], which exists only for whoever has verified what makes it: a
//! [`ReceivedContract`](crate::contract::ReceivedContract) gives one. A channel layer makes its own with
//! [`IncomingEdge::dangerous_committed`], in one place, where it has verified the signatures of both commitments and all adaptor
//! signatures that it is to be paid with. The node that pays needs no evidence: it compares the edge with what it proposed.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::curve::SecretScalar;
//! use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
//! use pointlock::lock::Lock;
//!
//! // The channel layer of the node that is paid: PTLC 7 from node 1 is irrevocably committed, its adaptor signatures are verified.
//! let lock = Lock::Point(SecretScalar::from_bytes(&[1; 32])?.to_point());
//! let id = EdgeId::in_channel([2; 32], Direction::FromNode1, 7);
//! let edge = Edge { id, amount_msat: 50_000_000, expiry: 800_144, lock };
//! let incoming = IncomingEdge::dangerous_committed(edge);
//!
//! // The next commitment gives the PTLC another output. The edge is the same.
//! assert_eq!(incoming.edge().id, EdgeId::in_channel([2; 32], Direction::FromNode1, 7));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - An incoming edge that can still be revoked, or whose adaptor signatures don't verify: a forwarder then pays out of its own pocket.
//! - Two edges with one id: the second is taken for the first. A channel never gives a number twice (BOLT 2).
//!
//! # References
//!
//! [BOLT 2](https://github.com/lightning/bolts/blob/master/02-peer-protocol.md) for `channel_id`, the numbers of HTLCs and when one is
//! irrevocably committed; [BOLT 7](https://github.com/lightning/bolts/blob/master/07-routing-gossip.md) for the direction.

mod id;

pub use id::{Direction, EdgeId, EdgeIdError};

use crate::lock::Lock;

/// Money between two neighbours under a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Which one it is.
    pub id: EdgeId,
    /// What is locked, in millisatoshi.
    pub amount_msat: u64,
    /// The height from which on the one who pays can take it back.
    pub expiry: u32,
    /// What it is locked under.
    pub lock: Lock,
}

/// An edge that pays this node, irrevocably committed, with all that is needed to be paid but the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncomingEdge(Edge);

impl IncomingEdge {
    /// An edge for which the caller vouches: it is irrevocably committed on both sides, and every adaptor signature that this node
    /// is to be paid with has been verified and is kept durably.
    ///
    /// Dangerous because nothing here checks that. A channel layer calls it in exactly one place.
    pub fn dangerous_committed(edge: Edge) -> Self {
        Self(edge)
    }

    /// An edge that this node's own journal, or a snapshot, says was committed: the second way to one, and called in one place.
    ///
    /// The evidence was there when the event was taken, and the event was written down because of it. The journal is the node's own
    /// memory: whoever can write into it can write any other event as well, and has the node key beside it. To ask for the
    /// signatures once more would need the channel's state of that day, which is gone.
    pub(crate) fn from_own_journal(edge: Edge) -> Self {
        Self(edge)
    }

    /// The edge.
    pub fn edge(&self) -> &Edge {
        &self.0
    }
}
