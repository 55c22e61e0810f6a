use alloc::vec::Vec;
use core::fmt;

use super::{BlindedPath, BlindingError, NextPeer, PathSecret, RecipientData};
use crate::curve::{Point, SecretScalar};
use crate::onion::{Packet, Peeled, SharedSecret};
use crate::wire::{TlvStream, TlvWriter};

const ENCRYPTED_RECIPIENT_DATA: u64 = 10;
const CURRENT_PATH_KEY: u64 = 12;

/// BOLT 4's failure code `invalid_onion_blinding`, for whatever goes wrong at a hop of a blinded path or
/// behind it: BADONION, PERM and 24.
///
/// A hop that got its path key with the message answers in the clear (`update_fail_malformed_htlc`); the
/// introduction node, that got it in the payload, in a [`FailurePacket`](crate::onion::FailurePacket), after
/// a random delay.
pub const INVALID_ONION_BLINDING: u16 = 0x8000 | 0x4000 | 24;

/// What a node finds in a payment onion, whether or not it stands in a blinded path.
#[derive(Debug)]
pub struct PeeledPayment {
    /// The layer. With a path key in the message, its shared secret is that of sender and blinded node id.
    pub layer: Peeled,
    /// The node's place in a blinded path, if it has one.
    pub path: Option<PathHop>,
}

/// What a hop of a blinded path is told by the maker of the path.
pub struct PathHop {
    /// What it shares with the maker, for the b_i of a lock: see [`path_offset`](super::path_offset).
    pub secret: PathSecret,
    /// The maker's data for this hop.
    pub data: RecipientData,
    /// The path key that goes with the onion to the next hop: E_{i+1}, or what the data has in its place.
    pub next_path_key: Point,
}

impl BlindedPath {
    /// The end of a payment's route, for [`Packet::build`]: the hops of this path with their payloads. The
    /// introduction node comes under its node id, with the first path key in its payload; the others under
    /// their blinded ones.
    ///
    /// `final_fields` are for the last hop, beside its encrypted data: `amt_to_forward` (2),
    /// `outgoing_cltv_value` (4) and `total_amount_msat` (18). No other hop may have any.
    ///
    /// ```
    /// # use pointlock::curve::SecretScalar;
    /// # use pointlock::onion::{Packet, blinded::{self, BlindedPath, PaymentRelay, RecipientData}};
    /// # use pointlock::wire::{TlvWriter, tu64};
    /// # let [bob, carol] = [[2; 32], [3; 32]].map(|bytes| SecretScalar::from_bytes(&bytes).unwrap());
    /// # let relay = PaymentRelay {
    /// #     cltv_expiry_delta: 40, fee_proportional_millionths: 0, fee_base_msat: 500 };
    /// // Carol's path leads over Bob, for 500 msat and 40 blocks.
    /// let for_bob = RecipientData {
    ///     short_channel_id: Some(42),
    ///     payment_relay: Some(relay),
    ///     ..Default::default()
    /// };
    /// let for_carol = RecipientData { path_id: Some(vec![7; 32]), ..Default::default() };
    /// let hops = [(bob.to_point(), for_bob.to_bytes()), (carol.to_point(), for_carol.to_bytes())];
    /// let (path, _) = BlindedPath::build(SecretScalar::from_bytes(&[9; 32])?, &hops)?;
    ///
    /// // The sender reaches Bob directly, and pays 1,000 msat.
    /// let mut fields = TlvWriter::new();
    /// fields.set(2, tu64(1000)).set(4, tu64(800_000)).set(18, tu64(1000));
    /// let session_key = SecretScalar::from_bytes(&[8; 32])?;
    /// let (packet, _) = Packet::build(session_key, &path.onion_hops(&fields), b"")?;
    ///
    /// // Bob got no path key with the message: his payload has it.
    /// let at_bob = blinded::peel_payment(&packet, &bob, None, b"")?;
    /// let hop = at_bob.path.expect("Bob is in a path");
    /// assert_eq!(hop.data.short_channel_id, Some(42));
    /// assert_eq!(hop.forward(1500, 800_040)?, (1000, 800_000));
    ///
    /// // Carol gets hers from Bob, and knows her path by its secret id.
    /// let packet = at_bob.layer.next.expect("Bob forwards");
    /// let at_carol = blinded::peel_payment(&packet, &carol, Some(&hop.next_path_key), b"")?;
    /// let hop = at_carol.path.expect("Carol is in the path that she made");
    /// assert!(hop.data.has_path_id(&[7; 32]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn onion_hops(&self, final_fields: &TlvWriter) -> Vec<(Point, Vec<u8>)> {
        let last = self.hops().len() - 1;
        let hop = |(i, hop): (usize, &super::BlindedHop)| {
            let mut payload = if i == last { final_fields.clone() } else { TlvWriter::new() };
            payload.set(ENCRYPTED_RECIPIENT_DATA, hop.encrypted_recipient_data.clone());
            if i == 0 {
                payload.set(CURRENT_PATH_KEY, self.first_path_key().to_bytes());
            }
            let node_id = if i == 0 { *self.first_node_id() } else { hop.blinded_node_id };
            (node_id, payload.to_bytes())
        };
        self.hops().iter().enumerate().map(hop).collect()
    }
}

/// Peels a payment's onion at a node that may stand in a blinded path. `path_key` is the one that came with
/// the message (`update_add_htlc`), if one did.
///
/// What BOLT 4 wants of path key, payload and data is checked here. Left to the caller: features (neither
/// `allowed_features` with bits that it does not know, nor a payment that uses bits beyond them), the
/// incoming contract ([`PathHop::forward`] and [`PathHop::check`]), the fields of the last hop's payload
/// beside the encrypted data, its `path_id`, and replays.
///
/// # Errors
///
/// [`BlindingError::Onion`] where the packet does not peel. Without `path_key` it has a failure code of its
/// own; every other error, and that one with `path_key`, is [`INVALID_ONION_BLINDING`].
pub fn peel_payment(
    packet: &Packet,
    node_secret: &SecretScalar,
    path_key: Option<&Point>,
    associated_data: &[u8],
) -> Result<PeeledPayment, BlindingError> {
    let shared_secret = || packet.shared_secret(node_secret);
    peel_payment_with(packet, node_secret, shared_secret, path_key, associated_data)
}

/// [`peel_payment`] for whoever has computed what the node's own key shares with the packet. It is not asked for where the
/// packet is for the name that the node has in a path.
pub(crate) fn peel_payment_with(
    packet: &Packet,
    node_secret: &SecretScalar,
    shared_secret: impl FnOnce() -> SharedSecret,
    path_key: Option<&Point>,
    associated_data: &[u8],
) -> Result<PeeledPayment, BlindingError> {
    let from_message = path_key.map(|path_key| PathSecret::new(node_secret, path_key));
    let layer = match &from_message {
        Some(secret) => packet.peel(&secret.blinded_node_secret(node_secret)?, associated_data),
        None => packet.peel_with(shared_secret(), associated_data),
    };
    let layer = layer.map_err(|source| BlindingError::Onion { source })?;
    let payload = TlvStream::parse(&layer.payload)
        .map_err(|source| BlindingError::InvalidPayload { source })?;

    let current_path_key = payload.get(CURRENT_PATH_KEY);
    let Some(encrypted) = payload.get(ENCRYPTED_RECIPIENT_DATA) else {
        return match (from_message, current_path_key) {
            (None, None) => Ok(PeeledPayment { layer, path: None }),
            _ => Err(BlindingError::Missing { field: "encrypted_recipient_data" }),
        };
    };
    let secret = match (from_message, current_path_key) {
        (Some(secret), None) => secret,
        (None, Some(record)) => {
            let path_key = Point::from_slice(record.value())
                .map_err(|_| BlindingError::InvalidField { field: "current_path_key" })?;
            PathSecret::new(node_secret, &path_key)
        }
        (Some(_), Some(_)) => return Err(BlindingError::Unexpected { tlv_type: CURRENT_PATH_KEY }),
        (None, None) => return Err(BlindingError::Missing { field: "current_path_key" }),
    };
    let data = RecipientData::from_bytes(&secret.open(encrypted.value())?)?;
    if data.short_channel_id.is_some() && data.next_node_id.is_some() {
        return Err(BlindingError::InvalidField { field: "next_node_id" });
    }
    if layer.next.is_some() {
        check_forwarding(&payload, &data)?;
    }
    let next_path_key = match data.next_path_key_override {
        Some(path_key) => path_key,
        None => secret.next_path_key()?,
    };
    Ok(PeeledPayment { path: Some(PathHop { secret, data, next_path_key }), layer })
}

/// What holds for a hop that is not the last.
fn check_forwarding(payload: &TlvStream<'_>, data: &RecipientData) -> Result<(), BlindingError> {
    let known = [ENCRYPTED_RECIPIENT_DATA, CURRENT_PATH_KEY];
    let mut types = payload.records().iter().map(|record| record.tlv_type());
    if let Some(tlv_type) = types.find(|tlv_type| !known.contains(tlv_type)) {
        return Err(BlindingError::Unexpected { tlv_type });
    }
    if data.short_channel_id.is_none() && data.next_node_id.is_none() {
        return Err(BlindingError::Missing { field: "short_channel_id" });
    }
    if data.payment_relay.is_none() {
        return Err(BlindingError::Missing { field: "payment_relay" });
    }
    Ok(())
}

impl PathHop {
    /// To whom a forwarding hop sends the onion.
    pub fn next_peer(&self) -> Option<NextPeer> {
        let channel = self.data.short_channel_id.map(NextPeer::Channel);
        channel.or(self.data.next_node_id.map(NextPeer::Node))
    }

    /// Whether this node knows all features that a payment may use on the path: those of `known` bits.
    ///
    /// # Errors
    ///
    /// [`BlindingError::InvalidField`] for `allowed_features`.
    pub fn check_features(&self, known: &[usize]) -> Result<(), BlindingError> {
        self.data.check_features(known)
    }

    /// Whether the incoming contract may take the path: amount in millisatoshi, and expiry height. For every
    /// hop, the last one too.
    ///
    /// # Errors
    ///
    /// [`BlindingError::NotAllowed`].
    pub fn check(&self, amount_msat: u64, cltv_expiry: u32) -> Result<(), BlindingError> {
        match self.data.payment_constraints {
            Some(constraints) if !constraints.allow(amount_msat, cltv_expiry) => {
                Err(BlindingError::NotAllowed { amount_msat, cltv_expiry })
            }
            _ => Ok(()),
        }
    }

    /// What a forwarding hop offers next, of an incoming contract that it has [checked](Self::check): amount
    /// in millisatoshi, and expiry height.
    ///
    /// Whether these terms still suffice the hop is its own decision.
    ///
    /// # Errors
    ///
    /// [`BlindingError::NotAllowed`], [`BlindingError::Missing`] and [`BlindingError::NotCovered`].
    pub fn forward(&self, amount_msat: u64, cltv_expiry: u32) -> Result<(u64, u32), BlindingError> {
        self.check(amount_msat, cltv_expiry)?;
        let relay =
            self.data.payment_relay.ok_or(BlindingError::Missing { field: "payment_relay" })?;
        relay
            .forward(amount_msat, cltv_expiry)
            .ok_or(BlindingError::NotCovered { amount_msat, cltv_expiry })
    }
}

impl fmt::Debug for PathHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PathHop")
            .field("data", &self.data)
            .field("next_path_key", &self.next_path_key)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
