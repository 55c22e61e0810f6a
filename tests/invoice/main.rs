//! Static invoices from the outside: what a receiver makes, what a vault could do to it, what a payer
//! accepts.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod fields;
mod paths;
mod whole;

use std::collections::BTreeMap;

use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::invoice::{Field, InvoiceError, StaticInvoice, StaticInvoiceBuilder, merkle};
use pointlock::wire::{TlvStream, TlvWriter};

const CREATED_AT: u64 = 1_750_000_000;
const MAX_MONEY_MSAT: u64 = 2_100_000_000_000_000_000;

fn receiver() -> Keypair {
    Keypair::from_secret_bytes(&[2; 32]).unwrap()
}

fn point(byte: u8) -> Point {
    SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point()
}

fn invoice() -> StaticInvoice {
    StaticInvoiceBuilder::new(point(1), CREATED_AT)
        .amount_msat(5_000)
        .description("coffee")
        .issuer("receiver@example.com")
        .absolute_expiry(CREATED_AT + 10_000)
        .relative_expiry(3_600)
        .interim_route(&[point(3), receiver().public_key()])
        .sign(&receiver(), &[4; 32])
        .unwrap()
}

/// The fields of an invoice by type, to be changed and signed again: what a receiver with other code
/// could publish.
type Fields = BTreeMap<u64, Vec<u8>>;

fn fields() -> Fields {
    let invoice = invoice();
    let stream = TlvStream::parse(invoice.as_bytes()).unwrap();
    stream.records().iter().map(|record| (record.tlv_type(), record.value().to_vec())).collect()
}

fn with(changes: &[(Field, &[u8])]) -> Fields {
    let mut fields = fields();
    for (field, value) in changes {
        fields.insert(field.tlv_type(), value.to_vec());
    }
    fields
}

fn without(field: Field) -> Fields {
    let mut fields = fields();
    fields.remove(&field.tlv_type()).unwrap();
    fields
}

fn written(fields: &Fields) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for (tlv_type, value) in fields {
        writer.set(*tlv_type, value.as_slice());
    }
    writer.to_bytes()
}

/// Signs whatever the fields are, as message `name`, and decodes.
fn signed_as(name: &str, mut fields: Fields) -> Result<StaticInvoice, InvoiceError> {
    let bytes = written(&fields);
    let root = merkle::root(&TlvStream::parse(&bytes).unwrap()).unwrap();
    let hash = merkle::signature_hash(name, "signature", &root);
    let signature = receiver().sign_schnorr(&hash, &[0; 32]);
    fields.insert(Field::SIGNATURE.tlv_type(), signature.serialize().to_vec());
    let bytes = written(&fields);
    let decoded = StaticInvoice::from_bytes(&bytes);
    if let Ok(invoice) = &decoded {
        assert_eq!(invoice.as_bytes(), bytes);
    }
    decoded
}

fn signed(fields: Fields) -> Result<StaticInvoice, InvoiceError> {
    signed_as("static_invoice", fields)
}

#[track_caller]
fn refused(changes: &[(Field, &[u8])], error: InvoiceError) {
    assert_eq!(signed(with(changes)).err(), Some(error));
}

#[track_caller]
fn accepted(changes: &[(Field, &[u8])]) -> StaticInvoice {
    signed(with(changes)).unwrap()
}
