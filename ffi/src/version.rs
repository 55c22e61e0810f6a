//! What header and library agree on.
#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use pointlock::curve;

use crate::border::enter;
use crate::error::Error;
use crate::refusal::Refusal;
use crate::types::{BytesIn, FaultOut};

/// The version of this interface. A program checks it at its start: pointlock_check_version(POINTLOCK_VERSION, &fault).
pub const VERSION: u32 = 1;

/// The version of the interface that the library has. A library of before or after the header links all the same; this tells them
/// apart without a call.
#[allow(non_upper_case_globals, reason = "a name in C")]
#[unsafe(no_mangle)]
pub static pointlock_interface_version: u32 = VERSION;

/// The version of the interface that the library has.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_version() -> u32 {
    VERSION
}

/// Whether the library has the interface of the header that the program was compiled with. Call it first, with POINTLOCK_VERSION;
/// when it returns an error call nothing else.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_check_version(version: u32, fault: FaultOut) -> Error {
    enter(fault, |_| {
        if version == VERSION {
            Ok(())
        } else {
            let detail = format!("the header has version {version}, the library {VERSION}");
            Err(Refusal::of(Error::Version, &detail).at(c"version"))
        }
    })
}

/// Blinds the multiplication of the base point with seed, 32 bytes of fresh entropy: a defence against side channels other than
/// timing. Call it once, before all but the check of the version; later it is refused.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_randomize(seed: BytesIn, seed_length: usize, fault: FaultOut) -> Error {
    enter(fault, |call| {
        let seed = call.array(c"seed", seed, seed_length)?;
        curve::randomize_context(seed)?;
        Ok(())
    })
}
