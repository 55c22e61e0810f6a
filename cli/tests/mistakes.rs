//! What people get wrong at a terminal: one line says what was expected, the code says that it failed, and nothing is printed beside it.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const POINTLOCK: &str = env!("CARGO_BIN_EXE_pointlock");
const POINT: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

/// A folder with what the mistakes are made with, and the texts of an invoice and its offer.
struct Place {
    folder: PathBuf,
    invoice: String,
    offer: String,
}

impl Place {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("folder")).unwrap();
        let garbage: Vec<u8> = (0..=255).cycle().take(9_999).collect();
        let key = "02".repeat(32);
        for (file, bytes) in [
            ("empty", &b""[..]),
            ("garbage", &garbage),
            ("key", key.as_bytes()),
            ("two", format!("{key}\n{key}\n").as_bytes()),
            ("zero", "00".repeat(32).as_bytes()),
            ("above", "ff".repeat(32).as_bytes()),
            ("letters", "zz".repeat(32).as_bytes()),
            ("0x", format!("0x{key}").as_bytes()),
            ("pem", b"-----BEGIN EC PRIVATE KEY-----\nMHQCAQEEI\n-----END EC PRIVATE KEY-----\n"),
            ("s9.toml", b"system = \"S9\"\nevents = []\n"),
            ("bare.toml", b"system = S4\n"),
            ("field.toml", b"system = \"S4\"\nroutes = [\"a\"]\nevents = [\"pay 1 sender\"]\n"),
            ("event.toml", b"system = \"S4\"\nevents = [\"steal 1 sender\"]\n"),
            ("order.toml", b"system = \"S4\"\nevents = [\"claim 1\"]\n"),
            ("points.toml", b"system = \"S5\"\npoints = -3\nevents = [\"pay 1 sender\"]\n"),
            ("ldk.toml", b"# one\nsystem = \"S3-LDK\"\nevents = [\"pay 1 sender\"]\n"),
            ("paths.toml", b"system = \"S3-LDK\"\npath = 1\nevents = [\"pay 1 sender\"]\n"),
            ("name.toml", b"system = \"S4\"\nroute = [\"The LSP\"]\nevents = [\"pay 1 sender\"]\n"),
        ] {
            fs::write(folder.join(file), bytes).unwrap();
        }
        let mut place = Self { folder, invoice: String::new(), offer: String::new() };
        let create = ["invoice", "create", "--secret-key", "key", "--payment-point", POINT];
        let output = place.run(&[&create[..], &["--json"]].concat(), b"");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        place.invoice = printed["invoice"].as_str().unwrap().to_owned();
        place.offer = printed["offer"].as_str().unwrap().to_owned();
        place
    }

    fn run(&self, args: &[&str], input: &[u8]) -> Output {
        let read = self.folder.join("input");
        fs::write(&read, input).unwrap();
        Command::new(POINTLOCK)
            .args(args)
            .current_dir(&self.folder)
            .stdin(Stdio::from(File::open(read).unwrap()))
            .output()
            .unwrap()
    }

    #[track_caller]
    fn refuses(&self, args: &[&str], input: &[u8], expected: &str) {
        let output = self.run(args, input);
        let error = String::from_utf8(output.stderr).unwrap();
        let shown: Vec<String> = args.iter().map(|arg| arg.chars().take(70).collect()).collect();
        assert!(matches!(output.status.code(), Some(1 | 2)), "{shown:?}: {error}");
        assert!(output.stdout.is_empty(), "{shown:?} prints");
        assert!(
            error.starts_with("pointlock: ") && error.lines().count() == 1,
            "{shown:?}: {error}"
        );
        assert!(error.len() < 500, "{shown:?}: {error}");
        assert!(error.contains(expected), "{shown:?}: {error}");
    }

    fn refuses_each(&self, command: &[&str], mistakes: &[(&[&str], &str)]) {
        for (args, expected) in mistakes {
            self.refuses(&[command, *args].concat(), b"", expected);
        }
    }
}

#[test]
fn with_numbers() {
    let place = Place::new("mistakes-numbers");
    place.refuses_each(
        &["demo"],
        &[
            (&["--amount-sat", "-5"], "expected a whole number from 1,000 to 100,000,000,000"),
            (&["--amount-sat", "1e6"], "expected a whole number from 1,000 to"),
            (&["--amount-sat", "99999999999999999999999"], "expected a whole number from 1,000 to"),
            (&["--amount-sat", ""], "expected a whole number from 1,000 to"),
            (
                &["--payers", "1"],
                "invalid value '1' for '--payers <PAYERS>': expected a whole number from 2 to 9",
            ),
            (&["--routers", "-1"], "expected a whole number from 0 to 5"),
            (&["--offline-blocks", "0"], "expected a whole number from 1 to 1,600"),
            (&["--parts", "10"], "expected a whole number from 1 to 9"),
            (&["--seed", "abc"], "expected a whole number from 0 to"),
        ],
    );
    place.refuses_each(
        &["collusion", "--system", "S5"],
        &[
            (&["--past-payers", "100"], "expected a whole number from 0 to 99"),
            (&["--routers", "7"], "expected a whole number from 0 to 6"),
            (&["--points", "0"], "expected a whole number from 1 to 64"),
        ],
    );
    place.refuses_each(
        &["vectors", "--against", "cat"],
        &[
            (&["--timeout", "1h"], "expected a whole number from 1 to 86,400"),
            (&["--timeout", "0"], "expected a whole number from 1 to 86,400"),
        ],
    );
    place.refuses_each(
        &["invoice", "create", "--secret-key", "key"],
        &[
            (&["--k", "2000", "--secrets-out", "new"], "expected a whole number from 0 to 1,024"),
            (
                &["--payment-point", POINT, "--expires-in", "0"],
                "expected a whole number from 1 to 4,294,967,295",
            ),
            (
                &["--payment-point", POINT, "--created-at", "-3"],
                "expected a whole number from 0 to 253,402,300,799",
            ),
            // In milliseconds.
            (
                &["--payment-point", POINT, "--created-at", "1750000000000"],
                "expected a whole number from 0 to 253,402,300,799",
            ),
            (
                &["--payment-point", POINT, "--offer-expiry", "yesterday"],
                "expected a whole number from 0 to",
            ),
            (
                &["--payment-point", POINT, "--amount-msat", "0", "--description", "x"],
                "expected a whole number from 1 to 2,100,000,000,000,000,000",
            ),
        ],
    );
}

#[test]
fn with_names() {
    let place = Place::new("mistakes-names");
    place.refuses_each(
        &["demo"],
        &[
            (&["--system", "S6"], "[possible values: S1, S2, S3, S3-LDK, S4, S5]"),
            (&["--fault", ":"], "expected PARTY:FAULT, such as router:wrong-blind"),
            (&["--fault", ":flipped-bit"], "expected PARTY:FAULT"),
            (
                &["--fault", "router:flipped_bit"],
                "there are flipped-bit, wrong-blind, swapped-lock, early-claim",
            ),
            (
                &["--fault", "Router:flipped-bit"],
                "there are payer_1, payer_2, sender_lsp, router, receiver_lsp",
            ),
            (&["--system", "S4", "--parts", "3"], "--parts: only S5 pays in parts"),
            (&["extra"], "unexpected argument 'extra' found"),
        ],
    );
    place.refuses_each(
        &["collusion"],
        &[
            (&["--system", "S1"], "[possible values: S2, S3, S3-LDK, S4, S5]"),
            (&["--system", "S4", "--points", "2"], "--points: only S5"),
            (
                &["--system", "S4", "--scenario", "event.toml"],
                "cannot be used with '--scenario <FILE>'",
            ),
        ],
    );
    place.refuses_each(
        &[],
        &[
            (&["demos"], "a similar subcommand exists: 'demo'"),
            (&["conformance", "--lst"], "a similar argument exists: '--list'"),
            (&["claims", "list"], "unrecognized subcommand 'list'"),
            (&["completions", "sh"], "[possible values: bash, elvish, fish, powershell, zsh]"),
            (
                &["vectors", "--against", "cat", "--op", "nothing"],
                "--op nothing: no row has it; `pointlock conformance --list`",
            ),
            (
                &["vectors", "--against", "true"],
                "--against true: no answer: it has ended; expected a program that answers",
            ),
            (
                &["vectors", "--against", "sleep 60", "--timeout", "1"],
                "no answer within 1 s; expected a program",
            ),
        ],
    );
    // A system in small letters is the same system.
    assert!(place.run(&["demo", "--system", "s1"], b"").status.success());
    let s5 = ["collusion", "--system", "s5", "--points", "1"];
    assert!(place.run(&s5, b"").status.success());
}

#[test]
fn with_files() {
    let place = Place::new("mistakes-files");
    place.refuses_each(
        &[],
        &[
            (
                &["demo", "--html", "folder"],
                "--html: folder: is a folder, expected the name of a file",
            ),
            (&["demo", "--html", "no/page"], "--html: no/page: there is no folder no"),
            (
                &["demo", "--html", "-", "--json"],
                "--html -: standard output has what --json prints already",
            ),
            (&["collusion", "--system", "S3", "--html", "folder"], "--html: folder: is a folder"),
            (
                &["collusion", "--system", "S3", "--html", "-", "--json"],
                "--html -: standard output has",
            ),
            (&["bench", "--plot", "folder"], "--plot: folder: is a folder"),
            (&["bench", "--plot", "-", "--json"], "--plot -: standard output has"),
            (&["claims", "migrate", "nothing", "new"], "claims: nothing: No such file"),
            (&["claims", "migrate", "folder", "new"], "claims: folder: "),
            (&["claims", "migrate", "garbage", "new"], "claims: garbage: no file of claims"),
            (&["keygen", "key"], "secrets are never overwritten"),
            (&["keygen", "folder"], "secrets are never overwritten"),
            (
                &["keygen", "no/key"],
                "keygen: no/key: No such file or directory (os error 2); is its folder there?",
            ),
            (&["history", "nothing"], "history: nothing: No such file"),
            (&["history", "folder"], "history: folder: Is a directory"),
            (&["history", "garbage"], "history: garbage: not UTF-8: expected a history"),
        ],
    );
    place.refuses_each(
        &["collusion", "--scenario"],
        &[
            (&["nothing"], "--scenario: nothing: No such file"),
            (&["folder"], "--scenario: folder: Is a directory"),
            (&["garbage"], "--scenario: garbage: not UTF-8: expected a TOML file"),
            (&["empty"], "--scenario: empty: line 1: missing field `system`"),
            (&["-"], "--scenario: -: line 1: missing field `system`"),
            (&["key"], "line 1: "),
            (&["s9.toml"], "line 1: system: expected S2, S3, S3-LDK, S4 or S5"),
            (&["bare.toml"], "line 1: string values must be quoted"),
            (&["field.toml"], "line 2: unknown field `routes`, expected one of `title`"),
            (
                &["event.toml"],
                "expected pay, forward, claim, fail, restore, publish, reuse or leak",
            ),
            (&["order.toml"], "line 2: payment 1 is not paid yet"),
            (&["points.toml"], "line 2: invalid value: integer `-3`, expected a number from 0"),
            (&["name.toml"], "a name has 1 to 24 of a-z, 0-9 and _"),
            (&["ldk.toml"], "ldk.toml: line 2: system: S3-LDK needs a path, such as path = 1"),
        ],
    );
    assert!(place.run(&["collusion", "--scenario", "paths.toml"], b"").status.success());
    place.refuses_each(
        &["node-id"],
        &[
            (&["nothing"], "node-id: nothing: No such file"),
            (&["folder"], "node-id: folder: Is a directory"),
            (&["empty"], "a key has 64 hexadecimal digits"),
            (&["garbage"], "node-id: garbage: no text, expected 64 hexadecimal digits"),
            (&["zero"], "node-id: zero: scalar is zero"),
            (&["above"], "node-id: above: scalar is not below the group order"),
            (&["letters"], "node-id: letters: expected 64 hexadecimal digits"),
            (&["0x"], "66 characters, expected 64 hexadecimal digits"),
            (&["pem"], "expected one secret of 64 hexadecimal digits"),
            (&["two"], "2 words, expected one secret"),
        ],
    );
    // A secret that is given in the place of its file is not shown again.
    let secret = "03".repeat(32);
    place.refuses(&["node-id", &secret], b"", "expected the name of a file");
    let output = place.run(&["node-id", &secret], b"");
    assert!(!String::from_utf8(output.stderr).unwrap().contains(&secret));
    assert!(place.run(&["node-id", "key"], b"").status.success());
    // A page that can be written is.
    assert!(place.run(&["collusion", "--system", "S3", "--html", "page"], b"").status.success());
    assert!(place.folder.join("page").exists());
}

#[test]
fn with_texts() {
    let place = Place::new("mistakes-texts");
    let (invoice, offer) = (place.invoice.as_str(), place.offer.as_str());
    let cut_off = &invoice[..invoice.len() - 5];
    place.refuses_each(
        &["invoice", "decode"],
        &[
            (&["lnbc2500u1pvjluezpp5qqqsyq"], "an invoice of BOLT 11, where an offer (lno1…) or"),
            (&["LNURL1DP68GURN8GHJ7UM9WFMXJCM99E3K7MF0V9CXJ0M385EK"], "an LNURL, where"),
            (&["https://example.com/invoice"], "the address of a page, where"),
            (&["user@example.com"], "a Lightning Address, where"),
            (&["lnr1qqq"], "an invoice request (lnr1…), where"),
            (&["bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"], "an address on the chain, where"),
            (&[POINT], "a node id, where"),
            (&["key"], "a file is read from standard input: pointlock invoice decode < FILE"),
            (&[""], "nothing, where an offer"),
            (&["-5"], "an offer begins with lno1, an invoice of BOLT 12 with lni1"),
            (&["keysend"], "an offer begins with lno1, an invoice of BOLT 12 with lni1"),
            (&["{\"invoice\":\"lni1\"}"], "an offer begins with lno1"),
            (&["lno1qqq"], "is all of it there?"),
            (
                &["lightning:lno1qq"],
                "stream: truncated in the length of the record at byte 0; is all of it there?",
            ),
            (
                &[&offer[..offer.len() - 8]],
                "stream: record at byte 0 declares 33 bytes, 28 are left; is all of it there?",
            ),
            (&[cut_off], ""),
            (&["lni1"], "invoice_created_at: missing"),
            (&[invoice, "second"], "unexpected argument 'second' found"),
        ],
    );
    let decode = ["invoice", "decode"];
    place.refuses(&decode, b"", "nothing, where an offer");
    place.refuses(&decode, &[0, 255], "not UTF-8, expected the text of an offer");
    place.refuses(&decode, &vec![b'x'; 3 << 20], "longer than 2097152 bytes");
    place.refuses_each(
        &["invoice", "verify", invoice],
        &[
            (&["--from", "02"], "expected a node id, 66 hexadecimal digits"),
            (&["--from", "key"], "`pointlock node-id FILE` prints a key's"),
            (&["--from", &format!("02{}", "03".repeat(32))], "not on the curve"),
            (&["--from", POINT], "not by the node that you named"),
            (
                &["--offer", invoice],
                "an invoice of BOLT 12 (lni1…), where an offer (lno1…) is wanted",
            ),
            (&["--offer", "x"], "an offer begins with lno1"),
            (
                &["--chain", "mainnet"],
                "expected one of bitcoin, testnet, testnet4, signet, regtest",
            ),
            (&["--chain", "testnet"], "--chain: for bitcoin, not for testnet"),
            (&["--at", "tomorrow"], "expected a whole number from 0 to"),
            (&["--at", "0"], "is in the future"),
            (&["--rate", "EUR"], "expected CODE=MSAT or CODE=MSAT/UNITS, such as EUR=15000"),
            (&["--rate", "EUR=0"], "expected MSAT and UNITS of 1 or more"),
            (
                &["--secrets", "garbage"],
                "--secrets: garbage: no text, expected 64 hexadecimal digits",
            ),
            (&["--secrets", "key"], "is not the secret of point 0"),
        ],
    );
    place.refuses(&["invoice", "verify", offer], b"", "an offer (lno1…), where an invoice");
    place.refuses_each(
        &["invoice", "create", "--secret-key", "key"],
        &[
            (&[], "required arguments were not provided"),
            (&["--k", "5"], "not provided: --secrets-out <FILE>"),
            (
                &["--payment-point", POINT, "--payment-point", POINT],
                "--amount-msat: missing; an invoice for k payments asks for millisatoshi",
            ),
            (
                &[
                    "--k",
                    "2",
                    "--secrets-out",
                    "new",
                    "--currency",
                    "EUR",
                    "--amount-minor",
                    "350",
                    "--description",
                    "x",
                ],
                "--currency: an invoice for k payments asks for millisatoshi: --amount-msat",
            ),
            (&["--payment-point", "xyz"], "not hexadecimal"),
            (&["--payment-hash", "00"], "2 characters, expected 64 hexadecimal digits"),
            (&["--payment-hash", &"zz".repeat(32)], "expected hexadecimal digits"),
            (&["--payment-point", POINT, "--amount-msat", "5"], "not provided: --description"),
            (
                &["--payment-point", POINT, "--path", "abc"],
                "expected PATH:PAYINFO, both in hexadecimal digits",
            ),
            (&["--payment-point", POINT, "--message-path", "zz"], "expected hexadecimal digits"),
            (&["--payment-point", POINT, "--offer", "lno1"], "offer_issuer_id: missing"),
            (&["--secrets", "two"], "a polynomial in two invoices"),
            (&["--secret-key", "key", "--payment-point", POINT], "cannot be used multiple times"),
        ],
    );
    assert!(!place.folder.join("new").exists());
    // What the mistakes are close to.
    assert!(place.run(&["invoice", "decode", invoice], b"").status.success());
    assert!(place.run(&["invoice", "verify", invoice, "--offer", offer], b"").status.success());
}

/// No more is read than a file can be good for, also of what has no end; one that is as long as is allowed is read.
#[cfg(target_os = "linux")]
#[test]
fn with_files_that_do_not_end() {
    let place = Place::new("mistakes-endless");
    let mebibyte = 1 << 20;
    for (file, length) in [("most", mebibyte), ("more", mebibyte + 1)] {
        fs::write(place.folder.join(file), vec![b'#'; length]).unwrap();
    }
    File::create(place.folder.join("claims")).unwrap().set_len((1 << 30) + 1).unwrap();
    place.refuses_each(
        &[],
        &[
            (&["history", "/dev/zero"], "history: /dev/zero: longer than 1,048,576 bytes"),
            (&["history", "more"], "history: more: longer than 1,048,576 bytes"),
            (&["history", "most"], "history: most: "),
            (
                &["claims", "migrate", "/dev/zero", "new"],
                "claims: /dev/zero: a device, expected a file of 1,073,741,824 bytes at most",
            ),
            (
                &["claims", "migrate", "claims", "new"],
                "claims: claims: longer than 1,073,741,824 bytes",
            ),
            (
                &["collusion", "--scenario", "/dev/zero"],
                "--scenario: /dev/zero: longer than 4,194,304 bytes",
            ),
        ],
    );
    #[cfg(feature = "vault")]
    {
        place.refuses_each(
            &[],
            &[
                (
                    &["vault", "--config", "/dev/zero"],
                    "--config: /dev/zero: a device, expected a file of 1,048,576 bytes at most",
                ),
                (&["vault", "--config", "more"], "--config: more: longer than 1,048,576 bytes"),
                (&["vault", "--config", "nothing"], "--config: nothing: No such file"),
                (
                    &["fetch", "a@127.0.0.1:9", "--root-certificate", "/dev/zero"],
                    "--root-certificate: /dev/zero: a device, expected a file of 1,048,576 bytes",
                ),
                (
                    &["fetch", "a@127.0.0.1:9", "--root-certificate", "nothing"],
                    "--root-certificate: nothing: No such file",
                ),
            ],
        );
        // A file of comments as long as is allowed is no mistake; a backup of a vault that isn't there is one.
        let vault = ["vault", "--data", "none", "--config", "most", "backup", "copy"];
        let output = place.run(&vault, b"");
        assert!(!String::from_utf8(output.stderr).unwrap().contains("--config"));
    }
    let output = place.run(&["history", "most"], b"");
    assert!(!String::from_utf8(output.stderr).unwrap().contains("longer"));
}

/// What the flags alone show to be missing, however it is found out, ends as the help has it.
#[test]
fn with_a_flag_that_is_missing() {
    let place = Place::new("mistakes-missing");
    let create = ["invoice", "create", "--secret-key", "key", "--secrets-out", "new", "--k"];
    let missing =
        "pointlock: --amount-msat: missing; an invoice for k payments asks for millisatoshi\n";
    let output = place.run(&[&create[..], &["8"]].concat(), b"");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), missing);
    assert_eq!(output.status.code(), Some(2));
    // Any number of payments needs no least amount.
    let output = place.run(&[&create[..], &["0"]].concat(), b"");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What others have named is shown, and moves no terminal.
#[test]
fn with_names_that_move_a_terminal() {
    let place = Place::new("mistakes-escapes");
    place.refuses_each(
        &[],
        &[
            (&["history", "v\u{1b}[31m"], "history: v\\u{1b}[31m: No such file"),
            (&["keygen", "no\u{1b}[2J/key"], "keygen: no\\u{1b}[2J/key: "),
            (&["demo", "--html", "no\u{7}/page"], "there is no folder no\\u{7}"),
            (&["collusion", "--scenario", "a\rb"], "--scenario: a\\rb: No such file"),
            (&["vectors", "--against", "true \u{1b}[31m"], "--against true \\u{1b}[31m: no answer"),
            (&["node-id", "gpj.\u{202e}txt"], "node-id: gpj.\\u{202e}txt: No such file"),
        ],
    );
    // A title is a stranger's, too.
    let scenario = "title = \"a\\u001b[31mb\"\nsystem = \"S3\"\nevents = [\"pay 1 sender\"]\n";
    let output = place.run(&["collusion", "--scenario", "-"], scenario.as_bytes());
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.starts_with("S3  a\\u{1b}[31mb\n"), "{printed}");
}

#[test]
fn with_rows_to_measure() {
    let place = Place::new("mistakes-rows");
    let output = place.run(&["bench", "--only", "nosuchrow"], b"");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(output.stdout.is_empty());
    let refused = "pointlock: --only nosuchrow: no row has it in its name; there are libsecp256k1.schnorr_sign, ";
    let line = error.lines().last().unwrap();
    assert!(line.starts_with(refused) && line.contains(", schnorr.adapt, "), "{error}");
}

/// Nobody pays who has no way to the receiver; that is said beside the invoice, and not said where there is one.
#[test]
fn with_no_way_to_the_receiver() {
    let place = Place::new("mistakes-way");
    let create = ["invoice", "create", "--secret-key", "key", "--payment-point", POINT];
    for (more, expected) in [
        (
            &[][..],
            "pointlock: no --route and no --path: only a node with a channel to the receiver finds the way\n",
        ),
        (&["--route", POINT], ""),
    ] {
        let output = place.run(&[&create[..], more].concat(), b"");
        assert!(output.status.success() && output.stdout.starts_with(b"lni1"));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
    }
}
