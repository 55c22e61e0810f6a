//! Every variant of the roles' errors, of [`Refusal`](pointlock::payment::Refusal) and of the simulator's own is produced by some test: here, by
//! nodes that pay each other, or in a test that names it. Where no test can, the table says why. The other errors have their table in
//! `tests/refusals/` of the library.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod nodes;
mod orders;
mod receiver;
mod scene;
mod simulator;
#[path = "../../../tests/common/variants.rs"]
mod variants;

/// What stands in the way of a test.
const NEVER: &[(&str, &str)] = &[
    (
        "OrderError::Payer",
        "x would have to be zero, or a root of Z: it is a hash of the points themselves",
    ),
    ("SenderError::Proof", "it is said after a fault of the machine"),
    ("RouteError::Lock", "the blinds are hashes, and would have to cancel"),
    ("RouteError::Payload", "what an invoice can say of a path fits into a payload's field"),
    ("MessageError::NoSetPoint", "only a payment under points can be cancelled, and reported"),
    ("SimError::Message", "what a node writes as an onion message can be read"),
];

#[test]
fn every_variant_is_produced() {
    let tables = [orders::CASES, receiver::CASES, nodes::CASES, simulator::CASES];
    let elsewhere = variants::named_in_tests(&["tests", "sim/tests", "src", "cli/tests"]);
    let counts = variants::check(&["src/payment", "sim/src"], &tables, &elsewhere, NEVER);
    println!("{counts:?}");
    assert!(counts["all"] > 110 && counts["never"] < 10, "{counts:?}");
}
