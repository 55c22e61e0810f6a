use super::types::{ENCRYPTED_RECIPIENT_DATA, name};
use crate::curve::Point;
use crate::payment::PayloadError;
use crate::wire::{TlvStream, read_tu32, read_tu64};

/// The fields of a payload whose types are known or odd.
pub(super) struct Fields<'a>(TlvStream<'a>);

impl<'a> Fields<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, PayloadError> {
        let stream = TlvStream::parse(bytes)?;
        let unknown = |tlv_type: &u64| *tlv_type % 2 == 0 && name(*tlv_type).is_none();
        match stream.records().iter().map(|record| record.tlv_type()).find(unknown) {
            Some(tlv_type) => Err(PayloadError::UnknownEven { tlv_type }),
            None => Ok(Self(stream)),
        }
    }

    pub(super) fn has(&self, tlv_type: u64) -> bool {
        self.0.get(tlv_type).is_some()
    }

    /// Refuses every known field that is none of these: it has no meaning here.
    pub(super) fn allow(&self, tlv_types: &[u64]) -> Result<(), PayloadError> {
        let misplaced = self
            .0
            .records()
            .iter()
            .map(|record| record.tlv_type())
            .find_map(|t| if tlv_types.contains(&t) { None } else { name(t) });
        misplaced.map_or(Ok(()), |field| Err(PayloadError::Misplaced(field)))
    }

    /// Refuses every field that is none of these, at a hop of a blinded path, unknown odd ones too (BOLT 4, "Payload Format"): the
    /// payer has no say there beyond what the path's maker asked for.
    pub(super) fn allow_in_path(&self, tlv_types: &[u64]) -> Result<(), PayloadError> {
        self.allow(tlv_types)?;
        let mut types = self.0.records().iter().map(|record| record.tlv_type());
        match types.find(|tlv_type| !tlv_types.contains(tlv_type)) {
            Some(tlv_type) if self.has(ENCRYPTED_RECIPIENT_DATA) => {
                Err(PayloadError::Unexpected { tlv_type })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn optional(&self, tlv_type: u64) -> Option<&'a [u8]> {
        self.0.get(tlv_type).map(|record| record.value())
    }

    pub(super) fn required(&self, tlv_type: u64) -> Result<&'a [u8], PayloadError> {
        self.optional(tlv_type).ok_or(PayloadError::Missing(label(tlv_type)))
    }

    /// A truncated integer of up to 8 bytes.
    pub(super) fn integer(&self, tlv_type: u64) -> Result<u64, PayloadError> {
        read_tu64(self.required(tlv_type)?).map_err(|_| malformed(tlv_type))
    }

    /// A truncated integer of up to 4 bytes.
    pub(super) fn height(&self, tlv_type: u64) -> Result<u32, PayloadError> {
        read_tu32(self.required(tlv_type)?).map_err(|_| malformed(tlv_type))
    }

    pub(super) fn point(&self, tlv_type: u64) -> Result<Point, PayloadError> {
        Point::from_slice(self.required(tlv_type)?).map_err(|_| malformed(tlv_type))
    }

    pub(super) fn array<const N: usize>(&self, tlv_type: u64) -> Result<[u8; N], PayloadError> {
        self.required(tlv_type)?.try_into().map_err(|_| malformed(tlv_type))
    }

    pub(super) fn scalar<T, E>(
        &self,
        tlv_type: u64,
        read: impl Fn(&[u8; 32]) -> Result<T, E>,
    ) -> Result<Option<T>, PayloadError> {
        if !self.has(tlv_type) {
            return Ok(None);
        }
        let bytes = self.array(tlv_type)?;
        read(&bytes).map(Some).map_err(|_| malformed(tlv_type))
    }
}

pub(super) fn malformed(tlv_type: u64) -> PayloadError {
    PayloadError::Malformed(label(tlv_type))
}

fn label(tlv_type: u64) -> &'static str {
    name(tlv_type).unwrap_or("unknown")
}
