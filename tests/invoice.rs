//! Static invoices from the outside: what a receiver makes, what a vault could do to it, what a payer
//! accepts.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::BTreeMap;

use pointlock::curve::{CurveError, Keypair, Point, SecretScalar};
use pointlock::invoice::{
    Amount, BlindedPayInfo, ChainHash, FallbackAddress, Field, FieldValue, InvoiceError,
    OfferBuilder, PaymentLock, PaymentPath, PaymentPoints, StaticInvoice, StaticInvoiceBuilder,
    TextKind, merkle, text,
};
use pointlock::lock::PaymentHash;
use pointlock::wire::{
    BlindedHop, BlindedPath, ChannelEnd, Features, IntroductionNode, PathPart, TlvStream,
    TlvWriter, WireError, tu64,
};
use proptest::prelude::*;

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

/// A path over two hops, from this node on.
fn path(byte: u8) -> BlindedPath {
    let hop = |byte, length| BlindedHop {
        blinded_node_id: point(byte),
        encrypted_recipient_data: vec![byte; length],
    };
    BlindedPath::from_parts(point(byte), point(byte + 1), vec![hop(byte, 9), hop(byte + 2, 50)])
        .unwrap()
}

fn by_channel(byte: u8) -> BlindedPath<IntroductionNode> {
    let node = IntroductionNode::Channel { short_channel_id: 42, end: ChannelEnd::NodeId2 };
    BlindedPath::from_parts(node, point(byte), path(byte).hops().to_vec()).unwrap()
}

fn pay_info(features: &[u16]) -> BlindedPayInfo {
    BlindedPayInfo {
        fee_base_msat: 1_000,
        fee_proportional_millionths: 50,
        cltv_expiry_delta: 144,
        htlc_minimum_msat: 1,
        htlc_maximum_msat: 1_000_000_000,
        features: Features::of(features),
    }
}

/// With all four fields that lead to the receiver, and no interim route.
fn blinded(lock: impl Into<PaymentLock>) -> StaticInvoiceBuilder {
    StaticInvoiceBuilder::new(lock, CREATED_AT)
        .offer_paths(&[path(10)])
        .paths(&[
            PaymentPath::new(path(20), pay_info(&[])),
            PaymentPath::new(by_channel(24), pay_info(&[9])),
        ])
        .message_paths(&[path(30).into(), by_channel(34)])
}

fn fields_of(invoice: &StaticInvoice) -> Fields {
    let stream = TlvStream::parse(invoice.as_bytes()).unwrap();
    stream.records().iter().map(|record| (record.tlv_type(), record.value().to_vec())).collect()
}

const BLINDED: [Field; 4] = [
    Field::OFFER_PATHS,
    Field::INVOICE_PATHS,
    Field::INVOICE_BLINDEDPAY,
    Field::INVOICE_MESSAGE_PATHS,
];

/// Blinded paths come with all that belongs to them; then there needs to be no interim route.
#[test]
fn blinded_paths_are_complete() {
    let invoice = blinded(point(1)).sign(&receiver(), &[0; 32]).unwrap();
    assert_eq!(invoice.interim_route(), []);
    assert_eq!(invoice.offer().paths(), [path(10).into()]);
    assert_eq!(invoice.message_paths(), [path(30).into(), by_channel(34)]);
    let [first, second] = invoice.paths() else { panic!("two paths") };
    assert_eq!((&first.path, &first.pay_info), (&path(20).into(), &pay_info(&[])));
    assert_eq!((&second.path, &second.pay_info), (&by_channel(24), &pay_info(&[9])));
    assert!(first.is_usable() && second.is_usable());

    let complete = fields_of(&invoice);
    for field in BLINDED {
        let mut missing = complete.clone();
        missing.remove(&field.tlv_type());
        assert_eq!(signed(missing).err(), Some(InvoiceError::Missing { field }));
        let mut empty = complete.clone();
        empty.insert(field.tlv_type(), vec![]);
        assert_eq!(signed(empty).err(), Some(InvoiceError::Empty { field }));
    }
    // Both routes may be there; and an offer may have paths to ask for invoices on.
    let mut both = complete;
    both.insert(Field::INTERIM_ROUTE.tlv_type(), point(3).to_bytes().to_vec());
    assert_eq!(signed(both).unwrap().interim_route(), [point(3)]);
    let mut paths = Vec::new();
    by_channel(10).write(&mut paths);
    let offer = accepted(&[(Field::OFFER_PATHS, &paths)]).offer().clone();
    assert_eq!(offer.paths(), [by_channel(10)]);
}

#[test]
fn blinded_paths_are_well_formed() {
    let complete = fields_of(&blinded(point(1)).sign(&receiver(), &[0; 32]).unwrap());
    for field in [Field::OFFER_PATHS, Field::INVOICE_PATHS, Field::INVOICE_MESSAGE_PATHS] {
        let mut two = Vec::new();
        BlindedPath::<IntroductionNode>::from(path(10)).write(&mut two);
        let first = two.len();
        by_channel(20).write(&mut two);
        let with = |value: &[u8]| {
            let mut fields = complete.clone();
            fields.insert(field.tlv_type(), value.to_vec());
            signed(fields)
        };
        let error = |index, source| Err(InvoiceError::Path { field, index, source });
        with(&two).unwrap();
        let mut changed = two.clone();
        changed[0] = 4;
        let source = WireError::PathPoint {
            part: PathPart::FirstNodeId,
            source: CurveError::PointPrefix { prefix: 4 },
        };
        assert_eq!(with(&changed), error(0, source));
        let mut changed = two.clone();
        changed[first + 9 + 33] = 0;
        assert_eq!(with(&changed), error(1, WireError::PathHops { hops: 0 }));
        let part = PathPart::EncryptedRecipientData { hop: 1 };
        assert_eq!(with(&two[..two.len() - 1]), error(1, WireError::PathTruncated { part }));
        let part = PathPart::FirstPathKey;
        assert_eq!(
            with(&[&two[..], &[0; 9]].concat()),
            error(2, WireError::PathTruncated { part })
        );
    }
}

#[test]
fn each_payment_path_has_its_terms() {
    let field = Field::INVOICE_BLINDEDPAY;
    let sign = |builder: StaticInvoiceBuilder| builder.sign(&receiver(), &[0; 32]);
    let complete = fields_of(&sign(blinded(point(1))).unwrap());
    let with = |value: &[u8]| {
        let mut fields = complete.clone();
        fields.insert(field.tlv_type(), value.to_vec());
        signed(fields).err()
    };
    let two = &complete[&field.tlv_type()];
    assert_eq!(two.len(), 28 + 28 + 2);
    let other = Field::INVOICE_PATHS;
    let count = |actual| Some(InvoiceError::Count { field, other, expected: 2, actual });
    assert_eq!(with(&two[..28]), count(1));
    assert_eq!(with(&[two, &two[..28]].concat()), count(3));
    assert_eq!(with(&two[..57]), Some(InvoiceError::Item { field, index: 1 }));
    assert_eq!(with(&two[..27]), Some(InvoiceError::Item { field, index: 0 }));

    // A path with unknown even bits may not be used; one that may be has to be left.
    let with_features = |one: &[u16], other: &[u16]| {
        sign(blinded(point(1)).paths(&[
            PaymentPath::new(path(20), pay_info(one)),
            PaymentPath::new(path(20), pay_info(other)),
        ]))
    };
    let invoice = with_features(&[8], &[7]).unwrap();
    assert!(!invoice.paths()[0].is_usable() && invoice.paths()[1].is_usable());
    let refused = InvoiceError::UnknownFeature { field, bit: 2 };
    assert_eq!(with_features(&[8], &[2, 4]), Err(refused));
    // What has no encoding is not signed.
    let long = BlindedPayInfo { features: Features::from_bytes(&[0; 65_536]), ..pay_info(&[]) };
    let builder = blinded(point(1)).paths(&[PaymentPath::new(path(20), long)]);
    assert_eq!(sign(builder), Err(InvoiceError::ItemTooLong { field, index: 0 }));
}

#[test]
fn fallback_addresses() {
    let field = Field::INVOICE_FALLBACKS;
    let addresses = [
        FallbackAddress { version: 1, address: vec![7; 32] },
        // Unknown to the chain: to be ignored, and no reason to refuse the invoice.
        FallbackAddress { version: 200, address: vec![] },
    ];
    let builder = blinded(point(1)).features(&Features::of(&[17]));
    let invoice = builder.clone().fallbacks(&addresses).sign(&receiver(), &[0; 32]).unwrap();
    assert_eq!(invoice.invoice_fallbacks(), addresses);
    assert_eq!(invoice.invoice_features(), &Features::of(&[17]));
    let bytes = invoice.value(field).unwrap();
    assert_eq!(bytes.len(), 35 + 3);
    refused(&[(field, &bytes[..37])], InvoiceError::Item { field, index: 1 });
    refused(&[(field, &bytes[..34])], InvoiceError::Item { field, index: 0 });
    refused(&[(field, &[])], InvoiceError::Empty { field });
    let long = [FallbackAddress { version: 1, address: vec![7; 65_536] }];
    let error = InvoiceError::ItemTooLong { field, index: 0 };
    assert_eq!(builder.fallbacks(&long).sign(&receiver(), &[0; 32]), Err(error));
}

/// What BOLT 12 knows alone: the sender draws the preimage.
#[test]
fn a_plain_static_invoice_has_no_lock() {
    let mut plain = fields_of(&blinded(point(1)).sign(&receiver(), &[0; 32]).unwrap());
    let field = Field::PAYMENT_POINTS;
    plain.remove(&field.tlv_type()).unwrap();
    let invoice = signed(plain.clone()).unwrap();
    assert_eq!((invoice.lock(), invoice.payment_point()), (None, None));
    assert_eq!(invoice.require_lock(), Err(InvoiceError::Missing { field }));
    // It can't do without its paths: an interim route is for invoices with a lock.
    for field in BLINDED {
        plain.remove(&field.tlv_type());
    }
    plain.insert(Field::INTERIM_ROUTE.tlv_type(), point(3).to_bytes().to_vec());
    assert_eq!(signed(plain), Err(InvoiceError::Missing { field }));
}

/// The paths of the offer end at the vault, and so would the key that signs.
#[test]
fn the_end_of_an_offer_path_is_no_issuer() {
    let offer = OfferBuilder::new().paths(&[path(10)]).build().unwrap();
    assert_eq!(offer.issuer_id(), None);
    let mut fields = fields_of(&blinded(point(1)).sign(&receiver(), &[0; 32]).unwrap());
    fields.remove(&Field::OFFER_ISSUER_ID.tlv_type()).unwrap();
    let end = *path(10).last_blinded_node_id();
    fields.insert(Field::INVOICE_NODE_ID.tlv_type(), end.to_bytes().to_vec());
    let field = Field::OFFER_ISSUER_ID;
    assert_eq!(signed(fields), Err(InvoiceError::Missing { field }));
    let builder = StaticInvoiceBuilder::for_offer(&offer, point(1), CREATED_AT);
    let builder = builder.interim_route(&[point(3)]);
    assert_eq!(builder.sign(&receiver(), &[0; 32]), Err(InvoiceError::Missing { field }));
}

#[test]
fn signed_by_the_issuer() {
    let signature = Field::SIGNATURE;
    let wrong = InvoiceError::Signature { field: signature };
    // Another message's name, another key, and the right one.
    assert_eq!(signed_as("invoice", fields()), Err(wrong.clone()));
    let vault = point(6).to_bytes();
    let by_another = with(&[(Field::OFFER_ISSUER_ID, &vault), (Field::INVOICE_NODE_ID, &vault)]);
    assert_eq!(signed(by_another), Err(wrong));
    signed(fields()).unwrap();

    let bytes = written(&with(&[(signature, &[0; 63])]));
    let error = InvoiceError::Length { field: signature, expected: 64, actual: 63 };
    assert_eq!(StaticInvoice::from_bytes(&bytes), Err(error));

    let field = Field::INVOICE_NODE_ID;
    refused(&[(Field::OFFER_ISSUER_ID, &vault)], InvoiceError::NodeId { field });
    let error = InvoiceError::Length { field, expected: 33, actual: 32 };
    refused(&[(field, &[2; 32])], error);
}

#[test]
fn the_payer_compares_the_issuer() {
    let invoice = invoice();
    let receiver = receiver().public_key();
    assert!(invoice.signed_by(&receiver));
    assert_eq!(invoice.verify_issuer(&receiver), Ok(()));
    // BIP-340 does not tell a key from its negation; a node id does.
    for other in [receiver.negate(), point(6)] {
        assert!(!invoice.signed_by(&other));
        let field = Field::OFFER_ISSUER_ID;
        let error = InvoiceError::Issuer { field, actual: receiver };
        assert_eq!(invoice.verify_issuer(&other), Err(error));
    }
    let negated = receiver.negate().to_bytes();
    let turned =
        accepted(&[(Field::OFFER_ISSUER_ID, &negated), (Field::INVOICE_NODE_ID, &negated)]);
    assert!(turned.verify_issuer(&receiver).is_err());
}

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
