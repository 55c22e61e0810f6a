//! The `pointlock` command.

mod bench;
mod chain;
mod collusion;
mod conformance;
mod demo;
mod invoice;
mod narration;
mod terminal;
mod vectors;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::terminal::OutputError;

/// Point-locked payments for Bitcoin and Lightning.
#[derive(Parser)]
#[command(name = "pointlock", version, about)]
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
    /// Asks another implementation every row of our test vectors, and prints what disagrees.
    Vectors(vectors::Args),
    /// Measures the verbs beside libsecp256k1's own signing and verifying.
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => return not_parsed(&answer),
    };
    let result = match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Collusion(args) => collusion::run(&args),
        Command::Invoice(args) => invoice::run(&args),
        Command::Conformance(args) => conformance::run(&args),
        Command::Vectors(args) => vectors::run(&args),
        Command::Bench(args) => bench::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error.as_ref()),
    }
}

/// As a shell reports a process that wrote to a closed pipe: 128 and the number of the signal, SIGPIPE.
const CLOSED: u8 = 128 + 13;

fn failed(error: &(dyn Error + 'static)) -> ExitCode {
    if error.downcast_ref::<OutputError>().is_some_and(OutputError::is_closed) {
        return ExitCode::from(CLOSED);
    }
    terminal::complain(&format!("pointlock: {error}"));
    ExitCode::FAILURE
}

/// The help and the version are asked for; anything else is a mistake on the command line.
fn not_parsed(answer: &clap::Error) -> ExitCode {
    let text = answer.render();
    if answer.use_stderr() {
        terminal::complain(text.ansi().to_string().trim_end());
        return ExitCode::from(2);
    }
    match terminal::print(&text.ansi().to_string()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}
