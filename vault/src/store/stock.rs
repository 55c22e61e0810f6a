use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{StoreError, bytes, database};

/// What a one-time invoice is left as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A BOLT 11 invoice of one amount, made by the receiver.
    Invoice,
    /// A payment hash, for which the vault writes a BOLT 11 invoice of the amount that is asked for.
    Hash,
    /// A static invoice with a payment hash, for payers that read those.
    Static,
}

impl Form {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Invoice, "invoice"), (Self::Hash, "hash"), (Self::Static, "static")];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(form, _)| *form == self).map_or("", |(_, text)| text)
    }

    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let known = Self::ALL.iter().find(|(_, word)| *word == text);
        known
            .map(|(form, _)| *form)
            .ok_or_else(|| StoreError::Row(format!("a form of stock, {text}")))
    }
}

/// Where a one-time invoice is on its only way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// To be handed out.
    Ready,
    /// To one payer, or lost on the way to it.
    Handed,
    /// By the receiver, before anybody had it.
    Withdrawn,
    /// By a restore, since somebody may have it.
    Retired,
}

impl State {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Ready, "ready"),
        (Self::Handed, "handed"),
        (Self::Withdrawn, "withdrawn"),
        (Self::Retired, "retired"),
    ];

    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let known = Self::ALL.iter().find(|(_, word)| *word == text);
        known
            .map(|(state, _)| *state)
            .ok_or_else(|| StoreError::Row(format!("a state of stock, {text}")))
    }
}

/// A verified one-time invoice on its way into the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOneTime {
    /// What it is locked to.
    pub payment_hash: [u8; 32],
    /// Of a ready-made invoice.
    pub amount_msat: Option<u64>,
    /// Of a ready-made BOLT 11 invoice.
    pub description_hash: Option<[u8; 32]>,
    /// Of a ready-made invoice: its text.
    pub invoice: Option<String>,
    /// When the receiver made it.
    pub created_at: u64,
    /// The last second in which it may be paid.
    pub expires_at: u64,
    /// Of a hash: the receiver's signature.
    pub signature: Option<[u8; 64]>,
}

/// One-time invoices of one form that are left at once: all are taken in, or none.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Their form.
    pub form: Form,
    /// The invoices.
    pub items: Vec<NewOneTime>,
}

/// What a payer asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// In what form.
    pub form: Form,
    /// In millisatoshi, for BOLT 11.
    pub amount_msat: Option<u64>,
    /// What a ready-made BOLT 11 invoice has to commit to.
    pub description_hash: Option<[u8; 32]>,
    /// What the payer says.
    pub comment: Option<&'a str>,
    /// For so many seconds at least it has to be payable.
    pub lasting: u64,
}

/// What left the stock for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// Its payment hash.
    pub payment_hash: [u8; 32],
    /// The text that the payer gets.
    pub invoice: String,
    /// The how manieth it is, with gaps.
    pub number: u64,
}

/// A row of the stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTime {
    /// Its payment hash.
    pub payment_hash: [u8; 32],
    /// Its form.
    pub form: Form,
    /// Of a ready-made one, or what was asked for.
    pub amount_msat: Option<u64>,
    /// Where it is.
    pub state: State,
    /// Ready-made, or written when it was handed out.
    pub invoice: Option<String>,
    /// When the receiver made it.
    pub created_at: u64,
    /// The last second in which it may be paid.
    pub expires_at: u64,
    /// Of a hash: the receiver's signature.
    pub signature: Option<[u8; 64]>,
    /// When it was handed out, and the how manieth it was.
    pub handed: Option<(u64, u64)>,
    /// What the payer said.
    pub comment: Option<String>,
    /// What opens it, once the receiver has said so.
    pub preimage: Option<[u8; 32]>,
}

/// How many of a form are in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeCount {
    /// The form.
    pub form: Form,
    /// The state.
    pub state: State,
    /// How many.
    pub count: u64,
}

pub(super) const COLUMNS: &str = "payment_hash, form, amount_msat, state, invoice, created_at, expires_at, signature, handed_number, \
     handed_at, comment, preimage";

impl OneTime {
    pub(super) fn of(row: &AnyRow) -> Result<Self, StoreError> {
        let number =
            |column| row.try_get::<Option<i64>, _>(column)?.map(database::number).transpose();
        let optional = |column| row.try_get::<Option<Vec<u8>>, _>(column);
        let signature = optional("signature")?.map(|_| bytes(row, "signature")).transpose()?;
        let preimage = optional("preimage")?.map(|_| bytes(row, "preimage")).transpose()?;
        Ok(Self {
            payment_hash: bytes(row, "payment_hash")?,
            form: Form::parse(row.try_get("form")?)?,
            amount_msat: number("amount_msat")?,
            state: State::parse(row.try_get("state")?)?,
            invoice: row.try_get("invoice")?,
            created_at: database::number(row.try_get("created_at")?)?,
            expires_at: database::number(row.try_get("expires_at")?)?,
            signature,
            handed: number("handed_at")?.zip(number("handed_number")?),
            comment: row.try_get("comment")?,
            preimage,
        })
    }
}
