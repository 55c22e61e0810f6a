use alloc::string::ToString;
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::async_payments::RequestOrder;
use crate::curve::{Keypair, SecretScalar};
use crate::invoice::{BlindedPayInfo, ChainHash, OfferBuilder, PaymentPath, StaticInvoiceBuilder};
use crate::wire::Features;

fn path(byte: u8) -> Path {
    let secret = |byte| SecretScalar::from_bytes(&[byte; 32]).unwrap();
    let hops = [(secret(byte).to_point(), [2; 20]), (secret(byte + 1).to_point(), [3; 20])];
    BlindedPath::build(secret(byte + 2), &hops).unwrap().0.into()
}

fn receiver() -> Keypair {
    Keypair::from_secret_bytes(&[2; 32]).unwrap()
}

fn invoice() -> StaticInvoice {
    let pay_info = BlindedPayInfo {
        fee_base_msat: 1,
        fee_proportional_millionths: 2,
        cltv_expiry_delta: 3,
        htlc_minimum_msat: 4,
        htlc_maximum_msat: 5,
        features: Features::NONE,
    };
    let offer = OfferBuilder::new().paths(&[path(20)]).issuer_id(&receiver().public_key());
    StaticInvoiceBuilder::plain(&offer.build().unwrap(), 1_750_000_000)
        .paths(&[PaymentPath::new(path(30), pay_info)])
        .message_paths(&[path(40)])
        .sign(&receiver(), &[0; 32])
        .unwrap()
}

fn request() -> InvoiceRequest {
    let (chain, amount_msat, quantity, payer_note) = (ChainHash::BITCOIN, 1_000, None, None);
    let invoice = invoice();
    let offer = invoice.offer();
    let metadata = &[7; 16];
    let order = RequestOrder { offer, chain, amount_msat, quantity, payer_note, metadata };
    InvoiceRequest::sign(&order, &receiver(), &[0; 32]).unwrap()
}

fn all() -> Vec<AsyncMessage> {
    vec![
        AsyncMessage::InvoiceRequest(Box::new(request())),
        AsyncMessage::StaticInvoice(Box::new(invoice())),
        AsyncMessage::HeldHtlcAvailable,
        AsyncMessage::ReleaseHeldHtlc,
        AsyncMessage::OfferPathsRequest { invoice_slot: 0x0102 },
        AsyncMessage::OfferPaths { paths: vec![path(10)], absolute_expiry: None },
        AsyncMessage::OfferPaths { paths: vec![path(10), path(11)], absolute_expiry: Some(9) },
        AsyncMessage::ServeStaticInvoice {
            invoice: Box::new(invoice()),
            forward_invoice_request_path: path(50),
        },
        AsyncMessage::StaticInvoicePersisted,
    ]
}

fn value(message: &AsyncMessage) -> Vec<u8> {
    let bytes = message.to_tlv(None).to_bytes();
    let stream = TlvStream::parse(&bytes).unwrap();
    stream.get(message.tlv_type()).unwrap().value().to_vec()
}

fn read(records: &[(u64, Vec<u8>)]) -> Result<(AsyncMessage, Option<Path>), AsyncPaymentsError> {
    let mut tlv = TlvWriter::new();
    for (tlv_type, value) in records {
        tlv.set(*tlv_type, value.clone());
    }
    AsyncMessage::from_payload(&tlv.to_bytes())
}

#[test]
fn written_and_read_again() {
    for message in all() {
        for reply_path in [None, Some(path(60))] {
            let mut tlv = message.to_tlv(reply_path.as_ref());
            tlv.set(ENCRYPTED_RECIPIENT_DATA, [1; 20]);
            let bytes = tlv.to_bytes();
            assert!(AsyncMessage::is_in(&bytes));
            assert_eq!(AsyncMessage::from_payload(&bytes), Ok((message.clone(), reply_path)));
        }
    }
    // Empty streams behind their length, and a slot.
    for (message, bytes) in [
        (AsyncMessage::HeldHtlcAvailable, vec![0]),
        (AsyncMessage::OfferPathsRequest { invoice_slot: 0x0102 }, vec![4, 0, 2, 1, 2]),
    ] {
        assert_eq!(value(&message), bytes);
    }
}

#[test]
fn each_is_refused_with_a_byte_less_or_more() {
    for message in all() {
        let (tlv_type, value) = (message.tlv_type(), value(&message));
        for length in 0..value.len() {
            let error = read(&[(tlv_type, value[..length].to_vec())]).unwrap_err();
            assert!(!error.to_string().is_empty());
        }
        let more = [value.clone(), vec![0]].concat();
        assert!(read(&[(tlv_type, more)]).is_err(), "{message:?}");
        assert!(read(&[(tlv_type, value)]).is_ok());
    }
}

#[test]
fn what_stands_beside_a_message() {
    use AsyncPaymentsError::{Malformed, Missing, Unexpected, UnknownEven};
    let held = (HELD_HTLC_AVAILABLE, vec![0]);
    let held = || held.clone();
    for (records, expected) in [
        (vec![], Missing("message")),
        (vec![(2, vec![1])], Malformed("reply_path")),
        (vec![held(), (76, vec![])], UnknownEven { tlv_type: 76 }),
        (vec![held(), (RELEASE_HELD_HTLC, vec![0])], Unexpected { tlv_type: 74 }),
        (vec![(HELD_HTLC_AVAILABLE, vec![2, 0, 0])], UnknownEven { tlv_type: 0 }),
        (vec![(HELD_HTLC_AVAILABLE, vec![0, 1])], Malformed("held_htlc_available")),
        (vec![(OFFER_PATHS_REQUEST, vec![0])], Missing("invoice_slot")),
        (vec![(OFFER_PATHS_REQUEST, vec![3, 0, 1, 1])], Malformed("offer_paths_request")),
        (vec![(OFFER_PATHS, vec![2, 0, 0])], Malformed("paths")),
        (vec![(SERVE_STATIC_INVOICE, vec![0])], Missing("invoice")),
    ] {
        assert_eq!(read(&records).unwrap_err(), expected, "{records:?}");
    }
    // What is no stream, and what is no invoice.
    let no_stream = AsyncMessage::from_payload(&[0xfd, 0]);
    assert!(matches!(no_stream, Err(AsyncPaymentsError::Wire(_))), "{no_stream:?}");
    let no_invoice = read(&[(STATIC_INVOICE, vec![0, 0])]);
    assert!(matches!(no_invoice, Err(AsyncPaymentsError::Invoice(_))), "{no_invoice:?}");
    // Odd ones are passed over, beside a message and within one.
    assert!(read(&[held(), (77, vec![1])]).is_ok());
    assert!(read(&[(HELD_HTLC_AVAILABLE, vec![2, 1, 0])]).is_ok());
    assert!(!AsyncMessage::is_in(&[76, 0]));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, flip: usize, cut: usize) {
        let _ = AsyncMessage::from_payload(&bytes);
        for message in all() {
            let mut valid = message.to_tlv(Some(&path(60))).to_bytes();
            let bit = flip % (valid.len() * 8);
            valid[bit / 8] ^= 1 << (bit % 8);
            if let Ok((message, reply_path)) = AsyncMessage::from_payload(&valid) {
                let written = message.to_tlv(reply_path.as_ref()).to_bytes();
                let again = AsyncMessage::from_payload(&written);
                prop_assert_eq!(again, Ok((message, reply_path)));
            }
            valid.truncate(cut % valid.len());
            let _ = AsyncMessage::from_payload(&valid);
        }
    }
}
