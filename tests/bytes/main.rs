//! The bytes of what a role keeps: events, configurations, contracts, states. What is read is written as it was, and a state with the
//! events behind it is the state of all events.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod contracts;
mod cuts;
mod events;
mod fixtures;
mod histories;
mod net;
mod random;
mod refusals;
mod samples;
