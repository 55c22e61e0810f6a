//! What the fuzz targets do, apart from the fuzzer.
//!
//! A body takes the fuzzer's bytes and panics when pointlock breaks a promise; that pointlock itself panics at no input is
//! one of them. It returns whether the input was taken: a valid encoding, or a life that ran to its end. libFuzzer does not
//! care for that; the test of the seed corpus does, since a corpus that is refused at the first byte tests nothing.
//!
//! | target | promise |
//! | --- | --- |
//! | [`schnorr_life`], [`ecdsa_life`] | pre-sign, verify, adapt, plain verification, extract; one flipped bit anywhere is refused |
//! | [`batch`] | batches and eight lanes say what single verification says, on every backend |
//! | [`backends`] | sums of many terms agree with libsecp256k1, on every backend |
//! | [`musig2_life`] | the same for one to four signers, with tweaks; a flipped partial signature names its signer |
//! | [`presignature`], [`ecdsa_presignature`], [`point`] | parse → write → equal; no verb panics |
//! | [`dleq_life`] | prove, verify; one flipped bit anywhere is refused |
//! | [`dleq_proof`] | parse → write → equal; what verifies, verifies for one statement and one message |
//! | [`payer_proof`] | parse → write → equal, for the text too, behind both signatures; whatever is read can be verified |
//! | [`payment_proof`] | parse → write → equal, behind the invoice's signature too; what verifies has the value z(x)·H |
//! | [`tlv_stream`], [`blinded_path`], [`bolt12_text`] | parse → write → equal |
//! | [`invoice`], [`invoice_text`] | parse → write → equal, for each typed field too; behind the signature, too |
//! | [`pasted`] | links, pieces and what is pasted in their place: read as the plain text is, or named |
//! | [`offer`], [`offer_text`] | parse → write → equal, for each typed field too; an invoice for it repeats it |
//! | [`onion_packet`] | parse → write → equal; build → peel → equal; peeling any plaintext never panics |
//! | [`recipient_data`] | parse → write → equal; sealed into a path, a hop reads it or refuses it |
//! | [`onion_message`] | parse → write → equal; what is built is passed on and received |
//! | [`onion_failure`] | a failure is read as it was made, and blamed on its maker only |
//! | [`payload`], [`messages`], [`async_messages`] | parse → write → equal, but for unknown odd records |
//! | [`record_event`], [`record_kept`], [`record_state`] | parse → write → equal, but for unknown odd fields; a record is of one kind, a state of one owner |
//! | [`journal_file`] | parse → write → equal; cut off, it has the frames before, whole; damage is seen |
//! | [`claims_file`] | parse → write → equal, of each version that is read; what is read makes a store |
//! | [`inner_payload`], [`nonces`] | the same for the payload within a payload, and for MuSig2's nonces and their sums |
//! | [`hold_ledger`] | each hold is forwarded or failed, to whoever knows h, at its cutoff at the latest; caps hold; a restart wants the same |
//! | [`roles`] | nodes that pay each other: no honest one loses money, whatever is reordered, lost or late; replay gives the same state |
//! | [`conformance`], [`scenario`] | each line has one answer, the same alone; a file's fault is on a line of it |
//! | [`channel_signatures`] | parse → write → equal; only the right ones make a commitment that can be signed or published; no transaction gives a wrong secret |
//! | [`contract_ladder`] | parse → write → equal; only the right ladder is taken on |
//! | [`contract_extract`] | no transaction panics or gives a wrong secret; a claim gives the secret, whatever is added |

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod blinded;
mod channel;
mod command;
mod contract;
mod curve;
mod dleq;
mod ecdsa;
mod hold;
mod input;
mod invoice;
mod musig2;
mod onion;
mod payer_proof;
mod payment;
mod proof;
mod record;
mod roles;
mod schnorr;
pub mod seeds;
mod store;
mod wire;

pub use blinded::{onion_message, recipient_data};
pub use channel::channel_signatures;
pub use command::{conformance, scenario};
pub use contract::{contract_extract, contract_ladder};
pub use curve::point;
pub use dleq::{dleq_life, dleq_proof};
pub use ecdsa::{ecdsa_life, ecdsa_presignature};
pub use hold::hold_ledger;
pub use invoice::{bolt12_text, invoice, invoice_text, offer, offer_text, pasted};
pub use musig2::{musig2_life, nonces};
pub use onion::{onion_failure, onion_packet};
pub use payer_proof::payer_proof;
pub use payment::{async_messages, inner_payload, messages, payload};
pub use proof::payment_proof;
pub use record::{record_event, record_kept, record_state};
pub use roles::roles;
pub use schnorr::{backends, batch, presignature, schnorr_life};
pub use store::{claims_file, journal_file};
pub use wire::{blinded_path, tlv_stream};

/// A body: panics when a promise is broken, returns whether the input was taken.
pub type Body = fn(&[u8]) -> bool;

/// Every target with its body.
pub const TARGETS: [(&str, Body); 41] = [
    ("async_messages", async_messages),
    ("backends", backends),
    ("batch", batch),
    ("blinded_path", blinded_path),
    ("bolt12_text", bolt12_text),
    ("channel_signatures", channel_signatures),
    ("claims_file", claims_file),
    ("conformance", conformance),
    ("contract_extract", contract_extract),
    ("contract_ladder", contract_ladder),
    ("dleq_life", dleq_life),
    ("dleq_proof", dleq_proof),
    ("ecdsa_life", ecdsa_life),
    ("ecdsa_presignature", ecdsa_presignature),
    ("hold_ledger", hold_ledger),
    ("inner_payload", inner_payload),
    ("invoice", invoice),
    ("invoice_text", invoice_text),
    ("journal_file", journal_file),
    ("messages", messages),
    ("musig2_life", musig2_life),
    ("nonces", nonces),
    ("offer", offer),
    ("offer_text", offer_text),
    ("onion_failure", onion_failure),
    ("onion_message", onion_message),
    ("onion_packet", onion_packet),
    ("pasted", pasted),
    ("payload", payload),
    ("payer_proof", payer_proof),
    ("payment_proof", payment_proof),
    ("point", point),
    ("presignature", presignature),
    ("recipient_data", recipient_data),
    ("record_event", record_event),
    ("record_kept", record_kept),
    ("record_state", record_state),
    ("roles", roles),
    ("scenario", scenario),
    ("schnorr_life", schnorr_life),
    ("tlv_stream", tlv_stream),
];

#[cfg(test)]
mod tests;
