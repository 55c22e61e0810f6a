//! Contracts, channels, files, ledgers, roles, and what the command reads.

use bitcoin::consensus::serialize;
use pointlock::claims::{ClaimEntry, LockSet};
use pointlock::edge::{Direction, EdgeId};
use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::{PayerScalar, PolynomialId};
use pointlock::journal::Recordable;
use pointlock_store::FileJournal;

use crate::channel::LIFE;
use crate::contract::{HTLC, PTLC};
use crate::input::fixed_scalar;
use crate::store::NAME;

use super::Files;
use super::invoices::invoices;
use super::invoices::lni;

pub(super) fn channel_signatures() -> Files {
    let of = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    let given = LIFE.covered.pre_signatures().to_bytes();
    let signatures = LIFE.complete.signatures();
    let count = signatures.signatures.len() as u8;
    let signed = [
        vec![count],
        signatures.partial_to_bytes().to_vec(),
        signatures.signatures_to_bytes(),
        signatures.pre_signatures_to_bytes(),
    ]
    .concat();
    let record = LIFE.complete.record().to_bytes();
    vec![
        ("valid-presignatures", of(0, &given)),
        ("refused-presignatures-cut", of(0, &given[..given.len() - 1])),
        ("valid-signatures", of(1, &signed)),
        ("refused-signatures-cut", of(1, &signed[..signed.len() - 1])),
        ("valid-record", of(2, &record)),
        ("refused-record-cut", of(2, &record[..record.len() - 1])),
        ("valid-claim", of(3, &serialize(&LIFE.claim))),
    ]
}

pub(super) fn ladders() -> Files {
    let ladder = PTLC.offered.pre_signatures().expect("a PTLC has them").to_bytes();
    // Outpoint, script with its length, and then the number of rungs.
    let count = 36 + 1 + usize::from(ladder[36]);
    let mut one_rung = ladder.clone();
    one_rung[count] = 1;
    one_rung.truncate(count + 1 + 105);
    let mut other_value = ladder.clone();
    other_value[count + 1] ^= 1;
    let truncated = ladder[..ladder.len() - 1].to_vec();
    vec![
        ("valid-right", ladder),
        ("valid-one-rung", one_rung),
        ("valid-other-value", other_value),
        ("refused-truncated", truncated),
    ]
}

pub(super) fn transactions() -> Files {
    let mut keypath = PTLC.claim.clone();
    keypath.input[0].witness = bitcoin::Witness::from_slice(&[[1; 64]]);
    vec![
        ("valid-ptlc-claim", serialize(&PTLC.claim)),
        ("valid-htlc-claim", serialize(&HTLC.claim)),
        ("valid-key-path", serialize(&keypath)),
        ("refused-additions", b"\0\x02\0\x01\x03one\x40two".to_vec()),
    ]
}

pub(super) fn journal_files() -> Files {
    let long = [7; 900];
    let groups: [&[&[u8]]; 3] = [&[b"one", b""], &[&long], &[b"four", b"five"]];
    let bytes = FileJournal::to_bytes(NAME, &groups).expect("short groups");
    let cut = bytes[..bytes.len() - 3].to_vec();
    let zeros = [bytes.as_slice(), &[0; 40]].concat();
    let mut flipped = bytes.clone();
    *flipped.last_mut().expect("a checksum") ^= 1;
    let of_another = FileJournal::to_bytes("another", &groups).expect("short groups");
    // Three groups of one to three records, and then a place with each kind of damage.
    let built = |damage: [u8; 4]| {
        let lengths = [0, 3, 0, 1, 0, 20, 0, 9, 2, 88, 0, 2, 0, 5, 0, 1, 0, 200, 1, 144];
        [lengths.as_slice(), &damage].concat()
    };
    vec![
        ("valid-file", bytes),
        ("valid-cut-off", cut),
        ("valid-zeros", zeros),
        ("valid-groups", built([0, 99, 0, 0])),
        ("valid-groups-zeros", built([0, 150, 1, 0])),
        ("valid-groups-flipped", built([0, 140, 2, 3])),
        ("refused-flipped", flipped),
        ("refused-name", of_another),
        ("refused-version", b"pointlock journal 2\n".to_vec()),
    ]
}

pub(super) fn claims_files() -> Files {
    let id = PolynomialId::from_bytes([1; 32]);
    let x = PayerScalar::from_bytes(&[3; 32]).expect("below n");
    let edge = |number| EdgeId::in_channel([4; 32], Direction::FromNode2, number);
    let lock = fixed_scalar(5).to_point();
    let locks = LockSet::new([(edge(0), lock), (edge(1), lock)]).expect("two edges");
    let invoice = InvoiceId::from_bytes([2; 32]);
    let records: Vec<Vec<u8>> = [
        ClaimEntry::Polynomial { id, invoice, k: 2 },
        ClaimEntry::Claim { id, x, locks },
        ClaimEntry::Retirement { id },
        ClaimEntry::RetirementOfAll,
    ]
    .iter()
    .map(|entry| entry.to_record().to_vec())
    .collect();
    let group: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    let file = FileJournal::to_bytes("claims 3", &[&group[..1], &group[1..]]);
    let mut descending = records[1].clone();
    let (first, second) = descending[65..].split_at_mut(74);
    first.swap_with_slice(second);
    let file_2 = include_bytes!("../../../store/tests/fixtures/claims_2.bin").to_vec();
    let mut flipped_2 = file_2.clone();
    flipped_2[200] ^= 1;
    vec![
        ("valid-file-3", file.expect("a short group")),
        ("valid-file-2-cut-off", file_2[..file_2.len() - 1].to_vec()),
        ("valid-file-2", file_2),
        ("valid-polynomial", records[0].clone()),
        ("valid-claim", records[1].clone()),
        ("valid-retirement", records[2].clone()),
        ("valid-retirement-of-all", records[3].clone()),
        ("refused-descending", descending),
        ("refused-file-1", b"pointlock claims 1\n".to_vec()),
        ("refused-file-2-flipped", flipped_2),
    ]
}

/// Steps of a ledger. A number is two bytes.
pub(super) fn holds() -> Files {
    let step = |numbers: &[u16]| {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>()
    };
    // What is done; which hold, its amount, cutoff and neighbour.
    let hold = |id, cutoff| step(&[0, id, 2, cutoff, id % 2]);
    let release = |id, by| step(&[1, id, by]);
    let blocks = |count| step(&[2, count]);
    let confirm = |id, how| step(&[3, id, how]);
    let (restart, resume) = (step(&[4]), step(&[5]));
    vec![
        ("valid-released", [hold(1, 20), release(1, 1), restart.clone(), confirm(1, 0)].concat()),
        ("valid-failed", [hold(1, 5), blocks(6), resume, confirm(1, 1), release(1, 1)].concat()),
        ("valid-caps", (0..8).map(|id| hold(id, 30)).collect::<Vec<_>>().concat()),
        ("valid-repeated", [hold(1, 20), hold(1, 20), hold(1, 21), release(1, 2)].concat()),
        ("refused-nothing-held", [release(1, 1), blocks(3), restart].concat()),
    ]
}

/// Lock, paths and what waits; then steps of nodes that pay each other. A number is two bytes, what waits one.
pub(super) fn schedules() -> Files {
    let world = |kind: u16, paths: u16, waiting: u8| {
        [&kind.to_be_bytes()[..], &paths.to_be_bytes(), &[waiting]].concat()
    };
    let step = |numbers: &[u16]| {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>()
    };
    // Who, parts less one, trampoline at 0, amount, hold at 0 (and for how long), where the y's are from.
    let pay = |parts, trampoline| step(&[0, 0, parts, trampoline, 7, 1, 0]);
    let held = |blocks| step(&[0, 0, 0, 1, 7, 0, blocks, 0]);
    let (next, run) = (step(&[2, 1]), step(&[3]));
    let mine = |blocks| step(&[4, blocks]);
    let (mail, twice, lost) = (step(&[5, 0]), step(&[5, 1]), step(&[5, 2]));
    vec![
        ("valid-point", [world(0, 0, 0), pay(0, 1), run.clone()].concat()),
        ("valid-hash", [world(1, 0, 16), pay(0, 1), next.clone(), run.clone()].concat()),
        ("valid-own-points", [world(2, 0, 0), pay(1, 1), run.clone()].concat()),
        ("valid-path", [world(0, 1, 0), pay(1, 1), next, run.clone()].concat()),
        ("valid-trampoline", [world(0, 0, 0), pay(0, 0), run.clone()].concat()),
        ("valid-held", [world(0, 0, 1), held(50), run.clone(), mine(10), mail].concat()),
        ("valid-held-mail-twice", [world(0, 0, 1), held(50), run.clone(), twice].concat()),
        ("refused-held-mail-lost", [world(0, 0, 1), held(50), run, lost, mine(59)].concat()),
    ]
}

pub(super) fn lines() -> Files {
    let scalar = |byte: u8| format!("{byte:02x}").repeat(32);
    let point = fixed_scalar(2).to_point();
    let line = |text: String| (text + "\n").into_bytes();
    let claim =
        format!(r#"{{"op":"lock.claim","lock_secret":"{}","blind":"{}"}}"#, scalar(5), scalar(2));
    let pre_sign = |scheme: &str| {
        format!(
            r#"{{"op":"{scheme}.pre_sign","secret_key":"{}","message":"{}","adaptor_point":"{point}","aux_rand":"{}"}}"#,
            scalar(1),
            scalar(3),
            scalar(4)
        )
    };
    let [_, _, _, (_, invoice), ..] = invoices();
    let decode = format!(r#"{{"op":"invoice.decode","invoice":"{}"}}"#, lni(&invoice));
    vec![
        ("valid-claim", line(claim.clone())),
        ("valid-schnorr", line(pre_sign("schnorr"))),
        ("valid-ecdsa", line(pre_sign("ecdsa"))),
        ("valid-decode", line(decode)),
        ("valid-last-without-end", format!("\n{{}}\n{claim}").into_bytes()),
        ("refused-operation", line(r#"{"op":"lock.open"}"#.to_owned())),
        ("refused-no-json", b"{]\n\xff\n[]\n".to_vec()),
    ]
}

/// Those of the examples, and what is none.
pub(super) fn scenarios() -> Files {
    vec![
        (
            "valid-everything",
            include_bytes!("../../../examples/scenarios/everything.toml").to_vec(),
        ),
        ("valid-direct", include_bytes!("../../../examples/scenarios/direct.toml").to_vec()),
        (
            "valid-trampoline",
            include_bytes!("../../../examples/scenarios/trampoline.toml").to_vec(),
        ),
        ("valid-two-polynomials", {
            include_bytes!("../../../examples/scenarios/two-polynomials.toml").to_vec()
        }),
        ("refused-system", b"title = \"x\"\nsystem = \"S9\"\nevents = []\n".to_vec()),
        ("refused-no-toml", b"= =".to_vec()),
    ]
}
