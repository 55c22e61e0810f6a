use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use pointlock::journal::History;
use zeroize::Zeroizing;

use super::JournalHead;
use super::file::JournalFile;
use crate::FileStoreError;

/// So many bytes are written together, or one group if it is longer.
const TOGETHER: usize = 1 << 26;

/// A journal's file, with those that wait for it. Whoever finds the file free writes for all that wait, in one frame and with one flush.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// None while somebody writes.
    file: Option<JournalFile>,
    queue: VecDeque<Waiting>,
    /// Groups that were queued, and those of them that were tried.
    queued: u64,
    tried: u64,
    /// The number of the record that is queued next.
    next: u64,
    /// Of what is durable.
    head: JournalHead,
    /// What was found when the journal was opened, for the first who asks.
    found: Option<History>,
    /// Why nothing is taken any more, and the first group that was not written.
    failure: Option<(u64, FileStoreError)>,
}

#[derive(Debug)]
struct Waiting {
    records: Vec<Zeroizing<Vec<u8>>>,
}

impl Waiting {
    fn length(&self) -> usize {
        self.records.iter().map(|record| record.len()).sum()
    }
}

impl Shared {
    pub(super) fn new(file: JournalFile, found: Option<History>) -> Self {
        let (next, head) = (file.next(), file.head());
        let state = State {
            file: Some(file),
            queue: VecDeque::new(),
            queued: 0,
            tried: 0,
            next,
            head,
            found,
            failure: None,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Appends a group; gives the number of its first record.
    pub(super) fn append(&self, group: &[&[u8]]) -> Result<u64, FileStoreError> {
        let mut state = self.lock();
        if state.failure.is_some() {
            return Err(FileStoreError::FailedBefore);
        }
        let number = state.next;
        if group.is_empty() {
            return Ok(number);
        }
        let records = group.iter().map(|record| Zeroizing::new(record.to_vec())).collect();
        state.queue.push_back(Waiting { records });
        state.next += group.len() as u64;
        let ticket = state.queued;
        state.queued += 1;
        state.found = None;
        loop {
            if state.tried > ticket {
                return match &state.failure {
                    Some((first, error)) if *first <= ticket => Err(error.again()),
                    _ => Ok(number),
                };
            }
            state = match state.file.take() {
                Some(file) => self.write(state, file),
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Writes for all who wait.
    fn write<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        mut file: JournalFile,
    ) -> MutexGuard<'a, State> {
        let mut groups = Vec::new();
        let mut length = 0;
        if state.failure.is_none() {
            while let Some(next) = state.queue.front() {
                length += next.length();
                if length > TOGETHER && !groups.is_empty() {
                    break;
                }
                groups.extend(state.queue.pop_front());
            }
            drop(state);
            let records = groups.iter().flat_map(|group| &group.records);
            let records: Vec<&[u8]> = records.map(|record| record.as_slice()).collect();
            let written = file.append(&records);
            state = self.lock();
            let first = state.tried;
            state.tried += groups.len() as u64;
            match written {
                Ok(()) => state.head = file.head(),
                Err(error) => state.fail(first, error),
            }
        }
        state.file = Some(file);
        self.changed.notify_all();
        state
    }

    /// Does something with the file, when nobody writes.
    pub(super) fn with_file<T>(
        &self,
        act: impl FnOnce(&mut JournalFile) -> Result<T, FileStoreError>,
    ) -> Result<T, FileStoreError> {
        let mut state = self.lock();
        let mut file = loop {
            if state.failure.is_some() {
                return Err(FileStoreError::FailedBefore);
            }
            match state.file.take() {
                Some(file) => break file,
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(state);
        let done = act(&mut file);
        let mut state = self.lock();
        if file.has_failed() {
            let tried = state.tried;
            state.fail(tried, FileStoreError::FailedBefore);
        }
        state.head = file.head();
        state.file = Some(file);
        self.changed.notify_all();
        done
    }

    /// What was found when the journal was opened, once.
    pub(super) fn take_found(&self) -> Option<History> {
        self.lock().found.take()
    }

    pub(super) fn head(&self) -> JournalHead {
        self.lock().head
    }

    /// How many groups wait and are not being written.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.lock().queue.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes nothing any more; whoever waits has waited for nothing.
    fn fail(&mut self, first: u64, error: FileStoreError) {
        self.failure = Some((first, error));
        self.tried += self.queue.len() as u64;
        self.queue.clear();
        self.found = None;
    }
}
