//! A payer whose request is pointlock's, and who checks what comes by pointlock; LDK's messenger carries both.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lightning::blinded_path::EmptyNodeIdLookUp;
use lightning::blinded_path::message::{MessageContext, OffersContext};
use lightning::ln::peer_handler::{
    ErroringMessageHandler, IgnoringMessageHandler, MessageHandler, PeerManager,
};
use lightning::offers::nonce::Nonce;
use lightning::onion_message::messenger::{
    Destination, MessageSendInstructions, OnionMessenger, Responder, ResponseInstruction,
};
use lightning::onion_message::offers::{OffersMessage, OffersMessageHandler};
use lightning::sign::KeysManager;
use lightning::util::ser::Writeable as _;
use lightning_net_tokio::SocketDescriptor;
use pointlock::async_payments::{InvoiceRequest, RequestOrder};
use pointlock::curve::Point;
use pointlock::invoice::{ChainHash, Offer, StaticInvoice};
use pointlock_vault::PeerPaths;
use tokio::runtime::Runtime;

use super::ldk_paths;
use super::node::{Quiet, Ways, connect, keys, seconds};
use crate::common::{key, now};

type Messenger = OnionMessenger<
    Arc<KeysManager>,
    Arc<KeysManager>,
    Arc<Quiet>,
    Arc<EmptyNodeIdLookUp>,
    Arc<Ways>,
    Arc<Ear>,
    IgnoringMessageHandler,
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

/// The bytes of static invoices that came.
#[derive(Default)]
struct Ear(Mutex<Vec<Vec<u8>>>);

impl OffersMessageHandler for Ear {
    fn handle_message(
        &self,
        message: OffersMessage,
        _context: Option<OffersContext>,
        _responder: Option<Responder>,
    ) -> Option<(OffersMessage, ResponseInstruction)> {
        if let OffersMessage::StaticInvoice(invoice) = message {
            self.0.lock().unwrap().push(invoice.encode());
        }
        None
    }
}

pub(crate) struct PointlockPayer {
    runtime: Runtime,
    ear: Arc<Ear>,
    keys: Arc<KeysManager>,
    messenger: Arc<Messenger>,
    manager: Arc<Manager>,
}

impl PointlockPayer {
    pub(crate) fn start(byte: u8) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (keys, log, ear) = (keys(byte), Arc::new(Quiet), Arc::new(Ear::default()));
        let messenger = Arc::new(OnionMessenger::new(
            keys.clone(),
            keys.clone(),
            log.clone(),
            Arc::new(EmptyNodeIdLookUp {}),
            Arc::new(Ways(keys.clone())),
            ear.clone(),
            IgnoringMessageHandler {},
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
        let manager =
            Arc::new(PeerManager::new(handler, seconds(), &[byte; 32], log, keys.clone()));
        let turning = manager.clone();
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                turning.process_events();
            }
        });
        Self { runtime, ear, keys, messenger, manager }
    }

    /// Asks for the offer's invoice along the offer's own path, and takes what is the offer's, the receiver's, and may be paid now.
    pub(crate) fn fetch(
        &self,
        vault: &PeerPaths,
        offer: &Offer,
        receiver: &Point,
    ) -> StaticInvoice {
        connect(&self.runtime, self.manager.clone(), vault);
        let order = RequestOrder {
            offer,
            chain: ChainHash::REGTEST,
            amount_msat: 6_000,
            quantity: None,
            payer_note: None,
            metadata: &[7; 16],
        };
        let request = InvoiceRequest::sign(&order, &key(90), &[9; 32]).unwrap();
        let request = lightning::offers::invoice_request::InvoiceRequest::try_from(
            request.as_bytes().to_vec(),
        )
        .unwrap();
        let mut path = Vec::new();
        offer.paths()[0].write(&mut path);
        let context =
            OffersContext::InvoiceRequest { nonce: Nonce::from_entropy_source(&*self.keys) };
        let instructions = MessageSendInstructions::WithReplyPath {
            destination: Destination::BlindedPath(ldk_paths(&[hex::encode(path)]).remove(0)),
            context: MessageContext::Offers(context),
        };
        self.messenger
            .send_onion_message(OffersMessage::InvoiceRequest(request), instructions)
            .unwrap();
        self.manager.process_events();
        let bytes = super::until("the invoice", || self.ear.0.lock().unwrap().pop());
        let invoice = StaticInvoice::from_bytes(&bytes).unwrap();
        invoice.verify_offer(offer).unwrap();
        invoice.verify_issuer(receiver).unwrap();
        invoice.check_chain(ChainHash::REGTEST).unwrap();
        invoice.check_not_expired(now()).unwrap();
        invoice
    }

    pub(crate) fn stop(self) {
        self.manager.disconnect_all_peers();
        self.runtime.shutdown_timeout(Duration::from_secs(1));
    }
}
