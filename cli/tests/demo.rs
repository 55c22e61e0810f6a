//! The demo as a person runs it, and with faults.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::process::{Command, Output};

use serde_json::Value;

fn demo(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pointlock")).arg("demo").args(args).output().unwrap()
}

fn facts(args: &[&str]) -> Value {
    let output = demo(&[args, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn system<'a>(facts: &'a Value, name: &str) -> &'a Value {
    facts["systems"].as_array().unwrap().iter().find(|told| told["system"] == name).unwrap()
}

#[test]
fn hash_locks_are_stolen_and_point_locks_are_not() {
    let facts = facts(&[]);
    for name in ["S1", "S2", "S3", "S4", "S5"] {
        let told = system(&facts, name);
        let stolen = ["S2", "S3"].contains(&name);
        let [first, second] = told["payments"].as_array().unwrap().as_slice() else {
            panic!("two payers")
        };
        assert_eq!(first["receiver_was_paid"], true);
        assert_eq!(first["stolen_by"], Value::Null);
        assert_eq!(second["receiver_was_paid"], !stolen);
        assert_eq!(second["stolen_by"], if stolen { "receiver_lsp".into() } else { Value::Null });

        let thefts = told["thefts"].as_array().unwrap();
        assert_eq!(thefts.len(), 3, "every hop tries");
        for theft in thefts {
            assert_eq!(theft["accepted"].as_u64().unwrap() > 0, stolen);
            assert!(theft["tried"].as_u64().unwrap() > 0);
            let control = if stolen { Value::Null } else { true.into() };
            assert_eq!(theft["right_secret_accepted"], control);
        }
        assert_eq!(first["proof"].is_string() && second["proof"].is_string(), name == "S5");
        let thieves: Vec<Vec<String>> =
            serde_json::from_value(told["minimal_thieves"].clone()).unwrap();
        let expected: &[&[&str]] = match name {
            "S2" | "S3" => &[&["receiver_lsp"], &["router"], &["sender_lsp"]],
            "S4" => &[
                &["past_payer", "receiver_lsp", "sender"],
                &["past_payer", "router", "sender"],
                &["past_payer", "sender", "sender_lsp"],
            ],
            _ => &[],
        };
        assert_eq!(thieves, expected, "{name}");
        let invoices = told["invoices"].as_array().unwrap();
        assert_eq!(invoices[0] == invoices[1], name != "S1");
    }
}

#[test]
fn only_the_senders_money_waits_in_s3_and_s4() {
    let facts = facts(&["--offline-blocks", "300"]);
    let waited = |name: &str| {
        let locked = system(&facts, name)["locked"].as_array().unwrap().clone();
        let mut parties: Vec<String> = locked
            .iter()
            .filter(|locked| locked["blocks"].as_u64().unwrap() > 100)
            .map(|locked| locked["party"].as_str().unwrap().to_owned())
            .collect();
        parties.sort();
        parties.dedup();
        parties
    };
    assert!(waited("S1").is_empty());
    assert_eq!(waited("S2"), ["payer_1", "payer_2", "router", "sender_lsp"]);
    assert_eq!(waited("S3"), ["payer_1", "payer_2"]);
    assert_eq!(waited("S4"), ["payer_1", "payer_2"]);
    assert_eq!(waited("S5"), ["payer_1", "payer_2"]);
}

#[test]
fn other_routes_amounts_and_numbers_of_payers() {
    for args in [
        ["--routers", "0", "--payers", "2", "--amount-sat", "1000"],
        ["--routers", "3", "--payers", "4", "--amount-sat", "100000000"],
        ["--routers", "5", "--payers", "3", "--amount-sat", "54321"],
    ] {
        let facts = facts(&args);
        assert_eq!(facts["systems"].as_array().unwrap().len(), 5);
    }
}

#[test]
fn the_seed_is_the_only_randomness() {
    assert_eq!(demo(&["--seed", "7"]).stdout, demo(&["--seed", "7"]).stdout);
    assert_ne!(demo(&["--seed", "7"]).stdout, demo(&["--seed", "8"]).stdout);
}

/// Each fault at each hop where it can be; without the fault the same story ends well.
#[test]
fn a_fault_ends_the_story_and_names_the_hop() {
    for (fault, hops) in [
        ("flipped-bit", &["sender_lsp", "router", "receiver_lsp", "receiver"][..]),
        ("wrong-blind", &["payer_1", "payer_2", "sender_lsp", "router", "receiver_lsp"][..]),
        ("swapped-lock", &["sender_lsp", "router", "receiver_lsp"][..]),
        ("early-claim", &["sender_lsp", "router", "receiver_lsp"][..]),
    ] {
        for hop in hops {
            let output = demo(&["--system", "S4", "--fault", &format!("{hop}:{fault}")]);
            let message = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success(), "{fault} at {hop}");
            assert!(message.starts_with(&format!("pointlock: {hop}: ")), "{fault}: {message}");
        }
    }
    assert!(demo(&["--system", "S4"]).status.success());
}

#[test]
fn a_fault_that_can_not_happen_is_an_error() {
    for (fault, message) in [
        ("payer_1:early-claim", "payer_1: had nothing to do early-claim with"),
        ("nobody:flipped-bit", "nobody: is nobody in this story"),
    ] {
        let output = demo(&["--system", "S4", "--fault", fault]);
        assert!(!output.status.success());
        assert!(String::from_utf8(output.stderr).unwrap().contains(message));
    }
}

#[test]
fn no_colour_where_there_is_no_terminal() {
    assert!(!demo(&[]).stdout.contains(&0x1b));
}
