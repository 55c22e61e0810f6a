//! The journal: what a role was told, as bytes, in the order in which it was told.
//!
//! A role is what its events make it. So a node that keeps the events keeps everything, and a crash is a replay:
//!
//! ```text
//! event ──▶ role ──▶ record ──append, durable──▶ actions are given out
//!
//! state = snapshot + the records behind it = all records from the first on
//! ```
//!
//! A [`Journal`] keeps *records*: strings of bytes, numbered from 0. What a record says is the business of whoever wrote it
//! ([`Recordable`]). It is synchronous, and here it does no I/O: [`MemoryJournal`] is in memory, the crate `pointlock-store` has one in a
//! file, and a table in SQL does as well: a column for the number, one for the bytes, a transaction for a group, and a row for the snapshot.
//!
//! # What a journal promises
//!
//! | of | it is so that |
//! | --- | --- |
//! | a group of records | all of them are there or none, whatever happens in the middle |
//! | [`append`](Journal::append) | what it has returned for is there after any crash, in its order |
//! | a group that was being written at a crash | it is there whole, or it never was: `read` decides it once, and for good |
//! | a failed append | nothing more is taken ([`JournalError::FailedBefore`]) until the journal was opened again, since nobody knows what stands there |
//! | a snapshot | it takes the place of the records before it in one step: a crash leaves the old state of the journal or the new one |
//! | [`read`](Journal::read) | what it gives is durable: it was flushed before it was believed |
//!
//! # Synopsis
//!
//! ```
//! use pointlock::journal::{Journal, MemoryJournal};
//!
//! // A node writes down what it was told, before it acts on it. Two events that came together are one group.
//! let mut journal = MemoryJournal::default();
//! assert_eq!(journal.append(&[b"a block", b"an edge"])?, 0);
//! assert_eq!(journal.append(&[b"its secret"])?, 2);
//!
//! // Its state after the first two stands for them from now on.
//! journal.snapshot(2, b"one edge")?;
//!
//! // After a crash: the state, and what came behind it.
//! let history = journal.read()?;
//! assert_eq!(history.snapshot.as_ref().map(|snapshot| snapshot.state.as_slice()), Some(&b"one edge"[..]));
//! assert_eq!(history.numbered().collect::<Vec<_>>(), [(2, &b"its secret"[..])]);
//! # Ok::<(), pointlock::journal::JournalError>(())
//! ```
//!
//! # What breaks it
//!
//! - *Acting first.* An action that is carried out before its event is durable is one of which a crash knows nothing. A
//!   [`Journaled`](crate::payment::Journaled) role gives no action out before.
//! - *An older copy put in place.* It looks whole from inside. What tells is a head that is kept in another place (the file journal's
//!   `head`). Payments since then are forgotten, and with k-time payment points that gives a polynomial away
//!   ([`claims`](crate::claims)).
//! - *Two writers.* Two nodes that go on from one journal claim and pay twice. The file is locked while it is open; two copies of it, on two
//!   machines, are not.
//! - *A disk that says "durable" and is not.*
//! - *A reader that believes what was not flushed.* A record that a killed process wrote may be readable, and gone after a power cut.
//!
//! # References
//!
//! Rebello et al., [Can Applications Recover from fsync Failures?](https://www.usenix.org/conference/atc20/presentation/rebello):
//! after a failed flush the pages are marked clean, so a second flush says nothing. Pillai et al., [All File Systems Are Not Created
//! Equal](https://www.usenix.org/conference/osdi14/technical-sessions/presentation/pillai): what a crash leaves of a write.

pub(crate) mod codec;
mod error;
mod memory;
mod record;

pub use error::{JournalError, RecordError};
pub use memory::MemoryJournal;
pub use record::{History, Recordable, Snapshot};

/// The most bytes that a group of records, or a snapshot, has.
pub const MAX_LENGTH: usize = 1 << 30;

/// How far a journal has come: to be kept in another place than the journal, so that a rollback is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalHead {
    /// How many records there have been.
    pub records: u64,
    /// A checksum that depends on all of them, 32 bytes.
    pub checksum: [u8; 32],
}

/// Where records are kept, in their order. See [the module](self) for what it promises.
pub trait Journal {
    /// Adds the records of a group behind all others, and returns when they are durable, with the number of the first one. A group
    /// without records changes nothing.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`], and then the group may be there or not; [`JournalError::FailedBefore`] and
    /// [`JournalError::TooLong`], and then it is not.
    fn append(&mut self, group: &[&[u8]]) -> Result<u64, JournalError>;

    /// The newest snapshot and the records behind it, all of them durable.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`], [`JournalError::Damaged`] and [`JournalError::FailedBefore`].
    fn read(&mut self) -> Result<History, JournalError>;

    /// Lets a state stand for all records before the one of this number, which are dropped. Later records stay.
    ///
    /// # Errors
    ///
    /// [`JournalError::SnapshotOutOfRange`] and [`JournalError::TooLong`], and then nothing has changed; else as
    /// [`append`](Self::append).
    fn snapshot(&mut self, before: u64, state: &[u8]) -> Result<(), JournalError>;
}

impl<J: Journal + ?Sized> Journal for &mut J {
    fn append(&mut self, group: &[&[u8]]) -> Result<u64, JournalError> {
        (**self).append(group)
    }

    fn read(&mut self) -> Result<History, JournalError> {
        (**self).read()
    }

    fn snapshot(&mut self, before: u64, state: &[u8]) -> Result<(), JournalError> {
        (**self).snapshot(before, state)
    }
}

/// Whether a journal takes so much at once.
///
/// # Errors
///
/// [`JournalError::TooLong`].
pub fn check_length(group: &[&[u8]]) -> Result<(), JournalError> {
    let length = group.iter().fold(0_usize, |sum, record| sum.saturating_add(record.len()));
    if length <= MAX_LENGTH {
        Ok(())
    } else {
        Err(JournalError::TooLong { length, most: MAX_LENGTH })
    }
}
