//! What a node does otherwise than its role says.

use std::cell::Cell;
use std::rc::Rc;
use std::str::FromStr;

use pointlock::curve::SecretScalar;
use pointlock::lock::{Lock, LockSecret, Preimage};
use pointlock::payment::{OfferOrigin, Proposal, SecretSource};

use crate::{Chain, Sim, SimError, Who};

/// A fault, plugged into [`Sim::faults`]. Each hook is called where a node is about to do something, and may do something else.
///
/// While a hook runs no other fault is asked.
pub trait Fault<C: Chain> {
    /// A node is about to offer an edge.
    ///
    /// # Errors
    ///
    /// What ends the scenario.
    fn before_offer(
        &mut self,
        _sim: &mut Sim<C>,
        _by: Who,
        _origin: &OfferOrigin,
        _proposal: &mut Proposal,
    ) -> Result<(), SimError<C::Refused>> {
        Ok(())
    }

    /// A node has offered an edge, and its neighbour has not been told yet.
    ///
    /// # Errors
    ///
    /// What ends the scenario.
    fn after_offer(
        &mut self,
        _sim: &mut Sim<C>,
        _by: Who,
        _origin: &OfferOrigin,
    ) -> Result<(), SimError<C::Refused>> {
        Ok(())
    }

    /// A node is about to claim a contract.
    ///
    /// # Errors
    ///
    /// What ends the scenario.
    fn before_claim(
        &mut self,
        _sim: &mut Sim<C>,
        _contract: usize,
        _secret: &mut LockSecret,
    ) -> Result<(), SimError<C::Refused>> {
        Ok(())
    }
}

impl<C: Chain> Sim<C> {
    pub(crate) fn with_faults(
        &mut self,
        mut hook: impl FnMut(&mut dyn Fault<C>, &mut Self) -> Result<(), SimError<C::Refused>>,
    ) -> Result<(), SimError<C::Refused>> {
        let mut faults = std::mem::take(&mut self.faults);
        let done = faults.iter_mut().try_for_each(|fault| hook(fault.as_mut(), self));
        self.faults = faults;
        done
    }
}

/// The known faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// One bit of the lock secret is flipped before the node claims.
    FlippedBit,
    /// The node adds another blind to the lock than the one that it was given.
    WrongBlind,
    /// The node offers the outgoing edge under the lock of its incoming one.
    SwappedLock,
    /// The node claims before anybody claimed from it, with the blind that it was given.
    EarlyClaim,
}

/// One of the known faults, at one node, once.
#[derive(Clone, Debug)]
pub struct OneFault {
    by: Who,
    kind: FaultKind,
    done: Rc<Cell<bool>>,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::FlippedBit, Self::WrongBlind, Self::SwappedLock, Self::EarlyClaim];

    /// Its name, in words with hyphens.
    pub fn name(self) -> &'static str {
        match self {
            Self::FlippedBit => "flipped-bit",
            Self::WrongBlind => "wrong-blind",
            Self::SwappedLock => "swapped-lock",
            Self::EarlyClaim => "early-claim",
        }
    }
}

impl FromStr for FaultKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == text);
        known.ok_or_else(|| format!("unknown fault {text}"))
    }
}

impl OneFault {
    /// A fault that this node will commit as soon as it can.
    pub fn new(by: Who, kind: FaultKind) -> Self {
        Self { by, kind, done: Rc::default() }
    }

    /// Whether it has come to pass. A clone that was kept tells.
    pub fn is_done(&self) -> bool {
        self.done.get()
    }

    fn strikes(&self, by: Who, kind: FaultKind) -> bool {
        let strikes = self.by == by && self.kind == kind && !self.done.get();
        if strikes {
            self.done.set(true);
        }
        strikes
    }
}

impl<C: Chain> Fault<C> for OneFault {
    fn before_offer(
        &mut self,
        sim: &mut Sim<C>,
        by: Who,
        origin: &OfferOrigin,
        proposal: &mut Proposal,
    ) -> Result<(), SimError<C::Refused>> {
        if let Lock::Point(point) = proposal.lock {
            if self.strikes(by, FaultKind::WrongBlind) {
                let wrong = sim.entropy.secret().to_point();
                proposal.lock = point.add(&wrong).map_or(proposal.lock, Lock::Point);
            }
        }
        if let OfferOrigin::Incoming(incoming) = origin {
            if let Some(contract) = sim.contract(incoming) {
                if self.strikes(by, FaultKind::SwappedLock) {
                    proposal.lock = sim.contracts[contract].terms().lock;
                }
            }
        }
        Ok(())
    }

    fn after_offer(
        &mut self,
        sim: &mut Sim<C>,
        by: Who,
        origin: &OfferOrigin,
    ) -> Result<(), SimError<C::Refused>> {
        let OfferOrigin::Incoming(incoming) = *origin else { return Ok(()) };
        let Some(contract) = sim.contract(&incoming) else { return Ok(()) };
        let blind = sim.view(by).get(SecretSource::Blind { incoming }).cloned();
        let Some(blind) = blind else { return Ok(()) };
        if !self.strikes(by, FaultKind::EarlyClaim) {
            return Ok(());
        }
        let early = &sim.contracts[contract];
        let Some(claim) = early.claim_unchecked(&blind, &early.claimer_key) else { return Ok(()) };
        sim.settle_with(contract, &claim)
    }

    fn before_claim(
        &mut self,
        sim: &mut Sim<C>,
        contract: usize,
        secret: &mut LockSecret,
    ) -> Result<(), SimError<C::Refused>> {
        if self.strikes(sim.contracts[contract].claimer, FaultKind::FlippedBit) {
            *secret = with_flipped_bit(secret);
        }
        Ok(())
    }
}

fn with_flipped_bit(secret: &LockSecret) -> LockSecret {
    match secret {
        LockSecret::Scalar(scalar) => {
            let mut bytes = scalar.dangerous_to_bytes();
            bytes[31] ^= 1;
            LockSecret::Scalar(SecretScalar::from_hash(&bytes).unwrap_or_else(|_| scalar.clone()))
        }
        LockSecret::Preimage(preimage) => {
            let mut bytes = *preimage.dangerous_as_bytes();
            bytes[31] ^= 1;
            LockSecret::Preimage(Preimage::new(bytes))
        }
    }
}
