use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::{Announcement, Cap, HoldError, HoldId, HoldRequest, HoldState, Limits, ReleaseSecret};
use crate::lock::Blind;

/// The holds of a node: a part of its state, as durable as the events that make it. Heights come in, actions go out.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    limits: Limits,
    holds: BTreeMap<HoldId, Box<Hold>>,
    /// Holds that wait, by the height at which they fail back.
    cutoffs: BTreeSet<(u32, HoldId)>,
    /// Holds that have ended, by the expiry of the incoming edge: until then nobody else gets their id.
    ended: BTreeSet<(u32, HoldId)>,
    /// Open holds by the neighbour that has brought the money.
    by_neighbour: BTreeMap<[u8; 32], usize>,
    open: usize,
    value_msat: u64,
}

/// A hold as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What was asked for.
    pub request: HoldRequest,
    /// How far it has come.
    pub state: HoldState,
    /// What is sent to the receiver while it waits; nothing before its sender has handed it over.
    pub announcement: Option<Announcement>,
    /// How many announcements its sender has handed over.
    pub announcements: u8,
}

/// Forward this payment now, then call [`Ledger::forwarded`].
#[derive(Debug)]
pub struct Forward {
    /// The hold.
    pub id: HoldId,
    /// y_1, or none for a hash lock.
    pub blind: Option<Blind>,
}

/// What became of a release.
#[derive(Debug)]
pub enum Released {
    /// The payment can go on.
    Forward(Forward),
    /// It had been released already.
    AlreadyReleased,
}

/// What is open, all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenHolds {
    /// How many.
    pub count: usize,
    /// Their value, in millisatoshi.
    pub value_msat: u64,
}

impl Ledger {
    /// How many announcements a hold takes. Its sender hands over another one when a part of its payment had to be tried again.
    pub const MAX_ANNOUNCEMENTS: u8 = 8;

    /// An empty ledger.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes a payment to keep, at `height`.
    ///
    /// # Errors
    ///
    /// [`HoldError::CutoffPassed`], [`HoldError::CapReached`] and [`HoldError::IdTaken`].
    pub fn hold(&mut self, request: HoldRequest, height: u32) -> Result<(), HoldError> {
        let id = request.id;
        if self.holds.contains_key(&id) {
            return Err(HoldError::IdTaken(id));
        }
        if request.cutoff_height <= height {
            return Err(HoldError::CutoffPassed { id, cutoff: request.cutoff_height, height });
        }
        self.check_caps(&request)?;
        let state = HoldState::Held;
        self.insert(Hold { request, state, announcement: None, announcements: 0 });
        Ok(())
    }

    /// A ledger with these holds, as they were kept. None if they are worth more than can be counted.
    pub(crate) fn restored(limits: Limits, holds: Vec<Hold>) -> Option<Self> {
        let open = holds.iter().filter(|hold| hold.state.is_open());
        let mut amounts = open.map(|hold| hold.request.amount_msat);
        amounts.try_fold(0, |sum: u64, amount_msat| sum.checked_add(amount_msat))?;
        let mut ledger = Self::new(limits);
        holds.into_iter().for_each(|hold| ledger.insert(hold));
        Some(ledger)
    }

    /// Puts a hold in, and into the indices.
    fn insert(&mut self, hold: Hold) {
        let HoldRequest { id, cutoff_height, expiry, neighbour, amount_msat, .. } = hold.request;
        if hold.state == HoldState::Held {
            self.cutoffs.insert((cutoff_height, id));
        }
        if hold.state.is_open() {
            *self.by_neighbour.entry(neighbour).or_default() += 1;
            self.open += 1;
            self.value_msat = self.value_msat.saturating_add(amount_msat);
        } else {
            self.ended.insert((expiry, id));
        }
        self.holds.insert(id, Box::new(hold));
    }

    /// Takes what the sender has handed over for the receiver of a hold, in the place of what it has handed over before. Says whether
    /// that is new.
    ///
    /// # Errors
    ///
    /// [`HoldError::Unknown`] and, when the hold does not wait any more, [`HoldError::OutOfOrder`]; [`HoldError::CapReached`] after
    /// [`MAX_ANNOUNCEMENTS`](Self::MAX_ANNOUNCEMENTS) of them. Of what is refused nothing is kept.
    pub fn announce(&mut self, id: &HoldId, announcement: Announcement) -> Result<bool, HoldError> {
        let hold = self.holds.get_mut(id).ok_or(HoldError::Unknown(*id))?;
        if hold.state != HoldState::Held {
            return Err(HoldError::OutOfOrder(*id));
        }
        if hold.announcement.as_ref() == Some(&announcement) {
            return Ok(false);
        }
        if hold.announcements >= Self::MAX_ANNOUNCEMENTS {
            return Err(HoldError::CapReached(Cap::Announcements));
        }
        hold.announcements += 1;
        hold.announcement = Some(announcement);
        Ok(true)
    }

    /// What is to be sent to the receiver of a hold; nothing unless it waits, below its cutoff, and its sender has handed something
    /// over.
    pub fn announcement(&self, id: &HoldId, height: u32) -> Option<&Announcement> {
        let hold = self.holds.get(id).filter(|hold| hold.is_announced(height))?;
        hold.announcement.as_ref()
    }

    /// The holds whose receivers are still to be told, at this height.
    pub fn announced(&self, height: u32) -> impl Iterator<Item = HoldId> + '_ {
        let waiting = self.cutoffs.iter().filter_map(|(_, id)| self.holds.get(id));
        waiting.filter(move |hold| hold.is_announced(height)).map(|hold| hold.request.id)
    }

    /// Takes one entry of a `release_held_ptlc`, at `height`.
    ///
    /// # Errors
    ///
    /// [`HoldError::Unknown`], [`HoldError::WrongReleaseSecret`], [`HoldError::TooLate`] and [`HoldError::ZeroBlind`]. Of what is
    /// refused nothing is kept.
    pub fn release(
        &mut self,
        id: &HoldId,
        secret: &ReleaseSecret,
        height: u32,
    ) -> Result<Released, HoldError> {
        let hold = self.holds.get(id).ok_or(HoldError::Unknown(*id))?;
        if !hold.request.release_hash.is_of(secret) {
            return Err(HoldError::WrongReleaseSecret(*id));
        }
        match hold.state {
            HoldState::Held if hold.request.cutoff_height > height => {
                let forward = hold.forward(secret)?;
                self.step(id, HoldState::Releasing(secret.clone()));
                Ok(Released::Forward(forward))
            }
            HoldState::Releasing(_) | HoldState::Released => Ok(Released::AlreadyReleased),
            HoldState::Held | HoldState::Failing | HoldState::Failed => {
                Err(HoldError::TooLate(*id))
            }
        }
    }

    /// The outgoing edge stands: the payment is an ordinary one now.
    ///
    /// # Errors
    ///
    /// [`HoldError::Unknown`], and [`HoldError::OutOfOrder`] when it was not releasing.
    pub fn forwarded(&mut self, id: &HoldId) -> Result<(), HoldError> {
        match self.state(id)? {
            HoldState::Released => Ok(()),
            HoldState::Releasing(_) => {
                self.step(id, HoldState::Released);
                Ok(())
            }
            _ => Err(HoldError::OutOfOrder(*id)),
        }
    }

    /// The incoming edge is failed, whether the hold was released or not.
    ///
    /// # Errors
    ///
    /// [`HoldError::Unknown`], and [`HoldError::OutOfOrder`] when it still waits.
    pub fn failed(&mut self, id: &HoldId) -> Result<(), HoldError> {
        match self.state(id)? {
            HoldState::Held => Err(HoldError::OutOfOrder(*id)),
            HoldState::Failing | HoldState::Releasing(_) => {
                self.step(id, HoldState::Failed);
                Ok(())
            }
            HoldState::Released | HoldState::Failed => Ok(()),
        }
    }

    /// A hold that waits begins to fail back before its cutoff, since something else has ended it.
    pub(crate) fn give_up(&mut self, id: &HoldId) {
        if self.holds.get(id).is_some_and(|hold| hold.state == HoldState::Held) {
            self.step(id, HoldState::Failing);
        }
    }

    /// A block: the holds whose cutoff it reaches begin to fail back. Gives their ids. What ended before an incoming edge that has expired
    /// is forgotten.
    pub fn block(&mut self, height: u32) -> Vec<HoldId> {
        let mut failing = Vec::new();
        while let Some((cutoff, id)) = self.cutoffs.first().copied() {
            if cutoff > height {
                break;
            }
            self.step(&id, HoldState::Failing);
            failing.push(id);
        }
        while let Some((expiry, id)) = self.ended.first().copied() {
            if expiry > height {
                break;
            }
            self.ended.remove(&(expiry, id));
            self.holds.remove(&id);
        }
        failing
    }

    /// A hold.
    pub fn get(&self, id: &HoldId) -> Option<&Hold> {
        self.holds.get(id).map(Box::as_ref)
    }

    /// All holds, the ended ones included whose ids are still kept.
    pub fn holds(&self) -> impl ExactSizeIterator<Item = &Hold> {
        self.holds.values().map(Box::as_ref)
    }

    /// What is open.
    pub fn open(&self) -> OpenHolds {
        OpenHolds { count: self.open, value_msat: self.value_msat }
    }

    /// The state of a hold.
    ///
    /// # Errors
    ///
    /// [`HoldError::Unknown`].
    pub fn state(&self, id: &HoldId) -> Result<&HoldState, HoldError> {
        self.holds.get(id).map(|hold| &hold.state).ok_or(HoldError::Unknown(*id))
    }

    /// Puts a hold into another state, and keeps the indices true.
    fn step(&mut self, id: &HoldId, to: HoldState) {
        let Some(hold) = self.holds.get_mut(id) else { return };
        let HoldRequest { cutoff_height, expiry, neighbour, amount_msat, .. } = hold.request;
        if to != HoldState::Held {
            self.cutoffs.remove(&(cutoff_height, *id));
            hold.announcement = None;
        }
        let was_open = hold.state.is_open();
        hold.state = to;
        if hold.state.is_open() || !was_open {
            return;
        }
        self.ended.insert((expiry, *id));
        self.open -= 1;
        self.value_msat = self.value_msat.saturating_sub(amount_msat);
        if let Some(count) = self.by_neighbour.get_mut(&neighbour) {
            *count -= 1;
            if *count == 0 {
                self.by_neighbour.remove(&neighbour);
            }
        }
    }

    fn check_caps(&self, request: &HoldRequest) -> Result<(), HoldError> {
        let of_neighbour = self.by_neighbour.get(&request.neighbour).copied().unwrap_or(0);
        let value = self.value_msat.checked_add(request.amount_msat);
        let cap = if of_neighbour >= self.limits.holds_per_neighbour {
            Cap::HoldsPerNeighbour
        } else if self.open >= self.limits.holds {
            Cap::Holds
        } else if value.is_none_or(|value| value > self.limits.value_msat) {
            Cap::Value
        } else {
            return Ok(());
        };
        Err(HoldError::CapReached(cap))
    }
}

impl Hold {
    fn is_announced(&self, height: u32) -> bool {
        self.state == HoldState::Held
            && self.announcement.is_some()
            && self.request.cutoff_height > height
    }

    fn forward(&self, secret: &ReleaseSecret) -> Result<Forward, HoldError> {
        let id = self.request.id;
        let blind = match &self.request.held_blind {
            Some(held) => Some(held.open(secret).map_err(|_| HoldError::ZeroBlind(id))?),
            None => None,
        };
        Ok(Forward { id, blind })
    }
}
