use alloc::vec::Vec;

use super::{Stage, Standing, Standings};
use crate::edge::{Edge, EdgeId};
use crate::journal::codec::{
    Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, Field, FieldReader, FieldWriter,
    kind_fault, put_list,
};
use crate::payment::failure::Origin;
use crate::payment::record::check_ascending;
use crate::payment::{Deadlines, FailureReply, Refusal};

impl Standings {
    /// Every edge. What finds it follows from it.
    pub(in crate::payment::receiver) fn dangerous_write(&self, out: &mut Bytes) {
        put_list(out, self.standings.values(), |standing, out| standing.dangerous_encode(out));
    }

    /// The payments of which a secret was given away.
    pub(in crate::payment::receiver) fn write_given(&self, out: &mut Bytes) {
        let given = self.complete.iter().filter(|(_, complete)| complete.given);
        let given: Vec<&EdgeId> = given.map(|(payment, _)| payment).collect();
        given.encode(out);
    }

    /// # Errors
    ///
    /// [`Fault`], for edges that come twice or out of order.
    pub(in crate::payment::receiver) fn restored(
        deadlines: &Deadlines,
        standings: Vec<Standing>,
    ) -> Result<Self, Fault> {
        check_ascending(standings.iter().map(|standing| standing.edge.id))?;
        let mut restored = Self::default();
        for Standing { edge, stage, ended } in standings {
            restored.put(deadlines, edge, stage);
            restored.set_ended(deadlines, &edge.id, ended);
        }
        Ok(restored)
    }

    /// # Errors
    ///
    /// [`Fault`], for a payment that is not there.
    pub(in crate::payment::receiver) fn restore_given(
        &mut self,
        given: &[EdgeId],
    ) -> Result<(), Fault> {
        check_ascending(given)?;
        for payment in given {
            let complete = self.complete.get_mut(payment).ok_or("of no payment")?;
            complete.given = true;
        }
        Ok(())
    }

    /// How many edges wait for other parts, and whether all of these do.
    pub(in crate::payment::receiver) fn wait<'a>(
        &self,
        mut edges: impl ExactSizeIterator<Item = &'a EdgeId>,
    ) -> bool {
        let waits = |standing: &Standing| matches!(standing.stage, Stage::Waiting);
        let count = self.standings.values().filter(|standing| waits(standing)).count();
        count == edges.len() && edges.all(|id| self.get(id).is_some_and(waits))
    }
}

const EDGE: Field = Field::new(0, "edge");
const STAGE: Field = Field::new(2, "stage");
const ENDED: Field = Field::new(4, "ended");

impl DangerousEncode for Standing {
    fn dangerous_encode(&self, out: &mut Bytes) {
        FieldWriter::new()
            .set(EDGE, &self.edge)
            .dangerous_set(STAGE, &self.stage)
            .set_some(ENDED, self.ended.as_ref())
            .append_to(out);
    }
}

impl Decode for Standing {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let standing = Self {
            edge: fields.take::<Edge>(EDGE)?,
            stage: fields.take(STAGE)?,
            ended: fields.take_some(ENDED)?,
        };
        fields.end()?;
        Ok(standing)
    }
}

impl DangerousEncode for Stage {
    fn dangerous_encode(&self, out: &mut Bytes) {
        match self {
            Self::Waiting => out.put(&[0]),
            Self::Due { secret, payment, origin } => {
                out.put(&[1]);
                secret.dangerous_encode(out);
                payment.encode(out);
                origin.dangerous_encode(out);
            }
            Self::Fail { reason, failure, given } => {
                out.put(&[2]);
                reason.encode(out);
                failure.dangerous_encode(out);
                given.encode(out);
            }
        }
    }
}

impl Decode for Stage {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Ok(Self::Waiting),
            [1] => Ok(Self::Due {
                secret: Decode::decode(cursor)?,
                payment: EdgeId::decode(cursor)?,
                origin: Origin::decode(cursor)?,
            }),
            [2] => Ok(Self::Fail {
                reason: Refusal::decode(cursor)?,
                failure: FailureReply::decode(cursor)?,
                given: bool::decode(cursor)?,
            }),
            [other] => Err(kind_fault(*other)),
        }
    }
}
