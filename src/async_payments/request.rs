use alloc::string::String;
use alloc::vec::Vec;

use super::AsyncPaymentsError;
use crate::curve::{Keypair, Point};
use crate::invoice::{Amount, ChainHash, Field, Offer, merkle};
use crate::wire::{Features, TlvStream, TlvWriter, WireError, read_tu64, tu64};
use secp256k1::schnorr::Signature;

const METADATA: u64 = Field::INVREQ_METADATA.tlv_type();
const CHAIN: u64 = Field::INVREQ_CHAIN.tlv_type();
const AMOUNT: u64 = Field::INVREQ_AMOUNT.tlv_type();
const FEATURES: u64 = Field::INVREQ_FEATURES.tlv_type();
const QUANTITY: u64 = Field::INVREQ_QUANTITY.tlv_type();
const PAYER_ID: u64 = Field::INVREQ_PAYER_ID.tlv_type();
const PAYER_NOTE: u64 = Field::INVREQ_PAYER_NOTE.tlv_type();
const PATHS: u64 = Field::INVREQ_PATHS.tlv_type();
const BIP_353_NAME: u64 = Field::INVREQ_BIP_353_NAME.tlv_type();
const SIGNATURE: u64 = Field::SIGNATURE.tlv_type();

/// An invoice request for an offer (BOLT 12), signed by the payer's key. For an offer whose receiver is often away the server of its
/// invoices gets it, and the receiver gets the same with the payment.
///
/// Encoding: a TLV stream, with every field of the offer in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceRequest {
    bytes: Vec<u8>,
    offer: Offer,
    chain: ChainHash,
    amount_msat: Option<u64>,
    quantity: Option<u64>,
    payer_id: Point,
    payer_note: Option<String>,
}

/// What a payer asks for.
#[derive(Clone, Debug)]
pub struct RequestOrder<'a> {
    /// The offer.
    pub offer: &'a Offer,
    /// On which chain the payer pays.
    pub chain: ChainHash,
    /// How much, in millisatoshi.
    pub amount_msat: u64,
    /// How many items, where the offer has a maximum.
    pub quantity: Option<u64>,
    /// A note to the receiver.
    pub payer_note: Option<&'a str>,
    /// Bytes that nobody can guess, 16 at least, so that what is signed tells nothing of its other fields.
    pub metadata: &'a [u8],
}

impl InvoiceRequest {
    /// Makes one and signs it by `key`, the payer's for this payment. `aux_rand` is 32 bytes of fresh entropy, or zeros (BIP-340).
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](Self::from_bytes): what a reader would refuse can't be made.
    pub fn sign(
        order: &RequestOrder<'_>,
        key: &Keypair,
        aux_rand: &[u8; 32],
    ) -> Result<Self, AsyncPaymentsError> {
        let stream = TlvStream::parse(order.offer.as_bytes())?;
        let mut writer = TlvWriter::new();
        for record in stream.records() {
            writer.set(record.tlv_type(), record.value());
        }
        writer.set(METADATA, order.metadata);
        if order.chain != ChainHash::BITCOIN {
            writer.set(CHAIN, order.chain.to_bytes());
        }
        writer.set(AMOUNT, tu64(order.amount_msat));
        if let Some(quantity) = order.quantity {
            writer.set(QUANTITY, tu64(quantity));
        }
        writer.set(PAYER_ID, key.public_key().to_bytes());
        if let Some(note) = order.payer_note {
            writer.set(PAYER_NOTE, note);
        }
        let unsigned = writer.to_bytes();
        let root = merkle::root(&TlvStream::parse(&unsigned)?);
        let root = root.ok_or(AsyncPaymentsError::Missing("invreq_payer_id"))?;
        let signature = key.sign_schnorr(&signature_hash(&root), aux_rand);
        writer.set(SIGNATURE, signature.serialize());
        Self::from_bytes(&writer.to_bytes())
    }

    /// Reads one, and applies every rule of BOLT 12 for its reader that needs neither the time nor the reader's own offers.
    ///
    /// # Errors
    ///
    /// [`AsyncPaymentsError`], with the field.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AsyncPaymentsError> {
        let stream = TlvStream::parse(bytes)?;
        let offer = mirrored(&stream)?;
        let value = |tlv_type| stream.get(tlv_type).map(|record| record.value());
        if value(METADATA).is_none() {
            return Err(AsyncPaymentsError::Missing("invreq_metadata"));
        }
        let payer_id = value(PAYER_ID).ok_or(AsyncPaymentsError::Missing("invreq_payer_id"))?;
        let payer_id = Point::from_slice(payer_id)
            .map_err(|_| AsyncPaymentsError::Malformed("invreq_payer_id"))?;
        check_signature(&stream, &payer_id)?;
        if let Some(features) = value(FEATURES) {
            if Features::from_bytes(features).unknown_required(&[]).is_some() {
                return Err(AsyncPaymentsError::Malformed("invreq_features"));
            }
        }
        let number = |tlv_type, field| {
            let read = value(tlv_type).map(read_tu64).transpose();
            read.map_err(|_: WireError| AsyncPaymentsError::Malformed(field))
        };
        let quantity = number(QUANTITY, "invreq_quantity")?;
        let amount_msat = number(AMOUNT, "invreq_amount")?;
        check_quantity(&offer, quantity)?;
        check_amount(&offer, quantity, amount_msat)?;
        let chain = match value(CHAIN) {
            None => ChainHash::BITCOIN,
            Some(bytes) => {
                let bytes: Result<[u8; 32], _> = bytes.try_into();
                let bytes = bytes.map_err(|_| AsyncPaymentsError::Malformed("invreq_chain"))?;
                ChainHash::from(bytes)
            }
        };
        let silent = offer.chains().is_empty() && chain == ChainHash::BITCOIN;
        if !silent && !offer.chains().contains(&chain) {
            return Err(AsyncPaymentsError::Malformed("invreq_chain"));
        }
        let payer_note = value(PAYER_NOTE).map(|note| String::from_utf8(note.to_vec()));
        let payer_note = payer_note.transpose();
        Ok(Self {
            bytes: bytes.to_vec(),
            offer,
            chain,
            amount_msat,
            quantity,
            payer_id,
            payer_note: payer_note
                .map_err(|_| AsyncPaymentsError::Malformed("invreq_payer_note"))?,
        })
    }

    /// The TLV stream.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The offer.
    pub fn offer(&self) -> &Offer {
        &self.offer
    }

    /// `invreq_chain`; Bitcoin's main chain when it is absent.
    pub fn chain(&self) -> ChainHash {
        self.chain
    }

    /// `invreq_amount`, in millisatoshi.
    pub fn amount_msat(&self) -> Option<u64> {
        self.amount_msat
    }

    /// `invreq_quantity`.
    pub fn quantity(&self) -> Option<u64> {
        self.quantity
    }

    /// `invreq_payer_id`.
    pub fn payer_id(&self) -> Point {
        self.payer_id
    }

    /// `invreq_payer_note`.
    pub fn payer_note(&self) -> Option<&str> {
        self.payer_note.as_deref()
    }

    /// Checks that it is for this offer, in every field of one.
    ///
    /// # Errors
    ///
    /// [`AsyncPaymentsError::OtherOffer`].
    pub fn verify_offer(&self, offer: &Offer) -> Result<(), AsyncPaymentsError> {
        if self.offer.as_bytes() == offer.as_bytes() {
            Ok(())
        } else {
            Err(AsyncPaymentsError::OtherOffer)
        }
    }
}

fn signature_hash(root: &[u8; 32]) -> [u8; 32] {
    merkle::signature_hash("invoice_request", "signature", root)
}

fn check_signature(stream: &TlvStream<'_>, payer_id: &Point) -> Result<(), AsyncPaymentsError> {
    let signature = stream.get(SIGNATURE).ok_or(AsyncPaymentsError::Missing("signature"))?.value();
    let signature =
        Signature::from_slice(signature).map_err(|_| AsyncPaymentsError::Malformed("signature"))?;
    let root = merkle::root(stream).ok_or(AsyncPaymentsError::Signature)?;
    let message = secp256k1::Message::from_digest(signature_hash(&root));
    crate::curve::context()
        .verify_schnorr(&signature, &message, &payer_id.x_only())
        .map_err(|_| AsyncPaymentsError::Signature)
}

/// The offer within. What is neither its field nor the request's has no place, and what is unknown and even neither.
fn mirrored(stream: &TlvStream<'_>) -> Result<Offer, AsyncPaymentsError> {
    let mut offer = TlvWriter::new();
    for record in stream.records() {
        let tlv_type = record.tlv_type();
        match tlv_type {
            1..=79 | 1_000_000_000..=1_999_999_999 => {
                offer.set(tlv_type, record.value());
            }
            METADATA | CHAIN | AMOUNT | FEATURES | QUANTITY | PAYER_ID | PAYER_NOTE | PATHS
            | BIP_353_NAME | SIGNATURE => {}
            0..=159 | 2_000_000_000..=2_999_999_999 => {
                if tlv_type % 2 == 0 {
                    return Err(AsyncPaymentsError::UnknownEven { tlv_type });
                }
            }
            _ => return Err(AsyncPaymentsError::Unexpected { tlv_type }),
        }
    }
    Ok(Offer::from_bytes(&offer.to_bytes())?)
}

fn check_quantity(offer: &Offer, quantity: Option<u64>) -> Result<(), AsyncPaymentsError> {
    match (offer.quantity_max(), quantity) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(AsyncPaymentsError::Missing("invreq_quantity")),
        (Some(most), Some(quantity)) if quantity > 0 && (most == 0 || quantity <= most) => Ok(()),
        _ => Err(AsyncPaymentsError::Malformed("invreq_quantity")),
    }
}

/// What the payer names is at least what the offer asks for, as far as that is in millisatoshi.
fn check_amount(
    offer: &Offer,
    quantity: Option<u64>,
    amount_msat: Option<u64>,
) -> Result<(), AsyncPaymentsError> {
    match (offer.amount(), amount_msat) {
        (None, None) => Err(AsyncPaymentsError::Missing("invreq_amount")),
        (Some(Amount::Millisatoshi(asked)), Some(amount_msat)) => {
            let asked = asked.checked_mul(quantity.unwrap_or(1));
            if asked.is_some_and(|asked| amount_msat >= asked) {
                Ok(())
            } else {
                Err(AsyncPaymentsError::Malformed("invreq_amount"))
            }
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
