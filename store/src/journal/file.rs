use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pointlock::journal::{History, JournalError};
use zeroize::Zeroizing;

use super::format::{
    Checksum, OnDamage, Parsed, RECORDS, STATE, Start, frame, parse, snapshot_frame,
};
use super::{Cut, JournalHead};
use crate::FileStoreError;
use crate::disk::{Disk, DiskFile, Lock, beside};
use crate::error::io_error;

/// The file of a journal, and that this is its only writer.
#[derive(Debug)]
pub(super) struct JournalFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    name: String,
    file: Box<dyn DiskFile>,
    _lock: Box<dyn Lock>,
    /// The number of the first record that is in the file.
    first: u64,
    /// c before that record, and behind each.
    chain: Vec<Checksum>,
    /// In bytes.
    length: u64,
    /// Whether a write or a flush has failed.
    failed: bool,
}

impl JournalFile {
    pub(super) fn create(
        disk: Arc<dyn Disk>,
        path: &Path,
        name: &str,
    ) -> Result<Self, FileStoreError> {
        let start = Start::new(name)?;
        let lock = lock(&*disk, path)?;
        let mut file = disk.create(path).map_err(io_error("create the file"))?;
        if !start.is_begun(&file.read_all().map_err(io_error("read the file"))?) {
            return Err(FileStoreError::Exists);
        }
        let header = start.header(RECORDS);
        file.write_at(0, &header).map_err(io_error("write the header"))?;
        file.sync().map_err(io_error("flush the header"))?;
        disk.sync_folder(path).map_err(io_error("flush the folder"))?;
        Ok(Self {
            disk,
            path: path.to_owned(),
            name: name.to_owned(),
            file,
            _lock: lock,
            first: 0,
            chain: vec![start.checksum()],
            length: header.len() as u64,
            failed: false,
        })
    }

    /// Opens the file, and flushes what it has read before it gives it out.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        path: &Path,
        name: &str,
        on_damage: OnDamage,
    ) -> Result<(Self, History, Option<Cut>), FileStoreError> {
        // A file that is not there gets no lock beside it.
        drop(disk.open(path).map_err(io_error("open the file"))?);
        let lock = lock(&*disk, path)?;
        // Again: by a snapshot another one may have come in its place.
        let mut file = disk.open(path).map_err(io_error("open the file"))?;
        let bytes = file.read_all().map_err(io_error("read the file"))?;
        let parsed = parse(&bytes, name, on_damage)?;
        let cut = cut_off(&mut *file, &bytes, &parsed)?;
        // A process that was killed, or whose flush failed, may have left the last frame unflushed. After a failed flush the system
        // takes it for written, so flushing is not enough: it is written again.
        let last = &bytes[parsed.last..parsed.end];
        file.write_at(parsed.last as u64, last).map_err(io_error("write the last frame again"))?;
        file.sync().map_err(io_error("flush the file"))?;
        disk.sync_folder(path).map_err(io_error("flush the folder"))?;
        remove_unfinished(&*disk, path)?;
        let Parsed { history, chain, end, .. } = parsed;
        let (first, length) = (history.first(), end as u64);
        let (path, name) = (path.to_owned(), name.to_owned());
        let opened =
            Self { disk, path, name, file, _lock: lock, first, chain, length, failed: false };
        Ok((opened, history, cut))
    }

    /// The number of the next record.
    pub(super) fn next(&self) -> u64 {
        self.first + self.chain.len() as u64 - 1
    }

    pub(super) fn head(&self) -> JournalHead {
        JournalHead { records: self.next(), checksum: self.chain[self.chain.len() - 1] }
    }

    /// Whether this journal was once at `head`; None if what was there has been dropped.
    pub(super) fn has_been_at(&self, head: &JournalHead) -> Option<bool> {
        let place = head.records.checked_sub(self.first)?;
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        Some(self.chain.get(place) == Some(&head.checksum))
    }

    /// Appends records in one frame and flushes it.
    pub(super) fn append(&mut self, records: &[&[u8]]) -> Result<(), FileStoreError> {
        self.check()?;
        if records.is_empty() {
            return Ok(());
        }
        let known = self.chain.len();
        let frame = frame(&mut self.chain, records)?;
        // Nothing is appended to what may be half a frame.
        self.failed = true;
        let written = self
            .file
            .write_at(self.length, &frame)
            .map_err(io_error("write a frame"))
            .and_then(|()| self.file.sync().map_err(io_error("flush a frame")));
        if written.is_err() {
            self.chain.truncate(known);
            return written;
        }
        self.failed = false;
        self.length += frame.len() as u64;
        Ok(())
    }

    pub(super) fn read(&mut self) -> Result<History, FileStoreError> {
        self.check()?;
        let bytes = self.file.read_all().map_err(io_error("read the file"))?;
        Ok(parse(&bytes, &self.name, OnDamage::Refuse)?.history)
    }

    /// Writes a new file with a snapshot and the records behind it, and puts it in the place of the old one.
    pub(super) fn snapshot(&mut self, before: u64, state: &[u8]) -> Result<(), FileStoreError> {
        self.check()?;
        let (oldest, next) = (self.first, self.next());
        let place = before.checked_sub(oldest).and_then(|place| usize::try_from(place).ok());
        let place = place.filter(|_| before <= next).ok_or(FileStoreError::Journal(
            JournalError::SnapshotOutOfRange { before, oldest, next },
        ))?;
        let history = self.read()?;
        let start = Start::new(&self.name)?;
        let mut chain = vec![self.chain[place]];
        let header = start.header(STATE);
        let snapshot = snapshot_frame(&start.checksum(), before, &chain[0], state)?;
        let rest: Vec<&[u8]> = history.records[place..].iter().map(|record| &***record).collect();
        let rest = match rest.as_slice() {
            [] => Zeroizing::new(Vec::new()),
            rest => frame(&mut chain, rest)?,
        };
        let bytes = Zeroizing::new([header.as_slice(), &snapshot, &rest].concat());
        self.failed = true;
        self.file = self.replace(&bytes)?;
        self.failed = false;
        (self.first, self.chain, self.length) = (before, chain, bytes.len() as u64);
        Ok(())
    }

    fn replace(&self, bytes: &[u8]) -> Result<Box<dyn DiskFile>, FileStoreError> {
        let unfinished = beside(&self.path, UNFINISHED);
        let mut file = self.disk.create(&unfinished).map_err(io_error("create the new file"))?;
        file.set_length(0).map_err(io_error("empty the new file"))?;
        file.write_at(0, bytes).map_err(io_error("write the new file"))?;
        file.sync().map_err(io_error("flush the new file"))?;
        let renamed = self.disk.rename(&unfinished, &self.path);
        renamed.map_err(io_error("put the new file in place"))?;
        self.disk.sync_folder(&self.path).map_err(io_error("flush the folder"))?;
        Ok(file)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    fn check(&self) -> Result<(), FileStoreError> {
        if self.failed { Err(FileStoreError::FailedBefore) } else { Ok(()) }
    }
}

/// Where a snapshot is written, before it takes the place of the journal.
const UNFINISHED: &str = ".new";

fn lock(disk: &dyn Disk, path: &Path) -> Result<Box<dyn Lock>, FileStoreError> {
    disk.lock(&beside(path, ".lock")).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => FileStoreError::OtherWriter,
        _ => io_error("lock the file")(error),
    })
}

/// What was cut off may not stay between the last frame and the next.
fn cut_off(
    file: &mut dyn DiskFile,
    bytes: &[u8],
    parsed: &Parsed,
) -> Result<Option<Cut>, FileStoreError> {
    if parsed.end == bytes.len() {
        return Ok(None);
    }
    file.set_length(parsed.end as u64).map_err(io_error("cut off a broken frame"))?;
    Ok(Some(Cut { offset: parsed.end as u64, bytes: (bytes.len() - parsed.end) as u64 }))
}

/// A snapshot that was cut off has secrets in it.
fn remove_unfinished(disk: &dyn Disk, path: &Path) -> Result<(), FileStoreError> {
    match disk.remove(&beside(path, UNFINISHED)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove a new file that was not finished")(error))
        }
        _ => Ok(()),
    }
}
