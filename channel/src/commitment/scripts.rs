//! The leaves. `publisher` and `other` are the keys in edges of the commitment's publisher and of its peer, x only.

use bitcoin::hashes::{Hash, ripemd160};
use bitcoin::opcodes::all::{
    OP_CHECKSIG, OP_CHECKSIGVERIFY, OP_CLTV, OP_CSV, OP_EQUAL, OP_EQUALVERIFY, OP_HASH160, OP_SIZE,
};
use bitcoin::script::Builder;
use bitcoin::{ScriptBuf, absolute};
use pointlock::curve::XOnlyPublicKey;
use pointlock::lock::PaymentHash;

/// `<first> CHECKSIGVERIFY <second> CHECKSIG`. Which key stands first tells the two leaves of an offered PTLC apart, so that no signature
/// for one serves the other.
pub(super) fn both(first: &XOnlyPublicKey, second: &XOnlyPublicKey) -> ScriptBuf {
    verified_by(first).push_x_only_key(second).push_opcode(OP_CHECKSIG).into_script()
}

/// `<other> CHECKSIGVERIFY SIZE 32 EQUALVERIFY HASH160 <hash> EQUAL`: the peer's claim of an HTLC.
pub(super) fn preimage_by_other(other: &XOnlyPublicKey, hash: &PaymentHash) -> ScriptBuf {
    hashed(verified_by(other), hash).push_opcode(OP_EQUAL).into_script()
}

/// `SIZE 32 EQUALVERIFY HASH160 <hash> EQUALVERIFY <publisher> CHECKSIGVERIFY <other> CHECKSIG`: the publisher's HTLC-success.
pub(super) fn preimage_by_both(
    publisher: &XOnlyPublicKey,
    other: &XOnlyPublicKey,
    hash: &PaymentHash,
) -> ScriptBuf {
    hashed(ScriptBuf::builder(), hash)
        .push_opcode(OP_EQUALVERIFY)
        .push_x_only_key(publisher)
        .push_opcode(OP_CHECKSIGVERIFY)
        .push_x_only_key(other)
        .push_opcode(OP_CHECKSIG)
        .into_script()
}

/// `<other> CHECKSIGVERIFY <expiry> CHECKLOCKTIMEVERIFY`: the peer takes back what it offered.
pub(super) fn timeout_by_other(other: &XOnlyPublicKey, expiry: absolute::LockTime) -> ScriptBuf {
    verified_by(other).push_lock_time(expiry).push_opcode(OP_CLTV).into_script()
}

/// `<delayed> CHECKSIGVERIFY <delay> CHECKSEQUENCEVERIFY`: the publisher's own, after its delay.
pub(super) fn delayed(delayed: &XOnlyPublicKey, delay: u16) -> ScriptBuf {
    verified_by(delayed).push_int(i64::from(delay)).push_opcode(OP_CSV).into_script()
}

fn verified_by(key: &XOnlyPublicKey) -> Builder {
    ScriptBuf::builder().push_x_only_key(key).push_opcode(OP_CHECKSIGVERIFY)
}

/// `SIZE 32 EQUALVERIFY HASH160 <RIPEMD-160 of the payment hash>`.
fn hashed(script: Builder, hash: &PaymentHash) -> Builder {
    script
        .push_opcode(OP_SIZE)
        .push_int(32)
        .push_opcode(OP_EQUALVERIFY)
        .push_opcode(OP_HASH160)
        .push_slice(ripemd160::Hash::hash(&hash.0).to_byte_array())
}
