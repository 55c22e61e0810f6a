//! k-time payment points: the polynomial, the payer's point, and payments over real contracts.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "../common/failing_claims.rs"]
mod failing_claims;
#[path = "../common/nodes.rs"]
mod nodes;
mod payments;
mod polynomial;
mod receiver;

use nodes::{AMOUNT_MSAT, payer_of};
use pointlock::curve::{PublicScalar, SecretScalar};
use pointlock::invoice::StaticInvoice;
use pointlock::invoice::ktime::{NoteHash, PayerScalar, PaymentTerms};

fn secret(bytes: [u8; 32]) -> SecretScalar {
    SecretScalar::from_hash(&bytes).unwrap()
}

fn x_of(bytes: [u8; 32]) -> PayerScalar {
    PayerScalar::new(PublicScalar::from_hash(&bytes)).unwrap()
}

fn terms(invoice: &StaticInvoice, note: &str) -> PaymentTerms {
    PaymentTerms {
        payer: payer_of(Some(note.as_bytes())).seed.key().public_key(),
        invoice_id: invoice.invoice_id(),
        amount_msat: AMOUNT_MSAT,
        note_hash: NoteHash::of(Some(note.as_bytes())),
    }
}
