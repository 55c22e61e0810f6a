use alloc::vec::Vec;

use super::{Observer, Unobserved, View};

/// What a role makes of an event.
#[derive(Debug)]
#[must_use]
pub struct Reaction<A> {
    /// What it wants done.
    pub actions: Vec<A>,
    /// Whether it, or a store of its, is another than before. An event that changes nothing is not written down: a message that is
    /// passed on, an announcement that is answered. Strangers send these, and would fill a journal with them.
    pub changed: bool,
}

impl<A> Reaction<A> {
    /// To an event that changes nothing.
    pub(super) fn unchanged(actions: Vec<A>) -> Self {
        Self { actions, changed: false }
    }

    pub(super) fn map<B: From<A>>(self) -> Reaction<B> {
        let actions = self.actions.into_iter().map(B::from).collect();
        Reaction { actions, changed: self.changed }
    }
}

impl<A> From<Vec<A>> for Reaction<A> {
    /// To an event that changes something.
    fn from(actions: Vec<A>) -> Self {
        Self { actions, changed: true }
    }
}

/// What the roles have in common: an event goes in, actions come out, and the events make the state.
pub trait Role {
    /// What it is told.
    type Event;
    /// What it wants done.
    type Action;
    /// Why it refuses an event.
    type Error;

    /// Takes an event and says what to do; `observer` is shown every secret that the role learns by it.
    ///
    /// # Errors
    ///
    /// When the event is impossible, and then nothing has changed; or when a store of the role's fails, and then the same event may
    /// be given again. What a peer or the sender does wrong is no error: the payment is failed.
    fn process(
        &mut self,
        event: &Self::Event,
        observer: &mut dyn Observer,
    ) -> Result<Reaction<Self::Action>, Self::Error>;

    /// Every action that no event has confirmed: for the start after a crash, when the event was written and its actions may not have
    /// been carried out. After a time away a role is told the height first, and then asked.
    ///
    /// Messages are not among them, since nothing confirms one. A holder's driver sends its announcements again anyway
    /// ([`NodeEvent::AnnounceHold`](super::NodeEvent::AnnounceHold) for each of [`Ledger::announced`](crate::hold::Ledger::announced)),
    /// and begins with that after a restart; a sender hands over what may not have arrived
    /// ([`NodeEvent::Announce`](super::NodeEvent::Announce)).
    fn pending(&self) -> Vec<Self::Action>;

    /// Takes an event and says what to do, and whether the caller has to write it down. A [`Journaled`](super::Journaled) role has
    /// done that when it answers, so it gives the actions alone.
    ///
    /// # Errors
    ///
    /// As [`process`](Self::process).
    fn apply(&mut self, event: &Self::Event) -> Result<Reaction<Self::Action>, Self::Error> {
        self.process(event, &mut Unobserved)
    }

    /// The role that these events make of this one. Its actions were given out when the events happened; those that nothing has
    /// confirmed, [`pending`](Self::pending) gives again.
    ///
    /// # Errors
    ///
    /// That of the first event which was not accepted before either.
    fn replay<'a>(
        mut self,
        events: impl IntoIterator<Item = &'a Self::Event>,
    ) -> Result<Self, Self::Error>
    where
        Self: Sized,
        Self::Event: 'a,
    {
        self.set_replaying(true);
        for event in events {
            let _ = self.apply(event)?;
        }
        self.set_replaying(false);
        Ok(self)
    }

    /// Begins or ends a replay. During a replay the role enters again what its store has forgotten. [`replay`](Self::replay) calls it.
    fn set_replaying(&mut self, _replaying: bool) {}
}

/// A role with its events so far, and all that it knows: for analyses, demonstrations and tests. A node keeps its events in a place that
/// outlives the process, and no notebook.
#[derive(Debug)]
pub struct Recorded<R: Role> {
    role: R,
    log: Vec<R::Event>,
    view: View,
}

impl<R: Role> Recorded<R> {
    /// From here on.
    pub fn new(role: R) -> Self {
        Self { role, log: Vec::new(), view: View::default() }
    }

    /// A role that these events make, which are kept with it.
    ///
    /// # Errors
    ///
    /// That of the first event which was not accepted before either.
    pub fn replay(role: R, log: Vec<R::Event>) -> Result<Self, R::Error> {
        let mut recorded = Self::new(role);
        recorded.role.set_replaying(true);
        for event in log {
            recorded.apply(event)?;
        }
        recorded.role.set_replaying(false);
        Ok(recorded)
    }

    /// Gives the role an event, and keeps it if the role accepts it and has changed or learned something.
    ///
    /// # Errors
    ///
    /// As [`Role::process`].
    pub fn apply(&mut self, event: R::Event) -> Result<Vec<R::Action>, R::Error> {
        let known = self.view.secrets().len();
        let Reaction { actions, changed } = self.role.process(&event, &mut self.view)?;
        if changed || self.view.secrets().len() > known {
            self.log.push(event);
        }
        Ok(actions)
    }

    /// As [`Role::pending`].
    pub fn pending(&self) -> Vec<R::Action> {
        self.role.pending()
    }

    /// The role.
    pub fn role(&self) -> &R {
        &self.role
    }

    /// The events so far.
    pub fn log(&self) -> &[R::Event] {
        &self.log
    }

    /// The events, to be replayed.
    pub fn into_log(self) -> Vec<R::Event> {
        self.log
    }

    /// What the role knows.
    pub fn view(&self) -> &View {
        &self.view
    }
}
