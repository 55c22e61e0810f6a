use std::collections::BTreeMap;

use pointlock::curve::Keypair;
use pointlock::invoice::proof::{PayerProof, ProofRequest, Verifier};
use pointlock::invoice::{Field, merkle};
use pointlock::lock::Preimage;
use pointlock::wire::{TlvStream, TlvWriter};

use crate::input::fixed_scalar;
use crate::invoice::signer;

const PROOF_SIGNATURE: u64 = 241;
const PREIMAGE: u64 = 1_001;
const OMITTED_TLVS: u64 = 1_002;
const MISSING_HASHES: u64 = 1_003;
const LEAF_HASHES: u64 = 1_004;
const PAYER_KEY: u64 = 65_601;

/// What the fuzzer can't find stands for field 0, and for nonces.
const HASH: [u8; 32] = [7; 32];

/// The payer of all proofs here.
pub(crate) fn payer() -> Keypair {
    Keypair::new(fixed_scalar(3))
}

/// Input: the stream of a payer proof of either kind. It is also read with new hashes and signatures, so that the fuzzer gets behind
/// these with whatever it shows.
pub fn payer_proof(data: &[u8]) -> bool {
    let as_it_is = PayerProof::from_bytes(data);
    if let Ok(proof) = &as_it_is {
        check(proof, data);
    }
    let Some(signed) = signed_anew(data) else { return as_it_is.is_ok() };
    let read = PayerProof::from_bytes(&signed);
    if let Ok(proof) = &read {
        check(proof, &signed);
    }
    as_it_is.is_ok() || read.is_ok()
}

fn check(proof: &PayerProof, data: &[u8]) {
    assert_eq!(proof.to_bytes(), data, "a proof has one encoding");
    assert_eq!(proof.to_string().parse().as_ref(), Ok(proof));
    let invoice = proof.dangerous_claimed_invoice();
    let issuer = invoice.invoice_node_id();
    let stranger = fixed_scalar(9).to_point();
    assert!(invoice.fields().len() >= 3, "key, signature, and what the payment was locked to");
    for (field, _) in invoice.fields() {
        assert!(invoice.value(field).is_some() && field != Field::INVREQ_METADATA);
    }
    match proof {
        PayerProof::Preimage(proof) => {
            let hash = Preimage::new(proof.preimage()).hash();
            let shown = invoice.value(Field::INVOICE_PAYMENT_HASH);
            assert_eq!(shown, Some(hash.0.as_slice()));
            assert_eq!(proof.verify(&issuer, proof.note()), Ok(invoice));
            assert!(proof.verify(&issuer, Some("another note, which is longer")).is_err());
            assert!(proof.verify(&stranger, None).is_err());
        }
        PayerProof::Points(proof) => {
            let request = *proof.request();
            let other = ProofRequest { verifier: Verifier::from_bytes([0xee; 32]), ..request };
            assert!(proof.verify(&issuer, &other).is_err() || other == request);
            assert!(proof.verify(&stranger, &request).is_err());
            let _ = proof.verify(&issuer, &request);
        }
        _ => unreachable!("there are two kinds"),
    }
}

/// The proof with all that the fuzzer can't make: what it shows is all there is of the invoice but for field 0, which
/// [`signer`] signs, and [`payer`] the proof. None if it is no stream, or shows no field.
pub(crate) fn signed_anew(data: &[u8]) -> Option<Vec<u8>> {
    let stream = TlvStream::parse(data).ok()?;
    let mut records: BTreeMap<u64, Vec<u8>> =
        stream.records().iter().map(|it| (it.tlv_type(), it.value().to_vec())).collect();
    let is_under_points = records.contains_key(&PAYER_KEY);
    records.insert(Field::INVOICE_NODE_ID.tlv_type(), signer().public_key().to_bytes().into());
    if !is_under_points {
        let key = Field::INVREQ_PAYER_ID.tlv_type();
        records.insert(key, payer().public_key().to_bytes().into());
        let preimage = records.get(&PREIMAGE)?.as_slice().try_into().ok()?;
        let hash = Preimage::new(preimage).hash();
        records.insert(Field::INVOICE_PAYMENT_HASH.tlv_type(), hash.0.into());
    }
    let leaves: Vec<u64> = records.keys().copied().filter(|it| is_leaf(*it)).collect();
    records.remove(&OMITTED_TLVS);
    records.insert(LEAF_HASHES, HASH.repeat(leaves.len()));
    records.insert(MISSING_HASHES, if is_under_points { Vec::new() } else { HASH.into() });
    let mut level: Vec<[u8; 32]> = if is_under_points { vec![] } else { vec![HASH] };
    let written = written(&records);
    let stream = TlvStream::parse(&written).ok()?;
    for record in stream.records().iter().filter(|record| is_leaf(record.tlv_type())) {
        level.push(merkle::branch_hash(&merkle::leaf_hash(record.bytes()), &HASH));
    }
    while level.len() > 1 {
        let pairs = level.chunks(2).map(|pair| match pair {
            [one, other] => merkle::branch_hash(one, other),
            left_over => left_over[0],
        });
        level = pairs.collect();
    }
    let message = if is_under_points { "static_invoice" } else { "invoice" };
    let hash = merkle::signature_hash(message, "signature", level.first()?);
    let signature = signer().sign_schnorr(&hash, &[0; 32]).serialize();
    records.insert(Field::SIGNATURE.tlv_type(), signature.into());
    signed_by_payer(records)
}

/// With the payer's signature over all of it.
fn signed_by_payer(mut records: BTreeMap<u64, Vec<u8>>) -> Option<Vec<u8>> {
    let root = merkle::root(&TlvStream::parse(&written(&records)).ok()?)?;
    let hash = merkle::signature_hash("payer_proof", "proof_signature", &root);
    let signature = payer().sign_schnorr(&hash, &[0; 32]).serialize();
    records.insert(PROOF_SIGNATURE, signature.into());
    Some(written(&records))
}

fn written(records: &BTreeMap<u64, Vec<u8>>) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for (tlv_type, value) in records {
        writer.set(*tlv_type, value.clone());
    }
    writer.to_bytes()
}

/// Where invoices have their fields.
fn is_leaf(tlv_type: u64) -> bool {
    tlv_type < 240 || (1_000_000_000..4_000_000_000).contains(&tlv_type)
}
