//! Errors by who can make the mistake.
//!
//! A [`Refusal`] is what a peer or a sender did wrong: it fails a payment back, and is no error of a role's. A [`PayloadError`] says what
//! is wrong with bytes. The others mean that whoever drives a role told it something impossible, and that nothing has changed: one enum
//! for each role, and below them those of what the roles share.

mod payload;
mod refusal;
mod roles;
mod shared;

pub use payload::PayloadError;
pub use refusal::Refusal;
pub use roles::{
    ConfigError, ForwarderError, OrderError, PublishError, ReceiverError, SenderError,
};
pub use shared::{EdgeError, HeightError, MessageError, RouteError};
