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
    /// [`OrderError::PayerMissing`] and [`OrderError::NoPolynomial`] when payer and invoice do not fit;
    /// [`OrderError::Payer`].
    pub(super) fn new(payment: &Payment) -> Result<Option<Self>, OrderError> {
        let points = match payment.invoice.require_lock()? {
            PaymentLock::Points(points) if points.k() > 0 => Some(points),
            PaymentLock::Points(_) | PaymentLock::Hash(_) => None,
        };
        let (points, payer) = match (points, &payment.payer) {
            (Some(points), Some(payer)) => (points, payer),
            (Some(_), None) => return Err(OrderError::PayerMissing),
            (None, Some(_)) => return Err(OrderError::NoPolynomial),
            (None, None) => return Ok(None),
        };
        let key = payer.seed.key();
        let terms = PaymentTerms {
            payer: key.public_key(),
            invoice_id: payment.invoice.invoice_id(),
            amount_msat: payment.amount_msat,
            note_hash: NoteHash::of(payer.note.as_deref()),
        };
        let x = terms.x()?;
        Ok(Some(Self {
            invoice: payment.invoice.clone(),
            note: payer.note.clone(),
            payment_point: points.point_at(&x)?,
            key,
            terms,
            x,
        }))
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
