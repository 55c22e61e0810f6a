//! Lightning peers: BOLT 12 over onion messages, as the static-invoice server that LDK's receivers and payers speak to.
//!
//! BOLT 8, peers and onion messages are LDK's. What is here is what it asks for (a store, a way to a peer) and what it does not do: no
//! receiver is known to it but the vault's, and floods are held off before an onion is opened.
//!
//! # How it goes
//!
//! ```text
//! receiver                              vault                                   payer
//!    │ offer_paths_request (75540) ──────►│
//!    │◄────────────── offer_paths (75542) │  along paths that the vault gave it for its name
//!    │ serve_static_invoice (75544) ─────►│  verified, durable
//!    │◄── static_invoice_persisted (75546)│
//!    ╵ goes                               │◄──────────────── invoice_request (64) │  along the offer's paths
//!                                         │ static invoice (70) ─────────────────►│
//! ```
//!
//! What the receiver left over HTTP has slot [`WEB_SLOT`]: its offer has paths with that slot inside.
//!
//! # What breaks it
//!
//! - LDK's receivers sign each offer with a key of its own, so what a peer leaves is known by the path along which it came. Whoever has a
//!   receiver's paths can leave invoices in its name; they are handed to the receiver's signed request alone.
//! - The vault's seed lost: paths that were given out lead nowhere.

mod door;
mod flood;
mod log;
mod router;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lightning::blinded_path::EmptyNodeIdLookUp;
use lightning::blinded_path::message::AsyncPaymentsContext;
use lightning::chain::BestBlock;
use lightning::ln::peer_handler::{
    ErroringMessageHandler, IgnoringMessageHandler, MessageHandler, PeerManager,
};
use lightning::offers::flow::OffersMessageFlow;
use lightning::onion_message::async_payments::OfferPathsRequest;
use lightning::onion_message::messenger::OnionMessenger;
use lightning::sign::{KeysManager, NodeSigner as _, Recipient};
use lightning::util::ser::Writeable as _;
use lightning_net_tokio::SocketDescriptor;
use pointlock::bitcoin::constants::ChainHash;
use pointlock::curve::{Keypair, Point};
use secp256k1::Secp256k1;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};

use self::door::{Door, Work};
use self::flood::Held;
use self::log::Log;
use self::router::Direct;
use crate::clock::Clock;
use crate::store::Receiver;
use crate::vault::Vault;

/// The slot of what was left over HTTP.
pub(crate) const WEB_SLOT: u16 = u16::MAX;
/// LDK's receivers use the first few.
pub(crate) const MOST_SLOTS: u16 = 32;
const MOST_PEERS: usize = 1_000;
const MOST_PEERS_OF_ADDRESS: usize = 20;
/// Requests that wait for the database.
const WAITING: usize = 1_000;

type Flow = OffersMessageFlow<Arc<Direct>, Arc<Log>>;
type Messenger = OnionMessenger<
    Arc<KeysManager>,
    Arc<KeysManager>,
    Arc<Log>,
    Arc<EmptyNodeIdLookUp>,
    Arc<Direct>,
    Arc<Door>,
    Arc<Door>,
    IgnoringMessageHandler,
    IgnoringMessageHandler,
>;
type Manager = PeerManager<
    SocketDescriptor,
    Arc<ErroringMessageHandler>,
    Arc<IgnoringMessageHandler>,
    Arc<Held<Messenger>>,
    Arc<Log>,
    IgnoringMessageHandler,
    Arc<KeysManager>,
    Arc<IgnoringMessageHandler>,
>;

/// The vault's keys as a Lightning node, from its seed.
pub(crate) struct NodeKeys(Arc<KeysManager>);

impl NodeKeys {
    pub(crate) fn new(seed: &Keypair) -> Self {
        let bytes = seed.secret_key().dangerous_to_bytes();
        // Time makes its entropy differ from start to start.
        let now =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self(Arc::new(KeysManager::new(&bytes, now.as_secs(), now.subsec_nanos(), true)))
    }

    /// What peers know it by.
    pub(crate) fn node_id(&self) -> Option<Point> {
        let key = self.0.get_node_id(Recipient::Node).ok()?;
        Point::from_slice(&key.serialize()).ok()
    }
}

/// What is inside a receiver's paths: its name, and the beginning of its key, so that they end with the key.
pub(crate) fn recipient_id(receiver: &Receiver) -> Vec<u8> {
    let mut id = receiver.name.as_str().as_bytes().to_vec();
    id.push(0);
    id.extend_from_slice(&receiver.node_id.to_bytes()[..9]);
    id
}

/// What a receiver needs to use this door.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PeerPaths {
    /// The vault's.
    pub node_id: String,
    /// Where it listens.
    pub address: String,
    /// For an LDK receiver (`set_paths_to_static_invoice_server`): blinded message paths in hexadecimal digits.
    pub recipient_paths: Vec<String>,
    /// For the offer of an invoice that is left over HTTP: blinded message paths, likewise.
    pub offer_paths: Vec<String>,
}

/// The door, open.
pub(crate) struct Peers {
    flow: Arc<Flow>,
    manager: Arc<Manager>,
    address: SocketAddr,
    node_id: String,
}

impl std::fmt::Debug for Peers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Peers({})", self.address)
    }
}

/// Listens for peers, until the vault ends.
pub(crate) async fn start(
    vault: &Arc<Vault>,
    keys: &NodeKeys,
    listen: SocketAddr,
) -> std::io::Result<Arc<Peers>> {
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let (keys, log) = (keys.0.clone(), Arc::new(Log));
    let our_id =
        keys.get_node_id(Recipient::Node).map_err(|()| std::io::Error::other("no node id"))?;
    let network = vault.config.chain.network();
    let router = Arc::new(Direct::new(keys.clone()));
    let now = u32::try_from(Clock::machine()).unwrap_or(u32::MAX);
    let flow = Arc::new(OffersMessageFlow::new(
        ChainHash::using_genesis_block(network),
        BestBlock::from_network(network),
        our_id,
        now,
        keys.get_expanded_key(),
        keys.get_receive_auth_key(),
        Secp256k1::new(),
        router.clone(),
        log.clone(),
    ));
    let (send, receive) = mpsc::channel(WAITING);
    let door = Arc::new(Door::new(flow.clone(), send, vault.clone()));
    let messenger = OnionMessenger::new(
        keys.clone(),
        keys.clone(),
        log.clone(),
        Arc::new(EmptyNodeIdLookUp {}),
        router,
        door.clone(),
        door,
        IgnoringMessageHandler {},
        IgnoringMessageHandler {},
    );
    let handler = MessageHandler {
        chan_handler: Arc::new(ErroringMessageHandler::new()),
        route_handler: Arc::new(IgnoringMessageHandler {}),
        onion_message_handler: Arc::new(Held::new(messenger, vault.clone())),
        custom_message_handler: IgnoringMessageHandler {},
        send_only_message_handler: Arc::new(IgnoringMessageHandler {}),
    };
    let manager = Arc::new(PeerManager::new(handler, now, &rand::random::<[u8; 32]>(), log, keys));
    tokio::spawn(accept(vault.clone(), listener, manager.clone()));
    tokio::spawn(tick(vault.clone(), manager.clone()));
    tokio::spawn(work(vault.clone(), receive, flow.clone(), manager.clone()));
    let node_id = our_id.to_string();
    Ok(Arc::new(Peers { flow, manager, address, node_id }))
}

impl Peers {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What this receiver needs.
    pub(crate) fn paths(&self, receiver: &Receiver) -> Option<PeerPaths> {
        let id = recipient_id(receiver);
        let recipient =
            self.flow.blinded_paths_for_async_recipient(id.clone(), None, vec![]).ok()?;
        let context = AsyncPaymentsContext::OfferPathsRequest {
            recipient_id: id,
            path_absolute_expiry: None,
        };
        let request = OfferPathsRequest { invoice_slot: WEB_SLOT };
        let (offer, _) = self.flow.handle_offer_paths_request(&request, context, vec![])?;
        Some(PeerPaths {
            node_id: self.node_id.clone(),
            address: self.address.to_string(),
            recipient_paths: recipient.iter().map(|path| hex::encode(path.encode())).collect(),
            offer_paths: offer.paths.iter().map(|path| hex::encode(path.encode())).collect(),
        })
    }

    /// Ends all connections.
    pub(crate) fn close(&self) {
        self.manager.disconnect_all_peers();
    }
}

/// Connections, as many as there is room for, and not all from one address.
async fn accept(vault: Arc<Vault>, listener: TcpListener, manager: Arc<Manager>) {
    let places = Arc::new(Semaphore::new(MOST_PEERS));
    let of_address: Arc<Mutex<HashMap<IpAddr, usize>>> = Arc::default();
    while !vault.is_stopping() {
        let accepted = tokio::time::timeout(Duration::from_secs(1), listener.accept()).await;
        let Ok(accepted) = accepted else { continue };
        let Ok((stream, from)) = accepted else {
            // Out of file handles, say: others may be closed in a moment.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(stream) = stream.into_std() else { continue };
        let refused = vault.metrics.refused.with_label_values(&["peer"]);
        let Ok(place) = places.clone().try_acquire_owned() else {
            refused.inc();
            continue;
        };
        {
            let mut counts = of_address.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(from.ip()).or_default();
            if *count >= MOST_PEERS_OF_ADDRESS {
                refused.inc();
                continue;
            }
            *count += 1;
        }
        let (manager, vault, of_address) = (manager.clone(), vault.clone(), of_address.clone());
        tokio::spawn(async move {
            vault.metrics.peers.inc();
            lightning_net_tokio::setup_inbound(manager, stream).await;
            vault.metrics.peers.dec();
            let mut counts = of_address.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(count) = counts.get_mut(&from.ip()) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&from.ip());
                }
            }
            drop(place);
        });
    }
}

/// LDK wants to be told that time passes.
async fn tick(vault: Arc<Vault>, manager: Arc<Manager>) {
    let mut seconds = 0_u64;
    while !vault.is_stopping() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        seconds += 1;
        if seconds % 10 == 0 {
            manager.timer_tick_occurred();
        }
        manager.process_events();
    }
}

/// What has to wait for the database, one after another.
async fn work(
    vault: Arc<Vault>,
    mut receive: mpsc::Receiver<Work>,
    flow: Arc<Flow>,
    manager: Arc<Manager>,
) {
    while !vault.is_stopping() {
        let next = tokio::time::timeout(Duration::from_secs(1), receive.recv()).await;
        let Ok(Some(work)) = next else { continue };
        if let Err(reason) = work.carry_out(&vault, &flow).await {
            vault.metrics.refused.with_label_values(&["onion"]).inc();
            tracing::info!(%reason, "onion message refused");
        }
        manager.process_events();
    }
}
