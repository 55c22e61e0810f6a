use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::frame::{self, HMAC_LENGTH, MIN_PAYLOAD};
use super::keys::{KeyType, apply_stream, blinding_factor, derive_key, hmac};
use super::{OnionError, SharedSecret};
use crate::curve::{Point, SecretScalar};

/// The version byte of the packets that BOLT 4 describes.
const VERSION: u8 = 0;

/// Marks the last hop, in the place of the next packet's HMAC.
const LAST_HOP: [u8; HMAC_LENGTH] = [0; HMAC_LENGTH];

/// An onion packet, as one hop of the route gets it.
///
/// Encoding: 1,366 bytes: version 00 (1), ephemeral key (33), payloads (1,300), HMAC (32). The
/// ephemeral key is a point of the curve; whether the HMAC is right only the hop can tell. Nothing in
/// it is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Packet {
    ephemeral_key: Point,
    /// Of any length in here: a packet keeps the length that it was built or read with.
    hop_payloads: Vec<u8>,
    hmac: [u8; HMAC_LENGTH],
}

/// The ephemeral key, the payloads and the HMAC, as they stand in an encoding.
type Pieces<'a> = (&'a [u8; Point::LENGTH], &'a [u8], &'a [u8; HMAC_LENGTH]);

/// What a hop finds in its packet.
pub struct Peeled {
    /// The hop's payload, without its length: at least 2 bytes. Erased on drop, because it may carry the
    /// blinds of a lock.
    pub payload: Zeroizing<Vec<u8>>,
    /// The secret shared with the sender, for the [`ReplayGuard`](super::ReplayGuard) and for failures.
    pub shared_secret: SharedSecret,
    /// The packet for the next hop; None at the last one.
    pub next: Option<Packet>,
}

impl Packet {
    /// Length of the payloads of a payment packet, in bytes: frames of 1 or 3 + length + 32 each.
    pub const PAYLOADS_LENGTH: usize = 1300;
    /// Length of the encoding of a payment packet, in bytes.
    pub const LENGTH: usize = Self::overhead() + Self::PAYLOADS_LENGTH;

    /// The packet for the first of `hops`, and the secrets shared with each, in the order of the route.
    ///
    /// `session_key` is fresh entropy, used for this packet and nothing else. A hop is a node id (or a
    /// blinded one) and a payload of at least 2 bytes, without its length. A sender whose payloads depend on the shared
    /// secrets plans the packet first: [`Packet::plan`].
    ///
    /// # Errors
    ///
    /// [`OnionError::NoHops`], [`OnionError::TooShort`], [`OnionError::TooLong`]; and
    /// [`OnionError::InvalidKey`] in the case that no hash will show.
    pub fn build<P: AsRef<[u8]>>(
        session_key: SecretScalar,
        hops: &[(Point, P)],
        associated_data: &[u8],
    ) -> Result<(Self, Vec<SharedSecret>), OnionError> {
        let (node_ids, payloads): (Vec<Point>, Vec<&[u8]>) =
            hops.iter().map(|(node_id, payload)| (*node_id, payload.as_ref())).unzip();
        Self::plan(session_key, &node_ids)?.build(&payloads, associated_data, Self::PAYLOADS_LENGTH)
    }

    /// A packet over these nodes whose payloads are still to come: what the sender shares with each is known before.
    ///
    /// `session_key` is fresh entropy, used for this packet and nothing else.
    ///
    /// # Errors
    ///
    /// [`OnionError::NoHops`]; and [`OnionError::InvalidKey`] in the case that no hash will show.
    pub fn plan(session_key: SecretScalar, node_ids: &[Point]) -> Result<PacketPlan, OnionError> {
        if node_ids.is_empty() {
            return Err(OnionError::NoHops);
        }
        Ok(PacketPlan {
            ephemeral_key: session_key.to_point(),
            pad_key: derive_key(KeyType::Pad, &session_key.dangerous_to_bytes()),
            shared_secrets: shared_secrets(session_key, node_ids)?,
        })
    }

    /// How many bytes payloads of these lengths take in a packet.
    pub fn payloads_length_of(payloads: &[usize]) -> usize {
        payloads.iter().fold(0, |sum: usize, payload| sum.saturating_add(frame::length(*payload)))
    }

    /// Reads a packet whose payloads have another length than a payment's: one within a payload, or in an onion message. The
    /// length has to be told beside it.
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](Self::from_bytes).
    pub fn from_bytes_of_any_length(bytes: &[u8]) -> Result<Self, OnionError> {
        Self::parse(bytes, bytes.len().saturating_sub(Self::overhead()))
    }

    /// Reads a payment packet.
    ///
    /// # Errors
    ///
    /// [`OnionError::PacketLength`], [`OnionError::InvalidVersion`] and [`OnionError::InvalidKey`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OnionError> {
        Self::parse(bytes, Self::PAYLOADS_LENGTH)
    }

    /// As [`from_bytes_of_any_length`](Self::from_bytes_of_any_length), for a reader that has a way of its own to read the key.
    pub(crate) fn read_with<E: From<OnionError>>(
        bytes: &[u8],
        read_key: impl FnOnce(&[u8; Point::LENGTH]) -> Result<Point, E>,
    ) -> Result<Self, E> {
        let payloads_length = bytes.len().saturating_sub(Self::overhead());
        let (ephemeral_key, hop_payloads, hmac) = Self::split(bytes, payloads_length)?;
        let ephemeral_key = read_key(ephemeral_key)?;
        Ok(Self { ephemeral_key, hop_payloads: hop_payloads.to_vec(), hmac: *hmac })
    }

    fn parse(bytes: &[u8], payloads_length: usize) -> Result<Self, OnionError> {
        let (ephemeral_key, hop_payloads, hmac) = Self::split(bytes, payloads_length)?;
        let ephemeral_key =
            Point::from_bytes(ephemeral_key).map_err(|source| OnionError::InvalidKey { source })?;
        Ok(Self { ephemeral_key, hop_payloads: hop_payloads.to_vec(), hmac: *hmac })
    }

    fn split(bytes: &[u8], payloads_length: usize) -> Result<Pieces<'_>, OnionError> {
        let expected = Self::overhead() + payloads_length;
        if bytes.len() != expected {
            return Err(OnionError::PacketLength { expected, actual: bytes.len() });
        }
        let version = bytes[0];
        if version != VERSION {
            return Err(OnionError::InvalidVersion { version });
        }
        let length = "of the expected length";
        let (ephemeral_key, rest) = bytes[1..].split_first_chunk().expect(length);
        let (hop_payloads, hmac) = rest.split_last_chunk().expect(length);
        Ok((ephemeral_key, hop_payloads, hmac))
    }

    /// The encoding, 1,366 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::overhead() + self.hop_payloads.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.ephemeral_key.to_bytes());
        bytes.extend_from_slice(&self.hop_payloads);
        bytes.extend_from_slice(&self.hmac);
        bytes
    }

    /// The length of [`to_bytes`](Self::to_bytes).
    pub fn length(&self) -> usize {
        Self::overhead() + self.hop_payloads.len()
    }

    /// The ephemeral key E_i of the hop that this packet is for.
    pub fn ephemeral_key(&self) -> Point {
        self.ephemeral_key
    }

    /// The secret that this packet's hop shares with the sender. [`peel`](Self::peel) gives it too;
    /// apart from that it serves to answer an [`OnionError::InvalidPayload`] with a failure.
    pub fn shared_secret(&self, node_secret: &SecretScalar) -> SharedSecret {
        SharedSecret::new(node_secret, &self.ephemeral_key)
    }

    /// Takes off the layer of the hop with this secret, after checking the HMAC of all of it.
    ///
    /// # Errors
    ///
    /// [`OnionError::InvalidHmac`] and [`OnionError::InvalidPayload`]; and [`OnionError::InvalidKey`]
    /// in the case that no hash will show.
    pub fn peel(
        &self,
        node_secret: &SecretScalar,
        associated_data: &[u8],
    ) -> Result<Peeled, OnionError> {
        self.peel_with(self.shared_secret(node_secret), associated_data)
    }

    /// [`peel`](Self::peel) by the shared secret, which costs half of it.
    pub(crate) fn peel_with(
        &self,
        shared_secret: SharedSecret,
        associated_data: &[u8],
    ) -> Result<Peeled, OnionError> {
        let expected =
            hmac(&*shared_secret.key(KeyType::Mu), &[&self.hop_payloads, associated_data]);
        if !bool::from(expected.ct_eq(&self.hmac)) {
            return Err(OnionError::InvalidHmac);
        }

        let payloads_length = self.hop_payloads.len();
        let mut plain = Zeroizing::new(vec![0; 2 * payloads_length]);
        plain[..payloads_length].copy_from_slice(&self.hop_payloads);
        apply_stream(&shared_secret.key(KeyType::Rho), 0, &mut plain);
        let frame = frame::read(&plain[..payloads_length])
            .map_err(|reason| OnionError::InvalidPayload { reason })?;

        let next = if frame.hmac == LAST_HOP {
            None
        } else {
            let blinding_factor = blinding_factor(&self.ephemeral_key, &shared_secret)
                .map_err(|source| OnionError::InvalidKey { source })?;
            Some(Self {
                ephemeral_key: self.ephemeral_key.mul_secret(&blinding_factor),
                hop_payloads: plain[frame.length..frame.length + payloads_length].to_vec(),
                hmac: frame.hmac,
            })
        };
        Ok(Peeled { payload: Zeroizing::new(frame.payload.to_vec()), shared_secret, next })
    }

    /// Length of all but the payloads, in bytes.
    const fn overhead() -> usize {
        1 + Point::LENGTH + HMAC_LENGTH
    }
}

/// A packet over known nodes whose payloads are still to come. It is built once, because its session key serves once.
#[must_use]
pub struct PacketPlan {
    ephemeral_key: Point,
    pad_key: Zeroizing<[u8; 32]>,
    shared_secrets: Vec<SharedSecret>,
}

impl PacketPlan {
    /// What the sender shares with each node, in the order of the route.
    pub fn shared_secrets(&self) -> &[SharedSecret] {
        &self.shared_secrets
    }

    /// The packet for the first node, and the secrets. A payload is at least 2 bytes, without its length; `payloads_length` is
    /// [`Packet::PAYLOADS_LENGTH`] for a payment.
    ///
    /// # Errors
    ///
    /// [`OnionError::PayloadCount`], [`OnionError::TooShort`] and [`OnionError::TooLong`].
    pub fn build<P: AsRef<[u8]>>(
        self,
        payloads: &[P],
        associated_data: &[u8],
        payloads_length: usize,
    ) -> Result<(Packet, Vec<SharedSecret>), OnionError> {
        let Self { ephemeral_key, pad_key, shared_secrets } = self;
        if payloads.len() != shared_secrets.len() {
            let (hops, payloads) = (shared_secrets.len(), payloads.len());
            return Err(OnionError::PayloadCount { hops, payloads });
        }
        let payloads: Vec<&[u8]> = payloads.iter().map(AsRef::as_ref).collect();
        let frame_lengths = frame_lengths(&payloads, payloads_length)?;
        // The rest of the packet behind the last frame must not tell the last hop how long the route
        // is: random bytes, but such that the same session key gives the same packet.
        let mut hop_payloads = vec![0; payloads_length];
        apply_stream(&pad_key, 0, &mut hop_payloads);

        let filler = filler(&shared_secrets, &frame_lengths, payloads_length);
        let mut hmac_of_next = LAST_HOP;
        for (hop, shared_secret) in shared_secrets.iter().enumerate().rev() {
            let frame_length = frame_lengths[hop];
            hop_payloads.copy_within(..payloads_length - frame_length, frame_length);
            frame::write(&mut hop_payloads, payloads[hop], &hmac_of_next);
            apply_stream(&shared_secret.key(KeyType::Rho), 0, &mut hop_payloads);
            if hop == payloads.len() - 1 {
                hop_payloads[payloads_length - filler.len()..].copy_from_slice(&filler);
            }
            hmac_of_next =
                hmac(&*shared_secret.key(KeyType::Mu), &[&hop_payloads, associated_data]);
        }
        Ok((Packet { ephemeral_key, hop_payloads, hmac: hmac_of_next }, shared_secrets))
    }
}

impl fmt::Debug for PacketPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketPlan")
            .field("ephemeral_key", &self.ephemeral_key)
            .field("hops", &self.shared_secrets.len())
            .finish_non_exhaustive()
    }
}

/// The length of each hop's frame in bytes; their sum is at most `payloads_length`.
fn frame_lengths(payloads: &[&[u8]], payloads_length: usize) -> Result<Vec<usize>, OnionError> {
    let mut lengths = Vec::with_capacity(payloads.len());
    let mut total = 0usize;
    let mut first_beyond = None;
    for (hop, payload) in payloads.iter().enumerate() {
        if payload.len() < MIN_PAYLOAD {
            return Err(OnionError::TooShort { hop, length: payload.len() });
        }
        let length = frame::length(payload.len());
        lengths.push(length);
        // The hops may all borrow one huge payload: the sum need not fit.
        total = total.saturating_add(length);
        if total > payloads_length {
            first_beyond.get_or_insert(hop);
        }
    }
    match first_beyond {
        Some(hop) => Err(OnionError::TooLong { hop, excess: total - payloads_length }),
        None => Ok(lengths),
    }
}

/// s_i for all hops, from e_1.
fn shared_secrets(
    session_key: SecretScalar,
    node_ids: &[Point],
) -> Result<Vec<SharedSecret>, OnionError> {
    let mut ephemeral = session_key;
    let mut shared_secrets = Vec::with_capacity(node_ids.len());
    for node_id in node_ids {
        let shared_secret = SharedSecret::new(&ephemeral, node_id);
        let blinding_factor = blinding_factor(&ephemeral.to_point(), &shared_secret)
            .map_err(|source| OnionError::InvalidKey { source })?;
        ephemeral = ephemeral.mul(&blinding_factor);
        shared_secrets.push(shared_secret);
    }
    Ok(shared_secrets)
}

/// What the last hop finds at the end of its payloads: the zeros that each hop before it appended,
/// under the key streams of that hop and of those after it.
fn filler(
    shared_secrets: &[SharedSecret],
    frame_lengths: &[usize],
    payloads_length: usize,
) -> Vec<u8> {
    let mut filler = Vec::new();
    let forwarding = shared_secrets.len() - 1;
    for (shared_secret, frame_length) in shared_secrets.iter().zip(frame_lengths).take(forwarding) {
        // What the hops before appended ends where the packet does; this hop's zeros follow.
        let offset = payloads_length - filler.len();
        filler.resize(filler.len() + frame_length, 0);
        apply_stream(&shared_secret.key(KeyType::Rho), offset, &mut filler);
    }
    filler
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packet")
            .field("ephemeral_key", &self.ephemeral_key)
            .field("payloads_length", &self.hop_payloads.len())
            .field("hmac", &hex::encode(self.hmac))
            .finish()
    }
}

impl fmt::Debug for Peeled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peeled")
            .field("payload_length", &self.payload.len())
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
