//! Blinded paths, their terms, and who signs.

use crate::{
    CREATED_AT, Fields, accepted, fields, invoice, point, receiver, refused, signed, signed_as,
    with, written,
};
use pointlock::curve::CurveError;
use pointlock::invoice::{
    BlindedPayInfo, FallbackAddress, Field, InvoiceError, OfferBuilder, PaymentLock, PaymentPath,
    StaticInvoice, StaticInvoiceBuilder,
};
use pointlock::wire::{
    BlindedHop, BlindedPath, ChannelEnd, Features, IntroductionNode, PathPart, TlvStream, WireError,
};

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
pub(crate) fn blinded(lock: impl Into<PaymentLock>) -> StaticInvoiceBuilder {
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
