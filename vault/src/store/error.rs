use std::path::PathBuf;

use thiserror::Error;

use crate::chain::Chain;
use crate::name::Name;

/// Why the store did not do it.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database is out of reach, full, or says something that it should not.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// Its tables can't be made those of this release.
    #[error("the database's tables: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The file beside the database that says what was handed out.
    #[error("{}: {source}", path.display())]
    Mark {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is damaged.
    #[error("{}: no mark of a vault; `pointlock vault restore` makes a new one, and retires all one-time stock", path.display())]
    MarkDamaged {
        /// Which.
        path: PathBuf,
    },
    /// The database has forgotten what was handed out.
    #[error(
        "the database is older than what was handed out: it knows of {database}, and {mark} were; it was restored. \
         `pointlock vault restore` retires what it would hand out again"
    )]
    Restored {
        /// The last number in the database.
        database: u64,
        /// The last number handed out.
        mark: u64,
    },
    /// This was found out while the vault ran.
    #[error(
        "the database was found to have forgotten some of the {mark} that were handed out; it was restored. End the vault, and give `pointlock vault restore`"
    )]
    RestoredBefore {
        /// The last number handed out.
        mark: u64,
    },
    /// The database is a copy.
    #[error(
        "the database is a backup; `pointlock vault restore` makes it the vault's, and retires all one-time stock"
    )]
    Backup,
    /// The database is not the one that this folder belongs to.
    #[error(
        "the folder belongs to another database, or this one was restored from a time before its last restore; \
         `pointlock vault restore` takes it, and retires all one-time stock"
    )]
    OtherDatabase,
    /// The database is for another chain.
    #[error("the database is for another chain, {database}; --chain says which one is meant")]
    OtherChain {
        /// Its chain hash.
        database: String,
    },
    /// Somebody else has this name.
    #[error("{name} is taken by another key")]
    NameTaken {
        /// Whose.
        name: Name,
    },
    /// Nobody has this name.
    #[error("there is no receiver called {name}")]
    NoReceiver {
        /// The name.
        name: Name,
    },
    /// The receiver has another key by now.
    #[error("{name} has another key by now")]
    KeyReplaced {
        /// Whose.
        name: Name,
    },
    /// What is left is there already, or was once.
    #[error("{what} was left before, and nothing is taken in twice")]
    Known {
        /// The payment hash or invoice id.
        what: String,
    },
    /// A polynomial stands in one invoice.
    #[error("the payment points are those of another invoice")]
    PointsKnown,
    /// There are enough.
    #[error("{ready} one-time invoices are ready, and with these there would be more than {limit}")]
    Full {
        /// How many there are.
        ready: u64,
        /// How many there may be.
        limit: u64,
    },
    /// It was made before the vault's last restore.
    #[error(
        "{what} was made at {created_at}, before the vault was restored at {restored_at}: it may have been handed out"
    )]
    BeforeRestore {
        /// The payment hash.
        what: String,
        /// When it was made.
        created_at: u64,
        /// When the vault was restored.
        restored_at: u64,
    },
    /// The request was carried out before, or is too old to tell.
    #[error("this request was carried out before: each has a nonce of its own")]
    Replayed,
    /// A row that this release can't have written.
    #[error("the database: {0}")]
    Row(String),
}

impl StoreError {
    /// By the chain's name, where it has one.
    pub(super) fn other_chain(hash: &[u8; 32]) -> Self {
        let name = Chain::of_hash(hash).map(|chain| chain.to_string());
        Self::OtherChain { database: name.unwrap_or_else(|| hex::encode(hash)) }
    }
}

impl StoreError {
    /// Whether it is the vault's trouble, and not what was asked for.
    pub fn is_trouble(&self) -> bool {
        !matches!(
            self,
            Self::NameTaken { .. }
                | Self::NoReceiver { .. }
                | Self::KeyReplaced { .. }
                | Self::Known { .. }
                | Self::PointsKnown
                | Self::Full { .. }
                | Self::BeforeRestore { .. }
                | Self::Replayed
        )
    }

    /// Whether the database refused a row, since there is one like it.
    pub(super) fn is_duplicate(error: &sqlx::Error) -> bool {
        error.as_database_error().is_some_and(|error| error.is_unique_violation())
    }
}
