use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::{BlindedPath, BlindingError, PathSecret, RecipientData};
use crate::curve::{Point, SecretScalar};
use crate::onion::Packet;
use crate::wire::{TlvStream, TlvWriter};

const ENCRYPTED_RECIPIENT_DATA: u64 = 4;

/// The lengths of the payloads that BOLT 4 recommends: most messages look alike.
const PAYLOADS_LENGTHS: [usize; 2] = [1300, 32_768];

/// An onion message (BOLT 4, type 513): bytes for whoever stands at the end of a blinded path, over nodes that
/// charge nothing and promise nothing.
///
/// Encoding: type 0201 (2), path key (33), length of the packet (2), packet: 1,366 bytes or 32,834 where we
/// make it, from 66 up where we read it. Associated data of the packet: none.
///
/// ```
/// # use pointlock::curve::SecretScalar;
/// # use pointlock::onion::blinded::{BlindedPath, NextPeer, OnionMessage, PeeledMessage, RecipientData};
/// # use pointlock::wire::{TlvStream, TlvWriter};
/// # let [bob, carol] = [[2; 32], [3; 32]].map(|bytes| SecretScalar::from_bytes(&bytes).unwrap());
/// // Carol's path leads over Bob.
/// let for_bob = RecipientData { next_node_id: Some(carol.to_point()), ..Default::default() };
/// let for_carol = RecipientData { path_id: Some(vec![7; 32]), ..Default::default() };
/// let hops = [(bob.to_point(), for_bob.to_bytes()), (carol.to_point(), for_carol.to_bytes())];
/// let (path, _) = BlindedPath::build(SecretScalar::from_bytes(&[9; 32])?, &hops)?;
///
/// // The sender is a peer of Bob's.
/// let mut fields = TlvWriter::new();
/// fields.set(65537, *b"hello");
/// let session_key = SecretScalar::from_bytes(&[8; 32])?;
/// let to_bob = OnionMessage::build(session_key, &path, &fields)?.to_bytes();
///
/// // Bob learns the next peer, and no more.
/// let PeeledMessage::Forward { to, message } = OnionMessage::from_bytes(&to_bob)?.peel(&bob)? else {
///     panic!("Bob is not the last")
/// };
/// assert_eq!(to, NextPeer::Node(carol.to_point()));
///
/// // Carol reads the fields, if she knows her path.
/// let PeeledMessage::Receive { payload, data, .. } = message.peel(&carol)? else {
///     panic!("Carol is the last")
/// };
/// assert!(data.has_path_id(&[7; 32]));
/// assert_eq!(TlvStream::parse(&payload)?.get(65537).expect("sent").value(), b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnionMessage {
    path_key: Point,
    packet: Packet,
}

/// What a node finds in an onion message.
#[non_exhaustive]
pub enum PeeledMessage {
    /// It is for somebody else.
    Forward {
        /// Whom to send it to.
        to: NextPeer,
        /// What to send.
        message: OnionMessage,
    },
    /// It is for this node.
    Receive {
        /// The TLV stream of the sender, with `encrypted_recipient_data` (4) in it.
        payload: Zeroizing<Vec<u8>>,
        /// What the maker of the path wrote to itself: its `path_id` says which path it is.
        data: RecipientData,
        /// What this node shares with the maker of the path, which is itself in most cases: a packet within the message may be
        /// sealed to the name that it has there.
        secret: PathSecret,
    },
}

/// The peer that a message goes to next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextPeer {
    /// The one with this node id.
    Node(Point),
    /// The one at the other end of this channel.
    Channel(u64),
}

impl OnionMessage {
    /// The message's type (BOLT 1), with which the encoding starts.
    pub const TYPE: u16 = 513;

    /// A message along a path, for its introduction node. `session_key` is fresh entropy, used for this
    /// message and nothing else. `final_fields` are for the receiver, beside its encrypted data.
    ///
    /// A sender that is no peer of the introduction node puts a path of its own before it
    /// ([`BlindedPath::join`]).
    ///
    /// # Errors
    ///
    /// [`BlindingError::Onion`], with [`OnionError::TooLong`](crate::onion::OnionError::TooLong) where the path and the fields exceed the longer
    /// of the two lengths.
    pub fn build<N>(
        session_key: SecretScalar,
        path: &BlindedPath<N>,
        final_fields: &TlvWriter,
    ) -> Result<Self, BlindingError> {
        let last = path.hops().len() - 1;
        let mut payloads = Vec::with_capacity(path.hops().len());
        for (i, hop) in path.hops().iter().enumerate() {
            let mut payload = if i == last { final_fields.clone() } else { TlvWriter::new() };
            payload.set(ENCRYPTED_RECIPIENT_DATA, hop.encrypted_recipient_data.clone());
            payloads.push(payload.to_bytes());
        }
        let node_ids: Vec<Point> = path.hops().iter().map(|hop| hop.blinded_node_id).collect();

        let lengths: Vec<usize> = payloads.iter().map(Vec::len).collect();
        let [short, long] = PAYLOADS_LENGTHS;
        let length = if Packet::payloads_length_of(&lengths) <= short { short } else { long };
        let path_key = *path.first_path_key();
        let plan = Packet::plan(session_key, &node_ids);
        let packet = plan.and_then(|plan| plan.build(&payloads, &[], length));
        let (packet, _) = packet.map_err(|source| BlindingError::Onion { source })?;
        Ok(Self { path_key, packet })
    }

    /// Reads the message, with its type.
    ///
    /// # Errors
    ///
    /// [`BlindingError::InvalidMessage`] and [`BlindingError::Onion`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BlindingError> {
        let invalid = |field| BlindingError::InvalidMessage { field };
        let (message_type, rest) = bytes.split_first_chunk().ok_or_else(|| invalid("type"))?;
        if u16::from_be_bytes(*message_type) != Self::TYPE {
            return Err(invalid("type"));
        }
        let (path_key, rest) = rest.split_first_chunk().ok_or_else(|| invalid("path_key"))?;
        let path_key = Point::from_bytes(path_key).map_err(|_| invalid("path_key"))?;
        let (length, packet) = rest.split_first_chunk().ok_or_else(|| invalid("len"))?;
        // BOLT 1 lets a message grow at its end, by odd fields that old nodes skip.
        let packet = packet
            .get(..usize::from(u16::from_be_bytes(*length)))
            .ok_or_else(|| invalid("onion_message_packet"))?;
        let packet = Packet::from_bytes_of_any_length(packet)
            .map_err(|source| BlindingError::Onion { source })?;
        Ok(Self { path_key, packet })
    }

    /// The message, with its type.
    pub fn to_bytes(&self) -> Vec<u8> {
        let packet = self.packet.to_bytes();
        let length = u16::try_from(packet.len())
            .expect("a packet is built with one of two lengths, or read behind a 16-bit length");
        let mut bytes = Vec::with_capacity(2 + Point::LENGTH + 2 + packet.len());
        bytes.extend_from_slice(&Self::TYPE.to_be_bytes());
        bytes.extend_from_slice(&self.path_key.to_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&packet);
        bytes
    }

    /// The length of [`to_bytes`](Self::to_bytes).
    pub fn length(&self) -> usize {
        2 + Point::LENGTH + 2 + self.packet.length()
    }

    /// Peels the message at a node.
    ///
    /// The receiver checks the path's id ([`RecipientData::has_path_id`]) before it does anything; a message
    /// can come again, and along a path of somebody else's making.
    ///
    /// # Errors
    ///
    /// [`BlindingError`]: the message is ignored then, and nobody told, or a sender could find out who is who.
    pub fn peel(&self, node_secret: &SecretScalar) -> Result<PeeledMessage, BlindingError> {
        let secret = PathSecret::new(node_secret, &self.path_key);
        let layer = self
            .packet
            .peel(&secret.blinded_node_secret(node_secret)?, &[])
            .map_err(|source| BlindingError::Onion { source })?;
        let payload = TlvStream::parse(&layer.payload)
            .map_err(|source| BlindingError::InvalidPayload { source })?;
        let encrypted = payload
            .get(ENCRYPTED_RECIPIENT_DATA)
            .ok_or(BlindingError::Missing { field: "encrypted_recipient_data" })?;
        let data = RecipientData::from_bytes(&secret.open(encrypted.value())?)?;
        data.check_features(&[])?;
        let Some(packet) = layer.next else {
            return Ok(PeeledMessage::Receive { payload: layer.payload, data, secret });
        };

        let mut types = payload.records().iter().map(|record| record.tlv_type());
        if let Some(tlv_type) = types.find(|tlv_type| *tlv_type != ENCRYPTED_RECIPIENT_DATA) {
            return Err(BlindingError::Unexpected { tlv_type });
        }
        if data.path_id.is_some() {
            return Err(BlindingError::InvalidField { field: "path_id" });
        }
        let to = match (data.next_node_id, data.short_channel_id) {
            (Some(node_id), _) => NextPeer::Node(node_id),
            (None, Some(short_channel_id)) => NextPeer::Channel(short_channel_id),
            (None, None) => return Err(BlindingError::Missing { field: "next_node_id" }),
        };
        let path_key = match data.next_path_key_override {
            Some(path_key) => path_key,
            None => secret.next_path_key()?,
        };
        Ok(PeeledMessage::Forward { to, message: Self { path_key, packet } })
    }
}

impl fmt::Debug for PeeledMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forward { to, .. } => {
                f.debug_struct("Forward").field("to", to).finish_non_exhaustive()
            }
            Self::Receive { payload, .. } => f
                .debug_struct("Receive")
                .field("payload_length", &payload.len())
                .finish_non_exhaustive(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::onion::OnionError;

    fn secret(byte: u8) -> SecretScalar {
        SecretScalar::from_bytes(&[byte; 32]).unwrap()
    }

    fn to_carol() -> RecipientData {
        RecipientData { next_node_id: Some(secret(3).to_point()), ..Default::default() }
    }

    /// A path over Bob (2), who gets these data, to Carol (3).
    fn path(for_bob: &RecipientData) -> BlindedPath {
        let for_carol = RecipientData { path_id: Some(vec![7; 32]), ..Default::default() };
        let hops = [
            (secret(2).to_point(), for_bob.to_bytes()),
            (secret(3).to_point(), for_carol.to_bytes()),
        ];
        BlindedPath::build(secret(9), &hops).unwrap().0
    }

    fn build(fields: &TlvWriter) -> Result<OnionMessage, BlindingError> {
        OnionMessage::build(secret(8), &path(&to_carol()), fields)
    }

    /// What Bob says to these data.
    fn at_bob(for_bob: &RecipientData) -> Result<PeeledMessage, BlindingError> {
        OnionMessage::build(secret(8), &path(for_bob), &TlvWriter::new()).unwrap().peel(&secret(2))
    }

    #[test]
    fn two_lengths_and_no_third() {
        let length = |value: usize| {
            build(TlvWriter::new().set(65537, vec![1; value]))
                .map(|message| message.to_bytes().len())
        };
        assert_eq!(length(0), Ok(37 + 1366));
        let longest = (0..1300).rev().find(|value| length(*value) == Ok(37 + 1366)).unwrap();
        assert_eq!(length(longest + 1), Ok(37 + 32_834));
        assert!(matches!(
            length(32_768),
            Err(BlindingError::Onion { source: OnionError::TooLong { hop: 1, .. } })
        ));
        let long = build(TlvWriter::new().set(65537, vec![1; 9000])).unwrap();
        let long = OnionMessage::from_bytes(&long.to_bytes()).unwrap();
        let PeeledMessage::Forward { message, .. } = long.peel(&secret(2)).unwrap() else {
            panic!("Bob forwards")
        };
        let PeeledMessage::Receive { payload, .. } = message.peel(&secret(3)).unwrap() else {
            panic!("Carol receives")
        };
        let value = TlvStream::parse(&payload).unwrap().get(65537).unwrap().value().to_vec();
        assert_eq!(value, [1; 9000]);
    }

    #[test]
    fn the_makers_mistakes_are_named() {
        let channel = RecipientData { short_channel_id: Some(42), ..Default::default() };
        for (data, expected) in [
            (to_carol(), NextPeer::Node(secret(3).to_point())),
            (channel.clone(), NextPeer::Channel(42)),
            (
                RecipientData { short_channel_id: Some(42), ..to_carol() },
                NextPeer::Node(secret(3).to_point()),
            ),
        ] {
            let peeled = at_bob(&data).unwrap();
            assert!(matches!(peeled, PeeledMessage::Forward { to, .. } if to == expected));
        }
        let error = |data: &RecipientData| at_bob(data).unwrap_err();
        let nowhere = RecipientData::default();
        assert_eq!(error(&nowhere), BlindingError::Missing { field: "next_node_id" });
        let for_us_too = RecipientData { path_id: Some(vec![1]), ..channel };
        assert_eq!(error(&for_us_too), BlindingError::InvalidField { field: "path_id" });
    }

    /// What the sender may not say to a hop that forwards, and must say to all.
    #[test]
    fn the_senders_mistakes_are_named() {
        let path = path(&to_carol());
        let at_bob = |payload: &TlvWriter| {
            let hops = [&path.hops()[0], &path.hops()[1]].map(|hop| hop.blinded_node_id);
            let payload = payload.to_bytes();
            let hops = [(hops[0], &payload[..]), (hops[1], &[4, 0])];
            let (packet, _) = Packet::build(secret(8), &hops, &[]).unwrap();
            OnionMessage { path_key: *path.first_path_key(), packet }.peel(&secret(2))
        };
        let encrypted = &path.hops()[0].encrypted_recipient_data;
        let mut payload = TlvWriter::new();
        payload.set(4, encrypted.clone());
        assert!(at_bob(&payload).is_ok());
        payload.set(65537, [1]);
        assert_eq!(at_bob(&payload).unwrap_err(), BlindingError::Unexpected { tlv_type: 65537 });
        let mut other = TlvWriter::new();
        other.set(4, encrypted[1..].to_vec());
        assert_eq!(at_bob(&other).unwrap_err(), BlindingError::InvalidSeal);
        let mut none = TlvWriter::new();
        none.set(65537, [1]);
        let missing = BlindingError::Missing { field: "encrypted_recipient_data" };
        assert_eq!(at_bob(&none).unwrap_err(), missing);
    }

    #[test]
    fn only_its_hop_peels_it() {
        let message = build(&TlvWriter::new()).unwrap();
        let invalid = BlindingError::Onion { source: OnionError::InvalidHmac };
        assert_eq!(message.peel(&secret(3)).unwrap_err(), invalid);
        let other_key = OnionMessage { path_key: message.path_key.negate(), ..message.clone() };
        assert_eq!(other_key.peel(&secret(2)).unwrap_err(), invalid);
        assert!(message.peel(&secret(2)).is_ok());
    }

    #[test]
    fn reading_refuses_with_the_field() {
        let bytes = build(&TlvWriter::new()).unwrap().to_bytes();
        let error = |bytes: &[u8]| OnionMessage::from_bytes(bytes).unwrap_err();
        for (lengths, field) in [
            (0..2, "type"),
            (2..35, "path_key"),
            (35..37, "len"),
            (37..bytes.len(), "onion_message_packet"),
        ] {
            for length in lengths {
                assert_eq!(error(&bytes[..length]), BlindingError::InvalidMessage { field });
            }
        }
        let with = |index: usize, byte| {
            let mut bytes = bytes.clone();
            bytes[index] = byte;
            bytes
        };
        assert_eq!(error(&with(1, 2)), BlindingError::InvalidMessage { field: "type" });
        assert_eq!(error(&with(2, 4)), BlindingError::InvalidMessage { field: "path_key" });
        let source = OnionError::InvalidVersion { version: 1 };
        assert_eq!(error(&with(37, 1)), BlindingError::Onion { source });
        // A length of 65: shorter than a packet without payloads.
        let mut short = bytes[..37 + 65].to_vec();
        short[35..37].copy_from_slice(&[0, 65]);
        let source = OnionError::PacketLength { expected: 66, actual: 65 };
        assert_eq!(error(&short), BlindingError::Onion { source });
        // One that says less than there is leaves the rest to later versions of the message.
        let extended = [&bytes[..], &[3, 0]].concat();
        assert_eq!(OnionMessage::from_bytes(&extended).unwrap().to_bytes(), bytes);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(rest in prop::collection::vec(any::<u8>(), 0..200)) {
            let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
            let path_key = secret(1).to_point().to_bytes();
            for version in [&[0][..], &[]] {
                let bytes = [&[2, 1], &path_key[..], &length, version, &path_key, &rest].concat();
                if let Ok(message) = OnionMessage::from_bytes(&bytes) {
                    prop_assert!(message.peel(&secret(2)).is_err());
                    prop_assert!(bytes.starts_with(&message.to_bytes()));
                }
            }
        }
    }
}
