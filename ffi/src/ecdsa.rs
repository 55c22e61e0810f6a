//! ECDSA adaptor signatures (the DLC specification), by the C code of libsecp256k1-zkp.
#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use pointlock::adaptor::AdaptorError;
use pointlock::adaptor::ecdsa::{self, PreSignature};
use secp256k1::ecdsa::Signature;

use crate::border::enter;
use crate::error::Error;
use crate::refusal::Refusal;
use crate::schnorr::SIGNATURE_LENGTH;
use crate::types::{BytesIn, BytesOut, FaultOut, KeypairIn, PointIn, SecretIn, SecretNew};

/// The length of an ECDSA pre-signature.
pub const ECDSA_PRE_SIGNATURE_LENGTH: usize = 162;

/// Signs a message of POINTLOCK_MESSAGE_LENGTH bytes, a signature hash, up to the secret of lock_point: a pre-signature of
/// POINTLOCK_ECDSA_PRE_SIGNATURE_LENGTH bytes. aux_rand is POINTLOCK_RANDOM_LENGTH bytes of fresh entropy, or zeros.
/// An ECDSA pre-signature publishes d*T: a key that makes one must never be used for ECDH, onions or blinding.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_ecdsa_pre_sign(
    keypair: KeypairIn,
    message: BytesIn,
    message_length: usize,
    lock_point: PointIn,
    aux_rand: BytesIn,
    aux_rand_length: usize,
    pre_signature: BytesOut,
    pre_signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"pre_signature", pre_signature, pre_signature_length)?;
        let keypair = call.get(c"keypair", keypair)?;
        let message = call.array(c"message", message, message_length)?;
        let lock_point = call.point(c"lock_point", lock_point)?;
        let aux_rand = call.array(c"aux_rand", aux_rand, aux_rand_length)?;
        slot.write(ecdsa::pre_sign(keypair, message, &lock_point, aux_rand)?.to_bytes());
        Ok(())
    })
}

/// The same, and verifies what it made: against faults of the machine, at the price of a verification.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_ecdsa_pre_sign_verified(
    keypair: KeypairIn,
    message: BytesIn,
    message_length: usize,
    lock_point: PointIn,
    aux_rand: BytesIn,
    aux_rand_length: usize,
    pre_signature: BytesOut,
    pre_signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"pre_signature", pre_signature, pre_signature_length)?;
        let keypair = call.get(c"keypair", keypair)?;
        let message = call.array(c"message", message, message_length)?;
        let lock_point = call.point(c"lock_point", lock_point)?;
        let aux_rand = call.array(c"aux_rand", aux_rand, aux_rand_length)?;
        slot.write(ecdsa::pre_sign_verified(keypair, message, &lock_point, aux_rand)?.to_bytes());
        Ok(())
    })
}

/// Whether the secret of lock_point finishes this pre-signature to a signature of message by public_key. Whatever its bytes are,
/// they are right or wrong: POINTLOCK_ERROR_PRE_SIGNATURE_ENCODING or _INVALID.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_ecdsa_verify(
    pre_signature: BytesIn,
    pre_signature_length: usize,
    public_key: PointIn,
    message: BytesIn,
    message_length: usize,
    lock_point: PointIn,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let encoded = call.array(c"pre_signature", pre_signature, pre_signature_length)?;
        let public_key = call.point(c"public_key", public_key)?;
        let message = call.array(c"message", message, message_length)?;
        let lock_point = call.point(c"lock_point", lock_point)?;
        read(encoded)?
            .verify(&public_key, message, &lock_point)
            .map_err(|error| Refusal::from(error).at(c"pre_signature"))
    })
}

/// Finishes a pre-signature with the secret of its lock: a signature of POINTLOCK_SIGNATURE_LENGTH bytes. It does not look whether this
/// is the right secret: a wrong one gives a signature that is not valid.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_ecdsa_adapt(
    pre_signature: BytesIn,
    pre_signature_length: usize,
    lock_secret: SecretIn,
    signature: BytesOut,
    signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"signature", signature, signature_length)?;
        let encoded = call.array(c"pre_signature", pre_signature, pre_signature_length)?;
        let lock_secret = call.get(c"lock_secret", lock_secret)?;
        slot.write(read(encoded)?.adapt(lock_secret).serialize_compact());
        Ok(())
    })
}

/// The same, and verifies the signature: POINTLOCK_ERROR_SIGNATURE_INVALID when secret or pre-signature are not right.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_ecdsa_adapt_verified(
    pre_signature: BytesIn,
    pre_signature_length: usize,
    lock_secret: SecretIn,
    public_key: PointIn,
    message: BytesIn,
    message_length: usize,
    signature: BytesOut,
    signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"signature", signature, signature_length)?;
        let encoded = call.array(c"pre_signature", pre_signature, pre_signature_length)?;
        let lock_secret = call.get(c"lock_secret", lock_secret)?;
        let public_key = call.point(c"public_key", public_key)?;
        let message = call.array(c"message", message, message_length)?;
        let signature = read(encoded)?.adapt_verified(lock_secret, &public_key, message)?;
        slot.write(signature.serialize_compact());
        Ok(())
    })
}

/// The secret of lock_point, from a pre-signature and the signature that was made of it. Free it with pointlock_secret_free.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_ecdsa_extract(
    pre_signature: BytesIn,
    pre_signature_length: usize,
    signature: BytesIn,
    signature_length: usize,
    public_key: PointIn,
    message: BytesIn,
    message_length: usize,
    lock_point: PointIn,
    lock_secret: SecretNew,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"lock_secret", lock_secret)?;
        let encoded = call.array(c"pre_signature", pre_signature, pre_signature_length)?;
        let signature = call.array(c"signature", signature, signature_length)?;
        let public_key = call.point(c"public_key", public_key)?;
        let message = call.array(c"message", message, message_length)?;
        let lock_point = call.point(c"lock_point", lock_point)?;
        let signature = read_signature(signature)?;
        let lock_secret = read(encoded)?
            .extract(&signature, &public_key, message, &lock_point)
            .map_err(|error| {
                let argument = match error {
                    AdaptorError::InvalidSignature | AdaptorError::NonceMismatch => c"signature",
                    _ => c"pre_signature",
                };
                Refusal::from(error).at(argument)
            })?;
        slot.give(lock_secret);
        Ok(())
    })
}

/// Checks a finished signature of a message.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_ecdsa_verify_signature(
    signature: BytesIn,
    signature_length: usize,
    public_key: PointIn,
    message: BytesIn,
    message_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let signature = call.array(c"signature", signature, signature_length)?;
        let public_key = call.point(c"public_key", public_key)?;
        let message = call.array(c"message", message, message_length)?;
        ecdsa::verify_signature(&read_signature(signature)?, &public_key, message)
            .map_err(|error| Refusal::from(error).at(c"signature"))
    })
}

fn read(encoded: &[u8; PreSignature::LENGTH]) -> Result<PreSignature, Refusal> {
    PreSignature::from_bytes(encoded).map_err(|error| Refusal::from(error).at(c"pre_signature"))
}

fn read_signature(bytes: &[u8; SIGNATURE_LENGTH]) -> Result<Signature, Refusal> {
    Signature::from_compact(bytes)
        .map_err(|error| Refusal::of(Error::SignatureInvalid, &error).at(c"signature"))
}
