//! The books of claims: the rules against a model, and the file against every place at which a node can be killed.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pointlock::claims::{ClaimBook, ClaimError, ClaimStore, Claimed, LockSet, MemoryClaimStore};
use pointlock::curve::SecretScalar;
use pointlock::edge::{Direction, EdgeId};
use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::{PayerScalar, PolynomialId};
use pointlock_store::{FileClaimStore, FileStoreError, Origin};
use proptest::prelude::*;

const HEADER_LENGTH: usize = 19;

/// A path of its own, where no file is.
fn path(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("claims-{name}"));
    let _ = std::fs::remove_file(&path);
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
    for length in 0..=bytes.len() {
        std::fs::write(&path, &bytes[..length]).unwrap();
        if length < HEADER_LENGTH {
            // Killed while it was created: nothing was ever recorded.
            let refused = FileClaimStore::open(&path, Origin::Continued).unwrap_err();
            assert!(matches!(refused, FileStoreError::NotAStore));
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
            assert!(matches!(refused, FileStoreError::NotAStore), "{refused}");
            continue;
        }
        let (start, model) = ends.iter().rfind(|(end, _)| *end <= place).unwrap();
        assert!(
            matches!(refused, FileStoreError::Damaged { offset } if offset == *start as u64),
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
    assert!(refused(&[header, record(0), record(1), &[0; 200]]));
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
    // Not even x(1), which was claimed, for the backup can't know with which locks; and it stays so.
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

/// The first release named contracts by their outpoints. Its files are refused by name, and not read as something else.
#[test]
fn a_file_of_the_first_release_is_refused_by_its_version() {
    let path = path("version_1");
    std::fs::write(&path, b"pointlock claims 1\n").unwrap();
    for origin in [Origin::Continued, Origin::Restored] {
        let refused = FileClaimStore::open(&path, origin).unwrap_err();
        assert!(matches!(refused, FileStoreError::OtherVersion { version: 1 }), "{refused}");
        assert!(refused.to_string().contains("version 1"), "{refused}");
    }
    assert!(matches!(FileClaimStore::create(&path), Err(FileStoreError::Exists)));
    assert_eq!(std::fs::read(&path).unwrap(), b"pointlock claims 1\n", "left as it is");
}

const CHILD: &str = "POINTLOCK_CLAIM_STORE_CHILD";

fn x_number(number: u32) -> PayerScalar {
    let mut bytes = [1; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    PayerScalar::from_bytes(&bytes).unwrap()
}

/// The process that is killed, in `a_killed_process_loses_nothing`; in a run of its own it does nothing.
#[test]
fn child() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = FileClaimStore::open(Path::new(&path), Origin::Continued).unwrap();
    let mut book = ClaimBook::new(store);
    let first = book.store().polynomial(&polynomial(0)).unwrap().unwrap().claimed;
    for number in first.. {
        book.claim(&polynomial(0), &x_number(number), &locks(number as u8)).unwrap();
        // "Revealed": past the harness, which captures what a test prints.
        std::io::stderr().write_all(format!("revealed {number}\n").as_bytes()).unwrap();
    }
}

#[test]
fn a_killed_process_loses_nothing() {
    let path = path("killed");
    let mut book = ClaimBook::new(FileClaimStore::create(&path).unwrap());
    book.open(polynomial(0), invoice(0), 1_000_000).unwrap();
    drop(book);
    for round in 1..=6 {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut revealed = None;
        for _ in 0..round * 7 {
            let line = lines.next().unwrap().unwrap();
            revealed = Some(line.strip_prefix("revealed ").unwrap().parse::<u32>().unwrap());
        }
        process.kill().unwrap();
        process.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            if let Some(number) = line.strip_prefix("revealed ") {
                revealed = number.parse().ok().max(revealed);
            }
        }
        // The lock is gone with the process; everything revealed is there, and at most one claim more.
        let store = FileClaimStore::open(&path, Origin::Continued).unwrap();
        let claimed = store.polynomial(&polynomial(0)).unwrap().unwrap().claimed;
        let revealed = revealed.unwrap();
        assert!((revealed + 1..=revealed + 2).contains(&claimed), "{revealed}, {claimed}");
        for number in 0..claimed {
            let recorded = store.claim(&polynomial(0), &x_number(number)).unwrap();
            assert_eq!(recorded, Some(locks(number as u8)));
        }
    }
}
