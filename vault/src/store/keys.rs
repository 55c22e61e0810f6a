use pointlock::curve::Point;
use serde::{Deserialize, Serialize};

use super::{Receiver, Store, StoreError, Transaction};
use crate::name::Name;

/// What ended with a receiver's former key: it had signed all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Static invoices that are handed out no more.
    pub statics: u64,
    /// One-time invoices that were ready, and are withdrawn.
    pub one_time: u64,
}

impl Store {
    /// Gives a receiver another key, at its operator's word.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoReceiver`]; what the database says.
    pub async fn put_key(&self, name: &Name, key: &Point) -> Result<Ended, StoreError> {
        let none = || StoreError::NoReceiver { name: name.clone() };
        let receiver = self.receiver(name).await?.ok_or_else(none)?;
        let mut tx = self.begin().await?;
        let ended = self.put_key_in(&mut tx, &receiver, key).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Gives a receiver another key, and withdraws what the former one has signed.
    ///
    /// # Errors
    ///
    /// [`StoreError::KeyReplaced`] where somebody was faster; what the database says.
    pub(crate) async fn put_key_in(
        &self,
        tx: &mut Transaction<'_>,
        receiver: &Receiver,
        key: &Point,
    ) -> Result<Ended, StoreError> {
        // First the receiver's row: whoever leaves something under the former key waits for it, and is refused then.
        let change = self.next_change(tx).await?;
        let done = sqlx::query(
            "UPDATE receivers SET node_id = $1, change_number = $2 WHERE id = $3 AND node_id = $4",
        )
        .bind(key.to_bytes().to_vec())
        .bind(change)
        .bind(receiver.id)
        .bind(receiver.node_id.to_bytes().to_vec())
        .execute(&mut **tx)
        .await?;
        if done.rows_affected() != 1 {
            return Err(StoreError::KeyReplaced { name: receiver.name.clone() });
        }
        let statics = sqlx::query(
            "UPDATE static_invoices SET state = 'withdrawn' WHERE receiver_id = $1 AND state = 'current'",
        )
        .bind(receiver.id)
        .execute(&mut **tx)
        .await?;
        let one_time = self.withdraw_one_time_in(tx, receiver, None).await?;
        Ok(Ended { statics: statics.rows_affected(), one_time })
    }

    /// The receiver has this key still, and keeps it until the transaction ends. What was verified before it began may have been
    /// remembered from before a change of the key, by another process too.
    pub(crate) async fn hold_key(
        &self,
        tx: &mut Transaction<'_>,
        receiver: &Receiver,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT id FROM receivers WHERE id = $1 AND node_id = $2 {}",
            self.dialect.share_lock()
        );
        let row = sqlx::query(&sql)
            .bind(receiver.id)
            .bind(receiver.node_id.to_bytes().to_vec())
            .fetch_optional(&mut **tx)
            .await?;
        match row {
            Some(_) => Ok(()),
            None => Err(StoreError::KeyReplaced { name: receiver.name.clone() }),
        }
    }
}
