//! What the stores need of a disk, and no more: so that the tests have one that records every call, fails at any, and forgets in a crash
//! what was not flushed.

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};

mod local;
#[cfg(test)]
pub(crate) mod simulated;

pub(crate) use local::{LocalDisk, LockedFile, resolved};

/// Folders and names. A change of these is durable when the folder was flushed.
pub(crate) trait Disk: Debug + Send + Sync {
    /// Opens a file to read and write, and makes it first if there is none. Nobody but its owner reads it: it holds secrets.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file that there is, to read and write.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Takes the lock of this name, a file beside the one that it is about: that one is replaced by snapshots, this never.
    /// [`io::ErrorKind::WouldBlock`] if somebody has it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Lock>>;

    /// Puts a file in the place of another.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Flushes the folder in which a file is.
    fn sync_folder(&self, of: &Path) -> io::Result<()>;
}

/// An open file. A change is durable when it was flushed.
pub(crate) trait DiskFile: Debug + Send {
    /// All that stands in it.
    fn read_all(&mut self) -> io::Result<Vec<u8>>;

    /// Writes all bytes from this place on.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts it off behind so many bytes.
    fn set_length(&mut self, length: u64) -> io::Result<()>;

    /// Flushes it, its length included.
    fn sync(&mut self) -> io::Result<()>;
}

/// Frees the lock when it is dropped; a process that is killed frees it as well.
pub(crate) trait Lock: Debug + Send {}

/// The path with something behind the file's name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
