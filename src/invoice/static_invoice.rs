use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use secp256k1::Message;
use secp256k1::schnorr::Signature;

use super::contents::Contents;
use super::text::{self, TextKind};
use super::{
    Amount, ChainHash, FallbackAddress, Field, FieldValue, InvoiceError, Offer, PaymentLock,
    PaymentPath, merkle,
};
use crate::curve::{Point, context};
use crate::wire::{BlindedPath, Features, IntroductionNode, KeptStream, TlvStream};

const HUMAN_READABLE_PART: &str = "lni";

/// Two weeks, in seconds, for an invoice that does not say: the default for static invoices. BOLT 12's two
/// hours are meant for invoices that are asked for one by one.
pub(super) const DEFAULT_RELATIVE_EXPIRY: u32 = 14 * 24 * 3600;

/// The Merkle root over all fields of an invoice but signatures, 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvoiceId([u8; 32]);

impl InvoiceId {
    /// An id known from elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for InvoiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for InvoiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InvoiceId({self})")
    }
}

/// A static invoice that is well formed and signed by its issuer.
///
/// Made by decoding, which verifies all that the bytes can tell, or by
/// [`StaticInvoiceBuilder`](super::StaticInvoiceBuilder). Before paying: [`decode_at`](Self::decode_at)
/// for chain and expiry, [`verify_issuer`](Self::verify_issuer) or [`verify_offer`](Self::verify_offer) for who
/// is paid, [`require_lock`](Self::require_lock) for the lock, which a plain BOLT 12 invoice has not.
///
/// `Display` writes the `lni1…` text. Two invoices are equal when their bytes are.
#[derive(Clone)]
pub struct StaticInvoice {
    stream: KeptStream,
    id: InvoiceId,
    contents: Contents,
}

impl StaticInvoice {
    /// Reads an invoice from its TLV stream and verifies its signature.
    ///
    /// # Errors
    ///
    /// What the module page lists, by field.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvoiceError> {
        text::check_stream(bytes)?;
        let stream = TlvStream::parse(bytes)?;
        let contents = Contents::read(&stream)?;
        let id = merkle::root(&stream).expect("there are fields that have to be there");
        context()
            .verify_schnorr(
                &contents.signature,
                &Message::from_digest(signature_hash(&id)),
                &contents.node_id.x_only(),
            )
            .map_err(|_| InvoiceError::Signature { field: Field::SIGNATURE })?;
        Ok(Self { stream: KeptStream::from(&stream), id: InvoiceId(id), contents })
    }

    /// Reads an invoice in order to pay it, on `chain`, at the UNIX time `now` in seconds. Who is paid is
    /// for [`verify_issuer`](Self::verify_issuer) to tell.
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](Self::from_bytes) and `from_str`, [`check_chain`](Self::check_chain) and
    /// [`check_not_expired`](Self::check_not_expired).
    pub fn decode_at(text: &str, chain: ChainHash, now: u64) -> Result<Self, InvoiceError> {
        let invoice: Self = text.parse()?;
        invoice.check_chain(chain)?;
        invoice.check_not_expired(now)?;
        Ok(invoice)
    }

    /// Checks that the invoice is for this chain.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::Chain`].
    pub fn check_chain(&self, expected: ChainHash) -> Result<(), InvoiceError> {
        let actual = self.chain();
        if actual == expected {
            Ok(())
        } else {
            Err(InvoiceError::Chain { field: Field::OFFER_CHAINS, expected, actual })
        }
    }

    /// Checks that neither the invoice nor its offer has expired at the UNIX time `now`, in seconds. The
    /// last second of an expiry still counts.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::Expired`].
    pub fn check_not_expired(&self, now: u64) -> Result<(), InvoiceError> {
        let expires_at = self.expires_at();
        if now > expires_at {
            let field = Field::INVOICE_RELATIVE_EXPIRY;
            return Err(InvoiceError::Expired { field, expires_at, now });
        }
        self.contents.offer.check_not_expired(now)
    }

    /// Whether this key, parity included, issued and signed the invoice.
    pub fn signed_by(&self, key: &Point) -> bool {
        self.contents.node_id == *key
    }

    /// Checks that the invoice is from the receiver whose key the payer knows from elsewhere: from an
    /// offer's `offer_issuer_id`, an earlier payment, a person.
    ///
    /// A vault can withhold an invoice, and can forge none that passes this check. A payer that knows
    /// nothing but a Lightning Address has no key to compare and trusts the vault's first answer: it
    /// should keep [`invoice_node_id`](Self::invoice_node_id) and check every later answer against it.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::Issuer`].
    pub fn verify_issuer(&self, expected: &Point) -> Result<(), InvoiceError> {
        if self.signed_by(expected) {
            return Ok(());
        }
        Err(InvoiceError::Issuer { field: Field::OFFER_ISSUER_ID, actual: self.contents.node_id })
    }

    /// Checks that this is an invoice for the offer that the payer has: every field of the offer is in it as it
    /// is there, and no other field of an offer. With an offer from the receiver itself, this says what
    /// [`verify_issuer`](Self::verify_issuer) does: the offer's issuer is the signer.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::OtherOffer`], with the first field that differs.
    pub fn verify_offer(&self, offer: &Offer) -> Result<(), InvoiceError> {
        match self.contents.offer.first_difference(offer) {
            None => Ok(()),
            Some(field) => Err(InvoiceError::OtherOffer { field }),
        }
    }

    /// The TLV stream.
    pub fn as_bytes(&self) -> &[u8] {
        self.stream.as_bytes()
    }

    /// The Merkle root over all fields but signatures.
    pub fn invoice_id(&self) -> InvoiceId {
        self.id
    }

    /// What payments are locked to. None for a plain BOLT 12 static invoice: there the sender draws the preimage
    /// and sends it along in its onion, and to have paid proves nothing.
    pub fn lock(&self) -> Option<&PaymentLock> {
        self.contents.lock.as_ref()
    }

    /// What payments are locked to, for whoever pays under a lock of the receiver's.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::Missing`], with `payment_points`, for a plain BOLT 12 static invoice.
    pub fn require_lock(&self) -> Result<&PaymentLock, InvoiceError> {
        self.lock().ok_or(InvoiceError::Missing { field: Field::PAYMENT_POINTS })
    }

    /// The plain static point (k = 0). None for a k-time polynomial, no coefficient of which is a point
    /// to pay under, for a payment hash, and without a lock.
    pub fn payment_point(&self) -> Option<Point> {
        match self.lock()? {
            PaymentLock::Points(points) if points.k() == 0 => Some(points.as_slice()[0]),
            PaymentLock::Points(_) | PaymentLock::Hash(_) => None,
        }
    }

    /// The node ids of the interim route, in the order of payment; empty when there are blinded paths
    /// alone. Where there are both, the blinded paths are meant.
    pub fn interim_route(&self) -> &[Point] {
        &self.contents.interim_route
    }

    /// `invoice_paths` with `invoice_blindedpay`: to pay along, the receiver's favourites first; one at least
    /// [is usable](PaymentPath::is_usable). Empty when there is an interim route alone.
    pub fn paths(&self) -> &[PaymentPath] {
        &self.contents.paths
    }

    /// `invoice_message_paths`: along which to tell the receiver that a payment is held for it. Empty when there is
    /// an interim route alone.
    pub fn message_paths(&self) -> &[BlindedPath<IntroductionNode>] {
        &self.contents.message_paths
    }

    /// `invoice_features`. Of the even ones, none but 16 may be set: the payment has to come in several parts.
    /// With 17 it may.
    pub fn invoice_features(&self) -> &Features {
        &self.contents.features
    }

    /// `invoice_fallbacks`: addresses on the chain, the receiver's favourites first.
    pub fn invoice_fallbacks(&self) -> &[FallbackAddress] {
        &self.contents.fallbacks
    }

    /// The offer whose fields the invoice repeats.
    pub fn offer(&self) -> &Offer {
        &self.contents.offer
    }

    /// The chain from `offer_chains`, Bitcoin's main chain when it is absent.
    pub fn chain(&self) -> ChainHash {
        self.contents.offer.chains()[0]
    }

    /// The least amount for each item, from `offer_amount` and `offer_currency`; None when the payer
    /// chooses.
    pub fn amount(&self) -> Option<&Amount> {
        self.contents.offer.amount()
    }

    /// `offer_description`: what is paid for, as the issuer wrote it. Not made safe for a terminal.
    pub fn offer_description(&self) -> Option<&str> {
        self.contents.offer.description()
    }

    /// `offer_issuer`: who the issuer says it is, unproven. Not made safe for a terminal.
    pub fn offer_issuer(&self) -> Option<&str> {
        self.contents.offer.issuer()
    }

    /// `offer_absolute_expiry`, UNIX time in seconds.
    pub fn offer_absolute_expiry(&self) -> Option<u64> {
        self.contents.offer.absolute_expiry()
    }

    /// `offer_quantity_max`: how many items at most; 0 for no limit, None for one item.
    pub fn offer_quantity_max(&self) -> Option<u64> {
        self.contents.offer.quantity_max()
    }

    /// `invoice_created_at`, UNIX time in seconds.
    pub fn invoice_created_at(&self) -> u64 {
        self.contents.created_at
    }

    /// `invoice_relative_expiry`, in seconds from [`invoice_created_at`](Self::invoice_created_at); two
    /// weeks when it is absent.
    pub fn invoice_relative_expiry(&self) -> u32 {
        self.contents.relative_expiry.unwrap_or(DEFAULT_RELATIVE_EXPIRY)
    }

    /// The last second in which the invoice may be paid, UNIX time. The offer may expire sooner.
    pub fn expires_at(&self) -> u64 {
        self.contents.created_at.saturating_add(u64::from(self.invoice_relative_expiry()))
    }

    /// `invoice_node_id`: the key that signed, which is `offer_issuer_id` too.
    pub fn invoice_node_id(&self) -> Point {
        self.contents.node_id
    }

    /// `signature`, by [`invoice_node_id`](Self::invoice_node_id).
    pub fn signature(&self) -> &Signature {
        &self.contents.signature
    }

    /// The raw value of any field.
    pub fn value(&self, field: Field) -> Option<&[u8]> {
        self.stream.get(field.tlv_type()).map(|record| record.value())
    }

    /// Every field with its value, in ascending order of type, unknown ones included.
    pub fn fields(&self) -> Vec<(Field, FieldValue)> {
        let points = match self.lock() {
            Some(PaymentLock::Points(points)) => Some(points),
            Some(PaymentLock::Hash(_)) | None => None,
        };
        self.stream.records().map(|record| FieldValue::of(&record, points)).collect()
    }
}

/// What is signed, for an invoice with this Merkle root.
pub(super) fn signature_hash(root: &[u8; 32]) -> [u8; 32] {
    merkle::signature_hash("static_invoice", "signature", root)
}

impl FromStr for StaticInvoice {
    type Err = InvoiceError;

    /// Reads the `lni1…` text in any form in which people paste it ([`text`]), as [`StaticInvoice::from_bytes`].
    fn from_str(text: &str) -> Result<Self, InvoiceError> {
        Self::from_bytes(&text::decode_as(&[TextKind::Invoice], text)?.1)
    }
}

impl fmt::Display for StaticInvoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = text::encode(HUMAN_READABLE_PART, self.as_bytes())
            .expect("lni is a valid human-readable part");
        f.write_str(&text)
    }
}

impl fmt::Debug for StaticInvoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StaticInvoice({self})")
    }
}

impl PartialEq for StaticInvoice {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for StaticInvoice {}

impl Hash for StaticInvoice {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}
