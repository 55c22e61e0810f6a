//! An edge has come in: everything that has to be right of one part before anything is revealed.

mod snapshot;

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::failure::Origin;
use super::super::intake::{Context, Incoming, Layer, check_path, check_terms};
use super::super::published::{InvoiceSecret, OwnInvoice};
use super::super::{FinalPayload, Observer, PayloadError, Refusal, SecretSource};
use super::{Receipts, sets};
use crate::async_payments::InvoiceRequest;
use crate::claims::{ClaimStore, LockSet};
use crate::curve::{Point, SecretScalar};
use crate::edge::{Edge, EdgeId};
use crate::invoice::InvoiceId;
use crate::invoice::ktime::PayerScalar;
use crate::lock::{Blind, Lock, LockSecret, final_secret, next_lock};
use crate::onion::ReplayTag;
use crate::onion::blinded::PathHop;

/// One part of a payment, as it came in, with all that can be checked without the other parts.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) edge: Edge,
    pub(super) origin: Origin,
    pub(super) replay_tags: Vec<ReplayTag>,
    pub(super) invoice: InvoiceId,
    pub(super) payload: FinalPayload,
    /// δ, if a node on the way has found a part of the route.
    tail_blind: Option<Blind>,
    /// Y + B + δ: all that was added to the lock besides the shares; none for a hash lock.
    blinds: Option<Blind>,
    /// The lock without the blinds, Z + q·G: the same for all parts of a payment. None for a hash lock.
    pub(super) set_point: Option<Point>,
    /// Of a payment under a k-time payment point.
    pub(super) x: Option<PayerScalar>,
}

/// What a complete payment is claimed with.
pub(super) struct Due {
    /// For each part.
    pub(super) secrets: Vec<LockSecret>,
    /// The invoice that has no slot left now.
    pub(super) exhausted: Option<InvoiceId>,
}

/// The innermost layer, and what the layers around it say.
struct Opened {
    payload: FinalPayload,
    path: Option<PathHop>,
    tail_blind: Option<Blind>,
    replay_tags: Vec<ReplayTag>,
}

impl Arrival {
    /// The secrets of this part, which are of no use without the others.
    pub(super) fn teach(&self, observer: &mut dyn Observer) {
        let incoming = self.edge.id;
        let shares = self.payload.part.as_ref().map(|part| &part.secret);
        for (source, blind) in [
            (SecretSource::FinalBlind { incoming }, self.payload.final_blind.as_ref()),
            (SecretSource::TailBlind { incoming }, self.tail_blind.as_ref()),
            (SecretSource::Share { incoming }, shares),
        ] {
            if let Some(blind) = blind {
                observer.learned_scalar(source, blind.as_scalar());
            }
        }
        if let Some(keysend) = &self.payload.keysend {
            let secret = LockSecret::Preimage(keysend.preimage.clone());
            observer.learned(SecretSource::PayersPreimage { incoming }, &secret);
        }
    }
}

impl<S: ClaimStore> Receipts<S> {
    /// Checks one part. Nothing is revealed by it but whether it is refused.
    pub(super) fn open(
        &self,
        cx: &mut Context<'_>,
        incoming: Incoming,
    ) -> Result<Arrival, Refusal> {
        let Incoming { edge, origin, replay_tag, layer, .. } = incoming;
        let opened = match layer {
            Layer::Final { payload, path, inner } => {
                check_path(&edge, path.as_ref())?;
                let inner_tag = inner.as_ref().map(|inner| inner.replay_tag);
                let replay_tags = [replay_tag].into_iter().chain(inner_tag).collect();
                let tail_blind = inner.and_then(|inner| inner.tail_blind);
                Opened { payload, path, tail_blind, replay_tags }
            }
            _ => return Err(Refusal::RouteEnd),
        };
        self.check(cx, &edge, opened, origin)
    }

    fn check(
        &self,
        cx: &Context<'_>,
        edge: &Edge,
        opened: Opened,
        origin: Origin,
    ) -> Result<Arrival, Refusal> {
        let Opened { payload, path, tail_blind, replay_tags } = opened;
        let (published, path_offset) = match (&path, &payload.payment_secret) {
            (Some(path), None) => self.invoices.by_path(&path.data),
            (None, Some(secret)) => self.invoices.by_secret(secret).map(|found| (found, None)),
            _ => None,
        }
        .ok_or(Refusal::UnknownPayment)?;
        check_terms(edge, payload.amount_msat, payload.expiry)?;
        let required = cx.intake.height.saturating_add(self.config.min_final_delta);
        let expiry = edge.expiry;
        if expiry < required {
            return Err(Refusal::FinalExpiryTooSoon { expiry, required });
        }
        self.check_payable(&published.invoice, payload.total_msat)?;
        let (offered_msat, most_msat) = (edge.amount_msat, payload.amount_msat.saturating_mul(2));
        if offered_msat > most_msat {
            return Err(Refusal::AmountTooHigh { offered_msat, most_msat });
        }
        let invoice = published.invoice.invoice_id();
        if !payload.fits(&edge.lock) {
            return Err(Refusal::TweakMismatch);
        }
        let (blinds, set_point) = match (edge.lock, &payload.final_blind) {
            (Lock::Point(lock), Some(final_blind)) => {
                let parts = [Some(final_blind), path_offset, tail_blind.as_ref()];
                let blinds = Blind::sum(parts.into_iter().flatten())?;
                let removed = blinds.as_ref().map(|blinds| blinds.to_point().negate());
                let set_point = removed.map(|removed| lock.add(&removed)).transpose();
                (blinds, set_point.map_err(|_| Refusal::LockMismatch)?)
            }
            _ => (None, None),
        };
        check_keysend(published, edge, &payload)?;
        let x = check_payer(published, &payload, set_point.as_ref())?;
        Ok(Arrival {
            edge: *edge,
            origin,
            replay_tags,
            invoice,
            payload,
            tail_blind,
            blinds,
            set_point,
            x,
        })
    }

    /// Everything that can be said of a payment once none of its parts is missing; records the claim of a k-time payment point.
    ///
    /// l_n = z + q + Y + B + δ for each part
    pub(super) fn due(&mut self, cx: &mut Context<'_>, parts: &[Arrival]) -> Result<Due, Refusal> {
        let first = parts.first().ok_or(Refusal::UnknownPayment)?;
        let published = self.invoices.get(&first.invoice).ok_or(Refusal::UnknownPayment)?;
        sets::check_sum(parts)?;
        // Those that came first have waited: what they need is time for a claim.
        let earliest = cx.intake.height.saturating_add(self.config.deadlines.claim_margin);
        let required = earliest.saturating_add(1);
        for part in parts {
            let expiry = part.edge.expiry;
            if expiry < required {
                return Err(Refusal::FinalExpiryTooSoon { expiry, required });
            }
        }
        let payment_secret = match (&published.opening, &first.x) {
            (InvoiceSecret::Static { lock: lock @ Lock::Hash(_), secret }, None) => {
                if first.edge.lock != *lock {
                    return Err(Refusal::LockMismatch);
                }
                return Ok(Due { secrets: alloc::vec![secret.clone()], exhausted: None });
            }
            (InvoiceSecret::Payers, None) => {
                let drawn = parts.iter().filter_map(|part| part.payload.keysend.as_ref());
                let secrets = drawn.map(|drawn| LockSecret::Preimage(drawn.preimage.clone()));
                return Ok(Due { secrets: secrets.collect(), exhausted: None });
            }
            (InvoiceSecret::Static { secret: LockSecret::Scalar(scalar), .. }, None) => {
                scalar.clone()
            }
            (InvoiceSecret::Polynomial { polynomial, .. }, Some(x)) => polynomial.evaluate(x)?,
            _ => return Err(Refusal::PayerMismatch),
        };
        let shares = parts.iter().filter_map(|part| part.payload.part.as_ref());
        let shares = shares.map(|part| &part.secret).chain(self.sets.given(first));
        // z + q, which is secret as long as z or a share is; its point is in every lock of the set.
        let set_secret = match Blind::sum(shares)? {
            Some(sum) => payment_secret.add(sum.as_scalar()).map_err(|_| Refusal::LockMismatch)?,
            None => payment_secret.clone(),
        };
        if first.set_point != Some(set_secret.to_point()) {
            return Err(Refusal::LockMismatch);
        }
        let secrets = parts.iter().map(|part| part.lock_secret(&set_secret));
        let secrets = secrets.collect::<Result<Vec<_>, _>>()?;
        let mut exhausted = None;
        if let (InvoiceSecret::Polynomial { id, .. }, Some(x)) = (&published.opening, first.x) {
            let locks = LockSet::new(parts.iter().filter_map(Arrival::id_and_lock))?;
            match self.replaying {
                false => self.claims.claim(id, &x, &locks)?,
                true => self.claims.replay_claim(id, &x, &locks)?,
            };
            if self.claims.slots_left(id)? == 0 {
                exhausted = Some(first.invoice);
            }
            let source = SecretSource::PointSecret { invoice: first.invoice, x };
            cx.observer.learned(source, &LockSecret::Scalar(payment_secret));
        }
        Ok(Due { secrets, exhausted })
    }
}

impl Arrival {
    fn lock_secret(&self, set_secret: &SecretScalar) -> Result<LockSecret, Refusal> {
        let secret = match &self.blinds {
            Some(blinds) => final_secret(set_secret, blinds)?,
            None => set_secret.clone(),
        };
        let secret = LockSecret::Scalar(secret);
        if self.edge.lock.is_opened_by(&secret) { Ok(secret) } else { Err(Refusal::LockMismatch) }
    }

    fn id_and_lock(&self) -> Option<(EdgeId, Point)> {
        self.edge.lock.as_point().map(|lock| (self.edge.id, *lock))
    }
}

/// The payer's preimage, and what it says that it pays for, if the invoice is a plain one.
fn check_keysend(
    published: &OwnInvoice,
    edge: &Edge,
    payload: &FinalPayload,
) -> Result<(), Refusal> {
    let Some(keysend) = &payload.keysend else {
        return match published.is_plain() {
            true => Err(PayloadError::Missing("keysend_preimage").into()),
            false => Ok(()),
        };
    };
    if !published.is_plain() {
        return Err(PayloadError::Misplaced("keysend_preimage").into());
    }
    if edge.lock != Lock::Hash(keysend.preimage.hash()) {
        return Err(Refusal::LockMismatch);
    }
    let request = InvoiceRequest::from_bytes(&keysend.invoice_request);
    let request = request.map_err(|error| Refusal::InvoiceRequest(Box::new(error)))?;
    let same = request.verify_offer(published.invoice.offer());
    same.map_err(|error| Refusal::InvoiceRequest(Box::new(error)))?;
    match request.amount_msat() {
        Some(expected_msat) if payload.total_msat < expected_msat => {
            let offered_msat = payload.total_msat;
            Err(Refusal::AmountTooLow { offered_msat, expected_msat })
        }
        _ => Ok(()),
    }
}

/// The payer's x, if the invoice has k-time payment points: its signature is over x and the lock as the sender set it up,
/// Z(x) + (q + Y)·G.
fn check_payer(
    published: &OwnInvoice,
    payload: &FinalPayload,
    set_point: Option<&Point>,
) -> Result<Option<PayerScalar>, Refusal> {
    let payer = match (&published.opening, &payload.payer) {
        (InvoiceSecret::Static { .. } | InvoiceSecret::Payers, None) => return Ok(None),
        (InvoiceSecret::Polynomial { .. }, Some(payer)) => payer,
        _ => return Err(Refusal::PayerMismatch),
    };
    if payer.invoice_id != published.invoice.invoice_id() {
        return Err(Refusal::InvoiceMismatch);
    }
    let (Some(set_point), Some(final_blind)) = (set_point, &payload.final_blind) else {
        return Err(Refusal::LockMismatch);
    };
    let x = payer.terms(payload.total_msat).x()?;
    payer.signature.verify(&payer.key, &x, &next_lock(set_point, final_blind)?)?;
    Ok(Some(x))
}
