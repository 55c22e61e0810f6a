//! The story as one page that needs nothing else: no script, no font, no network.

use std::fmt::Write;

use pointlock_sim::System;

use super::facts::{Facts, Told};
use super::print::Safety;
use super::{picture, print};
use crate::narration::grouped;
use crate::page::{self, escape, words};

pub(super) fn page(facts: &Facts, parties: &[String]) -> String {
    let mut page = String::new();
    let systems: Vec<System> = facts.systems.iter().map(|told| told.system).collect();
    let heading = print::heading(&systems);
    page::open(&mut page, heading);
    let _ = write!(
        page,
        "<header><h1>{heading}</h1><p>{}. {} {}</p><nav><ul>",
        print::setting(facts, &systems),
        escape(print::JUDGES),
        print::FEES,
    );
    for (number, told) in facts.systems.iter().enumerate() {
        let _ = write!(
            page,
            "<li><a href='#s{number}'>{}: {}</a></li>",
            told.system.name(),
            escape(told.title)
        );
    }
    page.push_str("</ul></nav></header>");
    side_by_side(&mut page, facts);
    for (number, told) in facts.systems.iter().enumerate() {
        system(&mut page, number, told, parties);
    }
    page.push_str(
        "<footer><p>L, H: money is locked under a point or a hash. l, the preimage: what opens it, shown by the claim. h: what a held payment \
         waits for. z: the secret of the invoice.</p></footer>",
    );
    page::close(&mut page);
    page
}

fn side_by_side(page: &mut String, facts: &Facts) {
    page.push_str("<section><h2>Side by side</h2><div class=scroll><table class=side><thead><tr>");
    for name in print::HEADER {
        let _ = write!(page, "<th>{}</th>", escape(name));
    }
    page.push_str("</tr></thead><tbody>");
    for told in &facts.systems {
        let class = match print::safety(told) {
            Safety::Stolen => "bad",
            Safety::Together => "known",
            Safety::Safe => "good",
        };
        let _ = write!(page, "<tr class={class}>");
        for (column, cell) in print::row(told, facts.offline_blocks).iter().enumerate() {
            let (cell, label) = (words(cell), escape(print::HEADER[column]));
            let _ = match column {
                0 => write!(page, "<th>{cell}</th>"),
                _ => write!(page, "<td data-label='{label}'>{cell}</td>"),
            };
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div></section>");
}

fn system(page: &mut String, number: usize, told: &Told, parties: &[String]) {
    let _ = write!(
        page,
        "<section id=s{number}><p class=system>{}</p><h2>{}</h2>",
        told.system.name(),
        escape(told.title)
    );
    verdict(page, told);
    let _ = write!(
        page,
        "<h3>Whose money waits</h3><figure class=beside><div class=scroll>{}</div><p class=end>A bar for each payment, whose \
         number stands behind a hop's name: blue is a payer's money, red a hop's. A thin bar was locked and claimed in one block.</p></figure>",
        picture::timeline(told)
    );
    let _ = write!(
        page,
        "<h3>What happens</h3><div class=story><figure><div class=scroll>{}</div><p class=end>Blue: money is locked. \
         Green: a claim, which shows its secret. Dashed: a message. Dot: a step without another party.</p></figure><figure><ol>",
        picture::sequence(told, parties)
    );
    for step in &told.steps {
        let _ = write!(
            page,
            "<li class={}><small>{}</small> <b>{}</b> {}</li>",
            picture::ink(step.tone),
            grouped(u64::from(step.height)),
            words(&step.party),
            words(&step.text)
        );
    }
    page.push_str("</ol></figure></div></section>");
}

fn verdict(page: &mut String, told: &Told) {
    let (class, headline) = match print::safety(told) {
        Safety::Stolen => ("unsafe", "A later payment is stolen, and each hop alone could do it."),
        Safety::Safe => ("safe", "Nobody can take a later payment, not even all of them together."),
        Safety::Together => ("known", "No hop can take a later payment; some can together."),
    };
    let _ = write!(page, "<div class='verdict {class}'><h2>{headline}</h2>");
    if !told.minimal_thieves.is_empty() {
        let lists = told.minimal_thieves.iter().map(|thieves| {
            let names: Vec<String> = thieves.iter().map(|name| words(name)).collect();
            names.join(" + ")
        });
        let lists: Vec<String> = lists.collect();
        let _ = write!(page, "<p>Who can: {}.</p>", lists.join(", or "));
    }
    let paid = told.payments.iter().filter(|payment| payment.receiver_was_paid).count();
    let tries: usize = told.thefts.iter().map(|theft| theft.tried).sum();
    let _ = write!(
        page,
        "<dl><div><dt>{paid} of {}</dt><dd>payments reach the receiver</dd></div>\
         <div><dt>{}</dt><dd>tries by hops to take a later payment</dd></div>\
         <div><dt>{} / {}</dt><dd>transactions accepted / refused by the consensus code</dd></div></dl></div>",
        told.payments.len(),
        grouped(tries as u64),
        grouped(told.accepted as u64),
        grouped(told.refused as u64),
    );
}
