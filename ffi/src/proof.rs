//! Proofs of payment.
#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::{NoteHash, PaymentTerms, PointSecret};
use pointlock::invoice::proof::{
    Challenge, PaymentProof, ProofError, ProofMessage, ProofRequest, Verifier,
};

use crate::border::{Call, Handle, enter, free};
use crate::error::Error;
use crate::refusal::Refusal;
use crate::types::{
    AmountOut, BytesIn, BytesOut, FaultOut, InvoiceIn, PayerKeyIn, PointIn, PointOut, ProofIn,
    ProofNew, ProofOwned, SecretIn, SizeOut,
};

/// The length of a verifier's name, hashed, and of its challenge.
pub const CHALLENGE_LENGTH: usize = 32;
/// The length of what a proof shows, without what it is about.
pub const POINT_PROOF_LENGTH: usize = 161;

impl Handle for PaymentProof {
    const TAG: u64 = u64::from_be_bytes(*b"proof   ");
}

impl<'c> Call<'c> {
    fn request(
        &mut self,
        (verifier, verifier_length): (BytesIn, usize),
        (challenge, challenge_length): (BytesIn, usize),
    ) -> Result<ProofRequest, Refusal> {
        let verifier = *self.array(c"verifier", verifier, verifier_length)?;
        let challenge = *self.array(c"challenge", challenge, challenge_length)?;
        Ok(ProofRequest {
            verifier: Verifier::from_bytes(verifier),
            challenge: Challenge::new(challenge),
        })
    }
}

/// The message of a proof, POINTLOCK_MESSAGE_LENGTH bytes, and the base that is hashed from it, a point of which nobody knows the logarithm.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_proof_base(
    payer_key: PointIn,
    invoice_id: BytesIn,
    invoice_id_length: usize,
    amount_msat: u64,
    note_hash: BytesIn,
    note_hash_length: usize,
    verifier: BytesIn,
    verifier_length: usize,
    challenge: BytesIn,
    challenge_length: usize,
    message: BytesOut,
    message_length: usize,
    base: PointOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let message = call.out_array(c"message", message, message_length)?;
        let base = call.out(c"base", base)?;
        let payer = call.payer(payer_key)?;
        let invoice_id = call.array(c"invoice_id", invoice_id, invoice_id_length)?;
        let note_hash = call.array(c"note_hash", note_hash, note_hash_length)?;
        let request = call.request((verifier, verifier_length), (challenge, challenge_length))?;
        let invoice_id = InvoiceId::from_bytes(*invoice_id);
        let terms =
            PaymentTerms { payer, invoice_id, amount_msat, note_hash: NoteHash(*note_hash) };
        let own = ProofMessage::new(&terms, &request);
        message.write(own.to_bytes());
        base.write(own.base().into());
        Ok(())
    })
}

/// Makes a proof that the holder of payer_key was charged amount_msat on this invoice, for one verifier and one challenge of its own.
/// point_secret is what the payment ended with. aux_rand is POINTLOCK_RANDOM_LENGTH bytes of fresh entropy, or zeros.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_proof_new(
    proof: ProofNew,
    invoice: InvoiceIn,
    payer_key: PayerKeyIn,
    point_secret: SecretIn,
    amount_msat: u64,
    note_hash: BytesIn,
    note_hash_length: usize,
    verifier: BytesIn,
    verifier_length: usize,
    challenge: BytesIn,
    challenge_length: usize,
    aux_rand: BytesIn,
    aux_rand_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"proof", proof)?;
        let invoice = call.get(c"invoice", invoice)?;
        let key = call.get(c"payer_key", payer_key)?;
        let secret = PointSecret::new(call.get(c"point_secret", point_secret)?.clone());
        let note_hash = NoteHash(*call.array(c"note_hash", note_hash, note_hash_length)?);
        let request = call.request((verifier, verifier_length), (challenge, challenge_length))?;
        let aux_rand = call.array(c"aux_rand", aux_rand, aux_rand_length)?;
        let (payer, invoice_id) = (key.public_key(), invoice.invoice_id());
        let terms = PaymentTerms { payer, invoice_id, amount_msat, note_hash };
        let proof = PaymentProof::create(invoice, &terms, key, &secret, &request, aux_rand);
        slot.give(proof.map_err(|error| {
            let argument = match error {
                ProofError::NoPolynomial => Some(c"invoice"),
                ProofError::NotThePointSecret => Some(c"point_secret"),
                _ => None,
            };
            let refusal = Refusal::from(error);
            match argument {
                Some(argument) => refusal.at(argument),
                None => refusal,
            }
        })?);
        Ok(())
    })
}

/// Reads a proof from its TLV stream, and verifies the signature of the invoice in it. Nothing is proven before pointlock_proof_verify.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_proof_parse(
    proof: ProofNew,
    stream: BytesIn,
    stream_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"proof", proof)?;
        let stream = call.list(c"stream", stream, stream_length)?;
        let proof = PaymentProof::from_bytes(stream);
        slot.give(proof.map_err(|error| Refusal::from(error).at(c"stream"))?);
        Ok(())
    })
}

/// Frees a proof. Null is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_proof_free(proof: ProofOwned) {
    free(proof);
}

/// How many bytes the TLV stream of a proof has.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_proof_length(
    proof: ProofIn,
    length: SizeOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"length", length)?;
        slot.write(call.get(c"proof", proof)?.to_bytes().len());
        Ok(())
    })
}

/// The TLV stream of a proof, exactly as many bytes as pointlock_proof_length says.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_proof_serialize(
    proof: ProofIn,
    stream: BytesOut,
    stream_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_list(c"stream", stream, stream_length)?;
        let bytes = call.get(c"proof", proof)?.to_bytes();
        if bytes.len() != stream_length {
            return Err(Refusal::new(Error::Length).at(c"stream"));
        }
        slot.write(&bytes);
        Ok(())
    })
}

/// What a proof shows, without what it is about: POINTLOCK_POINT_PROOF_LENGTH bytes.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_proof_point_proof(
    proof: ProofIn,
    point_proof: BytesOut,
    point_proof_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"point_proof", point_proof, point_proof_length)?;
        slot.write(call.get(c"proof", proof)?.point_proof().to_bytes());
        Ok(())
    })
}

/// Verifies a proof. issuer is the receiver's key, known from elsewhere and never from the proof; verifier and challenge are what this
/// verifier has asked for. When it succeeds, amount_msat is the amount that was charged, and note_hash (POINTLOCK_NOTE_HASH_LENGTH bytes) what
/// the note hashes to.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_proof_verify(
    proof: ProofIn,
    issuer: PointIn,
    verifier: BytesIn,
    verifier_length: usize,
    challenge: BytesIn,
    challenge_length: usize,
    amount_msat: AmountOut,
    note_hash: BytesOut,
    note_hash_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let amount = call.out(c"amount_msat", amount_msat)?;
        let note_hash = call.out_array(c"note_hash", note_hash, note_hash_length)?;
        let proof = call.get(c"proof", proof)?;
        let issuer = call.point(c"issuer", issuer)?;
        let request = call.request((verifier, verifier_length), (challenge, challenge_length))?;
        let proven = proof.verify(&issuer, &request).map_err(|error| {
            let argument = match error {
                ProofError::OtherVerifier => c"verifier",
                ProofError::OtherChallenge => c"challenge",
                ProofError::Invoice(_) => c"issuer",
                _ => c"proof",
            };
            Refusal::from(error).at(argument)
        })?;
        amount.write(proven.terms.amount_msat);
        note_hash.write(proven.terms.note_hash.0);
        Ok(())
    })
}
