//! Runs every case and every control of the binary under valgrind. Without valgrind it fails: a test that is skipped in
//! silence shows nothing. A notice is all that other systems than Linux on x86-64 get.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output};

/// What valgrind exits with when memcheck has complained.
const COMPLAINT: i32 = 99;

#[test]
fn secrets_decide_no_branch_and_no_address() {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        // Straight to standard error: the test harness hides what a passing test prints.
        let notice = b"notice: constant time not tested, the requests are for Linux on x86-64\n";
        std::io::stderr().write_all(notice).expect("standard error takes a line");
        return;
    }
    match Command::new("valgrind").arg("--version").output() {
        Ok(output) => assert!(output.status.success(), "{}", text(&output.stderr)),
        Err(error) => panic!("valgrind, which this test needs: {error}"),
    }
    let binary = release_build();
    let list = Command::new(&binary).arg("--list").output().expect("was built just now");
    let mut unused = suppressions();
    let mut seen = [0; 2];
    for line in text(&list.stdout).lines() {
        let (kind, name) = line.split_once(' ').expect("a kind and a name");
        let output = valgrind(&binary, name);
        let complaints = text(&output.stderr);
        let status = output.status.code();
        if kind == "case" {
            assert_eq!(status, Some(0), "{name}:\n{complaints}");
            seen[0] += 1;
        } else {
            assert_eq!(status, Some(COMPLAINT), "{name} goes unnoticed:\n{complaints}");
            // A complaint, and one about what the control does: its own function is in the backtrace.
            let function = name.strip_prefix("leak.").expect("a name of a control");
            let at = format!("pointlock_ctime::leaks::{function}");
            assert!(complaints.contains(&at), "{name} is noticed elsewhere:\n{complaints}");
            seen[1] += 1;
        }
        let used = complaints.lines().filter_map(|line| line.split_once("used_suppression:"));
        for (_, used) in used {
            unused.retain(|suppression| !used.contains(suppression.as_str()));
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "cases and controls: {seen:?}");
    assert!(unused.is_empty(), "suppressions that nothing needs: {unused:?}");
}

/// Without valgrind a run would show nothing, and the binary says so.
#[test]
fn refuses_to_run_without_valgrind() {
    let output = Command::new(env!("CARGO_BIN_EXE_pointlock-ctime"))
        .arg("schnorr.pre_sign")
        .output()
        .expect("built by cargo");
    assert!(!output.status.success());
    assert_eq!(text(&output.stderr), "without valgrind this shows nothing\n");
}

/// The binary as users build the library, whatever profile this test was built with.
fn release_build() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--release", "--locked", "--quiet", "--bin", "pointlock-ctime"])
        .arg("--message-format=json-render-diagnostics")
        .output()
        .expect("cargo runs this test");
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names what it has built")
}

fn valgrind(binary: &PathBuf, case: &str) -> Output {
    Command::new("valgrind")
        .arg("--verbose")
        .arg(format!("--error-exitcode={COMPLAINT}"))
        .arg("--num-callers=40")
        .arg(concat!("--suppressions=", env!("CARGO_MANIFEST_DIR"), "/known.supp"))
        .arg(binary)
        .arg(case)
        .output()
        .expect("valgrind is there")
}

/// The names in `known.supp`: what stands on the line after an opening brace.
fn suppressions() -> BTreeSet<String> {
    let lines: Vec<&str> = include_str!("../known.supp").lines().collect();
    let names = lines.windows(2).filter(|pair| pair[0] == "{").map(|pair| pair[1].trim());
    // Behind a bar, another place of the same verdict.
    names.filter_map(|name| name.split(" | ").next()).map(str::to_owned).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
