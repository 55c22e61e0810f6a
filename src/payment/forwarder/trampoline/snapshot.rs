use super::TrampolineOrder;
use crate::journal::codec::{Bytes, Cursor, Decode, Encode, Fault};
use crate::onion::Packet;
use crate::payment::{EdgeTerms, Recipient};

impl Encode for TrampolineOrder {
    fn encode(&self, out: &mut Bytes) {
        let Self { recipient, amount_msat, min_final_delta, packet, max, last_expiry } = self;
        recipient.encode(out);
        amount_msat.encode(out);
        min_final_delta.encode(out);
        packet.encode(out);
        max.encode(out);
        last_expiry.encode(out);
    }
}

impl Decode for TrampolineOrder {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            recipient: Recipient::decode(cursor)?,
            amount_msat: u64::decode(cursor)?,
            min_final_delta: Option::decode(cursor)?,
            packet: Option::<Packet>::decode(cursor)?,
            max: EdgeTerms::decode(cursor)?,
            last_expiry: u32::decode(cursor)?,
        })
    }
}
