//! The operations: their names, what they take and what they give.

use serde_json::Value;

use super::fields::{Fields, Refusal};
use super::{
    channel, dleq, ecdsa, failure, invoice, ktime, lock, musig2, musig2_steps, proof, schnorr, wire,
};

pub(super) struct Operation {
    pub(super) name: &'static str,
    /// The members of a request; `?` stands behind those that may be null or missing.
    pub(super) takes: &'static str,
    /// Those of the answer, or [`BY_NAME`].
    pub(super) gives: &'static str,
    /// Turns the ones into the others.
    pub(super) run: fn(&Fields<'_>) -> Result<Value, Refusal>,
}

/// Whatever fields there are.
pub(super) const BY_NAME: &str = "*";

impl Operation {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| operation.name == name)
    }
}

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "schnorr.pre_sign",
        takes: "secret_key message adaptor_point aux_rand",
        gives: "public_key presignature",
        run: schnorr::pre_sign,
    },
    Operation {
        name: "schnorr.verify",
        takes: "public_key message adaptor_point presignature",
        gives: "valid",
        run: schnorr::verify,
    },
    Operation {
        name: "schnorr.verify_batch",
        takes: "items",
        gives: "valid invalid",
        run: schnorr::verify_batch,
    },
    Operation {
        name: "schnorr.batch_coefficients",
        takes: "items",
        gives: "coefficients",
        run: schnorr::batch_coefficients,
    },
    Operation {
        name: "schnorr.adapt",
        takes: "presignature adaptor_secret",
        gives: "signature",
        run: schnorr::adapt,
    },
    Operation {
        name: "schnorr.extract",
        takes: "public_key message adaptor_point presignature signature",
        gives: "adaptor_secret",
        run: schnorr::extract,
    },
    Operation {
        name: "ecdsa.pre_sign",
        takes: "secret_key message adaptor_point aux_rand",
        gives: "public_key presignature",
        run: ecdsa::pre_sign,
    },
    Operation {
        name: "ecdsa.verify",
        takes: "public_key message adaptor_point presignature",
        gives: "valid",
        run: ecdsa::verify,
    },
    Operation {
        name: "ecdsa.adapt",
        takes: "presignature adaptor_secret",
        gives: "signature",
        run: ecdsa::adapt,
    },
    Operation {
        name: "ecdsa.extract",
        takes: "public_key message adaptor_point presignature signature",
        gives: "adaptor_secret",
        run: ecdsa::extract,
    },
    Operation {
        name: "musig2.session",
        takes: "secret_keys session_rands message adaptor_point adaptor_secret",
        gives: "public_keys aggregate_key public_nonces aggregate_nonce partial_signatures presignature signature",
        run: musig2::session,
    },
    Operation {
        name: "musig2.tweaked_session",
        takes: "secret_keys session_rands message adaptor_point adaptor_secret tweaks?",
        gives: "public_keys aggregate_key public_nonces aggregate_nonce partial_signatures presignature signature",
        run: musig2::tweaked_session,
    },
    Operation {
        name: "musig2.plain_session",
        takes: "secret_keys session_rands message tweaks?",
        gives: "public_keys aggregate_key public_nonces aggregate_nonce partial_signatures signature",
        run: musig2::plain_session,
    },
    Operation {
        name: "musig2.key_agg",
        takes: "public_keys tweaks?",
        gives: "aggregate_key",
        run: musig2_steps::key_agg,
    },
    Operation {
        name: "musig2.nonce_agg",
        takes: "public_nonces",
        gives: "aggregate_nonce",
        run: musig2_steps::nonce_agg,
    },
    Operation {
        name: "musig2.nonce_process",
        takes: "public_keys public_nonces message adaptor_point? tweaks?",
        gives: "aggregate_key aggregate_nonce locked_first_nonce nonce_coefficient final_nonce challenge",
        run: musig2_steps::nonce_process,
    },
    Operation {
        name: "musig2.partial_verify",
        takes: "public_keys public_nonces message signer partial_signature adaptor_point? tweaks?",
        gives: "valid",
        run: musig2_steps::partial_verify,
    },
    Operation {
        name: "musig2.partial_agg",
        takes: "public_keys public_nonces message adaptor_point partial_signatures tweaks?",
        gives: "presignature",
        run: musig2_steps::partial_agg,
    },
    Operation {
        name: "lock.setup",
        takes: "payment_point blinds",
        gives: "locks final_blind",
        run: lock::setup,
    },
    Operation {
        name: "lock.claim",
        takes: "lock_secret blind",
        gives: "lock_secret",
        run: lock::claim,
    },
    Operation {
        name: "lock.route",
        takes: "payment_secret blinds path_blinds? tail_blinds?",
        gives: "payment_point locks final_blind path_blind tail_blind lock_secrets",
        run: lock::route,
    },
    Operation {
        name: "lock.parts",
        takes: "payment_secret part_secrets parts",
        gives: "payment_point part_sum parts",
        run: lock::parts,
    },
    Operation {
        name: "proof.base",
        takes: "invoice_id amount_msat note_hash payer_key verifier challenge",
        gives: "message base",
        run: proof::base,
    },
    Operation {
        name: "proof.create",
        takes: "invoice payer_secret_key preimage included_types? note? writes_empty_omitted? aux_rand",
        gives: "proof",
        run: proof::create,
    },
    Operation {
        name: "proof.create_under_points",
        takes: "invoice payer_secret_key point_secret amount_msat note_hash verifier challenge included_types? proof_note? aux_rand",
        gives: "proof",
        run: ktime::create_proof,
    },
    Operation {
        name: "proof.verify",
        takes: "proof issuer note?",
        gives: "valid",
        run: proof::verify,
    },
    Operation {
        name: "dleq.prove",
        takes: "secret base message aux_rand",
        gives: "point value proof",
        run: dleq::prove,
    },
    Operation {
        name: "dleq.verify",
        takes: "point base value message proof",
        gives: "valid",
        run: dleq::verify,
    },
    Operation {
        name: "dleq.prove_with_generator",
        takes: "secret generator base message aux_rand",
        gives: "point value proof",
        run: dleq::prove_with_generator,
    },
    Operation {
        name: "dleq.verify_with_generator",
        takes: "point generator base value message proof",
        gives: "valid",
        run: dleq::verify_with_generator,
    },
    Operation {
        name: "invoice.point",
        takes: "points payer_key invoice_id amount_msat note_hash",
        gives: "payment_point",
        run: invoice::point,
    },
    Operation { name: "invoice.decode", takes: "invoice", gives: BY_NAME, run: invoice::decode },
    Operation {
        name: "ktime.payment",
        takes: "coefficients payer_secret_key note invoice_id amount_msat final_blind aux_rand",
        gives: "points payer_key note_hash payment_point last_lock payer_signature point_secret lock_secret",
        run: ktime::payment,
    },
    Operation {
        name: "ktime.verify_payment",
        takes: "payer_key x last_lock signature",
        gives: "valid",
        run: ktime::verify_payment,
    },
    Operation {
        name: "ktime.prove",
        takes: "invoice payer_secret_key point_secret amount_msat note_hash verifier challenge aux_rand",
        gives: "proof stream",
        run: ktime::prove,
    },
    Operation {
        name: "ktime.verify_proof",
        takes: "issuer verifier challenge stream",
        gives: "valid",
        run: ktime::verify_proof,
    },
    Operation {
        name: "ktime.receiver_seed",
        takes: "seed era index path k",
        gives: "node_key coefficients point_secret payment_path_id payment_path_key message_path_id message_path_key",
        run: ktime::receiver_seed,
    },
    Operation {
        name: "channel.secret",
        takes: "seed number",
        gives: "commitment_secret commitment_point",
        run: channel::secret,
    },
    Operation {
        name: "channel.commitment",
        takes: "channel state",
        gives: "transaction txid sighash",
        run: channel::commitment,
    },
    Operation {
        name: "channel.sign",
        takes: "channel state secrets session_rand",
        gives: "claim_presignatures partial_signature nonce signatures presignatures transaction",
        run: channel::sign,
    },
    Operation {
        name: "channel.spend",
        takes: "channel state secrets session_rand by way offerer edge_number secret? payout fee_sat",
        gives: "transaction extracted",
        run: channel::spend,
    },
    Operation {
        name: "channel.close",
        takes: "channel secrets closer fee_sat lock_time opener_msat accepter_msat opener_script? accepter_script? session_rands",
        gives: "transaction",
        run: channel::close,
    },
    Operation {
        name: "failure.make",
        takes: "shared_secrets message hold_times",
        gives: "packet attribution_data",
        run: failure::make,
    },
    Operation {
        name: "failure.read",
        takes: "shared_secrets packet attribution_data?",
        gives: "hop code data hold_times broken_at",
        run: failure::read,
    },
    Operation {
        name: "wire.hop_blind",
        takes: "shared_secret",
        gives: "blind",
        run: wire::hop_blind,
    },
    Operation {
        name: "wire.path_blind",
        takes: "node_secret path_key",
        gives: "path_blind",
        run: wire::path_blind,
    },
    Operation {
        name: "wire.release_hash",
        takes: "release_secret",
        gives: "release_hash",
        run: wire::release_hash,
    },
    Operation {
        name: "wire.payment_secret",
        takes: "invoice_id",
        gives: "payment_secret",
        run: wire::payment_secret,
    },
    Operation {
        name: "wire.forward",
        takes: "lock node_secret path_key? payload",
        gives: BY_NAME,
        run: wire::forward,
    },
    Operation {
        name: "wire.final",
        takes: "lock node_secret path_key? payload",
        gives: BY_NAME,
        run: wire::final_payload,
    },
    Operation {
        name: "wire.inner",
        takes: "payload in_path lock",
        gives: BY_NAME,
        run: wire::inner,
    },
    Operation {
        name: "wire.delegate",
        takes: "payload lock",
        gives: BY_NAME,
        run: wire::trampoline,
    },
    Operation {
        name: "wire.delegated",
        takes: "lock node_secret path_key? payload",
        gives: BY_NAME,
        run: wire::trampoline_final,
    },
    Operation {
        name: "wire.held_ptlc_available",
        takes: "value",
        gives: "holds latest_release_height x",
        run: wire::held_ptlc_available,
    },
    Operation {
        name: "wire.handover",
        takes: "value",
        gives: "hold_id message_path sealed_announcement",
        run: wire::handover,
    },
    Operation {
        name: "wire.release_held_ptlc",
        takes: "value",
        gives: "holds",
        run: wire::release_held_ptlc,
    },
    Operation {
        name: "wire.peel",
        takes: "packet secret_key associated_data",
        gives: "payload next_packet",
        run: wire::peel,
    },
    Operation {
        name: "wire.route",
        takes: "session_key hops path payment_hash? release_secret? point_secret first_blind part_sum?",
        gives: "packet locks lock_secrets",
        run: wire::route,
    },
    Operation {
        name: "wire.delegated_route",
        takes: "session_key hops path tail release_secret? point_secret first_blind inner_session_key? recipient_session_key?",
        gives: "packet locks tail_packet tail_locks lock_secret",
        run: wire::trampoline_route,
    },
    Operation {
        name: "wire.message",
        takes: "session_key path contents",
        gives: "message",
        run: wire::message,
    },
];
