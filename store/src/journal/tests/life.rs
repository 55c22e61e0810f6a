use pointlock::journal::{Journal, JournalError, MemoryJournal};

use super::super::file::JournalFile;
use super::*;
use crate::disk::simulated::{Call, Fault};

/// Every call on the disk, in its order: nothing is believed or acknowledged before it is flushed.
#[test]
fn what_is_flushed_when() {
    let disk = SimulatedDisk::default();
    let journal = create(&disk).unwrap();
    let created = [Call::Create(path().to_owned()), Call::Write, Call::Sync, Call::SyncFolder];
    assert_eq!(disk.calls(), created);
    append(&journal, 0, 3).unwrap();
    assert_eq!(disk.calls()[4..], [Call::Write, Call::Sync]);
    journal.snapshot(2, &state(2)).unwrap();
    let new = Path::new("/node/journal.new").to_owned();
    let snapshot = [
        Call::Create(new),
        Call::SetLength,
        Call::Write,
        Call::Sync,
        Call::Rename,
        Call::SyncFolder,
    ];
    assert_eq!(disk.calls()[6..], snapshot);
    drop(journal);

    let disk = disk.after_kill();
    let journal = open(&disk).unwrap();
    assert_eq!(disk.calls(), [Call::Write, Call::Sync, Call::SyncFolder]);
    assert_eq!(check(&journal.read().unwrap()), 3);
}

/// The file does what the journal in memory does.
#[test]
fn file_and_memory_agree() {
    let disk = SimulatedDisk::default();
    let mut file = create(&disk).unwrap();
    let mut memory = MemoryJournal::default();
    let journals: [&mut dyn Journal; 2] = [&mut file, &mut memory];
    let mut histories = Vec::new();
    for journal in journals {
        assert_eq!(journal.append(&[b"one", b""]), Ok(0));
        assert_eq!(journal.append(&[]), Ok(2));
        assert_eq!(journal.append(&[b"three"]), Ok(2));
        let out = |before, oldest| JournalError::SnapshotOutOfRange { before, oldest, next: 3 };
        assert_eq!(journal.snapshot(4, b"s"), Err(out(4, 0)));
        assert_eq!(journal.snapshot(1, b"s"), Ok(()));
        assert_eq!(journal.snapshot(0, b"s"), Err(out(0, 1)));
        assert_eq!(journal.snapshot(1, b"the same place again"), Ok(()));
        assert_eq!(journal.append(&[b"four"]), Ok(3));
        histories.push(journal.read().unwrap());
    }
    assert_eq!(histories[0], histories[1]);
    assert_eq!(histories[0].first(), 1);
    assert_eq!(histories[0].records.len(), 3);
    drop(file);
    assert_eq!(open(&disk).unwrap().read().unwrap(), histories[1]);
    // Read twice, the second time from the file.
    let mut file = open(&disk).unwrap();
    assert_eq!(Journal::read(&mut file).unwrap(), histories[1]);
    assert_eq!(Journal::read(&mut file).unwrap(), histories[1]);
}

#[test]
fn created_once_and_written_by_one() {
    let disk = SimulatedDisk::default();
    assert!(matches!(open(&disk), Err(FileStoreError::Io { action: "open the file", .. })));
    let journal = create(&disk).unwrap();
    let other_handle = journal.clone();
    assert!(matches!(open(&disk), Err(FileStoreError::OtherWriter)));
    assert!(matches!(create(&disk), Err(FileStoreError::OtherWriter)));
    drop(journal);
    assert!(matches!(open(&disk), Err(FileStoreError::OtherWriter)));
    drop(other_handle);
    assert!(matches!(create(&disk), Err(FileStoreError::Exists)));
    // A snapshot puts another file there, and the lock stays.
    let journal = open(&disk).unwrap();
    append(&journal, 0, 1).unwrap();
    journal.snapshot(1, &state(1)).unwrap();
    assert!(matches!(open(&disk), Err(FileStoreError::OtherWriter)));
    drop(journal);
    assert_eq!(check(&open(&disk).unwrap().read().unwrap()), 1);
}

#[test]
fn refused_by_name_and_version() {
    let disk = SimulatedDisk::default();
    drop(create(&disk).unwrap());
    let other = FileJournal::open_on(disk.disk(), path(), "another", OnDamage::Refuse);
    let said = other.unwrap_err().to_string();
    assert_eq!(said, "the file is a journal of \"a test\", expected one of \"another\"");
    for name in [String::new(), "n".repeat(256)] {
        let refused = FileJournal::create_on(disk.disk(), Path::new("/node/other"), &name);
        assert!(matches!(refused, Err(FileStoreError::NoName { length }) if length == name.len()));
    }
    let longest = FileJournal::create_on(disk.disk(), Path::new("/node/other"), &"n".repeat(255));
    assert!(longest.is_ok());

    disk.put(path(), b"pointlock journal 7\nand more");
    let said = open(&disk).unwrap_err().to_string();
    assert_eq!(said, "the file is a journal of version 7: this release reads version 1");
    for bytes in [&b""[..], b"pointlock journal 1\n", b"something else"] {
        disk.put(path(), bytes);
        assert!(matches!(open(&disk), Err(FileStoreError::NotAJournal)));
    }
}

/// A disk that is full, or fails: the call says so, then nothing is taken, and what was acknowledged is there after it.
#[test]
fn nothing_is_taken_after_a_failure() {
    for (call, action) in [(0, "write a frame"), (1, "flush a frame")] {
        let disk = SimulatedDisk::default();
        let journal = create(&disk).unwrap();
        append(&journal, 0, 2).unwrap();
        disk.fail_at(call, Fault::Error(std::io::ErrorKind::StorageFull));
        match append(&journal, 2, 1).unwrap_err() {
            FileStoreError::Io { action: said, source } => {
                assert_eq!((said, source.kind()), (action, std::io::ErrorKind::StorageFull));
            }
            other => panic!("{other}"),
        }
        let refused = |error| matches!(error, FileStoreError::FailedBefore);
        assert!(refused(append(&journal, 3, 1).unwrap_err()));
        assert!(refused(journal.snapshot(1, &state(1)).unwrap_err()));
        assert!(refused(journal.read().unwrap_err()));
        assert!(refused(journal.has_been_at(&journal.head()).unwrap_err()));
        drop(journal);
        let journal = open(&disk).unwrap();
        let next = check(&journal.read().unwrap());
        // Half a frame is cut off; a whole one whose flush failed stands.
        assert_eq!((next, journal.cut().is_some()), if call == 0 { (2, true) } else { (3, false) });
        append(&journal, next, 2).unwrap();
        drop(journal);
        let history = open(&disk.after_power_cut()).unwrap().read().unwrap();
        assert_eq!(check(&history), next + 2);
    }
}

/// The file alone, without those who wait for it.
#[test]
fn a_file_takes_nothing_after_a_failure() {
    for call in [0, 1] {
        let disk = SimulatedDisk::default();
        let mut file = JournalFile::create(disk.disk(), path(), NAME).unwrap();
        file.append(&[&record(0)]).unwrap();
        let head = file.head();
        disk.fail_at(call, Fault::Error(std::io::ErrorKind::StorageFull));
        assert!(matches!(file.append(&[&record(1)]), Err(FileStoreError::Io { .. })));
        assert!(matches!(file.append(&[&record(1)]), Err(FileStoreError::FailedBefore)));
        assert!(matches!(file.read(), Err(FileStoreError::FailedBefore)));
        assert_eq!(file.head(), head);
    }
}

/// After a failed flush the system takes the pages for written. Only what is written again is durable.
#[test]
fn what_a_failed_flush_has_lost_is_written_again() {
    let disk = SimulatedDisk::default();
    let journal = create(&disk).unwrap();
    disk.fail_at(1, Fault::Error(std::io::ErrorKind::Other));
    append(&journal, 0, 1).unwrap_err();
    drop(journal);
    let lost = open(&disk.after_power_cut()).unwrap();
    assert_eq!(check(&lost.read().unwrap()), 0, "the disk has really lost it");
    assert_eq!(check(&open(&disk).unwrap().read().unwrap()), 1);
    assert_eq!(check(&open(&disk.after_power_cut()).unwrap().read().unwrap()), 1);
}

/// An older copy looks whole; a head that was kept elsewhere tells.
#[test]
fn an_older_copy_is_seen_by_its_head() {
    let disk = SimulatedDisk::default();
    let journal = create(&disk).unwrap();
    append(&journal, 0, 2).unwrap();
    let (early, copy) = (journal.head(), disk.bytes(path()));
    append(&journal, 2, 1).unwrap();
    let late = journal.head();
    let been = |journal: &FileJournal, head| journal.has_been_at(head).unwrap();
    assert_eq!((been(&journal, &early), been(&journal, &late)), (Some(true), Some(true)));
    // A snapshot changes nothing of it, but for what it stands for.
    journal.snapshot(2, &state(2)).unwrap();
    assert_eq!(journal.head(), late);
    assert_eq!((been(&journal, &early), been(&journal, &late)), (Some(true), Some(true)));
    journal.snapshot(3, &state(3)).unwrap();
    assert_eq!((been(&journal, &early), been(&journal, &late)), (None, Some(true)));
    drop(journal);
    let journal = open(&disk).unwrap();
    assert_eq!((been(&journal, &early), been(&journal, &late)), (None, Some(true)));
    drop(journal);

    disk.put(path(), &copy);
    let journal = open(&disk).unwrap();
    assert_eq!((been(&journal, &early), been(&journal, &late)), (Some(true), Some(false)));
    // It goes on in another way, and is not taken for the first.
    journal.append(&[b"other"]).unwrap();
    assert_eq!(journal.head().records, late.records);
    assert_eq!(been(&journal, &late), Some(false));
}

/// A creation that was cut off is begun again; what is no beginning of one is left alone.
#[test]
fn a_creation_that_was_cut_off() {
    let disk = SimulatedDisk::default();
    drop(create(&disk).unwrap());
    let header = disk.bytes(path());
    for length in 0..header.len() {
        let mut begun = header[..length].to_vec();
        for zeros in [0, 1, header.len() - length] {
            begun.resize(length + zeros, 0);
            disk.put(path(), &begun);
            assert!(matches!(open(&disk), Err(FileStoreError::NotAJournal)), "{length} {zeros}");
            drop(create(&disk).unwrap());
            assert_eq!(disk.bytes(path()), header);
        }
    }
    for other in [[header.as_slice(), &[0]].concat(), b"x".to_vec(), vec![0; header.len() + 1]] {
        disk.put(path(), &other);
        assert!(matches!(create(&disk), Err(FileStoreError::Exists)));
        assert_eq!(disk.bytes(path()), other);
    }
}
