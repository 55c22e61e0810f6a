#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]
//! Readers' rules: what BOLT 2, 4 and 12 tell a reader to refuse, each with an input and our answer to it; and attacks that
//! such rules stop.

#[path = "../common/nodes.rs"]
mod nodes;
#[allow(dead_code, reason = "each test file uses its own part of it")]
#[path = "../payment_faults/places.rs"]
mod places;
#[allow(dead_code, reason = "each test file uses its own part of it")]
#[path = "../payment_faults/scene.rs"]
mod scene;

mod bolt02;
mod bolt04;
mod bolt12;
mod cases;
mod mail;
mod payer_proofs;
mod payers;
#[path = "../common/proofs.rs"]
mod proofs;

use std::collections::BTreeMap;

use pointlock::wire::{TlvStream, TlvWriter};

/// A rule of a reader.
pub(crate) struct Rule {
    /// Document and section.
    pub(crate) source: &'static str,
    /// What it refuses, in a few words.
    pub(crate) refuses: &'static str,
    pub(crate) answer: Answer,
}

pub(crate) enum Answer {
    /// What we say to the input that the function makes. It has seen the twin accepted, in which the rule is kept.
    Says(&'static str, fn() -> String),
    /// The rule is not for us, and why.
    NotOurs(&'static str),
}

use Answer::{NotOurs, Says};

/// One table of all.
#[test]
fn every_rule_has_its_answer() {
    let rules =
        [bolt02::RULES, bolt04::RULES, bolt12::RULES, payer_proofs::RULES].into_iter().flatten();
    let (mut answered, mut wrong) = (BTreeMap::<&str, [usize; 2]>::new(), Vec::new());
    for Rule { source, refuses, answer } in rules {
        let (document, section) = source.split_once(", ").expect("a document and a section");
        assert!(!section.is_empty() && !refuses.is_empty(), "{source}");
        let counts = answered.entry(document).or_default();
        match answer {
            NotOurs(reason) => {
                assert!(!reason.is_empty(), "{source}: {refuses}");
                counts[1] += 1;
            }
            Says(expected, input) => {
                counts[0] += 1;
                let said = std::panic::catch_unwind(*input).unwrap_or_else(|_| "a panic".into());
                if said != *expected {
                    wrong
                        .push(format!("{source}: {refuses}\n  said {said:?}\n  not  {expected:?}"));
                }
            }
        }
    }
    for (document, [ours, others]) in &answered {
        println!("{document}: {ours} rules with an input, {others} that are not for us");
    }
    assert!(wrong.is_empty(), "{} of the answers:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(answered.keys().copied().collect::<Vec<_>>(), ["BOLT 12", "BOLT 2", "BOLT 4"]);
    assert!(answered.values().all(|counts| counts[0] >= 5), "{answered:?}");
}

/// The fields of a stream by type, to be changed.
pub(crate) type Fields = BTreeMap<u64, Vec<u8>>;

pub(crate) fn fields_of(bytes: &[u8]) -> Fields {
    let stream = TlvStream::parse(bytes).unwrap();
    stream.records().iter().map(|record| (record.tlv_type(), record.value().to_vec())).collect()
}

pub(crate) fn written(fields: &Fields) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for (tlv_type, value) in fields {
        writer.set(*tlv_type, value.as_slice());
    }
    writer.to_bytes()
}
