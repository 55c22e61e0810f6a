//! The count of claims in a file; the rules are [`ClaimBook`](pointlock::claims::ClaimBook)'s.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use fs4::{FileExt, TryLockError};
use pointlock::StoreError;
use pointlock::claims::{ClaimStore, LockSet, MemoryClaimStore, PolynomialState};
use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::{PayerScalar, PolynomialId};
use thiserror::Error;

use self::log::{Entry, HEADER, Log, Next, is_header_of_1};

mod log;

/// Where the file of a store comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is the file that this node wrote last.
    Continued,
    /// It is a backup, or came back in some other way that may have lost claims at its end. Damage behind the last whole
    /// record is cut off, and every polynomial is retired, durably, before anything else.
    Restored,
}

/// How far a store has come: to be kept in another place than the store, so that a rollback is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreHead {
    /// How many records there are.
    pub records: u64,
    /// The checksum of the last one, 32 bytes, which depends on all before it.
    pub checksum: [u8; 32],
}

/// Why a file is no store, or a store can't be read or written.
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
    /// The file does not start like a store of claims.
    #[error("the file is no store of claims")]
    NotAStore,
    /// The file is a store of claims in the format of an earlier release, which named contracts by their outpoints.
    #[error(
        "the file is a store of claims of version {version}: this release reads version {}",
        FileClaimStore::VERSION
    )]
    OtherVersion {
        /// The version of the file.
        version: u32,
    },
    /// A record is damaged, and it is not that its write was cut off.
    #[error("damaged at byte {offset}: restore a backup as one")]
    Damaged {
        /// Where the record starts.
        offset: u64,
    },
    /// An earlier write failed, so that the end of the file is not known: open the store again.
    #[error("an earlier write failed: open the store again")]
    Poisoned,
}

/// A store in one file, to which records are appended. Each is flushed to the disk before the call returns.
///
/// What happens to it, and what it does:
///
/// | event | effect |
/// | --- | --- |
/// | killed at any byte of a write | the record that was cut off is dropped when the file is opened; it was acknowledged to nobody |
/// | any other damage, down to one bit | [`FileStoreError::Damaged`]: it does not open, unless as [`Origin::Restored`] |
/// | the file is lost | it does not open; [`create`](Self::create) never takes the place of [`open`](Self::open) |
/// | a second writer | refused while the first one lives; a kill frees the file |
/// | records missing at the end, or an old file | can't be seen from inside: [`head`](Self::head) |
#[derive(Debug)]
pub struct FileClaimStore {
    file: LockedFile,
    log: Log,
    index: MemoryClaimStore,
    poisoned: bool,
}

impl FileClaimStore {
    /// The version of the format that is written and read.
    pub const VERSION: u32 = 2;

    /// Makes a new store: there is no file at `path`, or one whose creation was cut off.
    ///
    /// # Errors
    ///
    /// [`FileStoreError::Exists`], [`FileStoreError::OtherWriter`] and [`FileStoreError::Io`].
    pub fn create(path: &Path) -> Result<Self, FileStoreError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io_error("create the file"))?;
        let mut file = LockedFile::new(file)?;
        let found = file.read_all()?;
        if found.len() >= HEADER.len() || !HEADER.starts_with(&found) {
            return Err(FileStoreError::Exists);
        }
        file.0.seek(SeekFrom::Start(0)).map_err(io_error("write the header"))?;
        file.0.write_all(HEADER).map_err(io_error("write the header"))?;
        file.0.sync_all().map_err(io_error("flush the header"))?;
        sync_folder(path)?;
        Ok(Self { file, log: Log::new(), index: MemoryClaimStore::default(), poisoned: false })
    }

    /// Opens a store that was created before.
    ///
    /// # Errors
    ///
    /// [`FileStoreError`].
    pub fn open(path: &Path, origin: Origin) -> Result<Self, FileStoreError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(io_error("open the file"))?;
        let mut file = LockedFile::new(file)?;
        let bytes = file.read_all()?;
        let mut log = Log::new();
        let mut index = MemoryClaimStore::default();
        if is_header_of_1(&bytes) {
            return Err(FileStoreError::OtherVersion { version: 1 });
        }
        let mut rest = bytes.strip_prefix(HEADER).ok_or(FileStoreError::NotAStore)?;
        loop {
            match log.read(rest) {
                Next::Record { entry, length } => {
                    log.push(&entry);
                    rest = &rest[length..];
                    entry.apply(&mut index);
                }
                Next::Damaged if origin == Origin::Continued => {
                    return Err(FileStoreError::Damaged { offset: log.length() });
                }
                Next::Damaged | Next::End => break,
            }
        }
        // What was cut off may not stay between this record and the next.
        if !rest.is_empty() {
            file.0.set_len(log.length()).map_err(io_error("cut off a broken record"))?;
            file.0.sync_all().map_err(io_error("cut off a broken record"))?;
        }
        file.0.seek(SeekFrom::Start(log.length())).map_err(io_error("find the end"))?;
        let mut store = Self { file, log, index, poisoned: false };
        if origin == Origin::Restored {
            store.append(Entry::RetirementOfAll)?;
        }
        Ok(store)
    }

    /// How far the store has come.
    pub fn head(&self) -> StoreHead {
        StoreHead { records: self.log.records(), checksum: self.log.checksum() }
    }

    /// Whether this store was once at `head`, and has at most gone on since. If not, it was rolled back or is another
    /// store: open it as [`Origin::Restored`].
    pub fn has_been_at(&self, head: &StoreHead) -> bool {
        self.log.has_been_at(head)
    }

    /// Appends a record and flushes it, before it counts.
    fn append(&mut self, entry: Entry) -> Result<bool, FileStoreError> {
        if self.poisoned {
            return Err(FileStoreError::Poisoned);
        }
        // Not yet valid bytes after a failure: nothing is appended to them.
        self.poisoned = true;
        self.file.0.write_all(&self.log.frame(&entry)).map_err(io_error("write a record"))?;
        self.file.0.sync_all().map_err(io_error("flush a record"))?;
        self.poisoned = false;
        self.log.push(&entry);
        Ok(entry.apply(&mut self.index))
    }
}

impl ClaimStore for FileClaimStore {
    fn polynomial(&self, id: &PolynomialId) -> Result<Option<PolynomialState>, StoreError> {
        self.index.polynomial(id)
    }

    fn claim(&self, id: &PolynomialId, x: &PayerScalar) -> Result<Option<LockSet>, StoreError> {
        self.index.claim(id, x)
    }

    fn insert_polynomial(
        &mut self,
        id: PolynomialId,
        invoice: InvoiceId,
        k: u32,
    ) -> Result<bool, StoreError> {
        match self.polynomial(&id)? {
            Some(_) => Ok(false),
            None => Ok(self.append(Entry::Polynomial { id, invoice, k })?),
        }
    }

    fn insert_claim(
        &mut self,
        id: PolynomialId,
        x: PayerScalar,
        locks: LockSet,
    ) -> Result<bool, StoreError> {
        match (self.polynomial(&id)?, self.claim(&id, &x)?) {
            (Some(_), None) => Ok(self.append(Entry::Claim { id, x, locks })?),
            _ => Ok(false),
        }
    }

    fn retire(&mut self, id: PolynomialId) -> Result<bool, StoreError> {
        match self.polynomial(&id)? {
            None => Ok(false),
            Some(state) if state.retired => Ok(true),
            Some(_) => Ok(self.append(Entry::Retirement { id })?),
        }
    }

    fn retire_all(&mut self) -> Result<(), StoreError> {
        self.append(Entry::RetirementOfAll)?;
        Ok(())
    }
}

impl From<FileStoreError> for StoreError {
    fn from(error: FileStoreError) -> Self {
        Self::new(error)
    }
}

fn io_error(action: &'static str) -> impl Fn(io::Error) -> FileStoreError {
    move |source| FileStoreError::Io { action, source }
}

/// The file, and that this is its only writer.
#[derive(Debug)]
struct LockedFile(File);

impl LockedFile {
    fn new(file: File) -> Result<Self, FileStoreError> {
        // Not `file.try_lock()`: that is the standard library's own wherever the compiler has it, from Rust 1.89 on.
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(FileStoreError::OtherWriter),
            Err(TryLockError::Error(source)) => Err(io_error("lock the file")(source)),
        }
    }

    fn read_all(&mut self) -> Result<Vec<u8>, FileStoreError> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).map_err(io_error("read the file"))?;
        Ok(bytes)
    }
}

impl Drop for LockedFile {
    /// Frees the file at once: a child process that was forked a moment ago shares the lock until it becomes another
    /// program.
    fn drop(&mut self) {
        // Without it, closing does the same a little later.
        let _ = FileExt::unlock(&self.0);
    }
}

/// The entry of a new file in its folder is not durable before the folder is. Only Unix lets one flush a folder.
#[cfg(unix)]
fn sync_folder(path: &Path) -> Result<(), FileStoreError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error("flush the folder"))
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> Result<(), FileStoreError> {
    Ok(())
}
