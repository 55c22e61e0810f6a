//! The journal in a real file: its bytes for good, who may read it, and what the operating system refuses.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::path::{Path, PathBuf};

use pointlock::journal::{Journal, JournalError};
use pointlock_store::{FileJournal, FileStoreError};

fn path(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("journal-{name}"));
    for path in [&path, &path.with_extension("lock"), &path.with_extension("new")] {
        let _ = std::fs::remove_file(path);
    }
    path
}

fn fixture() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join("journal_1.bin")).unwrap()
}

/// The bytes that this release writes, for good: a later one reads them or migrates them.
#[test]
fn the_bytes_of_version_1() {
    let file = path("fixture");
    let journal = FileJournal::create(&file, "receiver of the fixture").unwrap();
    journal.append(&[b"one", b"two"]).unwrap();
    journal.append(&[b"", b"four", b"five"]).unwrap();
    journal.snapshot(3, b"one, two and nothing").unwrap();
    journal.append(&[b"six"]).unwrap();
    let head = journal.head();
    drop(journal);
    assert_eq!(std::fs::read(&file).unwrap(), fixture());

    let copy = path("fixture_read");
    std::fs::write(&copy, fixture()).unwrap();
    let mut journal = FileJournal::open(&copy, "receiver of the fixture").unwrap();
    assert_eq!(journal.cut(), None);
    let history = Journal::read(&mut journal).unwrap();
    let snapshot = history.snapshot.as_ref().unwrap();
    assert_eq!((snapshot.before, snapshot.state.as_slice()), (3, &b"one, two and nothing"[..]));
    let records: Vec<_> = history.numbered().collect();
    assert_eq!(records, [(3, &b"four"[..]), (4, b"five"), (5, b"six")]);
    assert_eq!(journal.head(), head);
}

/// It holds secrets.
#[cfg(unix)]
#[test]
fn readable_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let file = path("mode");
    let journal = FileJournal::create(&file, "a node").unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    journal.snapshot(0, b"state").unwrap();
    assert_eq!(mode(&file), 0o600);
}

/// One file has one writer, by whatever name it is opened.
#[cfg(unix)]
#[test]
fn another_name_is_the_same_file() {
    let (file, link) = (path("named"), path("link"));
    let journal = FileJournal::create(&file, "a node").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    assert!(matches!(FileJournal::open(&link, "a node"), Err(FileStoreError::OtherWriter)));
    drop(journal);
    let journal = FileJournal::open(&link, "a node").unwrap();
    journal.append(&[b"one"]).unwrap();
    journal.snapshot(1, b"state").unwrap();
    drop(journal);
    assert_eq!(FileJournal::open(&file, "a node").unwrap().read().unwrap().next(), 1);
}

/// A snapshot that was not finished is removed: it has secrets in it.
#[test]
fn what_a_snapshot_has_left_is_removed() {
    let file = path("unfinished");
    drop(FileJournal::create(&file, "a node").unwrap());
    std::fs::write(file.with_extension("new"), b"half a snapshot").unwrap();
    let journal = FileJournal::open(&file, "a node").unwrap();
    assert!(!file.with_extension("new").exists());
    journal.append(&[b"one"]).unwrap();
    std::fs::write(file.with_extension("new"), [1; 10_000]).unwrap();
    journal.snapshot(1, b"state").unwrap();
    drop(journal);
    assert_eq!(FileJournal::open(&file, "a node").unwrap().read().unwrap().next(), 1);
}

/// What the operating system refuses is named with what was tried.
#[cfg(target_os = "linux")]
#[test]
fn a_place_that_takes_no_files() {
    let refused = FileJournal::create(Path::new("/proc/pointlock"), "a node").unwrap_err();
    assert!(matches!(refused, FileStoreError::Io { .. }), "{refused}");
    let refused = FileJournal::open(Path::new("/proc/version"), "a node").unwrap_err();
    assert!(matches!(refused, FileStoreError::Io { .. }), "{refused}");
    let said = JournalError::from(refused).to_string();
    assert!(
        said.starts_with("journal: open the file: ") || said.starts_with("journal: lock"),
        "{said}"
    );
    let accepted = FileJournal::create(&path("place"), "a node");
    assert!(accepted.is_ok());
}

/// More than a journal takes at once is refused, and nothing has happened to it.
#[test]
fn no_more_than_it_takes() {
    let journal = FileJournal::create(&path("long"), "a node").unwrap();
    let half = vec![0; pointlock::journal::MAX_LENGTH / 2 + 1];
    let refused = journal.append(&[&half, &half]).unwrap_err();
    let named = matches!(refused, FileStoreError::Journal(JournalError::TooLong { length, .. })
        if length == 2 * half.len());
    assert!(named, "{refused}");
    assert_eq!(journal.append(&[b"short"]).unwrap(), 0);
}
