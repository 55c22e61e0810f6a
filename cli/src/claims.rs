//! `pointlock claims`: a receiver's file of claims from one release to the next.

use std::error::Error;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use pointlock::claims::{ClaimEntry, ClaimStore};
use pointlock_store::{FileClaimStore, FileStoreError, Migration, Origin};

use crate::terminal;

/// The longest file of claims that is read: room for some millions of them.
const MAX_BYTES: u64 = 1 << 30;

/// What is done with a file of claims.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Makes a file of this release of an older one, and says what it took over.
    ///
    /// The old file stays as it is, and must not be used again: it would forget the claims that come. No node may have it open. A
    /// file of version 1 can't be taken over: retire its polynomials, and publish fresh ones.
    Migrate(MigrateArgs),
}

#[derive(clap::Args)]
struct MigrateArgs {
    /// The file of the older version, which is only read
    old: PathBuf,
    /// The new file, which its owner alone can read; there is none yet
    new: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let Action::Migrate(args) = &args.action;
    migrate(&args.old, &args.new)
}

fn migrate(old: &Path, new: &Path) -> Result<(), Box<dyn Error>> {
    let refuse =
        |path: &Path, reason: &dyn Display| format!("claims: {}: {reason}", path.display());
    terminal::check_length(old, MAX_BYTES).map_err(|error| refuse(old, &error))?;
    let done = FileClaimStore::migrate_to(old, new).map_err(|error| match error {
        FileStoreError::Taken => refuse(new, &error),
        FileStoreError::Exists => {
            refuse(old, &format!("of version {} already", FileClaimStore::VERSION))
        }
        FileStoreError::NotAJournal => refuse(old, &"no file of claims"),
        // Version 1: it named contracts by their outpoints.
        FileStoreError::OtherVersion { version, .. } => {
            let reads = "only version 2 can be migrated";
            refuse(old, &format!("a file of claims of version {version}: {reads}"))
        }
        other => refuse(old, &other),
    })?;
    // Read again as a node will: what is printed is what the new file holds.
    let bytes = std::fs::read(new).map_err(|error| refuse(new, &error))?;
    let file = FileClaimStore::parse(&bytes).map_err(|error| refuse(new, &error))?;
    let store =
        FileClaimStore::open(new, Origin::Continued).map_err(|error| refuse(new, &error))?;
    Ok(terminal::print(&words(&done, &file.entries, &store)?)?)
}

fn words(
    done: &Migration,
    entries: &[ClaimEntry],
    store: &FileClaimStore,
) -> Result<String, Box<dyn Error>> {
    let Migration { from, to, polynomials, claims, dropped_bytes, .. } = done;
    let mut retired = 0;
    for entry in entries {
        if let ClaimEntry::Polynomial { id, .. } = entry {
            retired += u64::from(store.polynomial(id)?.is_some_and(|state| state.retired));
        }
    }
    let head = store.head();
    let mut lines = vec![
        ("migrated", format!("version {from} to {to}")),
        ("polynomials", format!("{polynomials}, {retired} of them retired")),
        ("claims", claims.to_string()),
        ("head", format!("{} records, {}", head.records, hex::encode(head.checksum))),
    ];
    if *dropped_bytes > 0 {
        let dropped = format!("{dropped_bytes} bytes at the end, a record whose write was cut off");
        lines.push(("dropped", dropped));
    }
    let lines = lines.into_iter().map(|(label, text)| vec![label.to_owned(), text]);
    Ok(terminal::plain(lines).join("\n") + "\n")
}
