//! What of a receiver's seed was used.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::super::{Era, UsedNumbers};
use super::kinds;
use crate::journal::codec::{Bytes, Cursor, Decode, Encode, Fault, Field, read_record_of, record};
use crate::journal::{JournalHead, RecordError, Recordable};

const ERAS: Field = Field::new(0, "eras");
const CLAIMS: Field = Field::new(2, "claims");

impl Recordable for UsedNumbers {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        record(kinds::USED_NUMBERS)
            .set(ERAS, &self.eras)
            .set_some(CLAIMS, self.claims.as_ref())
            .into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut fields = read_record_of(bytes, kinds::USED_NUMBERS)?;
        let eras: Vec<(Era, u64)> = fields.take(ERAS)?;
        let claims = fields.take_some(CLAIMS)?;
        fields.end()?;
        let distinct: BTreeSet<Era> = eras.iter().map(|(era, _)| *era).collect();
        match eras.len() {
            0 => Err(ERAS.fault("none")),
            number if number > distinct.len() => Err(ERAS.fault("one is there twice")),
            _ => Ok(Self { eras, claims }),
        }
    }
}

impl Encode for Era {
    fn encode(&self, out: &mut Bytes) {
        self.to_bytes().encode(out);
    }
}

impl Decode for Era {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Decode::decode(cursor).map(Self::new)
    }
}

impl Encode for JournalHead {
    fn encode(&self, out: &mut Bytes) {
        self.records.encode(out);
        self.checksum.encode(out);
    }
}

impl Decode for JournalHead {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { records: Decode::decode(cursor)?, checksum: Decode::decode(cursor)? })
    }
}
