//! What is kept of holds, claims and failures.

use alloc::string::String;
use alloc::vec::Vec;

use super::super::Refusal;
use super::check_ascending;
use crate::claims::{ClaimStore, LockSet, MemoryClaimStore};
use crate::hold::{Announcement, HeldBlind, Hold, HoldId, HoldRequest, HoldState, ReleaseHash};
use crate::invoice::InvoiceId;
use crate::invoice::ktime::{PayerScalar, PolynomialId};
use crate::journal::codec::{
    Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, Field, FieldReader, FieldWriter,
    kind_fault, put_list,
};

/// In words: a reason is for the eyes of the node's operator, and what depends on it, the failure for the sender, is made by then. The
/// many errors that it may come from need no bytes of their own.
impl Encode for Refusal {
    fn encode(&self, out: &mut Bytes) {
        out.put_sized(alloc::format!("{self}").as_bytes());
    }
}

impl Decode for Refusal {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        String::decode(cursor).map(Self::BeforeRestart)
    }
}

const ID: Field = Field::new(0, "hold id");
const RELEASE_HASH: Field = Field::new(2, "release_hash");
const HELD_BLIND: Field = Field::new(4, "held_blind");
const AMOUNT: Field = Field::new(6, "amount_msat");
const EXPIRY: Field = Field::new(8, "expiry");
const CUTOFF_HEIGHT: Field = Field::new(10, "cutoff_height");
const NEIGHBOUR: Field = Field::new(12, "neighbour");
const STATE: Field = Field::new(14, "state");
const ANNOUNCEMENT: Field = Field::new(16, "announcement");
const ANNOUNCEMENTS: Field = Field::new(18, "announcements");

impl DangerousEncode for Hold {
    fn dangerous_encode(&self, out: &mut Bytes) {
        let request = &self.request;
        FieldWriter::new()
            .set(ID, &request.id)
            .set(RELEASE_HASH, &request.release_hash)
            .dangerous_set_some(HELD_BLIND, request.held_blind.as_ref())
            .set(AMOUNT, &request.amount_msat)
            .set(EXPIRY, &request.expiry)
            .set(CUTOFF_HEIGHT, &request.cutoff_height)
            .set(NEIGHBOUR, &request.neighbour)
            .dangerous_set(STATE, &self.state)
            .set_some(ANNOUNCEMENT, self.announcement.as_ref())
            .set(ANNOUNCEMENTS, &[self.announcements])
            .append_to(out);
    }
}

impl Decode for Hold {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let request = HoldRequest {
            id: fields.take::<HoldId>(ID)?,
            release_hash: fields.take::<ReleaseHash>(RELEASE_HASH)?,
            held_blind: fields.take_some::<HeldBlind>(HELD_BLIND)?,
            amount_msat: fields.take(AMOUNT)?,
            expiry: fields.take(EXPIRY)?,
            cutoff_height: fields.take(CUTOFF_HEIGHT)?,
            neighbour: fields.take(NEIGHBOUR)?,
        };
        let state = fields.take(STATE)?;
        let announcement = fields.take_some::<Announcement>(ANNOUNCEMENT)?;
        let [announcements] = fields.take(ANNOUNCEMENTS)?;
        fields.end()?;
        Ok(Self { request, state, announcement, announcements })
    }
}

impl DangerousEncode for HoldState {
    fn dangerous_encode(&self, out: &mut Bytes) {
        match self {
            Self::Held => out.put(&[0]),
            Self::Releasing(secret) => {
                out.put(&[1]);
                secret.dangerous_encode(out);
            }
            Self::Released => out.put(&[2]),
            Self::Failing => out.put(&[3]),
            Self::Failed => out.put(&[4]),
        }
    }
}

impl Decode for HoldState {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Ok(Self::Held),
            [1] => Decode::decode(cursor).map(Self::Releasing),
            [2] => Ok(Self::Released),
            [3] => Ok(Self::Failing),
            [4] => Ok(Self::Failed),
            [other] => Err(kind_fault(*other)),
        }
    }
}

/// For each polynomial: its id, its invoice, k, whether it is retired, and each x with its locks.
impl Encode for MemoryClaimStore {
    fn encode(&self, out: &mut Bytes) {
        put_list(out, self.polynomials(), |polynomial, out| {
            polynomial.id.encode(out);
            polynomial.invoice.encode(out);
            polynomial.k.encode(out);
            polynomial.retired.encode(out);
            put_list(out, polynomial.claims.iter(), |(x, locks), out| {
                x.encode(out);
                locks.encode(out);
            });
        });
    }
}

impl Decode for MemoryClaimStore {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut store = Self::default();
        let mut last = None;
        for _ in 0..cursor.bigsize()? {
            let id = PolynomialId::decode(cursor)?;
            check_ascending(last.into_iter().chain([id]))?;
            last = Some(id);
            let (invoice, k) = (InvoiceId::decode(cursor)?, u32::decode(cursor)?);
            store.insert_polynomial(id, invoice, k)?;
            if bool::decode(cursor)? {
                store.retire(id)?;
            }
            let claims = Vec::<(PayerScalar, LockSet)>::decode(cursor)?;
            check_ascending(claims.iter().map(|(x, _)| x))?;
            if claims.len() as u64 > u64::from(k) {
                return Err("more claims than k".into());
            }
            for (x, locks) in claims {
                store.insert_claim(id, x, locks)?;
            }
        }
        Ok(store)
    }
}
