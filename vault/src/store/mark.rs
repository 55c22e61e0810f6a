use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use fs4::FileExt;
use sha2::{Digest as _, Sha256};

use super::StoreError;

const HEADER: &str = "pointlock vault mark 1";
/// Header, incarnation, number in 20 digits, checksum, a line each.
const LENGTH: usize = HEADER.len() + 1 + 33 + 21 + 17;

/// The highest number that was handed out, in a file beside the database, and whose database it is.
///
/// It is written before an answer leaves, so the killing of a process loses nothing of it. It is not flushed each time: what a crash of
/// the machine takes makes the mark older than the database, which is no fault.
#[derive(Debug)]
pub struct Mark {
    path: PathBuf,
    file: File,
    incarnation: [u8; 16],
    /// What this process knows to be in the file.
    number: AtomicU64,
}

/// What a file of a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) incarnation: [u8; 16],
    pub(super) number: u64,
}

impl Written {
    fn to_text(self) -> String {
        let body = format!("{HEADER}\n{}\n{:020}\n", hex::encode(self.incarnation), self.number);
        let checksum = hex::encode(&Sha256::digest(&body)[..8]);
        format!("{body}{checksum}\n")
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut lines = text.lines().skip(1);
        let mut incarnation = [0; 16];
        hex::decode_to_slice(lines.next()?, &mut incarnation).ok()?;
        let written = Self { incarnation, number: lines.next()?.parse().ok()? };
        (written.to_text() == text).then_some(written)
    }
}

impl Mark {
    /// What stands in this file; None where there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Written>, StoreError> {
        match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Mark { path: path.to_owned(), source }),
            // A file that a crash left before its first word.
            Ok(bytes) if bytes.is_empty() => Ok(None),
            Ok(bytes) => match Written::parse(&bytes) {
                Some(written) => Ok(Some(written)),
                None => Err(StoreError::MarkDamaged { path: path.to_owned() }),
            },
        }
    }

    /// Opens the mark of this incarnation; a file of another one becomes this one's. Durable when it returns.
    pub(super) fn open(
        path: &Path,
        incarnation: [u8; 16],
        number: u64,
    ) -> Result<Self, StoreError> {
        let fail = |source| StoreError::Mark { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).open(path).map_err(fail)?;
        let mark = Self { path: path.to_owned(), file, incarnation, number: AtomicU64::new(0) };
        mark.locked(|mark| {
            let before = mark.written()?.filter(|written| written.incarnation == incarnation);
            let number = before.map_or(number, |written| written.number.max(number));
            mark.write(number)?;
            mark.file.sync_all()?;
            // Its name, too, where it is new.
            File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
        })
        .map_err(fail)?;
        Ok(mark)
    }

    /// The highest number that this process knows of.
    pub fn number(&self) -> u64 {
        self.number.load(Ordering::Acquire)
    }

    /// This number was handed out, or one at least as high.
    pub(super) fn raise(&self, number: u64) -> Result<(), StoreError> {
        if number <= self.number() {
            return Ok(());
        }
        self.locked(|mark| {
            let others = mark.written()?.map_or(0, |written| written.number);
            mark.write(number.max(others))
        })
        .map_err(|source| StoreError::Mark { path: self.path.clone(), source })
    }

    /// What other processes on this folder handed out counts, too.
    pub(super) fn refresh(&self) -> Result<(), StoreError> {
        if let Some(written) = Self::read(&self.path)? {
            if written.incarnation != self.incarnation {
                return Err(StoreError::OtherDatabase);
            }
            self.number.fetch_max(written.number, Ordering::AcqRel);
        }
        Ok(())
    }

    /// To the disk.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn locked(&self, work: impl FnOnce(&Self) -> io::Result<()>) -> io::Result<()> {
        // A lock of its own: one on `file` would be shared by the threads of this process.
        let lock = File::open(&self.path)?;
        FileExt::lock(&lock)?;
        let result = work(self);
        FileExt::unlock(&lock)?;
        result
    }

    fn written(&self) -> io::Result<Option<Written>> {
        let mut bytes = [0; LENGTH];
        match std::os::unix::fs::FileExt::read_exact_at(&self.file, &mut bytes, 0) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
            Ok(()) => Ok(Written::parse(&bytes)),
        }
    }

    fn write(&self, number: u64) -> io::Result<()> {
        let text = Written { incarnation: self.incarnation, number }.to_text();
        // Less than a sector, at the start of one.
        std::os::unix::fs::FileExt::write_all_at(&self.file, text.as_bytes(), 0)?;
        self.number.fetch_max(number, Ordering::AcqRel);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let written = Written { incarnation: [7; 16], number: u64::MAX };
        let text = written.to_text();
        assert_eq!(text.len(), LENGTH);
        assert_eq!(Written::parse(text.as_bytes()), Some(written));
        for index in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[index] ^= 1;
            assert_eq!(Written::parse(&bytes), None, "byte {index}");
            assert_eq!(Written::parse(&text.as_bytes()[..index]), None, "cut at {index}");
        }
    }
}
