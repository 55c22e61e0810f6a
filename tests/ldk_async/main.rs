//! LDK's async payments, with LDK on the other side: its messenger, its flow of offers and its packet code, in two versions. An LDK payer pays a
//! pointlock receiver, and a pointlock sender an LDK receiver; a pointlock node stands between.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod plain_invoices;
mod pointlock_nodes;
mod table;

/// To pointlock's nodes. LDK looks at the machine's clock in places, where nothing depends on it.
pub(crate) const NOW: u64 = 1_790_000_000;
pub(crate) const HEIGHT: u32 = 800_000;
pub(crate) const AMOUNT_MSAT: u64 = 50_000_000;

/// What the LSP asks for on a path: blocks, millionths, millisatoshi.
pub(crate) fn relay_terms() -> (u16, u32, u32) {
    (144, 100, 1_000)
}

/// `lightning` 0.2.7.
pub(crate) mod v02 {
    use lightning as ldk;

    /// What the versions have differently.
    pub(crate) mod shims {
        use std::sync::Arc;

        use bitcoin::Network;
        use bitcoin::constants::genesis_block;
        use lightning::blinded_path::message::{BlindedMessagePath, MessageContext, OffersContext};
        use lightning::blinded_path::payment::{
            BlindedPaymentPath, ForwardTlvs, PaymentConstraints, PaymentForwardNode, PaymentRelay,
            ReceiveTlvs,
        };
        use lightning::chain::BestBlock;
        use lightning::ln::channel_state::ChannelDetails;
        use lightning::ln::channelmanager::{MIN_FINAL_CLTV_EXPIRY_DELTA, RecipientOnionFields};
        use lightning::ln::msgs::OnionPacket;
        use lightning::ln::onion_utils::create_payment_onion;
        use lightning::offers::invoice_request::InvoiceRequest;
        use lightning::offers::nonce::Nonce;
        use lightning::offers::offer::Offer;
        use lightning::offers::static_invoice::StaticInvoiceBuilder;
        use lightning::routing::router::{InFlightHtlcs, Path, Route, RouteParameters, Router};
        use lightning::sign::{KeysManager, ReceiveAuthKey};
        use lightning::types::features::BlindedHopFeatures;
        use lightning::types::payment::{PaymentHash, PaymentPreimage, PaymentSecret};
        use secp256k1::{All, PublicKey, Secp256k1, SecretKey, Signing, Verification};

        use super::super::{AMOUNT_MSAT, HEIGHT, relay_terms};

        pub(crate) fn best_block() -> BestBlock {
            BestBlock::new(genesis_block(Network::Bitcoin).block_hash(), HEIGHT)
        }

        pub(crate) fn one_hop<T: Signing + Verification>(
            node: PublicKey,
            auth: ReceiveAuthKey,
            context: MessageContext,
            keys: &Arc<KeysManager>,
            secp: &Secp256k1<T>,
        ) -> BlindedMessagePath {
            BlindedMessagePath::one_hop(node, auth, context, &**keys, secp)
        }

        pub(crate) fn request_context(nonce: Nonce) -> MessageContext {
            MessageContext::Offers(OffersContext::InvoiceRequest { nonce })
        }

        pub(crate) fn onion(
            secp: &Secp256k1<All>,
            route: &Path,
            session: &SecretKey,
            hash: &PaymentHash,
            preimage: &Option<PaymentPreimage>,
            request: &InvoiceRequest,
        ) -> (OnionPacket, u64, u32) {
            let fields = RecipientOnionFields::spontaneous_empty();
            let request = Some(request);
            create_payment_onion(
                secp,
                route,
                session,
                AMOUNT_MSAT,
                &fields,
                HEIGHT,
                hash,
                preimage,
                request,
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
            keys: &Arc<KeysManager>,
            offer: &'a Offer,
            nonce: Nonce,
        ) -> StaticInvoiceBuilder<'a> {
            let _ = keys;
            let (secret, day) = (PaymentSecret([8; 32]), 86_400);
            flow.create_static_invoice_builder(
                &paths,
                &**keys,
                offer,
                nonce,
                secret,
                day,
                vec![],
                vec![],
            )
            .unwrap()
        }
    }

    include!("node.rs");
    include!("flows.rs");
    include!("interop.rs");
}

/// `lightning` 0.3.0-rc3.
pub(crate) mod v03 {
    use lightning_030 as ldk;

    /// What the versions have differently.
    pub(crate) mod shims {
        use std::sync::Arc;

        use bitcoin::Network;
        use bitcoin::constants::genesis_block;
        use lightning_030::blinded_path::message::{
            BlindedMessagePath, MessageContext, OffersContext,
        };
        use lightning_030::blinded_path::payment::{
            BlindedPaymentPath, ForwardTlvs, PaymentConstraints, PaymentForwardNode, PaymentRelay,
            ReceiveTlvs,
        };
        use lightning_030::chain::BlockLocator;
        use lightning_030::ln::channel_state::ChannelDetails;
        use lightning_030::ln::channelmanager::MIN_FINAL_CLTV_EXPIRY_DELTA;
        use lightning_030::ln::msgs::OnionPacket;
        use lightning_030::ln::onion_utils::create_payment_onion;
        use lightning_030::ln::outbound_payment::RecipientOnionFields;
        use lightning_030::offers::invoice_request::InvoiceRequest;
        use lightning_030::offers::nonce::Nonce;
        use lightning_030::offers::offer::Offer;
        use lightning_030::offers::static_invoice::StaticInvoiceBuilder;
        use lightning_030::routing::router::{InFlightHtlcs, Path, Route, RouteParameters, Router};
        use lightning_030::sign::{KeysManager, ReceiveAuthKey};
        use lightning_030::types::features::BlindedHopFeatures;
        use lightning_030::types::payment::{PaymentHash, PaymentPreimage, PaymentSecret};
        use secp256k1::{All, PublicKey, Secp256k1, SecretKey, Signing, Verification};

        use super::super::{AMOUNT_MSAT, HEIGHT, relay_terms};

        pub(crate) fn best_block() -> BlockLocator {
            BlockLocator::new(genesis_block(Network::Bitcoin).block_hash(), HEIGHT)
        }

        pub(crate) fn one_hop<T: Signing + Verification>(
            node: PublicKey,
            auth: ReceiveAuthKey,
            context: MessageContext,
            keys: &Arc<KeysManager>,
            secp: &Secp256k1<T>,
        ) -> BlindedMessagePath {
            BlindedMessagePath::one_hop(node, auth, context, false, &**keys, secp)
        }

        pub(crate) fn request_context(nonce: Nonce) -> MessageContext {
            MessageContext::Offers(OffersContext::InvoiceRequest { nonce, payment_metadata: None })
        }

        pub(crate) fn onion(
            secp: &Secp256k1<All>,
            route: &Path,
            session: &SecretKey,
            hash: &PaymentHash,
            preimage: &Option<PaymentPreimage>,
            request: &InvoiceRequest,
        ) -> (OnionPacket, u64, u32) {
            let fields = RecipientOnionFields::spontaneous_empty(AMOUNT_MSAT);
            let request = Some(request);
            create_payment_onion(
                secp, route, session, &fields, HEIGHT, hash, preimage, request, [9; 32],
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
                auth: ReceiveAuthKey,
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
                    auth,
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
            keys: &Arc<KeysManager>,
            offer: &'a Offer,
            nonce: Nonce,
        ) -> StaticInvoiceBuilder<'a> {
            let _ = keys;
            let (secret, day) = (PaymentSecret([8; 32]), 86_400);
            flow.create_static_invoice_builder(
                paths,
                offer,
                nonce,
                secret,
                day,
                vec![],
                vec![],
                None,
            )
            .unwrap()
        }
    }

    include!("node.rs");
    include!("flows.rs");
    include!("interop.rs");
}
