use std::collections::{BTreeMap, BTreeSet};

use anstyle::{AnsiColor, Style};
use pointlock_sim::System;

use super::facts::{Facts, Step, Told, Tone};
use super::system::{self, Rails, Setting};
use crate::narration::grouped;
use crate::terminal::{self, say};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const KNOWN: Style = AnsiColor::Yellow.on_default();
const NAME: Style = AnsiColor::Cyan.on_default();

/// Of the systems side by side.
pub(super) const HEADER: [&str; 8] = [
    "",
    "lock",
    "invoice",
    "waits for receiver",
    "receiver is paid",
    "payer ends with",
    "theft of a later payment",
    "who can take one",
];

/// What is told, by what the systems have in common.
pub(super) fn heading(systems: &[System]) -> &'static str {
    match systems.iter().any(|system| system.reuses_invoice()) {
        true => "an offline receiver is paid over one static invoice",
        false => "a receiver that is online is paid over an invoice for each payment",
    }
}

/// Who pays, and for how long nobody is there to be paid.
pub(super) fn setting(facts: &Facts, systems: &[System]) -> String {
    let away = match systems.iter().any(|system| system.reuses_invoice()) {
        true => format!(", the receiver is away for {} blocks", facts.offline_blocks),
        false => String::new(),
    };
    format!(
        "{} payers of {} sat each, {} hops{away}, seed {}",
        facts.payers,
        grouped(facts.amount_sat),
        facts.routers + 3,
        facts.seed,
    )
}

/// Who judges, and where the satoshi go that a claim has less than its contract.
pub(super) const JUDGES: &str = "Every transaction below was judged by Bitcoin Core's consensus code; amounts, double spends and heights, which that does not \
     see, by our own rules.";
pub(super) const FEES: &str =
    "A claim pays miners 1 sat a virtual byte out of what it claims: about 160 sat.";

pub(super) fn opening(facts: &Facts, systems: &[System]) -> String {
    let mut out = String::new();
    say!(out, "{BOLD}pointlock{BOLD:#}: {}", heading(systems));
    say!(out, "{}", setting(facts, systems));
    say!(out, "{DIM}{JUDGES}{DIM:#}");
    say!(out, "{DIM}{FEES}{DIM:#}");
    out
}

/// A story that ended before its time.
pub(super) fn interrupted(setting: Setting, told: &[Step]) -> String {
    let mut out = String::new();
    title(&mut out, setting);
    steps(&mut out, told);
    say!(out);
    out
}

fn title(out: &mut String, setting: Setting) {
    say!(out, "\n{BOLD}{}  {}{BOLD:#}\n", setting.system.name(), setting.title());
}

fn steps(out: &mut String, steps: &[Step]) {
    let mut last_height = 0;
    for step in steps {
        let height = if step.height == last_height {
            String::new()
        } else {
            grouped(u64::from(step.height))
        };
        last_height = step.height;
        let tone = match step.tone {
            Tone::Plain => Style::new(),
            Tone::Good => GOOD,
            Tone::Bad => BAD,
        };
        say!(
            out,
            "{DIM}{height:>9}{DIM:#}  {NAME}{:<13}{NAME:#} {tone}{}{tone:#}",
            step.party,
            step.text
        );
    }
}

pub(super) fn story(told: &Told) -> String {
    let mut out = String::new();
    title(&mut out, told.setting);
    steps(&mut out, &told.steps);
    say!(out, "\n  {BOLD}money locked{BOLD:#} (amount, for how many blocks)");
    let mut by_party: Vec<(&str, Vec<String>)> = Vec::new();
    for locked in &told.locked {
        let text = format!(
            "{} sat for {} block{}",
            grouped(locked.amount_sat),
            locked.blocks,
            if locked.blocks == 1 { "" } else { "s" },
        );
        match by_party.iter_mut().find(|(party, _)| *party == locked.party) {
            Some((_, texts)) => texts.push(text),
            None => by_party.push((&locked.party, vec![text])),
        }
    }
    let locked = by_party.iter().map(|(party, texts)| vec![party.to_string(), texts.join(" + ")]);
    for line in terminal::named(locked, NAME) {
        say!(out, "    {line}");
    }
    say!(out, "  {BOLD}secrets learned{BOLD:#}");
    let learned = told.learned.iter().map(|learned| {
        let secrets = learned.secrets.join("; ");
        vec![learned.party.clone(), if secrets.is_empty() { "none".to_owned() } else { secrets }]
    });
    for line in terminal::named(learned, NAME) {
        say!(out, "    {line}");
    }
    say!(out, "  {BOLD}theft{BOLD:#}         {}", verdict(told));
    say!(
        out,
        "  {BOLD}consensus{BOLD:#}     {} transactions accepted, {} refused",
        grouped(told.accepted as u64),
        grouped(told.refused as u64),
    );
    out
}

fn verdict(told: &Told) -> String {
    let stolen = told.payments.iter().filter(|payment| payment.stolen_by.is_some()).count();
    let thieves: BTreeSet<&str> = told.thefts.iter().map(|theft| theft.thief.as_str()).collect();
    let tried: usize = told.thefts.iter().map(|theft| theft.tried).sum();
    match told.payments.iter().find_map(|payment| payment.stolen_by.as_ref()) {
        Some(thief) => format!(
            "{BAD}{stolen} of {} payments taken by {thief}; every hop could have{BAD:#}",
            told.payments.len()
        ),
        None => format!(
            "{GOOD}none: {tried} tries by {} hops refused, the right secret accepted each time{GOOD:#}",
            thieves.len(),
        ),
    }
}

/// The systems side by side.
pub(super) fn table(facts: &Facts) -> String {
    let mut out = String::new();
    say!(out, "\n{BOLD}side by side{BOLD:#}\n");
    let rows = facts.systems.iter().map(|told| row(told, facts.offline_blocks));
    let tones = facts.systems.iter().map(|told| match safety(told) {
        Safety::Stolen => BAD,
        Safety::Together => KNOWN,
        Safety::Safe => GOOD,
    });
    let tones = [BOLD].into_iter().chain(tones);
    for (line, tone) in terminal::columns(&HEADER, rows).iter().zip(tones) {
        say!(out, "  {tone}{line}{tone:#}");
    }
    thieves(&mut out, facts);
    say!(out);
    out
}

/// How safe a later payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Safety {
    /// It was taken.
    Stolen,
    /// No hop can take it, and some can together.
    Together,
    /// Nobody can take it.
    Safe,
}

pub(super) fn safety(told: &Told) -> Safety {
    if told.payments.iter().any(|payment| payment.stolen_by.is_some()) {
        Safety::Stolen
    } else if told.minimal_thieves.is_empty() {
        Safety::Safe
    } else {
        Safety::Together
    }
}

/// How many it takes; the list below names them.
fn fewest(told: &Told) -> String {
    match told.minimal_thieves.iter().map(Vec::len).min() {
        None => "nobody".to_owned(),
        Some(1) => "any hop alone".to_owned(),
        Some(count) => format!("{count} together"),
    }
}

pub(super) fn row(told: &Told, offline_blocks: u32) -> Vec<String> {
    let paid = told.payments.iter().filter(|payment| payment.receiver_was_paid).count();
    let theft = match told.payments.iter().find_map(|payment| payment.stolen_by.as_ref()) {
        Some(thief) => format!("taken by {thief}"),
        None => "tried by every hop, refused".to_owned(),
    };
    let invoice = match told.setting.rails {
        Rails::Direct => "fresh every time",
        Rails::Lnurl => "one, over LNURL",
        Rails::Bolt12 => "one, by BOLT 12",
    };
    vec![
        told.system.name().to_owned(),
        told.lock.to_owned(),
        invoice.to_owned(),
        who_waited(told, offline_blocks),
        format!("{paid} of {}", told.payments.len()),
        system::receipt(told.system).to_owned(),
        theft,
        fewest(told),
    ]
}

fn thieves(out: &mut String, facts: &Facts) {
    say!(
        out,
        "\n  {BOLD}who together can take a later payment{BOLD:#} (each of these did, on consensus code)\n"
    );
    for told in &facts.systems {
        let (tone, thieves) = match told.minimal_thieves.as_slice() {
            [] => (GOOD, "nobody, not even all of them together".to_owned()),
            [alone, ..] if alone.len() == 1 => (BAD, coalitions(&told.minimal_thieves, ", or ")),
            _ => (KNOWN, coalitions(&told.minimal_thieves, "\n                or ")),
        };
        let over = match told.setting.rails {
            Rails::Direct => "",
            rails => rails.name(),
        };
        say!(out, "  {BOLD}{:<8}{BOLD:#}{over:<9}{tone}{thieves}{tone:#}", told.system.name());
    }
}

fn coalitions(lists: &[Vec<String>], between: &str) -> String {
    let texts: Vec<String> = lists.iter().map(|roles| roles.join(" + ")).collect();
    texts.join(between)
}

/// Whose money was locked for most of the receiver's absence.
fn who_waited(told: &Told, offline_blocks: u32) -> String {
    let mut waited: BTreeMap<&str, u32> = BTreeMap::new();
    for locked in told.locked.iter().filter(|locked| locked.blocks * 2 >= offline_blocks) {
        let blocks = waited.entry(&locked.party).or_default();
        *blocks = (*blocks).max(locked.blocks);
    }
    let payers = told.payments.len();
    let others = waited.keys().filter(|party| !party.starts_with("payer_")).count();
    match (waited.is_empty() || !told.system.reuses_invoice(), others) {
        (true, _) => "nobody's money".to_owned(),
        (false, 0) => format!("{payers} payers' money"),
        (false, others) => format!("{payers} payers' and {others} hops'"),
    }
}
