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
        let k = u32::try_from(k)
            .ok()
            .filter(|k| *k > 0)
            .ok_or(ClaimError::DegreeOutOfRange { polynomial, k })?;
        match self.store.polynomial(&polynomial)? {
            Some(state) if state.invoice == invoice && state.k == k => Ok(()),
            Some(state) => Err(ClaimError::PolynomialInUse { polynomial, invoice: state.invoice }),
            None => {
                self.store.insert_polynomial(polynomial, invoice, k)?;
                Ok(())
            }
        }
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
        match self.store.claim(polynomial, x)? {
            Some(recorded) if recorded == *locks => return Ok(Claimed::Again),
            Some(_) => return Err(ClaimError::AlreadyClaimed(*x)),
            None => {}
        }
        check_room(polynomial, &state)?;
        let recorded = self.store.insert_claim(*polynomial, *x, locks.clone())?;
        if recorded { Ok(Claimed::First) } else { Err(ClaimError::AlreadyClaimed(*x)) }
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

fn check_room(polynomial: &PolynomialId, state: &PolynomialState) -> Result<(), ClaimError> {
    if state.retired {
        Err(ClaimError::Retired(*polynomial))
    } else if state.claimed >= state.k {
        Err(ClaimError::NoSlotLeft { polynomial: *polynomial, k: state.k })
    } else {
        Ok(())
    }
}
