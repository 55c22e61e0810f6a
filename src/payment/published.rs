use alloc::collections::BTreeMap;

use super::{PaymentError, PaymentSecret, invoice_lock};
use crate::curve::Point;
use crate::invoice::ktime::{PaymentPolynomial, PolynomialId};
use crate::invoice::{Amount, InvoiceId, PaymentLock, PaymentPoints, StaticInvoice};
use crate::lock::{Lock, LockSecret};

/// An invoice that is in the world, with what opens its payments.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) invoice: StaticInvoice,
    pub(super) opening: Opening,
}

/// What opens the payments of an invoice.
#[derive(Debug)]
pub(super) enum Opening {
    /// One secret for all.
    Static { lock: Lock, secret: LockSecret },
    /// For each x its own.
    Polynomial { id: PolynomialId, polynomial: PaymentPolynomial },
}

impl Published {
    /// An invoice with one lock for all its payments.
    ///
    /// # Errors
    ///
    /// [`PaymentError::Polynomial`] and [`PaymentError::NotTheInvoiceSecret`].
    pub(super) fn new(invoice: &StaticInvoice, secret: &LockSecret) -> Result<Self, PaymentError> {
        let lock = invoice_lock(invoice)?;
        if !lock.is_opened_by(secret) {
            return Err(PaymentError::NotTheInvoiceSecret);
        }
        let opening = Opening::Static { lock, secret: secret.clone() };
        Ok(Self { invoice: invoice.clone(), opening })
    }

    /// An invoice with k-time payment points.
    ///
    /// # Errors
    ///
    /// [`PaymentError::NoPolynomial`], [`PaymentError::NotTheInvoicePolynomial`] and [`PaymentError::NoMinimumAmount`].
    pub(super) fn with_polynomial(
        invoice: &StaticInvoice,
        polynomial: &PaymentPolynomial,
    ) -> Result<Self, PaymentError> {
        let points = points(invoice).filter(|points| points.k() > 0);
        let points = points.ok_or(PaymentError::NoPolynomial)?;
        if *points != polynomial.payment_points() {
            return Err(PaymentError::NotTheInvoicePolynomial);
        }
        let Some(Amount::Millisatoshi(_)) = invoice.amount() else {
            return Err(PaymentError::NoMinimumAmount);
        };
        let id = points.polynomial_id();
        let opening = Opening::Polynomial { id, polynomial: polynomial.clone() };
        Ok(Self { invoice: invoice.clone(), opening })
    }
}

/// The invoices that a receiver has published, by the payment secret of their payments.
#[derive(Debug, Default)]
pub(super) struct Invoices {
    by_secret: BTreeMap<[u8; 32], Published>,
}

impl Invoices {
    pub(super) fn insert(&mut self, published: Published) {
        let id = published.invoice.invoice_id();
        self.by_secret.insert(PaymentSecret::of_invoice(&id).0, published);
    }

    pub(super) fn get(&self, secret: &PaymentSecret) -> Option<&Published> {
        self.by_secret.get(&secret.0)
    }

    /// The polynomial of an invoice.
    pub(super) fn polynomial(&self, invoice: &InvoiceId) -> Option<PolynomialId> {
        match self.get(&PaymentSecret::of_invoice(invoice))?.opening {
            Opening::Polynomial { id, .. } => Some(id),
            Opening::Static { .. } => None,
        }
    }

    /// Checks that a coefficient is nothing else: neither a point of another invoice nor the node id, nor the opposite of one.
    /// A static point may be in several invoices, if no coefficient is it.
    ///
    /// # Errors
    ///
    /// [`PaymentError::PointInUse`].
    pub(super) fn check_unused(
        &self,
        new: &Published,
        node_id: &Point,
    ) -> Result<(), PaymentError> {
        let is_polynomial =
            |published: &Published| matches!(published.opening, Opening::Polynomial { .. });
        let id = new.invoice.invoice_id();
        for (index, point) in all_points(&new.invoice).iter().enumerate() {
            if is_polynomial(new) && point.x_only() == node_id.x_only() {
                return Err(PaymentError::PointInUse { index, other: None });
            }
            let other = self.by_secret.values().find(|other| {
                other.invoice.invoice_id() != id
                    && (is_polynomial(new) || is_polynomial(other))
                    && all_points(&other.invoice).iter().any(|used| used.x_only() == point.x_only())
            });
            if let Some(other) = other {
                let other = Some(other.invoice.invoice_id());
                return Err(PaymentError::PointInUse { index, other });
            }
        }
        Ok(())
    }
}

fn points(invoice: &StaticInvoice) -> Option<&PaymentPoints> {
    match invoice.lock()? {
        PaymentLock::Points(points) => Some(points),
        PaymentLock::Hash(_) => None,
    }
}

fn all_points(invoice: &StaticInvoice) -> &[Point] {
    points(invoice).map_or(&[], PaymentPoints::as_slice)
}
