//! A history as text, a line for each thing.

use std::fmt;
use std::str::FromStr;

use pointlock::payment::ForwardingPolicy;
use thiserror::Error;

use super::setting::node_name;
use super::{Ending, History, Pay, Setting, Step, Tamper};
use crate::{OpeningKind, Who};

/// Why a text is no history.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HistoryError {
    /// A line says something that no history says.
    #[error("line {line}: {what}: not in a history")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What it says.
        what: String,
    },
    /// A number is too large or too small, or the setting lacks what a step needs.
    #[error("{what}: {problem}")]
    OutOfRange {
        /// Of what.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

const MAX_STEPS: usize = 1_000;
const MAX_NODES: usize = 20;
const MAX_PARTS: usize = 20;
const MAX_POINTS: usize = 1_000;
const MAX_BLOCKS: u32 = 5_000;
/// A thousand bitcoins, so that no sum overflows.
const MAX_MSAT: u64 = 1_000 * 100_000_000 * 1_000;

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.setting.fmt(f)?;
        writeln!(f)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

/// A line as far as an error shows it.
fn shown(words: &[&str]) -> String {
    const MOST: usize = 80;
    let line = words.join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

impl FromStr for History {
    type Err = HistoryError;

    fn from_str(text: &str) -> Result<Self, HistoryError> {
        let mut setting = Setting { forwarders: Vec::new(), ..Setting::honest(0) };
        let mut steps = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let words: Vec<&str> =
                line.split('#').next().unwrap_or("").split_whitespace().collect();
            if words.is_empty() {
                continue;
            }
            let step = read_step(&words);
            if step.is_none() && read_setting(&mut setting, &words).is_none() {
                return Err(HistoryError::Line { line: index + 1, what: shown(&words) });
            }
            steps.extend(step);
        }
        let history = Self { setting, steps };
        history.check()?;
        Ok(history)
    }
}

impl History {
    /// Whether its steps have the nodes that they need.
    pub(super) fn is_playable(&self) -> bool {
        self.check().is_ok()
    }

    fn check(&self) -> Result<(), HistoryError> {
        let Setting { lock, senders, forwarders, on_path, colluding, .. } = &self.setting;
        let refuse = |what, problem: String| Err(HistoryError::OutOfRange { what, problem });
        if !(1..=MAX_NODES).contains(senders) || !(1..=MAX_NODES).contains(&forwarders.len()) {
            return refuse("nodes", format!("from 1 to {MAX_NODES} senders and forwarders"));
        }
        if let OpeningKind::Polynomial { k } = lock {
            if !(1..=MAX_POINTS).contains(k) {
                return refuse("lock", format!("from 1 to {MAX_POINTS} points"));
            }
        }
        if *on_path >= forwarders.len() {
            return refuse("path", "fewer nodes than there are forwarders".to_owned());
        }
        for policy in forwarders {
            let ForwardingPolicy { fee_base_msat, fee_proportional_millionths, cltv_expiry_delta } =
                *policy;
            let dear = fee_base_msat > 100_000_000 || fee_proportional_millionths > 1_000_000;
            if dear || !(36..=200).contains(&cltv_expiry_delta) {
                return refuse(
                    "forwarder",
                    "fees up to 100000000 and 1000000, 36 to 200 blocks".to_owned(),
                );
            }
        }
        let everybody = self.setting.everybody();
        if let Some(nobody) = colluding.iter().find(|who| !everybody.contains(who)) {
            return refuse("colluding", format!("{}: nobody", node_name(*nobody)));
        }
        if self.steps.len() > MAX_STEPS {
            return refuse("steps", format!("{MAX_STEPS} at most"));
        }
        self.steps.iter().try_for_each(|step| self.check_step(step, &everybody))
    }

    fn check_step(&self, step: &Step, everybody: &[Who]) -> Result<(), HistoryError> {
        let refuse = |what, problem: String| Err(HistoryError::OutOfRange { what, problem });
        let unknown = |number: &usize| !(1..=self.setting.forwarders.len()).contains(number);
        match step {
            Step::Pay(pay) => {
                if !everybody.contains(&Who::Sender(pay.sender)) {
                    return refuse("pay", "no such sender".to_owned());
                }
                if !(1..=MAX_MSAT).contains(&pay.amount_msat) {
                    return refuse("pay", format!("from 1 to {MAX_MSAT} msat"));
                }
                let route = |over: &Vec<usize>| over.is_empty() || over.len() > MAX_NODES;
                if !(1..=MAX_PARTS).contains(&pay.routes.len()) || pay.routes.iter().any(route) {
                    return refuse(
                        "pay",
                        "parts and their forwarders: from 1 to 20 each".to_owned(),
                    );
                }
                if pay.routes.iter().flatten().any(unknown) {
                    return refuse("pay", "no such forwarder".to_owned());
                }
            }
            Step::Retry { over, .. } if over.is_empty() || over.iter().any(unknown) => {
                return refuse("retry", "no such forwarder".to_owned());
            }
            Step::RunSome(count) if *count > MAX_STEPS => {
                return refuse("run", format!("{MAX_STEPS} at most"));
            }
            Step::Mine { blocks, .. } if *blocks > MAX_BLOCKS => {
                return refuse("mine", format!("{MAX_BLOCKS} blocks at most"));
            }
            Step::Stall(who) | Step::GoOn(who) | Step::Crash(who) | Step::Again { by: who, .. }
                if !everybody.contains(who) =>
            {
                return refuse("step", format!("{}: nobody", node_name(*who)));
            }
            _ => {}
        }
        Ok(())
    }
}

fn read_setting(setting: &mut Setting, words: &[&str]) -> Option<()> {
    match *words {
        ["seed", seed] => setting.seed = seed.parse().ok()?,
        ["lock", "hash"] => setting.lock = OpeningKind::Hash,
        ["lock", "payers"] => setting.lock = OpeningKind::Payers,
        ["lock", "point"] => setting.lock = OpeningKind::Point,
        ["lock", "points", k] => setting.lock = OpeningKind::Polynomial { k: k.parse().ok()? },
        ["senders", count] => setting.senders = count.parse().ok()?,
        ["forwarder", base, millionths, delta] => setting.forwarders.push(ForwardingPolicy {
            fee_base_msat: base.parse().ok()?,
            fee_proportional_millionths: millionths.parse().ok()?,
            cltv_expiry_delta: delta.parse().ok()?,
        }),
        ["path", count] => setting.on_path = count.parse().ok()?,
        ["colluding", ref names @ ..] => {
            for name in names {
                setting.colluding.insert(read_node(name)?);
            }
        }
        ["ending", name] => {
            setting.ending = Ending::ALL.into_iter().find(|ending| ending.name() == name)?;
        }
        _ => return None,
    }
    Some(())
}

fn read_step(words: &[&str]) -> Option<Step> {
    Some(match *words {
        ["pay", sender, amount, "over", ref rest @ ..] => {
            Step::Pay(read_pay(sender, amount, rest)?)
        }
        ["retry", attempt, "over", ref over @ ..] => {
            let over = over.iter().map(|name| read_forwarder(name)).collect::<Option<_>>()?;
            Step::Retry { attempt: attempt.parse().ok()?, over }
        }
        ["do", number] => Step::Do(number.parse().ok()?),
        ["run"] => Step::Run,
        ["run", count] => Step::RunSome(count.parse().ok()?),
        ["stall", who] => Step::Stall(read_node(who)?),
        ["go-on", who] => Step::GoOn(read_node(who)?),
        ["answer", number] => Step::Answer(number.parse().ok()?),
        ["decline", number] => Step::Decline(number.parse().ok()?),
        ["take", number] => Step::Take(number.parse().ok()?),
        ["lose", number] => Step::Lose(number.parse().ok()?),
        ["mine", blocks] => Step::Mine { blocks: blocks.parse().ok()?, slow: false },
        ["mine", blocks, "slow"] => Step::Mine { blocks: blocks.parse().ok()?, slow: true },
        ["mine-to", contract, offset] => {
            Step::MineTo { contract: contract.parse().ok()?, offset: offset.parse().ok()? }
        }
        ["reorganise", depth] => Step::Reorganise(depth.parse().ok()?),
        ["crash", who] => Step::Crash(read_node(who)?),
        ["read"] => Step::Read,
        ["lose-mail"] => Step::LoseMail,
        ["mail-twice"] => Step::MailTwice,
        ["answers"] => Step::Answers,
        ["lose-answers"] => Step::LoseAnswers,
        ["parts-time-out"] => Step::PartsTimeOut,
        ["claim"] => Step::Claim { on_chain: false },
        ["claim", "on-chain"] => Step::Claim { on_chain: true },
        ["take-back"] => Step::TakeBack,
        ["fail", number] => Step::Fail(number.parse().ok()?),
        ["tamper", "less", msat] => Step::Tamper(Tamper::Less(msat.parse().ok()?)),
        ["tamper", "earlier", blocks] => Step::Tamper(Tamper::Earlier(blocks.parse().ok()?)),
        ["tamper", "later", blocks] => Step::Tamper(Tamper::Later(blocks.parse().ok()?)),
        ["tamper", "lock"] => Step::Tamper(Tamper::Lock),
        ["again", offer, "by", who] => {
            Step::Again { offer: offer.parse().ok()?, by: read_node(who)? }
        }
        _ => return None,
    })
}

fn read_pay(sender: &str, amount: &str, rest: &[&str]) -> Option<Pay> {
    let Who::Sender(sender) = read_node(sender)? else { return None };
    let mut pay = Pay {
        sender,
        amount_msat: amount.parse().ok()?,
        routes: vec![Vec::new()],
        path: false,
        trampoline: false,
        hold: None,
        explicit: false,
    };
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match *word {
            "|" => pay.routes.push(Vec::new()),
            "path" => pay.path = true,
            "trampoline" => pay.trampoline = true,
            "hold" => pay.hold = Some(words.next()?.parse().ok()?),
            "explicit" => pay.explicit = true,
            name => pay.routes.last_mut()?.push(read_forwarder(name)?),
        }
    }
    Some(pay)
}

fn read_forwarder(name: &str) -> Option<usize> {
    match read_node(name)? {
        Who::Forwarder(number) => Some(number),
        Who::Sender(_) | Who::Receiver => None,
    }
}

fn read_node(name: &str) -> Option<Who> {
    if name == "receiver" {
        return Some(Who::Receiver);
    }
    let number = |letter| name.strip_prefix(letter)?.parse::<usize>().ok().filter(|n| *n > 0);
    let sender = number('s').map(|number| Who::Sender(number - 1));
    sender.or_else(|| number('n').map(Who::Forwarder))
}
