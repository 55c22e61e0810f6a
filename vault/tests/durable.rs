//! A disk that is full, a database that goes and comes back, a clock that is set back: clear errors, and nothing handed out twice.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod common;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Parser as _;
use common::{Folder, Running, key, kind, now, pool, static_invoice, with_lsp};
use pointlock_vault::client::{Client, ClientError, Expected};
use pointlock_vault::config::Options;
use pointlock_vault::store::{Store, Terms};
use pointlock_vault::{Chain, Name};

const REGTEST: Chain = Chain::new(bitcoin::Network::Regtest);

fn expected() -> Expected<'static> {
    Expected { chain: REGTEST, key: None, now: now() }
}

fn fetch(client: &Client, name: &Name) -> Result<[u8; 32], ClientError> {
    client.fetch_bolt11(name, 2_000, None, &expected()).map(|fetched| fetched.payment_hash)
}

/// A vault in a process of its own; in a run of its own this does nothing.
#[test]
fn child() {
    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: pointlock_vault::command::Args,
    }
    let Ok(arguments) = std::env::var("POINTLOCK_DURABLE_ARGUMENTS") else { return };
    let cli = Cli::parse_from(std::iter::once("vault").chain(arguments.split('\n')));
    if let Err(error) = pointlock_vault::command::run(cli.args) {
        eprintln!("vault: {error}");
        std::process::exit(1);
    }
}

/// A process that may write files of so many blocks of 1,024 bytes, and is told when it tries more, as on a full disk.
#[test]
fn a_full_disk() {
    let folder = Folder::new("full");
    std::fs::write(folder.path().join("lsp.key"), hex::encode([77; 32])).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let origin = format!("http://127.0.0.1:{port}");
    let spawn = |blocks: &str| {
        let data = folder.path().join("data");
        let arguments = [
            "--data".to_owned(),
            data.to_string_lossy().into_owned(),
            "--chain=regtest".to_owned(),
            format!("--listen=127.0.0.1:{port}"),
            format!("--lsp-key={}", folder.path().join("lsp.key").display()),
            "--open-registration".to_owned(),
            "--receiver-rate=1000000".to_owned(),
        ];
        let child = Command::new("bash")
            .args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "bash", blocks])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env("POINTLOCK_DURABLE_ARGUMENTS", arguments.join("\n"))
            .env("RUST_LOG", "off")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let client = Client::new(&origin, None).unwrap();
        let began = Instant::now();
        while client.about().is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "it does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        (child, client)
    };
    let (mut child, client) = spawn("700");
    let (key, name): (_, Name) = (key(2), "alice".parse().unwrap());
    client.register(&key, &name, &Terms::default()).unwrap();
    let mut left = 0;
    let error = loop {
        match client.leave_one_time(&key, &name, &pool(&key, left..left + 200)) {
            Ok(()) => left += 200,
            Err(error) => break error,
        }
        assert!(left < 20_000, "the disk is never full");
    };
    assert!(matches!(error, ClientError::Refused { status: 503, .. }), "{error}");
    // A full disk takes no notes of what is handed out: then nothing is, or it was noted.
    let mut handed = Vec::new();
    for _ in 0..20 {
        match fetch(&client, &name) {
            Ok(hash) => handed.push(hash),
            Err(ClientError::Lnurl { reason }) => assert!(reason.contains("can't"), "{reason}"),
            Err(error) => panic!("{error}"),
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // With room again it goes on.
    let (mut child, client) = spawn("unlimited");
    assert!(left > 0);
    for _ in 0..20 {
        handed.push(fetch(&client, &name).unwrap());
    }
    client.leave_one_time(&key, &name, &pool(&key, left..left + 200)).unwrap();
    assert_eq!(handed.iter().collect::<BTreeSet<_>>().len(), handed.len());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_clock_that_is_set_back() {
    let folder = Folder::new("clock");
    let running = Running::start(with_lsp(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    let mut brief = pool(&key, 0..2);
    // To be paid for ten minutes.
    let terms = pointlock_vault::pool::PoolTerms {
        chain: REGTEST.hash(),
        created_at: now(),
        expires_at: now() + 600,
    };
    let left = brief.pool.as_mut().unwrap();
    (left.created_at, left.expires_at) = (terms.created_at, terms.expires_at);
    for (number, hash) in left.hashes.iter_mut().enumerate() {
        let signed = pointlock_vault::pool::PoolHash::sign(
            common::hash(number as u32),
            &terms,
            &key,
            &[9; 32],
        );
        hash.signature = hex::encode(signed.signature.serialize());
    }
    client.leave_one_time(&key, &name, &brief).unwrap();
    client.leave_one_time(&key, &name, &pool(&key, 10..12)).unwrap();
    fetch(&client, &name).unwrap();
    running.stop();
    // It ran for an hour more; then the machine's clock went back to now.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::Connection as _;
        let url = Store::sqlite_url(&folder.path().join("vault.db"));
        let mut connection = sqlx::AnyConnection::connect(&url).await.unwrap();
        let later = i64::try_from(now() + 3_600).unwrap();
        sqlx::query("UPDATE vault SET time_floor = $1")
            .bind(later)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    });
    let running = Running::start(with_lsp(folder.path()));
    let client = running.client();
    assert!(running.vault.clock.is_set_back().unwrap() > 3_500);
    assert!(client.about().unwrap().time > now() + 3_500);
    // The second one of the first two expired within that hour, and stays so; the others are good.
    let hashes = [fetch(&client, &name).unwrap(), fetch(&client, &name).unwrap()];
    assert_eq!(
        hashes.iter().collect::<BTreeSet<_>>(),
        [common::hash(10), common::hash(11)].iter().collect()
    );
    assert!(fetch(&client, &name).is_err());
    // What is signed by the machine's time is an hour old.
    assert_eq!(kind(client.list(&key, &name)), "unsigned");
}

/// Between a vault and its database: to be cut.
struct Cable {
    address: std::net::SocketAddr,
    open: Arc<AtomicBool>,
    ends: Arc<Mutex<Vec<TcpStream>>>,
}

impl Cable {
    fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (open, ends) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(Vec::new())));
        let cable = Self { address, open: open.clone(), ends: ends.clone() };
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let Ok(near) = near else { break };
                if !open.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(&server) else { continue };
                ends.lock().unwrap().extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                for (mut from, mut to) in
                    [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)]
                {
                    std::thread::spawn(move || {
                        let mut buffer = [0; 16 << 10];
                        while let Ok(read @ 1..) = from.read(&mut buffer) {
                            if to.write_all(&buffer[..read]).is_err() {
                                break;
                            }
                        }
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        cable
    }

    fn cut(&self) {
        self.open.store(false, Ordering::SeqCst);
        for end in self.ends.lock().unwrap().drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        self.open.store(true, Ordering::SeqCst);
    }
}

#[test]
#[ignore = "needs PostgreSQL; run by .ci/vault"]
fn a_database_that_goes_and_comes_back() {
    let server =
        std::env::var("POINTLOCK_POSTGRES").expect("the URL of a server, without a database");
    let host = server.rsplit('@').next().unwrap().to_owned();
    let cable = Cable::to(host.clone());
    let folder = Folder::new("gone");
    let database = format!("{}/vault", server.replace(&host, &cable.address.to_string()));
    let running = Running::start(Options { database: Some(database), ..with_lsp(folder.path()) });
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    client.leave_one_time(&key, &name, &pool(&key, 0..200)).unwrap();
    client.leave_invoice(&key, &name, &static_invoice(&key, 8, 1).to_string()).unwrap();
    let mut handed = vec![fetch(&client, &name).unwrap()];
    let ready = || ureq::get(format!("{}/readyz", running.origin)).call().is_ok();
    assert!(ready());
    // In the middle of requests, several times.
    for _ in 0..3 {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| {
                let mut got = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    match fetch(&client, &name) {
                        Ok(hash) => got.push(hash),
                        Err(ClientError::Lnurl { reason }) => {
                            assert!(reason.contains("can't"), "{reason}")
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
                got
            });
            std::thread::sleep(Duration::from_millis(150));
            cable.cut();
            std::thread::sleep(Duration::from_millis(300));
            assert!(!ready());
            assert!(ureq::get(format!("{}/healthz", running.origin)).call().is_ok());
            cable.mend();
            stop.store(true, Ordering::SeqCst);
            handed.extend(asking.join().unwrap());
        });
        let began = Instant::now();
        while !ready() {
            assert!(began.elapsed() < Duration::from_secs(30), "it does not come back");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    while let Ok(hash) = fetch(&client, &name) {
        handed.push(hash);
    }
    assert_eq!(handed.iter().collect::<BTreeSet<_>>().len(), handed.len());
    println!("gone and back three times: {} of 200 came to a wallet, none twice", handed.len());
    assert!(client.fetch_static(&name, &expected()).is_ok());
}
