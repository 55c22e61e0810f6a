//! The onion messages by which a held payment is announced and released, and a cancellable one is finished. The bytes are in
//! `docs/wire.md`.
//!
//! ```text
//! sender                       holder                                  receiver
//! Handover ─────────────────▶ keeps it with the hold
//!   the hold, a path,          SealedAnnouncement ───────────────────▶ opens it: HeldAvailable
//!   a sealed HeldAvailable       again, freshly wrapped, until         and forgets it
//!                                it is answered or cut off
//!                              releases  ◀──────────────────────────── ReleaseHeld
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::payload::{
    HANDOVER, HELD_PTLC_AVAILABLE, PTLC_ARRIVED, RELEASE_HELD_PTLC, SEALED_ANNOUNCEMENT,
    WITHHELD_SHARE,
};
use super::{MessageError, PayloadError};
use crate::curve::{Point, SecretScalar};
use crate::hold::{Announcement, HoldId, ReleaseSecret};
use crate::invoice::ktime::PayerScalar;
use crate::lock::Blind;
use crate::onion::blinded::BlindingError;
use crate::onion::{OnionError, Packet};
use crate::wire::{
    BlindedPath, IntroductionNode, TlvRecord, TlvStream, TlvWriter, read_tu32, tu64,
};

/// BOLT 4, `onionmsg_tlv`.
const REPLY_PATH: u64 = 2;
const ENCRYPTED_RECIPIENT_DATA: u64 = 4;
/// Within `held_ptlc_available` and `release_held_ptlc`.
const HOLDS: u64 = 2;
const LATEST_RELEASE_HEIGHT: u64 = 4;
const X: u64 = 5;
/// Within `handover`.
const HOLD_ID: u64 = 0;
const PATH: u64 = 2;
const PACKET: u64 = 4;
/// Within `ptlc_arrived` and `withheld_share`.
const SET_POINT: u64 = 0;
const SHARE: u64 = 2;
const ENTRY_OF_AVAILABLE: usize = 32 + 32 + 8;
const ENTRY_OF_RELEASE: usize = 32 + 32;
/// The lengths of the payloads in a sealed announcement, in bytes. Most are alike: the first takes five holds. The second
/// takes more than 300, and leaves room in a message for the paths beside it.
const SEALED_PAYLOADS_LENGTHS: [usize; 2] = [500, 24_000];

/// `held_ptlc_available`: the sender tells the receiver which holds wait for it. It is sealed for the last hop of a message path of
/// the invoice, so that the receiver alone can read it, and comes by way of the holder.
///
/// Encoding: a TLV stream with the holds (type 2, for each: hold id, 32 bytes; h, 32 bytes; amount in millisatoshi, 8 bytes, big
/// endian); the height from which on it is void (type 4, up to 4 bytes); under a k-time payment point also x (type 5, 32 bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldAvailable {
    /// The complete set of holds of the payment.
    pub holds: Vec<AvailableHold>,
    /// The height from which on no release counts for all of them.
    pub latest_release_height: u32,
    /// The payer's x, if the payment will take a slot of a polynomial: the receiver releases no more payments than it can
    /// claim.
    pub x: Option<PayerScalar>,
}

/// One hold of a [`HeldAvailable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvailableHold {
    /// The key of the hold.
    pub id: HoldId,
    /// h.
    pub release: ReleaseSecret,
    /// What will arrive at the receiver, in millisatoshi.
    pub amount_msat: u64,
}

/// `release_held_ptlc`: the receiver is back. It goes along the reply path, so that the holder alone can read it.
///
/// Encoding: a TLV stream with the holds (type 2, for each: hold id, 32 bytes; h, 32 bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseHeld {
    /// Which holds, and the secrets that release them.
    pub holds: Vec<(HoldId, ReleaseSecret)>,
}

/// `handover`: the sender gives the holder what it is to send to the receiver. Along a path that has no `path_id`.
///
/// Encoding: a TLV stream with the hold id (type 0, 32 bytes), a message path of the invoice (type 2) and a sealed announcement
/// (type 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The hold to keep it with. Whoever knows its id is the sender, or was told by it.
    pub hold: HoldId,
    /// Where to send it, and what.
    pub announcement: Announcement,
}

/// `sealed_announcement`: the holder passes on to the receiver what the sender has handed over, along a message path of the
/// invoice. The reply path leads to the holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedAnnouncement {
    /// A [`HeldAvailable`] that the receiver alone can read.
    pub packet: Packet,
    /// Where the answer is to go.
    pub reply_path: BlindedPath<IntroductionNode>,
}

impl HeldAvailable {
    /// The fields of the sealed packet.
    pub fn to_tlv(&self) -> TlvWriter {
        let mut entries = Zeroizing::new(Vec::with_capacity(self.holds.len() * ENTRY_OF_AVAILABLE));
        for hold in &self.holds {
            entries.extend_from_slice(&hold.id.0);
            entries.extend_from_slice(&*hold.release.dangerous_to_bytes());
            entries.extend_from_slice(&hold.amount_msat.to_be_bytes());
        }
        let mut content = TlvWriter::new();
        content.set(HOLDS, entries.as_slice());
        content.set(LATEST_RELEASE_HEIGHT, tu64(self.latest_release_height.into()));
        if let Some(x) = self.x {
            content.set(X, x.to_bytes());
        }
        let mut fields = TlvWriter::new();
        fields.set(HELD_PTLC_AVAILABLE, content.to_bytes());
        fields
    }

    /// Reads the fields of a sealed packet.
    ///
    /// # Errors
    ///
    /// [`PayloadError`], with the field.
    pub fn from_payload(payload: &[u8]) -> Result<Self, PayloadError> {
        let message = fields(payload, &[])?;
        let content =
            message.get(HELD_PTLC_AVAILABLE).ok_or(PayloadError::Missing("held_ptlc_available"))?;
        let content = fields(content.value(), &[HOLDS, LATEST_RELEASE_HEIGHT])?;
        let height = content
            .get(LATEST_RELEASE_HEIGHT)
            .ok_or(PayloadError::Missing("latest_release_height"))?;
        let entries = entries(&content, ENTRY_OF_AVAILABLE)?.map(|entry| {
            let (id, release) = id_and_secret(entry)?;
            let amount = entry.last_chunk().expect("entries have 72 bytes");
            Ok(AvailableHold { id, release, amount_msat: u64::from_be_bytes(*amount) })
        });
        Ok(Self {
            holds: entries.collect::<Result<_, PayloadError>>()?,
            latest_release_height: read_tu32(height.value())
                .map_err(|_| PayloadError::Malformed("latest_release_height"))?,
            x: x(&content)?,
        })
    }

    /// Seals it for the last hop of a message path: a packet of one layer, of one of two lengths. `session_key` is fresh entropy, for this
    /// packet alone.
    ///
    /// # Errors
    ///
    /// [`MessageError::Onion`] for more holds than a packet takes.
    pub fn seal(
        &self,
        session_key: SecretScalar,
        last_blinded_node_id: &Point,
    ) -> Result<Packet, MessageError> {
        let payload = Zeroizing::new(self.to_tlv().to_bytes());
        let [short, long] = SEALED_PAYLOADS_LENGTHS;
        // What is too long is refused before the session key is used, so that it still serves once.
        let build = |session_key, length| {
            Packet::plan(session_key, &[*last_blinded_node_id])?.build(&[&payload], &[], length)
        };
        let packet = match build(session_key.clone(), short) {
            Err(OnionError::TooLong { .. }) => build(session_key, long),
            built => built,
        };
        Ok(packet.map_err(|source| BlindingError::Onion { source })?.0)
    }

    /// Opens a sealed announcement. `blinded_node_secret` is the key of the name that the receiver has in the path.
    ///
    /// # Errors
    ///
    /// [`MessageError::Onion`] for a packet that is sealed for somebody else, and [`MessageError::Payload`], with the field.
    pub fn open(packet: &Packet, blinded_node_secret: &SecretScalar) -> Result<Self, MessageError> {
        let layer = packet
            .peel(blinded_node_secret, &[])
            .map_err(|source| BlindingError::Onion { source })?;
        if layer.next.is_some() {
            return Err(PayloadError::Malformed("sealed_announcement").into());
        }
        Ok(Self::from_payload(&layer.payload)?)
    }
}

impl Handover {
    /// The fields of the onion message.
    pub fn to_tlv(&self) -> TlvWriter {
        let mut path = Vec::new();
        self.announcement.path.write(&mut path);
        let mut content = TlvWriter::new();
        content.set(HOLD_ID, self.hold.0);
        content.set(PATH, path);
        content.set(PACKET, self.announcement.packet.to_bytes());
        let mut message = TlvWriter::new();
        message.set(HANDOVER, content.to_bytes());
        message
    }

    /// Reads the fields of an onion message.
    ///
    /// # Errors
    ///
    /// [`PayloadError`], with the field.
    pub fn from_message(payload: &[u8]) -> Result<Self, PayloadError> {
        let message = fields(payload, &[REPLY_PATH, ENCRYPTED_RECIPIENT_DATA])?;
        let content = message.get(HANDOVER).ok_or(PayloadError::Missing("handover"))?;
        let content = fields(content.value(), &[HOLD_ID, PATH, PACKET])?;
        let hold = content.get(HOLD_ID).ok_or(PayloadError::Missing("hold_id"))?.value();
        let hold = hold.try_into().map_err(|_| PayloadError::Malformed("hold_id"))?;
        let packet = content.get(PACKET).ok_or(PayloadError::Missing("sealed_announcement"))?;
        let announcement =
            Announcement { path: path(&content, PATH, "message_path")?, packet: sealed(packet)? };
        Ok(Self { hold: HoldId(hold), announcement })
    }
}

impl SealedAnnouncement {
    /// The fields of the onion message.
    pub fn to_tlv(&self) -> TlvWriter {
        let mut reply_path = Vec::new();
        self.reply_path.write(&mut reply_path);
        let mut message = TlvWriter::new();
        message.set(REPLY_PATH, reply_path).set(SEALED_ANNOUNCEMENT, self.packet.to_bytes());
        message
    }

    /// Reads the fields of an onion message.
    ///
    /// # Errors
    ///
    /// [`PayloadError`], with the field.
    pub fn from_message(payload: &[u8]) -> Result<Self, PayloadError> {
        let message = fields(payload, &[REPLY_PATH, ENCRYPTED_RECIPIENT_DATA])?;
        let reply_path = path(&message, REPLY_PATH, "reply_path")?;
        let packet =
            message.get(SEALED_ANNOUNCEMENT).ok_or(PayloadError::Missing("sealed_announcement"))?;
        Ok(Self { packet: sealed(packet)?, reply_path })
    }
}

impl ReleaseHeld {
    /// The fields of the onion message.
    pub fn to_tlv(&self) -> TlvWriter {
        let mut entries = Zeroizing::new(Vec::with_capacity(self.holds.len() * ENTRY_OF_RELEASE));
        for (id, release) in &self.holds {
            entries.extend_from_slice(&id.0);
            entries.extend_from_slice(&*release.dangerous_to_bytes());
        }
        let content = TlvWriter::new().set(HOLDS, entries.as_slice()).to_bytes();
        let mut message = TlvWriter::new();
        message.set(RELEASE_HELD_PTLC, content);
        message
    }

    /// Reads the fields of an onion message.
    ///
    /// # Errors
    ///
    /// [`PayloadError`], with the field.
    pub fn from_message(payload: &[u8]) -> Result<Self, PayloadError> {
        let message = fields(payload, &[REPLY_PATH, ENCRYPTED_RECIPIENT_DATA])?;
        let content =
            message.get(RELEASE_HELD_PTLC).ok_or(PayloadError::Missing("release_held_ptlc"))?;
        let content = fields(content.value(), &[HOLDS])?;
        let holds = entries(&content, ENTRY_OF_RELEASE)?
            .map(id_and_secret)
            .collect::<Result<_, PayloadError>>()?;
        Ok(Self { holds })
    }
}

/// `ptlc_arrived`: all parts of a cancellable payment are there, and the receiver asks for the share that the sender keeps.
///
/// Encoding: a TLV stream with the payment's lock without blinds, Z + q·G (type 0, 33 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PtlcArrived {
    /// Z + q·G: which payment of which invoice.
    pub set_point: Point,
}

/// `withheld_share`: the sender gives the receiver the share that was missing. From now on it can't cancel.
///
/// Encoding: a TLV stream with Z + q·G (type 0, 33 bytes) and q_0 (type 2, 32 bytes).
#[derive(Debug)]
pub struct WithheldShare {
    /// Z + q·G: of which payment.
    pub set_point: Point,
    /// q_0
    pub share: Blind,
}

impl PtlcArrived {
    /// The fields of the onion message.
    pub fn to_tlv(&self) -> TlvWriter {
        let content = TlvWriter::new().set(SET_POINT, self.set_point.to_bytes()).to_bytes();
        let mut message = TlvWriter::new();
        message.set(PTLC_ARRIVED, content);
        message
    }

    /// Reads the fields of an onion message.
    ///
    /// # Errors
    ///
    /// [`PayloadError`], with the field.
    pub fn from_message(payload: &[u8]) -> Result<Self, PayloadError> {
        let message = fields(payload, &[REPLY_PATH, ENCRYPTED_RECIPIENT_DATA])?;
        let content = message.get(PTLC_ARRIVED).ok_or(PayloadError::Missing("ptlc_arrived"))?;
        Ok(Self { set_point: set_point(&fields(content.value(), &[SET_POINT])?)? })
    }
}

impl WithheldShare {
    /// The fields of the onion message.
    pub fn to_tlv(&self) -> TlvWriter {
        let mut content = TlvWriter::new();
        content.set(SET_POINT, self.set_point.to_bytes());
        content.set(SHARE, *self.share.dangerous_to_bytes());
        let mut message = TlvWriter::new();
        message.set(WITHHELD_SHARE, content.to_bytes());
        message
    }

    /// Whether an onion message has this in it.
    pub(super) fn is_in(payload: &[u8]) -> bool {
        TlvStream::parse(payload).is_ok_and(|stream| stream.get(WITHHELD_SHARE).is_some())
    }

    /// Reads the fields of an onion message.
    ///
    /// # Errors
    ///
    /// [`PayloadError`], with the field.
    pub fn from_message(payload: &[u8]) -> Result<Self, PayloadError> {
        let message = fields(payload, &[REPLY_PATH, ENCRYPTED_RECIPIENT_DATA])?;
        let content = message.get(WITHHELD_SHARE).ok_or(PayloadError::Missing("withheld_share"))?;
        let content = fields(content.value(), &[SET_POINT, SHARE])?;
        let share = content.get(SHARE).ok_or(PayloadError::Missing("share"))?.value();
        let share = share.try_into().ok().and_then(|share| Blind::from_bytes(share).ok());
        Ok(Self {
            set_point: set_point(&content)?,
            share: share.ok_or(PayloadError::Malformed("share"))?,
        })
    }
}

fn set_point(stream: &TlvStream<'_>) -> Result<Point, PayloadError> {
    let record = stream.get(SET_POINT).ok_or(PayloadError::Missing("set_point"))?;
    Point::from_slice(record.value()).map_err(|_| PayloadError::Malformed("set_point"))
}

/// A path that fills its field.
fn path(
    stream: &TlvStream<'_>,
    tlv_type: u64,
    name: &'static str,
) -> Result<BlindedPath<IntroductionNode>, PayloadError> {
    let bytes = stream.get(tlv_type).ok_or(PayloadError::Missing(name))?.value();
    match BlindedPath::read(bytes) {
        Ok((path, length)) if length == bytes.len() => Ok(path),
        _ => Err(PayloadError::Malformed(name)),
    }
}

/// A packet of one of the two lengths.
fn sealed(record: &TlvRecord<'_>) -> Result<Packet, PayloadError> {
    let malformed = PayloadError::Malformed("sealed_announcement");
    let overhead = Packet::LENGTH - Packet::PAYLOADS_LENGTH;
    let payloads = record.value().len().checked_sub(overhead);
    if !payloads.is_some_and(|length| SEALED_PAYLOADS_LENGTHS.contains(&length)) {
        return Err(malformed);
    }
    Packet::from_bytes_of_any_length(record.value()).map_err(|_| malformed)
}

/// From this type on the fields of an onion message are what it is about.
const PAYLOAD_FIELDS: u64 = 64;

/// The fields of a message: unknown ones are odd, as in a payload.
fn fields<'a>(plaintext: &'a [u8], known: &[u64]) -> Result<TlvStream<'a>, PayloadError> {
    let stream = TlvStream::parse(plaintext)?;
    let unknown = |tlv_type: &u64| *tlv_type % 2 == 0 && !known.contains(tlv_type);
    if let Some(tlv_type) = stream.records().iter().map(TlvRecord::tlv_type).find(unknown) {
        return Err(PayloadError::UnknownEven { tlv_type });
    }
    // In the message itself, not in a field of it: one thing at a time (BOLT 4, "Onion Messages").
    let mut contents =
        stream.records().iter().map(TlvRecord::tlv_type).filter(|t| *t >= PAYLOAD_FIELDS);
    match (contents.next(), contents.next()) {
        (Some(_), Some(tlv_type)) if known.contains(&ENCRYPTED_RECIPIENT_DATA) => {
            Err(PayloadError::Unexpected { tlv_type })
        }
        _ => Ok(stream),
    }
}

/// The entries of the field that lists holds: at least one, all of the same length.
fn entries<'a>(
    stream: &TlvStream<'a>,
    length: usize,
) -> Result<core::slice::ChunksExact<'a, u8>, PayloadError> {
    let field = stream.get(HOLDS).ok_or(PayloadError::Missing("holds"))?.value();
    if field.is_empty() || field.len() % length != 0 {
        return Err(PayloadError::Malformed("holds"));
    }
    Ok(field.chunks_exact(length))
}

fn x(stream: &TlvStream<'_>) -> Result<Option<PayerScalar>, PayloadError> {
    let Some(record) = stream.get(X) else { return Ok(None) };
    let bytes = record.value().try_into().map_err(|_| PayloadError::Malformed("x"))?;
    PayerScalar::from_bytes(bytes).map(Some).map_err(|_| PayloadError::Malformed("x"))
}

fn id_and_secret(entry: &[u8]) -> Result<(HoldId, ReleaseSecret), PayloadError> {
    let (id, rest) = entry.split_first_chunk().expect("entries have 64 bytes or more");
    let secret = rest.first_chunk().expect("entries have 64 bytes or more");
    let release =
        ReleaseSecret::from_bytes(secret).map_err(|_| PayloadError::Malformed("holds"))?;
    Ok((HoldId(*id), release))
}
