use alloc::string::{String, ToString};
use core::fmt;

/// What a store says when it fails, as text: nobody above a store can do more with it than say it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(String);

impl StoreError {
    /// With this reason.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}
