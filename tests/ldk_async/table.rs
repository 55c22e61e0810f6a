//! `docs/interop.md`: what the conversations gave, in both versions. `cargo test --test ldk_async -- --ignored write_the_table` writes it.

use std::fmt::Write;
use std::path::PathBuf;

use crate::{v02, v03};

const HEAD: &str = "# Who pays whom, with LDK

Written by `tests/ldk_async` (`cargo test --locked --test ldk_async -- --ignored write_the_table`), which fails when a conversation ends otherwise. LDK is its own messenger, flow of offers
and packet code, in the process, `lightning` 0.2.7 and 0.3.0-rc3; \"ours\" is this project's roles. Hash locks: points are between nodes that know them.

A plain static invoice, four nodes in a row, either kind in each place. *There*: the payer asks (72), the receiver answers (74), and is paid. *Away*: the first question gets lost, and
nothing is offered until a second one is answered. *Held*: the payer's LSP keeps the payment and a sealed announcement, this project's way.

";

fn name(is_ldk: bool) -> &'static str {
    if is_ldk { "LDK" } else { "ours" }
}

fn said(outcome: &Result<(), String>) -> String {
    match outcome {
        Ok(()) => "paid".to_owned(),
        Err(words) => words.replace('|', "\\|"),
    }
}

/// Both versions in one cell; apart, where they differ.
fn cell(outcomes: [&Result<(), String>; 2]) -> String {
    let [old, new] = outcomes.map(said);
    if old == new { old } else { format!("0.2.7: {old}; 0.3.0-rc3: {new}") }
}

fn table() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("| payer | its LSP | receiver's LSP | receiver | there | away | held |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    for number in 0..16 {
        let is_ldk = [8, 4, 2, 1].map(|bit| number & bit != 0);
        let (old, new) = (v02::outcomes(is_ldk), v03::outcomes(is_ldk));
        let places = is_ldk.map(name).join(" | ");
        let cells: Vec<String> = old.iter().zip(&new).map(|(old, new)| cell([old, new])).collect();
        let _ = writeln!(text, "| {places} | {} |", cells.join(" | "));
    }
    text.push_str("\nWho keeps the invoices of a receiver that is away, and hands them out (75540 to 75546, 64, 70):\n\n");
    text.push_str("| receiver and payer | server | |\n| --- | --- | --- |\n");
    let (old, new) = (v02::with_an_ldk_vault(), v03::with_an_ldk_vault());
    let kept = cell([&old, &new]).replace("paid", "kept, handed out to a payer byte for byte");
    let _ = writeln!(text, "| ours | LDK | {kept} |");
    text
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/interop.md")
}

#[test]
fn the_table_is_what_happens() {
    let kept = std::fs::read_to_string(path()).unwrap_or_default();
    assert!(kept == table(), "docs/interop.md is stale; it should be:\n{}", table());
}

#[test]
#[ignore = "it writes docs/interop.md; by hand, when LDK or a role has changed"]
fn write_the_table() {
    std::fs::write(path(), table()).unwrap();
}

/// What the table has to say whatever else it says: hash payments go through every mixture, and a hold is refused before it is passed over.
#[test]
fn what_the_table_has_to_say() {
    for number in 0..16 {
        let is_ldk = [8, 4, 2, 1].map(|bit| number & bit != 0);
        for outcomes in [v02::outcomes(is_ldk), v03::outcomes(is_ldk)] {
            let [there, away, held] = outcomes;
            assert_eq!((there, away), (Ok(()), Ok(())), "{is_ldk:?}");
            let [payer, lsp, _, receiver] = is_ldk;
            assert_eq!(held.is_ok(), !payer && !lsp && !receiver, "{is_ldk:?}: {held:?}");
            if lsp && !payer {
                assert!(held.unwrap_err().contains("option_ptlc_hold"));
            }
        }
    }
}
