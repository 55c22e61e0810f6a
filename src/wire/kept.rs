use alloc::vec::Vec;

use super::{TlvRecord, TlvStream};

/// A TLV stream that was parsed once and is kept: its bytes, and where each record stands in them.
///
/// What a typed message is made of. Fields are looked up here by type, and nothing is parsed a second time.
#[derive(Clone)]
pub(crate) struct KeptStream {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Where a record stands, and where its type and value do in it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) tlv_type: u64,
    pub(super) offset: usize,
    pub(super) length: usize,
    pub(super) type_length: usize,
    pub(super) value_start: usize,
}

impl KeptStream {
    /// The stream as it is written.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The records, in ascending order of type.
    pub(crate) fn records(&self) -> impl Iterator<Item = TlvRecord<'_>> {
        self.places.iter().map(|place| TlvRecord::at(&self.bytes, place))
    }

    /// The record of this type.
    pub(crate) fn get(&self, tlv_type: u64) -> Option<TlvRecord<'_>> {
        let index = self.places.binary_search_by_key(&tlv_type, |place| place.tlv_type).ok()?;
        Some(TlvRecord::at(&self.bytes, &self.places[index]))
    }
}

impl From<&TlvStream<'_>> for KeptStream {
    /// Copies the bytes of the records, which are all there is.
    fn from(stream: &TlvStream<'_>) -> Self {
        let records = stream.records();
        let mut bytes = Vec::with_capacity(records.iter().map(|record| record.bytes().len()).sum());
        let mut places = Vec::with_capacity(records.len());
        for record in records {
            places.push(record.place(bytes.len()));
            bytes.extend_from_slice(record.bytes());
        }
        Self { bytes, places }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Small bytes, so that many of them are streams.
        #[test]
        fn what_is_kept_is_what_was_parsed(bytes in prop::collection::vec(0u8..6, 0..24)) {
            let Ok(stream) = TlvStream::parse(&bytes) else { return Ok(()) };
            let kept = KeptStream::from(&stream);
            prop_assert_eq!(kept.as_bytes(), &bytes[..]);
            prop_assert_eq!(kept.records().collect::<Vec<_>>(), stream.records());
            for tlv_type in 0..8 {
                let found = kept.get(tlv_type);
                prop_assert_eq!(found.as_ref(), stream.get(tlv_type));
            }
        }

        /// A part of a stream is the stream that its records would be.
        #[test]
        fn a_part_is_a_stream(bytes in prop::collection::vec(0u8..6, 0..24), bound in 0u64..6) {
            let Ok(stream) = TlvStream::parse(&bytes) else { return Ok(()) };
            let part = KeptStream::from(&stream.only(|tlv_type| tlv_type < bound));
            let again = TlvStream::parse(part.as_bytes()).unwrap();
            prop_assert_eq!(part.records().collect::<Vec<_>>(), again.records());
            prop_assert!(again.records().iter().all(|record| record.tlv_type() < bound));
            let left_out = stream.records().iter().filter(|record| record.tlv_type() >= bound);
            prop_assert_eq!(again.records().len() + left_out.count(), stream.records().len());
        }
    }
}
