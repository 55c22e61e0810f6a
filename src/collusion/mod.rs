//! Who can steal.

mod analysis;
mod coalition;
mod derivation;
mod error;
mod field;
mod form;
mod model;
mod search;
mod span;
mod symbols;

pub use analysis::{Analysis, Method, Share, Theft};
pub use coalition::Coalition;
pub use error::CollusionError;
pub use form::{Atom, Form};
pub use model::{Fact, Model, Party, Target};
pub use symbols::{AttemptSymbols, InvoiceKind, Symbols};
