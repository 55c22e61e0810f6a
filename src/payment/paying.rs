mod snapshot;

use alloc::vec::Vec;

use super::{OrderError, PayerPayload, Payment};
use crate::curve::Point;
use crate::invoice::ktime::{NoteHash, PayerKey, PayerScalar, PaymentTerms, PointSecret};
use crate::invoice::proof::{PaymentProof, ProofError, ProofRequest};
use crate::invoice::{PaymentLock, StaticInvoice};

/// The sender's side of a payment under a k-time payment point.
#[derive(Debug)]
pub(super) struct PayingUnder {
    invoice: StaticInvoice,
    key: PayerKey,
    note: Option<Vec<u8>>,
    terms: PaymentTerms,
    x: PayerScalar,
    /// Z(x)
    payment_point: Point,
}

impl PayingUnder {
    /// None when the invoice has one lock for all.
    ///
    /// # Errors
    ///
    /// As [`under`](Self::under).
    pub(super) fn new(payment: &Payment) -> Result<Option<Self>, OrderError> {
        let payer = payment.payer.as_ref().map(|payer| (payer.seed.key(), payer.note.clone()));
        Self::under(&payment.invoice, payer, payment.amount_msat)
    }

    /// The same, with the payer's key and its note.
    ///
    /// # Errors
    ///
    /// [`OrderError::PayerMissing`] and [`OrderError::NoPolynomial`] when payer and invoice do not fit;
    /// [`OrderError::Payer`].
    fn under(
        invoice: &StaticInvoice,
        payer: Option<(PayerKey, Option<Vec<u8>>)>,
        amount_msat: u64,
    ) -> Result<Option<Self>, OrderError> {
        let points = match invoice.lock() {
            Some(PaymentLock::Points(points)) if points.k() > 0 => Some(points),
            Some(PaymentLock::Points(_) | PaymentLock::Hash(_)) => None,
            // Its payer signs an invoice request, and has no point.
            None => return Ok(None),
        };
        let (points, key, note) = match (points, payer) {
            (Some(points), Some((key, note))) => (points, key, note),
            (Some(_), None) => return Err(OrderError::PayerMissing),
            (None, Some(_)) => return Err(OrderError::NoPolynomial),
            (None, None) => return Ok(None),
        };
        let terms = PaymentTerms {
            payer: key.public_key(),
            invoice_id: invoice.invoice_id(),
            amount_msat,
            note_hash: NoteHash::of(note.as_deref()),
        };
        let x = terms.x()?;
        let payment_point = points.point_at(&x)?;
        Ok(Some(Self { invoice: invoice.clone(), key, note, terms, x, payment_point }))
    }

    pub(super) fn terms(&self) -> &PaymentTerms {
        &self.terms
    }

    pub(super) fn x(&self) -> PayerScalar {
        self.x
    }

    pub(super) fn payment_point(&self) -> Point {
        self.payment_point
    }

    /// For the innermost layer of the onion; `last_lock` is L_n.
    pub(super) fn payload(&self, last_lock: &Point, aux_rand: &[u8; 32]) -> PayerPayload {
        PayerPayload {
            key: self.key.public_key(),
            note: self.note.clone(),
            invoice_id: self.terms.invoice_id,
            signature: self.key.sign_payment(&self.x, last_lock, aux_rand),
        }
    }

    pub(super) fn prove(
        &self,
        secret: &PointSecret,
        request: &ProofRequest,
        aux_rand: &[u8; 32],
    ) -> Result<PaymentProof, ProofError> {
        let Self { invoice, terms, key, .. } = self;
        PaymentProof::create(invoice, terms, key, secret, request, aux_rand)
    }
}
