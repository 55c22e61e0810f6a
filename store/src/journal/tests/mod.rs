//! The journal on a disk that fails and forgets.

use std::path::Path;

use pointlock::journal::History;

use super::FileJournal;
use super::format::OnDamage;
use crate::FileStoreError;
use crate::disk::simulated::SimulatedDisk;

mod crashes;
mod damage;
mod groups;
mod life;
mod node;

const NAME: &str = "a test";

fn path() -> &'static Path {
    Path::new("/node/journal")
}

fn create(disk: &SimulatedDisk) -> Result<FileJournal, FileStoreError> {
    FileJournal::create_on(disk.disk(), path(), NAME)
}

fn open(disk: &SimulatedDisk) -> Result<FileJournal, FileStoreError> {
    FileJournal::open_on(disk.disk(), path(), NAME, OnDamage::Refuse)
}

/// The record of a number: some short, some longer than a sector.
fn record(number: u64) -> Vec<u8> {
    let length = [0, 1, 20, 700, 41, 2000][(number % 6) as usize];
    let mut record = number.to_be_bytes().to_vec();
    record.extend((0..length).map(|place: u64| (place * 37 + number * 11 + 1) as u8 | 1));
    record
}

/// The state that stands for all before a number.
fn state(before: u64) -> Vec<u8> {
    [b"state ".to_vec(), vec![7; 600], before.to_be_bytes().to_vec()].concat()
}

/// Appends this many records as one group, behind those that there are.
fn append(journal: &FileJournal, next: u64, count: u64) -> Result<(), FileStoreError> {
    let records: Vec<_> = (next..next + count).map(record).collect();
    let group: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    assert_eq!(journal.append(&group)?, next);
    Ok(())
}

/// That a history is the right one as far as it goes; gives how far.
fn check(history: &History) -> u64 {
    if let Some(snapshot) = &history.snapshot {
        assert_eq!(snapshot.state.as_slice(), state(snapshot.before));
    }
    for (number, bytes) in history.numbered() {
        assert_eq!(bytes, record(number), "record {number}");
    }
    history.next()
}
