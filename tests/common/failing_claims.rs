//! A store of claims that fails when it is told to.

use std::cell::Cell;
use std::rc::Rc;

use pointlock::StoreError;
use pointlock::claims::{ClaimStore, LockSet, MemoryClaimStore, PolynomialState};
use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::{PayerScalar, PolynomialId};

/// When the next claim is not recorded, as far as its caller can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fails {
    BeforeItsWork,
    AfterItsWork,
}

/// A store that fails once when it is told to.
#[derive(Clone, Debug, Default)]
pub(crate) struct FailingClaims {
    inner: MemoryClaimStore,
    pub(crate) fail: Rc<Cell<Option<Fails>>>,
}

pub(crate) fn broken() -> StoreError {
    StoreError::new("broken")
}

impl ClaimStore for FailingClaims {
    fn polynomial(&self, id: &PolynomialId) -> Result<Option<PolynomialState>, StoreError> {
        self.inner.polynomial(id)
    }

    fn claim(&self, id: &PolynomialId, x: &PayerScalar) -> Result<Option<LockSet>, StoreError> {
        self.inner.claim(id, x)
    }

    fn insert_polynomial(
        &mut self,
        id: PolynomialId,
        invoice: InvoiceId,
        k: u32,
    ) -> Result<bool, StoreError> {
        self.inner.insert_polynomial(id, invoice, k)
    }

    fn insert_claim(
        &mut self,
        id: PolynomialId,
        x: PayerScalar,
        locks: LockSet,
    ) -> Result<bool, StoreError> {
        match self.fail.take() {
            Some(Fails::BeforeItsWork) => Err(broken()),
            Some(Fails::AfterItsWork) => {
                self.inner.insert_claim(id, x, locks)?;
                Err(broken())
            }
            None => self.inner.insert_claim(id, x, locks),
        }
    }

    fn retire(&mut self, id: PolynomialId) -> Result<bool, StoreError> {
        self.inner.retire(id)
    }

    fn retire_all(&mut self) -> Result<(), StoreError> {
        self.inner.retire_all()
    }
}
