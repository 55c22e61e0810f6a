use std::fmt;
use std::ops::RangeInclusive;

use super::{InvoiceError, PaymentPoints};
use crate::curve::Point;
use crate::wire::{TlvRecord, read_tu64};

/// A field of an offer or an invoice, by its TLV type. `Display` gives its BOLT 12 name, or `tlv_<type>` for one that
/// is not known here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(u64);

/// What a field holds, as far as it is understood here.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// An amount, a quantity or a time.
    Integer(u64),
    /// UTF-8 text.
    Text(String),
    /// The payment points.
    Points(Vec<Point>),
    /// Anything else, as it stands in the message.
    Bytes(Vec<u8>),
}

/// How a known field is shown.
#[derive(Clone, Copy)]
enum Shape {
    Integer,
    Text,
    Points,
    Bytes,
    /// A field of other messages, known by name and refused in a static invoice.
    Elsewhere,
}

macro_rules! fields {
    ($($constant:ident = $tlv_type:literal, $name:literal, $shape:ident;)*) => {
        impl Field {
            $(
                #[doc = concat!("`", $name, "`, type ", $tlv_type, ".")]
                pub const $constant: Self = Self($tlv_type);
            )*

            /// The field of this name of BOLT 12, or of ours.
            pub fn by_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$constant),)*
                    _ => None,
                }
            }

            fn known(self) -> Option<(&'static str, Shape)> {
                match self.0 {
                    $($tlv_type => Some(($name, Shape::$shape)),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    INVREQ_METADATA = 0, "invreq_metadata", Elsewhere;
    OFFER_CHAINS = 2, "offer_chains", Bytes;
    OFFER_METADATA = 4, "offer_metadata", Bytes;
    OFFER_CURRENCY = 6, "offer_currency", Text;
    OFFER_AMOUNT = 8, "offer_amount", Integer;
    OFFER_DESCRIPTION = 10, "offer_description", Text;
    OFFER_FEATURES = 12, "offer_features", Bytes;
    OFFER_ABSOLUTE_EXPIRY = 14, "offer_absolute_expiry", Integer;
    OFFER_PATHS = 16, "offer_paths", Bytes;
    OFFER_ISSUER = 18, "offer_issuer", Text;
    OFFER_QUANTITY_MAX = 20, "offer_quantity_max", Integer;
    OFFER_ISSUER_ID = 22, "offer_issuer_id", Bytes;
    INVREQ_CHAIN = 80, "invreq_chain", Elsewhere;
    INVREQ_AMOUNT = 82, "invreq_amount", Elsewhere;
    INVREQ_FEATURES = 84, "invreq_features", Elsewhere;
    INVREQ_QUANTITY = 86, "invreq_quantity", Elsewhere;
    INVREQ_PAYER_ID = 88, "invreq_payer_id", Elsewhere;
    INVREQ_PAYER_NOTE = 89, "invreq_payer_note", Elsewhere;
    INVREQ_PATHS = 90, "invreq_paths", Elsewhere;
    INVREQ_BIP_353_NAME = 91, "invreq_bip_353_name", Elsewhere;
    INVOICE_PATHS = 160, "invoice_paths", Bytes;
    INVOICE_BLINDEDPAY = 162, "invoice_blindedpay", Bytes;
    INVOICE_CREATED_AT = 164, "invoice_created_at", Integer;
    INVOICE_RELATIVE_EXPIRY = 166, "invoice_relative_expiry", Integer;
    INVOICE_PAYMENT_HASH = 168, "invoice_payment_hash", Elsewhere;
    INVOICE_AMOUNT = 170, "invoice_amount", Elsewhere;
    INVOICE_FALLBACKS = 172, "invoice_fallbacks", Bytes;
    INVOICE_FEATURES = 174, "invoice_features", Bytes;
    INVOICE_NODE_ID = 176, "invoice_node_id", Bytes;
    INVOICE_MESSAGE_PATHS = 236, "invoice_message_paths", Bytes;
    SIGNATURE = 240, "signature", Bytes;
    PAYMENT_POINTS = 3_000_000_161, "payment_points", Points;
    PAYMENT_HASH = 3_000_000_163, "payment_hash", Bytes;
    INTERIM_ROUTE = 3_000_000_165, "interim_route", Bytes;
}

/// The messages that are read here.
#[derive(Clone, Copy)]
pub(super) enum Message {
    Offer,
    StaticInvoice,
}

/// Where an offer has its fields, in an invoice too: plain and experimental ones.
pub(super) const OFFER_RANGES: [RangeInclusive<u64>; 2] = [1..=79, 1_000_000_000..=1_999_999_999];

/// Where a static invoice has fields of its own. Of the signature elements (240 to 1000) it has one, which is a
/// known field.
const INVOICE_RANGES: [RangeInclusive<u64>; 2] = [160..=239, 3_000_000_000..=3_999_999_999];

impl Field {
    /// The field of this TLV type.
    pub const fn from_type(tlv_type: u64) -> Self {
        Self(tlv_type)
    }

    /// The TLV type.
    pub const fn tlv_type(self) -> u64 {
        self.0
    }

    /// Whether it has a name here.
    pub(super) fn is_known(self) -> bool {
        self.known().is_some()
    }

    /// The name of a known field.
    pub(super) fn name(self) -> &'static str {
        self.known().map_or("tlv", |(name, _)| name)
    }

    /// Whether the message may have this field: known ones, and unknown odd ones in its ranges.
    pub(super) fn check_place(self, message: Message) -> Result<(), InvoiceError> {
        let is_in = |ranges: &[RangeInclusive<u64>]| ranges.iter().any(|it| it.contains(&self.0));
        let has_place = is_in(&OFFER_RANGES)
            || match message {
                Message::Offer => false,
                Message::StaticInvoice => is_in(&INVOICE_RANGES) || self == Self::SIGNATURE,
            };
        match self.known() {
            _ if !has_place => Err(InvoiceError::Unexpected { field: self }),
            Some((_, Shape::Elsewhere)) => Err(InvoiceError::Unexpected { field: self }),
            Some(_) => Ok(()),
            None if self.0 % 2 == 0 => Err(InvoiceError::UnknownEven { field: self }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "tlv_{}", self.0),
        }
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({self})")
    }
}

impl FieldValue {
    /// The value of a record that nobody has checked, for display: what is not of its field's form is bytes.
    pub(super) fn unchecked(record: &TlvRecord<'_>) -> (Field, Self) {
        let field = Field::from_type(record.tlv_type());
        let value = record.value();
        let shape = match field {
            Field::INVREQ_AMOUNT | Field::INVREQ_QUANTITY | Field::INVOICE_AMOUNT => Shape::Integer,
            Field::INVREQ_PAYER_NOTE => Shape::Text,
            _ => field.known().map_or(Shape::Bytes, |(_, shape)| shape),
        };
        let understood = match shape {
            Shape::Integer => read_tu64(value).ok().map(Self::Integer),
            Shape::Text => String::from_utf8(value.to_vec()).ok().map(Self::Text),
            Shape::Points => {
                let points = value.chunks(Point::LENGTH).map(Point::from_slice);
                points.collect::<Result<_, _>>().ok().map(Self::Points)
            }
            Shape::Bytes | Shape::Elsewhere => None,
        };
        (field, understood.unwrap_or_else(|| Self::Bytes(value.to_vec())))
    }

    /// The value of a record of a decoded message, for display. `points` are the message's, decompressed when it was decoded.
    pub(super) fn of(record: &TlvRecord<'_>, points: Option<&PaymentPoints>) -> (Field, Self) {
        let field = Field::from_type(record.tlv_type());
        let value = record.value();
        let shown = match field.known() {
            Some((_, Shape::Integer)) => {
                Self::Integer(read_tu64(value).expect("checked when the message was decoded"))
            }
            Some((_, Shape::Text)) => {
                let text =
                    std::str::from_utf8(value).expect("checked when the message was decoded");
                Self::Text(String::from(text))
            }
            Some((_, Shape::Points)) => match points {
                Some(points) => Self::Points(points.as_slice().to_vec()),
                None => Self::Bytes(value.to_vec()),
            },
            Some((_, Shape::Bytes | Shape::Elsewhere)) | None => Self::Bytes(value.to_vec()),
        };
        (field, shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_bolt_12() {
        assert_eq!(Field::OFFER_AMOUNT.to_string(), "offer_amount");
        assert_eq!(Field::from_type(3_000_000_161), Field::PAYMENT_POINTS);
        assert_eq!(Field::from_type(33).to_string(), "tlv_33");
    }

    #[test]
    fn each_message_has_its_ranges() {
        let in_offer = |tlv_type| Field(tlv_type).check_place(Message::Offer);
        let in_invoice = |tlv_type| Field(tlv_type).check_place(Message::StaticInvoice);
        let unexpected = |tlv_type| Err(InvoiceError::Unexpected { field: Field(tlv_type) });
        let unknown_even = |tlv_type| Err(InvoiceError::UnknownEven { field: Field(tlv_type) });
        for tlv_type in [1, 2, 22, 79, 1_000_000_001, 1_999_999_999] {
            assert_eq!((in_offer(tlv_type), in_invoice(tlv_type)), (Ok(()), Ok(())), "{tlv_type}");
        }
        for tlv_type in [24, 78, 1_000_000_000, 1_999_999_998] {
            let refused = unknown_even(tlv_type);
            assert_eq!((in_offer(tlv_type), in_invoice(tlv_type)), (refused.clone(), refused));
        }
        for tlv_type in [160, 161, 236, 239, 240, 3_000_000_001, 3_000_000_161, 3_999_999_999] {
            assert_eq!(in_offer(tlv_type), unexpected(tlv_type));
            assert_eq!(in_invoice(tlv_type), Ok(()), "{tlv_type}");
        }
        for tlv_type in [178, 238, 3_000_000_162] {
            assert_eq!(in_offer(tlv_type), unexpected(tlv_type));
            assert_eq!(in_invoice(tlv_type), unknown_even(tlv_type));
        }
        for tlv_type in [0, 80, 89, 91, 93, 159, 168, 170, 241, 242, 999, 1001] {
            assert_eq!(in_offer(tlv_type), unexpected(tlv_type));
            assert_eq!(in_invoice(tlv_type), unexpected(tlv_type));
        }
        for tlv_type in [999_999_999, 2_000_000_001, 2_999_999_999, 4_000_000_001, u64::MAX] {
            assert_eq!(in_offer(tlv_type), unexpected(tlv_type));
            assert_eq!(in_invoice(tlv_type), unexpected(tlv_type));
        }
    }
}
