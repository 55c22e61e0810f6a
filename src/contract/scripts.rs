use bitcoin::opcodes::all::{
    OP_CHECKSIG, OP_CHECKSIGVERIFY, OP_CLTV, OP_EQUALVERIFY, OP_SHA256, OP_SIZE,
};
use bitcoin::{ScriptBuf, absolute};

use crate::curve::XOnlyPublicKey;
use crate::lock::PaymentHash;

/// `<offerer> OP_CHECKSIGVERIFY <claimer> OP_CHECKSIG`. The lock is not in the script: it is in the offerer's
/// signature, which the claimer can finish only with the point's secret.
pub(super) fn point_success(offerer: &XOnlyPublicKey, claimer: &XOnlyPublicKey) -> ScriptBuf {
    ScriptBuf::builder()
        .push_x_only_key(offerer)
        .push_opcode(OP_CHECKSIGVERIFY)
        .push_x_only_key(claimer)
        .push_opcode(OP_CHECKSIG)
        .into_script()
}

/// `OP_SIZE 32 OP_EQUALVERIFY OP_SHA256 <hash> OP_EQUALVERIFY <claimer> OP_CHECKSIG`. The size is checked since a
/// longer preimage might fit this chain and not the one, or the message, on which the next hop needs it.
pub(super) fn hash_success(hash: &PaymentHash, claimer: &XOnlyPublicKey) -> ScriptBuf {
    ScriptBuf::builder()
        .push_opcode(OP_SIZE)
        .push_int(32)
        .push_opcode(OP_EQUALVERIFY)
        .push_opcode(OP_SHA256)
        .push_slice(hash.0)
        .push_opcode(OP_EQUALVERIFY)
        .push_x_only_key(claimer)
        .push_opcode(OP_CHECKSIG)
        .into_script()
}

/// `<offerer> OP_CHECKSIGVERIFY <expiry> OP_CHECKLOCKTIMEVERIFY`, which leaves the expiry, and so true, on the
/// stack.
pub(super) fn timeout(offerer: &XOnlyPublicKey, expiry: absolute::Height) -> ScriptBuf {
    ScriptBuf::builder()
        .push_x_only_key(offerer)
        .push_opcode(OP_CHECKSIGVERIFY)
        .push_lock_time(absolute::LockTime::Blocks(expiry))
        .push_opcode(OP_CLTV)
        .into_script()
}
