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

/// The bodies of all records, and how many bytes they and the header have: the rest is a record whose write was cut off. None for
/// another file.
pub(super) fn read(bytes: &[u8]) -> Option<Result<(Vec<&[u8]>, usize), FileStoreError>> {
    let mut rest = bytes.strip_prefix(HEADER)?;
    let mut checksum = CLAIM_LOG.hash(&[HEADER]);
    let mut bodies = Vec::new();
    loop {
        let offset = bytes.len() - rest.len();
        match split(rest, &checksum) {
            Ok((body, next, behind)) => {
                bodies.push(body);
                (rest, checksum) = (behind, next);
            }
            // Where a write never arrived there are zeros.
            Err(CutOff) if rest.iter().all(|byte| *byte == 0) => return Some(Ok((bodies, offset))),
            Err(_) if is_cut_off(rest, &checksum) => return Some(Ok((bodies, offset))),
            Err(CutOff) => {
                let (number, offset) = (bodies.len() as u64, offset as u64);
                let reason = "its length or its checksum";
                return Some(Err(FileStoreError::Damaged { number, offset, reason }));
            }
        }
    }
}

struct CutOff;

/// A record, the checksum with it, and what stands behind it.
#[expect(clippy::type_complexity, reason = "three values, taken apart at once")]
fn split<'a>(
    bytes: &'a [u8],
    before: &[u8; CHECKSUM],
) -> Result<(&'a [u8], [u8; CHECKSUM], &'a [u8]), CutOff> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(CutOff)?;
    let (found, rest) = rest.split_first_chunk::<4>().ok_or(CutOff)?;
    let number = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| CutOff)?;
    let (body, rest) = rest.split_at_checked(number).ok_or(CutOff)?;
    let (checksum, rest) = rest.split_first_chunk::<CHECKSUM>().ok_or(CutOff)?;
    let right = *found == guard(before, length)
        && *checksum == CLAIM_LOG.hash(&[before, length.as_slice(), body]);
    if right { Ok((body, *checksum, rest)) } else { Err(CutOff) }
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
