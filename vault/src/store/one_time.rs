use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::stock::COLUMNS;
use super::{
    Batch, Form, Handed, NewOneTime, NoticeKind, OneTime, OneTimeCount, Receiver, State, Store,
    StoreError, Transaction, Wanted, bytes, database, integer,
};

/// So many rows go in with one statement.
const ROWS: usize = 200;

/// The oldest one that fits: an index has them in this order, with the amount or without it.
fn candidate(form: Form, lock: &str) -> String {
    let exactly = match form {
        Form::Invoice => "AND amount_msat = $4 AND description_hash = $5",
        Form::Hash | Form::Static => "",
    };
    format!(
        "SELECT id, payment_hash, invoice, expires_at FROM one_time \
         WHERE receiver_id = $1 AND state = 'ready' AND form = $2 AND expires_at >= $3 {exactly} ORDER BY id LIMIT 1 {lock}"
    )
}

fn bound<'q>(
    sql: &'q str,
    receiver: &Receiver,
    wanted: &Wanted<'_>,
    now: u64,
) -> sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments<'q>> {
    let query = sqlx::query(sql)
        .bind(receiver.id)
        .bind(wanted.form.as_str())
        .bind(integer(now.saturating_add(wanted.lasting)));
    if wanted.form == Form::Invoice {
        let hash = wanted.description_hash.map(|hash| hash.to_vec());
        return query.bind(wanted.amount_msat.map(integer)).bind(hash);
    }
    query
}

impl Store {
    /// Takes in a batch, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`StoreError::Known`] for a payment hash that the vault has or had; [`StoreError::Full`]; [`StoreError::BeforeRestore`];
    /// [`StoreError::KeyReplaced`]; what the database says.
    pub(crate) async fn put_one_time_in(
        &self,
        tx: &mut Transaction<'_>,
        receiver: &Receiver,
        batch: &Batch,
        limit: u64,
    ) -> Result<(), StoreError> {
        self.hold_key(tx, receiver).await?;
        let row = sqlx::query("SELECT restored_at FROM vault").fetch_one(&mut **tx).await?;
        let restored_at = database::number(row.try_get(0)?)?;
        // Of that very second, too: nobody can tell which came first.
        if let Some(item) = batch.items.iter().find(|item| item.created_at <= restored_at) {
            let (what, created_at) = (hex::encode(item.payment_hash), item.created_at);
            return Err(StoreError::BeforeRestore { what, created_at, restored_at });
        }
        let row =
            sqlx::query("SELECT COUNT(*) FROM one_time WHERE receiver_id = $1 AND state = 'ready'")
                .bind(receiver.id)
                .fetch_one(&mut **tx)
                .await?;
        let ready = database::number(row.try_get(0)?)?;
        if ready.saturating_add(batch.items.len() as u64) > limit {
            return Err(StoreError::Full { ready, limit });
        }
        for part in batch.items.chunks(ROWS) {
            self.insert(tx, receiver, batch.form, part).await?;
        }
        Ok(())
    }

    async fn insert(
        &self,
        tx: &mut Transaction<'_>,
        receiver: &Receiver,
        form: Form,
        items: &[NewOneTime],
    ) -> Result<(), StoreError> {
        let marks: Vec<String> = (1..=items.len()).map(|index| format!("${index}")).collect();
        let sql = format!(
            "SELECT payment_hash FROM one_time WHERE payment_hash IN ({}) LIMIT 1",
            marks.join(",")
        );
        let mut query = sqlx::query(&sql);
        for item in items {
            query = query.bind(item.payment_hash.to_vec());
        }
        if let Some(row) = query.fetch_optional(&mut **tx).await? {
            let hash: [u8; 32] = bytes(&row, "payment_hash")?;
            return Err(StoreError::Known { what: hex::encode(hash) });
        }
        let row = |index: usize| {
            let columns: Vec<String> =
                (1..=9).map(|column| format!("${}", index * 9 + column)).collect();
            format!("({},'ready')", columns.join(","))
        };
        let rows: Vec<String> = (0..items.len()).map(row).collect();
        let sql = format!(
            "INSERT INTO one_time (receiver_id, form, payment_hash, amount_msat, description_hash, invoice, created_at, \
             expires_at, signature, state) VALUES {}",
            rows.join(",")
        );
        let mut query = sqlx::query(&sql);
        for item in items {
            query = query
                .bind(receiver.id)
                .bind(form.as_str())
                .bind(item.payment_hash.to_vec())
                .bind(item.amount_msat.map(integer))
                .bind(item.description_hash.map(|hash| hash.to_vec()))
                .bind(item.invoice.clone())
                .bind(integer(item.created_at))
                .bind(integer(item.expires_at))
                .bind(item.signature.map(|signature| signature.to_vec()));
        }
        match query.execute(&mut **tx).await {
            Err(error) if StoreError::is_duplicate(&error) => {
                Err(StoreError::Known { what: "one of these payment hashes".to_owned() })
            }
            other => other.map(drop).map_err(StoreError::from),
        }
    }

    /// Hands out a one-time invoice: None where there is no such one. Once this returns it, no process ever returns it again.
    ///
    /// `write` makes the invoice's text for a payment hash that may be paid until the second given.
    ///
    /// # Errors
    ///
    /// What the database, the mark or `write` says: then nobody has it, and it may be lost.
    pub(crate) async fn hand_out(
        &self,
        receiver: &Receiver,
        wanted: &Wanted<'_>,
        write: impl Fn(&[u8; 32], u64) -> Result<String, StoreError>,
    ) -> Result<Option<Handed>, StoreError> {
        let now = self.clock.now();
        let before = self.mark.number();
        // A look that locks nothing: whoever asks for what is not there keeps nobody waiting.
        let look = candidate(wanted.form, "");
        if bound(&look, receiver, wanted, now).fetch_optional(&self.pool).await?.is_none() {
            self.check_not_restored()?;
            return Ok(None);
        }
        let mut tx = self.begin().await?;
        let take = candidate(wanted.form, self.dialect.skip_locked());
        let query = bound(&take, receiver, wanted, now);
        let Some(row) = query.fetch_optional(&mut *tx).await? else {
            tx.rollback().await?;
            return Ok(None);
        };
        let payment_hash = bytes(&row, "payment_hash")?;
        let invoice = match row.try_get::<Option<String>, _>("invoice")? {
            Some(invoice) => invoice,
            None => write(&payment_hash, database::number(row.try_get("expires_at")?)?)?,
        };
        let number = self.next_handed(&mut tx, before).await?;
        let done = sqlx::query(
            "UPDATE one_time SET state = 'handed', handed_number = $1, handed_at = $2, invoice = $3, comment = $4, \
             amount_msat = COALESCE(amount_msat, $5) WHERE id = $6 AND state = 'ready'",
        )
        .bind(integer(number))
        .bind(integer(now))
        .bind(invoice.as_str())
        .bind(wanted.comment)
        .bind(wanted.amount_msat.map(integer))
        .bind(row.try_get::<i64, _>("id")?)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Err(StoreError::Row("an invoice was taken by two".to_owned()));
        }
        tx.commit().await?;
        self.mark.raise(number)?;
        Ok(Some(Handed { payment_hash, invoice, number }))
    }

    /// Withdraws what is ready: the one with this payment hash, or all of a receiver's. Says how many there were.
    pub(crate) async fn withdraw_one_time_in(
        &self,
        tx: &mut Transaction<'_>,
        receiver: &Receiver,
        payment_hash: Option<[u8; 32]>,
    ) -> Result<u64, StoreError> {
        let one = if payment_hash.is_some() { "AND payment_hash = $2" } else { "" };
        let sql = format!(
            "UPDATE one_time SET state = 'withdrawn' WHERE receiver_id = $1 AND state = 'ready' {one}"
        );
        let mut query = sqlx::query(&sql).bind(receiver.id);
        if let Some(hash) = payment_hash {
            query = query.bind(hash.to_vec());
        }
        Ok(query.execute(&mut **tx).await?.rows_affected())
    }

    /// The receiver says what opens one of its hashes: it was paid. One that is still ready is withdrawn. False where there is none.
    pub(crate) async fn settle_in(
        &self,
        tx: &mut Transaction<'_>,
        receiver: &Receiver,
        preimage: &[u8; 32],
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE one_time SET preimage = $1, state = CASE WHEN state = 'ready' THEN 'withdrawn' ELSE state END \
             WHERE receiver_id = $2 AND payment_hash = $3",
        )
        .bind(preimage.to_vec())
        .bind(receiver.id)
        .bind(Sha256::digest(preimage).to_vec())
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The row with this payment hash.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn one_time(
        &self,
        receiver: &Receiver,
        payment_hash: &[u8; 32],
    ) -> Result<Option<OneTime>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM one_time WHERE receiver_id = $1 AND payment_hash = $2");
        let query = sqlx::query(&sql).bind(receiver.id).bind(payment_hash.to_vec());
        query.fetch_optional(&self.pool).await?.as_ref().map(OneTime::of).transpose()
    }

    /// What was handed out after this number, in order, at most so many.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn handed_after(
        &self,
        receiver: &Receiver,
        number: u64,
        most: u32,
    ) -> Result<Vec<OneTime>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM one_time WHERE receiver_id = $1 AND state = 'handed' AND handed_number > $2 \
             ORDER BY handed_number LIMIT $3"
        );
        let query = sqlx::query(&sql).bind(receiver.id).bind(integer(number)).bind(i64::from(most));
        query.fetch_all(&self.pool).await?.iter().map(OneTime::of).collect()
    }

    /// How many of each form are in each state: of a receiver, or of all.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn one_time_counts(
        &self,
        receiver: Option<&Receiver>,
    ) -> Result<Vec<OneTimeCount>, StoreError> {
        let whose = if receiver.is_some() { "WHERE receiver_id = $1" } else { "" };
        let sql =
            format!("SELECT form, state, COUNT(*) FROM one_time {whose} GROUP BY form, state");
        let mut query = sqlx::query(&sql);
        if let Some(receiver) = receiver {
            query = query.bind(receiver.id);
        }
        let read = |row: &AnyRow| {
            let (form, state) = (Form::parse(row.try_get(0)?)?, State::parse(row.try_get(1)?)?);
            Ok(OneTimeCount { form, state, count: database::number(row.try_get(2)?)? })
        };
        query.fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// The least and the largest amount of the ready-made BOLT 11 invoices with this description hash.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn ready_amounts(
        &self,
        receiver: &Receiver,
        description_hash: &[u8; 32],
        lasting: u64,
    ) -> Result<Option<(u64, u64)>, StoreError> {
        let row = sqlx::query(
            "SELECT MIN(amount_msat), MAX(amount_msat) FROM one_time WHERE receiver_id = $1 AND state = 'ready' \
             AND form = 'invoice' AND description_hash = $2 AND expires_at >= $3",
        )
        .bind(receiver.id)
        .bind(description_hash.to_vec())
        .bind(integer(self.clock.now().saturating_add(lasting)))
        .fetch_one(&self.pool)
        .await?;
        let (least, most): (Option<i64>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
        match least.zip(most) {
            None => Ok(None),
            Some((least, most)) => Ok(Some((database::number(least)?, database::number(most)?))),
        }
    }

    /// Whether there is a hash in the pool.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn has_hashes(&self, receiver: &Receiver, lasting: u64) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT id FROM one_time WHERE receiver_id = $1 AND state = 'ready' AND form = 'hash' AND expires_at >= $2 LIMIT 1",
        )
        .bind(receiver.id)
        .bind(integer(self.clock.now().saturating_add(lasting)))
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.is_some())
    }

    /// Tells receivers, out of whose stock something was handed, when little is left.
    pub(crate) async fn notice_stock(&self, receivers: &[i64], low: u32) -> Result<(), StoreError> {
        for &receiver in receivers {
            let row = sqlx::query(
                "SELECT COUNT(*) FROM (SELECT 1 FROM one_time WHERE receiver_id = $1 AND state = 'ready' AND expires_at > $2 \
                 LIMIT $3) AS few",
            )
            .bind(receiver)
            .bind(integer(self.clock.now()))
            .bind(i64::from(low))
            .fetch_one(&self.pool)
            .await?;
            let kind = match row.try_get::<i64, _>(0)? {
                0 => NoticeKind::StockEmpty,
                left if left < i64::from(low) => NoticeKind::StockLow,
                _ => continue,
            };
            let mut tx = self.begin().await?;
            self.notice_in(&mut tx, receiver, kind, "one_time").await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
