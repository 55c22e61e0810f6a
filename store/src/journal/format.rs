//! The bytes of the file.
//!
//! ```text
//! file      header ‖ [snapshot] ‖ frame ‖ frame ‖ …
//! header    "pointlock journal 1\n" ‖ length of the name (1) ‖ name ‖ start (1) ‖ checksum (32)
//!   start   "R": from the first record on; "S": a snapshot follows
//! frame     "R" ‖ length of the body (4) ‖ guard (4) ‖ body ‖ c behind its last record
//!   body    for each record: its length (4) ‖ the record
//! snapshot  "S" ‖ length of the body (4) ‖ guard (4) ‖ body ‖ checksum (32)
//!   body    number of the first record that it doesn't stand for (8) ‖ c before that record ‖ state
//!
//! c_0       = H_pointlock/journal("pointlock journal 1\n" ‖ length of the name ‖ name)
//! c_{i+1}   = H_pointlock/journal(c_i ‖ length of record i ‖ record i)
//! guard     = the first bytes of H_pointlock/journal_guard(c before ‖ kind ‖ length)
//! checksum  = H_pointlock/journal_header(the header before it); H_pointlock/journal_snapshot(c_0 ‖ body)
//! ```
//!
//! Integers are big endian. c is a chain over the records alone: it is the same whatever was written together, and whatever a snapshot
//! has dropped. The guard tells a length that was damaged from a frame that ends early.

use pointlock::curve::Tag;
use pointlock::journal::{History, JournalError, MAX_LENGTH, Snapshot};
use zeroize::Zeroizing;

use super::torn::is_torn;
use crate::FileStoreError;

pub(super) const VERSION: u32 = 1;
const MAGIC: &[u8] = b"pointlock journal 1\n";
const MAGIC_OF_ALL: &[u8] = b"pointlock journal ";

static JOURNAL: Tag = Tag::new("pointlock/journal");
static HEADER: Tag = Tag::new("pointlock/journal_header");
static GUARD: Tag = Tag::new("pointlock/journal_guard");
static SNAPSHOT: Tag = Tag::new("pointlock/journal_snapshot");

/// Not zero and not one bit from it: what was never written is zero.
pub(super) const RECORDS: u8 = b'R';
pub(super) const STATE: u8 = b'S';
pub(super) const PREFIX: usize = 1 + 4 + 4;
pub(super) const CHECKSUM: usize = 32;

/// c at one place of the chain.
pub(super) type Checksum = [u8; CHECKSUM];

/// What a file of one journal starts with.
pub(super) struct Start {
    /// Magic and name.
    named: Vec<u8>,
}

impl Start {
    pub(super) fn new(name: &str) -> Result<Self, FileStoreError> {
        let length = name.len();
        let short = u8::try_from(length).ok().filter(|length| *length > 0);
        let short = short.ok_or(FileStoreError::NoName { length })?;
        Ok(Self { named: [MAGIC, &[short], name.as_bytes()].concat() })
    }

    /// c_0
    pub(super) fn checksum(&self) -> Checksum {
        JOURNAL.hash(&[&self.named])
    }

    /// The header, by what stands behind it: records, or a snapshot first.
    pub(super) fn header(&self, kind: u8) -> Vec<u8> {
        let header = [self.named.as_slice(), &[kind]].concat();
        let checksum = HEADER.hash(&[&header]);
        [header, checksum.to_vec()].concat()
    }

    /// Whether a file is one whose creation was cut off: the beginning of a header, and zeros.
    pub(super) fn is_begun(&self, bytes: &[u8]) -> bool {
        let header = self.header(RECORDS);
        let same = bytes.iter().zip(&header).take_while(|(byte, wanted)| byte == wanted).count();
        bytes.len() <= header.len()
            && same < header.len()
            && bytes[same..].iter().all(|byte| *byte == 0)
    }

    /// What kind of frame the file starts with; if it is no file of this journal, what it is.
    fn check(&self, bytes: &[u8], name: &str) -> Result<u8, FileStoreError> {
        for kind in [RECORDS, STATE] {
            if bytes.starts_with(&self.header(kind)) {
                return Ok(kind);
            }
        }
        let version = version_of(bytes, MAGIC_OF_ALL).filter(|version| *version != VERSION);
        if let Some(version) = version {
            return Err(FileStoreError::OtherVersion {
                format: "journal",
                version,
                reads: VERSION,
            });
        }
        let found = bytes.strip_prefix(MAGIC).and_then(|rest| {
            let (length, rest) = rest.split_first()?;
            core::str::from_utf8(rest.get(..usize::from(*length))?).ok()
        });
        match found.filter(|found| *found != name).map(|found| (found, Self::new(found))) {
            Some((found, Ok(start)))
                if [RECORDS, STATE].iter().any(|kind| bytes.starts_with(&start.header(*kind))) =>
            {
                let (found, expected) = (found.to_owned(), name.to_owned());
                Err(FileStoreError::OtherContents { found, expected })
            }
            _ => Err(FileStoreError::NotAJournal),
        }
    }
}

/// c behind a record.
pub(super) fn next_checksum(before: &Checksum, record: &[u8]) -> Checksum {
    JOURNAL.hash(&[before, &(record.len() as u64).to_be_bytes()[4..], record])
}

pub(super) fn guard(before: &Checksum, kind: u8, length: &[u8; 4]) -> [u8; 4] {
    let hash = GUARD.hash(&[before, &[kind], length]);
    *hash.first_chunk().expect("a hash has 32 bytes")
}

/// A frame of these records; none for no record. Adds each c to `chain`, whose last one is that before.
pub(super) fn frame(
    chain: &mut Vec<Checksum>,
    records: &[&[u8]],
) -> Result<Zeroizing<Vec<u8>>, FileStoreError> {
    let before = chain[chain.len() - 1];
    let length = records.iter().fold(0_usize, |sum, record| sum.saturating_add(4 + record.len()));
    let (short, mut frame) = begin(&before, RECORDS, length)?;
    debug_assert_eq!(short as usize, length);
    for record in records {
        let length = u32::try_from(record.len()).expect("it is shorter than the body");
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(record);
        chain.push(next_checksum(&chain[chain.len() - 1], record));
    }
    frame.extend_from_slice(&chain[chain.len() - 1]);
    Ok(frame)
}

/// A file with these groups.
pub(super) fn write(name: &str, groups: &[&[&[u8]]]) -> Result<Vec<u8>, FileStoreError> {
    let start = Start::new(name)?;
    let (mut bytes, mut chain) = (start.header(RECORDS), vec![start.checksum()]);
    for group in groups.iter().filter(|group| !group.is_empty()) {
        pointlock::journal::check_length(group)?;
        bytes.extend_from_slice(&frame(&mut chain, group)?);
    }
    Ok(bytes)
}

/// The frame of a snapshot, behind a header that ends with `first`.
pub(super) fn snapshot_frame(
    first: &Checksum,
    before: u64,
    checksum: &Checksum,
    state: &[u8],
) -> Result<Zeroizing<Vec<u8>>, FileStoreError> {
    let (_, mut frame) = begin(first, STATE, 8 + CHECKSUM + state.len())?;
    frame.extend_from_slice(&before.to_be_bytes());
    frame.extend_from_slice(checksum);
    frame.extend_from_slice(state);
    let checksum = SNAPSHOT.hash(&[first, &frame[PREFIX..]]);
    frame.extend_from_slice(&checksum);
    Ok(frame)
}

/// Room for a frame, and its prefix. The room is taken at once, so that no secret is left behind in a smaller one.
fn begin(
    before: &Checksum,
    kind: u8,
    length: usize,
) -> Result<(u32, Zeroizing<Vec<u8>>), FileStoreError> {
    let too_long = || FileStoreError::Journal(JournalError::TooLong { length, most: MAX_LENGTH });
    let short = u32::try_from(length).map_err(|_| too_long())?;
    let mut frame = Zeroizing::new(Vec::with_capacity(PREFIX + length + CHECKSUM));
    frame.push(kind);
    frame.extend_from_slice(&short.to_be_bytes());
    frame.extend_from_slice(&guard(before, kind, &short.to_be_bytes()));
    Ok((short, frame))
}

/// What is done with something that is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDamage {
    Refuse,
    /// All from it on is dropped.
    CutOff,
}

/// What a file holds.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) history: History,
    /// c before the first record of the history, and behind each.
    pub(super) chain: Vec<Checksum>,
    /// Where the last frame starts, or zero if there is none.
    pub(super) last: usize,
    /// Where the next one starts.
    pub(super) end: usize,
}

/// Reads a file that has a journal of this name.
pub(super) fn parse(
    bytes: &[u8],
    name: &str,
    on_damage: OnDamage,
) -> Result<Parsed, FileStoreError> {
    let start = Start::new(name)?;
    let first = start.check(bytes, name)?;
    let mut parsed = Parsed {
        history: History::default(),
        chain: vec![start.checksum()],
        last: 0,
        end: start.header(first).len(),
    };
    let mut expected = first;
    while parsed.end < bytes.len() || expected == STATE {
        let before = &parsed.chain[parsed.chain.len() - 1];
        let found = split(&bytes[parsed.end..], before);
        let length = found.and_then(|found| parsed.take(&found, expected));
        match length {
            Ok(length) => {
                parsed.last = parsed.end;
                parsed.end += length;
                expected = RECORDS;
            }
            // A snapshot was flushed before its file took the old one's place: it is never cut off by a crash.
            Err(_) if expected == RECORDS && on_damage == OnDamage::CutOff => break,
            Err(_) if expected == RECORDS && parsed.is_torn(bytes) => break,
            Err(reason) => {
                let (number, offset) = (parsed.history.next(), parsed.end as u64);
                return Err(FileStoreError::Damaged { number, offset, reason });
            }
        }
    }
    Ok(parsed)
}

/// A frame that is whole, and whose guard is right.
pub(super) struct Found<'a> {
    pub(super) kind: u8,
    pub(super) body: &'a [u8],
    pub(super) checksum: &'a Checksum,
}

/// The frame at the start of `bytes`. Its checksum is not looked at yet.
pub(super) fn split<'a>(bytes: &'a [u8], before: &Checksum) -> Result<Found<'a>, &'static str> {
    let cut_off = "it is cut off";
    let (prefix, rest) = bytes.split_first_chunk::<PREFIX>().ok_or(cut_off)?;
    let (kind, rest_of_prefix) = prefix.split_first().expect("9 bytes");
    let (length, found) = rest_of_prefix.split_first_chunk::<4>().expect("8 bytes");
    if *found != guard(before, *kind, length) {
        return Err("its length");
    }
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| cut_off)?;
    let (body, rest) = rest.split_at_checked(length).ok_or(cut_off)?;
    Ok(Found { kind: *kind, body, checksum: rest.first_chunk().ok_or(cut_off)? })
}

impl Found<'_> {
    pub(super) fn length(&self) -> usize {
        PREFIX + self.body.len() + CHECKSUM
    }

    /// The records, and c behind each; if the checksum is right.
    pub(super) fn records(
        &self,
        before: &Checksum,
    ) -> Result<Vec<(&[u8], Checksum)>, &'static str> {
        let (mut records, mut checksum) = (Vec::new(), *before);
        let mut rest = self.body;
        while !rest.is_empty() {
            let (length, behind) = rest.split_first_chunk().ok_or("the length of a record")?;
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            let (record, behind) =
                behind.split_at_checked(length).ok_or("the length of a record")?;
            checksum = next_checksum(&checksum, record);
            records.push((record, checksum));
            rest = behind;
        }
        if checksum != *self.checksum {
            return Err("its checksum");
        }
        // One without records was never written, and would be a second form of nothing.
        if records.is_empty() { Err("it has no records") } else { Ok(records) }
    }
}

impl Parsed {
    fn is_torn(&self, bytes: &[u8]) -> bool {
        is_torn(bytes, self.end, &self.chain[self.chain.len() - 1])
    }

    /// Adds what a frame of this kind holds; gives its length.
    fn take(&mut self, found: &Found<'_>, expected: u8) -> Result<usize, &'static str> {
        match found.kind {
            kind if kind != expected => return Err("its kind"),
            RECORDS => {
                let records = found.records(&self.chain[self.chain.len() - 1])?;
                for (record, checksum) in records {
                    self.history.records.push(Zeroizing::new(record.to_vec()));
                    self.chain.push(checksum);
                }
            }
            _ => self.take_snapshot(found)?,
        }
        Ok(found.length())
    }

    fn take_snapshot(&mut self, found: &Found<'_>) -> Result<(), &'static str> {
        if *found.checksum != SNAPSHOT.hash(&[&self.chain[0], found.body]) {
            return Err("its checksum");
        }
        let (before, rest) = found.body.split_first_chunk().ok_or("it is too short")?;
        let (checksum, state) = rest.split_first_chunk().ok_or("it is too short")?;
        let state = Zeroizing::new(state.to_vec());
        self.history.snapshot = Some(Snapshot { before: u64::from_be_bytes(*before), state });
        self.chain = vec![*checksum];
        Ok(())
    }
}

/// The number between this and the end of the line.
pub(crate) fn version_of(bytes: &[u8], magic: &[u8]) -> Option<u32> {
    let rest = bytes.strip_prefix(magic)?;
    let end = rest.iter().take(12).position(|byte| *byte == b'\n')?;
    core::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}
