use alloc::vec::Vec;

use super::{EdgeTerms, ForwardingPolicy, PathEnd, Recipient, Route, RouteEnd, RouteHop};
use crate::curve::Point;
use crate::invoice::PaymentPath;
use crate::journal::codec::{
    Bytes, Cursor, Decode, Encode, Fault, Field, FieldReader, FieldWriter, kind_fault,
};

const FORWARDERS: Field = Field::new(0, "forwarders");
const END: Field = Field::new(2, "end");
const LAST: Field = Field::new(4, "last");

/// What is locked on each edge follows from the rest.
impl Encode for Route {
    fn encode(&self, out: &mut Bytes) {
        FieldWriter::new()
            .set(FORWARDERS, &self.forwarders)
            .set(END, &self.end)
            .set(LAST, &self.last)
            .append_to(out);
    }
}

impl Decode for Route {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let forwarders: Vec<RouteHop> = fields.take(FORWARDERS)?;
        let (end, last) = (fields.take(END)?, fields.take(LAST)?);
        fields.end()?;
        let route = Self::with_end(&forwarders, end, last)?;
        // Of a route without any node nothing can be offered.
        if route.edges.is_empty() { Err("no node".into()) } else { Ok(route) }
    }
}

impl Encode for EdgeTerms {
    fn encode(&self, out: &mut Bytes) {
        self.amount_msat.encode(out);
        self.expiry.encode(out);
    }
}

impl Decode for EdgeTerms {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { amount_msat: u64::decode(cursor)?, expiry: u32::decode(cursor)? })
    }
}

impl Encode for RouteEnd {
    fn encode(&self, out: &mut Bytes) {
        match self {
            Self::Node(node_id) => {
                out.put(&[0]);
                node_id.encode(out);
            }
            Self::Path(PathEnd { path, pay_info }) => {
                out.put(&[1]);
                PaymentPath::new(path.clone(), pay_info.clone()).encode(out);
            }
            Self::Trampoline { recipient, budget, min_final_delta } => {
                out.put(&[2]);
                recipient.encode(out);
                budget.encode(out);
                min_final_delta.encode(out);
            }
        }
    }
}

impl Decode for RouteEnd {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Point::decode(cursor).map(Self::Node),
            [1] => {
                let path = PathEnd::new(&PaymentPath::decode(cursor)?);
                path.map(Self::Path).ok_or("a path whose first node is not told".into())
            }
            [2] => Ok(Self::Trampoline {
                recipient: Recipient::decode(cursor)?,
                budget: ForwardingPolicy::decode(cursor)?,
                min_final_delta: u32::decode(cursor)?,
            }),
            [other] => Err(kind_fault(*other)),
        }
    }
}
