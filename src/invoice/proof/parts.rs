//! What both kinds of proofs have in common: an invoice of which a part is shown, a note, and the payer's signature over all of it.

use secp256k1::schnorr::Signature;

use super::disclosure::Disclosure;
use super::types::{
    LEAF_HASHES, MISSING_HASHES, NOTE, OMITTED_TLVS, PROOF_SIGNATURE, has_place, is_leaf, own_name,
};
use super::{DisclosedInvoice, InvoiceKind, ProofContents, ProofError, Shown};
use crate::curve::Point;
use crate::invoice::ktime::is_signed;
use crate::invoice::{Field, InvoiceId, merkle, text};
use crate::wire::{KeptStream, TlvStream, TlvWriter, read_bigsize, write_bigsize};

/// Where the payer's key stands, and what stands for the payment.
pub(super) trait Kind {
    /// The message that the invoice is.
    const INVOICE: InvoiceKind;
    /// The fields of the invoice that have to be shown.
    const REQUIRED: &'static [Field];
    /// The records that a proof of this kind has to have of its own.
    const OWN: &'static [u64];
    /// The records of the other kind.
    const FOREIGN: &'static [u64];
}

/// A proof's stream, of which everything is checked but what shows the payment.
#[derive(Clone)]
pub(super) struct Parts {
    stream: KeptStream,
    pub(super) invoice: DisclosedInvoice,
    pub(super) note: Option<String>,
    signature: Signature,
}

impl Parts {
    /// Reads all but what is of one kind alone; the payer's signature is for [`check_payer`](Self::check_payer).
    pub(super) fn read<K: Kind>(stream: &TlvStream<'_>) -> Result<Self, ProofError> {
        check_places::<K>(stream)?;
        let node_id = point(stream, Field::INVOICE_NODE_ID)?;
        let signature = field_signature(stream, Field::SIGNATURE.tlv_type())?;
        let disclosure = Disclosure {
            markers: markers(stream)?,
            missing_hashes: hashes(stream, MISSING_HASHES)?,
            nonces: hashes(stream, LEAF_HASHES)?,
        };
        let root = disclosure.root(stream, K::INVOICE.has_metadata())?;
        let hash = merkle::signature_hash(K::INVOICE.message_name(), "signature", &root);
        if !is_signed(&signature, &node_id.x_only(), &hash) {
            return Err(ProofError::InvoiceSignature);
        }
        let invoice = DisclosedInvoice {
            kind: K::INVOICE,
            stream: DisclosedInvoice::records_in(stream),
            id: InvoiceId::from_bytes(root),
            node_id,
            signature,
            omitted: disclosure.markers.len(),
        };
        Ok(Self {
            stream: KeptStream::from(stream),
            invoice,
            note: note(stream)?,
            signature: field_signature(stream, PROOF_SIGNATURE)?,
        })
    }

    /// That the payer has signed all of the proof.
    pub(super) fn check_payer(
        &self,
        stream: &TlvStream<'_>,
        payer: &Point,
    ) -> Result<(), ProofError> {
        let hash = proof_hash(stream);
        if is_signed(&self.signature, &payer.x_only(), &hash) {
            Ok(())
        } else {
            Err(ProofError::ProofSignature)
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.stream.as_bytes()
    }

    /// Writes a proof: `own` are the records of its kind, `sign` signs for the payer.
    pub(super) fn write<K: Kind>(
        invoice: &TlvStream<'_>,
        contents: &ProofContents,
        own: &[(u64, Vec<u8>)],
        sign: impl FnOnce(&[u8; 32]) -> Signature,
    ) -> Result<Vec<u8>, ProofError> {
        check_shown(invoice, &contents.shown)?;
        let shows = |tlv_type| {
            let field = Field::from_type(tlv_type);
            // A later feature may say that more has to be shown (BOLT 12).
            let is_required = K::REQUIRED.contains(&field) || field == Field::INVOICE_FEATURES;
            is_required || contents.shown.contains(field)
        };
        let disclosure = Disclosure::create(invoice, shows)?;
        let mut proof = TlvWriter::new();
        for record in invoice.records() {
            let tlv_type = record.tlv_type();
            let is_shown = is_leaf(tlv_type) && tlv_type != 0 && shows(tlv_type);
            if is_shown || tlv_type == Field::SIGNATURE.tlv_type() {
                proof.set(tlv_type, record.value());
            }
        }
        if !disclosure.markers.is_empty() || contents.writes_empty_omitted {
            let mut markers = Vec::new();
            disclosure.markers.iter().for_each(|marker| write_bigsize(&mut markers, *marker));
            proof.set(OMITTED_TLVS, markers);
        }
        proof.set(MISSING_HASHES, disclosure.missing_hashes.concat());
        proof.set(LEAF_HASHES, disclosure.nonces.concat());
        if let Some(note) = &contents.note {
            proof.set(NOTE, note.as_bytes());
        }
        for (tlv_type, value) in own {
            proof.set(*tlv_type, value.clone());
        }
        let unsigned = proof.to_bytes();
        let hash = proof_hash(&TlvStream::parse(&unsigned)?);
        proof.set(PROOF_SIGNATURE, sign(&hash).serialize());
        Ok(proof.to_bytes())
    }
}

impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Parts {}

/// What `proof_signature` signs: the root over the records of the proof, the invoice's among them, but for signatures.
fn proof_hash(stream: &TlvStream<'_>) -> [u8; 32] {
    let root = merkle::root(stream).unwrap_or_default();
    merkle::signature_hash("payer_proof", "proof_signature", &root)
}

/// A text of a proof may be as long as any other.
pub(super) fn check_length(bytes: &[u8]) -> Result<(), ProofError> {
    text::check_stream(bytes).map_err(|error| ProofError::Text(Box::new(error)))
}

fn check_places<K: Kind>(stream: &TlvStream<'_>) -> Result<(), ProofError> {
    for record in stream.records() {
        let tlv_type = record.tlv_type();
        if tlv_type == 0 {
            return Err(ProofError::Metadata);
        }
        if !has_place(tlv_type) || K::FOREIGN.contains(&tlv_type) {
            return Err(ProofError::UnknownField { tlv_type });
        }
    }
    for field in K::REQUIRED {
        stream.get(field.tlv_type()).ok_or(ProofError::Missing(field.name()))?;
    }
    let own = [Field::SIGNATURE.tlv_type(), MISSING_HASHES, LEAF_HASHES, PROOF_SIGNATURE];
    for tlv_type in own.iter().chain(K::OWN) {
        stream.get(*tlv_type).ok_or(ProofError::Missing(name_of(*tlv_type)))?;
    }
    Ok(())
}

/// A field that the payer asks to show has to be there.
fn check_shown(invoice: &TlvStream<'_>, shown: &Shown) -> Result<(), ProofError> {
    let Shown::These(fields) = shown else { return Ok(()) };
    for field in fields {
        let tlv_type = field.tlv_type();
        if tlv_type == 0 {
            return Err(ProofError::Metadata);
        }
        if !is_leaf(tlv_type) || invoice.get(tlv_type).is_none() {
            return Err(ProofError::NotInInvoice { field: *field });
        }
    }
    Ok(())
}

/// A record that was found to be there, or will be missed by name.
pub(super) fn value<'a>(stream: &TlvStream<'a>, tlv_type: u64) -> Result<&'a [u8], ProofError> {
    let record = stream.get(tlv_type).ok_or(ProofError::Missing(name_of(tlv_type)))?;
    Ok(record.value())
}

pub(super) fn array<const N: usize>(
    stream: &TlvStream<'_>,
    tlv_type: u64,
) -> Result<[u8; N], ProofError> {
    let malformed = |_| ProofError::Malformed(name_of(tlv_type));
    value(stream, tlv_type)?.try_into().map_err(malformed)
}

pub(super) fn point(stream: &TlvStream<'_>, field: Field) -> Result<Point, ProofError> {
    let encoding = array(stream, field.tlv_type())?;
    Point::from_bytes(&encoding).map_err(|_| ProofError::Malformed(field.name()))
}

pub(super) fn field_signature(
    stream: &TlvStream<'_>,
    tlv_type: u64,
) -> Result<Signature, ProofError> {
    let bytes: [u8; 64] = array(stream, tlv_type)?;
    Signature::from_slice(&bytes).map_err(|_| ProofError::Malformed(name_of(tlv_type)))
}

fn name_of(tlv_type: u64) -> &'static str {
    own_name(tlv_type).unwrap_or_else(|| Field::from_type(tlv_type).name())
}

fn hashes(stream: &TlvStream<'_>, tlv_type: u64) -> Result<Vec<[u8; 32]>, ProofError> {
    let hashes = value(stream, tlv_type)?.chunks_exact(32);
    if !hashes.remainder().is_empty() {
        return Err(ProofError::Malformed(name_of(tlv_type)));
    }
    Ok(hashes.map(|hash| hash.try_into().expect("an exact chunk has 32 bytes")).collect())
}

/// None is the same as an empty list.
fn markers(stream: &TlvStream<'_>) -> Result<Vec<u64>, ProofError> {
    let mut rest = stream.get(OMITTED_TLVS).map(|record| record.value()).unwrap_or_default();
    let mut markers = Vec::new();
    while !rest.is_empty() {
        let (marker, length) =
            read_bigsize(rest).map_err(|_| ProofError::Malformed(name_of(OMITTED_TLVS)))?;
        markers.push(marker);
        rest = &rest[length..];
    }
    Ok(markers)
}

fn note(stream: &TlvStream<'_>) -> Result<Option<String>, ProofError> {
    let note = stream.get(NOTE).map(|record| record.value().to_vec());
    note.map(String::from_utf8).transpose().map_err(|_| ProofError::Malformed(name_of(NOTE)))
}
