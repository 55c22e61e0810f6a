use std::boxed::Box;

use thiserror::Error;

use crate::curve::CurveError;
use crate::invoice::{InvoiceError, InvoiceId};
use crate::wire::WireError;

/// Why a k-time payment point, a payer's signature or a proof of payment is refused.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KtimeError {
    /// A polynomial for k payments has k + 1 coefficients, and k is at least 1 and at most
    /// [`MAX_K`](super::PaymentPolynomial::MAX_K).
    #[error("k: {k} is out of range")]
    DegreeOutOfRange {
        /// The k that was asked for.
        k: usize,
    },
    /// The invoice has no polynomial of payment points: its payments have one point, or a hash, in common.
    #[error("payment_points: no polynomial")]
    NoPolynomial,
    /// The payer's key is no point.
    #[error("payer_key: {0}")]
    PayerKey(CurveError),
    /// The payer's key has an odd y.
    #[error("payer_key: y is odd")]
    PayerKeyOdd,
    /// x is zero, where Z(x) is Z_0 for every payer.
    #[error("x: zero")]
    ZeroX,
    /// Z(x) is the point at infinity, so that z(x) is zero.
    #[error("payment_point: Z(x) is at infinity")]
    PointAtInfinity,
    /// The signature in the payload is not the payer's over x and L_n.
    #[error("payer_signature: not by payer_key over this x and this lock")]
    PayerSignature,

    /// The key is another payer's than the one of the terms.
    #[error("payer_key: not the payer's of these terms")]
    OtherPayer,
    /// The terms are of another invoice.
    #[error("invoice_id: the terms are of {terms}, not of {invoice}")]
    OtherInvoice {
        /// The invoice that was given.
        invoice: InvoiceId,
        /// The one of the terms.
        terms: InvoiceId,
    },
    /// The secret does not open Z(x).
    #[error("point_secret: does not open Z(x)")]
    NotThePointSecret,

    /// The text of a proof starts otherwise.
    #[error("proof text: starts with {actual:?}, expected \"{expected}\"")]
    TextPrefix {
        /// What it should start with.
        expected: &'static str,
        /// What it starts with, in lower case.
        actual: String,
    },
    /// The bytes of a proof are no TLV stream.
    #[error("proof: {0}")]
    Encoding(#[from] WireError),
    /// A field of the proof is missing.
    #[error("{0}: missing")]
    Missing(&'static str),
    /// A field of the proof has a wrong length or value.
    #[error("{0}: malformed")]
    Malformed(&'static str),
    /// The proof has a field that it has no place for.
    #[error("type {tlv_type}: unknown")]
    UnknownField {
        /// The type.
        tlv_type: u64,
    },
    /// The text, or the invoice of the proof, is refused, or the invoice is another issuer's.
    #[error("proof: {0}")]
    Invoice(Box<InvoiceError>),
    /// The signature under Z(x) is wrong: who made the proof does not know z(x), or for other terms or another
    /// challenge.
    #[error("point_signature: not under Z(x) over these terms and this challenge")]
    ProofPointSignature,
    /// The signature under A is wrong: who made the proof is not the payer.
    #[error("payer_signature: not under payer_key over these terms and this challenge")]
    ProofPayerSignature,
}

impl From<InvoiceError> for KtimeError {
    fn from(error: InvoiceError) -> Self {
        Self::Invoice(Box::new(error))
    }
}
