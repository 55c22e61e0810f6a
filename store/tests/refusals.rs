//! Every variant of `FileStoreError` is produced through the public interface. The other crates' tables are in `tests/refusals/`,
//! `sim/tests/refusals/` and `collusion/tests/refusals.rs`.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "../../tests/common/variants.rs"]
mod variants;

use std::path::PathBuf;

use pointlock_store::{FileClaimStore, FileJournal};
use variants::{Case, said};

const NAME: &str = "a node";

/// A path of this name, where there is nothing.
fn path(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("refusals-{name}"));
    for path in [&path, &path.with_extension("lock")] {
        let _ = std::fs::remove_file(path);
    }
    path
}

/// A journal of two records, as bytes.
fn bytes() -> Vec<u8> {
    FileJournal::to_bytes(NAME, &[&[b"one"], &[b"two"]]).unwrap()
}

/// The twin of all that is refused.
fn is_read(bytes: &[u8]) -> bool {
    matches!(FileJournal::parse(bytes, NAME), Ok((history, _)) if history.records.len() == 2)
}

fn changed(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = bytes();
    assert!(is_read(&bytes));
    change(&mut bytes);
    said(FileJournal::parse(&bytes, NAME))
}

const CASES: &[Case] = &[
    ("FileStoreError::Io", || said(FileJournal::open(&path("nowhere"), NAME))),
    ("FileStoreError::OtherWriter", || {
        let path = path("twice");
        let _open = FileJournal::create(&path, NAME).unwrap();
        said(FileJournal::open(&path, NAME))
    }),
    ("FileStoreError::Exists", || {
        let path = path("exists");
        drop(FileJournal::create(&path, NAME).unwrap());
        assert!(FileJournal::open(&path, NAME).is_ok());
        said(FileJournal::create(&path, NAME))
    }),
    ("FileStoreError::Taken", || {
        let (old, new) = (path("old"), path("new"));
        std::fs::write(&old, include_bytes!("fixtures/claims_2.bin")).unwrap();
        assert!(FileClaimStore::migrate_to(&old, &new).is_ok());
        said(FileClaimStore::migrate_to(&old, &new))
    }),
    ("FileStoreError::NotAJournal", || changed(|bytes| bytes[0] ^= 1)),
    ("FileStoreError::OtherVersion", || {
        // The version stands behind the magic, which ends before the name and its length.
        let place = bytes().windows(NAME.len()).position(|part| part == NAME.as_bytes()).unwrap();
        changed(|bytes| bytes[place - 3] += 1)
    }),
    ("FileStoreError::OtherContents", || said(FileJournal::parse(&bytes(), "another node"))),
    ("FileStoreError::NoName", || said(FileJournal::to_bytes("", &[]))),
    ("FileStoreError::Damaged", || {
        let place = bytes().windows(3).position(|part| part == b"one").unwrap();
        changed(|bytes| bytes[place] ^= 1)
    }),
    ("FileStoreError::Journal", || {
        let journal = FileJournal::create(&path("snapshot"), NAME).unwrap();
        journal.append(&[b"one"]).unwrap();
        assert!(journal.snapshot(1, b"state").is_ok());
        said(journal.snapshot(3, b"state"))
    }),
];

#[test]
fn every_variant_is_produced() {
    // A write fails on the simulated disk alone, which is in the package's own tests.
    let elsewhere = variants::named_in_tests(&["store/src"]);
    let counts = variants::check(&["store/src"], &[CASES], &elsewhere, &[]);
    println!("{counts:?}");
    assert_eq!((counts["all"], counts["made here"]), (11, 10), "{counts:?}");
}
