//! Runs the library's verbs under valgrind with their secrets marked, one case a run.
//!
//! Memcheck follows undefined memory through every copy and computation, and complains when a branch or an address
//! depends on it. So a secret that is marked as undefined is followed as far as it goes, and a complaint is a place
//! where the time a verb takes may depend on it (Langley's ctgrind; libsecp256k1 does the same in its
//! `src/ctime_tests.c`).
//!
//! ```text
//! valgrind --suppressions=known.supp --error-exitcode=99 pointlock-ctime schnorr.pre_sign
//! pointlock-ctime --list
//! ```
//!
//! - [`cases`]: the verbs. Each has to run without complaint, and its secret to arrive in its result.
//! - [`leaks`]: the negative controls. Memcheck has to complain about each.
//! - [`boundary`]: which results of libsecp256k1 are public, said where they come out of it.
//! - `known.supp`: the places where something public is still marked as secret, each with the reason.
//!
//! `tests/valgrind.rs` runs them all, in a release build: what the compiler makes of a selection without a branch is
//! what is looked at here.
//!
//! # What it does not show
//!
//! Instructions that take their time by their operands (division; multiplication on some small processors), what
//! speculation touches, power and radiation. And it sees one compiler, one processor family and the paths that the
//! cases take.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod boundary;
mod cases;
mod client;
mod leaks;

use std::process::ExitCode;

/// A name and what runs under it.
type Case = (&'static str, fn());

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    match argument.as_deref() {
        Some("--list") => {
            for (kind, list) in [("case", cases::CASES), ("leak", leaks::CASES)] {
                list.iter().for_each(|(name, _)| println!("{kind} {name}"));
            }
            ExitCode::SUCCESS
        }
        Some(name) => run(name),
        None => fail("usage: valgrind pointlock-ctime <case>, or pointlock-ctime --list"),
    }
}

fn run(name: &str) -> ExitCode {
    let Some((_, case)) = cases::CASES.iter().chain(leaks::CASES).find(|case| case.0 == name)
    else {
        return fail(&format!("{name}: no such case"));
    };
    if !client::on_valgrind() {
        return fail("without valgrind this shows nothing");
    }
    case();
    ExitCode::SUCCESS
}

fn fail(reason: &str) -> ExitCode {
    eprintln!("{reason}");
    ExitCode::FAILURE
}
