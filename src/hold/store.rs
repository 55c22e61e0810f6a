use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::convert::Infallible;

use super::{HoldId, HoldRequest, HoldState};

/// A hold as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRecord {
    /// What was asked for.
    pub request: HoldRequest,
    /// How far it has come.
    pub state: HoldState,
}

/// Where holds are kept.
///
/// A method that changes something returns after the change is durable. When it fails, the change may have happened
/// or not; the ledger repeats the step and finds out.
pub trait HoldStore {
    /// What can go wrong.
    type Error;

    /// The hold with this id.
    ///
    /// # Errors
    ///
    /// The store's own.
    fn get(&self, id: &HoldId) -> Result<Option<HoldRecord>, Self::Error>;

    /// All holds in which money is still waiting.
    ///
    /// # Errors
    ///
    /// The store's own.
    fn open(&self) -> Result<Vec<HoldRecord>, Self::Error>;

    /// Adds a hold, unless one has its id; says whether it did.
    ///
    /// # Errors
    ///
    /// The store's own.
    fn insert(&mut self, record: HoldRecord) -> Result<bool, Self::Error>;

    /// Puts a hold from one state into another if it is in the first; says whether it did.
    ///
    /// # Errors
    ///
    /// The store's own.
    fn compare_and_swap(
        &mut self,
        id: &HoldId,
        from: &HoldState,
        to: HoldState,
    ) -> Result<bool, Self::Error>;
}

/// A store in memory, for tests, demonstrations and nodes that keep the ledger elsewhere.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    records: BTreeMap<HoldId, HoldRecord>,
}

impl HoldStore for MemoryStore {
    type Error = Infallible;

    fn get(&self, id: &HoldId) -> Result<Option<HoldRecord>, Infallible> {
        Ok(self.records.get(id).cloned())
    }

    fn open(&self) -> Result<Vec<HoldRecord>, Infallible> {
        Ok(self.records.values().filter(|record| record.state.is_open()).cloned().collect())
    }

    fn insert(&mut self, record: HoldRecord) -> Result<bool, Infallible> {
        let vacant = !self.records.contains_key(&record.request.id);
        if vacant {
            self.records.insert(record.request.id, record);
        }
        Ok(vacant)
    }

    fn compare_and_swap(
        &mut self,
        id: &HoldId,
        from: &HoldState,
        to: HoldState,
    ) -> Result<bool, Infallible> {
        match self.records.get_mut(id) {
            Some(record) if record.state == *from => {
                record.state = to;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}
