//! What comes over HTTP and is no request that anybody should send: refused, with a problem, and counted. And TLS, the operator's door, the end.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::{Folder, Running, builder, key, now, options, points, pool, static_invoice, with_lsp};
use pointlock::curve::SecretScalar;
use pointlock::payment::{MessagePath, ReceiverPath};
use pointlock_vault::Chain;
use pointlock_vault::client::{Client, Expected};
use pointlock_vault::config::Options;
use pointlock_vault::request::Request;
use pointlock_vault::store::Terms;
use serde_json::Value;

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().new_agent()
}

/// Bytes as they are; all that comes back until the connection ends.
fn raw(running: &Running, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(running.origin.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn problem(method: &str, url: &str) -> (u16, String) {
    let request = ureq::http::Request::builder().method(method).uri(url).body(()).unwrap();
    let mut response = agent().run(request).unwrap();
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{method} {url}");
    let body: Value = serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!(body["status"], response.status().as_u16());
    (
        response.status().as_u16(),
        body["type"].as_str().unwrap().rsplit(':').next().unwrap().to_owned(),
    )
}

#[test]
fn problems_are_told_as_rfc_9457_has_it() {
    let folder = Folder::new("problems");
    let running = Running::start(options(folder.path()));
    running.receiver("alice", 2, &Terms::default());
    let at = |path: &str| format!("{}{path}", running.origin);
    assert_eq!(problem("GET", &at("/v1/nothing")), (404, "unknown".into()));
    assert_eq!(problem("GET", &at("/v1/receivers/bob/invoice")), (404, "unknown".into()));
    assert_eq!(problem("GET", &at("/v1/receivers/%ff/invoice")), (404, "unknown".into()));
    assert_eq!(problem("DELETE", &at("/v1/vault")), (405, "method".into()));
    assert_eq!(problem("GET", &at("/v1/receivers/alice")), (401, "unsigned".into()));
    assert_eq!(problem("GET", &at("/v1/receivers/alice/one-time/zz")), (404, "unknown".into()));
    assert_eq!(
        problem("DELETE", &at("/v1/receivers/alice/one-time/%27%20OR%201=1")),
        (401, "unsigned".into())
    );
    let refused = running.vault.metrics.refused.with_label_values(&["unknown"]).get();
    assert_eq!(refused, 4);
    assert!(agent().get(at("/v1/vault")).call().unwrap().status().is_success());
}

#[test]
fn malformed_oversized_and_slow_requests() {
    let folder = Folder::new("bad");
    let running = Running::start(Options { body_limit: Some(10_000), ..options(folder.path()) });
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    let status = |bytes: &[u8]| raw(&running, bytes).get(9..12).unwrap_or("cut").to_owned();
    assert_eq!(status(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), "200");
    assert_eq!(status(b"NONSENSE\r\n\r\n"), "400");
    assert_eq!(status(b"GET /healthz HTTP/1.1\r\nHost: x\r\nA\0B: c\r\n\r\n"), "400");
    assert_eq!(status(b"GET /healthz HTTP/9.9\r\n\r\n"), "400");
    let many = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(200));
    assert_eq!(status(many.as_bytes()), "431");
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000));
    assert!(["414", "431", "cut"].contains(&&*status(long.as_bytes())));
    // Both lengths: what a proxy in between might read otherwise.
    let two = b"POST /v1/receivers/alice/settled HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde";
    assert_eq!(status(two), "400");
    // JSON that is none, and what has a field too many.
    let put = |body: &[u8]| {
        let path = "/v1/receivers/alice/invoice";
        let request = Request { origin: &running.origin, method: "PUT", path, body };
        let by = request.sign(&key, now(), rand::random(), &[9; 32]).to_string();
        client.signed_by(&by, ureq::http::Method::PUT, path, body).unwrap().0.as_u16()
    };
    assert_eq!(put(b"{"), 400);
    assert_eq!(put(b"\xff\xfe"), 400);
    assert_eq!(put(b"{\"invoice\":\"x\",\"more\":1}"), 400);
    assert_eq!(put(&[b'['; 9_999]), 400);
    assert_eq!(put(&[b' '; 10_001]), 413);
    let good = serde_json::to_vec(
        &serde_json::json!({ "invoice": static_invoice(&key, 0, 1).to_string() }),
    )
    .unwrap();
    assert_eq!(put(&good), 204);
    // Who sends its head a byte at a time is not waited for.
    let began = Instant::now();
    let mut stream = TcpStream::connect(running.origin.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: ").unwrap();
    let ended = loop {
        let sent = stream.write_all(b"x").is_err();
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(0) => break true,
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) => {}
            Err(_) => break true,
        }
        if sent || began.elapsed() > Duration::from_secs(40) {
            break sent;
        }
    };
    assert!(ended, "a slow head is waited for");
    assert_eq!(running.vault.metrics.requests.with_label_values(&["receiver", "500"]).get(), 0);
    let expected = Expected { chain: Chain::new(bitcoin::Network::Regtest), key: None, now: now() };
    assert!(client.fetch_static(&name, &expected).is_ok());
}

#[test]
fn so_many_connections_and_no_more() {
    let folder = Folder::new("connections");
    let running = Running::start(Options { connections: Some(5), ..options(folder.path()) });
    let address = running.origin.strip_prefix("http://").unwrap().to_owned();
    let idle: Vec<TcpStream> = (0..5).map(|_| TcpStream::connect(&address).unwrap()).collect();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(raw(&running, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), "");
    drop(idle);
    std::thread::sleep(Duration::from_millis(500));
    assert!(
        raw(&running, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .contains("200 OK")
    );
}

/// An offer without a path is of no use to a wallet that asks along one, and the receiver that it names is mostly away.
#[test]
fn a_page_says_which_wallets_can_use_its_offer() {
    let folder = Folder::new("offers");
    let running = Running::start(options(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    let page = || {
        let mut response = agent().get(format!("{}/alice", running.origin)).call().unwrap();
        response.body_mut().read_to_string().unwrap()
    };
    let (by_server, by_path) = ("that get the invoice from this server", "that pay BOLT 12 offers");
    assert!(!page().contains(by_server) && !page().contains(by_path));

    let routed = builder(&key, points(8, 1));
    client.leave_invoice(&key, &name, &routed.sign(&key, &[9; 32]).unwrap().to_string()).unwrap();
    assert!(page().contains(by_server) && !page().contains(by_path));

    let secret = |byte| SecretScalar::from_bytes(&[byte; 32]).unwrap();
    let at = key.public_key();
    let (path, _) = ReceiverPath::build(secret(3), [3; 32], &[], at, 36, 1_000_000).unwrap();
    let (asked, _) = MessagePath::build(secret(4), [4; 32], &[], at).unwrap();
    let whole = builder(&key, points(8, 2))
        .paths(&[path])
        .message_paths(std::slice::from_ref(&asked))
        .offer_paths(&[asked]);
    client.leave_invoice(&key, &name, &whole.sign(&key, &[9; 32]).unwrap().to_string()).unwrap();
    assert!(page().contains(by_path) && !page().contains(by_server));
}

#[test]
fn the_operators_door() {
    let folder = Folder::new("operator");
    let running = Running::start(with_lsp(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    client.leave_one_time(&key, &name, &pool(&key, 0..7)).unwrap();
    let get = |path: &str, headers: &[(&str, String)]| {
        let mut request = agent().get(format!("{}{path}", running.origin));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut response = request.call().unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    };
    let word = std::fs::read_to_string(folder.path().join("operator.token")).unwrap();
    let bearer = ("authorization", format!("Bearer {}", word.trim()));
    let forwarded = ("x-forwarded-for", "192.0.2.1".to_owned());
    let (status, text) = get("/metrics", &[]);
    assert_eq!(status, 200);
    assert!(text.contains("pointlock_vault_one_time{form=\"hash\",state=\"ready\"} 7"), "{text}");
    assert!(!text.contains("alice"));
    assert_eq!(get("/metrics", std::slice::from_ref(&forwarded)).0, 403);
    assert_eq!(get("/metrics", &[forwarded, bearer.clone()]).0, 200);
    assert_eq!(get("/operator", &[]).0, 401);
    assert_eq!(get("/operator", &[("authorization", "Bearer guessed".into())]).0, 401);
    let (status, page) = get("/operator", &[bearer]);
    assert_eq!(status, 200);
    assert!(page.contains("alice") && !page.contains("<script"));
    let (status, page) = get("/alice", &[]);
    assert!(status == 200 && page.contains("<svg") && !page.contains("<script"));
    assert_eq!(get("/bob", &[]).0, 404);
    use std::os::unix::fs::PermissionsExt as _;
    for file in ["operator.token", "vault.key"] {
        let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn over_tls() {
    let folder = Folder::new("tls");
    let made =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])
            .unwrap();
    let (cert, file) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&file, made.signing_key.serialize_pem()).unwrap();
    let tls =
        Options { tls_cert: Some(cert.clone()), tls_key: Some(file), ..with_lsp(folder.path()) };
    let running = Running::start(tls);
    assert!(running.origin.starts_with("https://127.0.0.1:"));
    let client = Client::new(&running.origin, Some(&cert)).unwrap();
    let (name, key) = ("alice".parse().unwrap(), key(2));
    client.register(&key, &name, &Terms::default()).unwrap();
    client.leave_one_time(&key, &name, &pool(&key, 0..2)).unwrap();
    let id = key.public_key();
    let expected =
        Expected { chain: Chain::new(bitcoin::Network::Regtest), key: Some(&id), now: now() };
    client.fetch_bolt11(&name, 2_000, None, &expected).unwrap();
    // Nobody has vouched for it.
    assert!(Client::new(&running.origin, None).unwrap().about().is_err());
}

#[test]
fn what_is_under_way_is_finished() {
    let folder = Folder::new("graceful");
    let running = Running::start(with_lsp(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    client.leave_one_time(&key, &name, &pool(&key, 0..500)).unwrap();
    let url = format!("{}/lnurlp/alice/callback?amount=2000", running.origin);
    let asking: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            std::thread::spawn(move || {
                let (agent, mut got, mut broken) = (agent(), 0_u64, 0);
                loop {
                    match agent
                        .get(&url)
                        .call()
                        .and_then(|mut answer| answer.body_mut().read_to_string())
                    {
                        Ok(text) if text.contains("\"pr\"") => got += 1,
                        Ok(text) => panic!("{text}"),
                        // Refused at the door, and not cut off in the middle.
                        Err(ureq::Error::ConnectionFailed | ureq::Error::Io(_)) => {
                            broken += 1;
                            if broken > 3 {
                                return got;
                            }
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(400));
    running.stop();
    let got: u64 = asking.into_iter().map(|thread| thread.join().unwrap()).sum();
    let again = Running::start(with_lsp(folder.path()));
    let listing = again.client().list(&key, &name).unwrap();
    let handed =
        listing.one_time.iter().find(|row| row.state == pointlock_vault::store::State::Handed);
    // All that was handed out came to somebody.
    assert_eq!(handed.map_or(0, |row| row.count), got);
}
