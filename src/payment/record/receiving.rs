//! What a receiver keeps of the invoices that it publishes.

use alloc::vec::Vec;

use super::super::{MessagePath, ReceiverPath, ReceiverPaths};
use crate::curve::{Point, SecretScalar};
use crate::invoice::ktime::PaymentPolynomial;
use crate::journal::codec::{
    Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, Field, FieldReader, FieldWriter,
};
use crate::onion::blinded::PathSecret;

const PAYMENTS: Field = Field::new(0, "payments");
const MESSAGES: Field = Field::new(2, "messages");

impl DangerousEncode for ReceiverPaths {
    fn dangerous_encode(&self, out: &mut Bytes) {
        FieldWriter::new()
            .dangerous_set(PAYMENTS, &self.payments)
            .dangerous_set(MESSAGES, &self.messages)
            .append_to(out);
    }
}

impl Decode for ReceiverPaths {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut fields = FieldReader::of_value(cursor)?;
        let (payments, messages) = (fields.take(PAYMENTS)?, fields.take(MESSAGES)?);
        fields.end()?;
        Ok(Self { payments, messages })
    }
}

impl DangerousEncode for ReceiverPath {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.path_id.encode(out);
        self.secrets.dangerous_encode(out);
    }
}

impl Decode for ReceiverPath {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { path_id: *cursor.chunk()?, secrets: Vec::<PathSecret>::decode(cursor)? })
    }
}

/// Whoever has the id can have messages answered along the path.
impl DangerousEncode for MessagePath {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.path_id.encode(out);
        self.first_path_key.encode(out);
    }
}

impl Decode for MessagePath {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { path_id: *cursor.chunk()?, first_path_key: Point::decode(cursor)? })
    }
}

impl DangerousEncode for PaymentPolynomial {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.coefficients().dangerous_encode(out);
    }
}

impl Decode for PaymentPolynomial {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::dangerous_from_coefficients(Vec::<SecretScalar>::decode(cursor)?)?)
    }
}
