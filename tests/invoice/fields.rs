//! Each field by itself.

use crate::paths::blinded;
use crate::{
    CREATED_AT, MAX_MONEY_MSAT, accepted, fields, invoice, point, receiver, refused, signed, with,
    without, written,
};
use pointlock::curve::CurveError;
use pointlock::invoice::{
    Amount, ChainHash, Field, FieldValue, InvoiceError, PaymentLock, PaymentPoints, StaticInvoice,
};
use pointlock::lock::PaymentHash;
use pointlock::wire::{TlvStream, WireError, tu64};

#[test]
fn round_trip() {
    let invoice = invoice();
    let text = invoice.to_string();
    assert!(text.starts_with("lni1"));
    assert_eq!(text.parse(), Ok(invoice.clone()));
    assert_eq!(text.to_uppercase().parse(), Ok(invoice.clone()));
    assert_eq!(format!("{}+\n {}", &text[..20], &text[20..]).parse(), Ok(invoice.clone()));
    assert_eq!(StaticInvoice::from_bytes(invoice.as_bytes()), Ok(invoice.clone()));
    assert_eq!(written(&fields()), invoice.as_bytes());

    assert_eq!(invoice.amount(), Some(&Amount::Millisatoshi(5_000)));
    assert_eq!(invoice.offer_description(), Some("coffee"));
    assert_eq!(invoice.offer_issuer(), Some("receiver@example.com"));
    assert_eq!(invoice.offer_absolute_expiry(), Some(CREATED_AT + 10_000));
    assert_eq!(invoice.offer_quantity_max(), None);
    assert_eq!(invoice.invoice_created_at(), CREATED_AT);
    assert_eq!(invoice.invoice_relative_expiry(), 3_600);
    assert_eq!(invoice.expires_at(), CREATED_AT + 3_600);
    assert_eq!(invoice.invoice_node_id(), receiver().public_key());
    assert_eq!(invoice.interim_route(), [point(3), receiver().public_key()]);
    assert_eq!(invoice.lock(), Some(&PaymentLock::from(point(1))));
    assert_eq!(invoice.payment_point(), Some(point(1)));
    assert_eq!(invoice.chain(), ChainHash::BITCOIN);
}

#[test]
fn fields_by_name() {
    let invoice = accepted(&[(Field::from_type(33), b"odd"), (Field::OFFER_QUANTITY_MAX, &[])]);
    let node_id = receiver().public_key().to_bytes().to_vec();
    let route = [point(3).to_bytes(), receiver().public_key().to_bytes()].concat();
    let expected = [
        ("offer_amount", FieldValue::Integer(5_000)),
        ("offer_description", FieldValue::Text("coffee".into())),
        ("offer_absolute_expiry", FieldValue::Integer(CREATED_AT + 10_000)),
        ("offer_issuer", FieldValue::Text("receiver@example.com".into())),
        ("offer_quantity_max", FieldValue::Integer(0)),
        ("offer_issuer_id", FieldValue::Bytes(node_id.clone())),
        ("tlv_33", FieldValue::Bytes(b"odd".to_vec())),
        ("invoice_created_at", FieldValue::Integer(CREATED_AT)),
        ("invoice_relative_expiry", FieldValue::Integer(3_600)),
        ("invoice_node_id", FieldValue::Bytes(node_id)),
        ("signature", FieldValue::Bytes(invoice.signature().serialize().to_vec())),
        ("payment_points", FieldValue::Points(vec![point(1)])),
        ("interim_route", FieldValue::Bytes(route)),
    ];
    let shown: Vec<_> =
        invoice.fields().into_iter().map(|(field, value)| (field.to_string(), value)).collect();
    assert_eq!(shown, expected.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn id_is_the_root_and_not_the_signature() {
    let again = StaticInvoice::from_bytes(invoice().as_bytes()).unwrap();
    let other_signature = signed(fields()).unwrap();
    assert_ne!(again.signature(), other_signature.signature());
    assert_eq!(again.invoice_id(), other_signature.invoice_id());
    let other = accepted(&[(Field::OFFER_DESCRIPTION, b"tea")]);
    assert_ne!(again.invoice_id(), other.invoice_id());
}

#[test]
fn every_required_field() {
    for field in [
        Field::OFFER_DESCRIPTION,
        Field::OFFER_ISSUER_ID,
        Field::INVOICE_CREATED_AT,
        Field::INVOICE_NODE_ID,
        Field::PAYMENT_POINTS,
        Field::INTERIM_ROUTE,
    ] {
        assert_eq!(signed(without(field)).err(), Some(InvoiceError::Missing { field }));
    }
    for field in [Field::OFFER_AMOUNT, Field::OFFER_ISSUER, Field::INVOICE_RELATIVE_EXPIRY] {
        signed(without(field)).unwrap();
    }
    // Unsigned, which no signing again can show.
    let field = Field::SIGNATURE;
    assert_eq!(
        StaticInvoice::from_bytes(&written(&without(field))),
        Err(InvoiceError::Missing { field })
    );
    let field = Field::INVOICE_CREATED_AT;
    assert_eq!(StaticInvoice::from_bytes(&[]), Err(InvoiceError::Missing { field }));
}

/// Each record doubled, swapped with the next one, and written with a longer type and length.
#[test]
fn every_record_has_one_encoding_and_one_place() {
    one_encoding_and_one_place(&invoice());
    one_encoding_and_one_place(&blinded(point(1)).sign(&receiver(), &[0; 32]).unwrap());
}

fn one_encoding_and_one_place(invoice: &StaticInvoice) {
    let stream = TlvStream::parse(invoice.as_bytes()).unwrap();
    let records: Vec<Vec<u8>> =
        stream.records().iter().map(|record| record.bytes().to_vec()).collect();
    assert_eq!(StaticInvoice::from_bytes(&records.concat()).as_ref(), Ok(invoice));
    for (index, record) in stream.records().iter().enumerate() {
        let field = Field::from_type(record.tlv_type());
        let fault = |records: &[Vec<u8>]| {
            let error = StaticInvoice::from_bytes(&records.concat()).unwrap_err();
            let InvoiceError::Encoding { source, .. } = &error else { panic!("{error}") };
            (error.field(), *source)
        };
        let tlv_type = record.tlv_type();
        let offset = record.offset();
        let end = offset + record.bytes().len();

        let mut doubled = records.clone();
        doubled.insert(index, records[index].clone());
        let duplicate = WireError::Duplicate { tlv_type, offset: end };
        assert_eq!(fault(&doubled), (Some(field), duplicate));

        if let Some(next) = stream.records().get(index + 1) {
            let mut swapped = records.clone();
            swapped.swap(index, index + 1);
            let previous = next.tlv_type();
            let offset = offset + next.bytes().len();
            let out_of_order = WireError::OutOfOrder { tlv_type, offset, previous };
            assert_eq!(fault(&swapped), (Some(field), out_of_order));
        }

        let mut long_type = records.clone();
        long_type[index] =
            [&[0xff][..], &tlv_type.to_be_bytes(), &records[index][record.type_bytes().len()..]]
                .concat();
        let not_minimal = WireError::TypeNotMinimal { tlv_type, offset };
        assert_eq!(fault(&long_type), (Some(field), not_minimal));

        let mut long_length = records.clone();
        let length = record.value().len() as u32;
        let longer = if length < 0xfd {
            [&[0xfd][..], &length.to_be_bytes()[2..]].concat()
        } else {
            [&[0xfe][..], &length.to_be_bytes()].concat()
        };
        long_length[index] = [record.type_bytes(), &longer, record.value()].concat();
        let not_minimal = WireError::LengthNotMinimal { tlv_type, offset };
        assert_eq!(fault(&long_length), (Some(field), not_minimal));
    }
}

#[test]
fn every_integer_is_minimal() {
    for (field, maximum) in [
        (Field::OFFER_AMOUNT, 8),
        (Field::OFFER_ABSOLUTE_EXPIRY, 8),
        (Field::OFFER_QUANTITY_MAX, 8),
        (Field::INVOICE_CREATED_AT, 8),
        (Field::INVOICE_RELATIVE_EXPIRY, 4),
    ] {
        let encoding = |source| InvoiceError::Encoding { field: Some(field), source };
        refused(&[(field, &[0, 1])], encoding(WireError::IntegerNotMinimal));
        let long = vec![1; maximum + 1];
        let too_long = WireError::IntegerTooLong { maximum, actual: maximum + 1 };
        refused(&[(field, &long)], encoding(too_long));
        accepted(&[(field, &[1])]);
        accepted(&[(field, &[1; 4])]);
    }
}

#[test]
fn unknown_types() {
    for tlv_type in [24, 78, 178, 238, 1_000_000_000, 1_999_999_998, 3_000_000_166, 3_999_999_998] {
        let field = Field::from_type(tlv_type);
        refused(&[(field, b"")], InvoiceError::UnknownEven { field });
        // It's OK to be odd.
        let odd = Field::from_type(tlv_type + 1);
        assert_eq!(accepted(&[(odd, b"value")]).value(odd), Some(&b"value"[..]));
    }
    for tlv_type in [0, 80, 89, 91, 93, 159, 1_001, 999_999_999, 2_000_000_001, 4_000_000_001] {
        let field = Field::from_type(tlv_type);
        refused(&[(field, b"")], InvoiceError::Unexpected { field });
    }
    refused(
        &[(Field::INVOICE_PAYMENT_HASH, &[7; 32])],
        InvoiceError::Unexpected { field: Field::INVOICE_PAYMENT_HASH },
    );
    refused(
        &[(Field::INVOICE_AMOUNT, &[7])],
        InvoiceError::Unexpected { field: Field::INVOICE_AMOUNT },
    );
}

/// The root leaves signature elements out, so a second one would be unsigned data that a vault could add.
#[test]
fn nothing_unsigned_can_be_added() {
    for tlv_type in [241, 501, 999, 242] {
        let field = Field::from_type(tlv_type);
        let bytes = written(&with(&[(field, b"from the vault")]));
        let with_original_signature = StaticInvoice::from_bytes(&bytes);
        assert_eq!(with_original_signature, Err(InvoiceError::Unexpected { field }));
    }
}

#[test]
fn text_is_utf8() {
    for field in [Field::OFFER_CURRENCY, Field::OFFER_DESCRIPTION, Field::OFFER_ISSUER] {
        refused(&[(field, &[b'U', 0xff, b'D'])], InvoiceError::NotUtf8 { field });
        refused(&[(field, &[b'U', 0xe2, 0x82])], InvoiceError::NotUtf8 { field });
    }
    let invoice = accepted(&[(Field::OFFER_DESCRIPTION, "кава".as_bytes())]);
    assert_eq!(invoice.offer_description(), Some("кава"));
}

#[test]
fn one_lock() {
    let points = Field::PAYMENT_POINTS;
    let hash = Field::PAYMENT_HASH;
    refused(&[(hash, &[7; 32])], InvoiceError::Conflict { field: hash, other: points });
    let mut hash_only = without(points);
    hash_only.insert(hash.tlv_type(), vec![7; 32]);
    let invoice = signed(hash_only.clone()).unwrap();
    assert_eq!(invoice.lock(), Some(&PaymentLock::Hash(PaymentHash([7; 32]))));
    assert_eq!(invoice.payment_point(), None);
    hash_only.insert(hash.tlv_type(), vec![7; 31]);
    let error = InvoiceError::Length { field: hash, expected: 32, actual: 31 };
    assert_eq!(signed(hash_only), Err(error));
}

#[test]
fn lists_of_points() {
    for field in [Field::PAYMENT_POINTS, Field::INTERIM_ROUTE] {
        for actual in [0, 1, 32, 34, 65, 67] {
            let error = InvoiceError::ListLength { field, item: 33, actual };
            refused(&[(field, &vec![2; actual])], error);
        }
        let mut two = [point(1).to_bytes(), point(1).to_bytes()].concat();
        accepted(&[(field, &two)]);
        two[33] = 4;
        let source = CurveError::PointPrefix { prefix: 4 };
        refused(&[(field, &two)], InvoiceError::Point { field, index: 1, source });
        two[33] = 2;
        two[34..].fill(0);
        let source = CurveError::NotOnCurve;
        refused(&[(field, &two)], InvoiceError::Point { field, index: 1, source });
    }
    // The coefficients of a k-time polynomial are no points to pay under.
    let points = [point(1), point(5)];
    let two = [points[0].to_bytes(), points[1].to_bytes()].concat();
    let invoice = accepted(&[(Field::PAYMENT_POINTS, &two)]);
    assert_eq!(invoice.payment_point(), None);
    let Some(PaymentLock::Points(read)) = invoice.lock() else { panic!("points") };
    assert_eq!((read.as_slice(), read.k()), (&points[..], 1));
    assert_eq!(PaymentPoints::new(vec![]), None);
}

/// The largest k is read, and one point more refused before any of them is: these are none.
#[test]
fn k_has_a_bound() {
    let field = Field::PAYMENT_POINTS;
    let (longest, maximum) = (point(5).to_bytes().repeat(1_025), 1_025);
    let invoice = accepted(&[(field, &longest)]);
    let Some(PaymentLock::Points(points)) = invoice.lock() else { panic!("points") };
    assert_eq!((points.k(), PaymentPoints::MAX_K), (1_024, 1_024));
    for actual in [1_026, 20_000] {
        let error = InvoiceError::TooManyPoints { field, actual, maximum };
        refused(&[(field, &vec![4; 33 * actual])], error);
    }
    let error = signed(with(&[(field, &vec![4; 660_000])])).unwrap_err();
    assert_eq!(error.to_string(), "payment_points: 20000 points, at most 1025 are read");
    assert!(PaymentPoints::new(vec![point(5); 1_025]).is_some());
    assert_eq!(PaymentPoints::new(vec![point(5); 1_026]), None);
}

#[test]
fn amounts() {
    let field = Field::OFFER_AMOUNT;
    for amount in [0, MAX_MONEY_MSAT + 1, u64::MAX] {
        refused(&[(field, &tu64(amount))], InvoiceError::AmountOutOfRange { field, amount });
    }
    let most = accepted(&[(field, &tu64(MAX_MONEY_MSAT))]);
    assert_eq!(most.amount(), Some(&Amount::Millisatoshi(MAX_MONEY_MSAT)));

    let currency = Field::OFFER_CURRENCY;
    let in_cents = accepted(&[(currency, b"EUR"), (field, &tu64(u64::MAX))]);
    let expected = Amount::Currency { code: "EUR".into(), minor_units: u64::MAX };
    assert_eq!(in_cents.amount(), Some(&expected));
    for code in [&b"eur"[..], b"EU", b"EURO", b"E1R", b"", "€".as_bytes()] {
        refused(&[(currency, code)], InvoiceError::Currency { field: currency });
    }
    let error = InvoiceError::AmountOutOfRange { field, amount: 0 };
    refused(&[(currency, b"EUR"), (field, &[])], error);
    let mut no_amount = without(field);
    assert_eq!(signed(no_amount.clone()).unwrap().amount(), None);
    no_amount.insert(currency.tlv_type(), b"EUR".to_vec());
    assert_eq!(signed(no_amount), Err(InvoiceError::Missing { field }));
}

#[test]
fn features() {
    for (field, bits) in
        [(Field::OFFER_FEATURES, &[0, 6, 16, 40][..]), (Field::INVOICE_FEATURES, &[0, 14, 18, 40])]
    {
        for bit in bits.iter().copied() {
            let mut bytes = [0; 6];
            bytes[5 - bit / 8] = 1 << (bit % 8);
            refused(&[(field, &bytes)], InvoiceError::UnknownFeature { field, bit });
            bytes[5 - bit / 8] <<= 1;
            accepted(&[(field, &bytes)]);
        }
    }
    // Several parts required, and allowed.
    accepted(&[(Field::INVOICE_FEATURES, &[0b11, 0, 0])]);
}
