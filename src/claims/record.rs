use alloc::collections::BTreeMap;
use core::convert::Infallible;

use bitcoin::OutPoint;

use super::ClaimError;
use crate::curve::Point;

/// The contracts that are claimed under one x, each with its lock: one contract, or all parts of a payment.
///
/// The order in which they arrived is no part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockSet(BTreeMap<OutPoint, Point>);

impl LockSet {
    /// The most locks a set has: as many contracts as a channel carries in one direction (BOLT 2).
    pub const MAX: usize = 483;

    /// A set of contracts and their locks (L_n).
    ///
    /// # Errors
    ///
    /// [`ClaimError::NoSet`] for none, more than [`MAX`](Self::MAX), or a contract that comes twice.
    pub fn new(
        locks: impl IntoIterator<Item = (OutPoint, Point)>,
    ) -> Result<Self, ClaimError<Infallible>> {
        let mut set = BTreeMap::new();
        let mut count = 0;
        for (contract, lock) in locks {
            count += 1;
            set.insert(contract, lock);
        }
        if (1..=Self::MAX).contains(&count) && set.len() == count {
            Ok(Self(set))
        } else {
            Err(ClaimError::NoSet { count })
        }
    }

    /// The contracts and their locks, in the order of the outpoints.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&OutPoint, &Point)> {
        self.0.iter()
    }
}
