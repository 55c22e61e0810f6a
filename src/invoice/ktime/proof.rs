use std::fmt;
use std::str::FromStr;

use secp256k1::schnorr::Signature;

use super::payer::is_signed;
use super::{KtimeError, NoteHash, PayerKey, PayerPublicKey, PaymentTerms};
use crate::curve::{Keypair, Point, SecretScalar, Tag};
use crate::invoice::{InvoiceError, PaymentLock, PaymentPoints, StaticInvoice, text};
use crate::wire::{TlvStream, TlvWriter, read_tu64, tu64};

static PROOF: Tag = Tag::new("pointlock/proof");

const HUMAN_READABLE_PART: &str = "pointproof";

const INVOICE: u64 = 0;
const PAYER_KEY: u64 = 2;
const AMOUNT_MSAT: u64 = 4;
const NOTE_HASH: u64 = 6;
const POINT_SIGNATURE: u64 = 240;
const PAYER_SIGNATURE: u64 = 242;

/// A proof, for one verifier, that the holder of A was charged this amount on this invoice: two BIP-340 signatures over
///
/// ```text
/// H_pointlock/proof(invoice id ‖ amount (8 bytes, big endian) ‖ note hash ‖ the verifier's challenge)
/// ```
///
/// under Z(x), which takes z(x), and under A. z(x) stays private, and the verifier can't show the proof to another one
/// as its own. The note itself is not in it: the payer shows it, or doesn't.
///
/// It does not exclude that the receiver paid itself, or broke its rule: it knows every z(x).
///
/// Encoding: a TLV stream with the invoice (type 0), A (2, 33 bytes), the amount (4, tu64, millisatoshi), the note hash
/// (6, 32 bytes), the signatures under Z(x) (240) and A (242), 64 bytes each. `Display` writes it as text: `pointproof1` and
/// bech32 without checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentProof {
    invoice: StaticInvoice,
    payer: PayerPublicKey,
    amount_msat: u64,
    note_hash: NoteHash,
    point_signature: Signature,
    payer_signature: Signature,
}

impl PaymentProof {
    /// Makes a proof for the verifier who gave `challenge`, 32 bytes that it has never given before. `point_secret` is
    /// z(x), with which the payment ended. `aux_rand` is 32 bytes of fresh entropy, or zeros (BIP-340).
    ///
    /// # Errors
    ///
    /// [`KtimeError::NoPolynomial`] for an invoice whose payers share their point; [`KtimeError::OtherInvoice`],
    /// [`KtimeError::OtherPayer`] and [`KtimeError::NotThePointSecret`] when the arguments do not belong together.
    pub fn create(
        invoice: &StaticInvoice,
        terms: &PaymentTerms,
        key: &PayerKey,
        point_secret: &SecretScalar,
        challenge: &[u8; 32],
        aux_rand: &[u8; 32],
    ) -> Result<Self, KtimeError> {
        let points = polynomial_of(invoice)?;
        if invoice.invoice_id() != terms.invoice_id {
            return Err(KtimeError::OtherInvoice {
                invoice: invoice.invoice_id(),
                terms: terms.invoice_id,
            });
        }
        if key.public_key() != terms.payer {
            return Err(KtimeError::OtherPayer);
        }
        let point_key = Keypair::new(point_secret.clone());
        if point_key.public_key() != terms.payment_point(points)? {
            return Err(KtimeError::NotThePointSecret);
        }
        let message = proof_hash(terms, challenge);
        Ok(Self {
            invoice: invoice.clone(),
            payer: terms.payer,
            amount_msat: terms.amount_msat,
            note_hash: terms.note_hash,
            point_signature: point_key.sign_schnorr(&message, aux_rand),
            payer_signature: key.sign(&message, aux_rand),
        })
    }

    /// Verifies the proof with the receiver's key, known from elsewhere, and the challenge that this verifier gave for it
    /// and takes once. Returns what is proven; the verifier compares the amount, and the note if it was shown one
    /// ([`NoteHash::of`]).
    ///
    /// Neither the chain nor the expiry of the invoice is looked at: it was valid when it was paid, or the receiver would
    /// not have claimed.
    ///
    /// # Errors
    ///
    /// [`KtimeError::Invoice`] when the receiver has not issued the invoice, [`KtimeError::NoPolynomial`], and
    /// [`KtimeError::ProofPointSignature`] or [`KtimeError::ProofPayerSignature`].
    pub fn verify(&self, issuer: &Point, challenge: &[u8; 32]) -> Result<PaymentTerms, KtimeError> {
        self.invoice.verify_issuer(issuer)?;
        let terms = self.claimed_terms();
        let point = terms.payment_point(polynomial_of(&self.invoice)?)?;
        let message = proof_hash(&terms, challenge);
        if !is_signed(&self.point_signature, &point.x_only(), &message) {
            return Err(KtimeError::ProofPointSignature);
        }
        if !is_signed(&self.payer_signature, &self.payer.to_point().x_only(), &message) {
            return Err(KtimeError::ProofPayerSignature);
        }
        Ok(terms)
    }

    /// The invoice that the proof is about; its own signature is verified.
    pub fn invoice(&self) -> &StaticInvoice {
        &self.invoice
    }

    /// What the proof says, before it is verified.
    pub fn claimed_terms(&self) -> PaymentTerms {
        PaymentTerms {
            payer: self.payer,
            invoice_id: self.invoice.invoice_id(),
            amount_msat: self.amount_msat,
            note_hash: self.note_hash,
        }
    }

    /// The TLV stream.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut tlv = TlvWriter::new();
        tlv.set(INVOICE, self.invoice.as_bytes());
        tlv.set(PAYER_KEY, self.payer.to_bytes());
        tlv.set(AMOUNT_MSAT, tu64(self.amount_msat));
        tlv.set(NOTE_HASH, self.note_hash.0);
        tlv.set(POINT_SIGNATURE, self.point_signature.serialize());
        tlv.set(PAYER_SIGNATURE, self.payer_signature.serialize());
        tlv.to_bytes()
    }

    /// Reads the TLV stream. The signature of the invoice is verified, those of the proof are not: see
    /// [`verify`](Self::verify). A proof has one encoding; a field that it does not need is refused, for nothing signs it.
    ///
    /// # Errors
    ///
    /// [`KtimeError`], with the field.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KtimeError> {
        let stream = TlvStream::parse(bytes)?;
        if let Some(tlv_type) =
            stream.records().iter().map(|record| record.tlv_type()).find(|t| name(*t).is_none())
        {
            return Err(KtimeError::UnknownField { tlv_type });
        }
        let field = |tlv_type| {
            let name = name(tlv_type).expect("asked for by a name of ours");
            stream.get(tlv_type).map(|record| record.value()).ok_or(KtimeError::Missing(name))
        };
        Ok(Self {
            invoice: StaticInvoice::from_bytes(field(INVOICE)?)?,
            payer: PayerPublicKey::from_slice(field(PAYER_KEY)?)?,
            amount_msat: read_tu64(field(AMOUNT_MSAT)?)
                .map_err(|_| KtimeError::Malformed("amount_msat"))?,
            note_hash: NoteHash(
                field(NOTE_HASH)?.try_into().map_err(|_| KtimeError::Malformed("note_hash"))?,
            ),
            point_signature: Signature::from_slice(field(POINT_SIGNATURE)?)
                .map_err(|_| KtimeError::Malformed("point_signature"))?,
            payer_signature: Signature::from_slice(field(PAYER_SIGNATURE)?)
                .map_err(|_| KtimeError::Malformed("payer_signature"))?,
        })
    }

    /// Reads the text.
    ///
    /// # Errors
    ///
    /// [`KtimeError::TextPrefix`]; [`KtimeError::Invoice`] with one of the `Text…` variants of [`InvoiceError`], whose text
    /// form this is; and as [`from_bytes`](Self::from_bytes).
    pub fn decode(proof: &str) -> Result<Self, KtimeError> {
        let (prefix, bytes) = text::decode(proof)?;
        if prefix != HUMAN_READABLE_PART {
            return Err(KtimeError::TextPrefix { expected: HUMAN_READABLE_PART, actual: prefix });
        }
        Self::from_bytes(&bytes)
    }
}

impl FromStr for PaymentProof {
    type Err = KtimeError;

    /// As [`PaymentProof::decode`].
    fn from_str(proof: &str) -> Result<Self, KtimeError> {
        Self::decode(proof)
    }
}

impl fmt::Display for PaymentProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proof: Result<String, InvoiceError> =
            text::encode(HUMAN_READABLE_PART, &self.to_bytes());
        f.write_str(&proof.expect("a valid human-readable part"))
    }
}

fn polynomial_of(invoice: &StaticInvoice) -> Result<&PaymentPoints, KtimeError> {
    match invoice.lock() {
        Some(PaymentLock::Points(points)) if points.k() > 0 => Ok(points),
        Some(PaymentLock::Points(_) | PaymentLock::Hash(_)) | None => Err(KtimeError::NoPolynomial),
    }
}

fn proof_hash(terms: &PaymentTerms, challenge: &[u8; 32]) -> [u8; 32] {
    PROOF.hash(&[
        &terms.invoice_id.to_bytes(),
        &terms.amount_msat.to_be_bytes(),
        &terms.note_hash.0,
        challenge,
    ])
}

fn name(tlv_type: u64) -> Option<&'static str> {
    Some(match tlv_type {
        INVOICE => "invoice",
        PAYER_KEY => "payer_key",
        AMOUNT_MSAT => "amount_msat",
        NOTE_HASH => "note_hash",
        POINT_SIGNATURE => "point_signature",
        PAYER_SIGNATURE => "payer_signature",
        _ => return None,
    })
}
