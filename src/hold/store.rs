use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{HoldId, HoldRequest, HoldState};
use crate::StoreError;

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
    /// The hold with this id.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn get(&self, id: &HoldId) -> Result<Option<HoldRecord>, StoreError>;

    /// All holds in which money is still waiting.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn open(&self) -> Result<Vec<HoldRecord>, StoreError>;

    /// Adds a hold, unless one has its id; says whether it did.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn insert(&mut self, record: HoldRecord) -> Result<bool, StoreError>;

    /// Puts a hold from one state into another if it is in the first; says whether it did.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn compare_and_swap(
        &mut self,
        id: &HoldId,
        from: &HoldState,
        to: HoldState,
    ) -> Result<bool, StoreError>;
}

/// A store in memory, for tests, demonstrations and nodes that keep the ledger elsewhere.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    records: BTreeMap<HoldId, HoldRecord>,
}

impl HoldStore for MemoryStore {
    fn get(&self, id: &HoldId) -> Result<Option<HoldRecord>, StoreError> {
        Ok(self.records.get(id).cloned())
    }

    fn open(&self) -> Result<Vec<HoldRecord>, StoreError> {
        Ok(self.records.values().filter(|record| record.state.is_open()).cloned().collect())
    }

    fn insert(&mut self, record: HoldRecord) -> Result<bool, StoreError> {
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
    ) -> Result<bool, StoreError> {
        match self.records.get_mut(id) {
            Some(record) if record.state == *from => {
                record.state = to;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}
