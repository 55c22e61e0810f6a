use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::field::{Message, OFFER_RANGES};
use super::reader::{Reader, required};
use super::text::{self, TextKind};
use super::{ChainHash, Field, FieldValue, InvoiceError};
use crate::curve::Point;
use crate::wire::{
    BlindedPath, Features, IntroductionNode, KeptStream, TlvRecord, TlvStream, read_tu64,
};

const HUMAN_READABLE_PART: &str = "lno";

/// All millisatoshi that will ever be.
const MAX_MONEY_MSAT: u64 = 21_000_000 * 100_000_000 * 1_000;

/// What an offer asks for at least, for each item.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Millisatoshi, from 1 to all there are.
    Millisatoshi(u64),
    /// An amount in another currency; payer and receiver convert it, each at a [`Rate`](super::Rate) of its own.
    Currency {
        /// ISO 4217, three capital letters.
        code: String,
        /// In the currency's minor unit, such as cents; not 0.
        minor_units: u64,
    },
}

/// An offer (BOLT 12): what a receiver publishes once, and a payer asks for invoices with.
///
/// It is not signed, and carries no lock: payment points come and go with the invoices, which are signed by the
/// key that the offer names. So whoever has the offer from the receiver itself can tell the receiver's invoices
/// from a vault's ([`StaticInvoice::verify_offer`](super::StaticInvoice::verify_offer)), and the offer
/// outlives every polynomial.
///
/// Made by decoding, or by [`OfferBuilder`](super::OfferBuilder). `Display` writes the `lno1…` text. Two
/// offers are equal when their bytes are.
///
/// ```
/// use pointlock::curve::Keypair;
/// use pointlock::invoice::{ChainHash, Offer, OfferBuilder};
///
/// // The receiver, for whoever scans its code.
/// let receiver = Keypair::from_secret_bytes(&[2; 32])?;
/// let offer = OfferBuilder::new()
///     .amount_msat(5_000)
///     .description("coffee")
///     .issuer_id(&receiver.public_key())
///     .build()?;
///
/// // The payer, at its time and on its chain.
/// let read = Offer::decode_at(&offer.to_string(), ChainHash::BITCOIN, 1_750_000_000)?;
/// assert_eq!(read, offer);
/// assert_eq!(read.issuer_id(), Some(receiver.public_key()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Offer {
    stream: KeptStream,
    chains: Option<Vec<ChainHash>>,
    amount: Option<Amount>,
    description: Option<String>,
    features: Features,
    absolute_expiry: Option<u64>,
    paths: Vec<BlindedPath<IntroductionNode>>,
    issuer: Option<String>,
    quantity_max: Option<u64>,
    issuer_id: Option<Point>,
}

impl Offer {
    /// Reads an offer from its TLV stream, and applies every rule of BOLT 12 that needs no time or chain.
    ///
    /// # Errors
    ///
    /// What the module page lists, by field.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvoiceError> {
        text::check_stream(bytes)?;
        Self::read(&TlvStream::parse(bytes)?)
    }

    fn read(stream: &TlvStream<'_>) -> Result<Self, InvoiceError> {
        for record in stream.records() {
            Field::from_type(record.tlv_type()).check_place(Message::Offer)?;
        }
        let reader = Reader(stream);
        let offer = Self {
            stream: stream.into(),
            chains: reader.chains(Field::OFFER_CHAINS)?,
            amount: amount(&reader)?,
            description: reader.text(Field::OFFER_DESCRIPTION)?,
            features: reader.features(Field::OFFER_FEATURES, &[])?,
            absolute_expiry: reader.integer(Field::OFFER_ABSOLUTE_EXPIRY, read_tu64)?,
            paths: reader.paths(Field::OFFER_PATHS)?.unwrap_or_default(),
            issuer: reader.text(Field::OFFER_ISSUER)?,
            quantity_max: reader.integer(Field::OFFER_QUANTITY_MAX, read_tu64)?,
            issuer_id: reader.point(Field::OFFER_ISSUER_ID)?,
        };
        if offer.paths.is_empty() {
            required(Field::OFFER_ISSUER_ID, offer.issuer_id)?;
        }
        Ok(offer)
    }

    /// The offer whose fields are in an invoice, among others.
    pub(super) fn mirrored_in(stream: &TlvStream<'_>) -> Result<Self, InvoiceError> {
        Self::read(
            &stream.only(|tlv_type| OFFER_RANGES.iter().any(|range| range.contains(&tlv_type))),
        )
    }

    /// Reads an offer in order to ask for an invoice, on `chain`, at the UNIX time `now` in seconds.
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](Self::from_bytes) and `from_str`, [`check_chain`](Self::check_chain) and
    /// [`check_not_expired`](Self::check_not_expired).
    pub fn decode_at(text: &str, chain: ChainHash, now: u64) -> Result<Self, InvoiceError> {
        let offer: Self = text.parse()?;
        offer.check_chain(chain)?;
        offer.check_not_expired(now)?;
        Ok(offer)
    }

    /// Checks that this chain is one of the offer's.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::Chain`], with the offer's first chain.
    pub fn check_chain(&self, expected: ChainHash) -> Result<(), InvoiceError> {
        if self.chains().contains(&expected) {
            return Ok(());
        }
        let actual = self.chains()[0];
        Err(InvoiceError::Chain { field: Field::OFFER_CHAINS, expected, actual })
    }

    /// Checks that the offer has not expired at the UNIX time `now`, in seconds. The last second still counts.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::Expired`].
    pub fn check_not_expired(&self, now: u64) -> Result<(), InvoiceError> {
        match self.absolute_expiry {
            Some(expires_at) if now > expires_at => {
                Err(InvoiceError::Expired { field: Field::OFFER_ABSOLUTE_EXPIRY, expires_at, now })
            }
            _ => Ok(()),
        }
    }

    /// The TLV stream.
    pub fn as_bytes(&self) -> &[u8] {
        self.stream.as_bytes()
    }

    /// `offer_chains`: on which chains it may be paid, at least one; Bitcoin's main chain when it is absent.
    pub fn chains(&self) -> &[ChainHash] {
        self.chains.as_deref().unwrap_or(&[ChainHash::BITCOIN])
    }

    /// `offer_metadata`: for the issuer's own use.
    pub fn metadata(&self) -> Option<&[u8]> {
        self.value(Field::OFFER_METADATA)
    }

    /// `offer_amount` and `offer_currency`: the least amount for each item; None when the payer chooses.
    pub fn amount(&self) -> Option<&Amount> {
        self.amount.as_ref()
    }

    /// `offer_description`: what is paid for, as the issuer wrote it. Not made safe for a terminal.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// `offer_features`; none is known here, so all that are set are odd.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// `offer_absolute_expiry`, UNIX time in seconds.
    pub fn absolute_expiry(&self) -> Option<u64> {
        self.absolute_expiry
    }

    /// `offer_paths`: along which to ask for an invoice; none when the issuer is asked by its id.
    pub fn paths(&self) -> &[BlindedPath<IntroductionNode>] {
        &self.paths
    }

    /// `offer_issuer`: who the issuer says it is, unproven. Not made safe for a terminal.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// `offer_quantity_max`: how many items at most; 0 for no limit, None for one item.
    pub fn quantity_max(&self) -> Option<u64> {
        self.quantity_max
    }

    /// `offer_issuer_id`: who signs the invoices. None only where there are paths; the invoice is then signed
    /// by whoever is at the end of one, which may be the vault: no static invoice of such an offer is read
    /// here.
    pub fn issuer_id(&self) -> Option<Point> {
        self.issuer_id
    }

    /// The raw value of any field.
    pub fn value(&self, field: Field) -> Option<&[u8]> {
        self.stream.get(field.tlv_type()).map(|record| record.value())
    }

    /// Every field with its value, in ascending order of type, unknown ones included.
    pub fn fields(&self) -> Vec<(Field, FieldValue)> {
        // No points: an offer has no field of ours.
        self.records().map(|record| FieldValue::of(&record, None)).collect()
    }

    pub(super) fn records(&self) -> impl Iterator<Item = TlvRecord<'_>> {
        self.stream.records()
    }

    /// The field with the lowest type that the other offer has not, or not with the same value.
    pub(super) fn first_difference(&self, other: &Self) -> Option<Field> {
        let (mut ours, mut theirs) = (self.records(), other.records());
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return None,
                (Some(one), Some(two)) if one.bytes() == two.bytes() => {}
                // The lower of two types is missing in the other offer.
                (one, two) => {
                    let types = [one, two].into_iter().flatten().map(|record| record.tlv_type());
                    return types.min().map(Field::from_type);
                }
            }
        }
    }
}

fn amount(reader: &Reader<'_>) -> Result<Option<Amount>, InvoiceError> {
    let field = Field::OFFER_AMOUNT;
    let currency = reader.text(Field::OFFER_CURRENCY)?;
    let Some(amount) = reader.integer(field, read_tu64)? else {
        return currency.map_or(Ok(None), |_| Err(InvoiceError::Missing { field }));
    };
    required(Field::OFFER_DESCRIPTION, reader.bytes(Field::OFFER_DESCRIPTION))?;
    let most = if currency.is_some() { u64::MAX } else { MAX_MONEY_MSAT };
    if !(1..=most).contains(&amount) {
        return Err(InvoiceError::AmountOutOfRange { field, amount });
    }
    let Some(code) = currency else { return Ok(Some(Amount::Millisatoshi(amount))) };
    if !is_currency_code(&code) {
        return Err(InvoiceError::Currency { field: Field::OFFER_CURRENCY });
    }
    Ok(Some(Amount::Currency { code, minor_units: amount }))
}

/// Whether it looks like a code of ISO 4217.
pub(super) fn is_currency_code(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase())
}

impl FromStr for Offer {
    type Err = InvoiceError;

    /// Reads the `lno1…` text in any form in which people paste it ([`text`]), as [`Offer::from_bytes`].
    fn from_str(text: &str) -> Result<Self, InvoiceError> {
        Self::from_bytes(&text::decode_as(&[TextKind::Offer], text)?.1)
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = text::encode(HUMAN_READABLE_PART, self.as_bytes())
            .expect("lno is a valid human-readable part");
        f.write_str(&text)
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Offer({self})")
    }
}

impl PartialEq for Offer {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Offer {}

impl Hash for Offer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}
