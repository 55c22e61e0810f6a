//! What receivers leave, replace, withdraw and list, and what of it is refused.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod common;

use common::{Folder, Running, builder, key, kind, now, options, points, static_invoice, with_lsp};
use pointlock::curve::Keypair;
use pointlock::invoice::{ChainHash, PaymentLock};
use pointlock::lock::PaymentHash;
use pointlock_vault::client::{ClientError, Expected};
use pointlock_vault::new_key::Consent;
use pointlock_vault::request::Request;
use pointlock_vault::store::{Ended, Form, NoticeKind, State, Terms};
use pointlock_vault::{Chain, KeyLeft, OneTimeLeft, Registration};
use ureq::http::Method;

const REGTEST: Chain = Chain::new(bitcoin::Network::Regtest);

#[test]
fn a_static_invoice_is_left_fetched_replaced_and_withdrawn() {
    let folder = Folder::new("static");
    let running = Running::start(options(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    let id = key.public_key();
    let expected = Expected { chain: REGTEST, key: Some(&id), now: now() };
    assert_eq!(kind(client.fetch_static(&name, &expected)), "unknown");

    let first = static_invoice(&key, 4, 1);
    client.leave_invoice(&key, &name, &first.to_string()).unwrap();
    // The same again changes nothing.
    client.leave_invoice(&key, &name, &first.to_string()).unwrap();
    for _ in 0..3 {
        assert_eq!(client.fetch_static(&name, &expected).unwrap(), first);
    }
    let listing = client.list(&key, &name).unwrap();
    assert_eq!(listing.statics.len(), 1);
    assert_eq!((listing.statics[0].k, listing.statics[0].handed_out), (Some(4), 3));

    let second = static_invoice(&key, 0, 2);
    client.leave_invoice(&key, &name, &second.to_string()).unwrap();
    assert_eq!(client.fetch_static(&name, &expected).unwrap(), second);
    // What was replaced is never handed out again, nor are its points in another invoice.
    assert_eq!(kind(client.leave_invoice(&key, &name, &first.to_string())), "conflict");
    let same_points = builder(&key, points(4, 1)).description("tea").sign(&key, &[9; 32]).unwrap();
    assert_eq!(kind(client.leave_invoice(&key, &name, &same_points.to_string())), "conflict");
    assert_eq!(client.fetch_static(&name, &expected).unwrap(), second);

    assert_eq!(kind(client.withdraw_invoice(&key, &name, first.invoice_id())), "unknown");
    client.withdraw_invoice(&key, &name, second.invoice_id()).unwrap();
    assert_eq!(kind(client.fetch_static(&name, &expected)), "unknown");
    assert_eq!(kind(client.leave_invoice(&key, &name, &second.to_string())), "conflict");
    let third = static_invoice(&key, 0, 3);
    client.leave_invoice(&key, &name, &third.to_string()).unwrap();
    assert_eq!(client.fetch_static(&name, &expected).unwrap(), third);
}

#[test]
fn a_plain_bolt12_invoice_is_kept_too() {
    // It needs paths, as LDK makes it: `tests/peers.rs` leaves one by its own door. Here one without any is refused.
    let folder = Folder::new("plain");
    let running = Running::start(options(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    assert_eq!(kind(client.leave_invoice(&key, &name, "lni1qqg")), "refused");
    client.leave_invoice(&key, &name, &static_invoice(&key, 0, 1).to_string()).unwrap();
}

#[test]
fn an_invoice_for_somebody_else_is_refused() {
    let folder = Folder::new("foreign");
    let running = Running::start(options(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    let other = common::key(3);
    let left = |text: &str| kind(client.leave_invoice(&key, &name, text));
    assert_eq!(left(&static_invoice(&other, 0, 1).to_string()), "refused");
    let main_chain =
        builder(&key, points(0, 1)).chain(ChainHash::BITCOIN).sign(&key, &[9; 32]).unwrap();
    assert_eq!(left(&main_chain.to_string()), "refused");
    let brief = builder(&key, points(0, 1)).relative_expiry(1).sign(&key, &[9; 32]).unwrap();
    assert_eq!(left(&brief.to_string()), "refused");
    let offer_ended =
        builder(&key, points(0, 1)).absolute_expiry(now() - 1).sign(&key, &[9; 32]).unwrap();
    assert_eq!(left(&offer_ended.to_string()), "refused");
    // A hash may be paid once: it has another place.
    let once = builder(&key, PaymentLock::Hash(PaymentHash(common::hash(1))))
        .sign(&key, &[9; 32])
        .unwrap();
    assert_eq!(left(&once.to_string()), "refused");
    let mut damaged = static_invoice(&key, 0, 1).to_string();
    let last = if damaged.ends_with('q') { 'p' } else { 'q' };
    damaged.pop();
    damaged.push(last);
    assert_eq!(left(&damaged), "refused");
    client.leave_invoice(&key, &name, &static_invoice(&key, 0, 1).to_string()).unwrap();
}

#[test]
fn static_invoices_with_a_hash_are_handed_out_once() {
    let folder = Folder::new("hash");
    let running = Running::start(options(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    let invoice = |number| {
        builder(&key, PaymentLock::Hash(PaymentHash(common::hash(number))))
            .sign(&key, &[9; 32])
            .unwrap()
    };
    let statics = vec![invoice(1).to_string(), invoice(2).to_string()];
    let left = OneTimeLeft { statics: statics.clone(), ..OneTimeLeft::default() };
    client.leave_one_time(&key, &name, &left).unwrap();
    assert_eq!(kind(client.leave_one_time(&key, &name, &left)), "conflict");
    let points = OneTimeLeft {
        statics: vec![static_invoice(&key, 0, 1).to_string()],
        ..OneTimeLeft::default()
    };
    assert_eq!(kind(client.leave_one_time(&key, &name, &points)), "refused");
    let expected = Expected { chain: REGTEST, key: None, now: now() };
    let mut fetched: Vec<String> =
        (0..2).map(|_| client.fetch_static(&name, &expected).unwrap().to_string()).collect();
    fetched.sort();
    let mut statics = statics;
    statics.sort();
    assert_eq!(fetched, statics);
    assert_eq!(kind(client.fetch_static(&name, &expected)), "unknown");
    // With points there is always one, and the hashes are for nobody.
    client
        .leave_one_time(
            &key,
            &name,
            &OneTimeLeft { statics: vec![invoice(3).to_string()], ..OneTimeLeft::default() },
        )
        .unwrap();
    client.leave_invoice(&key, &name, &static_invoice(&key, 0, 1).to_string()).unwrap();
    assert!(client.fetch_static(&name, &expected).unwrap().payment_point().is_some());
}

#[test]
fn whoever_has_not_the_key_changes_nothing() {
    let folder = Folder::new("keys");
    let running = Running::start(options(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    let thief = common::key(3);
    let invoice = static_invoice(&key, 0, 1);
    assert_eq!(kind(client.leave_invoice(&thief, &name, &invoice.to_string())), "unsigned");
    assert_eq!(kind(client.list(&thief, &name)), "unsigned");
    assert_eq!(kind(client.withdraw_all(&thief, &name)), "unsigned");
    assert_eq!(kind(client.forget_notices(&thief, &name)), "unsigned");
    assert_eq!(kind(client.settled(&thief, &name, &common::preimage(1))), "unsigned");
    assert_eq!(kind(client.register(&thief, &name, &Terms::default())), "conflict");
    client.leave_invoice(&key, &name, &invoice.to_string()).unwrap();
    assert_eq!(kind(client.withdraw_invoice(&thief, &name, invoice.invoice_id())), "unsigned");
    client.withdraw_invoice(&key, &name, invoice.invoice_id()).unwrap();
}

/// The status that answers a request with this header.
fn status(running: &Running, header: &str, method: Method, path: &str, body: &[u8]) -> u16 {
    running.client().signed_by(header, method, path, body).unwrap().0.as_u16()
}

#[test]
fn a_request_is_carried_out_once_here_and_now() {
    let folder = Folder::new("replay");
    let running = Running::start(options(folder.path()));
    let (_, _, key) = running.receiver("alice", 2, &Terms::default());
    let path = "/v1/receivers/alice/one-time";
    let origin = running.origin.clone();
    let request = Request { origin: &origin, method: "DELETE", path, body: b"" };
    let header = |request: &Request<'_>, time, nonce: u8| {
        request.sign(&key, time, [nonce; 16], &[9; 32]).to_string()
    };
    let delete = |header: &str| status(&running, header, Method::DELETE, path, b"");
    let good = header(&request, now(), 1);
    assert_eq!(delete(&good), 200);
    assert_eq!(delete(&good), 409);
    // The nonce is taken, whatever is signed with it.
    assert_eq!(delete(&header(&request, now() - 1, 1)), 409);
    assert_eq!(delete(&header(&request, now() - 1, 2)), 200);
    assert_eq!(delete(&header(&request, now() - 400, 3)), 401);
    assert_eq!(delete(&header(&request, now() + 400, 4)), 401);
    assert_eq!(delete(&header(&request, now() - 200, 3)), 200);
    // Another vault's, another path's, another body's.
    assert_eq!(
        delete(&header(&Request { origin: "https://vault.example", ..request }, now(), 5)),
        401
    );
    assert_eq!(
        delete(&header(&Request { path: "/v1/receivers/alice/notices", ..request }, now(), 5)),
        401
    );
    assert_eq!(delete(&header(&Request { method: "GET", ..request }, now(), 5)), 401);
    let unsigned_body = status(&running, &header(&request, now(), 5), Method::DELETE, path, b"x");
    assert_eq!(unsigned_body, 401);
    assert_eq!(delete(&header(&request, now(), 5)), 200);
    assert_eq!(delete("Pointlock time=1"), 401);
    assert_eq!(delete("Basic eDp5"), 401);
    // A vault that starts again has not forgotten.
    running.stop();
    let again = Running::start(pointlock_vault::config::Options {
        listen: Some(origin.strip_prefix("http://").unwrap().parse().unwrap()),
        ..options(folder.path())
    });
    assert_eq!(status(&again, &good, Method::DELETE, path, b""), 409);
    assert_eq!(status(&again, &header(&request, now(), 6), Method::DELETE, path, b""), 200);
}

#[test]
fn a_pool_is_the_receivers_or_refused() {
    let folder = Folder::new("pool");
    let running = Running::start(with_lsp(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    let left = |pool: &OneTimeLeft| client.leave_one_time(&key, &name, pool);
    let mut foreign = common::pool(&key, 0..3);
    foreign.pool.as_mut().unwrap().hashes[1].signature =
        common::pool(&common::key(3), 1..2).pool.unwrap().hashes[0].signature.clone();
    assert_eq!(kind(left(&foreign)), "refused");
    let mut longer = common::pool(&key, 0..3);
    longer.pool.as_mut().unwrap().expires_at += 1;
    assert_eq!(kind(left(&longer)), "refused");
    let mut twice = common::pool(&key, 0..3);
    let first = twice.pool.as_ref().unwrap().hashes[0].clone();
    twice.pool.as_mut().unwrap().hashes.push(first);
    assert_eq!(kind(left(&twice)), "refused");
    assert_eq!(kind(left(&OneTimeLeft::default())), "refused");
    let both = OneTimeLeft { invoices: vec!["lnbcrt1".into()], ..common::pool(&key, 0..3) };
    assert_eq!(kind(left(&both)), "refused");
    left(&common::pool(&key, 0..3)).unwrap();
    // Whole or not at all.
    assert_eq!(kind(left(&common::pool(&key, 2..6))), "conflict");
    let count = |state| {
        let listing = client.list(&key, &name).unwrap();
        listing
            .one_time
            .iter()
            .find(|row| (row.form, row.state) == (Form::Hash, state))
            .map_or(0, |row| row.count)
    };
    assert_eq!(count(State::Ready), 3);
    left(&common::pool(&key, 3..6)).unwrap();
    client.withdraw_one(&key, &name, &common::hash(4)).unwrap();
    assert_eq!(kind(client.withdraw_one(&key, &name, &common::hash(4))), "unknown");
    assert_eq!(kind(left(&common::pool(&key, 4..5))), "conflict");
    assert_eq!(client.withdraw_all(&key, &name).unwrap(), 5);
    assert_eq!((count(State::Ready), count(State::Withdrawn)), (0, 6));
}

#[test]
fn without_an_lsp_there_are_no_pools() {
    let folder = Folder::new("nolsp");
    let running = Running::start(options(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    assert_eq!(kind(client.leave_one_time(&key, &name, &common::pool(&key, 0..1))), "refused");
    assert!(!client.list(&key, &name).unwrap().takes_pools);
}

#[test]
fn a_closed_vault_takes_no_strangers() {
    let folder = Folder::new("closed");
    let closed = pointlock_vault::config::Options {
        open_registration: Some(false),
        ..options(folder.path())
    };
    let running = Running::start(closed);
    let (client, name, key) = (running.client(), "alice".parse().unwrap(), key(2));
    assert_eq!(kind(client.register(&key, &name, &Terms::default())), "closed");
    running
        .block_on(running.vault.store.put_receiver(&name, &key.public_key(), &Terms::default()))
        .unwrap();
    client
        .register(&key, &name, &Terms { description: Some("Alice".into()), ..Terms::default() })
        .unwrap();
    assert_eq!(client.list(&key, &name).unwrap().terms.description.as_deref(), Some("Alice"));
}

#[test]
fn a_new_key_ends_what_the_former_one_has_signed() {
    let folder = Folder::new("rotation");
    let running = Running::start(with_lsp(folder.path()));
    let (client, name, former) = running.receiver("alice", 2, &Terms::default());
    let (new, other) = (key(3), key(4));
    client.leave_invoice(&former, &name, &static_invoice(&former, 4, 1).to_string()).unwrap();
    client.leave_one_time(&former, &name, &common::pool(&former, 0..3)).unwrap();
    let (id, former_id) = (new.public_key(), former.public_key());
    let payer = |key| Expected { chain: REGTEST, key: Some(key), now: now() };
    client.fetch_bolt11(&name, 2_000, None, &payer(&former_id)).unwrap();

    // The new key has to agree, and to this change of keys.
    let put = |by: &Keypair, left: &KeyLeft| {
        let (path, body) = ("/v1/receivers/alice/key", serde_json::to_vec(left).unwrap());
        let request = Request { origin: &running.origin, method: "PUT", path, body: &body };
        let header = request.sign(by, now(), rand::random(), &[9; 32]).to_string();
        client.signed_by(&header, Method::PUT, path, &body).unwrap().0.as_u16()
    };
    let consent = Consent { origin: &running.origin, name: &name, former: &former_id };
    let left = |key: &Keypair, by: &Keypair| KeyLeft {
        node_id: key.public_key().to_string(),
        signature: hex::encode(consent.sign(by, &[9; 32]).serialize()),
    };
    assert_eq!(put(&former, &left(&new, &other)), 422);
    assert_eq!(put(&former, &left(&former, &former)), 422);
    assert_eq!(put(&former, &KeyLeft { signature: "00".into(), ..left(&new, &new) }), 400);
    assert_eq!(put(&other, &left(&other, &other)), 401);
    let ended = client.change_key(&former, &name, &new).unwrap();
    assert_eq!(ended, Ended { statics: 1, one_time: 2 });

    // The former key is nobody's.
    assert_eq!(put(&former, &left(&new, &new)), 401);
    assert_eq!(kind(client.list(&former, &name)), "unsigned");
    assert_eq!(kind(client.register(&former, &name, &Terms::default())), "conflict");
    assert_eq!(kind(client.fetch_static(&name, &payer(&former_id))), "unknown");
    assert!(client.fetch_bolt11(&name, 2_000, None, &payer(&former_id)).is_err());
    let signed_before = static_invoice(&former, 4, 2).to_string();
    assert_eq!(kind(client.leave_invoice(&new, &name, &signed_before)), "refused");
    assert_eq!(kind(client.leave_one_time(&new, &name, &common::pool(&former, 5..6))), "refused");
    // What was left before is not taken again under the new one.
    assert_eq!(kind(client.leave_one_time(&new, &name, &common::pool(&new, 1..2))), "conflict");
    client.leave_one_time(&new, &name, &common::pool(&new, 10..11)).unwrap();
    let fresh = static_invoice(&new, 4, 2);
    client.leave_invoice(&new, &name, &fresh.to_string()).unwrap();
    assert_eq!(client.fetch_static(&name, &payer(&id)).unwrap(), fresh);
    client.fetch_bolt11(&name, 2_000, None, &payer(&id)).unwrap();
    // Whoever knows the former key alone is not led to another one.
    let error = client.fetch_static(&name, &payer(&former_id)).unwrap_err();
    assert!(matches!(error, ClientError::Substituted { .. }), "{error}");
    // A lost key: the operator's word.
    let ended = running.block_on(running.vault.store.put_key(&name, &other.public_key())).unwrap();
    assert_eq!(ended, Ended { statics: 1, one_time: 0 });
    let nobody = "bob".parse().unwrap();
    assert!(running.block_on(running.vault.store.put_key(&nobody, &id)).is_err());
}

#[test]
fn another_vault_that_remembers_the_former_key_takes_nothing_of_it() {
    let (folder, second) = (Folder::new("one"), Folder::new("two"));
    let running = Running::start(with_lsp(folder.path()));
    let (client, name, former) = running.receiver("alice", 2, &Terms::default());
    let database = pointlock_vault::store::Store::sqlite_url(&folder.path().join("vault.db"));
    let options =
        pointlock_vault::config::Options { database: Some(database), ..with_lsp(second.path()) };
    let beside = Running::start(options);
    let there = beside.client();
    there.leave_one_time(&former, &name, &common::pool(&former, 0..1)).unwrap();
    // It looks twice a second, and all of this is faster, mostly.
    for round in 0..3_u8 {
        let (from, to) = (key(2 + round), key(3 + round));
        there.list(&from, &name).unwrap();
        let hashes = common::pool(&from, 10..11);
        client.change_key(&from, &name, &to).unwrap();
        assert_eq!(kind(there.leave_one_time(&from, &name, &hashes)), "unsigned");
        let invoice = static_invoice(&from, 0, 1).to_string();
        assert_eq!(kind(there.leave_invoice(&from, &name, &invoice)), "unsigned");
        // Nor is anything taken away or told at its word.
        let number = 20 + u32::from(round);
        client.leave_one_time(&to, &name, &common::pool(&to, number..number + 1)).unwrap();
        assert_eq!(kind(there.withdraw_all(&from, &name)), "unsigned");
        assert_eq!(kind(there.forget_notices(&from, &name)), "unsigned");
        assert_eq!(kind(there.handed(&from, &name, 0)), "unsigned");
        assert_eq!(kind(there.list(&from, &name)), "unsigned");
        assert_eq!(client.withdraw_all(&to, &name).unwrap(), 1);
        assert!(client.list(&to, &name).unwrap().statics.is_empty());
        std::thread::sleep(std::time::Duration::from_millis(700));
    }
    there.leave_one_time(&key(5), &name, &common::pool(&key(5), 10..11)).unwrap();
}

#[test]
fn terms_that_make_no_sense() {
    let folder = Folder::new("terms");
    let running = Running::start(options(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    let put = |terms: Terms| client.register(&key, &name, &terms);
    assert_eq!(kind(put(Terms { min_msat: 0, ..Terms::default() })), "refused");
    assert_eq!(kind(put(Terms { min_msat: 9, max_msat: 8, ..Terms::default() })), "refused");
    assert_eq!(kind(put(Terms { comment_length: 1_001, ..Terms::default() })), "refused");
    assert_eq!(
        kind(put(Terms { success_message: Some("x".repeat(145)), ..Terms::default() })),
        "refused"
    );
    assert_eq!(
        kind(put(Terms { description: Some("a\nb".into()), ..Terms::default() })),
        "refused"
    );
    put(Terms {
        min_msat: 8,
        max_msat: 8,
        comment_length: 1_000,
        success_message: Some("ä".repeat(144)),
        description: Some("ab".into()),
    })
    .unwrap();
}

#[test]
fn names_that_are_none() {
    let folder = Folder::new("names");
    let running = Running::start(options(folder.path()));
    let (client, key) = (running.client(), key(2));
    let node_id = key.public_key().to_string();
    let body = serde_json::to_vec(&Registration { node_id, terms: Terms::default() }).unwrap();
    let long = "a".repeat(300);
    let names = [
        "Alice",
        "%d0%b0lice",
        "..",
        "%2e%2e",
        "a%2fb",
        "a%00",
        "v1",
        "a'--",
        "-a",
        "a%0d%0aset-cookie:x",
        &long,
    ];
    for name in names {
        let path = format!("/v1/receivers/{name}");
        let request = Request { origin: &running.origin, method: "PUT", path: &path, body: &body };
        let header = request.sign(&key, now(), rand::random(), &[9; 32]).to_string();
        let answered = client.signed_by(&header, Method::PUT, &path, &body);
        let status = answered.unwrap().0.as_u16();
        assert!(matches!(status, 400 | 401 | 404 | 422 | 405), "{name}: {status}");
        let asked = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let asked = asked.get(format!("{}/.well-known/lnurlp/{name}", running.origin)).call();
        let text = asked.unwrap().body_mut().read_to_string().unwrap();
        assert!(
            text.contains("ERROR") || text.contains("urn:pointlock:vault:unknown"),
            "{name}: {text}"
        );
    }
    assert!(client.register(&key, &"alice".parse().unwrap(), &Terms::default()).is_ok());
}

#[test]
fn a_receiver_is_told_when_a_polynomial_runs_low() {
    let folder = Folder::new("low");
    let running = Running::start(options(folder.path()));
    let (client, name, key) = running.receiver("alice", 2, &Terms::default());
    let invoice = static_invoice(&key, 8, 1);
    client.leave_invoice(&key, &name, &invoice.to_string()).unwrap();
    let expected = Expected { chain: REGTEST, key: None, now: now() };
    let fetch = |times: usize| {
        for _ in 0..times {
            client.fetch_static(&name, &expected).unwrap();
        }
        running.block_on(running.vault.write_counts()).unwrap();
        let notices = client.list(&key, &name).unwrap().notices;
        notices.into_iter().map(|notice| (notice.kind, notice.subject)).collect::<Vec<_>>()
    };
    let id = invoice.invoice_id().to_string();
    assert_eq!(fetch(5), []);
    assert_eq!(fetch(1), [(NoticeKind::PointsLow, id.clone())]);
    client.forget_notices(&key, &name).unwrap();
    assert_eq!(client.list(&key, &name).unwrap().notices, []);
    assert_eq!(fetch(2), [(NoticeKind::PointsSpent, id)]);
}
