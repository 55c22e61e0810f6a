//! The state of a receiver as bytes, and back. What finds things is not kept: it follows from them.
//!
//! Its claims are a part of it while their store is in memory. A store that is kept somewhere by itself is not: it may be newer than any
//! snapshot.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::sets::PartSets;
use super::standings::Standings;
use super::{Receipts, Receiver, ReceiverConfig};
use crate::claims::{ClaimStore, MemoryClaimStore};
use crate::edge::EdgeId;
use crate::invoice::Rate;
use crate::journal::RecordError;
use crate::journal::codec::{Bytes, Encode, Field, FieldReader, FieldWriter, put_list, record};
use crate::payment::intake::Intake;
use crate::payment::published::Invoices;
use crate::payment::record::{check_ascending, kinds, read_state};

const INTAKE: Field = Field::new(0, "intake");
const RECEIPTS: Field = Field::new(2, "receipts");

impl<S: ClaimStore> Receiver<S> {
    /// The state, for a journal: it stands for all events so far. It holds secrets. Claims are in it if their store is in memory.
    pub fn snapshot(&self) -> Zeroizing<Vec<u8>> {
        let Self { intake, receipts } = self;
        record(kinds::RECEIVER)
            .put(INTAKE, |out| intake.write(out))
            .put(RECEIPTS, |out| receipts.dangerous_write(out))
            .into_bytes()
    }

    /// The receiver of a snapshot, whose claims are kept in `store`. Height and time are the snapshot's, all else of `config` is as given.
    ///
    /// # Errors
    ///
    /// [`RecordError`], with the field; [`RecordError::OtherOwner`] for another role's, or that of a node with another key.
    pub fn restore_with_store(
        config: ReceiverConfig,
        bytes: &[u8],
        store: S,
    ) -> Result<Self, RecordError> {
        Self::restored(config, bytes, |fields| fields.no_claims(store))
    }

    fn restored(
        config: ReceiverConfig,
        bytes: &[u8],
        store: impl FnOnce(&mut ReceiptFields<'_>) -> Result<S, RecordError>,
    ) -> Result<Self, RecordError> {
        let mut fields = read_state(bytes, kinds::RECEIVER)?;
        let (intake, receipts) = (fields.required(INTAKE)?, fields.required(RECEIPTS)?);
        fields.end()?;
        let intake = Intake::restored(config.node_key.clone(), config.deadlines, intake)?;
        let mut fields = ReceiptFields::parse(receipts)?;
        let store = store(&mut fields)?;
        Ok(Self { intake, receipts: fields.into_receipts(config, store)? })
    }
}

impl Receiver {
    /// The receiver of a snapshot, whose claims are kept in memory. Height and time are the snapshot's, all else of `config` is as given.
    ///
    /// # Errors
    ///
    /// As [`restore_with_store`](Self::restore_with_store).
    pub fn restore(config: ReceiverConfig, bytes: &[u8]) -> Result<Self, RecordError> {
        Self::restored(config, bytes, |fields| fields.claims())
    }
}

const UNIX_TIME: Field = Field::new(0, "unix_time");
const RATES: Field = Field::new(2, "rates");
const PUBLISHED: Field = Field::new(4, "published");
const WITHDRAWN: Field = Field::new(6, "withdrawn");
const PARTS: Field = Field::new(8, "parts");
const GIVEN_SHARES: Field = Field::new(10, "given shares");
const STANDINGS: Field = Field::new(12, "standings");
const GIVEN: Field = Field::new(14, "given");
const CLAIMS: Field = Field::new(16, "claims");

impl<S: ClaimStore> Receipts<S> {
    pub(in crate::payment) fn dangerous_write(&self, out: &mut Bytes) {
        let fields = FieldWriter::new()
            .set(UNIX_TIME, &self.unix_time)
            .put(RATES, |out| {
                put_list(out, self.rates.values(), |rate, out| rate.encode(out));
            })
            .put(PUBLISHED, |out| self.invoices.dangerous_write_published(out))
            .put(WITHDRAWN, |out| self.invoices.write_withdrawn(out))
            .put(PARTS, |out| self.sets.dangerous_write_parts(out))
            .put(GIVEN_SHARES, |out| self.sets.dangerous_write_given(out))
            .put(STANDINGS, |out| self.standings.dangerous_write(out))
            .put(GIVEN, |out| self.standings.write_given(out))
            .set_some(CLAIMS, self.claims.store().in_memory());
        out.put(&fields.into_bytes());
    }
}

/// The fields of a receiver's state, of which the claims are read first.
pub(in crate::payment) struct ReceiptFields<'a>(FieldReader<'a>);

impl<'a> ReceiptFields<'a> {
    pub(in crate::payment) fn parse(bytes: &'a [u8]) -> Result<Self, RecordError> {
        FieldReader::parse(bytes).map(Self)
    }

    /// The claims, of a node whose store is in memory.
    pub(in crate::payment) fn claims(&mut self) -> Result<MemoryClaimStore, RecordError> {
        self.0.take(CLAIMS)
    }

    /// None in the snapshot: they are in this store.
    pub(in crate::payment) fn no_claims<S>(&mut self, store: S) -> Result<S, RecordError> {
        match self.0.bytes(CLAIMS) {
            None => Ok(store),
            Some(_) => Err(CLAIMS.fault("in the snapshot, and in a store of their own")),
        }
    }

    pub(in crate::payment) fn into_receipts<S: ClaimStore>(
        self,
        config: ReceiverConfig,
        store: S,
    ) -> Result<Receipts<S>, RecordError> {
        let Self(mut fields) = self;
        let deadlines = config.deadlines;
        let receipts = Receipts::new(config, store);
        let mut receipts = receipts.map_err(|error| RecordError::field("config", error))?;
        receipts.unix_time = fields.take(UNIX_TIME)?;
        let rates: Vec<Rate> = fields.take(RATES)?;
        check_ascending(rates.iter().map(Rate::code)).map_err(|fault| RATES.fault(fault))?;
        receipts.rates = rates.into_iter().map(|rate| (rate.code().into(), rate)).collect();
        let invoices = Invoices::restored(fields.take(PUBLISHED)?, fields.take(WITHDRAWN)?);
        receipts.invoices = invoices.map_err(|fault| PUBLISHED.fault(fault))?;
        let sets = PartSets::restored(fields.take(PARTS)?, fields.take(GIVEN_SHARES)?);
        receipts.sets = sets.map_err(|fault| PARTS.fault(fault))?;
        let standings = Standings::restored(&deadlines, fields.take(STANDINGS)?);
        receipts.standings = standings.map_err(|fault| STANDINGS.fault(fault))?;
        let given: Vec<EdgeId> = fields.take(GIVEN)?;
        receipts.standings.restore_given(&given).map_err(|fault| GIVEN.fault(fault))?;
        fields.end()?;
        if !receipts.standings.wait(receipts.sets.edges()) {
            return Err(PARTS.fault("not the edges that wait"));
        }
        Ok(receipts)
    }
}
