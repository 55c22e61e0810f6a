mod snapshot;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use subtle::ConstantTimeEq;

use super::{
    MessagePath, Observer, PaymentSecret, PublishError, ReceiverPath, ReceiverPaths, SecretSource,
    static_lock,
};
use crate::curve::Point;
use crate::invoice::ktime::{PaymentPolynomial, PolynomialId};
use crate::invoice::{InvoiceId, PaymentLock, PaymentPoints, StaticInvoice};
use crate::lock::{Blind, Lock, LockSecret};
use crate::onion::blinded::{BlindedPath, PathSecret, RecipientData, path_offset_sum};

/// An invoice that is in the world, with what opens its payments.
#[derive(Debug)]
pub(super) struct OwnInvoice {
    pub(super) invoice: StaticInvoice,
    pub(super) opening: InvoiceSecret,
    paths: Vec<OwnPath>,
    message_paths: Vec<MessagePath>,
}

/// A blinded path of the invoice, by which its payments come.
#[derive(Debug)]
struct OwnPath {
    path_id: [u8; 32],
    /// B; none if no node forwards on it.
    blind: Option<Blind>,
}

/// What opens the payments of an invoice.
#[derive(Debug)]
pub(super) enum InvoiceSecret {
    /// One secret for all.
    Static { lock: Lock, secret: LockSecret },
    /// Drawn by each payer, which sends it along.
    Payers,
    /// For each x its own.
    Polynomial { id: PolynomialId, polynomial: PaymentPolynomial },
}

impl OwnInvoice {
    /// An invoice with one lock for all its payments.
    ///
    /// # Errors
    ///
    /// [`PublishError::Polynomial`] and [`PublishError::NotTheInvoiceSecret`].
    pub(super) fn new(
        invoice: &StaticInvoice,
        secret: &LockSecret,
        paths: &ReceiverPaths,
    ) -> Result<Self, PublishError> {
        let lock = static_lock(invoice)?.ok_or(PublishError::Polynomial)?;
        if !lock.is_opened_by(secret) {
            return Err(PublishError::NotTheInvoiceSecret);
        }
        let opening = InvoiceSecret::Static { lock, secret: secret.clone() };
        Self::with_opening(invoice, opening, paths)
    }

    /// An invoice with k-time payment points.
    ///
    /// # Errors
    ///
    /// [`PublishError::NoPolynomial`], [`PublishError::NotTheInvoicePolynomial`] and [`PublishError::NoMinimumAmount`].
    pub(super) fn with_polynomial(
        invoice: &StaticInvoice,
        polynomial: &PaymentPolynomial,
        paths: &ReceiverPaths,
    ) -> Result<Self, PublishError> {
        let points = points(invoice).filter(|points| points.k() > 0);
        let points = points.ok_or(PublishError::NoPolynomial)?;
        if *points != polynomial.payment_points() {
            return Err(PublishError::NotTheInvoicePolynomial);
        }
        if invoice.amount().is_none() {
            return Err(PublishError::NoMinimumAmount);
        }
        let id = points.polynomial_id();
        let opening = InvoiceSecret::Polynomial { id, polynomial: polynomial.clone() };
        Self::with_opening(invoice, opening, paths)
    }

    /// A plain static invoice.
    ///
    /// # Errors
    ///
    /// [`PublishError::NotPlain`], and [`PublishError::PathsMismatch`], because only the end of a path may get a preimage.
    pub(super) fn plain(
        invoice: &StaticInvoice,
        paths: &ReceiverPaths,
    ) -> Result<Self, PublishError> {
        if invoice.lock().is_some() {
            return Err(PublishError::NotPlain);
        }
        if invoice.paths().is_empty() {
            return Err(PublishError::PathsMismatch);
        }
        Self::with_opening(invoice, InvoiceSecret::Payers, paths)
    }

    fn with_opening(
        invoice: &StaticInvoice,
        opening: InvoiceSecret,
        paths: &ReceiverPaths,
    ) -> Result<Self, PublishError> {
        let kept = paths.messages.iter().map(|path| &path.first_path_key);
        if !kept.eq(invoice.message_paths().iter().map(BlindedPath::first_path_key)) {
            return Err(PublishError::PathsMismatch);
        }
        Ok(Self {
            invoice: invoice.clone(),
            opening,
            paths: own_paths(invoice, &paths.payments)?,
            message_paths: paths.messages.clone(),
        })
    }

    /// The polynomial of the invoice, if it has one.
    pub(super) fn polynomial(&self) -> Option<PolynomialId> {
        match self.opening {
            InvoiceSecret::Polynomial { id, .. } => Some(id),
            InvoiceSecret::Static { .. } | InvoiceSecret::Payers => None,
        }
    }

    /// Whether its payers draw the preimage.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.opening, InvoiceSecret::Payers)
    }

    fn is_polynomial(&self) -> bool {
        matches!(self.opening, InvoiceSecret::Polynomial { .. })
    }

    /// What the receiver has made up itself: the B of each path.
    pub(super) fn teach_paths(&self, observer: &mut dyn Observer) {
        let invoice = self.invoice.invoice_id();
        for (path, own) in self.paths.iter().enumerate() {
            if let Some(blind) = &own.blind {
                let source = SecretSource::PathOffsetSum { invoice, path };
                observer.learned_scalar(source, blind.as_scalar());
            }
        }
    }
}

fn own_paths(
    invoice: &StaticInvoice,
    paths: &[ReceiverPath],
) -> Result<Vec<OwnPath>, PublishError> {
    let kept = paths.iter().map(|path| path.secrets.first().map(PathSecret::path_key));
    let public = invoice.paths().iter().map(|path| Some(path.path.first_path_key()));
    if !kept.eq(public) {
        return Err(PublishError::PathsMismatch);
    }
    let own = paths.iter().map(|path| {
        let (_, forwarding) = path.secrets.split_last().ok_or(PublishError::PathsMismatch)?;
        let blind = path_offset_sum(forwarding).map_err(|_| PublishError::PathsMismatch)?;
        Ok(OwnPath { path_id: path.path_id, blind })
    });
    own.collect()
}

/// The invoices that a receiver has published.
#[derive(Debug, Default)]
pub(super) struct Invoices {
    by_id: BTreeMap<InvoiceId, OwnInvoice>,
    /// What of a withdrawn invoice counts for those that come after it: its points, and whether they are a polynomial.
    withdrawn: BTreeMap<InvoiceId, (Vec<Point>, bool)>,
}

impl Invoices {
    pub(super) fn insert(&mut self, published: OwnInvoice) {
        self.by_id.insert(published.invoice.invoice_id(), published);
    }

    /// Forgets what opens its payments.
    pub(super) fn withdraw(&mut self, id: &InvoiceId) {
        if let Some(published) = self.by_id.remove(id) {
            let points = all_points(&published.invoice).to_vec();
            self.withdrawn.insert(*id, (points, published.is_polynomial()));
        }
    }

    pub(super) fn get(&self, id: &InvoiceId) -> Option<&OwnInvoice> {
        self.by_id.get(id)
    }

    /// The invoice whose payments have this secret. One with blinded paths has no such payments: whoever tries finds out no more
    /// than whoever guesses.
    pub(super) fn by_secret(&self, secret: &PaymentSecret) -> Option<&OwnInvoice> {
        let has = |published: &&OwnInvoice| {
            let expected = PaymentSecret::of_invoice(&published.invoice.invoice_id());
            published.paths.is_empty() && bool::from(expected.0.ct_eq(&secret.0))
        };
        self.by_id.values().find(has)
    }

    /// The invoice one of whose paths this is, and B.
    pub(super) fn by_path(&self, data: &RecipientData) -> Option<(&OwnInvoice, Option<&Blind>)> {
        self.by_id.values().find_map(|published| {
            let path = published.paths.iter().find(|path| data.has_path_id(&path.path_id))?;
            Some((published, path.blind.as_ref()))
        })
    }

    /// The invoice one of whose paths for messages this is.
    pub(super) fn by_message_path(&self, data: &RecipientData) -> Option<&OwnInvoice> {
        self.by_id.values().find(|published| {
            published.message_paths.iter().any(|path| data.has_path_id(&path.path_id))
        })
    }

    /// Checks that a coefficient is nothing else: neither a point of another invoice nor the node id, nor the opposite of one.
    /// A static point may be in several invoices, if no coefficient is it.
    ///
    /// # Errors
    ///
    /// [`PublishError::PointInUse`] and [`PublishError::Withdrawn`].
    pub(super) fn check_unused(
        &self,
        new: &OwnInvoice,
        node_id: &Point,
    ) -> Result<(), PublishError> {
        let id = new.invoice.invoice_id();
        if self.withdrawn.contains_key(&id) {
            return Err(PublishError::Withdrawn(id));
        }
        let published = self.by_id.iter();
        let published =
            published.map(|(id, other)| (id, all_points(&other.invoice), other.is_polynomial()));
        let withdrawn = self.withdrawn.iter();
        let withdrawn =
            withdrawn.map(|(id, (points, is_polynomial))| (id, &points[..], *is_polynomial));
        let others: Vec<_> =
            published.chain(withdrawn).filter(|(other, ..)| **other != id).collect();
        for (index, point) in all_points(&new.invoice).iter().enumerate() {
            if new.is_polynomial() && point.x_only() == node_id.x_only() {
                return Err(PublishError::PointInUse { index, other: None });
            }
            let other = others.iter().find(|(_, points, is_polynomial)| {
                (new.is_polynomial() || *is_polynomial)
                    && points.iter().any(|used| used.x_only() == point.x_only())
            });
            if let Some((other, ..)) = other {
                return Err(PublishError::PointInUse { index, other: Some(**other) });
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
