// One LDK node, of the version that the module around this file names `ldk`: its messenger, its flow of offers, its keys, and a note of what its
// handlers were given. What differs between the versions stands in that module, in `shims`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock};

use bitcoin::Network;
use bitcoin::constants::ChainHash;
use bitcoin::hashes::{Hash, sha256};
use ldk::blinded_path::EmptyNodeIdLookUp;
use ldk::blinded_path::message::{
    AsyncPaymentsContext, BlindedMessagePath, MessageContext, MessageForwardNode, OffersContext,
};
use ldk::blinded_path::payment::PaymentContext;
use ldk::ln::channelmanager::{InterceptId, PaymentId, PendingHTLCInfo, PendingHTLCRouting};
use ldk::ln::msgs::{BaseMessageHandler, Init, OnionMessage, OnionMessageHandler, UpdateAddHTLC};
use ldk::ln::onion_payment::peel_payment_onion;
use ldk::ln::peer_handler::IgnoringMessageHandler;
use ldk::offers::flow::{HeldHtlcReplyPath, InvreqResponseInstructions, OffersMessageFlow};
use ldk::offers::invoice_request::InvoiceRequest;
use ldk::offers::nonce::Nonce;
use ldk::offers::offer::Offer;
use ldk::offers::static_invoice::StaticInvoice;
use ldk::onion_message::async_payments::{
    AsyncPaymentsMessage, AsyncPaymentsMessageHandler, HeldHtlcAvailable, OfferPaths,
    OfferPathsRequest, ReleaseHeldHtlc, ServeStaticInvoice, StaticInvoicePersisted,
};
use ldk::onion_message::messenger::{
    Destination, MessageRouter, MessageSendInstructions, OnionMessagePath, OnionMessenger,
    Responder, ResponseInstruction,
};
use ldk::onion_message::offers::{OffersMessage, OffersMessageHandler};
use ldk::routing::router::{BlindedTail, Path, RouteHop};
use ldk::sign::{KeysManager, NodeSigner, ReceiveAuthKey, Recipient};
use ldk::types::features::{ChannelFeatures, InitFeatures, NodeFeatures};
use ldk::types::payment::{PaymentHash, PaymentPreimage};
use ldk::util::logger::{Logger, Record};
use ldk::util::ser::{LengthReadable, ReadableArgs, Writeable};
use secp256k1::{PublicKey, Secp256k1, SecretKey, Signing, Verification};

use super::{AMOUNT_MSAT, HEIGHT, NOW};
use crate::pointlock_nodes::{Lsp, Payee, Payer, key_of, point};

type Messenger = OnionMessenger<
    Arc<KeysManager>,
    Arc<KeysManager>,
    Arc<Silent>,
    Arc<EmptyNodeIdLookUp>,
    Arc<Direct>,
    Arc<Handler>,
    Arc<Handler>,
    Arc<IgnoringMessageHandler>,
    Arc<IgnoringMessageHandler>,
>;
type Flow = OffersMessageFlow<Arc<Direct>, Arc<Silent>>;

pub(crate) struct Node {
    keys: Arc<KeysManager>,
    messenger: Messenger,
    pub(crate) flow: Arc<Flow>,
    pub(crate) handler: Arc<Handler>,
    secp: Secp256k1<secp256k1::All>,
}

/// What the node made of a payment for it.
pub(crate) struct Received {
    pub(crate) preimage: [u8; 32],
    pub(crate) invoice_request: Option<InvoiceRequest>,
    pub(crate) offer_nonce: Option<Nonce>,
    pub(crate) amount_msat: u64,
}

impl Node {
    pub(crate) fn new(seed: u8) -> Self {
        let keys = Arc::new(KeysManager::new(&[seed; 32], 1, 1, true));
        let secp = Secp256k1::new();
        let router = Arc::new(Direct(keys.clone()));
        let handler = Arc::new(Handler {
            seen: Mutex::default(),
            flow: OnceLock::new(),
            keys: keys.clone(),
        });
        let ignoring = Arc::new(IgnoringMessageHandler {});
        let messenger = OnionMessenger::new(
            keys.clone(),
            keys.clone(),
            Arc::new(Silent),
            Arc::new(EmptyNodeIdLookUp {}),
            router.clone(),
            handler.clone(),
            handler.clone(),
            Arc::clone(&ignoring),
            ignoring,
        );
        let flow = Arc::new(OffersMessageFlow::new(
            ChainHash::using_genesis_block(Network::Bitcoin),
            shims::best_block(),
            keys.get_node_id(Recipient::Node).unwrap(),
            NOW as u32,
            keys.get_expanded_key(),
            keys.get_receive_auth_key(),
            secp.clone(),
            router,
            Arc::new(Silent),
        ));
        assert!(handler.flow.set(flow.clone()).is_ok());
        Self { keys, messenger, flow, handler, secp }
    }

    pub(crate) fn id(&self) -> PublicKey {
        self.keys.get_node_id(Recipient::Node).unwrap()
    }

    pub(crate) fn connect(&self, peer: PublicKey) {
        let mut features = InitFeatures::empty();
        features.set_onion_messages_optional();
        let init = Init { features, networks: None, remote_network_address: None };
        self.messenger.peer_connected(peer, &init, true).unwrap();
    }

    /// An onion message of `peer`'s, without its type.
    pub(crate) fn hear(&self, peer: PublicKey, message: &[u8]) {
        let message = OnionMessage::read_from_fixed_length_buffer(&mut &message[..]).unwrap();
        self.messenger.handle_onion_message(peer, &message);
    }

    /// What the node sends to `peer` next, without its type.
    pub(crate) fn say(&self, peer: PublicKey) -> VecDeque<Vec<u8>> {
        let next = || self.messenger.next_onion_message_for_peer(peer).map(|said| said.encode());
        std::iter::from_fn(next).collect()
    }

    /// Asks along the invoice's message paths whether the receiver is there.
    pub(crate) fn ask(&self, invoice: &[u8], payment: u8) {
        let invoice = StaticInvoice::try_from(invoice.to_vec()).unwrap();
        let payment_id = PaymentId([payment; 32]);
        let reply = HeldHtlcReplyPath::ToUs { payment_id, peers: Vec::new() };
        self.flow.enqueue_held_htlc_available(&invoice, reply).unwrap();
    }

    /// Asks the same, where its neighbour holds the payment: the answer goes along that one's path.
    pub(crate) fn ask_for(&self, invoice: &[u8], holders_path: &[u8]) {
        let invoice = StaticInvoice::try_from(invoice.to_vec()).unwrap();
        let reply = HeldHtlcReplyPath::ToCounterparty { path: path_of(holders_path) };
        self.flow.enqueue_held_htlc_available(&invoice, reply).unwrap();
    }

    pub(crate) fn was_released(&self, payment: u8) -> bool {
        self.handler.seen.lock().unwrap().released.contains(&PaymentId([payment; 32]))
    }

    /// The onion for a plain static invoice: over forwarders, each with its channel to the next node, to the introduction node; with the preimage
    /// and the invoice request. Gives what the first edge is.
    pub(crate) fn pay(
        &self,
        invoice: &[u8],
        offer: &[u8],
        preimage: [u8; 32],
        forwarders: &[(PublicKey, u64)],
        introduction: PublicKey,
    ) -> Arriving {
        let invoice = StaticInvoice::try_from(invoice.to_vec()).unwrap();
        let offer = Offer::try_from(offer.to_vec()).unwrap();
        let nonce = Nonce::from_entropy_source(&*self.keys);
        let builder =
            self.flow.create_invoice_request_builder(&offer, nonce, PaymentId([1; 32])).unwrap();
        let request = builder.amount_msats(AMOUNT_MSAT).unwrap().build_and_sign().unwrap();
        let path = &invoice.payment_paths()[0];
        let terms = &path.payinfo;
        let fee = u64::from(terms.fee_base_msat)
            + AMOUNT_MSAT * u64::from(terms.fee_proportional_millionths) / 1_000_000;
        let hop = |pubkey, short_channel_id, fee_msat, cltv_expiry_delta| RouteHop {
            pubkey,
            node_features: NodeFeatures::empty(),
            short_channel_id,
            channel_features: ChannelFeatures::empty(),
            fee_msat,
            cltv_expiry_delta,
            maybe_announced_channel: true,
        };
        let (policy, mut forwarded) = (Lsp::policy(), AMOUNT_MSAT + fee);
        let channel_to = |place: usize| place.checked_sub(1).map_or(42, |at| forwarders[at].1);
        let end = forwarders.len();
        let delta = terms.cltv_expiry_delta.into();
        let mut hops = VecDeque::from([hop(introduction, channel_to(end), fee, delta)]);
        for (place, (node, _)) in forwarders.iter().enumerate().rev() {
            let fee = policy.fee_msat(forwarded).unwrap();
            hops.push_front(hop(*node, channel_to(place), fee, policy.cltv_expiry_delta));
            forwarded += fee;
        }
        let tail = BlindedTail {
            trampoline_hops: Vec::new(),
            hops: path.blinded_hops().to_vec(),
            blinding_point: path.blinding_point(),
            excess_final_cltv_expiry_delta: 0,
            final_value_msat: AMOUNT_MSAT,
        };
        let route = Path { hops: hops.into(), blinded_tail: Some(tail) };
        let hash = sha256::Hash::hash(&preimage).to_byte_array();
        let session = SecretKey::from_slice(&[preimage[0] + 64; 32]).unwrap();
        let preimage = Some(PaymentPreimage(preimage));
        let (packet, amount_msat, expiry) =
            shims::onion(&self.secp, &route, &session, &PaymentHash(hash), &preimage, &request);
        let packet = Packet::from_bytes(&packet.encode()).unwrap();
        Arriving { hash, amount_msat, expiry, path_key: None, packet }
    }

    /// An offer for which the node is paid while it is away, and its static invoice, whose path begins at `first` or at the node itself.
    pub(crate) fn static_invoice(&self, first: Option<shims::Relay>) -> (Vec<u8>, Vec<u8>, Nonce) {
        let to_server = shims::one_hop(
            self.id(),
            self.keys.get_receive_auth_key(),
            shims::request_context(Nonce::from_entropy_source(&*self.keys)),
            &self.keys,
            &self.secp,
        );
        let built =
            self.flow.create_async_receive_offer_builder(&*self.keys, vec![to_server]).unwrap();
        let (builder, nonce) = built;
        let offer = builder.amount_msats(AMOUNT_MSAT).build().unwrap();
        let paths = shims::Paths { keys: self.keys.clone(), first };
        let builder = shims::static_invoice(&self.flow, &paths, &self.keys, &offer, nonce);
        let invoice = builder.build_and_sign(&self.secp).unwrap();
        (offer.encode(), invoice.encode(), nonce)
    }

    /// What LDK's packet code makes of a payment to this node.
    pub(crate) fn receive(&self, arriving: &Arriving) -> Result<Received, String> {
        let info = self.peel(arriving, false)?;
        match info.routing {
            PendingHTLCRouting::ReceiveKeysend {
                payment_preimage,
                invoice_request,
                payment_context,
                ..
            } => {
                let offer_nonce = match payment_context {
                    Some(PaymentContext::AsyncBolt12Offer(context)) => Some(context.offer_nonce),
                    _ => None,
                };
                let (preimage, amount_msat) = (payment_preimage.0, info.outgoing_amt_msat);
                Ok(Received { preimage, invoice_request, offer_nonce, amount_msat })
            }
            _ => Err("no keysend".to_owned()),
        }
    }

    fn peel(&self, arriving: &Arriving, hold: bool) -> Result<PendingHTLCInfo, String> {
        let Arriving { hash, amount_msat, expiry, path_key, packet } = arriving;
        // BOLT 2, `update_add_htlc`.
        let mut message = vec![3; 32];
        message.extend(1u64.to_be_bytes());
        message.extend(amount_msat.to_be_bytes());
        message.extend(hash);
        message.extend(expiry.to_be_bytes());
        message.extend(packet.to_bytes());
        if let Some(key) = path_key {
            message.extend([0, 33]);
            message.extend(key.to_bytes());
        }
        if hold {
            // LDK's `hold_htlc`, 75537.
            message.extend([0xfe, 0, 1, 0x27, 0x11, 0]);
        }
        let message = UpdateAddHTLC::read_from_fixed_length_buffer(&mut &message[..]).unwrap();
        let peeled = peel_payment_onion(&message, &*self.keys, &Silent, &self.secp, HEIGHT, false);
        peeled.map_err(|error| format!("{:?}: {}", error.reason, error.msg))
    }

    /// What LDK's packet code offers further, with the next path key as its channel manager computes it.
    pub(crate) fn forward(&self, arriving: &Arriving) -> Result<Arriving, String> {
        self.onwards(arriving, false)
    }

    /// Holds a payment whose payer asks for it: what it offers when the receiver is there, and the path along which the receiver is to say so.
    pub(crate) fn hold(&self, arriving: &Arriving) -> Result<(Arriving, Vec<u8>), String> {
        let onwards = self.onwards(arriving, true)?;
        let (id, channel, htlc) = (InterceptId(arriving.hash), 42, 1);
        let path = self.flow.path_for_release_held_htlc(id, channel, htlc, &*self.keys);
        Ok((onwards, path.encode()))
    }

    pub(crate) fn has_let_go(&self, hash: [u8; 32]) -> bool {
        self.handler.seen.lock().unwrap().let_go.contains(&InterceptId(hash))
    }

    fn onwards(&self, arriving: &Arriving, hold: bool) -> Result<Arriving, String> {
        let info = self.peel(arriving, hold)?;
        let PendingHTLCRouting::Forward { onion_packet, blinded, hold_htlc, .. } = info.routing
        else {
            return Err("no forward".to_owned());
        };
        assert_eq!(hold_htlc.is_some(), hold);
        let secret = self.keys.get_node_secret_key().secret_bytes();
        let secret = pointlock::curve::SecretScalar::from_bytes(&secret).unwrap();
        let next = blinded.map(|blinded| {
            let arrived = point(blinded.inbound_blinding_point);
            let hop = pointlock::onion::blinded::PathSecret::new(&secret, &arrived);
            hop.next_path_key().unwrap()
        });
        Ok(Arriving {
            hash: arriving.hash,
            amount_msat: info.outgoing_amt_msat,
            expiry: info.outgoing_cltv_value,
            path_key: next,
            packet: Packet::from_bytes(&onion_packet.encode()).unwrap(),
        })
    }

    /// A path along which a receiver asks this node, the server of its invoices, for the paths of an offer.
    pub(crate) fn path_for_recipient(&self) -> Vec<u8> {
        let paths = self.flow.blinded_paths_for_async_recipient(vec![1; 16], None, Vec::new());
        paths.unwrap()[0].encode()
    }

    /// Takes that path, and asks for paths of its own. What follows is between the two messengers.
    pub(crate) fn use_server(&self, path: &[u8]) {
        self.flow.set_paths_to_static_invoice_server(vec![path_of(path)], Vec::new()).unwrap();
    }

    /// The offer for which the server keeps an invoice.
    pub(crate) fn offer(&self) -> Option<Vec<u8>> {
        self.flow.get_async_receive_offer().ok().map(|(offer, _)| offer.encode())
    }

    /// Asks the server of an offer for the invoice.
    pub(crate) fn fetch(&self, offer: &[u8]) {
        let offer = Offer::try_from(offer.to_vec()).unwrap();
        let (nonce, id) = (Nonce::from_entropy_source(&*self.keys), PaymentId([2; 32]));
        let builder = self.flow.create_invoice_request_builder(&offer, nonce, id).unwrap();
        let request = builder.amount_msats(AMOUNT_MSAT).unwrap().build_and_sign().unwrap();
        shims::ask_for_invoice(&self.flow, request, id, nonce);
    }

    /// What the two have to say to each other, to the end.
    pub(crate) fn talk_with(&self, other: &Self) {
        self.connect(other.id());
        other.connect(self.id());
        loop {
            let (there, back) = (self.say(other.id()), other.say(self.id()));
            if there.is_empty() && back.is_empty() {
                return;
            }
            there.iter().for_each(|message| other.hear(self.id(), message));
            back.iter().for_each(|message| self.hear(other.id(), message));
        }
    }

    /// Whether the invoice request is for the offer with this nonce, which the node knows again by its own keys.
    pub(crate) fn knows(&self, request: InvoiceRequest, nonce: Nonce) -> bool {
        let keys = self.keys.get_expanded_key();
        request.verify_using_recipient_data(nonce, &keys, &self.secp).is_ok()
    }
}

fn path_of(bytes: &[u8]) -> BlindedMessagePath {
    use ldk::util::ser::Readable;
    BlindedMessagePath::read(&mut &bytes[..]).unwrap()
}

/// Whether LDK's features say of a node that it holds as LDK's do, which a payer of LDK's asks before it asks for a hold.
pub(crate) fn holds_as_ldk(features: &[u8]) -> bool {
    InitFeatures::from_be_bytes(features.to_vec()).supports_htlc_hold()
}

/// The features of an LDK node that is configured to hold.
pub(crate) fn features_of_ldk() -> Vec<u8> {
    let mut features = InitFeatures::empty();
    features.set_htlc_hold_optional();
    let mut bytes = features.le_flags().to_vec();
    bytes.reverse();
    bytes
}

/// LDK's bytes of a message of async payments, by its type.
pub(crate) fn async_messages(invoice: &[u8], keys: &Node) -> Vec<(u64, Vec<u8>)> {
    let path = || {
        let context = AsyncPaymentsContext::InboundPayment {
            path_absolute_expiry: core::time::Duration::from_secs(NOW),
        };
        let auth = keys.keys.get_receive_auth_key();
        let context = MessageContext::AsyncPayments(context);
        shims::one_hop(keys.id(), auth, context, &keys.keys, &keys.secp)
    };
    let invoice = StaticInvoice::try_from(invoice.to_vec()).unwrap();
    [
        AsyncPaymentsMessage::OfferPathsRequest(OfferPathsRequest { invoice_slot: 258 }),
        AsyncPaymentsMessage::OfferPaths(OfferPaths {
            paths: vec![path(), path()],
            paths_absolute_expiry: Some(NOW),
        }),
        AsyncPaymentsMessage::OfferPaths(OfferPaths {
            paths: vec![path()],
            paths_absolute_expiry: None,
        }),
        AsyncPaymentsMessage::ServeStaticInvoice(ServeStaticInvoice {
            invoice,
            forward_invoice_request_path: path(),
        }),
        AsyncPaymentsMessage::StaticInvoicePersisted(StaticInvoicePersisted {}),
        AsyncPaymentsMessage::HeldHtlcAvailable(HeldHtlcAvailable {}),
        AsyncPaymentsMessage::ReleaseHeldHtlc(ReleaseHeldHtlc {}),
    ]
    .into_iter()
    .map(|message| {
        use ldk::onion_message::packet::OnionMessageContents;
        (message.tlv_type(), message.encode())
    })
    .collect()
}

/// Whether LDK reads these bytes as the message of this type, and writes the same again.
pub(crate) fn ldk_reads(tlv_type: u64, value: &[u8]) -> bool {
    let read: Result<AsyncPaymentsMessage, _> = ReadableArgs::read(&mut &value[..], tlv_type);
    read.is_ok_and(|message| message.encode() == value)
}

/// Whether LDK takes these bytes for an invoice request, with a signature that is valid.
pub(crate) fn is_invoice_request(bytes: &[u8]) -> bool {
    InvoiceRequest::try_from(bytes.to_vec()).is_ok()
}
