//! The `pointlock` command.

mod bench;

use clap::Parser;

/// Point-locked payments for Bitcoin and Lightning.
#[derive(Parser)]
enum Cli {
    /// Measures the verbs beside libsecp256k1's own signing and verifying.
    Bench(bench::Args),
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Cli::Bench(args) = Cli::parse();
    bench::run(&args)
}
