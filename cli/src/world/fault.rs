use std::str::FromStr;

use pointlock::curve::SecretScalar;
use pointlock::lock::{Lock, LockSecret, Preimage};
use pointlock::payment::{Proposal, SecretSource};

use super::{Origin, StoryError, World};

/// What a hop does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// One bit of the lock secret is flipped before the hop claims.
    FlippedBit,
    /// The hop adds another blind to the lock than the one that it was given.
    WrongBlind,
    /// The hop commits the outgoing contract under the lock of its incoming one.
    SwappedLock,
    /// The hop claims before anybody claimed from it.
    EarlyClaim,
}

impl FaultKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FlippedBit => "flipped-bit",
            Self::WrongBlind => "wrong-blind",
            Self::SwappedLock => "swapped-lock",
            Self::EarlyClaim => "early-claim",
        }
    }
}

/// A fault at a named hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) hop: String,
    pub(crate) kind: FaultKind,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (hop, kind) =
            text.split_once(':').ok_or("expected HOP:FAULT, as router:wrong-blind")?;
        let kinds = [
            FaultKind::FlippedBit,
            FaultKind::WrongBlind,
            FaultKind::SwappedLock,
            FaultKind::EarlyClaim,
        ];
        let kind = kinds
            .into_iter()
            .find(|known| known.name() == kind)
            .ok_or_else(|| format!("unknown fault {kind}"))?;
        Ok(Self { hop: hop.to_owned(), kind })
    }
}

impl World {
    pub(super) fn takes_fault(&mut self, party: usize, kind: FaultKind) -> bool {
        let hit = self
            .fault
            .as_ref()
            .is_some_and(|fault| fault.kind == kind && fault.hop == self.parties[party].name);
        if hit {
            self.fault = None;
        }
        hit
    }

    /// A fault that was asked for and never came to pass.
    pub(crate) fn check_fault_reached(&self) -> Result<(), StoryError> {
        let Some(fault) = &self.fault else { return Ok(()) };
        let hop = fault.hop.clone();
        if self.parties.iter().any(|party| party.name == hop) {
            return Err(StoryError::FaultNotReached { hop, fault: fault.kind.name() });
        }
        let known: Vec<&str> = self.parties.iter().map(|party| party.name.as_str()).collect();
        Err(StoryError::UnknownHop { hop, known: known.join(", ") })
    }

    pub(super) fn spoil_lock(&mut self, party: usize, origin: Origin, proposal: &mut Proposal) {
        if self.takes_fault(party, FaultKind::WrongBlind) {
            if let Lock::Point(point) = proposal.lock {
                let wrong = self.secret().to_point();
                proposal.lock = Lock::Point(point.add(&wrong).expect("random points don't cancel"));
            }
        }
        let Origin::Incoming(incoming) = origin else { return };
        let Some(edge) = self.edge_at(incoming) else { return };
        if self.takes_fault(party, FaultKind::SwappedLock) {
            proposal.lock = self.edges[edge].terms().lock;
        }
    }

    pub(super) fn early_claim(&mut self, party: usize, origin: Origin) -> Result<(), StoryError> {
        let Origin::Incoming(incoming) = origin else { return Ok(()) };
        let Some(edge) = self.edge_at(incoming) else { return Ok(()) };
        let known = self.parties[party].view().get(SecretSource::Blind { incoming }).cloned();
        let Some(blind) = known else { return Ok(()) };
        if !self.takes_fault(party, FaultKind::EarlyClaim) {
            return Ok(());
        }
        let transaction = self.edges[edge]
            .claim_unchecked(&blind)
            .ok_or_else(|| StoryError::Claim("no claim could be built".to_owned()))?;
        self.settle(edge, &transaction)
    }
}

pub(super) fn with_flipped_bit(secret: &LockSecret) -> LockSecret {
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
