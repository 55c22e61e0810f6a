use alloc::vec::Vec;

use super::PayingUnder;
use crate::curve::SecretScalar;
use crate::invoice::StaticInvoice;
use crate::invoice::ktime::{KtimeError, PayerKey};
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
    /// As [`new`](Self::new), and [`KtimeError::PayerKeyOdd`] for a secret that is not kept like this.
    pub(in crate::payment) fn restored(
        invoice: &StaticInvoice,
        secret: Option<SecretScalar>,
        note: Option<Vec<u8>>,
        amount_msat: u64,
    ) -> Result<Option<Self>, OrderError> {
        let payer = match secret {
            Some(secret) if secret.to_point().is_odd() => {
                return Err(KtimeError::PayerKeyOdd.into());
            }
            secret => secret.map(|secret| (PayerKey::new(secret), note)),
        };
        Self::under(invoice, payer, amount_msat)
    }
}
