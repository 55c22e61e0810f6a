//! A vault in this process, and what receivers leave with it.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]
#![allow(dead_code, reason = "no test needs all of it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bitcoin::hashes::{Hash as _, sha256};
use lightning_invoice::{Currency, InvoiceBuilder, PaymentSecret};
use pointlock::curve::{Keypair, SecretScalar, context};
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{ChainHash, PaymentLock, StaticInvoice, StaticInvoiceBuilder};
use pointlock_vault::client::{Address, Client};
use pointlock_vault::config::Options;
use pointlock_vault::pool::{PoolHash, PoolTerms};
use pointlock_vault::store::Terms;
use pointlock_vault::{Clock, HashesLeft, Name, OneTimeLeft, PoolHashLeft, Vault};
use secp256k1::SecretKey;
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

/// A folder of this test's own, empty, removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir()
            .join(format!("pointlock-vault-{name}-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A vault that runs in a thread of its own.
pub(crate) struct Running {
    pub(crate) vault: Arc<Vault>,
    pub(crate) origin: String,
    pub(crate) peer: Option<std::net::SocketAddr>,
    runtime: tokio::runtime::Handle,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// On regtest, for whoever comes, in this folder.
pub(crate) fn options(folder: &Path) -> Options {
    Options {
        data: Some(folder.to_owned()),
        chain: Some("regtest".to_owned()),
        listen: Some("127.0.0.1:0".parse().unwrap()),
        open_registration: Some(true),
        address_rate: Some(100_000),
        receiver_rate: Some(1_000_000),
        ..Options::default()
    }
}

/// With an LSP's key.
pub(crate) fn with_lsp(folder: &Path) -> Options {
    let file = folder.join("lsp.key");
    std::fs::write(&file, hex::encode([77; 32])).unwrap();
    Options { lsp_key: Some(file), ..options(folder) }
}

impl Running {
    pub(crate) fn start(options: Options) -> Self {
        Self::try_start(options).unwrap()
    }

    pub(crate) fn try_start(options: Options) -> Result<Self, String> {
        let config = options.resolve().unwrap();
        let (end, told) = oneshot::channel();
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                match pointlock_vault::start(config).await {
                    Err(error) => send.send(Err(error.to_string())).unwrap(),
                    Ok(running) => {
                        let handle = tokio::runtime::Handle::current();
                        let peer = running.peer_address;
                        send.send(Ok((running.vault.clone(), peer, handle))).unwrap();
                        running.run(told).await.unwrap();
                    }
                }
            });
        });
        match receive.recv().unwrap() {
            Err(error) => {
                thread.join().unwrap();
                Err(error)
            }
            Ok((vault, peer, runtime)) => {
                let origin = vault.origin.clone();
                Ok(Self { vault, origin, peer, runtime, end: Some(end), thread: Some(thread) })
            }
        }
    }

    /// In the vault's own runtime: connections of its database belong to it.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.origin, None).unwrap()
    }

    pub(crate) fn address(&self, name: &str) -> Address {
        Address { name: name.parse().unwrap(), origin: self.origin.clone() }
    }

    /// With a name and a key that the vault knows.
    pub(crate) fn receiver(&self, text: &str, byte: u8, terms: &Terms) -> (Client, Name, Keypair) {
        let (client, name, key) = (self.client(), text.parse().unwrap(), key(byte));
        client.register(&key, &name, terms).unwrap();
        (client, name, key)
    }

    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
            let joined = self.thread.take().unwrap().join();
            if !std::thread::panicking() {
                joined.unwrap();
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

pub(crate) fn key(byte: u8) -> Keypair {
    Keypair::from_secret_bytes(&[byte; 32]).unwrap()
}

pub(crate) fn now() -> u64 {
    Clock::machine()
}

/// With k-time points, or with one static point for k = 0; a number makes it another one.
pub(crate) fn points(k: usize, number: u8) -> PaymentLock {
    if k == 0 {
        return SecretScalar::from_bytes(&[100 + number; 32]).unwrap().to_point().into();
    }
    PaymentPolynomial::from_entropy(&[number; 32], k).unwrap().payment_points().into()
}

pub(crate) fn builder(key: &Keypair, lock: impl Into<PaymentLock>) -> StaticInvoiceBuilder {
    StaticInvoiceBuilder::new(lock, now())
        .chain(ChainHash::REGTEST)
        .amount_msat(5_000)
        .description("coffee")
        .interim_route(&[key.public_key()])
}

pub(crate) fn static_invoice(key: &Keypair, k: usize, number: u8) -> StaticInvoice {
    builder(key, points(k, number)).sign(key, &[9; 32]).unwrap()
}

/// SHA-256 of the preimage with this number.
pub(crate) fn preimage(number: u32) -> [u8; 32] {
    Sha256::digest(format!("preimage {number}")).into()
}

pub(crate) fn hash(number: u32) -> [u8; 32] {
    Sha256::digest(preimage(number)).into()
}

/// A pool of the hashes with these numbers.
pub(crate) fn pool(key: &Keypair, numbers: std::ops::Range<u32>) -> OneTimeLeft {
    let terms =
        PoolTerms { chain: ChainHash::REGTEST, created_at: now(), expires_at: now() + 86_400 };
    let hashes = numbers.map(|number| {
        let signed = PoolHash::sign(hash(number), &terms, key, &[9; 32]);
        PoolHashLeft {
            payment_hash: hex::encode(signed.payment_hash),
            signature: hex::encode(signed.signature.serialize()),
        }
    });
    let hashes = hashes.collect();
    let pool = HashesLeft { created_at: terms.created_at, expires_at: terms.expires_at, hashes };
    OneTimeLeft { pool: Some(pool), ..OneTimeLeft::default() }
}

/// What a ready-made BOLT 11 invoice says.
pub(crate) struct ReadyMade {
    pub(crate) currency: Currency,
    pub(crate) key: [u8; 32],
    pub(crate) number: u32,
    pub(crate) amount_msat: Option<u64>,
    pub(crate) metadata: String,
    pub(crate) created_at: u64,
    pub(crate) expiry: u64,
}

impl ReadyMade {
    pub(crate) fn text(&self) -> String {
        let builder = InvoiceBuilder::new(self.currency.clone())
            .description_hash(sha256::Hash::hash(self.metadata.as_bytes()))
            .payment_hash(sha256::Hash::from_byte_array(hash(self.number)))
            .payment_secret(PaymentSecret([5; 32]))
            .duration_since_epoch(Duration::from_secs(self.created_at))
            .expiry_time(Duration::from_secs(self.expiry))
            .min_final_cltv_expiry_delta(144);
        let builder = match self.amount_msat {
            Some(amount) => builder.amount_milli_satoshis(amount),
            None => builder,
        };
        let key = SecretKey::from_slice(&self.key).unwrap();
        builder
            .build_signed(|hash| context().sign_ecdsa_recoverable(hash, &key))
            .unwrap()
            .to_string()
    }
}

pub(crate) fn ready_made(byte: u8, metadata: &str, number: u32, amount_msat: u64) -> ReadyMade {
    ReadyMade {
        currency: Currency::Regtest,
        key: [byte; 32],
        number,
        amount_msat: Some(amount_msat),
        metadata: metadata.to_owned(),
        created_at: now(),
        expiry: 86_400,
    }
}

/// The last word of the problem's type.
pub(crate) fn kind<T: std::fmt::Debug>(
    result: Result<T, pointlock_vault::client::ClientError>,
) -> String {
    match result.unwrap_err() {
        pointlock_vault::client::ClientError::Refused { kind, status, detail } => {
            assert!((400..500).contains(&status), "{status}: {detail}");
            kind
        }
        other => panic!("{other}"),
    }
}
