//! `pointlock vectors`: somebody else's implementation, asked every row of `test-vectors/`.
//!
//! | file | what it does |
//! | --- | --- |
//! | `peer` | the other implementation: a line in, a line out, as `pointlock conformance` has them |
//! | `row` | the rows, and whether an answer is theirs |

mod peer;
mod row;

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use self::peer::Peer;
use self::row::Row;
use crate::narration::grouped;
use crate::terminal::{self, Progress, number};

/// What is asked, and of whom.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The other implementation, as a shell starts it: it reads a JSON object a line and answers each on a line of its own,
    /// in their order
    #[arg(long, value_name = "COMMAND")]
    against: String,
    /// Only operations that begin like this, such as schnorr or wire.peel; may be given more than once
    #[arg(long, value_name = "NAME")]
    op: Vec<String>,
    /// Asks for the values on the way too ("intermediate": true), and compares those that are answered
    #[arg(long)]
    steps: bool,
    /// For how long an answer is waited for, in seconds (1 to 86,400)
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = number(1..=86_400_u64))]
    timeout: u64,
    /// Prints a JSON object a line for each row that disagrees, and then how many there are
    #[arg(long)]
    json: bool,
}

/// A row, and what is wrong with its answer.
#[derive(Serialize)]
struct Disagreement {
    file: &'static str,
    name: String,
    op: String,
    comment: String,
    problem: String,
    expected: Value,
    answer: Value,
}

/// Asks; an error says that something disagrees.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let rows = chosen(&args.op)?;
    let disagreements = ask(args, &rows)?;
    let (count, disagree) = (rows.len(), disagreements.len());
    if args.json {
        let mut text = String::new();
        for disagreement in &disagreements {
            text += &(serde_json::to_string(disagreement)? + "\n");
        }
        text += &format!("{}\n", json!({ "rows": count, "disagree": disagree }));
        terminal::print(&text)?;
    } else {
        terminal::print(&report(&rows, &disagreements))?;
    }
    match disagree {
        0 => Ok(()),
        _ => {
            let (disagree, count) = (grouped(disagree as u64), grouped(count as u64));
            Err(format!("{disagree} of {count} rows disagree").into())
        }
    }
}

fn chosen(names: &[String]) -> Result<Vec<Row>, Box<dyn Error>> {
    let all = row::all()?;
    let begins = |row: &Row, name: &str| {
        row.op.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if let Some(name) = names.iter().find(|name| !all.iter().any(|row| begins(row, name))) {
        return Err(format!(
            "--op {name}: no row has it; `pointlock conformance --list` names them"
        )
        .into());
    }
    let is_chosen = |row: &Row| names.is_empty() || names.iter().any(|name| begins(row, name));
    Ok(all.into_iter().filter(is_chosen).collect())
}

fn ask(args: &Args, rows: &[Row]) -> Result<Vec<Disagreement>, Box<dyn Error>> {
    let lines = rows.iter().map(|row| row.request(args.steps)).collect();
    let mut peer = Peer::start(&args.against, lines)?;
    let mut progress = Progress::on_terminal();
    let mut disagreements = Vec::new();
    let mut is_mute = false;
    for (number, row) in rows.iter().enumerate() {
        progress.tell(|| format!("{number} of {} rows answered", rows.len()));
        let (answer, verdict) = match peer.answer(Duration::from_secs(args.timeout)) {
            Ok(answer) => {
                let verdict = row.judge(&answer);
                (answer, verdict)
            }
            Err(problem) => {
                is_mute |= number == 0 && peer.has_ended();
                (Value::Null, Err(problem))
            }
        };
        if let Err(problem) = verdict {
            disagreements.push(Disagreement {
                file: row.file,
                name: row.name.clone(),
                op: row.op.clone(),
                comment: row.comment.clone(),
                problem,
                expected: row.wanted(),
                answer,
            });
        }
    }
    peer.end();
    // No table of what was never said.
    match disagreements.first() {
        Some(Disagreement { problem, .. }) if is_mute && !args.json => Err(format!(
            "--against {}: {problem}; expected a program that answers each line with a JSON object on a line",
            args.against
        )
        .into()),
        _ => Ok(disagreements),
    }
}

/// How many rows a person wants to read.
const SHOWN: usize = 40;

fn report(rows: &[Row], disagreements: &[Disagreement]) -> String {
    let mut text = String::new();
    if !disagreements.is_empty() {
        let shown = disagreements.iter().take(SHOWN);
        let shown = shown.map(|disagreement| {
            let Disagreement { file, name, op, problem, .. } = disagreement;
            vec![format!("{file}.json"), name.clone(), op.clone(), problem.clone()]
        });
        text +=
            &terminal::columns(&["file", "row", "operation", "what disagrees"], shown).join("\n");
        if disagreements.len() > SHOWN {
            text += &format!("\n… and {} more; --json has all", disagreements.len() - SHOWN);
        }
        text += "\n\n";
    }
    let mut by_op: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for row in rows {
        by_op.entry(&row.op).or_default().0 += 1;
    }
    for disagreement in disagreements {
        by_op.entry(&disagreement.op).or_default().1 += 1;
    }
    let all = (rows.len() as u64, disagreements.len() as u64);
    let lines = by_op.into_iter().chain([("all", all)]);
    let lines =
        lines.map(|(op, (rows, disagree))| vec![op.to_owned(), grouped(rows), grouped(disagree)]);
    text += &terminal::numbers(&["operation", "rows", "disagree"], lines).join("\n");
    text + "\n"
}
