//! Other people's programs against a vault: wallets of npm and PyPI, a browser, and schemathesis with the interface's description. `.ci/vault`
//! installs them and runs this.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Folder, Running, now, pool, ready_made, static_invoice, with_lsp};
use pointlock_vault::client::Expected;
use pointlock_vault::store::Terms;
use pointlock_vault::{Chain, OneTimeLeft};
use serde_json::Value;

fn tool(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} says where it is; .ci/vault sets it"))
        .into()
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// A vault with a receiver that has four hashes and a message for whoever has paid.
fn vault(folder: &Folder) -> (Running, String) {
    let running = Running::start(with_lsp(folder.path()));
    let terms =
        Terms { comment_length: 100, success_message: Some("Thanks".into()), ..Terms::default() };
    let (client, name, key) = running.receiver("alice", 2, &terms);
    client.leave_one_time(&key, &name, &pool(&key, 0..2)).unwrap();
    let lnurl = lnurl_pay::LnUrl::new(format!("{}/.well-known/lnurlp/alice", running.origin))
        .encode()
        .unwrap();
    (running, lnurl)
}

#[test]
#[ignore = "needs npm; run by .ci/vault"]
fn a_wallet_of_npm_pays() {
    let folder = Folder::new("npm");
    let (_running, lnurl) = vault(&folder);
    let script = r"
        const { requestPayServiceParams, requestInvoice } = require('lnurl-pay');
        (async () => {
            const lnUrlOrAddress = process.argv[1];
            const params = await requestPayServiceParams({ lnUrlOrAddress });
            const got = [];
            for (const comment of ['hello there', undefined]) {
                const answer = await requestInvoice({ lnUrlOrAddress, tokens: 3, comment });
                got.push({ invoice: answer.invoice, message: answer.successAction && answer.successAction.message });
            }
            let refused = '';
            try { await requestInvoice({ lnUrlOrAddress, tokens: 3 }); } catch (error) { refused = error.message; }
            console.log(JSON.stringify({ min: params.min, max: params.max, commentAllowed: params.commentAllowed,
                description: params.description, identifier: params.identifier, hash: params.metadataHash, got, refused }));
        })();
    ";
    let mut command = Command::new("node");
    command.env("NODE_PATH", tool("POINTLOCK_NODE_MODULES")).args(["-e", script, &lnurl]);
    let said: Value = serde_json::from_str(&output(&mut command)).unwrap();
    check(&said, 3_000);
}

/// What both wallets say.
fn check(said: &Value, amount_msat: u64) {
    assert_eq!(
        (&said["min"], &said["commentAllowed"]),
        (&Value::from(1), &Value::from(100)),
        "{said}"
    );
    assert!(said["identifier"].as_str().unwrap().starts_with("alice@"), "{said}");
    assert!(
        said["refused"].as_str().unwrap().contains("no one-time invoice left that fits"),
        "{said}"
    );
    let got = said["got"].as_array().unwrap();
    assert_eq!(got.len(), 2);
    for one in got {
        let invoice: lightning_invoice::Bolt11Invoice =
            one["invoice"].as_str().unwrap().parse().unwrap();
        assert_eq!(invoice.amount_milli_satoshis(), Some(amount_msat));
        let lightning_invoice::Bolt11InvoiceDescriptionRef::Hash(hash) = invoice.description()
        else {
            panic!()
        };
        assert_eq!(hash.0.to_string(), said["hash"].as_str().unwrap());
        assert_eq!(one["message"], "Thanks");
    }
    assert_ne!(got[0]["invoice"], got[1]["invoice"]);
}

#[test]
#[ignore = "needs PyPI; run by .ci/vault"]
fn a_wallet_of_pypi_pays() {
    let folder = Folder::new("pypi");
    let (_running, lnurl) = vault(&folder);
    let script = "
import asyncio, hashlib, json, sys
import lnurl

async def main():
    response = await lnurl.handle(sys.argv[1])
    got = []
    for comment in ['hello there', None]:
        action = await lnurl.execute_pay_request(response, 3000, comment)
        got.append({'invoice': str(action.pr), 'message': action.successAction.message})
    try:
        await lnurl.execute_pay_request(response, 3000, None)
        refused = ''
    except Exception as error:
        refused = str(error)
    metadata = dict(response.metadata.list())
    print(json.dumps({'min': response.min_sats, 'commentAllowed': response.commentAllowed, 'got': got, 'refused': refused,
        'identifier': metadata['text/identifier'], 'hash': hashlib.sha256(str(response.metadata).encode()).hexdigest()}))

asyncio.run(main())
";
    let mut command = Command::new(tool("POINTLOCK_PYTHON"));
    let said: Value = serde_json::from_str(&output(command.args(["-c", script, &lnurl]))).unwrap();
    check(&said, 3_000);
}

/// Pages as a browser shows them: the pictures are for people, what is asserted is that the page needs nothing else and fits.
#[test]
#[ignore = "needs Chromium; run by .ci/vault"]
fn pages_in_a_browser() {
    let folder = Folder::new("pages");
    let pictures = tool("POINTLOCK_PICTURES");
    std::fs::create_dir_all(&pictures).unwrap();
    let running = Running::start(with_lsp(folder.path()));
    let terms = Terms { description: Some("Alice's tip jar".into()), ..Terms::default() };
    let (client, name, key) = running.receiver("alice", 2, &terms);
    client.leave_one_time(&key, &name, &pool(&key, 0..20)).unwrap();
    client.leave_invoice(&key, &name, &static_invoice(&key, 8, 1).to_string()).unwrap();
    // One price, nothing left, a very long name.
    let (_, bob, bobs) = running.receiver("bob", 3, &Terms::default());
    let metadata = client.list(&bobs, &bob).unwrap().metadata;
    let invoices = vec![ready_made(3, &metadata, 900, 21_000_000).text()];
    client
        .leave_one_time(&bobs, &bob, &OneTimeLeft { invoices, ..OneTimeLeft::default() })
        .unwrap();
    running.receiver("carol", 4, &Terms::default());
    // All is handed out, and somebody asked for what is not there.
    let (_, dave, daves) = running.receiver("dave", 6, &Terms::default());
    client.leave_one_time(&daves, &dave, &pool(&daves, 950..952)).unwrap();
    let expected = Expected { chain: Chain::new(bitcoin::Network::Regtest), key: None, now: now() };
    for _ in 0..2 {
        client.fetch_bolt11(&dave, 2_000, None, &expected).unwrap();
        client.fetch_static(&name, &expected).unwrap();
        client.fetch_static(&"nobody".parse().unwrap(), &expected).unwrap_err();
    }
    let long = "a-very-long-name.".repeat(3) + "0123456789abc";
    running.receiver(
        &long,
        5,
        &Terms { description: Some("<script>alert(1)</script> & more".into()), ..Terms::default() },
    );
    let word = running.vault.operator_word.clone();
    let operator =
        running.origin.replace("http://", &format!("http://operator:{}@", word.as_str()));
    let pages = [
        ("alice", format!("{}/alice", running.origin)),
        ("bob", format!("{}/bob", running.origin)),
        ("carol", format!("{}/carol", running.origin)),
        ("long", format!("{}/{long}", running.origin)),
        ("nobody", format!("{}/nobody", running.origin)),
        ("front", format!("{}/", running.origin)),
        ("operator", format!("{operator}/operator")),
    ];
    let sizes =
        [(390, 1_400, false), (390, 1_400, true), (1280, 1_000, false), (1280, 1_000, true)];
    let shots: Vec<_> =
        pages.iter().flat_map(|page| sizes.iter().map(move |size| (page, size))).collect();
    let next = AtomicUsize::new(0);
    // Two browsers, each with a profile of its own: most of a picture's time is a browser's start.
    std::thread::scope(|scope| {
        for browser in 0..2 {
            let profile = folder.path().join(format!("chromium-{browser}"));
            let (shots, next, pictures) = (&shots, &next, &pictures);
            scope.spawn(move || {
                while let Some(((page, url), (width, height, dark))) =
                    shots.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let shade = if *dark { "dark" } else { "light" };
                    let picture = pictures.join(format!("{page}-{width}-{shade}.png"));
                    photograph(&profile, url, &picture, (*width, *height), *dark);
                }
            });
        }
    });
}

fn photograph(profile: &Path, url: &str, picture: &Path, (width, height): (u32, u32), dark: bool) {
    let mut command = Command::new(tool("POINTLOCK_CHROMIUM"));
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"])
        .args(["--no-first-run", "--hide-scrollbars", "--disable-dev-shm-usage"])
        .args(["--disable-background-networking", "--disable-component-update"])
        .arg("--disable-sync")
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--window-size={width},{height}"))
        .arg(format!("--screenshot={}", picture.display()));
    if dark {
        command.arg("--force-dark-mode").arg("--blink-settings=preferredColorScheme=0");
    }
    let _ = std::fs::remove_file(picture);
    output(command.arg(url));
    assert!(std::fs::metadata(picture).unwrap().len() > 2_000, "{}", picture.display());
}

#[test]
#[ignore = "needs schemathesis; run by .ci/vault"]
fn no_request_is_answered_by_a_fault() {
    let folder = Folder::new("schema");
    let running = Running::start(with_lsp(folder.path()));
    let (client, name, key) =
        running.receiver("alice", 2, &Terms { comment_length: 100, ..Terms::default() });
    client.leave_one_time(&key, &name, &pool(&key, 0..1_000)).unwrap();
    client.leave_invoice(&key, &name, &static_invoice(&key, 8, 1).to_string()).unwrap();
    let examples = std::env::var("POINTLOCK_EXAMPLES").unwrap_or_else(|_| "20".to_owned());
    let description = format!("{}/openapi.json", running.origin);
    let mut command = Command::new(tool("POINTLOCK_SCHEMATHESIS"));
    command
        .current_dir(folder.path())
        .args(["run", &description, "--max-examples", &examples, "--seed", "1", "--no-color"])
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"]);
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/signing_hooks.py");
    command
        .env("SCHEMATHESIS_HOOKS", hooks)
        .env("POINTLOCK_ORIGIN", &running.origin)
        .env("POINTLOCK_KEY", hex::encode([2; 32]));
    println!("{}", output(&mut command));
    // It works as before.
    let left: u64 =
        client.list(&common::key(2), &name).unwrap().one_time.iter().map(|row| row.count).sum();
    assert!(left >= 1_000);
}
