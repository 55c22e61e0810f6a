//! Handed out once, ever: eight vaults on one database, ten thousand requests over a stock of five thousand hashes, and `kill -9` at random
//! moments.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bitcoin::hashes::Hash as _;
use clap::Parser as _;
use common::{Folder, key, pool};
use lightning_invoice::Bolt11Invoice;
use pointlock_vault::client::Client;
use pointlock_vault::store::{State, Store, Terms};
use pointlock_vault::{Chain, Clock, Name};
use rand::RngExt as _;

const VAULTS: usize = 8;
const STOCK: u32 = 5_000;
const REQUESTS: usize = 10_000;
const WALLETS: usize = 16;

const ARGUMENTS: &str = "POINTLOCK_ONCE_ARGUMENTS";

/// A vault in a process of its own; in a run of its own this does nothing.
#[test]
fn child() {
    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: pointlock_vault::command::Args,
    }
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let cli = Cli::parse_from(std::iter::once("vault").chain(arguments.split('\n')));
    if let Err(error) = pointlock_vault::command::run(cli.args) {
        eprintln!("vault: {error}");
        std::process::exit(1);
    }
}

struct Vaults {
    folder: PathBuf,
    database: String,
    ports: Vec<u16>,
    children: Vec<Mutex<Child>>,
}

impl Vaults {
    fn start(folder: &Path, database: &str) -> Self {
        std::fs::write(folder.join("lsp.key"), hex::encode([77; 32])).unwrap();
        let listeners: Vec<_> =
            (0..VAULTS).map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<u16> =
            listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        drop(listeners);
        let mut vaults = Self {
            folder: folder.to_owned(),
            database: database.to_owned(),
            ports,
            children: Vec::new(),
        };
        vaults.children = (0..VAULTS).map(|index| Mutex::new(vaults.spawn(index))).collect();
        for index in 0..VAULTS {
            vaults.wait(index);
        }
        vaults
    }

    fn spawn(&self, index: usize) -> Child {
        let data = self.folder.join(format!("vault-{index}"));
        let lsp = self.folder.join("lsp.key");
        let arguments = [
            "--data",
            data.to_str().unwrap(),
            "--database",
            &self.database,
            "--chain",
            "regtest",
            "--listen",
            &format!("127.0.0.1:{}", self.ports[index]),
            "--origin",
            "http://vault.test",
            "--lsp-key",
            lsp.to_str().unwrap(),
            "--open-registration",
            "--address-rate",
            "1000000",
            "--receiver-rate",
            "100000000",
        ];
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env(ARGUMENTS, arguments.join("\n"))
            .env("RUST_LOG", "error")
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn url(&self, index: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[index])
    }

    fn wait(&self, index: usize) {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(2)))
            .build()
            .new_agent();
        let began = Instant::now();
        while agent.get(format!("{}/readyz", self.url(index))).call().is_err() {
            assert!(began.elapsed() < Duration::from_secs(120), "vault {index} does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGKILL, and a new one in its place.
    fn kill(&self, index: usize) {
        let mut child = self.children[index].lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        *child = self.spawn(index);
    }
}

impl Drop for Vaults {
    fn drop(&mut self) {
        for child in &self.children {
            let mut child = child.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What came of the requests.
#[derive(Default)]
struct Outcome {
    /// Payment hashes that wallets were handed, and how often.
    handed: Mutex<BTreeMap<[u8; 32], usize>>,
    done: AtomicUsize,
    empty: AtomicUsize,
    cut_off: AtomicUsize,
}

impl Outcome {
    fn ask(&self, agent: &ureq::Agent, url: &str) {
        let answer = agent
            .get(format!("{url}/lnurlp/alice/callback?amount=2000"))
            .call()
            .and_then(|mut response| response.body_mut().read_to_string());
        match answer {
            // Nobody knows whether anything was handed out.
            Err(_) => {
                self.cut_off.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(text) => {
                let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
                match answer["pr"].as_str() {
                    Some(pr) => {
                        let invoice: Bolt11Invoice = pr.parse().unwrap();
                        let hash = invoice.payment_hash().to_byte_array();
                        *self.handed.lock().unwrap().entry(hash).or_default() += 1;
                    }
                    None => {
                        let reason = answer["reason"].as_str().unwrap();
                        assert!(reason.contains("left") || reason.contains("now"), "{reason}");
                        self.empty.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).build().new_agent()
}

fn leave(url: &str) -> (Client, Name) {
    // Where it listens is not where it says it is: there is no proxy before it here.
    let client = Client::new(url, None).unwrap();
    let name: Name = "alice".parse().unwrap();
    let signing = key(2);
    let put = |method: ureq::http::Method, path: &str, body: &[u8]| {
        let request = pointlock_vault::request::Request {
            origin: "http://vault.test",
            method: method.as_str(),
            path,
            body,
        };
        let by = request.sign(&signing, Clock::machine(), rand::random(), &[9; 32]).to_string();
        let (status, body) = client.signed_by(&by, method, path, body).unwrap();
        assert_eq!(status, 204, "{}", String::from_utf8_lossy(&body));
    };
    let node_id = signing.public_key().to_string();
    let registration = pointlock_vault::Registration { node_id, terms: Terms::default() };
    put(
        ureq::http::Method::PUT,
        "/v1/receivers/alice",
        &serde_json::to_vec(&registration).unwrap(),
    );
    for first in (0..STOCK).step_by(1_000) {
        let left = serde_json::to_vec(&pool(&signing, first..first + 1_000)).unwrap();
        put(ureq::http::Method::POST, "/v1/receivers/alice/one-time", &left);
    }
    (client, name)
}

fn run(database: &str, folder: &Folder, kills: usize) {
    let began = Instant::now();
    let vaults = Arc::new(Vaults::start(folder.path(), database));
    let (_, name) = leave(&vaults.url(0));
    let outcome = Arc::new(Outcome::default());
    let next = Arc::new(AtomicUsize::new(0));
    let ended = Arc::new(AtomicBool::new(false));
    let asking = Instant::now();
    let wallets: Vec<_> = (0..WALLETS)
        .map(|_| {
            let (vaults, outcome, next) = (vaults.clone(), outcome.clone(), next.clone());
            std::thread::spawn(move || {
                let agent = agent();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= REQUESTS {
                        break;
                    }
                    outcome.ask(&agent, &vaults.url(number % VAULTS));
                }
            })
        })
        .collect();
    // While the stock lasts, most of them: a kill later than that shows little.
    let killer = {
        let (vaults, outcome, ended) = (vaults.clone(), outcome.clone(), ended.clone());
        std::thread::spawn(move || {
            let mut random = rand::rng();
            let mut moments: Vec<usize> =
                (0..kills).map(|_| random.random_range(1..STOCK as usize)).collect();
            moments.sort_unstable();
            let mut killed = 0;
            for moment in moments {
                while outcome.done.load(Ordering::Relaxed) < moment
                    && !ended.load(Ordering::Relaxed)
                {
                    std::thread::sleep(Duration::from_micros(200));
                }
                std::thread::sleep(Duration::from_micros(random.random_range(0..3_000)));
                vaults.kill(random.random_range(0..VAULTS));
                killed += 1;
            }
            killed
        })
    };
    for wallet in wallets {
        wallet.join().unwrap();
    }
    ended.store(true, Ordering::Relaxed);
    let killed = killer.join().unwrap();
    let asked = asking.elapsed();
    for index in 0..VAULTS {
        vaults.wait(index);
    }
    // What is left is handed out still, to the last one.
    let agent = agent();
    let mut more = 0;
    loop {
        let before: usize = outcome.handed.lock().unwrap().len();
        outcome.ask(&agent, &vaults.url(more % VAULTS));
        if outcome.handed.lock().unwrap().len() == before {
            break;
        }
        more += 1;
    }
    drop(vaults);
    compare(database, folder, &name, &outcome);
    let (handed, cut_off) =
        (outcome.handed.lock().unwrap().len(), outcome.cut_off.load(Ordering::Relaxed));
    println!(
        "once: {VAULTS} vaults, {REQUESTS} requests in {:.1} s, {killed} kills; {handed} of {STOCK} came to a wallet, {} were handed out on a \
         connection that a kill cut off ({cut_off} requests were), none twice, none lost; {} requests found nothing left; {:.0} s in all",
        asked.as_secs_f64(),
        STOCK as usize - handed,
        outcome.empty.load(Ordering::Relaxed),
        began.elapsed().as_secs_f64(),
    );
}

fn compare(database: &str, folder: &Folder, name: &Name, outcome: &Outcome) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let chain = Chain::new(bitcoin::Network::Regtest);
        let data = folder.path().join("vault-0");
        let store = Store::open(database, &data, chain, Arc::default()).await.unwrap();
        let receiver = store.receiver(name).await.unwrap().unwrap();
        let counts = store.one_time_counts(Some(&receiver)).await.unwrap();
        let of = |state| {
            counts.iter().filter(|row| row.state == state).map(|row| row.count).sum::<u64>()
        };
        assert_eq!((of(State::Ready), of(State::Handed)), (0, u64::from(STOCK)));
        let handed = outcome.handed.lock().unwrap().clone();
        for (hash, times) in handed.iter() {
            assert_eq!(*times, 1, "{} came to {times} wallets", hex::encode(hash));
            let row = store.one_time(&receiver, hash).await.unwrap().expect("of this stock");
            assert_eq!(row.state, State::Handed);
        }
        // What came to no wallet was under way when a vault was killed, or its answer was.
        let missing = STOCK as usize - handed.len();
        assert!(missing <= outcome.cut_off.load(Ordering::Relaxed), "{missing} are lost");
        store.close().await;
    });
}

fn kills(usual: usize) -> usize {
    std::env::var("POINTLOCK_KILLS").map_or(usual, |text| text.parse().unwrap())
}

#[test]
fn on_sqlite() {
    let folder = Folder::new("once-sqlite");
    let database = Store::sqlite_url(&folder.path().join("vault.db"));
    run(&database, &folder, kills(20));
}

#[test]
#[ignore = "needs PostgreSQL; run by .ci/vault"]
fn on_postgresql() {
    let folder = Folder::new("once-postgres");
    let server =
        std::env::var("POINTLOCK_POSTGRES").expect("the URL of a server, without a database");
    let database = format!("{server}/once");
    run(&database, &folder, kills(20));
}
