use alloc::string::ToString;
use alloc::vec::Vec;

use thiserror::Error;

use super::{Reaction, Role};
use crate::journal::{Journal, JournalError, RecordError, Recordable};

/// A role whose events are in a journal. No action leaves it before the event that it comes from is durable.
///
/// ```
/// use pointlock::curve::Keypair;
/// use pointlock::journal::{Journal, MemoryJournal};
/// # use pointlock::journal::{RecordError, Recordable};
/// use pointlock::payment::{Journaled, Observer, Reaction, Role};
/// # use zeroize::Zeroizing;
/// #
/// # struct Counter(u8);
/// # struct Told(u8);
/// # impl Recordable for Told {
/// #     fn to_record(&self) -> Zeroizing<Vec<u8>> { Zeroizing::new(vec![self.0]) }
/// #     fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
/// #         bytes.first().map(|byte| Self(*byte)).ok_or(RecordError::Missing { field: "byte" })
/// #     }
/// # }
/// # impl Role for Counter {
/// #     type Event = Told;
/// #     type Action = u8;
/// #     type Error = &'static str;
/// #     fn process(&mut self, told: &Told, _: &mut dyn Observer) -> Result<Reaction<u8>, &'static str> {
/// #         self.0 += told.0;
/// #         Ok(vec![self.0].into())
/// #     }
/// #     fn pending(&self) -> Vec<u8> { vec![self.0] }
/// # }
///
/// // A role, made anew or from a snapshot; here one that counts.
/// let make = |state: Option<&[u8]>| Ok(Counter(state.map_or(0, |state| state[0])));
/// let mut journal = MemoryJournal::default();
/// let mut counter = Journaled::open(&mut journal, make)?;
/// assert_eq!(counter.apply(&Told(2))?, [2]);
/// counter.snapshot(&[2])?;
/// assert_eq!(counter.apply(&Told(3))?, [5]);
/// drop(counter);
///
/// // After a crash: the snapshot, and what came behind it.
/// assert_eq!(Journaled::open(&mut journal, make)?.pending()?, [5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Journaled<R, J> {
    role: R,
    journal: J,
    /// The number of the next record.
    next: u64,
    /// The role has events that the journal may lack: it may not be asked any more.
    ahead: bool,
}

/// Why a journaled role refuses an event.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JournaledError<E> {
    /// The role does. Nothing has changed.
    #[error(transparent)]
    Role(E),
    /// The journal does. No action of the event has left; open the journal again and see whether the event is in it.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl<R, J> Journaled<R, J>
where
    R: Role,
    R::Event: Recordable,
    R::Error: ToString,
    J: Journal,
{
    /// The role that a journal makes. `make` gives it from a snapshot's state, or without one as it was in the beginning.
    ///
    /// # Errors
    ///
    /// As [`Journal::read`], [`JournalError::Snapshot`], [`JournalError::Record`], and [`JournalError::Refused`].
    pub fn open(
        mut journal: J,
        make: impl FnOnce(Option<&[u8]>) -> Result<R, RecordError>,
    ) -> Result<Self, JournalError> {
        let history = journal.read()?;
        let before = history.first();
        let state = history.snapshot.as_ref().map(|snapshot| snapshot.state.as_slice());
        let role = make(state).map_err(|error| JournalError::Snapshot { before, error })?;
        let mut opened = Self { role, journal, next: before, ahead: false };
        opened.role.set_replaying(true);
        for event in history.events() {
            let (event, number) = (event?, opened.next);
            // What it wants done was given out when the event happened; what nothing has confirmed, `pending` gives again.
            let _ = opened.role.apply(&event).map_err(|error| {
                let reason = error.to_string();
                JournalError::Refused { number, reason }
            })?;
            opened.next += 1;
        }
        opened.role.set_replaying(false);
        Ok(opened)
    }

    /// Takes an event, writes it down if it changes something, and says what to do.
    ///
    /// # Errors
    ///
    /// [`JournaledError`].
    pub fn apply(&mut self, event: &R::Event) -> Result<Vec<R::Action>, JournaledError<R::Error>> {
        let mut reactions = self.apply_all([event])?;
        reactions.pop().unwrap_or(Ok(Vec::new())).map_err(JournaledError::Role)
    }

    /// Takes events that came together, and writes them down as one group: one flush for all of them. Says for each what to do, or why
    /// the role refuses it.
    ///
    /// # Errors
    ///
    /// [`JournalError`]. No action has left.
    pub fn apply_all<'a>(
        &mut self,
        events: impl IntoIterator<Item = &'a R::Event>,
    ) -> Result<Vec<Result<Vec<R::Action>, R::Error>>, JournalError>
    where
        R::Event: 'a,
    {
        self.check()?;
        let (mut records, mut reactions) = (Vec::new(), Vec::new());
        self.ahead = true;
        for event in events {
            reactions.push(match self.role.apply(event) {
                Ok(Reaction { actions, changed }) => {
                    if changed {
                        records.push(event.to_record());
                    }
                    Ok(actions)
                }
                Err(error) => Err(error),
            });
        }
        if !records.is_empty() {
            let group: Vec<&[u8]> = records.iter().map(|record| record.as_slice()).collect();
            self.next = self.journal.append(&group)? + group.len() as u64;
        }
        self.ahead = false;
        Ok(reactions)
    }

    /// What was wanted and is not confirmed; as [`Role::pending`].
    ///
    /// # Errors
    ///
    /// [`JournalError::FailedBefore`]: what the role wants may come from an event that is not durable.
    pub fn pending(&self) -> Result<Vec<R::Action>, JournalError> {
        self.check()?;
        Ok(self.role.pending())
    }

    /// The role, to be asked and to make a snapshot of.
    ///
    /// # Errors
    ///
    /// As [`pending`](Self::pending).
    pub fn role(&self) -> Result<&R, JournalError> {
        self.check()?;
        Ok(&self.role)
    }

    /// Lets `state`, which is the role's as it is now, stand for all events so far.
    ///
    /// # Errors
    ///
    /// As [`Journal::snapshot`].
    pub fn snapshot(&mut self, state: &[u8]) -> Result<(), JournalError> {
        self.check()?;
        self.journal.snapshot(self.next, state)
    }

    /// The number of the next record.
    pub fn next(&self) -> u64 {
        self.next
    }

    fn check(&self) -> Result<(), JournalError> {
        if self.ahead { Err(JournalError::FailedBefore) } else { Ok(()) }
    }
}
