//! What the events name: edges, packets, messages, ids.

use alloc::vec::Vec;

use super::super::{AttemptId, FailureMessage, ForwardingPolicy, PaymentId, RouteHop};
use crate::claims::LockSet;
use crate::curve::Point;
use crate::edge::{Edge, EdgeId, IncomingEdge};
use crate::hold::{Announcement, HeldBlind, HoldId, ReleaseHash, ReleaseSecret};
use crate::invoice::InvoiceId;
use crate::invoice::ktime::{PayerScalar, PolynomialId};
use crate::journal::codec::{
    Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, decode_point, kind_fault, put_list,
    put_y,
};
use crate::lock::Lock;
use crate::onion::blinded::{NextPeer, OnionMessage, PathSecret};
use crate::onion::{
    AttributedFailure, AttributionData, FailurePacket, Packet, ReplayTag, SharedSecret,
};
use crate::wire::{BlindedPath, ChannelEnd, Features, IntroductionNode};

impl Encode for EdgeId {
    fn encode(&self, out: &mut Bytes) {
        out.put(&self.to_bytes());
    }
}

impl Decode for EdgeId {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from_bytes(cursor.chunk()?)?)
    }
}

impl Encode for Edge {
    fn encode(&self, out: &mut Bytes) {
        self.id.encode(out);
        self.amount_msat.encode(out);
        self.expiry.encode(out);
        self.lock.encode(out);
    }
}

impl Decode for Edge {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            id: EdgeId::decode(cursor)?,
            amount_msat: u64::decode(cursor)?,
            expiry: u32::decode(cursor)?,
            lock: Lock::decode(cursor)?,
        })
    }
}

impl Encode for IncomingEdge {
    fn encode(&self, out: &mut Bytes) {
        self.edge().encode(out);
    }
}

/// The one place where an incoming edge is taken from the node's own journal.
impl Decode for IncomingEdge {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Edge::decode(cursor).map(Self::from_own_journal)
    }
}

/// 32 bytes that name something.
macro_rules! name_of_32_bytes {
    ($($name:ident { $to:expr, $from:expr })*) => {$(
        impl Encode for $name {
            fn encode(&self, out: &mut Bytes) {
                let to: fn(&Self) -> [u8; 32] = $to;
                out.put(&to(self));
            }
        }

        impl Decode for $name {
            fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
                let from: fn([u8; 32]) -> Self = $from;
                Ok(from(*cursor.chunk()?))
            }
        }
    )*};
}

name_of_32_bytes! {
    AttemptId { |id| id.0, Self }
    PaymentId { |id| id.0, Self }
    HoldId { |id| id.0, Self }
    ReleaseHash { |hash| hash.0, Self }
    InvoiceId { |id| id.to_bytes(), Self::from_bytes }
    PolynomialId { |id| id.to_bytes(), Self::from_bytes }
    ReplayTag { |tag| tag.to_bytes(), Self::from_bytes }
}

impl Encode for PayerScalar {
    fn encode(&self, out: &mut Bytes) {
        out.put(&self.to_bytes());
    }
}

impl Decode for PayerScalar {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from_bytes(cursor.chunk()?)?)
    }
}

/// In ascending order, so that a set has one encoding.
impl Encode for LockSet {
    fn encode(&self, out: &mut Bytes) {
        put_list(out, self.iter(), |(edge, lock), out| {
            edge.encode(out);
            lock.encode(out);
        });
    }
}

impl Decode for LockSet {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let locks = Vec::<(EdgeId, Point)>::decode(cursor)?;
        super::check_ascending(locks.iter().map(|(edge, _)| edge))?;
        Ok(Self::new(locks)?)
    }
}

impl Encode for Packet {
    fn encode(&self, out: &mut Bytes) {
        out.put_sized(&self.to_bytes());
        put_y(&self.ephemeral_key(), out);
    }
}

impl Decode for Packet {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let bytes = cursor.sized()?;
        Self::read_with(bytes, |encoding| decode_point(cursor, encoding))
    }
}

impl Encode for OnionMessage {
    fn encode(&self, out: &mut Bytes) {
        out.put_sized(&self.to_bytes());
    }
}

/// Without what BOLT 1 lets stand behind a message: no node writes it down.
impl Decode for OnionMessage {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let bytes = cursor.sized()?;
        let message = Self::from_bytes(bytes)?;
        if message.length() == bytes.len() {
            Ok(message)
        } else {
            Err("something stands behind the message".into())
        }
    }
}

impl Encode for FailureMessage {
    fn encode(&self, out: &mut Bytes) {
        match self {
            Self::Encrypted(failure) => match failure.attribution() {
                None => {
                    out.put(&[0]);
                    out.put_sized(failure.as_bytes());
                }
                Some(attribution) => {
                    out.put(&[2]);
                    out.put_sized(failure.as_bytes());
                    out.put(attribution.as_bytes());
                }
            },
            Self::Malformed { sha256_of_onion, failure_code } => {
                out.put(&[1]);
                sha256_of_onion.encode(out);
                failure_code.encode(out);
            }
        }
    }
}

impl Decode for FailureMessage {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let [kind] = *cursor.chunk()?;
        Self::decode_as(kind, cursor)
    }
}

impl FailureMessage {
    /// What stands behind the kind.
    pub(in crate::payment) fn decode_as(kind: u8, cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match kind {
            // Of a neighbour that does not know attribution.
            0 => Ok(Self::Encrypted(FailurePacket::from_bytes(cursor.sized()?)?.into())),
            1 => Ok(Self::Malformed {
                sha256_of_onion: *cursor.chunk()?,
                failure_code: u16::decode(cursor)?,
            }),
            2 => {
                let packet = FailurePacket::from_bytes(cursor.sized()?)?;
                let attribution: &[u8; AttributionData::LENGTH] = cursor.chunk()?;
                let attribution = Some(AttributionData::from_bytes(attribution)?);
                Ok(Self::Encrypted(AttributedFailure::from_parts(packet, attribution)))
            }
            other => Err(kind_fault(other)),
        }
    }
}

impl Encode for NextPeer {
    fn encode(&self, out: &mut Bytes) {
        match self {
            Self::Node(node_id) => {
                out.put(&[0]);
                node_id.encode(out);
            }
            Self::Channel(short_channel_id) => {
                out.put(&[1]);
                short_channel_id.encode(out);
            }
        }
    }
}

impl Decode for NextPeer {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Point::decode(cursor).map(Self::Node),
            [1] => u64::decode(cursor).map(Self::Channel),
            [other] => Err(kind_fault(*other)),
        }
    }
}

impl Encode for IntroductionNode {
    fn encode(&self, out: &mut Bytes) {
        match self {
            Self::NodeId(node_id) => {
                out.put(&[0]);
                node_id.encode(out);
            }
            Self::Channel { short_channel_id, end } => {
                out.put(&[1 + end.direction()]);
                short_channel_id.encode(out);
            }
        }
    }
}

impl Decode for IntroductionNode {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let end = match cursor.chunk()? {
            [0] => return Point::decode(cursor).map(Self::NodeId),
            [1] => ChannelEnd::NodeId1,
            [2] => ChannelEnd::NodeId2,
            [other] => return Err(kind_fault(*other)),
        };
        Ok(Self::Channel { short_channel_id: u64::decode(cursor)?, end })
    }
}

impl Encode for BlindedPath<IntroductionNode> {
    fn encode(&self, out: &mut Bytes) {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        out.put(&bytes);
    }
}

impl Decode for BlindedPath<IntroductionNode> {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(cursor.take_with(Self::read)?)
    }
}

impl Encode for Announcement {
    fn encode(&self, out: &mut Bytes) {
        self.path.encode(out);
        self.packet.encode(out);
    }
}

impl Decode for Announcement {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { path: BlindedPath::decode(cursor)?, packet: Packet::decode(cursor)? })
    }
}

impl Encode for Features {
    fn encode(&self, out: &mut Bytes) {
        out.put_sized(self.as_bytes());
    }
}

impl Decode for Features {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        cursor.sized().map(Self::from_bytes)
    }
}

impl Encode for ForwardingPolicy {
    fn encode(&self, out: &mut Bytes) {
        self.fee_base_msat.encode(out);
        self.fee_proportional_millionths.encode(out);
        self.cltv_expiry_delta.encode(out);
    }
}

impl Decode for ForwardingPolicy {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            fee_base_msat: u64::decode(cursor)?,
            fee_proportional_millionths: u64::decode(cursor)?,
            cltv_expiry_delta: u32::decode(cursor)?,
        })
    }
}

impl Encode for RouteHop {
    fn encode(&self, out: &mut Bytes) {
        self.node_id.encode(out);
        self.short_channel_id.encode(out);
        self.policy.encode(out);
        self.features.encode(out);
    }
}

impl Decode for RouteHop {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            node_id: Point::decode(cursor)?,
            short_channel_id: u64::decode(cursor)?,
            policy: ForwardingPolicy::decode(cursor)?,
            features: Features::decode(cursor)?,
        })
    }
}

impl DangerousEncode for SharedSecret {
    fn dangerous_encode(&self, out: &mut Bytes) {
        out.put(&*self.dangerous_to_bytes());
    }
}

impl Decode for SharedSecret {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from_bytes(*cursor.chunk()?))
    }
}

impl DangerousEncode for PathSecret {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.path_key().encode(out);
        self.shared_secret().dangerous_encode(out);
    }
}

impl Decode for PathSecret {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from_parts(Point::decode(cursor)?, SharedSecret::decode(cursor)?))
    }
}

impl DangerousEncode for ReleaseSecret {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.as_scalar().dangerous_encode(out);
    }
}

impl Decode for ReleaseSecret {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from_bytes(cursor.chunk()?)?)
    }
}

impl DangerousEncode for HeldBlind {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.as_scalar().dangerous_encode(out);
    }
}

impl Decode for HeldBlind {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from_bytes(cursor.chunk()?)?)
    }
}
