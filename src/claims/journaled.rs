use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{ClaimEntry, ClaimStore, LockSet, MemoryClaimStore, PolynomialState};
use crate::StoreError;
use crate::invoice::InvoiceId;
use crate::invoice::ktime::{PayerScalar, PolynomialId};
use crate::journal::{Journal, JournalError, RecordError, Recordable};

/// A store whose changes are records of a journal of its own, each a [`ClaimEntry`]: what is durable is the journal, and this is read from
/// it.
#[derive(Clone, Debug)]
pub struct JournaledClaims<J> {
    journal: J,
    index: MemoryClaimStore,
}

impl<J: Journal> JournaledClaims<J> {
    /// The store that a journal's records make; an empty one in the beginning.
    ///
    /// # Errors
    ///
    /// As [`Journal::read`], [`JournalError::Record`], and [`JournalError::Snapshot`]: nothing in this journal is ever dropped.
    pub fn open(mut journal: J) -> Result<Self, JournalError> {
        let history = journal.read()?;
        if let Some(snapshot) = &history.snapshot {
            let error = RecordError::field("snapshot", "a journal of claims has none");
            return Err(JournalError::Snapshot { before: snapshot.before, error });
        }
        let mut index = MemoryClaimStore::default();
        for entry in history.events::<ClaimEntry>() {
            entry?.apply(&mut index);
        }
        Ok(Self { journal, index })
    }

    /// The journal.
    pub fn journal(&self) -> &J {
        &self.journal
    }

    /// Appends the entries as one group, and makes the changes when they are durable; says of each whether it was one.
    fn append(&mut self, entries: Vec<ClaimEntry>) -> Result<Vec<bool>, StoreError> {
        let records: Vec<_> = entries.iter().map(Recordable::to_record).collect();
        let group: Vec<&[u8]> = records.iter().map(|record| record.as_slice()).collect();
        if !group.is_empty() {
            self.journal.append(&group).map_err(StoreError::new)?;
        }
        Ok(entries.into_iter().map(|entry| entry.apply(&mut self.index)).collect())
    }

    fn append_one(&mut self, entry: ClaimEntry) -> Result<bool, StoreError> {
        Ok(self.append(alloc::vec![entry])?.contains(&true))
    }
}

impl<J: Journal> ClaimStore for JournaledClaims<J> {
    fn polynomial(&self, id: &PolynomialId) -> Result<Option<PolynomialState>, StoreError> {
        self.index.polynomial(id)
    }

    fn claim(&self, id: &PolynomialId, x: &PayerScalar) -> Result<Option<LockSet>, StoreError> {
        self.index.claim(id, x)
    }

    fn insert_polynomial(
        &mut self,
        id: PolynomialId,
        invoice: InvoiceId,
        k: u32,
    ) -> Result<bool, StoreError> {
        match self.polynomial(&id)? {
            Some(_) => Ok(false),
            None => self.append_one(ClaimEntry::Polynomial { id, invoice, k }),
        }
    }

    fn insert_retired_polynomial(
        &mut self,
        id: PolynomialId,
        invoice: InvoiceId,
        k: u32,
    ) -> Result<bool, StoreError> {
        if self.polynomial(&id)?.is_some() {
            return Ok(false);
        }
        self.append(alloc::vec![
            ClaimEntry::Polynomial { id, invoice, k },
            ClaimEntry::Retirement { id },
        ])?;
        Ok(true)
    }

    fn insert_claim(
        &mut self,
        id: PolynomialId,
        x: PayerScalar,
        locks: LockSet,
    ) -> Result<bool, StoreError> {
        Ok(self.insert_claims(alloc::vec![(id, x, locks)])?.contains(&true))
    }

    fn insert_claims(
        &mut self,
        claims: Vec<(PolynomialId, PayerScalar, LockSet)>,
    ) -> Result<Vec<bool>, StoreError> {
        let (mut entries, mut is_new) = (Vec::new(), Vec::with_capacity(claims.len()));
        let mut seen = BTreeSet::new();
        for (id, x, locks) in claims {
            let vacant = self.polynomial(&id)?.is_some() && self.claim(&id, &x)?.is_none();
            let is_first = vacant && seen.insert((id, x));
            is_new.push(is_first);
            if is_first {
                entries.push(ClaimEntry::Claim { id, x, locks });
            }
        }
        self.append(entries)?;
        Ok(is_new)
    }

    fn retire(&mut self, id: PolynomialId) -> Result<bool, StoreError> {
        match self.polynomial(&id)? {
            None => Ok(false),
            Some(state) if state.retired => Ok(true),
            Some(_) => self.append_one(ClaimEntry::Retirement { id }),
        }
    }

    fn retire_all(&mut self) -> Result<(), StoreError> {
        self.append_one(ClaimEntry::RetirementOfAll).map(|_| ())
    }
}
