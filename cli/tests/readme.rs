//! What the README prints is what the demo prints.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::process::Command;

#[test]
fn the_demo_prints_what_the_readme_shows() {
    let readme = include_str!("../../README.md");
    let section = readme.split("## What the demo shows").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_pointlock")).arg("demo").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();

    let blocks: Vec<&str> = section.split("```text\n").skip(1).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let shown = block.split("```").next().unwrap();
        assert!(printed.contains(shown), "the README shows what the demo does not print:\n{shown}");
    }
}
