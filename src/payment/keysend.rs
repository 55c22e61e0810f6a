//! What a sender draws and signs for a plain static invoice.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Keysend, OrderError, Payment, Tail};
use crate::async_payments::{AsyncPaymentsError, InvoiceRequest, RequestOrder};
use crate::curve::Tag;
use crate::lock::Preimage;

static METADATA: Tag = Tag::new("pointlock/invreq_metadata");

impl Keysend {
    /// For an invoice without a lock of the receiver's: the preimage from the first part's seed, which is fresh, and the invoice request by the
    /// payer's key. None for any other invoice.
    ///
    /// # Errors
    ///
    /// [`OrderError::PayerMissing`], [`OrderError::PlainByOtherWay`], [`OrderError::PartsNotAllowed`] and [`OrderError::InvoiceRequest`].
    pub(super) fn for_payment(payment: &Payment) -> Result<Option<Self>, OrderError> {
        let invoice = &payment.invoice;
        if invoice.lock().is_some() {
            return Ok(None);
        }
        let payer = payment.payer.as_ref().ok_or(OrderError::PayerMissing)?;
        let [part] = &payment.parts[..] else { return Err(OrderError::PartsNotAllowed) };
        let Tail::Path(_) = part.tail else { return Err(OrderError::PlainByOtherWay) };
        let entropy = payer.seed.dangerous_to_bytes();
        let metadata = METADATA.hash(&[&*entropy]);
        let note = payer.note.as_deref().map(core::str::from_utf8).transpose();
        let note = note.map_err(|_| AsyncPaymentsError::Malformed("invreq_payer_note"));
        let request = note.and_then(|payer_note| {
            let order = RequestOrder {
                offer: invoice.offer(),
                chain: payment.chain,
                amount_msat: payment.amount_msat,
                quantity: invoice.offer_quantity_max().map(|_| 1),
                payer_note,
                metadata: &metadata,
            };
            InvoiceRequest::sign(&order, payer.seed.key().as_keypair(), &part.seed.aux_rand())
        });
        let request = request.map_err(|error| OrderError::InvoiceRequest(Box::new(error)))?;
        let invoice_request: Vec<u8> = request.as_bytes().to_vec();
        Ok(Some(Self { preimage: Preimage::new(*part.seed.preimage()), invoice_request }))
    }
}
