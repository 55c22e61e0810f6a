use alloc::vec::Vec;

use super::fields::{Fields, malformed};
use super::last::PaymentData;
use super::types::{
    AMT_TO_FORWARD, CURRENT_PATH_KEY, ENCRYPTED_RECIPIENT_DATA, MIN_FINAL_DELTA,
    OUTGOING_CLTV_VALUE, OUTGOING_NODE_ID, PAYMENT_DATA, RECIPIENT_BLINDED_PATHS,
    RECIPIENT_FEATURES, RECIPIENT_PACKET, TAIL_BLIND, TRAMPOLINE_ONION_PACKET,
};
use super::{FinalPayload, Tweak};
use crate::curve::Point;
use crate::invoice::PaymentPath;
use crate::lock::{Blind, Lock};
use crate::onion::Packet;
use crate::payment::route::{PathEnd, RouteEnd};
use crate::payment::{EdgeTerms, PayloadError, RouteError};
use crate::wire::{Features, TlvWriter, WireError, tu64};

/// The length of the payloads in the packet for a recipient at the end of a blinded path, in bytes. All of one length, so that
/// it does not tell the node that finds the route how the payment differs from others.
pub(in crate::payment) const RECIPIENT_PAYLOADS_LENGTH: usize = 500;

/// The length of the payloads in a packet of two layers, for the node that finds the route and for a recipient in the clear: the
/// recipient's 500 bytes, and the longest order. It tells neither of them about the other.
pub(in crate::payment) const INNER_PAYLOADS_LENGTH: usize = 720;

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

    /// Whether the path starts at a node whose id is told.
    pub(in crate::payment) fn is_known(path: &PaymentPath) -> bool {
        PathEnd::new(path).is_some()
    }

    fn path_end(&self, path: &PaymentPath) -> Result<PathEnd, RouteError> {
        PathEnd::new(path).ok_or(RouteError::IntroductionUnknown)
    }
}

/// What a node is asked to do that finds the rest of the route itself, at the time when it forwards: a trampoline. It stands in the
/// packet within (BOLTs pull request 836).
#[derive(Debug)]
pub struct TrampolinePayload {
    /// Who is paid; of several paths the first.
    pub recipient: Recipient,
    /// The other paths, any of which will do.
    pub other_paths: Vec<PaymentPath>,
    /// What the recipient can, if the payer says it; only beside a path.
    pub recipient_features: Option<Features>,
    /// What the recipient gets at least, in millisatoshi. What the incoming edge has beyond that pays this node and the
    /// route that it finds.
    pub amount_msat: u64,
    /// The expiry of the recipient's edge, a block height.
    pub expiry: u32,
    /// How many blocks the recipient wants to have for its claim, where the expiry shall be counted from the height at which this node
    /// forwards, and not be [`expiry`](Self::expiry): zero for a path, whose terms have them in its delta.
    pub min_final_delta: Option<u32>,
    /// The packet for the recipient at the end of a path, which this node can't read. For a recipient in the clear it is the next layer.
    pub recipient_packet: Option<Packet>,
    /// What to add to the lock point, beside the blinds that this node draws.
    pub tweak: Tweak,
}

/// What stands around a packet within, for a trampoline or for the recipient behind one (BOLTs pull request 836).
#[derive(Debug)]
pub struct OuterPayload {
    /// What the last edge locks at least, in millisatoshi.
    pub amount_msat: u64,
    /// The expiry of the last edge at least, a block height.
    pub expiry: u32,
    /// Of a payment that comes in parts, drawn by whoever has made this onion for it alone; none for one in one part, and at the end of a
    /// blinded path.
    pub payment_data: Option<PaymentData>,
    /// δ, the sum of the blinds that the trampoline has drawn; for a recipient under a point lock.
    pub tail_blind: Option<Blind>,
    /// The packet within.
    pub packet: Packet,
}

/// What a node reads in the packet within.
#[derive(Debug)]
pub enum InnerPayload {
    /// It is to find the rest of the route.
    Trampoline(TrampolinePayload),
    /// It is paid.
    Final(FinalPayload),
}

impl InnerPayload {
    /// Reads the payload in a packet within. `in_path` says whether the one around it stands at the end of a blinded path.
    ///
    /// # Errors
    ///
    /// As [`Payload::parse`](super::Payload::parse).
    pub fn parse(bytes: &[u8], in_path: bool) -> Result<Self, PayloadError> {
        let fields = Fields::parse(bytes)?;
        let forwards = fields.has(OUTGOING_NODE_ID) || fields.has(RECIPIENT_BLINDED_PATHS);
        if forwards && !in_path {
            TrampolinePayload::read(&fields).map(Self::Trampoline)
        } else {
            FinalPayload::parse_inner(bytes, in_path).map(Self::Final)
        }
    }
}

impl TrampolinePayload {
    const TYPES: [u64; 7] = [
        AMT_TO_FORWARD,
        OUTGOING_CLTV_VALUE,
        OUTGOING_NODE_ID,
        RECIPIENT_FEATURES,
        RECIPIENT_BLINDED_PATHS,
        MIN_FINAL_DELTA,
        RECIPIENT_PACKET,
    ];

    /// Reads it.
    ///
    /// # Errors
    ///
    /// As [`Payload::parse`](super::Payload::parse).
    pub fn parse(bytes: &[u8]) -> Result<Self, PayloadError> {
        Self::read(&Fields::parse(bytes)?)
    }

    fn read(fields: &Fields<'_>) -> Result<Self, PayloadError> {
        fields.allow(&[Self::TYPES.as_slice(), &Tweak::TYPES].concat())?;
        let (recipient, other_paths) = match fields.optional(RECIPIENT_BLINDED_PATHS) {
            None => {
                for (tlv_type, field) in [
                    (RECIPIENT_FEATURES, "recipient_features"),
                    (RECIPIENT_PACKET, "recipient_packet"),
                ] {
                    if fields.has(tlv_type) {
                        return Err(PayloadError::Misplaced(field));
                    }
                }
                (Recipient::Node(fields.point(OUTGOING_NODE_ID)?), Vec::new())
            }
            Some(_) if fields.has(OUTGOING_NODE_ID) => {
                return Err(PayloadError::Misplaced("outgoing_node_id"));
            }
            Some(bytes) => {
                let paths = PaymentPath::list_from_bytes(bytes);
                let mut paths = paths.map_err(|_| malformed(RECIPIENT_BLINDED_PATHS))?.into_iter();
                let first = paths.next().ok_or(malformed(RECIPIENT_BLINDED_PATHS))?;
                (Recipient::Path(first), paths.collect())
            }
        };
        let min_final_delta = fields.has(MIN_FINAL_DELTA).then(|| fields.height(MIN_FINAL_DELTA));
        Ok(Self {
            recipient,
            other_paths,
            recipient_features: fields.optional(RECIPIENT_FEATURES).map(Features::from_bytes),
            amount_msat: fields.integer(AMT_TO_FORWARD)?,
            expiry: fields.height(OUTGOING_CLTV_VALUE)?,
            min_final_delta: min_final_delta.transpose()?,
            recipient_packet: recipient_packet(fields)?,
            tweak: Tweak::read(fields)?,
        })
    }

    /// The TLV stream, for the packet within.
    ///
    /// # Errors
    ///
    /// [`WireError::PathTerms`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, WireError> {
        let mut tlv = TlvWriter::new();
        tlv.set(AMT_TO_FORWARD, tu64(self.amount_msat));
        tlv.set(OUTGOING_CLTV_VALUE, tu64(self.expiry.into()));
        match &self.recipient {
            Recipient::Node(node_id) => tlv.set(OUTGOING_NODE_ID, node_id.to_bytes()),
            Recipient::Path(path) => {
                let mut paths = path.to_bytes()?;
                for other in &self.other_paths {
                    paths.extend(other.to_bytes()?);
                }
                tlv.set(RECIPIENT_BLINDED_PATHS, paths)
            }
        };
        if let Some(features) = &self.recipient_features {
            tlv.set(RECIPIENT_FEATURES, features.as_bytes());
        }
        if let Some(delta) = self.min_final_delta {
            tlv.set(MIN_FINAL_DELTA, tu64(delta.into()));
        }
        if let Some(packet) = &self.recipient_packet {
            tlv.set(RECIPIENT_PACKET, packet.to_bytes());
        }
        self.tweak.write(&mut tlv);
        Ok(tlv.to_bytes())
    }
}

impl OuterPayload {
    const TYPES: [u64; 7] = [
        AMT_TO_FORWARD,
        OUTGOING_CLTV_VALUE,
        PAYMENT_DATA,
        ENCRYPTED_RECIPIENT_DATA,
        CURRENT_PATH_KEY,
        TRAMPOLINE_ONION_PACKET,
        TAIL_BLIND,
    ];

    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, PayloadError> {
        fields.allow_in_path(&Self::TYPES)?;
        let has_data = fields.has(PAYMENT_DATA);
        if has_data && fields.has(ENCRYPTED_RECIPIENT_DATA) {
            return Err(PayloadError::Misplaced("payment_data"));
        }
        let payment_data = has_data.then(|| PaymentData::read(fields)).transpose()?;
        Ok(Self {
            amount_msat: fields.integer(AMT_TO_FORWARD)?,
            expiry: fields.height(OUTGOING_CLTV_VALUE)?,
            payment_data,
            tail_blind: fields.scalar(TAIL_BLIND, Blind::from_bytes)?,
            packet: packet(fields)?,
        })
    }

    /// Whether a recipient's belongs to an edge under this lock: a point lock has δ, and a hash lock has none.
    pub fn fits(&self, lock: &Lock) -> bool {
        self.tail_blind.is_some() == matches!(lock, Lock::Point(_))
    }

    /// The fields, for the last layer of an onion. The end of a blinded path gets its encrypted data beside them.
    pub fn to_tlv(&self) -> TlvWriter {
        let mut tlv = TlvWriter::new();
        tlv.set(AMT_TO_FORWARD, tu64(self.amount_msat));
        tlv.set(OUTGOING_CLTV_VALUE, tu64(self.expiry.into()));
        if let Some(data) = &self.payment_data {
            data.write(&mut tlv);
        }
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

/// Of any length, as the proposal has it.
fn packet(fields: &Fields<'_>) -> Result<Packet, PayloadError> {
    let bytes = fields.required(TRAMPOLINE_ONION_PACKET)?;
    Packet::from_bytes_of_any_length(bytes).map_err(|_| malformed(TRAMPOLINE_ONION_PACKET))
}

/// Of one length.
fn recipient_packet(fields: &Fields<'_>) -> Result<Option<Packet>, PayloadError> {
    let Some(bytes) = fields.optional(RECIPIENT_PACKET) else { return Ok(None) };
    if bytes.len() != Packet::LENGTH - Packet::PAYLOADS_LENGTH + RECIPIENT_PAYLOADS_LENGTH {
        return Err(malformed(RECIPIENT_PACKET));
    }
    let packet = Packet::from_bytes_of_any_length(bytes);
    packet.map(Some).map_err(|_| malformed(RECIPIENT_PACKET))
}
