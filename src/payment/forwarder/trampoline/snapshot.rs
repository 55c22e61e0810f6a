use super::TrampolineOrder;
use crate::journal::codec::{Bytes, Cursor, Decode, Encode, Fault};
use crate::onion::Packet;
use crate::payment::{EdgeTerms, Recipient};

impl TrampolineOrder {
    /// With its delta and its packet, as all orders had them once; these are written so still. Says whether it is such a one.
    pub(in crate::payment) fn encode_whole(&self, out: &mut Bytes) -> bool {
        let Self { recipient, amount_msat, max, last_expiry, .. } = self;
        let (Some(min_final_delta), Some(packet)) = (&self.min_final_delta, &self.packet) else {
            return false;
        };
        out.put(&[1]);
        recipient.encode(out);
        amount_msat.encode(out);
        min_final_delta.encode(out);
        packet.encode(out);
        max.encode(out);
        last_expiry.encode(out);
        true
    }

    pub(in crate::payment) fn decode_whole(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            recipient: Recipient::decode(cursor)?,
            amount_msat: u64::decode(cursor)?,
            min_final_delta: Some(u32::decode(cursor)?),
            packet: Some(Packet::decode(cursor)?),
            max: EdgeTerms::decode(cursor)?,
            last_expiry: u32::decode(cursor)?,
        })
    }
}

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
        let order = Self {
            recipient: Recipient::decode(cursor)?,
            amount_msat: u64::decode(cursor)?,
            min_final_delta: Option::decode(cursor)?,
            packet: Option::<Packet>::decode(cursor)?,
            max: EdgeTerms::decode(cursor)?,
            last_expiry: u32::decode(cursor)?,
        };
        if order.min_final_delta.is_some() && order.packet.is_some() {
            return Err("written as one that lacks something".into());
        }
        Ok(order)
    }
}
