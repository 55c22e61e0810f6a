//! A regtest chain in the process, by Bitcoin Core's kernel: blocks are built here, and judged by the code that judges them on the network.
//!
//! It is a [`pointlock_sim::Chain`], so whatever runs on the simulator's chains runs on this one: with a block for each confirmation, coins that come from
//! coinbases, lock times relative and absolute, and every script run by Bitcoin Core.
//!
//! # How it judges
//!
//! A block is accepted when the kernel's validation callback calls it valid *and* it is the tip. What `process_block` returns says neither: it is
//! "new" for a block that is stored and found invalid afterwards. The reason of a refusal stands nowhere but in the kernel's log, from which it is read.
//!
//! To [judge](pointlock_sim::Chain::judge) without confirming, a block is offered whose coinbase takes all bitcoin that there can be. The kernel looks at that after
//! all else, so `bad-cb-amount` means that nothing else was wrong.
//!
//! # Synopsis
//!
//! ```
//! use bitcoin::{Amount, TxOut};
//! use pointlock_regtest::RegtestChain;
//! use pointlock_sim::Chain;
//!
//! let mut chain = RegtestChain::new()?;
//! let coin = chain.fund(TxOut { value: Amount::from_sat(10_000), script_pubkey: RegtestChain::anyones() })?;
//! let spend = chain.spend_to_anyone(&[coin], Amount::from_sat(9_000));
//! chain.judge(&spend)?;
//! chain.confirm(&spend)?;
//! let another = chain.spend_to_anyone(&[coin], Amount::from_sat(8_000));
//! assert_eq!(chain.judge(&another).unwrap_err().reason(), Some("bad-txns-inputs-missingorspent"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - *Policy is not here.* The kernel judges blocks. What nodes relay is another question: `docs/channel.md` has what a `bitcoind` said, in `tests/relay/`.
//! - *Two of them are two chains*, which know nothing of each other, though they share one log: each reads the lines of its own thread.

#![forbid(unsafe_code)]

mod block;
mod chain;
mod kernel;
mod log;

pub use chain::{Refused, RegtestChain};
