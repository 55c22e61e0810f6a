use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{ClaimError, ClaimStore, LockSet, PolynomialState};
use crate::invoice::InvoiceId;
use crate::invoice::ktime::{PayerScalar, PolynomialId};

/// How a claim stands that may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It took a slot.
    First,
    /// It was recorded before, with the same locks: after a crash, or because the claim was not seen to the end.
    Again,
}

/// The rules of claiming, over a store.
#[derive(Debug)]
pub struct ClaimBook<S> {
    store: S,
}

impl<S: ClaimStore> ClaimBook<S> {
    /// A book whose records are in `store`.
    pub fn new(store: S) -> Self {
        Self { store }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The store, taken out.
    pub fn into_store(self) -> S {
        self.store
    }

    /// Enters a polynomial before its invoice gets out. The same again is a no-op; a polynomial has one invoice.
    ///
    /// # Errors
    ///
    /// [`ClaimError::PolynomialInUse`], [`ClaimError::DegreeOutOfRange`] and [`ClaimError::Store`].
    pub fn open(
        &mut self,
        polynomial: PolynomialId,
        invoice: InvoiceId,
        k: usize,
    ) -> Result<(), ClaimError> {
        let k = check_degree(polynomial, k)?;
        match self.store.polynomial(&polynomial)? {
            Some(state) => check_same(polynomial, &state, invoice, k),
            None => {
                self.store.insert_polynomial(polynomial, invoice, k)?;
                Ok(())
            }
        }
    }

    /// Enters a polynomial whose claims were counted elsewhere and are lost: nothing new is claimed under it. One that is here already is
    /// retired; what was recorded stays.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_retired(
        &mut self,
        polynomial: PolynomialId,
        invoice: InvoiceId,
        k: usize,
    ) -> Result<(), ClaimError> {
        let k = check_degree(polynomial, k)?;
        match self.store.polynomial(&polynomial)? {
            Some(state) => check_same(polynomial, &state, invoice, k)?,
            None if self.store.insert_retired_polynomial(polynomial, invoice, k)? => return Ok(()),
            None => {}
        }
        self.retire(&polynomial)
    }

    /// How many new x may be claimed.
    ///
    /// # Errors
    ///
    /// [`ClaimError::UnknownPolynomial`] and [`ClaimError::Store`].
    pub fn slots_left(&self, polynomial: &PolynomialId) -> Result<u32, ClaimError> {
        let state = self.state(polynomial)?;
        Ok(if state.retired { 0 } else { state.k.saturating_sub(state.claimed) })
    }

    /// Whether a payment under this x could be claimed now. Records nothing, and keeps no slot for it: others that arrive first may
    /// take the last one.
    ///
    /// # Errors
    ///
    /// As [`claim`](Self::claim).
    pub fn check_slot(&self, polynomial: &PolynomialId, x: &PayerScalar) -> Result<(), ClaimError> {
        let state = self.state(polynomial)?;
        if self.store.claim(polynomial, x)?.is_some() {
            return Err(ClaimError::AlreadyClaimed(*x));
        }
        check_room(polynomial, &state)
    }

    /// Records that this x is claimed with exactly these locks. Only when this has returned `Ok` may anything be revealed
    /// that depends on z(x).
    ///
    /// # Errors
    ///
    /// [`ClaimError::AlreadyClaimed`], [`ClaimError::NoSlotLeft`], [`ClaimError::Retired`],
    /// [`ClaimError::UnknownPolynomial`] and [`ClaimError::Store`].
    pub fn claim(
        &mut self,
        polynomial: &PolynomialId,
        x: &PayerScalar,
        locks: &LockSet,
    ) -> Result<Claimed, ClaimError> {
        let state = self.state(polynomial)?;
        // A recorded claim stays one, whatever became of the polynomial: what it reveals is counted.
        if let Some(recorded) = self.store.claim(polynomial, x)? {
            return again(x, &recorded, locks);
        }
        check_room(polynomial, &state)?;
        self.insert(polynomial, x, locks)
    }

    /// Records claims that came together, each as [`claim`](Self::claim) would, one after the other: with one flush, if the store can.
    /// Says of each whether it may be made; nothing may be revealed before this has returned.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Store`]: any of them may be recorded or not.
    pub fn claim_all(
        &mut self,
        claims: &[(PolynomialId, PayerScalar, LockSet)],
    ) -> Result<Vec<Result<Claimed, ClaimError>>, ClaimError> {
        let mut group = Group::default();
        let mut said = Vec::with_capacity(claims.len());
        for (polynomial, x, locks) in claims {
            match self.admit(&group, polynomial, x, locks) {
                Err(ClaimError::Store(error)) => return Err(error.into()),
                Ok(Claimed::First) => {
                    group.add(*polynomial, *x, locks);
                    said.push(Ok(Claimed::First));
                }
                other => said.push(other),
            }
        }
        self.store.insert_claims(group.claims)?;
        Ok(said)
    }

    /// Records a claim that was made, as the journal of the node says: a store that came back from a backup may have forgotten it, and
    /// has retired the polynomial since. The secret is out, so to refuse it now would give the payment away for nothing.
    ///
    /// Not for a payment that is new: only while events are replayed that happened before.
    ///
    /// # Errors
    ///
    /// As [`claim`](Self::claim), but for [`ClaimError::Retired`].
    pub fn replay_claim(
        &mut self,
        polynomial: &PolynomialId,
        x: &PayerScalar,
        locks: &LockSet,
    ) -> Result<Claimed, ClaimError> {
        let state = self.state(polynomial)?;
        if let Some(recorded) = self.store.claim(polynomial, x)? {
            return again(x, &recorded, locks);
        }
        check_count(polynomial, &state)?;
        self.insert(polynomial, x, locks)
    }

    fn insert(
        &mut self,
        polynomial: &PolynomialId,
        x: &PayerScalar,
        locks: &LockSet,
    ) -> Result<Claimed, ClaimError> {
        let recorded = self.store.insert_claim(*polynomial, *x, locks.clone())?;
        if recorded { Ok(Claimed::First) } else { Err(ClaimError::AlreadyClaimed(*x)) }
    }

    /// Whether a claim may be made behind those of the group.
    fn admit(
        &self,
        group: &Group,
        polynomial: &PolynomialId,
        x: &PayerScalar,
        locks: &LockSet,
    ) -> Result<Claimed, ClaimError> {
        let mut state = self.state(polynomial)?;
        let recorded = self.store.claim(polynomial, x)?;
        if let Some(recorded) = recorded.as_ref().or_else(|| group.claim(polynomial, x)) {
            return again(x, recorded, locks);
        }
        state.claimed = state.claimed.saturating_add(group.count(polynomial));
        check_room(polynomial, &state)?;
        Ok(Claimed::First)
    }

    /// Takes no new claims on this polynomial any more.
    ///
    /// # Errors
    ///
    /// [`ClaimError::UnknownPolynomial`] and [`ClaimError::Store`].
    pub fn retire(&mut self, polynomial: &PolynomialId) -> Result<(), ClaimError> {
        if self.store.retire(*polynomial)? {
            Ok(())
        } else {
            Err(ClaimError::UnknownPolynomial(*polynomial))
        }
    }

    /// Takes no new claims on any polynomial of the store: for one that may have forgotten some.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Store`].
    pub fn retire_all(&mut self) -> Result<(), ClaimError> {
        Ok(self.store.retire_all()?)
    }

    fn state(&self, polynomial: &PolynomialId) -> Result<PolynomialState, ClaimError> {
        self.store.polynomial(polynomial)?.ok_or(ClaimError::UnknownPolynomial(*polynomial))
    }
}

fn check_degree(polynomial: PolynomialId, k: usize) -> Result<u32, ClaimError> {
    let degree = u32::try_from(k).ok().filter(|k| *k > 0);
    degree.ok_or(ClaimError::DegreeOutOfRange { polynomial, k })
}

/// Whether what is in the store is this polynomial in this invoice.
fn check_same(
    polynomial: PolynomialId,
    state: &PolynomialState,
    invoice: InvoiceId,
    k: u32,
) -> Result<(), ClaimError> {
    if state.invoice == invoice && state.k == k {
        Ok(())
    } else {
        Err(ClaimError::PolynomialInUse { polynomial, invoice: state.invoice })
    }
}

fn check_room(polynomial: &PolynomialId, state: &PolynomialState) -> Result<(), ClaimError> {
    if state.retired {
        return Err(ClaimError::Retired(*polynomial));
    }
    check_count(polynomial, state)
}

fn check_count(polynomial: &PolynomialId, state: &PolynomialState) -> Result<(), ClaimError> {
    if state.claimed >= state.k {
        Err(ClaimError::NoSlotLeft { polynomial: *polynomial, k: state.k })
    } else {
        Ok(())
    }
}

/// Of an x that is recorded.
fn again(x: &PayerScalar, recorded: &LockSet, locks: &LockSet) -> Result<Claimed, ClaimError> {
    if recorded == locks { Ok(Claimed::Again) } else { Err(ClaimError::AlreadyClaimed(*x)) }
}

/// New claims that are about to be recorded together.
#[derive(Default)]
struct Group {
    claims: Vec<(PolynomialId, PayerScalar, LockSet)>,
    /// Where each stands in `claims`.
    places: BTreeMap<(PolynomialId, PayerScalar), usize>,
    counts: BTreeMap<PolynomialId, u32>,
}

impl Group {
    fn add(&mut self, polynomial: PolynomialId, x: PayerScalar, locks: &LockSet) {
        self.places.insert((polynomial, x), self.claims.len());
        self.claims.push((polynomial, x, locks.clone()));
        *self.counts.entry(polynomial).or_default() += 1;
    }

    fn claim(&self, polynomial: &PolynomialId, x: &PayerScalar) -> Option<&LockSet> {
        self.places.get(&(*polynomial, *x)).map(|place| &self.claims[*place].2)
    }

    fn count(&self, polynomial: &PolynomialId) -> u32 {
        self.counts.get(polynomial).copied().unwrap_or(0)
    }
}
