//! The command as it is at a terminal: full and closed outputs, mistakes, keys, completions; and what the README says to paste.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const POINTLOCK: &str = env!("CARGO_BIN_EXE_pointlock");

fn run(args: &[&str]) -> Output {
    Command::new(POINTLOCK).args(args).stdin(Stdio::null()).output().unwrap()
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// One line on standard error, and nothing else.
#[track_caller]
fn fails(output: &Output) -> String {
    assert!(!output.status.success() && output.stdout.is_empty());
    let error = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(error.starts_with("pointlock: ") && error.lines().count() == 1, "{error}");
    error.trim_end().to_owned()
}

/// A folder of the test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    folder
}

const KEY: &str = "0202020202020202020202020202020202020202020202020202020202020202";
const POINT: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

/// Every command that prints, with what it reads.
fn commands() -> Vec<(Vec<String>, String)> {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let create = format!("invoice create --secret-key - --payment-point {POINT}");
    let invoice =
        Command::new(POINTLOCK).args(words(&create)).stdin(input("create", KEY)).output().unwrap();
    let invoice = succeeds(&invoice);
    let scenario = "system = \"S3\"\nevents = [\"pay 1 sender\"]\n";
    let claim =
        format!("{{\"op\":\"lock.claim\",\"lock_secret\":\"{KEY}\",\"blind\":\"{:064x}\"}}\n", 5);
    [
        ("demo --system S1", ""),
        ("demo --system S1 --json", ""),
        ("demo --system S1 --fault receiver:wrong-blind", ""),
        ("collusion --system S3", ""),
        ("collusion --system S3 --json", ""),
        ("collusion --scenario - --html -", scenario),
        (&create, KEY),
        (&format!("{create} --json"), KEY),
        ("invoice decode", &invoice),
        ("invoice decode --json", &invoice),
        ("invoice verify", &invoice),
        ("invoice verify --json", &invoice),
        ("keygen -", ""),
        ("node-id -", KEY),
        ("conformance", &claim),
        ("conformance --list", ""),
        ("vectors --against cat --op wire.peel", ""),
        ("vectors --against cat --op wire.peel --json", ""),
        ("completions bash", ""),
        ("--help", ""),
        ("demo --help", ""),
        ("--version", ""),
    ]
    .into_iter()
    .map(|(command, read)| (words(command), read.to_owned()))
    .collect()
}

/// A file with this text, to be read from.
fn input(name: &str, text: &str) -> fs::File {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("terminal-{name}"));
    fs::write(&path, text).unwrap();
    fs::File::open(path).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_output_is_an_error() {
    for (number, (args, read)) in commands().into_iter().enumerate() {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = Command::new(POINTLOCK)
            .args(&args)
            .stdin(input(&format!("full-{number}"), &read))
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
        assert_eq!(
            error, "pointlock: standard output: No space left on device (os error 28)\n",
            "{args:?}"
        );
        // The same command, and somebody who reads.
        let output = Command::new(POINTLOCK)
            .args(&args)
            .stdin(input(&format!("read-{number}"), &read))
            .output()
            .unwrap();
        let fails = args.iter().any(|word| word == "cat" || word.ends_with("wrong-blind"));
        assert_eq!(output.status.success(), !fails, "{args:?}");
        assert!(!output.stdout.is_empty(), "{args:?}");
    }
}

/// A pipe whose reader has ended.
#[cfg(unix)]
fn closed_pipe() -> Stdio {
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let pipe = reader.stdin.take().unwrap();
    reader.wait().unwrap();
    pipe.into()
}

/// Nobody reads: no line and no backtrace, and a code that says so.
#[cfg(unix)]
#[test]
fn a_closed_output_ends_quietly() {
    for (number, (args, read)) in commands().into_iter().enumerate() {
        let output = Command::new(POINTLOCK)
            .args(&args)
            .stdin(input(&format!("closed-{number}"), &read))
            .stdout(closed_pipe())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.as_str()), (Some(141), ""), "{args:?}");
    }
}

/// As with `| head -1`: what was read is whole.
#[cfg(unix)]
#[test]
fn a_reader_that_has_enough() {
    let mut child = Command::new(POINTLOCK)
        .arg("demo")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "pointlock: an offline receiver is paid over one static invoice\n");
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!((child.wait().unwrap().code(), error.as_str()), (Some(141), ""));
}

#[test]
fn mistakes_get_one_line() {
    for (args, expected) in [
        (
            &["demo", "--payers", "22"][..],
            "invalid value '22' for '--payers <PAYERS>': expected a whole number from 2 to 9",
        ),
        (&["demo", "--system", "S6"], "[possible values: S1, S2, S3, S3-LDK, S4, S5]"),
        (&["demo", "--fault", "router"], "expected PARTY:FAULT, such as router:wrong-blind"),
        (
            &["demo", "--fault", "router:flip"],
            "there are flipped-bit, wrong-blind, swapped-lock, early-claim",
        ),
        (
            &["demo", "--fault", "vault:flipped-bit"],
            "vault: is nobody in this story; there are payer_1, payer_2, sender_lsp, router, receiver_lsp, receiver",
        ),
        (&["demo", "--routers", "0", "--fault", "router:flipped-bit"], "router: is nobody"),
        (&["collusion"], "required arguments were not provided: --system <SYSTEM>"),
        (&["collusion", "--scenario", "/nonexistent"], "/nonexistent: No such file or directory"),
        (
            &["collusion", "--system", "S2", "--html", "/nonexistent/page"],
            "--html: /nonexistent/page: there is no folder /nonexistent",
        ),
        (&["invoce"], "a similar subcommand exists: 'invoice'"),
        (&["invoice", "decode", "lnbc1xyz"], "an invoice of BOLT 11"),
        (&["invoice", "decode", "Cargo.toml"], "the name of a file"),
        (&["invoice", "decode"], "nothing, where an offer"),
        (&["node-id", "/nonexistent"], "node-id: /nonexistent: No such file"),
        (&["node-id", "Cargo.toml"], "expected one secret"),
        (&["node-id", "-"], "empty, and a key has 64 hexadecimal digits"),
        (&["keygen"], "not provided: <FILE>"),
        (&["vectors"], "not provided: --against <COMMAND>"),
        (
            &["vectors", "--against", "cat", "--timeout", "0"],
            "expected a whole number from 1 to 86,400",
        ),
        (&["completions", "cmd"], "[possible values: bash, elvish, fish, powershell, zsh]"),
    ] {
        let error = fails(&run(args));
        assert!(error.contains(expected), "{args:?}: {error}");
    }
}

/// Each number that has a range says it in its help.
#[test]
fn the_help_has_the_ranges() {
    for (args, ranges) in [
        (
            &["demo"][..],
            &["1,000 to 100,000,000,000", "2 to 9", "0 to 5", "1 to 1,600", "1 to 9"][..],
        ),
        (&["collusion"], &["0 to 99", "0 to 6", "1 to 64"]),
        (&["invoice", "create"], &["1 to 1,024", "1 to 4,294,967,295"]),
        (&["vectors"], &["1 to 86,400"]),
    ] {
        let help = succeeds(&run(&[args, &["--help"]].concat()));
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for range in ranges {
            assert!(help.contains(range), "{args:?}: {range}");
        }
    }
}

#[test]
fn the_version_has_the_name() {
    let version = concat!("pointlock ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(succeeds(&run(&["-V"])), version);
}

#[test]
fn keys_are_drawn_and_named() {
    let folder = folder("keys");
    let file = folder.join("receiver.key");
    let name = file.to_str().unwrap();
    let node_id = succeeds(&run(&["keygen", name]));
    assert_eq!(succeeds(&run(&["node-id", name])), node_id);
    assert!(node_id.trim().parse::<pointlock::curve::Point>().is_ok());
    let secret = fs::read_to_string(&file).unwrap();
    assert_eq!(secret.trim().len(), 64);
    // Never over one that is there.
    assert!(fails(&run(&["keygen", name])).contains("secrets are never overwritten"));
    assert_eq!(fs::read_to_string(&file).unwrap(), secret);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (one, other) = (succeeds(&run(&["keygen", "-"])), succeeds(&run(&["keygen", "-"])));
    assert!(one != other && one.trim().len() == 64);
    let named = Command::new(POINTLOCK)
        .args(["node-id", "-"])
        .stdin(input("node-id", &"01".repeat(32)))
        .output()
        .unwrap();
    assert_eq!(
        succeeds(&named),
        format!("{}\n", pointlock::curve::SecretScalar::from_bytes(&[1; 32]).unwrap().to_point())
    );
}

#[test]
fn shells_complete() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = succeeds(&run(&["completions", shell]));
        for word in ["pointlock", "conformance", "secrets-out", "keygen"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

/// A page where a page was asked for, and nothing else.
#[test]
fn a_line_stands_for_standard_output() {
    let page = succeeds(&run(&["collusion", "--system", "S2", "--html", "-"]));
    assert!(page.starts_with("<!") && page.trim_end().ends_with("</html>"));
}

/// What the README says to paste, pasted.
#[cfg(unix)]
#[test]
fn the_invoices_of_the_readme() {
    let readme = include_str!("../../README.md");
    let section = readme.split("## Invoices").nth(1).unwrap();
    let script = section.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let bin = Path::new(POINTLOCK).parent().unwrap().to_str().unwrap();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-euc", script])
        .env("PATH", path)
        .current_dir(folder("readme"))
        .output()
        .unwrap();
    let printed = succeeds(&output);
    assert!(printed.contains("a point of each payer's own, for k = 8 payments"), "{printed}");
    assert!(printed.contains("the node that you named"), "{printed}");
}
