use alloc::vec::Vec;

use super::ReleaseSecret;
use super::queue::ReleaseQueue;
use super::{Cap, HoldError, HoldId, HoldRecord, HoldRequest, HoldState, HoldStore, Limits};
use crate::lock::Blind;

/// The holds of a node. No I/O, clock or randomness of its own: heights come in, actions go out.
#[derive(Debug)]
pub struct Ledger<S> {
    store: S,
    limits: Limits,
    queue: ReleaseQueue,
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
    /// Its release was here first.
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
    /// Its hold is not here yet; the release waits for it, for a while.
    Queued,
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
    /// The ledger over a store, which may hold the holds of an earlier run: see [`resume`](Self::resume).
    pub fn new(store: S, limits: Limits) -> Self {
        Self { store, limits, queue: ReleaseQueue::default() }
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
            Some(known) if known.request != request => return Err(HoldError::IdTaken(id)),
            Some(known) if known.state != HoldState::Held => {
                self.queue.remove(&id);
                return held_again(&known);
            }
            Some(_) => {}
            None => self.insert(request, height)?,
        }
        self.queue.prune(height);
        self.release_queued(&id, height)
    }

    fn insert(&mut self, request: HoldRequest, height: u32) -> Result<(), HoldError> {
        let id = request.id;
        if request.cutoff_height <= height {
            return Err(HoldError::CutoffPassed { id, cutoff: request.cutoff_height, height });
        }
        self.check_caps(&request)?;
        let record = HoldRecord { request, state: HoldState::Held };
        if self.store.insert(record)? { Ok(()) } else { Err(HoldError::IdTaken(id)) }
    }

    /// Lets a release that was here first have its effect. Only then does it leave the queue: when the store fails, the
    /// repeated call has to find it again.
    fn release_queued(&mut self, id: &HoldId, height: u32) -> Result<Held, HoldError> {
        let Some(secret) = self.queue.get(id) else { return Ok(Held::Waiting) };
        let held = match self.release(id, &secret, height) {
            Err(error @ HoldError::Store(_)) => return Err(error),
            Ok(Released::Forward(forward)) => Ok(Held::Forward(forward)),
            // It was somebody's guess, and the right one may still come; or a repeated call finds the cutoff reached; or
            // the blind is zero, and the hold fails back at the cutoff.
            Ok(_)
            | Err(
                HoldError::WrongReleaseSecret(_) | HoldError::TooLate(_) | HoldError::ZeroBlind(_),
            ) => Ok(Held::Waiting),
            Err(error) => Err(error),
        };
        self.queue.remove(id);
        held
    }

    /// Takes one entry of a `release_held_ptlc`, at `height`. The same again is a no-op, or repeats the action until
    /// it is confirmed.
    ///
    /// # Errors
    ///
    /// [`HoldError::WrongReleaseSecret`], [`HoldError::TooLate`], [`HoldError::ZeroBlind`], [`HoldError::CapReached`]
    /// when too many releases wait for their hold, [`HoldError::Store`].
    pub fn release(
        &mut self,
        id: &HoldId,
        secret: &ReleaseSecret,
        height: u32,
    ) -> Result<Released, HoldError> {
        let Some(record) = self.store.get(id)? else {
            self.queue.prune(height);
            return if self.queue.push(*id, secret, height, &self.limits) {
                Ok(Released::Queued)
            } else {
                Err(HoldError::CapReached(Cap::QueuedReleases))
            };
        };
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
        self.queue.prune(height);
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
        let of = |matches: &dyn Fn(&HoldRequest) -> bool| {
            open.iter().filter(|record| matches(&record.request)).count()
        };
        let value = open.iter().try_fold(request.amount_msat, |sum, record| {
            sum.checked_add(record.request.amount_msat)
        });
        let cap = if of(&|other| other.sender == request.sender) >= self.limits.holds_per_sender {
            Cap::HoldsPerSender
        } else if of(&|other| other.receiver == request.receiver) >= self.limits.holds_per_receiver
        {
            Cap::HoldsPerReceiver
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
