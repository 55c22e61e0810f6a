//! The file of the release 0.1.0, which is still read to be migrated.
//!
//! ```text
//! file    HEADER ‖ record ‖ record ‖ …
//! record  length of the body (4) ‖ guard (4) ‖ body ‖ checksum (32)
//! guard     the first bytes of H_pointlock/claim_log(checksum before ‖ length)
//! checksum  H_pointlock/claim_log(checksum before ‖ length ‖ body); before the first record: H_pointlock/claim_log(HEADER)
//! body    an entry, as it is in a journal today
//! ```

use pointlock::curve::Tag;

use crate::FileStoreError;

const HEADER: &[u8] = b"pointlock claims 2\n";

static CLAIM_LOG: Tag = Tag::new("pointlock/claim_log");

const PREFIX: usize = 4 + 4;
const CHECKSUM: usize = 32;

/// What a file holds.
pub(super) struct Found<'a> {
    pub(super) bodies: Vec<&'a [u8]>,
    /// How many bytes they and the header have: the rest is a record whose write was cut off.
    pub(super) length: usize,
}

/// Reads a file; None if it is another's.
pub(super) fn read(bytes: &[u8]) -> Option<Result<Found<'_>, FileStoreError>> {
    let mut rest = bytes.strip_prefix(HEADER)?;
    let mut checksum = CLAIM_LOG.hash(&[HEADER]);
    let mut bodies = Vec::new();
    while let Some(record) = split(rest, &checksum) {
        bodies.push(record.body);
        (rest, checksum) = (record.behind, record.checksum);
    }
    let length = bytes.len() - rest.len();
    // Where a write never arrived there are zeros.
    let torn = rest.iter().all(|byte| *byte == 0) || is_cut_off(rest, &checksum);
    Some(if torn {
        Ok(Found { bodies, length })
    } else {
        let (number, offset) = (bodies.len() as u64, length as u64);
        let reason = "its length or its checksum";
        Err(FileStoreError::Damaged { number, offset, reason })
    })
}

struct Record<'a> {
    body: &'a [u8],
    checksum: [u8; CHECKSUM],
    behind: &'a [u8],
}

/// The record at the start, if it is whole and right.
fn split<'a>(bytes: &'a [u8], before: &[u8; CHECKSUM]) -> Option<Record<'a>> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (found, rest) = rest.split_first_chunk::<4>()?;
    let (body, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let (checksum, behind) = rest.split_first_chunk::<CHECKSUM>()?;
    let right = *found == guard(before, length)
        && *checksum == CLAIM_LOG.hash(&[before, length.as_slice(), body]);
    right.then_some(Record { body, checksum: *checksum, behind })
}

/// Whether a record ends early, and its length is right.
fn is_cut_off(rest: &[u8], before: &[u8; CHECKSUM]) -> bool {
    let Some(prefix) = rest.first_chunk::<PREFIX>() else { return true };
    let (length, found) = prefix.split_first_chunk::<4>().expect("8 bytes");
    let number = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let whole = number.saturating_add(PREFIX + CHECKSUM);
    *found == guard(before, length) && rest.len() < whole
}

fn guard(before: &[u8; CHECKSUM], length: &[u8; 4]) -> [u8; 4] {
    let hash = CLAIM_LOG.hash(&[before, length]);
    *hash.first_chunk().expect("a hash has 32 bytes")
}
