#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]
//! What goes wrong at each role, with a twin that is accepted. After an error nothing has changed, and the payment goes on.

#[path = "../common/failing_claims.rs"]
mod failing_claims;
#[path = "../common/nodes.rs"]
mod nodes;
mod scene;

mod attribution;
mod claims;
mod events;
mod forwarder;
mod hold_times;
mod holds;
mod messages;
mod onions;
mod orders;
mod parts;
mod places;
mod receiver;
mod stores;
mod trampolines;
mod way;
