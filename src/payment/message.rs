//! The messages by which a held payment is announced and released.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::PayloadError;
use crate::curve::{Point, SecretScalar};
use crate::hold::{HoldId, ReleaseSecret};
use crate::invoice::InvoiceId;
use crate::invoice::ktime::PayerScalar;
use crate::onion::sealed::{open, seal};
use crate::wire::{TlvRecord, TlvStream, TlvWriter};

const HOLDER: u64 = 0;
const HOLDS: u64 = 2;
const SLOT: u64 = 3;
const ENTRY_OF_AVAILABLE: usize = 32 + 32 + 8;
const ENTRY_OF_RELEASE: usize = 32 + 32;

/// `held_ptlc_available`: the sender tells the receiver which holds wait for it. Readable by the receiver alone,
/// whoever keeps its mail.
///
/// Encoding, before encryption: a TLV stream with the holder's node id (type 0, 33 bytes) and the holds (type 2, for
/// each: hold id, 32 bytes; h, 32 bytes; amount in millisatoshi, 8 bytes big endian); under a k-time payment point also
/// invoice id and x (type 3, 32 bytes each).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldAvailable {
    /// The node that holds.
    pub holder: Point,
    /// The complete set of holds of the payment.
    pub holds: Vec<AvailableHold>,
    /// What the payment will take a slot of, if it is under a k-time payment point: the receiver releases no more
    /// payments than it can claim.
    pub slot: Option<Slot>,
}

/// One of the k payments under a polynomial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The invoice with the polynomial.
    pub invoice: InvoiceId,
    /// The payer's x.
    pub x: PayerScalar,
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

/// `release_held_ptlc`: the receiver is back. Readable by the holder alone.
///
/// Encoding, before encryption: a TLV stream with the holds (type 2, for each: hold id, 32 bytes; h, 32 bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseHeld {
    /// Which holds, and the secrets that release them.
    pub holds: Vec<(HoldId, ReleaseSecret)>,
}

impl HeldAvailable {
    const NAME: &'static [u8] = b"held_ptlc_available";

    /// Encrypts to the receiver's node id, with a fresh ephemeral key.
    pub fn seal(&self, receiver: &Point, ephemeral: SecretScalar) -> Result<Vec<u8>, PayloadError> {
        let mut entries = Zeroizing::new(Vec::with_capacity(self.holds.len() * ENTRY_OF_AVAILABLE));
        for hold in &self.holds {
            entries.extend_from_slice(&hold.id.0);
            entries.extend_from_slice(&*hold.release.dangerous_to_bytes());
            entries.extend_from_slice(&hold.amount_msat.to_be_bytes());
        }
        let mut tlv = TlvWriter::new();
        tlv.set(HOLDER, self.holder.to_bytes()).set(HOLDS, entries.as_slice());
        if let Some(Slot { invoice, x }) = self.slot {
            tlv.set(SLOT, [invoice.to_bytes(), x.to_bytes()].concat());
        }
        let plaintext = Zeroizing::new(tlv.to_bytes());
        Ok(seal(receiver, ephemeral, Self::NAME, &plaintext)?)
    }

    /// Decrypts with the receiver's node key.
    ///
    /// # Errors
    ///
    /// [`PayloadError`], with the field.
    pub fn open(node_key: &SecretScalar, sealed: &[u8]) -> Result<Self, PayloadError> {
        let plaintext = open(node_key, Self::NAME, sealed)?;
        let stream = fields(&plaintext, &[HOLDER, HOLDS])?;
        let holder = stream.get(HOLDER).ok_or(PayloadError::Missing("holder"))?;
        let entries = entries(&stream, ENTRY_OF_AVAILABLE)?;
        Ok(Self {
            holder: Point::from_slice(holder.value())
                .map_err(|_| PayloadError::Malformed("holder"))?,
            holds: entries
                .map(|entry| {
                    let (id, release) = id_and_secret(entry)?;
                    let amount = entry.last_chunk().expect("entries have 72 bytes");
                    Ok(AvailableHold { id, release, amount_msat: u64::from_be_bytes(*amount) })
                })
                .collect::<Result<_, PayloadError>>()?,
            slot: slot(&stream)?,
        })
    }
}

impl ReleaseHeld {
    const NAME: &'static [u8] = b"release_held_ptlc";

    /// Encrypts to the holder's node id, with a fresh ephemeral key.
    pub fn seal(&self, holder: &Point, ephemeral: SecretScalar) -> Result<Vec<u8>, PayloadError> {
        let mut entries = Zeroizing::new(Vec::with_capacity(self.holds.len() * ENTRY_OF_RELEASE));
        for (id, release) in &self.holds {
            entries.extend_from_slice(&id.0);
            entries.extend_from_slice(&*release.dangerous_to_bytes());
        }
        let plaintext = Zeroizing::new(TlvWriter::new().set(HOLDS, entries.as_slice()).to_bytes());
        Ok(seal(holder, ephemeral, Self::NAME, &plaintext)?)
    }

    /// Decrypts with the holder's node key.
    ///
    /// # Errors
    ///
    /// [`PayloadError`], with the field.
    pub fn open(node_key: &SecretScalar, sealed: &[u8]) -> Result<Self, PayloadError> {
        let plaintext = open(node_key, Self::NAME, sealed)?;
        let stream = fields(&plaintext, &[HOLDS])?;
        let holds = entries(&stream, ENTRY_OF_RELEASE)?
            .map(id_and_secret)
            .collect::<Result<_, PayloadError>>()?;
        Ok(Self { holds })
    }
}

/// The fields of a message: unknown ones are odd, as in a payload.
fn fields<'a>(plaintext: &'a [u8], known: &[u64]) -> Result<TlvStream<'a>, PayloadError> {
    let stream = TlvStream::parse(plaintext)?;
    let unknown = |tlv_type: &u64| tlv_type.is_multiple_of(2) && !known.contains(tlv_type);
    match stream.records().iter().map(TlvRecord::tlv_type).find(unknown) {
        Some(tlv_type) => Err(PayloadError::UnknownEven { tlv_type }),
        None => Ok(stream),
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

fn slot(stream: &TlvStream<'_>) -> Result<Option<Slot>, PayloadError> {
    let Some(record) = stream.get(SLOT) else { return Ok(None) };
    let read = |value: &[u8]| {
        let (invoice, x) = value.split_first_chunk()?;
        let x = PayerScalar::from_bytes(x.try_into().ok()?).ok()?;
        Some(Slot { invoice: InvoiceId::from_bytes(*invoice), x })
    };
    read(record.value()).map(Some).ok_or(PayloadError::Malformed("slot"))
}

fn id_and_secret(entry: &[u8]) -> Result<(HoldId, ReleaseSecret), PayloadError> {
    let (id, rest) = entry.split_first_chunk().expect("entries have 64 bytes or more");
    let secret = rest.first_chunk().expect("entries have 64 bytes or more");
    let release =
        ReleaseSecret::from_bytes(secret).map_err(|_| PayloadError::Malformed("release secret"))?;
    Ok((HoldId(*id), release))
}
