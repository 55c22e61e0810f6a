//! Where `unsafe` may be, and that a fault names arguments that there are.
//!
//! The compiler denies unsafe code in the whole crate, and each file allows it for itself, since the attribute that gives a function its name
//! in C counts as such. What the compiler does not see is more than that in a file other than the border: this does.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The file with all the unsafe code.
const LEAF: &str = "border.rs";

/// All source files by their names, without comments.
fn files() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut left = vec![root.clone()];
    let mut files = BTreeMap::new();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let name: PathBuf = path.strip_prefix(&root).unwrap().iter().collect();
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        files
            .insert(name.to_str().unwrap().replace('\\', "/"), code.collect::<Vec<_>>().join("\n"));
    }
    assert!(files.contains_key(LEAF) && files.len() > 10);
    files
}

#[test]
fn unsafe_code_is_in_one_file() {
    for (name, code) in files() {
        let words = code.matches("unsafe").count();
        let names = code.matches("#[unsafe(no_mangle)]").count();
        let allowed = code.matches("allow(unsafe_code,").count();
        if name == LEAF {
            assert!(words > names + allowed, "{name} has the unsafe code");
            assert_eq!(names, 0, "{name} exports nothing");
        } else {
            assert_eq!(words, names + allowed, "{name}: unsafe code");
        }
    }
}

/// The functions of a file that C calls, with their arguments and bodies.
fn functions(code: &str) -> Vec<&str> {
    code.split("#[unsafe(no_mangle)]")
        .skip(1)
        .filter(|function| function.contains("extern \"C\" fn"))
        .map(|function| &function[..function.find("\n}\n").map_or(function.len(), |end| end)])
        .collect()
}

#[test]
fn a_fault_names_an_argument() {
    let mut seen = 0;
    for code in files().values() {
        for function in functions(code) {
            let (signature, body) = function.split_once(") ").unwrap();
            for name in body.split("c\"").skip(1) {
                let name = name.split('"').next().unwrap();
                if name.starts_with("POINTLOCK_") {
                    continue;
                }
                let argument = format!("{name}: ");
                assert!(signature.contains(&argument), "{name} is no argument of:{signature}");
                seen += 1;
            }
        }
    }
    assert!(seen > 200, "{seen}");
}

/// Secrets come out through functions that say so. What the others give out as bytes is none.
#[test]
fn what_reveals_a_secret_is_called_dangerous() {
    let mut seen = 0;
    for (name, code) in files() {
        for function in functions(&code) {
            if function.contains("dangerous_to_bytes") || function.contains("dangerous_from") {
                assert!(function.contains("fn pointlock_dangerous_"), "{name}: {function}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 3, "a secret, a blind, and a polynomial of given coefficients");
}
