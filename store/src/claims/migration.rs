use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use pointlock::claims::ClaimEntry;
use pointlock::journal::Recordable;

use super::{FileClaimStore, format_2, version_error};
use crate::FileStoreError;
use crate::disk::{Disk, LocalDisk, LockedFile, beside};
use crate::error::io_error;

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
    /// Makes a store of this version of one of an earlier release, in its place; says what it did. Every record is taken over as it is. The
    /// new file is whole and flushed before it takes the place of the old one, so a crash leaves the one or the other.
    ///
    /// There is no way back: an earlier release doesn't read the new file, and with an old copy it would forget claims.
    ///
    /// # Errors
    ///
    /// [`FileStoreError`]; then the old file is as it was. One of version 1, which named contracts by their outpoints, is refused, and so is
    /// one of this version.
    pub fn migrate(path: &Path) -> Result<Migration, FileStoreError> {
        let disk = LocalDisk;
        let old = OpenOptions::new().read(true).write(true).open(path);
        let old = old.map_err(io_error("open the file"))?;
        // The release that wrote it locks the file itself.
        let (bytes, _lock) = read_locked(old)?;
        let (bodies, end) = match format_2::read(&bytes) {
            Some(read) => read?,
            None if bytes.starts_with(b"pointlock journal ") => return Err(FileStoreError::Exists),
            None => return Err(version_error(&disk, path).unwrap_or(FileStoreError::NotAJournal)),
        };
        let mut done = Migration {
            from: 2,
            to: Self::VERSION,
            records: bodies.len() as u64,
            polynomials: 0,
            claims: 0,
            dropped_bytes: (bytes.len() - end) as u64,
        };
        check(&bodies, &mut done)?;
        write(&disk, path, &bodies)?;
        Ok(done)
    }
}

fn read_locked(file: File) -> Result<(Vec<u8>, LockedFile), FileStoreError> {
    let mut locked = LockedFile::new(file).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => FileStoreError::OtherWriter,
        _ => io_error("lock the file")(error),
    })?;
    let bytes = locked.read_all().map_err(io_error("read the file"))?;
    Ok((bytes, locked))
}

/// Reads every record, and counts what they do.
fn check(bodies: &[&[u8]], done: &mut Migration) -> Result<(), FileStoreError> {
    for (number, body) in (0..).zip(bodies) {
        match ClaimEntry::from_record(body) {
            Ok(ClaimEntry::Polynomial { .. }) => done.polynomials += 1,
            Ok(ClaimEntry::Claim { .. }) => done.claims += 1,
            Ok(_) => {}
            Err(error) => {
                let error = pointlock::journal::JournalError::Record { number, error };
                return Err(FileStoreError::Journal(error));
            }
        }
    }
    Ok(())
}

/// The new store beside the old one, and then in its place.
fn write(disk: &LocalDisk, path: &Path, bodies: &[&[u8]]) -> Result<(), FileStoreError> {
    let new = beside(path, ".migrated");
    // One that was begun and not finished is in nobody's way.
    match disk.remove(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_error("remove an unfinished migration")(error));
        }
        _ => {}
    }
    let store = FileClaimStore::create(&new)?;
    store.claims.journal().append(bodies)?;
    drop(store);
    disk.rename(&new, path).map_err(io_error("put the new file in place"))?;
    disk.sync_folder(path).map_err(io_error("flush the folder"))?;
    // Empty, and of no use without the file.
    let _ = disk.remove(&beside(&new, ".lock"));
    Ok(())
}
