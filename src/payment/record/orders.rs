//! Orders to pay, and what they are made of.

use alloc::vec::Vec;

use super::super::{
    ArrivalPath, AttemptSeed, ForwardingPolicy, HoldPlan, HopBlinds, PartOrder, Payee, Payer,
    PayerSeed, Payment, Recipient, RouteHop, Tail,
};
use crate::curve::Point;
use crate::invoice::{BlindedPayInfo, ChainHash, Offer, PaymentPath, Rate, StaticInvoice};
use crate::journal::codec::{
    Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, Field, FieldReader, FieldWriter,
    kind_fault,
};
use crate::wire::{BlindedPath, Features};

const INVOICE: Field = Field::new(0, "invoice");
const PAYEE: Field = Field::new(2, "payee");
const CHAIN: Field = Field::new(4, "chain");
const PAYMENT_AMOUNT: Field = Field::new(6, "amount_msat");
const RATE: Field = Field::new(8, "rate");
const PARTS: Field = Field::new(10, "parts");
const MIN_FINAL_DELTA: Field = Field::new(12, "min_final_delta");
const HOLD: Field = Field::new(14, "hold");
const HOP_BLINDS: Field = Field::new(16, "hop_blinds");
const CANCELLABLE: Field = Field::new(18, "cancellable");
const HEIGHT: Field = Field::new(20, "height");
const UNIX_TIME: Field = Field::new(22, "unix_time");
const PAYER: Field = Field::new(24, "payer");

impl DangerousEncode for Payment {
    fn dangerous_encode(&self, out: &mut Bytes) {
        FieldWriter::new()
            .set(INVOICE, &self.invoice)
            .set(PAYEE, &self.payee)
            .set(CHAIN, &self.chain)
            .set(PAYMENT_AMOUNT, &self.amount_msat)
            .set_some(RATE, self.rate.as_ref())
            .dangerous_set(PARTS, &self.parts)
            .set(MIN_FINAL_DELTA, &self.min_final_delta)
            .set_some(HOLD, self.hold.as_ref())
            .set(HOP_BLINDS, &self.hop_blinds)
            .set_some(CANCELLABLE, self.cancellable.as_ref())
            .set(HEIGHT, &self.height)
            .set(UNIX_TIME, &self.unix_time)
            .dangerous_set_some(PAYER, self.payer.as_ref())
            .append_to(out);
    }
}

impl Decode for Payment {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let payment = Self {
            invoice: fields.take(INVOICE)?,
            payee: fields.take(PAYEE)?,
            chain: fields.take(CHAIN)?,
            amount_msat: fields.take(PAYMENT_AMOUNT)?,
            rate: fields.take_some(RATE)?,
            parts: fields.take(PARTS)?,
            min_final_delta: fields.take(MIN_FINAL_DELTA)?,
            hold: fields.take_some(HOLD)?,
            hop_blinds: fields.take(HOP_BLINDS)?,
            cancellable: fields.take_some(CANCELLABLE)?,
            height: fields.take(HEIGHT)?,
            unix_time: fields.take(UNIX_TIME)?,
            payer: fields.take_some(PAYER)?,
        };
        fields.end()?;
        Ok(payment)
    }
}

const PART_AMOUNT: Field = Field::new(0, "amount_msat");
const FORWARDERS: Field = Field::new(2, "forwarders");
const TAIL: Field = Field::new(4, "tail");
const SEED: Field = Field::new(6, "seed");

impl DangerousEncode for PartOrder {
    fn dangerous_encode(&self, out: &mut Bytes) {
        FieldWriter::new()
            .set(PART_AMOUNT, &self.amount_msat)
            .set(FORWARDERS, &self.forwarders)
            .set(TAIL, &self.tail)
            .dangerous_set(SEED, &self.seed)
            .append_to(out);
    }
}

impl Decode for PartOrder {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let order = Self {
            amount_msat: fields.take(PART_AMOUNT)?,
            forwarders: fields.take::<Vec<RouteHop>>(FORWARDERS)?,
            tail: fields.take(TAIL)?,
            seed: fields.take(SEED)?,
        };
        fields.end()?;
        Ok(order)
    }
}

const PAYER_SEED: Field = Field::new(0, "seed");
const NOTE: Field = Field::new(2, "note");

impl DangerousEncode for Payer {
    fn dangerous_encode(&self, out: &mut Bytes) {
        FieldWriter::new()
            .dangerous_set(PAYER_SEED, &self.seed)
            .set_some(NOTE, self.note.as_ref())
            .append_to(out);
    }
}

impl Decode for Payer {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let payer = Self { seed: fields.take(PAYER_SEED)?, note: fields.take_some(NOTE)? };
        fields.end()?;
        Ok(payer)
    }
}

impl DangerousEncode for AttemptSeed {
    fn dangerous_encode(&self, out: &mut Bytes) {
        out.put(&*self.dangerous_to_bytes());
    }
}

impl Decode for AttemptSeed {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::new(*cursor.chunk()?))
    }
}

impl DangerousEncode for PayerSeed {
    fn dangerous_encode(&self, out: &mut Bytes) {
        out.put(&*self.dangerous_to_bytes());
    }
}

impl Decode for PayerSeed {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::new(*cursor.chunk()?))
    }
}

/// Read with its signature verified, like any other.
impl Encode for StaticInvoice {
    fn encode(&self, out: &mut Bytes) {
        out.put_sized(self.as_bytes());
    }
}

impl Decode for StaticInvoice {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from_bytes(cursor.sized()?)?)
    }
}

impl Encode for Offer {
    fn encode(&self, out: &mut Bytes) {
        out.put_sized(self.as_bytes());
    }
}

impl Decode for Offer {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from_bytes(cursor.sized()?)?)
    }
}

impl Encode for Payee {
    fn encode(&self, out: &mut Bytes) {
        match self {
            Self::Known(node_id) => {
                out.put(&[0]);
                node_id.encode(out);
            }
            Self::Offer(offer) => {
                out.put(&[1]);
                offer.encode(out);
            }
            Self::WhoeverSigned => out.put(&[2]),
        }
    }
}

impl Decode for Payee {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Point::decode(cursor).map(Self::Known),
            [1] => Decode::decode(cursor).map(Self::Offer),
            [2] => Ok(Self::WhoeverSigned),
            [other] => Err(kind_fault(*other)),
        }
    }
}

impl Encode for ChainHash {
    fn encode(&self, out: &mut Bytes) {
        out.put(self.as_bytes());
    }
}

impl Decode for ChainHash {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from(*cursor.chunk::<32>()?))
    }
}

impl Encode for Rate {
    fn encode(&self, out: &mut Bytes) {
        self.code().encode(out);
        self.as_given().encode(out);
    }
}

impl Decode for Rate {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let code = core::str::from_utf8(cursor.sized()?)?;
        let (minor_units, amount_msat) = Decode::decode(cursor)?;
        Ok(Self::new(code, minor_units, amount_msat)?)
    }
}

impl Encode for HoldPlan {
    fn encode(&self, out: &mut Bytes) {
        self.hop.encode(out);
        self.blocks.encode(out);
    }
}

impl Decode for HoldPlan {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { hop: usize::decode(cursor)?, blocks: u32::decode(cursor)? })
    }
}

impl Encode for HopBlinds {
    fn encode(&self, out: &mut Bytes) {
        (*self == Self::Explicit).encode(out);
    }
}

impl Decode for HopBlinds {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(if bool::decode(cursor)? { Self::Explicit } else { Self::Derived })
    }
}

impl Encode for ArrivalPath {
    fn encode(&self, out: &mut Bytes) {
        self.path.encode(out);
        self.path_id.encode(out);
    }
}

impl Decode for ArrivalPath {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { path: BlindedPath::decode(cursor)?, path_id: *cursor.chunk()? })
    }
}

impl Encode for Tail {
    fn encode(&self, out: &mut Bytes) {
        match self {
            Self::Receiver => out.put(&[0]),
            Self::Path(index) => {
                out.put(&[1]);
                index.encode(out);
            }
            Self::Trampoline { budget, path } => {
                out.put(&[2]);
                budget.encode(out);
                path.encode(out);
            }
        }
    }
}

impl Decode for Tail {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Ok(Self::Receiver),
            [1] => usize::decode(cursor).map(Self::Path),
            [2] => Ok(Self::Trampoline {
                budget: ForwardingPolicy::decode(cursor)?,
                path: Option::decode(cursor)?,
            }),
            [other] => Err(kind_fault(*other)),
        }
    }
}

impl Encode for BlindedPayInfo {
    fn encode(&self, out: &mut Bytes) {
        self.fee_base_msat.encode(out);
        self.fee_proportional_millionths.encode(out);
        self.cltv_expiry_delta.encode(out);
        self.htlc_minimum_msat.encode(out);
        self.htlc_maximum_msat.encode(out);
        self.features.encode(out);
    }
}

impl Decode for BlindedPayInfo {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            fee_base_msat: u32::decode(cursor)?,
            fee_proportional_millionths: u32::decode(cursor)?,
            cltv_expiry_delta: u16::decode(cursor)?,
            htlc_minimum_msat: u64::decode(cursor)?,
            htlc_maximum_msat: u64::decode(cursor)?,
            features: Features::decode(cursor)?,
        })
    }
}

impl Encode for PaymentPath {
    fn encode(&self, out: &mut Bytes) {
        self.path.encode(out);
        self.pay_info.encode(out);
    }
}

impl Decode for PaymentPath {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { path: BlindedPath::decode(cursor)?, pay_info: BlindedPayInfo::decode(cursor)? })
    }
}

impl Encode for Recipient {
    fn encode(&self, out: &mut Bytes) {
        match self {
            Self::Node(node_id) => {
                out.put(&[0]);
                node_id.encode(out);
            }
            Self::Path(path) => {
                out.put(&[1]);
                path.encode(out);
            }
        }
    }
}

impl Decode for Recipient {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Point::decode(cursor).map(Self::Node),
            [1] => PaymentPath::decode(cursor).map(Self::Path),
            [other] => Err(kind_fault(*other)),
        }
    }
}
