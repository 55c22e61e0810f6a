//! Durable stores for [`pointlock`], which itself does no I/O.
//!
//! [`FileJournal`] is a node's [journal](pointlock::journal) in one file: what it has acknowledged survives a kill and a power cut between
//! any two writes, appends of several threads share a flush, and what was not flushed is not believed. [`FileClaimStore`] is one that keeps the receiver's
//! count of claims.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::claims::{ClaimBook, Claimed, LockSet};
//! use pointlock::curve::SecretScalar;
//! use pointlock::edge::{Direction, EdgeId};
//! use pointlock::invoice::InvoiceId;
//! use pointlock::invoice::ktime::{PayerScalar, PaymentPolynomial};
//! use pointlock_store::{FileClaimStore, Origin};
//!
//! # let folder = std::env::temp_dir().join(format!("pointlock-store-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let path = folder.join("claims");
//! # let _ = std::fs::remove_file(&path);
//!
//! // The receiver enters a polynomial, and later the claim of a payment, before it reveals anything.
//! let polynomial = PaymentPolynomial::from_entropy(&[1; 32], 1)?;
//! let x = PayerScalar::from_bytes(&[2; 32])?;
//! let lock = SecretScalar::from_bytes(&[3; 32])?.to_point();
//! let locks = LockSet::new([(EdgeId::in_channel([4; 32], Direction::FromNode1, 0), lock)])?;
//! let mut book = ClaimBook::new(FileClaimStore::create(&path)?);
//! book.open(polynomial.id(), InvoiceId::from_bytes([5; 32]), polynomial.k())?;
//! assert_eq!(book.claim(&polynomial.id(), &x, &locks)?, Claimed::First);
//! drop(book);
//!
//! // After a restart the record is there: the same claim again, and nothing new.
//! let mut book = ClaimBook::new(FileClaimStore::open(&path, Origin::Continued)?);
//! assert_eq!(book.claim(&polynomial.id(), &x, &locks)?, Claimed::Again);
//! assert_eq!(book.slots_left(&polynomial.id())?, 0);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - *Rollback.* A restored backup has forgotten claims. Open it with [`Origin::Restored`], which retires every polynomial in it.
//!   A file that someone puts back in secret looks whole; only what is kept elsewhere can tell: [`FileClaimStore::head`] and
//!   [`FileClaimStore::has_been_at`].
//! - *Two copies*, on two machines: the file is locked while it is open, two copies of it are not.
//! - *A disk that ignores a flush.*

mod claims;
mod disk;
mod error;
mod journal;

pub use claims::{ClaimFile, FileClaimStore, Migration, Origin};
pub use error::FileStoreError;
pub use journal::{Cut, FileJournal, JournalHead};
