//! What the two versions of LDK have differently, as one text: where it stands, `ldk` and a few names are the version's, and the one or the other
//! marker is given.

/// The expression, if there is a marker before it.
macro_rules! only {
    ($marker:ident, $value:expr) => {
        $value
    };
}

/// `old` is given in 0.2.7, `new` in 0.3.0-rc3: there it names the key with which a payment path is authenticated.
macro_rules! shims {
    ($(old: $old:ident,)? $(new: $new:ident,)?) => {
        use std::sync::Arc;

        use bitcoin::Network;
        use bitcoin::constants::genesis_block;
        use super::ldk;
        use ldk::blinded_path::message::{BlindedMessagePath, MessageContext, OffersContext};
        use ldk::blinded_path::payment::{
            BlindedPaymentPath, ForwardTlvs, PaymentConstraints, PaymentForwardNode, PaymentRelay,
            ReceiveTlvs,
        };
        use ldk::ln::channel_state::ChannelDetails;
        use ldk::ln::channelmanager::{MIN_FINAL_CLTV_EXPIRY_DELTA, PaymentId};
        use ldk::ln::msgs::OnionPacket;
        use ldk::ln::onion_utils::create_payment_onion;
        use ldk::offers::invoice_request::InvoiceRequest;
        use ldk::offers::nonce::Nonce;
        use ldk::offers::offer::Offer;
        use ldk::offers::static_invoice::StaticInvoiceBuilder;
        use ldk::routing::router::{InFlightHtlcs, Path, Route, RouteParameters, Router};
        use ldk::sign::{KeysManager, ReceiveAuthKey};
        use ldk::types::features::BlindedHopFeatures;
        use ldk::types::payment::{PaymentHash, PaymentPreimage, PaymentSecret};
        use secp256k1::{All, PublicKey, Secp256k1, SecretKey, Signing, Verification};

        use crate::{AMOUNT_MSAT, HEIGHT, relay_terms};

        pub(crate) fn best_block() -> Tip {
            Tip::new(genesis_block(Network::Bitcoin).block_hash(), HEIGHT)
        }

        pub(crate) fn one_hop<T: Signing + Verification>(
            node: PublicKey,
            auth: ReceiveAuthKey,
            context: MessageContext,
            keys: &Arc<KeysManager>,
            secp: &Secp256k1<T>,
        ) -> BlindedMessagePath {
            BlindedMessagePath::one_hop(node, auth, context, $(only!($new, false),)? &**keys, secp)
        }

        pub(crate) fn request_context(nonce: Nonce) -> MessageContext {
            MessageContext::Offers(shims!(@context nonce $($new)?))
        }

        pub(crate) fn onion(
            secp: &Secp256k1<All>,
            route: &Path,
            session: &SecretKey,
            hash: &PaymentHash,
            preimage: &Option<PaymentPreimage>,
            request: &InvoiceRequest,
        ) -> (OnionPacket, u64, u32) {
            let fields = RecipientOnionFields::spontaneous_empty($(only!($new, AMOUNT_MSAT))?);
            create_payment_onion(
                secp,
                route,
                session,
                $(only!($old, AMOUNT_MSAT),)?
                &fields,
                HEIGHT,
                hash,
                preimage,
                Some(request),
                [9; 32],
            )
            .unwrap()
        }

        /// The node at which the payment paths of an LDK node begin, and its channel to that one.
        #[derive(Clone, Copy)]
        pub(crate) struct Relay {
            pub(crate) node: PublicKey,
            pub(crate) short_channel_id: u64,
        }

        /// A router that finds nothing, and makes one path.
        pub(crate) struct Paths {
            pub(crate) keys: Arc<KeysManager>,
            pub(crate) first: Option<Relay>,
        }

        impl Router for Paths {
            fn find_route(
                &self,
                _: &PublicKey,
                _: &RouteParameters,
                _: Option<&[&ChannelDetails]>,
                _: InFlightHtlcs,
            ) -> Result<Route, &'static str> {
                Err("none")
            }

            fn create_blinded_payment_paths<T: Signing + Verification>(
                &self,
                recipient: PublicKey,
                $($new: ReceiveAuthKey,)?
                _: Vec<ChannelDetails>,
                tlvs: ReceiveTlvs,
                _: Option<u64>,
                secp: &Secp256k1<T>,
            ) -> Result<Vec<BlindedPaymentPath>, ()> {
                let (delta, millionths, base) = relay_terms();
                let relays = self.first.map(|relay| PaymentForwardNode {
                    tlvs: ForwardTlvs {
                        short_channel_id: relay.short_channel_id,
                        payment_relay: PaymentRelay {
                            cltv_expiry_delta: delta,
                            fee_proportional_millionths: millionths,
                            fee_base_msat: base,
                        },
                        payment_constraints: PaymentConstraints {
                            max_cltv_expiry: HEIGHT + 10_000,
                            htlc_minimum_msat: 1,
                        },
                        features: BlindedHopFeatures::empty(),
                        next_blinding_override: None,
                    },
                    node_id: relay.node,
                    htlc_maximum_msat: 2 * AMOUNT_MSAT,
                });
                let (relays, most) = (Vec::from_iter(relays), 2 * AMOUNT_MSAT);
                let path = BlindedPaymentPath::new(
                    &relays,
                    recipient,
                    $($new,)?
                    tlvs,
                    most,
                    MIN_FINAL_CLTV_EXPIRY_DELTA,
                    &*self.keys,
                    secp,
                );
                Ok(vec![path?])
            }
        }

        pub(crate) fn static_invoice<'a>(
            flow: &super::Flow,
            paths: &Paths,
            keys: &KeysManager,
            offer: &'a Offer,
            nonce: Nonce,
        ) -> StaticInvoiceBuilder<'a> {
            let _ = keys;
            let (secret, day) = (PaymentSecret([8; 32]), 86_400);
            flow.create_static_invoice_builder(
                $(only!($old, &paths),)?
                $(only!($new, paths),)?
                $(only!($old, keys),)?
                offer,
                nonce,
                secret,
                day,
                vec![],
                vec![],
                $(only!($new, None),)?
            )
            .unwrap()
        }

        /// Asks for the invoice of an offer.
        pub(crate) fn ask_for_invoice(
            flow: &super::Flow,
            request: InvoiceRequest,
            payment: PaymentId,
            nonce: Nonce,
        ) {
            let _ = nonce;
            flow.enqueue_invoice_request(request, payment, $(only!($old, nonce),)? vec![]).unwrap();
        }
    };
    (@context $nonce:ident) => {
        OffersContext::InvoiceRequest { nonce: $nonce }
    };
    (@context $nonce:ident $new:ident) => {
        OffersContext::InvoiceRequest { nonce: $nonce, payment_metadata: None }
    };
}
