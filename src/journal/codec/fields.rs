use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, decode_all};
use crate::journal::RecordError;
use crate::wire::TlvStream;

/// A field of a record: its number, and its name for an error.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    number: u64,
    name: &'static str,
}

impl Field {
    pub(crate) const fn new(number: u64, name: &'static str) -> Self {
        Self { number, name }
    }

    /// That this field is wrong.
    pub(crate) fn fault(self, fault: impl Into<Fault>) -> RecordError {
        RecordError::Field { field: self.name, reason: fault.into().into_string() }
    }
}

/// Writes fields, in ascending order of their numbers.
#[must_use]
pub(crate) struct FieldWriter {
    bytes: Bytes,
    last: Option<u64>,
}

impl FieldWriter {
    /// Fields of a value that may grow.
    pub(crate) fn new() -> Self {
        Self::behind(Bytes::default())
    }

    /// Fields behind these bytes.
    pub(super) fn behind(bytes: Bytes) -> Self {
        Self { bytes, last: None }
    }

    pub(crate) fn set(self, field: Field, value: &impl Encode) -> Self {
        self.put(field, |out| value.encode(out))
    }

    /// Writes nothing where there is nothing.
    pub(crate) fn set_some(self, field: Field, value: Option<&impl Encode>) -> Self {
        match value {
            Some(value) => self.set(field, value),
            None => self,
        }
    }

    /// The value, and the y of each of its points behind those that are there.
    pub(crate) fn set_with_ys(self, field: Field, value: &impl Encode, ys: &mut Vec<u8>) -> Self {
        let mut bytes = Bytes::with_ys();
        value.encode(&mut bytes);
        ys.extend_from_slice(bytes.ys());
        self.put(field, |out| out.put(bytes.as_slice()))
    }

    /// A secret, in the clear.
    pub(crate) fn dangerous_set(self, field: Field, secret: &impl DangerousEncode) -> Self {
        self.put(field, |out| secret.dangerous_encode(out))
    }

    /// Writes nothing where there is nothing.
    pub(crate) fn dangerous_set_some(
        self,
        field: Field,
        secret: Option<&impl DangerousEncode>,
    ) -> Self {
        match secret {
            Some(secret) => self.dangerous_set(field, secret),
            None => self,
        }
    }

    /// What `write` appends, as this field.
    pub(crate) fn put(mut self, field: Field, write: impl FnOnce(&mut Bytes)) -> Self {
        debug_assert!(self.last < Some(field.number), "{} out of order", field.name);
        self.last = Some(field.number);
        let mut value = Bytes::default();
        write(&mut value);
        self.bytes.put_bigsize(field.number);
        self.bytes.put_sized(value.as_slice());
        self
    }

    pub(crate) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.bytes.into_inner()
    }

    /// The fields as a value, behind their length.
    pub(crate) fn append_to(self, out: &mut Bytes) {
        out.put_sized(self.bytes.as_slice());
    }
}

/// Reads fields, and knows which of them were asked for.
pub(crate) struct FieldReader<'a> {
    stream: TlvStream<'a>,
    asked: Vec<u64>,
}

impl<'a> FieldReader<'a> {
    /// # Errors
    ///
    /// [`RecordError::Stream`].
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, RecordError> {
        Ok(Self { stream: TlvStream::parse(bytes)?, asked: Vec::new() })
    }

    /// The fields of a value that may grow.
    pub(crate) fn of_value(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        Ok(Self::parse(cursor.sized()?)?)
    }

    /// The bytes of a field.
    pub(crate) fn bytes(&mut self, field: Field) -> Option<&'a [u8]> {
        self.asked.push(field.number);
        self.stream.get(field.number).map(|record| record.value())
    }

    /// The bytes of a field, which has to be there.
    pub(crate) fn required(&mut self, field: Field) -> Result<&'a [u8], RecordError> {
        self.bytes(field).ok_or(RecordError::Missing { field: field.name })
    }

    pub(crate) fn take_some<T: Decode>(&mut self, field: Field) -> Result<Option<T>, RecordError> {
        let bytes = self.bytes(field);
        bytes.map(decode_all).transpose().map_err(|fault| field.fault(fault))
    }

    /// A value with points, whose y's come next in `ys`; without them each is computed, which takes a square root.
    pub(crate) fn take_with_ys<T: Decode>(
        &mut self,
        field: Field,
        ys: &mut Option<&'a [u8]>,
    ) -> Result<T, RecordError> {
        let Some(known) = *ys else { return self.take(field) };
        let mut cursor = Cursor::with_ys(self.required(field)?, known);
        let value = T::decode(&mut cursor).map_err(|fault| field.fault(fault))?;
        *ys = Some(cursor.end_with_ys().map_err(|fault| field.fault(fault))?);
        Ok(value)
    }

    pub(crate) fn take<T: Decode>(&mut self, field: Field) -> Result<T, RecordError> {
        self.take_some(field)?.ok_or(RecordError::Missing { field: field.name })
    }

    /// Refuses even fields that nobody has asked for: they may say something that matters.
    ///
    /// # Errors
    ///
    /// [`RecordError::UnknownField`].
    pub(crate) fn end(self) -> Result<(), RecordError> {
        let types = self.stream.records().iter().map(|record| record.tlv_type());
        match types.into_iter().find(|number| number % 2 == 0 && !self.asked.contains(number)) {
            Some(number) => Err(RecordError::UnknownField { number }),
            None => Ok(()),
        }
    }
}
