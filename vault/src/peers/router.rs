use std::sync::Arc;

use lightning::blinded_path::message::{BlindedMessagePath, MessageContext, MessageForwardNode};
use lightning::onion_message::messenger::{Destination, MessageRouter, OnionMessagePath};
use lightning::sign::{KeysManager, ReceiveAuthKey};
use secp256k1::{PublicKey, Secp256k1, Signing, Verification};

/// Ways that need no map of the network: to peers that are connected, and from them to the vault. It has no channels, so whoever wants it
/// connects to it.
pub(super) struct Direct {
    keys: Arc<KeysManager>,
}

impl Direct {
    pub(super) fn new(keys: Arc<KeysManager>) -> Self {
        Self { keys }
    }
}

impl MessageRouter for Direct {
    fn find_path(
        &self,
        _sender: PublicKey,
        peers: Vec<PublicKey>,
        destination: Destination,
    ) -> Result<OnionMessagePath, ()> {
        let path = OnionMessagePath {
            intermediate_nodes: vec![],
            destination,
            first_node_addresses: vec![],
        };
        match path.first_node() {
            Some(first) if peers.contains(&first) => Ok(path),
            _ => Err(()),
        }
    }

    fn create_blinded_paths<T: Signing + Verification>(
        &self,
        recipient: PublicKey,
        local_node_receive_key: ReceiveAuthKey,
        context: MessageContext,
        _peers: Vec<MessageForwardNode>,
        secp_ctx: &Secp256k1<T>,
    ) -> Result<Vec<BlindedMessagePath>, ()> {
        let path = BlindedMessagePath::one_hop(
            recipient,
            local_node_receive_key,
            context,
            &*self.keys,
            secp_ctx,
        );
        Ok(vec![path])
    }
}
