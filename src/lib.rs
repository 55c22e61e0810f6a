//! Point-locked payments for Bitcoin and Lightning.
//!
//! A payment is locked under a point T = t·G instead of a hash: whoever knows t finishes an adaptor signature and is
//! paid, and the finished signature tells t to the payer. Points add up, hashes don't. So every edge of a route has a
//! lock of its own, a receiver can leave one static invoice to be paid again and again while it is offline, and nobody
//! who lacks the secret of the current sender can take a payment.
//!
//! # The map
//!
//! | module | what it is |
//! | --- | --- |
//! | [`curve`] | scalars and points that can't be invalid, tagged hashes |
//! | [`adaptor`] | adaptor signatures: `pre_sign`, `verify`, `adapt`, `extract` |
//! | [`dleq`] | proofs that two points have one discrete logarithm (BIP-374) |
//! | [`lock`] | the locks along a route |
//! | [`wire`] | TLV streams, Lightning's integers, blinded paths as they are handed out |
//! | [`invoice`] | offers and static invoices (BOLT 12), k-time payment points, proofs of payment |
//! | [`edge`] | money between two neighbours under a lock, wherever it stands |
//! | [`journal`] | events as bytes, snapshots, and what keeps them |
//! | [`claims`] | the durable count of what was claimed under k-time payment points |
//! | [`onion`] | packets in layers, blinded paths and onion messages (BOLT 4) |
//! | [`async_payments`] | LDK's messages about static invoices and payments that wait |
//! | [`contract`] | taproot outputs and transactions for PTLC and HTLC |
//! | [`hold`] | the ledger of payments that wait for an offline receiver |
//! | [`payment`] | the roles: sender, forwarder, receiver |
//!
//! A module imports those above it in this table, and none below. `curve`, `adaptor`, `dleq` and `lock` are the crate
//! `pointlock-adaptor`, which can be taken alone and needs no `std`. Start with the Synopsis of the module that you need;
//! `ARCHITECTURE.md` follows one payment through all of them.
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `batch` | yes | verification of many signatures at once, through `pointlock-msm` |
//! | `threads` | no | batches over several cores, through `rayon` |
//! | `ecdsa` | no | `adaptor::ecdsa`, through `secp256k1-zkp` |
//! | `rand_core` | no | `curve::fresh` and `from_rng`: entropy from a generator of yours |

// docs.rs builds with nightly, and marks what needs a feature.
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

pub mod async_payments;
pub mod claims;
#[cfg(not(pointlock_without_contract))]
pub mod contract;
pub mod edge;
pub mod hold;
pub mod invoice;
pub mod journal;
pub mod onion;
pub mod payment;
mod store_error;
pub mod wire;

/// The Bitcoin types of [`contract`]: a dependant that takes them from here has the version that fits.
pub use bitcoin;
#[cfg(feature = "rand_core")]
pub use pointlock_adaptor::rand_core;
pub use pointlock_adaptor::{self as adaptor, curve, dleq, lock};
/// The signature types of [`adaptor`], likewise.
pub use secp256k1;
pub use store_error::StoreError;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
