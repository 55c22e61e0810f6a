//! What is played, as a TOML file says it: `examples/scenarios/`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::Path;

use pointlock_collusion::Coalition;
use pointlock_sim::System;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use super::event::{Event, Leaked, Pay};

/// The systems of the design in which an invoice is used again.
pub(super) const SYSTEMS: [System; 4] = [System::S2, System::S3, System::S4, System::S5];

fn title(system: System) -> &'static str {
    match system {
        System::S1 => "hash locks, a fresh invoice for every payment",
        System::S2 => "hash locks, one stored invoice, the receiver's LSP holds",
        System::S3 => "hash locks, one stored invoice, the sender's LSP holds",
        System::S4 => "point locks, one stored invoice, the sender's LSP holds",
        System::S5 => "k-time payment points, one stored invoice, the sender's LSP holds",
    }
}

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
    company_of: BTreeMap<String, String>,
    pub(super) events: Vec<(usize, Event)>,
    /// The smallest thieves that the author expects.
    pub(super) expected: Option<Vec<Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: Option<String>,
    note: Option<String>,
    system: Spanned<String>,
    route: Option<Spanned<Vec<Spanned<String>>>>,
    path: Option<Spanned<usize>>,
    points: Option<Spanned<usize>>,
    #[serde(default)]
    others: Vec<Spanned<String>>,
    #[serde(default)]
    companies: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    events: Spanned<Vec<Spanned<String>>>,
    expect: Option<Vec<Vec<String>>>,
}

impl Scenario {
    /// The longest file, in bytes. What it may say fits a hundred times.
    const MAX_LENGTH: usize = 4 << 20;
    /// How many events: more than [`Coalition::MAX_PARTIES`] parties need to pay once each, with each payment forwarded, claimed and
    /// published for.
    const MAX_EVENTS: usize = 1_000;
    /// The longest route: what an onion of 1300 bytes has room for.
    const MAX_FORWARDERS: usize = 8;
    const MAX_POINTS: usize = 64;
    const MAX_PARTS: usize = 9;
    const MAX_PATHS: usize = 9;

    /// The text of a scenario's file; one that is too long is not read to its end.
    pub(super) fn read_text(path: &Path) -> io::Result<String> {
        let most = Self::MAX_LENGTH;
        let mut text = Vec::new();
        std::fs::File::open(path)?.take(most as u64 + 1).read_to_end(&mut text)?;
        if text.len() > most {
            let problem = format!("longer than {most} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        String::from_utf8(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Reads a scenario. Whatever the text, that is work in proportion to its length until the caps are checked.
    pub(super) fn parse(text: &str) -> Result<Self, ScenarioError> {
        let ends: Vec<usize> = text.match_indices('\n').map(|(end, _)| end).collect();
        let line = |offset: usize| 1 + ends.partition_point(|end| *end < offset);
        let file: File = toml::from_str(text).map_err(|error| ScenarioError {
            line: error.span().map_or(1, |span| line(span.start)),
            problem: error.message().to_owned(),
        })?;
        let at = |span: std::ops::Range<usize>, problem: String| ScenarioError {
            line: line(span.start),
            problem,
        };
        let events = file.events.as_ref().len();
        if events > Self::MAX_EVENTS {
            let most = Self::MAX_EVENTS;
            let problem = format!("{events} events, but it takes {most} at most");
            return Err(at(file.events.span(), problem));
        }
        let system = file.system.as_ref().parse().ok();
        let system = system
            .filter(|system| SYSTEMS.contains(system))
            .ok_or_else(|| at(file.system.span(), "system: S2, S3, S4 or S5".to_owned()))?;
        let route = match &file.route {
            None => ["sender_lsp", "router", "receiver_lsp"].map(str::to_owned).to_vec(),
            Some(route) => {
                let count = route.as_ref().len();
                if !(1..=Self::MAX_FORWARDERS).contains(&count) {
                    let most = Self::MAX_FORWARDERS;
                    let problem = format!("route: {count} forwarders, but it takes 1 to {most}");
                    return Err(at(route.span(), problem));
                }
                route.as_ref().iter().map(|name| name.as_ref().clone()).collect()
            }
        };
        let mut known: BTreeSet<String> = BTreeSet::new();
        for (index, name) in route.iter().enumerate() {
            let span = file.route.as_ref().map_or(0..0, |route| route.as_ref()[index].span());
            check_name(name).map_err(|problem| at(span.clone(), problem))?;
            if !known.insert(name.clone()) {
                return Err(at(span, format!("{name}: twice on the route")));
            }
        }
        let points = match &file.points {
            None => 3,
            Some(points) if system != System::S5 => {
                return Err(at(points.span(), "points: only S5 has them".to_owned()));
            }
            Some(points) if (1..=Self::MAX_POINTS).contains(points.as_ref()) => *points.as_ref(),
            Some(points) => {
                let problem = format!("points: k is from 1 to {}", Self::MAX_POINTS);
                return Err(at(points.span(), problem));
            }
        };
        let on_path = match &file.path {
            None => 0,
            Some(path) if system == System::S2 => {
                return Err(at(path.span(), "path: the holder of S2 would stand on it".to_owned()));
            }
            Some(path) if (1..route.len()).contains(path.as_ref()) => *path.as_ref(),
            Some(path) => {
                let problem = "path: over 1 forwarder or more, but not over the first".to_owned();
                return Err(at(path.span(), problem));
            }
        };
        let mut scenario = Self {
            title: file.title.unwrap_or_else(|| title(system).to_owned()),
            note: file.note,
            system,
            route,
            on_path,
            paths: usize::from(on_path > 0),
            points,
            payers: Vec::new(),
            parties: Vec::new(),
            company_of: BTreeMap::new(),
            events: Vec::new(),
            expected: file.expect,
        };
        for text in file.events.as_ref() {
            let problem = |problem| at(text.span(), problem);
            let event: Event = text.as_ref().parse().map_err(problem)?;
            if let Event::Pay(Pay { payer, path, .. }) = &event {
                scenario.paths = scenario.paths.max(if on_path > 0 { path + 1 } else { 0 });
                check_name(payer).map_err(problem)?;
                if scenario.route.contains(payer) {
                    return Err(problem(format!(
                        "{payer}: is on the route, and can't pay over it"
                    )));
                }
                known.insert(payer.clone());
                scenario.payers.push(payer.clone());
            }
            scenario.events.push((line(text.span().start), event));
        }
        for name in &file.others {
            check_name(name.as_ref()).map_err(|problem| at(name.span(), problem))?;
            known.insert(name.as_ref().clone());
        }
        for (company, members) in &file.companies {
            check_name(company.as_ref()).map_err(|problem| at(company.span(), problem))?;
            for member in members {
                let name = member.as_ref();
                if !known.contains(name) {
                    let problem = format!("{name}: neither pays nor stands on the route");
                    return Err(at(member.span(), problem));
                }
                let other = scenario.company_of.insert(name.clone(), company.as_ref().clone());
                if let Some(other) = other {
                    return Err(at(member.span(), format!("{name}: belongs to {other} too")));
                }
            }
        }
        let others = file.others.iter().map(|name| name.as_ref());
        let names = scenario.payers.iter().chain(others).chain(&scenario.route);
        let mut counted = BTreeSet::new();
        let parties = names.map(|name| scenario.company(name)).filter(|name| counted.insert(*name));
        scenario.parties = parties.map(str::to_owned).collect();
        if scenario.parties.len() > Coalition::MAX_PARTIES {
            let most = Coalition::MAX_PARTIES;
            let problem =
                format!("{} parties, but it takes {most} at most", scenario.parties.len());
            return Err(at(file.events.span(), problem));
        }
        scenario.check_events()?;
        if scenario.payers.is_empty() {
            return Err(at(file.events.span(), "events: nobody pays".to_owned()));
        }
        Ok(scenario)
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

    /// The number of the last y that the payer draws.
    fn last_drawn(&self, payment: usize) -> usize {
        self.finder(payment).unwrap_or(self.route.len())
    }

    /// Whether there is such a way to the receiver.
    fn check_way(&self, pay: &Pay) -> Result<(), String> {
        if pay.parts > Self::MAX_PARTS || pay.parts > 1 && !self.system.point_locks() {
            return Err(format!(
                "parts: at most {}, and of a payment under points",
                Self::MAX_PARTS
            ));
        }
        if pay.path >= Self::MAX_PATHS || pay.path > 0 && self.on_path == 0 {
            return Err(format!("path {}: there is none", pay.path + 1));
        }
        let Some(name) = &pay.trampoline else { return Ok(()) };
        if !self.system.point_locks() {
            return Err("trampoline: only for payments under points".to_owned());
        }
        match self.trampoline(pay) {
            None => Err(format!("{name}: is not on the route")),
            Some(hop) if hop + self.on_path > self.route.len() => {
                Err(format!("{name}: stands on the receiver's path"))
            }
            Some(_) => Ok(()),
        }
    }

    /// Refuses what can't happen after what happened before.
    fn check_events(&self) -> Result<(), ScenarioError> {
        let mut stages: Vec<Stage> = Vec::new();
        let mut invoices = 1;
        for (line, event) in &self.events {
            self.check_event(event, &mut stages, &mut invoices)
                .map_err(|problem| ScenarioError { line: *line, problem })?;
        }
        Ok(())
    }

    fn check_event(
        &self,
        event: &Event,
        stages: &mut Vec<Stage>,
        invoices: &mut usize,
    ) -> Result<(), String> {
        let stage = |payment: usize, stages: &[Stage]| {
            let missing = format!("payment {} is not paid yet", payment + 1);
            stages.get(payment).copied().ok_or(missing)
        };
        let forwarder = |name: &str| match self.route.iter().any(|hop| hop == name) {
            true => Ok(()),
            false => Err(format!("{name}: is not on the route")),
        };
        match event {
            Event::Pay(pay) => {
                let payment = pay.payment;
                if payment != stages.len() {
                    let next = stages.len() + 1;
                    return Err(format!("payment {}: the next one is {next}", payment + 1));
                }
                if pay.invoice >= *invoices {
                    return Err(format!("invoice {}: is not published yet", pay.invoice + 1));
                }
                if let Some(other) = pay.same_x {
                    stage(other, stages)?;
                    if self.system != System::S5 {
                        return Err("x: only payments of S5 have one".to_owned());
                    }
                    if self.payers[other] != self.payers[payment] {
                        return Err(format!("payment {}: has another payer", other + 1));
                    }
                }
                self.check_way(pay)?;
                stages.push(Stage::Paid);
            }
            Event::Forward { payment, to } => {
                match stage(*payment, stages)? {
                    Stage::Paid | Stage::Partly => {}
                    Stage::Forwarded => return Err("is forwarded already".to_owned()),
                    _ => return Err("forwards after claiming or failing".to_owned()),
                }
                to.iter().try_for_each(|to| forwarder(to))?;
                stages[*payment] = if to.is_some() { Stage::Partly } else { Stage::Forwarded };
            }
            Event::Claim { payment, down_to } => {
                match stage(*payment, stages)? {
                    Stage::Forwarded | Stage::PartlyClaimed => {}
                    Stage::Paid | Stage::Partly => {
                        return Err(format!("claims payment {} before forwarding it", payment + 1));
                    }
                    Stage::Claimed => return Err("is claimed already".to_owned()),
                    Stage::Failed => return Err("claims after failing".to_owned()),
                }
                if let Some(name) = down_to
                    && name != "receiver"
                {
                    forwarder(name)?;
                }
                let partly = down_to.as_deref().is_some_and(|name| self.route[0] != name);
                stages[*payment] = if partly { Stage::PartlyClaimed } else { Stage::Claimed };
            }
            Event::ClaimEarly { payment } => {
                let Stage::Forwarded = stage(*payment, stages)? else {
                    return Err("early: what has been forwarded, and not claimed".to_owned());
                };
                if self.parts(*payment) < 2 {
                    return Err("early: what has several parts".to_owned());
                }
                stages[*payment] = Stage::Claimed;
            }
            Event::Fail { payment } => {
                if matches!(stage(*payment, stages)?, Stage::Claimed | Stage::PartlyClaimed) {
                    return Err("fails after a claim".to_owned());
                }
                stages[*payment] = Stage::Failed;
            }
            Event::RestoreReceiver => {}
            Event::Publish { invoice, polynomial_of } => {
                if *invoice != *invoices {
                    return Err(format!(
                        "invoice {}: the next one is {}",
                        invoice + 1,
                        *invoices + 1
                    ));
                }
                if let Some(other) = polynomial_of {
                    if other >= invoices {
                        return Err(format!("invoice {}: is not published yet", other + 1));
                    }
                    if self.system != System::S5 {
                        return Err("polynomial: only S5 has one".to_owned());
                    }
                }
                *invoices += 1;
            }
            Event::ReuseBlinds { of, by } => {
                stage(*of, stages)?;
                stage(*by, stages)?;
                if of == by || !self.system.point_locks() {
                    return Err("reuse: takes two payments under points".to_owned());
                }
            }
            Event::Leak { what, payment, to } => {
                stage(*payment, stages)?;
                if self.party(to).is_none() {
                    return Err(format!("{to}: neither pays nor stands on the route"));
                }
                if self.parts(*payment) > 1 {
                    return Err("leak: each part has secrets of its own".to_owned());
                }
                let last = self.last_drawn(*payment);
                match what {
                    Leaked::Release => {}
                    _ if !self.system.point_locks() => {
                        return Err("a payment under a hash has no blinds".to_owned());
                    }
                    Leaked::Blind(hop) if *hop > last => {
                        return Err(format!(
                            "y_{hop}: the last one that the payer draws is y_{last}"
                        ));
                    }
                    Leaked::PathOffsetSum if self.on_path == 0 => {
                        return Err("B: the route is in the clear".to_owned());
                    }
                    Leaked::Blind(_) | Leaked::FinalBlind | Leaked::PathOffsetSum => {}
                }
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Stage {
    Paid,
    Partly,
    Forwarded,
    PartlyClaimed,
    Claimed,
    Failed,
}

fn check_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name == "receiver" {
        Err("receiver: is robbed, and no thief".to_owned())
    } else if name.is_empty() || name.len() > 24 || !name.chars().all(fits) {
        Err(format!("{name:?}: a name has 1 to 24 of a-z, 0-9 and _"))
    } else {
        Ok(())
    }
}
