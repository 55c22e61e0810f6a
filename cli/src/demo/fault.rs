use std::str::FromStr;

use pointlock_sim::{FaultKind, OneFault};

use crate::narration::{Stage, StoryError};

/// A fault at a named hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    hop: String,
    kind: FaultKind,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').filter(|(hop, kind)| !hop.is_empty() && !kind.is_empty());
        let (hop, kind) = parts.ok_or("expected PARTY:FAULT, such as router:wrong-blind")?;
        let known = || FaultKind::ALL.map(FaultKind::name).join(", ");
        let kind =
            kind.parse().map_err(|_| format!("unknown fault {kind:?}; there are {}", known()))?;
        Ok(Self { hop: hop.to_owned(), kind })
    }
}

impl Fault {
    /// Whether there is such a party: before anything is played.
    pub(super) fn check_party(&self, parties: &[String]) -> Result<(), StoryError> {
        if parties.contains(&self.hop) {
            return Ok(());
        }
        Err(StoryError::UnknownHop { hop: self.hop.clone(), known: parties.join(", ") })
    }

    /// Plugs it into the simulation; what is given back knows whether it came to pass.
    pub(super) fn plug_in(&self, stage: &mut Stage) -> Result<OneFault, StoryError> {
        let by = stage.sim.named(&self.hop).ok_or_else(|| {
            let known: Vec<&str> = stage.sim.everybody().map(|who| stage.sim.name(who)).collect();
            StoryError::UnknownHop { hop: self.hop.clone(), known: known.join(", ") }
        })?;
        let fault = OneFault::new(by, self.kind);
        stage.sim.faults.push(Box::new(fault.clone()));
        Ok(fault)
    }

    /// A fault that was asked for and never came to pass.
    pub(super) fn check(&self, plugged_in: &OneFault) -> Result<(), StoryError> {
        if plugged_in.is_done() {
            return Ok(());
        }
        Err(StoryError::FaultNotReached { hop: self.hop.clone(), fault: self.kind.name() })
    }
}
