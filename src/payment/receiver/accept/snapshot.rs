use alloc::vec::Vec;

use super::Arrival;
use crate::curve::Point;
use crate::invoice::InvoiceId;
use crate::invoice::ktime::PayerScalar;
use crate::journal::codec::{
    Bytes, Cursor, DangerousEncode, Decode, Fault, Field, FieldReader, FieldWriter,
};
use crate::lock::Blind;
use crate::onion::ReplayTag;
use crate::payment::FinalPayload;

const EDGE: Field = Field::new(0, "edge");
const ORIGIN: Field = Field::new(2, "origin");
const REPLAY_TAGS: Field = Field::new(4, "replay_tags");
const INVOICE: Field = Field::new(6, "invoice");
const IN_PATH: Field = Field::new(8, "in path");
const PAYLOAD: Field = Field::new(10, "payload");
const TAIL_BLIND: Field = Field::new(12, "tail_blind");
const BLINDS: Field = Field::new(14, "blinds");
const SET_POINT: Field = Field::new(16, "set_point");
const X: Field = Field::new(18, "x");

impl DangerousEncode for Arrival {
    fn dangerous_encode(&self, out: &mut Bytes) {
        FieldWriter::new()
            .set(EDGE, &self.edge)
            .dangerous_set(ORIGIN, &self.origin)
            .set(REPLAY_TAGS, &self.replay_tags)
            .set(INVOICE, &self.invoice)
            .set(IN_PATH, &self.payload.payment_secret.is_none())
            .put(PAYLOAD, |out| out.put(&zeroize::Zeroizing::new(self.payload.to_bytes())))
            .dangerous_set_some(TAIL_BLIND, self.tail_blind.as_ref())
            .dangerous_set_some(BLINDS, self.blinds.as_ref())
            .set_some(SET_POINT, self.set_point.as_ref())
            .set_some(X, self.x.as_ref())
            .append_to(out);
    }
}

impl Decode for Arrival {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let (edge, origin) = (fields.take(EDGE)?, fields.take(ORIGIN)?);
        let replay_tags: Vec<ReplayTag> = fields.take(REPLAY_TAGS)?;
        let invoice: InvoiceId = fields.take(INVOICE)?;
        let in_path = fields.take(IN_PATH)?;
        let bytes = fields.required(PAYLOAD)?;
        let payload = FinalPayload::parse_inner(bytes, in_path);
        let payload = payload.map_err(|error| PAYLOAD.fault(error))?;
        if *zeroize::Zeroizing::new(payload.to_bytes()) != bytes {
            return Err(PAYLOAD.fault("not as it is written").into());
        }
        let arrival = Self {
            edge,
            origin,
            replay_tags,
            invoice,
            payload,
            tail_blind: fields.take_some::<Blind>(TAIL_BLIND)?,
            blinds: fields.take_some::<Blind>(BLINDS)?,
            set_point: fields.take_some::<Point>(SET_POINT)?,
            x: fields.take_some::<PayerScalar>(X)?,
        };
        fields.end()?;
        Ok(arrival)
    }
}
