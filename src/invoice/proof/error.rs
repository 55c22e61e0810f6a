use std::boxed::Box;

use thiserror::Error;

use crate::curve::CurveError;
use crate::dleq::DleqError;
use crate::invoice::ktime::KtimeError;
use crate::invoice::{Field, InvoiceError, InvoiceId};
use crate::wire::WireError;

/// Why a proof of payment can't be made, is none, or proves nothing.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The invoice has no polynomial of payment points: its payments have one point, or a hash, in common.
    #[error("payment_points: no polynomial")]
    NoPolynomial,

    /// The terms are of another invoice than the one that was given to prove with.
    #[error("invoice_id: the terms are of {terms}, not of {invoice}")]
    OtherInvoice {
        /// The invoice that was given.
        invoice: InvoiceId,
        /// The one of the terms.
        terms: InvoiceId,
    },
    /// The key is another payer's than the one of the terms.
    #[error("payer_key: not the payer's of these terms")]
    OtherPayer,
    /// The secret does not open Z(x).
    #[error("point_secret: does not open Z(x)")]
    NotThePointSecret,
    /// The proof of equal logarithms can't be made.
    #[error("dleq: {0}")]
    Prove(DleqError),

    /// The proof has another length.
    #[error("proof: {actual} bytes, expected {expected}")]
    Length {
        /// The length of a proof without its statement, in bytes.
        expected: usize,
        /// The length that was given, in bytes.
        actual: usize,
    },
    /// The bytes of a proof are no TLV stream.
    #[error("proof: {0}")]
    Encoding(#[from] WireError),
    /// A field is missing.
    #[error("{0}: missing")]
    Missing(&'static str),
    /// A field has a wrong length or value.
    #[error("{0}: malformed")]
    Malformed(&'static str),
    /// The proof has a field that it has no place for.
    #[error("tlv_{tlv_type}: unknown")]
    UnknownField {
        /// The type.
        tlv_type: u64,
    },
    /// The text is no payer proof, or longer than any that is read.
    #[error("{0}")]
    Text(Box<InvoiceError>),
    /// `invreq_metadata` is in the proof, or asked to be: whoever knows it can guess what the proof leaves out.
    #[error("invreq_metadata: shown, and no proof may show it")]
    Metadata,
    /// A field that the proof is asked to show is none that the invoice has.
    #[error("{field}: not in the invoice")]
    NotInInvoice {
        /// The field.
        field: Field,
    },
    /// A field can't be left out: the number of its marker would be none of an invoice's field.
    #[error("tlv_{tlv_type}: there is no marker for it")]
    NoMarker {
        /// The type of the field.
        tlv_type: u64,
    },
    /// The markers do not ascend.
    #[error("proof_omitted_tlvs: {marker}, at index {index}, does not ascend")]
    MarkerOrder {
        /// Which marker, from 0.
        index: usize,
        /// Its number.
        marker: u64,
    },
    /// A marker is 0, or a number that no field of an invoice has.
    #[error(
        "proof_omitted_tlvs: {marker}, at index {index}, is no field of an invoice that can be left out"
    )]
    MarkerRange {
        /// Which marker, from 0.
        index: usize,
        /// Its number.
        marker: u64,
    },
    /// A marker is the number of a field that is there.
    #[error("proof_omitted_tlvs: {marker}, at index {index}, is not left out")]
    MarkerShown {
        /// Which marker, from 0.
        index: usize,
        /// Its number.
        marker: u64,
    },
    /// A marker does not follow the one before it, or a field that is there.
    #[error("proof_omitted_tlvs: {marker}, at index {index}, follows neither a marker nor a field")]
    MarkerGap {
        /// Which marker, from 0.
        index: usize,
        /// Its number.
        marker: u64,
    },
    /// Not one nonce for each field that is shown.
    #[error("proof_leaf_hashes: {actual} for {expected} fields")]
    LeafHashes {
        /// How many fields of the invoice are shown.
        expected: usize,
        /// How many hashes there are.
        actual: usize,
    },
    /// Not as many hashes as the tree lacks.
    #[error("proof_missing_hashes: {actual}, expected {expected}")]
    MissingHashes {
        /// How many the tree lacks.
        expected: usize,
        /// How many there are.
        actual: usize,
    },
    /// The invoice of the proof is not signed by its `invoice_node_id`: a field or a hash was changed.
    #[error("signature: not by invoice_node_id over this invoice")]
    InvoiceSignature,
    /// The payer has not signed this proof as it is.
    #[error("proof_signature: not by the payer over this proof")]
    ProofSignature,
    /// The preimage is another invoice's.
    #[error("proof_preimage: not that of invoice_payment_hash")]
    Preimage,
    /// V is no point.
    #[error("proof_value: {0}")]
    Value(CurveError),
    /// The 64 bytes are no proof of equal logarithms.
    #[error("proof_dleq: {0}")]
    Dleq(DleqError),
    /// The invoice in the proof is refused, or is another issuer's.
    #[error("proof: {0}")]
    Invoice(Box<InvoiceError>),
    /// The payer's key, x or Z(x) is refused.
    #[error("proof: {0}")]
    Terms(#[from] KtimeError),

    /// The proof was made for another verifier, and passed on.
    #[error("proof_verifier: another verifier's")]
    OtherVerifier,
    /// The proof was made over another challenge.
    #[error("proof_challenge: another one")]
    OtherChallenge,
    /// The note is not the one that the verifier has asked for.
    #[error("proof_note: another one")]
    OtherNote,
    /// V is not shown to be z(x)·H: whoever made the proof does not know z(x), or made it for something else.
    #[error("proof_dleq: does not show that proof_value is z(x)·H: {0}")]
    NotShown(DleqError),
    /// The signature under A is wrong: whoever made the proof is not the payer.
    #[error("proof_payer_signature: not under payer_key over this proof's message")]
    PayerSignature,
}

impl From<InvoiceError> for ProofError {
    fn from(error: InvoiceError) -> Self {
        Self::Invoice(Box::new(error))
    }
}
