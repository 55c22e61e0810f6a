//! The variants of the public errors, as the sources have them, against those that tests produce.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::{Path, PathBuf};

/// A variant, as `Enum::Variant`, and what makes it.
pub(crate) type Case = (&'static str, fn() -> String);

/// `Enum::Variant` of an error, with what `Debug` says of its fields behind it.
pub(crate) fn said<T, E: Debug>(result: Result<T, E>) -> String {
    let error = result.err().expect("it is refused");
    let name = std::any::type_name::<E>();
    let name = name.split('<').next().unwrap_or(name);
    format!("{}::{error:?}", name.rsplit("::").next().unwrap_or(name))
}

/// Of the project, whichever of its packages the test belongs to: the lock file lies in the project's folder.
pub(crate) fn project() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = package.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    project.expect("the package is in a workspace").to_owned()
}

/// All Rust files below a folder.
pub(crate) fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                found.extend(sources(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The variants of every public enum with `Error` among its derives or at the end of its name, as `Enum::Variant`.
///
/// The sources are formatted, so that an item begins at the start of a line and a variant four columns in.
pub(crate) fn variants(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (mut derives_error, mut inside) = (false, None::<String>);
    for line in text.lines() {
        if let Some(name) = &inside {
            if line == "}" {
                inside = None;
            } else if let Some(rest) = line.strip_prefix("    ") {
                let variant: String =
                    rest.chars().take_while(char::is_ascii_alphanumeric).collect();
                if variant.starts_with(|first: char| first.is_ascii_uppercase()) {
                    found.insert(format!("{name}::{variant}"));
                }
            }
        } else if line.starts_with("#[derive(") {
            let mut derives = line.split(['(', ')', ',']).map(str::trim);
            derives_error = derives.any(|derive| derive == "Error" || derive.ends_with("::Error"));
        } else if let Some(rest) = line.strip_prefix("pub enum ") {
            let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
            inside = (derives_error || name.ends_with("Error")).then_some(name);
            derives_error = false;
        } else if line.starts_with("pub ") {
            derives_error = false;
        }
    }
    found
}

/// The part of a source that is a test: all of it in a folder of tests, and what is behind `#[cfg(test)]` elsewhere.
fn tests_of(path: &Path, text: &str) -> String {
    let is_test = |part: &std::ffi::OsStr| {
        part.to_str().is_some_and(|name| name == "tests" || name.ends_with("tests.rs"))
    };
    let behind = if path.iter().any(is_test) {
        Some(text)
    } else {
        text.find("#[cfg(test)]\nmod tests {").map(|start| &text[start..])
    };
    let code = behind.unwrap_or_default().lines();
    let code = code.filter(|line| !line.trim_start().starts_with("//"));
    code.map(|line| format!("{line}\n")).collect()
}

/// The variants that tests name in code, by the folders of the project in which the tests are; this table of refusals is none of them.
pub(crate) fn named_in_tests(folders: &[&str]) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for folder in folders {
        for (path, text) in sources(&project().join(folder)) {
            if path
                .iter()
                .any(|part| part.to_str().is_some_and(|name| name.starts_with("refusals")))
            {
                continue;
            }
            let code = tests_of(&path, &text);
            for (start, _) in code.match_indices("::") {
                let word = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
                let before: String = code[..start].chars().rev().take_while(word).collect();
                let before: String = before.chars().rev().collect();
                let behind: String = code[start + 2..].chars().take_while(word).collect();
                named.insert(format!("{before}::{behind}"));
            }
        }
    }
    named
}

/// Panics with what is missing: a variant of the sources that no case makes, no other test names, and of which nothing says why no
/// test can; and whatever the tables have too much.
pub(crate) fn check(
    sources_of: &[&str],
    tables: &[&[Case]],
    elsewhere: &BTreeSet<String>,
    never: &[(&str, &str)],
) -> BTreeMap<&'static str, usize> {
    let folders = sources_of.iter().flat_map(|folder| sources(&project().join(folder)));
    let all: BTreeSet<String> = folders.flat_map(|(_, text)| variants(&text)).collect();
    let (mut made, mut wrong) = (BTreeSet::new(), Vec::new());
    for (variant, make) in tables.iter().copied().flatten() {
        assert!(all.contains(*variant), "{variant}: there is none");
        assert!(made.insert((*variant).to_owned()), "{variant}: twice");
        let said = std::panic::catch_unwind(make).unwrap_or_else(|_| "a panic".to_owned());
        let rest = said.strip_prefix(variant);
        if rest.is_none_or(|rest| rest.starts_with(char::is_alphanumeric)) {
            wrong.push(format!("{variant}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "not what they should be: {wrong:#?}");
    for (variant, reason) in never {
        assert!(all.contains(*variant), "{variant}: there is none");
        let is_named = made.contains(*variant) || elsewhere.contains(*variant);
        assert!(!reason.is_empty() && !is_named, "{variant}: a test has it");
    }
    let excused = |variant: &str| never.iter().any(|(name, _)| *name == variant);
    let missing: Vec<&String> = all
        .iter()
        .filter(|variant| {
            !made.contains(*variant) && !elsewhere.contains(*variant) && !excused(variant)
        })
        .collect();
    assert!(missing.is_empty(), "no test produces {missing:#?}");
    let of_others = all.iter().filter(|variant| !made.contains(*variant) && !excused(variant));
    let counts = [
        ("all", all.len()),
        ("made here", made.len()),
        ("in other tests", of_others.count()),
        ("never", never.len()),
    ];
    counts.into_iter().collect()
}
