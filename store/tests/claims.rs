//! The books of claims: the rules against a model, and the file against every place at which a node can be killed.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pointlock::claims::{
    ClaimBook, ClaimEntry, ClaimError, ClaimStore, Claimed, LockSet, MemoryClaimStore,
};
use pointlock::curve::SecretScalar;
use pointlock::edge::{Direction, EdgeId};
use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::{PayerScalar, PolynomialId};
use pointlock::journal::Recordable;
use pointlock_store::{FileClaimStore, FileStoreError, Migration, Origin};
use proptest::prelude::*;

/// "pointlock journal 1\n", "claims 3" with its length, how it starts, and a checksum.
const HEADER_LENGTH: usize = 20 + 9 + 1 + 32;

/// A path of its own, where no file is.
fn path(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("claims-{name}"));
    for path in [&path, &path.with_extension("lock")] {
        let _ = std::fs::remove_file(path);
    }
    path
}

fn polynomial(index: u8) -> PolynomialId {
    PolynomialId::from_bytes([index; 32])
}

fn invoice(index: u8) -> InvoiceId {
    InvoiceId::from_bytes([index; 32])
}

fn x(index: u8) -> PayerScalar {
    PayerScalar::from_bytes(&[index + 1; 32]).unwrap()
}

/// Sets that differ in the contracts, in the locks, or in their number.
fn locks(index: u8) -> LockSet {
    let lock = |index| SecretScalar::from_bytes(&[index; 32]).unwrap().to_point();
    let contract = |number| EdgeId::in_channel([0; 32], Direction::FromNode1, number);
    match index % 4 {
        0 => LockSet::new([(contract(1), lock(1))]),
        1 => LockSet::new([(contract(2), lock(1))]),
        2 => LockSet::new([(contract(1), lock(2))]),
        _ => LockSet::new([(contract(1), lock(1)), (contract(2), lock(2))]),
    }
    .unwrap()
}

/// What is to be done to a book.
#[derive(Clone, Copy, Debug)]
enum Step {
    Open {
        polynomial: u8,
        invoice: u8,
        k: u8,
    },
    Claim {
        polynomial: u8,
        x: u8,
        locks: u8,
    },
    Retire {
        polynomial: u8,
    },
    RetireAll,
    /// Killed, and started again.
    Restart,
    /// Killed after so many bytes of the next record, and started again.
    CutOff {
        kept: u8,
    },
    /// Started from a copy.
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0u8..3, 0u8..2, 0u8..4)
            .prop_map(|(polynomial, invoice, k)| Step::Open { polynomial, invoice, k }),
        12 => (0u8..4, 0u8..5, 0u8..4)
            .prop_map(|(polynomial, x, locks)| Step::Claim { polynomial, x, locks }),
        1 => (0u8..4).prop_map(|polynomial| Step::Retire { polynomial }),
        1 => Just(Step::RetireAll),
        2 => Just(Step::Restart),
        2 => (1u8..40).prop_map(|kept| Step::CutOff { kept }),
        1 => Just(Step::Restore),
    ]
}

/// The rules in the plainest form.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    /// Invoice, k, retired, and the locks of each x.
    polynomials: BTreeMap<u8, (u8, u8, bool, BTreeMap<u8, u8>)>,
}

impl Model {
    /// What a step should say: "" is yes.
    fn apply(&mut self, step: Step) -> &'static str {
        match step {
            Step::Open { k: 0, .. } => "degree",
            Step::Open { polynomial, invoice, k } => match self.polynomials.get(&polynomial) {
                Some(found) if (found.0, found.1) != (invoice, k) => "in use",
                Some(_) => "",
                None => {
                    self.polynomials.insert(polynomial, (invoice, k, false, BTreeMap::new()));
                    ""
                }
            },
            Step::Claim { polynomial, x, locks } => {
                let Some((_, k, retired, claims)) = self.polynomials.get_mut(&polynomial) else {
                    return "unknown";
                };
                match claims.get(&x) {
                    Some(recorded) if *recorded == locks => "again",
                    Some(_) => "claimed",
                    None if *retired => "retired",
                    None if claims.len() >= usize::from(*k) => "full",
                    None => {
                        claims.insert(x, locks);
                        ""
                    }
                }
            }
            Step::Retire { polynomial } => match self.polynomials.get_mut(&polynomial) {
                Some(found) => {
                    found.2 = true;
                    ""
                }
                None => "unknown",
            },
            Step::RetireAll | Step::Restore => {
                self.polynomials.values_mut().for_each(|found| found.2 = true);
                ""
            }
            Step::Restart | Step::CutOff { .. } => "",
        }
    }

    fn check<S: ClaimStore>(&self, book: &ClaimBook<S>) {
        let store = book.store();
        for index in 0..4 {
            let state = store.polynomial(&polynomial(index)).unwrap();
            let Some((of_invoice, k, retired, claims)) = self.polynomials.get(&index) else {
                assert_eq!(state, None);
                continue;
            };
            let state = state.unwrap();
            assert_eq!(state.invoice, invoice(*of_invoice));
            assert_eq!((state.k, state.retired), (u32::from(*k), *retired));
            assert_eq!(state.claimed as usize, claims.len());
            assert!(claims.len() <= usize::from(*k), "more claims than the polynomial bears");
            let left = if *retired { 0 } else { u32::from(*k) - state.claimed };
            assert_eq!(book.slots_left(&polynomial(index)).unwrap(), left);
            for x_index in 0..6 {
                let recorded = store.claim(&polynomial(index), &x(x_index)).unwrap();
                assert_eq!(recorded, claims.get(&x_index).map(|index| locks(*index)));
            }
        }
    }
}

fn word<T>(result: Result<T, ClaimError>, yes: fn(T) -> &'static str) -> &'static str {
    match result {
        Ok(value) => yes(value),
        Err(ClaimError::UnknownPolynomial(_)) => "unknown",
        Err(ClaimError::PolynomialInUse { .. }) => "in use",
        Err(ClaimError::DegreeOutOfRange { .. }) => "degree",
        Err(ClaimError::NoSlotLeft { .. }) => "full",
        Err(ClaimError::Retired(_)) => "retired",
        Err(ClaimError::AlreadyClaimed(_)) => "claimed",
        Err(other) => panic!("{other:?}"),
    }
}

/// A step that is the book's; none of the node's restarts.
fn apply<S: ClaimStore>(book: &mut ClaimBook<S>, step: Step) -> &'static str {
    match step {
        Step::Open { polynomial: index, invoice: of, k } => {
            word(book.open(polynomial(index), invoice(of), usize::from(k)), |()| "")
        }
        Step::Claim { polynomial: index, x: of, locks: set } => {
            word(book.claim(&polynomial(index), &x(of), &locks(set)), |claimed| match claimed {
                Claimed::First => "",
                Claimed::Again => "again",
            })
        }
        Step::Retire { polynomial: index } => word(book.retire(&polynomial(index)), |()| ""),
        Step::RetireAll | Step::Restore => word(book.retire_all(), |()| ""),
        Step::Restart | Step::CutOff { .. } => "",
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn memory_follows_the_model(steps in prop::collection::vec(step(), 1..60)) {
        let mut book = ClaimBook::new(MemoryClaimStore::default());
        let mut model = Model::default();
        for step in steps {
            prop_assert_eq!(apply(&mut book, step), model.apply(step), "{:?}", step);
            model.check(&book);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_file_follows_the_model(steps in prop::collection::vec(step(), 1..40)) {
        let path = path("model");
        let mut book = ClaimBook::new(FileClaimStore::create(&path).unwrap());
        let mut model = Model::default();
        for step in steps {
            let said = match step {
                Step::Restart | Step::Restore | Step::CutOff { .. } => {
                    drop(book);
                    if let Step::CutOff { kept } = step {
                        append_part_of_a_record(&path, kept);
                    }
                    let origin = match step {
                        Step::Restore => Origin::Restored,
                        _ => Origin::Continued,
                    };
                    book = ClaimBook::new(FileClaimStore::open(&path, origin).unwrap());
                    ""
                }
                step => apply(&mut book, step),
            };
            prop_assert_eq!(said, model.apply(step), "{:?}", step);
            model.check(&book);
        }
    }
}

/// What a kill leaves in the middle of a write: the record of some other polynomial, less its end.
fn append_part_of_a_record(path: &Path, kept: u8) {
    let copy = path.with_extension("next");
    std::fs::copy(path, &copy).unwrap();
    let before = std::fs::metadata(path).unwrap().len() as usize;
    let mut store = FileClaimStore::open(&copy, Origin::Continued).unwrap();
    assert!(store.insert_polynomial(polynomial(77), invoice(77), 1).unwrap());
    let bytes = std::fs::read(&copy).unwrap();
    std::fs::write(path, &bytes[..before + usize::from(kept)]).unwrap();
}

/// A file with all kinds of records, and where each of them ends.
fn sample(path: &Path) -> (Vec<u8>, Vec<(usize, Model)>) {
    let steps = [
        Step::Open { polynomial: 0, invoice: 0, k: 3 },
        Step::Claim { polynomial: 0, x: 0, locks: 0 },
        Step::Open { polynomial: 1, invoice: 1, k: 2 },
        Step::Claim { polynomial: 1, x: 0, locks: 3 },
        Step::Retire { polynomial: 1 },
        Step::Claim { polynomial: 0, x: 2, locks: 1 },
        Step::RetireAll,
    ];
    let mut book = ClaimBook::new(FileClaimStore::create(path).unwrap());
    let mut model = Model::default();
    let mut ends = vec![(HEADER_LENGTH, model.clone())];
    for step in steps {
        assert_eq!(apply(&mut book, step), "");
        assert_eq!(model.apply(step), "");
        ends.push((std::fs::read(path).unwrap().len(), model.clone()));
    }
    (std::fs::read(path).unwrap(), ends)
}

#[test]
fn killed_after_any_byte() {
    let (bytes, ends) = sample(&path("prefix-source"));
    let path = path("prefix");
    // Every byte is tried on a simulated disk; here, where each start flushes, those around the ends and some between.
    let near = |length: usize| ends.iter().any(|(end, _)| length.abs_diff(*end) < 10);
    for length in (0..=bytes.len()).filter(|length| length % 17 == 0 || near(*length)) {
        std::fs::write(&path, &bytes[..length]).unwrap();
        if length < HEADER_LENGTH {
            // Killed while it was created: nothing was ever recorded.
            let refused = FileClaimStore::open(&path, Origin::Continued).unwrap_err();
            assert!(matches!(refused, FileStoreError::NotAJournal));
            drop(FileClaimStore::create(&path).unwrap());
            assert_eq!(std::fs::read(&path).unwrap(), &bytes[..HEADER_LENGTH]);
            continue;
        }
        let (_, model) = ends.iter().rfind(|(end, _)| *end <= length).unwrap();
        let mut model = model.clone();
        let mut book = ClaimBook::new(FileClaimStore::open(&path, Origin::Continued).unwrap());
        model.check(&book);
        // It goes on behind the last whole record, and that is still there after another restart.
        let next = Step::Open { polynomial: 2, invoice: 1, k: 2 };
        assert_eq!(apply(&mut book, next), model.apply(next));
        drop(book);
        let book = ClaimBook::new(FileClaimStore::open(&path, Origin::Continued).unwrap());
        model.check(&book);
    }
}

#[test]
fn no_flipped_bit_goes_unseen() {
    let (bytes, ends) = sample(&path("flip-source"));
    let path = path("flip");
    // Every bit of the first two records, and one of each byte behind them.
    let all = ends[2].0 * 8;
    for bit in (0..bytes.len() * 8).filter(|bit| *bit < all || bit % 8 == bit / 8 % 8) {
        let mut broken = bytes.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &broken).unwrap();
        let refused = FileClaimStore::open(&path, Origin::Continued).unwrap_err();
        let place = bit / 8;
        if place < HEADER_LENGTH {
            let named = matches!(
                refused,
                FileStoreError::NotAJournal | FileStoreError::OtherVersion { .. }
            );
            assert!(named, "{refused}");
            continue;
        }
        let (start, model) = ends.iter().rfind(|(end, _)| *end <= place).unwrap();
        assert!(
            matches!(refused, FileStoreError::Damaged { offset, .. } if offset == *start as u64),
            "bit {bit}: {refused}"
        );
        // As a backup it opens, up to the damage, and with everything retired.
        if bit % 41 == 0 {
            let mut model = model.clone();
            model.apply(Step::Restore);
            let book = ClaimBook::new(FileClaimStore::open(&path, Origin::Restored).unwrap());
            model.check(&book);
            drop(book);
            let book = ClaimBook::new(FileClaimStore::open(&path, Origin::Continued).unwrap());
            model.check(&book);
        }
    }
}

#[test]
fn records_neither_move_nor_repeat() {
    let (bytes, ends) = sample(&path("move-source"));
    let path = path("move");
    let record = |index: usize| &bytes[ends[index].0..ends[index + 1].0];
    let header = &bytes[..HEADER_LENGTH];
    let refused = |parts: &[&[u8]]| {
        std::fs::write(&path, parts.concat()).unwrap();
        FileClaimStore::open(&path, Origin::Continued).is_err()
    };
    assert!(!refused(&[header, record(0), record(1)]));
    assert!(refused(&[header, record(0), record(0)]));
    assert!(refused(&[header, record(1)]));
    assert!(refused(&[header, record(0), record(2), record(1)]));
    // Zeros are what a write leaves that never arrived.
    assert!(!refused(&[header, record(0), record(1), &[0; 200]]));
    assert!(refused(&[header, record(0), record(1), &[1; 200]]));
}

#[test]
fn created_once_and_written_by_one() {
    let path = path("one-writer");
    assert!(matches!(
        FileClaimStore::open(&path, Origin::Continued).unwrap_err(),
        FileStoreError::Io { .. }
    ));
    let store = FileClaimStore::create(&path).unwrap();
    let second = FileClaimStore::open(&path, Origin::Continued).unwrap_err();
    assert!(matches!(second, FileStoreError::OtherWriter), "{second}");
    let second = FileClaimStore::create(&path).unwrap_err();
    assert!(matches!(second, FileStoreError::OtherWriter), "{second}");
    drop(store);
    let again = FileClaimStore::create(&path).unwrap_err();
    assert!(matches!(again, FileStoreError::Exists), "{again}");
    assert!(FileClaimStore::open(&path, Origin::Continued).is_ok());
}

#[test]
fn a_backup_claims_what_it_knows_and_nothing_new() {
    let (file, backup) = (path("live"), path("backup"));
    let mut book = ClaimBook::new(FileClaimStore::create(&file).unwrap());
    book.open(polynomial(0), invoice(0), 2).unwrap();
    book.claim(&polynomial(0), &x(0), &locks(0)).unwrap();
    let kept = book.store().head();
    std::fs::copy(&file, &backup).unwrap();
    // After the backup, the last slot.
    book.claim(&polynomial(0), &x(1), &locks(1)).unwrap();
    let newest = book.store().head();
    assert!(book.store().has_been_at(&kept) && book.store().has_been_at(&newest));
    drop(book);

    // The head that was kept elsewhere tells: the copy is not what the node wrote last.
    let store = FileClaimStore::open(&backup, Origin::Continued).unwrap();
    assert!(store.has_been_at(&kept) && !store.has_been_at(&newest));
    drop(store);

    // Opened as a backup it would not take a third x, which would have revealed the polynomial.
    let mut book = ClaimBook::new(FileClaimStore::open(&backup, Origin::Restored).unwrap());
    let retired = |result| matches!(result, Err(ClaimError::Retired(id)) if id == polynomial(0));
    assert!(retired(book.claim(&polynomial(0), &x(2), &locks(2))));
    assert_eq!(book.claim(&polynomial(0), &x(0), &locks(0)).unwrap(), Claimed::Again);
    assert!(matches!(
        book.claim(&polynomial(0), &x(0), &locks(1)),
        Err(ClaimError::AlreadyClaimed(_))
    ));
    // Not even x(1), which was claimed, because the backup can't know with which locks; and it stays so.
    assert!(retired(book.claim(&polynomial(0), &x(1), &locks(1))));
    drop(book);
    let mut book = ClaimBook::new(FileClaimStore::open(&backup, Origin::Continued).unwrap());
    assert!(retired(book.claim(&polynomial(0), &x(2), &locks(2))));
    // A fresh polynomial is none of the backup's.
    book.open(polynomial(1), invoice(1), 1).unwrap();
    assert_eq!(book.claim(&polynomial(1), &x(2), &locks(2)).unwrap(), Claimed::First);
}

#[test]
fn sets_of_locks() {
    let lock = SecretScalar::from_bytes(&[1; 32]).unwrap().to_point();
    let contract = |number| EdgeId::in_channel([0; 32], Direction::FromNode1, number);
    let of = |count: u64| LockSet::new((0..count).map(|vout| (contract(vout), lock)));
    assert_eq!(of(0), Err(ClaimError::NoSet { count: 0 }));
    assert_eq!(of(484), Err(ClaimError::NoSet { count: 484 }));
    let twice = LockSet::new([(contract(1), lock), (contract(1), lock)]);
    assert_eq!(twice, Err(ClaimError::NoSet { count: 2 }));
    let order = LockSet::new([(contract(2), lock), (contract(1), lock.negate())]).unwrap();
    let other_order = LockSet::new([(contract(1), lock.negate()), (contract(2), lock)]).unwrap();
    assert_eq!(order, other_order);

    // The largest set is written and read.
    let path = path("largest");
    let mut book = ClaimBook::new(FileClaimStore::create(&path).unwrap());
    book.open(polynomial(0), invoice(0), 1).unwrap();
    book.claim(&polynomial(0), &x(0), &of(483).unwrap()).unwrap();
    drop(book);
    let store = FileClaimStore::open(&path, Origin::Continued).unwrap();
    assert_eq!(store.claim(&polynomial(0), &x(0)).unwrap(), Some(of(483).unwrap()));
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}

/// What the fixtures of the release 0.1.0 hold.
fn fixture_model() -> Model {
    let mut model = Model::default();
    for step in [
        Step::Open { polynomial: 0, invoice: 0, k: 3 },
        Step::Claim { polynomial: 0, x: 0, locks: 0 },
        Step::Open { polynomial: 1, invoice: 1, k: 2 },
        Step::Claim { polynomial: 1, x: 0, locks: 3 },
        Step::Retire { polynomial: 1 },
        Step::Claim { polynomial: 0, x: 2, locks: 1 },
    ] {
        assert_eq!(model.apply(step), "");
    }
    model
}

/// A file of version 2 is named and left alone until it is migrated, which says what it did.
#[test]
fn a_store_of_version_2_is_migrated() {
    let path = path("migrated");
    for (name, records, restored) in
        [("claims_2.bin", 6, false), ("claims_2_restored.bin", 7, true)]
    {
        let old = fixture(name);
        // As it is, with a record whose write was cut off, and with one of which only zeros arrived.
        for rest in [&b""[..], b"\0\0\0\x45abc", &[0; 8], &[0; 700]] {
            std::fs::write(&path, [&old, rest].concat()).unwrap();
            for origin in [Origin::Continued, Origin::Restored] {
                let refused = FileClaimStore::open(&path, origin).unwrap_err();
                let named =
                    matches!(refused, FileStoreError::OtherVersion { version: 2, reads: 3, .. });
                assert!(named, "{refused}");
            }
            let done = FileClaimStore::migrate(&path).unwrap();
            let dropped_bytes = rest.len() as u64;
            let expected =
                Migration { from: 2, to: 3, records, polynomials: 2, claims: 3, dropped_bytes };
            assert_eq!(done, expected);
            let mut model = fixture_model();
            if restored {
                model.apply(Step::RetireAll);
            }
            model.check(&ClaimBook::new(FileClaimStore::open(&path, Origin::Continued).unwrap()));
            // Once is enough, and nothing is left beside it but the lock.
            assert!(matches!(FileClaimStore::migrate(&path), Err(FileStoreError::Exists)));
            let migrated = path.with_extension("migrated");
            assert!(!migrated.exists() && !migrated.with_extension("migrated.lock").exists());
        }
    }
    // What a migration that was cut off has left is no obstacle.
    std::fs::write(&path, fixture("claims_2.bin")).unwrap();
    std::fs::write(path.with_extension("migrated"), b"pointlock journal 1\nhalf").unwrap();
    assert_eq!(FileClaimStore::migrate(&path).unwrap().records, 6);
}

/// A bit anywhere in a file of version 2 is seen, and the file left as it was.
#[test]
fn a_damaged_store_of_version_2_is_not_migrated() {
    let (path, old) = (path("unmigrated"), fixture("claims_2.bin"));
    for place in 0..old.len() {
        let mut broken = old.clone();
        broken[place] ^= 1 << (place % 8);
        std::fs::write(&path, &broken).unwrap();
        FileClaimStore::migrate(&path).unwrap_err();
        assert_eq!(std::fs::read(&path).unwrap(), broken);
    }
    std::fs::write(&path, &old).unwrap();
    assert!(FileClaimStore::migrate(&path).is_ok());
}

/// The bytes that this release writes, for good: a later one reads them or migrates them.
#[test]
fn the_bytes_of_version_3() {
    let file = path("fixture_3");
    let mut book = ClaimBook::new(FileClaimStore::create(&file).unwrap());
    for step in [
        Step::Open { polynomial: 0, invoice: 0, k: 3 },
        Step::Claim { polynomial: 0, x: 0, locks: 0 },
        Step::Open { polynomial: 1, invoice: 1, k: 2 },
        Step::Claim { polynomial: 1, x: 0, locks: 3 },
        Step::Retire { polynomial: 1 },
        Step::Claim { polynomial: 0, x: 2, locks: 1 },
    ] {
        assert_eq!(apply(&mut book, step), "");
    }
    drop(book);
    assert_eq!(std::fs::read(&file).unwrap(), fixture("claims_3.bin"));
    let copy = path("fixture_3_read");
    std::fs::write(&copy, fixture("claims_3.bin")).unwrap();
    fixture_model().check(&ClaimBook::new(FileClaimStore::open(&copy, Origin::Continued).unwrap()));
}

/// What changes nothing is said to, by the store itself: its book asks only for what does.
fn says_what_it_did(store: &mut impl ClaimStore) {
    let (id, retired) = (polynomial(0), polynomial(1));
    assert_eq!(store.insert_claim(id, x(0), locks(0)), Ok(false), "unknown");
    assert_eq!(store.insert_polynomial(id, invoice(0), 3), Ok(true));
    assert_eq!(store.insert_polynomial(id, invoice(1), 3), Ok(false));
    assert_eq!(store.insert_claim(id, x(0), locks(0)), Ok(true));
    assert_eq!(store.insert_claim(id, x(0), locks(1)), Ok(false));
    let group = [(id, 0), (id, 1), (id, 1), (retired, 1), (id, 2)];
    let group = group.map(|(id, at)| (id, x(at), locks(at))).to_vec();
    assert_eq!(store.insert_claims(group), Ok(vec![false, true, false, false, true]));
    assert_eq!(store.claim(&id, &x(0)), Ok(Some(locks(0))));

    assert_eq!(store.insert_retired_polynomial(retired, invoice(1), 1), Ok(true));
    assert!(store.polynomial(&retired).unwrap().unwrap().retired);
    assert_eq!(store.insert_retired_polynomial(id, invoice(0), 3), Ok(false));
    let state = store.polynomial(&id).unwrap().unwrap();
    assert!(!state.retired && state.claimed == 3 && state.invoice == invoice(0));
    assert_eq!(store.retire(polynomial(2)), Ok(false));
}

#[test]
fn a_store_says_what_it_did_and_writes_nothing_else() {
    let mut memory = MemoryClaimStore::default();
    says_what_it_did(&mut memory);
    assert_eq!(memory.in_memory(), Some(&memory));

    let file = path("says");
    let mut store = FileClaimStore::create(&file).unwrap();
    says_what_it_did(&mut store);
    assert_eq!(store.in_memory(), None);
    let written = std::fs::read(&file).unwrap();
    assert_eq!(store.insert_claim(polynomial(2), x(0), locks(0)), Ok(false));
    assert_eq!(store.insert_claim(polynomial(0), x(0), locks(0)), Ok(false));
    assert_eq!(store.insert_polynomial(polynomial(0), invoice(0), 3), Ok(false));
    assert_eq!(store.retire(polynomial(1)), Ok(true));
    assert_eq!(std::fs::read(&file).unwrap(), written);
    assert_eq!(store.retire(polynomial(0)), Ok(true));
    assert_ne!(std::fs::read(&file).unwrap(), written);
}

#[test]
fn a_slot_is_promised_where_a_claim_would_be_made() {
    let mut book = ClaimBook::new(MemoryClaimStore::default());
    let (id, late) = (polynomial(0), polynomial(1));
    assert_eq!(book.check_slot(&id, &x(0)), Err(ClaimError::UnknownPolynomial(id)));
    book.open(id, invoice(0), 1).unwrap();
    book.open_retired(late, invoice(1), 1).unwrap();
    assert_eq!(book.check_slot(&id, &x(0)), Ok(()));
    book.claim(&id, &x(0), &locks(0)).unwrap();
    assert_eq!(book.check_slot(&id, &x(0)), Err(ClaimError::AlreadyClaimed(x(0))));
    let full = Err(ClaimError::NoSlotLeft { polynomial: id, k: 1 });
    assert_eq!(book.check_slot(&id, &x(1)), full);
    assert_eq!(book.check_slot(&late, &x(0)), Err(ClaimError::Retired(late)));
}

#[test]
fn an_entry_ends_where_its_record_does() {
    for entry in [
        ClaimEntry::Polynomial { id: polynomial(0), invoice: invoice(0), k: 2 },
        ClaimEntry::Claim { id: polynomial(0), x: x(0), locks: locks(0) },
        ClaimEntry::Retirement { id: polynomial(0) },
        ClaimEntry::RetirementOfAll,
    ] {
        let record = entry.to_record();
        let longer = [record.as_slice(), &[0]].concat();
        assert!(ClaimEntry::from_record(&longer).is_err(), "{entry:?}");
        assert_eq!(ClaimEntry::from_record(&record), Ok(entry));
    }
}

/// Claims of one call, against the same ones by one.
#[test]
fn claims_together_are_claims_one_by_one() {
    let open = |book: &mut ClaimBook<MemoryClaimStore>| {
        book.open(polynomial(0), invoice(0), 2).unwrap();
        book.open(polynomial(1), invoice(1), 1).unwrap();
        book.open(polynomial(2), invoice(1), 1).unwrap();
        book.retire(&polynomial(2)).unwrap();
    };
    let group = [(0, 0, 0), (0, 0, 0), (0, 0, 1), (1, 0, 0), (1, 1, 0), (2, 0, 0), (3, 0, 0)];
    let group = [group.as_slice(), &[(0, 1, 0), (0, 2, 0), (0, 1, 0)]].concat();
    let group: Vec<_> =
        group.into_iter().map(|(of, at, with)| (polynomial(of), x(at), locks(with))).collect();
    let (mut by_one, mut together) =
        (ClaimBook::new(MemoryClaimStore::default()), ClaimBook::new(MemoryClaimStore::default()));
    open(&mut by_one);
    open(&mut together);
    let said: Vec<_> = group.iter().map(|(of, at, with)| by_one.claim(of, at, with)).collect();
    assert_eq!(together.claim_all(&group).unwrap(), said);
    assert_eq!(together.store(), by_one.store());
    assert_eq!(said.iter().filter(|said| **said == Ok(Claimed::First)).count(), 3);
}

/// What the node's own journal says was claimed is recorded in a restored store, which lacks it and is retired: its secret is out.
#[test]
fn a_claim_that_was_made_is_replayed_into_a_restored_store() {
    let (file, backup) = (path("replay_live"), path("replay_backup"));
    let mut book = ClaimBook::new(FileClaimStore::create(&file).unwrap());
    book.open(polynomial(0), invoice(0), 2).unwrap();
    std::fs::copy(&file, &backup).unwrap();
    book.claim(&polynomial(0), &x(0), &locks(0)).unwrap();
    drop(book);

    let mut book = ClaimBook::new(FileClaimStore::open(&backup, Origin::Restored).unwrap());
    let new = book.claim(&polynomial(0), &x(0), &locks(0));
    assert_eq!(new, Err(ClaimError::Retired(polynomial(0))), "nobody says that it was made");
    assert_eq!(book.replay_claim(&polynomial(0), &x(0), &locks(0)), Ok(Claimed::First));
    assert_eq!(book.claim(&polynomial(0), &x(0), &locks(0)), Ok(Claimed::Again));
    assert_eq!(book.replay_claim(&polynomial(0), &x(0), &locks(0)), Ok(Claimed::Again));
    let other = book.replay_claim(&polynomial(0), &x(0), &locks(1));
    assert_eq!(other, Err(ClaimError::AlreadyClaimed(x(0))));
    // It is durable, it counts, and nothing new is taken.
    drop(book);
    let mut book = ClaimBook::new(FileClaimStore::open(&backup, Origin::Continued).unwrap());
    assert_eq!(book.claim(&polynomial(0), &x(0), &locks(0)), Ok(Claimed::Again));
    assert_eq!(book.store().polynomial(&polynomial(0)).unwrap().unwrap().claimed, 1);
    let new = book.claim(&polynomial(0), &x(1), &locks(1));
    assert_eq!(new, Err(ClaimError::Retired(polynomial(0))));
    // Not more than k, whatever a journal says.
    book.replay_claim(&polynomial(0), &x(1), &locks(1)).unwrap();
    let full = book.replay_claim(&polynomial(0), &x(2), &locks(2));
    assert_eq!(full, Err(ClaimError::NoSlotLeft { polynomial: polynomial(0), k: 2 }));
}

/// The first version named contracts by their outpoints. Its files are refused by name, and not read as something else.
#[test]
fn a_file_of_the_first_release_is_refused_by_its_version() {
    let path = path("version_1");
    std::fs::write(&path, b"pointlock claims 1\n").unwrap();
    for origin in [Origin::Continued, Origin::Restored] {
        let refused = FileClaimStore::open(&path, origin).unwrap_err();
        assert!(matches!(refused, FileStoreError::OtherVersion { version: 1, .. }), "{refused}");
        assert!(refused.to_string().contains("version 1"), "{refused}");
    }
    assert!(matches!(FileClaimStore::create(&path), Err(FileStoreError::Exists)));
    assert_eq!(std::fs::read(&path).unwrap(), b"pointlock claims 1\n", "left as it is");
}
