//! A journal in one file; what it promises is [`Journal`]'s.

use std::path::Path;
use std::sync::Arc;

pub use pointlock::journal::JournalHead;
use pointlock::journal::{History, Journal, JournalError, check_length};

use self::file::JournalFile;
use self::format::OnDamage;
use self::group::Shared;
use crate::FileStoreError;
use crate::disk::{Disk, LocalDisk, resolved};

mod file;
pub(crate) mod format;
mod group;
#[cfg(test)]
mod tests;
mod torn;

/// What was cut off when a file was opened: a frame whose write a crash has ended, and that was acknowledged to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Where it started.
    pub offset: u64,
    /// How many bytes were there.
    pub bytes: u64,
}

/// A journal in one file, to which frames are appended. A clone is another handle of the same journal: appends from several threads that
/// wait together are one write and one flush.
///
/// What happens to it, and what it does:
///
/// | event | effect |
/// | --- | --- |
/// | killed, or without power, at any byte of a write | the frame that was cut off is dropped whole when the file is opened ([`cut`](Self::cut)): short, or with zeros where a sector never arrived |
/// | any other damage, down to one bit | [`FileStoreError::Damaged`], by record and offset: it does not open, and nothing in it is changed |
/// | a disk that is full, or fails | the call says so, and nothing more is taken until the file is opened again |
/// | a record that was written and never flushed | is written and flushed again, file and folder, before it is believed |
/// | another journal's file | refused by its name, and by its version |
/// | a second writer | refused while the first one lives; a kill frees the file |
/// | a crash during a snapshot | the old file, or the new one; what was half written beside it (`.new`) is removed |
/// | records missing at the end, or an old file | can't be seen from inside: [`head`](Self::head) |
///
/// Beside the file stands an empty one, with `.lock` behind its name. The file is readable for its owner alone, since it holds secrets; it is
/// not encrypted.
#[derive(Clone, Debug)]
pub struct FileJournal {
    shared: Arc<Shared>,
    cut: Option<Cut>,
}

impl FileJournal {
    /// The version of the format that is written and read.
    pub const VERSION: u32 = format::VERSION;

    /// Makes a new journal: there is no file at `path`, or one whose creation was cut off. `name` says what it keeps, the role and
    /// whose it is, in 1 to 255 bytes.
    ///
    /// # Errors
    ///
    /// [`FileStoreError::Exists`], [`FileStoreError::OtherWriter`], [`FileStoreError::NoName`] and [`FileStoreError::Io`].
    pub fn create(path: &Path, name: &str) -> Result<Self, FileStoreError> {
        Self::create_on(Arc::new(LocalDisk), &resolved(path), name)
    }

    /// Opens a journal that was created before, under this name.
    ///
    /// # Errors
    ///
    /// [`FileStoreError`].
    pub fn open(path: &Path, name: &str) -> Result<Self, FileStoreError> {
        Self::open_on(Arc::new(LocalDisk), &resolved(path), name, OnDamage::Refuse)
    }

    /// Drops all from the damage on: for a store that knows how to live with less than it had.
    pub(crate) fn open_damaged(path: &Path, name: &str) -> Result<Self, FileStoreError> {
        Self::open_on(Arc::new(LocalDisk), &resolved(path), name, OnDamage::CutOff)
    }

    pub(crate) fn create_on(
        disk: Arc<dyn Disk>,
        path: &Path,
        name: &str,
    ) -> Result<Self, FileStoreError> {
        let file = JournalFile::create(disk, path, name)?;
        Ok(Self { shared: Arc::new(Shared::new(file, Some(History::default()))), cut: None })
    }

    pub(crate) fn open_on(
        disk: Arc<dyn Disk>,
        path: &Path,
        name: &str,
        on_damage: OnDamage,
    ) -> Result<Self, FileStoreError> {
        let (file, history, cut) = JournalFile::open(disk, path, name, on_damage)?;
        Ok(Self { shared: Arc::new(Shared::new(file, Some(history))), cut })
    }

    /// What the bytes of a file hold, and how many of them: the rest is a frame whose write was cut off. For looking at a file, a copy
    /// say, that isn't to be changed; what is only read may be gone after the next power cut.
    ///
    /// # Errors
    ///
    /// [`FileStoreError`], but none of the operating system's.
    pub fn parse(bytes: &[u8], name: &str) -> Result<(History, usize), FileStoreError> {
        let parsed = format::parse(bytes, name, OnDamage::Refuse)?;
        Ok((parsed.history, parsed.end))
    }

    /// The bytes of a file with these groups of records, each in a frame: what [`parse`](Self::parse) reads.
    ///
    /// # Errors
    ///
    /// [`FileStoreError::NoName`], and [`FileStoreError::Journal`] for a group that is too long.
    pub fn to_bytes(name: &str, groups: &[&[&[u8]]]) -> Result<Vec<u8>, FileStoreError> {
        format::write(name, groups)
    }

    /// What was cut off when the file was opened.
    pub fn cut(&self) -> Option<Cut> {
        self.cut
    }

    /// How far the journal has come.
    pub fn head(&self) -> JournalHead {
        self.shared.head()
    }

    /// Whether this journal was once at `head`, and has at most gone on since. If not, it was rolled back or is another. None if a
    /// snapshot stands for what was there: keep the head anew after each snapshot.
    ///
    /// # Errors
    ///
    /// [`FileStoreError::FailedBefore`].
    pub fn has_been_at(&self, head: &JournalHead) -> Result<Option<bool>, FileStoreError> {
        self.shared.with_file(|file| Ok(file.has_been_at(head)))
    }

    /// As [`Journal::append`], by any thread.
    ///
    /// # Errors
    ///
    /// [`FileStoreError::Io`], [`FileStoreError::FailedBefore`], and [`FileStoreError::Journal`] for a group that is too long.
    pub fn append(&self, group: &[&[u8]]) -> Result<u64, FileStoreError> {
        check_length(group)?;
        self.shared.append(group)
    }

    /// As [`Journal::read`].
    ///
    /// # Errors
    ///
    /// [`FileStoreError`].
    pub fn read(&self) -> Result<History, FileStoreError> {
        match self.shared.take_found() {
            Some(found) => Ok(found),
            None => self.shared.with_file(JournalFile::read),
        }
    }

    /// As [`Journal::snapshot`].
    ///
    /// # Errors
    ///
    /// [`FileStoreError`].
    pub fn snapshot(&self, before: u64, state: &[u8]) -> Result<(), FileStoreError> {
        check_length(&[state])?;
        // It would tell of what the snapshot drops.
        drop(self.shared.take_found());
        self.shared.with_file(|file| file.snapshot(before, state))
    }

    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.shared.waiting()
    }
}

impl Journal for FileJournal {
    fn append(&mut self, group: &[&[u8]]) -> Result<u64, JournalError> {
        Ok(Self::append(self, group)?)
    }

    fn read(&mut self) -> Result<History, JournalError> {
        Ok(Self::read(self)?)
    }

    fn snapshot(&mut self, before: u64, state: &[u8]) -> Result<(), JournalError> {
        Ok(Self::snapshot(self, before, state)?)
    }
}
