//! Every variant of every public error is produced by some test, through the public interface: here, one after the other, or in a test
//! that names it. Where no test can, the table says why. A new variant without a test is a failure.
//!
//! Those of the roles are in `sim/tests/refusals.rs`, beside nodes that pay each other.

#![cfg(all(feature = "ecdsa", feature = "batch"))]
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod contract;
mod curve;
mod holds;
mod invoice;
mod musig2;
mod onion;
mod signatures;
#[path = "../common/variants.rs"]
mod variants;
mod wire;

/// What stands in the way of a test.
const NEVER: &[(&str, &str)] = &[
    ("BackendError::Processor", "it is said on a processor without the instructions"),
    (
        "AdaptorError::DegenerateNonce",
        "a hash would have to be zero, or the opposite of a lock point's logarithm",
    ),
    ("AsyncPaymentsError::Entropy", "a hash would have to be zero"),
    ("DleqError::DegenerateNonce", "a hash would have to be zero"),
    ("Musig2Error::DegenerateScalar", "a hash would have to be zero, or a sum of hashes"),
    ("Musig2Error::AggregateKeyAtInfinity", "the coefficients are hashes of all keys"),
    ("BlindingError::Degenerate", "a hash would have to be zero"),
    ("ContractError::KeyAggregation", "the coefficients are hashes of all keys"),
    ("ProofError::Prove", "it is said after a fault of the machine"),
];

#[test]
fn every_variant_is_produced() {
    let tables = [
        curve::CASES,
        signatures::CASES,
        musig2::CASES,
        wire::CASES,
        onion::CASES,
        contract::CASES,
        invoice::CASES,
        holds::CASES,
    ];
    let elsewhere =
        variants::named_in_tests(&["tests", "store/tests", "src", "adaptor/src", "msm/src"]);
    // The roles' own have their table beside the simulator.
    let folders = [
        "adaptor/src",
        "msm/src",
        "src/async_payments",
        "src/claims",
        "src/contract",
        "src/edge",
        "src/hold",
        "src/invoice",
        "src/onion",
        "src/wire",
    ];
    let counts = variants::check(&folders, &tables, &elsewhere, NEVER);
    println!("{counts:?}");
    assert!(counts["all"] > 200 && counts["never"] < 15, "{counts:?}");
}

/// The reading of the sources finds what it should.
#[test]
fn variants_are_read_from_a_source() {
    let source = "\
#[derive(Debug)]
pub enum NotOne {
    One,
}

#[non_exhaustive]
#[derive(Clone, Debug, Error)]
pub enum SomeError {
    /// Words.
    #[error(\"text {0}\")]
    First(u8),
    Second {
        /// Words.
        field: u8,
    },
    Third,
}

#[derive(Debug, thiserror::Error)]
pub struct NotAnEnum;
";
    let expected = ["SomeError::First", "SomeError::Second", "SomeError::Third"];
    assert!(variants::variants(source).iter().eq(expected));
}
