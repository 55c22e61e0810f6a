//! Point-locked payments for Bitcoin and Lightning.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod adaptor;
pub mod claims;
#[cfg(feature = "std")]
pub mod collusion;
#[cfg(feature = "std")]
pub mod contract;
pub mod curve;
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
