//! Offers from the outside: what an issuer makes, what a payer refuses, and the invoices that belong to one.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::BTreeMap;

use pointlock::curve::{CurveError, Keypair, Point, SecretScalar};
use pointlock::invoice::{
    Amount, ChainHash, Field, FieldValue, InvoiceError, Offer, OfferBuilder, PaymentLock,
    StaticInvoice, StaticInvoiceBuilder, TextKind, text,
};
use pointlock::wire::{
    BlindedHop, BlindedPath, ChannelEnd, Features, IntroductionNode, PathPart, TlvStream,
    TlvWriter, WireError, tu64,
};
use proptest::prelude::*;

const NOW: u64 = 1_750_000_000;
const MAX_MONEY_MSAT: u64 = 2_100_000_000_000_000_000;

fn receiver() -> Keypair {
    Keypair::from_secret_bytes(&[2; 32]).unwrap()
}

fn point(byte: u8) -> Point {
    SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point()
}

fn paths() -> [BlindedPath<IntroductionNode>; 2] {
    let hop = |byte, length| BlindedHop {
        blinded_node_id: point(byte),
        encrypted_recipient_data: vec![byte; length],
    };
    let hops = vec![hop(11, 7), hop(12, 60)];
    let channel = IntroductionNode::Channel { short_channel_id: 7, end: ChannelEnd::NodeId1 };
    [
        BlindedPath::from_parts(point(10), point(9), hops.clone()).unwrap().into(),
        BlindedPath::from_parts(channel, point(8), hops).unwrap(),
    ]
}

/// Every field that there is.
fn full() -> Offer {
    OfferBuilder::new()
        .chains(&[ChainHash::BITCOIN, ChainHash::REGTEST])
        .metadata(&[0, 1, 2])
        .amount_in_currency("EUR", 350)
        .description("кава")
        .features(&Features::of(&[1, 99]))
        .absolute_expiry(NOW)
        .paths(&paths())
        .issuer("receiver@example.com")
        .quantity_max(12)
        .issuer_id(&receiver().public_key())
        .build()
        .unwrap()
}

fn small() -> OfferBuilder {
    OfferBuilder::new().issuer_id(&receiver().public_key())
}

type Fields = BTreeMap<u64, Vec<u8>>;

fn fields(offer: &Offer) -> Fields {
    let stream = TlvStream::parse(offer.as_bytes()).unwrap();
    stream.records().iter().map(|record| (record.tlv_type(), record.value().to_vec())).collect()
}

fn read(fields: &Fields) -> Result<Offer, InvoiceError> {
    let mut writer = TlvWriter::new();
    for (tlv_type, value) in fields {
        writer.set(*tlv_type, value.as_slice());
    }
    Offer::from_bytes(&writer.to_bytes())
}

fn with(changes: &[(Field, &[u8])]) -> Result<Offer, InvoiceError> {
    let mut fields = fields(&full());
    for (field, value) in changes {
        fields.insert(field.tlv_type(), value.to_vec());
    }
    read(&fields)
}

fn without(removed: &[Field]) -> Result<Offer, InvoiceError> {
    let mut fields = fields(&full());
    for field in removed {
        fields.remove(&field.tlv_type()).unwrap();
    }
    read(&fields)
}

#[test]
fn round_trip() {
    let offer = full();
    let text = offer.to_string();
    assert!(text.starts_with("lno1"));
    assert_eq!(text.parse(), Ok(offer.clone()));
    assert_eq!(text.to_uppercase().parse(), Ok(offer.clone()));
    assert_eq!(Offer::from_bytes(offer.as_bytes()), Ok(offer.clone()));

    assert_eq!(offer.chains(), [ChainHash::BITCOIN, ChainHash::REGTEST]);
    assert_eq!(offer.metadata(), Some(&[0, 1, 2][..]));
    let amount = Amount::Currency { code: "EUR".into(), minor_units: 350 };
    assert_eq!(offer.amount(), Some(&amount));
    assert_eq!(offer.description(), Some("кава"));
    assert_eq!(offer.features().bits().collect::<Vec<_>>(), [1, 99]);
    assert_eq!(offer.absolute_expiry(), Some(NOW));
    assert_eq!(offer.paths(), paths());
    assert_eq!(offer.issuer(), Some("receiver@example.com"));
    assert_eq!(offer.quantity_max(), Some(12));
    assert_eq!(offer.issuer_id(), Some(receiver().public_key()));
}

#[test]
fn what_is_left_out_is_taken_for_granted() {
    let offer = small().build().unwrap();
    assert_eq!(offer.as_bytes().len(), 2 + 33);
    assert_eq!(offer.chains(), [ChainHash::BITCOIN]);
    assert_eq!((offer.metadata(), offer.amount(), offer.description()), (None, None, None));
    assert_eq!((offer.issuer(), offer.absolute_expiry(), offer.quantity_max()), (None, None, None));
    assert_eq!((offer.features(), offer.paths()), (&Features::NONE, &[][..]));
    assert_eq!(offer.check_not_expired(u64::MAX), Ok(()));
    let by_path = OfferBuilder::new().paths(&paths()).build().unwrap();
    assert_eq!(by_path.issuer_id(), None);
}

#[test]
fn fields_by_name() {
    let mut fields = fields(&full());
    fields.insert(33, b"odd".to_vec());
    fields.insert(1_000_000_161, point(1).to_bytes().to_vec());
    let offer = read(&fields).unwrap();
    let raw = |field| FieldValue::Bytes(offer.value(field).unwrap().to_vec());
    let expected = [
        ("offer_chains", raw(Field::OFFER_CHAINS)),
        ("offer_metadata", FieldValue::Bytes(vec![0, 1, 2])),
        ("offer_currency", FieldValue::Text("EUR".into())),
        ("offer_amount", FieldValue::Integer(350)),
        ("offer_description", FieldValue::Text("кава".into())),
        ("offer_features", raw(Field::OFFER_FEATURES)),
        ("offer_absolute_expiry", FieldValue::Integer(NOW)),
        ("offer_paths", raw(Field::OFFER_PATHS)),
        ("offer_issuer", FieldValue::Text("receiver@example.com".into())),
        ("offer_quantity_max", FieldValue::Integer(12)),
        ("offer_issuer_id", FieldValue::Bytes(receiver().public_key().to_bytes().to_vec())),
        ("tlv_33", FieldValue::Bytes(b"odd".to_vec())),
        // Nothing of ours has a place in an offer.
        ("tlv_1000000161", FieldValue::Bytes(point(1).to_bytes().to_vec())),
    ];
    let shown: Vec<_> =
        offer.fields().into_iter().map(|(field, value)| (field.to_string(), value)).collect();
    assert_eq!(shown, expected.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn every_field_that_another_one_needs() {
    let missing = |field| Err(InvoiceError::Missing { field });
    let description = Field::OFFER_DESCRIPTION;
    assert_eq!(without(&[description]), missing(description));
    assert_eq!(without(&[Field::OFFER_AMOUNT]), missing(Field::OFFER_AMOUNT));
    let issuer = Field::OFFER_ISSUER_ID;
    assert_eq!(without(&[issuer, Field::OFFER_PATHS]), missing(issuer));
    assert_eq!(Offer::from_bytes(&[]), missing(issuer));
    for one_or_more in [
        &[Field::OFFER_ISSUER_ID][..],
        &[Field::OFFER_PATHS],
        &[Field::OFFER_CURRENCY],
        &[Field::OFFER_CURRENCY, Field::OFFER_AMOUNT],
        &[Field::OFFER_CURRENCY, Field::OFFER_AMOUNT, Field::OFFER_DESCRIPTION],
        &[Field::OFFER_CHAINS],
        &[Field::OFFER_METADATA],
        &[Field::OFFER_FEATURES],
        &[Field::OFFER_ABSOLUTE_EXPIRY],
        &[Field::OFFER_ISSUER],
        &[Field::OFFER_QUANTITY_MAX],
    ] {
        without(one_or_more).unwrap_or_else(|error| panic!("{one_or_more:?}: {error}"));
    }
}

#[test]
fn every_value_has_its_form() {
    for (field, maximum) in [
        (Field::OFFER_AMOUNT, 8),
        (Field::OFFER_ABSOLUTE_EXPIRY, 8),
        (Field::OFFER_QUANTITY_MAX, 8),
    ] {
        let encoding = |source| Err(InvoiceError::Encoding { field: Some(field), source });
        assert_eq!(with(&[(field, &[0, 1])]), encoding(WireError::IntegerNotMinimal));
        let too_long = WireError::IntegerTooLong { maximum, actual: maximum + 1 };
        assert_eq!(with(&[(field, &[1; 9])]), encoding(too_long));
        with(&[(field, &[1; 8])]).unwrap();
    }
    for field in [Field::OFFER_CURRENCY, Field::OFFER_DESCRIPTION, Field::OFFER_ISSUER] {
        let error = InvoiceError::NotUtf8 { field };
        assert_eq!(with(&[(field, &[b'U', 0xff, b'D'])]), Err(error));
    }
    for code in [&b"eur"[..], b"EU", b"EURO", b"E1R", b"", "€".as_bytes()] {
        let error = InvoiceError::Currency { field: Field::OFFER_CURRENCY };
        assert_eq!(with(&[(Field::OFFER_CURRENCY, code)]), Err(error));
    }
    let field = Field::OFFER_ISSUER_ID;
    let error = InvoiceError::Length { field, expected: 33, actual: 32 };
    assert_eq!(with(&[(field, &[2; 32])]), Err(error));
    let source = CurveError::PointPrefix { prefix: 4 };
    assert_eq!(with(&[(field, &[4; 33])]), Err(InvoiceError::Point { field, index: 0, source }));
    let field = Field::OFFER_CHAINS;
    for actual in [0, 31, 33, 63] {
        let error = InvoiceError::ListLength { field, item: 32, actual };
        assert_eq!(with(&[(field, &vec![7; actual])]), Err(error));
    }
    let field = Field::OFFER_FEATURES;
    let error = InvoiceError::UnknownFeature { field, bit: 8 };
    assert_eq!(with(&[(field, &[1, 0])]), Err(error));
    with(&[(field, &[2, 0])]).unwrap();
    let field = Field::OFFER_PATHS;
    assert_eq!(with(&[(field, &[])]), Err(InvoiceError::Empty { field }));
    let part = PathPart::FirstNodeId;
    let source = WireError::PathTruncated { part };
    assert_eq!(with(&[(field, &[0; 8])]), Err(InvoiceError::Path { field, index: 0, source }));
}

#[test]
fn amounts() {
    let field = Field::OFFER_AMOUNT;
    let offer = |amount| small().description("tea").amount_msat(amount).build();
    for amount in [0, MAX_MONEY_MSAT + 1, u64::MAX] {
        assert_eq!(offer(amount), Err(InvoiceError::AmountOutOfRange { field, amount }));
    }
    for amount in [1, MAX_MONEY_MSAT] {
        assert_eq!(offer(amount).unwrap().amount(), Some(&Amount::Millisatoshi(amount)));
    }
    let error = InvoiceError::AmountOutOfRange { field, amount: 0 };
    assert_eq!(with(&[(field, &[])]), Err(error));
    with(&[(field, &tu64(u64::MAX))]).unwrap();
}

#[test]
fn types_out_of_place() {
    for tlv_type in [24, 78, 1_000_000_000, 1_999_999_998] {
        let field = Field::from_type(tlv_type);
        assert_eq!(with(&[(field, b"")]), Err(InvoiceError::UnknownEven { field }));
        // It's OK to be odd.
        let odd = Field::from_type(tlv_type + 1);
        assert_eq!(with(&[(odd, b"value")]).unwrap().value(odd), Some(&b"value"[..]));
    }
    for field in [
        Field::from_type(0),
        Field::from_type(80),
        Field::from_type(81),
        Field::INVOICE_CREATED_AT,
        Field::SIGNATURE,
        Field::from_type(999_999_999),
        Field::from_type(2_000_000_001),
        Field::PAYMENT_POINTS,
        Field::PAYMENT_HASH,
        Field::INTERIM_ROUTE,
    ] {
        assert_eq!(with(&[(field, b"")]), Err(InvoiceError::Unexpected { field }));
    }
}

/// Each record doubled, and swapped with the next one.
#[test]
fn every_record_has_one_place() {
    let offer = full();
    let stream = TlvStream::parse(offer.as_bytes()).unwrap();
    let records: Vec<&[u8]> = stream.records().iter().map(|record| record.bytes()).collect();
    for (index, record) in stream.records().iter().enumerate() {
        let field = Field::from_type(record.tlv_type());
        let fault = |records: &[&[u8]]| Offer::from_bytes(&records.concat()).unwrap_err();
        let mut doubled = records.clone();
        doubled.insert(index, records[index]);
        let error = fault(&doubled);
        assert_eq!(error.field(), Some(field));
        assert!(error.to_string().contains("duplicate"), "{error}");
        if index + 1 < records.len() {
            let mut swapped = records.clone();
            swapped.swap(index, index + 1);
            let error = fault(&swapped);
            assert_eq!(error.field(), Some(field));
            assert!(error.to_string().contains("out of order"), "{error}");
        }
    }
}

#[test]
fn decoding_in_order_to_ask() {
    let text = full().to_string();
    for chain in [ChainHash::BITCOIN, ChainHash::REGTEST] {
        assert_eq!(Offer::decode_at(&text, chain, NOW), Ok(full()));
        let (field, expires_at, now) = (Field::OFFER_ABSOLUTE_EXPIRY, NOW, NOW + 1);
        let error = InvoiceError::Expired { field, expires_at, now };
        assert_eq!(Offer::decode_at(&text, chain, now), Err(error));
    }
    let (field, expected) = (Field::OFFER_CHAINS, ChainHash::SIGNET);
    let error = InvoiceError::Chain { field, expected, actual: ChainHash::BITCOIN };
    assert_eq!(Offer::decode_at(&text, expected, NOW), Err(error));
    let as_invoice = text::encode("lni", full().as_bytes()).unwrap();
    let (found, wanted) = (TextKind::Invoice, &[TextKind::Offer]);
    let error = InvoiceError::OtherText { found, wanted };
    assert_eq!(as_invoice.parse::<Offer>(), Err(error));
}

fn invoice_for(offer: &Offer) -> StaticInvoiceBuilder {
    StaticInvoiceBuilder::for_offer(offer, point(1), NOW).interim_route(&[point(3)])
}

/// With one chain, and a field that is not known here.
fn for_static_invoices() -> Offer {
    let mut fields = fields(&full());
    fields.insert(2, ChainHash::REGTEST.to_bytes().to_vec());
    fields.insert(1_000_000_001, b"from elsewhere".to_vec());
    read(&fields).unwrap()
}

#[test]
fn an_invoice_repeats_its_offer() {
    let offer = for_static_invoices();
    let invoice = invoice_for(&offer).sign(&receiver(), &[0; 32]).unwrap();
    assert_eq!(invoice.offer(), &offer);
    assert_eq!(invoice.verify_offer(&offer), Ok(()));
    assert_eq!(invoice.lock(), Some(&PaymentLock::from(point(1))));
    let again: StaticInvoice = invoice.to_string().parse().unwrap();
    assert_eq!(again.offer(), &offer);

    // Each field changed, left out or added makes it another offer.
    for (tlv_type, value) in fields(&offer) {
        let field = Field::from_type(tlv_type);
        let mut other = fields(&offer);
        other.remove(&tlv_type);
        if let Ok(other) = read(&other) {
            let error = Err(InvoiceError::OtherOffer { field });
            assert_eq!(invoice.verify_offer(&other), error);
            if let Ok(of_other) = invoice_for(&other).sign(&receiver(), &[0; 32]) {
                assert_eq!(of_other.verify_offer(&offer), error);
            }
        }
        let mut other = fields(&offer);
        let mut longer = value.clone();
        match field {
            Field::OFFER_CHAINS => longer[0] ^= 1,
            Field::OFFER_CURRENCY => longer = b"USD".to_vec(),
            Field::OFFER_FEATURES => longer[0] ^= 2,
            Field::OFFER_ISSUER_ID => longer = point(6).to_bytes().to_vec(),
            Field::OFFER_PATHS => longer.extend(value),
            _ => longer.push(b'x'),
        }
        other.insert(tlv_type, longer);
        let other = read(&other).unwrap();
        assert_eq!(invoice.verify_offer(&other), Err(InvoiceError::OtherOffer { field }));
    }
    // The first one that differs.
    let other = without(&[Field::OFFER_ISSUER, Field::OFFER_METADATA]).unwrap();
    let error = InvoiceError::OtherOffer { field: Field::OFFER_CHAINS };
    assert_eq!(invoice.verify_offer(&other), Err(error));
}

#[test]
fn a_builder_keeps_to_its_offer() {
    let offer = for_static_invoices();
    let sign = |builder: StaticInvoiceBuilder| builder.sign(&receiver(), &[0; 32]).err();
    let field = Field::OFFER_DESCRIPTION;
    let changed = invoice_for(&offer).description("something else");
    assert_eq!(sign(changed), Some(InvoiceError::OtherOffer { field }));
    assert_eq!(sign(invoice_for(&offer).description("кава")), None);
    // Another key is not the issuer's.
    let vault = Keypair::from_secret_bytes(&[5; 32]).unwrap();
    let field = Field::INVOICE_NODE_ID;
    let error = InvoiceError::NodeId { field };
    assert_eq!(invoice_for(&offer).sign(&vault, &[0; 32]), Err(error));
    // Two chains: which one an invoice is for, nobody could tell.
    let field = Field::OFFER_CHAINS;
    let error = InvoiceError::Length { field, expected: 32, actual: 64 };
    assert_eq!(sign(invoice_for(&full())), Some(error));
}

/// Nothing is signed, so a changed bit may make another offer; it never makes one that is not written back.
#[test]
fn every_flip_and_every_prefix_survives() {
    let offer = full();
    let bytes = offer.as_bytes();
    let check = |bytes: &[u8]| {
        if let Ok(offer) = Offer::from_bytes(bytes) {
            assert_eq!(offer.as_bytes(), bytes);
            assert_eq!(offer.to_string().parse(), Ok(offer.clone()));
            assert!(!offer.chains().is_empty());
            assert!(offer.issuer_id().is_some() || !offer.paths().is_empty());
        }
    };
    for index in 0..bytes.len() {
        check(&bytes[..index]);
        for bit in 0..8 {
            let mut flipped = bytes.to_vec();
            flipped[index] ^= 1 << bit;
            assert_ne!(Offer::from_bytes(&flipped), Ok(offer.clone()));
            check(&flipped);
        }
    }
}

proptest! {
    #[test]
    fn any_fields(changes in prop::collection::btree_map(
        prop_oneof![0u64..30, 70u64..85, any::<u64>(), 999_999_990u64..1_000_000_010],
        prop::collection::vec(any::<u8>(), 0..70),
        0..4,
    )) {
        let mut fields = fields(&full());
        fields.extend(changes);
        if let Ok(offer) = read(&fields) {
            prop_assert_eq!(offer.to_string().parse(), Ok(offer.clone()));
            prop_assert_eq!(offer.fields().len(), fields.len());
            prop_assert!(fields.keys().all(|it| (1..80).contains(it) || (1_000_000_000..2_000_000_000).contains(it)));
        }
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let _ = Offer::from_bytes(&bytes);
    }

    #[test]
    fn no_text_panics(text in "(lno1)?[qpzry9x8gf2tvdw0s3jn54khce6mua7l+ ]{0,200}") {
        let _ = text.parse::<Offer>();
    }
}
