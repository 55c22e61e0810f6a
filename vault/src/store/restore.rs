use std::path::Path;

use sqlx::AnyConnection;
use sqlx::{Connection as _, Executor as _};

use super::database::{self, Dialect};
use super::{Mark, NoticeKind, Store, StoreError, integer};
use crate::chain::Chain;
use crate::clock::Clock;

/// What a restore did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// How many one-time invoices were ready, and are retired.
    pub retired: u64,
    /// How many receivers are told.
    pub told: u64,
}

impl Store {
    /// Takes a database that was put back from a backup. Whatever it would hand out may have been handed out after the backup, so all
    /// that is ready is retired, receivers are told, and nothing is taken in that was made before now. The vault must not run.
    ///
    /// # Errors
    ///
    /// [`StoreError::OtherChain`]; what the database says.
    pub async fn restore(url: &str, data: &Path, chain: Chain) -> Result<Restored, StoreError> {
        let dialect = database::dialect(url)?;
        database::migrate(url, dialect, chain).await?;
        let mut connection = database::connect(url, dialect).await?;
        let known = database::known(&mut connection, dialect).await?;
        if known.chain != chain.hash().to_bytes() {
            return Err(StoreError::other_chain(&known.chain));
        }
        let path = Self::mark_path(data);
        // A damaged mark is no reason to go on without a restore, and none to refuse one.
        let marked = Mark::read(&path).ok().flatten().map_or(0, |written| written.number);
        let drawn = database::drawn_number(&mut connection, dialect).await?;
        let number = marked.max(drawn).max(known.number) + 1;
        let incarnation = rand::random::<[u8; 16]>();
        let restored =
            retire(&mut connection, dialect, &known.incarnation, &incarnation, number).await?;
        let _ = connection.close().await;
        // Only now: a crash before this leaves a mark that doesn't fit, and the command has to be given again.
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Mark { path, source });
            }
            _ => {}
        }
        // What was handed out of this database: the numbers from here on are higher.
        Mark::open(&path, incarnation, known.number)?;
        Ok(restored)
    }

    /// Copies a SQLite database into a new file, while it may be in use. The copy knows that it is one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Row`] for PostgreSQL, which has `pg_dump`; what the database says.
    pub async fn backup(url: &str, to: &Path) -> Result<(), StoreError> {
        let dialect = database::dialect(url)?;
        if dialect == Dialect::Postgres {
            return Err(StoreError::Row(
                "PostgreSQL is backed up by its own tools, such as pg_dump".to_owned(),
            ));
        }
        if to.exists() {
            return Err(StoreError::Row(format!("{}: there is such a file", to.display())));
        }
        let mut connection = database::connect(url, dialect).await?;
        let draft = to.with_extension("unfinished");
        let _ = std::fs::remove_file(&draft);
        sqlx::query("VACUUM INTO $1")
            .bind(draft.to_string_lossy().into_owned())
            .execute(&mut connection)
            .await?;
        let _ = connection.close().await;
        let mut copy = database::connect(&Self::sqlite_url(&draft), dialect).await?;
        copy.execute("UPDATE vault SET is_backup = 1; PRAGMA journal_mode = DELETE").await?;
        let _ = copy.close().await;
        let moved = std::fs::File::open(&draft)
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(&draft, to));
        moved.map_err(|source| StoreError::Mark { path: to.to_owned(), source })
    }
}

async fn retire(
    connection: &mut AnyConnection,
    dialect: Dialect,
    old: &[u8; 16],
    new: &[u8; 16],
    number: u64,
) -> Result<Restored, StoreError> {
    let now = integer(Clock::machine());
    let mut tx = connection.begin().await?;
    let told = sqlx::query(
        "INSERT INTO notices (receiver_id, kind, subject, created_at) \
         SELECT id, $1, 'one_time', $2 FROM receivers WHERE true ON CONFLICT (receiver_id, kind, subject) DO NOTHING",
    )
    .bind(NoticeKind::Restored.as_str())
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let retired = sqlx::query("UPDATE one_time SET state = 'retired' WHERE state = 'ready'")
        .execute(&mut *tx)
        .await?;
    sqlx::query("INSERT INTO past_incarnations (incarnation) VALUES ($1) ON CONFLICT (incarnation) DO NOTHING")
        .bind(old.to_vec())
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE vault SET incarnation = $1, is_backup = 0, restored_at = $2, time_floor = $2",
    )
    .bind(new.to_vec())
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let sql = match dialect {
        Dialect::Sqlite => "UPDATE vault SET handed_number = $1",
        Dialect::Postgres => "SELECT setval('handed_numbers', $1)",
    };
    sqlx::query(sql).bind(integer(number)).fetch_all(&mut *tx).await?;
    tx.commit().await?;
    Ok(Restored { retired: retired.rows_affected(), told: told.rows_affected() })
}
