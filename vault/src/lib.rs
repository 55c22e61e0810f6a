//! The vault: an invoice server for receivers that are mostly offline. It keeps what they leave and hands it out by every door that a payer
//! knows: static invoices with payment points again and again, one-time invoices once.
//!
//! # Synopsis
//!
//! ```no_run
//! use pointlock_vault::config::Options;
//!
//! # async fn run(told_to_end: tokio::sync::oneshot::Receiver<()>) -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options { chain: Some("regtest".into()), ..Options::default() };
//! let running = pointlock_vault::start(options.resolve()?).await?;
//! println!("listening at {}", running.address);
//! running.run(told_to_end).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # The map
//!
//! | module | what it is | it works with |
//! | --- | --- | --- |
//! | `serve` | starting and ending | all below |
//! | `http` | what is said over HTTP | `vault`, `cache`, `store`, and what is checked and signed |
//! | `peers` | BOLT 12 over onion messages, by LDK | `vault`, `cache`, `store` |
//! | `vault` | one vault, as every door works with it | `cache`, `limits`, `metrics`, `store`, `bolt11` |
//! | `cache` | what a process remembers of receivers | `store`, `metadata` |
//! | [`store`] | what is kept, and what is handed out once | `name`, `chain`, `clock` |
//! | [`bolt11`], [`pool`], [`request`], [`new_key`], `metadata` | what is checked, written and signed, without I/O | `pointlock` |
//! | [`config`] | how a vault is set up | |
//!
//! Two imports run upwards: `vault` has its `peers`, and `cache` keeps bodies as `http` writes them.
//!
//! It knows `pointlock`'s invoices and not its roles: a vault is on no route.
//!
//! # What breaks it
//!
//! - A vault can withhold, hand out what is old until it expires, and hand a one-time invoice out twice if it is dishonest. It can forge nothing for
//!   a payer that knows the receiver's key.
//! - What a payer is handed and never pays is lost to the stock: whoever asks a lot takes a lot, within the limits.
//! - See [`store`] for what a restored backup does.

pub mod bench;
pub mod bolt11;
mod cache;
mod chain;
pub mod client;
mod clock;
pub mod command;
pub mod config;
mod connections;
mod http;
mod limits;
mod metadata;
mod metrics;
mod name;
pub mod new_key;
mod peers;
pub mod pool;
pub mod request;
mod secret;
mod serve;
pub mod store;
mod vault;

pub use chain::Chain;
pub use clock::Clock;
pub use http::{
    HashesLeft, InvoiceLeft, KeyLeft, Listing, OneTimeLeft, PoolHashLeft, Registration,
    StaticListed,
};
pub use metadata::{Metadata, STATIC_INVOICE};
pub use name::{Name, NameError};
pub use peers::PeerPaths;
pub use secret::{SecretError, read_key, read_or_draw_key};
pub use serve::{Running, ServeError, start};
pub use vault::{HandOutError, Vault};
