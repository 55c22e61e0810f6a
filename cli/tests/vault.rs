//! The vault and its two sides as people start them.
#![cfg(feature = "vault")]
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn folder() -> Folder {
    let path = std::env::temp_dir().join(format!("pointlock-cli-vault-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    Folder(path)
}

fn pointlock(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_pointlock");
    Command::new(program).current_dir(folder).args(arguments).output().unwrap()
}

fn good(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

/// Starts it; the port that it says, with the process.
fn vault(folder: &Path, arguments: &[&str]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pointlock"))
        .current_dir(folder)
        .args(["vault", "--data", "data", "--chain", "regtest", "--listen"])
        .args(arguments)
        .env("RUST_LOG", "off")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut said = lines.skip_while(|line| !line.starts_with("Listening"));
    let line = said.next().unwrap();
    let host = line.split("http://").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    // The rest is read, so that it is not held up.
    std::thread::spawn(move || said.for_each(drop));
    (child, host)
}

fn ended(mut child: Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn one_command_serves_and_two_use_it() {
    let folder = folder();
    let at = &folder.0;
    let done = |arguments: &[&str]| good(pointlock(at, arguments));
    let node_id = done(&["keygen", "receiver.key"]).trim().to_owned();
    let other = done(&["keygen", "other.key"]).trim().to_owned();
    done(&["keygen", "lsp.key"]);

    let (child, host) = vault(at, &["127.0.0.1:0", "--lsp-key", "lsp.key"]);
    let address = format!("alice@{host}");
    let receive = |more: &[&str]| {
        let mut all = vec!["receive", &address, "--key", "receiver.key", "--chain", "regtest"];
        all.extend_from_slice(more);
        pointlock(at, &all)
    };
    // A stranger to a vault that takes none; then the operator adds it.
    let error = refused(receive(&[]));
    assert!(error.contains("pointlock vault add alice"), "{error}");
    done(&["vault", "add", "alice", &node_id, "--data", "data", "--chain", "regtest"]);
    let points = ["--k", "8", "--secrets-out", "z", "--pool", "3", "--preimages-out", "p"];
    let said = good(receive(&points));
    assert!(said.contains("for 8 payments") && said.contains("3 ready"), "{said}");
    // What is good stays, and no secret is drawn for nothing.
    let said = good(receive(&["--k", "8", "--secrets-out", "z2"]));
    assert!(said.contains("is good, and stays") && !at.join("z2").exists(), "{said}");

    let fetch = |key: &str, more: &[&str]| {
        let mut all = vec!["fetch", &address, "--chain", "regtest", "--key", key];
        all.extend_from_slice(more);
        pointlock(at, &all)
    };
    let said = good(fetch(&node_id, &[]));
    let invoice = said.lines().next().unwrap();
    assert!(invoice.starts_with("lni1"));
    done(&["invoice", "verify", "--chain", "regtest", "--from", &node_id, invoice]);
    assert!(good(fetch(&node_id, &["--bolt11", "2000"])).starts_with("lnbcrt"));
    // A vault that hands out somebody else's, to a payer that knows whom it means.
    for more in [&[][..], &["--bolt11", "2000"]] {
        assert!(refused(fetch(&other, more)).contains("not to be paid"));
    }
    // A copy while it runs, and the end.
    done(&["vault", "backup", "copy.db", "--data", "data", "--chain", "regtest"]);
    ended(child);
    // The copy in its place is noticed, and one command later it serves again.
    for name in ["vault.db", "vault.db-wal", "vault.db-shm"] {
        let _ = std::fs::remove_file(at.join("data").join(name));
    }
    std::fs::copy(at.join("copy.db"), at.join("data/vault.db")).unwrap();
    let start = ["vault", "--data", "data", "--chain", "regtest", "--listen", "127.0.0.1:0"];
    let error = refused(pointlock(at, &start));
    assert!(error.contains("pointlock vault restore"), "{error}");
    let said = done(&["vault", "restore", "--data", "data", "--chain", "regtest"]);
    assert!(said.contains("1 one-time invoices are retired, 1 receivers are told"), "{said}");
    let (child, _) = vault(at, &[&host, "--lsp-key", "lsp.key"]);
    let said = good(receive(&[]));
    assert!(
        said.contains("notice: the vault was restored") && said.contains("1 retired"),
        "{said}"
    );
    assert!(!good(receive(&[])).contains("notice:"));
    ended(child);
}
