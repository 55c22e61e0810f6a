//! Offers and static invoices: BOLT 12 TLV streams. The offer says what is asked for and by whom; the invoice is one
//! that a vault may hand out again and again while the receiver is offline.
//!
//! The receiver signs the invoice once; the signature covers every field. With payment points the same
//! invoice is safe to pay many times, see [`lock`](StaticInvoice::lock); with a payment hash it is not.
//!
//! # Encoding
//!
//! The fields of BOLT 12's offer as a TLV stream, in text `lno1` and bech32 without checksum; those of its static
//! invoice, `lni1`, which repeats the offer. Own fields are odd and experimental, so a reader that knows
//! BOLT 12 alone skips them:
//!
//! | type | name | value |
//! | --- | --- | --- |
//! | 3000000161 | `payment_points` | Z_0 … Z_k, 33 bytes each, at least one; k = 0 is the plain static point |
//! | 3000000163 | `payment_hash` | 32 bytes, in place of the points |
//! | 3000000165 | `interim_route` | node ids of 33 bytes, for an invoice without blinded paths |
//!
//! An [`Offer`] has no field of ours. It is not signed and lives for as long as it is printed somewhere, while payment
//! points end with their k-th payment; the invoice has both a signature and a successor.
//!
//! The fields that lead to the receiver, 160, 162 and 236 of the invoice and 16 of the offer, are typed values
//! ([`PaymentPath`], [`BlindedPath`](crate::wire::BlindedPath)) and come together. 236 is `invoice_message_paths`,
//! LDK's number for the paths along which a held payment is announced; the proposal now calls them
//! `static_invoice_message_paths` and gives them 178, which neither LDK nor we read yet.
//!
//! The signature is BIP-340 by `invoice_node_id` over H(`lightning` ‖ `static_invoice` ‖ `signature`, root)
//! with BOLT 12's Merkle root over all fields but signatures ([`merkle`]). That root is the invoice id.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::curve::{Keypair, SecretScalar};
//! use pointlock::invoice::{ChainHash, InvoiceError, StaticInvoice, StaticInvoiceBuilder};
//!
//! let now = 1_750_000_000;
//! # let lsp = Keypair::from_secret_bytes(&[3; 32])?.public_key();
//! # let aux_rand = [4; 32];
//!
//! // The receiver knows z and its node key; it publishes Z = z·G, signed.
//! let z = SecretScalar::from_bytes(&[1; 32])?;
//! let receiver = Keypair::from_secret_bytes(&[2; 32])?;
//! let invoice = StaticInvoiceBuilder::new(z.to_point(), now)
//!     .amount_msat(5_000)
//!     .description("coffee")
//!     .interim_route(&[lsp, receiver.public_key()])
//!     .sign(&receiver, &aux_rand)?;
//!
//! // The vault stores text, and knows neither secret.
//! let stored: String = invoice.to_string();
//! assert!(stored.starts_with("lni1"));
//!
//! // The payer knows the receiver's key from elsewhere, and so needn't trust the vault.
//! let decoded = StaticInvoice::decode_at(&stored, ChainHash::BITCOIN, now + 60)?;
//! decoded.verify_issuer(&receiver.public_key())?;
//! assert_eq!(decoded.payment_point(), Some(z.to_point()));
//! assert_eq!(decoded.invoice_id(), invoice.invoice_id());
//!
//! // A vault that puts its own invoice in place is found out.
//! let vault = Keypair::from_secret_bytes(&[5; 32])?;
//! let forged = StaticInvoiceBuilder::new(lsp, now)
//!     .interim_route(&[vault.public_key()])
//!     .sign(&vault, &aux_rand)?;
//! let forged = StaticInvoice::decode_at(&forged.to_string(), ChainHash::BITCOIN, now + 60)?;
//! assert!(matches!(
//!     forged.verify_issuer(&receiver.public_key()),
//!     Err(InvoiceError::Issuer { .. }),
//! ));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is refused
//!
//! Text is read in the forms in which people paste it, and one that is something else is answered by what it is ([`text`]). Decoding
//! accepts one encoding of a message. Refused, each with an [`InvoiceError`] that names the field: an
//! unknown even type, or one outside the ranges of the message; duplicated, trailing, truncated or
//! out-of-order records; lengths and integers that are not minimal; text that is not UTF-8; points off the curve;
//! blinded paths that are cut off or have no hop; lists without an item; unknown even features; a text above
//! [`text::MAX_TEXT_LENGTH`] (2 MiB), a stream above [`text::MAX_STREAM_LENGTH`] (1 MiB).
//!
//! Of an offer, further: an amount that is zero, more than there is, or without a description; a currency that is no
//! three capital letters, or without an amount; neither issuer id nor paths.
//!
//! Of a static invoice, further: an offer that is refused, has several chains or no issuer id; another signer than
//! the issuer; no signature or a wrong one; signature elements other than `signature`, since BOLT 12's root
//! leaves them out and anyone could add them; blinded paths without one of their four fields, or not each
//! with its terms, or none of them usable; two locks; payment points of more than k = 1,024
//! ([`PaymentPoints::MAX_K`]). There may be *no* lock only if blinded paths lead to the
//! receiver: that is a plain BOLT 12 static invoice, of LDK's say, which is read and shown, and which
//! [`StaticInvoice::require_lock`] refuses for whoever would pay it here.
//!
//! That is stricter than LDK in what `tests/ldk_bolt12.rs` lists, and wider in one thing: LDK takes no invoice
//! without blinded paths, whose route is our interim one.
//!
//! Four checks need what the bytes don't hold. For two of them [`StaticInvoice::decode_at`] takes the payer's chain and time.
//! What an amount in a currency is worth says a [`Rate`] ([`StaticInvoice::amount_range`]). The fourth is who the receiver is:
//! [`StaticInvoice::verify_issuer`], or [`StaticInvoice::verify_offer`] for a payer that has the receiver's offer.
//!
//! # What breaks it
//!
//! - A payer that skips [`StaticInvoice::verify_issuer`] and [`StaticInvoice::verify_offer`] pays whoever made the
//!   invoice. With a bare Lightning Address there is no key to compare, and the payer trusts the vault's first answer.
//! - A vault can withhold an invoice, or hand out an old one until it expires: it can't forge one.
//! - With a payment hash, handing out an invoice twice lets every node of the first route take the
//!   second payment.
//! - A static payment point (k = 0) may be paid without limit, but every payer learns the same z: a sender, a past payer
//!   and a hop together take that sender's payment, and nobody has a proof of payment of its own. [`ktime`] and [`proof`] have both.
//! - An offer proves nothing: whoever hands it out can change any field of it, the issuer's id among them.
//! - A static invoice without a lock is paid under a preimage that its sender draws: that proves no payment to anybody.
//! - Terms of a blinded path are what the receiver says they are. That they are enough, and who the introduction node
//!   of a channel is, is for whoever routes over it to find out.
//!
//! # References
//!
//! [BOLT 12](https://github.com/lightning/bolts/blob/master/12-offer-encoding.md),
//! [BOLT 4](https://github.com/lightning/bolts/blob/master/04-onion-routing.md) for blinded paths; static invoices:
//! [bolts pull request 1149](https://github.com/lightning/bolts/pull/1149) and LDK's
//! `offers::static_invoice`. The field number of the message paths is LDK's where the two differ.

mod builder;
mod contents;
mod error;
mod field;
pub mod ktime;
mod lock;
pub mod merkle;
mod offer;
mod offer_builder;
mod offer_or_invoice;
#[cfg(test)]
mod one_parse;
mod payment_path;
pub mod proof;
mod rate;
mod reader;
mod static_invoice;
pub mod text;

pub use bitcoin::constants::ChainHash;
pub use builder::StaticInvoiceBuilder;
pub use error::InvoiceError;
pub use field::{Field, FieldValue};
pub use lock::{PaymentLock, PaymentPoints};
pub use offer::{Amount, Offer};
pub use offer_builder::OfferBuilder;
pub use offer_or_invoice::OfferOrInvoice;
pub use payment_path::{BlindedPayInfo, FallbackAddress, PaymentPath};
pub use rate::Rate;
pub use static_invoice::{InvoiceId, StaticInvoice};
pub use text::TextKind;
