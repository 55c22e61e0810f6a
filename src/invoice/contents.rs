use secp256k1::schnorr::Signature;

use super::{ChainHash, Field, InvoiceError, PaymentLock, PaymentPoints};
use crate::curve::Point;
use crate::lock::PaymentHash;
use crate::wire::{TlvStream, WireError, read_tu32, read_tu64};

/// All millisatoshi that will ever be.
const MAX_MONEY_MSAT: u64 = 21_000_000 * 100_000_000 * 1_000;

/// Invoice features that are understood: several parts required (16) and allowed (17).
const KNOWN_INVOICE_FEATURES: &[usize] = &[16, 17];

/// What an offer asks for at least, for each item.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Millisatoshi, from 1 to all there are.
    Millisatoshi(u64),
    /// An amount in another currency, for the payer's orientation.
    Currency {
        /// ISO 4217, three capital letters.
        code: String,
        /// In the currency's minor unit, such as cents; not 0.
        minor_units: u64,
    },
}

/// The fields of an invoice that are interpreted here. Their rules hold; the signature is not verified.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    pub(super) chain: ChainHash,
    pub(super) amount: Option<Amount>,
    pub(super) description: Option<String>,
    pub(super) absolute_expiry: Option<u64>,
    pub(super) issuer: Option<String>,
    pub(super) quantity_max: Option<u64>,
    pub(super) created_at: u64,
    pub(super) relative_expiry: Option<u32>,
    pub(super) node_id: Point,
    pub(super) lock: PaymentLock,
    pub(super) interim_route: Vec<Point>,
    pub(super) signature: Signature,
}

impl Contents {
    /// Applies every rule that needs no key, time or chain.
    pub(super) fn read(stream: &TlvStream<'_>) -> Result<Self, InvoiceError> {
        for record in stream.records() {
            Field::from_type(record.tlv_type()).check_place()?;
        }
        let fields = Fields(stream);
        fields.check_features(Field::OFFER_FEATURES, &[])?;
        fields.check_features(Field::INVOICE_FEATURES, KNOWN_INVOICE_FEATURES)?;
        Ok(Self {
            chain: fields.chain()?,
            amount: fields.amount()?,
            description: fields.text(Field::OFFER_DESCRIPTION)?,
            absolute_expiry: fields.integer(Field::OFFER_ABSOLUTE_EXPIRY, read_tu64)?,
            issuer: fields.text(Field::OFFER_ISSUER)?,
            quantity_max: fields.integer(Field::OFFER_QUANTITY_MAX, read_tu64)?,
            created_at: required(
                Field::INVOICE_CREATED_AT,
                fields.integer(Field::INVOICE_CREATED_AT, read_tu64)?,
            )?,
            relative_expiry: fields.integer(Field::INVOICE_RELATIVE_EXPIRY, read_tu32)?,
            node_id: fields.node_id()?,
            lock: fields.lock()?,
            interim_route: fields.interim_route()?,
            signature: fields.signature()?,
        })
    }
}

/// The values of a stream, by field.
struct Fields<'a>(&'a TlvStream<'a>);

impl<'a> Fields<'a> {
    fn bytes(&self, field: Field) -> Option<&'a [u8]> {
        self.0.get(field.tlv_type()).map(|record| record.value())
    }

    fn integer<T>(
        &self,
        field: Field,
        read: impl Fn(&[u8]) -> Result<T, WireError>,
    ) -> Result<Option<T>, InvoiceError> {
        self.bytes(field)
            .map(read)
            .transpose()
            .map_err(|source| InvoiceError::Encoding { field: Some(field), source })
    }

    fn text(&self, field: Field) -> Result<Option<String>, InvoiceError> {
        self.bytes(field)
            .map(|bytes| std::str::from_utf8(bytes).map(String::from))
            .transpose()
            .map_err(|_| InvoiceError::NotUtf8 { field })
    }

    fn array<const N: usize>(&self, field: Field) -> Result<Option<[u8; N]>, InvoiceError> {
        self.bytes(field)
            .map(|bytes| {
                bytes.try_into().map_err(|_| InvoiceError::Length {
                    field,
                    expected: N,
                    actual: bytes.len(),
                })
            })
            .transpose()
    }

    fn point(&self, field: Field) -> Result<Option<Point>, InvoiceError> {
        self.array(field)?
            .map(|bytes| Point::from_bytes(&bytes))
            .transpose()
            .map_err(|source| InvoiceError::Point { field, index: 0, source })
    }

    fn points(&self, field: Field) -> Result<Option<Vec<Point>>, InvoiceError> {
        self.bytes(field).map(|bytes| read_points(field, bytes)).transpose()
    }

    /// An even bit that is set has to be understood. Bit 0 is the lowest of the last byte (BOLT 9).
    fn check_features(&self, field: Field, known: &[usize]) -> Result<(), InvoiceError> {
        let bytes = self.bytes(field).unwrap_or_default();
        let unknown = (0..bytes.len() * 8)
            .step_by(2)
            .filter(|bit| bytes[bytes.len() - 1 - bit / 8] >> (bit % 8) & 1 == 1)
            .find(|bit| !known.contains(bit));
        unknown.map_or(Ok(()), |bit| Err(InvoiceError::UnknownFeature { field, bit }))
    }

    /// One chain: an invoice without a request behind it could not say which of several is meant.
    fn chain(&self) -> Result<ChainHash, InvoiceError> {
        let chain = self.array::<32>(Field::OFFER_CHAINS)?;
        Ok(chain.map_or(ChainHash::BITCOIN, ChainHash::from))
    }

    fn amount(&self) -> Result<Option<Amount>, InvoiceError> {
        let field = Field::OFFER_AMOUNT;
        let currency = self.text(Field::OFFER_CURRENCY)?;
        let Some(amount) = self.integer(field, read_tu64)? else {
            return currency.map_or(Ok(None), |_| Err(InvoiceError::Missing { field }));
        };
        required(Field::OFFER_DESCRIPTION, self.bytes(Field::OFFER_DESCRIPTION))?;
        let most = if currency.is_some() { u64::MAX } else { MAX_MONEY_MSAT };
        if !(1..=most).contains(&amount) {
            return Err(InvoiceError::AmountOutOfRange { field, amount });
        }
        let Some(code) = currency else { return Ok(Some(Amount::Millisatoshi(amount))) };
        if code.len() != 3 || !code.bytes().all(|letter| letter.is_ascii_uppercase()) {
            return Err(InvoiceError::Currency { field: Field::OFFER_CURRENCY });
        }
        Ok(Some(Amount::Currency { code, minor_units: amount }))
    }

    /// The signer, who is the offer's issuer. BOLT 12 lets an offer with paths leave the issuer out; here
    /// it is what the payer compares with the key it knows.
    fn node_id(&self) -> Result<Point, InvoiceError> {
        let field = Field::INVOICE_NODE_ID;
        let issuer = required(Field::OFFER_ISSUER_ID, self.point(Field::OFFER_ISSUER_ID)?)?;
        let actual = required(field, self.point(field)?)?;
        if actual != issuer {
            return Err(InvoiceError::NodeId { field });
        }
        Ok(actual)
    }

    fn lock(&self) -> Result<PaymentLock, InvoiceError> {
        let field = Field::PAYMENT_POINTS;
        let other = Field::PAYMENT_HASH;
        match (self.points(field)?, self.array(other)?) {
            (Some(_), Some(_)) => Err(InvoiceError::Conflict { field: other, other: field }),
            (Some(points), None) => {
                let points = PaymentPoints::new(points).expect("a list that is empty is refused");
                Ok(PaymentLock::Points(points))
            }
            (None, Some(hash)) => Ok(PaymentLock::Hash(PaymentHash(hash))),
            (None, None) => Err(InvoiceError::Missing { field }),
        }
    }

    /// The way to the receiver: blinded paths, all four fields of them, or the interim route.
    fn interim_route(&self) -> Result<Vec<Point>, InvoiceError> {
        let blinded =
            [Field::INVOICE_PATHS, Field::INVOICE_BLINDEDPAY, Field::INVOICE_MESSAGE_PATHS];
        let route = self.points(Field::INTERIM_ROUTE)?;
        if blinded.iter().any(|field| self.bytes(*field).is_some()) {
            for field in blinded.into_iter().chain([Field::OFFER_PATHS]) {
                required(field, self.bytes(field))?;
            }
        } else {
            required(Field::INTERIM_ROUTE, route.as_ref())?;
        }
        for field in blinded.into_iter().chain([Field::OFFER_PATHS]) {
            if self.bytes(field).is_some_and(<[u8]>::is_empty) {
                return Err(InvoiceError::Empty { field });
            }
        }
        Ok(route.unwrap_or_default())
    }

    fn signature(&self) -> Result<Signature, InvoiceError> {
        let field = Field::SIGNATURE;
        let bytes: [u8; 64] = required(field, self.array(field)?)?;
        Ok(Signature::from_slice(&bytes).expect("64 bytes"))
    }
}

fn required<T>(field: Field, value: Option<T>) -> Result<T, InvoiceError> {
    value.ok_or(InvoiceError::Missing { field })
}

/// Reads compressed points, at least one.
pub(super) fn read_points(field: Field, bytes: &[u8]) -> Result<Vec<Point>, InvoiceError> {
    let (items, []) = bytes.as_chunks::<{ Point::LENGTH }>() else {
        return Err(list_length(field, bytes));
    };
    if items.is_empty() {
        return Err(list_length(field, bytes));
    }
    items
        .iter()
        .enumerate()
        .map(|(index, bytes)| {
            Point::from_bytes(bytes).map_err(|source| InvoiceError::Point { field, index, source })
        })
        .collect()
}

fn list_length(field: Field, bytes: &[u8]) -> InvoiceError {
    InvoiceError::ListLength { field, item: Point::LENGTH, actual: bytes.len() }
}
