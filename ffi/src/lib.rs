//! The C interface of pointlock, for implementations of Lightning in C, Go and on the JVM: `include/pointlock.h` says all about it, and
//! `docs/c.md` in the repository shows a swap.
//!
//! Over `pointlock::adaptor`, `lock`, and the points of an invoice (`invoice::ktime` and `invoice::proof`). Nothing is computed here:
//! arguments are read and checked, one verb of the library is called, and what it says is written.
//!
//! | module | what it has |
//! | --- | --- |
//! | [`version`] | what header and library agree on |
//! | [`point`], [`secret`] | points, as values; secret scalars, blinds and key pairs, as handles |
//! | [`schnorr`], [`ecdsa`], [`musig2`] | `pre_sign`, `verify`, `adapt`, `extract` |
//! | [`lock`] | the locks along a route |
//! | [`ktime`], [`invoice`], [`proof`] | payment points, where they come from, and what a payer shows afterwards |
//!
//! # Conventions
//!
//! - A call returns an [`Error`](error::Error), and writes its outputs only when that is none. A [`Fault`], where the caller
//!   gives room for one, says which argument is to blame, which item of it, and a sentence.
//! - Every buffer comes with its length, and the length is checked, also where only one is right.
//! - Points are values of 64 bytes ([`point::PointData`]): parsed once, checked to be on the curve whenever they are used. Secrets,
//!   sessions and invoices are handles, which the caller frees; what is secret is erased then.
//! - Secrets leave through functions whose names begin with `pointlock_dangerous_`.
//! - Nothing may overlap what a call writes.
//!
//! The functions are called from Rust only by tests: an [`In`] or [`Out`] can't be made outside C.

#![allow(
    clippy::too_many_arguments,
    reason = "C's functions have as many: each buffer comes with its length"
)]

mod border;
pub mod ecdsa;
pub mod error;
pub mod invoice;
pub mod ktime;
pub mod lock;
pub mod musig2;
pub mod point;
pub mod proof;
mod refusal;
pub mod schnorr;
pub mod secret;
pub mod types;
pub mod version;

pub use border::{In, Out};
pub use refusal::{DETAIL_LENGTH, Fault};
