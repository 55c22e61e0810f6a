use std::string::String;

use thiserror::Error;

use super::text::TextKind;
use super::{ChainHash, Field};
use crate::curve::{CurveError, Point};
use crate::wire::WireError;

/// Why text or bytes are no offer to ask with, or no static invoice to pay. Except where the text itself is
/// at fault, it names the field.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvoiceError {
    /// A `+` does not stand between two characters, with or without white space behind it.
    #[error("text: `+` at byte {position} does not join two characters")]
    TextContinuation {
        /// Where the `+` stands, in bytes from the start of the text, without what stands around it.
        position: usize,
    },
    /// The text is partly upper case, partly lower case.
    #[error("text: mixed case")]
    TextMixedCase,
    /// The text has no `1` between the human-readable part and the data.
    #[error("text: no separator `1`")]
    TextSeparator,
    /// The human-readable part is empty, too long or not printable ASCII.
    #[error("text: no valid human-readable part")]
    TextHumanReadablePart,
    /// The text is something else that people paste.
    #[error("text: {found}, where {} is wanted", either(.wanted))]
    OtherText {
        /// What it is, by its looks.
        found: TextKind,
        /// What it has to be, one of these.
        wanted: &'static [TextKind],
    },
    /// The human-readable part is a valid one, of something that is not known here.
    #[error("text: starts with {actual:?}, where {} is wanted", either(.wanted))]
    TextPrefix {
        /// What it is, in lower case, at most 83 characters.
        actual: String,
        /// What it has to be, one of these.
        wanted: &'static [TextKind],
    },
    /// The text is longer than any that is read.
    #[error("text: longer than {maximum} bytes")]
    TextTooLong {
        /// The length that is allowed, in bytes and with all that stands around the text.
        maximum: usize,
    },
    /// A `%` in a URI is not followed by two hexadecimal digits, or the bytes are not UTF-8.
    #[error("text: URI is not percent-encoded UTF-8 in {part:?}")]
    TextPercent {
        /// The parameter of the URI; the scheme, where it is the URI's path.
        part: String,
    },
    /// A parameter of a URI is required (`req-`) and unknown, so the whole URI is refused (BIP 321).
    #[error("text: URI requires {parameter:?}, which is not known here")]
    TextRequired {
        /// The parameter, in lower case, at most 83 characters.
        parameter: String,
    },
    /// A character of the data is none of bech32's.
    #[error("text: {character:?} is no bech32 character")]
    TextCharacter {
        /// The character.
        character: char,
    },
    /// The bits that are left over at the end are more than four, or not all zero.
    #[error("text: padding is too long or not zero")]
    TextPadding,

    /// The stream is longer than any that is read.
    #[error("stream: {actual} bytes, at most {maximum} are read")]
    StreamTooLong {
        /// The length that it has, in bytes.
        actual: usize,
        /// The length that is allowed, in bytes.
        maximum: usize,
    },
    /// The bytes are no TLV stream, or the field is no minimal integer.
    #[error("{}{source}", prefix(*.field))]
    Encoding {
        /// The field, unless the bytes end before its type is known.
        field: Option<Field>,
        /// What is wrong.
        source: WireError,
    },
    /// A field that has to be there is not.
    #[error("{field}: missing")]
    Missing {
        /// The field.
        field: Field,
    },
    /// A field that no message of this kind carries: an offer, or a static invoice.
    #[error("{field}: has no place in this message")]
    Unexpected {
        /// The field.
        field: Field,
    },
    /// A field of an unknown even type, without which the message can't be understood.
    #[error("{field}: unknown even type")]
    UnknownEven {
        /// The field.
        field: Field,
    },
    /// Two fields of which only one may be there.
    #[error("{field}: stands beside {other}, which excludes it")]
    Conflict {
        /// The field.
        field: Field,
        /// The other one.
        other: Field,
    },
    /// A field of fixed length has another one.
    #[error("{field}: {actual} bytes, expected {expected}")]
    Length {
        /// The field.
        field: Field,
        /// The length that it has to have, in bytes.
        expected: usize,
        /// The length that it has, in bytes.
        actual: usize,
    },
    /// A field that lists items of fixed length is empty, or ends inside an item.
    #[error("{field}: {actual} bytes, expected one or more items of {item} bytes")]
    ListLength {
        /// The field.
        field: Field,
        /// The length of an item, in bytes.
        item: usize,
        /// The length that the field has, in bytes.
        actual: usize,
    },
    /// A list of payment points is longer than that of the largest k.
    #[error("{field}: {actual} points, at most {maximum} are read")]
    TooManyPoints {
        /// The field.
        field: Field,
        /// How many points it has.
        actual: usize,
        /// How many there may be.
        maximum: usize,
    },
    /// A field that may not be empty is.
    #[error("{field}: empty")]
    Empty {
        /// The field.
        field: Field,
    },
    /// A text is not UTF-8.
    #[error("{field}: not UTF-8")]
    NotUtf8 {
        /// The field.
        field: Field,
    },
    /// A point is none.
    #[error("{field}: point {index}: {source}")]
    Point {
        /// The field.
        field: Field,
        /// Which of the field's points, from 0.
        index: usize,
        /// What is wrong.
        source: CurveError,
    },
    /// A blinded path is none.
    #[error("{field}: path {index}: {source}")]
    Path {
        /// The field.
        field: Field,
        /// Which of the field's paths, from 0.
        index: usize,
        /// What is wrong.
        source: WireError,
    },
    /// An item of a list is cut off.
    #[error("{field}: item {index} is truncated")]
    Item {
        /// The field.
        field: Field,
        /// Which of the field's items, from 0.
        index: usize,
    },
    /// An item of a list is longer than its length can say, and so can't be written.
    #[error("{field}: item {index} is too long to be written")]
    ItemTooLong {
        /// The field.
        field: Field,
        /// Which of the field's items, from 0.
        index: usize,
    },
    /// Two lists that belong together have different lengths.
    #[error("{field}: {actual} items for {expected} of {other}")]
    Count {
        /// The field.
        field: Field,
        /// The field that it belongs to.
        other: Field,
        /// How many items the other one has.
        expected: usize,
        /// How many items it has.
        actual: usize,
    },
    /// The currency is not three capital letters (ISO 4217).
    #[error("{field}: not three capital letters")]
    Currency {
        /// The field.
        field: Field,
    },
    /// The amount is in a currency, and nobody has said what that is worth.
    #[error("{field}: the amount is in {code}, and there is no rate for it")]
    RateMissing {
        /// The field.
        field: Field,
        /// The currency.
        code: String,
    },
    /// The amount is zero, or more millisatoshi than there can be.
    #[error("{field}: amount of {amount} is out of range")]
    AmountOutOfRange {
        /// The field.
        field: Field,
        /// The amount, in millisatoshi or in the offer's currency.
        amount: u64,
    },
    /// A feature is required (its bit is even) and unknown.
    #[error("{field}: unknown required feature {bit}")]
    UnknownFeature {
        /// The field.
        field: Field,
        /// The bit of the feature.
        bit: usize,
    },
    /// The invoice is signed by another node than the offer's issuer.
    #[error("{field}: not the offer_issuer_id")]
    NodeId {
        /// The field.
        field: Field,
    },
    /// The signature is not one by `invoice_node_id` over these fields.
    #[error("{field}: not a valid signature by invoice_node_id")]
    Signature {
        /// The field.
        field: Field,
    },

    /// A payment point belongs to the key that signs: the first claim would publish that key.
    #[error("{field}: has the signing key as a payment point")]
    KeyReused {
        /// The field.
        field: Field,
    },

    /// The offer no longer stands, or the invoice may no longer be paid.
    #[error("{field}: expired at {expires_at}, now it is {now}")]
    Expired {
        /// The field that says so.
        field: Field,
        /// The last second in which it may be paid, UNIX time.
        expires_at: u64,
        /// The time given, UNIX time in seconds.
        now: u64,
    },
    /// The offer or invoice is for another chain.
    #[error("{field}: for the chain {actual}, not for {expected}")]
    Chain {
        /// The field.
        field: Field,
        /// The payer's chain.
        expected: ChainHash,
        /// The invoice's chain.
        actual: ChainHash,
    },
    /// The invoice is not for the offer that the payer has: a field of the offer is missing, changed or added.
    #[error("{field}: not as in the offer")]
    OtherOffer {
        /// The field.
        field: Field,
    },
    /// The invoice is not from the receiver that is meant: by the payer, or by the verifier of a proof.
    #[error("{field}: {actual} is not the receiver that is meant")]
    Issuer {
        /// The field.
        field: Field,
        /// Who issued the invoice.
        actual: Point,
    },
}

impl InvoiceError {
    /// The field at fault, unless the text is, or the bytes end before a type.
    pub fn field(&self) -> Option<Field> {
        match *self {
            Self::TextContinuation { .. }
            | Self::TextMixedCase
            | Self::TextSeparator
            | Self::TextHumanReadablePart
            | Self::OtherText { .. }
            | Self::TextPrefix { .. }
            | Self::TextTooLong { .. }
            | Self::TextPercent { .. }
            | Self::TextRequired { .. }
            | Self::TextCharacter { .. }
            | Self::TextPadding
            | Self::StreamTooLong { .. } => None,
            Self::Encoding { field, .. } => field,
            Self::Missing { field }
            | Self::Unexpected { field }
            | Self::UnknownEven { field }
            | Self::Conflict { field, .. }
            | Self::Length { field, .. }
            | Self::ListLength { field, .. }
            | Self::TooManyPoints { field, .. }
            | Self::Empty { field }
            | Self::NotUtf8 { field }
            | Self::Point { field, .. }
            | Self::Path { field, .. }
            | Self::Item { field, .. }
            | Self::ItemTooLong { field, .. }
            | Self::Count { field, .. }
            | Self::Currency { field }
            | Self::RateMissing { field, .. }
            | Self::AmountOutOfRange { field, .. }
            | Self::UnknownFeature { field, .. }
            | Self::NodeId { field }
            | Self::Signature { field }
            | Self::KeyReused { field }
            | Self::Expired { field, .. }
            | Self::Chain { field, .. }
            | Self::OtherOffer { field }
            | Self::Issuer { field, .. } => Some(field),
        }
    }
}

impl From<WireError> for InvoiceError {
    fn from(source: WireError) -> Self {
        Self::Encoding { field: source.tlv_type().map(Field::from_type), source }
    }
}

fn prefix(field: Option<Field>) -> String {
    field.map_or_else(|| String::from("stream: "), |field| format!("{field}: "))
}

/// Kinds of text, as in a sentence.
fn either(kinds: &[TextKind]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    names.join(" or ")
}
