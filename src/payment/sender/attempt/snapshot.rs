use alloc::vec::Vec;

use super::{Attempt, HeldAttempt, PaymentPlan, Stage, WithheldHere};
use crate::curve::{Point, SecretScalar};
use crate::edge::Edge;
use crate::hold::{HoldId, ReleaseSecret};
use crate::invoice::StaticInvoice;
use crate::journal::codec::{
    Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, Field, FieldReader, FieldWriter,
    kind_fault,
};
use crate::lock::{Blind, Lock, LockSecret};
use crate::payment::paying::PayingUnder;
use crate::payment::seed::MailSessions;
use crate::payment::{ArrivalPath, AvailableHold, Keysend, OrderError, static_lock};

const INVOICE: Field = Field::new(0, "invoice");
const PAYER_KEY: Field = Field::new(2, "payer key");
const NOTE: Field = Field::new(4, "note");
const SHARES: Field = Field::new(6, "shares");
const WITHHELD: Field = Field::new(8, "withheld");
const AMOUNT: Field = Field::new(10, "amount_msat");
const PART_COUNT: Field = Field::new(12, "part_count");
const MIN_FINAL_DELTA: Field = Field::new(14, "min_final_delta");
const HOLD_PLAN: Field = Field::new(16, "hold");
const HOP_BLINDS: Field = Field::new(18, "hop_blinds");
/// Behind all others of a payment: the numbers between are its sender's.
const KEYSEND: Field = Field::new(28, "keysend");

impl PaymentPlan {
    /// The first fields of a payment.
    pub(in crate::payment::sender) fn dangerous_write(&self, fields: FieldWriter) -> FieldWriter {
        let under = self.paying_under.as_ref().map(PayingUnder::dangerous_kept);
        let (payer_key, note) = under.unzip();
        fields
            .set(INVOICE, &self.invoice)
            .dangerous_set_some(PAYER_KEY, payer_key.as_ref())
            .set_some(NOTE, note.flatten())
            .dangerous_set(SHARES, &self.shares)
            .dangerous_set_some(WITHHELD, self.withheld.as_ref())
            .set(AMOUNT, &self.amount_msat)
            .set(PART_COUNT, &self.part_count)
            .set(MIN_FINAL_DELTA, &self.min_final_delta)
            .set_some(HOLD_PLAN, self.hold.as_ref())
            .set(HOP_BLINDS, &self.hop_blinds)
    }

    /// The last field of a payment.
    pub(in crate::payment::sender) fn dangerous_write_keysend(
        &self,
        fields: FieldWriter,
    ) -> FieldWriter {
        fields.dangerous_set_some(KEYSEND, self.keysend.as_ref())
    }

    /// How many parts the payment has.
    pub(in crate::payment::sender) fn part_count(&self) -> usize {
        self.part_count.into()
    }

    /// What follows from the rest is computed again.
    pub(in crate::payment::sender) fn take(fields: &mut FieldReader<'_>) -> Result<Self, Fault> {
        let invoice: StaticInvoice = fields.take(INVOICE)?;
        let amount_msat = fields.take(AMOUNT)?;
        let (key, note) = (fields.take_some(PAYER_KEY)?, fields.take_some(NOTE)?);
        if key.is_none() && note.is_some() {
            return Err(NOTE.fault("without a payer key").into());
        }
        let paying_under = PayingUnder::restored(&invoice, key, note, amount_msat)?;
        let keysend: Option<Keysend> = fields.take_some(KEYSEND)?;
        let invoice_lock = match (&paying_under, &keysend) {
            (Some(_), Some(_)) => return Err(KEYSEND.fault("beside a payer key").into()),
            (Some(under), None) => Lock::Point(under.payment_point()),
            (None, Some(_)) if invoice.lock().is_some() => {
                return Err(KEYSEND.fault("for an invoice with a lock").into());
            }
            (None, Some(keysend)) => Lock::Hash(keysend.preimage.hash()),
            (None, None) => static_lock(&invoice)?.ok_or(OrderError::PayerMissing)?,
        };
        let shares: Vec<Blind> = fields.take(SHARES)?;
        let withheld: Option<WithheldHere> = fields.take_some(WITHHELD)?;
        let part_count: u16 = fields.take(PART_COUNT)?;
        if !shares.is_empty() && shares.len() != usize::from(part_count) {
            return Err(SHARES.fault("not one for each part").into());
        }
        let kept_back = withheld.iter().map(|withheld| &withheld.share);
        let share_sum = Blind::sum(shares.iter().chain(kept_back))?;
        Ok(Self {
            invoice,
            invoice_lock,
            paying_under,
            shares,
            withheld,
            share_sum,
            amount_msat,
            part_count,
            min_final_delta: fields.take(MIN_FINAL_DELTA)?,
            hold: fields.take_some(HOLD_PLAN)?,
            hop_blinds: fields.take(HOP_BLINDS)?,
            keysend,
        })
    }
}

impl DangerousEncode for Keysend {
    fn dangerous_encode(&self, out: &mut Bytes) {
        LockSecret::Preimage(self.preimage.clone()).dangerous_encode(out);
        self.invoice_request.encode(out);
    }
}

impl Decode for Keysend {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match LockSecret::decode(cursor)? {
            LockSecret::Preimage(preimage) => {
                Ok(Self { preimage, invoice_request: Decode::decode(cursor)? })
            }
            LockSecret::Scalar(_) => Err("a scalar, where a preimage is".into()),
        }
    }
}

impl DangerousEncode for WithheldHere {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.share.dangerous_encode(out);
        self.session.dangerous_encode(out);
        self.arrival.encode(out);
    }
}

impl Decode for WithheldHere {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            share: Blind::decode(cursor)?,
            session: SecretScalar::decode(cursor)?,
            arrival: ArrivalPath::decode(cursor)?,
        })
    }
}

const PAYMENT_ID: Field = Field::new(0, "payment id");
const PART: Field = Field::new(2, "part");
const LEG: Field = Field::new(4, "leg");
const HELD: Field = Field::new(6, "held");
const OUTGOING: Field = Field::new(8, "outgoing");
const STAGE: Field = Field::new(10, "stage");

impl DangerousEncode for Attempt {
    fn dangerous_encode(&self, out: &mut Bytes) {
        FieldWriter::new()
            .set(PAYMENT_ID, &self.payment)
            .set(PART, &self.part)
            .dangerous_set(LEG, &self.leg)
            .dangerous_set_some(HELD, self.hold.as_ref())
            .set_some(OUTGOING, self.outgoing.as_ref())
            .set(STAGE, &self.stage)
            .append_to(out);
    }
}

impl Decode for Attempt {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let attempt = Self {
            payment: fields.take(PAYMENT_ID)?,
            part: fields.take(PART)?,
            leg: fields.take(LEG)?,
            hold: fields.take_some(HELD)?,
            outgoing: fields.take_some(OUTGOING)?,
            stage: fields.take(STAGE)?,
        };
        fields.end()?;
        Ok(attempt)
    }
}

impl Encode for Stage {
    fn encode(&self, out: &mut Bytes) {
        match self {
            Self::Offered => out.put(&[0]),
            Self::Withdrawing => out.put(&[1]),
            Self::Committed { edge, taken_back } => {
                out.put(&[2]);
                edge.encode(out);
                taken_back.encode(out);
            }
            Self::Claimed => out.put(&[3]),
            Self::Failed => out.put(&[4]),
        }
    }
}

impl Decode for Stage {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Ok(Self::Offered),
            [1] => Ok(Self::Withdrawing),
            [2] => Ok(Self::Committed {
                edge: Edge::decode(cursor)?,
                taken_back: Option::decode(cursor)?,
            }),
            [3] => Ok(Self::Claimed),
            [4] => Ok(Self::Failed),
            [other] => Err(kind_fault(*other)),
        }
    }
}

impl DangerousEncode for HeldAttempt {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.holder.encode(out);
        self.available.id.encode(out);
        self.available.release.dangerous_encode(out);
        self.available.amount_msat.encode(out);
        self.latest_release.encode(out);
        let MailSessions { sealed, message, path } = &self.sessions;
        [sealed, message, path].iter().for_each(|session| session.dangerous_encode(out));
    }
}

impl Decode for HeldAttempt {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let holder = Point::decode(cursor)?;
        let available = AvailableHold {
            id: HoldId::decode(cursor)?,
            release: ReleaseSecret::decode(cursor)?,
            amount_msat: u64::decode(cursor)?,
        };
        let latest_release = u32::decode(cursor)?;
        let sessions = MailSessions {
            sealed: SecretScalar::decode(cursor)?,
            message: SecretScalar::decode(cursor)?,
            path: SecretScalar::decode(cursor)?,
        };
        Ok(Self { holder, available, latest_release, sessions })
    }
}
