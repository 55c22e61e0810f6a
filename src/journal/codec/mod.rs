//! How records are put together: versioned, each field by its number, secrets only where the code says so.
//!
//! ```text
//! record   version (BigSize) ‖ kind (BigSize) ‖ fields
//! fields   a TLV stream (BOLT 1): of a number that is not known, an even one is refused, an odd one passed over
//! value    says itself how long it is, so that values stand one behind the other
//! ```
//!
//! | value | bytes |
//! | --- | --- |
//! | integer | its width, big endian |
//! | yes or no | 01 or 00 |
//! | point, scalar, hash | 33, 32, 32 |
//! | bytes, text | their number (BigSize), and they |
//! | what may be missing | 00, or 01 and it |
//! | a list | how many (BigSize), and they |
//! | what may grow | its length (BigSize), and fields |
//!
//! A value has one encoding: what is read is written as it was.
//!
//! A state has many points, and to find the y of each takes a square root. So a state may keep the y's of some values beside them, in a field of its own
//! ([`FieldWriter::set_with_ys`], [`FieldReader::take_with_ys`]); one without is read all the same.
//!
//! What is public implements [`Encode`]. What is secret, or has a secret in it, implements [`DangerousEncode`] instead, and is put into a
//! record by a method that begins with `dangerous_`.

mod bytes;
mod fields;
mod values;

pub(crate) use bytes::{Bytes, Cursor, Fault, decode_all};
pub(crate) use fields::{Field, FieldReader, FieldWriter};
pub(crate) use values::{decode_point, kind_fault, put_list, put_y};

use super::RecordError;

/// The version that is written.
pub(crate) const VERSION: u64 = 1;
/// The versions that are read, for an error.
const READS: &str = "version 1";

/// A value that is no secret.
pub(crate) trait Encode {
    /// Appends its bytes.
    fn encode(&self, out: &mut Bytes);
}

/// A value that is secret, or has a secret in it. Its bytes are for the node's own disk.
pub(crate) trait DangerousEncode {
    /// Appends its bytes, secrets in the clear.
    fn dangerous_encode(&self, out: &mut Bytes);
}

/// A value that can be read.
pub(crate) trait Decode: Sized {
    /// Reads what the bytes start with.
    ///
    /// # Errors
    ///
    /// [`Fault`], in words.
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault>;
}

/// Starts a record of this kind.
pub(crate) fn record(kind: u64) -> FieldWriter {
    let mut bytes = Bytes::default();
    bytes.put_bigsize(VERSION);
    bytes.put_bigsize(kind);
    FieldWriter::behind(bytes)
}

/// The kind of a record, and its fields.
///
/// # Errors
///
/// [`RecordError::OtherVersion`], [`RecordError::Missing`] and [`RecordError::Stream`].
pub(crate) fn read_record(bytes: &[u8]) -> Result<(u64, FieldReader<'_>), RecordError> {
    let mut cursor = Cursor::new(bytes);
    let version = cursor.bigsize().map_err(|_| RecordError::Missing { field: "version" })?;
    if version != VERSION {
        return Err(RecordError::OtherVersion { version, reads: READS });
    }
    let kind = cursor.bigsize().map_err(|_| RecordError::Missing { field: "kind" })?;
    Ok((kind, FieldReader::parse(cursor.rest())?))
}

/// The fields of a record of this kind.
///
/// # Errors
///
/// [`RecordError::UnknownKind`], and as [`read_record`].
pub(crate) fn read_record_of(bytes: &[u8], expected: u64) -> Result<FieldReader<'_>, RecordError> {
    let (kind, fields) = read_record(bytes)?;
    if kind == expected { Ok(fields) } else { Err(RecordError::UnknownKind { kind }) }
}

#[cfg(test)]
mod tests;
