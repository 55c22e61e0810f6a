use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::LockSet;
use crate::StoreError;
use crate::invoice::InvoiceId;
use crate::invoice::ktime::{PayerScalar, PolynomialId};

/// What a store knows of a polynomial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolynomialState {
    /// The one invoice that it is in.
    pub invoice: InvoiceId,
    /// How many claims it allows.
    pub k: u32,
    /// How many different x are recorded.
    pub claimed: u32,
    /// Whether it takes no new ones.
    pub retired: bool,
}

/// Where claims are kept. [`ClaimBook`](super::ClaimBook) has the rules; a store has none.
///
/// A method that changes something returns after the change is durable. When it fails, the change may have happened or
/// not; the same call finds out. A store has one writer, and nothing in it is ever forgotten.
pub trait ClaimStore {
    /// The polynomial with this id.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn polynomial(&self, id: &PolynomialId) -> Result<Option<PolynomialState>, StoreError>;

    /// The locks that were recorded with an x.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn claim(&self, id: &PolynomialId, x: &PayerScalar) -> Result<Option<LockSet>, StoreError>;

    /// Adds a polynomial, unless there is one with this id; says whether it did.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn insert_polynomial(
        &mut self,
        id: PolynomialId,
        invoice: InvoiceId,
        k: u32,
    ) -> Result<bool, StoreError>;

    /// Adds a polynomial as [`insert_polynomial`](Self::insert_polynomial) does, and retires it. A store that can makes both durable
    /// together; one that fails between the two has a polynomial that is not retired, and the same call again finds it.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn insert_retired_polynomial(
        &mut self,
        id: PolynomialId,
        invoice: InvoiceId,
        k: u32,
    ) -> Result<bool, StoreError> {
        Ok(self.insert_polynomial(id, invoice, k)? && self.retire(id)?)
    }

    /// Adds a claim, unless the polynomial is unknown or has one of this x; says whether it did.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn insert_claim(
        &mut self,
        id: PolynomialId,
        x: PayerScalar,
        locks: LockSet,
    ) -> Result<bool, StoreError>;

    /// Adds several claims as [`insert_claim`](Self::insert_claim) does, one after the other, and says of each whether it did. A store
    /// that can makes them durable together.
    ///
    /// # Errors
    ///
    /// [`StoreError`], and then some of them may be recorded.
    fn insert_claims(
        &mut self,
        claims: Vec<(PolynomialId, PayerScalar, LockSet)>,
    ) -> Result<Vec<bool>, StoreError> {
        claims.into_iter().map(|(id, x, locks)| self.insert_claim(id, x, locks)).collect()
    }

    /// Retires a polynomial for good, unless it is unknown; says whether it is retired now.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn retire(&mut self, id: PolynomialId) -> Result<bool, StoreError>;

    /// Retires all polynomials that are in the store, in one step.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn retire_all(&mut self) -> Result<(), StoreError>;

    /// The store itself, if it is lost with its process: it belongs into a snapshot of the node then. None for a store that is kept
    /// somewhere by itself.
    fn in_memory(&self) -> Option<&MemoryClaimStore> {
        None
    }
}

/// A store in memory: for tests, demonstrations, and nodes that replay a log of their own which is as durable as this
/// has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryClaimStore {
    polynomials: BTreeMap<PolynomialId, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    invoice: InvoiceId,
    k: u32,
    retired: bool,
    claims: BTreeMap<PayerScalar, LockSet>,
}

/// A polynomial with its claims.
pub(crate) struct KeptPolynomial<'a> {
    pub(crate) id: &'a PolynomialId,
    pub(crate) invoice: &'a InvoiceId,
    pub(crate) k: u32,
    pub(crate) retired: bool,
    pub(crate) claims: &'a BTreeMap<PayerScalar, LockSet>,
}

impl MemoryClaimStore {
    /// All that is in it, in the order of the ids.
    pub(crate) fn polynomials(&self) -> impl ExactSizeIterator<Item = KeptPolynomial<'_>> {
        self.polynomials.iter().map(|(id, entry)| {
            let Entry { invoice, k, retired, claims } = entry;
            KeptPolynomial { id, invoice, k: *k, retired: *retired, claims }
        })
    }
}

impl ClaimStore for MemoryClaimStore {
    fn in_memory(&self) -> Option<&MemoryClaimStore> {
        Some(self)
    }

    fn polynomial(&self, id: &PolynomialId) -> Result<Option<PolynomialState>, StoreError> {
        Ok(self.polynomials.get(id).map(|entry| PolynomialState {
            invoice: entry.invoice,
            k: entry.k,
            claimed: u32::try_from(entry.claims.len()).unwrap_or(u32::MAX),
            retired: entry.retired,
        }))
    }

    fn claim(&self, id: &PolynomialId, x: &PayerScalar) -> Result<Option<LockSet>, StoreError> {
        Ok(self.polynomials.get(id).and_then(|entry| entry.claims.get(x)).cloned())
    }

    fn insert_polynomial(
        &mut self,
        id: PolynomialId,
        invoice: InvoiceId,
        k: u32,
    ) -> Result<bool, StoreError> {
        let vacant = !self.polynomials.contains_key(&id);
        if vacant {
            let entry = Entry { invoice, k, retired: false, claims: BTreeMap::new() };
            self.polynomials.insert(id, entry);
        }
        Ok(vacant)
    }

    fn insert_claim(
        &mut self,
        id: PolynomialId,
        x: PayerScalar,
        locks: LockSet,
    ) -> Result<bool, StoreError> {
        match self.polynomials.get_mut(&id) {
            Some(entry) if !entry.claims.contains_key(&x) => {
                entry.claims.insert(x, locks);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn retire(&mut self, id: PolynomialId) -> Result<bool, StoreError> {
        let entry = self.polynomials.get_mut(&id);
        Ok(entry.map(|entry| entry.retired = true).is_some())
    }

    fn retire_all(&mut self) -> Result<(), StoreError> {
        for entry in self.polynomials.values_mut() {
            entry.retired = true;
        }
        Ok(())
    }
}
