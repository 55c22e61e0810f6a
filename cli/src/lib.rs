//! The `pointlock` command: [`run`] is all of it. What reads strangers' text is also in [`readers`], to be fuzzed.

mod bench;
mod chain;
mod claims;
mod collusion;
mod conformance;
mod demo;
mod history;
mod invoice;
mod keys;
mod narration;
mod page;
mod proof;
pub mod readers;
mod secret_file;
mod terminal;
#[cfg(feature = "vault")]
mod vault;
mod vectors;

use std::error::Error;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::terminal::OutputError;

/// Point-locked payments for Bitcoin and Lightning.
#[derive(Parser)]
#[command(name = "pointlock", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all is as it should be; 1 something is refused, fails or disagrees, and a line on standard error says \
    what; 2 a mistake on the command line; 141 whoever read the output has closed it.";

#[derive(Subcommand)]
enum Command {
    /// One story in six systems: an offline receiver is paid over one static invoice, with hash locks and with point locks.
    Demo(demo::Args),
    /// Who can steal: finds every coalition that can take a payment, and carries the thefts out.
    Collusion(collusion::Args),
    /// Plays a history in which nodes collude, crash and lose blocks, and says whether an honest one loses money.
    History(history::Args),
    /// Static invoices: create one, explain one or an offer, verify one as its payer.
    Invoice(invoice::Args),
    /// Proofs of payment (`lnp1…`): make one, show what one says, verify one.
    Proof(proof::Args),
    /// Draws a secret key into a new file, and prints its node id.
    Keygen(keys::KeygenArgs),
    /// Prints the node id of a secret key.
    NodeId(keys::NodeIdArgs),
    /// The count of claims under k-time payment points: makes a file of this release of an older one.
    Claims(claims::Args),
    /// Answers JSON lines from standard input, to check another implementation against this one.
    ///
    /// A line has at most 8 MiB, and each of its lists at most 10,000 items.
    Conformance(conformance::Args),
    /// Asks another implementation every row of our test vectors, and prints what disagrees.
    Vectors(vectors::Args),
    /// Measures the verbs beside libsecp256k1's own signing and verifying.
    Bench(bench::Args),
    /// Serves invoices for receivers that are offline: LNURL-pay, static invoices, BOLT 12 over onion messages.
    #[cfg(feature = "vault")]
    Vault(Box<pointlock_vault::command::Args>),
    /// Measures a vault: requests a second, how long they take, memory; beside a bare handler.
    #[cfg(feature = "vault")]
    VaultBench(pointlock_vault::bench::Args),
    /// Leaves invoices with a vault, and looks after what is left there.
    #[cfg(feature = "vault")]
    Receive(vault::receive::Args),
    /// Fetches an invoice from a vault, and refuses what is not the receiver's.
    #[cfg(feature = "vault")]
    Fetch(vault::fetch::Args),
    /// Prints what makes a shell complete the command's words, such as `pointlock completions bash`.
    Completions(CompletionsArgs),
}

#[derive(clap::Args)]
struct CompletionsArgs {
    /// Whose words
    shell: clap_complete::Shell,
}

fn completions(args: &CompletionsArgs) -> Result<(), Box<dyn Error>> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "pointlock", &mut script);
    Ok(terminal::print(&String::from_utf8(script)?)?)
}

/// Runs the command with the arguments of this process.
pub fn run() -> ExitCode {
    let parsed = command()
        .try_get_matches()
        .and_then(|args| Cli::from_arg_matches(&args).map(|cli| (cli, args)));
    let (cli, args) = match parsed {
        Ok(parsed) => parsed,
        Err(answer) => return not_parsed(&answer),
    };
    match command_of(cli, &args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error.as_ref()),
    }
}

#[cfg_attr(not(feature = "vault"), expect(unused_variables, reason = "only the vault asks again"))]
fn command_of(cli: Cli, args: &ArgMatches) -> Result<(), Box<dyn Error>> {
    match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Collusion(args) => collusion::run(&args),
        Command::History(args) => history::run(&args),
        Command::Invoice(args) => invoice::run(&args),
        Command::Proof(args) => proof::run(&args),
        Command::Keygen(args) => keys::keygen(&args),
        Command::NodeId(args) => keys::node_id(&args),
        Command::Claims(args) => claims::run(&args),
        Command::Conformance(args) => conformance::run(&args),
        Command::Vectors(args) => vectors::run(&args),
        Command::Bench(args) => bench::run(&args),
        #[cfg(feature = "vault")]
        Command::Vault(vault) => {
            vault::check_config(args)?;
            pointlock_vault::command::run(*vault)
        }
        #[cfg(feature = "vault")]
        Command::VaultBench(args) => pointlock_vault::bench::run(&args),
        #[cfg(feature = "vault")]
        Command::Receive(args) => vault::receive::run(&args),
        #[cfg(feature = "vault")]
        Command::Fetch(args) => vault::fetch::run(&args),
        Command::Completions(args) => completions(&args),
    }
}

/// The words of the command. What begins with a digit after its sign is a value, also where it is refused then.
fn command() -> clap::Command {
    fn values(command: clap::Command) -> clap::Command {
        let command = command.mut_args(|arg| match arg.get_action().takes_values() {
            true => arg.allow_negative_numbers(true),
            false => arg,
        });
        command.mut_subcommands(values)
    }
    values(Cli::command())
}

/// As a shell reports a process that wrote to a closed pipe: 128 and the number of the signal, SIGPIPE.
const CLOSED: u8 = 128 + 13;

fn failed(error: &(dyn Error + 'static)) -> ExitCode {
    if error.downcast_ref::<OutputError>().is_some_and(OutputError::is_closed) {
        return ExitCode::from(CLOSED);
    }
    if let Some(mistake) = error.downcast_ref::<clap::Error>() {
        return not_parsed(mistake);
    }
    terminal::complain(&terminal::visible(&format!("pointlock: {error}")));
    ExitCode::FAILURE
}

/// The help and the version are asked for; anything else is a mistake on the command line.
fn not_parsed(answer: &clap::Error) -> ExitCode {
    let text = answer.render();
    if answer.use_stderr() {
        let is_help = answer.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        let text = text.to_string();
        let text = if is_help { text.trim_end().to_owned() } else { in_one_line(&text) };
        terminal::complain(&terminal::visible(&text));
        return ExitCode::from(2);
    }
    match terminal::print(&text.ansi().to_string()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// What is wrong and what was expected; the usage is left to --help.
fn in_one_line(text: &str) -> String {
    let is_said = |part: &&str| {
        !["Usage:", "For more information"].iter().any(|begin| part.starts_with(begin))
    };
    let words = |part: &str| part.split_whitespace().map(short).collect::<Vec<_>>().join(" ");
    let parts: Vec<String> = text.split("\n\n").map(str::trim).filter(is_said).map(words).collect();
    let text = parts.join("; ");
    format!("pointlock: {}", text.strip_prefix("error: ").unwrap_or(&text))
}

/// A word as far as a person wants to see it again.
fn short(word: &str) -> String {
    const SHOWN: usize = 24;
    let length = word.chars().count();
    if length <= 100 {
        return word.to_owned();
    }
    let begin: String = word.chars().take(SHOWN).collect();
    let end: String = word.chars().skip(length - SHOWN).collect();
    format!("{begin}…{end}")
}
