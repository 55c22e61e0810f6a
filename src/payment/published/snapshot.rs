use alloc::vec::Vec;

use super::{InvoiceSecret, Invoices, OwnInvoice, OwnPath, points};
use crate::curve::Point;
use crate::invoice::ktime::PaymentPolynomial;
use crate::invoice::{InvoiceId, StaticInvoice};
use crate::journal::codec::{
    Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, Field, FieldReader, FieldWriter,
    put_list,
};
use crate::lock::{Blind, LockSecret};
use crate::payment::record::check_ascending;
use crate::payment::{PublishError, static_lock};

const INVOICE: Field = Field::new(0, "invoice");
const SECRET: Field = Field::new(2, "secret");
const POLYNOMIAL: Field = Field::new(4, "polynomial");
const PATHS: Field = Field::new(6, "paths");
const MESSAGE_PATHS: Field = Field::new(8, "message_paths");

impl DangerousEncode for OwnInvoice {
    fn dangerous_encode(&self, out: &mut Bytes) {
        let fields = FieldWriter::new().set(INVOICE, &self.invoice);
        match &self.opening {
            InvoiceSecret::Static { secret, .. } => fields.dangerous_set(SECRET, secret),
            InvoiceSecret::Payers => fields,
            InvoiceSecret::Polynomial { polynomial, .. } => {
                fields.dangerous_set(POLYNOMIAL, polynomial)
            }
        }
        .dangerous_set(PATHS, &self.paths)
        .dangerous_set(MESSAGE_PATHS, &self.message_paths)
        .append_to(out);
    }
}

/// What opens the invoice is looked at as it was when it was published.
impl Decode for OwnInvoice {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let invoice: StaticInvoice = fields.take(INVOICE)?;
        let opening = match (fields.take_some(SECRET)?, fields.take_some(POLYNOMIAL)?) {
            (Some(secret), None) => static_opening(&invoice, secret)?,
            (None, Some(polynomial)) => polynomial_opening(&invoice, polynomial)?,
            (None, None) if invoice.lock().is_none() => InvoiceSecret::Payers,
            _ => return Err("neither a secret nor a polynomial, or both".into()),
        };
        let published = Self {
            opening,
            paths: fields.take(PATHS)?,
            message_paths: fields.take(MESSAGE_PATHS)?,
            invoice,
        };
        fields.end()?;
        let of_invoice = (published.invoice.paths().len(), published.invoice.message_paths().len());
        if (published.paths.len(), published.message_paths.len()) == of_invoice {
            Ok(published)
        } else {
            Err(PublishError::PathsMismatch.into())
        }
    }
}

fn static_opening(invoice: &StaticInvoice, secret: LockSecret) -> Result<InvoiceSecret, Fault> {
    let lock = static_lock(invoice)?.ok_or(PublishError::Polynomial)?;
    if lock.is_opened_by(&secret) {
        Ok(InvoiceSecret::Static { lock, secret })
    } else {
        Err(PublishError::NotTheInvoiceSecret.into())
    }
}

fn polynomial_opening(
    invoice: &StaticInvoice,
    polynomial: PaymentPolynomial,
) -> Result<InvoiceSecret, Fault> {
    let points = points(invoice).filter(|points| **points == polynomial.payment_points());
    let points = points.ok_or(PublishError::NotTheInvoicePolynomial)?;
    Ok(InvoiceSecret::Polynomial { id: points.polynomial_id(), polynomial })
}

impl DangerousEncode for OwnPath {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.path_id.encode(out);
        self.blind.dangerous_encode(out);
    }
}

impl Decode for OwnPath {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { path_id: *cursor.chunk()?, blind: Option::<Blind>::decode(cursor)? })
    }
}

impl Invoices {
    /// Those that are published, in the order of their ids.
    pub(in crate::payment) fn dangerous_write_published(&self, out: &mut Bytes) {
        put_list(out, self.by_id.values(), |published, out| published.dangerous_encode(out));
    }

    /// What is kept of those that are withdrawn.
    pub(in crate::payment) fn write_withdrawn(&self, out: &mut Bytes) {
        put_list(out, self.withdrawn.iter(), |(id, (points, is_polynomial)), out| {
            id.encode(out);
            points.encode(out);
            is_polynomial.encode(out);
        });
    }

    /// # Errors
    ///
    /// [`Fault`], for ids that come twice or out of order.
    pub(in crate::payment) fn restored(
        published: Vec<OwnInvoice>,
        withdrawn: Vec<Withdrawn>,
    ) -> Result<Self, Fault> {
        check_ascending(published.iter().map(|published| published.invoice.invoice_id()))?;
        check_ascending(withdrawn.iter().map(|withdrawn| withdrawn.id))?;
        let mut invoices = Self::default();
        published.into_iter().for_each(|published| invoices.insert(published));
        let withdrawn = withdrawn.into_iter();
        invoices.withdrawn = withdrawn
            .map(|Withdrawn { id, points, is_polynomial }| (id, (points, is_polynomial)))
            .collect();
        Ok(invoices)
    }
}

/// An invoice that is withdrawn.
pub(in crate::payment) struct Withdrawn {
    id: InvoiceId,
    points: Vec<Point>,
    is_polynomial: bool,
}

impl Decode for Withdrawn {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            id: InvoiceId::decode(cursor)?,
            points: Decode::decode(cursor)?,
            is_polynomial: bool::decode(cursor)?,
        })
    }
}
