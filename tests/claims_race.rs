//! Two processes over one store of claims: what the other has recorded in the meantime is no claim of one's own.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use pointlock::StoreError;
use pointlock::claims::{
    ClaimBook, ClaimError, ClaimStore, Claimed, LockSet, MemoryClaimStore, PolynomialState,
};
use pointlock::curve::SecretScalar;
use pointlock::edge::{Direction, EdgeId};
use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::{PayerScalar, PaymentPolynomial, PolynomialId};

/// A store that shows what was there a moment ago, before the other process wrote.
#[derive(Clone, Default)]
struct AMomentAgo {
    now: MemoryClaimStore,
    shown: MemoryClaimStore,
}

impl ClaimStore for AMomentAgo {
    fn polynomial(&self, id: &PolynomialId) -> Result<Option<PolynomialState>, StoreError> {
        self.shown.polynomial(id)
    }

    fn claim(&self, id: &PolynomialId, x: &PayerScalar) -> Result<Option<LockSet>, StoreError> {
        self.shown.claim(id, x)
    }

    fn insert_polynomial(
        &mut self,
        id: PolynomialId,
        invoice: InvoiceId,
        k: u32,
    ) -> Result<bool, StoreError> {
        self.now.insert_polynomial(id, invoice, k)
    }

    fn insert_claim(
        &mut self,
        id: PolynomialId,
        x: PayerScalar,
        locks: LockSet,
    ) -> Result<bool, StoreError> {
        self.now.insert_claim(id, x, locks)
    }

    fn retire(&mut self, id: PolynomialId) -> Result<bool, StoreError> {
        self.now.retire(id)
    }

    fn retire_all(&mut self) -> Result<(), StoreError> {
        self.now.retire_all()
    }
}

#[test]
fn a_claim_that_another_process_was_faster_with_is_none() {
    let id = PaymentPolynomial::from_entropy(&[1; 32], 2).unwrap().id();
    let point = SecretScalar::from_bytes(&[2; 32]).unwrap().to_point();
    let locks = |number| {
        LockSet::new([(EdgeId::in_channel([1; 32], Direction::FromNode1, number), point)]).unwrap()
    };
    let x = |byte| PayerScalar::from_bytes(&[byte; 32]).unwrap();
    let mut shown = MemoryClaimStore::default();
    shown.insert_polynomial(id, InvoiceId::from_bytes([1; 32]), 2).unwrap();
    let mut now = shown.clone();
    now.insert_claim(id, x(1), locks(1)).unwrap();
    let mut book = ClaimBook::new(AMomentAgo { now, shown });
    assert_eq!(book.claim(&id, &x(1), &locks(2)), Err(ClaimError::AlreadyClaimed(x(1))));
    // The twin: nobody was faster.
    assert_eq!(book.claim(&id, &x(2), &locks(2)), Ok(Claimed::First));
}
