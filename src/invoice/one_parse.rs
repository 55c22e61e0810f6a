//! How much work it is to read a message: counted in records that are parsed, since time depends on the machine.

use crate::curve::Keypair;
use crate::wire::{TlvStream, TlvWriter, work};

use super::{Field, Offer, OfferOrInvoice, StaticInvoiceBuilder, text};

fn receiver() -> Keypair {
    Keypair::from_secret_bytes(&[2; 32]).unwrap()
}

/// An offer of so many empty odd fields, in the experimental range.
fn many_fields(fields: u64) -> TlvWriter {
    let mut writer = TlvWriter::new();
    writer.set(Field::OFFER_ISSUER_ID.tlv_type(), receiver().public_key().to_bytes());
    for field in 0..fields {
        writer.set(1_000_000_001 + 2 * field, []);
    }
    writer
}

/// Reads the text, and asks for each field in both ways.
fn read_all(text: &str) -> usize {
    let message: OfferOrInvoice = text.parse().unwrap();
    let fields = message.fields();
    assert!(fields.iter().all(|(field, _)| message.value(*field).is_some()));
    fields.len()
}

#[test]
fn an_offer_is_parsed_once() {
    for fields in [10, 1_000, 20_000] {
        let text = text::encode("lno", &many_fields(fields).to_bytes()).unwrap();
        let (read, parsed) = work::parsed_by(|| read_all(&text));
        assert_eq!((read, parsed), (fields as usize + 1, fields as usize + 1));
    }
}

/// The offer within it, too, and comparing the two parses nothing.
#[test]
fn an_invoice_is_parsed_once() {
    let offer = Offer::from_bytes(&many_fields(500).to_bytes()).unwrap();
    let other = Keypair::from_secret_bytes(&[3; 32]).unwrap();
    let invoice = StaticInvoiceBuilder::for_offer(&offer, other.public_key(), 0)
        .interim_route(&[receiver().public_key()])
        .sign(&receiver(), &[0; 32])
        .unwrap();
    let records = TlvStream::parse(invoice.as_bytes()).unwrap().records().len();
    let text = invoice.to_string();
    let (read, parsed) = work::parsed_by(|| read_all(&text));
    assert_eq!((read, parsed), (records, records));
    let (compared, parsed) = work::parsed_by(|| invoice.verify_offer(&offer));
    assert_eq!((compared, parsed), (Ok(()), 0));
    let ((), parsed) = work::parsed_by(|| {
        let _ = StaticInvoiceBuilder::for_offer(&offer, other.public_key(), 0);
    });
    assert_eq!(parsed, 0);
}

/// A million bytes in 166,000 fields: what is not linear anywhere takes hours here.
#[test]
fn the_longest_offer_is_read() {
    let fields = (text::MAX_STREAM_LENGTH as u64 - 35) / 6;
    let bytes = many_fields(fields).to_bytes();
    let text = text::encode("lno", &bytes).unwrap();
    assert!(bytes.len() > text::MAX_STREAM_LENGTH - 6);
    let (read, parsed) = work::parsed_by(|| read_all(&text));
    assert_eq!((read as u64, parsed as u64), (fields + 1, fields + 1));
}
