//! BOLT 11: what a receiver has made is checked, and for a hash of a pool an invoice is written.

use std::time::Duration;

use lightning_invoice::{
    Bolt11Invoice, Bolt11InvoiceDescriptionRef, InvoiceBuilder, PaymentSecret,
};
use pointlock::bitcoin::hashes::{Hash as _, sha256};
use pointlock::curve::{Keypair, Point, Tag, context};
use secp256k1::SecretKey;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::chain::Chain;

static PAYMENT_SECRET: Tag = Tag::new("pointlock/vault_payment_secret");

/// Why a BOLT 11 invoice is not taken, or not written.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Bolt11Error {
    /// It is none, or its signature is wrong.
    #[error("no BOLT 11 invoice: {reason}")]
    Malformed {
        /// In the parser's words.
        reason: String,
    },
    /// Signed by another key.
    #[error("signed by {payee}, and not by the receiver's key")]
    Payee {
        /// Whose it is.
        payee: String,
    },
    /// For another chain.
    #[error("for {currency}, and not for the vault's chain")]
    Chain {
        /// Which.
        currency: String,
    },
    /// A ready-made invoice says how much is paid.
    #[error("no amount")]
    Amount,
    /// A wallet compares it with the metadata that it was shown.
    #[error("the description hash is not that of the address's metadata, {expected}")]
    DescriptionHash {
        /// What it has to be.
        expected: String,
    },
    /// It has expired, or is about to.
    #[error("expires at {expires_at}, which is too soon at {now}")]
    Expired {
        /// Its last second.
        expires_at: u64,
        /// The vault's time.
        now: u64,
    },
    /// The invoice can't be written.
    #[error("an invoice can't be written: {reason}")]
    Unwritten {
        /// In the library's words.
        reason: String,
    },
}

/// What a ready-made invoice says that the vault needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyMade {
    /// Its payment hash.
    pub payment_hash: [u8; 32],
    /// In millisatoshi.
    pub amount_msat: u64,
    /// When it was made.
    pub created_at: u64,
    /// The last second in which it may be paid.
    pub expires_at: u64,
}

/// Checks an invoice that a receiver leaves: its own, on this chain, with an amount, of this metadata, and payable for `lasting` seconds.
///
/// # Errors
///
/// [`Bolt11Error`].
pub fn check(
    text: &str,
    receiver: &Point,
    chain: Chain,
    description_hash: &[u8; 32],
    now: u64,
    lasting: u64,
) -> Result<ReadyMade, Bolt11Error> {
    // In upper case it is the same invoice, and so it has the same hash.
    let invoice: Bolt11Invoice =
        text.parse().map_err(|error| Bolt11Error::Malformed { reason: format!("{error}") })?;
    if invoice.currency() != chain.currency() {
        let currency = format!("{:?}", invoice.currency());
        return Err(Bolt11Error::Chain { currency });
    }
    let payee = invoice.get_payee_pub_key();
    if payee != receiver.to_public_key() {
        return Err(Bolt11Error::Payee { payee: payee.to_string() });
    }
    let amount_msat =
        invoice.amount_milli_satoshis().filter(|&amount| amount > 0).ok_or(Bolt11Error::Amount)?;
    let is_described = match invoice.description() {
        Bolt11InvoiceDescriptionRef::Hash(hash) => hash.0.to_byte_array() == *description_hash,
        Bolt11InvoiceDescriptionRef::Direct(_) => false,
    };
    if !is_described {
        return Err(Bolt11Error::DescriptionHash { expected: hex::encode(description_hash) });
    }
    let created_at = invoice.duration_since_epoch().as_secs();
    let expires_at = created_at.saturating_add(invoice.expiry_time().as_secs());
    if expires_at < now.saturating_add(lasting) {
        return Err(Bolt11Error::Expired { expires_at, now });
    }
    let payment_hash = invoice.payment_hash().to_byte_array();
    Ok(ReadyMade { payment_hash, amount_msat, created_at, expires_at })
}

/// The LSP's side: its key, and the terms of what is written with it.
pub struct Lsp {
    key: Keypair,
    /// `min_final_cltv_expiry_delta`.
    pub final_cltv: u64,
    /// How long an invoice may be paid, at most.
    pub expiry: Duration,
}

impl Lsp {
    /// With this key.
    pub fn new(key: Keypair, final_cltv: u64, expiry: Duration) -> Self {
        Self { key, final_cltv, expiry }
    }

    /// Who is paid, in BOLT 11's eyes.
    pub fn node_id(&self) -> Point {
        self.key.public_key()
    }

    /// H_pointlock/vault_payment_secret(key ‖ payment hash): the LSP has the key, and computes it when the payment arrives.
    pub fn payment_secret(&self, payment_hash: &[u8; 32]) -> [u8; 32] {
        let key = self.key.secret_key().dangerous_to_bytes();
        PAYMENT_SECRET.hash(&[&*key, payment_hash])
    }

    /// Writes the invoice of this amount for a payment hash that may be paid until `expires_at`.
    ///
    /// # Errors
    ///
    /// [`Bolt11Error::Unwritten`].
    pub fn write(
        &self,
        chain: Chain,
        payment_hash: &[u8; 32],
        expires_at: u64,
        amount_msat: u64,
        description_hash: &[u8; 32],
        now: u64,
    ) -> Result<String, Bolt11Error> {
        let unwritten =
            |reason: &dyn std::fmt::Display| Bolt11Error::Unwritten { reason: reason.to_string() };
        let bytes = Zeroizing::new(*self.key.secret_key().dangerous_to_bytes());
        let mut key = SecretKey::from_slice(&*bytes).map_err(|error| unwritten(&error))?;
        let lasts = self.expiry.min(Duration::from_secs(expires_at.saturating_sub(now)));
        let invoice = InvoiceBuilder::new(chain.currency())
            .amount_milli_satoshis(amount_msat)
            .description_hash(sha256::Hash::from_byte_array(*description_hash))
            .payment_hash(sha256::Hash::from_byte_array(*payment_hash))
            .payment_secret(PaymentSecret(self.payment_secret(payment_hash)))
            .duration_since_epoch(Duration::from_secs(now))
            .expiry_time(lasts)
            .min_final_cltv_expiry_delta(self.final_cltv)
            .basic_mpp()
            .build_signed(|hash| context().sign_ecdsa_recoverable(hash, &key));
        key.non_secure_erase();
        invoice.map(|invoice| invoice.to_string()).map_err(|error| unwritten(&error))
    }
}

impl std::fmt::Debug for Lsp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lsp({})", self.node_id())
    }
}
