use pointlock::edge::EdgeId;
use pointlock::lock::{Lock, LockSecret};
use pointlock_sim::{Contract, Fact, Happened, Sim, Who};
use serde::Serialize;

use super::text::{grouped, lock_text, part_mark, subscript};
use crate::chain::Chain;

/// A line of the story.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) height: u32,
    pub(crate) party: String,
    pub(crate) text: String,
    pub(crate) tone: Tone,
    /// How it is drawn, where it goes from one party to another.
    #[serde(skip)]
    pub(crate) arrow: Option<Arrow>,
}

/// What goes from one party to another.
#[derive(Clone, Debug)]
pub(crate) struct Arrow {
    pub(crate) to: String,
    pub(crate) kind: ArrowKind,
    /// A few letters: `L₂`, `l₂`, `h`.
    pub(crate) label: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArrowKind {
    /// Money is locked for a party.
    Lock,
    /// A claim, which shows its secret to the party that has locked the money.
    Claim,
    /// An onion message, or a part of one.
    Message,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tone {
    Plain,
    Good,
    Bad,
}

/// The line for a fact, if it has one.
pub(super) fn step(sim: &Sim<Chain>, happened: &Happened) -> Option<Step> {
    let (by, tone, text) = words(sim, happened)?;
    let arrow = arrow(sim, &happened.fact);
    Some(Step { height: happened.height, party: sim.name(by).to_owned(), text, tone, arrow })
}

fn arrow(sim: &Sim<Chain>, fact: &Fact) -> Option<Arrow> {
    let to = |who: Who| sim.name(who).to_owned();
    let letter = |contract: &Contract, letter: &str| {
        let place = contract.place;
        format!("{letter}{}{}", subscript(place.number), mark(sim, place.payment, place.part))
    };
    let (to, kind, label) = match fact {
        Fact::Offered { edge, .. } => {
            let contract = contract(sim, edge)?;
            let label = match contract.terms().lock {
                Lock::Point(_) => letter(contract, "L"),
                Lock::Hash(_) => "H".to_owned(),
            };
            (to(contract.claimer), ArrowKind::Lock, label)
        }
        Fact::Claimed { edge, secret, .. } => {
            let contract = contract(sim, edge)?;
            let label = match secret {
                LockSecret::Scalar(_) => letter(contract, "l"),
                LockSecret::Preimage(_) => "preimage".to_owned(),
            };
            (to(contract.offerer), ArrowKind::Claim, label)
        }
        Fact::Mailed { by, to: other } | Fact::Announced { by, to: other } if by != other => {
            (to(*other), ArrowKind::Message, "h, sealed".to_owned())
        }
        Fact::PassedOn { by, to: other } if *other != Who::Receiver && by != other => {
            (to(*other), ArrowKind::Message, "mail".to_owned())
        }
        _ => return None,
    };
    Some(Arrow { to, kind, label })
}

/// The mark of a part, where a payment has several.
pub(super) fn mark(sim: &Sim<Chain>, payment: usize, part: usize) -> &'static str {
    match sim.payments.get(payment) {
        Some(made) if made.parts > 1 => part_mark(part),
        _ => "",
    }
}

fn words(sim: &Sim<Chain>, happened: &Happened) -> Option<(Who, Tone, String)> {
    let line = match &happened.fact {
        Fact::Offered { by, edge } => (*by, Tone::Plain, offered(sim, contract(sim, edge)?)),
        Fact::Claimed { by, edge, secret, sat } => {
            let what = match secret {
                LockSecret::Scalar(_) => {
                    let place = contract(sim, edge)?.place;
                    let mark = mark(sim, place.payment, place.part);
                    format!("l{}{mark}", subscript(place.number))
                }
                LockSecret::Preimage(_) => "the preimage".to_owned(),
            };
            (*by, Tone::Good, format!("claims {} sat with {what}", grouped(*sat)))
        }
        Fact::TakenBack { by, edge } => {
            let locked = grouped(contract(sim, edge)?.amount_sat());
            (*by, Tone::Plain, format!("takes its {locked} sat back, which nobody has claimed"))
        }
        Fact::Mailed { by, to } => {
            let to = sim.name(*to);
            let text = format!("hands {to} an announcement of it: h, sealed for the receiver");
            (*by, Tone::Plain, text)
        }
        Fact::Announced { by, to } if by == to => {
            let text = "keeps the announcement with the payment: it can't read it";
            (*by, Tone::Plain, text.to_owned())
        }
        Fact::Announced { by, to } => {
            let over = sim.name(*to);
            let text = format!("sends the announcement, which it can't read, over {over}");
            (*by, Tone::Plain, text)
        }
        // The receiver is away whenever a payment is held.
        Fact::PassedOn { by, to: Who::Receiver } => {
            let text = "keeps the onion message until the receiver is back; it can't read it";
            (*by, Tone::Plain, text.to_owned())
        }
        Fact::PassedOn { by, to } => {
            let text = format!("passes an onion message on to {}; it can't read it", sim.name(*to));
            (*by, Tone::Plain, text)
        }
        Fact::RouteFound { by, incoming, end, between } => {
            let way = route_found(sim, contract(sim, incoming)?, *end, *between);
            let height = grouped(u64::from(happened.height));
            let text = format!("{way}, as of height {height}, and draws y's of its own for it");
            (*by, Tone::Plain, text)
        }
        Fact::AttemptFailed { by, failure, .. } => {
            let text = match failure {
                Some((hop, code)) => {
                    let who = match hop + 1 {
                        number if number <= sim.forwarders.len() => Who::Forwarder(number),
                        _ => Who::Receiver,
                    };
                    format!("has its money back: {} says {code:#06x}", sim.name(who))
                }
                None => "has its money back".to_owned(),
            };
            (*by, Tone::Plain, text)
        }
        _ => return None,
    };
    Some(line)
}

fn contract<'a>(sim: &'a Sim<Chain>, edge: &EdgeId) -> Option<&'a Contract> {
    sim.contract(edge).map(|number| &sim.contracts[number])
}

fn offered(sim: &Sim<Chain>, contract: &Contract) -> String {
    let (place, terms) = (contract.place, contract.terms());
    let mark = mark(sim, place.payment, place.part);
    format!(
        "locks {} sat for {} under {} until height {}",
        grouped(contract.amount_sat()),
        sim.name(contract.claimer),
        lock_text(place.number, mark, &terms.lock),
        grouped(u64::from(terms.expiry)),
    )
}

fn route_found(sim: &Sim<Chain>, incoming: &Contract, end: Who, between: usize) -> String {
    let over = match between {
        0 => String::new(),
        1 => " over one node".to_owned(),
        count => format!(" over {count} nodes"),
    };
    let place = incoming.place;
    let of_part = match sim.payments.get(place.payment) {
        Some(made) if made.parts > 1 => format!(" for part {}", place.part + 1),
        _ => String::new(),
    };
    format!("finds the way to {}{over}{of_part}", sim.name(end))
}
