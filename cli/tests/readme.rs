//! What the README prints is what the demo prints, and what it names is there.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::path::Path;
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

#[test]
fn what_the_readme_names_is_there_and_ci_runs_its_examples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = include_str!("../../README.md");
    let folders = ["docs/", "examples/", "test-vectors/", "fuzz/"];
    let named: Vec<&str> = readme
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| folders.iter().any(|folder| code.starts_with(folder)))
        .collect();
    assert!(named.len() > 6, "{named:?}");
    for path in named {
        assert!(root.join(path).exists(), "the README names {path}");
    }
    let ci = include_str!("../../.ci/run");
    let run = ci.lines().find(|line| line.starts_with("for example in ")).unwrap();
    for entry in std::fs::read_dir(root.join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(run.contains(&format!(" {name}")), "CI does not run {name}");
            assert!(readme.contains(&format!("cargo run --example {name}`")), "{name}");
        }
    }
}

/// The comparison is about the versions that the tests compare with.
#[test]
fn the_readme_compares_with_the_versions_that_are_locked() {
    let (readme, lock) = (include_str!("../../README.md"), include_str!("../../Cargo.lock"));
    let table = readme.split("## Beside others").nth(1).unwrap().split("\n| --- ").next().unwrap();
    for (name, shown) in [
        ("schnorr_fun", "schnorr_fun 0.13"),
        ("ecdsa_fun", "ecdsa_fun 0.12"),
        ("musig2", "musig2 0.4"),
        ("secp256k1-zkp", "secp256k1-zkp 0.11"),
        ("lightning", "lightning 0.2.7"),
    ] {
        assert!(table.contains(shown), "{shown}");
        let version = shown.rsplit(' ').next().unwrap();
        let locked = format!("name = \"{name}\"\nversion = \"{version}");
        assert!(lock.contains(&locked), "{name} is locked at another version than {version}");
    }
}

#[test]
fn the_picture_stands_on_its_own_in_light_and_dark() {
    let picture = include_str!("../../docs/held.svg");
    assert!(picture.contains("<title") && picture.contains("prefers-color-scheme: dark"));
    let inner = picture.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "<script", "url(", "@import", "href"] {
        assert!(!inner.contains(outside), "{outside}");
    }
}
