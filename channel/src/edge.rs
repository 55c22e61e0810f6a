use bitcoin::absolute;
use pointlock::edge::{Direction, Edge, EdgeId};
use pointlock::lock::Lock;

use crate::{ChannelError, Party};

/// What an `update_add` says of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeTerms {
    /// Who pays.
    pub offerer: Party,
    /// BOLT 2's `id`: the offerer counts its own.
    pub number: u64,
    /// What is locked, in millisatoshi. The output has it rounded down to satoshi.
    pub amount_msat: u64,
    /// The height from which on the offerer can take it back.
    pub expiry: u32,
    /// A hash (HTLC) or a point (PTLC).
    pub lock: Lock,
}

/// An edge as it stands in a channel, whatever output each commitment gives it: terms that were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelEdge(EdgeTerms);

impl ChannelEdge {
    /// An edge that is offered when the chain has this height.
    ///
    /// # Errors
    ///
    /// [`ChannelError::EdgeExpired`], and those of [`standing`](Self::standing).
    pub fn offered(terms: EdgeTerms, height: u32) -> Result<Self, ChannelError> {
        let edge = Self::standing(terms)?;
        let EdgeTerms { offerer, number, expiry, .. } = terms;
        if expiry <= height {
            return Err(ChannelError::EdgeExpired { offerer, number, expiry, height });
        }
        Ok(edge)
    }

    /// An edge that was offered before, whatever the height is now.
    ///
    /// # Errors
    ///
    /// [`ChannelError::EdgeExpiry`] for what is no height, [`ChannelError::EdgeAmount`] for nothing, or more than all bitcoin.
    pub fn standing(terms: EdgeTerms) -> Result<Self, ChannelError> {
        let EdgeTerms { offerer, number, amount_msat, expiry, .. } = terms;
        if expiry == 0 || absolute::Height::from_consensus(expiry).is_err() {
            return Err(ChannelError::EdgeExpiry { offerer, number, expiry });
        }
        if amount_msat == 0 || amount_msat > bitcoin::Amount::MAX_MONEY.to_sat() * 1_000 {
            return Err(ChannelError::EdgeAmount { offerer, number, amount_msat });
        }
        Ok(Self(terms))
    }

    /// The terms.
    pub fn terms(&self) -> &EdgeTerms {
        &self.0
    }

    /// The edge as roles know it. `opener`: whose edges those of the opener are, by the order of the node ids.
    pub fn edge(&self, channel_id: [u8; 32], opener: Direction) -> Edge {
        let direction = match (self.0.offerer, opener) {
            (Party::Opener, direction) => direction,
            (Party::Accepter, Direction::FromNode1) => Direction::FromNode2,
            (Party::Accepter, Direction::FromNode2) => Direction::FromNode1,
        };
        let EdgeTerms { number, amount_msat, expiry, lock, .. } = self.0;
        Edge { id: EdgeId::in_channel(channel_id, direction, number), amount_msat, expiry, lock }
    }

    pub(crate) fn lock_time(&self) -> absolute::LockTime {
        absolute::LockTime::from_consensus(self.0.expiry)
    }

    /// What its output is worth.
    pub(crate) fn satoshi(&self) -> bitcoin::Amount {
        bitcoin::Amount::from_sat(self.0.amount_msat / 1_000)
    }
}
