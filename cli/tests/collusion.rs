//! `pointlock collusion` as a person or a machine runs it: expected thieves, thefts on consensus code, scenarios that can't be.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn collusion(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pointlock")).arg("collusion").args(args).output().unwrap()
}

fn report(args: &[&str]) -> Value {
    let output = collusion(&[args, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Every smallest coalition has stolen, and tries of the others were refused by the code that takes the right secret.
fn check_execution(report: &Value) {
    let thieves = report["minimal_thieves"].as_array().unwrap();
    assert_eq!(report["executed"], thieves.len());
    for thieves in thieves {
        let thefts = report["thefts"].as_array().unwrap();
        assert!(thefts.iter().any(|theft| theft["thieves"] == *thieves));
    }
    for theft in report["thefts"].as_array().unwrap() {
        assert_eq!(theft["txid"].as_str().unwrap().len(), 64);
        assert!(theft["taken_sat"].as_u64().unwrap() > 0);
        assert!(theft["thieves"].as_array().unwrap().contains(&theft["claimer"]));
    }
    assert!(report["right_secrets_accepted"].as_u64().unwrap() > 0);
    assert!(report["tries_refused"].as_u64().unwrap() > 0);
    assert_eq!(report["refused"], report["tries_refused"]);
}

#[test]
fn the_systems_of_the_design() {
    let hops = json!([["receiver_lsp"], ["router"], ["sender_lsp"]]);
    let s4 = json!([
        ["past_payer", "receiver_lsp", "sender"],
        ["past_payer", "router", "sender"],
        ["past_payer", "sender", "sender_lsp"],
    ]);
    let s4_vault = json!([
        ["past_payer", "receiver_lsp", "sender"],
        ["past_payer", "router", "sender"],
        ["past_payer", "sender", "sender_lsp"],
        ["receiver_lsp", "sender", "vault"],
        ["router", "sender", "vault"],
        ["sender", "sender_lsp", "vault"],
    ]);
    // The payer's own preimage: nobody who paid before has it.
    let s3_ldk =
        json!([["receiver_lsp", "sender"], ["router", "sender"], ["sender", "sender_lsp"]]);
    let s5_beyond = json!([
        ["past_payer", "receiver_lsp", "sender", "vault"],
        ["past_payer", "router", "sender", "vault"],
        ["past_payer", "sender", "sender_lsp", "vault"],
    ]);
    for (args, expected) in [
        (&["--system", "S2"][..], &hops),
        (&["--system", "S2", "--vault-paid"], &hops),
        (&["--system", "S3"], &hops),
        (&["--system", "S3", "--vault-paid"], &hops),
        (&["--system", "S3-LDK"], &s3_ldk),
        (&["--system", "S3-LDK", "--vault-paid"], &s3_ldk),
        (&["--system", "S4"], &s4),
        (&["--system", "S4", "--vault-paid"], &s4_vault),
        (&["--system", "S5"], &json!([])),
        (&["--system", "S5", "--vault-paid"], &json!([])),
        (&["--system", "S5", "--points", "1"], &json!([])),
        (&["--system", "S5", "--points", "2", "--vault-paid"], &json!([])),
        (&["--system", "S5", "--points", "1", "--vault-paid"], &s5_beyond),
    ] {
        let report = report(args);
        assert_eq!(report["system"], args[1]);
        assert_eq!(report["minimal_thieves"], *expected, "{args:?}");
        check_execution(&report);
    }
}

#[test]
fn other_routes_and_seeds() {
    let router_free = report(&["--system", "S4", "--routers", "0"]);
    let expected =
        json!([["past_payer", "receiver_lsp", "sender"], ["past_payer", "sender", "sender_lsp"]]);
    assert_eq!(router_free["minimal_thieves"], expected);
    let long = report(&["--system", "S4", "--routers", "6", "--seed", "7"]);
    assert_eq!(long["executed"], 8);
    let output = || collusion(&["--system", "S5", "--seed", "7", "--json"]).stdout;
    assert_eq!(output(), output());
    // Nobody has paid before: nothing is public.
    let fresh = report(&["--system", "S4", "--past-payers", "0"]);
    assert_eq!(fresh["minimal_thieves"], json!([]));
}

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/scenarios");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Each mistake is a scenario in which the theft is found, and each has a twin in which it is not.
#[test]
fn every_example_is_as_it_says() {
    let files = scenarios();
    assert!(files.len() >= 33);
    for file in files {
        let report = report(&["--scenario", file.to_str().unwrap()]);
        assert_eq!(report["as_expected"], true, "{}", file.display());
        check_execution(&report);
    }
}

#[test]
fn the_mistakes_of_the_design() {
    let all_payers = ["past_payer", "past_payer_2", "past_payer_3", "past_payer_4"];
    let lost_phone = [&all_payers[..], &["router", "sender"]].concat();
    for (name, thieves) in [
        ("y-reused", json!(["router"])),
        ("final-blind-readable", json!(["past_payer", "receiver_lsp"])),
        ("first-blind-known", json!(["past_payer", "sender_lsp"])),
        ("same-x-twice", json!(["router", "sender"])),
        ("parts-claimed-early", json!(["router", "sender"])),
        ("lost-phone", json!(lost_phone)),
        ("lost-phone-number", json!(lost_phone)),
        ("wormhole", json!(["receiver_lsp", "sender_lsp"])),
        ("trampoline-wormhole", json!(["receiver_lsp", "sender_lsp"])),
        ("trampoline-final-blind", json!(["past_payer", "sender_lsp"])),
        ("blinded-final-blind", json!(["past_payer", "receiver_lsp", "router"])),
    ] {
        let file = format!("{}/../examples/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let report = report(&["--scenario", &file]);
        assert!(report["minimal_thieves"].as_array().unwrap().contains(&thieves), "{name}");
    }
}

fn file_with(name: &str, text: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// What contradicts itself is refused, and the line named; the scenario without that line is fine.
#[test]
fn contradictions_are_refused_with_their_line() {
    let head = "system = \"S5\"\nevents = [\n  \"pay 1 sender\",\n";
    for (line, message) in [
        ("\"claim 1\"", "claims payment 1 before forwarding it"),
        ("\"forward 2\"", "payment 2 is not paid yet"),
        ("\"forward 1\", \"forward 1\"", "is forwarded already"),
        ("\"forward 1\", \"claim 1\", \"forward 1\"", "forwards after claiming or failing"),
        ("\"forward 1\", \"claim 1\", \"claim 1\"", "is claimed already"),
        ("\"forward 1\", \"fail 1\", \"claim 1\"", "claims after failing"),
        ("\"forward 1\", \"claim 1\", \"fail 1\"", "fails after a claim"),
        ("\"pay 3 sender\"", "payment 3: the next one is 2"),
        ("\"pay 2 router\"", "router: is on the route, and can't pay over it"),
        ("\"pay 2 receiver\"", "receiver: is robbed, and no thief"),
        ("\"pay 2 <b>\"", "\"<b>\": a name has 1 to 24 of a-z, 0-9 and _"),
        ("\"pay 2 other with x of 1\"", "payment 1: has another payer"),
        ("\"pay 2 sender over invoice 2\"", "invoice 2: is not published yet"),
        ("\"pay 2 sender loudly\"", "\"loudly\": says nothing about a payment"),
        ("\"forward 1 to mars\"", "mars: is not on the route"),
        ("\"leak y_4 of 1 to router\"", "y_4: the last one that the payer draws is y_3"),
        (
            "\"pay 2 sender in 2 parts\", \"leak Y of 2 to router\"",
            "leak: each part has secrets of its own",
        ),
        ("\"pay 2 sender in 10 parts\"", "parts: at most 9, and of a payment under points"),
        ("\"pay 2 sender over path 2\"", "path 2: there is none"),
        ("\"pay 2 sender with trampoline mars\"", "mars: is not on the route"),
        (
            "\"pay 2 sender with delegate sender_lsp\"",
            "delegate: is called trampoline now: \"with trampoline sender_lsp\"",
        ),
        ("\"forward 1\", \"claim 1 early\"", "early: what has several parts"),
        ("\"pay 2 sender in 2 parts\", \"claim 2 early\"", "early: what has been forwarded"),
        ("\"leak B of 1 to router\"", "B: the route is in the clear"),
        ("\"leak y_1 of 1 to mars\"", "mars: neither pays nor stands on the route"),
        ("\"leak x of 1 to router\"", "\"x\": is none of Y, B, h, y_0, y_1 …"),
        ("\"reuse y of 1 in 1\"", "reuse: takes two payments under points"),
        ("\"publish 3\"", "invoice 3: the next one is 2"),
        ("\"forward 0\"", "\"0\": is no number from 1"),
        ("\"dance\"", "\"dance\": is no event"),
        ("12", "invalid type: integer `12`, expected a string"),
    ] {
        let file = file_with("contradiction.toml", &format!("{head}  {line},\n]\n"));
        let output = collusion(&["--scenario", file.to_str().unwrap()]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{line}");
        assert!(error.contains("contradiction.toml: line 4: "), "{line}: {error}");
        assert!(error.contains(message), "{line}: {error}");
    }
    let file = file_with("contradiction.toml", &format!("{head}]\n"));
    assert!(collusion(&["--scenario", file.to_str().unwrap()]).status.success());
}

#[test]
fn contradictions_elsewhere() {
    let events = "events = [\"pay 1 sender\"]\n";
    for (text, message) in [
        ("system = \"S6\"\n", "line 1: system: expected S2, S3, S3-LDK, S4 or S5"),
        ("system = \"S4\"\nroute = []\n", "line 2: route: 0 forwarders, but it takes 1 to 8"),
        ("system = \"S4\"\nroute = [\"a\", \"a\"]\n", "line 2: a: twice on the route"),
        ("system = \"S4\"\npoints = 2\n", "line 2: points: only S5 has them"),
        ("system = \"S5\"\npoints = 0\n", "line 2: points: k is from 1 to 64"),
        (
            "system = \"S4\"\npath = 3\n",
            "line 2: path: over 1 forwarder or more, but not over the first",
        ),
        (
            "system = \"S4\"\npath = 0\n",
            "line 2: path: over 1 forwarder or more, but not over the first",
        ),
        ("system = \"S2\"\npath = 1\n", "line 2: path: the holder of S2 would stand on it"),
        ("system = \"S4\"\ncolour = 2\n", "line 2: unknown field `colour`"),
        ("system = \"S4\"\ncompanies.big = [\"mars\"]\n", "line 2: mars: neither pays nor"),
        (
            "system = \"S4\"\ncompanies.a = [\"router\"]\ncompanies.b = [\"router\"]\n",
            "line 3: router: belongs to a too",
        ),
    ] {
        let file = file_with("elsewhere.toml", &format!("{text}{events}"));
        let output = collusion(&["--scenario", file.to_str().unwrap()]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(message), "{text}: {error}");
    }
}

#[test]
fn contradictions_of_the_way() {
    for (head, pay, message) in [
        (
            "system = \"S4\"\npath = 2",
            "with trampoline router",
            "router: stands on the receiver's path",
        ),
        ("system = \"S4\"\npath = 2", "over path 10", "path 10: there is none"),
        (
            "system = \"S3\"\n",
            "with trampoline sender_lsp",
            "trampoline: only for payments under points",
        ),
        ("system = \"S3\"\n", "in 2 parts", "parts: at most 9, and of a payment under points"),
    ] {
        let file = file_with("way.toml", &format!("{head}\nevents = [\"pay 1 sender {pay}\"]\n"));
        let output = collusion(&["--scenario", file.to_str().unwrap()]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && error.contains(&format!("line 3: {message}")),
            "{error}"
        );
    }
}

/// What is too much is refused before any of it is compared with the rest.
#[test]
fn scenarios_have_caps() {
    let quoted = |count: usize| -> String { (0..count).map(|n| format!("\"n{n}\",")).collect() };
    let others = |count| format!("system = \"S4\"\nothers = [{}]\n", quoted(count));
    let pay = "events = [\"pay 1 sender\"]\n";
    let payers =
        |count: usize| -> String { (1..=count).map(|n| format!("\"pay {n} n{n}\",\n")).collect() };
    let events = |count| format!("system = \"S4\"\nevents = [{}]\n", payers(count));
    for (text, message) in [
        (others(125) + pay, "129 parties, but it takes 128 at most"),
        (others(100_001) + pay, "100005 parties, but it takes 128 at most"),
        (events(1_001), "1001 events, but it takes 1000 at most"),
        (events(100_000), "100000 events, but it takes 1000 at most"),
        (format!("# {}\n", "x".repeat(4 << 20)), "longer than 4,194,304 bytes"),
    ] {
        let file = file_with("caps.toml", &text);
        let output = collusion(&["--scenario", file.to_str().unwrap()]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(message), "{message}: {error}");
    }
    let file = file_with("caps.toml", &(others(124) + pay));
    assert!(collusion(&["--scenario", file.to_str().unwrap()]).status.success());
}

/// Within the caps there is an end: 120 have paid before, and each can steal together with the sender and a hop.
#[test]
fn many_past_payers() {
    let paid = |n| format!("\"pay {n} p{n}\", \"forward {n}\", \"claim {n}\",\n");
    let paid: String = (1..=120).map(paid).collect();
    let text = format!(
        "system = \"S4\"\nothers = [\"vault\"]\nevents = [{paid}\"pay 121 sender\", \"forward 121\"]"
    );
    let file = file_with("past-payers.toml", &text);
    let report = report(&["--scenario", file.to_str().unwrap()]);
    assert_eq!(report["minimal_thieves"].as_array().unwrap().len(), 360);
    assert_eq!(report["executed"], 360);
}

/// What the hops of a blinded path, the parts and a trampoline learn, as the report names it.
#[test]
fn the_report_names_paths_parts_and_trampolines() {
    let file = format!("{}/../examples/scenarios/everything.toml", env!("CARGO_MANIFEST_DIR"));
    let report = report(&["--scenario", &file]);
    assert_eq!(report["on_path"], 2);
    assert_eq!(report["payments"][1]["parts"], 2);
    assert_eq!(report["payments"][1]["trampoline"], 1);
    let contracts = report["payments"][1]["contracts"].as_array().unwrap();
    let in_order = |part: u64| -> Vec<u64> {
        let of_part = contracts.iter().filter(|contract| contract["part"] == part);
        of_part.map(|contract| contract["edge"].as_u64().unwrap()).collect()
    };
    assert_eq!((in_order(1), in_order(2)), (vec![1, 2, 3, 4], vec![1, 2, 3, 4]));
    let learned = |name: &str| -> Vec<String> {
        let parties = report["parties"].as_array().unwrap();
        let party = parties.iter().find(|party| party["name"] == name).unwrap();
        let learned = party["learned"].as_array().unwrap();
        learned.iter().map(|fact| fact["secret"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(learned("router"), ["y_2[1t]", "b_0", "l_3[1]", "l_2[1]", "y_2[2at]", "y_2[2bt]"]);
    assert_eq!(
        learned("sender"),
        ["q[2a]", "q[2b]", "y_0[2a]", "y_1[2a]", "h[2a]", "y_0[2b]", "y_1[2b]", "h[2b]"]
    );
    // The trampoline knows y_2 of the router only because it drew it.
    assert!(learned("sender_lsp").contains(&"y_2[2at]".to_owned()));
    assert!(!learned("sender").iter().any(|secret| secret.starts_with("y_2")));
}

/// The receiver's role refuses what would cost it its polynomial; the line says where.
#[test]
fn the_roles_refuse_mistakes() {
    let file = file_with(
        "refused.toml",
        "system = \"S5\"\npoints = 1\nevents = [\n  \"pay 1 past_payer\",\n  \"forward 1\",\n  \"claim 1\",\n  \
         \"pay 2 sender\",\n  \"forward 2\",\n]\n",
    );
    let output = collusion(&["--scenario", file.to_str().unwrap()]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(error.contains("line 8: receiver: fails the payment back: claim: "), "{error}");
}

#[test]
fn a_wrong_expectation_fails() {
    let text = "system = \"S4\"\nevents = [\"pay 1 sender\"]\nexpect = [[\"sender\"]]\n";
    let file = file_with("expectation.toml", text);
    let output = collusion(&["--scenario", file.to_str().unwrap()]);
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("others than the scenario expects"), "{error}");
}

#[test]
fn the_method_is_named() {
    let few = report(&["--system", "S4"]);
    assert_eq!(few["method"], json!({"name": "enumeration", "coalitions": 64}));
    // Past payers, sender, vault, three hops: 16 parties, then 17.
    let most = report(&["--system", "S4", "--past-payers", "11"]);
    assert_eq!(most["method"], json!({"name": "enumeration", "coalitions": 65_536}));
    assert_eq!(most["executed"], 33);
    let more = report(&["--system", "S4", "--past-payers", "12"]);
    assert_eq!(more["method"]["name"], "duality");
    assert_eq!(more["executed"], 36);
}

#[test]
fn the_page_stands_on_its_own() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page.html");
    let output = collusion(&["--system", "S4", "--html", file.to_str().unwrap()]);
    assert!(output.status.success());
    let page = std::fs::read_to_string(file).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    for part in [
        "3 coalitions can steal",
        "Payment 2, by sender",
        "verdict known",
        "It takes 3 together",
        "<dt>z</dt>",
        "<dt>h</dt>",
        "Point locks: every edge",
        "What each party learned",
        "l<sub>2</sub>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for outside in ["http:", "https:", "<script", "url(", "@import", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(!page.contains("verdict unsafe") && !page.contains("of 0"));
    // From the payer to the receiver: before h comes back, for each of the two payments.
    let sealed = "<span class='arrow sealed right' style='grid-row:3;grid-column:1/6;--span:5'>";
    assert_eq!(page.matches(sealed).count(), 2);
    assert_eq!(page.matches("arrow sealed").count(), 2);
    let title = "title = \"<script>alert(1)</script> & more\"\nsystem = \"S4\"\nevents = [\"pay 1 sender\"]\n";
    let (scenario, file) = (file_with("title.toml", title), file_with("title.html", ""));
    let (scenario, path) = (scenario.to_str().unwrap(), file.to_str().unwrap());
    assert!(collusion(&["--scenario", scenario, "--html", path]).status.success());
    let page = std::fs::read_to_string(file).unwrap();
    assert!(
        !page.contains("<script")
            && page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; more")
    );
}

#[test]
fn the_page_is_red_where_few_can_steal_and_says_so_where_nobody_can() {
    let page = |args: &[&str]| {
        let output = collusion(&[args, &["--html", "-"]].concat());
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let hashes = page(&["--system", "S2"]);
    assert!(hashes.contains("verdict unsafe") && hashes.contains("<dt>H</dt>"));
    assert!(!hashes.contains("<dt>z</dt>"));
    let nobody = page(&["--system", "S5"]);
    assert!(nobody.contains("verdict safe") && nobody.contains("to carry out: no coalition can"));
    assert!(!nobody.contains("0 of 0") && nobody.contains("only the receiver computes it"));
}

#[test]
fn flags_that_exclude_each_other() {
    for args in [&[][..], &["--system", "S1"], &["--system", "S4", "--scenario", "x.toml"]] {
        assert!(!collusion(args).status.success(), "{args:?}");
    }
    let missing = collusion(&["--scenario", "/nowhere/at-all.toml"]);
    assert!(String::from_utf8(missing.stderr).unwrap().contains("/nowhere/at-all.toml"));
}
