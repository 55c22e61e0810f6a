use alloc::collections::BTreeMap;

use super::ClaimError;
use crate::curve::Point;
use crate::edge::EdgeId;

/// The edges that are claimed under one x, each with its lock: one edge, or all parts of a payment.
///
/// The order in which they arrived is no part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockSet(BTreeMap<EdgeId, Point>);

impl LockSet {
    /// The most locks a set has: as many HTLCs as a channel carries in one direction (BOLT 2).
    pub const MAX: usize = 483;

    /// A set of edges and their locks (L_n).
    ///
    /// # Errors
    ///
    /// [`ClaimError::NoSet`] for none, more than [`MAX`](Self::MAX), or an edge that comes twice.
    pub fn new(locks: impl IntoIterator<Item = (EdgeId, Point)>) -> Result<Self, ClaimError> {
        let mut set = BTreeMap::new();
        let mut count = 0;
        for (edge, lock) in locks {
            count += 1;
            set.insert(edge, lock);
        }
        if (1..=Self::MAX).contains(&count) && set.len() == count {
            Ok(Self(set))
        } else {
            Err(ClaimError::NoSet { count })
        }
    }

    /// The edges and their locks, in the order of the ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&EdgeId, &Point)> {
        self.0.iter()
    }
}
