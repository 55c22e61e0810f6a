use super::static_invoice::{DEFAULT_RELATIVE_EXPIRY, signature_hash};
use super::{ChainHash, Field, InvoiceError, PaymentLock, StaticInvoice, merkle};
use crate::curve::{Keypair, Point};
use crate::wire::{TlvStream, TlvWriter, tu64};

/// Makes a [`StaticInvoice`]: the receiver's side.
///
/// What it can't make, decoding refuses: the rules stand in one place, and [`sign`](Self::sign) ends by
/// decoding what it wrote. One rule is the receiver's own: no payment point may be its signing key, which
/// the first claim would publish.
#[derive(Clone, Debug)]
#[must_use]
pub struct StaticInvoiceBuilder {
    lock: PaymentLock,
    writer: TlvWriter,
}

impl StaticInvoiceBuilder {
    /// An invoice with this lock, created at the UNIX time `created_at` in seconds.
    pub fn new(lock: impl Into<PaymentLock>, created_at: u64) -> Self {
        let lock = lock.into();
        let (field, value) = match &lock {
            PaymentLock::Points(points) => (Field::PAYMENT_POINTS, concatenated(points.as_slice())),
            PaymentLock::Hash(hash) => (Field::PAYMENT_HASH, hash.0.to_vec()),
        };
        Self { lock, writer: TlvWriter::new() }
            .set(field, value)
            .set(Field::INVOICE_CREATED_AT, tu64(created_at))
            // Always written: implementations differ in what they take for granted.
            .relative_expiry(DEFAULT_RELATIVE_EXPIRY)
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

    /// Signs with the receiver's key, which becomes `offer_issuer_id` and `invoice_node_id`. `aux_rand` is
    /// 32 bytes of fresh entropy, or zeros (BIP-340).
    ///
    /// # Errors
    ///
    /// As [`StaticInvoice::from_bytes`]: a field is missing or has a value that no reader would accept.
    /// [`InvoiceError::KeyReused`] when a payment point is the key itself or its opposite.
    pub fn sign(self, key: &Keypair, aux_rand: &[u8; 32]) -> Result<StaticInvoice, InvoiceError> {
        // A reader has nothing to lose by this, so it is the receiver's rule and not a reader's.
        if let PaymentLock::Points(points) = &self.lock
            && points.as_slice().iter().any(|point| point.x_only() == key.x_only_public_key())
        {
            return Err(InvoiceError::KeyReused { field: Field::PAYMENT_POINTS });
        }
        let node_id = key.public_key().to_bytes();
        let unsigned =
            self.set(Field::OFFER_ISSUER_ID, node_id).set(Field::INVOICE_NODE_ID, node_id);
        let bytes = unsigned.writer.to_bytes();
        let stream = TlvStream::parse(&bytes).expect("the writer writes streams");
        let root = merkle::root(&stream).expect("the node id is a field");
        let signature = key.sign_schnorr(&signature_hash(&root), aux_rand);
        let signed = unsigned.set(Field::SIGNATURE, signature.serialize());
        StaticInvoice::from_bytes(&signed.writer.to_bytes())
    }

    fn set(mut self, field: Field, value: impl Into<Vec<u8>>) -> Self {
        self.writer.set(field.tlv_type(), value);
        self
    }
}

fn concatenated(points: &[Point]) -> Vec<u8> {
    points.iter().flat_map(Point::to_bytes).collect()
}
