use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{History, Journal, JournalError, Snapshot};

/// A journal in memory: for tests, demonstrations, and a node whose state is lost with its process anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryJournal {
    history: History,
}

impl MemoryJournal {
    /// What was kept, without being asked for it.
    pub fn history(&self) -> &History {
        &self.history
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, group: &[&[u8]]) -> Result<u64, JournalError> {
        super::check_length(group)?;
        let number = self.history.next();
        self.history.records.extend(group.iter().map(|record| Zeroizing::new(record.to_vec())));
        Ok(number)
    }

    fn read(&mut self) -> Result<History, JournalError> {
        Ok(self.history.clone())
    }

    fn snapshot(&mut self, before: u64, state: &[u8]) -> Result<(), JournalError> {
        super::check_length(&[state])?;
        let (oldest, next) = (self.history.first(), self.history.next());
        let dropped = usize::try_from(before.wrapping_sub(oldest)).ok();
        match dropped {
            Some(dropped) if before >= oldest && before <= next => {
                let records: Vec<_> = self.history.records.drain(dropped..).collect();
                let snapshot = Snapshot { before, state: Zeroizing::new(state.to_vec()) };
                self.history = History { snapshot: Some(snapshot), records };
                Ok(())
            }
            _ => Err(JournalError::SnapshotOutOfRange { before, oldest, next }),
        }
    }
}
