use thiserror::Error;

use crate::StoreError;
use crate::invoice::InvoiceId;
use crate::invoice::ktime::{PayerScalar, PolynomialId};

/// Why a claim may not be made, or a polynomial not be published.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClaimError {
    /// The book has no such polynomial.
    #[error("polynomial {0}: not in the book of claims")]
    UnknownPolynomial(PolynomialId),
    /// The polynomial is in another invoice already, or was opened with another k.
    #[error("polynomial {polynomial}: in use for invoice {invoice}")]
    PolynomialInUse {
        /// The polynomial.
        polynomial: PolynomialId,
        /// The invoice that it is in.
        invoice: InvoiceId,
    },
    /// k is zero or exceeds 32 bits.
    #[error("polynomial {polynomial}: k = {k} is out of range")]
    DegreeOutOfRange {
        /// The polynomial.
        polynomial: PolynomialId,
        /// The k that was given.
        k: usize,
    },
    /// All k claims are made: publish a fresh polynomial, in a fresh invoice.
    #[error("polynomial {polynomial}: all {k} payments are claimed, a fresh polynomial is needed")]
    NoSlotLeft {
        /// The polynomial.
        polynomial: PolynomialId,
        /// How many claims it allows.
        k: u32,
    },
    /// The polynomial takes no new claims: it comes from a backup, or its owner has ended it.
    #[error("polynomial {0}: retired, a fresh polynomial is needed")]
    Retired(PolynomialId),
    /// This x was claimed, for another set of locks.
    #[error("x {0}: claimed before, with other locks")]
    AlreadyClaimed(PayerScalar),
    /// A set of locks has at least one and at most [`LockSet::MAX`](super::LockSet::MAX), each edge once.
    #[error("locks: {count} of them, or an edge twice")]
    NoSet {
        /// How many were given.
        count: usize,
    },
    /// The store failed. The change may have happened or not, so nothing may be revealed; the same call finds out.
    #[error("claim store: {0}")]
    Store(#[from] StoreError),
}
