use std::io;

use pointlock::StoreError;
use pointlock::journal::JournalError;
use thiserror::Error;

/// Why a file is no journal or no store, or can't be read or written.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum FileStoreError {
    /// The operating system refused.
    #[error("{action}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// Another process, or another store of this one, has the file open.
    #[error("the file has another writer")]
    OtherWriter,
    /// There is something in the file that was to be created.
    #[error("the file exists already: open it")]
    Exists,
    /// There is something where the new file of a migration was to be.
    #[error("the new file exists already")]
    Taken,
    /// The file does not start like a journal, or its header is damaged.
    #[error("the file is no journal")]
    NotAJournal,
    /// The file is in another format than this release reads.
    #[error("the file is a {format} of version {version}: this release reads version {reads}")]
    OtherVersion {
        /// What it is.
        format: &'static str,
        /// The version of the file.
        version: u32,
        /// The version that is read.
        reads: u32,
    },
    /// The journal keeps something else.
    #[error("the file is a journal of \"{found}\", expected one of \"{expected}\"")]
    OtherContents {
        /// What it keeps.
        found: String,
        /// What it was to keep.
        expected: String,
    },
    /// The name of what a journal keeps has 1 to 255 bytes.
    #[error("a journal's contents have a name of {length} bytes, 1 to 255 are possible")]
    NoName {
        /// The length that was given, in bytes.
        length: usize,
    },
    /// A frame is damaged, and it is not that its write was cut off.
    #[error("record {number} at byte {offset} is damaged: {reason}")]
    Damaged {
        /// The number of its first record.
        number: u64,
        /// Where the frame starts.
        offset: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An earlier write or flush failed, so that it is not known what stands in the file: open it again.
    #[error("an earlier write failed: open the file again")]
    FailedBefore,
    /// What the journal refuses, whatever keeps it.
    #[error(transparent)]
    Journal(JournalError),
}

impl FileStoreError {
    /// The same once more, for another that waited for the same write.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Io { action, source } => {
                Self::Io { action, source: io::Error::new(source.kind(), source.to_string()) }
            }
            _ => Self::FailedBefore,
        }
    }
}

impl From<FileStoreError> for StoreError {
    fn from(error: FileStoreError) -> Self {
        Self::new(error)
    }
}

impl From<FileStoreError> for JournalError {
    fn from(error: FileStoreError) -> Self {
        match error {
            FileStoreError::FailedBefore => Self::FailedBefore,
            FileStoreError::Damaged { number, offset, reason } => {
                Self::Damaged { number, offset, reason }
            }
            FileStoreError::Journal(error) => error,
            other => Self::Store(StoreError::new(other)),
        }
    }
}

impl From<JournalError> for FileStoreError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::FailedBefore => Self::FailedBefore,
            JournalError::Damaged { number, offset, reason } => {
                Self::Damaged { number, offset, reason }
            }
            other => Self::Journal(other),
        }
    }
}

/// Names what was tried.
pub(crate) fn io_error(action: &'static str) -> impl Fn(io::Error) -> FileStoreError {
    move |source| FileStoreError::Io { action, source }
}
