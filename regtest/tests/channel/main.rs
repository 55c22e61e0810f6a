//! Every transaction of a channel on a regtest chain, before Bitcoin Core's kernel: mined in each order that the rules allow, and refused in those that they
//! don't, too early, twice, after another one, with another sequence. What a claim tells is read from the mined transaction.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../../channel/tests/common/scene.rs"]
mod scene;

mod close;
mod edges;
mod full;
mod money;
mod penalty;
mod stage;
