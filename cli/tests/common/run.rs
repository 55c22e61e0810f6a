//! The command as a person runs it: arguments and standard input in, output and an exit code out.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// `pointlock NAME ARGS…`, with this on standard input.
pub(crate) fn run(name: &str, input: &str, args: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pointlock"))
        .arg(name)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
pub(crate) fn succeeds(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Nothing on standard output, and the error.
#[track_caller]
pub(crate) fn fails(output: Output) -> String {
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && printed.is_empty(), "{printed}");
    String::from_utf8(output.stderr).unwrap()
}
