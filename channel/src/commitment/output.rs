use bitcoin::{Amount, ScriptBuf, TxOut};
use pointlock::lock::Lock;

use super::{Leaf, Tree, scripts};
use crate::keys::CommitmentKeys;
use crate::{ChannelEdge, Party};

/// What an output of a commitment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// Anyone's, for a child that pays the fee.
    Anchor,
    /// The publisher's money, after its delay.
    ToPublisher,
    /// The other party's money, at once.
    ToOther,
    /// An HTLC or a PTLC.
    Edge(ChannelEdge),
}

/// An output of a commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitmentOutput {
    pub(super) vout: u32,
    pub(super) value: Amount,
    pub(super) kind: OutputKind,
    pub(super) tree: Option<Tree>,
}

impl CommitmentOutput {
    /// Its place in the transaction.
    pub fn vout(&self) -> u32 {
        self.vout
    }

    /// What it is worth.
    pub fn value(&self) -> Amount {
        self.value
    }

    /// What it is.
    pub fn kind(&self) -> &OutputKind {
        &self.kind
    }

    /// The edge, if it is one.
    pub fn edge(&self) -> Option<&ChannelEdge> {
        match &self.kind {
            OutputKind::Edge(edge) => Some(edge),
            _ => None,
        }
    }

    /// Its keys and leaves; None for the anchor.
    pub fn tree(&self) -> Option<&Tree> {
        self.tree.as_ref()
    }

    /// Its script.
    pub fn script_pubkey(&self) -> ScriptBuf {
        self.tree.as_ref().map_or_else(ScriptBuf::new_p2a, Tree::script_pubkey)
    }

    /// As it stands in the transaction.
    pub fn tx_out(&self) -> TxOut {
        TxOut { value: self.value, script_pubkey: self.script_pubkey() }
    }

    /// The order of outputs: BOLT 3's, and then what makes it the same on both sides where scripts are equal.
    pub(super) fn order(&self) -> (Amount, ScriptBuf, Option<(u32, Party, u64)>) {
        let ties = self.edge().map(|edge| {
            let terms = edge.terms();
            (terms.expiry, terms.offerer, terms.number)
        });
        (self.value, self.script_pubkey(), ties)
    }
}

/// The output of an edge on the publisher's commitment.
pub(super) fn edge_tree(keys: &CommitmentKeys, publisher: Party, edge: &ChannelEdge) -> Tree {
    let (x, y) = (keys.publisher_htlc.x_only(), keys.other_htlc.x_only());
    let (timeout, success) = match (edge.terms().offerer == publisher, &edge.terms().lock) {
        (true, Lock::Point(_)) => (scripts::both(&x, &y), scripts::both(&y, &x)),
        (true, Lock::Hash(hash)) => (scripts::both(&x, &y), scripts::preimage_by_other(&y, hash)),
        (false, lock) => {
            let success = match lock {
                Lock::Point(_) => scripts::both(&x, &y),
                Lock::Hash(hash) => scripts::preimage_by_both(&x, &y, hash),
            };
            (scripts::timeout_by_other(&y, edge.lock_time()), success)
        }
    };
    Tree::two(&keys.revocation, timeout, success)
}

/// The publisher's own money, on the commitment and after a second stage.
pub(super) fn delayed_tree(keys: &CommitmentKeys, delay: u16) -> Tree {
    Tree::one(&keys.revocation, Leaf::Delayed, scripts::delayed(&keys.delayed.x_only(), delay))
}
