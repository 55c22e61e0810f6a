use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use pointlock_sim::System;

/// Reads one of these systems.
pub(crate) fn parser(
    systems: impl IntoIterator<Item = System>,
) -> impl TypedValueParser<Value = System> {
    let values =
        systems.into_iter().map(|system| PossibleValue::new(system.name()).help(help(system)));
    PossibleValuesParser::new(values).try_map(|name| name.to_uppercase().parse::<System>())
}

fn help(system: System) -> &'static str {
    match system {
        System::S1 => "Hash locks, receiver online, a fresh invoice for every payment",
        System::S2 => "Hash locks, one stored invoice, the receiver's LSP holds",
        System::S3 => "Hash locks, one stored invoice, the sender's LSP holds",
        System::S3Ldk => "S3 as LDK has it: each payer draws the preimage",
        System::S4 => "Point locks, one stored invoice, the sender's LSP holds",
        System::S5 => "S4 with k-time payment points: a point of its own for every payer",
    }
}
