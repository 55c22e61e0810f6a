//! A contract has come in: everything that has to be right of one part before anything is revealed.

use alloc::vec::Vec;
use core::fmt::Display;

use bitcoin::OutPoint;

use super::super::failure::Origin;
use super::super::leg::associated_data;
use super::super::published::{Opening, Published};
use super::super::{FinalPayload, Payload, Refusal, SecretSource, View, edge};
use super::{Receiver, asked_msat, sets};
use crate::claims::{ClaimError, ClaimStore, LockSet};
use crate::contract::FundedContract;
use crate::curve::{Point, SecretScalar};
use crate::invoice::InvoiceId;
use crate::invoice::ktime::PayerScalar;
use crate::lock::{Blind, Lock, LockSecret, final_secret, next_lock};
use crate::onion::blinded::{PathHop, PeeledPayment, peel_payment};
use crate::onion::{Packet, ReplayTag};

/// One part of a payment, as it came in, with all that can be checked without the other parts.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) funded: FundedContract,
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
    pub(super) fn outpoint(&self) -> OutPoint {
        self.funded.outpoint()
    }

    /// The secrets of this part, which are of no use without the others.
    pub(super) fn teach(&self, view: &mut View) {
        let incoming = self.outpoint();
        let shares = self.payload.part.as_ref().map(|part| &part.secret);
        for (source, blind) in [
            (SecretSource::FinalBlind { incoming }, self.payload.final_blind.as_ref()),
            (SecretSource::TailBlind { incoming }, self.tail_blind.as_ref()),
            (SecretSource::Share { incoming }, shares),
        ] {
            if let Some(blind) = blind {
                view.learn(source, LockSecret::Scalar(blind.as_scalar().clone()));
            }
        }
    }
}

impl<S> Receiver<S>
where
    S: ClaimStore,
    S::Error: Display,
{
    /// Peels and checks one part. Nothing is revealed by it but whether it is refused.
    pub(super) fn open(
        &mut self,
        funded: &FundedContract,
        path_key: Option<&Point>,
        packet: &Packet,
        origin: &mut Origin,
    ) -> Result<Arrival, Refusal> {
        let opened = self.peel(funded, path_key, packet, origin)?;
        for tag in &opened.replay_tags {
            self.replay_guard.insert(*tag, edge::expiry(funded))?;
        }
        self.check(funded, opened, origin.clone())
    }

    fn peel(
        &self,
        funded: &FundedContract,
        path_key: Option<&Point>,
        packet: &Packet,
        origin: &mut Origin,
    ) -> Result<Opened, Refusal> {
        let node_key = &self.config.node_key;
        let associated_data = associated_data(&edge::lock(funded));
        let peeled = peel_payment(packet, node_key, path_key, &associated_data);
        let PeeledPayment { layer, path } = peeled.inspect_err(|error| origin.locate(error))?;
        origin.set_path(path.is_some());
        if layer.next.is_some() {
            return Err(Refusal::RouteEnd);
        }
        if let Some(path) = &path {
            path.check_features(&[])?;
            path.check(edge::amount_msat(funded), edge::expiry(funded))?;
        }
        let mut replay_tags = alloc::vec![layer.shared_secret.replay_tag()];
        let delegated = match Payload::parse(&layer.payload, true)? {
            Payload::Final(payload) => {
                return Ok(Opened { payload, path, tail_blind: None, replay_tags });
            }
            Payload::Delegated(delegated) => delegated,
            Payload::Forward(_) | Payload::Delegate(_) => return Err(Refusal::RouteEnd),
        };
        check_terms(funded, delegated.amount_msat, delegated.expiry)?;
        // The sender knew this node by the name that it has in the path.
        let inner = match &path {
            Some(path) => {
                delegated.packet.peel(&path.secret.blinded_node_secret(node_key)?, &associated_data)
            }
            None => delegated.packet.peel(node_key, &associated_data),
        }?;
        replay_tags.push(inner.shared_secret.replay_tag());
        match (Payload::parse(&inner.payload, true)?, inner.next) {
            (Payload::Final(payload), None) => {
                Ok(Opened { payload, path, tail_blind: delegated.tail_blind, replay_tags })
            }
            _ => Err(Refusal::RouteEnd),
        }
    }

    fn check(
        &self,
        funded: &FundedContract,
        opened: Opened,
        origin: Origin,
    ) -> Result<Arrival, Refusal> {
        let Opened { payload, path, tail_blind, replay_tags } = opened;
        let (published, path_blind) = match (&path, &payload.payment_secret) {
            (Some(path), None) => self.invoices.by_path(&path.data),
            (None, Some(secret)) => self.invoices.by_secret(secret).map(|found| (found, None)),
            _ => None,
        }
        .ok_or(Refusal::UnknownPayment)?;
        check_terms(funded, payload.amount_msat, payload.expiry)?;
        let required = self.height.saturating_add(self.config.min_final_delta);
        let expiry = edge::expiry(funded);
        if expiry < required {
            return Err(Refusal::FinalExpiryTooSoon { expiry, required });
        }
        let (offered_msat, expected_msat) = (payload.total_msat, asked_msat(&published.invoice));
        if offered_msat < expected_msat {
            return Err(Refusal::AmountTooLow { offered_msat, expected_msat });
        }
        let invoice = published.invoice.invoice_id();
        let (blinds, set_point) = match (edge::lock(funded), &payload.final_blind) {
            (Lock::Hash(_), None) if tail_blind.is_none() && payload.part.is_none() => (None, None),
            (Lock::Point(lock), Some(final_blind)) => {
                let parts = [Some(final_blind), path_blind, tail_blind.as_ref()];
                let blinds = Blind::sum(parts.into_iter().flatten())?;
                let removed = blinds.as_ref().map(|blinds| blinds.to_point().negate());
                let set_point = removed.map(|removed| lock.add(&removed)).transpose();
                (blinds, set_point.map_err(|_| Refusal::LockMismatch)?)
            }
            _ => return Err(Refusal::TweakMismatch),
        };
        let x = check_payer(published, &payload, set_point.as_ref())?;
        Ok(Arrival {
            funded: funded.clone(),
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
    pub(super) fn due(&mut self, parts: &[Arrival]) -> Result<Due, Refusal> {
        let first = parts.first().ok_or(Refusal::UnknownPayment)?;
        let published = self.invoices.get(&first.invoice).ok_or(Refusal::UnknownPayment)?;
        sets::check_sum(parts)?;
        let required = self.height.saturating_add(self.config.min_final_delta);
        for part in parts {
            let expiry = edge::expiry(&part.funded);
            if expiry < required {
                return Err(Refusal::FinalExpiryTooSoon { expiry, required });
            }
        }
        let payment_secret = match (&published.opening, &first.x) {
            (Opening::Static { lock: lock @ Lock::Hash(_), secret }, None) => {
                if edge::lock(&first.funded) != *lock {
                    return Err(Refusal::LockMismatch);
                }
                return Ok(Due { secrets: alloc::vec![secret.clone()], exhausted: None });
            }
            (Opening::Static { secret: LockSecret::Scalar(scalar), .. }, None) => scalar.clone(),
            (Opening::Polynomial { polynomial, .. }, Some(x)) => polynomial.evaluate(x)?,
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
        if let (Opening::Polynomial { id, .. }, Some(x)) = (&published.opening, first.x) {
            let record = |error: ClaimError<S::Error>| Refusal::Claim(error.into_text());
            let locks = parts.iter().filter_map(Arrival::outpoint_and_lock);
            let locks = LockSet::new(locks).map_err(|error| Refusal::Claim(error.into_text()))?;
            self.claims.claim(id, &x, &locks).map_err(record)?;
            self.releases.remove(*id, x);
            if self.claims.slots_left(id).map_err(record)? == 0 {
                exhausted = Some(first.invoice);
            }
            let source = SecretSource::PointSecret { invoice: first.invoice, x };
            self.view.learn(source, LockSecret::Scalar(payment_secret));
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
        if edge::lock(&self.funded).is_opened_by(&secret) {
            Ok(secret)
        } else {
            Err(Refusal::LockMismatch)
        }
    }

    fn outpoint_and_lock(&self) -> Option<(OutPoint, Point)> {
        edge::lock(&self.funded).as_point().map(|lock| (self.outpoint(), *lock))
    }
}

/// What the contract has to lock, and for how long, by the payload.
fn check_terms(funded: &FundedContract, amount_msat: u64, expiry: u32) -> Result<(), Refusal> {
    let offered_msat = edge::amount_msat(funded);
    if offered_msat < amount_msat {
        return Err(Refusal::AmountTooLow { offered_msat, expected_msat: amount_msat });
    }
    if edge::expiry(funded) < expiry {
        let (expiry, required) = (edge::expiry(funded), expiry);
        return Err(Refusal::FinalExpiryTooSoon { expiry, required });
    }
    Ok(())
}

/// The payer's x, if the invoice has k-time payment points: its signature is over x and the lock as the sender set it up,
/// Z(x) + (q + Y)·G.
fn check_payer(
    published: &Published,
    payload: &FinalPayload,
    set_point: Option<&Point>,
) -> Result<Option<PayerScalar>, Refusal> {
    let payer = match (&published.opening, &payload.payer) {
        (Opening::Static { .. }, None) => return Ok(None),
        (Opening::Polynomial { .. }, Some(payer)) => payer,
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
