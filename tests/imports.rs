//! Imports run downwards only: each module of the library imports from those below it, and `payment` and `contract` from each
//! other not at all.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::BTreeSet;
use std::path::Path;

/// From the ground up. What stands on one line may not import each other.
const PACKAGES: [(&str, &[&[&str]]); 2] = [
    (
        "adaptor/src",
        &[&["curve"], &["error"], &["dleq", "schnorr", "ecdsa"], &["musig2"], &["lock"]],
    ),
    (
        "src",
        &[
            &["store_error"],
            &["wire"],
            &["edge", "journal"],
            &["invoice", "onion"],
            &["async_payments", "claims", "hold"],
            &["contract", "payment"],
        ],
    ),
];

fn files(folder: &Path, found: &mut Vec<(String, String)>, module: Option<&str>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = module.unwrap_or(&name);
        if path.is_dir() {
            files(&path, found, Some(module));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((module.to_owned(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The modules that a file names by their path from the root of the package. What only a comment or a test says does not count.
fn imported(text: &str) -> BTreeSet<String> {
    let code = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    let code = code.filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

#[test]
fn imports_run_downwards() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (package, floors) in PACKAGES {
        let floor = |name: &str| floors.iter().position(|floor| floor.contains(&name));
        let mut found = Vec::new();
        files(&project.join(package), &mut found, None);
        let mut arrows = 0;
        for (module, text) in &found {
            if module == "lib" {
                continue;
            }
            let own = floor(module).unwrap_or_else(|| panic!("{package}/{module} has no floor"));
            for other in imported(text) {
                // Names at the root are re-exports from below.
                let Some(below) = floor(&other) else { continue };
                if other != *module {
                    arrows += 1;
                    assert!(below < own, "{package}: {module} imports {other}");
                }
            }
        }
        assert!(arrows > 5, "{package}: so few imports that the test looks at the wrong place");
    }
}

/// An incoming edge without the evidence for it has two doors. Each is used in one place.
#[test]
fn incoming_edges_are_made_in_two_places() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    files(&project.join("src"), &mut found, None);
    for (door, place) in [("dangerous_committed", "contract"), ("from_own_journal", "payment")] {
        let code = |line: &&str| !line.trim_start().starts_with("//") && line.contains(door);
        let uses = |(module, text): &(String, String)| {
            let count = text.lines().filter(code).count();
            vec![module.clone(); count]
        };
        let used: Vec<String> = found.iter().flat_map(uses).filter(|it| it != "edge").collect();
        assert_eq!(used, [place], "{door}");
    }
}
