//! A store of claims that fails when it is told to.

use std::cell::Cell;
use std::rc::Rc;

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

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken")
    }
}

impl ClaimStore for FailingClaims {
    type Error = Broken;

    fn polynomial(&self, id: &PolynomialId) -> Result<Option<PolynomialState>, Broken> {
        let Ok(state) = self.inner.polynomial(id);
        Ok(state)
    }

    fn claim(&self, id: &PolynomialId, x: &PayerScalar) -> Result<Option<LockSet>, Broken> {
        let Ok(locks) = self.inner.claim(id, x);
        Ok(locks)
    }

    fn insert_polynomial(
        &mut self,
        id: PolynomialId,
        invoice: InvoiceId,
        k: u32,
    ) -> Result<bool, Broken> {
        let Ok(inserted) = self.inner.insert_polynomial(id, invoice, k);
        Ok(inserted)
    }

    fn insert_claim(
        &mut self,
        id: PolynomialId,
        x: PayerScalar,
        locks: LockSet,
    ) -> Result<bool, Broken> {
        match self.fail.take() {
            Some(Fails::BeforeItsWork) => Err(Broken),
            Some(Fails::AfterItsWork) => {
                let Ok(_) = self.inner.insert_claim(id, x, locks);
                Err(Broken)
            }
            None => {
                let Ok(inserted) = self.inner.insert_claim(id, x, locks);
                Ok(inserted)
            }
        }
    }

    fn retire(&mut self, id: PolynomialId) -> Result<bool, Broken> {
        let Ok(known) = self.inner.retire(id);
        Ok(known)
    }

    fn retire_all(&mut self) -> Result<(), Broken> {
        let Ok(()) = self.inner.retire_all();
        Ok(())
    }
}
