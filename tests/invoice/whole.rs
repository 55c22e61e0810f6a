//! The invoice as a whole: expiry, text, and what can be changed in it.

use crate::paths::blinded;
use crate::{
    CREATED_AT, accepted, fields, invoice, point, receiver, refused, signed, with, without, written,
};
use pointlock::invoice::{
    ChainHash, Field, InvoiceError, PaymentLock, PaymentPoints, StaticInvoice,
    StaticInvoiceBuilder, TextKind, text,
};
use pointlock::lock::PaymentHash;
use pointlock::wire::tu64;
use proptest::prelude::*;

#[test]
fn expiry() {
    let invoice = invoice();
    let expired = |field, expires_at, now| Err(InvoiceError::Expired { field, expires_at, now });
    let last = CREATED_AT + 3_600;
    assert_eq!(invoice.check_not_expired(last), Ok(()));
    let relative = Field::INVOICE_RELATIVE_EXPIRY;
    assert_eq!(invoice.check_not_expired(last + 1), expired(relative, last, last + 1));

    let offer_first = accepted(&[(Field::OFFER_ABSOLUTE_EXPIRY, &tu64(last - 1))]);
    assert_eq!(offer_first.check_not_expired(last - 1), Ok(()));
    let absolute = Field::OFFER_ABSOLUTE_EXPIRY;
    assert_eq!(offer_first.check_not_expired(last), expired(absolute, last - 1, last));

    let mut silent = without(relative);
    silent.remove(&absolute.tlv_type());
    let silent = signed(silent).unwrap();
    let two_weeks = CREATED_AT + 1_209_600;
    assert_eq!(silent.check_not_expired(two_weeks), Ok(()));
    let error = expired(relative, two_weeks, two_weeks + 1);
    assert_eq!(silent.check_not_expired(two_weeks + 1), error);

    let endless =
        accepted(&[(Field::INVOICE_CREATED_AT, &tu64(u64::MAX)), (absolute, &tu64(u64::MAX))]);
    assert_eq!(endless.check_not_expired(u64::MAX), Ok(()));
}

#[test]
fn decoding_in_order_to_pay() {
    let regtest = StaticInvoiceBuilder::new(point(1), CREATED_AT)
        .chain(ChainHash::REGTEST)
        .interim_route(&[receiver().public_key()])
        .sign(&receiver(), &[0; 32])
        .unwrap();
    // The builder writes the expiry, though it is the one that is taken for granted.
    assert_eq!(regtest.value(Field::INVOICE_RELATIVE_EXPIRY), Some(&tu64(1_209_600)[..]));
    let text = regtest.to_string();
    let now = CREATED_AT;
    assert_eq!(StaticInvoice::decode_at(&text, ChainHash::REGTEST, now), Ok(regtest));
    let error = InvoiceError::Chain {
        field: Field::OFFER_CHAINS,
        expected: ChainHash::BITCOIN,
        actual: ChainHash::REGTEST,
    };
    assert_eq!(StaticInvoice::decode_at(&text, ChainHash::BITCOIN, now), Err(error));
    let late = StaticInvoice::decode_at(&text, ChainHash::REGTEST, now + 1_209_601);
    assert_eq!(late.unwrap_err().field(), Some(Field::INVOICE_RELATIVE_EXPIRY));

    let redundant = accepted(&[(Field::OFFER_CHAINS, ChainHash::BITCOIN.as_bytes())]);
    assert_eq!(redundant.chain(), ChainHash::BITCOIN);
    for actual in [0, 31, 64] {
        let field = Field::OFFER_CHAINS;
        let error = InvoiceError::Length { field, expected: 32, actual };
        refused(&[(field, &vec![7; actual])], error);
    }
}

#[test]
fn the_builder_makes_nothing_that_decoding_refuses() {
    let builder = || StaticInvoiceBuilder::new(point(1), CREATED_AT);
    let sign = |builder: StaticInvoiceBuilder| builder.sign(&receiver(), &[0; 32]).err();
    let route = [receiver().public_key()];
    let field = Field::INTERIM_ROUTE;
    assert_eq!(sign(builder()), Some(InvoiceError::Missing { field }));
    assert_eq!(
        sign(builder().interim_route(&[])),
        Some(InvoiceError::ListLength { field, item: 33, actual: 0 })
    );
    let field = Field::OFFER_DESCRIPTION;
    assert_eq!(
        sign(builder().interim_route(&route).amount_msat(1)),
        Some(InvoiceError::Missing { field })
    );
    let field = Field::OFFER_AMOUNT;
    assert_eq!(
        sign(builder().interim_route(&route).description("nothing").amount_msat(0)),
        Some(InvoiceError::AmountOutOfRange { field, amount: 0 })
    );
    assert_eq!(sign(builder().interim_route(&route)), None);
    // Claiming publishes z: with the signing key as z, every later invoice could be forged.
    let field = Field::PAYMENT_POINTS;
    for reused in [receiver().public_key(), receiver().public_key().negate()] {
        for points in [vec![reused], vec![point(1), reused]] {
            let points = PaymentPoints::new(points).unwrap();
            let reusing = StaticInvoiceBuilder::new(points, CREATED_AT).interim_route(&route);
            assert_eq!(sign(reusing), Some(InvoiceError::KeyReused { field }));
        }
    }
    let hash = StaticInvoiceBuilder::new(PaymentLock::Hash(PaymentHash([7; 32])), CREATED_AT);
    assert_eq!(sign(hash.interim_route(&route)), None);
}

#[test]
fn text_of_something_else() {
    let as_offer = text::encode("lno", invoice().as_bytes()).unwrap();
    let (found, wanted) = (TextKind::Offer, &[TextKind::Invoice]);
    let error = InvoiceError::OtherText { found, wanted };
    assert_eq!(as_offer.parse::<StaticInvoice>(), Err(error));
}

#[test]
fn errors_name_the_field() {
    let message = |result: Result<StaticInvoice, InvoiceError>| result.unwrap_err().to_string();
    assert_eq!(message(signed(without(Field::PAYMENT_POINTS))), "payment_points: missing");
    assert_eq!(
        message(signed(with(&[(Field::OFFER_AMOUNT, &[0])]))),
        "offer_amount: integer is not minimal"
    );
    assert_eq!(message(signed(with(&[(Field::from_type(78), b"")]))), "tlv_78: unknown even type");
    let mut bytes = invoice().as_bytes().to_vec();
    bytes.extend([0xff, 0xff]);
    let end = bytes.len() - 2;
    assert_eq!(
        message(StaticInvoice::from_bytes(&bytes)),
        format!("stream: truncated in the type of the record at byte {end}")
    );
}

/// All single bits and all prefixes, rather than a sample.
#[test]
fn no_bit_can_be_flipped_and_no_byte_left_out() {
    for invoice in [invoice(), blinded(point(1)).sign(&receiver(), &[0; 32]).unwrap()] {
        let bytes = invoice.as_bytes();
        for index in 0..bytes.len() {
            assert!(StaticInvoice::from_bytes(&bytes[..index]).is_err(), "first {index} bytes");
            for bit in 0..8 {
                let mut flipped = bytes.to_vec();
                flipped[index] ^= 1 << bit;
                assert!(StaticInvoice::from_bytes(&flipped).is_err(), "byte {index}, bit {bit}");
            }
        }
    }
}

#[test]
fn no_character_can_be_changed() {
    let text = invoice().to_string();
    for index in 0..text.len() {
        assert!(text[..index].parse::<StaticInvoice>().is_err());
        for character in "qpzry9x8gf2tvdw0s3jn54khce6mua7l1bio+ Q".chars() {
            if !text[index..].starts_with(character) {
                let changed = format!("{}{character}{}", &text[..index], &text[index + 1..]);
                assert!(changed.parse::<StaticInvoice>().is_err(), "{character:?} at {index}");
            }
        }
    }
}

/// Types that mean something, or are next to one that does.
fn any_type() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => prop::sample::select(fields().into_keys().collect::<Vec<_>>()),
        2 => 0u64..260,
        1 => 3_000_000_155u64..3_000_000_170,
        1 => any::<u64>(),
    ]
}

proptest! {
    #[test]
    fn nothing_can_be_appended_or_inserted(tail in prop::collection::vec(any::<u8>(), 1..80), at: prop::sample::Index) {
        let mut bytes = invoice().as_bytes().to_vec();
        let at = at.index(bytes.len() + 1);
        bytes.splice(at..at, tail);
        prop_assert!(StaticInvoice::from_bytes(&bytes).is_err());
    }

    #[test]
    fn no_record_can_be_added_or_changed(tlv_type in any_type(), value: Vec<u8>) {
        let original = fields();
        prop_assume!(original.get(&tlv_type) != Some(&value));
        let mut changed = original;
        changed.insert(tlv_type, value);
        prop_assert!(StaticInvoice::from_bytes(&written(&changed)).is_err());
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        prop_assert!(StaticInvoice::from_bytes(&bytes).is_err());
    }

    #[test]
    fn no_text_panics(text in "(lni1)?[qpzry9x8gf2tvdw0s3jn54khce6mua7l+ ]{0,200}") {
        prop_assert!(text.parse::<StaticInvoice>().is_err());
    }

    /// Whatever the receiver signs is either refused or read, shown and written alike.
    #[test]
    fn any_signed_fields(changes in prop::collection::btree_map(any_type(), prop::collection::vec(any::<u8>(), 0..70), 0..4)) {
        let mut fields = fields();
        fields.extend(changes);
        if let Ok(invoice) = signed(fields) {
            prop_assert_eq!(invoice.to_string().parse(), Ok(invoice.clone()));
            prop_assert!(invoice.fields().len() >= 7);
            let _ = invoice.check_not_expired(CREATED_AT);
        }
    }
}
