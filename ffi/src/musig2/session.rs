#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use pointlock::adaptor::musig2::{AdaptorSession, Musig2Error, PartialSignature, Session};

use super::nonce::read_public_nonces;
use crate::border::{Handle, enter, free};
use crate::error::Error;
use crate::refusal::Refusal;
use crate::types::{
    BytesIn, BytesOut, FaultOut, KeyAggIn, KeypairIn, NonceIn, PointIn, PointOut, SessionIn,
    SessionNew, SessionOwned,
};

/// The length of a partial signature.
pub const PARTIAL_SIGNATURE_LENGTH: usize = 32;

/// A session of either kind.
pub enum AnySession {
    /// It ends in a signature.
    Plain(Session),
    /// It ends in a pre-signature.
    Locked(AdaptorSession),
}

impl Handle for AnySession {
    const TAG: u64 = u64::from_be_bytes(*b"session ");
}

impl AnySession {
    fn locked(&self) -> Result<&AdaptorSession, Refusal> {
        match self {
            Self::Locked(session) => Ok(session),
            Self::Plain(_) => Err(Refusal::new(Error::WrongSession).at(c"session")),
        }
    }

    fn plain(&self) -> Result<&Session, Refusal> {
        match self {
            Self::Plain(session) => Ok(session),
            Self::Locked(_) => Err(Refusal::new(Error::WrongSession).at(c"session")),
        }
    }
}

/// Partial signatures, one after the other; the name is that of the argument.
fn read_partials(
    name: &'static std::ffi::CStr,
    encoded: &[[u8; PARTIAL_SIGNATURE_LENGTH]],
) -> Result<Vec<PartialSignature>, Refusal> {
    let partials = encoded.iter().enumerate().map(|(index, bytes)| {
        PartialSignature::from_bytes(bytes)
            .map_err(|error| Refusal::from(error).at(name).with_index(index))
    });
    partials.collect()
}

/// Who is to blame for what a session refuses.
fn blame(error: Musig2Error, partials: &'static std::ffi::CStr) -> Refusal {
    let refusal = Refusal::from(error);
    match error {
        Musig2Error::PublicNonceCount { .. } => refusal.at(c"public_nonces"),
        Musig2Error::PartialSignatureCount { .. } | Musig2Error::InvalidPartialSignature { .. } => {
            refusal.at(partials)
        }
        Musig2Error::NotASigner | Musig2Error::ForeignNonce => refusal.at(c"keypair"),
        Musig2Error::NonceNotInSession => refusal.at(c"secret_nonce"),
        Musig2Error::NoSuchSigner { signer, .. } => refusal.at(c"signer").with_index(signer),
        _ => refusal.without_argument(),
    }
}

/// A session that ends in a BIP-340 signature. public_nonces are those of all signers, in the order of their keys, one after the other.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_session_new(
    session: SessionNew,
    key_agg: KeyAggIn,
    public_nonces: BytesIn,
    public_nonces_length: usize,
    message: BytesIn,
    message_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"session", session)?;
        let keys = call.get(c"key_agg", key_agg)?;
        let encoded = call.arrays(c"public_nonces", public_nonces, public_nonces_length)?;
        let nonces = read_public_nonces(encoded)?;
        let message = call.array(c"message", message, message_length)?;
        let session = Session::new(keys, &nonces, message);
        let session = session.map_err(|error| blame(error, c"public_nonces"))?;
        slot.give(AnySession::Plain(session));
        Ok(())
    })
}

/// A session that ends in a pre-signature under lock_point.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_session_new_locked(
    session: SessionNew,
    key_agg: KeyAggIn,
    public_nonces: BytesIn,
    public_nonces_length: usize,
    message: BytesIn,
    message_length: usize,
    lock_point: PointIn,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"session", session)?;
        let keys = call.get(c"key_agg", key_agg)?;
        let encoded = call.arrays(c"public_nonces", public_nonces, public_nonces_length)?;
        let nonces = read_public_nonces(encoded)?;
        let message = call.array(c"message", message, message_length)?;
        let lock_point = call.point(c"lock_point", lock_point)?;
        let session = AdaptorSession::with_lock_point(keys, &nonces, message, &lock_point);
        let session = session.map_err(|error| blame(error, c"public_nonces"))?;
        slot.give(AnySession::Locked(session));
        Ok(())
    })
}

/// Frees a session. Null is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_session_free(session: SessionOwned) {
    free(session);
}

/// The final nonce, R' in a session with a lock point: its x coordinate is the first half of the signature.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_session_final_nonce(
    session: SessionIn,
    final_nonce: PointOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"final_nonce", final_nonce)?;
        let point = match call.get(c"session", session)? {
            AnySession::Plain(session) => session.final_nonce(),
            AnySession::Locked(session) => session.final_nonce(),
        };
        slot.write(point.into());
        Ok(())
    })
}

/// One's own partial signature, POINTLOCK_PARTIAL_SIGNATURE_LENGTH bytes. It spends the nonce, also when it fails. In a session with a lock
/// point only a signer that needs not extract may give this before it has the others': see pointlock_musig2_sign_partial_last.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_sign_partial(
    session: SessionIn,
    secret_nonce: NonceIn,
    keypair: KeypairIn,
    partial_signature: BytesOut,
    partial_signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot =
            call.out_array(c"partial_signature", partial_signature, partial_signature_length)?;
        let session = call.get(c"session", session)?;
        let nonce = call.get(c"secret_nonce", secret_nonce)?;
        let keypair = call.get(c"keypair", keypair)?;
        let nonce = nonce.take()?;
        let partial = match session {
            AnySession::Plain(session) => session.sign_partial(nonce, keypair),
            AnySession::Locked(session) => session.sign_partial(nonce, keypair),
        };
        slot.write(partial.map_err(|error| blame(error, c"secret_nonce"))?.to_bytes());
        Ok(())
    })
}

/// One's own partial signature once those of all others are there, in the order of their keys and one after the other, and the
/// pre-signature of POINTLOCK_SCHNORR_PRE_SIGNATURE_LENGTH bytes, which is complete with it. A signer that wants to extract the lock
/// secret signs with this: keep the pre-signature, durably, before you send the partial signature. It spends the nonce, also when it fails.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_sign_partial_last(
    session: SessionIn,
    secret_nonce: NonceIn,
    keypair: KeypairIn,
    others: BytesIn,
    others_length: usize,
    partial_signature: BytesOut,
    partial_signature_length: usize,
    pre_signature: BytesOut,
    pre_signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let partial_slot =
            call.out_array(c"partial_signature", partial_signature, partial_signature_length)?;
        let slot = call.out_array(c"pre_signature", pre_signature, pre_signature_length)?;
        let session = call.get(c"session", session)?.locked()?;
        let nonce = call.get(c"secret_nonce", secret_nonce)?;
        let keypair = call.get(c"keypair", keypair)?;
        let others = call.arrays(c"others", others, others_length)?;
        // A wrong length is found before the nonce is spent.
        let (expected, actual) = (session.keys().keys().len() - 1, others.len());
        if actual != expected {
            let error = Musig2Error::PartialSignatureCount { expected, actual };
            return Err(blame(error, c"others"));
        }
        let others = read_partials(c"others", others)?;
        let (partial, pre_signature) = session
            .sign_partial_last(nonce.take()?, keypair, &others)
            .map_err(|error| blame(error, c"others"))?;
        partial_slot.write(partial.to_bytes());
        slot.write(pre_signature.to_bytes());
        Ok(())
    })
}

/// Whether this is the partial signature of the signer, an index into the keys, in this session. Whatever the bytes are, they are right or
/// wrong.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_verify_partial(
    session: SessionIn,
    signer: usize,
    partial_signature: BytesIn,
    partial_signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let session = call.get(c"session", session)?;
        let encoded =
            call.array(c"partial_signature", partial_signature, partial_signature_length)?;
        let verdict = PartialSignature::from_bytes(encoded).and_then(|partial| match session {
            AnySession::Plain(session) => session.verify_partial(signer, &partial),
            AnySession::Locked(session) => session.verify_partial(signer, &partial),
        });
        verdict.map_err(|error| match error {
            Musig2Error::PartialSignatureOutOfRange => {
                Refusal::from(error).at(c"partial_signature")
            }
            _ => blame(error, c"partial_signature"),
        })
    })
}

/// The pre-signature of a session with a lock point, POINTLOCK_SCHNORR_PRE_SIGNATURE_LENGTH bytes, from the partial signatures of all signers,
/// in the order of their keys and one after the other. Each is verified: index of the fault is the signer that is to blame.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_aggregate_locked(
    session: SessionIn,
    partial_signatures: BytesIn,
    partial_signatures_length: usize,
    pre_signature: BytesOut,
    pre_signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"pre_signature", pre_signature, pre_signature_length)?;
        let session = call.get(c"session", session)?.locked()?;
        let encoded =
            call.arrays(c"partial_signatures", partial_signatures, partial_signatures_length)?;
        let partials = read_partials(c"partial_signatures", encoded)?;
        let pre_signature = session.aggregate(&partials);
        let pre_signature = pre_signature.map_err(|error| blame(error, c"partial_signatures"))?;
        slot.write(pre_signature.to_bytes());
        Ok(())
    })
}

/// The signature of a session without a lock point, POINTLOCK_SIGNATURE_LENGTH bytes, in the same way.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_aggregate(
    session: SessionIn,
    partial_signatures: BytesIn,
    partial_signatures_length: usize,
    signature: BytesOut,
    signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"signature", signature, signature_length)?;
        let session = call.get(c"session", session)?.plain()?;
        let encoded =
            call.arrays(c"partial_signatures", partial_signatures, partial_signatures_length)?;
        let partials = read_partials(c"partial_signatures", encoded)?;
        let signature = session.aggregate(&partials);
        let signature = signature.map_err(|error| blame(error, c"partial_signatures"))?;
        slot.write(signature.serialize());
        Ok(())
    })
}
