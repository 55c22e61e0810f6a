use std::num::NonZeroU32;
use std::sync::Arc;

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota};
use lightning::ln::msgs::{
    BaseMessageHandler, Init, MessageSendEvent, OnionMessage, OnionMessageHandler,
};
use lightning::types::features::{InitFeatures, NodeFeatures};
use secp256k1::PublicKey;

use crate::vault::Vault;

/// Onion messages of a peer in a second.
const OF_PEER: NonZeroU32 = NonZeroU32::new(10).expect("10 is not 0");
/// Of all peers.
const OF_ALL: NonZeroU32 = NonZeroU32::new(2_000).expect("2,000 is not 0");

/// Holds floods off from what opens onions.
pub(super) struct Held<H> {
    next: H,
    of_peer: DefaultKeyedRateLimiter<PublicKey>,
    of_all: DefaultDirectRateLimiter,
    vault: Arc<Vault>,
}

impl<H> Held<H> {
    pub(super) fn new(next: H, vault: Arc<Vault>) -> Self {
        Self {
            next,
            of_peer: DefaultKeyedRateLimiter::keyed(Quota::per_second(OF_PEER)),
            of_all: DefaultDirectRateLimiter::direct(Quota::per_second(OF_ALL)),
            vault,
        }
    }
}

impl<H: OnionMessageHandler> OnionMessageHandler for Held<H> {
    fn handle_onion_message(&self, peer_node_id: PublicKey, msg: &OnionMessage) {
        if self.of_peer.check_key(&peer_node_id).is_err() || self.of_all.check().is_err() {
            self.vault.metrics.refused.with_label_values(&["onion-flood"]).inc();
            return;
        }
        self.vault.metrics.onion_messages.with_label_values(&["all"]).inc();
        self.next.handle_onion_message(peer_node_id, msg);
    }

    fn next_onion_message_for_peer(&self, peer_node_id: PublicKey) -> Option<OnionMessage> {
        self.next.next_onion_message_for_peer(peer_node_id)
    }

    fn timer_tick_occurred(&self) {
        self.of_peer.retain_recent();
        self.next.timer_tick_occurred();
    }
}

impl<H: OnionMessageHandler> BaseMessageHandler for Held<H> {
    fn get_and_clear_pending_msg_events(&self) -> Vec<MessageSendEvent> {
        self.next.get_and_clear_pending_msg_events()
    }

    fn peer_disconnected(&self, their_node_id: PublicKey) {
        self.next.peer_disconnected(their_node_id);
    }

    fn provided_node_features(&self) -> NodeFeatures {
        self.next.provided_node_features()
    }

    fn provided_init_features(&self, their_node_id: PublicKey) -> InitFeatures {
        self.next.provided_init_features(their_node_id)
    }

    fn peer_connected(
        &self,
        their_node_id: PublicKey,
        msg: &Init,
        inbound: bool,
    ) -> Result<(), ()> {
        self.next.peer_connected(their_node_id, msg, inbound)
    }
}
