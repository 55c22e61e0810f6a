use bitcoin::constants::ChainHash;

use super::{BlindedPayInfo, FallbackAddress, Field, InvoiceError, PaymentPoints};
use crate::curve::Point;
use crate::wire::{BlindedPath, Features, IntroductionNode, TlvStream, WireError};

/// The values of a stream, by field. None is for a field that is not there.
pub(super) struct Reader<'a>(pub(super) &'a TlvStream<'a>);

impl<'a> Reader<'a> {
    pub(super) fn bytes(&self, field: Field) -> Option<&'a [u8]> {
        self.0.get(field.tlv_type()).map(|record| record.value())
    }

    pub(super) fn integer<T>(
        &self,
        field: Field,
        read: impl Fn(&[u8]) -> Result<T, WireError>,
    ) -> Result<Option<T>, InvoiceError> {
        self.bytes(field)
            .map(read)
            .transpose()
            .map_err(|source| InvoiceError::Encoding { field: Some(field), source })
    }

    pub(super) fn text(&self, field: Field) -> Result<Option<String>, InvoiceError> {
        self.bytes(field)
            .map(|bytes| std::str::from_utf8(bytes).map(String::from))
            .transpose()
            .map_err(|_| InvoiceError::NotUtf8 { field })
    }

    pub(super) fn array<const N: usize>(
        &self,
        field: Field,
    ) -> Result<Option<[u8; N]>, InvoiceError> {
        self.bytes(field)
            .map(|bytes| {
                let actual = bytes.len();
                bytes.try_into().map_err(|_| InvoiceError::Length { field, expected: N, actual })
            })
            .transpose()
    }

    pub(super) fn point(&self, field: Field) -> Result<Option<Point>, InvoiceError> {
        self.array(field)?
            .map(|bytes| Point::from_bytes(&bytes))
            .transpose()
            .map_err(|source| InvoiceError::Point { field, index: 0, source })
    }

    pub(super) fn points(&self, field: Field) -> Result<Option<Vec<Point>>, InvoiceError> {
        self.bytes(field).map(|bytes| read_points(field, bytes)).transpose()
    }

    /// A polynomial of at most k = [`PaymentPoints::MAX_K`]: a longer list is refused before a point of it is decompressed.
    pub(super) fn payment_points(
        &self,
        field: Field,
    ) -> Result<Option<PaymentPoints>, InvoiceError> {
        let Some(bytes) = self.bytes(field) else { return Ok(None) };
        let (actual, maximum) = (items::<33>(field, bytes)?.len(), PaymentPoints::MAX_K + 1);
        if actual > maximum {
            return Err(InvoiceError::TooManyPoints { field, actual, maximum });
        }
        let points = PaymentPoints::new(read_points(field, bytes)?);
        Ok(Some(points.expect("the list has an item and no more than the type holds")))
    }

    pub(super) fn chains(&self, field: Field) -> Result<Option<Vec<ChainHash>>, InvoiceError> {
        let chains = self.bytes(field).map(|bytes| items(field, bytes)).transpose()?;
        Ok(chains.map(|chains| chains.copied().map(ChainHash::from).collect()))
    }

    /// The bits, of which the even ones have to be among `known`.
    pub(super) fn features(&self, field: Field, known: &[usize]) -> Result<Features, InvoiceError> {
        let features = Features::from_bytes(self.bytes(field).unwrap_or_default());
        match features.unknown_required(known) {
            None => Ok(features),
            Some(bit) => Err(InvoiceError::UnknownFeature { field, bit }),
        }
    }

    /// At least one path, where the field is there at all: nothing can be sent along none.
    pub(super) fn paths(
        &self,
        field: Field,
    ) -> Result<Option<Vec<BlindedPath<IntroductionNode>>>, InvoiceError> {
        let path = |index, bytes: &[u8]| {
            BlindedPath::read(bytes).map_err(|source| InvoiceError::Path { field, index, source })
        };
        self.list(field, path)
    }

    pub(super) fn blindedpay(
        &self,
        field: Field,
    ) -> Result<Option<Vec<BlindedPayInfo>>, InvoiceError> {
        self.list(field, |index, bytes| {
            BlindedPayInfo::read(bytes).ok_or(InvoiceError::Item { field, index })
        })
    }

    pub(super) fn fallbacks(
        &self,
        field: Field,
    ) -> Result<Option<Vec<FallbackAddress>>, InvoiceError> {
        self.list(field, |index, bytes| {
            FallbackAddress::read(bytes).ok_or(InvoiceError::Item { field, index })
        })
    }

    /// Items that say themselves how long they are: `read` takes one from the front. There is at least one.
    fn list<T>(
        &self,
        field: Field,
        read: impl Fn(usize, &[u8]) -> Result<(T, usize), InvoiceError>,
    ) -> Result<Option<Vec<T>>, InvoiceError> {
        let Some(mut rest) = self.bytes(field) else { return Ok(None) };
        if rest.is_empty() {
            return Err(InvoiceError::Empty { field });
        }
        let mut items = Vec::new();
        while !rest.is_empty() {
            let (item, length) = read(items.len(), rest)?;
            items.push(item);
            rest = &rest[length..];
        }
        Ok(Some(items))
    }
}

pub(super) fn required<T>(field: Field, value: Option<T>) -> Result<T, InvoiceError> {
    value.ok_or(InvoiceError::Missing { field })
}

/// Reads compressed points, at least one.
fn read_points(field: Field, bytes: &[u8]) -> Result<Vec<Point>, InvoiceError> {
    let encodings: Vec<[u8; 33]> = items(field, bytes)?.copied().collect();
    Point::from_bytes_each(&encodings).map_err(|(index, source)| InvoiceError::Point {
        field,
        index,
        source,
    })
}

/// Items of one length, at least one.
fn items<const N: usize>(
    field: Field,
    bytes: &[u8],
) -> Result<impl ExactSizeIterator<Item = &[u8; N]>, InvoiceError> {
    let items = bytes.chunks_exact(N);
    if bytes.is_empty() || !items.remainder().is_empty() {
        return Err(InvoiceError::ListLength { field, item: N, actual: bytes.len() });
    }
    Ok(items.map(|item| item.try_into().expect("an exact chunk has N bytes")))
}
