use super::*;

/// A file with a snapshot, and where each of its pieces starts: header, snapshot, frames.
fn sample(with_snapshot: bool) -> (Vec<u8>, Vec<(usize, u64)>) {
    let disk = SimulatedDisk::default();
    let journal = create(&disk).unwrap();
    append(&journal, 0, 2).unwrap();
    if with_snapshot {
        journal.snapshot(2, &state(2)).unwrap();
    }
    let mut ends = vec![(disk.bytes(path()).len(), 2)];
    for (next, count) in [(2, 1), (3, 3), (6, 6)] {
        append(&journal, next, count).unwrap();
        ends.push((disk.bytes(path()).len(), next + count));
    }
    (disk.bytes(path()), ends)
}

fn open_bytes(bytes: &[u8]) -> Result<(u64, Option<crate::Cut>), FileStoreError> {
    let disk = SimulatedDisk::default();
    disk.put(path(), bytes);
    let opened = open(&disk);
    match opened {
        Ok(journal) => {
            let next = check(&journal.read().unwrap());
            // It goes on behind what is left, and all is there after another start.
            append(&journal, next, 2).unwrap();
            drop(journal);
            let journal = open(&disk.after_power_cut()).unwrap();
            assert_eq!(check(&journal.read().unwrap()), next + 2);
            assert_eq!(journal.cut(), None);
            drop(journal);
            let cut = open_cut(bytes);
            Ok((next, cut))
        }
        Err(error) => {
            assert_eq!(disk.bytes(path()), bytes, "what is refused is left as it is");
            Err(error)
        }
    }
}

fn open_cut(bytes: &[u8]) -> Option<crate::Cut> {
    let disk = SimulatedDisk::default();
    disk.put(path(), bytes);
    open(&disk).unwrap().cut()
}

/// Killed after any byte, with nothing behind it or with zeros as far as the frame was to go, and further.
#[test]
fn a_frame_that_was_cut_off_is_dropped_whole() {
    let (bytes, ends) = sample(true);
    let start = ends[2].0;
    for length in start..bytes.len() {
        for end in [length, length + 1, length + 8, bytes.len(), bytes.len() + 600] {
            let mut torn = bytes[..length].to_vec();
            torn.resize(end.max(length), 0);
            // So few zeros at the end of a frame that is all there are no sign that it isn't: they may be damage.
            let unsure = end >= bytes.len() && torn[length..bytes.len()].len() < 4;
            match open_bytes(&torn) {
                Ok((next, cut)) => {
                    assert_eq!(next, 6, "{length} {end}");
                    let bytes = (torn.len() - start) as u64;
                    let expected =
                        (bytes > 0).then_some(crate::Cut { offset: start as u64, bytes });
                    assert_eq!(cut, expected);
                }
                Err(FileStoreError::Damaged { number: 6, offset, .. }) if unsure => {
                    assert_eq!(offset, start as u64);
                }
                Err(other) => panic!("{length} {end}: {other}"),
            }
        }
    }
    // Zeros alone, behind a frame that was acknowledged.
    for zeros in 0..600 {
        let (next, cut) = open_bytes(&[bytes.clone(), vec![0; zeros]].concat()).unwrap();
        assert_eq!((next, cut.is_some()), (12, zeros > 0));
    }
}

#[test]
fn no_flipped_bit_goes_unseen() {
    for with_snapshot in [false, true] {
        let (bytes, ends) = sample(with_snapshot);
        for place in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[place] ^= 1 << (place % 8);
            let refused = open_bytes(&broken).unwrap_err();
            match ends.iter().rposition(|(end, _)| *end <= place) {
                Some(frame) => {
                    let (start, next) = ends[frame];
                    assert!(
                        matches!(refused, FileStoreError::Damaged { number, offset, .. }
                            if number == next && offset == start as u64),
                        "byte {place}: {refused}"
                    );
                }
                None => assert!(matches!(
                    refused,
                    FileStoreError::Damaged { number: 0, .. }
                        | FileStoreError::NotAJournal
                        | FileStoreError::OtherVersion { .. }
                )),
            }
        }
    }
}

/// A sector that reads as zeros: the last frame never arrived; before it, or in a snapshot, it is damage.
#[test]
fn a_lost_sector_of_what_was_flushed_is_damage() {
    for with_snapshot in [false, true] {
        let (bytes, ends) = sample(with_snapshot);
        let last = ends[ends.len() - 2].0;
        let mut lost = [0, 0];
        for sector in 0..bytes.len() / 512 {
            let (start, end) = (sector * 512, (sector + 1) * 512);
            let mut broken = bytes.clone();
            broken[start..end].fill(0);
            let opened = open_bytes(&broken);
            if start >= last {
                assert_eq!(opened.unwrap().0, 6);
                lost[1] += 1;
            } else {
                opened.unwrap_err();
                lost[0] += 1;
            }
        }
        assert!(lost[0] >= 3 && lost[1] >= 2, "{lost:?}");
    }
}

/// The beginning of a frame reads as zeros, its length with it. The last one never arrived; another was flushed, as what stands behind
/// it shows.
#[test]
fn a_lost_beginning_is_damage_if_a_frame_stands_behind() {
    let (bytes, ends) = sample(true);
    for pair in ends.windows(2) {
        let ((start, next), (end, _)) = (pair[0], pair[1]);
        let mut broken = bytes.clone();
        broken[start..end.min((start / 512 + 1) * 512)].fill(0);
        match open_bytes(&broken) {
            Ok((found, cut)) => {
                assert!(end == bytes.len() && found == next && cut.is_some(), "frame at {start}");
            }
            Err(FileStoreError::Damaged { number, offset, .. }) => {
                assert!(end < bytes.len());
                assert_eq!((number, offset), (next, start as u64));
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn frames_neither_move_nor_repeat() {
    let (bytes, ends) = sample(false);
    let (head, first, second) =
        (&bytes[..ends[0].0], &bytes[ends[0].0..ends[1].0], &bytes[ends[1].0..ends[2].0]);
    assert_eq!(open_bytes(&[head, first, second].concat()).unwrap().0, 6);
    for parts in [[head, first, first], [head, second, first], [head, second, b""]] {
        let refused = open_bytes(&parts.concat()).unwrap_err();
        assert!(matches!(refused, FileStoreError::Damaged { .. }), "{refused}");
    }
    // A snapshot's header, and no snapshot.
    let (bytes, ends) = sample(true);
    let header = bytes.len() - bytes[b"pointlock journal 1\n".len() + 1 + NAME.len() + 33..].len();
    for cut in [header, header + 5, ends[0].0 - 1] {
        let refused = open_bytes(&bytes[..cut]).unwrap_err();
        assert!(matches!(refused, FileStoreError::Damaged { number: 0, .. }), "{refused}");
    }
}

/// What is parsed from a copy is what opening would give.
#[test]
fn a_copy_is_looked_at() {
    let (bytes, ends) = sample(true);
    let (history, length) = FileJournal::parse(&bytes[..bytes.len() - 1], NAME).unwrap();
    assert_eq!((check(&history), length), (6, ends[2].0));
    assert!(FileJournal::parse(&bytes, "another").is_err());
}
