//! The count of claims in a file; the rules are [`ClaimBook`](pointlock::claims::ClaimBook)'s.

use std::path::Path;
#[cfg(test)]
use std::sync::Arc;

use pointlock::StoreError;
use pointlock::claims::{ClaimStore, JournaledClaims, LockSet, PolynomialState};
use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::{PayerScalar, PolynomialId};
use pointlock::journal::JournalError;

use crate::FileStoreError;
use crate::disk::{Disk, LocalDisk};
use crate::journal::format::version_of;
use crate::{Cut, FileJournal, JournalHead};

mod format_2;
mod migration;
#[cfg(test)]
mod tests;

pub use migration::{ClaimFile, Migration};

/// Where the file of a store comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is the file that this node wrote last.
    Continued,
    /// It is a backup, or came back in some other way that may have lost claims at its end. Damage behind the last whole
    /// record is cut off, and every polynomial is retired, durably, before anything else.
    Restored,
}

/// A store of claims in one file, which is a [journal](FileJournal) of [`ClaimEntry`](pointlock::claims::ClaimEntry)s: each is flushed to
/// the disk before the call returns, and those of one call together.
///
/// What happens to the file, and what it does, is a journal's. Besides:
///
/// | event | effect |
/// | --- | --- |
/// | the file is lost | it does not open; [`create`](Self::create) never takes the place of [`open`](Self::open) |
/// | the file is a backup | [`Origin::Restored`]: it opens up to the first damage, and takes no new claim under what is in it |
/// | the file is of an earlier version | [`FileStoreError::OtherVersion`]; [`migrate`](Self::migrate) makes a new one of it |
/// | records missing at the end, or an old file | can't be seen from inside: [`head`](Self::head) |
#[derive(Debug)]
pub struct FileClaimStore {
    claims: JournaledClaims<FileJournal>,
}

/// What the journal of a store is called.
const NAME: &str = "claims 3";
/// What the files of the releases before began with.
const MAGIC_BEFORE: &[u8] = b"pointlock claims ";

impl FileClaimStore {
    /// The version of the format that is written and read.
    pub const VERSION: u32 = 3;

    /// Makes a new store: there is no file at `path`, or one whose creation was cut off.
    ///
    /// # Errors
    ///
    /// [`FileStoreError::Exists`], [`FileStoreError::OtherWriter`] and [`FileStoreError::Io`].
    pub fn create(path: &Path) -> Result<Self, FileStoreError> {
        Self::over(FileJournal::create(path, NAME)?)
    }

    /// Opens a store that was created before.
    ///
    /// # Errors
    ///
    /// [`FileStoreError`].
    pub fn open(path: &Path, origin: Origin) -> Result<Self, FileStoreError> {
        let opened = match origin {
            Origin::Continued => FileJournal::open(path, NAME),
            Origin::Restored => FileJournal::open_damaged(path, NAME),
        };
        let journal = opened.map_err(|error| match error {
            FileStoreError::NotAJournal => {
                let bytes = LocalDisk.open(path).and_then(|mut file| file.read_all());
                bytes.ok().and_then(|bytes| version_error(&bytes)).unwrap_or(error)
            }
            other => other,
        })?;
        let mut store = Self::over(journal)?;
        if origin == Origin::Restored {
            store.retire_all().map_err(JournalError::from)?;
        }
        Ok(store)
    }

    #[cfg(test)]
    pub(crate) fn create_on(disk: Arc<dyn Disk>, path: &Path) -> Result<Self, FileStoreError> {
        Self::over(FileJournal::create_on(disk, path, NAME)?)
    }

    #[cfg(test)]
    pub(crate) fn open_on(disk: Arc<dyn Disk>, path: &Path) -> Result<Self, FileStoreError> {
        let refuse = crate::journal::format::OnDamage::Refuse;
        Self::over(FileJournal::open_on(disk, path, NAME, refuse)?)
    }

    fn over(journal: FileJournal) -> Result<Self, FileStoreError> {
        Ok(Self { claims: JournaledClaims::open(journal)? })
    }

    /// How far the store has come.
    pub fn head(&self) -> JournalHead {
        self.claims.journal().head()
    }

    /// Whether this store was once at `head`, and has at most gone on since. If not, it was rolled back or is another
    /// store: open it as [`Origin::Restored`].
    pub fn has_been_at(&self, head: &JournalHead) -> bool {
        // Nothing is ever dropped from it, and one that has failed is not asked for its past.
        matches!(self.claims.journal().has_been_at(head), Ok(Some(true)))
    }

    /// What was cut off when the file was opened.
    pub fn cut(&self) -> Option<Cut> {
        self.claims.journal().cut()
    }
}

/// The error that names a store of an earlier version, if these bytes are one.
fn version_error(bytes: &[u8]) -> Option<FileStoreError> {
    let version = version_of(bytes, MAGIC_BEFORE)?;
    let (format, reads) = ("store of claims", FileClaimStore::VERSION);
    Some(FileStoreError::OtherVersion { format, version, reads })
}

impl ClaimStore for FileClaimStore {
    fn polynomial(&self, id: &PolynomialId) -> Result<Option<PolynomialState>, StoreError> {
        self.claims.polynomial(id)
    }

    fn claim(&self, id: &PolynomialId, x: &PayerScalar) -> Result<Option<LockSet>, StoreError> {
        self.claims.claim(id, x)
    }

    fn insert_polynomial(
        &mut self,
        id: PolynomialId,
        invoice: InvoiceId,
        k: u32,
    ) -> Result<bool, StoreError> {
        self.claims.insert_polynomial(id, invoice, k)
    }

    fn insert_retired_polynomial(
        &mut self,
        id: PolynomialId,
        invoice: InvoiceId,
        k: u32,
    ) -> Result<bool, StoreError> {
        self.claims.insert_retired_polynomial(id, invoice, k)
    }

    fn insert_claim(
        &mut self,
        id: PolynomialId,
        x: PayerScalar,
        locks: LockSet,
    ) -> Result<bool, StoreError> {
        self.claims.insert_claim(id, x, locks)
    }

    fn insert_claims(
        &mut self,
        claims: Vec<(PolynomialId, PayerScalar, LockSet)>,
    ) -> Result<Vec<bool>, StoreError> {
        self.claims.insert_claims(claims)
    }

    fn retire(&mut self, id: PolynomialId) -> Result<bool, StoreError> {
        self.claims.retire(id)
    }

    fn retire_all(&mut self) -> Result<(), StoreError> {
        self.claims.retire_all()
    }
}
