//! What is played, as a TOML file says it: `examples/scenarios/`. `reader` reads one.

use std::collections::BTreeMap;
use std::path::Path;

use pointlock_sim::System;
use thiserror::Error;

use super::event::{Event, Pay};
use crate::terminal;

/// The systems of the design in which an invoice is used again.
pub(super) const SYSTEMS: [System; 5] =
    [System::S2, System::S3, System::S3Ldk, System::S4, System::S5];

/// What is wrong with a scenario, and where.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("line {line}: {problem}")]
pub(super) struct ScenarioError {
    pub(super) line: usize,
    pub(super) problem: String,
}

/// A scenario that does not contradict itself.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) title: String,
    pub(super) note: Option<String>,
    pub(super) system: System,
    /// The forwarders, in the order of the route.
    pub(super) route: Vec<String>,
    /// How many of the last forwarders stand on the receiver's blinded paths; 0 where the route is in the clear.
    pub(super) on_path: usize,
    /// How many such paths each invoice has.
    pub(super) paths: usize,
    /// k, for S5.
    pub(super) points: usize,
    /// The payer of each payment.
    pub(super) payers: Vec<String>,
    /// Who may be a thief, companies in the place of their members.
    pub(super) parties: Vec<String>,
    pub(super) company_of: BTreeMap<String, String>,
    pub(super) events: Vec<(usize, Event)>,
    /// The smallest thieves that the author expects.
    pub(super) expected: Option<Vec<Vec<String>>>,
}

impl Scenario {
    /// The longest file, in bytes. What it may say fits a hundred times.
    const MAX_LENGTH: u64 = 4 << 20;
    /// How many events: more than [`pointlock_collusion::Coalition::MAX_PARTIES`] parties need to pay once each, with each payment forwarded, claimed and
    /// published for.
    pub(super) const MAX_EVENTS: usize = 1_000;
    /// The longest route: what an onion of 1300 bytes has room for.
    pub(super) const MAX_FORWARDERS: usize = 8;
    pub(super) const MAX_POINTS: usize = 64;
    pub(super) const MAX_PARTS: usize = 9;
    pub(super) const MAX_PATHS: usize = 9;

    /// The text of a scenario's file.
    pub(super) fn read_text(path: &Path) -> Result<String, String> {
        terminal::read_text(path, Self::MAX_LENGTH, "a TOML file")
    }

    /// The party that somebody is, or belongs to.
    pub(super) fn company<'a>(&'a self, name: &'a str) -> &'a str {
        self.company_of.get(name).map_or(name, String::as_str)
    }

    /// Its number among the parties.
    pub(super) fn party(&self, name: &str) -> Option<usize> {
        let company = self.company(name);
        self.parties.iter().position(|party| party == company)
    }

    /// The order for a payment that was made.
    pub(super) fn pay(&self, payment: usize) -> Option<&Pay> {
        self.events.iter().find_map(|(_, event)| match event {
            Event::Pay(pay) if pay.payment == payment => Some(pay),
            _ => None,
        })
    }

    pub(super) fn parts(&self, payment: usize) -> usize {
        self.pay(payment).map_or(1, |pay| pay.parts)
    }

    /// Which forwarder finds the rest of a payment's route, from 1.
    pub(super) fn trampoline(&self, pay: &Pay) -> Option<usize> {
        let name = pay.trampoline.as_ref()?;
        self.route.iter().position(|hop| hop == name).map(|index| index + 1)
    }

    /// Which forwarder finds the rest of this payment's route, from 1.
    pub(super) fn finder(&self, payment: usize) -> Option<usize> {
        self.pay(payment).and_then(|pay| self.trampoline(pay))
    }
}
