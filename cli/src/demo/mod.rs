//! `pointlock demo`: the same story in six systems, on real signatures and under Bitcoin Core's consensus code.
//!
//! | file | what it does |
//! | --- | --- |
//! | `system` | what the six systems are |
//! | `story` | what happens, and in which order |
//! | `verdict` | what has to be true at the end |
//! | `learned` | what each party knew at the end |
//! | `theft` | a hop tries what it knows |
//! | `fault` | a hop does something wrong, if it is asked to |
//! | `facts` | what the story established, for `--json` and the table |
//! | `print` | what a person sees |
//! | `html` | the same as a page of its own |
//! | `picture` | its sequence diagram and its timeline |

mod facts;
mod fault;
mod html;
mod learned;
mod picture;
mod print;
mod story;
mod system;
mod theft;
mod verdict;

use std::error::Error;
use std::path::PathBuf;

use pointlock_sim::System;

use self::facts::Facts;
use self::fault::Fault;
use self::system::settings;
use crate::narration::system_parser;
use crate::terminal::{self, Progress};

/// What is played.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this system; may be given more than once
    #[arg(long, value_parser = system_parser(System::ALL))]
    system: Vec<System>,
    /// What each payer pays, in satoshi (1,000 to 100,000,000,000)
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000_000))]
    amount_sat: u64,
    /// How many payers use the invoice (2 to 9)
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=9))]
    payers: u8,
    /// How many routers stand between the two LSPs (0 to 5)
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=5))]
    routers: u8,
    /// For how many blocks the receiver is offline (1 to 1,600)
    #[arg(long, default_value_t = 144, value_parser = clap::value_parser!(u32).range(1..=1_600))]
    offline_blocks: u32,
    /// In how many parts the last payer pays in S5 (1 to 9)
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=9))]
    parts: u8,
    /// Where all keys and secrets come from: the same number gives the same story
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Makes a party do something wrong (flipped-bit, wrong-blind, swapped-lock, early-claim), such as router:wrong-blind; parties are payer_1 …,
    /// sender_lsp, router, router_2 …, receiver_lsp and receiver. What can't happen in a system is an error
    #[arg(long, value_name = "PARTY:FAULT")]
    fault: Option<Fault>,
    /// Prints the facts as JSON
    #[arg(long)]
    json: bool,
    /// Writes the story as a page to this file; - prints it, and nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Plays the systems; an error is a claim that does not hold.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let systems = if args.system.is_empty() { System::ALL.to_vec() } else { args.system.clone() };
    if let Some(fault) = &args.fault {
        fault.check_party(&story::parties(args))?;
    }
    let mut facts = Facts::new(args);
    // A page on standard output is there alone, as JSON is.
    let quiet = args.json || args.html.as_deref().is_some_and(terminal::is_standard);
    if !quiet {
        terminal::print(&print::opening(args))?;
    }
    let mut progress = Progress::on_terminal();
    for setting in systems.into_iter().flat_map(settings) {
        progress.tell(|| format!("playing {}", setting.system.name()));
        match story::tell(setting, args) {
            Ok(mut told) => {
                told.minimal_thieves =
                    setting.standard(args).minimal_thieves(args.seed, &mut progress)?;
                progress.hide();
                if !quiet {
                    terminal::print(&print::story(&told))?;
                }
                facts.systems.push(told);
            }
            Err(ended) => {
                progress.hide();
                if !quiet {
                    terminal::print(&print::interrupted(setting, &ended.steps))?;
                }
                return Err(ended.error);
            }
        }
    }
    if let Some(path) = &args.html {
        terminal::write_to(path, &html::page(&facts, &story::parties(args)))?;
    }
    match &args.html {
        // The page is there already.
        Some(path) if terminal::is_standard(path) => Ok(()),
        _ if args.json => terminal::print_json(&facts),
        _ => Ok(terminal::print(&print::table(&facts))?),
    }
}
