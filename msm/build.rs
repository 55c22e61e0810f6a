//! Asks the compiler for its version, and sets `pointlock_ifma` where the eight-lane code can be compiled: on x86-64, with the
//! AVX-512 intrinsics that are stable since Rust 1.89. Below that the crate has its other backends.

use std::env;
use std::process::Command;

/// The minor version of the first Rust that has the intrinsics.
const FIRST: u32 = 89;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(pointlock_ifma)");
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "x86_64") {
        match version() {
            Some(version) if has_intrinsics(&version) => {
                println!("cargo::rustc-cfg=pointlock_ifma");
            }
            Some(_) => {}
            None => println!("cargo::warning=the compiler tells no version: no AVX-512"),
        }
    }
}

/// What the compiler says of itself, such as `rustc 1.85.0 (4d91de4e4 2025-02-17)`.
fn version() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    minor(&version).map(|_| version)
}

/// Whether this version has the intrinsics. A nightly of the first version may be from before they came.
pub(crate) fn has_intrinsics(version: &str) -> bool {
    let first =
        if version.contains("-nightly") || version.contains("-dev") { FIRST + 1 } else { FIRST };
    minor(version).is_some_and(|minor| minor >= first)
}

/// The number after `rustc 1.`; all of them for a Rust 2.
fn minor(version: &str) -> Option<u32> {
    let mut numbers = version.strip_prefix("rustc ")?.split('.');
    match numbers.next()?.parse::<u32>().ok()? {
        1 => numbers.next()?.parse().ok(),
        _ => Some(u32::MAX),
    }
}
