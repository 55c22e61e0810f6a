//! Point-locked payments for Bitcoin and Lightning.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod adaptor;
#[cfg(feature = "std")]
pub mod contract;
pub mod curve;
pub mod lock;
