//! LNURL-pay, and wallets in use against it: `lnurl-rs` and `lnurl-pay` here, those of npm and PyPI in `foreign.rs`.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod common;

use std::collections::BTreeSet;

use bitcoin::hashes::Hash as _;
use common::{Folder, ReadyMade, Running, kind, now, options, pool, ready_made, with_lsp};
use lightning_invoice::{Bolt11Invoice, Bolt11InvoiceDescriptionRef, Currency};
use pointlock_vault::client::{ClientError, Expected, Whose};
use pointlock_vault::config::Options;
use pointlock_vault::store::Terms;
use pointlock_vault::{Chain, OneTimeLeft};
use serde_json::Value;

const REGTEST: Chain = Chain::new(bitcoin::Network::Regtest);

fn get(url: &str) -> (u16, Value) {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let mut response = agent.get(url).call().unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn reason(error: &ClientError) -> &str {
    match error {
        ClientError::Lnurl { reason } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn ready_made_invoices_are_handed_out_once_each() {
    let folder = Folder::new("ready");
    let running = Running::start(options(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    let id = key.public_key();
    let expected = Expected { chain: REGTEST, key: Some(&id), now: now() };
    assert!(reason(&client.pay_request(&name).unwrap_err()).contains("left"));
    let metadata = client.list(&key, &name).unwrap().metadata;
    let leave = |invoices: Vec<String>| {
        client.leave_one_time(&key, &name, &OneTimeLeft { invoices, ..OneTimeLeft::default() })
    };
    let texts: Vec<String> =
        (0..3).map(|number| ready_made(2, &metadata, number, 7_000).text()).collect();
    leave(texts.clone()).unwrap();
    // One price.
    let pay = client.pay_request(&name).unwrap();
    assert_eq!((pay.min_sendable, pay.max_sendable, pay.comment_allowed), (7_000, 7_000, 0));
    assert_eq!(
        pay.static_invoice_url().unwrap(),
        format!("{}/v1/receivers/alice/invoice", running.origin)
    );
    let error = client.fetch_bolt11(&name, 7_001, None, &expected).unwrap_err();
    assert!(reason(&error).contains("7000"), "{error}");
    let mut handed = BTreeSet::new();
    for _ in 0..3 {
        let fetched = client.fetch_bolt11(&name, 7_000, None, &expected).unwrap();
        assert_eq!(fetched.whose, Whose::Signed);
        assert!(handed.insert(fetched.text));
    }
    assert_eq!(handed, texts.iter().cloned().collect());
    assert!(
        reason(&client.fetch_bolt11(&name, 7_000, None, &expected).unwrap_err()).contains("left")
    );
    // Upper case is the same invoice.
    assert_eq!(kind(leave(vec![texts[0].to_uppercase()])), "conflict");
    assert_eq!(kind(leave(vec![texts[0].clone()])), "conflict");
    leave(vec![ready_made(2, &metadata, 9, 7_000).text().to_uppercase()]).unwrap();
    client.fetch_bolt11(&name, 7_000, None, &expected).unwrap();
}

#[test]
fn ready_made_invoices_that_are_refused() {
    let folder = Folder::new("refused");
    let running = Running::start(options(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    let metadata = client.list(&key, &name).unwrap().metadata;
    let leave = |made: &ReadyMade| {
        let invoices = vec![made.text()];
        client.leave_one_time(&key, &name, &OneTimeLeft { invoices, ..OneTimeLeft::default() })
    };
    let good = || ready_made(2, &metadata, 1, 7_000);
    assert_eq!(kind(leave(&ReadyMade { key: [3; 32], ..good() })), "refused");
    assert_eq!(kind(leave(&ReadyMade { currency: Currency::Bitcoin, ..good() })), "refused");
    assert_eq!(kind(leave(&ReadyMade { amount_msat: None, ..good() })), "refused");
    assert_eq!(kind(leave(&ReadyMade { metadata: "[]".into(), ..good() })), "refused");
    assert_eq!(kind(leave(&ReadyMade { expiry: 30, ..good() })), "refused");
    assert_eq!(kind(leave(&ReadyMade { created_at: now() - 90_000, ..good() })), "refused");
    let mut text = good().text();
    text.replace_range(text.len() - 1.., if text.ends_with('q') { "p" } else { "q" });
    let damaged = OneTimeLeft { invoices: vec![text], ..OneTimeLeft::default() };
    assert_eq!(kind(client.leave_one_time(&key, &name, &damaged)), "refused");
    leave(&good()).unwrap();
}

#[test]
fn for_a_pool_an_invoice_is_written() {
    let folder = Folder::new("written");
    let running = Running::start(with_lsp(folder.path()));
    let terms = Terms {
        min_msat: 1_000,
        max_msat: 50_000,
        comment_length: 10,
        success_message: Some("Thank you!".into()),
        description: Some("Alice's tip jar".into()),
    };
    let (client, name, key) = running.receiver("alice", 2, &terms);
    let id = key.public_key();
    client.leave_one_time(&key, &name, &pool(&key, 0..4)).unwrap();
    let pay = client.pay_request(&name).unwrap();
    assert_eq!((pay.min_sendable, pay.max_sendable, pay.comment_allowed), (1_000, 50_000, 10));
    let expected = Expected { chain: REGTEST, key: Some(&id), now: now() };
    let fetched = client.fetch_bolt11(&name, 1_234, Some("für Äpfel"), &expected).unwrap();
    let invoice: Bolt11Invoice = fetched.text.parse().unwrap();
    assert_eq!(invoice.amount_milli_satoshis(), Some(1_234));
    let Bolt11InvoiceDescriptionRef::Hash(hash) = invoice.description() else { panic!() };
    assert_eq!(hash.0, bitcoin::hashes::sha256::Hash::hash(pay.metadata.as_bytes()));
    let lsp = common::key(77);
    assert_eq!(fetched.whose, Whose::OfPool { lsp: lsp.public_key() });
    assert_eq!(invoice.get_payee_pub_key(), lsp.public_key().to_public_key());
    let own = pointlock_vault::bolt11::Lsp::new(lsp, 144, std::time::Duration::from_secs(3_600));
    assert_eq!(invoice.payment_secret().0, own.payment_secret(&fetched.payment_hash));
    // Another receiver's key.
    let other = common::key(3).public_key();
    let error = client
        .fetch_bolt11(&name, 1_234, None, &Expected { key: Some(&other), ..expected })
        .unwrap_err();
    assert!(matches!(error, ClientError::Substituted { what: "the payment hash", .. }), "{error}");
    // Amounts, comments, and what a wallet reads.
    assert!(
        reason(&client.fetch_bolt11(&name, 999, None, &expected).unwrap_err()).contains("1000")
    );
    assert!(
        reason(&client.fetch_bolt11(&name, 50_001, None, &expected).unwrap_err()).contains("50000")
    );
    let long = client.fetch_bolt11(&name, 2_000, Some("für elf Ä z"), &expected).unwrap_err();
    assert!(reason(&long).contains("10 characters"));
    let url = format!("{}/lnurlp/alice/callback", running.origin);
    for query in
        ["", "?amount=", "?amount=-1", "?amount=1e3", "?amount=99999999999999999999", "?comment=x"]
    {
        let (status, answer) = get(&format!("{url}{query}"));
        assert_eq!((status, answer["status"].as_str()), (200, Some("ERROR")), "{query}");
    }
    let (status, answer) = get(&format!("{url}?amount=2000&nonce=1&payerdata=%7B%7D"));
    assert_eq!((status, answer["successAction"]["message"].as_str()), (200, Some("Thank you!")));
    let mut fields: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["pr", "routes", "successAction", "verify"]);
    // HEAD takes nothing out of the stock.
    let ready = |()| {
        client.list(&key, &name).unwrap().one_time.iter().map(|row| row.count).collect::<Vec<_>>()
    };
    let before = ready(());
    let _ = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .new_agent()
        .head(format!("{url}?amount=2000"))
        .call();
    assert_eq!(ready(()), before);
    let handed = client.handed(&key, &name, 0).unwrap();
    let comments: Vec<&Value> =
        handed.as_array().unwrap().iter().map(|row| &row["comment"]).collect();
    assert_eq!(comments[0], "für Äpfel");
    assert_eq!(comments[2], &Value::Null);
}

#[test]
fn verify_says_what_the_receiver_has_told() {
    let folder = Folder::new("verify");
    let running = Running::start(with_lsp(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    client.leave_one_time(&key, &name, &pool(&key, 0..2)).unwrap();
    let (_, answer) = get(&format!("{}/lnurlp/alice/callback?amount=2000", running.origin));
    let verify = answer["verify"].as_str().unwrap();
    let (status, said) = get(verify);
    assert_eq!(
        (status, &said["settled"], &said["preimage"]),
        (200, &Value::Bool(false), &Value::Null)
    );
    assert_eq!(said["pr"], answer["pr"]);
    assert_eq!(kind(client.settled(&key, &name, &[1; 32])), "unknown");
    client.settled(&key, &name, &common::preimage(0)).unwrap();
    let (_, said) = get(verify);
    assert_eq!(
        (&said["settled"], &said["preimage"]),
        (&Value::Bool(true), &Value::String(hex::encode(common::preimage(0))))
    );
    // What was not handed out is nobody's business; and once its preimage is told it never is.
    let other = format!("{}/lnurlp/alice/verify/{}", running.origin, hex::encode(common::hash(1)));
    assert_eq!(get(&other).1["status"], "ERROR");
    client.settled(&key, &name, &common::preimage(1)).unwrap();
    assert_eq!(get(&other).1["status"], "ERROR");
    assert!(client.pay_request(&name).is_err());
}

#[test]
fn wallets_of_cratesio_pay() {
    let folder = Folder::new("wallets");
    let running = Running::start(with_lsp(folder.path()));
    let terms =
        Terms { comment_length: 100, success_message: Some("Thanks".into()), ..Terms::default() };
    let (client, name, key) = running.receiver("alice", 2, &terms);
    client.leave_one_time(&key, &name, &pool(&key, 0..3)).unwrap();
    let url = format!("{}/.well-known/lnurlp/alice", running.origin);

    // lnurl-rs
    let wallet = lnurl::Builder::default().build_blocking().unwrap();
    let lnurl::LnUrlResponse::LnUrlPayResponse(pay) = wallet.make_request(&url).unwrap() else {
        panic!()
    };
    assert_eq!(pay.comment_allowed, Some(100));
    let got = wallet.get_invoice(&pay, 3_000, None, Some("hello")).unwrap();
    let invoice: Bolt11Invoice = got.invoice().parse().unwrap();
    assert_eq!(invoice.amount_milli_satoshis(), Some(3_000));
    let Bolt11InvoiceDescriptionRef::Hash(hash) = invoice.description() else { panic!() };
    assert_eq!(hash.0.to_byte_array(), pay.metadata_hash());
    assert!(got.success_action().is_some() && got.verify.is_some());

    // lnurl-pay
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ask = |msats| {
        runtime.block_on(lnurl_pay::api::get_invoice(
            lnurl_pay::LnUrl::new(url.as_str()),
            msats,
            Some("hi".into()),
            None,
            None,
        ))
    };
    let invoice: Bolt11Invoice = ask(4_000).unwrap().parse().unwrap();
    assert_eq!(invoice.amount_milli_satoshis(), Some(4_000));
    ask(4_000).unwrap();
    // What is refused is refused with the reason, in both.
    let error = ask(4_000).unwrap_err();
    assert!(!error.to_string().contains("1 msats"), "{error}");
    let error = wallet.get_invoice(&pay, 3_000, None, None).unwrap_err();
    assert!(error.to_string().contains("no one-time invoice left that fits"), "{error}");
}

#[test]
fn who_asks_too_often_waits() {
    let folder = Folder::new("often");
    let rates =
        Options { receiver_rate: Some(2), address_rate: Some(10), ..with_lsp(folder.path()) };
    let running = Running::start(rates);
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    client.leave_one_time(&key, &name, &pool(&key, 0..10)).unwrap();
    let url = format!("{}/lnurlp/alice/callback?amount=2000", running.origin);
    let answers: Vec<Value> = (0..3).map(|_| get(&url).1).collect();
    assert!(answers[..2].iter().all(|answer| answer["pr"].is_string()));
    assert!(answers[2]["reason"].as_str().unwrap().contains("too many"));
    // Others are not held up by that; but this address is, at last.
    let vault = format!("{}/v1/vault", running.origin);
    let statuses: Vec<u16> = (0..60).map(|_| get(&vault).0).collect();
    assert!(statuses.starts_with(&[200]) && statuses.contains(&429), "{statuses:?}");
    assert_eq!(get(&url).0, 200);
    assert_eq!(get(&format!("{}/healthz", running.origin)).0, 200);
}
