use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::{JournalError, RecordError};

/// What has a byte form for a journal: versioned, so that a later release knows what it reads.
///
/// What is written is read as the same, and what is read is written as the same bytes. The bytes may hold secrets; whoever writes them
/// says so.
pub trait Recordable: Sized {
    /// The bytes.
    fn to_record(&self) -> Zeroizing<Vec<u8>>;

    /// Reads the bytes.
    ///
    /// # Errors
    ///
    /// [`RecordError`], with the field.
    fn from_record(bytes: &[u8]) -> Result<Self, RecordError>;
}

/// A state that stands for all records before one of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The number of the first record that it doesn't stand for.
    pub before: u64,
    /// The state, in the encoding of whoever made it.
    pub state: Zeroizing<Vec<u8>>,
}

/// What a journal has kept: the newest snapshot, and the records behind it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct History {
    /// None if there never was one.
    pub snapshot: Option<Snapshot>,
    /// From the snapshot on, or from the first record.
    pub records: Vec<Zeroizing<Vec<u8>>>,
}

impl History {
    /// The number of the first of the records.
    pub fn first(&self) -> u64 {
        self.snapshot.as_ref().map_or(0, |snapshot| snapshot.before)
    }

    /// The number that the next record gets.
    pub fn next(&self) -> u64 {
        self.first() + self.records.len() as u64
    }

    /// The records, each with its number.
    pub fn numbered(&self) -> impl Iterator<Item = (u64, &[u8])> {
        (self.first()..).zip(self.records.iter().map(|record| record.as_slice()))
    }

    /// The records, read.
    ///
    /// # Errors
    ///
    /// [`JournalError::Record`], for the first that says nothing.
    pub fn events<E: Recordable>(&self) -> impl Iterator<Item = Result<E, JournalError>> {
        self.numbered().map(|(number, bytes)| {
            E::from_record(bytes).map_err(|error| JournalError::Record { number, error })
        })
    }
}

/// Lengths only: states and records hold secrets.
impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot(before {}, {} bytes)", self.before, self.state.len())
    }
}

/// Lengths only: states and records hold secrets.
impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "History({:?}, {} records)", self.snapshot, self.records.len())
    }
}
