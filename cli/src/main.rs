//! The `pointlock` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    pointlock_cli::run()
}
