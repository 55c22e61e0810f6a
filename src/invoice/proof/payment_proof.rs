use std::fmt;

use super::parts::{Kind, Parts, array, check_length, field_signature, value};
use super::types::{
    AMOUNT, CHALLENGE, DLEQ, NOTE_HASH, PAYER_KEY, PAYER_SIGNATURE, PREIMAGE, UNDER_POINTS, VALUE,
    VERIFIER, own_name,
};
use super::{
    Challenge, DisclosedInvoice, InvoiceKind, PointProof, ProofContents, ProofError, ProofMessage,
    ProofRequest, Verifier,
};
use crate::curve::Point;
use crate::dleq;
use crate::invoice::ktime::{NoteHash, PayerKey, PayerPublicKey, PaymentTerms, PointSecret};
use crate::invoice::reader::Reader;
use crate::invoice::{Field, PaymentLock, PaymentPoints, StaticInvoice};
use crate::wire::{TlvStream, read_tu64, tu64};

/// A proof, for one verifier, that the holder of A was charged this amount on this invoice. See the
/// [module](super) for what that means.
///
/// What it says is not to be had before it is [verified](Self::verify): whatever stands in it, a forger may have written.
///
/// Encoding: a payer proof of BOLT 12, in which own odd fields take the place of the preimage, and A that of `invreq_payer_id`:
///
/// | type | name | value |
/// | --- | --- | --- |
/// | 65601 | `proof_payer_key` | A, 33 bytes, its y even |
/// | 65603 | `proof_amount` | tu64, millisatoshi |
/// | 65605 | `proof_note_hash` | 32 bytes |
/// | 65607 | `proof_verifier` | 32 bytes |
/// | 65609 | `proof_challenge` | 32 bytes |
/// | 65611 | `proof_value` | V, 33 bytes |
/// | 65613 | `proof_dleq` | 64 bytes |
/// | 65615 | `proof_payer_signature` | 64 bytes |
///
/// All of them are there. The payment points are shown always: the verifier computes Z(x) from them.
///
/// Two proofs are equal when their bytes are.
#[derive(Clone)]
pub struct PaymentProof {
    parts: Parts,
    points: PaymentPoints,
    payer: PayerPublicKey,
    amount_msat: u64,
    note_hash: NoteHash,
    request: ProofRequest,
    point_proof: PointProof,
}

/// The static invoice, under points.
struct UnderPoints;

impl Kind for UnderPoints {
    const INVOICE: InvoiceKind = InvoiceKind::Static;
    const REQUIRED: &'static [Field] = &[Field::INVOICE_NODE_ID, Field::PAYMENT_POINTS];
    const OWN: &'static [u64] = &UNDER_POINTS;
    const FOREIGN: &'static [u64] = &[PREIMAGE];
}

/// What a proof has proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvenPayment<'a> {
    /// Who was charged, how much, for which note.
    pub terms: PaymentTerms,
    /// On which invoice, as far as it is shown: the issuer that the verifier knows has signed it.
    pub invoice: &'a DisclosedInvoice,
}

impl PaymentProof {
    /// Makes a proof for the verifier who asks for it, which shows of the invoice what it has to. `secret` is z(x), with which the payment
    /// ended, `key` the payer's for this payment. `aux_rand` is 32 bytes of fresh entropy, or zeros (BIP-340, BIP-374).
    ///
    /// # Errors
    ///
    /// [`ProofError::NoPolynomial`] for an invoice whose payers share their point; [`ProofError::OtherInvoice`],
    /// [`ProofError::OtherPayer`] and [`ProofError::NotThePointSecret`] when the arguments do not belong together;
    /// [`ProofError::Prove`] after a fault of the machine.
    pub fn create(
        invoice: &StaticInvoice,
        terms: &PaymentTerms,
        key: &PayerKey,
        secret: &PointSecret,
        request: &ProofRequest,
        aux_rand: &[u8; 32],
    ) -> Result<Self, ProofError> {
        let contents = ProofContents::new();
        Self::create_with(invoice, terms, key, secret, request, &contents, aux_rand)
    }

    /// [`create`](Self::create) with a choice of what is shown, and a note.
    ///
    /// # Errors
    ///
    /// As `create`; [`ProofError::NotInInvoice`], [`ProofError::Metadata`] and [`ProofError::NoMarker`].
    pub fn create_with(
        invoice: &StaticInvoice,
        terms: &PaymentTerms,
        key: &PayerKey,
        secret: &PointSecret,
        request: &ProofRequest,
        contents: &ProofContents,
        aux_rand: &[u8; 32],
    ) -> Result<Self, ProofError> {
        let points = polynomial_of(invoice)?;
        if invoice.invoice_id() != terms.invoice_id {
            return Err(ProofError::OtherInvoice {
                invoice: invoice.invoice_id(),
                terms: terms.invoice_id,
            });
        }
        if key.public_key() != terms.payer {
            return Err(ProofError::OtherPayer);
        }
        if secret.point() != terms.payment_point(points)? {
            return Err(ProofError::NotThePointSecret);
        }
        let message = ProofMessage::new(terms, request);
        let point_proof = PointProof::create(&message, secret, key, aux_rand)?;
        let own = own_records(terms, request, &point_proof);
        let stream = TlvStream::parse(invoice.as_bytes())?;
        let sign = |hash: &[u8; 32]| key.sign(hash, aux_rand);
        Self::from_bytes(&Parts::write::<UnderPoints>(&stream, contents, &own, sign)?)
    }

    /// Verifies the proof, and says what is proven.
    ///
    /// `issuer` is the receiver's key, *known from elsewhere*: from the offer, or a shop's own pages, and never from the proof, where
    /// a forger puts a key and payment points of its own. `request` is what this verifier has asked for; its challenge it takes
    /// once. Then the verifier compares amount and description with what it is told, and the note, if it is shown one, with its
    /// hash ([`NoteHash::of`]).
    ///
    /// Neither the chain nor the expiry of the invoice is looked at: it was valid when it was paid, or the receiver would
    /// not have claimed.
    ///
    /// # Errors
    ///
    /// [`ProofError::OtherVerifier`] and [`ProofError::OtherChallenge`]; [`ProofError::Invoice`] when the issuer has not issued the
    /// invoice; [`ProofError::NoPolynomial`], [`ProofError::Terms`]; [`ProofError::PayerSignature`] and [`ProofError::NotShown`].
    pub fn verify(
        &self,
        issuer: &Point,
        request: &ProofRequest,
    ) -> Result<ProvenPayment<'_>, ProofError> {
        if self.request.verifier != request.verifier {
            return Err(ProofError::OtherVerifier);
        }
        if self.request.challenge != request.challenge {
            return Err(ProofError::OtherChallenge);
        }
        self.parts.invoice.verify_issuer(issuer)?;
        if self.points.k() == 0 {
            return Err(ProofError::NoPolynomial);
        }
        let terms = self.dangerous_claimed_terms();
        // Z(x) and H come from the terms and the request, never from whoever made the proof.
        let point = terms.payment_point(&self.points)?;
        let message = ProofMessage::new(&terms, request);
        self.point_proof.verify(&message, &terms.payer, point)?;
        Ok(ProvenPayment { terms, invoice: &self.parts.invoice })
    }

    /// Whom and what the proof says it was made for; [`verify`](Self::verify) shows whether that is so.
    pub fn request(&self) -> &ProofRequest {
        &self.request
    }

    /// V, with what shows that it is z(x)·H, and A's signature.
    pub fn point_proof(&self) -> &PointProof {
        &self.point_proof
    }

    /// What the proof says, whoever has made it: for showing it to somebody who is told that nothing of it is verified.
    pub fn dangerous_claimed_terms(&self) -> PaymentTerms {
        PaymentTerms {
            payer: self.payer,
            invoice_id: self.parts.invoice.invoice_id(),
            amount_msat: self.amount_msat,
            note_hash: self.note_hash,
        }
    }

    /// The invoice of the proof, which the one who made the proof may have made too. Its signature is verified, its signer is
    /// anybody.
    pub fn dangerous_claimed_invoice(&self) -> &DisclosedInvoice {
        &self.parts.invoice
    }

    /// The payment points of that invoice.
    pub fn dangerous_claimed_points(&self) -> &PaymentPoints {
        &self.points
    }

    /// `proof_note`, a text of the payer's beside the note of the payment.
    pub fn note(&self) -> Option<&str> {
        self.parts.note.as_deref()
    }

    /// The TLV stream.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.parts.as_bytes().to_vec()
    }

    /// Reads the TLV stream. The signature of the invoice is verified, and the payer's over the stream; the payment is not: see
    /// [`verify`](Self::verify). A proof has one encoding.
    ///
    /// # Errors
    ///
    /// [`ProofError`], with the field.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProofError> {
        check_length(bytes)?;
        Self::read(&TlvStream::parse(bytes)?)
    }

    pub(super) fn read(stream: &TlvStream<'_>) -> Result<Self, ProofError> {
        let parts = Parts::read::<UnderPoints>(stream)?;
        let payer = PayerPublicKey::from_slice(value(stream, PAYER_KEY)?)?;
        parts.check_payer(stream, &payer.to_point())?;
        let malformed = |tlv_type| ProofError::Malformed(own_name(tlv_type).unwrap_or_default());
        let points = Reader(stream).payment_points(Field::PAYMENT_POINTS)?;
        Ok(Self {
            points: points.ok_or(ProofError::Missing(Field::PAYMENT_POINTS.name()))?,
            payer,
            amount_msat: read_tu64(value(stream, AMOUNT)?).map_err(|_| malformed(AMOUNT))?,
            note_hash: NoteHash(array(stream, NOTE_HASH)?),
            request: ProofRequest {
                verifier: Verifier::from_bytes(array(stream, VERIFIER)?),
                challenge: Challenge::new(array(stream, CHALLENGE)?),
            },
            point_proof: PointProof {
                value: Point::from_slice(value(stream, VALUE)?).map_err(ProofError::Value)?,
                equality: dleq::Proof::from_slice(value(stream, DLEQ)?)
                    .map_err(ProofError::Dleq)?,
                payer_signature: field_signature(stream, PAYER_SIGNATURE)?,
            },
            parts,
        })
    }
}

fn own_records(
    terms: &PaymentTerms,
    request: &ProofRequest,
    point_proof: &PointProof,
) -> [(u64, Vec<u8>); 8] {
    let PointProof { value, equality, payer_signature } = point_proof;
    [
        (PAYER_KEY, terms.payer.to_bytes().into()),
        (AMOUNT, tu64(terms.amount_msat)),
        (NOTE_HASH, terms.note_hash.0.into()),
        (VERIFIER, request.verifier.to_bytes().into()),
        (CHALLENGE, request.challenge.to_bytes().into()),
        (VALUE, value.to_bytes().into()),
        (DLEQ, equality.to_bytes().into()),
        (PAYER_SIGNATURE, payer_signature.serialize().into()),
    ]
}

impl PartialEq for PaymentProof {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl Eq for PaymentProof {}

impl fmt::Debug for PaymentProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentProof")
            .field("invoice", &self.parts.invoice)
            .field("terms", &self.dangerous_claimed_terms())
            .field("request", &self.request)
            .field("point_proof", &self.point_proof)
            .finish()
    }
}

fn polynomial_of(invoice: &StaticInvoice) -> Result<&PaymentPoints, ProofError> {
    match invoice.lock() {
        Some(PaymentLock::Points(points)) if points.k() > 0 => Ok(points),
        Some(PaymentLock::Points(_) | PaymentLock::Hash(_)) | None => Err(ProofError::NoPolynomial),
    }
}
