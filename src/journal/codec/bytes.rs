use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::Decode;
use crate::wire::{WireError, read_bigsize, write_bigsize};

/// Bytes that may be secret: when they move to where there is more room, nothing stays behind.
#[derive(Default)]
pub(crate) struct Bytes {
    bytes: Zeroizing<Vec<u8>>,
    /// The y of each point that was put, where somebody asks for them.
    ys: Option<Vec<u8>>,
}

impl Bytes {
    /// Bytes beside which the y of each point is kept.
    pub(super) fn with_ys() -> Self {
        Self { ys: Some(Vec::new()), ..Self::default() }
    }

    /// A point's y, if somebody asks for it.
    pub(super) fn put_y(&mut self, y: impl FnOnce() -> [u8; 32]) {
        if let Some(ys) = &mut self.ys {
            ys.extend_from_slice(&y());
        }
    }

    pub(super) fn ys(&self) -> &[u8] {
        self.ys.as_deref().unwrap_or_default()
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let needed = self.bytes.len() + bytes.len();
        if needed > self.bytes.capacity() {
            let capacity = needed.max(2 * self.bytes.capacity()).max(64);
            let mut grown = Zeroizing::new(Vec::with_capacity(capacity));
            grown.extend_from_slice(&self.bytes);
            self.bytes = grown;
        }
        self.bytes.extend_from_slice(bytes);
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
        &self.bytes
    }

    pub(crate) fn into_inner(self) -> Zeroizing<Vec<u8>> {
        self.bytes
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
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    /// The y of each point that comes, if they were kept.
    ys: Option<&'a [u8]>,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, ys: None }
    }

    /// Of bytes beside which the y of each point was kept.
    pub(super) fn with_ys(bytes: &'a [u8], ys: &'a [u8]) -> Self {
        Self { bytes, ys: Some(ys) }
    }

    /// The y of the point that comes; None if they were not kept.
    pub(super) fn y(&mut self) -> Result<Option<&'a [u8; 32]>, Fault> {
        let Some(ys) = self.ys else { return Ok(None) };
        let (y, rest) = ys.split_first_chunk().ok_or("the y of a point is missing")?;
        self.ys = Some(rest);
        Ok(Some(y))
    }

    /// What is left of the y's, when all bytes are read.
    pub(super) fn end_with_ys(self) -> Result<&'a [u8], Fault> {
        if self.bytes.is_empty() {
            Ok(self.ys.unwrap_or_default())
        } else {
            Err("something stands behind it".into())
        }
    }

    pub(crate) fn slice(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (slice, rest) = self.bytes.split_at_checked(length).ok_or("truncated")?;
        self.bytes = rest;
        Ok(slice)
    }

    /// The next bytes where they stand, so that no copy of a secret is made.
    pub(crate) fn chunk<const N: usize>(&mut self) -> Result<&'a [u8; N], Fault> {
        let (chunk, rest) = self.bytes.split_first_chunk().ok_or("truncated")?;
        self.bytes = rest;
        Ok(chunk)
    }

    pub(crate) fn bigsize(&mut self) -> Result<u64, WireError> {
        let (value, length) = read_bigsize(self.bytes)?;
        self.bytes = &self.bytes[length..];
        Ok(value)
    }

    /// Bytes behind their number.
    pub(crate) fn sized(&mut self) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(self.bigsize()?)?;
        self.slice(length)
    }

    /// All that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.bytes
    }

    /// What is left, for a reader of another kind, which says how much it has taken.
    pub(crate) fn take_with<T, E>(
        &mut self,
        read: impl FnOnce(&'a [u8]) -> Result<(T, usize), E>,
    ) -> Result<T, E> {
        let (value, length) = read(self.bytes)?;
        self.bytes = self.bytes.get(length..).unwrap_or_default();
        Ok(value)
    }
}

/// A value that takes all of the bytes.
pub(crate) fn decode_all<T: Decode>(bytes: &[u8]) -> Result<T, Fault> {
    let mut cursor = Cursor::new(bytes);
    let value = T::decode(&mut cursor)?;
    if cursor.bytes.is_empty() { Ok(value) } else { Err("something stands behind it".into()) }
}
