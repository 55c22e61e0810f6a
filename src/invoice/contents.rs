use secp256k1::schnorr::Signature;

use super::field::Message;
use super::reader::{Reader, required};
use super::{FallbackAddress, Field, InvoiceError, Offer, PaymentLock, PaymentPath};
use crate::curve::Point;
use crate::lock::PaymentHash;
use crate::wire::{BlindedPath, Features, IntroductionNode, TlvStream, read_tu32, read_tu64};

/// Invoice features that are understood: several parts required (16) and allowed (17).
const KNOWN_INVOICE_FEATURES: &[usize] = &[16, 17];

/// The fields of BOLT 12 that lead to the receiver. An invoice with one of the first two has all; paths for messages go with an interim
/// route as well.
const BLINDED: [Field; 4] = [
    Field::INVOICE_PATHS,
    Field::INVOICE_BLINDEDPAY,
    Field::INVOICE_MESSAGE_PATHS,
    Field::OFFER_PATHS,
];

/// The fields of an invoice. Their rules hold; the signature is not verified.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    pub(super) offer: Offer,
    pub(super) paths: Vec<PaymentPath>,
    pub(super) message_paths: Vec<BlindedPath<IntroductionNode>>,
    pub(super) created_at: u64,
    pub(super) relative_expiry: Option<u32>,
    pub(super) fallbacks: Vec<FallbackAddress>,
    pub(super) features: Features,
    pub(super) node_id: Point,
    pub(super) lock: Option<PaymentLock>,
    pub(super) interim_route: Vec<Point>,
    pub(super) signature: Signature,
}

impl Contents {
    /// Applies every rule that needs no key, time or chain.
    pub(super) fn read(stream: &TlvStream<'_>) -> Result<Self, InvoiceError> {
        for record in stream.records() {
            Field::from_type(record.tlv_type()).check_place(Message::StaticInvoice)?;
        }
        let reader = Reader(stream);
        let created_at = reader.integer(Field::INVOICE_CREATED_AT, read_tu64)?;
        let created_at = required(Field::INVOICE_CREATED_AT, created_at)?;
        // One chain: an invoice without a request behind it could not say which of several is meant.
        reader.array::<32>(Field::OFFER_CHAINS)?;
        let offer = Offer::mirrored_in(stream)?;
        let node_id = node_id(&reader, &offer)?;
        let is_routed = check_route(&reader)?;
        Ok(Self {
            paths: payment_paths(&reader)?,
            message_paths: reader.paths(Field::INVOICE_MESSAGE_PATHS)?.unwrap_or_default(),
            created_at,
            relative_expiry: reader.integer(Field::INVOICE_RELATIVE_EXPIRY, read_tu32)?,
            fallbacks: reader.fallbacks(Field::INVOICE_FALLBACKS)?.unwrap_or_default(),
            features: reader.features(Field::INVOICE_FEATURES, KNOWN_INVOICE_FEATURES)?,
            node_id,
            lock: lock(&reader, is_routed)?,
            interim_route: reader.points(Field::INTERIM_ROUTE)?.unwrap_or_default(),
            signature: signature(&reader)?,
            offer,
        })
    }
}

/// The signer, who is the offer's issuer. BOLT 12 lets an offer with paths leave the issuer out; the end of one
/// of the paths signs then. The paths of a static invoice's offer end at the vault, which could so sign
/// what it likes: the issuer id is what the payer compares with the key it knows.
fn node_id(reader: &Reader<'_>, offer: &Offer) -> Result<Point, InvoiceError> {
    let field = Field::INVOICE_NODE_ID;
    let issuer = required(Field::OFFER_ISSUER_ID, offer.issuer_id())?;
    let actual = required(field, reader.point(field)?)?;
    if actual != issuer {
        return Err(InvoiceError::NodeId { field });
    }
    Ok(actual)
}

/// None is for a plain BOLT 12 invoice, which leads to the receiver by blinded paths alone.
fn lock(reader: &Reader<'_>, has_paths: bool) -> Result<Option<PaymentLock>, InvoiceError> {
    let field = Field::PAYMENT_POINTS;
    let other = Field::PAYMENT_HASH;
    match (reader.payment_points(field)?, reader.array(other)?) {
        (Some(_), Some(_)) => Err(InvoiceError::Conflict { field: other, other: field }),
        (Some(points), None) => Ok(Some(PaymentLock::Points(points))),
        (None, Some(hash)) => Ok(Some(PaymentLock::Hash(PaymentHash(hash)))),
        (None, None) if has_paths => Ok(None),
        (None, None) => Err(InvoiceError::Missing { field }),
    }
}

/// Whether blinded paths lead to the receiver, all four fields of them; where not, the interim route has to.
fn check_route(reader: &Reader<'_>) -> Result<bool, InvoiceError> {
    let is_there = |field: &Field| reader.bytes(*field).is_some();
    let [for_payments @ .., _, _] = BLINDED;
    if for_payments.iter().any(is_there) {
        for field in BLINDED {
            required(field, reader.bytes(field))?;
        }
        return Ok(true);
    }
    required(Field::INTERIM_ROUTE, reader.bytes(Field::INTERIM_ROUTE))?;
    Ok(false)
}

/// The paths for payments, each with its terms.
fn payment_paths(reader: &Reader<'_>) -> Result<Vec<PaymentPath>, InvoiceError> {
    let (field, other) = (Field::INVOICE_BLINDEDPAY, Field::INVOICE_PATHS);
    let Some(paths) = reader.paths(other)? else { return Ok(Vec::new()) };
    let pay_infos = required(field, reader.blindedpay(field)?)?;
    if pay_infos.len() != paths.len() {
        let (expected, actual) = (paths.len(), pay_infos.len());
        return Err(InvoiceError::Count { field, other, expected, actual });
    }
    let paths: Vec<PaymentPath> =
        paths.into_iter().zip(pay_infos).map(|(path, pay)| PaymentPath::new(path, pay)).collect();
    let unknown = |path: &PaymentPath| path.pay_info.features.unknown_required(&[]);
    match paths.iter().map(unknown).min() {
        // None is the least: a path that is usable.
        Some(Some(bit)) => Err(InvoiceError::UnknownFeature { field, bit }),
        _ => Ok(paths),
    }
}

fn signature(reader: &Reader<'_>) -> Result<Signature, InvoiceError> {
    let field = Field::SIGNATURE;
    let bytes: [u8; 64] = required(field, reader.array(field)?)?;
    Ok(Signature::from_slice(&bytes).expect("64 bytes"))
}
