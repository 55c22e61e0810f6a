use alloc::collections::BTreeMap;

use crate::invoice::ktime::{PayerScalar, PolynomialId};

/// For how many blocks a payment that was released and does not arrive keeps its slot from others. An announcement costs
/// its sender nothing, so it may delay others and not more: a payment that is there needs no reservation.
const BLOCKS: u32 = 6;

/// The payments under k-time payment points that a receiver has released and that have not arrived.
#[derive(Debug, Default)]
pub(super) struct Releases {
    /// Until which height.
    pending: BTreeMap<(PolynomialId, PayerScalar), u32>,
}

impl Releases {
    pub(super) fn insert(&mut self, polynomial: PolynomialId, x: PayerScalar, height: u32) {
        self.pending.insert((polynomial, x), height.saturating_add(BLOCKS));
    }

    pub(super) fn remove(&mut self, polynomial: PolynomialId, x: PayerScalar) {
        self.pending.remove(&(polynomial, x));
    }

    /// How many there are on this polynomial, under another x.
    pub(super) fn besides(&self, polynomial: PolynomialId, x: PayerScalar) -> u32 {
        let others = self.pending.keys().filter(|key| key.0 == polynomial && key.1 != x);
        u32::try_from(others.count()).unwrap_or(u32::MAX)
    }

    pub(super) fn prune(&mut self, height: u32) {
        self.pending.retain(|_, until| *until > height);
    }
}
