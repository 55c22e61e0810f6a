//! A database that was put back from a backup hands out nothing that was handed out after it.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod common;

use std::path::{Path, PathBuf};

use common::{Folder, Running, kind, now, pool, static_invoice, with_lsp};
use pointlock_vault::Chain;
use pointlock_vault::client::Expected;
use pointlock_vault::store::{Form, NoticeKind, State, Store, Terms};

const REGTEST: Chain = Chain::new(bitcoin::Network::Regtest);

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn database(folder: &Path) -> PathBuf {
    folder.join("vault.db")
}

/// The file, and what belongs to it.
fn put_back(copy: &Path, folder: &Path) {
    for name in ["vault.db", "vault.db-wal", "vault.db-shm"] {
        let _ = std::fs::remove_file(folder.join(name));
    }
    std::fs::copy(copy, database(folder)).unwrap();
}

/// Two are handed out before the backup, two after it. How the backup is made is the question.
fn story(backup: impl Fn(&Path, &Path)) {
    let folder = Folder::new("restored");
    let running = Running::start(with_lsp(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    client.leave_one_time(&key, &name, &pool(&key, 0..10)).unwrap();
    let invoice = static_invoice(&key, 3, 1);
    client.leave_invoice(&key, &name, &invoice.to_string()).unwrap();
    let expected = Expected { chain: REGTEST, key: None, now: now() };
    let fetch = |client: &pointlock_vault::client::Client| {
        client.fetch_bolt11(&name, 2_000, None, &expected).map(|fetched| fetched.payment_hash)
    };
    let mut handed: Vec<_> = (0..2).map(|_| fetch(&client).unwrap()).collect();
    let copy = folder.path().join("copy.db");
    backup(folder.path(), &copy);
    handed.extend((0..2).map(|_| fetch(&client).unwrap()));
    // Left and handed out behind the backup's back.
    client.withdraw_all(&key, &name).unwrap();
    client.leave_one_time(&key, &name, &pool(&key, 20..21)).unwrap();
    let late = pool(&key, 20..21);
    handed.push(fetch(&client).unwrap());
    running.stop();
    // No start in between: it would bring the mark up to the database, whatever was written when something was handed out.
    put_back(&copy, folder.path());
    let error = Running::try_start(with_lsp(folder.path())).err().unwrap();
    assert!(error.contains("pointlock vault restore"), "{error}");
    // Seconds are what times are told in.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let restored = block_on(Store::restore(
        &Store::sqlite_url(&database(folder.path())),
        folder.path(),
        REGTEST,
    ))
    .unwrap();
    assert_eq!((restored.retired, restored.told), (8, 1));

    let running = Running::start(with_lsp(folder.path()));
    let client = running.client();
    assert!(fetch(&client).is_err());
    // The origin is another one, as its port is: sign for it.
    let listing = client.list(&key, &name).unwrap();
    let count = |state| {
        listing
            .one_time
            .iter()
            .find(|row| (row.form, row.state) == (Form::Hash, state))
            .map_or(0, |row| row.count)
    };
    assert_eq!((count(State::Ready), count(State::Handed), count(State::Retired)), (0, 2, 8));
    assert_eq!(
        listing.notices.iter().map(|notice| notice.kind).collect::<Vec<_>>(),
        [NoticeKind::Restored]
    );
    // Points are for many payers: they are handed out still.
    assert_eq!(client.fetch_static(&name, &expected).unwrap(), invoice);
    // What is retired is not taken again, nor what was made before the restore, of which the backup knows nothing.
    assert_eq!(kind(client.leave_one_time(&key, &name, &pool(&key, 3..4))), "conflict");
    assert_eq!(kind(client.leave_one_time(&key, &name, &late)), "conflict");
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    client.leave_one_time(&key, &name, &pool(&key, 30..31)).unwrap();
    let fresh = fetch(&client).unwrap();
    assert!(!handed.contains(&fresh));
    running.stop();
    Running::start(with_lsp(folder.path())).stop();
}

#[test]
fn by_the_command() {
    story(|folder, copy| {
        block_on(Store::backup(&Store::sqlite_url(&database(folder)), copy)).unwrap();
        // Never over another one.
        assert!(block_on(Store::backup(&Store::sqlite_url(&database(folder)), copy)).is_err());
    });
}

#[test]
fn by_a_copy_that_knows_nothing_of_it() {
    story(|folder, copy| {
        block_on(async {
            use sqlx::Connection as _;
            let url = Store::sqlite_url(&database(folder));
            sqlx::any::install_default_drivers();
            let mut connection = sqlx::AnyConnection::connect(&url).await.unwrap();
            sqlx::query("VACUUM INTO $1")
                .bind(copy.to_str().unwrap())
                .execute(&mut connection)
                .await
                .unwrap();
        });
    });
}

#[test]
fn a_database_of_another_folder_or_chain_is_refused() {
    let (first, second) = (Folder::new("first"), Folder::new("second"));
    Running::start(with_lsp(first.path())).stop();
    Running::start(with_lsp(second.path())).stop();
    put_back(&database(first.path()), second.path());
    let error = Running::try_start(with_lsp(second.path())).err().unwrap();
    assert!(error.contains("another database"), "{error}");
    let mut signet = with_lsp(first.path());
    signet.chain = Some("signet".into());
    let error = Running::try_start(signet).err().unwrap();
    assert!(error.contains("another chain"), "{error}");
    // A lost database is no empty one.
    std::fs::remove_file(database(first.path())).unwrap();
    let error = Running::try_start(with_lsp(first.path())).err().unwrap();
    assert!(error.contains("another database"), "{error}");
    std::fs::write(Store::mark_path(first.path()), "pointlock vault mark 1\n").unwrap();
    let error = Running::try_start(with_lsp(first.path())).err().unwrap();
    assert!(error.contains("no mark of a vault"), "{error}");
    block_on(Store::restore(&Store::sqlite_url(&database(first.path())), first.path(), REGTEST))
        .unwrap();
    Running::start(with_lsp(first.path())).stop();
}

/// A PostgreSQL server, its programs, and one database on it.
struct Postgres {
    bin: PathBuf,
    server: String,
    database: &'static str,
}

impl Postgres {
    fn new(database: &'static str) -> Self {
        let server = std::env::var("POINTLOCK_POSTGRES");
        let bin = std::env::var_os("POINTLOCK_POSTGRES_BIN");
        Self {
            bin: PathBuf::from(bin.expect("the folder of its programs")),
            server: server.expect("the URL of a server, without a database"),
            database,
        }
    }

    fn url(&self) -> String {
        format!("{}/{}", self.server, self.database)
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.bin.join(program);
        let output = std::process::Command::new(&program).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {text}", program.display());
    }

    fn dump(&self, file: &str) {
        self.run("pg_dump", &["--clean", "--if-exists", "--file", file, &self.url()]);
    }

    /// Connections end, and some may be there again before the tables are put back.
    fn put_back(&self, file: &str) {
        let cut = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()",
            self.database
        );
        self.run("psql", &["--quiet", "--command", &cut, &format!("{}/postgres", self.server)]);
        self.run("psql", &["--quiet", "--set=ON_ERROR_STOP=1", "--file", file, &self.url()]);
    }

    fn options(&self, folder: &Path) -> pointlock_vault::config::Options {
        pointlock_vault::config::Options { database: Some(self.url()), ..with_lsp(folder) }
    }
}

/// As PostgreSQL's own tools do it, while the vault runs on: it notices by itself.
#[test]
#[ignore = "needs PostgreSQL; run by .ci/vault"]
fn by_pg_dump_under_a_vault_that_runs() {
    let (postgres, folder) = (Postgres::new("restored"), Folder::new("pg"));
    let options = || postgres.options(folder.path());
    let running = Running::start(options());
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    client.leave_one_time(&key, &name, &pool(&key, 0..10)).unwrap();
    let expected = Expected { chain: REGTEST, key: None, now: now() };
    let fetch = |client: &pointlock_vault::client::Client| {
        client.fetch_bolt11(&name, 2_000, None, &expected)
    };
    fetch(&client).unwrap();
    let dump = folder.path().join("dump.sql");
    let dump = dump.to_str().unwrap();
    postgres.dump(dump);
    let after = fetch(&client).unwrap().payment_hash;
    postgres.put_back(dump);
    for _ in 0..20 {
        assert!(fetch(&client).is_err(), "handed out of a database that has forgotten");
    }
    running.stop();
    let error = Running::try_start(options()).err().unwrap();
    assert!(error.contains("pointlock vault restore"), "{error}");
    let restored = block_on(Store::restore(&postgres.url(), folder.path(), REGTEST)).unwrap();
    assert_eq!((restored.retired, restored.told), (9, 1));
    let running = Running::start(options());
    assert!(fetch(&running.client()).is_err());
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    running.client().leave_one_time(&key, &name, &pool(&key, 30..31)).unwrap();
    assert_ne!(fetch(&running.client()).unwrap().payment_hash, after);
    running.stop();
    Running::start(options()).stop();
}

/// PostgreSQL writes a sequence down 32 numbers ahead. So after a crash of the server, in a copy of its disk, at a standby or at a point in
/// time, the sequence is further than what was handed out, while the rows are those of then.
#[test]
#[ignore = "needs PostgreSQL; run by .ci/vault"]
fn a_sequence_that_is_ahead_hides_no_restore() {
    let (postgres, folder) = (Postgres::new("ahead"), Folder::new("ahead"));
    let options = || postgres.options(folder.path());
    let running = Running::start(options());
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    client.leave_one_time(&key, &name, &pool(&key, 0..10)).unwrap();
    let expected = Expected { chain: REGTEST, key: None, now: now() };
    let fetch = |client: &pointlock_vault::client::Client| {
        client.fetch_bolt11(&name, 2_000, None, &expected).map(|fetched| fetched.payment_hash)
    };
    fetch(&client).unwrap();
    let dump = folder.path().join("dump.sql");
    let dump = dump.to_str().unwrap();
    let ahead = || {
        let sql = "SELECT setval('handed_numbers', (SELECT MAX(handed_number) + 32 FROM one_time))";
        postgres.run("psql", &["--quiet", "--command", sql, &postgres.url()]);
    };
    postgres.dump(dump);
    // Alone it is no restore: nothing is forgotten.
    ahead();
    let after = fetch(&client).unwrap();
    running.stop();
    let running = Running::start(options());
    fetch(&running.client()).unwrap();
    // Under the vault, whose connections find it, and before it starts again.
    postgres.put_back(dump);
    ahead();
    for _ in 0..20 {
        assert!(fetch(&running.client()).is_err(), "handed out of a database that has forgotten");
    }
    running.stop();
    let error = Running::try_start(options()).err().unwrap();
    assert!(error.contains("pointlock vault restore"), "{error}");
    let restored = block_on(Store::restore(&postgres.url(), folder.path(), REGTEST)).unwrap();
    assert_eq!((restored.retired, restored.told), (9, 1));
    let running = Running::start(options());
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    running.client().leave_one_time(&key, &name, &pool(&key, 30..32)).unwrap();
    assert_ne!(fetch(&running.client()).unwrap(), after);
    running.stop();
    let running = Running::start(options());
    fetch(&running.client()).unwrap();
    running.stop();
}
