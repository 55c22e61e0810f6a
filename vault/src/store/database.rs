use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Executor as _, Row as _};

use super::{Mark, StoreError};
use crate::chain::Chain;
use crate::clock::Clock;

pub(crate) type Transaction<'a> = sqlx::Transaction<'a, Any>;

/// Where the two databases differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    fn of(url: &str) -> Option<Self> {
        match url.split_once(':')?.0 {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }

    /// What begins a transaction that writes. SQLite takes its write lock at once, since one that is taken later may fail.
    fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// Rows that another transaction has in hand are passed over; with SQLite there is no other.
    pub(super) fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE SKIP LOCKED",
        }
    }

    /// What is read stays as it is until the transaction ends; with SQLite nobody else writes meanwhile.
    pub(super) fn share_lock(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR SHARE",
        }
    }

    fn connected(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "PRAGMA busy_timeout = 15000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON;"
            }
            // A server may have been told otherwise, for all or for this user.
            Self::Postgres => {
                "SET synchronous_commit = on; SET statement_timeout = '15s'; SET lock_timeout = '10s'"
            }
        }
    }

    fn migration(self) -> &'static str {
        match self {
            Self::Sqlite => include_str!("../../migrations/sqlite/1_first.sql"),
            Self::Postgres => include_str!("../../migrations/postgres/1_first.sql"),
        }
    }
}

/// The vault's database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) pool: AnyPool,
    /// SQLite has one writer; waiting for it here is fairer than in its own sleep.
    pub(super) writers: AnyPool,
    pub(super) dialect: Dialect,
    pub(super) mark: Arc<Mark>,
    pub(super) clock: Arc<Clock>,
    restored: Arc<AtomicBool>,
}

impl Store {
    /// The connection string of a SQLite file.
    pub fn sqlite_url(path: &Path) -> String {
        let mut url = String::from("sqlite://");
        for byte in path.to_string_lossy().bytes() {
            if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
                url.push(char::from(byte));
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
        url + "?mode=rwc"
    }

    /// Where the mark of a data folder is.
    pub fn mark_path(data: &Path) -> PathBuf {
        data.join("handed.mark")
    }

    /// Opens the database, makes its tables where there are none, and compares it with the mark in the folder.
    ///
    /// # Errors
    ///
    /// [`StoreError::Restored`], [`StoreError::Backup`] and [`StoreError::OtherDatabase`] where it may have forgotten what was handed
    /// out; [`StoreError::OtherChain`]; what the database says.
    pub async fn open(
        url: &str,
        data: &Path,
        chain: Chain,
        clock: Arc<Clock>,
    ) -> Result<Self, StoreError> {
        let dialect = dialect(url)?;
        migrate(url, dialect, chain).await?;
        let mut connection = connect(url, dialect).await?;
        let path = Self::mark_path(data);
        let written = Mark::read(&path)?;
        let known = known(&mut connection, dialect).await?;
        if known.chain != chain.hash().to_bytes() {
            return Err(StoreError::other_chain(&known.chain));
        }
        if known.is_backup {
            return Err(StoreError::Backup);
        }
        if let Some(written) = written {
            if written.incarnation == known.incarnation {
                if known.number < written.number {
                    let (database, mark) = (known.number, written.number);
                    return Err(StoreError::Restored { database, mark });
                }
            } else if !is_past(&mut connection, &written.incarnation).await? {
                return Err(StoreError::OtherDatabase);
            }
        }
        clock.raise(known.time_floor);
        let _ = connection.close().await;
        let mark = Arc::new(Mark::open(&path, known.incarnation, known.number)?);
        let restored = Arc::new(AtomicBool::new(false));
        let open = |most| pool(url, dialect, most, &mark, &restored);
        let pool = open(8).await?;
        let writers = match dialect {
            Dialect::Sqlite => open(1).await?,
            Dialect::Postgres => pool.clone(),
        };
        Ok(Self { pool, writers, dialect, mark, clock, restored })
    }

    /// Refuses while the database has forgotten what was handed out.
    pub(super) fn check_not_restored(&self) -> Result<(), StoreError> {
        if self.restored.load(Ordering::Acquire) {
            return Err(StoreError::RestoredBefore { mark: self.mark.number() });
        }
        Ok(())
    }

    /// Whether all is well: the database answers, and is the one that it was.
    ///
    /// # Errors
    ///
    /// What is wrong.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.check_not_restored()?;
        sqlx::query("SELECT id FROM vault").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static>, StoreError> {
        let transaction = self.writers.begin_with(self.dialect.begin()).await?;
        // Only now: the connection may be the one that found it out.
        self.check_not_restored()?;
        Ok(transaction)
    }

    /// The next number of handings out, in this transaction. `before` were handed out before it began.
    ///
    /// # Errors
    ///
    /// [`StoreError::Restored`] where the database does not know of them; what it says.
    pub(super) async fn next_handed(
        &self,
        tx: &mut Transaction<'_>,
        before: u64,
    ) -> Result<u64, StoreError> {
        let sql = match self.dialect {
            Dialect::Sqlite => {
                "UPDATE vault SET handed_number = handed_number + 1 RETURNING handed_number, handed_number - 1"
            }
            Dialect::Postgres => {
                "SELECT nextval('handed_numbers'), (SELECT COALESCE(MAX(handed_number), 0) FROM one_time)"
            }
        };
        let row = sqlx::query(sql).fetch_one(&mut **tx).await?;
        let (next, known) = (number(row.try_get(0)?)?, number(row.try_get(1)?)?);
        if known < before {
            self.restored.store(true, Ordering::Release);
            return Err(StoreError::Restored { database: known, mark: before });
        }
        Ok(next)
    }

    /// The next number of changes, in this transaction.
    pub(super) async fn next_change(&self, tx: &mut Transaction<'_>) -> Result<i64, StoreError> {
        let sql = match self.dialect {
            Dialect::Sqlite => {
                "UPDATE vault SET change_number = change_number + 1 RETURNING change_number"
            }
            Dialect::Postgres => "SELECT nextval('change_numbers')",
        };
        Ok(sqlx::query(sql).fetch_one(&mut **tx).await?.try_get(0)?)
    }

    /// Notes how late it is, and takes note of how late it was; keeps the mark in step with other processes.
    ///
    /// # Errors
    ///
    /// What the database or the mark says.
    pub async fn tick(&self) -> Result<(), StoreError> {
        let now = integer(Clock::machine());
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE vault SET time_floor = $1 WHERE time_floor < $1")
            .bind(now)
            .execute(&mut *tx)
            .await?;
        let row = sqlx::query("SELECT time_floor FROM vault").fetch_one(&mut *tx).await?;
        tx.commit().await?;
        self.clock.raise(number(row.try_get(0)?)?);
        self.mark.refresh()?;
        let before = self.mark.number();
        let mut connection = self.pool.acquire().await?;
        let number = handed_number(&mut connection, self.dialect).await?;
        drop(connection);
        if number < before {
            self.restored.store(true, Ordering::Release);
            return self.check_not_restored();
        }
        self.mark.raise(number)?;
        self.mark
            .flush()
            .map_err(|source| StoreError::Mark { path: PathBuf::from("handed.mark"), source })
    }

    /// Ends all connections.
    pub async fn close(&self) {
        self.writers.close().await;
        self.pool.close().await;
        let _ = self.mark.flush();
    }
}

async fn pool(
    url: &str,
    dialect: Dialect,
    most: u32,
    mark: &Arc<Mark>,
    restored: &Arc<AtomicBool>,
) -> Result<AnyPool, StoreError> {
    let (mark, restored) = (mark.clone(), restored.clone());
    let options = AnyPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(Duration::from_secs(20))
        .test_before_acquire(dialect == Dialect::Postgres)
        .after_connect(move |connection, _| {
            let (mark, restored) = (mark.clone(), restored.clone());
            Box::pin(async move {
                connection.execute(dialect.connected()).await?;
                // A database that is put back under a running vault has cut its connections.
                let before = mark.number();
                if handed_number(connection, dialect).await? < before {
                    restored.store(true, Ordering::Release);
                }
                Ok(())
            })
        });
    Ok(options.connect_with(options_of(url)?).await?)
}

fn options_of(url: &str) -> Result<AnyConnectOptions, StoreError> {
    use sqlx::ConnectOptions as _;
    let options: AnyConnectOptions = url.parse()?;
    // A statement's text is no secret, its values are not logged; but it is no news either.
    Ok(options.log_statements(log::LevelFilter::Trace))
}

pub(super) fn dialect(url: &str) -> Result<Dialect, StoreError> {
    sqlx::any::install_default_drivers();
    Dialect::of(url).ok_or_else(|| {
        StoreError::Row("a connection string begins with sqlite: or postgres:".to_owned())
    })
}

/// A connection of its own. While many processes start, SQLite may find its file locked where it does not wait.
pub(super) async fn connect(url: &str, dialect: Dialect) -> Result<AnyConnection, StoreError> {
    let mut tries = 0;
    loop {
        let result = async {
            let mut connection = AnyConnection::connect_with(&options_of(url)?).await?;
            connection.execute(dialect.connected()).await?;
            Ok::<_, StoreError>(connection)
        };
        match result.await {
            Err(StoreError::Database(sqlx::Error::Database(error)))
                if dialect == Dialect::Sqlite
                    && tries < 100
                    && error.message().contains("locked") =>
            {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            other => return other,
        }
    }
}

/// Makes the tables those of this release, and the one row that says what this is.
pub(super) async fn migrate(url: &str, dialect: Dialect, chain: Chain) -> Result<(), StoreError> {
    let first =
        Migration::new(1, "first".into(), MigrationType::Simple, dialect.migration().into(), false);
    let migrator = Migrator { migrations: vec![first].into(), ..Migrator::DEFAULT };
    let mut connection = connect(url, dialect).await?;
    if dialect == Dialect::Sqlite {
        // sqlx takes a lock for PostgreSQL, and none for SQLite.
        let mut tries = 0;
        while let Err(error) = migrator.run_direct(&mut connection).await {
            tries += 1;
            let text = error.to_string();
            let is_race = ["locked", "exists", "UNIQUE"].iter().any(|word| text.contains(word));
            if !is_race || tries > 100 {
                return Err(error.into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    } else {
        migrator.run_direct(&mut connection).await?;
    }
    sqlx::query(
        "INSERT INTO vault (id, chain, incarnation) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING",
    )
    .bind(chain.hash().to_bytes().to_vec())
    .bind(rand::random::<[u8; 16]>().to_vec())
    .execute(&mut connection)
    .await?;
    let _ = connection.close().await;
    Ok(())
}

/// What the database says of itself.
pub(super) struct Known {
    pub(super) chain: [u8; 32],
    pub(super) incarnation: [u8; 16],
    pub(super) is_backup: bool,
    pub(super) time_floor: u64,
    pub(super) number: u64,
}

pub(super) async fn known(
    connection: &mut AnyConnection,
    dialect: Dialect,
) -> Result<Known, StoreError> {
    let row = sqlx::query("SELECT chain, incarnation, is_backup, time_floor FROM vault")
        .fetch_one(&mut *connection)
        .await?;
    Ok(Known {
        chain: bytes(&row, "chain")?,
        incarnation: bytes(&row, "incarnation")?,
        is_backup: row.try_get::<i64, _>("is_backup")? != 0,
        time_floor: number(row.try_get("time_floor")?)?,
        number: handed_number(connection, dialect).await?,
    })
}

/// The highest number that was handed out, as far as the database knows.
///
/// PostgreSQL writes a sequence down 32 numbers ahead, so that after a crash, at a standby or at a point in time the sequence is further than
/// the rows: it would hide that they have forgotten some. The rows themselves say what they know.
async fn handed_number(
    connection: &mut AnyConnection,
    dialect: Dialect,
) -> Result<u64, sqlx::Error> {
    let sql = match dialect {
        Dialect::Sqlite => "SELECT handed_number FROM vault",
        Dialect::Postgres => "SELECT COALESCE(MAX(handed_number), 0) FROM one_time",
    };
    one_number(connection, sql).await
}

/// The highest number that was drawn, handed out or not.
pub(super) async fn drawn_number(
    connection: &mut AnyConnection,
    dialect: Dialect,
) -> Result<u64, sqlx::Error> {
    let sql = match dialect {
        Dialect::Sqlite => "SELECT handed_number FROM vault",
        Dialect::Postgres => "SELECT last_value FROM handed_numbers",
    };
    one_number(connection, sql).await
}

async fn one_number(connection: &mut AnyConnection, sql: &str) -> Result<u64, sqlx::Error> {
    let number: i64 = sqlx::query(sql).fetch_one(connection).await?.try_get(0)?;
    Ok(u64::try_from(number).unwrap_or(0))
}

async fn is_past(
    connection: &mut AnyConnection,
    incarnation: &[u8; 16],
) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT incarnation FROM past_incarnations WHERE incarnation = $1")
        .bind(incarnation.to_vec())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// A column of so many bytes.
pub(super) fn bytes<const N: usize>(row: &AnyRow, column: &str) -> Result<[u8; N], StoreError> {
    let value: Vec<u8> = row.try_get(column)?;
    value.try_into().map_err(|_| StoreError::Row(format!("{column} has not {N} bytes")))
}

/// What SQL has for an unsigned number: times and amounts are far below.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn number(integer: i64) -> Result<u64, StoreError> {
    u64::try_from(integer)
        .map_err(|_| StoreError::Row(format!("{integer} where a number from 0 on has to be")))
}
