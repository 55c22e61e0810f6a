use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use zeroize::Zeroizing;

use super::{Era, InvoiceNumber, ReceiverSeed};
use crate::curve::Tag;
use crate::journal::{JournalHead, RecordError, Recordable};

static BACKUP: Tag = Tag::new("pointlock/receiver_backup");

/// The version of what is sealed for a peer, its first byte.
const VERSION: u8 = 1;
const SALT: usize = 32;

/// What has been used of a [`ReceiverSeed`]: which numbers, in which eras, and how far the claims have come. No secrets.
///
/// Its owner keeps it with each number that it takes, *before* the invoice is published, and gives it sealed to its peer. A record of the size
/// of a few lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedNumbers {
    /// With the number that comes next, in the order in which they began. Never empty.
    pub(in crate::payment) eras: Vec<(Era, u64)>,
    /// How far the journal of claims had come, if its owner has told.
    pub claims: Option<JournalHead>,
}

impl UsedNumbers {
    /// Nothing is used yet: for a seed that was drawn just now, and for no other.
    pub fn of_a_new_seed() -> Self {
        Self { eras: alloc::vec![(Era::FIRST, 0)], claims: None }
    }

    /// Begins a new era, for a receiver that was restored. `era` is of fresh entropy, never [`Era::FIRST`]. Where no peer has kept anything,
    /// what was used is [`of_a_new_seed`](Self::of_a_new_seed) as far as anybody knows.
    ///
    /// The head of the claims is gone with them.
    #[must_use]
    pub fn restored(mut self, era: Era) -> Self {
        self.eras.push((era, 0));
        self.claims = None;
        self
    }

    /// The number of the next invoice, which is used now.
    pub fn take_next(&mut self) -> InvoiceNumber {
        let (era, next) = self.eras.last_mut().expect("there is one from the beginning");
        let number = era.number(*next);
        *next += 1;
        number
    }

    /// All numbers that were used, as far as this knows.
    pub fn numbers(&self) -> impl Iterator<Item = InvoiceNumber> + '_ {
        self.eras.iter().flat_map(|(era, next)| (0..*next).map(|index| era.number(index)))
    }

    /// Encrypts it for a peer to keep. `salt` is fresh entropy for each time.
    pub fn seal(&self, seed: &ReceiverSeed, salt: [u8; 32]) -> Vec<u8> {
        let head = [&[VERSION], &salt[..]].concat();
        let message = self.to_record();
        let payload = Payload { msg: &message, aad: &head };
        let sealed = cipher(seed, &salt).encrypt(&Nonce::default(), payload);
        [head, sealed.expect("a few lines are not too long for the cipher")].concat()
    }

    /// Reads what a peer has kept. It is what this seed's owner gave it once; whether it is the last that it gave, nobody can say.
    ///
    /// # Errors
    ///
    /// [`RecoveryError`].
    pub fn unseal(seed: &ReceiverSeed, sealed: &[u8]) -> Result<Self, RecoveryError> {
        match sealed.first() {
            Some(&VERSION) => {}
            Some(&version) => return Err(RecoveryError::Version { version, reads: VERSION }),
            None => return Err(RecoveryError::TooShort),
        }
        let head_and_rest = sealed.split_at_checked(1 + SALT);
        let (head, rest) = head_and_rest.ok_or(RecoveryError::TooShort)?;
        let opened = cipher(seed, &head[1..])
            .decrypt(&Nonce::default(), Payload { msg: rest, aad: head })
            .map_err(|_| RecoveryError::NotOfThisSeed)?;
        Ok(Self::from_record(&opened)?)
    }
}

fn cipher(seed: &ReceiverSeed, salt: &[u8]) -> ChaCha20Poly1305 {
    let key = Zeroizing::new(BACKUP.hash(&[seed.as_bytes(), salt]));
    ChaCha20Poly1305::new((&*key).into())
}

/// What a peer has kept can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryError {
    /// It is shorter than anything that was sealed.
    #[error("what the peer has kept is too short")]
    TooShort,
    /// It is of another release.
    #[error("version {version} of what the peer has kept is not known: this release reads {reads}")]
    Version {
        /// Its version.
        version: u8,
        /// The version that is read.
        reads: u8,
    },
    /// It was not sealed with this seed, or was changed since.
    #[error("what the peer has kept is not of this seed, or was changed")]
    NotOfThisSeed,
    /// What was sealed can't be read.
    #[error("what the peer has kept: {0}")]
    Record(#[from] RecordError),
}
