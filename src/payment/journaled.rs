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
/// #     type Error = std::convert::Infallible;
/// #     fn process(&mut self, told: &Told, _: &mut dyn Observer) -> Result<Reaction<u8>, Self::Error> {
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

/// What a role says to several events: to each what it wants done, or why it refuses it.
pub type Answers<R> = Vec<Result<Vec<<R as Role>::Action>, <R as Role>::Error>>;

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
    /// The role that a journal makes. `make` gives it from a snapshot's state, or without one as it was in the beginning. Whoever
    /// makes snapshots has to heed the state: records before it are gone, and a new role would know nothing of them.
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

    /// Takes an event, writes it down if it changes something, and says what to do: the actions of a
    /// [`Reaction`], whose `changed` has been heeded here.
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
    ) -> Result<Answers<R>, JournalError>
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zeroize::Zeroizing;

    use super::super::Observer;
    use super::*;
    use crate::StoreError;
    use crate::journal::{History, MemoryJournal};

    /// Adds up what it is told; refuses what would be too much, and learns nothing from zero.
    #[derive(Debug, PartialEq, Eq)]
    struct Sum(u64);

    #[derive(Debug)]
    struct Add(u64);

    impl Recordable for Add {
        fn to_record(&self) -> Zeroizing<Vec<u8>> {
            Zeroizing::new(self.0.to_be_bytes().to_vec())
        }

        fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
            let bytes = bytes.try_into().map_err(|error| RecordError::field("number", error))?;
            Ok(Self(u64::from_be_bytes(bytes)))
        }
    }

    impl Role for Sum {
        type Event = Add;
        type Action = u64;
        type Error = &'static str;

        fn process(
            &mut self,
            event: &Add,
            _observer: &mut dyn Observer,
        ) -> Result<Reaction<u64>, &'static str> {
            if self.0 + event.0 > 1_000 {
                return Err("too much");
            }
            self.0 += event.0;
            let actions = alloc::vec![self.0];
            Ok(if event.0 == 0 { Reaction::unchanged(actions) } else { actions.into() })
        }

        fn pending(&self) -> Vec<u64> {
            alloc::vec![self.0]
        }
    }

    fn make(state: Option<&[u8]>) -> Result<Sum, RecordError> {
        state.map_or(Ok(Sum(0)), |state| Add::from_record(state).map(|Add(sum)| Sum(sum)))
    }

    /// Fails at one append, with the records written or not, and takes nothing more.
    #[derive(Debug, Default)]
    struct Failing {
        inner: MemoryJournal,
        appends_left: usize,
        writes: bool,
        failed: bool,
    }

    impl Journal for Failing {
        fn append(&mut self, group: &[&[u8]]) -> Result<u64, JournalError> {
            if self.failed {
                return Err(JournalError::FailedBefore);
            }
            self.failed = self.appends_left == 0;
            if self.failed {
                if self.writes {
                    self.inner.append(group)?;
                }
                return Err(StoreError::new("the disk is full").into());
            }
            self.appends_left -= 1;
            self.inner.append(group)
        }

        fn read(&mut self) -> Result<History, JournalError> {
            self.inner.read()
        }

        fn snapshot(&mut self, before: u64, state: &[u8]) -> Result<(), JournalError> {
            self.inner.snapshot(before, state)
        }
    }

    #[test]
    fn no_action_leaves_before_its_event_is_durable() {
        for writes in [false, true] {
            let mut journal = Failing { appends_left: 1, writes, ..Failing::default() };
            let mut sum = Journaled::open(&mut journal, make).unwrap();
            assert_eq!(sum.apply(&Add(2)), Ok(alloc::vec![2]));
            let failed = JournalError::Store(StoreError::new("the disk is full"));
            assert_eq!(sum.apply(&Add(3)), Err(JournaledError::Journal(failed)));
            // The role knows of five, and nobody hears of it.
            assert_eq!(sum.pending(), Err(JournalError::FailedBefore));
            assert_eq!(sum.role(), Err(JournalError::FailedBefore));
            assert_eq!(sum.snapshot(&[]), Err(JournalError::FailedBefore));
            assert_eq!(sum.apply(&Add(0)), Err(JournalError::FailedBefore.into()));
            let mut inner = journal.inner;
            let sum = Journaled::open(&mut inner, make).unwrap();
            assert_eq!(sum.pending(), Ok(alloc::vec![if writes { 5 } else { 2 }]));
        }
    }

    #[test]
    fn what_changes_nothing_is_not_written() {
        let mut journal = MemoryJournal::default();
        let mut sum = Journaled::open(&mut journal, make).unwrap();
        let events = [Add(1), Add(0), Add(2_000), Add(4)];
        let said = sum.apply_all(&events).unwrap();
        let one = |action: u64| Ok(alloc::vec![action]);
        assert_eq!(said, [one(1), one(1), Err("too much"), one(5)]);
        assert_eq!(sum.next(), 2);
        assert_eq!(sum.apply(&Add(2_000)), Err(JournaledError::Role("too much")));
        assert_eq!(journal.history().records.len(), 2);
    }

    #[test]
    fn a_journal_of_something_else_is_refused_by_record() {
        let mut journal = MemoryJournal::default();
        journal.append(&[&[0, 0, 0, 0, 0, 0, 0, 1], b"what"]).unwrap();
        let refused = Journaled::open(&mut journal, make).unwrap_err();
        assert!(matches!(
            refused,
            JournalError::Record { number: 1, error: RecordError::Field { field: "number", .. } }
        ));
        let mut journal = MemoryJournal::default();
        journal.append(&[&1_000_u64.to_be_bytes(), &1_u64.to_be_bytes()]).unwrap();
        let refused = Journaled::open(&mut journal, make).unwrap_err();
        assert_eq!(refused, JournalError::Refused { number: 1, reason: "too much".into() });
        journal.snapshot(2, b"what").unwrap();
        let refused = Journaled::open(&mut journal, make).unwrap_err();
        assert!(matches!(refused, JournalError::Snapshot { before: 2, .. }));
        journal.snapshot(2, &7_u64.to_be_bytes()).unwrap();
        assert_eq!(Journaled::open(&mut journal, make).unwrap().pending(), Ok(alloc::vec![7]));
    }

    proptest! {
        /// Snapshot and tail are the whole, wherever the snapshots were.
        #[test]
        fn snapshot_and_tail(
            groups in prop::collection::vec((prop::collection::vec(0_u64..300, 0..4), any::<bool>()), 0..20)
        ) {
            let mut journal = MemoryJournal::default();
            let mut sum = Journaled::open(&mut journal, make).unwrap();
            let mut expected = Sum(0);
            for (group, with_snapshot) in groups {
                let events: Vec<Add> = group.into_iter().map(Add).collect();
                for event in &events {
                    let _ = expected.apply(event);
                }
                sum.apply_all(&events).unwrap();
                if with_snapshot {
                    let state = sum.role().unwrap().0.to_be_bytes();
                    sum.snapshot(&state).unwrap();
                }
            }
            let next = sum.next();
            let again = Journaled::open(&mut journal, make).unwrap();
            prop_assert_eq!(again.role().unwrap(), &expected);
            prop_assert_eq!(again.next(), next);
        }
    }
}
