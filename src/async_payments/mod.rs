//! Async payments as LDK makes them: what its nodes say to each other about static invoices and payments that wait, in its numbers.
//!
//! A static invoice of BOLT 12 alone has no lock of the receiver's. The payer draws the preimage, asks whether the receiver is there,
//! and offers the payment when it is told so, with the preimage in the receiver's layer of the onion:
//!
//! ```text
//! payer                              receiver
//! draws the preimage, hash = SHA256(preimage)
//! held_htlc_available (72) ────────▶ is there
//!                          ◀──────── release_held_htlc (74)
//! offers under the hash    ────────▶ reads the preimage (5482373484) and the payer's invoice request (77777), and claims
//! ```
//!
//! | type | in an onion message | with |
//! | --- | --- | --- |
//! | 64, 70 | `invoice_request`, and the static invoice that answers it | BOLT 12's streams |
//! | 72, 74 | `held_htlc_available`, `release_held_htlc` | nothing |
//! | 75540, 75542 | a receiver asks its server for the paths of an offer, and gets them | the invoice's slot; paths, and how long they last |
//! | 75544, 75546 | it gives the server an invoice to hand out, and hears that it is kept | the invoice, and a path for invoice requests |
//!
//! `lightning` 0.2.7 and 0.3.0-rc3 agree on all of them, and the tests speak with both.
//!
//! # Synopsis
//!
//! ```
//! # use pointlock::curve::SecretScalar;
//! # use pointlock::onion::blinded::{BlindedPath, PeeledMessage, RecipientData};
//! use pointlock::async_payments::{AsyncMessage, HeldHtlc, release};
//! # let [payer, receiver] = [[2; 32], [3; 32]].map(|bytes| SecretScalar::from_bytes(&bytes).unwrap());
//! # let own = RecipientData { path_id: Some(vec![7; 32]), ..Default::default() };
//! # let hops = [(receiver.to_point(), own.to_bytes())];
//! # let (path, _) = BlindedPath::build(SecretScalar::from_bytes(&[9; 32])?, &hops)?;
//! # let message_path = path.into();
//! // The payer asks along the first of the invoice's message paths. The 32 bytes are fresh, and for this payment alone.
//! let (held, _, question) = HeldHtlc::ask(&message_path, &payer.to_point(), [4; 32])?;
//!
//! // The receiver knows its path, and no more: neither what is paid nor by whom.
//! let PeeledMessage::Receive { payload, .. } = question.peel(&receiver)? else { panic!("it is for the receiver") };
//! let (AsyncMessage::HeldHtlcAvailable, Some(reply_path)) = AsyncMessage::from_payload(&payload)? else { panic!() };
//! let (_, answer) = release(&reply_path, &[5; 32])?;
//!
//! // The payer knows its own path.
//! let PeeledMessage::Receive { payload, data, .. } = answer.peel(&payer)? else { panic!("it is for the payer") };
//! assert!(held.is_released(&payload, &data)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - A payer who tells the preimage, or a hop that gets it from one: the payer and any hop of the route take the payment. Nobody else
//!   can, before it is claimed, and a preimage is drawn for one payment: the invoice may be paid again and again.
//! - A proof that something was paid: there is none. The payer has known the preimage all along.
//! - A payer that offers before it is told to: its money waits along the whole route.
//! - An answer for everybody: anyone with the invoice can see from the answers when its receiver is there.
//!
//! # References
//!
//! `lightning::onion_message::async_payments` and `lightning::offers::flow`; [BOLT 12](https://github.com/lightning/bolts/blob/master/12-offer-encoding.md);
//! [async payments, pull request 1149](https://github.com/lightning/bolts/pull/1149); [bLIP 3](https://github.com/lightning/blips/blob/master/blip-0003.md)
//! for the preimage in the onion.

mod error;
mod held;
mod message;
mod request;

pub use error::AsyncPaymentsError;
pub use held::{HeldHtlc, ask_for_holder, release};
pub use message::AsyncMessage;
pub use request::{InvoiceRequest, RequestOrder};

/// The type of the preimage in the receiver's payload (bLIP 3): even, so that a receiver that does not know it fails the payment.
pub const KEYSEND_PREIMAGE: u64 = 5_482_373_484;
/// The type of the payer's invoice request beside it.
pub const INVOICE_REQUEST_IN_ONION: u64 = 77_777;
/// The type, in `update_add_htlc`, by which a payer asks an LDK node to hold (`hold_htlc`, no value). The node gives a path for the receiver's
/// answer with its `revoke_and_ack`, in a field of the same type.
pub const HOLD_HTLC: u64 = 75_537;
