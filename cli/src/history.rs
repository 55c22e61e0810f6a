//! `pointlock history`: plays a history of the model of the money, or draws one.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pointlock_sim::money::{History, HistoryError, Outcome};

use crate::chain::Chain;
use crate::terminal;

/// The longest file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// Which history.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file with the history, as a failed test prints it
    #[arg(required_unless_present = "draw")]
    file: Option<PathBuf>,
    /// Plays nothing, and prints the history that this number gives
    #[arg(long, value_name = "NUMBER", conflicts_with = "file")]
    draw: Option<u64>,
}

pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    if let Some(number) = args.draw {
        return Ok(terminal::print(&format!("# History {number}\n{}", History::draw(number)))?);
    }
    let path = args.file.as_deref().unwrap_or(Path::new(""));
    let refuse = |reason: &dyn std::fmt::Display| format!("history: {}: {reason}", path.display());
    let length = std::fs::metadata(path).map_err(|error| refuse(&error))?.len();
    if length > MAX_BYTES {
        return Err(refuse(&format!("{length} bytes, {MAX_BYTES} at most")).into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| refuse(&error))?;
    let history: History = text.parse().map_err(|error: HistoryError| refuse(&error))?;
    let (outcome, verdict) = history.play(Chain::new(History::HEIGHT));
    terminal::print(&told(&outcome))?;
    verdict.map_err(|loss| refuse(&loss).into())
}

fn told(outcome: &Outcome) -> String {
    let mut text = outcome.story.join("\n");
    text.push_str("\n\n");
    for (name, msat) in outcome.named() {
        let _ = writeln!(text, "{name:<9} {msat:+} msat");
    }
    text
}
