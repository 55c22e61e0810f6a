use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::Decode;
use crate::wire::{WireError, read_bigsize, write_bigsize};

/// Bytes that may be secret: when they move to where there is more room, nothing stays behind.
#[derive(Default)]
pub(crate) struct Bytes(Zeroizing<Vec<u8>>);

impl Bytes {
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let capacity = needed.max(2 * self.0.capacity()).max(64);
            let mut grown = Zeroizing::new(Vec::with_capacity(capacity));
            grown.extend_from_slice(&self.0);
            self.0 = grown;
        }
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn put_bigsize(&mut self, value: u64) {
        let mut bytes = Vec::with_capacity(9);
        write_bigsize(&mut bytes, value);
        self.put(&bytes);
    }

    /// The bytes behind their number.
    pub(crate) fn put_sized(&mut self, bytes: &[u8]) {
        self.put_bigsize(bytes.len() as u64);
        self.put(bytes);
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn into_inner(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

/// What is wrong with a value, in words. The name of the field is put before them where it is known.
pub(crate) struct Fault(String);

impl Fault {
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// Of any error, and of a phrase.
impl<E: fmt::Display> From<E> for Fault {
    fn from(reason: E) -> Self {
        Self(reason.to_string())
    }
}

/// What is left to be read.
pub(crate) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn slice(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (slice, rest) = self.0.split_at_checked(length).ok_or("truncated")?;
        self.0 = rest;
        Ok(slice)
    }

    /// The next bytes where they stand, so that no copy of a secret is made.
    pub(crate) fn chunk<const N: usize>(&mut self) -> Result<&'a [u8; N], Fault> {
        let (chunk, rest) = self.0.split_first_chunk().ok_or("truncated")?;
        self.0 = rest;
        Ok(chunk)
    }

    pub(crate) fn bigsize(&mut self) -> Result<u64, WireError> {
        let (value, length) = read_bigsize(self.0)?;
        self.0 = &self.0[length..];
        Ok(value)
    }

    /// Bytes behind their number.
    pub(crate) fn sized(&mut self) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(self.bigsize()?)?;
        self.slice(length)
    }

    /// All that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }

    /// What is left, for a reader of another kind, which says how much it has taken.
    pub(crate) fn take_with<T, E>(
        &mut self,
        read: impl FnOnce(&'a [u8]) -> Result<(T, usize), E>,
    ) -> Result<T, E> {
        let (value, length) = read(self.0)?;
        self.0 = self.0.get(length..).unwrap_or_default();
        Ok(value)
    }
}

/// A value that takes all of the bytes.
pub(crate) fn decode_all<T: Decode>(bytes: &[u8]) -> Result<T, Fault> {
    let mut cursor = Cursor::new(bytes);
    let value = T::decode(&mut cursor)?;
    if cursor.0.is_empty() { Ok(value) } else { Err("something stands behind it".into()) }
}
