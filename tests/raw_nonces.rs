//! MuSig2 nonces can be made from bytes in tests alone: no manifest turns the feature on, but among its dev-dependencies.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

const FEATURE: &str = "dangerous-raw-nonces";

/// All manifests of the project, whatever workspace they belong to.
fn manifests(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && !path.is_symlink() && name != "target" && !name.starts_with('.') {
            manifests(&path, found);
        } else if name == "Cargo.toml" {
            found.push(path);
        }
    }
}

/// The lines that name the feature where it would reach a build that is no test's.
fn offending(manifest: &str) -> Vec<String> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in manifest.lines() {
        let code = line.split('#').next().unwrap_or_default().trim();
        if code.starts_with('[') {
            section = code.trim_matches(['[', ']']).to_owned();
        }
        let is_definition = section == "features" && code == format!("{FEATURE} = []");
        let in_tests = section.split('.').any(|part| part == "dev-dependencies");
        if code.contains(FEATURE) && !is_definition && !in_tests {
            found.push(code.to_owned());
        }
    }
    found
}

#[test]
fn nothing_but_tests_makes_nonces_from_bytes() {
    let mut found = Vec::new();
    manifests(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    assert!(found.len() > 8, "{found:?}");
    let mut named = 0;
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        named += usize::from(text.contains(FEATURE));
        assert_eq!(offending(&text), Vec::<String>::new(), "{}", path.display());
    }
    assert!(named >= 2, "the feature is defined, and a test uses it");
}

#[test]
fn what_would_turn_it_on_is_noticed() {
    let dependency = "[dependencies]\na = { features = [\"dangerous-raw-nonces\"] }\n";
    assert_eq!(offending(dependency).len(), 1);
    let default = "[features]\ndefault = [\"std\", \"dangerous-raw-nonces\"]\n";
    assert_eq!(offending(default).len(), 1);
    let through = "[features]\nmore = [\"pointlock-adaptor/dangerous-raw-nonces\"]\n";
    assert_eq!(offending(through).len(), 1);
    let target = "[target.'cfg(unix)'.dependencies.a]\nfeatures = [\"dangerous-raw-nonces\"]\n";
    assert_eq!(offending(target).len(), 1);
    let test = "[dev-dependencies]\na = { features = [\"dangerous-raw-nonces\"] }\n";
    assert_eq!(offending(test).len(), 0);
}
