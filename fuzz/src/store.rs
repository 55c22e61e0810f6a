use pointlock::claims::{ClaimEntry, JournaledClaims};
use pointlock::journal::{History, Journal, MemoryJournal, Recordable};
use pointlock_store::{FileClaimStore, FileJournal, FileStoreError};

use crate::input::Input;

/// What the journals are called.
pub(crate) const NAME: &str = "fuzz";

/// Input: a file; or, if it doesn't begin like one, lengths of records in groups, and a place and a kind of damage.
pub fn journal_file(data: &[u8]) -> bool {
    if data.starts_with(b"pointlock journal ") {
        let Some((history, length)) = whole(data) else { return false };
        let again = whole(&data[..length]);
        assert_eq!(again, Some((history, length)), "what is left is whole");
        return true;
    }
    let mut input = Input::new(data);
    let groups = groups(&mut input);
    let slices: Vec<Vec<&[u8]>> =
        groups.iter().map(|group| group.iter().map(Vec::as_slice).collect()).collect();
    let slices: Vec<&[&[u8]]> = slices.iter().map(Vec::as_slice).collect();
    let ends: Vec<(usize, usize)> = (0..=slices.len())
        .map(|count| {
            let records = slices[..count].iter().map(|group| group.len()).sum();
            (written(&slices[..count]).len(), records)
        })
        .collect();
    let bytes = written(&slices);
    let records: Vec<&[u8]> = slices.iter().flat_map(|group| group.iter().copied()).collect();
    let (history, length) = whole(&bytes).expect("what is written is read");
    assert_eq!((is_beginning(&history, &records), length), (records.len(), bytes.len()));
    damaged(&mut input, &bytes, &ends, &records);
    !records.is_empty()
}

fn written(groups: &[&[&[u8]]]) -> Vec<u8> {
    FileJournal::to_bytes(NAME, groups).expect("short groups")
}

fn whole(bytes: &[u8]) -> Option<(History, usize)> {
    match FileJournal::parse(bytes, NAME) {
        Ok((history, length)) => {
            assert!(length <= bytes.len());
            Some((history, length))
        }
        Err(FileStoreError::Io { .. }) => panic!("parsing does no I/O"),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

/// How many records there are; they are the first ones of these.
fn is_beginning(history: &History, records: &[&[u8]]) -> usize {
    assert!(history.snapshot.is_none());
    assert!(
        history
            .numbered()
            .map(|(_, record)| record)
            .eq(records.iter().copied().take(history.records.len()))
    );
    history.records.len()
}

fn groups(input: &mut Input<'_>) -> Vec<Vec<Vec<u8>>> {
    let count = input.below(6);
    let mut group = || {
        let count = 1 + input.below(3);
        (0..count)
            .map(|_| {
                let length = input.below(700);
                // What follows in the input, and then something that is not zero.
                let mut record = input.slice(length.min(8)).to_vec();
                record.resize(length, 0x5a);
                record
            })
            .collect()
    };
    (0..count).map(|_| group()).collect()
}

/// Cut off, or with zeros, from some place on: what stands before is there, and of the rest nothing or all. One flipped bit: never more
/// than there was, and nothing less if it is not in the last frame.
fn damaged(input: &mut Input<'_>, bytes: &[u8], ends: &[(usize, usize)], records: &[&[u8]]) {
    let place = input.below(bytes.len());
    let before = ends.iter().rfind(|(end, _)| *end <= place).map(|(_, records)| *records);
    let last = ends.len() >= 2 && ends[ends.len() - 2].0 <= place;
    match input.byte() % 3 {
        0 => {
            let cut = whole(&bytes[..place]);
            let found = cut.map(|(history, _)| is_beginning(&history, records));
            assert_eq!(found, before, "cut off at {place}");
        }
        1 => {
            let mut zeros = bytes.to_vec();
            zeros[place..].fill(0);
            if let Some((history, _)) = whole(&zeros) {
                let found = is_beginning(&history, records);
                assert!(Some(found) >= before || zeros == bytes);
            }
        }
        _ => {
            let mut flipped = bytes.to_vec();
            flipped[place] ^= 1 << (input.byte() % 8);
            if let Some((history, _)) = whole(&flipped) {
                assert!(last, "a flipped bit at {place} goes unseen");
                assert_eq!(Some(is_beginning(&history, records)), before);
            }
        }
    }
}

/// Input: a file of claims of a version that is read; or a record of one.
pub fn claims_file(data: &[u8]) -> bool {
    if !data.starts_with(b"pointlock ") {
        let Ok(entry) = ClaimEntry::from_record(data) else { return false };
        assert_eq!(entry.to_record().as_slice(), data);
        return true;
    }
    let Ok(found) = FileClaimStore::parse(data) else { return false };
    let again = FileClaimStore::parse(&data[..found.length]);
    assert_eq!(again.expect("what is left is whole"), found);
    let mut journal = MemoryJournal::default();
    for entry in &found.entries {
        let record = entry.to_record();
        assert_eq!(ClaimEntry::from_record(&record).as_ref(), Ok(entry));
        journal.append(&[&record]).expect("in memory");
    }
    JournaledClaims::open(journal).expect("entries make a store");
    true
}
