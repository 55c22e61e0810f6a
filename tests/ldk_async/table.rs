//! `docs/interop.md`: what the conversations gave, in both versions. `cargo test --test ldk_async -- --ignored write_the_table` writes it.

use std::fmt::Write;
use std::path::PathBuf;

use crate::{v02, v03};

const HEAD: &str = "# Who pays whom, with LDK

Written by `tests/ldk_async` (`cargo test --locked --test ldk_async -- --ignored write_the_table`), which fails when a conversation ends otherwise. LDK is its own messenger, flow of offers
and packet code, in the process, `lightning` 0.2.7 and 0.3.0-rc3; \"ours\" is this project's roles. Hash locks: points are between nodes that know them. What a cell says was said by the
code that ran, in both versions unless it names one.

A plain static invoice, five nodes in a row, either kind in each place. *There*: the payer asks (72), the receiver answers (74), and is paid. *Away*: the first question gets lost, and
nothing is offered until a second one is answered. *Held*: LDK's way. The payer's LSP keeps the payment (`hold_htlc`, 75537) and gives the payer a path; the payer asks (72) with that path, and may go;
the receiver's answer (74) comes to the LSP, which forwards. Whether the LSP does so at all, the payer reads from its features: of ours, which say `option_ptlc_hold`, LDK's code reads no `htlc_hold`.

";

const OUR_HOLD: &str = "
This project's hold, by a pointlock payer, the only one that can seal an announcement. Its LSP keeps the payment and the announcement (65575, 65565), and forwards when the receiver has
answered (65567).

";

const VAULT: &str = "
A receiver leaves its invoice with a server and goes (75540 to 75546); a payer gets it there (64, 70), byte for byte.

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

/// Every way to fill so many places.
fn ways<const PLACES: usize>() -> impl Iterator<Item = [bool; PLACES]> {
    let bit = |number: usize| move |place: usize| number >> (PLACES - 1 - place) & 1 == 1;
    (0..1 << PLACES).map(move |number| std::array::from_fn(bit(number)))
}

fn names<const PLACES: usize>(is_ldk: [bool; PLACES]) -> String {
    is_ldk.map(name).join(" | ")
}

fn table() -> String {
    let mut text = HEAD.to_owned();
    text.push_str(
        "| payer | its LSP | router | receiver's LSP | receiver | there | away | held |\n",
    );
    text.push_str("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for is_ldk in ways() {
        let (old, new) = (v02::outcomes(is_ldk), v03::outcomes(is_ldk));
        let cells: Vec<String> = old.iter().zip(&new).map(|(old, new)| cell([old, new])).collect();
        let _ = writeln!(text, "| {} | {} |", names(is_ldk), cells.join(" | "));
    }
    text.push_str(OUR_HOLD);
    text.push_str("| payer's LSP | router | receiver's LSP | receiver | |\n");
    text.push_str("| --- | --- | --- | --- | --- |\n");
    for is_ldk in ways() {
        let (old, new) = (v02::outcome_of_our_hold(is_ldk), v03::outcome_of_our_hold(is_ldk));
        let _ = writeln!(text, "| {} | {} |", names(is_ldk), cell([&old, &new]));
    }
    text.push_str(VAULT);
    text.push_str("| receiver | payer | server: LDK |\n| --- | --- | --- |\n");
    for is_ldk in ways() {
        let (old, new) =
            (v02::vault::with_an_ldk_vault(is_ldk), v03::vault::with_an_ldk_vault(is_ldk));
        let kept = cell([&old, &new]).replace("paid", "kept and handed out");
        let _ = writeln!(text, "| {} | {kept} |", names(is_ldk));
    }
    text
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/interop.md")
}

/// Behind it stands what `vault/tests/peers` writes.
const VAULTS_PART: &str = "<!-- by vault/tests/peers -->\n";

/// The file, and the vault's part of it.
fn kept() -> (String, String) {
    let kept = std::fs::read_to_string(path()).unwrap_or_default();
    let (own, vaults) = kept.split_once(VAULTS_PART).unwrap_or((&kept, ""));
    (own.to_owned(), vaults.to_owned())
}

#[test]
fn the_table_is_what_happens() {
    let table = table();
    assert!(kept().0 == table, "docs/interop.md is stale; it should begin with:\n{table}");
}

#[test]
#[ignore = "it writes docs/interop.md; by hand, when LDK or a role has changed"]
fn write_the_table() {
    std::fs::write(path(), format!("{}{VAULTS_PART}{}", table(), kept().1)).unwrap();
}

/// What the table has to say whatever else it says: hash payments go through every mixture, and whoever can't hold is not asked.
#[test]
fn what_the_table_has_to_say() {
    for is_ldk in ways() {
        for outcomes in [v02::outcomes(is_ldk), v03::outcomes(is_ldk)] {
            let [there, away, held] = outcomes;
            assert_eq!((there, away), (Ok(()), Ok(())), "{is_ldk:?}");
            let [_, lsp, ..] = is_ldk;
            assert_eq!(held.is_ok(), lsp, "{is_ldk:?}: {held:?}");
            assert!(held.is_ok() || held.unwrap_err().contains("htlc_hold"));
        }
    }
    for is_ldk in ways() {
        for held in [v02::outcome_of_our_hold(is_ldk), v03::outcome_of_our_hold(is_ldk)] {
            let [lsp, _, _, receiver] = is_ldk;
            assert_eq!(held.is_ok(), !lsp && !receiver, "{is_ldk:?}: {held:?}");
            assert!(!lsp || held.unwrap_err().contains("option_ptlc_hold"));
        }
    }
    for is_ldk in ways() {
        let kept = [v02::vault::with_an_ldk_vault(is_ldk), v03::vault::with_an_ldk_vault(is_ldk)];
        assert_eq!(kept, [Ok(()), Ok(())], "{is_ldk:?}");
    }
}
