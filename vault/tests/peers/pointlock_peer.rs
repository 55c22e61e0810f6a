//! A pointlock node that speaks with the vault: messages and onions are this project's, only the transport is LDK's.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lightning::ln::msgs::{
    BaseMessageHandler, Init, MessageSendEvent, OnionMessage as LdkOnionMessage,
    OnionMessageHandler,
};
use lightning::ln::peer_handler::{
    ErroringMessageHandler, IgnoringMessageHandler, MessageHandler, PeerManager,
};
use lightning::sign::KeysManager;
use lightning::types::features::{InitFeatures, NodeFeatures};
use lightning::util::ser::{LengthReadable as _, Writeable as _};
use lightning_net_tokio::SocketDescriptor;
use pointlock::async_payments::{AsyncMessage, InvoiceRequest, RequestOrder};
use pointlock::curve::SecretScalar;
use pointlock::invoice::{
    BlindedPayInfo, ChainHash, Offer, PaymentLock, PaymentPath, StaticInvoice,
};
use pointlock::onion::blinded::{BlindedPath, OnionMessage, PeeledMessage, RecipientData};
use pointlock::wire::{Features, IntroductionNode};
use pointlock_vault::PeerPaths;
use secp256k1::PublicKey;
use tokio::runtime::Runtime;

use super::node::{Quiet, connect, keys, seconds};
use crate::common::{builder, key};

type Path = BlindedPath<IntroductionNode>;
type Manager = PeerManager<
    SocketDescriptor,
    Arc<ErroringMessageHandler>,
    Arc<IgnoringMessageHandler>,
    Arc<Post>,
    Arc<Quiet>,
    IgnoringMessageHandler,
    Arc<KeysManager>,
    Arc<IgnoringMessageHandler>,
>;

const PATIENCE: Duration = Duration::from_secs(30);

/// Onion messages as they come and go, of which LDK opens none.
#[derive(Default)]
struct Post {
    came: Mutex<VecDeque<Vec<u8>>>,
    to_send: Mutex<VecDeque<LdkOnionMessage>>,
}

impl BaseMessageHandler for Post {
    fn get_and_clear_pending_msg_events(&self) -> Vec<MessageSendEvent> {
        Vec::new()
    }

    fn peer_disconnected(&self, _peer: PublicKey) {}

    fn provided_node_features(&self) -> NodeFeatures {
        let mut features = NodeFeatures::empty();
        features.set_onion_messages_optional();
        features
    }

    fn provided_init_features(&self, _peer: PublicKey) -> InitFeatures {
        let mut features = InitFeatures::empty();
        features.set_onion_messages_optional();
        features
    }

    fn peer_connected(&self, _peer: PublicKey, _init: &Init, _inbound: bool) -> Result<(), ()> {
        Ok(())
    }
}

impl OnionMessageHandler for Post {
    fn handle_onion_message(&self, _peer: PublicKey, message: &LdkOnionMessage) {
        self.came.lock().unwrap().push_back(message.encode());
    }

    fn next_onion_message_for_peer(&self, _peer: PublicKey) -> Option<LdkOnionMessage> {
        self.to_send.lock().unwrap().pop_front()
    }

    fn timer_tick_occurred(&self) {}
}

pub(crate) struct PointlockPeer {
    runtime: Runtime,
    post: Arc<Post>,
    manager: Arc<Manager>,
    key: SecretScalar,
    sessions: AtomicU8,
}

impl PointlockPeer {
    pub(crate) fn start(byte: u8, paths: &PeerPaths) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (keys, post) = (keys(byte), Arc::new(Post::default()));
        let key = SecretScalar::from_bytes(&keys.get_node_secret_key().secret_bytes()).unwrap();
        let handler = MessageHandler {
            chan_handler: Arc::new(ErroringMessageHandler::new()),
            route_handler: Arc::new(IgnoringMessageHandler {}),
            onion_message_handler: post.clone(),
            custom_message_handler: IgnoringMessageHandler {},
            send_only_message_handler: Arc::new(IgnoringMessageHandler {}),
        };
        let (seed, log) = ([byte; 32], Arc::new(Quiet));
        let manager = Arc::new(PeerManager::new(handler, seconds(), &seed, log, keys));
        let turning = manager.clone();
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                turning.process_events();
            }
        });
        connect(&runtime, manager.clone(), paths);
        Self { runtime, post, manager, key, sessions: AtomicU8::new(1) }
    }

    fn session(&self) -> SecretScalar {
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        SecretScalar::from_bytes(&[number; 32]).unwrap()
    }

    fn reply_path(&self) -> Path {
        let own = RecipientData { path_id: Some(vec![7; 32]), ..Default::default() };
        let hops = [(self.key.to_point(), own.to_bytes())];
        BlindedPath::build(self.session(), &hops).unwrap().0.into()
    }

    /// Says something along a path, and gives the answer, if it comes in this time.
    fn say(
        &self,
        path: &Path,
        message: &AsyncMessage,
        patience: Duration,
    ) -> Option<(AsyncMessage, Option<Path>)> {
        let fields = message.to_tlv(Some(&self.reply_path()));
        let message = OnionMessage::build(self.session(), path, &fields).unwrap().to_bytes();
        let message = LdkOnionMessage::read_from_fixed_length_buffer(&mut &message[2..]).unwrap();
        self.post.to_send.lock().unwrap().push_back(message);
        self.manager.process_events();
        let began = Instant::now();
        let answer = loop {
            if let Some(answer) = self.post.came.lock().unwrap().pop_front() {
                break answer;
            }
            if began.elapsed() > patience {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let answer = [&OnionMessage::TYPE.to_be_bytes(), &answer[..]].concat();
        Some(match OnionMessage::from_bytes(&answer).unwrap().peel(&self.key).unwrap() {
            PeeledMessage::Receive { payload, .. } => AsyncMessage::from_payload(&payload).unwrap(),
            other => panic!("{other:?}"),
        })
    }

    /// Leaves an invoice with this lock, and gives it once the vault has said that it is durable.
    pub(crate) fn leave(&self, paths: &PeerPaths, byte: u8, lock: PaymentLock) -> StaticInvoice {
        self.leave_within(PATIENCE, paths, byte, lock).expect("the vault keeps it")
    }

    /// The same, if the vault says so within this time.
    pub(crate) fn leave_within(
        &self,
        patience: Duration,
        paths: &PeerPaths,
        byte: u8,
        lock: PaymentLock,
    ) -> Option<StaticInvoice> {
        let asks = AsyncMessage::OfferPathsRequest { invoice_slot: 0 };
        let (answer, back) = self.say(&to_vault(paths), &asks, patience)?;
        let AsyncMessage::OfferPaths { paths, .. } = answer else { panic!("{answer:?}") };
        let pay_info = BlindedPayInfo {
            fee_base_msat: 0,
            fee_proportional_millionths: 0,
            cltv_expiry_delta: 144,
            htlc_minimum_msat: 1,
            htlc_maximum_msat: 1_000_000_000,
            features: Features::NONE,
        };
        let own = self.reply_path();
        let receiver = key(byte);
        let invoice = builder(&receiver, lock)
            .offer_paths(&paths)
            .paths(&[PaymentPath::new(own.clone(), pay_info)])
            .message_paths(&[own])
            .sign(&receiver, &[9; 32])
            .unwrap();
        let served = AsyncMessage::ServeStaticInvoice {
            invoice: Box::new(invoice.clone()),
            forward_invoice_request_path: self.reply_path(),
        };
        let (answer, _) = self.say(&back.unwrap(), &served, patience)?;
        assert_eq!(answer, AsyncMessage::StaticInvoicePersisted);
        Some(invoice)
    }

    /// Gets the invoice of an offer.
    pub(crate) fn fetch(&self, offer: &Offer) -> StaticInvoice {
        let order = RequestOrder {
            offer,
            chain: ChainHash::REGTEST,
            amount_msat: 5_000,
            quantity: None,
            payer_note: None,
            metadata: &[7; 32],
        };
        let request = InvoiceRequest::sign(&order, &key(99), &[0; 32]).unwrap();
        let (answer, _) = self
            .say(&offer.paths()[0], &AsyncMessage::InvoiceRequest(Box::new(request)), PATIENCE)
            .unwrap();
        let AsyncMessage::StaticInvoice(invoice) = answer else { panic!("{answer:?}") };
        *invoice
    }

    pub(crate) fn stop(self) {
        self.manager.disconnect_all_peers();
        self.runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

/// The way to the vault of a receiver that it knows.
fn to_vault(paths: &PeerPaths) -> Path {
    BlindedPath::read(&hex::decode(&paths.recipient_paths[0]).unwrap()).unwrap().0
}
