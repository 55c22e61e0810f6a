//! Nothing waits beyond its height: every stage of every role has a deadline, and nobody honest loses more than a fee by what others
//! put off, take back or say too late.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod coalition;
mod edges;
mod forwarder;
mod height;
mod orders;
mod receiver;
mod scene;
mod sender;
