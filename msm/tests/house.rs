//! How the files of this crate stand to each other: where `unsafe` may be, who asks the processor, and that imports form no circle.
//!
//! The compiler denies unsafe code in the whole crate, and one file allows it for itself. What the compiler does not see is
//! another file that allows it too: this does.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The file with all the unsafe code.
const LEAF: &str = "src/x86/entry.rs";
/// The file that decides which backends there are.
const CHOOSER: &str = "src/features.rs";

/// All Rust files of this crate by their names, without comments and literals, as words and signs.
fn files() -> BTreeMap<String, Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut left = vec![root.join("src"), root.join("tests"), root.join("build.rs")];
    let mut files = BTreeMap::new();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name: PathBuf = path.strip_prefix(root).unwrap().iter().collect();
            let name = name.to_str().unwrap().replace('\\', "/");
            files.insert(name, tokens(&fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(files.contains_key(LEAF) && files.contains_key(CHOOSER) && files.len() > 20);
    files
}

/// Words, and all other signs one by one; comments and literals are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let mut next = rest.chars().skip(1);
        let literal = match first {
            '"' => true,
            // Else a lifetime.
            '\'' => next.next() == Some('\\') || next.next() == Some('\''),
            _ => false,
        };
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").unwrap() + 2
        } else if literal {
            quoted(rest)
        } else if first.is_alphanumeric() || first == '_' {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
            tokens.push(rest[..length].to_owned());
            length
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// How long the literal is that this begins with.
fn quoted(text: &str) -> usize {
    let quote = text.chars().next().unwrap();
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return i + 1,
            _ => {}
        }
    }
    text.len()
}

fn with_word<'a>(files: &'a BTreeMap<String, Vec<String>>, word: &str) -> Vec<&'a str> {
    let with = files.iter().filter(|(_, tokens)| tokens.iter().any(|token| token == word));
    with.map(|(name, _)| name.as_str()).collect()
}

#[test]
fn unsafe_code_is_in_one_file_without_children() {
    let files = files();
    assert_eq!(with_word(&files, "unsafe"), [LEAF]);
    // The name of the lint, to allow it.
    assert_eq!(with_word(&files, "unsafe_code"), [LEAF]);
    assert!(files[LEAF].iter().all(|token| token != "mod"), "the permission would reach a child");
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let manifest = manifest.unwrap();
    assert!(manifest.contains("\nunsafe_code = \"deny\"\n") && manifest.contains(LEAF));
}

#[test]
fn one_file_asks_the_processor() {
    assert_eq!(with_word(&files(), "is_x86_feature_detected"), [CHOOSER]);
}

#[test]
fn imports_form_no_circle() {
    let mut modules = BTreeMap::new();
    for (name, tokens) in files() {
        let Some(path) = name.strip_prefix("src/") else { continue };
        let path = path.strip_suffix(".rs").unwrap();
        let path = path.strip_suffix("/mod").unwrap_or(path);
        if path != "lib" {
            let module: Vec<String> = path.split('/').map(str::to_owned).collect();
            modules.insert(module, tokens);
        }
    }
    let names: BTreeSet<Vec<String>> = modules.keys().cloned().collect();
    let edges =
        modules.iter().map(|(module, tokens)| (module.clone(), imports(module, tokens, &names)));
    let edges: BTreeMap<_, _> = edges.collect();
    // The lists of imports are not empty because nothing was found.
    assert!(
        edges[&path("backend")].contains(&path("x86::entry")) || cfg!(not(target_arch = "x86_64"))
    );
    assert!(edges[&path("x86::eight")].contains(&path("x86::multiply")));
    assert_eq!(circle(edges), BTreeSet::new());
}

#[test]
fn what_is_looked_for_is_found() {
    let found = tokens(
        "/* unsafe */ fn f<'a>() { '\"'; \"unsafe \\\" mod\"; unsafe /*\n*/{ // unsafe\n }}",
    );
    assert_eq!(found.join(" "), "fn f < ' a > ( ) { ; ; unsafe { } }");
    let names = BTreeSet::from(["a", "b", "c", "x", "x::y", "x::z"].map(path));
    let of = |module: &str, code: &str| imports(&path(module), &tokens(code), &names);
    let expected = BTreeSet::from(["a", "b", "x::y"].map(path));
    assert_eq!(
        of("c", "use crate::{a::{A, B}, b}; pub(crate) fn f() { crate::x::y::f() }"),
        expected
    );
    assert_eq!(
        of("x::z", "use super::y::Y; use core::f; mod tests { use crate::c; }"),
        BTreeSet::from([path("x::y")])
    );
    let edges = |edges: &[(&str, &[&str])]| -> BTreeMap<_, _> {
        edges
            .iter()
            .map(|(from, to)| (path(from), to.iter().map(|to| path(to)).collect()))
            .collect()
    };
    assert!(circle(edges(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])).is_empty());
    let found = circle(edges(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]));
    assert!(found.is_superset(&BTreeSet::from(["b", "c"].map(path))));
}

fn path(path: &str) -> Vec<String> {
    path.split("::").map(str::to_owned).collect()
}

/// The modules that a module names by `crate::…` or `super::…`, up to its tests.
fn imports(
    module: &[String],
    tokens: &[String],
    names: &BTreeSet<Vec<String>>,
) -> BTreeSet<Vec<String>> {
    let tests = tokens.windows(2).position(|pair| pair[0] == "mod" && pair[1] == "tests");
    let tokens = &tokens[..tests.unwrap_or(tokens.len())];
    let mut paths = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let start = match token.as_str() {
            // Not that of `pub(crate)`.
            _ if tokens.get(i + 1).is_none_or(|next| next != ":") => continue,
            "crate" => &[][..],
            "super" => &module[..module.len() - 1],
            _ => continue,
        };
        follow(start.to_vec(), &tokens[i + 1..], &mut paths);
    }
    let target = |path: &Vec<String>| {
        let longest = (1..=path.len()).rev().map(|length| path[..length].to_vec());
        longest.into_iter().find(|prefix| names.contains(prefix))
    };
    let found = paths
        .iter()
        .map(|path| target(path).unwrap_or_else(|| panic!("{module:?}: {path:?} is in no file")));
    found.filter(|found| found != module).collect()
}

/// Reads on from a path: `::a::b` or `::{a, b::c}`; how many tokens that were.
fn follow(mut path: Vec<String>, tokens: &[String], paths: &mut Vec<Vec<String>>) -> usize {
    let mut read = 0;
    while tokens[read..].starts_with(&[":".to_owned(), ":".to_owned()]) {
        read += 2;
        if tokens[read] == "{" {
            read += 1;
            while tokens[read] != "}" {
                if tokens[read] == "," {
                    read += 1;
                    continue;
                }
                let mut branch = path.clone();
                branch.push(tokens[read].clone());
                read += 1;
                read += follow(branch, &tokens[read..], paths);
            }
            return read + 1;
        }
        path.push(tokens[read].clone());
        read += 1;
    }
    paths.push(path);
    read
}

/// The modules of which some circle is made, or that import from one.
fn circle(mut edges: BTreeMap<Vec<String>, BTreeSet<Vec<String>>>) -> BTreeSet<Vec<String>> {
    loop {
        let left: BTreeSet<Vec<String>> = edges.keys().cloned().collect();
        edges.retain(|_, imports| !imports.is_disjoint(&left));
        if edges.len() == left.len() {
            return left;
        }
    }
}
