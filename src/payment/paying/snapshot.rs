use alloc::vec::Vec;

use super::PayingUnder;
use crate::curve::SecretScalar;
use crate::invoice::StaticInvoice;
use crate::invoice::ktime::PayerKey;
use crate::payment::OrderError;

impl PayingUnder {
    /// The secret of A, and the note: all that does not follow from invoice and amount.
    pub(in crate::payment) fn dangerous_kept(&self) -> (&SecretScalar, Option<&Vec<u8>>) {
        (self.key.dangerous_as_scalar(), self.note.as_ref())
    }

    /// What was kept, with invoice and amount again.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub(in crate::payment) fn restored(
        invoice: &StaticInvoice,
        secret: Option<SecretScalar>,
        note: Option<Vec<u8>>,
        amount_msat: u64,
    ) -> Result<Option<Self>, OrderError> {
        Self::under(invoice, secret.map(|secret| (PayerKey::new(secret), note)), amount_msat)
    }
}
