use super::offer_builder::written_paths;
use super::static_invoice::{DEFAULT_RELATIVE_EXPIRY, signature_hash};
use super::{
    ChainHash, FallbackAddress, Field, InvoiceError, Offer, PaymentLock, PaymentPath,
    StaticInvoice, merkle,
};
use crate::curve::{Keypair, Point};
use crate::wire::{BlindedPath, Features, IntroductionNode, TlvStream, TlvWriter, tu64};

/// Makes a [`StaticInvoice`]: the receiver's side.
///
/// What it can't make, decoding refuses: the rules stand in one place, and [`sign`](Self::sign) ends by
/// decoding what it wrote. One rule is the receiver's own: no payment point may be its signing key, which
/// the first claim would publish.
#[derive(Clone, Debug)]
#[must_use]
pub struct StaticInvoiceBuilder {
    lock: Option<PaymentLock>,
    writer: TlvWriter,
    /// Whose fields the invoice has to repeat, where it is for an offer that is already in the world.
    offer: Option<Offer>,
    /// What has no encoding.
    fault: Option<InvoiceError>,
}

impl StaticInvoiceBuilder {
    /// An invoice with this lock, created at the UNIX time `created_at` in seconds.
    pub fn new(lock: impl Into<PaymentLock>, created_at: u64) -> Self {
        let lock = lock.into();
        let (field, value) = match &lock {
            PaymentLock::Points(points) => (Field::PAYMENT_POINTS, concatenated(points.as_slice())),
            PaymentLock::Hash(hash) => (Field::PAYMENT_HASH, hash.0.to_vec()),
        };
        Self { lock: Some(lock), ..Self::without_lock(created_at) }.set(field, value)
    }

    /// An invoice without a lock of the receiver's, a plain one: see [`plain`](Self::plain).
    pub fn without_lock(created_at: u64) -> Self {
        Self { lock: None, writer: TlvWriter::new(), offer: None, fault: None }
            .set(Field::INVOICE_CREATED_AT, tu64(created_at))
            // Always written: implementations differ in what they take for granted.
            .relative_expiry(DEFAULT_RELATIVE_EXPIRY)
    }

    /// A plain static invoice for this offer, as of BOLT 12 alone: without a lock of the receiver's, so that its payers draw the preimage.
    /// LDK's nodes can pay it. It needs [`paths`](Self::paths). Else as [`for_offer`](Self::for_offer).
    pub fn plain(offer: &Offer, created_at: u64) -> Self {
        Self::without_lock(created_at).with_offer(offer)
    }

    fn with_offer(mut self, offer: &Offer) -> Self {
        for record in offer.records() {
            self.writer.set(record.tlv_type(), record.value());
        }
        Self { offer: Some(offer.clone()), ..self }
    }

    /// An invoice for this offer: with all its fields, unknown ones too, and nothing else that an offer may
    /// have. Signing ends in [`InvoiceError::OtherOffer`] when one of them was set to something else, and in
    /// [`InvoiceError::NodeId`] with another key than the offer's issuer's.
    pub fn for_offer(offer: &Offer, lock: impl Into<PaymentLock>, created_at: u64) -> Self {
        Self::new(lock, created_at).with_offer(offer)
    }

    /// The chain (`offer_chains`); without it, Bitcoin's main chain.
    pub fn chain(self, chain: ChainHash) -> Self {
        self.set(Field::OFFER_CHAINS, chain.to_bytes())
    }

    /// The least amount for each item, in millisatoshi (`offer_amount`); it needs a
    /// [`description`](Self::description). Without it the payer chooses.
    pub fn amount_msat(self, amount: u64) -> Self {
        self.set(Field::OFFER_AMOUNT, tu64(amount))
    }

    /// What is paid for (`offer_description`).
    pub fn description(self, description: &str) -> Self {
        self.set(Field::OFFER_DESCRIPTION, description)
    }

    /// Who the issuer is, for people (`offer_issuer`), best as `user@domain` or `domain`.
    pub fn issuer(self, issuer: &str) -> Self {
        self.set(Field::OFFER_ISSUER, issuer)
    }

    /// The last second in which the offer stands (`offer_absolute_expiry`), UNIX time.
    pub fn absolute_expiry(self, seconds: u64) -> Self {
        self.set(Field::OFFER_ABSOLUTE_EXPIRY, tu64(seconds))
    }

    /// How many seconds after its creation the invoice may be paid (`invoice_relative_expiry`); two weeks
    /// unless this is called.
    pub fn relative_expiry(self, seconds: u32) -> Self {
        self.set(Field::INVOICE_RELATIVE_EXPIRY, tu64(u64::from(seconds)))
    }

    /// The node ids to the receiver in the order of payment (`interim_route`), at least one.
    pub fn interim_route(self, nodes: &[Point]) -> Self {
        self.set(Field::INTERIM_ROUTE, concatenated(nodes))
    }

    /// Along which to ask for the invoice (`offer_paths`), at least one: to the vault. An invoice with
    /// [`paths`](Self::paths) needs them, and so does BOLT 12.
    pub fn offer_paths<P>(self, paths: &[P]) -> Self
    where
        P: Clone + Into<BlindedPath<IntroductionNode>>,
    {
        self.set(Field::OFFER_PATHS, written_paths(paths))
    }

    /// Along which to pay, with the terms (`invoice_paths`, `invoice_blindedpay`), at least one, the best one
    /// first. To be complete the invoice then needs [`message_paths`](Self::message_paths) and
    /// [`offer_paths`](Self::offer_paths).
    pub fn paths(mut self, paths: &[PaymentPath]) -> Self {
        let mut pay_infos = Vec::new();
        for (index, path) in paths.iter().enumerate() {
            if path.pay_info.write(&mut pay_infos).is_none() {
                let field = Field::INVOICE_BLINDEDPAY;
                self.fault = Some(InvoiceError::ItemTooLong { field, index });
            }
        }
        let paths: Vec<_> = paths.iter().map(|path| path.path.clone()).collect();
        self.set(Field::INVOICE_PATHS, written_paths(&paths))
            .set(Field::INVOICE_BLINDEDPAY, pay_infos)
    }

    /// Along which to tell the receiver that a payment is held for it (`invoice_message_paths`), at least one.
    pub fn message_paths<P>(self, paths: &[P]) -> Self
    where
        P: Clone + Into<BlindedPath<IntroductionNode>>,
    {
        self.set(Field::INVOICE_MESSAGE_PATHS, written_paths(paths))
    }

    /// Features (`invoice_features`), such as 17: the payment may come in several parts.
    pub fn features(self, features: &Features) -> Self {
        self.set(Field::INVOICE_FEATURES, features.as_bytes())
    }

    /// Addresses on the chain that take the payment, too (`invoice_fallbacks`), the best one first. A payment there
    /// is under no lock.
    pub fn fallbacks(mut self, addresses: &[FallbackAddress]) -> Self {
        let field = Field::INVOICE_FALLBACKS;
        let mut bytes = Vec::new();
        for (index, address) in addresses.iter().enumerate() {
            if address.write(&mut bytes).is_none() {
                self.fault = Some(InvoiceError::ItemTooLong { field, index });
            }
        }
        self.set(field, bytes)
    }

    /// Signs with the receiver's key, which becomes `invoice_node_id`, and `offer_issuer_id` unless the offer has
    /// been made. `aux_rand` is 32 bytes of fresh entropy, or zeros (BIP-340).
    ///
    /// # Errors
    ///
    /// As [`StaticInvoice::from_bytes`]: a field is missing or has a value that no reader would accept.
    /// [`InvoiceError::KeyReused`] when a payment point is the key itself or its opposite;
    /// [`InvoiceError::ItemTooLong`]; [`InvoiceError::OtherOffer`].
    pub fn sign(self, key: &Keypair, aux_rand: &[u8; 32]) -> Result<StaticInvoice, InvoiceError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        // A reader has nothing to lose by this, so it is the receiver's rule and not a reader's.
        if let Some(PaymentLock::Points(points)) = &self.lock {
            let key = key.x_only_public_key();
            if points.as_slice().iter().any(|point| point.x_only() == key) {
                return Err(InvoiceError::KeyReused { field: Field::PAYMENT_POINTS });
            }
        }
        let node_id = key.public_key().to_bytes();
        let mut unsigned = self.set(Field::INVOICE_NODE_ID, node_id);
        if unsigned.offer.is_none() {
            unsigned = unsigned.set(Field::OFFER_ISSUER_ID, node_id);
        }
        let bytes = unsigned.writer.to_bytes();
        let stream = TlvStream::parse(&bytes).expect("the writer writes streams");
        let root = merkle::root(&stream).expect("the node id is a field");
        let signature = key.sign_schnorr(&signature_hash(&root), aux_rand);
        let signed = unsigned.set(Field::SIGNATURE, signature.serialize());
        let invoice = StaticInvoice::from_bytes(&signed.writer.to_bytes())?;
        if let Some(offer) = &signed.offer {
            invoice.verify_offer(offer)?;
        }
        Ok(invoice)
    }

    fn set(mut self, field: Field, value: impl Into<Vec<u8>>) -> Self {
        self.writer.set(field.tlv_type(), value);
        self
    }
}

fn concatenated(points: &[Point]) -> Vec<u8> {
    points.iter().flat_map(Point::to_bytes).collect()
}
