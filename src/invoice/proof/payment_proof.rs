use std::ops::RangeInclusive;

use secp256k1::schnorr::Signature;

use super::{Challenge, PointProof, ProofError, ProofMessage, ProofRequest, Verifier};
use crate::curve::Point;
use crate::dleq;
use crate::invoice::ktime::{NoteHash, PayerKey, PayerPublicKey, PaymentTerms, PointSecret};
use crate::invoice::{PaymentLock, PaymentPoints, StaticInvoice};
use crate::wire::{TlvRecord, TlvStream, TlvWriter, read_tu64, tu64};

/// What payer proofs (BOLT 12) have of their own, and no invoice has.
const OWN_TYPES: RangeInclusive<u64> = 1_001..=999_999_999;

const PAYER_KEY: u64 = 65_601;
const AMOUNT: u64 = 65_603;
const NOTE_HASH: u64 = 65_605;
const VERIFIER: u64 = 65_607;
const CHALLENGE: u64 = 65_609;
const VALUE: u64 = 65_611;
const DLEQ: u64 = 65_613;
const PAYER_SIGNATURE: u64 = 65_615;

/// A proof, for one verifier, that the holder of A was charged this amount on this invoice. See the
/// [module](super) for what that means.
///
/// What it says is not to be had before it is [verified](Self::verify): whatever stands in it, a forger may have written.
///
/// Encoding: the TLV stream of the invoice, and within it, in the range that BOLT 12 keeps for payer proofs, own odd fields:
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
/// All of them are there, and no other: nothing signs one that is not needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentProof {
    invoice: StaticInvoice,
    payer: PayerPublicKey,
    amount_msat: u64,
    note_hash: NoteHash,
    request: ProofRequest,
    point_proof: PointProof,
}

/// What a proof has proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvenPayment<'a> {
    /// Who was charged, how much, for which note.
    pub terms: PaymentTerms,
    /// On which invoice: the issuer that the verifier knows has signed it.
    pub invoice: &'a StaticInvoice,
}

impl PaymentProof {
    /// Makes a proof for the verifier who asks for it. `secret` is z(x), with which the payment ended, `key` the payer's for
    /// this payment. `aux_rand` is 32 bytes of fresh entropy, or zeros (BIP-340, BIP-374).
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
        Ok(Self {
            invoice: invoice.clone(),
            payer: terms.payer,
            amount_msat: terms.amount_msat,
            note_hash: terms.note_hash,
            request: *request,
            point_proof: PointProof::create(&message, secret, key, aux_rand)?,
        })
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
        self.invoice.verify_issuer(issuer)?;
        let terms = self.dangerous_claimed_terms();
        // Z(x) and H come from the terms and the request, never from whoever made the proof.
        let point = terms.payment_point(polynomial_of(&self.invoice)?)?;
        let message = ProofMessage::new(&terms, request);
        self.point_proof.verify(&message, &terms.payer, point)?;
        Ok(ProvenPayment { terms, invoice: &self.invoice })
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
            invoice_id: self.invoice.invoice_id(),
            amount_msat: self.amount_msat,
            note_hash: self.note_hash,
        }
    }

    /// The invoice of the proof, which the one who made the proof may have made too. Its signature is verified, its signer is
    /// anybody.
    pub fn dangerous_claimed_invoice(&self) -> &StaticInvoice {
        &self.invoice
    }

    /// The TLV stream.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut tlv = TlvWriter::new();
        let invoice = TlvStream::parse(self.invoice.as_bytes()).expect("an invoice is a stream");
        for record in invoice.records() {
            tlv.set(record.tlv_type(), record.value());
        }
        let PointProof { value, equality, payer_signature } = &self.point_proof;
        tlv.set(PAYER_KEY, self.payer.to_bytes())
            .set(AMOUNT, tu64(self.amount_msat))
            .set(NOTE_HASH, self.note_hash.0)
            .set(VERIFIER, self.request.verifier.to_bytes())
            .set(CHALLENGE, self.request.challenge.to_bytes())
            .set(VALUE, value.to_bytes())
            .set(DLEQ, equality.to_bytes())
            .set(PAYER_SIGNATURE, payer_signature.serialize())
            .to_bytes()
    }

    /// Reads the TLV stream. The signature of the invoice is verified, the proof is not: see [`verify`](Self::verify). A proof has
    /// one encoding.
    ///
    /// # Errors
    ///
    /// [`ProofError`], with the field.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProofError> {
        let stream = TlvStream::parse(bytes)?;
        let (own, invoice): (Vec<&TlvRecord<'_>>, Vec<&TlvRecord<'_>>) =
            stream.records().iter().partition(|record| OWN_TYPES.contains(&record.tlv_type()));
        if let Some(tlv_type) =
            own.iter().map(|record| record.tlv_type()).find(|tlv_type| name(*tlv_type).is_none())
        {
            return Err(ProofError::UnknownField { tlv_type });
        }
        let field = |tlv_type| {
            let name = name(tlv_type).expect("asked for by a name of ours");
            stream.get(tlv_type).map(|record| record.value()).ok_or(ProofError::Missing(name))
        };
        let bytes32 = |tlv_type| {
            let name = name(tlv_type).expect("asked for by a name of ours");
            field(tlv_type)?.try_into().map_err(|_| ProofError::Malformed(name))
        };
        let payer = PayerPublicKey::from_slice(field(PAYER_KEY)?)?;
        let amount_msat =
            read_tu64(field(AMOUNT)?).map_err(|_| ProofError::Malformed("proof_amount"))?;
        let note_hash = NoteHash(bytes32(NOTE_HASH)?);
        let request = ProofRequest {
            verifier: Verifier::from_bytes(bytes32(VERIFIER)?),
            challenge: Challenge::new(bytes32(CHALLENGE)?),
        };
        let point_proof = PointProof {
            value: Point::from_slice(field(VALUE)?).map_err(ProofError::Value)?,
            equality: dleq::Proof::from_slice(field(DLEQ)?).map_err(ProofError::Dleq)?,
            payer_signature: Signature::from_slice(field(PAYER_SIGNATURE)?)
                .map_err(|_| ProofError::Malformed("proof_payer_signature"))?,
        };
        // Last, since it costs the verification of a signature.
        let invoice: Vec<u8> = invoice.iter().flat_map(|record| record.bytes()).copied().collect();
        let invoice = StaticInvoice::from_bytes(&invoice)?;
        Ok(Self { invoice, payer, amount_msat, note_hash, request, point_proof })
    }
}

fn polynomial_of(invoice: &StaticInvoice) -> Result<&PaymentPoints, ProofError> {
    match invoice.lock() {
        Some(PaymentLock::Points(points)) if points.k() > 0 => Ok(points),
        Some(PaymentLock::Points(_) | PaymentLock::Hash(_)) | None => Err(ProofError::NoPolynomial),
    }
}

fn name(tlv_type: u64) -> Option<&'static str> {
    Some(match tlv_type {
        PAYER_KEY => "proof_payer_key",
        AMOUNT => "proof_amount",
        NOTE_HASH => "proof_note_hash",
        VERIFIER => "proof_verifier",
        CHALLENGE => "proof_challenge",
        VALUE => "proof_value",
        DLEQ => "proof_dleq",
        PAYER_SIGNATURE => "proof_payer_signature",
        _ => return None,
    })
}
