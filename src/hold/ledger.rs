use alloc::vec::Vec;

use super::{
    Announcement, Cap, HoldError, HoldId, HoldRecord, HoldRequest, HoldState, HoldStore, Limits,
    ReleaseSecret,
};
use crate::lock::Blind;

/// The holds of a node. No I/O, clock or randomness of its own: heights come in, actions go out.
#[derive(Debug)]
pub struct Ledger<S> {
    store: S,
    limits: Limits,
}

/// Forward this payment now, then call [`Ledger::forwarded`]. May be given more than once: the id tells.
#[derive(Debug)]
pub struct Forward {
    /// The hold.
    pub id: HoldId,
    /// y_1, or none for a hash lock.
    pub blind: Option<Blind>,
}

/// What became of a request to hold.
#[derive(Debug)]
pub enum Held {
    /// It waits, now or already.
    Waiting,
    /// It was released before: this is a repetition after a crash.
    Forward(Forward),
    /// It was forwarded or failed before: this is a repetition after a crash, and nothing is to be done.
    Finished,
}

/// What became of a release.
#[derive(Debug)]
pub enum Released {
    /// The payment can go on.
    Forward(Forward),
    /// It had been forwarded already.
    AlreadyReleased,
}

/// What the driver still has to do.
#[derive(Debug)]
pub enum Pending {
    /// Forward, then call [`Ledger::forwarded`].
    Forward(Forward),
    /// Fail the incoming contract, then call [`Ledger::failed`].
    Fail(HoldId),
}

impl<S: HoldStore> Ledger<S> {
    /// How many announcements a hold takes. Its sender hands over another one when a part of its payment had to be tried again.
    pub const MAX_ANNOUNCEMENTS: u8 = 8;

    /// The ledger over a store, which may hold the holds of an earlier run: see [`resume`](Self::resume).
    pub fn new(store: S, limits: Limits) -> Self {
        Self { store, limits }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Takes a payment to keep, at `height`. The same request again changes nothing.
    ///
    /// # Errors
    ///
    /// [`HoldError::CutoffPassed`], [`HoldError::CapReached`], [`HoldError::IdTaken`], [`HoldError::Store`].
    pub fn hold(&mut self, request: HoldRequest, height: u32) -> Result<Held, HoldError> {
        let id = request.id;
        match self.store.get(&id)? {
            Some(known) if known.request != request => Err(HoldError::IdTaken(id)),
            Some(known) => held_again(&known),
            None => self.insert(request, height).map(|()| Held::Waiting),
        }
    }

    fn insert(&mut self, request: HoldRequest, height: u32) -> Result<(), HoldError> {
        let id = request.id;
        if request.cutoff_height <= height {
            return Err(HoldError::CutoffPassed { id, cutoff: request.cutoff_height, height });
        }
        self.check_caps(&request)?;
        let state = HoldState::Held;
        let record = HoldRecord { request, state, announcement: None, announcements: 0 };
        if self.store.insert(record)? { Ok(()) } else { Err(HoldError::IdTaken(id)) }
    }

    /// Takes what the sender has handed over for the receiver of a hold, in the place of what it has handed over before. Says whether
    /// that is new.
    ///
    /// # Errors
    ///
    /// [`HoldError::Unknown`] and, when the hold does not wait any more, [`HoldError::OutOfOrder`]; [`HoldError::CapReached`] after
    /// [`MAX_ANNOUNCEMENTS`](Self::MAX_ANNOUNCEMENTS) of them; [`HoldError::Store`]. Of what is refused nothing is kept.
    pub fn announce(&mut self, id: &HoldId, announcement: Announcement) -> Result<bool, HoldError> {
        let record = self.record(id)?;
        if record.state != HoldState::Held {
            return Err(HoldError::OutOfOrder(*id));
        }
        if record.announcement.as_ref() == Some(&announcement) {
            return Ok(false);
        }
        let number = record.announcements.saturating_add(1);
        if number > Self::MAX_ANNOUNCEMENTS {
            return Err(HoldError::CapReached(Cap::Announcements));
        }
        if self.store.announce(id, announcement, number)? {
            Ok(true)
        } else {
            Err(HoldError::OutOfOrder(*id))
        }
    }

    /// What is to be sent to the receiver of a hold; nothing unless it waits, below its cutoff, and its sender has handed something
    /// over.
    ///
    /// # Errors
    ///
    /// [`HoldError::Store`].
    pub fn announcement(
        &self,
        id: &HoldId,
        height: u32,
    ) -> Result<Option<Announcement>, HoldError> {
        let record = self.store.get(id)?.filter(|record| is_announced(record, height));
        Ok(record.and_then(|record| record.announcement))
    }

    /// The holds whose receivers are still to be told, at this height.
    ///
    /// # Errors
    ///
    /// [`HoldError::Store`].
    pub fn announced(&self, height: u32) -> Result<Vec<HoldId>, HoldError> {
        let open = self.store.open()?;
        let announced = open.iter().filter(|record| is_announced(record, height));
        Ok(announced.map(|record| record.request.id).collect())
    }

    /// Takes one entry of a `release_held_ptlc`, at `height`. The same again is a no-op, or repeats the action until
    /// it is confirmed.
    ///
    /// # Errors
    ///
    /// [`HoldError::Unknown`], [`HoldError::WrongReleaseSecret`], [`HoldError::TooLate`], [`HoldError::ZeroBlind`],
    /// [`HoldError::Store`]. Of what is refused nothing is kept.
    pub fn release(
        &mut self,
        id: &HoldId,
        secret: &ReleaseSecret,
        height: u32,
    ) -> Result<Released, HoldError> {
        let record = self.record(id)?;
        if !record.request.release_hash.is_of(secret) {
            return Err(HoldError::WrongReleaseSecret(*id));
        }
        match record.state {
            HoldState::Held if record.request.cutoff_height <= height => {
                Err(HoldError::TooLate(*id))
            }
            HoldState::Held => {
                let forward = forward(&record.request, secret)?;
                let releasing = HoldState::Releasing(secret.clone());
                self.step(id, &HoldState::Held, releasing)?;
                Ok(Released::Forward(forward))
            }
            HoldState::Releasing(_) => Ok(Released::Forward(forward(&record.request, secret)?)),
            HoldState::Released => Ok(Released::AlreadyReleased),
            HoldState::Failing | HoldState::Failed => Err(HoldError::TooLate(*id)),
        }
    }

    /// The outgoing contract stands: the payment is an ordinary one now.
    ///
    /// # Errors
    ///
    /// [`HoldError::Unknown`], [`HoldError::OutOfOrder`] when it was not releasing, [`HoldError::Store`].
    pub fn forwarded(&mut self, id: &HoldId) -> Result<(), HoldError> {
        match self.record(id)?.state {
            HoldState::Released => Ok(()),
            state @ HoldState::Releasing(_) => self.step(id, &state, HoldState::Released),
            _ => Err(HoldError::OutOfOrder(*id)),
        }
    }

    /// The incoming contract is failed.
    ///
    /// # Errors
    ///
    /// [`HoldError::Unknown`], [`HoldError::OutOfOrder`] when it was not failing, [`HoldError::Store`].
    pub fn failed(&mut self, id: &HoldId) -> Result<(), HoldError> {
        match self.record(id)?.state {
            HoldState::Failed => Ok(()),
            HoldState::Failing => self.step(id, &HoldState::Failing, HoldState::Failed),
            _ => Err(HoldError::OutOfOrder(*id)),
        }
    }

    /// A block: holds whose cutoff it reaches begin to fail back. Gives the ids of these.
    ///
    /// # Errors
    ///
    /// [`HoldError::Store`]; the holds that were reached before it are failing, and [`resume`](Self::resume) names
    /// them.
    pub fn block(&mut self, height: u32) -> Result<Vec<HoldId>, HoldError> {
        let mut failing = Vec::new();
        for record in self.store.open()? {
            if record.state == HoldState::Held && record.request.cutoff_height <= height {
                self.step(&record.request.id, &HoldState::Held, HoldState::Failing)?;
                failing.push(record.request.id);
            }
        }
        Ok(failing)
    }

    /// Every action that was not confirmed: for the start after a crash.
    ///
    /// # Errors
    ///
    /// [`HoldError::Store`].
    pub fn resume(&self) -> Result<Vec<Pending>, HoldError> {
        let mut pending = Vec::new();
        for record in self.store.open()? {
            match &record.state {
                HoldState::Releasing(secret) => {
                    pending.push(Pending::Forward(forward(&record.request, secret)?));
                }
                HoldState::Failing => pending.push(Pending::Fail(record.request.id)),
                HoldState::Held | HoldState::Released | HoldState::Failed => {}
            }
        }
        Ok(pending)
    }

    /// The state of a hold.
    ///
    /// # Errors
    ///
    /// [`HoldError::Unknown`], [`HoldError::Store`].
    pub fn state(&self, id: &HoldId) -> Result<HoldState, HoldError> {
        self.record(id).map(|record| record.state)
    }

    fn record(&self, id: &HoldId) -> Result<HoldRecord, HoldError> {
        self.store.get(id)?.ok_or(HoldError::Unknown(*id))
    }

    fn step(&mut self, id: &HoldId, from: &HoldState, to: HoldState) -> Result<(), HoldError> {
        if self.store.compare_and_swap(id, from, to)? {
            Ok(())
        } else {
            // Somebody else stepped in between, so it is for that one to act.
            Err(HoldError::OutOfOrder(*id))
        }
    }

    fn check_caps(&self, request: &HoldRequest) -> Result<(), HoldError> {
        let open = self.store.open()?;
        let same = |record: &&HoldRecord| record.request.neighbour == request.neighbour;
        let of_neighbour = open.iter().filter(same).count();
        let value = open.iter().try_fold(request.amount_msat, |sum, record| {
            sum.checked_add(record.request.amount_msat)
        });
        let cap = if of_neighbour >= self.limits.holds_per_neighbour {
            Cap::HoldsPerNeighbour
        } else if open.len() >= self.limits.holds {
            Cap::Holds
        } else if value.is_none_or(|value| value > self.limits.value_msat) {
            Cap::Value
        } else {
            return Ok(());
        };
        Err(HoldError::CapReached(cap))
    }
}

fn is_announced(record: &HoldRecord, height: u32) -> bool {
    record.state == HoldState::Held
        && record.announcement.is_some()
        && record.request.cutoff_height > height
}

/// The answer to a request that was answered before.
fn held_again(known: &HoldRecord) -> Result<Held, HoldError> {
    match &known.state {
        HoldState::Held => Ok(Held::Waiting),
        HoldState::Releasing(secret) => Ok(Held::Forward(forward(&known.request, secret)?)),
        HoldState::Released | HoldState::Failing | HoldState::Failed => Ok(Held::Finished),
    }
}

fn forward(request: &HoldRequest, secret: &ReleaseSecret) -> Result<Forward, HoldError> {
    let blind = match &request.held_blind {
        Some(held) => Some(held.open(secret).map_err(|_| HoldError::ZeroBlind(request.id))?),
        None => None,
    };
    Ok(Forward { id: request.id, blind })
}
