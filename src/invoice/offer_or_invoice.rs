use std::str::FromStr;

use super::text::{self, TextKind};
use super::{Field, FieldValue, InvoiceError, Offer, StaticInvoice};

/// What a person pastes: an offer, or a static invoice.
///
/// ```
/// use pointlock::curve::Keypair;
/// use pointlock::invoice::{OfferBuilder, OfferOrInvoice};
///
/// let receiver = Keypair::from_secret_bytes(&[2; 32])?;
/// let offer = OfferBuilder::new().issuer_id(&receiver.public_key()).build()?;
/// let pasted = format!("bitcoin:?lno={offer}\n");
/// assert!(matches!(pasted.parse()?, OfferOrInvoice::Offer(read) if *read == offer));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfferOrInvoice {
    /// `lno1…`
    Offer(Box<Offer>),
    /// `lni1…`
    StaticInvoice(Box<StaticInvoice>),
}

impl OfferOrInvoice {
    /// Every field with its value, in ascending order of type, unknown ones included.
    pub fn fields(&self) -> Vec<(Field, FieldValue)> {
        match self {
            Self::Offer(offer) => offer.fields(),
            Self::StaticInvoice(invoice) => invoice.fields(),
        }
    }

    /// The raw value of any field.
    pub fn value(&self, field: Field) -> Option<&[u8]> {
        match self {
            Self::Offer(offer) => offer.value(field),
            Self::StaticInvoice(invoice) => invoice.value(field),
        }
    }
}

impl FromStr for OfferOrInvoice {
    type Err = InvoiceError;

    /// Reads either in any form in which people paste it ([`text`]), as [`Offer::from_bytes`] and
    /// [`StaticInvoice::from_bytes`].
    fn from_str(text: &str) -> Result<Self, InvoiceError> {
        let (kind, bytes) = text::decode_as(&[TextKind::Offer, TextKind::Invoice], text)?;
        if kind == TextKind::Offer {
            Offer::from_bytes(&bytes).map(Box::new).map(Self::Offer)
        } else {
            StaticInvoice::from_bytes(&bytes).map(Box::new).map(Self::StaticInvoice)
        }
    }
}
