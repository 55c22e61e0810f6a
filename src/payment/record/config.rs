//! How a node is set up, and the secrets that its owner keeps beside the journal.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::super::{
    AttemptSeed, Deadlines, ForwarderConfig, NodeConfig, PayerSeed, ReceiverConfig, ReceiverPaths,
    Settling,
};
use super::kinds;
use crate::hold::Limits;
use crate::invoice::ktime::PaymentPolynomial;
use crate::journal::codec::{
    Bytes, Cursor, Decode, Encode, Fault, Field, FieldReader, FieldWriter, kind_fault,
    read_record_of, record,
};
use crate::journal::{RecordError, Recordable};

const NODE_KEY: Field = Field::new(0, "node_key");
const HEIGHT: Field = Field::new(2, "height");
const UNIX_TIME: Field = Field::new(4, "unix_time");
const POLICY: Field = Field::new(6, "policy");
const DEADLINES: Field = Field::new(8, "deadlines");
const LIMITS: Field = Field::new(10, "limits");
const HOLD_SAFETY_MARGIN: Field = Field::new(12, "hold_safety_margin");
const HOLD_DELTAS_AHEAD: Field = Field::new(14, "hold_deltas_ahead");
const HOLD_MIN_FINAL_DELTA: Field = Field::new(16, "hold_min_final_delta");
const MIN_FINAL_DELTA: Field = Field::new(18, "min_final_delta");

impl Recordable for NodeConfig {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        record(kinds::NODE_CONFIG)
            .dangerous_set(NODE_KEY, &self.node_key)
            .set(HEIGHT, &self.height)
            .set(UNIX_TIME, &self.unix_time)
            .set(POLICY, &self.policy)
            .set(DEADLINES, &self.deadlines)
            .set(LIMITS, &self.limits)
            .set(HOLD_SAFETY_MARGIN, &self.hold_safety_margin)
            .set(HOLD_DELTAS_AHEAD, &self.hold_deltas_ahead)
            .set(HOLD_MIN_FINAL_DELTA, &self.hold_min_final_delta)
            .set(MIN_FINAL_DELTA, &self.min_final_delta)
            .into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut fields = read_record_of(bytes, kinds::NODE_CONFIG)?;
        let config = Self {
            node_key: fields.take(NODE_KEY)?,
            height: fields.take(HEIGHT)?,
            unix_time: fields.take(UNIX_TIME)?,
            policy: fields.take(POLICY)?,
            deadlines: fields.take(DEADLINES)?,
            limits: fields.take(LIMITS)?,
            hold_safety_margin: fields.take(HOLD_SAFETY_MARGIN)?,
            hold_deltas_ahead: fields.take(HOLD_DELTAS_AHEAD)?,
            hold_min_final_delta: fields.take(HOLD_MIN_FINAL_DELTA)?,
            min_final_delta: fields.take(MIN_FINAL_DELTA)?,
        };
        fields.end()?;
        Ok(config)
    }
}

impl Recordable for ForwarderConfig {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        record(kinds::FORWARDER_CONFIG)
            .dangerous_set(NODE_KEY, &self.node_key)
            .set(HEIGHT, &self.height)
            .set(POLICY, &self.policy)
            .set(DEADLINES, &self.deadlines)
            .set(LIMITS, &self.limits)
            .set(HOLD_SAFETY_MARGIN, &self.hold_safety_margin)
            .set(HOLD_DELTAS_AHEAD, &self.hold_deltas_ahead)
            .set(HOLD_MIN_FINAL_DELTA, &self.hold_min_final_delta)
            .into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut fields = read_record_of(bytes, kinds::FORWARDER_CONFIG)?;
        let config = Self {
            node_key: fields.take(NODE_KEY)?,
            height: fields.take(HEIGHT)?,
            policy: fields.take(POLICY)?,
            deadlines: fields.take(DEADLINES)?,
            limits: fields.take(LIMITS)?,
            hold_safety_margin: fields.take(HOLD_SAFETY_MARGIN)?,
            hold_deltas_ahead: fields.take(HOLD_DELTAS_AHEAD)?,
            hold_min_final_delta: fields.take(HOLD_MIN_FINAL_DELTA)?,
        };
        fields.end()?;
        Ok(config)
    }
}

impl Recordable for ReceiverConfig {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        record(kinds::RECEIVER_CONFIG)
            .dangerous_set(NODE_KEY, &self.node_key)
            .set(HEIGHT, &self.height)
            .set(UNIX_TIME, &self.unix_time)
            .set(DEADLINES, &self.deadlines)
            .set(MIN_FINAL_DELTA, &self.min_final_delta)
            .into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut fields = read_record_of(bytes, kinds::RECEIVER_CONFIG)?;
        let config = Self {
            node_key: fields.take(NODE_KEY)?,
            height: fields.take(HEIGHT)?,
            unix_time: fields.take(UNIX_TIME)?,
            deadlines: fields.take(DEADLINES)?,
            min_final_delta: fields.take(MIN_FINAL_DELTA)?,
        };
        fields.end()?;
        Ok(config)
    }
}

const SETTLING: Field = Field::new(0, "settling");
const MAX_EXPIRY_DELTA: Field = Field::new(2, "max_expiry_delta");
const GRACE: Field = Field::new(4, "grace");
const CLAIM_MARGIN: Field = Field::new(6, "claim_margin");

impl Encode for Deadlines {
    fn encode(&self, out: &mut Bytes) {
        FieldWriter::new()
            .set(SETTLING, &self.settling)
            .set(MAX_EXPIRY_DELTA, &self.max_expiry_delta)
            .set(GRACE, &self.grace)
            .set(CLAIM_MARGIN, &self.claim_margin)
            .append_to(out);
    }
}

impl Decode for Deadlines {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let deadlines = Self {
            settling: fields.take(SETTLING)?,
            max_expiry_delta: fields.take(MAX_EXPIRY_DELTA)?,
            grace: fields.take(GRACE)?,
            claim_margin: fields.take(CLAIM_MARGIN)?,
        };
        fields.end()?;
        Ok(deadlines)
    }
}

impl Encode for Settling {
    fn encode(&self, out: &mut Bytes) {
        out.put(&[match self {
            Self::Contract => 0,
            Self::Channel => 1,
        }]);
    }
}

impl Decode for Settling {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Ok(Self::Contract),
            [1] => Ok(Self::Channel),
            [other] => Err(kind_fault(*other)),
        }
    }
}

const HOLDS_PER_NEIGHBOUR: Field = Field::new(0, "holds_per_neighbour");
const HOLDS: Field = Field::new(2, "holds");
const VALUE: Field = Field::new(4, "value_msat");

impl Encode for Limits {
    fn encode(&self, out: &mut Bytes) {
        FieldWriter::new()
            .set(HOLDS_PER_NEIGHBOUR, &self.holds_per_neighbour)
            .set(HOLDS, &self.holds)
            .set(VALUE, &self.value_msat)
            .append_to(out);
    }
}

impl Decode for Limits {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let limits = Self {
            holds_per_neighbour: fields.take(HOLDS_PER_NEIGHBOUR)?,
            holds: fields.take(HOLDS)?,
            value_msat: fields.take(VALUE)?,
        };
        fields.end()?;
        Ok(limits)
    }
}

/// Of what is a record of its own, and has no fields but itself.
const VALUE_ITSELF: Field = Field::new(0, "value");

impl Recordable for Deadlines {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        record(kinds::DEADLINES).set(VALUE_ITSELF, self).into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        read_value(bytes, kinds::DEADLINES)
    }
}

impl Recordable for AttemptSeed {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        record(kinds::ATTEMPT_SEED).dangerous_set(VALUE_ITSELF, self).into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        read_value(bytes, kinds::ATTEMPT_SEED)
    }
}

impl Recordable for PayerSeed {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        record(kinds::PAYER_SEED).dangerous_set(VALUE_ITSELF, self).into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        read_value(bytes, kinds::PAYER_SEED)
    }
}

impl Recordable for ReceiverPaths {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        record(kinds::RECEIVER_PATHS).dangerous_set(VALUE_ITSELF, self).into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        read_value(bytes, kinds::RECEIVER_PATHS)
    }
}

impl Recordable for PaymentPolynomial {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        record(kinds::POLYNOMIAL).dangerous_set(VALUE_ITSELF, self).into_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        read_value(bytes, kinds::POLYNOMIAL)
    }
}

fn read_value<T: Decode>(bytes: &[u8], kind: u64) -> Result<T, RecordError> {
    let mut fields = read_record_of(bytes, kind)?;
    let value = fields.take(VALUE_ITSELF)?;
    fields.end()?;
    Ok(value)
}
