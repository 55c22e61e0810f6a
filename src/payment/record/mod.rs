//! The bytes of all that a role is told and keeps: events, configurations, secrets of their owner, states.
//!
//! A record is `version ‖ kind ‖ fields`, as in [`codec`](crate::journal::codec). There is one version, 1. A kind has one number, and
//! a field one in all events; neither is given a second meaning. Fields are even: a reader that does not know one refuses the record.
//!
//! # Events
//!
//! | kind | event | fields | node | sender | forwarder | receiver |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | 1 | `Block` | height | x | x | x | x |
//! | 2 | `BlockDisconnected` | height | x | x | x | x |
//! | 3 | `IncomingCommitted` | from (not the receiver's), edge, path_key?, packet | x | | x | x |
//! | 4 | `MessageReceived` | message, entropy | x | | x | x |
//! | 5 | `OutgoingCommitted` | edge, attempt or incoming | x | x | x | |
//! | 6 | `OfferFailed` | attempt or incoming | x | x | x | |
//! | 7 | `OutgoingFulfilled` | outgoing, secret | x | x | x | |
//! | 8 | `OutgoingFailed` | outgoing, failure? | x | x | x | |
//! | 9 | `OutgoingTakenBack` | height, outgoing | x | x | x | |
//! | 10 | `Claiming` | incoming | x | | | x |
//! | 11 | `IncomingClaimed` | incoming | x | | x | |
//! | 12 | `ClaimConfirmed` | height, incoming | x | | x | x |
//! | 13 | `IncomingTakenBack` | height, incoming | x | | x | x |
//! | 14 | `FailGiven` | incoming | x | | x | x |
//! | 15 | `IncomingFailed` | incoming | x | | x | |
//! | 16 | `Forget` | payment id | x | x | | |
//! | 17 | `Time` | unix_time | x | | | x |
//! | 18 | `Pay` | payment | x | x | | |
//! | 19 | `Retry` | height, attempt, order | x | x | | |
//! | 20 | `Announce`, of the sender's | payment id, seed | x | x | | |
//! | 21 | `AnnounceHold`; `Announce`, of the forwarder's | entropy, hold | x | | x | |
//! | 22 | `Cancel` | payment id | x | x | | |
//! | 23 | `RouteFound` | incoming, seed, forwarders | x | | x | |
//! | 24 | `NoRoute` | incoming | x | | x | |
//! | 25 | `Published` | secret, invoice, paths | x | | | x |
//! | 26 | `PublishedPolynomial` | invoice, paths, polynomial | x | | | x |
//! | 27 | `Withdrawn` | invoice id | x | | | x |
//! | 28 | `RateGiven` | rate | x | | | x |
//! | 29 | `PartsTimedOut` | incoming | x | | | x |
//! | 30 | `MessageReceived`, of the sender's | path_id, payload | | x | | |
//! | 31 | `Settled` | incoming | | | | x |
//!
//! The numbers of the fields: height 0, from 2, edge 4, path_key 6, packet 8, message 10, entropy 12, attempt 14, incoming 16,
//! outgoing 18, secret 20, failure 22, payment id 24, unix_time 26, payment 28, order 30, seed 32, hold 34, forwarders 36, invoice 38,
//! paths 40, polynomial 42, invoice id 44, rate 46, path_id 48, payload 50.
//!
//! # What an owner keeps beside the journal
//!
//! | kind | what | secrets in it |
//! | --- | --- | --- |
//! | 64, 65, 66 | configuration of a node, a forwarder, a receiver | node key |
//! | 67 | deadlines | |
//! | 68, 69 | seed of an attempt, of a payer | all of it |
//! | 70 | what a receiver keeps of the paths of an invoice | path ids, shared secrets |
//! | 71 | a polynomial | its coefficients |
//! | 72, 73 | a contract, as its offerer and as its claimer keep it: `contract::record` | |
//!
//! # States
//!
//! | kind | of | fields |
//! | --- | --- | --- |
//! | 96 | a sender | 0 height, 2 payments, 4 attempts |
//! | 97 | a forwarder | 0 intake, 2 forwards |
//! | 98 | a receiver | 0 intake, 2 receipts |
//! | 99 | a node | 0 intake, 2 sender, 4 forwards, 6 receipts |
//!
//! *Intake* is what a node has once: its node id, by which the state of another node is refused, the height and the replay tags. What a
//! role finds things by is not in its state; it is made again. Lists that are sets or maps in memory ascend by their keys. The fields of
//! each part stand in the file `snapshot.rs` beside what it is about.
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
