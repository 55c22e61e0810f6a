//! `pointlock invoice` as a person runs it.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/paths.rs"]
mod paths;
#[path = "common/run.rs"]
mod run;
#[path = "../../tests/common/standards.rs"]
mod standards;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::invoice::{
    ChainHash, Field, Offer, OfferBuilder, PaymentLock, StaticInvoice, merkle,
};
use pointlock::wire::{TlvStream, TlvWriter};
use serde_json::{Value, json};

use paths::{path, path_hex, pay_info, payment_path_hex, point};
use run::{fails, run, succeeds};

const CREATED_AT: &str = "1750000000";
/// A minute later.
const LATER: &str = "1750000060";

fn receiver() -> Keypair {
    Keypair::from_secret_bytes(&[2; 32]).unwrap()
}

/// Runs the command with the receiver's key, or whatever this is, on standard input.
fn run_with(input: &str, args: &[&str]) -> Output {
    run("invoice", input, args)
}

#[track_caller]
fn refused(output: Output, field: &str) {
    let error = fails(output);
    assert!(error.starts_with(&format!("pointlock: {field}: ")), "{error}");
}

fn key() -> String {
    "02".repeat(32) + "\n"
}

fn create(args: &[&str]) -> Output {
    let all = [&["create", "--secret-key", "-", "--created-at", CREATED_AT], args].concat();
    run_with(&key(), &all)
}

#[track_caller]
fn created(args: &[&str]) -> StaticInvoice {
    let text = succeeds(create(args));
    assert_eq!(text.lines().count(), 1);
    text.trim().parse().unwrap()
}

fn static_point() -> StaticInvoice {
    created(&["--payment-point", &point(1).to_string()])
}

/// A file that is not there yet.
fn new_file(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    path
}

#[test]
fn create_then_decode_then_verify() {
    let invoice = created(&[
        "--payment-point",
        &point(1).to_string(),
        "--amount-msat",
        "5000",
        "--description",
        "coffee",
        "--issuer",
        "receiver@example.com",
        "--offer-expiry",
        "1750010000",
        "--expires-in",
        "3600",
        "--route",
        &point(3).to_string(),
        "--allow-parts",
    ]);
    assert_eq!(invoice.invoice_node_id(), receiver().public_key());
    assert_eq!(invoice.interim_route(), [point(3), receiver().public_key()]);
    assert_eq!(invoice.payment_point(), Some(point(1)));
    let text = invoice.to_string();
    let shown: Value =
        serde_json::from_str(&succeeds(run_with(&text, &["decode", "--json"]))).unwrap();
    let node_id = receiver().public_key().to_string();
    let expected = json!({
        "offer_amount": 5_000,
        "offer_description": "coffee",
        "offer_absolute_expiry": 1_750_010_000,
        "offer_issuer": "receiver@example.com",
        "offer_issuer_id": node_id,
        "invoice_created_at": 1_750_000_000,
        "invoice_relative_expiry": 3_600,
        "invoice_features": "020000",
        "invoice_node_id": node_id,
        "signature": invoice.signature().to_string(),
        "payment_points": [point(1).to_string()],
        "interim_route": format!("{}{node_id}", point(3)),
    });
    assert_eq!(shown, expected);
    let explained = succeeds(run_with("", &["decode", &text]));
    for phrase in [
        "5,000 msat or more",
        "\"coffee\"",
        "k = 0",
        "2025-06-15 15:06:40 UTC",
        "2025-06-15 16:06:40 UTC",
        "one or several",
        "  3000000161  payment_points ",
    ] {
        assert!(explained.contains(phrase), "{phrase}: {explained}");
    }

    // As an argument in any spelling, or on standard input.
    let from = ["--from", &node_id, "--at", LATER];
    let spelled = format!("{}+\n {}", &text[..20].to_uppercase(), &text[20..].to_uppercase());
    for (input, argument) in [(text.as_str(), None), ("", Some(&text)), ("", Some(&spelled))] {
        let args: Vec<&str> =
            ["verify"].into_iter().chain(argument.map(String::as_str)).chain(from).collect();
        let report = succeeds(run_with(input, &args));
        assert!(report.contains("signed by the node that you named"), "{report}");
    }
}

#[test]
fn fresh_points_and_their_secrets() {
    for k in [0u8, 1, 3] {
        let file = new_file(&format!("secrets-{k}"));
        let (name, number) = (file.to_str().unwrap(), k.to_string());
        let args =
            ["--k", &number, "--secrets-out", name, "--amount-msat", "1", "--description", "tea"];
        let invoice = created(&args);
        let secrets: Vec<SecretScalar> = fs::read_to_string(&file)
            .unwrap()
            .lines()
            .map(|line| SecretScalar::from_bytes(&hex::decode(line).unwrap().try_into().unwrap()))
            .collect::<Result<_, _>>()
            .unwrap();
        let Some(PaymentLock::Points(points)) = invoice.lock() else { panic!("points") };
        let of_secrets: Vec<Point> = secrets.iter().map(SecretScalar::to_point).collect();
        assert_eq!((points.k(), points.as_slice()), (k.into(), &of_secrets[..]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        // Fresh each time; and no file is overwritten, nor an invoice printed whose secrets are lost.
        let before = fs::read(&file).unwrap();
        refused(create(&args), "--secrets-out");
        assert_eq!(fs::read(&file).unwrap(), before);
        fs::remove_file(&file).unwrap();
        assert_ne!(created(&args).lock(), invoice.lock());
    }
    // A polynomial needs a price, or its slots are used up for nothing.
    let file = new_file("secrets-free");
    let name = file.to_str().unwrap();
    refused(create(&["--k", "1", "--secrets-out", name]), "--amount-msat");
    assert!(!file.exists());
    created(&["--k", "0", "--secrets-out", name]);
    for k in ["-1", "1025", "x"] {
        fails(create(&["--k", k, "--secrets-out", name]));
    }
    fails(create(&["--k", "1"]));
}

/// A disk that is full: no invoice is printed, and no empty file left in the way of the next try. No file grows in a process whose
/// files may have no bytes.
#[cfg(unix)]
#[test]
fn no_file_is_left_where_secrets_could_not_be_stored() {
    let (file, secret_key) = (new_file("secrets-full"), new_file("secrets-full.key"));
    fs::write(&secret_key, key()).unwrap();
    let shell = |limit: &str| {
        let command = format!(
            "trap '' XFSZ; ulimit -f {limit}; exec {} invoice create --secret-key {} --k 1 --secrets-out {} \
             --amount-msat 1 --description tea",
            env!("CARGO_BIN_EXE_pointlock"),
            secret_key.display(),
            file.display(),
        );
        Command::new("sh").args(["-c", &command]).output().unwrap()
    };
    let full = shell("0");
    assert!(!full.status.success() && full.stdout.is_empty());
    let said = String::from_utf8(full.stderr).unwrap();
    assert!(said.contains("--secrets-out"), "{said}");
    assert!(!file.exists());
    // The next try finds nothing in its way.
    let stored = shell("unlimited");
    assert!(stored.status.success(), "{}", String::from_utf8_lossy(&stored.stderr));
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 2);
}

#[test]
fn the_secret_key_is_read_from_a_file() {
    let file = new_file("receiver.key");
    fs::write(&file, key()).unwrap();
    let point = point(1).to_string();
    let args = |name| ["create", "--secret-key", name, "--payment-point", &point];
    let text = succeeds(run_with("", &args(file.to_str().unwrap())));
    let invoice: StaticInvoice = text.trim().parse().unwrap();
    assert_eq!(invoice.invoice_node_id(), receiver().public_key());
    for wrong in ["", "02", "zz", &"00".repeat(32), &"ff".repeat(32), &key().repeat(30)] {
        refused(run_with(wrong, &args("-")), "--secret-key");
    }
    refused(run_with("", &args("/nonexistent/key")), "--secret-key");
    // A key on the command line is taken for a file's name.
    refused(run_with("", &args(key().trim())), "--secret-key");
}

#[test]
fn a_complete_invoice_of_bolt_12() {
    let (pay, message, offer) = (payment_path_hex(10), path_hex(20), path_hex(30));
    let lock = point(1).to_string();
    let all = ["--path", &pay, "--message-path", &message, "--offer-path", &offer];
    let with_lock = |args: &[&str]| create(&[&["--payment-point", &lock], args].concat());
    let invoice: StaticInvoice = succeeds(with_lock(&all)).trim().parse().unwrap();
    assert_eq!(invoice.interim_route(), []);
    assert_eq!((&invoice.paths()[0].path, &invoice.paths()[0].pay_info), (&path(10), &pay_info()));
    assert_eq!(invoice.message_paths(), [path(20)]);
    assert_eq!(invoice.offer().paths(), [path(30)]);
    let shown: Value =
        serde_json::from_str(&succeeds(run_with(&invoice.to_string(), &["decode", "--json"])))
            .unwrap();
    assert_eq!(shown["invoice_paths"], path_hex(10));
    assert_eq!(shown["invoice_blindedpay"], pay.split_once(':').unwrap().1);
    assert_eq!(shown["invoice_message_paths"], message);
    assert_eq!(shown["offer_paths"], offer);
    let explained = succeeds(run_with(&invoice.to_string(), &["decode"]));
    assert!(explained.contains("1,000 msat + 50 ppm, 144 blocks, 1 to 1,000,000,000 msat"));

    refused(with_lock(&all[..2]), "--message-path");
    refused(with_lock(&all[..4]), "--offer-path");
    let without_pay_info = path_hex(10);
    for wrong in ["", "02", &without_pay_info, &format!("{pay}00"), &pay[..pay.len() - 2]] {
        fails(with_lock(&["--path", wrong]));
    }
    for wrong in ["", "02", &format!("{message}00")] {
        fails(with_lock(&["--message-path", wrong]));
    }
}

#[test]
fn an_invoice_for_an_offer() {
    let offer = OfferBuilder::new()
        .chains(&[ChainHash::REGTEST])
        .amount_msat(7)
        .description("tea")
        .metadata(&[1])
        .issuer_id(&receiver().public_key())
        .build()
        .unwrap();
    let text = offer.to_string();
    let lock = point(1).to_string();
    let args = ["--payment-point", &lock, "--offer", &text, "--json"];
    let shown: Value = serde_json::from_str(&succeeds(create(&args))).unwrap();
    assert_eq!(shown["offer"], text);
    let invoice: StaticInvoice = shown["invoice"].as_str().unwrap().parse().unwrap();
    assert_eq!(invoice.offer(), &offer);
    assert_eq!(shown["invoice_id"], invoice.invoice_id().to_string());
    // What the offer says can't be said otherwise, and nobody else can sign for it.
    fails(create(&[&args[..], &["--description", "coffee"]].concat()));
    let by_another = ["create", "--secret-key", "-", "--payment-point", &lock, "--offer", &text];
    refused(run_with(&"05".repeat(32), &by_another), "--secret-key");

    let invoice = invoice.to_string();
    let verify = |offer: &str| {
        let at = ["--chain", "regtest", "--at", LATER, "--offer", offer];
        run_with(&invoice, &[&["verify"], &at[..]].concat())
    };
    assert!(succeeds(verify(&text)).contains("signed by the issuer of the offer"));
    let dearer = OfferBuilder::new()
        .chains(&[ChainHash::REGTEST])
        .amount_msat(6)
        .description("tea")
        .metadata(&[1])
        .issuer_id(&receiver().public_key())
        .build()
        .unwrap();
    refused(verify(&dearer.to_string()), "--offer: offer_amount");
    let explained = succeeds(run_with(&text, &["decode"]));
    assert!(explained.contains("an offer is as good as where it comes from"), "{explained}");
    assert!(explained.contains("7 msat or more") && explained.contains("regtest"), "{explained}");
}

#[test]
fn every_check_of_a_payer() {
    let invoice = static_point();
    let text = invoice.to_string();
    let verify = |args: &[&str]| run_with(&text, &[&["verify"], args].concat());
    let node_id = receiver().public_key().to_string();
    let last = (1_750_000_000 + 14 * 24 * 3600).to_string();
    let late = (1_750_000_001 + 14 * 24 * 3600).to_string();
    succeeds(verify(&["--at", &last]));
    refused(verify(&["--at", &late]), "invoice_relative_expiry");
    refused(verify(&["--at", LATER, "--chain", "signet"]), "--chain");
    succeeds(verify(&["--at", LATER, "--from", &node_id]));
    refused(verify(&["--at", LATER, "--from", &point(3).to_string()]), "--from");
    fails(verify(&["--at", LATER, "--from", "02"]));
    // By the clock, which is past 2025.
    refused(verify(&[]), "invoice_relative_expiry");

    // Another signature, or anything else that is no static invoice.
    let mut forged = TlvWriter::new();
    for record in TlvStream::parse(invoice.as_bytes()).unwrap().records() {
        forged.set(record.tlv_type(), record.value());
    }
    let other = receiver().sign_schnorr(&[0; 32], &[0; 32]);
    forged.set(Field::SIGNATURE.tlv_type(), other.serialize());
    let as_text = |prefix, bytes: &[u8]| pointlock::invoice::text::encode(prefix, bytes).unwrap();
    for action in ["decode", "verify"] {
        let refused = |text: &str, field| refused(run_with(text, &[action]), field);
        refused(&as_text("lni", invoice.offer().as_bytes()), "invoice_created_at");
        refused(&as_text("lnr", invoice.as_bytes()), "text");
        refused(&text[..text.len() - 1], "text");
        refused("", "text");
        refused("not an invoice", "text");
    }
    let offer = invoice.offer().to_string();
    refused(run_with(&offer, &["verify"]), "text");
    refused(run_with(&as_text("lno", invoice.as_bytes()), &["decode"]), "invoice_created_at");
    let forged = as_text("lni", &forged.to_bytes());
    refused(run_with(&forged, &["decode"]), "signature");
    refused(run_with(&forged, &["verify"]), "signature");
}

/// What a payer may rely on differs by the lock, and by who is known to have signed.
#[test]
fn what_a_payer_may_rely_on() {
    let relied_on = |invoice: &str, args: &[&str]| {
        let args = [&["verify", "--json", "--at", LATER], args].concat();
        let verdict: Value = serde_json::from_str(&succeeds(run_with(invoice, &args))).unwrap();
        assert_eq!(
            (&verdict["valid"], &verdict["checked_at"]),
            (&json!(true), &json!(1_750_000_060))
        );
        verdict
    };
    let [one, two, three] = [1, 5, 6].map(|byte| point(byte).to_string());
    let says = |verdict: &Value, phrase: &str| {
        let text = verdict["rely_on"].to_string();
        assert!(text.contains(phrase), "{phrase}: {text}");
    };
    let zero = relied_on(&static_point().to_string(), &[]);
    assert_eq!((&zero["lock"], &zero["k"]), (&json!("points"), &json!(0)));
    assert_eq!(zero["issuer_compared"], false);
    says(&zero, "nothing says whose key that is");
    says(&zero, "a hop together can");
    says(&zero, "not that you have");

    let points = ["--payment-point", &one, "--payment-point", &two, "--payment-point", &three];
    let priced = [&points[..], &["--amount-msat", "9", "--description", "tea"]].concat();
    let node_id = receiver().public_key().to_string();
    let two = relied_on(&created(&priced).to_string(), &["--from", &node_id]);
    assert_eq!((&two["lock"], &two["k"]), (&json!("points"), &json!(2)));
    assert_eq!(two["issuer_compared"], true);
    says(&two, "can't have forged this one");
    says(&two, "more than 2 payments");
    says(&two, "proof of payment of your own");

    let hash = relied_on(&created(&["--payment-hash", &"07".repeat(32)]).to_string(), &[]);
    assert_eq!((&hash["lock"], &hash["k"]), (&json!("hash"), &Value::Null));
    says(&hash, "may be paid once");

    let plain = relied_on(&plain_bolt12().to_string(), &[]);
    assert_eq!((&plain["lock"], &plain["k"]), (&Value::Null, &Value::Null));
    says(&plain, "no lock of the receiver's");
    let explained = succeeds(run_with(&plain_bolt12().to_string(), &["decode"]));
    assert!(explained.contains("a plain BOLT 12 static invoice"), "{explained}");
}

/// An invoice as a node without our fields makes it.
fn plain_bolt12() -> StaticInvoice {
    let (pay, message, offer) = (payment_path_hex(10), path_hex(20), path_hex(30));
    let lock = point(1).to_string();
    let args = ["--path", &pay, "--message-path", &message, "--offer-path", &offer];
    let invoice = created(&[&["--payment-point", &lock], &args[..]].concat());
    let mut writer = TlvWriter::new();
    for record in TlvStream::parse(invoice.as_bytes()).unwrap().records() {
        if record.tlv_type() != Field::PAYMENT_POINTS.tlv_type() {
            writer.set(record.tlv_type(), record.value());
        }
    }
    let root = merkle::root(&TlvStream::parse(&writer.to_bytes()).unwrap()).unwrap();
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    let signature = receiver().sign_schnorr(&hash, &[0; 32]);
    writer.set(Field::SIGNATURE.tlv_type(), signature.serialize());
    StaticInvoice::from_bytes(&writer.to_bytes()).unwrap()
}

/// What an issuer writes can't move the cursor of a reader's terminal.
#[test]
fn text_of_others_is_escaped() {
    let invoice = created(&[
        "--payment-point",
        &point(1).to_string(),
        "--description",
        "\u{1b}[2Jgone\n  signed by  you \u{202e}",
        "--issuer",
        "\u{7}",
    ]);
    let explained = succeeds(run_with(&invoice.to_string(), &["decode"]));
    assert!(!explained.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{explained:?}");
    assert!(explained.contains(r"\u{1b}[2Jgone\n  signed"), "{explained}");
}

#[test]
fn one_lock() {
    let (one, hash) = (point(1).to_string(), "07".repeat(32));
    fails(create(&[]));
    fails(create(&["--payment-point", &one, "--payment-hash", &hash]));
    // The receiver's own key as a point would be published by the first claim.
    let own = receiver().public_key().to_string();
    refused(create(&["--payment-point", &own]), "--payment-point");
    refused(create(&["--payment-point", &one, "--payment-point", &one]), "--amount-msat");
    fails(create(&["--payment-point", &one, "--amount-msat", "5"]));
    let none = create(&["--payment-point", &one, "--amount-msat", "0", "--description", ""]);
    assert!(fails(none).contains("'--amount-msat <MSAT>': expected a whole number from 1 to"));
}

/// What a flag said is refused by the flag; what an offer said, by the offer.
#[test]
fn errors_name_the_flag() {
    let point = point(1).to_string();
    let with = |args: &[&str]| create(&[&["--payment-point", &point][..], args].concat());
    let described = |args: &[&str]| with(&[&["--description", "tea"][..], args].concat());
    refused(described(&["--currency", "eur", "--amount-minor", "5"]), "--currency");
    let none = fails(described(&["--currency", "EUR", "--amount-minor", "0"]));
    assert!(none.contains("'--amount-minor <UNITS>': expected a whole number from 1 to"), "{none}");
    succeeds(described(&["--currency", "EUR", "--amount-minor", "5"]));
    refused(with(&["--offer-expiry", "1749999999"]), "--offer-expiry");
    succeeds(with(&["--offer-expiry", "1750000000"]));
    let ended = OfferBuilder::new()
        .issuer_id(&receiver().public_key())
        .absolute_expiry(1_749_999_999)
        .build()
        .unwrap();
    refused(with(&["--offer", &ended.to_string()]), "--offer: offer_absolute_expiry");
    // A whole line, and what was expected.
    for (args, expected) in [
        (
            &["--k", "1025", "--secrets-out", "/x"][..],
            "'--k <K>': expected a whole number from 0 to 1,024",
        ),
        (&["--payment-hash", "07"], "2 characters, expected 64 hexadecimal digits"),
        (&["--chain", "mainnet", "--payment-point", &point], "expected one of bitcoin, testnet"),
        (
            &["--expires-in", "0", "--payment-point", &point],
            "expected a whole number from 1 to 4,294,967,295",
        ),
        (&["--amount-minor", "5", "--payment-point", &point], "--currency <CODE>"),
        (&["--paymet-point", &point], "'--paymet-point' found; tip: a similar argument exists"),
        (&["--secrets", "/nonexistent/file"], "--secrets: /nonexistent/file: No such file"),
    ] {
        let error = fails(create(args));
        assert!(error.contains(expected), "{error}");
        assert!(error.starts_with("pointlock: ") && error.lines().count() == 1, "{error}");
    }
}

/// `--secrets-out` is read again: by `verify`, and for a static point by `create`.
#[test]
fn secrets_are_read_back() {
    let create = |args: &[&str]| {
        let all =
            [&["create", "--secret-key", "-", "--amount-msat", "9", "--description", "tea"], args];
        succeeds(run_with(&key(), &all.concat()))
    };
    let file = |name: &str| new_file(name).to_str().unwrap().to_owned();
    let (one, three, other) = (file("back-0"), file("back-2"), file("back-other"));
    let invoice = create(&["--k", "0", "--secrets-out", &one]);
    let polynomial = create(&["--k", "2", "--secrets-out", &three]);
    create(&["--k", "2", "--secrets-out", &other]);
    let verify = |invoice: &str, secrets: &str| {
        run_with("", &["verify", invoice.trim(), "--secrets", secrets])
    };
    assert!(succeeds(verify(&invoice, &one)).contains("those of its points"));
    assert!(succeeds(verify(&polynomial, &three)).contains("those of its points"));
    refused_with(
        verify(&invoice, &three),
        &format!("--secrets: {three}: 3 words, expected one secret of 64 hexadecimal digits"),
    );
    refused_with(verify(&polynomial, &one), &format!("--secrets: {one}: 1 secrets for 3 points"));
    refused_with(
        verify(&polynomial, &other),
        &format!("--secrets: {other}: line 1 is not the secret of point 0"),
    );
    let again: StaticInvoice = create(&["--secrets", &one]).trim().parse().unwrap();
    let first: StaticInvoice = invoice.trim().parse().unwrap();
    assert_eq!(again.lock(), first.lock());
    refused(run_with(&key(), &["create", "--secret-key", "-", "--secrets", &three]), "--secrets");
    let both = run_with(&key(), &["create", "--secret-key", "-", "--secrets", "-"]);
    refused_with(both, "--secrets: standard input has the --secret-key already");
    let both = run_with(&invoice, &["verify", "--secrets", "-"]);
    refused_with(both, "--secrets: standard input has the invoice already");
    let secret = fs::read_to_string(&one).unwrap();
    succeeds(run_with(&secret, &["verify", invoice.trim(), "--secrets", "-"]));
    // To standard output, behind the invoice.
    let printed = create(&["--k", "1", "--secrets-out", "-"]);
    let lines: Vec<&str> = printed.lines().collect();
    let shown: StaticInvoice = lines[0].parse().unwrap();
    let Some(PaymentLock::Points(points)) = shown.lock() else { panic!("points") };
    assert_eq!(lines.len(), 3);
    for (line, point) in lines[1..].iter().zip(points.as_slice()) {
        let secret: [u8; 32] = hex::decode(line).unwrap().try_into().unwrap();
        assert_eq!(SecretScalar::from_bytes(&secret).unwrap().to_point(), *point);
    }
    let json: Value =
        serde_json::from_str(&create(&["--k", "1", "--secrets-out", "-", "--json"])).unwrap();
    assert_eq!(json["secrets"].as_array().unwrap().len(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&three).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    [one, three, other].iter().for_each(|file| fs::remove_file(file).unwrap());
}

#[test]
fn an_invoice_in_a_currency_takes_a_rate() {
    let text = succeeds(create(&[
        "--payment-point",
        &point(1).to_string(),
        "--currency",
        "EUR",
        "--amount-minor",
        "350",
        "--description",
        "tea",
    ]));
    let verify = |args: &[&str]| run_with(&text, &[&["verify", "--at", LATER], args].concat());
    let without = succeeds(verify(&[]));
    assert!(without.contains("350 of the minor unit of EUR, or more; say with --rate EUR=MSAT"));
    let with = succeeds(verify(&["--rate", "EUR=1500001/100"]));
    assert!(with.contains("5,250,004 msat at your rate"), "{with}");
    let least = |args: &[&str]| -> Value {
        let printed = succeeds(verify(&[&["--json"], args].concat()));
        serde_json::from_str::<Value>(&printed).unwrap()["least_msat"].take()
    };
    assert_eq!(least(&[]), Value::Null);
    assert_eq!(least(&["--rate", "EUR=15000"]), 5_250_000);
    refused(verify(&["--rate", "USD=15000"]), "--rate");
    for (rate, expected) in [
        ("EUR", "expected CODE=MSAT"),
        ("EUR=x", "expected CODE=MSAT"),
        ("EUR=1/0", "expected MSAT and UNITS of 1 or more"),
        ("eur=1", "not three capital letters"),
    ] {
        assert!(fails(verify(&["--rate", rate])).contains(expected), "{rate}");
    }
}

/// One second before it was created an invoice is from the future. Times have dates, chains names.
#[test]
fn refusals_in_words() {
    let text = static_point().to_string();
    let verify = |args: &[&str]| run_with(&text, &[&["verify"], args].concat());
    refused_with(
        verify(&["--at", "1749999999"]),
        "invoice_created_at: 2025-06-15 15:06:40 UTC is in the future, now it is 2025-06-15 15:06:39 UTC; \
         if the clock is wrong, give the time with --at",
    );
    succeeds(verify(&["--at", CREATED_AT]));
    refused_with(
        verify(&["--at", LATER, "--chain", "signet"]),
        "--chain: for bitcoin, not for signet",
    );
    refused_with(
        verify(&["--at", "1760000000"]),
        "invoice_relative_expiry: expired at 2025-06-29 15:06:40 UTC, now it is 2025-10-09 08:53:20 UTC",
    );
}

/// The offers of BOLT 12's vectors: the valid ones are explained, the others refused.
#[test]
fn offers_of_the_vectors() {
    let mut valid = 0;
    for row in standards::rows::<Value>("bolt12/offers.json", 53) {
        let (name, text) = (&row["name"], row["string"].as_str().unwrap());
        let decoded = run_with(text, &["decode", "--json"]);
        if row["expected"] != "valid" {
            assert_eq!(row["expected"], "invalid", "{name}");
            assert!(fails(decoded).starts_with("pointlock: "), "{name}");
            continue;
        }
        let shown: Value = serde_json::from_str(&succeeds(decoded)).unwrap();
        let records = row["records"].as_array().unwrap();
        assert_eq!(shown.as_object().unwrap().len(), records.len(), "{name}");
        let offer: Offer = text.parse().unwrap();
        for record in records {
            let field = Field::from_type(record["type"].as_u64().unwrap()).to_string();
            assert!(!shown[&field].is_null(), "{name}: {field}");
        }
        assert_eq!(offer.fields().len(), records.len(), "{name}");
        succeeds(run_with(text, &["decode"]));
        valid += 1;
    }
    assert_eq!(valid, 20);
}

/// As text is pasted: in links, with a byte order mark, in upper case. All are the same offer.
#[test]
fn decode_takes_what_is_pasted() {
    let invoice = static_point().to_string();
    let plain = succeeds(run_with(&invoice, &["decode", "--json"]));
    let upper = format!("LIGHTNING:{}", invoice.to_uppercase());
    let (start, end) = invoice.split_at(50);
    for text in [
        format!("lightning:{invoice}"),
        upper,
        format!("bitcoin:?lni={invoice}&label=coffee"),
        format!("\u{feff}{invoice}\r\n"),
        format!("\u{a0}{start}+\r\n  {end}\u{a0}"),
    ] {
        assert_eq!(succeeds(run_with(&text, &["decode", "--json"])), plain, "{text:?}");
        assert_eq!(succeeds(run_with("", &["decode", "--json", &text])), plain, "{text:?}");
        succeeds(run_with(&text, &["verify", "--at", LATER]));
    }
    // So are offers, on standard input and as an option.
    let offer = OfferBuilder::new().issuer_id(&receiver().public_key()).build().unwrap();
    let link = format!("BITCOIN:?LNO={}", offer.to_string().to_uppercase());
    assert!(succeeds(run_with(&link, &["decode"])).starts_with("offer\n"));
    let for_offer = succeeds(create(&["--payment-point", &point(1).to_string(), "--offer", &link]));
    succeeds(run_with(&for_offer, &["verify", "--at", LATER, "--offer", &link]));
}

/// What is something else is answered by what it is, and by what to do about it.
#[test]
fn something_else_is_named() {
    let offer = OfferBuilder::new().issuer_id(&receiver().public_key()).build().unwrap();
    let (offer, node_id) = (offer.to_string(), receiver().public_key().to_string());
    let file = new_file("an-invoice-in-a-file");
    fs::write(&file, static_point().to_string()).unwrap();
    let either = "an offer (lno1…) or an invoice of BOLT 12 (lni1…)";
    for (text, found, advice) in [
        ("lnbc2500u1pvjluezpp5qqqsyqcyq5", "an invoice of BOLT 11", "for one payment"),
        ("LNURL1DP68GURN8GHJ7UM9WFMX", "an LNURL", "a server"),
        ("receiver@example.com", "a Lightning Address", "a server"),
        ("lnr1qqqq", "an invoice request (lnr1…)", "an invoice"),
        (&node_id, "a node id", "--from"),
        ("no-such-file.txt", "the name of a file", "decode < FILE"),
        (file.to_str().unwrap(), "the name of a file", "decode < FILE"),
        ("https://example.com", "the address of a page", ""),
        ("", "nothing", "standard input"),
    ] {
        let error = fails(run_with("", &["decode", text]));
        let start = format!("pointlock: text: {found}, where {either} is wanted");
        assert!(error.starts_with(&start) && error.contains(advice), "{text}: {error}");
    }
    let error = fails(run_with(&offer, &["verify", "--at", LATER]));
    let named = "text: an offer (lno1…), where an invoice of BOLT 12 (lni1…) is wanted; ";
    assert!(error.starts_with(&format!("pointlock: {named}")), "{error}");
    let invoice = static_point().to_string();
    let error = fails(run_with(&invoice, &["verify", "--at", LATER, "--offer", &invoice]));
    assert!(error.contains("an invoice of BOLT 12 (lni1…), where an offer (lno1…)"), "{error}");
    // The name of a file that looks like nothing.
    let bare = Command::new(env!("CARGO_BIN_EXE_pointlock"))
        .args(["invoice", "decode", "an-invoice-in-a-file"])
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    assert!(fails(bare).contains("decode < FILE"));
}

/// An offer of a million bytes is explained; a text that is too long is refused, and not read to its end.
#[test]
fn texts_have_a_length() {
    let mut writer = TlvWriter::new();
    writer.set(Field::OFFER_ISSUER_ID.tlv_type(), receiver().public_key().to_bytes());
    for field in 0..100_000 {
        writer.set(1_000_000_001 + 2 * field, []);
    }
    let text = pointlock::invoice::text::encode("lno", &writer.to_bytes()).unwrap();
    let shown: Value =
        serde_json::from_str(&succeeds(run_with(&text, &["decode", "--json"]))).unwrap();
    assert_eq!(shown.as_object().unwrap().len(), 100_001);
    assert_eq!(shown["tlv_1000199999"], "");
    let endless = "q".repeat(10 << 20);
    refused_with(run_with(&endless, &["decode"]), "text: longer than 2097152 bytes");
    // Points for k = 1,025, none of which is one.
    let invoice = static_point();
    let mut writer = TlvWriter::new();
    for record in TlvStream::parse(invoice.as_bytes()).unwrap().records() {
        writer.set(record.tlv_type(), record.value());
    }
    writer.set(Field::PAYMENT_POINTS.tlv_type(), vec![4; 33 * 1_026]);
    let text = pointlock::invoice::text::encode("lni", &writer.to_bytes()).unwrap();
    refused_with(
        run_with(&text, &["decode"]),
        "payment_points: 1026 points, at most 1025 are read",
    );
}

#[track_caller]
fn refused_with(output: Output, message: &str) {
    assert_eq!(fails(output), format!("pointlock: {message}\n"));
}
