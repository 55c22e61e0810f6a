//! Point-locked payments for Bitcoin and Lightning.
//!
//! A payment is locked under a point T = t·G instead of a hash: whoever knows t finishes an adaptor signature and is
//! paid, and the finished signature tells t to the payer. Points add up, hashes don't. So every edge of a route has a
//! lock of its own, a receiver can leave one static invoice to be paid again and again while it is offline, and nobody
//! who lacks the secret of the current sender can take a payment.
//!
//! # The map
//!
//! | module | what it is | needs |
//! | --- | --- | --- |
//! | [`curve`] | scalars and points that can't be invalid, tagged hashes | `alloc` |
//! | [`adaptor`] | adaptor signatures: `pre_sign`, `verify`, `adapt`, `extract` | `alloc` |
//! | [`dleq`] | proofs that two points have one discrete logarithm (BIP-374) | `alloc` |
//! | [`lock`] | the locks along a route | `alloc` |
//! | [`wire`] | TLV streams, Lightning's integers, blinded paths as they are handed out | `std` |
//! | [`invoice`] | offers and static invoices (BOLT 12), k-time payment points, proofs of payment | `std` |
//! | [`claims`] | the durable count of what was claimed under k-time payment points | `std` |
//! | [`onion`] | packets in layers, blinded paths and onion messages (BOLT 4) | `std` |
//! | [`contract`] | taproot outputs and transactions for PTLC and HTLC | `std` |
//! | [`hold`] | the ledger of payments that wait for an offline receiver | `std` |
//! | [`payment`] | the roles: sender, forwarder, receiver | `std` |
//! | [`collusion`] | who can steal, from the views of the roles | `std` |
//!
//! Imports run downwards only, in this order. Start with the Synopsis of the module that you need; `ARCHITECTURE.md`
//! follows one payment through all of them.
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `std` | yes | everything from `wire` on |
//! | `batch` | yes | verification of many signatures at once, through `pointlock-msm`; needs `std` |
//! | `ecdsa` | no | `adaptor::ecdsa`, through `secp256k1-zkp`; needs `std` |
//!
//! Features only add. Without `std` the crate is `no_std` with `alloc`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod adaptor;
#[cfg(feature = "std")]
pub mod claims;
#[cfg(feature = "std")]
pub mod collusion;
#[cfg(feature = "std")]
pub mod contract;
pub mod curve;
pub mod dleq;
#[cfg(feature = "std")]
pub mod hold;
#[cfg(feature = "std")]
pub mod invoice;
pub mod lock;
#[cfg(feature = "std")]
pub mod onion;
#[cfg(feature = "std")]
pub mod payment;
#[cfg(feature = "std")]
pub mod wire;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
