use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use pointlock::claims::ClaimEntry;
use pointlock::journal::{JournalError, Recordable};

use super::{FileClaimStore, NAME, format_2, version_error};
use crate::disk::{Disk, LocalDisk, LockedFile, beside, resolved};
use crate::error::io_error;
use crate::{FileJournal, FileStoreError};

/// What a migration has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The version that the file had.
    pub from: u32,
    /// The version that it has now.
    pub to: u32,
    /// How many records were taken over.
    pub records: u64,
    /// How many polynomials they enter.
    pub polynomials: u64,
    /// How many claims they record.
    pub claims: u64,
    /// How many bytes at the end were a record whose write was cut off, and were dropped.
    pub dropped_bytes: u64,
}

impl FileClaimStore {
    /// Makes a store of this version of one of an earlier version, in its place; says what it did. Every record is taken over as it is. The
    /// new file is whole and flushed before it takes the place of the old one, so a crash leaves the one or the other.
    ///
    /// There is no way back: an earlier version doesn't read the new file, and with an old copy it would forget claims.
    ///
    /// # Errors
    ///
    /// [`FileStoreError`]; then the old file is as it was. One of version 1, which named contracts by their outpoints, is refused, and so is
    /// one of this version.
    pub fn migrate(path: &Path) -> Result<Migration, FileStoreError> {
        let path = &*resolved(path);
        let old = read_old(path)?;
        write(&LocalDisk, path, &old.entries)?;
        Ok(old.done)
    }

    /// As [`migrate`](Self::migrate), but makes a new file, and leaves the old one as it is: for a look at it, or for another folder.
    /// The old one must not be used again: it would forget claims.
    ///
    /// # Errors
    ///
    /// As [`migrate`](Self::migrate), and [`FileStoreError::Taken`] if there is something at `new`.
    pub fn migrate_to(path: &Path, new: &Path) -> Result<Migration, FileStoreError> {
        let old = read_old(&resolved(path))?;
        if new.symlink_metadata().is_ok() {
            return Err(FileStoreError::Taken);
        }
        write(&LocalDisk, new, &old.entries)?;
        Ok(old.done)
    }

    /// What the bytes of a file hold, of this version or of one that can be migrated. For looking at a file, a copy say, that isn't to be
    /// changed.
    ///
    /// # Errors
    ///
    /// [`FileStoreError`], but none of the operating system's.
    pub fn parse(bytes: &[u8]) -> Result<ClaimFile, FileStoreError> {
        let read = |(number, record): (u64, &[u8])| {
            ClaimEntry::from_record(record)
                .map_err(|error| FileStoreError::Journal(JournalError::Record { number, error }))
        };
        if let Some(found) = format_2::read(bytes) {
            let found = found?;
            let entries = (0..).zip(found.bodies).map(read).collect::<Result<_, _>>()?;
            return Ok(ClaimFile { version: 2, entries, length: found.length });
        }
        match FileJournal::parse(bytes, NAME) {
            Ok((history, length)) => {
                let entries = history.numbered().map(read).collect::<Result<_, _>>()?;
                Ok(ClaimFile { version: Self::VERSION, entries, length })
            }
            Err(error @ FileStoreError::NotAJournal) => Err(version_error(bytes).unwrap_or(error)),
            Err(other) => Err(other),
        }
    }
}

/// What a file of claims holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimFile {
    /// The version of its format.
    pub version: u32,
    /// Its changes, in their order.
    pub entries: Vec<ClaimEntry>,
    /// How many bytes of it are whole; the rest is a record whose write was cut off.
    pub length: usize,
}

/// What is taken over, and what will have been done then.
struct Old {
    entries: Vec<ClaimEntry>,
    done: Migration,
    _lock: LockedFile,
}

fn read_old(path: &Path) -> Result<Old, FileStoreError> {
    let old = OpenOptions::new().read(true).write(true).open(path);
    let old = old.map_err(io_error("open the file"))?;
    // The release that wrote it locks the file itself.
    let (bytes, lock) = read_locked(old)?;
    let found = FileClaimStore::parse(&bytes)?;
    if found.version == FileClaimStore::VERSION {
        return Err(FileStoreError::Exists);
    }
    let entries = found.entries;
    let count = |is: fn(&ClaimEntry) -> bool| entries.iter().filter(|entry| is(entry)).count();
    let done = Migration {
        from: found.version,
        to: FileClaimStore::VERSION,
        records: entries.len() as u64,
        polynomials: count(|entry| matches!(entry, ClaimEntry::Polynomial { .. })) as u64,
        claims: count(|entry| matches!(entry, ClaimEntry::Claim { .. })) as u64,
        dropped_bytes: (bytes.len() - found.length) as u64,
    };
    Ok(Old { entries, done, _lock: lock })
}

fn read_locked(file: File) -> Result<(Vec<u8>, LockedFile), FileStoreError> {
    let mut locked = LockedFile::new(file).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => FileStoreError::OtherWriter,
        _ => io_error("lock the file")(error),
    })?;
    let bytes = locked.read_all().map_err(io_error("read the file"))?;
    Ok((bytes, locked))
}

/// The new store beside the old one, and then in its place.
fn write(disk: &LocalDisk, path: &Path, entries: &[ClaimEntry]) -> Result<(), FileStoreError> {
    let new = beside(path, ".migrated");
    // One that was begun and not finished is in nobody's way.
    match disk.remove(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_error("remove an unfinished migration")(error));
        }
        _ => {}
    }
    let store = FileClaimStore::create(&new)?;
    let records: Vec<_> = entries.iter().map(Recordable::to_record).collect();
    let group: Vec<&[u8]> = records.iter().map(|record| record.as_slice()).collect();
    store.claims.journal().append(&group)?;
    drop(store);
    disk.rename(&new, path).map_err(io_error("put the new file in place"))?;
    disk.sync_folder(path).map_err(io_error("flush the folder"))?;
    // Empty, and of no use without the file.
    let _ = disk.remove(&beside(&new, ".lock"));
    Ok(())
}
