//! Nodes that pay each other over real contracts, on whichever chain you bring.
//!
//! A simulator is a driver of the roles in [`pointlock::payment`]: it carries out what they want done, tells them what happened, and writes down
//! both. Contracts are pre-signed, claimed and taken back as on any chain; secrets are extracted from claims; messages are onions.
//! What it does not have is consensus code: a [`Chain`] is given to it. [`PlainChain`] runs no scripts; `pointlock demo` brings one with
//! Bitcoin Core's.
//!
//! # Synopsis
//!
//! An invoice, left with nobody in particular; a payment that is held by the first forwarder until the receiver is back.
//!
//! ```
//! use pointlock::payment::{HoldPlan, Payment};
//! use pointlock_sim::{Fact, Keep, Opening, OpeningKind, PlainChain, Scenario, Way, Who};
//!
//! let now = 1_790_000_000;
//! let mut sim = Scenario { keep: Keep { mail: true, ..Keep::default() }, ..Scenario::default() }
//!     .start(PlainChain::new(900_000));
//!
//! let opening = Opening::draw(OpeningKind::Point, &mut sim.entropy)?;
//! let builder = opening.builder(now).description("tea");
//! let published = sim.sign(opening, builder, 0)?;
//! sim.receive(published.event())?;
//!
//! let parts = sim.parts(50_000_000, 1, Way::default());
//! let hold = Some(HoldPlan { hop: 1, blocks: 300 });
//! sim.pay(0, Payment { hold, ..sim.order(published.invoice, parts, now) })?;
//! assert_eq!(sim.contracts.len(), 1, "held");
//!
//! sim.mine(144)?;
//! sim.read_mail_from(Who::Sender(0))?;
//! sim.run()?;
//! assert_eq!(sim.balances()[&Who::Receiver], 50_000_000);
//! assert!(sim.facts().any(|fact| matches!(fact, Fact::Paid { by: Who::Sender(0), .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The map
//!
//! | file | what it does |
//! | --- | --- |
//! | `scenario` | who there is, and on what terms |
//! | `sim` | carries out what roles want |
//! | `roles` | tells roles what happened |
//! | `contracts`, `settling` | how a contract comes about, and how it ends |
//! | `mail` | onion messages, from node to node, kept for nodes that are away |
//! | `invoices`, `routes` | what the receiver gives out, and the ways to it |
//! | `book` | which contract is which edge of which payment |
//! | `fault` | what a node does otherwise than its role says |
//! | `fact`, `record` | what happened, and whether it happens again when it is replayed |
//! | `restart` | crashes, and what the roles want after one |
//! | `money` | random histories, and whether an honest node loses money in one |
//! | `chain`, `entropy` | what a scenario runs on |
//! | `system` | S1 to S5 |
//!
//! # What breaks it
//!
//! - Everybody's secrets lie side by side in one process: it is for tests, demonstrations and analyses.
//! - Time is the chain's. What a node does within a block has an order, and no duration.

#![forbid(unsafe_code)]

mod book;
mod chain;
mod contracts;
mod entropy;
mod error;
mod fact;
mod fault;
mod invoices;
mod mail;
pub mod money;
mod record;
mod restart;
mod roles;
mod routes;
mod scenario;
mod settling;
mod sim;
mod system;

pub use book::{Attempt, OnPath, PaymentMade, Place};
pub use chain::{Chain, PlainChain};
pub use contracts::{Contract, Delivery, Standing, ToLock};
pub use entropy::Entropy;
pub use error::SimError;
pub use fact::{Fact, Happened};
pub use fault::{Fault, FaultKind, OneFault};
pub use invoices::{Opening, OpeningKind, Published};
pub use mail::Mail;
pub use record::{Record, ReplayDiffers};
pub use routes::Way;
pub use scenario::{Channels, Hop, Keep, NodeKeys, Scenario, Settle, Who};
pub use sim::Sim;
pub use system::{Holder, System};
