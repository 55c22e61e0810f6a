//! The seed corpus, in code: what the fuzzer starts from.
//!
//! The name of a seed says what becomes of it: `valid-…` is taken, `refused-…` is not. `cargo run --example seeds`
//! writes the files under `corpus/`; the tests see to it that the two agree.

mod invoices;
mod machines;
mod onions;
mod paths;
mod signatures;

use crate::record;

/// One file of the corpus.
#[derive(Debug)]
pub struct Seed {
    /// The target's name, and the folder's.
    pub target: &'static str,
    /// The file's name.
    pub name: &'static str,
    /// What the file holds.
    pub bytes: Vec<u8>,
}

/// Of one target: name and contents.
type Files = Vec<(&'static str, Vec<u8>)>;

const CREATED_AT: u64 = 1_750_000_000;

/// All seeds.
pub fn seeds() -> Vec<Seed> {
    let groups: [(&'static str, Files); 41] = [
        ("async_messages", onions::async_messages()),
        ("backends", signatures::sums()),
        ("batch", signatures::batches()),
        ("blinded_path", paths::blinded_paths()),
        ("bolt12_text", invoices::bolt12_texts()),
        ("channel_signatures", machines::channel_signatures()),
        ("claims_file", machines::claims_files()),
        ("conformance", machines::lines()),
        ("contract_extract", machines::transactions()),
        ("contract_ladder", machines::ladders()),
        ("dleq_life", signatures::dleq_lives()),
        ("dleq_proof", signatures::dleq_proofs()),
        ("ecdsa_life", signatures::ecdsa_lives()),
        ("ecdsa_presignature", signatures::ecdsa_presignatures()),
        ("hold_ledger", machines::holds()),
        ("inner_payload", onions::inner_payloads()),
        ("invoice", invoices::invoices().into()),
        ("invoice_text", invoices::invoice_texts()),
        ("journal_file", machines::journal_files()),
        ("messages", onions::messages()),
        ("musig2_life", signatures::musig2_lives()),
        ("nonces", signatures::nonces()),
        ("offer", invoices::offers().into()),
        ("offer_text", invoices::offer_texts()),
        ("onion_failure", onions::failures()),
        ("onion_message", paths::onion_messages()),
        ("onion_packet", onions::packets()),
        ("pasted", invoices::pasted()),
        ("payload", onions::payloads()),
        ("payer_proof", invoices::payer_proofs()),
        ("payment_proof", invoices::payment_proofs()),
        ("point", signatures::points()),
        ("presignature", signatures::presignatures()),
        ("recipient_data", paths::recipient_datas()),
        ("record_event", record::events()),
        ("record_kept", record::kept()),
        ("record_state", record::states()),
        ("roles", machines::schedules()),
        ("scenario", machines::scenarios()),
        ("schnorr_life", signatures::schnorr_lives()),
        ("tlv_stream", paths::tlv_streams()),
    ];
    let seed = |(target, (name, bytes))| Seed { target, name, bytes };
    groups
        .into_iter()
        .flat_map(|(target, seeds)| seeds.into_iter().map(move |seed| (target, seed)))
        .map(seed)
        .collect()
}
