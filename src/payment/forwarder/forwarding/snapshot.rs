use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Committed, Entry, Fail, Forwarding, Forwardings, Order, Outgoing, Stage};
use crate::edge::{Edge, EdgeId};
use crate::journal::codec::{
    Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, Field, FieldReader, FieldWriter,
    kind_fault, put_list,
};
use crate::lock::{Blind, Lock};
use crate::onion::Packet;
use crate::onion::blinded::NextPeer;
use crate::payment::forwarder::trampoline::TrampolineOrder;
use crate::payment::record::check_ascending;
use crate::payment::{FailureReply, ForwarderConfig, Refusal};

const INCOMING: Field = Field::new(0, "incoming");
const ORIGIN: Field = Field::new(2, "origin");
const ORDER: Field = Field::new(4, "order");
const PATH_OFFSET: Field = Field::new(6, "path_offset");
const HOLD: Field = Field::new(8, "hold");
const TAIL: Field = Field::new(10, "tail");
const STAGE: Field = Field::new(12, "stage");
const ENDED: Field = Field::new(14, "ended");
const OUTGOING: Field = Field::new(16, "outgoing");
const DUE: Field = Field::new(18, "due");
/// Of the points of the incoming edge and the order. Odd: without it they are the same.
const YS: Field = Field::new(21, "y of points");

impl Forwardings {
    /// Every payment. What finds it follows from it.
    pub(in crate::payment) fn dangerous_write(
        &self,
        config: &ForwarderConfig,
        height: u32,
        out: &mut Bytes,
    ) {
        put_list(out, self.forwardings.values(), |entry, out| {
            entry.dangerous_write(config, height, out);
        });
    }

    /// # Errors
    ///
    /// [`Fault`].
    pub(in crate::payment) fn restored(
        config: &ForwarderConfig,
        height: u32,
        cursor: &mut Cursor<'_>,
    ) -> Result<Self, Fault> {
        let mut forwardings = Self::default();
        let mut last = None;
        for _ in 0..cursor.bigsize()? {
            let entry = Entry::restored(config, height, cursor)?;
            let incoming = entry.forwarding.incoming.id;
            check_ascending(last.into_iter().chain([incoming]))?;
            last = Some(incoming);
            forwardings.link(incoming, &entry)?;
            forwardings.forwardings.insert(incoming, Box::new(entry));
        }
        Ok(forwardings)
    }

    /// What finds a payment, and nothing else.
    fn link(&mut self, incoming: EdgeId, entry: &Entry) -> Result<(), Fault> {
        let Entry { forwarding, outgoing, due } = entry;
        let taken = [
            outgoing.and_then(|outgoing| self.by_outgoing.insert(outgoing, incoming)),
            forwarding.hold.and_then(|hold| self.by_hold.insert(hold, incoming)),
            forwarding.tail.and_then(|tail| self.by_tail.insert(tail, incoming)),
        ];
        if taken.iter().any(Option::is_some) {
            return Err("two with the same edge, hold or seed".into());
        }
        if let Some(due) = due {
            self.due.entry(*due).or_default().push(incoming);
        }
        self.reported.extend(forwarding.reported().map(|height| (height, incoming)));
        Ok(())
    }
}

impl Entry {
    fn dangerous_write(&self, config: &ForwarderConfig, height: u32, out: &mut Bytes) {
        let Self { forwarding, outgoing, due } = self;
        let Forwarding { incoming, origin, order, path_offset, hold, tail, stage, ended } =
            forwarding;
        let outgoing = outgoing.as_ref().filter(|_| forwarding.outgoing().is_none());
        // It follows from the rest, unless blocks were disconnected since.
        let due = Some(due).filter(|due| **due != forwarding.due_at(config, height));
        let mut ys = Vec::new();
        FieldWriter::new()
            .set_with_ys(INCOMING, incoming, &mut ys)
            .dangerous_set(ORIGIN, origin)
            .set_with_ys(ORDER, order, &mut ys)
            .dangerous_set_some(PATH_OFFSET, path_offset.as_ref())
            .set_some(HOLD, hold.as_ref())
            .set_some(TAIL, tail.as_ref())
            .dangerous_set(STAGE, stage)
            .set_some(ENDED, ended.as_ref())
            .set_some(OUTGOING, outgoing)
            .set_some(DUE, due)
            .put(YS, |out| out.put(&ys))
            .append_to(out);
    }

    fn restored(
        config: &ForwarderConfig,
        height: u32,
        cursor: &mut Cursor<'_>,
    ) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let mut ys = fields.bytes(YS);
        let forwarding = Forwarding {
            incoming: fields.take_with_ys(INCOMING, &mut ys)?,
            origin: fields.take(ORIGIN)?,
            order: fields.take_with_ys(ORDER, &mut ys)?,
            path_offset: fields.take_some(PATH_OFFSET)?,
            hold: fields.take_some(HOLD)?,
            tail: fields.take_some(TAIL)?,
            stage: fields.take(STAGE)?,
            ended: fields.take_some(ENDED)?,
        };
        if ys.is_some_and(|left| !left.is_empty()) {
            return Err(YS.fault("of more points than there are").into());
        }
        let outgoing = match (forwarding.outgoing(), fields.take_some(OUTGOING)?) {
            (Some(_), Some(_)) => {
                return Err(OUTGOING.fault("beside a stage that says it").into());
            }
            (outgoing, earlier) => outgoing.or(earlier),
        };
        let due_by_rest = forwarding.due_at(config, height);
        let due = fields.take_some(DUE)?.unwrap_or(due_by_rest);
        fields.end()?;
        Ok(Self { forwarding, outgoing, due })
    }
}

impl Encode for Order {
    fn encode(&self, out: &mut Bytes) {
        match self {
            Self::Forward(outgoing) => {
                out.put(&[0]);
                outgoing.encode(out);
            }
            Self::Trampoline(trampoline) => {
                if !trampoline.encode_whole(out) {
                    out.put(&[2]);
                    trampoline.encode(out);
                }
            }
        }
    }
}

impl Decode for Order {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Decode::decode(cursor).map(Self::Forward),
            [1] => TrampolineOrder::decode_whole(cursor).map(Self::Trampoline),
            [2] => TrampolineOrder::decode(cursor).map(Self::Trampoline),
            [other] => Err(kind_fault(*other)),
        }
    }
}

impl Encode for Outgoing {
    fn encode(&self, out: &mut Bytes) {
        let Self { to, amount_msat, expiry, path_key, packet } = self;
        to.encode(out);
        amount_msat.encode(out);
        expiry.encode(out);
        path_key.encode(out);
        packet.encode(out);
    }
}

impl Decode for Outgoing {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            to: NextPeer::decode(cursor)?,
            amount_msat: u64::decode(cursor)?,
            expiry: u32::decode(cursor)?,
            path_key: Option::decode(cursor)?,
            packet: Packet::decode(cursor)?,
        })
    }
}

impl DangerousEncode for Stage {
    fn dangerous_encode(&self, out: &mut Bytes) {
        match self {
            Self::Held => out.put(&[0]),
            Self::Routing { blind } => {
                out.put(&[1]);
                blind.dangerous_encode(out);
            }
            Self::Offered { lock, blind } => {
                out.put(&[2]);
                lock.encode(out);
                blind.dangerous_encode(out);
            }
            Self::Withdrawing => out.put(&[3]),
            Self::Committed(committed) => {
                out.put(&[4]);
                committed.dangerous_encode(out);
            }
            Self::Failing { fail, outgoing } => {
                out.put(&[5]);
                fail.dangerous_encode(out);
                outgoing.dangerous_encode(out);
            }
            Self::Claiming { secret, late } => {
                out.put(&[6]);
                secret.dangerous_encode(out);
                late.encode(out);
            }
        }
    }
}

impl Decode for Stage {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Ok(Self::Held),
            [1] => Ok(Self::Routing { blind: Option::decode(cursor)? }),
            [2] => {
                Ok(Self::Offered { lock: Lock::decode(cursor)?, blind: Option::decode(cursor)? })
            }
            [3] => Ok(Self::Withdrawing),
            [4] => Committed::decode(cursor).map(Self::Committed),
            [5] => {
                Ok(Self::Failing { fail: Fail::decode(cursor)?, outgoing: Option::decode(cursor)? })
            }
            [6] => {
                Ok(Self::Claiming { secret: Decode::decode(cursor)?, late: bool::decode(cursor)? })
            }
            [other] => Err(kind_fault(*other)),
        }
    }
}

impl DangerousEncode for Committed {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.outgoing.encode(out);
        self.blind.dangerous_encode(out);
        self.taken_back.encode(out);
    }
}

impl Decode for Committed {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            outgoing: Edge::decode(cursor)?,
            blind: Option::<Blind>::decode(cursor)?,
            taken_back: Option::decode(cursor)?,
        })
    }
}

impl DangerousEncode for Fail {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.reason.encode(out);
        self.failure.dangerous_encode(out);
        self.given.encode(out);
    }
}

impl Decode for Fail {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            reason: Refusal::decode(cursor)?,
            failure: FailureReply::decode(cursor)?,
            given: bool::decode(cursor)?,
        })
    }
}
