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
use crate::terminal::{self, Progress, number};

/// What is played.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this system; may be given more than once
    #[arg(long, ignore_case = true, value_parser = system_parser(System::ALL))]
    system: Vec<System>,
    /// What each payer pays, in satoshi (1,000 to 100,000,000,000)
    #[arg(long, default_value_t = 50_000, value_parser = number(1_000..=100_000_000_000_u64))]
    amount_sat: u64,
    /// How many payers use the invoice (2 to 9)
    #[arg(long, default_value_t = 2, value_parser = number(2..=9_u8))]
    payers: u8,
    /// How many routers stand between the two LSPs (0 to 5)
    #[arg(long, default_value_t = 1, value_parser = number(0..=5_u8))]
    routers: u8,
    /// For how many blocks the receiver is offline (1 to 1,600)
    #[arg(long, default_value_t = 144, value_parser = number(1..=1_600_u32))]
    offline_blocks: u32,
    /// In how many parts the last payer pays in S5 (1 to 9) [default: 2]
    #[arg(long, value_parser = number(1..=9_u8))]
    parts: Option<u8>,
    /// Where all keys and secrets come from: the same number gives the same story
    #[arg(long, default_value_t = 1, value_parser = number(0..=u64::MAX))]
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
    /// Says how to see a channel, and a payment, on a real chain of blocks: that is a program of its own
    #[arg(long)]
    chain: bool,
}

impl Args {
    fn parts(&self) -> u8 {
        self.parts.unwrap_or(2)
    }

    fn check(&self, systems: &[System]) -> Result<(), Box<dyn Error>> {
        if self.parts.is_some() && !systems.contains(&System::S5) {
            return Err("--parts: only S5 pays in parts".into());
        }
        if let Some(fault) = &self.fault {
            fault.check_party(&story::parties(self))?;
        }
        Ok(terminal::check_place("--html", self.html.as_deref(), self.json)?)
    }
}
/// The kernel is C++, and can't be linked into one program with the consensus library that judges here.
const CHAIN: &str = "\
A regtest chain by Bitcoin Core's kernel is a program of its own, `pointlock-chain`. From a checkout, with cmake, a C++
compiler and the headers of Boost (Debian: cmake, g++, libboost-dev):

    cargo run --manifest-path regtest/Cargo.toml

It shows one PTLC of a channel from the commitment to the secret on the chain, the penalty for a revoked commitment, and a payment.
The kernel takes minutes to compile, once.
";

/// Plays the systems; an error is a claim that does not hold.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    if args.chain {
        return Ok(terminal::print(CHAIN)?);
    }
    let systems = if args.system.is_empty() { System::ALL.to_vec() } else { args.system.clone() };
    args.check(&systems)?;
    let mut facts = Facts::new(args);
    // A page on standard output is there alone, as JSON is.
    let quiet = args.json || args.html.as_deref().is_some_and(terminal::is_standard);
    if !quiet {
        terminal::print(&print::opening(&facts, &systems))?;
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
        terminal::write_to("--html", path, &html::page(&facts, &story::parties(args)))?;
    }
    match &args.html {
        // The page is there already.
        Some(path) if terminal::is_standard(path) => Ok(()),
        _ if args.json => terminal::print_json(&facts),
        _ => Ok(terminal::print(&print::table(&facts))?),
    }
}
