use lightning_invoice::{Bolt11Invoice, Bolt11InvoiceDescriptionRef};
use pointlock::bitcoin::hashes::Hash as _;
use pointlock::curve::Point;
use pointlock::invoice::StaticInvoice;
use secp256k1::schnorr::Signature;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Client, ClientError};
use crate::chain::Chain;
use crate::metadata::STATIC_INVOICE;
use crate::name::Name;
use crate::pool::{PoolHash, PoolTerms};

/// What a payer knows beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The chain that it pays on.
    pub chain: Chain,
    /// The receiver's key, from elsewhere than the vault; None to take the vault's word.
    pub key: Option<&'a Point>,
    /// UNIX time.
    pub now: u64,
}

/// LUD-06's first answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PayRequest {
    /// Where to ask for an invoice.
    pub callback: String,
    /// The least amount.
    pub min_sendable: u64,
    /// The largest amount.
    pub max_sendable: u64,
    /// JSON, which invoices commit to.
    pub metadata: String,
    /// How many characters a comment may have.
    #[serde(default)]
    pub comment_allowed: u64,
}

impl PayRequest {
    /// Where the vault hands out a static invoice, by its metadata.
    pub fn static_invoice_url(&self) -> Option<String> {
        let entries: Vec<(String, String)> = serde_json::from_str(&self.metadata).ok()?;
        entries.into_iter().find(|(kind, _)| kind == STATIC_INVOICE).map(|(_, url)| url)
    }
}

/// By what a BOLT 11 invoice is known to be the receiver's.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The receiver's key has signed it.
    Signed,
    /// An LSP's key has signed it, and the receiver's has signed its payment hash.
    OfPool {
        /// The LSP.
        lsp: Point,
    },
    /// Nothing: no key was known.
    Unknown,
}

/// A BOLT 11 invoice that may be paid, once.
#[derive(Clone, Debug)]
pub struct Bolt11Fetched {
    /// The text.
    pub text: String,
    /// Its payment hash.
    pub payment_hash: [u8; 32],
    /// Its last second.
    pub expires_at: u64,
    /// Whose it is.
    pub whose: Whose,
}

#[derive(Deserialize)]
struct Fetched {
    invoice: String,
}

#[derive(Deserialize)]
struct OfPool {
    created_at: u64,
    expires_at: u64,
    signature: String,
}

fn substituted(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> ClientError {
    move |reason| ClientError::Substituted { what, reason: reason.to_string() }
}

/// What a payer asks.
impl Client {
    /// What there is to know before paying this receiver by LNURL.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn pay_request(&self, name: &Name) -> Result<PayRequest, ClientError> {
        self.lnurl(&format!("{}/.well-known/lnurlp/{name}", self.origin), "the pay request")
    }

    /// The receiver's static invoice: on this chain, not expired, signed by the receiver's key if that is known.
    ///
    /// # Errors
    ///
    /// [`ClientError::Substituted`] where it is not to be paid.
    pub fn fetch_static(
        &self,
        name: &Name,
        expected: &Expected<'_>,
    ) -> Result<StaticInvoice, ClientError> {
        let fetched: Fetched =
            self.get(&format!("/v1/receivers/{name}/invoice"), "the static invoice")?;
        let wrong = substituted("the static invoice");
        let invoice =
            StaticInvoice::decode_at(&fetched.invoice, expected.chain.hash(), expected.now)
                .map_err(|error| wrong(&error))?;
        if let Some(key) = expected.key {
            invoice.verify_issuer(key).map_err(|error| wrong(&error))?;
        }
        Ok(invoice)
    }

    /// A BOLT 11 invoice of exactly this amount, of the metadata, on this chain, not expired; and the receiver's, if its key is known.
    ///
    /// # Errors
    ///
    /// [`ClientError::Substituted`] where it is not to be paid.
    pub fn fetch_bolt11(
        &self,
        name: &Name,
        amount_msat: u64,
        comment: Option<&str>,
        expected: &Expected<'_>,
    ) -> Result<Bolt11Fetched, ClientError> {
        #[derive(Deserialize)]
        struct Action {
            pr: String,
        }
        let pay = self.pay_request(name)?;
        let mut url = format!("{}?amount={amount_msat}", pay.callback);
        if !url.starts_with(&format!("{}/", self.origin)) {
            return Err(substituted("the callback")(&format_args!(
                "{url} is elsewhere than the vault"
            )));
        }
        if let Some(comment) = comment {
            url.push_str("&comment=");
            for byte in comment.bytes() {
                if byte.is_ascii_alphanumeric() {
                    url.push(char::from(byte));
                } else {
                    url.push_str(&format!("%{byte:02X}"));
                }
            }
        }
        let action: Action = self.lnurl(&url, "the invoice")?;
        self.check_bolt11(name, &action.pr, amount_msat, &pay.metadata, expected)
    }

    fn check_bolt11(
        &self,
        name: &Name,
        text: &str,
        amount_msat: u64,
        metadata: &str,
        expected: &Expected<'_>,
    ) -> Result<Bolt11Fetched, ClientError> {
        let wrong = substituted("the BOLT 11 invoice");
        let invoice: Bolt11Invoice = text.parse().map_err(|error| wrong(&error))?;
        if invoice.currency() != expected.chain.currency() {
            return Err(wrong(&format_args!("it is for another chain, {:?}", invoice.currency())));
        }
        if invoice.amount_milli_satoshis() != Some(amount_msat) {
            return Err(wrong(&format_args!(
                "its amount is {:?}, asked for were {amount_msat}",
                invoice.amount_milli_satoshis()
            )));
        }
        let hash: [u8; 32] = Sha256::digest(metadata).into();
        match invoice.description() {
            Bolt11InvoiceDescriptionRef::Hash(said) if said.0.to_byte_array() == hash => {}
            _ => {
                return Err(wrong(
                    &"it is not for what the vault said before: another description hash",
                ));
            }
        }
        let expires_at =
            invoice.duration_since_epoch().saturating_add(invoice.expiry_time()).as_secs();
        if expires_at < expected.now {
            return Err(wrong(&format_args!(
                "it expired at {expires_at}, and now it is {}",
                expected.now
            )));
        }
        let payment_hash = invoice.payment_hash().to_byte_array();
        let payee = Point::from_slice(&invoice.get_payee_pub_key().serialize())
            .map_err(|error| wrong(&error))?;
        let whose = match expected.key {
            None => Whose::Unknown,
            Some(key) if *key == payee => Whose::Signed,
            Some(key) => {
                self.check_pool(name, key, &payment_hash, expected)?;
                Whose::OfPool { lsp: payee }
            }
        };
        Ok(Bolt11Fetched { text: text.to_owned(), payment_hash, expires_at, whose })
    }

    /// The receiver has signed the hash.
    fn check_pool(
        &self,
        name: &Name,
        key: &Point,
        payment_hash: &[u8; 32],
        expected: &Expected<'_>,
    ) -> Result<(), ClientError> {
        let wrong = substituted("the payment hash");
        let path = format!("/v1/receivers/{name}/one-time/{}", hex::encode(payment_hash));
        let shown: OfPool = self.get(&path, "the receiver's signature").map_err(|error| match error {
            ClientError::Refused { .. } => wrong(&"another key has signed the invoice, and the vault shows no signature of the receiver's over its hash"),
            other => other,
        })?;
        let signature =
            hex::decode(&shown.signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        let signature = signature.ok_or_else(|| wrong(&"no signature"))?;
        let terms = PoolTerms {
            chain: expected.chain.hash(),
            created_at: shown.created_at,
            expires_at: shown.expires_at,
        };
        if shown.expires_at < expected.now {
            return Err(wrong(&format_args!(
                "the receiver meant it to be paid until {}",
                shown.expires_at
            )));
        }
        let hash = PoolHash { payment_hash: *payment_hash, signature };
        terms.verify(key, &[hash]).map_err(|_| wrong(&"the receiver's key has not signed it"))
    }

    fn lnurl<T: serde::de::DeserializeOwned>(
        &self,
        url: &str,
        what: &'static str,
    ) -> Result<T, ClientError> {
        let answer: serde_json::Value = self.get_url(url, what)?;
        if answer["status"] == "ERROR" {
            let reason = answer["reason"].as_str().unwrap_or("no reason is given");
            return Err(ClientError::Lnurl {
                reason: reason.chars().filter(|c| !c.is_control()).take(300).collect(),
            });
        }
        serde_json::from_value(answer)
            .map_err(|error| ClientError::Answer { what, reason: error.to_string() })
    }
}
