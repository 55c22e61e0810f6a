//! The records of the file.
//!
//! ```text
//! file    HEADER ‖ record ‖ record ‖ …
//! record  length of the body (4) ‖ guard (4) ‖ body ‖ checksum (32)
//! guard     the first bytes of H_pointlock/claim_log(checksum before ‖ length)
//! checksum  H_pointlock/claim_log(checksum before ‖ length ‖ body); before the first record: H_pointlock/claim_log(HEADER)
//! body    01 ‖ polynomial (32) ‖ invoice (32) ‖ k (4)
//!         02 ‖ polynomial (32) ‖ x (32) ‖ for each lock: edge id (41) ‖ 33(L_n)
//!         03 ‖ polynomial (32)
//!         04
//! ```
//!
//! Integers are big endian. The guard tells a length that was damaged from a record that ends early, so that the only thing
//! taken for a write that was cut off is one.

use pointlock::claims::{ClaimStore, LockSet, MemoryClaimStore};
use pointlock::curve::{Point, Tag};
use pointlock::edge::EdgeId;
use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::{PayerScalar, PolynomialId};

use super::StoreHead;

pub(super) const HEADER: &[u8] = b"pointlock claims 2\n";

/// Whether the file begins like one of the first release.
pub(super) fn is_header_of_1(bytes: &[u8]) -> bool {
    bytes.starts_with(b"pointlock claims 1\n")
}

static CLAIM_LOG: Tag = Tag::new("pointlock/claim_log");

const PREFIX: usize = 4 + 4;
const CHECKSUM: usize = 32;
const LOCK: usize = EdgeId::LENGTH + Point::LENGTH;

/// One change of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Polynomial { id: PolynomialId, invoice: InvoiceId, k: u32 },
    Claim { id: PolynomialId, x: PayerScalar, locks: LockSet },
    Retirement { id: PolynomialId },
    RetirementOfAll,
}

impl Entry {
    /// Makes the change; says whether it was one.
    pub(super) fn apply(self, index: &mut MemoryClaimStore) -> bool {
        let applied = match self {
            Self::Polynomial { id, invoice, k } => index.insert_polynomial(id, invoice, k),
            Self::Claim { id, x, locks } => index.insert_claim(id, x, locks),
            Self::Retirement { id } => index.retire(id),
            Self::RetirementOfAll => index.retire_all().map(|()| true),
        };
        applied.expect("a store in memory does not fail")
    }

    fn to_body(&self) -> Vec<u8> {
        match self {
            Self::Polynomial { id, invoice, k } => {
                [&[1], id.to_bytes().as_slice(), &invoice.to_bytes(), &k.to_be_bytes()].concat()
            }
            Self::Claim { id, x, locks } => {
                let mut body = [&[2], id.to_bytes().as_slice(), &x.to_bytes()].concat();
                for (edge, lock) in locks.iter() {
                    body.extend_from_slice(&edge.to_bytes());
                    body.extend_from_slice(&lock.to_bytes());
                }
                body
            }
            Self::Retirement { id } => [&[3], id.to_bytes().as_slice()].concat(),
            Self::RetirementOfAll => vec![4],
        }
    }

    fn from_body(body: &[u8]) -> Option<Self> {
        let (kind, rest) = body.split_first()?;
        if let (4, []) = (kind, rest) {
            return Some(Self::RetirementOfAll);
        }
        let (id, rest) = rest.split_first_chunk()?;
        let id = PolynomialId::from_bytes(*id);
        match kind {
            1 => {
                let (invoice, k) = rest.split_first_chunk()?;
                let invoice = InvoiceId::from_bytes(*invoice);
                Some(Self::Polynomial { id, invoice, k: u32::from_be_bytes(k.try_into().ok()?) })
            }
            2 => {
                let (x, locks) = rest.split_first_chunk()?;
                let x = PayerScalar::from_bytes(x).ok()?;
                // A piece at the end that is too short is no lock, and so no array.
                let locks = locks.chunks(LOCK).map(|lock| read_lock(lock.try_into().ok()?));
                let locks: Option<Vec<_>> = locks.collect();
                Some(Self::Claim { id, x, locks: LockSet::new(locks?).ok()? })
            }
            3 if rest.is_empty() => Some(Self::Retirement { id }),
            _ => None,
        }
    }
}

fn read_lock(bytes: &[u8; LOCK]) -> Option<(EdgeId, Point)> {
    let (edge, lock) = bytes.split_first_chunk()?;
    Some((EdgeId::from_bytes(edge).ok()?, Point::from_slice(lock).ok()?))
}

/// What stands behind the last record.
pub(super) enum Next {
    /// Nothing, or a record that was cut off.
    End,
    /// Another record.
    Record { entry: Entry, length: usize },
    /// Something else.
    Damaged,
}

/// The place behind the last record, with the checksums so far.
#[derive(Clone, Debug)]
pub(super) struct Log {
    length: u64,
    /// Of the header, and of each record.
    checksums: Vec<[u8; CHECKSUM]>,
}

impl Log {
    pub(super) fn new() -> Self {
        Self { length: HEADER.len() as u64, checksums: vec![CLAIM_LOG.hash(&[HEADER])] }
    }

    /// In bytes, the header included.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn records(&self) -> u64 {
        self.checksums.len() as u64 - 1
    }

    pub(super) fn checksum(&self) -> [u8; CHECKSUM] {
        self.checksums[self.checksums.len() - 1]
    }

    pub(super) fn has_been_at(&self, head: &StoreHead) -> bool {
        let place = usize::try_from(head.records).ok();
        place.and_then(|place| self.checksums.get(place)) == Some(&head.checksum)
    }

    /// The next record.
    pub(super) fn frame(&self, entry: &Entry) -> Vec<u8> {
        let body = entry.to_body();
        let length = u32::try_from(body.len()).expect("a lock set is bounded").to_be_bytes();
        [&length, &self.guard(&length), body.as_slice(), &self.next_checksum(&length, &body)]
            .concat()
    }

    /// Moves on behind a record that was written or read.
    pub(super) fn push(&mut self, entry: &Entry) {
        let frame = self.frame(entry);
        self.length += frame.len() as u64;
        self.checksums.push(*frame.last_chunk().expect("a record ends with its checksum"));
    }

    /// Reads the record at the start of `bytes`.
    pub(super) fn read(&self, bytes: &[u8]) -> Next {
        let Some((length, body, checksum)) = split(bytes) else {
            return match bytes.first_chunk::<PREFIX>() {
                Some(prefix) if !self.guards(prefix) => Next::Damaged,
                _ => Next::End,
            };
        };
        let guarded = bytes.first_chunk().is_some_and(|prefix| self.guards(prefix));
        if !guarded || *checksum != self.next_checksum(length, body) {
            return Next::Damaged;
        }
        match Entry::from_body(body) {
            Some(entry) => Next::Record { entry, length: PREFIX + body.len() + CHECKSUM },
            None => Next::Damaged,
        }
    }

    fn guards(&self, prefix: &[u8; PREFIX]) -> bool {
        let (length, guard) = prefix.split_first_chunk().expect("8 bytes");
        *guard == self.guard(length)
    }

    fn guard(&self, length: &[u8; 4]) -> [u8; 4] {
        let hash = CLAIM_LOG.hash(&[&self.checksum(), length]);
        *hash.first_chunk().expect("a hash has 32 bytes")
    }

    fn next_checksum(&self, length: &[u8; 4], body: &[u8]) -> [u8; CHECKSUM] {
        CLAIM_LOG.hash(&[&self.checksum(), length, body])
    }
}

/// Length, body and checksum of the record at the start, if it is all there.
fn split(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8; CHECKSUM])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (_guard, rest) = rest.split_first_chunk::<4>()?;
    let (body, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((length, body, rest.first_chunk()?))
}
