use alloc::vec::Vec;

use super::Tweak;
use super::fields::{Fields, malformed};
use super::types::{
    AMT_TO_FORWARD, CURRENT_PATH_KEY, ENCRYPTED_RECIPIENT_DATA, MIN_FINAL_DELTA,
    OUTGOING_CLTV_VALUE, OUTGOING_NODE_ID, RECIPIENT_PATH, TAIL_BLIND, TRAMPOLINE_ONION_PACKET,
};
use crate::curve::Point;
use crate::invoice::PaymentPath;
use crate::lock::{Blind, Lock};
use crate::onion::Packet;
use crate::payment::route::{PathEnd, RouteEnd};
use crate::payment::{EdgeTerms, PayloadError, RouteError};
use crate::wire::{TlvWriter, WireError, tu64};

/// The length of the payloads in the packet that a sender hands over for the recipient, in bytes. All of one length, so that
/// it does not tell the node that finds the route how the payment differs from others.
pub(in crate::payment) const INNER_PAYLOADS_LENGTH: usize = 500;

/// To whom a node shall find the rest of the route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The node with this id.
    Node(Point),
    /// Whoever is at the end of this blinded path.
    Path(PaymentPath),
}

impl Recipient {
    /// What has to arrive at the end of the route, which is the hop of this number, so that the recipient gets `last`.
    pub(in crate::payment) fn before(
        &self,
        last: EdgeTerms,
        hop: usize,
    ) -> Result<EdgeTerms, RouteError> {
        match self {
            Self::Node(_) => Ok(last),
            Self::Path(path) => self.path_end(path)?.before(last, hop),
        }
    }

    /// Where a route to the recipient ends.
    pub(in crate::payment) fn route_end(&self) -> Result<RouteEnd, RouteError> {
        match self {
            Self::Node(node_id) => Ok(RouteEnd::Node(*node_id)),
            Self::Path(path) => self.path_end(path).map(RouteEnd::Path),
        }
    }

    fn path_end(&self, path: &PaymentPath) -> Result<PathEnd, RouteError> {
        PathEnd::new(path).ok_or(RouteError::IntroductionUnknown)
    }
}

/// What a node is asked to do that finds the rest of the route itself, at the time when it forwards: a trampoline.
#[derive(Debug)]
pub struct TrampolinePayload {
    /// Who is paid.
    pub recipient: Recipient,
    /// What the recipient gets at least, in millisatoshi. What the incoming edge has beyond that pays this node and the
    /// route that it finds.
    pub amount_msat: u64,
    /// How many blocks the recipient wants to have for its claim; zero for a path, whose terms have them in its delta.
    pub min_final_delta: u32,
    /// The sender's packet for the recipient, which this node can't read.
    pub packet: Packet,
    /// What to add to the lock point, beside the blinds that this node draws.
    pub tweak: Tweak,
}

/// What the recipient is told by the node that has found the way to it.
#[derive(Debug)]
pub struct TrampolineFinalPayload {
    /// What the last edge locks at least, in millisatoshi.
    pub amount_msat: u64,
    /// The expiry of the last edge at least, a block height.
    pub expiry: u32,
    /// δ, the sum of the blinds that the node has drawn; none for a hash lock.
    pub tail_blind: Option<Blind>,
    /// The sender's packet for the recipient.
    pub packet: Packet,
}

impl TrampolinePayload {
    const TYPES: [u64; 5] = [
        AMT_TO_FORWARD,
        OUTGOING_NODE_ID,
        RECIPIENT_PATH,
        MIN_FINAL_DELTA,
        TRAMPOLINE_ONION_PACKET,
    ];

    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, PayloadError> {
        fields.allow(&[Self::TYPES.as_slice(), &Tweak::TYPES].concat())?;
        let (recipient, min_final_delta) = match fields.optional(RECIPIENT_PATH) {
            None => {
                (Recipient::Node(fields.point(OUTGOING_NODE_ID)?), fields.height(MIN_FINAL_DELTA)?)
            }
            Some(_) if fields.has(OUTGOING_NODE_ID) => {
                return Err(PayloadError::Misplaced("outgoing_node_id"));
            }
            Some(_) if fields.has(MIN_FINAL_DELTA) => {
                return Err(PayloadError::Misplaced("min_final_delta"));
            }
            Some(bytes) => {
                let path = PaymentPath::from_bytes(bytes);
                (Recipient::Path(path.map_err(|_| malformed(RECIPIENT_PATH))?), 0)
            }
        };
        Ok(Self {
            recipient,
            amount_msat: fields.integer(AMT_TO_FORWARD)?,
            min_final_delta,
            packet: packet(fields)?,
            tweak: Tweak::read(fields)?,
        })
    }

    /// The TLV stream, for the onion.
    ///
    /// # Errors
    ///
    /// [`WireError::PathTerms`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, WireError> {
        let mut tlv = TlvWriter::new();
        tlv.set(AMT_TO_FORWARD, tu64(self.amount_msat));
        match &self.recipient {
            Recipient::Node(node_id) => tlv
                .set(OUTGOING_NODE_ID, node_id.to_bytes())
                .set(MIN_FINAL_DELTA, tu64(self.min_final_delta.into())),
            Recipient::Path(path) => tlv.set(RECIPIENT_PATH, path.to_bytes()?),
        };
        tlv.set(TRAMPOLINE_ONION_PACKET, self.packet.to_bytes());
        self.tweak.write(&mut tlv);
        Ok(tlv.to_bytes())
    }
}

impl TrampolineFinalPayload {
    const TYPES: [u64; 6] = [
        AMT_TO_FORWARD,
        OUTGOING_CLTV_VALUE,
        ENCRYPTED_RECIPIENT_DATA,
        CURRENT_PATH_KEY,
        TRAMPOLINE_ONION_PACKET,
        TAIL_BLIND,
    ];

    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, PayloadError> {
        fields.allow_in_path(&Self::TYPES)?;
        Ok(Self {
            amount_msat: fields.integer(AMT_TO_FORWARD)?,
            expiry: fields.height(OUTGOING_CLTV_VALUE)?,
            tail_blind: fields.scalar(TAIL_BLIND, Blind::from_bytes)?,
            packet: packet(fields)?,
        })
    }

    /// Whether it belongs to an edge under this lock: a point lock has δ, and a hash lock has none.
    pub fn fits(&self, lock: &Lock) -> bool {
        self.tail_blind.is_some() == matches!(lock, Lock::Point(_))
    }

    /// The fields, for the last layer of the node's onion. The end of a blinded path gets its encrypted data beside them.
    pub fn to_tlv(&self) -> TlvWriter {
        let mut tlv = TlvWriter::new();
        tlv.set(AMT_TO_FORWARD, tu64(self.amount_msat));
        tlv.set(OUTGOING_CLTV_VALUE, tu64(self.expiry.into()));
        tlv.set(TRAMPOLINE_ONION_PACKET, self.packet.to_bytes());
        if let Some(blind) = &self.tail_blind {
            tlv.set(TAIL_BLIND, *blind.dangerous_to_bytes());
        }
        tlv
    }

    /// The TLV stream.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_tlv().to_bytes()
    }
}

fn packet(fields: &Fields<'_>) -> Result<Packet, PayloadError> {
    let bytes = fields.required(TRAMPOLINE_ONION_PACKET)?;
    if bytes.len() != Packet::LENGTH - Packet::PAYLOADS_LENGTH + INNER_PAYLOADS_LENGTH {
        return Err(malformed(TRAMPOLINE_ONION_PACKET));
    }
    Packet::from_bytes_of_any_length(bytes).map_err(|_| malformed(TRAMPOLINE_ONION_PACKET))
}
