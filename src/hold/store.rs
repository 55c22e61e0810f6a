use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Announcement, HoldId, HoldRequest, HoldState};
use crate::StoreError;

/// A hold as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRecord {
    /// What was asked for.
    pub request: HoldRequest,
    /// How far it has come.
    pub state: HoldState,
    /// What is sent to the receiver while it waits; nothing before its sender has handed it over.
    pub announcement: Option<Announcement>,
    /// How many announcements its sender has handed over.
    pub announcements: u8,
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

    /// Gives a hold that is in the state [`HoldState::Held`] its announcement of this number, in the place of the one before; says
    /// whether there is such a hold, with so many announcements less one.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn announce(
        &mut self,
        id: &HoldId,
        announcement: Announcement,
        number: u8,
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

    fn announce(
        &mut self,
        id: &HoldId,
        announcement: Announcement,
        number: u8,
    ) -> Result<bool, StoreError> {
        match self.records.get_mut(id) {
            Some(record)
                if record.state == HoldState::Held
                    && record.announcements.checked_add(1) == Some(number) =>
            {
                record.announcement = Some(announcement);
                record.announcements = number;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}
