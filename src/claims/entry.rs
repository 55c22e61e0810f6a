use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{ClaimStore, LockSet, MemoryClaimStore};
use crate::curve::Point;
use crate::edge::EdgeId;
use crate::invoice::InvoiceId;
use crate::invoice::ktime::{PayerScalar, PolynomialId};
use crate::journal::{RecordError, Recordable};

/// One change of a store of claims. Encoding:
///
/// ```text
/// 01 ‖ polynomial (32) ‖ invoice (32) ‖ k (4, big endian)                a polynomial is entered
/// 02 ‖ polynomial (32) ‖ x (32) ‖ for each lock: edge id (41) ‖ 33(L_n)   an x is claimed
/// 03 ‖ polynomial (32)                                                    a polynomial is retired
/// 04                                                                      all are that are there
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimEntry {
    /// A polynomial is entered.
    Polynomial {
        /// The polynomial.
        id: PolynomialId,
        /// The one invoice that it is in.
        invoice: InvoiceId,
        /// How many claims it allows.
        k: u32,
    },
    /// An x is claimed.
    Claim {
        /// The polynomial.
        id: PolynomialId,
        /// The x.
        x: PayerScalar,
        /// The edges that are claimed under it, each with its lock.
        locks: LockSet,
    },
    /// A polynomial is retired.
    Retirement {
        /// The polynomial.
        id: PolynomialId,
    },
    /// All polynomials are that are in the store.
    RetirementOfAll,
}

const LOCK: usize = EdgeId::LENGTH + Point::LENGTH;

impl ClaimEntry {
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
}

impl Recordable for ClaimEntry {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
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
            Self::RetirementOfAll => alloc::vec![4],
        })
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        let (kind, rest) = bytes.split_first().ok_or(RecordError::Missing { field: "kind" })?;
        match kind {
            1..=3 => {}
            4 => return no_rest(rest).map(|()| Self::RetirementOfAll),
            kind => return Err(RecordError::UnknownKind { kind: u64::from(*kind) }),
        }
        let (id, rest) = take::<32>(rest, "polynomial")?;
        let id = PolynomialId::from_bytes(*id);
        match kind {
            1 => {
                let (invoice, rest) = take::<32>(rest, "invoice")?;
                let (k, rest) = take::<4>(rest, "k")?;
                no_rest(rest)?;
                let (invoice, k) = (InvoiceId::from_bytes(*invoice), u32::from_be_bytes(*k));
                Ok(Self::Polynomial { id, invoice, k })
            }
            2 => {
                let (x, locks) = take::<32>(rest, "x")?;
                let x =
                    PayerScalar::from_bytes(x).map_err(|error| RecordError::field("x", error))?;
                Ok(Self::Claim { id, x, locks: read_locks(locks)? })
            }
            _ => no_rest(rest).map(|()| Self::Retirement { id }),
        }
    }
}

/// Ascending, so that a set has one encoding.
fn read_locks(bytes: &[u8]) -> Result<LockSet, RecordError> {
    let mut locks: Vec<(EdgeId, Point)> = Vec::new();
    for bytes in bytes.chunks(LOCK) {
        let (edge, rest) = take(bytes, "edge")?;
        let (lock, _) = take::<{ Point::LENGTH }>(rest, "lock")?;
        let edge = EdgeId::from_bytes(edge).map_err(|error| RecordError::field("edge", error))?;
        let lock = Point::from_slice(lock).map_err(|error| RecordError::field("lock", error))?;
        if locks.last().is_some_and(|(last, _)| *last >= edge) {
            return Err(RecordError::field("edge", "not in ascending order"));
        }
        locks.push((edge, lock));
    }
    LockSet::new(locks).map_err(|error| RecordError::field("locks", error))
}

fn take<'a, const N: usize>(
    bytes: &'a [u8],
    field: &'static str,
) -> Result<(&'a [u8; N], &'a [u8]), RecordError> {
    bytes.split_first_chunk().ok_or(RecordError::Missing { field })
}

fn no_rest(rest: &[u8]) -> Result<(), RecordError> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(RecordError::field("end", "something stands behind it"))
    }
}
