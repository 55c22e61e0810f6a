//! Which bad end of a file is a write that was cut off, and which is damage.
//!
//! A frame is flushed before the next is written. So at a crash one frame at most was being written, it is the last one, and nobody was told
//! that it stands. It may be short, and sectors of it may never have arrived: these read as zeros, because no file system shows what stood
//! there before. Such a frame is cut off.
//!
//! Everything else stays as it is and is refused: a flipped bit in the last frame too, since that frame may have been acknowledged.

use super::format::{CHECKSUM, PREFIX, RECORDS, guard, split};

/// What a disk writes at once.
const SECTOR: usize = 512;
/// A frame with one record that is empty.
const SHORTEST: usize = PREFIX + 4 + CHECKSUM;
/// So many zeros are no accident.
const ZEROS: usize = 4;

/// Whether the bad frame at `start` is one whose write was cut off. `before` is c before it.
pub(super) fn is_torn(bytes: &[u8], start: usize, before: &[u8; CHECKSUM]) -> bool {
    let rest = &bytes[start..];
    // Shorter than any frame that was ever flushed.
    let Some(prefix) = rest.first_chunk::<PREFIX>().filter(|_| rest.len() >= SHORTEST) else {
        return true;
    };
    let missing = missing_from(bytes, start);
    match extent(prefix, before) {
        Some(extent) if rest.len() < extent => true,
        Some(extent) => rest[extent..].iter().all(|byte| *byte == 0) && missing.is_some(),
        // The length itself has not arrived, so it can't be told where the frame ends.
        None => {
            let is_empty = zeros_at_end(rest) >= ZEROS.max(rest.len() - PREFIX);
            let is_missing = missing.is_some_and(|place| place < PREFIX);
            is_empty || is_missing && !has_frame_behind(bytes, start)
        }
    }
}

/// The length of the frame with this prefix, if that is right.
fn extent(prefix: &[u8; PREFIX], before: &[u8; CHECKSUM]) -> Option<usize> {
    let (kind, rest) = prefix.split_first()?;
    let (length, found) = rest.split_first_chunk()?;
    if *kind != RECORDS || *found != guard(before, *kind, length) {
        return None;
    }
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    length.checked_add(PREFIX + CHECKSUM)
}

/// Where the first piece is, behind `start`, that looks as if it had never been written.
fn missing_from(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = &bytes[start..];
    let first = (SECTOR - start % SECTOR).min(rest.len());
    let mut place = 0;
    let mut length = first;
    while place < rest.len() {
        let piece = &rest[place..place + length];
        let is_end = place == 0 || place + length == rest.len();
        if piece.iter().all(|byte| *byte == 0) && (piece.len() >= ZEROS || is_end) {
            return Some(place);
        }
        place += length;
        length = SECTOR.min(rest.len() - place);
    }
    // The length arrived, the last bytes did not.
    let zeros = zeros_at_end(rest);
    (zeros >= ZEROS).then(|| rest.len() - zeros)
}

fn zeros_at_end(bytes: &[u8]) -> usize {
    bytes.iter().rev().take_while(|byte| **byte == 0).count()
}

/// Whether a whole frame stands behind the bad one, which was therefore flushed: its guard and checksum go on from the 32 bytes before it.
fn has_frame_behind(bytes: &[u8], start: usize) -> bool {
    (start + CHECKSUM..bytes.len()).filter(|place| bytes[*place] == RECORDS).any(|place| {
        let before = bytes[..place].last_chunk().expect("32 bytes stand before it");
        split(&bytes[place..], before).is_ok_and(|found| found.records(before).is_ok())
    })
}
