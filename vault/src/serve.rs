//! Starting and ending.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::TokioTimer;
use thiserror::Error;
use tokio::sync::oneshot;

use crate::bolt11::Lsp;
use crate::clock::Clock;
use crate::config::Config;
use crate::connections::Bounded;
use crate::peers::NodeKeys;
use crate::secret::{self, SecretError};
use crate::store::{Store, StoreError};
use crate::vault::Vault;

/// Why a vault does not start, or ends.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum ServeError {
    /// A file or a folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It can't listen there.
    #[error("{address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The server ended.
    #[error("the server ended: {0}")]
    Server(io::Error),
}

/// A vault that runs.
pub struct Running {
    /// The vault.
    pub vault: Arc<Vault>,
    /// Where it listens for HTTP.
    pub address: SocketAddr,
    /// Where it listens for peers.
    pub peer_address: Option<SocketAddr>,
    /// Whether its key was drawn just now.
    pub is_new: bool,
    handle: Handle<SocketAddr>,
    server: tokio::task::JoinHandle<io::Result<()>>,
    house: tokio::task::JoinHandle<()>,
}

/// Requests that are under way have so long to end.
const GRACE: Duration = Duration::from_secs(20);

/// Makes what is missing in the folder, and listens.
///
/// # Errors
///
/// [`ServeError`].
pub async fn start(config: Config) -> Result<Running, ServeError> {
    let data = config.data.clone();
    make_folder(&data).map_err(|source| ServeError::File { path: data.clone(), source })?;
    let (key, is_new) = secret::read_or_draw_key(&data.join("vault.key"))?;
    let operator_word = secret::read_or_draw_word(&data.join("operator.token"))?;
    let lsp = match &config.lsp_key {
        None => None,
        Some(path) => {
            let expiry = Duration::from_secs(config.lsp_expiry);
            Some(Lsp::new(secret::read_key(path)?, config.lsp_final_cltv, expiry))
        }
    };
    let clock = Arc::new(Clock::default());
    let store = Store::open(&config.database, &data, config.chain, clock.clone()).await?;
    store.tick().await?;
    let wanted = config.listen;
    let listen = |source| ServeError::Listen { address: wanted, source };
    let listener = std::net::TcpListener::bind(wanted).map_err(listen)?;
    listener.set_nonblocking(true).map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let origin = config.origin.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    let tls = match &config.tls {
        None => None,
        Some((cert, key)) => {
            // The first caller chooses for the process; a second vault in it chooses the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let tls = RustlsConfig::from_pem_file(cert, key).await;
            Some(tls.map_err(|source| ServeError::File { path: cert.clone(), source })?)
        }
    };
    let keys = NodeKeys::new(&key);
    drop(key);
    let node_id =
        keys.node_id().ok_or_else(|| SecretError::NoKey { path: data.join("vault.key") })?;
    let (connections, peer_listen) = (config.connections, config.peer_listen);
    let vault = Arc::new(Vault::new(config, origin, store, clock, node_id, lsp, operator_word));
    vault.cache.poll(&vault.store).await?;
    vault.cache.fill(&vault.store, &vault.origin).await?;
    let handle = Handle::new();
    let service =
        crate::http::router(vault.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum_server::from_tcp(listener).map_err(listen)?.handle(handle.clone());
    let mut server = server.http1_only();
    let mut http = server.http_builder().http1();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(10))
        .max_buf_size(32 << 10);
    let server = match tls {
        None => tokio::spawn(server.map(|next| Bounded::new(next, connections)).serve(service)),
        Some(tls) => {
            let acceptor = axum_server::tls_rustls::RustlsAcceptor::new(tls);
            tokio::spawn(server.acceptor(Bounded::new(acceptor, connections)).serve(service))
        }
    };
    let mut peer_address = None;
    if let Some(listen) = peer_listen {
        let peers = crate::peers::start(&vault, &keys, listen).await;
        let peers = peers.map_err(|source| ServeError::Listen { address: listen, source })?;
        peer_address = Some(peers.address());
        let _ = vault.peers.set(peers);
    }
    let keeper = vault.clone();
    let house = tokio::spawn(async move { keeper.keep_house().await });
    Ok(Running { vault, address, peer_address, is_new, handle, server, house })
}

impl Running {
    /// Runs until `until`, then finishes the requests that are under way and writes what was counted.
    ///
    /// # Errors
    ///
    /// [`ServeError::Server`] where the server ends by itself; what the store says at the end.
    pub async fn run(mut self, until: oneshot::Receiver<()>) -> Result<(), ServeError> {
        let ended = tokio::select! {
            ended = &mut self.server => Some(ended),
            _ = until => None,
        };
        self.vault.stop();
        if let Some(ended) = ended {
            let error = ended.map_err(io::Error::other).and_then(|result| result).err();
            return Err(ServeError::Server(
                error.unwrap_or_else(|| io::Error::other("nobody told it to")),
            ));
        }
        if let Some(peers) = self.vault.peers.get() {
            peers.close();
        }
        self.handle.graceful_shutdown(Some(GRACE));
        let _ = self.server.await;
        let _ = self.house.await;
        let written = self.vault.write_counts().await;
        self.vault.store.close().await;
        Ok(written?)
    }
}

/// For its owner alone.
pub(crate) fn make_folder(path: &std::path::Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if path.exists() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is no folder"));
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    // Its name has to last, too.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(std::path::Path::new(".")))?.sync_all()
}
