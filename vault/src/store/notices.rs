use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Receiver, Store, StoreError, Transaction, database, integer};

/// What a receiver has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A static invoice was handed out for most of the payments that its polynomial is good for.
    PointsLow,
    /// For all of them, or more.
    PointsSpent,
    /// Few one-time invoices are left.
    StockLow,
    /// None is left.
    StockEmpty,
    /// The vault was restored from a backup: its one-time stock may have been handed out, and is retired.
    Restored,
}

impl NoticeKind {
    const ALL: [(Self, &'static str); 5] = [
        (Self::PointsLow, "points_low"),
        (Self::PointsSpent, "points_spent"),
        (Self::StockLow, "stock_low"),
        (Self::StockEmpty, "stock_empty"),
        (Self::Restored, "restored"),
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, text)| text)
    }
}

/// A notice, until the receiver has taken note of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is.
    pub kind: NoticeKind,
    /// What it is about: an invoice id, a form of stock.
    pub subject: String,
    /// UNIX time.
    pub created_at: u64,
}

impl Store {
    pub(super) async fn notice_in(
        &self,
        tx: &mut Transaction<'_>,
        receiver: i64,
        kind: NoticeKind,
        subject: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO notices (receiver_id, kind, subject, created_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (receiver_id, kind, subject) DO NOTHING",
        )
        .bind(receiver)
        .bind(kind.as_str())
        .bind(subject)
        .bind(integer(self.clock.now()))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// What this receiver has to know.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn notices(&self, receiver: &Receiver) -> Result<Vec<Notice>, StoreError> {
        let rows = sqlx::query(
            "SELECT kind, subject, created_at FROM notices WHERE receiver_id = $1 ORDER BY created_at, kind, subject",
        )
        .bind(receiver.id)
        .fetch_all(&self.pool)
        .await?;
        let read = |row: &AnyRow| {
            let text: String = row.try_get("kind")?;
            let known = NoticeKind::ALL.iter().find(|(_, word)| *word == text);
            let (kind, _) =
                known.ok_or_else(|| StoreError::Row(format!("a notice of kind {text}")))?;
            let created_at = database::number(row.try_get("created_at")?)?;
            Ok(Notice { kind: *kind, subject: row.try_get("subject")?, created_at })
        };
        rows.iter().map(read).collect()
    }

    /// The receiver has taken note of all that was there until then.
    pub(crate) async fn forget_notices_in(
        &self,
        tx: &mut Transaction<'_>,
        receiver: &Receiver,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM notices WHERE receiver_id = $1")
            .bind(receiver.id)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}
