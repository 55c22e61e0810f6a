//! BOLT 12's own vectors: strings, Merkle roots and signatures, and the rules for offers.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod common;

use pointlock::curve::{Keypair, Point, SecretScalar, XOnlyPublicKey};
use pointlock::invoice::{Field, FieldValue, InvoiceError, Offer, StaticInvoice, merkle, text};
use pointlock::wire::{ChannelEnd, IntroductionNode, TlvStream, TlvWriter, tu64};
use secp256k1::schnorr::Signature;
use secp256k1::{Message, Secp256k1};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct FormatString {
    comment: String,
    valid: bool,
    string: String,
}

#[test]
fn format_strings() {
    let Some(json) = common::vectors("bolt12/format-string-test.json") else { return };
    let rows: Vec<FormatString> = serde_json::from_str(&json).unwrap();
    assert!(rows.iter().any(|row| row.valid) && rows.iter().any(|row| !row.valid));
    for row in &rows {
        let decoded = text::decode(&row.string);
        assert_eq!(decoded.is_ok(), row.valid, "{}", row.comment);
        assert_eq!(row.string.parse::<Offer>().is_ok(), row.valid, "{}", row.comment);
        let Ok((prefix, bytes)) = decoded else { continue };
        assert_eq!(prefix, "lno", "{}", row.comment);
        TlvStream::parse(&bytes).unwrap();
        // The valid strings are one offer in several spellings; the first is the plain one.
        assert_eq!(text::encode("lno", &bytes).as_ref(), Ok(&rows[0].string), "{}", row.comment);
        let offer: Offer = row.string.parse().unwrap();
        assert_eq!(offer.to_string(), rows[0].string, "{}", row.comment);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct MerkleRow {
    comment: String,
    bolt12: Option<String>,
    tlv: String,
    first_tlv: String,
    leaves: Vec<Map<String, Value>>,
    branches: Vec<Map<String, Value>>,
    merkle: String,
    #[serde(rename = "signature_tag")]
    signature_tag: Option<String>,
    #[serde(rename = "H(signature_tag,merkle)")]
    signature_hash: Option<String>,
    signature: Option<String>,
}

/// The entry whose name starts with `H(` and the tag: what is hashed, and its hash.
fn hash_entry<'a>(row: &'a Map<String, Value>, tag: &str) -> (&'a str, String) {
    let start = format!("H(`{tag}`");
    let (name, hash) = row.iter().find(|(name, _)| name.starts_with(&start)).unwrap();
    let hashed = name[start.len()..].trim_start_matches([',', '|']).trim_end_matches(')');
    (hashed, hash.as_str().unwrap().to_owned())
}

#[test]
fn merkle_roots() {
    let Some(json) = common::vectors("bolt12/signature-test.json") else { return };
    let rows: Vec<MerkleRow> = serde_json::from_str(&json).unwrap();
    assert_eq!(rows.len(), 4);
    for row in rows {
        // Made-up streams are given by their leaves, a real message by its text.
        let bytes = match &row.bolt12 {
            Some(string) => text::decode(string).unwrap().1,
            None => {
                let records = row.leaves.iter().map(|leaf| hash_entry(leaf, "LnLeaf").0);
                hex::decode(records.collect::<String>()).unwrap()
            }
        };
        let stream = TlvStream::parse(&bytes).unwrap();
        let first = stream.records()[0].bytes();
        assert_eq!(hex::encode(first), row.first_tlv);
        let nonces = merkle::NonceHasher::new(first);

        let signed = stream.records().iter().filter(|record| record.tlv_type() != 240);
        assert_eq!(signed.clone().count(), row.leaves.len(), "{}", row.comment);
        for (record, expected) in signed.zip(&row.leaves) {
            let (hashed, hash) = hash_entry(expected, "LnLeaf");
            let leaf = merkle::leaf_hash(record.bytes());
            assert_eq!((hex::encode(record.bytes()), hex::encode(leaf)), (hashed.into(), hash));
            let nonce = nonces.hash(record.type_bytes());
            assert_eq!(hex::encode(nonce), hash_entry(expected, "LnNonce").1, "{}", row.comment);
            let branch = merkle::branch_hash(&leaf, &nonce);
            assert_eq!(hex::encode(branch), hash_entry(expected, "LnBranch").1, "{}", row.comment);
        }
        for expected in &row.branches {
            let (hashed, hash) = hash_entry(expected, "LnBranch");
            let children = hex::decode(hashed).unwrap();
            let (lesser, greater) = children.split_at(32);
            let (lesser, greater) = (lesser.try_into().unwrap(), greater.try_into().unwrap());
            assert!(lesser <= greater);
            assert_eq!(hex::encode(merkle::branch_hash(&greater, &lesser)), hash);
            assert_eq!(hex::encode(merkle::branch_hash(&lesser, &greater)), hash);
        }
        let root = merkle::root(&stream).unwrap();
        assert_eq!(hex::encode(root), row.merkle, "{}", row.comment);

        if row.bolt12.is_none() {
            assert!(row.signature.is_none());
            continue;
        }
        let hash = merkle::signature_hash(&row.tlv, "signature", &root);
        assert_eq!(Some(hex::encode(hash)), row.signature_hash);
        assert_eq!(row.signature_tag.unwrap(), format!("lightning{}signature", row.tlv));
        let signature = stream.get(240).unwrap().value();
        assert_eq!(Some(hex::encode(signature)), row.signature);
        let signature = Signature::from_slice(signature).unwrap();
        let payer = Point::from_slice(stream.get(88).unwrap().value()).unwrap();
        assert!(verifies(&signature, &hash, &payer.x_only()));
        let tag_of_another = merkle::signature_hash("invoice", "signature", &root);
        assert!(!verifies(&signature, &tag_of_another, &payer.x_only()));
    }
}

fn verifies(signature: &Signature, hash: &[u8; 32], key: &XOnlyPublicKey) -> bool {
    let context = Secp256k1::verification_only();
    context.verify_schnorr(signature, &Message::from_digest(*hash), key).is_ok()
}

#[derive(Deserialize)]
struct OfferRow {
    description: String,
    valid: bool,
    bolt12: String,
    /// Of a valid offer, and of some that are not: all records of the stream.
    fields: Option<Vec<RecordRow>>,
}

#[derive(Deserialize)]
struct RecordRow {
    #[serde(rename = "type")]
    tlv_type: u64,
    length: usize,
    hex: String,
}

fn offer_rows() -> Option<Vec<OfferRow>> {
    let json = common::vectors("bolt12/offers-test.json")?;
    Some(serde_json::from_str(&json).unwrap())
}

/// What each invalid row is refused for. Seven of them have a type or a length that is wrongly written, so that what
/// their names say is never reached: the second column is what they are. Our own tests have what they name.
const REFUSALS: &[(&str, &str)] = &[
    ("Malformed: fields out of order", "offer_description: record at byte 35 is out of order"),
    ("Malformed: unknown even TLV type 78", "tlv_72: unknown even type"),
    ("Malformed: empty", "offer_issuer_id: missing"),
    ("Malformed: truncated at type", "offer_description: truncated in the length"),
    ("Malformed: truncated in length", "offer_description: truncated in the length"),
    (
        "Malformed: truncated after length",
        "offer_description: record at byte 0 declares 2 bytes, 0 ",
    ),
    (
        "Malformed: truncated in description",
        "offer_description: record at byte 0 declares 2 bytes, 1 ",
    ),
    ("Malformed: invalid offer_chains length", "offer_chains: 1 bytes"),
    ("Malformed: truncated currency UTF-8", "offer_currency: not UTF-8"),
    ("Malformed: invalid currency UTF-8", "offer_currency: not UTF-8"),
    ("Malformed: truncated description UTF-8", "offer_description: not UTF-8"),
    ("Malformed: invalid description UTF-8", "offer_description: not UTF-8"),
    ("Malformed: truncated offer_paths", "offer_paths: path 0: blinded path is truncated"),
    ("Malformed: zero num_hops in blinded_path", "offer_chains: record at byte 11 is out of order"),
    (
        "Malformed: truncated onionmsg_hop in blinded_path",
        "offer_chains: record at byte 11 is out of order",
    ),
    ("Malformed: bad first_node_id in blinded_path", "tlv_3: record at byte 12 is out of order"),
    ("Malformed: bad path_key in blinded_path", "offer_chains: record at byte 11 is out of order"),
    (
        "Malformed: bad blinded_node_id in onionmsg_hop",
        "offer_chains: record at byte 11 is out of order",
    ),
    ("Malformed: truncated issuer UTF-8", "offer_issuer: not UTF-8"),
    ("Malformed: invalid issuer UTF-8", "offer_issuer: not UTF-8"),
    ("Malformed: invalid offer_issuer_id", "offer_issuer_id: point 0: x coordinate"),
    ("Contains type >= 80", "invreq_chain: has no place"),
    ("Contains type > 1999999999", "tlv_30517: record at byte 42 declares 148 bytes"),
    ("Contains unknown even type (1000000002)", "tlv_15258: record at byte 42 declares 202 bytes"),
    ("Contains unknown feature 122", "offer_features: unknown required feature 122"),
    ("Missing offer_description, but has offer_amount", "offer_description: missing"),
    ("Missing offer_amount with offer_currency", "offer_amount: missing"),
    ("Invalid: zero offer_amount", "offer_amount: amount of 0"),
    ("Invalid: zero offer_amount with currency", "offer_amount: amount of 0"),
    ("Missing offer_issuer_id and no offer_path", "offer_issuer_id: missing"),
    ("Second offer_path is empty", "offer_paths: path 1: blinded path of 0 hops"),
    ("offer_chains with zero entries", "offer_chains: 0 bytes"),
    ("Bech32 padding exceeds 4-bit limit", "text: padding"),
];

#[test]
fn offers() {
    let Some(rows) = offer_rows() else { return };
    let mut refusals = REFUSALS.iter();
    for row in &rows {
        let name = row.description.as_str();
        let decoded = row.bolt12.parse::<Offer>();
        if !row.valid {
            let expected = refusals.next().unwrap();
            let error = decoded.expect_err(name).to_string();
            assert_eq!(expected.0, name);
            assert!(error.starts_with(expected.1), "{name}: {error}");
            continue;
        }
        let offer = decoded.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(offer.to_string(), row.bolt12, "{name}");
        let fields = row.fields.as_ref().unwrap();
        assert_eq!(offer.fields().len(), fields.len(), "{name}");
        for ((field, value), expected) in offer.fields().iter().zip(fields) {
            assert_eq!(field.tlv_type(), expected.tlv_type, "{name}");
            let raw = offer.value(*field).unwrap();
            assert_eq!((raw.len(), hex::encode(raw)), (expected.length, expected.hex.clone()));
            match value {
                FieldValue::Integer(integer) => assert_eq!(raw, tu64(*integer)),
                FieldValue::Text(text) => assert_eq!(raw, text.as_bytes()),
                FieldValue::Bytes(bytes) => assert_eq!(raw, bytes),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    assert_eq!(refusals.next(), None);
    assert_eq!(rows.iter().filter(|row| row.valid).count(), 20);
}

/// The inside of the paths, which the vectors give in words.
#[test]
fn paths_of_offers() {
    let Some(rows) = offer_rows() else { return };
    let offer = |name: &str| {
        let row = rows.iter().find(|row| row.description.starts_with(name)).unwrap();
        row.bolt12.parse::<Offer>().unwrap()
    };
    let bob = SecretScalar::from_bytes(&[0x42; 32]).unwrap().to_point();
    let path_key = Point::from_bytes(&[2; 33]).unwrap();
    let by_id = offer("with blinded path via Bob");
    let [path] = by_id.paths() else { panic!("one path") };
    assert_eq!(path.introduction_node(), &IntroductionNode::NodeId(bob));
    assert_eq!(path.first_path_key(), &path_key);
    let [first, last] = path.hops() else { panic!("two hops") };
    assert_eq!((first.blinded_node_id, last.blinded_node_id), (path_key, path_key));
    assert_eq!(first.encrypted_recipient_data, [0; 16]);
    assert_eq!(last.encrypted_recipient_data, [0x11; 8]);

    let by_channel = offer("same, with blinded path first_node_id using sciddir");
    let node = IntroductionNode::Channel { short_channel_id: 42, end: ChannelEnd::NodeId1 };
    assert_eq!(by_channel.paths()[0].introduction_node(), &node);
    let two = offer("... and with second blinded path via 1x2x3 (direction 1)");
    let nodes: Vec<String> =
        two.paths().iter().map(|path| path.introduction_node().to_string()).collect();
    assert_eq!(nodes, [bob.to_string(), "1x2x3/1".to_owned()]);
    assert_eq!(offer("with no issuer_id").issuer_id(), None);
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
    let Some(rows) = offer_rows() else { return };
    for row in rows {
        let result = as_invoice(&row.bolt12);
        let description = row.description.as_str();
        match description {
            // Stricter than for an offer: one chain, and an issuer that the payer can compare.
            "for bitcoin or liquidv1" => {
                let field = Field::OFFER_CHAINS;
                assert_eq!(result, Err(InvoiceError::Length { field, expected: 32, actual: 64 }));
            }
            "with no issuer_id and blinded path via Bob (0x424242...), path_key 020202..." => {
                assert_eq!(result, Err(InvoiceError::Missing { field: Field::OFFER_ISSUER_ID }));
            }
            _ => {
                assert_eq!(result.is_ok(), row.valid, "{description}: {result:?}");
            }
        }
    }
}
