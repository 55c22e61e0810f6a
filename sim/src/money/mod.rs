//! The model of the money: random histories, after which each honest node has at least what it had, less the fees that it agreed to pay.
//!
//! Some nodes of a [`Setting`] are one party and want the money of the others. The others do what their roles say, at once.
//!
//! ```text
//! what the coalition knows    what any of its roles was told or computed, with sums and differences of two; secrets that it was given or has
//!                             seen on their way into a block
//! what it can do              answer nothing, or late; refuse; fail and claim whenever it likes; take back what has expired; offer less,
//!                             or for a shorter time, or under a lock of its own, or the same once more, as a stranger too; lose
//!                             what it should do; keep others' transactions out of blocks for S = 12
//! what the chain does         mines; takes back its last two blocks (R = 2)
//! what happens to the honest  they crash, and are what their journals make of them; what they want is done in any order within a block;
//!                             the receiver's mail is late, lost, or there twice
//!
//! what has to hold            forwarder   each outgoing edge that was claimed has an incoming one of its own that was, with the fee
//!                             sender      what it has spent is for payments that have arrived, each part once; the receiver has them whole
//!                             receiver    it has payments whole or not at all
//! ```
//!
//! A contract that stands open at the end counts as paid, and as not received.
//!
//! # Synopsis
//!
//! ```
//! use pointlock_sim::PlainChain;
//! use pointlock_sim::money::History;
//!
//! let (outcome, verdict) = History::draw(7).play(PlainChain::new(900_000));
//! assert_eq!(verdict, Ok(()));
//! assert!(outcome.contracts > 0);
//!
//! // As text, for `pointlock history`.
//! let history: History = "
//!     forwarder 1000 100 40
//!     forwarder 1000 100 40
//!     colluding n2
//!     ending greedy
//!
//!     pay s1 20000000 over n1 n2
//!     run
//! ".parse()?;
//! assert_eq!(history.play(PlainChain::new(900_000)).0.paid, 1);
//! # Ok::<(), pointlock_sim::money::HistoryError>(())
//! ```
//!
//! # What breaks it
//!
//! - The coalition tries sums and differences of two secrets, not all spans; `pointlock-collusion` decides these, for histories of its own.
//! - Contracts that stand are not taken back by a reorganisation: the block in which a contract was funded is final.
//! - Money is what the contracts say, and not what a fee on the chain takes of it.

mod blocks;
mod channel;
mod coalition;
mod draw;
mod setting;
mod shrink;
mod step;
mod text;
mod verdict;
mod world;

use crate::{Chain, PlainChain};

pub use setting::{Ending, Setting};
pub use step::{Pay, Step, Tamper};
pub use text::HistoryError;
pub use verdict::{Loss, Outcome};

use world::World;

/// Who there is, and what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Who there is.
    pub setting: Setting,
    /// What happens.
    pub steps: Vec<Step>,
}

impl History {
    /// The height at which a history begins, if nobody says otherwise.
    pub const HEIGHT: u32 = 900_000;

    /// Plays it on this chain to its end; says how it went, and who has lost.
    ///
    /// # Panics
    ///
    /// A node wants something again and again, or its journal can't be read: what no history may come to.
    pub fn play<C: Chain>(&self, chain: C) -> (Outcome, Result<(), Loss>) {
        let world = World::new(&self.setting, chain);
        let mut world = world.unwrap_or_else(|error| panic!("no such nodes: {error}"));
        for step in &self.steps {
            world.step(step);
        }
        world.end();
        world.judge()
    }

    /// Whether an honest node loses, or something panics.
    pub fn fails(&self) -> bool {
        let played = std::panic::catch_unwind(|| self.play(PlainChain::new(Self::HEIGHT)).1);
        !matches!(played, Ok(Ok(())))
    }
}
