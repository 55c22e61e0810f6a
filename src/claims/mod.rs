//! The receiver's count of claims: what it has claimed under each polynomial of k-time payment points, and so what it may
//! still claim.
//!
//! k claims of different x leave a polynomial of degree k as secret as it was, and the k+1st gives it away
//! ([`ktime`](crate::invoice::ktime)). So the count has to survive whatever happens to the node:
//!
//! ```text
//! count x with its exact set of locks ──durable──▶ reveal z(x) + Y ──crash──▶ the same x, the same locks: again
//!                                                                          └▶ the same x, other locks: never
//! ```
//!
//! [`ClaimBook`] has the rules, a [`ClaimStore`] the records. What is durable is always a [journal](crate::journal): the node's own, whose
//! events are replayed over a [`MemoryClaimStore`], or one for the claims alone ([`JournaledClaims`]), such as the file in the crate
//! `pointlock-store`. Claims that come together are recorded together, with one flush ([`ClaimBook::claim_all`]).
//!
//! A slot is never given back, also where a payment was recorded, waited for its driver, and was failed at its deadline with its secret never
//! asked for. To free it, somebody would have to be sure that the secret did *not* leave: that a journal lacks a record. A journal that was
//! rolled back lacks it, too, and then k + 1 are claimed. A kept slot costs a payer the time of a payment of the least amount; a freed one that was used
//! costs the polynomial. The payer of such a payment pays again under another key.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::claims::{ClaimBook, ClaimError, Claimed, LockSet, MemoryClaimStore};
//! use pointlock::curve::SecretScalar;
//! use pointlock::edge::{Direction, EdgeId};
//! use pointlock::invoice::InvoiceId;
//! use pointlock::invoice::ktime::{PayerScalar, PaymentPolynomial};
//!
//! // The receiver opens the book before the invoice gets out: a polynomial for one payment, k = 1.
//! let polynomial = PaymentPolynomial::from_entropy(&[1; 32], 1)?;
//! let mut book = ClaimBook::new(MemoryClaimStore::default());
//! book.open(polynomial.id(), InvoiceId::from_bytes([2; 32]), polynomial.k())?;
//!
//! // A payment is there, under the x of its payer. The book first, then the secret.
//! let x = PayerScalar::from_bytes(&[3; 32])?;
//! let last_lock = SecretScalar::from_bytes(&[4; 32])?.to_point();
//! let edge = EdgeId::in_channel([5; 32], Direction::FromNode1, 0);
//! let locks = LockSet::new([(edge, last_lock)])?;
//! assert_eq!(book.claim(&polynomial.id(), &x, &locks)?, Claimed::First);
//! let point_secret = polynomial.evaluate(&x)?;
//!
//! // After a crash: the same again, and nothing else.
//! assert_eq!(book.claim(&polynomial.id(), &x, &locks)?, Claimed::Again);
//! let other = PayerScalar::from_bytes(&[6; 32])?;
//! assert_eq!(
//!     book.claim(&polynomial.id(), &other, &locks),
//!     Err(ClaimError::NoSlotLeft { polynomial: polynomial.id(), k: 1 }),
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - *Rollback.* A store that comes back as it was earlier has forgotten claims, and counts too few. A restored backup is
//!   therefore opened as one ([`ClaimBook::retire_all`]), which retires every polynomial in it: what was recorded may be claimed
//!   again, nothing new, except what the node's own journal says was claimed ([`ClaimBook::replay_claim`]). A store that someone puts back in secret looks whole; only what is kept elsewhere can tell.
//! - *Two writers.* Each would count k. The file is locked while it is open; two copies of it, on two machines, are not.
//! - *A store that says "durable" and is not*, such as a disk that ignores a flush.
//! - *Revealing first.* The book can't see what its caller does with z(X).
//!
//! # References
//!
//! The problem is that of stateful hash-based signatures: [NIST SP 800-208](https://csrc.nist.gov/pubs/sp/800/208/final),
//! where a state that is used twice gives the key away.

mod book;
mod entry;
mod error;
mod journaled;
mod record;
mod store;

pub use book::{ClaimBook, Claimed};
pub use entry::ClaimEntry;
pub use error::ClaimError;
pub use journaled::JournaledClaims;
pub use record::LockSet;
pub use store::{ClaimStore, MemoryClaimStore, PolynomialState};
