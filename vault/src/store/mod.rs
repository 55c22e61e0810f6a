//! What the vault keeps, in one database: SQLite in a file, or PostgreSQL by connection string. The same SQL speaks to both; where
//! they differ, `Dialect` says how.
//!
//! # What holds
//!
//! - Nothing is acknowledged before its transaction is durable (SQLite: write-ahead log, `synchronous=FULL`).
//! - *Handed out once, ever* is a row's way from `ready` to `handed`, in one transaction. A row never goes back, and its payment hash
//!   is unique whatever became of it. So several processes on one database need nothing else in common, and may die anywhere.
//! - Each handing out takes a number that only grows. The highest one that was seen stands in a [`mark`](Mark) beside the
//!   database, so that a restored backup is noticed: it has forgotten numbers.
//!
//! # What breaks it
//!
//! - A database and its mark that are put back together, as a snapshot of a whole machine does. `pointlock vault restore` has to be told.
//! - A file system that says flushed when it is not.

mod database;
mod error;
mod keys;
mod mark;
mod notices;
mod one_time;
mod receivers;
mod requests;
mod restore;
mod static_invoices;
mod stock;

pub use database::Store;
pub use error::StoreError;
pub use keys::Ended;
pub use mark::Mark;
pub use notices::{Notice, NoticeKind};
pub use receivers::{Receiver, Terms};
pub use restore::Restored;
pub use static_invoices::{Door, NewStatic, StaticRow};
pub use stock::{Batch, Form, Handed, NewOneTime, OneTime, OneTimeCount, State, Wanted};

use database::{Transaction, bytes, integer};
