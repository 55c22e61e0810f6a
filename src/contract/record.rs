//! Contracts as bytes, for the driver's own disk: each side with all that it needs to go on after a crash, but keys and secrets.
//!
//! ```text
//! kind 72   what an offerer keeps     0 terms   2 outpoint   4 presignatures (none for an HTLC)
//! kind 73   what a claimer keeps      0 terms   2 outpoint   4 presignatures (none for an HTLC)   6 payout   8 fees
//!
//! terms     33(offerer) ‖ 33(claimer) ‖ amount in satoshi (8) ‖ expiry (4) ‖ lock
//! outpoint  txid (32) ‖ output index (4)
//! ```
//!
//! Version and fields as in all records ([`journal`](crate::journal)). What was verified before it was kept is verified again when it is
//! read: storage that went bad is better found then than when a claim is seen.

use bitcoin::hashes::Hash;
use bitcoin::{Amount, OutPoint, ScriptBuf, Txid};
use zeroize::Zeroizing;

use super::{
    Contract, ContractTerms, FeeLadder, FundedContract, OfferedContract, PreSignedLadder,
    ReceivedContract,
};
use crate::curve::Point;
use crate::journal::codec::{
    Bytes, Cursor, Decode, Encode, Fault, Field, FieldReader, FieldWriter, read_record_of, record,
};
use crate::journal::{RecordError, Recordable};
use crate::lock::Lock;

const OFFERED: u64 = 72;
const RECEIVED: u64 = 73;

const TERMS: Field = Field::new(0, "terms");
const OUTPOINT: Field = Field::new(2, "outpoint");
const PRE_SIGNATURES: Field = Field::new(4, "presignatures");
const PAYOUT: Field = Field::new(6, "payout");
const FEES: Field = Field::new(8, "fees");

/// Read with its pre-signatures verified, as by [`restore`](OfferedContract::restore).
impl Recordable for OfferedContract {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        set_funded(record(OFFERED), self.funded())
            .set_some(PRE_SIGNATURES, self.pre_signatures())
            .into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut fields = read_record_of(bytes, OFFERED)?;
        let (funded, pre_signatures) =
            (take_funded(&mut fields)?, fields.take_some(PRE_SIGNATURES)?);
        fields.end()?;
        Self::restore(funded, pre_signatures).map_err(|error| PRE_SIGNATURES.fault(error))
    }
}

/// Read with its pre-signatures verified, as by [`new`](ReceivedContract::new).
impl Recordable for ReceivedContract {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        let amount = self.funded().contract().terms().amount;
        let fees = self.outputs().iter().map(|output| (amount - *output).to_sat());
        set_funded(record(RECEIVED), self.funded())
            .set_some(PRE_SIGNATURES, self.pre_signatures())
            .set(PAYOUT, &self.payout().to_bytes())
            .set(FEES, &fees.collect::<Vec<u64>>())
            .into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut fields = read_record_of(bytes, RECEIVED)?;
        let (funded, pre_signatures) =
            (take_funded(&mut fields)?, fields.take_some(PRE_SIGNATURES)?);
        let payout = ScriptBuf::from_bytes(fields.take(PAYOUT)?);
        let sats: Vec<u64> = fields.take(FEES)?;
        fields.end()?;
        let ladder = FeeLadder::new(sats.into_iter().map(Amount::from_sat).collect());
        let ladder = ladder.map_err(|error| FEES.fault(error))?;
        Self::new(funded, payout, &ladder, pre_signatures)
            .map_err(|error| PRE_SIGNATURES.fault(error))
    }
}

fn set_funded(fields: FieldWriter, funded: &FundedContract) -> FieldWriter {
    fields.set(TERMS, funded.contract().terms()).set(OUTPOINT, &funded.outpoint())
}

fn take_funded(fields: &mut FieldReader<'_>) -> Result<FundedContract, RecordError> {
    let contract = Contract::new(fields.take(TERMS)?).map_err(|error| TERMS.fault(error))?;
    Ok(FundedContract::new(contract, fields.take(OUTPOINT)?))
}

impl Encode for ContractTerms {
    fn encode(&self, out: &mut Bytes) {
        self.offerer.encode(out);
        self.claimer.encode(out);
        self.amount.to_sat().encode(out);
        self.expiry.encode(out);
        self.lock.encode(out);
    }
}

impl Decode for ContractTerms {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            offerer: Point::decode(cursor)?,
            claimer: Point::decode(cursor)?,
            amount: Amount::from_sat(u64::decode(cursor)?),
            expiry: u32::decode(cursor)?,
            lock: Lock::decode(cursor)?,
        })
    }
}

impl Encode for OutPoint {
    fn encode(&self, out: &mut Bytes) {
        out.put(self.txid.as_byte_array());
        self.vout.encode(out);
    }
}

impl Decode for OutPoint {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let txid = Txid::from_byte_array(*cursor.chunk()?);
        Ok(Self { txid, vout: u32::decode(cursor)? })
    }
}

impl Encode for PreSignedLadder {
    fn encode(&self, out: &mut Bytes) {
        out.put_sized(&self.to_bytes());
    }
}

impl Decode for PreSignedLadder {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let bytes = cursor.sized()?;
        let ladder = Self::from_bytes(bytes)?;
        if ladder.to_bytes() == bytes { Ok(ladder) } else { Err("not as it is written".into()) }
    }
}
