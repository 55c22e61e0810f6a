//! The command `pointlock vault`: serving, and what an operator does besides.

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pointlock::bitcoin::Network;
use pointlock::curve::Point;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use crate::clock::Clock;
use crate::config::{Config, Options};
use crate::name::Name;
use crate::serve::{Running, make_folder, start};
use crate::store::{Store, Terms};

/// Serves until SIGTERM or SIGINT; with a word behind it, does that and ends.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Adds a receiver: from then on whoever has the key of this node id leaves invoices under this name
    Add {
        /// The first half of its Lightning Address
        name: String,
        /// The receiver's public key, 66 hexadecimal digits
        node_id: String,
    },
    /// Gives a receiver another key, at its own word from elsewhere: one whose key is lost or stolen. With both keys it does so itself
    /// (pointlock receive --new-key)
    NewKey {
        /// The first half of its Lightning Address
        name: String,
        /// The receiver's new public key, 66 hexadecimal digits
        node_id: String,
    },
    /// Copies a SQLite database into a new file, while the vault may run. PostgreSQL has tools of its own
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Takes a database that was put back from a backup: retires all one-time invoices that are left, and tells their receivers
    Restore,
}

/// Runs the command.
///
/// # Errors
///
/// What is wrong, in a line.
pub fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let config = args.options.resolve()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match args.task {
        None => {
            log_to_stderr(&config);
            runtime.block_on(serve(config))
        }
        Some(Task::Add { name, node_id }) => runtime.block_on(add(&config, &name, &node_id)),
        Some(Task::NewKey { name, node_id }) => runtime.block_on(new_key(&config, &name, &node_id)),
        Some(Task::Backup { file }) => {
            if is_in_folder(&config) {
                is_there(&config.data)?;
            }
            runtime.block_on(Store::backup(&config.database, &file))?;
            say(&format!(
                "{}: a copy, which `pointlock vault restore` makes a vault's database again",
                file.display()
            ))
        }
        Some(Task::Restore) => {
            is_there(&config.data)?;
            let restored =
                runtime.block_on(Store::restore(&config.database, &config.data, config.chain))?;
            say(&format!(
                "restored: {} one-time invoices are retired, {} receivers are told",
                restored.retired, restored.told
            ))
        }
    }
}

fn is_there(data: &Path) -> Result<(), Box<dyn Error>> {
    if data.is_dir() {
        return Ok(());
    }
    Err(format!("--data: {}: there is no such folder", data.display()).into())
}

/// Whether the database is the one that a folder has by itself.
fn is_in_folder(config: &Config) -> bool {
    config.database == Config::usual_database(&config.data)
}

/// What the flags of a later command have to say as those of this one did, since no file does.
fn same_vault(config: &Config) -> String {
    let mut flags = format!(" --data {}", config.data.display());
    if !is_in_folder(config) {
        flags.push_str(" --database …");
    }
    flags + &same_chain(config)
}

fn same_chain(config: &Config) -> String {
    match config.chain.network() {
        Network::Bitcoin => String::new(),
        _ => format!(" --chain {}", config.chain),
    }
}

fn receiver(name: &str, node_id: &str) -> Result<(Name, Point), String> {
    let read: Name = name.parse().map_err(|error| format!("{name}: {error}"))?;
    let bytes = hex::decode(node_id)
        .map_err(|_| format!("{node_id}: expected a node id, 66 hexadecimal digits"))?;
    let node_id = Point::from_slice(&bytes).map_err(|error| format!("{node_id}: {error}"))?;
    Ok((read, node_id))
}

async fn new_key(config: &Config, name: &str, node_id: &str) -> Result<(), Box<dyn Error>> {
    let (name, node_id) = receiver(name, node_id)?;
    let clock = Arc::new(Clock::default());
    let store = Store::open(&config.database, &config.data, config.chain, clock).await?;
    let ended = store.put_key(&name, &node_id).await?;
    store.close().await;
    say(&format!(
        "{name} has another key: {} static invoices and {} one-time invoices of the former one are withdrawn",
        ended.statics, ended.one_time
    ))
}

async fn add(config: &Config, name: &str, node_id: &str) -> Result<(), Box<dyn Error>> {
    let (name, node_id) = receiver(name, node_id)?;
    let is_new = !config.data.exists();
    make_folder(&config.data)?;
    let clock = Arc::new(Clock::default());
    let store = Store::open(&config.database, &config.data, config.chain, clock).await?;
    if store.receiver(&name).await?.is_some_and(|receiver| receiver.node_id != node_id) {
        return Err(format!("{name} is taken by another key").into());
    }
    store.put_receiver(&name, &node_id, &Terms::default()).await?;
    store.close().await;
    let mut text = String::new();
    // A mistyped folder makes a vault that nobody runs.
    if is_new && is_in_folder(config) {
        text = format!("A new vault, in the new folder {}.\n", config.data.display());
    }
    text.push_str(&format!(
        "{name} is added; next, where its key is: pointlock receive {name}@HOST --key FILE{}",
        same_chain(config)
    ));
    say(&text)
}

async fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    let (end, told) = oneshot::channel();
    // Before anything is promised to anybody.
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let running = start(config).await?;
    say(&welcome(&running))?;
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("told to end: finishing what is under way");
        let _ = end.send(());
    });
    running.run(told).await?;
    tracing::info!("ended");
    Ok(())
}

/// Where it is, and what to do next.
fn welcome(running: &Running) -> String {
    let (vault, data) = (&running.vault, running.vault.config.data.display());
    let mut text = String::new();
    if running.is_new {
        text.push_str(&format!(
            "A new vault: its key is in {data}/vault.key, for its owner alone.\n"
        ));
    }
    text.push_str(&format!(
        "Listening at http{}://{}",
        if vault.config.tls.is_some() { "s" } else { "" },
        running.address
    ));
    text.push_str(&format!(
        " for {} (chain: {}, node id: {}).\n",
        vault.origin, vault.config.chain, vault.node_id
    ));
    if let Some(address) = running.peer_address {
        text.push_str(&format!("Peers connect to {}@{address}.\n", vault.node_id));
    }
    if vault.lsp.is_none() {
        text.push_str("Without --lsp-key it writes no invoices for pools of hashes; ready-made ones it hands out.\n");
    }
    if vault.config.tls.is_none() && !running.address.ip().is_loopback() {
        text.push_str("It speaks plain HTTP to the network: put a proxy with TLS before it, or give it --tls-cert and --tls-key.\n");
    }
    text.push_str(&format!(
        "Operator's page: {}/operator, with the password in {data}/operator.token.\n",
        vault.origin
    ));
    text.push_str("Next: ");
    if !vault.config.open_registration {
        let same = same_vault(&vault.config);
        text.push_str(&format!("pointlock vault add NAME NODE_ID{same}, then "));
    }
    let chain = same_chain(&vault.config);
    text + &format!("on the receiver's side, pointlock receive NAME@HOST --key FILE{chain}")
}

fn say(text: &str) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    // A folder may be named by anything, and a terminal obeys what it is told.
    let text: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// `RUST_LOG` says of what; secrets are in none of it.
fn log_to_stderr(config: &Config) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,lightning=warn"));
    let is_json = config.log_json.unwrap_or_else(|| !std::io::stderr().is_terminal());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Whoever runs several in one process has set it up already.
    let _ = if is_json {
        builder.json().try_init()
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
}
