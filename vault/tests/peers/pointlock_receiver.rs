//! A receiver with payment points that speaks to the vault as LDK's do: messages by LDK's messenger, the invoice its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lightning::blinded_path::EmptyNodeIdLookUp;
use lightning::blinded_path::message::{
    AsyncPaymentsContext, BlindedMessagePath, MessageContext, OffersContext,
};
use lightning::ln::peer_handler::{
    ErroringMessageHandler, IgnoringMessageHandler, MessageHandler, PeerManager,
};
use lightning::offers::nonce::Nonce;
use lightning::offers::static_invoice::StaticInvoice as LdkInvoice;
use lightning::onion_message::async_payments::{
    AsyncPaymentsMessage, AsyncPaymentsMessageHandler, HeldHtlcAvailable, OfferPaths,
    OfferPathsRequest, ReleaseHeldHtlc, ServeStaticInvoice, StaticInvoicePersisted,
};
use lightning::onion_message::messenger::{
    Destination, MessageSendInstructions, OnionMessenger, Responder, ResponseInstruction,
};
use lightning::sign::{KeysManager, NodeSigner as _, Recipient};
use lightning::util::ser::Writeable as _;
use lightning_net_tokio::SocketDescriptor;
use pointlock::invoice::{BlindedPayInfo, PaymentLock, PaymentPath, StaticInvoice};
use pointlock::wire::{BlindedPath, Features, IntroductionNode};
use pointlock_vault::PeerPaths;
use secp256k1::Secp256k1;
use tokio::runtime::Runtime;

use super::ldk_paths;
use super::node::{Quiet, Ways, connect, keys, seconds};
use crate::common::{builder, key};

type Messenger = OnionMessenger<
    Arc<KeysManager>,
    Arc<KeysManager>,
    Arc<Quiet>,
    Arc<EmptyNodeIdLookUp>,
    Arc<Ways>,
    IgnoringMessageHandler,
    Arc<Side>,
    IgnoringMessageHandler,
    IgnoringMessageHandler,
>;
type Manager = PeerManager<
    SocketDescriptor,
    Arc<ErroringMessageHandler>,
    Arc<IgnoringMessageHandler>,
    Arc<Messenger>,
    Arc<Quiet>,
    IgnoringMessageHandler,
    Arc<KeysManager>,
    Arc<IgnoringMessageHandler>,
>;

/// The receiver's side of the messages.
struct Side {
    byte: u8,
    lock: PaymentLock,
    keys: Arc<KeysManager>,
    left: Mutex<Option<StaticInvoice>>,
    persisted: Mutex<bool>,
}

impl Side {
    fn path(&self, context: MessageContext) -> BlindedMessagePath {
        let id = self.keys.get_node_id(Recipient::Node).unwrap();
        BlindedMessagePath::one_hop(
            id,
            self.keys.get_receive_auth_key(),
            context,
            &*self.keys,
            &Secp256k1::new(),
        )
    }
}

fn ours(path: &BlindedMessagePath) -> BlindedPath<IntroductionNode> {
    BlindedPath::read(&path.encode()).unwrap().0
}

impl AsyncPaymentsMessageHandler for Side {
    fn handle_offer_paths_request(
        &self,
        _message: OfferPathsRequest,
        _context: AsyncPaymentsContext,
        _responder: Option<Responder>,
    ) -> Option<(OfferPaths, ResponseInstruction)> {
        None
    }

    fn handle_offer_paths(
        &self,
        message: OfferPaths,
        _context: AsyncPaymentsContext,
        responder: Option<Responder>,
    ) -> Option<(ServeStaticInvoice, ResponseInstruction)> {
        let nonce = Nonce::from_entropy_source(&*self.keys);
        let held = AsyncPaymentsContext::InboundPayment {
            path_absolute_expiry: Duration::from_secs(1 << 40),
        };
        let held = ours(&self.path(MessageContext::AsyncPayments(held)));
        let forward = self.path(MessageContext::Offers(OffersContext::InvoiceRequest { nonce }));
        let pay_info = BlindedPayInfo {
            fee_base_msat: 0,
            fee_proportional_millionths: 0,
            cltv_expiry_delta: 144,
            htlc_minimum_msat: 1,
            htlc_maximum_msat: 1_000_000_000,
            features: Features::of(&[]),
        };
        let receiver = key(self.byte);
        let offer_paths: Vec<_> = message.paths.iter().map(ours).collect();
        let invoice = builder(&receiver, self.lock.clone())
            .offer_paths(&offer_paths)
            .paths(&[PaymentPath::new(held.clone(), pay_info)])
            .message_paths(&[held])
            .sign(&receiver, &[9; 32])
            .unwrap();
        let ldk = LdkInvoice::try_from(invoice.as_bytes().to_vec()).unwrap();
        *self.left.lock().unwrap() = Some(invoice);
        let context = AsyncPaymentsContext::StaticInvoicePersisted {
            offer_id: lightning::offers::offer::OfferId([1; 32]),
            invoice_created_at: ldk.created_at(),
        };
        let message = ServeStaticInvoice { invoice: ldk, forward_invoice_request_path: forward };
        Some((message, responder?.respond_with_reply_path(MessageContext::AsyncPayments(context))))
    }

    fn handle_serve_static_invoice(
        &self,
        _message: ServeStaticInvoice,
        _context: AsyncPaymentsContext,
        _responder: Option<Responder>,
    ) {
    }

    fn handle_static_invoice_persisted(
        &self,
        _message: StaticInvoicePersisted,
        _context: AsyncPaymentsContext,
    ) {
        *self.persisted.lock().unwrap() = true;
    }

    fn handle_held_htlc_available(
        &self,
        _message: HeldHtlcAvailable,
        _context: AsyncPaymentsContext,
        _responder: Option<Responder>,
    ) -> Option<(ReleaseHeldHtlc, ResponseInstruction)> {
        None
    }

    fn handle_release_held_htlc(&self, _message: ReleaseHeldHtlc, _context: AsyncPaymentsContext) {}
}

pub(crate) struct PointlockReceiver {
    runtime: Runtime,
    side: Arc<Side>,
    messenger: Arc<Messenger>,
    manager: Arc<Manager>,
}

impl PointlockReceiver {
    pub(crate) fn start(byte: u8, lock: PaymentLock) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (keys, log) = (keys(100 + byte), Arc::new(Quiet));
        let side = Arc::new(Side {
            byte,
            lock,
            keys: keys.clone(),
            left: Mutex::default(),
            persisted: Mutex::default(),
        });
        let messenger = Arc::new(OnionMessenger::new(
            keys.clone(),
            keys.clone(),
            log.clone(),
            Arc::new(EmptyNodeIdLookUp {}),
            Arc::new(Ways(keys.clone())),
            IgnoringMessageHandler {},
            side.clone(),
            IgnoringMessageHandler {},
            IgnoringMessageHandler {},
        ));
        let handler = MessageHandler {
            chan_handler: Arc::new(ErroringMessageHandler::new()),
            route_handler: Arc::new(IgnoringMessageHandler {}),
            onion_message_handler: messenger.clone(),
            custom_message_handler: IgnoringMessageHandler {},
            send_only_message_handler: Arc::new(IgnoringMessageHandler {}),
        };
        let manager = Arc::new(PeerManager::new(handler, seconds(), &[byte; 32], log, keys));
        let turning = manager.clone();
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                turning.process_events();
            }
        });
        Self { runtime, side, messenger, manager }
    }

    /// Asks for paths; the rest follows from the answers.
    pub(crate) fn leave(&self, paths: &PeerPaths) {
        connect(&self.runtime, self.manager.clone(), paths);
        let context = AsyncPaymentsContext::OfferPaths {
            invoice_slot: 0,
            path_absolute_expiry: Duration::from_secs(1 << 40),
        };
        let path = ldk_paths(&paths.recipient_paths).remove(0);
        let instructions = MessageSendInstructions::WithReplyPath {
            destination: Destination::BlindedPath(path),
            context: MessageContext::AsyncPayments(context),
        };
        let request =
            AsyncPaymentsMessage::OfferPathsRequest(OfferPathsRequest { invoice_slot: 0 });
        self.messenger.send_onion_message(request, instructions).unwrap();
        self.manager.process_events();
    }

    /// What was left, once the vault has said that it is durable.
    pub(crate) fn persisted(&self) -> Option<StaticInvoice> {
        let persisted = *self.side.persisted.lock().unwrap();
        persisted.then(|| self.side.left.lock().unwrap().clone()).flatten()
    }

    pub(crate) fn stop(self) {
        self.manager.disconnect_all_peers();
        self.runtime.shutdown_timeout(Duration::from_secs(1));
    }
}
