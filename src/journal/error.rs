use alloc::string::String;

use thiserror::Error;

use crate::StoreError;
use crate::wire::WireError;

/// Why a journal can't be read, or takes nothing.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JournalError {
    /// What keeps the records failed. Whether this group stands there is found out by opening the journal again.
    #[error("journal: {0}")]
    Store(#[from] StoreError),
    /// An earlier write or flush failed, so that it is not known what stands there: open the journal again.
    #[error("journal: an earlier write failed, open it again")]
    FailedBefore,
    /// A record that was acknowledged is damaged.
    #[error("journal: record {number} at byte {offset} is damaged: {reason}")]
    Damaged {
        /// The number of the record, or of the first one of the group.
        number: u64,
        /// Where it starts, in bytes; zero where there are none, as in a table.
        offset: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A record is whole and says nothing that is understood.
    #[error("journal: record {number}: {error}")]
    Record {
        /// Its number.
        number: u64,
        /// What is wrong with it.
        error: RecordError,
    },
    /// The snapshot is whole and says nothing that is understood.
    #[error("journal: snapshot before record {before}: {error}")]
    Snapshot {
        /// The number of the first record that it doesn't stand for.
        before: u64,
        /// What is wrong with it.
        error: RecordError,
    },
    /// The role refuses an event that it accepted before: the journal is another role's, or the code has changed.
    #[error("journal: record {number} is refused: {reason}")]
    Refused {
        /// The number of the record.
        number: u64,
        /// What the role says.
        reason: String,
    },
    /// A group, or a snapshot, is longer than a journal takes.
    #[error("journal: {length} bytes at once, at most {most} are taken")]
    TooLong {
        /// The length that was given, in bytes.
        length: usize,
        /// The length that is taken.
        most: usize,
    },
    /// A snapshot would stand for records that are not there, or not there any more.
    #[error("journal: a snapshot before record {before}, where {oldest} to {next} are possible")]
    SnapshotOutOfRange {
        /// The number of the first record that it doesn't stand for.
        before: u64,
        /// That of the snapshot there is, or zero.
        oldest: u64,
        /// The number of the next record.
        next: u64,
    },
}

/// Why a record, which is whole, is no event.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// It is of a version that this release doesn't read.
    #[error("version {version}, and this release reads {reads}")]
    OtherVersion {
        /// The version of the record.
        version: u64,
        /// The versions that are read, in words.
        reads: &'static str,
    },
    /// It is of a kind that is not known.
    #[error("kind {kind} is not known")]
    UnknownKind {
        /// The kind.
        kind: u64,
    },
    /// It is no TLV stream.
    #[error(transparent)]
    Stream(#[from] WireError),
    /// It has a field that is not known and that may matter: one with an even number.
    #[error("field {number} is not known")]
    UnknownField {
        /// The field's number.
        number: u64,
    },
    /// A field is missing.
    #[error("{field}: missing")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A field is wrong.
    #[error("{field}: {reason}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// It belongs to another role, or another node.
    #[error("of {found}, expected {expected}")]
    OtherOwner {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
}

impl RecordError {
    /// That this field is wrong, and why.
    pub fn field(field: &'static str, reason: impl core::fmt::Display) -> Self {
        Self::Field { field, reason: alloc::format!("{reason}") }
    }
}
