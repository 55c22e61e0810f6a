//! Payer proofs with a preimage: the valid rows of BOLT 12 byte for byte, and each name by which it refuses others.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/proofs.rs"]
mod proofs;
#[path = "common/standards.rs"]
mod standards;

use std::collections::BTreeSet;

use pointlock::curve::{Keypair, Point};
use pointlock::invoice::proof::{
    InvoiceKind, PayerProof, PaymentProof, PreimageProof, ProofContents, ProofError,
};
use pointlock::invoice::{Field, FieldValue, InvoiceError, Offer, TextKind, text};
use pointlock::lock::Preimage;
use pointlock::wire::write_bigsize;
use serde::Deserialize;

use proofs::{LEAF_HASHES, MISSING_HASHES, PROOF_SIGNATURE, Records};
use standards::{array, bytes};

const SIGNATURE: u64 = 240;
const PREIMAGE: u64 = 1_001;
const OMITTED_TLVS: u64 = 1_002;
const NOTE: u64 = 1_005;

#[derive(Deserialize)]
struct Common {
    payer_secret: String,
    preimage: String,
    refused: Vec<String>,
}

impl Common {
    fn payer(&self) -> Keypair {
        Keypair::from_secret_bytes(&array(&self.payer_secret)).unwrap()
    }

    fn preimage(&self) -> Preimage {
        Preimage::new(array(&self.preimage))
    }
}

#[derive(Deserialize)]
struct Row {
    name: String,
    invoice: String,
    included_types: Vec<u64>,
    note: Option<String>,
    omitted_tlvs: Vec<u64>,
    leaf_hashes: Vec<String>,
    missing_hashes: Vec<String>,
    invoice_merkle_root: String,
    string: String,
}

fn vectors() -> (Common, Vec<Row>) {
    standards::file("bolt12/payer_proofs.json", 5)
}

fn numbers(list: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    list.iter().for_each(|number| write_bigsize(&mut bytes, *number));
    bytes
}

/// The key of the vectors' receiver.
fn issuer(row: &Row) -> Point {
    let invoice = proofs::records(&bytes(&row.invoice));
    Point::from_slice(&invoice[&Field::INVOICE_NODE_ID.tlv_type()]).unwrap()
}

#[test]
fn the_valid_rows_are_made_and_read() {
    let (common, rows) = vectors();
    for row in &rows {
        let name = &row.name;
        let mut contents =
            ProofContents::new().show(row.included_types.iter().copied().map(Field::from_type));
        if let Some(note) = &row.note {
            contents = contents.note(String::from_utf8(bytes(note)).unwrap());
        }
        if name == "empty_omitted_written" {
            contents = contents.write_empty_omitted();
        }
        let (invoice, key) = (bytes(&row.invoice), common.payer());
        let made =
            PreimageProof::create(&invoice, &common.preimage(), &key, &contents, &[0; 32]).unwrap();
        let root = made.dangerous_claimed_invoice().invoice_id();
        assert_eq!(root.to_string(), row.invoice_merkle_root, "{name}");
        let records = proofs::records(&made.to_bytes());
        assert_eq!(hex::encode(&records[&LEAF_HASHES]), row.leaf_hashes.concat(), "{name}");
        assert_eq!(hex::encode(&records[&MISSING_HASHES]), row.missing_hashes.concat(), "{name}");
        let written = records.get(&OMITTED_TLVS);
        assert_eq!(written.cloned().unwrap_or_default(), numbers(&row.omitted_tlvs), "{name}");
        assert_eq!(
            written.is_some(),
            name == "empty_omitted_written" || !row.omitted_tlvs.is_empty()
        );
        let text = PayerProof::from(made.clone()).to_string();
        assert_eq!(text, row.string, "{name}");

        // As a verifier reads it, in capitals from a QR code.
        let read: PayerProof = row.string.to_uppercase().parse().unwrap();
        assert_eq!(read.to_string(), row.string, "{name}");
        let PayerProof::Preimage(read) = read else { panic!("{name}: it has a preimage") };
        assert_eq!(*read, made, "{name}");
        assert_eq!((read.payer(), read.preimage()), (key.public_key(), array(&common.preimage)));
        let note = row.note.as_ref().map(|note| String::from_utf8(bytes(note)).unwrap());
        assert_eq!(read.note(), note.as_deref(), "{name}");
        let invoice = read.verify(&issuer(row), note.as_deref()).unwrap();
        assert_eq!(invoice.kind(), InvoiceKind::Requested);
        assert_eq!(invoice.omitted(), row.omitted_tlvs.len(), "{name}");
        let shown: Vec<u64> = invoice.fields().iter().map(|(field, _)| field.tlv_type()).collect();
        let mut expected: BTreeSet<u64> = row.included_types.iter().copied().collect();
        expected.insert(SIGNATURE);
        assert_eq!(shown, Vec::from_iter(expected), "{name}");
        let is_shown = row.included_types.contains(&170);
        let amount = (Field::INVOICE_AMOUNT, FieldValue::Integer(1_000));
        assert_eq!(invoice.fields().contains(&amount), is_shown, "{name}");

        let stranger = Keypair::from_secret_bytes(&[9; 32]).unwrap().public_key();
        assert!(matches!(read.verify(&stranger, None), Err(ProofError::Invoice(_))));
        assert_eq!(read.verify(&issuer(row), Some("x")), Err(ProofError::OtherNote));
    }
}

/// The proof that the refused ones are made of: 88, 168 and 176 are shown.
fn minimal(rows: &[Row]) -> (&Row, Records) {
    let row = rows.iter().find(|row| row.name == "minimal_disclosure").unwrap();
    (row, proofs::records(&text::decode(&row.string).unwrap().1))
}

fn flipped(value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    value[0] ^= 1;
    value
}

/// What is wrong under this name, and how it is refused.
fn broken(name: &str, valid: &Records, invoice: &Records) -> Option<(Records, ProofError)> {
    let mut records = valid.clone();
    let omitted = |records: &mut Records, list: &[u64]| {
        assert_ne!(numbers(list), records[&OMITTED_TLVS]);
        records.insert(OMITTED_TLVS, numbers(list));
    };
    let without = [
        ("invreq_payer_id", 88),
        ("invoice_payment_hash", 168),
        ("invoice_node_id", 176),
        ("signature", SIGNATURE),
        ("proof_preimage", PREIMAGE),
        ("proof_missing_hashes", MISSING_HASHES),
        ("proof_leaf_hashes", LEAF_HASHES),
        ("proof_signature", PROOF_SIGNATURE),
    ];
    if let Some(missing) = name.strip_prefix("missing_") {
        let (field, tlv_type) = without.into_iter().find(|(field, _)| *field == missing)?;
        records.remove(&tlv_type).unwrap();
        return Some((records, ProofError::Missing(field)));
    }
    let error = match name {
        "wrong_proof_preimage" => {
            records.insert(PREIMAGE, vec![0; 32]);
            ProofError::Preimage
        }
        "proof_omitted_tlvs_not_ascending" => {
            // Each follows a number or a field.
            omitted(&mut records, &[89, 90, 91, 1, 2, 169]);
            ProofError::MarkerOrder { index: 3, marker: 1 }
        }
        "proof_omitted_tlvs_contains_zero" => {
            omitted(&mut records, &[0, 1, 2, 89, 90, 91]);
            ProofError::MarkerRange { index: 0, marker: 0 }
        }
        "proof_omitted_tlvs_contains_signature_field" => {
            omitted(&mut records, &[1, 2, 89, 90, 91, 241]);
            ProofError::MarkerRange { index: 5, marker: 241 }
        }
        "proof_omitted_tlvs_contains_proof_field" => {
            omitted(&mut records, &[1, 2, 89, 90, 91, 1_001]);
            ProofError::MarkerRange { index: 5, marker: 1_001 }
        }
        "proof_omitted_tlvs_contains_high_field" => {
            omitted(&mut records, &[1, 2, 89, 90, 91, 4_000_000_000]);
            ProofError::MarkerRange { index: 5, marker: 4_000_000_000 }
        }
        "proof_omitted_tlvs_contains_included_tlv_field" => {
            omitted(&mut records, &[1, 2, 88, 89, 90, 169]);
            ProofError::MarkerShown { index: 2, marker: 88 }
        }
        "proof_omitted_tlvs_not_sequential" => {
            omitted(&mut records, &[1, 2, 89, 90, 92, 169]);
            ProofError::MarkerGap { index: 4, marker: 92 }
        }
        "proof_leaf_hashes_too_few" => {
            let hashes = records.get_mut(&LEAF_HASHES).unwrap();
            hashes.truncate(hashes.len() - 32);
            ProofError::LeafHashes { expected: 3, actual: 2 }
        }
        "proof_leaf_hashes_too_many" => {
            records.get_mut(&LEAF_HASHES).unwrap().extend([0; 32]);
            ProofError::LeafHashes { expected: 3, actual: 4 }
        }
        "proof_missing_hashes_too_few" => {
            let hashes = records.get_mut(&MISSING_HASHES).unwrap();
            hashes.truncate(hashes.len() - 32);
            ProofError::MissingHashes { expected: 5, actual: 4 }
        }
        "proof_missing_hashes_too_many" => {
            records.get_mut(&MISSING_HASHES).unwrap().extend([0; 32]);
            ProofError::MissingHashes { expected: 5, actual: 6 }
        }
        "wrong_invoice_signature" => {
            records.insert(SIGNATURE, flipped(&valid[&SIGNATURE]));
            ProofError::InvoiceSignature
        }
        "wrong_proof_signature" => {
            records.insert(PROOF_SIGNATURE, flipped(&valid[&PROOF_SIGNATURE]));
            ProofError::ProofSignature
        }
        "contains_invreq_metadata" => {
            records.insert(0, invoice[&0].clone());
            ProofError::Metadata
        }
        _ => return None,
    };
    Some((records, error))
}

/// Signed anew by the payer, so that nothing else is wrong; but where its own signature is what is wrong.
fn refused(records: &Records, payer: &Keypair, name: &str) -> Result<PreimageProof, ProofError> {
    let stream = if name.ends_with("proof_signature") {
        proofs::written(records)
    } else {
        proofs::signed(records, payer)
    };
    PreimageProof::from_bytes(&stream)
}

#[test]
fn every_name_of_a_refusal() {
    let (common, rows) = vectors();
    let (row, valid) = minimal(&rows);
    let invoice = proofs::records(&bytes(&row.invoice));
    let payer = common.payer();
    assert_eq!(common.refused.len(), 23);
    for name in &common.refused {
        let (records, error) = broken(name, &valid, &invoice)
            .unwrap_or_else(|| panic!("{name}: nobody knows what that is"));
        assert_eq!(refused(&records, &payer, name), Err(error), "{name}");
    }
    assert!(refused(&valid, &payer, "none").is_ok());
}

#[test]
fn numbers_that_are_refused() {
    let (common, rows) = vectors();
    let (_, valid) = minimal(&rows);
    let read = |value: &[u8]| {
        let mut records = valid.clone();
        records.insert(OMITTED_TLVS, value.to_vec());
        PreimageProof::from_bytes(&proofs::signed(&records, &common.payer()))
    };
    let with = |list: &[u64]| read(&numbers(list));
    assert!(with(&[1, 2, 89, 90, 91, 169]).is_ok());
    let order = |index, marker| Err(ProofError::MarkerOrder { index, marker });
    assert_eq!(with(&[1, 1, 89, 90, 91, 169]), order(1, 1));
    assert_eq!(with(&[1, 2, 89, 90, 91, 89]), order(5, 89));
    let gap = |index, marker| Err(ProofError::MarkerGap { index, marker });
    assert_eq!(with(&[2, 3, 89, 90, 91, 169]), gap(0, 2));
    assert_eq!(with(&[1, 2, 89, 90, 91, 171]), gap(5, 171));
    // One less: another tree, which has other nodes missing.
    let less = with(&[1, 2, 89, 90, 169]).unwrap_err();
    assert!(matches!(less, ProofError::MissingHashes { .. } | ProofError::InvoiceSignature));
    let malformed = Err(ProofError::Malformed("proof_omitted_tlvs"));
    assert_eq!(read(&[1, 2, 0xfd, 0, 89]), malformed);
    assert_eq!(read(&[1, 2, 0xfd, 1]), malformed);
    assert_eq!(with(&[u64::MAX]), Err(ProofError::MarkerRange { index: 0, marker: u64::MAX }));
}

/// Each bit of a proof is the invoice's or the payer's.
#[test]
fn no_flipped_bit_is_read() {
    let (_, rows) = vectors();
    for row in rows.iter().filter(|row| row.name != "full_disclosure") {
        let (_, bytes) = text::decode(&row.string).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut broken = bytes.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            assert!(PayerProof::from_bytes(&broken).is_err(), "{}: bit {bit}", row.name);
        }
        for length in 0..bytes.len() {
            assert!(PayerProof::from_bytes(&bytes[..length]).is_err(), "{length} bytes");
        }
    }
}

#[test]
fn what_makes_no_proof() {
    let (common, rows) = vectors();
    let (row, _) = minimal(&rows);
    let (invoice, payer) = (bytes(&row.invoice), common.payer());
    let create = |invoice: &[u8], preimage: [u8; 32], key: &Keypair, contents: &ProofContents| {
        PreimageProof::create(invoice, &Preimage::new(preimage), key, contents, &[1; 32])
    };
    let (preimage, least) = (array(&common.preimage), ProofContents::new());
    assert!(create(&invoice, preimage, &payer, &least).is_ok());
    assert_eq!(create(&invoice, [0; 32], &payer, &least), Err(ProofError::Preimage));
    let other = Keypair::from_secret_bytes(&[9; 32]).unwrap();
    assert_eq!(create(&invoice, preimage, &other, &least), Err(ProofError::OtherPayer));
    let metadata = least.clone().show([Field::INVREQ_METADATA]);
    assert_eq!(create(&invoice, preimage, &payer, &metadata), Err(ProofError::Metadata));
    let field = Field::OFFER_DESCRIPTION;
    let shown = least.clone().show([field]);
    assert_eq!(create(&invoice, preimage, &payer, &shown), Err(ProofError::NotInInvoice { field }));
    for (tlv_type, error) in [
        (0, ProofError::Missing("invreq_metadata")),
        (88, ProofError::Missing("invreq_payer_id")),
        (168, ProofError::Missing("invoice_payment_hash")),
        (176, ProofError::Missing("invoice_node_id")),
        (SIGNATURE, ProofError::Missing("signature")),
        (164, ProofError::InvoiceSignature),
    ] {
        let mut records = proofs::records(&invoice);
        records.remove(&tlv_type);
        let refused = create(&proofs::written(&records), preimage, &payer, &least);
        assert_eq!(refused, Err(error), "without {tlv_type}");
    }
    let refused = create(&invoice[..9], preimage, &payer, &least);
    assert!(matches!(refused, Err(ProofError::Encoding(_))));
}

/// All are shown, or chosen ones, or those that have to be: the choice says which.
#[test]
fn all_may_be_shown_but_the_metadata() {
    let (common, rows) = vectors();
    let (row, _) = minimal(&rows);
    let all =
        ProofContents::new().show([Field::INVOICE_AMOUNT]).show_all().show([Field::INVREQ_AMOUNT]);
    let proof = PreimageProof::create(
        &bytes(&row.invoice),
        &common.preimage(),
        &common.payer(),
        &all,
        &[7; 32],
    )
    .unwrap();
    let records = proofs::records(&proof.to_bytes());
    let mut invoice = proofs::records(&bytes(&row.invoice));
    invoice.remove(&0).unwrap();
    assert!(invoice.iter().all(|(tlv_type, value)| records.get(tlv_type) == Some(value)));
    assert_eq!((records.get(&0), records.get(&OMITTED_TLVS)), (None, None));
}

/// A feature may say, some day, that more has to be shown.
#[test]
fn features_are_shown_unasked() {
    let (common, rows) = vectors();
    let row = rows.iter().find(|row| row.name == "full_disclosure").unwrap();
    let (least, key) = (ProofContents::new(), common.payer());
    let invoice = bytes(&row.invoice);
    let proof =
        PreimageProof::create(&invoice, &common.preimage(), &key, &least, &[0; 32]).unwrap();
    let shown = proof.dangerous_claimed_invoice().fields();
    let shown: Vec<u64> = shown.into_iter().map(|(field, _)| field.tlv_type()).collect();
    assert_eq!(shown, [88, 168, 174, 176, SIGNATURE]);
}

#[test]
fn a_proof_is_no_offer_and_the_reverse() {
    let (_, rows) = vectors();
    let proof = &rows[0].string;
    let error = proof.parse::<Offer>().unwrap_err();
    assert!(matches!(error, InvoiceError::OtherText { found: TextKind::PayerProof, .. }));
    let invoice = text::encode("lni", &bytes(&rows[0].invoice)).unwrap();
    let Err(ProofError::Text(error)) = invoice.parse::<PayerProof>() else { panic!("an invoice") };
    assert!(matches!(*error, InvoiceError::OtherText { found: TextKind::Invoice, .. }));
    // Of the other kind of proof, what it lacks is named first.
    let (_, bytes) = text::decode(proof).unwrap();
    let refused = PaymentProof::from_bytes(&bytes);
    assert_eq!(refused, Err(ProofError::UnknownField { tlv_type: PREIMAGE }));
    let mut records = proofs::records(&bytes);
    records.insert(65_611, vec![2; 33]);
    let refused = PreimageProof::from_bytes(&proofs::written(&records));
    assert_eq!(refused, Err(ProofError::UnknownField { tlv_type: 65_611 }));
    records.remove(&NOTE);
    assert!(PayerProof::from_bytes(&proofs::written(&records)).is_err());
}
