//! `pointlock history`: plays a history of the model of the money, or draws one.

use std::error::Error;
use std::path::{Path, PathBuf};

use pointlock_sim::money::{History, HistoryError, Outcome};

use crate::chain::Chain;
use crate::terminal::{self, number, say};

/// The longest file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// Which history.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file with the history, as a failed test prints it and as those in examples/histories; - for standard input
    #[arg(required_unless_present = "draw")]
    file: Option<PathBuf>,
    /// Plays nothing, and prints the history that this number gives
    #[arg(long, value_name = "NUMBER", conflicts_with = "file", value_parser = number(0..=u64::MAX))]
    draw: Option<u64>,
}

pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    if let Some(number) = args.draw {
        return Ok(terminal::print(&format!("# History {number}\n{}", History::draw(number)))?);
    }
    let path = args.file.as_deref().unwrap_or(Path::new(""));
    let refuse = |reason: &dyn std::fmt::Display| format!("history: {}: {reason}", path.display());
    let text = terminal::read_text(path, MAX_BYTES, "a history").map_err(|error| refuse(&error))?;
    let history: History = text.parse().map_err(|error: HistoryError| refuse(&error))?;
    let (outcome, verdict) = history.play(Chain::new(History::HEIGHT));
    let mut text = told(&outcome);
    if verdict.is_ok() {
        say!(text, "\nno honest node loses money");
    }
    terminal::print(&text)?;
    verdict.map_err(|loss| refuse(&loss).into())
}

fn told(outcome: &Outcome) -> String {
    let mut text = outcome.story.join("\n");
    text.push('\n');
    for (index, (name, msat)) in outcome.named().enumerate() {
        if index == 0 {
            say!(text);
        }
        say!(text, "{name:<9} {msat:+} msat");
    }
    text
}
