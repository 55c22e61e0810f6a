use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use zeroize::Zeroize;

use super::kept::Place;
use super::{WireError, read_bigsize, write_bigsize};

/// One record of a [`TlvStream`], with its raw bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlvRecord<'a> {
    tlv_type: u64,
    offset: usize,
    bytes: &'a [u8],
    type_length: usize,
    value_start: usize,
}

impl<'a> TlvRecord<'a> {
    /// The type.
    pub fn tlv_type(&self) -> u64 {
        self.tlv_type
    }

    /// Where the record starts in its stream, in bytes.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The whole record: type, length and value, as they stand in the stream.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The type as it stands in the stream, 1 to 9 bytes.
    pub fn type_bytes(&self) -> &'a [u8] {
        &self.bytes[..self.type_length]
    }

    /// The value.
    pub fn value(&self) -> &'a [u8] {
        &self.bytes[self.value_start..]
    }

    /// The record that was found at this place.
    pub(super) fn at(stream: &'a [u8], place: &Place) -> Self {
        let Place { tlv_type, offset, length, type_length, value_start } = *place;
        let bytes = &stream[offset..offset + length];
        Self { tlv_type, offset, bytes, type_length, value_start }
    }

    /// The record's place in a stream in which it starts at `offset`.
    pub(super) fn place(&self, offset: usize) -> Place {
        let Self { tlv_type, bytes, type_length, value_start, .. } = *self;
        Place { tlv_type, offset, length: bytes.len(), type_length, value_start }
    }

    /// Reads the record that starts at `offset`.
    fn parse(stream: &'a [u8], offset: usize) -> Result<Self, WireError> {
        #[cfg(test)]
        work::count();
        let rest = &stream[offset..];
        let (tlv_type, type_length) = read_bigsize(rest).map_err(|error| match error {
            WireError::BigSizeNotMinimal { value } => {
                WireError::TypeNotMinimal { tlv_type: value, offset }
            }
            _ => WireError::TypeTruncated { offset },
        })?;
        let (length, length_length) =
            read_bigsize(&rest[type_length..]).map_err(|error| match error {
                WireError::BigSizeNotMinimal { .. } => {
                    WireError::LengthNotMinimal { tlv_type, offset }
                }
                _ => WireError::LengthTruncated { tlv_type, offset },
            })?;
        let value_start = type_length + length_length;
        let left = rest.len() - value_start;
        match usize::try_from(length) {
            Ok(length) if length <= left => {
                let bytes = &rest[..value_start + length];
                Ok(Self { tlv_type, offset, bytes, type_length, value_start })
            }
            _ => Err(WireError::ValueTruncated { tlv_type, offset, length, left }),
        }
    }
}

/// A TLV stream that was checked as a whole: types strictly ascend, every encoding is minimal, and the
/// last record ends where the bytes do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlvStream<'a> {
    records: Vec<TlvRecord<'a>>,
}

impl<'a> TlvStream<'a> {
    /// Reads all of `bytes`; no byte at all is the stream without records.
    ///
    /// # Errors
    ///
    /// The first record that is wrong, by type and offset.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut records: Vec<TlvRecord<'a>> = Vec::new();
        let mut offset = 0;
        while offset < bytes.len() {
            let record = TlvRecord::parse(bytes, offset)?;
            let tlv_type = record.tlv_type;
            match records.last().map(|last| last.tlv_type) {
                Some(previous) if tlv_type == previous => {
                    return Err(WireError::Duplicate { tlv_type, offset });
                }
                Some(previous) if tlv_type < previous => {
                    return Err(WireError::OutOfOrder { tlv_type, offset, previous });
                }
                _ => {}
            }
            offset += record.bytes.len();
            records.push(record);
        }
        Ok(Self { records })
    }

    /// The records, in ascending order of type.
    pub fn records(&self) -> &[TlvRecord<'a>] {
        &self.records
    }

    /// The record of this type.
    pub fn get(&self, tlv_type: u64) -> Option<&TlvRecord<'a>> {
        let index = self.records.binary_search_by_key(&tlv_type, TlvRecord::tlv_type).ok()?;
        Some(&self.records[index])
    }

    /// The stream of those records whose type is asked for, which is one as well: types ascend in it, too. No record is
    /// parsed again.
    pub(crate) fn only(&self, keep: impl Fn(u64) -> bool) -> Self {
        let mut offset = 0;
        let mut records = Vec::new();
        for record in self.records.iter().filter(|record| keep(record.tlv_type)) {
            records.push(TlvRecord { offset, ..*record });
            offset += record.bytes.len();
        }
        Self { records }
    }
}

/// Counts the records that this thread has parsed, so that a test can say how much work something was.
#[cfg(test)]
pub(crate) mod work {
    use core::cell::Cell;

    std::thread_local! {
        static PARSED: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        PARSED.with(|parsed| parsed.set(parsed.get() + 1));
    }

    /// What `act` returns, and how many records were parsed for it.
    pub(crate) fn parsed_by<T>(act: impl FnOnce() -> T) -> (T, usize) {
        let before = PARSED.with(Cell::get);
        let result = act();
        (result, PARSED.with(Cell::get) - before)
    }
}

/// Collects records and writes them as a stream that [`TlvStream::parse`] accepts: ascending and without
/// duplicates, whatever the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlvWriter {
    values: BTreeMap<u64, Vec<u8>>,
}

impl TlvWriter {
    /// A writer without records.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the record of this type, in place of one set before.
    pub fn set(&mut self, tlv_type: u64, value: impl Into<Vec<u8>>) -> &mut Self {
        self.values.insert(tlv_type, value.into());
        self
    }

    /// The stream.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.encoded_length());
        for (tlv_type, value) in &self.values {
            write_bigsize(&mut bytes, *tlv_type);
            write_bigsize(&mut bytes, value.len() as u64);
            bytes.extend_from_slice(value);
        }
        bytes
    }

    /// At most: so that the bytes, which may be secret, are written once and not moved.
    fn encoded_length(&self) -> usize {
        self.values.values().map(|value| 9 + 9 + value.len()).sum()
    }
}

/// A payload may carry the blinds of a lock.
impl Drop for TlvWriter {
    fn drop(&mut self) {
        self.values.values_mut().for_each(Zeroize::zeroize);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    fn rewritten(stream: &TlvStream<'_>) -> Vec<u8> {
        let mut writer = TlvWriter::new();
        for record in stream.records() {
            writer.set(record.tlv_type(), record.value());
        }
        writer.to_bytes()
    }

    #[test]
    fn records_keep_their_bytes() {
        let bytes = [1, 2, 0xaa, 0xbb, 0xfd, 0x01, 0x00, 1, 0xcc];
        let stream = TlvStream::parse(&bytes).unwrap();
        let [first, second] = stream.records() else { panic!("two records") };
        assert_eq!((first.tlv_type(), first.offset()), (1, 0));
        assert_eq!((first.bytes(), first.value()), (&bytes[..4], &bytes[2..4]));
        assert_eq!((second.tlv_type(), second.offset()), (256, 4));
        assert_eq!((second.type_bytes(), second.value()), (&bytes[4..7], &bytes[8..]));
        assert_eq!(stream.get(256), Some(second));
        assert_eq!(stream.get(2), None);
        assert_eq!(TlvStream::parse(&[]).unwrap().records(), []);
    }

    #[test]
    fn each_fault_is_named_with_its_record() {
        let cases: &[(&[u8], WireError)] = &[
            // A whole record comes first, so that the offset is not the default.
            (&[1, 0, 0xfd], WireError::TypeTruncated { offset: 2 }),
            (&[1, 0, 0xfd, 0, 2, 0], WireError::TypeNotMinimal { tlv_type: 2, offset: 2 }),
            (&[1, 0, 2], WireError::LengthTruncated { tlv_type: 2, offset: 2 }),
            (&[1, 0, 2, 0xfd, 0], WireError::LengthTruncated { tlv_type: 2, offset: 2 }),
            (&[1, 0, 2, 0xfd, 0, 0], WireError::LengthNotMinimal { tlv_type: 2, offset: 2 }),
            (
                &[1, 0, 2, 2, 7],
                WireError::ValueTruncated { tlv_type: 2, offset: 2, length: 2, left: 1 },
            ),
            (
                &[1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                WireError::ValueTruncated { tlv_type: 2, offset: 2, length: u64::MAX, left: 0 },
            ),
            (&[1, 0, 1, 0], WireError::Duplicate { tlv_type: 1, offset: 2 }),
            (&[3, 0, 1, 0], WireError::OutOfOrder { tlv_type: 1, offset: 2, previous: 3 }),
        ];
        for (bytes, error) in cases {
            assert_eq!(TlvStream::parse(bytes), Err(*error), "{bytes:02x?}");
            assert!(TlvStream::parse(&bytes[..2]).is_ok(), "the first record alone is valid");
        }
    }

    #[test]
    fn the_writer_sorts_and_replaces() {
        let mut writer = TlvWriter::new();
        writer.set(5, vec![5]).set(1, vec![1]).set(5, vec![6, 6]);
        assert_eq!(writer.to_bytes(), [1, 1, 1, 5, 2, 6, 6]);
    }

    proptest! {
        #[test]
        fn write_then_parse(values: BTreeMap<u64, Vec<u8>>) {
            let writer = TlvWriter { values: values.clone() };
            let bytes = writer.to_bytes();
            let stream = TlvStream::parse(&bytes).unwrap();
            let read: BTreeMap<u64, Vec<u8>> =
                stream.records().iter().map(|record| (record.tlv_type(), record.value().to_vec())).collect();
            prop_assert_eq!(read, values);
            let concatenated: Vec<u8> =
                stream.records().iter().flat_map(|record| record.bytes().to_vec()).collect();
            prop_assert_eq!(concatenated, bytes);
        }

        /// Small bytes, so that many of them are streams.
        #[test]
        fn what_is_parsed_is_what_would_be_written(bytes in prop::collection::vec(0u8..6, 0..24)) {
            if let Ok(stream) = TlvStream::parse(&bytes) {
                prop_assert_eq!(rewritten(&stream), bytes);
            }
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            if let Ok(stream) = TlvStream::parse(&bytes) {
                prop_assert_eq!(rewritten(&stream), bytes);
            }
        }
    }
}
