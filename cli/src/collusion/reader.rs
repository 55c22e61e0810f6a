//! From the text of a scenario's file to a [`Scenario`]: each of its fields, then what they say together.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pointlock_collusion::Coalition;
use pointlock_sim::System;
use serde::Deserialize;
use toml::Spanned;

use super::event::{Event, Pay};
use super::order;
use super::scenario::{SYSTEMS, Scenario, ScenarioError};

fn title(system: System) -> &'static str {
    match system {
        System::S1 => "hash locks, a fresh invoice for every payment",
        System::S2 => "hash locks, one stored invoice, the receiver's LSP holds",
        System::S3 => "hash locks, one stored invoice, the sender's LSP holds",
        System::S3Ldk => {
            "hash locks, one stored invoice, each payer draws the preimage as LDK's do"
        }
        System::S4 => "point locks, one stored invoice, the sender's LSP holds",
        System::S5 => "k-time payment points, one stored invoice, the sender's LSP holds",
    }
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

/// Where a byte of the text stands.
struct Lines {
    ends: Vec<usize>,
}

impl Lines {
    fn of(text: &str) -> Self {
        Self { ends: text.match_indices('\n').map(|(end, _)| end).collect() }
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.ends.partition_point(|end| *end < offset)
    }
}

/// A file and its lines, so that a problem has its place.
struct Reader {
    file: File,
    lines: Lines,
}

impl Scenario {
    /// Reads a scenario. Whatever the text, that is work in proportion to its length until the caps are checked.
    pub(super) fn parse(text: &str) -> Result<Self, ScenarioError> {
        let lines = Lines::of(text);
        let file = toml::from_str(text).map_err(|error| ScenarioError {
            line: error.span().map_or(1, |span| lines.line(span.start)),
            problem: error.message().replace("expected usize", "expected a number from 0"),
        })?;
        Reader { file, lines }.scenario()
    }
}

impl Reader {
    fn at(&self, span: Range<usize>, problem: String) -> ScenarioError {
        ScenarioError { line: self.lines.line(span.start), problem }
    }

    fn scenario(self) -> Result<Scenario, ScenarioError> {
        self.count_events()?;
        let system = self.system()?;
        let route = self.route()?;
        let points = self.points(system)?;
        let on_path = self.path(system, route.len())?;
        let title = self.file.title.clone();
        let mut scenario = Scenario {
            title: title.unwrap_or_else(|| self::title(system).to_owned()),
            note: self.file.note.clone(),
            system,
            route,
            on_path,
            paths: usize::from(on_path > 0),
            points,
            payers: Vec::new(),
            parties: Vec::new(),
            company_of: BTreeMap::new(),
            events: Vec::new(),
            expected: self.file.expect.clone(),
        };
        self.events(&mut scenario)?;
        self.companies(&mut scenario)?;
        self.parties(&mut scenario)?;
        order::check(&scenario)?;
        if scenario.payers.is_empty() {
            return Err(self.at(self.file.events.span(), "events: nobody pays".to_owned()));
        }
        Ok(scenario)
    }

    fn count_events(&self) -> Result<(), ScenarioError> {
        let (events, most) = (self.file.events.as_ref().len(), Scenario::MAX_EVENTS);
        if events > most {
            let problem = format!("{events} events, but it takes {most} at most");
            return Err(self.at(self.file.events.span(), problem));
        }
        Ok(())
    }

    fn system(&self) -> Result<System, ScenarioError> {
        let system = self.file.system.as_ref().parse().ok();
        system.filter(|system| SYSTEMS.contains(system)).ok_or_else(|| {
            self.at(self.file.system.span(), "system: expected S2, S3, S3-LDK, S4 or S5".to_owned())
        })
    }

    fn route(&self) -> Result<Vec<String>, ScenarioError> {
        let Some(route) = &self.file.route else {
            return Ok(["sender_lsp", "router", "receiver_lsp"].map(str::to_owned).to_vec());
        };
        let (count, most) = (route.as_ref().len(), Scenario::MAX_FORWARDERS);
        if !(1..=most).contains(&count) {
            let problem = format!("route: {count} forwarders, but it takes 1 to {most}");
            return Err(self.at(route.span(), problem));
        }
        let mut known = BTreeSet::new();
        for name in route.as_ref() {
            self.name(name)?;
            if !known.insert(name.as_ref()) {
                let problem = format!("{}: twice on the route", name.as_ref());
                return Err(self.at(name.span(), problem));
            }
        }
        Ok(route.as_ref().iter().map(|name| name.as_ref().clone()).collect())
    }

    fn points(&self, system: System) -> Result<usize, ScenarioError> {
        match &self.file.points {
            None => Ok(3),
            Some(points) if system != System::S5 => {
                Err(self.at(points.span(), "points: only S5 has them".to_owned()))
            }
            Some(points) if (1..=Scenario::MAX_POINTS).contains(points.as_ref()) => {
                Ok(*points.as_ref())
            }
            Some(points) => {
                let problem = format!("points: k is from 1 to {}", Scenario::MAX_POINTS);
                Err(self.at(points.span(), problem))
            }
        }
    }

    fn path(&self, system: System, forwarders: usize) -> Result<usize, ScenarioError> {
        match &self.file.path {
            None if system == System::S3Ldk => {
                let problem = "system: S3-LDK needs a path, such as path = 1: an invoice without a lock is BOLT 12's own, and has a blinded path";
                Err(self.at(self.file.system.span(), problem.to_owned()))
            }
            None => Ok(0),
            Some(path) if system == System::S2 => {
                Err(self.at(path.span(), "path: the holder of S2 would stand on it".to_owned()))
            }
            Some(path) if (1..forwarders).contains(path.as_ref()) => Ok(*path.as_ref()),
            Some(path) => {
                let problem = "path: over 1 forwarder or more, but not over the first".to_owned();
                Err(self.at(path.span(), problem))
            }
        }
    }

    /// What happens, and who pays.
    fn events(&self, scenario: &mut Scenario) -> Result<(), ScenarioError> {
        for text in self.file.events.as_ref() {
            let problem = |problem| self.at(text.span(), problem);
            let event: Event = text.as_ref().parse().map_err(problem)?;
            if let Event::Pay(Pay { payer, path, .. }) = &event {
                if scenario.on_path > 0 {
                    scenario.paths = scenario.paths.max(path + 1);
                }
                check_name(payer).map_err(problem)?;
                if scenario.route.contains(payer) {
                    let cant = format!("{payer}: is on the route, and can't pay over it");
                    return Err(problem(cant));
                }
                scenario.payers.push(payer.clone());
            }
            scenario.events.push((self.lines.line(text.span().start), event));
        }
        Ok(())
    }

    /// Who belongs together.
    fn companies(&self, scenario: &mut Scenario) -> Result<(), ScenarioError> {
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for name in &self.file.others {
            self.name(name)?;
            known.insert(name.as_ref());
        }
        known.extend(scenario.route.iter().chain(&scenario.payers).map(String::as_str));
        for (company, members) in &self.file.companies {
            self.name(company)?;
            for member in members {
                let name = member.as_ref();
                if !known.contains(name.as_str()) {
                    let problem = format!("{name}: neither pays nor stands on the route");
                    return Err(self.at(member.span(), problem));
                }
                let other = scenario.company_of.insert(name.clone(), company.as_ref().clone());
                if let Some(other) = other {
                    let problem = format!("{name}: belongs to {other} too");
                    return Err(self.at(member.span(), problem));
                }
            }
        }
        Ok(())
    }

    /// Who may be a thief, each once: payers first, then others, then the route.
    fn parties(&self, scenario: &mut Scenario) -> Result<(), ScenarioError> {
        let others = self.file.others.iter().map(|name| name.as_ref());
        let names = scenario.payers.iter().chain(others).chain(&scenario.route);
        let mut counted = BTreeSet::new();
        let parties = names.map(|name| scenario.company(name)).filter(|name| counted.insert(*name));
        scenario.parties = parties.map(str::to_owned).collect();
        let (count, most) = (scenario.parties.len(), Coalition::MAX_PARTIES);
        if count > most {
            let problem = format!("{count} parties, but it takes {most} at most");
            return Err(self.at(self.file.events.span(), problem));
        }
        Ok(())
    }

    fn name(&self, name: &Spanned<String>) -> Result<(), ScenarioError> {
        check_name(name.as_ref()).map_err(|problem| self.at(name.span(), problem))
    }
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
