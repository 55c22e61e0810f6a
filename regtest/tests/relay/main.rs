//! What a `bitcoind` relays of a channel: every package and its forbidden twin, and the attacks on a mempool. It is started and stopped here, and it is built from
//! the source of the kernel's crate: `just long-relay`.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../../channel/tests/common/scene.rs"]
mod scene;

mod attacks;
mod node;
mod packages;
mod relay;
