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
    let told = facts["systems"].as_array().unwrap();
    let names: Vec<&str> = told.iter().map(|told| told["system"].as_str().unwrap()).collect();
    assert_eq!(names, ["S1", "S2", "S3", "S3-LDK", "S4", "S4", "S5"]);
    let over: Vec<&str> = told.iter().map(|told| told["over"].as_str().unwrap()).collect();
    let expected = ["direct", "LNURL", "LNURL", "BOLT 12", "LNURL", "BOLT 12", "BOLT 12"];
    assert_eq!(over, expected);
    for told in told {
        let name = told["system"].as_str().unwrap();
        let stolen = ["S2", "S3"].contains(&name);
        let [first, second] = told["payments"].as_array().unwrap().as_slice() else {
            panic!("two payers")
        };
        assert_eq!(first["receiver_was_paid"], true);
        assert_eq!(first["stolen_by"], Value::Null);
        assert_eq!(second["receiver_was_paid"], !stolen);
        assert_eq!(second["stolen_by"], if stolen { "receiver_lsp".into() } else { Value::Null });

        let thefts = told["thefts"].as_array().unwrap();
        let parts = if name == "S5" { 2 } else { 1 };
        assert_eq!(second["parts"], parts);
        assert_eq!(thefts.len(), 3 * parts, "every hop tries to take every part");
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
            "S3-LDK" => {
                &[&["receiver_lsp", "sender"], &["router", "sender"], &["sender", "sender_lsp"]]
            }
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
        assert_eq!(told["invoice_names_receiver_lsp"], told["over"] != "BOLT 12");
    }
}

/// Over a blinded path the payer's books end where the path begins, and the hops on it have a b each.
#[test]
fn what_a_blinded_path_hides_and_a_trampoline_draws() {
    let facts = facts(&["--system", "S4", "--system", "S5"]);
    let told = facts["systems"].as_array().unwrap();
    let secrets = |told: usize, party: &str| -> String {
        let learned = facts["systems"][told]["learned"].as_array().unwrap();
        let of_party = learned.iter().find(|learned| learned["party"] == party).unwrap();
        of_party["secrets"].to_string()
    };
    let steps = |told: usize| facts["systems"][told]["steps"].to_string();
    assert_eq!(told.len(), 3);
    for hop in ["router", "receiver_lsp"] {
        assert!(!secrets(0, hop).contains('b'), "in the clear");
        assert!(secrets(1, hop).contains('b') && secrets(2, hop).contains('b'));
    }
    assert!(secrets(1, "receiver").contains('B') && !secrets(0, "receiver").contains('B'));
    assert!(steps(1).contains("as far as router, where the receiver's blinded path begins"));
    // The rest of the route is the sender's LSP's: from the height at which it is released.
    assert!(secrets(2, "sender_lsp").contains("y′₂") && !secrets(2, "payer_1").contains("y₂"));
    assert!(secrets(2, "receiver").contains("δ") && !secrets(1, "receiver").contains("δ"));
    assert!(steps(2).contains("finds the way to router"));
    assert!(secrets(2, "payer_2").contains("qᵃ, qᵇ") && secrets(2, "receiver").contains("qᵇ"));
}

/// A payer seals its announcement and hands it to the holder, which sends it from node to node; the receiver's LSP, which can't
/// read it either, keeps it.
#[test]
fn announcements_are_kept_for_the_receiver() {
    let facts = facts(&["--system", "S3"]);
    let steps = facts["systems"][0]["steps"].as_array().unwrap();
    let said = |party: &str, text: &str| {
        let says = |step: &&Value| {
            step["party"] == party && step["text"].as_str().unwrap().starts_with(text)
        };
        steps.iter().filter(says).count()
    };
    assert_eq!(
        said("payer_1", "hands sender_lsp an announcement of it: h, sealed for the receiver"),
        1
    );
    assert_eq!(said("sender_lsp", "sends the announcement, which it can't read, over router"), 2);
    assert_eq!(said("router", "passes an onion message on to receiver_lsp"), 2);
    assert_eq!(said("receiver_lsp", "keeps the onion message until the receiver is back"), 2);
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

/// Every number at its ends. A thief tries the sum and difference of any two secrets that it knows, so long routes with many payers
/// take minutes; each long one here is played where it matters.
#[test]
fn other_routes_amounts_and_numbers_of_payers() {
    for (args, systems) in [
        (&["--routers", "0", "--payers", "4", "--amount-sat", "1000"][..], 7),
        (&["--routers", "3", "--payers", "3", "--amount-sat", "100000000", "--system", "S4"], 2),
        (&["--routers", "5", "--amount-sat", "54321", "--system", "S5"], 1),
        (&["--routers", "5", "--payers", "9", "--system", "S1", "--system", "S2"], 2),
        (&["--routers", "0", "--parts", "4", "--amount-sat", "100000000000"], 7),
        (&["--routers", "2", "--parts", "1", "--seed", "3", "--system", "S5"], 1),
    ] {
        let facts = facts(args);
        assert_eq!(facts["systems"].as_array().unwrap().len(), systems, "{args:?}");
    }
}

#[test]
fn the_seed_is_the_only_randomness() {
    let seeded = |seed| demo(&["--system", "S3", "--system", "S5", "--seed", seed]).stdout;
    assert_eq!(seeded("7"), seeded("7"));
    assert_ne!(seeded("7"), seeded("8"));
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
        for (hop, system) in hops.iter().flat_map(|hop| [(hop, "S4"), (hop, "S5")]) {
            let output = demo(&["--system", system, "--fault", &format!("{hop}:{fault}")]);
            let message = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success(), "{fault} at {hop}");
            assert!(message.starts_with(&format!("pointlock: {hop}: ")), "{fault}: {message}");
        }
    }
    assert!(demo(&["--system", "S4", "--system", "S5"]).status.success());
}

/// Nobody knows an edge by its outpoint.
#[test]
fn an_error_names_an_edge_by_its_parties() {
    let output = demo(&["--system", "S4", "--fault", "router:wrong-blind"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        message,
        "pointlock: router: edge 3 (router to receiver_lsp): lock is not what was proposed\n"
    );
}

/// The heading is about what is played.
#[test]
fn the_heading_is_of_the_systems() {
    let offline = "pointlock: an offline receiver is paid over one static invoice\n";
    let online = "pointlock: a receiver that is online is paid over an invoice for each payment\n";
    for (systems, heading, is_away) in [
        (&["--system", "S1"][..], online, false),
        (&["--system", "S1", "--system", "S3"], offline, true),
        (&["--system", "S3"], offline, true),
    ] {
        let told = String::from_utf8(demo(systems).stdout).unwrap();
        assert!(told.starts_with(heading), "{told}");
        assert_eq!(told.contains("the receiver is away for 144 blocks"), is_away);
        assert!(
            told.contains("Every transaction below was judged by Bitcoin Core's consensus code")
        );
        let page = String::from_utf8(demo(&[systems, &["--html", "-"]].concat()).stdout).unwrap();
        let heading = heading.trim_end().trim_start_matches("pointlock: ");
        assert!(page.contains(&format!("<h1>{heading}</h1>")));
        assert_eq!(page.contains("the receiver is away for 144 blocks"), is_away);
    }
}

/// What a claim has less than its contract is what the head says that miners get; S5 says its k, and how parts are claimed.
#[test]
fn what_a_reader_would_ask() {
    let facts = facts(&[]);
    for told in facts["systems"].as_array().unwrap() {
        let steps = told["steps"].to_string();
        let is_s5 = told["system"] == "S5";
        assert_eq!(
            steps.contains("leaves a static invoice for its offer for k = 9 payments"),
            is_s5
        );
        assert_eq!(
            steps.contains("has all 2 parts, and claims each of them: one claim a block"),
            is_s5
        );
        let sat = |text: &str, word: &str| -> u64 {
            let rest = text.split(word).nth(1).unwrap();
            rest.split(" sat").next().unwrap().replace(',', "").parse().unwrap()
        };
        let steps = told["steps"].as_array().unwrap();
        let step = |word: &str| {
            let found = steps.iter().find(|step| {
                let text = step["text"].as_str().unwrap();
                text.starts_with(word)
                    && (word == "claims " || text.contains(" for receiver under"))
            });
            sat(found.unwrap()["text"].as_str().unwrap(), word)
        };
        let fee = step("locks ") - step("claims ");
        assert!((150..170).contains(&fee), "{fee}");
    }
    let told = String::from_utf8(demo(&["--system", "S1"]).stdout).unwrap();
    assert!(told.contains(
        "A claim pays miners 1 sat a virtual byte out of what it claims: about 160 sat."
    ));
}

#[test]
fn a_fault_that_can_not_happen_is_an_error() {
    for (fault, message) in [
        ("payer_1:early-claim", "payer_1: had nothing to do early-claim with"),
        ("receiver:wrong-blind", "receiver: had nothing to do wrong-blind with"),
        ("nobody:flipped-bit", "nobody: is nobody in this story"),
    ] {
        let output = demo(&["--system", "S4", "--fault", fault]);
        assert!(!output.status.success());
        assert!(String::from_utf8(output.stderr).unwrap().contains(message));
    }
}

/// Whatever is asked of whomever: what happens ends the story, and what can't happen is an error too.
#[test]
fn no_fault_ends_in_success() {
    let parties = ["payer_1", "payer_2", "sender_lsp", "router", "receiver_lsp", "receiver"];
    let faults = ["flipped-bit", "wrong-blind", "swapped-lock", "early-claim"];
    let mut not_reached = 0;
    for (party, fault) in parties.iter().flat_map(|party| faults.map(|fault| (party, fault))) {
        for system in ["S1", "S2", "S3"] {
            let output = demo(&["--system", system, "--fault", &format!("{party}:{fault}")]);
            let message = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{system} {party}:{fault}");
            assert!(message.starts_with(&format!("pointlock: {party}: ")), "{message}");
            not_reached += usize::from(message.contains("had nothing to do"));
        }
    }
    // Hash locks have no blinds, and nobody to claim early with one.
    assert!((20..72).contains(&not_reached), "{not_reached}");
    // A party that isn't there is refused before anything is told.
    let output = demo(&["--fault", "nobody:flipped-bit"]);
    assert!(!output.status.success() && output.stdout.is_empty());
}

#[test]
fn no_colour_where_there_is_no_terminal() {
    let told = demo(&["--system", "S3", "--system", "S4"]);
    assert!(told.status.success() && !told.stdout.contains(&0x1b));
}

#[test]
fn the_page_draws_the_story_and_stands_on_its_own() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("story.html");
    let output = demo(&["--html", file.to_str().unwrap()]);
    assert!(output.status.success());
    let page = std::fs::read_to_string(file).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    for outside in ["http:", "https:", "<script", "url(", "@import", "src=", "onload"] {
        assert!(!page.contains(outside), "{outside}");
    }
    // Of each system both pictures, and every step of the diagram is in the list beside it.
    let facts = facts(&[]);
    let told = facts["systems"].as_array().unwrap();
    let sections: Vec<&str> = page.split("<section id=s").skip(1).collect();
    assert_eq!(sections.len(), told.len());
    for (section, told) in sections.iter().zip(told) {
        assert_eq!(section.matches("<svg ").count(), 2);
        assert_eq!(section.matches("</svg>").count(), 2);
        let steps = told["steps"].as_array().unwrap().len();
        assert_eq!(section.matches("<li ").count(), steps);
        assert!(section.contains(&format!("text-anchor=end>{steps}</text>")));
        let bars = section.matches("rx='2'").count();
        assert_eq!(bars, told["locked"].as_array().unwrap().len());
        let locks = section.matches("<g class=lock><text").count();
        assert_eq!(locks, bars, "an arrow for everything that is locked");
        let away = section.contains("the receiver is offline</text>");
        assert_eq!(away, told["system"] != "S1");
        let stolen = ["S2", "S3"].contains(&told["system"].as_str().unwrap());
        assert_eq!(section.contains("verdict unsafe"), stolen);
        // A hop has a line for each payment, and each says whose.
        for payment in 1..=2 {
            assert!(section.contains(&format!(">sender LSP · {payment}</text>")));
        }
    }
    // The table has the colour of the verdict.
    let side = page.split("<table class=side>").nth(1).unwrap().split("</table>").next().unwrap();
    let colours: Vec<&str> =
        side.split("<tr class=").skip(1).map(|row| row.split('>').next().unwrap()).collect();
    assert_eq!(colours, ["good", "bad", "bad", "known", "known", "known", "good"]);
    let can: Vec<&str> = side
        .split("<td data-label='who can take one'>")
        .skip(1)
        .map(|cell| cell.split('<').next().unwrap())
        .collect();
    let three = "3 together";
    assert_eq!(
        can,
        ["nobody", "any hop alone", "any hop alone", "2 together", three, three, "nobody"]
    );
    assert!(page.contains("prefers-color-scheme: dark"));
}

#[test]
fn a_page_on_standard_output_is_there_alone() {
    let output = demo(&["--system", "S4", "--html", "-"]);
    assert!(output.status.success());
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert_eq!(page.matches("<!doctype").count(), 1);
    let nowhere = demo(&["--system", "S4", "--html", "/nowhere/at-all.html"]);
    assert!(!nowhere.status.success());
    assert!(String::from_utf8(nowhere.stderr).unwrap().contains("/nowhere/at-all.html"));
}

#[test]
fn a_chain_of_blocks_is_another_program_that_is_there() {
    let output = demo(&["--chain"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    let path = told.split_once("--manifest-path ").unwrap().1.split_whitespace().next().unwrap();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/..").to_owned() + "/" + path;
    assert!(std::fs::read_to_string(manifest).unwrap().contains("name = \"pointlock-chain\""));
}
