//! `pointlock history`: what the model of the money prints is played by the command, on a chain with Bitcoin Core's consensus code.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let command =
        Command::new(env!("CARGO_BIN_EXE_pointlock")).arg("history").args(arguments).output();
    command.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("history-{name}"));
    fs::write(&path, text).unwrap();
    path
}

/// Each of them was the smallest in which a planted fault lost money (`docs/mutants.md`). Without the fault nobody does.
#[test]
fn nobody_loses_in_the_examples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/histories");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let output = run(&[path.to_str().unwrap()]);
        let (said, complaint) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success() && complaint.is_empty(), "{}: {complaint}", path.display());
        assert!(said.contains("> the end"), "{}: {said}", path.display());
        assert!(said.ends_with("\n\nno honest node loses money\n"), "{said}");
        count += 1;
    }
    assert!(count >= 8, "{count}");
}

/// What is drawn is printed as a file, which plays.
#[test]
fn a_history_is_drawn_and_played() {
    let drawn = run(&["--draw", "7"]);
    assert!(drawn.status.success());
    let path = file("drawn", &text(&drawn.stdout));
    let played = run(&[path.to_str().unwrap()]);
    assert!(played.status.success(), "{}", text(&played.stderr));
    // The same once more.
    assert_eq!(run(&[path.to_str().unwrap()]).stdout, played.stdout);
    assert_ne!(run(&["--draw", "8"]).stdout, drawn.stdout);
}

#[test]
fn what_is_no_history_is_refused_by_its_line() {
    let honest = "forwarder 1000 100 40\n\npay s1 20000000 over n1\n";
    let path = file("honest", honest);
    let played = run(&[path.to_str().unwrap()]);
    assert!(played.status.success());
    assert!(text(&played.stdout).contains("receiver  +20000000 msat"), "{}", text(&played.stdout));
    for (from, to, expected) in [
        ("pay s1", "pay all", "line 3: pay all 20000000 over n1: not in a history"),
        // As far as a person wants to see it.
        ("pay s1", &"é".repeat(900), &format!("line 3: {}…: not in a history", "é".repeat(80))),
        ("over n1", "over n2", "pay: no such forwarder"),
        ("100 40", "100 4", "forwarder: fees up to 100000000 and 1000000, 36 to 200 blocks"),
        ("forwarder 1000 100 40", "", "nodes: from 1 to 20 senders and forwarders"),
    ] {
        let path = file("refused", &honest.replace(from, to));
        let output = run(&[path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{to}");
        let complaint = text(&output.stderr);
        assert!(complaint.ends_with(&format!("{expected}\n")), "{complaint}");
        assert_eq!(complaint.lines().count(), 1);
        assert!(output.stdout.is_empty());
    }
    let nowhere = run(&["/nowhere/at/all"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert_eq!(run(&[]).status.code(), Some(2));
    let drawn = run(&["--draw", "x"]);
    assert_eq!(drawn.status.code(), Some(2));
    assert!(text(&drawn.stderr).contains("expected a whole number from 0 to"));
}
