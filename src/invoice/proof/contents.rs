use std::collections::BTreeSet;

use crate::invoice::Field;

/// Which fields of an invoice a proof shows beside those that it has to.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// No other.
    #[default]
    Required,
    /// These too.
    These(BTreeSet<Field>),
    /// All but `invreq_metadata`, which no proof shows.
    All,
}

impl Shown {
    pub(super) fn contains(&self, field: Field) -> bool {
        match self {
            Self::Required => false,
            Self::These(fields) => fields.contains(&field),
            Self::All => true,
        }
    }
}

/// What a proof says that it need not say.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProofContents {
    /// The fields of the invoice.
    pub shown: Shown,
    /// `proof_note`: a text that the payer signs, such as the one that a verifier has asked for.
    pub note: Option<String>,
    /// Writes `proof_omitted_tlvs` even where it is empty, for readers that insist on it.
    pub writes_empty_omitted: bool,
}

impl ProofContents {
    /// What has to be there, and nothing else.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows these fields too.
    #[must_use]
    pub fn show(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        let mut shown = match self.shown {
            Shown::These(fields) => fields,
            Shown::Required => BTreeSet::new(),
            Shown::All => return self,
        };
        shown.extend(fields);
        self.shown = Shown::These(shown);
        self
    }

    /// Shows all that can be shown.
    #[must_use]
    pub fn show_all(mut self) -> Self {
        self.shown = Shown::All;
        self
    }

    /// Has a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Writes `proof_omitted_tlvs` even where it is empty.
    #[must_use]
    pub fn write_empty_omitted(mut self) -> Self {
        self.writes_empty_omitted = true;
        self
    }
}
