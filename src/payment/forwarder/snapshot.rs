//! The state of a forwarder as bytes, and back. What finds things is not kept: it follows from them.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::forwarding::{Fail, Forwardings};
use super::{Forwarder, ForwarderConfig, Forwards};
use crate::edge::EdgeId;
use crate::hold::{Hold, Ledger};
use crate::journal::RecordError;
use crate::journal::codec::{
    Bytes, Cursor, DangerousEncode, Encode, Field, FieldReader, FieldWriter, put_list, record,
};
use crate::payment::intake::Intake;
use crate::payment::record::{check_ascending, kinds, read_state};

const INTAKE: Field = Field::new(0, "intake");
const FORWARDS: Field = Field::new(2, "forwards");

impl Forwarder {
    /// The state, for a journal: it stands for all events so far. It holds secrets.
    pub fn snapshot(&self) -> Zeroizing<Vec<u8>> {
        let Self { intake, forwards } = self;
        record(kinds::FORWARDER)
            .put(INTAKE, |out| intake.write(out))
            .put(FORWARDS, |out| forwards.dangerous_write(intake.height, out))
            .into_bytes()
    }

    /// The forwarder of a snapshot. The height is the snapshot's, all else of `config` is as given.
    ///
    /// # Errors
    ///
    /// [`RecordError`], with the field; [`RecordError::OtherOwner`] for another role's, or that of a node with another key.
    pub fn restore(config: ForwarderConfig, bytes: &[u8]) -> Result<Self, RecordError> {
        let mut fields = read_state(bytes, kinds::FORWARDER)?;
        let (intake, forwards) = (fields.required(INTAKE)?, fields.required(FORWARDS)?);
        fields.end()?;
        let intake = Intake::restored(config.node_key.clone(), config.deadlines, intake)?;
        let forwards = Forwards::restored(config, intake.height, forwards)?;
        Ok(Self { intake, forwards })
    }
}

const HOLDS: Field = Field::new(0, "holds");
const FORWARDINGS: Field = Field::new(2, "forwardings");
const REFUSED: Field = Field::new(4, "refused");

impl Forwards {
    pub(in crate::payment) fn dangerous_write(&self, height: u32, out: &mut Bytes) {
        let fields = FieldWriter::new()
            .put(HOLDS, |out| {
                put_list(out, self.ledger.holds(), |hold, out| hold.dangerous_encode(out));
            })
            .put(FORWARDINGS, |out| self.forwardings.dangerous_write(&self.config, height, out))
            .put(REFUSED, |out| {
                put_list(out, self.refused.iter(), |(incoming, fail), out| {
                    incoming.encode(out);
                    fail.dangerous_encode(out);
                });
            });
        out.put(&fields.into_bytes());
    }

    /// # Errors
    ///
    /// [`RecordError`].
    pub(in crate::payment) fn restored(
        config: ForwarderConfig,
        height: u32,
        bytes: &[u8],
    ) -> Result<Self, RecordError> {
        let mut fields = FieldReader::parse(bytes)?;
        let holds: Vec<Hold> = fields.take(HOLDS)?;
        let mut cursor = Cursor::new(fields.required(FORWARDINGS)?);
        let refused: Vec<(EdgeId, Fail)> = fields.take(REFUSED)?;
        fields.end()?;
        let mut forwards =
            Self::new(config).map_err(|error| RecordError::field("config", error))?;
        check_ascending(holds.iter().map(|hold| hold.request.id)).map_err(|f| HOLDS.fault(f))?;
        let ledger = Ledger::restored(forwards.config.limits, holds);
        forwards.ledger = ledger.ok_or_else(|| HOLDS.fault("worth more than 64 bits"))?;
        let forwardings = Forwardings::restored(&forwards.config, height, &mut cursor);
        forwards.forwardings = forwardings.map_err(|fault| FORWARDINGS.fault(fault))?;
        if !cursor.rest().is_empty() {
            return Err(FORWARDINGS.fault("something stands behind it"));
        }
        check_ascending(refused.iter().map(|(id, _)| id)).map_err(|f| REFUSED.fault(f))?;
        if refused.iter().any(|(id, _)| forwards.has_incoming(id)) {
            return Err(REFUSED.fault("an edge that is forwarded"));
        }
        forwards.refused = refused.into_iter().collect();
        Ok(forwards)
    }
}
