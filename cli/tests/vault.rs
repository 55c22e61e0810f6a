//! The vault and its two sides as people start them.
#![cfg(feature = "vault")]
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/paths.rs"]
mod paths;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use paths::{path, path_hex, payment_path_hex, point};
use pointlock::curve::Keypair;
use pointlock::invoice::StaticInvoice;
use pointlock_vault::Clock;
use pointlock_vault::request::Request;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn folder() -> Folder {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let (process, number) = (std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(format!("pointlock-cli-vault-{process}-{number}"));
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
    // What it says to do next has the flags that it was started with.
    let next = said.find(|line| line.starts_with("Next: ")).unwrap();
    let is_open = arguments.contains(&"--open-registration");
    assert!(is_open || next.contains("add NAME NODE_ID --data data --chain regtest,"), "{next}");
    assert!(next.ends_with("pointlock receive NAME@HOST --key FILE --chain regtest"), "{next}");
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

#[test]
fn a_receiver_with_paths_and_a_new_key() {
    let folder = folder();
    let at = &folder.0;
    let former = good(pointlock(at, &["keygen", "former.key"])).trim().to_owned();
    let new = good(pointlock(at, &["keygen", "new.key"])).trim().to_owned();
    let start = ["127.0.0.1:0", "--open-registration", "--peer-listen", "127.0.0.1:0"];
    let (child, host) = vault(at, &start);
    let address = format!("alice@{host}");
    let receive = |key: &str, more: &[&str]| {
        let all = ["receive", &address, "--key", key, "--chain", "regtest"];
        pointlock(at, &[&all[..], more].concat())
    };
    let fetch = |key: &str| {
        let all = ["fetch", &address, "--chain", "regtest", "--key", key];
        pointlock(at, &all)
    };
    let (pay, message, offer) = (payment_path_hex(10), path_hex(20), path_hex(30));
    let with_paths = ["--k", "4", "--path", &pay, "--message-path", &message, "--secrets-out"];
    good(receive("former.key", &[&with_paths[..], &["z1"]].concat()));
    let listing = |key: &str| -> serde_json::Value {
        serde_json::from_str(&good(receive(key, &["--json"]))).unwrap()
    };
    let invoice =
        |key: &str| -> StaticInvoice { good(fetch(key)).lines().next().unwrap().parse().unwrap() };
    let left = invoice(&former);
    assert_eq!((&left.paths()[0].path, left.paths().len()), (&path(10), 1));
    assert_eq!(left.message_paths(), [path(20)]);
    assert!(left.interim_route().is_empty());
    // Payers ask the vault for it. Each time its paths are drawn anew, but they begin at the vault.
    let node_id = listing("former.key")["peer"]["node_id"].as_str().unwrap().to_owned();
    let first = left.offer().paths()[0].introduction_node().to_string();
    assert_eq!(first, node_id);
    // Or somebody else.
    let elsewhere = ["z2", "--offer-path", &offer, "--fresh", "--route", &point(5).to_string()];
    good(receive("former.key", &[&with_paths[..], &elsewhere].concat()));
    assert_eq!(invoice(&former).offer().paths(), [path(30)]);
    assert_eq!(invoice(&former).interim_route().len(), 2);

    // Both keys in one command, and what the new one leaves.
    let said = good(receive(
        "former.key",
        &["--new-key", "new.key", "--k", "4", "--secrets-out", "z3", "--amount-msat", "7"],
    ));
    assert!(said.contains(&new) && said.contains("1 static invoices and 0 one-time"), "{said}");
    assert_eq!(invoice(&new).invoice_node_id().to_string(), new);
    assert!(refused(fetch(&former)).contains("not to be paid"));
    assert!(refused(receive("former.key", &[])).contains("not alice's signature"));
    // The operator's word, for a key that is lost.
    let said = good(pointlock(
        at,
        &["vault", "new-key", "alice", &former, "--data", "data", "--chain", "regtest"],
    ));
    assert!(said.contains("1 static invoices"), "{said}");
    let began = std::time::Instant::now();
    while !receive("former.key", &[]).status.success() {
        assert!(began.elapsed().as_secs() < 10, "the vault does not notice");
    }
    ended(child);
    // A vault without peers has no paths for the offer.
    let (child, _) = vault(at, &[&host]);
    let error = refused(receive("former.key", &[&with_paths[..], &["z4"]].concat()));
    assert!(error.contains("--offer-path") && !at.join("z4").exists(), "{error}");
    ended(child);
}

#[test]
fn the_end_waits_for_what_is_under_way() {
    let folder = folder();
    let at = &folder.0;
    let key = Keypair::from_secret_bytes(&[2; 32]).unwrap();
    std::fs::write(at.join("alice.key"), hex::encode([2; 32])).unwrap();
    let (child, host) = vault(at, &["127.0.0.1:0", "--open-registration"]);
    let address = format!("alice@{host}");
    let receive = ["receive", &address, "--key", "alice.key", "--chain", "regtest"];
    good(pointlock(at, &receive));
    // Half of an upload, then SIGTERM, then the other half.
    let create = [
        "invoice",
        "create",
        "--secret-key",
        "alice.key",
        "--chain",
        "regtest",
        "--k",
        "2",
        "--secrets-out",
        "z",
        "--amount-msat",
        "5",
        "--description",
        "tea",
    ];
    let invoice = good(pointlock(at, &create));
    let body = format!("{{\"invoice\":\"{}\"}}", invoice.trim());
    let (origin, path) = (format!("http://{host}"), "/v1/receivers/alice/invoice");
    let request = Request { origin: &origin, method: "PUT", path, body: body.as_bytes() };
    let by = request.sign(&key, Clock::machine(), [1; 16], &[9; 32]);
    let mut stream = TcpStream::connect(&host).unwrap();
    let (first, second) = body.split_at(body.len() / 2);
    write!(
        stream,
        "PUT {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {by}\r\nContent-Length: {}\r\n\r\n{first}",
        body.len()
    )
    .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    std::thread::sleep(std::time::Duration::from_millis(300));
    // Nothing new is taken.
    let mut late = TcpStream::connect(&host);
    if let Ok(stream) = &mut late {
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.set_read_timeout(Some(std::time::Duration::from_secs(2))).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert_eq!(answer, "");
    }
    stream.write_all(second.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    let mut child = child;
    assert_eq!(child.wait().unwrap().code(), Some(0));
    // What was acknowledged is there.
    let (child, _) = vault(at, &[&host]);
    let fetched = good(pointlock(at, &["fetch", &address, "--chain", "regtest"]));
    assert_eq!(fetched.lines().next(), Some(invoice.trim()));
    ended(child);
}

#[test]
fn mistakes_on_the_command_line() {
    let folder = folder();
    let at = &folder.0;
    good(pointlock(at, &["keygen", "a.key"]));
    let fails = |code: i32, words: &str, arguments: &[&str]| {
        let output = pointlock(at, arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(words), "{arguments:?}: {error}");
        assert!(!error.contains("panicked"), "{error}");
    };
    let vault = |code, words, more: &[&str]| {
        fails(code, words, &[&["vault", "--data", "d", "--listen", "127.0.0.1:0"], more].concat());
    };
    vault(1, "chain: ", &["--chain", "dogecoin"]);
    vault(1, "begins with sqlite", &["--database", "mysql://x"]);
    vault(1, "origin: ", &["--origin", "vault.example/path"]);
    vault(1, "nothing.key", &["--lsp-key", "nothing.key"]);
    vault(2, "--tls-key", &["--tls-cert", "x.pem"]);
    vault(1, "nothing.pem", &["--tls-cert", "nothing.pem", "--tls-key", "nothing.pem"]);
    vault(1, "nothing.toml", &["--config", "nothing.toml"]);
    vault(2, "--address-rate", &["--address-rate", "-1"]);
    vault(2, "expected a whole number", &["--connections", "many"]);
    let here = ["vault", "--data", "d", "--listen", "here"];
    fails(2, "--listen <ADDRESS:PORT>': expected ADDRESS:PORT, such as 127.0.0.1:8080", &here);
    for flag in ["--seconds", "--receivers", "--in-flight"] {
        fails(2, "expected a whole number of 1 or more", &["vault-bench", flag, "0"]);
    }
    std::fs::write(at.join("bad.toml"), "open_registration = 7\nlisten_at = 1\n").unwrap();
    vault(1, "bad.toml", &["--config", "bad.toml"]);
    fails(1, "a.key", &["vault", "--data", "a.key", "--listen", "127.0.0.1:0"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    fails(1, &address, &["vault", "--data", "d", "--listen", &address]);
    vault(1, "Alice", &["add", "Alice", "02"]);
    vault(1, "no receiver", &["new-key", "alice", &point(1).to_string()]);
    drop(taken);

    let receive = |code, words, more: &[&str]| {
        fails(code, words, &[&["receive", "a@localhost:1"], more].concat());
    };
    receive(2, "--key", &[]);
    receive(1, "nothing.key", &["--key", "nothing.key"]);
    receive(2, "1025", &["--key", "a.key", "--k", "1025", "--secrets-out", "z"]);
    receive(2, "--secrets-out", &["--key", "a.key", "--k", "1"]);
    receive(
        2,
        "--message-path",
        &["--key", "a.key", "--k", "1", "--secrets-out", "z", "--path", &payment_path_hex(1)],
    );
    receive(2, "--pool", &["--key", "a.key", "--pool", "0", "--preimages-out", "p"]);
    receive(1, "localhost:1", &["--key", "a.key", "--k", "1", "--secrets-out", "z"]);
    assert!(!at.join("z").exists());
    fails(2, "`pointlock node-id FILE` prints a key's", &["fetch", "a@x", "--key", "a.key"]);
    fails(2, "Alice@x", &["fetch", "Alice@x"]);
    fails(2, "--bolt11", &["fetch", "a@localhost:1", "--comment", "hi"]);
    fails(1, "localhost:1", &["fetch", "a@localhost:1"]);
}

#[test]
fn a_folder_that_is_none_of_this_vaults() {
    let folder = folder();
    let at = &folder.0;
    let node_id = good(pointlock(at, &["keygen", "receiver.key"])).trim().to_owned();
    let vault = |task: &[&str]| pointlock(at, &[&["vault"], task].concat());
    let add = |name: &str, folder: &str, chain: &str| {
        vault(&["add", name, &node_id, "--data", folder, "--chain", chain])
    };
    // A folder that is there by mistake is told from the vault's.
    let said = good(add("alice", "data", "regtest"));
    assert!(said.starts_with("A new vault, in the new folder data.\nalice is added"), "{said}");
    assert!(said.ends_with("pointlock receive alice@HOST --key FILE --chain regtest\n"), "{said}");
    let said = good(add("bert", "data", "regtest"));
    assert!(said.starts_with("bert is added"), "{said}");
    let said = good(add("alice", "main", "bitcoin"));
    assert!(said.ends_with("pointlock receive alice@HOST --key FILE\n"), "{said}");

    let error = refused(add("bob", "data", "signet"));
    let expected = "the database is for another chain, regtest; --chain says which one is meant";
    assert!(error.contains(expected), "{error}");
    let error = refused(vault(&["backup", "copy.db", "--data", "nowhere"]));
    assert!(error.contains("--data: nowhere: there is no such folder"), "{error}");
    let error = refused(vault(&["restore", "--data", "nowhere", "--chain", "regtest"]));
    assert!(error.contains("--data: nowhere: there is no such folder"), "{error}");
    std::fs::write(at.join("file"), "").unwrap();
    let error = refused(vault(&["--data", "file", "--chain", "regtest"]));
    assert!(error.contains("file: it is no folder"), "{error}");
    let said = good(vault(&["backup", "\u{1b}[31m.db", "--data", "data", "--chain", "regtest"]));
    assert!(said.contains("[31m.db: a copy") && !said.contains('\u{1b}'), "{said}");
}
