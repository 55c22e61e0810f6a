use pointlock::curve::Point;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Store, StoreError, Transaction, bytes, database, integer};
use crate::name::Name;

/// What a receiver wants payers to be told, and how it may be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Terms {
    /// What is paid for, in words; without it the vault writes that the address is paid.
    pub description: Option<String>,
    /// The least amount for a hash of the pool, in millisatoshi.
    pub min_msat: u64,
    /// The largest amount for a hash of the pool.
    pub max_msat: u64,
    /// How many characters a payer's comment may have; 0 for none.
    pub comment_length: u64,
    /// What a payer is shown after the payment.
    pub success_message: Option<String>,
}

impl Terms {
    /// LUD-09's.
    const MAX_SUCCESS_MESSAGE: usize = 144;
    /// What BOLT 11 would carry, did it not carry a hash.
    const MAX_DESCRIPTION: usize = 639;
    /// A comment has to fit into a URL.
    const MAX_COMMENT: u64 = 1_000;
    /// 21 million bitcoin.
    const MAX_AMOUNT: u64 = 21_000_000 * 100_000_000 * 1_000;

    /// Checks that they make sense.
    ///
    /// # Errors
    ///
    /// Which does not, in words.
    pub fn check(&self) -> Result<(), String> {
        let is_line = |text: &str| !text.trim().is_empty() && !text.chars().any(char::is_control);
        if let Some(text) = &self.description {
            if !is_line(text) || text.len() > Self::MAX_DESCRIPTION {
                return Err(format!(
                    "description: a line of at most {} bytes",
                    Self::MAX_DESCRIPTION
                ));
            }
        }
        if let Some(text) = &self.success_message {
            if !is_line(text) || text.chars().count() > Self::MAX_SUCCESS_MESSAGE {
                let most = Self::MAX_SUCCESS_MESSAGE;
                return Err(format!("success_message: a line of at most {most} characters"));
            }
        }
        if self.comment_length > Self::MAX_COMMENT {
            return Err(format!("comment_length: at most {}", Self::MAX_COMMENT));
        }
        if self.min_msat == 0 || self.min_msat > self.max_msat || self.max_msat > Self::MAX_AMOUNT {
            return Err("min_msat, max_msat: from 1 on, the first not above the second".to_owned());
        }
        Ok(())
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            description: None,
            min_msat: 1_000,
            max_msat: 100_000_000_000,
            comment_length: 0,
            success_message: None,
        }
    }
}

/// A receiver: a name and a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    pub(crate) id: i64,
    /// Its name.
    pub name: Name,
    /// Its key: it signs its requests, invoices and pools.
    pub node_id: Point,
    /// Its terms.
    pub terms: Terms,
    /// UNIX time.
    pub created_at: u64,
    /// Of its last change.
    pub(crate) change_number: i64,
}

const COLUMNS: &str = "id, name, node_id, terms, created_at, change_number";

impl Receiver {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        let wrong = |what: &dyn std::fmt::Display| StoreError::Row(format!("a receiver: {what}"));
        let name: String = row.try_get("name")?;
        let terms: String = row.try_get("terms")?;
        Ok(Self {
            id: row.try_get("id")?,
            name: name.parse().map_err(|error| wrong(&error))?,
            node_id: Point::from_bytes(&bytes(row, "node_id")?).map_err(|error| wrong(&error))?,
            terms: serde_json::from_str(&terms).map_err(|error| wrong(&error))?,
            created_at: database::number(row.try_get("created_at")?)?,
            change_number: row.try_get("change_number")?,
        })
    }
}

impl Store {
    /// The receiver of this name.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn receiver(&self, name: &Name) -> Result<Option<Receiver>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM receivers WHERE name = $1");
        let row = sqlx::query(&sql).bind(name.as_str()).fetch_optional(&self.pool).await?;
        row.as_ref().map(Receiver::of).transpose()
    }

    /// All receivers behind this name, in order, at most so many.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn receivers(&self, after: &str, most: u32) -> Result<Vec<Receiver>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM receivers WHERE name > $1 ORDER BY name LIMIT $2");
        let query = sqlx::query(&sql).bind(after).bind(i64::from(most));
        query.fetch_all(&self.pool).await?.iter().map(Receiver::of).collect()
    }

    /// Adds a receiver, or gives it these terms.
    ///
    /// # Errors
    ///
    /// [`StoreError::NameTaken`]; what the database says.
    pub async fn put_receiver(
        &self,
        name: &Name,
        node_id: &Point,
        terms: &Terms,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        self.put_receiver_in(&mut tx, name, node_id, terms).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn put_receiver_in(
        &self,
        tx: &mut Transaction<'_>,
        name: &Name,
        node_id: &Point,
        terms: &Terms,
    ) -> Result<(), StoreError> {
        let terms =
            serde_json::to_string(terms).map_err(|error| StoreError::Row(error.to_string()))?;
        let change = self.next_change(tx).await?;
        let done = sqlx::query(
            "INSERT INTO receivers (name, node_id, terms, created_at, change_number) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (name) DO UPDATE SET terms = excluded.terms, change_number = excluded.change_number \
             WHERE receivers.node_id = excluded.node_id",
        )
        .bind(name.as_str())
        .bind(node_id.to_bytes().to_vec())
        .bind(terms)
        .bind(integer(self.clock.now()))
        .bind(change)
        .execute(&mut **tx)
        .await?;
        match done.rows_affected() {
            0 => Err(StoreError::NameTaken { name: name.clone() }),
            _ => Ok(()),
        }
    }

    /// Receivers that have changed since, with the numbers of their last changes.
    pub(crate) async fn changed_since(&self, number: i64) -> Result<Vec<(Name, i64)>, StoreError> {
        let rows =
            sqlx::query("SELECT name, change_number FROM receivers WHERE change_number > $1")
                .bind(number)
                .fetch_all(&self.pool)
                .await?;
        let read = |row: &AnyRow| {
            let name: String = row.try_get("name")?;
            let name =
                name.parse().map_err(|error| StoreError::Row(format!("a receiver: {error}")))?;
            Ok((name, row.try_get("change_number")?))
        };
        rows.iter().map(read).collect()
    }

    /// The receiver or its static invoices are about to change: whoever remembers them has to look again.
    ///
    /// # Errors
    ///
    /// [`StoreError::KeyReplaced`] where this is not its key any more; what the database says.
    pub(super) async fn touch(
        &self,
        tx: &mut Transaction<'_>,
        receiver: &Receiver,
    ) -> Result<(), StoreError> {
        let change = self.next_change(tx).await?;
        let done =
            sqlx::query("UPDATE receivers SET change_number = $1 WHERE id = $2 AND node_id = $3")
                .bind(change)
                .bind(receiver.id)
                .bind(receiver.node_id.to_bytes().to_vec())
                .execute(&mut **tx)
                .await?;
        match done.rows_affected() {
            0 => Err(StoreError::KeyReplaced { name: receiver.name.clone() }),
            _ => Ok(()),
        }
    }
}
