//! BOLT 12's own vectors: strings, Merkle roots and signatures, and the rules for offers.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/standards.rs"]
mod standards;

use pointlock::curve::{Keypair, Point, SecretScalar, XOnlyPublicKey};
use pointlock::invoice::{Field, FieldValue, InvoiceError, Offer, StaticInvoice, merkle, text};
use pointlock::wire::{ChannelEnd, IntroductionNode, TlvStream, TlvWriter, tu64};
use secp256k1::schnorr::Signature;
use secp256k1::{Message, Secp256k1};
use serde::Deserialize;

use standards::{Expected, array, bytes};

#[derive(Deserialize)]
struct StringRow {
    name: String,
    expected: Expected,
    string: String,
}

#[test]
fn strings() {
    let rows: Vec<StringRow> = standards::rows("bolt12/strings.json", 12);
    let mut valid = 0;
    for row in &rows {
        let name = &row.name;
        let decoded = text::decode(&row.string);
        assert_eq!(decoded.is_ok(), row.expected.is_valid(), "{name}");
        assert_eq!(row.string.parse::<Offer>().is_ok(), row.expected.is_valid(), "{name}");
        let Ok((prefix, bytes)) = decoded else { continue };
        assert_eq!(prefix, "lno", "{name}");
        TlvStream::parse(&bytes).unwrap();
        // The valid strings are one offer in several spellings; the first is the plain one.
        assert_eq!(text::encode("lno", &bytes).as_ref(), Ok(&rows[0].string), "{name}");
        let offer: Offer = row.string.parse().unwrap();
        assert_eq!(offer.to_string(), rows[0].string, "{name}");
        valid += 1;
    }
    assert_eq!(valid, 6);
}

#[derive(Deserialize)]
struct MerkleRow {
    name: String,
    message_name: String,
    string: Option<String>,
    first_record: String,
    leaves: Vec<Leaf>,
    branches: Vec<Branch>,
    merkle_root: String,
    signature_tag: Option<String>,
    signature_hash: Option<String>,
    signature: Option<String>,
}

#[derive(Deserialize)]
struct Leaf {
    record: String,
    leaf: String,
    nonce: String,
    branch: String,
}

#[derive(Deserialize)]
struct Branch {
    lesser: String,
    greater: String,
    branch: String,
}

#[test]
fn merkle_roots() {
    for row in standards::rows::<MerkleRow>("bolt12/merkle.json", 4) {
        let name = &row.name;
        // Made-up streams are given by their leaves, a real message by its text.
        let stream_bytes = match &row.string {
            Some(string) => text::decode(string).unwrap().1,
            None => row.leaves.iter().flat_map(|leaf| bytes(&leaf.record)).collect(),
        };
        let stream = TlvStream::parse(&stream_bytes).unwrap();
        let first = stream.records()[0].bytes();
        assert_eq!(hex::encode(first), row.first_record, "{name}");
        let nonces = merkle::NonceHasher::new(first);

        let signed = stream.records().iter().filter(|record| record.tlv_type() != 240);
        assert_eq!(signed.clone().count(), row.leaves.len(), "{name}");
        for (record, expected) in signed.zip(&row.leaves) {
            assert_eq!(hex::encode(record.bytes()), expected.record, "{name}");
            let leaf = merkle::leaf_hash(record.bytes());
            assert_eq!(hex::encode(leaf), expected.leaf, "{name}");
            let nonce = nonces.hash(record.type_bytes());
            assert_eq!(hex::encode(nonce), expected.nonce, "{name}");
            let branch = merkle::branch_hash(&leaf, &nonce);
            assert_eq!(hex::encode(branch), expected.branch, "{name}");
        }
        for expected in &row.branches {
            let (lesser, greater) = (array(&expected.lesser), array(&expected.greater));
            assert!(lesser <= greater, "{name}");
            let branches =
                [merkle::branch_hash(&greater, &lesser), merkle::branch_hash(&lesser, &greater)];
            assert_eq!(branches.map(hex::encode), [&expected.branch; 2].map(String::clone));
        }
        let root = merkle::root(&stream).unwrap();
        assert_eq!(hex::encode(root), row.merkle_root, "{name}");

        if row.string.is_none() {
            assert!(row.signature.is_none(), "{name}");
            continue;
        }
        let hash = merkle::signature_hash(&row.message_name, "signature", &root);
        assert_eq!(Some(hex::encode(hash)), row.signature_hash, "{name}");
        let tag = format!("lightning{}signature", row.message_name);
        assert_eq!(row.signature_tag, Some(tag), "{name}");
        let signature = stream.get(240).unwrap().value();
        assert_eq!(Some(hex::encode(signature)), row.signature, "{name}");
        let signature = Signature::from_slice(signature).unwrap();
        let payer = Point::from_slice(stream.get(88).unwrap().value()).unwrap();
        assert!(verifies(&signature, &hash, &payer.x_only()), "{name}");
        let tag_of_another = merkle::signature_hash("invoice", "signature", &root);
        assert!(!verifies(&signature, &tag_of_another, &payer.x_only()), "{name}");
    }
}

fn verifies(signature: &Signature, hash: &[u8; 32], key: &XOnlyPublicKey) -> bool {
    let context = Secp256k1::verification_only();
    context.verify_schnorr(signature, &Message::from_digest(*hash), key).is_ok()
}

#[derive(Deserialize)]
struct OfferRow {
    name: String,
    expected: Expected,
    string: String,
    /// Of a valid offer, and of some that are not: all records of the stream.
    records: Option<Vec<RecordRow>>,
}

#[derive(Deserialize)]
struct RecordRow {
    #[serde(rename = "type")]
    tlv_type: u64,
    value: String,
}

fn offer_rows() -> Vec<OfferRow> {
    standards::rows("bolt12/offers.json", 53)
}

/// What each invalid row is refused for. Seven of them have a type or a length that is wrongly written, so that what
/// their names say is never reached: the second column is what they are. Our own tests have what they name.
const REFUSALS: &[(&str, &str)] = &[
    ("order", "offer_description: record at byte 35 is out of order"),
    ("type_78", "tlv_72: unknown even type"),
    ("no_record", "offer_issuer_id: missing"),
    ("ends_in_type", "offer_description: truncated in the length"),
    ("ends_in_length", "offer_description: truncated in the length"),
    ("ends_after_length", "offer_description: record at byte 0 declares 2 bytes, 0 "),
    ("ends_in_description", "offer_description: record at byte 0 declares 2 bytes, 1 "),
    ("chains_length", "offer_chains: 1 bytes"),
    ("currency_cut", "offer_currency: not UTF-8"),
    ("currency_bytes", "offer_currency: not UTF-8"),
    ("description_cut", "offer_description: not UTF-8"),
    ("description_bytes", "offer_description: not UTF-8"),
    ("paths_cut", "offer_paths: path 0: blinded path is truncated"),
    ("path_without_hops", "offer_chains: record at byte 11 is out of order"),
    ("path_hop_cut", "offer_chains: record at byte 11 is out of order"),
    ("path_first_node_id", "tlv_3: record at byte 12 is out of order"),
    ("path_key", "offer_chains: record at byte 11 is out of order"),
    ("path_blinded_node_id", "offer_chains: record at byte 11 is out of order"),
    ("issuer_cut", "offer_issuer: not UTF-8"),
    ("issuer_bytes", "offer_issuer: not UTF-8"),
    ("issuer_id", "offer_issuer_id: point 0: x coordinate"),
    ("type_80", "invreq_chain: has no place"),
    ("type_2000000000", "tlv_30517: record at byte 42 declares 148 bytes"),
    ("type_1000000002", "tlv_15258: record at byte 42 declares 202 bytes"),
    ("feature_122", "offer_features: unknown required feature 122"),
    ("amount_without_description", "offer_description: missing"),
    ("currency_without_amount", "offer_amount: missing"),
    ("amount_0", "offer_amount: amount of 0"),
    ("amount_0_in_currency", "offer_amount: amount of 0"),
    ("nobody_to_pay", "offer_issuer_id: missing"),
    ("second_path_empty", "offer_paths: path 1: blinded path of 0 hops"),
    ("no_chain", "offer_chains: 0 bytes"),
    ("padding", "text: padding"),
];

#[test]
fn offers() {
    let mut refusals = REFUSALS.iter();
    let mut valid = 0;
    for row in offer_rows() {
        let name = row.name.as_str();
        let decoded = row.string.parse::<Offer>();
        if !row.expected.is_valid() {
            let expected = refusals.next().unwrap();
            let error = decoded.expect_err(name).to_string();
            assert_eq!(expected.0, name);
            assert!(error.starts_with(expected.1), "{name}: {error}");
            continue;
        }
        let offer = decoded.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(offer.to_string(), row.string, "{name}");
        let records = row.records.as_ref().unwrap();
        assert_eq!(offer.fields().len(), records.len(), "{name}");
        for ((field, value), expected) in offer.fields().iter().zip(records) {
            assert_eq!(field.tlv_type(), expected.tlv_type, "{name}");
            let raw = offer.value(*field).unwrap();
            assert_eq!(hex::encode(raw), expected.value, "{name}");
            match value {
                FieldValue::Integer(integer) => assert_eq!(raw, tu64(*integer)),
                FieldValue::Text(text) => assert_eq!(raw, text.as_bytes()),
                FieldValue::Bytes(bytes) => assert_eq!(raw, bytes),
                other => panic!("{name}: {other:?}"),
            }
        }
        valid += 1;
    }
    assert_eq!(refusals.next(), None);
    assert_eq!(valid, 20);
}

/// The inside of the paths, which the vectors give in words.
#[test]
fn paths_of_offers() {
    let rows = offer_rows();
    let offer = |name: &str| {
        let row = rows.iter().find(|row| row.name == name).unwrap();
        row.string.parse::<Offer>().unwrap()
    };
    let bob = SecretScalar::from_bytes(&[0x42; 32]).unwrap().to_point();
    let path_key = Point::from_bytes(&[2; 33]).unwrap();
    let by_id = offer("path_from_node");
    let [path] = by_id.paths() else { panic!("one path") };
    assert_eq!(path.introduction_node(), &IntroductionNode::NodeId(bob));
    assert_eq!(path.first_path_key(), &path_key);
    let [first, last] = path.hops() else { panic!("two hops") };
    assert_eq!((first.blinded_node_id, last.blinded_node_id), (path_key, path_key));
    assert_eq!(first.encrypted_recipient_data, [0; 16]);
    assert_eq!(last.encrypted_recipient_data, [0x11; 8]);

    let by_channel = offer("path_from_channel");
    let node = IntroductionNode::Channel { short_channel_id: 42, end: ChannelEnd::NodeId1 };
    assert_eq!(by_channel.paths()[0].introduction_node(), &node);
    let two = offer("two_paths");
    let nodes: Vec<String> =
        two.paths().iter().map(|path| path.introduction_node().to_string()).collect();
    assert_eq!(nodes, [bob.to_string(), "1x2x3/1".to_owned()]);
    assert_eq!(offer("path_without_issuer_id").issuer_id(), None);
}

/// What happens to an offer's fields in an otherwise valid invoice. The signature has to be ours, so the
/// issuer of the vectors, where it is one, gives way to our key.
fn as_invoice(offer: &str) -> Result<StaticInvoice, InvoiceError> {
    const ISSUER_OF_THE_VECTORS: &str =
        "02eec7245d6b7d2ccb30380bfbe2a3648cd7a942653f5aa340edcea1f283686619";
    let (_, bytes) = text::decode(offer)?;
    let key = Keypair::from_secret_bytes(&[0x41; 32]).unwrap();
    let node_id = key.public_key().to_bytes();
    let mut writer = TlvWriter::new();
    for record in TlvStream::parse(&bytes)?.records() {
        writer.set(record.tlv_type(), record.value());
        if hex::encode(record.value()) == ISSUER_OF_THE_VECTORS {
            writer.set(record.tlv_type(), node_id);
        }
    }
    writer
        .set(Field::INVOICE_CREATED_AT.tlv_type(), tu64(1))
        .set(Field::INVOICE_NODE_ID.tlv_type(), node_id)
        .set(Field::PAYMENT_POINTS.tlv_type(), node_id)
        .set(Field::INTERIM_ROUTE.tlv_type(), node_id);
    let bytes = writer.to_bytes();
    let root = merkle::root(&TlvStream::parse(&bytes).unwrap()).unwrap();
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    let signature = key.sign_schnorr(&hash, &[0; 32]);
    writer.set(Field::SIGNATURE.tlv_type(), signature.serialize());
    StaticInvoice::from_bytes(&writer.to_bytes())
}

/// An invoice carries its offer's fields: what BOLT 12 refuses in an offer it refuses in an invoice.
#[test]
fn offers_inside_an_invoice() {
    for row in offer_rows() {
        let result = as_invoice(&row.string);
        match row.name.as_str() {
            // Stricter than for an offer: one chain, and an issuer that the payer can compare.
            "liquid_or_bitcoin" => {
                let field = Field::OFFER_CHAINS;
                assert_eq!(result, Err(InvoiceError::Length { field, expected: 32, actual: 64 }));
            }
            "path_without_issuer_id" => {
                assert_eq!(result, Err(InvoiceError::Missing { field: Field::OFFER_ISSUER_ID }));
            }
            name => assert_eq!(result.is_ok(), row.expected.is_valid(), "{name}: {result:?}"),
        }
    }
}
