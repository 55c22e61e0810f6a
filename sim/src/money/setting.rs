use std::collections::BTreeSet;
use std::fmt;

use pointlock::payment::ForwardingPolicy;

use crate::{Hop, Keep, OpeningKind, Scenario, Settle, Who};

/// Who there is, on what terms, and who is honest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Where everything random comes from.
    pub seed: u64,
    /// What payments are under. Under a hash each has an invoice of its own.
    pub lock: OpeningKind,
    /// How many nodes pay.
    pub senders: usize,
    /// What the forwarders ask for, n1 first.
    pub forwarders: Vec<ForwardingPolicy>,
    /// How many of the last forwarders stand on the receiver's blinded path; none for an invoice without one.
    pub on_path: usize,
    /// Who is not honest. These nodes are one party.
    pub colluding: BTreeSet<Who>,
    /// What these do when the steps are over.
    pub ending: Ending,
}

/// What a coalition does when the steps of a history are over, and time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All that their roles say.
    Kind,
    /// Nothing at all.
    Silent,
    /// It takes back what it can, claims what it can, and keeps the others' transactions out of blocks as long as it can.
    Greedy,
}

impl Ending {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Kind, Self::Silent, Self::Greedy];

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Silent => "silent",
            Self::Greedy => "greedy",
        }
    }
}

impl Setting {
    /// Nobody colludes: a sender and this many forwarders, with the usual terms.
    pub fn honest(forwarders: usize) -> Self {
        Self {
            seed: 1,
            lock: OpeningKind::Point,
            senders: 1,
            forwarders: vec![Scenario::POLICY; forwarders],
            on_path: 0,
            colluding: BTreeSet::new(),
            ending: Ending::Kind,
        }
    }

    /// Everybody.
    pub fn everybody(&self) -> Vec<Who> {
        let senders = (0..self.senders).map(Who::Sender);
        let forwarders = (1..=self.forwarders.len()).map(Who::Forwarder);
        senders.chain(forwarders).chain([Who::Receiver]).collect()
    }

    /// Whether it does what its role says, and nothing else.
    pub fn is_honest(&self, who: Who) -> bool {
        !self.colluding.contains(&who)
    }

    pub(super) fn scenario(&self) -> Scenario {
        let hop = |(index, policy): (usize, &ForwardingPolicy)| Hop {
            name: node_name(Who::Forwarder(index + 1)),
            policy: *policy,
        };
        let longest = self.forwarders.iter().map(|policy| policy.cltv_expiry_delta).max();
        Scenario {
            senders: (0..self.senders).map(|index| node_name(Who::Sender(index))).collect(),
            forwarders: self.forwarders.iter().enumerate().map(hop).collect(),
            on_path: self.on_path,
            hold_safety_margin: longest.unwrap_or(0) + 3,
            settle: Settle::OffChain,
            // Money in msat is what counts, and not the fee of a claim: one is enough, and a fifth of the work.
            rungs: 1,
            // The receiver reads when the history says so.
            keep: Keep { mail: true, answers: true, ..Keep::default() },
            seed: self.seed,
            ..Scenario::default()
        }
    }

    /// Simpler ones, which make a smaller history with the same end.
    pub(super) fn simpler(&self) -> Vec<Self> {
        let mut simpler = Vec::new();
        for who in &self.colluding {
            let mut one = self.clone();
            one.colluding.remove(who);
            simpler.push(one);
        }
        for index in 0..self.forwarders.len() {
            if self.forwarders[index] != Scenario::POLICY {
                let mut one = self.clone();
                one.forwarders[index] = Scenario::POLICY;
                simpler.push(one);
            }
        }
        if self.lock != OpeningKind::Point {
            simpler.push(Self { lock: OpeningKind::Point, ..self.clone() });
        }
        if self.on_path > 0 {
            simpler.push(Self { on_path: 0, ..self.clone() });
        }
        let last = Who::Forwarder(self.forwarders.len());
        if self.forwarders.len() > 1 {
            let mut one = self.clone();
            one.forwarders.pop();
            one.colluding.remove(&last);
            one.on_path = one.on_path.min(one.forwarders.len() - 1);
            simpler.push(one);
        }
        for ending in Ending::ALL.into_iter().take_while(|ending| *ending != self.ending) {
            simpler.push(Self { ending, ..self.clone() });
        }
        simpler
    }
}

/// s1, n1, receiver.
pub(super) fn node_name(who: Who) -> String {
    match who {
        Who::Sender(index) => format!("s{}", index + 1),
        Who::Forwarder(number) => format!("n{number}"),
        Who::Receiver => "receiver".to_owned(),
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        match self.lock {
            OpeningKind::Hash => writeln!(f, "lock hash")?,
            OpeningKind::Payers => writeln!(f, "lock payers")?,
            OpeningKind::Point => writeln!(f, "lock point")?,
            OpeningKind::Polynomial { k } => writeln!(f, "lock points {k}")?,
        }
        writeln!(f, "senders {}", self.senders)?;
        for policy in &self.forwarders {
            let ForwardingPolicy { fee_base_msat, fee_proportional_millionths, cltv_expiry_delta } =
                policy;
            writeln!(
                f,
                "forwarder {fee_base_msat} {fee_proportional_millionths} {cltv_expiry_delta}"
            )?;
        }
        writeln!(f, "path {}", self.on_path)?;
        if !self.colluding.is_empty() {
            let names: Vec<String> = self.colluding.iter().map(|who| node_name(*who)).collect();
            writeln!(f, "colluding {}", names.join(" "))?;
        }
        writeln!(f, "ending {}", self.ending.name())
    }
}
