//! The bytes of all that a role is told and keeps: events, configurations, secrets of their owner, states.
//!
//! A record is `version ‖ kind ‖ fields`, as in [`codec`](crate::journal::codec). There is one version, 1. A kind has one number, and
//! a field one in all events; neither is given a second meaning. Fields are even: a reader that does not know one refuses the record.
//! One field of a state is odd, 21, and is passed over by a reader that does not know it.
//!
//! All kinds and fields are in `docs/formats.md`.
//!
//! # What breaks it
//!
//! - Whoever can write into a journal can write any event: an incoming edge is taken from it without its signatures
//!   ([`IncomingEdge::from_own_journal`](crate::edge::IncomingEdge)), because the journal is the node's own memory.
//! - Whoever can read it has secrets: node key, lock secrets, seeds, polynomials. Each is put in by a method that begins with `dangerous_`.
//! - A configuration whose deadlines or policy changed between two starts: what was decided before stays as it was; what comes is decided
//!   by the new ones.

mod config;
mod events;
mod keeping;
pub(super) mod kinds;
mod orders;
mod receiving;
mod recovery;
mod values;

use alloc::string::ToString;

use crate::journal::RecordError;
use crate::journal::codec::{Fault, FieldReader, read_record};

/// Refuses a list whose keys don't ascend: what is a set in memory has one encoding.
pub(super) fn check_ascending<K: Ord>(keys: impl IntoIterator<Item = K>) -> Result<(), Fault> {
    let mut last = None;
    for key in keys {
        if last.as_ref().is_some_and(|last| *last >= key) {
            return Err("not in ascending order".into());
        }
        last = Some(key);
    }
    Ok(())
}

/// The fields of a state.
///
/// # Errors
///
/// [`RecordError::OtherOwner`] for that of another role, and as [`read_record`].
pub(super) fn read_state(bytes: &[u8], expected: u64) -> Result<FieldReader<'_>, RecordError> {
    let (kind, fields) = read_record(bytes)?;
    match (owner(kind), owner(expected)) {
        (Some(found), Some(expected)) if found != expected => Err(RecordError::OtherOwner {
            found: found.to_string(),
            expected: expected.to_string(),
        }),
        (Some(_), _) => Ok(fields),
        (None, _) => Err(RecordError::UnknownKind { kind }),
    }
}

fn owner(kind: u64) -> Option<&'static str> {
    match kind {
        kinds::SENDER => Some("a sender"),
        kinds::FORWARDER => Some("a forwarder"),
        kinds::RECEIVER => Some("a receiver"),
        kinds::NODE => Some("a node"),
        _ => None,
    }
}
