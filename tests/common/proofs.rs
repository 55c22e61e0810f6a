//! Payer proofs by hand: what a payer, or a forger, can write.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;

use pointlock::curve::Keypair;
use pointlock::invoice::merkle::{self, NonceHasher, SIGNATURE_TYPES};
use pointlock::wire::{TlvStream, TlvWriter};

pub(crate) const PROOF_SIGNATURE: u64 = 241;
pub(crate) const MISSING_HASHES: u64 = 1_003;
pub(crate) const LEAF_HASHES: u64 = 1_004;

pub(crate) type Records = BTreeMap<u64, Vec<u8>>;

pub(crate) fn records(stream: &[u8]) -> Records {
    let stream = TlvStream::parse(stream).unwrap();
    stream.records().iter().map(|record| (record.tlv_type(), record.value().to_vec())).collect()
}

pub(crate) fn written(records: &Records) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for (tlv_type, value) in records {
        writer.set(*tlv_type, value.clone());
    }
    writer.to_bytes()
}

/// The stream with the payer's signature over all of it.
pub(crate) fn signed(records: &Records, payer: &Keypair) -> Vec<u8> {
    let mut records = records.clone();
    let root = merkle::root(&TlvStream::parse(&written(&records)).unwrap()).unwrap();
    let hash = merkle::signature_hash("payer_proof", "proof_signature", &root);
    records.insert(PROOF_SIGNATURE, payer.sign_schnorr(&hash, &[0; 32]).serialize().to_vec());
    written(&records)
}

/// A proof that leaves nothing of the invoice out, with these records in it.
pub(crate) fn around(invoice: &[u8], own: &[(u64, Vec<u8>)], payer: &Keypair) -> Vec<u8> {
    let stream = TlvStream::parse(invoice).unwrap();
    let nonces = NonceHasher::new(stream.records()[0].bytes());
    let leaves = stream.records().iter().filter(|it| !SIGNATURE_TYPES.contains(&it.tlv_type()));
    let nonces = leaves.map(|record| nonces.hash(record.type_bytes()));
    let mut records = records(invoice);
    records.insert(MISSING_HASHES, Vec::new());
    records.insert(LEAF_HASHES, nonces.collect::<Vec<_>>().concat());
    records.extend(own.iter().cloned());
    signed(&records, payer)
}
