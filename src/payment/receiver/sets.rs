//! The parts of a payment, until none is missing.

mod snapshot;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::super::Refusal;
use super::Arrival;
use crate::curve::Point;
use crate::edge::EdgeId;
use crate::invoice::InvoiceId;
use crate::lock::Blind;
use crate::wire::{BlindedPath, IntroductionNode};

/// What the parts of a payment have in common: the invoice, and the lock without the blinds, Z + q·G. To make another part with
/// it takes that point, which sender and receiver alone know, and not q: a part of a stranger's that had it would hold the
/// payment up, with a share that makes q wrong, and could take nothing. A payment in one part, without a share, has Z there,
/// which everybody knows, and belongs with nothing.
type Key = (InvoiceId, [u8; Point::LENGTH]);

/// The payments of which parts are missing.
#[derive(Debug, Default)]
pub(super) struct PartSets {
    sets: BTreeMap<Key, BTreeMap<u16, Arrival>>,
    by_edge: BTreeMap<EdgeId, Key>,
    /// By the expiries of their parts.
    expiries: BTreeSet<(u32, Key)>,
    /// q_0 of cancellable payments, as the senders give them.
    given: BTreeMap<Key, Blind>,
}

impl PartSets {
    /// Whether the part fits those that it belongs with.
    ///
    /// # Errors
    ///
    /// [`Refusal::IncompleteSet`], [`Refusal::PartMismatch`] and [`Refusal::DuplicatePart`].
    pub(super) fn check(&self, arrival: &Arrival) -> Result<(), Refusal> {
        let (index, count) = place(arrival);
        let payload = &arrival.payload;
        if count == 1 && payload.amount_msat < payload.total_msat {
            let (total_msat, amount_msat) = (payload.total_msat, payload.amount_msat);
            return Err(Refusal::IncompleteSet { total_msat, amount_msat });
        }
        let Some(parts) = self.waiting(arrival) else { return Ok(()) };
        for other in parts.values() {
            let field = if place(other).1 != count {
                "part_share"
            } else if other.payload.total_msat != payload.total_msat {
                "total_msat"
            } else if other.x != arrival.x {
                "payer_key"
            } else if other.payload.withheld.is_some() != payload.withheld.is_some() {
                "withheld"
            } else {
                continue;
            };
            return Err(Refusal::PartMismatch { field });
        }
        if parts.contains_key(&index) {
            return Err(Refusal::DuplicatePart { index });
        }
        Ok(())
    }

    /// Whether this part is the last thing that was missing.
    pub(super) fn is_completed_by(&self, arrival: &Arrival) -> bool {
        let waiting = self.waiting(arrival).map_or(0, BTreeMap::len);
        waiting + 1 == usize::from(place(arrival).1) && arrival.payload.withheld.is_none()
    }

    /// The payments of which nothing but the sender's share is missing: where to say so, and all their parts.
    pub(super) fn arrived(&self) -> impl Iterator<Item = ArrivedParts<'_>> {
        self.sets.values().filter_map(arrived)
    }

    /// The same, if the payment on this edge is one of them.
    pub(super) fn arrived_with(&self, incoming: &EdgeId) -> Option<ArrivedParts<'_>> {
        self.sets.get(self.by_edge.get(incoming)?).and_then(arrived)
    }

    /// Takes the share that a sender gives, and all parts with it; None unless just that is missing.
    pub(super) fn complete(
        &mut self,
        invoice: &InvoiceId,
        set_point: &Point,
        share: &Blind,
    ) -> Option<Vec<Arrival>> {
        let key = (*invoice, set_point.to_bytes());
        let parts = self.sets.get(&key)?;
        let first = parts.values().next()?;
        if first.payload.withheld.is_none() || parts.len() != usize::from(place(first).1) {
            return None;
        }
        self.given.insert(key, Blind::new(share.as_scalar().clone()));
        Some(self.remove(&key))
    }

    /// Drops the share that its sender has given: the payment was claimed or failed.
    pub(super) fn drop_given(&mut self, arrival: &Arrival) {
        if let Some(key) = key(arrival) {
            self.given.remove(&key);
        }
    }

    /// Takes the parts of a payment out of all indices.
    fn remove(&mut self, key: &Key) -> Vec<Arrival> {
        let parts = self.sets.remove(key).unwrap_or_default();
        for part in parts.values() {
            self.by_edge.remove(&part.edge.id);
            self.expiries.remove(&(part.edge.expiry, *key));
        }
        parts.into_values().collect()
    }

    /// The share that its sender has given.
    pub(super) fn given(&self, arrival: &Arrival) -> Option<&Blind> {
        self.given.get(&key(arrival)?)
    }

    pub(super) fn insert(&mut self, arrival: Arrival) {
        if let Some(key) = key(&arrival) {
            self.by_edge.insert(arrival.edge.id, key);
            self.expiries.insert((arrival.edge.expiry, key));
            self.sets.entry(key).or_default().insert(place(&arrival).0, arrival);
        }
    }

    /// The part with those that waited for it, in their order.
    pub(super) fn take(&mut self, arrival: Arrival) -> Vec<Arrival> {
        let mut parts = key(&arrival).map(|key| self.remove(&key)).unwrap_or_default();
        let index = place(&arrival).0;
        let at = parts.partition_point(|part| place(part).0 < index);
        parts.insert(at, arrival);
        parts
    }

    fn waiting(&self, arrival: &Arrival) -> Option<&BTreeMap<u16, Arrival>> {
        self.sets.get(&key(arrival)?)
    }

    /// The part on this edge, which waits, with all that wait with it.
    pub(super) fn take_with(&mut self, incoming: &EdgeId) -> Vec<Arrival> {
        let key = self.by_edge.get(incoming).copied();
        key.map(|key| self.remove(&key)).unwrap_or_default()
    }

    /// All parts that wait, of all payments of this invoice.
    pub(super) fn take_of(&mut self, invoice: &InvoiceId) -> Vec<Arrival> {
        let lowest = (*invoice, [0; Point::LENGTH]);
        let keys: Vec<Key> = self
            .sets
            .range(lowest..)
            .map(|(key, _)| *key)
            .take_while(|key| key.0 == *invoice)
            .collect();
        keys.iter().flat_map(|key| self.remove(key)).collect()
    }

    /// The payments one of whose parts expires at this height, or before it.
    pub(super) fn take_expiring_until(&mut self, height: u32) -> Vec<Vec<Arrival>> {
        let mut taken = Vec::new();
        while let Some((expiry, key)) = self.expiries.first().copied() {
            if expiry > height {
                break;
            }
            self.expiries.remove(&(expiry, key));
            taken.push(self.remove(&key));
        }
        taken
    }
}

/// Where to say that a payment has arrived, and all its parts.
type ArrivedParts<'a> = (&'a BlindedPath<IntroductionNode>, Vec<&'a Arrival>);

fn arrived(parts: &BTreeMap<u16, Arrival>) -> Option<ArrivedParts<'_>> {
    let parts: Vec<&Arrival> = parts.values().collect();
    let path =
        parts.iter().find_map(|part| part.payload.withheld.as_ref()?.arrival_path.as_ref())?;
    (parts.len() == usize::from(place(parts.first()?).1)).then_some((path, parts))
}

/// Whether the parts are worth the whole.
///
/// # Errors
///
/// [`Refusal::IncompleteSet`].
pub(super) fn check_sum(parts: &[Arrival]) -> Result<(), Refusal> {
    let amounts = parts.iter().map(|part| part.payload.amount_msat);
    let amount_msat = amounts.fold(0, u64::saturating_add);
    let total_msat = parts.first().map_or(0, |part| part.payload.total_msat);
    if amount_msat < total_msat {
        return Err(Refusal::IncompleteSet { total_msat, amount_msat });
    }
    Ok(())
}

/// Why parts are failed that the others did not follow.
pub(super) fn timed_out(parts: &[Arrival]) -> Refusal {
    let count = parts.first().map_or(0, |part| place(part).1);
    Refusal::SetTimedOut { arrived: parts.len(), count: usize::from(count) }
}

fn key(arrival: &Arrival) -> Option<Key> {
    let set_point = arrival.set_point.filter(|_| arrival.payload.part.is_some())?;
    Some((arrival.invoice, set_point.to_bytes()))
}

/// p and P; 1 and 1 for a payment in one part.
fn place(arrival: &Arrival) -> (u16, u16) {
    arrival.payload.part.as_ref().map_or((1, 1), |part| (part.index, part.count))
}
