use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::invoice::OfferBuilder;

fn key(byte: u8) -> Keypair {
    Keypair::from_secret_bytes(&[byte; 32]).unwrap()
}

fn offer() -> Offer {
    OfferBuilder::new()
        .description("coffee")
        .amount_msat(5_000)
        .issuer_id(&key(2).public_key())
        .build()
        .unwrap()
}

fn order(offer: &Offer) -> RequestOrder<'_> {
    RequestOrder {
        offer,
        chain: ChainHash::BITCOIN,
        amount_msat: 5_000,
        quantity: None,
        payer_note: Some("table 4"),
        metadata: &[7; 16],
    }
}

fn signed() -> InvoiceRequest {
    InvoiceRequest::sign(&order(&offer()), &key(3), &[0; 32]).unwrap()
}

/// The same records with others in their place or beside them, signed again.
fn with(changes: &[(u64, Option<Vec<u8>>)]) -> Result<InvoiceRequest, AsyncPaymentsError> {
    let request = signed();
    let stream = TlvStream::parse(request.as_bytes()).unwrap();
    let mut writer = TlvWriter::new();
    for record in stream.records() {
        let changed = changes.iter().any(|(tlv_type, _)| *tlv_type == record.tlv_type());
        if !changed && record.tlv_type() != SIGNATURE {
            writer.set(record.tlv_type(), record.value());
        }
    }
    for (tlv_type, value) in changes {
        if let Some(value) = value {
            writer.set(*tlv_type, value.clone());
        }
    }
    if !changes.iter().any(|(tlv_type, _)| *tlv_type == SIGNATURE) {
        let root = merkle::root(&TlvStream::parse(&writer.to_bytes()).unwrap()).unwrap();
        let signature = key(3).sign_schnorr(&signature_hash(&root), &[0; 32]);
        writer.set(SIGNATURE, signature.serialize());
    }
    InvoiceRequest::from_bytes(&writer.to_bytes())
}

#[test]
fn it_is_read_as_it_was_made() {
    let request = signed();
    assert_eq!(InvoiceRequest::from_bytes(request.as_bytes()), Ok(request.clone()));
    assert_eq!(request.offer().as_bytes(), offer().as_bytes());
    assert_eq!((request.amount_msat(), request.quantity()), (Some(5_000), None));
    assert_eq!(request.payer_note(), Some("table 4"));
    assert_eq!(request.payer_id(), key(3).public_key());
    assert_eq!(request.verify_offer(&offer()), Ok(()));
    let other = OfferBuilder::new().issuer_id(&key(2).public_key()).build().unwrap();
    assert_eq!(request.verify_offer(&other), Err(AsyncPaymentsError::OtherOffer));
    for length in 0..request.as_bytes().len() {
        assert!(InvoiceRequest::from_bytes(&request.as_bytes()[..length]).is_err());
    }
}

#[test]
fn each_rule_names_its_field() {
    use AsyncPaymentsError::{Malformed, Missing, Signature, Unexpected, UnknownEven};
    for (changes, expected) in [
        (vec![(METADATA, None)], Missing("invreq_metadata")),
        (vec![(PAYER_ID, None)], Missing("invreq_payer_id")),
        (vec![(PAYER_ID, Some(vec![4; 33]))], Malformed("invreq_payer_id")),
        (vec![(SIGNATURE, None)], Missing("signature")),
        (vec![(SIGNATURE, Some(vec![1; 63]))], Malformed("signature")),
        (vec![(SIGNATURE, Some(vec![1; 64]))], Signature),
        (vec![(PAYER_ID, Some(key(4).public_key().to_bytes().to_vec()))], Signature),
        (vec![(AMOUNT, Some(tu64(4_999)))], Malformed("invreq_amount")),
        (vec![(AMOUNT, Some(vec![0, 1]))], Malformed("invreq_amount")),
        (vec![(QUANTITY, Some(tu64(1)))], Malformed("invreq_quantity")),
        (vec![(20, Some(tu64(3)))], Missing("invreq_quantity")),
        (vec![(20, Some(tu64(3))), (QUANTITY, Some(tu64(4)))], Malformed("invreq_quantity")),
        (vec![(20, Some(tu64(3))), (QUANTITY, Some(tu64(2)))], Malformed("invreq_amount")),
        (vec![(CHAIN, Some(vec![1; 32]))], Malformed("invreq_chain")),
        (vec![(CHAIN, Some(vec![1; 31]))], Malformed("invreq_chain")),
        (vec![(FEATURES, Some(vec![1]))], Malformed("invreq_features")),
        (vec![(PAYER_NOTE, Some(vec![0xff]))], Malformed("invreq_payer_note")),
        (vec![(94, Some(vec![1]))], UnknownEven { tlv_type: 94 }),
        (vec![(160, Some(vec![1]))], Unexpected { tlv_type: 160 }),
        (vec![(168, Some(vec![1; 32]))], Unexpected { tlv_type: 168 }),
    ] {
        assert_eq!(with(&changes).unwrap_err(), expected, "{changes:?}");
    }
    // Their twins.
    for changes in [
        vec![],
        vec![(AMOUNT, None)],
        vec![(AMOUNT, Some(tu64(9_999)))],
        vec![(20, Some(tu64(3))), (QUANTITY, Some(tu64(2))), (AMOUNT, Some(tu64(10_000)))],
        vec![(93, Some(vec![1]))],
        vec![(FEATURES, Some(vec![2]))],
        vec![(2_000_000_001, Some(vec![1]))],
    ] {
        assert!(with(&changes).is_ok(), "{changes:?}");
    }
}
