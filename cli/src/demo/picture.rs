//! The pictures of a story: who did what to whom, and whose money waited for how long. Inline SVG in the page's colours.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::facts::{Locked, Step, Told, Tone};
use crate::narration::{ArrowKind, grouped};
use crate::page::{escape, words};

const LANE: usize = 64;
const GUTTER: usize = 28;
const ROW: usize = 24;
const HEAD: usize = 40;

/// A lane for each party, and a row for each step: an arrow where something goes to another party, else a dot.
pub(super) fn sequence(told: &Told, parties: &[String]) -> String {
    let lanes: Vec<&String> = parties
        .iter()
        .filter(|party| told.steps.iter().any(|step| takes_part(step, party)))
        .collect();
    let x = |name: &str| {
        let lane = lanes.iter().position(|lane| *lane == name)?;
        Some(GUTTER + LANE * lane + LANE / 2)
    };
    let (width, height) = (GUTTER + LANE * lanes.len(), HEAD + ROW * told.steps.len() + 8);
    let mut svg = open(width, height, "Sequence diagram: the steps are listed beside it");
    for (lane, name) in lanes.iter().enumerate() {
        let x = GUTTER + LANE * lane + LANE / 2;
        for (line, word) in name.splitn(2, '_').enumerate() {
            let (y, word) = (14 + 14 * line, words(&format!("_{word}")));
            let _ = write!(svg, "<text x='{x}' y='{y}' text-anchor=middle>{word}</text>");
        }
        let _ = write!(svg, "<path class=rule d='M{x} {}V{height}'/>", HEAD - 6);
    }
    for (number, step) in told.steps.iter().enumerate() {
        let y = HEAD + ROW * number + ROW / 2;
        let middle = y + 4;
        let _ = write!(
            svg,
            "<text class=soft x='{}' y='{middle}' text-anchor=end>{}</text>",
            GUTTER - 8,
            number + 1
        );
        let Some(from) = x(&step.party) else { continue };
        match &step.arrow {
            Some(drawn) if x(&drawn.to).is_some_and(|to| to != from) => {
                let to = x(&drawn.to).unwrap_or(from);
                arrow(&mut svg, [from, to], y, drawn.kind, &drawn.label);
            }
            _ => {
                let _ = write!(
                    svg,
                    "<g class={}><circle class=ink cx='{from}' cy='{y}' r='5'/></g>",
                    ink(step.tone)
                );
            }
        }
    }
    svg.push_str("</svg>");
    svg
}

fn takes_part(step: &Step, party: &str) -> bool {
    step.party == party || step.arrow.as_ref().is_some_and(|arrow| arrow.to == party)
}

fn arrow(svg: &mut String, [from, to]: [usize; 2], y: usize, kind: ArrowKind, label: &str) {
    let (class, dashed) = match kind {
        ArrowKind::Lock => ("lock", ""),
        ArrowKind::Claim => ("claim", ""),
        ArrowKind::Message => ("message", " stroke-dasharray='5 4'"),
    };
    // The tip, and where its two sides begin.
    let back = if from < to { to - 9 } else { to + 9 };
    let (above, below, middle) = (y - 5, y + 5, usize::midpoint(from, to));
    let _ = write!(
        svg,
        "<g class={class}><text class=ink x='{middle}' y='{above}' text-anchor=middle>{}</text>\
         <path class=pen{dashed} d='M{from} {y}H{to}'/>\
         <path class=ink d='M{to} {y}L{back} {above}V{below}Z'/></g>",
        escape(label)
    );
}

pub(super) fn ink(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Good => "good-ink",
        Tone::Bad => "bad-ink",
    }
}

const LABELS: usize = 128;
const WIDE: usize = 452;
const BAR: usize = 20;

/// A line for each payment of each party that locked money: from when until when.
pub(super) fn timeline(told: &Told) -> String {
    let mut lines: BTreeMap<(usize, usize), Vec<&Locked>> = BTreeMap::new();
    let mut parties: Vec<&str> = Vec::new();
    // The payers first.
    let payers = told.locked.iter().filter(|locked| is_payer(&locked.party));
    for locked in payers.chain(told.locked.iter().filter(|locked| !is_payer(&locked.party))) {
        let place = parties.iter().position(|party| *party == locked.party).unwrap_or_else(|| {
            parties.push(&locked.party);
            parties.len() - 1
        });
        lines.entry((place, locked.payment)).or_default().push(locked);
    }
    let away = told.away.unwrap_or([u32::MAX, 0]);
    let since = told.locked.iter().map(|locked| locked.since);
    let until = told.locked.iter().map(|locked| locked.since + locked.blocks);
    let first = since.chain([away[0]]).min().unwrap_or(0);
    let last = until.chain([away[1], first + 1]).max().unwrap_or(first + 1);
    let x = |height: u32| LABELS + scaled(height - first, last - first, WIDE - LABELS - 12);
    let (top, bottom) = (22, 26 + BAR * lines.len());
    let mut svg = open(WIDE, bottom + 20, "Timeline: from when until when money was locked");
    if told.away.is_some() {
        let (from, to) = (x(away[0]), x(away[1]));
        let _ = write!(
            svg,
            "<rect class=away x='{from}' y='{top}' width='{}' height='{}'/>\
             <text class=soft x='{}' y='14' text-anchor=middle>the receiver is offline</text>",
            to - from,
            bottom - top,
            usize::midpoint(from, to)
        );
    }
    for (line, ((place, payment), locked)) in lines.iter().enumerate() {
        let y = top + 4 + BAR * line;
        // A payer has one payment.
        let name = match is_payer(parties[*place]) {
            true => words(parties[*place]),
            false => format!("{} · {payment}", words(parties[*place])),
        };
        let _ = write!(
            svg,
            "<text x='{}' y='{}' text-anchor=end>{name}</text><g class={}>",
            LABELS - 8,
            y + 12,
            if is_payer(parties[*place]) { "lock" } else { "bad-ink" }
        );
        for locked in locked {
            let (from, to) = (x(locked.since), x(locked.since + locked.blocks));
            let _ = write!(
                svg,
                "<rect class=ink x='{from}' y='{}' width='{}' height='12' rx='2'><title>{}</title></rect>",
                y + 2,
                (to - from).max(3),
                escape(&format!(
                    "payment {payment}: {} sat for {}, {} blocks",
                    grouped(locked.amount_sat),
                    locked.claimer,
                    locked.blocks
                ))
            );
        }
        svg.push_str("</g>");
    }
    for (height, anchor) in [(first, "start"), (last, "end")] {
        let _ = write!(
            svg,
            "<text class=soft x='{}' y='{}' text-anchor={anchor}>block {}</text>",
            x(height),
            bottom + 15,
            grouped(u64::from(height))
        );
    }
    svg.push_str("</svg>");
    svg
}

fn is_payer(party: &str) -> bool {
    party.starts_with("payer_")
}

fn scaled(part: u32, of: u32, length: usize) -> usize {
    let scaled = u64::from(part) * length as u64 / u64::from(of.max(1));
    usize::try_from(scaled).unwrap_or(length)
}

fn open(width: usize, height: usize, what: &str) -> String {
    // What is wider can't be read on a narrow page, and scrolls there.
    let fits = if width <= 520 { " fits" } else { "" };
    format!(
        "<svg class='picture{fits}' style='--least:{}px;max-width:{}px' viewBox='0 0 {width} {height}' role=img aria-label='{what}'>",
        width * 4 / 5,
        width * 5 / 4
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_line() {
        assert_eq!(scaled(0, 144, 400), 0);
        assert_eq!(scaled(72, 144, 400), 200);
        assert_eq!(scaled(u32::MAX, u32::MAX, 400), 400);
        assert_eq!(scaled(0, 0, 400), 0);
    }
}
