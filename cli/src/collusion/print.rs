use anstyle::{AnsiColor, Style};

use super::report::{Report, TheftFacts};
use crate::narration::grouped;
use crate::terminal::{self, say};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const NAME: Style = AnsiColor::Cyan.on_default();

pub(super) fn report(report: &Report) -> String {
    let mut out = String::new();
    say!(out, "{BOLD}{}  {}{BOLD:#}", report.system, terminal::visible(&report.title));
    if let Some(note) = &report.note {
        say!(out, "{DIM}{}{DIM:#}", terminal::visible(note.trim()));
    }
    say!(out, "\n{BOLD}payments{BOLD:#}");
    for (payment, facts) in (1..).zip(&report.payments) {
        let locked = facts.contracts.len();
        let claimed = facts.contracts.iter().filter(|contract| contract.claimed).count();
        let edges = (report.route.len() + 1) * facts.parts;
        let parts = match facts.parts {
            1 => String::new(),
            parts => format!(" in {parts} parts"),
        };
        let finder = facts.trampoline.map_or(String::new(), |hop| {
            format!(", {} finds the way from there", report.route[hop - 1])
        });
        say!(
            out,
            "  {payment} by {NAME}{}{NAME:#}{parts}{finder}: {locked} of {edges} contracts made, {claimed} claimed",
            facts.payer
        );
    }
    if report.on_path > 0 {
        let on_path = &report.route[report.route.len() - report.on_path..];
        say!(out, "  {DIM}on the receiver's blinded path: {}{DIM:#}", on_path.join(", "));
    }
    say!(
        out,
        "\n{BOLD}what each party learned{BOLD:#}  {DIM}[n]: in payment n, a b … its parts, t what a trampoline drew{DIM:#}"
    );
    let learned = report.parties.iter().map(|party| {
        let learned: Vec<&str> = party.learned.iter().map(|fact| fact.secret.as_str()).collect();
        let learned = if learned.is_empty() { "nothing".to_owned() } else { learned.join(", ") };
        vec![party.name.clone(), learned]
    });
    for line in terminal::named(learned, NAME) {
        say!(out, "  {line}");
    }
    for [one, other] in &report.same_secrets {
        say!(out, "  {BAD}{one} is the same secret as {other}{BAD:#}");
    }
    say!(out, "\n{BOLD}smallest coalitions that can steal{BOLD:#}");
    if report.minimal_thieves.is_empty() {
        say!(out, "  {GOOD}none: not even all of them together{GOOD:#}");
    }
    for thieves in &report.minimal_thieves {
        say!(out, "  {BAD}{}{BAD:#}", thieves.join(" + "));
        for theft in report.thefts.iter().filter(|theft| theft.thieves == *thieves) {
            self::theft(&mut out, theft);
        }
    }
    say!(out, "\n{BOLD}largest coalitions that can't{BOLD:#}");
    for unable in &report.maximal_unable {
        let names = if unable.is_empty() { "nobody".to_owned() } else { unable.join(" + ") };
        say!(out, "  {GOOD}{names}{GOOD:#}");
    }
    let (coalitions, thieves) = (grouped(report.method.coalitions), report.minimal_thieves.len());
    let method = match report.method.name {
        "enumeration" => format!("all {coalitions} coalitions decided"),
        _ => format!("{coalitions} coalitions tried, the others follow from these"),
    };
    say!(out, "\n{BOLD}method{BOLD:#}     {method}");
    say!(
        out,
        "{BOLD}consensus{BOLD:#}  {} of {thieves} smallest coalitions stole; {} tries by the others refused, the right \
         secret accepted by the same code for {} contracts",
        report.executed,
        grouped(report.tries_refused as u64),
        report.right_secrets_accepted,
    );
    out
}

fn theft(out: &mut String, theft: &TheftFacts) {
    for line in &theft.derivation {
        say!(out, "    {line}");
    }
    let skipped = match &theft.skipped {
        Some(name) => format!(", {name} gets nothing"),
        None => String::new(),
    };
    say!(
        out,
        "    {DIM}{} sat taken{skipped}, transaction {}…{DIM:#}",
        grouped(theft.taken_sat),
        &theft.txid[..16]
    );
}
