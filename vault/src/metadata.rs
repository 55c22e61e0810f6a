use sha2::{Digest as _, Sha256};

use crate::name::Name;
use crate::store::Terms;

/// The type under which an address's metadata names where a payer that reads points finds the static invoice.
pub const STATIC_INVOICE: &str = "application/x-pointlock-static-invoice";

/// LUD-06's metadata of an address, and the hash that every BOLT 11 invoice of it commits to.
///
/// It depends on the vault's origin, the name and the receiver's description alone, so that a receiver can make invoices for it beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The JSON text, byte for byte.
    pub text: String,
    /// SHA-256 of the text.
    pub hash: [u8; 32],
}

impl Metadata {
    /// Of the address of this receiver at a vault with this origin, such as `https://vault.example`.
    pub fn new(origin: &str, name: &Name, terms: &Terms) -> Self {
        let address = address(origin, name);
        let description =
            terms.description.clone().unwrap_or_else(|| format!("Payment to {address}"));
        let entries = [
            ["text/plain", &description],
            ["text/identifier", &address],
            [STATIC_INVOICE, &static_invoice_url(origin, name)],
        ];
        let text = serde_json::to_string(&entries).unwrap_or_default();
        let hash = Sha256::digest(&text).into();
        Self { text, hash }
    }
}

/// The Lightning Address.
pub(crate) fn address(origin: &str, name: &Name) -> String {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    format!("{name}@{host}")
}

/// Where the static invoice is.
pub(crate) fn static_invoice_url(origin: &str, name: &Name) -> String {
    format!("{origin}/v1/receivers/{name}/invoice")
}
