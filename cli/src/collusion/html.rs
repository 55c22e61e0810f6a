//! The report as one page that needs nothing else: no script, no font, no network.

use std::fmt::Write;

use super::report::{ContractFacts, PaymentFacts, Report};
use crate::narration::grouped;
use crate::page::{self, escape, words};

/// The page. Names have been checked to be letters, digits and underscores; what else comes from outside is escaped.
pub(super) fn page(report: &Report) -> String {
    let mut page = String::new();
    page::open(&mut page, &format!("Who can steal: {} {}", report.system, report.title));
    let _ = write!(
        page,
        "<header><p class=system>{}</p><h1>{}</h1><p>{}</p>",
        report.system,
        escape(&report.title),
        system(report.system)
    );
    if let Some(note) = &report.note {
        let _ = write!(page, "<p class=note>{}</p>", formula(note.trim()));
    }
    page.push_str("</header>");
    verdict(&mut page, report);
    symbols(&mut page, report);
    sequences(&mut page, report);
    coalitions(&mut page, report);
    thefts(&mut page, report);
    learned(&mut page, report);
    method(&mut page, report);
    page::close(&mut page);
    page
}

/// What the system is, in a sentence.
fn system(name: &str) -> &'static str {
    match name {
        "S2" => {
            "Hash locks: all edges of all payments over one stored invoice have one hash, and the receiver's LSP holds them while the \
             receiver is offline."
        }
        "S3" => {
            "Hash locks: all edges of all payments over one stored invoice have one hash, and the sender's LSP holds them while the \
             receiver is offline."
        }
        "S3-LDK" => {
            "Hash locks: all edges of one payment have one hash, whose preimage its payer has drawn, and the sender's LSP holds while the \
             receiver is offline."
        }
        "S4" => {
            "Point locks: every edge of every payment has a lock of its own, made from one static point of the invoice, and the sender's \
             LSP holds while the receiver is offline."
        }
        _ => {
            "Point locks: every edge of every payment has a lock of its own, made from a payment point of the payer's own, which the payer \
             computes from the invoice, and the sender's LSP holds while the receiver is offline."
        }
    }
}

fn verdict(page: &mut String, report: &Report) {
    let thieves = report.minimal_thieves.len();
    let fewest = fewest_thieves(report);
    let nothing = report.payments.iter().all(|payment| payment.contracts.is_empty());
    let (class, headline) = match (thieves, report.as_expected) {
        (0, _) if nothing => {
            ("safe", "No contract was made: there is nothing to steal.".to_owned())
        }
        (0, _) => ("safe", "Nobody can steal, not even all of them together.".to_owned()),
        (1, _) => {
            (class(fewest), "One coalition can steal; every other that can contains it.".to_owned())
        }
        _ => (
            class(fewest),
            format!("{thieves} coalitions can steal; every other that can contains one of them."),
        ),
    };
    let _ = write!(page, "<section class='verdict {class}'><h2>{headline}</h2>");
    if fewest > 2 && report.system == "S4" {
        let _ = write!(
            page,
            "<p>It takes {fewest} together. That is the limit of one static point, which S5 does not have.</p>"
        );
    }
    if report.as_expected == Some(false) {
        page.push_str("<p class=same>The scenario expects other thieves.</p>");
    }
    page.push_str("<dl>");
    if thieves == 0 {
        page.push_str("<div><dt>none</dt><dd>to carry out: no coalition can</dd></div>");
    } else {
        let _ = write!(
            page,
            "<div><dt>{} of {thieves}</dt><dd>carried out: Bitcoin Core's consensus code accepted the theft</dd></div>",
            report.executed
        );
    }
    let _ = write!(
        page,
        "<div><dt>{}</dt><dd>tries by the largest coalitions that can't, all refused</dd></div>\
         <div><dt>{}</dt><dd>contracts for which the same code accepts the right secret</dd></div></dl></section>",
        grouped(report.tries_refused as u64),
        report.right_secrets_accepted,
    );
}

fn fewest_thieves(report: &Report) -> usize {
    report.minimal_thieves.iter().map(Vec::len).min().unwrap_or(0)
}

/// Red where one or two can steal; where it takes more, a limit that is known.
fn class(fewest: usize) -> &'static str {
    if fewest > 2 { "known" } else { "unsafe" }
}

/// The letters of the page, each in a sentence. Only those that occur.
fn symbols(page: &mut String, report: &Report) {
    page.push_str("<section><h2>The letters</h2><dl class=letters>");
    let mut letter = |name: &str, text: &str| {
        let _ = write!(page, "<div><dt>{name}</dt><dd>{text}</dd></div>");
    };
    if hashed(report) {
        letter(
            "H",
            "the hash of the invoice, the lock of every edge; whoever has its preimage claims",
        );
    } else {
        let point = match report.system {
            "S5" => {
                "z(x) is the secret of one payer's payment point; only the receiver computes it"
            }
            _ => {
                "the secret of the invoice's point Z = z·G; the receiver's, until a payment is claimed"
            }
        };
        letter("z", point);
        letter(
            "y",
            "a blind, fresh for every edge and payment; the sender gives each hop its own, and the receiver their sum Y",
        );
        letter(
            "L",
            "the lock of an edge, a point: Z + Y on the edge to the receiver, and on each edge before that one y less",
        );
        letter(
            "l",
            "the secret of that lock, L = l·G; a claim shows it to the party that has locked the money",
        );
    }
    if report.payments.iter().any(|payment| payment.held_at.is_some()) {
        letter(
            "h",
            "what a held payment waits for; the receiver sends it when it is back, and without it the holder can't forward",
        );
    }
    page.push_str("</dl></section>");
}

/// At most two payments: the last that was claimed, and the last one.
fn sequences(page: &mut String, report: &Report) {
    let last = report.payments.len() - 1;
    let claimed = (0..last).rev().find(|payment| {
        let contracts = &report.payments[*payment].contracts;
        !contracts.is_empty() && contracts.iter().all(|contract| contract.claimed)
    });
    let wide = if report.route.len() > 4 { " wide" } else { "" };
    let _ = write!(page, "<section><h2>How the payments went</h2><div class='sequences{wide}'>");
    for payment in claimed.into_iter().chain([last]) {
        sequence(page, report, payment);
    }
    let key = if hashed(report) { "the preimage" } else { "the lock secret l" };
    let _ = write!(
        page,
        "</div><p class=note>Right: a contract is locked. Thin and dashed: the payer's announcement, which goes from node to \
         node and which only the receiver can read. Dashed, left: the receiver is back and releases the payment. Left: a claim, which \
         shows {key}.</p></section>"
    );
}

fn sequence(page: &mut String, report: &Report, payment: usize) {
    let facts = &report.payments[payment];
    let lanes = report.route.len() + 2;
    let number = payment + 1;
    let _ = write!(
        page,
        "<figure><figcaption>Payment {number}, by {}</figcaption><div class=scroll>\
         <div class=lanes style='--lanes:{lanes}'>",
        words(&facts.payer)
    );
    let names = [facts.payer.as_str()]
        .into_iter()
        .chain(report.route.iter().map(String::as_str))
        .chain(["receiver"]);
    for (lane, name) in names.enumerate() {
        let _ = write!(page, "<b style='grid-column:{}'>{}</b>", lane + 1, words(name));
    }
    let mut row = 2;
    for contract in &facts.contracts {
        arrow(page, &mut row, lock_arrow(report, contract));
        if facts.held_at == Some(contract.edge) {
            // One announces all parts.
            if contract.part.is_none_or(|part| part == 1) {
                let label = "<small>h, sealed</small>".to_owned();
                arrow(page, &mut row, Arrow { from: 1, to: lanes, class: "sealed", label });
            }
            let text = if waits(facts) { "waits for h" } else { "waited for h" };
            let _ = write!(
                page,
                "<i class=hold style='grid-row:{row};grid-column:{}'>{text}</i>",
                contract.edge + 1
            );
            row += 1;
            if !waits(facts) {
                let (from, to) = (lanes, contract.edge + 1);
                arrow(page, &mut row, Arrow { from, to, class: "release", label: "h".to_owned() });
            }
        }
    }
    let claims: Vec<&ContractFacts> =
        facts.contracts.iter().rev().filter(|contract| contract.claimed).collect();
    for contract in &claims {
        let label = match hashed(report) {
            true => "preimage".to_owned(),
            false => format!("l<sub>{}</sub>{}", contract.edge, part(contract)),
        };
        let (from, to) = (contract.edge + 1, contract.edge);
        arrow(page, &mut row, Arrow { from, to, class: "claim", label });
    }
    for lane in 1..=lanes {
        let _ = write!(
            page,
            "<span class=lane style='grid-column:{lane};grid-row:2/{}'></span>",
            row + 1
        );
    }
    let end = match (claims.len(), facts.contracts.len()) {
        (claims, contracts) if claims == contracts && claims > 0 => "claimed to the end",
        (0, _) => "not claimed: this is what there is to steal",
        _ => "claimed in part",
    };
    let _ = write!(page, "</div></div><p class=end>{end}</p></figure>");
}

/// Whether the payment has not been released.
fn waits(facts: &PaymentFacts) -> bool {
    facts.held_at.is_some_and(|hop| facts.contracts.len() <= hop * facts.parts)
}

fn hashed(report: &Report) -> bool {
    matches!(report.system, "S2" | "S3" | "S3-LDK")
}

struct Arrow {
    /// Lanes, from 1.
    from: usize,
    to: usize,
    class: &'static str,
    label: String,
}

fn lock_arrow(report: &Report, contract: &ContractFacts) -> Arrow {
    let label = if hashed(report) {
        "H".to_owned()
    } else {
        format!("L<sub>{}</sub>{}", contract.edge, part(contract))
    };
    let label = format!("{label} <small>{} sat</small>", grouped(contract.amount_sat));
    Arrow { from: contract.edge, to: contract.edge + 1, class: "lock", label }
}

/// The letter of a part, above the line.
fn part(contract: &ContractFacts) -> String {
    let letter = contract.part.and_then(|part| ('a'..).nth(part - 1));
    letter.map_or(String::new(), |letter| format!("<sup>{letter}</sup>"))
}

fn arrow(page: &mut String, row: &mut usize, arrow: Arrow) {
    let Arrow { from, to, class, label } = arrow;
    let (first, last) = (from.min(to), from.max(to));
    let way = if from < to { "right" } else { "left" };
    // From the middle of one lane to the middle of the other.
    let _ = write!(
        page,
        "<span class='arrow {class} {way}' style='grid-row:{row};grid-column:{first}/{};--span:{}'>{label}</span>",
        last + 1,
        last - first + 1,
    );
    *row += 1;
}

fn coalitions(page: &mut String, report: &Report) {
    page.push_str(
        "<section><h2>Coalitions</h2><p>The smallest that can, and the largest that can't. These decide all others: \
         a member more changes nothing for thieves, and what the largest can't do, no part of them can.</p>\
         <div class=scroll><table><thead><tr><th></th>",
    );
    for party in &report.parties {
        let _ = write!(page, "<th><span>{}</span></th>", words(&party.name));
    }
    page.push_str("</tr></thead><tbody>");
    let fewest = fewest_thieves(report);
    // A page with thousands of rows helps nobody; --json has them all.
    const MOST: usize = 24;
    let able = report.minimal_thieves.iter().take(MOST).map(|thieves| (true, thieves));
    let unable = report.maximal_unable.iter().take(MOST).map(|unable| (false, unable));
    let rows: Vec<(bool, &Vec<String>)> = able.chain(unable).collect();
    for (able, members) in &rows {
        let (class, verdict) = match (*able, class(fewest)) {
            (true, "known") => ("known", "steals"),
            (true, _) => ("bad", "steals"),
            (false, _) => ("good", "can't"),
        };
        let _ = write!(page, "<tr class={class}><th>{verdict}</th>");
        for party in &report.parties {
            let member = members.contains(&party.name);
            let _ = write!(page, "<td>{}</td>", if member { "●" } else { "" });
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div>");
    let left_out = report.minimal_thieves.len() + report.maximal_unable.len() - rows.len();
    if left_out > 0 {
        let _ = write!(page, "<p class=note>And {left_out} more, which --json lists.</p>");
    }
    page.push_str("</section>");
}

fn thefts(page: &mut String, report: &Report) {
    if report.thefts.is_empty() {
        return;
    }
    let class = class(fewest_thieves(report));
    page.push_str("<section><h2>How it is done</h2><div class=cards>");
    for theft in report.thefts.iter().take(24) {
        let thieves: Vec<String> = theft.thieves.iter().map(|name| words(name)).collect();
        let _ = write!(page, "<article class='theft {class}'><h3>{}</h3><ol>", thieves.join(" + "));
        for line in &theft.derivation {
            let _ = write!(page, "<li>{}</li>", formula(line));
        }
        let skipped = match &theft.skipped {
            Some(name) => format!("; {} gets nothing", words(name)),
            None => String::new(),
        };
        let _ = write!(
            page,
            "</ol><p class=tx>{} sat taken{skipped}. Transaction <code>{}</code></p></article>",
            grouped(theft.taken_sat),
            theft.txid
        );
    }
    page.push_str("</div></section>");
}

fn learned(page: &mut String, report: &Report) {
    page.push_str(
        "<section><h2>What each party learned</h2><p>From the event logs of the roles; a small number in brackets is the \
         payment.</p><div class=cards>",
    );
    for party in &report.parties {
        let _ = write!(page, "<article><h3>{}</h3>", words(&party.name));
        if party.learned.is_empty() {
            page.push_str("<p>No secret.</p></article>");
            continue;
        }
        page.push_str("<ul>");
        for fact in &party.learned {
            let equals = if fact.equals == fact.secret {
                String::new()
            } else {
                format!(" = {}", formula(&fact.equals))
            };
            let _ = write!(
                page,
                "<li><span class=formula>{}{equals}</span> <small>{}</small></li>",
                formula(&fact.secret),
                escape(&fact.how)
            );
        }
        page.push_str("</ul></article>");
    }
    page.push_str("</div>");
    for [one, other] in &report.same_secrets {
        let _ = write!(
            page,
            "<p class=same>{} is the same secret as {}.</p>",
            formula(one),
            formula(other)
        );
    }
    page.push_str("</section>");
}

fn method(page: &mut String, report: &Report) {
    let coalitions = grouped(report.method.coalitions);
    let text = match report.method.name {
        "enumeration" => format!("All {coalitions} coalitions were decided."),
        _ => format!("{coalitions} coalitions were tried; all others follow from these."),
    };
    let _ = write!(
        page,
        "<footer><p>{text} A coalition can take a contract when the claimer is a member and the lock secret is in the span \
         of what the members know (Gaussian elimination mod n). {} transactions were put before Bitcoin Core's consensus \
         code, which accepted {} and refused {}.</p></footer>",
        grouped((report.accepted + report.refused) as u64),
        grouped(report.accepted as u64),
        grouped(report.refused as u64),
    );
}

/// Escaped, with y_0[2] as y, a small 0 below and a small [2] behind.
fn formula(text: &str) -> String {
    let mut html = String::new();
    let mut rest = escape(&text.replace("_lsp", " LSP"));
    while let Some(at) = rest.find(['_', '[']) {
        let (before, from) = rest.split_at(at);
        html.push_str(before);
        let marker = &from[..1];
        let digits = from[1..].chars().take_while(char::is_ascii_digit).count();
        let end = 1 + digits;
        let (tag, taken) = match marker {
            "_" if digits > 0 && !from[end..].starts_with(|c: char| c.is_alphanumeric()) => {
                (format!("<sub>{}</sub>", &from[1..end]), end)
            }
            "[" if digits > 0 && marked(&from[end..]).is_some() => {
                let end = end + marked(&from[end..]).unwrap_or_default();
                (format!("<sup>{}</sup>", &from[..end]), end)
            }
            "_" => (" ".to_owned(), 1),
            _ => (marker.to_owned(), 1),
        };
        html.push_str(&tag);
        rest = from[taken..].to_owned();
    }
    html.push_str(&rest);
    html
}

/// What is left of a mark behind its number, as far as the bracket: letters for a part and a trampoline.
fn marked(text: &str) -> Option<usize> {
    let letters = text.chars().take_while(char::is_ascii_lowercase).count();
    text[letters..].starts_with(']').then_some(letters + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas() {
        assert_eq!(
            formula("l_3[2] = z + y_0[2]"),
            "l<sub>3</sub><sup>[2]</sup> = z + y<sub>0</sub><sup>[2]</sup>"
        );
        assert_eq!(formula("past_payer_2 gives <z>"), "past payer<sub>2</sub> gives &lt;z&gt;");
        assert_eq!(formula("sender_lsp gives y_1"), "sender LSP gives y<sub>1</sub>");
        assert_eq!(formula("y_1[2at] + b_0"), "y<sub>1</sub><sup>[2at]</sup> + b<sub>0</sub>");
        assert_eq!(formula("[x"), "[x");
        assert_eq!(formula("[2x"), "[2x");
    }
}
