use std::fmt;

use secp256k1::schnorr::Signature;

use super::types::is_leaf;
use crate::curve::Point;
use crate::invoice::{Field, FieldValue, InvoiceError, InvoiceId};
use crate::wire::{KeptStream, TlvStream};

/// Which message an invoice is, under whose name it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvoiceKind {
    /// `invoice`, the answer to a request, for one payment under a hash.
    Requested,
    /// `static_invoice`, here with payment points.
    Static,
}

impl InvoiceKind {
    pub(super) fn message_name(self) -> &'static str {
        match self {
            Self::Requested => "invoice",
            Self::Static => "static_invoice",
        }
    }

    /// Whether its first field is `invreq_metadata`, which no proof shows and no marker stands for.
    pub(super) fn has_metadata(self) -> bool {
        self == Self::Requested
    }
}

/// The invoice of a proof, of which the payer shows some fields. Its signature is verified: the signer has signed these
/// fields, and others that are not told.
#[derive(Clone)]
pub struct DisclosedInvoice {
    pub(super) kind: InvoiceKind,
    pub(super) stream: KeptStream,
    pub(super) id: InvoiceId,
    pub(super) node_id: Point,
    pub(super) signature: Signature,
    pub(super) omitted: usize,
}

impl DisclosedInvoice {
    /// Which message it is.
    pub fn kind(&self) -> InvoiceKind {
        self.kind
    }

    /// The Merkle root over all its fields, those that are left out too.
    pub fn invoice_id(&self) -> InvoiceId {
        self.id
    }

    /// The signer. Who that is has to be known from elsewhere.
    pub fn invoice_node_id(&self) -> Point {
        self.node_id
    }

    /// The signature.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The value of a field, None where the invoice has none or the payer does not show it.
    pub fn value(&self, field: Field) -> Option<&[u8]> {
        self.stream.get(field.tlv_type()).map(|record| record.value())
    }

    /// The fields that are shown, with the signature, in the order of their types.
    pub fn fields(&self) -> Vec<(Field, FieldValue)> {
        self.stream.records().map(|record| FieldValue::unchecked(&record)).collect()
    }

    /// How many fields are left out, `invreq_metadata` not counted, which always is.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Checks that the invoice is signed by the receiver's key that is known from elsewhere.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::Issuer`].
    pub fn verify_issuer(&self, expected: &Point) -> Result<(), InvoiceError> {
        if self.node_id == *expected {
            Ok(())
        } else {
            Err(InvoiceError::Issuer { field: Field::INVOICE_NODE_ID, actual: self.node_id })
        }
    }

    /// The records of the invoice in a proof.
    pub(super) fn records_in(proof: &TlvStream<'_>) -> KeptStream {
        let signature = Field::SIGNATURE.tlv_type();
        KeptStream::from(&proof.only(|tlv_type| is_leaf(tlv_type) || tlv_type == signature))
    }
}

impl PartialEq for DisclosedInvoice {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, self.id, self.stream.as_bytes())
            == (other.kind, other.id, other.stream.as_bytes())
    }
}

impl Eq for DisclosedInvoice {}

impl fmt::Debug for DisclosedInvoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<Field> = self.fields().into_iter().map(|(field, _)| field).collect();
        f.debug_struct("DisclosedInvoice")
            .field("kind", &self.kind)
            .field("invoice_id", &self.id)
            .field("shown", &fields)
            .field("omitted", &self.omitted)
            .finish()
    }
}
