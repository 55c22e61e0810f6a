use pointlock::curve::Point;
use sqlx::Row as _;

use super::{Store, StoreError, Transaction, database, integer};

/// How far a request's time may be from the vault's, in seconds.
pub(crate) const WINDOW: u64 = 300;

impl Store {
    /// Takes a request as carried out, in the transaction that carries it out.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replayed`]; what the database says.
    pub(crate) async fn take_request(
        &self,
        tx: &mut Transaction<'_>,
        node_id: &Point,
        nonce: &[u8; 16],
        time: u64,
    ) -> Result<(), StoreError> {
        // What was forgotten is older than the floor by more than the window; a clock that is set back changes nothing.
        let row = sqlx::query("SELECT time_floor FROM vault").fetch_one(&mut **tx).await?;
        if time.saturating_add(2 * WINDOW) < database::number(row.try_get(0)?)? {
            return Err(StoreError::Replayed);
        }
        let done = sqlx::query(
            "INSERT INTO requests (node_id, nonce, time) VALUES ($1, $2, $3) ON CONFLICT (node_id, nonce) DO NOTHING",
        )
        .bind(node_id.to_bytes().to_vec())
        .bind(nonce.to_vec())
        .bind(integer(time))
        .execute(&mut **tx)
        .await?;
        match done.rows_affected() {
            0 => Err(StoreError::Replayed),
            _ => Ok(()),
        }
    }

    /// Forgets requests that are too old to be taken again.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn forget_requests(&self) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM requests WHERE time + $1 < (SELECT time_floor FROM vault)")
            .bind(integer(2 * WINDOW))
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }
}
