//! The state of a sender as bytes, and back. What finds things is not kept: it follows from them.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::attempt::{Attempt, PaymentPlan};
use super::{Outcome, Paying, Sender};
use crate::journal::RecordError;
use crate::journal::codec::{
    Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, Field, FieldReader, FieldWriter,
    kind_fault, put_list, record,
};
use crate::payment::record::{check_ascending, kinds, read_state};
use crate::payment::{AttemptId, Deadlines, PaymentId};

const HEIGHT: Field = Field::new(0, "height");
const PAYMENTS: Field = Field::new(2, "payments");
const ATTEMPTS: Field = Field::new(4, "attempts");

impl Sender {
    /// The state, for a journal: it stands for all events so far. It holds secrets.
    pub fn snapshot(&self) -> Zeroizing<Vec<u8>> {
        self.dangerous_write(record(kinds::SENDER)).into_bytes()
    }

    /// The sender of a snapshot.
    ///
    /// # Errors
    ///
    /// [`RecordError`], with the field.
    pub fn restore(deadlines: Deadlines, bytes: &[u8]) -> Result<Self, RecordError> {
        Self::restored(deadlines, read_state(bytes, kinds::SENDER)?)
    }

    pub(in crate::payment) fn dangerous_write(&self, fields: FieldWriter) -> FieldWriter {
        fields
            .set(HEIGHT, &self.height)
            .put(PAYMENTS, |out| {
                put_list(out, self.payments.iter(), |(id, paying), out| {
                    id.encode(out);
                    paying.dangerous_encode(out);
                });
            })
            .put(ATTEMPTS, |out| {
                put_list(out, self.attempts.iter(), |(id, attempt), out| {
                    id.encode(out);
                    attempt.dangerous_encode(out);
                });
            })
    }

    pub(in crate::payment) fn restored(
        deadlines: Deadlines,
        mut fields: FieldReader<'_>,
    ) -> Result<Self, RecordError> {
        let mut sender = Self { height: fields.take(HEIGHT)?, ..Self::with_deadlines(deadlines) };
        let payments: Vec<(PaymentId, Paying)> = fields.take(PAYMENTS)?;
        let attempts: Vec<(AttemptId, Attempt)> = fields.take(ATTEMPTS)?;
        fields.end()?;
        check_ascending(payments.iter().map(|(id, _)| id)).map_err(|f| PAYMENTS.fault(f))?;
        check_ascending(attempts.iter().map(|(id, _)| id)).map_err(|f| ATTEMPTS.fault(f))?;
        sender.payments.extend(payments);
        for (id, attempt) in attempts {
            sender.check_place(&id, &attempt).map_err(|fault| ATTEMPTS.fault(fault))?;
            sender.outgoing.extend(attempt.outgoing.map(|outgoing| (outgoing, id)));
            sender.begin(id, attempt);
        }
        sender.link_payments().map_err(|fault| PAYMENTS.fault(fault))?;
        Ok(sender)
    }

    /// An attempt is one of its payment's.
    fn check_place(&self, id: &AttemptId, attempt: &Attempt) -> Result<(), Fault> {
        let paying = self.payments.get(&attempt.payment).ok_or("one of no payment")?;
        let newest = paying.attempts.get(attempt.part).ok_or("one of no part")?;
        if newest == id || paying.earlier.contains(id) {
            Ok(())
        } else {
            Err("one that its payment does not know".into())
        }
    }

    /// What finds payments.
    fn link_payments(&mut self) -> Result<(), Fault> {
        for (id, paying) in &self.payments {
            for (part, attempt) in paying.attempts.iter().enumerate() {
                let attempt = self.attempts.get(attempt).ok_or("an attempt that is not there")?;
                if (attempt.payment, attempt.part) != (*id, part) {
                    return Err("an attempt of another part".into());
                }
            }
            let seeds = paying.earlier.iter().filter(|seed| !self.attempts.contains_key(seed));
            self.announcements.extend(seeds);
            if let Some(under) = &paying.plan.paying_under {
                self.payers.entry(under.terms().payer.to_bytes()).or_default().insert(*id);
            }
            if paying.plan.withheld.is_some() && !paying.attempts.is_empty() {
                self.cancellable.insert(*id);
            }
        }
        Ok(())
    }
}

/// Behind those of the plan.
const NEWEST: Field = Field::new(20, "attempts");
const EARLIER: Field = Field::new(22, "earlier");
const ANNOUNCED: Field = Field::new(24, "announced");
const OUTCOME: Field = Field::new(26, "outcome");

impl DangerousEncode for Paying {
    fn dangerous_encode(&self, out: &mut Bytes) {
        let Self { plan, attempts, earlier, announced, outcome } = self;
        let fields = plan
            .dangerous_write(FieldWriter::new())
            .set(NEWEST, attempts)
            .set(EARLIER, earlier)
            .set_some(ANNOUNCED, announced.as_ref())
            .dangerous_set(OUTCOME, outcome);
        plan.dangerous_write_keysend(fields).append_to(out);
    }
}

impl Decode for Paying {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let paying = Self {
            plan: PaymentPlan::take(&mut fields)?,
            attempts: fields.take(NEWEST)?,
            earlier: fields.take(EARLIER)?,
            announced: fields.take_some(ANNOUNCED)?,
            outcome: fields.take(OUTCOME)?,
        };
        fields.end()?;
        // None are left of a payment whose edges have all ended.
        let count = paying.attempts.len();
        if count != 0 && count != paying.plan.part_count() {
            return Err(NEWEST.fault("not one for each part").into());
        }
        Ok(paying)
    }
}

impl DangerousEncode for Outcome {
    fn dangerous_encode(&self, out: &mut Bytes) {
        match self {
            Self::UnderWay => out.put(&[0]),
            Self::ShareGiven => out.put(&[1]),
            Self::Paid(secret) => {
                out.put(&[2]);
                secret.dangerous_encode(out);
            }
            Self::Failed => out.put(&[3]),
        }
    }
}

impl Decode for Outcome {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Ok(Self::UnderWay),
            [1] => Ok(Self::ShareGiven),
            [2] => Decode::decode(cursor).map(Self::Paid),
            [3] => Ok(Self::Failed),
            [other] => Err(kind_fault(*other)),
        }
    }
}
