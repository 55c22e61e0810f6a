use std::fmt;

use super::setting::node_name;
use crate::Who;

/// What happens next. A number is counted round among what there is, so that a history from which others were taken out still plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A sender is told to pay.
    Pay(Pay),
    /// A sender is told to try this attempt's part again, over these forwarders; whether it may is its to say.
    Retry {
        /// The attempt, among all.
        attempt: usize,
        /// The forwarders, from 1.
        over: Vec<usize>,
    },
    /// This of all that is wanted is done first.
    Do(usize),
    /// All that is wanted is done.
    Run,
    /// So much of what is wanted is done.
    RunSome(usize),
    /// A colluding node answers nothing, takes nothing, and does nothing that its role wants.
    Stall(Who),
    /// It goes on.
    GoOn(Who),
    /// A stalling node takes this offer.
    Answer(usize),
    /// A stalling node refuses this offer.
    Decline(usize),
    /// A stalling node takes this secret or failure that its neighbour has given it.
    Take(usize),
    /// A stalling node forgets this of what its role wants.
    Lose(usize),
    /// Blocks come. In slow ones the coalition keeps the transactions of others out as long as it can.
    Mine {
        /// How many.
        blocks: u32,
        /// Whether slow.
        slow: bool,
    },
    /// Slow blocks come up to so many before, or behind, the expiry of this open contract.
    MineTo {
        /// The contract, among those that are open.
        contract: usize,
        /// The height less the expiry.
        offset: i32,
    },
    /// So many blocks are taken back, two at most below the highest that there was.
    Reorganise(u32),
    /// A node crashes, and is what its journal makes of it.
    Crash(Who),
    /// The receiver reads its mail.
    Read,
    /// The receiver's mail is lost.
    LoseMail,
    /// The receiver's mail comes twice.
    MailTwice,
    /// The receiver's answers arrive.
    Answers,
    /// The receiver's answers are lost.
    LoseAnswers,
    /// The receiver has waited long enough for the parts that are missing.
    PartsTimeOut,
    /// The coalition claims all that it can.
    Claim {
        /// On the chain; else from the neighbour.
        on_chain: bool,
    },
    /// The coalition takes all back on the chain that has expired.
    TakeBack,
    /// A colluding node fails this of the open contracts that pay it.
    Fail(usize),
    /// The next contract that a colluding node offers is not as it was wanted.
    Tamper(Tamper),
    /// A colluding node offers once more what was offered before, to the same node.
    Again {
        /// Which of all that was offered.
        offer: usize,
        /// Who.
        by: Who,
    },
}

/// An order to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pay {
    /// Which sender, from 0.
    pub sender: usize,
    /// How much, over all parts.
    pub amount_msat: u64,
    /// For each part the forwarders that the sender chooses, from 1.
    pub routes: Vec<Vec<usize>>,
    /// Whether the parts end with the receiver's blinded path, if it has one.
    pub path: bool,
    /// Whether the last of these forwarders finds the rest of the way.
    pub trampoline: bool,
    /// For how many blocks the first forwarder holds.
    pub hold: Option<u32>,
    /// Whether y's are in the payloads; else they are derived.
    pub explicit: bool,
}

/// How an offer differs from what was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tamper {
    /// It is so many millisatoshi less.
    Less(u64),
    /// It expires so many blocks earlier.
    Earlier(u32),
    /// It expires so many blocks later.
    Later(u32),
    /// It is under a lock that the coalition can open.
    Lock,
}

impl Step {
    /// Simpler ones, which make a smaller history with the same end.
    pub(super) fn simpler(&self) -> Vec<Self> {
        match self {
            Self::Pay(pay) => pay.simpler().into_iter().map(Self::Pay).collect(),
            Self::Mine { blocks, slow } => {
                let mut simpler = Vec::new();
                if *slow {
                    simpler.push(Self::Mine { blocks: *blocks, slow: false });
                }
                if *blocks > 1 {
                    simpler.push(Self::Mine { blocks: 1, slow: *slow });
                    simpler.push(Self::Mine { blocks: blocks / 2, slow: *slow });
                }
                simpler
            }
            Self::RunSome(count) if *count > 1 => {
                vec![Self::Run, Self::RunSome(1), Self::RunSome(count - 1)]
            }
            Self::Reorganise(2) => vec![Self::Reorganise(1)],
            _ => Vec::new(),
        }
    }
}

impl Pay {
    fn simpler(&self) -> Vec<Self> {
        let mut simpler = Vec::new();
        if self.routes.len() > 1 {
            simpler.push(Self { routes: self.routes[..1].to_vec(), ..self.clone() });
        }
        for (part, route) in self.routes.iter().enumerate() {
            for hop in 0..route.len() {
                if route.len() > 1 {
                    let mut one = self.clone();
                    one.routes[part].remove(hop);
                    simpler.push(one);
                }
            }
        }
        if self.hold.is_some() {
            simpler.push(Self { hold: None, ..self.clone() });
        }
        if self.trampoline {
            simpler.push(Self { trampoline: false, ..self.clone() });
        }
        if self.explicit {
            simpler.push(Self { explicit: false, ..self.clone() });
        }
        simpler
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pay(pay) => pay.fmt(f),
            Self::Retry { attempt, over } => write!(f, "retry {attempt} over {}", route(over)),
            Self::Do(number) => write!(f, "do {number}"),
            Self::Run => f.write_str("run"),
            Self::RunSome(count) => write!(f, "run {count}"),
            Self::Stall(who) => write!(f, "stall {}", node_name(*who)),
            Self::GoOn(who) => write!(f, "go-on {}", node_name(*who)),
            Self::Answer(number) => write!(f, "answer {number}"),
            Self::Decline(number) => write!(f, "decline {number}"),
            Self::Take(number) => write!(f, "take {number}"),
            Self::Lose(number) => write!(f, "lose {number}"),
            Self::Mine { blocks, slow: false } => write!(f, "mine {blocks}"),
            Self::Mine { blocks, slow: true } => write!(f, "mine {blocks} slow"),
            Self::MineTo { contract, offset } => write!(f, "mine-to {contract} {offset}"),
            Self::Reorganise(depth) => write!(f, "reorganise {depth}"),
            Self::Crash(who) => write!(f, "crash {}", node_name(*who)),
            Self::Read => f.write_str("read"),
            Self::LoseMail => f.write_str("lose-mail"),
            Self::MailTwice => f.write_str("mail-twice"),
            Self::Answers => f.write_str("answers"),
            Self::LoseAnswers => f.write_str("lose-answers"),
            Self::PartsTimeOut => f.write_str("parts-time-out"),
            Self::Claim { on_chain: false } => f.write_str("claim"),
            Self::Claim { on_chain: true } => f.write_str("claim on-chain"),
            Self::TakeBack => f.write_str("take-back"),
            Self::Fail(number) => write!(f, "fail {number}"),
            Self::Tamper(Tamper::Less(msat)) => write!(f, "tamper less {msat}"),
            Self::Tamper(Tamper::Earlier(blocks)) => write!(f, "tamper earlier {blocks}"),
            Self::Tamper(Tamper::Later(blocks)) => write!(f, "tamper later {blocks}"),
            Self::Tamper(Tamper::Lock) => f.write_str("tamper lock"),
            Self::Again { offer, by } => write!(f, "again {offer} by {}", node_name(*by)),
        }
    }
}

impl fmt::Display for Pay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes: Vec<String> = self.routes.iter().map(|over| route(over)).collect();
        let sender = node_name(Who::Sender(self.sender));
        write!(f, "pay {sender} {} over {}", self.amount_msat, routes.join(" | "))?;
        if self.path {
            f.write_str(" path")?;
        }
        if self.trampoline {
            f.write_str(" trampoline")?;
        }
        if let Some(blocks) = self.hold {
            write!(f, " hold {blocks}")?;
        }
        if self.explicit {
            f.write_str(" explicit")?;
        }
        Ok(())
    }
}

fn route(over: &[usize]) -> String {
    let names: Vec<String> = over.iter().map(|number| node_name(Who::Forwarder(*number))).collect();
    names.join(" ")
}
