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
use crate::terminal::{self, Progress, number, visible};

/// What is asked, and of whom.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The other implementation, as a shell starts it: it reads a JSON object a line and answers each on a line of its own,
    /// in their order. A row that it answers with {"skip": true}, or whose "op" it refuses as unknown, is counted apart
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
    /// Prints a JSON object a line for each row that disagrees, and then how many do, are skipped and have no answer
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

/// What came of all rows.
#[derive(Default)]
struct Answers {
    disagreements: Vec<Disagreement>,
    /// The operations of the rows that the peer does not have.
    skipped: Vec<String>,
    /// The row at which it ended, and how many are behind that.
    ended: Option<(String, usize)>,
}

/// Asks; an error says that something disagrees.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let rows = chosen(&args.op)?;
    let answers = ask(args, &rows)?;
    if args.json {
        let mut text = String::new();
        for disagreement in &answers.disagreements {
            text += &(serde_json::to_string(disagreement)? + "\n");
        }
        let summary = json!({
            "rows": rows.len(),
            "disagree": answers.disagreements.len(),
            "skipped": answers.skipped.len(),
            "unanswered": answers.ended.as_ref().map_or(0, |(_, behind)| *behind),
        });
        terminal::print(&format!("{text}{summary}\n"))?;
    } else {
        terminal::print(&report(&rows, &answers))?;
    }
    verdict(&rows, &answers)
}

/// A peer that has skipped everything has shown nothing.
fn verdict(rows: &[Row], answers: &Answers) -> Result<(), Box<dyn Error>> {
    let count = grouped(rows.len() as u64);
    let behind = match &answers.ended {
        Some((name, behind)) => {
            format!("; it ended at {name}, and {} behind it were not asked", rows_in_words(*behind))
        }
        None => String::new(),
    };
    match answers.disagreements.len() {
        0 if answers.skipped.len() == rows.len() => {
            Err(format!("all {count} rows are skipped: nothing was compared").into())
        }
        0 => Ok(()),
        disagree => {
            Err(format!("{} of {count} rows disagree{behind}", grouped(disagree as u64)).into())
        }
    }
}

fn rows_in_words(count: usize) -> String {
    format!("{} row{}", grouped(count as u64), if count == 1 { "" } else { "s" })
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

fn ask(args: &Args, rows: &[Row]) -> Result<Answers, Box<dyn Error>> {
    let lines = rows.iter().map(|row| row.request(args.steps)).collect();
    let mut peer = Peer::start(&args.against, lines)?;
    let mut progress = Progress::on_terminal();
    let mut answers = Answers::default();
    let mut is_mute = false;
    for (number, row) in rows.iter().enumerate() {
        progress.tell(|| format!("{number} of {} rows answered", rows.len()));
        let (answer, verdict) = match peer.answer(Duration::from_secs(args.timeout)) {
            Ok(answer) if row::is_skipped(&answer) => {
                answers.skipped.push(row.op.clone());
                continue;
            }
            Ok(answer) => {
                let verdict = row.judge(&answer);
                (answer, verdict)
            }
            Err(problem) => (Value::Null, Err(problem)),
        };
        if let Err(problem) = verdict {
            answers.disagreements.push(Disagreement {
                file: row.file,
                name: row.name.clone(),
                op: row.op.clone(),
                comment: row.comment.clone(),
                problem,
                expected: row.wanted(),
                answer,
            });
        }
        if peer.has_ended() {
            let place = format!("row {} of {}.json", row.name, row.file);
            answers.ended = Some((place, rows.len() - number - 1));
            is_mute = number == 0;
            break;
        }
    }
    peer.end();
    // No table of what was never said.
    match answers.disagreements.first() {
        Some(Disagreement { problem, .. }) if is_mute && !args.json => Err(format!(
            "--against {}: {problem}; expected a program that answers each line with a JSON object on a line",
            args.against
        )
        .into()),
        _ => Ok(answers),
    }
}

/// How many rows a person wants to read.
const SHOWN: usize = 40;

fn report(rows: &[Row], answers: &Answers) -> String {
    let mut text = String::new();
    let disagreements = &answers.disagreements;
    if !disagreements.is_empty() {
        let shown = disagreements.iter().take(SHOWN);
        let shown = shown.map(|disagreement| {
            let Disagreement { file, name, op, problem, .. } = disagreement;
            vec![format!("{file}.json"), name.clone(), op.clone(), visible(problem)]
        });
        text +=
            &terminal::columns(&["file", "row", "operation", "what disagrees"], shown).join("\n");
        if disagreements.len() > SHOWN {
            text += &format!("\n… and {} more; --json has all", disagreements.len() - SHOWN);
        }
        text += "\n\n";
    }
    let mut by_op: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for row in rows {
        by_op.entry(&row.op).or_default()[0] += 1;
    }
    for disagreement in disagreements {
        by_op.entry(&disagreement.op).or_default()[1] += 1;
    }
    for op in &answers.skipped {
        by_op.entry(op).or_default()[2] += 1;
    }
    let all = [rows.len(), disagreements.len(), answers.skipped.len()];
    // A column for what most peers have none of would be noise.
    let columns = if answers.skipped.is_empty() { 2 } else { 3 };
    let lines = by_op.into_iter().chain([("all", all)]).map(|(op, counts)| {
        let counts = counts.into_iter().take(columns).map(|count| grouped(count as u64));
        [op.to_owned()].into_iter().chain(counts).collect()
    });
    let header = ["operation", "rows", "disagree", "skipped"];
    text += &terminal::numbers(&header[..=columns], lines).join("\n");
    if let Some((name, behind)) = &answers.ended {
        text += &format!("\n\nended at {name}; {} not asked", rows_in_words(*behind));
    }
    if !answers.skipped.is_empty() {
        let skipped = rows_in_words(answers.skipped.len());
        text += &format!("\n\n{skipped} skipped: the operation is not there");
    }
    text + "\n"
}
