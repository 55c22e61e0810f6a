//! BIP-341's signature hashes, and signatures as the bytes of a witness.

use bitcoin::hashes::Hash;
use bitcoin::secp256k1::schnorr;
use bitcoin::sighash::{Prevouts, SighashCache, TapSighashType};
use bitcoin::taproot::Signature;
use bitcoin::{TapLeafHash, Transaction, TxOut};

const COMPLETE: &str = "there is such an input, and a spent output for each";

/// Of the key path of an input, under DEFAULT.
pub(crate) fn key_path(transaction: &Transaction, input: usize, spent: &[TxOut]) -> [u8; 32] {
    SighashCache::new(transaction)
        .taproot_key_spend_signature_hash(input, &Prevouts::All(spent), TapSighashType::Default)
        .expect(COMPLETE)
        .to_byte_array()
}

/// Of a leaf, under DEFAULT.
pub(crate) fn leaf(
    transaction: &Transaction,
    input: usize,
    spent: &[TxOut],
    leaf_hash: TapLeafHash,
) -> [u8; 32] {
    SighashCache::new(transaction)
        .taproot_script_spend_signature_hash(
            input,
            &Prevouts::All(spent),
            leaf_hash,
            TapSighashType::Default,
        )
        .expect(COMPLETE)
        .to_byte_array()
}

/// Of a leaf that the first input spends, under a type with ANYONECANPAY: no other input counts.
pub(crate) fn one(
    transaction: &Transaction,
    spent: &TxOut,
    leaf_hash: TapLeafHash,
    sighash_type: TapSighashType,
) -> [u8; 32] {
    SighashCache::new(transaction)
        .taproot_script_spend_signature_hash(0, &Prevouts::One(0, spent), leaf_hash, sighash_type)
        .expect(COMPLETE)
        .to_byte_array()
}

/// A signature as it stands in a witness.
pub(crate) fn encoded(signature: schnorr::Signature, sighash_type: TapSighashType) -> Vec<u8> {
    Signature { signature, sighash_type }.to_vec()
}
