//! Point-locked payments for Bitcoin and Lightning.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod curve;
#[cfg(feature = "std")]
pub mod invoice;
#[cfg(feature = "std")]
pub mod wire;
