use super::{ChainHash, Field, InvoiceError, Offer};
use crate::curve::Point;
use crate::wire::{BlindedPath, Features, IntroductionNode, TlvWriter, tu64};

/// Makes an [`Offer`]. What it can't make, decoding refuses: [`build`](Self::build) ends by decoding what it
/// wrote.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct OfferBuilder(TlvWriter);

impl OfferBuilder {
    /// An offer that says nothing yet; it needs an [`issuer_id`](Self::issuer_id), or [`paths`](Self::paths).
    pub fn new() -> Self {
        Self::default()
    }

    /// The chains (`offer_chains`), at least one; without it, Bitcoin's main chain. A static invoice can only be
    /// for an offer with one.
    pub fn chains(self, chains: &[ChainHash]) -> Self {
        let bytes: Vec<u8> = chains.iter().flat_map(|chain| chain.to_bytes()).collect();
        self.set(Field::OFFER_CHAINS, bytes)
    }

    /// Bytes for the issuer's own use (`offer_metadata`): everybody sees them, and every invoice repeats them.
    pub fn metadata(self, bytes: &[u8]) -> Self {
        self.set(Field::OFFER_METADATA, bytes)
    }

    /// The least amount for each item, in millisatoshi (`offer_amount`); it needs a
    /// [`description`](Self::description). Without it the payer chooses.
    pub fn amount_msat(self, amount: u64) -> Self {
        self.set(Field::OFFER_AMOUNT, tu64(amount))
    }

    /// The least amount for each item in the minor unit of another currency, whose code has three capital
    /// letters (`offer_currency`, `offer_amount`); it needs a [`description`](Self::description), too.
    pub fn amount_in_currency(self, code: &str, minor_units: u64) -> Self {
        self.set(Field::OFFER_CURRENCY, code).set(Field::OFFER_AMOUNT, tu64(minor_units))
    }

    /// What is paid for (`offer_description`).
    pub fn description(self, description: &str) -> Self {
        self.set(Field::OFFER_DESCRIPTION, description)
    }

    /// Features (`offer_features`): a reader refuses even ones that it does not know, and so does
    /// [`build`](Self::build).
    pub fn features(self, features: &Features) -> Self {
        self.set(Field::OFFER_FEATURES, features.as_bytes())
    }

    /// The last second in which the offer stands (`offer_absolute_expiry`), UNIX time.
    pub fn absolute_expiry(self, seconds: u64) -> Self {
        self.set(Field::OFFER_ABSOLUTE_EXPIRY, tu64(seconds))
    }

    /// Along which to ask for an invoice (`offer_paths`), at least one: for a static invoice, to the vault.
    pub fn paths<P>(self, paths: &[P]) -> Self
    where
        P: Clone + Into<BlindedPath<IntroductionNode>>,
    {
        self.set(Field::OFFER_PATHS, written_paths(paths))
    }

    /// Who the issuer is, for people (`offer_issuer`), best as `user@domain` or `domain`.
    pub fn issuer(self, issuer: &str) -> Self {
        self.set(Field::OFFER_ISSUER, issuer)
    }

    /// How many items at most (`offer_quantity_max`), 0 for no limit; without it, one.
    pub fn quantity_max(self, quantity: u64) -> Self {
        self.set(Field::OFFER_QUANTITY_MAX, tu64(quantity))
    }

    /// The key that signs the invoices (`offer_issuer_id`): the receiver's, if the vault is not to be trusted.
    pub fn issuer_id(self, node_id: &Point) -> Self {
        self.set(Field::OFFER_ISSUER_ID, node_id.to_bytes())
    }

    /// The offer.
    ///
    /// # Errors
    ///
    /// As [`Offer::from_bytes`]: a field is missing or has a value that no reader would accept.
    pub fn build(self) -> Result<Offer, InvoiceError> {
        Offer::from_bytes(&self.0.to_bytes())
    }

    fn set(mut self, field: Field, value: impl Into<Vec<u8>>) -> Self {
        self.0.set(field.tlv_type(), value);
        self
    }
}

pub(super) fn written_paths<P>(paths: &[P]) -> Vec<u8>
where
    P: Clone + Into<BlindedPath<IntroductionNode>>,
{
    let mut bytes = Vec::new();
    for path in paths {
        path.clone().into().write(&mut bytes);
    }
    bytes
}
