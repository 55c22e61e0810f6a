//! `pointlock claims` as a receiver runs it when it has a newer release.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pointlock_store::{FileClaimStore, FileStoreError, Origin};

fn run(old: &Path, new: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pointlock"))
        .args(["claims", "migrate"])
        .args([old, new])
        .output()
        .unwrap()
}

/// A file of the release 0.1.0.
fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/tests/fixtures");
    fs::read(folder.join(name)).unwrap()
}

/// An empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("claims-command-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| name(entry.unwrap())).collect();
    names.sort();
    names
}

/// Says what it did, and leaves the old file as it was.
#[test]
fn a_file_of_version_2_is_migrated() {
    let folder = folder("migrated");
    let (old, new) = (folder.join("old"), folder.join("new"));
    for (name, rest, retired, dropped) in [
        ("claims_2.bin", &b""[..], 1, None),
        ("claims_2_restored.bin", b"", 2, None),
        ("claims_2.bin", b"\0\0\0\x45abc", 1, Some(7)),
    ] {
        let _ = fs::remove_file(&new);
        let bytes = [&fixture(name), rest].concat();
        fs::write(&old, &bytes).unwrap();
        let output = run(&old, &new);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty());

        assert_eq!(names(&folder), ["new", "new.lock", "old"]);
        let head = FileClaimStore::open(&new, Origin::Continued).unwrap().head();
        let mut expected = format!(
            "migrated     version 2 to 3\npolynomials  2, {retired} of them retired\nclaims       3\nhead         {} records, {}\n",
            head.records,
            hex::encode(head.checksum)
        );
        if let Some(dropped) = dropped {
            expected += &format!(
                "dropped      {dropped} bytes at the end, a record whose write was cut off\n"
            );
        }
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
        assert_eq!(fs::read(&old).unwrap(), bytes);
        let refused = FileClaimStore::open(&old, Origin::Continued).unwrap_err();
        assert!(matches!(refused, FileStoreError::OtherVersion { version: 2, .. }));
        fs::remove_file(folder.join("old.lock")).unwrap();
    }
}

#[test]
fn what_cannot_be_migrated_is_refused_by_name_and_version() {
    let folder = folder("refused");
    let (old, new) = (folder.join("old"), folder.join("new"));
    let whole = fixture("claims_2.bin");
    let mut damaged = whole.clone();
    damaged[60] ^= 1;
    for (bytes, reason) in [
        (b"pointlock claims 1\n".to_vec(), "a file of claims of version 1: only version 2 can be"),
        (b"pointlock claims 9\n".to_vec(), "a file of claims of version 9: only version 2 can be"),
        (fixture("claims_3.bin"), "of version 3 already"),
        (fixture("journal_1.bin"), "a journal of "),
        (b"lni1something".to_vec(), "no file of claims"),
        (damaged, "record 0 at byte 19 is damaged"),
    ] {
        fs::write(&old, &bytes).unwrap();
        assert_refused(&run(&old, &new), &old, reason);
        assert_eq!(fs::read(&old).unwrap(), bytes);
        assert_eq!(names(&folder), ["old"], "{reason}");
    }
    let missing = folder.join("missing");
    assert_refused(&run(&missing, &new), &missing, "No such file");

    // What is there already is nobody's to replace: another store, and the old one itself.
    fs::write(&old, &whole).unwrap();
    fs::write(&new, b"mine").unwrap();
    assert_refused(&run(&old, &new), &new, "the new file exists already");
    assert_refused(&run(&old, &old), &old, "the new file exists already");
    assert_eq!((fs::read(&old).unwrap(), fs::read(&new).unwrap()), (whole, b"mine".to_vec()));

    fs::remove_file(&new).unwrap();
    assert!(run(&old, &new).status.success());
}

#[track_caller]
fn assert_refused(output: &Output, path: &Path, reason: &str) {
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let error = String::from_utf8_lossy(&output.stderr);
    let expected = format!("pointlock: claims: {}: ", path.display());
    assert!(error.starts_with(&expected) && error.contains(reason), "{error}");
}
