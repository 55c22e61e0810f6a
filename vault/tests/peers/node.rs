//! A node of LDK's, without channels: a `ChannelManager`, its messenger and its peers.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bitcoin::Network;
use lightning::blinded_path::EmptyNodeIdLookUp;
use lightning::blinded_path::message::{
    BlindedMessagePath, MessageContext, MessageForwardNode, OffersContext,
};
use lightning::blinded_path::payment::{BlindedPaymentPath, ReceiveTlvs};
use lightning::chain::chaininterface::{BroadcasterInterface, ConfirmationTarget, FeeEstimator};
use lightning::chain::chainmonitor::{ChainMonitor, Persist};
use lightning::chain::channelmonitor::{ChannelMonitor, ChannelMonitorUpdate};
use lightning::chain::{BestBlock, ChannelMonitorUpdateStatus, Filter};
use lightning::ln::channel_state::ChannelDetails;
use lightning::ln::channelmanager::{
    ChainParameters, ChannelManager, OptionalOfferPaymentParams, PaymentId,
};
use lightning::ln::peer_handler::{IgnoringMessageHandler, MessageHandler, PeerManager};
use lightning::offers::offer::Offer;
use lightning::offers::static_invoice::StaticInvoice;
use lightning::onion_message::messenger::{
    Destination, MessageRouter, MessageSendInstructions, OnionMessagePath, OnionMessenger,
    Responder, ResponseInstruction,
};
use lightning::onion_message::offers::{OffersMessage, OffersMessageHandler};
use lightning::routing::router::{InFlightHtlcs, Route, RouteParameters, Router};
use lightning::sign::{InMemorySigner, KeysManager, NodeSigner as _, ReceiveAuthKey};
use lightning::util::config::UserConfig;
use lightning::util::logger::{Logger, Record};
use lightning::util::persist::MonitorName;
use lightning::util::ser::Writeable as _;
use lightning_net_tokio::SocketDescriptor;
use pointlock_vault::PeerPaths;
use secp256k1::{PublicKey, Secp256k1, Signing, Verification};
use tokio::runtime::Runtime;

use super::ldk_paths;

pub(crate) struct Quiet;

impl Logger for Quiet {
    fn log(&self, _record: Record<'_>) {}
}

pub(crate) struct NoChain;

impl FeeEstimator for NoChain {
    fn get_est_sat_per_1000_weight(&self, _target: ConfirmationTarget) -> u32 {
        253
    }
}

impl BroadcasterInterface for NoChain {
    fn broadcast_transactions(&self, _transactions: &[&bitcoin::Transaction]) {}
}

impl Filter for NoChain {
    fn register_tx(&self, _txid: &bitcoin::Txid, _script: &bitcoin::Script) {}
    fn register_output(&self, _output: lightning::chain::WatchedOutput) {}
}

impl Persist<InMemorySigner> for NoChain {
    fn persist_new_channel(
        &self,
        _name: MonitorName,
        _monitor: &ChannelMonitor<InMemorySigner>,
    ) -> ChannelMonitorUpdateStatus {
        ChannelMonitorUpdateStatus::Completed
    }

    fn update_persisted_channel(
        &self,
        _name: MonitorName,
        _update: Option<&ChannelMonitorUpdate>,
        _monitor: &ChannelMonitor<InMemorySigner>,
    ) -> ChannelMonitorUpdateStatus {
        ChannelMonitorUpdateStatus::Completed
    }

    fn archive_persisted_channel(&self, _name: MonitorName) {}
}

/// Ways without channels: to whoever is connected, and to itself.
pub(crate) struct Ways(pub(crate) Arc<KeysManager>);

impl Router for Ways {
    fn find_route(
        &self,
        _payer: &PublicKey,
        _params: &RouteParameters,
        _first_hops: Option<&[&ChannelDetails]>,
        _inflight: InFlightHtlcs,
    ) -> Result<Route, &'static str> {
        Err("no channels")
    }

    fn create_blinded_payment_paths<T: Signing + Verification>(
        &self,
        recipient: PublicKey,
        _first_hops: Vec<ChannelDetails>,
        tlvs: ReceiveTlvs,
        _amount_msats: Option<u64>,
        secp_ctx: &Secp256k1<T>,
    ) -> Result<Vec<BlindedPaymentPath>, ()> {
        Ok(vec![BlindedPaymentPath::one_hop(recipient, tlvs, 18, &*self.0, secp_ctx)?])
    }
}

impl MessageRouter for Ways {
    fn find_path(
        &self,
        _sender: PublicKey,
        _peers: Vec<PublicKey>,
        destination: Destination,
    ) -> Result<OnionMessagePath, ()> {
        Ok(OnionMessagePath {
            intermediate_nodes: vec![],
            destination,
            first_node_addresses: vec![],
        })
    }

    fn create_blinded_paths<T: Signing + Verification>(
        &self,
        recipient: PublicKey,
        local_node_receive_key: ReceiveAuthKey,
        context: MessageContext,
        _peers: Vec<MessageForwardNode>,
        secp_ctx: &Secp256k1<T>,
    ) -> Result<Vec<BlindedMessagePath>, ()> {
        Ok(vec![BlindedMessagePath::one_hop(
            recipient,
            local_node_receive_key,
            context,
            &*self.0,
            secp_ctx,
        )])
    }
}

type Monitor = ChainMonitor<
    InMemorySigner,
    Arc<NoChain>,
    Arc<NoChain>,
    Arc<NoChain>,
    Arc<Quiet>,
    Arc<NoChain>,
    Arc<KeysManager>,
>;
type Channels = ChannelManager<
    Arc<Monitor>,
    Arc<NoChain>,
    Arc<KeysManager>,
    Arc<KeysManager>,
    Arc<KeysManager>,
    Arc<NoChain>,
    Arc<Ways>,
    Arc<Ways>,
    Arc<Quiet>,
>;
type Messenger = OnionMessenger<
    Arc<KeysManager>,
    Arc<KeysManager>,
    Arc<Quiet>,
    Arc<EmptyNodeIdLookUp>,
    Arc<Ways>,
    Arc<Ear>,
    Arc<Channels>,
    IgnoringMessageHandler,
    IgnoringMessageHandler,
>;
type Manager = PeerManager<
    SocketDescriptor,
    Arc<Channels>,
    Arc<IgnoringMessageHandler>,
    Arc<Messenger>,
    Arc<Quiet>,
    IgnoringMessageHandler,
    Arc<KeysManager>,
    Arc<Monitor>,
>;

/// Hears what the channel manager hears, and says.
pub(crate) struct Ear {
    channels: Arc<Channels>,
    fetched: Mutex<Vec<StaticInvoice>>,
}

impl OffersMessageHandler for Ear {
    fn handle_message(
        &self,
        message: OffersMessage,
        context: Option<OffersContext>,
        responder: Option<Responder>,
    ) -> Option<(OffersMessage, ResponseInstruction)> {
        if let OffersMessage::StaticInvoice(invoice) = &message {
            self.fetched.lock().unwrap().push(invoice.clone());
        }
        self.channels.handle_message(message, context, responder)
    }

    fn release_pending_messages(&self) -> Vec<(OffersMessage, MessageSendInstructions)> {
        OffersMessageHandler::release_pending_messages(&*self.channels)
    }
}

pub(crate) struct Node {
    runtime: Runtime,
    channels: Arc<Channels>,
    ear: Arc<Ear>,
    manager: Arc<Manager>,
    payments: Mutex<u8>,
}

pub(crate) fn keys(byte: u8) -> Arc<KeysManager> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Arc::new(KeysManager::new(&[byte; 32], now.as_secs(), now.subsec_nanos(), true))
}

pub(crate) fn seconds() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as u32
}

pub(crate) fn encoded(invoice: &StaticInvoice) -> Vec<u8> {
    invoice.encode()
}

impl Node {
    pub(crate) fn start(byte: u8) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (keys, chain, log) = (keys(byte), Arc::new(NoChain), Arc::new(Quiet));
        let ways = Arc::new(Ways(keys.clone()));
        let monitor = Arc::new(ChainMonitor::new(
            Some(chain.clone()),
            chain.clone(),
            log.clone(),
            chain.clone(),
            chain.clone(),
            keys.clone(),
            keys.get_peer_storage_key(),
        ));
        let params = ChainParameters {
            network: Network::Regtest,
            best_block: BestBlock::from_network(Network::Regtest),
        };
        let channels = Arc::new(ChannelManager::new(
            chain.clone(),
            monitor.clone(),
            chain,
            ways.clone(),
            ways.clone(),
            log.clone(),
            keys.clone(),
            keys.clone(),
            keys.clone(),
            UserConfig::default(),
            params,
            seconds(),
        ));
        let ear = Arc::new(Ear { channels: channels.clone(), fetched: Mutex::default() });
        let messenger = Arc::new(OnionMessenger::new(
            keys.clone(),
            keys.clone(),
            log.clone(),
            Arc::new(EmptyNodeIdLookUp {}),
            ways,
            ear.clone(),
            channels.clone(),
            IgnoringMessageHandler {},
            IgnoringMessageHandler {},
        ));
        let handler = MessageHandler {
            chan_handler: channels.clone(),
            route_handler: Arc::new(IgnoringMessageHandler {}),
            onion_message_handler: messenger,
            custom_message_handler: IgnoringMessageHandler {},
            send_only_message_handler: monitor,
        };
        let manager = Arc::new(PeerManager::new(handler, seconds(), &[byte; 32], log, keys));
        let (turning, time) = (manager.clone(), channels.clone());
        runtime.spawn(async move {
            for turn in 0_u64.. {
                tokio::time::sleep(Duration::from_millis(20)).await;
                if turn % 50 == 0 {
                    time.timer_tick_occurred();
                }
                turning.process_events();
            }
        });
        Self { runtime, channels, ear, manager, payments: Mutex::new(0) }
    }

    pub(crate) fn connect(&self, paths: &PeerPaths) {
        connect(&self.runtime, self.manager.clone(), paths);
    }

    /// The paths come from the vault, by whatever way.
    pub(crate) fn use_server(&self, paths: &PeerPaths) {
        self.channels
            .set_paths_to_static_invoice_server(ldk_paths(&paths.recipient_paths))
            .unwrap();
    }

    pub(crate) fn offer(&self) -> Option<Offer> {
        self.channels.get_async_receive_offer().ok()
    }

    pub(crate) fn pay(&self, offer: &Offer, amount_msat: Option<u64>) {
        let mut payments = self.payments.lock().unwrap();
        *payments += 1;
        let id = PaymentId([*payments; 32]);
        self.channels
            .pay_for_offer(offer, amount_msat, id, OptionalOfferPaymentParams::default())
            .unwrap();
        self.manager.process_events();
    }

    pub(crate) fn fetched(&self) -> Vec<StaticInvoice> {
        self.ear.fetched.lock().unwrap().clone()
    }

    pub(crate) fn stop(self) {
        self.manager.disconnect_all_peers();
        self.runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

/// Over TCP, until the handshake is done.
pub(crate) fn connect<PM>(runtime: &Runtime, manager: PM, paths: &PeerPaths)
where
    PM: std::ops::Deref + Clone + Send + Sync + 'static,
    PM::Target: lightning::ln::peer_handler::APeerManager<Descriptor = SocketDescriptor>,
{
    use lightning::ln::peer_handler::APeerManager as _;
    let id: PublicKey = paths.node_id.parse().unwrap();
    let address = paths.address.parse().unwrap();
    let connected = manager.clone();
    runtime.spawn(async move {
        lightning_net_tokio::connect_outbound(connected, id, address).await.unwrap().await;
    });
    super::until("the vault", || manager.as_ref().peer_by_node_id(&id).map(drop));
}
