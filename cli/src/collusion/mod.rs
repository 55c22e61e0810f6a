//! `pointlock collusion`: who can steal, and the thefts carried out.
//!
//! | file | what it does |
//! | --- | --- |
//! | `scenario`, `event` | what is to be played |
//! | `reader` | reads it, from flags or a TOML file |
//! | `order` | refuses what can't happen after what happened before |
//! | `play` | plays it with the roles |
//! | `knowledge` | reads from their views who learned what, and what is there to take |
//! | `execute` | puts every verdict before Bitcoin Core's consensus code |
//! | `report` | what was found, for `--json` |
//! | `print` | what a person sees |
//! | `html` | the same as a page of its own |

mod event;
mod execute;
mod html;
mod knowledge;
mod order;
mod play;
mod print;
mod reader;
mod report;
mod scenario;

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;

use pointlock_sim::System;

use self::play::Played;
use self::report::Report;
use self::scenario::Scenario;
use crate::narration::system_parser;
use crate::readers::ScenarioRead;
use crate::terminal::{self, Progress, number};

/// What is analysed.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The system, with one payment claimed and another one to be stolen
    #[arg(long, ignore_case = true, value_parser = system_parser(scenario::SYSTEMS), required_unless_present = "scenario")]
    system: Option<System>,
    /// The vault has paid once too
    #[arg(long, conflicts_with = "scenario")]
    vault_paid: bool,
    /// How many others have paid before (0 to 99)
    #[arg(long, default_value_t = 1, value_parser = number(0..=99_u8), conflicts_with = "scenario")]
    past_payers: u8,
    /// How many routers stand between the two LSPs (0 to 6)
    #[arg(long, default_value_t = 1, value_parser = number(0..=6_u8), conflicts_with = "scenario")]
    routers: u8,
    /// For S5: k, how many payments the invoice's polynomial is good for (1 to 64). Claims beyond it are those of a receiver restored
    /// from a backup, which is the only way to them [default: 3]
    #[arg(long, value_parser = number(1..=64_u8), conflicts_with = "scenario")]
    points: Option<u8>,
    /// A scenario in a TOML file, such as those in examples/scenarios, or - for standard input: at most 4 MiB, 1,000 events and
    /// 128 parties
    #[arg(long, value_name = "FILE", conflicts_with = "system")]
    scenario: Option<PathBuf>,
    /// Where all keys and secrets come from
    #[arg(long, default_value_t = 1, value_parser = number(0..=u64::MAX))]
    seed: u64,
    /// Prints what was found as JSON
    #[arg(long)]
    json: bool,
    /// Writes a page to this file; - prints it, and nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// What a scenario's file says, in numbers.
pub(crate) fn read_scenario(text: &str) -> Result<ScenarioRead, (usize, String)> {
    let read = Scenario::parse(text).map_err(|error| (error.line, error.problem))?;
    Ok(ScenarioRead {
        forwarders: read.route.len(),
        on_path: read.on_path,
        payments: read.payers.len(),
        parties: read.parties.len(),
        points: read.points,
        events: format!("{:?}", read.events),
    })
}

/// Analyses; an error is a scenario that can't be, or a verdict that does not hold.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    terminal::check_place("--html", args.html.as_deref(), args.json)?;
    if args.points.is_some() && args.system != Some(System::S5) {
        return Err("--points: only S5 has payment points for k payments".into());
    }
    let (name, text) = match (&args.scenario, args.system) {
        (Some(path), _) => {
            let name = path.display().to_string();
            let text = Scenario::read_text(path)
                .map_err(|error| format!("--scenario: {name}: {error}"))?;
            (name, text)
        }
        (None, system) => {
            let standard = Standard {
                system: system.unwrap_or(System::S4),
                past_payers: args.past_payers,
                vault_paid: args.vault_paid,
                routers: args.routers,
                points: args.points.unwrap_or(3),
                way: if system == Some(System::S3Ldk) { Way::Path } else { Way::Clear },
                parts: 1,
            };
            (String::new(), standard.text())
        }
    };
    // Where a line is named, so is the file.
    let place = |error: &dyn Error| match name.as_str() {
        "" => error.to_string(),
        name => format!("--scenario: {name}: {error}"),
    };
    let scenario = Scenario::parse(&text).map_err(|error| place(&error))?;
    let mut progress = Progress::on_terminal();
    let played = play::play(&scenario, args.seed, &mut progress).map_err(|error| place(&error))?;
    let report = analysed(&scenario, played, &mut progress)?;
    drop(progress);
    if let Some(path) = &args.html {
        terminal::write_to("--html", path, &html::page(&report))?;
    }
    match &args.html {
        // The page is there already.
        Some(path) if terminal::is_standard(path) => {}
        _ if args.json => terminal::print_json(&report)?,
        _ => terminal::print(&print::report(&report))?,
    }
    report.check_expected()?;
    Ok(())
}

/// Finds the thieves, and carries the verdicts out.
fn analysed(
    scenario: &Scenario,
    mut played: Played,
    progress: &mut Progress,
) -> Result<Report, Box<dyn Error>> {
    let mut watch = |tried| progress.tell(|| format!("searching, {tried} coalitions tried"));
    let analysis = played.model.analyse_watched(&mut watch)?;
    let execution = execute::execute(&mut played, &analysis, progress)?;
    Ok(Report::new(scenario, &played, &analysis, &execution))
}

/// The standard scenario: some have paid, the next payment is on its way.
pub(crate) struct Standard {
    pub(crate) system: System,
    pub(crate) past_payers: u8,
    pub(crate) vault_paid: bool,
    pub(crate) routers: u8,
    pub(crate) points: u8,
    pub(crate) way: Way,
    /// Of the last payment.
    pub(crate) parts: u8,
}

/// How the payments of the standard scenario find the receiver.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The payers choose all of it.
    Clear,
    /// Over a blinded path.
    Path,
    /// Over a blinded path, to which the sender's LSP finds the way.
    TrampolineAndPath,
}

impl Standard {
    /// The smallest coalitions that can take the payment, each of which did, on consensus code.
    pub(crate) fn minimal_thieves(
        &self,
        seed: u64,
        progress: &mut Progress,
    ) -> Result<Vec<Vec<String>>, Box<dyn Error>> {
        let scenario = Scenario::parse(&self.text())?;
        let played = play::play(&scenario, seed, progress)?;
        let report = analysed(&scenario, played, progress)?;
        if report.executed == report.minimal_thieves.len() {
            Ok(report.minimal_thieves)
        } else {
            Err("a theft that the analysis found was not carried out".into())
        }
    }

    fn text(&self) -> String {
        let Self { system, past_payers, vault_paid, routers, points, way, parts } = *self;
        let mut routes = vec!["sender_lsp".to_owned()];
        routes.extend((1..=routers).map(|number| numbered("router", number)));
        routes.push("receiver_lsp".to_owned());
        let mut payers: Vec<String> =
            (1..=past_payers).map(|number| numbered("past_payer", number)).collect();
        payers.extend(vault_paid.then(|| "vault".to_owned()));
        let mut text = format!("system = {:?}\nroute = {routes:?}\n", system.name());
        if system == System::S5 {
            let _ = writeln!(text, "points = {}", points);
        }
        if way != Way::Clear {
            let _ = writeln!(text, "path = {}", 2.min(routes.len() - 1));
        }
        let by = if way == Way::TrampolineAndPath { " with trampoline sender_lsp" } else { "" };
        if !vault_paid {
            text.push_str("others = [\"vault\"]\n");
        }
        text.push_str("events = [\n");
        for (payment, payer) in (1..).zip(&payers) {
            if system == System::S5 && payment > usize::from(points) {
                text.push_str("  \"restore receiver\",\n");
            }
            for event in [
                format!("pay {payment} {payer}{by}"),
                format!("forward {payment}"),
                format!("claim {payment}"),
            ] {
                let _ = writeln!(text, "  {event:?},");
            }
        }
        let last = payers.len() + 1;
        if system == System::S5 && payers.len() >= usize::from(points) {
            text.push_str("  \"restore receiver\",\n");
        }
        let in_parts = if parts > 1 { format!(" in {parts} parts") } else { String::new() };
        let _ = write!(text, "  \"pay {last} sender{in_parts}{by}\",\n  \"forward {last}\",\n]\n");
        text
    }
}

fn numbered(name: &str, number: u8) -> String {
    if number == 1 { name.to_owned() } else { format!("{name}_{number}") }
}
