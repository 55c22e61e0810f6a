//! BOLT 12's own vectors: strings, Merkle roots and signatures, and the rules for offers.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

mod common;

use pointlock::curve::{Keypair, Point, XOnlyPublicKey};
use pointlock::invoice::{Field, InvoiceError, StaticInvoice, merkle, text};
use pointlock::wire::{TlvStream, TlvWriter, tu64};
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
        let Ok((prefix, bytes)) = decoded else { continue };
        assert_eq!(prefix, "lno", "{}", row.comment);
        TlvStream::parse(&bytes).unwrap();
        // The valid strings are one offer in several spellings; the first is the plain one.
        assert_eq!(text::encode("lno", &bytes).as_ref(), Ok(&rows[0].string), "{}", row.comment);
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
    let Some(json) = common::vectors("bolt12/offers-test.json") else { return };
    let rows: Vec<OfferRow> = serde_json::from_str(&json).unwrap();
    let mut paths_not_read = 0;
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
            // The inside of blinded paths is for whoever routes over them.
            "Malformed: truncated offer_paths"
            | "Malformed: zero num_hops in blinded_path"
            | "Malformed: truncated onionmsg_hop in blinded_path"
            | "Malformed: bad first_node_id in blinded_path"
            | "Malformed: bad path_key in blinded_path"
            | "Malformed: bad blinded_node_id in onionmsg_hop"
            | "Second offer_path is empty" => {
                paths_not_read += 1;
                assert!(!row.valid);
            }
            _ => {
                assert_eq!(result.is_ok(), row.valid, "{description}: {result:?}");
            }
        }
    }
    assert_eq!(paths_not_read, 7);
}
