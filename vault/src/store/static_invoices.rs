use std::collections::HashMap;

use pointlock::invoice::{InvoiceId, PaymentLock, StaticInvoice};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{NoticeKind, Receiver, Store, StoreError, Transaction, bytes, database, integer};

/// By which door a static invoice was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The receiver's requests over HTTP: one invoice.
    Web,
    /// Onion messages, as LDK's receivers do: an invoice for each of its offers, by slot.
    Peer {
        /// LDK's `invoice_slot`.
        slot: u16,
    },
}

impl Door {
    fn columns(self) -> (&'static str, i64) {
        match self {
            Self::Web => ("web", 0),
            Self::Peer { slot } => ("peer", i64::from(slot)),
        }
    }
}

/// A verified static invoice on its way into the store.
#[derive(Clone, Debug)]
pub struct NewStatic<'a> {
    /// By which door.
    pub door: Door,
    /// The invoice.
    pub invoice: &'a StaticInvoice,
    /// Of a peer: where a payer's request is passed on to.
    pub request_path: Option<Vec<u8>>,
}

/// A static invoice as it is kept.
#[derive(Clone, Debug)]
pub struct StaticRow {
    pub(crate) id: i64,
    /// Its id.
    pub invoice_id: InvoiceId,
    /// The degree of its polynomial; None without points.
    pub k: Option<u64>,
    /// Its text.
    pub text: String,
    /// The last second in which it may be paid, its offer's expiry in it.
    pub expires_at: u64,
    /// How often it was handed out, for what was written so far.
    pub handed_out: u64,
    /// By which door.
    pub door: Door,
    /// Of a peer: where a payer's request is passed on to.
    pub request_path: Option<Vec<u8>>,
}

const COLUMNS: &str =
    "id, door, slot, invoice_id, k, invoice, request_path, expires_at, handed_out";

impl StaticRow {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        let door: String = row.try_get("door")?;
        let slot = u16::try_from(row.try_get::<i64, _>("slot")?)
            .map_err(|_| StoreError::Row("a slot above 65,535".to_owned()))?;
        let k: Option<i64> = row.try_get("k")?;
        Ok(Self {
            id: row.try_get("id")?,
            invoice_id: InvoiceId::from_bytes(bytes(row, "invoice_id")?),
            k: k.map(database::number).transpose()?,
            text: row.try_get("invoice")?,
            expires_at: database::number(row.try_get("expires_at")?)?,
            handed_out: database::number(row.try_get("handed_out")?)?,
            door: if door == "web" { Door::Web } else { Door::Peer { slot } },
            request_path: row.try_get("request_path")?,
        })
    }
}

/// When neither the invoice nor its offer may be paid any more.
fn expires_at(invoice: &StaticInvoice) -> u64 {
    invoice.expires_at().min(invoice.offer_absolute_expiry().unwrap_or(u64::MAX))
}

impl Store {
    /// Keeps a static invoice in place of what was left by the same door. The same one again changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Known`] for one that was replaced or withdrawn; [`StoreError::PointsKnown`]; what the database says.
    pub(crate) async fn put_static_in(
        &self,
        tx: &mut Transaction<'_>,
        receiver: &Receiver,
        new: &NewStatic<'_>,
    ) -> Result<(), StoreError> {
        let (door, slot) = new.door.columns();
        let id = new.invoice.invoice_id().to_bytes();
        let known = sqlx::query(
            "SELECT receiver_id, door, slot FROM static_invoices WHERE invoice_id = $1 AND state = 'current'",
        )
        .bind(id.to_vec())
        .fetch_optional(&mut **tx)
        .await?;
        if let Some(row) = known {
            let place: (i64, String, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            if place == (receiver.id, door.to_owned(), slot) {
                return Ok(());
            }
        }
        self.touch(tx, receiver).await?;
        sqlx::query(
            "UPDATE static_invoices SET state = 'replaced' \
             WHERE receiver_id = $1 AND door = $2 AND slot = $3 AND state = 'current'",
        )
        .bind(receiver.id)
        .bind(door)
        .bind(slot)
        .execute(&mut **tx)
        .await?;
        let points = match new.invoice.lock() {
            Some(PaymentLock::Points(points)) => Some(points),
            _ => None,
        };
        let polynomial = points.map(|points| points.polynomial_id().to_bytes().to_vec());
        let insert = sqlx::query(
            "INSERT INTO static_invoices (receiver_id, door, slot, invoice_id, polynomial_id, k, invoice, request_path, \
             expires_at, state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'current', $10)",
        )
        .bind(receiver.id)
        .bind(door)
        .bind(slot)
        .bind(id.to_vec())
        .bind(polynomial.clone())
        .bind(points.map(|points| integer(points.k() as u64)))
        .bind(new.invoice.to_string())
        .bind(new.request_path.clone())
        .bind(integer(expires_at(new.invoice)))
        .bind(integer(self.clock.now()));
        match insert.execute(&mut **tx).await {
            Err(error) if StoreError::is_duplicate(&error) => {
                let text = error.to_string();
                Err(if text.contains("polynomial_id") {
                    StoreError::PointsKnown
                } else {
                    StoreError::Known { what: new.invoice.invoice_id().to_string() }
                })
            }
            other => other.map(drop).map_err(StoreError::from),
        }
    }

    /// Withdraws a static invoice: false where there is none to withdraw.
    pub(crate) async fn withdraw_static_in(
        &self,
        tx: &mut Transaction<'_>,
        receiver: &Receiver,
        invoice: InvoiceId,
    ) -> Result<bool, StoreError> {
        self.touch(tx, receiver).await?;
        let done = sqlx::query(
            "UPDATE static_invoices SET state = 'withdrawn' WHERE receiver_id = $1 AND invoice_id = $2 AND state = 'current'",
        )
        .bind(receiver.id)
        .bind(invoice.to_bytes().to_vec())
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The invoices that a receiver has left and not withdrawn, expired ones among them, the web's first.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn statics(&self, receiver: &Receiver) -> Result<Vec<StaticRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM static_invoices WHERE receiver_id = $1 AND state = 'current' ORDER BY door DESC, slot"
        );
        let rows = sqlx::query(&sql).bind(receiver.id).fetch_all(&self.pool).await?;
        rows.iter().map(StaticRow::of).collect()
    }

    /// Receivers behind this name, in order, at most so many, with what they have left: two questions for all of them.
    pub(crate) async fn with_statics(
        &self,
        after: &str,
        most: u32,
    ) -> Result<Vec<(Receiver, Vec<StaticRow>)>, StoreError> {
        let receivers = self.receivers(after, most).await?;
        let Some(last) = receivers.last() else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT receiver_id, {COLUMNS} FROM static_invoices WHERE state = 'current' \
             AND receiver_id IN (SELECT id FROM receivers WHERE name > $1 AND name <= $2) ORDER BY receiver_id, door DESC, slot"
        );
        let query = sqlx::query(&sql).bind(after).bind(last.name.as_str());
        let mut of: HashMap<i64, Vec<StaticRow>> = HashMap::new();
        for row in query.fetch_all(&self.pool).await? {
            of.entry(row.try_get("receiver_id")?).or_default().push(StaticRow::of(&row)?);
        }
        let with = |receiver: Receiver| {
            let statics = of.remove(&receiver.id).unwrap_or_default();
            (receiver, statics)
        };
        Ok(receivers.into_iter().map(with).collect())
    }

    /// Adds to the counts of what was handed out, and tells receivers whose polynomials run low. The counts are (row, how often).
    pub(crate) async fn count_statics(&self, counts: &[(i64, u64)]) -> Result<(), StoreError> {
        for part in counts.chunks(500) {
            // Numbers, and nothing else.
            let values: Vec<String> = part.iter().map(|(id, n)| format!("({id},{n})")).collect();
            let sql = format!(
                "UPDATE static_invoices SET handed_out = handed_out + v.column2 FROM (VALUES {}) AS v \
                 WHERE static_invoices.id = v.column1 RETURNING receiver_id, invoice_id, k, handed_out",
                values.join(",")
            );
            let mut tx = self.begin().await?;
            let rows = sqlx::query(&sql).persistent(false).fetch_all(&mut *tx).await?;
            for row in rows {
                let k: Option<i64> = row.try_get("k")?;
                let handed: i64 = row.try_get("handed_out")?;
                let kind = match k {
                    Some(k) if k > 0 && handed >= k => NoticeKind::PointsSpent,
                    Some(k) if k > 0 && handed >= k - k / 4 => NoticeKind::PointsLow,
                    _ => continue,
                };
                let id: [u8; 32] = bytes(&row, "invoice_id")?;
                self.notice_in(&mut tx, row.try_get("receiver_id")?, kind, &hex::encode(id))
                    .await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}
