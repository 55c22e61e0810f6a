//! The `pointlock` command.

mod bench;
mod chain;
mod collusion;
mod conformance;
mod demo;
mod invoice;
mod narration;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Point-locked payments for Bitcoin and Lightning.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// An offline receiver is paid twice over one static invoice: with hash locks, and with point locks.
    Demo(demo::Args),
    /// Who can steal: finds every coalition that can take a payment, and carries the thefts out.
    Collusion(collusion::Args),
    /// Static invoices: create one, explain one or an offer, verify one as its payer.
    Invoice(invoice::Args),
    /// Answers JSON lines from standard input, to check another implementation against this one.
    ///
    /// A line has at most 8 MiB, and each of its lists at most 10,000 items.
    Conformance(conformance::Args),
    /// Measures the verbs beside libsecp256k1's own signing and verifying.
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Collusion(args) => collusion::run(&args),
        Command::Invoice(args) => invoice::run(&args),
        Command::Conformance(args) => conformance::run(&args),
        Command::Bench(args) => bench::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("pointlock: {error}");
            ExitCode::FAILURE
        }
    }
}
