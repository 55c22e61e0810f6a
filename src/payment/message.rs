//! The onion messages by which a held payment is announced and released, and a cancellable one is finished. The bytes are in
//! `docs/wire.md`.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::PayloadError;
use super::payload::{HELD_PTLC_AVAILABLE, PTLC_ARRIVED, RELEASE_HELD_PTLC, WITHHELD_SHARE};
use crate::curve::Point;
use crate::hold::{HoldId, ReleaseSecret};
use crate::invoice::ktime::PayerScalar;
use crate::lock::Blind;
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
/// Within `ptlc_arrived` and `withheld_share`.
const SET_POINT: u64 = 0;
const SHARE: u64 = 2;
const ENTRY_OF_AVAILABLE: usize = 32 + 32 + 8;
const ENTRY_OF_RELEASE: usize = 32 + 32;

/// `held_ptlc_available`: the sender tells the receiver which holds wait for it. It comes along a message path of the invoice,
/// so that the receiver alone can read it, whoever keeps its mail; the reply path beside it leads to the holder.
///
/// Encoding: a TLV stream with the holds (type 2, for each: hold id, 32 bytes; h, 32 bytes; amount in millisatoshi, 8 bytes, big
/// endian); the height from which on it is void (type 4, up to 4 bytes); under a k-time payment point also x (type 5, 32 bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldAvailable {
    /// The complete set of holds of the payment.
    pub holds: Vec<AvailableHold>,
    /// The latest height at which a release makes sense for all of them.
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

impl HeldAvailable {
    /// The fields of the onion message; the answer is to go along `reply_path`.
    pub fn to_tlv(&self, reply_path: &BlindedPath<IntroductionNode>) -> TlvWriter {
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
        let mut path = Vec::new();
        reply_path.write(&mut path);
        let mut message = TlvWriter::new();
        message.set(REPLY_PATH, path).set(HELD_PTLC_AVAILABLE, content.to_bytes());
        message
    }

    /// Reads the fields of an onion message, and where the answer is to go.
    ///
    /// # Errors
    ///
    /// [`PayloadError`], with the field.
    pub fn from_message(
        payload: &[u8],
    ) -> Result<(Self, BlindedPath<IntroductionNode>), PayloadError> {
        let message = fields(payload, &[REPLY_PATH, ENCRYPTED_RECIPIENT_DATA])?;
        let path = message.get(REPLY_PATH).ok_or(PayloadError::Missing("reply_path"))?.value();
        let reply_path = match BlindedPath::read(path)? {
            (reply_path, length) if length == path.len() => reply_path,
            _ => return Err(PayloadError::Malformed("reply_path")),
        };
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
        let available = Self {
            holds: entries.collect::<Result<_, PayloadError>>()?,
            latest_release_height: read_tu32(height.value())
                .map_err(|_| PayloadError::Malformed("latest_release_height"))?,
            x: x(&content)?,
        };
        Ok((available, reply_path))
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

/// What a sender writes into the `path_id` of the reply path that it makes to a holder: up to which height it is good. The
/// holder believes it, for it is the sender's own payment that is released; what authenticates a release is h.
pub(super) fn reply_path_id(latest_release_height: u32) -> Vec<u8> {
    latest_release_height.to_be_bytes().to_vec()
}

/// The other way round.
pub(super) fn read_reply_path_id(path_id: &[u8]) -> Option<u32> {
    path_id.try_into().ok().map(u32::from_be_bytes)
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
